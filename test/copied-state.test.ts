// One bot, two copies of its state: a laptop and CI, a backup that was put back. Where the vendor can be asked, the older copy takes back what the
// other has made; where it cannot, what happens is said.
import { cpSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { everything, noPasses } from '../src/cycle/context.ts';
import { syncTarget } from '../src/cycle.ts';
import { type World, world } from './support/bots.ts';
import { seeded } from './support/emulator-tools.ts';

const hour = 3_600_000;
const page = (n: number, word = 'zebra'): string =>
  `# Page ${n}\n\n${['One', 'Two', 'Three', 'Four', 'Five', 'Six'].map((line) => `${line} of page ${n}.`).join('\n')}\nThe word of page ${n} is ${word}${n}.\n`;
const pages = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}.md`, page(n)]));

interface Flavour {
  readonly name: string;
  readonly flavour: string;
  readonly settings?: object;
  readonly extra?: string;
  /** Whether it shows the texts it holds. */
  readonly texts: boolean;
}

const listed: readonly Flavour[] = [
  { name: 'chatthing', flavour: 'chatthing', texts: true },
  { name: 'sitegpt', flavour: 'sitegpt', texts: true },
  { name: 'replycx+full', flavour: 'replycx+full', settings: { profile: 'full' }, texts: false },
  { name: 'koreai', flavour: 'koreai', settings: { reingestMode: 'overwrite' }, texts: false },
  { name: 'koreai numbered', flavour: 'koreai', settings: { reingestMode: 'overwrite' }, extra: 'numberChunks: true', texts: true },
];

let bot: World;
/** Whose state lies in `state` now. */
let active = 'a';
afterEach(() => bot.close());

async function begin({ flavour, settings, extra }: Flavour, count: number): Promise<void> {
  bot = await world(flavour, settings ?? {});
  bot.configure(extra === undefined ? {} : { extra });
  bot.write(pages(count));
  active = 'a';
  expect(await bot.sync({ passes: { initial: true } })).toMatchObject({ error: null, held: [] });
}

const place = (name: string): string => join(bot.dir, name);

/** The state as it is now is the other copy's from now on, too. */
function copyTo(name: string): void {
  cpSync(place('state'), place(`state-${name}`), { recursive: true });
}

/** From now on the other copy is at work; on a machine of its own, or on the same. */
function take(name: string, host = name): void {
  if (name !== active) {
    renameSync(place('state'), place(`state-${active}`));
    renameSync(place(`state-${name}`), place('state'));
    active = name;
  }
  bot.moveTo(host);
}

/** The words that the bot holds, one for each of our items. */
const held = (): string[] =>
  bot
    .items()
    .filter(({ text }) => text !== '')
    .map(({ text }) => /is ([a-z]+\d+)\./.exec(text)?.[1] ?? text)
    .sort();

async function inStep(words: readonly string[]): Promise<void> {
  expect(held()).toEqual([...words].sort());
  const { plan } = await bot.plan();
  expect([plan.operations, plan.brakes]).toEqual([[], []]);
  const { state, open } = await bot.view();
  expect([state.leftovers, open]).toEqual([[], []]);
  expect(Object.keys(state.records).length).toBe(words.length);
}

/** What copy A does after the copy was taken: two new pages, an edit, a move, an edit with a move, a delete. */
function edits(): string[] {
  bot.write({
    'p8.md': page(8),
    'p9.md': page(9),
    'p1.md': page(1, 'yak'),
    'p2.md': null,
    'deep/p2.md': page(2),
    'p3.md': null,
    'deep/p3.md': page(3, 'yak'),
    'p4.md': null,
  });
  return ['zebra0', 'yak1', 'zebra2', 'yak3', 'zebra5', 'zebra6', 'zebra7', 'zebra8', 'zebra9'];
}

describe.each(listed)('$name', (flavour) => {
  it.each([
    ['another machine', 'ci'],
    ['the same machine', 'here'],
  ])('an older copy on %s takes back what the newer has made', async (_where, host) => {
    await begin(flavour, 8);
    copyTo('b');
    bot.clock.advance(hour);
    const words = edits();
    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    await inStep(words);
    bot.clock.advance(hour);
    take('b', host);
    const planned = await bot.plan();
    const made = planned.plan.operations.filter(({ action }) => action === 'create').map(({ document }) => document);
    expect(made, 'a plan says so, too').toEqual([]);
    const report = await bot.sync();
    expect(report).toMatchObject({ exitCode: 0, held: [], error: null });
    expect(report.notes.join('\n')).toMatch(/with our mark were there already.* One bot, one state/);
    await inStep(words);
    const writes = bot.writesOnWire();
    bot.clock.advance(hour);
    expect(await bot.sync()).toMatchObject({ exitCode: 0, results: [] });
    expect(bot.writesOnWire()).toBe(writes);
  });

  it('both in turns, whatever is edited: every document once in the end', async () => {
    const seed = listed.indexOf(flavour) + 1;
    await begin(flavour, 8);
    copyTo('b');
    const random = seeded(seed);
    const files = new Map(Object.entries(pages(8)));
    const paths = () => [...files.keys()];
    const any = () => paths()[Math.floor(random() * files.size)] ?? 'p0.md';
    for (let round = 0; round < 6; round += 1) {
      const [edited, moved, gone, added] = [any(), any(), any(), `n${round}.md`];
      files.set(edited, page(100 + round));
      if (moved !== edited) {
        files.set(`r${round}/${moved.replaceAll('/', '-')}`, files.get(moved) ?? '');
        files.delete(moved);
      }
      if (random() < 0.4 && gone !== edited) files.delete(gone);
      files.set(added, page(200 + round));
      rmSync(join(bot.dir, 'content'), { recursive: true });
      bot.write(Object.fromEntries(files));
      bot.clock.advance(hour);
      take(random() < 0.5 ? 'a' : 'b');
      expect((await bot.sync()).error).toBeNull();
    }
    for (const copy of ['a', 'b']) {
      take(copy);
      bot.clock.advance(hour);
      expect(await bot.sync(), copy).toMatchObject({ error: null, held: [] });
    }
    const wanted = [...files.values()].map((text) => /is ([a-z]+\d+)\./.exec(text)?.[1] ?? '');
    if (flavour.texts) return inStep(wanted);
    // A page that one copy made and moved carries its old name; where no text can be read, the other copy cannot know it. Then it is told.
    expect([...new Set(held())]).toEqual([...wanted].sort());
    // Nor that what it took back holds the wanted text already: each writes it anew, until they have both looked.
    bot.clock.advance(27 * hour);
    expect(await bot.sync()).toMatchObject({ error: null, held: [] });
    bot.clock.advance(hour);
    const { findings } = await bot.drift({ share: 0 });
    expect(findings.map(({ kind }) => kind)).toEqual(Array.from({ length: held().length - wanted.length }, () => 'twin'));
  });

  it('a backup that is put back knows again what was made since', async () => {
    await begin(flavour, 4);
    cpSync(place('state'), place('backup'), { recursive: true });
    bot.clock.advance(hour);
    bot.write({ 'p4.md': page(4), 'p0.md': page(0, 'yak') });
    await bot.sync();
    rmSync(place('state'), { recursive: true });
    cpSync(place('backup'), place('state'), { recursive: true });
    bot.clock.advance(hour);
    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    await inStep(['yak0', 'zebra1', 'zebra2', 'zebra3', 'zebra4']);
  });

  it('what the folder of this copy does not have is left alone, and told', async () => {
    await begin(flavour, 3);
    copyTo('b');
    bot.clock.advance(hour);
    bot.write({ 'p3.md': page(3) });
    await bot.sync();
    take('b');
    bot.write({ 'p3.md': null, 'p4.md': page(4) });
    bot.clock.advance(hour);
    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    expect(held()).toEqual(['zebra0', 'zebra1', 'zebra2', 'zebra3', 'zebra4']);
    expect((await bot.view()).state.drift?.findings.map(({ kind, document }) => [kind, document])).toEqual([
      ['twin', expect.stringContaining('p3.md')],
    ]);
    expect((await bot.plan()).plan.operations).toEqual([]);
  });
});

const looks = (): number => bot.events.filter((event) => event.kind === 'phase' && event.phase === 'listing').length;

describe.each(listed)('$name, both copies used within a minute on one machine', (flavour) => {
  it('nothing is there twice: neither the new page nor the edited one', async () => {
    await begin(flavour, 6);
    bot.clock.advance(5_000);
    copyTo('b');
    bot.write({ 'newA.md': page(7), 'p5.md': page(5, 'yak') });
    expect(await bot.sync()).toMatchObject({ exitCode: 0, error: null });
    bot.clock.advance(5_000);
    take('b', 'here');
    expect(await bot.sync()).toMatchObject({ exitCode: 0, error: null, held: [] });
    bot.clock.advance(hour);
    expect(await bot.sync()).toMatchObject({ exitCode: 0, error: null, held: [] });
    expect(held()).toEqual(['yak5', 'zebra0', 'zebra1', 'zebra2', 'zebra3', 'zebra4', 'zebra7']);
    const [writes, before] = [bot.writesOnWire(), looks()];
    expect(await bot.sync(), 'a second run').toMatchObject({ results: [] });
    expect([bot.writesOnWire(), looks()], 'writes nothing, and lists nothing').toEqual([writes, before]);
  });
});

it('a process that stays looks once in ten minutes at most, and only where it makes something; a new one looks itself', async () => {
  await begin({ name: '', flavour: 'sitegpt', texts: true }, 3);
  const add = (n: number) => bot.write({ [`p${n}.md`]: page(n) });
  const before = looks();
  const workspace = await bot.open();
  const [target] = workspace.targets(null);
  if (target === undefined) throw new Error('one target is configured');
  const signals = { stop: new AbortController().signal, kill: new AbortController().signal };
  const options = { passes: noPasses, only: everything, offline: false, waitMs: null, trainOnly: false };
  const pass = async () => {
    const folder = await workspace.readFolder();
    return workspace.exclusively(target, { command: 'test', lockWaitMs: 0, ...signals }, (context) => syncTarget(context, folder, options));
  };
  for (const n of [10, 11, 12]) {
    add(n);
    expect(await pass()).toMatchObject({ error: null, results: [{ outcome: 'done' }] });
    bot.clock.advance(20_000);
  }
  expect(looks() - before).toBe(1);
  bot.clock.advance(600_000);
  expect(await pass(), 'nothing is made').toMatchObject({ results: [] });
  expect(looks() - before).toBe(1);
  add(13);
  await pass();
  expect(looks() - before).toBe(2);
  await workspace.close();
  add(14);
  await bot.sync();
  expect(looks() - before).toBe(3);
});

it('of a bot too large to be listed each time, the marks of what is made are searched for', async () => {
  await begin({ name: '', flavour: 'sitegpt', texts: true }, 1010);
  copyTo('b');
  bot.clock.advance(5_000);
  bot.write({ 'newA.md': page(2000) });
  await bot.sync();
  take('b', 'here');
  const before = looks();
  expect(await bot.sync()).toMatchObject({ exitCode: 0, error: null });
  expect(looks()).toBe(before);
  expect(held().filter((word) => word === 'zebra2000').length).toBe(1);
}, 60_000);

describe.each(['cxgenie', 'replycx'])('%s cannot be asked what it holds', (flavour) => {
  it('what the other copy has made is made again, and the plan says beforehand that nobody can tell', async () => {
    await begin({ name: flavour, flavour, texts: false, settings: flavour === 'replycx' ? { profile: 'seed-only' } : {} }, 3);
    copyTo('b');
    bot.clock.advance(hour);
    bot.write({ 'p3.md': page(3) });
    const own = await bot.sync();
    expect(own.notes.join('\n')).not.toContain('One bot, one state');
    take('b');
    const { plan } = await bot.plan();
    expect(plan.notes.join('\n')).toMatch(
      /^This state was last saved on here, and .+ cannot be asked what it holds: .+ made a second time\. One bot, one state\.$/m,
    );
    await bot.sync();
    expect(held().filter((word) => word === 'zebra3').length).toBe(2);
    bot.write({ 'p4.md': page(4) });
    expect((await bot.plan()).plan.notes.join('\n'), 'it is this machine’s from now on').not.toContain('One bot, one state');
  });
});

it('sitegpt+v0 has one text: whoever writes last, nothing is there twice', async () => {
  await begin({ name: '', flavour: 'sitegpt+v0', texts: false }, 3);
  copyTo('b');
  bot.clock.advance(hour);
  bot.write({ 'p3.md': page(3) });
  await bot.sync();
  take('b');
  bot.write({ 'p4.md': page(4) });
  expect(await bot.sync()).toMatchObject({ error: null, held: [] });
  const text = bot
    .items()
    .map((item) => item.text)
    .join('\n');
  for (const n of [0, 1, 2, 3, 4]) expect(text.split(`zebra${n}.`).length, `zebra${n}`).toBe(2);
});
