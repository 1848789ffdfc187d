// When a plan is held, what of it, with which words, and what passes.
import { describe, expect, it } from 'vitest';
import type { Brake, Plan } from '../../src/model/operation.ts';
import { heldOperations } from '../../src/plan/brake.ts';
import { buildPlan } from '../../src/plan/build.ts';
import { approved, carryOut, glance, head, type InputParts, input, lacking, leftover, stateOf, target } from '../support/plan-builders.ts';

const files = (count: number, name = 'f') =>
  Array.from({ length: count }, (_, index) => head(`${name}${String(index).padStart(4, '0')}.md`));
const ids = (count: number, name = 'f') => files(count, name).map((payload) => payload.document);
const rules = (plan: Plan) => plan.brakes.map(({ rule, holds }) => `${rule} ${holds}`);
const only = (plan: Plan): Brake => {
  expect(plan.brakes).toHaveLength(1);
  const [brake] = plan.brakes;
  if (brake === undefined) throw new Error('no brake');
  return brake;
};

/** `known` documents of which the first `gone` are deleted from the folder. */
const losing = (known: number, gone: number, more: InputParts = {}) =>
  buildPlan(input({ state: stateOf(files(known)), wanted: files(known).slice(gone), ...more }));

describe('too many deletes', () => {
  it.each([
    [20, 5, false],
    [20, 6, true],
    [100, 10, false],
    [100, 11, true],
    [2000, 50, false],
    [2000, 51, true],
  ])('of %d, %d gone: held %s', (known, gone, held) => {
    const plan = losing(known, gone);
    expect(rules(plan)).toEqual(held ? ['too-many-deletes deletes'] : []);
    expect(heldOperations(plan).size).toBe(held ? gone : 0);
  });

  it('says the numbers and the way on', () => {
    const brake = only(losing(3000, 1234));
    expect(brake.message).toBe('site would lose 1,234 of 3,000 documents; safety.maxDelete allows 50: the deletes are held.');
    expect(brake.passWith).toBe('sync --target site --allow-deletes 1234');
    expect(brake.documents).toEqual(ids(1234));
    expect(brake.id).toBe('');
  });

  it('lets the rest go on', () => {
    const plan = buildPlan(input({ state: stateOf(files(20)), wanted: [...files(20).slice(10), head('new.md')] }));
    const held = heldOperations(plan);
    expect(plan.operations.filter((operation) => !held.has(operation.id))).toMatchObject([{ action: 'create', document: 'new.md' }]);
  });

  it('is judged after moves are paired', () => {
    const before = files(20).slice(0, 9);
    const moved = before.map((payload) => ({ ...head(`x/${payload.path}`), body: payload.body }));
    const plan = buildPlan(
      input({
        state: stateOf(files(20)),
        wanted: [...files(20).slice(9), ...moved],
        safety: { maxDelete: { share: 0.1, count: 50, floor: 5 }, maxUpdate: { share: 1, floor: 20 } },
      }),
    );
    expect(plan.operations.every((operation) => operation.action === 'move')).toBe(true);
    expect(plan.brakes).toEqual([]);
  });

  it.each([
    [10, true],
    [9, false],
  ])('with --allow-deletes %d of 10: passes %s', (allowDeletes, passes) => {
    expect(losing(40, 10, { passes: { allowDeletes } }).brakes).toHaveLength(passes ? 0 : 1);
  });

  it('holds all where more go than --allow-deletes names, even below the limit', () => {
    const brake = only(losing(40, 3, { passes: { allowDeletes: 2 } }));
    expect(brake.documents).toEqual(ids(3));
    expect(brake.message).toContain('--allow-deletes allows 2');
  });

  it('passes what a sealed plan lists, and holds what it does not list, even below the limit', () => {
    const sealed = new Set(ids(10).map((id) => `delete ${id}`));
    expect(losing(40, 10, { passes: { sealed } }).brakes).toEqual([]);
    const brake = only(losing(40, 12, { passes: { sealed } }));
    expect(brake).toMatchObject({
      rule: 'too-many-deletes',
      documents: ids(12).slice(10),
      passWith: 'sync --target site --allow-deletes 12',
    });
    expect(brake.message).toContain('2 deletes of site are not in the sealed plan');
    expect(heldOperations(losing(40, 12, { passes: { sealed } })).size).toBe(2);
    expect(only(losing(40, 1, { passes: { sealed: new Set() } })).message).toContain('not in the sealed plan');
    expect(losing(40, 1, { passes: { sealed: new Set(), allowDeletes: 1 } }).brakes).toEqual([]);
  });

  it('passes what a person approved, and no more', () => {
    expect(losing(40, 10, { passes: { approved: [approved('too-many-deletes', ids(10))] } }).brakes).toEqual([]);
    expect(losing(40, 11, { passes: { approved: [approved('too-many-deletes', ids(10))] } }).brakes).toHaveLength(1);
    expect(losing(40, 10, { passes: { approved: [{ ...approved('too-many-deletes', ids(10)), approvedAt: null }] } }).brakes).toHaveLength(
      1,
    );
    expect(losing(40, 10, { passes: { approved: [approved('too-many-updates', ids(10))] } }).brakes).toHaveLength(1);
  });

  it('is not got round by --limit: judged on the whole plan, and cut afterwards', () => {
    const only = { limit: 6 };
    let state = stateOf(files(40));
    for (let run = 0; run < 5; run += 1) {
      const world = input({ state, wanted: files(40).slice(10), only });
      const plan = buildPlan(world);
      expect(plan.operations).toHaveLength(6);
      expect(plan.brakes).toMatchObject([
        { rule: 'too-many-deletes', documents: ids(10), passWith: 'sync --target site --allow-deletes 10' },
      ]);
      state = carryOut(plan, world);
    }
    expect(Object.keys(state.records)).toHaveLength(40);
    const changed = files(40).map((payload) => head(payload.path, 'new'));
    expect(rules(buildPlan(input({ state, wanted: changed, only })))).toEqual(['too-many-updates pushes']);
  });

  it('spends a --limit on what is not held first', () => {
    const sealed = new Set(['delete f0008.md', 'delete f0009.md']);
    const plan = losing(40, 10, { passes: { sealed }, only: { limit: 3 } });
    expect(glance(plan)).toEqual(['- f0000.md', '- f0008.md', '- f0009.md']);
    expect([...heldOperations(plan)]).toEqual(['delete f0000.md']);
  });

  it('does not count copies, but counts orphans, which are whole documents', () => {
    const keep = files(20);
    const copies = ids(10).map((id) => leftover(id));
    expect(buildPlan(input({ state: stateOf(keep, { leftovers: copies }), wanted: keep })).brakes).toEqual([]);
    const orphans = ids(10, 'o').map((id) => leftover(id, { why: 'orphan' }));
    const plan = buildPlan(input({ state: stateOf(keep, { leftovers: orphans }), wanted: keep }));
    expect(rules(plan)).toEqual(['too-many-deletes deletes']);
    expect(heldOperations(plan).size).toBe(10);
  });

  it('lets a few retractions go while the mass is held, unless the number is a person’s', () => {
    const leaves = new Map([['f0000.md', { reason: 'fence', retraction: true }]]);
    const plan = losing(40, 10, { leaves });
    expect(only(plan).documents).toEqual(ids(10).slice(1));
    expect(heldOperations(plan).has('delete f0000.md')).toBe(false);
    expect(only(losing(40, 10, { leaves, passes: { allowDeletes: 9 } })).documents).toEqual(ids(10));
    const many = new Map(ids(10).map((id) => [id, { reason: 'fence', retraction: true }]));
    expect(heldOperations(losing(40, 10, { leaves: many })).size).toBe(10);
  });

  it('does not hold again what waits on the todo list already', () => {
    const operations = losing(40, 10).operations;
    const todos = operations.map((operation, index) => ({ id: `T${index}`, operation, where: '', how: '', since: '' }));
    expect(losing(40, 10, { state: stateOf(files(40), { todos }) }).brakes).toEqual([]);
  });
});

