// Crash points as lists, and living them in seeded order for as long as there is time.
import { expect } from 'vitest';
import { seededRandom } from '../src/testkit/random.ts';
import { type Blows, losses, strike } from '../test/support/crash-histories.ts';
import type { BotKind } from '../test/support/struck-bots.ts';
import type { Cycle } from '../test/support/whole-cycle.ts';
import { add, addToAll, type Figures, seed } from './figures.ts';

export interface Series {
  readonly kind: BotKind;
  readonly cycle: Cycle;
  readonly blows: readonly Blows[];
  /** Under which it is counted. */
  readonly name: string;
  /** Milliseconds since 1970; left out: all of them are lived. */
  readonly untilMs?: number;
}

/** Lives them in seeded order until the time is over; the first breach ends it. */
export async function live({ kind, cycle, blows, name, untilMs = Number.POSITIVE_INFINITY }: Series, figures: Figures): Promise<void> {
  const random = seededRandom(seed);
  const order = blows.map((each) => ({ each, at: random() })).sort((left, right) => left.at - right.at);
  for (const { each } of order) {
    if (Date.now() > untilMs) break;
    const struck = await strike(kind, cycle, each);
    expect(struck.breaches).toEqual([]);
    // A blow that falls behind the end of the run strikes nothing. The first one is within it: its steps were counted.
    expect(struck.deaths, JSON.stringify(each)).toBeGreaterThan(0);
    add(figures, name, 1);
    addToAll(figures, 'crash histories', 1);
    addToAll(figures, 'crashes in them', struck.deaths);
    add(figures, 'crashes in all of these', struck.deaths);
    add(figures, 'histories that ended with creates shown as unconfirmed (only where nobody can be asked)', struck.unconfirmed > 0 ? 1 : 0);
  }
  if (untilMs !== Number.POSITIVE_INFINITY) add(figures, `${name}: there are`, blows.length);
}

/** Every step × every kind of loss. */
export function singles(steps: number, more: Partial<Blows> = {}): Blows[] {
  return Array.from({ length: steps }, (_, n) => losses.map((loses) => ({ first: n + 1, second: null, loses, ...more }))).flat();
}

/** Every step × every step of the recovery, each with one kind of loss. */
export function doubles(steps: number): Blows[] {
  const recovery = steps + 10;
  return Array.from({ length: steps * recovery }, (_, n): Blows => {
    return { first: 1 + Math.floor(n / recovery), second: 1 + (n % recovery), loses: losses[n % losses.length] ?? 'torn' };
  });
}
