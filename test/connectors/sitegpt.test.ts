import { describe, expect, it } from 'vitest';
import type { ChangedItem, ItemResult, ItemTarget, NewItem } from '../../src/connectors/connector.ts';
import { connector } from '../../src/connectors/sitegpt/index.ts';
import type { Json } from '../../src/model/json.ts';
import { all, call, type Scripted, type Step, scripted, thrown } from './scripted-http.ts';

const chatbotId = '361628903185318481';
const bot = `/api/v2/chatbots/${chatbotId}`;

function target(script: Scripted, options: object = {}): ItemTarget {
  const connected = connector.connect(connector.options.parse({ chatbotId, token: 'sgpt_1', ...options }), script.tools);
  if (!('create' in connected)) throw new Error('not an item target');
  return connected;
}

function item(name: string, text = `# ${name}`): NewItem {
  const rest = { kind: 'article', part: '', url: null, format: 'markdown', attributes: {} } as const;
  return { effect: `e-${name}`, document: name, path: name, mark: `${name} mark.md`, title: name, text, ...rest };
}

const changed = (name: string): ChangedItem => ({ ...item(name), remoteId: `doc_${name}` });

const ok = (data: Json): Json => ({ ok: true, data, meta: { requestId: 'r' } });
const fails = (code: string, more: { [key: string]: Json } = {}): Json => ({
  ok: false,
  error: { code, message: 'so it is', ...more },
  meta: {},
});
const page = (names: readonly string[], next: string | null = null): Step => ({
  expect: `GET ${bot}/documents`,
  body: ok({
    documents: names.map((name) => ({ id: `doc_${name}`, name: `${name} mark.md`, status: 'SUCCESS', error: null })),
    pagination: { limit: 100, hasNextPage: next !== null, nextCursor: next },
  }),
});
const codes = (results: readonly ItemResult[] | undefined) => results?.map((result) => (result.ok ? 'ok' : result.error.code));

