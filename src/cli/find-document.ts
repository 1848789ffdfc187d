// A document as a person names it: by its id, its path or an item's id at a vendor. Owns which of these wins, and what is said where none is known.
import path from 'node:path';
import { didYouMean } from '../content/similar.ts';
import type { Folder } from '../cycle/folder.ts';
import type { Document, DocumentId } from '../model/document.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import { knownDocuments, whois } from '../status/story.ts';
import type { Workspace } from '../workspace.ts';

/** What was asked for. */
export interface Found {
  readonly id: DocumentId;
  /** Where it lies, or last was known to. */
  readonly path: string;
  /** Null: the folder has no such document, or its file is at fault. */
  readonly document: Document | null;
  /** Other documents of the same file: its questions, or the article they stand in. */
  readonly others: readonly DocumentId[];
  /** The file was named, not the document: of a file of questions `id` is the first. */
  readonly atPath: boolean;
}

/** By id, else by path, else by an item's id or name at any vendor. USAGE where there is none. */
export async function findDocument(given: string, workspace: Workspace, folder: Folder, cwd: string): Promise<Found> {
  const views = (await Promise.all(workspace.config.targets.map(({ name }) => viewIfReadable(workspace, name)))).flat();
  const known = new Map<DocumentId, string>();
  for (const { state, open } of views) for (const [id, where] of knownDocuments(state, open)) known.set(id, where);
  const { documents, blockedPaths } = folder.scan;
  for (const document of documents) known.set(document.id, document.path);
  const name = given.normalize('NFC');
  const candidates = [name, ...belowRoot(given, workspace.config.content.root, cwd)];
  const byId = candidates.find((candidate) => known.has(candidate));
  const byPath = byId ?? idAtPath(candidates, known);
  const id =
    byPath ?? candidates.find((candidate) => blockedPaths.has(candidate)) ?? firstOf(views, ({ state, open }) => whois(given, state, open));
  if (id === null) throw unknown(given, [...known.keys()]);
  const where = known.get(id) ?? id;
  const others = [...known].filter(([other, otherPath]) => otherPath === where && other !== id).map(([other]) => other);
  return {
    id,
    path: where,
    document: documents.find((document) => document.id === id) ?? null,
    others,
    atPath: byId === undefined && byPath !== undefined,
  };
}

/** A memory that cannot be read is told when its target's turn comes; it hides no document from the others. */
async function viewIfReadable(workspace: Workspace, target: string) {
  try {
    return [await workspace.view(target)];
  } catch (thrown) {
    if (asSyncError(thrown).code === 'UNEXPECTED') throw thrown;
    return [];
  }
}

/** A path as typed in the working directory, relative to the content root. */
function belowRoot(given: string, root: string, cwd: string): string[] {
  return [cwd, root].map((base) => path.relative(root, path.resolve(base, given)).split(path.sep).join('/').normalize('NFC'));
}

/** The article of a file, where it has one; else the first of its questions. */
function idAtPath(candidates: readonly string[], known: ReadonlyMap<DocumentId, string>): DocumentId | undefined {
  const there = [...known].filter(([, where]) => candidates.includes(where)).map(([id]) => id);
  return there.find((id) => !id.includes('#qa-')) ?? there[0];
}

function firstOf<Item, Result>(items: readonly Item[], look: (item: Item) => Result | null): Result | null {
  for (const item of items) {
    const found = look(item);
    if (found !== null) return found;
  }
  return null;
}

function unknown(given: string, ids: readonly DocumentId[]): SyncError {
  const part = given.toLowerCase();
  const alike = ids.filter((id) => id.toLowerCase().includes(part)).slice(0, 5);
  const hint = alike.length > 0 ? `; there are ${alike.join(', ')}` : didYouMean(given, ids);
  return new SyncError('USAGE', {
    message: `neither the folder nor any bot's memory knows "${given}", as an id, a path or an item's id${hint}`,
    next: 'kbsync status --documents lists what the bots hold',
  });
}
