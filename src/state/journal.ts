// The append-only log beside a snapshot: one checksummed JSON line an entry, a header line in front that says which snapshot it
// continues. Group commit: one sync in flight, what arrives meanwhile goes together in the next.
import { dirname } from 'node:path';
import type { JournalEntry } from '../model/effect.ts';
import { SyncError } from '../model/error.ts';
import { type JsonRecord, sha256 } from '../model/json.ts';
import type { AppendFile, Disk } from './disk.ts';
import { migratedEntry, newerFormat, oldestFormat, stateFormat } from './migrate.ts';
import { merged } from './snapshot.ts';

/** The first line: the generation of the snapshot that the entries below follow (0: none yet). */
export interface JournalHeader {
  readonly journal: typeof stateFormat;
  /** The version that began the file; null: not known. */
  readonly kbsync: string | null;
  readonly target: string;
  readonly follows: number;
}

export interface JournalContent {
  /** Null: no file, an empty one, or one whose very first line never came to disk. */
  readonly header: JournalHeader | null;
  readonly entries: readonly JournalEntry[];
  /** Bytes in the file, and bytes of whole, good lines at its start; null where there is no file. */
  readonly bytes: number | null;
  readonly goodBytes: number;
  /** Not as this kbsync writes it: of an older format, or its line ends were converted on the way. Written anew before anything is added. */
  readonly stale: 'older' | 'converted' | null;
}

export interface Journal {
  /** Entries on disk. */
  readonly length: number;
  /** Bytes on disk. */
  readonly bytes: number;
  /** Reads everything and durably cuts a torn end. To be called once, before anything is written. */
  readBack(): Promise<JournalContent>;
  /** Which snapshot a new file is to follow, where there is none yet. */
  follow(generation: number): void;
  /**
   * Resolves only when the entries are on disk. `onDurable` runs at that moment, in the order of the file. STATE_UNWRITABLE: none of
   * them counts, and none will be found later by this journal.
   */
  append(entries: readonly JournalEntry[], onDurable?: () => void): Promise<void>;
  /** Runs work with no append in flight; appends asked for meanwhile wait until it ends. */
  alone<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Durably replaces all entries; only inside `alone`. */
  rewrite(follows: number, entries: readonly JournalEntry[]): Promise<void>;
  /** Waits for what is in flight. */
  close(): Promise<void>;
}

type Job =
  | { readonly kind: 'append'; readonly entries: readonly JournalEntry[]; readonly onDurable: () => void; readonly settle: Settle }
  | { readonly kind: 'alone'; readonly run: () => Promise<void> };

interface Settle {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A whole journal as the text of its file. */
export function journalText(header: JournalHeader, entries: readonly JournalEntry[]): string {
  return encodeLine(header) + entries.map(encodeLine).join('');
}

/** A journal of one target. Nothing is read or written yet. */
export function openJournal(disk: Disk, path: string, target: string, kbsync: string | null = null): Journal {
  const jobs: Job[] = [];
  let header: JournalHeader | null = null;
  let follows = 0;
  let length = 0;
  let goodBytes = 0;
  let file: AppendFile | null = null;
  /** Set by a write that failed half-way: what must be done before the file may be trusted with more. */
  let repair: (() => Promise<void>) | null = null;
  let working: Promise<void> | null = null;

  const headerOf = (after: number): JournalHeader => ({ journal: stateFormat, kbsync, target, follows: after });

  /** The whole file anew, at once or, where that fails, before anything else is added to it. */
  const replaceWith = (next: JournalHeader, entries: readonly JournalEntry[]): (() => Promise<void>) => {
    const text = journalText(next, entries);
    return async () => {
      await disk.replace(path, text);
      header = next;
      length = entries.length;
      goodBytes = Buffer.byteLength(text);
    };
  };

  const closeFile = async (): Promise<void> => {
    const open = file;
    file = null;
    await open?.close().catch(() => undefined);
  };

  const mend = async (): Promise<void> => {
    if (repair === null) return;
    await closeFile();
    await repair();
    repair = null;
  };

  const write = async (entries: readonly JournalEntry[]): Promise<void> => {
    await mend();
    const first: JournalHeader | null = header === null ? headerOf(follows) : null;
    const text = (first === null ? '' : encodeLine(first)) + entries.map(encodeLine).join('');
    const before = goodBytes;
    try {
      if (file === null) {
        if (first !== null) await disk.mkdir(dirname(path));
        file = await disk.openAppend(path);
      }
      await file.append(text);
    } catch (error) {
      // Part of it may stand in the file: it would tear the middle of what comes later.
      repair = async () => {
        if (disk.stat(path) !== null) await disk.truncate(path, before);
      };
      throw error;
    }
    if (first !== null) header = first;
    length += entries.length;
    goodBytes += Buffer.byteLength(text);
  };

  const group = async (first: Extract<Job, { kind: 'append' }>): Promise<void> => {
    const batch = [first];
    for (let next = jobs[0]; next?.kind === 'append'; next = jobs[0]) {
      batch.push(next);
      jobs.shift();
    }
    try {
      await write(batch.flatMap((job) => job.entries));
    } catch (error) {
      for (const job of batch) job.settle.reject(error);
      return;
    }
    for (const job of batch) {
      try {
        job.onDurable();
        job.settle.resolve();
      } catch (error) {
        job.settle.reject(error);
      }
    }
  };

  const work = async (): Promise<void> => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await (job.kind === 'append' ? group(job) : job.run());
    working = null;
  };

  const enqueue = (job: Job): void => {
    jobs.push(job);
    working ??= Promise.resolve().then(work);
  };

