// How many questions a bot may still be asked today. Calls are counted on disk before they are made, a few at a time: a run that is killed has
// spent at most those few too many, never one too few.
import type { TestsMemory } from '../model/tests.ts';
import type { CycleTests } from './context.ts';

export interface BudgetInput {
  /** Of schedule: where a day begins. */
  readonly timezone: string;
  readonly perDay: number;
  /** Of this run; null: what is left of the day; 'any': no limit. */
  readonly allowed: number | 'any' | null;
  /** Calls of this run at most, whatever else allows more. */
  readonly atMost: number;
  readonly nowMs: () => number;
}

export interface Budget {
  /** Takes one call; false: none is left. */
  spend(): Promise<boolean>;
  /** Changes what is remembered. */
  remember(change: (memory: TestsMemory) => TestsMemory): void;
  /** Made by this run. */
  calls(): number;
  /** Writes what is not yet on disk. */
  close(): Promise<void>;
}

/** Calls that are counted ahead. */
const ahead = 5;

/** To be opened and closed by whoever is alone with the tests of the target. */
export function openBudget(store: CycleTests, { timezone, perDay, allowed, atMost, nowMs }: BudgetInput): Budget {
  let memory = store.memory();
  let made = 0;
  /** As the disk has it, whose count is never less than what was made. */
  let onDisk = memory;
  const keep = async (calls: number): Promise<void> => {
    onDisk = { ...memory, calls };
    await store.keep(onDisk);
  };
  return {
    async spend() {
      const day = dayOf(nowMs(), timezone);
      if (memory.day !== day) memory = { ...memory, day, calls: 0 };
      const left = allowed === 'any' ? Number.POSITIVE_INFINITY : allowed === null ? perDay - memory.calls : allowed - made;
      if (left <= 0 || made >= atMost) return false;
      memory = { ...memory, calls: memory.calls + 1 };
      made += 1;
      if (onDisk.day !== day || onDisk.calls < memory.calls) await keep(memory.calls + ahead - 1);
      return true;
    },
    remember(change) {
      memory = { ...change(memory), day: memory.day, calls: memory.calls };
    },
    calls: () => made,
    async close() {
      if (JSON.stringify(onDisk) !== JSON.stringify(memory)) await keep(memory.calls);
    },
  };
}

/** The day there, as 2026-11-22. */
export function dayOf(ms: number, timezone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: timezone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return parts.format(new Date(ms));
}
