// The Kore.ai emulator against the vendor notes (koreai.md): one test a rule, its section in the name.
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { emulator } from '../../src/connectors/koreai/emulator.ts';
import type { Json, JsonRecord } from '../../src/model/json.ts';
import { at, caller, emulatorTools, type Got, type Sent, type TestTools } from '../support/emulator-tools.ts';

const bot = 'st-1';
const secret = 'a secret of ünïcode';
const root = `/api/public/bot/${bot}`;
const encode = (value: Json): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function sign(claims: JsonRecord, key = secret, alg = 'HS256'): string {
  const body = `${encode({ alg, typ: 'JWT' })}.${encode(claims)}`;
  const hash = alg === 'HS512' ? 'sha512' : 'sha256';
  return `${body}.${createHmac(hash, key).update(body).digest('base64url')}`;
}

const builder = sign({ appId: `cs-${bot}`, sub: 'kbsync' });
const admin = sign({ appId: `admin-${bot}`, sub: 'kbsync' });

type Change = Partial<typeof emulator.defaults>;
type Shown = { readonly [name: string]: Json };

/** With ingest jobs that take no time, where a test does not say otherwise. */
function open(change: Change = {}, tools: TestTools = emulatorTools()) {
  const running = emulator.create(tools, { ...emulator.defaults, ingestMs: 0, ...change });
  running.provision({ id: bot, secret });
  const raw = caller(running, {});
  /** `~` stands for the bot's path, with the builder app's token. */
  const call = (line: string, sent: Sent = {}): Promise<Got> =>
    raw(line.replace('~', root), { ...sent, headers: { auth: builder, ...sent.headers } });
  const asAdmin = (line: string, sent: Sent = {}): Promise<Got> => call(line, { ...sent, headers: { auth: admin, ...sent.headers } });
  const content = async (query: JsonRecord = {}) =>
    at((await call('POST ~/content-by-cond', { json: { query } })).body, 'data') as unknown as readonly Shown[];
  const chunks = async (json: Json = {}) => at((await call('POST ~/chunk/list', { json })).body, 'chunks') as unknown as readonly Shown[];
  return {
    tools,
    running,
    raw,
    call,
    asAdmin,
    content,
    chunks,
    ingest: (title: string, ...texts: string[]) => call('POST ~/ingest-data', { json: body(title, ...texts) }),
    /** Ids of documents of this title. */
    ids: async (title: string) => (await content({ title })).map(({ _id }) => String(_id)),
    remove: (...docIds: string[]) => call('DELETE ~/content', { json: { docIds } }),
    train: async (json: Json = {}) => String(at((await call('POST ~/train', { json })).body, '_id')),
    group: async (id: string) => (await call(`GET ~/job-group/${id}`)).body,
    ask: async (query: string, more: JsonRecord = {}) =>
      at((await call('POST ~/advancedSearch', { json: { query, ...more } })).body, 'response') as Shown,
    held: () => running.inspect(bot).map(({ name, text, answeredFrom }) => ({ name, text, answeredFrom })),
    wait: (ms = 1500) => {
      tools.clock.now += ms;
    },
  };
}

function body(title: string, ...texts: string[]): JsonRecord {
  const chunks = texts.map((chunkText) => ({ chunkTitle: '', chunkText, recordUrl: `https://docs.example.com/${title}` }));
  return { sourceName: 'kb-sync:docs', sourceType: 'json', documents: [{ title, chunks }] };
}

/** One document, trained. */
async function trained(change: Change = {}) {
  const bench = open(change);
  await bench.ingest('a.md', 'Reset your password in settings.');
  const group = await bench.train();
  bench.wait();
  const [id = ''] = await bench.ids('a.md');
  return { ...bench, id, group };
}

const error = ({ status, body }: Got): readonly Json[] => [status, at(body, 'errors', 0, 'code'), at(body, 'errors', 0, 'msg')];
const wrong = [401, 4002, 'Invalid SDK credentials'];
const invalid = [412, 412, 'Validation errors/ Invalid arguments'];
const notAllowed = [405, 405, 'Method Not Allowed'];

describe('credentials (2.0)', () => {
  const door = (auth?: string, change: Change = {}) =>
    open(change).raw(`POST ${root}/content-by-cond`, { json: { query: {} }, headers: auth === undefined ? {} : { auth } });

  it('takes a token signed with the client secret as raw UTF-8, in the header auth', async () => {
    expect((await door(builder)).status).toBe(200);
    expect((await door(sign({ appId: `cs-${bot}`, sub: 'x', exp: 1772366401, iss: 'any', aud: 'any', isAnonymous: true }))).status).toBe(
      200,
    );
  });

  it('answers 401 with 4002 for no token, a broken signature, an unknown app, a missing sub, an expired token', async () => {
    expect(error(await door())).toEqual(wrong);
    expect(error(await door(`${builder.slice(0, -2)}xx`))).toEqual(wrong);
    expect(error(await door(sign({ appId: `cs-${bot}`, sub: 'x' }, 'other')))).toEqual(wrong);
    expect(error(await door(sign({ appId: 'cs-none', sub: 'x' })))).toEqual(wrong);
    expect(error(await door(sign({ appid: `cs-${bot}`, sub: 'x' })))).toEqual(wrong);
    expect(error(await door(sign({ appId: `cs-${bot}` })))).toEqual(wrong);
    expect(error(await door(sign({ appId: `cs-${bot}`, sub: 'x', exp: 1772366400 })))).toEqual(wrong);
  });

  it('calls what is no JWT so, "bearer" before it included', async () => {
    for (const auth of ['secret', `bearer ${builder}`, 'a.b', 'a.b.c', ''])
      expect(error(await door(auth)), auth).toEqual([401, 4002, 'Invalid JWT token']);
  });

  it('takes HS512 only where the setting says so, and never "none"', async () => {
    const hs512 = sign({ appId: `cs-${bot}`, sub: 'x' }, secret, 'HS512');
    expect(error(await door(hs512))).toEqual(wrong);
    expect((await door(hs512, { algorithms: ['HS512'] })).status).toBe(200);
    expect(error(await door(sign({ appId: `cs-${bot}`, sub: 'x' }, secret, 'none')))).toEqual(wrong);
  });

  it('can need exp, and a jti that was never used, also after a restart', async () => {
    expect(error(await door(builder, { expNeeded: true }))).toEqual(wrong);
    expect(error(await door(builder, { enforceJti: true }))).toEqual(wrong);
    const tools = emulatorTools();
    const auth = sign({ appId: `cs-${bot}`, sub: 'x', jti: 7 });
    const send = (from: TestTools) => open({ enforceJti: true }, from).call('POST ~/chunk/list', { json: {}, headers: { auth } });
    expect((await send(tools)).status).toBe(200);
    expect(error(await send(emulatorTools(tools)))).toEqual(wrong);
  });

  it('lets a builder app touch only its own bot (401), an admin app those of its account (400)', async () => {
    const { running, raw } = open();
    running.provision({ id: 'st-2', secret });
    running.provision({ id: 'st-3', secret: 'foreign' });
    const send = (id: string, auth: string) => raw(`GET /api/public/bot/${id}/knowledgeTasks?language=en`, { headers: { auth } });
    expect(error(await send('st-2', builder))).toEqual(wrong);
    expect(error(await send('none', builder))).toEqual(wrong);
    expect((await send('st-2', admin)).status).toBe(200);
    for (const id of ['st-3', 'none']) expect(error(await send(id, admin))).toEqual([400, 400, 'Invalid StreamId']);
  });

  it('checks scopes, and which kind of app a call is for', async () => {
    const denied = [401, 4002, 'Permission denied. Scope is incorrect!'];
    const { call, asAdmin } = open({ scopes: ['Ingest data'], adminScopes: [] });
    expect((await call('POST ~/ingest-data', { json: body('a.md', 'text') })).status).toBe(200);
    expect(error(await call('POST ~/train', { json: {} }))).toEqual(denied);
    expect(error(await asAdmin('POST ~/publish', { json: { versionComment: 'x' } }))).toEqual(denied);
    const all = open();
    expect(error(await all.call('POST ~/publish', { json: { versionComment: 'x' } }))).toEqual(denied);
    expect(error(await all.asAdmin('POST ~/train', { json: {} }))).toEqual(denied);
  });

  it('gives builder scopes no effect before the bot is published once', async () => {
    const { call, asAdmin, wait } = open({ publishedOnce: false });
    expect((await call('POST ~/chunk/list', { json: {} })).status).toBe(401);
    await asAdmin('POST ~/publish', { json: { versionComment: 'first' } });
    wait();
    expect((await call('POST ~/chunk/list', { json: {} })).status).toBe(200);
  });

  it('checks the token first, then the verb, then the bot, then the body', async () => {
    const { raw, asAdmin, call } = open();
    expect(error(await raw('PUT /api/public/bot/none/train'))).toEqual(wrong);
    expect(error(await asAdmin('PUT /api/public/bot/none/publish', { raw: '{' }))).toEqual(notAllowed);
    expect(error(await asAdmin('POST /api/public/bot/none/publish', { raw: '{' }))).toEqual([400, 400, 'Invalid StreamId']);
    expect(error(await call('POST ~/train', { raw: '{' }))).toEqual(invalid);
  });
});

