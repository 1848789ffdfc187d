// When a target is looked at next: pure, so every rule is a line.
import { describe, expect, it } from 'vitest';
import {
  begun,
  canaryDue,
  carriedOver,
  demanded,
  driftDue,
  dueOf,
  hinted,
  interrupted,
  type Pace,
  type PassKind,
  type PassResult,
  passed,
  startingPace,
  stoppedBy,
  ticked,
} from '../../src/daemon/pace.ts';
import { createdWith, resultOf, type Told } from './reports.ts';

const minute = 60_000;

/** A pace after one pass that ended at `now`. */
function paceAfter(told: Told, kind: PassKind = 'sync', now = 1_000, before: Pace = startingPace(0)): Pace {
  return passed(begun(before, kind), kind, resultOf(told), now);
}

describe('pace', () => {
  it('makes the first cycle at once, and then nothing until somebody hints', () => {
    expect(dueOf(startingPace(7))).toEqual({ kind: 'sync', at: 7, waiting: null });
    expect(dueOf(paceAfter({}))).toBeNull();
    expect(dueOf(hinted(paceAfter({}), 2_000))).toEqual({ kind: 'sync', at: 2_000, waiting: null });
  });

  it('keeps the least interval between two pushes, and none where nothing was written', () => {
    const interval = { settings: { minIntervalMs: 2 * minute } };
    expect(dueOf(hinted(paceAfter({ wrote: true, ...interval }), 2_000))).toEqual({
      kind: 'sync',
      at: 1_000 + 2 * minute,
      waiting: 'interval',
    });
    expect(dueOf(hinted(paceAfter(interval), 2_000))?.at).toBe(2_000);
    expect(dueOf(demanded(paceAfter({ wrote: true, ...interval }), 2_000))?.at).toBe(2_000);
  });

  it('keeps the interval over a reload, with the training and the looks that were due; why it had to wait otherwise is forgotten', () => {
    const slow = { settings: { minIntervalMs: 60 * minute } };
    const pushed = paceAfter({ wrote: true, learning: true, ...slow });
    const next = carriedOver(pushed, null, 9_000);
    expect(dueOf(next)).toEqual({ kind: 'train', at: 9_000, waiting: null });
    expect(dueOf({ ...next, lookAt: null })).toEqual({ kind: 'sync', at: 1_000 + 60 * minute, waiting: 'interval' });
    // Looked at as long as it would have been.
    expect(paceAfter({ learning: true, ...slow }, 'train', 10_000, next)).toMatchObject({ looksUntil: pushed.looksUntil, unlearnt: true });
    expect(dueOf({ ...carriedOver(pushed, 0, 9_000), lookAt: null })).toEqual({ kind: 'sync', at: 9_000, waiting: null });
    expect(dueOf(carriedOver(paceAfter({ error: 'CREDENTIALS_REFUSED' }), null, 9_000))).toEqual({
      kind: 'sync',
      at: 9_000,
      waiting: null,
    });
    const cut = interrupted(begun(driftDue(paceAfter({}), 2_000), 'drift'), 'drift', 8_000);
    expect(dueOf({ ...carriedOver(cut, null, 9_000), wantedAt: null })).toMatchObject({ kind: 'drift' });
  });

  it('keeps a hint that comes during a pass for the next one', () => {
    const during = hinted(begun(startingPace(0), 'sync'), 500);
    expect(dueOf(passed(during, 'sync', resultOf(), 1_000))).toEqual({ kind: 'sync', at: 1_000, waiting: null });
  });

  it('asks about training at a growing pace from the first to the longest, and leaves it to the schedule after the time for training', () => {
    let pace = paceAfter({ wrote: true, learning: true });
    const pauses: number[] = [];
    let now = 1_000;
    for (let look = 0; look < 60; look += 1) {
      const due = dueOf(pace);
      if (due === null) break;
      expect(due.kind).toBe('train');
      pauses.push(due.at - now);
      now = due.at;
      pace = passed(begun(pace, 'train'), 'train', resultOf({ learning: true }), now);
    }
    expect(pauses.slice(0, 3)).toEqual([5_000, 7_500, 11_250]);
    expect(Math.max(...pauses)).toBe(minute);
    expect(now).toBeGreaterThan(1_800_000);
    expect(dueOf(pace)).toBeNull();
    expect(dueOf(ticked(pace, now + 5))).toEqual({ kind: 'train', at: now + 5, waiting: null });
  });

  it('lets the schedule ask where something is stuck, and not where all is learnt', () => {
    const stuck = { pending: 0, training: 0, trained: 0, failed: 0, stuck: 1, unknown: 0 };
    expect(dueOf(ticked(paceAfter({ report: { training: stuck } }), 9_000))).toEqual({ kind: 'train', at: 9_000, waiting: null });
    expect(dueOf(ticked(paceAfter({}), 9_000))).toBeNull();
  });

  it('makes a cycle where a training freed superseded copies', () => {
    expect(dueOf(paceAfter({ freed: true }, 'train'))).toEqual({ kind: 'sync', at: 1_000, waiting: null });
  });

  it('backs off from 30 s, doubling to 15 min, and starts anew after a pass that went through', () => {
    let pace = startingPace(0);
    const pauses: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      pace = passed(begun(pace, 'sync'), 'sync', resultOf({ error: 'TARGET_UNREACHABLE' }), 0);
      pauses.push(dueOf(pace)?.at ?? -1);
      expect(dueOf(hinted(pace, 1))).toMatchObject({ kind: 'sync', waiting: 'back-off' });
    }
    expect(pauses).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, 900_000, 900_000, 900_000]);
    expect(dueOf(demanded(pace, 5))?.at).toBe(5);
    const well = passed(begun(pace, 'sync'), 'sync', resultOf(), 0);
    expect(dueOf(stoppedBy(begun(well, 'sync'), 'sync', { code: 'VENDOR_FAILED' }, 0))?.at).toBe(30_000);
  });

  it('backs off where documents did not go through for a reason that may pass, and not for one that will not', () => {
    const results = (code: 'VENDOR_FAILED' | 'DOCUMENT_REFUSED') => ({ report: { results: [createdWith('failed', code)] } });
    expect(dueOf(paceAfter(results('VENDOR_FAILED')))).toMatchObject({ kind: 'sync', at: 31_000 });
    expect(dueOf(paceAfter({ report: { results: [createdWith('unconfirmed', 'UNCONFIRMED')] } }))).toMatchObject({
      kind: 'sync',
      at: 31_000,
    });
    expect(dueOf(paceAfter(results('DOCUMENT_REFUSED')))).toBeNull();
  });

  it('backs off from a training that failed, and asks again', () => {
    const failed = paceAfter({ learning: true, runFailed: true }, 'train', 1_000, paceAfter({}));
    expect(dueOf(failed)).toEqual({ kind: 'train', at: 31_000, waiting: 'back-off' });
    expect(dueOf(ticked(failed, 2_000))?.at).toBe(31_000);
  });

  it('does not take a look at training for the end of a failing cycle', () => {
    const failing = passed(begun(startingPace(0), 'sync'), 'sync', resultOf({ error: 'RATE_LIMITED' }), 0);
    const looked = passed(begun({ ...failing, lookAt: 10 }, 'train'), 'train', resultOf(), 30_000);
    expect(looked.failures).toBe(1);
    const again = stoppedBy(begun(looked, 'sync'), 'sync', { code: 'RATE_LIMITED' }, 30_000);
    expect(dueOf(again)?.at).toBe(90_000);
  });

  it('pauses a target that refuses its credentials: an hourly probe, whatever changes, but for a person who asks', () => {
    const refused = stoppedBy(begun(startingPace(0), 'sync'), 'sync', { code: 'CREDENTIALS_REFUSED' }, 0);
    expect(dueOf(hinted(refused, 5))).toEqual({ kind: 'sync', at: 3_600_000, waiting: 'refused' });
    expect(dueOf(demanded(refused, 5))).toEqual({ kind: 'sync', at: 5, waiting: null });
  });

  it('does not make a missing folder wait for a back-off once it is back', () => {
    const missing = stoppedBy(begun(startingPace(0), 'sync'), 'sync', { code: 'CONTENT_MISSING' }, 1_000);
    expect(dueOf(missing)).toBeNull();
    expect(dueOf(hinted(missing, 1_500))).toEqual({ kind: 'sync', at: 1_500, waiting: null });
  });

  it('tries a locked target again after 10 s, each time', () => {
    let pace = startingPace(0);
    for (let now = 0; now < 50_000; now += 10_000) {
      pace = stoppedBy(begun(pace, 'sync'), 'sync', { code: 'LOCKED' }, now);
      expect(dueOf(pace)).toEqual({ kind: 'sync', at: now + 10_000, waiting: 'locked' });
    }
    expect(pace.failures).toBe(0);
  });

  it('wants a pass that was cut short at once', () => {
    expect(dueOf(interrupted(begun(startingPace(0), 'sync'), 'sync', 400))).toEqual({ kind: 'sync', at: 400, waiting: null });
    expect(dueOf(interrupted(begun(paceAfter({}), 'train'), 'train', 2_000))).toEqual({ kind: 'train', at: 2_000, waiting: null });
  });
});

