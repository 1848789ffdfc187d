// One data source of the Chat Thing emulator: its rows, their versions, and what its syncs have learnt. All of it lies in the store;
// the maps here are an index over it, built when first needed. It knows neither requests nor replies.
import type { EmulatedItem, EmulatorTools } from '../emulator.ts';
import type { ChatThingSettings } from './emulator-settings.ts';

export type Interval = 'day' | 'week' | 'month' | null;

/** Every write to a row is a version, numbered within its data source: a sync learns the versions up to the last one when it started. */
export type Source = {
  readonly createdAt: number;
  readonly state: 'synced' | 'sync_error' | 'not_synced';
  readonly lastSync: number | null;
  readonly syncInterval: Interval;
  readonly intervalFrom: number;
  readonly run: { readonly startedAt: number; readonly upTo: number } | null;
  readonly lastStart: number;
  readonly runs: number;
  readonly learntUpTo: number;
  readonly failedUpTo: number;
};

export type Row = {
  readonly place: number;
  readonly name: string;
  readonly createdAt: number;
  /** Ascending; the last is the row as it is, an earlier one is kept while it is answered from or in a running sync. */
  readonly versions: readonly number[];
  readonly deleted: number | null;
  readonly deletedAt: number | null;
};

/** Told what the bot is to answer from, and what no longer. */
export interface Pupil {
  learn(row: string, content: string): void;
  forget(row: string): void;
}

export class Shelf {
  readonly id: string;
  readonly rows = new Map<string, Row>();
  source: Source;
  /** Rows that are not deleted. */
  live = 0;
  readonly #tools: EmulatorTools;
  readonly #settings: ChatThingSettings;
  readonly #sources: string;
  readonly #rows: string;
  readonly #texts: string;
  /** Ids in the order of creation. */
  readonly #order: string[] = [];
  readonly #names = new Map<string, number>();
  /** Rows with a version or a deletion that no sync has learnt yet. */
  readonly #pending = new Set<string>();
  /** Forgotten rows that a lagging list still shows. */
  readonly #ghosts = new Set<string>();
  #counter = 0;

  constructor(
    tools: EmulatorTools,
    settings: ChatThingSettings,
    place: { readonly bot: string; readonly id: string; readonly source: Source },
  ) {
    this.id = place.id;
    this.source = place.source;
    this.#tools = tools;
    this.#settings = settings;
    this.#sources = `sources:${place.bot}`;
    this.#rows = `rows:${place.id}`;
    this.#texts = `texts:${place.id}`;
    this.#load();
  }

  #load(): void {
    this.#counter = Math.max(this.source.learntUpTo, this.source.failedUpTo, this.source.run?.upTo ?? 0);
    for (const [id, value] of this.#tools.store.entries(this.#rows)) {
      const row = value as Row;
      this.rows.set(id, row);
      this.#order.push(id);
      this.#counter = Math.max(this.#counter, last(row), row.deleted ?? 0);
      if (row.deleted === null) this.#count(row.name, 1);
      if (row.deleted !== null && this.#forgotten(row)) this.#ghosts.add(id);
      else if (row.deleted !== null || last(row) > this.source.learntUpTo) this.#pending.add(id);
    }
    this.#order.sort((left, right) => this.#placeOf(left) - this.#placeOf(right));
  }

  save(change: Partial<Source>): void {
    this.source = { ...this.source, ...change };
    this.#tools.store.put(this.#sources, this.id, this.source);
  }

  // ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A row that is not deleted. */
  find(id: string): Row | null {
    const row = this.rows.get(id);
    return row === undefined || row.deleted !== null ? null : row;
  }

