import { afterEach, describe, expect, it } from 'vitest';
import type { Http, HttpRequest, ItemResult, ItemTarget, NewItem, StatusQuery } from '../../src/connectors/connector.ts';
import type { Emulator, EmulatorSpec } from '../../src/connectors/emulator.ts';
import { emulator } from '../../src/connectors/koreai/emulator.ts';
import { connector } from '../../src/connectors/koreai/index.ts';
import { titleMarker, titleOfMark } from '../../src/connectors/koreai/title.ts';
import type { Json } from '../../src/model/json.ts';
import type { Fault } from '../../src/sandbox/serve.ts';
import type { Subject } from '../../src/testkit/benches.ts';
import { engineSync } from '../../src/testkit/engine-sync.ts';
import { contractTests } from '../../src/testkit/tests.ts';
import { secret, type World, world as worldOf } from '../support/bots.ts';
import { seeded } from '../support/emulator-tools.ts';
import { all, call, type Step, scripted, thrown } from './scripted-http.ts';

// ── the contract suite, with questions in the place of articles ───────────────────────────────────────────────────────

/** By bot. */
const emulators = new Map<string, Emulator>();

/** Where to add FAQs is asked for behind the wire's back: faults are meant for the write. */
function spared(http: Http): Http {
  return async (request, at) => {
    const [, bot] = /\/bot\/([^/]+)\/knowledgeTasks$/.exec(request.path) ?? [];
    if (bot === undefined) return http(request, at);
    const query = new URLSearchParams({ language: 'en' });
    const asked = { method: 'GET', path: request.path, query, headers: { auth: request.headers?.['auth'] ?? '' }, body: Buffer.from('') };
    const reply = await emulators.get(bot)?.handle(asked);
    if (at.signal.aborted || reply?.status !== 200) return http(request, at);
    return { status: 200, headers: {}, text: JSON.stringify(reply.body), json: () => reply.body as Json, retryAfterMs: null };
  };
}

/** The bench's view of the vendor names FAQs as the connector does. */
const emulatorOfFaqs: EmulatorSpec = {
  ...emulator,
  create(tools, settings) {
    const made: Emulator = emulator.create(tools, settings as typeof emulator.defaults);
    const provision: Emulator['provision'] = (bot) => {
      emulators.set(bot.id, made);
      made.provision(bot);
    };
    const named = (id: string): string => (/^[0-9a-f]{24}$/.test(id) ? `faq:${id}` : id);
    return { ...made, provision, inspect: (bot) => made.inspect(bot).map((item) => ({ ...item, remoteId: named(item.remoteId) })) };
  },
};

/** An FAQ is found by its question, so these documents have some. */
const questions: { readonly [document: string]: string } = {
  'zorbling.md': 'How many minutes does the zorbling of a quaxel take?',
  'invoices.md': 'When are invoices sent?',
};

/** The connector, given some of its articles as questions. */
function asking(which: (item: NewItem) => boolean): Subject {
  const spec: Subject['spec'] = {
    ...connector,
    connect(options, tools) {
      const target = connector.connect(options as Parameters<typeof connector.connect>[0], {
        ...tools,
        http: spared(tools.http),
      }) as ItemTarget;
      const create: ItemTarget['create'] = (items, at) =>
        target.create(
          items.map((item) => (which(item) ? { ...item, kind: 'qa', title: questions[item.document] ?? item.title } : item)),
          at,
        );
      return { ...target, create };
    },
  };
  const variant = { qa: 'knowledge-graph', publish: 'after-train' };
  return { name: 'koreai-faqs', spec, emulator: emulatorOfFaqs, variant, settings: {}, conditions: {}, sync: engineSync };
}

const failing = { 'training-fails': { faqTrainFails: true }, 'training-never-ends': { faqTrainMs: Number.POSITIVE_INFINITY } };

describe('the contract, every article a question', () => {
  const subject: Subject = { ...asking(() => true), conditions: failing as Subject['conditions'] };
  for (const { name, skip, run } of contractTests(subject)) if (skip === null) it(name, run);
});