describe('paths and pace (1, 4, 5)', () => {
  it('takes bot and stream, and 1.1 before public, for the same', async () => {
    const { call } = await trained();
    for (const prefix of ['/api/public/bot', '/api/public/stream', '/api/1.1/public/bot'])
      expect((await call(`POST ${prefix}/${bot}/advancedSearch`, { json: { query: 'password' } })).status, prefix).toBe(200);
  });

  it('refuses undocumented paths, methods, fields and parameters', async () => {
    const { call } = open();
    for (const line of [
      'GET ~/documents',
      'POST ~/knowledgegraph/import',
      'GET ~/faqs/count',
      'GET /api/public/bot/',
      'GET /api/2/public/bot/x/y',
    ])
      expect((await call(line)).status, line).toBe(404);
    for (const line of ['DELETE ~/faqs', 'PUT ~/content/x', 'GET ~/ingest-data']) expect(error(await call(line)), line).toEqual(notAllowed);
    expect(error(await call('POST ~/ingest-data', { json: { ...body('a.md', 'x'), recordId: 'mine' } }))).toEqual(invalid);
    expect(error(await call('GET ~/knowledgeTasks?language=en&limit=5'))).toEqual(invalid);
    expect(error(await call('POST ~/train', { raw: '{}', headers: { 'content-type': 'text/plain' } }))).toEqual(invalid);
  });

  it('slows down in a rolling minute and hour, per bot, with the vendor’s words', async () => {
    const { call, asAdmin, wait, running, raw } = open({ perMinute: 2, perHour: 3 });
    const send = () => call('POST ~/chunk/list', { json: {} });
    await send();
    wait(30_000);
    await asAdmin('GET ~/knowledgeTasks?language=en');
    const slowed = await send();
    expect(error(slowed)).toEqual([429, 429, "You've exceeded the per-minute rate limit. Please wait for sometime before retrying."]);
    expect(slowed.headers).toEqual({});
    wait(30_000);
    expect((await send()).status).toBe(200);
    wait(120_000);
    expect(error(await send())[2]).toBe("You've exceeded the hourly rate limit. Please wait for sometime before retrying.");
    running.provision({ id: 'st-2', secret });
    const other = sign({ appId: 'cs-st-2', sub: 'x' });
    expect((await raw('POST /api/public/bot/st-2/chunk/list', { json: {}, headers: { auth: other } })).status).toBe(200);
    wait(3_600_000);
    expect((await send()).status).toBe(200);
  });

  it('counts status calls by the request that they ask about', async () => {
    const { call, asAdmin } = open({ perMinute: 2 });
    await asAdmin('POST ~/publish', { json: { versionComment: 'x' } });
    await asAdmin('GET ~/publish/status');
    await call('POST ~/chunk/list', { json: {} });
    expect((await asAdmin('GET ~/publish/status')).status).toBe(200);
    expect((await asAdmin('GET ~/publish/status')).status).toBe(429);
  });

  it('can bear Retry-After', async () => {
    const { call, wait } = open({ perMinute: 1, retryAfter: true });
    await call('POST ~/chunk/list', { json: {} });
    wait(20_000);
    expect((await call('POST ~/chunk/list', { json: {} })).headers).toEqual({ 'retry-after': '40' });
  });
});

describe('uploads (2.1)', () => {
  const form = (name: string, text: string, more: Record<string, string> = {}) => {
    const fields = Object.entries({ fileContext: 'findly', ...more }).map(
      ([field, value]) => `--b\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`,
    );
    const file = `--b\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\n${text}\r\n`;
    return { raw: `${fields.join('')}${file}--b--\r\n`, headers: { 'content-type': 'multipart/form-data; boundary=b', auth: builder } };
  };
  const upload = (sent: Sent, change: Change = {}) => open(change).raw('POST /api/public/uploadfile', sent);

  it('takes a form and gives fileId, hash and fileName; any app of the account may', async () => {
    const { body } = await upload(form('a.txt', 'text', { fileExtension: 'txt', fileName: 'a.txt', contentType: 'text/plain' }));
    expect(body).toEqual({
      fileId: expect.stringMatching(/^[0-9a-f]{24}$/),
      hash: expect.stringMatching(/^[0-9a-f]{40}$/),
      fileName: expect.stringMatching(/^f-/),
    });
  });

  it('takes no Markdown, no foreign field, no unknown context, and 15 MB at most', async () => {
    expect((await upload(form('a.md', 'text'))).status).toBe(400);
    expect((await upload(form('a.txt', 'text', { recordId: '1' }))).status).toBe(412);
    expect((await upload(form('a.txt', 'text', { fileContext: 'other' }))).status).toBe(412);
    expect((await upload(form('a.txt', 'text'), { maxFileBytes: 3 })).status).toBe(400);
    expect((await upload({ json: {}, headers: { auth: builder } })).status).toBe(412);
    expect(error(await upload({ raw: 'x' }))).toEqual(wrong);
  });

  it('feeds an ingest of sourceType file; an unknown file is refused (2.2)', async () => {
    const { raw, call, content, chunks } = open();
    const fileId = at((await raw('POST /api/public/uploadfile', form('a.txt', 'One.\r\n\r\nTwo.'))).body, 'fileId');
    const send = (id: Json) =>
      call('POST ~/ingest-data', { json: { sourceName: 'files', sourceType: 'file', documents: [{ fileId: id, fileName: 'b.txt' }] } });
    expect((await send(fileId)).status).toBe(200);
    expect(error(await send('none'))).toEqual([400, 400, 'Invalid file id']);
    expect((await content())[0]?.['_source']).toMatchObject({ file_title: 'b.txt', sys_content_type: 'file', sys_source_name: 'files' });
    expect((await chunks())[0]).toMatchObject({ chunkText: 'One.\r\n\r\nTwo.', recordTitle: 'b.txt', sourceType: 'file' });
  });
});

