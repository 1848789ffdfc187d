// Numbers for the todo list (T1, U2, H3 …), unique over all targets of a workspace so that `todo done T3` needs no target.
import type { TargetState } from '../model/record.ts';

export interface Numbers {
  next(kind: 'T' | 'U' | 'H'): string;
}

/** Goes on behind the highest number that any target's state uses. */
export function numbersFrom(states: readonly TargetState[]): Numbers {
  const last = { T: 0, U: 0, H: 0 };
  const note = (id: string): void => {
    const kind = id.slice(0, 1);
    const value = Number(id.slice(1));
    if ((kind === 'T' || kind === 'U' || kind === 'H') && Number.isSafeInteger(value)) last[kind] = Math.max(last[kind], value);
  };
  for (const state of states) {
    for (const todo of state.todos) note(todo.id);
    for (const doubt of state.doubts) note(doubt.id);
    for (const held of state.held) note(held.id);
  }
  return {
    next(kind) {
      last[kind] += 1;
      return `${kind}${last[kind]}`;
    },
  };
}
