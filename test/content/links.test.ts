import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { payloadHeads, textFor } from '../../src/content/render.ts';
import type { Generator } from '../../src/model/config.ts';
import { openScanCache, type ScanCacheIo } from '../../src/state/scan-cache.ts';
import { folderWith, scanOf, told, writeOld } from './folder.ts';

const options = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: [], target: 'support' } as const;
const files = {
  'index.md': '# Home',
  'guide/a.md': '# A',
  'guide/b c.md': '# B',
  'guide/own.md': '---\nkb: { url: https://elsewhere.example/own }\n---\n# Own',
  'guide/draft.md': '---\ndraft: true\n---\n# Draft',
  'deep/README.md': '# Deep',
  'img/x.png': 'png',
};

async function look(extra: Record<string, string>, generator: Generator | null = 'plain', url = 'https://x.example/docs/') {
  const root = folderWith({ ...files, ...extra });
  const lint = { 'broken-link': 'warning' } as const;
  const scan = await scanOf(root, {
    content: { include: ['**/*.{md,mdx,html}'], site: generator === null ? null : { url, generator }, lint },
  });
  const texts = await Promise.all(
    scan.documents.map(async (document) => [document.path, (await textFor(scan, document, options)).text] as const),
  );
  return { scan, texts: Object.fromEntries(texts), told: told(scan) };
}

const textOf = async (text: string, generator: Generator | null = 'plain') =>
  (await look({ 'guide/t.md': text }, generator)).texts['guide/t.md'];

describe('links', () => {
  it.each([
    ['[a](a.md)', '[a](https://x.example/docs/guide/a)'],
    ['[a](./a.md#part "title")', '[a](https://x.example/docs/guide/a#part "title")'],
    ['[a](a) [a](../guide/a.md?x=1)', '[a](https://x.example/docs/guide/a) [a](https://x.example/docs/guide/a?x=1)'],
    ['[b](<b c.md>) [b](b%20c.md)', '[b](<https://x.example/docs/guide/b%20c>) [b](https://x.example/docs/guide/b%20c)'],
    ['[own](own.md)', '[own](https://elsewhere.example/own)'],
    [
      '[d](../deep/) [d](../deep/README.md) [h](../)',
      '[d](https://x.example/docs/deep/) [d](https://x.example/docs/deep/) [h](https://x.example/docs/)',
    ],
    ['[r][x]\n\n[x]: ./a.md  "t"', '[r][x]\n\n[x]: https://x.example/docs/guide/a  "t"'],
    ['[![alt](../img/x.png)](a.md)', '[![alt](https://x.example/docs/img/x.png)](https://x.example/docs/guide/a)'],
    [
      '<a class=x href=\'a.md\'>a</a> <img src="../img/x.png">',
      '<a class=x href=\'https://x.example/docs/guide/a\'>a</a> <img src="https://x.example/docs/img/x.png">',
    ],
    ['> - [a](\n>   a.md)', '> - [a](\n>   https://x.example/docs/guide/a)'],
    ['[top](#top)', '[top](https://x.example/docs/guide/t#top)'],
    ['[page](/guide/a) [other](/pricing)', '[page](https://x.example/docs/guide/a) [other](https://x.example/docs/pricing)'],
    // What stays: whole addresses, code, templates, drafts, what lies outside the folder.
    [
      '[x](https://y.example/a.md) <mailto:a@b.example> [m](mailto:a@b.example)',
      '[x](https://y.example/a.md) <mailto:a@b.example> [m](mailto:a@b.example)',
    ],
    ['`[a](a.md)`\n\n```\n[a](a.md)\n```', '`[a](a.md)`\n\n```\n[a](a.md)\n```'],
    ['[d](draft.md) [o](../../other.md)', '[d](draft.md) [o](../../other.md)'],
    ['  odd   *spacing*\t[a](a.md)  and __more__\\\n  ', 'odd   *spacing*\t[a](https://x.example/docs/guide/a)  and __more__\\'],
  ])('%j', async (text, expected) => {
    expect((await textOf(text))?.trimStart()).toBe(expected);
  });

  it('without a site nothing is rewritten, and what is broken is still told', async () => {
    const text = '[a](a.md) [n](no.md) ![i](../img/x.png)';
    const { texts, told: lines } = await look({ 'guide/t.md': text }, null);
    expect(texts['guide/t.md']).toBe(text);
    expect(lines).toEqual(['warning guide/t.md:1 the link "no.md" leads nowhere: there is no such file']);
  });

  it('broken ones name file and line, of an included file its own', async () => {
    const { told: lines, texts } = await look({
      'guide/t.md': '---\ntitle: T\n---\n\n[a](a.md)\n\n- [x](gone.md#y)\n\n--8<-- "parts/p.md"\n\n![i](none.png)',
      'parts/p.md': 'see\n[q](../guide/nope.md) and [ok](../guide/a.md)',
    });
    expect(lines).toEqual([
      'warning guide/t.md:7 the link "gone.md#y" leads nowhere: there is no such file',
      'warning guide/t.md:11 the image "none.png" is not there',
      'warning parts/p.md:2 the link "../guide/nope.md" leads nowhere: there is no such file',
    ]);
    expect(texts['guide/t.md']).toContain('[x](gone.md#y)');
    expect(texts['guide/t.md']).toContain('[ok](https://x.example/docs/guide/a)');
  });

  it('in HTML files, and in what is between tags of MDX', async () => {
    const { texts } = await look({
      'guide/h.html': '<p><a href="a.md">A</a> &amp; <a href="b%20c.md?x=1&amp;y=2">B</a></p>',
      'guide/m.mdx': '<Card title="To A" href="./a.md">\n  See [b](<b c.md>).\n</Card>',
    });
    expect(texts['guide/h.html']).toBe(
      '<p><a href="https://x.example/docs/guide/a">A</a> &amp; <a href="https://x.example/docs/guide/b%20c?x=1&amp;y=2">B</a></p>',
    );
    expect(texts['guide/m.mdx']).toBe('[To A](https://x.example/docs/guide/a)\n\nSee [b](<https://x.example/docs/guide/b%20c>).');
  });

  it.each([
    ['mkdocs', 'https://x.example/docs/guide/a/#p'],
    ['hugo', 'https://x.example/docs/guide/a/#p'],
    ['vitepress', 'https://x.example/docs/guide/a.html#p'],
    ['docusaurus', 'https://x.example/docs/guide/a#p'],
    ['astro', 'https://x.example/docs/guide/a/#p'],
  ] as const)('by the rules of %s', async (generator, url) => {
    expect(await textOf('[a](./a.md#p)', generator)).toBe(`[a](${url})`);
  });

  it('a page named by its address: as a browser would go', async () => {
    const { texts } = await look({ 'guide/t.md': '[up](../a/) [self](./) [root](/docs/guide/a/)' }, 'mkdocs');
    expect(texts['guide/t.md']).toBe(
      '[up](https://x.example/docs/guide/a/) [self](https://x.example/docs/guide/t/) [root](https://x.example/docs/guide/a/)',
    );
  });

  it('in answers of Q&A too', async () => {
    const { texts, told: lines } = await look({
      'guide/q.md': '---\nkb:\n  faq:\n    - q: Where?\n      a: See [a](a.md) or [n](no.md).\n---\n# Q',
    });
    expect(Object.values(texts)).toContain('See [a](https://x.example/docs/guide/a) or [n](no.md).');
    expect(lines).toEqual(['warning guide/q.md:5 the link "no.md" leads nowhere: there is no such file']);
  });
});