describe('ingest-data (2.2)', () => {
  it('answers with a job and a source; the job can be read', async () => {
    const { ingest, call, wait } = open({ ingestQueuedMs: 100, ingestMs: 100 });
    const { body } = await ingest('a.md', 'text');
    expect(body).toEqual({
      status: 'success',
      message: 'Ingestion initiated',
      data: { jobId: expect.stringMatching(/^fj-/), sourceId: expect.stringMatching(/^fs-/) },
    });
    const job = async () => at((await call(`GET ~/search/jobs/${String(at(body, 'data', 'jobId'))}`)).body, 'status');
    expect(await job()).toBe('QUEUED');
    wait(100);
    expect(await job()).toBe('INPROGRESS');
    wait(100);
    expect(await job()).toBe('SUCCESS');
    expect((await call('GET ~/search/jobs/fj-none')).status).toBe(404);
  });

  it('can answer with the job alone or with no job, and keep jobs unreadable', async () => {
    expect((await open({ ingestReply: 'job-only' }).ingest('a.md', 'x')).body).toEqual({ data: { jobId: expect.any(String) } });
    expect((await open({ ingestReply: 'message-only' }).ingest('a.md', 'x')).body).toEqual({
      status: 'success',
      message: 'Ingestion initiated',
    });
    const { ingest, call } = open({ ingestJobReadable: false });
    const jobId = String(at((await ingest('a.md', 'x')).body, 'data', 'jobId'));
    expect((await call(`GET ~/search/jobs/${jobId}`)).status).toBe(404);
  });

  it('shows documents and chunks once the job is over, and holds them before', async () => {
    const { ingest, ids, chunks, held, wait } = open({ ingestMs: 300 });
    await ingest('a.md', 'text');
    expect([await ids('a.md'), await chunks()]).toEqual([[], []]);
    expect(held()).toEqual([{ name: 'a.md', text: 'text', answeredFrom: null }]);
    wait(300);
    expect([(await ids('a.md')).length, (await chunks()).length, held().length]).toEqual([1, 1, 1]);
  });

  it('takes nothing of a job that fails', async () => {
    const { ingest, content, call, wait } = open({ ingestFailMarker: 'POISON' });
    const { body } = await ingest('a.md', 'a POISON b');
    wait();
    expect(await content()).toEqual([]);
    expect((await call(`GET ~/search/jobs/${String(at(body, 'data', 'jobId'))}`)).body).toMatchObject({
      status: 'FAILED',
      error: [expect.any(String)],
    });
  });

  it('answers 412 for missing or undocumented fields, 400 where it refuses content, 413 for large bodies', async () => {
    const { call } = open();
    const good = body('a.md', 'x');
    const bad: Json[] = [
      {},
      { ...good, sourceType: 'xml' },
      { ...good, documents: [] },
      { ...good, sourceName: '' },
      { ...good, documents: [{ title: 'a', chunks: [] }] },
      { ...good, documents: [{ chunks: [{ chunkText: 'x' }] }] },
      { ...good, documents: [{ title: 'a', chunks: [{ chunkTitle: 'x' }] }] },
      { ...good, documents: [{ title: 'a', chunks: [{ chunkText: 'x', mark: 'y' }] }] },
    ];
    for (const json of bad) expect(error(await call('POST ~/ingest-data', { json })), JSON.stringify(json)).toEqual(invalid);
    const strict = open({ rejectMarker: 'BAD', maxDocuments: 1, maxChunks: 1, maxBodyBytes: 500 });
    const two = { ...good, documents: [...(good['documents'] as readonly Json[]), ...(good['documents'] as readonly Json[])] };
    expect((await strict.ingest('a.md', 'BAD')).status).toBe(400);
    expect((await strict.ingest('a.md', 'x', 'y')).status).toBe(400);
    expect((await strict.call('POST ~/ingest-data', { json: two })).status).toBe(400);
    expect((await strict.ingest('a.md', 'x'.repeat(500))).status).toBe(413);
    expect(strict.held()).toEqual([]);
  });

  it('takes an empty text, and ignores a fileId', async () => {
    const { call, held } = open();
    const json = { sourceName: 's', sourceType: 'json', documents: [{ title: 'a', fileId: 'x', chunks: [{ chunkText: '' }] }] };
    expect((await call('POST ~/ingest-data', { json })).status).toBe(200);
    expect(held()).toEqual([{ name: 'a', text: '', answeredFrom: null }]);
  });

  it('takes web addresses only into a source that exists', async () => {
    const { call, ingest, ids } = open();
    const json = { sourceName: 'kb-sync:docs', sourceType: 'web', documents: [{ urls: ['https://a.example.com'] }] };
    expect((await call('POST ~/ingest-data', { json })).status).toBe(400);
    await ingest('a.md', 'x');
    expect((await call('POST ~/ingest-data', { json })).status).toBe(200);
    expect(await ids('https://a.example.com')).toHaveLength(1);
  });

  it.each([
    ['new-doc', ['old', 'new']],
    ['overwrite', ['new']],
    ['append', ['old\n\nnew']],
  ] as const)('ingests the same title again: %s (6.2)', async (reingestMode, texts) => {
    const { ingest, ids, chunks, held, train, wait } = open({ reingestMode });
    await ingest('a.md', 'old');
    wait();
    const [before] = await ids('a.md');
    await ingest('a.md', 'new');
    expect(await ids('a.md')).toHaveLength(texts.length);
    expect((await ids('a.md'))[0]).toBe(before);
    const found = (await chunks()).map(({ chunkText }) => chunkText);
    expect(found.sort()).toEqual(texts.flatMap((text) => text.split('\n\n')).sort());
    await train();
    wait();
    expect(held()).toEqual(texts.map((text) => ({ name: 'a.md', text, answeredFrom: text })));
  });

  it('keeps the same title in another source apart, whatever the mode', async () => {
    const { ingest, call, ids } = open({ reingestMode: 'overwrite' });
    await ingest('a.md', 'one');
    await call('POST ~/ingest-data', { json: { ...body('a.md', 'two'), sourceName: 'other' } });
    expect(await ids('a.md')).toHaveLength(2);
  });
});

