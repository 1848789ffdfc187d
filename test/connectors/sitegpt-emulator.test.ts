// The SiteGPT emulator against the vendor notes (sitegpt.md): one test a rule, its section in the name.
import { describe, expect, it } from 'vitest';
import { emulator } from '../../src/connectors/sitegpt/emulator.ts';
import type { Json } from '../../src/model/json.ts';
import { at, caller, emulatorTools, type Got, type Sent, type TestTools } from '../support/emulator-tools.ts';

const bot = '361628903185318481';
const key = { authorization: 'Bearer secret' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const file = (name: string, text: string) => ({ name, type: 'text/markdown', base64: base64(text) });

type Change = Partial<typeof emulator.defaults>;

function open(change: Change = {}, tools: TestTools = emulatorTools()) {
  const running = emulator.create(tools, { ...emulator.defaults, ...change });
  running.provision({ id: bot, secret: 'secret' });
  const raw = caller(running, key);
  /** `~` stands for the chatbot's path in v2. */
  const call = (line: string, sent?: Sent): Promise<Got> => raw(line.replace('~', `/api/v2/chatbots/${bot}`), sent);
  const legacy = (line: string, sent?: Sent): Promise<Got> => raw(line.replace('~', `/api/v0/chatbots/${bot}`), sent);
  const upload = (...files: Json[]) => call('POST ~/knowledge/files', { json: { files } });
  return {
    tools,
    running,
    raw,
    call,
    legacy,
    upload,
    create: async (name: string, text: string) => at((await upload(file(name, text))).body, 'data', 'documents', 0, 'id') as string,
    document: async (id: string) => at((await call(`GET ~/documents/${id}`)).body, 'data', 'document') as { [name: string]: Json },
    list: async (query = '') =>
      at((await call(`GET ~/documents${query}`)).body, 'data') as {
        documents: { id: string; name: string }[];
        pagination: { nextCursor: string | null };
      },
    patch: (id: string, content: Json) => call(`PATCH ~/documents/${id}`, { json: { content } }),
    remove: (id: string) => call(`DELETE ~/documents/${id}?confirm=true`),
    ask: async (message: string) =>
      at((await call('POST ~/messages', { json: { message, pageUrl: null } })).body, 'data', 'message', 'answer', 'text') as string,
    wait: (ms = 1000) => {
      tools.clock.now += ms;
    },
  };
}

async function trained(change: Change = {}) {
  const bench = open(change);
  const id = await bench.create('a.md', 'Reset your password in settings.');
  bench.wait();
  return { ...bench, id };
}

const code = (got: Got): readonly [number, Json] => [got.status, at(got.body, 'error', 'code')];

describe('the door of v2 (3.1)', () => {
  it('answers health without a token, and nothing else', async () => {
    const { running } = open();
    const bare = caller(running, {});
    expect((await bare('GET /api/v2/health')).body).toEqual({ ok: true, data: {}, meta: { requestId: 'req_1' } });
    expect(code(await bare('GET /api/v2/me'))).toEqual([401, 'AUTHORIZATION_HEADER_REQUIRED']);
    expect(code(await bare('GET /api/v2/me', { headers: { authorization: 'Bearer no' } }))).toEqual([401, 'TOKEN_NOT_VALID']);
    expect((await bare('GET /api/v2/me', { headers: key })).status).toBe(200);
  });

  it('refuses an expired token, and one without sgpt_ where the setting says so', async () => {
    expect(code(await open({ tokenExpired: true }).call('GET ~/documents'))).toEqual([401, 'TOKEN_NOT_VALID']);
    expect(code(await open({ tokenPrefixNeeded: true }).call('GET ~/documents'))).toEqual([401, 'TOKEN_NOT_VALID']);
  });

  it('refuses a token that lacks the scope of the call (1b)', async () => {
    const { call, upload, remove } = open({ scopes: ['knowledge:read'] });
    expect((await call('GET ~/documents')).status).toBe(200);
    expect(code(await upload(file('a.md', 'text')))).toEqual([403, 'TOKEN_SCOPE_NOT_ALLOWED']);
    expect(code(await remove('x'))).toEqual([403, 'TOKEN_SCOPE_NOT_ALLOWED']);
    expect(code(await call('GET ~'))).toEqual([403, 'TOKEN_SCOPE_NOT_ALLOWED']);
  });

  it('answers 404 for an unknown chatbot and for one of another account, or 403 there', async () => {
    const { raw, running } = open();
    running.provision({ id: 'other', secret: 'other' });
    expect(code(await raw('GET /api/v2/chatbots/none'))).toEqual([404, 'CHATBOT_NOT_FOUND']);
    expect(code(await raw('GET /api/v2/chatbots/other/documents'))).toEqual([404, 'CHATBOT_NOT_FOUND']);
    const second = open({ foreignChatbot: 403 });
    second.running.provision({ id: 'other', secret: 'other' });
    expect((await second.raw('GET /api/v2/chatbots/other/documents')).status).toBe(403);
    expect(at((await raw('GET /api/v2/chatbots')).body, 'data', 'chatbots')).toEqual([
      { id: bot, name: expect.any(String), createdAt: expect.any(String) },
    ]);
  });

  it('refuses what is not documented: 404 for paths, 405 for methods, 400 for fields and parameters', async () => {
    const { call, raw } = await trained();
    expect(code(await call('GET ~/knowledge'))).toEqual([404, 'ROUTE_NOT_FOUND']);
    expect(code(await call('POST ~/knowledge/links', { json: { urls: [] } }))).toEqual([404, 'ROUTE_NOT_FOUND']);
    expect(code(await call('PUT ~/documents/x', { json: {} }))).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(code(await raw('DELETE /api/v2/chatbots'))).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(code(await call('GET ~/documents?name=a.md'))).toEqual([400, 'VALIDATION_FAILED']);
    const patched = await call('PATCH ~/documents/x', { json: { content: 'a', name: 'b' } });
    expect(code(patched)).toEqual([400, 'VALIDATION_FAILED']);
    expect(at(patched.body, 'error', 'details')).toEqual(['name: not documented; documented: content']);
    expect((await call('POST ~/messages', { raw: 'hi' })).status).toBe(400);
  });

  it('slows down with 429, with Retry-After or without (2.1)', async () => {
    const { call, wait } = open({ v2PerMinute: 1 });
    await call('GET ~/documents');
    wait(20_000);
    const slowed = await call('GET ~/documents');
    expect(code(slowed)).toEqual([429, 'RATE_LIMIT_EXCEEDED']);
    expect(slowed.headers).toEqual({ 'retry-after': '40' });
    wait(40_000);
    expect((await call('GET ~/documents')).status).toBe(200);
    const silent = open({ v2PerMinute: 0, retryAfter: false });
    expect((await silent.call('GET ~/documents')).headers).toEqual({});
  });

  it('can put requestId beside data', async () => {
    expect((await open({ requestIdBeside: true }).raw('GET /api/v2/health')).body).toEqual({ ok: true, data: {}, requestId: 'req_1' });
  });
});

describe('creating documents (3.2)', () => {
  it('takes files as base64 in JSON and answers ids and QUEUED', async () => {
    const { upload } = open();
    const { body, status } = await upload(file('guides install.md', '# Install'));
    expect(status).toBe(200);
    const id = at(body, 'data', 'documents', 0, 'id') as string;
    expect(at(body, 'data')).toEqual({
      ingestJobRunIds: [`run_${id}`],
      documents: [{ id, status: 'QUEUED', error: null }],
      source: 'LOCAL_FILE',
      requested: { filesCount: 1, fileNames: ['guides install.md'] },
      effective: {},
    });
    expect((await open({ createdStatus: 201 }).upload(file('a.md', 'a'))).status).toBe(201);
  });

  it('makes two documents of two files of the same name: there is no idempotency key', async () => {
    const { create, list } = open();
    await create('a.md', 'one');
    await create('a.md', 'one');
    expect((await list()).documents.map(({ name }) => name)).toEqual(['a.md', 'a.md']);
  });

  it('does not promise the order of documents[] for several files', async () => {
    const { upload, document } = open();
    const { body } = await upload(file('a.md', 'a'), file('b.md', 'b'));
    expect((await document(at(body, 'data', 'documents', 0, 'id') as string))['name']).toBe('b.md');
  });

  it('refuses barred or long names, unknown media types, broken base64 and missing fields', async () => {
    const { upload, call } = open();
    const good = file('a.md', 'text');
    for (const name of ['a/b.md', 'a:b.md', 'a?.md', 'a\n.md', `${'x'.repeat(98)}.md`, ''])
      expect((await upload({ ...good, name })).status, name).toBe(400);
    expect((await upload({ ...good, type: 'application/pdf' })).status).toBe(400);
    expect((await upload({ ...good, base64: 'not base64!' })).status).toBe(400);
    expect((await upload({ name: 'a.md', base64: '' })).status).toBe(400);
    expect((await upload({ ...good, externalId: 'mine' })).status).toBe(400);
    expect((await call('POST ~/knowledge/files', { json: { files: [] } })).status).toBe(400);
    expect((await open({ strictNames: false }).upload({ ...good, name: 'a/b.md' })).status).toBe(200);
    expect((await open({ maxContentChars: 3 }).upload(good)).status).toBe(400);
  });

  it('can refuse a file within a 200, even with an id', async () => {
    const { upload, list } = open({ rejectMarker: 'BAD' });
    const { status, body } = await upload(file('a.md', 'BAD text'));
    expect(status).toBe(200);
    expect(at(body, 'data', 'documents', 0)).toEqual({
      id: expect.stringMatching(/^doc_/),
      status: 'FAILED',
      error: 'the file was not taken',
    });
    expect((await list()).documents).toEqual([]);
  });

  it('shows a full quota as an error, or per document (3.1)', async () => {
    const full = open({ documentLimit: 1 });
    await full.create('a.md', 'a');
    expect(code(await full.upload(file('b.md', 'b')))).toEqual([403, 'DOCUMENT_LIMIT_REACHED']);
    const { body } = await open({ documentLimit: 0, documentLimitAs: 'document' }).upload(file('b.md', 'b'));
    expect(at(body, 'data', 'documents', 0, 'error')).toBe('the plan holds no more documents');
  });
});

describe('the life of a document (3.3, 6)', () => {
  it('is QUEUED, PROCESSING, SUCCESS; answers come only from SUCCESS', async () => {
    const { create, document, ask, wait } = open();
    const id = await create('a.md', 'Reset your password in settings.');
    expect((await document(id))['status']).toBe('QUEUED');
    wait(300);
    expect(await document(id)).toMatchObject({ status: 'PROCESSING', lastSyncedAt: null });
    expect(await ask('password?')).toBe("I don't know.");
    wait(700);
    expect(await document(id)).toMatchObject({ status: 'SUCCESS', error: null, lastSyncedAt: '2026-03-01T12:00:01.000Z' });
    expect(await ask('password?')).toBe('Reset your password in settings.');
  });

  it('has the documented fields', async () => {
    const { document, id } = await trained();
    const at12 = '2026-03-01T12:00:00.000Z';
    expect(await document(id)).toEqual({
      id,
      name: 'a.md',
      externalId: expect.any(String),
      type: 'FILE',
      source: 'LOCAL_FILE',
      status: 'SUCCESS',
      error: null,
      metadata: {},
      properties: { mimeType: 'text/markdown', fileSize: 32, characterCount: 32, tokenCount: 8, embeddingCount: 1 },
      isContentUpdatedManually: false,
      lastSyncedAt: '2026-03-01T12:00:01.000Z',
      createdAt: at12,
      updatedAt: at12,
    });
  });

  it('ends in FAILED with a reason for empty or marked content, and after enough tries in SUCCESS', async () => {
    const { create, document, wait, call, ask } = open({ failMarker: 'POISON', failTimes: 1 });
    const empty = await create('a.md', ' ');
    const marked = await create('b.md', 'POISON password');
    wait();
    expect(await document(empty)).toMatchObject({ status: 'FAILED', error: 'The document holds no text' });
    expect(await document(marked)).toMatchObject({ status: 'FAILED', error: 'The document could not be embedded' });
    expect(await ask('password?')).toBe("I don't know.");
    await call('POST ~/documents/resync', { json: { documentIds: [marked] } });
    expect((await document(marked))['status']).toBe('QUEUED');
    wait();
    expect((await document(marked))['status']).toBe('SUCCESS');
    expect(await ask('password?')).toContain('POISON');
  });

  it('never ends training where the setting says so', async () => {
    const { create, document, wait } = open({ processingMs: Number.POSITIVE_INFINITY });
    const id = await create('a.md', 'text');
    wait(1e12);
    expect((await document(id))['status']).toBe('PROCESSING');
  });

  it('inlines the text where asked, cut at maxContentChars 1 to 500000', async () => {
    const { call, id } = await trained();
    const get = (query: string) => call(`GET ~/documents/${id}?${query}`);
    expect(at((await get('includeContent=true')).body, 'data', 'document', 'content')).toBe('Reset your password in settings.');
    expect(at((await get('includeContent=true&maxContentChars=5')).body, 'data', 'document', 'content')).toBe('Reset');
    expect(at((await get('maxContentChars=5')).body, 'data', 'document')).not.toHaveProperty('content');
    expect((await get('includeContent=true&maxContentChars=500001')).status).toBe(400);
    expect((await get('includeContent=yes')).status).toBe(400);
    const never = await trained({ contentAvailable: 'never' });
    expect(at((await never.call(`GET ~/documents/${never.id}?includeContent=true`)).body, 'data', 'document')).not.toHaveProperty(
      'content',
    );
  });
});

describe('PATCH (3.4)', () => {
  it('replaces the text and trains by itself; the former text answers until then (6)', async () => {
    const { patch, id, document, ask, wait, running } = await trained();
    expect(await ask('password?')).toContain('settings');
    expect(at((await patch(id, 'New password text')).body, 'data')).toEqual({ document: { id, status: 'QUEUED' } });
    expect(await document(id)).toMatchObject({
      status: 'QUEUED',
      isContentUpdatedManually: true,
      lastSyncedAt: '2026-03-01T12:00:01.000Z',
    });
    expect(await ask('password?')).toContain('settings');
    expect(running.inspect(bot)).toEqual([
      { remoteId: id, name: 'a.md', text: 'New password text', answeredFrom: 'Reset your password in settings.' },
    ]);
    wait();
    expect(await ask('password?')).toBe('New password text');
    expect(running.inspect(bot)[0]).toMatchObject({ answeredFrom: 'New password text' });
  });

  it('trains only the last of several, each from its own time', async () => {
    const { patch, id, ask, wait, document } = await trained();
    await patch(id, 'Second password text');
    wait(600);
    await patch(id, 'Third password text');
    wait(600);
    expect(await ask('password?')).toContain('settings');
    expect((await document(id))['status']).toBe('PROCESSING');
    wait(400);
    expect(await ask('password?')).toBe('Third password text');
  });

  it('leaves the bot without the text while embedding, where the setting says so (7.2)', async () => {
    const { patch, id, ask, wait } = await trained({ forgetWhileEmbedding: true });
    expect(await ask('password?')).toContain('settings');
    await patch(id, 'New password text');
    expect(await ask('password?')).toBe("I don't know.");
    wait();
    expect(await ask('password?')).toBe('New password text');
  });

  it('keeps the former answers when the new text fails', async () => {
    const { patch, id, ask, wait, document } = await trained({ failMarker: 'POISON' });
    await patch(id, 'POISON');
    wait();
    expect((await document(id))['status']).toBe('FAILED');
    expect(await ask('password?')).toContain('settings');
  });

  it('answers 404 for a document that is gone, and wants content', async () => {
    const { patch, call, id } = await trained();
    expect(code(await patch('doc_none', 'x'))).toEqual([404, 'DOCUMENT_NOT_FOUND']);
    expect(code(await call(`PATCH ~/documents/${id}`, { json: {} }))).toEqual([400, 'VALIDATION_FAILED']);
  });

  it('is undone by a resync where the setting says so (7.3)', async () => {
    const text = async (resyncRestores: boolean) => {
      const { patch, id, call, wait, running } = await trained({ resyncRestores });
      await patch(id, 'New text');
      wait();
      await call('POST ~/documents/resync', { json: { documentIds: [id] } });
      return running.inspect(bot)[0]?.text;
    };
    expect(await text(false)).toBe('New text');
    expect(await text(true)).toBe('Reset your password in settings.');
  });
});

describe('DELETE (3.5)', () => {
  it('needs confirm=true, forgets at once, and answers 404 the second time', async () => {
    const { call, remove, id, ask, running } = await trained();
    expect(await ask('password?')).toContain('settings');
    expect(code(await call(`DELETE ~/documents/${id}`))).toEqual([400, 'CONFIRMATION_REQUIRED']);
    expect((await remove(id)).status).toBe(200);
    expect(await ask('password?')).toBe("I don't know.");
    expect(running.inspect(bot)).toEqual([]);
    expect(code(await remove(id))).toEqual([404, 'DOCUMENT_NOT_FOUND']);
    expect(code(await call(`GET ~/documents/${id}`))).toEqual([404, 'DOCUMENT_NOT_FOUND']);
  });

  it('deletes many by ids or filters, with confirm in the body and never without a selector', async () => {
    const { call, create, list, id } = await trained();
    const pending = await create('b.md', 'b');
    const many = (json: Json) => call('POST ~/documents/delete', { json });
    expect(code(await many({ documentIds: [id] }))).toEqual([400, 'CONFIRMATION_REQUIRED']);
    expect(code(await many({ confirm: true }))).toEqual([400, 'VALIDATION_FAILED']);
    expect(code(await many({ confirm: true, all: false }))).toEqual([400, 'VALIDATION_FAILED']);
    expect((await many({ confirm: true, state: 'pending' })).status).toBe(200);
    expect((await list()).documents.map((document) => document.id)).toEqual([id]);
    await many({ confirm: true, documentIds: [id, pending, 'doc_none'] });
    expect((await list()).documents).toEqual([]);
    await create('c.md', 'c');
    await many({ confirm: true, all: true });
    expect((await list()).documents).toEqual([]);
  });

  it('knows no confirm on resync, and refuses resync without a selector', async () => {
    const { call, id } = await trained();
    expect((await call('POST ~/documents/resync', { json: { documentIds: [id], confirm: true } })).status).toBe(400);
    expect((await call('POST ~/documents/resync', { json: {} })).status).toBe(400);
    expect((await call('POST ~/documents/resync', { json: { state: 'broken' } })).status).toBe(400);
  });
});

describe('lists (3.3)', () => {
  it('gives 20 by default, at most 100, and a cursor while there is more', async () => {
    const { create, list, call } = open();
    for (let index = 0; index < 21; index++) await create(`${index}.md`, 'text');
    const first = await list();
    expect(first.documents).toHaveLength(20);
    expect(first.pagination).toEqual({ limit: 20, hasNextPage: true, nextCursor: expect.any(String) });
    const second = await list(`?cursor=${first.pagination.nextCursor}`);
    expect(second.documents.map(({ name }) => name)).toEqual(['20.md']);
    expect(second.pagination).toEqual({ limit: 20, hasNextPage: false, nextCursor: null });
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'cursor=x'])
      expect((await call(`GET ~/documents?${query}`)).status, query).toBe(400);
  });

  it('goes newest first where the setting says so', async () => {
    const { create, list } = open({ listOrder: 'newest-first' });
    for (const name of ['a.md', 'b.md', 'c.md']) await create(name, 'text');
    const first = await list('?limit=2');
    expect(first.documents.map(({ name }) => name)).toEqual(['c.md', 'b.md']);
    expect((await list(`?limit=2&cursor=${first.pagination.nextCursor}`)).documents.map(({ name }) => name)).toEqual(['a.md']);
  });

  it('shifts while paging where cursors are offsets (6)', async () => {
    const second = async (pageBy: 'item' | 'offset') => {
      const { create, list, remove } = open({ pageBy });
      const ids: string[] = [];
      for (const name of ['a.md', 'b.md', 'c.md', 'd.md']) ids.push(await create(name, 'text'));
      const first = await list('?limit=2');
      await remove(ids[0] ?? '');
      return (await list(`?limit=2&cursor=${first.pagination.nextCursor}`)).documents.map(({ name }) => name);
    };
    expect(await second('item')).toEqual(['c.md', 'd.md']);
    expect(await second('offset')).toEqual(['d.md']);
  });

  it('filters by query, and by repeated source, status and type', async () => {
    const { create, list, wait } = open();
    await create('Guide one.md', 'text');
    wait();
    await create('other.md', 'text');
    const names = async (query: string) => (await list(query)).documents.map(({ name }) => name);
    expect(await names('?query=guide')).toEqual(['Guide one.md']);
    expect(await names('?status=QUEUED&status=PROCESSING')).toEqual(['other.md']);
    expect(await names('?source=LOCAL_FILE&type=FILE')).toEqual(['Guide one.md', 'other.md']);
    expect(await names('?source=WEBSITE')).toEqual([]);
  });

  it('lags behind creates and deletes where the setting says so; get-one does not', async () => {
    const { create, list, remove, wait, document, running, call } = open({ listLagMs: 500 });
    const id = await create('a.md', 'text');
    expect((await list()).documents).toEqual([]);
    expect((await document(id))['id']).toBe(id);
    wait(500);
    expect((await list()).documents).toHaveLength(1);
    await remove(id);
    expect((await list()).documents).toHaveLength(1);
    expect((await call(`GET ~/documents/${id}`)).status).toBe(404);
    expect(running.inspect(bot)).toEqual([]);
    wait(500);
    expect((await list()).documents).toEqual([]);
  });

  it('counts by source, status and type', async () => {
    const { create, call, wait } = open();
    await create('a.md', 'text');
    wait();
    await create('b.md', 'text');
    expect(at((await call('GET ~/documents/stats')).body, 'data')).toEqual({
      bySource: { LOCAL_FILE: 2 },
      byStatus: { SUCCESS: 1, QUEUED: 1 },
      byType: { FILE: 2 },
    });
  });
});

