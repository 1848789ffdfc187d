import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ItemResult, ItemTarget, NewItem } from '../../src/connectors/connector.ts';
import { connector } from '../../src/connectors/replycx/index.ts';
import { fieldKey, fileName, markIn } from '../../src/connectors/replycx/names.ts';
import type { SyncError } from '../../src/model/error.ts';
import type { Json, JsonRecord } from '../../src/model/json.ts';
import { all, call, type Scripted, type Step, scripted, thrown } from './scripted-http.ts';

const token = 'eyJ.s3cret.jwt';
const kb = '876';
const upload = `/api/v1/ai/knowledge-base/${kb}/upload/sources`;
const details = `/v1/ai/knowledge-base/${kb}`;
const removal = `/v1/ai/knowledge-bases/${kb}/data-sources`;

function target(script: Scripted, options: object = {}): ItemTarget {
  const connected = connector.connect(connector.options.parse({ token, knowledgeBaseId: kb, ...options }), script.tools);
  if (!('create' in connected)) throw new Error('not an item target');
  return connected;
}

const { marks } = target(scripted([]));

function item(name: string, patch: Partial<NewItem> = {}): NewItem {
  const rest = { kind: 'article', part: '', url: null, format: 'markdown', attributes: {} } as const;
  const mark = marks.write({ workspace: 'docs', document: name, part: '', effect: '' });
  return { effect: `effect-of-${name}`, document: name, path: name, mark, title: name, text: `# ${name}\n`, ...rest, ...patch };
}

const source = (id: Json, more: JsonRecord = {}): JsonRecord => ({
  id,
  type: 'file',
  name: 'x.txt',
  status: 'in-progress',
  errors: null,
  ...more,
});
const fails = (code: string, status: number | null, message = 'so it is'): Json => ({
  ok: false,
  error: code,
  code,
  message,
  ...(status === null ? {} : { status }),
});
const uploads = (...taken: (readonly [NewItem, Json])[]): Step => ({
  expect: `POST ${upload}`,
  body: { ...Object.fromEntries(taken.map(([each, sources]) => [fieldKey(each), sources])), knowledge_base_id: 876, ok: true },
});
const codes = (results: readonly ItemResult[] | undefined) =>
  results?.map((result) => (result.ok ? (result.remoteId ?? 'ok') : result.error.code));
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
    expect(secrets).toEqual(['token']);
  });

  it('fills in the documented defaults', () => {
    expect(connector.options.parse({})).toMatchObject({
      accountId: null,
      features: { delete: false, list: false },
      upload: { extension: 'txt', as: 'file' },
      uploadBatch: 5,
      uploadBytes: 4_000_000,
      maxFileBytes: 5_000_000,
      statusChunk: 50,
      missingAfter: 300_000,
      statusWords: { failed: ['failed', 'error'] },
    });
    expect(connector.required({})).toEqual(['token', 'knowledgeBaseId']);
  });

  it.each([
    [{ features: { verify: true } }, 'verify'],
    [{ verify: {} }, 'verify'],
    [{ tombstone: true }, 'tombstone'],
    [{ webhook: 'x' }, 'webhook'],
    [{ upload: { extension: 'pdf' } }, 'extension'],
    [{ knowledgeBaseId: 876 }, 'knowledgeBaseId'],
  ])('refuses %j', (options, named) => {
    const parsed = connector.options.safeParse(options);
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error?.issues)).toContain(named);
  });

  it('has a sandbox knowledge base whose id is a number, and connects without a request', () => {
    const { options, bot } = connector.sandbox('reply');
    expect(options).toEqual({ token: bot.secret, knowledgeBaseId: bot.id });
    expect(bot.id).toMatch(/^\d{9}$/);
    expect(connector.sandbox('other').bot.id).not.toBe(bot.id);
    const script = scripted([]);
    connector.connect(connector.options.parse(options), script.tools);
    expect(script.requests).toEqual([]);
  });

  it('offers by default what the vendor documents, and explains the rest', () => {
    const made = target(scripted([]));
    expect(made.delete ?? made.list ?? made.update ?? made.read ?? made.ask ?? made.history).toBe(undefined);
    expect(made.traits).toMatchObject({ repeatedCreate: 'twin', limits: { batch: 5, batchBytes: 4_000_000, partBytes: 4_000_000 } });
    const because = Object.fromEntries(Object.entries(made.traits.missing).map(([name, missing]) => [name, missing?.because]));
    expect(because).toEqual({
      update: 'vendor-has-none',
      delete: 'switched-off',
      list: 'switched-off',
      read: 'vendor-has-none',
      train: 'vendor-has-none',
      ask: 'not-built',
      history: 'vendor-has-none',
    });
  });

  it('offers delete and list where they are switched on', () => {
    const both = target(scripted([]), { features: { delete: true, list: true } });
    expect([both.delete, both.list].every((each) => each !== undefined)).toBe(true);
    expect(both.traits.repeatedCreate).toBe('findable');
    expect(both.traits.missing.delete ?? both.traits.missing.list).toBe(undefined);
    expect(target(scripted([]), { features: { delete: true } }).traits.repeatedCreate).toBe('twin');
    const texts = target(scripted([]), { features: { list: true }, upload: { as: 'text' } });
    expect(texts.traits).toMatchObject({ repeatedCreate: 'twin', limits: { partBytes: 2_500 } });
  });
});

