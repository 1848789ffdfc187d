// The nearest passage of each group: which kind of gap it is, and what is told of the place.
import { expect, it } from 'vitest';
import { mapGaps } from '../../src/cli/gaps-map.ts';
import type { Passages } from '../../src/cli/passages.ts';
import type { PlacedTest } from '../../src/model/answer.ts';
import type { Document } from '../../src/model/document.ts';
import type { Nearest, QuestionGroup } from '../../src/verify/gaps.ts';

const group: QuestionGroup = {
  question: 'How do I export invoices?',
  also: ['invocies exprot'],
  count: 3,
  targets: [
    { target: 'support', count: 2 },
    { target: 'site', count: 1 },
  ],
  reasons: [{ reason: 'said-so', count: 3 }],
  first: '2026-11-01T00:00:00.000Z',
  last: '2026-11-10T00:00:00.000Z',
};

const golden = (document: string | null, patch: Partial<PlacedTest> = {}): PlacedTest => {
  const rest = { reject: [], cite: false, targets: null, path: 'x.golden.yaml', line: 1 };
  return { ask: 'Export invoices!', expect: ['csv'], document, ...rest, ...patch };
};

/** Passages with a fixed coverage each, whatever is asked. */
function passages(...all: readonly Nearest[]): Passages {
  const documents = new Map(
    all.map(({ document }) => [document, { id: document, path: document, title: 'Invoices', tests: [] } as unknown as Document]),
  );
  return {
    documents,
    tests: [golden('a.md')],
    unread: 0,
    nearest: (_words, of = () => true) =>
      all
        .filter(({ document }) => of(document))
        .reduce<Nearest | null>((best, next) => (best === null || next.coverage > best.coverage ? next : best), null),
  };
}

const place = (document: string, coverage: number, heading = 'Invoices > Export & send'): Nearest => ({ document, heading, coverage });
const given = (support: Record<string, string>, site: Record<string, string> = {}) =>
  new Map([
    ['support', new Map(Object.entries(support))],
    ['site', new Map(Object.entries(site))],
  ]);
const old = '2026-10-01T00:00:00.000Z';
const fresh = '2026-11-20T00:00:00.000Z';
const only = (found: Passages, has = given({})) => mapGaps([group], found, has)[0];

it('is a content gap where nothing covers half of the question', () => {
  expect(only(passages(place('a.md', 0.49)))).toMatchObject({ kind: 'content', nearest: null });
  expect(only(passages())).toMatchObject({ kind: 'content', nearest: null });
});

it('is not given where none of the bots that were asked has it, and a retrieval gap where one has', () => {
  expect(only(passages(place('a.md', 0.6)))).toMatchObject({ kind: 'not-given', nearest: { match: 'near', givenTo: [] } });
  expect(only(passages(place('a.md', 0.9)), given({ 'a.md': old }))).toMatchObject({
    kind: 'retrieval',
    nearest: { path: 'a.md', anchor: 'export--send', match: 'close', givenTo: ['support'], givenSince: false, tested: true },
  });
});

it('prefers what the bots have, unless another covers much more', () => {
  const has = given({ 'mine.md': old });
  expect(only(passages(place('mine.md', 0.6), place('other.md', 0.8)), has)?.nearest?.document).toBe('mine.md');
  expect(only(passages(place('mine.md', 0.6), place('other.md', 0.9)), has)?.nearest?.document).toBe('other.md');
  expect(only(passages(place('mine.md', 0.4), place('other.md', 0.6)), has)?.nearest?.document).toBe('other.md');
});

it('may be answered by now where all the bots got it after it was last asked', () => {
  const found = passages(place('a.md', 0.9));
  expect(only(found, given({ 'a.md': fresh }, { 'a.md': fresh }))?.nearest?.givenSince).toBe(true);
  expect(only(found, given({ 'a.md': fresh }))?.nearest?.givenSince).toBe(false);
  expect(only(found, given({ 'a.md': fresh }, { 'a.md': old }))?.nearest?.givenSince).toBe(false);
});

it('has no anchor at the start of a document', () => {
  expect(only(passages(place('a.md', 0.9, '')))?.nearest?.anchor).toBeNull();
  expect(only(passages(place('a.md', 0.9, 'Invoices')))?.nearest?.anchor).toBeNull();
});

it('is tested where a golden question of these words is about the place, or about no document; a draft is none', () => {
  const tested = (...tests: readonly PlacedTest[]) =>
    only({ ...passages(place('a.md', 0.9)), tests }, given({ 'a.md': old }))?.nearest?.tested;
  expect(tested(golden('a.md'))).toBe(true);
  expect(tested(golden(null))).toBe(true);
  expect(tested()).toBe(false);
  expect(tested(golden('b.md'))).toBe(false);
  expect(tested(golden('a.md', { expect: [] }))).toBe(false);
  expect(tested(golden('a.md', { ask: 'Import invoices!' }))).toBe(false);
});
