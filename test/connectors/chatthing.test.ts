import { describe, expect, it } from 'vitest';
import { connector } from '../../src/connectors/chatthing/index.ts';
import type { ChangedItem, ItemResult, ItemTarget, NewItem } from '../../src/connectors/connector.ts';
import type { Json } from '../../src/model/json.ts';
import { all, call, type Scripted, type Step, scripted, thrown } from './scripted-http.ts';

const base = { channelId: 'ch-1', secretKey: 'key-1', dataSourceId: 'ds-1' };
const ds1 = call('ds-1');

function target(script: Scripted, options: object = {}): ItemTarget {
  const connected = connector.connect(connector.options.parse({ ...base, ...options }), script.tools);
  if (!('create' in connected)) throw new Error('not an item target');
  return connected;
}

function item(name: string, text = `# ${name}`): NewItem {
  const rest = { kind: 'article', part: '', url: null, format: 'markdown', attributes: {} } as const;
  return { effect: `e-${name}`, document: name, path: name, mark: `docs:${name}`, title: name, text, ...rest };
}

const changed = (name: string): ChangedItem => ({ ...item(name), remoteId: `id-${name}` });

const done = { success: true };
const rowPage = (ids: readonly string[], total: number | null, last: string | null): Json => ({
  success: true,
  dataSourceRows: ids.map((id) => ({ id, name: `docs:${id}` })),
  pagination: { ...(total === null ? {} : { total }), last },
});
const sourcePage = (...sources: { id: string; state?: string; lastSync?: string | null }[]): Json => ({
  success: true,
  dataSources: sources.map((source) => ({ state: 'synced', lastSync: null, ...source })),
  pagination: { total: sources.length, last: null },
});
const source = (state: string, lastSync: string | null): Json => ({ success: true, dataSource: { id: 'ds-1', state, lastSync } });
const many = (from: number, count: number) => Array.from({ length: count }, (_, index) => `r${from + index}`);
const codes = (results: readonly ItemResult[] | undefined) => results?.map((result) => (result.ok ? 'ok' : result.error.code));

describe('options', () => {
  it('fills in defaults, reads durations, refuses unknown keys', () => {
    const options = connector.options.parse({ lagMs: '3s', graceMs: 0 });
    expect(options).toMatchObject({
      messageField: 'message',
      apiVersion: '1.0',
      rowsPerCall: 25,
      lagMs: 3000,
      graceMs: 0,
      syncInterval: null,
    });
    expect(connector.options.safeParse({ chanelId: 'x' }).success).toBe(false);
    expect(connector.options.safeParse({ lagMs: '3 weeks' }).success).toBe(false);
  });

  it('provides a sandbox bot and connects without a request', () => {
    const script = scripted([]);
    const { options, bot } = connector.sandbox('support');
    expect(options['channelId']).toBe(bot.id);
    expect(options['secretKey']).toBe(bot.secret);
    const made = connector.connect(connector.options.parse(options), script.tools);
    expect(made.traits.repeatedCreate).toBe('findable');
    expect(made.marks.write({ workspace: 'docs', document: 'a/b.md', part: '', effect: 'e' })).toBe('docs:a/b.md');
    expect(script.requests).toEqual([]);
  });
});