describe('content (2.3)', () => {
  it('lists by conditions that are ANDed, with the documented shape', async () => {
    const { ingest, content, call } = open();
    await ingest('a.md', 'Text');
    await ingest('b.md', 'Text');
    const [found] = await content({ title: 'a.md', sys_content_type: 'json', sys_source_name: 'kb-sync:docs' });
    expect(found).toMatchObject({
      _id: expect.stringMatching(/^fc-/),
      streamId: bot,
      extractionType: 'json',
      extractionSourceId: expect.stringMatching(/^fs-/),
      jobId: expect.stringMatching(/^fj-/),
      createdOn: '2026-03-01T12:00:00.000Z',
      _meta: { state: 'approved', isDeleted: false, recordsCount: 1 },
      _source: { title: 'a.md', sys_content_type: 'json', sys_source_name: 'kb-sync:docs' },
    });
    expect(await content({ title: 'a.md', sys_content_type: 'file' })).toEqual([]);
    expect(await content({ lastCrawlStatus: 'CHANGED' })).toEqual([]);
    expect(error(await call('POST ~/content-by-cond', { json: { query: { docId: 'x' } } }))).toEqual(invalid);
    expect(error(await call('POST ~/content-by-cond', { json: {} }))).toEqual(invalid);
    expect(error(await call('POST ~/content-by-cond', { json: { query: {}, nextCursor: 'x' } }))).toEqual(invalid);
  });

  it('pages by cursor to null, which survives creates and deletes', async () => {
    const { ingest, call, ids, remove } = open({ contentPage: 2 });
    for (const name of ['a', 'b', 'c', 'd']) await ingest(name, name);
    const page = async (nextCursor: Json) =>
      (await call('POST ~/content-by-cond', { json: { query: {}, ...(nextCursor === null ? {} : { nextCursor }) } })).body;
    const first = await page(null);
    await remove(...(await ids('b')));
    await ingest('e', 'e');
    const second = await page(at(first, 'nextCursor'));
    const third = await page(at(second, 'nextCursor'));
    const titles = (shown: JsonRecord) => (at(shown, 'data') as Json[]).map((found) => at(found, '_source', 'title'));
    expect([titles(first), titles(second), titles(third)]).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect([at(first, 'prevCursor'), at(third, 'nextCursor')]).toEqual([at(first, 'data', 0, '_id'), null]);
  });

  it('can name things otherwise: id prefix, type, title field; can miss title or source', async () => {
    const odd = open({ contentIdPrefix: 'd-', jsonContentType: 'data', titleField: 'file_title', findsBySource: false });
    await odd.ingest('a.md', 'x');
    const [found] = await odd.content({ title: 'a.md' });
    expect(found).toMatchObject({ _id: expect.stringMatching(/^d-/), _source: { file_title: 'a.md', sys_content_type: 'data' } });
    expect(await odd.content({ sys_source_name: 'kb-sync:docs' })).toEqual([]);
    const blind = open({ titleField: 'none' });
    await blind.ingest('a.md', 'x');
    expect(await blind.content({ title: 'a.md' })).toEqual([]);
    expect((await blind.content())[0]?.['_source']).not.toHaveProperty('title');
  });

  it('gives one document with its text', async () => {
    const { call, id } = await trained();
    const { body } = await call(`GET ~/content/${id}`);
    expect(at(body, '_source')).toMatchObject({
      title: 'a.md',
      content: 'Reset your password in settings.',
      url: 'https://docs.example.com/a.md',
    });
    expect((await call('GET ~/content/fc-none')).status).toBe(404);
  });

  it('deletes documents with their chunks and counts those that were there', async () => {
    const { ids, remove, chunks, id } = await trained();
    expect((await remove(id, 'fc-none', id)).body).toEqual({ deletedCount: 1 });
    expect([await ids('a.md'), await chunks()]).toEqual([[], []]);
    expect((await remove(id)).body).toEqual({ deletedCount: 0 });
    expect(error(await remove())).toEqual(invalid);
    const strict = await trained({ unknownDocIds: 'refuse' });
    expect((await strict.remove(strict.id, 'fc-none')).status).toBe(400);
    expect(await strict.ids('a.md')).toEqual([strict.id]);
  });

  it('knows docIds, docIDs or both, a dropped body, and POST with an override where that is on', async () => {
    const send = async (change: Change, line: string, sent: (id: string) => Sent) => {
      const { call, id } = await trained(change);
      return (await call(line, sent(id))).status;
    };
    const upper = (id: string) => ({ json: { docIDs: [id] } });
    const lower = (id: string) => ({ json: { docIds: [id] } });
    const override = (id: string) => ({ ...lower(id), headers: { 'x-http-method-override': 'delete' } });
    expect(await send({}, 'DELETE ~/content', upper)).toBe(412);
    expect(await send({ docIdsKey: 'docIDs' }, 'DELETE ~/content', upper)).toBe(200);
    expect(await send({ docIdsKey: 'both' }, 'DELETE ~/content', lower)).toBe(200);
    expect(await send({ dropDeleteBodies: true }, 'DELETE ~/content', lower)).toBe(412);
    expect(await send({}, 'POST ~/content', override)).toBe(405);
    expect(await send({ methodOverride: true }, 'POST ~/content', override)).toBe(200);
    expect(await send({ methodOverride: true }, 'POST ~/content', lower)).toBe(405);
  });

  it('lets lists lag behind ingests and deletes', async () => {
    const { ingest, ids, remove, chunks, wait } = open({ listLagMs: 1000 });
    await ingest('a.md', 'x');
    expect(await ids('a.md')).toEqual([]);
    wait(1000);
    const [id = ''] = await ids('a.md');
    await remove(id);
    expect([(await ids('a.md')).length, (await chunks()).length]).toEqual([1, 1]);
    wait(1000);
    expect([await ids('a.md'), await chunks()]).toEqual([[], []]);
  });
});

describe('chunks (2.4)', () => {
  const where = (...pairs: [string, string][]): Json => ({
    enableFilters: true,
    filters: { operand: 'and', conditions: pairs.map(([key, value]) => ({ operand: 'or', conditions: [{ key, op: 'equals', value }] })) },
  });

  it('leads from source and title to docId', async () => {
    const { ingest, chunks, ids } = open();
    await ingest('a.md', 'one', 'two');
    await ingest('b.md', 'three');
    const found = await chunks(where(['sourceName', 'kb-sync:docs'], ['recordTitle', 'a.md']));
    expect(new Set(found.map(({ docId }) => docId))).toEqual(new Set(await ids('a.md')));
    expect(found[0]).toMatchObject({
      _id: expect.stringMatching(/^chk-/),
      sourceType: 'json',
      recordUrl: 'https://docs.example.com/a.md',
      chunkType: 'Text',
    });
    expect(await chunks(where(['sourceName', 'other']))).toEqual([]);
  });

  it('filters only where enableFilters is true, and by documented keys and operators', async () => {
    const { ingest, chunks, call } = open();
    await ingest('a.md', 'one');
    const { filters } = where(['sourceName', 'other']) as JsonRecord;
    expect(await chunks({ filters: filters ?? null })).toHaveLength(1);
    expect(error(await call('POST ~/chunk/list', { json: where(['docId', 'x']) }))).toEqual(invalid);
    expect(error(await call('POST ~/chunk/list', { json: { filters: { key: 'sourceName', op: 'like', value: 'x' } } }))).toEqual(invalid);
  });

  it('pages by cursor with count and hasMore', async () => {
    const { ingest, call } = open({ chunkPage: 2 });
    await ingest('a.md', 'one', 'two', 'three');
    const first = (await call('POST ~/chunk/list', { json: { nextCursor: null } })).body;
    expect([at(first, 'count'), at(first, 'hasMore'), (at(first, 'chunks') as Json[]).length]).toEqual([3, true, 2]);
    const second = (await call('POST ~/chunk/list', { json: { nextCursor: at(first, 'nextCursor') } })).body;
    expect([at(second, 'hasMore'), at(second, 'nextCursor'), (at(second, 'chunks') as Json[]).length]).toEqual([false, null, 1]);
  });

  it('changes a chunk by hand until training brings back what was ingested', async () => {
    const { call, chunks, ask, train, wait } = await trained();
    const id = String((await chunks())[0]?.['chunkId']);
    const edited = await call(`POST ~/chunk/${id}`, { json: { chunkText: 'Reset your password by phone.' } });
    expect(edited.body).toMatchObject({ status_code: 200, updated_documents: 1, indexPipelineId: expect.stringMatching(/^fip-/) });
    expect((await ask('password'))['answer']).toBe('Reset your password by phone.');
    await train();
    wait();
    expect((await ask('password'))['answer']).toBe('Reset your password in settings.');
    expect((await call('POST ~/chunk/chk-none', { json: { chunkText: 'x' } })).status).toBe(404);
    expect((await call(`POST ~/chunk/${id}`, { json: { text: 'x' } })).status).toBe(412);
  });

  it('can keep such changes', async () => {
    const { call, chunks, ask, train, wait } = await trained({ trainUndoesChunkEdits: false });
    await call(`POST ~/chunk/${String((await chunks())[0]?.['chunkId'])}`, { json: { chunkText: 'Reset your password by phone.' } });
    await train();
    wait();
    expect((await ask('password'))['answer']).toBe('Reset your password by phone.');
  });

  it('deletes chunks by id, with both spellings of the reply, and 400 without ids', async () => {
    const { call, chunks, ask } = await trained();
    const id = String((await chunks())[0]?.['chunkId']);
    const data = { totalRequested: 2, totalDeleted: 1, totalNotFound: 1, notFoundChunkIds: ['chk-none'] };
    expect((await call('POST ~/search/deleteChunksById', { json: { chunkId: [id, 'chk-none'] } })).body).toEqual({
      Status: 'success',
      Data: data,
    });
    expect([await chunks(), (await ask('password'))['isValidAnswer']]).toEqual([[], false]);
    expect(error(await call('POST ~/search/deleteChunksById', { json: {} }))).toEqual([400, 400, "One or more chunkIds don't exist."]);
    const lower = open({ chunkDeleteReply: 'status' });
    expect((await lower.call('POST ~/search/deleteChunksById', { json: { chunkId: ['chk-none'] } })).body).toMatchObject({
      status: 'success',
    });
    const strict = open({ unknownChunkIds: 'refuse' });
    expect((await strict.call('POST ~/search/deleteChunksById', { json: { chunkId: ['chk-none'] } })).status).toBe(400);
  });
});

