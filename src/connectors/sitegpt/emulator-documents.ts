// The documents of one chatbot of the SiteGPT emulator: their texts, their life from QUEUED to SUCCESS or FAILED, and what the bot
// answers from. Status follows from times kept with each document, so that no time writes anything. It knows neither paths nor envelopes.
import type { EmulatedItem, EmulatorTools, Knowledge } from '../emulator.ts';
import { type Cursor, cursorText } from './emulator-paging.ts';
import { hex } from './emulator-request.ts';
import type { SiteGptSettings } from './emulator-settings.ts';

export type Status = 'QUEUED' | 'PROCESSING' | 'SUCCESS' | 'FAILED';

export type Doc = {
  readonly place: number;
  readonly name: string | null;
  readonly source: string;
  readonly mimeType: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The text as it is. */
  readonly version: number;
  /** The text before it, answered from until this one is trained. */
  readonly previous: number | null;
  readonly previousSync: number | null;
  readonly queuedUntil: number;
  /** When training ends; null: never. */
  readonly settledAt: number | null;
  /** Why training will have failed; null: it will succeed. */
  readonly fails: string | null;
  readonly attempts: number;
  readonly manual: boolean;
  readonly bytes: number;
  readonly characters: number;
  readonly deletedAt: number | null;
};

export interface NewDoc {
  readonly name: string | null;
  readonly source: string;
  readonly mimeType: string;
  readonly text: string;
}

/** How long one training takes, in milliseconds. */
export interface Pace {
  readonly queuedMs: number;
  readonly processingMs: number;
}

export interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export class Documents {
  readonly #tools: EmulatorTools;
  readonly #settings: SiteGptSettings;
  readonly #bot: string;
  readonly #docs = new Map<string, Doc>();
  /** Ids in the order of creation. */
  readonly #order: string[] = [];
  /** Trainings under way, by their end. */
  readonly #due: { readonly id: string; readonly at: number }[] = [];
  /** Deleted documents that a lagging list still shows. */
  readonly #ghosts = new Set<string>();
  #taught = false;
  #places = 0;

  constructor(tools: EmulatorTools, settings: SiteGptSettings, bot: string) {
    this.#tools = tools;
    this.#settings = settings;
    this.#bot = bot;
    for (const [id, value] of tools.store.entries(`documents:${bot}`)) {
      const doc = value as Doc;
      this.#docs.set(id, doc);
      this.#order.push(id);
      this.#places = Math.max(this.#places, doc.place);
      if (doc.deletedAt !== null) this.#ghosts.add(id);
      else this.#await(id, doc);
    }
    this.#order.sort((left, right) => this.#placeOf(left) - this.#placeOf(right));
  }

  /** Brings the bot to the present: trainings whose time is over are learnt. */
  advance(): void {
    const now = this.#tools.now();
    for (let next = this.#due[0]; next !== undefined && next.at <= now; next = this.#due[0]) {
      this.#due.shift();
      const doc = this.get(next.id);
      if (doc !== null && doc.settledAt === next.at) this.#settle(next.id, doc);
    }
    for (const id of this.#ghosts) {
      const doc = this.#docs.get(id);
      if (doc?.deletedAt !== null && doc !== undefined && now >= doc.deletedAt + this.#settings.listLagMs) this.#erase(id, doc);
    }
  }

  /** What the bot answers from: documents in SUCCESS, and the former text of one that is being trained [6]. */
  knowledge(): Knowledge {
    if (!this.#taught) {
      this.#taught = true;
      for (const [id, doc] of this.#docs) this.#teach(id, doc);
    }
    return this.#tools.knowledge(this.#bot);
  }

  get(id: string): Doc | null {
    const doc = this.#docs.get(id);
    return doc === undefined || doc.deletedAt !== null ? null : doc;
  }

  get count(): number {
    return this.#docs.size - this.#ghosts.size;
  }

  /** Every document that is there, oldest first. */
  *all(): IterableIterator<[string, Doc]> {
    for (const id of this.#order) {
      const doc = this.get(id);
      if (doc !== null) yield [id, doc];
    }
  }

  textOf(id: string, doc: Doc): string {
    return this.#text(id, doc.version);
  }

  statusOf(doc: Doc): Status {
    const now = this.#tools.now();
    if (doc.settledAt !== null && now >= doc.settledAt) return doc.fails === null ? 'SUCCESS' : 'FAILED';
    return now < doc.queuedUntil ? 'QUEUED' : 'PROCESSING';
  }

  /** When the bot last learnt the document; null: never. */
  syncedAt(doc: Doc): number | null {
    return this.statusOf(doc) === 'SUCCESS' ? doc.settledAt : doc.previousSync;
  }

  freshId(): string {
    for (;;) {
      const id = `doc_${hex(this.#tools, 24)}`;
      if (!this.#docs.has(id)) return id;
    }
  }

  add(given: NewDoc, pace: Pace): string {
    const id = this.freshId();
    const now = this.#tools.now();
    const { name, source, mimeType } = given;
    const blank = { previous: null, previousSync: null, attempts: 0, manual: false, deletedAt: null, version: 0, bytes: 0, characters: 0 };
    const place = ++this.#places;
    this.#order.push(id);
    this.#write(
      id,
      { ...blank, place, name, source, mimeType, createdAt: now, updatedAt: now, queuedUntil: now, settledAt: now, fails: null },
      given.text,
      pace,
    );
    return id;
  }

  /** A new whole text [3.4]. */
  replace(id: string, doc: Doc, text: string, pace: Pace): void {
    this.#write(id, { ...doc, attempts: 0, manual: true }, text, pace);
  }

  /** Trains the text again [3.5]. */
  retrain(id: string, doc: Doc): void {
    if (this.#settings.resyncRestores && doc.manual) this.#write(id, { ...doc, manual: false }, this.#text(id, 1), this.#settings);
    else this.#start(id, doc, this.#text(id, doc.version), this.#settings);
  }

  /** Gone from the answers at once. */
  delete(id: string, doc: Doc): void {
    if (this.#taught) this.knowledge().remove(id);
    if (this.#settings.listLagMs === 0) {
      this.#erase(id, doc);
    } else {
      this.#put(id, { ...doc, deletedAt: this.#tools.now() });
      this.#ghosts.add(id);
    }
  }

  /** One page of what lists show, of the documents that fit. */
  page(fits: (doc: Doc) => boolean, limit: number, cursor: Cursor | null): PageOf<[string, Doc]> {
    const newest = this.#settings.listOrder === 'newest-first';
    const byOffset = this.#settings.pageBy === 'offset';
    const step = newest ? -1 : 1;
    let index = newest ? this.#order.length - 1 : 0;
    if (cursor !== null && !byOffset) index = newest ? this.#position(cursor.item) - 1 : this.#position(cursor.item + 1);
    let skip = cursor !== null && byOffset ? cursor.offset : 0;
    const items: [string, Doc][] = [];
    for (; index >= 0 && index < this.#order.length && items.length <= limit; index += step) {
      const id = this.#order[index] ?? '';
      const doc = this.#docs.get(id);
      if (doc === undefined || !this.#listed(doc) || !fits(doc)) continue;
      if (skip > 0) skip--;
      else items.push([id, doc]);
    }
    if (items.length <= limit) return { items, nextCursor: null };
    items.pop();
    const offset = (cursor?.offset ?? 0) + limit;
    return { items, nextCursor: cursorText({ item: items.at(-1)?.[1].place ?? 0, offset }) };
  }

  items(): EmulatedItem[] {
    return [...this.all()].map(([id, doc]) => ({
      remoteId: id,
      name: doc.name,
      text: this.textOf(id, doc),
      answeredFrom: this.#answeredFrom(id, doc),
    }));
  }

  // ── inner ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #write(id: string, doc: Doc, text: string, pace: Pace): void {
    const answered = doc.version === 0 ? null : this.#answered(doc);
    const version = Math.max(doc.version, doc.previous ?? 0) + 1;
    this.#tools.store.put(this.#texts, key(id, version), text);
    for (const old of new Set([doc.version, doc.previous ?? 0])) {
      const needed = old === 0 || old === answered || (old === 1 && this.#settings.resyncRestores);
      if (!needed) this.#tools.store.delete(this.#texts, key(id, old));
    }
    const size = { bytes: Buffer.byteLength(text), characters: text.length };
    const previousSync = doc.version === 0 ? null : this.syncedAt(doc);
    this.#begin(id, { ...doc, ...size, version, previous: answered, previousSync }, text, pace);
  }

  #start(id: string, doc: Doc, text: string, pace: Pace): void {
    this.#begin(id, { ...doc, previous: this.#answered(doc), previousSync: this.syncedAt(doc) }, text, pace);
  }

  #begin(id: string, doc: Doc, text: string, pace: Pace): void {
    const now = this.#tools.now();
    const queuedUntil = now + pace.queuedMs;
    const end = queuedUntil + pace.processingMs;
    const forget = this.#settings.forgetWhileEmbedding && end > now;
    const attempts = doc.attempts + 1;
    const started: Doc = {
      ...doc,
      updatedAt: now,
      previous: forget ? null : doc.previous,
      queuedUntil,
      settledAt: Number.isFinite(end) ? end : null,
      attempts,
      fails: this.#failure(doc, text, attempts),
    };
    this.#put(id, started);
    if (forget && this.#taught) this.knowledge().remove(id);
    if (end <= now) this.#settle(id, started);
    else this.#await(id, started);
  }

  /** Empty or marked content fails [6]; an emptied text slot (v0) is no failure. */
  #failure(doc: Doc, text: string, attempts: number): string | null {
    const { failMarker, failTimes } = this.#settings;
    if (text.trim() === '') return doc.source === 'TEXT' ? null : 'The document holds no text';
    if (failMarker === null || !text.includes(failMarker) || (failTimes !== null && attempts > failTimes)) return null;
    return 'The document could not be embedded';
  }

  #settle(id: string, doc: Doc): void {
    if (this.#taught) this.#teach(id, doc);
    if (doc.fails === null && doc.characters === 0) this.#erase(id, doc);
  }

  #teach(id: string, doc: Doc): void {
    const text = this.#answeredFrom(id, doc);
    if (text === null) this.#tools.knowledge(this.#bot).remove(id);
    else this.#tools.knowledge(this.#bot).put(id, doc.name ?? '', text);
  }

  #await(id: string, doc: Doc): void {
    if (doc.settledAt === null || (this.#tools.now() >= doc.settledAt && doc.characters > 0)) return;
    const next = { id, at: doc.settledAt };
    let index = this.#due.length;
    while (index > 0 && (this.#due[index - 1]?.at ?? 0) > next.at) index--;
    this.#due.splice(index, 0, next);
  }

  #answered(doc: Doc): number | null {
    return this.statusOf(doc) === 'SUCCESS' ? doc.version : doc.previous;
  }

  #answeredFrom(id: string, doc: Doc): string | null {
    const version = doc.deletedAt === null ? this.#answered(doc) : null;
    const text = version === null ? '' : this.#text(id, version);
    return text === '' ? null : text;
  }

  #erase(id: string, doc: Doc): void {
    for (const version of new Set([1, doc.version, doc.previous ?? 1])) this.#tools.store.delete(this.#texts, key(id, version));
    this.#tools.store.delete(`documents:${this.#bot}`, id);
    this.#order.splice(this.#position(doc.place), 1);
    this.#docs.delete(id);
    this.#ghosts.delete(id);
  }

  #listed(doc: Doc): boolean {
    const lag = this.#settings.listLagMs;
    if (doc.deletedAt !== null && this.#tools.now() >= doc.deletedAt + lag) return false;
    return this.#tools.now() >= doc.createdAt + lag;
  }

  get #texts(): string {
    return `texts:${this.#bot}`;
  }

  #text(id: string, version: number): string {
    const found = this.#tools.store.get(this.#texts, key(id, version));
    return typeof found === 'string' ? found : '';
  }

  #put(id: string, doc: Doc): void {
    this.#docs.set(id, doc);
    this.#tools.store.put(`documents:${this.#bot}`, id, doc);
  }

  #placeOf(id: string): number {
    return this.#docs.get(id)?.place ?? 0;
  }

  /** The first index whose place is not below this one. */
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

function key(id: string, version: number): string {
  return `${id}@${version}`;
}
