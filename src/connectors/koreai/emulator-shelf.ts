// What one bot of the Kore.ai emulator holds in Search AI: content documents, their versions and chunks, and what of them is learnt.
// Everything lies in the store; the maps here are an index over it. It knows neither requests nor when jobs run.
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatedItem, EmulatorTools, Knowledge } from '../emulator.ts';
import { uuid } from './emulator-request.ts';
import type { KoreSettings } from './emulator-settings.ts';

/** `fields` as ingested, under their documented names. */
export type Chunk = { readonly id: string; readonly createdAt: number; readonly fields: JsonRecord };

export type Content = {
  readonly place: number;
  readonly title: string;
  readonly source: string;
  readonly type: 'json' | 'file' | 'web';
  readonly fileType: string | null;
  readonly jobId: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** When it was sent: lists lag behind this. */
  readonly acceptedAt: number;
  /** Ascending numbers of the bot's changes; the last is the document as it is, earlier ones are kept while something needs them. */
  readonly versions: readonly number[];
  readonly learnt: number | null;
  /** Chunks were changed by hand since they were last learnt. */
  readonly edited: boolean;
  readonly deleted: number | null;
  readonly deletedAt: number | null;
};

/** A document on its way in: what an ingest job makes of it is decided when the job ends. */
export type Draft = Pick<Content, 'title' | 'source' | 'type' | 'fileType' | 'jobId' | 'acceptedAt'> & {
  readonly id: string;
  readonly chunks: readonly JsonRecord[];
};

/** The document's id, the document, and one chunk of it. */
export type ListedChunk = readonly [id: string, content: Content, chunk: Chunk];

type Edit = { readonly content: string; readonly fields: JsonRecord | null };

export class Shelf {
  readonly #tools: EmulatorTools;
  readonly #settings: KoreSettings;
  readonly #bot: string;
  readonly #contents = new Map<string, Content>();
  /** By source and title, those that are there. */
  readonly #titles = new Map<string, Set<string>>();
  /** Those with something that no training has learnt or forgotten yet. */
  readonly #pending = new Set<string>();
  /** Forgotten ones that a lagging list still shows. */
  readonly #ghosts = new Set<string>();
  readonly #edits = new Map<string, Edit>();
  readonly #contentOfChunk = new Map<string, string>();
  /** All listed chunks, until something changes. */
  #listing: readonly ListedChunk[] | null = null;
  #counter = 0;
  #taught = false;

  constructor(tools: EmulatorTools, settings: KoreSettings, bot: string) {
    this.#tools = tools;
    this.#settings = settings;
    this.#bot = bot;
    for (const [id, value] of tools.store.entries(`edits:${bot}`)) this.#edits.set(id, value as Edit);
    for (const [id, value] of tools.store.entries(`contents:${bot}`)) this.#take(id, value as Content);
  }

  #take(id: string, content: Content): void {
    this.#contents.set(id, content);
    this.#counter = Math.max(this.#counter, content.place, last(content), content.deleted ?? 0);
    for (const version of content.versions) this.#nameChunks(id, this.#stored(id, version));
    if (content.deleted === null) this.#titled(content).add(id);
    if (this.#owes(content)) this.#pending.add(id);
  }

