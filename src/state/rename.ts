// A target's memory under another name. One file is the moment at which it changes hands: before it is there the old name has the memory,
// from then on the new one has, whatever was still to be written. Readers and writers of both names ask for it first.
import { join } from 'node:path';
import type { Effect } from '../model/effect.ts';
import { SyncError } from '../model/error.ts';
import { type JsonRecord, sha256, type Timestamp } from '../model/json.ts';
import type { EffectId, HeldRun, TargetState } from '../model/record.ts';
import { type Disk, temporaryName } from './disk.ts';
import { journalText } from './journal.ts';
import { stateFormat } from './migrate.ts';
import { ledgerPaths, stillOpen } from './recovery.ts';
import { encodeSnapshot, type Writer } from './snapshot.ts';
import { renameStrays } from './stray.ts';

/** A rename that was decided and is not yet carried out: all that the new name is to have. */
export interface PendingRename {
  readonly from: string;
  readonly to: string;
  readonly snapshot: string;
  readonly journal: string;
}

/** Everything of a memory that goes over. */
export interface Renamed {
  readonly state: TargetState;
  readonly open: readonly Effect[];
  readonly begunAt: ReadonlyMap<EffectId, Timestamp>;
  readonly generation: number;
  readonly savedAt: Timestamp;
  readonly savedBy: Writer;
}

const suffix = '.renaming';

/** The rename that gives a name its memory, or takes it; null where there is none. STATE_DAMAGED. */
export function pendingRename(disk: Disk, dir: string, target: string): PendingRename | null {
  for (const name of disk.list(dir)) {
    if (!name.endsWith(suffix)) continue;
    const pending = readPending(disk, join(dir, name));
    if (pending !== null && (pending.from === target || pending.to === target)) return pending;
  }
  return null;
}

/** What the new name is to have: whole, so that nothing else is needed to carry it out. */
export function renamedTo({ state, open, begunAt, generation, savedAt, savedBy }: Renamed, to: string): PendingRename {
  const from = state.target;
  const next = generation + 1;
  const renamed: TargetState = { ...state, target: to, held: state.held.map((run) => heldFor(run, from, to)) };
  const entries = stillOpen(new Map(open.map((effect) => [effect.id, effect])), begunAt, renamed);
  return {
    from,
    to,
    snapshot: encodeSnapshot({ generation: next, holds: { follows: next, entries: 0 }, savedAt, savedBy, state: renamed }),
    journal: journalText({ journal: stateFormat, kbsync: savedBy.kbsync, target: to, follows: next }, entries),
  };
}

/** A held run names its target in the command that passes it. */
function heldFor(run: HeldRun, from: string, to: string): HeldRun {
  const passWith =
    run.passWith?.replace(`--target ${from} `, `--target ${to} `).replace(new RegExp(`--target ${from}$`), `--target ${to}`) ?? null;
  return { ...run, passWith };
}

/** From here on the new name has the memory. */
export async function decideRename(disk: Disk, dir: string, pending: PendingRename): Promise<void> {
  const { from, to, snapshot, journal } = pending;
  const body = JSON.stringify({ from, to, snapshot, journal });
  await disk.replace(join(dir, `${to}${suffix}`), `{"rename":1,"checksum":"${sha256(body)}","e":${body}}\n`);
}

/** Carries a decided rename out, as often as it takes. Only for whoever holds the lock of the new name. */
export async function finishRename(disk: Disk, dir: string, { from, to, snapshot, journal }: PendingRename): Promise<void> {
  const [old, now] = [ledgerPaths(dir, from), ledgerPaths(dir, to)];
  await disk.replace(now.journal, journal);
  await disk.replace(now.snapshot, snapshot);
  const texts = { from: join(dir, 'texts', from), to: join(dir, 'texts', to) };
  if (disk.stat(texts.from)?.folder === true && disk.list(texts.to).length === 0) await disk.rename(texts.from, texts.to);
  await renameStrays({ disk, dir, target: from }, to);
  for (const path of [old.previous, old.journal]) await disk.remove(path);
  // A removal is not synced, a rename is: what lay under the old name must not come back after the file that says whose it is has gone.
  await removeDurably(disk, old.snapshot, temporaryName(now.snapshot, 'renamed-from'));
  await removeDurably(disk, join(dir, `${to}${suffix}`), temporaryName(now.snapshot, 'renamed'));
}

async function removeDurably(disk: Disk, path: string, out: string): Promise<void> {
  if (disk.stat(path) === null) return;
  await disk.rename(path, out);
  await disk.remove(out);
}

/** The disk as the new name sees it while the rename is still to be carried out. */
export function diskAfter(disk: Disk, dir: string, { to, snapshot, journal }: PendingRename): Disk {
  const paths = ledgerPaths(dir, to);
  const texts = new Map([
    [paths.snapshot, snapshot],
    [paths.journal, journal],
  ]);
  return {
    ...disk,
    read(path, last) {
      const text = texts.get(path);
      if (text === undefined) return path === paths.previous ? null : disk.read(path, last);
      const bytes = Buffer.from(text);
      return last === undefined ? bytes : bytes.subarray(Math.max(0, bytes.length - last));
    },
  };
}

/** Said to whoever opens the old name, whose memory the new one has. */
export function renamedAway({ from, to }: PendingRename): SyncError {
  return new SyncError('CONFIG_INVALID', {
    message: `the memory of ${from} was handed to ${to} by kbsync state rename`,
    next: `kbsync state rename ${from} ${to} finishes it; then name the target ${to} in the configuration`,
    facts: { stops: 'target' },
  });
}

function readPending(disk: Disk, path: string): PendingRename | null {
  const text = disk.read(path)?.toString('utf8');
  if (text === undefined) return null;
  const found = /^\{"rename":1,"checksum":"([0-9a-f]{64})","e":(.*)\}\n$/s.exec(text);
  const [, checksum, body] = found ?? [];
  if (checksum === undefined || body === undefined || sha256(body) !== checksum) {
    throw new SyncError('STATE_DAMAGED', {
      message: `${path} cannot be used: it is not what kbsync wrote; nothing was changed`,
      next: `restore it from a backup; or, where the state of the old name is still there, delete it and run kbsync state rename again`,
      data: { file: path },
    });
  }
  const { from, to, snapshot, journal } = JSON.parse(body) as JsonRecord;
  return { from: String(from), to: String(to), snapshot: String(snapshot), journal: String(journal) };
}