describe('training (2.5)', () => {
  it('runs as a job group until it is a success, and only then the bot knows', async () => {
    const { ingest, call, group, held, wait } = open({ autoTrain: false });
    await ingest('a.md', 'text');
    const { body } = await call('POST ~/train', { json: {} });
    expect(body).toMatchObject({
      _id: expect.stringMatching(/^fjg-/),
      opType: 'Manual',
      contentId: [],
      status: 'running',
      executionLog: { extraction: { type: 'EXTRACTION', status: 'running' } },
    });
    wait(1499);
    expect((await group(String(body['_id'])))['status']).toBe('running');
    expect(held()[0]?.answeredFrom).toBeNull();
    wait(1);
    const over = await group(String(body['_id']));
    expect(over).toMatchObject({
      status: 'success',
      executionLog: { parsing: { status: 'success' }, indexing: { status: 'success', errMsg: '' } },
    });
    expect(held()[0]?.answeredFrom).toBe('text');
    expect((await call('GET ~/job-group/fjg-none')).status).toBe(404);
  });

  it('starts by itself after an ingest, or not', async () => {
    const auto = open();
    await auto.ingest('a.md', 'text');
    auto.wait();
    expect(auto.held()[0]?.answeredFrom).toBe('text');
    const manual = open({ autoTrain: false });
    await manual.ingest('a.md', 'text');
    manual.wait(3_600_000);
    expect(manual.held()[0]?.answeredFrom).toBeNull();
  });

  it('learns what was there when it started, or only what it was told to', async () => {
    const { ingest, ids, train, held, wait } = open({ autoTrain: false });
    await ingest('a.md', 'one');
    await ingest('b.md', 'two');
    await train({ contentIds: await ids('b.md') });
    wait();
    expect(held().map(({ answeredFrom }) => answeredFrom)).toEqual([null, 'two']);
    await train();
    await ingest('c.md', 'three');
    wait();
    expect(held().map(({ answeredFrom }) => answeredFrom)).toEqual(['one', 'two', null]);
  });

  it('answers from the old text of an overwritten document until then', async () => {
    const { ingest, train, held, wait } = open({ reingestMode: 'overwrite', autoTrain: false });
    await ingest('a.md', 'old');
    await train();
    wait();
    await train();
    await ingest('a.md', 'new');
    wait();
    expect(held()).toEqual([{ name: 'a.md', text: 'new', answeredFrom: 'old' }]);
    await train();
    wait();
    expect(held()).toEqual([{ name: 'a.md', text: 'new', answeredFrom: 'new' }]);
  });

  it('forgets deleted documents only by a training of everything, or at once', async () => {
    const { remove, ingest, ids, train, held, wait, ask, id } = await trained();
    await ingest('b.md', 'Invoices come monthly.');
    await remove(id);
    expect((await ask('password'))['isValidAnswer']).toBe(true);
    await train({ contentIds: await ids('b.md') });
    wait();
    expect(held()[0]).toEqual({ name: 'a.md', text: '', answeredFrom: 'Reset your password in settings.' });
    await train();
    wait();
    expect(held().map(({ name }) => name)).toEqual(['b.md']);
    expect((await ask('password'))['isValidAnswer']).toBe(false);
    const quick = await trained({ staleUntilTrain: false });
    expect((await quick.ask('password'))['isValidAnswer']).toBe(true);
    await quick.remove(quick.id);
    expect([quick.held(), (await quick.ask('password'))['isValidAnswer']]).toEqual([[], false]);
  });

  it('still learns what was deleted while it ran, until the next one', async () => {
    const { ingest, train, ids, remove, held, wait } = open({ autoTrain: false });
    await ingest('a.md', 'text');
    await train();
    await remove(...(await ids('a.md')));
    wait();
    expect(held()).toEqual([{ name: 'a.md', text: '', answeredFrom: 'text' }]);
    await train();
    wait();
    expect(held()).toEqual([]);
  });

  it('leaves nothing behind of what was deleted before it was ever learnt', async () => {
    const { ingest, ids, remove, held, tools } = open({ autoTrain: false });
    await ingest('a.md', 'text');
    await remove(...(await ids('a.md')));
    expect(held()).toEqual([]);
    expect([tools.store.size(`contents:${bot}`), tools.store.size(`texts:${bot}`)]).toEqual([0, 0]);
  });

  it('refuses a second manual one while one runs, or accepts it', async () => {
    const { train, call, wait } = await trained();
    await train();
    expect(error(await call('POST ~/train', { json: {} }))).toEqual([409, 409, 'Training is already in progress']);
    wait();
    expect((await call('POST ~/train', { json: {} })).status).toBe(200);
    const free = await trained({ concurrentTrain: 'accept' });
    const first = await free.train();
    expect(await free.train()).not.toBe(first);
  });

  it('fails on marked text, and the first times, telling why and learning nothing', async () => {
    const { ingest, train, group, held, wait } = open({ failMarker: 'POISON', failStage: 'extraction' });
    await ingest('a.md', 'a POISON b');
    const id = await train();
    wait();
    expect(await group(id)).toMatchObject({
      status: 'failed',
      executionLog: { extraction: { status: 'failed', errMsg: expect.any(String) } },
    });
    expect((await group(id))['executionLog']).not.toHaveProperty('indexing');
    expect(held()[0]?.answeredFrom).toBeNull();
    const first = open({ failFirstTrains: 1, autoTrain: false });
    await first.ingest('a.md', 'text');
    const failed = await first.train();
    first.wait();
    expect((await first.group(failed))['status']).toBe('failed');
    const second = await first.train();
    first.wait();
    expect([(await first.group(second))['status'], first.held()[0]?.answeredFrom]).toEqual(['success', 'text']);
  });

  it('can run for ever, say "in progress", be forgotten, and ignore unknown ids or refuse them', async () => {
    const endless = open({ trainMs: Number.POSITIVE_INFINITY, runningWord: 'in progress' });
    await endless.ingest('a.md', 'text');
    const id = await endless.train();
    endless.wait(3_600_000);
    expect((await endless.group(id))['status']).toBe('in progress');
    expect(endless.held()[0]?.answeredFrom).toBeNull();
    const lost = open({ forgetJobs: true });
    expect((await lost.call(`GET ~/job-group/${await lost.train()}`)).status).toBe(404);
    expect((await open().call('POST ~/train', { json: { contentIds: ['fc-none'] } })).status).toBe(400);
    expect((await open({ unknownContentIds: 'ignore' }).call('POST ~/train', { json: { contentIds: ['fc-none'] } })).status).toBe(200);
  });
});