  hasName(name: string): boolean {
    return (this.#names.get(name) ?? 0) > 0;
  }

  textOf(id: string, row: Row): string {
    return this.#text(id, last(row));
  }

  add(id: string, name: string, content: string): void {
    const version = ++this.#counter;
    this.#put(id, { place: version, name, createdAt: this.#tools.now(), versions: [version], deleted: null, deletedAt: null });
    this.#tools.store.put(this.#texts, key(id, version), content);
    this.#order.push(id);
    this.#pending.add(id);
    this.#count(name, 1);
  }

  change(id: string, row: Row, change: { readonly name: string; readonly content: string }): void {
    const version = ++this.#counter;
    const kept = [this.#answered(row), this.#inRun(row)].filter((found) => found !== null);
    for (const old of row.versions) if (!kept.includes(old)) this.#tools.store.delete(this.#texts, key(id, old));
    this.#put(id, { ...row, name: change.name, versions: [...row.versions.filter((old) => kept.includes(old)), version] });
    this.#tools.store.put(this.#texts, key(id, version), change.content);
    this.#pending.add(id);
    this.#count(row.name, -1);
    this.#count(change.name, 1);
  }

  delete(id: string, row: Row, pupil: Pupil): void {
    const gone: Row = { ...row, deleted: ++this.#counter, deletedAt: this.#tools.now() };
    this.#put(id, gone);
    this.#count(row.name, -1);
    this.#pending.add(id);
    if (this.#settings.forgetAt === 'delete') pupil.forget(id);
    if (this.#forgotten(gone)) this.#bury(id, gone);
  }

  /** Where a row stands in lists; -1 where none of that id is left. */
  indexOf(id: string): number {
    const row = this.rows.get(id);
    return row === undefined || !this.#listed(row) ? -1 : this.#position(row.place);
  }

  /** Rows as lists show them, from an index on. */
  page(from: number, limit: number): { readonly id: string; readonly name: string }[] {
    const found: { id: string; name: string }[] = [];
    for (let index = from; index < this.#order.length && found.length < limit; index++) {
      const id = this.#order[index] ?? '';
      const row = this.rows.get(id);
      if (row !== undefined && this.#listed(row)) found.push({ id, name: row.name });
    }
    return found;
  }

  /** How many rows lists show. */
  total(): number {
    if (this.#settings.listLagMs === 0) return this.live;
    return [...this.rows.values()].filter((row) => this.#listed(row)).length;
  }

  /** A row's own state and the end of the last sync that it was part of. */
  stateOf(id: string, row: Row): { readonly state: 'synced' | 'syncing' | 'sync_error' | 'not_synced'; readonly lastSync: number | null } {
    const { learntUpTo, failedUpTo, lastSync } = this.source;
    const since = this.#answered(row) === null ? null : lastSync;
    if (last(row) <= learntUpTo) return { state: 'synced', lastSync: since };
    if (this.syncing() && this.#inRun(row) === last(row)) return { state: 'syncing', lastSync: since };
    const failed = last(row) <= failedUpTo && this.#hasMarker(id, last(row));
    return { state: failed ? 'sync_error' : 'not_synced', lastSync: since };
  }

  // ── syncs ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether a running sync shows: it does after the start lag. */
  syncing(): boolean {
    const { run } = this.source;
    return run !== null && this.#tools.now() >= run.startedAt + this.#settings.startLagMs;
  }

  begin(startedAt: number): void {
    this.save({ run: { startedAt, upTo: this.#counter }, lastStart: startedAt, runs: this.source.runs + 1 });
  }

  /** Brings the data source to the present: ends a sync whose time is over, starts one that the interval asks for. */
  advance(pupil: Pupil, mayStart: () => boolean): void {
    const now = this.#tools.now();
    for (const id of this.#ghosts) this.#bury(id, this.rows.get(id));
    for (;;) {
      if (this.source.run !== null) {
        const end = this.source.run.startedAt + this.#settings.startLagMs + this.#settings.syncMs;
        if (now < end) return;
        this.#finish(end, pupil);
      }
      const due = this.#due();
      if (due === null || due > now || !mayStart()) return;
      this.begin(due);
    }
  }

  /** Words to be learnt by a sync that starts now, as storage tokens (S5: 1,000 tokens are about 750 words). */
  tokensOwed(): number {
    let words = 0;
    for (const id of this.#pending) {
      const row = this.find(id);
      if (row !== null) words += this.textOf(id, row).split(/\s+/).length;
    }
    return Math.ceil((words * 4) / 3);
  }

  /** Tells the pupil everything that has been learnt: after a restart. */
  recite(pupil: Pupil): void {
    for (const [id, row] of this.rows) {
      const content = this.answeredFrom(id, row);
      if (content !== null) pupil.learn(id, content);
    }
  }

  /** Drops the data source, its rows and what was learnt from them. */
  clear(pupil: Pupil): void {
    for (const [id, row] of this.rows) {
      pupil.forget(id);
      this.#erase(id, row);
    }
    this.#tools.store.delete(this.#sources, this.id);
  }

  items(): EmulatedItem[] {
    const found: EmulatedItem[] = [];
    for (const [id, row] of this.rows) {
      const answeredFrom = this.answeredFrom(id, row);
      if (row.deleted === null) found.push({ remoteId: id, name: row.name, text: this.textOf(id, row), answeredFrom });
      else if (answeredFrom !== null) found.push({ remoteId: id, name: row.name, text: '', answeredFrom });
    }
    return found;
  }

  /** The text that the bot answers from for a row; null: none. */
  answeredFrom(id: string, row: Row): string | null {
    const version = this.#answered(row);
    return version === null ? null : this.#text(id, version);
  }

  #due(): number | null {
    const days = { day: 1, week: 7, month: 30 };
    const { syncInterval, intervalFrom, lastStart } = this.source;
    return syncInterval === null ? null : Math.max(intervalFrom, lastStart) + days[syncInterval] * 86_400_000;
  }

  #finish(end: number, pupil: Pupil): void {
    const { run, learntUpTo: before, lastSync } = this.source;
    const upTo = this.#settings.editsDuringSync === 'included' ? this.#counter : (run?.upTo ?? before);
    if (this.#fails(upTo)) {
      this.save({ run: null, state: 'sync_error', failedUpTo: upTo });
    } else {
      // Two syncs never end in the same instant for a client that compares `lastSync`.
      this.save({ run: null, state: 'synced', learntUpTo: upTo, lastSync: lastSync === null ? end : Math.max(end, lastSync + 1) });
    }
    for (const id of this.#pending) this.#settleRow(id, before, pupil);
  }

  #settleRow(id: string, before: number, pupil: Pupil): void {
    const row = this.rows.get(id);
    if (row === undefined) return;
    const version = this.#answered(row);
    if (version !== null && version > before) pupil.learn(id, this.#text(id, version));
    if (row.deleted === null) {
      if (last(row) <= this.source.learntUpTo) this.#pending.delete(id);
    } else if (this.#forgotten(row)) {
      pupil.forget(id);
      this.#bury(id, row);
    }
  }

  #fails(upTo: number): boolean {
    if (this.source.runs <= this.#settings.failFirstSyncs) return true;
    if (this.live === 0 && this.#settings.emptySync === 'sync_error') return true;
    if (this.#settings.failMarker === null) return false;
    for (const id of this.#pending) {
      const row = this.rows.get(id);
      const version = row === undefined ? undefined : row.versions.findLast((found) => found <= upTo);
      if (version !== undefined && this.#hasMarker(id, version) && (row?.deleted ?? upTo + 1) > upTo) return true;
    }
    return false;
  }

  // ── versions ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #answered(row: Row): number | null {
    if (row.deleted !== null && (row.deleted <= this.source.learntUpTo || this.#settings.forgetAt === 'delete')) return null;
    return row.versions.findLast((version) => version <= this.source.learntUpTo) ?? null;
  }

  /** The version of a row that the running sync will learn. */
  #inRun(row: Row): number | null {
    const { run, learntUpTo } = this.source;
    if (run === null) return null;
    return row.versions.findLast((version) => version <= run.upTo && version > learntUpTo) ?? null;
  }

  #forgotten(row: Row): boolean {
    if (row.deleted === null) return false;
    if (row.deleted <= this.source.learntUpTo || this.#settings.forgetAt === 'delete') return true;
    return this.#answered(row) === null && this.#inRun(row) === null;
  }

  /** Lets a forgotten row go for good, once no lagging list shows it any more. */
  #bury(id: string, row: Row | undefined): void {
    this.#pending.delete(id);
    if (row === undefined || !this.#listed(row)) {
      this.#ghosts.delete(id);
      if (row !== undefined) this.#erase(id, row);
    } else {
      this.#ghosts.add(id);
    }
  }

  #erase(id: string, row: Row): void {
    for (const version of row.versions) this.#tools.store.delete(this.#texts, key(id, version));
    this.#tools.store.delete(this.#rows, id);
    this.#order.splice(this.#position(row.place), 1);
    this.rows.delete(id);
  }

  #listed(row: Row): boolean {
    const lag = this.#settings.listLagMs;
    if (row.deletedAt !== null && this.#tools.now() >= row.deletedAt + lag) return false;
    return this.#tools.now() >= row.createdAt + lag;
  }

  #put(id: string, row: Row): void {
    this.rows.set(id, row);
    this.#tools.store.put(this.#rows, id, row);
  }

  #text(id: string, version: number): string {
    const found = this.#tools.store.get(this.#texts, key(id, version));
    return typeof found === 'string' ? found : '';
  }

  #hasMarker(id: string, version: number): boolean {
    return this.#settings.failMarker !== null && this.#text(id, version).includes(this.#settings.failMarker);
  }

  #count(name: string, by: 1 | -1): void {
    this.live += by;
    const count = (this.#names.get(name) ?? 0) + by;
    if (count === 0) this.#names.delete(name);
    else this.#names.set(name, count);
  }

  #placeOf(id: string): number {
    return this.rows.get(id)?.place ?? 0;
  }

  #position(place: number): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#placeOf(this.#order[middle] ?? '') < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function last(row: Row): number {
  return row.versions.at(-1) ?? 0;
}

function key(id: string, version: number): string {
  return `${id}@${version}`;
}