describe('the contract, every other article a question', () => {
  const subject: Subject = {
    ...asking(({ effect }) => Number.parseInt(effect.slice(-1), 16) % 2 === 0),
    conditions: failing as Subject['conditions'],
  };
  for (const { name, skip, run } of contractTests(subject)) if (skip === null) it(name, run);
});

describe('the contract at a vendor that takes another of the undocumented ways, as the options say', () => {
  const plain = asking(() => true);
  const settings = { knowledgeTasksAs: 'array', nodes: ['Billing'], qsIdNeeded: true, bulkUpdateKey: 'changes', referenceIdIsRefId: false };
  const options = { faqNode: 'Billing', faqQsId: 'generate', faqUpdateKey: 'changes', faqFoundBy: 'faqPath', faqPathFormat: 'slash' };
  const variant = { ...plain.variant, ...options };
  const subject: Subject = { ...plain, variant, settings: { ...settings, faqPathFormat: 'slash' } };
  for (const { name, skip, run } of contractTests(subject)) if (skip === null && /^[345] /.test(name)) it(name, run);
});

// ── single calls ──────────────────────────────────────────────────────────────────────────────────────────────────────

const bot = '/api/public/bot/st-1';
const here = call();
const admin = { clientId: 'cs-admin', clientSecret: 'admin-5ecret' };
const base = { botId: 'st-1', clientId: 'cs-1', clientSecret: 'builder-5ecret', admin, qa: 'knowledge-graph', publish: 'after-train' };

function run(steps: readonly Step[], options: object = {}) {
  const script = scripted(steps, () => Date.parse('2026-11-21T12:00:00.000Z'));
  const made = connector.connect(connector.options.parse({ ...base, ...options }), script.tools) as ItemTarget;
  return { script, bot: made };
}

const effectOf = (name: string): string => Buffer.from(name.padEnd(8, '.')).toString('hex').slice(0, 16);
const markOf = (name: string): string => titleMarker(255).write({ workspace: 'docs', document: name, part: '', effect: effectOf(name) });
const titleMarkOf = (name: string): string => titleOfMark(markOf(name), 'docs') ?? '';
const failure = (msg: string, code: number): Json => ({ errors: [{ msg, code }] });
const codes = (results: readonly ItemResult[] | undefined) => results?.map((result) => (result.ok ? 'ok' : result.error.code));

function item(name: string, kind: NewItem['kind'] = 'qa', patch: Partial<NewItem> = {}): NewItem {
  const rest = { part: '', url: null, format: 'markdown', attributes: {} } as const;
  const text = `# Why ${name}?\n\nBecause of ${name}.\n`;
  return { effect: effectOf(name), document: name, path: name, mark: markOf(name), title: `Why ${name}?`, text, kind, ...rest, ...patch };
}

const root = { nodeId: 'n-1', label: 'Bot', level: 0, parent: [] };
const child = { nodeId: 'n-2', label: 'Billing', level: 1, parent: ['n-1'] };
const graph = (body: Json = { _id: 'kt-1', taxonomy: [root, child] }): Step => ({ expect: 'GET /knowledgeTasks', body });
const added: Step = { expect: 'POST /faqs/bulk', body: { status: 'success' } };
const updated: Step = { expect: 'POST /faqs/bulkupdates', body: { status: 'success' } };
const ingested: Step = { expect: 'POST /ingest-data', body: { data: { jobId: 'fj-1' } } };
const noContents: Step = { expect: 'POST /content-by-cond', body: { data: [], nextCursor: null } };
const noChunks: Step = { expect: 'POST /chunk/list', body: { chunks: [], hasMore: false, nextCursor: null } };
const faq = (id: string, marks: readonly string[] = [], patch: object = {}): Json => ({
  _id: id,
  questionPayload: { question: `Why ${id}?`, tagsPayload: [] },
  answerPayload: [{ text: 'Because%20of', type: 'basic', channel: 'default' }],
  subQuestions: marks.map((question) => ({ question, tagsPayload: [] })),
  faqStatus: true,
  refId: `ref-${id}`,
  fullPath: ['Bot'],
  ...patch,
});
const faqs = (list: readonly Json[], moreAvailable: boolean | null = false): Step => ({
  expect: 'GET /v2/faqs',
  body: { faqs: [...list], ...(moreAvailable === null ? {} : { moreAvailable }), count: 41 },
});
const off = { faqStatus: false };
const jsonOf = (request: HttpRequest | undefined) => request?.json as { readonly [key: string]: Json } | undefined;

