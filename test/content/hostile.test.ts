// Files that somebody made to do harm, or that a tool made by mistake: each is told as that file's problem, in bounded time, and the rest goes on.
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nodeDisk } from '../../src/content/disk.ts';
import { renderPayload, textFor } from '../../src/content/render.ts';
import { SyncError } from '../../src/model/error.ts';
import { diskWith, folderWith, ids, scanOf, told } from './folder.ts';

const fine = { 'fine.md': '# Fine\n\nwords\n' };

/** What is told of one file beside a good one, which must go through. */
async function problemOf(name: string, text: string | Uint8Array): Promise<string> {
  const scan = await scanOf(folderWith({ ...fine, [name]: text }), { content: { include: ['**/*'] } });
  expect(ids(scan)).toContain('fine.md');
  expect(scan.complete).toBe(true);
  return told(scan)
    .filter((line) => !line.includes('fine.md'))
    .join('\n');
}

const nine = (item: string): string => Array.from({ length: 9 }, () => item).join(', ');
const laughs = ['a: &a ["lol"]', ...[...'bcdefghi'].map((name, at) => `${name}: &${name} [${nine(`*${'abcdefgh'[at]}`)}]`)].join('\n');

describe('front matter', () => {
  it.each([
    ['a billion laughs', `---\n${laughs}\n---\n`, 'Excessive alias count'],
    ['a long text a hundred times', `---\na: &a "${'x'.repeat(500_000)}"\nb: [${Array(99).fill('*a').join(',')}]\n---\n`, 'unfold to more'],
    [
      'merges of merges',
      `---\na: &a {k: 1}\n${Array.from({ length: 200 }, (_, n) => `m${n}:\n  <<: *a`).join('\n')}\n---\n`,
      'alias count',
    ],
    ['a deep list', `---\na: ${'['.repeat(200_000)}\n---\n`, 'nested more than 64 levels deep'],
    [
      'a deep list below other keys',
      `---\ntitle: A\na: ${'['.repeat(5_000)}${']'.repeat(5_000)}\n---\n`,
      'nested more than 64 levels deep',
    ],
    ['a list just too deep', `---\ntitle: A\na: ${'['.repeat(80)}${']'.repeat(80)}\n---\n`, 'nested more than 64 levels deep'],
    ['deep JSON', `---json\n${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}\n---\n`, 'nested more than 64 levels deep'],
    ['deep TOML', `+++\na = ${'['.repeat(50_000)}${']'.repeat(50_000)}\n+++\n`, 'not valid TOML'],
    ['a deep TOML key', `+++\n${'a.'.repeat(50_000)}b = 1\n+++\n`, 'nested more than 64 levels deep'],
    ['a megabyte and more', `---\na: ${'x'.repeat(1_048_577)}\n---\n`, 'larger than 1 MiB'],
  ])('%s', async (_, head, message) => {
    expect(await problemOf('bad.md', `${head}# Bad\n\nwords\n`)).toMatch(new RegExp(`^error bad\\.md:\\S+ .*${message}`));
  });

  it('is told in which line it nests too deeply', async () => {
    for (const depth of [80, 5_000]) {
      const deep = `---\ntitle: A\na: ${'['.repeat(depth)}${']'.repeat(depth)}\n---\n# Bad\n`;
      expect(await problemOf('bad.md', deep)).toMatch(/^error bad\.md:3\S* .*nested more than 64 levels deep$/);
    }
  });

  it('may name an alias as often as anybody would', async () => {
    const text = `---\nkb:\n  faq:\n${Array.from({ length: 50 }, (_, n) => `    - { q: "Question ${n}?", a: ${n === 0 ? '&a "the same"' : '*a'} }`).join('\n')}\n---\n# A\n`;
    expect(await problemOf('alias.md', text)).toBe('');
  });

  it('a Q&A file that nests without end', async () => {
    expect(await problemOf('deep.qa.yaml', `${'- '.repeat(5_000)}x\n`)).toMatch(/^error deep\.qa\.yaml:1\S* nested more than 64/);
  });
});

