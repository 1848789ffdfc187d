// How old a stamp is by a clock that may have been set. Pure.
import { driftWindowMs } from './drift.ts';
import type { Timestamp } from './json.ts';

/**
 * Milliseconds since a stamp. One from the future is 0 old while the clock may only have been put right since; one from further ahead than a day was
 * made by a clock that nobody can go by, and is as old as can be: else what waits for it to age would wait for years.
 */
export function ageOf(at: Timestamp, nowMs: number): number {
  const ageMs = nowMs - Date.parse(at);
  if (ageMs >= 0) return ageMs;
  return -ageMs <= driftWindowMs ? 0 : Number.POSITIVE_INFINITY;
}
