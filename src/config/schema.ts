// Every key that all targets share, its default and one sentence; what is not built yet; and the JSON Schema made from both.
// A vendor's own keys come from its connector. Reading, positions and variables are the business of load.ts.
import { z } from 'zod';
import { canonical, type Json, type JsonRecord } from '../model/json.ts';
import { gitKeys } from './git-keys.ts';
import { webhookKeys } from './notify-keys.ts';
import { isRecord, jsonSchemaOf, loosened, propertiesOf } from './shape.ts';
import { stateGitKeys } from './state-git-keys.ts';
import { cronLine, duration, origin, share, timeZone, webAddress } from './values.ts';

const text = () => z.string('a text').min(1, 'a text that is not empty');
const texts = () => z.array(text(), 'a list of texts');
const oneOrMore = () => z.union([text(), texts()]);
const flag = () => z.boolean('true or false');
const count = (least: number, most = 1_000_000_000) => z.int().min(least).max(most);
/** null: the vendor's own default, which only its connector knows. */
const orVendor = <Value extends z.ZodType>(value: Value) => value.nullable().prefault(null);

/** What target names look like. */
export const targetName = /^[a-z0-9][a-z0-9-]{0,39}$/;

// ── content ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Keys of a document that front matter, a sidecar or a rule sets; content/keys.ts reads the same ones. */
const documentKeys = {
  id: text().optional().describe('Id of the document, which survives moves and renames.'),
  title: text().optional().describe('Title; by default the first heading.'),
  description: z.string().optional().describe('One sentence on the document.'),
  slug: text().optional().describe('Last segment of its address.'),
  url: text().optional().describe('Canonical link for citations; by default made from content.site.'),
  tags: oneOrMore().optional().describe('Tags, where the vendor keeps any.'),
  draft: flag().optional().describe('true: no bot gets it.'),
  unlisted: flag().optional().describe('As the site generator means it.'),
  targets: oneOrMore().optional().describe('Names of the only targets that get it; by default all whose fence and include allow it.'),
  audience: text().optional().describe('Who may know it; a target takes it only if its own audience names it.'),
  publishAt: text().optional().describe('Date from which the bots know it.'),
  expiresAt: text().optional().describe('Date from which the bots no longer know it.'),
  reviewBy: text().optional().describe('Date after which a warning asks for a review.'),
  faq: z
    .array(
      z.strictObject({
        q: text().describe('A question.'),
        a: text().describe('Its answer.'),
      }),
    )
    .optional()
    .describe('Questions and answers that the bots learn.'),
  tests: z.array(z.record(z.string(), z.unknown())).optional().describe('Questions that prove what the bots know.'),
};

const mappedKeys = Object.fromEntries(
  Object.keys(documentKeys).map((key) => [key, text().optional().describe(`The front-matter key that holds ${key}.`)]),
) as { readonly [key in keyof typeof documentKeys]: z.ZodOptional<z.ZodString> };

/** What names in `content.variables` look like: those that `{{ name }}` can hold. */
const variableName = /^[A-Za-z_][A-Za-z0-9_.-]{0,79}$/;

const severity = (fallback: 'error' | 'warning') => z.enum(['error', 'warning', 'off']).default(fallback);

/** One key for each finding. An error keeps the file's documents as they are in every bot. */
const lintKeys = {
  secrets: severity('error').describe('A password, key or token in the text.'),
  'undefined-variable': severity('error').describe('{{ name }} without a value in content.variables.'),
  'hidden-text': severity('warning').describe('Text that readers of the page do not see.'),
  'model-instructions': severity('warning').describe('Text that speaks to a language model instead of a reader.'),
  'near-duplicate': severity('warning').describe('Two documents that say almost the same.'),
  'broken-link': severity('warning').describe('A relative link to a file that is not there.'),
  'internal-link': severity('warning').describe('A link to a page that a bot which is given the link may not have.'),
  'long-title': severity('warning').describe('A title longer than a vendor keeps.'),
  'empty-body': severity('warning').describe('A document without text.'),
};

