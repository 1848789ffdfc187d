import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ItemResult, ItemTarget, NewItem } from '../../src/connectors/connector.ts';
import { cleaned } from '../../src/connectors/cxgenie/clean.ts';
import { connector } from '../../src/connectors/cxgenie/index.ts';
import type { SyncError } from '../../src/model/error.ts';
import type { Json, JsonRecord } from '../../src/model/json.ts';
import { all, call, type Scripted, type Step, scripted, thrown } from './scripted-http.ts';

const botId = '6f1b0a52-3a6a-4a43-9c0e-0f0c7d4d2b11';
const workspaceToken = 'wt-s3cret/+token';
const base = '/api/v2/public-api';

function target(script: Scripted, options: object = {}): ItemTarget {
  const connected = connector.connect(connector.options.parse({ botId, workspaceToken, ...options }), script.tools);
  if (!('create' in connected)) throw new Error('not an item target');
  return connected;
}

function item(name: string, patch: Partial<NewItem> = {}): NewItem {
  const rest = { kind: 'article', part: '', url: null, format: 'markdown', attributes: {} } as const;
  const text = `# ${name}\n\nThe text of ${name}.\n`;
  return { effect: `00000000e-${name}`, document: name, path: name, mark: `docs:${name} #e-${name}`, title: name, text, ...rest, ...patch };
}

const made = (id: Json = 'uuid-1', more: JsonRecord = {}): Json => ({
  success: true,
  data: { id, bot_id: botId, content: 'x', content_value: null, type: 'TEXT', title: null, status_learning: 'WAITING', ...more },
});
const creates = (reply: Partial<Step> = { status: 201, body: made() }): Step => ({ expect: `POST ${base}/bot-data`, ...reply });
const refusedWith = (message: Json): Json => ({ success: false, error: { code: 'SOMETHING', message } });
const codes = (results: readonly ItemResult[]) => results.map((result) => (result.ok ? 'ok' : result.error.code));
const textOf = (error: SyncError) => `${error.message} ${error.vendor} ${error.next} ${JSON.stringify(error.data)}`;

