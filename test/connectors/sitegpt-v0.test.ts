import { describe, expect, it } from 'vitest';
import { capabilitiesOf, type NewItem, type WholeTarget } from '../../src/connectors/connector.ts';
import { connector } from '../../src/connectors/sitegpt/index.ts';
import { wholeText } from '../../src/connectors/sitegpt/v0-text.ts';
import type { SyncError } from '../../src/model/error.ts';
import type { Json, JsonRecord } from '../../src/model/json.ts';
import { all, call, type Scripted, type Step, scripted, thrown } from './scripted-http.ts';

const chatbotId = '361628903185318481';
const apiKey = 'key-s3cret-1';
const bot = `/api/v0/chatbots/${chatbotId}`;
const v0 = { apiVersion: 'v0', chatbotId, apiKey, takeOver: true } as const;

function target(script: Scripted, options: object = {}): WholeTarget {
  const connected = connector.connect(connector.options.parse({ ...v0, ...options }), script.tools);
  if (!('replaceAll' in connected)) throw new Error('not a target of one text');
  return connected;
}

function item(name: string, patch: Partial<NewItem> = {}): NewItem {
  const rest = { kind: 'article', part: '', url: null, format: 'markdown', attributes: {} } as const;
  return { effect: 'e', document: name, path: name, mark: `docs:${name}`, title: name, text: `# ${name}\n\nText.\n`, ...rest, ...patch };
}

const ok = (data: Json, message = 'done'): Json => ({ success: true, message, data });
const fails = (code: string | null, more: JsonRecord = {}): Json => ({
  success: false,
  message: 'so it is',
  data: null,
  error: code === null ? null : { code, message: 'so it is', details: null, ...more },
});
const textOf = (error: SyncError) => `${error.message} ${error.vendor} ${error.next} ${JSON.stringify(error.data)}`;

describe('options', () => {
  it('needs other keys than v2, and is the same bot', () => {
    expect(connector.required({ apiVersion: 'v0' })).toEqual(['chatbotId', 'apiKey', 'takeOver']);
    expect(connector.required({ apiVersion: 'v2' })).toEqual(['chatbotId', 'token']);
    expect(connector.required({})).toEqual(['chatbotId', 'token']);
    expect(connector.identityKeys).toEqual(['chatbotId']);
    expect(connector.account(connector.options.parse({ ...v0, token: 'sgpt_1' }))).toBe(apiKey);
    expect(connector.options.parse(v0)).toMatchObject({
      customContent: { semantics: 'replace', clearWith: '', maxChars: 100_000, header: '=== {path} ===' },
    });
  });

  it.each([
    [{ takeOver: false }, 'overwrite'],
    [{ takeOver: 'yes' }, 'overwrite'],
    [{ customContent: { semantics: 'append' } }, 'only replace'],
    [{ customContent: { header: '===' } }, '{path}'],
    [{ customContent: { allowEmpty: true } }, 'allowEmpty'],
    [{ apiVersion: 'v1' }, 'apiVersion'],
    [{ chatbotId: 3616289031 }, 'chatbotId'],
  ])('refuses %j', (options, named) => {
    const parsed = connector.options.safeParse({ ...v0, ...options });
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error?.issues)).toContain(named);
  });

  it('has a sandbox bot for either version', () => {
    const { options, bot: sandboxBot } = connector.sandbox('site');
    for (const [apiVersion, key] of [
      ['v2', 'token'],
      ['v0', 'apiKey'],
    ] as const) {
      const parsed = connector.options.parse({ ...options, apiVersion });
      expect(parsed).toMatchObject({ chatbotId: sandboxBot.id, [key]: sandboxBot.secret });
      const made = connector.connect(parsed, scripted([]).tools);
      expect('replaceAll' in made).toBe(apiVersion === 'v0');
    }
    expect(connector.variants).toMatchObject({ 'sitegpt-v0': { apiVersion: 'v0', takeOver: true } });
  });

  it('offers what one text allows, and explains the rest', () => {
    const made = target(scripted([]));
    expect([...capabilitiesOf(made)].sort()).toEqual(['ask', 'create', 'delete', 'history', 'update']);
    expect(Object.keys(made.traits.missing).sort()).toEqual(['list', 'read', 'status', 'train']);
    expect(made.traits).toMatchObject({ repeatedCreate: 'same-item', training: 'automatic' });
    expect(made.marks.write({ workspace: 'docs', document: 'a.md', part: '', effect: 'e' })).toBe('docs:a.md');
  });
});

