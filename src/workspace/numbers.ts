// Numbers for the todo list (T1, U2, H3 …), unique over all targets of a workspace so that `todo done T3` needs no target.
import { noNumbers, numbersWith, type TargetState } from '../model/record.ts';

export interface NumberSource {
  next(kind: 'T' | 'U' | 'H'): string;
}

/** Goes on behind the highest number that any target's state has ever given out. */
export function numbersFrom(states: readonly TargetState[]): NumberSource {
  const ids = states.flatMap(({ numbers, todos, doubts, held }) => [
    ...[...todos, ...doubts, ...held].map(({ id }) => id),
    ...[`T${numbers.T}`, `U${numbers.U}`, `H${numbers.H}`],
  ]);
  const last = { ...numbersWith(noNumbers, ids) };
  return {
    next(kind) {
      last[kind] += 1;
      return `${kind}${last[kind]}`;
    },
  };
}
