// Lint before push, through the whole engine over real HTTP: a document with a secret never reaches the bot, and leaves what the bot has.
import { afterEach, describe, expect, it } from 'vitest';
import { type World, world } from './support/bots.ts';

const token = `ghp_${'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'}`;

describe.each(['chatthing', 'sitegpt'])('%s', (vendor) => {
  let bot: World;
  afterEach(() => bot.close());

  const held = () => JSON.stringify([bot.items(), bot.served.requests.map(({ path }) => path)]);

  it('a planted secret is not sent, exits with 4, and everything else goes through', async () => {
    bot = await world(vendor);
    bot.write({ 'a.md': '# A\n\nThe first text.\n', 'b.md': `# B\n\nLog in with ${token}.\n`, 'c.md': '# C\n\nzero\u200bwidth\n' });
    const report = await bot.sync();
    expect(report.results.map(({ operation, outcome }) => [operation.path, outcome]).sort()).toEqual([
      ['a.md', 'done'],
      ['c.md', 'done'],
    ]);
    expect(bot.items()).toHaveLength(2);
    expect(held()).not.toContain(token);
  });

  it('an edit that brings one in leaves the bot with the old text, and taking it out goes on as if nothing had been', async () => {
    bot = await world(vendor);
    bot.write({ 'a.md': '# A\n\nThe first text.\n', 'b.md': '# B\n\nAnother one.\n' });
    await bot.sync();
    const before = bot.items();
    bot.write({ 'a.md': `# A\n\nThe second text, with ${token}.\n` });
    const blocked = await bot.sync();
    expect(blocked.exitCode).toBe(4);
    expect(blocked.blocked).toMatchObject([{ path: 'a.md', reason: expect.stringMatching(/line 3: a secret: GitHub/) }]);
    expect(blocked.results).toEqual([]);
    expect(bot.items()).toEqual(before);
    expect(JSON.stringify([blocked, bot.events])).not.toContain(token.slice(4));
    bot.write({ 'a.md': '# A\n\nThe second text.\n' });
    const after = await bot.sync();
    expect(after.exitCode).toBe(0);
    expect(after.results.map(({ operation }) => [operation.action, operation.path])).toEqual([['update', 'a.md']]);
    expect(held()).not.toContain(token);
  });
});