describe('options', () => {
  it('fills in defaults and keeps the id a text', () => {
    expect(connector.options.parse({ chatbotId })).toMatchObject({
      apiVersion: 'v2',
      chatbotId,
      trainedWords: ['SUCCESS'],
      lagMs: 2000,
      deleteProbes: false,
    });
    expect(connector.options.safeParse({ chatbotId: 3616289031 }).success).toBe(false);
  });

  it('refuses generations that there are not', () => {
    expect(connector.options.safeParse({ apiVersion: 'v1' }).success).toBe(false);
  });

  it('writes marks that are file names, and explains what is missing', () => {
    const script = scripted([]);
    const { marks, traits } = target(script);
    const mark = marks.write({ workspace: 'docs', document: `guides/${'long '.repeat(40)}?.md`, part: '', effect: 'e' });
    expect(mark).toMatch(/^docs guides long .* [0-9a-f]{20}\.md$/);
    expect(mark.length).toBeLessThanOrEqual(100);
    expect(mark).not.toMatch(/[\\/<>:"|?*]/);
    expect(marks.ours(mark, 'docs')).toBe(true);
    expect(traits.missing.train?.because).toBe('vendor-has-none');
    expect(script.requests).toEqual([]);
  });

  it('provides a sandbox bot', () => {
    const { options, bot: sandboxBot } = connector.sandbox('site');
    expect(connector.options.parse(options)).toMatchObject({ chatbotId: sandboxBot.id, token: sandboxBot.secret });
  });
});

describe('check', () => {
  const me: Step = { expect: 'GET /api/v2/me', body: ok({}) };

  it('proves token and bot', async () => {
    const script = scripted([me, { expect: `GET ${bot}`, body: ok({ chatbot: { id: chatbotId, title: 'Help desk' } }) }]);
    expect(await target(script).check(call())).toEqual({
      identity: `sitegpt|https://vendor.example|${chatbotId}`,
      label: 'Help desk',
      proven: 'bot',
    });
    expect(script.requests[0]?.headers).toMatchObject({ authorization: 'Bearer sgpt_1' });
  });

  it('goes on without the scopes of the check', async () => {
    const scope = fails('TOKEN_SCOPE_NOT_ALLOWED');
    const script = scripted([
      { expect: 'GET /me', status: 403, body: scope },
      { expect: `GET ${bot}`, status: 403, body: scope },
    ]);
    expect(await target(script).check(call())).toMatchObject({ label: chatbotId, proven: 'credentials' });
  });

  it.each<[number, string, string]>([
    [401, 'TOKEN_NOT_VALID', 'CREDENTIALS_REFUSED'],
    [404, 'CHATBOT_NOT_FOUND', 'BOT_NOT_FOUND'],
    [403, 'SOMETHING_ELSE', 'CREDENTIALS_REFUSED'],
    [429, 'RATE_LIMIT_EXCEEDED', 'RATE_LIMITED'],
    [403, 'CHATBOT_LIMIT_REACHED', 'QUOTA_EXHAUSTED'],
    [500, 'INTERNAL', 'VENDOR_FAILED'],
  ])('answers %i %s with %s', async (status, vendorCode, code) => {
    const script = scripted([me, { expect: `GET ${bot}`, status, body: fails(vendorCode) }]);
    expect((await thrown(() => target(script).check(call()))).code).toBe(code);
  });

  it.each<[string, Partial<Step>]>([
    ['HTML', { text: '<html></html>' }],
    ['no ok', { body: { success: true } }],
    ['data of another shape', { body: ok({ chatbot: 'x' }) }],
    ['a 404 without the envelope', { status: 404, text: 'Not Found' }],
  ])('calls %s an invalid reply', async (_, reply) => {
    const script = scripted([me, { expect: `GET ${bot}`, ...reply }]);
    expect(await thrown(() => target(script).check(call()))).toMatchObject({ code: 'REPLY_INVALID', facts: { effect: 'none' } });
  });

  it('takes ok: false in a 200 by its code', async () => {
    const script = scripted([{ expect: 'GET /me', body: fails('TOKEN_NOT_VALID') }]);
    expect((await thrown(() => target(script).check(call()))).code).toBe('CREDENTIALS_REFUSED');
  });
});

describe('create', () => {
  const files = (document: Json): Step => ({
    expect: `POST ${bot}/knowledge/files`,
    body: ok({ documents: [document], source: 'LOCAL_FILE' }),
  });
  const refused = (status: number, code: string, more = {}): Step => ({
    expect: `POST ${bot}/knowledge/files`,
    status,
    body: fails(code, more),
  });
  const create = async (step: Step) => target(scripted([step])).create([item('a')], call());

  it('sends one file in base64 and takes the id', async () => {
    const script = scripted([files({ id: 'doc_1', status: 'QUEUED', error: null })]);
    expect(await target(script).create([item('a', 'Grüße')], call())).toEqual([{ ok: true, remoteId: 'doc_1' }]);
    expect(script.requests[0]).toMatchObject({
      intent: 'create',
      json: { files: [{ name: 'a mark.md', type: 'text/markdown', base64: Buffer.from('Grüße').toString('base64') }] },
    });
  });

  it.each<[string, Json, string]>([
    ['an error', { id: 'doc_1', status: 'QUEUED', error: 'unreadable' }, 'DOCUMENT_REFUSED'],
    ['a failed status', { id: 'doc_1', status: 'failed' }, 'DOCUMENT_REFUSED'],
    ['a full account', { id: 'doc_1', error: 'Document quota exceeded' }, 'QUOTA_EXHAUSTED'],
  ])('a 200 with %s is a refusal, even with an id', async (_, document, code) => {
    const step = files(document);
    if (code === 'QUOTA_EXHAUSTED') expect((await thrown(() => create(step))).code).toBe(code);
    else expect(codes(await create(step))).toEqual([code]);
  });

  it('tells a refused document from a refused account', async () => {
    const invalid = await create(refused(400, 'VALIDATION_FAILED', { details: ['files.0: too long', 'x'] }));
    expect(invalid).toMatchObject([{ error: { code: 'DOCUMENT_REFUSED', vendor: 'VALIDATION_FAILED: so it is: files.0: too long; x' } }]);
    expect((await thrown(() => create(refused(403, 'DOCUMENT_LIMIT_REACHED')))).code).toBe('QUOTA_EXHAUSTED');
    expect((await thrown(() => create(refused(404, 'NOT_HERE')))).code).toBe('BOT_NOT_FOUND');
    const scope = await thrown(() => create(refused(403, 'TOKEN_SCOPE_NOT_ALLOWED')));
    expect(scope).toMatchObject({ code: 'CREDENTIALS_REFUSED', message: expect.stringContaining('knowledge:write') });
  });

  it('is unconfirmed where the reply holds no document', async () => {
    const step: Step = { expect: 'POST /knowledge/files', body: ok({ documents: [] }) };
    expect((await thrown(() => create(step))).facts.effect).toBe('unconfirmed');
    expect((await thrown(() => create(files({ id: null, status: 'QUEUED' })))).facts.effect).toBe('unconfirmed');
  });

  it('keeps what went through when the target stops', async () => {
    const script = scripted([files({ id: 'doc_1', status: 'QUEUED' }), refused(401, 'TOKEN_NOT_VALID')]);
    const results = await target(script).create([item('a'), item('b'), item('c')], call());
    expect(codes(results)).toEqual(['ok', 'CREDENTIALS_REFUSED', 'CREDENTIALS_REFUSED']);
    script.done();
  });
});

describe('update, delete and read', () => {
  const on = (method: string, status: number, body: Json): Step => ({ expect: `${method} ${bot}/documents/doc_a`, status, body });
  const gone = fails('DOCUMENT_NOT_FOUND');

  it('patches the text alone', async () => {
    const script = scripted([on('PATCH', 200, ok({ document: { id: 'doc_a', status: 'QUEUED' } }))]);
    expect(await target(script).update?.([changed('a')], call())).toEqual([{ ok: true, remoteId: 'doc_a' }]);
    expect(script.requests[0]).toMatchObject({ intent: 'repeatable', json: { content: '# a' } });
  });

  it('takes 404 for gone, but not from a stranger', async () => {
    expect(codes(await target(scripted([on('PATCH', 404, gone)])).update?.([changed('a')], call()))).toEqual(['REMOTE_GONE']);
    expect(codes(await target(scripted([on('DELETE', 404, gone)])).delete?.(['doc_a'], call()))).toEqual(['ok']);
    const proxy: Step = { expect: 'DELETE /documents/doc_a', status: 404, text: '<html>' };
    expect((await thrown(async () => target(scripted([proxy])).delete?.(['doc_a'], call()))).code).toBe('REPLY_INVALID');
    const other = scripted([on('DELETE', 404, fails('CHATBOT_NOT_FOUND'))]);
    expect((await thrown(async () => target(other).delete?.(['doc_a'], call()))).code).toBe('BOT_NOT_FOUND');
  });

  it('confirms a delete', async () => {
    const script = scripted([on('DELETE', 200, ok({}))]);
    expect(await target(script).delete?.(['doc_a'], call())).toEqual([{ ok: true, remoteId: 'doc_a' }]);
    expect(script.requests[0]?.query).toEqual({ confirm: 'true' });
  });

  it.each<[string, Json]>([
    ['content', { document: { id: 'doc_a', status: 'SUCCESS', content: 'the text' } }],
    ['text', { document: { id: 'doc_a', status: 'SUCCESS', text: 'the text' } }],
    ['content beside the document', { document: { id: 'doc_a', status: 'SUCCESS' }, content: 'the text' }],
  ])('reads the text from %s', async (_, data) => {
    const script = scripted([on('GET', 200, ok(data))]);
    expect(await target(script).read?.('doc_a', call())).toEqual({ text: 'the text', training: 'trained' });
    expect(script.requests[0]?.query).toEqual({ includeContent: 'true', maxContentChars: 500_000 });
  });

  it('says so where no text comes back', async () => {
    const script = scripted([on('GET', 200, ok({ document: { id: 'doc_a', status: 'QUEUED' } }))]);
    expect((await thrown(async () => target(script).read?.('doc_a', call()))).code).toBe('REPLY_INVALID');
  });
});

describe('list and find', () => {
  it('follows cursors and shows each document once', async () => {
    const script = scripted([page(['a', 'b'], 'c1'), page(['b', 'c'])]);
    const found = await all(target(script).list?.(call()));
    expect(found.map(({ remoteId }) => remoteId)).toEqual(['doc_a', 'doc_b', 'doc_c']);
    expect(found[0]).toEqual({ remoteId: 'doc_a', mark: 'a mark.md', name: 'a mark.md', training: 'trained' });
    expect(script.requests[1]?.query).toEqual({ limit: 100, cursor: 'c1' });
  });

  it.each<[string, readonly Step[]]>([
    ['no cursor for the next page', [page(['a'], '')]],
    ['a cursor that comes twice', [page(['a'], 'c1'), page(['b'], 'c2'), page(['c'], 'c1')]],
    ['no pagination', [{ expect: 'GET /documents', body: ok({ documents: [] }) }]],
    ['ids that are numbers', [{ expect: 'GET /documents', body: ok({ documents: [{ id: 5 }], pagination: { hasNextPage: false } }) }]],
  ])('throws at %s', async (_, steps) => {
    expect((await thrown(() => all(target(scripted(steps)).list?.(call())))).code).toBe('REPLY_INVALID');
  });

  it('throws above the page cap', async () => {
    const steps = [page(['a'], 'c1'), page(['b'], 'c2')];
    expect((await thrown(() => all(target(scripted(steps), { maxPages: 2 }).list?.(call())))).message).toContain('maxPages');
  });

  it('searches by name, exactly, and tells twins', async () => {
    const twin: Step = {
      expect: 'GET /documents',
      body: ok({
        documents: [
          { id: 'd1', name: 'a mark.md' },
          { id: 'd2', name: 'a mark.md' },
          { id: 'd3', name: 'a mark.md.bak' },
        ],
        pagination: { hasNextPage: false },
      }),
    };
    const script = scripted([twin]);
    expect(await target(script).find?.(['a mark.md'], call())).toEqual([['d1', 'd2']]);
    expect(script.requests[0]?.query).toEqual({ query: 'a mark.md', limit: 100 });
  });

  it('believes an absence only after a whole listing', async () => {
    const script = scripted([page([]), page(['b']), page(['a', 'b'])]);
    expect(await target(script).find?.(['a mark.md', 'b mark.md'], call())).toEqual([['doc_a'], ['doc_b']]);
    script.done();
  });

  it('looks many up in one listing', async () => {
    const script = scripted([page(['n3'])]);
    const marks = Array.from({ length: 21 }, (_, index) => `n${index} mark.md`);
    const found = await target(script).find?.(marks, call());
    expect(found?.[3]).toEqual(['doc_n3']);
    expect(found?.filter((ids) => ids.length > 0)).toHaveLength(1);
    expect(script.requests[0]?.query).toEqual({ limit: 100 });
  });
});

describe('status', () => {
  const at = new Date(1_000_000).toISOString();
  const one = (id: string, status: string, error: string | null = null): Step => ({
    expect: `GET ${bot}/documents/${id}`,
    body: ok({ document: { id, status, error } }),
  });
  const items = (...ids: string[]) => ids.map((remoteId) => ({ remoteId, document: `doc of ${remoteId}`, acceptedAt: at }));

  it('asks few one by one', async () => {
    const missing: Step = { expect: `GET ${bot}/documents/e`, status: 404, body: fails('DOCUMENT_NOT_FOUND') };
    const steps = [one('a', 'success'), one('b', 'PROCESSING'), one('c', 'FAILED', 'too odd'), one('d', 'BRAND_NEW'), missing];
    const report = await target(scripted(steps, () => 1_002_000)).status?.({ items: items('a', 'b', 'c', 'd', 'e'), run: null }, call());
    expect(report?.run).toBe(null);
    expect(report?.items.map(({ state }) => state)).toEqual(['trained', 'training', 'failed', 'training', 'failed']);
    expect(report?.items[2]?.error).toMatchObject({ code: 'TRAINING_FAILED', vendor: 'too odd' });
    expect(report?.items[4]?.error).toMatchObject({ code: 'REMOTE_GONE' });
  });

  it('believes neither a success nor an absence right after a write', async () => {
    const missing: Step = { expect: `GET ${bot}/documents/b`, status: 404, body: fails('DOCUMENT_NOT_FOUND') };
    const report = await target(scripted([one('a', 'SUCCESS'), missing], () => 1_001_999)).status?.(
      { items: items('a', 'b'), run: null },
      call(),
    );
    expect(report?.items).toEqual([{ remoteId: 'a', state: 'training', error: null }]);
  });

  it('asks many by one listing, and nothing for none', async () => {
    const script = scripted([page(['a', 'b'])], () => 1_002_000);
    const report = await target(script, { statusOneByOne: 1 }).status?.({ items: items('doc_a', 'doc_x'), run: null }, call());
    expect(report?.items.map(({ state }) => state)).toEqual(['trained', 'failed']);
    expect(await target(scripted([])).status?.({ items: [], run: null }, call())).toEqual({ run: null, items: [] });
  });

  it('goes by the words of the settings', async () => {
    const made = target(
      scripted([one('a', 'DONE')], () => 1_002_000),
      { trainedWords: ['done'] },
    );
    expect((await made.status?.({ items: items('a'), run: null }, call()))?.items[0]?.state).toBe('trained');
  });
});

describe('ask and history', () => {
  const said = (message: { [key: string]: Json }): Step => ({
    expect: `POST ${bot}/messages`,
    body: ok({ conversation: { threadId: 't1' }, message: { messageId: 'm1', messageType: 'NORMAL_MESSAGE', answer: null, ...message } }),
  });
  const answered = said({ answer: { text: 'In Settings.', timestamp: null }, sources: ['docs a 0123.md', 'https://docs.example.com/a'] });

  it('asks in a new conversation and passes the sources on', async () => {
    const script = scripted([answered]);
    expect(await target(script).ask?.('Where?', call())).toEqual({
      text: 'In Settings.',
      sources: [
        { document: null, title: 'docs a 0123.md', url: null },
        { document: null, title: null, url: 'https://docs.example.com/a' },
      ],
    });
    expect(script.requests[0]).toMatchObject({ intent: 'ask', json: { message: 'Where?', pageUrl: null } });
  });

  it.each<[string, Step, string]>([
    ['used-up messages', said({ messageType: 'SYSTEM_MESSAGE', systemMessageType: 'EXCEEDED_USAGE_LIMITS' }), 'QUOTA_EXHAUSTED'],
    ['trouble upstream', said({ messageType: 'SYSTEM_MESSAGE', systemMessageType: 'PROBLEMS_WITH_UPSTREAM_PROVIDER' }), 'VENDOR_FAILED'],
    ['silence', said({}), 'VENDOR_FAILED'],
    ['a refusal', { expect: 'POST /messages', status: 403, body: fails('MESSAGES_LIMIT_REACHED') }, 'QUOTA_EXHAUSTED'],
  ])('never takes %s for an answer', async (_, step, code) => {
    expect((await thrown(async () => target(scripted([step])).ask?.('Where?', call()))).code).toBe(code);
  });

  it('tidies up if told to, and does not lose the answer over it', async () => {
    const script = scripted([answered, { expect: `DELETE ${bot}/conversations/t1`, status: 403, body: fails('TOKEN_SCOPE_NOT_ALLOWED') }]);
    expect((await target(script, { deleteProbes: true }).ask?.('Where?', call()))?.text).toBe('In Settings.');
    script.done();
  });

  it('tells what was asked since, newest first', async () => {
    const pagination = { hasNextPage: false, nextCursor: null };
    const conversations = [
      { threadId: 'old', updatedAt: '2026-01-01T00:00:00Z' },
      { threadId: 'new', updatedAt: '2026-03-02T00:00:00Z' },
    ];
    const messages = [
      { messageId: 'm0', question: { text: 'Old?', timestamp: '2026-01-15T00:00:00Z' }, answer: null },
      { messageId: 'm1', question: { text: 'First?', timestamp: '2026-03-01T00:00:00Z' }, answer: { text: 'Yes.' } },
      { messageId: 'm2', question: { text: 'Second?', timestamp: '2026-03-02T00:00:00Z' }, answer: null },
    ];
    const script = scripted([
      { expect: `GET ${bot}/conversations`, body: ok({ conversations, pagination }) },
      { expect: `GET ${bot}/conversations/new/messages`, body: ok({ messages, pagination }) },
    ]);
    expect(await all(target(script).history?.('2026-02-01T00:00:00.000Z', call()))).toEqual([
      { at: '2026-03-02T00:00:00.000Z', question: 'Second?', answer: null, conversation: 'new' },
      { at: '2026-03-01T00:00:00.000Z', question: 'First?', answer: 'Yes.', conversation: 'new' },
    ]);
    script.done();
  });

  it('says what went to a person, was disliked, or met a bot that was not able to work; and leaves out the talk with the person', async () => {
    const pagination = { hasNextPage: false, nextCursor: null };
    const asked = (id: number, text: string, rest: object) => ({
      messageId: `m${id}`,
      question: { text, timestamp: `2026-03-01T00:00:0${id}Z` },
      answer: { text: 'Hm.' },
      messageType: 'NORMAL_MESSAGE',
      createdAt: `2026-03-01T00:00:0${id}Z`,
      ...rest,
    });
    const notice = {
      messageId: 'm4',
      messageType: 'SYSTEM_MESSAGE',
      systemMessageType: 'CONVERSATION_ESCALATED',
      createdAt: '2026-03-01T00:00:04Z',
    };
    const messages = [
      asked(1, 'Disliked?', { reaction: 'NEGATIVE' }),
      asked(2, 'Full?', { answer: null, messageType: 'SYSTEM_MESSAGE', systemMessageType: 'EXCEEDED_USAGE_LIMITS' }),
      asked(3, 'Escalated?', {}),
      notice,
      asked(5, 'Are you a person?', { answer: null, messageType: 'USER_MESSAGE' }),
    ];
    const script = scripted([
      {
        expect: `GET ${bot}/conversations`,
        body: ok({ conversations: [{ threadId: 't', updatedAt: null, escalated: true }], pagination }),
      },
      { expect: `GET ${bot}/conversations/t/messages`, body: ok({ messages, pagination }) },
    ]);
    const found = await all(target(script).history?.('2026-02-01T00:00:00.000Z', call()));
    expect(found.map(({ question, vain }) => `${question} ${vain}`)).toEqual([
      'Escalated? escalated',
      'Full? unserved',
      'Disliked? disliked',
    ]);
  });
});
