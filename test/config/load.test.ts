import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig, requireVariables, type VendorKeys, type VendorOptions } from '../../src/config/load.ts';
import type { ConnectorSpec } from '../../src/connectors/connector.ts';
import { SyncError } from '../../src/model/error.ts';
import { acme, config, load, placesOf, problemsOf, vendors } from './fixture.ts';

const key = { ACME_KEY: 'k-123456789' };

describe('a whole configuration', () => {
  // PRODUCT section 2, as far as it is built.
  const text = `# yaml-language-server: $schema=./sync.config.schema.json
version: 1
name: product-docs
content:
  root: ./docs
  include: ["**/*.{md,mdx}"]
  exclude: []
  gitignore: true
  site: { url: https://docs.example.com/, generator: plain }
  frontMatter: { key: kb, map: { id: doc_id } }
  defaults: { audience: public }
rules:
  - { match: "internal/**", set: { audience: internal } }
  - { match: "promo/**", set: { targets: [support], publishAt: 2026-12-01 } }
state:
  dir: ../memory
targets:
  - name: support
    vendor: acme
    botId: 361628903185318481
    secretKey: \${ACME_KEY}
    sourceId: null
    baseUrl: https://eu.acme.example/
    sandbox: false
    audience: [public]
    include: ["**"]
    format: markdown
    maxDocumentBytes: null
    rate: { perMinute: 60, perHour: null, concurrency: 1 }
    poll: { first: 5s, max: 60s }
    settle: 0s
    minInterval: 2m
    trainTimeout: 30m
    onUpdate: default
    onUnconfirmed: default
    required: true
    after: null
    paused: false
  - { name: site, vendor: hosted, baseUrl: "http://localhost:\${PORT:-3000}", botId: 0123 }
  - { name: try, vendor: acme, sandbox: true }
schedule:
  timezone: Europe/Berlin
  rescan: "*/15 * * * *"
  training: "* * * * *"
  drift: "17 3 * * *"
  verify: null
watch: { settle: 2s, maxWait: 30s, polling: auto }
safety:
  maxDelete: { share: 10%, count: 50, floor: 5 }
  maxUpdate: { share: 50%, floor: 20 }
daemon: { host: 127.0.0.1, port: 8420, token: "\${KBSYNC_TOKEN:-}", shutdownTimeout: 30s }
notify: []
`;

  it('loads, with absolute paths, durations in milliseconds and ids as written', async () => {
    const { config: loaded, warnings, source } = await load(text, { env: key });
    expect(warnings).toEqual([]);
    expect(source).toBe(text);
    expect(loaded).toMatchObject({
      file: '/w/sync.config.yaml',
      name: 'product-docs',
      stateDir: '/memory',
      content: {
        root: '/w/docs',
        site: { url: 'https://docs.example.com/', generator: 'plain' },
        frontMatter: { key: 'kb', map: { id: 'doc_id' } },
        defaults: { audience: 'public' },
      },
      rules: [
        { match: 'internal/**', set: { audience: 'internal' } },
        { match: 'promo/**', set: { targets: ['support'], publishAt: '2026-12-01' } },
      ],
      schedule: { timezone: 'Europe/Berlin', rescan: '*/15 * * * *', training: '* * * * *', drift: '17 3 * * *', verify: null },
      watch: { settleMs: 2_000, maxWaitMs: 30_000, polling: 'auto' },
      safety: { maxDelete: { share: 0.1, count: 50, floor: 5 }, maxUpdate: { share: 0.5, floor: 20 } },
      verify: { retries: 2, minPass: 2, maxCallsPerDay: 100, files: ['**/*.golden.yaml'] },
      daemon: { host: '127.0.0.1', port: 8420, token: null, shutdownTimeoutMs: 30_000, metricsOpen: false },
      notify: [],
    });
    expect(loaded.targets).toEqual([
      {
        name: 'support',
        vendor: 'acme',
        sandbox: false,
        baseUrl: 'https://eu.acme.example',
        audience: ['public'],
        include: ['**'],
        format: 'markdown',
        maxDocumentBytes: null,
        split: 'size',
        rate: { perMinute: 60, perHour: null, concurrency: 1 },
        poll: { firstMs: 5_000, maxMs: 60_000 },
        settleMs: 0,
        minIntervalMs: 120_000,
        trainTimeoutMs: 1_800_000,
        onUpdate: 'default',
        onUnconfirmed: 'default',
        required: true,
        after: null,
        paused: false,
        canary: false,
        paths: {},
        options: { botId: '361628903185318481', secretKey: 'k-123456789', sourceId: null },
        missing: [],
        line: 18,
      },
      expect.objectContaining({ name: 'site', baseUrl: 'http://localhost:3000', options: { botId: '0123' }, line: 39 }),
      expect.objectContaining({
        name: 'try',
        sandbox: true,
        baseUrl: null,
        audience: null,
        options: { botId: 'bot-try', secretKey: 'sandbox-try' },
      }),
    ]);
  });

  it('reads variables as they are written, partials, lint, the generator and how to split', async () => {
    const top = `content:
  site: { url: https://x.example/docs/, generator: docusaurus }
  variables: { product: Acme, version: 1.10, "plan.name": "\${PLAN:-Team}", empty: "" }
  partials: [_partials, "**/_*.md"]
  lint: { near-duplicate: off, long-title: error }
`;
    const { config: loaded } = await load(config({ top, target: '    split: heading\n    format: html\n' }), { env: key });
    expect(loaded.content).toMatchObject({
      site: { url: 'https://x.example/docs/', generator: 'docusaurus' },
      variables: { product: 'Acme', version: '1.10', 'plan.name': 'Team', empty: '' },
      partials: ['_partials', '**/_*.md'],
    });
    expect(loaded.content.lint).toEqual({
      secrets: 'error',
      'undefined-variable': 'error',
      'hidden-text': 'warning',
      'model-instructions': 'warning',
      'near-duplicate': 'off',
      'broken-link': 'warning',
      'internal-link': 'warning',
      'long-title': 'error',
      'empty-body': 'warning',
    });
    expect(loaded.targets[0]).toMatchObject({ split: 'heading', format: 'html' });
  });

  it.each([
    ['an unknown rule of lint', '  lint: { secret: error }', '3:11 content.lint.secret', 'did you mean "secrets"?'],
    ['a severity that is none', '  lint: { secrets: warn }', '3:20 content.lint.secrets', '"error", "warning", "off"'],
    ['a variable that no text can name', '  variables: { "a b": x }', '3:16 content.variables', 'such as product'],
    ['a variable that is a list', '  variables: { a: [x] }', '3:19 content.variables.a', 'expected a text'],
    ['partials that are no list', '  partials: _parts', '3:13 content.partials', 'expected a list of texts'],
  ])('tells of %s with its place', async (_, line, place, words) => {
    const problems = await problemsOf(config({ top: `content:\n${line}\n` }), { env: key });
    expect(problems.map((problem) => `${problem.line}:${problem.column} ${problem.key}`)).toEqual([place]);
    expect(problems[0]?.message).toContain(words);
  });

  it('needs little more than a name and targets', async () => {
    const { config: loaded } = await load('name: docs\ntargets: []\n');
    expect(loaded).toMatchObject({
      name: 'docs',
      stateDir: '/w/state',
      targets: [],
      content: { root: '/w/content', include: ['**/*.{md,mdx}'] },
    });
  });

  it('holds nothing from the load before', async () => {
    await load(config(), { env: { ACME_KEY: 'first-key-1' } });
    const again = await load(config(), { env: { ACME_KEY: 'second-key-2' } });
    expect(again.config.targets[0]?.options['secretKey']).toBe('second-key-2');
    expect(again.secrets.values()).toEqual(['second-key-2']);
  });

  it('takes any connector as a vendor', () => {
    const vendorOf = (spec: ConnectorSpec): VendorOptions => spec;
    expect(vendorOf).toBeTypeOf('function');
  });
});

