// The state on a branch, for the time of one command: fetched before it is needed, held by one job at a time, saved while at work and at the end. Owns the
// lease and the order of things; git is state-remote.ts's, the files are state/branch-files.ts's.
//
// One commit without parents holds everything: the state files, and `branch.json` with who is at work. Each save replaces it by a push that only
// succeeds where the branch is still at the commit that we know, so that of two jobs one wins, and the other knows that it has lost before it
// has sent anything. A job that is killed leaves its lease behind; after `silentMs` without a save the next one takes it over, and what the dead
// one had begun is settled as after a crash. That holds because nothing goes to a vendor for longer than `holdMs` after the last save (`verify`), and
// because what no later look could find is saved before it is sent (`ahead`).
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { asSyncError, SyncError } from '../model/error.ts';
import { sha256, type Timestamp } from '../model/json.ts';
import { isStateFile } from '../state/branch-files.ts';
import type { Disk } from '../state/disk.ts';
import { acquireLock, type Lock, type LockOwner, type LockTimers, realTimers } from '../state/lock.ts';
import { nodeProbe, type ProcessProbe } from '../state/process-probe.ts';
import { damaged, describe, lockedBy } from './state-branch-words.ts';
import { createStateFolder, type Found } from './state-folder.ts';
import { decodeHeader, encodeHeader, headerName, readme, readmeName } from './state-header.ts';
import type { Entries, StateRemote } from './state-remote.ts';

/** Milliseconds. */
export interface BranchTiming {
  /** Between two saves while at work: what a killed job may lose of what can be found again. */
  readonly everyMs: number;
  /** So long after the last save writes are held until there is another one. */
  readonly holdMs: number;
  /** Without a save for so long, a job counts as dead. Longer than `holdMs` by the time that one write may take. */
  readonly silentMs: number;
  /**
   * Silent by the clocks of two machines, which may differ by hours, it is dead only if nothing is heard of it for so long besides: more than
   * `everyMs`.
   */
  readonly sureMs: number;
}

export const branchTiming: BranchTiming = { everyMs: 60_000, holdMs: 120_000, silentMs: 180_000, sureMs: 75_000 };

export interface StateBranchInput {
  readonly remote: StateRemote;
  readonly disk: Disk;
  /** The state folder. */
  readonly dir: string;
  readonly workspace: string;
  /** Of address, branch: what was fetched from elsewhere is another state. */
  readonly of: string;
  readonly now: () => number;
  readonly probe?: ProcessProbe;
  readonly timers?: LockTimers;
  readonly timing?: BranchTiming;
  /** What people are told while it goes on. */
  readonly note: (message: string) => void;
}

export interface HoldHow {
  readonly command: string;
  /** How long to wait for another job. */
  readonly waitMs: number;
  /** Aborted: stop waiting (ABORTED); once held: save at once. */
  readonly signal: AbortSignal;
  readonly onWait?: ((holder: LockOwner | null) => void) | undefined;
}

export interface StateBranch {
  /** Makes the folder what the branch holds; not where a process of this machine is at work on it: then it is ahead. STATE_DAMAGED, STATE_NEWER, STATE_UNWRITABLE, CONFIG_INVALID. */
  look(signal: AbortSignal): Promise<void>;
  /** Takes the branch, and makes the folder what it holds; does nothing where it is held already. As `look`, and LOCKED, ABORTED. */
  hold(how: HoldHow): Promise<void>;
  /** Who left it behind without a word; null: nobody, or it is not held. */
  readonly tookOver: LockOwner | null;
  /** Another job has taken it: LOCKED. Null: not that we know. */
  readonly lost: SyncError | null;
  /** Throws where nothing may be sent to a vendor: LOCKED where it is lost, STATE_UNWRITABLE where it could not be saved for too long. */
  verify(): void;
  /** Before something is sent. `must`: it has to be on the branch first; else only if the last save is too long ago. As `verify`. */
  ahead(must: boolean): Promise<void>;
  /** Whose the branch is now; null: nobody's. */
  holder(signal: AbortSignal): Promise<LockOwner | null>;
  /** Whether there is such a branch, whose it is, and whether that job is gone, or silent by its clock. Errors as `look`. */
  peek(signal: AbortSignal): Promise<{ readonly exists: boolean; readonly lease: LockOwner | null; readonly isOver: boolean }>;
  /** For `unlock`: takes a lease away whose job is gone, or silent. */
  releaseDead(signal: AbortSignal): Promise<{ readonly released: boolean; readonly holder: LockOwner | null }>;
  /** Saves, and lets others at it. Does nothing where it is not held. LOCKED where it was lost; STATE_UNWRITABLE. */
  end(): Promise<void>;
}

