// The ReplyCX emulator against the vendor notes (replycx.md): one test a rule, its section in the name, in both profiles where it may matter.
import { describe, expect, it } from 'vitest';
import type { EmulatorReply } from '../../src/connectors/emulator.ts';
import { emulator } from '../../src/connectors/replycx/emulator.ts';
import type { Json, JsonRecord } from '../../src/model/json.ts';
import { at, caller, emulatorTools, type Got, type Sent, type TestTools } from '../support/emulator-tools.ts';

type Change = Partial<typeof emulator.defaults>;
type Profile = (typeof emulator.defaults)['profile'];
type Field = readonly [key: string, value: string | File];

const bearer = { authorization: 'Bearer token', 'content-type': 'application/json' };
const profiles: readonly Profile[] = ['seed-only', 'full'];

function file(name: string, content: string | Uint8Array): File {
  return new File([typeof content === 'string' ? content : new Uint8Array(content)], name, { type: 'text/plain; charset=utf-8' });
}

function open(change: Change = {}, tools: TestTools = emulatorTools()) {
  const running = emulator.create(tools, { ...emulator.defaults, ...change });
  running.provision({ id: '876', secret: 'token' });
  const call = caller(running, bearer);
  const upload = async (fields: readonly Field[], kb = '876', token = 'token'): Promise<Got> => {
    const form = new FormData();
    for (const [key, value] of fields) form.append(key, value);
    const sent = new Request('http://localhost', { method: 'POST', body: form });
    const reply = await running.handle({
      method: 'POST',
      path: `/api/v1/ai/knowledge-base/${kb}/upload/sources`,
      query: new URLSearchParams(),
      headers: { 'content-type': sent.headers.get('content-type') ?? '', authorization: `Bearer ${token}` },
      body: Buffer.from(await sent.arrayBuffer()),
    });
    return got(reply);
  };
  const status = async (...ids: Json[]): Promise<readonly Json[]> =>
    at((await call(`GET /api/v1/ai/status/sources?source_ids=${ids.join(',')}`)).body, 'sources') as readonly Json[];
  return {
    tools,
    running,
    call,
    upload,
    /** One text file; its id. */
    add: async (name: string, content: string): Promise<number> =>
      at((await upload([['d', file(name, content)]])).body, 'd', 0, 'id') as number,
    status,
    word: async (id: number) => at((await status(id))[0], 'status') as string,
    remove: (...ids: Json[]) => call('DELETE /v1/ai/knowledge-bases/876/data-sources', { json: { data_sources: ids } }),
    list: async (query = '') => (await call(`GET /v1/ai/knowledge-base/876${query}`)).body,
    known: () => running.inspect('876').flatMap(({ answeredFrom }) => (answeredFrom === null ? [] : [answeredFrom])),
    wait: (ms = emulator.defaults.trainMs) => {
      tools.clock.now += ms;
    },
  };
}

function got(reply: EmulatorReply): Got {
  return { status: reply.status, headers: reply.headers ?? {}, body: reply.body as JsonRecord, reply };
}

