import { afterEach, describe, expect, it, vi } from 'vitest';
import { type RenderOptions, renderPayload } from '../../src/content/render.ts';
import { splitText } from '../../src/content/split.ts';
import type { Document } from '../../src/model/document.ts';
import type { Part } from '../../src/model/payload.ts';
import { openScanCache, type ScanCacheIo } from '../../src/state/scan-cache.ts';
import { folderWith, scanOf } from './folder.ts';

const document: Document = {
  kind: 'article',
  id: 'a.md',
  path: 'a.md',
  title: 'Manual',
  url: 'https://x.example/a',
  attributes: {},
  distribution: { targets: null, audience: null, draft: false, publishAt: null, expiresAt: null, reviewBy: null },
  tests: [],
  body: '',
};
const base: RenderOptions = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: [] };
const partsOf = async (text: string, patch: Partial<RenderOptions>): Promise<readonly Part[]> =>
  (await renderPayload(document, text, { ...base, ...patch })).parts;

const section = (index: number, words: string) =>
  `## Section ${index}\n\n${words}\n\n### Details of ${index}\n\n- first of ${index}\n- second\n`;
const manual = (edited: string) =>
  `Before.\n\n${Array.from({ length: 200 }, (_, index) => section(index, index === 77 ? edited : `Words of section ${index}. `.repeat(12))).join('\n')}`;

/** Parts of the second that the first has not, or has otherwise; and keys that are gone. */
function sent(before: readonly Part[], after: readonly Part[]) {
  const known = new Map(before.map((part) => [part.key, part.fingerprint]));
  const keys = new Set(after.map((part) => part.key));
  return {
    changed: after.filter((part) => known.get(part.key) !== part.fingerprint).map((part) => part.key),
    gone: [...known.keys()].filter((key) => !keys.has(key)),
  };
}

describe('split: heading', () => {
  it('each top-level section is a part, with the path of headings above it', async () => {
    const parts = await partsOf('Intro.\n\n## One\n\na\n\n### Deep\n\nb\n\n## Two\n\nc', { split: 'heading' });
    expect(parts.map(({ key, title }) => [key, title])).toEqual([
      ['start', 'Manual'],
      ['one', 'Manual › One'],
      ['two', 'Manual › Two'],
    ]);
    expect(parts[1]?.text).toBe('# Manual\n\n## One\n\na\n\n### Deep\n\nb\n\nSource: https://x.example/a\n');
  });

  it('a lone heading over all of them is above each, and no section by itself', async () => {
    const parts = await partsOf('# Other\n\nIntro.\n\n## One\n\na\n\n## Two\n\nb', { split: 'heading' });
    expect(parts.map(({ key }) => key)).toEqual(['other', 'other/one', 'other/two']);
    expect(parts[2]?.text).toBe('# Manual\n\n# Other\n\n## Two\n\nb\n\nSource: https://x.example/a\n');
  });

  it('without sections the document stays whole', async () => {
    expect((await partsOf('Only words.', { split: 'heading' })).map(({ key }) => key)).toEqual(['']);
    expect((await partsOf('', { split: 'heading' })).map(({ key }) => key)).toEqual(['']);
    expect((await partsOf('## One\n\nOnly one.', { split: 'heading' })).map(({ key }) => key)).toEqual(['']);
  });

  it('a section over the limit is split further, the others are not', async () => {
    const parts = await partsOf(`## One\n\na\n\n## Two\n\n${'words '.repeat(40)}\n\n### Deep\n\n${'words '.repeat(40)}\n\n## Three\n\nc`, {
      split: 'heading',
      partBytes: 350,
    });
    expect(parts.map(({ key }) => key)).toEqual(['one', 'two', 'two/deep', 'three']);
    for (const part of parts) expect(part.bytes).toBeLessThanOrEqual(350);
  });

  it('one changed section of two hundred sends one item', async () => {
    const before = await partsOf(manual('Old words.'), { split: 'heading' });
    expect(before).toHaveLength(201);
    for (const edited of ['New words.', 'Much longer words. '.repeat(500), 'x\n\n#### New subsection\n\ny']) {
      expect(sent(before, await partsOf(manual(edited), { split: 'heading' }))).toEqual({ changed: ['section-77'], gone: [] });
    }
  });

  it('a section that comes, goes or moves changes no other', async () => {
    const text = (names: readonly string[]) => names.map((name) => `## ${name}\n\nAbout ${name}.`).join('\n\n');
    const before = await partsOf(text(['A', 'B', 'C', 'D']), { split: 'heading' });
    expect(sent(before, await partsOf(text(['A', 'New', 'B', 'C', 'D']), { split: 'heading' }))).toEqual({ changed: ['new'], gone: [] });
    expect(sent(before, await partsOf(text(['A', 'C', 'D']), { split: 'heading' }))).toEqual({ changed: [], gone: ['b'] });
    expect(sent(before, await partsOf(text(['D', 'C', 'B', 'A']), { split: 'heading' }))).toEqual({ changed: [], gone: [] });
  });
});

