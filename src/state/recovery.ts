// How snapshot and journal become one state again, and what is said when they cannot. Reads nothing and writes nothing.
import { join } from 'node:path';
import type { Effect, JournalEntry } from '../model/effect.ts';
import { errorTable, SyncError } from '../model/error.ts';
import { draftOf, foldInto, type StateDraft } from '../model/fold.ts';
import type { Timestamp } from '../model/json.ts';
import { type EffectId, emptyState, type TargetState } from '../model/record.ts';
import type { JournalContent } from './journal.ts';
import { stateFormat } from './migrate.ts';
import type { Decoded } from './snapshot.ts';

interface Paths {
  readonly snapshot: string;
  /** The copy before, which the journal may still continue. */
  readonly previous: string;
  readonly journal: string;
  /** Where a damaged snapshot is kept after it was made good. */
  readonly damaged: string;
}

/** Where a target's files lie. */
export function ledgerPaths(dir: string, target: string): Paths {
  const snapshot = join(dir, `${target}.json`);
  return { snapshot, previous: `${snapshot}.bak`, journal: join(dir, `${target}.journal`), damaged: `${snapshot}.damaged` };
}

/** The snapshot to begin with. */
export interface Found {
  readonly snapshot: Decoded | null;
  readonly source: 'current' | 'previous' | 'none';
  readonly recovered: string | null;
  /** Why the current one cannot be used, where it cannot. */
  readonly damage: SyncError | null;
}

/** A state that is being written on, and what the next checkpoint needs to know. */
export interface Replayed {
  readonly draft: StateDraft;
  readonly open: Map<EffectId, Effect>;
  /** When each open effect began, for the journal that is cut down. */
  readonly begunAt: Map<EffectId, Timestamp>;
  /** The snapshot that the journal on disk follows. */
  readonly follows: number;
  /** Whether the journal holds anything that the snapshot does not, or must be cut down. */
  readonly unsaved: boolean;
  readonly aged: boolean;
}

/** The journal over the snapshot that it continues. A journal that continues another is damage: something in between is lost. */
export function replay(place: { readonly dir: string; readonly target: string }, found: Found, content: JournalContent): Replayed {
  const paths = ledgerPaths(place.dir, place.target);
  const { snapshot } = found;
  const generation = snapshot?.generation ?? 0;
  const follows = content.header?.follows ?? generation;
  if (content.header !== null && content.header.target !== place.target) {
    throw new SyncError('STATE_DAMAGED', {
      message: `${paths.journal} is the journal of another target, ${content.header.target}`,
      data: { file: paths.journal },
    });
  }
  // An empty journal beside a snapshot is a person's word that nothing was pushed since; a missing or unreadable one is not.
  if (snapshot !== null && content.header === null && content.bytes !== 0) throw journalMissing(paths, { snapshot, source: found.source });
  const known = follows === generation ? 0 : follows === snapshot?.holds.follows ? snapshot.holds.entries : null;
  if (found.damage !== null && content.header === null) throw wayOut(found.damage, paths);
  if (known === null)
    throw found.damage === null ? otherMoment(paths, follows, found.source === 'current' ? generation : null) : wayOut(found.damage, paths);
  const open = new Map<EffectId, Effect>();
  const begunAt = new Map<EffectId, Timestamp>();
  // What the snapshot holds already tells only what is still open: it is folded over a state that nobody sees.
  const past = { draft: draftOf(emptyState(place.target)), open, begunAt };
  for (const entry of content.entries.slice(0, known)) foldEntry(past, entry);
  const memory = { draft: draftOf(snapshot?.state ?? emptyState(place.target)), open, begunAt };
  let aged = false;
  for (const entry of content.entries.slice(known)) {
    aged = aged || ages(memory.draft, open, entry);
    foldEntry(memory, entry);
  }
  const kept = content.entries.every((entry) => entry.kind === 'begin' || entry.kind === 'doubt');
  // What an older kbsync wrote, or something on its way here has changed, is written anew with the next save.
  const stale = content.stale !== null || (snapshot !== null && (snapshot.format < stateFormat || snapshot.converted));
  return { ...memory, follows, aged, unsaved: follows !== generation || found.source === 'previous' || !kept || stale };
}

/** One entry into state, open effects and their stamps. */
export function foldEntry({ draft, open, begunAt }: Pick<Replayed, 'draft' | 'open' | 'begunAt'>, entry: JournalEntry): void {
  foldInto(draft, open, entry);
  if (entry.kind === 'begin') for (const effect of entry.effects) begunAt.set(effect.id, entry.at);
  else if ('effect' in entry && !open.has(entry.effect)) begunAt.delete(entry.effect);
}

