import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from '../../src/config/schema.ts';
import { shapeOf } from '../../src/config/shape.ts';
import type { HttpRequest, ItemResult, ItemTarget, NewItem, StatusQuery } from '../../src/connectors/connector.ts';
import { chunksOf, joined } from '../../src/connectors/koreai/chunks.ts';
import { connector } from '../../src/connectors/koreai/index.ts';
import { markOfTitle, titleMarker, titleOfMark } from '../../src/connectors/koreai/title.ts';
import { SyncError } from '../../src/model/error.ts';
import type { Json } from '../../src/model/json.ts';
import { all, call, type Scripted, type Step, scripted, thrown } from './scripted-http.ts';

const secret = 'builder-5ecret';
const adminSecret = 'admin-5ecret';
const base = { botId: 'st-1', clientId: 'cs-1', clientSecret: secret };
const admin = { clientId: 'cs-admin', clientSecret: adminSecret };
const startMs = Date.parse('2026-11-21T12:00:00.000Z');
const bot = '/api/public/bot/st-1';
const here = call();

function target(script: Scripted, options: object = {}): ItemTarget {
  const connected = connector.connect(connector.options.parse({ ...base, ...options }), script.tools);
  if (!('create' in connected)) throw new Error('not an item target');
  return connected;
}

/** One scripted run. */
function run(steps: readonly Step[], options: object = {}): { readonly script: Scripted; readonly bot: ItemTarget } {
  const script = scripted(steps, () => startMs);
  return { script, bot: target(script, options) };
}

const marks = titleMarker(255);
const effectOf = (name: string): string => Buffer.from(name.padEnd(8, '.')).toString('hex').slice(0, 16);
const markOf = (name: string): string => marks.write({ workspace: 'docs', document: name, part: '', effect: effectOf(name) });
const titleOf = (name: string): string => titleOfMark(markOf(name), 'docs') ?? '';

function item(name: string, text = `# ${name}\n\nText of ${name}.\n`, patch: Partial<NewItem> = {}): NewItem {
  const rest = { kind: 'article', part: '', url: null, format: 'markdown', attributes: {} } as const;
  return { effect: effectOf(name), document: name, path: name, mark: markOf(name), title: name, text, ...rest, ...patch };
}

const codes = (results: readonly ItemResult[] | undefined) => results?.map((result) => (result.ok ? 'ok' : result.error.code));
const claimsOf = (request: HttpRequest | undefined) => {
  const [head = '', body = '', signature = ''] = (request?.headers?.['auth'] ?? '').split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as { [key: string]: unknown };
  return { head: read(head), claims: read(body), signed: `${head}.${body}`, signature };
};
const failure = (msg: string, code: number | string): Json => ({ errors: [{ msg, code }] });
const content = (id: string, title: string, source: string | null = 'kbsync:docs', meta: Json = {}): Json => ({
  _id: id,
  _meta: meta,
  _source: { title, ...(source === null ? {} : { sys_source_name: source }) },
});
const contents = (data: readonly Json[], nextCursor: string | null = null): Json => ({ data, nextCursor, prevCursor: null });
const chunk = (docId: string, title: string, text = 'text', page: number | string | null = null, source = 'kbsync:docs'): Json => ({
  chunkId: `chk-${docId}-${text}`,
  docId,
  recordTitle: title,
  sourceName: source,
  chunkText: text,
  ...(page === null ? {} : { pageNumber: page }),
});
const chunks = (list: readonly Json[], nextCursor: string | null = null, hasMore = nextCursor !== null): Json => ({
  count: list.length,
  chunks: list,
  hasMore,
  nextCursor,
});
const contentStep = (body: Json): Step => ({ expect: 'POST /content-by-cond', body });
const chunkStep = (body: Json): Step => ({ expect: 'POST /chunk/list', body });
const ingested: Step = { expect: 'POST /ingest-data', body: { status: 'success', data: { jobId: 'fj-1' } } };

describe('options', () => {
  it('fills in defaults and reads durations', () => {
    expect(connector.options.parse({ jwtTtl: '10m', lagMs: 0 })).toMatchObject({
      sourceName: null,
      publish: 'never',
      qa: 'chunks',
      jwtAlg: 'HS256',
      jwtTtl: 600_000,
      jti: false,
      lagMs: 0,
      maxDocsPerIngest: 20,
      maxChunksPerIngest: 100,
      deleteVia: 'DELETE',
      deleteIdsKey: 'docIds',
      publicPrefix: '/api/public',
    });
  });

  it.each([
    [{ botID: 'x' }, /botID/],
    [{ jwtTtl: '10s' }, /1m or more/],
    [{ qa: 'knowledge-graph' }, /needs publish: after-train/],
    [{ qa: 'else' }, /knowledge-graph/],
    [{ jwtAlg: 'HS512' }, /HS256/],
    [{ ingestMode: 'else' }, /the only value built so far is json/],
    [{ ingestMode: 'file' }, /file is not built yet; use json/],
    [{ ingestProfile: 'searchassist-legacy' }, /not built yet/],
    [{ admin: { clientId: 'a' } }, /clientSecret/],
    [{ admin: { clientId: 'a', clientSecret: 'b', more: 1 } }, /more/],
    [{ publicPrefix: 'api' }, /a path such as/],
    [{ publish: true }, /never/],
  ])('refuses %j', (options, words) => {
    const parsed = connector.options.safeParse(options);
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error?.issues)).toMatch(words);
  });

  it('describes every key and marks both secrets', () => {
    const shape = shapeOf(connector.options);
    expect(shape.keys.get('clientSecret')?.secret).toBe(true);
    expect(shape.keys.get('admin')?.keys.get('clientSecret')?.secret).toBe(true);
    expect(shape.keys.get('clientId')?.secret).toBe(false);
    const schema = JSON.stringify(configJsonSchema([connector]));
    expect(schema).toContain('kbsync:<workspace name>');
    const parsed = configJsonSchema([connector]) as {
      properties: { targets: { items: { anyOf: { properties: Record<string, { description?: string }> }[] } } };
    };
    const keys = parsed.properties.targets.items.anyOf[0]?.properties ?? {};
    for (const key of shape.keys.keys()) expect(keys[key]?.description, key).toBeTruthy();
  });

  it('needs admin only for publish, and one base URL that has no default', () => {
    expect(connector.required({})).toEqual(['botId', 'clientId', 'clientSecret']);
    expect(connector.required({ publish: 'after-train' })).toEqual(['botId', 'clientId', 'clientSecret', 'admin']);
    expect(connector.defaultBaseUrl).toBeNull();
    expect(connector.identityKeys).toEqual(['botId']);
  });

  it('provides a sandbox bot and connects without a request', () => {
    const script = scripted([]);
    const { options, bot: made } = connector.sandbox('support');
    expect([options['botId'], options['clientSecret']]).toEqual([made.id, made.secret]);
    const connected = connector.connect(connector.options.parse(options), script.tools);
    expect(connected.traits).toMatchObject({
      repeatedCreate: 'findable',
      training: 'on-request',
      renames: false,
      limits: { perMinute: 60, perHour: 1800 },
    });
    expect(Object.keys(connected.traits.missing)).toEqual(['update', 'read']);
    expect('update' in connected || 'read' in connected || 'container' in connected).toBe(false);
    expect(script.requests).toEqual([]);
  });

  it('offers read where chunks are numbered', () => {
    const { bot: made } = run([], { numberChunks: true });
    expect(made.read).toBeDefined();
    expect(Object.keys(made.traits.missing)).toEqual(['update']);
  });

  it.each(['botId', 'clientId', 'clientSecret'])('says that %s is not set', async (key) => {
    const { bot: made } = run([], { [key]: undefined });
    const error = await thrown(() => made.check(here));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(error.message).toContain(key);
  });
});

