// What CX Genie sends, as far as we read it; further keys may come. Shapes are [seed] unless a line says otherwise.
import { z } from 'zod';

/** `success: false` with a 2xx counts as failure [assumed]. */
export const envelope = z.looseObject({ success: z.boolean(), data: z.unknown().optional() });

/**
 * No error body is documented [seed: silent]: `error` may be a text [public P10] or an object whose `message` is a text or a list
 * [public P8, P9]; a bare `message` is read too [assumed].
 */
export const failure = z.looseObject({ error: z.unknown().optional(), message: z.unknown().optional() });

const id = z.string().min(1);

/** `status_learning` is a free word, and is never asked for again: nothing is made of it. */
export const createdData = z.looseObject({ id });

export const uploadedData = z.array(z.looseObject({ url: z.string().min(1) })).min(1);

/** The answer itself. Null or empty where the bot does not answer [assumed]. */
export const answerData = z.string().nullish();

const customer = z.looseObject({
  id,
  external_id: z.string().nullish(),
  email: z.string().nullish(),
  created_at: z.string().nullish(),
});
export type CxgenieCustomer = z.output<typeof customer>;
export const customersData = z.looseObject({ customers: z.array(customer) });

const session = z.looseObject({ id, created_at: z.string().nullish() });
export type CxgenieSession = z.output<typeof session>;
export const sessionsData = z.array(session);

const message = z.looseObject({
  id,
  type: z.string().nullish(),
  content: z.string().nullish(),
  sender_id: z.string().nullish(),
  created_at: z.string().nullish(),
  /** The bot that it was said to, with what it says when it does not know. */
  bot: z
    .looseObject({ reply_unknown: z.string().nullish().catch(null) })
    .nullish()
    .catch(null),
});
export type CxgenieMessage = z.output<typeof message>;
export const messagesData = z.array(message);

/** The bot's public profile [public P8]. It is not said to carry `success`. */
export const profileReply = z.looseObject({ data: z.looseObject({ id, name: z.string().nullish() }) });
