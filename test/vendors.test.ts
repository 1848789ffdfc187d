// Every vendor in every flavour, 200 documents, with things going wrong at random: afterwards the emulator holds exactly what the state says, and what
// could not be done is on the todo list, once.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { namelessPrefix } from '../src/model/record.ts';
import type { Fault } from '../src/sandbox/serve.ts';
import { type World, world } from './support/bots.ts';
import { seeded } from './support/emulator-tools.ts';

const flavours: readonly { flavour: string; settings?: object }[] = [
  { flavour: 'chatthing' },
  { flavour: 'sitegpt' },
  { flavour: 'sitegpt+v0' },
  { flavour: 'cxgenie' },
  { flavour: 'cxgenie+append' },
  { flavour: 'replycx', settings: { profile: 'seed-only' } },
  { flavour: 'replycx+full', settings: { profile: 'full' } },
  { flavour: 'koreai', settings: { reingestMode: 'overwrite' } },
  { flavour: 'koreai', settings: { reingestMode: 'append' } },
  { flavour: 'koreai', settings: { reingestMode: 'new-doc' } },
];

const faults: readonly Fault[] = [
  { kind: 'status', status: 429, retryAfter: 3 },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 500, after: true },
  { kind: 'status', status: 502, body: '<html><body>Bad gateway</body></html>' },
  'html',
  'broken-json',
  'reset-before',
  'reset-after',
];

const run = promisify(execFile);
/** What `npm run build` (before `npm test`: pretest) made. */
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

const page = (n: number, word: string): string => `# Page ${n}\n\nThe word of page ${n} is ${word}${n}x.\n`;

/** Emulator against state: every id on one side is on the other, but for creates whose fate nobody can know. */
async function agree(bot: World, history: string): Promise<void> {
  const { state, open } = await bot.view();
  if (bot.vendor === 'sitegpt' && Object.values(state.records).every((record) => record.items.every((item) => item.remoteId === null)))
    return;
  const remembered = [
    ...Object.values(state.records).flatMap((record) => record.items.flatMap((item) => (item.remoteId === null ? [] : [item.remoteId]))),
    ...state.leftovers.map((leftover) => leftover.remoteId).filter((id) => !id.startsWith(namelessPrefix)),
  ];
  const held = new Set(
    bot
      .items()
      .filter((item) => item.text !== '')
      .map((item) => item.remoteId),
  );
  expect(new Set(remembered).size, `${history}: no id twice`).toBe(remembered.length);
  expect(
    remembered.filter((id) => !held.has(id)),
    `${history}: what the state remembers is there`,
  ).toEqual([]);
  const unaccounted = [...held].filter((id) => !remembered.includes(id));
  const doubtful = open.filter((effect) => effect.action === 'create').length;
  expect(
    unaccounted.length,
    `${history}: nothing is there that the state does not know, but for ${doubtful} unconfirmed`,
  ).toBeLessThanOrEqual(doubtful);
  const todos = state.todos.map((todo) => todo.operation.id);
  expect(new Set(todos).size, `${history}: each todo once`).toBe(todos.length);
}

describe.each(flavours)('$flavour $settings', ({ flavour, settings }) => {
  let bot: World;
  afterEach(() => bot.close());

  it('200 documents created, edited, moved, deleted, with every fault', async () => {
    bot = await world(flavour, settings ?? {});
    const files: Record<string, string | null> = {};
    for (let n = 0; n < 200; n += 1) files[`d/${n}.md`] = page(n, 'zebra');
    bot.write(files);
    const random = seeded(4711);
    const trouble = (): Fault | null => (random() < 0.08 ? (faults[Math.floor(random() * faults.length)] ?? null) : null);
    const passes = { initial: true, allowDeletes: 500, allowUpdates: 500 };
    bot.served.setFault(trouble);
    for (let round = 0; round < 3; round += 1) await bot.sync({ passes });
    for (let n = 0; n < 20; n += 1) bot.write({ [`d/${n}.md`]: page(n, 'gnu') });
    for (let n = 20; n < 40; n += 1) bot.write({ [`d/${n}.md`]: null });
    for (let n = 40; n < 60; n += 1) bot.write({ [`d/${n}.md`]: null, [`m/${n}.md`]: page(n, 'zebra') });
    for (let n = 0; n < 10; n += 1) bot.write({ [`n/${n}.md`]: page(1000 + n, 'yak') });
    for (let round = 0; round < 4; round += 1) {
      await bot.sync({ passes });
      bot.clock.advance(120_000);
    }
    bot.served.setFault(null);
    bot.clock.advance(3_600_000);
    await bot.sync({ passes });
    await bot.sync({ passes });
    await agree(bot, flavour);
    const writes = bot.writesOnWire();
    const last = await bot.sync({ passes });
    expect(bot.writesOnWire(), 'a last run writes nothing').toBe(writes);
    expect(last.results.filter(({ outcome }) => outcome !== 'todo')).toEqual([]);
    const { state, open } = await bot.view();
    const doubted = new Set(open.flatMap((effect) => ('document' in effect ? [effect.document] : [])));
    const wanted = [...Array.from({ length: 20 }, (_, n) => `d/${n}.md`), ...Array.from({ length: 140 }, (_, n) => `d/${n + 60}.md`)];
    for (const path of [
      ...wanted,
      ...Array.from({ length: 20 }, (_, n) => `m/${n + 40}.md`),
      ...Array.from({ length: 10 }, (_, n) => `n/${n}.md`),
    ]) {
      if (!doubted.has(path)) expect(state.records[path]?.items.length, path).toBe(1);
    }
  });
});

