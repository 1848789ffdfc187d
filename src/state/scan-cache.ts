// What was parsed and rendered of each file, by its stat: so that a scan in which nothing changed reads nothing. May be deleted at any
// time, is never synced, and is silently empty when it is damaged, foreign or of another version.
import type { ContentProblem, Document, DocumentId } from '../model/document.ts';
import { type Json, sha256 } from '../model/json.ts';
import type { PartHead } from '../model/payload.ts';

/** What is kept of one file; the content stage says what it means. */
export interface CachedFile {
  readonly digest: string;
  readonly documents: readonly Document[];
  readonly problems: readonly ContentProblem[];
  readonly ids: readonly DocumentId[];
  readonly bodyStart: number;
  readonly head: string;
  readonly includes?: readonly { readonly path: string; readonly digest: string | null; readonly stamp: string | null }[];
  readonly links?: { readonly [document: DocumentId]: { readonly of: string; readonly sites: readonly LinkPlace[] } };
  readonly perTarget?: true;
  readonly signature?: string;
  readonly shown?: string;
}

interface LinkPlace {
  readonly start: number;
  readonly end: number;
  readonly href: string;
  readonly kind: 'link' | 'image';
  readonly syntax: 'markdown' | 'html';
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** When a file's bytes were known: its stat as one text, its last change, and the moment before it was read (ms since 1970). */
export interface CacheFacts {
  readonly stamp: string;
  readonly changedMs: number;
  readonly recordedMs: number;
}

export interface ScanCache {
  /** What was parsed under another key (front matter settings, rules, target names, parser version) is forgotten. */
  begin(parseKey: string): void;
  get(path: string, stamp: string): { readonly file: CachedFile; readonly fresh: boolean } | null;
  put(path: string, file: CachedFile, facts: CacheFacts): void;
  /** Heads that were made around something else are not given. */
  heads(path: string, document: DocumentId, renderKey: string, around?: string): readonly PartHead[] | null;
  /** What lint said of those heads. */
  told(path: string, document: DocumentId, renderKey: string): readonly ContentProblem[];
  putHeads(
    path: string,
    document: DocumentId,
    renderKey: string,
    heads: readonly PartHead[],
    around?: string,
    told?: readonly ContentProblem[],
  ): void;
  prune(presentPaths: ReadonlySet<string>): void;
  /** What was found out about the folder as a whole, by name; null where the key is another one by now. */
  memo(name: string, key: string): Json | null;
  putMemo(name: string, key: string, value: Json): void;
  /** Writes it if anything changed; throws whatever `write` throws. */
  save(): Promise<void>;
}

export interface ScanCacheIo {
  /** Null where there is none. */
  read(path: string): Uint8Array | string | null;
  write(path: string, text: string): void | Promise<void>;
  /** Whether a text may be written down. What is known of a file that holds a secret is not: it is read anew each time. Left out: all may. */
  mayKeep?(text: string): boolean;
}

interface Entry extends CacheFacts {
  readonly file: CachedFile;
  /** By document, by render key. */
  readonly heads: Map<DocumentId, Map<string, KeptHeads>>;
}

interface KeptHeads {
  readonly parts: readonly PartHead[];
  readonly around: string;
  readonly told: readonly ContentProblem[];
}

type StoredHead = readonly [renderKey: number, parts: readonly PartHead[], around?: string, told?: readonly ContentProblem[]];
type StoredHeads = readonly (readonly [DocumentId, readonly StoredHead[]])[];
type Memos = { readonly [name: string]: { readonly key: string; readonly value: Json } };
type StoredEntry = readonly [path: string, facts: CacheFacts, file: CachedFile, heads: StoredHeads];

interface Header {
  readonly kbsync: 'scan-cache';
  readonly version: 2;
  readonly parseKey: string;
  /** Last used first. */
  readonly renderKeys: readonly string[];
  readonly sha256: string;
}

/** Coarse file systems count in two seconds: a change in that time before it was read may be followed by one that no stat shows. */
const racyMs = 2000;
/** Targets that were asked about lately; the heads of others are dropped. */
const maxRenderKeys = 32;

/** Opens the cache in a file; never fails. */
export function openScanCache(file: string, io: ScanCacheIo): ScanCache {
  const stored = load(file, io);
  let parseKey = stored.parseKey;
  let entries = stored.entries;
  let memos = stored.memos;
  const used = new Set<string>();
  let changed = false;

  return {
    begin(key) {
      if (key === parseKey) return;
      changed ||= entries.size > 0;
      parseKey = key;
      entries = new Map();
    },
    get(path, stamp) {
      const entry = entries.get(path);
      if (entry === undefined) return null;
      return { file: entry.file, fresh: entry.stamp === stamp && entry.changedMs < entry.recordedMs - racyMs };
    },
    put(path, kept, { stamp, changedMs, recordedMs }) {
      const before = entries.get(path);
      const heads = before?.file.digest === kept.digest ? before.heads : new Map<DocumentId, Map<string, KeptHeads>>();
      entries.set(path, { file: kept, stamp, changedMs, recordedMs, heads });
      changed = true;
    },
    heads(path, document, renderKey, around = '') {
      used.add(renderKey);
      const kept = entries.get(path)?.heads.get(document)?.get(renderKey);
      return kept === undefined || kept.around !== around ? null : kept.parts;
    },
    told: (path, document, renderKey) => entries.get(path)?.heads.get(document)?.get(renderKey)?.told ?? [],
    putHeads(path, document, renderKey, parts, around = '', told = []) {
      used.add(renderKey);
      const entry = entries.get(path);
      if (entry === undefined) return;
      const ofDocument = entry.heads.get(document) ?? new Map<string, KeptHeads>();
      entry.heads.set(document, ofDocument.set(renderKey, { parts, around, told }));
      changed = true;
    },
    prune(presentPaths) {
      for (const path of entries.keys()) {
        if (presentPaths.has(path)) continue;
        entries.delete(path);
        changed = true;
      }
    },
    memo(name, key) {
      const kept = Object.hasOwn(memos, name) ? memos[name] : undefined;
      return kept?.key === key ? kept.value : null;
    },
    putMemo(name, key, value) {
      memos = { ...memos, [name]: { key, value } };
      changed = true;
    },
    async save() {
      if (!changed) return;
      const renderKeys = [...used, ...stored.renderKeys.filter((key) => !used.has(key))].slice(0, maxRenderKeys);
      await io.write(file, write(parseKey, renderKeys, entries, memos, io.mayKeep));
      changed = false;
    },
  };
}

function write(
  parseKey: string,
  renderKeys: readonly string[],
  entries: ReadonlyMap<string, Entry>,
  memos: Memos,
  mayKeep: ScanCacheIo['mayKeep'],
): string {
  const numbers = new Map(renderKeys.map((key, index) => [key, index]));
  const stored = [...entries].map(([path, { file, heads, stamp, changedMs, recordedMs }]): StoredEntry => {
    const kept: StoredHeads = [...heads].map(([document, byKey]) => [
      document,
      [...byKey].flatMap(([key, { parts, around, told }]): readonly StoredHead[] => {
        const number = numbers.get(key);
        if (number === undefined) return [];
        if (told.length > 0) return [[number, parts, around, told]];
        return [around === '' ? [number, parts] : [number, parts, around]];
      }),
    ]);
    return [path, { stamp, changedMs, recordedMs }, file, kept];
  });
  const whole = JSON.stringify([memos, stored]);
  const body =
    mayKeep === undefined || mayKeep(whole) ? whole : JSON.stringify([{}, stored.filter((entry) => mayKeep(JSON.stringify(entry)))]);
  const header: Header = { kbsync: 'scan-cache', version: 2, parseKey, renderKeys, sha256: sha256(body) };
  return `${JSON.stringify(header)}\n${body}\n`;
}

interface Loaded {
  readonly parseKey: string;
  readonly renderKeys: readonly string[];
  readonly entries: Map<string, Entry>;
  readonly memos: Memos;
}

function load(file: string, io: ScanCacheIo): Loaded {
  try {
    const bytes = io.read(file);
    if (bytes === null) return nothing();
    const text = typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes);
    const end = text.indexOf('\n');
    const header = JSON.parse(text.slice(0, end)) as Partial<Header>;
    const body = text.slice(end + 1, -1);
    if (header.kbsync !== 'scan-cache' || header.version !== 2 || header.sha256 !== sha256(body)) return nothing();
    const renderKeys = header.renderKeys ?? [];
    // The sum proves that this is what we wrote, so its shape needs no proof.
    const [memos, stored] = JSON.parse(body) as readonly [Memos, readonly StoredEntry[]];
    const entries = stored.map(([path, facts, kept, heads]): readonly [string, Entry] => [
      path,
      { ...facts, file: kept, heads: new Map(heads.map(([document, byKey]) => [document, namedHeads(byKey, renderKeys)])) },
    ]);
    return { parseKey: header.parseKey ?? '', renderKeys, entries: new Map(entries), memos };
  } catch {
    return nothing();
  }
}

function namedHeads(byKey: readonly StoredHead[], renderKeys: readonly string[]): Map<string, KeptHeads> {
  return new Map(byKey.map(([number, parts, around = '', told = []]) => [renderKeys[number] ?? '', { parts, around, told }]));
}

function nothing(): Loaded {
  return { parseKey: '', renderKeys: [], entries: new Map(), memos: {} };
}
