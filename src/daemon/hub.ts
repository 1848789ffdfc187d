// The event stream of the running daemon: one publisher, any number of readers, and where each target is at the moment.
import type { SyncEvent } from '../model/event.ts';

export interface Hub {
  publish(event: SyncEvent): void;
  /** Returns what ends the subscription. */
  subscribe(listener: (event: SyncEvent) => void): () => void;
  /** What the target's pass is doing, for people: "pushing 12 of 40"; null where it has not said anything. */
  doing(target: string): string | null;
}

/** A hub without readers. */
export function createHub(): Hub {
  const listeners = new Set<(event: SyncEvent) => void>();
  const phases = new Map<string, { readonly phase: string; done: number; readonly total: number }>();
  return {
    publish(event) {
      if (event.kind === 'phase') phases.set(event.target, { phase: event.phase, done: event.done, total: event.total });
      const phase = phases.get(event.target);
      if (event.kind === 'operation' && phase !== undefined) phase.done += 1;
      for (const listener of listeners) listener(event);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    doing(target) {
      const at = phases.get(target);
      if (at === undefined) return null;
      return at.total === 0 ? at.phase : `${at.phase} ${Math.min(at.done, at.total)} of ${at.total}`;
    },
  };
}