describe('the door (2.1)', () => {
  it('wants the bearer token; without it, or with another, 401 without a code key (2.1)', async () => {
    const { call, upload } = open();
    for (const authorization of ['', 'Bearer other', 'token']) {
      const { status, body } = await call('GET /api/v1/ai/status/sources?source_ids=1', { headers: { authorization } });
      expect([status, body]).toEqual([
        401,
        { ok: false, error: 'JWT_SIGNATURE_EXCEPTION', message: 'the token is not valid', status: 401 },
      ]);
    }
    expect((await upload([['d', file('a.txt', 'a')]], '876', 'other')).status).toBe(401);
  });

  it('answers success with ok: true beside the data (2.1)', async () => {
    expect((await open().call('GET /api/v1/ai/status/sources?source_ids=1')).body).toEqual({ sources: [], ok: true });
  });

  it('checks token, account, feature, knowledge base and owner in this order (5)', async () => {
    const codeOf = async (change: Change, kb: string, token: string) => {
      const { running, upload } = open(change);
      running.provision({ id: '900', secret: 'another' });
      const { status, body } = await upload([['d', file('a.txt', 'a')]], kb, token);
      expect(body).toMatchObject({ ok: false, status });
      return [status, body['error']];
    };
    const all = { accountGone: true, featureOff: true };
    expect(await codeOf(all, '1', 'wrong')).toEqual([401, 'JWT_SIGNATURE_EXCEPTION']);
    expect(await codeOf(all, '1', 'token')).toEqual([404, 'ACCOUNT_DETAILS_NOT_FOUND']);
    expect(await codeOf({ featureOff: true }, '1', 'token')).toEqual([401, 'UNAUTHORIZED_FEATURE']);
    expect(await codeOf({}, '1', 'token')).toEqual([404, 'KNOWLEDGE_BASE_NOT_FOUND']);
    expect(await codeOf({}, '900', 'token')).toEqual([400, 'BAD_REQUEST']);
  });

  it('gives an error with code and status; or without code, without status, with another status, or all with 200 (2.1, 5)', async () => {
    const missing = async (change: Change) => (await open(change).upload([['d', 'a']], '1')).reply;
    const error = 'KNOWLEDGE_BASE_NOT_FOUND';
    const message = 'no knowledge base 1';
    expect(await missing({})).toMatchObject({ status: 404, body: { ok: false, error, code: error, message, status: 404 } });
    expect((await missing({ errorCode: false })).body).toEqual({ ok: false, error, message, status: 404 });
    expect((await missing({ errorStatus: 'missing' })).body).toEqual({ ok: false, error, code: error, message });
    expect(await missing({ errorStatus: 'unlike' })).toMatchObject({ status: 404, body: { status: 500 } });
    expect(await missing({ errorsWith200: true })).toMatchObject({ status: 200, body: { ok: false, status: 404 } });
  });

  it('asks to slow down with 429, with Retry-After or without (2.1)', async () => {
    const { call, wait } = open({ perMinute: 1 });
    const ask = () => call('GET /api/v1/ai/status/sources?source_ids=1');
    await ask();
    wait(20_000);
    const slow = await ask();
    expect(slow.body).toMatchObject({ ok: false, error: 'TOO_MANY_REQUESTS', code: 'TOO_MANY_REQUESTS', status: 429 });
    expect(slow.headers['retry-after']).toBe('40');
    wait(40_000);
    expect((await ask()).status).toBe(200);
    const mute = await open({ perMinute: 0, retryAfter: false }).call('GET /api/v1/ai/status/sources?source_ids=1');
    expect([mute.status, mute.headers]).toEqual([429, {}]);
  });

  it.each(profiles)('answers 404 in the vendor’s form to what is not documented, in %s (5)', async (profile) => {
    const { call } = open({ profile });
    for (const line of [
      'GET /api/v1/ai/knowledge-base/876/upload/sources',
      'PUT /api/v1/ai/knowledge-base/876/upload/sources',
      'POST /v1/ai/knowledge-base/876/upload/sources',
      'POST /api/v1/ai/knowledge-base//upload/sources',
      'GET /v1/ai/status/sources',
      'POST /api/v1/ai/status/sources',
      'POST /api/v1/ai/knowledge-base/876/train',
      'PATCH /v1/ai/knowledge-base/876',
      'DELETE /v1/ai/knowledge-base/876/data-sources',
      'DELETE /api/v1/ai/knowledge-bases/876/data-sources',
      'GET /api/v1/conversation/1/messages',
      'POST /v1/conversation/1/messages',
      'GET /api/v1/accounts/1/bots',
    ]) {
      const { status, body } = await call(line);
      expect([status, body['ok'], body['error'], body['status']], line).toEqual([404, false, 'NOT_FOUND', 404]);
    }
  });

  it('has the sibling’s calls in the full profile only (5)', async () => {
    const calls: readonly [string, Sent][] = [
      ['GET /v1/ai/knowledge-base/876', {}],
      ['DELETE /v1/ai/knowledge-bases/876/data-sources', { json: { data_sources: [1] } }],
      ['POST /v1/ai/knowledge-base', { json: { name: 'New' } }],
    ];
    for (const [line, sent] of calls) {
      expect((await open({ profile: 'full' }).call(line, sent)).body, line).toMatchObject({ ok: true });
      const { status, body } = await open({ profile: 'seed-only' }).call(line, sent);
      expect([status, body['error']], line).toEqual([404, 'NOT_FOUND']);
    }
  });
});

