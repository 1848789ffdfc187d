// A clock that only goes when it is told to: for tests, so that an hour of training takes no time.

export interface Clock {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  advance(ms: number): void;
  set(nowMs: number): void;
  /** Sleeping is moving the clock; at once, unless the signal has been aborted, in which case nothing moves. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** What was slept so far, in milliseconds: how a test tells that somebody waited. */
  readonly slept: readonly number[];
}

/** Starts at this time: 2026-11-21T00:00:00Z where nothing is said. */
export function settableClock(startMs: number = Date.UTC(2026, 10, 21)): Clock {
  let nowMs = startMs;
  const slept: number[] = [];
  return {
    now: () => nowMs,
    advance(ms) {
      nowMs += ms;
    },
    set(next) {
      nowMs = next;
    },
    sleep(ms, signal) {
      if (signal?.aborted !== true) {
        slept.push(ms);
        nowMs += ms;
      }
      return Promise.resolve();
    },
    slept,
  };
}
