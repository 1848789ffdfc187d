// A state on a branch of real repositories, with one clock and machines of their own: who may write when, what becomes of what was not saved, and what is
// refused. The jobs that use it as processes are in state-branch-jobs.test.ts.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSecretSet } from '../../src/config/secrets.ts';
import type { StateGitConfig } from '../../src/model/config.ts';
import type { Effect, JournalEntry } from '../../src/model/effect.ts';
import { asSyncError, SyncError } from '../../src/model/error.ts';
import { branchKey, createStateBranch, type HoldHow, type StateBranch } from '../../src/source/state-branch.ts';
import { createStateRemote, type StateRemote } from '../../src/source/state-remote.ts';
import { nodeDisk } from '../../src/state/disk.ts';
import { journalText } from '../../src/state/journal.ts';
import type { LockTimers } from '../../src/state/lock.ts';
import type { ProcessProbe } from '../../src/state/process-probe.ts';
import { readStrays } from '../../src/state/stray.ts';
import { fakeGit, type GitRepo, gitRepo, hasGit, plainEnv, temporary, withoutGit } from '../support/git-repo.ts';

let dir: string;
let server: string;
let origin: GitRepo;
let nowMs: number;
/** What others do while one waits. */
let meanwhile: (ms: number) => Promise<void> | void;

const git = (...args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync('git', args, { env: plainEnv(dir), encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
};

beforeEach(() => {
  dir = temporary();
  nowMs = Date.UTC(2026, 10, 22);
  meanwhile = () => {};
  if (!hasGit) return;
  server = join(dir, 'server.git');
  git('init', '--quiet', '--bare', '--initial-branch=main', server);
  origin = gitRepo(join(dir, 'author'));
  origin.commit({ 'doc.md': 'text' });
  origin.git('remote', 'add', 'origin', server);
  origin.git('push', '--quiet', 'origin', 'main');
});
afterEach(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));

interface Machine {
  readonly branch: StateBranch;
  readonly remote: StateRemote;
  readonly clone: string;
  readonly notes: string[];
  /** Runs what is due on it. */
  tick(): void;
  write(files: Readonly<Record<string, string>>): void;
  read(path: string): string | null;
  hold(patch?: Partial<HoldHow>): Promise<void>;
}

/** A clone on a machine of its own, of this name. `again`: another process in the clone of before. */
function machine(
  name: string,
  patch: Partial<StateGitConfig> & {
    readonly again?: boolean;
    readonly program?: string;
    readonly skewMs?: number;
    readonly env?: Record<string, string>;
  } = {},
): Machine {
  const { again = false, program, skewMs = 0, env = {}, ...keys } = patch;
  const clone = join(dir, name);
  if (!again && !existsSync(clone)) git('clone', '--quiet', '--depth=1', `file://${server}`, clone);
  const state = join(clone, 'state');
  const config: StateGitConfig = {
    branch: 'kbsync-state',
    remote: { name: 'origin' },
    folder: clone,
    token: null,
    missing: [],
    username: 'x-access-token',
    timeoutMs: 60_000,
    ...keys,
  };
  const secrets = createSecretSet();
  if (config.token !== null) secrets.add(config.token);
  const now = () => nowMs + skewMs;
  const remote = createStateRemote({
    git: config,
    folder: join(state, 'branch', `work-${name}`),
    env: { ...plainEnv(dir), ...env },
    now,
    secrets,
    program,
  });
  const probe: ProcessProbe = {
    self: { user: 'ci', host: 'runner', pid: 7, startTime: '1', bootId: `boot-${name}`, pidNamespace: 'pid:[1]' },
    look: () => ({ alive: !again, startTime: '1' }),
  };
  const due: (() => void)[] = [];
  const timers: LockTimers = {
    wait: async (ms) => {
      nowMs += ms;
      await meanwhile(ms);
    },
    every: (_ms, work) => {
      due.push(work);
      return () => due.splice(due.indexOf(work), 1);
    },
  };
  const notes: string[] = [];
  const branch = createStateBranch({
    remote,
    disk: nodeDisk(),
    dir: state,
    workspace: 'docs',
    of: branchKey(config.remote, config.branch),
    now,
    probe,
    timers,
    note: (message) => notes.push(message),
  });
  return {
    branch,
    remote,
    clone,
    notes,
    tick: () => {
      for (const work of due) work();
    },
    write(files) {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(state, path)), { recursive: true });
        writeFileSync(join(state, path), text);
      }
    },
    read: (path) => (existsSync(join(state, path)) ? readFileSync(join(state, path), 'utf8') : null),
    hold: (how = {}) => branch.hold({ command: 'kbsync sync', waitMs: 0, signal: new AbortController().signal, ...how }),
  };
}