describe.each(profiles)('upload (2.2), %s', (profile) => {
  it('answers with the field keys, a list of sources each, ids rising from 330001 (2.2, 5)', async () => {
    const { upload } = open({ profile });
    const { status, body } = await upload([
      ['q1', 'A text of its own'],
      ['d2', file('File.txt', 'A file')],
    ]);
    expect(status).toBe(200);
    expect(body).toEqual({
      q1: [{ id: 330_001, type: 'text', name: 'q1.txt', status: 'in-progress', errors: null }],
      d2: [{ id: 330_002, type: 'file', name: 'File.txt', status: 'in-progress', errors: null }],
      knowledge_base_id: 876,
      ok: true,
    });
  });

  it('gives several entries for a key that is repeated, and a new source for a name that is there (2.2)', async () => {
    const { upload, running } = open({ profile });
    const again: Field = ['d', file('a.txt', 'About passwords')];
    expect(at((await upload([again, again])).body, 'd')).toMatchObject([{ id: 330_001 }, { id: 330_002 }]);
    expect(at((await upload([again])).body, 'd')).toMatchObject([{ id: 330_003 }]);
    expect(running.inspect('876').map(({ name }) => name)).toEqual(['a.txt', 'a.txt', 'a.txt']);
  });

  it('hides what was made under a key that collides with its own (2.2)', async () => {
    const { upload, running } = open({ profile });
    expect((await upload([['knowledge_base_id', 'About passwords']])).body).toEqual({ knowledge_base_id: 876, ok: true });
    expect(running.inspect('876')).toHaveLength(1);
  });

  it('takes a multipart form with one part at least, and nothing else (2.2)', async () => {
    const { upload, call } = open({ profile });
    const path = 'POST /api/v1/ai/knowledge-base/876/upload/sources';
    expect((await upload([])).status).toBe(400);
    expect((await call(path, { json: { d: 'text' } })).status).toBe(400);
    expect((await call(path, { raw: 'no form', headers: { 'content-type': 'multipart/form-data; boundary=x' } })).status).toBe(400);
    expect((await call(`${path}?train=1`, { raw: '' })).status).toBe(400);
    expect(
      (
        await open({ profile, maxParts: 1 }).upload([
          ['a', 'a'],
          ['b', 'b'],
        ])
      ).status,
    ).toBe(400);
    expect((await open({ profile, maxUploadBytes: 10 }).upload([['a', 'a']])).status).toBe(413);
  });

  it('keeps text as it came: quotes, line ends, other scripts, and names too (2.2)', async () => {
    const { upload, running } = open({ profile });
    const text = '--x\r\nÜber "Größe"\n\n日本語 🙂\r\n';
    await upload([['d', file('ü "q".txt', text)]]);
    expect(running.inspect('876')).toMatchObject([{ name: 'ü "q".txt', text }]);
  });

  it('shows a .txt file as text where the setting follows the vendor’s sample (2.2)', async () => {
    const typeOf = async (txtType: 'file' | 'text') =>
      at((await open({ profile, txtType }).upload([['d', file('sample.txt', 'a')]])).body, 'd', 0, 'type');
    expect([await typeOf('file'), await typeOf('text')]).toEqual(['file', 'text']);
  });

  it('refuses one part with errors in a 200 and takes the others (2.2, 5)', async () => {
    const { upload, running, status } = open({ profile, rejectMarker: 'BAD' });
    const { status: http, body } = await upload([
      ['good', file('a.txt', 'fine')],
      ['bad', file('b.txt', 'BAD')],
    ]);
    expect(http).toBe(200);
    expect(body).toMatchObject({
      ok: true,
      good: [{ id: 330_001, errors: null }],
      bad: [{ id: 330_002, status: 'failed', errors: ['The content was refused'] }],
    });
    expect(running.inspect('876').map(({ name }) => name)).toEqual(['a.txt']);
    expect(await status(330_002)).toEqual([]);
    const errorsOf = async (change: Change) =>
      at((await open({ profile, rejectMarker: 'BAD', ...change }).upload([['x', 'BAD']])).body, 'x', 0);
    expect(await errorsOf({ errorsAs: 'string' })).toMatchObject({ errors: 'The content was refused' });
    expect(await errorsOf({ errorsAs: 'object' })).toMatchObject({ errors: { message: 'The content was refused' } });
    expect(await errorsOf({ refusedHasId: false })).toMatchObject({ id: null });
  });
});