describe('tokens', () => {
  const list: Step = contentStep(contents([]));

  it('signs with HS256, dated a minute back, for half an hour', async () => {
    const { script, bot: made } = run([list]);
    await made.check(here);
    const { head, claims, signed, signature } = claimsOf(script.requests[0]);
    expect(head).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(claims).toEqual({ appId: 'cs-1', sub: 'kbsync', iat: startMs / 1000 - 60, exp: startMs / 1000 + 1800 });
    expect(signature).toBe(createHmac('sha256', secret).update(signed).digest('base64url'));
  });

  it('signs with a secret beyond ASCII', async () => {
    const { script, bot: made } = run([list], { clientSecret: 'schlüssel', jwtTtl: '1h' });
    await made.check(here);
    const { claims, signed, signature } = claimsOf(script.requests[0]);
    expect(claims['exp']).toBe(startMs / 1000 + 3600);
    expect(signature).toBe(createHmac('sha256', Buffer.from('schlüssel', 'utf8')).update(signed).digest('base64url'));
  });

  it('signs each attempt anew: by the clock, and with an id of its own where asked to', async () => {
    let nowMs = startMs;
    const script = scripted([list], () => nowMs);
    await target(script, { jti: true }).check(here);
    const [request] = script.requests;
    const first = claimsOf(request);
    nowMs += 3_600_000;
    const second = claimsOf(request);
    expect(Number(second.claims['exp']) - Number(first.claims['exp'])).toBe(3600);
    expect(first.claims['jti']).toMatch(/^[0-9a-f-]{36}$/);
    expect(second.claims['jti']).not.toBe(first.claims['jti']);
  });

  it('takes the admin app for publishing alone', async () => {
    const { script, bot: made } = run([list, { expect: 'GET /publish/status', body: {} }], { publish: 'after-train', admin });
    await made.check(here);
    expect(script.requests.map((request) => claimsOf(request).claims['appId'])).toEqual(['cs-1', 'cs-admin']);
    const { signed, signature } = claimsOf(script.requests[1]);
    expect(signature).toBe(createHmac('sha256', adminSecret).update(signed).digest('base64url'));
  });

  it('says that publish needs the admin app', async () => {
    const { bot: made } = run([list], { publish: 'after-train' });
    const error = await thrown(() => made.check(here));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', facts: { stops: 'target' } });
    expect(`${error.message} ${error.next}`).toMatch(/admin.*publish: never/s);
  });
});

describe('check', () => {
  it('proves the bot by one page', async () => {
    const { script, bot: made } = run([contentStep(contents([content('fc-1', 'a')], 'more'))]);
    expect(await made.check(here)).toEqual({ identity: 'koreai|https://vendor.example|st-1', label: 'st-1', proven: 'bot' });
    expect(script.requests[0]).toMatchObject({ intent: 'read', path: `${bot}/content-by-cond`, json: { query: {} } });
  });

  it('takes another prefix and entity', async () => {
    const { script, bot: made } = run([contentStep(contents([]))], { publicPrefix: '/api/1.1/public', entity: 'stream', botId: 'st/1' });
    await made.check(here);
    expect(script.requests[0]?.path).toBe('/api/1.1/public/stream/st%2F1/content-by-cond');
  });

  it.each([
    [401, failure('Invalid SDK credentials', 4002), 'CREDENTIALS_REFUSED', /refused the token/],
    [401, failure('Invalid JWT token', 4002), 'CREDENTIALS_REFUSED', /refused the token/],
    [401, failure('Permission denied. Scope is incorrect!', 4002), 'CREDENTIALS_REFUSED', /lacks the scope Document Management/],
    [403, { message: 'forbidden' }, 'CREDENTIALS_REFUSED', /refused the token/],
    [400, failure('Invalid StreamId', 400), 'BOT_NOT_FOUND', /no bot st-1/],
    [404, failure('Resource not found', 404), 'BOT_NOT_FOUND', /no bot st-1/],
    [404, '<html>', 'REPLY_INVALID', /not the vendor's own/],
    [405, failure('Method Not Allowed', 405), 'REQUEST_REFUSED', /refused the request/],
    [412, failure('Validation errors/ Invalid arguments', 412), 'REQUEST_REFUSED', /refused the request/],
    [429, failure('Too Many requests', 429), 'RATE_LIMITED', /minute/],
    [400, failure("You've exceeded the hourly rate limit. Try later", 400), 'RATE_LIMITED', /hour/],
    [400, failure('Rate limit for this API has been reached. Please try again', 400), 'RATE_LIMITED', /slow down/],
    [500, failure('Internal server error', 500), 'VENDOR_FAILED', /Kore.ai failed/],
    [504, { _v: 'v2', message: 'The request has been timed-out' }, 'VENDOR_FAILED', /failed/],
    [200, failure('Invalid SDK credentials', 4002), 'CREDENTIALS_REFUSED', /refused the token/],
    [200, failure('Invalid StreamId', 400), 'BOT_NOT_FOUND', /no bot/],
    [200, failure('too many requests', '429'), 'RATE_LIMITED', /slow down/],
    [200, failure('nobody knows', 17), 'REQUEST_REFUSED', /refused/],
    [200, { nothing: 1 }, 'REPLY_INVALID', /data/],
  ])('answers %i %j with %s', async (status, body, code, words) => {
    const step: Step =
      typeof body === 'string'
        ? { expect: 'POST /content-by-cond', status, text: body }
        : { expect: 'POST /content-by-cond', status, body: body as Json };
    const error = await thrown(() => run([step]).bot.check(here));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(words);
    expect(error.message).toContain(`HTTP ${status === 200 && code !== 'REPLY_INVALID' ? '' : status}`);
    expect(error.facts.effect).toBe('none');
    expect(error.next.length).toBeGreaterThan(5);
  });

  it('takes a page for an invalid reply', async () => {
    const error = await thrown(() => run([{ expect: 'POST /content-by-cond', text: '<html>login</html>' }]).bot.check(here));
    expect(error).toMatchObject({ code: 'REPLY_INVALID', vendor: '<html>login</html>', facts: { effect: 'none' } });
  });

  it('pauses as long as the vendor asks, else for a minute', async () => {
    const limited = (retryAfterMs?: number): Step => ({
      expect: 'POST /content-by-cond',
      status: 429,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
    expect((await thrown(() => run([limited(7_000)]).bot.check(here))).facts.retryAfterMs).toBe(7_000);
    expect((await thrown(() => run([limited()]).bot.check(here))).facts.retryAfterMs).toBe(60_000);
    expect((await thrown(() => run([limited()], { retryAfter: '5s' }).bot.check(here))).facts.retryAfterMs).toBe(5_000);
  });

  it.each([
    ['Sat, 21 Nov 2026 11:55:00 GMT', /clock is 5 min ahead/],
    ['Sat, 21 Nov 2026 12:45:00 GMT', /clock is 45 min behind/],
    ['Sat, 21 Nov 2026 12:05:00 GMT', null],
    ['yesterday', null],
  ])('tells a wrong clock from a wrong key (%s)', async (date, words) => {
    const step: Step = { expect: 'POST /content-by-cond', status: 401, body: failure('Invalid JWT token', 4002) };
    const script = scripted([step], () => startMs);
    const http = script.tools.http;
    const dated: Scripted = {
      ...script,
      tools: {
        ...script.tools,
        http: (request, ...rest) =>
          http({ ...request, onError: (reply) => request.onError?.({ ...reply, headers: { date } }) ?? null }, ...rest),
      },
    };
    const error = await thrown(() => target(dated).check(here));
    if (words === null) expect(error.message).not.toContain('clock');
    else expect(error.message).toMatch(words);
    expect(error.next).toMatch(words === null ? /clientSecret/ : /clock/);
  });

  it('names the admin app where it is the one refused', async () => {
    const steps: Step[] = [
      contentStep(contents([])),
      { expect: 'GET /publish/status', status: 401, body: failure('Permission denied. Scope is incorrect!', 4002) },
    ];
    const error = await thrown(() => run(steps, { publish: 'after-train', admin }).bot.check(here));
    expect(error.message).toContain('the admin app');
    expect(`${error.message} ${error.next}`).toContain('Bot Publish');
    expect(error.next).toContain('Admin Console');
  });
});

describe('titles', () => {
  const write = (document: string, { part = '', effect = '00aa11bb22cc33dd', workspace = 'docs' } = {}) =>
    marks.write({ workspace, document, part, effect });

  it('are the document id and eight digits of the effect', () => {
    expect(write('guides/a.md')).toBe('docs:guides/a.md #22cc33dd');
    expect(write('guides/a.md', { part: 'setup' })).toBe('docs:guides/a.md#setup #22cc33dd');
    expect(titleOfMark(write('guides/a.md'), 'docs')).toBe('guides/a.md #22cc33dd');
    expect(write('a.md', { effect: '' })).toMatch(/^docs:a\.md #[0-9a-f]{8}$/);
    expect(write('a.md', { effect: '0000000000000001' })).not.toBe(write('a.md', { effect: '0000000000000002' }));
  });

  it('have a readable start and a hash where they would not fit', () => {
    const long = write('x'.repeat(600));
    expect(titleOfMark(long, 'docs')).toHaveLength(255);
    expect(long).toMatch(/^docs x{220,} ~[0-9a-f]{12} #22cc33dd$/);
    expect(write('x'.repeat(600))).not.toBe(write(`${'x'.repeat(600)}y`));
    expect(write(' ')).toMatch(/^docs ~[0-9a-f]{12} #22cc33dd$/);
    expect(write('a\tb.md')).toMatch(/^docs a b\.md ~/);
    expect(write('a.md ~0123456789ab')).toMatch(/~[0-9a-f]{12} ~[0-9a-f]{12} #/);
  });

  it('come back from a title, are ours alone, and have one stem for every copy', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }),
        fc.constantFrom('', 'part-1'),
        fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 16, maxLength: 16 }),
        (document, part, effect) => {
          const mark = marks.write({ workspace: 'docs', document, part, effect });
          const title = titleOfMark(mark, 'docs') ?? '';
          expect(title.length).toBeLessThanOrEqual(255);
          expect(markOfTitle(title, 'docs')).toBe(mark);
          expect(marks.ours(mark, 'docs')).toBe(true);
          expect(marks.ours(mark, 'docs2')).toBe(false);
          expect(marks.ours(mark, 'doc')).toBe(false);
          expect(marks.stem(mark)).toBe(marks.stem(marks.write({ workspace: 'docs', document, part, effect: '' })));
        },
      ),
    );
  });

  it.each(['README.md', 'docs', 'docs notes', 'docs:a.md', 'docs:a.md #xyz', 'docs:a.md #1234567', '#12345678'])(
    '%j is not ours',
    (found) => {
      expect(marks.ours(found, 'docs')).toBe(false);
    },
  );
});

