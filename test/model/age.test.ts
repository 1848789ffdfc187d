// How old a stamp is by a clock that may have been set.
import { expect, it } from 'vitest';
import { ageOf } from '../../src/model/age.ts';
import { driftWindowMs } from '../../src/model/drift.ts';

it.each([
  ['of the past', -5_000, 5_000],
  ['of this moment', 0, 0],
  ['a little ahead: the clock may have been put right', 60_000, 0],
  ['ahead by the window', driftWindowMs, 0],
  ['further ahead: nobody can go by it', driftWindowMs + 1, Number.POSITIVE_INFINITY],
  ['years ahead', 100_000_000_000, Number.POSITIVE_INFINITY],
])('a stamp %s', (_what, offset, age) => {
  const now = Date.UTC(2026, 0, 1);
  expect(ageOf(new Date(now + offset).toISOString(), now)).toBe(age);
});
