import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inTargetScope, selectFor } from '../../src/content/select.ts';
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