describe('a CX Genie create whose answer is lost', () => {
  let bot: World;
  afterEach(() => bot.close());

  it('is unconfirmed, is never sent twice by itself, and is told on the todo list', async () => {
    bot = await world('cxgenie');
    bot.write({ 'a.md': page(1, 'ant') });
    let creates = 0;
    bot.served.setFault((request) => (request.method === 'POST' && ++creates === 1 ? 'reset-after' : null));
    const first = await bot.sync({ passes: { initial: true } });
    expect(first).toMatchObject({ exitCode: 4 });
    expect(first.results.map(({ outcome }) => outcome)).toEqual(['unconfirmed']);
    const writes = bot.writesOnWire();
    for (let round = 0; round < 3; round += 1) expect((await bot.sync()).exitCode).toBe(4);
    expect(bot.writesOnWire()).toBe(writes);
    expect(bot.items().length).toBe(1);
    const { state, open } = await bot.view();
    expect(open.length).toBe(1);
    expect(state.doubts.map((doubt) => doubt.id)).toEqual(['U1']);
    // What it says next must be a command that can be typed.
    expect(state.doubts[0]?.error?.next).toMatch(/^kbsync todo says/);
  });

  it.each([
    ['created', 1],
    ['retry', 2],
  ] as const)('todo %s settles it: the bot then holds %s', async (decision, held) => {
    bot = await world('cxgenie');
    bot.write({ 'a.md': page(1, 'ant') });
    let creates = 0;
    bot.served.setFault((request) => (request.method === 'POST' && ++creates === 1 ? 'reset-after' : null));
    await bot.sync({ passes: { initial: true } });
    const id = decision === 'created' ? [bot.items()[0]?.remoteId ?? ''] : [];
    await run(process.execPath, [program, 'todo', decision, 'U1', ...id], { cwd: bot.dir });
    expect((await bot.view()).open).toEqual([]);
    expect(await bot.sync()).toMatchObject({ exitCode: 0 });
    expect(bot.items().length).toBe(held);
    expect(await bot.sync()).toMatchObject({ exitCode: 0, unchanged: 1, requests: { write: 0 } });
  });
});

describe('ReplyCX with features that are switched on and not there', () => {
  let bot: World;
  afterEach(() => bot.close());

  it('degrades: first contact as where nothing can be listed, deletes as work for a person, listed once', async () => {
    bot = await world('replycx+full', { profile: 'seed-only' });
    bot.write({ 'a.md': page(1, 'ant'), 'b.md': page(2, 'bee') });
    const held = await bot.sync();
    expect(held).toMatchObject({ exitCode: 5, requests: { write: 0 } });
    expect(held.held[0]?.rule).toBe('first-contact');
    expect(await bot.sync({ passes: { initial: true } })).toMatchObject({ exitCode: 0 });
    bot.write({ 'b.md': null });
    expect((await bot.sync()).exitCode).toBe(4);
    const { state } = await bot.view();
    expect(state.leftovers.map(({ document, removable }) => [document, removable])).toEqual([['b.md', 'by-hand']]);
    expect(await bot.sync()).toMatchObject({ exitCode: 0, requests: { write: 0 } });
    expect((await bot.view()).state.leftovers.length).toBe(1);
  });
});