const contentKeys = z.strictObject({
  root: text().default('./content').describe('The folder of documents; with content.git, a folder of the repository.'),
  git: gitKeys,
  include: texts().default(['**/*.{md,mdx}']).describe('Globs of the files that are documents, relative to root.'),
  exclude: texts().default([]).describe('Globs of files that are not; .kbsyncignore files work as well.'),
  gitignore: flag().default(true).describe('Whether what git ignores is left out.'),
  site: z
    .strictObject({
      url: webAddress().describe('Where the published pages begin.'),
      generator: z
        .enum(['plain', 'docusaurus', 'vitepress', 'mkdocs', 'hugo', 'astro'])
        .default('plain')
        .describe('Whose rules turn a path into an address.'),
      pages: z
        .enum(['folder', 'html', 'bare'])
        .nullable()
        .default(null)
        .describe('Form of addresses: guide/, guide.html or guide; null: as the generator has them unless it is told otherwise.'),
    })
    .nullable()
    .default(null)
    .describe('The published site, for the canonical links of documents; null: none.'),
  variables: z
    .record(z.string().regex(variableName, 'a name of letters, digits, _, - and ., such as product'), z.string('a text'))
    .default({})
    .describe('What {{ name }} in a document stands for.'),
  partials: texts()
    .default([])
    .describe('Folders or globs, relative to root, of files that are only included in others and never documents of their own.'),
  lint: z.strictObject(lintKeys).prefault({}).describe('How severe each finding in the documents is: error, warning or off.'),
  frontMatter: z
    .strictObject({
      key: text().default('kb').describe('The front-matter key below which our keys stand.'),
      map: z.strictObject(mappedKeys).default({}).describe('Keys of ours that stand in an existing front-matter key, such as id: doc_id.'),
    })
    .prefault({})
    .describe('Where our keys live in front matter.'),
  defaults: z
    .strictObject({
      audience: text()
        .nullable()
        .default(null)
        .describe('Audience of documents that state none; required as soon as any target states an audience.'),
    })
    .prefault({})
    .describe('What holds for documents that say nothing themselves.'),
});

/** A rule would give many documents one id. */
const { id: _, ...ruleSets } = documentKeys;

const ruleKeys = z.strictObject({
  match: text().describe('Glob of the paths that the rule is for, relative to content.root.'),
  set: z.strictObject(ruleSets).describe('What it sets: the same keys as in front matter, but for id.'),
});

// ── targets ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const rateKeys = z.strictObject({
  perMinute: orVendor(count(1)).describe('Requests a minute.'),
  perHour: orVendor(count(1)).describe('Requests an hour.'),
  concurrency: orVendor(count(1)).describe('Requests at the same time.'),
});

const pollKeys = z.strictObject({
  first: orVendor(duration()).describe('The first wait before asking about training.'),
  max: orVendor(duration()).describe('The longest wait between two questions.'),
});

