// The training data of one bot of the CX Genie emulator: what was created, when it is learnt, and what the bot says from it. Append-only,
// as the API is [4]. Nothing is written as time passes: what is learnt follows from a time kept with each item.
import type { JsonRecord } from '../../model/json.ts';
import type { EmulatedItem, EmulatorTools, Knowledge } from '../emulator.ts';
import { invalid, iso, refuse, uuid } from './emulator-request.ts';
import type { CxGenieSettings } from './emulator-settings.ts';

export const itemTypes = ['TEXT', 'DOCUMENT', 'Q_AND_A', 'URL'] as const;

type Item = {
  /** In the order of creation, from 1. */
  readonly place: number;
  readonly type: (typeof itemTypes)[number];
  readonly title: string | null;
  readonly createdAt: number;
  /** From when on the bot answers from it; null: never. */
  readonly learntAt: number | null;
  readonly filename: string | null;
  readonly size: number | null;
  readonly mimetype: string | null;
};

/** Texts lie in a collection of their own, so that the items stay small. */
type Text = {
  readonly content: string;
  readonly value: string | null;
  /** What there is to learn: the page behind a URL, the file behind a document. */
  readonly learnt: string | null;
};

export interface NewItem {
  readonly type: (typeof itemTypes)[number];
  readonly title: string | null;
  readonly content: string;
  /** `content_value`; null: not given. */
  readonly value: string | null;
  readonly file: { readonly name: string; readonly size: number; readonly type: string; readonly text: string | null } | null;
}

export class Items {
  readonly #tools: EmulatorTools;
  readonly #settings: CxGenieSettings;
  readonly #bot: string;
  /** Items that the knowledge has not been told yet: it lives in memory, so after a restart all of them. */
  readonly #untold = new Set<string>();