describe('options', () => {
  it('needs the publish, without which users do not get FAQs', () => {
    const refused = connector.options.safeParse({ qa: 'knowledge-graph' });
    expect(JSON.stringify(refused.error?.issues)).toMatch(/"publish".*needs publish: after-train/);
    expect(connector.options.safeParse({ qa: 'knowledge-graph', publish: 'after-train' }).success).toBe(true);
    expect(connector.required({ qa: 'knowledge-graph', publish: 'after-train' })).toContain('admin');
  });

  it('says what it cannot do', () => {
    const { bot: made } = run([], { numberChunks: true });
    expect('update' in made || 'read' in made).toBe(false);
    expect(Object.keys(made.traits.missing)).toEqual(['update', 'read']);
    expect(made.traits.trainedMeans).toMatch(/FAQs/);
  });
});

describe('check', () => {
  const noPublish: Step = { expect: 'GET /publish/status', body: {} };

  it('looks at the graph too', async () => {
    const { script, bot: made } = run([noContents, graph(), noPublish]);
    expect(await made.check(here)).toMatchObject({ proven: 'bot' });
    expect(script.requests[1]).toMatchObject({ intent: 'read', query: { language: 'en' } });
    script.done();
  });

  it.each([
    [[] as Json, {}, /in en .* is not there/],
    [{ _id: 'kt-1', taxonomy: [] } as Json, { faqLanguage: 'de' }, /in de .* is not there/],
    [{ _id: 'kt-1', taxonomy: [child] } as Json, {}, /has no root node/],
    [{ _id: 'kt-1', taxonomy: [root] } as Json, { faqNode: 'Billing' }, /has no node Billing/],
  ])('says what is missing: %j', async (body, options, words) => {
    const error = await thrown(() => run([noContents, graph(body)], options).bot.check(here));
    expect([error.code, error.facts.stops, error.facts.effect]).toEqual(['CONFIG_INVALID', 'target', 'none']);
    expect(error.message).toMatch(words);
    expect(error.next).toMatch(/qa: chunks/);
  });

  it('names the scope', async () => {
    const denied: Step = { expect: 'GET /knowledgeTasks', status: 401, body: failure('Permission denied. Scope is incorrect!', 4002) };
    expect((await thrown(() => run([noContents, denied]).bot.check(here))).message).toContain('Manage Knowledge Graph');
  });
});

