// What each difference between folder and state becomes.
import { describe, expect, it } from 'vitest';
import type { Effect } from '../../src/model/effect.ts';
import { SyncError } from '../../src/model/error.ts';
import type { DocumentRecord } from '../../src/model/record.ts';
import { buildPlan } from '../../src/plan/build.ts';
import { glance, head, input, marks, question, record, stateOf, target, traits, workspace } from '../support/plan-builders.ts';

const error = new SyncError('DOCUMENT_REFUSED', { message: 'the vendor says: no tables' }).record();

describe('a wanted document', () => {
  const now = head('a.md', 'new text');
  const cases: readonly { name: string; before: DocumentRecord | null; glance: string[]; reason: string | null; onlyFailed?: boolean }[] = [
    { name: 'is new', before: null, glance: ['+ a.md'], reason: 'new file' },
    { name: 'is unchanged', before: record(now), glance: [], reason: null },
    { name: 'has another text', before: record(head('a.md', 'old')), glance: ['~ a.md'], reason: 'text changed' },
    {
      name: 'has other settings',
      before: record(head('a.md', 'new text', { settings: 's' })),
      glance: ['~ a.md'],
      reason: 'title, include, link or settings changed',
    },
    {
      name: 'is held, but as what is not known',
      before: record(now, { pushed: null }),
      glance: ['~ a.md'],
      reason: 'what the bot holds is not known',
    },
    {
      name: 'failed for a passing reason',
      before: record(now, { items: [], pushed: null, error, training: 'pending' }),
      glance: ['+ a.md'],
      reason: 'failed before, once more',
    },
    {
      name: 'was refused and has changed',
      before: record(now, { items: [], pushed: null, error, refused: head('a.md', 'other').fingerprint }),
      glance: ['+ a.md'],
      reason: 'changed since it was refused',
    },
    { name: 'is stuck', before: record(now, { training: 'stuck' }), glance: [], reason: null },
    {
      name: 'failed in training, with --only-failed',
      before: record(now, { training: 'failed' }),
      glance: ['~ a.md'],
      reason: 'training failed, once more',
      onlyFailed: true,
    },
  ];
  it.each(cases)('$name', ({ before, glance: expected, reason, onlyFailed = false }) => {
    const state = stateOf([], { records: before === null ? {} : { 'a.md': before } });
    const plan = buildPlan(input({ state, wanted: [now], only: { failed: onlyFailed } }));
    expect(glance(plan)).toEqual(expected);
    expect(plan.operations[0]?.reason ?? null).toBe(reason);
    expect(plan.unchanged).toBe(expected.length === 0 ? 1 : 0);
    expect(plan.blocked).toEqual([]);
  });

  it('says of a question that it is one', () => {
    const plan = buildPlan(input({ wanted: [question('a.md', 'why')] }));
    expect(plan.operations).toMatchObject([{ action: 'create', document: 'a.md#qa-why', path: 'a.md', reason: 'new question' }]);
  });

  it('is missing at the vendor in part', () => {
    const whole = head('a.md', ['one', 'two']);
    const known = record(whole);
    const plan = buildPlan(
      input({ state: stateOf([], { records: { 'a.md': { ...known, items: known.items.slice(0, 1), pushed: 'half' } } }), wanted: [whole] }),
    );
    expect(plan.operations).toMatchObject([{ action: 'update', reason: 'missing at the vendor' }]);
  });

  it.each([
    ['a create', record(now, { items: [], pushed: null, error, refused: now.fingerprint }), 'create'],
    ['an update', record(head('a.md', 'old'), { error, refused: now.fingerprint }), 'update'],
  ] as const)('was refused for good as %s: blocked, not sent, not counted', (_, before, action) => {
    const state = stateOf([], { records: { 'a.md': before } });
    const plan = buildPlan(input({ state, wanted: [now] }));
    expect(plan.operations).toEqual([]);
    expect(plan.unchanged).toBe(0);
    expect(plan.blocked).toEqual([
      {
        document: 'a.md',
        path: 'a.md',
        action,
        reason:
          'refused for good before: the vendor says: no tables; change the document, or have it tried once more: kbsync sync --only-failed',
        error,
      },
    ]);
    // A person's word.
    const again = buildPlan(input({ state, wanted: [now], only: { failed: true } }));
    expect(again.blocked).toEqual([]);
    expect(again.operations).toMatchObject([{ action, reason: 'refused for good before, once more' }]);
  });

  it('could not be trained: blocked, where no training that is owed takes it in anyway', () => {
    const state = stateOf([], { records: { 'a.md': record(now, { training: 'failed', error }) } });
    const plan = buildPlan(input({ state, wanted: [now] }));
    expect(plan.operations).toEqual([]);
    expect(plan.blocked).toMatchObject([
      {
        action: 'update',
        reason: 'not to be trained: the vendor says: no tables; change the document, or have it tried once more: kbsync sync --only-failed',
      },
    ]);
    const onRequest = target({ traits: traits({ training: 'on-request' }) });
    expect(buildPlan(input({ state, wanted: [now], target: onRequest })).blocked).toHaveLength(1);
    const owed = { ...state, lastWrite: 'e2', learntThrough: 'e1' };
    expect(buildPlan(input({ state: owed, wanted: [now], target: onRequest }))).toMatchObject({ blocked: [], unchanged: 1 });
  });

  it('rests after it failed several times in a row, unless its bytes have changed', () => {
    const resting = new Map([['a.md', 'failed 3 times in a row; tried again later']]);
    const before = record(head('a.md', 'old'), { error });
    const state = stateOf([], { records: { 'a.md': before } });
    expect(buildPlan(input({ state, wanted: [now], resting }))).toMatchObject({
      operations: [],
      blocked: [{ document: 'a.md', reason: 'failed 3 times in a row; tried again later' }],
    });
    expect(buildPlan(input({ state: stateOf([now]), wanted: [now], resting }))).toMatchObject({ operations: [], unchanged: 1 });
  });

  it('is blocked where one of its parts was refused', () => {
    const whole = head('a.md', ['one', 'two']);
    const known = record(whole);
    const refused = whole.parts[1]?.fingerprint ?? '';
    const state = stateOf([], { records: { 'a.md': { ...known, items: known.items.slice(0, 1), pushed: 'half', refused } } });
    const plan = buildPlan(input({ state, wanted: [whole] }));
    expect(plan.operations).toEqual([]);
    expect(plan.blocked).toHaveLength(1);
  });

  it('could not be rendered', () => {
    const tooLarge = new SyncError('DOCUMENT_TOO_LARGE', { message: 'a.md has 3 MB, SiteGPT takes 1' }).record();
    const failed = [{ document: 'a.md', path: 'a.md', error: tooLarge }];
    expect(buildPlan(input({ failed })).blocked).toMatchObject([
      { action: 'create', reason: 'a.md has 3 MB, SiteGPT takes 1', error: tooLarge },
    ]);
    const plan = buildPlan(input({ failed, state: stateOf([now]) }));
    expect(plan.operations).toEqual([]);
    expect(plan.blocked).toMatchObject([{ action: 'update' }]);
  });

  it('carries a mark of an interrupted move', () => {
    const known = record(now);
    const items = known.items.map((item) => ({ ...item, mark: marks.write({ workspace, document: 'old.md', part: '', effect: 'e' }) }));
    const state = stateOf([], { records: { 'a.md': { ...known, items } } });
    expect(buildPlan(input({ state, wanted: [now] })).operations).toEqual([]);
    const renaming = target({ traits: traits({ renames: true }) });
    const plan = buildPlan(input({ state, wanted: [now], target: renaming }));
    expect(plan.operations).toMatchObject([
      { action: 'move', from: 'a.md', fromPath: 'a.md', rename: true, fingerprint: null, reason: 'rename at the vendor owed' },
    ]);
    const adopted = stateOf([], { records: { 'a.md': { ...known, items, origin: 'adopted' } } });
    expect(buildPlan(input({ state: adopted, wanted: [now], target: renaming })).operations).toEqual([]);
  });
});