describe('check', () => {
  it('asks for the known data source', async () => {
    const script = scripted([{ expect: 'GET /api/public/channels/ch-1/1.0/data-sources', body: source('synced', null) }]);
    expect(await target(script).check(ds1)).toEqual({ identity: 'chatthing|https://vendor.example|ch-1', label: 'ch-1', proven: 'bot' });
    expect(script.requests[0]).toMatchObject({ query: { dataSourceId: 'ds-1' }, headers: { 'x-api-secret-key': 'key-1' } });
  });

  it('lists one where none is known', async () => {
    const script = scripted([{ expect: 'POST /data-sources/list', body: sourcePage() }]);
    await target(script, { dataSourceId: null }).check(call());
    expect(script.requests[0]?.json).toEqual({ limit: 1 });
  });

  it.each([
    [401, 'CREDENTIALS_REFUSED'],
    [403, 'CREDENTIALS_REFUSED'],
    [404, 'BOT_NOT_FOUND'],
  ])('answers %i with %s', async (status, code) => {
    const script = scripted([{ expect: 'POST /data-sources/list', status, body: { success: false, message: 'no way' } }]);
    const error = await thrown(() => target(script, { dataSourceId: null }).check(call()));
    expect(error).toMatchObject({ code, vendor: 'no way' });
  });

  it('tells a deleted data source from a wrong channel', async () => {
    const gone = { expect: 'GET /data-sources', status: 404 };
    const script = scripted([gone, { expect: 'POST /data-sources/list', body: sourcePage({ id: 'other' }) }]);
    expect((await thrown(() => target(script).check(ds1))).message).toContain('data source ds-1 is no longer');
    const wrong = scripted([gone, { expect: 'POST /data-sources/list', status: 404 }]);
    expect((await thrown(() => target(wrong).check(ds1))).message).toContain('channel ch-1');
  });

  it('takes 200 without success for a failure, and HTML for an invalid reply', async () => {
    const refused = scripted([{ expect: 'GET /data-sources', body: { success: false, message: 'oops' } }]);
    expect(await thrown(() => target(refused).check(ds1))).toMatchObject({ code: 'VENDOR_FAILED', vendor: 'oops' });
    const html = scripted([{ expect: 'GET /data-sources', text: '<html>login</html>' }]);
    expect((await thrown(() => target(html).check(ds1))).code).toBe('REPLY_INVALID');
  });
});

describe('list', () => {
  const list = (steps: readonly Step[], options = {}) => all(target(scripted(steps), options).list?.(ds1));
  const page = (body: Json): Step => ({ expect: 'POST /data-sources/row/list', body });

  it('follows pages and shows each row once', async () => {
    const first = many(0, 100);
    const script = scripted([page(rowPage(first, 102, 'c1')), page(rowPage(['r99', 'r100', 'r101'], 102, 'c2'))]);
    const rows = await all(target(script).list?.(ds1));
    expect(rows).toHaveLength(102);
    expect(rows[101]).toEqual({ remoteId: 'r101', mark: 'docs:r101', name: 'docs:r101', training: null });
    expect(script.requests[1]?.json).toEqual({ dataSourceId: 'ds-1', limit: 100, cursor: 'c1' });
  });

  it('ends where the last page was just full', async () => {
    expect(await list([page(rowPage(many(0, 100), 100, 'r99')), page(rowPage([], 100, null))])).toHaveLength(100);
  });

  it('goes on after a short page while the total says more', async () => {
    expect(await list([page(rowPage(many(0, 50), 60, 'c1')), page(rowPage(many(50, 10), 60, 'c2'))])).toHaveLength(60);
  });

  it('never ends early because of a total that is too small', async () => {
    expect(await list([page(rowPage(many(0, 100), 1, 'c1')), page(rowPage(many(100, 3), 1, null))])).toHaveLength(103);
  });

  it.each<[string, readonly Json[]]>([
    ['the total is not reached', [rowPage(many(0, 100), 250, 'c1'), rowPage([], 250, null)]],
    ['an unknown cursor starts over', [rowPage(many(0, 100), 250, 'c1'), rowPage(many(0, 100), 250, 'c2')]],
    ['an unknown cursor starts over without a total', [rowPage(many(0, 100), null, 'c1'), rowPage(many(0, 100), null, 'c2')]],
    ['pagination is missing', [{ success: true, dataSourceRows: [] }]],
  ])('throws where %s', async (_, bodies) => {
    expect((await thrown(() => list(bodies.map(page)))).code).toBe('REPLY_INVALID');
  });

  it('throws above the page cap', async () => {
    const pages = [page(rowPage(many(0, 100), 900, 'c1')), page(rowPage(many(100, 100), 900, 'c2'))];
    expect((await thrown(() => list(pages, { maxPages: 2 }))).message).toContain('maxPages');
  });

  it('is empty where there is no data source yet', async () => {
    expect(await all(target(scripted([]), { dataSourceId: null }).list?.(call()))).toEqual([]);
  });
});