describe.each(profiles)('training and status (2.3, 5), %s', (profile) => {
  it('starts by itself: in-progress, then completed, and answerable only then (2.2, 2.3)', async () => {
    const { add, status, known, wait, tools } = open({ profile });
    const id = await add('a.txt', 'About passwords');
    expect(await status(id)).toEqual([{ id, name: 'a.txt', status: 'in-progress', knowledge_base_id: 876 }]);
    expect(known()).toEqual([]);
    const writes = tools.writes();
    wait(emulator.defaults.trainMs - 1);
    expect(known()).toEqual([]);
    wait(1);
    expect(await status(id)).toMatchObject([{ status: 'completed' }]);
    expect(known()).toEqual(['About passwords']);
    expect(tools.writes()).toBe(writes);
  });

  it('never ends where the setting says so', async () => {
    const { add, word, wait, known } = open({ profile, trainMs: Number.POSITIVE_INFINITY });
    const id = await add('a.txt', 'a');
    wait(1e12);
    expect([await word(id), known()]).toEqual(['in-progress', []]);
  });

  it('fails, without a reason, for empty or marked content, other extensions, and what it cannot read (4, 5)', async () => {
    const { upload, status, wait, known } = open({ profile, failMarker: 'POISON' });
    const parts: readonly File[] = [
      file('empty.txt', ' \n'),
      file('marked.txt', 'POISON'),
      file('a.md', 'Markdown'),
      file('none', 'no extension'),
      file('a.pdf', 'no PDF reader here'),
      file('latin.txt', new Uint8Array([0xfc, 0x62])),
    ];
    const { body } = await upload(parts.map((part, index): Field => [`f${index}`, part]));
    const ids = parts.map((_part, index) => at(body, `f${index}`, 0, 'id'));
    expect(at(body, 'f0', 0)).toMatchObject({ status: 'in-progress', errors: null });
    wait();
    const found = await status(...ids);
    expect(found.map((source) => at(source, 'status'))).toEqual(parts.map(() => 'failed'));
    expect(Object.keys(found[0] as JsonRecord)).toEqual(['id', 'name', 'status', 'knowledge_base_id']);
    expect(known()).toEqual([]);
  });

  it('refuses or reads other extensions where the setting says so (6.4)', async () => {
    const refusing = await open({ profile, otherExtensions: 'refused' }).upload([['d', file('a.md', 'text')]]);
    expect(at(refusing.body, 'd', 0)).toMatchObject({ status: 'failed', errors: ['The file type is not supported'] });
    const reading = open({ profile, otherExtensions: 'read' });
    await reading.add('a.md', 'text');
    reading.wait();
    expect(reading.known()).toEqual(['text']);
  });

  it('fails files over 5 MB, or refuses the whole upload with 400 (4, 5)', async () => {
    const large = file('a.txt', 'x'.repeat(5_000_001));
    const { add, word, wait } = open({ profile });
    const [fits, over] = [await add('b.txt', 'x'.repeat(5_000_000)), await add('a.txt', 'x'.repeat(5_000_001))];
    wait();
    expect([await word(fits), await word(over)]).toEqual(['completed', 'failed']);
    const strict = open({ profile, largeFiles: 'bad-request' });
    expect(
      (
        await strict.upload([
          ['good', 'text'],
          ['d', large],
        ])
      ).status,
    ).toBe(400);
    expect(strict.running.inspect('876')).toEqual([]);
  });

  it('fails text parts over 2500 characters, as the dashboard’s form has it, or takes them (4, 6.4)', async () => {
    const long = 'é'.repeat(2501);
    const end = async (maxTextCharacters: number | null, text: string) => {
      const { upload, wait, known } = open({ profile, maxTextCharacters });
      await upload([['t', text]]);
      wait();
      return known().length;
    };
    expect([await end(2500, long), await end(2500, long.slice(1)), await end(null, long)]).toEqual([0, 1, 1]);
  });

  it('fails the first sources of a name, then succeeds, as the setting counts (3.6)', async () => {
    const { add, word, wait } = open({ profile, failMarker: '', failTimes: 1 });
    const [first, second] = [await add('a.txt', 'text'), await add('a.txt', 'text')];
    wait();
    expect([await word(first), await word(second)]).toEqual(['failed', 'completed']);
  });

  it('takes commas in source_ids as they are or encoded; leaves out unknown, foreign and doubled ids (2.3)', async () => {
    const { add, call, status, running, upload } = open({ profile });
    running.provision({ id: '877', secret: 'token' });
    running.provision({ id: '900', secret: 'another' });
    const mine = await add('a.txt', 'a');
    const other = at((await upload([['d', 'b']], '877')).body, 'd', 0, 'id') as number;
    const foreign = at((await upload([['d', 'c']], '900', 'another')).body, 'd', 0, 'id') as number;
    const encoded = (await call(`GET /api/v1/ai/status/sources?source_ids=${mine}%2C${other}`)).body;
    expect((at(encoded, 'sources') as Json[]).map((source) => at(source, 'knowledge_base_id'))).toEqual([876, 877]);
    expect((await status(mine, foreign, 1, mine)).map((source) => at(source, 'id'))).toEqual([mine]);
  });

  it('wants ids, the JSON content type that the page asks for, and no other parameter (2.3)', async () => {
    const { call } = open({ profile });
    const line = 'GET /api/v1/ai/status/sources';
    expect((await call(line)).status).toBe(400);
    expect((await call(`${line}?source_ids=a`)).status).toBe(400);
    expect((await call(`${line}?source_ids=1,`)).status).toBe(400);
    expect((await call(`${line}?source_ids=1&limit=1`)).status).toBe(400);
    const plain = { headers: { 'content-type': '' } };
    expect((await call(`${line}?source_ids=1`, plain)).status).toBe(400);
    expect((await open({ profile, statusContentType: false }).call(`${line}?source_ids=1`, plain)).status).toBe(200);
    expect((await open({ profile, maxStatusIds: 1 }).call(`${line}?source_ids=1,2`)).status).toBe(400);
  });

  it('spells the states in other ways, or leaves a new id out for a while, where the settings say so (2.3, 5)', async () => {
    const words = { pending: 'In Progress', completed: 'COMPLETED', failed: 'error' };
    const { add, status, wait } = open({ profile, words, statusLagMs: 500 });
    const id = await add('a.txt', 'a');
    expect(await status(id)).toEqual([]);
    wait(500);
    expect(await status(id)).toMatchObject([{ status: 'In Progress' }]);
    wait();
    expect(await status(id)).toMatchObject([{ status: 'COMPLETED' }]);
  });
});

