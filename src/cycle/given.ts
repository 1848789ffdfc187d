// What one bot is given of one document right now, or why it gets none of it: for `show --as` and for work that a person has done.
import { lintedPayload } from '../content/render.ts';
import { selectFor } from '../content/select.ts';
import { canaryId } from '../model/canary.ts';
import type { Document, DocumentId } from '../model/document.ts';
import { asSyncError, type ErrorRecord } from '../model/error.ts';
import type { Payload } from '../model/payload.ts';
import { canaryDocumentAt } from './canary-document.ts';
import type { CycleContext } from './context.ts';
import { type Folder, renderOptionsOf } from './folder.ts';
import { keptOut } from './kept-out.ts';

/**
 * payload: this is what it is given. kept: the document is there, but not for this bot. failed: it cannot be rendered for it.
 * blocked: its file is at fault. missing: the folder has no such document.
 */
export type Given =
  | { readonly kind: 'payload'; readonly document: Document; readonly payload: Payload }
  | { readonly kind: 'kept'; readonly reason: string }
  | { readonly kind: 'failed'; readonly error: ErrorRecord }
  | { readonly kind: 'blocked'; readonly reason: string }
  | { readonly kind: 'missing' };

/** Renders one document for the target of the context. `path` is where the document was known to lie, for one whose file is at fault. */
export async function givenTo(context: CycleContext, folder: Folder, id: DocumentId, path: string | null): Promise<Given> {
  const { target, connection, nowMs, memory } = context;
  const { scan } = folder;
  const kept = keptOut(memory.state, folder).leaves.get(id);
  if (kept !== undefined) return { kind: 'kept', reason: kept.reason };
  const document = scan.documents.find((candidate) => candidate.id === id);
  if (document === undefined) {
    const canary = id === canaryId ? canaryDocumentAt(target, folder) : null;
    if (canary !== null)
      return {
        kind: 'payload',
        document: canary.document,
        payload: await canary.render(renderOptionsOf(target, connection.target.traits)),
      };
    const reason = scan.blockedIds?.get(id) ?? scan.blockedPaths.get(path ?? id);
    return reason === undefined ? { kind: 'missing' } : { kind: 'blocked', reason };
  }
  const { leaves, outOfScope } = selectFor(target, [document], nowMs());
  const leave = leaves.get(id);
  if (leave !== undefined) return { kind: 'kept', reason: leave.reason };
  if (outOfScope.has(id)) return { kind: 'kept', reason: `its path is not in the include of ${target.name}` };
  try {
    const options = renderOptionsOf(target, connection.target.traits);
    return { kind: 'payload', document, payload: await lintedPayload(scan, document, options) };
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    return { kind: 'failed', error: error.record() };
  }
}

/** Why a bot gets nothing of a document; null where it does. */
export function whyNot(given: Given): string | null {
  switch (given.kind) {
    case 'payload':
      return null;
    case 'missing':
      return 'the folder holds no such document';
    case 'failed':
      return given.error.message;
    case 'kept':
    case 'blocked':
      return given.reason;
    default:
      return given satisfies never;
  }
}
