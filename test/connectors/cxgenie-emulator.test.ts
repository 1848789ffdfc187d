// The CX Genie emulator against the vendor notes (cxgenie.md): one test a rule, its section in the name.
import { describe, expect, it } from 'vitest';
import { emulator } from '../../src/connectors/cxgenie/emulator.ts';
import type { EmulatorReply } from '../../src/connectors/emulator.ts';
import type { Json, JsonRecord } from '../../src/model/json.ts';
import { at, caller, emulatorTools, type Got, type TestTools } from '../support/emulator-tools.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const base = '/api/v2/public-api';
const token = 'workspace-token';

type Change = Partial<typeof emulator.defaults>;

function open(change: Change = {}, tools: TestTools = emulatorTools()) {
  const running = emulator.create(tools, { ...emulator.defaults, ...change });
  running.provision({ id: 'bot', secret: token });
  const raw = caller(running, {});
  const post = (path: string, json: { [name: string]: Json }): Promise<Got> =>
    raw(`POST ${base}${path}`, { json: { workspace_token: token, ...json } });
  const get = (path: string, query: readonly string[] = []): Promise<Got> =>
    raw(`GET ${base}${path}?${[`workspace_token=${token}`, ...query].join('&')}`);
  const create = (json: { [name: string]: Json }): Promise<Got> => post('/bot-data', { bot_id: 'bot', type: 'TEXT', ...json });
  const say = (content: string, more: { [name: string]: Json } = {}): Promise<Got> =>
    post('/messages', { bot_id: 'bot', content, metadata: {}, ...more });
  return {
    tools,
    running,
    raw,
    post,
    get,
    create,
    say,
    ask: async (content: string) => at((await say(content)).body, 'data'),
    upload: (form: FormData, query = '', host = '127.0.0.1:4711') => multipart(running, `${base}/upload/multiple`, form, query, host),
    customers: async (...query: string[]) => {
      const { body } = await get('/customer-list', query);
      return at(body, 'data', 'customers') as JsonRecord[];
    },
    wait: (ms: number) => {
      tools.clock.now += ms;
    },
  };
}

async function multipart(
  running: ReturnType<typeof emulator.create>,
  path: string,
  form: FormData,
  query: string,
  host: string,
): Promise<EmulatorReply> {
  const sent = new Request('http://localhost', { method: 'POST', body: form });
  return running.handle({
    method: 'POST',
    path,
    query: new URLSearchParams(query),
    headers: { 'content-type': sent.headers.get('content-type') ?? '', host },
    body: Buffer.from(await sent.arrayBuffer()),
  });
}

/** An article that has been learnt. */
async function learnt(change: Change = {}) {
  const bench = open(change);
  const made = await bench.create({ title: 'Passwords', content: 'Reset your password in settings.' });
  bench.wait(emulator.defaults.learnMs);
  return { ...bench, id: at(made.body, 'data', 'id') as string };
}

const contact = { name: 'Ann', email: 'ann@example.com', phone_number: '1', external_id: '11111111-1111-4111-8111-111111111111' };

