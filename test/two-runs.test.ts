// Two runs at one bot at once: one waits or is told who is at work, and one whose lock was taken while its machine slept writes nothing when it wakes.
import { execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Hooks } from '../src/transport/connect.ts';
import { type Synced, type World, world } from './support/bots.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
// Under CI a run waits for the lock by itself, and makes no data source.
const env = { ...process.env, CI: '' };

const page = (n: number): string => `# Page ${n}\n\nThe word of page ${n} is zebra${n}.\n`;
const pages = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}.md`, page(n)]));

let bot: World;
afterEach(() => bot.close());

const lock = (): string => join(bot.dir, 'state', 'bot.lock');
const held = (): string[] =>
  bot
    .items()
    .filter(({ text }) => text !== '')
    .map(({ text }) => /is (zebra\d+)\./.exec(text)?.[1] ?? text)
    .sort();
const words = (count: number): string[] => Array.from({ length: count }, (_, n) => `zebra${n}`).sort();

describe.each(['chatthing', 'sitegpt', 'koreai'])('%s: a machine sleeps for minutes, and another one takes over', (flavour) => {
  /** At this moment of the first run, once: the lock is taken as after 60 s of silence, and the other one syncs to its end. */
  function takeOver(moment: 'before it is sent' | 'after it is carried out', then: (other: Synced) => void): Hooks {
    let taken = false;
    const other = async (): Promise<void> => {
      if (taken) return;
      taken = true;
      bot.clock.advance(120_000);
      rmSync(lock());
      bot.moveTo('other');
      then(await bot.sync());
    };
    let creates = 0;
    return moment === 'before it is sent'
      ? {
          call: async (name, work) => {
            if (name === 'create' && ++creates === 1) await other();
            return work();
          },
        }
      : {
          wire: async (request, send) => {
            const reply = await send();
            if (request.intent === 'create') await other();
            return reply;
          },
        };
  }

  it.each(['before it is sent', 'after it is carried out'] as const)(
    'asleep %s: it wakes, writes nothing, and nothing is there twice',
    async (moment) => {
      bot = await world(flavour);
      bot.write(pages(3));
      await bot.sync();
      bot.clock.advance(3_600_000);
      bot.write(pages(6));
      const others: Synced[] = [];
      const first = await bot.sync({ hooks: takeOver(moment, (other) => others.push(other)) });
      const [other] = others;
      expect(other).toMatchObject({ error: null });
      expect(first).toMatchObject({
        exitCode: 10,
        error: { code: 'LOCKED', message: expect.stringContaining('lost the lock of bot while at work') },
      });
      expect(held()).toEqual(words(6));
      const { state, open } = await bot.view();
      expect([Object.keys(state.records).length, open, state.leftovers]).toEqual([6, [], []]);
      const writes = bot.writesOnWire();
      bot.clock.advance(3_600_000);
      expect(await bot.sync()).toMatchObject({ exitCode: 0, results: [], unchanged: 6 });
      expect(bot.writesOnWire()).toBe(writes);
    },
  );
});

describe('a machine falls asleep between its look at the lock and the first byte, and another one takes over', () => {
  /** Once, when the lock was looked at and nothing is sent yet: the other one syncs to its end, and only then what was held back goes out. */
  function asleepBefore(intent: string, other: () => Promise<void>): Hooks {
    let taken = false;
    return {
      wire: async (request, send) => {
        if (request.intent === intent && !taken) {
          taken = true;
          bot.clock.advance(120_000);
          rmSync(lock());
          bot.moveTo('other');
          await other();
        }
        return send();
      },
    };
  }
  const lost = { exitCode: 10, error: { code: 'LOCKED', message: expect.stringContaining('lost the lock of bot while at work') } };
  const notes = (): string[] => bot.events.flatMap((event) => (event.kind === 'note' ? [event.message] : []));
  const strays = (): string[] => readdirSync(join(bot.dir, 'state')).filter((name) => name.includes('.stray-'));

  it.each(['chatthing', 'sitegpt', 'koreai', 'replycx+full'])(
    '%s: what it makes all the same is found by the next run, and goes',
    async (flavour) => {
      bot = await world(flavour);
      bot.write(pages(3));
      await bot.sync();
      bot.clock.advance(3_600_000);
      bot.write(pages(6));
      const first = await bot.sync({
        hooks: asleepBefore('create', async () => void expect(await bot.sync()).toMatchObject({ error: null })),
      });
      expect(first).toMatchObject(lost);
      expect(held().length).toBeGreaterThan(6);
      expect(strays()).toHaveLength(1);
      await bot.sync();
      expect(notes().join()).toMatch(/A run that was cut off at .* had writes under way: \d made a second time: the second copy goes\./);
      expect(held()).toEqual(words(6));
      bot.clock.advance(3_600_000);
      expect(await bot.sync()).toMatchObject({ exitCode: 0, unchanged: 6 });
      expect(held()).toEqual(words(6));
      expect(strays()).toEqual([]);
      const writes = bot.writesOnWire();
      expect(await bot.sync()).toMatchObject({ exitCode: 0, results: [], unchanged: 6 });
      expect(bot.writesOnWire()).toBe(writes);
    },
  );

  it.each(['chatthing', 'sitegpt', 'sitegpt+v0'])('%s: an old text that it puts over a newer one is put right', async (flavour) => {
    bot = await world(flavour);
    bot.write(pages(3));
    await bot.sync({ passes: { initial: true } });
    bot.clock.advance(3_600_000);
    bot.write({ 'p0.md': '# Page 0\n\nThe word of page 0 is zebra70.\n' });
    const first = await bot.sync({
      hooks: asleepBefore('repeatable', async () => {
        bot.write({ 'p0.md': '# Page 0\n\nThe word of page 0 is zebra80.\n' });
        expect(await bot.sync()).toMatchObject({ error: null });
      }),
    });
    expect(first).toMatchObject(lost);
    expect(
      bot
        .items()
        .map(({ text }) => text)
        .join(),
    ).toContain('zebra70');
    bot.clock.advance(3_600_000);
    // Nobody says that the bot knows the newer one before it was said again.
    expect((await bot.view()).open).not.toEqual([]);
    expect((await bot.plan()).plan.operations.map(({ action }) => action)).toContain('update');
    await bot.sync();
    expect(notes().join()).toMatch(/A run that was cut off at .* had writes under way: 1 written, .*: said again\./);
    const after = bot
      .items()
      .map(({ text }) => text)
      .join();
    expect(after).toContain('zebra80');
    expect(after).not.toContain('zebra70');
    expect(await bot.sync()).toMatchObject({ exitCode: 0, results: [], unchanged: 3 });
  });
});

describe('cxgenie, which cannot be asked: a machine sleeps in the middle of a create', () => {
  it('the other run shows it as unconfirmed, and it is not made twice', async () => {
    bot = await world('cxgenie');
    bot.write(pages(2));
    await bot.sync({ passes: { initial: true } });
    bot.write(pages(3));
    let taken = false;
    const first = await bot.sync({
      hooks: {
        wire: async (request, send) => {
          const reply = await send();
          if (request.intent === 'create' && !taken) {
            taken = true;
            rmSync(lock());
            expect(await bot.sync()).toMatchObject({ exitCode: 4, results: [] });
          }
          return reply;
        },
      },
    });
    expect(first.error).toMatchObject({ code: 'LOCKED' });
    expect(held()).toEqual(words(3));
    expect((await bot.view()).state.doubts.map(({ id }) => id)).toEqual(['U1']);
  });
});

describe('the real program, twice at once', () => {
  const documents = 40;

  beforeEach(async () => {
    bot = await world('sitegpt', { queuedMs: 0, processingMs: 0 });
    bot.write(pages(documents));
    bot.served.setFault(() => ({ delayMs: 10 }));
  });

  const sync = (...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    run(process.execPath, [program, 'sync', '--no-wait', ...words], { cwd: bot.dir, env }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (failure: { code: number; stdout: string; stderr: string }) => failure,
    );

  /** A sync that has begun to write. */
  async function started() {
    const child = spawn(process.execPath, [program, 'sync', '--no-wait'], { cwd: bot.dir, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    const ended = new Promise<{ code: number | null; said: string }>((resolve) => child.on('close', (code) => resolve({ code, said })));
    while (bot.items().length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    return { child, ended };
  }

  it('one is told who holds the lock, even of a process that is stopped; one that may wait waits; nothing is there twice', async () => {
    const first = await started();
    first.child.kill('SIGSTOP');
    const refused = await sync();
    expect(refused.code).toBe(10);
    expect(refused.stdout).toMatch(new RegExp(`bot is locked by "kbsync sync" of .+, process ${first.child.pid} on `));
    const waiting = sync('--lock-wait', '60s');
    first.child.kill('SIGCONT');
    expect((await first.ended).code).toBe(0);
    expect(await waiting).toMatchObject({ code: 0 });
    expect(held()).toEqual(words(documents));
  }, 60_000);

  it('one that was stopped while another machine took its lock over writes no word more, and says so', async () => {
    const first = await started();
    first.child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 100));
    // To this machine it looks as one of another does that was silent for a minute.
    const owner = JSON.parse(readFileSync(lock(), 'utf8')) as Record<string, unknown>;
    writeFileSync(lock(), JSON.stringify({ ...owner, host: 'laptop', beat: new Date(Date.now() - 61_000).toISOString() }));
    const second = await sync();
    expect(second.code, second.stderr).toBe(0);
    const after = readFileSync(join(bot.dir, 'state', 'bot.json'), 'utf8');
    first.child.kill('SIGCONT');
    const { code, said } = await first.ended;
    expect(code).toBe(10);
    expect(said).toContain('lost the lock of bot while at work');
    expect(readFileSync(join(bot.dir, 'state', 'bot.json'), 'utf8')).toBe(after);
    expect(await sync('--json')).toMatchObject({ code: 0, stdout: expect.stringContaining(`"unchanged":${documents}`) });
    expect(held()).toEqual(words(documents));
  }, 60_000);
});