describe('chunks', () => {
  const cut = (text: string, patch: Partial<NewItem> = {}, chunkBytes = 4_000) =>
    chunksOf(item('Guide', text, patch), { chunkBytes, numberChunks: false });

  it('are cut at headings and named by their path', () => {
    const text =
      '# Guide\n\nIntro.\n\n## Set up\n\nFirst.\n\n### Linux #\n\nSecond.\n\n## Empty\n\n## Use\n\nThird.\n\nSource: https://x\n';
    expect(cut(text, { url: 'https://x' })).toEqual([
      { chunkTitle: 'Guide', chunkText: '# Guide\n\nIntro.\n\n', recordUrl: 'https://x' },
      { chunkTitle: 'Guide > Set up', chunkText: '## Set up\n\nFirst.\n\n', recordUrl: 'https://x' },
      { chunkTitle: 'Guide > Set up > Linux', chunkText: '### Linux #\n\nSecond.\n\n', recordUrl: 'https://x' },
      { chunkTitle: 'Guide > Use', chunkText: '## Empty\n\n## Use\n\nThird.\n\nSource: https://x\n', recordUrl: 'https://x' },
    ]);
  });

  it('put the title before a path that does not begin with it', () => {
    expect(cut('Words.\n\n# Other\n\nMore.').map(({ chunkTitle }) => chunkTitle)).toEqual(['Guide', 'Guide > Other']);
    expect(cut('# Guide\n\n## A').map(({ chunkTitle }) => chunkTitle)).toEqual(['Guide > A']);
  });

  it('take no heading from code', () => {
    const text = '# Guide\n\n```sh\n# not a heading\n~~~\n## nor this\n````\n# still not\n```\n';
    expect(cut(text)).toHaveLength(2);
    expect(cut('# Guide\n\n```sh\n# no\n```\n\n~~~\n# no\n~~~~\n\n## Yes\n\nText.')).toHaveLength(2);
  });

  it('keep a question with its answer', () => {
    expect(cut('# How?\n\nSo:\n\n## Step\n\nDone.', { kind: 'qa', title: 'How?' })).toEqual([
      { chunkTitle: 'How?', chunkText: '# How?\n\nSo:\n\n## Step\n\nDone.' },
    ]);
  });

  it('are cut at paragraphs, then lines, then words; a longer word stays whole', () => {
    const paragraph = 'one two three four five. '.repeat(8).trim();
    const code = `\`\`\`\n${'a line\n\n'.repeat(20)}\`\`\``;
    const text = `# Guide\n\n${paragraph}\n\n${paragraph}\n\n${code}\n\n${'x'.repeat(219)}`;
    const pieces = cut(text, {}, 220);
    expect(Math.max(...pieces.map(({ chunkText }) => Buffer.byteLength(chunkText)))).toBeLessThanOrEqual(220);
    expect(pieces.map(({ chunkText }) => chunkText).join('')).toBe(text);
    expect(new Set(pieces.map(({ chunkTitle }) => chunkTitle))).toEqual(new Set(['Guide']));
    expect(cut(`short ${'x'.repeat(700)} end`, {}, 220).map(({ chunkText }) => chunkText.length)).toEqual([6, 701, 3]);
  });

  it('are slices: together they are the text, whatever it is', () => {
    const line = fc.constantFrom('# A', '## B', '### C', '', 'words and words', '```', '~~~', '    indented', 'ü😀', '\t', '#', 'end  ');
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 30 }), fc.integer({ min: 4, max: 80 }), (lines, chunkBytes) => {
        const text = lines.join('\n');
        fc.pre(text.trim() !== '');
        const pieces = cut(text, {}, chunkBytes).map(({ chunkText }) => chunkText);
        expect(pieces.join('')).toBe(text);
        expect(joined(pieces)).toBe(text);
        for (const piece of pieces.slice(1)) expect(piece.trim()).not.toBe('');
      }),
    );
  });

  it('are put together with blank lines where the vendor trimmed them', () => {
    expect(joined(['# A\n\nText.', '## B\n\nMore.'])).toBe('# A\n\nText.\n\n## B\n\nMore.');
    expect(joined(['# A\n\nText.\n\n', '## B'])).toBe('# A\n\nText.\n\n## B');
  });
});