describe('the door (2)', () => {
  it('reads the token from the body of a POST and the query of a GET; without it, or with a wrong one, 401 (2.1, 6.2)', async () => {
    const { raw, get, create } = open();
    expect((await create({ content: 'a' })).status).toBe(201);
    expect((await get('/customer-list')).status).toBe(200);
    const body = { bot_id: 'bot', type: 'TEXT', content: 'a' };
    const missing = await raw(`POST ${base}/bot-data`, { json: body });
    expect(missing.status).toBe(401);
    expect(missing.body).toEqual({ success: false, error: { code: 'UNAUTHORIZED', message: 'Invalid or missing workspace_token' } });
    expect((await raw(`POST ${base}/bot-data`, { json: { ...body, workspace_token: 'other' } })).status).toBe(401);
    expect((await raw(`GET ${base}/customer-list`)).status).toBe(401);
    expect((await raw(`GET ${base}/customer-list?workspace_token=other`)).status).toBe(401);
    const bearer = { authorization: `Bearer ${token}` };
    expect((await raw(`GET ${base}/customer-list`, { headers: bearer })).status).toBe(401);
  });

  it('refuses a token in the wrong place: the query of a POST, the body of a GET (2.1, 2.2)', async () => {
    const { raw } = open();
    const json = { workspace_token: token, bot_id: 'bot', type: 'TEXT', content: 'a' };
    expect((await raw(`POST ${base}/bot-data?workspace_token=${token}`, { json })).status).toBe(400);
    expect((await raw(`GET ${base}/customer-list?workspace_token=${token}`, { json: { workspace_token: token } })).status).toBe(400);
  });

  it('has no call on training data but the create: list, read, update, delete, status and training are 404 (1 #10, 4, 6.1)', async () => {
    const { raw, id } = await learnt();
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const query = `workspace_token=${token}&bot_id=bot`;
      expect((await raw(`${method} ${base}/bot-data?${query}`)).status, method).toBe(404);
      expect((await raw(`${method} ${base}/bot-data/${id}?${query}`)).status, method).toBe(404);
    }
    for (const path of [
      '/bot-data/',
      '/bot-data/train',
      `/bot-data/${id}`,
      '/upload',
      '/upload/single',
      '/message',
      '',
      '/sessions-by-customer/x',
    ])
      expect((await raw(`POST ${base}${path}`, { json: { workspace_token: token } })).status, path).toBe(404);
    for (const path of ['/messages', '/customer-detail', '/customer-detail/a/b', '/detail-sessions', '/bots', '/customer-list/'])
      expect((await raw(`GET ${base}${path}?workspace_token=${token}`)).status, path).toBe(404);
    expect((await raw('POST /api/v1/public-api/messages')).status).toBe(404);
  });

  it('answers 404 for an unknown bot and for one of another workspace (2.3, 6.3)', async () => {
    const { running, create, say } = open();
    running.provision({ id: 'other', secret: 'another-token' });
    for (const bot_id of ['none', 'other']) {
      expect((await create({ bot_id, content: 'a' })).status).toBe(404);
      expect((await say('a', { bot_id })).status).toBe(404);
    }
    expect(running.inspect('other')).toEqual([]);
  });

  it('refuses fields and parameters that the page does not name, or takes them where the setting says so (6.3)', async () => {
    const strict = open();
    expect((await strict.create({ content: 'a', metadata: {} })).status).toBe(400);
    expect((await strict.create({ content: 'a', external_id: 'x' })).status).toBe(400);
    expect((await strict.say('a', { stream: true })).status).toBe(400);
    expect((await strict.say('a', { chat_user: {} })).status).toBe(400);
    expect((await strict.get('/customer-list', ['limit=5'])).status).toBe(400);
    const lax = open({ strictFields: false });
    expect((await lax.create({ content: 'a', metadata: {} })).status).toBe(201);
    expect((await lax.get('/customer-list', ['limit=5'])).status).toBe(200);
  });

  it('answers 201 to a POST and 200 to a GET; or always 200 (2.3)', async () => {
    const { create, say, get } = open();
    expect([(await create({ content: 'a' })).status, (await say('a')).status, (await get('/customer-list')).status]).toEqual([
      201, 201, 200,
    ]);
    expect((await open({ postStatus: 200 }).create({ content: 'a' })).status).toBe(200);
  });

  it('gives an error as object, list, string, HTML or nothing, or with 200 and success: false (2.3, 6.2)', async () => {
    const bad = async (change: Change) => (await open(change).create({ content: '' })).reply;
    const message = 'content should not be empty and must be a string';
    expect(await bad({})).toMatchObject({ status: 400, body: { success: false, error: { code: 'VALIDATION_ERROR', message } } });
    expect((await bad({ errorBody: 'list' })).body).toEqual({ success: false, error: { code: 'VALIDATION_ERROR', message: [message] } });
    expect((await bad({ errorBody: 'string' })).body).toEqual({ success: false, error: message });
    expect((await bad({ errorBody: 'html' })).body).toContain('<h1>400</h1>');
    expect((await bad({ errorBody: 'empty' })).body).toBe('');
    expect(await bad({ errorsWith200: true })).toMatchObject({ status: 200, body: { success: false } });
  });

  it('takes JSON bodies up to 1 MB, and JSON only (2.3, 5)', async () => {
    const { create, raw } = open();
    expect((await create({ content: 'x'.repeat(1_000_000) })).status).toBe(413);
    expect((await open({ maxBodyBytes: null }).create({ content: 'x'.repeat(1_000_000) })).status).toBe(201);
    expect((await raw(`POST ${base}/bot-data`, { raw: '{"workspace_token"' })).status).toBe(400);
    expect((await raw(`POST ${base}/bot-data`, { raw: '[]' })).status).toBe(400);
    expect((await raw(`POST ${base}/bot-data`, { json: {}, headers: { 'content-type': 'text/plain' } })).status).toBe(400);
  });

  it('asks to slow down with 429, with Retry-After or without (2.3)', async () => {
    const { create, wait } = open({ perMinute: 1 });
    await create({ content: 'a' });
    wait(30_000);
    const slow = await create({ content: 'a' });
    expect([slow.status, slow.headers['retry-after']]).toEqual([429, '30']);
    wait(30_000);
    expect((await create({ content: 'a' })).status).toBe(201);
    const mute = open({ perMinute: 0, retryAfter: false });
    expect((await mute.create({ content: 'a' })).headers).toEqual({});
  });
});