describe('create', () => {
  const post = (status = 200): Step => ({ expect: 'POST /data-sources/row', status, body: { success: status === 200 } });

  it('sends one batch and knows no ids', async () => {
    const script = scripted([post()]);
    expect(await target(script).create([item('a'), item('b')], ds1)).toEqual([
      { ok: true, remoteId: null },
      { ok: true, remoteId: null },
    ]);
    expect(script.requests[0]).toMatchObject({
      intent: 'create',
      json: {
        dataSourceId: 'ds-1',
        dataSourceRows: [
          { name: 'docs:a', content: '# a' },
          { name: 'docs:b', content: '# b' },
        ],
      },
    });
  });

  it('finds the bad row of a refused batch', async () => {
    // a b c d → a b | c d → c | d
    const script = scripted([post(400), post(), post(400), post(400), post()]);
    const results = await target(script).create(
      ['a', 'b', 'c', 'd'].map((name) => item(name)),
      ds1,
    );
    expect(codes(results)).toEqual(['ok', 'ok', 'DOCUMENT_REFUSED', 'ok']);
    expect(results[2]).toMatchObject({ error: { message: expect.stringContaining('c: '), facts: { effect: 'none' } } });
    script.done();
  });

  it('halves a batch that is too large', async () => {
    const script = scripted([post(413), post(), post(413)]);
    expect(codes(await target(script).create([item('a'), item('b')], ds1))).toEqual(['ok', 'DOCUMENT_TOO_LARGE']);
  });

  it('keeps what went through when the vendor fails later on', async () => {
    const script = scripted([post(400), post(), post(500)]);
    const results = await target(script).create(
      ['a', 'b', 'c', 'd'].map((name) => item(name)),
      ds1,
    );
    expect(codes(results)).toEqual(['ok', 'ok', 'VENDOR_FAILED', 'VENDOR_FAILED']);
    expect(results[3]).toMatchObject({ error: { facts: { effect: 'unconfirmed' } } });
  });

  it('sends nothing more once the target has stopped', async () => {
    const script = scripted([post(400), post(403)]);
    const error = await target(script).create([item('a'), item('b')], ds1);
    expect(codes(error)).toEqual(['CREDENTIALS_REFUSED', 'CREDENTIALS_REFUSED']);
    script.done();
    expect((await thrown(() => target(scripted([post(403)])).create([item('a')], ds1))).code).toBe('CREDENTIALS_REFUSED');
  });

  it('does not split where a refused batch may have had an effect', async () => {
    const script = scripted([post(400)]);
    const results = await target(script, { atomicBatches: false }).create([item('a'), item('b')], ds1);
    expect(codes(results)).toEqual(['UNCONFIRMED', 'UNCONFIRMED']);
  });

  it('answers for empty and huge texts without a call', async () => {
    const script = scripted([post()]);
    const results = await target(script, { maxRowBytes: 1000 }).create([item('a', ' \n'), item('b'), item('c', 'é'.repeat(501))], ds1);
    expect(codes(results)).toEqual(['DOCUMENT_REFUSED', 'ok', 'DOCUMENT_TOO_LARGE']);
  });

  it('explains a 404', async () => {
    const script = scripted([post(404), { expect: 'POST /data-sources/list', body: sourcePage({ id: 'x' }) }]);
    expect((await thrown(() => target(script).create([item('a')], ds1))).code).toBe('BOT_NOT_FOUND');
  });

  it('names the missing data source', async () => {
    const made = target(scripted([]), { dataSourceId: null });
    expect((await thrown(() => made.create([item('a')], call()))).code).toBe('CONFIG_INVALID');
  });
});

