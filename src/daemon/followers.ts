// Targets that come after another (`after`): whom a change of the folder reaches only once the one before has gone through with it, so that a
// follower is neither held for a moment at each edit nor ahead of its leader. Owns no judgement: that is the cycle's, from the leader's memory.
import type { TargetConfig } from '../model/config.ts';
import type { Loop, PassOutcome } from './loop.ts';
import type { PassKind } from './pace.ts';

export interface Followers {
  /** Whether this target has a leader in this daemon. */
  has(target: Pick<TargetConfig, 'name' | 'after'>): boolean;
  /** The folder has changed: whether this target waits for its leader, and hears of it then. */
  waits(name: string): boolean;
  /** A pass over this target begins: what changes from here on, it does not see. */
  begun(name: string): void;
  /** A pass over some target has ended. */
  ended(name: string, kind: PassKind, outcome: Pick<PassOutcome, 'result' | 'error'>): void;
}

/** Reads `loops` as they are filled. A target whose leader is paused, or not part of this daemon, has none: its own pass says that it is held. */
export function followersOf(
  targets: readonly Pick<TargetConfig, 'name' | 'after' | 'paused'>[],
  loops: ReadonlyMap<string, Pick<Loop, 'hint'>>,
): Followers {
  const leaders = new Map<string, string>();
  for (const { name, after, paused } of targets) {
    const leader = targets.find((other) => other.name === after && !other.paused);
    if (!paused && leader !== undefined) leaders.set(name, leader.name);
  }
  /** Those to whom something is new, from the start on. */
  const owed = new Set(leaders.keys());
  /** Those to whom something became new while a pass over them was under way. */
  const sinceBegun = new Set<string>();
  return {
    begun: (name) => void sinceBegun.delete(name),
    has: ({ name }) => leaders.has(name),
    waits(name) {
      if (!leaders.has(name)) return false;
      owed.add(name);
      sinceBegun.add(name);
      return true;
    },
    ended(name, kind, { result, error }) {
      const failed = error ?? result?.report.error ?? null;
      // Held until its leader is well: whatever happens there next may be what it waits for.
      if (kind === 'sync' && leaders.has(name) && result !== null) {
        if (result.report.held.some(({ rule }) => rule === 'after')) owed.add(name);
        else if (failed === null && !sinceBegun.has(name)) owed.delete(name);
      }
      // Somebody else is at it, or it is to be made again: its end is still to come.
      if (failed?.code === 'LOCKED' || failed?.code === 'ABORTED' || (failed === null && result?.learning === true)) return;
      for (const [follower, leader] of leaders) {
        if (leader === name && owed.delete(follower)) loops.get(follower)?.hint(`after ${name}`);
      }
    },
  };
}