describe('names', () => {
  it('carries the mark in the file name, whatever the document is called, and finds it again', () => {
    for (const document of ['guides/a.md', 'ä/日本 ü?.md', 'very/long/'.repeat(40), '#qa-x']) {
      const mark = marks.write({ workspace: 'product-docs', document, part: '', effect: 'e' });
      const name = fileName({ mark, text: 'x' }, 'txt');
      expect(name).toMatch(/^[A-Za-z0-9._ -]+\.txt$/);
      expect(name.length).toBeLessThanOrEqual(100);
      expect(markIn(name)).toBe(mark);
      expect(markIn(name.replace(/\.txt$/, ''))).toBe(mark);
      expect(marks.ours(mark, 'product-docs')).toBe(true);
      expect(marks.ours(mark, 'other')).toBe(false);
    }
  });

  it('shows two versions apart, under one mark', () => {
    const [old, fresh] = ['old', 'new'].map((text) => fileName({ mark: item('a').mark, text }, 'txt'));
    expect(old).not.toBe(fresh);
    expect(markIn(old)).toBe(markIn(fresh));
  });

  it.each(['report-abc123.txt', 'a 0123.txt', '', null, undefined])('takes no mark from %j', (name) => expect(markIn(name)).toBe(null));

  it('has field keys that are none of the reply’s own, and one for each item and part', () => {
    const keys = [item('a'), item('b'), item('a', { part: 'p2' }), item('a', { effect: 'later' })].map(fieldKey);
    expect(new Set(keys).size).toBe(4);
    for (const key of keys) expect(key).toMatch(/^d_[0-9a-f]{12}$/);
  });
});