describe('update and delete', () => {
  const put = (status = 200): Step => ({ expect: 'PUT /data-sources/row', status, body: done });
  const remove = (status = 200): Step => ({ expect: 'DELETE /data-sources/rows', status, body: done });
  const look: readonly Step[] = [
    { expect: 'POST /data-sources/list', body: sourcePage({ id: 'ds-1' }) },
    { expect: 'POST /data-sources/row/list', body: rowPage(['id-a', 'id-c'], 2, null) },
  ];

  it('always sends id, name and content', async () => {
    const script = scripted([put()]);
    expect(await target(script).update?.([changed('a')], ds1)).toEqual([{ ok: true, remoteId: 'id-a' }]);
    expect(script.requests[0]).toMatchObject({
      intent: 'repeatable',
      json: { dataSourceId: 'ds-1', dataSourceRows: [{ id: 'id-a', name: 'docs:a', content: '# a' }] },
    });
  });

  it('takes rows for gone only after listing, and sends the rest', async () => {
    const script = scripted([put(404), ...look, put()]);
    const results = await target(script).update?.([changed('a'), changed('b'), changed('c')], ds1);
    expect(codes(results)).toEqual(['ok', 'REMOTE_GONE', 'ok']);
    expect(script.requests.at(-1)?.json).toMatchObject({ dataSourceRows: [{ id: 'id-a' }, { id: 'id-c' }] });
    script.done();
  });

  it('says so where a row is listed and still not found', async () => {
    const results = await target(scripted([put(404), ...look, put(404)])).update?.([changed('a')], ds1);
    expect(results).toMatchObject([{ ok: false, error: { code: 'REQUEST_REFUSED', facts: { retry: 'later', stops: 'document' } } }]);
  });

  it('stops where the data source itself is gone', async () => {
    const script = scripted([put(404), { expect: 'POST /data-sources/list', body: sourcePage() }]);
    expect((await thrown(async () => target(script).update?.([changed('a')], ds1))).code).toBe('BOT_NOT_FOUND');
  });

  it('deletes on the plural path, and already gone is success', async () => {
    const script = scripted([remove(404), ...look, remove()]);
    expect(await target(script).delete?.(['id-a', 'id-b'], ds1)).toEqual([
      { ok: true, remoteId: 'id-a' },
      { ok: true, remoteId: 'id-b' },
    ]);
    expect(script.requests.at(-1)?.json).toEqual({ dataSourceId: 'ds-1', dataSourceRows: [{ id: 'id-a' }] });
    script.done();
  });

  it('splits a refused delete', async () => {
    const results = await target(scripted([remove(400), remove(400), remove()])).delete?.(['id-a', 'id-b'], ds1);
    expect(results).toMatchObject([{ error: { code: 'REQUEST_REFUSED', facts: { stops: 'document' } } }, { ok: true }]);
  });
});

describe('read', () => {
  const get = (status: number, state = 'synced'): Step => ({
    expect: 'GET /data-sources/row',
    status,
    body: { success: true, dataSourceRow: { id: 'r1', state, content: '# text' } },
  });

  it('gives text and state', async () => {
    const script = scripted([get(200)]);
    expect(await target(script).read?.('r1', ds1)).toEqual({ text: '# text', training: 'trained' });
    expect(script.requests[0]?.query).toEqual({ dataSourceId: 'ds-1', dataSourceRowId: 'r1' });
    expect(await target(scripted([get(200)]), { trustRowState: false }).read?.('r1', ds1)).toMatchObject({ training: null });
    expect(await target(scripted([get(200, 'brand_new')])).read?.('r1', ds1)).toMatchObject({ training: null });
  });

  it('knows a row that is gone', async () => {
    const script = scripted([get(404), { expect: 'POST /data-sources/list', body: sourcePage({ id: 'ds-1' }) }]);
    expect((await thrown(async () => target(script).read?.('r1', ds1))).code).toBe('REMOTE_GONE');
  });
});

describe('train', () => {
  const sync = (status = 200): Step => ({ expect: 'POST /data-sources/sync', status, body: done });
  const look = (state: string, lastSync: string | null = null): Step => ({ expect: 'GET /data-sources', body: source(state, lastSync) });

  it('starts after the baseline', async () => {
    const script = scripted([look('synced', 't1'), sync()]);
    const { train } = target(script);
    const baseline = (await train?.baseline(ds1)) ?? '';
    expect(JSON.parse(baseline)).toEqual({ lastSync: 't1', state: 'synced' });
    expect(await train?.start(baseline, ds1)).toEqual({ handle: 'ds-1' });
    expect(script.requests[1]?.intent).toBe('create');
  });

  it('does not ask while another sync runs', async () => {
    const script = scripted([]);
    const error = await thrown(async () => target(script).train?.start('{"lastSync":null,"state":"syncing"}', ds1));
    expect(error).toMatchObject({ code: 'BUSY', facts: { effect: 'none' } });
  });

  it.each([
    ['syncing', 'BUSY'],
    ['synced', 'QUOTA_EXHAUSTED'],
  ])('tells the two meanings of 429 apart: %s is %s', async (state, code) => {
    const script = scripted([sync(429), look(state)]);
    const error = await thrown(async () => target(script).train?.start('{"lastSync":null,"state":"synced"}', ds1));
    expect(error).toMatchObject({ code, facts: { effect: 'none', retry: 'later' } });
    script.done();
  });
});

