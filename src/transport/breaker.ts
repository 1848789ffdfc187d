// One breaker a target: after several failures in a row it is left alone for a while instead of being asked for every document.
// Owns counting and the cool-down; what counts is only that the target could not be reached or failed by itself.
import { type ErrorCode, SyncError } from '../model/error.ts';

export interface BreakerPolicy {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** The first cool-down; doubled after every probe that fails. */
  readonly coolDownMs: number;
  readonly maxCoolDownMs: number;
}

export const defaultBreakerPolicy: BreakerPolicy = { failures: 5, coolDownMs: 60_000, maxCoolDownMs: 900_000 };

export interface BreakerState {
  /** closed: requests go out. open: they fail at once. half-open: the next one, or the one under way, decides. */
  readonly state: 'closed' | 'open' | 'half-open';
  readonly failures: number;
  /** Milliseconds until it may be asked again; 0 unless open. */
  readonly retryInMs: number;
}

export interface Breaker {
  /** Runs, or throws TARGET_UNREACHABLE (effect none) without running. */
  run<T>(work: () => Promise<T>): Promise<T>;
  state(): BreakerState;
}

const failing: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['TARGET_UNREACHABLE', 'VENDOR_FAILED']);
/** Say nothing of the target's health: they need no answer of it. */
const silent: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['ABORTED', 'RATE_LIMITED', 'REPLY_INVALID', 'CONFIG_INVALID', 'UNEXPECTED']);

/** A closed breaker. */
export function createBreaker({
  now,
  policy = defaultBreakerPolicy,
}: {
  readonly now: () => number;
  readonly policy?: BreakerPolicy;
}): Breaker {
  let failures = 0;
  let coolDownMs = policy.coolDownMs;
  let openUntil: number | null = null;
  let probing = false;
  let last: SyncError | null = null;

  const close = (): void => {
    failures = 0;
    coolDownMs = policy.coolDownMs;
    openUntil = null;
    last = null;
  };

  const fail = (error: SyncError, probe: boolean): void => {
    failures += 1;
    last = error;
    if (failures < policy.failures) return;
    // Requests that were under way when it opened must not lengthen the cool-down.
    if (openUntil !== null && !probe) return;
    if (probe) coolDownMs = Math.min(policy.maxCoolDownMs, coolDownMs * 2);
    openUntil = now() + coolDownMs;
  };

  const judge = (error: unknown, probe: boolean): void => {
    if (!(error instanceof SyncError) || silent.has(error.code)) return;
    if (failing.has(error.code)) fail(error, probe);
    else close();
  };

  const refusal = (remainingMs: number): SyncError =>
    new SyncError('TARGET_UNREACHABLE', {
      message: `not asked again for ${Math.ceil(remainingMs / 1000)} s after ${failures} failures in a row: ${last?.message ?? ''}`,
      vendor: last?.vendor ?? null,
      facts: { retryAfterMs: remainingMs },
    });

  const remaining = (): number => (openUntil === null ? 0 : Math.max(0, openUntil - now()));

  return {
    async run(work) {
      if (remaining() > 0 || probing) throw refusal(remaining());
      const probe = openUntil !== null;
      if (probe) probing = true;
      try {
        const result = await work();
        close();
        return result;
      } catch (error) {
        judge(error, probe);
        throw error;
      } finally {
        if (probe) probing = false;
      }
    },
    state() {
      const retryInMs = remaining();
      return { state: openUntil === null ? 'closed' : retryInMs > 0 ? 'open' : 'half-open', failures, retryInMs };
    },
  };
}
