// Folding: what each entry means for the state, and that a journal folded twice changes nothing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Effect, EntryBody } from '../../src/model/effect.ts';
import { draftOf, fold, foldInto } from '../../src/model/fold.ts';
import { emptyState, type TargetState } from '../../src/model/record.ts';
import { begin, create, done, ended, failed, pushed, remove, stamped, train, trained, update } from '../state/entries.ts';
import { anything, bodiesOf, stepsOf, writes } from '../state/journals.ts';
import { cpuMs } from '../support/cpu-time.ts';

const stateOf = (...bodies: EntryBody[]): TargetState => fold(emptyState('t'), stamped(...bodies)).state;

describe('fold', () => {
  it('knows a document from the moment it was accepted, and as learnt only when it was seen learnt', () => {
    const accepted = stateOf(...pushed('e1', 'a.md'));
    expect(accepted.records['a.md']).toMatchObject({ training: 'pending', trained: null, items: [{ remoteId: 'r-e1', effect: 'e1' }] });
    const learnt = stateOf(...pushed('e1', 'a.md'), trained('a.md'));
    expect(learnt.records['a.md']?.trained).toBe(accepted.records['a.md']?.pushed);
  });

  it('does not count a document as trained that was pushed again while the run went on', () => {
    const state = stateOf(
      ...pushed('e1', 'a.md'),
      ...pushed('e2', 'b.md'),
      begin(train('t1', 'e2')),
      done('t1', null),
      begin(update('e3', 'a.md', 'r-e1', 'newer')),
      done('e3', null),
      ended('t1'),
    );
    expect(state.records['b.md']?.training).toBe('trained');
    expect(state.records['a.md']).toMatchObject({ training: 'pending', trained: null });
    expect(state.learntThrough).toBe('e2');
    expect(state.lastWrite).toBe('e3');
  });

  it('keeps what the bot knew while the newer text is in training', () => {
    const first = stateOf(...pushed('e1', 'a.md'), trained('a.md'));
    const state = stateOf(
      ...pushed('e1', 'a.md'),
      trained('a.md'),
      begin(update('e2', 'a.md', 'r-e1', 'newer')),
      done('e2', null),
      begin(train('t1', 'e2')),
      done('t1', null),
    );
    expect(state.records['a.md']?.trained).toBe(first.records['a.md']?.pushed);
    expect(state.records['a.md']?.pushed).not.toBe(state.records['a.md']?.trained);
    const failedRun = fold(state, stamped(ended('t1', 'failed'))).state;
    expect(failedRun.records['a.md']).toMatchObject({ training: 'failed', trained: first.records['a.md']?.pushed });
  });

  it('frees the old copy only once the new one is trained', () => {
    const waiting = stateOf(...pushed('e1', 'a.md'), begin(create('e2', 'a.md', { supersedes: 'r-e1' })), done('e2'));
    expect(waiting.leftovers).toMatchObject([{ remoteId: 'r-e1', removable: 'once-trained', document: 'a.md' }]);
    const free = fold(waiting, stamped(trained('a.md'))).state;
    expect(free.leftovers).toMatchObject([{ remoteId: 'r-e1', removable: 'now' }]);
    const gone = fold(free, stamped(begin(remove('e3', 'a.md', 'r-e1')), done('e3', null))).state;
    expect(gone.leftovers).toEqual([]);
    expect(gone.records['a.md']?.items).toMatchObject([{ remoteId: 'r-e2' }]);
  });

  it('frees it, too, when the end of a run trains the document, and not when the run fails', () => {
    const running = [
      ...pushed('e1', 'a.md'),
      begin(create('e2', 'a.md', { supersedes: 'r-e1' })),
      done('e2'),
      begin(train('t1', 'e2')),
      done('t1', null),
    ];
    expect(stateOf(...running, ended('t1')).leftovers).toMatchObject([{ removable: 'now' }]);
    expect(stateOf(...running, ended('t1', 'failed')).leftovers).toMatchObject([{ removable: 'once-trained' }]);
  });

  it('also where the wait for it was given up meanwhile, but not what came after the run was asked for', () => {
    const stuck: EntryBody = { kind: 'training', news: [{ document: 'a.md', part: '', state: 'stuck', error: null }] };
    const running = [...pushed('e1', 'a.md'), begin(train('t1', 'e1')), done('t1', null), stuck, ...pushed('e2', 'b.md')];
    const states = (outcome: 'succeeded' | 'failed' | 'lost') =>
      Object.values(stateOf(...running, ended('t1', outcome)).records).map(({ training }) => training);
    expect(states('succeeded')).toEqual(['trained', 'pending']);
    expect(states('failed')).toEqual(['failed', 'pending']);
    expect(states('lost')).toEqual(['pending', 'pending']);
  });

  it('waits for all parts', () => {
    const parts = [begin(create('e1', 'a.md', { part: 'x' }), create('e2', 'a.md', { part: 'y' })), done('e1'), done('e2')];
    const half = stateOf(...parts, { kind: 'training', news: [{ document: 'a.md', part: 'x', state: 'trained', error: null }] });
    expect(half.records['a.md']).toMatchObject({ training: 'pending', trained: null });
  });

  it('moves a record with its leftovers to a new key, once', () => {
    const rekey: EntryBody = { kind: 'rekey', from: 'a.md', to: 'b.md', path: 'b.md', title: 'B', url: null, body: 'f' };
    const state = stateOf(...pushed('e1', 'a.md'), begin(create('e2', 'a.md', { supersedes: 'r-e1' })), done('e2'), rekey, rekey);
    expect(Object.keys(state.records)).toEqual(['b.md']);
    expect(state.records['b.md']).toMatchObject({ path: 'b.md', title: 'B', items: [{ remoteId: 'r-e2', mark: 'ws:a.md' }] });
    expect(state.leftovers).toMatchObject([{ document: 'b.md' }]);
    expect(fold(state, stamped({ kind: 'gone', remoteIds: ['r-e2'] })).state.records).toEqual({});
  });

  it('owes a training for what somebody else removed, where the bot forgets only with one; folded twice, or unknown, it owes no other', () => {
    const gone: EntryBody = { kind: 'gone', remoteIds: ['r-e1', 'r-never'], retrain: true };
    const state = stateOf(...pushed('e1', 'a.md'), { kind: 'learnt', through: 'e1' }, gone);
    expect([state.records, state.lastWrite, state.learntThrough]).toEqual([{}, 'gone r-e1', 'e1']);
    expect(state.forgetting).toMatchObject([{ document: 'a.md', path: 'a.md', remoteId: 'r-e1' }]);
    const learnt = fold(state, stamped({ kind: 'learnt', through: 'gone r-e1' }, gone)).state;
    expect([learnt.forgetting, learnt.lastWrite, learnt.learntThrough]).toEqual([[], 'gone r-e1', 'gone r-e1']);
  });

  it('forgets only a record that holds nothing at the vendor', () => {
    const forget: EntryBody = { kind: 'forget', document: 'a.md' };
    expect(stateOf(...pushed('e1', 'a.md'), forget).records['a.md']).toBeDefined();
    const refused = [begin(create('e1', 'a.md')), failed('e1', true)];
    expect(stateOf(...refused).records['a.md']?.refused).toBe(stateOf(...pushed('e1', 'a.md')).records['a.md']?.pushed);
    expect(stateOf(...refused, forget).records).toEqual({});
  });

  it('owes a training for a delete until a run that covers it has ended well', () => {
    const deleted = [...pushed('e1', 'a.md'), ...pushed('e2', 'b.md'), begin(remove('e3', 'a.md', 'r-e1', true)), done('e3', null)];
    expect(stateOf(...deleted).forgetting).toMatchObject([{ document: 'a.md', effect: 'e3' }]);
    expect(stateOf(...deleted, begin(train('t1', 'e2')), done('t1', null), ended('t1')).forgetting).toHaveLength(1);
    expect(stateOf(...deleted, begin(train('t1', 'e3')), done('t1', null), ended('t1')).forgetting).toEqual([]);
  });

  it('shows as open what has begun and not ended, and nothing else', () => {
    const { open } = fold(emptyState('t'), stamped(begin(create('e1', 'a.md'), create('e2', 'b.md')), done('e2'), ...pushed('e3', 'c.md')));
    expect(open.map((effect) => effect.id)).toEqual(['e1']);
  });

  it('does not change the state it is given', () => {
    const before = stateOf(...pushed('e1', 'a.md'), begin(create('e2', 'a.md', { supersedes: 'r-e1' })), done('e2'));
    const text = JSON.stringify(before);
    fold(before, stamped(trained('a.md'), { kind: 'gone', remoteIds: ['r-e1', 'r-e2'] }, ...pushed('e9', 'z.md')));
    expect(JSON.stringify(before)).toBe(text);
  });
});

