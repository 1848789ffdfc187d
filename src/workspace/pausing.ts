// What keeps kbsync from a target by itself: the configuration, or a person who has paused it. Owns the words for it.
import type { TargetConfig } from '../model/config.ts';
import type { Disk } from '../state/disk.ts';
import { type Pause, readPauses, removePause, writePause } from '../state/pauses.ts';

export interface Pausing {
  /** Targets that a person has paused beside the configuration. */
  pauses(): ReadonlyMap<string, Pause>;
  /** Why nothing is to be sent to this target by itself, in words that begin with "paused"; null: nothing says so. */
  pausedWhy(target: TargetConfig): string | null;
  /** Whether it changed anything. STATE_UNWRITABLE. */
  setPaused(target: string, paused: boolean, by: string): Promise<boolean>;
}

/** Read anew each time it is asked: other processes pause and resume, too. */
export function createPausing({
  disk,
  stateDir,
  now,
}: {
  readonly disk: Disk;
  readonly stateDir: string;
  readonly now: () => number;
}): Pausing {
  return {
    pauses: () => readPauses(disk, stateDir),
    pausedWhy(target) {
      if (target.paused) return 'paused in the configuration';
      const pause = readPauses(disk, stateDir).get(target.name);
      if (pause === undefined) return null;
      const since = pause.since === null ? '' : ` since ${pause.since.slice(0, 16).replace('T', ' ')} UTC`;
      return `paused${since} (kbsync watch resume ${target.name})`;
    },
    async setPaused(target, paused, by) {
      if (!paused) return removePause(disk, stateDir, target);
      if (readPauses(disk, stateDir).has(target)) return false;
      await writePause(disk, stateDir, target, { since: new Date(now()).toISOString(), by });
      return true;
    },
  };
}
