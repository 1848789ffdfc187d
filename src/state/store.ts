// The memory of one target: a lowdb snapshot and the journal beside it, loaded, verified, folded and saved. The only file that knows
// in which order the two are written: the snapshot first, then the journal is cut down to what is open.
import { type Adapter, Low } from 'lowdb';
import type { Effect, EntryBody, JournalEntry } from '../model/effect.ts';
import { SyncError } from '../model/error.ts';
import type { Timestamp } from '../model/json.ts';
import type { TargetState } from '../model/record.ts';
import { strayWrites } from '../model/stray.ts';
import { type Disk, sweepTemporary } from './disk.ts';
import { type JournalContent, openJournal, readJournal } from './journal.ts';
import { ages, type Found, foldEntry, ledgerPaths, replay, stillOpen, wayOut } from './recovery.ts';
import { decideRename, diskAfter, finishRename, pendingRename, renamedAway, renamedTo } from './rename.ts';
import { type Decoded, decodeSnapshot, encodeSnapshot, type Snapshot, unknownWriter, type Writer } from './snapshot.ts';
import { leaveStray, readStrays } from './stray.ts';

export interface LedgerPlace {
  readonly disk: Disk;
  /** The state folder. */
  readonly dir: string;
  readonly target: string;
}

export interface LedgerInput extends LedgerPlace {
  /** Milliseconds since 1970. It may jump: order is that of the journal, never that of the stamps. */
  readonly now: () => number;
  /** Throws where the lock is no longer held (Lock.verify): asked before every write. */
  readonly guard?: () => void;
  /** Who writes: kept in the files, so that another kbsync can say which version it takes. */
  readonly writer?: Writer;
}

/** What is known of a target, read without a lock. */
export interface LedgerView {
  readonly state: TargetState;
  /** Effects begun and not ended: what is unconfirmed. Read without a lock, also what a run that lost its lock may have put over it since. */
  readonly open: readonly Effect[];
  /** Set where a damaged snapshot was made good from the previous copy and the journal, or its line ends were; a sentence for people. */
  readonly recovered: string | null;
  /** Who saved it last. */
  readonly savedBy: Writer;
}

/** The memory of one target while its lock is held. `state` and `open` are live. */
export interface Ledger extends LedgerView {
  /** Stamps, journals durably, then folds. Rejects with STATE_UNWRITABLE: then none of the entries counts. */
  append(entries: readonly EntryBody[]): Promise<void>;
  /** Saves a snapshot durably and then cuts the journal down to what is open. Does nothing where nothing happened since the last. */
  checkpoint(): Promise<void>;
  /** Of a run that has lost its lock: leaves what it had in hand to its successors (stray.ts). STATE_UNWRITABLE. */
  close(): Promise<void>;
}

/** The targets that have state in a folder, sorted. */
export function listTargets(disk: Disk, dir: string): readonly string[] {
  const names = new Set<string>();
  for (const name of disk.list(dir)) {
    const target = /^([a-z0-9][a-z0-9-]{0,39})\.(?:json|json\.bak|journal)$/.exec(name)?.[1];
    if (target !== undefined) names.add(target);
  }
  return [...names].sort();
}

/**
 * The state of a target as it stands, for plan, status and show: no lock, nothing written. A writer may be at work meanwhile.
 * STATE_DAMAGED, STATE_NEWER.
 */
export async function readLedger(given: LedgerPlace): Promise<LedgerView> {
  const pending = pendingRename(given.disk, given.dir, given.target);
  if (pending?.from === given.target) throw renamedAway(pending);
  const place = pending === null ? given : { ...given, disk: diskAfter(given.disk, given.dir, pending) };
  const paths = ledgerPaths(place.dir, place.target);
  for (let tries = 1; ; tries += 1) {
    // The snapshot first: a journal read after it can only be of the same moment or continue it.
    try {
      const found = await findSnapshot(place);
      const content = readJournal(place.disk, paths.journal);
      const memory = replay(place, found, content);
      const savedBy = found.snapshot?.savedBy ?? unknownWriter;
      const open = [...memory.open.values(), ...readStrays(place).flatMap((stray) => strayWrites(stray, memory.draft))];
      return { state: memory.draft, open, recovered: recoveredOf(found, content, paths), savedBy };
    } catch (error) {
      // A checkpoint may have gone by between the two reads.
      if (tries === 5) throw error;
    }
  }
}

