// `after`: what counts as gone well at the target that another one comes after, the most telling first.
import { describe, expect, it } from 'vitest';
import { type LeaderFacts, unreadyOf } from '../../src/cycle/staging.ts';
import { SyncError } from '../../src/model/error.ts';
import type { DocumentRecord, LastSync, TargetState } from '../../src/model/record.ts';
import { buildPlan } from '../../src/plan/build.ts';
import { head, type InputParts, input, lacking, stateOf } from '../support/plan-builders.ts';

const files = [head('a.md'), head('b.md')];
const lastSync: LastSync = { at: '2026-11-21T00:00:00.000Z', commit: null, revision: 'r', documents: 2, behind: {}, outOfScope: 0 };

/** A bot that holds both files, learnt, and what is different about it. */
function leader(
  parts: InputParts & { record?: Partial<DocumentRecord>; memory?: Partial<TargetState> } = {},
  more: Partial<LeaderFacts> = {},
) {
  const { record, memory, ...rest } = parts;
  const known = stateOf(files);
  const before = known.records['a.md'];
  if (before === undefined) throw new Error('a.md is there');
  const state = { ...known, lastSync, records: { ...known.records, 'a.md': { ...before, ...record } }, ...memory };
  const plan = buildPlan(input({ state, wanted: files, ...rest }));
  const facts: LeaderFacts = { name: 'staging', paused: false, error: null, plan, state, unconfirmed: 0, tests: null, ...more };
  return unreadyOf(facts);
}

const failedRun = new SyncError('TARGET_UNREACHABLE', { message: 'nobody is there' }).record();
const locked = new SyncError('LOCKED').record();
const gone = { document: 'x.md', path: 'x.md', remoteId: '1', effect: 'e', since: '' };

describe('a target that others come after', () => {
  it('is well where it holds this folder and has learnt it, or its vendor cannot tell', () => {
    expect(leader()).toBeNull();
    expect(leader({ record: { training: 'unknown' } })).toBeNull();
    expect(leader({}, { error: locked })).toBeNull();
  });

  it.each<[string, ReturnType<typeof leader>, string]>([
    ['paused', leader({}, { paused: true, error: failedRun }), 'it is paused in the configuration'],
    ['stopped', leader({}, { error: failedRun }), 'its run was stopped: nobody is there'],
    ['never synced', leader({ memory: { lastSync: null } }), 'it was never synced'],
    ['behind', leader({ wanted: [...files, head('c.md')] }), '1 document (c.md) not as in this folder there'],
    [
      'many behind',
      leader({ wanted: [...files, ...['c', 'd', 'e', 'f'].map((name) => head(`${name}.md`))] }),
      '4 documents (c.md, d.md, e.md, …) not as in this folder there',
    ],
    ['held', leader({ folder: { rootMissing: true }, wanted: [] }), 'it is held itself (empty-content)'],
    ['refused', leader({ record: { refused: files[0]?.fingerprint ?? '', pushed: null } }), '1 document (a.md) failed there'],
    ['not to be trained', leader({ record: { training: 'failed' } }), '1 document (a.md) failed there'],
    ['stuck', leader({ record: { training: 'stuck' } }), '1 document stuck in training there'],
    ['learning', leader({ record: { training: 'pending' } }), '1 document not trained there yet'],
    ['forgetting', leader({ memory: { forgetting: [gone] } }), '1 deleted document not forgotten there yet'],
    [
      'waiting for a person',
      leader({ wanted: [head('a.md', 'new'), head('b.md')], target: lacking(['update', 'delete']) }),
      '1 document (a.md) waiting for a person there',
    ],
    ['unconfirmed', leader({}, { unconfirmed: 2 }), '2 writes there unconfirmed'],
    ['tests', leader({}, { tests: '1 of 3 tests failed there' }), '1 of 3 tests failed there'],
  ])('is not when it is %s', (_what, found, why) => {
    expect(found).toMatchObject({ target: 'staging', why });
    expect(found?.next).not.toBe('');
  });
});
