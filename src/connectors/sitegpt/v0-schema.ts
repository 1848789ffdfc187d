// What SiteGPT's v0 API sends, as far as we read it [public P1, P2, P6, P7; seed]. Ids stay texts: they are beyond what a number holds.
import { z } from 'zod';

/** `{ success: true, message, data }`, or `{ success: false, message, data: null, error: { code, message, details } }` [public P1]. */
export const envelopeV0 = z.looseObject({
  success: z.boolean(),
  data: z.unknown().optional(),
  message: z.string().nullish(),
  error: z.unknown().optional(),
});

/** `details`: a list of field errors whose shape was not seen [assumed]. */
export const failureV0 = z.looseObject({ code: z.string().nullish(), message: z.string().nullish(), details: z.unknown().optional() });
export type FailureV0 = z.output<typeof failureV0>;

const id = z.string().min(1);

/** No id, no status, no job comes back from a text that was set. */
export const textData = z.unknown();

export const chatbotDataV0 = z.looseObject({ chatbot: z.looseObject({ id: id.nullish(), title: z.string().nullish() }) });

const spoken = z.looseObject({ text: z.string(), timestamp: z.string().nullish() });

/** In a thread its id is `messageId`, elsewhere `id`: neither is read. */
const message = z.looseObject({
  question: spoken.nullish(),
  answer: spoken.nullish(),
  sources: z.array(z.string()).nullish(),
  messageType: z.string().nullish(),
  systemMessageType: z.string().nullish(),
  reaction: z.string().nullish().catch(null),
});
export type MessageV0 = z.output<typeof message>;
export const messageDataV0 = z.looseObject({ message });

const thread = z.looseObject({
  threadId: id,
  startedAt: z.string().nullish(),
  updatedAt: z.string().nullish(),
  escalated: z.boolean().nullish().catch(null),
});
export type ThreadV0 = z.output<typeof thread>;
export const threadDataV0 = z.looseObject({ thread: thread.extend({ messages: z.array(message).nullish() }) });
export const threadsDataV0 = z.looseObject({ threads: z.array(thread) });