describe('create', () => {
  it('ingests documents of chunks into the workspace’s source, and gives no ids', async () => {
    const { script, bot: made } = run([ingested]);
    const results = await made.create(
      [item('a.md', '# A\n\nOne.\n\n## B\n\nTwo.\n', { title: 'A', url: 'https://x/a' }), item('b.md')],
      here,
    );
    expect(results).toEqual([
      { ok: true, remoteId: null },
      { ok: true, remoteId: null },
    ]);
    expect(script.requests[0]).toMatchObject({ intent: 'create', path: `${bot}/ingest-data` });
    expect(script.requests[0]?.json).toEqual({
      sourceName: 'kbsync:docs',
      sourceType: 'json',
      documents: [
        {
          title: titleOf('a.md'),
          chunks: [
            { chunkTitle: 'A', chunkText: '# A\n\nOne.\n\n', recordUrl: 'https://x/a' },
            { chunkTitle: 'A > B', chunkText: '## B\n\nTwo.\n', recordUrl: 'https://x/a' },
          ],
        },
        { title: titleOf('b.md'), chunks: [{ chunkTitle: 'b.md', chunkText: '# b.md\n\nText of b.md.\n' }] },
      ],
    });
  });

  it('takes another source, and numbers chunks where asked to', async () => {
    const { script, bot: made } = run([ingested], { sourceName: 'Handbook', numberChunks: true });
    await made.create([item('a.md', 'One.\n\n# B\n\nTwo.')], here);
    const sent = script.requests[0]?.json as { sourceName: string; documents: { chunks: { pageNumber: number }[] }[] };
    expect(sent.sourceName).toBe('Handbook');
    expect(sent.documents[0]?.chunks.map(({ pageNumber }) => pageNumber)).toEqual([1, 2]);
  });

  it.each([{ text: '' }, { body: { whatever: [1] } }, { body: null }, { status: 202, body: {} }])(
    'takes %j for accepted',
    async (answer) => {
      const { bot: made } = run([{ expect: 'POST /ingest-data', ...answer }]);
      expect(codes(await made.create([item('a.md')], here))).toEqual(['ok']);
    },
  );

  it('divides by documents and by chunks; a document with too many goes alone', async () => {
    const many = item('many.md', Array.from({ length: 5 }, (_, index) => `# H${index}\n\nText.`).join('\n\n'));
    const { script, bot: made } = run([ingested, ingested, ingested], { maxDocsPerIngest: 2, maxChunksPerIngest: 3 });
    const results = await made.create([item('a.md'), item('b.md'), many, item('c.md')], here);
    expect(codes(results)).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(script.requests.map(({ json }) => (json as { documents: { title: string }[] }).documents.map(({ title }) => title))).toEqual([
      [titleOf('a.md'), titleOf('b.md')],
      [titleOf('many.md')],
      [titleOf('c.md')],
    ]);
  });

  it('refuses a document without text by itself', async () => {
    const { bot: made } = run([ingested]);
    const results = await made.create([item('empty.md', ' \n'), item('b.md')], here);
    expect(codes(results)).toEqual(['DOCUMENT_REFUSED', 'ok']);
    expect(results[0]?.ok === false && results[0].error.message).toContain('empty.md');
  });

  it.each([400, 412, 413])('halves a batch refused with %i until the bad one stands alone', async (status) => {
    const refused: Step = { expect: 'POST /ingest-data', status, body: failure('Validation errors/ Invalid arguments', status) };
    const { script, bot: made } = run([refused, refused, ingested, refused, ingested]);
    const results = await made.create(
      ['a', 'b', 'c', 'd'].map((name) => item(name)),
      here,
    );
    expect(codes(results)).toEqual(['ok', status === 413 ? 'DOCUMENT_TOO_LARGE' : 'DOCUMENT_REFUSED', 'ok', 'ok']);
    const [, second] = results;
    expect(second?.ok === false && [second.error.message, second.error.vendor, second.error.facts.effect]).toEqual([
      expect.stringContaining('b'),
      'Validation errors/ Invalid arguments',
      'none',
    ]);
    script.done();
  });

  it('leaves a refused batch unconfirmed where it may have been taken in part', async () => {
    const refused: Step = { expect: 'POST /ingest-data', status: 400, body: failure('bad', 400) };
    const { bot: made } = run([refused], { atomicBatches: false });
    const results = await made.create([item('a'), item('b')], here);
    expect(codes(results)).toEqual(['UNCONFIRMED', 'UNCONFIRMED']);
    expect(results.every((result) => !result.ok && result.error.facts.effect === 'unconfirmed')).toBe(true);
    const alone = run([refused], { atomicBatches: false });
    expect(codes(await alone.bot.create([item('a')], here))).toEqual(['DOCUMENT_REFUSED']);
  });

  it('throws what stops the target before anything went through, and tells it of the rest after', async () => {
    const refused: Step = { expect: 'POST /ingest-data', status: 401, body: failure('Invalid SDK credentials', 4002) };
    expect((await thrown(() => run([refused]).bot.create([item('a')], here))).code).toBe('CREDENTIALS_REFUSED');
    const failed: Step = { expect: 'POST /ingest-data', status: 502, text: '<html>' };
    const { script, bot: made } = run([ingested, failed], { maxDocsPerIngest: 1 });
    const results = await made.create([item('a'), item('b'), item('c')], here);
    expect(codes(results)).toEqual(['ok', 'VENDOR_FAILED', 'VENDOR_FAILED']);
    expect(results.map((result) => (result.ok ? null : result.error.facts.effect))).toEqual([null, 'unconfirmed', 'none']);
    script.done();
  });

  it.each([
    [{ status: 500, body: {} }, 'VENDOR_FAILED', 'unconfirmed'],
    [{ text: '<html>' }, 'REPLY_INVALID', 'unconfirmed'],
    [{ status: 404, text: 'no' }, 'REPLY_INVALID', 'none'],
    [{ status: 404, body: failure('Resource not found', 404) }, 'BOT_NOT_FOUND', 'none'],
    [{ status: 429 }, 'RATE_LIMITED', 'none'],
    [{ body: failure('Invalid StreamId', 400) }, 'BOT_NOT_FOUND', 'none'],
  ])('tells the effect of %j', async (answer, code, effect) => {
    const error = await thrown(() => run([{ expect: 'POST /ingest-data', ...answer }]).bot.create([item('a')], here));
    expect([error.code, error.facts.effect]).toEqual([code, effect]);
  });
});

describe('find', () => {
  it('asks by title and keeps what is in our source', async () => {
    const title = titleOf('a.md');
    const { script, bot: made } = run([
      contentStep(contents([content('fc-1', title), content('fc-2', title, 'other'), content('fc-3', 'else')], 'c1')),
      contentStep(
        contents([content('fc-4', title, null), content('fc-5', title, 'kbsync:docs', { isDeleted: true }), content('fc-1', title)]),
      ),
      contentStep(contents([])),
    ]);
    expect(await made.find?.([markOf('a.md'), markOf('b.md'), 'elsewhere:x #00000000'], here)).toEqual([['fc-1', 'fc-4'], [], []]);
    expect(script.requests.map(({ json }) => json)).toEqual([
      { query: { title } },
      { query: { title }, nextCursor: 'c1' },
      { query: { title: titleOf('b.md') } },
    ]);
    script.done();
  });

  it('asks the chunks where no document shows', async () => {
    const a = titleOf('a.md');
    const b = titleOf('b.md');
    const { script, bot: made } = run([
      contentStep(contents([])),
      contentStep(contents([])),
      chunkStep(chunks([chunk('d-1', a, 'x'), chunk('d-1', a, 'y'), chunk('d-9', a, 'z', null, 'other')], 'n1')),
      chunkStep(chunks([chunk('d-2', b), chunk('d-3', b)])),
    ]);
    expect(await made.find?.([markOf('a.md'), markOf('b.md')], here)).toEqual([['d-1'], ['d-2', 'd-3']]);
    expect(script.requests[3]?.json).toEqual({
      enableFilters: true,
      filters: {
        operand: 'and',
        conditions: [
          { operand: 'or', conditions: [{ key: 'sourceName', op: 'equals', value: 'kbsync:docs' }] },
          {
            operand: 'or',
            conditions: [
              { key: 'recordTitle', op: 'equals', value: a },
              { key: 'recordTitle', op: 'equals', value: b },
            ],
          },
        ],
      },
      nextCursor: 'n1',
    });
  });

  it('looks many up in one listing', async () => {
    const names = ['a', 'b', 'c'];
    const { script, bot: made } = run([contentStep(contents(names.map((name) => content(`fc-${name}`, titleOf(name)))))], {
      findOneByOne: 2,
    });
    expect(await made.find?.(names.map(markOf), here)).toEqual([['fc-a'], ['fc-b'], ['fc-c']]);
    expect(script.requests[0]?.json).toEqual({ query: {} });
    script.done();
  });

  it('asks nothing for no marks of ours', async () => {
    const { bot: made } = run([]);
    expect(await made.find?.(['x'], here)).toEqual([[]]);
    expect(await made.find?.([], here)).toEqual([]);
  });
});