describe('the text slot (3.6)', () => {
  it('holds one text: a second one replaces the first', async () => {
    const { call, running, wait } = open();
    const set = (text: string) => call('POST ~/knowledge/text', { json: { text, name: 'Note' } });
    const first = at((await set('One')).body, 'data', 'document', 'id');
    expect(at((await set('Two')).body, 'data')).toEqual({
      document: { id: expect.any(String), source: 'TEXT' },
      replacedDocumentId: first,
    });
    wait();
    expect(running.inspect(bot).map(({ text }) => text)).toEqual(['Two']);
  });
});

describe('answers (3.8)', () => {
  it('opens a conversation, answers in the same call, and names the documents as sources (6)', async () => {
    const { call } = await trained();
    const { body } = await call('POST ~/messages', { json: { message: 'password?', pageUrl: null } });
    const threadId = at(body, 'data', 'conversation', 'threadId');
    expect(at(body, 'data', 'message')).toMatchObject({
      messageId: expect.stringMatching(/^\d{18}$/),
      question: { text: 'password?' },
      answer: { text: 'Reset your password in settings.' },
      sources: ['a.md'],
      messageType: 'NORMAL_MESSAGE',
      systemMessageType: null,
    });
    const next = await call(`POST ~/conversations/${threadId}/messages`, { json: { message: 'more password?' } });
    expect(Object.keys(at(next.body, 'data') as object)).toEqual(['message']);
    expect(at((await call(`GET ~/conversations/${threadId}/messages?limit=1`)).body, 'data', 'pagination', 'hasNextPage')).toBe(true);
    expect(at((await call(`GET ~/conversations/${threadId}`)).body, 'data', 'conversation', 'messages')).toHaveLength(2);
    expect((await call('POST ~/conversations/none/messages', { json: { message: 'x' } })).status).toBe(404);
    expect((await call('POST ~/messages', { json: { message: '' } })).status).toBe(400);
  });

  it('lists conversations newest first and deletes one with confirm=true', async () => {
    const { call, ask } = open();
    await ask('one');
    await ask('two');
    const asked = async () => {
      const listed = at((await call('GET ~/conversations')).body, 'data', 'conversations') as {
        threadId: string;
        lastMessage: { question: { text: string } };
      }[];
      return listed.map(({ threadId, lastMessage }) => [threadId, lastMessage.question.text] as const);
    };
    const [newest] = await asked();
    expect((await asked()).map(([, text]) => text)).toEqual(['two', 'one']);
    expect(code(await call(`DELETE ~/conversations/${newest?.[0]}`))).toEqual([400, 'CONFIRMATION_REQUIRED']);
    await call(`DELETE ~/conversations/${newest?.[0]}?confirm=true`);
    expect((await asked()).map(([, text]) => text)).toEqual(['one']);
  });

  it('answers null, or as a system message or an error when the quota is used up (2.7)', async () => {
    const send = async (change: Change) => open(change).call('POST ~/messages', { json: { message: 'hi' } });
    expect(at((await send({ answerNull: true })).body, 'data', 'message', 'answer')).toBeNull();
    const over = await send({ messageLimit: 0 });
    expect(at(over.body, 'data', 'message')).toMatchObject({
      answer: null,
      messageType: 'SYSTEM_MESSAGE',
      systemMessageType: 'EXCEEDED_USAGE_LIMITS',
    });
    expect(code(await send({ messageLimit: 0, messageLimitAs: 'error' }))).toEqual([403, 'MESSAGES_LIMIT_REACHED']);
  });
});