describe('fold over any journal', () => {
  // With failures and trainings among the entries it is not, and cannot be: [train, ended, update] over a record that holds the update
  // already would call the update trained. That is why a snapshot says how many entries it holds (state/recovery.ts), and
  // test/state/store.test.ts holds any journal against that.
  it('is idempotent over accepted writes: the same journal once more changes nothing, open effects included', () => {
    fc.assert(
      fc.property(stepsOf(writes), fc.nat(40), (list, cut) => {
        const entries = stamped(...bodiesOf(list));
        // Whatever the snapshot held before the journal began.
        const base = fold(emptyState('t'), entries.slice(0, Math.min(cut, entries.length)));
        const rest = [...stamped(begin(...base.open)), ...entries.slice(Math.min(cut, entries.length))];
        const once = fold(base.state, rest);
        const twice = fold(once.state, rest);
        expect(twice).toEqual(once);
      }),
      { seed: 20260301, numRuns: 300 },
    );
  });

  it('comes to the same in one go and entry by entry with a fresh look each time', () => {
    fc.assert(
      fc.property(stepsOf(anything), (list) => {
        const entries = stamped(...bodiesOf(list));
        let draft = draftOf(emptyState('t'));
        const open = new Map<string, Effect>();
        for (const entry of entries) {
          // A copy has forgotten every index: this is the plain meaning of the entry.
          draft = draftOf(JSON.parse(JSON.stringify(draft)) as TargetState);
          foldInto(draft, open, entry);
        }
        expect({ ...fold(emptyState('t'), entries).state }).toEqual(draft);
      }),
      { seed: 20260301, numRuns: 150 },
    );
  });

  it('costs about the same for each entry in a large state as in a small one', () => {
    const size = 10_000;
    const draft = draftOf(emptyState('t'));
    const open = new Map<string, Effect>();
    const started = cpuMs();
    for (let index = 0; index < size; index += 1)
      for (const entry of stamped(...pushed(`e${index}`, `d${index}.md`))) foldInto(draft, open, entry);
    for (let index = 0; index < size; index += 1) {
      for (const entry of stamped(begin(remove(`x${index}`, `d${index}.md`, `r-e${index}`)), done(`x${index}`, null)))
        foldInto(draft, open, entry);
    }
    expect(draft.records).toEqual({});
    // Looking through all records for each delete took over fourteen seconds.
    expect(cpuMs() - started).toBeLessThan(5_000);
  });
});
