// What `retract` keeps out, one JSON line a decision, for all targets of a workspace: `retracted.jsonl` in the state folder. The journal of a
// target is the truth for that target; this is what is left where that journal is lost, and what a target met for the first time goes by.
import { join } from 'node:path';
import type { DocumentId } from '../model/document.ts';
import { SyncError } from '../model/error.ts';
import type { Timestamp } from '../model/json.ts';
import type { Retracted } from '../model/record.ts';
import type { Disk } from './disk.ts';

/** One decision: `retracted` null ends the retraction. `targets` null: at every target of the workspace, also those to come. */
export interface RetractionLine {
  readonly at: Timestamp;
  readonly document: DocumentId;
  readonly retracted: Retracted | null;
  readonly targets: readonly string[] | null;
}

// No name that a target could have: theirs have no ending .jsonl.
const fileName = 'retracted.jsonl';

/** How each line begins. */
const opening = '{"at":"';

/** Appends durably, each line in one write. Two processes at once may; beside a compaction nobody may. STATE_UNWRITABLE. */
export async function appendRetractions(disk: Disk, dir: string, lines: readonly RetractionLine[]): Promise<void> {
  if (lines.length === 0) return;
  const path = join(dir, fileName);
  const size = disk.stat(path)?.size;
  if (size === undefined) await disk.mkdir(dir);
  // A line that somebody's death cut short must not swallow this one.
  const torn = size !== undefined && size !== 0 && disk.read(path, 1)?.toString('latin1') !== '\n';
  await disk.append(path, `${torn ? '\n' : ''}${lines.map((line) => `${JSON.stringify(line)}\n`).join('')}`);
}

/** So few are never worth a word. */
const fewLines = 200;

/**
 * Writes the file anew without the lines that later ones have made void, where those are more than half of many. In one step: whoever reads
 * it, or dies meanwhile, meets the old file or the new one. What cannot be read stays where it is: nothing is written then. For whoever
 * holds the right to append alone. STATE_UNWRITABLE.
 */
