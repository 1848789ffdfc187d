// What Kore.ai sends, as far as we read it [public P2-P8, P31-P32, P36]. Loose: samples differ, and much is optional. Ids may begin with
// anything: the pages show fc- and d- [public P3].
import { z } from 'zod';

/** `{ errors: [{ msg, code }] }`, else error or message [public K1; assumed]. */
export const failureBody = z.looseObject({
  errors: z
    .array(z.looseObject({ msg: z.string().nullish(), message: z.string().nullish(), code: z.union([z.number(), z.string()]).nullish() }))
    .nullish(),
  error: z.unknown().optional(),
  message: z.unknown().optional(),
  msg: z.unknown().optional(),
});

/** No source shows the whole body of an ingest's answer: any JSON will do. */
export const ingestReply = z.unknown();

const content = z.looseObject({
  _id: z.string().min(1),
  _meta: z.looseObject({ isDeleted: z.boolean().nullish() }).nullish(),
  _source: z
    .looseObject({
      title: z.string().nullish(),
      file_title: z.string().nullish(),
      sys_source_name: z.string().nullish(),
      /** The whole text; only where one document is asked for. */
      content: z.string().nullish().catch(null),
    })
    .nullish(),
});
export type KoreaiContent = z.output<typeof content>;
export const contentReply = content;
export const contentsReply = z.looseObject({ data: z.array(content), nextCursor: z.string().nullish() });

export const deletedReply = z.looseObject({ deletedCount: z.number().nullish() });

const chunk = z.looseObject({
  _id: z.string().nullish(),
  chunkId: z.string().nullish(),
  docId: z.string().nullish(),
  sourceName: z.string().nullish(),
  recordTitle: z.string().nullish(),
  chunkText: z.string().nullish(),
  pageNumber: z.union([z.number(), z.string()]).nullish(),
});
export type KoreaiChunk = z.output<typeof chunk>;
export const chunksReply = z.looseObject({ chunks: z.array(chunk), hasMore: z.boolean().nullish(), nextCursor: z.string().nullish() });

/** `executionLog` holds parsing, extraction and indexing, each with a status and perhaps errMsg. */
const stage = z.looseObject({ status: z.string().nullish(), errMsg: z.string().nullish() });
export const jobGroupReply = z.looseObject({
  _id: z.string().nullish(),
  status: z.string().nullish(),
  lMod: z.string().nullish(),
  executionLog: z.record(z.string(), stage.nullish().catch(null)).nullish().catch(null),
});
export type JobGroup = z.output<typeof jobGroupReply>;

/** Of the latest publish; an empty object, a list or null where there was none [assumed]. */
export const publishStatusReply = z
  .looseObject({
    _id: z.string().nullish(),
    status: z.string().nullish(),
    requestedTime: z.string().nullish(),
    initiatedOn: z.string().nullish(),
    statusSummary: z
      .array(z.looseObject({ name: z.string().nullish(), resourceType: z.string().nullish(), status: z.string().nullish() }))
      .nullish()
      .catch(null),
  })
  .nullable()
  .catch(null);
export type PublishStatus = z.output<typeof publishStatusReply>;

const source = z.looseObject({ title: z.string().nullish(), url: z.string().nullish(), doc_id: z.string().nullish() });
const fragment = z.looseObject({ answer_fragment: z.string().nullish(), sources: z.array(source).nullish().catch(null) });
const snippet = z.looseObject({ snippet_content: z.array(fragment).nullish().catch(null) });
/** Missing, or an empty something, where there is no answer [public P42]. */
const panel = z
  .looseObject({ data: z.array(snippet).nullish().catch(null) })
  .nullish()
  .catch(null);
const payload = z.looseObject({ center_panel: panel }).nullish().catch(null);
const answer = z.looseObject({ answer: z.string().nullish(), isValidAnswer: z.boolean().nullish(), answer_payload: payload });
const response = answer.nullish();
export type KoreaiAnswer = NonNullable<z.output<typeof response>>;

const usedChunk = z.looseObject({
  _source: z
    .looseObject({
      usedInAnswer: z.boolean().nullish(),
      docId: z.string().nullish(),
      recordTitle: z.string().nullish(),
      recordUrl: z.string().nullish(),
    })
    .nullish(),
});
/** By kind in the first shape, one list in the second. */
const chunkResult = z
  .union([z.array(usedChunk), z.looseObject({ generative: z.array(usedChunk).nullish(), extractive: z.array(usedChunk).nullish() })])
  .nullish()
  .catch(null);
export type KoreaiChunkResult = z.output<typeof chunkResult>;

/**
 * The first shape lies at the root [public P7]; the second below `template.answer_details`, in a `response` of its own as its sample has it
 * [public P8], or there itself; the legacy one in `graph_answer` [public P42].
 */
export const searchReply = z.looseObject({
  response,
  chunk_result: chunkResult,
  template: z
    .looseObject({
      answer_details: answer.extend({ response }).nullish(),
      graph_answer: z.looseObject({ payload }).nullish(),
      chunk_result: chunkResult,
    })
    .nullish(),
});
export type SearchReply = z.output<typeof searchReply>;

const record = z.looseObject({
  _id: z.string().nullish(),
  messageId: z.string().nullish(),
  sessionId: z.string().nullish().catch(null),
  /** Who asked: ours begin with kbsync- where they went through the webhook. */
  userId: z.string().nullish().catch(null),
  utterance: z.string().nullish(),
  timestamp: z.unknown().optional(),
});
export type KoreaiRecord = z.output<typeof record>;
export const analyticsReply = z.looseObject({ result: z.array(record), moreAvailable: z.boolean().nullish() });