/**
 * Opens the memory of a target for writing; the caller holds its lock. Cuts a torn end off the journal and removes what dead writers
 * left behind; a damaged snapshot is moved aside where previous copy and journal make it good, else STATE_DAMAGED. STATE_NEWER.
 */
export async function openLedger(input: LedgerInput): Promise<Ledger> {
  const { disk, dir, target, now } = input;
  const pending = pendingRename(disk, dir, target);
  if (pending?.from === target) throw renamedAway(pending);
  if (pending !== null) await finishRename(disk, dir, pending);
  const paths = ledgerPaths(dir, target);
  const found = await findSnapshot(input);
  const kbsync = input.writer?.kbsync ?? null;
  const journal = openJournal(disk, paths.journal, target, kbsync);
  // Judged before anything is written: damage changes nothing.
  const content = readJournal(disk, paths.journal);
  const memory = replay(input, found, content);
  await sweepTemporary(disk, dir, [`${target}.json`, `${target}.journal`]);
  if (found.recovered !== null) await disk.rename(paths.snapshot, paths.damaged);
  await journal.readBack();

  const { draft, open, begunAt } = memory;
  let { follows, unsaved, aged } = memory;
  let generation = found.snapshot?.generation ?? 0;
  let savedBy = found.snapshot?.savedBy ?? unknownWriter;
  journal.follow(generation);
  const low = new Low<Snapshot | null>(snapshotAdapter(input, found.source === 'current'), null);

  /** What was to be journaled when the lock was found to be another's. */
  const refused: EntryBody[] = [];
  const isLost = (): boolean => {
    try {
      input.guard?.();
      return false;
    } catch {
      return true;
    }
  };

  const take = (entry: JournalEntry): void => {
    unsaved = true;
    aged = aged || ages(draft, open, entry);
    foldEntry(memory, entry);
  };

  const save = async (): Promise<void> => {
    if (!unsaved) return;
    input.guard?.();
    const state: TargetState = { ...draft, serial: draft.serial + (aged ? 1 : 0) };
    const next = generation + 1;
    const writer = input.writer ?? unknownWriter;
    low.data = { generation: next, holds: { follows, entries: journal.length }, savedAt: stamp(now), savedBy: writer, state };
    await low.write();
    low.data = null;
    savedBy = writer;
    generation = next;
    draft.serial = state.serial;
    unsaved = false;
    aged = false;
    follows = next;
    await journal.rewrite(next, stillOpen(open, begunAt, draft));
  };

  return {
    state: draft,
    get open() {
      return [...open.values()];
    },
    recovered: recoveredOf(found, content, paths),
    get savedBy() {
      return savedBy;
    },
    async append(bodies) {
      if (bodies.length === 0) return;
      if (isLost()) refused.push(...bodies);
      input.guard?.();
      const at = stamp(now);
      const entries = bodies.map((body): JournalEntry => ({ at, ...body }));
      await journal.append(entries, () => {
        for (const entry of entries) take(entry);
      });
    },
    checkpoint: () => journal.alone(save),
    async close() {
      await journal.close();
      // What is still in hand may have gone out after the other run had looked for it.
      if (open.size > 0 && isLost()) await leaveStray(input, { at: stamp(now), kbsync, open: [...open.values()], refused });
    },
  };
}

/**
 * Gives the memory of a target another name, unconfirmed writes and all; the caller holds the locks of both. A rename that was cut short is
 * finished. USAGE where the old name has no memory or the new one has one; STATE_DAMAGED, STATE_NEWER, STATE_UNWRITABLE.
 */
export async function renameLedger(input: LedgerInput, to: string): Promise<'renamed' | 'finished'> {
  const { disk, dir, target, now } = input;
  const pending = pendingRename(disk, dir, target) ?? pendingRename(disk, dir, to);
  if (pending !== null && (pending.from !== target || pending.to !== to)) throw renamedAway(pending);
  if (pending === null) {
    const there = listTargets(disk, dir);
    if (!there.includes(target)) throw noSuchState(target, there);
    if (there.includes(to)) throw stateInTheWay(to, ledgerPaths(dir, to).snapshot);
    const found = await findSnapshot(input);
    const { draft, open, begunAt, aged } = replay(input, found, readJournal(disk, ledgerPaths(dir, target).journal));
    const state = { ...draft, serial: draft.serial + (aged ? 1 : 0) };
    const generation = found.snapshot?.generation ?? 0;
    const savedBy = input.writer ?? unknownWriter;
    await sweepTemporary(disk, dir, [`${target}.json`, `${target}.journal`, `${to}.json`, `${to}.journal`, `${to}.renaming`]);
    input.guard?.();
    await decideRename(disk, dir, renamedTo({ state, open: [...open.values()], begunAt, generation, savedAt: stamp(now), savedBy }, to));
  }
  const decided = pending ?? pendingRename(disk, dir, to);
  if (decided !== null) await finishRename(disk, dir, decided);
  return pending === null ? 'renamed' : 'finished';
}