describe('search (2.6)', () => {
  it('answers with citations that lead to chunk, document and source', async () => {
    const { ask, id, chunks } = await trained();
    const answer = await ask('How do I reset my password?');
    expect(answer).toMatchObject({ answer: 'Reset your password in settings.', isValidAnswer: true });
    const panel = at(answer, 'answer_payload', 'center_panel', 'data', 0);
    expect(at(panel, 'snippet_type')).toBe('generative_model');
    expect(at(panel, 'snippet_content', 0, 'sources')).toEqual([
      {
        title: 'a.md',
        url: 'https://docs.example.com/a.md',
        chunk_id: (await chunks())[0]?.['chunkId'],
        doc_id: id,
        source_id: expect.stringMatching(/^fs-/),
        source_type: 'json',
        image_url: '',
      },
    ]);
  });

  it('shows chunks only where they are asked for, and no answer where none is wanted', async () => {
    const { call } = await trained();
    const send = async (json: JsonRecord) => (await call('POST ~/advancedSearch', { json: { query: 'password', ...json } })).body;
    expect(await send({})).not.toHaveProperty('chunk_result');
    const whole = await send({ includeChunksInResponse: true, answerSearch: false });
    expect(whole).not.toHaveProperty('response');
    expect(at(whole, 'chunk_result', 'generative', 0, '_source')).toMatchObject({ recordTitle: 'a.md', usedInAnswer: true });
    expect(error(await call('POST ~/advancedSearch', { json: {} }))).toEqual(invalid);
    expect(error(await call('POST ~/advancedSearch', { json: { query: 'x', sourceName: 'y' } }))).toEqual(invalid);
  });

  it('says that it has no answer: no panel, a flag, or both', async () => {
    const answer = (noAnswer: typeof emulator.defaults.noAnswer) => open({ noAnswer }).ask('What is the meaning of life?');
    expect(await answer('both')).toEqual({ answer: '', isValidAnswer: false, answer_payload: {} });
    expect(await answer('no-panel')).toEqual({ answer: '', answer_payload: {} });
    const flagged = await answer('flag');
    expect(flagged['isValidAnswer']).toBe(false);
    expect(at(flagged, 'answer_payload', 'center_panel', 'data', 0, 'snippet_content', 0, 'sources')).toEqual([]);
  });

  it('filters by sourceType and, as assumed, by sourceName', async () => {
    const { ask, running, call } = await trained();
    running.plant(bot, { name: 'hand.txt', text: 'Another password page.' });
    const only = (fieldName: string, value: string) => ({
      metaFilters: [{ condition: 'AND', rules: [{ fieldName, fieldValue: [value], operator: 'contains' }] }],
    });
    expect((await ask('password', only('sourceType', 'file')))['answer']).toBe('Another password page.');
    expect((await ask('password', only('sourceName', 'kb-sync:docs')))['answer']).toBe('Reset your password in settings.');
    expect((await ask('password', only('sourceName', 'none')))['isValidAnswer']).toBe(false);
    const strict = open({ filterBySourceName: false });
    expect((await strict.call('POST ~/advancedSearch', { json: { query: 'x', ...only('sourceName', 'y') } })).status).toBe(412);
    expect((await call('POST ~/advancedSearch', { json: { query: 'x', metaFilters: [{ rules: [] }] } })).status).toBe(412);
  });

  it('has a second version with the payload under template', async () => {
    const { call, id } = await trained();
    const json = { query: 'password', includeChunksInResponse: true, searchResults: true, retrievalStrategy: 'hybrid' };
    const { body } = await call('POST ~/search/v2/advanced-search', { json });
    expect(body).toMatchObject({ llmResponseTime: expect.any(String), retrievalResponseTime: expect.any(String) });
    expect(at(body, 'template', 'results', 'json')).toMatchObject({ doc_count: 1, data: [{ docId: id, recordTitle: 'a.md' }] });
    expect(at(body, 'template', 'answer_details', 'answer')).toBe('Reset your password in settings.');
    expect(at(body, 'template', 'chunk_result', 0, '_source', 'docId')).toBe(id);
    expect((await call('POST ~/search/v2/advanced-search', { json: { query: 'x', retrievalStrategy: 'magic' } })).status).toBe(412);
  });
});

describe('the knowledge graph (2.7)', () => {
  async function graph(change: Change = {}) {
    const bench = open(change);
    const task = (await bench.call('GET ~/knowledgeTasks?language=en')).body;
    const node = { parent: at(task, 'taxonomy', 0, 'nodeId'), leafterm: at(task, 'taxonomy', 0, 'label') };
    const faq = (question: string, text: string): JsonRecord => ({
      questionPayload: { question, tagsPayload: [] },
      answerPayload: [{ text, type: 'basic', channel: 'default' }],
      knowledgeTaskId: at(task, '_id'),
      subQuestions: [],
      responseType: 'message',
      subAnswers: [],
      streamId: bot,
      ...node,
    });
    const list = async (query = 'state=configured') => (await bench.call(`GET ~/v2/faqs?${query}&language=en`)).body;
    return {
      ...bench,
      task,
      faq,
      list,
      add: (...faqs: Json[]) => bench.call('POST ~/faqs/bulk?language=en', { json: { faqs } }),
      update: (query: JsonRecord, change: Json) =>
        bench.call('POST ~/faqs/bulkupdates', {
          json: { payload: [{ query: { language: 'en', faqPath: [bot], ...query }, update: change }] },
        }),
      find: async (input: string, configured = true) =>
        at(
          (
            await bench.call(`POST /api/v1.1/rest/bot/${bot}/findIntent?fetchConfiguredTasks=${configured}`, {
              json: { input, streamName: 'b', expandAns: true },
            })
          ).body,
          'response',
        ) as Shown,
      publish: async () => {
        await bench.asAdmin('POST ~/publish', { json: { versionComment: 'x', initiateTraining: true } });
        bench.wait();
      },
    };
  }

  it('tells the task, its nodes, and ids that differ by state; as an object or a list', async () => {
    const { call, task } = await graph({ nodes: ['Accounts'] });
    expect(task).toMatchObject({
      faqCount: 0,
      taxonomy: [
        { label: bot, parent: [] },
        { label: 'Accounts', parent: [at(task, 'taxonomy', 0, 'nodeId')] },
      ],
    });
    expect(at((await call('GET ~/knowledgeTasks?language=en&state=published')).body, '_id')).not.toBe(task['_id']);
    expect(error(await call('GET ~/knowledgeTasks'))).toEqual(invalid);
    const list = await open({ knowledgeTasksAs: 'array' }).call('GET ~/knowledgeTasks?language=en');
    expect(list.reply.body).toEqual([expect.objectContaining({ taxonomy: expect.any(Array) })]);
  });

  it('adds in bulk without giving ids, and lists with percent-encoded answers', async () => {
    const { add, faq, list, task } = await graph();
    expect((await add(faq('How?', 'Open Settings & go.'))).body).toEqual({ status: 'success' });
    expect(await list()).toMatchObject({
      moreAvailable: false,
      count: 1,
      faqs: [
        {
          _id: expect.stringMatching(/^[0-9a-f]{24}$/),
          questionPayload: { question: 'How?' },
          answerPayload: [{ _id: expect.stringMatching(/^mt-/), text: 'Open%20Settings%20%26%20go.', type: 'basic', channel: 'default' }],
          knowledgeTaskId: task['_id'],
          faqStatus: true,
          isPublished: false,
          fullPath: [bot],
        },
      ],
    });
    const plain = await graph({ encodeAnswers: false });
    await plain.add(plain.faq('How?', 'A b'));
    expect(at(await plain.list(), 'faqs', 0, 'answerPayload', 0, 'text')).toBe('A b');
  });

  it('pages by 50 at most, in both versions', async () => {
    const { add, faq, list, call, task } = await graph();
    await add(...Array.from({ length: 60 }, (_unused, index) => faq(`Question ${index}?`, 'A')));
    const page = await list('state=configured&limit=100&offset=0&type=all&withallchild=true');
    expect([(page['faqs'] as Json[]).length, page['moreAvailable'], page['count']]).toEqual([50, true, 60]);
    const second = (await call(`GET ~/faqs?ktId=${String(task['_id'])}&limit=50&offset=50&language=en`)).body;
    expect([(second['faqs'] as Json[]).length, second['moreAvailable']]).toEqual([10, false]);
    expect((await call('GET ~/faqs?ktId=none&language=en')).status).toBe(404);
    expect(((await list('search=Question%205%3F'))['faqs'] as Json[]).length).toBe(1);
  });

  it('refuses a wrong task, node or field, and where so set duplicates and a missing qsId', async () => {
    const { add, faq } = await graph();
    for (const change of [{ knowledgeTaskId: 'x' }, { leafterm: 'Other' }, { streamId: 'st-2' }, { extra: 1 }, { answerPayload: [] }])
      expect(error(await add({ ...faq('How?', 'A'), ...change })), JSON.stringify(change)).toEqual(invalid);
    expect((await add(faq('How?', 'A'))).status).toBe(200);
    expect((await add(faq('How?', 'A'))).status).toBe(200);
    const strict = await graph({ duplicateFaqs: 'refuse', qsIdNeeded: true });
    expect((await strict.add(strict.faq('How?', 'A'))).status).toBe(412);
    expect((await strict.add({ ...strict.faq('How?', 'A'), qsId: 'qna-1' })).status).toBe(200);
    expect((await strict.add({ ...strict.faq('How?', 'A'), qsId: 'qna-1' })).status).toBe(400);
  });

  it('changes answers and disables, found by path or reference', async () => {
    const { add, faq, list, update } = await graph();
    await add(faq('How?', 'Old'));
    expect(
      (await update({ primaryQuestion: 'How?' }, { primaryResponse: { text: 'New', type: 'basic', channel: 'default' } })).body,
    ).toEqual({ status: 'success' });
    expect(at(await list(), 'faqs', 0, 'answerPayload', 0, 'text')).toBe('New');
    expect((await update({ primaryQuestion: 'How?' }, { faqStatus: false })).status).toBe(200);
    expect(at(await list(), 'faqs', 0, 'faqStatus')).toBe(false);
    expect((await update({ primaryQuestion: 'Why?' }, { faqStatus: false })).status).toBe(400);
    expect(error(await update({ primaryQuestion: 'How?' }, {}))).toEqual(invalid);
    expect(error(await update({ primaryQuestion: 'How?' }, { question: 'Why?' }))).toEqual(invalid);
  });

  it('knows other forms of that: references, slashes, another key, the admin path', async () => {
    const { add, faq, list, call, asAdmin } = await graph({ bulkUpdateKey: 'set', faqPathFormat: 'slash' });
    await add(faq('How?', 'Old'));
    const send = (query: JsonRecord) =>
      call('POST ~/faqs/bulkupdates', {
        json: { payload: [{ query: { language: 'en', primaryQuestion: 'How?', ...query }, set: { faqStatus: false } }] },
      });
    const referenceId = at(await list(), 'faqs', 0, 'refId');
    expect([(await send({ faqPath: bot })).status, (await send({ faqPath: [bot] })).status, (await send({ referenceId })).status]).toEqual([
      200, 400, 200,
    ]);
    expect((await send({ referenceId, faqPath: bot })).status).toBe(412);
    const payload = [{ BotID: bot, query: { language: 'en', primaryQuestion: 'How?', referenceId }, set: { faqStatus: true } }];
    expect((await asAdmin('POST /api/public/faqs/bulkUpdates', { json: { payload } })).status).toBe(200);
    expect((await call('POST /api/public/faqs/bulkUpdates', { json: { payload } })).status).toBe(401);
    const deaf = await graph({ referenceIdIsRefId: false });
    await deaf.add(deaf.faq('How?', 'Old'));
    const sent = {
      query: { language: 'en', primaryQuestion: 'How?', referenceId: at(await deaf.list(), 'faqs', 0, 'refId') },
      update: { faqStatus: false },
    };
    expect((await deaf.call('POST ~/faqs/bulkupdates', { json: { payload: [sent] } })).status).toBe(400);
  });

  it('trains on request, which findIntent sees before it is published', async () => {
    const { add, faq, call, find, wait, held } = await graph();
    await add(faq('How do I unlock my badge?', 'Ask the porter.'));
    expect((await find('unlock my badge'))['result']).toBe('failintent');
    expect(error(await call('POST ~/faqs/train', { json: {} }))).toEqual(invalid);
    const started = (await call('POST ~/faqs/train', { json: { language: 'en' } })).body;
    expect(started).toMatchObject({ _id: expect.stringMatching(/^ds-/), message: 'in-progress', status: 'in-progress' });
    const status = async () => at((await call('GET ~/faqs/train/status?language=en&state=configured')).body, 'status');
    expect(await status()).toBe('in-progress');
    wait(1000);
    expect(await status()).toBe('success');
    expect(await find('unlock my badge')).toMatchObject({ result: 'successintent', subType: 'faq', answer: [{ text: 'Ask the porter.' }] });
    expect((await find('unlock my badge', false))['result']).toBe('failintent');
    expect(held()[0]?.answeredFrom).toBeNull();
  });

  it('keeps a disabled question in the answers until it is published', async () => {
    const { add, faq, update, publish, held, find } = await graph();
    await add(faq('How?', 'Ask the porter.'));
    await publish();
    expect(held()).toEqual([{ name: 'How?', text: 'How?\n\nAsk the porter.', answeredFrom: 'How?\n\nAsk the porter.' }]);
    await update({ primaryQuestion: 'How?' }, { faqStatus: false });
    expect(held()[0]?.text).toBe('');
    await publish();
    expect(held()).toEqual([]);
    expect((await find('porter'))['result']).toBe('failintent');
  });

  it('can fail a training; there is none before the first', async () => {
    const { call, wait } = await graph({ faqTrainFails: true });
    expect((await call('GET ~/faqs/train/status?language=en')).status).toBe(404);
    await call('POST ~/faqs/train', { json: { language: 'en' } });
    wait();
    expect(at((await call('GET ~/faqs/train/status?language=en')).body, 'status')).toBe('failure');
  });

  it('publishes with an admin app; the webhook answers from what is published (2.8, 2.9)', async () => {
    const { add, faq, publish, call, list } = await graph();
    await add(faq('How do I unlock my badge?', 'Ask the porter.'));
    const ask = async () =>
      (
        await call(`POST /chatbot/v2/webhook/${bot}`, {
          json: { session: { new: true }, message: { type: 'text', val: 'unlock my badge' }, from: { id: 'u1' } },
          headers: { authorization: `bearer ${builder}` },
        })
      ).body;
    expect(at(await ask(), 'data', 0, 'val')).toBe(emulator.defaults.fallback);
    await publish();
    expect(at(await ask(), 'data', 0, 'val')).toBe('Ask the porter.');
    expect(at(await list('state=published'), 'faqs', 0, 'isPublished')).toBe(true);
  });
});