describe('split: size and none', () => {
  it('one changed section of two hundred sends one item where its size stays, and a few where it grows', async () => {
    const options = { partBytes: 6_000 };
    const before = await partsOf(manual('Old words.'), options);
    expect(before.length).toBeGreaterThan(15);
    expect(sent(before, await partsOf(manual('New words.'), options)).changed).toHaveLength(1);
    const { changed, gone } = sent(before, await partsOf(manual('Rather longer words than these were. '.repeat(8)), options));
    expect(changed.length + gone.length).toBeLessThanOrEqual(6);
  });

  it('none: what is over the limit is refused, with both numbers', async () => {
    expect(await partsOf('short', { split: 'none', partBytes: 100 })).toHaveLength(1);
    await expect(partsOf(`${'word '.repeat(40)}\n\n## B\n\nx`, { split: 'none', partBytes: 100 })).rejects.toMatchObject({
      code: 'DOCUMENT_TOO_LARGE',
      message: 'a.md: 249 bytes are over the limit of 100, and split is none',
    });
  });
});

describe('parts in other formats', () => {
  it.each(['html', 'plain'] as const)('%s: each part fits as it is sent, and links find what is defined elsewhere', async (format) => {
    const text = `${manual('See [there][ref] & <b>more</b>.')}\n\n[ref]: https://y.example/ref\n`;
    const parts = await partsOf(text, { format, partBytes: 5_000 });
    expect(parts.length).toBeGreaterThan(15);
    for (const part of parts) {
      expect(Buffer.byteLength(part.text)).toBe(part.bytes);
      expect(part.bytes).toBeLessThanOrEqual(5_000);
      expect(part.text.startsWith(format === 'html' ? '<h1>Manual</h1>\n' : 'Manual\n\n')).toBe(true);
    }
    const whole = parts.map((part) => part.text).join('\n');
    expect(whole).toContain(
      format === 'html' ? 'See <a href="https://y.example/ref">there</a> &amp; <b>more</b>.' : 'See there (https://y.example/ref) & more.',
    );
    for (let index = 0; index < 200; index += 1) expect(whole).toContain(`first of ${index}`);
  });
});

