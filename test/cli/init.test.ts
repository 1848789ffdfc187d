// `init` in this process, with and without somebody at a terminal: what it writes, what it leaves, what it refuses, and that a key stays secret.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { explain } from '../../src/cli/failure.ts';
import { type InitRequest, init } from '../../src/cli/init.ts';
import type { Invocation } from '../../src/cli/invocation.ts';
import { Output } from '../../src/cli/output.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import { asSyncError } from '../../src/model/error.ts';
import { vendorKeys } from '../../src/workspace/vendors.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kbsync-init-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}

const read = (path: string) => readFileSync(join(dir, path), 'utf8');
const all = () =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('.git/'))
    .sort();

interface Given {
  readonly options?: Partial<Invocation['options']>;
  readonly env?: Readonly<Record<string, string>>;
  /** What a person types, a line each; null: nobody is there. */
  readonly typed?: readonly string[] | null;
}

const asked: InitRequest = {
  yes: false,
  sandbox: false,
  vendor: null,
  root: null,
  name: null,
  audience: [],
  set: [],
  url: null,
  ci: null,
  state: null,
  check: true,
};

async function run(request: Partial<InitRequest>, { options, env = {}, typed = null }: Given = {}) {
  const said = { out: '', err: '', screen: '' };
  const secrets = createSecretSet();
  const stream = (name: 'out' | 'err') => ({
    write: (text: string) => {
      said[name] += text;
    },
  });
  const all = { config: null, targets: [], json: false, quiet: false, verbose: false, ...options };
  const output = new Output({ secrets, stdout: stream('out'), stderr: stream('err'), json: all.json, quiet: false, colour: false });
  const { signal } = new AbortController();
  const invocation: Invocation = {
    command: 'init',
    options: all,
    output,
    cwd: dir,
    env,
    version: '1.2.3',
    secrets,
    stop: signal,
    kill: signal,
  };
  const input = new PassThrough();
  const lines = [...(typed ?? [])];
  // Each line is typed once its question stands there.
  const screen = {
    write(text: string) {
      said.screen += text;
      if (/(?:\] |: )$/.test(text) && lines.length > 0) setImmediate(() => input.write(lines.shift() ?? ''));
    },
  };
  const exitCode = await init(invocation, { ...asked, ...request }, typed === null ? null : { input, output: screen }).catch(
    (thrown: unknown) => explain(asSyncError(thrown), invocation),
  );
  return { exitCode, ...said, json: () => JSON.parse(said.out) as Record<string, unknown> };
}

const configOf = async (env: Readonly<Record<string, string>> = {}) =>
  (await loadConfig({ file: null, cwd: dir, env, vendors: vendorKeys() })).config;
const sandbox = { yes: true, sandbox: true } as const;

