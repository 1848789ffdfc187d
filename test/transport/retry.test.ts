import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Intent } from '../../src/connectors/connector.ts';
import { type ErrorCode, errorTable, SyncError } from '../../src/model/error.ts';
import { backOff, defaultRetryPolicy, type RetryPolicy, retrying } from '../../src/transport/retry.ts';
import { failure, jumpingClock } from './support.ts';

function setup(intent: Intent, policy: Partial<RetryPolicy> = {}, random = () => 0.5) {
  const clock = jumpingClock();
  const { signal } = new AbortController();
  return { clock, options: { intent, policy: { ...defaultRetryPolicy, ...policy }, signal, now: clock.now, random, sleep: clock.sleep } };
}

describe('the rule', () => {
  const codes = Object.keys(errorTable) as ErrorCode[];
  const intents: readonly Intent[] = ['read', 'repeatable', 'create', 'ask'];

  test('create and ask are sent again only where nothing can have happened; nothing is sent again that another try cannot mend', async () => {
    const anyError = fc.record({
      code: fc.constantFrom(...codes),
      retry: fc.constantFrom('never' as const, 'later' as const),
      effect: fc.constantFrom('none' as const, 'unconfirmed' as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...intents), fc.array(anyError, { maxLength: 8 }), async (intent, errors) => {
        const { options } = setup(intent);
        let sent = 0;
        const send = async (): Promise<string> => {
          const next = errors[sent++];
          if (next === undefined) return 'answer';
          throw new SyncError(next.code, { facts: { retry: next.retry, effect: next.effect } });
        };
        const ended = await retrying(send, options).catch((error: unknown) => error);
        expect(sent).toBeLessThanOrEqual(5);
        // Everything that was followed by another attempt was allowed to be.
        for (const [index, passed] of errors.slice(0, sent - 1).entries()) {
          expect(passed.retry).toBe('later');
          expect(['RATE_LIMITED', 'TARGET_UNREACHABLE', 'VENDOR_FAILED', 'REPLY_INVALID']).toContain(passed.code);
          if (intent === 'create' || intent === 'ask') expect(passed.effect).toBe('none');
          if (passed.code === 'REPLY_INVALID') expect([intent, index]).toEqual(['read', 0]);
        }
        // And what ended it was the answer, an error that forbids it, or the last attempt.
        if (ended === 'answer' || sent === 5) return;
        const last = errors[sent - 1];
        const open = (intent === 'create' || intent === 'ask') && last?.effect === 'unconfirmed';
        const hopeless = !['RATE_LIMITED', 'TARGET_UNREACHABLE', 'VENDOR_FAILED'].includes(last?.code ?? '');
        expect(open || hopeless || last?.retry === 'never').toBe(true);
      }),
    );
  });

  test('what is thrown and is no SyncError goes straight through', async () => {
    const crash = new Error('crash point');
    await expect(
      retrying(async () => {
        throw crash;
      }, setup('read').options),
    ).rejects.toBe(crash);
  });
});

describe('the bounds', () => {
  test('full jitter from half a second, doubled up to thirty', () => {
    const most = (attempt: number) => backOff(attempt, defaultRetryPolicy, () => 1);
    expect([1, 2, 3, 4, 7, 20].map(most)).toEqual([500, 1000, 2000, 4000, 30_000, 30_000]);
    expect(backOff(3, defaultRetryPolicy, () => 0)).toBe(0);
  });

  test('five attempts, then the last error', async () => {
    const { clock, options } = setup('read');
    let sent = 0;
    const error = await failure(
      retrying(async () => {
        throw new SyncError('TARGET_UNREACHABLE', { message: `no. ${++sent}` });
      }, options),
    );
    expect(error.message).toBe('no. 5');
    expect(clock.slept).toEqual([250, 500, 1000, 2000]);
  });

  test('patience counts from the first failure, not from the queue', async () => {
    const { clock, options } = setup('read', { attempts: 100, patienceMs: 10_000 });
    const started = clock.now();
    await clock.sleep(600_000);
    await failure(
      retrying(async () => {
        await clock.sleep(1000);
        throw new SyncError('VENDOR_FAILED');
      }, options),
    );
    const tookMs = clock.now() - started - 600_000;
    expect(tookMs).toBeGreaterThan(5000);
    expect(tookMs).toBeLessThanOrEqual(12_000);
  });

  test('a Retry-After beyond the patience is an error at once', async () => {
    const { clock, options } = setup('read');
    let sent = 0;
    const error = await failure(
      retrying(async () => {
        sent++;
        throw new SyncError('RATE_LIMITED', { facts: { retryAfterMs: 121_000 } });
      }, options),
    );
    expect([sent, clock.slept, error.facts.retryAfterMs]).toEqual([1, [], 121_000]);
  });

  test('stopping while it waits is ABORTED without an effect', async () => {
    const stop = new AbortController();
    const { options } = setup('repeatable');
    let sent = 0;
    const error = await failure(
      retrying(
        async () => {
          sent++;
          throw new SyncError('VENDOR_FAILED');
        },
        {
          ...options,
          signal: stop.signal,
          sleep: async () => {
            stop.abort();
            throw new Error('AbortError');
          },
        },
      ),
    );
    expect([sent, error.code]).toEqual([1, 'ABORTED']);
  });
});
