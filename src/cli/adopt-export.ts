// `adopt --export`: texts of a vendor as files of a folder, with an index. Nothing is ever overwritten or removed there, and nothing is written
// outside of it, whatever the items are called.
import path from 'node:path';
import { asSyncError, SyncError } from '../model/error.ts';
import { sha256 } from '../model/json.ts';
import type { Disk } from '../state/disk.ts';

/** An item as it is saved. */
export interface SavedItem {
  readonly remoteId: string;
  readonly name: string | null;
  readonly text: string;
}

export interface ExportInput {
  readonly disk: Disk;
  /** Absolute. */
  readonly dir: string;
  /** Folders that kbsync reads or writes itself: a text saved there would become a document, or get in the way. */
  readonly barred: readonly string[];
  readonly target: string;
  readonly vendor: string;
  /** Which bot it is. */
  readonly identity: string;
  readonly now: () => number;
}

/** One line of the index. */
interface IndexEntry {
  readonly remoteId: string;
  readonly name: string | null;
  /** In the folder. */
  readonly file: string;
  /** Of the text in UTF-8: of the file's bytes. */
  readonly sha256: string;
}

interface Index {
  readonly version: 1;
  readonly kind: typeof indexKind;
  readonly target: string;
  readonly vendor: string;
  readonly identity: string;
  /** false: not all of the texts that were there are here. */
  readonly complete: boolean;
  readonly savedAt: string;
  readonly items: readonly IndexEntry[];
}

const indexKind = 'kbsync export';
const indexName = 'index.json';

/** USAGE where the folder is not one to save to, or cannot be made or written to. An empty one may be left. To be asked before anything is read for it. */
export function prepareExportFolder(input: Omit<ExportInput, 'identity' | 'now'>): void {
  checkExportFolder(input);
  const { disk, dir } = input;
  const trial = path.join(dir, '.kbsync-trial');
  try {
    disk.claim(trial);
    disk.removeLoosely(trial);
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    const message = `--export ${dir}: nothing can be saved there (${error.message})`;
    throw new SyncError('USAGE', { message, next: 'name a folder that you may write to', cause: error });
  }
}

/** USAGE where the folder is not one to save to; nothing is written. */
export function checkExportFolder(input: Omit<ExportInput, 'identity' | 'now'>): void {
  const { disk, dir, target, barred } = input;
  const inside = barred.find((folder) => liesIn(folder, dir));
  if (inside !== undefined) {
    throw new SyncError('USAGE', {
      message: `--export ${dir}: it lies in ${inside}, which kbsync reads itself`,
      next: 'name a folder outside of the content and the state folder',
    });
  }
  const facts = disk.stat(dir);
  if (facts === null) return;
  if (!facts.folder) throw new SyncError('USAGE', { message: `--export ${dir}: it is no folder`, next: 'name a new or an empty folder' });
  if (disk.list(dir).length === 0) return;
  const before = readIndex(disk, dir);
  if (before?.target === target && before.vendor === input.vendor) return;
  const what = before === null ? 'holds other files' : `holds an export of ${before.target} (${before.vendor})`;
  throw new SyncError('USAGE', { message: `--export ${dir}: it ${what}`, next: 'name a new or an empty folder' });
}

function liesIn(folder: string, dir: string): boolean {
  const relative = path.relative(folder, dir);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

/**
 * Saves the texts, each durably. An earlier export of the same bot is added to: a text that is there already stays as it is, another text of the same
 * item goes beside it. The index stands first without, at last with `complete`. Resolves to the number of texts that are there now.
 */
export async function saveTexts(items: readonly SavedItem[], complete: boolean, input: ExportInput): Promise<number> {
  const { disk, dir, identity } = input;
  checkExportFolder(input);
  const before = readIndex(disk, dir);
  if (before !== null && before.identity !== identity) {
    throw new SyncError('USAGE', { message: `--export ${dir}: it holds an export of another bot`, next: 'name a new or an empty folder' });
  }
  await disk.mkdir(dir);
  const entries: IndexEntry[] = [...(before?.items ?? [])];
  await writeIndex(entries, false, input);
  const saved = new Set(entries.map((entry) => `${entry.remoteId}\n${entry.sha256}`));
  const taken = new Set(disk.list(dir).map(foldedName));
  for (const { remoteId, name, text } of items) {
    const digest = sha256(text);
    if (saved.has(`${remoteId}\n${digest}`)) continue;
    saved.add(`${remoteId}\n${digest}`);
    const file = freeName(fileNameOf(name ?? remoteId), `${remoteId}\n${digest}`, taken);
    await disk.replace(path.join(dir, file), text);
    entries.push({ remoteId, name, file, sha256: digest });
  }
  await writeIndex(entries, complete, input);
  return items.length;
}

async function writeIndex(items: readonly IndexEntry[], complete: boolean, input: ExportInput): Promise<void> {
  const { disk, dir, target, vendor, identity, now } = input;
  const savedAt = new Date(now()).toISOString();
  const index: Index = { version: 1, kind: indexKind, target, vendor, identity, complete, savedAt, items };
  await disk.replace(path.join(dir, indexName), `${JSON.stringify(index, null, 2)}\n`);
}

/** Null where there is none, or not one of ours. */
function readIndex(disk: Disk, dir: string): Index | null {
  try {
    const found = JSON.parse(disk.read(path.join(dir, indexName))?.toString('utf8') ?? 'null') as Partial<Index> | null;
    return found?.kind === indexKind && found.version === 1 && Array.isArray(found.items) ? (found as Index) : null;
  } catch (thrown) {
    if (thrown instanceof SyncError) throw thrown;
    return null;
  }
}

const longestStem = 60;
/** Devices of Windows, whatever their ending. */
const reserved = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)(?:\.|$)/i;

/** A readable start of a file's name, for every system: no separator, no control, no mark of direction, not reserved, not hidden. */
export function fileNameOf(name: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/\.(?:md|mdx|markdown|txt|html?)$/i, '')
    .replace(/[\p{C}\p{Zl}\p{Zp}\ufffd<>:"/\\|?*%]/gu, '-')
    .replace(/\s+/g, ' ')
    .replace(/-{2,}/g, '-');
  const short = [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(plain)].map(({ segment }) => segment);
  let stem = '';
  // Counted in bytes: that is what file systems do.
  for (const segment of short) {
    if (Buffer.byteLength(stem + segment) > longestStem * 2) break;
    stem += segment;
  }
  const trimmed = stem.replace(/^[.\s~-]+/, '').replace(/[.\s]+$/, '');
  if (trimmed === '') return 'item';
  return reserved.test(trimmed) ? `_${trimmed}` : trimmed;
}

/** With digits of what it holds behind it, so that no two items share a file, on no system. */
function freeName(stem: string, key: string, taken: Set<string>): string {
  for (let digits = 8; ; digits += 8) {
    const file = `${stem}-${sha256(key).slice(0, digits)}.md`;
    if (taken.has(foldedName(file))) continue;
    taken.add(foldedName(file));
    return file;
  }
}

/** Some systems hold names for equal that differ in case or form. */
function foldedName(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}