describe('too many updates', () => {
  const changing = (known: number, changed: number, more: InputParts = {}) => {
    const wanted = files(known).map((payload, index) => (index < changed ? head(payload.path, 'changed') : payload));
    return buildPlan(input({ state: stateOf(files(known)), wanted, ...more }));
  };
  it.each([
    [30, 20, false],
    [30, 21, true],
    [100, 50, false],
    [100, 51, true],
  ])('of %d, %d changed: held %s', (known, changed, held) => {
    const plan = changing(known, changed);
    expect(rules(plan)).toEqual(held ? ['too-many-updates pushes'] : []);
    expect(heldOperations(plan).size).toBe(held ? changed : 0);
  });

  it('says the numbers and the way on, and passes', () => {
    expect(only(changing(2000, 1500))).toMatchObject({
      message: '1,500 of the 2,000 documents of site would change; safety.maxUpdate allows 1,000: the target is held.',
      passWith: 'sync --target site --allow-updates 1500',
      documents: ids(1500),
    });
    expect(changing(100, 51, { passes: { allowUpdates: 51 } }).brakes).toEqual([]);
    expect(changing(100, 51, { passes: { allowUpdates: 50 } }).brakes).toHaveLength(1);
    expect(changing(100, 51, { passes: { approved: [approved('too-many-updates', ids(51))] } }).brakes).toEqual([]);
  });

  it('counts moves that send text, not those that only rename what we remember', () => {
    const before = Array.from({ length: 30 }, (_, index) => head(`old${index}.md`, `t${index}`, { document: `d${index}` }));
    const moved = (settings: string) =>
      before.map((payload, index) => head(`new${index}.md`, `t${index}`, { document: payload.document, settings }));
    expect(buildPlan(input({ state: stateOf(before), wanted: moved('') })).brakes).toEqual([]);
    expect(rules(buildPlan(input({ state: stateOf(before), wanted: moved('link') })))).toEqual(['too-many-updates pushes']);
  });

  it('holds no first push', () => {
    expect(buildPlan(input({ wanted: files(1000) })).brakes).toEqual([]);
  });
});

