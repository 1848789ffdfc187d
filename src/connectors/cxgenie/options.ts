// The keys of a CX Genie target in sync.config.yaml. Nearly everything about this API is undocumented: each guess is a key here, with the
// cautious default. Keys for endpoints that nobody documents (extensions: list, get, update, delete, status) are not there, so they are refused.
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

const customer = z.strictObject({
  name: z.string().nullable().default('kb-sync verifier').describe('Name that the help desk shows for the questions of tests. [assumed]'),
  email: z
    .string()
    .nullable()
    .default('kb-sync-verify@example.invalid')
    .describe('Its e-mail address, by which kbsync tells its own questions from those of customers. [assumed]'),
  phone_number: z.string().nullable().default('').describe('Its telephone number. [assumed]'),
  external_id: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Its id of ours; null: a UUID made of workspace name and botId, the same on every machine. [assumed]'),
});

/** The vendor's own keys. Required outside a sandbox: botId, workspaceToken, and the common key baseUrl. */
export const cxgenieOptions = z.strictObject({
  botId: z.string().min(1).optional().describe("Id of the bot: `aid` in its launch address, `data-aid` in the widget's snippet. [seed]"),
  workspaceToken: z
    .string()
    .min(1)
    .optional()
    .describe('Workspace token, from Settings → General. Travels in the body of POSTs and in the address of GETs. [seed, public P2]')
    .meta({ secret: true }),
  basePath: z
    .string()
    .regex(/^(?:\/[\w.~-]+)+$/, 'a path such as /api/v2/public-api')
    .default('/api/v2/public-api')
    .describe('Path of API V2 below baseUrl. [seed, on a demo host; which host serves it in production is not known]'),
  qaOrder: z
    .enum(['question-first', 'answer-first'])
    .default('question-first')
    .describe('Which half of a Q&A is `content`; the other is `content_value`. [assumed]'),
  textFormat: z
    .enum(['markdown', 'html', 'plain'])
    .nullable()
    .default(null)
    .describe(
      'What articles are sent as; null: as `format` says, by default markdown. Whether the vendor keeps Markdown or turns it into HTML is not known. [assumed]',
    ),
  articleAs: z
    .enum(['text', 'document'])
    .default('text')
    .describe(
      'text: an article is sent as TEXT. document: it is uploaded as a file, whose address may be public, and sent as DOCUMENT. [assumed]',
    ),
  titleForm: z
    .enum(['title-and-mark', 'title', 'mark'])
    .default('title-and-mark')
    .describe('What the title of an article is: how a person finds it in the dashboard, which lists articles by title. [assumed]'),
  titleCharacters: z.int().min(160).default(255).describe('Length of that title. [assumed]'),
  uploadTokenIn: z.enum(['form', 'query']).default('form').describe('Where the token of an upload goes: the page says both. [assumed]'),
  customer: customer
    .nullable()
    .prefault({})
    .describe('Who asks the questions of tests and of `ask`; null: nobody, then each question may be a new anonymous customer. [assumed]'),
  sendMetadata: z
    .boolean()
    .default(true)
    .describe('Send an empty `metadata` with each question, as public clients do. [public P6, P7 for V1; assumed]'),
  chatApi: z
    .enum(['v2', 'v1'])
    .default('v2')
    .describe('Generation of the chat call. v1 lies at /api/v1/messages of the same baseUrl. [seed; v1 public P6, P7; assumed]'),
  checkBot: z
    .boolean()
    .default(false)
    .describe("Ask for the bot's public profile when checking: proves botId, but is not documented for customers. [public P8; assumed]"),
  arrays: z
    .enum(['brackets', 'repeat'])
    .default('brackets')
    .describe('How a list stands in an address: `name[]=a&name[]=b`, or `name=a&name=b`. [public P8 for a neighbouring call; assumed]'),
  bearer: z
    .boolean()
    .default(false)
    .describe('Also send the token as `Authorization: Bearer`; nothing shows that it is needed. [public P7; assumed]'),
  urlCharacters: z
    .int()
    .min(1)
    .default(255)
    .describe('A link longer than this is refused without a call. [public P4 for the dashboard; assumed]'),
  documentBytes: z.int().min(1_000).default(100_000).describe('UTF-8 bytes of one item; larger documents are split at headings. [assumed]'),
  maxBodyBytes: z
    .int()
    .min(1_000)
    .default(900_000)
    .describe('A request with a larger body is refused without a call. [public P9; assumed]'),
  answerTimeoutMs: duration.default(60_000).describe('How long one answer of the bot may take, as a duration. [public P6, P7; assumed]'),
  pageLimit: z.int().min(1).max(100).default(100).describe('Conversations or messages that a page asks for. [assumed]'),
  maxPages: z.int().min(1).default(50).describe('Pages that history reads of any one listing at most. [assumed]'),
  historyCustomers: z.int().min(1).default(100).describe('Customers that history looks into at most. [assumed]'),
  historySessions: z.int().min(1).default(20).describe('Conversations of one customer that history looks into at most. [assumed]'),
});

/** The keys with defaults filled in; durations in milliseconds. */
export type CxgenieOptions = z.output<typeof cxgenieOptions>;
