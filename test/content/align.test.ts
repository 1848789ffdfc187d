// Parts over edits: an edit in one place sends few parts, whatever the document is made of, and nothing is ever lost, torn or over the limit.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ComposedText } from '../../src/content/composer.ts';
import { type RenderOptions, renderPayload } from '../../src/content/render.ts';
import type { Document } from '../../src/model/document.ts';
import type { Part } from '../../src/model/payload.ts';

const document: Document = {
  kind: 'article',
  id: 'a.md',
  path: 'a.md',
  title: 'Manual',
  url: null,
  attributes: {},
  distribution: { targets: null, audience: null, draft: false, publishAt: null, expiresAt: null, reviewBy: null },
  tests: [],
  body: '',
};
const base: RenderOptions = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: [] };
const plain = (text: string): ComposedText => ({ body: text, text, syntax: 'plain', asScanned: true });
const partsOf = async (text: string | ComposedText, patch: Partial<RenderOptions>): Promise<readonly Part[]> =>
  (await renderPayload(document, text, { ...base, ...patch })).parts;

/** How many parts of the second the bot has to be given, and how many items of the first go. */
function sent(before: readonly Part[], after: readonly Part[]) {
  const known = new Map(before.map((part) => [part.key, part.fingerprint]));
  const keys = new Set(after.map((part) => part.key));
  return {
    sent: after.filter((part) => known.get(part.key) !== part.fingerprint).length,
    gone: [...known.keys()].filter((key) => !keys.has(key)).length,
  };
}

const names = 'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon'.split(' ');
/** Words that look random and are the same in each run. */
const words = (from: number, count: number) =>
  Array.from(
    { length: count },
    (_, index) => names[(from * 31 + index * index * 7 + index * 13 + ((from * index) % 11)) % names.length],
  ).join(' ');
const paragraph = (index: number) => `Number ${index}: ${words(index, 12 + (index % 17))}.`;

describe('everyday edits', () => {
  it('a paragraph more at the top of a text without headings sends one part, or two where it needs one more', async () => {
    const text = (first: readonly string[]) => [...first, ...Array.from({ length: 200 }, (_, index) => paragraph(index))].join('\n\n');
    for (const format of ['markdown', 'html', 'plain'] as const) {
      const given = async (first: readonly string[]) => partsOf(plain(text(first)), { partBytes: 3_000, format });
      const before = await given([]);
      expect(before.length).toBeGreaterThan(6);
      for (const fresh of ['A new paragraph.', words(3, 40), words(4, 90)]) {
        const { sent: changed, gone } = sent(before, await given([fresh]));
        expect([fresh, changed <= 2, gone]).toEqual([fresh, true, 0]);
      }
    }
  });

  it('an item more at the top of a long list sends one part, or two where it moves a cut', async () => {
    const text = (first: string) =>
      `## Changes\n\n${first}${Array.from({ length: 300 }, (_, index) => `- ${paragraph(index)}\n`).join('')}`;
    const before = await partsOf(text(''), { partBytes: 3_000 });
    expect(before.length).toBeGreaterThan(8);
    for (const fresh of ['New thing.', words(5, 40), words(6, 90)]) {
      expect(sent(before, await partsOf(text(`- ${fresh}\n`), { partBytes: 3_000 })).sent).toBeLessThanOrEqual(2);
    }
  });

  it('sections of one name keep their parts when there is one more, one less, or one is edited', async () => {
    const text = (from: number, edited = '') =>
      Array.from({ length: 40 }, (_, index) => `## Example\n\n${paragraph(from + index)}${index === 20 ? edited : ''}`).join('\n\n');
    const before = await partsOf(text(1), { split: 'heading' });
    expect(sent(before, await partsOf(`## Example\n\nThe new one.\n\n${text(1)}`, { split: 'heading' }))).toEqual({ sent: 2, gone: 0 });
    expect(sent(before, await partsOf(`${text(1)}\n\n## Example\n\nThe new one.`, { split: 'heading' }))).toEqual({ sent: 1, gone: 0 });
    expect(sent(before, await partsOf(text(1).slice(text(1).indexOf('\n\n## ') + 2), { split: 'heading' }))).toEqual({ sent: 1, gone: 1 });
    expect(sent(before, await partsOf(text(1, ' And more.'), { split: 'heading' }))).toEqual({ sent: 1, gone: 0 });
  });

  it('a second section beside the only one leaves the first as it is', async () => {
    const methods = Array.from({ length: 50 }, (_, index) => `### Method ${index}\n\n${paragraph(index)}`).join('\n\n');
    const before = await partsOf(`Intro.\n\n## API\n\n${methods}`, { split: 'heading' });
    expect(before.map(({ key }) => key)).toEqual(['start', 'api']);
    expect(sent(before, await partsOf(`Intro.\n\n## API\n\n${methods}\n\n## Other\n\nb`, { split: 'heading' }))).toEqual({
      sent: 1,
      gone: 0,
    });
  });

  it('one section more among two hundred', async () => {
    const section = (index: number) => `## Section ${index}\n\n${paragraph(index)}\n\n### Details of ${index}\n\n${paragraph(index + 500)}`;
    const text = (at: number) =>
      Array.from({ length: 200 }, (_, index) => (index === at ? `${section(900)}\n\n${section(index)}` : section(index))).join('\n\n');
    const before = await partsOf(text(-1), { partBytes: 6_000 });
    expect(before.length).toBeGreaterThan(8);
    for (let at = 0; at < 200; at += 9) {
      const { sent: changed, gone } = sent(before, await partsOf(text(at), { partBytes: 6_000 }));
      expect([at, changed <= 2, gone <= 1]).toEqual([at, true, true]);
    }
  });
});

