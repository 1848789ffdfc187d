// Every behaviour of the Kore.ai emulator that the vendor does not document, as a switch with the assumed default of the notes or, where
// they have none, the harder case. Numbers in brackets are sections of the vendor notes (vendors/koreai.md); #n is an endpoint there.
import type { AnswerSettings } from '../emulator.ts';

/** Times in milliseconds, Infinity: never ends. Markers are texts that, found in a document, bring about a failure; null: none. */
export interface KoreSettings extends AnswerSettings {
  // credentials [2.0]
  /** Algorithms that a token may be signed with: HS256 for API-scope apps, HS512 in one branch of Kore's toolkit [2.0]. */
  readonly algorithms: readonly ('HS256' | 'HS512')[];
  /** "Enforce JTI" is on for the app: a token without `jti`, or with one that was used before, is refused [2.0]. */
  readonly enforceJti: boolean;
  /** Whether `exp` must be there: it is optional [2.0]. */
  readonly expNeeded: boolean;
  /** Scopes of the builder app by their UI names; null: all [2.0]. */
  readonly scopes: readonly string[] | null;
  /** Scopes of the admin app; null: all [2.0]. */
  readonly adminScopes: readonly string[] | null;
  /** The bot was published once when it was set up: without that, builder scopes and the webhook have no effect [2.0, 2.9]. */
  readonly publishedOnce: boolean;
  // pace [5]
  /** Requests of one bot (status calls: of one request id) in a rolling minute. The vendor's is 60; null, off, so that suites do not stall. */
  readonly perMinute: number | null;
  /** The same in a rolling hour. The vendor's is 1,800; null, off. */
  readonly perHour: number | null;
  /** Webhook requests of one bot and user in a rolling minute. The vendor's is 60; null, off. */
  readonly webhookPerMinute: number | null;
  /** HTTP status of a refusal by pace: 429 is assumed [2.0, 6.11]. */
  readonly limitStatus: number;
  /** Whether such a refusal bears Retry-After: not mentioned [5]. */
  readonly retryAfter: boolean;
  // ingest [2.2]
  /** A title ingested again into the same source: a second document, or the first one's chunks replaced or added to. Unknown [2.2, 6.2]. */
  readonly reingestMode: 'new-doc' | 'overwrite' | 'append';
  /** How long an ingest job is QUEUED, then INPROGRESS: documents and chunks are listed once it is over [2.2, 2.4, 4]. */
  readonly ingestQueuedMs: number;
  readonly ingestMs: number;
  /** Whether an ingest starts a training of its own documents: assumed [2.5, 6.4]. */
  readonly autoTrain: boolean;
  /** What the reply holds: the union of two sources, or either of them [2.2, 6.1]. */
  readonly ingestReply: 'union' | 'job-only' | 'message-only';
  /** Whether ingest jobs can be read through #12: assumed, else 404 [2.5]. */
  readonly ingestJobReadable: boolean;
  /** Text that ends its whole ingest job FAILED, with nothing taken. */
  readonly ingestFailMarker: string | null;
  /** Text for which the whole ingest-data call is refused with 400, nothing taken: no reply tells of single documents [2.2]. */
  readonly rejectMarker: string | null;
  /** Fields a chunk may have; documented are the first three, "any configured field" more, `chunkMeta` assumed [2.2]. */
  readonly chunkFields: readonly string[];
  /** Extensions of files; nothing else is taken [2.1, 2.2]. */
  readonly fileTypes: readonly string[];
  /** 15 MB: a limit of the UI, assumed for the API [5]. */
  readonly maxFileBytes: number | null;
  /** Documents and chunks of one ingest-data call, and bytes of its body: unknown [5]. More: 400, 400, 413. */
  readonly maxDocuments: number | null;
  readonly maxChunks: number | null;
  readonly maxBodyBytes: number | null;
  // content and chunks [2.3, 2.4]
  /** How far lists lag behind ingests and deletes. */
  readonly listLagMs: number;
  /** Content documents on one page: not documented. */
  readonly contentPage: number;
  /** Chunks on one page: 10 in the cursor of the page's sample [2.4, public P6]. */
  readonly chunkPage: number;
  /** Prefix of content ids: `fc-` in samples, `d-` for structured data in a table [2.0, 2.3]. */
  readonly contentIdPrefix: 'fc-' | 'd-';
  /** `sys_content_type` of documents ingested as JSON [2.3, 6.3]. */
  readonly jsonContentType: 'json' | 'data';
  /** The `_source` field that bears their title, or none, in which case content-by-cond does not find them by title [2.3, 6.3]. */
  readonly titleField: 'title' | 'file_title' | 'none';
  /** Whether `sys_source_name` is a key of content-by-cond: assumed; if not, nothing matches it [2.3, 6.3]. */
  readonly findsBySource: boolean;
  /** Key of DELETE content: `docIds` in the sample, `docIDs` in the table [2.3, 6.5]. */
  readonly docIdsKey: 'docIds' | 'docIDs' | 'both';
  /** DELETE of ids that are not there: a smaller count (assumed), or 400 for the whole call [2.3]. */
  readonly unknownDocIds: 'count' | 'refuse';
  /** POST with `x-http-method-override: delete`, honoured on another endpoint only [2.3]. */
  readonly methodOverride: boolean;
  /** A proxy before the vendor drops the body of DELETE [2.3]. */
  readonly dropDeleteBodies: boolean;
  /** Keys that chunk/list filters by: those of the page's samples [2.4]. */
  readonly chunkFilterKeys: readonly string[];
  /** deleteChunksById of ids that are not there: counted in the reply, or 400 for the whole call: both are documented [2.0, 2.4]. */
  readonly unknownChunkIds: 'count' | 'refuse';
  /** Keys of the deleteChunksById reply: capitalised in the sample, lower case in the table [2.4, 6.5]. */
  readonly chunkDeleteReply: 'Status' | 'status';
  /** Whether training brings a content's chunks back to what was ingested, as it does with manual edits [2.4]. */
  readonly trainUndoesChunkEdits: boolean;
  // training [2.5]
  /** How long a training runs, manual or automatic. */
  readonly trainMs: number;
  /** A manual training while another runs: unknown [2.5]. Automatic ones neither refuse nor are refused. */
  readonly concurrentTrain: 'refuse' | 'accept';
  /** HTTP status of that refusal: unknown. */
  readonly concurrentTrainStatus: number;
  /** Text that makes every training which covers it end in `failed`, with nothing learnt. */
  readonly failMarker: string | null;
  /** This many first manual trainings of each bot end in `failed`. */
  readonly failFirstTrains: number;
  /** Which log of the job group bears the `errMsg` [2.5]. */
  readonly failStage: 'parsing' | 'extraction' | 'indexing';
  /** Deleted content stays in the answers until the next training of everything: assumed from P41 [4]. */
  readonly staleUntilTrain: boolean;
  /** `running` in the sample, `in progress` in the text [2.5]. */
  readonly runningWord: 'running' | 'in progress';
  /** Ids in `contentIds` that are not there: not documented. */
  readonly unknownContentIds: 'refuse' | 'ignore';
  /** Trainings and jobs cannot be found again: 404 for each of their ids [4]. */
  readonly forgetJobs: boolean;
  // answers [2.6, 2.9]
  /** How "no answer" looks: no center_panel and isValidAnswer false, or only one of the two [2.6]. */
  readonly noAnswer: 'both' | 'no-panel' | 'flag';
  /** Filtering a search by `sourceName`: assumed, only `sourceType` is documented [2.6]. */
  readonly filterBySourceName: boolean;
  /** How long a webhook answer takes; over 15,000: 504 [2.9]. */
  readonly webhookMs: number;
  /** The webhook answers with a `pollId` first [2.9]. */
  readonly webhookPoll: boolean;
  /** What the bot says when it knows nothing. */
  readonly fallback: string;
  // knowledge graph [2.7]
  /** What GET knowledgeTasks gives [2.7]. */
  readonly knowledgeTasksAs: 'object' | 'array';
  /** Nodes beneath the root. */
  readonly nodes: readonly string[];
  /** Whether `qsId` must be there in faqs/bulk: unknown [2.7, 6.6]. */
  readonly qsIdNeeded: boolean;
  /** A question that is there already: unknown [6.6]. */
  readonly duplicateFaqs: 'accept' | 'refuse';
  /** Answers in FAQ lists are percent-encoded, as in the sample [2.7, 4]. */
  readonly encodeAnswers: boolean;
  /** Key of the change in faqs/bulkupdates: assumed [2.7, 6.7]. */
  readonly bulkUpdateKey: string;
  /** Form of `faqPath` there: assumed [2.7, 6.7]. */
  readonly faqPathFormat: 'array' | 'slash';
  /** Whether `referenceId` there is the FAQ's `refId` [6.7]. */
  readonly referenceIdIsRefId: boolean;
  readonly faqTrainMs: number;
  readonly faqTrainFails: boolean;
  // publish [2.8]
  readonly publishMs: number;
  readonly publishFails: boolean;
  /** Whether a channel is enabled: without one nothing can be published [2.8]. */
  readonly channelEnabled: boolean;
}