  /** Whether a training has something to do here. */
  #owes(content: Content): boolean {
    const edited = content.edited && this.#settings.trainUndoesChunkEdits;
    return content.deleted !== null || edited || content.learnt !== last(content);
  }

  // ── what is there ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** The number of the last change: a training that starts now learns up to it. */
  get counter(): number {
    return this.#counter;
  }

  /** A document that is there. */
  find(id: string): Content | null {
    const content = this.#contents.get(id);
    return content === undefined || content.deleted !== null ? null : content;
  }

  /** A document as lists show it. */
  shown(id: string): Content | null {
    const content = this.#contents.get(id);
    return content !== undefined && this.#isListed(content) ? content : null;
  }

  /** Documents as lists show them, oldest first, behind a place. */
  *listed(behind = 0): IterableIterator<[string, Content]> {
    for (const [id, content] of this.#contents) if (content.place > behind && this.#isListed(content)) yield [id, content];
  }

  /** Chunks as lists show them, in the order of their ids. */
  chunks(): readonly ListedChunk[] {
    if (this.#listing !== null) return this.#listing;
    const found = [...this.listed()].flatMap(([id, content]) =>
      this.chunksOf(id, last(content)).map((chunk): ListedChunk => [id, content, chunk]),
    );
    found.sort(([, , left], [, , right]) => (left.id < right.id ? -1 : 1));
    // With a lag, what is listed changes by time alone.
    if (this.#settings.listLagMs === 0) this.#listing = found;
    return found;
  }

  /** One chunk of a document as it is, with its edits. */
  chunk(id: string): ListedChunk | null {
    const contentId = this.#contentOfChunk.get(id) ?? '';
    const content = this.#contents.get(contentId);
    if (content === undefined || !this.#isListed(content)) return null;
    const chunk = this.chunksOf(contentId, last(content)).find((candidate) => candidate.id === id);
    return chunk === undefined ? null : [contentId, content, chunk];
  }

  /** The chunks of a version, with the edits made by hand. */
  chunksOf(id: string, version: number): readonly Chunk[] {
    return this.#stored(id, version).flatMap((chunk) => {
      const edit = this.#edits.get(chunk.id);
      if (edit === undefined) return [chunk];
      return edit.fields === null ? [] : [{ ...chunk, fields: { ...chunk.fields, ...edit.fields } }];
    });
  }

  /** The document as it is, in one text. */
  textOf(id: string, content: Content): string {
    return textOfChunks(this.chunksOf(id, last(content)).map(({ fields }) => fields));
  }

  items(): EmulatedItem[] {
    const found: EmulatedItem[] = [];
    for (const [id, content] of this.#contents) {
      const known = this.#answered(content);
      const answeredFrom = known === null ? null : textOfChunks(this.chunksOf(id, known).map(({ fields }) => fields));
      const text = content.deleted === null ? this.textOf(id, content) : '';
      if (content.deleted === null || answeredFrom !== null) found.push({ remoteId: id, name: content.title, text, answeredFrom });
    }
    return found;
  }

  // ── changes ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** What becomes of a draft when its job ends; returns the document's id [2.2, reingestMode]. */
  ingest(draft: Draft, at: number): string {
    const { reingestMode } = this.#settings;
    const [same] = reingestMode === 'new-doc' ? [] : this.#titled(draft);
    const content = same === undefined ? null : this.find(same);
    if (same === undefined || content === null) return this.#add(draft, at);
    const before = reingestMode === 'append' ? this.#stored(same, last(content)) : [];
    const changed = { ...content, jobId: draft.jobId, modifiedAt: at, versions: [...content.versions, ++this.#counter] };
    this.#change(same, changed, [...before, ...this.#made(draft, at)]);
    return same;
  }

  /** Also removes the chunks [2.3]; the answers keep them until the next training of everything, or not (staleUntilTrain). */
  delete(id: string, content: Content): void {
    this.#titled(content).delete(id);
    this.#put(id, { ...content, deleted: ++this.#counter, deletedAt: this.#tools.now() });
    this.#pending.add(id);
    if (!this.#settings.staleUntilTrain) this.#forget(id);
  }

  /** Changes a chunk by hand; null deletes it. The index has it at once [2.4]. */
  edit(chunkId: string, fields: JsonRecord | null): void {
    const id = this.#contentOfChunk.get(chunkId) ?? '';
    const content = this.find(id);
    if (content === null) return;
    const before = this.#edits.get(chunkId)?.fields ?? {};
    const edit: Edit = { content: id, fields: fields === null ? null : { ...before, ...fields } };
    this.#edits.set(chunkId, edit);
    this.#tools.store.put(`edits:${this.#bot}`, chunkId, edit);
    this.#put(id, { ...content, edited: true });
    if (this.#settings.trainUndoesChunkEdits) this.#pending.add(id);
    if (this.#taught && content.learnt !== null) {
      if (fields === null) this.knowledge().remove(chunkId);
      else this.#teach(id, content.learnt);
    }
  }

  // ── training ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** What the bot answers from: chunks of what is learnt. */
  knowledge(): Knowledge {
    const knowledge = this.#tools.knowledge(this.#bot);
    if (this.#taught) return knowledge;
    this.#taught = true;
    for (const [id, content] of this.#contents) {
      const known = this.#answered(content);
      if (known !== null) this.#teach(id, known);
    }
    return knowledge;
  }

  /** A chunk as the bot has learnt it, also of a document that is deleted by now; [] where there is none. */
  learntChunk(id: string): readonly ListedChunk[] {
    const contentId = this.#contentOfChunk.get(id) ?? '';
    const content = this.#contents.get(contentId);
    const known = content === undefined ? null : this.#answered(content);
    if (content === undefined || known === null) return [];
    const chunks = this.chunksOf(contentId, known).filter((chunk) => chunk.id === id);
    return chunks.map((chunk): ListedChunk => [contentId, content, chunk]);
  }

  /** Documents that a training of everything (null), or of these, has work to do on. */
  work(contentIds: readonly string[] | null): string[] {
    return contentIds === null ? [...this.#pending] : contentIds.filter((id) => this.#pending.has(id));
  }

  /** Whether a marked text is among that work. */
  hasMarked(ids: readonly string[], marker: string): boolean {
    return ids.some((id) => {
      const content = this.find(id);
      return content !== null && this.textOf(id, content).includes(marker);
    });
  }

  /** A training has succeeded: it knows the versions up to this change and, if it was of everything, has forgotten deletions up to it. */
  learn(contentIds: readonly string[] | null, upTo: number): void {
    for (const id of this.work(contentIds)) {
      const content = this.#contents.get(id);
      if (content === undefined) continue;
      const isGone = content.deleted !== null && (content.deleted <= upTo ? contentIds === null : !this.#settings.staleUntilTrain);
      if (isGone) this.#forget(id);
      else if (content.deleted === null || content.deleted > upTo) this.#learnOne(id, content, upTo);
    }
  }

  /** Lets go of what neither the answers nor a running training needs. */
  tidy(running: boolean): void {
    for (const id of this.#pending) {
      const content = this.#contents.get(id);
      if (content === undefined) continue;
      const needed = content.versions.filter(
        (version) => version === last(content) || version === content.learnt || (running && version > (content.learnt ?? 0)),
      );
      if (needed.length < content.versions.length) this.#keep(id, content, needed);
      const nobodyKnows = content.deleted !== null && this.#answered(content) === null && !running;
      if (nobodyKnows) this.#forget(id);
      else if (!this.#owes(content)) this.#pending.delete(id);
    }
  }

  /** Lets go of forgotten documents that no list shows any more. */
  bury(): void {
    for (const id of this.#ghosts) {
      const content = this.#contents.get(id);
      if (content !== undefined && !this.#isListed(content)) this.#erase(id, content);
    }
  }

  #learnOne(id: string, content: Content, upTo: number): void {
    const version = content.versions.findLast((candidate) => candidate <= upTo);
    if (version === undefined) return;
    const { trainUndoesChunkEdits } = this.#settings;
    if (trainUndoesChunkEdits && content.edited) this.#undoEdits(id);
    this.#put(id, { ...content, learnt: version, edited: content.edited && !trainUndoesChunkEdits });
    if (this.#taught) {
      const stay = new Set(this.#stored(id, version).map((chunk) => chunk.id));
      if (content.learnt !== null)
        for (const chunk of this.#stored(id, content.learnt)) if (!stay.has(chunk.id)) this.knowledge().remove(chunk.id);
      this.#teach(id, version);
    }
  }

  #undoEdits(id: string): void {
    for (const [chunk, edit] of this.#edits) {
      if (edit.content !== id) continue;
      this.#edits.delete(chunk);
      this.#tools.store.delete(`edits:${this.#bot}`, chunk);
    }
  }

  #teach(id: string, version: number): void {
    for (const chunk of this.chunksOf(id, version)) {
      const title = String(chunk.fields['chunkTitle'] || chunk.fields['recordTitle'] || '');
      this.#tools.knowledge(this.#bot).put(chunk.id, title, String(chunk.fields['chunkText'] ?? ''));
    }
  }

  /** Gone from the answers; the document goes for good once no list shows it. */
  #forget(id: string): void {
    const content = this.#contents.get(id);
    if (content === undefined) return;
    if (this.#taught && content.learnt !== null) for (const chunk of this.#stored(id, content.learnt)) this.knowledge().remove(chunk.id);
    this.#pending.delete(id);
    if (this.#isListed(content)) {
      this.#put(id, { ...content, learnt: null });
      this.#ghosts.add(id);
    } else this.#erase(id, content);
  }

  // ── inner ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #add(draft: Draft, at: number): string {
    const { id, title, source, type, fileType, jobId, acceptedAt } = draft;
    const place = ++this.#counter;
    const fresh = { learnt: null, edited: false, deleted: null, deletedAt: null, createdAt: at, modifiedAt: at };
    this.#change(id, { ...fresh, place, title, source, type, fileType, jobId, acceptedAt, versions: [place] }, this.#made(draft, at));
    this.#titled(draft).add(id);
    return id;
  }

  #made(draft: Draft, createdAt: number): Chunk[] {
    return draft.chunks.map((fields) => ({ id: uuid(this.#tools, 'chk-'), createdAt, fields }));
  }

  #change(id: string, content: Content, chunks: readonly Chunk[]): void {
    this.#tools.store.put(this.#texts, key(id, last(content)), chunks as unknown as Json);
    this.#put(id, content);
    this.#pending.add(id);
    this.#nameChunks(id, chunks);
  }

  #nameChunks(id: string, chunks: readonly Chunk[]): void {
    for (const chunk of chunks) this.#contentOfChunk.set(chunk.id, id);
  }

  #keep(id: string, content: Content, versions: readonly number[]): void {
    const stay = new Set(versions.flatMap((version) => this.#stored(id, version).map((chunk) => chunk.id)));
    for (const version of content.versions) if (!versions.includes(version)) this.#drop(id, version, stay);
    this.#put(id, { ...content, versions });
  }

  #drop(id: string, version: number, stay: ReadonlySet<string>): void {
    for (const chunk of this.#stored(id, version)) if (!stay.has(chunk.id)) this.#contentOfChunk.delete(chunk.id);
    this.#tools.store.delete(this.#texts, key(id, version));
  }

  #erase(id: string, content: Content): void {
    for (const version of content.versions) this.#drop(id, version, new Set());
    this.#undoEdits(id);
    this.#tools.store.delete(`contents:${this.#bot}`, id);
    this.#contents.delete(id);
    this.#ghosts.delete(id);
    this.#listing = null;
  }

  /** The version that the bot answers from. */
  #answered(content: Content): number | null {
    return content.deleted !== null && !this.#settings.staleUntilTrain ? null : content.learnt;
  }

  #isListed(content: Content): boolean {
    const lag = this.#settings.listLagMs;
    const now = this.#tools.now();
    return now >= content.acceptedAt + lag && (content.deletedAt === null || now < content.deletedAt + lag);
  }

  #titled({ source, title }: Pick<Content, 'source' | 'title'>): Set<string> {
    const name = JSON.stringify([source, title]);
    const found = this.#titles.get(name) ?? new Set<string>();
    this.#titles.set(name, found);
    return found;
  }

  #put(id: string, content: Content): void {
    this.#listing = null;
    this.#contents.set(id, content);
    this.#tools.store.put(`contents:${this.#bot}`, id, content);
  }

  #stored(id: string, version: number): readonly Chunk[] {
    return (this.#tools.store.get(this.#texts, key(id, version)) as unknown as readonly Chunk[] | undefined) ?? [];
  }

  get #texts(): string {
    return `texts:${this.#bot}`;
  }
}

/** Titles and texts of chunks, as a person would read them one after the other. */
export function textOfChunks(chunks: readonly JsonRecord[]): string {
  const part = ({ chunkTitle = '', chunkText = '' }: JsonRecord): string =>
    [chunkTitle, chunkText].filter((said) => said !== '').join('\n\n');
  return chunks.map(part).join('\n\n');
}

function last(content: Pick<Content, 'versions'>): number {
  return content.versions.at(-1) ?? 0;
}

function key(id: string, version: number): string {
  return `${id}@${version}`;
}
