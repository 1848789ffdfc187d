// The fence holds inside documents, too: what one includes has to be for the same readers.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { scanContent } from '../../src/content/scan.ts';

const page = (audience: string, body: string): string => `---\nkb:\n  audience: ${audience}\n---\n${body}\n`;

describe('an include across the fence', () => {
  const root = mkdtempSync(join(tmpdir(), 'kbsync-fence-'));
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it.each([
    ['internal', 1],
    ['public', 0],
  ] as const)('of a page for %s readers into a public one gives %s problems', async (audience, problems) => {
    const files = { 'open.md': page('public', '# Open\n\n--8<-- "inner.md"'), 'inner.md': page(audience, 'inner words') };
    const scan = await scanOf(root, files, [], []);
    const breaches = scan.problems.filter((problem) => problem.message.includes('includes inner.md, whose audience is'));
    expect(breaches.length).toBe(problems);
    expect(scan.documents.some((document) => document.path === 'open.md')).toBe(problems === 0);
  });

  it.each([
    ['its front matter', { '_inner.md': page('internal', 'inner words') }, []],
    ['a rule', { '_inner.md': 'inner words\n' }, [{ match: '_*', set: { audience: 'internal' } }]],
    ['its sidecar', { '_inner.md': 'inner words\n', '_inner.kb.yaml': 'audience: internal\n' }, []],
  ] as const)('of a partial that %s calls internal blocks the public page', async (_, partial, rules) => {
    const files = { 'open.md': page('public', '# Open\n\n--8<-- "_inner.md"'), ...partial };
    const scan = await scanOf(root, files, rules, ['_*.md']);
    expect(scan.problems.map(({ message }) => message)).toEqual([
      'includes _inner.md, whose audience is internal; its own is public: give both the same, or leave the include out',
    ]);
    expect(scan.documents).toEqual([]);
  });

  it('of a partial that states no audience has that of the page', async () => {
    const files = { 'open.md': page('public', '# Open\n\n--8<-- "_inner.md"'), '_inner.md': 'inner words\n' };
    const scan = await scanOf(root, files, [], ['_*.md']);
    expect([scan.problems, scan.documents.length]).toEqual([[], 1]);
  });

  it('of a file that is excluded is judged by its rule, too', async () => {
    const files = { 'open.md': page('public', '# Open\n\n--8<-- "internal/prices.txt"'), 'internal/prices.txt': 'cost: 3\n' };
    const scan = await scanOf(root, files, [{ match: 'internal/**', set: { audience: 'internal' } }], []);
    expect(scan.problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('internal/prices.txt, whose audience is internal'),
    ]);
  });
});

async function scanOf(
  root: string,
  files: { readonly [path: string]: string },
  rules: readonly { readonly match: string; readonly set: { readonly [key: string]: string } }[],
  partials: readonly string[],
) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const content = {
    root,
    include: ['**/*.md'],
    exclude: [],
    gitignore: false,
    site: null,
    frontMatter: { key: 'kb', map: {} },
    defaults: { audience: 'internal' },
    variables: {},
    partials,
    lint: {},
  };
  return scanContent({ content, rules, targetNames: ['bot'], neverEnter: [], cache: null, now: () => 0 });
}