describe('list', () => {
  const list = (steps: readonly Step[], options: object = {}) => all(run(steps, options).bot.list?.(here));

  it('shows all documents, and marks only those of our source', async () => {
    const entries = await list([
      contentStep(contents([content('fc-1', titleOf('a.md')), content('fc-2', titleOf('a.md'), 'kbsync:other')], 'c1')),
      contentStep(
        contents(
          [content('fc-3', 'Made by hand'), { _id: 'fc-4', _source: { file_title: 'x.pdf', sys_source_name: 'Default Directory' } }],
          'c2',
        ),
      ),
      contentStep(
        contents([{ _id: 'fc-5' }, content('fc-6', titleOf('gone'), 'kbsync:docs', { isDeleted: true }), content('fc-1', titleOf('a.md'))]),
      ),
    ]);
    expect(entries).toEqual([
      { remoteId: 'fc-1', mark: markOf('a.md'), name: titleOf('a.md'), training: null },
      { remoteId: 'fc-2', mark: null, name: titleOf('a.md'), training: null },
      { remoteId: 'fc-3', mark: null, name: 'Made by hand', training: null },
      { remoteId: 'fc-4', mark: null, name: 'x.pdf', training: null },
      { remoteId: 'fc-5', mark: null, name: null, training: null },
    ]);
  });

  it('follows the configured source and condition', async () => {
    const script = scripted([contentStep(contents([content('fc-1', titleOf('a.md'), 'Handbook')]))]);
    const entries = await all(target(script, { sourceName: 'Handbook', listQuery: { sys_content_type: 'json' } }).list?.(here));
    expect(entries[0]?.mark).toBe(markOf('a.md'));
    expect(script.requests[0]?.json).toEqual({ query: { sys_content_type: 'json' } });
  });

  it('lets the chunks tell where the source of a document is not told', async () => {
    const entries = await list([
      contentStep(contents([content('fc-1', titleOf('a.md'), null), content('fc-2', titleOf('b.md'), null)])),
      chunkStep(chunks([chunk('fc-1', titleOf('a.md'))])),
    ]);
    expect(entries.map(({ remoteId, mark }) => [remoteId, mark])).toEqual([
      ['fc-1', markOf('a.md')],
      ['fc-2', null],
    ]);
  });

  it('never calls a bot empty whose chunks are ours', async () => {
    expect(await list([contentStep(contents([])), chunkStep(chunks([]))])).toEqual([]);
    const entries = await list([
      contentStep(contents([content('fc-9', 'x', 'other')])),
      chunkStep(chunks([chunk('d-1', titleOf('a.md'), 'one'), chunk('d-2', titleOf('b.md'))], 'n1')),
      chunkStep(chunks([chunk('d-1', titleOf('a.md'), 'two'), chunk('d-7', titleOf('c'), 'x', null, 'other')])),
    ]);
    expect(entries.map(({ remoteId, mark }) => [remoteId, mark])).toEqual([
      ['fc-9', null],
      ['d-1', markOf('a.md')],
      ['d-2', markOf('b.md')],
    ]);
  });

  it.each([
    ['a cursor that comes again', [contents([content('1', 'a')], 'c'), contents([content('2', 'b')], 'c')], {}],
    ['too many pages', [contents([content('1', 'a')], 'c1'), contents([content('2', 'b')], 'c2')], { maxPages: 2 }],
    ['a page without data', [contents([content('1', 'a')], 'c1'), { nextCursor: null }], {}],
    ['an item without an id', [contents([{ _source: {} }])], {}],
    ['an error in the middle', [contents([content('1', 'a')], 'c1'), failure('Internal', 500)], {}],
  ])('throws at %s', async (_name, bodies, options) => {
    const error = await thrown(() =>
      list(
        bodies.map((body) => contentStep(body as Json)),
        options,
      ),
    );
    expect(['REPLY_INVALID', 'VENDOR_FAILED']).toContain(error.code);
    expect(error.facts.effect).toBe('none');
  });

  it.each([
    ['more chunks and no cursor', [chunks([chunk('1', 'a')], null, true)]],
    ['chunks in a loop', [chunks([chunk('1', 'a')], 'n'), chunks([], 'n')]],
  ])('throws at %s', async (_name, bodies) => {
    const error = await thrown(() => list([contentStep(contents([])), ...bodies.map((body) => chunkStep(body as Json))]));
    expect(error).toMatchObject({ code: 'REPLY_INVALID', facts: { effect: 'none' } });
    expect(error.message).toContain('not complete');
  });

  it('ends where no more chunks are announced, whatever the cursor', async () => {
    expect(await list([contentStep(contents([])), chunkStep(chunks([], 'n', false))])).toEqual([]);
  });
});

describe('delete', () => {
  const gone = (deletedCount: number | null): Step => ({ expect: 'DELETE /content', body: deletedCount === null ? {} : { deletedCount } });

  it('sends ids in the body', async () => {
    const { script, bot: made } = run([gone(2)]);
    expect(await made.delete?.(['fc-1', 'fc-2'], here)).toEqual([
      { ok: true, remoteId: 'fc-1' },
      { ok: true, remoteId: 'fc-2' },
    ]);
    expect(script.requests[0]).toMatchObject({ intent: 'repeatable', path: `${bot}/content`, json: { docIds: ['fc-1', 'fc-2'] } });
    expect(await run([]).bot.delete?.([], here)).toEqual([]);
  });

  it('takes the other spelling and the other verb', async () => {
    const { script, bot: made } = run([{ expect: 'POST /content', body: { deletedCount: 1 } }], {
      deleteVia: 'POST-override',
      deleteIdsKey: 'docIDs',
    });
    expect(codes(await made.delete?.(['fc-1'], here))).toEqual(['ok']);
    expect(script.requests[0]).toMatchObject({ json: { docIDs: ['fc-1'] }, headers: { 'x-http-method-override': 'delete' } });
  });

  it('counts fewer as already gone', async () => {
    expect(codes(await run([gone(1)]).bot.delete?.(['fc-1', 'fc-2'], here))).toEqual(['ok', 'ok']);
  });

  it.each([
    ['none deleted', gone(0)],
    ['no count', gone(null)],
    ['404', { expect: 'DELETE /content', status: 404, body: failure('Resource not found', 404) }],
    ['400', { expect: 'DELETE /content', status: 400, body: failure("One or more ids don't exist.", 400) }],
  ] as [string, Step][])('looks before it believes that nothing was to be deleted (%s)', async (_name, step) => {
    const absent = run([step, contentStep(contents([content('fc-9', 'x')]))]);
    expect(codes(await absent.bot.delete?.(['fc-1', 'fc-2'], here))).toEqual(['ok', 'ok']);
    const left = run([step, contentStep(contents([content('fc-2', 'x')])), gone(1)]);
    expect(codes(await left.bot.delete?.(['fc-1', 'fc-2'], here))).toEqual(['ok', 'ok']);
    expect(left.script.requests[2]?.json).toEqual({ docIds: ['fc-2'] });
  });

  it('says so where the vendor deletes nothing and still lists it', async () => {
    const { bot: made } = run([gone(0), contentStep(contents([content('fc-2', 'x')])), gone(0)]);
    const results = await made.delete?.(['fc-1', 'fc-2'], here);
    expect(codes(results)).toEqual(['ok', 'REQUEST_REFUSED']);
    const error = results?.[1]?.ok === false ? results[1].error : null;
    expect(error?.facts).toMatchObject({ retry: 'later', stops: 'document' });
    expect(error?.next).toMatch(/docIDs.*POST-override/);
  });

  it('throws what is not about the ids', async () => {
    const refused = (status: number, body: Json): Step => ({ expect: 'DELETE /content', status, body });
    const codeOf = async (step: Step) => (await thrown(async () => run([step]).bot.delete?.(['fc-1'], here))).code;
    expect(await codeOf(refused(401, failure('Invalid SDK credentials', 4002)))).toBe('CREDENTIALS_REFUSED');
    expect(await codeOf(refused(400, failure('Invalid StreamId', 400)))).toBe('BOT_NOT_FOUND');
    expect(await codeOf({ expect: 'DELETE /content', status: 404, text: 'nginx' })).toBe('REPLY_INVALID');
    expect(await codeOf(refused(500, {}))).toBe('VENDOR_FAILED');
    const verb = await thrown(async () => run([refused(405, failure('Method Not Allowed', 405))]).bot.delete?.(['fc-1'], here));
    expect(verb).toMatchObject({ code: 'REQUEST_REFUSED', next: 'set deleteVia: POST-override' });
  });
});