describe('definitions that stand elsewhere', () => {
  const text = [
    '## One',
    'See [the guide][g], [again][G] and note[^1].',
    '## Two',
    'Nothing, `[g]` in code, and [no such][h].',
    '## Three',
    'Here they stand, and [here][g] one is used.',
    '[g]: https://y.example/guide "Guide"\n[unused]: https://y.example/unused',
    '[^1]: Foot words of [another][a][^deep].\n\n    Second paragraph.',
    '[^deep]: Deep words.',
    '[a]: <https://y.example/another>',
    '## [1.0.0]',
    'First.',
    '[1.0.0]: https://y.example/compare',
  ].join('\n\n');
  const byKey = async (patch: Partial<RenderOptions>) => new Map((await partsOf(text, patch)).map((part) => [part.key, part.text]));

  it('go with each part that uses them, once, and with no other', async () => {
    const parts = await byKey({ split: 'heading' });
    expect(parts.get('one')).toBe(
      `# Manual\n\n## One\n\nSee [the guide][g], [again][G] and note[^1].\n\n${[
        '[g]: https://y.example/guide "Guide"',
        '[^1]: Foot words of [another][a][^deep].\n\n    Second paragraph.',
        '[^deep]: Deep words.',
        '[a]: <https://y.example/another>',
      ].join('\n\n')}\n\nSource: https://x.example/a\n`,
    );
    expect(parts.get('two')).toBe('# Manual\n\n## Two\n\nNothing, `[g]` in code, and [no such][h].\n\nSource: https://x.example/a\n');
    // Where they stand they are not said twice.
    expect(parts.get('three')?.split('https://y.example/guide')).toHaveLength(2);
    expect(parts.get('three')).toContain('[unused]: https://y.example/unused');
  });

  it('those of headings go with all that stands below them', async () => {
    const long = `## [1.0.0]\n\n${'words '.repeat(60)}\n\n${'more '.repeat(60)}\n\n## B\n\nb\n\n[1.0.0]: https://y.example/compare`;
    const parts = await partsOf(long, { partBytes: 500 });
    const below = parts.filter((part) => part.text.includes('## [1.0.0]'));
    expect(below.length).toBeGreaterThan(1);
    for (const part of below) expect(part.text).toContain('\n\n[1.0.0]: https://y.example/compare\n');
  });

  it('count: a part fits with what it carries, and what is not split stays byte for byte', async () => {
    const note = `[^1]: ${'note '.repeat(40)}`;
    const body = `${Array.from({ length: 12 }, (_, index) => `## S${index}\n\n${'word '.repeat(20)}[^1]`).join('\n\n')}\n\n${note}`;
    const parts = await partsOf(body, { partBytes: 600 });
    expect(parts.length).toBeGreaterThan(4);
    for (const part of parts) {
      expect(part.bytes).toBeLessThanOrEqual(600);
      expect(part.text.split(note.trim())).toHaveLength(2);
    }
    expect((await partsOf(text, { partBytes: 10_000 })).map((part) => part.text)).toEqual([
      `# Manual\n\n${text}\n\nSource: https://x.example/a\n`,
    ]);
  });

  it('html and plain find them as well', async () => {
    expect((await byKey({ split: 'heading', format: 'html' })).get('one')).toMatch(
      /<a href="https:\/\/y\.example\/guide" title="Guide">the guide<\/a>[\s\S]*Foot words of <a href="https:\/\/y\.example\/another">/,
    );
    expect((await byKey({ split: 'heading', format: 'plain' })).get('one')).toMatch(
      /the guide \(https:\/\/y\.example\/guide\)[\s\S]*Foot words/,
    );
  });

  it('a part that would hold nothing but them is not sent where they do not show', async () => {
    const many = `## A\n\n${'word '.repeat(30)}\n\n## B\n\n${'word '.repeat(30)}\n\n${Array.from({ length: 40 }, (_, n) => `[r${n}]: https://y.example/${n}`).join('\n')}`;
    expect((await partsOf(many, { partBytes: 300, format: 'plain' })).map(({ key }) => key)).toEqual(['a', 'b']);
    const above = '[r]: https://y.example/r\n\n## A\n\n[r]\n\n## B\n\nb';
    expect((await partsOf(above, { split: 'heading', format: 'html' })).map(({ key }) => key)).toEqual(['a', 'b']);
    expect((await partsOf(above, { split: 'heading' })).map(({ key }) => key)).toEqual(['start', 'a', 'b']);
    const kept = (await partsOf(many, { partBytes: 300 })).map((part) => part.text).join('\n');
    for (let index = 0; index < 40; index += 1) expect(kept).toContain(`[r${index}]: https://y.example/${index}`);
  });
});

