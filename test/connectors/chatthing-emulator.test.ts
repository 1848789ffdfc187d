// The Chat Thing emulator against the vendor notes (chatthing.md): one test a rule, its section in the name.
import { describe, expect, it } from 'vitest';
import { emulator } from '../../src/connectors/chatthing/emulator.ts';
import type { Json } from '../../src/model/json.ts';
import { at, caller, emulatorTools, type Got, type Sent, type TestTools } from '../support/emulator-tools.ts';

const key = { 'x-api-secret-key': 'secret' };
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

type Change = Partial<typeof emulator.defaults>;

function open(change: Change = {}, tools: TestTools = emulatorTools()) {
  const running = emulator.create(tools, { ...emulator.defaults, ...change });
  running.provision({ id: 'bot', secret: 'secret' });
  const raw = caller(running, key);
  const call = (line: string, sent?: Sent): Promise<Got> => raw(line.replace(' /', ' /api/public/channels/bot/1.0/'), sent);
  const post = (path: string, json: Json = {}): Promise<Got> => call(`POST ${path}`, { json });
  const rows = async (source: string): Promise<{ [name: string]: string }> => {
    const listed = at((await post('/data-sources/row/list', { dataSourceId: source, limit: 100 })).body, 'dataSourceRows') as {
      id: string;
      name: string;
    }[];
    return Object.fromEntries(listed.map(({ id, name }) => [name, id]));
  };
  return {
    tools,
    running,
    raw,
    call,
    post,
    rows,
    source: async (): Promise<string> => at((await post('/data-sources')).body, 'dataSource', 'id') as string,
    add: (dataSourceId: string, ...dataSourceRows: { name: string; content: string }[]) =>
      post('/data-sources/row', { dataSourceId, dataSourceRows }),
    change: (dataSourceId: string, ...dataSourceRows: Json[]) => call('PUT /data-sources/row', { json: { dataSourceId, dataSourceRows } }),
    remove: (dataSourceId: string, ...ids: string[]) =>
      call('DELETE /data-sources/rows', { json: { dataSourceId, dataSourceRows: ids.map((id) => ({ id })) } }),
    sync: (dataSourceId: string) => post('/data-sources/sync', { dataSourceId }),
    state: async (source: string) =>
      at((await call(`GET /data-sources?dataSourceId=${source}`)).body, 'dataSource') as { state: string; lastSync: string | null },
    row: async (source: string, id: string) =>
      at((await call(`GET /data-sources/row?dataSourceId=${source}&dataSourceRowId=${id}`)).body, 'dataSourceRow'),
    ask: async (message: string) => at((await post('/message', { message })).body, 'response') as string,
    wait: (ms: number) => {
      tools.clock.now += ms;
    },
  };
}

/** A data source with one trained row. */
async function trained(change: Change = {}) {
  const bench = open(change);
  const source = await bench.source();
  await bench.add(source, { name: 'a.md', content: 'Reset your password in settings.' });
  await bench.sync(source);
  bench.wait(emulator.defaults.syncMs);
  const id = (await bench.rows(source))['a.md'] ?? '';
  return { ...bench, source, id };
}

