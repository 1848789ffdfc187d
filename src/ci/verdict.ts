// The exit codes that the commands of a step earned → what the step reports, and what it ends with. Pure.
import type { CiCommand } from './results.ts';

/** error: what went wrong. held: a brake in a plan as well. changes: that there is something to do as well. never: nothing. */
export const failOns = ['error', 'held', 'changes', 'never'] as const;
export type FailOn = (typeof failOns)[number];

export interface Verdict {
  /** The strongest code, as documented for the command. */
  readonly exitCode: number;
  /** What the step ends with: the strongest code that `fail-on` does not forgive. */
  readonly stepCode: number;
}

/**
 * A plan does nothing: that it has changes (3) or would be held (5) is what a reviewer wants to read, and no mistake unless the step says so. A
 * run that was held never looks green (PRODUCT, invariant 9): every other command fails by each of its codes.
 */
export function verdictOf(
  codes: readonly number[],
  { command, failOn }: { readonly command: CiCommand; readonly failOn: FailOn },
  strongest: (codes: Iterable<number>) => number,
): Verdict {
  const forgiven = command === 'plan' ? (failOn === 'error' ? [3, 5] : failOn === 'held' ? [3] : []) : [];
  const counted = failOn === 'never' ? [] : codes.filter((code) => !forgiven.includes(code));
  return { exitCode: strongest(codes), stepCode: strongest(counted) };
}
