// What holds for every plan, whatever the folder and the bot: it converges, absence of evidence deletes nothing, order does not matter.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Capability } from '../../src/connectors/connector.ts';
import type { PayloadHead } from '../../src/model/payload.ts';
import { emptyState, type TargetState } from '../../src/model/record.ts';
import { buildPlan, type PlanInput, type PlanTarget } from '../../src/plan/build.ts';
import { carryOut, head, input, lacking, leftover, question, target, traits } from '../support/plan-builders.ts';

const names = ['a.md', 'b.md', 'c/a.md', 'c/d.md', 'e.md'];
const words = ['one', 'two', 'three'];

/** A folder: some files, each with an id of its own or none, a text of one to three parts, settings and perhaps questions. */
const folder: fc.Arbitrary<readonly PayloadHead[]> = fc
  .uniqueArray(
    fc.record({
      path: fc.constantFrom(...names),
      id: fc.option(fc.constantFrom('x', 'y'), { nil: null, freq: 3 }),
      text: fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 3 }),
      settings: fc.constantFrom('', 's'),
      questions: fc.uniqueArray(fc.constantFrom('q1', 'q2'), { maxLength: 2 }),
    }),
    { selector: (file) => file.path, maxLength: names.length },
  )
  .map((files) => {
    const heads = files.flatMap(({ path, id, text, settings, questions }) => {
      const article = head(path, text, { document: id ?? path, settings });
      return [article, ...questions.map((slug) => question(path, slug, `${slug} ${text[0]}`, article.document))];
    });
    const seen = new Set<string>();
    return heads.filter(({ document }) => !seen.has(document) && seen.add(document));
  });

const targets: readonly PlanTarget[] = [
  target(),
  target({ traits: traits({ renames: true }) }),
  lacking(['update']),
  target({ capabilities: new Set<Capability>(['create', 'update', 'delete', 'train']), traits: traits({ training: 'on-request' }) }),
];
const anyTarget = fc.constantFrom(...targets);
const anyLikeness = fc.constantFrom(null, 0.5, 0.9).map((share) => () => share);
/** Brakes off: they would rightly stop most of what these small worlds do. */
const passes = { allowDeletes: 999, allowUpdates: 999 };

const world = (bot: PlanTarget, state: TargetState, wanted: readonly PayloadHead[], likeness: PlanInput['likeness']): PlanInput =>
  input({ target: bot, state, wanted, likeness, passes, folder: { documents: wanted.length } });

/** The state after a history of folders, each pushed and trained. */
function stateAfter(bot: PlanTarget, history: readonly (readonly PayloadHead[])[], likeness: PlanInput['likeness']): TargetState {
  return history.reduce((state, wanted) => {
    const now = world(bot, state, wanted, likeness);
    return carryOut(buildPlan(now), now);
  }, emptyState('site'));
}

const history = fc.array(folder, { minLength: 1, maxLength: 4 });

describe('every plan', () => {
  it('leads to a state that needs no further plan once superseded copies are gone', () => {
    fc.assert(
      fc.property(anyTarget, history, anyLikeness, (bot, folders, likeness) => {
        const wanted = folders.at(-1) ?? [];
        let state = stateAfter(bot, folders, likeness);
        const copies = buildPlan(world(bot, state, wanted, likeness));
        // Only copies that a person or the training set free may be left to delete.
        expect(copies.operations.every((operation) => operation.action === 'delete' && operation.remoteId !== null)).toBe(true);
        state = carryOut(copies, world(bot, state, wanted, likeness));
        const last = buildPlan(world(bot, state, wanted, likeness));
        expect(last).toMatchObject({
          operations: [],
          blocked: [],
          brakes: [],
          unchanged: wanted.length,
          forecast: { writes: 0, reads: 0, durationMs: 0 },
        });
        expect(state.leftovers).toEqual([]);
        const held = Object.values(state.records).flatMap((record) => record.items.map((item) => item.remoteId));
        expect(new Set(held).size).toBe(wanted.flatMap((payload) => payload.parts).length);
      }),
      { numRuns: 300 },
    );
  });

  it('plans zero deletes over an incomplete scan or a missing root, whatever was allowed', () => {
    const partial = fc.constantFrom({ complete: false }, { complete: true, rootMissing: true });
    fc.assert(
      fc.property(anyTarget, history, folder, partial, fc.boolean(), (bot, folders, wanted, found, drafts) => {
        const state = stateAfter(bot, folders, () => null);
        const extra = [leftover('a.md'), leftover('zz.md', { why: 'orphan' })];
        const leaves = new Map(drafts ? names.map((name) => [name, { reason: 'draft', retraction: false }]) : []);
        const base = world(bot, { ...state, leftovers: [...state.leftovers, ...extra] }, wanted, () => 0.9);
        const plan = buildPlan({ ...base, leaves, folder: { ...base.folder, ...found } });
        expect(plan.operations.filter((operation) => operation.action === 'delete')).toEqual([]);
        const known = Object.keys(state.records).filter((id) => !wanted.some((payload) => payload.document === id));
        expect(plan.brakes.flatMap((brake) => brake.documents).toSorted()).toEqual(known.toSorted());
        if (plan.brakes.length === 0) expect(found).toMatchObject({ rootMissing: true });
      }),
      { numRuns: 200 },
    );
  });

  it('plans zero deletes for a narrower include, and touches nothing outside it', () => {
    fc.assert(
      fc.property(anyTarget, history, fc.uniqueArray(fc.constantFrom(...names)), (bot, folders, left) => {
        const all = folders.at(-1) ?? [];
        const inScope = (path: string) => left.includes(path);
        const wanted = all.filter((payload) => inScope(payload.path));
        const state = { ...stateAfter(bot, folders, () => null), leftovers: [] };
        const base = world(bot, state, wanted, () => 0.9);
        const plan = buildPlan({ ...base, folder: { ...base.folder, inScope } });
        expect(plan.operations).toEqual([]);
        expect(plan.brakes).toEqual([]);
        expect(plan.outOfScope).toBe(all.length - wanted.length);
      }),
      { numRuns: 200 },
    );
  });

  it('does not depend on the order of what it is given', () => {
    fc.assert(
      fc.property(anyTarget, history, folder, anyLikeness, (bot, folders, wanted, likeness) => {
        const state = stateAfter(bot, folders, likeness);
        const records = Object.fromEntries(Object.entries(state.records).reverse());
        const turned = world(bot, { ...state, records, leftovers: [...state.leftovers].reverse() }, [...wanted].reverse(), likeness);
        expect(buildPlan(turned)).toEqual(buildPlan(world(bot, state, wanted, likeness)));
      }),
      { numRuns: 200 },
    );
  });

  it('has one operation an id, and sends nothing for what is blocked', () => {
    fc.assert(
      fc.property(anyTarget, history, folder, anyLikeness, (bot, folders, wanted, likeness) => {
        const state = stateAfter(bot, folders, likeness);
        const failed = wanted.slice(0, 1).map(({ document, path }) => ({
          document,
          path,
          error: { code: 'DOCUMENT_TOO_LARGE' as const, message: 'm', vendor: null, next: 'n' },
        }));
        const plan = buildPlan({ ...world(bot, state, wanted.slice(1), likeness), failed });
        expect(new Set(plan.operations.map((operation) => operation.id)).size).toBe(plan.operations.length);
        const blocked = new Set(plan.blocked.map((entry) => entry.document));
        expect(plan.operations.filter((operation) => operation.action !== 'delete' && blocked.has(operation.document))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