describe('the door (2)', () => {
  it('refuses a wrong or missing key with 403 and an unknown channel with 404 (2.2)', async () => {
    const { running, post } = open();
    const other = caller(running, {});
    expect((await post('/data-sources/list')).status).toBe(200);
    expect((await other('POST /api/public/channels/bot/1.0/data-sources/list')).status).toBe(403);
    expect((await other('POST /api/public/channels/bot/1.0/data-sources/list', { headers: { 'x-api-secret-key': 'no' } })).status).toBe(
      403,
    );
    expect((await other('POST /api/public/channels/nobody/1.0/data-sources/list', { headers: key })).status).toBe(404);
  });

  it('answers 404 everywhere while the channel is switched off (2.2)', async () => {
    expect((await open({ switchedOff: true }).post('/data-sources/list')).status).toBe(404);
  });

  it('answers an error as json, empty or HTML, as the setting says (2.2)', async () => {
    const ask = async (errorBody: 'json' | 'empty' | 'html') => (await open({ errorBody }).call('GET /nothing')).reply.body;
    expect(await ask('json')).toEqual({ success: false, message: 'GET /api/public/channels/bot/1.0/nothing is not documented' });
    expect(await ask('empty')).toBe('');
    expect(await ask('html')).toContain('<h1>404</h1>');
  });

  it('refuses what is not documented: paths, methods, versions, the singular DELETE and the plural GET (6.1)', async () => {
    const { call, raw } = open();
    for (const line of [
      'DELETE /data-sources/row',
      'GET /data-sources/rows',
      'GET /data-sources/list',
      'PATCH /data-sources/row',
      'POST /data-sources/',
    ]) {
      expect((await call(line)).status, line).toBe(404);
    }
    expect((await raw('POST /api/public/channels/bot/2.0/data-sources')).status).toBe(404);
    expect((await raw('GET /api/public/channels/%E0%A4%A/1.0/data-sources')).status).toBe(404);
  });

  it('refuses fields and parameters that are not documented', async () => {
    const { post, call, source } = open();
    const id = await source();
    const row = { name: 'a', content: 'b' };
    expect((await post('/data-sources', { name: 'mine' })).status).toBe(400);
    expect((await post('/data-sources/row', { dataSourceId: id, rows: [row] })).status).toBe(400);
    expect((await post('/data-sources/row', { dataSourceId: id, dataSourceRows: [{ ...row, metadata: {} }] })).status).toBe(400);
    expect((await post('/message', { message: 'hi', temperature: 0 })).status).toBe(400);
    expect((await call(`GET /data-sources?dataSourceId=${id}&verbose=1`)).status).toBe(400);
    expect((await post('/data-sources/list?limit=5')).status).toBe(400);
  });

  it('takes GET parameters from the query and those of all else from a JSON body (2.1, 6.2)', async () => {
    const { call, source, add } = open();
    const id = await source();
    await add(id, { name: 'a', content: 'b' });
    expect((await call('GET /data-sources', { json: { dataSourceId: id } })).status).toBe(400);
    expect((await call(`DELETE /data-sources?dataSourceId=${id}`)).status).toBe(400);
    expect((await call('POST /data-sources/list', { raw: 'limit=3' })).status).toBe(400);
    expect((await call('POST /data-sources/list', { json: {}, headers: { 'content-type': 'text/plain' } })).status).toBe(400);
  });
});

describe('pages (2.3)', () => {
  it('gives 10 by default, at most 100, goes on behind the cursor, and ends with last: null', async () => {
    const { source, add, post } = open();
    const id = await source();
    await add(id, ...Array.from({ length: 12 }, (_, index) => ({ name: `row ${index}`, content: 'text' })));
    const first = (await post('/data-sources/row/list', { dataSourceId: id })).body;
    expect(at(first, 'dataSourceRows')).toHaveLength(10);
    expect(at(first, 'pagination')).toEqual({ total: 12, last: at(first, 'dataSourceRows', 9, 'id') });
    const second = (await post('/data-sources/row/list', { dataSourceId: id, cursor: at(first, 'pagination', 'last') })).body;
    expect((at(second, 'dataSourceRows') as { name: string }[]).map(({ name }) => name)).toEqual(['row 10', 'row 11']);
    const third = (await post('/data-sources/row/list', { dataSourceId: id, cursor: at(second, 'pagination', 'last') })).body;
    expect(third).toEqual({ success: true, dataSourceRows: [], pagination: { total: 12, last: null } });
    for (const limit of [0, 101, 1.5, '10']) expect((await post('/data-sources/row/list', { dataSourceId: id, limit })).status).toBe(400);
  });

  it('refuses an unknown or deleted cursor, or begins anew where the setting says so', async () => {
    const { source, post } = await trained();
    const page = { dataSourceId: source, cursor: '00000000-0000-4000-8000-000000000000' };
    expect((await post('/data-sources/row/list', page)).status).toBe(400);
    const lax = await trained({ unknownCursor: 'first-page' });
    expect(at((await lax.post('/data-sources/row/list', { ...page, dataSourceId: lax.source })).body, 'dataSourceRows')).toHaveLength(1);
    await lax.remove(lax.source, lax.id);
    const strict = await trained();
    await strict.remove(strict.source, strict.id);
    expect((await strict.post('/data-sources/row/list', { dataSourceId: strict.source, cursor: strict.id })).status).toBe(400);
  });

  it('lets lists lag behind creates and deletes (6.8)', async () => {
    const { source, add, rows, remove, wait, post } = open({ listLagMs: 1000 });
    const id = await source();
    wait(1000);
    await add(id, { name: 'a', content: 'b' });
    expect(await rows(id)).toEqual({});
    expect(at((await post('/data-sources/row/list', { dataSourceId: id })).body, 'pagination', 'total')).toBe(0);
    wait(1000);
    const shown = await rows(id);
    expect(Object.keys(shown)).toEqual(['a']);
    await remove(id, shown['a'] ?? '');
    expect(await rows(id)).toEqual(shown);
    wait(1000);
    expect(await rows(id)).toEqual({});
  });
});