describe('check', () => {
  const bots = (reply: Partial<Step>): Step => ({ expect: 'GET /v1/accounts/acc-1/bots', ...reply });

  it('proves nothing, and asks nothing, by itself', async () => {
    const script = scripted([]);
    expect(await target(script).check(call())).toEqual({
      identity: `replycx|https://vendor.example|${kb}`,
      label: `knowledge base ${kb}`,
      proven: 'nothing',
    });
  });

  it('lists the bots where it knows the account', async () => {
    const script = scripted([bots({ body: { ok: true, bots: [{ botTitle: 'x' }] } })]);
    expect(await target(script, { accountId: 'acc-1' }).check(call())).toMatchObject({ proven: 'credentials' });
    expect(script.requests[0]).toMatchObject({ intent: 'read', headers: { authorization: `Bearer ${token}` } });
  });

  it.each<[string, Partial<Step>, string]>([
    [
      'a bad token',
      { status: 401, body: { ok: false, error: 'JWT_SIGNATURE_EXCEPTION', message: 'bad', status: 401 } },
      'CREDENTIALS_REFUSED',
    ],
    ['a 401 without a body', { status: 401, text: '' }, 'CREDENTIALS_REFUSED'],
    ['403', { status: 403, text: '<html>' }, 'CREDENTIALS_REFUSED'],
    ['an unknown account', { status: 404, body: fails('ACCOUNT_DETAILS_NOT_FOUND', 404) }, 'BOT_NOT_FOUND'],
    ['a 404 of somebody else', { status: 404, text: 'Not Found' }, 'BOT_NOT_FOUND'],
    ['429', { status: 429, body: fails('TOO_MANY_REQUESTS', 429) }, 'RATE_LIMITED'],
    ['429 in a 200', { body: fails('TOO_MANY_REQUESTS', 429) }, 'RATE_LIMITED'],
    ['500', { status: 500, text: '' }, 'VENDOR_FAILED'],
    ['ok: false and nothing else', { body: { ok: false } }, 'VENDOR_FAILED'],
    ['401 in a 200', { body: fails('ANYTHING', 401) }, 'CREDENTIALS_REFUSED'],
    ['an unknown 4xx in a 200', { body: fails('ANYTHING', 418) }, 'REQUEST_REFUSED'],
    ['400', { status: 400, body: fails('BAD_REQUEST', 400) }, 'REQUEST_REFUSED'],
    ['no ok', { body: { bots: [] } }, 'REPLY_INVALID'],
    ['HTML', { text: '<html>' }, 'REPLY_INVALID'],
    ['no bots', { body: { ok: true } }, 'REPLY_INVALID'],
  ])('answers %s with %s', async (_, reply, code) => {
    const error = await thrown(() => target(scripted([bots(reply)]), { accountId: 'acc-1' }).check(call()));
    expect(error.code).toBe(code);
    expect(error.facts.stops).toBe('target');
  });

  it('tells a plan without the API from a bad token', async () => {
    const reply = bots({ status: 401, body: fails('UNAUTHORIZED_FEATURE', 401) });
    const error = await thrown(() => target(scripted([reply]), { accountId: 'acc-1' }).check(call()));
    expect(error).toMatchObject({ code: 'CREDENTIALS_REFUSED', facts: { retry: 'never' }, next: expect.stringContaining('support') });
    expect(error.message).toContain('not at fault');
  });

  it('names the knowledge base where it can be listed, and does without where it cannot', async () => {
    const page: Step = { expect: `GET ${details}`, body: { ok: true, id: 876, name: 'Help', total_data_sources: 0, data_source: [] } };
    const list = { features: { list: true } };
    expect(await target(scripted([page]), list).check(call())).toMatchObject({ label: 'Help', proven: 'bot' });
    for (const status of [404, 405]) {
      const absent = scripted([{ expect: `GET ${details}`, status, body: fails('NOT_FOUND', status) }]);
      expect(await target(absent, list).check(call())).toMatchObject({ label: 'knowledge base 876', proven: 'nothing' });
    }
    for (const [code, status] of [
      ['KNOWLEDGE_BASE_NOT_FOUND', 404],
      ['BAD_REQUEST', 400],
    ] as const) {
      const wrong = scripted([{ expect: `GET ${details}`, status, body: fails(code, status) }]);
      expect((await thrown(() => target(wrong, list).check(call()))).code).toBe('BOT_NOT_FOUND');
    }
  });

  it('says which key is not set', async () => {
    const made = connector.connect(connector.options.parse({ token }), scripted([]).tools);
    expect(await thrown(() => made.check(call()))).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('knowledgeBaseId'),
    });
  });
});