describe('read', () => {
  const read = (steps: readonly Step[]) => run(steps, { numberChunks: true }).bot.read?.('fc-1', here);
  const looked: Step = { expect: 'GET /content/fc-1', body: content('fc-1', titleOf('a.md')) };

  it('puts the chunks in order', async () => {
    const title = titleOf('a.md');
    const listed = [
      chunk('fc-1', title, '## C\n', 10),
      chunk('fc-1', title, '# A\n\n', '1'),
      chunk('fc-2', title, 'no', 1),
      chunk('fc-1', title, '## B\n\n', 2),
    ];
    expect(await read([looked, chunkStep(chunks(listed.slice(0, 2), 'n')), chunkStep(chunks(listed.slice(2)))])).toEqual({
      text: '# A\n\n## B\n\n## C\n',
      training: null,
    });
  });

  it('takes a single chunk without a number', async () => {
    expect((await read([looked, chunkStep(chunks([chunk('fc-1', titleOf('a.md'), 'all')]))]))?.text).toBe('all');
  });

  it('takes what others have put there as a whole, or by the chunks of its own source', async () => {
    const source = { file_title: 'Guide.pdf', sys_source_name: 'Default Directory' };
    const shown = (more: object): Step => ({ expect: 'GET /content/fc-1', body: { _id: 'fc-1', _source: { ...source, ...more } } });
    expect(await read([shown({ content: 'All of it.' })])).toEqual({ text: 'All of it.', training: null });
    const foreign = { ...(chunk('fc-1', 'Guide.pdf', 'by chunk') as object), sourceName: 'Default Directory' } as Json;
    expect((await read([shown({}), chunkStep(chunks([foreign]))]))?.text).toBe('by chunk');
    const script = run([shown({ content: 7 }), chunkStep(chunks([foreign]))], { numberChunks: true });
    expect((await script.bot.read?.('fc-1', here))?.text).toBe('by chunk');
    expect(JSON.stringify(script.script.requests[1]?.json)).toContain('Default Directory');
  });

  it('does not guess', async () => {
    const title = titleOf('a.md');
    const unnumbered = chunkStep(chunks([chunk('fc-1', title, 'x'), chunk('fc-1', title, 'y')]));
    for (const step of [unnumbered, chunkStep(chunks([]))]) {
      expect(await thrown(async () => read([looked, step]))).toMatchObject({
        code: 'REPLY_INVALID',
        facts: { stops: 'document', effect: 'none' },
      });
    }
    expect((await thrown(async () => read([{ expect: 'GET /content/fc-1', status: 404, body: failure('Not found', 404) }]))).code).toBe(
      'REMOTE_GONE',
    );
  });
});