  constructor(tools: EmulatorTools, settings: CxGenieSettings, bot: string) {
    this.#tools = tools;
    this.#settings = settings;
    this.#bot = bot;
    for (const [id] of tools.store.entries(this.#items)) this.#untold.add(id);
  }

  /** #1: the whole record. The same body twice makes two items [6.4]. */
  create(given: NewItem): JsonRecord {
    const { rejectMarker, maxItems, likeContent } = this.#settings;
    if (rejectMarker !== null && given.content.includes(rejectMarker)) invalid('content was refused');
    if (maxItems !== null && this.#tools.store.size(this.#items) >= maxItems)
      refuse(402, 'QUOTA_EXCEEDED', `the plan allows ${maxItems} pieces of training data`);
    const alike = likeContent !== 'learn' && this.#hasLike(given.content);
    if (alike && likeContent === 'refuse') invalid('content is like a piece of training data that is there');
    const id = this.#add(given, alike ? Number.POSITIVE_INFINITY : this.#settings.learnMs);
    return this.#record(id);
  }

  /** An article made in the dashboard, imported since. */
  plant(title: string, content: string): string {
    return this.#add({ type: 'TEXT', title, content, value: null, file: null }, 0);
  }

  /** What the bot says, and whether it knows anything to say. */
  answer(question: string): { readonly text: string; readonly known: boolean } {
    const knowledge = this.#learn();
    const all = knowledge.answer(question);
    const [oldest, ...newer] = this.#byAge(all.sources);
    if (oldest === undefined) return { text: '', known: false };
    if (this.#settings.quotes === 'all' || newer.length === 0) return { text: all.text, known: true };
    // The knowledge composes one answer of all that fits; what only the oldest would say is found by taking the others away for a moment.
    for (const id of newer) knowledge.remove(id);
    const { text } = knowledge.answer(question);
    for (const id of newer) this.#teach(knowledge, id);
    return { text, known: true };
  }

  inspect(): EmulatedItem[] {
    return [...this.#tools.store.entries(this.#items)].map(([id, value]) => {
      const item = value as Item;
      const { content, value: second } = this.#text(id);
      const text = second === null || second === '' ? content : `${content}\n${second}`;
      return { remoteId: id, name: item.title, text, answeredFrom: this.#learntAt(item) ? this.#answeredFrom(id, item) : null };
    });
  }

  // ── inner ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  get #items(): string {
    return `items:${this.#bot}`;
  }

  #add(given: NewItem, learnMs: number): string {
    const id = uuid(this.#tools);
    const now = this.#tools.now();
    const learnt = this.#learntFrom(given);
    const { failMarker } = this.#settings;
    const failed = learnt === null || (failMarker !== null && learnt.includes(failMarker));
    const { type, title, file } = given;
    const item: Item = {
      place: this.#tools.store.size(this.#items) + 1,
      type,
      title,
      createdAt: now,
      learntAt: failed || !Number.isFinite(learnMs) ? null : now + learnMs,
      filename: file?.name ?? null,
      size: file?.size ?? null,
      mimetype: file?.type ?? null,
    };
    const text: Text = { content: given.content, value: given.value, learnt: learnt === given.content ? null : learnt };
    this.#tools.store.put(`texts:${this.#bot}`, id, text);
    this.#tools.store.put(this.#items, id, item);
    this.#untold.add(id);
    return id;
  }

  /** What the vendor would read; null: nothing that the emulator can read. */
  #learntFrom({ type, content, file }: NewItem): string | null {
    if (type === 'URL') return Object.hasOwn(this.#settings.pages, content) ? (this.#settings.pages[content] ?? null) : null;
    if (type === 'DOCUMENT') return file?.text ?? null;
    return content;
  }

  /** Share of common words in all words of both [6.5]. */
  #hasLike(content: string): boolean {
    const words = wordsOf(content);
    for (const [id] of this.#tools.store.entries(this.#items)) {
      const others = wordsOf(this.#text(id).content);
      const common = [...words].filter((word) => others.has(word)).length;
      if (common >= this.#settings.likeShare * (words.size + others.size - common)) return true;
    }
    return false;
  }

  #record(id: string): JsonRecord {
    const { type, title, createdAt, filename, size, mimetype } = this.#tools.store.get(this.#items, id) as Item;
    const { content, value } = this.#text(id);
    const missing: JsonRecord =
      this.#settings.missingValue === 'absent' ? {} : { content_value: this.#settings.missingValue === 'null' ? null : '' };
    return {
      id,
      bot_id: this.#bot,
      content,
      ...(value === null ? missing : { content_value: value }),
      type,
      title,
      status_learning: 'WAITING',
      created_at: iso(createdAt),
      updated_at: iso(createdAt),
      source: 'USER',
      total_relearning: null,
      filename,
      size,
      mimetype,
      created_by: null,
      updated_by: null,
      deleted_at: null,
    };
  }

  #learntAt({ learntAt }: Item): boolean {
    return learntAt !== null && this.#tools.now() >= learntAt;
  }

  /** Tells the knowledge what has been learnt since. */
  #learn(): Knowledge {
    const knowledge = this.#tools.knowledge(this.#bot);
    for (const id of this.#untold) {
      const item = this.#tools.store.get(this.#items, id) as Item;
      if (item.learntAt !== null && !this.#learntAt(item)) continue;
      this.#untold.delete(id);
      if (item.learntAt !== null) this.#teach(knowledge, id);
    }
    return knowledge;
  }

  #teach(knowledge: Knowledge, id: string): void {
    const item = this.#tools.store.get(this.#items, id) as Item;
    const { question, text } = this.#learntText(id, item);
    knowledge.put(id, question === '' ? (item.title ?? '') : question, text);
  }

  /** A Q_AND_A is found by its question, which is not quoted. */
  #learntText(id: string, { type }: Item): { readonly question: string; readonly text: string } {
    const { content, value, learnt } = this.#text(id);
    const cut = (text: string): string => text.slice(0, this.#settings.learntChars ?? text.length);
    if (type !== 'Q_AND_A') return { question: '', text: cut(learnt ?? content) };
    const [question, answer] = this.#settings.qaOrder === 'question-first' ? [content, value ?? ''] : [value ?? '', content];
    return { question, text: cut(answer) };
  }

  #answeredFrom(id: string, item: Item): string {
    const { question, text } = this.#learntText(id, item);
    return question === '' ? text : `${question}\n${text}`;
  }

  #byAge(ids: readonly string[]): string[] {
    const place = (id: string): number => (this.#tools.store.get(this.#items, id) as Item).place;
    return [...ids].sort((left, right) => place(left) - place(right));
  }

  #text(id: string): Text {
    return this.#tools.store.get(`texts:${this.#bot}`, id) as Text;
  }
}

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
}
