// What is no longer at the vendor leaves the memory: deleted by kbsync, removed by somebody else, or known as a leftover from now on.
import { derived } from './derived.ts';
import type { DocumentId } from './document.ts';
import type { JournalEntry } from './effect.ts';
import { documentWith, dropLeftover, putForgetting } from './lookup.ts';
import type { DocumentRecord, Leftover, TargetState } from './record.ts';

type Draft = { -readonly [key in keyof TargetState]: TargetState[key] } & { readonly records: { [id: DocumentId]: DocumentRecord } };

/** An item that is no longer at the vendor: out of its record and out of the leftovers; a record with no item left goes with it. */
export function removeItem(draft: Draft, remoteId: string): void {
  dropLeftover(draft, remoteId);
  dropItem(draft, remoteId);
}

/** Out of its record, if one holds it. */
export function dropItem(draft: Draft, remoteId: string): void {
  const id = documentWith(draft, remoteId);
  const record = id === undefined ? undefined : draft.records[id];
  if (id === undefined || record === undefined) return;
  const items = record.items.filter((item) => item.remoteId !== remoteId);
  if (items.length === 0) delete draft.records[id];
  else draft.records[id] = derived({ ...record, items });
}

/** The same of an item without an id, which its mark tells. */
export function dropNameless(draft: Draft, { document, mark }: Leftover): void {
  const record = draft.records[document];
  if (record === undefined) return;
  const items = record.items.filter((item) => item.remoteId !== null || item.mark !== mark);
  if (items.length === record.items.length) return;
  if (items.length === 0) delete draft.records[document];
  else draft.records[document] = derived({ ...record, items });
}

/** What somebody else has removed the bot may still answer from: then a training is owed, as after a delete of our own. */
export function foldGone(draft: Draft, remoteId: string, { retrain = false, at }: Extract<JournalEntry, { kind: 'gone' }>): void {
  const document = documentWith(draft, remoteId) ?? draft.leftovers.find((leftover) => leftover.remoteId === remoteId)?.document;
  if (retrain && document !== undefined) {
    const effect = `gone ${remoteId}`;
    draft.lastWrite = effect;
    putForgetting(draft, { document, path: draft.records[document]?.path ?? document, remoteId, effect, since: at });
  }
  removeItem(draft, remoteId);
}