describe('training', () => {
  const group = (status: string, more: object = {}): Json => ({ _id: 'fjg-1', opType: 'Manual', status, ...more });
  const asked = (handle = 'fjg-1', baseline = ''): StatusQuery => ({
    items: [],
    run: { effect: 'e', baseline, handle, requestedAt: '2026-11-21T12:00:00.000Z', covers: null },
  });
  const follow = (steps: readonly Step[], query = asked(), options: object = {}) => run(steps, options).bot.status?.(query, here);

  it('is asked for as a whole, and known by its job group', async () => {
    const { script, bot: made } = run([{ expect: 'POST /train', body: group('running') }]);
    expect(await made.train?.baseline(here)).toBe('');
    expect(await made.train?.start('', here)).toEqual({ handle: 'fjg-1' });
    expect(script.requests[0]).toMatchObject({ intent: 'create', path: `${bot}/train`, json: {} });
  });

  it.each([
    [{ status: 409, body: failure('Conflict', 409) }, 'BUSY', 'none'],
    [{ status: 400, body: failure('Training is already In Progress', 400) }, 'BUSY', 'none'],
    [{ status: 400, body: failure('Nothing to do', 400) }, 'REQUEST_REFUSED', 'none'],
    [{ body: { status: 'running' } }, 'REPLY_INVALID', 'none'],
    [{ status: 500, body: {} }, 'VENDOR_FAILED', 'unconfirmed'],
    [{ text: '<html>' }, 'REPLY_INVALID', 'unconfirmed'],
  ])('start: %j is %s', async (answer, code, effect) => {
    const error = await thrown(async () => run([{ expect: 'POST /train', ...answer }]).bot.train?.start('', here));
    expect([error.code, error.facts.effect]).toEqual([code, effect]);
  });

  it.each([
    ['success', 'succeeded'],
    ['SUCCESS', 'succeeded'],
    ['completed', 'succeeded'],
    ['running', 'running'],
    ['in progress', 'running'],
    ['QUEUED', 'running'],
    ['anything else', 'running'],
    ['failed', 'failed'],
    ['Failure', 'failed'],
  ])('status %j is %s', async (word, state) => {
    const report = await follow([{ expect: `GET ${bot}/job-group/fjg-1`, body: group(word) }]);
    expect(report?.run?.state).toBe(state);
    expect(report?.run?.error?.code).toBe(state === 'failed' ? 'TRAINING_FAILED' : undefined);
    expect(report?.items).toEqual([]);
  });

  it('keeps the vendor’s reasons', async () => {
    const executionLog = {
      parsing: { status: 'success', errMsg: '' },
      extraction: { status: 'failed', errMsg: 'no words' },
      indexing: null,
    };
    const report = await follow([{ expect: 'GET /fjg-1', body: group('failed', { executionLog }) }]);
    expect(report?.run?.error?.vendor).toBe('extraction: no words');
  });

  it('is lost where there is no such group, or no handle, and unknown where the path is wrong', async () => {
    expect((await follow([], asked('')))?.run?.state).toBe('lost');
    expect((await follow([{ expect: 'GET /fjg-1', status: 404, body: failure('Not found', 404) }]))?.run?.state).toBe('lost');
    expect((await thrown(async () => follow([{ expect: 'GET /fjg-1', status: 404, text: '' }]))).code).toBe('REPLY_INVALID');
    expect(await follow([], { items: [], run: null })).toEqual({ run: null, items: [] });
  });

  describe('and publishing', () => {
    const options = { publish: 'after-train', admin };
    const trained: Step = { expect: 'GET /fjg-1', body: group('success', { lMod: '2026-11-21T12:10:00.000Z' }) };
    const published = (id: string | null, status = 'successful', requestedTime: string | null = '2026-11-21T12:11:00.000Z'): Step => ({
      expect: 'GET /publish/status',
      body: id === null ? {} : { _id: id, jobType: 'PUBLISH_BOT', status, requestedTime, initiatedOn: requestedTime },
    });
    const publish: Step = { expect: 'POST /publish', body: [{ resourceType: 'NL', status: 'SUCCESS' }] };
    const before = '["ds-1","2026-11-20T00:00:00.000Z","2026-11-20T00:00:00.000Z"]';
    const old = published('ds-1', 'successful', '2026-11-20T00:00:00.000Z');
    const step = (steps: readonly Step[], baseline = before) => {
      const { script, bot: made } = run(steps, options);
      return { script, report: made.status?.(asked('fjg-1', baseline), here) };
    };

    it('notes the latest publish before', async () => {
      expect(await run([old], options).bot.train?.baseline(here)).toBe(before);
      expect(await run([published(null)], options).bot.train?.baseline(here)).toBe('');
      expect(await run([{ expect: 'GET /publish/status', body: [] }], options).bot.train?.baseline(here)).toBe('');
      expect(
        await run([{ expect: 'GET /publish/status', status: 404, body: failure('none', 404) }], options).bot.train?.baseline(here),
      ).toBe('');
    });

    it('leaves the publish alone while the training goes on or has failed', async () => {
      expect((await step([{ expect: 'GET /fjg-1', body: group('running') }]).report)?.run?.state).toBe('running');
      expect((await step([{ expect: 'GET /fjg-1', body: group('failed') }]).report)?.run?.state).toBe('failed');
    });

    it.each([
      ['none since', [trained, old, publish], before],
      ['none ever', [trained, published(null), publish], ''],
      ['one with the same id and another time is ours, one with both the same is not', [trained, old, publish], before],
      [
        'one that a person asked for before the training ended',
        [trained, published('ds-2', 'successful', '2026-11-21T12:09:59.000Z'), publish],
        before,
      ],
      ['one that failed before the training ended', [trained, published('ds-2', 'failed', '2026-11-21T12:09:59.000Z'), publish], before],
    ])('asks for one where there is %s', async (_name, steps, baseline) => {
      const { script, report } = step(steps as Step[], baseline);
      expect((await report)?.run).toEqual({ state: 'running', error: null });
      expect(script.requests[2]).toMatchObject({ intent: 'create', json: { versionComment: 'kbsync docs', initiateTraining: true } });
      expect(claimsOf(script.requests[2]).claims['appId']).toBe('cs-admin');
      script.done();
    });

    it.each([
      ['goes on', published('ds-2', 'inprogress'), 'running'],
      ['goes on, asked for by a person before', published('ds-1', 'inprogress', '2026-11-20T00:00:00.000Z'), 'running'],
      ['says something unknown', published('ds-2', 'waiting'), 'running'],
      ['went well', published('ds-2'), 'succeeded'],
      ['went well under the id of the last', published('ds-1'), 'succeeded'],
      ['went well, without a time', published('ds-2', 'successful', null), 'succeeded'],
      ['failed', published('ds-2', 'failed'), 'failed'],
    ])('follows one that %s', async (_name, latest, state) => {
      const { script, report } = step([trained, latest]);
      expect((await report)?.run?.state).toBe(state);
      script.done();
    });

    it('never looks trained when it failed', async () => {
      const body = {
        _id: 'ds-2',
        status: 'failed',
        requestedTime: '2026-11-21T12:11:00.000Z',
        statusSummary: [
          { name: 'Channels', status: 'FAILED' },
          { name: 'NL', status: 'SUCCESS' },
        ],
      };
      const failed = (await step([trained, { expect: 'GET /publish/status', body }]).report)?.run;
      expect(failed).toMatchObject({ state: 'failed', error: { code: 'TRAINING_FAILED', vendor: 'Channels: FAILED' } });
      expect(failed?.error?.message).toContain('published');
      const refused: Step = { expect: 'POST /publish', status: 400, body: failure('No channel is enabled', 400) };
      const run = (await step([trained, old, refused]).report)?.run;
      expect(run).toMatchObject({ state: 'failed', error: { code: 'TRAINING_FAILED', vendor: 'No channel is enabled' } });
      expect(run?.error?.next).toContain('channel');
    });

    it('waits for one that is under way, and throws what stops the target', async () => {
      const busy: Step = { expect: 'POST /publish', status: 400, body: failure('Publish is already in progress', 400) };
      expect((await step([trained, old, busy]).report)?.run?.state).toBe('running');
      const denied: Step = { expect: 'POST /publish', status: 401, body: failure('Permission denied. Scope is incorrect!', 4002) };
      expect((await thrown(async () => step([trained, old, denied]).report)).code).toBe('CREDENTIALS_REFUSED');
      const down: Step = { expect: 'POST /publish', status: 503, body: {} };
      expect((await thrown(async () => step([trained, old, down]).report)).code).toBe('VENDOR_FAILED');
      expect((await thrown(async () => step([trained, { expect: 'GET /publish/status', status: 500 }]).report)).code).toBe('VENDOR_FAILED');
    });
  });
});

describe('ask', () => {
  const source = (id: string | null, title: string, url = ''): Json => ({
    title,
    url,
    chunk_id: 'chk-1',
    ...(id === null ? {} : { doc_id: id }),
    source_type: 'json',
  });
  const answered = (sources: readonly Json[], more: object = {}): Json => ({
    answer: 'Open Settings.',
    answer_payload: {
      center_panel: {
        type: 'active_citation_snippet',
        data: [{ snippet_content: [{ answer_fragment: 'Open Settings.', sources: [...sources] }], snippet_type: 'generative_model' }],
      },
    },
    ...more,
  });
  const ask = (body: Json, options: object = {}) => {
    const { script, bot: made } = run([{ expect: 'POST /advancedSearch', body }], options);
    return { script, answer: made.ask?.('How?', here) };
  };

  it('reads the first shape, each document once', async () => {
    const sources = [
      source('fc-1', titleOf('a.md'), 'https://x/a'),
      source('fc-1', titleOf('a.md')),
      source('fc-2', 'Hand.pdf', 'https://x/h'),
    ];
    const { script, answer } = ask({
      query: 'How?',
      requestType: 'answer_search',
      response: answered(sources, { isValidAnswer: true }),
      resultType: 'Answer',
    });
    expect(await answer).toEqual({
      text: 'Open Settings.',
      sources: [
        { document: null, title: 'fc-1', url: 'https://x/a' },
        { document: null, title: 'Hand.pdf', url: 'https://x/h' },
      ],
    });
    expect(script.requests[0]).toMatchObject({
      intent: 'ask',
      path: '/api/public/stream/st-1/advancedSearch',
      json: { query: 'How?', answerSearch: true, includeChunksInResponse: true },
      timeoutMs: 60_000,
    });
  });

  it('reads the second shape, at its own path', async () => {
    const searchPath = '/api/public/bot/{botId}/search/v2/advanced-search';
    const body = {
      template: { results: {}, answer_details: { query: 'How?', response: answered([source('fc-1', titleOf('a.md'))]) }, chunk_result: [] },
      llmResponseTime: 1,
    };
    const { script, bot: made } = run([{ expect: 'POST /search/v2/advanced-search', body }], { searchPath });
    expect(await made.ask?.('How?', here)).toEqual({ text: 'Open Settings.', sources: [{ document: null, title: 'fc-1', url: null }] });
    expect(script.requests[0]?.path).toBe('/api/public/bot/st-1/search/v2/advanced-search');
  });

  it('reads the second shape with the answer one step higher', async () => {
    expect((await ask({ template: { answer_details: answered([source('fc-1', titleOf('a.md'))]) } }).answer)?.text).toBe('Open Settings.');
  });

  it('reads the legacy shape', async () => {
    const center_panel = {
      data: [{ snippet_content: [{ answer_fragment: 'Open' }, { answer_fragment: ' Settings. ', sources: [source(null, 'x')] }] }],
    };
    expect(await ask({ template: { graph_answer: { payload: { center_panel } } } }).answer).toEqual({
      text: 'Open Settings.',
      sources: [{ document: null, title: 'x', url: null }],
    });
  });

  it('falls back on the chunks that were used', async () => {
    const used = (usedInAnswer: boolean, recordTitle: string): Json => ({
      _source: { chunkId: 'c', recordTitle, recordUrl: 'https://x', usedInAnswer },
    });
    const expected = { text: 'Yes.', sources: [{ document: null, title: markOf('a.md'), url: 'https://x' }] };
    const first = {
      response: { answer: 'Yes.' },
      chunk_result: { extractive: [], generative: [used(true, titleOf('a.md')), used(false, 'no')] },
    };
    expect(await ask(first).answer).toEqual(expected);
    const second = {
      template: { answer_details: { response: { answer: 'Yes.' } }, chunk_result: [used(false, 'no'), used(true, titleOf('a.md'))] },
    };
    expect(await ask(second).answer).toEqual(expected);
  });

  it.each([
    ['no panel', { response: { isValidAnswer: false, answer_payload: {} } }, ''],
    ['an empty panel', { response: { answer: '', answer_payload: { center_panel: {} } } }, ''],
    ['a panel that is a list', { response: { answer_payload: { center_panel: [] } } }, ''],
    ['a text', { response: { answer_payload: { center_panel: '' } } }, ''],
    ['null', { response: null, resultType: 'None' }, ''],
    ['an empty frame', { template: {} }, ''],
    ['an answer called invalid', { response: { ...(answered([source('fc-1', 'x')]) as object), isValidAnswer: false } }, 'Open Settings.'],
  ])('takes %s for no answer, without sources', async (_name, body, text) => {
    expect(await ask(body as Json).answer).toEqual({ text, sources: [] });
  });

  it('throws at an unknown shape, an error, a broken answer', async () => {
    for (const body of [{}, { response: 'Yes.' }, { response: { answer: 7 } }, []] as Json[]) {
      expect((await thrown(async () => ask(body).answer)).code).toBe('REPLY_INVALID');
    }
    const limited = { expect: 'POST /advancedSearch', status: 429, body: failure('Too Many requests', 429) };
    expect((await thrown(async () => run([limited]).bot.ask?.('How?', here))).code).toBe('RATE_LIMITED');
    expect((await thrown(async () => ask(failure('Permission denied. Scope is incorrect!', 4002)).answer)).message).toContain(
      'Answer Generation',
    );
  });
});

