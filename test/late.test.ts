// Late effects: a write whose connection breaks, and which reaches the vendor all the same when nobody expects it any more. Found while it is
// looked for, there is no twin; found later, the next listing of the bot shows it. `npm run campaign` delivers every write at every moment.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliverLate } from './support/late-histories.ts';
import { vendorBots } from './support/struck-bots.ts';
import { type Cycle, wholeCycle } from './support/whole-cycle.ts';

let cycle: Cycle & { remove(): void };
beforeAll(async () => {
  cycle = await wholeCycle(Date.UTC(2026, 10, 21));
});
afterAll(() => cycle.remove());

const kinds = await vendorBots();

describe.each(kinds)('$name', (kind) => {
  it('a create that is delivered when it has been made again: twins until the next listing, none after it', async () => {
    const late = await deliverLate(kind, cycle, { write: 2, moment: 'then' });
    expect(late.breaches, late.what ?? '').toEqual([]);
  });
});

describe('a write of before that overtakes a newer one', () => {
  // Left out is SiteGPT v0, which can be neither listed nor read: nobody can notice it before the next change.
  it.each(kinds.filter(({ name }) => /chatthing|v2|append$/.test(name)))('$name', async (kind) => {
    for (const write of [2, 3]) {
      const late = await deliverLate(kind, cycle, { write, moment: 'stale' });
      expect(late.breaches, late.what ?? '').toEqual([]);
    }
  });
});

describe('delivered while it is looked for', () => {
  it.each(['chatthing', 'sitegpt-v2', 'replycx-full'])('%s: found, and no twin', async (name) => {
    const kind = kinds.find((each) => each.name === name);
    if (kind === undefined) throw new Error(`there is no ${name}`);
    for (const write of [2, 3, 5]) expect((await deliverLate(kind, cycle, { write, moment: 'looking' })).untilListed).toEqual([]);
  });

  it('sitegpt-v2: delivered after that, the bot holds it twice until it is listed', async () => {
    const kind = kinds.find((each) => each.name === 'sitegpt-v2');
    if (kind === undefined) throw new Error('there is no sitegpt-v2');
    expect((await deliverLate(kind, cycle, { write: 2, moment: 'then' })).untilListed.join()).toMatch(/doubled.*orphan/);
  });
});
