// Which documents the page lists: the filters of its form, what each bot has of a document, worst first, a page at a time. Pure, and made for
// folders of ten thousand documents: what is not shown is only looked at, never written out.
import type { DocumentId } from '../model/document.ts';
import type { ErrorRecord } from '../model/error.ts';
import type { Timestamp } from '../model/json.ts';
import type { DocumentRecord, TrainingState } from '../model/record.ts';
import { type Strayed, short } from './derive.ts';
import type { Snapshot, TargetSnapshot } from './snapshot.ts';

/** States that the form offers: those of training, and what else may be said of a document at a bot. */
export const searchStates = [
  'trained',
  'training',
  'pending',
  'failed',
  'stuck',
  'unknown',
  'unconfirmed',
  'todo',
  'behind',
  'strayed',
  'error',
  'absent',
] as const;
export type SearchState = (typeof searchStates)[number];

/** changed within that time, or standing for longer than it. */
export const searchTimes = { '1h': 1, '24h': 24, '7d': 168, '30d': 720 } as const;

export interface Search {
  /** In id, path, title, vendor id or error. */
  readonly q: string;
  readonly target: string;
  readonly state: SearchState | '';
  /** How a commit or fingerprint begins that the bot was given or knows. */
  readonly revision: string;
  readonly remote: string;
  readonly error: string;
  /** "24h", or "older-24h". */
  readonly when: string;
  /** From 1. */
  readonly page: number;
}

/** What one bot has of a document. */
export interface Cell {
  readonly target: string;
  /** Null: nothing of it is there. */
  readonly training: TrainingState | null;
  readonly given: string | null;
  readonly knows: string | null;
  readonly at: Timestamp | null;
  readonly error: ErrorRecord | null;
  readonly behind: boolean;
  /** What the last look at the vendor found of it, where it is not as it was given. */
  readonly strayed: Strayed['how'] | null;
  readonly unconfirmed: boolean;
  readonly todo: boolean;
}

export interface FoundDocument {
  readonly id: DocumentId;
  readonly path: string;
  readonly title: string;
  readonly inFolder: boolean;
  readonly cells: readonly Cell[];
}

export interface SearchResult {
  readonly total: number;
  readonly page: number;
  readonly pages: number;
  readonly documents: readonly FoundDocument[];
}

/** Documents on a page. */
export const pageSize = 100;

/** Reads the form; what it does not know is as if it had not been sent. */
export function searchOf(query: (name: string) => string | undefined): Search {
  const text = (name: string): string => (query(name) ?? '').trim().slice(0, 200);
  const state = searchStates.find((known) => known === text('state')) ?? '';
  const page = /^\d{1,6}$/.test(text('page')) ? Math.max(1, Number(text('page'))) : 1;
  const when = Object.hasOwn(searchTimes, text('when').replace(/^older-/, '')) ? text('when') : '';
  const { q, target, revision, remote, error } = {
    q: text('q'),
    target: text('target'),
    revision: text('revision').toLowerCase(),
    remote: text('remote'),
    error: text('error'),
  };
  return { q, target, state, revision, remote, error, when, page };
}

/** The form again, as the query of a link. Parts that say nothing are left out. */
export function queryOf(search: Partial<Search>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) if (value !== '' && !(name === 'page' && value === 1)) query.set(name, String(value));
  return query.size === 0 ? '' : `?${query.toString()}`;
}

/** One target as the search reads it. */
interface Bot {
  readonly name: string;
  readonly records: Readonly<Record<DocumentId, DocumentRecord>>;
  readonly behind: ReadonlySet<DocumentId>;
  readonly strayed: ReadonlyMap<DocumentId, Strayed['how']>;
  readonly unconfirmed: ReadonlySet<DocumentId>;
  readonly todo: ReadonlySet<DocumentId>;
}

/** The documents that match, worst first, and of those the wanted page. */
export function searchDocuments(snapshot: Snapshot, search: Search): SearchResult {
  const bots = snapshot.targets.map(botOf);
  const named = bots.filter(({ name }) => search.target === '' || name === search.target);
  const places = placesOf(snapshot, bots);
  const matches = matcherOf(search, snapshot.nowMs);
  const found: { readonly id: DocumentId; readonly rank: number }[] = [];
  for (const [id, place] of places) {
    const fits = named.some((bot) => matches(id, place, bot));
    if (fits) found.push({ id, rank: Math.min(...named.map((bot) => rankOf(id, bot))) });
  }
  found.sort((one, two) => one.rank - two.rank || (one.id < two.id ? -1 : one.id > two.id ? 1 : 0));
  const pages = Math.max(1, Math.ceil(found.length / pageSize));
  const page = Math.min(search.page, pages);
  const documents = found.slice((page - 1) * pageSize, page * pageSize).map(({ id }): FoundDocument => {
    const place = places.get(id) ?? { path: id, title: id, inFolder: false };
    return { id, ...place, cells: named.map((bot) => cellOf(id, bot)) };
  });
  return { total: found.length, page, pages, documents };
}

