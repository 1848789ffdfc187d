// The memory of a pass that changes nothing: a copy that learns as it goes, and is thrown away.
import type { CycleMemory } from '../cycle/context.ts';
import type { Effect, JournalEntry } from '../model/effect.ts';
import { fold } from '../model/fold.ts';
import type { TargetState } from '../model/record.ts';
import type { LedgerView } from '../state/store.ts';

/** A memory that folds and forgets: what a plan learns on the way is not written down. */
export function copyOf(view: LedgerView, now: () => number): CycleMemory {
  let state: TargetState = view.state;
  let open: readonly Effect[] = view.open;
  return {
    get state() {
      return state;
    },
    get open() {
      return open;
    },
    append(entries) {
      const at = new Date(now()).toISOString();
      const begun: JournalEntry = { at, kind: 'begin', effects: open };
      const folded = fold(state, [begun, ...entries.map((entry) => ({ ...entry, at }) as JournalEntry)]);
      state = folded.state;
      open = folded.open;
      return Promise.resolve();
    },
    savedBy: view.savedBy,
    checkpoint: () => Promise.resolve(),
  };
}