describe('history', () => {
  const page = (names: readonly string[], moreAvailable: boolean): Step => ({
    expect: 'POST /getAnalytics',
    body: {
      moreAvailable,
      result: names.map((name) => ({ _id: name, utterance: `${name}?`, timestamp: '2026-11-20T10:00:00.000Z', intent: 'x' })),
    },
  });
  const since = '2026-11-01T00:00:00.000Z';

  it('gives unanswered questions, page by page, each once', async () => {
    const { script, bot: made } = run([page(['a', 'b'], true), page(['b', 'c'], false)], { historyPage: 2 });
    expect(await all(made.history?.(since, here))).toEqual(
      ['a', 'b', 'c'].map((name) => ({ at: '2026-11-20T10:00:00.000Z', question: `${name}?`, answer: null, vain: 'unhandled' })),
    );
    expect(script.requests[0]).toMatchObject({ intent: 'read', path: `${bot}/getAnalytics` });
    expect(script.requests[1]?.json).toEqual({
      type: 'unhandledutterance',
      filters: { from: since, to: '2026-11-21T12:00:00.000Z', isDeveloper: false },
      sort: { order: 'desc', by: 'timestamp' },
      limit: 2,
      skip: 2,
    });
  });

  it('leaves out what kbsync itself asked through the webhook', async () => {
    const result = [
      { _id: 'a', utterance: 'Ours?', userId: 'kbsync-1f2e', sessionId: 's1' },
      { _id: 'b', utterance: 'Theirs?', userId: 'u-9', sessionId: 's2' },
    ];
    const { bot: made } = run([{ expect: 'POST /getAnalytics', body: { result, moreAvailable: false } }]);
    expect(await all(made.history?.(since, here))).toEqual([
      { at: null, question: 'Theirs?', answer: null, conversation: 's2', vain: 'unhandled' },
    ]);
  });

  it('reads several kinds and the channels named, and odd records tolerantly', async () => {
    const odd = [
      { utterance: 'no time' },
      { _id: 'x', utterance: ' ' },
      { _id: 'y', utterance: 'number', timestamp: 1_763_000_000_000 },
      { _id: 'z', utterance: 'odd', timestamp: 'soon' },
    ];
    const { script, bot: made } = run([page(['a'], false), { expect: 'POST /getAnalytics', body: { result: odd } }], {
      historyTypes: ['unhandledutterance', 'failintent'],
      historyChannels: ['rtm', 'slack'],
    });
    const found = await all(made.history?.(since, here));
    expect(found.map(({ question, at }) => [question, at])).toEqual([
      ['a?', '2026-11-20T10:00:00.000Z'],
      ['no time', null],
      ['number', '2025-11-13T02:13:20.000Z'],
      ['odd', null],
    ]);
    expect(script.requests[1]?.json).toMatchObject({ type: 'failintent', filters: { channel: ['rtm', 'slack'] }, skip: 0 });
  });

  it('throws instead of going round in circles', async () => {
    expect((await thrown(() => all(run([page([], true)]).bot.history?.(since, here)))).message).toContain('a page was empty');
    expect(
      (await thrown(() => all(run([page(['a'], true), page(['b'], true)], { maxPages: 2 }).bot.history?.(since, here)))).message,
    ).toContain('maxPages');
    const denied: Step = { expect: 'POST /getAnalytics', status: 401, body: failure('Permission denied. Scope is incorrect!', 4002) };
    expect((await thrown(() => all(run([denied]).bot.history?.(since, here)))).message).toContain('Metrics');
  });
});

describe('secrets', () => {
  it('are in no error, nor is the token, whatever the vendor echoes', async () => {
    const options = { publish: 'after-train', admin };
    const calls: [string, (made: ItemTarget) => Promise<unknown>][] = [
      ['POST /content-by-cond', (made) => made.check(here)],
      ['POST /ingest-data', (made) => made.create([item('a')], here)],
      ['POST /ingest-data', (made) => made.create([item('a'), item('b')], here)],
      ['POST /train', async (made) => made.train?.start('', here)],
      ['GET /publish/status', async (made) => made.train?.baseline(here)],
      ['POST /advancedSearch', async (made) => made.ask?.('x', here)],
    ];
    let told = 0;
    for (const [expected, runOne] of calls) {
      for (const status of [200, 400, 401, 403, 404, 409, 412, 413, 429, 500]) {
        for (const shape of ['text', 'errors', 'message']) {
          const echo: Step[] = [];
          const script = scripted(echo, () => startMs);
          const made = target(
            {
              ...script,
              tools: {
                ...script.tools,
                http: (request, ...rest) => {
                  const words = `token ${request.headers?.['auth']} and ${secret} and ${adminSecret}`;
                  const body =
                    shape === 'errors'
                      ? failure(words, status)
                      : { message: words, chunks: words, data: words, status: words, response: words };
                  echo.push({ expect: expected, status, ...(shape === 'text' ? { text: words } : { body: body as Json }) });
                  return scripted(echo.splice(0), () => startMs).tools.http(request, ...rest);
                },
              },
            },
            options,
          );
          const outcome = await runOne(made).catch((error: unknown) => error);
          const errors = Array.isArray(outcome) ? outcome.flatMap((one: ItemResult) => (one.ok ? [] : [one.error])) : [outcome];
          for (const error of errors) {
            if (!(error instanceof SyncError)) continue;
            told += 1;
            const cause = error.cause instanceof SyncError ? JSON.stringify(error.cause.record()) : '';
            const text = `${JSON.stringify(error.record())} ${JSON.stringify(error.data)} ${error.stack} ${cause}`;
            expect(text).not.toContain(secret);
            expect(text).not.toContain(adminSecret);
            expect(text).not.toMatch(/eyJ/);
          }
        }
      }
    }
    expect(told).toBeGreaterThan(100);
  });
});
