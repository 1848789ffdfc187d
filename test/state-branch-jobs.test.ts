// Jobs of a CI system that share nothing but a branch: two at once, one that is killed, one that is cancelled, one that may not push. Real processes,
// real git, one bot.
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ciJobs, type Jobs } from './support/ci-jobs.ts';
import { hasGit, withoutGit } from './support/git-repo.ts';
import { ended } from './support/run-program.ts';

const pages = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}.md`, `# Page ${n}\n\nThe word of page ${n} is zebra${n}.\n`]));
const words = (count: number): string[] => Array.from({ length: count }, (_, n) => `zebra${n}`).sort();

interface Result {
  readonly exitCode: number;
  readonly targets: readonly [{ readonly counts: Readonly<Record<string, number>>; readonly requests: { readonly write: number } }];
}

let jobs: Jobs;
afterEach(() => jobs.close());

const held = (): string[] =>
  jobs.bot
    .items()
    .flatMap(({ text }) => [...text.matchAll(/zebra\d+/g)].map(([word]) => word))
    .sort();

describe.skipIf(!hasGit)(`a state on a branch${withoutGit}`, () => {
  it('two jobs at once: one waits for the other and plans on what it has left; nothing is there twice', async () => {
    jobs = await ciJobs('sitegpt', { files: pages(8) });
    jobs.bot.served.setFault(() => ({ delayMs: 20 }));
    const [one, two] = [jobs.job('one'), jobs.job('two')];
    const results = await Promise.all([one.run('sync', '--json'), two.run('sync', '--json')]);
    expect(results.map(({ exitCode, stderr }) => [exitCode, exitCode === 0 ? '' : stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    const counts = results.map((ran) => ran.json<Result>().targets[0].counts);
    expect(counts.map(({ create }) => create).sort()).toEqual([0, 8]);
    expect(counts.map(({ unchanged }) => unchanged).sort()).toEqual([0, 8]);
    expect(results.map(({ stderr }) => stderr).join('')).toContain('waiting for the state');
    expect(held()).toEqual(words(8));
    expect(JSON.parse(jobs.onBranch('branch.json') ?? '')).toMatchObject({ workspace: 'docs', lease: null });
    // Nothing of the jobs' own clones was touched.
    for (const { dir } of [one, two]) {
      expect(jobs.git('-C', dir, 'status', '--porcelain')).toBe('');
      expect(jobs.git('-C', dir, 'for-each-ref', '--format=%(refname)')).not.toContain('kbsync');
      expect(jobs.git('-C', dir, 'fsck', '--no-dangling', '--connectivity-only')).toBe('');
    }
    expect(jobs.git('-C', jobs.server, 'rev-list', '--count', 'kbsync-state')).toBe('1');
  }, 60_000);

  it.each([
    ['sitegpt', 'findable', 0],
    ['cxgenie', 'twin', 2],
    ['sitegpt+v0', 'one text', 0],
  ] as const)(
    '%s (%s): a job is killed in the middle; the next one, which has only the branch, ends it',
    async (flavour, _kind, mostDoubts) => {
      jobs = await ciJobs(flavour, { files: pages(12) });
      const { bot } = jobs;
      // A bot that cannot be listed needs a word; and the old API counts as trained only after a minute.
      const initial = flavour === 'sitegpt' ? [] : ['--initial', '--no-wait'];
      let writes = 0;
      bot.served.setFault(({ method }) => {
        if (method !== 'GET') writes += 1;
        return { delayMs: 40 };
      });
      const child = jobs.job('killed').start('sync', '--quiet', ...initial);
      const end = ended(child);
      while (writes < (flavour === 'sitegpt+v0' ? 1 : 4) && child.exitCode === null) await wait(2);
      child.kill('SIGKILL');
      expect((await end).exitCode).toBe(null);
      await wait(100);
      const before = held().length;
      if (flavour !== 'sitegpt+v0') expect(before).toBeGreaterThan(0);
      expect(before).toBeLessThan(flavour === 'sitegpt+v0' ? 13 : 12);
      bot.served.setFault(null);
      bot.clock.advance(120_000);
      const next = await jobs.job('next').run('sync', '--json', ...initial);
      expect(next.stderr).toContain('did not finish');
      const { counts } = next.json<Result>().targets[0];
      // What was on its way when it died, and nobody can be asked about.
      const doubts = counts['blocked'] ?? 0;
      expect([next.exitCode, doubts <= mostDoubts], next.stderr).toEqual([doubts > 0 ? 4 : 0, true]);
      const found = held();
      expect(new Set(found).size).toBe(found.length);
      // What is missing, if anything, is what is shown as not known.
      expect(words(12).filter((word) => !found.includes(word)).length).toBeLessThanOrEqual(doubts);
      const again = await jobs.job('again').run('sync', '--json', ...initial.slice(1));
      expect(again.json<Result>().targets[0].counts['blocked']).toBe(doubts);
      expect(again.json<Result>().targets[0].requests.write).toBe(0);
    },
    90_000,
  );

  it.each(['sitegpt'])(
    '%s: a job is killed among its updates, and its commit is taken back: the next one says the old texts again',
    async (flavour) => {
      jobs = await ciJobs(flavour, { files: pages(8) });
      const { bot, author } = jobs;
      expect((await jobs.job('first').run('sync', '--initial', '--no-wait', '--quiet')).exitCode).toBe(0);
      bot.clock.advance(3_600_000);
      expect((await jobs.job('trained').run('sync', '--quiet')).exitCode).toBe(0);
      author.commit(
        Object.fromEntries(Object.keys(pages(8)).map((name) => [`content/${name}`, `# Page\n\nThe word of ${name} is zebra99.\n`])),
      );
      author.git('push', '--quiet', 'origin', 'main');
      bot.served.setFault(() => ({ delayMs: 80 }));
      const child = jobs.job('killed').start('sync', '--quiet', '--no-wait');
      const end = ended(child);
      const changed = (): number => held().filter((word) => word === 'zebra99').length;
      while (changed() < 3 && child.exitCode === null) await wait(2);
      child.kill('SIGKILL');
      expect((await end).exitCode).toBe(null);
      await wait(200);
      expect(changed()).toBeGreaterThan(0);
      bot.served.setFault(null);
      author.git('revert', '--no-edit', 'HEAD');
      author.git('push', '--quiet', 'origin', 'main');
      bot.clock.advance(3_600_000);
      const next = await jobs.job('next').run('sync', '--json', '--no-wait');
      expect(next.exitCode, next.stderr).toBe(0);
      expect(held()).toEqual(words(8));
      bot.clock.advance(3_600_000);
      const again = await jobs.job('again').run('sync', '--json');
      expect(again.json<Result>().targets[0].requests.write).toBe(0);
    },
    90_000,
  );

  it('a cancelled job saves what it has sent within its seconds, and gives the branch back', async () => {
    jobs = await ciJobs('cxgenie', { files: pages(20) });
    jobs.bot.served.setFault(() => ({ delayMs: 20 }));
    const child = jobs.job('cancelled').start('sync', '--initial', '--json', '--quiet');
    const end = ended(child);
    while (held().length < 3 && child.exitCode === null) await wait(5);
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 7_000);
    const { exitCode, stderr } = await end;
    clearTimeout(late);
    expect([exitCode, stderr]).toEqual([130, '']);
    const sent = held().length;
    expect(sent).toBeLessThan(20);
    expect(JSON.parse(jobs.onBranch('branch.json') ?? '')).toMatchObject({ lease: null });
    jobs.bot.served.setFault(null);
    const next = await jobs.job('next').run('sync', '--json', '--quiet');
    expect(next.json<Result>().targets[0].counts).toMatchObject({ create: 20 - sent, unchanged: sent, unconfirmed: 0 });
    expect(held()).toEqual(words(20));
  }, 90_000);

  it('without the right to push nothing is sent to the bot, and it says what to give', async () => {
    jobs = await ciJobs('sitegpt', { files: pages(2) });
    const hook = join(jobs.server, 'hooks', 'pre-receive');
    writeFileSync(hook, '#!/bin/sh\necho "remote: Permission to team/docs.git denied to github-actions[bot]." >&2\nexit 1\n');
    chmodSync(hook, 0o755);
    let requests = 0;
    jobs.bot.served.setFault(() => {
      requests += 1;
      return null;
    });
    const { exitCode, stderr, stdout } = await jobs.job('one').run('sync', '--json');
    expect([exitCode, requests]).toEqual([1, 0]);
    expect(stderr + stdout).toMatch(/Permission to team\/docs\.git denied/);
    expect(stderr + stdout).toContain('contents: write');
  }, 30_000);

  it('plan --offline does without a branch that cannot be read, and says so; unlock tells who holds it; a daemon refuses', async () => {
    jobs = await ciJobs('sitegpt', { files: pages(2) });
    const { start, run, dir } = jobs.job('one');
    const free = await run('unlock');
    expect([free.exitCode, free.stdout]).toEqual([0, expect.stringContaining('state.git: not locked')]);
    const daemon = await run('watch');
    expect([daemon.exitCode, daemon.stderr]).toEqual([2, expect.stringContaining('state.git is for jobs that come and go')]);
    jobs.bot.served.setFault(() => ({ delayMs: 100 }));
    const child = start('sync', '--quiet');
    const end = ended(child);
    while (jobs.tip() === null && child.exitCode === null) await wait(20);
    const held = await jobs.job('two').run('unlock', '--json');
    expect([held.exitCode, held.json<{ targets: readonly object[] }>().targets]).toEqual([
      10,
      expect.arrayContaining([expect.objectContaining({ name: 'state.git', state: 'held' })]),
    ]);
    expect((await end).exitCode).toBe(0);
    jobs.git('-C', dir, 'remote', 'set-url', 'origin', join(jobs.dir, 'nowhere.git'));
    const [offline, online] = [await run('plan', '--offline'), await run('plan')];
    expect([offline.exitCode, offline.stderr]).toEqual([0, expect.stringContaining('planned with what the state folder holds')]);
    expect([online.exitCode, online.stderr]).toEqual([1, expect.stringContaining('state.git')]);
  }, 60_000);
});
