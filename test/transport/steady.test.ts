// The clock for pauses goes on where the machine's is set back.
import { expect, it } from 'vitest';
import { SyncError } from '../../src/model/error.ts';
import { createBreaker, defaultBreakerPolicy } from '../../src/transport/breaker.ts';
import { steady } from '../../src/transport/steady.ts';

it('goes with the clock, and on where that is set back', () => {
  let ms = 1_000_000;
  const now = steady(() => ms);
  const start = now();
  ms += 500;
  expect(now() - start).toBe(500);
  ms -= 900_000;
  expect(now() - start).toBe(500);
  ms += 250;
  expect(now() - start).toBe(750);
  ms -= 5_000;
  ms += 10;
  expect(now() - start).toBe(750);
  ms += 7;
  expect(now() - start).toBe(757);
});

it('a breaker that opened before the clock was set back closes after its pause all the same', async () => {
  let ms = Date.UTC(2026, 0, 1);
  const breaker = createBreaker({ now: steady(() => ms), policy: defaultBreakerPolicy });
  const fail = () => breaker.run(() => Promise.reject(new SyncError('TARGET_UNREACHABLE')));
  for (let time = 0; time < defaultBreakerPolicy.failures; time += 1)
    await expect(fail()).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' });
  expect(breaker.state().state).toBe('open');
  ms -= 365 * 86_400_000;
  expect(breaker.state().retryInMs).toBeLessThanOrEqual(defaultBreakerPolicy.coolDownMs);
  ms += defaultBreakerPolicy.coolDownMs;
  expect(await breaker.run(() => Promise.resolve('asked'))).toBe('asked');
});
