// Whether a pass has a reason to plan once more before it ends. Pure.

import type { TargetState } from '../model/record.ts';
import type { OperationResult } from '../model/report.ts';

/** A write that is known not to have happened and only needs saying again: a create whose answer was lost, an update of an item that is gone. */
export function worthAnother(results: readonly OperationResult[], round: number): boolean {
  if (round > 1) return false;
  return results.some(({ outcome, error }) => outcome === 'failed' && (error?.code === 'UNCONFIRMED' || error?.code === 'REMOTE_GONE'));
}

/** Copies of ours that may go. */
export function freeable(state: TargetState): ReadonlySet<string> {
  return new Set(state.leftovers.flatMap((leftover) => (leftover.removable === 'now' ? [leftover.remoteId] : [])));
}

/** Whether more may go than before, because the new ones were learnt meanwhile. What a plan held back before is not new. */
export function newlyFreed(state: TargetState, before: ReadonlySet<string>): boolean {
  return [...freeable(state)].some((remoteId) => !before.has(remoteId));
}