describe('publishing (2.8)', () => {
  it('needs a comment and a channel, runs, and reports the latest', async () => {
    const { asAdmin, wait } = open();
    expect((await asAdmin('GET ~/publish/status')).status).toBe(404);
    expect(error(await asAdmin('POST ~/publish', { json: { initiateTraining: true } }))).toEqual(invalid);
    const { reply } = await asAdmin('POST ~/publish', { json: { versionComment: 'kb sync', initiateTraining: true } });
    expect(reply.body).toEqual([expect.objectContaining({ status: 'SUCCESS', result: {} })]);
    const status = async () => (await asAdmin('GET ~/publish/status')).body;
    const first = await status();
    expect(first).toMatchObject({
      _id: expect.stringMatching(/^ds-/),
      jobType: 'PUBLISH_BOT',
      status: 'inprogress',
      requestedTime: expect.any(String),
    });
    wait(1000);
    expect(await status()).toMatchObject({ status: 'successful', percentageComplete: 100 });
    await asAdmin('POST ~/publish', { json: { versionComment: 'again' } });
    expect((await status())['_id']).not.toBe(first['_id']);
    expect((await open({ channelEnabled: false }).asAdmin('POST ~/publish', { json: { versionComment: 'x' } })).status).toBe(400);
  });

  it('can fail', async () => {
    const { asAdmin, wait } = open({ publishFails: true });
    await asAdmin('POST ~/publish', { json: { versionComment: 'x' } });
    wait();
    expect(at((await asAdmin('GET ~/publish/status')).body, 'status')).toBe('failed');
  });
});

