// What a target cannot do, what becomes of leftovers, in which order, how narrowed, and what it costs.
import { describe, expect, it } from 'vitest';
import type { Capability } from '../../src/connectors/connector.ts';
import { buildPlan } from '../../src/plan/build.ts';
import { glance, head, input, lacking, leftover, record, stateOf, target, traits } from '../support/plan-builders.ts';

const old = head('a.md', 'old');
const now = head('a.md', 'new');

describe('updates', () => {
  const copy = 'new copy; the old one goes once the new one is trained';
  const cases: readonly [Capability[], string, string, string | null][] = [
    [[], 'default', '~ a.md', null],
    [['update'], 'default', '~ a.md', copy],
    [['update'], 'todo', '?~ a.md', 'update it in the dashboard'],
    [['update', 'delete'], 'default', '?~ a.md', 'update it in the dashboard'],
    [['update', 'delete'], 'append', '~ a.md', 'new copy; the old text stays until a person removes it: delete it in the dashboard'],
  ];
  it.each(cases)('without %j and with onUpdate %s', (missing, onUpdate, expected, note) => {
    const plan = buildPlan(input({ target: lacking(missing, { onUpdate }), state: stateOf([old]), wanted: [now] }));
    expect(glance(plan)).toEqual([expected]);
    expect(plan.operations[0]?.note).toBe(note);
  });

  it('that only lack a part are creates, which every target can do', () => {
    const whole = head('a.md', ['one', 'two']);
    const known = record(whole);
    const state = stateOf([], { records: { 'a.md': { ...known, items: known.items.slice(0, 1), pushed: 'half' } } });
    expect(glance(buildPlan(input({ target: lacking(['update', 'delete']), state, wanted: [whole] })))).toEqual(['~ a.md']);
  });

  it('that only drop a part need a person where nothing can be deleted', () => {
    const shrunk = { ...head('a.md', ['one', 'two']), parts: head('a.md', ['one', 'two']).parts.slice(0, 1), fingerprint: 'half' };
    const plan = buildPlan(input({ target: lacking(['delete']), state: stateOf([head('a.md', ['one', 'two'])]), wanted: [shrunk] }));
    expect(plan.operations).toMatchObject([{ action: 'update', by: 'person', note: 'delete it in the dashboard' }]);
  });
});

describe('deletes', () => {
  it('are a person’s where the vendor has none, or never gave an id', () => {
    const keep = head('b.md');
    expect(glance(buildPlan(input({ target: lacking(['delete']), state: stateOf([old, keep]), wanted: [keep] })))).toEqual(['?- a.md']);
    const known = record(old);
    const nameless = { ...known, items: known.items.map((item) => ({ ...item, remoteId: null })) };
    const plan = buildPlan(input({ state: stateOf([], { records: { 'a.md': nameless, 'b.md': record(keep) } }), wanted: [keep] }));
    expect(plan.operations).toMatchObject([{ by: 'person', note: 'SiteGPT never gave an id for it: delete it by hand there' }]);
    const whole = buildPlan(
      input({ target: target({ whole: true }), state: stateOf([], { records: { 'a.md': nameless } }), wanted: [keep] }),
    );
    expect(whole.operations.every((operation) => operation.by === 'vendor')).toBe(true);
    expect(whole.notes).toEqual(['SiteGPT takes one text for the whole bot: all of this goes in one call.']);
  });

  it('name training by hand where it cannot be asked for', () => {
    const manual = target({
      traits: traits({
        training: 'on-request',
        missing: { train: { because: 'not-built', remedy: 'press Train', source: '', checked: '' } },
      }),
    });
    expect(buildPlan(input({ target: manual, wanted: [now] })).notes).toEqual(['Training has to be started by hand: press Train']);
    expect(buildPlan(input({ target: manual })).notes).toEqual([]);
  });
});

describe('leftovers', () => {
  const keep = head('b.md');
  const plan = (leftovers: ReturnType<typeof leftover>[], more: Parameters<typeof input>[0] = {}) =>
    buildPlan(input({ state: stateOf([old, keep], { leftovers }), wanted: [old, keep], ...more }));

  it.each([
    ['superseded', 'superseded copy'],
    ['twin', 'twin'],
    ['orphan', 'orphan: its document is gone'],
    ['deleted', 'left over from a deleted document'],
  ] as const)('%s goes where it may go now', (why, reason) => {
    expect(plan([leftover('a.md', { why })]).operations).toMatchObject([
      { id: 'delete a.md left-a.md', action: 'delete', remoteId: 'left-a.md', path: 'a.md', reason, retraction: false },
    ]);
  });

  it('waits, or is named for a person', () => {
    expect(plan([leftover('a.md', { removable: 'once-trained' })])).toMatchObject({
      operations: [],
      notes: ['1 superseded or leftover copy will go once the new text is trained.'],
    });
    expect(
      plan([leftover('a.md', { removable: 'by-hand' }), leftover('b.md', { removable: 'by-hand' })], { target: lacking(['delete']) }),
    ).toMatchObject({
      operations: [],
      notes: ['2 superseded or leftover copies remain until a person removes them: delete it in the dashboard'],
    });
    // A vendor that deletes is not said to have no way to: it is what nothing proves to be unwanted.
    expect(plan([leftover('a.md', { removable: 'by-hand', why: 'orphan' })])).toMatchObject({
      operations: [],
      notes: ['1 superseded or leftover copy remain until a person removes them: kbsync todo names each, and where to look at it'],
    });
  });

  it('goes with its document, which will never be trained again', () => {
    const found = plan([leftover('a.md', { removable: 'once-trained' })], { wanted: [keep] });
    expect(glance(found)).toEqual(['- a.md', '- a.md left-a.md']);
    const retracted = plan([leftover('a.md', { removable: 'once-trained' })], {
      wanted: [keep],
      leaves: new Map([['a.md', { reason: 'fence', retraction: true }]]),
    });
    expect(retracted.operations.every((operation) => operation.action === 'delete' && operation.retraction)).toBe(true);
  });

  it('is never what a record rests on, nor out of scope, nor judged by half a folder', () => {
    expect(plan([leftover('a.md', { remoteId: 'r-a.md-' })]).operations).toEqual([]);
    const scope = plan([leftover('x.md', { why: 'orphan' })], { folder: { inScope: (path) => path !== 'x.md' } });
    expect(scope).toMatchObject({
      operations: [],
      notes: ['1 superseded or leftover copy of documents out of scope stay: kbsync drift --prune lists and removes them.'],
    });
    expect(plan([leftover('a.md')], { folder: { complete: false } }).operations).toEqual([]);
  });
});

