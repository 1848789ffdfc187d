import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { payloadHeads, textFor } from '../../src/content/render.ts';
import type { Generator } from '../../src/model/config.ts';
import { openScanCache, type ScanCacheIo } from '../../src/state/scan-cache.ts';
import { diskWith, failure, folderWith, ids, scanOf, told, writeOld } from './folder.ts';

const options = { format: 'markdown', partBytes: null, titleCharacters: null, attributeKeys: [], target: 'support' } as const;
const site = (generator: Generator) => ({ url: 'https://x.example/', generator });

async function look(root: string, settings: Parameters<typeof scanOf>[1] = {}) {
  const scan = await scanOf(root, { ...settings, content: { include: ['*.{md,mdx}'], ...settings.content } });
  const texts = await Promise.all(
    scan.documents.map(async (document) => [document.path, (await textFor(scan, document, options)).text] as const),
  );
  return { scan, texts: Object.fromEntries(texts), told: told(scan) };
}

const textOf = async (files: Record<string, string>, settings: Parameters<typeof scanOf>[1] = {}) =>
  (await look(folderWith(files), settings)).texts['a.md'];

describe('--8<--', () => {
  it('brings in files, lines, sections, nested and indented', async () => {
    const files = {
      'parts/one.md': '---\ntitle: hidden\n---\nOne.\n\n--8<-- "parts/two.md"\n',
      'parts/two.md': 'Two.\n',
      'parts/code.py': '# --8<-- [start:body]\nrun()\n# --8<-- [end:body]\nstop()\n',
      'parts/lines.txt': '1\n2\n3\n4\n5\n6\n',
    };
    expect(await textOf({ ...files, 'a.md': 'A\n\n--8<-- "parts/one.md"\n\nB' })).toBe('A\n\nOne.\n\nTwo.\n\nB');
    expect(await textOf({ ...files, 'a.md': "- item\n\n    --8<-- 'parts/one.md'" })).toBe('- item\n\n    One.\n\n    Two.');
    expect(await textOf({ ...files, 'a.md': '```py\n--8<-- "parts/code.py:body"\n```' })).toBe('```py\nrun()\n```');
    expect(
      await textOf({ ...files, 'a.md': '--8<-- "parts/lines.txt:2:3"\n\n--8<-- "parts/lines.txt:5"\n\n--8<-- "parts/lines.txt::1"' }),
    ).toBe('2\n3\n\n5\n6\n\n1');
    expect(await textOf({ ...files, 'a.md': '--8<-- "parts/lines.txt:1:1,6:6"' })).toBe('1\n6');
    expect(await textOf({ ...files, 'a.md': 'A\n\n--8<--\nparts/two.md\n; parts/one.md\n\nparts/lines.txt:1:2\n--8<--\n\nB' })).toBe(
      'A\n\nTwo.\n1\n2\n\nB',
    );
    expect(await textOf({ ...files, 'a.md': ';--8<-- "parts/two.md"' })).toBe('--8<-- "parts/two.md"');
  });

  it('in code it is text where no such file is there, but under MkDocs', async () => {
    const files = { 'a.md': 'So:\n\n```\n--8<-- "your/file.md"\n```' };
    expect(await textOf(files)).toBe(files['a.md']);
    const { told: lines } = await look(folderWith(files), { content: { site: site('mkdocs') } });
    expect(lines).toEqual(['error a.md:4 the included file your/file.md is not there']);
  });
});

describe('the syntax of another generator is text', () => {
  const files = { 'parts/one.md': 'One.\n', 'a.md': 'A\n\n--8<-- "parts/one.md"\n\n<<< ./parts/one.md\n\n<!--@include: ./parts/one.md-->' };
  const snippet = '--8<-- "parts/one.md"';
  const code = '```md\nOne.\n```';
  it.each([
    ['mkdocs', 'A\n\nOne.\n\n<<< ./parts/one.md'],
    ['vitepress', `A\n\n${snippet}\n\n${code}\n\nOne.`],
    ['docusaurus', `A\n\n${snippet}\n\n<<< ./parts/one.md`],
    ['hugo', `A\n\n${snippet}\n\n<<< ./parts/one.md`],
    ['astro', `A\n\n${snippet}\n\n<<< ./parts/one.md`],
    ['plain', `A\n\nOne.\n\n${code}\n\nOne.`],
  ] as const)('at %s', async (generator, expected) => {
    expect((await textOf(files, { content: { site: site(generator) } }))?.trimEnd()).toBe(expected);
  });

  it.each([
    ['mkdocs', '::: package.module'],
    ['hugo', '::: tip\nText.\n:::'],
    ['vitepress', '!!! note\n    Text.'],
    ['docusaurus', '=== "Tab"\n    Text.'],
  ] as const)('at %s, containers of others stay', async (generator, text) => {
    expect(await textOf({ 'a.md': text }, { content: { site: site(generator) } })).toBe(text);
  });
});

