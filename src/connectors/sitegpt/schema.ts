// What SiteGPT's v2 API sends, as far as we read it: shapes of the vendor's own client code [public P12, P13] over its generated reference
// pages, which show placeholders. Ids stay texts: they are beyond what a number holds.
import { z } from 'zod';

/** `{ ok: true, data }`; `requestId` is not read. */
export const envelope = z.looseObject({ ok: z.boolean(), data: z.unknown().optional(), error: z.unknown().optional() });

/** Of `{ ok: false, error }`. `details`: a list of texts at VALIDATION_FAILED [assumed·stub P13]. */
export const failure = z.looseObject({
  code: z.string().nullish(),
  message: z.string().nullish(),
  hint: z.string().nullish(),
  details: z.unknown().optional(),
});
export type Failure = z.output<typeof failure>;

export const nothing = z.unknown();

const id = z.string().min(1);

/** One entry of a create's reply. An error or a failed status means "not taken", even with an id. */
const takenDocument = z.looseObject({ id: id.nullish(), status: z.string().nullish(), error: z.string().nullish() });
export const createData = z.looseObject({ documents: z.array(takenDocument).min(1) });

const document = z.looseObject({
  id,
  name: z.string().nullish(),
  status: z.string().nullish(),
  error: z.string().nullish(),
});
export type SitegptDocument = z.output<typeof document>;

const pagination = z.looseObject({ hasNextPage: z.boolean(), nextCursor: z.string().nullish() });
export const documentsData = z.looseObject({ documents: z.array(document), pagination });

/** The key of the text was not visible in any source [assumed]: both that make sense are read. Beside the document, or in it. */
const withText = { content: z.string().nullish(), text: z.string().nullish() };
export const documentData = z.looseObject({ document: document.extend(withText), ...withText });

const spoken = z.looseObject({ text: z.string(), timestamp: z.string().nullish() });
const message = z.looseObject({
  messageId: z.string().min(1),
  question: spoken.nullish(),
  answer: spoken.nullish(),
  sources: z.array(z.string()).nullish(),
  messageType: z.string().nullish(),
  systemMessageType: z.string().nullish(),
  /** POSITIVE, NEGATIVE or NEUTRAL: what the user made of the answer [seed]. */
  reaction: z.string().nullish().catch(null),
  createdAt: z.string().nullish(),
});
export type SitegptMessage = z.output<typeof message>;

const conversation = z.looseObject({
  threadId: id,
  updatedAt: z.string().nullish(),
  createdAt: z.string().nullish(),
  startedAt: z.string().nullish(),
  /** Handed to a person. */
  escalated: z.boolean().nullish().catch(null),
});
export type SitegptConversation = z.output<typeof conversation>;
export const answerData = z.looseObject({ conversation: conversation.nullish(), message });

/** Paths are public [P12, P13]; the keys below `data` are taken over from the calls beside them [assumed]. */
export const conversationsData = z.looseObject({ conversations: z.array(conversation), pagination });
export const messagesData = z.looseObject({ messages: z.array(message), pagination: pagination.nullish() });

export const chatbotData = z.looseObject({ chatbot: z.looseObject({ title: z.string().nullish(), name: z.string().nullish() }).nullish() });
