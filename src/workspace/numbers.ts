// Numbers for the todo list (T1, U2, H3 …), unique over all targets of a workspace so that `todo done T3` needs no target. Several processes may
// be at work on one state folder, each at a target of its own: a number is one's own only once its file has been made.
import { join } from 'node:path';
import { type Numbers, noNumbers, numbersWith, type TargetState } from '../model/record.ts';
import type { Disk } from '../state/disk.ts';

type Kind = 'T' | 'U' | 'H';

export interface NumberSource {
  /** STATE_UNWRITABLE. */
  next(kind: Kind): string;
}

/** Where numbers are claimed: an empty file each, of which the last few are kept. */
export interface NumberClaims {
  readonly disk: Pick<Disk, 'claim' | 'list' | 'removeLoosely'>;
  readonly folder: string;
}

/** The highest one alone says where to go on; the others are there for a process that listed them a moment ago. */
const keptClaims = 16;

/** The highest numbers that these states have ever given out. */
export function highestNumbers(states: readonly TargetState[]): Numbers {
  const ids = states.flatMap(({ numbers, todos, doubts, held }) => [
    ...[...todos, ...doubts, ...held].map(({ id }) => id),
    ...[`T${numbers.T}`, `U${numbers.U}`, `H${numbers.H}`],
  ]);
  return numbersWith(noNumbers, ids);
}

/** Goes on behind these and behind every claim. Without claims: for a memory that is thrown away. */
export function numbersFrom(before: Numbers, claims: NumberClaims | null): NumberSource {
  const last = { ...before };
  return {
    next(kind) {
      for (;;) {
        last[kind] = Math.max(last[kind], claims === null ? 0 : highest(claims, kind)) + 1;
        const number = `${kind}${last[kind]}`;
        if (claims === null) return number;
        if (!claims.disk.claim(join(claims.folder, number))) continue;
        // Claimed after others had gone on and cleared it away: it may be one that was given out before.
        if (highest(claims, kind) > last[kind]) continue;
        sweep(claims, kind, last[kind]);
        return number;
      }
    },
  };
}

function claimed({ disk, folder }: NumberClaims, kind: Kind): readonly number[] {
  return disk.list(folder).flatMap((name) => (name.startsWith(kind) && /^\d{1,15}$/.test(name.slice(1)) ? [Number(name.slice(1))] : []));
}

function highest(claims: NumberClaims, kind: Kind): number {
  return Math.max(0, ...claimed(claims, kind));
}

function sweep(claims: NumberClaims, kind: Kind, mine: number): void {
  for (const number of claimed(claims, kind)) {
    if (number <= mine - keptClaims) claims.disk.removeLoosely(join(claims.folder, `${kind}${number}`));
  }
}
