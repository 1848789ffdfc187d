// One queue an account: how many requests at once, a minute, an hour, and the pause that a Retry-After asks for. p-queue does the first two.
// Accounts never wait for each other. The registry belongs to the workspace; there is none in the module.
import { setMaxListeners } from 'node:events';
import PQueue from 'p-queue';
import { SyncError } from '../model/error.ts';
import { aborted } from './http-error.ts';
import type { Sleep } from './retry.ts';

/** Null: no such limit (the sandbox). */
export interface Limits {
  readonly perMinute: number | null;
  readonly perHour: number | null;
  readonly concurrency: number;
}

export interface LimiterStats {
  readonly waiting: number;
  readonly running: number;
  /** Milliseconds until requests go out again; 0: they do. */
  readonly pausedForMs: number;
}

export type PauseListener = (forMs: number, why: string) => void;

export interface Limiter {
  /** Runs when it is its turn. Throws ABORTED at once when the signal aborts before, RATE_LIMITED where the account is paused for too long. */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Holds the whole account; a longer pause wins. Beyond the cap everyone who waits gets RATE_LIMITED instead. */
  pause(ms: number): void;
  /** Told once for each pause. Returns how to stop listening. */
  onPause(listener: PauseListener): () => void;
  stats(): LimiterStats;
}

export interface Limiters {
  /** The limiter of an account, the same for the same text. Where targets of one account differ, the stricter of each limit holds. */
  limiterFor(account: string, limits: Limits): Limiter;
  /** Ends everything that waits, with ABORTED. */
  close(): void;
}

export interface LimiterTools {
  readonly now: () => number;
  readonly sleep: Sleep;
  /** The longest Retry-After that is waited for; a longer one is an error. Default 5 minutes. */
  readonly maxPauseMs?: number;
}

interface OwnLimiter extends Limiter {
  tighten(limits: Limits): void;
  close(): void;
}

/** An empty registry. */
export function createLimiters(tools: LimiterTools): Limiters {
  const limiters = new Map<string, OwnLimiter>();
  return {
    limiterFor(account, limits) {
      const known = limiters.get(account);
      known?.tighten(limits);
      const limiter = known ?? createLimiter(limits, tools);
      limiters.set(account, limiter);
      return limiter;
    },
    close() {
      for (const limiter of limiters.values()) limiter.close();
    },
  };
}

const minuteMs = 60_000;
const hourMs = 3_600_000;
/** No vendor is believed further than this. */
const longestPauseMs = 24 * hourMs;

/** A sliding window beside p-queue's own, which has only one. */
interface Window {
  readonly lengthMs: number;
  readonly cap: number;
  starts: number[];
}

