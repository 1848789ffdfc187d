import { afterEach, describe, expect, it, vi } from 'vitest';
import { type RenderOptions, renderPayload } from '../../src/content/render.ts';
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