describe('v0 (2)', () => {
  it('has its own envelope and codes', async () => {
    const { legacy, running, raw } = open();
    running.provision({ id: 'other', secret: 'other' });
    expect((await legacy('GET ~')).body).toMatchObject({ success: true, data: { chatbot: { id: bot } } });
    const refused = await legacy('GET ~', { headers: { authorization: 'Bearer no' } });
    expect(refused.body).toEqual({
      success: false,
      message: 'Failed to authenticate',
      data: null,
      error: { code: 'API_KEY_NOT_VALID', message: 'Failed to authenticate', details: null },
    });
    expect(code(await raw('GET /api/v0/chatbots/none'))).toEqual([404, 'CHATBOT_NOT_FOUND']);
    expect(code(await raw('GET /api/v0/chatbots/other'))).toEqual([403, 'CHATBOT_FETCH_FORBIDDEN']);
    const invalid = await legacy('POST ~/custom-content', { json: { text: 1 } });
    expect(code(invalid)).toEqual([400, 'REQUEST_VALIDATION_FAILED']);
    expect(at(invalid.body, 'error', 'details')).toEqual([{ path: 'text', message: 'must be a string' }]);
    expect(at((await raw('GET /api/v0/chatbots')).body, 'data', 'chatbots')).toHaveLength(1);
  });

  it('refuses sgpt_ tokens, unless credentials are one (6)', async () => {
    const ask = async (separateCredentials: boolean) => {
      const { running, raw } = open({ separateCredentials });
      running.provision({ id: 'second', secret: 'sgpt_x' });
      return (await raw('GET /api/v0/chatbots/second', { headers: { authorization: 'Bearer sgpt_x' } })).status;
    };
    expect(await ask(true)).toBe(401);
    expect(await ask(false)).toBe(200);
  });

  it('has no way to read custom content: 405 (6); links and v1 are not emulated', async () => {
    const { legacy, raw } = open();
    expect(code(await legacy('GET ~/custom-content'))).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(code(await legacy('POST ~/links', { json: { links: [] } }))).toEqual([404, 'ROUTE_NOT_FOUND']);
    expect((await raw(`POST /api/v1/chatbots/${bot}/links`, { json: {} })).status).toBe(404);
  });

  it('replaces the one text; the former answers until it has settled, and nothing tells when (2.2, 4)', async () => {
    const { legacy, ask, wait, running } = open();
    const set = (text: string) => legacy('POST ~/custom-content', { json: { text } });
    expect((await set('First password text')).body).toEqual({
      success: true,
      message: 'Modified custom content of the chatbot successfully',
      data: {},
    });
    expect(await ask('password?')).toBe("I don't know.");
    wait();
    expect(await ask('password?')).toBe('First password text');
    await set('Second password text');
    expect(await ask('password?')).toBe('First password text');
    wait();
    expect(await ask('password?')).toBe('Second password text');
    expect(running.inspect(bot)).toMatchObject([{ text: 'Second password text', answeredFrom: 'Second password text' }]);
    await set('');
    wait();
    expect(await ask('password?')).toBe("I don't know.");
    expect(running.inspect(bot)).toEqual([]);
    await set('Third password text');
    wait();
    expect(await ask('password?')).toBe('Third password text');
  });

  it('appends, clears or refuses as the settings say (2.2, 7.4)', async () => {
    const appending = open({ customContent: 'append' });
    for (const text of ['one', 'two']) await appending.legacy('POST ~/custom-content', { json: { text } });
    expect(appending.running.inspect(bot)[0]?.text).toBe('one\ntwo');
    const status = async (change: Change, json: Json) => (await open(change).legacy('POST ~/custom-content', { json })).status;
    expect(await status({}, {})).toBe(400);
    expect(await status({ missingText: 'clear' }, {})).toBe(200);
    expect(await status({ emptyText: 'refuse' }, { text: '' })).toBe(400);
    expect(await status({ maxCustomContentChars: 3 }, { text: 'long' })).toBe(400);
  });

  it('makes threads with microsecond times and refuses one that exists (2.6)', async () => {
    const { legacy } = open();
    const { body } = await legacy('POST ~/threads', { json: { threadId: 'mine', mode: 'AI' } });
    expect(at(body, 'data', 'thread')).toMatchObject({
      threadId: 'mine',
      mode: 'AI',
      messages: [],
      startedAt: '2026-03-01T12:00:00.000000Z',
      chatbotId: bot,
    });
    expect((await legacy('POST ~/threads', { json: { threadId: 'mine' } })).status).toBe(400);
    expect((await legacy('POST ~/threads', { json: { mode: 'HUMAN' } })).status).toBe(400);
  });

  it('answers messages at once, with ids beyond 2^53 as strings, in a new thread where none is given (2.1, 2.7, 2.8)', async () => {
    const { legacy } = await trained();
    const { body } = await legacy('POST ~/message', { json: { message: 'password?', from: 'USER' } });
    const message = at(body, 'data', 'message');
    expect(message).toMatchObject({
      answer: { text: 'Reset your password in settings.' },
      messageType: 'NORMAL_MESSAGE',
      sources: ['a.md'],
      chatbotId: bot,
    });
    const id = at(message, 'id') as string;
    expect(Number(id)).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
    const thread = at((await legacy(`GET ~/threads/${at(message, 'threadId')}`)).body, 'data', 'thread');
    expect(at(thread, 'messages', 0, 'messageId')).toBe(id);
    expect(at((await legacy('GET ~/threads?page=1&limit=5')).body, 'data', 'threads')).toHaveLength(1);
    expect((await legacy('POST ~/message', { json: { message: 'x', threadId: 'none' } })).status).toBe(404);
    expect((await legacy('POST ~/message', { json: { message: 'x', temperature: 1 } })).status).toBe(400);
  });

  it('answers null in a thread of mode AGENT (2.7)', async () => {
    const { legacy } = open();
    await legacy('POST ~/threads', { json: { threadId: 'mine', mode: 'AGENT' } });
    expect(at((await legacy('POST ~/message', { json: { message: 'x', threadId: 'mine' } })).body, 'data', 'message', 'answer')).toBeNull();
  });

  it('slows down as the plan says (5)', async () => {
    const { legacy } = open({ v0PerMinute: 1 });
    await legacy('GET ~');
    expect(code(await legacy('GET ~'))).toEqual([429, 'RATE_LIMIT_EXCEEDED']);
  });
});

