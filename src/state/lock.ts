// One writer a target: a lock file with owner and heartbeat. It can be taken from a dead owner, and only once: who takes it must first
// hold a claim, an exclusive file named after that very owner, so that two can never both believe to have cleared the same lock.
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { SyncError } from '../model/error.ts';
import { type JsonRecord, sha256, type Timestamp } from '../model/json.ts';
import type { Disk, OwnedFile } from './disk.ts';
import { nodeProbe, type ProcessFacts, type ProcessProbe } from './process-probe.ts';

/** Milliseconds between two heartbeats. */
export const beatMs = 10_000;
/** Milliseconds after its last beat when the lock of another host counts as left behind (PRODUCT: state). */
export const silentMs = 60_000;

export interface LockOwner extends ProcessFacts {
  /** Random, never used twice. */
  readonly id: string;
  /** The command as the user gave it: `kbsync sync`. */
  readonly command: string;
  readonly since: Timestamp;
  readonly beat: Timestamp;
}

/** alive: at work, or not to be told apart from it. gone: its process has ended. silent: another host's, without a beat for long. */
export type LockState = 'alive' | 'gone' | 'silent';

/** Timers, for tests. */
export interface LockTimers {
  /** Rejects when the signal is aborted. */
  wait(ms: number, signal: AbortSignal | undefined): Promise<void>;
  /** Returns what stops it. */
  every(ms: number, work: () => void): () => void;
}

export interface LockPlace {
  readonly disk: Disk;
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly probe?: ProcessProbe;
}

export interface LockRequest extends LockPlace {
  readonly command: string;
  /** How long to wait for another holder; 0: not at all. */
  readonly waitMs: number;
  readonly timers?: LockTimers;
  /** Aborted: stop waiting (ABORTED). */
  readonly signal?: AbortSignal;
  /** Called once for each holder that is waited for. */
  readonly onWait?: (holder: LockOwner | null) => void;
}

export interface Lock {
  readonly owner: LockOwner;
  /** Throws LOCKED if the lock is no longer ours: nothing may be written then. */
  verify(): void;
  /** Never throws; a second call does nothing. */
  release(): Promise<void>;
}

/** Takes the lock, waiting up to `waitMs` for another holder. LOCKED names the holder; ABORTED; STATE_UNWRITABLE. */
export async function acquireLock(request: LockRequest): Promise<Lock> {
  const { disk, path, now } = request;
  const probe = request.probe ?? nodeProbe();
  const timers = request.timers ?? realTimers;
  const since = new Date(now()).toISOString();
  const owner: LockOwner = { id: randomBytes(8).toString('hex'), command: request.command, ...probe.self, since, beat: since };
  await disk.mkdir(dirname(path));
  let waitedMs = 0;
  let waitedFor: string | null = null;
  let silentSince = { beat: '', atMs: 0 };
  for (;;) {
    if (request.signal?.aborted === true)
      throw new SyncError('ABORTED', { message: `stopped while waiting for the lock of ${lockedThing(path)}` });
    const file = await tryAcquire({ disk, path, now, probe }, owner);
    if (file !== null) {
      await sweepClaims(disk, path, owner.id);
      return holdLock({ disk, path, now, probe }, timers, owner, file);
    }
    const holder = readLock(disk, path);
    // Whatever its clock and ours say of each other: who was seen to be silent for so long is.
    const beat = `${holder?.id} ${holder?.beat}`;
    if (beat !== silentSince.beat) silentSince = { beat, atMs: waitedMs };
    else if (holder !== null && waitedMs - silentSince.atMs >= silentMs && isElsewhere(holder, probe.self)) {
      await clear({ disk, path, now, probe }, holder.id);
      silentSince = { beat: '', atMs: waitedMs };
      continue;
    }
    if (waitedMs >= request.waitMs) throw lockedBy(path, holder, now());
    if (waitedFor !== (holder?.id ?? '')) request.onWait?.(holder);
    waitedFor = holder?.id ?? '';
    const pause = Math.min(250, request.waitMs - waitedMs);
    await timers.wait(pause, request.signal).catch(() => undefined);
    waitedMs += pause;
  }
}

