// What an emulator's bots hold: in memory for tests, and in one append-only log of JSON lines a vendor for the sandbox, so that the next
// start meets the same bots. Written before the reply is sent, never synced: a sandbox may lose its last words in a power cut.
import { appendFileSync, closeSync, existsSync, ftruncateSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EmulatorStore } from '../connectors/emulator.ts';
import { SyncError } from '../model/error.ts';
import type { Json } from '../model/json.ts';
import { makeFolder } from './folder.ts';

/** The few calls to the disk, all at once done when they return. */
export interface StoreFiles {
  makeFolder(path: string): void;
  /** The whole file, or null where there is none. */
  read(path: string): Buffer | null;
  /** Opens for appending, cut to `length` bytes first. */
  open(path: string, length: number): StoreLog;
  /** Puts a new file in the place of the old one in one step. */
  replace(path: string, text: string): void;
}

export interface StoreLog {
  append(text: string): void;
  close(): void;
}

/** The real disk. */
export const nodeStoreFiles: StoreFiles = {
  makeFolder,
  read: (path) => (existsSync(path) ? readFileSync(path) : null),
  open(path, length) {
    const file = openSync(path, 'a', 0o600);
    ftruncateSync(file, length);
    return { append: (text) => appendFileSync(file, text), close: () => closeSync(file) };
  },
  replace(path, text) {
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  },
};

/** Values are frozen when they are put: one changed in place would be forgotten by the next start. */
export function memoryStore(): EmulatorStore {
  return storeOver(new Map(), () => undefined);
}

/** Smaller logs are not worth rewriting. */
const compactBytes = 5_000_000;

type Collections = Map<string, Map<string, Json>>;
/** A put, or (without value) a delete. */
type Line = readonly [collection: string, id: string, value?: Json];

/**
 * A store that outlives the process: `dir/name.jsonl`, replayed here. One process at a time may have it open.
 * Throws STATE_DAMAGED for a broken line (a torn last one is cut off: its reply was never sent).
 */
export function fileStore(dir: string, name: string, files: StoreFiles = nodeStoreFiles): EmulatorStore & { close(): void } {
  files.makeFolder(dir);
  const path = join(dir, `${name}.jsonl`);
  const collections: Collections = new Map();
  let { bytes, lines } = replay(path, files.read(path), collections);
  let log: StoreLog | null = files.open(path, bytes);

  const compact = (): void => {
    const text = [...collections]
      .flatMap(([collection, items]) => [...items].map(([id, value]) => textOf([collection, id, value])))
      .join('');
    log?.close();
    files.replace(path, text);
    bytes = Buffer.byteLength(text);
    lines = liveIn(collections);
    log = files.open(path, bytes);
  };
  const record = (line: Line): void => {
    if (log === null) throw new SyncError('UNEXPECTED', { message: `the sandbox's store ${path} was written to after it was closed` });
    const text = textOf(line);
    log.append(text);
    bytes += Buffer.byteLength(text);
    lines += 1;
  };
  const store = storeOver(collections, (line) => {
    record(line);
    return () => {
      if (bytes > compactBytes && lines > 2 * liveIn(collections)) compact();
    };
  });
  return {
    ...store,
    close() {
      log?.close();
      log = null;
    },
  };
}

/** The store's own functions over a map of maps; `record` is called before each change and may return what is to be done after it. */
function storeOver(collections: Collections, record: (line: Line) => (() => void) | undefined): EmulatorStore {
  return {
    get: (collection, id) => collections.get(collection)?.get(id),
    put(collection, id, value) {
      const after = record([collection, id, value]);
      apply(collections, [collection, id, frozen(value)]);
      after?.();
    },
    delete(collection, id) {
      if (collections.get(collection)?.has(id) !== true) return;
      const after = record([collection, id]);
      apply(collections, [collection, id]);
      after?.();
    },
    entries: (collection) => (collections.get(collection) ?? new Map<string, Json>()).entries(),
    size: (collection) => collections.get(collection)?.size ?? 0,
  };
}

function apply(collections: Collections, [collection, id, value]: Line): void {
  const items = collections.get(collection) ?? new Map<string, Json>();
  collections.set(collection, items);
  if (value === undefined) items.delete(id);
  else items.set(id, value);
}

function textOf(line: Line): string {
  return `${JSON.stringify(line)}\n`;
}

function liveIn(collections: Collections): number {
  return [...collections.values()].reduce((sum, items) => sum + items.size, 0);
}

/** Reads a log into the collections; returns how many bytes and lines of it are whole. */
function replay(path: string, log: Buffer | null, collections: Collections): { bytes: number; lines: number } {
  if (log === null) return { bytes: 0, lines: 0 };
  const bytes = log.lastIndexOf(0x0a) + 1;
  const texts = log.toString('utf8', 0, bytes).split('\n').slice(0, -1);
  for (const [index, text] of texts.entries()) apply(collections, lineOf(text, path, index + 1));
  return { bytes, lines: texts.length };
}

function lineOf(text: string, path: string, number: number): Line {
  try {
    const line: unknown = JSON.parse(text);
    if (Array.isArray(line) && typeof line[0] === 'string' && typeof line[1] === 'string')
      return [line[0], line[1], frozen(line[2] as Json)];
  } catch {
    // Told below, with the file and the line.
  }
  throw new SyncError('STATE_DAMAGED', {
    message: `${path}, line ${number}: what the sandbox's bots hold cannot be read`,
    next: 'delete the folder state/sandbox (nothing but the emulators lives there) and run again',
  });
}

function frozen(value: Json): Json {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) frozen(inner as Json);
  return Object.freeze(value);
}
