// What the vendor holds against what kbsync left there, at every flavour over real HTTP: found, told, put right, and nothing foreign ever touched.
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ItemTarget, NewItem } from '../src/connectors/connector.ts';
import { driftWindowMs } from '../src/model/drift.ts';
import type { TargetState } from '../src/model/record.ts';
import { type World, world } from './support/bots.ts';
import { seeded } from './support/emulator-tools.ts';

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

  it.runIf(texts !== null)('within a minute of a write: what is too young is counted, not passed over', async () => {
    await begin(flavour, 2);
    bot.write({ 'p5.md': page(5), 'p0.md': page(10) });
    await bot.sync({ waitMs: 0 });
    bot.clock.advance(1_000);
    for (const repair of [false, true])
      expect(await bot.drift({ repair })).toMatchObject({ findings: [], exitCode: 0, texts: { compared: 1, of: 3, young: 2 } });
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
});

/** Reading texts makes no difference to what follows. */
const plain = flavours.filter(({ name }) => name !== 'koreai numbered');

describe.each(plain)('$name, by itself', (flavour) => {
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
    // What a look has found missing is looked for again at once: nobody acts on what was seen before.
    bot.clock.advance(hour);
    await remove('p3.md');
    expect(await bot.drift({ share: 0 })).toMatchObject({ exitCode: 3 });
    expect((await bot.sync()).results.map(({ operation }) => operation.document)).toEqual(['p3.md']);
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
    expect(await bot.sync(), 'and holds it again').toMatchObject({ exitCode: 5, held: [{ rule: 'vanished', id: 'H1' }] });
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
    expect((await bot.view()).state.drift).toBeNull();
  });
});

/** A vendor that shows nothing of what it holds, in its own words and without an error. */
const empties: Readonly<Record<string, (path: string) => object | null>> = {
  chatthing: (path) => (path.endsWith('/row/list') ? { success: true, dataSourceRows: [], pagination: { total: 0 } } : null),
  sitegpt: (path) =>
    path.endsWith('/documents') ? { success: true, data: { documents: [], pagination: { limit: 100, hasNextPage: false } } } : null,
  'replycx+full': (path) => (/knowledge-base\/[^/]+$/.test(path) ? { ok: true, name: 'kb', total_data_sources: 0, data_source: [] } : null),
  koreai: (path) =>
    path.endsWith('/content-by-cond') ? { data: [] } : path.endsWith('/chunk/list') ? { chunks: [], hasMore: false } : null,
};

describe.each(flavours)('$name lists nothing of what it holds', (flavour) => {
  it.each([2, 8])('%i documents: none is made twice, by sync or by repair, and none is forgotten', async (count) => {
    await begin(flavour, count);
    const writes = bot.writesOnWire();
    const before = bot.items().length;
    let shown = 0;
    bot.served.setFault(({ path, method }) => {
      const body = method === 'DELETE' ? null : (empties[flavour.flavour]?.(path) ?? null);
      if (body !== null) shown += 1;
      return body === null ? null : { kind: 'status', status: 200, body: body as never };
    });
    bot.clock.advance(driftWindowMs + 1);
    const report = await bot.sync();
    expect(shown, 'it was asked').toBeGreaterThan(0);
    expect(report.results.filter(({ outcome }) => outcome === 'done')).toEqual([]);
    await bot.drift({ repair: true });
    expect(bot.writesOnWire()).toBe(writes);
    bot.served.setFault(null);
    expect(await bot.sync()).toMatchObject({ exitCode: 0, unchanged: count, requests: { write: 0 } });
    expect(bot.items().length).toBe(before);
    expect(await bot.drift()).toMatchObject({ findings: [], exitCode: 0 });
  });
});