describe('with the scan cache', () => {
  it('a document is rendered again when the address of what it links to changes, and only then', async () => {
    const root = folderWith({ 'a.md': 'to [b](b.md)', 'b.md': '# B', 'c.md': 'no link' });
    let text: string | null = null;
    const io: ScanCacheIo = {
      read: () => text,
      write: (_path, written) => {
        text = written;
      },
    };
    const run = async () => {
      const cache = openScanCache('scan.cache', io);
      const scan = await scanOf(root, {
        cache,
        content: { site: { url: 'https://x.example/', generator: 'plain' }, lint: { 'broken-link': 'warning' } },
      });
      const { heads } = await payloadHeads(scan, scan.documents, options, cache);
      await cache.save();
      return { scan, heads: Object.fromEntries(heads.map((head) => [head.document, head.fingerprint])) };
    };
    const first = await run();
    writeOld(join(root, 'b.md'), '---\nkb: { url: https://y.example/b }\n---\n# B');
    const second = await run();
    expect(Object.keys(first.heads).filter((id) => first.heads[id] !== second.heads[id])).toEqual(['a.md', 'b.md']);
    rmSync(join(root, 'b.md'));
    const third = await run();
    expect(told(third.scan)).toEqual(['warning a.md:1 the link "b.md" leads nowhere: there is no such file']);
    expect(third.heads['c.md']).toBe(first.heads['c.md']);
    expect((await run()).heads).toEqual(third.heads);
  });
});

describe('a path is what its generator takes it for', () => {
  const many = { 'other.md': '# Root', 'guides/other.md': '# Sibling', 'setup.md': '# Setup' };
  const seen = async (generator: Generator, text: string) =>
    (await look({ ...many, 'guides/here.md': text }, generator)).texts['guides/here.md'];

  it.each([
    // Written for a browser: from the page's own folder.
    ['astro', '[o](../other/)', '[o](https://x.example/docs/guides/other/)'],
    ['hugo', '[o](../other/)', '[o](https://x.example/docs/guides/other/)'],
    ['mkdocs', '[o](../other/)', '[o](https://x.example/docs/guides/other/)'],
    // A source file is looked for where it lies.
    ['mkdocs', '[o](../other.md)', '[o](https://x.example/docs/other/)'],
    ['docusaurus', '[o](../other.md) [s](other)', '[o](https://x.example/docs/other) [s](https://x.example/docs/guides/other)'],
  ] as const)('%s: %s', async (generator, text, expected) => {
    expect(await seen(generator, text)).toBe(expected);
  });

  it("only the route of the documents is taken off a path from the site's root", async () => {
    expect(await seen('docusaurus', '[s](/docs/setup.md) [p](/pricing/setup) [a](/api/setup)')).toBe(
      '[s](https://x.example/docs/setup) [p](https://x.example/pricing/setup) [a](https://x.example/api/setup)',
    );
  });
});