/** Whether an entry, about to be folded, changes what a sealed plan rests on. Training, notes and todos do not. */
export function ages(state: TargetState, open: ReadonlyMap<EffectId, Effect>, entry: JournalEntry): boolean {
  switch (entry.kind) {
    case 'done':
    case 'failed':
    case 'blurred': {
      const action = open.get(entry.effect)?.action;
      return action !== undefined && action !== 'train';
    }
    case 'identity':
      return state.identity !== entry.identity;
    case 'container':
      return state.container !== entry.container;
    case 'known':
      return entry.documents.length > 0;
    case 'rekey':
      return state.records[entry.from] !== undefined && state.records[entry.to] === undefined;
    case 'moved':
      return state.records[entry.document] !== undefined;
    case 'gone':
    case 'altered':
      return entry.remoteIds.length > 0;
    case 'forget':
      return state.records[entry.document]?.items.length === 0;
    case 'leftover':
    case 'by-person':
    case 'retracted':
      return true;
    case 'begin':
    case 'doubt':
    case 'training':
    case 'run-ended':
    case 'learnt':
    case 'held':
    case 'todos':
    case 'drift':
    case 'synced':
      return false;
    default:
      entry satisfies never;
      return true;
  }
}

/** The journal cut down: begins without an end, as they began together, and what is known of the doubtful. */
export function stillOpen(
  open: ReadonlyMap<EffectId, Effect>,
  begunAt: ReadonlyMap<EffectId, Timestamp>,
  state: TargetState,
): JournalEntry[] {
  const groups = new Map<Timestamp, Effect[]>();
  for (const effect of open.values()) {
    const at = begunAt.get(effect.id) ?? '';
    const group = groups.get(at);
    if (group === undefined) groups.set(at, [effect]);
    else group.push(effect);
  }
  const begins = [...groups].map(([at, effects]): JournalEntry => ({ at, kind: 'begin', effects }));
  const doubts = state.doubts
    .filter((doubt) => open.has(doubt.effect))
    .map((doubt): JournalEntry => ({ at: doubt.since, kind: 'doubt', doubt }));
  return [...begins, ...doubts];
}

/** The same damage with what a person can do about it. */
export function wayOut(damage: SyncError, paths: Paths): SyncError {
  const own = damage.next === errorTable.STATE_DAMAGED.next ? null : damage.next;
  const known = damage.data['edited'] === true || damage.data['merge'] === true;
  return new SyncError('STATE_DAMAGED', {
    message: damage.message,
    next: own === null ? restoreOrMoveAway(paths) : known ? `${own}; or ${restoreOrMoveAway(paths)}` : own,
    data: damage.data,
    cause: damage,
  });
}

function otherMoment(paths: Paths, follows: number, generation: number | null): SyncError {
  const there = generation === null ? `${paths.snapshot} is missing` : `${paths.snapshot} is number ${generation}`;
  return new SyncError('STATE_DAMAGED', {
    message: `${paths.journal} continues snapshot number ${follows}, but ${there}: what was pushed in between would be forgotten; nothing was changed`,
    next: restoreOrMoveAway(paths),
    data: { file: paths.snapshot },
  });
}

function journalMissing(
  paths: Paths,
  { snapshot, source }: { readonly snapshot: Pick<Decoded, 'savedAt'>; readonly source: Found['source'] },
): SyncError {
  if (source === 'previous') {
    return new SyncError('STATE_DAMAGED', {
      message: `of this state only ${paths.previous}, the copy before, is here: ${paths.snapshot} and ${paths.journal} are missing; nothing was changed`,
      next: restoreOrMoveAway(paths),
      data: { file: paths.snapshot },
    });
  }
  return new SyncError('STATE_DAMAGED', {
    message: `${paths.journal} is missing or empty of its first line, but ${paths.snapshot} needs it: what was pushed since ${snapshot.savedAt} would be forgotten`,
    next: `restore it; or, if nothing was pushed since then, make it an empty file and run again; or move ${paths.snapshot} away, too: ${forgets}`,
    data: { file: paths.journal },
  });
}

function restoreOrMoveAway(paths: Paths): string {
  return (
    `restore ${paths.snapshot} and ${paths.journal} from one backup; or move both and ${paths.previous} away and run again: ` + forgets
  );
}

/** What a target without its state is, and is not, known to hold to. */
const forgets =
  'first contact takes back what is ours. Leave retracted.jsonl there: without it, documents taken out by kbsync retract come back: look at history';
