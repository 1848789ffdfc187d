import { describe, expect, it } from 'vitest';
import { settableClock } from '../../src/testkit/clock.ts';
import { seededRandom } from '../../src/testkit/random.ts';

describe('settableClock', () => {
  it('goes when it is told to, and when somebody sleeps', async () => {
    const clock = settableClock(1_000);
    clock.advance(500);
    await clock.sleep(2_000);
    await clock.sleep(9_000, AbortSignal.abort());
    expect([clock.now(), clock.slept]).toEqual([3_500, [2_000]]);
    clock.set(7);
    expect(clock.now()).toBe(7);
  });
});

describe('seededRandom', () => {
  it('gives the same numbers for the same seed, and others for another', () => {
    const numbers = (seed: number) => Array.from({ length: 5 }, seededRandom(seed));
    expect(numbers(42)).toEqual(numbers(42));
    expect(numbers(42)).not.toEqual(numbers(43));
    expect(seededRandom(1)()).toBeCloseTo(0.6270739405881613, 12);
  });

  it('spreads whole numbers and picks evenly', () => {
    const random = seededRandom(7);
    const drawn = Array.from({ length: 4_000 }, () => random.below(4));
    for (const number of [0, 1, 2, 3]) expect(drawn.filter((each) => each === number).length).toBeGreaterThan(900);
    expect(new Set(drawn).size).toBe(4);
    expect(['a', 'b']).toContain(random.pick(['a', 'b']));
    expect(() => random.pick([])).toThrow(RangeError);
  });
});
