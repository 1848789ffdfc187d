// Every crash point of whole cycles: the engine is struck at each disk step and before and after each vendor call, then run again. Afterwards
// every document is at the vendor exactly once, or (vendors that cannot be asked) shown as unconfirmed and sent once. `npm run campaign` does all of
// what is only sampled here.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canBeListed, losses, stepsOf, strike } from './support/crash-histories.ts';
import { memoryBots, vendorBots } from './support/struck-bots.ts';
import { type Cycle, smallCycle, wholeCycle } from './support/whole-cycle.ts';

const small = smallCycle();
let whole: Cycle & { remove(): void };
beforeAll(async () => {
  whole = await wholeCycle(Date.UTC(2026, 10, 21));
});
afterAll(() => whole.remove());

/** Whose creates nobody can ask about: the only ones that may end unconfirmed. */
const mute = /twin|cxgenie|^replycx$/;

describe.each(memoryBots)('killed at any instant: $name', (kind) => {
  it.each(losses)('single crashes, the disk loses %s', async (loses) => {
    const steps = await stepsOf(kind, small);
    let unconfirmed = 0;
    // What was not synced is what crashes are about; the other two are sampled here.
    for (let first = 1; first <= steps; first += loses === 'unsynced' ? 1 : 2) {
      const struck = await strike(kind, small, { first, second: null, loses });
      expect(struck).toMatchObject({ deaths: 1, breaches: [] });
      unconfirmed += struck.unconfirmed;
    }
    expect(steps).toBeGreaterThan(15);
    expect(unconfirmed > 0).toBe(mute.test(kind.name));
  });

  it('double crashes: the recovery is struck, too', async () => {
    const steps = await stepsOf(kind, small);
    for (let first = 2; first <= steps; first += 8) {
      for (let second = 1; second <= steps; second += 10)
        expect((await strike(kind, small, { first, second, loses: losses[second % losses.length] ?? 'torn' })).breaches).toEqual([]);
    }
  });

  it('killed in the very first push', async () => {
    const steps = await stepsOf(kind, small, true);
    for (let first = 1; first <= steps; first += 1)
      expect(await strike(kind, small, { first, second: null, loses: 'unsynced', firstPush: true })).toMatchObject({
        deaths: 1,
        breaches: [],
      });
  });

  it('a whole day’s work: questions, parts, a retraction', async () => {
    const steps = await stepsOf(kind, whole);
    for (let first = 3; first <= steps; first += 13) {
      const loses = losses[first % losses.length] ?? 'torn';
      expect((await strike(kind, whole, { first, second: first % 2 === 0 ? 9 : null, loses })).breaches).toEqual([]);
    }
  });
});

describe.each([...memoryBots, ...(await vendorBots())])('killed, and the state folder is gone: $name', (kind) => {
  it('what carries our mark is taken back as it stands, whatever half of the work was done', async ({ skip }) => {
    if (!(await canBeListed(kind))) skip('it cannot be listed: a person decides');
    const steps = await stepsOf(kind, whole);
    for (let first = 8; first <= steps; first += 43)
      expect((await strike(kind, whole, { first, second: null, loses: 'nothing', stateLost: true })).breaches).toEqual([]);
  });
});

describe.each(await vendorBots())('killed at any instant, over real HTTP: $name', (kind) => {
  it('a whole day’s work', async () => {
    const steps = await stepsOf(kind, whole);
    let unconfirmed = 0;
    for (let first = 2; first <= steps; first += 29) {
      const loses = losses[first % losses.length] ?? 'torn';
      const struck = await strike(kind, whole, { first, second: first % 2 === 0 ? 20 : null, loses });
      expect(struck.breaches).toEqual([]);
      unconfirmed += struck.unconfirmed;
    }
    if (!mute.test(kind.name)) expect(unconfirmed).toBe(0);
  });
});
