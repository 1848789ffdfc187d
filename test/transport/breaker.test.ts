import { describe, expect, test } from 'vitest';
import { type ErrorCode, SyncError } from '../../src/model/error.ts';
import { createBreaker } from '../../src/transport/breaker.ts';
import { failure, jumpingClock } from './support.ts';

function setup() {
  const clock = jumpingClock();
  const breaker = createBreaker({ now: clock.now });
  let asked = 0;
  const ends = (code: ErrorCode | null) =>
    breaker.run(async () => {
      asked++;
      if (code !== null) throw new SyncError(code, { message: `it was ${code}`, vendor: 'maintenance' });
    });
  const fail = async (times: number, code: ErrorCode = 'VENDOR_FAILED') => {
    for (let n = 0; n < times; n++) await failure(ends(code));
  };
  return { clock, breaker, ends, fail, asked: () => asked };
}

describe('the breaker', () => {
  test('opens after five failures in a row and says what the last one was', async () => {
    const { breaker, fail, ends, asked } = setup();
    await fail(4);
    expect(breaker.state().state).toBe('closed');
    await fail(1, 'TARGET_UNREACHABLE');
    expect(breaker.state()).toEqual({ state: 'open', failures: 5, retryInMs: 60_000 });
    const error = await failure(ends(null));
    expect(error).toMatchObject({ code: 'TARGET_UNREACHABLE', vendor: 'maintenance', facts: { effect: 'none', retry: 'later' } });
    expect(error.message).toBe('not asked again for 60 s after 5 failures in a row: it was TARGET_UNREACHABLE');
    expect(asked()).toBe(5);
  });

  test('anything the target answers starts the count anew', async () => {
    for (const code of [null, 'REQUEST_REFUSED', 'CREDENTIALS_REFUSED', 'BUSY'] as const) {
      const { breaker, fail, ends } = setup();
      await fail(4);
      await ends(code).catch(() => undefined);
      await fail(4);
      expect(breaker.state().state).toBe('closed');
    }
  });

  test('what says nothing of the target neither opens nor closes it', async () => {
    for (const code of ['ABORTED', 'RATE_LIMITED', 'REPLY_INVALID', 'CONFIG_INVALID'] as const) {
      const { breaker, fail } = setup();
      await fail(20, code);
      expect(breaker.state()).toMatchObject({ state: 'closed', failures: 0 });
      await fail(4);
      await fail(1, code);
      await fail(1);
      expect(breaker.state().state).toBe('open');
    }
  });

  test('asks once after the cool-down, which doubles from one minute up to fifteen', async () => {
    const { breaker, clock, fail } = setup();
    await fail(5);
    const coolDowns: number[] = [];
    for (let n = 0; n < 7; n++) {
      coolDowns.push(breaker.state().retryInMs / 60_000);
      await clock.sleep(breaker.state().retryInMs);
      expect(breaker.state().state).toBe('half-open');
      await fail(1);
    }
    expect(coolDowns).toEqual([1, 2, 4, 8, 15, 15, 15]);
  });

  test('a success closes it and resets the cool-down', async () => {
    const { breaker, clock, fail, ends } = setup();
    await fail(5);
    await clock.sleep(60_000);
    await fail(1);
    await clock.sleep(120_000);
    await ends(null);
    expect(breaker.state()).toEqual({ state: 'closed', failures: 0, retryInMs: 0 });
    await fail(5);
    expect(breaker.state().retryInMs).toBe(60_000);
  });

  test('while the one request is under way, the others fail at once; a stopped one gives its place away', async () => {
    const { breaker, clock, fail, ends, asked } = setup();
    await fail(5);
    await clock.sleep(60_000);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const probe = failure(
      breaker.run(async () => {
        await held;
        throw new SyncError('ABORTED');
      }),
    );
    expect((await failure(ends(null))).code).toBe('TARGET_UNREACHABLE');
    expect(asked()).toBe(5);
    release();
    expect((await probe).code).toBe('ABORTED');
    await ends(null);
    expect(breaker.state().state).toBe('closed');
  });

  test('requests that were under way when it opened do not lengthen the cool-down', async () => {
    const { breaker, clock, fail } = setup();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const late = failure(
      breaker.run(async () => {
        await held;
        throw new SyncError('VENDOR_FAILED');
      }),
    );
    await fail(5);
    await clock.sleep(30_000);
    release();
    await late;
    expect(breaker.state().retryInMs).toBe(30_000);
  });
});