describe('check', () => {
  it('proves key and bot', async () => {
    const script = scripted([{ expect: `GET ${bot}`, body: ok({ chatbot: { id: chatbotId, title: 'Help desk' } }) }]);
    expect(await target(script).check(call())).toEqual({
      identity: `sitegpt|https://vendor.example|${chatbotId}`,
      label: 'Help desk',
      proven: 'bot',
    });
    expect(script.requests[0]).toMatchObject({ intent: 'read', headers: { authorization: `Bearer ${apiKey}` } });
  });

  it.each<[number, string, string]>([
    [401, 'API_KEY_NOT_VALID', 'CREDENTIALS_REFUSED'],
    [200, 'API_KEY_NOT_VALID', 'CREDENTIALS_REFUSED'],
    [404, 'CHATBOT_NOT_FOUND', 'BOT_NOT_FOUND'],
    [403, 'CHATBOT_FETCH_FORBIDDEN', 'BOT_NOT_FOUND'],
    [403, 'CHATBOT_LIMIT_REACHED', 'QUOTA_EXHAUSTED'],
    [403, 'SOMETHING_ELSE', 'CREDENTIALS_REFUSED'],
    [404, 'SOMETHING_ELSE', 'BOT_NOT_FOUND'],
    [405, 'METHOD_NOT_ALLOWED', 'REQUEST_REFUSED'],
    [400, 'REQUEST_VALIDATION_FAILED', 'REQUEST_REFUSED'],
    [429, 'RATE_LIMIT_EXCEEDED', 'RATE_LIMITED'],
    [500, 'INTERNAL', 'VENDOR_FAILED'],
  ])('answers %i %s with %s', async (status, vendorCode, code) => {
    const error = await thrown(() => target(scripted([{ expect: `GET ${bot}`, status, body: fails(vendorCode) }])).check(call()));
    expect(error).toMatchObject({ code, facts: { stops: 'target' } });
  });

  it.each<[string, Partial<Step>, string]>([
    ['HTML', { text: '<html></html>' }, 'REPLY_INVALID'],
    ['the envelope of v2', { body: { ok: true, data: {} } }, 'REPLY_INVALID'],
    ['data of another shape', { body: ok({ chatbot: 'x' }) }, 'REPLY_INVALID'],
    ['a 404 without the envelope', { status: 404, text: 'Not Found' }, 'REPLY_INVALID'],
    ['a 429 without a body', { status: 429, text: '' }, 'RATE_LIMITED'],
    ['a 401 without an error', { status: 401, body: fails(null) }, 'CREDENTIALS_REFUSED'],
  ])('calls %s by its name', async (_, reply, code) => {
    const error = await thrown(() => target(scripted([{ expect: `GET ${bot}`, ...reply }])).check(call()));
    expect(error).toMatchObject({ code, facts: { effect: 'none' } });
  });

  it('says which key is not set, and never repeats the key that the vendor echoes', async () => {
    const bare = connector.connect(connector.options.parse({ apiVersion: 'v0', chatbotId }), scripted([]).tools);
    expect(await thrown(() => bare.check(call()))).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('apiKey') });
    for (const reply of [
      { status: 401, body: fails('API_KEY_NOT_VALID', { message: `no ${apiKey}` }) },
      { status: 404, text: `<p>${apiKey}</p>` },
    ]) {
      const error = await thrown(() => target(scripted([{ expect: `GET ${bot}`, ...reply }])).check(call()));
      expect(textOf(error)).not.toContain(apiKey);
      expect(error.vendor).toContain('***');
    }
  });
});