describe('what init writes', () => {
  it('is a configuration with every value explained, and what belongs beside it', async () => {
    write({
      'package.json': '{"name":"@acme/handbook"}',
      'docusaurus.config.js': `module.exports = { url: 'https://acme.dev', baseUrl: '/', trailingSlash: false }`,
      'docs/a.md': '---\ndoc_id: a\n---\nA\n',
      'docs/b.md': '---\ndoc_id: b\n---\nB\n',
    });
    const { exitCode, out, err } = await run({ ...sandbox, audience: ['public', 'partner'] });
    expect(exitCode).toBe(0);
    const config = await configOf();
    expect(config).toMatchObject({
      name: 'handbook',
      content: {
        root: join(dir, 'docs'),
        site: { url: 'https://acme.dev/docs/', generator: 'docusaurus', pages: 'bare' },
        frontMatter: { key: 'kb', map: { id: 'doc_id' } },
        defaults: { audience: 'public' },
      },
      targets: [{ name: 'support', vendor: 'chatthing', sandbox: true, audience: ['public', 'partner'] }],
    });
    expect(all()).toEqual([
      '.gitignore',
      'docs',
      'docs/.kbsyncignore',
      'docs/a.md',
      'docs/b.md',
      'docusaurus.config.js',
      'package.json',
      'sync.config.schema.json',
      'sync.config.yaml',
    ]);
    expect(out).toContain('2 Markdown files, published with docusaurus at https://acme.dev/docs/');
    expect(out.trimEnd().split('\n').at(-1)).toBe('next: kbsync sync --verify; then kbsync ask support "a question your documents answer"');
    // It would be published.
    expect(err).toContain('sidecar, NAME.kb.yaml');
    const lines = read('sync.config.yaml').split('\n');
    const bare = lines.filter((line, at) => /^ {2,}\S/.test(line) && !/#/.test(line) && !/^\s*#/.test(lines[at - 1] ?? ''));
    expect(bare).toEqual([]);
  });

  it('is a first page with a question, in an empty folder for the sandbox, and none for a real bot', async () => {
    expect((await run(sandbox)).exitCode).toBe(0);
    expect(read('content/welcome.md')).toContain('tests:');
    rmSync(join(dir, 'sync.config.yaml'));
    rmSync(join(dir, 'content'), { recursive: true });
    const real = await run({ yes: true, vendor: 'sitegpt' });
    expect(real.exitCode).toBe(0);
    expect(all()).not.toContain('content/welcome.md');
    expect(real.out).toContain('next: put your Markdown files into content; then set SITEGPT_CHATBOT_ID, SITEGPT_TOKEN');
  });

  it('names variables, with no value, for every vendor', async () => {
    for (const vendor of ['chatthing', 'cxgenie', 'sitegpt', 'replycx', 'koreai']) {
      const { exitCode, json } = await run({ yes: true, vendor }, { options: { json: true, targets: ['site'] } });
      expect(exitCode).toBe(0);
      const variables = (json()['variables'] as { name: string; missing: boolean }[]).map(({ name }) => name);
      const { targets } = await configOf();
      expect(targets).toMatchObject([{ name: 'site', vendor, sandbox: false }]);
      expect([...(targets[0]?.missing ?? [])].sort()).toEqual([...variables].sort());
      expect(parseExample()).toEqual(variables);
      for (const name of ['sync.config.yaml', '.env.example']) rmSync(join(dir, name));
    }
  });

  const parseExample = () => [...read('.env.example').matchAll(/^([A-Z_]+)=$/gm)].map(([, name]) => name);

  it('holds hostile names as they are, and nothing of them as YAML, a variable or a line of its own', async () => {
    const hostile = 'a ${HOME} "b" \': #c\n- d';
    write({ [`${hostile}/x.md`]: 'X\n', 'package.json': `{"name":"${'!'.repeat(5)} né \\u001b[31m: x"}` });
    const { exitCode, out } = await run(sandbox);
    expect(exitCode).toBe(0);
    expect((await configOf({ HOME: '/elsewhere' })).content.root).toBe(join(dir, hostile));
    expect(out).not.toContain('\u001b');
    expect(out.split('\n')[0]).toContain('\\u000a- d: 1 Markdown file');
  });

  it('is a workflow where one is asked for: plain YAML, the version, the secrets by name, in the place that the repository wants', async () => {
    execFileSync('git', ['init', '-q', '-b', 'trunk', dir]);
    write({ 'sub/docs/a.md': 'A\n', '.github/CODEOWNERS': '' });
    const request = { yes: true, vendor: 'sitegpt', ci: 'auto', state: 'cache' } as const;
    const { exitCode } = await run(request, { options: { config: 'sub/sync.config.yaml' } });
    expect(exitCode).toBe(0);
    const workflow = parse(read('.github/workflows/kbsync.yml')) as Record<string, never>;
    expect(workflow).toMatchObject({
      on: { push: { branches: ['trunk'] }, schedule: [{ cron: '23 2 * * *' }] },
      permissions: { contents: 'read' },
      defaults: { run: { 'working-directory': 'sub' } },
      jobs: {
        plan: { if: "github.event_name == 'pull_request'" },
        sync: {
          if: "github.event_name != 'pull_request' && github.ref == 'refs/heads/trunk'",
          concurrency: { group: 'kbsync', 'cancel-in-progress': false },
        },
      },
    });
    expect(workflow).toMatchObject({ jobs: { plan: { permissions: { contents: 'read', 'pull-requests': 'write' } } } });
    expect(workflow).not.toHaveProperty('jobs.sync.permissions');
    expect(workflow).not.toHaveProperty('jobs.plan.env');
    // Secrets are of the steps that need them, not of every step of the job.
    expect(workflow).not.toHaveProperty('jobs.sync.env');
    const env = { SITEGPT_TOKEN: '$' + '{{ secrets.SITEGPT_TOKEN }}', SITEGPT_CHATBOT_ID: '$' + '{{ vars.SITEGPT_CHATBOT_ID }}' };
    const steps = (workflow as unknown as { jobs: { sync: { steps: { run?: string; env?: object }[] } } }).jobs.sync.steps;
    expect(steps.flatMap((step) => (step.run === undefined ? [] : [step.env]))).toEqual([env, env]);
    expect(steps.filter((step) => step.run === undefined && step.env !== undefined)).toEqual([]);
    expect(read('sub/sync.config.yaml')).not.toContain('git:');
    const text = read('.github/workflows/kbsync.yml');
    for (const words of ['ci github --offline', 'ci github --command sync', 'ci github --command drift'])
      expect(text).toContain(`npx --yes kbsync@1.2.3 ${words}`);
    expect(text.match(/path: (\S+),/g)).toEqual(['path: sub/state,', 'path: sub/state,', 'path: sub/state,']);
  });

  it.each([
    ['github', '.github/workflows/kbsync.yml', null],
    ['gitlab', '.gitlab/kbsync.gitlab-ci.yml', '${KBSYNC_STATE_TOKEN:-}'],
  ] as const)('keeps the state of a real bot on a branch for the jobs of %s', async (ci, workflow, token) => {
    execFileSync('git', ['init', '-q', '-b', 'draft', dir]);
    write({ 'docs/a.md': 'A\n' });
    const { err } = await run({ yes: true, vendor: 'cxgenie', ci });
    expect((await configOf()).stateGit).toMatchObject({ branch: 'kbsync-state', remote: { name: 'origin' }, token: null });
    const { state } = parse(read('sync.config.yaml')) as { state: { git: object } };
    expect(state.git).toEqual({ branch: 'kbsync-state', ...(token !== null && { token }) });
    expect(read(workflow)).not.toMatch(/cache/);
    expect(read(workflow)).toContain(ci === 'github' ? 'permissions: { contents: write }' : '# KBSYNC_STATE_TOKEN, masked and protected');
    expect(err).toContain('there is no remote origin here yet');
    rmSync(join(dir, 'sync.config.yaml'));
    execFileSync('git', ['-C', dir, 'remote', 'add', 'origin', 'https://example.com/a/b.git']);
    expect((await run({ yes: true, vendor: 'cxgenie', ci })).err).not.toContain('there is no remote origin');
  });

  it('offers the state on a branch without a workflow, too, and never to a sandbox, whose bot lives in the folder', async () => {
    write({ 'docs/a.md': 'A\n' });
    expect(await run({ ...sandbox, state: 'git' })).toMatchObject({ exitCode: 2, err: expect.stringContaining('never on a branch') });
    expect(all()).toEqual(['docs', 'docs/a.md']);
    expect((await run({ yes: true, vendor: 'sitegpt', state: 'git' })).exitCode).toBe(0);
    expect((await configOf()).stateGit).toMatchObject({ branch: 'kbsync-state' });
    rmSync(join(dir, 'sync.config.yaml'));
    expect((await run({ ...sandbox, ci: 'github' })).exitCode).toBe(0);
    expect((await configOf()).stateGit).toBeNull();
    expect(read('.github/workflows/kbsync.yml')).toContain('actions/cache/save');
  });

  it.each([
    ['cxgenie', [], 2],
    ['replycx', [], 2],
    ['sitegpt', [], 0],
    ['sitegpt', ['apiVersion=v0', 'takeOver=true'], 0],
    ['chatthing', [], 0],
    ['koreai', [], 0],
  ] as const)('refuses a cache where an old one would make things twice: %s %j', async (vendor, set, exitCode) => {
    write({ 'docs/a.md': 'A\n' });
    const ran = await run({ yes: true, vendor, set, ci: 'github', state: 'cache' });
    expect(ran.exitCode).toBe(exitCode);
    if (exitCode === 2) expect(ran.err).toContain('cannot be asked what it holds');
    // Without a list, the first sync is a person's.
    const { err } = await run(
      { yes: true, vendor, set, root: 'docs', check: false },
      exitCode === 2 ? {} : { options: { config: 'two.yaml' } },
    );
    expect(err.includes('kbsync sync --initial')).toBe(exitCode === 2 || set.length > 0);
  });

  it.each([
    ['dependencies', true, '"kbsync":"file:kbsync.tgz"'],
    ['devDependencies', true, '"kbsync":"0.1.0"'],
    ['devDependencies', false, '"kbsync":"0.1.0"'],
    ['dependencies', true, '"other":"1.0.0"'],
  ])('runs the kbsync of the project where its lock file has one: %s, %s, %s', async (group, locked, entry) => {
    write({ 'docs/a.md': 'A\n', 'package.json': `{"${group}":{${entry}}}`, ...(locked && { 'package-lock.json': '{}' }) });
    for (const [ci, file] of [
      ['github', '.github/workflows/kbsync.yml'],
      ['gitlab', '.gitlab/kbsync.gitlab-ci.yml'],
    ] as const) {
      await run({ ...sandbox, ci });
      rmSync(join(dir, 'sync.config.yaml'));
      const isOwn = locked && entry.includes('kbsync');
      expect(read(file).match(/npm ci$/gm) ?? []).toHaveLength(isOwn ? 2 : 0);
      expect(
        read(file)
          .match(/npx (.*) ci git/g)
          ?.at(0),
      ).toBe(`npx ${isOwn ? '--no -- kbsync' : '--yes kbsync@1.2.3'} ci git`);
    }
  });

  it.each([
    [{}, 'no workflow was written: nothing tells which CI system this is'],
    [{ 'azure-pipelines.yml': 'steps: []\n' }, 'docs/ci.md in the package has a recipe for azure'],
  ])('says why there is no workflow where one was asked for: %j', async (files, sentence) => {
    write({ 'docs/a.md': 'A\n', ...files });
    const { exitCode, err } = await run({ ...sandbox, ci: 'auto' });
    expect(exitCode).toBe(0);
    expect(err).toContain(sentence);
    rmSync(join(dir, 'sync.config.yaml'));
    expect((await run(sandbox)).err).not.toContain('no workflow');
  });

  it('goes by the main branch where a draft is checked out, and syncs no other branch by schedule or by hand', async () => {
    execFileSync('git', ['init', '-q', '-b', 'master', dir]);
    write({ 'docs/a.md': 'A\n' });
    const git = (...words: string[]) => execFileSync('git', ['-C', dir, '-c', 'user.name=a', '-c', 'user.email=a@b', ...words]);
    git('add', '-A');
    git('commit', '-q', '-m', 'one');
    git('checkout', '-q', '-b', 'add-kbsync');
    await run({ ...sandbox, ci: 'github' });
    expect(parse(read('.github/workflows/kbsync.yml'))).toMatchObject({
      on: { push: { branches: ['master'] } },
      jobs: { sync: { if: expect.stringContaining("github.ref == 'refs/heads/master'") } },
    });
    rmSync(join(dir, 'sync.config.yaml'));
    git('pack-refs', '--all');
    rmSync(join(dir, '.github'), { recursive: true });
    await run({ ...sandbox, ci: 'github' });
    expect(parse(read('.github/workflows/kbsync.yml'))).toMatchObject({ on: { push: { branches: ['master'] } } });
    rmSync(join(dir, 'sync.config.yaml'));
    await run({ ...sandbox, ci: 'gitlab' });
    expect(parse(read('.gitlab/kbsync.gitlab-ci.yml'))).toMatchObject({
      'kbsync sync': { rules: [{ if: '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH' }] },
    });
  });

  it('leaves a pipeline of GitLab as it is, and says what to add', async () => {
    write({ '.gitlab-ci.yml': 'stages: [test]\n', 'docs/a.md': 'A\n' });
    const { err } = await run({ ...sandbox, ci: 'auto' });
    expect(read('.gitlab-ci.yml')).toBe('stages: [test]\n');
    expect(parse(read('.gitlab/kbsync.gitlab-ci.yml'))).toMatchObject({
      'kbsync plan': { rules: [{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }] },
      'kbsync sync': { resource_group: 'kbsync' },
    });
    expect(err).toContain('include: [{ local: .gitlab/kbsync.gitlab-ci.yml }]');
  });
});

describe('a folder that is named', () => {
  it.each(['dist/docs', '.docs', 'linked'])('is looked at where it would have been passed by: %s', async (root) => {
    write({ 'dist/docs/a.md': 'A\n', '.docs/a.md': 'A\n' });
    symlinkSync(join(dir, 'dist/docs'), join(dir, 'linked'));
    const { exitCode, out } = await run({ ...sandbox, root });
    expect(exitCode).toBe(0);
    expect(out).toContain(`${root}: 1 Markdown file`);
    expect(all().filter((path) => path.endsWith('welcome.md'))).toEqual([]);
  });
});

describe('what init leaves alone', () => {
  it('is everything that is there: it adds to .gitignore, and tells the rest', async () => {
    write({
      '.gitignore': 'node_modules/\r\n*.log',
      'sync.config.schema.json': 'mine',
      'docs/.kbsyncignore': 'drafts/\n',
      'docs/a.md': 'A\n',
    });
    const { out } = await run(sandbox);
    expect(read('.gitignore')).toBe('node_modules/\r\n*.log\r\n\r\n# kbsync: its memory, and its secrets\r\n/state/\r\n/.env\r\n');
    expect(read('sync.config.schema.json')).toBe('mine');
    expect(read('docs/.kbsyncignore')).toBe('drafts/\n');
    expect(out).toContain('appended  .gitignore');
    expect(out).toContain('left      sync.config.schema.json (there already, stays as it is)');
    rmSync(join(dir, 'sync.config.yaml'));
    const before = read('.gitignore');
    await run(sandbox);
    expect(read('.gitignore')).toBe(before);
  });

  it('is above all a configuration: exit 2, nothing written, also where it is a link that leads nowhere', async () => {
    write({ 'sync.config.yaml': 'mine', 'docs/a.md': 'A\n' });
    const { exitCode, err } = await run(sandbox);
    expect(exitCode).toBe(2);
    expect(err).toContain('is there already, and stays as it is: nothing was written');
    expect(all()).toEqual(['docs', 'docs/a.md', 'sync.config.yaml']);
    rmSync(join(dir, 'sync.config.yaml'));
    symlinkSync(join(dir, 'gone.yaml'), join(dir, 'sync.config.yaml'));
    expect((await run(sandbox)).exitCode).toBe(2);
    expect(all()).toEqual(['docs', 'docs/a.md', 'sync.config.yaml']);
  });

  it("is somebody else's folder called state", async () => {
    write({ 'state/store.ts': 'export {}', 'docs/a.md': 'A\n' });
    await run(sandbox);
    expect((await configOf()).stateDir).toBe(join(dir, '.kbsync'));
    expect(read('.gitignore')).toContain('/.kbsync/');
    expect(read('.gitignore')).not.toContain('/state/');
  });

  it('is the whole folder, where one file cannot be written', async () => {
    write({ '.gitignore': 'x\n', '.github': 'a file', 'docs/a.md': 'A\n' });
    const { exitCode, err } = await run({ ...sandbox, ci: 'github' });
    expect(exitCode).toBe(1);
    expect(err).toMatch(/error: cannot write .*kbsync\.yml: a file stands where a folder should be\nnext: .*nothing was written/);
    expect(all()).toEqual(['.github', '.gitignore', 'docs', 'docs/a.md']);
    expect(read('.gitignore')).toBe('x\n');
  });

  it('is what lies behind a link that leads out of the project', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'kbsync-outside-'));
    try {
      symlinkSync(outside, join(dir, '.github'));
      symlinkSync(join(outside, 'ignored'), join(dir, '.gitignore'));
      write({ 'docs/a.md': 'A\n' });
      const { exitCode, err } = await run({ ...sandbox, ci: 'github' });
      expect(exitCode).toBe(1);
      expect(err).toContain('leads out of');
      expect(readdirSync(outside)).toEqual([]);
      expect(all()).toEqual(['.github', '.gitignore', 'docs', 'docs/a.md']);
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });
});