describe('data sources (#7 to #11)', () => {
  it('makes a new one at each call, without name or count (#7)', async () => {
    const { post, tools } = open();
    const made = await post('/data-sources');
    const createdAt = new Date(tools.clock.now).toISOString();
    expect(made.body).toEqual({
      success: true,
      dataSource: { id: expect.stringMatching(uuid), type: 'MANUAL', state: 'not_synced', lastSync: null, syncInterval: null, createdAt },
    });
    await post('/data-sources');
    const listed = (await post('/data-sources/list', { limit: 1 })).body;
    expect(at(listed, 'dataSources', 0)).toEqual(at(made.body, 'dataSource'));
    expect(at(listed, 'pagination', 'total')).toBe(2);
  });

  it('answers 404 for one that is not there, on every endpoint (2.2)', async () => {
    const { call, sync, add, remove, change } = open();
    const none = '00000000-0000-4000-8000-000000000000';
    expect((await call(`GET /data-sources?dataSourceId=${none}`)).status).toBe(404);
    expect((await call('PUT /data-sources', { json: { dataSourceId: none, syncInterval: null } })).status).toBe(404);
    expect((await call('DELETE /data-sources', { json: { dataSourceId: none } })).status).toBe(404);
    expect((await sync(none)).status).toBe(404);
    expect((await add(none, { name: 'a', content: 'b' })).status).toBe(404);
    expect((await change(none, { id: none, name: 'a', content: 'b' })).status).toBe(404);
    expect((await remove(none, none)).status).toBe(404);
  });

  it('sets the interval, resets it where it is left out, and syncs by itself (#10)', async () => {
    const { call, source, state, add, wait } = open();
    const id = await source();
    const put = (json: { [name: string]: Json }) => call('PUT /data-sources', { json: { dataSourceId: id, ...json } });
    expect(at((await put({ syncInterval: 'day' })).body, 'dataSource', 'syncInterval')).toBe('day');
    await add(id, { name: 'a', content: 'b' });
    wait(86_400_000);
    expect((await state(id)).state).toBe('syncing');
    wait(1500);
    expect((await state(id)).state).toBe('synced');
    expect(at((await put({})).body, 'dataSource', 'syncInterval')).toBeNull();
    expect((await put({ syncInterval: 'hour' })).status).toBe(400);
  });

  it('takes its rows and what was learnt with it (#11)', async () => {
    const { call, source, ask, running } = await trained();
    expect(await ask('password?')).toContain('settings');
    expect((await call('DELETE /data-sources', { json: { dataSourceId: source } })).body).toEqual({ success: true });
    expect(await ask('password?')).toBe("I don't know.");
    expect(running.inspect('bot')).toEqual([]);
    expect((await call('DELETE /data-sources', { json: { dataSourceId: source } })).status).toBe(404);
  });
});