describe('an empty, missing, partial or other folder', () => {
  it('holds the deletes of an empty one, once, with the way on', () => {
    const plan = losing(12, 12, { folder: { documents: 0 } });
    expect(only(plan)).toMatchObject({
      rule: 'empty-content',
      holds: 'deletes',
      documents: ids(12),
      passWith: 'sync --target site --allow-deletes 12',
    });
    expect(only(plan).message).toContain('though site holds 12 documents');
    expect(losing(12, 12, { folder: { documents: 0 }, passes: { allowDeletes: 12 } }).brakes).toEqual([]);
    expect(rules(losing(12, 12, { folder: { documents: 0 }, passes: { allowDeletes: 11 } }))).toEqual(['empty-content deletes']);
    expect(losing(12, 12, { folder: { documents: 0 }, passes: { approved: [approved('empty-content', ids(12))] } }).brakes).toEqual([]);
    expect(losing(12, 12, { folder: { documents: 0 }, passes: { sealed: new Set(ids(12).map((id) => `delete ${id}`)) } }).brakes).toEqual(
      [],
    );
  });

  it('holds even one delete where the folder is empty, and nothing where nothing is known', () => {
    expect(rules(losing(1, 1, { folder: { documents: 0 } }))).toEqual(['empty-content deletes']);
    expect(buildPlan(input({ folder: { documents: 0 } })).brakes).toEqual([]);
  });

  it('plans no delete of a missing one: it has to come back', () => {
    const plan = losing(12, 12, { folder: { documents: 0, rootMissing: true } });
    expect(plan.operations).toEqual([]);
    expect(only(plan)).toMatchObject({ rule: 'empty-content', passWith: null, documents: ids(12) });
    expect(only(plan).message).toContain('Restore the folder');
  });

  it('plans no delete of a partial one, lists what it did not find, and lets the rest go on', () => {
    const wanted = [...files(20).slice(10), head('new.md')];
    const plan = losing(20, 10, { wanted, folder: { complete: false, incompleteWhy: 'guides: permission denied.' } });
    expect(glance(plan)).toEqual(['+ new.md']);
    expect(only(plan)).toMatchObject({ rule: 'incomplete-scan', holds: 'deletes', documents: ids(10), passWith: null });
    expect(only(plan).message).toBe(
      'The content folder could not be read completely (guides: permission denied): no document is deleted until it can; 10 documents of site were not found or would go, and stay.',
    );
    expect(heldOperations(plan).size).toBe(0);
    const allowed = losing(20, 10, {
      folder: { complete: false },
      passes: { allowDeletes: 1000, approved: [approved('incomplete-scan', ids(10))] },
    });
    expect(rules(allowed)).toEqual(['incomplete-scan deletes']);
    expect(allowed.operations).toEqual([]);
  });

  it('never looks green when it is partial, even with nothing to delete', () => {
    expect(only(losing(3, 0, { folder: { complete: false } })).message).toBe(
      'The content folder could not be read completely: no document is deleted until it can.',
    );
  });

  it('lets a retraction go, which rests on what was read', () => {
    const leaves = new Map([
      ['f0000.md', { reason: 'fence', retraction: true }],
      ['f0001.md', { reason: 'draft', retraction: false }],
    ]);
    const plan = losing(20, 2, { leaves, folder: { complete: false } });
    expect(glance(plan)).toEqual(['- f0000.md']);
    expect(only(plan).documents).toEqual(['f0001.md']);
    expect(heldOperations(plan).size).toBe(0);
  });

  it('holds the target where most is missing and most is new', () => {
    const plan = buildPlan(input({ state: stateOf(files(100)), wanted: files(30, 'other') }));
    expect(rules(plan)).toEqual(['other-folder all']);
    expect(only(plan)).toMatchObject({
      message:
        '100 of the 100 documents that site holds are not in this folder, and 30 of the 30 in it are new: it looks like another folder.',
      passWith: 'sync --target site --allow-deletes 100',
    });
    expect(heldOperations(plan).size).toBe(130);
    expect(buildPlan(input({ state: stateOf(files(100)), wanted: files(30, 'other'), passes: { allowDeletes: 100 } })).brakes).toEqual([]);
    const known = [...ids(100), ...ids(30, 'other')];
    expect(
      buildPlan(input({ state: stateOf(files(100)), wanted: files(30, 'other'), passes: { approved: [approved('other-folder', known)] } }))
        .brakes,
    ).toEqual([]);
  });

  it('approved, does not cover documents that came after', () => {
    const known = [...ids(100), ...ids(30, 'other')];
    const passes = { approved: [approved('other-folder', known)] };
    expect(rules(buildPlan(input({ state: stateOf(files(100)), wanted: files(31, 'other'), passes })))).toEqual(['other-folder all']);
  });

  it('names one command that passes both, where another brake holds the target too', () => {
    const wanted = [
      ...files(100)
        .slice(0, 40)
        .map(({ path }) => head(path, 'new')),
      ...files(60, 'other'),
    ];
    const safety = { maxDelete: { share: 0.1, count: 50, floor: 5 }, maxUpdate: { share: 0.1, floor: 5 } };
    const plan = buildPlan(input({ state: stateOf(files(100)), wanted, safety }));
    expect(plan.brakes.map(({ rule, passWith }) => [rule, passWith])).toEqual([
      ['other-folder', 'sync --target site --allow-deletes 60 --allow-updates 40'],
      ['too-many-updates', 'sync --target site --allow-deletes 60 --allow-updates 40'],
    ]);
    expect(buildPlan(input({ state: stateOf(files(100)), wanted, safety, passes: { allowDeletes: 60, allowUpdates: 40 } })).brakes).toEqual(
      [],
    );
  });

  it('holds only the deletes where the rest is known', () => {
    expect(rules(losing(9, 5))).toEqual(['other-folder deletes']);
    expect(rules(losing(10, 5))).toEqual([]);
    expect(rules(losing(4, 3))).toEqual([]);
    expect(losing(9, 5, { passes: { allowDeletes: 5 } }).brakes).toEqual([]);
    expect(losing(9, 5, { passes: { approved: [approved('other-folder', ids(5))] } }).brakes).toEqual([]);
    expect(rules(losing(100, 60))).toEqual(['too-many-deletes deletes']);
  });

  it('does not take documents out of scope for missing', () => {
    const inScope = (path: string) => path >= 'f0090.md';
    expect(losing(100, 90, { folder: { inScope } })).toMatchObject({ brakes: [], operations: [], outOfScope: 90 });
  });
});

