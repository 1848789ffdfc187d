// Which item that somebody made by hand is which document: proof by proof, each at most once, and nothing where it could be two.
import { describe, expect, it } from 'vitest';
import { titleMarker } from '../../src/connectors/koreai/title.ts';
import { likeness } from '../../src/content/render.ts';
import { fingerprint } from '../../src/model/json.ts';
import { marker } from '../../src/model/mark.ts';
import type { PayloadHead } from '../../src/model/payload.ts';
import {
  adoptedDocuments,
  adoptOperations,
  type ForeignItem,
  type MatchFacts,
  type Matching,
  matchItems,
  type WantedPart,
} from '../../src/push/adopt.ts';
import { isAnothers, lookalikes } from '../../src/push/adopt-names.ts';

const marks = marker({ maxCharacters: 100, barred: /[\\/<>:"|?*]/, suffix: '.md' });
const facts: MatchFacts = {
  workspace: 'docs',
  marks,
  likeness,
  withoutFrontMatter: (text) => text.replace(/^---\n[\s\S]*?\n---\n/, ''),
};

interface Doc {
  readonly text?: string | null;
  readonly body?: string | null;
  readonly title?: string;
  readonly url?: string | null;
  readonly kind?: PayloadHead['kind'];
  readonly path?: string;
}

function doc(
  document: string,
  { text = `text of ${document}`, body = null, title = `Title of ${document}`, ...more }: Doc = {},
): WantedPart {
  const part = { key: '', title, bytes: 1, fingerprint: fingerprint(`${document} ${text}`) };
  const { url = null, kind = 'article', path = document } = more;
  const head: PayloadHead = {
    document,
    kind,
    path,
    title,
    url,
    body: fingerprint(body ?? ''),
    parts: [part],
    fingerprint: part.fingerprint,
  };
  return { head, part, text, body };
}

function item(remoteId: string, name: string | null, text: string | null = `text of item ${remoteId}`, kind?: 'qa'): ForeignItem {
  return { remoteId, mark: null, name, training: null, text, ...(kind !== undefined && { kind }) };
}

const match = (items: readonly ForeignItem[], parts: readonly WantedPart[], patch: Partial<MatchFacts> = {}) =>
  matchItems(items, parts, { ...facts, ...patch });

/** `id = document (proof)`, `=` for equal text, `~` for another one, `-` where it is not known. */
const glance = ({ matches }: Matching) =>
  matches
    .map(
      ({ item: { remoteId }, wanted, by, equal }) =>
        `${remoteId} ${equal === null ? '-' : equal ? '=' : '~'} ${wanted.head.document} (${by})`,
    )
    .sort();
const unclear = ({ ambiguous }: Matching) =>
  ambiguous.map(({ by, documents, items }) => `${by}: ${documents.join('+')} / ${items.map(({ remoteId }) => remoteId).join('+')}`).sort();
const rest = ({ foreign, unmatched }: Matching) => [foreign.map(({ remoteId }) => remoteId), unmatched];

describe('equal text', () => {
  it('is the strongest proof: names do not count against it', () => {
    const found = match([item('1', 'b.md', 'text of a.md'), item('2', 'a.md', 'text of b.md')], [doc('a.md'), doc('b.md')]);
    expect(glance(found)).toEqual(['1 = a.md (text)', '2 = b.md (text)']);
    expect(rest(found)).toEqual([[], []]);
  });

  it.each([
    ['line ends and the very end', 'one\r\ntwo\r\n\r\n', '='],
    ['space at line ends', 'one  \ntwo', '~'],
    ['a byte order mark', '\ufeffone\ntwo', '~'],
    ['front matter that was uploaded as it is', '---\ntitle: x\n---\none\ntwo\n', '~'],
  ])('%s aside; only bytes that would be sent are "equal"', (_, held, sign) => {
    expect(glance(match([item('1', null, held)], [doc('a.md', { text: 'one\ntwo\n' })]))).toEqual([`1 ${sign} a.md (text)`]);
  });

  it("is also that of the author's own file, which is not what would be sent", () => {
    const wanted = doc('a.md', { text: '# Reset\n\nOne.\n\nSource: https://x.example/a\n', body: 'One.' });
    expect(glance(match([item('1', null, '---\ntitle: Reset\n---\n\nOne.\n')], [wanted]))).toEqual(['1 ~ a.md (text)']);
  });

  it('of nothing at all proves nothing', () => {
    expect(glance(match([item('1', 'x', ' \n')], [doc('a.md', { text: '\n' })]))).toEqual([]);
  });

  it.each([
    ['two items', [item('1', 'x', 'text of a.md'), item('2', 'y', 'text of a.md')], [doc('a.md')], 'text: a.md / 1+2'],
    ['two documents', [item('1', 'x', 'T')], [doc('a.md', { text: 'T' }), doc('b.md', { text: 'T' })], 'text: a.md+b.md / 1'],
    ['true twins', [item('1', 'a.md', 'text of a.md'), item('2', 'a.md', 'text of a.md')], [doc('a.md')], 'text: a.md / 1+2'],
  ])('of %s is no match', (_, items, parts, expected) => {
    const found = match(items, parts);
    expect(glance(found)).toEqual([]);
    expect(unclear(found)).toEqual([expected]);
    expect(rest(found)).toEqual([[], []]);
  });

  it('of several is told apart by their names, and by what is left then', () => {
    const parts = ['a.md', 'b.md', 'c.md'].map((path) => doc(path, { text: 'Coming soon.' }));
    const items = [item('1', 'b.md', 'Coming soon.'), item('2', 'A', 'Coming soon.'), item('3', 'whatever', 'Coming soon.')];
    expect(glance(match(items, parts))).toEqual(['1 = b.md (text)', '2 = a.md (text)', '3 = c.md (text)']);
    const copy = match([item('1', 'a.md', 'text of a.md'), item('2', 'old', 'text of a.md')], [doc('a.md')]);
    expect(glance(copy)).toEqual(['1 = a.md (text)']);
    expect([copy.copies, rest(copy)]).toEqual([1, [['2'], []]]);
  });

  it('of thousands costs no square of them', () => {
    const many = Array.from({ length: 3_000 }, (_, n) => n);
    const parts = many.map((n) => doc(`d/${n}/index.md`, { text: 'Stub.', title: 'Stub' }));
    const items = many.map((n) => item(`i${n}`, 'index.md', 'Stub.'));
    const found = match(items, parts);
    expect(found.matches).toEqual([]);
    expect(found.ambiguous.map((group) => [group.documents.length, group.items.length])).toEqual([[3_000, 3_000]]);
  });
});

describe('names', () => {
  const named = (name: string, ...parts: readonly WantedPart[]) => {
    const found = match([item('1', name)], parts);
    return [...glance(found), ...unclear(found)].join(', ');
  };
  const reset = doc('guides/reset-password.md', { title: 'What is a reset?', url: 'https://docs.example.com/reset/' });
  const other = doc('guides/other.md', { title: 'Other' });

  it.each([
    ['our mark', marks.write({ workspace: 'docs', document: 'guides/reset-password.md', part: '', effect: '' }), 'mark'],
    ['the path', 'guides/reset-password.md', 'path'],
    ['the path without its ending', 'guides/reset-password', 'path'],
    ['the path with another ending', 'guides/reset-password.txt', 'path'],
    ["the path as SiteGPT's client rewrites it", 'guidesreset-password.md', 'path'],
    ['the file name', 'reset-password.md', 'file name'],
    ['the file name without its ending', 'reset-password', 'file name'],
    ['the title', 'What is a reset?', 'title'],
    ['the title without what names must not hold', 'What is a reset.md', 'title'],
    ['the link', 'https://docs.example.com/reset', 'link'],
    ['the link with a place on the page', 'https://docs.example.com/reset/#top', 'link'],
    ['the path in another case', 'Guides/Reset-Password.MD', 'path'],
    ['the file name in another case', 'RESET-PASSWORD.txt', 'file name'],
    ['the title in another case', 'what is a RESET', 'title'],
  ])('by %s', (_, name, by) => {
    expect(named(name, reset, other)).toBe(`1 ~ guides/reset-password.md (${by})`);
  });

  it('have one Unicode form', () => {
    const nfc = 'guides/ä-ö é.md'.normalize('NFC');
    expect(named('a\u0308-o\u0308 e\u0301.md', doc(nfc))).toBe(`1 ~ ${nfc} (file name)`);
    expect(named('\u212bngström', doc('x.md', { title: 'A\u030angström' }))).toBe('1 ~ x.md (title)');
  });

  it('of a document with an id of its own count both', () => {
    const own = doc('reset', { path: 'guides/a.md' });
    expect(named('reset', own)).toBe('1 ~ reset (path)');
    expect(named('guides/a.md', own)).toBe('1 ~ reset (path)');
  });

  it('that differ in case alone are two, and a third is neither', () => {
    const parts = [doc('FAQ.md', { title: 'x' }), doc('faq.md', { title: 'y' })];
    const found = match([item('1', 'faq.md'), item('2', 'FAQ.md')], parts);
    expect(glance(found)).toEqual(['1 ~ faq.md (path)', '2 ~ FAQ.md (path)']);
    expect(named('Faq.md', ...parts)).toBe('path: FAQ.md+faq.md / 1');
  });

  it('as a whole count before a part of them', () => {
    const parts = [doc('reset.md'), doc('guides/reset.md')];
    expect(named('reset.md', ...parts)).toBe('1 ~ reset.md (path)');
    expect(named('reset.md', doc('a/reset.md'), doc('b/reset.md'))).toBe('file name: a/reset.md+b/reset.md / 1');
  });

  it('of two items are no match, and no weaker proof makes them one', () => {
    const found = match([item('1', 'a.md'), item('2', 'a.md'), item('3', 'Title of a.md')], [doc('a.md'), doc('b.md')]);
    expect(glance(found)).toEqual([]);
    expect(unclear(found)).toEqual(['path: a.md / 1+2']);
    expect(rest(found)).toEqual([['3'], ['b.md']]);
  });

  it('that are cut at 100 characters are still known', () => {
    const path = `guides/${'very-long-'.repeat(15)}name.md`;
    expect(named(`${path.replace('/', '').slice(0, 100)}.md`, doc(path))).toBe(`1 ~ ${path} (path)`);
  });

  it('of a file are not those of its questions', () => {
    const question = doc('faq.md#qa-how-long', { path: 'faq.md', title: 'How long?', kind: 'qa', url: 'https://x.example/faq' });
    const page = doc('faq.md', { title: 'FAQ', url: 'https://x.example/faq' });
    expect(named('faq.md', question, page)).toBe('1 ~ faq.md (path)');
    expect(named('https://x.example/faq', question, page)).toBe('1 ~ faq.md (link)');
    expect(named('How long?', question, page)).toBe('1 ~ faq.md#qa-how-long (title)');
  });

  it('of a question in a store of questions are never those of a page', () => {
    const page = doc('a.md', { title: 'How long?' });
    const found = match([item('faq:1', 'How long?', null, 'qa')], [page]);
    expect([glance(found), rest(found)]).toEqual([[], [['faq:1'], ['a.md']]]);
    const question = doc('a.md#qa-x', { path: 'a.md', title: 'How long?', kind: 'qa' });
    expect(glance(match([item('faq:1', 'How long?', null, 'qa')], [page, question]))).toEqual(['faq:1 - a.md#qa-x (title)']);
  });

  it('know a copy of ours by what its mark has in common with others', () => {
    const titles = titleMarker(200);
    const ours: ForeignItem = { ...item('1', 'a.md #0000000a'), mark: 'docs:a.md #0000000a' };
    expect(glance(match([ours], [doc('a.md'), doc('b.md')], { marks: titles }))).toEqual(['1 ~ a.md (mark)']);
  });
});

describe('likeness of what is left', () => {
  const lines = (...words: readonly string[]) => words.map((word) => `This line is about ${word}.`).join('\n');
  const before = lines('ants', 'bees', 'cats', 'dogs', 'eels');

  it('pairs the only two that are alike enough, and keeps what is not', () => {
    const parts = [doc('a.md', { text: `${before}\nOne more.` }), doc('b.md', { text: lines('x', 'y', 'z', 'u', 'v') })];
    const found = match([item('1', 'notes', before), item('2', 'other', lines('p', 'q', 'r', 's', 't'))], parts);
    expect(glance(found)).toEqual(['1 ~ a.md (similar text)']);
    expect(rest(found)).toEqual([['2'], ['b.md']]);
  });

  it('compares with the file as its author wrote it, too', () => {
    const wanted = doc('a.md', { text: `# Title\n\n${before}\n\nMuch\nthat\nis\nadded`, body: before });
    expect(glance(match([item('1', 'notes', `---\ntitle: x\n---\n${before}\nEdited.`)], [wanted]))).toEqual(['1 ~ a.md (similar text)']);
  });

  it('is no match where two are alike, or the text is short', () => {
    const twice = match([item('1', 'x', before), item('2', 'y', before)], [doc('a.md', { text: `${before}\nOne more.` })]);
    expect([glance(twice), unclear(twice)]).toEqual([[], ['similar text: a.md / 1+2']]);
    expect(glance(match([item('1', 'x', 'one\ntwo\nthree')], [doc('a.md', { text: 'one\ntwo\nthree\nfour' })]))).toEqual([]);
  });

  it('tells apart what has one name', () => {
    const parts = [doc('a/index.md', { text: `${before}\nA.` }), doc('b/index.md', { text: `${lines('p', 'q', 'r', 's', 't')}\nB.` })];
    const items = [item('1', 'index.md', lines('p', 'q', 'r', 's', 't')), item('2', 'index.md', before)];
    expect(glance(match(items, parts))).toEqual(['1 ~ b/index.md (similar text)', '2 ~ a/index.md (similar text)']);
  });

  it('is left out where it would cost too much, and that is told', () => {
    const parts = Array.from({ length: 501 }, (_, n) => doc(`d${n}.md`));
    const items = Array.from({ length: 500 }, (_, n) => item(`i${n}`, `x${n}`));
    let compared = 0;
    const counting = { likeness: () => ++compared * 0 };
    expect([match(items, parts, counting).uncompared, compared]).toEqual([true, 0]);
    expect(match(items, parts.slice(1), counting).uncompared).toBe(false);
  });
});

describe('what is remembered', () => {
  it('is the fingerprint only of exactly what would be sent, and the name as it was found', () => {
    const parts = [doc('a.md'), doc('b.md'), doc('c.md')];
    const items = [
      item('1', 'By hand', 'text of a.md\n\n'),
      item('2', 'b.md', 'other'),
      { ...item('3', 'c.md', null), training: 'trained' as const },
    ];
    const { matches } = match(items, parts);
    const known = adoptedDocuments(matches, '2026-11-21T00:00:00.000Z', (path) => `commit of ${path}`);
    expect(
      known.map(({ document, origin, items: [only] }) => [document, origin, only?.mark, only?.fingerprint, only?.commit, only?.training]),
    ).toEqual([
      ['a.md', 'adopted', 'By hand', parts[0]?.part.fingerprint, 'commit of a.md', 'pending'],
      ['b.md', 'adopted', 'b.md', null, null, 'pending'],
      ['c.md', 'adopted', 'c.md', null, null, 'trained'],
    ]);
    expect(adoptOperations(matches).map(({ id, reason }) => `${id}: ${reason}`)).toEqual([
      'adopt a.md: same text; nothing to send',
      'adopt b.md: same path; the text differs: to be updated',
      'adopt c.md: same path; its text is not known: to be updated',
    ]);
  });

  it('of a document in parts is one record: parts by their texts, the first by the name of the whole', () => {
    const head: PayloadHead = {
      ...doc('a.md').head,
      parts: ['one', 'two', 'three'].map((key) => ({ key, title: `Title of a.md – ${key}`, bytes: 1, fingerprint: key })),
    };
    const parts = head.parts.map((part): WantedPart => ({ head, part, text: `text ${part.key}`, body: null }));
    const { matches } = match([item('1', 'a.md', 'the whole'), item('2', 'Title of a.md – three', 'x'), item('3', 'y', 'text two')], parts);
    const [known] = adoptedDocuments(matches, '2026-11-21T00:00:00.000Z', () => null);
    expect(known?.items.map(({ part, remoteId, fingerprint: held }) => [part, remoteId, held]).sort()).toEqual([
      ['one', '1', null],
      ['three', '2', null],
      ['two', '3', 'two'],
    ]);
    expect(adoptOperations(matches)).toMatchObject([{ id: 'adopt a.md', items: [{}, {}, {}] }]);
  });
});

describe('marks of another workspace', () => {
  it.each([
    ['other:guides/a.md', true],
    ['other:guides/a.md#qa-how', true],
    ['other guides a 0123456789abcdef0123.md', true],
    ['other guides a 0123456789abcdef0123-abcdef.txt', true],
    ['guides/a.md #0123abcd', true],
    ['docs:guides/a.md', false],
    ['https://docs.example.com/a.html', false],
    ['Note: read this', false],
    ['a.md', false],
    ['Handbook #12', false],
  ])('%s: %s', (name, expected) => {
    expect(isAnothers({ mark: name, name }, facts)).toBe(expected);
  });
});

describe('lookalikes', () => {
  it('counts documents that an item is named like, each once', () => {
    const heads = [doc('a.md').head, doc('guides/b.md').head, doc('c.md').head];
    expect(lookalikes(['B', 'guides/b.md', 'Title of c.md', 'else'], heads, facts)).toBe(2);
    expect(lookalikes([], heads, facts)).toBe(0);
  });
});