describe('the sibling’s calls (2.4 to 2.6)', () => {
  it('deletes: gone from status, list and answers at once, and again without complaint (2.4, 5)', async () => {
    const { add, remove, status, list, known, wait } = open();
    const [old, fresh] = [await add('a.txt', 'Old passwords'), await add('a.txt', 'New passwords')];
    wait();
    expect(known()).toEqual(['Old passwords', 'New passwords']);
    expect((await remove(old)).body).toMatchObject({ ok: true });
    expect((await status(old, fresh)).map((source) => at(source, 'id'))).toEqual([fresh]);
    expect((at(await list(), 'data_source') as Json[]).map((source) => at(source, 'id'))).toEqual([fresh]);
    expect(known()).toEqual(['New passwords']);
    expect((await remove(old, fresh)).status).toBe(200);
    expect(known()).toEqual([]);
    expect((await open({ deletedTwice: 'bad-request' }).remove(1)).status).toBe(400);
  });

  it('deletes only what the named knowledge base has, by a list of ids (2.4)', async () => {
    const { add, running, call, remove } = open();
    running.provision({ id: '877', secret: 'token' });
    const id = await add('a.txt', 'a');
    await call('DELETE /v1/ai/knowledge-bases/877/data-sources', { json: { data_sources: [id] } });
    expect(running.inspect('876')).toHaveLength(1);
    expect((await remove()).status).toBe(400);
    expect((await remove(String(id))).status).toBe(400);
    expect((await call('DELETE /v1/ai/knowledge-bases/876/data-sources', { json: { sources: [id] } })).status).toBe(400);
    expect((await call('DELETE /v1/ai/knowledge-bases/1/data-sources', { json: { data_sources: [id] } })).status).toBe(404);
  });

  it('deletes at the singular path where the setting says so (2.4)', async () => {
    const { call } = open({ deletePath: 'singular' });
    const json = { data_sources: [1] };
    expect((await call('DELETE /v1/ai/knowledge-base/876/data-sources', { json })).status).toBe(200);
    expect((await call('DELETE /v1/ai/knowledge-bases/876/data-sources', { json })).status).toBe(404);
  });

  it('shows a knowledge base with its sources (2.5)', async () => {
    const { add, list, wait } = open();
    const id = await add('a.txt', 'one two three');
    expect(await list()).toMatchObject({ last_trained_at: null, total_data_sources: 1, total_tokens: 0 });
    wait();
    expect(await list()).toEqual({
      ok: true,
      id: 876,
      name: 'Knowledge base 876',
      last_trained_at: '2026-03-01 12:00:01.500000',
      total_data_sources: 1,
      total_tokens: 4,
      pagination: { limit: 100, offset: 0, total: 1 },
      domains: [],
      data_source: [{ id, name: 'a.txt', type: 'file', status: 'completed', created_at: '2026-03-01 12:00:00.000000' }],
    });
  });

  it('pages by limit and offset, 100 by default and at most (2.5, 4)', async () => {
    const { upload, list, call } = open();
    await upload(Array.from({ length: 120 }, (_unused, index): Field => [`d${index}`, `text ${index}`]));
    const ids = async (query: string) => (at(await list(query), 'data_source') as Json[]).map((source) => at(source, 'id'));
    expect(await ids('')).toHaveLength(100);
    expect(await ids('?limit=500')).toHaveLength(100);
    expect(await ids('?limit=100&offset=100')).toHaveLength(20);
    expect(await ids('?limit=2&offset=1')).toEqual([330_002, 330_003]);
    expect(at(await list('?offset=200'), 'pagination')).toEqual({ limit: 100, offset: 200, total: 120 });
    for (const query of ['limit=0', 'limit=a', 'offset=-1', 'page=2'])
      expect((await call(`GET /v1/ai/knowledge-base/876?${query}`)).status, query).toBe(400);
    const newest = open({ listOrder: 'newest-first' });
    await newest.add('a.txt', 'a');
    const second = await newest.add('b.txt', 'b');
    expect(at(await newest.list('?limit=1'), 'data_source', 0, 'id')).toBe(second);
  });

  it('lets the list lag behind uploads and deletes where the setting says so', async () => {
    const { add, remove, list, wait, status, running } = open({ listLagMs: 1000 });
    const total = async () => at(await list(), 'total_data_sources');
    const id = await add('a.txt', 'a');
    expect(await total()).toBe(0);
    wait(1000);
    expect(await total()).toBe(1);
    await remove(id);
    expect([await total(), await status(id), running.inspect('876')]).toEqual([1, [], []]);
    wait(1000);
    expect(await total()).toBe(0);
  });

  it('makes a knowledge base of the account, as far as the plan allows (2.6)', async () => {
    const { call, upload } = open({ maxKnowledgeBases: 2 });
    const made = await call('POST /v1/ai/knowledge-base', { json: { name: 'New' } });
    expect(made.body).toEqual({
      ok: true,
      id: 877,
      message: 'Knowledge base created',
      code: 'CREATE_KNOWLEDGE_BASE_SUCCESS_MESSAGE',
    });
    expect((await upload([['d', 'text']], '877')).body).toMatchObject({ knowledge_base_id: 877 });
    expect((await call('GET /v1/ai/knowledge-base/877')).body).toMatchObject({ id: 877, name: 'New' });
    expect((await call('POST /v1/ai/knowledge-base', { json: { name: 'More' } })).body).toMatchObject({
      ok: false,
      error: 'MAX_KNOWLEDGE_BASE_COUNT_EXCEEDED',
    });
  });
});