/** Every document that the folder has, or that some bot holds or was to hold. */
function placesOf({ documents = [] }: Snapshot, bots: readonly Bot[]): ReadonlyMap<DocumentId, Omit<FoundDocument, 'id' | 'cells'>> {
  const places = new Map<DocumentId, Omit<FoundDocument, 'id' | 'cells'>>();
  for (const { records, behind, unconfirmed, todo } of bots) {
    for (const id in records) {
      const record = records[id];
      if (record !== undefined && !places.has(id)) places.set(id, { path: record.path, title: record.title, inFolder: false });
    }
    for (const ids of [behind, unconfirmed, todo]) {
      for (const id of ids) if (!places.has(id)) places.set(id, { path: id, title: id, inFolder: false });
    }
  }
  for (const { id, path, title } of documents) places.set(id, { path, title, inFolder: true });
  return places;
}

function botOf({ status, ledger, todos }: TargetSnapshot): Bot {
  return {
    name: status.name,
    records: ledger?.state.records ?? {},
    behind: new Set(status.behind.map(({ document }) => document)),
    strayed: new Map(status.strayed.map(({ document, how }) => [document, how])),
    unconfirmed: new Set((ledger?.open ?? []).flatMap((effect) => ('document' in effect ? [effect.document] : []))),
    todo: new Set(todos.map(({ operation }) => operation.document)),
  };
}

type Matcher = (id: DocumentId, place: { readonly path: string; readonly title: string }, bot: Bot) => boolean;

function matcherOf({ q, state, revision, remote, error, when }: Search, nowMs: number): Matcher {
  const wanted = folded(q);
  const wantedError = folded(error);
  const hours = searchTimes[when.replace(/^older-/, '') as keyof typeof searchTimes];
  const edge = hours === undefined ? null : new Date(nowMs - hours * 3_600_000).toISOString();
  const older = when.startsWith('older-');
  return (id, { path, title }, bot) => {
    const record = bot.records[id];
    if (state !== '' && !isIn(state, id, bot)) return false;
    if (revision !== '' && !revisionsOf(record).some((known) => known.startsWith(revision))) return false;
    if (remote !== '' && !namesOf(record).some((name) => name.includes(remote))) return false;
    if (wantedError !== '' && !folded(errorWords(record)).includes(wantedError)) return false;
    if (edge !== null) {
      const at = sinceOf(record);
      if (at === null || at < edge !== older) return false;
    }
    if (wanted === '') return true;
    if ([id, path, title].some((text) => folded(text).includes(wanted))) return true;
    return namesOf(record).some((name) => folded(name).includes(wanted)) || folded(errorWords(record)).includes(wanted);
  };
}

function isIn(state: SearchState, id: DocumentId, bot: Bot): boolean {
  const record = bot.records[id];
  switch (state) {
    case 'unconfirmed':
      return bot.unconfirmed.has(id);
    case 'todo':
      return bot.todo.has(id);
    case 'behind':
      return bot.behind.has(id);
    case 'strayed':
      return bot.strayed.has(id);
    case 'error':
      return record?.error != null;
    case 'absent':
      return record === undefined || record.items.length === 0;
    default:
      return record !== undefined && record.items.length > 0 && record.training === state;
  }
}

/** 0: something is wrong. 1: on its way, or waiting for a person. 2: as it shall be. */
function rankOf(id: DocumentId, bot: Bot): number {
  const record = bot.records[id];
  if (bot.unconfirmed.has(id) || record?.error != null) return 0;
  if (record?.training === 'failed' || record?.training === 'stuck') return 0;
  return bot.behind.has(id) || bot.strayed.has(id) || bot.todo.has(id) ? 1 : 2;
}

function cellOf(id: DocumentId, bot: Bot): Cell {
  const record = bot.records[id];
  return {
    target: bot.name,
    training: record === undefined || record.items.length === 0 ? null : record.training,
    given: record?.pushed == null ? null : short(record.pushedCommit ?? record.pushed),
    knows: record?.trained == null ? null : short(record.trainedCommit ?? record.trained),
    at: sinceOf(record),
    error: record?.error ?? null,
    behind: bot.behind.has(id),
    strayed: bot.strayed.get(id) ?? null,
    unconfirmed: bot.unconfirmed.has(id),
    todo: bot.todo.has(id),
  };
}

/** When it came to be as it is there: learnt, or given and not learnt since. */
function sinceOf(record: DocumentRecord | undefined): Timestamp | null {
  const { trainedAt = null, pushedAt = null } = record ?? {};
  if (trainedAt === null || pushedAt === null) return trainedAt ?? pushedAt;
  return trainedAt > pushedAt ? trainedAt : pushedAt;
}

function revisionsOf(record: DocumentRecord | undefined): readonly string[] {
  if (record === undefined) return [];
  const { pushedCommit, trainedCommit, pushed, trained } = record;
  return [pushedCommit, trainedCommit, pushed, trained].filter((revision) => revision !== null);
}

function namesOf(record: DocumentRecord | undefined): readonly string[] {
  return (record?.items ?? []).flatMap(({ remoteId, mark }) => (remoteId === null ? [mark] : [remoteId, mark]));
}

function errorWords(record: DocumentRecord | undefined): string {
  const error = record?.error;
  return error == null ? '' : `${error.code} ${error.message} ${error.vendor ?? ''}`;
}

function folded(text: string): string {
  return text.toLowerCase();
}
