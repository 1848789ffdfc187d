// A machine that sleeps in the middle of a run, while another job takes the state's branch over: it sends nothing more, and plans anew on what the other
// has left. And what a vendor echoes of a key is on no branch.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { explain } from '../src/cli/failure.ts';
import type { Invocation } from '../src/cli/invocation.ts';
import { Output } from '../src/cli/output.ts';
import { type SyncRequest, sync } from '../src/cli/sync.ts';
import { createSecretSet } from '../src/config/secrets.ts';
import { asSyncError } from '../src/model/error.ts';
import { branchKey, branchTiming, createStateBranch } from '../src/source/state-branch.ts';
import { createStateRemote } from '../src/source/state-remote.ts';
import { nodeDisk } from '../src/state/disk.ts';
import type { Hooks } from '../src/transport/connect.ts';
import { openWorkspace } from '../src/workspace.ts';
import { secret } from './support/bots.ts';
import { ciJobs, type Jobs } from './support/ci-jobs.ts';
import { hasGit, plainEnv, withoutGit } from './support/git-repo.ts';

const pages = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}.md`, `# Page ${n}\n\nThe word of page ${n} is zebra${n}.\n`]));
const request: SyncRequest = {
  paths: [],
  waitMs: 0,
  planFile: null,
  exact: false,
  onlyFailed: false,
  limit: null,
  allowDeletes: null,
  allowUpdates: null,
  initial: true,
  trainOnly: false,
  lockWaitMs: 0,
};

let jobs: Jobs;
afterEach(() => jobs.close());

/** `kbsync sync --json` in that clone, on the bot's clock. */
async function run(dir: string, hooks: Hooks) {
  const out: string[] = [];
  const err: string[] = [];
  const secrets = createSecretSet();
  const streams = { stdout: { write: (text: string) => void out.push(text) }, stderr: { write: (text: string) => void err.push(text) } };
  const output = new Output({ secrets, ...streams, json: true, quiet: false, colour: false });
  const { signal } = new AbortController();
  const env = plainEnv(dir);
  const options = { config: null, targets: [], json: true, quiet: false, verbose: false };
  const invocation: Invocation = { command: 'sync', options, output, cwd: dir, env, version: '0', secrets, stop: signal, kill: signal };
  const { clock } = jobs.bot;
  let runs = 0;
  const exitCode = await sync(invocation, request, ({ cwd }, onEvent = () => {}) => {
    runs += 1;
    return openWorkspace({ configFile: null, cwd, env, version: '0', secrets, onEvent, now: clock.now, sleep: clock.sleep, hooks });
  }).catch((thrown: unknown) => explain(asSyncError(thrown), invocation));
  return { exitCode, runs, stderr: err.join(''), answers: out.map((line) => JSON.parse(line) as { targets: [{ counts: object }] }) };
}

/** Another job, on another machine, that finds this one silent, and ends at once. */
async function takeOver(): Promise<void> {
  const { dir } = jobs.job(`other-${jobs.bot.clock.now()}`);
  const git = {
    branch: 'kbsync-state',
    remote: { name: 'origin' },
    folder: dir,
    token: null,
    missing: [],
    username: 'x',
    timeoutMs: 60_000,
  };
  const state = join(dir, 'state');
  const { now } = jobs.bot.clock;
  const secrets = createSecretSet();
  const remote = createStateRemote({ git, folder: join(state, 'branch', 'work-0'), env: plainEnv(dir), now, secrets });
  const branch = createStateBranch({
    remote,
    disk: nodeDisk(),
    dir: state,
    workspace: 'docs',
    of: branchKey(git.remote, git.branch),
    now,
    note: () => {},
    timing: { ...branchTiming, sureMs: 0 },
    probe: {
      self: { user: 'ci', host: 'other', pid: 1, startTime: '1', bootId: 'other', pidNamespace: null },
      look: () => ({ alive: true, startTime: null }),
    },
  });
  await branch.hold({ command: 'kbsync sync', waitMs: 0, signal: new AbortController().signal });
  await branch.end();
}

const held = (): string[] => jobs.bot.items().flatMap(({ text }) => [...text.matchAll(/zebra\d+/g)].map(([word]) => word));

describe.skipIf(!hasGit).each(['sitegpt', 'cxgenie'])(`%s: taken over while the machine slept${withoutGit}`, (flavour) => {
  it('sends nothing when it wakes, begins anew, and nothing is there twice', async () => {
    jobs = await ciJobs(flavour, { files: pages(6) });
    let creates = 0;
    const sentWhenItWoke: number[] = [];
    const { exitCode, runs, stderr, answers } = await run(jobs.job('sleeper').dir, {
      call: async (name, work) => {
        if (name !== 'create' || ++creates !== 3) return work();
        const before = jobs.bot.items().length;
        jobs.bot.clock.advance(200_000);
        await takeOver();
        try {
          return await work();
        } finally {
          sentWhenItWoke.push(jobs.bot.items().length - before);
        }
      },
    });
    expect([exitCode, runs, sentWhenItWoke, answers.length], stderr).toEqual([flavour === 'sitegpt' ? 0 : 4, 2, [0], 1]);
    expect(stderr).toContain('planning anew on what it has left');
    const words = held();
    expect(new Set(words).size).toBe(words.length);
    // Where nobody can be asked, what was begun when it fell asleep is a person's to look at: it was never sent.
    expect(words.length + (flavour === 'sitegpt' ? 0 : 2)).toBeGreaterThanOrEqual(6);
  }, 60_000);
});