// ── random documents, random edits ────────────────────────────────────────────────────────────────────────────────────

/** What must come out in one piece, and the lines that must come out at all. */
interface Block {
  readonly text: string;
  readonly isWhole: boolean;
}

const lorem = fc.lorem({ maxCount: 40 });
const small = fc.lorem({ maxCount: 6 });
const whole = (text: fc.Arbitrary<string>) => text.map((one): Block => ({ text: one, isWhole: true }));
const loose = (text: fc.Arbitrary<string>) => text.map((one): Block => ({ text: one, isWhole: false }));
const paragraphs = loose(lorem);
const blocks = fc.oneof(
  { weight: 8, arbitrary: paragraphs },
  {
    weight: 2,
    arbitrary: loose(fc.array(small, { minLength: 2, maxLength: 9 }).map((items) => items.map((one) => `- ${one}`).join('\n'))),
  },
  { weight: 1, arbitrary: whole(fc.tuple(small, small).map(([a, b]) => `\`\`\`sh\n# ${a}\n\n- ${b}\n\`\`\``)) },
  { weight: 1, arbitrary: whole(fc.tuple(small, small).map(([a, b]) => `| ${a} | b |\n|---|---|\n| ${b} | 2 |`)) },
  {
    weight: 1,
    arbitrary: whole(
      fc.tuple(small, small).map(([a, b]) => `<table>\n\n<tr><td>\n\n${a}\n\n</td></tr>\n\n<tr><td>${b}</td></tr>\n\n</table>`),
    ),
  },
);
const heading = fc.tuple(fc.constantFrom('##', '##', '##', '###'), fc.lorem({ maxCount: 3 })).map(([signs, name]) => `${signs} ${name}`);
const section = fc.tuple(heading, fc.array(blocks, { minLength: 1, maxLength: 8 }));
const documents = fc.oneof(
  fc.array(section, { minLength: 10, maxLength: 40 }),
  fc.array(blocks, { minLength: 40, maxLength: 120 }).map((all): [string, Block[]][] => [['## Only', all]]),
);
type Sections = readonly (readonly [string, readonly Block[]])[];
const textOf = (sections: Sections) => sections.map(([name, own]) => [name, ...own.map(({ text }) => text)].join('\n\n')).join('\n\n');