describe('what belongs together', () => {
  const filler = `${'word '.repeat(40)}\n\n`;

  it.each([
    [
      'a table of HTML with blank lines between its rows',
      `<table>\n\n<tr><td>first</td></tr>\n\n<tr>\n<td>\n\nsecond\n\n</td></tr>\n\n</table>`,
    ],
    ['nested ones', '<table>\n\n<tr><td>\n\n<table>\n\n<tr><td>in</td></tr>\n\n</table>\n\n</td></tr>\n\n</table>'],
    ['details', '<details>\n<summary>Sum</summary>\n\nhidden words\n\n- item\n\n</details>'],
    ['a div around paragraphs', '<div class="x">\n\none\n\ntwo\n\n</div>'],
  ])('%s', async (_, element) => {
    for (let count = 0; count < 12; count += 1) {
      const text = `${'some words here\n\n'.repeat(count * 2)}${element}\n\n${filler.repeat(4)}`;
      const parts = await partsOf(text, { partBytes: 420 });
      expect(parts.length).toBeGreaterThan(1);
      expect(parts.filter((part) => part.text.includes(element))).toHaveLength(1);
    }
  });

  it.each(['<div hidden>', '<div style="color: red; display:none">', '<dialog>', '<template>', '<span hidden>'])(
    'what %s hides stays hidden in every part',
    async (tag) => {
      const end = `</${/[a-z]+/.exec(tag)?.[0]}>`;
      const inner = `## A\n\nsecret ${filler}\n\n## B\n\nsecret too ${filler}`;
      for (const close of [`\n\n${end}\n\n## After\n\nshown`, '']) {
        const text = `## Before\n\nwords\n\n${tag}\n\n${inner}${close}`;
        for (const patch of [{ split: 'heading' }, { partBytes: 320 }] as const) {
          for (const format of ['html', 'plain'] as const) {
            const all = (await partsOf(text, { ...patch, format })).map((part) => part.text).join('');
            expect(all).toContain('words');
            expect(all).not.toContain('secret');
            if (close !== '') expect(all).toContain('shown');
          }
        }
      }
    },
  );

  it('an element over the limit is cut between its blocks, a table is refused as other tables are', async () => {
    const parts = await partsOf(`<div>\n\n${filler.repeat(4)}</div>`, { partBytes: 420 });
    expect(parts.length).toBeGreaterThan(1);
    await expect(
      partsOf(`a\n\n<table>\n\n<tr><td>\n\n${filler.repeat(4)}</td></tr>\n\n</table>`, { partBytes: 420 }),
    ).rejects.toMatchObject({
      code: 'DOCUMENT_TOO_LARGE',
      message: expect.stringMatching(/one block of \d+ bytes is over the limit of 420/),
    });
  });

  it('a numbered list goes on with its numbers in the next part, whatever numbers are written', async () => {
    const item = (index: number) => `1. Step ${index + 1} ${'word '.repeat(8)}\n   - below ${index + 1}\n`;
    const list = (from: number) => Array.from({ length: 14 }, (_, index) => item(index + from)).join('');
    const parts = await partsOf(list(0), { partBytes: 300 });
    expect(parts.length).toBeGreaterThan(3);
    for (const [index, part] of parts.entries()) {
      for (const [, number, step] of part.text.matchAll(/^(\d+)\. Step (\d+)/gm)) expect(number).toBe(index === 0 ? '1' : step);
      // What stands below an item stays below it where its number gets wider.
      for (const [, number = '', space] of part.text.matchAll(/^(\d+)\. Step.*\n( *)- below/gm))
        expect(space).toHaveLength(number.length + 2);
    }
    const html = (await partsOf(list(0), { partBytes: 300, format: 'html' })).map((part) => part.text);
    const starts = html.map((text) => [/<ol(?: start="(\d+)")?>/.exec(text)?.[1] ?? '1', /Step (\d+)/.exec(text)?.[1]]);
    for (const [start, step] of starts) expect(start).toBe(step);
    // Those that are written right stay as they are; plain text has no lists.
    const counted = Array.from({ length: 30 }, (_, index) => `${index + 5}) Step of it\n`).join('');
    expect((await partsOf(counted, { partBytes: 120 })).map((part) => part.text).join('')).toContain('\n34) Step of it\n');
    const plain = { body: list(0), text: list(0), syntax: 'plain', asScanned: true } as const;
    const kept = (await renderPayload(document, plain, { ...base, partBytes: 300 })).parts.map((part) => part.text).join('');
    expect(kept.match(/^1\. Step/gm)).toHaveLength(14);
  });

  it('plain text is cut between lines where a paragraph is too large', async () => {
    const lines = Array.from({ length: 60 }, (_, index) => `    line ${index} of a text without blank lines\n`).join('');
    const plain = { body: lines, text: lines, syntax: 'plain', asScanned: true } as const;
    const { parts } = await renderPayload(document, plain, { ...base, partBytes: 400, format: 'plain' });
    const all = parts.map((part) => part.text).join('');
    for (let index = 0; index < 60; index += 1) expect(all).toContain(`line ${index} of`);
    expect(parts.every((part) => part.bytes <= 400)).toBe(true);
  });
});