describe('a look that is not to be trusted', () => {
  it('finds nothing where the listing fails, says why, and a sync goes on', async () => {
    await begin({ name: '', flavour: 'sitegpt', texts: 'update' }, 3);
    await remove('p0.md');
    bot.clock.advance(driftWindowMs + 1);
    bot.served.setFault(({ path, method }) => (method === 'GET' && path.endsWith('/documents') ? 'broken-json' : null));
    const report = await bot.drift();
    expect(report).toMatchObject({ checked: false, findings: [], error: { code: 'REPLY_INVALID' }, exitCode: 11 });
    expect((await bot.view()).state.drift?.at, 'nothing is noted').not.toBe(new Date(bot.clock.now()).toISOString());
    bot.write({ 'new.md': page(9) });
    const synced = await bot.sync();
    expect(synced).toMatchObject({ exitCode: 0, error: null, unchanged: 3 });
    expect(synced.notes.join()).toMatch(/^Whether everything is still at the vendor could not be checked: /);
    bot.served.setFault(null);
    expect((await bot.sync()).results.map(({ operation }) => operation.reason)).toEqual(['no longer at the vendor']);
  });

  it('is not made at another bot', async () => {
    await begin({ name: '', flavour: 'sitegpt', texts: 'update' }, 2);
    bot.emulator.provision({ id: 'bot-2', secret: 'other-secret-4712' });
    bot.configure({ withoutId: true, key: 'other-secret-4712', extra: 'chatbotId: bot-2' });
    const report = await bot.drift({ repair: true });
    expect(report).toMatchObject({ checked: false, error: { code: 'HELD' }, exitCode: 5 });
    expect(report.error?.message).toContain('bot was always sitegpt|');
  });

  it('is not made where nothing is known yet', async () => {
    bot = await world('sitegpt');
    const report = await bot.drift({ prune: true });
    expect(report).toMatchObject({ checked: false, error: null, exitCode: 0 });
    expect(report.reason).toContain('kbsync sync --target bot makes first contact');
  });

  it('first contact is a look', async () => {
    bot = await world('sitegpt');
    bot.write(pages(1));
    bot.emulator.plant('bot-1', { name: 'x', text: 'y' });
    expect((await bot.sync()).exitCode, 'existing content holds, and notes nothing').toBe(5);
    expect((await bot.view()).state.drift).toBeNull();
    await bot.sync({ passes: { initial: true } });
    expect((await bot.view()).state.drift).toMatchObject({ findings: [], foreign: 1 });
  });

  it('schedule.drift: null asks for no listing at all', async () => {
    await begin({ name: '', flavour: 'sitegpt', texts: 'update' }, 2);
    appendFileSync(join(bot.dir, 'sync.config.yaml'), 'schedule: { drift: null }\n');
    await remove('p0.md');
    bot.clock.advance(10 * driftWindowMs);
    expect(await bot.sync()).toMatchObject({ unchanged: 2, results: [] });
  });

  it('tells, and does not note, while another run holds the target', async () => {
    await begin({ name: '', flavour: 'sitegpt', texts: 'update' }, 3);
    await remove('p0.md');
    const before = (await bot.view()).state.drift;
    const report = await bot.holding(() => bot.drift());
    expect(glance(report)).toEqual(['missing p0.md']);
    expect(report.notes.join()).toContain('not noted for kbsync status');
    expect((await bot.view()).state.drift).toEqual(before);
  });
});

describe('texts', () => {
  const site: Flavour = { name: '', flavour: 'sitegpt', texts: 'update' };

  it('go on where the last look ended, a share at a time, and what was found before stands until it is compared anew', async () => {
    await begin(site, 10);
    await change('p0.md', 'update');
    const looks: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const report = await bot.drift({ share: 0.3 });
      const { drift } = (await bot.view()).state;
      looks.push(`${report.texts.compared} ${drift?.texts.through} ${drift?.findings.map(({ document }) => document).join()}`);
    }
    expect(looks).toEqual(['3 p2.md p0.md', '3 p5.md p0.md', '3 p8.md p0.md', '3 p1.md p0.md']);
    await bot.behind(async (target, call) => {
      const id = idOf((await bot.view()).state, 'p0.md');
      await target.update?.([{ ...itemFor(target, 'p0.md', `${page(0).trimEnd().replaceAll('\n', '\r\n')}\r\n\r\n`), remoteId: id }], call);
    });
    expect((await bot.drift()).findings, 'line ends and the very end do not count').toEqual([]);
    expect((await bot.view()).state.drift?.findings).toEqual([]);
  });

  it('are rendered anew where they are no longer kept, and said to be incomparable where the file has changed too', async () => {
    await begin(site, 3);
    rmSync(join(bot.dir, 'state', 'texts'), { recursive: true });
    await change('p0.md', 'update');
    bot.write({ 'p1.md': '# Another\n\nNot pushed yet.\n' });
    const report = await bot.drift();
    expect(glance(report)).toEqual(['changed p0.md']);
    expect(report.notes.join()).toContain('1 item cannot be compared: the text they were given is no longer kept');
  });

  it('a changed text is sent again through the brakes', async () => {
    await begin(site, 24);
    for (let n = 0; n < 22; n += 1) await change(`p${n}.md`, 'update');
    bot.clock.advance(hour);
    const writes = bot.writesOnWire();
    const held = await bot.drift({ repair: true });
    expect(held).toMatchObject({ exitCode: 5, left: 22, repair: { held: [{ rule: 'too-many-updates' }] } });
    expect(bot.writesOnWire()).toBe(writes);
    expect((await bot.view()).state.records['p0.md']?.pushed, 'a held repair changes no record').not.toBeNull();
    expect(await bot.drift({ repair: true, allowUpdates: 22 })).toMatchObject({ exitCode: 0, left: 0 });
    expect(held.findings.length).toBe(22);
  });
});

