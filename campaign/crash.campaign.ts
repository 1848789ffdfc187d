// Crash points: every one of the small cycle, single and double, at every kind of the vendor in memory; every single one of a whole day's work at every kind
// and every real connector; and of the doubles of a whole day's work as many as the time allows, in seeded order.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../src/testkit/random.ts';
import { type Blows, canBeListed, losses, stepsOf, strike } from '../test/support/crash-histories.ts';
import { type BotKind, memoryBots, vendorBots } from '../test/support/struck-bots.ts';
import { type Cycle, smallCycle, wholeCycle } from '../test/support/whole-cycle.ts';
import { add, type Figures, handBack, seed, timeFor } from './figures.ts';

const figures: Figures = {};
const small = smallCycle();
let whole: Cycle & { remove(): void };
beforeAll(async () => {
  whole = await wholeCycle(Date.UTC(2026, 10, 21));
});
afterAll(() => {
  whole.remove();
  handBack('crash', 'Crash histories', figures);
});

/** Lives them in seeded order until the time is over. Returns how many there were and how many were lived. */
async function live(kind: BotKind, cycle: Cycle, all: readonly Blows[], name: string, untilMs = Number.POSITIVE_INFINITY): Promise<void> {
  const random = seededRandom(seed);
  const order = all.map((blows) => ({ blows, at: random() })).sort((left, right) => left.at - right.at);
  for (const { blows } of order) {
    if (Date.now() > untilMs) break;
    const struck = await strike(kind, cycle, blows);
    expect(struck.breaches).toEqual([]);
    add(figures, name, 1);
    add(figures, 'crashes', struck.deaths);
    add(figures, 'ended with creates shown as unconfirmed (only where nobody can be asked)', struck.unconfirmed > 0 ? 1 : 0);
  }
}

function singles(steps: number, more: Partial<Blows> = {}): Blows[] {
  return Array.from({ length: steps }, (_, n) => losses.map((loses) => ({ first: n + 1, second: null, loses, ...more }))).flat();
}

function doubles(steps: number): Blows[] {
  return Array.from({ length: steps * (steps + 10) }, (_, n): Blows => {
    const loses = losses[n % losses.length] ?? 'torn';
    return { first: 1 + Math.floor(n / (steps + 10)), second: 1 + (n % (steps + 10)), loses };
  });
}

describe.each(memoryBots)('$name', (kind) => {
  it('every single and double crash of the small cycle', async () => {
    const steps = await stepsOf(kind, small);
    await live(kind, small, singles(steps), 'single crashes, in memory, every step × three kinds of loss');
    await live(
      kind,
      small,
      singles(await stepsOf(kind, small, true), { firstPush: true }),
      'crashes of the very first push, every step × three kinds of loss',
    );
    await live(kind, small, doubles(steps), 'double crashes, in memory, every step × every step of the recovery');
  });

  it('a whole day’s work', async () => {
    const steps = await stepsOf(kind, whole);
    await live(kind, whole, singles(steps), 'single crashes of a whole day’s work, in memory, every step × three kinds of loss');
    await live(kind, whole, doubles(steps), 'double crashes of a whole day’s work, in memory, sampled', Date.now() + timeFor(0.02));
  });
});

describe.each(await vendorBots())('$name', (kind) => {
  it('a whole day’s work, over real HTTP', async () => {
    const steps = await stepsOf(kind, whole);
    const loses = (first: number) => losses[(first + seed) % losses.length] ?? 'torn';
    const each = Array.from({ length: steps }, (_, n): Blows => ({ first: n + 1, second: null, loses: loses(n) }));
    await live(kind, whole, each, 'single crashes of a whole day’s work, real connectors, every step');
    if (await canBeListed(kind))
      await live(
        kind,
        whole,
        each.filter((_, n) => n % 4 === seed % 4).map((blows) => ({ ...blows, stateLost: true })),
        'crashes after which the whole state is deleted, real connectors',
      );
    await live(kind, whole, doubles(steps), 'double crashes of a whole day’s work, real connectors, sampled', Date.now() + timeFor(0.02));
  });
});