describe('create', () => {
  it('sends files under safe keys in one form and reads the ids back by key, as texts', async () => {
    const [a, b] = [item('a.md'), item('b.md', { text: 'Grüße' })];
    const script = scripted([uploads([b, [source('330786')]], [a, [source(330783), source(330785)]])]);
    expect(await target(script).create([a, b], call())).toEqual([
      { ok: true, remoteId: '330783' },
      { ok: true, remoteId: '330786' },
    ]);
    expect(script.requests[0]).toMatchObject({ intent: 'create', method: 'POST' });
    expect(script.requests[0]?.headers).not.toHaveProperty('content-type');
    const form = script.requests[0]?.form?.();
    expect([...(form?.keys() ?? [])]).toEqual([fieldKey(a), fieldKey(b)]);
    const file = form?.get(fieldKey(b)) as File;
    expect([file.name, file.type]).toEqual([fileName(b, 'txt'), 'text/plain; charset=utf-8']);
    expect(await file.text()).toBe('Grüße');
    expect(script.requests[0]?.form?.()).not.toBe(form);
  });

  it('sends other endings, and texts, where told to', async () => {
    const a = item('a.md');
    const md = scripted([uploads([a, [source(1)]])]);
    await target(md, { upload: { extension: 'md' } }).create([a], call());
    expect(md.requests[0]?.form?.().get(fieldKey(a))).toMatchObject({ name: expect.stringMatching(/\.md$/) });
    const text = scripted([uploads([a, [source(1, { type: 'text' })]])]);
    await target(text, { upload: { as: 'text' } }).create([a], call());
    expect(text.requests[0]?.form?.().get(fieldKey(a))).toBe('# a.md\n');
  });

  it.each<[string, Json, string, string]>([
    ['errors as a text', [source(1, { errors: 'unreadable' })], 'DOCUMENT_REFUSED', 'unreadable'],
    ['errors as a list', [source(1, { errors: ['a', 'b'] })], 'DOCUMENT_REFUSED', '["a","b"]'],
    ['errors as an object', [source(1, { errors: { file: 'bad' } })], 'DOCUMENT_REFUSED', '{"file":"bad"}'],
    ['a failed status', [source(1, { status: 'Failed' })], 'DOCUMENT_REFUSED', 'status Failed'],
    ['a refusal without an id', [{ errors: 'too odd' }], 'DOCUMENT_REFUSED', 'too odd'],
  ])('%s in a 200 is a refusal of that document alone', async (_, sources, code, vendor) => {
    const [a, b] = [item('a.md'), item('b.md')];
    const results = await target(scripted([uploads([a, sources], [b, [source(2)]])])).create([a, b], call());
    expect(codes(results)).toEqual([code, '2']);
    expect(results[0]).toMatchObject({ error: { vendor, facts: { effect: 'none', retry: 'never', stops: 'document' } } });
  });

  it.each<[string, JsonRecord]>([
    ['an empty list', { errors: [] }],
    ['an empty object', { errors: {} }],
    ['an empty text', { errors: '' }],
    ['false', { errors: false }],
  ])('%s as errors is no refusal', async (_, more) => {
    const a = item('a.md');
    expect(codes(await target(scripted([uploads([a, [source(7, more)]])])).create([a], call()))).toEqual(['7']);
  });

  it.each<[string, Json | undefined]>([
    ['no key of it', undefined],
    ['no source', []],
    ['no list', { id: 1 }],
    ['no id', [{ name: 'x', status: 'in-progress' }]],
    ['an id that is none', [{ id: { a: 1 } }]],
  ])('with %s only that document is unconfirmed', async (_, sources) => {
    const [a, b] = [item('a.md'), item('b.md')];
    const reply = sources === undefined ? uploads([b, [source(2)]]) : uploads([a, sources], [b, [source(2)]]);
    const results = await target(scripted([reply])).create([a, b], call());
    expect(codes(results)).toEqual(['REPLY_INVALID', '2']);
    expect(results[0]).toMatchObject({ error: { facts: { effect: 'unconfirmed', stops: 'document' } } });
  });

  const once = (reply: Partial<Step>, options: object = {}) => {
    const script = scripted([{ expect: `POST ${upload}`, ...reply }]);
    return thrown(() => target(script, options).create([item('a.md'), item('b.md')], call())).finally(() => script.done());
  };

  it.each<[string, Partial<Step>, string, string]>([
    ['500', { status: 500, body: fails('INTERNAL', 500) }, 'VENDOR_FAILED', 'unconfirmed'],
    ['502 with a page', { status: 502, text: '<html>' }, 'VENDOR_FAILED', 'unconfirmed'],
    ['500 in a 200', { body: fails('INTERNAL', 500) }, 'VENDOR_FAILED', 'unconfirmed'],
    ['ok: false in a 200', { body: { ok: false, message: 'no' } }, 'VENDOR_FAILED', 'unconfirmed'],
    ['HTML in a 200', { text: '<html>' }, 'REPLY_INVALID', 'unconfirmed'],
    ['no ok', { body: {} }, 'REPLY_INVALID', 'unconfirmed'],
    ['429', { status: 429, body: fails('TOO_MANY_REQUESTS', 429), retryAfterMs: 7_000 }, 'RATE_LIMITED', 'none'],
    ['a bad token', { status: 401, body: { ok: false, error: 'JWT_SIGNATURE_EXCEPTION' } }, 'CREDENTIALS_REFUSED', 'none'],
    ['a plan without it', { status: 401, body: fails('UNAUTHORIZED_FEATURE', 401) }, 'CREDENTIALS_REFUSED', 'none'],
    ['an unknown knowledge base', { status: 404, body: fails('KNOWLEDGE_BASE_NOT_FOUND', 404) }, 'BOT_NOT_FOUND', 'none'],
    ['another host', { status: 404, text: '<html>' }, 'BOT_NOT_FOUND', 'none'],
    ['somebody else’s', { status: 400, body: fails('BAD_REQUEST', 400, 'It does not belong to you') }, 'BOT_NOT_FOUND', 'none'],
    ['a full account', { status: 400, body: fails('MAX_KNOWLEDGE_BASE_COUNT_EXCEEDED', 400) }, 'QUOTA_EXHAUSTED', 'none'],
    ['402', { status: 402, text: '' }, 'QUOTA_EXHAUSTED', 'none'],
  ])('%s stops the target, is sent once, and is unconfirmed where it may have been done', async (_, reply, code, effect) => {
    const error = await once(reply);
    expect(error).toMatchObject({ code, facts: { effect, stops: 'target' } });
    if (reply.retryAfterMs !== undefined) expect(error.facts.retryAfterMs).toBe(7_000);
    expect(textOf(error)).not.toContain(token);
  });

  it('never repeats the token that the vendor echoes', async () => {
    for (const body of [fails('X', 401, `Bearer ${token} is bad`), `<p>${token}</p>`] as Json[]) {
      const error = await once(typeof body === 'string' ? { status: 401, text: body } : { status: 401, body });
      expect(textOf(error)).not.toContain(token);
      expect(error.vendor).toContain('***');
    }
  });

  it.each<[number, Json]>([
    [400, fails('BAD_REQUEST', 400, 'file type')],
    [422, fails('UNPROCESSABLE', 422)],
    [413, 'too large'],
    [200, fails('BAD_REQUEST', null, 'file type')],
  ])('a refused upload (%i) is split until the bad one stands alone', async (status, body) => {
    const [a, b, c] = [item('a.md'), item('b.md'), item('c.md')];
    const refused: Step = { expect: `POST ${upload}`, status, body };
    const script = scripted([refused, refused, uploads([a, [source(1)]]), refused, uploads([c, [source(3)]])]);
    const code = status === 413 ? 'DOCUMENT_TOO_LARGE' : 'DOCUMENT_REFUSED';
    expect(codes(await target(script).create([a, b, c], call()))).toEqual(['1', code, '3']);
    script.done();
  });

  it('is unconfirmed instead where a refused batch may have been taken in part', async () => {
    const [a, b] = [item('a.md'), item('b.md')];
    const refused: Step = { expect: `POST ${upload}`, status: 400, body: fails('BAD_REQUEST', 400) };
    const script = scripted([refused]);
    const results = await target(script, { atomicBatches: false }).create([a, b], call());
    expect(results).toMatchObject([{ error: { code: 'UNCONFIRMED' } }, { error: { facts: { effect: 'unconfirmed' } } }]);
    script.done();
    expect(codes(await target(scripted([refused]), { atomicBatches: false }).create([a], call()))).toEqual(['DOCUMENT_REFUSED']);
  });

  it('keeps what went through when the target stops in the middle of a split', async () => {
    const [a, b] = [item('a.md'), item('b.md')];
    const steps: Step[] = [
      { expect: `POST ${upload}`, status: 400, body: fails('BAD_REQUEST', 400) },
      uploads([a, [source(1)]]),
      { expect: `POST ${upload}`, status: 500, text: '' },
    ];
    const results = await target(scripted(steps)).create([a, b], call());
    expect(codes(results)).toEqual(['1', 'VENDOR_FAILED']);
    expect(results[1]).toMatchObject({ error: { facts: { effect: 'unconfirmed' } } });
  });

  it('refuses what is empty or too large without a call, and sends the rest', async () => {
    const [empty, good, large] = [item('e.md', { text: ' \n' }), item('g.md'), item('l.md', { text: 'x'.repeat(1_001) })];
    const script = scripted([uploads([good, [source(2)]])]);
    const results = await target(script, { maxFileBytes: 1_000 }).create([empty, good, large], call());
    expect(codes(results)).toEqual(['DOCUMENT_REFUSED', '2', 'DOCUMENT_TOO_LARGE']);
    expect([...(script.requests[0]?.form?.().keys() ?? [])]).toEqual([fieldKey(good)]);
    const long = item('t.md', { text: 'x'.repeat(2_501) });
    expect(codes(await target(scripted([]), { upload: { as: 'text' } }).create([long], call()))).toEqual(['DOCUMENT_TOO_LARGE']);
  });
});

