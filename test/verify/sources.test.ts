// Sources as vendors name them, resolved to documents of ours.
import { expect, it } from 'vitest';
import type { Effect, JournalEntry } from '../../src/model/effect.ts';
import { fold } from '../../src/model/fold.ts';
import { emptyState } from '../../src/model/record.ts';
import { resolveSources } from '../../src/verify/sources.ts';

const at = '2026-11-21T00:00:00.000Z';
const url = 'https://docs.example.com/a';
const create: Effect = {
  id: 'e1',
  operation: null,
  commit: null,
  action: 'create',
  supersedes: { remoteId: 'r0', mark: 'old mark', removable: 'once-trained' },
  ...{ document: 'a', path: 'a.md', title: 'About A', url, body: '', part: '', mark: 'docs:a', fingerprint: 'f' },
};
const entries: JournalEntry[] = [
  { at, kind: 'begin', effects: [create] },
  { at, kind: 'done', effect: 'e1', remoteId: 'r1', settledBy: 'reply' },
];
const { state } = fold(emptyState('bot'), entries);

it.each(['docs:a', 'r1', 'r0', 'old mark'])('%s is document a, by its title', (title) => {
  expect(resolveSources([{ document: null, title, url: null }], state)).toEqual([{ document: 'a', title: 'About A', url }]);
});

it('a page address is its document', () => {
  expect(resolveSources([{ document: null, title: null, url }], state)).toEqual([{ document: 'a', title: 'About A', url }]);
});

it('what is none of ours stays as it was named; nothing is invented', () => {
  const foreign = { document: null, title: 'Handbook.pdf', url: null };
  expect(resolveSources([foreign], state)).toEqual([foreign]);
  expect(resolveSources([{ document: null, title: null, url: null }], state)).toEqual([{ document: null, title: null, url: null }]);
  expect(resolveSources([], state)).toEqual([]);
});
