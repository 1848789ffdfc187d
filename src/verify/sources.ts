// What a bot says its answer rests on → documents of ours, as far as the state knows them. Pure.
import type { AnswerSource } from '../model/answer.ts';
import type { DocumentId } from '../model/document.ts';
import type { TargetState } from '../model/record.ts';

/**
 * Vendors name a source by the name or the id of the item, which is our mark or an id that we remember, or by the page's address.
 * What is none of ours stays as the vendor named it.
 */
export function resolveSources(sources: readonly AnswerSource[], state: TargetState): readonly AnswerSource[] {
  if (sources.length === 0) return sources;
  const names = documentsByName(state);
  const pages = new Map(Object.entries(state.records).flatMap(([id, { url }]) => (url === null ? [] : [[url, id] as const])));
  return sources.map((source) => {
    const document = source.document ?? names.get(source.title ?? '') ?? pages.get(source.url ?? '') ?? null;
    const record = document === null ? undefined : state.records[document];
    if (record === undefined) return { ...source, document };
    return { document, title: record.title, url: source.url ?? record.url };
  });
}

function documentsByName(state: TargetState): ReadonlyMap<string, DocumentId> {
  const names = new Map<string, DocumentId>();
  // A superseded copy is still the document's; what the record holds now wins.
  for (const { remoteId, mark, document } of state.leftovers) {
    names.set(remoteId, document);
    if (mark !== null) names.set(mark, document);
  }
  for (const [id, { items }] of Object.entries(state.records)) {
    for (const { mark, remoteId } of items) {
      names.set(mark, id);
      if (remoteId !== null) names.set(remoteId, id);
    }
  }
  return names;
}
