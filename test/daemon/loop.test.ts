// One loop: never two passes at once, hints coalesced, held and stopped; a clock turned by hand and passes that end when the test says.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Loop, type LoopTimers, type PassOutcome, startLoop } from '../../src/daemon/loop.ts';
import type { PassKind, PassResult } from '../../src/daemon/pace.ts';
import { SyncError } from '../../src/model/error.ts';
import { resultOf } from './reports.ts';

const timers: LoopTimers = {
  now: () => Date.now(),
  after: (ms, run) => setTimeout(run, ms),
  cancel: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

interface Begun {
  readonly kind: PassKind;
  readonly stop: AbortSignal;
  end(result?: PassResult): Promise<void>;
  fail(error: unknown): Promise<void>;
}

let passes: Begun[];
let ends: PassOutcome[];
let mostAtOnce: number;
let loop: Loop;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  passes = [];
  ends = [];
  mostAtOnce = 0;
  let atOnce = 0;
  loop = startLoop({
    name: 'bot',
    timers,
    onEnd: (_kind, outcome) => ends.push(outcome),
    pass: (kind, stop) =>
      new Promise<PassResult>((resolve, reject) => {
        atOnce += 1;
        mostAtOnce = Math.max(mostAtOnce, atOnce);
        const settle = async (how: () => void): Promise<void> => {
          atOnce -= 1;
          how();
          await vi.advanceTimersByTimeAsync(0);
        };
        passes.push({
          kind,
          stop,
          end: (result = resultOf()) => settle(() => resolve(result)),
          fail: (error) => settle(() => reject(error)),
        });
      }),
  });
});
afterEach(() => {
  vi.useRealTimers();
});

function pass(index: number): Begun {
  const found = passes[index];
  if (found === undefined) throw new Error(`there was no pass ${index}, only ${passes.length}`);
  return found;
}

describe('loop', () => {
  it('begins at once, and makes one more cycle of any number of hints that come meanwhile', async () => {
    await vi.advanceTimersByTimeAsync(0);
    expect(passes).toHaveLength(1);
    loop.hint('files changed');
    loop.hint('files changed');
    loop.tick();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(passes).toHaveLength(1);
    await pass(0).end();
    expect(passes).toHaveLength(2);
    expect(ends[0]).toMatchObject({ why: 'start', durationMs: 100_000 });
    await pass(1).end();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(passes).toHaveLength(2);
    expect(ends[1]?.why).toBe('files changed');
    expect(mostAtOnce).toBe(1);
  });

  it('looks at training by itself until it is learnt, then rests', async () => {
    await vi.advanceTimersByTimeAsync(0);
    await pass(0).end(resultOf({ wrote: true, learning: true }));
    expect(loop.view().next).toEqual({ kind: 'train', inMs: 5_000, waiting: null });
    await vi.advanceTimersByTimeAsync(5_000);
    await pass(1).end(resultOf({ learning: true }));
    await vi.advanceTimersByTimeAsync(7_500);
    await pass(2).end(resultOf({ freed: true }));
    expect(passes.map(({ kind }) => kind)).toEqual(['sync', 'train', 'train', 'sync']);
    await pass(3).end();
    expect(loop.view()).toMatchObject({ running: null, next: null, cycles: 2, alive: true });
  });

  it('tells of what a pass threw, backs off, and forgets the error after one that went through', async () => {
    await vi.advanceTimersByTimeAsync(0);
    await pass(0).fail(new SyncError('TARGET_UNREACHABLE', { message: 'nobody answers' }));
    expect(loop.view()).toMatchObject({
      failures: 1,
      error: { code: 'TARGET_UNREACHABLE', message: 'nobody answers' },
      next: { inMs: 30_000, waiting: 'back-off' },
    });
    expect(ends[0]).toMatchObject({ result: null, nextInMs: 30_000 });
    await vi.advanceTimersByTimeAsync(29_999);
    expect(passes).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    await pass(1).end();
    expect(loop.view()).toMatchObject({ failures: 0, error: null, next: null });
  });

  it('lives on after a bug in a pass', async () => {
    await vi.advanceTimersByTimeAsync(0);
    await pass(0).fail(new TypeError('undefined is not a function'));
    expect(loop.view()).toMatchObject({ alive: true, error: { code: 'UNEXPECTED' } });
    await vi.advanceTimersByTimeAsync(30_000);
    expect(passes).toHaveLength(2);
  });

  it('compares with the vendor when told to and nothing else is due; what stopped a push stays told', async () => {
    await vi.advanceTimersByTimeAsync(0);
    loop.drift();
    loop.drift();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(passes).toHaveLength(1);
    await pass(0).end();
    expect(passes.map(({ kind }) => kind)).toEqual(['sync', 'drift']);
    loop.hint('files changed');
    await pass(1).fail(new SyncError('REPLY_INVALID', { message: 'half a list' }));
    expect(ends[1]).toMatchObject({ why: 'drift', error: { code: 'REPLY_INVALID' } });
    expect(passes.map(({ kind }) => kind)).toEqual(['sync', 'drift', 'sync']);
    await pass(2).end();
    expect(ends[2]?.why).toBe('files changed');
    expect(loop.view()).toMatchObject({ error: null, cycles: 2, next: null });
    expect(mostAtOnce).toBe(1);
  });

  it('is held: the pass under way is cut short, and its work is done again after the release', async () => {
    await vi.advanceTimersByTimeAsync(0);
    const held = loop.hold();
    const heldToo = loop.hold();
    expect(pass(0).stop.aborted).toBe(true);
    await pass(0).end();
    const release = await held;
    const releaseToo = await heldToo;
    loop.demand('asked for');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(passes).toHaveLength(1);
    expect(loop.view().held).toBe(true);
    release();
    release();
    await vi.advanceTimersByTimeAsync(0);
    expect(passes).toHaveLength(1);
    releaseToo();
    await vi.advanceTimersByTimeAsync(0);
    expect(passes).toHaveLength(2);
    // What was cut short is neither a failure nor an end.
    expect(ends).toHaveLength(0);
  });

  it('stops: the pass under way is asked to come back and waited for, and none follows', async () => {
    await vi.advanceTimersByTimeAsync(0);
    let stopped = false;
    const stopping = loop.stop().then(() => {
      stopped = true;
    });
    await vi.advanceTimersByTimeAsync(0);
    expect([pass(0).stop.aborted, stopped]).toEqual([true, false]);
    await pass(0).end();
    await stopping;
    loop.demand('asked for');
    loop.hint('files changed');
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(passes).toHaveLength(1);
    expect(loop.view().alive).toBe(false);
  });

  it('begins nothing, and is handed to nobody, before the last pass of the loop before it has ended', async () => {
    let ends = (): void => {};
    const after = new Promise<void>((resolve) => {
      ends = resolve;
    });
    const kinds: PassKind[] = [];
    const pass = (kind: PassKind): Promise<PassResult> => {
      kinds.push(kind);
      return Promise.resolve(resultOf());
    };
    const next = startLoop({ name: 'bot', timers, after, pass });
    next.demand('asked for');
    let handed = false;
    void next.hold().then((release) => {
      handed = true;
      release();
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([kinds, handed, next.view()]).toMatchObject([[], false, { alive: true, gated: 'its run under the old configuration to end' }]);
    // One that hangs for hours is for the watchdog.
    await vi.advanceTimersByTimeAsync(3 * 3_600_000);
    expect(next.view().alive).toBe(false);
    ends();
    await vi.advanceTimersByTimeAsync(1);
    expect([kinds, handed, next.view()]).toMatchObject([['sync'], true, { alive: true, gated: null }]);
  });
});