describe('work', () => {
  /** Characters that were put into a format to split a body: what takes the time. */
  const finished = (body: string, limit: number) => {
    let characters = 0;
    const finish = (run: string) => {
      characters += run.length;
      return `# Manual\n\n${run}\n`;
    };
    const { parts, tooLarge } = splitText({ title: 'Manual', body, syntax: 'markdown', finish, limit, by: 'size' });
    expect(tooLarge).toBeNull();
    expect(parts.length).toBeGreaterThan(1);
    return characters / body.length;
  };

  it.each([
    ['paragraphs', (count: number) => Array.from({ length: count }, (_, index) => `Paragraph ${index} of them.`).join('\n\n')],
    ['items that are all the same', (count: number) => '- x\n'.repeat(count)],
    [
      'releases',
      (count: number) => Array.from({ length: count / 5 }, (_, index) => `## 1.${index}\n\n${`- Fixed ${index}\n`.repeat(4)}`).join('\n'),
    ],
  ])(
    '%s: each character is finished a few times, however many there are',
    (_, make) => {
      for (const count of [2_000, 12_000]) {
        for (const parts of [2, 40]) expect(finished(make(count), make(count).length / parts)).toBeLessThan(4);
      }
    },
    120_000,
  );
});

describe('another version of the renderer', () => {
  afterEach(() => {
    vi.doUnmock('../../src/content/version.ts');
    vi.resetModules();
  });

  it('renders everything again, and gives the same fingerprints: nothing is pushed', async () => {
    const root = folderWith({ 'a.md': '# A\n\nto [b](b.mdx)', 'b.mdx': '<Note>b</Note>', 'c.md': 'C {{ v }}' });
    let text: string | null = null;
    const io: ScanCacheIo = {
      read: () => text,
      write: (_path, written) => {
        text = written;
      },
    };
    const run = async (version: number | null) => {
      vi.resetModules();
      if (version !== null) vi.doMock('../../src/content/version.ts', () => ({ rendererVersion: version }));
      const { payloadHeads } = await import('../../src/content/render.ts');
      const cache = openScanCache('scan.cache', io);
      const scan = await scanOf(root, { cache, content: { variables: { v: 'one' } } });
      let composed = 0;
      const { composer } = scan;
      if (composer === undefined) throw new Error('a scan of a folder has a composer');
      const counted: typeof composer = {
        ...composer,
        compose: (...args) => {
          composed += 1;
          return composer.compose(...args);
        },
      };
      const { heads } = await payloadHeads({ text: scan.text, composer: counted }, scan.documents, { ...base, target: 'support' }, cache);
      await cache.save();
      return { composed, fingerprints: heads.map((head) => head.fingerprint) };
    };
    const first = await run(null);
    expect(first.composed).toBe(3);
    expect(await run(null)).toEqual({ ...first, composed: 0 });
    expect(await run(999)).toEqual(first);
  });
});
