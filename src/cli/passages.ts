// The folder's documents as passages in which a question or an answer is looked up: what a bot could have known, whether or not it was given it.

import { renderPayload, textFor } from '../content/render.ts';
import type { Folder } from '../cycle/folder.ts';
import { allTests } from '../cycle/verify.ts';
import type { PlacedTest } from '../model/answer.ts';
import type { Document, DocumentId } from '../model/document.ts';
import { asSyncError } from '../model/error.ts';
import { createPassageIndex } from '../sandbox/retrieval.ts';
import type { Nearest } from '../verify/gaps.ts';

/** Documents to look things up in. */
export interface Passages {
  readonly documents: ReadonlyMap<DocumentId, Document>;
  /** Every golden question of the folder, those of files of their own as well. */
  readonly tests: readonly PlacedTest[];
  /** The passage that covers most of these words; null where none shares one of them. */
  nearest(words: readonly string[], of?: (document: DocumentId) => boolean): Nearest | null;
  /** Documents whose text could not be had, and files that are kept back for an error. */
  readonly unread: number;
}

/** As any bot would be given them, uncut: what one target is given apart from the others does not count here. */
const options = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: [] } as const;

/** Reads and indexes every document of the folder. */
export async function readPassages(folder: Folder): Promise<Passages> {
  const { scan } = folder;
  const index = createPassageIndex();
  const documents = new Map<DocumentId, Document>();
  let unread = 0;
  for (const document of scan.documents) {
    if (document.kind === 'url') continue;
    try {
      const payload = await renderPayload(document, await textFor(scan, document, options), options);
      index.put(document.id, document.title, payload.parts.map(({ text }) => text).join('\n\n'));
      documents.set(document.id, document);
    } catch (thrown) {
      if (asSyncError(thrown).code === 'UNEXPECTED') throw thrown;
      unread += 1;
    }
  }
  return {
    documents,
    tests: await allTests(folder),
    unread: unread + scan.blockedPaths.size,
    nearest(words, of) {
      const found = index.nearest(words.join(' '), of);
      return found === null ? null : { document: found.id, heading: found.heading, coverage: found.coverage };
    },
  };
}

/** Where a passage begins, as the addresses of rendered pages have it: the last heading above it; null for the start of the document. */
export function anchorOf({ heading }: Nearest, title: string): string | null {
  const last = heading.split(' > ').at(-1) ?? '';
  if (last === '' || last === title) return null;
  const slug = last
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
  return slug === '' ? null : slug;
}
