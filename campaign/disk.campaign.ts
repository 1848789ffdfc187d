// Real disks in trouble, under the real program: a file system that is full after so many kilobytes, and one that is read-only. Both need to mount,
// which only root may; elsewhere `npm test` does the same with a preloaded fault.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { readLedger } from '../src/state/store.ts';
import { world } from '../test/support/bots.ts';
import { syncThere } from '../test/support/doomed-program.ts';
import { Life } from '../test/support/life.ts';
import { memoryBots, vendorBots } from '../test/support/struck-bots.ts';
import { judge } from '../test/support/truth.ts';
import { wholeCycle } from '../test/support/whole-cycle.ts';
import { add, addToAll, type Figures, handBack } from './figures.ts';

const figures: Figures = {};
afterAll(() => handBack('disk', 'Disks in trouble', figures));

const mayMount = process.platform === 'linux' && spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /mnt']).status === 0;

const kinds = [...memoryBots, ...(await vendorBots())];

describe('full at every step', () => {
  it.each(kinds)('$name', async (kind) => {
    const cycle = await wholeCycle(Date.UTC(2026, 10, 21));
    const stride = kind.name.startsWith('memory') ? 1 : 3;
    for (let fullFrom = 1; ; fullFrom += stride) {
      const life = await Life.begin(kind);
      await life.run(cycle.before);
      const lived = await life.run(cycle.after, {
        fullFrom,
        async onWrite(where, afterPowerCut) {
          if (where.endsWith('/publish')) return;
          expect((await readLedger({ disk: afterPowerCut, dir: '/state', target: 'bot' })).open.length, where).toBeGreaterThan(0);
        },
      });
      const full = lived.error?.code === 'STATE_UNWRITABLE' || lived.report?.error?.code === 'STATE_UNWRITABLE';
      if (full) expect(lived.exitCode).toBe(1);
      expect((await judge(life, cycle, await life.quiesce(cycle.after))).breaches, `full from ${fullFrom}`).toEqual([]);
      await life.close();
      if (!full) {
        expect(fullFrom, 'it was full at some step').toBeGreaterThan(stride);
        break;
      }
      add(figures, 'disk full from a step on (every step in memory, every third at real connectors)', 1);
      addToAll(figures, 'disks that were full or read-only', 1);
    }
    cycle.remove();
  });
});

describe.skipIf(!mayMount)('the real program on real file systems', () => {
  it.each([4, 8, 12, 16, 24, 32, 48, 64, 96])('full after %d KiB, then with room again', async (size) => {
    const bot = await world('sitegpt', { queuedMs: 0, processingMs: 0 });
    try {
      bot.write(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`p/${n}.md`, `# Page ${n}\n\nThe word is wx${n}x.\n`])));
      const script = `mkdir -p state && mount -t tmpfs -o size=${size}k none state && "$@" >first.txt 2>&1; echo $? >first.exit; mount -o remount,size=64m state && "$@" >second.txt 2>&1; echo $? >second.exit; "$@"`;
      const last = await syncThere(bot, { within: ['unshare', '-m', 'sh', '-c', script, 'sh'] });
      const read = (name: string) => readFileSync(`${bot.dir}/${name}`, 'utf8').trim();
      if (read('first.exit') !== '0') {
        expect(read('first.exit')).toBe('1');
        expect(read('first.txt')).toMatch(/cannot write .*state.*: the disk is full/);
        add(figures, 'real program on a real file system that was full', 1);
        addToAll(figures, 'disks that were full or read-only', 1);
      }
      expect(read('second.exit'), read('second.txt')).toBe('0');
      expect(last.exitCode).toBe(0);
      expect(last.json<{ targets: [{ requests: { write: number } }] }>().targets[0].requests.write).toBe(0);
      for (let n = 0; n < 60; n += 1) expect(bot.items().filter(({ text }) => text.includes(`wx${n}x`)).length).toBe(1);
      expect(bot.items().length).toBe(60);
    } finally {
      await bot.close();
    }
  });

  it('read-only', async () => {
    const bot = await world('sitegpt');
    try {
      bot.write({ 'a.md': '# A\n\nThe word is ant.' });
      const script = 'mkdir -p state && mount -t tmpfs -o ro none state && "$@"';
      const ran = await syncThere(bot, { within: ['unshare', '-m', 'sh', '-c', script, 'sh'] });
      expect(ran.exitCode).toBe(1);
      expect(`${ran.stdout}${ran.stderr}`).toMatch(/cannot write .*state.*: the file system is read-only/);
      expect(bot.items()).toEqual([]);
      add(figures, 'real program on a read-only file system', 1);
      addToAll(figures, 'disks that were full or read-only', 1);
    } finally {
      await bot.close();
    }
  });
});
