// What a run that lost its lock while at work leaves for its successors: the writes of which it does not know whether they went out before the other one
// looked for them. A file of its own beside the journal, which is no longer this run's to write; in the journal's own form.
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { Effect, EntryBody, JournalEntry, Stray } from '../model/effect.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import type { Timestamp } from '../model/json.ts';
import type { EffectId } from '../model/record.ts';
import type { Disk } from './disk.ts';
import { type JournalHeader, journalText, readJournal } from './journal.ts';
import { stateFormat } from './migrate.ts';

interface StrayPlace {
  readonly disk: Disk;
  /** The state folder. */
  readonly dir: string;
  readonly target: string;
}

/** What a run that lost its lock still had in hand. */
export interface InHand {
  readonly at: Timestamp;
  readonly kbsync: string | null;
  /** Begun, and not ended in its journal. */
  readonly open: readonly Effect[];
  /** What it wanted to journal when it was refused. */
  readonly refused: readonly EntryBody[];
}

function fileOf({ dir, target }: Omit<StrayPlace, 'disk'>, id: string): string {
  return join(dir, `${target}.stray-${id}`);
}

/** Writes down what is still in hand, for whoever holds the lock next. Nothing in hand: no file. STATE_UNWRITABLE. */
export async function leaveStray(place: StrayPlace, { at, kbsync, open, refused }: InHand): Promise<void> {
  const answered = new Set(refused.flatMap((entry) => (entry.kind === 'done' || entry.kind === 'blurred' ? [entry.effect] : [])));
  const known = new Set(refused.flatMap((entry) => (entry.kind === 'failed' && !answered.has(entry.effect) ? [entry.effect] : [])));
  const effects = open.filter(({ id }) => !known.has(id));
  if (effects.length === 0) return;
  // What a search of this run has found may be the other one's: it does not know what that one has made.
  const ends = refused.filter((entry) => entry.kind === 'done' && entry.settledBy === 'reply');
  const header: JournalHeader = { journal: stateFormat, kbsync, target: place.target, follows: 0 };
  const text = journalText(header, [{ at, kind: 'begin', effects }, ...ends.map((entry) => ({ ...entry, at }))]);
  await place.disk.replace(fileOf(place, randomBytes(8).toString('hex')), text);
}

/** Everything of that kind, oldest first. STATE_DAMAGED names the file. */
export function readStrays({ disk, dir, target }: StrayPlace): readonly Stray[] {
  const start = basename(fileOf({ dir, target }, ''));
  const files = disk.list(dir).filter((name) => name.startsWith(start) && /^[0-9a-f]{16}$/.test(name.slice(start.length)));
  const strays = files.flatMap((name): Stray[] => {
    const file = join(dir, name);
    const entries = entriesOf(disk, file, target);
    const effects = entries.flatMap((entry) => (entry.kind === 'begin' ? entry.effects : []));
    const ends = entries.flatMap((entry): [EffectId, string][] =>
      entry.kind === 'done' && entry.remoteId !== null ? [[entry.effect, entry.remoteId]] : [],
    );
    const [first] = entries;
    return first === undefined ? [] : [{ file, at: first.at, effects, made: new Map(ends) }];
  });
  return strays.sort((left, right) => (left.at < right.at ? -1 : 1));
}

/** Those that may have changed what the records know; what was made besides is no record's. */
export function strayWrites(strays: readonly Stray[]): readonly Effect[] {
  return strays.flatMap(({ effects }) =>
    effects.filter(({ action }) => action === 'update' || action === 'delete' || action === 'replace-all'),
  );
}

function entriesOf(disk: Disk, file: string, target: string): readonly JournalEntry[] {
  try {
    return readJournal(disk, file).entries;
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code !== 'STATE_DAMAGED') throw error;
    throw new SyncError('STATE_DAMAGED', {
      message: `${file}, which tells what a run that lost its lock may have sent, is not what kbsync wrote; nothing was changed`,
      next: `delete it; then kbsync drift --target ${target} --repair compares what the bot holds`,
      data: { file },
      cause: error,
    });
  }
}

/** Once everything that one tells has been looked for. STATE_UNWRITABLE. */
export async function dropStray(disk: Disk, { file }: Pick<Stray, 'file'>): Promise<void> {
  await disk.remove(file);
}

/** The files of one target under the name of another; for `state rename`. */
export async function renameStrays({ disk, dir, target }: StrayPlace, to: string): Promise<void> {
  for (const { file } of readStrays({ disk, dir, target })) {
    await disk.rename(file, join(dirname(file), basename(file).replace(`${target}.`, `${to}.`)));
  }
}
