// The real program, SIGKILLed at fifty random moments of a push of 2,000 documents to each kind of vendor, and started again until it is done; then
// the bot is compared with one that was filled in peace. The vendor is served by this process, and so survives.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../src/testkit/random.ts';
import { secret, type World, world } from '../test/support/bots.ts';
import { program } from '../test/support/doomed-program.ts';
import { ended, type Ran } from '../test/support/run-program.ts';
import { add, type Figures, handBack, seed } from './figures.ts';

const figures: Figures = {};
afterAll(() => handBack('kills', 'Kills of the real program', figures));

const documents = 2_000;
const wantedKills = 50;
/** How long a push may go on before it is killed, in milliseconds after its first write. */
const patienceMs = 400;

const kinds: readonly { name: string; flavour: string; settings: object; delayMs: number }[] = [
  { name: 'findable (SiteGPT v2)', flavour: 'sitegpt', settings: { queuedMs: 0, processingMs: 0 }, delayMs: 12 },
  { name: 'twin (CX Genie)', flavour: 'cxgenie', settings: {}, delayMs: 12 },
  { name: 'one text (SiteGPT v0)', flavour: 'sitegpt+v0', settings: {}, delayMs: 350 },
];

const page = (n: number): string => `# Page ${n}\n\nThe word of this page is wk${n}k.\n\n${'It has more to say. '.repeat(12)}\n`;
const files = (from: number, to: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: to - from }, (_, n) => [`p/${from + n}.md`, page(from + n)]));

/** One push, killed after so many milliseconds (from its start, or from its first write), or not at all. */
async function push(
  bot: World,
  delayMs: number,
  kill: { afterMs: number; fromWrite: boolean } | null,
): Promise<{ killed: boolean; ran: Ran }> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: bot.dir, NO_COLOR: '1' };
  let written: () => void = () => {};
  const firstWrite = new Promise<void>((resolve) => {
    written = resolve;
  });
  bot.served.setFault((request) => {
    if (request.method === 'GET') return null;
    written();
    return { delayMs };
  });
  const child = spawn(process.execPath, [program, 'sync', '--json', '--no-wait', '--initial', '--allow-updates', '9999'], {
    cwd: bot.dir,
    env,
  });
  let killed = false;
  const done = ended(child);
  if (kill !== null) {
    const end = done.then(() => 'over' as const);
    if (kill.fromWrite) await Promise.race([firstWrite, end]);
    await Promise.race([new Promise((resolve) => setTimeout(resolve, kill.afterMs)), end]);
    killed = child.exitCode === null && child.kill('SIGKILL');
  }
  return { killed, ran: await done };
}

/** Everything that lies in the state folder, and what was printed. */
function leaks(bot: World, printed: readonly string[]): number {
  const state = readdirSync(join(bot.dir, 'state'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  return [...state, ...printed].filter((text) => text.includes(secret)).length;
}

describe.each(kinds)('$name', ({ name, flavour, settings, delayMs }) => {
  it(`${wantedKills} kills during a push of ${documents} documents`, async () => {
    const random = seededRandom(seed);
    const bot = await world(flavour, settings);
    const calm = await world(flavour, settings);
    const printed: string[] = [];
    let total = documents;
    try {
      for (const each of [bot, calm]) if (flavour === 'sitegpt+v0') each.configure({ extra: 'customContent: { maxChars: 50000000 }' });
      bot.write(files(0, total));
      // What was read is remembered, as on any day but the first: the kills are to meet the push, not the reading.
      await ended(spawn(process.execPath, [program, 'lint'], { cwd: bot.dir, env: { PATH: process.env['PATH'] ?? '', HOME: bot.dir } }));
      let kills = 0;
      let met = 0;
      while (kills < wantedKills) {
        const fromWrite = random() < 0.75;
        const { killed, ran } = await push(bot, delayMs, { afterMs: random() * (fromWrite ? patienceMs : 1_500), fromWrite });
        printed.push(ran.stdout, ran.stderr);
        bot.clock.advance(5_000);
        if (killed) {
          kills += 1;
          if (fromWrite) met += 1;
        } else if (ran.exitCode === 0 || ran.exitCode === 4) {
          // It was done before it could be killed: there is more to push.
          bot.write(files(total, total + 40));
          total += 40;
        } else throw new Error(`exit ${ran.exitCode}\n${ran.stdout}\n${ran.stderr}`);
      }
      for (let round = 0; round < 3; round += 1) {
        const { ran } = await push(bot, 0, null);
        printed.push(ran.stdout, ran.stderr);
        bot.clock.advance(60_000);
      }
      bot.served.setFault(null);
      const { ran } = await push(bot, 0, null);
      printed.push(ran.stdout, ran.stderr);
      const { state, open } = await bot.view();
      const doubtful = new Set(open.flatMap((effect) => (effect.action === 'create' ? [effect.document] : [])));

      calm.write(files(0, total));
      for (let round = 0; round < 2; round += 1) {
        expect((await push(calm, 0, null)).ran.exitCode).toBe(0);
        calm.clock.advance(60_000);
      }
      const held = countedWords(bot);
      const wanted = countedWords(calm);
      let lost = 0;
      let doubled = 0;
      for (let n = 0; n < total; n += 1) {
        const copies = held.get(n) ?? 0;
        const unsure = doubtful.has(`p/${n}.md`);
        expect(wanted.get(n), `page ${n} in the undisturbed bot`).toBe(1);
        if (copies === 0 && !unsure) lost += 1;
        if (copies > 1) doubled += 1;
      }
      const leaked = leaks(bot, printed);
      expect({ lost, doubled, leaked }).toEqual({ lost: 0, doubled: 0, leaked: 0 });
      if (flavour === 'cxgenie') {
        expect(ran.exitCode).toBe(doubtful.size > 0 ? 4 : 0);
        expect(state.doubts.length).toBe(doubtful.size);
        expect(bot.items().length).toBeLessThanOrEqual(total);
      } else {
        expect(doubtful.size).toBe(0);
        expect(ran.exitCode).toBe(0);
        expect(
          bot
            .items()
            .map(({ text }) => text)
            .sort(),
        ).toEqual(
          calm
            .items()
            .map(({ text }) => text)
            .sort(),
        );
      }
      expect(ran.json<{ targets: [{ requests: { write: number } }] }>().targets[0].requests.write).toBe(0);
      add(figures, `${name}: SIGKILLs survived`, kills);
      add(figures, `${name}: of these after its first write of that process`, met);
      add(figures, `${name}: documents in the end, as in the undisturbed bot`, total - doubtful.size);
      add(figures, `${name}: shown as unconfirmed, sent at most once`, doubtful.size);
    } finally {
      await bot.close();
      await calm.close();
    }
  });
});

/** How often each page's word stands in what the bot holds. */
function countedWords(bot: World): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { text } of bot.items())
    for (const [, n] of text.matchAll(/\bwk(\d+)k\b/g)) counts.set(Number(n), (counts.get(Number(n)) ?? 0) + 1);
  return counts;
}