describe('create', () => {
  it('adds questions to the root, the mark as an alternate question', async () => {
    const { script, bot: made } = run([graph(), added]);
    expect(await made.create([item('a')], here)).toEqual([{ ok: true, remoteId: null }]);
    expect(script.requests[1]).toMatchObject({ intent: 'create', path: `${bot}/faqs/bulk`, query: { language: 'en' } });
    expect(jsonOf(script.requests[1])).toEqual({
      faqs: [
        {
          questionPayload: { question: 'Why a?', tagsPayload: [] },
          answerPayload: [{ text: 'Because of a.', type: 'basic', channel: 'default' }],
          knowledgeTaskId: 'kt-1',
          subQuestions: [{ question: markOf('a'), tagsPayload: [] }],
          responseType: 'message',
          subAnswers: [],
          streamId: 'st-1',
          parent: 'n-1',
          leafterm: 'Bot',
        },
      ],
    });
  });

  it.each(['n-2', 'Billing'])('adds them to the node %s, in a list of tasks, with a question id where asked to', async (faqNode) => {
    const { script, bot: made } = run([graph([{ _id: 'kt-1', taxonomy: [root, child] }]), added, graph(), added], {
      faqNode,
      faqQsId: 'generate',
    });
    await made.create([item('a')], here);
    await made.create([item('a')], here);
    const [first, second] = [1, 3].map(
      (index) => ((jsonOf(script.requests[index])?.['faqs'] ?? []) as { readonly [key: string]: Json }[])[0],
    );
    expect(first).toMatchObject({
      parent: 'n-2',
      leafterm: 'Billing',
      qsId: expect.stringMatching(/^qna-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    });
    expect(second?.['qsId']).toBe(first?.['qsId']);
  });

  it('sends articles to Search AI, and what is no whole question', async () => {
    const items = [item('a'), item('b', 'article'), item('c', 'qa', { part: 'one' }), item('d', 'qa', { text: '# Why d?\n' }), item('e')];
    const { script, bot: made } = run([ingested, graph(), added]);
    expect(codes(await made.create(items, here))).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    const documents = jsonOf(script.requests[0])?.['documents'] as { readonly title: string }[];
    expect(documents.map(({ title }) => title.split(' ')[0])).toEqual(['b', 'c', 'd']);
    expect(JSON.stringify(jsonOf(script.requests[2]))).toMatch(/Why a.*Why e/);
  });

  it('splits what is refused until the bad one stands alone', async () => {
    const refused: Step = { expect: 'POST /faqs/bulk', status: 400, body: failure('Duplicate question', 400) };
    const { bot: made } = run([graph(), refused, added, refused]);
    const results = await made.create([item('a'), item('b')], here);
    expect(codes(results)).toEqual(['ok', 'DOCUMENT_REFUSED']);
    expect(results[1]).toMatchObject({ error: { vendor: 'Duplicate question', facts: { effect: 'none' } } });
  });

  it('sends at most faqsPerCall at once', async () => {
    const { script, bot: made } = run([graph(), added, added], { faqsPerCall: 1 });
    expect(codes(await made.create([item('a'), item('b')], here))).toEqual(['ok', 'ok']);
    script.done();
  });

  it('throws what stops the target before anything went, and tells of it afterwards', async () => {
    const down: Step = { expect: 'GET /knowledgeTasks', status: 503, body: {} };
    expect((await thrown(() => run([down]).bot.create([item('a')], here))).facts.effect).toBe('none');
    const results = await run([ingested, down]).bot.create([item('a'), item('b', 'article')], here);
    expect(codes(results)).toEqual(['VENDOR_FAILED', 'ok']);
    const denied: Step = { expect: 'POST /ingest-data', status: 401, body: failure('Invalid SDK credentials', 4002) };
    const stopped = await run([ingested, denied], { maxDocsPerIngest: 1 }).bot.create(
      [item('b', 'article'), item('a'), item('c', 'article')],
      here,
    );
    expect(codes(stopped)).toEqual(['ok', 'CREDENTIALS_REFUSED', 'CREDENTIALS_REFUSED']);
    expect(stopped[1]).toMatchObject({ error: { facts: { effect: 'none' } } });
  });
});

describe('list and find', () => {
  it('lists both stores; of ours, not those that are disabled', async () => {
    const content = { _id: 'fc-1', _source: { title: titleMarkOf('b'), sys_source_name: 'kbsync:docs' } };
    const list = [
      faq('1', [markOf('a')]),
      faq('2', ['another question', markOf('c')], off),
      faq('3', ['docs2:a #00112233'], off),
      faq('4', [], { questionPayload: null, subQuestions: ['docs:d #00112233'] }),
      faq('5', [], { subQuestions: [{ questionPayload: { question: 'docs:e #00112233' } }, 7] }),
    ];
    const { script, bot: made } = run([{ expect: 'POST /content-by-cond', body: { data: [content], nextCursor: null } }, faqs(list)]);
    expect(await all(made.list?.(here))).toEqual([
      { remoteId: 'fc-1', mark: markOf('b'), name: titleMarkOf('b'), training: null },
      { remoteId: 'faq:1', mark: markOf('a'), name: 'Why 1?', training: null, kind: 'qa' },
      { remoteId: 'faq:3', mark: null, name: 'Why 3?', training: null, kind: 'qa' },
      { remoteId: 'faq:4', mark: 'docs:d #00112233', name: null, training: null, kind: 'qa' },
      { remoteId: 'faq:5', mark: 'docs:e #00112233', name: 'Why 5?', training: null, kind: 'qa' },
    ]);
    expect(script.requests[1]?.query).toEqual({
      state: 'configured',
      limit: 50,
      offset: 0,
      type: 'all',
      withallchild: 'true',
      language: 'en',
    });
  });

  it('reads page after page, each from the last of the one before', async () => {
    const many = Array.from({ length: 50 }, (_unused, index) => faq(`p${index}`));
    const steps = [noContents, noChunks, faqs(many, null), faqs([faq('p49'), faq('p50')], true), faqs([faq('p50')], null)];
    const { script, bot: made } = run(steps);
    expect((await all(made.list?.(here))).length).toBe(51);
    expect(script.requests.slice(2).map(({ query }) => query?.['offset'])).toEqual([0, 49, 50]);
    script.done();
  });

  it.each([
    ['one that went away meanwhile', [faqs([faq('1'), faq('2')], true), faqs([faq('3')])]],
    ['an empty page with more behind it', [faqs([], true)]],
    ['pages that do not go on', [faqs([faq('1')], true), faqs([faq('1')], true)]],
  ])('never ends well with %s', async (_name, steps) => {
    const error = await thrown(() => all(run([noContents, noChunks, ...steps]).bot.list?.(here)));
    expect([error.code, error.facts.effect]).toEqual(['REPLY_INVALID', 'none']);
  });

  it('finds questions by one listing, and asks for the others by title', async () => {
    const content = { _id: 'fc-1', _source: { title: titleMarkOf('b'), sys_source_name: 'kbsync:docs' } };
    const twins = [faq('1', [markOf('a')]), faq('2', [markOf('a')]), faq('3', [markOf('a')], off)];
    const { script, bot: made } = run([faqs(twins), { expect: 'POST /content-by-cond', body: { data: [content], nextCursor: null } }]);
    expect(await made.find?.([markOf('b'), markOf('a')], here)).toEqual([['fc-1'], ['faq:1', 'faq:2']]);
    script.done();
    const alone = run([faqs(twins)]);
    expect(await alone.bot.find?.([markOf('a')], here)).toEqual([['faq:1', 'faq:2']]);
    alone.script.done();
    expect(await run([]).bot.find?.([], here)).toEqual([]);
  });
});

describe('delete', () => {
  it('disables FAQs and deletes documents, and looks whether it was so', async () => {
    const { script, bot: made } = run([
      { expect: 'DELETE /content', body: { deletedCount: 1 } },
      faqs([faq('1'), faq('2', [], off), faq('3')]),
      updated,
      faqs([faq('1', [], off), faq('2', [], off), faq('3')]),
    ]);
    expect(codes(await made.delete?.(['faq:1', 'fc-1', 'faq:2', 'faq:9'], here))).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(script.requests[2]).toMatchObject({ intent: 'repeatable', path: `${bot}/faqs/bulkupdates` });
    expect(jsonOf(script.requests[2])).toEqual({
      payload: [{ query: { language: 'en', referenceId: 'ref-1', primaryQuestion: 'Why 1?' }, update: { faqStatus: false } }],
    });
    script.done();
  });

  it('needs no update where all are gone', async () => {
    const { script, bot: made } = run([faqs([faq('2', [], off)])]);
    expect(codes(await made.delete?.(['faq:1', 'faq:2'], here))).toEqual(['ok', 'ok']);
    script.done();
  });

  it('tells where one is still enabled, with the vendor’s words', async () => {
    const refused: Step = { expect: 'POST /faqs/bulkupdates', status: 400, body: failure('FAQ not found', 400) };
    const { script, bot: made } = run([faqs([faq('1'), faq('2')]), refused, refused, updated, faqs([faq('1'), faq('2', [], off)])]);
    const results = await made.delete?.(['faq:1', 'faq:2'], here);
    expect(codes(results)).toEqual(['REQUEST_REFUSED', 'ok']);
    expect(results?.[0]).toMatchObject({
      error: { vendor: 'FAQ not found', facts: { retry: 'later', stops: 'document', effect: 'none' } },
    });
    script.done();
  });

  it.each([
    ['array', ['Bot']],
    ['slash', 'Bot'],
  ])('by path (%s) never means the twin of a question', async (faqPathFormat, faqPath) => {
    const twin = { questionPayload: { question: 'Why 1?' } };
    const options = { faqFoundBy: 'faqPath', faqPathFormat, faqUpdateKey: 'change' };
    const { script, bot: made } = run(
      [faqs([faq('1'), faq('2', [], twin), faq('3')]), updated, faqs([faq('1'), faq('2', [], twin), faq('3', [], off)])],
      options,
    );
    expect(codes(await made.delete?.(['faq:1', 'faq:3'], here))).toEqual(['REQUEST_REFUSED', 'ok']);
    expect(jsonOf(script.requests[1])).toEqual({
      payload: [{ query: { language: 'en', faqPath, primaryQuestion: 'Why 3?' }, change: { faqStatus: false } }],
    });
  });

  it('never passes an FAQ off as gone where qa says chunks again', async () => {
    const { script, bot: made } = run([{ expect: 'DELETE /content', body: { deletedCount: 1 } }], { qa: 'chunks' });
    const results = await made.delete?.(['faq:1', 'fc-1'], here);
    expect(codes(results)).toEqual(['REQUEST_REFUSED', 'ok']);
    expect(results?.[0]).toMatchObject({ error: { facts: { stops: 'document', effect: 'none' } } });
    expect(jsonOf(script.requests[0])).toEqual({ docIds: ['fc-1'] });
  });

  it('throws what stops the target', async () => {
    const denied: Step = { expect: 'POST /faqs/bulkupdates', status: 401, body: failure('Permission denied. Scope is incorrect!', 4002) };
    const error = await thrown(async () => run([faqs([faq('1')]), denied]).bot.delete?.(['faq:1'], here));
    expect(error.message).toContain('Update FAQs');
  });
});

describe('training', () => {
  const group = (status = 'success'): Step => ({
    expect: 'GET /job-group/fjg-1',
    body: { _id: 'fjg-1', status, lMod: '2026-11-21T12:10:00.000Z' },
  });
  const trained = (status: string, modifiedOn: string | null = '2026-11-21T12:12:00.000Z', _id: string | null = '5d1'): Step => ({
    expect: 'GET /faqs/train/status',
    body: { _id, status, message: status, modifiedOn },
  });
  const published = (id: string, requestedTime: string): Step => ({
    expect: 'GET /publish/status',
    body: { _id: id, status: 'successful', requestedTime },
  });
  const old = ['5d1', '2026-11-20T00:00:00.000Z'];
  const baseline = JSON.stringify({ publish: '["ds-1","2026-11-20T00:00:00.000Z",null]', faqs: JSON.stringify(old) });
  const asked = (before = baseline, handle = 'fjg-1 ds-9'): StatusQuery => ({
    items: [],
    run: { effect: 'e', baseline: before, handle, requestedAt: '2026-11-21T12:00:00.000Z', covers: null },
  });
  const follow = async (steps: readonly Step[], query = asked()) => {
    const { script, bot: made } = run(steps);
    const report = await made.status?.(query, here);
    script.done();
    return report?.run;
  };

  it('notes what was there before, and asks for both', async () => {
    const before = run([published('ds-1', '2026-11-20T00:00:00.000Z'), trained('success', old[1] ?? '')]);
    expect(await before.bot.train?.baseline(here)).toBe(baseline);
    const none = run([
      { expect: 'GET /publish/status', body: {} },
      { expect: 'GET /faqs/train/status', status: 404, body: failure('none', 404) },
    ]);
    expect(await none.bot.train?.baseline(here)).toBe('{"publish":"","faqs":""}');
    const start = run([
      { expect: 'POST /bot/st-1/train', body: { _id: 'fjg-1', status: 'running' } },
      { expect: 'POST /faqs/train', body: { _id: 'ds-9', status: 'in-progress' } },
    ]);
    expect(await start.bot.train?.start(baseline, here)).toEqual({ handle: 'fjg-1 ds-9' });
    expect(start.script.requests[1]).toMatchObject({ intent: 'create', json: { language: 'en' } });
  });

  it('is BUSY by either half', async () => {
    const busy = { status: 409, body: failure('Training is already in progress', 409) };
    const first = run([{ expect: 'POST /bot/st-1/train', ...busy }]);
    expect((await thrown(async () => first.bot.train?.start(baseline, here))).code).toBe('BUSY');
    const second = run([
      { expect: 'POST /bot/st-1/train', body: { _id: 'fjg-1' } },
      { expect: 'POST /faqs/train', ...busy },
    ]);
    expect((await thrown(async () => second.bot.train?.start(baseline, here))).code).toBe('BUSY');
  });

  it.each([
    ['documents go on', [group('running')], 'running'],
    ['documents failed', [group('failed')], 'failed'],
    ['FAQs go on', [group(), trained('in-progress')], 'running'],
    ['FAQs say something unknown', [group(), trained('queued')], 'running'],
    ['FAQs still show the training before', [group(), trained('success', '2026-11-20T00:00:00.000Z')], 'running'],
    ['FAQs show none', [group(), { expect: 'GET /faqs/train/status', status: 404, body: failure('none', 404) }], 'running'],
    ['FAQs failed', [group(), trained('failure')], 'failed'],
    ['all went well', [group(), trained('Success'), published('ds-2', '2026-11-21T12:13:00.000Z')], 'succeeded'],
    [
      'the id is the one that was given',
      [group(), trained('success', '2026-11-20T00:00:00.000Z', 'ds-9'), published('ds-2', '2026-11-21T12:13:00.000Z')],
      'succeeded',
    ],
  ] as [string, Step[], string][])('%s', async (_name, steps, state) => {
    const found = await follow(steps);
    expect([found?.state, found?.error?.code]).toEqual([state, state === 'failed' ? 'TRAINING_FAILED' : undefined]);
  });

  it('publishes after the later of both', async () => {
    const publish: Step = { expect: 'POST /publish', body: [] };
    expect((await follow([group(), trained('success'), published('ds-2', '2026-11-21T12:11:00.000Z'), publish]))?.state).toBe('running');
  });

  it('goes on with a run from the time before there were FAQs', async () => {
    const before = asked('["ds-1","2026-11-20T00:00:00.000Z",null]', 'fjg-1');
    expect((await follow([group(), published('ds-2', '2026-11-21T12:11:00.000Z')], before))?.state).toBe('succeeded');
  });
});

describe('ask', () => {
  const ask = (body: Json, options: object = {}) => run([{ expect: 'POST /chatbot/v2/webhook/st-1', body }], options);

  it('asks the channel as a user of its own', async () => {
    const { script, bot: made } = ask({
      data: [{ type: 'text', val: ' Yes. ' }, { val: { type: 'template', payload: { text: 'No.' } } }, {}],
      _v: 'v2',
    });
    expect(await made.ask?.('Why?', here)).toEqual({ text: 'Yes.\n\nNo.', sources: [] });
    const [request] = script.requests;
    expect(request?.headers?.['authorization']).toMatch(/^bearer eyJ/);
    expect(request?.headers?.['auth']).toBeUndefined();
    expect(request).toMatchObject({
      intent: 'ask',
      json: { session: { new: true }, message: { type: 'text', val: 'Why?' }, from: { id: expect.stringMatching(/^kbsync-/) } },
    });
  });

  it('says that answers which come later are not built', async () => {
    const error = await thrown(async () => ask({ data: [], pollId: 'p-1', _v: 'v2' }).bot.ask?.('Why?', here));
    expect(error.next).toContain('askVia: search');
  });

  it('asks Search AI where it is told to, and the channel without FAQs too', async () => {
    const search = run([{ expect: 'POST /advancedSearch', body: { response: { answer: 'Yes.', isValidAnswer: true } } }], {
      askVia: 'search',
    });
    expect((await search.bot.ask?.('Why?', here))?.text).toBe('Yes.');
    expect((await ask({ data: [{ val: 'Yes.' }] }, { qa: 'chunks', askVia: 'webhook' }).bot.ask?.('Why?', here))?.text).toBe('Yes.');
  });
});

// ── the engine over it, with things going wrong ───────────────────────────────────────────────────────────────────────

describe('60 pages with a question each', () => {
  let world: World | null = null;
  afterEach(() => world?.close());

  const faults: readonly Fault[] = [
    { kind: 'status', status: 429, retryAfter: 3 },
    { kind: 'status', status: 500 },
    { kind: 'status', status: 500, after: true },
    'html',
    'reset-before',
    'reset-after',
  ];
  const page = (n: number, word: string): string =>
    `---\nkb:\n  faq:\n    - q: "What is the word of ${n}?"\n      a: "It is ${word}${n}x."\n---\n# Page ${n}\n\nThe page ${n} is of ${word}.\n`;

  it('come to rest: each question once, enabled, answered; what was replaced or deleted is not answered from', async () => {
    const made = await worldOf('koreai');
    world = made;
    made.configure({ extra: `qa: knowledge-graph, publish: after-train, admin: { clientId: admin-bot-1, clientSecret: "${secret}" }` });
    const range = (from: number, to: number) => Array.from({ length: to - from }, (_unused, index) => from + index);
    for (const n of range(0, 60)) made.write({ [`d/${n}.md`]: page(n, 'zebra') });
    const random = seeded(4711);
    const passes = { initial: true, allowDeletes: 500, allowUpdates: 500 };
    made.served.setFault(() => (random() < 0.08 ? (faults[Math.floor(random() * faults.length)] ?? null) : null));
    for (let round = 0; round < 3; round += 1) await made.sync({ passes });
    for (const n of range(0, 10)) made.write({ [`d/${n}.md`]: page(n, 'gnu') });
    for (const n of range(10, 20)) made.write({ [`d/${n}.md`]: null });
    for (const n of range(20, 25)) made.write({ [`d/${n}.md`]: null, [`m/${n}.md`]: page(n, 'zebra') });
    for (let round = 0; round < 4; round += 1) {
      await made.sync({ passes });
      made.clock.advance(600_000);
    }
    made.served.setFault(null);
    for (let round = 0; round < 3; round += 1) {
      made.clock.advance(3_600_000);
      await made.sync({ passes });
    }
    const before = made.writesOnWire();
    expect((await made.sync({ passes })).results).toEqual([]);
    expect(made.writesOnWire()).toBe(before);
    const held = made.items();
    const { state, open } = await made.view();
    expect([open, state.leftovers]).toEqual([[], []]);
    const remembered = Object.values(state.records).flatMap(({ items }) => items.map(({ remoteId }) => remoteId?.replace(/^faq:/, '')));
    expect(held.map(({ remoteId }) => remoteId).sort()).toEqual(remembered.sort());
    expect(held.length).toBe(100);
    const answers = held.filter(({ name }) => name?.startsWith('What') === true);
    expect(answers.map(({ answeredFrom }) => answeredFrom ?? '').sort()).toEqual(
      [...range(0, 10), ...range(20, 60)].map((n) => `What is the word of ${n}?\n\nIt is ${n < 10 ? 'gnu' : 'zebra'}${n}x.`).sort(),
    );
  });
});
