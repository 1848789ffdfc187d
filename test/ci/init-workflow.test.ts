// The workflow that `init` writes, run: its plain steps by bash, with the built program for npx, against sandbox bots and a GitHub of our own.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { bash } from '../support/composite-runner.ts';
import { type FakeForge, fakeGithub } from '../support/fake-forge.ts';
import { ended } from '../support/run-program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'dist/main.js');

let dir: string;
let github: FakeForge;
let env: Record<string, string>;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kbsync-workflow-'));
  github = await fakeGithub('acme/docs', 7);
  github.tokens.set('ghs_token', { login: 'github-actions[bot]', writes: true });
  mkdirSync(join(dir, 'repo/docs'), { recursive: true });
  mkdirSync(join(dir, 'tools'));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
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