/** The vendor as documented or assumed in the notes, pace and delays aside. */
export const defaults: KoreSettings = {
  algorithms: ['HS256'],
  enforceJti: false,
  expNeeded: false,
  scopes: null,
  adminScopes: null,
  publishedOnce: true,
  perMinute: null,
  perHour: null,
  webhookPerMinute: null,
  limitStatus: 429,
  retryAfter: false,
  reingestMode: 'new-doc',
  ingestQueuedMs: 0,
  ingestMs: 500,
  autoTrain: true,
  ingestReply: 'union',
  ingestJobReadable: true,
  ingestFailMarker: null,
  rejectMarker: null,
  chunkFields: ['chunkText', 'chunkTitle', 'recordUrl', 'recordTitle', 'sourceUrl', 'pageNumber', 'chunkMeta'],
  fileTypes: ['pdf', 'docx', 'ppt', 'pptx', 'txt'],
  maxFileBytes: 15 * 1024 * 1024,
  maxDocuments: null,
  maxChunks: null,
  maxBodyBytes: null,
  listLagMs: 0,
  contentPage: 20,
  chunkPage: 10,
  contentIdPrefix: 'fc-',
  jsonContentType: 'json',
  titleField: 'title',
  findsBySource: true,
  docIdsKey: 'docIds',
  unknownDocIds: 'count',
  methodOverride: false,
  dropDeleteBodies: false,
  chunkFilterKeys: ['sourceName', 'recordTitle'],
  unknownChunkIds: 'count',
  chunkDeleteReply: 'Status',
  trainUndoesChunkEdits: true,
  trainMs: 1500,
  concurrentTrain: 'refuse',
  concurrentTrainStatus: 409,
  failMarker: null,
  failFirstTrains: 0,
  failStage: 'indexing',
  staleUntilTrain: true,
  runningWord: 'running',
  unknownContentIds: 'refuse',
  forgetJobs: false,
  noAnswer: 'both',
  filterBySourceName: true,
  webhookMs: 0,
  webhookPoll: false,
  fallback: "Sorry, I don't know that.",
  knowledgeTasksAs: 'object',
  nodes: [],
  qsIdNeeded: false,
  duplicateFaqs: 'accept',
  encodeAnswers: true,
  bulkUpdateKey: 'update',
  faqPathFormat: 'array',
  referenceIdIsRefId: true,
  faqTrainMs: 1000,
  faqTrainFails: false,
  publishMs: 1000,
  publishFails: false,
  channelEnabled: true,
};