const targetKeys = z.strictObject({
  name: z
    .string('a name')
    .regex(targetName, 'a name of a-z, 0-9 and -, at most 40 characters, such as support')
    .describe('Name of the target, for commands and state.'),
  vendor: text().describe('Whose bot it is: the name of a connector.'),
  sandbox: flag().default(false).describe('true: talk to the built-in emulator; needs no credentials.'),
  baseUrl: orVendor(origin()).describe('Origin of the API, without a path; by default the vendor’s.'),
  audience: z
    .array(text(), 'a list of audiences such as [public]')
    .min(1, 'at least one audience; leave the key out for a target without a fence')
    .nullable()
    .default(null)
    .describe('The fence: only documents with one of these audiences ever reach the bot; null: no fence.'),
  include: texts().default(['**']).describe('Globs that narrow content.include for this target.'),
  format: orVendor(z.enum(['markdown', 'html', 'plain'])).describe(
    'What the documents are sent as, as far as the vendor takes it; by default markdown, or what the vendor’s own keys say.',
  ),
  maxDocumentBytes: orVendor(count(1)).describe('UTF-8 bytes; larger documents are split at headings. By default the vendor’s limit.'),
  split: z
    .enum(['heading', 'size', 'none'])
    .default('size')
    .describe(
      'size: only what is over the limit becomes parts; heading: one part a top-level section; none: what is over the limit is refused.',
    ),
  rate: rateKeys.prefault({}).describe('Limits of requests, shared by the targets of one account; by default the vendor’s.'),
  poll: pollKeys.prefault({}).describe('How often a waiting run asks about training; by default the vendor’s.'),
  settle: orVendor(duration()).describe('Where the vendor cannot tell: counted as ready this long after the last write.'),
  minInterval: orVendor(duration()).describe('The daemon’s least time between two pushes; by default by vendor, 0 in the sandbox.'),
  trainTimeout: duration().prefault('30m').describe('How long after its acceptance a document may stay untrained; past it, it is stuck.'),
  onUpdate: z
    .enum(['default', 'todo', 'append', 'url'])
    .default('default')
    .describe(
      'What an update does at a vendor without update. todo: a person does it; append: a new copy, and a person removes the old one; url: articles are given as links, which a person has read anew; default: what the vendor’s page in the manual says.',
    ),
  onUnconfirmed: z
    .enum(['default', 'ask', 'retry', 'assume-created'])
    .default('default')
    .describe('What becomes of a write whose outcome is not known.'),
  required: flag().default(true).describe('false: its failure is told but does not fail the run.'),
  after: text().nullable().default(null).describe('Name of the target whose push and tests must have gone well first.'),
  paused: flag().default(false).describe('true: nothing is sent to it.'),
  canary: flag()
    .default(false)
    .describe('true: the daemon measures how soon it answers from a change; costs a write, a training and a few questions each time.'),
  paths: z
    .record(z.string(), text())
    .default({})
    .describe('Endpoint paths to use instead of the connector’s, where the vendor does not document them.'),
});

// ── the whole ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const schedule = (fallback: string | null) => cronLine().nullable().default(fallback);

