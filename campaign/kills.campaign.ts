// The real program, SIGKILLed at fifty random moments of a push of 2,000 documents to each kind of vendor, and started again until it is done; then
// the bot is compared with one that was filled in peace. The vendor is served by this process, and so survives.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../src/testkit/random.ts';
import { type World, world } from '../test/support/bots.ts';
import { program } from '../test/support/doomed-program.ts';
import { holdsPlanted, plantedIn } from '../test/support/planted.ts';
import { ended, type Ran } from '../test/support/run-program.ts';
import { add, addToAll, type Figures, handBack, seed } from './figures.ts';

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

/** Files of the state folder, compressed ones among them, and prints, that hold the secret: as it is, or encoded. */
function leaks(bot: World, printed: readonly string[]): number {
  const state = join(bot.dir, 'state');
  expect(existsSync(state)).toBe(true);
  return plantedIn(state).length + printed.filter(holdsPlanted).length;
}

/** What the state says the bot knows, by document: the parts' fingerprints, and how far they are learnt. */
async function remembered(bot: World): Promise<unknown> {
  const { state, open } = await bot.view();
  const records = Object.entries(state.records).map(([document, { path, items, training }]) => {
    return [document, { path, training, parts: items.map(({ part, fingerprint }) => [part, fingerprint]).sort() }];
  });
  return { records: Object.fromEntries(records), leftovers: state.leftovers.length, open: open.length, doubts: state.doubts.length };
}

/** What the bot holds, in no order. Where a mark bears the effect that made it, that differs from run to run. */
function heldBy(bot: World): readonly string[] {
  return bot
    .items()
    .map(({ name, text }) => `${name?.replace(/#[0-9a-f]{8}\b/, '#…')}\n${text}`)
    .sort();
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
      const env = { PATH: process.env['PATH'] ?? '', HOME: bot.dir };
      expect((await ended(spawn(process.execPath, [program, 'lint'], { cwd: bot.dir, env }))).exitCode).toBe(0);
      let kills = 0;
      let met = 0;
      let halfway = 0;
      while (kills < wantedKills) {
        const fromWrite = random() < 0.75;
        const { killed, ran } = await push(bot, delayMs, { afterMs: random() * (fromWrite ? patienceMs : 1_500), fromWrite });
        printed.push(ran.stdout, ran.stderr);
        bot.clock.advance(5_000);
        if (killed) {
          kills += 1;
          if (fromWrite) met += 1;
          const known = countedWords(bot).size;
          if (known > 0 && known < total) halfway += 1;
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
      // As often as the other: what was accepted within the vendor's lag, by the program's own clock, is asked for by a later run.
      for (let round = 0; round < 4; round += 1) {
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
        await decide(bot, printed);
        expect((await push(bot, 0, null)).ran.exitCode).toBe(0);
      } else {
        expect(doubtful.size).toBe(0);
        expect(ran.exitCode).toBe(0);
      }
      expect(heldBy(bot)).toEqual(heldBy(calm));
      expect(await remembered(bot)).toEqual(await remembered(calm));
      expect(ran.json<{ targets: [{ requests: { write: number } }] }>().targets[0].requests.write).toBe(0);
      // Kills that never met a push would prove nothing.
      expect(met).toBeGreaterThan(wantedKills / 2);
      expect(flavour === 'sitegpt+v0' ? met : halfway).toBeGreaterThan(wantedKills / 2);
      add(figures, `${name}: SIGKILLs survived`, kills);
      addToAll(figures, `SIGKILLs of the real program survived, in pushes of ${documents.toLocaleString('en-US')} documents`, kills);
      add(figures, `${name}: of these while that process had written already`, met);
      add(figures, `${name}: of these while part of the documents was there and part was not`, halfway);
      add(figures, `${name}: documents in the end, bot and state as after an undisturbed run`, total);
      if (flavour === 'cxgenie')
        add(figures, `${name}: of these shown as unconfirmed, sent at most once, and decided by a person who looked`, doubtful.size);
    } finally {
      await bot.close();
      await calm.close();
    }
  });
});

/** What a person does where the vendor cannot be asked: looks into the dashboard, and says of each write what has become of it. */
async function decide(bot: World, printed: string[]): Promise<void> {
  const run = async (...words: string[]): Promise<Ran> => {
    const ran = await ended(
      spawn(process.execPath, [program, ...words], {
        cwd: bot.dir,
        env: { PATH: process.env['PATH'] ?? '', HOME: bot.dir, NO_COLOR: '1' },
      }),
    );
    printed.push(ran.stdout, ran.stderr);
    expect(ran.exitCode, `${words.join(' ')}: ${ran.stderr}`).toBe(0);
    return ran;
  };
  const { items } = (await run('todo', '--json')).json<{ items: readonly { id: string | null; document: string | null }[] }>();
  const there = new Map(
    bot.items().flatMap(({ remoteId, text }) => [...text.matchAll(/\bwk(\d+)k\b/g)].map(([, n]) => [`p/${n}.md`, remoteId])),
  );
  for (const { id, document } of items) {
    if (id === null || document === null || !id.startsWith('U')) continue;
    const remoteId = there.get(document);
    await (remoteId === undefined ? run('todo', 'retry', id) : run('todo', 'created', id, remoteId));
  }
}

/** How often each page's word stands in what the bot holds. */
function countedWords(bot: World): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { text } of bot.items())
    for (const [, n] of text.matchAll(/\bwk(\d+)k\b/g)) counts.set(Number(n), (counts.get(Number(n)) ?? 0) + 1);
  return counts;
}
