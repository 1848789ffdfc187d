import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fenceCount, inTargetScope, overdueReviews, selectFor } from '../../src/content/select.ts';
import type { Distribution, Document } from '../../src/model/document.ts';

const open: Distribution = { targets: null, audience: null, draft: false, publishAt: null, expiresAt: null, reviewBy: null };
const document = (distribution: Partial<Distribution> = {}, path = 'guides/a.md'): Document => ({
  kind: 'article',
  id: path,
  path,
  title: 'A',
  url: null,
  attributes: {},
  distribution: { ...open, ...distribution },
  tests: [],
  body: '',
});
const now = Date.parse('2026-12-01T00:00:00Z');
const anyone = { name: 'support', audience: null, include: ['**'] };
const fenced = { ...anyone, audience: ['public', 'partner'] };

describe('selectFor', () => {
  it.each([
    [anyone, {}, null],
    [anyone, { audience: 'internal' }, null],
    [fenced, { audience: 'public' }, null],
    [fenced, { audience: 'internal' }, { reason: 'audience internal is outside the fence [public, partner]', retraction: true }],
    [fenced, {}, { reason: 'no audience is stated, which is outside the fence [public, partner]', retraction: true }],
    [{ ...anyone, audience: [] }, { audience: 'public' }, { reason: 'audience public is outside the fence []', retraction: true }],
    [
      fenced,
      { audience: 'internal', draft: true },
      { reason: 'audience internal is outside the fence [public, partner]', retraction: true },
    ],
    [anyone, { draft: true }, { reason: 'draft', retraction: false }],
    [anyone, { targets: ['support'] }, null],
    [anyone, { targets: ['other'] }, { reason: 'not for this target', retraction: false }],
    [anyone, { targets: [] }, { reason: 'not for this target', retraction: false }],
    [anyone, { publishAt: '2026-12-01' }, null],
    [anyone, { publishAt: '2026-12-02' }, { reason: 'not before 2026-12-02', retraction: false }],
    [anyone, { publishAt: '2026-12-01T00:00:00.001Z' }, { reason: 'not before 2026-12-01T00:00:00.001Z', retraction: false }],
    [anyone, { expiresAt: '2026-12-02' }, null],
    [anyone, { expiresAt: '2026-12-01' }, { reason: 'expired 2026-12-01', retraction: false }],
    [anyone, { reviewBy: '2020-01-01' }, null],
  ])('%j with %j', (target, distribution, leave) => {
    const only = document(distribution);
    const selection = selectFor(target, [only], now);
    expect(selection.leaves.get(only.id) ?? null).toEqual(leave);
    expect(selection.wanted).toEqual(leave === null ? [only] : []);
    expect(selection.outOfScope.size).toBe(0);
  });

  it('a narrower include leaves things as they are, but never what is outside the fence', () => {
    const narrow = { ...fenced, include: ['guides/**'] };
    const inside = document({ audience: 'public' });
    const beside = document({ audience: 'public', draft: true }, 'blog/b.md');
    const secret = document({ audience: 'internal' }, 'blog/c.md');
    const selection = selectFor(narrow, [inside, beside, secret], now);
    expect(selection.wanted).toEqual([inside]);
    expect([...selection.outOfScope]).toEqual(['blog/b.md']);
    expect([...selection.leaves.keys()]).toEqual(['blog/c.md']);
  });

  it('the include of a target', () => {
    expect(inTargetScope({ include: ['**'] }, '.hidden/a.md')).toBe(true);
    expect(inTargetScope({ include: ['guides'] }, 'guides/x/a.md')).toBe(true);
    expect(inTargetScope({ include: ['**', '!blog/**'] }, 'blog/a.md')).toBe(false);
    expect(inTargetScope({ include: [] }, 'a.md')).toBe(false);
  });

  it('never wants a document outside its fence, and puts each in exactly one place', () => {
    const word = fc.constantFrom('public', 'internal', 'partner', 'Public', '');
    const date = fc.option(fc.constantFrom('2020-01-01', '2030-01-01', '2026-12-01T00:00:00.000Z'), { nil: null });
    const distribution = fc.record({
      targets: fc.option(fc.subarray(['support', 'other']), { nil: null }),
      audience: fc.option(word, { nil: null }),
      draft: fc.boolean(),
      publishAt: date,
      expiresAt: date,
      reviewBy: date,
    });
    const target = fc.record({
      name: fc.constant('support'),
      audience: fc.option(fc.array(word, { maxLength: 3 }), { nil: null }),
      include: fc.subarray(['**', 'guides/**', '!guides/a.md', 'blog/*']),
    });
    fc.assert(
      fc.property(target, fc.array(distribution, { maxLength: 6 }), (config, distributions) => {
        const documents = distributions.map((each, index) => document(each, `${index % 2 === 0 ? 'guides' : 'blog'}/${index}.md`));
        const { wanted, leaves, outOfScope } = selectFor(config, documents, now);
        for (const each of wanted) {
          if (config.audience !== null) expect(config.audience).toContain(each.distribution.audience);
          expect(each.distribution.draft).toBe(false);
        }
        for (const each of documents) {
          const places = [wanted.includes(each), leaves.has(each.id), outOfScope.has(each.id)].filter(Boolean);
          expect(places).toHaveLength(1);
        }
      }),
    );
  });
});

describe('overdueReviews', () => {
  const at = (distribution: Partial<Distribution>, path?: string) => document(distribution, path);
  const told = (documents: readonly Document[], nowMs = now) =>
    overdueReviews(documents, nowMs).map(({ path, message }) => `${path}: ${message}`);

  it('warns of each file once its day has come', () => {
    const documents = [
      at({ reviewBy: '2026-12-01' }, 'a.md'),
      at({ reviewBy: '2026-12-01' }, 'a.md'),
      at({ reviewBy: '2026-12-02' }, 'b.md'),
      at({}, 'c.md'),
    ];
    expect(told(documents)).toEqual(['a.md: its review was due on 2026-12-01 (reviewBy): look through it, and set the next date']);
    expect(overdueReviews(documents, now)[0]?.severity).toBe('warning');
    expect(told(documents, now - 1)).toEqual([]);
    expect(told(documents, now + 86_400_000)).toHaveLength(2);
  });

  it('not of what no bot has anyway', () => {
    expect(told([at({ reviewBy: '2020-01-01', draft: true }), at({ reviewBy: '2020-01-01', expiresAt: '2026-12-01' })])).toEqual([]);
    expect(told([at({ reviewBy: '2020-01-01', expiresAt: '2026-12-02' })])).toHaveLength(1);
  });
});

describe('fenceCount', () => {
  it('counts both sides, by the audience that is stated', () => {
    const documents = [{ audience: 'public' }, { audience: 'partner' }, { audience: 'internal' }, { audience: 'internal' }, {}].map(
      (each) => document(each),
    );
    expect(fenceCount(fenced, documents)).toEqual({
      inside: 2,
      blocked: 0,
      outside: new Map([
        ['internal', 2],
        ['', 1],
      ]),
    });
    expect(fenceCount(anyone, documents)).toBeNull();
  });
});