describe.each(profiles)('conversations and bots (2.7, 2.10), %s', (profile) => {
  const sms = {
    channel: 'SMS',
    from: '+100',
    to: { phone: '+200', name: 'Ann', email: 'ann@example.com' },
    message: { type: 'text', text: 'Hello' },
  };

  it('starts a conversation at both of the vendor’s paths (2.7, 6.6)', async () => {
    const { call } = open({ profile });
    for (const path of ['/v1/conversations', '/api/v1/conversations']) {
      const { status, body } = await call(`POST ${path}`, { json: sms });
      expect([status, at(body, 'contact', 'phone')]).toEqual([200, '+200']);
      expect(at(body, 'conversation', 'id')).toMatch(/^[0-9a-f]{24}$/);
    }
    expect((await call('POST /v1/conversations', { json: { ...sms, text: 'x' } })).status).toBe(400);
  });

  it('refuses a start with the vendor’s codes (2.1)', async () => {
    const codeOf = async (change: Change, json: Json) =>
      (await open({ profile, ...change }).call('POST /v1/conversations', { json })).body['code'];
    expect(await codeOf({}, { ...sms, channel: 'FAX' })).toBe('CHANNEL_NOT_ENABLED');
    for (const code of ['CHANNEL_TOKEN_EXPIRED', 'CONVERSATION_CREATION_EXCEPTION', 'CONTACT_IS_BLOCKED'] as const)
      expect(await codeOf({ conversationFails: code }, sms)).toBe(code);
  });

  it('takes an agent’s reply in message.data.body, closing, handing over and variables (2.7)', async () => {
    const { call } = open({ profile });
    const id = at((await call('POST /v1/conversations', { json: sms })).body, 'conversation', 'id') as string;
    const messages = `POST /api/v1/conversation/${id}/messages`;
    const user = { by: 'agent@example.com' };
    expect((await call(messages, { json: { user, message: { data: { body: 'Hi' } } } })).body).toEqual({ ok: true });
    expect((await call(messages, { json: { user, message: { text: 'Hi' } } })).status).toBe(400);
    expect((await call(messages, { json: { message: { data: { body: 'Hi' } } } })).status).toBe(400);
    const events = `POST /api/v1/conversation/${id}/events`;
    expect((await call(events, { json: { user: { ...user, to: 'b@example.com' } } })).status).toBe(200);
    expect((await call(events, { json: { user, event: 'close' } })).status).toBe(200);
    expect((await call(events, { json: {} })).status).toBe(400);
    const variables = `POST /v1/accounts/1/conversations/${id}/variables`;
    expect((await call(variables, { json: { variables: [{ name: 'plan', type: 'text', value: 'pro' }] } })).status).toBe(200);
    expect((await call(variables, { json: { variables: 'plan' } })).status).toBe(400);
    expect((await call('POST /api/v1/conversation/none/events', { json: { user } })).status).toBe(404);
  });

  it('lists the account’s bots, in snake case or camel case; another account is 404 (2.10)', async () => {
    const { running, call } = open({ profile });
    running.provision({ id: '900', secret: 'another' });
    const { body } = await call('GET /v1/accounts/1/bots');
    expect(at(body, 'bots')).toMatchObject([{ bot_lead_id: 876, publish_key: 'publish-876', role: { id: 1, role: 'OWNER' } }]);
    for (const account of ['2', '3'])
      expect((await call(`GET /v1/accounts/${account}/bots`)).body['error']).toBe('ACCOUNT_DETAILS_NOT_FOUND');
    const camel = (await open({ profile, botKeys: 'camel' }).call('GET /v1/accounts/1/bots')).body;
    expect(at(camel, 'bots', 0)).toMatchObject({ botLeadId: 876, publishKey: 'publish-876', channels: [{ configurationId: 1 }, {}] });
  });
});