describe('random documents', () => {
  it('lose no line, tear nothing, and keep to the limit', async () => {
    await fc.assert(
      fc.asyncProperty(documents, fc.integer({ min: 700, max: 4_000 }), fc.constantFrom('size', 'heading'), async (sections, limit, by) => {
        const text = textOf(sections);
        const parts = await partsOf(text, { partBytes: limit, split: by });
        const all = parts.map((part) => part.text).join('\n');
        for (const [name, own] of sections) {
          expect(all).toContain(name);
          for (const block of own) {
            for (const piece of block.isWhole ? [block.text] : block.text.split('\n')) expect(all).toContain(piece);
          }
        }
        for (const part of parts) {
          expect(Buffer.byteLength(part.text)).toBe(part.bytes);
          expect(part.bytes).toBeLessThanOrEqual(limit);
        }
        expect(new Set(parts.map((part) => part.key)).size).toBe(parts.length);
        expect(await partsOf(text, { partBytes: limit, split: by })).toEqual(parts);
      }),
      { numRuns: 60 },
    );
  });

  const edits = {
    'a word more': (own: readonly Block[], at: number) =>
      own.map((one, index) => (index === at ? { ...one, text: `${one.text} more` } : one)),
    'another text': (own: readonly Block[], at: number, fresh: Block) => own.map((one, index) => (index === at ? fresh : one)),
    'a block more': (own: readonly Block[], at: number, fresh: Block) => [...own.slice(0, at), fresh, ...own.slice(at)],
    'a block less': (own: readonly Block[], at: number) => own.filter((_, index) => index !== at || own.length === 1),
  };

  // Always the same documents: how many parts an edit sends is a question of chance, and the bounds are those of these.
  it.each(Object.entries(edits))('%s sends one part, seldom two or three', async (_, edit) => {
    const cases = fc.sample(fc.tuple(documents, fc.nat(), fc.nat(), paragraphs, fc.constantFrom(1_500, 4_000)), {
      seed: 4711,
      numRuns: 60,
    });
    const counts: number[] = [];
    for (const [sections, one, other, fresh, limit] of cases) {
      const chosen = one % sections.length;
      const after = sections.map(([name, own], index) => [name, index === chosen ? edit(own, other % own.length, fresh) : own] as const);
      const first = await partsOf(textOf(sections), { partBytes: limit });
      if (first.length < 3) continue;
      const { sent: changed, gone } = sent(first, await partsOf(textOf(after), { partBytes: limit }));
      expect(gone).toBeLessThanOrEqual(3);
      counts.push(changed);
    }
    expect(counts.length).toBeGreaterThan(30);
    expect(Math.max(...counts)).toBeLessThanOrEqual(3);
    expect(counts.reduce((sum, count) => sum + count, 0) / counts.length).toBeLessThan(1.4);
  });

  it.each(['size', 'heading'] as const)('%s: sections that come, go, move or get another name change themselves', async (by) => {
    const cases = fc.sample(fc.tuple(fc.array(section, { minLength: 20, maxLength: 40 }), fc.nat(), fc.nat(), section), {
      seed: 815,
      numRuns: 25,
    });
    for (const [sections, one, other, fresh] of cases) {
      const flat = sections.map(([name, own], index) => [`## ${index} ${name.replace(/^#+ /, '')}`, own] as const);
      const at = one % flat.length;
      const rest = flat.filter((_, index) => index !== at);
      const to = other % flat.length;
      const moved = [...rest.slice(0, to), ...flat.slice(at, at + 1), ...rest.slice(to)];
      const more = [...flat.slice(0, at), [`## New ${fresh[0].replace(/^#+ /, '')}`, fresh[1]] as const, ...flat.slice(at)];
      const renamed = flat.map(([name, own], index) => [index === at ? `${name} anew` : name, own] as const);
      const parts = (each: Sections) => partsOf(textOf(each), { partBytes: 4_000, split: by });
      const before = await parts(flat);
      for (const [after, most] of [
        [rest, 3],
        [more, 3],
        [renamed, 3],
        // Two places.
        [moved, 6],
      ] as const) {
        const { sent: changed, gone } = sent(before, await parts(after));
        expect(changed).toBeLessThanOrEqual(by === 'heading' ? 1 : most);
        expect(gone).toBeLessThanOrEqual(by === 'heading' ? 1 : most);
      }
    }
  });
});
