// action.yml from end to end: its own steps by a runner without a container, the built program, sandbox bots, and a GitHub of our own over HTTP.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Nodes } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { type ActionRun, removeRunnerTemps, runAction, type StepResult } from '../support/composite-runner.ts';
import { type FakeForge, fakeGithub } from '../support/fake-forge.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const action = join(root, 'action.yml');
const token = 'ghs_0123456789abcdef';

let dir: string;
let github: FakeForge;

const sandbox = `version: 1
name: docs
content: { root: ./docs }
targets:
  - { name: support, vendor: chatthing, sandbox: true, poll: { first: 10ms, max: 20ms } }
`;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kbsync-action-'));
  github = await fakeGithub('acme/docs', 7);
  github.tokens.set(token, { login: 'github-actions[bot]', writes: true });
  execFileSync('git', ['init', '-q', '-b', 'main', dir]);
});
afterEach(async () => {
  await github.close();
  rmSync(dir, { recursive: true, force: true });
});
afterAll(removeRunnerTemps);

function write(files: Readonly<Record<string, string | null>>): void {
  for (const [path, text] of Object.entries(files)) {
    if (text === null) {
      rmSync(join(dir, path));
      continue;
    }
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}

function commit(message: string): string {
  const git = (...words: string[]) =>
    execFileSync('git', ['-C', dir, '-c', 'user.name=a', '-c', 'user.email=a@b', ...words], { encoding: 'utf8' });
  git('add', '-A');
  git('commit', '-q', '--allow-empty', '-m', message);
  return git('rev-parse', 'HEAD').trim();
}

function pull(sha: string, { from = 'acme/docs', ref = 'topic', title = 'A change' } = {}): ActionRun['event'] {
  const head = { sha, ref, repo: { full_name: from } };
  return { name: 'pull_request', payload: { pull_request: { number: 7, title, head, user: { login: 'somebody' } } } };
}

const push: ActionRun['event'] = { name: 'push', payload: { ref: 'refs/heads/main' } };

function run(
  event: ActionRun['event'],
  inputs: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<StepResult> {
  return runAction({
    action,
    workspace: dir,
    event,
    token,
    inputs: { package: root, ...inputs },
    env: { GITHUB_API_URL: github.origin, GITHUB_REPOSITORY: 'acme/docs', GITHUB_ACTOR: 'somebody', ...env },
  });
}

it('goes the whole way: pull request, comment; second push, the same comment; merge, applied; too many deletes, held with 5', async () => {
  write({ 'sync.config.yaml': sandbox, '.gitignore': 'state/\n', 'docs/a.md': '# A\n\nFirst words.\n' });
  const first = commit('one');
  const opened = await run(pull(first));
  expect(opened).toMatchObject({ exitCode: 0, outputs: { 'exit-code': '3', create: '1', changes: '1', offline: 'false', errors: '0' } });
  expect(github.comments).toHaveLength(1);
  const [comment] = github.comments;
  expect(comment?.body).toMatch(/^<!-- kbsync:ci:1 [0-9a-f]{16} run=100 -->\n## kbsync: what the bots would learn and forget\n/);
  expect(comment?.body).toContain('- **create** `a.md`: `new file`');
  expect(comment?.body).toContain('+First words.');
  expect(comment?.body).toContain(`at \`${first.slice(0, 12)}\``);
  expect(opened.summary).toContain('- **create** `a.md`: `new file`');
  expect(opened.outputs['comment-url']).toMatch(/#issuecomment-1000$/);
  expect(existsSync(opened.outputs['plan-file'] ?? '')).toBe(true);

  write({ 'docs/a.md': '# A\n\nOther words.\n', 'docs/b.md': 'B\n' });
  const second = await run(pull(commit('two')), {}, { GITHUB_RUN_ID: '101' });
  expect(second).toMatchObject({ exitCode: 0, outputs: { create: '2' } });
  expect(github.comments).toHaveLength(1);
  expect(github.comments[0]?.body).toContain('+Other words.');
  expect(github.comments[0]?.body).not.toContain('First words.');
  expect(github.requests.filter((line) => line.startsWith('P'))).toEqual([
    'POST /repos/acme/docs/issues/7/comments',
    'PATCH /repos/acme/docs/issues/comments/1000',
  ]);

  const merged = await run(push, { command: 'sync', plan: second.outputs['plan-file'] ?? '' });
  expect(merged).toMatchObject({ exitCode: 0, outputs: { 'exit-code': '0', create: '2', failed: '0' } });
  expect(github.comments).toHaveLength(1);
  expect(merged.summary).toContain('what the bots were given');

  const many = Object.fromEntries(
    [...Array(12).keys()].map((n) => [`docs/p${n}.md`, `# P${n}\n\nPage ${n} about ${'abcdefghijkl'[n]}${n * 7}.\n`]),
  );
  write(many);
  expect((await run(push, { command: 'sync', wait: '1m' })).outputs).toMatchObject({ 'exit-code': '0', create: '12', unchanged: '2' });
  write(Object.fromEntries(Object.keys(many).map((path) => [path, null])));
  const planned = await run(pull(commit('less')), {}, { GITHUB_RUN_ID: '102' });
  expect(planned).toMatchObject({ exitCode: 0, outputs: { 'exit-code': '5', delete: '12', held: '12' } });
  expect(github.comments[0]?.body).toContain('**Held** (`too-many-deletes`)');
  expect(planned.commands).toContainEqual(
    expect.objectContaining({ command: 'warning', properties: { title: 'kbsync support: held, too-many-deletes' } }),
  );
  expect(await run(push, { command: 'sync' })).toMatchObject({ exitCode: 5, outputs: { 'exit-code': '5', held: '12' } });
}, 90_000);

it('plans offline for forks and Dependabot, where the secret is empty and the token only reads: the summary has the plan', async () => {
  const config =
    'version: 1\nname: docs\ncontent: { root: ./docs }\ntargets:\n  - { name: site, vendor: sitegpt, chatbotId: "1", token: "${SITEGPT_TOKEN}" }\n';
  write({ 'sync.config.yaml': config, 'docs/a.md': 'A\n' });
  const sha = commit('one');
  github.tokens.set(token, { login: 'github-actions[bot]', writes: false });
  const fork = await run(pull(sha, { from: 'stranger/docs' }), { verify: 'true' }, { SITEGPT_TOKEN: '' });
  expect(fork).toMatchObject({
    exitCode: 0,
    outputs: { 'exit-code': '3', create: '1', offline: 'true', 'plan-file': '', 'comment-url': '' },
  });
  expect(fork.summary).toContain('Planned offline: this pull request comes from a fork, and gets no secrets.');
  expect(fork.summary).toContain('The golden questions were not asked');
  expect(github.comments).toEqual([]);
  const notices = fork.commands.filter(({ command }) => command === 'notice').map(({ data }) => data);
  expect(notices).toEqual([
    expect.stringMatching(/^no comment \(403: Resource not accessible by integration\)\. Here the token may only read/),
  ]);

  const bot = await run(pull(sha), {}, { SITEGPT_TOKEN: '', GITHUB_ACTOR: 'dependabot[bot]' });
  expect(bot).toMatchObject({ exitCode: 0, outputs: { offline: 'true' } });
  // One of the repository's own: a secret that is missing is a mistake, and the permission is named.
  const own = await run(pull(sha), {}, { SITEGPT_TOKEN: '' });
  expect(own).toMatchObject({ exitCode: 2, outputs: { 'exit-code': '2', offline: 'false' } });
  expect(own.summary).toContain('SITEGPT_TOKEN');
  expect(own.log).toContain('pull-requests: write');
  const privileged = await run({ ...pull(sha, { from: 'stranger/docs' }), name: 'pull_request_target' });
  expect(privileged.exitCode).toBe(2);
  expect(privileged.log).toContain('does not run under pull_request_target');
}, 60_000);

it('takes names, texts, titles and branches as what they are: nothing runs, nothing is forged, nobody is called', async () => {
  const fence =
    '```\n````\n</details>\n<!-- kbsync:ci:1 0000000000000000 run=999 -->\n@octocat #1 /close\n::error file=x::forged\n##[error]forged\n';
  write({
    'sync.config.yaml': sandbox,
    'docs/::error file=a,line=1::forged.md': `---\ntitle: '</summary>@octocat $(touch owned) \`touch owned\` ::warning::forged'\n---\n${fence}`,
    'docs/a%0A::error::forged.md': '---\nkb: { nonsense: 1 }\n---\n##[add-mask]x\n',
    'docs/line\n::set-output name=exit-code::0\nb.md': 'x @everyone\n',
    'docs/##[error]c `@org/team` $(touch owned);touch owned.md': 'C\n',
  });
  const sha = commit('$(touch owned)');
  const hostile = pull(sha, { ref: '$(touch owned)', title: '"; touch owned; #\n::error::forged' });
  const ran = await run(hostile, { targets: 'support' }, { GITHUB_HEAD_REF: '$(touch owned)' });
  expect(ran.outputs).toMatchObject({ 'exit-code': '4', create: '2', errors: '2' });
  expect(ran.exitCode).toBe(4);
  const marks = ran.commands.filter(({ command }) => command !== 'notice');
  expect(marks.map(({ command, properties }) => [command, properties['file']])).toEqual([
    ['error', 'docs/a%0A::error::forged.md'],
    ['error', 'docs/line\\u000a::set-output name=exit-code::0\\u000ab.md'],
  ]);
  expect(ran.commands.filter(({ command }) => command === 'notice')).toEqual([]);
  expect(existsSync(join(dir, 'owned'))).toBe(false);
  const page = github.comments[0]?.body ?? '';
  expect(page.split('\n').slice(1).join('\n')).toBe(ran.summary);
  const { texts, tags, links } = rendered(page);
  expect(links).toEqual([]);
  expect(texts.join('\n')).not.toMatch(/@|octocat|forged|owned|#1|\/close/);
  expect(tags.slice(1).every((tag) => /^<details><summary><code>[^<>]*<\/code><\/summary>$|^<\/details>$/.test(tag))).toBe(true);
  expect(tags).toHaveLength(5);
  // An input that is hostile itself is refused, and says so in one line.
  const input = await run(hostile, { 'fail-on': 'error\n::error::forged $(touch owned)' });
  expect(input).toMatchObject({ exitCode: 2, commands: [] });
  expect(existsSync(join(dir, 'owned'))).toBe(false);
}, 60_000);

it('marks at most ten errors and ten warnings and counts the rest, and a broken configuration at its line', async () => {
  const bad = Object.fromEntries([...Array(13).keys()].map((n) => [`docs/e${n}.md`, '---\nkb: { nope: 1 }\n---\nx\n']));
  const odd = Object.fromEntries([...Array(12).keys()].map((n) => [`docs/w${n}.md`, `[x](missing-${n}.md) ${'w'.repeat(n)}\n`]));
  write({ 'sub/sync.config.yaml': sandbox.replace('./docs', '../docs'), ...bad, ...odd });
  const sha = commit('one');
  const ran = await run(pull(sha), { command: 'lint', 'working-directory': 'sub' });
  const of = (name: string) => ran.commands.filter(({ command }) => command === name);
  expect([of('error').length, of('warning').length]).toEqual([10, 10]);
  expect(of('error')[0]?.properties).toEqual({ file: 'docs/e0.md', line: '2', col: '7', title: 'kbsync file' });
  expect(of('notice')[0]?.data).toContain('3 more errors and 2 more warnings');
  expect(ran).toMatchObject({ exitCode: 4, outputs: { errors: '13', warnings: '12' } });

  write({ 'sub/sync.config.yaml': `${sandbox}nonsense: 1\n` });
  const broken = await run(pull(sha), { 'working-directory': 'sub' }, { GITHUB_RUN_ID: '103' });
  expect(broken).toMatchObject({ exitCode: 2, outputs: { 'exit-code': '2' } });
  expect(broken.commands[0]).toMatchObject({ command: 'error', properties: { file: 'sub/sync.config.yaml', line: '6', col: '1' } });
}, 60_000);

it('tells what changed in the answers with a baseline, and keeps the token from what it runs', async () => {
  const tests = 'tests:\n  - ask: How many hours is the desk open?\n    expect: ["8 hours"]\n';
  const spy = `const seen = ['KBSYNC_CI_TOKEN', 'GITHUB_OUTPUT'].filter((name) => process.env[name] !== undefined);
if (process.argv[2] !== undefined && process.argv[2] !== 'ci') require('node:fs').appendFileSync(__filename + '.seen', process.argv[2] + ':' + seen + ' ');\n`;
  const before = {
    target: 'support',
    document: null,
    question: 'How many hours is the desk open?',
    test: null,
    verdict: 'pass',
    answer: 'For 8 hours, @octocat.\n/close',
  };
  write({
    'sync.config.yaml': sandbox,
    'docs/hours.md': '# Hours\n\nThe desk is open 9 hours a day.\n',
    'docs/a.golden.yaml': tests,
    'answers.json': JSON.stringify({ kbsync: 'baseline', version: 2, answers: [before] }),
    'spy.cjs': spy,
  });
  const spied = { NODE_OPTIONS: `--require=${join(dir, 'spy.cjs')}` };
  const ran = await run(pull(commit('nine')), { command: 'sync', baseline: 'answers.json' }, spied);
  expect(readFileSync(join(dir, 'spy.cjs.seen'), 'utf8')).toBe('lint: sync: verify: ');
  expect(ran).toMatchObject({ exitCode: 7, outputs: { 'exit-code': '7', 'tests-fail': '1' } });
  expect(readFileSync(ran.outputs['junit-file'] ?? '', 'utf8')).toContain('<failure');
  expect(github.comments[0]?.body).toContain('### Answers before and after: 1 worse');
  expect(github.comments[0]?.body).toContain('| /close');
  expect(github.comments[0]?.body).toMatch(/^\| .*9 hours a day/m);
  expect(ran.commands).toContainEqual(
    expect.objectContaining({ command: 'error', properties: { file: 'docs/a.golden.yaml', line: '2', title: 'kbsync verify' } }),
  );
}, 60_000);

it('says on the page where the branch of the state could not be read, so that nobody takes all for new', async () => {
  const unreachable = `${sandbox}state: { git: { remote: "file://${join(dir, 'nowhere.git')}" } }\n`;
  write({ 'sync.config.yaml': unreachable, 'docs/a.md': '# A\n\nWords.\n' });
  const ran = await run(pull(commit('one')), { offline: 'true' });
  expect(ran).toMatchObject({ exitCode: 0, outputs: { create: '1' } });
  expect(github.comments[0]?.body).toMatch(/^- note: `state\.git: .*planned with what the state folder holds, which may be nothing`$/m);
}, 60_000);

it('begins no comment on a pull request that touches no document, though an older one has a warning; all diffs are on the page', async () => {
  const long = Array.from({ length: 300 }, (_, n) => `Line ${n} of a page that has very many words in each of its many lines.\n`).join(
    '\n',
  );
  const pages = Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`docs/p${n}.md`, `# Page ${n}\n\n${long}`]));
  write({ 'sync.config.yaml': sandbox, '.gitignore': 'state/\n', 'docs/a.md': '# A\n\nSee [there](nowhere.md).\n', ...pages });
  const first = await run(pull(commit('one')));
  // More than a comment holds, and each of them in the summary.
  expect(github.comments[0]?.body).toMatch(/The texts of \d+ more documents are left out for length: the job summary has them/);
  expect(first.summary.match(/^<details><summary><code>/gm)).toHaveLength(17);
  expect(first.summary).not.toContain('--verbose');
  expect(await run(push, { command: 'sync' })).toMatchObject({ exitCode: 0 });
  github.comments.length = 0;
  write({ 'code.js': '1' });
  const second = await run(pull(commit('two')), {}, { GITHUB_RUN_ID: '101' });
  expect(second).toMatchObject({ exitCode: 0, outputs: { changes: '0', 'comment-url': '' } });
  expect(Number(second.outputs['warnings'])).toBeGreaterThan(0);
  expect(github.comments).toEqual([]);
}, 60_000);

it.each([
  ['is not shown it', '', 'lint: plan: '],
  [
    'is shown it where the configuration names it',
    'state: { git: { token: "${GITHUB_TOKEN:-}" } }\n',
    'lint:GITHUB_TOKEN plan:GITHUB_TOKEN ',
  ],
])(
  'with a GITHUB_TOKEN in the environment, what the step runs %s',
  async (_, state, seen) => {
    const spy = `if (['lint', 'plan'].includes(process.argv[2] ?? ''))
  require('node:fs').appendFileSync(__filename + '.' + process.argv[2], process.argv[2] + ':' + (process.env.GITHUB_TOKEN === undefined ? '' : 'GITHUB_TOKEN') + ' ');\n`;
    write({ 'sync.config.yaml': `${sandbox}${state}`, 'docs/a.md': '# A\n\nWords.\n', 'spy.cjs': spy });
    const spied = { NODE_OPTIONS: `--require=${join(dir, 'spy.cjs')}`, GITHUB_TOKEN: token };
    const ran = await run(pull(commit('one')), { 'github-token': '', offline: 'true' }, spied);
    expect(['lint', 'plan'].map((name) => readFileSync(join(dir, `spy.cjs.${name}`), 'utf8')).join('')).toBe(seen);
    // The step itself has used it.
    if (state === '') expect(ran).toMatchObject({ exitCode: 0, outputs: { 'comment-url': expect.stringContaining('issuecomment') } });
  },
  60_000,
);

it('runs the version of the action by npx, or what the inputs name; and says which Node.js it needs', async () => {
  write({
    'sync.config.yaml': sandbox,
    'docs/a.md': 'A\n',
    'kbsync.tgz': '',
    'bin/npx': '#!/bin/sh\nfor word; do printf "npx: %s\\n" "$word"; done\n',
  });
  chmodSync(join(dir, 'bin/npx'), 0o755);
  const path = { PATH: `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}` };
  const words = async (inputs: Readonly<Record<string, string>>) =>
    (await run(push, inputs, path)).log.split('\n').flatMap((line) => (line.startsWith('npx: ') ? [line.slice(5)] : []));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
  const rest = ['--', 'kbsync', 'ci', 'github'];
  expect(await words({ package: '' })).toEqual(['--yes', `--package=kbsync@${version}`, ...rest]);
  expect(await words({ package: '', version: '9.9.9 $(touch owned)' })).toEqual([
    '--yes',
    '--package=kbsync@9.9.9 $(touch owned)',
    ...rest,
  ]);
  expect(await words({ package: './kbsync.tgz' })).toEqual(['--yes', '--package=./kbsync.tgz', ...rest]);
  expect(existsSync(join(dir, 'owned'))).toBe(false);
  expect(await run(push, { package: './nothing' })).toMatchObject({ exitCode: 2, commands: [{ command: 'error' }] });

  write({
    'old/node': `#!/bin/sh\nexec ${JSON.stringify(process.execPath)} -e "Object.defineProperty(process.versions, 'node', { value: '20.18.3' }); eval(process.argv[1])" "$2"\n`,
  });
  chmodSync(join(dir, 'old/node'), 0o755);
  const old = await run(push, {}, { PATH: `${join(dir, 'old')}:${process.env['PATH'] ?? ''}` });
  expect(old).toMatchObject({
    exitCode: 2,
    commands: [{ command: 'error', data: expect.stringContaining('Node.js 20.18.3 is too old: kbsync needs 20.19') }],
  });
  mkdirSync(join(dir, 'none'));
  for (const name of ['bash', 'sh']) execFileSync('ln', ['-s', `/bin/${name}`, join(dir, 'none', name)]);
  const none = await run(push, {}, { PATH: join(dir, 'none') });
  expect(none).toMatchObject({ exitCode: 2, commands: [{ command: 'error', data: expect.stringContaining('no Node.js') }] });
}, 60_000);

/** A page as a reader's Markdown has it: plain texts, pieces of HTML, links; what stands in code is none of these. */
function rendered(markdown: string): { texts: string[]; tags: string[]; links: string[] } {
  const found = { texts: [] as string[], tags: [] as string[], links: [] as string[] };
  const walk = (node: Nodes): void => {
    if (node.type === 'text') found.texts.push(node.value);
    if (node.type === 'html') found.tags.push(node.value);
    if (node.type === 'link' || node.type === 'image') found.links.push(node.url);
    if ('children' in node) node.children.forEach(walk);
  };
  walk(fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }));
  return found;
}