/** The configuration but for the vendors' own keys; comes out with defaults filled in and durations in milliseconds. */
export const configKeys = z.strictObject({
  version: z.literal(1).default(1).describe('Version of this file’s format.'),
  name: z
    .string('a name')
    .regex(/^[\p{L}\p{N}](?:[\p{L}\p{N}._ -]{0,62}[\p{L}\p{N}])?$/u, 'a name of letters, digits, ., _, - and spaces, at most 64 characters')
    .describe('The workspace: part of every mark, so that two repositories can feed one bot.'),
  content: contentKeys.prefault({}).describe('The documents.'),
  rules: z.array(ruleKeys).default([]).describe('Keys by path, for those who cannot touch front matter; later rules win.'),
  state: z
    .strictObject({
      kind: text().default('embedded').describe('Where the memory lives: embedded means JSON files.'),
      dir: text().default('./state').describe('The folder of the embedded memory.'),
      git: stateGitKeys,
    })
    .prefault({})
    .describe('What kbsync remembers between runs.'),
  targets: z.array(targetKeys, 'a list of targets').describe('The bots to keep in step.'),
  schedule: z
    .strictObject({
      timezone: timeZone().default('UTC').describe('Time zone of the cron lines.'),
      rescan: schedule('*/15 * * * *').describe('When the daemon scans the whole folder; null: never.'),
      training: schedule('* * * * *').describe('When the daemon asks about what is in training; null: never.'),
      drift: schedule('17 3 * * *').describe(
        'When the daemon lists the vendor and compares; null: never, and a sync does not look either.',
      ),
      verify: schedule(null).describe('When the daemon asks the golden questions, which cost the customer’s messages; null: never.'),
      canary: schedule('41 */6 * * *').describe('When the daemon begins a freshness check, at targets with canary: true; null: never.'),
    })
    .prefault({})
    .describe('Cron lines of the daemon; null switches one off.'),
  watch: z
    .strictObject({
      settle: duration().prefault('2s').describe('How long the folder must be quiet before a change counts.'),
      maxWait: duration().prefault('30s').describe('After this long a change counts even if the folder is not quiet.'),
      polling: z
        .union([z.literal('auto'), z.boolean()])
        .default('auto')
        .describe('Whether to poll instead of listening for events; auto: where events do not work.'),
    })
    .prefault({})
    .describe('How the daemon watches the folder.'),
  safety: z
    .strictObject({
      maxDelete: z
        .strictObject({
          share: share().prefault('10%').describe('Share of the target’s documents.'),
          count: count(0).default(50).describe('Number of documents.'),
          floor: count(0).default(5).describe('So many always pass.'),
        })
        .prefault({})
        .describe('A plan with more deletes than max(floor, min(share, count)) is held.'),
      maxUpdate: z
        .strictObject({
          share: share().prefault('50%').describe('Share of the target’s documents.'),
          floor: count(0).default(20).describe('So many always pass.'),
        })
        .prefault({})
        .describe('A plan with more updates than max(floor, share) is held.'),
    })
    .prefault({})
    .describe('The brakes.'),
  verify: z
    .strictObject({
      retries: count(0).default(2).describe('How often a failed question is asked again.'),
      minPass: count(1).default(2).describe('After a fail: how many of the answers must pass.'),
      maxCallsPerDay: count(0).default(100).describe('Questions a day at most at each target, asked again included.'),
      files: texts().default(['**/*.golden.yaml']).describe('Globs of files with golden questions, below content.root.'),
    })
    .prefault({})
    .describe('Golden questions.'),
  canary: z
    .strictObject({
      timeout: duration()
        .refine((ms) => ms >= 60_000, 'a duration of at least 1m')
        .prefault('1h')
        .describe('How long after the change the bot may take to answer from it.'),
    })
    .prefault({})
    .describe('The freshness check.'),
  daemon: z
    .strictObject({
      host: text().default('127.0.0.1').describe('Address that the status page listens on; off loopback only with a token.'),
      port: count(0, 65_535).default(8420).describe('Its port; 0: any free one.'),
      token: z
        .string('a text')
        .nullable()
        .optional()
        .meta({ secret: true, default: '${KBSYNC_TOKEN:-}' })
        .describe('Bearer token for everything that changes something; by default KBSYNC_TOKEN, where it is set.'),
      shutdownTimeout: duration().prefault('30s').describe('How long a stop waits for what is under way.'),
      metricsOpen: flag().default(false).describe('true: /metrics needs no token off loopback.'),
    })
    .prefault({})
    .describe('The daemon and its status page.'),
  notify: z
    .array(webhookKeys, 'a list of webhooks')
    .default([])
    .describe('Webhooks that are told of incidents: once when one begins, once when it is over.'),
});

/** Names of the keys that every target has, whoever the vendor is. */
export const commonTargetKeys: readonly string[] = Object.keys(targetKeys.shape);

export interface NotBuilt {
  /** `[]` stands for every item of a list. */
  readonly key: string;
  /** The values that work in this version; [] where the key may not stand in the file at all. */
  readonly only: readonly Json[];
  readonly sentence: string;
}

/** Keys whose feature is not built yet: refused, never ignored. Building one deletes its line (and the default of its key above may change). */
export const notBuilt: readonly NotBuilt[] = [
  { key: 'state.kind', only: ['embedded'], sentence: 'other kinds of state are not built yet' },
  {
    key: 'targets[].paths',
    only: [{}],
    sentence: 'overriding paths is not built yet: no connector has a path that its vendor does not document',
  },
];