describe('rows (#12 to #16)', () => {
  it('answers no ids, and takes a second row of the same name (#12)', async () => {
    const { source, add, post } = open();
    const id = await source();
    expect((await add(id, { name: 'a', content: 'one' }, { name: 'a', content: 'two' })).body).toEqual({ success: true });
    const page = at((await post('/data-sources/row/list', { dataSourceId: id })).body, 'dataSourceRows') as Json[];
    expect(page).toEqual([
      { id: expect.stringMatching(uuid), name: 'a' },
      { id: expect.stringMatching(uuid), name: 'a' },
    ]);
  });

  it('refuses a second row of the same name where the setting says so (#12)', async () => {
    const { source, add, rows } = open({ duplicateNames: 'refuse' });
    const id = await source();
    expect((await add(id, { name: 'a', content: 'one' }, { name: 'a', content: 'two' })).status).toBe(400);
    expect(await rows(id)).toEqual({});
    await add(id, { name: 'a', content: 'one' });
    expect((await add(id, { name: 'a', content: 'two' })).status).toBe(400);
  });

  it('takes all of a batch or nothing; with atomic off the rows before the bad one, and 500 (#12)', async () => {
    const batch = [
      { name: 'a', content: 'one' },
      { name: 'b', content: '' },
    ];
    const whole = open();
    const source = await whole.source();
    expect((await whole.add(source, ...batch)).status).toBe(400);
    expect(await whole.rows(source)).toEqual({});
    const partial = open({ atomic: false });
    const second = await partial.source();
    expect((await partial.add(second, ...batch)).status).toBe(500);
    expect(Object.keys(await partial.rows(second))).toEqual(['a']);
  });

  it('refuses an empty list, and what size settings and the marker bar (#12, 5)', async () => {
    const { source, add, post } = open({ maxRows: 2, maxContentBytes: 5, rejectMarker: 'bad' });
    const id = await source();
    const row = (content: string) => ({ name: 'a', content });
    expect((await post('/data-sources/row', { dataSourceId: id, dataSourceRows: [] })).status).toBe(400);
    expect((await add(id, row('a'), row('b'), row('c'))).status).toBe(413);
    expect((await add(id, row('éééé'))).status).toBe(400);
    expect((await add(id, row('bad'))).status).toBe(400);
    expect((await add(id, row('good'))).status).toBe(200);
    expect((await open({ maxBodyBytes: 10 }).post('/message', { message: 'too long' })).status).toBe(413);
  });

  it('gives one row with state and content, without name (#14)', async () => {
    const { row, source, id, tools } = await trained();
    expect(await row(source, id)).toEqual({
      id,
      type: 'MANUAL',
      state: 'synced',
      lastSync: new Date(tools.clock.now).toISOString(),
      createdAt: '2026-03-01T12:00:00.000Z',
      content: 'Reset your password in settings.',
    });
  });

  it('answers 404 for a missing row (#14)', async () => {
    const { call, source } = await trained();
    expect((await call(`GET /data-sources/row?dataSourceId=${source}&dataSourceRowId=x`)).status).toBe(404);
    expect((await call(`GET /data-sources/row?dataSourceId=${source}`)).status).toBe(400);
  });

  it('changes name and content; the row is not_synced, the data source stays as it was (#15)', async () => {
    const { change, row, rows, source, id, state } = await trained();
    const before = await state(source);
    expect((await change(source, { id, name: 'b.md', content: 'New text' })).body).toEqual({ success: true });
    expect(await rows(source)).toEqual({ 'b.md': id });
    expect(await row(source, id)).toMatchObject({ state: 'not_synced', lastSync: before.lastSync, content: 'New text' });
    expect(await state(source)).toEqual(before);
    const noticed = await trained({ dirtySource: 'not_synced' });
    await noticed.change(noticed.source, { id: noticed.id, name: 'b.md', content: 'New text' });
    expect((await noticed.state(noticed.source)).state).toBe('not_synced');
  });

  it('wants id, name and content of each changed row, and refuses the batch for one unknown id (#15)', async () => {
    const { change, source, id, row } = await trained();
    expect((await change(source, { id, content: 'x' })).status).toBe(400);
    expect((await change(source, { id, name: 'a', content: 'x' }, { id: 'none', name: 'b', content: 'y' })).status).toBe(404);
    expect(await row(source, id)).toMatchObject({ state: 'synced' });
    const lax = await trained({ unknownRow: 'ignore' });
    expect((await lax.change(lax.source, { id: 'none', name: 'b', content: 'y' })).status).toBe(200);
  });

  it('deletes, and again, with 200; or 404 where the setting says so (#16)', async () => {
    const { remove, source, id, rows } = await trained();
    expect((await remove(source, id)).body).toEqual({ success: true });
    expect(await rows(source)).toEqual({});
    expect((await remove(source, id)).status).toBe(200);
    const strict = await trained({ deletedRow: 'gone' });
    expect((await strict.remove(strict.source, 'none')).status).toBe(404);
  });

  it('gives content back byte for byte, or trimmed (#14)', async () => {
    const content = 'one\r\ntwo \n';
    const give = async (contentBack: 'exact' | 'trimmed') => {
      const { source, add, rows, row } = open({ contentBack });
      const id = await source();
      await add(id, { name: 'a', content });
      return at(await row(id, (await rows(id))['a'] ?? ''), 'content');
    };
    expect(await give('exact')).toBe(content);
    expect(await give('trimmed')).toBe('one\ntwo');
  });
});

