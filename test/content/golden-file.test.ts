// Files of golden questions: what they hold, what they inherit, and every mistake with its line.
import { describe, expect, it } from 'vitest';
import { spokenText } from '../../src/content/formats/spoken.ts';
import { readGoldenFile } from '../../src/content/golden-file.ts';
import type { ContentConfig } from '../../src/model/config.ts';

const content = { frontMatter: { key: 'kb', map: {} }, site: null, defaults: { audience: null } } as unknown as ContentConfig;
const documents = new Map([
  ['guides/reset.md', 'reset'],
  ['reset', 'reset'],
]);
const read = (text: string) => readGoldenFile({ path: 'x.golden.yaml', text, content, targetNames: ['support'], documents });
const errors = (text: string) => read(text).problems.map(({ line, message }) => `${line} ${message}`);

describe('a file of golden questions', () => {
  it('is a list of tests, or defaults and tests', () => {
    expect(read('- ask: A?\n  expect: yes it is\n  document: guides/reset.md\n').tests).toEqual([
      { ask: 'A?', expect: ['yes it is'], reject: [], cite: false, targets: null, document: 'reset', path: 'x.golden.yaml', line: 1 },
    ]);
    const both = read(
      'defaults: { tags: [smoke], targets: [support], document: reset }\ntests:\n  - ask: B?\n    reject: [no]\n    tags: zoo\n  - ask: C?\n    cite: true\n',
    );
    expect(both.problems).toEqual([]);
    expect(both.tests).toMatchObject([
      { ask: 'B?', tags: ['zoo'], targets: ['support'], line: 3 },
      { ask: 'C?', tags: ['smoke'], cite: true, document: 'reset', line: 6 },
    ]);
  });

  it.each([
    ['- ask: A?\n  expct: x\n', '2 unknown key "expct" in tests; did you mean "expect"?'],
    ['- expect: x\n', '1 "ask" is missing in tests'],
    ['- ask: A?\n  expect: x\n  document: guides/rest.md\n', '3 there is no document "guides/rest.md"; did you mean "guides/reset.md"?'],
    ['- ask: A?\n  cite: true\n', '1 "cite" needs a "document" that the answer is to rest on'],
    ['- ask: A?\n  expect: { re: "(" }\n', '2 "re" is no regular expression: Invalid regular expression: /(/i: Unterminated group'],
    ['- ask: A?\n  expect: x\n  targets: [suport]\n', '3 unknown target "suport"; did you mean "support"?'],
    ['- ask: A?\n  expect: [""]\n', '2 an empty text proves nothing'],
    ['- ask: A?\n  expect: [[a, " "]]\n', '2 an empty text proves nothing'],
    ['- ask: A?\n  expect: [[]]\n', '2 any of no text proves nothing'],
    ['- ask: A?\n  expect: { re: "" }\n', '2 an empty pattern proves nothing'],
    ['test: []\n', '1 unknown key "test" in a file of tests; did you mean "tests"?'],
    ['x\n', '1 must be a list of tests, or a mapping of defaults and tests'],
    ['- [\n', /^\d cannot be read|^\d not valid YAML/],
  ])('%j is told with its line, and keeps the whole file back', (text, message) => {
    const found = read(`${text}`);
    expect(found.tests).toEqual([]);
    if (typeof message === 'string') expect(errors(text)).toContain(message);
    else expect(errors(text).join('\n')).toMatch(message);
  });
});

it('of a file, a test of a document that is kept back is left out, and no other', () => {
  const text = '- ask: A?\n  expect: x\n  document: broken.md\n- ask: B?\n  expect: x\n';
  const found = readGoldenFile({ path: 'x.golden.yaml', text, content, targetNames: [], documents, blocked: new Set(['broken.md']) });
  expect(found.tests.map(({ ask }) => ask)).toEqual(['B?']);
  expect(found.problems).toMatchObject([
    { severity: 'warning', line: 3, message: '"broken.md" is kept back for an error of its own, and so is this test' },
  ]);
});

it('what a bot says loses its markup and keeps its words', () => {
  expect(spokenText('Open **Settings** → [Account](https://x.example) and `run it`.')).toBe('Open Settings → Account and run it.');
  expect(spokenText('<p>Valid for <b>30</b>&nbsp;minutes</p>')).toBe('Valid for 30 minutes');
  expect(spokenText('| a | b |\n|---|---|\n| 1 | 2 |')).toBe('a | b\n1 | 2');
  expect(spokenText('- one\n- two *three*')).toBe('one\ntwo three');
  expect(spokenText('plain')).toBe('plain');
  // Bots say anything: what no parser takes, or takes too long for, stays as it is.
  for (const hostile of ['> '.repeat(200), `**a** ${'[a]('.repeat(6_000)}`]) expect(spokenText(hostile)).toBe(hostile);
});