/** Said where a command speaks of a memory that is not there. */
export function noSuchState(target: string, there: readonly string[], next = 'kbsync state rename OLD NEW'): SyncError {
  const known = there.length === 0 ? 'there is none' : `there is that of ${there.join(', ')}`;
  return new SyncError('USAGE', { message: `there is no state of ${target}; ${known}`, next });
}

function stateInTheWay(to: string, file: string): SyncError {
  return new SyncError('USAGE', {
    message: `${to} has a state of its own already (${file}): one of the two would be lost`,
    next: `choose another name; or, if that state is not needed, move ${file}, ${file}.bak and its journal away`,
  });
}

/** The current snapshot; where it is missing or damaged, the previous copy, which is good only if the journal continues it. */
async function findSnapshot(place: LedgerPlace): Promise<Found> {
  const { disk, target } = place;
  const paths = ledgerPaths(place.dir, target);
  let damage: SyncError | null = null;
  try {
    const current = await snapshotAdapter(place, false).read();
    if (current !== null) return { snapshot: current, source: 'current', recovered: null, damage: null };
  } catch (error) {
    if (!(error instanceof SyncError) || error.code !== 'STATE_DAMAGED') throw error;
    damage = error;
  }
  const previous = disk.read(paths.previous);
  if (previous === null && damage === null) return { snapshot: null, source: 'none', recovered: null, damage };
  let snapshot: Decoded | null;
  try {
    // No previous copy: the first snapshot ever, which a journal from the very beginning makes good.
    snapshot = previous === null ? null : decodeSnapshot(previous.toString('utf8'), paths.previous, target);
  } catch (error) {
    if (!(error instanceof SyncError) || error.code !== 'STATE_DAMAGED') throw error;
    throw damage ?? wayOut(error, paths);
  }
  const recovered =
    damage === null
      ? null
      : `${damage.message.replace('; nothing was changed', '')}. Previous copy and journal hold everything; it is kept as ${paths.damaged}`;
  return { snapshot, source: 'previous', recovered, damage };
}

/** What is said of a state that was made good; null where nothing had to be. */
function recoveredOf(found: Found, content: JournalContent, { snapshot, journal }: ReturnType<typeof ledgerPaths>): string | null {
  const files = [...(found.snapshot?.converted === true ? [snapshot] : []), ...(content.stale === 'converted' ? [journal] : [])];
  const converted =
    files.length === 0
      ? null
      : `${files.join(' and ')}: line ends were converted (by git's autocrlf, or a transfer as text); everything else is as kbsync wrote it, and the ` +
        'next save puts them back. Keep the state out of git, or mark its folder "-text" in .gitattributes';
  return found.recovered ?? converted;
}

/** lowdb's two methods over the durable disk. Writing keeps the copy before as .bak, but never a damaged one. */
function snapshotAdapter(
  place: LedgerPlace,
  goodNow: boolean,
): Pick<Adapter<Snapshot | null>, 'write'> & { read(): Promise<Decoded | null> } {
  const { disk, target } = place;
  const paths = ledgerPaths(place.dir, target);
  let good = goodNow;
  return {
    async read() {
      const bytes = disk.read(paths.snapshot);
      return bytes === null ? null : decodeSnapshot(bytes.toString('utf8'), paths.snapshot, target);
    },
    async write(snapshot) {
      if (snapshot === null) return;
      const text = encodeSnapshot(snapshot);
      // Between the two steps there is no current one: previous copy and journal are complete just then.
      const keep = good;
      good = false;
      if (keep) await disk.rename(paths.snapshot, paths.previous);
      await disk.replace(paths.snapshot, text);
      good = true;
    },
  };
}

function stamp(now: () => number): Timestamp {
  return new Date(now()).toISOString();
}