describe('the emulator itself', () => {
  it('goes on after a restart: training under way ends, former texts answer till then', async () => {
    const first = await trained();
    await first.patch(first.id, 'New password text');
    await first.legacy('POST ~/custom-content', { json: { text: 'Invoices are monthly' } });
    const again = open({}, emulatorTools(first.tools));
    expect((await again.document(first.id))['status']).toBe('QUEUED');
    expect(await again.ask('password?')).toContain('settings');
    again.wait();
    expect(await again.ask('password?')).toBe('New password text');
    expect(await again.ask('invoices?')).toBe('Invoices are monthly');
    const third = open({}, emulatorTools(first.tools));
    expect(await third.ask('password?')).toBe('New password text');
    await third.legacy('POST ~/custom-content', { json: { text: '' } });
    third.wait();
    const fourth = open({}, emulatorTools(first.tools));
    expect(await fourth.ask('invoices?')).toBe("I don't know.");
    expect(fourth.running.inspect(bot).map(({ name }) => name)).toEqual(['a.md']);
  });

  it('plants a trained file', async () => {
    const { running, ask, document } = open();
    const id = running.plant(bot, { name: 'theirs.md', text: 'Their passwords' });
    expect(await document(id)).toMatchObject({ name: 'theirs.md', source: 'LOCAL_FILE', status: 'SUCCESS' });
    expect(running.inspect(bot)).toEqual([{ remoteId: id, name: 'theirs.md', text: 'Their passwords', answeredFrom: 'Their passwords' }]);
    expect(await ask('passwords?')).toBe('Their passwords');
  });

  it('leaves no text behind that nothing needs', async () => {
    const { patch, id, wait, remove, tools } = await trained();
    await patch(id, 'two');
    await patch(id, 'three');
    expect(tools.store.size(`texts:${bot}`)).toBe(2);
    wait();
    await patch(id, 'four');
    expect(tools.store.size(`texts:${bot}`)).toBe(2);
    await remove(id);
    expect(tools.store.size(`texts:${bot}`)).toBe(0);
  });

  it('holds 10,000 documents: training them writes nothing, paging them is quick', async () => {
    const { upload, list, wait, tools } = open();
    for (let index = 0; index < 10_000; index++) await upload(file(`${index}.md`, `text ${index}`));
    const before = tools.writes();
    wait();
    const names = new Set<string>();
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page = await list(`?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`);
      for (const { name } of page.documents) names.add(name);
      cursor = page.pagination.nextCursor;
    }
    expect(names.size).toBe(10_000);
    expect(tools.writes()).toBe(before);
  });
});