describe('asking the bot (2.8, 2.9)', () => {
  const question = (body: string, more: JsonRecord = {}): JsonRecord => ({
    channel: 'API',
    message: { type: 'text', data: { body } },
    bot_key: 'publish-876',
    from: { user_external_id: 'visitor-1', type: 'VISITOR' },
    variables: {},
    ...more,
  });
  const hook = (change: JsonRecord = {}): JsonRecord => ({
    webhook_url: 'https://example.com/hook',
    subscribed_events: ['conversation_create', 'message_create'].map((key) => ({ key, is_subscribed: true })),
    is_enabled: true,
    token: 'hook-token',
    ...change,
  });

  function withHook(change: Change = {}) {
    const sent: JsonRecord[] = [];
    const bench = open({
      deliver: async (url, body) => {
        sent.push({ url, body });
        return { status: 200, body: { token: 'hook-token' } };
      },
      ...change,
    });
    const answers = async (): Promise<Json[]> => {
      await bench.status(1);
      return sent.flatMap(({ body }) => {
        const events = (body as JsonRecord)['events'] as Json[] | undefined;
        return (events ?? []).map((event) => at(event, 'event')).filter((event) => at(event, 'type') === 'message_create');
      });
    };
    return { ...bench, sent, answers, setHook: (json = hook()) => bench.call('POST /v1/accounts/1/webhook', { json }) };
  }

  it('hands the token over when the webhook is set, and wants it back (2.9)', async () => {
    const { setHook, sent } = withHook();
    expect((await setHook()).body).toEqual({ ok: true });
    expect(sent).toEqual([{ url: 'https://example.com/hook', body: { token: 'hook-token' } }]);
    expect((await withHook({ deliver: async () => ({ status: 200, body: {} }) }).setHook()).status).toBe(400);
    expect((await withHook({ deliver: () => Promise.reject(new Error('refused')) }).setHook()).status).toBe(400);
    expect((await setHook(hook({ webhook_url: 'hook' }))).status).toBe(400);
    expect((await open().call('POST /v1/accounts/1/webhook', { json: hook() })).status).toBe(200);
  });

  it('answers through the webhook alone, after a delay, from completed sources: stale versions too (2.8, 5)', async () => {
    const { setHook, call, add, answers, wait } = withHook();
    await setHook();
    await add('a.txt', 'The old password text');
    await add('a.txt', 'The new password text');
    await add('b.txt', 'Still in training: password');
    wait();
    await add('c.txt', 'Too fresh a password');
    const { body } = await call('POST /api/v1/conversations', { json: question('password?') });
    expect(Object.keys(body).sort()).toEqual(['contact', 'conversation', 'ok']);
    expect(await answers()).toEqual([]);
    wait(300);
    const [answer] = await answers();
    expect(at(answer, 'payload', 'external_key')).toBe(at(body, 'conversation', 'id'));
    expect(at(answer, 'payload', 'message', 'data', 'body')).toBe(
      'The old password text\nThe new password text\nStill in training: password',
    );
  });

  it('answers a visitor’s next question, and no longer what was deleted; an agent’s reply gets none (2.7, 2.8)', async () => {
    const { setHook, call, add, remove, answers, wait } = withHook({ answerMs: 0 });
    await setHook();
    const id = await add('a.txt', 'About passwords');
    wait();
    const conversation = at((await call('POST /v1/conversations', { json: question('passwords?') })).body, 'conversation', 'id') as string;
    const path = `POST /api/v1/conversation/${conversation}/messages`;
    const message = { type: 'text', data: { body: 'passwords?' } };
    await remove(id);
    expect((await call(path, { json: { message, from: { type: 'VISITOR', user_external_id: 'visitor-1' } } })).body).toEqual({ ok: true });
    await call(path, { json: { message, user: { by: 'agent@example.com' } } });
    expect((await answers()).map((answer) => at(answer, 'payload', 'message', 'data', 'body'))).toEqual([
      'About passwords',
      "I don't know.",
    ]);
    await call(`POST /api/v1/conversation/${conversation}/events`, { json: { user: { by: 'a@example.com', to: 'b@example.com' } } });
    await call(path, { json: { message, from: { type: 'VISITOR' } } });
    expect(await answers()).toHaveLength(2);
  });

  it('delivers only subscribed events to a webhook that is on; without one they are lost (2.9)', async () => {
    const off = withHook({ answerMs: 0 });
    await off.setHook(hook({ is_enabled: false }));
    await off.call('POST /v1/conversations', { json: question('passwords?') });
    expect(await off.answers()).toEqual([]);
    await off.setHook(
      hook({
        subscribed_events: [
          { key: 'conversation_create', is_subscribed: true },
          { key: 'message_create', is_subscribed: false },
        ],
      }),
    );
    await off.call('POST /v1/conversations', { json: question('passwords?') });
    expect(await off.answers()).toEqual([]);
    expect(off.sent).toHaveLength(3);
    expect(at(off.sent[2], 'body')).toMatchObject({
      token: 'hook-token',
      events: [
        { event: { type: 'conversation_create', payload: { bot_id: '876', channel: { name: 'API' }, is_closed: false, variables: [] } } },
      ],
    });
  });

  it('names the bot by bot_key or publish_key, and needs a bot that is there (2.8)', async () => {
    const start = async (change: Change, json: JsonRecord) => (await open(change).call('POST /v1/conversations', { json })).body;
    expect(await start({}, question('a', { bot_key: 'none' }))).toMatchObject({ error: 'CONVERSATION_CREATION_EXCEPTION' });
    const { bot_key: key, ...rest } = question('a');
    expect(await start({ botKeyField: 'publish_key' }, { ...rest, publish_key: key ?? '' })).toMatchObject({ ok: true });
    expect(await start({ botKeyField: 'publish_key' }, question('a'))).toMatchObject({ error: 'BAD_REQUEST' });
  });

  it('has no API channel in the seed-only profile (2.8, 5)', async () => {
    const { body } = await open({ profile: 'seed-only' }).call('POST /v1/conversations', { json: question('a') });
    expect(body).toMatchObject({ ok: false, error: 'CHANNEL_NOT_ENABLED' });
  });
});

