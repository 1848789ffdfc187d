// Where an item, a leftover or a forgotten copy stands in a state that is being folded into, so that one entry costs the same in a
// large state as in a small one. Kept beside the draft, never saved; made anew whenever it does not fit.
import type { DocumentId } from './document.ts';
import type { DocumentRecord, EffectId, Forgetting, Leftover, TargetState } from './record.ts';

type Draft = { -readonly [key in 'leftovers' | 'forgetting']: TargetState[key] } & Pick<TargetState, 'records'>;

interface Lookup {
  /** Which record holds an item; null: more than one was seen with it, so look through all. Complete, but may name one too many. */
  items: Map<string, DocumentId | null> | null;
  /** The list that the next two are of. */
  leftovers: readonly Leftover[] | null;
  leftoverIds: Set<string>;
  waiting: Map<DocumentId, number>;
  forgetting: readonly Forgetting[] | null;
  forgotten: Set<EffectId>;
}

const lookup = Symbol('lookup');

function lookupOf(draft: Draft & { [lookup]?: Lookup }): Lookup {
  const known = draft[lookup];
  if (known !== undefined) return known;
  const made: Lookup = { items: null, leftovers: null, leftoverIds: new Set(), waiting: new Map(), forgetting: null, forgotten: new Set() };
  // Not enumerable: a copy of the draft must not share it.
  Object.defineProperty(draft, lookup, { value: made });
  return made;
}

/** To be called for every record that brings remote ids into a draft under a key where they were not. from: the key they leave. */
export function noteItems(draft: Draft, document: DocumentId, record: DocumentRecord, from: DocumentId = document): void {
  const { items } = lookupOf(draft);
  if (items === null) return;
  for (const { remoteId } of record.items) {
    if (remoteId === null) continue;
    const known = items.get(remoteId);
    items.set(remoteId, known === undefined || known === document || known === from ? document : null);
  }
}

/** The first document whose record holds the item. */
export function documentWith(draft: Draft, remoteId: string): DocumentId | undefined {
  const found = lookupOf(draft);
  if (found.items === null) {
    found.items = new Map();
    for (const [document, record] of Object.entries(draft.records)) noteItems(draft, document, record);
  }
  const document = found.items.get(remoteId);
  if (document === undefined || (document !== null && holds(draft.records[document], remoteId))) return document;
  const first = Object.keys(draft.records).find((id) => holds(draft.records[id], remoteId));
  if (first === undefined) found.items.delete(remoteId);
  return first;
}

function holds(record: DocumentRecord | undefined, remoteId: string): boolean {
  return record?.items.some((item) => item.remoteId === remoteId) ?? false;
}

/** Adds it behind the others, in place of one with the same id. */
export function putLeftover(draft: Draft, leftover: Leftover): void {
  dropLeftover(draft, leftover.remoteId);
  const found = leftoversOf(draft);
  draft.leftovers = found.leftovers = [...draft.leftovers, leftover];
  found.leftoverIds.add(leftover.remoteId);
  countWaiting(found, leftover, 1);
}

/** Removes the leftover with this id, if there is one. */
export function dropLeftover(draft: Draft, remoteId: string): void {
  const found = leftoversOf(draft);
  if (!found.leftoverIds.delete(remoteId)) return;
  const position = draft.leftovers.findIndex((other) => other.remoteId === remoteId);
  const leftover = draft.leftovers[position];
  if (leftover !== undefined) countWaiting(found, leftover, -1);
  draft.leftovers = found.leftovers = draft.leftovers.toSpliced(position, 1);
}

/** Those of the document that waited for its training may go now. */
export function freeLeftoversOf(draft: Draft, document: DocumentId): void {
  const found = leftoversOf(draft);
  for (let left = found.waiting.get(document) ?? 0; left > 0; left -= 1) {
    const position = draft.leftovers.findIndex((leftover) => leftover.document === document && leftover.removable === 'once-trained');
    const leftover = draft.leftovers[position];
    if (leftover === undefined) break;
    draft.leftovers = found.leftovers = draft.leftovers.with(position, { ...leftover, removable: 'now' });
  }
  found.waiting.delete(document);
}

function leftoversOf(draft: Draft): Lookup {
  const found = lookupOf(draft);
  if (found.leftovers === draft.leftovers) return found;
  found.leftovers = draft.leftovers;
  found.leftoverIds = new Set(draft.leftovers.map((leftover) => leftover.remoteId));
  found.waiting = new Map();
  for (const leftover of draft.leftovers) countWaiting(found, leftover, 1);
  return found;
}

function countWaiting(found: Lookup, leftover: Leftover, by: 1 | -1): void {
  if (leftover.removable === 'once-trained') found.waiting.set(leftover.document, (found.waiting.get(leftover.document) ?? 0) + by);
}

/** Adds it, once for each effect. */
export function putForgetting(draft: Draft, forgetting: Forgetting): void {
  const found = lookupOf(draft);
  if (found.forgetting !== draft.forgetting) found.forgotten = new Set(draft.forgetting.map((known) => known.effect));
  found.forgetting = draft.forgetting;
  if (found.forgotten.has(forgetting.effect)) return;
  found.forgotten.add(forgetting.effect);
  draft.forgetting = found.forgetting = [...draft.forgetting, forgetting];
}
