import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileParser } from '../../src/content/parse.ts';
import type { ContentConfig, Rule } from '../../src/model/config.ts';
import { folderWith, ids, plainContent, scanOf, told, writeOld } from './folder.ts';

const parse = (text: string, content: Partial<ContentConfig> = {}, rules: readonly Rule[] = [], path = 'guides/faq.qa.yaml') =>
  fileParser({ content: { ...plainContent, root: '/r', ...content }, rules, targetNames: ['support', 'kore'] })({
    path,
    text,
    sidecar: null,
  });
const problems = (result: ReturnType<typeof parse>) =>
  result.problems.map(({ path, line, column, severity, message }) => `${severity} ${path}:${line ?? '-'}:${column ?? '-'} ${message}`);

describe('a Q&A file', () => {
  it('as a list of pairs gives one document a pair', () => {
    const result = parse(`# Questions about links
- q: How long is a
    reset link valid?
  a: |
    30 minutes.

    Then ask for another.
- q: Wie geht das?
  a: So.
  tags: [konto, 7]
  audience: internal
  targets: [support]
  url: https://x.example/wie
  publishAt: 2026-12-01
  reviewBy: 2027-01-01
  id: wie
`);
    expect(problems(result)).toEqual([]);
    expect(result.documents).toMatchObject([
      {
        kind: 'qa',
        id: 'guides/faq.qa.yaml#qa-how-long-is-a-reset-link-valid',
        parent: 'guides/faq.qa.yaml',
        path: 'guides/faq.qa.yaml',
        title: 'How long is a reset link valid?',
        question: 'How long is a reset link valid?',
        answer: '30 minutes.\n\nThen ask for another.',
        url: null,
        attributes: {},
        distribution: { targets: null, audience: null, draft: false, publishAt: null },
      },
      {
        kind: 'qa',
        id: 'guides/faq.qa.yaml#qa-wie',
        question: 'Wie geht das?',
        url: 'https://x.example/wie',
        attributes: { tags: ['konto', '7'] },
        distribution: { targets: ['support'], audience: 'internal', publishAt: '2026-12-01', reviewBy: '2027-01-01' },
      },
    ]);
    expect(result.ids).toEqual(result.documents.map(({ id }) => id));
  });

  it('as defaults and pairs: rules are weakest, then defaults, then the pair', () => {
    const result = parse(
      `defaults:
  audience: partner
  tags: [faq]
  id: faq
pairs:
  - { q: One?, a: 1 }
  - { q: Two?, a: Yes., audience: public, tags: [two] }
  - { q: Three?, a: 007, draft: true }
`,
      { defaults: { audience: 'staff' } },
      [
        { match: 'guides/**', set: { audience: 'internal', expiresAt: '2027-01-01', targets: ['kore'] } },
        // A rule for the articles of a folder is one for the questions beside them: it may be the fence.
        { match: 'guides/*.md', set: { reviewBy: '2026-01-01' } },
      ],
    );
    expect(problems(result)).toEqual([]);
    expect(
      result.documents.map(({ id, distribution, attributes, ...rest }) => [
        id,
        distribution.audience,
        attributes['tags'],
        'answer' in rest ? rest.answer : '',
      ]),
    ).toEqual([
      ['faq#qa-one', 'partner', ['faq'], '1'],
      ['faq#qa-two', 'public', ['two'], 'Yes.'],
      ['faq#qa-three', 'partner', ['faq'], '007'],
    ]);
    for (const { distribution } of result.documents)
      expect(distribution).toMatchObject({ expiresAt: '2027-01-01', targets: ['kore'], reviewBy: '2026-01-01' });
    expect(result.documents.map(({ distribution }) => distribution.draft)).toEqual([false, false, true]);
    expect(parse('- { q: A?, a: B }\n', { defaults: { audience: 'staff' } }).documents[0]?.distribution.audience).toBe('staff');
  });

  it('gives questions that read alike ids of their own', () => {
    const { documents } = parse('- { q: "How?", a: x }\n- { q: "How!", a: y }\n- { q: "???", a: z }\n');
    expect(documents.map(({ id }) => id.slice('guides/faq.qa.yaml'.length))).toEqual([
      '#qa-how',
      '#qa-how-2',
      expect.stringMatching(/^#qa-[0-9a-f]{8}$/),
    ]);
  });

  it('an id that somebody wrote is never taken by the words of a question, wherever it stands', () => {
    const ids = (text: string) => parse(text).documents.map(({ id }) => id.replace(/^.*#qa-/, ''));
    expect(ids('- { q: "How?", a: x }\n- { q: "Other", a: y, id: how }\n')).toEqual(['how-2', 'how']);
    expect(ids('- { q: "Other", a: y, id: how }\n- { q: "How?", a: x }\n')).toEqual(['how', 'how-2']);
    expect(problems(parse('- { q: A?, a: x, id: how }\n- { q: B?, a: y, id: how }\n'))).toEqual([
      'error guides/faq.qa.yaml:2:18 the id "how" stands in this file already',
    ]);
  });

  it.each<readonly [string, string, readonly string[]]>([
    ['no YAML', '- q: "x\n', ['error guides/faq.qa.yaml:2:1 not valid YAML: Missing closing "quote']],
    ['a text', 'hello\n', ['error guides/faq.qa.yaml:1:1 must be a list of pairs, or a mapping of defaults and pairs']],
    ['nothing', '', ['error guides/faq.qa.yaml:1:1 holds no pairs; delete the file to take its pairs out of the bots']],
    ['an empty list', '[]\n', ['error guides/faq.qa.yaml:1:1 holds no pairs; delete the file to take its pairs out of the bots']],
    ['no answer', '- q: A?\n  a: B.\n- q: C?\n', ['error guides/faq.qa.yaml:3:3 "a" is missing in a pair']],
    ['an empty question', '- q: " "\n  a: B.\n', ['error guides/faq.qa.yaml:1:3 "q" must be a text that is not empty']],
    ['a list for an answer', '- q: A?\n  a: [x]\n', ['error guides/faq.qa.yaml:2:3 "a" must be a text']],
    ['a pair that is none', '- q: A?\n  a: B.\n- just text\n', ['error guides/faq.qa.yaml:3:3 a pair must be a mapping with q and a']],
    [
      'a wrong key',
      '- q: A?\n  a: B.\n  audiance: x\n',
      ['error guides/faq.qa.yaml:3:3 unknown key "audiance" in a pair; did you mean "audience"?'],
    ],
    [
      'a wrong target',
      '- q: A?\n  a: B.\n  targets: [suport]\n',
      ['error guides/faq.qa.yaml:3:13 unknown target "suport"; did you mean "support"?'],
    ],
    ['a wrong date', 'pairs:\n  - q: A?\n    a: B.\n    expiresAt: soon\n', ['error guides/faq.qa.yaml:4:5 "expiresAt" must be a date']],
    [
      'a wrong key above',
      'default: {}\npairs:\n  - { q: A?, a: B }\n',
      ['error guides/faq.qa.yaml:1:1 unknown key "default" in a Q&A file; did you mean "defaults"?'],
    ],
    [
      'wrong defaults',
      'defaults:\n  faq: []\npairs:\n  - { q: A?, a: B }\n',
      ['error guides/faq.qa.yaml:2:3 unknown key "faq" in defaults'],
    ],
    ['defaults that are none', 'defaults: x\npairs:\n  - { q: A?, a: B }\n', ['error guides/faq.qa.yaml:1:1 "defaults" must hold keys']],
    ['no pairs', 'defaults: { audience: x }\n', ['error guides/faq.qa.yaml:1:1 "pairs" is missing']],
    ['pairs that are none', 'pairs: 3\n', ['error guides/faq.qa.yaml:1:1 "pairs" must be a list']],
    ['pairs without any', 'pairs: []\n', ['error guides/faq.qa.yaml:1:1 "pairs" is empty']],
  ])('with a mistake gives no document at all, and says where: %s', (_, text, expected) => {
    const result = parse(text);
    const found = problems(result);
    expect(found).toHaveLength(expected.length);
    expected.forEach((start, index) => {
      expect(found[index]).toMatch(new RegExp(`^${start.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`));
    });
    expect(result.documents).toEqual([]);
  });

  it('lays claim to its ids also where a mistake keeps it back', () => {
    expect(parse('- { q: A?, a: B }\n- { q: C? }\n')).toMatchObject({ documents: [], ids: ['guides/faq.qa.yaml#qa-a'] });
  });
});

describe('a Q&A file in the folder', () => {
  const pair = '- { q: How?, a: So. }\n';

  it('counts where a Markdown file of its name would', async () => {
    const root = folderWith({
      'a.md': '# A',
      'faq.qa.yaml': pair,
      'guides/more.qa.yml': pair,
      'out/x.qa.yaml': pair,
      'ignored/x.qa.yaml': pair,
      'ignored/.kbsyncignore': '*.md\n',
      'notes.yaml': pair,
      'deep/only.qa.yaml': pair,
    });
    const scan = await scanOf(root, { content: { exclude: ['out/*.md'], include: ['**/*.md'] } });
    expect(ids(scan)).toEqual(['a.md', 'deep/only.qa.yaml#qa-how', 'faq.qa.yaml#qa-how', 'guides/more.qa.yml#qa-how']);
    expect(told(scan)).toEqual([]);
    expect(scan.inScope('new.qa.yaml')).toBe(true);
    expect(scan.inScope('out/x.qa.yaml')).toBe(false);
    expect(scan.inScope('ignored/x.qa.yaml')).toBe(false);
    const named = await scanOf(root, { content: { include: ['**/*.qa.yaml'], exclude: ['**/*.md', 'deep/**'] } });
    expect(ids(named)).toEqual(['faq.qa.yaml#qa-how', 'out/x.qa.yaml#qa-how']);
  });

  it('has its text without the file being read again, and blocks only itself', async () => {
    const root = folderWith({ 'faq.qa.yaml': pair, 'bad.qa.yaml': '- { q: How? }\n' });
    const scan = await scanOf(root);
    const [document] = scan.documents;
    expect(document === undefined ? '' : scan.text(document)).toBe('How?\n\nSo.');
    expect([...scan.blockedPaths]).toEqual([['bad.qa.yaml', 'line 1: "a" is missing in a pair']]);
    writeOld(join(root, 'bad.qa.yaml'), pair);
    expect(ids(await scanOf(root))).toEqual(['bad.qa.yaml#qa-how', 'faq.qa.yaml#qa-how']);
  });

  it('may not claim the id of another', async () => {
    const root = folderWith({
      'a.qa.yaml': 'defaults: { id: faq }\npairs: [{ q: How?, a: So. }]\n',
      'b.md': '---\nkb:\n  id: faq\n  faq: [{ q: How?, a: B. }]\n---\n',
    });
    const scan = await scanOf(root);
    expect(ids(scan)).toEqual([]);
    expect(told(scan)).toEqual([
      'error a.qa.yaml:- the id "faq#qa-how" is also that of b.md',
      'error b.md:- the id "faq#qa-how" is also that of a.qa.yaml',
    ]);
  });
});
