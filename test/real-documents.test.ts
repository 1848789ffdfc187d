// Documents nobody here wrote: what the packages of this project ship, into both vendors over real HTTP. Zero writes the second time, counted at the vendor.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type World, world } from './support/bots.ts';

const packages = fileURLToPath(new URL('../node_modules', import.meta.url));

/** Up to `most` Markdown files of installed packages, as path → text. */
function shipped(most: number): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (folder: string, below: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (Object.keys(found).length >= most) return;
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !entry.name.startsWith('.')) walk(path, `${below}${entry.name.replace('node_modules', 'inner')}/`);
      else if (entry.isFile() && /\.md$/i.test(entry.name)) found[`${below}${entry.name}`] = readFileSync(path, 'utf8');
    }
  };
  walk(packages, '');
  return found;
}

describe.each(['chatthing', 'sitegpt'])('%s: documents of npm packages', (vendor) => {
  let bot: World;
  afterEach(() => bot.close());

  it('all go in, the second run writes nothing on the wire, and edits are exactly themselves', async () => {
    bot = await world(vendor);
    const files = shipped(160);
    const paths = Object.keys(files);
    expect(paths.length).toBeGreaterThan(100);
    bot.write(files);
    const first = await bot.sync();
    const articles = first.results.length;
    expect(first.results.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
    expect(articles).toBeGreaterThanOrEqual(paths.length - first.blocked.length);
    const before = bot.served.requests.length;
    const second = await bot.sync();
    expect(second.unchanged).toBe(articles);
    const sent = bot.served.requests.slice(before).map(({ method, path }) => `${method} ${path}`);
    expect(sent.filter((line) => !line.startsWith('GET ') && !line.endsWith('/list'))).toEqual([]);
    const [one = '', two = '', three = ''] = paths.filter((path) => (files[path] ?? '').length > 2_000);
    bot.write({
      [one]: `${files[one]}\nOne line more.\n`,
      [two]: null,
      [three]: null,
      [`moved/${three}`]: files[three] ?? '',
      'zz-new.md': '# New here',
    });
    const third = await bot.sync();
    expect(third.results.map(({ operation, outcome }) => [operation.action, operation.path, outcome]).sort()).toEqual(
      [
        ['create', 'zz-new.md', 'done'],
        ['delete', two, 'done'],
        ['move', `moved/${three}`, 'done'],
        ['update', one, 'done'],
      ].sort(),
    );
    expect(third.exitCode).toBe(first.exitCode);
  }, 120_000);
});

describe('bulk', () => {
  it('Chat Thing: at most one write request for twenty documents', async () => {
    const bot = await world('chatthing');
    try {
      bot.write(Object.fromEntries(Array.from({ length: 600 }, (_, n) => [`p${n}.md`, `# Page ${n}\n\nword${n}`])));
      const report = await bot.sync();
      expect(report.training.trained).toBe(600);
      expect(report.requests.write).toBeLessThanOrEqual(600 / 20);
    } finally {
      await bot.close();
    }
  });
});
