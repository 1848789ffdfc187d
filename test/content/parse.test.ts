import { describe, expect, it } from 'vitest';
import { type FileSource, fileParser } from '../../src/content/parse.ts';
import { decode } from '../../src/content/source.ts';
import type { ContentConfig, Rule } from '../../src/model/config.ts';
import { plainContent } from './folder.ts';

const parse = (text: string, more: Partial<FileSource> = {}, content: Partial<ContentConfig> = {}, rules: readonly Rule[] = []) =>
  fileParser({ content: { ...plainContent, root: '/r', ...content }, rules, targetNames: ['support', 'kore'] })({
    path: 'guides/reset.md',
    text,
    sidecar: null,
    ...more,
  });
const sidecar = (text: string) => ({ sidecar: { path: 'guides/reset.kb.yaml', text } });
const problems = (result: ReturnType<typeof parse>) =>
  result.problems.map(({ path, line, severity, message }) => `${severity} ${path}:${line ?? '-'} ${message}`);
const article = (result: ReturnType<typeof parse>) => {
  expect(problems(result).filter((line) => line.startsWith('error'))).toEqual([]);
  const [first] = result.documents;
  if (first?.kind !== 'article') throw new Error('no article');
  return first;
};

describe('front matter', () => {
  it('reads every key of the contract', () => {
    const result = parse(
      `---
title: Reset your password
tags: [account]
description: How to reset
slug: reset
kb:
  id: reset-password
  url: https://docs.example.com/reset
  targets: [support, kore]
  audience: public
  publishAt: 2026-12-01
  expiresAt: 2027-01-01T10:00:00+02:00
  reviewBy: 2027-06-01
  faq:
    - q: How long is a reset link valid?
      a: 30 minutes.
  tests:
    - ask: How do I reset my password?
      expect: ["Settings", ["reset link", "recovery link"], { re: "30 ?min" }]
      reject: ["call support"]
      cite: true
---
# Reset

Body.
`,
    );
    expect(article(result)).toMatchObject({
      id: 'reset-password',
      path: 'guides/reset.md',
      title: 'Reset your password',
      url: 'https://docs.example.com/reset',
      attributes: { tags: ['account'], description: 'How to reset', slug: 'reset' },
      distribution: {
        targets: ['support', 'kore'],
        audience: 'public',
        draft: false,
        publishAt: '2026-12-01',
        expiresAt: '2027-01-01T08:00:00.000Z',
        reviewBy: '2027-06-01',
      },
      tests: [
        {
          ask: 'How do I reset my password?',
          expect: ['Settings', ['reset link', 'recovery link'], { re: '30 ?min' }],
          reject: ['call support'],
          cite: true,
          targets: null,
        },
      ],
    });
    expect(result.documents[1]).toMatchObject({
      kind: 'qa',
      id: 'reset-password#qa-how-long-is-a-reset-link-valid',
      question: 'How long is a reset link valid?',
      answer: '30 minutes.',
      parent: 'reset-password',
      url: 'https://docs.example.com/reset',
      distribution: { audience: 'public' },
    });
  });

  it('takes TOML between +++ and JSON between ---json and ---', () => {
    const toml = parse('+++\ntitle = "T"\ndraft = true\n[kb]\nid = "x"\npublishAt = 2026-12-01\n+++\nBody\n');
    expect(article(toml)).toMatchObject({ id: 'x', title: 'T', distribution: { draft: true, publishAt: '2026-12-01' } });
    const json = parse('---json\n{ "title": "J", "kb": { "id": "y" } }\n---\nBody\n');
    expect(article(json)).toMatchObject({ id: 'y', title: 'J' });
    expect(article(toml).body).toBe(article(json).body);
  });

  it('reads ids as they are written', () => {
    expect(article(parse('---\nkb: { id: 361628903185318481 }\n---\n')).id).toBe('361628903185318481');
    expect(article(parse('---\nkb:\n  id: 007\n---\n')).id).toBe('007');
    expect(article(parse('---\nkb:\n  id: cafe\u0301\n---\n')).id).toBe('caf\u00e9');
  });

  it.each([
    ['---\ntitle: [a\n---\nx', /error guides\/reset\.md:\d not valid YAML/],
    ['---\na: 1\na: 2\n---\nx', /error guides\/reset\.md:3 not valid YAML/],
    ['+++\na = \n+++\nx', /error guides\/reset\.md:2 not valid TOML/],
    ['---json\n{ "a": 1,\n}\n---\nx', /error guides\/reset\.md:3 not valid JSON/],
    [
      '---\nkb:\n  id: a\n  audiance: public\n---\n',
      /error guides\/reset\.md:4 unknown key "audiance" below kb; did you mean "audience"\?/,
    ],
    ['+++\n[kb]\nid = "a"\naudiance = "public"\n+++\n', /error guides\/reset\.md:4 unknown key "audiance" below kb/],
    [
      '---\nkb:\n  targets:\n    - support\n    - suport\n---\n',
      /error guides\/reset\.md:5 unknown target "suport"; did you mean "support"\?/,
    ],
    ['---\nkb: public\n---\n', /:2 "kb" must hold keys/],
    ['---\nkb:\n  publishAt: soon\n---\n', /:3 "kb\.publishAt" must be a date such as/],
    ['---\nkb:\n  expiresAt: 2026-02-30\n---\n', /:3 "kb\.expiresAt" must be a day that exists/],
    ['---\nkb:\n  url: docs/reset\n---\n', /:3 "kb\.url" must be an address/],
    ['---\nkb:\n  url: javascript:alert(1)\n---\n', /:3 "kb\.url" must be an address/],
    ['---\ndraft: maybe\n---\n', /:2 "draft" must be true or false, not "maybe"/],
    ['---\nkb:\n  faq:\n    - q: Q?\n      answer: A\n---\n', /:5 unknown key "answer" in faq/],
    ['---\nkb:\n  faq:\n    - q: Q?\n---\n', /:4 "a" is missing in faq/],
    ['---\nkb:\n  tests:\n    - ask: Q?\n      expect: [{ re: "(" }]\n---\n', /:5 "re" is no regular expression/],
    ['---\nkb:\n  id: a#qa-b\n---\n', /:3 "kb\.id" must be a text without "#qa-"/],
    ['---\nkb:\n  audience: [public]\n---\n', /:3 "kb\.audience" must be one text: a document has one audience, not a list/],
    ['---\ntitle: T\nkb:\n  audience: internal\n\nThe fence was forgotten.\n', /:1 front matter is never closed/],
    ['---\n- a\n- kb\nkb: x\n---\n', /error guides\/reset\.md:\d/],
  ])('blocks %j and names the line', (text, expected) => {
    const result = parse(text);
    expect(problems(result).join('\n')).toMatch(expected);
    expect(result.documents).toEqual([]);
  });

  it.each(['js', 'javascript', 'coffee', 'constructor', 'toString', '__proto__'])('never runs ---%s', (language) => {
    const result = parse(`---${language}\n{ title: (globalThis.ran = true, "x") }\n---\nBody\n`);
    expect((globalThis as { ran?: boolean }).ran).toBeUndefined();
    expect(problems(result)[0]).toContain('front matter that is code is never run');
    expect(result.documents).toEqual([]);
  });

  it('refuses an alias bomb and a value within itself', () => {
    const levels = Array.from({ length: 9 }, (_, index) => `  a${index + 1}: &a${index + 1} [${Array(10).fill(`*a${index}`).join(', ')}]`);
    const bomb = parse(`---\nx:\n  a0: &a0 lol\n${levels.join('\n')}\n---\nBody\n`);
    expect(problems(bomb)[0]).toMatch(/error guides\/reset\.md:1 front matter cannot be read: Excessive alias count/);
    const loop = parse('---\na: &a [*a]\n---\nBody\n');
    expect(problems(loop)[0]).toMatch(/nested more than 64 levels/);
    const deep = parse(`---\na: ${'['.repeat(50_000)}\n---\nBody\n`);
    expect(deep.documents).toEqual([]);
    expect(problems(deep)).toHaveLength(1);
  });

  it('keeps prototypes out of harm', () => {
    const result = parse('---\n__proto__: { polluted: 1 }\nkb:\n  constructor: 1\n---\n');
    expect(problems(result)).toEqual(['error guides/reset.md:4 unknown key "constructor" below kb']);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it.each([
    ['---\n\nJust a rule above.\n', 'Just a rule above.', 0],
    ['---\nNot: closed\n\nText\n', 'Not: closed', 1],
    ['---\nSome prose here.\n\nMore of it.\n\n---\n\nThe end.\n', 'Some prose here.', 1],
    ['---\n# Heading\n---\nText\n', '# Heading', 1],
    ['----\nfour: dashes\n----\n', 'four: dashes', 0],
    ['--- hello world\ntext\n---\n', 'hello world', 0],
  ])('does not eat a text that begins with a rule: %j', (text, kept, warnings) => {
    const result = parse(text);
    expect(result.documents).toHaveLength(1);
    expect(result.bodyStart).toBe(0);
    expect(text.slice(result.bodyStart)).toContain(kept);
    expect(result.problems.filter((problem) => problem.severity === 'warning')).toHaveLength(warnings);
  });

  it('does not close the block at a line within a block scalar', () => {
    const result = parse('---\ndescription: |\n  a\n  ---x\nkb:\n  id: z\n---\nBody\n');
    expect(article(result)).toMatchObject({ id: 'z', attributes: { description: 'a\n---x\n' } });
  });

  it('warns of our keys outside our block', () => {
    expect(problems(parse('---\naudience: internal\n---\n'))).toEqual([
      'warning guides/reset.md:2 "audience" stands outside "kb" and has no effect there',
    ]);
  });

  it('takes existing keys by map, and ours win over them', () => {
    const content = { frontMatter: { key: 'bot', map: { id: 'doc_id', audience: 'visibility' } } };
    expect(article(parse('---\ndoc_id: 12\nvisibility: internal\n---\n', {}, content))).toMatchObject({
      id: '12',
      distribution: { audience: 'internal' },
    });
    expect(article(parse('---\ndoc_id: old\nbot:\n  id: new\n---\n', {}, content)).id).toBe('new');
  });

  it('treats unlisted like draft', () => {
    expect(article(parse('---\nunlisted: true\n---\n')).distribution.draft).toBe(true);
  });
});

describe('sidecars and rules', () => {
  it('front matter is stronger than the sidecar, the sidecar than rules, a later rule than an earlier one', () => {
    const rules: Rule[] = [
      { match: 'guides/**', set: { audience: 'rule1', targets: ['support'], reviewBy: '2030-01-01' } },
      { match: '**', set: { audience: 'rule2', publishAt: '2030-01-01' } },
    ];
    const front = '---\nkb:\n  audience: front\n---\n';
    const beside = sidecar('audience: side\ntargets: [kore]\ntitle: Side\n');
    expect(article(parse(front, beside, {}, rules))).toMatchObject({
      title: 'Side',
      distribution: { audience: 'front', targets: ['kore'], publishAt: '2030-01-01', reviewBy: '2030-01-01' },
    });
    expect(article(parse('', beside, {}, rules)).distribution.audience).toBe('side');
    expect(article(parse('', {}, {}, rules)).distribution.audience).toBe('rule2');
    expect(article(parse('', {}, { defaults: { audience: 'fallback' } })).distribution.audience).toBe('fallback');
  });

  it.each([
    '\n---\nkb: { audience: internal }\n---\nX',
    '<!-- licence -->\n---\nkb: { audience: internal }\n---\nX',
    ' ---\n kb: { audience: internal }\n ---\nX',
    '{/* SPDX */}\n\n---\nkb:\n  audience: internal\n---\n# H',
    '# T\n---\nkb:\n  audience: internal\n---\nX',
    '---\ntitle: x\n---\n---\nkb:\n  audience: internal\n---\nX',
    '----\nkb: { audience: internal }\n----\nX',
    '<!-- x -->\n---\naudience: internal\n---\nX',
  ])('front matter that does not begin in the first line is an error, not text: %j', (text) => {
    const parsed = parse(text, {}, {}, []);
    expect(problems(parsed)).toEqual([expect.stringMatching(/^error guides\/reset\.md:\d front matter must begin in the first line/)]);
    expect(parsed.documents).toEqual([]);
  });

  it.each(['KB: { audience: internal }', 'kb.audience: internal', 'audience: internal'])(
    '%s is no key of ours, and was meant to be',
    (line) => {
      const parsed = parse(`---\n${line}\n---\nX`, {}, { defaults: { audience: 'public' } }, []);
      expect(problems(parsed)).toEqual([expect.stringMatching(/^error guides\/reset\.md:2 /)]);
    },
  );

  it('a document that expires before it is published is told', () => {
    const parsed = parse('---\nkb: { publishAt: 2026-12-24, expiresAt: 2026-12-01 }\n---\nX', {}, {}, []);
    expect(problems(parsed)).toEqual([expect.stringContaining('it expires (2026-12-01) before it is published (2026-12-24)')]);
    expect(parsed.documents).toHaveLength(1);
  });

  it.each([
    '# T\n\n---\n\nNote: this is text.\n\n---\n',
    '# T\n\n```yaml\n---\nkb: { audience: internal }\n---\n```\n',
    '# T\n\n| a | b |\n|---|---|\n| kb: | x |\n\n---\n\nText: more\n\n---\n',
    '---\naudience: Developers and admins\n---\nX',
  ])('what only looks a little like it is text: %j', (text) => {
    const parsed = parse(text, {}, { defaults: { audience: 'public' } }, []);
    expect(problems(parsed).filter((line) => line.startsWith('error'))).toEqual([]);
    expect(parsed.documents).toHaveLength(1);
  });

  it.each(['audience', 'targets', 'publishAt', 'expiresAt'])('%s without a value is an error: it was meant to say something', (key) => {
    const rules: Rule[] = [{ match: '**', set: { audience: 'internal' } }];
    const parsed = parse(`---\nkb:\n  ${key}:\n---\n`, {}, {}, rules);
    expect(problems(parsed)).toEqual([`error guides/reset.md:3 "kb.${key}" has no value: give it one, or leave the key out`]);
    expect(parsed.documents).toEqual([]);
  });

  it('takes a sidecar with and without the kb level', () => {
    expect(article(parse('', sidecar('kb:\n  id: a\ndraft: true\n')))).toMatchObject({ id: 'a', distribution: { draft: true } });
    expect(article(parse('', sidecar('id: a\ntags: [x]\n')))).toMatchObject({ id: 'a', attributes: { tags: ['x'] } });
    expect(article(parse('', sidecar('# nothing yet\n'))).id).toBe('guides/reset.md');
  });

  it.each(['audience: [', 'audiense: public', '- a', 'a: 1\n---\nb: 2\n'])('an invalid sidecar blocks its document: %j', (text) => {
    const result = parse('# Reset\n', sidecar(text));
    expect(result.documents).toEqual([]);
    expect(problems(result)[0]).toMatch(/^error guides\/reset\.kb\.yaml:\d/);
  });

  it('a mistake in a rule blocks what it applies to, and only that', () => {
    const rules: Rule[] = [{ match: 'guides/**', set: { audiense: 'internal' } }];
    expect(problems(parse('', {}, {}, rules))[0]).toContain('rule 1 (guides/**): unknown key "audiense"');
    expect(parse('', { path: 'other.md' }, {}, rules).documents).toHaveLength(1);
  });
});

describe('title, id, url, body', () => {
  it.each([
    ['# One\n', 'One'],
    ['Intro\n\n# Two #\n', 'Two'],
    ['```\n# not this\n```\n# This `one` [here](x)\n', 'This one here'],
    ['    # code\n\nTitle\n=====\n', 'Title'],
    ['<!--\n# hidden\n-->\n# Seen {#anchor}\n', 'Seen'],
    ['## Second level\n', 'Reset'],
    ['- item\n=====\n', 'Reset'],
  ])('title of %j', (text, title) => {
    expect(article(parse(text)).title).toBe(title);
  });

  it('makes file names readable', () => {
    expect(article(parse('', { path: 'guides/set_up-the-bot.md' })).title).toBe('Set up the bot');
    expect(article(parse('', { path: 'guides/billing/index.md' })).title).toBe('Billing');
    expect(article(parse('', { path: 'README.md' })).title).toBe('README');
  });

  it('makes links from the site', () => {
    const site = { site: { url: 'https://docs.example.com/base', generator: 'plain' as const } };
    const url = (path: string) => article(parse('', { path }, site)).url;
    expect(url('a/b c.md')).toBe('https://docs.example.com/base/a/b%20c');
    expect(url('a/index.md')).toBe('https://docs.example.com/base/a/');
    expect(url('README.md')).toBe('https://docs.example.com/base/');
    expect(url('v1.2/a.b.md')).toBe('https://docs.example.com/base/v1.2/a.b');
    expect(article(parse('')).url).toBeNull();
  });

  it('the body is the same with and without front matter, and with other line ends', () => {
    const bare = article(parse('# T\n\nBody\n')).body;
    expect(article(parse('---\nkb: { id: x }\n---\n\n# T\n\nBody\n\n')).body).toBe(bare);
    const crlf = decode(new TextEncoder().encode('\uFEFF---\r\nkb:\r\n  id: x\r\n---\r\n# T\r\n\rBody\r\n'));
    if (!crlf.ok) throw new Error(crlf.message);
    expect(article(parse(crlf.text))).toMatchObject({ id: 'x', body: bare });
  });

  it('ids of Q&A pairs are readable, unique and stable', () => {
    const faq = ['Same?', 'same!', '???', 'Größe & Maß 日本', '!!!', `${'long '.repeat(40)}a`, `${'long '.repeat(40)}b`];
    const text = `---json\n${JSON.stringify({ kb: { id: 'p', faq: faq.map((q) => ({ q, a: 'A' })) } })}\n---\n`;
    const found = parse(text)
      .documents.slice(1)
      .map((document) => document.id);
    expect(found.slice(0, 4)).toEqual(['p#qa-same', 'p#qa-same-2', expect.stringMatching(/^p#qa-[0-9a-f]{8}$/), 'p#qa-größe-maß-日本']);
    expect(found[4]).toMatch(/^p#qa-[0-9a-f]{8}$/);
    expect(new Set(found).size).toBe(faq.length);
    expect(
      parse(text)
        .documents.slice(1)
        .map((document) => document.id),
    ).toEqual(found);
    expect(Math.max(...found.map((id) => id.length))).toBeLessThanOrEqual('p#qa-'.length + 60);
  });
});

describe('decode', () => {
  const bytes = (...parts: (string | readonly number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  it.each([
    [bytes([0xff, 0xfe], 'a'), /UTF-16 little endian/, 1],
    [bytes([0xfe, 0xff], 'a'), /UTF-16 big endian/, 1],
    [bytes('one\ntwo\nth', [0xff], 'ree\n'), /not valid UTF-8/, 3],
    [bytes('one\n', [0xc3], '\n'), /not valid UTF-8/, 2],
    [bytes('one\ntw', [0], 'o'), /NUL/, 2],
  ])('%# names what is wrong and where', (input, message, line) => {
    const result = decode(input);
    expect(result).toMatchObject({ ok: false, line });
    expect(result.ok ? '' : result.message).toMatch(message);
  });
});