describe('status', () => {
  const requestedAt = new Date(1_000_000).toISOString();
  const run = (state: string, lastSync: string | null) => ({
    ...{ effect: 'e1', handle: 'ds-1', requestedAt, covers: null },
    baseline: JSON.stringify({ lastSync, state }),
  });
  const ask = async (before: [string, string | null], after: [string, string | null], ageMs: number, rows: readonly Step[] = []) => {
    const script = scripted([{ expect: 'GET /data-sources', body: source(...after) }, ...rows], () => 1_000_000 + ageMs);
    const items = rows.map((_, index) => ({ remoteId: `r${index}`, document: `d${index}`, acceptedAt: requestedAt }));
    const report = await target(script).status?.({ items, run: run(...before) }, ds1);
    script.done();
    return report;
  };

  it.each<[string, [string, string | null], [string, string | null], number]>([
    ['succeeded', ['synced', 't1'], ['synced', 't2'], 0],
    ['succeeded', ['not_synced', null], ['synced', 't1'], 0],
    ['running', ['synced', 't1'], ['synced', 't1'], 30_000],
    ['lost', ['synced', 't1'], ['synced', 't1'], 30_001],
    ['running', ['synced', 't1'], ['syncing', 't1'], 9_000_000],
    ['running', ['not_synced', null], ['not_synced', null], 1_000],
    ['lost', ['not_synced', null], ['not_synced', null], 60_000],
    ['running', ['sync_error', 't1'], ['sync_error', 't1'], 1_000],
    ['failed', ['sync_error', 't1'], ['sync_error', 't1'], 60_000],
    ['failed', ['synced', 't1'], ['sync_error', 't1'], 0],
    ['running', ['synced', 't1'], ['thinking', 't2'], 9_000_000],
  ])('%s: before %j, now %j, after %i ms', async (state, before, after, ageMs) => {
    expect((await ask(before, after, ageMs))?.run?.state).toBe(state);
  });

  const row = (state: string): Step => ({
    expect: 'GET /data-sources/row',
    body: { success: true, dataSourceRow: { id: 'r', state, content: '' } },
  });

  it('names the rows that a failed sync could not train, and leaves the others', async () => {
    const report = await ask(['synced', 't1'], ['sync_error', 't1'], 0, [row('synced'), row('sync_error')]);
    expect(report).toMatchObject({ run: { state: 'failed', error: { code: 'TRAINING_FAILED' } } });
    expect(report?.items).toMatchObject([{ remoteId: 'r1', state: 'failed', error: { code: 'TRAINING_FAILED' } }]);
  });

  it('asks the rows themselves where there is no run', async () => {
    const script = scripted(['synced', 'syncing', 'not_synced', 'sync_error', 'odd'].map(row));
    const items = [0, 1, 2, 3, 4].map((index) => ({ remoteId: `r${index}`, document: `d${index}`, acceptedAt: requestedAt }));
    const report = await target(script).status?.({ items, run: null }, ds1);
    expect(report?.run).toBe(null);
    expect(report?.items.map(({ state }) => state)).toEqual(['trained', 'training', 'pending', 'failed']);
  });
});

describe('container', () => {
  it('keeps only candidates that were never used', async () => {
    const fresh = { state: 'not_synced', lastSync: null };
    const script = scripted([
      {
        expect: 'POST /data-sources/list',
        body: sourcePage({ id: 'a', ...fresh }, { id: 'b', ...fresh }, { id: 'c', lastSync: 't' }, { id: 'd', ...fresh }),
      },
      { expect: 'POST /data-sources/row/list', body: rowPage([], 0, null) },
      { expect: 'POST /data-sources/row/list', body: rowPage(['r1'], 1, null) },
    ]);
    expect(await target(script).container?.unused(['a', 'b', 'c'], call())).toEqual(['a']);
    expect(script.requests[1]?.json).toEqual({ dataSourceId: 'a', limit: 1 });
  });

  const made: Step = { expect: 'POST /data-sources', body: source('not_synced', null) };

  it('makes one without touching its interval', async () => {
    const script = scripted([made]);
    expect(await target(script).container?.create(call())).toBe('ds-1');
    expect(script.requests[0]?.json).toBeUndefined();
  });

  it('sets the interval once, and is unconfirmed where that fails', async () => {
    const script = scripted([made, { expect: 'PUT /data-sources', body: source('not_synced', null) }]);
    await target(script, { syncInterval: 'week' }).container?.create(call());
    expect(script.requests[1]?.json).toEqual({ dataSourceId: 'ds-1', syncInterval: 'week' });
    const failing = scripted([made, { expect: 'PUT /data-sources', status: 400 }]);
    const error = await thrown(async () => target(failing, { syncInterval: 'week' }).container?.create(call()));
    expect(error).toMatchObject({ facts: { effect: 'unconfirmed' }, message: expect.stringContaining('ds-1 was made') });
  });
});