function createLimiter(limits: Limits, { now, sleep, maxPauseMs = 300_000 }: LimiterTools): OwnLimiter {
  const { perMinute } = limits;
  // strict: a sliding window. The default one lets nearly twice the cap through around its border.
  const interval = perMinute === null ? {} : { interval: minuteMs, intervalCap: perMinute, strict: true };
  const queue = new PQueue({ concurrency: limits.concurrency, ...interval });
  const windows: Window[] = limits.perHour === null ? [] : [{ lengthMs: hourMs, cap: limits.perHour, starts: [] }];
  const waiting = new Set<AbortController>();
  const listeners = new Set<PauseListener>();
  let tightest = limits;
  /** Until when the vendor asked us to wait, and until when one of our windows is full. */
  let askedUntil = 0;
  let fullUntil = 0;
  let fullWindow = '';
  let toldUntil = 0;
  let waker: AbortController | null = null;

  const pausedUntil = (): number => Math.max(askedUntil, fullUntil);
  const tell = (forMs: number, why: string): void => {
    for (const listener of listeners) listener(forMs, why);
  };
  const tooLong = (): SyncError | null => {
    const leftMs = askedUntil - now();
    if (leftMs <= maxPauseMs) return null;
    const message = `the vendor asks not to be called for another ${Math.ceil(leftMs / 1000)} s`;
    return new SyncError('RATE_LIMITED', { message, facts: { retryAfterMs: leftMs } });
  };

  const release = (): void => {
    askedUntil = 0;
    fullUntil = 0;
    queue.start();
  };

  /** A timer only while somebody waits for it: a pause must not keep a process alive that has nothing left to send. */
  const arm = (): void => {
    if (waker !== null || !queue.isPaused || queue.size === 0) return;
    const until = pausedUntil();
    if (until === fullUntil && until > Math.max(askedUntil, toldUntil)) {
      toldUntil = until;
      tell(Math.max(0, until - now()), `${fullWindow} are used up`);
    }
    const mine = new AbortController();
    waker = mine;
    const done = (): void => {
      waker = null;
      // What was slept is taken as passed, whatever the clock says; only a pause that has grown meanwhile is waited for again.
      if (!mine.signal.aborted && pausedUntil() <= until) release();
      arm();
    };
    void sleep(Math.max(0, until - now()), mine.signal).then(done, done);
  };

  /** p-queue calls this synchronously as it takes a task, so that a pause here holds the very next one. */
  const started = (): void => {
    const at = now();
    for (const window of windows) {
      window.starts = [...window.starts.filter((start) => start > at - window.lengthMs), at];
      const frees = window.starts[window.starts.length - window.cap];
      if (frees === undefined) continue;
      fullUntil = Math.max(fullUntil, frees + window.lengthMs);
      fullWindow = `${window.cap} requests in ${window.lengthMs / minuteMs} min`;
      queue.pause();
      arm();
    }
  };

  return {
    async run(work, signal) {
      if (signal.aborted) throw aborted();
      const refused = tooLong();
      if (refused !== null) throw refused;
      // One signal for a whole run has a listener for everyone who waits: that is no leak, and no warning is wanted on stderr.
      setMaxListeners(0, signal);
      if (queue.isPaused && pausedUntil() <= now()) release();
      const turn = new AbortController();
      const abort = (): void => turn.abort(aborted());
      const leave = (): void => {
        signal.removeEventListener('abort', abort);
        waiting.delete(turn);
      };
      signal.addEventListener('abort', abort, { once: true });
      waiting.add(turn);
      try {
        const result = queue.add(
          () => {
            // From here on the signal is the work's own business: p-queue would give the place away while the request is still under way.
            leave();
            started();
            return work();
          },
          { signal: turn.signal },
        );
        arm();
        return await result;
      } finally {
        leave();
        if (queue.size === 0) waker?.abort();
      }
    },
    pause(ms) {
      const forMs = Math.min(Math.max(0, ms), longestPauseMs);
      if (forMs === 0 || now() + forMs <= askedUntil) return;
      askedUntil = now() + forMs;
      queue.pause();
      tell(forMs, 'the vendor asks to slow down (Retry-After)');
      const refused = tooLong();
      if (refused !== null) for (const turn of [...waiting]) turn.abort(refused);
      arm();
    },
    onPause(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stats: () => ({ waiting: queue.size, running: queue.pending, pausedForMs: queue.isPaused ? Math.max(0, pausedUntil() - now()) : 0 }),
    tighten(other) {
      const next = stricter(tightest, other);
      queue.concurrency = next.concurrency;
      if (next.perHour !== null && next.perHour !== tightest.perHour) windows.push({ lengthMs: hourMs, cap: next.perHour, starts: [] });
      if (next.perMinute !== null && next.perMinute !== tightest.perMinute)
        windows.push({ lengthMs: minuteMs, cap: next.perMinute, starts: [] });
      tightest = next;
    },
    close() {
      for (const turn of [...waiting]) turn.abort(aborted());
    },
  };
}

function stricter(one: Limits, other: Limits): Limits {
  const least = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.min(a, b));
  return {
    perMinute: least(one.perMinute, other.perMinute),
    perHour: least(one.perHour, other.perHour),
    concurrency: Math.min(one.concurrency, other.concurrency),
  };
}
