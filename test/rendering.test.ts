// From files to bots over real HTTP: what a change in a section, an included file, a link's target or the renderer itself sends.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type World, world } from './support/bots.ts';

const manual = (edited: string) =>
  `# Manual\n\nBefore all.\n\n${Array.from({ length: 200 }, (_, n) => `## Chapter ${n}\n\n${n === 123 ? edited : `Chapter ${n} speaks of zebra${n}.`}\n`).join('\n')}`;

describe.each(['chatthing', 'sitegpt'])('%s', (vendor) => {
  let bot: World;
  beforeEach(async () => {
    bot = await world(vendor);
  });
  afterEach(() => bot.close());

  const held = () => new Map(bot.items().map((item) => [item.name, item.answeredFrom]));

  it('one section of two hundred changed: one item is sent, not two hundred', async () => {
    bot.configure({ extra: 'split: heading' });
    bot.write({ 'manual.md': manual('Old words.') });
    expect((await bot.sync()).exitCode).toBe(0);
    const before = held();
    expect(before.size).toBe(201);
    bot.write({ 'manual.md': manual('New words, and many more of them than before.') });
    const report = await bot.sync();
    expect(report.results.map(({ operation, outcome }) => [operation.action, outcome])).toEqual([['update', 'done']]);
    const after = held();
    const changed = [...after].filter(([name, text]) => before.get(name) !== text);
    expect(changed).toHaveLength(1);
    expect(changed[0]?.[1]).toContain('New words, and many more');
    expect(after.size).toBe(201);
    // One write for the item, and at most one more that asks for training.
    expect(report.requests.write).toBeLessThanOrEqual(2);
  });

  it('a changed partial updates the documents that include it, a changed address those that link to it', async () => {
    bot.configure({ content: '{ root: ./content, include: ["*.md"], site: { url: "https://x.example/" }, variables: { product: Acme } }' });
    const files = {
      'a.md': '# A\n\n--8<-- "parts/hours.md"\n',
      'b.md': '# B\n\nSee [C](c.md#x) of {{ product }}.\n',
      'c.md': '# C\n\nText.\n',
      'd.md': '# D\n\nText.\n',
      'parts/hours.md': 'Open at nine.\n',
    };
    bot.write(files);
    expect((await bot.sync()).exitCode).toBe(0);
    const texts = () => bot.items().map((item) => item.answeredFrom ?? '');
    expect(texts().some((text) => text.includes('See [C](https://x.example/c#x) of Acme.'))).toBe(true);
    bot.write({ 'parts/hours.md': 'Open at ten.\n' });
    const second = await bot.sync();
    expect(second.results.map(({ operation }) => [operation.action, operation.path])).toEqual([['update', 'a.md']]);
    expect(texts().some((text) => text.includes('Open at ten.'))).toBe(true);
    bot.write({ 'c.md': '---\nkb: { url: "https://y.example/c" }\n---\n# C\n\nText.\n' });
    const third = await bot.sync();
    expect(third.results.map(({ operation }) => operation.path).sort()).toEqual(['b.md', 'c.md']);
    const fourth = await bot.sync();
    expect(fourth).toMatchObject({ unchanged: 4, requests: { write: 0 } });
  });

  it('regions for another bot stay out, and a broken document holds only itself', async () => {
    bot.write({
      'a.md': '# A\n\nOpen.\n\n<!-- kb:ignore -->\nsecret one\n<!-- kb:end -->\n\n<!-- kb:only bot -->\nfor this bot\n<!-- kb:end -->\n',
      'b.md': '# B\n\n<!-- kb:ignore -->\nsecret two, never ended\n',
    });
    const report = await bot.sync();
    const [item, ...others] = bot.items();
    expect(others).toEqual([]);
    expect(item?.answeredFrom).toContain('for this bot');
    expect(item?.answeredFrom).not.toContain('secret');
    expect(report.unchanged + report.results.length).toBeGreaterThan(0);
  });

  it('everything rendered anew comes out the same: nothing is pushed', async () => {
    bot.write({ 'a.md': '# A\n\nTo [b](b.mdx).\n', 'b.mdx': 'import X from "x"\n\n<Note>Words</Note>\n', 'c.md': ':::tip\nC\n:::\n' });
    await bot.sync();
    rmSync(join(bot.dir, 'state', 'scan.cache'));
    expect(await bot.sync()).toMatchObject({ exitCode: 0, unchanged: 3, results: [], requests: { write: 0 } });
  });
});

describe.each(['koreai', 'replycx+full'])('%s has no update', (vendor) => {
  it('one section of two hundred changed: one new item, and the old one goes', async () => {
    const bot = await world(vendor);
    try {
      bot.configure({ extra: 'split: heading' });
      bot.write({ 'manual.md': manual('Old words.') });
      expect((await bot.sync({ passes: { initial: true } })).exitCode).toBe(0);
      const before = new Set(bot.items().map((item) => item.name));
      expect(before.size).toBe(201);
      bot.write({ 'manual.md': manual('New words, and many more of them than before.') });
      const report = await bot.sync();
      expect(report.exitCode).toBe(0);
      const after = bot.items();
      expect(after).toHaveLength(201);
      const fresh = after.filter((item) => !before.has(item.name));
      expect(fresh.map((item) => item.answeredFrom?.includes('New words, and many more'))).toEqual([true]);
      // The new item, the old one's delete, and where the vendor has to be told two trainings.
      expect(report.requests.write).toBeLessThanOrEqual(4);
    } finally {
      await bot.close();
    }
  });
});

describe('formats, as the vendor takes them', () => {
  const files = {
    'a.md': '---\nkb:\n  faq:\n    - { q: "Is it <safe>?", a: "Yes, *very*." }\n---\n# A\n\nSome **bold** [words](https://x.example/w).\n',
  };
  const given = async (vendor: string, extra: string) => {
    const bot = await world(vendor);
    try {
      bot.configure({ extra });
      bot.write(files);
      const report = await bot.sync({ passes: { initial: true } });
      const again = await bot.sync();
      expect([report.exitCode, again.requests.write]).toEqual([0, 0]);
      return bot.items().map((item) => item.text);
    } finally {
      await bot.close();
    }
  };

  it.each(['chatthing', 'sitegpt', 'sitegpt+v0', 'replycx', 'koreai', 'cxgenie'])('%s takes plain text', async (vendor) => {
    const text = (await given(vendor, 'format: plain')).join('\n');
    expect(text).toContain('Some bold words');
    expect(text).not.toContain('**');
  });

  it.each(['format: html', 'textFormat: html'])('CX Genie takes HTML: %s', async (extra) => {
    const texts = await given('cxgenie', extra);
    expect(texts.some((text) => text.includes('<strong>bold</strong>'))).toBe(true);
    // The answer goes without its question, which is a field of its own.
    expect(texts.some((text) => text.includes('<p>Yes, <em>very</em>.</p>') && !text.includes('<h1>'))).toBe(true);
  });
});
