// A release that changes only how texts are made renders every document again, and sends none: whole engine, over real HTTP.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { world } from './support/bots.ts';

const version = vi.hoisted(() => ({ now: 1 }));
vi.mock('../src/content/version.ts', () => ({
  get rendererVersion() {
    return version.now;
  },
}));

const files = {
  'guide.md': `---\nkb:\n  faq:\n    - { q: "Is it safe?", a: "Yes, *very*." }\n---\n# Guide\n\nIntro.\n\n${Array.from(
    { length: 12 },
    (_, index) => `## Chapter ${index % 7}\n\nChapter ${index} has [words][w] **to say**, ${'many of them, '.repeat(9)}and an end.\n`,
  ).join('\n')}\n[w]: https://x.example/w\n`,
  'flat.md': Array.from({ length: 30 }, (_, index) => `Paragraph ${index}, ${'and on '.repeat(index % 7)}and off.`).join('\n\n'),
  'page.html': '<title>Page</title><h1>Page</h1><p>Some <b>words</b></p><h2>One</h2><p>x</p><h2>Two</h2><p>y</p>',
};

describe.each([
  ['chatthing', 'split: heading'],
  ['chatthing', 'maxDocumentBytes: 900'],
  ['sitegpt', 'format: plain, maxDocumentBytes: 900'],
  ['cxgenie', 'format: html, split: heading'],
  ['koreai', 'split: heading'],
])('%s, %s', (vendor, extra) => {
  beforeEach(() => {
    version.now = 1;
  });

  it('another version of the renderer plans nothing and writes nothing', async () => {
    const bot = await world(vendor);
    try {
      bot.configure({ extra, content: '{ root: ./content, include: ["**/*.{md,html}"] }' });
      bot.write(files);
      expect((await bot.sync({ passes: { initial: true } })).exitCode).toBe(0);
      // The guide and the flat text in several parts, the page, the question.
      const held = bot.items().map((item) => [item.name, item.text]);
      expect(held.length).toBeGreaterThan(6);
      const settled = await bot.sync();
      expect(settled).toMatchObject({ unchanged: 4, results: [], requests: { write: 0 } });
      const cache = () => readFileSync(join(bot.dir, 'state', 'scan.cache'), 'utf8');
      const before = cache();
      version.now = 2;
      expect(await bot.sync()).toMatchObject({ exitCode: 0, unchanged: 4, results: [], requests: { write: 0 } });
      // It was rendered anew, and not merely remembered.
      expect(cache()).not.toBe(before);
      expect(bot.items().map((item) => [item.name, item.text])).toEqual(held);
    } finally {
      await bot.close();
    }
  });
});
