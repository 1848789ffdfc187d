// What of the last look at the vendor still stands, and which numbers are few.
import { describe, expect, it } from 'vitest';
import { driftCounts, driftWords, mostVanished, notedCheck, standingFindings } from '../../src/model/drift.ts';
import type { EntryBody } from '../../src/model/effect.ts';
import { fold } from '../../src/model/fold.ts';
import { type DriftFinding, emptyState, type TargetState } from '../../src/model/record.ts';
import { begin, done, pushed, remove, stamped, trained, update } from '../state/entries.ts';

const at = '2026-11-21T12:00:00.000Z';
const finding = (kind: DriftFinding['kind'], document: string, remoteId: string): DriftFinding => ({ kind, document, remoteId });
const look = (...findings: DriftFinding[]): EntryBody => ({
  kind: 'drift',
  check: { at, findings, foreign: 3, texts: { compared: 0, through: null }, host: null },
});
const stateOf = (...bodies: EntryBody[]): TargetState => fold(emptyState('t'), stamped(...bodies)).state;
const base = [...pushed('e1', 'a.md'), trained('a.md'), ...pushed('e2', 'b.md'), trained('b.md')];
const found = look(finding('changed', 'a.md', 'r-e1'), finding('missing', 'b.md', 'r-e2'), finding('twin', 'a.md', 'x'));
const standing = (...more: EntryBody[]): string[] => standingFindings(stateOf(...base, found, ...more)).map(({ kind }) => kind);

describe('a finding', () => {
  it('stands until something newer is known of its item', () => {
    expect(standing()).toEqual(['changed', 'missing', 'twin']);
    expect(standing(begin(update('e3', 'a.md', 'r-e1', 'newer')), done('e3', null))).toEqual(['missing', 'twin']);
    expect(standing({ kind: 'altered', remoteIds: ['r-e1'] })).toEqual(['missing', 'twin']);
    expect(standing({ kind: 'gone', remoteIds: ['r-e2'] })).toEqual(['changed', 'twin']);
    expect(standing(begin(remove('e3', 'b.md', 'r-e2')), done('e3', null))).toEqual(['changed', 'twin']);
    const leftover = { remoteId: 'x', document: 'a.md', mark: 'm', why: 'twin', removable: 'now', since: at } as const;
    expect(standing({ kind: 'leftover', leftover })).toEqual(['changed', 'missing']);
    // Deleted since: it is no leftover any more, and does not come back.
    expect(standing({ kind: 'leftover', leftover }, begin(remove('e3', 'a.md', 'x')), done('e3', null))).toEqual(['changed', 'missing']);
  });

  it('goes with a record that a person took away', () => {
    expect(standing({ kind: 'by-person', todo: 'T1', document: 'b.md', action: 'delete', items: [] })).toEqual(['changed', 'twin']);
  });

  it('of texts that a later look has not compared is kept, and no other', () => {
    const state = stateOf(...base, found);
    const next = { at: '2026-11-22T12:00:00.000Z', findings: [], foreign: 0, texts: { compared: 1, through: 'b.md' }, host: null };
    expect(notedCheck(state, next, new Set(['b.md'])).findings).toEqual([finding('changed', 'a.md', 'r-e1')]);
    expect(notedCheck(state, next, new Set(['a.md', 'b.md'])).findings).toEqual([]);
    const missing = { ...next, findings: [finding('missing', 'a.md', 'r-e1')] };
    expect(notedCheck(state, missing, new Set()).findings, 'what is gone has no text').toEqual(missing.findings);
  });
});

describe('an altered item', () => {
  it('holds something unknown: nobody says any more which revision the bot answers from, and no training is owed by it', () => {
    const before = stateOf(...base);
    const state = stateOf(...base, { kind: 'altered', remoteIds: ['r-e1', 'nobody'] });
    expect(before.records['a.md']).toMatchObject({ training: 'trained' });
    expect(state.records['a.md']).toMatchObject({
      pushed: null,
      trained: null,
      training: 'pending',
      items: [{ remoteId: 'r-e1', fingerprint: null }],
    });
    expect(state.records['b.md']).toEqual(before.records['b.md']);
    expect(state.lastWrite).toBe(before.lastWrite);
  });
});

describe('few', () => {
  it.each([
    [3, true, 5],
    [40, true, 5],
    [200, true, 20],
    [1, false, 0],
    [3, false, 1],
    [8, false, 4],
    [200, false, 20],
  ])('of %d (each asked for: %s): %d', (known, proven, most) => {
    expect(mostVanished(known, proven)).toBe(most);
  });

  it('are told in words', () => {
    const counts = driftCounts([finding('missing', 'a', '1'), finding('missing', 'b', '2'), finding('changed', 'c', '3')]);
    expect(driftWords(counts)).toBe('2 missing, 1 changed');
    expect(driftWords(driftCounts([]))).toBe('');
  });
});
