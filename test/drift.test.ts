// What the vendor holds against what kbsync left there, at every flavour over real HTTP: found, told, put right, and nothing foreign ever touched.
import { afterEach, describe, expect, it } from 'vitest';
import type { ItemTarget, NewItem } from '../src/connectors/connector.ts';
import { driftWindowMs } from '../src/model/drift.ts';
import type { TargetState } from '../src/model/record.ts';
import { type World, world } from './support/bots.ts';

const hour = 3_600_000;
const page = (n: number): string => `# Page ${n}\n\nThe word of page ${n} is zebra${n}.\n`;
const pages = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}.md`, page(n)]));

interface Flavour {
  readonly name: string;
  readonly flavour: string;
  readonly settings?: object;
  readonly extra?: string;
  /** Whether texts can be compared, and how they are changed behind our back. */
  readonly texts: 'update' | 'overwrite' | null;
}

const flavours: readonly Flavour[] = [
  { name: 'chatthing', flavour: 'chatthing', texts: 'update' },
  { name: 'sitegpt', flavour: 'sitegpt', texts: 'update' },
  { name: 'replycx+full', flavour: 'replycx+full', settings: { profile: 'full' }, texts: null },
  { name: 'koreai', flavour: 'koreai', settings: { reingestMode: 'overwrite' }, texts: null },
  { name: 'koreai numbered', flavour: 'koreai', settings: { reingestMode: 'overwrite' }, extra: 'numberChunks: true', texts: 'overwrite' },
];

let bot: World;
afterEach(() => bot.close());

async function begin({ flavour, settings, extra }: Flavour, count: number): Promise<void> {
  bot = await world(flavour, settings ?? {});
  bot.configure(extra === undefined ? {} : { extra });
  bot.write(pages(count));
  expect(await bot.sync()).toMatchObject({ exitCode: 0 });
  bot.clock.advance(hour);
}

function idOf(state: TargetState, document: string): string {
  const id = state.records[document]?.items[0]?.remoteId;
  if (typeof id !== 'string') throw new Error(`${document} has no id`);
  return id;
}

async function remove(...documents: readonly string[]): Promise<void> {
  const { state } = await bot.view();
  const ids = documents.map((document) => idOf(state, document));
  await bot.behind(async (target, call) => expect((await target.delete?.(ids, call))?.every(({ ok }) => ok)).toBe(true));
}

function itemFor(target: ItemTarget, document: string, text: string, patch: Partial<NewItem> = {}): NewItem {
  const effect = 'fedcba9876543210';
  const mark = target.marks.write({ workspace: 'docs', document, part: '', effect });
  return {
    effect,
    document,
    kind: 'article',
    path: document,
    part: '',
    mark,
    title: document,
    url: null,
    format: 'markdown',
    text,
    attributes: {},
    ...patch,
  };
}

/** A copy with our mark that nobody here knows of. */
async function twin(document: string): Promise<void> {
  await bot.behind(async (target, call) => {
    const [result] = await target.create([itemFor(target, document, 'a copy, long ago')], call);
    expect(result?.ok).toBe(true);
  });
}

async function change(document: string, how: 'update' | 'overwrite'): Promise<void> {
  const { state } = await bot.view();
  const item = state.records[document]?.items[0];
  await bot.behind(async (target, call) => {
    const changed = itemFor(target, document, 'Somebody typed over it.\n', { mark: item?.mark ?? '' });
    const results =
      how === 'update'
        ? await target.update?.([{ ...changed, remoteId: item?.remoteId ?? '' }], call)
        : await target.create([changed], call);
    expect(results?.[0]?.ok).toBe(true);
  });
}

/** What the bot holds of ours, as texts. */
const held = (): string[] =>
  bot
    .items()
    .filter(({ text }) => text !== '')
    .map(({ text }) => /zebra\d+|[a-z]+/i.exec(text.replace(/[\s\S]*word of page \d+ is /, ''))?.[0] ?? '')
    .sort();

const words = (count: number): string[] => Array.from({ length: count }, (_, n) => `zebra${n}`).sort();

const glance = (report: Awaited<ReturnType<World['drift']>>): string[] =>
  report.findings.map(({ kind, document }) => `${kind} ${document}`).sort();

describe.each(flavours)('$name', (flavour) => {
  const { texts } = flavour;

  it('finds nothing where nothing drifted, writes nothing, and ages no sealed plan', async () => {
    await begin(flavour, 6);
    const before = await bot.view();
    const writes = bot.writesOnWire();
    const report = await bot.drift();
    expect(report).toMatchObject({
      checked: true,
      findings: [],
      foreign: [],
      exitCode: 0,
      texts: { compared: texts === null ? 0 : 6, of: 6 },
    });
    const after = await bot.view();
    expect(bot.writesOnWire()).toBe(writes);
    expect(after.state.serial).toBe(before.state.serial);
    expect({ ...after.state, drift: null }).toEqual({ ...before.state, drift: null });
    expect(after.state.drift).toMatchObject({ at: new Date(bot.clock.now()).toISOString(), findings: [], foreign: 0 });
  });

  it('finds missing, twin, changed and foreign; repairs all but the foreign; then drift is empty and a sync writes nothing', async () => {
    await begin(flavour, 8);
    await remove('p1.md', 'p2.md');
    await twin('p3.md');
    if (texts !== null) await change('p4.md', texts);
    const planted = bot.emulator.plant('bot-1', { name: 'Opening hours', text: 'From nine to five.' });
    bot.clock.advance(hour);
    const writes = bot.writesOnWire();
    const found = await bot.drift();
    const ours = ['missing p1.md', 'missing p2.md', 'twin p3.md', ...(texts === null ? [] : ['changed p4.md'])].sort();
    expect(glance(found)).toEqual(ours);
    expect(found.exitCode).toBe(3);
    expect(found.foreign.map(({ remoteId }) => remoteId)).toEqual([planted]);
    expect(bot.writesOnWire(), 'drift only reads').toBe(writes);

    const repaired = await bot.drift({ repair: true });
    expect(repaired.repair).toMatchObject({ error: null, held: [] });
    expect(repaired.left).toBe(0);
    expect(held()).toEqual([...words(8), 'From'].sort());
    bot.clock.advance(hour);
    const again = await bot.drift({ allowForeign: true });
    expect(again).toMatchObject({ findings: [], exitCode: 0 });
    const quiet = bot.writesOnWire();
    expect(await bot.sync()).toMatchObject({ exitCode: 0, unchanged: 8, results: [] });
    expect(bot.writesOnWire()).toBe(quiet);
    expect((await bot.view()).state.leftovers).toEqual([]);
  });

  it('a sync after the window makes again what is no longer there, and looks only once a window', async () => {
    await begin(flavour, 8);
    await remove('p0.md');
    expect(await bot.sync(), 'seen within the window').toMatchObject({ unchanged: 8, results: [] });
    bot.clock.advance(driftWindowMs + 1);
    const planned = await bot.plan();
    expect(planned.plan.operations.map(({ action, document, reason }) => [action, document, reason])).toEqual([
      ['create', 'p0.md', 'no longer at the vendor'],
    ]);
    expect((await bot.view()).state.records['p0.md'], 'a plan notes nothing').toBeDefined();
    const report = await bot.sync();
    expect(report.results.map(({ operation, outcome }) => [operation.action, operation.document, outcome])).toEqual([
      ['create', 'p0.md', 'done'],
    ]);
    expect(held()).toEqual(words(8));
    const reads = bot.served.requests.length;
    expect(await bot.sync()).toMatchObject({ unchanged: 8, requests: { write: 0 } });
    const second = bot.served.requests.length - reads;
    bot.clock.advance(driftWindowMs + 1);
    const late = bot.served.requests.length;
    expect(await bot.sync()).toMatchObject({ unchanged: 8, requests: { write: 0 } });
    expect(bot.served.requests.length - late, 'a listing beside the rest').toBeGreaterThan(second);
  });

  it('many missing hold the target: nothing is doubled before a person says so', async () => {
    await begin(flavour, 12);
    const gone = Array.from({ length: 7 }, (_, n) => `p${n}.md`);
    await remove(...gone);
    bot.clock.advance(driftWindowMs + 1);
    const writes = bot.writesOnWire();
    const report = await bot.sync();
    expect(report).toMatchObject({
      exitCode: 5,
      held: [{ rule: 'vanished', holds: 'all', passWith: 'sync --target bot --allow-updates 7' }],
    });
    expect(report.held[0]?.message).toContain('7 of the 12 documents');
    expect(Object.keys((await bot.view()).state.records).length, 'a held run changes no record').toBe(12);
    const repair = await bot.drift({ repair: true });
    expect(repair).toMatchObject({ exitCode: 5, repair: { held: [{ rule: 'vanished' }] } });
    expect(Object.keys((await bot.view()).state.records).length).toBe(12);
    expect(bot.writesOnWire()).toBe(writes);
    expect(await bot.drift({ repair: true, allowUpdates: 7 })).toMatchObject({ left: 0, exitCode: 0 });
    expect(held()).toEqual(words(12));
  });

  it('what was written a moment ago is not missing, though a lagging list does not show it', async () => {
    bot = await world(flavour.flavour, flavour.settings ?? {});
    bot.configure(flavour.extra === undefined ? {} : { extra: flavour.extra });
    bot.write(pages(3));
    await bot.sync();
    // As good as a list that lags: the items are gone from it within the lag.
    await remove('p0.md', 'p1.md');
    const { state } = await bot.view();
    bot.clock.set(Date.parse(state.records['p0.md']?.items[0]?.acceptedAt ?? '') + 20_000);
    const report = await bot.drift({ share: 0 });
    expect(report).toMatchObject({ checked: true, findings: [], exitCode: 0 });
    expect(report.notes.join()).toContain('too young to be missing');
  });
});

describe.each(['cxgenie', 'sitegpt+v0', 'replycx'])('%s cannot be listed', (flavour) => {
  it('says so with the way out, which is no error', async () => {
    bot = await world(flavour, flavour === 'replycx' ? { profile: 'seed-only' } : {});
    bot.write(pages(2));
    await bot.sync({ passes: { initial: true } });
    const report = await bot.drift();
    expect(report).toMatchObject({ checked: false, error: null, exitCode: 0 });
    expect(report.reason).toMatch(/^drift cannot be checked here: /);
    expect((await bot.view()).state.drift).toBeUndefined();
  });
});