describe('training data (#1)', () => {
  it('answers with the whole record and WAITING (3 #1)', async () => {
    const { create, tools } = open();
    const now = new Date(tools.clock.now).toISOString();
    expect((await create({ title: 'T', content: 'C' })).body).toEqual({
      success: true,
      data: {
        id: expect.stringMatching(uuid),
        bot_id: 'bot',
        content: 'C',
        content_value: '',
        type: 'TEXT',
        title: 'T',
        status_learning: 'WAITING',
        created_at: now,
        updated_at: now,
        source: 'USER',
        total_relearning: null,
        filename: null,
        size: null,
        mimetype: null,
        created_by: null,
        updated_by: null,
        deleted_at: null,
      },
    });
  });

  it('leaves content_value empty, null or out where the request had none, and title null (3 #1)', async () => {
    const value = async (missingValue: 'empty' | 'null' | 'absent') =>
      at((await open({ missingValue }).create({ content: 'C' })).body, 'data') as JsonRecord;
    expect((await value('empty'))['content_value']).toBe('');
    expect((await value('null'))['content_value']).toBeNull();
    expect(await value('absent')).not.toHaveProperty('content_value');
    expect((await value('empty'))['title']).toBeNull();
  });

  it('wants bot, type and content (3 #1, 6.3)', async () => {
    const { create, post } = open();
    expect((await create({})).status).toBe(400);
    expect((await create({ content: 1 })).status).toBe(400);
    expect((await create({ content: 'a', title: null })).status).toBe(400);
    expect((await create({ content: 'a', type: 'ARTICLE' })).status).toBe(400);
    expect((await post('/bot-data', { bot_id: 'bot', content: 'a' })).status).toBe(400);
    expect((await post('/bot-data', { type: 'TEXT', content: 'a' })).status).toBe(400);
  });

  it('makes two items of the same body twice (4.3, 6.4)', async () => {
    const { create, running } = open();
    const ids = [await create({ title: 'T', content: 'C' }), await create({ title: 'T', content: 'C' })].map(({ body }) =>
      at(body, 'data', 'id'),
    );
    expect(new Set(ids).size).toBe(2);
    expect(running.inspect('bot').map(({ remoteId }) => remoteId)).toEqual(ids);
  });

  it('learns an item after its time, and answers from it only then (6.5)', async () => {
    const { create, ask, wait, running, tools } = open();
    await create({ title: 'Passwords', content: 'Reset your password in settings.' });
    wait(emulator.defaults.learnMs - 1);
    expect(await ask('password?')).toBe(emulator.defaults.replyUnknown);
    expect(running.inspect('bot')).toMatchObject([{ name: 'Passwords', text: 'Reset your password in settings.', answeredFrom: null }]);
    const writes = tools.writes();
    wait(1);
    expect(running.inspect('bot')).toMatchObject([{ answeredFrom: 'Reset your password in settings.' }]);
    expect(tools.writes()).toBe(writes);
    expect(await ask('password?')).toContain('settings');
  });

  it('never learns, where the setting or the marker says so, and tells nobody (6.5)', async () => {
    const never = open({ learnMs: Number.POSITIVE_INFINITY });
    await never.create({ content: 'About passwords' });
    never.wait(1e12);
    expect(await never.ask('passwords?')).toBe(emulator.defaults.replyUnknown);
    const marked = open({ failMarker: 'POISON' });
    expect((await marked.create({ content: 'POISON about passwords' })).status).toBe(201);
    marked.wait(1e12);
    expect(marked.running.inspect('bot')).toMatchObject([{ answeredFrom: null }]);
  });

  it('holds back what is like an item that is there, as "overlapped", or refuses it (6.5, 7.8)', async () => {
    const held = open({ likeContent: 'overlap', likeShare: 0.6 });
    await held.create({ content: 'the old password text stands here' });
    expect((await held.create({ content: 'the new password text stands here' })).status).toBe(201);
    await held.create({ content: 'invoices come monthly' });
    held.wait(1e6);
    expect(held.running.inspect('bot').map(({ answeredFrom }) => answeredFrom !== null)).toEqual([true, false, true]);
    const strict = open({ likeContent: 'refuse' });
    await strict.create({ content: 'One two.' });
    expect((await strict.create({ content: 'two ONE' })).status).toBe(400);
    expect((await strict.create({ content: 'two one three' })).status).toBe(201);
  });

  it('quotes the older of two items on one topic where the setting says so (4.4, 6.9)', async () => {
    const both = await learnt();
    await both.create({ content: 'The password is reset by mail now.' });
    both.wait(1500);
    expect(await both.ask('password?')).toContain('by mail');
    const older = await learnt({ quotes: 'oldest' });
    await older.create({ content: 'The password is reset by mail now.' });
    await older.create({ content: 'Mail is free.' });
    older.wait(1500);
    for (let time = 0; time < 2; time++) {
      expect(await older.ask('password?')).toContain('settings');
      expect(await older.ask('password?')).not.toContain('by mail');
    }
    expect(await older.ask('what is reset by mail, and free?')).toContain('settings');
  });

  it('takes the question in content and the answer in content_value; or the other way round (3 #1)', async () => {
    const first = open();
    const json = { type: 'Q_AND_A', content: 'How do passwords work?', content_value: 'The passwords hold 8 letters.' };
    expect(at((await first.create(json)).body, 'data', 'content_value')).toBe('The passwords hold 8 letters.');
    first.wait(1500);
    expect(await first.ask('passwords?')).toBe('<p>The passwords hold 8 letters.</p>');
    expect(first.running.inspect('bot')).toMatchObject([{ text: 'How do passwords work?\nThe passwords hold 8 letters.' }]);
    expect((await first.create({ ...json, content_value: '' })).status).toBe(400);
    const second = open({ qaOrder: 'answer-first' });
    await second.create(json);
    second.wait(1500);
    expect(await second.ask('passwords?')).toBe('<p>How do passwords work?</p>');
  });

  it('takes URLs up to 255 characters, and learns what stands there (3 #1, 5)', async () => {
    const url = 'https://example.com/help';
    const { create, wait, ask, running } = open({ pages: { [url]: 'Passwords are in settings.' } });
    expect((await create({ type: 'URL', content: url })).status).toBe(201);
    await create({ type: 'URL', content: 'https://example.com/nothing' });
    wait(1500);
    expect(await ask('passwords?')).toContain('settings');
    expect(running.inspect('bot').map(({ text, answeredFrom }) => [text, answeredFrom])).toEqual([
      [url, 'Passwords are in settings.'],
      ['https://example.com/nothing', null],
    ]);
    expect((await create({ type: 'URL', content: `${url}/${'a'.repeat(255)}` })).status).toBe(400);
    expect((await create({ type: 'URL', content: 'no address' })).status).toBe(400);
  });

  it('refuses what the marker, the quota and the learnt length bar (2.3, 5, 7.6)', async () => {
    const { create, running } = open({ rejectMarker: 'bad', maxItems: 1 });
    expect((await create({ content: 'bad' })).status).toBe(400);
    expect((await create({ content: 'good' })).status).toBe(201);
    expect((await create({ content: 'good' })).status).toBe(402);
    expect(running.inspect('bot')).toHaveLength(1);
    const cut = open({ learntChars: 5 });
    await cut.create({ content: 'One two' });
    cut.wait(1500);
    expect(cut.running.inspect('bot')).toMatchObject([{ text: 'One two', answeredFrom: 'One t' }]);
  });
});