describe('the bot', () => {
  it('holds everything at another one, and nothing passes', () => {
    const plan = losing(40, 10, {
      contact: { identityFound: 'other bot' },
      passes: { allowDeletes: 99, initial: true, approved: [approved('other-bot', ids(40))] },
    });
    expect(rules(plan)).toEqual(['other-bot all']);
    expect(only(plan).passWith).toBeNull();
    for (const words of ['vendor origin bot', 'other bot', 'new target name']) expect(only(plan).message).toContain(words);
    expect(heldOperations(plan).size).toBe(10);
  });

  it('is held even with nothing to do: its training is not to be touched either', () => {
    expect(rules(losing(3, 0, { contact: { identityFound: 'other' } }))).toEqual(['other-bot all']);
    expect(losing(3, 0, { contact: { identityFound: null } }).brakes).toEqual([]);
  });

  it('holds the first push to a bot with foreign content', () => {
    const contact = { first: true, listed: true, foreign: 2914, sandbox: true };
    const plan = buildPlan(input({ wanted: files(3), contact }));
    expect(only(plan)).toEqual({
      id: '',
      rule: 'existing-content',
      holds: 'all',
      documents: ids(3),
      message:
        'site holds 2,914 documents kbsync did not make: `kbsync adopt site` to match them, `kbsync adopt site --export DIR` to save them, `kbsync sync --initial --target site` to add beside them.',
      passWith: 'sync --target site --initial',
    });
    expect(buildPlan(input({ wanted: files(3), contact, passes: { initial: true } })).brakes).toEqual([]);
    expect(buildPlan(input({ wanted: files(3), contact, passes: { approved: [approved('existing-content', ids(3))] } })).brakes).toEqual(
      [],
    );
    // Not what has come since.
    expect(rules(buildPlan(input({ wanted: files(4), contact, passes: { approved: [approved('existing-content', ids(3))] } })))).toEqual([
      'existing-content all',
    ]);
    expect(buildPlan(input({ wanted: files(3), contact: { ...contact, foreign: 0 } })).brakes).toEqual([]);
    expect(buildPlan(input({ wanted: files(3), contact: { ...contact, first: false } })).brakes).toEqual([]);
    const taken = buildPlan(input({ state: stateOf(files(3)), wanted: files(4), contact: { ...contact, taken: 3 } }));
    expect(taken.brakes).toEqual([]);
    expect(taken.notes).toEqual([
      '3 items with our mark were found at the vendor and taken back.',
      '2,914 items there are not ours and never touched.',
    ]);
  });

  it('names only ways that there are, and speaks of one as of one', () => {
    const contact = { first: true, listed: true, foreign: 1 };
    const plan = buildPlan(input({ wanted: files(1), contact, target: lacking(['read']) }));
    expect(only(plan).message).toBe(
      'site holds 1 document kbsync did not make: `kbsync adopt site` to match it, `kbsync sync --initial --target site` to add beside it.',
    );
  });

  it('after a lost state, holds what would be created beside items named like it', () => {
    const contact = { first: true, listed: true, foreign: 9, taken: 3, lookalikes: 2 };
    const lost = { state: stateOf(files(3)), wanted: files(5), contact };
    expect(only(buildPlan(input(lost)))).toMatchObject({
      rule: 'existing-content',
      holds: 'all',
      message: expect.stringContaining(
        'site holds 9 documents kbsync did not make (2 documents that would be created are named like them): ',
      ),
      passWith: 'sync --target site --initial',
    });
    expect(buildPlan(input({ ...lost, passes: { initial: true } })).brakes).toEqual([]);
    expect(buildPlan(input({ ...lost, wanted: files(3) })).brakes).toEqual([]);
    expect(buildPlan(input({ ...lost, contact: { ...contact, lookalikes: 0 } })).brakes).toEqual([]);
  });

  it('counts deletes of what was taken back or adopted, and updates of what was adopted', () => {
    const blank = (origin: 'created' | 'adopted') =>
      Object.fromEntries(
        Object.entries(stateOf(files(40)).records).map(([id, record]) => {
          const items = record.items.map((item) => ({ ...item, fingerprint: null, effect: null }));
          return [id, { ...record, items, origin, pushed: null }];
        }),
      );
    for (const origin of ['created', 'adopted'] as const) {
      const gone = buildPlan(input({ state: stateOf([], { records: blank(origin) }), wanted: files(30), passes: { allowUpdates: 40 } }));
      expect([origin, rules(gone)]).toEqual([origin, ['too-many-deletes deletes']]);
      const changed = buildPlan(input({ state: stateOf([], { records: blank(origin) }), wanted: files(40) }));
      expect([origin, rules(changed)]).toEqual([origin, origin === 'created' ? [] : ['too-many-updates pushes']]);
    }
  });

  it('holds the first push to a bot that cannot be listed', () => {
    const contact = { first: true, listed: false };
    const plan = buildPlan(input({ wanted: files(3), contact, target: target({ label: 'CX Genie' }) }));
    expect(only(plan)).toMatchObject({ rule: 'first-contact', holds: 'all', passWith: 'sync --target site --initial' });
    expect(only(plan).message).toContain('CX Genie cannot list');
    for (const count of [3, 4]) {
      const after = buildPlan(input({ wanted: files(count), contact, passes: { approved: [approved('first-contact', ids(3))] } }));
      expect(after.brakes, `approved for 3, and ${count} are there`).toHaveLength(count - 3);
    }
    for (const more of [
      { contact: { ...contact, sandbox: true } },
      { contact: { ...contact, offline: true } },
      { contact, passes: { initial: true } },
    ]) {
      expect(buildPlan(input({ wanted: files(3), ...more })).brakes).toEqual([]);
    }
  });
});