const onBranch = (path: string): string | null => {
  const { status, stdout } = spawnSync('git', ['-C', server, 'show', `kbsync-state:${path}`], { env: plainEnv(dir), encoding: 'utf8' });
  return status === 0 ? stdout : null;
};
const refusal = (work: Promise<unknown>): Promise<SyncError> =>
  work.then(
    () => {
      throw new Error('it was not refused');
    },
    (thrown: unknown) => asSyncError(thrown),
  );
const signal = new AbortController().signal;

describe.skipIf(!hasGit)(`a state on a branch${withoutGit}`, () => {
  it('goes from job to job, whole and alone: no history, no cache, no lock, and nothing of the user’s clone is touched', async () => {
    const one = machine('one');
    await one.hold();
    one.write({
      'site.json': 'snapshot',
      'site.journal': 'journal',
      'texts/site/abc.gz': 'text',
      'tests/site.unlearning.json': '[]',
      'daemon/paused/site.json': '{}',
      'retracted.jsonl': '{}\n',
      'scan.cache': 'cache',
      'site.lock': 'lock',
      'daemon/daemon.sock': '',
      'sandbox/bot.json': '{}',
      '.env': 'KEY=secret',
    });
    const before = readdirSync(join(one.clone, '.git'));
    await one.branch.end();
    const files = git('-C', server, 'ls-tree', '-r', '--name-only', 'kbsync-state').split('\n');
    expect(files).toEqual([
      'README.md',
      'branch.json',
      'state/daemon/paused/site.json',
      'state/retracted.jsonl',
      'state/site.journal',
      'state/site.json',
      'state/tests/site.unlearning.json',
      'state/texts/site/abc.gz',
    ]);
    expect(git('-C', server, 'rev-list', '--count', 'kbsync-state')).toBe('1');
    expect(git('-C', one.clone, 'status', '--porcelain')).toBe('');
    expect(readdirSync(join(one.clone, '.git'))).toEqual(before);
    expect(git('-C', one.clone, 'for-each-ref', '--format=%(refname)')).not.toMatch(/kbsync/);
    expect(readdirSync(join(one.clone, 'state', 'branch'))).toEqual(['base.json']);

    const two = machine('two');
    await two.branch.look(signal);
    expect([two.read('site.json'), two.read('texts/site/abc.gz'), two.read('scan.cache')]).toEqual(['snapshot', 'text', null]);
    await two.hold();
    rmSync(join(two.clone, 'state', 'texts'), { recursive: true });
    two.write({ 'site.json': 'snapshot 2' });
    await two.branch.end();
    expect([onBranch('state/site.json'), onBranch('state/texts/site/abc.gz')]).toEqual(['snapshot 2', null]);
    // The first clone, which was saved, follows.
    await one.branch.look(signal);
    expect([one.read('site.json'), one.read('texts/site/abc.gz')]).toEqual(['snapshot 2', null]);
  });

  it('of two jobs one has it; the other is told who, waits if it may, and begins with what the first has left', async () => {
    const [one, two] = [machine('one'), machine('two')];
    await one.hold();
    const refused = await refusal(two.hold());
    expect([refused.code, refused.message]).toEqual(['LOCKED', expect.stringContaining('"kbsync sync" of ci, process 7 on runner')]);
    one.write({ 'site.json': 'first' });
    const waited: unknown[] = [];
    const waiting = two.hold({ waitMs: 600_000, onWait: (holder) => waited.push(holder?.host) });
    await one.branch.end();
    await waiting;
    expect([two.read('site.json'), two.branch.tookOver]).toEqual(['first', null]);
    await two.branch.end();
  });

  it('a push in the same instant: compare and swap lets one of them in', async () => {
    const [one, two] = [machine('one'), machine('two')];
    const results = await Promise.allSettled([one.hold(), two.hold()]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    for (const { branch } of [one, two]) await branch.end();
  });

  it('a job of another machine that is silent for three minutes is taken over; when it wakes it sends nothing, and its journal is kept aside', async () => {
    const [one, two] = [machine('one'), machine('two')];
    await one.hold();
    one.write({ 'site.json': 'a', 'site.journal': 'begun' });
    await one.branch.ahead(true);
    one.write({ 'site.journal': 'begun, done' });
    nowMs += 179_000;
    expect((await refusal(two.hold())).code).toBe('LOCKED');
    nowMs += 1_000;
    await two.hold();
    expect([two.read('site.journal'), two.branch.tookOver?.host]).toEqual(['begun', 'runner']);
    expect(() => one.branch.verify()).toThrow(/nothing could be saved/);
    expect((await refusal(one.branch.ahead(true))).code).toBe('LOCKED');
    expect(() => one.branch.verify()).toThrow(/taken the branch over/);
    expect(one.branch.lost?.code).toBe('LOCKED');
    two.write({ 'site.journal': 'two' });
    expect((await refusal(one.branch.end())).code).toBe('LOCKED');
    await two.branch.end();
    expect(onBranch('state/site.journal')).toBe('two');
    const later = machine('one', { again: true });
    await later.hold();
    expect(later.read('site.journal')).toBe('two');
    const kept = readdirSync(join(later.clone, 'state', 'branch')).find((name) => name.startsWith('kept-'));
    expect(later.read(`branch/${kept}/site.journal`)).toBe('begun, done');
    expect(later.notes.join()).toContain('Its files are kept in');
    await later.branch.end();
  });

  it('what a run that was taken over had sent since it last saved waits in its folder until a job holds the branch, and is on it before anything else is done', async () => {
    const effect = (id: string): Effect => ({
      ...{ id, operation: null, commit: null, action: 'delete', document: id, path: id, remoteId: id, retrain: false },
    });
    const at = (): string => new Date(nowMs).toISOString();
    const entry = (id: string): JournalEntry => ({ at: at(), kind: 'begin', effects: [effect(id)] });
    const done = (id: string): JournalEntry => ({ at: at(), kind: 'done', effect: id, remoteId: null, settledBy: 'reply' });
    const one = machine('one');
    await one.hold();
    const entries = [entry('saved'), done('saved'), entry('refused')];
    nowMs += 1_000;
    await one.branch.ahead(true);
    nowMs += 1_000;
    entries.push({ at: at(), kind: 'failed', effect: 'refused', error: new SyncError('BUSY').record(), refused: false });
    entries.push(entry('answered'), done('answered'), entry('open'));
    const whole = journalText({ journal: 2, kbsync: null, target: 'site', follows: 0 }, entries);
    one.write({
      'site.journal': whole,
      'torn.journal': whole.replace('"kind":"done"', '"kind":"gone"'),
    });
    nowMs += 180_000;
    const two = machine('two');
    await two.hold();
    two.write({ 'site.json': 'two' });
    await two.branch.end();
    await refusal(one.branch.end());

    const strays = (): string[] => readdirSync(join(one.clone, 'state')).filter((name) => name.includes('.stray-'));
    const looking = machine('one', { again: true });
    await looking.branch.look(new AbortController().signal);
    expect(strays()).toHaveLength(1);
    expect(looking.notes.join()).toMatch(/torn\.journal cannot be read: .*kbsync drift --repair/);
    const third = machine('two', { again: true });
    await third.hold();
    third.write({ 'site.json': 'three' });
    await third.branch.end();
    await looking.branch.look(new AbortController().signal);
    expect([looking.read('site.json'), strays().length]).toEqual(['three', 1]);

    const next = machine('one', { again: true });
    await next.hold();
    const [name = ''] = strays();
    const told = readStrays({ disk: nodeDisk(), dir: join(one.clone, 'state'), target: 'site' });
    expect(told.flatMap(({ effects }) => effects.map(({ id }) => id))).toEqual(['answered', 'open']);
    expect(onBranch(`state/${name}`)).toBe(next.read(name));
    rmSync(join(one.clone, 'state', name));
    await next.branch.end();
    const last = machine('one', { again: true });
    await last.hold();
    expect(strays()).toEqual([]);
    await last.branch.end();
  });

  it('of the folders that went aside the newest three stay', async () => {
    for (let round = 0; round < 5; round += 1) {
      const one = machine('one', { again: round > 0 });
      await one.hold();
      one.write({ 'site.json': `one ${round}` });
      nowMs += 200_000;
      const two = machine('two', { again: round > 0 });
      await two.hold();
      await two.branch.end();
      await refusal(one.branch.end());
    }
    const last = machine('one', { again: true });
    await last.hold();
    const kept = readdirSync(join(last.clone, 'state', 'branch')).filter((name) => name.startsWith('kept-'));
    expect(kept.map((name) => last.read(`branch/${name}/site.json`))).toEqual(['one 2', 'one 3', 'one 4']);
    await last.branch.end();
  });

  it.each([3, -3])('a machine whose clock is %i hours off takes nothing from a job that is at work', async (hours) => {
    const [one, two] = [machine('one'), machine('two', { skewMs: hours * 3_600_000 })];
    await one.hold();
    let sinceMs = 0;
    meanwhile = async (ms) => {
      sinceMs += ms;
      if (sinceMs < 60_000) return;
      sinceMs = 0;
      await one.branch.ahead(true);
    };
    expect((await refusal(two.hold())).code).toBe('LOCKED');
    expect((await refusal(two.hold({ waitMs: 600_000 }))).code).toBe('LOCKED');
    await one.branch.ahead(true);
    expect(one.branch.lost).toBeNull();
    meanwhile = () => {};
    await two.hold({ waitMs: 600_000 });
    expect(two.branch.tookOver?.host).toBe('runner');
    await two.branch.end();
  });

  it('while it is at work it saves by itself, so that nobody takes it for dead', async () => {
    const [one, two] = [machine('one'), machine('two')];
    await one.hold();
    for (let minute = 1; minute <= 4; minute += 1) {
      nowMs += 60_000;
      one.write({ 'site.json': `minute ${minute}` });
      one.tick();
      await one.branch.ahead(true);
      expect(() => one.branch.verify()).not.toThrow();
    }
    expect(onBranch('state/site.json')).toBe('minute 4');
    expect((await refusal(two.hold())).code).toBe('LOCKED');
    await one.branch.end();
  });

  it('saves at once when it is asked to stop', async () => {
    const one = machine('one');
    const stop = new AbortController();
    await one.hold({ signal: stop.signal });
    one.write({ 'site.json': 'last' });
    stop.abort();
    for (let n = 0; n < 200 && onBranch('state/site.json') === null; n += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(onBranch('state/site.json')).toBe('last');
    await one.branch.end();
  });

  it('the same machine, killed: taken over at once, with what its folder knows and the branch does not', async () => {
    const one = machine('one');
    await one.hold();
    one.write({ 'site.journal': 'sent, not saved' });
    rmSync(join(one.clone, 'state', 'branch', 'lock'));
    const again = machine('one', { again: true });
    await again.hold();
    expect([again.read('site.journal'), again.branch.tookOver !== null]).toEqual(['sent, not saved', true]);
    await again.branch.end();
    expect(onBranch('state/site.journal')).toBe('sent, not saved');
  });

  it('killed between the push and the note of it: the folder still goes on', async () => {
    const one = machine('one');
    await one.hold();
    const base = one.read('branch/base.json') ?? '';
    one.write({ 'site.journal': 'a' });
    await one.branch.ahead(true);
    one.write({ 'site.journal': 'a, b', 'branch/base.json': base });
    rmSync(join(one.clone, 'state', 'branch', 'lock'));
    const again = machine('one', { again: true });
    await again.hold();
    expect(again.read('site.journal')).toBe('a, b');
    await again.branch.end();
  });

  it('the remote is gone in the middle: tried three times, then nothing more is sent; what the folder holds goes on when it is back', async () => {
    const one = machine('one');
    await one.hold();
    renameSync(server, `${server}.away`);
    one.write({ 'site.journal': 'sent before' });
    const error = await refusal(one.branch.ahead(true));
    expect([error.code, error.message]).toEqual(['STATE_UNWRITABLE', expect.stringMatching(/^state\.git: .*\(tried 3 times\)$/)]);
    nowMs += 120_000;
    expect(() => one.branch.verify()).toThrow(/nothing more is sent/);
    expect((await refusal(one.branch.end())).code).toBe('STATE_UNWRITABLE');
    renameSync(`${server}.away`, server);
    const again = machine('one', { again: true });
    await again.hold();
    expect(again.read('site.journal')).toBe('sent before');
    await again.branch.end();
    expect(onBranch('state/site.journal')).toBe('sent before');
  });

  it('an answer that is lost is no lost lease: the push is found to be ours', async () => {
    const real = spawnSync('which', ['git'], { encoding: 'utf8' }).stdout.trim();
    const { program } = fakeGit(
      dir,
      `case " $* " in *" push "*) if [ -e '${dir}/cut' ]; then '${real}' "$@" >/dev/null; rm '${dir}/cut'; echo 'fatal: the remote end hung up unexpectedly' >&2; exit 128; fi;; esac\nexec '${real}' "$@"`,
    );
    const one = machine('one', { program });
    await one.hold();
    one.write({ 'site.json': 'x' });
    writeFileSync(join(dir, 'cut'), '');
    await one.branch.ahead(true);
    expect([existsSync(join(dir, 'cut')), onBranch('state/site.json'), one.branch.lost]).toEqual([false, 'x', null]);
    await one.branch.end();
  });

  it.each([
    ['no kbsync’s at all', () => origin.git('push', '--quiet', 'origin', 'main:kbsync-state'), /holds no state of kbsync/],
    ['with a header that is none', () => planted({ 'branch.json': '{"kbsync":"state"' }), /branch\.json is not what kbsync wrote/],
    [
      'with files of others',
      () => planted({ 'branch.json': header('docs'), 'state/../x': 'x' }),
      /cannot be used|not written|is nothing that kbsync put there/,
    ],
    ['with a link in it', () => planted({ 'branch.json': header('docs') }, true), /is no file/],
    ['of another workspace', () => planted({ 'branch.json': header('blog') }), /workspace blog, and this one is docs/],
    ['of a newer kbsync', () => planted({ 'branch.json': header('docs', 2) }), /newer kbsync/],
  ])('a branch %s is refused, and stays as it is', async (_what, make, message) => {
    make();
    const before = git('-C', server, 'rev-parse', 'kbsync-state');
    const one = machine('one');
    for (const work of [() => one.branch.look(signal), () => one.hold()]) expect((await refusal(work())).message).toMatch(message);
    expect(git('-C', server, 'rev-parse', 'kbsync-state')).toBe(before);
    expect(one.read('site.json')).toBe(null);
    await one.branch.end();
  });

  it('a folder with a state of its own begins the branch, and is never replaced by one that is there', async () => {
    const one = machine('one');
    one.write({ 'site.json': 'from a laptop' });
    await one.hold();
    await one.branch.end();
    expect(onBranch('state/site.json')).toBe('from a laptop');
    const two = machine('two');
    two.write({ 'site.json': 'another' });
    const error = await refusal(two.hold());
    expect([error.code, error.next]).toEqual(['STATE_DAMAGED', expect.stringContaining('keep one')]);
    expect([two.read('site.json'), onBranch('state/site.json')]).toEqual(['another', 'from a laptop']);
  });

  it('a branch that is deleted while a job is at work is made again by it, with all that it held', async () => {
    const before = machine('before');
    await before.hold();
    before.write({ 'site.json': 'old', [`texts/site/${'a'.repeat(64)}.gz`]: 'text' });
    await before.branch.end();
    const one = machine('one');
    await one.hold();
    one.write({ 'site.json': 'new' });
    git('-C', server, 'update-ref', '-d', 'refs/heads/kbsync-state');
    git('-C', server, 'gc', '--quiet', '--prune=now');
    await one.branch.ahead(true);
    expect(() => one.branch.verify()).not.toThrow();
    await one.branch.end();
    expect([onBranch('state/site.json'), onBranch(`state/texts/site/${'a'.repeat(64)}.gz`)]).toEqual(['new', 'text']);
    expect(one.notes.join()).toContain('has deleted kbsync-state');
  });

  it('a branch that was deleted is not made anew by a folder that may be old', async () => {
    const one = machine('one');
    await one.hold();
    one.write({ 'site.json': 'x' });
    await one.branch.end();
    git('-C', server, 'update-ref', '-d', 'refs/heads/kbsync-state');
    const error = await refusal(one.hold());
    expect([error.code, error.message]).toEqual(['STATE_DAMAGED', expect.stringContaining('the branch is gone')]);
    rmSync(join(one.clone, 'state', 'branch', 'base.json'));
    await one.hold();
    await one.branch.end();
    expect(onBranch('state/site.json')).toBe('x');
  });

  it('a folder that was half written is written anew', async () => {
    const one = machine('one');
    await one.hold();
    one.write({ 'site.json': 'whole', 'site.journal': 'whole' });
    await one.branch.end();
    const base = JSON.parse(one.read('branch/base.json') ?? '') as object;
    one.write({ 'site.json': 'ha', 'branch/base.json': JSON.stringify({ ...base, state: 'writing' }) });
    await one.branch.look(signal);
    expect(one.read('site.json')).toBe('whole');
  });

  it('says what is missing where it may not push, or not with force', async () => {
    const hook = join(server, 'hooks', 'pre-receive');
    writeFileSync(hook, '#!/bin/sh\necho "GH006: Protected branch update failed" >&2\nexit 1\n');
    chmodSync(hook, 0o755);
    expect((await refusal(machine('one').hold())).next).toContain('rules that protect branches');
    rmSync(hook);
    git('-C', server, 'config', 'receive.denyNonFastForwards', 'true');
    const two = machine('two');
    const first = await two.hold().then(
      () => {
        nowMs += 60_000;
        return refusal(two.branch.ahead(true));
      },
      (thrown: unknown) => asSyncError(thrown),
    );
    expect([first.code, first.next]).toEqual(['STATE_UNWRITABLE', expect.stringContaining('with force')]);
    await two.branch.end().catch(() => undefined);
  });

  it('works from a worktree, from a clone without blobs, by an address, and without a repository around it', async () => {
    const one = machine('one');
    await one.hold();
    one.write({ 'site.json': 'x' });
    await one.branch.end();
    git('-C', one.clone, 'worktree', 'add', '--quiet', '--detach', join(dir, 'tree'));
    git('-C', server, 'config', 'uploadpack.allowFilter', 'true');
    git('clone', '--quiet', '--filter=blob:none', `file://${server}`, join(dir, 'blobless'));
    mkdirSync(join(dir, 'plain'));
    const url = { url: `file://${server}` };
    for (const other of [machine('tree'), machine('blobless'), machine('addressed', { remote: url }), machine('plain', { remote: url })]) {
      await other.hold();
      expect([other.clone, other.read('site.json')]).toEqual([other.clone, 'x']);
      await other.branch.end();
    }
    const none = machine('plain');
    expect((await refusal(none.hold())).next).toContain('state.git.remote');
    expect((await refusal(machine('one', { remote: { name: 'upstream' } }).hold())).message).toContain('has no remote upstream');
  });

  it('hands git no key of a vendor, and the token neither on a command line nor in an error', async () => {
    const { program, log } = fakeGit(
      dir,
      `case " $* " in *" --version "*) echo 'git version 2.40.0';; *" rev-parse "*) echo '${dir}/author/.git'; echo '${dir}/author/.git';; *" config "*) echo 'https://ci:job-token-123456@git.example.com/docs.git';; *) echo "fatal: https://ci:job-token-123456@git.example.com: token-abcdef123" >&2; exit 128;; esac`,
    );
    const one = machine('one', { program, token: 'token-abcdef123', env: { VENDOR_KEY: 'token-abcdef123' } });
    const error = await refusal(one.hold());
    expect([error.code, error.message]).toEqual(['STATE_UNWRITABLE', expect.not.stringMatching(/abcdef123|job-token/)]);
    expect(log()).not.toMatch(/abcdef123|job-token/);
    const env = readFileSync(join(dir, 'fake-git.log.env'), 'utf8');
    expect(env).not.toContain('VENDOR_KEY');
    expect(env).toContain('http.https://git.example.com/docs.git.extraHeader');
  });

  it('speaks with the credentials that the checkout left in the repository; a token of the configuration goes before them', async () => {
    const seen: (string | undefined)[] = [];
    const http = createServer((request, reply) => {
      seen.push(request.headers.authorization);
      reply.statusCode = 403;
      reply.end();
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const { port } = http.address() as AddressInfo;
    try {
      const one = machine('one');
      git('-C', one.clone, 'remote', 'set-url', 'origin', `http://127.0.0.1:${port}/team/docs.git`);
      // As actions/checkout does.
      git('-C', one.clone, 'config', `http.http://127.0.0.1:${port}/.extraheader`, 'AUTHORIZATION: basic Y2hlY2tvdXQ=');
      const error = await refusal(one.hold());
      expect([error.code, error.next]).toEqual(['STATE_UNWRITABLE', expect.stringContaining('contents: write')]);
      expect(new Set(seen)).toEqual(new Set(['basic Y2hlY2tvdXQ=']));
      seen.length = 0;
      await refusal(machine('one', { again: true, token: 'token-abcdef123' }).hold());
      const token = Buffer.from('x-access-token:token-abcdef123').toString('base64');
      expect(new Set(seen)).toEqual(new Set([`Basic ${token}`]));
    } finally {
      http.close();
    }
  });

  it('unlock: a lease of a living job stays, one that is silent goes', async () => {
    const [one, two] = [machine('one'), machine('two')];
    await one.hold();
    expect(await two.branch.releaseDead(signal)).toMatchObject({ released: false, holder: { host: 'runner' } });
    nowMs += 180_000;
    expect(await two.branch.releaseDead(signal)).toMatchObject({ released: true });
    expect(await two.branch.holder(signal)).toBe(null);
    await one.branch.end().catch(() => undefined);
    for (const { branch } of [two]) await branch.end();
  });
});

const header = (workspace: string, version = 1): string =>
  JSON.stringify({ kbsync: 'state', version, workspace, savedAt: '2026-11-22T00:00:00.000Z', lease: null });

/** A branch that somebody else has made. */
function planted(files: Readonly<Record<string, string>>, link = false): void {
  const index = join(dir, 'index');
  const env = {
    ...plainEnv(dir),
    GIT_INDEX_FILE: index,
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a',
  };
  const run = (args: readonly string[], input = '') => {
    const { status, stdout, stderr } = spawnSync('git', ['-C', server, ...args], { env, input, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return stdout.trim();
  };
  rmSync(index, { force: true });
  const lines = Object.entries(files).map(([path, text]) => {
    const name = path.replace('state/../x', 'state/other.txt');
    return `100644 ${run(['hash-object', '-w', '--stdin'], text)}\t${name}\n`;
  });
  if (link) lines.push(`120000 ${run(['hash-object', '-w', '--stdin'], '/etc/passwd')}\tstate/site.json\n`);
  run(['update-index', '--index-info'], lines.join(''));
  git('-C', server, 'update-ref', 'refs/heads/kbsync-state', run(['commit-tree', run(['write-tree']), '-m', 'x']));
}
