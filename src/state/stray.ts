// What a run that lost its lock while at work leaves for its successors: the writes of which it does not know whether they went out before the other one
// looked for them. A file of its own beside the journal, which is no longer this run's to write; in the journal's own form.
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { Effect, EntryBody, JournalEntry, Stray } from '../model/effect.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import { sha256, type Timestamp } from '../model/json.ts';
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
  const text = strayText(
    place.target,
    kbsync,
    effects,
    ends.map((entry) => ({ ...entry, at })),
    at,
  );
  await place.disk.replace(fileOf(place, randomBytes(8).toString('hex')), text);
}

/** Writes down what a run is about to do, for the case that nobody hears of it again; returns what takes it back. STATE_UNWRITABLE. */
export async function leaveForetold(place: StrayPlace, effects: readonly Effect[], at: Timestamp): Promise<() => void> {
  const file = fileOf(place, randomBytes(8).toString('hex'));
  await place.disk.replace(file, strayText(place.target, null, effects, [], at));
  return () => place.disk.removeLoosely(file);
}

function strayText(
  target: string,
  kbsync: string | null,
  effects: readonly Effect[],
  ends: readonly JournalEntry[],
  at: Timestamp,
): string {
  const header: JournalHeader = { journal: stateFormat, kbsync, target, follows: 0 };
  return journalText(header, [{ at, kind: 'begin', effects }, ...ends]);
}

/**
 * What a state folder that another one takes the place of has to tell: for each journal the writes that are open, and those that were answered since
 * `since`, the last moment of which the other one knows (null: never). By file name; the same folder gives the same names. `broken`: journals that
 * could not be read.
 */
export function straysOf(
  disk: Disk,
  dir: string,
  { since, at }: { readonly since: Timestamp | null; readonly at: Timestamp },
): { readonly files: ReadonlyMap<string, string>; readonly broken: readonly string[] } {
  const files = new Map<string, string>();
  const broken: string[] = [];
  for (const name of disk.list(dir)) {
    if (/^[a-z0-9][a-z0-9-]{0,39}\.stray-[0-9a-f]{16}$/.test(name)) files.set(name, disk.read(join(dir, name))?.toString('utf8') ?? '');
    const target = /^([a-z0-9][a-z0-9-]{0,39})\.journal$/.exec(name)?.[1];
    if (target === undefined) continue;
    try {
      const { header, entries } = readJournal(disk, join(dir, name));
      const { effects, ends } = writtenSince(entries, since);
      if (effects.length === 0) continue;
      const id = sha256(effects.map((effect) => effect.id).join('\n')).slice(0, 16);
      files.set(`${target}.stray-${id}`, strayText(target, header?.kbsync ?? null, effects, ends, at));
    } catch (thrown) {
      if (asSyncError(thrown).code === 'UNEXPECTED') throw thrown;
      broken.push(name);
    }
  }
  return { files, broken };
}

type End = Extract<JournalEntry, { kind: 'done' | 'failed' | 'blurred' }>;

function writtenSince(entries: readonly JournalEntry[], since: Timestamp | null) {
  const ended = new Map<EffectId, End>();
  for (const entry of entries)
    if (entry.kind === 'done' || entry.kind === 'failed' || entry.kind === 'blurred') ended.set(entry.effect, entry);
  const effects = entries.flatMap((entry) => (entry.kind === 'begin' ? entry.effects : [])).filter(isOfItems);
  const unknown = effects.filter(({ id }) => {
    const end = ended.get(id);
    return end === undefined || (end.kind !== 'failed' && (since === null || Date.parse(end.at) >= Date.parse(since)));
  });
  const ends = unknown.flatMap(({ id }) => {
    const end = ended.get(id);
    // As above: what it found may be what the other one has made.
    return end?.kind === 'done' && end.settledBy === 'reply' ? [end] : [];
  });
  return { effects: unknown, ends };
}

/** Trainings can be asked for again, and a container is not looked for a second time. */
function isOfItems({ action }: Effect): boolean {
  return action === 'create' || action === 'update' || action === 'delete' || action === 'replace-all';
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
