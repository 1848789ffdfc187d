// The data sources of every knowledge base of the ReplyCX emulator: their life from in-progress to completed or failed, and what the bots
// answer from. A source is never changed, only made and deleted. Its state follows from times kept with it, so that time writes nothing.
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatedItem, EmulatorTools, Knowledge } from '../emulator.ts';
import { type Part, stamp } from './emulator-request.ts';
import type { ReplyCxSettings } from './emulator-settings.ts';

type Source = {
  readonly kb: string;
  readonly name: string;
  readonly type: 'text' | 'file';
  readonly createdAt: number;
  /** When training ends; null: never. */
  readonly settledAt: number | null;
  /** Whether it will have failed. Why is told nowhere [2.3]. */
  readonly fails: boolean;
  readonly words: number;
  readonly deletedAt: number | null;
};

type State = 'pending' | 'completed' | 'failed';

export class Sources {
  readonly #tools: EmulatorTools;
  readonly #settings: ReplyCxSettings;
  readonly #all = new Map<string, Source>();
  /** Ids of each knowledge base, oldest first. */
  readonly #ids = new Map<string, Set<string>>();
  /** Ids that the knowledge has not been told yet: it lives in memory, so after a restart all of them. */
  readonly #untold = new Map<string, Set<string>>();

  constructor(tools: EmulatorTools, settings: ReplyCxSettings) {
    this.#tools = tools;
    this.#settings = settings;
    for (const [id, value] of tools.store.entries('sources')) this.#note(id, value as Source);
  }

