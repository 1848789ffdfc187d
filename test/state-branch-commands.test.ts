// Commands beside sync over a state on a branch, each from a fresh clone: what one leaves the next one knows. And git set up as it is on people's machines:
// signing, hooks, line ends, and variables that point elsewhere change nothing.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { ciJobs, type Job, type Jobs } from './support/ci-jobs.ts';
import { hasGit, plainEnv, withoutGit } from './support/git-repo.ts';
import { ended } from './support/run-program.ts';

const program = process.env['KBSYNC_PROGRAM'] ?? fileURLToPath(new URL('../dist/main.js', import.meta.url));
const pages = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}.md`, `# Page ${n}\n\nThe word of page ${n} is zebra${n}.\n`]));

let jobs: Jobs;
afterEach(() => jobs.close());

let clones = 0;
const fresh = (): Job => {
  clones += 1;
  return jobs.job(`clone-${clones}`);
};
const held = (): string =>
  jobs.bot
    .items()
    .map(({ text }) => text)
    .join('\n');

describe.skipIf(!hasGit)(`commands over a state on a branch${withoutGit}`, () => {
  it('retract, its undo, status, and plan without the right to push: each job knows what the one before it did, and leaves the branch free', async () => {
    jobs = await ciJobs('sitegpt', { files: pages(3) });
    const well = async (...words: readonly string[]) => {
      const ran = await fresh().run(...words);
      expect([words[0], ran.exitCode], ran.stderr + ran.stdout).toEqual([words[0], 0]);
      expect(JSON.parse(jobs.onBranch('branch.json') ?? '')).toMatchObject({ lease: null });
      return ran;
    };
    await well('sync', '--json');
    await well('retract', 'p1.md');
    expect(held()).not.toContain('zebra1');
    await well('sync', '--json');
    expect(held()).not.toContain('zebra1');
    await well('retract', '--undo', 'p1.md');
    await well('sync', '--json');
    expect(held()).toContain('zebra1');
    expect((await well('status')).stdout).toMatch(/3 of 3|3 documents/);
    const tip = jobs.tip();
    const refusing = join(jobs.server, 'hooks', 'pre-receive');
    writeFileSync(refusing, '#!/bin/sh\nexit 1\n');
    chmodSync(refusing, 0o755);
    expect((await fresh().run('plan')).exitCode).toBe(0);
    expect((await fresh().run('status')).exitCode).toBe(0);
    expect(jobs.tip()).toBe(tip);
  }, 60_000);

  it('signing, hooks, line ends, and GIT_DIR in the environment change nothing', async () => {
    jobs = await ciJobs('sitegpt', { files: pages(2) });
    const hostile = async (...words: readonly string[]) => {
      const { dir } = fresh();
      const hooks = join(dir, 'hooks');
      mkdirSync(hooks);
      for (const name of ['pre-push', 'pre-commit', 'reference-transaction', 'post-index-change', 'commit-msg']) {
        writeFileSync(join(hooks, name), `#!/bin/sh\necho ran > '${join(jobs.dir, 'hook-ran')}'\nexit 1\n`);
        chmodSync(join(hooks, name), 0o755);
      }
      const settings = {
        'core.hooksPath': hooks,
        'commit.gpgSign': 'true',
        'gpg.program': 'false',
        'push.gpgSign': 'true',
        'core.autocrlf': 'true',
      };
      for (const [key, value] of Object.entries(settings)) jobs.git('-C', dir, 'config', key, value);
      writeFileSync(join(dir, '.git', 'info', 'attributes'), '* text eol=crlf\n');
      const env = {
        ...plainEnv(dir),
        NO_COLOR: '1',
        CI: 'true',
        GIT_DIR: '/nowhere',
        GIT_WORK_TREE: '/nowhere',
        GIT_INDEX_FILE: '/nowhere/index',
      };
      const ran = await ended(spawn(process.execPath, [program, ...words], { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] }));
      expect(ran.exitCode, ran.stderr + ran.stdout).toBe(0);
      return ran;
    };
    await hostile('sync', '--json');
    const again = await hostile('sync', '--json');
    expect(again.stdout).toContain('"unchanged":2');
    expect(again.stderr).not.toContain('line ends');
    expect(jobs.git('-C', jobs.server, 'cat-file', 'commit', 'kbsync-state')).not.toContain('gpgsig');
    expect(existsSync(join(jobs.dir, 'hook-ran'))).toBe(false);
  }, 60_000);
});