describe('everything that is wrong is told at once', () => {
  const bad = `version: 2
nmae: docs
content:
  root: [a]
  gitignore: yes
  site: { generator: hugoo }
rules:
  - { match: "a/**", set: { audiance: x, targets: [suport] } }
targets:
  - name: support
    vendor: acem
    whatever: 1
  - name: b
    vendor: acme
    botID: x
    rate: { perMinute: fast, perMinute: 3 }
    audience: public
    poll: { first: 5, max: 60d }
    baseUrl: http://x.example/a?b
    api: v3
    batch: 5000
    onUnconfirmed: asc
    after: zz
  - name: b
    vendor: hosted
    audience: [public]
  - just text
schedule: { rescan: "every day", timezone: Mars, drift: "17 3 * * *" }
watch: { polling: atuo, settle: "\${SETTLE}" }
safety: { maxDelete: { share: 110%, count: -1 } }
verify: { retries: -1 }
daemon: { port: "\${PORT:-abc}", token: "\${X " }
notify: [{ url: x }]
state: { kind: s3 }
`;

  it('with line, column and key', async () => {
    expect(await placesOf(bad)).toEqual([
      '1:1 name',
      '1:10 version',
      '2:1 nmae',
      '3:1 content.defaults.audience',
      '4:9 content.root',
      '5:14 content.gitignore',
      '6:3 content.site.url',
      '6:22 content.site.generator',
      '8:29 rules[0].set.audiance',
      '8:52 rules[0].set.targets[0]',
      '11:13 targets[0].vendor',
      '13:5 targets[1].botId',
      '13:5 targets[1].secretKey',
      '15:5 targets[1].botID',
      '16:24 targets[1].rate.perMinute',
      '16:30 targets[1].rate.perMinute',
      '17:15 targets[1].audience',
      '18:20 targets[1].poll.first',
      '18:28 targets[1].poll.max',
      '19:14 targets[1].baseUrl',
      '20:10 targets[1].api',
      '21:12 targets[1].batch',
      '22:20 targets[1].onUnconfirmed',
      '23:12 targets[1].after',
      '24:5 targets[2].baseUrl',
      '24:5 targets[2].botId',
      '24:11 targets[2].name',
      '27:5 targets[3]',
      '28:21 schedule.rescan',
      '28:44 schedule.timezone',
      '29:19 watch.polling',
      '29:33 watch.settle',
      '30:31 safety.maxDelete.share',
      '30:44 safety.maxDelete.count',
      '31:20 verify.retries',
      '32:17 daemon.port',
      '32:40 daemon.token',
      '33:17 notify[0].url',
      '34:16 state.kind',
    ]);
  });

  it('one line a problem: place, key, found, expected, suggestion', async () => {
    const error = await load(bad).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SyncError);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    const lines = (error as SyncError).message.split('\n');
    expect(lines).toHaveLength(39);
    expect(lines).toContain(
      'sync.config.yaml:11:13 targets[0].vendor: found "acem", expected one of acme, hosted, or a package or file of your own that is there; did you mean "acme"?',
    );
    expect(lines).toContain(
      'sync.config.yaml:16:30 targets[1].rate.perMinute: found the key a second time (first in line 16), expected each key once',
    );
    expect(lines).toContain('sync.config.yaml:20:10 targets[1].api: found "v3", expected one of "v1", "v2"');
    expect(lines).toContain('sync.config.yaml:21:12 targets[1].batch: found 5000, expected at most 100');
    expect(lines).toContain('sync.config.yaml:29:19 watch.polling: found "atuo", expected "auto" or true or false; did you mean "auto"?');
    expect(lines).toContain('sync.config.yaml:30:44 safety.maxDelete.count: found -1, expected at least 0');
    expect(lines).toContain('sync.config.yaml:32:17 daemon.port: found "${PORT:-abc}", expected a number');
  });

  it.each([
    ['botID', 'botId'],
    ['secret_key', 'secretKey'],
    ['audiance', 'audience'],
    ['trainTimout', 'trainTimeout'],
    ['zzzzzz', null],
  ])('an unknown key of a target, %s, is told at the key, and may be %s', async (wrong, meant) => {
    const [problem] = await problemsOf(config({ target: `    ${wrong}: x\n` }), { env: key });
    expect(problem).toMatchObject({ line: 7, column: 5, key: `targets[0].${wrong}`, suggestion: meant });
  });

  it.each([['another kind of state', 'state: { kind: redis }\n', 'state.kind']])(
    'what is not built yet is refused: %s',
    async (_, top, place) => {
      const problems = await problemsOf(config({ top }), { env: key });
      expect(problems.map((problem) => problem.key)).toEqual([place]);
      expect(problems[0]?.message).toContain('not built yet');
    },
  );
});