describe('a known document that is not wanted', () => {
  const known = head('a.md');
  const other = head('b.md');
  const state = stateOf([known, other]);
  const base = { state, wanted: [other] };

  it('was deleted from the folder', () => {
    expect(buildPlan(input(base)).operations).toMatchObject([
      { id: 'delete a.md', action: 'delete', reason: 'file deleted', retraction: false, remoteId: null, path: 'a.md' },
    ]);
  });

  it('is a question that was taken out of a file that is still there, or went with its file', () => {
    const named = head('b.md', 'b', { document: 'named' });
    const state = stateOf([named, question('b.md', 'why', 'w', 'named'), known, question('a.md', 'how')]);
    expect(buildPlan(input({ state, wanted: [named] })).operations.map(({ document, reason }) => [document, reason])).toEqual([
      ['a.md', 'file deleted'],
      ['a.md#qa-how', 'file deleted'],
      ['named#qa-why', 'question removed'],
    ]);
  });

  it('leaves this bot: a draft as a delete, the fence as a retraction, its questions with it', () => {
    const qa = question('a.md', 'why');
    const draft = buildPlan(input({ ...base, leaves: new Map([['a.md', { reason: 'draft', retraction: false }]]) }));
    expect(draft.operations).toMatchObject([{ action: 'delete', reason: 'draft', retraction: false }]);
    const fence = new Map([['a.md', { reason: 'audience internal', retraction: true }]]);
    const plan = buildPlan(input({ wanted: [other], state: stateOf([known, other, qa]), leaves: fence }));
    expect(plan.operations).toMatchObject([
      { document: 'a.md', reason: 'audience internal', retraction: true },
      { document: 'a.md#qa-why', reason: 'audience internal', retraction: true },
    ]);
  });

  it('stays where its file is invalid, with its questions', () => {
    const qa = question('a.md', 'why');
    const plan = buildPlan(
      input({ wanted: [other], state: stateOf([known, other, qa]), folder: { blockedPaths: new Map([['a.md', 'line 3: bad YAML']]) } }),
    );
    expect(plan.operations).toEqual([]);
    expect(plan.blocked).toEqual([
      { document: 'a.md', path: 'a.md', action: 'update', reason: 'invalid file: line 3: bad YAML', error: null },
      { document: 'a.md#qa-why', path: 'a.md', action: 'update', reason: 'invalid file: line 3: bad YAML', error: null },
    ]);
  });

  it('stays where a faulty file elsewhere lays claim to its id', () => {
    const qa = question('named', 'why');
    const named = { ...known, document: 'named' };
    const plan = buildPlan(
      input({ wanted: [other], state: stateOf([named, other, qa]), folder: { blockedIds: new Map([['named', 'line 3: bad YAML']]) } }),
    );
    expect(plan.operations).toEqual([]);
    expect(plan.blocked.map((entry) => entry.document)).toEqual(['named', 'named#qa-why']);
  });

  it('stays where it is out of scope, and is counted', () => {
    const plan = buildPlan(input({ ...base, folder: { inScope: (path) => path !== 'a.md' } }));
    expect(plan).toMatchObject({ operations: [], outOfScope: 1, brakes: [], unchanged: 1 });
  });

  it('stays where its file got an id and cannot be rendered', () => {
    const failed = [{ document: 'named', path: 'a.md', error }];
    const plan = buildPlan(input({ ...base, failed }));
    expect(plan.operations).toEqual([]);
    expect(plan.blocked.map((entry) => entry.document)).toEqual(['a.md', 'named']);
  });

  it('holds nothing at the vendor: no operation', () => {
    const plan = buildPlan(
      input({ wanted: [other], state: stateOf([other], { records: { 'b.md': record(other), 'a.md': record(known, { items: [] }) } }) }),
    );
    expect(plan).toMatchObject({ operations: [], blocked: [], brakes: [] });
  });
});

