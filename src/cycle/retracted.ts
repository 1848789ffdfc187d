// What a bot knows under an id that is gone, and what now stands outside its fence under another id or path: that is a retraction, not a
// deleted file, and goes as early as any. Pure.
import { outsideFence } from '../content/select.ts';
import type { TargetConfig } from '../model/config.ts';
import type { Document, DocumentId } from '../model/document.ts';
import { fingerprint } from '../model/json.ts';
import type { TargetState } from '../model/record.ts';

export interface Retraction {
  readonly reason: string;
  readonly retraction: true;
}

/**
 * Records whose document was moved, or was given an id, out of the fence. `documents` must be those of a complete scan: what a folder that
 * could not be read may still hold is not gone.
 */
export function retractedUnderOtherId(
  target: Pick<TargetConfig, 'audience'>,
  documents: readonly Document[],
  records: TargetState['records'],
): ReadonlyMap<DocumentId, Retraction> {
  const found = new Map<DocumentId, Retraction>();
  if (target.audience === null) return found;
  const known = new Set(documents.map(({ id }) => id));
  const outside = documents.filter((document) => records[document.id] === undefined && outsideFence(target, document) !== null);
  if (outside.length === 0) return found;
  // The same text inside the fence: it was moved there, and the one outside is a copy.
  const inside = new Set(documents.filter((document) => outsideFence(target, document) === null).map(({ body }) => body));
  const byPath = new Map(outside.map((document) => [placeOf(document.path, document.id), document]));
  const byBody = new Map(
    outside.filter(({ body }) => body !== emptyBody && !inside.has(body)).map((document) => [document.body, document]),
  );
  for (const [id, record] of Object.entries(records)) {
    if (known.has(id) || record.items.length === 0) continue;
    const now = byPath.get(placeOf(record.path, id)) ?? (record.body === null ? undefined : byBody.get(record.body));
    if (now === undefined) continue;
    const where = now.path === record.path ? now.id : now.path;
    found.set(id, { reason: `now ${where}: ${outsideFence(target, now) ?? ''}`, retraction: true });
  }
  return found;
}

const emptyBody = fingerprint('');

/** A question is found again by its own words, an article by its path. */
function placeOf(path: string, id: DocumentId): string {
  const at = id.lastIndexOf('#qa-');
  return at < 0 ? path : `${path}${id.slice(at)}`;
}
