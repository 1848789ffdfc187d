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
  /** A pass over some target begins: what changes from now on, it does not see. */
  began(name: string): void;
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
  /** Those to whom something is new, from the start on, and since which change. */
  const owed = new Map<string, number>([...leaders.keys()].map((name) => [name, 0]));
  const seen = new Map<string, number>();
  let changes = 0;
  return {
    has: ({ name }) => leaders.has(name),
    waits(name) {
      if (!leaders.has(name)) return false;
      changes += 1;
      owed.set(name, changes);
      return true;
    },
    began(name) {
      seen.set(name, changes);
    },
    ended(name, kind, { result, error }) {
      // It pushes nothing by itself, and is nothing that a follower waits for.
      if (kind === 'canary') return;
      const failed = error ?? result?.report.error ?? null;
      // Held until its leader is well: whatever happens there next may be what it waits for.
      if (kind === 'sync' && leaders.has(name) && result !== null) {
        const since = owed.get(name) ?? 0;
        if (result.report.held.some(({ rule }) => rule === 'after')) owed.set(name, since);
        // A change that came while it ran is still to be told.
        else if (failed === null && since <= (seen.get(name) ?? 0)) owed.delete(name);
      }
      // Somebody else is at it, or it is to be made again: its end is still to come.
      if (failed?.code === 'LOCKED' || failed?.code === 'ABORTED' || (failed === null && result?.learning === true)) return;
      for (const [follower, leader] of leaders) {
        if (leader === name && owed.delete(follower)) loops.get(follower)?.hint(`after ${name}`);
      }
    },
  };
}
