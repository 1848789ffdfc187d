// The keys of a Kore.ai target in sync.config.yaml. What the vendor leaves unsaid is a key here, with the cautious default.
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

const minuteMs = 60_000;
const jwtTtl = duration.refine((ms) => ms >= minuteMs, 'a duration of 1m or more').default(30 * minuteMs);

const notBuilt = (value: string, instead: string) => ({
  error: ({ input }: { readonly input?: unknown }) =>
    input === value ? `${value} is not built yet; use ${instead}` : `the only value built so far is ${instead}`,
});

/** One JWT app of Kore.ai. */
const app = (where: string) => ({
  clientId: z.string().min(1).describe(`Client ID (cs-…) of the JWT app made in the ${where}. [public P1]`),
  clientSecret: z.string().min(1).describe('Client Secret of that app, which signs the tokens. [public P1, P42]').meta({ secret: true }),
});

const builder = app("bot's own App Builder (Dev Tools, API Scopes)");

/** The vendor's own keys. Required outside a sandbox: botId, clientId, clientSecret; admin where publish is after-train. */
export const koreaiOptions = z
  .strictObject({
    botId: z.string().min(1).optional().describe('Id of the bot, also called stream id or app id (st-…). [seed]'),
    clientId: builder.clientId.optional(),
    clientSecret: builder.clientSecret.optional(),
    admin: z
      .strictObject(app('Admin Console'))
      .optional()
      .describe('The second JWT app, of the Admin Console, with the scope Bot Publish: only for publish. [seed]'),
    sourceName: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe(
        'Name of the Search AI source that holds our documents; null: kbsync:<workspace name>. Made by the first ingest. [public P2]',
      ),
    publish: z
      .enum(['never', 'after-train'])
      .default('never')
      .describe(
        'Whether the bot is published after each training; a document then counts as trained when the publish has succeeded. [public P31]',
      ),
    qa: z
      .enum(['chunks', 'knowledge-graph'])
      .default('chunks')
      .describe(
        'Where questions with answers go: chunks, a Search AI document each; knowledge-graph, an FAQ each, answered word for word, with publish: after-train. [public P18]',
      ),
    faqLanguage: z
      .string()
      .min(1)
      .default('en')
      .describe('Language of the knowledge graph, as the vendor writes it. [public P18, P19, P21]'),
    faqNode: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('Node of the graph that new FAQs are added to, by id or label; null: its root. [public P18, P19]'),
    faqQsId: z
      .enum(['omit', 'generate'])
      .default('omit')
      .describe(
        'Whether a new FAQ is given the id of an extracted question: the page shows one, and does not say whether it may be left out. generate makes one up. [public P18; assumed]',
      ),
    faqsPerCall: z.int().min(1).max(500).default(50).describe('FAQs that one call adds or disables. [assumed]'),
    faqFoundBy: z
      .enum(['referenceId', 'faqPath'])
      .default('referenceId')
      .describe(
        'How an FAQ is named where it is disabled: by its refId, taken to be the reference id, or by its path, which does not tell copies of one question apart. [public P22; assumed]',
      ),
    faqPathFormat: z.enum(['array', 'slash']).default('array').describe('Form of the path with faqFoundBy: faqPath. [assumed]'),
    faqUpdateKey: z.string().min(1).default('update').describe('Name of the change in a bulk update. [assumed]'),
    ingestProfile: z
      .enum(['search-ai'], notBuilt('searchassist-legacy', 'search-ai'))
      .default('search-ai')
      .describe('Product behind the bot. searchassist-legacy is not built yet. [public P42]'),
    ingestMode: z
      .enum(['json'], notBuilt('file', 'json'))
      .default('json')
      .describe('How documents go in: json, as chunks made here. file (upload, chunks made by Kore.ai) is not built yet. [public P2]'),

    jwtAlg: z
      .enum(['HS256'], notBuilt('HS512', 'HS256'))
      .default('HS256')
      .describe('Signature of the tokens, as the JWT apps are set. HS512 is not built yet. [public P1, P37, P46]'),
    jwtTtl: jwtTtl.describe('How long a token is valid, as a duration; each attempt of a request is signed anew. [assumed; public P43]'),
    jti: z.boolean().default(false).describe("Give each token an id of its own: for apps with 'Enforce JTI'. [public P1, P42]"),

    publicPrefix: z
      .string()
      .regex(/^(?:\/[\w.-]+)+$/, 'a path such as /api/public')
      .default('/api/public')
      .describe('Path before every call; some installations use /api/1.1/public. [public P1, P32]'),
    entity: z.enum(['bot', 'stream']).default('bot').describe('What the vendor calls the bot in paths; both are accepted. [public P2, K1]'),
    searchPath: z
      .string()
      .regex(/^(?:\/[\w.{}-]+)+$/, 'a path such as /api/public/stream/{botId}/advancedSearch')
      .default('/api/public/stream/{botId}/advancedSearch')
      .describe(
        'Path of the question, {botId} filled in; /api/public/bot/{botId}/search/v2/advanced-search answers in its second shape. Both are read. [public P7, P8]',
      ),

    askVia: z
      .enum(['search', 'webhook'])
      .nullable()
      .default(null)
      .describe(
        'Where test questions go: search, to Search AI, which names its sources; webhook, to the published bot, which answers from FAQs too. null: search, with qa: knowledge-graph webhook. [public P7, P37]',
      ),
    webhookPath: z
      .string()
      .regex(/^(?:\/[\w.{}-]+)+$/, 'a path such as /chatbot/v2/webhook/{botId}')
      .default('/chatbot/v2/webhook/{botId}')
      .describe('Path of the webhook channel (version 2), {botId} filled in. [public P37, K2]'),

    maxDocsPerIngest: z.int().min(1).max(500).default(20).describe('Documents that one write call takes. [assumed]'),
    maxChunksPerIngest: z
      .int()
      .min(1)
      .default(100)
      .describe(
        'Chunks that one ingest takes; a document that has more goes alone. Tools of the vendor send 10 to 500. [assumed; public P42]',
      ),
    bytesPerIngest: z.int().min(1000).default(1_000_000).describe('UTF-8 bytes of text that one write call takes. [assumed]'),
    documentBytes: z.int().min(1000).default(200_000).describe('UTF-8 bytes of one document; larger ones are split at headings. [assumed]'),
    chunkBytes: z
      .int()
      .min(200)
      .default(4_000)
      .describe(
        'UTF-8 bytes of one chunk; longer sections are cut at paragraphs. About the 1,000 tokens of the vendor. [public P41; bytes assumed]',
      ),
    numberChunks: z
      .boolean()
      .default(false)
      .describe(
        'Send pageNumber with each chunk, so that texts can be read back in order: listings are ordered by random ids. Off, because it is not said that ingest takes it. [assumed; field public P6]',
      ),
    titleCharacters: z.int().min(60).default(255).describe("Length of a document's title, which carries the mark. [assumed]"),
    atomicBatches: z
      .boolean()
      .default(true)
      .describe(
        'Whether a refused ingest took nothing at all: then it is split to find the bad document; else its documents are looked for. [assumed]',
      ),

    listQuery: z
      .record(z.string(), z.string())
      .default({})
      .describe('Condition under which content-by-cond gives every document: an empty one. [assumed]'),
    findOneByOne: z
      .int()
      .nonnegative()
      .default(25)
      .describe('Up to so many titles are asked for one by one; more by one listing. [assumed]'),
    maxPages: z
      .int()
      .min(1)
      .default(5_000)
      .describe('Pages that a listing may have; beyond it, it fails rather than ends short. [assumed]'),
    lagMs: duration
      .default(100_000)
      .describe(
        'How long a document may stay unlisted after its ingest, as a duration; one that was accepted is waited for three times as long. [assumed]',
      ),
    deleteVia: z
      .enum(['DELETE', 'POST-override'])
      .default('DELETE')
      .describe('How a delete is sent: POST-override where a proxy drops the body of a DELETE. [assumed; public K1]'),
    deleteIdsKey: z
      .enum(['docIds', 'docIDs'])
      .default('docIds')
      .describe("Name of the ids in a delete: the vendor's page has both. [public P3 contradicts itself; assumed]"),
    busyWords: z
      .array(z.string().min(1))
      .default(['already', 'in progress', 'inprogress', 'running', 'ongoing'])
      .describe('What in a refused training or publish means that one is under way. [assumed]'),
    retryAfter: duration
      .default(minuteMs)
      .describe('How long to pause after a rate limit where the vendor names no time, as a duration. [assumed]'),

    answerTimeoutMs: duration.default(minuteMs).describe('How long one answer may take, as a duration. [assumed]'),
    historyTypes: z
      .array(z.enum(['unhandledutterance', 'failintent']))
      .min(1)
      .default(['unhandledutterance'])
      .describe('Analytics that count as unanswered questions. [public P36]'),
    historyChannels: z
      .array(z.string().min(1))
      .default([])
      .describe('Channels whose questions are read; empty: what the vendor takes by itself, which is rtm. [public P36]'),
    historyPage: z.int().min(1).max(1000).default(50).describe('Records a page of analytics asks for. [assumed]'),
  })
  .superRefine(({ qa, publish }, context) => {
    if (qa !== 'knowledge-graph' || publish === 'after-train') return;
    const message = 'qa: knowledge-graph needs publish: after-train, since users are answered from the published FAQs alone';
    context.addIssue({ code: 'custom', path: ['publish'], message });
  });

/** The keys with defaults filled in; durations in milliseconds. */
export type KoreaiOptions = z.output<typeof koreaiOptions>;

/** The named source that holds the documents of a workspace. */
export function sourceNameOf({ sourceName }: Pick<KoreaiOptions, 'sourceName'>, workspace: string): string {
  return sourceName ?? `kbsync:${workspace}`;
}