describe('what a vendor can do', () => {
  const partial: VendorOptions = {
    ...acme,
    updateWays: (options) => ((options as { api: string }).api === 'v1' ? ['default', 'todo'] : ['default']),
  };
  const none: VendorOptions = { ...acme, emulated: false, sandbox: () => expect.unreachable('there is none') };
  const find = async (name: string) => (name === 'partial' ? partial : name === 'none' ? none : null);
  const loadHere = (target: string) =>
    loadConfig({
      file: null,
      cwd: '/w',
      env: key,
      vendors: Object.assign(find, { names: ['partial'] }),
      readFile: async (file) => {
        if (file === '/w/sync.config.yaml')
          return `name: docs\ntargets:\n  - { name: a, botId: b, secretKey: "\${ACME_KEY}", ${target} }\n`;
        throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
      },
    });

  it('onUpdate is taken where the vendor, with these options, can do it', async () => {
    const { config: loaded } = await loadHere('vendor: partial, api: v1, onUpdate: todo');
    expect(loaded.targets[0]?.onUpdate).toBe('todo');
    await expect(loadHere('vendor: partial, onUpdate: default')).resolves.toBeDefined();
  });

  it.each([
    ['vendor: partial, onUpdate: todo', '"todo", expected default: what partial can do with these options'],
    ['vendor: partial, api: v1, onUpdate: append', '"append", expected one of default, todo: what partial can do with these options'],
    ['vendor: partial, api: v1, onUpdate: url', '"url", expected one of default, todo: what partial can do with these options'],
    ['vendor: partial, onUpdate: merge', '"merge", expected default: what partial can do with these options'],
  ])('%s is refused at its place', async (target, words) => {
    const column = `  - { name: a, botId: b, secretKey: "\${ACME_KEY}", ${target}`.indexOf('onUpdate: ') + 11;
    const message = `sync.config.yaml:3:${column} targets[0].onUpdate: found ${words}`;
    await expect(loadHere(target)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message });
  });

  it('a sandbox of a vendor without an emulator is refused at its place, and its sandbox options are not asked for', async () => {
    await expect(loadHere('vendor: none, sandbox: true')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(
        /^sync\.config\.yaml:3:\d+ targets\[0\]\.sandbox: found true, expected false: kbsync has no emulator of none;/,
      ),
    });
    await expect(loadHere('vendor: none, sandbox: false')).resolves.toBeDefined();
  });
});

