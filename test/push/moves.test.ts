// Moves that send nothing: told like any other operation, with the ids of what they are about.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type World, world } from '../support/bots.ts';

describe('a move at a vendor that keeps the name', () => {
  let bot: World;

  beforeEach(async () => {
    bot = await world('sitegpt');
    bot.write({ 'a.md': '# A\n\nThe secret word is zebra.\n' });
    await bot.sync();
  });

  afterEach(() => bot.close());

  it('is told as done, and names its item', async () => {
    const ids = (await bot.view()).state.records['a.md']?.items.map(({ remoteId }) => remoteId);
    const writes = bot.writesOnWire();
    bot.write({ 'a.md': null, 'b.md': '# A\n\nThe secret word is zebra.\n' });
    const before = bot.events.length;
    const { results } = await bot.sync();
    expect(results).toMatchObject([{ operation: { action: 'move', document: 'b.md' }, outcome: 'done', remoteIds: ids }]);
    expect(bot.writesOnWire()).toBe(writes);
    const told = bot.events.slice(before).filter((event) => event.kind === 'operation');
    expect(told).toMatchObject([{ action: 'move', document: 'b.md', outcome: 'done', error: null }]);
  });
});