describe('unconfirmed effects', () => {
  const base = { id: 'e1', operation: null, commit: null, document: 'a.md', path: 'a.md' };
  const written = { ...base, title: '', url: null, body: 'b', part: '', mark: 'm', fingerprint: 'f' };
  const effects: readonly Effect[] = [
    { ...written, action: 'create', supersedes: null },
    { ...written, action: 'update', remoteId: 'r' },
    { ...base, action: 'delete', remoteId: 'r', retrain: false },
  ];
  it.each(effects)('leave their document alone after $action', (effect) => {
    for (const wanted of [[head('a.md', 'changed')], []]) {
      const plan = buildPlan(input({ open: [effect], wanted, state: stateOf([head('a.md')]) }));
      expect(plan.operations).toEqual([]);
      expect(plan.unchanged).toBe(0);
      expect(plan.blocked).toEqual([
        { document: 'a.md', path: 'a.md', action: effect.action, reason: 'unconfirmed: see kbsync todo', error: null },
      ]);
    }
  });

  it('hold every document of a whole text, and none for training', () => {
    const all: Effect = { id: 'e', operation: null, commit: null, action: 'replace-all', documents: [written] };
    const train: Effect = { id: 't', operation: null, commit: null, action: 'train', baseline: '', covers: null };
    const plan = buildPlan(input({ open: [all, train], wanted: [head('a.md'), head('b.md')] }));
    expect(glance(plan)).toEqual(['+ b.md']);
    expect(plan.blocked).toHaveLength(1);
  });
});
