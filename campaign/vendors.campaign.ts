// Crash points of a whole day's work at every real connector, over real HTTP: every single one, every fourth with the state deleted after it, and of
// the double ones as many as the time allows, in seeded order.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Blows, canBeListed, losses, stepsOf } from '../test/support/crash-histories.ts';
import { vendorBots } from '../test/support/struck-bots.ts';
import { type Cycle, wholeCycle } from '../test/support/whole-cycle.ts';
import { doubles, live } from './blows.ts';
import { type Figures, handBack, seed, timeFor } from './figures.ts';

const figures: Figures = {};
let cycle: Cycle & { remove(): void };
beforeAll(async () => {
  cycle = await wholeCycle(Date.UTC(2026, 10, 21));
});
afterAll(() => {
  cycle.remove();
  handBack('vendors', 'Crash histories, real connectors over real HTTP', figures);
});

describe.each(await vendorBots())('$name', (kind) => {
  it('a whole day’s work', async () => {
    const steps = await stepsOf(kind, cycle);
    expect(steps).toBeGreaterThan(30);
    const each = Array.from({ length: steps }, (_, n): Blows => {
      return { first: n + 1, second: null, loses: losses[(n + seed) % losses.length] ?? 'torn' };
    });
    await live({ kind, cycle, blows: each, name: 'one crash of a whole day’s work, every step' }, figures);
    if (await canBeListed(kind)) {
      const lost = each.filter((_, n) => n % 4 === seed % 4).map((blows) => ({ ...blows, stateLost: true }));
      await live({ kind, cycle, blows: lost, name: 'one crash, and the whole state deleted after it, every fourth step' }, figures);
    }
    const untilMs = Date.now() + timeFor(0.02);
    await live({ kind, cycle, blows: doubles(steps), name: 'two crashes of a whole day’s work, sampled', untilMs }, figures);
  });
});