describe('the whole text', () => {
  const sets = (reply: Partial<Step> = { body: ok({}, 'Modified custom content of the chatbot successfully') }): Step => ({
    expect: `POST ${bot}/custom-content`,
    ...reply,
  });

  it('is the same whatever order the documents come in', () => {
    const items = [
      item('b.md'),
      item('a.md', { document: 'a.md#qa-x', title: 'Why?', text: '# Why?\n\nBecause.\n' }),
      item('a.md'),
      item('ä.md'),
    ];
    const text = wholeText(items, '=== {path} ===');
    expect(text).toBe(
      '=== a.md ===\n\n# a.md\n\nText.\n\n=== a.md ===\n\n# Why?\n\nBecause.\n\n=== b.md ===\n\n# b.md\n\nText.\n\n=== ä.md ===\n\n# ä.md\n\nText.\n',
    );
    expect(wholeText([...items].reverse(), '=== {path} ===')).toBe(text);
    expect(wholeText([], '=== {path} ===')).toBe('');
    expect(wholeText([item('a.md', { title: 'Two\nlines' })], '## {title} ({path})')).toContain('## Two lines (a.md)\n\n');
  });

  it('goes in one call that may be said again', async () => {
    const script = scripted([sets()]);
    expect(await target(script).replaceAll([item('b.md'), item('a.md')], call())).toEqual({ ok: true, remoteId: null });
    expect(script.requests[0]).toMatchObject({
      intent: 'repeatable',
      json: { text: wholeText([item('a.md'), item('b.md')], '=== {path} ===') },
    });
  });

  it('is cleared where no document is left', async () => {
    const script = scripted([sets(), sets()]);
    await target(script).replaceAll([], call());
    await target(script, { customContent: { clearWith: ' ' } }).replaceAll([], call());
    expect(script.requests.map(({ json }) => json)).toEqual([{ text: '' }, { text: ' ' }]);
  });

  it('is never sent without takeOver', async () => {
    const made = connector.connect(connector.options.parse({ apiVersion: 'v0', chatbotId, apiKey }), scripted([]).tools);
    if (!('replaceAll' in made)) throw new Error('not a target of one text');
    expect(await made.replaceAll([item('a.md')], call())).toMatchObject({
      ok: false,
      error: { code: 'CONFIG_INVALID', next: expect.stringContaining('takeOver: true'), facts: { stops: 'target', effect: 'none' } },
    });
  });

  it('is refused as a whole above maxChars, naming the biggest', async () => {
    const items = [item('small.md'), item('big.md', { text: 'x'.repeat(900) }), item('mid.md', { text: 'y'.repeat(500) })];
    const size = wholeText(items, '=== {path} ===').length;
    const fits = scripted([sets()]);
    expect(await target(fits, { customContent: { maxChars: size } }).replaceAll(items, call())).toMatchObject({ ok: true });
    const result = await target(scripted([]), { customContent: { maxChars: size - 1 } }).replaceAll(items, call());
    expect(result).toMatchObject({ ok: false, error: { code: 'DOCUMENT_TOO_LARGE', facts: { effect: 'none', stops: 'target' } } });
    expect(result.ok === false && result.error.message).toMatch(/big\.md \(900\), mid\.md \(500\), small\.md/);
  });

  it.each<[string, Partial<Step>, string, string]>([
    ['500', { status: 500, body: fails('INTERNAL') }, 'VENDOR_FAILED', 'unconfirmed'],
    ['502 with a page', { status: 502, text: '<html>' }, 'VENDOR_FAILED', 'unconfirmed'],
    ['HTML in a 200', { text: '<html>' }, 'REPLY_INVALID', 'unconfirmed'],
    ['success: false without an error', { body: fails(null) }, 'REQUEST_REFUSED', 'none'],
    ['413', { status: 413, body: fails('TOO_LARGE') }, 'DOCUMENT_TOO_LARGE', 'none'],
    ['a refused key', { status: 401, body: fails('API_KEY_NOT_VALID') }, 'CREDENTIALS_REFUSED', 'none'],
    ['a call that has ended', { status: 404, text: 'Gone' }, 'REPLY_INVALID', 'none'],
  ])('fails with %s as what it is', async (_, reply, code, effect) => {
    const error = await thrown(() => target(scripted([sets(reply)])).replaceAll([item('a.md')], call()));
    expect(error).toMatchObject({ code, facts: { effect } });
  });

  it('passes on which field was refused', async () => {
    const details = [{ path: 'text', message: 'too odd' }, 'plain'];
    const reply = sets({ status: 400, body: fails('REQUEST_VALIDATION_FAILED', { details }) });
    const error = await thrown(() => target(scripted([reply])).replaceAll([item('a.md')], call()));
    expect(error).toMatchObject({ code: 'REQUEST_REFUSED', vendor: expect.stringContaining('too odd') });
    expect(error.vendor).toContain('plain');
  });
});

