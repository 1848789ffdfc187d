// Whether a pass has a reason to plan once more before it ends. Pure.
import type { OperationResult } from '../model/report.ts';
import type { TargetState } from '../model/record.ts';

/** A write that is known not to have happened and only needs saying again: a create whose answer was lost, an update of an item that is gone. */
export function worthAnother(results: readonly OperationResult[], round: number): boolean {
  if (round > 1) return false;
  return results.some(({ outcome, error }) => outcome === 'failed' && (error?.code === 'UNCONFIRMED' || error?.code === 'REMOTE_GONE'));
}

/** Copies of ours that may go now, because the new ones are learnt. */
export function freedLeftovers(state: TargetState): boolean {
  return state.leftovers.some((leftover) => leftover.removable === 'now');
}
