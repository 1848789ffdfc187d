// What was parsed and rendered of each file, by its stat: so that a scan in which nothing changed reads nothing. May be deleted at any
// time, is never synced, and is silently empty when it is damaged, foreign or of another version.
import type { ContentProblem, Document, DocumentId } from '../model/document.ts';
import { sha256 } from '../model/json.ts';
import type { PartHead } from '../model/payload.ts';

/** What is kept of one file; the content stage says what it means. */
export interface CachedFile {
  readonly digest: string;
  readonly documents: readonly Document[];
  readonly problems: readonly ContentProblem[];
  readonly ids: readonly DocumentId[];
  readonly bodyStart: number;
  readonly head: string;
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
  heads(path: string, document: DocumentId, renderKey: string): readonly PartHead[] | null;
  putHeads(path: string, document: DocumentId, renderKey: string, heads: readonly PartHead[]): void;
  prune(presentPaths: ReadonlySet<string>): void;
  /** Writes it if anything changed; throws whatever `write` throws. */
  save(): Promise<void>;
}

export interface ScanCacheIo {
  /** Null where there is none. */
  read(path: string): Uint8Array | string | null;
  write(path: string, text: string): void | Promise<void>;
}

interface Entry extends CacheFacts {
  readonly file: CachedFile;
  /** By document, by render key. */
  readonly heads: Map<DocumentId, Map<string, readonly PartHead[]>>;
}

type StoredHeads = readonly (readonly [DocumentId, readonly (readonly [number, readonly PartHead[]])[]])[];
type StoredEntry = readonly [path: string, facts: CacheFacts, file: CachedFile, heads: StoredHeads];

interface Header {
  readonly kbsync: 'scan-cache';
  readonly version: 1;
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
      const heads = before?.file.digest === kept.digest ? before.heads : new Map<DocumentId, Map<string, readonly PartHead[]>>();
      entries.set(path, { file: kept, stamp, changedMs, recordedMs, heads });
      changed = true;
    },
    heads(path, document, renderKey) {
      used.add(renderKey);
      return entries.get(path)?.heads.get(document)?.get(renderKey) ?? null;
    },
    putHeads(path, document, renderKey, heads) {
      used.add(renderKey);
      const entry = entries.get(path);
      if (entry === undefined) return;
      const ofDocument = entry.heads.get(document) ?? new Map<string, readonly PartHead[]>();
      entry.heads.set(document, ofDocument.set(renderKey, heads));
      changed = true;
    },
    prune(presentPaths) {
      for (const path of entries.keys()) {
        if (presentPaths.has(path)) continue;
        entries.delete(path);
        changed = true;
      }
    },
    async save() {
      if (!changed) return;
      const renderKeys = [...used, ...stored.renderKeys.filter((key) => !used.has(key))].slice(0, maxRenderKeys);
      await io.write(file, write(parseKey, renderKeys, entries));
      changed = false;
    },
  };
}

function write(parseKey: string, renderKeys: readonly string[], entries: ReadonlyMap<string, Entry>): string {
  const numbers = new Map(renderKeys.map((key, index) => [key, index]));
  const stored = [...entries].map(([path, { file, heads, stamp, changedMs, recordedMs }]): StoredEntry => {
    const kept: StoredHeads = [...heads].map(([document, byKey]) => [
      document,
      [...byKey].flatMap(([key, parts]) => {
        const number = numbers.get(key);
        return number === undefined ? [] : [[number, parts] as const];
      }),
    ]);
    return [path, { stamp, changedMs, recordedMs }, file, kept];
  });
  const body = JSON.stringify(stored);
  const header: Header = { kbsync: 'scan-cache', version: 1, parseKey, renderKeys, sha256: sha256(body) };
  return `${JSON.stringify(header)}\n${body}\n`;
}

interface Loaded {
  readonly parseKey: string;
  readonly renderKeys: readonly string[];
  readonly entries: Map<string, Entry>;
}

function load(file: string, io: ScanCacheIo): Loaded {
  try {
    const bytes = io.read(file);
    if (bytes === null) return nothing();
    const text = typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes);
    const end = text.indexOf('\n');
    const header = JSON.parse(text.slice(0, end)) as Partial<Header>;
    const body = text.slice(end + 1, -1);
    if (header.kbsync !== 'scan-cache' || header.version !== 1 || header.sha256 !== sha256(body)) return nothing();
    const renderKeys = header.renderKeys ?? [];
    // The sum proves that this is what we wrote, so its shape needs no proof.
    const stored = JSON.parse(body) as readonly StoredEntry[];
    const entries = stored.map(([path, facts, kept, heads]): readonly [string, Entry] => [
      path,
      { ...facts, file: kept, heads: new Map(heads.map(([document, byKey]) => [document, namedHeads(byKey, renderKeys)])) },
    ]);
    return { parseKey: header.parseKey ?? '', renderKeys, entries: new Map(entries) };
  } catch {
    return nothing();
  }
}

function namedHeads(
  byKey: readonly (readonly [number, readonly PartHead[]])[],
  renderKeys: readonly string[],
): Map<string, readonly PartHead[]> {
  return new Map(byKey.map(([number, parts]) => [renderKeys[number] ?? '', parts]));
}

function nothing(): Loaded {
  return { parseKey: '', renderKeys: [], entries: new Map() };
}