describe('syncs (#17)', () => {
  it('is accepted without a job id, shows syncing, then synced with a new lastSync (6.6)', async () => {
    const { source, sync, state, wait, tools } = await trained();
    const before = await state(source);
    expect((await sync(source)).body).toEqual({ success: true });
    expect(await state(source)).toMatchObject({ state: 'syncing', lastSync: before.lastSync });
    wait(1499);
    expect((await state(source)).state).toBe('syncing');
    wait(1);
    expect(await state(source)).toMatchObject({ state: 'synced', lastSync: new Date(tools.clock.now).toISOString() });
  });

  it('shows the old state during the start lag (6.6)', async () => {
    const { source, sync, state, wait } = await trained({ startLagMs: 500 });
    await state(source);
    wait(500);
    expect((await state(source)).state).toBe('synced');
    await sync(source);
    expect((await state(source)).state).toBe('synced');
    wait(500);
    expect((await state(source)).state).toBe('syncing');
  });

  it('answers 429 while one is running, per source or per bot (6.7, 5)', async () => {
    const { source, sync } = open();
    const [one, two] = [await source(), await source()];
    await sync(one);
    expect((await sync(one)).status).toBe(429);
    expect((await sync(two)).status).toBe(200);
    const whole = open({ syncsAtOnce: 'bot' });
    await whole.sync(await whole.source());
    expect((await whole.sync(await whole.source())).status).toBe(429);
  });

  it('answers 429 with the state unchanged when the storage tokens are used up; what is trained answers on (6.7, S5)', async () => {
    const none = open({ tokenBudget: 0 });
    const id = await none.source();
    expect((await none.sync(id)).status).toBe(429);
    expect((await none.state(id)).state).toBe('not_synced');
    const some = await trained({ tokenBudget: 5 });
    expect((await some.sync(some.source)).status).toBe(429);
    expect((await some.state(some.source)).state).toBe('synced');
    expect(await some.ask('password?')).toContain('settings');
  });

  it('makes rows answerable only at its end, as they were at its start (6.10, 7.6)', async () => {
    const { source, id, change, sync, ask, wait, running, row } = await trained();
    await change(source, { id, name: 'a.md', content: 'Second password text' });
    expect(await ask('password?')).toContain('settings');
    await sync(source);
    await change(source, { id, name: 'a.md', content: 'Third password text' });
    expect(await row(source, id)).toMatchObject({ state: 'not_synced' });
    wait(1500);
    expect(await ask('password?')).toBe('Second password text');
    expect(running.inspect('bot')).toEqual([
      { remoteId: id, name: 'a.md', text: 'Third password text', answeredFrom: 'Second password text' },
    ]);
    await sync(source);
    wait(1500);
    expect(await ask('password?')).toBe('Third password text');
  });

  it('includes edits during the run where the setting says so (7.6)', async () => {
    const { source, id, change, sync, ask, wait } = await trained({ editsDuringSync: 'included' });
    await sync(source);
    await change(source, { id, name: 'a.md', content: 'Late password text' });
    wait(1500);
    expect(await ask('password?')).toBe('Late password text');
  });

  it('forgets deleted rows at its end, not before (#16, 6.6); or at once', async () => {
    const { source, id, remove, sync, ask, wait, running } = await trained();
    await remove(source, id);
    expect(await ask('password?')).toContain('settings');
    expect(running.inspect('bot')).toEqual([{ remoteId: id, name: 'a.md', text: '', answeredFrom: 'Reset your password in settings.' }]);
    await sync(source);
    expect(await ask('password?')).toContain('settings');
    wait(1500);
    expect(await ask('password?')).toBe("I don't know.");
    expect(running.inspect('bot')).toEqual([]);
    const prompt = await trained({ forgetAt: 'delete' });
    await prompt.ask('password?');
    await prompt.remove(prompt.source, prompt.id);
    expect(await prompt.ask('password?')).toBe("I don't know.");
  });

  it('learns a row that was deleted during the run, and forgets it with the next (7.6)', async () => {
    const { source, add, sync, rows, remove, wait, ask } = open();
    const id = await source();
    await add(id, { name: 'a', content: 'About passwords' });
    await sync(id);
    await remove(id, (await rows(id))['a'] ?? '');
    wait(1500);
    expect(await ask('passwords?')).toBe('About passwords');
    await sync(id);
    wait(1500);
    expect(await ask('passwords?')).toBe("I don't know.");
  });

  it('ends in sync_error for marked content: nothing learnt, lastSync kept, the row to blame shows it (#17, 4.7)', async () => {
    const { source, add, rows, row, sync, state, wait, ask } = await trained({ failMarker: 'POISON' });
    const before = (await state(source)).lastSync;
    await add(source, { name: 'b', content: 'POISON' }, { name: 'c', content: 'Invoices are monthly' });
    await sync(source);
    wait(1500);
    expect(await state(source)).toMatchObject({ state: 'sync_error', lastSync: before });
    const ids = await rows(source);
    expect(await row(source, ids['b'] ?? '')).toMatchObject({ state: 'sync_error', lastSync: null });
    expect(await row(source, ids['c'] ?? '')).toMatchObject({ state: 'not_synced' });
    expect(await ask('invoices?')).toBe("I don't know.");
    expect(await ask('password?')).toContain('settings');
  });

  it('fails the first syncs, then succeeds, as the setting counts (6.8)', async () => {
    const { source, add, sync, state, wait } = open({ failFirstSyncs: 1 });
    const id = await source();
    await add(id, { name: 'a', content: 'b' });
    await sync(id);
    wait(1500);
    expect((await state(id)).state).toBe('sync_error');
    await sync(id);
    wait(1500);
    expect((await state(id)).state).toBe('synced');
  });

  it('never ends where the setting says so (6.8)', async () => {
    const { source, sync, state, wait } = open({ syncMs: Number.POSITIVE_INFINITY });
    const id = await source();
    await sync(id);
    wait(1e12);
    expect((await state(id)).state).toBe('syncing');
  });

  it('of an empty data source succeeds, or fails where the setting says so (7.8)', async () => {
    const end = async (emptySync: 'synced' | 'sync_error') => {
      const { source, sync, state, wait } = open({ emptySync });
      const id = await source();
      await sync(id);
      wait(1500);
      return (await state(id)).state;
    };
    expect(await end('synced')).toBe('synced');
    expect(await end('sync_error')).toBe('sync_error');
  });

  it('is started by the secret URL of a hook (#18)', async () => {
    const tools = emulatorTools();
    const id = await open({}, tools).source();
    const { raw, state } = open({ hooks: [{ id: 'hook', secret: 'hush', dataSourceId: id }] }, tools);
    expect((await raw('GET /api/public/hooks/hook/wrong')).status).toBe(404);
    expect((await raw('GET /api/public/hooks/hook/hush')).body).toEqual({ success: true });
    expect((await state(id)).state).toBe('syncing');
  });
});