describe('options', () => {
  it('describes every key, nested ones too, marks its secret, and needs none', () => {
    const schema = z.toJSONSchema(connector.options, { io: 'input', target: 'draft-07', unrepresentable: 'any', reused: 'inline' });
    expect(schema.required).toBe(undefined);
    const undescribed: string[] = [];
    const secrets: string[] = [];
    const walk = (node: typeof schema, path: string): void => {
      for (const [name, inner] of Object.entries(node.properties ?? {})) {
        if (typeof inner === 'boolean') continue;
        if (inner.description === undefined) undescribed.push(path + name);
        if (inner['secret'] === true) secrets.push(path + name);
        for (const each of [inner, ...(inner.anyOf ?? [])]) if (typeof each === 'object') walk(each as typeof schema, `${path}${name}.`);
      }
    };
    walk(schema, '');
    expect(undescribed).toEqual([]);
    expect(secrets).toEqual(['workspaceToken']);
  });

  it('fills in the documented defaults', () => {
    expect(connector.options.parse({})).toMatchObject({
      basePath: base,
      qaOrder: 'question-first',
      textFormat: null,
      uploadTokenIn: 'form',
      customer: { email: 'kb-sync-verify@example.invalid', phone_number: '', external_id: null },
      chatApi: 'v2',
      checkBot: false,
      bearer: false,
      urlCharacters: 255,
      answerTimeoutMs: 60_000,
    });
    expect(connector.defaultBaseUrl).toBe(null);
    expect(connector.required({})).toEqual(['botId', 'workspaceToken']);
  });

  it.each([
    [{ extensions: { list: {} } }, 'extensions'],
    [{ updateMode: 'append' }, 'updateMode'],
    [{ customerDetailAuthParam: 'workspace_id' }, 'customerDetailAuthParam'],
    [{ textFormat: 'rtf' }, 'textFormat'],
    [{ botId: 5 }, 'botId'],
    [{ basePath: 'api/' }, 'basePath'],
    [{ customer: { mail: 'x' } }, 'mail'],
  ])('refuses %j', (options, named) => {
    const parsed = connector.options.safeParse(options);
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error?.issues)).toContain(named);
  });

  it('has a sandbox bot whose id is a UUID, and connects without a request', () => {
    const script = scripted([]);
    const { options, bot } = connector.sandbox('genie');
    expect(options).toEqual({ botId: bot.id, workspaceToken: bot.secret });
    expect(bot.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(connector.sandbox('other').bot.id).not.toBe(bot.id);
    connector.connect(connector.options.parse(options), script.tools);
    expect(script.requests).toEqual([]);
  });

  it('offers what there is, and explains everything else with a remedy', () => {
    const made = target(scripted([]));
    expect(made.update ?? made.delete ?? made.list ?? made.read ?? made.status ?? made.train).toBe(undefined);
    expect(made.traits).toMatchObject({ repeatedCreate: 'twin', training: 'automatic', formats: ['markdown', 'html', 'plain'] });
    for (const name of ['update', 'delete', 'list', 'read', 'status', 'train'] as const) {
      expect(made.traits.missing[name]).toMatchObject({ because: 'vendor-has-none', checked: '2026-11-21' });
    }
    expect(made.traits.missing.delete?.remedy).toContain('Training Data');
  });

  it('marks each copy differently, and knows them as ours', () => {
    const { marks } = target(scripted([]));
    const source = { workspace: 'docs', document: 'guides/a.md', part: 'intro' };
    expect(marks.write({ ...source, effect: '0123456789abcdef' })).toBe('docs:guides/a.md#intro #89abcdef');
    const long = marks.write({ ...source, document: 'very/long/'.repeat(40), effect: '0123456789abcdef' });
    expect(long.length).toBeLessThanOrEqual(130);
    for (const mark of [long, 'docs:guides/a.md #89abcdef']) {
      expect(marks.ours(mark, 'docs')).toBe(true);
      expect(marks.ours(mark, 'other')).toBe(false);
    }
  });
});