describe('uploads (#2)', () => {
  const form = (...names: string[]): FormData => {
    const made = new FormData();
    for (const name of names) made.append('files', new File([`About passwords in ${name}`], name, { type: 'text/plain' }));
    return made;
  };
  const withToken = (made: FormData): FormData => {
    made.append('workspace_token', token);
    return made;
  };

  it('gives name, url, type and size of each file, without uid, in an order of its own (3 #2)', async () => {
    const { upload } = open();
    const { status, body } = await upload(withToken(form('a.txt', 'ü b.txt')));
    expect(status).toBe(201);
    const url = expect.stringMatching(/^http:\/\/127\.0\.0\.1:4711\/cxgenie-files\/[0-9a-f-]{36}\//);
    expect(body).toEqual({
      success: true,
      data: [
        { name: 'ü b.txt', url, type: 'text/plain', size: 27 },
        { name: 'a.txt', url, type: 'text/plain', size: 24 },
      ],
    });
    const plain = await open({ uploadOrder: 'as-sent', uploadNames: 'made-up' }).upload(withToken(form('a.txt')));
    expect(at(plain.body as Json, 'data', 0, 'name')).toMatch(/^[0-9a-f-]{36}\.txt$/);
  });

  it('takes the token as a form part or as a query parameter, not both; or only one of them (3 #2, 6.7)', async () => {
    const query = `workspace_token=${token}`;
    const statuses = async (uploadTokenIn: 'either' | 'form' | 'query') => {
      const { upload } = open({ uploadTokenIn });
      return [(await upload(withToken(form('a')))).status, (await upload(form('a'), query)).status];
    };
    expect(await statuses('either')).toEqual([201, 201]);
    expect(await statuses('form')).toEqual([201, 400]);
    expect(await statuses('query')).toEqual([400, 201]);
    const { upload } = open();
    expect((await upload(withToken(form('a')), query)).status).toBe(400);
    expect((await upload(form('a'))).status).toBe(401);
  });

  it('refuses other parts, no files, texts for files and other bodies (3 #2)', async () => {
    const { upload, raw } = open();
    const other = withToken(form('a'));
    other.append('folder', 'x');
    expect((await upload(other)).status).toBe(400);
    expect((await upload(withToken(form()))).status).toBe(400);
    const text = withToken(new FormData());
    text.append('files', 'not a file');
    expect((await upload(text)).status).toBe(400);
    expect((await raw(`POST ${base}/upload/multiple`, { json: { workspace_token: token } })).status).toBe(400);
    const broken = { raw: 'no form', headers: { 'content-type': 'multipart/form-data; boundary=x' } };
    expect((await raw(`POST ${base}/upload/multiple`, broken)).status).toBe(400);
  });

  it('serves the file at its address, without a token, and learns it as DOCUMENT (3 #1, #2)', async () => {
    const { upload, raw, create, wait, ask } = open({ uploadMs: 10_000 });
    const url = at((await upload(withToken(form('a.txt')))).body as Json, 'data', 0, 'url') as string;
    const { pathname } = new URL(url);
    const served = await raw(`GET ${pathname}`);
    expect([served.status, String(served.reply.body)]).toEqual([200, 'About passwords in a.txt']);
    const made = at((await create({ type: 'DOCUMENT', content: url })).body, 'data');
    expect(made).toMatchObject({ type: 'DOCUMENT', content: url, filename: 'a.txt', size: 24, mimetype: 'text/plain' });
    wait(1500);
    expect(await ask('passwords?')).toBe('<p>About passwords in a.txt</p>');
    wait(10_000);
    expect((await raw(`GET ${pathname}`)).status).toBe(404);
    expect((await create({ type: 'DOCUMENT', content: url })).status).toBe(400);
    expect((await create({ type: 'DOCUMENT', content: 'https://example.com/a.pdf' })).status).toBe(400);
  });
});

describe('messages (#3)', () => {
  it('answers in the same call with a text and nothing else, HTML in it (3 #3, 6.6)', async () => {
    const { create, say, wait } = open();
    await create({ content: 'Passwords & "keys":\n1 < 2\n\nNext paragraph.' });
    wait(1500);
    expect((await say('passwords?')).body).toEqual({
      success: true,
      data: '<p>Passwords &amp; &quot;keys&quot;:<br>1 &lt; 2</p>\\n<p>Next paragraph.</p>',
    });
    const plain = await learnt({ answerFormat: 'plain' });
    expect(await plain.ask('password?')).toBe('Reset your password in settings.');
    const lines = open({ literalNewlines: false });
    await lines.create({ content: 'Passwords.\n\nEnd.' });
    lines.wait(1500);
    expect(await lines.ask('passwords?')).toBe('<p>Passwords.</p>\n<p>End.</p>');
  });

  it('says reply_unknown, nothing or null where it does not know; nothing with auto-reply off (3 #3)', async () => {
    expect(await open({ replyUnknown: 'Dunno' }).ask('weather?')).toBe('Dunno');
    expect(await open({ unknownAs: 'empty' }).ask('weather?')).toBe('');
    expect(await open({ unknownAs: 'null' }).ask('weather?')).toBeNull();
    const off = await learnt({ autoReply: false });
    expect(await off.ask('password?')).toBe('');
  });

  it('wants metadata, a question, and a whole customer_info where there is one (3 #3)', async () => {
    const { say, post } = open();
    expect((await say('')).status).toBe(400);
    expect((await post('/messages', { bot_id: 'bot', content: 'a' })).status).toBe(400);
    expect((await open({ metadataRequired: false }).post('/messages', { bot_id: 'bot', content: 'a' })).status).toBe(201);
    expect((await say('a', { metadata: 'x' })).status).toBe(400);
    expect((await say('a', { customer_info: { name: 'Ann' } })).status).toBe(400);
    expect((await say('a', { customer_info: { ...contact, id: 1 } })).status).toBe(400);
    expect((await say('a', { customer_info: contact })).status).toBe(201);
    const file = { uid: 'u', name: 'n', size: 1, url: 'http://x', type: 'image/png' };
    expect((await say('a', { media: [file] })).status).toBe(201);
    expect((await say('a', { media: [{ ...file, uid: '' }] })).status).toBe(400);
  });

  it('refuses an empty phone number and an .invalid address where the setting says so (4.8)', async () => {
    const verifier = { ...contact, phone_number: '', email: 'kb-sync-verify@example.invalid' };
    expect((await open().say('a', { customer_info: verifier })).status).toBe(201);
    const strict = open({ strictContacts: true });
    expect((await strict.say('a', { customer_info: verifier })).status).toBe(400);
    expect((await strict.say('a', { customer_info: { ...verifier, phone_number: '1' } })).status).toBe(400);
    expect((await strict.say('a', { customer_info: contact })).status).toBe(201);
  });

  it('makes a new customer for each anonymous question, and one for each external_id (3 #3, 6.6)', async () => {
    const { say, customers, get } = open();
    await say('one');
    await say('two');
    expect(await customers()).toHaveLength(2);
    await say('three', { customer_info: contact });
    await say('four', { customer_info: contact });
    const [ann] = await customers('search=ann%40example.com');
    expect(ann).toMatchObject({ name: 'Ann', external_id: contact.external_id });
    expect(await customers()).toHaveLength(3);
    expect(at((await get('/sessions-by-customer', [`customer_id=${ann?.['id'] as string}`])).body, 'total')).toBe(1);
  });

  it('opens a new session for a known customer where the setting says so (7.9)', async () => {
    const { say, customers, get } = open({ knownCustomer: 'new-session' });
    await say('three', { customer_info: contact });
    await say('four', { customer_info: contact });
    const [ann, ...rest] = await customers();
    expect(rest).toEqual([]);
    const { body } = await get('/sessions-by-customer', [`customer_id=${ann?.['id'] as string}`]);
    expect(at(body, 'data', 0, 'id')).toBe(ann?.['last_session_id']);
    expect(at(body, 'total')).toBe(2);
  });

  it('lets the former question into the next one where the setting says so (4.8, 7.9)', async () => {
    const second = async (historyLeaks: boolean) => {
      const { say } = await learnt({ historyLeaks });
      await say('password?', { customer_info: contact });
      return at((await say('and then?', { customer_info: contact })).body, 'data');
    };
    expect(await second(false)).toBe(emulator.defaults.replyUnknown);
    expect(await second(true)).toContain('settings');
  });

  it('says 402 when the credits are used up (2.3)', async () => {
    const { say } = open({ messageCredits: 1 });
    expect((await say('a')).status).toBe(201);
    expect((await say('a')).status).toBe(402);
  });
});

describe('customers and sessions (#4 to #7)', () => {
  it('lists customers newest first, 20 a page, before the cursor, with the total (3 #4)', async () => {
    const { say, get, customers, wait } = open();
    for (let number = 0; number < 22; number++) {
      await say('a', { customer_info: { ...contact, name: `Ann ${number}`, external_id: `id-${number}` } });
      wait(1000);
    }
    const { body } = await get('/customer-list');
    expect(at(body, 'data', 'total')).toBe(22);
    const page = at(body, 'data', 'customers') as JsonRecord[];
    expect([page.length, page[0]?.['name']]).toEqual([20, 'Ann 21']);
    const rest = await customers(`cursor=${page.at(-1)?.['created_at'] as string}`);
    expect(rest.map(({ name }) => name)).toEqual(['Ann 1', 'Ann 0']);
    expect(await customers(`cursor=${rest.at(-1)?.['created_at'] as string}`)).toEqual([]);
    expect((await get('/customer-list', ['cursor=soon'])).status).toBe(400);
  });

  it('shows a customer with OPENED here and OPEN there (3 #4)', async () => {
    const { say, customers, tools } = open();
    await say('a', { customer_info: contact });
    expect(await customers()).toEqual([
      {
        id: expect.stringMatching(uuid),
        external_id: contact.external_id,
        name: 'Ann',
        email: 'ann@example.com',
        phone_number: '1',
        bot_id: 'bot',
        last_session_id: expect.stringMatching(uuid),
        created_at: new Date(tools.clock.now).toISOString(),
        is_testing: false,
        conversation_status: 'OPENED',
        conversation_state: 'OPEN',
      },
    ]);
  });

  it('filters by search, bots, types and testing; lists in brackets or repeated (2.2, 3 #4)', async () => {
    const { running, say, customers, get } = open();
    running.provision({ id: 'second', secret: token });
    await say('a', { customer_info: contact });
    await say('a', { bot_id: 'second' });
    expect(await customers('types[]=users')).toMatchObject([{ name: 'Ann' }]);
    expect(await customers('types=lead')).toMatchObject([{ name: 'Anonymous', bot_id: 'second' }]);
    expect(await customers('bot_ids[]=bot', 'bot_ids[]=second')).toHaveLength(2);
    expect(await customers('bot_ids=bot')).toMatchObject([{ name: 'Ann' }]);
    expect(await customers('search=ANN')).toMatchObject([{ name: 'Ann' }]);
    expect(await customers('is_testing=true')).toEqual([]);
    expect((await get('/customer-list', ['types[]=all'])).status).toBe(400);
    expect((await open({ lists: 'repeated' }).get('/customer-list', ['types[]=lead'])).status).toBe(400);
    expect((await open({ lists: 'brackets' }).get('/customer-list', ['types=lead'])).status).toBe(400);
  });

  it('shows no customer of another workspace (6.2)', async () => {
    const { running, say, raw, customers } = open();
    running.provision({ id: 'other', secret: 'another-token' });
    await say('a');
    const [mine] = await customers();
    expect((await raw(`GET ${base}/customer-list?workspace_token=another-token`)).body).toEqual({
      success: true,
      data: { total: 0, customers: [] },
    });
    expect((await raw(`GET ${base}/customer-detail/${mine?.['id'] as string}?workspace_token=another-token`)).status).toBe(404);
  });

  it('gives one customer, for the token under any of its names or one of them (3 #5)', async () => {
    const { say, customers, raw } = await learnt();
    await say('password?', { customer_info: contact });
    const [ann] = await customers();
    const path = `${base}/customer-detail/${ann?.['id'] as string}`;
    const { body } = await raw(`GET ${path}?workspace_token=${token}`);
    expect(at(body, 'data')).toMatchObject({
      ...ann,
      is_customer_answered: true,
      last_message: '<p>Reset your password in settings.</p>',
      last_session: { id: ann?.['last_session_id'], status: 'OPEN', assignee_id: null },
    });
    expect((await raw(`GET ${path}?workshop_id=${token}`)).status).toBe(200);
    expect((await raw(`GET ${path}`)).status).toBe(401);
    const slip = open({ customerDetailAuth: 'workshop_id' });
    await slip.say('a');
    const [only] = await slip.customers();
    const other = `${base}/customer-detail/${only?.['id'] as string}`;
    expect((await slip.raw(`GET ${other}?workspace_token=${token}`)).status).toBe(400);
    expect((await slip.raw(`GET ${other}?workshop_id=${token}`)).status).toBe(200);
    expect((await slip.raw(`GET ${base}/customer-detail/none?workshop_id=${token}`)).status).toBe(404);
  });

  it('gives the sessions of a customer with total beside data, newest first (3 #6)', async () => {
    const { say, customers, get, wait, tools } = open({ knownCustomer: 'new-session', replyUnknown: 'Dunno' });
    const start = tools.clock.now;
    for (let number = 0; number < 12; number++) {
      await say('weather?', { customer_info: contact });
      wait(1000);
    }
    const [ann] = await customers();
    const id = `customer_id=${ann?.['id'] as string}`;
    const { body } = await get('/sessions-by-customer', [id]);
    expect(at(body, 'total')).toBe(12);
    expect(at(body, 'data')).toHaveLength(10);
    expect(at(body, 'data', 0)).toEqual({
      id: ann?.['last_session_id'],
      status: 'OPEN',
      created_at: new Date(start + 11_000).toISOString(),
      last_message_by: 'BOT',
      auto_reply: true,
      bot: { id: 'bot', reply_unknown: 'Dunno', auto_reply: true },
      last_message: 'Dunno',
    });
    expect(at((await get('/sessions-by-customer', [id, 'offset=10'])).body, 'data')).toHaveLength(2);
    const total = async (...query: string[]) => at((await get('/sessions-by-customer', [id, ...query])).body, 'total');
    expect(await total('status[]=CLOSED')).toBe(0);
    expect(await total('reply_status[]=REPLIED_ONLY')).toBe(12);
    expect(await total('reply_status[]=UNREAD_ONLY')).toBe(0);
    expect(await total('bot_ids=other')).toBe(0);
    const [from, to] = [new Date(start).toISOString(), new Date(start + 1000).toISOString()];
    expect(await total(`date_range[]=${from}`, `date_range[]=${to}`)).toBe(2);
    expect((await get('/sessions-by-customer')).status).toBe(400);
    expect((await get('/sessions-by-customer', ['customer_id=ann'])).status).toBe(400);
    expect((await get('/sessions-by-customer', [id, 'limit=-1'])).status).toBe(400);
  });

  it('gives the messages of a session, oldest first, without total (3 #7)', async () => {
    const { say, customers, get } = open({ replyUnknown: 'Dunno' });
    await say('weather?', { customer_info: contact });
    const [ann] = await customers();
    const [id, session] = [ann?.['id'] as string, ann?.['last_session_id'] as string];
    const { body } = await get(`/detail-sessions/${session}`, [`customer_id=${id}`]);
    expect(Object.keys(body)).toEqual(['success', 'data']);
    const bot = { id: 'bot', reply_unknown: 'Dunno' };
    expect(at(body, 'data')).toMatchObject([
      { type: 'TEXT', content: 'weather?', sender_id: id, receiver_id: 'bot', session_id: session, bot },
      { type: 'TEXT', content: 'Dunno', sender_id: 'bot', receiver_id: id, session_id: session, bot },
    ]);
    const last = await get(`/detail-sessions/${session}`, [`customer_id=${id}`, 'order=desc', 'limit=1', 'remove_system_message=true']);
    expect(at(last.body, 'data')).toMatchObject([{ content: 'Dunno' }]);
    expect((await get(`/detail-sessions/${session}`)).status).toBe(400);
    expect((await get(`/detail-sessions/${id}`, [`customer_id=${id}`])).status).toBe(404);
    expect((await get(`/detail-sessions/${session}`, [`customer_id=${id}`, 'order=new'])).status).toBe(400);
  });
});

describe('the sandbox side', () => {
  it('plants an article that is known at once, and keeps a bot that is there', async () => {
    const { running, ask, create } = open();
    running.provision({ id: 'bot', secret: 'new' });
    const id = running.plant('bot', { name: 'Planted', text: 'Passwords by hand' });
    expect(running.inspect('bot')).toEqual([
      { remoteId: id, name: 'Planted', text: 'Passwords by hand', answeredFrom: 'Passwords by hand' },
    ]);
    expect(await ask('passwords?')).toBe('<p>Passwords by hand</p>');
    expect((await create({ content: 'a' })).status).toBe(201);
  });

  it('goes on after a restart: items, what is learnt, customers and uploads', async () => {
    const before = await learnt();
    await before.create({ content: 'Invoices come monthly' });
    await before.say('a', { customer_info: contact });
    const after = open({}, emulatorTools(before.tools));
    expect(after.running.inspect('bot')).toEqual(before.running.inspect('bot'));
    expect(await after.ask('password?')).toContain('settings');
    expect(await after.ask('invoices?')).toBe(emulator.defaults.replyUnknown);
    after.wait(1500);
    expect(await after.ask('invoices?')).toContain('monthly');
    await after.say('b', { customer_info: contact });
    expect((await after.customers('search=Ann')).length).toBe(1);
  });

  it('keeps bots apart', async () => {
    const { running, ask, say } = await learnt();
    running.provision({ id: 'second', secret: token });
    expect(running.inspect('second')).toEqual([]);
    expect(at((await say('password?', { bot_id: 'second' })).body, 'data')).toBe(emulator.defaults.replyUnknown);
    expect(await ask('password?')).toContain('settings');
  });

  it('declares its paths', () => {
    expect(emulator.vendor).toBe('cxgenie');
    expect(emulator.prefixes).toEqual(['/api/v2/public-api/', '/cxgenie-files/']);
  });
});