describe('status', () => {
  const at = new Date(1_000_000).toISOString();
  const asked = (...ids: string[]) => ids.map((remoteId) => ({ remoteId, document: `doc ${remoteId}`, acceptedAt: at }));
  const tells = (...sources: JsonRecord[]): Step => ({ expect: 'GET /api/v1/ai/status/sources', body: { ok: true, sources } });

  it('asks by ids, in chunks, and reads words tolerantly', async () => {
    const words = ['in-progress', 'In Progress', 'in_progress', 'completed', 'COMPLETE', 'trained', 'failed', 'Error', 'brand new', ''];
    const ids = words.map((_, index) => String(330_700 + index));
    const sources = words.map((status, index) => ({ id: 330_700 + index, name: 'x.txt', status, knowledge_base_id: 876 }));
    const script = scripted([tells(...sources.slice(0, 6)), tells(...sources.slice(6))]);
    const report = await target(script, { statusChunk: 6 }).status?.({ items: asked(...ids), run: null }, call());
    expect(report?.run).toBe(null);
    expect(report?.items.map(({ state }) => state)).toEqual([
      ...['training', 'training', 'training', 'trained', 'trained', 'trained'],
      ...['failed', 'failed', 'training', 'training'],
    ]);
    expect(report?.items[6]?.error).toMatchObject({
      code: 'TRAINING_FAILED',
      vendor: 'failed',
      message: expect.stringContaining('330706'),
    });
    expect(script.requests.map(({ query }) => query?.['source_ids'])).toEqual([ids.slice(0, 6).join(','), ids.slice(6).join(',')]);
    expect(script.requests[0]).toMatchObject({ intent: 'read', headers: { 'content-type': 'application/json' } });
  });

  it('knows a source that is told of without a word, and one told as a text', async () => {
    const report = await target(scripted([tells({ id: '1' }, { id: 2, status: 'completed' })])).status?.(
      { items: asked('1', '2'), run: null },
      call(),
    );
    expect(report?.items.map(({ remoteId, state }) => [remoteId, state])).toEqual([
      ['1', 'training'],
      ['2', 'trained'],
    ]);
  });

  it('says nothing of a missing source at first, and unknown later: never gone, never trained', async () => {
    const query = { items: asked('1'), run: null };
    expect((await target(scripted([tells()], () => 1_299_999)).status?.(query, call()))?.items).toEqual([]);
    expect((await target(scripted([tells()], () => 1_300_000)).status?.(query, call()))?.items).toEqual([
      { remoteId: '1', state: 'unknown', error: null },
    ]);
  });

  it('goes by the words of the settings, and asks nothing for nothing', async () => {
    const options = { statusWords: { trained: ['Fertig Gelernt'] } };
    const made = target(scripted([tells({ id: 1, status: 'fertig_gelernt' }, { id: 2, status: 'completed' })]), options);
    expect((await made.status?.({ items: asked('1', '2'), run: null }, call()))?.items.map(({ state }) => state)).toEqual([
      'trained',
      'training',
    ]);
    expect(await target(scripted([])).status?.({ items: [], run: null }, call())).toEqual({ run: null, items: [] });
  });

  it.each<[Partial<Step>, string]>([
    [{ body: { ok: true } }, 'REPLY_INVALID'],
    [{ text: '<html>' }, 'REPLY_INVALID'],
    [{ body: fails('UNAUTHORIZED_FEATURE', 401) }, 'CREDENTIALS_REFUSED'],
    [{ status: 500, text: '' }, 'VENDOR_FAILED'],
    [{ body: { ok: true, sources: [{ id: 1.5 }] } }, 'REPLY_INVALID'],
  ])('fails with %j as %s', async (reply, code) => {
    const script = scripted([{ expect: 'GET /status/sources', ...reply }]);
    expect(await thrown(async () => target(script).status?.({ items: asked('1'), run: null }, call()))).toMatchObject({ code });
  });
});