describe('what init refuses', () => {
  it.each<[string, Partial<InitRequest>, Given, RegExp]>([
    ['to guess whose bot it is', { yes: true }, {}, /there is nobody to ask: there are chatthing, cxgenie/],
    ['to ask where there is no terminal', {}, {}, /kbsync init --yes --sandbox/],
    ['a vendor that there is not', { yes: true, vendor: 'acme' }, {}, /--vendor: found "acme"/],
    ['a folder that there is not', { ...sandbox, root: 'nowhere' }, {}, /there is no folder nowhere/],
    ['a folder elsewhere', { ...sandbox, root: '../..' }, {}, /does not lie below/],
    ['a name that no workspace has', { ...sandbox, name: '***' }, {}, /what init would write is not valid:[\s\S]*name/],
    ['a target that no target is called', sandbox, { options: { targets: ['A B'] } }, /targets/],
    ['two targets', sandbox, { options: { targets: ['a', 'b'] } }, /one target/],
    ['an address that is none', { ...sandbox, url: 'acme' }, {}, /content\.site\.url/],
    [
      'a key that the vendor has not',
      { yes: true, vendor: 'sitegpt', set: ['bot=1'] },
      {},
      /SiteGPT has no such key; it has baseUrl, apiVersion/,
    ],
    ['half a setting', { yes: true, vendor: 'sitegpt', set: ['chatbotId'] }, {}, /expected key=value/],
    ['the legacy API without the word', { yes: true, vendor: 'sitegpt', set: ['apiVersion=v0', 'chatbotId=1'] }, {}, /--set takeOver=true/],
  ])('%s', async (_what, request, given, words) => {
    const { exitCode, err } = await run(request, given);
    expect(err).toMatch(words);
    expect(exitCode).toBe(2);
    expect(all()).toEqual([]);
  });

  it('a key on the command line, without saying it', async () => {
    const { exitCode, err } = await run({ yes: true, vendor: 'sitegpt', set: ['token=sgpt_very-secret'] });
    expect(exitCode).toBe(2);
    expect(err).toContain('set SITEGPT_TOKEN in the environment');
    expect(err).not.toContain('sgpt_very-secret');
    expect(all()).toEqual([]);
  });
});

