// The file of recorded answers: one answer a test, even where two tests ask the same; files of version 1 are compared as they ever were.
import { describe, expect, it } from 'vitest';
import { baselineText, compare, readBaseline } from '../../src/cli/baseline.ts';
import type { TestResult } from '../../src/model/tests.ts';

const result = (expected: string, patch: Partial<TestResult> = {}): TestResult => ({
  target: 'bot',
  kind: 'golden',
  document: 'reset.md',
  path: 'reset.md',
  line: null,
  tags: [],
  question: 'How long?',
  expect: [expected],
  reject: [],
  cite: false,
  verdict: 'pass',
  answer: `It is ${expected}.`,
  sources: [],
  reasons: [],
  tries: 1,
  asked: [],
  revision: null,
  ...patch,
});
const [minutes, hours] = [result('30 minutes'), result('2 hours')];
const bad = { verdict: 'fail', answer: 'No idea.' } as const;
const open = { verdict: 'inconclusive', answer: null } as const;
const whole = new Set(['bot']);

const recorded = (...results: readonly TestResult[]) => readBaseline(baselineText(results, []), 'x.json');
const first = JSON.stringify({
  kbsync: 'baseline',
  version: 1,
  answers: [{ target: 'bot', document: 'reset.md', question: 'How long?', verdict: 'pass', answer: 'It is 30 minutes.' }],
});
const changes = (before: ReturnType<typeof recorded>, ...results: readonly TestResult[]) =>
  compare(before, results).rows.map(({ change }) => change);
const answers = (text: string) => readBaseline(text, 'x.json').map(({ answer }) => answer);

describe('version 2', () => {
  it('keeps an answer of each of two tests with the same question, and compares each with its own', () => {
    const before = recorded(minutes, hours);
    expect(before.map(({ answer }) => answer).sort()).toEqual(['It is 2 hours.', 'It is 30 minutes.']);
    expect(changes(before, minutes, { ...hours, ...bad })).toEqual(['same', 'worse']);
    expect(changes(recorded({ ...minutes, ...bad }, hours), minutes, hours)).toEqual(['better', 'same']);
    expect(changes(recorded(minutes), minutes, hours)).toEqual(['same', 'new']);
  });

  it('is written anew for those that were asked, each in its own place', () => {
    const before = recorded(minutes, hours);
    expect(answers(baselineText([{ ...hours, answer: '120 minutes.' }], before)).sort()).toEqual(['120 minutes.', 'It is 30 minutes.']);
    expect(answers(baselineText([hours], before, whole))).toEqual(['It is 2 hours.']);
    expect(baselineText([hours, minutes], before, whole)).toBe(baselineText([minutes, hours], []));
  });

  it('still compares the only test of a question after what it expects was edited', () => {
    const before = recorded(minutes);
    expect(changes(before, result('45 minutes'))).toEqual(['different']);
    expect(answers(baselineText([result('45 minutes')], before))).toEqual(['It is 45 minutes.']);
    expect(answers(baselineText([result('45 minutes', open)], before, whole))).toEqual(['It is 30 minutes.']);
  });

  it('without a fingerprint, or with another version, is no baseline', () => {
    const text = baselineText([minutes], []);
    for (const wrong of [text.replace('"test"', '"tset"'), text.replace('"version": 2', '"version": 3')])
      expect(() => readBaseline(wrong, 'x.json')).toThrow('x.json is no baseline');
  });
});

describe('version 1', () => {
  const old = readBaseline(first, 'x.json');

  it('is compared by target, document and question', () => {
    expect(changes(old, minutes, { ...hours, ...bad })).toEqual(['same', 'worse']);
    expect(changes(old, result('30 minutes', { document: null }))).toEqual(['new']);
  });

  it('gives way to the tests that have an answer now, and stays for those that have none', () => {
    expect(answers(baselineText([minutes, hours], old))).toEqual(answers(baselineText([minutes, hours], [])));
    expect(answers(baselineText([minutes, { ...hours, ...open }], old, whole))).toEqual(['It is 30 minutes.', 'It is 30 minutes.']);
    expect(readBaseline(baselineText([], old), 'x.json')).toEqual(old);
    expect(answers(baselineText([], old, whole))).toEqual([]);
  });
});