describe('answers (#1 to #6)', () => {
  it('opens a conversation with a greeting and keeps its messages, oldest first (#1, #3, #6)', async () => {
    const { post, call } = await trained();
    const opened = (await call('POST /conversation')).body;
    expect(opened).toEqual({ success: true, conversationId: expect.stringMatching(uuid), response: emulator.defaults.greeting });
    const conversationId = at(opened, 'conversationId');
    const answered = (await post('/message', { conversationId, message: 'password?' })).body;
    expect(answered).toEqual({ success: true, conversationId, response: 'Reset your password in settings.' });
    const listed = (await post('/messages', { conversationId })).body;
    expect((at(listed, 'messages') as { role: string; message: string }[]).map(({ role, message }) => [role, message])).toEqual([
      ['assistant', emulator.defaults.greeting],
      ['user', 'password?'],
      ['assistant', 'Reset your password in settings.'],
    ]);
    expect(
      at((await post('/messages', { conversationId, limit: 1, cursor: at(listed, 'messages', 1, 'id') })).body, 'messages', 0),
    ).toEqual(at(listed, 'messages', 2));
    const conversations = (await post('/conversations')).body;
    expect(at(conversations, 'conversations', 0)).toEqual({
      id: conversationId,
      createdAt: expect.any(String),
      initialMessage: emulator.defaults.greeting,
    });
  });

  it('makes a conversation for a one-off question (#2)', async () => {
    const { post } = open();
    expect(at((await post('/message', { message: 'hi' })).body, 'conversationId')).toMatch(uuid);
  });

  it('takes the question in `message`; in `response` only where the setting says so (#2)', async () => {
    expect((await open().post('/message', { response: 'hi' })).status).toBe(400);
    expect((await open({ acceptResponseField: true }).post('/message', { response: 'hi' })).status).toBe(200);
    expect((await open().post('/message')).status).toBe(400);
  });

  it('refuses an unknown conversation, or makes another (#3)', async () => {
    const asked = { message: 'hi', conversationId: 'x' };
    expect((await open().post('/message', asked)).status).toBe(404);
    expect(at((await open({ unknownConversation: 'new' }).post('/message', asked)).body, 'conversationId')).toMatch(uuid);
    expect((await open().post('/messages', { conversationId: 'x' })).status).toBe(404);
  });

  it('answers 429 when the message credits are used up (2.2)', async () => {
    const { post } = open({ messageCredits: 1 });
    expect((await post('/message', { message: 'hi' })).status).toBe(200);
    expect((await post('/message', { message: 'hi' })).status).toBe(429);
  });

  it('streams the answer as chat completion chunks, ending in [DONE], cut anywhere (#4)', async () => {
    const { post } = await trained({ streamPiece: 7 });
    const { reply } = await post('/message', { message: 'password?', stream: true });
    expect(reply.headers).toEqual({ 'content-type': 'text/event-stream' });
    const pieces: string[] = [];
    for await (const piece of reply.stream ?? []) pieces.push(String(piece));
    expect(Math.max(...pieces.map(({ length }) => length))).toBe(7);
    const lines = pieces.join('').split('\n\n').filter(Boolean);
    expect(lines.at(-1)).toBe('data: [DONE]');
    const chunks = lines.slice(0, -1).map((line) => at(JSON.parse(line.slice(6)) as Json, 'choices', 0));
    expect(chunks[0]).toMatchObject({ delta: { role: 'assistant' }, finish_reason: null });
    expect(chunks.at(-1)).toMatchObject({ delta: {}, finish_reason: 'stop' });
    const words = chunks.map((chunk) => (at(chunk, 'delta') as { content?: string }).content ?? '');
    expect(words.join('')).toBe('Reset your password in settings.');
  });

  it('writes dates as year-day-month where the setting says so (2.5)', async () => {
    const { call, post } = open({ oddDates: true });
    await call('POST /conversation');
    expect(at((await post('/conversations')).body, 'conversations', 0, 'createdAt')).toBe('2026-01-03T12:00:00.000Z');
  });
});