describe('text', () => {
  const heavy = (text: string) => async () => {
    const scan = await scanOf(folderWith({ ...fine, 'heavy.md': text }), {
      content: { site: { url: 'https://d.example/', generator: 'plain' } },
    });
    for (const document of scan.documents) {
      for (const format of ['markdown', 'plain'] as const) {
        const options = {
          format,
          split: 'size',
          target: 't',
          partBytes: 20_000,
          titleCharacters: 200,
          attributeKeys: [],
          links: false,
        } as const;
        await textFor(scan, document, options)
          .then((composed) => renderPayload(document, composed, options))
          .catch((thrown: unknown) => {
            if (!(thrown instanceof SyncError)) throw thrown;
          });
      }
    }
    expect(ids(scan)).toContain('fine.md');
    return told(scan);
  };

  // Each took minutes, or all of the memory, at a tenth of what a file may have; quadratic again, they run into the test's time.
  it.each([
    ['quotes in quotes', `# T\n\n[a](b)\n\n${'> '.repeat(12_000)}x\n`],
    ['lists in lists', `# T\n\n[a](b)\n\n${'- '.repeat(12_000)}x\n`],
    ['quotes without number', `# T\n\n[a](b)\n\n${'> x\n\n'.repeat(30_000)}`],
    ['items without number', `# T\n\n${'- x\n'.repeat(800)}`],
    ['sections without number', `# T\n\n${'## a\n\n'.repeat(700)}`],
    ['titles of brackets', `# ${'[a]('.repeat(1_200)}\n\nx\n`],
    ['titles of ticks', `# ${'` '.repeat(10_000)}\n\nx\n`],
    ['equal sections', `${'# a\n\n'.repeat(800)}`],
    ['a long heading of blanks', `# T${' '.repeat(900_000)}y\n\nx\n`],
    ['digits', `${'1'.repeat(150_000)}\n\n# T\n`],
    ['a fence of a megabyte', `${'`'.repeat(900_000)}\nx\n`],
    ['blanks', `# T\n\nx${' '.repeat(200_000)}y\n${'\n'.repeat(10_000)}`],
    ['braces', `# T\n\n${'{{'.repeat(10_000)}\n\n{{${' '.repeat(100_000)}x\n`],
    ['elements', `# T\n\n${'<div>'.repeat(10_000)}\n`],
    ['half comments', `# T\n\n${'<!--'.repeat(5_000)}\n`],
    ['half logins', `# T\n\n${'postgres://a:b'.repeat(5_000)}\n`],
  ])('%s: in bounded time', async (_, text) => void (await heavy(text)()), 60_000);

  it('that would keep the grammar busy for minutes is refused by name', async () => {
    const link = '[a](b)\n\n';
    expect(await heavy(`${link}${'> '.repeat(200)}x`)()).toContain(
      'error heavy.md:1 nests lists or quotes more than 100 levels deep on one line',
    );
    expect(await heavy(`${link}${'> x\n\n'.repeat(20_001)}`)()).toContain(
      'error heavy.md:1 has more than 20000 list items and quoted lines: make several documents of it',
    );
    expect(await heavy(`${link}${'T\n=\n'.repeat(5_001)}`)()).toContain(
      'error heavy.md:1 has more than 5000 underlined headings: make several documents of it',
    );
  });
});

describe('what is no plain file', () => {
  it('pipes, sockets and devices are told, and hang nothing', async () => {
    const root = folderWith({ ...fine, 'side.md': '# Side\n' });
    execFileSync(
      'mkfifo',
      ['pipe.md', 'side.kb.yaml'].map((name) => join(root, name)),
    );
    symlinkSync('pipe.md', join(root, 'topipe.md'));
    symlinkSync('/dev/zero', join(root, 'zero.md'));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, 'socket.md'), resolve));
    onTestFinished(() => void server.close());
    const scan = await scanOf(root);
    expect(ids(scan)).toEqual(['fine.md']);
    expect(told(scan)).toEqual([
      'warning pipe.md:- a pipe, a socket or a device instead of a file: not read',
      'error side.kb.yaml:- a sidecar must be a file',
      'warning socket.md:- a pipe, a socket or a device instead of a file: not read',
      'warning topipe.md:- a link to a pipe, a socket or a device instead of a file: not followed',
      'warning zero.md:- a link that leads out of the content folder: not followed',
    ]);
    // What a bot holds under such a path stays as it is.
    expect(['pipe.md', 'socket.md', 'topipe.md'].every((path) => scan.blockedPaths.has(path))).toBe(true);
  });

  it.each([
    ['a pipe', (path: string) => void execFileSync('mkfifo', [path])],
    ['larger than anybody writes', (path: string) => writeFileSync(path, `secret.md\n${'# x\n'.repeat(300_000)}`)],
  ])('an ignore file that is %s closes its folder: what it keeps out must not slip in', async (_, make) => {
    const root = folderWith({ 'sub/secret.md': '# Secret\n', ...fine });
    make(join(root, 'sub/.kbsyncignore'));
    const scan = await scanOf(root);
    expect([ids(scan), scan.complete]).toEqual([['fine.md'], false]);
  });

  it('a gigabyte costs no memory', async () => {
    const root = folderWith({ ...fine, 'giant.md': '# Giant\n' });
    truncateSync(join(root, 'giant.md'), 1024 ** 3);
    const before = process.memoryUsage().rss;
    expect(told(await scanOf(root))).toEqual(['error giant.md:- is larger than 1 MiB of text: not read; make several documents of it']);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });

  it('a thousand folders deep, and thousands of files in one', async () => {
    const deep = `${'d/'.repeat(1_000)}end.md`;
    const root = folderWith({ [deep]: '# End\n' });
    mkdirSync(join(root, 'many'));
    for (let n = 0; n < 3_000; n += 1) writeFileSync(join(root, `many/${n}.md`), `# ${n}\n`);
    const scan = await scanOf(root);
    expect([scan.documents.length, scan.complete, ids(scan).includes(deep)]).toEqual([3_001, true, true]);
  }, 60_000);

  it('a link that takes a file’s place between look and read leads nowhere', async () => {
    const root = folderWith({ ...fine, 'swapped.md': '# Mine\n' });
    const outside = folderWith({ 'passwords.md': '# Not yours\n' });
    let swapped = false;
    const disk = diskWith({
      read(path, maxBytes, own) {
        if (path.endsWith('swapped.md') && !swapped) {
          swapped = true;
          renameSync(path, `${path}.old`);
          symlinkSync(join(outside, 'passwords.md'), path);
        }
        return nodeDisk.read(path, maxBytes, own);
      },
    });
    const scan = await scanOf(root, { disk });
    expect(swapped).toBe(true);
    expect(told(scan)).toEqual(['error swapped.md:- cannot be read (ELOOP)']);
    expect(ids(scan)).toEqual(['fine.md']);
  });
});