  return {
    get length() {
      return length;
    },
    get bytes() {
      return goodBytes;
    },
    async readBack() {
      const content = readJournal(disk, path);
      if (content.header !== null && content.stale !== null) {
        // A reader of its own format must not meet half of each: the first that is added makes it today's, whole.
        header = content.header;
        length = content.entries.length;
        repair = replaceWith(headerOf(content.header.follows), content.entries);
        return content;
      }
      if (content.bytes !== null && content.bytes !== content.goodBytes) await disk.truncate(path, content.goodBytes);
      if (content.goodBytes > 0 && content.newlineMissing) await disk.append(path, '\n');
      header = content.header;
      length = content.entries.length;
      goodBytes = content.goodBytes + (content.newlineMissing ? 1 : 0);
      return content;
    },
    follow(generation) {
      follows = generation;
    },
    append: (entries, onDurable = () => undefined) =>
      new Promise<void>((resolve, reject) => enqueue({ kind: 'append', entries, onDurable, settle: { resolve, reject } })),
    alone: <Result>(task: () => Promise<Result>) =>
      new Promise<Result>((resolve, reject) => enqueue({ kind: 'alone', run: () => task().then(resolve, reject) })),
    async rewrite(generation, entries) {
      // Where it fails, old or new may stand there: nothing is appended before it has been done after all.
      repair = replaceWith(headerOf(generation), entries);
      await mend();
    },
    async close() {
      await (working ?? Promise.resolve());
      await closeFile();
    },
  };
}

/**
 * The whole journal as it stands, changing nothing; a torn end is left out, and what an older kbsync wrote is brought up. STATE_DAMAGED names the
 * line of any other damage; STATE_NEWER where a newer kbsync wrote it.
 */
export function readJournal(disk: Disk, path: string): JournalContent & { readonly newlineMissing: boolean } {
  const given = disk.read(path);
  if (given === null) return { header: null, entries: [], bytes: null, goodBytes: 0, stale: null, newlineMissing: false };
  const converted = given.indexOf('\r\n') !== -1;
  // kbsync writes no carriage return; what is left is proven line by line.
  const bytes = converted ? Buffer.from(given.toString('utf8').replaceAll('\r\n', '\n').replace(/\r$/, '')) : given;
  const entries: JournalEntry[] = [];
  let header: JournalHeader | null = null;
  let format: number = stateFormat;
  let start = 0;
  const found = (goodBytes: number, newlineMissing: boolean) => {
    const stale = converted ? 'converted' : format < stateFormat ? 'older' : null;
    return { header, entries, bytes: given.length, goodBytes, stale, newlineMissing } as const;
  };
  for (let line = 1; start < bytes.length; line += 1) {
    const end = bytes.indexOf(10, start);
    const text = bytes.toString('utf8', start, end === -1 ? bytes.length : end);
    const value = decodeLine(text);
    if (value === undefined) {
      if (text.startsWith('<<<<<<< ')) throw merged(path);
      if (isTorn(bytes, start, end)) break;
      throw damagedLine(path, line);
    }
    if (header === null) ({ header, format } = asHeader(value, path));
    else entries.push(format === stateFormat ? (value as JournalEntry) : migratedEntry(value as JsonRecord, format));
    if (end === -1) return found(bytes.length, true);
    start = end + 1;
  }
  return found(start, false);
}

/** The last line, cut short; or the last block, which some file systems leave as zeros after a power cut. A whole line is never torn. */
function isTorn(bytes: Buffer, start: number, end: number): boolean {
  if (end === -1) return true;
  return end === bytes.length - 1 && bytes.subarray(start, end).includes(0);
}

function encodeLine(value: JournalHeader | JournalEntry): string {
  const text = JSON.stringify(value);
  return `{"c":"${sha256(text).slice(0, 8)}","e":${text}}\n`;
}

/** Undefined where it is not a whole line with its own checksum. */
function decodeLine(line: string): unknown {
  if (!line.startsWith('{"c":"') || line.slice(14, 20) !== '","e":' || !line.endsWith('}')) return undefined;
  const text = line.slice(20, -1);
  if (sha256(text).slice(0, 8) !== line.slice(6, 14)) return undefined;
  return JSON.parse(text);
}

function asHeader(value: unknown, path: string): { readonly header: JournalHeader; readonly format: number } {
  if (typeof value === 'object' && value !== null && 'journal' in value && 'target' in value && 'follows' in value) {
    const { journal, target, follows } = value;
    const kbsync = 'kbsync' in value && typeof value.kbsync === 'string' ? value.kbsync : null;
    if (typeof journal === 'number' && journal > stateFormat) throw newerFormat(path, journal, JSON.stringify(value));
    if (typeof journal === 'number' && journal >= oldestFormat && typeof target === 'string' && typeof follows === 'number')
      return { header: { journal: stateFormat, kbsync, target, follows }, format: journal };
  }
  throw damagedLine(path, 1);
}

function damagedLine(path: string, line: number): SyncError {
  const stem = path.replace(/\.journal$/, '');
  return new SyncError('STATE_DAMAGED', {
    message: `${path}:${line}: this line is not what kbsync wrote there (its checksum does not fit); nothing was changed`,
    next:
      `restore ${path} from a backup taken together with ${stem}.json; or move ${stem}.json, ${stem}.json.bak and ${path} away and run again: ` +
      'first contact takes back what is ours. Leave retracted.jsonl there: without it, documents taken out by kbsync retract come back',
    data: { file: path, line },
  });
}