/** Who holds the lock; null where nobody does, or the file cannot be read as one. */
export function readLock(disk: Disk, path: string): LockOwner | null {
  const text = disk.read(path)?.toString('utf8');
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isOwner(value) ? value : null;
  } catch {
    return null;
  }
}

/** Whether the holder is at work, as far as this host can tell. */
export function lockState(owner: LockOwner, place: Pick<LockPlace, 'now' | 'probe'>): LockState {
  const { self, look } = place.probe ?? nodeProbe();
  if (isElsewhere(owner, self)) {
    // After a restart of this very host nothing of before lives, in whatever container it was.
    if (owner.host === self.host && differ(owner.bootId, self.bootId)) return 'gone';
    return place.now() - Date.parse(owner.beat) >= silentMs ? 'silent' : 'alive';
  }
  if (differ(owner.bootId, self.bootId)) return 'gone';
  const process = look(owner.pid);
  return process.alive && !differ(owner.startTime, process.startTime) ? 'alive' : 'gone';
}

/** Of another host, or of another container with the same host name: then a pid says nothing. */
function isElsewhere(owner: ProcessFacts, self: ProcessFacts): boolean {
  return owner.host !== self.host || differ(owner.pidNamespace, self.pidNamespace);
}

/** For `unlock`: removes the lock of a dead holder. `holder` is who held it; `released` false where it is at work or there is none. */
export async function releaseDead(
  place: LockPlace,
): Promise<{ readonly released: boolean; readonly holder: LockOwner | null; readonly state: LockState | null }> {
  const holder = readLock(place.disk, place.path);
  if (holder === null) return { released: await clearUnreadable(place), holder: null, state: null };
  const state = lockState(holder, place);
  return { released: state !== 'alive' && (await clear(place, holder.id)), holder, state };
}

/** The lock file as ours, or null where somebody else has it. */
async function tryAcquire(place: LockPlace, owner: LockOwner): Promise<OwnedFile | null> {
  const { disk, path } = place;
  const holder = readLock(disk, path);
  if (holder !== null && lockState(holder, place) !== 'alive') await clear(place, holder.id);
  else if (holder === null) await clearUnreadable(place);
  const file = await disk.createExclusive(path, JSON.stringify(owner));
  if (file === null) return null;
  // Whoever cleared a half-written lock of ours may have taken it since.
  if (readLock(disk, path)?.id === owner.id) return file;
  await file.close();
  return null;
}

/**
 * Removes the lock of that owner and of no other. Only who holds the claim named after the owner may; the owner itself is dead, or
 * goes this way too. A claimant that died is cleared in the same manner. False: somebody else is at it.
 */
async function clear(place: LockPlace, ownerId: string): Promise<boolean> {
  const { disk, path } = place;
  const claim = `${path}.${/^[0-9a-z]{1,32}$/.test(ownerId) ? ownerId : sha256(ownerId).slice(0, 16)}`;
  const mine = await claimFor(place, claim);
  if (mine === null) return false;
  try {
    if ((readLock(disk, path)?.id ?? unreadable) !== ownerId) return false;
    if (ownerId === unreadable && !staleUnreadable(place)) return false;
    await disk.remove(path);
    return true;
  } finally {
    await mine.close();
    await disk.remove(claim);
  }
}

/** Claims that their makers did not live to remove. They guard owners that are gone for good, now that the lock is ours. */
async function sweepClaims(disk: Disk, path: string, ownerId: string): Promise<void> {
  const claims = disk
    .list(dirname(path))
    .filter((name) => name.startsWith(`${basename(path)}.`) && !name.startsWith(`${basename(path)}.${ownerId}`))
    // And what they were killed over while they made it.
    .concat(disk.list(dirname(path)).filter((name) => name.startsWith(`.${basename(path)}.`) && name.endsWith('.tmp')));
  for (const name of claims) await disk.remove(join(dirname(path), name));
}

async function claimFor(place: LockPlace, claim: string): Promise<OwnedFile | null> {
  const { disk, now } = place;
  const probe = place.probe ?? nodeProbe();
  const at = new Date(now()).toISOString();
  const claimant: LockOwner = { id: randomBytes(8).toString('hex'), command: 'taking over a lock', ...probe.self, since: at, beat: at };
  const other = { ...place, path: claim };
  const holder = readLock(disk, claim);
  if (holder !== null && lockState(holder, other) !== 'alive') await clear(other, holder.id);
  else if (holder === null) await clearUnreadable(other);
  const mine = await disk.createExclusive(claim, JSON.stringify(claimant));
  if (mine === null || readLock(disk, claim)?.id === claimant.id) return mine;
  await mine.close();
  return null;
}

