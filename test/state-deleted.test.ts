// The state folder is deleted. What can be listed and read plans nothing; what can be listed but not read is sent again to be sure, and never doubled;
// what cannot be listed is held until a person decides. Every flavour of every vendor, as the program wires it.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type World, world } from './support/bots.ts';

/** look: what the bot can be asked for. */
const flavours: readonly { flavour: string; settings?: object; look: 'lists and reads' | 'lists' | 'neither' }[] = [
  { flavour: 'chatthing', look: 'lists and reads' },
  { flavour: 'sitegpt', look: 'lists and reads' },
  { flavour: 'sitegpt+v0', look: 'neither' },
  { flavour: 'cxgenie', look: 'neither' },
  { flavour: 'cxgenie+append', look: 'neither' },
  { flavour: 'replycx', settings: { profile: 'seed-only' }, look: 'neither' },
  { flavour: 'replycx+full', settings: { profile: 'full' }, look: 'lists' },
  { flavour: 'koreai', settings: { reingestMode: 'overwrite' }, look: 'lists' },
  { flavour: 'koreai', settings: { reingestMode: 'append' }, look: 'lists' },
  { flavour: 'koreai', settings: { reingestMode: 'new-doc' }, look: 'lists' },
];

const files = {
  'a.md': '# A\n\nThe word is wantaw.',
  'deep/b.md': '---\nkb:\n  faq:\n    - { q: "What of b?", a: "It is wbeew." }\n---\n# B\n\nThe word is wboaw.',
  'c.md': '# C\n\nThe word is wcoww.',
};
const words = ['wantaw', 'wbeew', 'wboaw', 'wcoww'];

describe.each(flavours)('$flavour $settings, which $look', ({ flavour, settings = {}, look }) => {
  let bot: World;
  afterEach(() => bot.close());

  const copies = (word: string): number => bot.items().reduce((sum, { text }) => sum + text.split(word).length - 1, 0);

  it.skipIf(look === 'neither')('the state is lost between a delete and the training that it needs: forgotten all the same', async () => {
    bot = await world(flavour, settings);
    bot.write(files);
    await bot.sync();
    bot.clock.advance(60_000);
    const killed = new Error('killed');
    bot.write({ 'c.md': null });
    await bot
      .sync({
        hooks: {
          wire: async (request, send) => {
            if (request.method !== 'GET' && /train|sync/i.test(request.path)) throw killed;
            return send();
          },
        },
      })
      .catch(() => undefined);
    rmSync(join(bot.dir, 'state'), { recursive: true });
    bot.clock.advance(60_000);
    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    expect(bot.items().filter(({ text, answeredFrom }) => `${text} ${answeredFrom}`.includes('wcoww'))).toEqual([]);
  });

  it('the state is deleted', async () => {
    bot = await world(flavour, settings);
    bot.write(files);
    expect(await bot.sync({ passes: { initial: true } })).toMatchObject({ exitCode: 0 });
    bot.clock.advance(60_000);
    rmSync(join(bot.dir, 'state'), { recursive: true });
    const { plan } = await bot.plan();
    const before = bot.writesOnWire();
    if (look === 'lists and reads') {
      expect({ operations: plan.operations, brakes: plan.brakes }).toEqual({ operations: [], brakes: [] });
      expect(await bot.sync()).toMatchObject({ exitCode: 0, results: [] });
      // What was deleted last may not have been forgotten, and nothing shows it: where training is on request, it is asked for once.
      expect(bot.writesOnWire() - before).toBe(flavour === 'chatthing' ? 1 : 0);
    } else if (look === 'lists') {
      expect(new Set(plan.operations.map(({ action, reason }) => `${action}: ${reason}`))).toEqual(
        new Set(['update: what the bot holds is not known']),
      );
      expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    } else {
      expect(plan.brakes.map(({ rule, holds }) => [rule, holds])).toEqual([['first-contact', 'all']]);
      expect(await bot.sync()).toMatchObject({ exitCode: 5 });
      expect(bot.writesOnWire()).toBe(before);
    }
    for (const word of words) expect(copies(word), word).toBe(1);
    if (look !== 'neither') expect(await bot.sync()).toMatchObject({ exitCode: 0, results: [], requests: { write: 0 } });
  });
});