describe('check', () => {
  const customers = (reply: Partial<Step> = { body: { success: true, data: { total: 0, customers: [] } } }): Step => ({
    expect: `GET ${base}/customer-list`,
    ...reply,
  });

  it('proves the token by a read that asks for nobody but ourselves', async () => {
    const script = scripted([customers()]);
    expect(await target(script).check(call())).toEqual({
      identity: `cxgenie|https://vendor.example|${botId}`,
      label: botId,
      proven: 'credentials',
    });
    expect(script.requests[0]?.query).toEqual({ workspace_token: workspaceToken, search: 'kb-sync-verify@example.invalid' });
    expect(script.requests[0]?.json).toBe(undefined);
    expect(script.requests[0]?.headers).toBe(undefined);
  });

  it('asks for the bot where told to, without the token', async () => {
    const profile = { expect: `GET /api/v1/bots/public/${botId}`, body: { data: { id: botId, name: 'Helper' } } };
    const script = scripted([customers(), profile]);
    expect(await target(script, { checkBot: true, bearer: true }).check(call())).toMatchObject({ label: 'Helper', proven: 'bot' });
    expect(script.requests[0]?.headers).toEqual({ authorization: `Bearer ${workspaceToken}` });
    expect(script.requests[1]?.query).toBe(undefined);
    expect(script.requests[1]?.headers).toBe(undefined);
    const missing = scripted([customers(), { ...profile, status: 404, body: { error: { message: 'Bot not found' } } }]);
    const error = await thrown(() => target(missing, { checkBot: true }).check(call()));
    expect(error).toMatchObject({ code: 'BOT_NOT_FOUND', vendor: 'Bot not found' });
  });

  it.each<[string, Partial<Step>, string]>([
    ['401', { status: 401, body: { error: 'Invalid or missing workspace_token' } }, 'CREDENTIALS_REFUSED'],
    ['403', { status: 403, text: '<html>no</html>' }, 'CREDENTIALS_REFUSED'],
    ['404', { status: 404, body: refusedWith('nope') }, 'BOT_NOT_FOUND'],
    ['400', { status: 400, body: refusedWith(['a', 'b']) }, 'REQUEST_REFUSED'],
    ['429', { status: 429, body: refusedWith('slow') }, 'RATE_LIMITED'],
    ['500', { status: 500, text: 'oops' }, 'VENDOR_FAILED'],
    ['success: false in a 200', { body: refusedWith('no') }, 'VENDOR_FAILED'],
    ['no success', { body: { data: { customers: [] } } }, 'REPLY_INVALID'],
    ['HTML', { text: '<html></html>' }, 'REPLY_INVALID'],
    ['another shape', { body: { success: true, data: [] } }, 'REPLY_INVALID'],
    ['null', { body: null }, 'REPLY_INVALID'],
  ])('answers %s with %s', async (_, reply, code) => {
    expect((await thrown(() => target(scripted([customers(reply)])).check(call()))).code).toBe(code);
  });

  it('says which key is not set', async () => {
    const error = await thrown(() => connector.connect(connector.options.parse({ botId }), scripted([]).tools).check(call()));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('workspaceToken') });
  });

  it.each([
    { error: `token ${workspaceToken} is wrong` },
    { error: { code: 'X', message: [`GET /customer-list?workspace_token=${encodeURIComponent(workspaceToken)}&search=x`] } },
    { message: `workspace_token=${workspaceToken}` },
  ])('never repeats the token that the vendor echoes: %j', async (body) => {
    const error = await thrown(() => target(scripted([customers({ status: 401, body })])).check(call()));
    for (const form of [workspaceToken, encodeURIComponent(workspaceToken), 's3cret']) expect(textOf(error)).not.toContain(form);
    expect(error.vendor).toContain('***');
  });
});