export async function compactRetractions(disk: Disk, dir: string): Promise<void> {
  const path = join(dir, fileName);
  const before = disk.read(path);
  const texts = (before?.toString('utf8').split('\n') ?? []).filter((text) => text.trim() !== '');
  if (before === null || texts.length <= fewLines) return;
  const lines = texts.map(decode);
  if (texts.some((text, at) => lines[at] === null && !isMadeGood(text, lines.slice(at + 1)))) return;
  const known = lines.filter((line) => line !== null);
  const kept = withoutVoid(known);
  if (kept.length * 2 > lines.length) return;
  // Somebody may have given up waiting for the right to append.
  if (disk.stat(path)?.size !== before.length) return;
  await disk.replace(path, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** The lines that are the last word on their document at some target, in their order: every target is told the same as by all of them. */
export function withoutVoid(lines: readonly RetractionLine[]): readonly RetractionLine[] {
  /** By document, what the later lines speak for. */
  const spoken = new Map<DocumentId, { all: boolean; readonly targets: Set<string> }>();
  const counts = (line: RetractionLine): boolean => {
    const later = spoken.get(line.document) ?? { all: false, targets: new Set<string>() };
    spoken.set(line.document, later);
    if (later.all) return false;
    if (line.targets === null) {
      later.all = true;
      return true;
    }
    const news = line.targets.filter((name) => !later.targets.has(name));
    for (const name of news) later.targets.add(name);
    return news.length > 0;
  };
  return lines.toReversed().filter(counts).reverse();
}

/** Whether there is a file at all. */
export function hasRetractions(disk: Disk, dir: string): boolean {
  return disk.stat(join(dir, fileName)) !== null;
}

/** The lock of whoever writes to it: beside the file, a name that no target could have. */
export function retractionsLock(dir: string): string {
  return join(dir, `${fileName}.lock`);
}

/** All decisions, oldest first. Lines that cannot be read are left out. */
export function readRetractions(disk: Disk, dir: string): readonly RetractionLine[] {
  const lines = disk.read(join(dir, fileName))?.toString('utf8').split('\n') ?? [];
  return lines.flatMap((line) => decode(line) ?? []);
}

/**
 * The same, where nothing else remembers them: a line that was changed may be the only word that keeps a page out. What its writer's death cut short
 * is made good by a later word on the same document. STATE_DAMAGED names the line.
 */
export function provenRetractions(disk: Disk, dir: string): readonly RetractionLine[] {
  const path = join(dir, fileName);
  const lines = disk.read(path)?.toString('utf8').split('\n') ?? [];
  const read = lines.map(decode);
  const bad = lines.findIndex((line, at) => line.trim() !== '' && read[at] === null && !isMadeGood(line, read.slice(at + 1)));
  if (bad === -1) return read.filter((line) => line !== null);
  throw new SyncError('STATE_DAMAGED', {
    message: `${path}:${bad + 1}: this line is not what kbsync wrote there; it may be what keeps a page out of bots whose own state is lost; nothing was changed`,
    next: `restore ${path} from a backup; or take that line out, and run kbsync retract for the page that it named`,
    data: { file: path, line: bad + 1 },
  });
}

function isMadeGood(line: string, later: readonly (RetractionLine | null)[]): boolean {
  // Cut short before it named a document: never anybody's word.
  if (opening.startsWith(line) || /^\{"at":"[^"]*(?:",?(?:"\w*(?:":?(?:"[^"]*)?)?)?)?$/.test(line)) return true;
  const named = /^\{"at":"[^"]*","document":("(?:[^"\\]|\\.)*")/.exec(line)?.[1];
  return later.some((word) => word !== null && JSON.stringify(word.document) === named);
}

/** The last word on each document at one target. */
export function lastWords(lines: readonly RetractionLine[], target: string): ReadonlyMap<DocumentId, RetractionLine> {
  return new Map(lines.filter(({ targets }) => binds(targets, target)).map((line) => [line.document, line]));
}

/**
 * What is kept out of a target that nothing is remembered of: what the file says, and what the states of the other targets still hold and nobody
 * has ended for this one since.
 */
export function keptOutOf(
  target: string,
  lines: readonly RetractionLine[],
  others: readonly { readonly [id: DocumentId]: Retracted }[],
): ReadonlyMap<DocumentId, Retracted> {
  const words = lastWords(lines, target);
  const kept = new Map<DocumentId, Retracted>();
  for (const [document, retracted] of others.flatMap((held) => Object.entries(held))) {
    const word = words.get(document);
    const ended = word?.retracted === null && word.at >= retracted.since;
    if (!ended && binds(retracted.targets ?? null, target)) kept.set(document, retracted);
  }
  for (const { document, retracted } of words.values()) if (retracted !== null) kept.set(document, retracted);
  return kept;
}

function binds(targets: readonly string[] | null, target: string): boolean {
  return targets === null || targets.includes(target);
}

function decode(line: string): RetractionLine | null {
  if (line.trim() === '') return null;
  try {
    const value: unknown = JSON.parse(line);
    return isLine(value) ? value : null;
  } catch {
    return null;
  }
}

function isLine(value: unknown): value is RetractionLine {
  if (!isFields(value)) return false;
  const { at, document, retracted, targets } = value;
  if (typeof at !== 'string' || typeof document !== 'string') return false;
  if (targets !== null && !(Array.isArray(targets) && targets.every((name) => typeof name === 'string'))) return false;
  return retracted === null || (isFields(retracted) && typeof retracted['path'] === 'string' && typeof retracted['since'] === 'string');
}

function isFields(value: unknown): value is {
  readonly at?: unknown;
  readonly document?: unknown;
  readonly retracted?: unknown;
  readonly targets?: unknown;
  readonly [key: string]: unknown;
} {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
