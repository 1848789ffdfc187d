// A plan that is sealed on a pull request and applied by another job on another machine once it is merged: with the state on a branch, and with a state
// folder that came from a cache.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readSealed, writeSealed } from '../src/plan/seal.ts';
import { ciJobs, type Job, type Jobs } from './support/ci-jobs.ts';
import { hasGit, withoutGit } from './support/git-repo.ts';

const page = (n: number, word = 'zebra'): string => `# Page ${n}\n\nThe word of page ${n} is ${word}${n}.\n`;
const pages = Object.fromEntries(Array.from({ length: 14 }, (_, n) => [`p${n}.md`, page(n)]));
const removed = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`content/p${n}.md`, null]));

interface Result {
  readonly error?: { readonly message: string };
  readonly targets: readonly [
    { readonly counts: Readonly<Record<string, number>>; readonly held: readonly { readonly documents: readonly string[] }[] | null },
  ];
}

let jobs: Jobs;
afterEach(() => jobs.close());

/** What a job is given of the state by its CI system: nothing, where it lies on a branch. */
let restore: (job: Job) => void;
let save: (job: Job) => void;

async function begin(kind: 'branch' | 'cache'): Promise<void> {
  jobs = await ciJobs('sitegpt', { files: pages, state: kind === 'branch' ? '{ branch: kbsync-state }' : 'null' });
  const cache = join(jobs.dir, 'cache');
  restore = (job) => kind === 'cache' && cpSync(cache, join(job.dir, 'state'), { recursive: true });
  save = (job) => kind === 'cache' && cpSync(join(job.dir, 'state'), cache, { recursive: true });
  const first = jobs.job('first');
  expect((await first.run('sync', '--json')).exitCode).toBe(0);
  save(first);
  // What was written may be listed late: not what this is about.
  jobs.bot.clock.advance(3_600_000);
}

const plan = (): string => join(jobs.dir, 'artifact', 'plan.json');

/** The job of the pull request, on the runner's own path. */
async function pullRequest(): Promise<void> {
  jobs.author.git('checkout', '--quiet', '-b', 'pr');
  jobs.author.commit(removed, 'fewer pages');
  jobs.author.git('push', '--quiet', 'origin', 'pr');
  const job = jobs.job('runner-1', 'pr');
  restore(job);
  const ran = await job.run('plan', '--out', 'plan.json', '--format', 'markdown');
  expect([ran.exitCode, ran.stdout], ran.stderr).toEqual([0, expect.stringContaining('p0.md')]);
  cpSync(join(job.dir, 'plan.json'), plan());
}

function merge(): void {
  jobs.author.git('checkout', '--quiet', 'main');
  jobs.author.git('merge', '--quiet', '--no-ff', '-m', 'merge', 'pr');
  jobs.author.git('push', '--quiet', 'origin', 'main');
}

describe.skipIf(!hasGit).each(['branch', 'cache'] as const)(`a sealed plan across jobs, state by %s${withoutGit}`, (kind) => {
  it('approves its deletes and no others, wherever it is applied', async () => {
    await begin(kind);
    await pullRequest();
    expect(readFileSync(plan(), 'utf8')).not.toContain(jobs.dir);
    merge();
    const exact = jobs.job('runner-2/other/path');
    restore(exact);
    const without = await exact.run('sync', '--json');
    expect([without.exitCode, without.json<Result>().targets[0].counts['held']]).toEqual([5, 8]);
    save(exact);
    const job = jobs.job('runner-3');
    restore(job);
    const ran = await job.run('sync', '--plan', plan(), '--exact', '--json');
    expect([ran.exitCode, ran.json<Result>().targets[0].counts], ran.stderr + ran.stdout).toEqual([
      0,
      expect.objectContaining({ delete: 8, held: 0 }),
    ]);
    expect(jobs.bot.items().length).toBe(6);
  }, 60_000);

  if (kind === 'branch')
    it('where the bot was given something else since, that delete is held, and --exact refuses', async () => {
      await begin(kind);
      await pullRequest();
      jobs.author.git('checkout', '--quiet', 'main');
      jobs.author.commit({ 'content/p3.md': page(3, 'yak') });
      jobs.author.git('push', '--quiet', 'origin', 'main');
      const between = jobs.job('between');
      restore(between);
      expect((await between.run('sync', '--json')).exitCode).toBe(0);
      save(between);
      jobs.bot.clock.advance(3_600_000);
      jobs.author.git('merge', '--quiet', '--no-ff', '-X', 'theirs', '-m', 'merge', '-s', 'ours', 'pr');
      jobs.author.commit(removed, 'as in the pull request');
      jobs.author.git('push', '--quiet', 'origin', 'main');
      const job = jobs.job('merged');
      restore(job);
      const exact = await job.run('sync', '--plan', plan(), '--exact', '--json');
      expect([exact.exitCode, exact.json<Result>().error?.message]).toEqual([5, expect.stringContaining('the sealed plan no longer fits')]);
      const ran = await job.run('sync', '--plan', plan(), '--json');
      const [target] = ran.json<Result>().targets;
      expect([ran.exitCode, target.held?.map(({ documents }) => documents)], ran.stderr).toEqual([5, [['p3.md']]]);
      expect(ran.stderr).toContain('p3.md has been given to the bot anew since the plan was made');
      expect(jobs.bot.items().map(({ text }) => /is (\w+)\./.exec(text)?.[1])).toContain('yak3');
      expect(jobs.bot.items().length).toBe(7);
    }, 60_000);
});

describe.skipIf(!hasGit)(`a plan file that is not to be trusted${withoutGit}`, () => {
  it('edited, or forgotten for a month: refused before anything is sent', async () => {
    await begin('branch');
    await pullRequest();
    merge();
    const text = readFileSync(plan(), 'utf8');
    const sealed = readSealed(text);
    const before = jobs.bot.items();
    const job = jobs.job('merged');
    for (const [bad, why] of [
      [text.replace('p0.md', 'p9.md'), 'it was changed after it was written'],
      [writeSealed(sealed.plans, { ...sealed.meta, createdAt: '2026-01-01T00:00:00.000Z' }), 'and a plan is good for 30'],
      [writeSealed(sealed.plans, { ...sealed.meta, workspace: 'blog' }), 'it was made in the workspace blog'],
    ] as const) {
      writeFileSync(plan(), bad);
      const { exitCode, stdout } = await job.run('sync', '--plan', plan(), '--json');
      expect([exitCode, stdout]).toEqual([2, expect.stringContaining(why)]);
    }
    expect(jobs.bot.items()).toEqual(before);
  }, 60_000);
});