describe('the emulator itself', () => {
  it('goes on after a restart: a running sync ends, and what was learnt is answered from', async () => {
    const first = await trained();
    await first.add(first.source, { name: 'b.md', content: 'Invoices are monthly' });
    await first.sync(first.source);
    const again = open({}, emulatorTools(first.tools));
    expect((await again.state(first.source)).state).toBe('syncing');
    expect(await again.ask('password?')).toContain('settings');
    expect(await again.ask('invoices?')).toBe("I don't know.");
    again.wait(1500);
    expect(await again.ask('invoices?')).toBe('Invoices are monthly');
    expect(again.running.inspect('bot').map(({ name }) => name)).toEqual(['a.md', 'b.md']);
    await again.remove(first.source, first.id);
    const third = open({}, emulatorTools(first.tools));
    expect(third.running.inspect('bot')).toHaveLength(2);
    await third.sync(first.source);
    third.wait(1500);
    expect(third.running.inspect('bot').map(({ name }) => name)).toEqual(['b.md']);
    expect(await third.ask('password?')).toBe("I don't know.");
  });

  it('plants a row as a person would, in the newest data source or one of its own, untrained', async () => {
    const { running, post, ask } = open();
    const id = running.plant('bot', { name: 'theirs', text: 'Their passwords' });
    expect(running.inspect('bot')).toEqual([{ remoteId: id, name: 'theirs', text: 'Their passwords', answeredFrom: null }]);
    expect(at((await post('/data-sources/list')).body, 'pagination', 'total')).toBe(1);
    running.plant('bot', { name: 'more', text: 'More' });
    expect(at((await post('/data-sources/list')).body, 'pagination', 'total')).toBe(1);
    expect(await ask('passwords?')).toBe("I don't know.");
  });

  it('keeps bots apart, and the first secret of a bot', async () => {
    const { running, raw, source, rows, add } = open();
    running.provision({ id: 'bot', secret: 'other' });
    running.provision({ id: 'second', secret: 'secret' });
    const id = await source();
    await add(id, { name: 'a', content: 'b' });
    expect(Object.keys(await rows(id))).toEqual(['a']);
    expect((await raw(`GET /api/public/channels/second/1.0/data-sources?dataSourceId=${id}`)).status).toBe(404);
    expect(running.inspect('second')).toEqual([]);
  });

  it('writes nothing to the store when a sync of many rows starts, ends or is asked about, and pages 10,000 rows quickly', async () => {
    const { source, post, sync, state, wait, tools, rows } = open();
    const id = await source();
    for (let page = 0; page < 100; page++) {
      const dataSourceRows = Array.from({ length: 100 }, (_, index) => ({
        name: `row ${page}-${index}`,
        content: `text ${page}-${index}`,
      }));
      await post('/data-sources/row', { dataSourceId: id, dataSourceRows });
    }
    const before = tools.writes();
    await sync(id);
    wait(1500);
    expect((await state(id)).state).toBe('synced');
    expect(tools.writes() - before).toBe(2);
    let cursor: Json | undefined;
    const names = new Set<string>();
    do {
      const { body } = await post('/data-sources/row/list', { dataSourceId: id, limit: 100, ...(cursor === undefined ? {} : { cursor }) });
      for (const { name } of at(body, 'dataSourceRows') as { name: string }[]) names.add(name);
      cursor = at(body, 'pagination', 'last');
    } while (cursor !== null);
    expect(names.size).toBe(10_000);
    expect(Object.keys(await rows(id))).toHaveLength(100);
  });
});
