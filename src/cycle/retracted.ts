// What a bot knows under an id that is gone, and what now stands outside its fence under another id or path: that is a retraction, not a
// deleted file, and goes as early as any. Pure.
import type { Claim } from '../content/claims.ts';
import { claimOutsideFence, outsideFence } from '../content/select.ts';
import type { TargetConfig } from '../model/config.ts';
import type { Document, DocumentId } from '../model/document.ts';
import { fingerprint } from '../model/json.ts';
import type { TargetState } from '../model/record.ts';

export interface Retraction {
  readonly reason: string;
  readonly retraction: true;
}

/** What a complete scan has found: what a folder that could not be read may still hold is not gone. */
export interface Found {
  readonly documents: readonly Document[];
  /** Of files that are kept back. */
  readonly claims: readonly Claim[];
  /** How alike the text of a record and that of a document are, 0…1; null where it is not known. */
  likeness(gone: DocumentId, found: DocumentId): number | null;
}

/** As alike as a moved document has to be (PRODUCT: invariant 5). */
const enough = 0.8;
/** Texts are read for it: past this many comparisons what is left goes as a deleted file. */
const mostComparisons = 2_000;

interface Outside {
  readonly id: DocumentId;
  readonly path: string;
  readonly body: string | null;
  readonly why: string;
}

/** Records whose document was moved, edited and moved, or given an id, out of the fence; and pairs that were reworded there. */
export function retractedUnderOtherId(
  target: Pick<TargetConfig, 'name' | 'audience'>,
  found: Found,
  records: TargetState['records'],
): ReadonlyMap<DocumentId, Retraction> {
  const retracted = new Map<DocumentId, Retraction>();
  const outside = target.audience === null ? [] : outsideOf(target, found, records);
  if (outside.length === 0) return retracted;
  const match = matcherOf(outside, target, found);
  const known = new Set([...found.documents, ...found.claims].map(({ id }) => id));
  for (const [id, record] of Object.entries(records)) {
    if (known.has(id) || record.items.length === 0) continue;
    const now = match(id, record);
    if (now === undefined) continue;
    const where = now.path === record.path ? now.id : now.path;
    retracted.set(id, { reason: `now ${where}: ${now.why}`, retraction: true });
  }
  return retracted;
}

/** What stands outside and is not what a record of this bot calls by that id. */
function outsideOf(
  target: Pick<TargetConfig, 'name' | 'audience'>,
  { documents, claims }: Found,
  records: TargetState['records'],
): readonly Outside[] {
  const all = [
    ...documents.map(({ id, path, body, distribution }) => ({ id, path, body, why: outsideFence(target, { distribution }) })),
    ...claims.map((claim) => ({ id: claim.id, path: claim.path, body: claim.body, why: claimOutsideFence(target, claim) })),
  ];
  return all.flatMap(({ why, ...place }) => (why === null || records[place.id]?.path === place.path ? [] : [{ ...place, why }]));
}

function matcherOf(outside: readonly Outside[], target: Pick<TargetConfig, 'audience'>, { documents, likeness }: Found) {
  // The same text inside the fence: it was moved there, and the one outside is a copy.
  const inside = new Set(documents.filter((document) => outsideFence(target, document) === null).map(({ body }) => body));
  const byPath = new Map(outside.map((one) => [placeOf(one.path, one.id), one]));
  const byBody = new Map(
    outside.flatMap((one) => (one.body === null || one.body === emptyBody || inside.has(one.body) ? [] : [[one.body, one] as const])),
  );
  const pairsAt = new Map(outside.filter(({ id }) => isPair(id)).map((one) => [one.path, one]));
  const articles = outside.filter(({ id }) => !isPair(id));
  let comparisons = 0;
  return (id: DocumentId, record: TargetState['records'][string]): Outside | undefined => {
    const sure = byPath.get(placeOf(record.path, id)) ?? (record.body === null ? undefined : byBody.get(record.body));
    if (sure !== undefined) return sure;
    if (isPair(id)) return pairsAt.get(record.path);
    return articles.find((one) => {
      comparisons += 1;
      return comparisons <= mostComparisons && (likeness(id, one.id) ?? 0) >= enough;
    });
  };
}

const emptyBody = fingerprint('');

function isPair(id: DocumentId): boolean {
  return id.includes('#qa-');
}

/** A question is found again by its own words, an article by its path. */
function placeOf(path: string, id: DocumentId): string {
  const at = id.lastIndexOf('#qa-');
  return at < 0 ? path : `${path}${id.slice(at)}`;
}