describe('the sandbox side', () => {
  it('plants a source that is trained at once, and keeps a knowledge base that is there', async () => {
    const { running, status, call } = open();
    running.provision({ id: '876', secret: 'new' });
    const id = running.plant('876', { name: 'Planted.md', text: 'By hand' });
    expect(running.inspect('876')).toEqual([{ remoteId: id, name: 'Planted.md', text: 'By hand', answeredFrom: 'By hand' }]);
    expect(await status(id)).toMatchObject([{ status: 'completed', name: 'Planted.md' }]);
    expect((await call('GET /v1/accounts/1/bots')).status).toBe(200);
  });

  it('goes on after a restart: sources, counters, trainings and tombstones', async () => {
    const before = open({ listLagMs: 5000 });
    const [gone, kept] = [await before.add('a.txt', 'Old passwords'), await before.add('b.txt', 'New passwords')];
    before.wait(5000);
    await before.remove(gone);
    const after = open({ listLagMs: 5000 }, emulatorTools(before.tools));
    expect(after.known()).toEqual(['New passwords']);
    expect(at(await after.list(), 'total_data_sources')).toBe(2);
    expect(await after.add('c.txt', 'c')).toBe(kept + 1);
    after.wait(5000);
    expect((at(await after.list(), 'data_source') as Json[]).map((source) => at(source, 'id'))).toEqual([kept, kept + 1]);
    expect(await after.status(gone)).toEqual([]);
  });

  it('keeps knowledge bases apart, and takes ids that are no numbers', async () => {
    const { running, add, upload } = open();
    running.provision({ id: 'kb-two', secret: 'token' });
    await add('a.txt', 'a');
    expect((await upload([['d', 'b']], 'kb-two')).body).toMatchObject({ knowledge_base_id: 'kb-two' });
    expect([running.inspect('876').length, running.inspect('kb-two').length, running.inspect('none').length]).toEqual([1, 1, 0]);
  });

  it('declares its paths', () => {
    expect(emulator.vendor).toBe('replycx');
    expect(emulator.prefixes).toEqual(['/api/v1/ai/', '/v1/ai/', '/api/v1/conversation', '/v1/conversations', '/v1/accounts/']);
  });
});