describe('a look at what the vendor holds', () => {
  const rested = paceAfter({});

  it('is made once a tick, when nothing else is due', () => {
    const due = driftDue(driftDue(rested, 2_000), 3_000);
    expect(dueOf(due)).toEqual({ kind: 'drift', at: 2_000, waiting: null });
    expect(dueOf(passed(begun(due, 'drift'), 'drift', resultOf(), 4_000))).toBeNull();
    expect(dueOf(hinted(due, 2_500)), 'a hint that comes meanwhile goes first').toMatchObject({ kind: 'sync', at: 2_500 });
    expect(dueOf(demanded(due, 2_500))).toMatchObject({ kind: 'sync', at: 2_500 });
    expect(dueOf(driftDue(paceAfter({ learning: true }), 9_000)), 'training is looked at before').toMatchObject({
      kind: 'train',
      at: 6_000,
    });
  });

  it('waits for back-off, says nothing of training, and asks for a cycle where something is missing', () => {
    const failing = paceAfter({ error: 'TARGET_UNREACHABLE' });
    expect(dueOf(driftDue({ ...failing, wantedAt: null }, 1_500))).toEqual({ kind: 'drift', at: 31_000, waiting: 'back-off' });
    const learning = paceAfter({ learning: true });
    const after = passed(begun(driftDue(learning, 2_000), 'drift'), 'drift', resultOf(), 3_000);
    expect(after).toMatchObject({ unlearnt: true, lookAt: learning.lookAt, failures: 0 });
    expect(dueOf(passed(begun(driftDue(rested, 2_000), 'drift'), 'drift', resultOf({ freed: true }), 3_000))).toMatchObject({
      kind: 'sync',
      at: 3_000,
    });
  });

  it('comes again where it was only in the way or cut short, and else at its next tick', () => {
    const begunNow = begun(driftDue(rested, 2_000), 'drift');
    expect(dueOf(stoppedBy(begunNow, 'drift', { code: 'LOCKED' }, 3_000))).toEqual({ kind: 'drift', at: 13_000, waiting: 'locked' });
    expect(dueOf(interrupted(begunNow, 'drift', 3_000))).toMatchObject({ kind: 'drift', at: 3_000 });
    expect(dueOf(stoppedBy(begunNow, 'drift', { code: 'REPLY_INVALID' }, 3_000))).toBeNull();
    expect(stoppedBy(begunNow, 'drift', { code: 'REPLY_INVALID' }, 3_000).failures).toBe(0);
  });

  it('looks at the freshness check after everything else, after each pass while one is under way, and when its time is up', () => {
    const look = (canary: PassResult['canary'] & object, freed = false) => ({ ...resultOf({ freed }), canary });
    const under = { open: true, nextInMs: 60 * minute, ended: null, told: null };
    const rested = paceAfter({});
    expect(dueOf(canaryDue(rested, 2_000))).toEqual({ kind: 'canary', at: 2_000, waiting: null });
    expect(dueOf(canaryDue(hinted(rested, 2_000), 2_000))?.kind).toBe('sync');
    // Begun: the new code goes out with a cycle, and the end of that is worth a look.
    const begunAt = passed(begun(canaryDue(rested, 2_000), 'canary'), 'canary', look(under, true), 2_000);
    expect(dueOf(begunAt)).toEqual({ kind: 'sync', at: 2_000, waiting: null });
    const pushed = passed(begun(begunAt, 'sync'), 'sync', resultOf({ wrote: true, learning: true }), 3_000);
    expect(dueOf(pushed)?.kind).toBe('canary');
    const looked = passed(begun(pushed, 'canary'), 'canary', look({ ...under, nextInMs: 59 * minute }), 3_000);
    expect(dueOf(looked)).toMatchObject({ kind: 'train', at: 8_000 });
    const learnt = passed(begun(looked, 'train'), 'train', resultOf(), 8_000);
    expect(dueOf(learnt)).toMatchObject({ kind: 'canary', at: 8_000 });
    const asked = passed(begun(learnt, 'canary'), 'canary', look({ ...under, nextInMs: 5_000 }), 8_000);
    expect(dueOf(asked)).toMatchObject({ kind: 'canary', at: 13_000 });
    const ended = passed(begun(asked, 'canary'), 'canary', look({ open: false, nextInMs: null, ended: null, told: null }), 13_000);
    expect(dueOf(ended)).toBeNull();
    expect(dueOf(passed(begun(hinted(ended, 14_000), 'sync'), 'sync', resultOf(), 15_000))).toBeNull();
    // Whatever stops a look, another one comes.
    expect(dueOf(stoppedBy(begun(asked, 'canary'), 'canary', { code: 'STATE_DAMAGED' }, 13_000))?.kind).toBe('canary');
    expect(dueOf(interrupted(begun(asked, 'canary'), 'canary', 13_000))).toMatchObject({ kind: 'canary', at: 13_000 });
  });
});
