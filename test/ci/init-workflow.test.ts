// The workflow that `init` writes, run: its plain steps by bash, with the built program for npx, against sandbox bots and a GitHub of our own.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { secret } from '../support/bots.ts';
import { ciJobs } from '../support/ci-jobs.ts';
import { bash } from '../support/composite-runner.ts';
import { type FakeForge, fakeGithub } from '../support/fake-forge.ts';
import { hasGit, withoutGit } from '../support/git-repo.ts';
import { ended } from '../support/run-program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'dist/main.js');

let dir: string;
let version: string;
let github: FakeForge;
let env: Record<string, string>;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kbsync-workflow-'));
  github = await fakeGithub('acme/docs', 7);
  github.tokens.set('ghs_token', { login: 'github-actions[bot]', writes: true });
  mkdirSync(join(dir, 'repo/docs'), { recursive: true });
  mkdirSync(join(dir, 'tools'));
  ({ version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string });
  writeFileSync(
    join(dir, 'tools/npx'),
    `#!/bin/sh\n[ "$1 $2" = "--yes kbsync@${version}" ] || exit 99\nshift 2\nexec node ${JSON.stringify(program)} "$@"\n`,
  );
  chmodSync(join(dir, 'tools/npx'), 0o755);
  execFileSync('git', ['init', '-q', '-b', 'main', join(dir, 'repo')]);
  env = {
    PATH: `${join(dir, 'tools')}:${process.env['PATH'] ?? ''}`,
    HOME: dir,
    CI: 'true',
    GITHUB_WORKSPACE: join(dir, 'repo'),
    GITHUB_REPOSITORY: 'acme/docs',
    GITHUB_API_URL: github.origin,
    GITHUB_EVENT_PATH: join(dir, 'event.json'),
    GITHUB_OUTPUT: join(dir, 'output'),
    GITHUB_STEP_SUMMARY: join(dir, 'summary'),
    GITHUB_RUN_ID: '1',
    RUNNER_TEMP: dir,
  };
  writeFileSync(
    join(dir, 'event.json'),
    JSON.stringify({ pull_request: { number: 7, head: { sha: 'abc1234', repo: { full_name: 'acme/docs' } } } }),
  );
});
afterEach(async () => {
  await github.close();
  rmSync(dir, { recursive: true, force: true });
});

it('comments on a pull request, then syncs, then finds no drift', async () => {
  const repo = join(dir, 'repo');
  writeFileSync(join(repo, 'docs/a.md'), '# A\n\nWords.\n');
  execFileSync(process.execPath, [program, 'init', '--yes', '--sandbox', '--root', 'docs', '--ci', 'github', '--quiet'], {
    cwd: repo,
    env,
  });
  const { jobs } = parse(readFileSync(join(repo, '.github/workflows/kbsync.yml'), 'utf8')) as {
    jobs: Record<string, { steps: { run?: string; env?: Record<string, string> }[] }>;
  };
  const stepsOf = (job: string) => (jobs[job]?.steps ?? []).filter(({ run }) => run !== undefined);
  const [plan] = stepsOf('plan');
  expect(plan?.env).toEqual({ GITHUB_TOKEN: '$' + '{{ github.token }}' });
  const planned = await bash(['-e', '-c', plan?.run ?? ''], repo, { ...env, GITHUB_EVENT_NAME: 'pull_request', GITHUB_TOKEN: 'ghs_token' });
  expect(planned.exitCode).toBe(0);
  expect(github.comments.map(({ body }) => body)).toEqual([expect.stringContaining('- **create** `a.md`: `new file`')]);
  const codes: (number | null)[] = [];
  for (const { run = '' } of stepsOf('sync'))
    codes.push((await bash(['-e', '-c', run], repo, { ...env, GITHUB_EVENT_NAME: 'schedule' })).exitCode);
  expect(codes).toEqual([0, 0]);
  expect(github.comments).toHaveLength(1);
}, 60_000);

