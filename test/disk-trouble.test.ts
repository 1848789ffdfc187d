// A disk that is full, read-only or closed: nothing is sent before its begin is durable, the sentence names file and remedy, and once the disk takes
// writes again the next run ends as if nothing had been.
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readLedger } from '../src/state/store.ts';
import { type World, world } from './support/bots.ts';
import { closedState, giveAway, syncThere, whyNoPermissions } from './support/doomed-program.ts';
import { Life } from './support/life.ts';
import { memoryBots, vendorBots } from './support/struck-bots.ts';
import { judge } from './support/truth.ts';
import { smallCycle } from './support/whole-cycle.ts';

const small = smallCycle();

describe.each([...memoryBots, ...(await vendorBots())])('full at any step: $name', (kind) => {
  it('nothing leaves without its begin, and later nothing is missing', async () => {
    const stride = kind.name.startsWith('memory') ? 5 : 19;
    for (let fullFrom = 1; fullFrom < 200; fullFrom += stride) {
      const life = await Life.begin(kind);
      await life.run(small.before);
      const lived = await life.run(small.after, {
        fullFrom,
        async onWrite(where, afterPowerCut) {
          if (where.endsWith('/publish')) return;
          const { open } = await readLedger({ disk: afterPowerCut, dir: '/state', target: 'bot' });
          expect(open.length, `${where}, full from step ${fullFrom}`).toBeGreaterThan(0);
        },
      });
      const full = lived.error?.code === 'STATE_UNWRITABLE' || lived.report?.error?.code === 'STATE_UNWRITABLE';
      if (full) expect(lived.exitCode).toBe(1);
      const last = await life.quiesce(small.after);
      expect((await judge(life, small, last)).breaches, `full from step ${fullFrom}`).toEqual([]);
      await life.close();
      if (!full) {
        expect(fullFrom).toBeGreaterThan(15);
        return;
      }
    }
    throw new Error('it never came to an end');
  });
});

describe('the real program', () => {
  let bot: World;
  const closed = whyNoPermissions();

  afterEach(() => bot.close());

  async function start(): Promise<void> {
    bot = await world('sitegpt', { queuedMs: 0, processingMs: 0 });
    bot.write({ 'a.md': '# A\n\nThe word is ant.', 'b.md': '# B\n\nThe word is bee.' });
  }

  const words = (): readonly string[] =>
    bot
      .items()
      .flatMap(({ text }) => /\b(ant|bee|cow)\b/.exec(text)?.[0] ?? [])
      .sort();

  it.each([0, 700, 1500, 2500])(
    'a disk with room for %d bytes: exit 1, file and remedy named, and nothing is sent twice afterwards',
    async (room) => {
      await start();
      const full = await syncThere(bot, { room });
      expect(full.exitCode, full.stdout + full.stderr).toBe(1);
      expect(`${full.stdout}${full.stderr}`).toMatch(/cannot write .*state.*: the disk is full/);
      expect(`${full.stdout}${full.stderr}`).toMatch(/free disk space and run again: nothing is lost/);
      if (room === 0) expect(bot.items()).toEqual([]);
      bot.clock.advance(60_000);
      expect((await syncThere(bot)).exitCode).toBe(0);
      expect(words()).toEqual(['ant', 'bee']);
    },
  );

  it.skipIf(closed !== null)(
    `a state folder that is closed: exit 1, nothing is sent (${closed ?? 'tried as a user who is not root'})`,
    async () => {
      await start();
      const open = closedState(bot);
      const ran = await syncThere(bot, { asNobody: true });
      expect(ran.exitCode, ran.stdout + ran.stderr).toBe(1);
      expect(`${ran.stdout}${ran.stderr}`).toMatch(/cannot write .*state.*: permission denied/);
      expect(`${ran.stdout}${ran.stderr}`).toMatch(/give the user that runs kbsync read and write access/);
      expect(bot.items()).toEqual([]);
      open();
      expect((await syncThere(bot, { asNobody: true })).exitCode).toBe(0);
      expect(words()).toEqual(['ant', 'bee']);
    },
  );

  it.skipIf(closed !== null)('a journal that is read-only: exit 1, nothing is sent', async () => {
    await start();
    giveAway(bot);
    expect((await syncThere(bot, { asNobody: true })).exitCode).toBe(0);
    const journal = join(bot.dir, 'state', 'bot.journal');
    chmodSync(journal, 0o400);
    bot.write({ 'c.md': '# C\n\nThe word is cow.' });
    const ran = await syncThere(bot, { asNobody: true });
    expect(ran.exitCode).toBe(1);
    expect(`${ran.stdout}${ran.stderr}`).toContain(`cannot write ${journal}: permission denied`);
    expect(words()).toEqual(['ant', 'bee']);
    chmodSync(journal, 0o600);
    expect((await syncThere(bot, { asNobody: true })).exitCode).toBe(0);
    expect(words()).toEqual(['ant', 'bee', 'cow']);
  });
});