describe('ask', () => {
  const opens: Step = {
    expect: `POST ${bot}/threads`,
    body: ok({ thread: { threadId: '0a1b-g', mode: 'AI', messages: [], chatUser: null } }),
  };
  const said = (message: JsonRecord): Step => ({
    expect: `POST ${bot}/message`,
    body: ok({
      message: { id: '376290410396385873', threadId: '0a1b-g', messageType: 'NORMAL_MESSAGE', answer: null, sources: [], ...message },
    }),
  });
  const ask = (...steps: Step[]) => target(scripted(steps)).ask?.('Where?', call());

  it('opens a thread of its own for each question, and passes sources on', async () => {
    const sources = ['https://docs.example.com/a', 'some text'];
    const script = scripted([opens, said({ messageType: 'AGENT_MESSAGE', answer: { text: 'In Settings.', timestamp: null }, sources })]);
    expect(await target(script).ask?.('Where?', call())).toEqual({
      text: 'In Settings.',
      sources: [
        { document: null, title: null, url: 'https://docs.example.com/a' },
        { document: null, title: 'some text', url: null },
      ],
    });
    expect(script.requests.map(({ json, intent }) => [json, intent])).toEqual([
      [{ mode: 'AI' }, 'ask'],
      [{ message: 'Where?', from: 'USER', threadId: '0a1b-g' }, 'ask'],
    ]);
    expect(script.requests[1]?.timeoutMs).toBe(60_000);
  });

  it.each<[string, Step, string]>([
    ['used-up messages', said({ messageType: 'SYSTEM_MESSAGE', systemMessageType: 'EXCEEDED_USAGE_LIMITS' }), 'QUOTA_EXHAUSTED'],
    ['trouble upstream', said({ messageType: 'SYSTEM_MESSAGE', systemMessageType: 'PROBLEMS_WITH_UPSTREAM_PROVIDER' }), 'VENDOR_FAILED'],
    ['silence', said({}), 'VENDOR_FAILED'],
    ['a full account', { expect: 'POST /message', status: 403, body: fails('MESSAGES_LIMIT_REACHED') }, 'QUOTA_EXHAUSTED'],
    ['no message', { expect: 'POST /message', body: ok({}) }, 'REPLY_INVALID'],
  ])('never takes %s for an answer', async (_, step, code) => {
    expect((await thrown(async () => ask(opens, step))).code).toBe(code);
  });

  it('fails where no thread comes back', async () => {
    const none: Step = { expect: `POST ${bot}/threads`, body: ok({ thread: { mode: 'AI' } }) };
    expect((await thrown(async () => ask(none))).code).toBe('REPLY_INVALID');
    const used: Step = { expect: `POST ${bot}/threads`, status: 400, body: fails('REQUEST_VALIDATION_FAILED') };
    expect((await thrown(async () => ask(used))).code).toBe('REQUEST_REFUSED');
  });
});

describe('history', () => {
  const threads = (...list: (readonly [string, string | null])[]): Step => ({
    expect: `GET ${bot}/threads`,
    body: ok({ threads: list.map(([threadId, updatedAt]) => ({ threadId, updatedAt, startedAt: null })) }),
  });
  const thread = (threadId: string, ...messages: JsonRecord[]): Step => ({
    expect: `GET ${bot}/threads/${threadId}`,
    body: ok({ thread: { threadId, messages: messages.map((each, index) => ({ messageId: `m${index}`, ...each })) } }),
  });
  const history = (script: Scripted, options: object = {}) => all(target(script, options).history?.('2026-02-01T00:00:00.000Z', call()));

  it('reads the threads that changed since, newest question first', async () => {
    const script = scripted([
      threads(['t1', '2026-03-01T00:00:00.000001Z'], ['old', '2026-01-01T00:00:00Z']),
      threads(['t2', null]),
      thread(
        't1',
        { question: { text: 'Old?', timestamp: '2026-01-15T00:00:00Z' }, answer: null },
        { question: { text: 'First?', timestamp: '2026-02-15T00:00:00Z' }, answer: { text: 'Yes.' } },
        { question: null, answer: { text: 'Hello.' } },
      ),
      thread('t2', { question: { text: 'Second?', timestamp: '2026-03-01T00:00:00Z' }, answer: null }),
    ]);
    expect(await history(script, { pageLimit: 2 })).toEqual([
      { at: '2026-03-01T00:00:00.000Z', question: 'Second?', answer: null, conversation: 't2' },
      { at: '2026-02-15T00:00:00.000Z', question: 'First?', answer: 'Yes.', conversation: 't1' },
    ]);
    expect(script.requests.slice(0, 2).map(({ query }) => query)).toEqual([
      { page: 1, limit: 2 },
      { page: 2, limit: 2 },
    ]);
    script.done();
  });

  it('is bounded, ends where pages repeat, and goes on where a thread is gone', async () => {
    const page = threads(['t1', '2026-03-01T00:00:00Z'], ['t2', '2026-03-01T00:00:00Z']);
    const gone: Step = { expect: `GET ${bot}/threads/t1`, status: 404, body: fails('THREAD_NOT_FOUND') };
    const second = thread('t2', { question: { text: 'When?', timestamp: 'soon' }, answer: null });
    const script = scripted([page, page, gone, second]);
    expect(await history(script, { pageLimit: 2 })).toEqual([{ at: null, question: 'When?', answer: null, conversation: 't2' }]);
    script.done();
    const bounded = scripted([page, thread('t1')]);
    expect(await history(bounded, { pageLimit: 2, historyConversations: 1 })).toEqual([]);
    bounded.done();
    const noBot: Step = { expect: `GET ${bot}/threads/t1`, status: 404, body: fails('CHATBOT_NOT_FOUND') };
    expect((await thrown(() => history(scripted([threads(['t1', null]), noBot])))).code).toBe('BOT_NOT_FOUND');
  });
});
