// The real program, SIGKILLed at random moments of a push, then run again: no document missing, none twice. The one test that uses real time.
import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type World, world } from './support/bots.ts';
import { seeded } from './support/emulator-tools.ts';

const run = promisify(execFile);
// What `npm run build` (before `npm test`: pretest) made.
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
// Under CI no data source is made by itself; these tests are of what happens elsewhere.
const env = { ...process.env, CI: '' };
const documents = 120;
const seed = Number(process.env['KBSYNC_SEED'] ?? 20261121);

/** An undisturbed run, which must end well; what it printed is in the failure. */
async function finish(cwd: string): Promise<void> {
  await run(process.execPath, [program, 'sync', '--quiet', '--no-wait'], { cwd, env }).catch(
    (failure: { code: number; stdout: string; stderr: string }) => {
      throw new Error(`exit ${failure.code}\n${failure.stdout}\n${failure.stderr}`);
    },
  );
}

describe.each(['chatthing', 'sitegpt'])('killed for real: %s', (vendor) => {
  let bot: World;

  beforeEach(async () => {
    // The vendor lives on its own clock: time passes for it with every question, so that training ends.
    bot = await world(vendor, { syncMs: 0, queuedMs: 0, processingMs: 0 });
    const files = Object.fromEntries(
      Array.from({ length: documents }, (_, n) => [`p/${n}.md`, `# Page ${n}\n\nword${n}.\n${'text '.repeat(200)}\n`]),
    );
    bot.write(files);
    if (vendor === 'chatthing') bot.configure({ extra: 'rowsPerCall: 2' });
    // A vendor in no hurry, so that the signal meets the push.
    bot.served.setFault(() => ({ delayMs: 10 }));
  });

  afterEach(() => bot.close());

  it(`ends as an undisturbed run does (seed ${seed})`, async () => {
    const random = seeded(seed);
    let kills = 0;
    for (let round = 0; round < 6; round += 1) {
      const child = spawn(process.execPath, [program, 'sync', '--quiet', '--no-wait'], { cwd: bot.dir, env, stdio: 'ignore' });
      const ended = new Promise<boolean>((resolve) => child.on('exit', (_code, signal) => resolve(signal === 'SIGKILL')));
      const timer = setTimeout(() => child.kill('SIGKILL'), 250 + random() * 350);
      if (await ended) kills += 1;
      clearTimeout(timer);
      bot.clock.advance(5_000);
    }
    await finish(bot.dir);
    bot.clock.advance(60_000);
    const { stdout } = await run(process.execPath, [program, 'sync', '--quiet', '--json', '--no-wait'], { cwd: bot.dir, env });
    const last = JSON.parse(stdout) as { exitCode: number; targets: [{ counts: Record<string, number>; requests: { write: number } }] };
    const held = bot.items();
    for (let n = 0; n < documents; n += 1)
      expect(held.filter((item) => item.text.includes(`word${n}.`)).length, `word${n}, kills ${kills}`).toBe(1);
    expect(held.length).toBe(documents);
    expect(last.targets[0].counts).toMatchObject({ unchanged: documents, create: 0, update: 0, delete: 0 });
    expect(kills).toBeGreaterThan(0);
  }, 120_000);
});

describe('Ctrl-C in the middle of a push', () => {
  it('stops within seconds with 130, and the next run finishes the rest', async () => {
    const bot = await world('sitegpt', { queuedMs: 0, processingMs: 0 });
    try {
      bot.write(Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`p/${n}.md`, `# Page ${n}\n\nword${n}.`])));
      const child = spawn(process.execPath, [program, 'sync', '--quiet', '--no-wait'], { cwd: bot.dir, env, stdio: 'ignore' });
      const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
      while (bot.items().length < 5) await new Promise((resolve) => setTimeout(resolve, 10));
      const at = Date.now();
      child.kill('SIGINT');
      expect(await ended).toBe(130);
      expect(Date.now() - at).toBeLessThan(5_000);
      expect(bot.items().length).toBeLessThan(300);
      await finish(bot.dir);
      expect(bot.items().length).toBe(300);
    } finally {
      await bot.close();
    }
  }, 60_000);
});
