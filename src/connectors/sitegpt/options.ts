// The keys of a SiteGPT target in sync.config.yaml. What the vendor leaves unsaid is a key here, with the cautious default.
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

const words = z.array(z.string().min(1));

/** Of apiVersion v0 alone. */
const customContent = z.strictObject({
  semantics: z
    .enum(['replace'], { error: 'only replace is built: a text that is appended to could never be corrected' })
    .default('replace')
    .describe('What setting the text does to the text before. [assumed]'),
  clearWith: z.string().default('').describe('What is sent when no document is left. [assumed]'),
  maxChars: z.int().min(1).default(100_000).describe('Characters of all documents together; above it nothing is sent. [assumed]'),
  header: z
    .string()
    .regex(/\{(?:path|title)\}/, 'a line with {path} or {title} in it')
    .default('=== {path} ===')
    .describe('The line above each document in the text; {path} and {title} are filled in. [assumed]'),
});

/** The vendor's own keys. Required outside a sandbox: chatbotId, and token (v2) or apiKey and takeOver (v0). */
export const sitegptOptions = z.strictObject({
  apiVersion: z
    .enum(['v2', 'v0'])
    .default('v2')
    .describe(
      "Generation of SiteGPT's API. v2 keeps documents apart; v0 (legacy) has one text for the whole chatbot. [public P1, P9, P12]",
    ),
  chatbotId: z.string().min(1).optional().describe('Id of the chatbot: digits beyond what a number holds, so always a text. [seed]'),
  token: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Scoped token (sgpt_…) with knowledge:read, knowledge:write, knowledge:delete, conversations:write; chatbots:read and account:read for the check. [public P9, P12]',
    )
    .meta({ secret: true }),
  apiKey: z.string().min(1).optional().describe('Account API key of v0; a token of v2 is none. [seed, public P1]').meta({ secret: true }),
  takeOver: z
    .literal(true, { error: 'true, which allows kbsync to overwrite what a person typed there; leave it out for v2' })
    .optional()
    .describe("v0: allows kbsync to overwrite the chatbot's one text, whoever typed it. Nothing is sent without it. [assumed]"),
  customContent: customContent.prefault({}).describe('v0: the one text of the chatbot.'),
  trainedWords: words
    .default(['SUCCESS'])
    .describe('Status words of a trained document, in capitals. [public P14; all words are not known]'),
  failedWords: words
    .default(['FAILED', 'ERROR', 'CANCELLED'])
    .describe(
      'Status words of a document that could not be trained, in capitals; every other word means in training. [FAILED public P12, rest assumed]',
    ),
  quotaWords: words
    .default(['quota', 'limit reached', 'limit_reached', 'upgrade your plan'])
    .describe('What in the error of a refused document means that the account is full, rather than the document at fault. [assumed]'),
  documentBytes: z
    .int()
    .min(1000)
    .default(450_000)
    .describe(
      'UTF-8 bytes of one document; larger ones are split at headings. Below the 500,000 characters that can be read back. [assumed]',
    ),
  nameCharacters: z.int().min(60).max(255).default(100).describe("Length of a document's name, which carries the mark. [public P12]"),
  pageLimit: z.int().min(1).max(100).default(100).describe('Documents a page of a listing asks for. [assumed]'),
  maxPages: z.int().min(1).default(1_000).describe('Pages that a listing may have; beyond it, it fails rather than ends short. [assumed]'),
  maxContentChars: z.int().min(1).max(500_000).default(500_000).describe('Characters of a text that is read back. [public P10]'),
  statusOneByOne: z
    .int()
    .nonnegative()
    .default(10)
    .describe('Up to so many waiting documents are asked one by one; more by one listing. [assumed]'),
  lagMs: duration.default(2_000).describe('How long a listing or a status may lag behind a write, as a duration. [assumed]'),
  answerTimeoutMs: duration.default(60_000).describe('How long one answer of the bot may take, as a duration. [public P16]'),
  deleteProbes: z
    .boolean()
    .default(false)
    .describe('Delete the conversation of each question after its answer; needs conversations:delete. [public P13]'),
  historyConversations: z.int().min(1).default(200).describe('Conversations that history looks into at most. [assumed]'),
});

/** The keys with defaults filled in; durations in milliseconds. */
export type SitegptOptions = z.output<typeof sitegptOptions>;