describe('ask and history', () => {
  const start: Step = { expect: 'POST /conversation', body: { success: true, conversationId: 'c1', response: 'Hello!' } };

  it('asks in a fresh conversation, under the name of the field', async () => {
    const answer: Step = { expect: 'POST /message', body: { success: true, conversationId: 'c2', response: 'In Settings.' } };
    const script = scripted([start, answer, start, answer]);
    expect(await target(script).ask?.('Where?', ds1)).toEqual({ text: 'In Settings.', sources: [] });
    expect(script.requests[1]).toMatchObject({ intent: 'ask', json: { message: 'Where?', conversationId: 'c1' }, timeoutMs: 90_000 });
    await target(script, { messageField: 'response' }).ask?.('Where?', ds1);
    expect(script.requests[3]?.json).toEqual({ response: 'Where?', conversationId: 'c1' });
  });

  it('says both meanings of 429', async () => {
    const script = scripted([start, { expect: 'POST /message', status: 429, retryAfterMs: 7000 }]);
    const error = await thrown(async () => target(script).ask?.('Where?', ds1));
    expect(error).toMatchObject({
      code: 'RATE_LIMITED',
      facts: { retryAfterMs: 7000 },
      message: expect.stringContaining('message credits'),
    });
  });

  it('pairs questions with answers and reads odd dates', async () => {
    const script = scripted([
      {
        expect: 'POST /conversations',
        body: {
          success: true,
          conversations: [
            { id: 'old', createdAt: '2020-16-01T10:00:00.000Z', initialMessage: 'Hi' },
            { id: 'new', createdAt: '2024-16-01T10:07:04.296Z', initialMessage: 'Hi' },
          ],
          pagination: { total: 2, last: 'odd' },
        },
      },
      {
        expect: 'POST /messages',
        body: {
          success: true,
          messages: [
            { id: 'm3', message: 'No idea.', role: 'assistant', createdAt: 'nonsense' },
            { id: 'm2', message: 'Price?', role: 'user', createdAt: '2024-16-01T10:07:05.000Z' },
            { id: 'm1', message: 'Hi', role: 'assistant', createdAt: '2024-16-01T10:07:04.296Z' },
          ],
          pagination: { total: 3, last: null },
        },
      },
    ]);
    const found = await all(target(script).history?.('2024-01-16T00:00:00.000Z', ds1));
    expect(found).toEqual([{ at: '2024-01-16T10:07:05.000Z', question: 'Price?', answer: 'No idea.', conversation: 'new' }]);
    script.done();
  });

  it('looks into the newest conversations, in whatever order they are listed, and says how many it left', async () => {
    const listed = ['a', 'b', 'c'].map((id, index) => ({ id, createdAt: `2024-01-${17 + index}T10:00:00.000Z`, initialMessage: 'Hi' }));
    const script = scripted([
      { expect: 'POST /conversations', body: { success: true, conversations: listed, pagination: { total: 3, last: 'c' } } },
      { expect: 'POST /messages', body: { success: true, messages: [], pagination: { total: 0, last: null } } },
    ]);
    const notes: string[] = [];
    const told = (note: string) => void notes.push(note);
    expect(await all(target(script, { historyConversations: 1 }).history?.('2024-01-16T00:00:00.000Z', { ...ds1, told }))).toEqual([]);
    expect(script.requests[1]?.json).toMatchObject({ conversationId: 'c' });
    expect(notes).toEqual(['only the newest 1 of 3 conversations were looked into (historyConversations)']);
    script.done();
  });
});
