// Which gone and which new documents are one and the same.
import { describe, expect, it, vi } from 'vitest';
import { buildPlan } from '../../src/plan/build.ts';
import { glance, head, input, lacking, question, record, stateOf, target, traits } from '../support/plan-builders.ts';

const likenessOf = (table: Record<string, number>) => (gone: string, fresh: string) => table[`${gone} ${fresh}`] ?? null;

describe('moves', () => {
  it('pairs equal bodies, and sends nothing where the bytes are the same', () => {
    const plan = buildPlan(input({ state: stateOf([head('old.md', 't')]), wanted: [head('new.md', 't')] }));
    expect(plan.operations).toEqual([
      {
        id: 'move new.md',
        action: 'move',
        document: 'new.md',
        path: 'new.md',
        from: 'old.md',
        fromPath: 'old.md',
        fingerprint: null,
        rename: false,
        reason: 'moved from old.md',
        by: 'vendor',
        note: null,
      },
    ]);
  });

  it('sends what changed with the move', () => {
    const now = head('new.md', 't', { settings: 'other link' });
    const plan = buildPlan(input({ state: stateOf([head('old.md', 't')]), wanted: [now] }));
    expect(plan.operations).toMatchObject([{ action: 'move', fingerprint: now.fingerprint, rename: false }]);
  });

  it('renames where the vendor shows the name', () => {
    const renaming = target({ traits: traits({ renames: true }) });
    const plan = buildPlan(input({ target: renaming, state: stateOf([head('old.md', 't')]), wanted: [head('new.md', 't')] }));
    expect(plan.operations).toMatchObject([{ rename: true, fingerprint: null }]);
  });

  it.each([
    ['two gone', ['a.md', 'b.md'], ['c.md'], ['+ c.md', '- a.md', '- b.md']],
    ['two new', ['a.md'], ['b.md', 'c.md'], ['+ b.md', '+ c.md', '- a.md']],
  ])('pairs nothing where %s share a body', (_, gone, fresh, expected) => {
    const same = (path: string) => head(path, 'same');
    expect(glance(buildPlan(input({ state: stateOf(gone.map(same)), wanted: fresh.map(same), likeness: () => 1 })))).toEqual(expected);
  });

  it('pairs the only two that are alike enough', () => {
    const world = { state: stateOf([head('a.md', '1'), head('b.md', '2')]), wanted: [head('c.md', '3'), head('d.md', '4')] };
    const plan = buildPlan(input({ ...world, likeness: likenessOf({ 'a.md c.md': 0.8, 'b.md d.md': 0.79 }) }));
    expect(glance(plan)).toEqual(['> a.md → c.md', '+ d.md', '- b.md']);
    const ambiguous = buildPlan(input({ ...world, likeness: likenessOf({ 'a.md c.md': 0.9, 'b.md c.md': 0.8 }) }));
    expect(glance(ambiguous)).toEqual(['+ c.md', '+ d.md', '- a.md', '- b.md']);
  });

  it('looks at likeness only among what equal bodies left', () => {
    const likeness = vi.fn(() => 1);
    const world = { state: stateOf([head('a.md', 'x'), head('b.md', 'y')]), wanted: [head('c.md', 'x'), head('d.md', 'z')] };
    expect(glance(buildPlan(input({ ...world, likeness })))).toEqual(['> a.md → c.md', '> b.md → d.md']);
    expect(likeness.mock.calls).toEqual([['b.md', 'd.md']]);
  });

  it('does not compare beyond 250,000 pairs, and says so', () => {
    const likeness = vi.fn(() => 1);
    const many = (name: string) => Array.from({ length: 501 }, (_, index) => head(`${name}${index}.md`));
    const plan = buildPlan(input({ state: stateOf(many('old')), wanted: many('new'), likeness }));
    expect(likeness).not.toHaveBeenCalled();
    expect(plan.notes.join()).toContain('501 documents gone and 501 new are too many to compare');
  });

  it('keeps a document with an id of its own through any change of path and text', () => {
    const before = head('old.md', 'x', { document: 'reset' });
    const now = head('deep/new.md', 'y', { document: 'reset' });
    const plan = buildPlan(input({ state: stateOf([before]), wanted: [now] }));
    expect(plan.operations).toMatchObject([
      { action: 'move', from: 'reset', document: 'reset', fromPath: 'old.md', fingerprint: now.fingerprint, reason: 'moved from old.md' },
    ]);
  });

  it.each([
    ['adding an id', head('a.md', 'x'), head('a.md', 'y', { document: 'named' })],
    ['removing an id', head('a.md', 'x', { document: 'named' }), head('a.md', 'y')],
  ])('takes %s at a path for a move', (_, before, now) => {
    const plan = buildPlan(input({ state: stateOf([before]), wanted: [now] }));
    expect(plan.operations).toMatchObject([
      { action: 'move', from: before.document, document: now.document, reason: `id was ${before.document}` },
    ]);
  });

  it('takes questions along with their article', () => {
    const before = [head('old.md', 't'), question('old.md', 'a', 'A'), question('old.md', 'b', 'B')];
    const now = [head('new.md', 't'), question('new.md', 'a', 'A changed'), question('new.md', 'c', 'C')];
    expect(glance(buildPlan(input({ state: stateOf(before), wanted: now })))).toEqual([
      '> old.md → new.md',
      '> old.md#qa-a → new.md#qa-a',
      '+ new.md#qa-c',
      '- old.md#qa-b',
    ]);
  });

  it('never pairs a question with an article', () => {
    const plan = buildPlan(input({ state: stateOf([question('a.md', 'x', 'same')]), wanted: [head('b.md', 'same')], likeness: () => 1 }));
    expect(glance(plan)).toEqual(['+ b.md', '- a.md#qa-x']);
  });

  it('pairs only what is gone because its file is deleted, and what holds something', () => {
    const now = [head('new.md', 't')];
    const leaving = input({
      state: stateOf([head('old.md', 't')]),
      wanted: now,
      leaves: new Map([['old.md', { reason: 'draft', retraction: false }]]),
    });
    expect(glance(buildPlan(leaving))).toEqual(['+ new.md', '- old.md']);
    const empty = input({ state: stateOf([], { records: { 'old.md': record(head('old.md', 't'), { items: [] }) } }), wanted: now });
    expect(glance(buildPlan(empty))).toEqual(['+ new.md']);
    const scope = input({ state: stateOf([head('old.md', 't')]), wanted: now, folder: { inScope: (path) => path === 'new.md' } });
    expect(glance(buildPlan(scope))).toEqual(['+ new.md']);
  });

  it('does not send refused bytes with a move', () => {
    const now = head('new.md', 't', { settings: 's' });
    const state = stateOf([], { records: { 'old.md': record(head('old.md', 't'), { refused: now.fingerprint }) } });
    const [operation] = buildPlan(input({ state, wanted: [now] })).operations;
    expect(operation).toMatchObject({ action: 'move', fingerprint: null, rename: false });
    expect(operation?.note).toContain('refused for good before');
  });

  it('moves what we remember and leaves the text to a person where neither update nor delete is possible', () => {
    const now = head('new.md', 't', { settings: 's' });
    const plan = buildPlan(input({ target: lacking(['update', 'delete']), state: stateOf([head('old.md', 't')]), wanted: [now] }));
    expect(plan.operations).toMatchObject([
      { id: 'move new.md', action: 'move', by: 'vendor', fingerprint: null },
      { id: 'update new.md', action: 'update', by: 'person', fingerprint: now.fingerprint, note: 'update it in the dashboard' },
    ]);
  });
});