describe('what is no YAML', () => {
  it.each([
    ['a tab', 'name: docs\ncontent:\n\troot: x\ntargets: []\n', '3:1', /Tabs are not allowed/],
    ['an open quote', 'name: "docs\ntargets: []\n', '1:7', /quote/],
    ['an open list', 'name: docs\ntargets: [\n', '3:1', /Flow sequence|end with/],
    ['two documents', 'name: docs\ntargets: []\n---\nname: x\n', '3:1', /multiple documents/],
    ['a bare variable between braces', 'name: docs\ntargets:\n  - { name: ${X} }\n', '3:14', /in quotes, "\$\{NAME\}"/],
    ['an alias of nothing', 'name: *docs\ntargets: []\n', '1:7', /anchor/],
    ['a foreign tag', 'name: !!js/function "x"\ntargets: []\n', '1:7', /tag/],
    ['a list as a key', 'name: docs\n? [a]\n: b\ntargets: []\n', '2:3', /plain key/],
  ])('%s is told with its place', async (_, text, place, words) => {
    const [problem] = await problemsOf(text);
    expect(`${problem?.line}:${problem?.column}`).toBe(place);
    expect(problem?.message).toMatch(words);
  });

  it('does not hide what is wrong before it, and makes no echo of what comes after', async () => {
    const text = 'version: 2\nname: docs\nwacth: 1\ntargets:\n  - name: a\n    vendor: acme\n\tbotId: 1\nschedule: []\n';
    expect(await placesOf(text)).toEqual(['1:10 version', '3:1 wacth', '7:1 ']);
  });

  it.each([
    ['', 'nothing'],
    ['# only a comment\n', 'nothing'],
    ['- a\n', 'a list'],
    ['text\n', 'a single value'],
  ])('a file without keys (%j) is told', async (text, found) => {
    expect((await problemsOf(text)).map((problem) => problem.found)).toEqual([found]);
  });

  it('an empty section is told at its key', async () => {
    expect(await placesOf('name: docs\nschedule:\n\n\ntargets: []\n')).toEqual(['2:1 schedule']);
  });

  it('aliases share values, and cannot make a file endless', async () => {
    const { config: loaded } = await load('name: docs\ncontent: { include: &all ["**/*.md"], exclude: *all }\ntargets: []\n');
    expect(loaded.content.exclude).toEqual(['**/*.md']);
    const bomb = [
      'a: &a [x, x, x, x, x, x, x, x, x, x]',
      ...'bcdefgh'.split('').map((name, at) => `${name}: &${name} [${Array(10).fill(`*${'abcdefg'[at]}`).join(', ')}]`),
    ];
    const problems = await problemsOf(`name: docs\ntargets: []\n${bomb.join('\n')}\n`);
    expect(problems.some((problem) => problem.found === 'aliases without end')).toBe(true);
    expect((await problemsOf('name: docs\ntargets: &t [*t]\n')).some((problem) => problem.found === 'aliases without end')).toBe(true);
  });

  it('a byte order mark and Windows line ends shift nothing', async () => {
    expect(await placesOf('\uFEFFname: docs\r\nversion: 3\r\ntargets: []\r\n')).toEqual(['2:10 version']);
  });
});

describe('ids are text', () => {
  it.each(['361628903185318481', '0123', '1e3', '0x1F', '1.50', 'true', '+5', '9007199254740993', '.5'])(
    '%s stays as it is written',
    async (id) => {
      const text = `name: docs\ntargets:\n  - { name: a, vendor: hosted, baseUrl: https://x.example, botId: ${id} }\n`;
      expect((await load(text)).config.targets[0]?.options['botId']).toBe(id);
    },
  );

  it('also where any value may stand', async () => {
    const text = 'name: docs\nrules: [{ match: a, set: { audience: 007, tests: [{ ask: q, n: 007, m: 5 }] } }]\ntargets: []\n';
    expect((await load(text)).config.rules[0]?.set).toEqual({ audience: '007', tests: [{ ask: 'q', n: '007', m: 5 }] });
  });
});

describe('variables', () => {
  const option = async (text: string, setting: Parameters<typeof load>[1]) => {
    const { config: loaded } = await load(
      `name: docs\ntargets:\n  - { name: a, vendor: acme, secretKey: kkk, botId: "${text}" }\n`,
      setting,
    );
    return loaded.targets[0]?.options['botId'];
  };

  it('come from the environment before .env before NAME_FILE before the default', async () => {
    const files = { '/w/.env': 'BOT=from-dotenv\n', '/w/bot.txt': 'from-file\n' };
    const asFile = { BOT_FILE: './bot.txt' };
    expect(await option('${BOT:-x}', { env: { ...asFile, BOT: 'from-env' }, files })).toBe('from-env');
    expect(await option('${BOT:-x}', { env: asFile, files })).toBe('from-dotenv');
    expect(await option('${BOT:-x}', { env: asFile, files: { '/w/bot.txt': 'from-file\n' } })).toBe('from-file');
    expect(await option('${BOT:-x}', {})).toBe('x');
    expect(await option('b${BOT:-}', {})).toBe('b');
  });

  it('that are set but empty count as not set: CI sets unset secrets so', async () => {
    expect(await option('${BOT:-x}', { env: { BOT: '' } })).toBe('x');
    expect(await option('${BOT}', { env: { BOT: '' }, files: { '/w/.env': 'BOT=real' } })).toBe('real');
  });

  it('stand anywhere in a text, several times, and are never read again', async () => {
    const env = { A: 'one', B: '${A} [x: y] # z' };
    expect(await option('p-${A}-${B}-${A}', { env })).toBe('p-one-${A} [x: y] # z-one');
    expect(await option('$${A} and $A and ${A}', { env })).toBe('${A} and $A and one');
  });

  it('of a file lose their last line ends, and nothing else', async () => {
    expect(await option('${BOT}', { env: { BOT_FILE: '/run/bot' }, files: { '/run/bot': ' a\nb \r\n' } })).toBe(' a\nb ');
  });

  it('whose file cannot be read are told with the file, even where there is a default', async () => {
    const problems = await problemsOf(config(), { env: { ACME_KEY_FILE: '/run/none' } });
    expect(problems.map((problem) => problem.message)).toEqual([
      'sync.config.yaml:6:16 targets[0].secretKey: found ACME_KEY_FILE, which names "/run/none": there is no such file, expected a file that holds ACME_KEY',
    ]);
    expect(await placesOf('name: "${N:-docs}"\ntargets: []\n', { env: { N_FILE: 'none' } })).toEqual(['1:7 name']);
  });

  it('become what their key takes', async () => {
    const env = { FLAG: 'true', PORT: '8421', SETTLE: '3s', NONE: '' };
    const text = `name: docs
content: { gitignore: "\${FLAG}" }
watch: { settle: "\${SETTLE}", polling: "\${FLAG}" }
daemon: { port: "\${PORT}" }
targets:
  - { name: a, vendor: acme, botId: b, secretKey: kkk, sourceId: "\${NONE:-}", batch: "\${BATCH:-7}", paused: "\${FLAG}" }
`;
    const { config: loaded } = await load(text, { env });
    expect(loaded.content.gitignore).toBe(true);
    expect(loaded.watch).toMatchObject({ settleMs: 3_000, polling: true });
    expect(loaded.daemon.port).toBe(8421);
    expect(loaded.targets[0]).toMatchObject({ paused: true, options: { sourceId: null, batch: 7 } });
  });

  it('do not turn a quoted number of the file into a number', async () => {
    expect(await placesOf('name: docs\ndaemon: { port: "8420" }\ntargets: []\n')).toEqual(['2:17 daemon.port']);
  });

  it.each(['${', '${A', '${A:-${B}}', '${a-b}', '${1A}'])('%s is no variable', async (text) => {
    const problems = await problemsOf(`name: docs\ncontent: { root: "${text}" }\ntargets: []\n`, { env: { A: 'x', B: 'y' } });
    expect(problems.map((problem) => problem.key)).toEqual(['content.root']);
    expect(problems[0]?.expected).toContain('${NAME:-default}');
  });
});