describe('list', () => {
  const list = { features: { list: true }, pageLimit: 2 };
  const page = (ids: readonly number[], total: number | null): Step => ({
    expect: `GET ${details}`,
    body: {
      ok: true,
      ...(total === null ? {} : { total_data_sources: total }),
      data_source: ids.map((id) => ({ id, name: id === 9 ? 'Manual.pdf' : fileName(item(`n${id}`), 'txt'), status: 'completed' })),
    },
  });
  const read = (script: Scripted, options: object = list) => all(target(script, options).list?.(call()));

  it('gives every source once, with its mark; each page begins with the last of the one before', async () => {
    const script = scripted([page([1, 9], 4), page([9, 3], 4), page([3, 4], 4)]);
    expect(await read(script)).toEqual([
      { remoteId: '1', mark: item('n1').mark, name: fileName(item('n1'), 'txt'), training: 'trained' },
      { remoteId: '9', mark: null, name: 'Manual.pdf', training: 'trained' },
      { remoteId: '3', mark: item('n3').mark, name: fileName(item('n3'), 'txt'), training: 'trained' },
      { remoteId: '4', mark: item('n4').mark, name: fileName(item('n4'), 'txt'), training: 'trained' },
    ]);
    expect(script.requests.map(({ query }) => query)).toEqual([
      { limit: 2, offset: 0 },
      { limit: 2, offset: 1 },
      { limit: 2, offset: 2 },
    ]);
    script.done();
  });

  it('ends without a total where a page brings only what is known', async () => {
    const script = scripted([page([1, 2], null), page([2, 3], null), page([3], null)]);
    expect((await read(script)).map(({ remoteId }) => remoteId)).toEqual(['1', '2', '3']);
    script.done();
    expect(await read(scripted([page([], 0)]))).toEqual([]);
    expect(await read(scripted([page([], null)]))).toEqual([]);
  });

  it.each<[string, readonly Step[]]>([
    ['a source slipped by', [page([1, 2], 4), page([3, 4], 4)]],
    ['an offset that is not understood', [page([1, 2], null), page([1, 2], null)]],
    ['an end before the total', [page([1, 2], 5), page([2], 5)]],
    ['nothing where the total says something', [page([], 3)]],
    ['an answer without sources', [{ expect: 'GET /knowledge-base/876', body: { ok: true, total_data_sources: 0 } }]],
    ['ids that are none', [{ expect: 'GET /knowledge-base/876', body: { ok: true, data_source: [{ id: null }] } }]],
    ['HTML', [{ expect: 'GET /knowledge-base/876', text: '<html>' }]],
  ])('throws at %s', async (_, steps) => {
    expect(await thrown(() => read(scripted(steps)))).toMatchObject({ code: 'REPLY_INVALID', facts: { effect: 'none' } });
  });

  it('throws above the page cap', async () => {
    expect((await thrown(() => read(scripted([page([1, 2], 9)]), { ...list, maxPages: 1 }))).message).toContain('maxPages');
  });

  it.each([404, 405])('a call that is not there (%i) is said, and never an empty list', async (status) => {
    for (const reply of [{ body: fails('NOT_FOUND', status) }, { text: '<html>' }]) {
      const error = await thrown(() => read(scripted([{ expect: `GET ${details}`, status, ...reply }])));
      expect(error).toMatchObject({
        code: 'REQUEST_REFUSED',
        data: { absent: true, capability: 'list' },
        next: expect.stringContaining('features.list: false'),
      });
    }
  });

  it('an unknown knowledge base is not a missing call', async () => {
    const script = scripted([{ expect: `GET ${details}`, status: 404, body: fails('KNOWLEDGE_BASE_NOT_FOUND', 404) }]);
    expect((await thrown(() => read(script))).code).toBe('BOT_NOT_FOUND');
  });
});

