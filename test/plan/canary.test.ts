// The document of the freshness check in a plan: held with the others, never a reason to hold, and never one of those that are counted.
import { expect, it } from 'vitest';
import { canaryId } from '../../src/model/canary.ts';
import { heldOperations } from '../../src/plan/brake.ts';
import { buildPlan, type PlanInput } from '../../src/plan/build.ts';
import { head, type InputParts, input, stateOf } from '../support/plan-builders.ts';

const files = (count: number) => Array.from({ length: count }, (_, index) => head(`f${String(index).padStart(4, '0')}.md`));
const edited = (count: number) => files(count).map(({ path }) => head(path, ['edited']));
const before = head(canaryId, ['old code']);
const now = head(canaryId, ['new code']);
const plan = (more: InputParts) => buildPlan(input(more));
const safety: PlanInput['safety'] = { maxDelete: { share: 0, count: 0, floor: 0 }, maxUpdate: { share: 0, floor: 2 } };
const documents = (more: InputParts) => plan(more).operations.map(({ document }) => document);
const off = new Map([[canaryId, { reason: 'the freshness check is switched off', retraction: false }]]);

it('goes where nothing else is held', () => {
  const found = plan({ state: stateOf([...files(3), before]), wanted: [...files(3), now] });
  expect([found.brakes, found.operations.map(({ action, document }) => `${action} ${document}`)]).toEqual([[], [`update ${canaryId}`]]);
});

it('goes last, and is none of those that are unchanged', () => {
  const found = plan({ state: stateOf(files(1)), wanted: [...files(1), now, head('z.md'), head('a.md')] });
  expect([found.unchanged, found.operations.map(({ document }) => document)]).toEqual([1, ['a.md', 'z.md', canaryId]]);
  const still = plan({ state: stateOf([...files(3), before]), wanted: [...files(3), before] });
  expect([still.unchanged, still.operations]).toEqual([3, []]);
});

it.each<[string, InputParts]>([
  ['after', { after: { target: 'dev', why: 'it was never synced', next: 'sync it' } }],
  ['too-many-updates', { safety: { ...safety, maxUpdate: { share: 0, floor: 0 } } }],
  ['first-contact', { state: stateOf([]), wanted: [now], contact: { first: true, listed: false } }],
  ['existing-content', { state: stateOf([]), wanted: [now], contact: { first: true, listed: true, foreign: 9 } }],
])('waits, and says so, where it alone would be held (%s)', (rule, more) => {
  const found = plan({ state: stateOf([...files(3), before]), wanted: [...files(3), now], ...more });
  expect([found.brakes, found.operations]).toEqual([[], []]);
  expect(found.notes).toContain(`The freshness check waits (${rule}): it is never a reason to hold.`);
});

it('is not counted with those that change, and is held with them', () => {
  const state = stateOf([...files(3), before]);
  expect(plan({ state, wanted: [...edited(2), ...files(3).slice(2), now], safety }).brakes).toEqual([]);
  expect(documents({ state, wanted: [...edited(2), ...files(3).slice(2), now], safety })).toEqual(['f0000.md', 'f0001.md']);
  const many = plan({ state, wanted: [...edited(3), now], safety });
  expect(many.brakes.map(({ rule, documents: held }) => [rule, held])).toEqual([
    ['too-many-updates', ['f0000.md', 'f0001.md', 'f0002.md']],
  ]);
  expect(many.brakes[0]?.message).toContain('3 of the 3 documents');
  expect(heldOperations(many).size).toBe(4);
});

it('leaves whatever else is held, where it is switched off', () => {
  const state = stateOf([...files(3), before]);
  const found = plan({ state, wanted: files(3).slice(2), safety, leaves: off });
  expect([...heldOperations(found)].sort()).toEqual(['delete f0000.md', 'delete f0001.md']);
  expect(found.brakes[0]?.message).toContain('2 of 3 documents');
  const alone = plan({ state, wanted: files(3), safety, leaves: off });
  expect([alone.brakes, alone.operations.map(({ id }) => id)]).toEqual([[], [`delete ${canaryId}`]]);
});

it('makes no empty folder look like one that lost something', () => {
  const found = plan({ state: stateOf([before]), wanted: [now], folder: { documents: 0, rootMissing: true } });
  expect(found.brakes).toEqual([]);
});