describe('<<< and @include', () => {
  const files = {
    'src/b.ts': 'import x from "x";\n\n  // #region use\n  x(1);\n\n  x(2);\n  // #endregion use\n',
    'parts/c.md': '---\ntitle: hidden\n---\nFirst\n\n## Second {#two}\n\nbelow\n\n## Third\n\nend\n',
    'parts/fence.md': '```\ninner\n```\n',
  };
  it('brings in code by file and region, and text by lines and headings', async () => {
    expect(await textOf({ ...files, 'a.md': 'A\n\n<<< @/src/b.ts#use{1 ts:line-numbers} [b.ts]\n\nB' })).toBe(
      'A\n\n```ts [b.ts]\nx(1);\n\nx(2);\n```\n\nB',
    );
    expect(await textOf({ ...files, 'a.md': '<<< ./parts/fence.md' })).toBe('````md\n```\ninner\n```\n````');
    expect(await textOf({ ...files, 'a.md': '<!--@include: ./parts/c.md-->' })).toBe(
      'First\n\n## Second {#two}\n\nbelow\n\n## Third\n\nend',
    );
    expect(await textOf({ ...files, 'a.md': '<!--@include: ./parts/c.md{4,6}-->' })).toBe('First\n\n## Second {#two}');
    expect((await textOf({ ...files, 'a.md': '<!-- @include: @/parts/c.md#two -->' }))?.trim()).toBe('## Second {#two}\n\nbelow');
  });

  it('a heredoc and a conflict mark are none', async () => {
    const text = 'cat <<<word\n\n<<<<<<< HEAD\n\n<<< EOF';
    expect(await textOf({ 'a.md': text })).toBe(text);
  });
});

describe('what cannot be included', () => {
  it.each([
    ['a file that is not there', '--8<-- "no.md"', 'the included file no.md is not there'],
    ['a path out of the root', '<<< ../../etc/passwd.txt', 'the include "../../etc/passwd.txt" leads out of the content root'],
    ['an address', '--8<-- "https://x.example/a.md"', 'the include "https://x.example/a.md" leads out of the content root'],
    ['a region that is not there', '<<< ./src/b.ts#none', 'the included file src/b.ts has no region "none"'],
    ['a section that is not there', '--8<-- "src/b.ts:none"', 'the included file src/b.ts has no section "none"'],
    ['bytes that are no text', '--8<-- "bin.dat"', 'the included file bin.dat holds a NUL byte: not a text file'],
    ['itself', '--8<-- "a.md"', 'includes itself: a.md → a.md'],
  ])('%s', async (_, line, message) => {
    const root = folderWith({
      'a.md': `---\ntitle: T\n---\n\nA\n\n${line}\n`,
      'b.md': 'B',
      'src/b.ts': 'x',
      'bin.dat': new Uint8Array([1, 0, 2]),
    });
    const { told: lines, scan } = await look(root);
    expect(lines).toEqual([`error a.md:7 ${message}`]);
    expect(ids(scan)).toEqual(['b.md']);
  });

  it('a cycle over three files names the way, and the line of the include that closes it', async () => {
    const root = folderWith({ 'a.md': '--8<-- "p/x.md"', 'p/x.md': 'x\n\n--8<-- "p/y.md"', 'p/y.md': 'y\n--8<-- "p/x.md"' });
    expect((await look(root)).told).toEqual(['error p/y.md:2 includes itself: p/x.md → p/y.md → p/x.md']);
  });

  it('a link that leads out of the root, and what lies in .git or the state folder', async () => {
    const outside = folderWith({ 'secret.md': 'secret' });
    const root = folderWith({
      'a.md': '--8<-- "way/secret.md"',
      'b.md': '--8<-- ".git/config.md"',
      'c.md': '--8<-- "state/s.md"',
      '.git/config.md': 'x',
      'state/s.md': 'x',
    });
    symlinkSync(outside, join(root, 'way'));
    const { told: lines, texts } = await look(root, { neverEnter: [join(root, 'state')] });
    expect(lines).toEqual([
      'error a.md:1 the include "way/secret.md" leads out of the content root',
      'error b.md:1 the include ".git/config.md" leads out of the content root',
      'error c.md:1 the include "state/s.md" leads out of the content root',
      'warning way:- a link that leads out of the content folder: not followed',
    ]);
    expect(texts).toEqual({});
  });

  it('expansions that multiply are stopped', async () => {
    const files: Record<string, string> = { 'a.md': '--8<-- "p/0.md"', 'p/20.md': 'x'.repeat(1_000) };
    for (let depth = 0; depth < 20; depth += 1) files[`p/${depth}.md`] = `--8<-- "p/${depth + 1}.md"\n`.repeat(8);
    const { told: lines } = await look(folderWith(files));
    expect(lines.some((line) => line.endsWith('its includes add up to more than 1,000 files or 2 MiB'))).toBe(true);
  });

  it('a file that cannot be read', async () => {
    const root = folderWith({ 'a.md': '--8<-- "p/x.md"', 'p/x.md': 'x' });
    const { nodeDisk } = await import('../../src/content/disk.ts');
    const disk = diskWith({
      read: (path, max) => {
        if (path.endsWith('x.md')) throw failure('EACCES');
        return nodeDisk.read(path, max);
      },
    });
    expect((await scanOf(root, { disk, content: { include: ['*.md'] } })).problems).toMatchObject([
      { path: 'a.md', line: 1, message: 'the included file p/x.md cannot be read (EACCES)' },
    ]);
  });
});