describe('delete', () => {
  const on = { features: { delete: true } };
  const removes = (reply: Partial<Step> = { body: { ok: true, message: 'done' } }): Step => ({ expect: `DELETE ${removal}`, ...reply });
  const remove = (ids: readonly string[], ...steps: Step[]) => {
    const script = scripted(steps);
    return { script, results: Promise.resolve(target(script, on).delete?.(ids, call())) };
  };

  it('deletes one source a call, by its number', async () => {
    const { script, results } = remove(['330783', '98765432109876543210'], removes(), removes({ text: '' }));
    expect(codes(await results)).toEqual(['330783', '98765432109876543210']);
    expect(script.requests.map(({ json, intent }) => [json, intent])).toEqual([
      [{ data_sources: [330783] }, 'repeatable'],
      [{ data_sources: ['98765432109876543210'] }, 'repeatable'],
    ]);
  });

  it('takes an answer that names the source for already gone', async () => {
    const { results } = remove(['1', '2'], removes({ status: 404, body: fails('DATA_SOURCE_NOT_FOUND', 404) }), removes());
    expect(codes(await results)).toEqual(['1', '2']);
  });

  it.each([404, 405])('a call that is not there (%i) leaves every copy, and is asked once', async (status) => {
    const { script, results } = remove(['1', '2'], removes({ status, body: fails('NOT_FOUND', status) }));
    const left = await results;
    expect(codes(left)).toEqual(['REQUEST_REFUSED', 'REQUEST_REFUSED']);
    expect(left?.[0]).toMatchObject({
      error: {
        data: { absent: true, capability: 'delete' },
        facts: { effect: 'none', stops: 'document', retry: 'later' },
        next: expect.stringContaining('features.delete: false'),
      },
    });
    script.done();
  });

  it('goes on after what is about one source, and stops at what is about the target', async () => {
    const odd = remove(['1', '2'], removes({ status: 400, body: fails('BAD_REQUEST', 400) }), removes());
    expect(codes(await odd.results)).toEqual(['REQUEST_REFUSED', '2']);
    const stop = remove(['1', '2', '3'], removes(), removes({ status: 401, text: '' }));
    expect(codes(await stop.results)).toEqual(['1', 'CREDENTIALS_REFUSED', 'CREDENTIALS_REFUSED']);
    const first = remove(['1', '2'], removes({ status: 404, body: fails('KNOWLEDGE_BASE_NOT_FOUND', 404) }));
    expect((await thrown(() => first.results)).code).toBe('BOT_NOT_FOUND');
    const lost = remove(['1'], removes({ text: '<html>' }));
    expect((await thrown(() => lost.results)).code).toBe('REPLY_INVALID');
    const refused = remove(['1'], removes({ body: { ok: false } }));
    expect((await thrown(() => refused.results)).code).toBe('VENDOR_FAILED');
  });
});