describe('vanished', () => {
  /** The first `gone` of `known` documents are no longer at the vendor: the state has lost them. */
  const losing = (known: number, gone: number, more: InputParts = {}, proven = true) =>
    buildPlan(
      input({
        state: stateOf(files(known).slice(gone)),
        wanted: files(known),
        vanished: { documents: new Set(ids(gone)), proven },
        ...more,
      }),
    );

  it.each([
    [20, 5, true, false],
    [20, 6, true, true],
    [100, 10, true, false],
    [100, 11, true, true],
    [5, 5, true, false],
    [5, 3, false, true],
    [5, 2, false, false],
  ])('of %d, %d gone, each asked for %s: held %s', (known, gone, proven, held) => {
    const plan = losing(known, gone, {}, proven);
    expect(rules(plan)).toEqual(held ? ['vanished all'] : []);
    expect(heldOperations(plan).size).toBe(held ? gone : 0);
    expect(plan.operations.map(({ action, reason }) => `${action} ${reason}`)).toEqual(Array(gone).fill('create no longer at the vendor'));
  });

  it('says the numbers and the way on, which lets up to so many through', () => {
    const brake = only(losing(100, 40, {}, false));
    expect(brake.message).toContain('40 of the 100 documents that site held are no longer there, and nothing but its list says so');
    expect(brake.passWith).toBe('sync --target site --allow-updates 40');
    expect(losing(100, 40, { passes: { allowUpdates: 40 } }).brakes).toEqual([]);
    expect(rules(losing(100, 40, { passes: { allowUpdates: 39 } }))).toEqual(['vanished all']);
    expect(losing(100, 40, { passes: { approved: [approved('vanished', ids(40))] } }).brakes).toEqual([]);
  });

  it('holds no plan that makes none of them anew, and does not take one of them for a moved file', () => {
    const gone = files(1)[0] ?? head('x.md');
    const plan = buildPlan(
      input({
        state: stateOf([{ ...head('old.md'), body: gone.body }]),
        wanted: [gone],
        vanished: { documents: new Set([gone.document]), proven: true },
      }),
    );
    expect(plan.operations.map(({ action }) => action)).toEqual(['create', 'delete']);
    expect(losing(40, 20, { wanted: files(40).slice(20) }).brakes.map(({ rule }) => rule)).not.toContain('vanished');
  });
});