it.skipIf(!hasGit)(
  `with the state on a branch: each job in a clone of its own, and what one has pushed the next one knows${withoutGit}`,
  async () => {
    const jobs = await ciJobs('cxgenie', { files: { 'a.md': '# A\n\nZebra one.\n' } });
    try {
      const { author, bot } = jobs;
      author.write({ 'sync.config.yaml': null });
      const words = ['--root', 'content', '--vendor', 'cxgenie', '--set', 'botId=bot-1', '--set', `baseUrl=${bot.served.origin}`];
      const told = (
        await bash(['-c', 'exec node "$@" 2>&1', '-', program, 'init', '--yes', ...words, '--ci', 'github', '--no-check'], author.dir, env)
      ).log;
      author.commit({});
      author.git('push', '--quiet', 'origin', 'main');
      const job = async (name: string, which: string, event: string) => {
        const { dir: clone } = jobs.job(name);
        const { steps } = parse(readFileSync(join(clone, '.github/workflows/kbsync.yml'), 'utf8')).jobs[which] as {
          steps: { run?: string; if?: string; env?: Record<string, string> }[];
        };
        rmSync(join(dir, 'output'), { force: true });
        const codes: (number | null)[] = [];
        for (const { run, if: when, env: given = {} } of steps) {
          if (run === undefined || (when !== undefined && event !== 'schedule')) continue;
          const values = { '${{ secrets.CXGENIE_WORKSPACE_TOKEN }}': secret, '${{ github.token }}': 'ghs_token' };
          const own = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, values[value as keyof typeof values] ?? value]));
          const place = { GITHUB_WORKSPACE: clone, GITHUB_EVENT_NAME: event };
          codes.push((await bash(['-e', '-c', run], clone, { ...env, ...own, ...place })).exitCode);
        }
        const output = readFileSync(join(dir, 'output'), 'utf8');
        const of = (key: string) => Number(new RegExp(`^${key}<<.*\n(\\d+)`, 'm').exec(output)?.[1]);
        return { codes, create: of('create'), update: of('update'), unchanged: of('unchanged') };
      };
      // Nothing of the bot's is on the branch yet: all is new.
      expect(await job('pull-1', 'plan', 'pull_request')).toEqual({ codes: [0], create: 1, update: 0, unchanged: 0 });
      // A plan needs no right to push.
      expect(jobs.tip()).toBeNull();
      // Nobody can say whether this bot is empty, so a person does, once; as init has said.
      expect(await job('push-0', 'sync', 'push')).toMatchObject({ codes: [5] });
      expect(told).toContain('say once that the bot is empty with kbsync sync --initial, before the first job of the workflow');
      const first = await bash(['-c', 'npx --yes "kbsync@$1" sync --initial', '-', version], author.dir, {
        ...env,
        CXGENIE_WORKSPACE_TOKEN: secret,
      });
      expect([first.exitCode, first.log]).toEqual([0, expect.stringContaining('1 created')]);
      expect(await job('push-1', 'sync', 'push')).toEqual({ codes: [0], create: 0, update: 0, unchanged: 1 });
      author.commit({ 'content/a.md': '# A\n\nZebra two.\n', 'content/b.md': '# B\n\nZebra three.\n' });
      author.git('push', '--quiet', 'origin', 'main');
      expect(await job('pull-2', 'plan', 'pull_request')).toEqual({ codes: [0], create: 1, update: 1, unchanged: 0 });
      expect(github.comments.at(-1)?.body).toContain('-Zebra one.\n+Zebra two.');
      expect(await job('push-2', 'sync', 'push')).toEqual({ codes: [0], create: 1, update: 1, unchanged: 0 });
      expect(await job('push-3', 'sync', 'push')).toMatchObject({ codes: [0], create: 0 });
      expect(bot.items()).toHaveLength(2);
      expect(jobs.onBranch('README.md')).toContain('kbsync');
    } finally {
      await jobs.close();
    }
  },
  120_000,
);

it('a cancelled step hands the signal on, waits for the command, and ends with 130', async () => {
  const repo = join(dir, 'repo');
  const slow =
    'version: 1\nname: docs\ncontent: { root: ./docs }\ntargets:\n  - { name: site, vendor: sitegpt, chatbotId: "1", token: some-secret-token, baseUrl: "BASE" }\n';
  writeFileSync(join(repo, 'docs/a.md'), '# A\n\nWords.\n');
  // A vendor that takes the request and never answers.
  const { createServer } = await import('node:http');
  const asked = { resolve: () => {} };
  const isAsked = new Promise<void>((resolve) => {
    asked.resolve = resolve;
  });
  const vendor = createServer(() => asked.resolve());
  await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve));
  const address = vendor.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  writeFileSync(join(repo, 'sync.config.yaml'), slow.replace('BASE', `http://127.0.0.1:${port}`));
  const child = spawn(process.execPath, [program, 'ci', 'github', '--command', 'sync'], {
    cwd: repo,
    env: { ...env, GITHUB_EVENT_NAME: 'push' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const over = ended(child);
  await isAsked;
  child.kill('SIGINT');
  const { exitCode, stdout } = await over;
  vendor.closeAllConnections();
  vendor.close();
  expect(exitCode).toBe(130);
  expect(stdout).toContain('kbsync sync: exit code 130');
  expect(readFileSync(join(dir, 'output'), 'utf8')).toMatch(/^exit-code<<\S+\n130\n/);
}, 60_000);
