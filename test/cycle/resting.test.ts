// What failed several times in a row rests, ever longer: one bad file is not uploaded a thousand times.
import { describe, expect, it } from 'vitest';
import { restingAt } from '../../src/cycle/resting.ts';
import { at, head, record } from '../support/plan-builders.ts';

const now = head('a.md');
const fingerprint = now.parts[0]?.fingerprint ?? '';
const minute = 60_000;
const rests = (count: number, afterMs: number, wanted = now) =>
  restingAt({ records: { 'a.md': record(now, { tries: { fingerprint, count, at } }) } }, [wanted], Date.parse(at) + afterMs).get('a.md');

describe('a document that fails again and again', () => {
  it.each([
    [2, 0],
    [3, 15 * minute],
    [4, 30 * minute],
    [9, 16 * 60 * minute],
    [12, 24 * 60 * minute],
    [500, 24 * 60 * minute],
  ])('after %d tries rests for %d ms', (count, restMs) => {
    if (restMs > 0) expect(rests(count, restMs - 1)).toContain(`failed ${count} times in a row`);
    expect(rests(count, restMs)).toBeUndefined();
  });

  it('says when it is tried again, and how to have it tried now', () => {
    expect(rests(3, 0)).toBe('failed 3 times in a row; tried again after 2026-01-01 00:15 UTC, or at once by kbsync sync');
  });

  it('is tried at once where it has changed, or the clock was set back', () => {
    expect(rests(5, 0, head('a.md', 'other'))).toBeUndefined();
    expect(rests(5, -minute)).toBeUndefined();
  });
});