describe('a change in an included file', () => {
  function commands(root: string) {
    let text: string | null = null;
    const io: ScanCacheIo = {
      read: () => text,
      write: (_path, written) => {
        text = written;
      },
    };
    return async () => {
      const cache = openScanCache('scan.cache', io);
      const scan = await scanOf(root, { cache, content: { include: ['*.md'] } });
      const { heads } = await payloadHeads(scan, scan.documents, options, cache);
      await cache.save();
      return { scan, heads: Object.fromEntries(heads.map((head) => [head.document, head.fingerprint])) };
    };
  }
  const files = {
    'a.md': 'A\n\n--8<-- "p/x.md"',
    'b.md': 'B\n\n<!--@include: ./p/y.md-->',
    'c.md': 'C',
    'p/x.md': 'x\n\n--8<-- "p/y.md"',
    'p/y.md': 'y one',
  };

  it('updates all that include it, and nothing else; nothing is read where nothing changed', async () => {
    const root = folderWith(files);
    const run = commands(root);
    const first = await run();
    expect((await run()).scan.filesRead).toBe(0);
    writeOld(join(root, 'p/y.md'), 'y two');
    const second = await run();
    const changed = Object.keys(first.heads).filter((id) => first.heads[id] !== second.heads[id]);
    expect(changed).toEqual(['a.md', 'b.md']);
    expect((await run()).scan.filesRead).toBe(0);
  });

  it('touched, it changes nothing', async () => {
    const root = folderWith(files);
    const run = commands(root);
    const first = await run();
    utimesSync(join(root, 'p/y.md'), 1_650_000_000, 1_650_000_000);
    const second = await run();
    expect(second.heads).toEqual(first.heads);
    expect((await run()).scan.filesRead).toBe(0);
  });

  it('gone, it blocks them with its line; back, they are as they were', async () => {
    const root = folderWith(files);
    const run = commands(root);
    const first = await run();
    rmSync(join(root, 'p/y.md'));
    const second = await run();
    expect(ids(second.scan)).toEqual(['c.md']);
    expect(told(second.scan)).toEqual([
      'error b.md:3 the included file p/y.md is not there',
      'error p/x.md:3 the included file p/y.md is not there',
    ]);
    expect([...second.scan.blockedPaths]).toEqual([
      ['a.md', 'p/x.md: line 3: the included file p/y.md is not there'],
      ['b.md', 'line 3: the included file p/y.md is not there'],
    ]);
    writeOld(join(root, 'p/y.md'), 'y one');
    expect((await run()).heads).toEqual(first.heads);
  });

  it('between scan and push it is sent as it is now, and forgotten by the cache', async () => {
    const root = folderWith(files);
    const scan = await scanOf(root, { content: { include: ['*.md'] } });
    const [document] = scan.documents;
    if (document === undefined) throw new Error('lost');
    expect(await textFor(scan, document, options)).toMatchObject({ text: 'A\n\nx\n\ny one', asScanned: true });
    writeFileSync(join(root, 'p/y.md'), 'y three');
    expect(await textFor(scan, document, options)).toMatchObject({ text: 'A\n\nx\n\ny three', asScanned: false });
    rmSync(join(root, 'p/y.md'));
    await expect(textFor(scan, document, options)).rejects.toMatchObject({ code: 'DOCUMENT_REFUSED', facts: { retry: 'later' } });
  });

  it('a folder in the place of the file is no file', async () => {
    const root = folderWith({ 'a.md': '--8<-- "p"' });
    mkdirSync(join(root, 'p'));
    expect((await look(root)).told).toEqual(['error a.md:1 the included file p is not there']);
  });
});