describe('the webhook (2.9)', () => {
  const say = (val: string, id = 'u1'): JsonRecord => ({
    session: { new: true },
    message: { type: 'text', val },
    from: { id },
    mergeIdentity: false,
  });
  const bearer = (claims: JsonRecord = {}) => ({ authorization: `bearer ${sign({ appId: `cs-${bot}`, sub: 'x', ...claims })}` });

  it('answers from trained content, in the documented shape', async () => {
    const { raw } = await trained();
    const { body } = await raw(`POST /chatbot/v2/webhook/${bot}`, { json: say('my password'), headers: bearer() });
    expect(body).toMatchObject({ to: 'u1', from: bot, _v: 'v2', endOfTask: true, endReason: 'Fulfilled' });
    expect(at(body, 'data', 0)).toMatchObject({
      type: 'text',
      val: 'Reset your password in settings.',
      messageId: expect.stringMatching(/^ms-/),
    });
  });

  it('refuses in its own words, with _v and _t', async () => {
    const { raw } = open();
    const send = async (sent: Sent) => (await raw(`POST /chatbot/v2/webhook/${bot}`, sent)).body;
    const said = (msg: string, code: number) => ({ errors: [{ msg, code }], _v: 'v2', _t: expect.any(String) });
    expect(await send({ json: say('x'), headers: { auth: builder } })).toEqual(said('Invalid Access token', 401));
    expect(await send({ json: {}, headers: bearer() })).toEqual(said('Invalid Request Payload', 400));
    expect(await send({ json: say('x', 'u1'), headers: bearer({ userIdentity: 'u2' }) })).toEqual(said('Invalid Access token', 401));
    expect((await raw(`POST /chatbot/hooks/${bot}`, { json: say('x'), headers: bearer() })).status).toBe(404);
    const unpublished = open({ publishedOnce: false });
    expect((await unpublished.raw(`POST /chatbot/v2/webhook/${bot}`, { json: say('x'), headers: bearer() })).status).toBe(401);
  });

  it('can defer the answer to a poll, time out, and slow one user down', async () => {
    const { raw, wait } = open({ webhookPoll: true, webhookMs: 2000, webhookPerMinute: 1 });
    const first = (await raw(`POST /chatbot/v2/webhook/${bot}`, { json: say('x'), headers: bearer() })).body;
    expect(first['data']).toEqual([]);
    const poll = async () => (await raw(`GET /chatbot/v2/webhook/${bot}/poll/${String(first['pollId'])}`, { headers: bearer() })).body;
    expect((await poll())['status']).toBe('Inprogress');
    wait(2000);
    expect(await poll()).toMatchObject({ data: [{ type: 'text' }] });
    expect(await poll()).not.toHaveProperty('status');
    expect((await raw(`POST /chatbot/v2/webhook/${bot}`, { json: say('x'), headers: bearer() })).status).toBe(429);
    expect((await raw(`POST /chatbot/v2/webhook/${bot}`, { json: say('x', 'u2'), headers: bearer() })).status).toBe(200);
    const slow = open({ webhookMs: 15_001 });
    expect((await slow.raw(`POST /chatbot/v2/webhook/${bot}`, { json: say('x'), headers: bearer() })).status).toBe(504);
  });

  it('takes events without answering them', async () => {
    const { raw } = open();
    const json = { ...say('x'), message: { type: 'event', val: 'ON_CONNECT' } };
    expect((await raw(`POST /chatbot/v2/webhook/${bot}`, { json, headers: bearer() })).body['data']).toEqual([]);
  });
});

describe('what users asked (2.10)', () => {
  async function asked(change: Change = {}) {
    const bench = await trained(change);
    await bench.ask('What is the meaning of life?');
    bench.wait(60_000);
    await bench.raw(`POST /chatbot/v2/webhook/${bot}`, {
      json: { session: { new: true }, message: { type: 'text', val: 'Who built the pyramids?' }, from: { id: 'u1' } },
      headers: { authorization: `bearer ${builder}` },
    });
    bench.wait(60_000);
    await bench.raw(`POST /chatbot/v2/webhook/${bot}`, {
      json: { message: { type: 'text', val: 'my password' }, from: { id: 'u1' } },
      headers: { authorization: `bearer ${builder}` },
    });
    return bench;
  }

  const filters = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-02T00:00:00.000Z' };

  it('lists unhandled utterances of search and webhook, newest first, skip and limit being required', async () => {
    const { call } = await asked();
    const send = (json: JsonRecord) =>
      call('POST ~/getAnalytics', { json: { type: 'unhandledutterance', filters, skip: 0, limit: 1, ...json } });
    const first = (await send({ sort: { order: 'desc', by: 'timestamp' } })).body;
    expect(first).toMatchObject({
      moreAvailable: true,
      result: [{ utterance: 'Who built the pyramids?', userId: 'u1', language: 'en', messageId: expect.stringMatching(/^ms-/) }],
    });
    expect((await send({ skip: 1 })).body).toMatchObject({ moreAvailable: false, result: [{ utterance: 'What is the meaning of life?' }] });
    expect((await send({ filters: { ...filters, to: filters.from } })).body['result']).toEqual([]);
    expect((await send({ type: 'failintent' })).body['result']).toEqual([]);
    expect(error(await call('POST ~/getAnalytics', { json: { type: 'unhandledutterance', filters, limit: 1 } }))).toEqual(invalid);
    expect(error(await send({ type: 'questions' }))).toEqual(invalid);
  });

  it('lists sessions by containment', async () => {
    const { call } = await asked();
    const { body } = await call('POST ~/getSessions?containmentType=dropOff', {
      json: { skip: 0, limit: 1, dateFrom: '2026-03-01', dateTo: '2026-03-01' },
    });
    expect(body).toMatchObject({
      total: 2,
      moreAvailable: true,
      sessions: [{ userId: 'u1', containmentType: 'dropOff', start_time: expect.any(String) }],
    });
    expect(error(await call('POST ~/getSessions?containmentType=all', { json: {} }))).toEqual(invalid);
  });

  it('lists messages, newest first unless forward, within less than 7 days', async () => {
    const { call } = await asked();
    const texts = (got: Got) => (got.body['messages'] as Json[]).map((message) => at(message, 'components', 0, 'data', 'text'));
    const both = ['Who built the pyramids?', emulator.defaults.fallback, 'my password', 'Reset your password in settings.'];
    expect(texts(await call('POST ~/getMessages', { json: { userId: 'u1', forward: true } }))).toEqual(both);
    expect(texts(await call('POST ~/getMessagesV2', { json: { userId: 'u1' } }))).toEqual([...both].reverse());
    expect(texts(await call('GET ~/getMessages?userId=u1&limit=1'))).toEqual(both.slice(-1));
    expect(error(await call('GET ~/getMessages'))).toEqual(invalid);
    expect((await call('POST ~/getMessages', { json: { dateFrom: '2026-03-01', dateTo: '2026-03-08' } })).status).toBe(412);
  });
});

describe('the emulator’s own side', () => {
  it('plants a file as a person would, trained and foreign to every source of ours', async () => {
    const { running, content, ask } = open();
    const id = running.plant(bot, { name: 'hand.txt', text: 'Handmade page on badges.' });
    expect(running.inspect(bot)).toEqual([
      { remoteId: id, name: 'hand.txt', text: 'Handmade page on badges.', answeredFrom: 'Handmade page on badges.' },
    ]);
    expect((await content())[0]?.['_source']).toMatchObject({ file_title: 'hand.txt', sys_source_name: 'Default Directory' });
    expect((await ask('badges'))['answer']).toBe('Handmade page on badges.');
  });

  it('goes on after a restart: documents, a running training, what was learnt, deleted and published', async () => {
    const before = await trained({ autoTrain: false });
    await before.ingest('b.md', 'Invoices come monthly.');
    const group = await before.train();
    await before.remove(before.id);
    const held = before.held();
    const after = open({ autoTrain: false }, emulatorTools(before.tools));
    expect(after.held()).toEqual(held);
    expect((await after.ask('password'))['answer']).toBe('Reset your password in settings.');
    expect((await after.call('POST ~/train', { json: {} })).status).toBe(409);
    after.wait();
    expect((await after.group(group))['status']).toBe('success');
    expect((await after.ask('invoices'))['answer']).toBe('Invoices come monthly.');
    expect(after.held().map(({ text }) => text)).toEqual(['', 'Invoices come monthly.']);
    await after.train();
    after.wait();
    expect(after.held().map(({ name }) => name)).toEqual(['b.md']);
  });

  it('writes nothing for reads, and keeps a bot that is provisioned again', async () => {
    const {
      running,
      call,
      content,
      chunks,
      tools,
      group,
      group: _again,
    } = await trained().then(async (bench) => ({ ...bench, group: bench.group }));
    const writes = tools.writes();
    await content();
    await chunks();
    await call(`GET ~/job-group/${group}`);
    running.inspect(bot);
    running.provision({ id: bot, secret: 'other' });
    expect(tools.writes()).toBe(writes);
    expect((await call('POST ~/chunk/list', { json: {} })).status).toBe(200);
  });
});
