// What Chat Thing sends, as far as we read it; further keys may come. Shapes are [seed] unless a line says otherwise.
import { z } from 'zod';

/** Use `last` as it came: in the vendor's own example it is not the last element's id. Both may be absent [assumed]. */
export const paginationReply = z.looseObject({ total: z.int().nonnegative().nullish(), last: z.string().nullish() });

/** `lastSync` is the last successful sync. `state` is one of four words; an unknown one must not break us [assumed]. */
export const dataSource = z.looseObject({ id: z.string().min(1), state: z.string(), lastSync: z.string().nullable() });
export type DataSource = z.output<typeof dataSource>;

export const doneReply = z.looseObject({});
export const dataSourceReply = z.looseObject({ dataSource });
export const dataSourcesReply = z.looseObject({ dataSources: z.array(dataSource), pagination: paginationReply });

const listedRow = z.looseObject({ id: z.string().min(1), name: z.string().nullish() });
export const rowsReply = z.looseObject({ dataSourceRows: z.array(listedRow), pagination: paginationReply });

/** One row has no name [seed]; whether its content comes back byte for byte is not said. */
export const rowReply = z.looseObject({ dataSourceRow: z.looseObject({ id: z.string().min(1), state: z.string(), content: z.string() }) });

export const conversationReply = z.looseObject({ conversationId: z.string().min(1) });
/** Here `response` is the answer, whatever the question's field is called. */
export const messageReply = z.looseObject({ response: z.string() });

/** The dates may read year-day-month: kept as they came. */
const conversation = z.looseObject({ id: z.string().min(1), createdAt: z.string().nullish(), initialMessage: z.string().nullish() });
export type Conversation = z.output<typeof conversation>;
export const conversationsReply = z.looseObject({ conversations: z.array(conversation), pagination: paginationReply });

const message = z.looseObject({ id: z.string().min(1), message: z.string(), role: z.string(), createdAt: z.string().nullish() });
export type Message = z.output<typeof message>;
export const messagesReply = z.looseObject({ messages: z.array(message), pagination: paginationReply });