describe('the questions', () => {
  const key = 'sgpt_typed-by-hand-4711';
  const answers = ['\r', '4\r', '361628903185318481\r', `${key}\r`, 'y\r'];

  it('are five, the key is not shown, and lands in .env alone, which git ignores', async () => {
    execFileSync('git', ['init', '-q', dir]);
    execFileSync('git', ['-C', dir, 'remote', 'add', 'origin', 'https://example.com/a/b.git']);
    write({ 'docs/a.md': 'A\n', '.github/CODEOWNERS': '', '.env': 'OTHER=1' });
    const { exitCode, out, err, screen } = await run({ check: false }, { typed: answers });
    expect(err).toMatch(/^note: state\.git keeps [^\n]*\n$/);
    expect(exitCode).toBe(0);
    for (const question of ['Where are your documents?', '[1] ', 'chatbotId (Enter', 'token, which is not shown', '[y/N] ']) {
      expect(screen.split(question)).toHaveLength(2);
    }
    expect(read('.env')).toBe(`OTHER=1\nSITEGPT_TOKEN=${key}\n`);
    for (const text of [
      screen,
      out,
      ...all()
        .filter((path) => path !== '.env' && statSync(join(dir, path)).isFile())
        .map(read),
    ])
      expect(text).not.toContain(key);
    expect(execFileSync('git', ['-C', dir, 'status', '--porcelain', '-uall'], { encoding: 'utf8' })).not.toContain('.env\n');
    expect((await configOf({})).targets).toMatchObject([
      { vendor: 'sitegpt', missing: [], options: { chatbotId: '361628903185318481', token: key } },
    ]);
    expect(all()).toContain('.github/workflows/kbsync.yml');
    expect(out).toContain('next: kbsync plan\n');
  });

  it('never let a key into a file that git tracks', async () => {
    execFileSync('git', ['init', '-q', dir]);
    write({ 'docs/a.md': 'A\n', '.env': 'OTHER=1\n' });
    execFileSync('git', ['-C', dir, 'add', '.env']);
    const { exitCode, err } = await run({ check: false }, { typed: answers });
    expect(exitCode).toBe(0);
    expect(read('.env')).toBe('OTHER=1\n');
    expect(err).toContain(
      'the key was written nowhere, since git does not ignore .env here, or tracks it: set SITEGPT_TOKEN in the environment',
    );
  });

  it('are fewer where options or the environment have said it, and none with --yes', async () => {
    write({ 'docs/a.md': 'A\n' });
    const { exitCode, screen } = await run(
      { vendor: 'sitegpt', root: 'docs', check: false },
      { typed: ['77\r'], env: { SITEGPT_TOKEN: key } },
    );
    expect(exitCode).toBe(0);
    expect(screen).toContain('SiteGPT chatbotId');
    expect(screen).not.toMatch(/Where are your documents|Which bot|not shown/);
    expect(all()).not.toContain('.env');
    rmSync(join(dir, 'sync.config.yaml'));
    const none = await run({ ...sandbox }, { typed: [] });
    expect([none.exitCode, none.screen]).toEqual([0, '']);
  });

  it('are put again after an answer that is none, three times at most', async () => {
    write({ 'docs/a.md': 'A\n' });
    expect((await run({}, { typed: ['nowhere\r', '\r', '9\r', '1\r'] })).exitCode).toBe(0);
    rmSync(join(dir, 'sync.config.yaml'));
    expect((await run({}, { typed: ['x\r', 'y\r', 'z\r'] })).exitCode).toBe(2);
  });

  it.each([0, 1, 2, 3, 4])('leave nothing behind where Ctrl-C answers number %i', async (at) => {
    write({ 'docs/a.md': 'A\n', '.github/CODEOWNERS': '' });
    const before = all();
    const { exitCode, err } = await run({ check: false }, { typed: [...answers.slice(0, at), '\u0003'] });
    expect(exitCode).toBe(130);
    expect(err).toContain('stopped: nothing was written');
    expect(all()).toEqual(before);
  });
});
