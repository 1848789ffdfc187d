// Late effects: every write of a whole day's work, at every connector, delivered at every moment at which nobody expects it any more.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliverLate, moments } from '../test/support/late-histories.ts';
import { vendorBots } from '../test/support/struck-bots.ts';
import { type Cycle, wholeCycle } from '../test/support/whole-cycle.ts';
import { add, addToAll, type Figures, handBack } from './figures.ts';

const figures: Figures = {};
let cycle: Cycle & { remove(): void };
beforeAll(async () => {
  cycle = await wholeCycle(Date.UTC(2026, 10, 21));
});
afterAll(() => {
  cycle.remove();
  handBack('late', 'Late effects', figures);
});

describe.each(await vendorBots())('$name', (kind) => {
  it.each(moments)('delivered: %s', async (moment) => {
    for (let write = 1; ; write += 1) {
      const late = await deliverLate(kind, cycle, { write, moment });
      if (late.what === null) {
        expect(write, 'some writes were late').toBeGreaterThan(1);
        return;
      }
      add(figures, 'writes delivered late', 1);
      addToAll(figures, 'writes delivered late', 1);
      if (kind.name === 'sitegpt-v0' && moment === 'stale') {
        add(figures, 'an old text that overtook a newer one where nothing can be listed or read (SiteGPT v0): not to be noticed', 1);
        continue;
      }
      expect(late.breaches).toEqual([]);
      add(figures, 'of these a twin or an old text until the bot was next listed, and told then', late.untilListed.length > 0 ? 1 : 0);
    }
  });
});