describe('a lost record', () => {
  it.each(['sitegpt', 'koreai'])('%s: an item that only the mark tells of is taken back by a repair, not made twice', async (vendor) => {
    await begin({ name: '', flavour: vendor, texts: null }, 3);
    const before = new Set(bot.items().map(({ remoteId }) => remoteId));
    await twin('p3.md');
    const found = bot.items().find(({ remoteId }) => !before.has(remoteId))?.remoteId ?? '';
    bot.write({ 'p3.md': page(3) });
    bot.clock.advance(hour);
    const report = await bot.drift({ repair: true });
    expect(report.findings.map(({ kind, detail }) => [kind, detail])).toEqual([['twin', 'carries our mark, and no record knows it']]);
    // Kore.ai has no update: there a new copy stands in for it.
    if (vendor === 'sitegpt') expect((await bot.view()).state.records['p3.md']?.items[0]?.remoteId).toBe(found);
    bot.clock.advance(hour);
    await bot.sync();
    expect(held()).toEqual(words(4));
    expect((await bot.view()).state.leftovers).toEqual([]);
  });
});

describe('a second copy of a document that is known', () => {
  it.each(['sitegpt', 'koreai'])('%s: is told as that by a run that makes something, not as a page of another folder', async (vendor) => {
    await begin({ name: '', flavour: vendor, texts: null }, 3);
    await twin('p1.md');
    bot.write({ 'p9.md': page(9) });
    bot.clock.advance(hour);
    const { notes } = (await bot.plan()).plan;
    expect(notes.join('\n')).toMatch(/There twice, with our mark: .*p1\.md.*kbsync drift --target bot tells which/);
    expect(notes.join('\n')).not.toContain('of no document that this folder has');
  });
});

describe('a create whose fate is not known', () => {
  it('is no twin, and what the repair settles is not made again', async () => {
    await begin({ name: '', flavour: 'sitegpt', texts: null }, 2);
    bot.write({ 'p2.md': page(2) });
    const id = 'abcdef0123456789';
    const mark = await bot.behind(async (target, call) => {
      const item = itemFor(target, 'p2.md', page(2), { effect: id });
      await target.create([item], call);
      return item.mark;
    });
    const written = { document: 'p2.md', path: 'p2.md', title: 'Page 2', url: null, body: 'b', part: '', mark, fingerprint: 'f' };
    const effect = { id, operation: null, commit: null, action: 'create', supersedes: null, ...written } as const;
    await bot.holding(({ memory }) => memory.append([{ kind: 'begin', effects: [effect] }]));
    bot.clock.advance(hour);
    expect(await bot.drift()).toMatchObject({ findings: [], foreign: [], exitCode: 0 });
    expect((await bot.view()).open.length, 'a look settles nothing').toBe(1);
    await bot.drift({ repair: true });
    expect((await bot.view()).open).toEqual([]);
    await bot.sync();
    expect(held()).toEqual(words(3));
  });
});