describe('create', () => {
  const create = async (sent: NewItem, options: object = {}, steps: readonly Step[] = [creates()]) => {
    const script = scripted(steps);
    const results = await target(script, options).create([sent], call());
    script.done();
    return { script, results };
  };

  it('sends an article as TEXT with the token in the body, and takes the id', async () => {
    const { script, results } = await create(item('a.md'));
    expect(results).toEqual([{ ok: true, remoteId: 'uuid-1' }]);
    expect(script.requests[0]).toMatchObject({ intent: 'create', method: 'POST' });
    expect(script.requests[0]?.query).toBe(undefined);
    expect(script.requests[0]?.json).toEqual({
      workspace_token: workspaceToken,
      bot_id: botId,
      type: 'TEXT',
      content: '# a.md\n\nThe text of a.md.\n',
      title: 'a.md [docs:a.md #e-a.md]',
    });
  });

  it.each([
    ['title-and-mark', 'a.md [docs:a.md #e-a.md]'],
    ['title', 'a.md'],
    ['mark', 'docs:a.md #e-a.md'],
  ])('titles it by %s', async (titleForm, title) => {
    const { script } = await create(item('a.md'), { titleForm });
    expect(script.requests[0]?.json).toMatchObject({ title });
  });

  it('cuts the title and never the mark', async () => {
    const { script } = await create(item('a.md', { title: '😀'.repeat(300) }));
    const { title } = JSON.parse(JSON.stringify(script.requests[0]?.json)) as { title: string };
    expect(title.length).toBeLessThanOrEqual(255);
    expect(title).toMatch(/^(?:😀)+ \[docs:a\.md #e-a\.md\]$/u);
  });

  it.each([
    ['question-first', { content: 'How long?', content_value: '30 minutes.\n\nSource: https://x' }],
    ['answer-first', { content: '30 minutes.\n\nSource: https://x', content_value: 'How long?' }],
  ])('sends a pair as Q_AND_A, %s, without a title', async (qaOrder, fields) => {
    const pair = item('a.md', { kind: 'qa', title: 'How long?', text: '# How long?\n\n30 minutes.\n\nSource: https://x\n' });
    const { script } = await create(pair, { qaOrder });
    expect(script.requests[0]?.json).toEqual({ workspace_token: workspaceToken, bot_id: botId, type: 'Q_AND_A', ...fields });
  });

  it('sends a part of a pair, and a pair without an answer, as TEXT', async () => {
    for (const patch of [{ part: 'p2' }, { text: '# a.md\n' }]) {
      const { script } = await create(item('a.md', { kind: 'qa', ...patch }));
      expect(script.requests[0]?.json).toMatchObject({ type: 'TEXT' });
    }
  });

  it('sends a link as URL, and refuses one that is missing or too long without a call', async () => {
    const link = item('a.md', { kind: 'url', url: 'https://docs.example.com/a', text: '' });
    const { script } = await create(link);
    expect(script.requests[0]?.json).toEqual({
      workspace_token: workspaceToken,
      bot_id: botId,
      type: 'URL',
      content: 'https://docs.example.com/a',
    });
    for (const url of [null, 'ftp://x', `https://docs.example.com/${'x'.repeat(300)}`]) {
      expect(codes((await create({ ...link, url }, {}, [])).results)).toEqual(['DOCUMENT_REFUSED']);
    }
  });

  const uploads = (reply: Partial<Step> = {}): Step => ({
    expect: `POST ${base}/upload/multiple`,
    body: { success: true, data: [{ name: 'a', url: 'https://files.example/a.md', type: 'text/markdown', size: 3 }] },
    ...reply,
  });

  it('uploads one file and sends its address as DOCUMENT', async () => {
    const { script, results } = await create(
      item('guides/ä a.md', { mark: 'docs:guides/ä a.md', effect: 'ef01' }),
      { articleAs: 'document' },
      [uploads(), creates()],
    );
    expect(codes(results)).toEqual(['ok']);
    const [upload, data] = script.requests;
    expect(upload).toMatchObject({ intent: 'repeatable' });
    expect(upload?.query).toBe(undefined);
    const form = upload?.form?.();
    expect([...(form?.keys() ?? [])]).toEqual(['workspace_token', 'files']);
    expect(form?.get('workspace_token')).toBe(workspaceToken);
    const file = form?.get('files') as File;
    expect([file.name, file.type]).toEqual(['docs-guides-a.md-ef01.md', 'text/markdown;charset=utf-8'.replace(';', '; ')]);
    expect(await file.text()).toBe('# guides/ä a.md\n\nThe text of guides/ä a.md.\n');
    expect(upload?.form?.()).not.toBe(form);
    expect(data?.json).toEqual({ workspace_token: workspaceToken, bot_id: botId, type: 'DOCUMENT', content: 'https://files.example/a.md' });
  });

  it('puts the token of an upload into the address where told to, and never in both places', async () => {
    const { script } = await create(item('a.pdf', { kind: 'file' }), { uploadTokenIn: 'query' }, [uploads(), creates()]);
    expect(script.requests[0]?.query).toEqual({ workspace_token: workspaceToken });
    expect([...(script.requests[0]?.form?.().keys() ?? [])]).toEqual(['files']);
    expect(script.requests[1]?.json).toMatchObject({ type: 'DOCUMENT' });
  });

  it.each<[string, Partial<Step>, string]>([
    ['400', { status: 400, body: { error: 'no token' } }, 'REQUEST_REFUSED'],
    ['401', { status: 401, body: { error: 'no token' } }, 'CREDENTIALS_REFUSED'],
    ['500', { status: 500, text: 'x' }, 'VENDOR_FAILED'],
    ['no address', { body: { success: true, data: [{ name: 'a' }] } }, 'REPLY_INVALID'],
    ['no file', { body: { success: true, data: [] } }, 'REPLY_INVALID'],
    ['success: false', { body: { success: false } }, 'VENDOR_FAILED'],
  ])('a failed upload (%s) made no training data', async (_, reply, code) => {
    const error = await thrown(() => create(item('a.md'), { articleAs: 'document' }, [uploads(reply)]));
    expect(error).toMatchObject({ code, facts: { effect: 'none' } });
    if (code === 'REQUEST_REFUSED')
      expect(error).toMatchObject({ facts: { stops: 'target' }, next: expect.stringContaining('uploadTokenIn: query') });
  });

  it.each<[string, Partial<Step>, string, string]>([
    ['400', { status: 400, body: refusedWith(['content should not be empty', 'type must be TEXT']) }, 'DOCUMENT_REFUSED', 'none'],
    ['422', { status: 422, body: { message: 'bad' } }, 'DOCUMENT_REFUSED', 'none'],
  ])('%s is the document’s matter', async (_, reply, code, effect) => {
    const { results } = await create(item('a.md'), {}, [creates(reply)]);
    expect(results).toMatchObject([{ ok: false, error: { code, facts: { effect, stops: 'document', retry: 'never' } } }]);
    expect(results[0]?.ok === false && results[0].error.message).toContain('a.md');
  });

  it('reads the vendor’s words from wherever they stand', async () => {
    const said = async (body: Json) => {
      const { results } = await create(item('a.md'), {}, [creates({ status: 400, body })]);
      return results[0]?.ok === false ? results[0].error.vendor : '';
    };
    expect(await said({ success: false, error: { code: 'E1', message: ['one', 'two'] } })).toBe('E1: one; two');
    expect(await said({ error: 'plain' })).toBe('plain');
    expect(await said({ message: 'bare' })).toBe('bare');
    expect(await said({ error: { message: { deep: 1 } } })).toContain('deep');
    expect(await said([])).toBe('[]');
  });

  it.each<[string, Partial<Step>, string, string]>([
    ['401', { status: 401, body: { error: 'x' } }, 'CREDENTIALS_REFUSED', 'none'],
    ['404', { status: 404, text: '<h1>Not Found</h1>' }, 'BOT_NOT_FOUND', 'none'],
    ['405', { status: 405, text: '' }, 'BOT_NOT_FOUND', 'none'],
    ['429', { status: 429, text: '' }, 'RATE_LIMITED', 'none'],
    ['500', { status: 500, body: refusedWith('x') }, 'VENDOR_FAILED', 'unconfirmed'],
    ['502 with a page', { status: 502, text: '<html>' }, 'VENDOR_FAILED', 'unconfirmed'],
    ['success: false in a 200', { body: refusedWith('x') }, 'VENDOR_FAILED', 'unconfirmed'],
    ['HTML in a 200', { text: '<html>' }, 'REPLY_INVALID', 'unconfirmed'],
    ['no id', { body: { success: true, data: { title: 'x' } } }, 'REPLY_INVALID', 'unconfirmed'],
    ['an id that is a number', { body: made(5) }, 'REPLY_INVALID', 'unconfirmed'],
    ['no data', { body: { success: true } }, 'REPLY_INVALID', 'unconfirmed'],
  ])('%s stops the target; what may have been made stays unconfirmed', async (_, reply, code, effect) => {
    const error = await thrown(() => create(item('a.md'), {}, [creates(reply)]));
    expect(error).toMatchObject({ code, facts: { effect, stops: 'target' } });
    expect(textOf(error)).not.toContain(workspaceToken);
  });

  it('takes any 2xx and keys it does not know', async () => {
    const { results } = await create(item('a.md'), {}, [creates({ status: 200, body: made('u', { content_value: 7, brand_new: {} }) })]);
    expect(results).toEqual([{ ok: true, remoteId: 'u' }]);
  });

  it('refuses what is empty or too large without a call', async () => {
    expect(codes((await create(item('a.md', { text: ' \n' }), {}, [])).results)).toEqual(['DOCUMENT_REFUSED']);
    const large = await create(item('a.md', { text: 'x'.repeat(2_000) }), { maxBodyBytes: 2_000 }, []);
    expect(codes(large.results)).toEqual(['DOCUMENT_TOO_LARGE']);
  });

  it('keeps what went through when the target stops', async () => {
    const script = scripted([creates(), creates({ status: 401, body: { error: 'x' } })]);
    const results = await target(script).create([item('a'), item('b'), item('c')], call());
    expect(codes(results)).toEqual(['ok', 'CREDENTIALS_REFUSED', 'CREDENTIALS_REFUSED']);
    script.done();
  });
});

describe('ask', () => {
  const answers = (data: Json, path = `${base}/messages`): Step => ({ expect: `POST ${path}`, body: { success: true, data } });

  it('asks as one fixed customer and cleans the answer', async () => {
    const script = scripted([answers('<p>Open <b>Settings</b>&nbsp;&amp; wait\\n30&#160;min.</p>'), answers('x')]);
    const made = target(script);
    expect(await made.ask?.('How?', call())).toEqual({ text: 'Open Settings & wait 30 min.', sources: [] });
    await made.ask?.('And?', call());
    const [first, second] = script.requests.map(({ json }) => json as { customer_info: { external_id: string } });
    expect(script.requests[0]).toMatchObject({ intent: 'ask', timeoutMs: 60_000 });
    expect(first).toEqual({
      workspace_token: workspaceToken,
      bot_id: botId,
      content: 'How?',
      metadata: {},
      customer_info: {
        name: 'kb-sync verifier',
        email: 'kb-sync-verify@example.invalid',
        phone_number: '',
        external_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/),
      },
    });
    expect(second?.customer_info).toEqual(first?.customer_info);
  });

  it('leaves the customer out, or takes another', async () => {
    const script = scripted([answers('x'), answers('x')]);
    await target(script, { customer: null, sendMetadata: false }).ask?.('How?', call());
    expect(Object.keys(script.requests[0]?.json as object)).toEqual(['workspace_token', 'bot_id', 'content']);
    await target(script, { customer: { name: 'CI', phone_number: null, external_id: 'ci-1' } }).ask?.('How?', call());
    expect(script.requests[1]?.json).toMatchObject({ customer_info: { name: 'CI', external_id: 'ci-1' } });
    expect(JSON.stringify(script.requests[1]?.json)).not.toContain('phone_number');
  });

  it('speaks V1 where told to', async () => {
    const script = scripted([answers('x', '/api/v1/messages')]);
    await target(script, { chatApi: 'v1' }).ask?.('How?', call());
    expect(script.requests[0]?.path).toBe('/api/v1/messages');
    expect(script.requests[0]?.json).toMatchObject({ chat_user: { name: 'kb-sync verifier', phone_number: '' } });
    expect(JSON.stringify(script.requests[0]?.json)).not.toMatch(/external_id|customer_info/);
  });

  it.each([null, '', '<p> </p>', undefined])('never takes %j for an answer', async (data) => {
    const step: Step = { expect: 'POST /messages', body: data === undefined ? { success: true } : { success: true, data } };
    expect(await thrown(async () => target(scripted([step])).ask?.('How?', call()))).toMatchObject({
      code: 'VENDOR_FAILED',
      facts: { stops: 'document' },
    });
  });

  it.each<[Partial<Step>, string]>([
    [{ status: 401, body: { error: 'x' } }, 'CREDENTIALS_REFUSED'],
    [{ status: 404, body: { error: 'x' } }, 'BOT_NOT_FOUND'],
    [{ status: 500, text: '' }, 'VENDOR_FAILED'],
    [{ body: { success: true, data: { text: 'x' } } }, 'REPLY_INVALID'],
  ])('fails with %j as %s', async (reply, code) => {
    expect((await thrown(async () => target(scripted([{ expect: 'POST /messages', ...reply }])).ask?.('How?', call()))).code).toBe(code);
  });
});

describe('cleaning', () => {
  it.each([
    ['plain', 'plain'],
    ['<ul><li>one</li><li>two</li></ul>', 'one two'],
    ['un<b>believ</b>able<br>yes', 'unbelievable yes'],
    ['a &lt;b&gt; &quot;c&quot; &#39;d&#39; &#x1F600; &unknown; &#0; &#xD800;', 'a <b> "c" \'d\' 😀 &unknown; &#0; &#xD800;'],
    ['<style>p { color: red }</style><script>x()</script>text<!-- note -->', 'text'],
    ['1 < 2 and 3 > 2', '1 < 2 and 3 > 2'],
    ['line\\nnext\\r\\nlast\n\tend', 'line next last end'],
    ['<a href="https://x/?a=1&amp;b=2">link</a>', 'link'],
    ['<img src=x>', ''],
  ])('%j is read as %j', (html, text) => expect(cleaned(html)).toBe(text));
});

describe('history', () => {
  const customersPage = (customers: Json[]): Step => ({
    expect: `GET ${base}/customer-list`,
    body: { success: true, data: { total: 9, customers } },
  });
  const sessionsPage = (...ids: string[]): Step => ({
    expect: `GET ${base}/sessions-by-customer`,
    body: {
      success: true,
      total: ids.length,
      data: ids.map((id, index) => ({ id, status: 'OPEN', created_at: `2026-03-0${index + 1}T00:00:00Z` })),
    },
  });
  const says = (id: string, sender_id: string, content: string | null, created_at: string, type = 'TEXT') => ({
    id,
    sender_id,
    content,
    created_at,
    type,
  });
  const messagesPage = (session: string, ...data: Json[]): Step => ({
    expect: `GET ${base}/detail-sessions/${session}`,
    body: { success: true, data },
  });

  it('goes from customers over sessions to questions and answers, newest first, without our own', async () => {
    const script = scripted([
      customersPage([
        { id: 'c1', email: 'a@x', external_id: null, created_at: '2026-01-01T00:00:00Z' },
        { id: 'c2', email: 'kb-sync-verify@example.invalid', created_at: '2025-01-01T00:00:00Z' },
      ]),
      customersPage([]),
      sessionsPage('s1'),
      sessionsPage(),
      messagesPage(
        's1',
        says('m5', 'c1', 'Unanswered?', '2026-03-01T05:00:00Z'),
        says('m4', botId, '<p>In <b>Settings</b>.</p>', '2026-03-01T02:00:00Z'),
        says('m3', 'c1', 'thumb', '2026-03-01T01:30:00Z', 'FEEDBACK'),
        says('m2', 'c1', '<p>Where?</p>', '2026-03-01T01:00:00Z'),
        says('m1', 'c1', 'Too old?', '2026-01-01T00:00:00Z'),
      ),
    ]);
    expect(await all(target(script).history?.('2026-02-01T00:00:00.000Z', call()))).toEqual([
      { at: '2026-03-01T05:00:00.000Z', question: 'Unanswered?', answer: null, conversation: 's1' },
      { at: '2026-03-01T01:00:00.000Z', question: 'Where?', answer: 'In Settings.', conversation: 's1' },
    ]);
    script.done();
    const [first, second, sessions, , messages] = script.requests.map(({ query }) => query);
    expect(first).toEqual({ workspace_token: workspaceToken, 'bot_ids[]': [botId] });
    expect(second).toMatchObject({ cursor: '2025-01-01T00:00:00Z' });
    expect(sessions).toEqual({ workspace_token: workspaceToken, customer_id: 'c1', limit: 100, offset: 0 });
    expect(messages).toMatchObject({ customer_id: 'c1', order: 'desc', remove_system_message: 'true', offset: 0 });
    expect(script.requests.every(({ json, intent }) => json === undefined && intent === 'read')).toBe(true);
  });

  it('encodes lists as told, and stops where pages repeat', async () => {
    const page = customersPage([{ id: 'c1', created_at: '2026-01-01T00:00:00Z' }]);
    const script = scripted([page, page, sessionsPage()]);
    expect(await all(target(script, { arrays: 'repeat' }).history?.('2026-02-01T00:00:00.000Z', call()))).toEqual([]);
    expect(script.requests[0]?.query).toMatchObject({ bot_ids: [botId] });
    script.done();
  });

  it("knows the bot's own words for not knowing, marked up as they come", async () => {
    const bot = { id: botId, reply_unknown: '<p>Ask our team, please.</p>' };
    const script = scripted([
      customersPage([{ id: 'c1', created_at: null }]),
      sessionsPage('s1'),
      sessionsPage(),
      messagesPage(
        's1',
        { ...says('m2', botId, 'Ask our team,  please.', '2026-03-01T02:00:00Z'), bot },
        { ...says('m1', 'c1', 'Fax?', '2026-03-01T01:00:00Z'), bot },
      ),
      messagesPage('s1'),
    ]);
    expect(await all(target(script).history?.('2026-02-01T00:00:00.000Z', call()))).toEqual([
      { at: '2026-03-01T01:00:00.000Z', question: 'Fax?', answer: 'Ask our team, please.', conversation: 's1', vain: 'unknown' },
    ]);
  });

  it('reads further pages of messages until they are too old', async () => {
    const script = scripted([
      customersPage([{ id: 'c1', created_at: null }]),
      sessionsPage('s1'),
      sessionsPage('s1'),
      messagesPage('s1', says('m3', 'c1', 'New?', '2026-03-01T00:00:00Z')),
      messagesPage('s1', says('m2', botId, 'Old.', '2026-01-02T00:00:00Z')),
    ]);
    expect(await all(target(script).history?.('2026-02-01T00:00:00.000Z', call()))).toEqual([
      { at: '2026-03-01T00:00:00.000Z', question: 'New?', answer: null, conversation: 's1' },
    ]);
    expect(script.requests.at(-1)?.query).toMatchObject({ offset: 1 });
    script.done();
  });

  it('bounds what it looks into, and keeps what has no readable date', async () => {
    const script = scripted([
      customersPage([
        { id: 'c1', created_at: 'yesterday' },
        { id: 'c2', created_at: 'today' },
      ]),
      sessionsPage('s1', 's2'),
      messagesPage('s2', says('m1', 'c1', 'When?', 'soon')),
      messagesPage('s2'),
    ]);
    const made = target(script, { historyCustomers: 1, historySessions: 1 });
    const notes: string[] = [];
    const told = (note: string) => void notes.push(note);
    expect(await all(made.history?.('2026-02-01T00:00:00.000Z', { ...call(), told }))).toEqual([
      { at: null, question: 'When?', answer: null, conversation: 's2' },
    ]);
    expect(notes).toEqual(['only 1 customers were looked into, those that CX Genie lists first (historyCustomers)']);
    script.done();
  });

  it('fails as a whole where a page is none', async () => {
    const broken: Step = { expect: 'GET /customer-list', body: { success: true, data: { customers: 'none' } } };
    expect((await thrown(() => all(target(scripted([broken])).history?.('2026-02-01T00:00:00.000Z', call())))).code).toBe('REPLY_INVALID');
  });

  it('goes on where a customer is gone meanwhile', async () => {
    const gone: Step = { expect: 'GET /sessions-by-customer', status: 404, body: { error: 'no customer' } };
    const script = scripted([customersPage([{ id: 'c1', created_at: null }]), gone]);
    expect(await all(target(script).history?.('2026-02-01T00:00:00.000Z', call()))).toEqual([]);
    script.done();
  });
});
