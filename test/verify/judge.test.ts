// What counts as the same, and what never does: the near misses matter more than the tolerance.
import { describe, expect, it } from 'vitest';
import type { AnswerSource, Expectation, PlacedTest } from '../../src/model/answer.ts';
import { fold, heard, holds, judge } from '../../src/verify/judge.ts';
import { matchWithin } from '../../src/verify/pattern.ts';

const tools = { matches: matchWithin(100), plain: (text: string) => text.replace(/[*_`]|<[^>]+>/g, '') };
const says = (answer: string, expectation: Expectation) => holds(heard(answer, tools.plain), expectation, tools);
const test = (more: Partial<PlacedTest>): PlacedTest => ({
  ask: 'How long?',
  expect: [],
  reject: [],
  cite: false,
  targets: null,
  document: 'a.md',
  path: 'a.md',
  line: null,
  ...more,
});
const source = (document: string | null, title: string | null = null): AnswerSource => ({ document, title, url: null });

describe('a text that is expected', () => {
  it.each([
    ['Open SETTINGS now', 'settings'],
    ['open\n  the   reset\u00a0link', 'the reset link'],
    ['It’s “ready” – really', `it's "ready" - really`],
    ['Open **Settings** and <b>Account</b>', 'settings and account'],
    ['Use `**/*.md` here', '**/*.md'],
    ['Use kbsync sync', '`kbsync sync`'],
    ['cafe\u0301', 'café'],
    ['soft\u00adhyphen', 'softhyphen'],
    ['ﬁle', 'file'],
  ])('is found in %j: %j', (answer, expectation) => expect(says(answer, expectation)).toBe(true));

  it('is not found where it does not stand', () => {
    expect(says('Open the menu', 'settings')).toBe(false);
    expect(says('cafe', 'café')).toBe(false);
    expect(says('anything', '')).toBe(false);
    expect(says('', 'x')).toBe(false);
  });
});