interface Held {
  readonly owner: LockOwner;
  readonly lock: Lock;
  readonly stop: () => void;
  tip: string | null;
  savedMs: number;
}

const tries = 3;
const retryMs = 1_500;
/** After the signal to stop there are seconds. */
const lastMs = 8_000;

/** The branch of one workspace. Does nothing until it is asked. */
export function createStateBranch(input: StateBranchInput): StateBranch {
  const { remote, disk, dir, workspace, of, now, note } = input;
  const probe = input.probe ?? nodeProbe();
  const timers = input.timers ?? realTimers;
  const { everyMs, holdMs, silentMs, sureMs } = input.timing ?? branchTiming;
  const lockPath = join(dir, 'branch', 'lock');
  const folder = createStateFolder({ remote, disk, dir, of, now, note });
  /** Of this process: a push whose answer was lost may be found at the tip later. */
  const mine = new Set<string>();
  let held: Held | null = null;
  let holding: Promise<void> | null = null;
  let lost: SyncError | null = null;
  let tookOver: LockOwner | null = null;
  let stopping = false;
  let saving: Promise<void> | null = null;
  let next: Promise<void> | null = null;

  const stamp = (): Timestamp => new Date(now()).toISOString();
  /** What the branch is at, read whole; again where it moved on meanwhile. */
  async function fetched(signal: AbortSignal): Promise<Found> {
    for (let tried = 0; ; tried += 1) {
      const tip = await remote.tip(signal);
      if (tip === null) return { tip, entries: new Map(), lease: null };
      const entries = await remote.entries(tip, signal);
      if (entries !== null) return { tip, ...(await readTree(entries)) };
      if (tried >= 20) throw new SyncError('LOCKED', { message: `state.git: ${await remote.name()} moves on each time it is fetched` });
    }
  }

  async function readTree(entries: Entries): Promise<Omit<Found, 'tip'>> {
    const blob = entries.get(headerName);
    if (blob === undefined) throw damaged(`holds no state of kbsync (there is no ${headerName} in it)`);
    const [bytes] = await remote.contents([blob]);
    const header = decodeHeader(bytes?.toString('utf8') ?? '');
    if (header === null) throw damaged(`cannot be used: ${headerName} is not what kbsync wrote there`);
    if (header.workspace !== workspace)
      throw new SyncError('CONFIG_INVALID', {
        message: `state.git: the branch holds the state of the workspace ${header.workspace}, and this one is ${workspace}`,
        next: 'name another branch in state.git.branch: each workspace has one of its own',
      });
    const files = new Map([...entries].filter(([path]) => path !== headerName && path !== readmeName));
    const strange = [...files.keys()].find((path) => !path.startsWith('state/') || !isStateFile(path.slice('state/'.length)));
    if (strange !== undefined) throw damaged(`cannot be used: ${JSON.stringify(strange)} in it is nothing that kbsync put there`);
    return { entries: new Map([...files].map(([path, id]) => [path.slice('state/'.length), id])), lease: header.lease };
  }

  async function commitOf(files: Entries, lease: LockOwner | null): Promise<string> {
    const [header, about] = await remote.store([Buffer.from(encodeHeader({ workspace, lease, savedAt: stamp() })), Buffer.from(readme)]);
    const tree = new Map([...files].map(([path, blob]) => [`state/${path}`, blob] as const));
    if (header === undefined || about === undefined) throw new Error('git stored nothing');
    // Systems that start a job for every push of every branch leave this one out.
    const commit = await remote.commit(
      new Map([...tree, [headerName, header], [readmeName, about]]),
      `kbsync: state of ${workspace} [skip ci]`,
    );
    mine.add(commit);
    return commit;
  }

  async function takeHold(how: HoldHow): Promise<void> {
    const { command, waitMs, signal, onWait } = how;
    const startedMs = now();
    const lock = await acquireLock({ disk, path: lockPath, now, command, waitMs, signal, probe, timers, ...(onWait && { onWait }) });
    try {
      const since = stamp();
      const owner: LockOwner = { id: randomBytes(8).toString('hex'), command, ...probe.self, since, beat: since };
      let seen = { tip: '', lease: '', atMs: 0 };
      /** Has saved while we looked: alive, whatever the clocks say. */
      let heard: string | null = null;
      let waitedFor: string | null = null;
      for (let waitedMs = 0; ; ) {
        if (signal.aborted) throw new SyncError('ABORTED');
        const found = await fetched(signal);
        const holder = found.lease;
        if (seen.tip !== found.tip) {
          if (holder !== null && seen.lease === holder.id) heard = holder.id;
          seen = { tip: found.tip ?? '', lease: holder?.id ?? '', atMs: waitedMs };
        }
        // We hold the lock of this folder: whoever took the branch from here has died.
        const isFromHere = holder !== null && folder.lease() === holder.id;
        if (holder !== null && !isFromHere && !isOver(holder, waitedMs - seen.atMs)) {
          const spentMs = Math.max(waitedMs, now() - startedMs);
          const looksDead = heard !== holder.id && isOver(holder, sureMs);
          if (spentMs >= waitMs && !looksDead) throw lockedBy(holder, await remote.name());
          if (waitedFor !== holder.id) {
            onWait?.(holder);
            if (looksDead)
              note(
                `state.git: ${describe(holder)} last saved ${holder.beat}, by its clock: looking for ${sureMs / 1_000} s whether it is at work`,
              );
          }
          waitedFor = holder.id;
          const pause = Math.max(1, Math.min(1_000 + spentMs / 10, 5_000, looksDead ? 5_000 : waitMs - spentMs));
          await timers.wait(pause, signal).catch(() => undefined);
          waitedMs += pause;
          continue;
        }
        const folderIs = folder.compare(found);
        const strays = await folder.strays(folderIs);
        const blobs = await remote.store([...strays.values()]);
        const left = new Map([...strays.keys()].map((name, at) => [name, blobs[at] ?? '']));
        const atMs = now();
        const files = new Map([...(folderIs === 'ours' ? await folder.captured() : found.entries), ...left]);
        const commit = await commitOf(files, owner);
        if ((await remote.push(commit, found.tip)) === 'moved') {
          const pause = 200 + Number.parseInt(owner.id.slice(0, 2), 16) * 4;
          await timers.wait(pause, signal).catch(() => undefined);
          waitedMs += pause;
          continue;
        }
        await folder.put(found, folderIs, { tip: commit, state: 'open', lease: owner.id, savedAt: new Date(atMs).toISOString() });
        await folder.handedOver();
        tookOver = holder;
        if (holder !== null)
          note(`state.git: ${describe(holder)} did not finish: going on with what it has left, and looking at the bots first`);
        if (found.tip === null) note(`state.git: ${await remote.name()} is new: this is its first commit`);
        const stopTimer = timers.every(everyMs, () => void save().catch((thrown: unknown) => note(asSyncError(thrown).message)));
        const onAbort = (): void => {
          stopping = true;
          void save().catch((thrown: unknown) => note(asSyncError(thrown).message));
        };
        signal.addEventListener('abort', onAbort, { once: true });
        const stop = (): void => {
          stopTimer();
          signal.removeEventListener('abort', onAbort);
        };
        held = { owner, lock, stop, tip: commit, savedMs: now() };
        return;
      }
    } catch (thrown) {
      await lock.release();
      throw thrown;
    }
  }

  /** Whether a lease binds nobody any more: its process is gone from this very machine, or nothing was heard of it for long, by its clock or ours. */
  function isOver(lease: LockOwner, unchangedMs: number): boolean {
    const { self } = probe;
    // Names of machines are no evidence: runners share them. One boot of one kernel is.
    const isHere = lease.bootId !== null && lease.bootId === self.bootId && lease.pidNamespace === self.pidNamespace;
    if (isHere) {
      const { alive, startTime } = probe.look(lease.pid);
      return !alive || (startTime !== null && lease.startTime !== null && startTime !== lease.startTime);
    }
    return unchangedMs >= silentMs || (unchangedMs >= sureMs && now() - Date.parse(lease.beat) >= silentMs);
  }

  /** One push at a time; whoever asks meanwhile shares the next one, which holds what they have written. */
  function save(): Promise<void> {
    if (saving === null) {
      saving = pushed((owner) => ({ ...owner, beat: stamp() })).finally(() => {
        saving = null;
      });
      return saving;
    }
    next ??= saving
      .catch(() => undefined)
      .then(() => {
        next = null;
        return save();
      });
    return next;
  }

  async function pushed(leaseOf: (owner: LockOwner) => LockOwner | null): Promise<void> {
    for (let tried = 1; ; tried += 1) {
      if (lost !== null) throw lost;
      const mineNow = held;
      if (mineNow === null) return;
      try {
        // The moment from which it is known that we live: what is sent later is not in it.
        const atMs = now();
        const lease = leaseOf(mineNow.owner);
        const commit = await commitOf(await folder.captured(), lease);
        if ((await remote.push(commit, mineNow.tip, stopping ? lastMs : undefined)) === 'moved') {
          const tip = await remote.tip();
          // A push of ours whose answer was lost.
          if (tip !== null && mine.has(tip)) mineNow.tip = tip;
          else if (tip === null && mineNow.tip !== null && tried < tries) {
            // Nobody else has it, and what it held is here.
            note(`state.git: somebody has deleted ${await remote.name()} while this run was at work: it is made again`);
            mineNow.tip = null;
          } else throw await lostTo(tip);
          continue;
        }
        mineNow.tip = commit;
        mineNow.savedMs = atMs;
        const savedAt = new Date(atMs).toISOString();
        folder.note({ tip: commit, state: lease === null ? 'clean' : 'open', lease: lease?.id ?? null, savedAt });
        return;
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (error.code !== 'STATE_UNWRITABLE' || tried >= (stopping ? 1 : tries))
          throw error.code === 'STATE_UNWRITABLE' ? unsaved(error, tried) : error;
        await timers.wait(retryMs * tried, undefined);
      }
    }
  }

  async function lostTo(tip: string | null): Promise<SyncError> {
    const entries = tip === null ? null : await remote.entries(tip).catch(() => null);
    const by = entries === null ? null : await readTree(entries).catch(() => null);
    const who = by?.lease == null ? 'another job' : describe(by.lease);
    lost = new SyncError('LOCKED', {
      message: `state.git: ${who} has taken the branch over while this run was silent: nothing more is sent`,
      next: 'run again: it goes on from what the other job has left; if the machine was suspended or its clock was set, that is why',
    });
    return lost;
  }

  function unsaved(error: SyncError, tried: number): SyncError {
    const times = tried === 1 ? '' : ` (tried ${tried} times)`;
    return new SyncError('STATE_UNWRITABLE', { message: `${error.message}${times}`, next: error.next, data: error.data, cause: error });
  }

  return {
    async look(signal) {
      if (held !== null) return;
      let lock: Lock;
      try {
        lock = await acquireLock({ disk, path: lockPath, now, command: 'kbsync', waitMs: 0, signal, probe, timers });
      } catch (thrown) {
        if (asSyncError(thrown).code === 'LOCKED') return;
        throw thrown;
      }
      try {
        const found = await fetched(signal);
        const how = folder.compare(found);
        if (how === 'ours' || how === 'same' || (found.tip === null && how === 'theirs')) return;
        await folder.strays(how);
        await folder.put(found, how, { tip: found.tip, state: 'clean', lease: null });
      } finally {
        await lock.release();
      }
    },
    async hold(how) {
      if (held !== null) return;
      holding ??= takeHold(how).finally(() => {
        holding = null;
      });
      await holding;
    },
    get tookOver() {
      return tookOver;
    },
    get lost() {
      return lost;
    },
    verify() {
      if (lost !== null) throw lost;
      if (held === null || now() - held.savedMs < holdMs) return;
      throw new SyncError('STATE_UNWRITABLE', {
        message: `state.git: nothing could be saved for ${Math.round((now() - held.savedMs) / 1_000)} s: nothing more is sent until it can`,
        next: 'look whether the server of the repository answers; then run again: nothing is lost, and nothing is sent twice',
      });
    },
    async ahead(must) {
      if (lost !== null) throw lost;
      if (held !== null && (must || now() - held.savedMs >= holdMs / 2)) await save();
    },
    holder: async (signal) => (await fetched(signal)).lease,
    async peek(signal) {
      const { tip, lease } = await fetched(signal);
      return { exists: tip !== null, lease, isOver: lease !== null && isOver(lease, sureMs) };
    },
    async releaseDead(signal) {
      const found = await fetched(signal);
      const { lease, tip, entries } = found;
      // A person has asked for it, and sees since when.
      if (lease === null || !isOver(lease, sureMs)) return { released: false, holder: lease };
      return { released: (await remote.push(await commitOf(entries, null), tip)) === 'pushed', holder: lease };
    },
    async end() {
      try {
        await holding?.catch(() => undefined);
        if (held === null) return;
        held.stop();
        await next?.catch(() => undefined);
        await saving?.catch(() => undefined);
        await pushed(() => null);
      } finally {
        const lock = held?.lock;
        held = null;
        await lock?.release();
        await remote.close();
      }
    },
  };
}

/** Which branch a folder's notes are about. */
export function branchKey(remote: unknown, branch: string): string {
  return sha256(JSON.stringify([remote, branch])).slice(0, 16);
}
