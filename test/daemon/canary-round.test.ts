// Two clocks that run apart: only a jump spoils a check, whichever way and however long nobody looked.
import { expect, it } from 'vitest';
import { newCanaryRound } from '../../src/daemon/canary-round.ts';

const hour = 3_600_000;

it.each<[string, number, number, boolean]>([
  ['nothing', 0, 0, false],
  ['an hour of both', hour, hour, false],
  ['a clock that is slewed for an hour', hour + 1_800, hour, false],
  ['a second that is set', 1_000, 0, false],
  ['a clock that is set forward', 2 * hour, 1_000, true],
  ['a clock that is set back', -2 * hour, 1_000, true],
  ['a clock that is set by five seconds', 5_000, 0, true],
])('after %s', (_what, wallMs, steadyMs, spoilt) => {
  const at = { wall: 1_000_000, steady: 50 };
  const round = newCanaryRound({ wall: () => at.wall, steady: () => at.steady });
  round.unfollowed = null;
  at.wall += wallMs;
  at.steady += steadyMs;
  round.watchClock();
  expect(round.unfollowed !== null).toBe(spoilt);
  // Told once: from here on the clock goes as it is.
  round.unfollowed = null;
  round.watchClock();
  expect(round.unfollowed).toBeNull();
});