const unreadable = 'unreadable';

/** A lock that nobody can read belongs to a process that died while making it, once it is old enough. */
async function clearUnreadable(place: LockPlace): Promise<boolean> {
  return staleUnreadable(place) && (await clear(place, unreadable));
}

function staleUnreadable({ disk, path, now }: LockPlace): boolean {
  const facts = disk.stat(path);
  return facts !== null && readLock(disk, path) === null && Math.abs(now() - facts.modifiedMs) >= silentMs;
}

function holdLock(place: LockPlace, timers: LockTimers, owner: LockOwner, file: OwnedFile): Lock {
  const { disk, path, now } = place;
  let released = false;
  let beating: Promise<void> = Promise.resolve();
  // The beat goes into the file that we made, by its handle: if another host took the lock meanwhile, its file is not touched.
  const stop = timers.every(beatMs, () => {
    const text = JSON.stringify({ ...owner, beat: new Date(now()).toISOString() });
    beating = beating.then(() => file.write(text)).catch(() => undefined);
  });
  return {
    owner,
    verify() {
      const holder = readLock(disk, path);
      if (released || holder?.id !== owner.id) throw lost(path, holder);
    },
    async release() {
      if (released) return;
      released = true;
      stop();
      await beating;
      await file.close().catch(() => undefined);
      await clear(place, owner.id).catch(() => false);
    },
  };
}

/** What a lock keeps others from: its target, by the file's name. */
function lockedThing(path: string): string {
  return basename(path).replace(/\.lock$/, '');
}

function describe(holder: LockOwner): string {
  return `"${holder.command}" of ${holder.user}, process ${holder.pid} on ${holder.host}, since ${holder.since}`;
}

function lockedBy(path: string, holder: LockOwner | null, nowMs: number): SyncError {
  const aheadMs = holder === null ? 0 : Date.parse(holder.beat) - nowMs;
  const ahead =
    aheadMs < silentMs
      ? {}
      : {
          next: `its last sign of life is dated ${Math.round(aheadMs / 60_000)} min ahead of this clock: set the clocks; --lock-wait 2m takes it over once it was seen silent for a minute`,
        };
  const message = `${lockedThing(path)} is locked by ${holder === null ? `a process that is just starting (${path})` : describe(holder)}`;
  return new SyncError('LOCKED', { message, ...ahead, data: holderData(path, holder) });
}

function lost(path: string, holder: LockOwner | null): SyncError {
  const now = holder === null ? `${path} is gone` : `it is held by ${describe(holder)}`;
  return new SyncError('LOCKED', {
    message: `lost the lock of ${lockedThing(path)} while at work: ${now}`,
    next: 'run again: what was journaled is not lost; if the machine was suspended or its clock was set, that is why',
    data: holderData(path, holder),
  });
}

function holderData(path: string, holder: LockOwner | null): JsonRecord {
  return { lock: path, holder: holder === null ? null : { ...holder } };
}

function differ(a: string | null | undefined, b: string | null | undefined): boolean {
  return typeof a === 'string' && typeof b === 'string' && a !== b;
}

/** Whether a value is what a lock holds of its owner. */
export function isOwner(value: unknown): value is LockOwner {
  if (typeof value !== 'object' || value === null) return false;
  const fields: { readonly [key: string]: unknown } = { ...value };
  const texts = ['id', 'command', 'user', 'host', 'since', 'beat'].every((key) => typeof fields[key] === 'string');
  return texts && typeof fields['pid'] === 'number' && !Number.isNaN(Date.parse(String(fields['beat'])));
}

/** Those of this process. */
export const realTimers: LockTimers = {
  wait: (ms, signal) =>
    new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        reject(new SyncError('ABORTED'));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      }, ms);
      signal?.addEventListener('abort', stop, { once: true });
    }),
  every(ms, work) {
    const timer = setInterval(work, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};