  /** 2.2: makes a source of one part, and gives its entry in the reply. Training starts by itself. */
  upload(kb: string, { key, filename, bytes }: Part): JsonRecord {
    const name = filename ?? `${key}.txt`;
    const text = readable(bytes);
    const type = filename === null || (this.#settings.txtType === 'text' && extensionOf(name) === 'txt') ? 'text' : 'file';
    const why = this.#refusal(filename, text ?? '');
    if (why !== null) {
      const id = this.#settings.refusedHasId ? Number(this.#nextId()) : null;
      return { id, type, name, status: this.#settings.words.failed, errors: this.#errors(why) };
    }
    const id = this.#nextId();
    const now = this.#tools.now();
    const { trainMs } = this.#settings;
    const source: Source = {
      kb,
      name,
      type,
      createdAt: now,
      settledAt: Number.isFinite(trainMs) ? now + trainMs : null,
      fails: text === null || this.#fails(kb, name, filename, bytes.length, text),
      words: (text ?? '').split(/\s+/).filter((word) => word !== '').length,
      deletedAt: null,
    };
    this.#store(id, source, text ?? '');
    return { id: Number(id), type, name, status: this.#settings.words.pending, errors: null };
  }

  /** Added in the dashboard, trained since. */
  plant(kb: string, name: string, text: string): string {
    const id = this.#nextId();
    const now = this.#tools.now();
    const words = text.split(/\s+/).length;
    this.#store(id, { kb, name, type: 'file', createdAt: now, settledAt: now, fails: false, words, deletedAt: null }, text);
    return id;
  }

  /** 2.3: those of these ids that are there, in knowledge bases that `ours` allows. Ids that are not there are left out. */
  status(ids: readonly string[], ours: (kb: string) => boolean): readonly JsonRecord[] {
    return ids.flatMap((id) => {
      const source = this.#live(id);
      if (source === null || !ours(source.kb) || this.#tools.now() < source.createdAt + this.#settings.statusLagMs) return [];
      return [{ id: Number(id), name: source.name, status: this.#wordOf(source), knowledge_base_id: numberOf(source.kb) }];
    });
  }

  /** Whether a knowledge base has this source. */
  has(kb: string, id: string): boolean {
    return this.#live(id)?.kb === kb;
  }

  /** 2.4: gone from status and answers at once. */
  delete(kb: string, id: string): void {
    const source = this.#live(id);
    if (source === null || source.kb !== kb) return;
    const gone: Source = { ...source, deletedAt: this.#tools.now() };
    if (this.#untold.get(kb)?.delete(id) !== true) this.#tools.knowledge(kb).remove(id);
    this.#tools.store.delete('texts', id);
    this.#all.set(id, gone);
    if (this.#listed(gone)) this.#tools.store.put('sources', id, gone);
    else this.#erase(id, gone);
  }

  /** 2.5: what lists show, and what the knowledge base holds in all. */
  list(kb: string, limit: number, offset: number): JsonRecord {
    const listed: [string, Source][] = [];
    for (const id of this.#ids.get(kb) ?? []) {
      const source = this.#all.get(id);
      if (source === undefined) continue;
      if (this.#listed(source)) listed.push([id, source]);
      else if (source.deletedAt !== null) this.#erase(id, source);
    }
    if (this.#settings.listOrder === 'newest-first') listed.reverse();
    const trained = listed.filter(([, source]) => this.#stateOf(source) === 'completed');
    const last = trained.reduce((latest, [, { settledAt }]) => Math.max(latest, settledAt ?? 0), 0);
    const size = Math.min(limit, this.#settings.maxPageSize);
    return {
      last_trained_at: last === 0 ? null : stamp(last),
      total_data_sources: listed.length,
      total_tokens: trained.reduce((sum, [, { words }]) => sum + Math.ceil((words * 4) / 3), 0),
      pagination: { limit: size, offset, total: listed.length },
      domains: [],
      data_source: listed.slice(offset, offset + size).map(([id, source]) => ({
        id: Number(id),
        name: source.name,
        type: source.type,
        status: this.#wordOf(source),
        created_at: stamp(source.createdAt),
      })),
    };
  }

  /** What a bot answers from: every completed source, stale versions too [5]. */
  knowledge(kb: string): Knowledge {
    const knowledge = this.#tools.knowledge(kb);
    const untold = this.#untold.get(kb) ?? new Set();
    for (const id of untold) {
      const source = this.#live(id);
      if (source !== null && this.#stateOf(source) === 'pending') continue;
      untold.delete(id);
      if (source !== null && this.#stateOf(source) === 'completed') knowledge.put(id, source.name, this.#text(id));
    }
    return knowledge;
  }

  inspect(kb: string): EmulatedItem[] {
    return [...(this.#ids.get(kb) ?? [])].flatMap((id) => {
      const source = this.#live(id);
      if (source === null) return [];
      const text = this.#text(id);
      return [{ remoteId: id, name: source.name, text, answeredFrom: this.#stateOf(source) === 'completed' ? text : null }];
    });
  }

  // ── inner ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Why a part is refused in the reply; null: it is taken. */
  #refusal(filename: string | null, text: string): string | null {
    const { rejectMarker, otherExtensions } = this.#settings;
    if (rejectMarker !== null && text.includes(rejectMarker)) return 'The content was refused';
    if (filename !== null && otherExtensions === 'refused' && !this.#known(filename)) return 'The file type is not supported';
    return null;
  }

  #errors(why: string): Json {
    if (this.#settings.errorsAs === 'string') return why;
    return this.#settings.errorsAs === 'list' ? [why] : { message: why };
  }

  /** Empty, of a kind not taken, too large or marked [5]. */
  #fails(kb: string, name: string, filename: string | null, size: number, text: string): boolean {
    const { maxFileBytes, maxTextCharacters, otherExtensions } = this.#settings;
    if (text.trim() === '') return true;
    if (filename === null) return (maxTextCharacters !== null && text.length > maxTextCharacters) || this.#marked(kb, name, text);
    if (maxFileBytes !== null && size > maxFileBytes) return true;
    if (!this.#known(filename) && otherExtensions !== 'read') return true;
    if (this.#known(filename) && !['txt', 'csv'].includes(extensionOf(filename))) return true;
    return this.#marked(kb, name, text);
  }

  #marked(kb: string, name: string, text: string): boolean {
    const { failMarker, failTimes } = this.#settings;
    if (failMarker === null || !text.includes(failMarker)) return false;
    if (failTimes === null) return true;
    const failed = [...(this.#ids.get(kb) ?? [])].filter((id) => {
      const source = this.#all.get(id);
      return source?.name === name && source.fails;
    });
    return failed.length < failTimes;
  }

  #known(filename: string): boolean {
    return this.#settings.extensions.includes(extensionOf(filename));
  }

  #stateOf({ settledAt, fails }: Source): State {
    if (settledAt === null || this.#tools.now() < settledAt) return 'pending';
    return fails ? 'failed' : 'completed';
  }

  #wordOf(source: Source): string {
    return this.#settings.words[this.#stateOf(source)];
  }

  #listed({ createdAt, deletedAt }: Source): boolean {
    const seen = this.#tools.now() - this.#settings.listLagMs;
    return createdAt <= seen && (deletedAt === null || deletedAt > seen);
  }

  #nextId(): string {
    const last = this.#tools.store.get('counters', 'source');
    const id = typeof last === 'number' ? last + 1 : this.#settings.firstId;
    this.#tools.store.put('counters', 'source', id);
    return String(id);
  }

  #store(id: string, source: Source, text: string): void {
    this.#tools.store.put('texts', id, text);
    this.#tools.store.put('sources', id, source);
    this.#note(id, source);
  }

  #note(id: string, source: Source): void {
    this.#all.set(id, source);
    setOf(this.#ids, source.kb).add(id);
    if (source.deletedAt === null) setOf(this.#untold, source.kb).add(id);
  }

  #erase(id: string, { kb }: Source): void {
    this.#tools.store.delete('sources', id);
    this.#all.delete(id);
    this.#ids.get(kb)?.delete(id);
  }

  #live(id: string): Source | null {
    const source = this.#all.get(id);
    return source === undefined || source.deletedAt !== null ? null : source;
  }

  #text(id: string): string {
    const text = this.#tools.store.get('texts', id);
    return typeof text === 'string' ? text : '';
  }
}

function setOf(sets: Map<string, Set<string>>, key: string): Set<string> {
  const found = sets.get(key) ?? new Set();
  sets.set(key, found);
  return found;
}

/** Ids of knowledge bases are numbers [2.2]; those of a sandbox may be any text. */
export function numberOf(kb: string): number | string {
  return /^\d{1,15}$/.test(kb) ? Number(kb) : kb;
}

function extensionOf(name: string): string {
  return /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
}

/** UTF-8, or null. */
function readable(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