describe('a variable that is not set', () => {
  it('outside of targets is an error with its place', async () => {
    const [problem] = await problemsOf('name: docs\ncontent:\n  root: ${ROOT}\ntargets: []\n');
    expect(problem).toMatchObject({ line: 3, column: 9, key: 'content.root', found: '"${ROOT}"' });
    expect(problem?.expected).toContain('ROOT in the environment');
  });

  it('inside a target counts only once the target is contacted', async () => {
    const target = `    admin: { clientId: "\${ID}", clientSecret: "\${ADMIN}" }\n    baseUrl: \${ORIGIN}\n    batch: \${BATCH}\n    rate: { perMinute: "\${RATE}" }\n`;
    const { config: loaded } = await load(config({ target }));
    const [first] = loaded.targets;
    expect(first?.missing).toEqual(['ORIGIN', 'RATE', 'ACME_KEY', 'ID', 'ADMIN', 'BATCH']);
    expect(first).toMatchObject({ baseUrl: null, rate: { perMinute: null }, options: { botId: 'b1', secretKey: '${ACME_KEY}' } });
    // What the connector's own parse would stumble over is left out.
    expect(acme.options.safeParse(first?.options).success).toBe(true);
    if (first === undefined) throw new Error('no target');
    expect(() => requireVariables(first)).toThrow(
      /target support \(line 3 of the configuration\) needs ORIGIN, RATE, ACME_KEY, ID, ADMIN, BATCH, which are not set/,
    );
    expect(() => requireVariables({ ...first, missing: ['ACME_KEY'] })).toThrow(
      expect.objectContaining({ code: 'SECRET_MISSING', data: { target: 'support', line: 3, variables: ['ACME_KEY'] } }),
    );
    expect(() => requireVariables({ ...first, missing: [] })).not.toThrow();
  });

  it('never widens a fence', async () => {
    const top = 'content: { defaults: { audience: internal } }\n';
    const { config: loaded } = await load(config({ top, target: '    audience: ["${WHO}"]\n' }), { env: key });
    expect(loaded.targets[0]).toMatchObject({ audience: ['${WHO}'], missing: ['WHO'] });
  });

  it('does not hide other faults of the target', async () => {
    expect(
      await placesOf(config({ target: '    batch: ${BATCH}\n    api: v9\n    rate: { perMinute: "${RATE}" }\n    settle: 5\n' })),
    ).toEqual(['8:10 targets[0].api', '10:13 targets[0].settle']);
  });

  it('cannot be the name or the vendor', async () => {
    expect(await placesOf('name: docs\ntargets:\n  - { name: "${N}", vendor: "${V}" }\n')).toEqual([
      '3:13 targets[0].name',
      '3:29 targets[0].vendor',
    ]);
  });

  it('is no matter in a sandbox: the emulator fills it in', async () => {
    const target = '    sandbox: true\n    baseUrl: ${ORIGIN}\n';
    const { config: loaded, warnings } = await load(config({ target }));
    expect(loaded.targets[0]).toMatchObject({ missing: [], baseUrl: null, options: { botId: 'b1', secretKey: 'sandbox-support' } });
    expect(warnings).toEqual([]);
  });
});

