// Training, refusals and another bot behind the key: what a bad vendor or a bad configuration may not turn into a green run.
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { secret, type World, world } from './support/bots.ts';

const two = { 'a.md': '# A\n\nant', 'b.md': '# B\n\nbee' };
const endless = { chatthing: { syncMs: Number.POSITIVE_INFINITY }, sitegpt: { processingMs: Number.POSITIVE_INFINITY } } as const;

describe.each([
  ['chatthing', { syncMs: 3_600_000 }],
  ['sitegpt', { processingMs: 3_600_000 }],
  ['koreai', { trainMs: 3_600_000 }],
] as const)('%s, where a training takes longer than it may', (vendor, settings) => {
  it('is stuck until it has ended, and trained then', async () => {
    const bot = await world(vendor, settings);
    try {
      bot.configure({ extra: 'trainTimeout: 10m' });
      bot.write(two);
      expect(await bot.sync()).toMatchObject({ exitCode: 6, waited: 'deadline' });
      bot.clock.advance(20 * 60_000);
      const stuck = await bot.sync({ waitMs: 0 });
      expect([stuck.exitCode, stuck.training.stuck]).toEqual([6, 2]);
      // A page that comes meanwhile has a time of its own to wait.
      bot.write({ 'c.md': '# C\n\ncat' });
      expect((await bot.sync({ waitMs: 0 })).training).toMatchObject({ stuck: 2 });
      bot.clock.advance(15 * 60_000);
      expect((await bot.sync({ waitMs: 0 })).training.stuck).toBe(vendor === 'sitegpt' ? 3 : 2);
      for (let hour = 0; hour < 3; hour += 1) {
        bot.clock.advance(2 * 3_600_000);
        await bot.sync({ waitMs: 0 });
      }
      expect(await bot.sync()).toMatchObject({ exitCode: 0, training: { trained: 3, stuck: 0 }, requests: { write: 0 } });
    } finally {
      await bot.close();
    }
  });
});

