// The keys of a Chat Thing target in sync.config.yaml. Everything the vendor leaves unsaid is a key here, with the cautious default.
import { z } from 'zod';

const unitMs: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration as PRODUCT writes it (`2s`, `500ms`, 0), or a whole number of milliseconds. Comes out in milliseconds. */
const duration = z
  .union([z.int().nonnegative(), z.string().regex(/^\d{1,12}(?:ms|s|m|h|d)?$/, 'a duration such as 500ms, 2s or 0')])
  .transform((value) => {
    if (typeof value === 'number') return value;
    const [, digits, unit] = /^(\d+)([a-z]*)$/.exec(value) ?? [];
    return Number(digits) * (unitMs[unit ?? ''] ?? 1);
  });

/** The vendor's own keys. Required outside a sandbox: channelId, secretKey. */
export const chatthingOptions = z.strictObject({
  channelId: z.string().min(1).optional().describe("Id of the bot's API channel, from the bot's API channel settings. [seed]"),
  secretKey: z
    .string()
    .min(1)
    .optional()
    .describe('Secret key of that channel, sent as X-API-Secret-Key; a key belongs to one channel. [seed]')
    .meta({ secret: true }),
  dataSourceId: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Id of the manual data source that holds the rows; null: one is made once and remembered.'),
  syncInterval: z
    .enum(['day', 'week', 'month'])
    .nullable()
    .default(null)
    .describe(
      'Automatic sync of a data source that kbsync makes, set once, right after making it; null leaves it off, since an automatic sync collides with ours. A configured dataSourceId is never touched. [seed; default assumed]',
    ),
  messageField: z
    .enum(['message', 'response'])
    .default('message')
    .describe("Name of the question's field in POST /message: the vendor's page names both. [seed contradicts itself; assumed]"),
  apiVersion: z
    .string()
    .regex(/^[\w.-]+$/)
    .default('1.0')
    .describe("Version segment of every path, in quotes. No other than '1.0' was seen. [seed]"),
  rowsPerCall: z.int().min(1).max(1000).default(25).describe('Rows that one create, update or delete takes. [assumed]'),
  bytesPerCall: z.int().min(1000).default(500_000).describe('UTF-8 bytes of text that one write call takes. [assumed]'),
  rowBytes: z.int().min(1000).default(200_000).describe('UTF-8 bytes of one row; larger documents are split at headings. [assumed]'),
  maxRowBytes: z.int().min(1000).default(1_000_000).describe('A row above this many UTF-8 bytes is refused without a call. [assumed]'),
  nameCharacters: z.int().min(60).default(255).describe('Length of a row name, which carries the mark. [assumed]'),
  atomicBatches: z
    .boolean()
    .default(true)
    .describe(
      'Whether a batch answered with 400 or 413 had no effect at all: then it is split to find the bad row; else its creates are looked for. [assumed]',
    ),
  trustRowState: z
    .boolean()
    .default(true)
    .describe(
      "Whether a row that says synced counts as trained where no run of ours can tell: rests on an edit resetting the row's state. [assumed]",
    ),
  graceMs: duration
    .default(30_000)
    .describe('How long after asking for a sync the state from before may still show, as a duration. [assumed]'),
  lagMs: duration.default(2_000).describe('How long a listing may lag behind a write, as a duration. [assumed]'),
  answerTimeoutMs: duration.default(90_000).describe('How long one answer of the bot may take, as a duration. [assumed]'),
  streamAnswers: z
    .boolean()
    .default(false)
    .describe('Asks for answers as an event stream, which proxies with a short patience do not cut off. [seed]'),
  maxPages: z
    .int()
    .min(1)
    .default(1_000)
    .describe('Pages of 100 that a listing may have; beyond it, it fails rather than ends short. [assumed]'),
  historyConversations: z.int().min(1).default(200).describe('Conversations that history looks into at most. [assumed]'),
});

/** The keys with defaults filled in; durations in milliseconds. */
export type ChatthingOptions = z.output<typeof chatthingOptions>;