describe('a target that comes after another one', () => {
  const after = { target: 'staging', why: '3 documents not trained there yet', next: 'run kbsync sync --target staging' };
  const changed = [...files(3), head('new.md')];

  it('is held while that one is not well, in its words, and nothing passes', () => {
    const passes = { allowDeletes: 99, allowUpdates: 99, initial: true, approved: [approved('after', ['new.md'])] };
    const plan = buildPlan(input({ state: stateOf(files(3)), wanted: changed, after, passes }));
    expect(only(plan)).toMatchObject({
      rule: 'after',
      holds: 'pushes',
      documents: ['new.md'],
      message:
        'site comes after staging, which has not gone well at this folder: 3 documents not trained there yet. 1 operation held; run kbsync sync --target staging. To push all the same, take after: staging out of the configuration.',
      passWith: null,
    });
    expect([...heldOperations(plan)]).toEqual(['create new.md']);
  });

  it('is not held with nothing to do, nor where that one is well', () => {
    expect(buildPlan(input({ state: stateOf(files(3)), wanted: files(3), after })).brakes).toEqual([]);
    expect(buildPlan(input({ state: stateOf(files(3)), wanted: changed, after: null })).brakes).toEqual([]);
  });

  it('forgets what must not be known any more at once', () => {
    const leaves = new Map([
      ['f0000.md', { reason: 'fence', retraction: true }],
      ['f0001.md', { reason: 'draft', retraction: false }],
    ]);
    const plan = buildPlan(input({ state: stateOf(files(3)), wanted: [...files(3).slice(2), head('new.md')], leaves, after }));
    expect(rules(plan)).toEqual(['after pushes']);
    expect([...heldOperations(plan)].sort()).toEqual(['create new.md', 'delete f0001.md']);
  });
});