describe.each(['chatthing', 'sitegpt'] as const)('%s', (vendor) => {
  let bot: World;
  afterEach(() => bot.close());

  it('a training that never ends: the wait is bounded, exit 6, stuck; what was pushed stays pushed', async () => {
    bot = await world(vendor, endless[vendor]);
    bot.configure({ extra: 'trainTimeout: 10m' });
    bot.write(two);
    const startedAt = bot.clock.now();
    const report = await bot.sync();
    expect(report).toMatchObject({ exitCode: 6, waited: 'deadline' });
    expect(report.training.trained).toBe(0);
    expect(bot.clock.now() - startedAt).toBeLessThan(30 * 60_000);
    bot.clock.advance(60 * 60_000);
    const later = await bot.sync({ waitMs: 0 });
    expect(later).toMatchObject({ exitCode: 6, unchanged: 2 });
    expect(later.training.stuck).toBe(2);
    expect(later.requests.write).toBe(0);
  });

  it('--no-wait: pending is told and is no failure; a later run resumes', async () => {
    bot = await world(vendor);
    bot.write(two);
    const report = await bot.sync({ waitMs: 0 });
    expect(report).toMatchObject({ exitCode: 0, waited: 'not-waited' });
    expect(report.training.trained).toBe(0);
    bot.clock.advance(60_000);
    const writes = bot.writesOnWire();
    expect((await bot.sync()).training.trained).toBe(2);
    expect(bot.writesOnWire()).toBe(writes);
  });

  it('a training that fails: exit 4, the document says why, and never "trained"', async () => {
    bot = await world(vendor, { failMarker: 'POISON' });
    bot.write({ ...two, 'bad.md': '# Bad\n\nPOISON here' });
    const report = await bot.sync();
    expect(report.exitCode).toBe(4);
    const { state } = await bot.view();
    expect(state.records['bad.md']).toMatchObject({ training: 'failed', trained: null, error: { code: 'TRAINING_FAILED' } });
    bot.write({ 'bad.md': '# Bad\n\nMended.' });
    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    expect((await bot.view()).state.records['bad.md']?.training).toBe('trained');
  });

  it('bytes that were refused for good are not sent again until they change', async () => {
    bot = await world(vendor, { rejectMarker: 'BARRED' });
    bot.write({ ...two, 'bad.md': '# Bad\n\nBARRED words' });
    const first = await bot.sync();
    expect(first.exitCode).toBe(4);
    expect(first.training.trained).toBe(2);
    const writes = bot.writesOnWire();
    const second = await bot.sync();
    expect(second.exitCode).toBe(4);
    expect(second.blocked).toMatchObject([{ document: 'bad.md' }]);
    expect(bot.writesOnWire()).toBe(writes);
    bot.write({ 'bad.md': '# Bad\n\nFine words' });
    expect(await bot.sync()).toMatchObject({ exitCode: 0, unchanged: 2 });
  });

  it('another bot behind the same target: held whole, the other bot is not touched', async () => {
    bot = await world(vendor);
    bot.write(two);
    await bot.sync();
    bot.emulator.provision({ id: 'bot-2', secret });
    const key = vendor === 'chatthing' ? 'channelId' : 'chatbotId';
    bot.configure({ extra: `${key}: bot-2`, withoutId: true });
    bot.write({ 'c.md': '# C\n\ncow' });
    const report = await bot.sync();
    expect(report.exitCode).toBe(5);
    expect(report.held[0]).toMatchObject({ rule: 'other-bot', holds: 'all', passWith: null });
    expect(bot.emulator.inspect('bot-2')).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0)('a folder that cannot be read: zero deletes, and it says why', async () => {
    bot = await world(vendor);
    bot.write({ ...two, 'deep/c.md': '# C\n\ncow' });
    await bot.sync();
    chmodSync(join(bot.dir, 'content', 'deep'), 0o000);
    const report = await bot.sync();
    chmodSync(join(bot.dir, 'content', 'deep'), 0o755);
    expect(report.exitCode).toBe(5);
    expect(report.held[0]?.rule).toBe('incomplete-scan');
    expect(bot.items().length).toBe(3);
  });

  it('a broken file is told with its line, stays as it is in the bot, and the rest goes through', async () => {
    bot = await world(vendor);
    bot.write({ ...two, 'c.md': '---\ntitle: C\n---\ncow' });
    await bot.sync();
    bot.write({ 'c.md': '---\ntitle: [C\n---\ncalf', 'd.md': '# D\n\ndog' });
    const report = await bot.sync();
    expect(report.exitCode).toBe(4);
    expect(report.blocked).toMatchObject([{ document: 'c.md', path: 'c.md' }]);
    expect(report.blocked[0]?.reason).toMatch(/line 2|line 3/);
    expect(report.results.map(({ operation, outcome }) => [operation.document, outcome])).toEqual([['d.md', 'done']]);
    expect(bot.items().filter((item) => item.answeredFrom?.includes('cow')).length).toBe(1);
  });

  it('a document behind the fence never reaches the bot, and one that moves behind it leaves first', async () => {
    bot = await world(vendor);
    const fence = 'audience: [public]';
    const page = (audience: string, word: string) => `---\nkb:\n  audience: ${audience}\n---\n# ${word}\n\n${word} ${word}`;
    bot.configure({ extra: fence, content: '{ root: ./content, defaults: { audience: internal } }' });
    bot.write({ 'open.md': page('public', 'osprey'), 'inner.md': page('internal', 'ibis'), 'none.md': '# Newt\n\nnewt' });
    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    expect(bot.items().map((item) => item.text.includes('osprey'))).toEqual([true]);
    bot.write({ 'open.md': page('internal', 'osprey'), 'two.md': page('public', 'toucan') });
    const report = await bot.sync();
    expect(report.results.map(({ operation }) => [operation.action, operation.document])).toEqual([
      ['delete', 'open.md'],
      ['create', 'two.md'],
    ]);
    expect(bot.items().some((item) => `${item.text}${item.answeredFrom ?? ''}`.includes('osprey'))).toBe(false);
  });

  it('a locked target: exit 10, and it names the holder', async () => {
    bot = await world(vendor);
    bot.write(two);
    mkdirSync(join(bot.dir, 'state'), { recursive: true });
    let inner: number | undefined;
    const hooks = {
      async call<T>(name: string, run: () => Promise<T>): Promise<T> {
        if (name === 'check' && inner === undefined) {
          inner = -1;
          const second = await bot.sync();
          inner = second.exitCode;
          expect(second.error?.message).toContain(String(process.pid));
        }
        return run();
      },
    };
    expect(await bot.sync({ hooks })).toMatchObject({ exitCode: 0 });
    expect(inner).toBe(10);
  });
});