describe('prune', () => {
  it.each(plain)(
    '$name: lists first, and with --yes removes what is proven to be ours and out of scope, and nothing else',
    async (flavour) => {
      await begin(flavour, 6);
      const planted = bot.emulator.plant('bot-1', { name: 'Opening hours', text: 'From nine to five.' });
      bot.configure({ extra: `${flavour.extra === undefined ? '' : `${flavour.extra}, `}include: ["p[0-3].md"]` });
      expect(await bot.sync()).toMatchObject({ outOfScope: 2, unchanged: 4 });
      const writes = bot.writesOnWire();
      const list = await bot.drift({ prune: true, allowForeign: true });
      expect(list.prune?.items.map(({ document, why, left }) => [document, why, left])).toEqual([
        ['p4.md', 'out of scope', null],
        ['p5.md', 'out of scope', null],
      ]);
      expect([list.exitCode, bot.writesOnWire()]).toEqual([3, writes]);
      const pruned = await bot.drift({ prune: true, yes: true, allowForeign: true });
      expect(pruned.prune?.results.map(({ outcome }) => outcome)).toEqual(['done', 'done']);
      expect(pruned.exitCode).toBe(0);
      expect(held()).toEqual([...words(4), 'From'].sort());
      expect(bot.items().some(({ remoteId }) => remoteId === planted)).toBe(true);
      expect((await bot.view()).state.forgetting, 'and the bot has forgotten them').toEqual([]);
      expect(await bot.sync()).toMatchObject({ outOfScope: 0, unchanged: 4, requests: { write: 0 } });
    },
  );

  it('is held above the brake for deletes', async () => {
    await begin({ name: '', flavour: 'sitegpt', texts: null }, 10);
    bot.configure({ extra: 'include: ["p[0-2].md"]' });
    await bot.sync();
    const writes = bot.writesOnWire();
    const held = await bot.drift({ prune: true, yes: true });
    expect(held).toMatchObject({ exitCode: 5, prune: { held: { passWith: 'drift --target bot --prune --yes --allow-deletes 7' } } });
    expect(bot.writesOnWire()).toBe(writes);
    expect((await bot.drift({ prune: true, yes: true, allowDeletes: 6 })).exitCode).toBe(5);
    expect((await bot.drift({ prune: true, yes: true, allowDeletes: 7 })).exitCode).toBe(0);
    expect(bot.items().length).toBe(3);
  });

  it('leaves what the listing does not prove: renamed by somebody, or not there', async () => {
    await begin({ name: '', flavour: 'chatthing', texts: null }, 4);
    bot.configure({ extra: 'include: ["p0.md"]' });
    await bot.sync();
    const { state } = await bot.view();
    await bot.behind(async (target, call) => {
      const item = itemFor(target, 'p1.md', page(1), { mark: 'My own page now' });
      await target.update?.([{ ...item, remoteId: idOf(state, 'p1.md') }], call);
    });
    await remove('p2.md');
    const list = await bot.drift({ prune: true });
    expect(list.prune?.items.map(({ document, left }) => [document, left])).toEqual([
      ['p1.md', 'its mark there is not ours'],
      ['p2.md', 'not in the listing: nothing proves what it is'],
      ['p3.md', null],
    ]);
    await bot.drift({ prune: true, yes: true });
    expect(
      bot
        .items()
        .filter(({ text }) => text !== '')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['My own page now', 'docs:p0.md']);
  });

  it('removes an orphan that nobody could tell the document of, and leaves one whose document is wanted', async () => {
    await begin({ name: '', flavour: 'sitegpt', texts: null }, 1);
    const long = (letter: string): string => `${letter.repeat(120)}.md`;
    await twin(long('a'));
    await twin(long('b'));
    const marks = bot.items().map(({ name }) => name ?? '');
    for (const name of marks.filter((mark) => mark.includes('aaaa') || mark.includes('bbbb'))) {
      const remoteId = bot.items().find((item) => item.name === name)?.remoteId ?? '';
      const leftover = {
        remoteId,
        document: name,
        mark: name,
        why: 'orphan',
        removable: 'by-hand',
        since: new Date(0).toISOString(),
      } as const;
      await bot.holding(({ memory }) => memory.append([{ kind: 'leftover', leftover }]));
    }
    bot.write({ [long('b')]: page(7) });
    const list = await bot.drift({ prune: true });
    expect(list.prune?.items.map(({ why, left }) => [why, left])).toEqual([
      ['copy of a document that is not there', null],
      ['copy of a document that is not there', 'its document is wanted: the next sync takes it back'],
    ]);
    await bot.drift({ prune: true, yes: true });
    expect(bot.items().length).toBe(2);
  });
});

describe('whatever somebody else does there', () => {
  it.each([1, 2, 3, 4])(
    'repair, and the bot holds the folder and what is foreign; drift is empty, a sync writes nothing (seed %i)',
    async (seed) => {
      const flavour = flavours[seed % 4] ?? flavours[0];
      if (flavour === undefined) throw new Error('no flavour');
      await begin(flavour, 30);
      const random = seeded(seed);
      const any = (): string => `p${Math.floor(random() * 30)}.md`;
      for (let round = 0; round < 3; round += 1) {
        const gone = [...new Set([any(), any()])];
        await remove(...gone);
        await twin(any());
        const other = Array.from({ length: 30 }, (_, n) => `p${n}.md`).find((name) => !gone.includes(name) && random() < 0.2);
        if (flavour.texts === 'update' && other !== undefined) await change(other, 'update');
        bot.emulator.plant('bot-1', { name: `Foreign ${round}`, text: `Yak ${round}.` });
        bot.clock.advance(hour);
        expect((await bot.drift({ repair: true })).left, `round ${round}`).toBe(0);
        bot.clock.advance(hour);
        expect(await bot.drift({ allowForeign: true })).toMatchObject({ findings: [], exitCode: 0 });
        const writes = bot.writesOnWire();
        expect(await bot.sync()).toMatchObject({ exitCode: 0, unchanged: 30, results: [] });
        expect(bot.writesOnWire()).toBe(writes);
        expect(held().filter((word) => word.startsWith('zebra'))).toEqual(words(30));
        expect(bot.items().filter(({ name }) => name?.startsWith('Foreign')).length).toBe(round + 1);
      }
    },
  );
});
