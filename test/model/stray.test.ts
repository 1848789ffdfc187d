// What a run that was cut off leaves unknown of the records, and what it does not.
import { expect, it } from 'vitest';
import { fold } from '../../src/model/fold.ts';
import { emptyState } from '../../src/model/record.ts';
import { strayWrites } from '../../src/model/stray.ts';
import { create, pushed, remove, stamped, update } from '../state/entries.ts';

const { state } = fold(emptyState('t'), stamped(...pushed('e1', 'a.md')));
const [item] = state.records['a.md']?.items ?? [];
const over = update('e2', 'old-name.md', 'r-e1');
const idsOf = (effect: typeof over) =>
  strayWrites({ effects: [effect] }, state).map((write) => ('document' in write ? write.document : ''));

it('a write over an item is of the document that has it now', () => {
  expect(item?.remoteId).toBe('r-e1');
  expect(idsOf(over)).toEqual(['a.md']);
  expect(idsOf(remove('e3', 'old-name.md', 'r-e1'))).toEqual(['a.md']);
});

it('the very bytes that are remembered leave nothing unknown; what was made besides is no record’s', () => {
  if (over.action !== 'update') throw new Error('an update');
  expect(idsOf({ ...over, fingerprint: item?.fingerprint ?? '' })).toEqual([]);
  expect(idsOf(create('e4', 'b.md'))).toEqual([]);
});

it('an item that no record has stays what it was said to be', () => {
  expect(idsOf(update('e5', 'gone.md', 'r9'))).toEqual(['gone.md']);
});