describe.skipIf(!hasGit)(
  `a job falls asleep between its look at the branch and the first byte, and another one takes over${withoutGit}`,
  () => {
    /** Once, when nothing of that call is sent yet: the other job takes the branch over and ends, and only then what was held back goes out. */
    function asleepBefore(intent: string, other: () => Promise<void>): Hooks {
      let taken = false;
      return {
        wire: async (request, send) => {
          if (request.intent === intent && !taken) {
            taken = true;
            jobs.bot.clock.advance(200_000);
            await takeOver();
            await other();
          }
          return send();
        },
      };
    }
    let others = 0;
    const otherJob = async (): Promise<void> => {
      others += 1;
      const { exitCode, stderr } = await run(jobs.job(`another-${others}`).dir, {});
      expect(exitCode, stderr).toBe(0);
    };
    const texts = (): string =>
      jobs.bot
        .items()
        .map(({ text }) => text)
        .join('\n');
    const strays = (): string[] =>
      jobs
        .git('-C', jobs.server, 'ls-tree', '-r', '--name-only', 'kbsync-state')
        .split('\n')
        .filter((name) => name.includes('.stray-'));

    it.each(['chatthing', 'sitegpt'])(
      '%s: what it makes all the same is found by the run that starts over, and goes',
      async (flavour) => {
        jobs = await ciJobs(flavour, { files: pages(3) });
        await otherJob();
        jobs.bot.clock.advance(3_600_000);
        jobs.author.commit(Object.fromEntries(Object.entries(pages(6)).map(([name, text]) => [`content/${name}`, text])));
        jobs.author.git('push', '--quiet', 'origin', 'main');
        const { exitCode, runs, stderr } = await run(jobs.job('sleeper').dir, asleepBefore('create', otherJob));
        expect([exitCode, runs], stderr).toEqual([0, 2]);
        expect(stderr).toMatch(/A run that was cut off at .* had writes under way: .*made a second time: the second copy goes/);
        const words = held();
        expect([new Set(words).size, words.length]).toEqual([6, 6]);
        jobs.bot.clock.advance(3_600_000);
        await otherJob();
        expect([held().length, strays()]).toEqual([6, []]);
        const writes = jobs.bot.writesOnWire();
        await otherJob();
        expect(jobs.bot.writesOnWire()).toBe(writes);
      },
      60_000,
    );

    it.each(['chatthing', 'sitegpt', 'sitegpt+v0'])(
      '%s: an old text that it puts over a newer one is put right',
      async (flavour) => {
        jobs = await ciJobs(flavour, { files: pages(3) });
        await otherJob();
        jobs.bot.clock.advance(3_600_000);
        jobs.author.commit({ 'content/p0.md': '# Page 0\n\nThe word of page 0 is zebra70.\n' });
        jobs.author.git('push', '--quiet', 'origin', 'main');
        const { dir } = jobs.job('sleeper');
        const { exitCode, runs, stderr } = await run(
          dir,
          asleepBefore('repeatable', async () => {
            jobs.author.commit({ 'content/p0.md': '# Page 0\n\nThe word of page 0 is zebra80.\n' });
            jobs.author.git('push', '--quiet', 'origin', 'main');
            await otherJob();
            // The clone of the sleeper, too: what it plans anew is what its run was for.
            jobs.git('-C', dir, 'fetch', '--quiet', 'origin', 'main');
            jobs.git('-C', dir, 'checkout', '--quiet', 'FETCH_HEAD');
          }),
        );
        expect([exitCode, runs], stderr).toEqual([0, 2]);
        expect(stderr).toMatch(/A run that was cut off at .* had writes under way: 1 written, .*: said again/);
        expect(texts()).toContain('zebra80');
        expect(texts()).not.toContain('zebra70');
        expect(strays()).toEqual([]);
      },
      60_000,
    );
  },
);

describe.skipIf(!hasGit)(`secrets${withoutGit}`, () => {
  it('a vendor that echoes the key in its refusal puts it on no branch', async () => {
    jobs = await ciJobs('sitegpt', { files: pages(2) });
    jobs.bot.served.setFault(({ method }) =>
      method === 'GET' ? null : { kind: 'status' as const, status: 422, body: { error: `bad key ${secret}` } },
    );
    await run(jobs.job('one').dir, {});
    const { stdout } = spawnSync('git', ['-C', jobs.server, 'archive', '--format=tar', 'kbsync-state'], { encoding: 'latin1' });
    expect(stdout).toContain('bad key ***');
    expect(stdout).not.toContain(secret);
  }, 60_000);
});
