// Copies of ours that are no longer wanted: which of them may go now, which wait, which a person must remove.
import type { DocumentId } from '../model/document.ts';
import type { Operation, OperationId } from '../model/operation.ts';
import type { Leftover } from '../model/record.ts';
import { openDocuments } from './diff.ts';
import { remedyOf } from './fit.ts';
import type { PlanInput } from './input.ts';
import { counted } from './words.ts';

export interface LeftoverPlan {
  readonly operations: readonly Operation[];
  /** Deletes that take a whole document away, not a mere copy: brakes count them. */
  readonly orphans: ReadonlySet<OperationId>;
  readonly notes: readonly string[];
}

type Fate = 'delete' | 'waits' | 'by-hand' | 'withheld' | 'out-of-scope' | 'leave';

/** `departing`: the documents that this plan deletes; their superseded copies can never be freed by training, so they go with them. */
export function planLeftovers(input: PlanInput, departing: ReadonlySet<DocumentId>): LeftoverPlan {
  if (input.state.leftovers.length === 0) return { operations: [], orphans: new Set(), notes: [] };
  const fateOf = judgeOf(input, departing);
  const operations: Operation[] = [];
  const orphans = new Set<OperationId>();
  const fates = new Map<Fate, number>();
  for (const leftover of input.state.leftovers) {
    const fate = fateOf(leftover);
    fates.set(fate, (fates.get(fate) ?? 0) + 1);
    if (fate !== 'delete') continue;
    const operation = deleteOf(leftover, input);
    operations.push(operation);
    if (leftover.why === 'orphan') orphans.add(operation.id);
  }
  return { operations, orphans, notes: notesOf(fates, input) };
}

function judgeOf(input: PlanInput, departing: ReadonlySet<DocumentId>): (leftover: Leftover) => Fate {
  const { state, folder, leaves } = input;
  const open = openDocuments(input.open);
  const wanted = new Set([...input.wanted, ...input.failed].map(({ document }) => document));
  const used = new Set(Object.values(state.records).flatMap((record) => record.items.map((item) => item.remoteId)));
  const complete = folder.complete && !folder.rootMissing;
  const isAlone = ({ document }: Leftover) =>
    departing.has(document) ||
    (!wanted.has(document) &&
      (state.records[document]?.items.length ?? 0) === 0 &&
      !folder.blockedPaths.has(document) &&
      folder.blockedIds?.has(document) !== true);
  return (leftover) => {
    const { document, remoteId, removable, why } = leftover;
    // Never what a record rests on, nor what an unconfirmed write may be changing at this moment.
    if (open.has(document) || used.has(remoteId)) return 'leave';
    if (removable === 'by-hand' || !input.target.capabilities.has('delete')) return 'by-hand';
    if (removable === 'once-trained' && !isAlone(leftover)) return 'waits';
    if (leaves.get(document)?.retraction === true) return 'delete';
    if (!complete) return 'withheld';
    return why === 'orphan' && !folder.inScope(document) ? 'out-of-scope' : 'delete';
  };
}

function deleteOf(leftover: Leftover, input: PlanInput): Operation {
  const { document, remoteId } = leftover;
  return {
    id: `delete ${document} ${remoteId}`,
    action: 'delete',
    document,
    path: input.state.records[document]?.path ?? document,
    reason: reasonOf(leftover),
    by: 'vendor',
    note: null,
    remoteId,
    retraction: input.leaves.get(document)?.retraction ?? false,
    ...(input.leaves.get(document)?.byWord === true && { byWord: true }),
  };
}

function reasonOf({ why, removable }: Leftover): string {
  if (removable === 'once-trained') return 'superseded copy of a deleted document';
  switch (why) {
    case 'superseded':
      return 'superseded copy';
    case 'twin':
      return 'twin';
    case 'orphan':
      return 'orphan: its document is gone';
    case 'deleted':
      return 'left over from a deleted document';
    default:
      return why satisfies never;
  }
}

/** Where deleting is possible, these are the ones that nothing proves to be unwanted, or that never got an id. */
function byHandOf(target: PlanInput['target']): string {
  return target.capabilities.has('delete') ? 'kbsync todo names each, and where to look at it' : remedyOf(target, 'delete');
}

function notesOf(fates: ReadonlyMap<Fate, number>, input: PlanInput): string[] {
  const copies = (fate: Fate) => counted(fates.get(fate) ?? 0, 'superseded or leftover copy', 'superseded or leftover copies');
  const notes: string[] = [];
  if (fates.has('waits')) notes.push(`${copies('waits')} will go once the new text is trained.`);
  if (fates.has('by-hand')) notes.push(`${copies('by-hand')} remain until a person removes them: ${byHandOf(input.target)}`);
  if (fates.has('withheld')) notes.push(`${copies('withheld')} stay until the folder can be read completely.`);
  if (fates.has('out-of-scope'))
    notes.push(`${copies('out-of-scope')} of documents out of scope stay: kbsync drift --prune lists and removes them.`);
  return notes;
}
