// Whether the daemon's loops still go round: what a service manager is told of, and withheld from, by. Looks on, and keeps nothing going itself.
import type { SyncEvent } from '../model/event.ts';
import type { Loop } from './loop.ts';

export interface PulseInput {
  readonly loops: () => ReadonlyMap<string, Pick<Loop, 'view'>>;
  /** Since when the configuration is being swapped, in the clock of `now`; null: it is not. */
  readonly swapping: () => number | null;
  readonly subscribe: (listener: (event: SyncEvent) => void) => unknown;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

export interface Pulse {
  /** What has come to a stand that only a restart ends, a sentence each; [] while all is well. Every look counts: look regularly. */
  dead(): readonly string[];
}

/** A pass may wait this long for a vendor without a word: an hourly limit of requests lets none through for an hour. */
export const silentMs = 3 * 3_600_000;
/** A loop that is due and begins nothing for this long has lost its timer. */
export const overdueMs = 5 * 60_000;

/** The pulse of whatever loops there are. */
export function createPulse({ loops, swapping, subscribe, now }: PulseInput): Pulse {
  /** Until when each target's pass may be silent. */
  const heard = new Map<string, number>();
  const overdue = new Map<string, number>();
  subscribe((event) => {
    const grace = event.kind === 'paused' ? event.forMs : 0;
    heard.set(event.target, Math.max(heard.get(event.target) ?? 0, now() + grace));
  });
  const faultOf = (name: string, loop: Pick<Loop, 'view'>): string | null => {
    const view = loop.view();
    if (!view.alive) return `the loop of ${name} has ended`;
    // Whoever has git in the middle of a rebase may take days over it.
    const isWaiting = view.held || view.gated !== null;
    if (view.running === null || isWaiting) heard.delete(name);
    else if (!heard.has(name)) heard.set(name, now());
    if (view.running !== null || isWaiting || view.next === null || view.next.inMs > 0) overdue.delete(name);
    else if (!overdue.has(name)) overdue.set(name, now());
    if (now() - (heard.get(name) ?? now()) > silentMs) return `the ${view.running ?? ''} pass over ${name} has been silent for too long`;
    return now() - (overdue.get(name) ?? now()) > overdueMs ? `${name} is due, and nothing begins` : null;
  };
  return {
    dead() {
      const since = swapping();
      // The loops of the old configuration have ended by then, and those of the new one have not begun.
      if (since !== null) return now() - since > silentMs ? ['the new configuration does not get to work'] : [];
      return [...loops()].flatMap(([name, loop]) => faultOf(name, loop) ?? []);
    },
  };
}