describe('secrets', () => {
  it('are collected wherever they come from, defaults included', async () => {
    const text = `name: docs
content: { root: "\${MY_PASSWORD_PATH}" }
daemon: { token: "tok-\${T}" }
targets:
  - name: a
    vendor: acme
    botId: \${BOT_IDENT}
    secretKey: \${K:-default-key}
    admin: { clientId: \${C}, clientSecret: \${S} }
`.replace('clientId: ${C}, clientSecret: ${S}', 'clientId: "${C}", clientSecret: "${S}"');
    const env = {
      MY_PASSWORD_PATH: 'password-path',
      T: 'tttttt',
      BOT_IDENT: 'bot-ident',
      C: 'client-id',
      S: 'client-secret',
      OTHER_TOKEN: 'not-used-here',
    };
    const { secrets } = await load(text, { env });
    expect([...secrets.values()].sort()).toEqual(['client-secret', 'default-key', 'password-path', 'tok-tttttt', 'tttttt']);
  });

  it('in the file get a warning, not in a sandbox', async () => {
    const literal = config({ target: '    admin: { clientId: c, clientSecret: abcdefgh }\n', top: 'daemon: { token: letmein }\n' }).replace(
      '${ACME_KEY}',
      'k-1234567',
    );
    const { warnings, secrets } = await load(literal);
    expect(warnings.map((warning) => warning.message)).toEqual([
      'sync.config.yaml:2:18 daemon.token: found a secret in the file, expected a variable, such as ${KBSYNC_TOKEN}',
      'sync.config.yaml:7:16 targets[0].secretKey: found a secret in the file, expected a variable, such as ${ACME_SECRET_KEY}',
      'sync.config.yaml:8:41 targets[0].admin.clientSecret: found a secret in the file, expected a variable, such as ${ACME_ADMIN_CLIENT_SECRET}',
    ]);
    expect([...secrets.values()].sort()).toEqual(['abcdefgh', 'k-1234567', 'letmein']);
    const sandboxed = await load(`${config().replace('${ACME_KEY}', 'k-1234567')}    sandbox: true\n`);
    expect(sandboxed.warnings).toEqual([]);
    expect(sandboxed.secrets.values()).toEqual(['k-1234567']);
  });

  it('are not all that is warned of: so is a minInterval that leaves a freshness check no time', async () => {
    const warned = async (target: string, top = '') => (await load(config({ target, top }))).warnings.map(({ message }) => message);
    expect(await warned('    canary: true\n    minInterval: 1h\n')).toEqual([
      'sync.config.yaml:3:5 targets[0].minInterval: found 1 h, expected a minInterval that is shorter than canary.timeout (1 h), or else the freshness check of support may be given up before its document was pushed',
    ]);
    expect(await warned('    canary: true\n    minInterval: 59m\n')).toEqual([]);
    expect(await warned('    minInterval: 1h\n')).toEqual([]);
    expect(await warned('    canary: true\n    minInterval: 1h\n', 'canary: { timeout: 2h }\n')).toEqual([]);
    expect((await problemsOf(config({ top: 'canary: { timeout: 59s }\n' }))).map(({ message }) => message)).toEqual([
      'sync.config.yaml:2:20 canary.timeout: found "59s", expected a duration of at least 1m',
    ]);
  });

  it('too short to be blacked out are warned of, literal or not; not in a sandbox', async () => {
    const { warnings } = await load(config({ top: 'daemon: { token: "${T}" }\n' }), { env: { ACME_KEY: 'five5', T: 'abc' } });
    const what =
      'found a short secret, expected at least 6 characters: a shorter one is not blacked out in what kbsync says, since it may be any word';
    expect(warnings.map((warning) => warning.message)).toEqual([
      `sync.config.yaml:2:18 daemon.token: ${what}`,
      `sync.config.yaml:7:16 targets[0].secretKey: ${what}`,
    ]);
    expect(JSON.stringify(warnings)).not.toContain('five5');
    expect((await load(config(), { env: { ACME_KEY: 'sixsix' } })).warnings).toEqual([]);
    expect((await load(`${config()}    sandbox: true\n`, { env: { ACME_KEY: 'five5' } })).warnings).toEqual([]);
  });

  it('of several lines, in quotes in .env or in a file, count line by line', async () => {
    const pem = `-----BEGIN KEY-----\n${'a1'.repeat(20)}\n${'b2'.repeat(20)}\n-----END KEY-----`;
    const inEnvFile = await load(config(), { files: { '/w/.env': `ACME_KEY="${pem}"\n` } });
    const inFile = await load(config(), { env: { ACME_KEY_FILE: 'key' }, files: { '/w/key': `${pem}\n` } });
    for (const { config: made, secrets } of [inEnvFile, inFile]) {
      expect(made.targets[0]?.options['secretKey']).toBe(pem);
      expect(secrets.values()).toEqual([pem, 'a1'.repeat(20), 'b2'.repeat(20)]);
    }
  });

  it('never show in a problem', async () => {
    const planted = 'planted-secret-1';
    const text = `name: docs
daemon: { port: "\${PORT_TOKEN}", token: ${planted}, host: "" }
targets:
  - { name: a, vendor: acme, botId: b, secretKey: [${planted}], api: ${planted}, x-${planted}: 1 }
  - { name: "${planted}", vendor: ${planted}, secretKey: ${planted} }
`;
    const error = (await load(text, { env: { PORT_TOKEN: 'planted-secret-2' } }).catch((thrown: unknown) => thrown)) as SyncError;
    expect(error.code).toBe('CONFIG_INVALID');
    expect(JSON.stringify([error.message, error.data])).not.toMatch(/planted-secret/);
    expect(error.message).toContain('found "***"');
  });

  it('nor does the password of an address that must not have one', async () => {
    const text =
      'name: docs\ntargets:\n  - { name: a, vendor: acme, botId: b, secretKey: c, baseUrl: "https://user:pa@ss-word@api.example.com" }\n';
    const error = (await load(text).catch((thrown: unknown) => thrown)) as SyncError;
    expect(error.message).toContain('found "https://***@api.example.com", expected an origin without user name and password');
    expect(JSON.stringify([error.message, error.data])).not.toMatch(/ss-word/);
  });

  it('the token of the daemon is KBSYNC_TOKEN, unless the file says otherwise', async () => {
    const env = { ...key, KBSYNC_TOKEN: 'token-of-env' };
    const { config: loaded, secrets } = await load(config(), { env });
    expect(loaded.daemon.token).toBe('token-of-env');
    expect(secrets.values()).toContain('token-of-env');
    expect((await load(config({ top: 'daemon: { port: 1 }\n' }), { env })).config.daemon).toMatchObject({ token: 'token-of-env', port: 1 });
    expect((await load(config({ top: 'daemon: { token: null }\n' }), { env })).config.daemon.token).toBe(null);
    expect((await load(config({ top: 'daemon: { token: "" }\n' }), { env })).config.daemon.token).toBe(null);
  });
});

