import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLimiters, type Limiter, type Limits } from '../../src/transport/limit.ts';
import type { Sleep } from '../../src/transport/retry.ts';
import { failure } from './support.ts';

const sleep: Sleep = (ms, signal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
const now = (): number => Date.now();
const { signal } = new AbortController();
const open: Limits = { perMinute: null, perHour: null, concurrency: 1000 };

function limiter(limits: Partial<Limits> = {}, maxPauseMs?: number): Limiter {
  return createLimiters({ now, sleep, ...(maxPauseMs === undefined ? {} : { maxPauseMs }) }).limiterFor('one', { ...open, ...limits });
}

/** Queues so many that note when they started, in seconds from now. */
function queueMany(to: Limiter, count: number): { readonly starts: number[]; readonly done: Promise<unknown> } {
  const zero = now();
  const starts: number[] = [];
  const work = async (): Promise<void> => {
    starts.push((now() - zero) / 1000);
  };
  return { starts, done: Promise.all(Array.from({ length: count }, () => to.run(work, signal))) };
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000, toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('rate', () => {
  test('a sliding minute: at no moment more than the cap within sixty seconds', async () => {
    const { starts, done } = queueMany(limiter({ perMinute: 5 }), 23);
    await vi.advanceTimersByTimeAsync(300_000);
    await done;
    expect(starts).toHaveLength(23);
    for (const [index, start] of starts.entries()) {
      const sixth = starts[index + 5];
      if (sixth !== undefined) expect(sixth - start).toBeGreaterThanOrEqual(60);
    }
    expect(starts.at(-1)).toBe(240);
  });

  test('a burst on the border of a minute does not get through twice', async () => {
    const to = limiter({ perMinute: 5 });
    const first = queueMany(to, 1);
    await first.done;
    await vi.advanceTimersByTimeAsync(58_000);
    const { starts, done } = queueMany(to, 9);
    await vi.advanceTimersByTimeAsync(120_000);
    await done;
    expect(starts).toEqual([0, 0, 0, 0, 2, 60, 60, 60, 60]);
  });

  test('a sliding hour beside it, told to whoever listens', async () => {
    const to = limiter({ perMinute: 10, perHour: 25 });
    const told: [number, string][] = [];
    to.onPause((forMs, why) => told.push([forMs, why]));
    const { starts, done } = queueMany(to, 60);
    await vi.advanceTimersByTimeAsync(3 * 3_600_000);
    await done;
    expect(starts).toHaveLength(60);
    for (const [index, start] of starts.entries()) {
      const next = starts[index + 25];
      if (next !== undefined) expect(next - start).toBeGreaterThanOrEqual(3600);
    }
    expect(told[0]).toEqual([3_600_000 - 120_000, '25 requests in 60 min are used up']);
    expect(starts.at(-1)).toBeLessThanOrEqual(2 * 3600 + 180);
  });

  test('an hour that is used up holds callers that come one by one, too', async () => {
    const to = limiter({ perHour: 2 });
    const starts: number[] = [];
    const zero = now();
    const all = (async () => {
      for (let n = 0; n < 4; n++) await to.run(async () => starts.push(now() - zero), signal);
    })();
    await vi.advanceTimersByTimeAsync(3_600_000);
    await all;
    expect(starts).toEqual([0, 0, 3_600_000, 3_600_000]);
  });

  test('no more at once than the concurrency; none of it without limits', async () => {
    let most = 0;
    let running = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await sleep(10, signal);
      running--;
    };
    const two = limiter({ concurrency: 2 });
    const done = Promise.all(Array.from({ length: 10 }, () => two.run(work, signal)));
    await vi.advanceTimersByTimeAsync(50);
    await done;
    expect(most).toBe(2);
    const { starts, done: all } = queueMany(limiter(), 500);
    await all;
    expect(starts).toHaveLength(500);
  });

  test('one account is one limiter, the stricter of two rates holds, and accounts never wait for each other', async () => {
    const limiters = createLimiters({ now, sleep });
    const one = limiters.limiterFor('one', { perMinute: 10, perHour: null, concurrency: 5 });
    expect(limiters.limiterFor('one', { perMinute: 2, perHour: null, concurrency: 9 })).toBe(one);
    const other = limiters.limiterFor('other', open);
    expect(other).not.toBe(one);
    const held = queueMany(one, 5);
    one.pause(1000);
    const free = queueMany(other, 5);
    await free.done;
    expect(free.starts).toEqual([0, 0, 0, 0, 0]);
    await vi.advanceTimersByTimeAsync(240_000);
    await held.done;
    expect(held.starts).toEqual([0, 0, 60, 60, 120]);
  });
});

describe('Retry-After', () => {
  test('holds the whole account, and a longer one wins', async () => {
    const to = limiter();
    const told: number[] = [];
    const stop = to.onPause((forMs) => told.push(forMs));
    to.pause(10_000);
    to.pause(30_000);
    to.pause(5000);
    expect(told).toEqual([10_000, 30_000]);
    expect(to.stats()).toEqual({ waiting: 0, running: 0, pausedForMs: 30_000 });
    const { starts, done } = queueMany(to, 3);
    expect(to.stats()).toEqual({ waiting: 3, running: 0, pausedForMs: 30_000 });
    await vi.advanceTimersByTimeAsync(29_999);
    expect(starts).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await done;
    expect(starts).toEqual([30, 30, 30]);
    expect(to.stats()).toEqual({ waiting: 0, running: 0, pausedForMs: 0 });
    stop();
    to.pause(1000);
    expect(told).toHaveLength(2);
  });

  test('that grows while others wait', async () => {
    const to = limiter();
    to.pause(10_000);
    const { starts, done } = queueMany(to, 1);
    await vi.advanceTimersByTimeAsync(8000);
    to.pause(10_000);
    await vi.advanceTimersByTimeAsync(10_000);
    await done;
    expect(starts).toEqual([18]);
  });

  test('beyond the cap is an error: for who waits, and for who comes until it is short enough to wait', async () => {
    const to = limiter();
    to.pause(1000);
    const waiting = failure(to.run(async () => 'never', signal));
    to.pause(3_600_000);
    expect(await waiting).toMatchObject({ code: 'RATE_LIMITED', facts: { effect: 'none', retryAfterMs: 3_600_000 } });
    expect((await failure(to.run(async () => 'never', signal))).code).toBe('RATE_LIMITED');
    await vi.advanceTimersByTimeAsync(3_600_000 - 300_000);
    const later = to.run(async () => now(), signal);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(await later).toBe(1_700_000_000_000 + 3_600_000);
  });

  test('nobody waits: no timer is left that would keep the process alive', () => {
    const to = limiter();
    to.pause(10_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a sleep that takes no time and a clock that stands still end the pause all the same', async () => {
    const to = createLimiters({ now: () => 5, sleep: async () => undefined }).limiterFor('one', { ...open, perHour: 1 });
    to.pause(10_000);
    const { starts, done } = queueMany(to, 5);
    await done;
    expect(starts).toHaveLength(5);
  });
});

describe('stopping', () => {
  test('rejects at once whoever waits, and never runs it', async () => {
    const to = limiter({ concurrency: 1 });
    const stop = new AbortController();
    let ran = false;
    to.pause(10_000);
    const waiting = failure(
      to.run(async () => {
        ran = true;
      }, stop.signal),
    );
    stop.abort();
    expect(await waiting).toMatchObject({ code: 'ABORTED', facts: { effect: 'none' } });
    expect((await failure(to.run(async () => undefined, stop.signal))).code).toBe('ABORTED');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(ran).toBe(false);
  });

  test('what is under way keeps its place until it has ended', async () => {
    const to = limiter({ concurrency: 1 });
    const stop = new AbortController();
    let release: () => void = () => undefined;
    const first = to.run(
      () =>
        new Promise<string>((resolve) => {
          release = () => resolve('ended by itself');
        }),
      stop.signal,
    );
    let second = false;
    const next = to.run(async () => {
      second = true;
    }, signal);
    stop.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(second).toBe(false);
    release();
    expect(await first).toBe('ended by itself');
    await next;
    expect(second).toBe(true);
  });

  test('closing the registry ends everything that waits', async () => {
    const limiters = createLimiters({ now, sleep });
    const to = limiters.limiterFor('one', open);
    to.pause(10_000);
    const waiting = failure(to.run(async () => undefined, signal));
    limiters.close();
    expect((await waiting).code).toBe('ABORTED');
    await vi.advanceTimersByTimeAsync(0);
  });

  test('thousands of calls leave no listener behind on a signal that lives long', async () => {
    const stop = new AbortController();
    const added = vi.spyOn(stop.signal, 'addEventListener');
    const removed = vi.spyOn(stop.signal, 'removeEventListener');
    const to = limiter();
    await Promise.all(Array.from({ length: 100 }, () => to.run(async () => undefined, stop.signal)));
    expect(added).toHaveBeenCalledTimes(100);
    expect(removed.mock.calls.length).toBeGreaterThanOrEqual(100);
  });
});
