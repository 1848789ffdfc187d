// Lock and memory of one target for the time of one run, given away while the run only waits for a training and somebody else waits for the target.
import type { CycleContext, CycleMemory } from '../cycle/context.ts';
import { SyncError } from '../model/error.ts';
import type { Ledger } from '../state/store.ts';

/** Those who share the targets of one process. */
export interface Lender {
  /** Resolves when somebody else waits for the target. */
  wanted(): Promise<void>;
  /** Gives the target away: nothing of it may be touched until `back` has resolved. */
  leave(): void;
  /** Resolves when it is this run's turn again, or it was stopped. */
  back(): Promise<void>;
}

interface Opened {
  readonly ledger: Ledger;
  readonly guard: () => void;
  close(): Promise<void>;
}

export interface LeaseInput {
  /** Takes the lock, waiting so long for another process, and opens the memory. LOCKED, ABORTED. */
  readonly open: (waitMs: number) => Promise<Opened>;
  readonly waitMs: number;
  readonly lender: Lender | undefined;
  readonly sleep: CycleContext['sleep'];
}

export interface Lease {
  ledger(): Ledger;
  /** Of whoever holds the target now; while it is given away it can be read as it was, and nothing can be written. */
  readonly memory: CycleMemory;
  readonly guard: () => void;
  /** How a run waits; without a lender it has no way of its own. */
  readonly waiting: Pick<CycleContext, 'rest' | 'wasLent'>;
  close(): Promise<void>;
}

/** Another process that slipped in between is waited for so long. */
const backWaitMs = 60_000;

/** Opens the target. Whatever `open` throws. */
export async function createLease({ open, waitMs, lender, sleep }: LeaseInput): Promise<Lease> {
  let held = await open(waitMs);
  let away = false;
  let lent = false;
  const here = (): Ledger => {
    if (away) throw new SyncError('ABORTED', { message: 'stopped while another command was at work there' });
    return held.ledger;
  };
  const rest = async (by: Lender, ms: number, signal: AbortSignal): Promise<void> => {
    const slept = sleep(ms, signal);
    const wanted = await Promise.race([slept.then(() => false), by.wanted().then(() => true)]);
    if (!wanted || signal.aborted) return slept;
    await held.ledger.checkpoint();
    lent = true;
    away = true;
    await held.close();
    by.leave();
    await slept;
    await by.back();
    if (signal.aborted) throw new SyncError('ABORTED');
    held = await open(backWaitMs);
    away = false;
  };
  return {
    ledger: () => held.ledger,
    memory: {
      get state() {
        return held.ledger.state;
      },
      get open() {
        return held.ledger.open;
      },
      get savedBy() {
        return held.ledger.savedBy;
      },
      append: async (entries) => here().append(entries),
      // Saved when it was given away.
      checkpoint: async () => (away ? undefined : held.ledger.checkpoint()),
    },
    guard() {
      here();
      held.guard();
    },
    waiting: lender === undefined ? {} : { rest: (ms, signal) => rest(lender, ms, signal), wasLent: () => lent },
    async close() {
      if (!away) await held.close();
    },
  };
}