describe('order and narrowing', () => {
  const state = stateOf([old, head('b/moved.md', 'm'), head('c.md'), head('d.md'), head('e.md')], { leftovers: [leftover('a.md')] });
  const wanted = [now, head('b/now.md', 'm'), head('z.md'), head('b/y.md'), head('e.md')];
  const leaves = new Map([['d.md', { reason: 'fence', retraction: true }]]);
  const world = { state, wanted, leaves };
  const full = ['- d.md', '> b/moved.md → b/now.md', '~ a.md', '+ b/y.md', '+ z.md', '- c.md', '- a.md left-a.md'];

  it('is retractions, moves, updates, creates, deletes, leftovers', () => {
    expect(glance(buildPlan(input(world)))).toEqual(full);
  });

  it('is by path inside each, whatever the ids', () => {
    const wanted = [head('b.md', 'b', { document: 'one' }), head('a.md', 'a', { document: 'two' }), head('c.md', 'c')];
    expect(glance(buildPlan(input({ wanted })))).toEqual(['+ two', '+ one', '+ c.md']);
  });

  it('takes the first ones only, and says what is left', () => {
    const plan = buildPlan(input({ ...world, only: { limit: 3 } }));
    expect(glance(plan)).toEqual(full.slice(0, 3));
    expect(plan.notes).toContain('4 operations left for a later run (--limit 3).');
  });

  it.each([
    [['b'], ['> b/moved.md → b/now.md', '+ b/y.md'], 0],
    [['b/moved.md'], ['> b/moved.md → b/now.md'], 0],
    [['./b/', 'e.md'], ['> b/moved.md → b/now.md', '+ b/y.md'], 1],
    [['.'], full, 1],
    [['nowhere'], [], 0],
  ])('keeps to %j', (paths, expected, unchanged) => {
    const plan = buildPlan(input({ ...world, only: { paths } }));
    expect(glance(plan)).toEqual(expected);
    expect(plan.unchanged).toBe(unchanged);
  });

  it('keeps to what failed', () => {
    const failed = record(head('f.md', 'x'), { items: [], pushed: null });
    const plan = buildPlan(
      input({
        ...world,
        state: { ...state, records: { ...state.records, 'f.md': failed } },
        wanted: [...wanted, head('f.md', 'x')],
        only: { failed: true },
      }),
    );
    expect(glance(plan)).toEqual(['+ f.md']);
  });
});

describe('forecast', () => {
  const cheap = { perMinute: 60, perHour: null, concurrency: 1, batch: 10, batchBytes: 10, partBytes: null, titleCharacters: null };
  const wanted = Array.from({ length: 5 }, (_, index) => head(`${index}.md`, 'four'));

  it('counts batches by items and by bytes', () => {
    const plan = buildPlan(input({ wanted, target: target({ traits: traits({ repeatedCreate: 'twin', limits: cheap }) }) }));
    expect(plan.forecast).toEqual({ writes: 3, reads: 0, durationMs: 3000 });
    const listed = buildPlan(input({ wanted, target: target({ traits: traits({ limits: { ...cheap, batchBytes: null } }) }) }));
    expect(listed.forecast).toEqual({ writes: 1, reads: 1, durationMs: 2000 });
  });

  it('counts the second round of a replaced copy and the trainings', () => {
    const koreai = target({ capabilities: new Set(['create', 'delete', 'train']), traits: traits({ training: 'on-request' }) });
    expect(buildPlan(input({ target: koreai, state: stateOf([old]), wanted: [now] })).forecast.writes).toBe(4);
  });

  it('counts only what is really done', () => {
    expect(buildPlan(input({ target: lacking(['update', 'delete']), state: stateOf([old]), wanted: [now] })).forecast).toEqual({
      writes: 0,
      reads: 0,
      durationMs: 0,
    });
    expect(buildPlan(input({ state: stateOf([old]), contact: { identityFound: 'other' }, wanted: [now] })).forecast.writes).toBe(0);
    expect(buildPlan(input({ state: stateOf([head('old.md', 't')]), wanted: [head('new.md', 't')] })).forecast).toEqual({
      writes: 0,
      reads: 0,
      durationMs: 0,
    });
    expect(buildPlan(input({ target: target({ whole: true }), wanted })).forecast.writes).toBe(1);
  });
});
