// What a person does to a whole memory: gives it another name, or takes it as edited by hand. With the locks that this wants.
import { acceptEdited } from '../state/accept.ts';
import { acquireLock, type LockPlace } from '../state/lock.ts';
import { renamePause } from '../state/pauses.ts';
import type { Writer } from '../state/snapshot.ts';
import { renameLedger } from '../state/store.ts';
import { renameTests } from '../state/tests.ts';
import type { Exclusive } from '../workspace.ts';
import type { Place } from './asking.ts';
import type { Branching } from './branch.ts';
import type { Retractions } from './retractions.ts';

type How = Pick<Exclusive, 'command' | 'lockWaitMs' | 'stop'>;

export interface Naming {
  /** Gives the memory of a target another name. USAGE, LOCKED where either is at work. */
  renameState(from: string, to: string, how: How): Promise<'renamed' | 'finished'>;
  /** Takes a hand-edited memory at its word, once it can be rested on. LOCKED, STATE_DAMAGED, STATE_NEWER. */
  acceptState(target: string, how: How): Promise<'accepted' | 'as-it-was'>;
}

export interface NamingInput extends Pick<Branching, 'hold'> {
  readonly place: Place;
  readonly writer: Writer;
  readonly lockPlace: (target: string) => LockPlace;
  readonly retractions: Pick<Retractions, 'renamed'>;
}

/** For the state folder of a workspace. */
export function createNaming({ place, writer, lockPlace, retractions, hold }: NamingInput): Naming {
  const { disk, stateDir: dir, now } = place;
  return {
    async renameState(from, to, { command, lockWaitMs, stop }) {
      await hold({ command, waitMs: lockWaitMs, signal: stop });
      const take = (name: string) => acquireLock({ ...lockPlace(name), command, waitMs: lockWaitMs, signal: stop });
      // In one order, whoever renames what: two that wait for each other never end.
      const [first, second] = [from, to].sort();
      const locks = [await take(first ?? from)];
      try {
        locks.push(await take(second ?? to));
        const guard = () => {
          for (const lock of locks) lock.verify();
        };
        const renamed = await renamePause(disk, dir, { from, to }, () => renameLedger({ disk, dir, target: from, now, guard, writer }, to));
        await retractions.renamed(from, to);
        await renameTests(disk, dir, from, to);
        return renamed;
      } finally {
        for (const lock of locks.reverse()) await lock.release();
      }
    },
    async acceptState(target, { command, lockWaitMs, stop }) {
      await hold({ command, waitMs: lockWaitMs, signal: stop });
      const lock = await acquireLock({ ...lockPlace(target), command, waitMs: lockWaitMs, signal: stop });
      try {
        return await acceptEdited({ disk, dir, target, now, guard: () => lock.verify(), writer });
      } finally {
        await lock.release();
      }
    },
  };
}