describe('targets', () => {
  const two = (first: string, second: string) => `name: docs\ntargets:\n  - { name: a, ${first} }\n  - { name: b, ${second} }\n`;

  it('that are the same bot are an error, whatever their key', async () => {
    const [problem, ...rest] = await problemsOf(
      two('vendor: acme, botId: x, secretKey: k1', 'vendor: acme, botId: x, secretKey: k2, baseUrl: https://api.acme.example/'),
    );
    expect(problem).toMatchObject({ line: 4, column: 5, key: 'targets[1]' });
    expect(problem?.message).toContain('the same bot as targets[0] (a)');
    expect(rest).toEqual([]);
  });

  it.each([
    ['another id', 'botId: y'],
    ['another origin', 'botId: x, baseUrl: https://eu.acme.example'],
    ['the sandbox', 'botId: x, sandbox: true'],
  ])('with %s are other bots', async (_, second) => {
    const { config: loaded } = await load(two('vendor: acme, secretKey: kkk, botId: x', `vendor: acme, secretKey: kkk, ${second}`));
    expect(loaded.targets).toHaveLength(2);
  });

  it('with sources of their own are other bots; where one leaves it to run time, it may be the other', async () => {
    const both = two('vendor: acme, secretKey: kkk, botId: x, sourceId: r', 'vendor: acme, secretKey: kkk, botId: x, sourceId: s');
    expect((await load(both)).config.targets).toHaveLength(2);
    const one = two('vendor: acme, secretKey: kkk, botId: x', 'vendor: acme, secretKey: kkk, botId: x, sourceId: s');
    expect((await problemsOf(one))[0]?.message).toContain('the same bot as targets[0] (a)');
  });

  it('of a vendor without identity keys, or in the sandbox without ids, are not compared', async () => {
    const hostedTwice = 'vendor: hosted, botId: x, baseUrl: https://x.example';
    expect((await load(two(hostedTwice, hostedTwice))).config.targets).toHaveLength(2);
    expect(
      (await load(two('vendor: acme, sandbox: true', 'vendor: acme, sandbox: true'))).config.targets.map(
        (target) => target.options['botId'],
      ),
    ).toEqual(['bot-a', 'bot-b']);
  });

  it('lack no key that their vendor needs, which other keys decide', async () => {
    expect(await placesOf('name: docs\ntargets:\n  - { name: a, vendor: acme, secretKey: "" }\n')).toEqual([
      '3:5 targets[0].botId',
      '3:41 targets[0].secretKey',
    ]);
    expect(await placesOf('name: docs\ntargets:\n  - { name: a, vendor: acme, api: v1 }\n')).toEqual(['3:5 targets[0].botId']);
    expect((await load('name: docs\ntargets:\n  - { name: a, vendor: acme, api: v1, botId: x }\n')).config.targets).toHaveLength(1);
  });

  it('with a fence need a default audience', async () => {
    const fenced = '    audience: [public]\n';
    expect(await placesOf(config({ target: fenced }), { env: key })).toEqual(['1:1 content.defaults.audience']);
    expect(await placesOf(config({ target: fenced, top: 'content:\n  defaults:\n    audience: null\n' }), { env: key })).toEqual([
      '4:15 content.defaults.audience',
    ]);
    const { config: loaded } = await load(config({ target: fenced, top: 'content: { defaults: { audience: internal } }\n' }), { env: key });
    expect(loaded.targets[0]?.audience).toEqual(['public']);
  });

  it('cannot have an empty fence, which would take every document away', async () => {
    expect(await placesOf(config({ target: '    audience: []\n', top: 'content: { defaults: { audience: x } }\n' }), { env: key })).toEqual(
      ['8:15 targets[0].audience'],
    );
  });

  it.each(['Support', 'a_b', '-a', 'ä', 'a'.repeat(41), ''])('cannot be called %j', async (name) => {
    expect(await placesOf(`name: docs\ntargets:\n  - { vendor: acme, sandbox: true, name: "${name}" }\n`)).toEqual([
      '3:42 targets[0].name',
    ]);
  });

  it('that rules name must exist', async () => {
    const rules =
      'rules:\n  - { match: a, set: { targets: suport } }\n  - { match: b, set: { targets: [support, sport] } }\n  - { match: c, set: { id: x } }\n';
    const problems = await problemsOf(config({ top: rules }), { env: key });
    expect(problems.map(({ line, column, key: where, suggestion }) => [`${line}:${column} ${where}`, suggestion])).toEqual([
      ['3:33 rules[0].set.targets', 'support'],
      ['4:43 rules[1].set.targets[1]', 'support'],
      ['5:24 rules[2].set.id', null],
    ]);
    expect(
      (await load(config({ top: 'rules: [{ match: a, set: { targets: support, tags: x } }]\n' }), { env: key })).config.rules[0]?.set,
    ).toEqual({ targets: 'support', tags: 'x' });
  });

  it('come after one that exists, and never in a circle', async () => {
    const after = ['b', 'a', 'nobody', 'a', 'e', 'd'];
    const text = ['a', 'b', 'c', 'd', 'e', 'f']
      .map((name, at) => `  - { name: ${name}, vendor: acme, sandbox: true, after: ${after[at]} }`)
      .join('\n');
    const problems = await problemsOf(`name: docs\ntargets:\n${text}\n`);
    expect(problems.map(({ line, key, message }) => [line, key, /leads back|the name of a target/.exec(message)?.[0]])).toEqual([
      [3, 'targets[0].after', 'leads back'],
      [4, 'targets[1].after', 'leads back'],
      [5, 'targets[2].after', 'the name of a target'],
      [7, 'targets[4].after', 'leads back'],
    ]);
  });

  it('of a connector that cannot be used are told with its words', async () => {
    const broken: VendorKeys = Object.assign(
      async () => Promise.reject(new SyncError('CONFIG_INVALID', { message: './mine.js has contract 7' })),
      { names: [] },
    );
    const readFile = async () => 'name: docs\ntargets: [{ name: a, vendor: ./mine.js }]\n';
    const error = await loadConfig({ file: 'x.yaml', cwd: '/w', env: {}, vendors: broken, readFile }).catch((thrown: unknown) => thrown);
    expect((error as SyncError).message).toContain('./mine.js has contract 7');
  });

  it("say in their connector's words what is refused", async () => {
    const strict: VendorOptions = {
      options: z.strictObject({
        api: z.enum(['v2'], { error: 'v1 is gone' }).optional(),
        old: z.never({ error: 'old belongs to v1' }).optional(),
        id: z.string().regex(/^b-/, 'an id that begins with b-').optional(),
      }),
      required: () => [],
      defaultBaseUrl: 'https://x.example',
      sandbox: () => ({ options: {} }),
    };
    const readFile = async (file: string) =>
      file.endsWith('.yaml') ? 'name: docs\ntargets: [{ name: a, vendor: x, api: v1, old: 1, id: 5 }]\n' : '';
    const vendors = Object.assign(async () => strict, { names: ['x'] });
    const error = await loadConfig({ file: 'x.yaml', cwd: '/w', env: {}, vendors, readFile }).catch((thrown: unknown) => thrown);
    expect((error as SyncError).message.split('\n').map((line) => line.replace(/^.*?: found /, ''))).toEqual([
      '"v1", expected "v2" (v1 is gone)',
      '1, expected the key left out (old belongs to v1)',
      '5, expected an id that begins with b-',
    ]);
  });

  it('are looked up beside the configuration', async () => {
    const asked: string[] = [];
    const open: VendorOptions = {
      options: z.looseObject({}),
      required: () => [],
      defaultBaseUrl: 'https://x.example',
      sandbox: () => ({ options: {} }),
    };
    const noting: VendorKeys = Object.assign(
      async (name: string, folder: string) => {
        asked.push(`${name} ${folder}`);
        return open;
      },
      { names: [] },
    );
    const readFile = async (file: string) =>
      file.endsWith('.yaml')
        ? 'name: docs\ntargets: [{ name: a, vendor: ./mine.js, anything: 007 }]\n'
        : Promise.reject(Object.assign(new Error(), { code: 'ENOENT' }));
    const { config: loaded } = await loadConfig({ file: 'sub/x.yaml', cwd: '/w', env: {}, vendors: noting, readFile });
    expect(asked).toEqual(['./mine.js /w/sub']);
    expect(loaded).toMatchObject({ file: '/w/sub/x.yaml', stateDir: '/w/sub/state', targets: [{ options: { anything: '007' } }] });
  });
});

