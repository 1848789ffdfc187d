// The one place that tries again. Owns the rule, the back-off and its bounds; a Retry-After is kept by the account's limiter, not here.
import type { Intent } from '../connectors/connector.ts';
import { type ErrorCode, SyncError } from '../model/error.ts';
import { aborted } from './http-error.ts';

/** Waits; may resolve or reject when the signal aborts. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<unknown>;

export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** Counted from the first failure: time in the queue is not lost patience. */
  readonly patienceMs: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

export const defaultRetryPolicy: RetryPolicy = { attempts: 5, patienceMs: 120_000, firstDelayMs: 500, maxDelayMs: 30_000 };

export interface Retrying {
  readonly intent: Intent;
  readonly policy: RetryPolicy;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** 0 ≤ n < 1. */
  readonly random: () => number;
  readonly sleep: Sleep;
}

/** What passes by itself within minutes. The other errors that are worth another try (BUSY, quota …) need a later run, not a second request. */
const transient: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['RATE_LIMITED', 'TARGET_UNREACHABLE', 'VENDOR_FAILED']);

/**
 * The rule: again only if it is known to have had no effect, or if doing it twice is doing it once (read, repeatable).
 * create and ask are never sent again after a failure that leaves it open. A read whose answer makes no sense is asked once more.
 */
export function mayRepeat(error: unknown, intent: Intent, attempt: number): error is SyncError {
  if (!(error instanceof SyncError) || error.facts.retry !== 'later') return false;
  if (error.code === 'REPLY_INVALID') return intent === 'read' && attempt === 1;
  if (!transient.has(error.code)) return false;
  return intent === 'read' || intent === 'repeatable' || error.facts.effect === 'none';
}

/** Full jitter: anything up to the first delay doubled per failed attempt. */
export function backOff(attempt: number, policy: RetryPolicy, random: () => number): number {
  return random() * Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (attempt - 1));
}

/** Sends, and again where the rule allows it, within the policy's bounds. Throws the last error, or ABORTED. */
export async function retrying<T>(send: (attempt: number) => Promise<T>, options: Retrying): Promise<T> {
  const { intent, policy, signal, now, random, sleep } = options;
  let firstFailure: number | null = null;
  for (let attempt = 1; ; attempt++) {
    try {
      return await send(attempt);
    } catch (error) {
      if (attempt >= policy.attempts || !mayRepeat(error, intent, attempt)) throw error;
      firstFailure ??= now();
      const delayMs = backOff(attempt, policy, random);
      const waitMs = Math.max(delayMs, error.facts.retryAfterMs ?? 0);
      if (now() + waitMs - firstFailure > policy.patienceMs) throw error;
      // A Retry-After runs meanwhile in the limiter, so the two waits overlap.
      await pause(delayMs, signal, sleep);
    }
  }
}

async function pause(ms: number, signal: AbortSignal, sleep: Sleep): Promise<void> {
  try {
    if (!signal.aborted) await sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  // Nothing is under way while we wait, so stopping here leaves nothing open.
  if (signal.aborted) throw aborted();
}
