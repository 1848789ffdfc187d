// The keys of a ReplyCX target in sync.config.yaml. What only the sibling brands document is a switch here, off by default; what nobody documents
// has the cautious default. Keys for what is not built (features.verify, verify.*, tombstone, webhooks) are not there, so they are refused.
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

const features = z.strictObject({
  delete: z
    .boolean()
    .default(false)
    .describe(
      'Delete sources by a call that only the sibling brands document; where it answers 404, nothing is deleted. [assumed, sibling S1, S5]',
    ),
  list: z
    .boolean()
    .default(false)
    .describe('List the sources of the knowledge base by a call that only the sibling brands document. [assumed, sibling S1, S5]'),
});

const upload = z.strictObject({
  extension: z.enum(['txt', 'md']).default('txt').describe('Ending of the files; md is on no list of file types. [assumed, sibling S2]'),
  as: z
    .enum(['file', 'text'])
    .default('file')
    .describe('Whether a document is a file part or a text part; texts end at textCharacters and carry no mark. [assumed, sibling S2]'),
});

const statusWords = z.strictObject({
  pending: words
    .default(['in-progress', 'pending', 'queued', 'processing'])
    .describe('Words of a source in training. [in-progress public R1, rest assumed]'),
  trained: words
    .default(['completed', 'complete', 'trained', 'success'])
    .describe('Words of a trained source. [completed seed, rest assumed]'),
  failed: words.default(['failed', 'error']).describe('Words of a source that could not be trained. [failed seed, rest assumed]'),
});

/** The vendor's own keys. Required outside a sandbox: token, knowledgeBaseId. */
export const replycxOptions = z.strictObject({
  token: z
    .string()
    .min(1)
    .optional()
    .describe('Account token, from Settings → Account Settings → Developer. [seed]')
    .meta({ secret: true }),
  knowledgeBaseId: z
    .string()
    .min(1)
    .optional()
    .describe("Id of the knowledge base: a number, in the dashboard's address of it. [public R3; where it is read assumed]"),
  accountId: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Id of the account: with it a check lists the bots, which proves the token; null: that is not asked. [seed]'),
  features: features.prefault({}).describe('Calls that the vendor does not document. Off by default.'),
  upload: upload.prefault({}).describe('How documents are sent.'),
  uploadBatch: z.int().min(1).max(50).default(5).describe('Documents of one upload: of a lost answer, so many are in doubt. [assumed]'),
  uploadBytes: z.int().min(1_000).default(4_000_000).describe('UTF-8 bytes of text of one upload. [assumed]'),
  maxFileBytes: z
    .int()
    .min(1_000)
    .default(5_000_000)
    .describe('UTF-8 bytes of one file; larger documents are split at headings. [assumed, sibling S2]'),
  textCharacters: z.int().min(1_000).default(2_500).describe('Characters of one text part, with upload.as: text. [assumed, sibling S2]'),
  nameCharacters: z.int().min(60).max(255).default(100).describe('Length of a file name, which carries the mark. [assumed]'),
  atomicBatches: z
    .boolean()
    .default(true)
    .describe(
      'Whether an upload answered with 400 or 413 had no effect at all: then it is split to find the bad file; else it is unconfirmed. [assumed]',
    ),
  foreignWords: words
    .default(['another account', 'different account', 'does not belong', 'not belong'])
    .describe(
      'What in the words of a BAD_REQUEST means that the knowledge base is of another account, rather than the file at fault. [assumed]',
    ),
  statusWords: statusWords.prefault({}).describe('Status words, in lower case, with - for blanks and _; any other word means in training.'),
  statusChunk: z.int().min(1).max(500).default(50).describe('Ids that one question about training asks for. [assumed]'),
  missingAfter: duration
    .default(300_000)
    .describe(
      'How long after its acceptance a source may be missing in the answers before its training counts as unknown, as a duration. [assumed]',
    ),
  pageLimit: z.int().min(2).max(100).default(100).describe('Sources a page of a listing asks for. [assumed, sibling S5]'),
  maxPages: z.int().min(1).default(1_000).describe('Pages that a listing may have; beyond it, it fails rather than ends short. [assumed]'),
  lagMs: duration.default(2_000).describe('How long a listing may lag behind a write, as a duration. [assumed]'),
});

/** The keys with defaults filled in; durations in milliseconds. */
export type ReplycxOptions = z.output<typeof replycxOptions>;