describe('the file', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'kbsync-config-'));
  });
  afterAll(() => fs.rm(folder, { recursive: true }));
  const fromDisk = (file: string | null) => loadConfig({ file, cwd: folder, env: {}, vendors });

  it('that is not there is told with where it was looked for and what to do', async () => {
    await expect(fromDisk(null)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(path.join(folder, 'sync.config.yaml')),
      next: expect.stringContaining('kbsync init'),
    });
    await expect(fromDisk('other.yaml')).rejects.toThrow(/other\.yaml cannot be read: there is no such file/);
    await expect(fromDisk('.')).rejects.toThrow(/cannot be read: it is a folder/);
  });

  it('is read with .env beside it', async () => {
    await fs.mkdir(path.join(folder, 'a'));
    await fs.writeFile(path.join(folder, 'a', 'kb.yaml'), config());
    await fs.writeFile(path.join(folder, 'a', '.env'), '# mine\nACME_KEY="k-987 654"\n');
    const { config: loaded } = await fromDisk('a/kb.yaml');
    expect(loaded.targets[0]?.options['secretKey']).toBe('k-987 654');
    expect(loaded.content.root).toBe(path.join(folder, 'a', 'content'));
  });

  it('may stand beside a folder called .env', async () => {
    await fs.mkdir(path.join(folder, 'b', '.env'), { recursive: true });
    await fs.writeFile(path.join(folder, 'b', 'kb.yaml'), config());
    expect((await fromDisk('b/kb.yaml')).config.targets[0]?.missing).toEqual(['ACME_KEY']);
  });

  it('must be UTF-8', async () => {
    await fs.writeFile(path.join(folder, 'latin.yaml'), Buffer.from('name: d\xf6cs\ntargets: []\n', 'latin1'));
    await expect(fromDisk('latin.yaml')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