/** What a key that is not built yet may hold, in words. */
export function onlyInWords(row: NotBuilt): string {
  return row.only.length === 0 ? 'the key left out' : row.only.map((value) => canonical(value)).join(' or ');
}

// ── for editors ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** What the JSON Schema needs to know of a vendor; a connector's spec is one. */
export interface VendorSchema {
  readonly name: string;
  readonly label?: string;
  readonly options: z.ZodType;
}

/** The JSON Schema (draft-07) of sync.config.yaml: what editors check, `${NAME}` and ids written as numbers allowed. */
export function configJsonSchema(vendors: readonly VendorSchema[]): JsonRecord {
  const whole = withNotBuilt(jsonSchemaOf(configKeys), notBuilt);
  const { $schema, ...rest } = whole;
  const properties = propertiesOf(whole);
  const targets = properties['targets'] ?? {};
  const common = isRecord(targets['items']) ? targets['items'] : {};
  const kinds = [...vendors.map((vendor) => targetOf(common, vendor)), targetOfOthers(common)];
  return {
    $schema: $schema ?? 'http://json-schema.org/draft-07/schema#',
    title: 'sync.config.yaml of kbsync',
    ...loosened({ ...rest, properties: { ...properties, targets: { ...targets, items: { anyOf: kinds } } } }),
  };
}

function targetOf(common: JsonRecord, vendor: VendorSchema): JsonRecord {
  const shared = propertiesOf(common);
  return {
    type: 'object',
    description: `A bot of ${vendor.label ?? vendor.name}.`,
    properties: { ...propertiesOf(jsonSchemaOf(vendor.options)), ...shared, vendor: { ...shared['vendor'], const: vendor.name } },
    required: ['name', 'vendor'],
    additionalProperties: false,
  };
}

/**
 * Of a connector that others wrote: a package, or a file. Its own keys are known only once it is loaded, which an editor does not do. A plain
 * word is taken for one of ours misspelt, so that an editor still says so.
 */
function targetOfOthers(common: JsonRecord): JsonRecord {
  const shared = propertiesOf(common);
  const vendor = { ...shared['vendor'], pattern: '[-./@]' };
  return {
    type: 'object',
    description: 'A bot of a vendor whose connector is a package or a file of your own; its own keys are checked when it is loaded.',
    properties: { ...shared, vendor, sandbox: { ...shared['sandbox'], const: false } },
    required: ['name', 'vendor'],
    additionalProperties: true,
  };
}

function withNotBuilt(schema: JsonRecord, rows: readonly NotBuilt[]): JsonRecord {
  return rows.reduce((changed, row) => restricted(changed, row.key.replaceAll('[]', '.[]').split('.'), row), schema);
}

function restricted(schema: JsonRecord, path: readonly string[], row: NotBuilt): JsonRecord {
  const [key, ...rest] = path;
  if (key === undefined) {
    const description = `${String(schema['description'] ?? '')} In this version only ${onlyInWords(row)}: ${row.sentence}.`.trim();
    const fallback = schema['default'] === undefined ? {} : { default: schema['default'] };
    return row.only.length === 0 ? { description, not: {} } : { description, ...fallback, enum: row.only };
  }
  if (Array.isArray(schema['anyOf'])) {
    const branches: readonly Json[] = schema['anyOf'];
    return { ...schema, anyOf: branches.map((branch) => (isRecord(branch) ? restricted(branch, path, row) : branch)) };
  }
  if (key === '[]') return isRecord(schema['items']) ? { ...schema, items: restricted(schema['items'], rest, row) } : schema;
  const properties = propertiesOf(schema);
  const below = properties[key];
  return below === undefined || !isRecord(schema['properties'])
    ? schema
    : { ...schema, properties: { ...properties, [key]: restricted(below, rest, row) } };
}
