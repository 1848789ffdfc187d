// The files of golden questions that a scan met → their tests. Read when somebody asks for them, not at each scan: no document hangs on them.
import type { ContentConfig } from '../model/config.ts';
import type { ContentProblem, Document, DocumentId } from '../model/document.ts';
import { type ContentDisk, errnoOf } from './disk.ts';
import type { GoldenFile } from './golden-file.ts';
import { decode } from './source.ts';

export interface GoldenFilesInput {
  /** path → where it lies. */
  readonly files: ReadonlyMap<string, string>;
  readonly documents: readonly Document[];
  /** Paths, and ids, of documents that are kept back. */
  readonly blocked: readonly string[];
  readonly content: ContentConfig;
  readonly targetNames: readonly string[];
  readonly disk: ContentDisk;
}

/** Nobody writes a larger one by hand. */
const mostBytes = 1024 * 1024;

/** What reads them all, in the order of their paths. Throws nothing for what is in them. */
export function goldenReader(input: GoldenFilesInput): () => Promise<GoldenFile> {
  const { files, content, targetNames } = input;
  return async () => {
    if (files.size === 0) return { tests: [], problems: [] };
    const { readGoldenFile } = await import('./golden-file.ts');
    const documents = namesOf(input.documents);
    const blocked = new Set(input.blocked);
    const read = [...files]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, absolute]): GoldenFile => {
        const text = textOf(absolute, input.disk);
        if ('text' in text) return readGoldenFile({ path, text: text.text, content, targetNames, documents, blocked });
        const problem: ContentProblem = { path, line: text.line, column: null, message: text.message, severity: 'error' };
        return { tests: [], problems: [problem] };
      });
    return { tests: read.flatMap(({ tests }) => tests), problems: read.flatMap(({ problems }) => problems) };
  };
}

/** Ids win over paths; a file of nothing but questions is named by their ids. */
function namesOf(documents: readonly Document[]): ReadonlyMap<string, DocumentId> {
  const names = new Map<string, DocumentId>();
  for (const { kind, id, path } of documents) if (kind !== 'qa' && !names.has(path)) names.set(path, id);
  for (const { id } of documents) names.set(id, id);
  return names;
}

function textOf(
  absolute: string,
  disk: ContentDisk,
): { readonly text: string } | { readonly message: string; readonly line: number | null } {
  try {
    const { bytes } = disk.read(absolute, mostBytes);
    if (bytes === null) return { message: 'is larger than 1 MiB', line: null };
    const text = decode(bytes);
    return text.ok ? { text: text.text } : { message: text.message, line: text.line };
  } catch (thrown) {
    return { message: `cannot be read (${errnoOf(thrown)})`, line: null };
  }
}