describe('numbers and units', () => {
  it.each([
    ['valid for 30min', '30 minutes'],
    ['valid for 30 min.', '30 minutes'],
    ['valid for 30 minutes.', '30 min.'],
    ['a 30-minute link', '30 minutes'],
    ['30\u00a0Minuten', '30 min'],
    ['about 30 minutes', '30'],
    ['costs €5', '5 €'],
    ['costs 5 EUR', '€5'],
    ['costs EUR 5', '5 euros'],
    ['costs 5.00 €', '5 €'],
    ['costs $1,250.50', '1250.5 USD'],
    ['10 % off', '10%'],
    ['10 percent off', '10%'],
    ['up to 1,000 pages', '1000 pages'],
    ['up to 1 000 pages', '1,000 pages'],
    ["up to 1'000 pages", '1000'],
    ['1.000,00 €', '€1,000'],
    ['1.000.000 rows', '1,000,000 rows'],
    ['1,5 km', '1.5 km'],
    ['5 million users', '5,000,000 users'],
    ['30k rows', '30,000 rows'],
    ['in 24h', '24 hours'],
    ['Node v20.19', '20.19'],
    ['50 of 900 asked', '50 of 900'],
    ['the 4th step', '4th'],
    ['at 1.500 m', '1.500 m'],
    ['below -5 °C', '-5°C'],
    ['from 2026-12-01 on', '2026-12-01'],
    ['exit code 7', 'code 7'],
    ['5 MB at most', '5MB'],
    ['It costs $1,000 a year', '$1000'],
    ['It costs €5 per month', '5 EUR'],
    ['EUR 5 and no more', '€5'],
    ['10 per cent off', '10%'],
    ['since 2026-12-01T10:00Z', '2026-12-01'],
  ])('%j says %j', (answer, expectation) => expect(says(answer, expectation)).toBe(true));

  it.each([
    ['300 minutes', '30 minutes'],
    ['300', '30'],
    ['130 minutes', '30 minutes'],
    ['15 minutes', '5 minutes'],
    ['15', '1.5'],
    ['1.5 hours', '15 hours'],
    ['1.5 hours', '5 hours'],
    ['1.5', '1'],
    ['30 hours', '30 minutes'],
    ['30 seconds', '30 min'],
    ['30 months', '30 m'],
    ['30 members', '30 m'],
    ['30 milliseconds', '30 s'],
    ['1,000 pages', '1 pages'],
    ['1,000 pages', '000 pages'],
    ['1 000 pages', '1'],
    ['2 000 pages', '000 pages'],
    ['1.500 kg', '1500 kg'],
    ['1500 kg', '1.500 kg'],
    ['1.500 kg', '1.5 kg'],
    ['version 1.10', '1.1'],
    ['version 1.1', '1.10'],
    ['1.2.3', '1.2'],
    ['10.0.0.1', '10'],
    ['5 €', '5 $'],
    ['AU$5', '$5'],
    ['$5 million', '$5'],
    ['$5 m', '$5'],
    ['$5 bn', '5 USD'],
    ['2026-12-011', '2026-12-01'],
    ['5 million users', '5'],
    ['30k rows', '30 rows'],
    ['30k', '30'],
    ['5 GB', '5 MB'],
    ['5 MiB', '5 MB'],
    ['10²', '102'],
    ['10²', '10'],
    ['below -5 °C', '5 °C'],
    ['0.5 %', '5 %'],
    ['0,125', '125'],
    ['3f2a1c', '3'],
    ['1.000', '1'],
    ['20 %', '2 %'],
    ['100 %', '10 %'],
  ])('%j does not say %j', (answer, expectation) => expect(says(answer, expectation)).toBe(false));

  it('take a time that grows with the answer, and no faster', () => {
    const started = performance.now();
    for (const text of ['1 ', '0 ', '(0']) says(text.repeat(45_000), '5 minutes');
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it('of a list are no groups of thousands', () => {
    expect(says('ports 80, 443, 8420', '443')).toBe(true);
    expect(says('in 2024 500 people', '500 people')).toBe(true);
  });
});

describe('any of several, and patterns', () => {
  it('take one of the texts', () => {
    expect(says('use the recovery link', ['reset link', 'recovery link'])).toBe(true);
    expect(says('use the link', ['reset link', 'recovery link'])).toBe(false);
  });

  it('match without regard to case, with and without markup', () => {
    expect(says('After **30** Min', { re: '30 ?min' })).toBe(true);
    expect(says('After 3 hours', { re: '30 ?min' })).toBe(false);
    expect(says('a\nb', { re: '^b$' })).toBe(false);
    expect(says('a\nb', { re: 'a b' })).toBe(true);
  });

  it('give up on a pattern that backtracks without end, which is no verdict', () => {
    const started = performance.now();
    const result = judge(test({ expect: [{ re: '(a+)+$' }] }), { text: `${'a'.repeat(50)}!`, sources: [] }, tools);
    expect(result).toEqual({ verdict: 'inconclusive', reasons: ['/(a+)+$/ takes too long on this answer'] });
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('the verdict', () => {
  it('passes where all is there and nothing is that must not be', () => {
    const wanted = test({ expect: ['Settings', ['a', 'b'], { re: 'x+' }], reject: ['phone'] });
    expect(judge(wanted, { text: 'Settings, b, xx', sources: [] }, tools)).toEqual({ verdict: 'pass', reasons: [] });
  });

  it('fails with each thing that is missing or too much', () => {
    const wanted = test({ expect: ['Settings', ['a1', 'b1'], { re: 'x{2}' }], reject: ['call us', { re: '\\d{4}' }] });
    expect(judge(wanted, { text: 'Call us at 4711', sources: [] }, tools)).toEqual({
      verdict: 'fail',
      reasons: [
        'lacks "Settings"',
        'lacks any of "a1", "b1"',
        'does not match /x{2}/',
        'says "call us", which it must not',
        'says /\\d{4}/, which it must not',
      ],
    });
  });

  it('wants the document among the sources where cite says so', () => {
    const wanted = test({ expect: ['yes'], cite: true });
    const verdict = (...sources: AnswerSource[]) => judge(wanted, { text: 'yes', sources }, tools);
    expect(verdict(source('b.md'), source('a.md')).verdict).toBe('pass');
    expect(verdict(source('a.md#qa-x')).verdict).toBe('pass');
    expect(verdict(source('b.md'), source(null, 'Other'))).toEqual({
      verdict: 'fail',
      reasons: ['does not rest on a.md, but on b.md, Other'],
    });
    expect(verdict()).toEqual({ verdict: 'pass', reasons: ['the vendor named no source, so cite could not be checked'] });
    expect(judge(test({ cite: true }), { text: 'yes', sources: [] }, tools).verdict).toBe('inconclusive');
  });

  it('of an empty answer is what the expectations make of it', () => {
    expect(judge(test({ expect: ['x'] }), { text: '', sources: [] }, tools).verdict).toBe('fail');
    expect(judge(test({ reject: ['x'] }), { text: '', sources: [] }, tools).verdict).toBe('pass');
  });
});

it('folding is idempotent', () => {
  for (const text of ['Ｆｕｌｌ “x” – 10² ½ ﬁ', 'a\u00a0b\u2009c', '  A  ']) expect(fold(fold(text))).toBe(fold(text));
});
