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
      partials: [],
      lint: {},
    };
    const scan = await scanContent({ content, rules: [], targetNames: ['bot'], neverEnter: [], cache: null, now: () => 0 });
    const breaches = scan.problems.filter((problem) => problem.message.includes('includes inner.md, whose audience is'));
    expect(breaches.length).toBe(problems);
    expect(scan.documents.some((document) => document.path === 'open.md')).toBe(problems === 0);
  });
});
