// The freshness check against every kind of emulator, by one fake clock: how far each vendor lets it be followed, what an old answer does to it,
// and that its document goes the way of any other without ever holding, doubling or counting as one of the folder.
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { codesOf } from '../../src/cli/exit.ts';
import { history } from '../../src/cli/history.ts';
import { Output } from '../../src/cli/output.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import { type CanaryLook, lookAtCanary } from '../../src/cycle/canary.ts';
import { canaryEntry } from '../../src/cycle/canary-entry.ts';
import { noPasses } from '../../src/cycle/context.ts';
import type { Folder } from '../../src/cycle/folder.ts';
import { unreadyLeader } from '../../src/cycle/staging.ts';
import { type CanaryMemory, canaryId, canaryWords } from '../../src/model/canary.ts';
import type { Unready } from '../../src/plan/input.ts';
import { deriveStatus } from '../../src/status/derive.ts';
import { type World, world } from '../support/bots.ts';
import { syncVerifyIn, verifyIn } from '../support/verifying.ts';

let bot: World;
afterEach(() => bot.close());

const minute = 60_000;
const files = { 'hours.md': '# Hours\n\nWe open at nine.\n', 'prices.md': '# Prices\n\nIt costs five euros.\n' };

interface Looking {
  readonly begin?: boolean;
  readonly unfollowed?: string | null;
  readonly after?: Unready | null;
  /** As a daemon may have it from before; left out: read anew. */
  readonly folder?: Folder;
}

async function made(flavour: string, settings: object = {}, extra = 'canary: true'): Promise<World> {
  bot = await world(flavour, settings);
  bot.configure({ extra });
  bot.write(files);
  await bot.sync({ passes: { initial: true } });
  return bot;
}

async function look({ begin = false, unfollowed = null, after = null, folder: known }: Looking = {}): Promise<CanaryLook> {
  const workspace = await bot.open();
  const [target] = workspace.targets(null);
  if (target === undefined) throw new Error('one target is configured');
  const signals = { stop: new AbortController().signal, kill: new AbortController().signal };
  try {
    const folder = known ?? (await workspace.readFolder());
    const how = { command: 'test', lockWaitMs: 0, ...signals };
    const options = { begin, unfollowed, after: () => Promise.resolve(after) };
    return await workspace.exclusively(target, how, (context) => lookAtCanary(context, folder, options));
  } finally {
    await workspace.close();
  }
}

async function remembered(): Promise<CanaryMemory> {
  const workspace = await bot.open();
  const found = workspace.tests('bot').canary();
  await workspace.close();
  return found;
}

async function recordOf(document: string) {
  return (await bot.view()).state.records[document];
}

async function historyIn(dir: string): Promise<string> {
  const said: string[] = [];
  const secrets = createSecretSet();
  const sink = { write: (text: string) => void said.push(text) };
  const output = new Output({ secrets, stdout: sink, stderr: sink, json: false, quiet: false, colour: false });
  const { signal } = new AbortController();
  const options = { config: null, targets: [], json: false, quiet: false, verbose: false };
  const invocation = { command: 'history', options, output, cwd: dir, env: {}, version: '0.0.0', secrets, stop: signal, kill: signal };
  await history(invocation, { document: null, limit: 20, since: null });
  return said.join('');
}

const asks = () => bot.events.filter((event) => event.kind === 'request' && event.intent === 'ask').length;

/** Looks again and again as the loop would, until the check has ended. */
async function followed(): Promise<CanaryLook> {
  for (let turn = 0; turn < 200; turn += 1) {
    const found = await look();
    if (found.ended !== null) return found;
    if (!found.open || found.nextInMs === null) throw new Error('it is not under way');
    await bot.clock.sleep(Math.max(1, found.nextInMs));
  }
  throw new Error('it never ends');
}

it.each(['chatthing', 'sitegpt', 'koreai'])('is followed from the change to the answer at %s', async (flavour) => {
  await made(flavour);
  const first = await look();
  expect([first.changed, first.open, first.nextInMs]).toEqual([true, true, 60 * minute]);
  const { code } = await remembered();
  bot.clock.set(bot.clock.now() + 30_000);
  expect((await look()).nextInMs).toBe(59.5 * minute);
  const synced = await bot.sync();
  expect([synced.exitCode, synced.results.map(({ operation }) => `${operation.action} ${operation.document}`)]).toEqual([
    0,
    [`create ${canaryId}`],
  ]);
  const { ended, told } = await look();
  expect(ended).toMatchObject({ outcome: 'measured', asks: 1, stale: 0, why: null });
  const { acceptedMs, trainedMs, quotedMs } = ended ?? {};
  expect(acceptedMs).toBeGreaterThanOrEqual(30_000);
  expect(trainedMs).toBeGreaterThanOrEqual(acceptedMs ?? Number.POSITIVE_INFINITY);
  expect(quotedMs).toBeGreaterThanOrEqual(trainedMs ?? Number.POSITIVE_INFINITY);
  expect(told).toBeNull();
  expect(bot.events.filter((event) => event.kind === 'canary')).toMatchObject([{ change: null, check: { outcome: 'measured' } }]);
  // Only the schedule changes it.
  const writes = bot.writesOnWire();
  expect(await look()).toMatchObject({ changed: false, open: false, ended: null });
  expect((await bot.sync()).results).toEqual([]);
  expect(bot.writesOnWire()).toBe(writes);
  // The next round: an update, by which the bot forgets the code before.
  expect((await look({ begin: true })).changed).toBe(true);
  const second = await remembered();
  expect([second.code === code, second.old]).toEqual([false, [code]]);
  expect((await bot.sync()).results.map(({ operation }) => operation.action)).toContain('update');
  expect((await followed()).ended).toMatchObject({ outcome: 'measured', why: null });
});

it('is one more document of a bot that takes one text, and is asked as soon as that has settled', async () => {
  await made('sitegpt+v0');
  await look();
  await bot.sync();
  const { ended } = await followed();
  expect(ended).toMatchObject({ outcome: 'measured', trainedMs: null, why: null });
  expect(ended?.quotedMs).toBeGreaterThanOrEqual(ended?.acceptedMs ?? Number.POSITIVE_INFINITY);
  const writes = bot.writesOnWire();
  await bot.sync();
  expect(bot.writesOnWire()).toBe(writes);
});

it('is measured to training where the bot cannot be asked, and says so', async () => {
  await made('replycx+full');
  await look();
  await bot.sync();
  const { ended } = await followed();
  expect(ended).toMatchObject({ outcome: 'measured', quotedMs: null, asks: 0, why: expect.stringContaining('cannot be asked') });
  expect(ended?.trainedMs).not.toBeNull();
  expect(ended === null ? '' : canaryWords(ended)).toContain('trained after');
});

it.each(['cxgenie', 'cxgenie+append', 'replycx'])('is never made where it would leave copies: %s', async (flavour) => {
  await made(flavour, {}, 'canary: true');
  const { ended, told, changed } = await look({ begin: true });
  expect([changed, ended?.outcome, told?.change]).toEqual([false, 'inconclusive', 'inconclusive']);
  expect(ended?.why).toContain('leave a copy for a person');
  // Once.
  expect(await look({ begin: true })).toMatchObject({ ended: null, told: null });
  expect((await bot.sync()).results).toEqual([]);
});

it('times out where the old answers stay, is told once, and again once it is mended', async () => {
  await made('chatthing', { staleAnswers: true });
  await look();
  await bot.sync();
  expect((await followed()).ended?.outcome).toBe('measured');
  for (const change of ['failing', null]) {
    const before = asks();
    await look({ begin: true });
    await bot.sync();
    const { ended, told } = await followed();
    expect(ended).toMatchObject({ outcome: 'timeout', quotedMs: null, why: 'it still answers with an old code' });
    expect(ended?.stale).toBe(ended?.asks);
    // A fresh conversation each: two requests at Chat Thing.
    expect(asks() - before).toBe(2 * (ended?.asks ?? 0));
    // Ever more seldom, until the time is up.
    expect(ended?.asks).toBeGreaterThan(5);
    expect(ended?.asks).toBeLessThan(20);
    expect(Date.parse(ended?.at ?? '') - Date.parse(ended?.startedAt ?? '')).toBeGreaterThanOrEqual(60 * minute);
    expect(told?.change ?? null).toBe(change);
  }
  expect((await remembered()).failing).toBe(true);
});

it('is mended by the next check that is in time', async () => {
  await made('sitegpt');
  await look();
  await bot.clock.sleep(61 * minute);
  const late = await look();
  expect(late.ended).toMatchObject({ outcome: 'timeout', why: 'not accepted: it was not pushed in time', acceptedMs: null });
  expect(late.told?.change).toBe('failing');
  // What says nothing of the bot mends nothing.
  await look({ begin: true });
  expect((await look({ unfollowed: 'kbsync was started anew meanwhile' })).told?.change).toBe('inconclusive');
  expect((await remembered()).failing).toBe(true);
  await look({ begin: true });
  await bot.sync();
  expect((await followed()).told?.change).toBe('mended');
  expect(bot.events.flatMap((event) => (event.kind === 'canary' ? [event.change] : []))).toEqual(['failing', null, 'mended']);
});

it('takes no training of the text before for that of the new one, and asks nothing before it', async () => {
  await made('chatthing');
  await look();
  await bot.sync();
  await followed();
  await look({ begin: true });
  await bot.sync({ waitMs: 0 });
  const before = asks();
  expect(await look()).toMatchObject({ open: true, ended: null });
  expect((await remembered()).run).toMatchObject({ acceptedAt: expect.any(String), trainedAt: null, asks: 0 });
  await bot.clock.sleep(61 * minute);
  expect((await look()).ended).toMatchObject({
    outcome: 'timeout',
    trainedMs: null,
    why: expect.stringMatching(/^accepted, but not trained/),
  });
  expect(asks()).toBe(before);
});

it('keeps to the questions of the day, and says nothing of the bot where none is left', async () => {
  await made('sitegpt');
  appendFileSync(join(bot.dir, 'sync.config.yaml'), 'verify: { maxCallsPerDay: 0 }\n');
  await look();
  await bot.sync();
  const { ended, told } = await followed();
  expect(ended).toMatchObject({ outcome: 'inconclusive', asks: 0, why: expect.stringContaining('verify.maxCallsPerDay') });
  expect(told?.change).toBe('inconclusive');
  expect(asks()).toBe(0);
  expect((await remembered()).failing).toBe(false);
});

it('comes to no verdict where a person or a brake holds it, and holds nothing itself', async () => {
  await made('sitegpt');
  await look();
  const after: Unready = { target: 'dev', why: 'it was never synced', next: 'sync it' };
  const alone = await bot.sync({ after });
  expect([alone.held, alone.results, alone.exitCode]).toEqual([[], [], 0]);
  expect(alone.notes.some((note) => note.includes('The freshness check waits (after)'))).toBe(true);
  bot.write({ 'new.md': '# New\n\nSomething new.\n' });
  const together = await bot.sync({ after });
  expect(together.held.map(({ rule, documents }) => [rule, documents])).toEqual([['after', ['new.md']]]);
  expect(together.results.map(({ outcome }) => outcome)).toEqual(['held', 'held']);
  await bot.clock.sleep(61 * minute);
  const { ended, told } = await look({ after });
  expect(ended).toMatchObject({ outcome: 'inconclusive', why: 'not accepted: bot is held (after)' });
  expect(told?.change).toBe('inconclusive');
});

it('takes no folder that was read before the change for the one after it', async () => {
  await made('sitegpt');
  await look();
  await bot.sync();
  await followed();
  const workspace = await bot.open();
  const folder = await workspace.readFolder();
  await workspace.close();
  await look({ begin: true, folder });
  expect(await look({ folder })).toMatchObject({ open: true, ended: null });
  expect((await remembered()).run).toMatchObject({ acceptedAt: null, asks: 0 });
});

it('waits for the first push, and ends without a verdict where kbsync was started anew', async () => {
  bot = await world('sitegpt');
  bot.configure({ extra: 'canary: true' });
  bot.write(files);
  expect(await look({ begin: true })).toMatchObject({ changed: false, open: true, nextInMs: null });
  await bot.sync({ passes: { initial: true } });
  expect((await look({ begin: true })).changed).toBe(true);
  expect((await look({ unfollowed: 'kbsync was started anew meanwhile' })).ended).toMatchObject({
    outcome: 'inconclusive',
    why: expect.stringContaining('started anew'),
  });
});

it('goes like any document once it is switched off, and stays while its code is lost', async () => {
  await made('sitegpt');
  // Its path is none of the folder's, whatever that takes in.
  const content = '{ root: ./content, include: ["**"] }';
  bot.configure({ extra: 'canary: true', content });
  await look();
  await bot.sync();
  expect(bot.items().some(({ text }) => text.includes('freshness code'))).toBe(true);
  const memory = join(bot.dir, 'state/tests/bot.canary.json');
  const kept = readFileSync(memory, 'utf8');
  writeFileSync(memory, 'torn');
  const lost = await bot.sync();
  expect([lost.results, lost.outOfScope]).toEqual([[], 1]);
  writeFileSync(memory, kept);
  bot.configure({ extra: 'canary: false', content });
  const off = await bot.sync();
  expect(off.results.map(({ operation: { action, document, reason }, outcome }) => [action, document, reason, outcome])).toEqual([
    ['delete', canaryId, 'the freshness check is switched off', 'done'],
  ]);
  expect(bot.items().some(({ text }) => text.includes('freshness code'))).toBe(false);
  // Nobody is asked whether a code that meant nothing is forgotten.
  const workspace = await bot.open();
  expect(workspace.tests('bot').unlearning()).toEqual([]);
  await workspace.close();
});

it('is no document of the folder: neither counted, nor behind, nor a part of its revision', async () => {
  await made('chatthing');
  const statusOf = async () => {
    const workspace = await bot.open();
    const { state, open } = await workspace.view('bot');
    const canary = workspace.tests('bot').canary();
    await workspace.close();
    return deriveStatus({ name: 'bot', vendor: 'chatthing', state, open, nowMs: bot.clock.now(), canary });
  };
  const before = await statusOf();
  await look();
  await bot.sync({ waitMs: 0 });
  expect((await recordOf(canaryId))?.training).not.toBe('trained');
  const during = await statusOf();
  expect([during.inSync, during.revision, during.counts, during.lastSync?.documents]).toEqual([true, before.revision, before.counts, 2]);
  expect(during.canary?.running?.waitsFor).toBe('acceptance');
  expect(during.documents.map(({ document }) => document)).toContain(canaryId);
});

it('keeps no target waiting that comes after this one', async () => {
  await made('chatthing');
  await look();
  const workspace = await bot.open();
  const folder = await workspace.readFolder();
  const [leader] = workspace.targets(null);
  if (leader === undefined) throw new Error('one target is configured');
  const signals = { stop: new AbortController().signal, kill: new AbortController().signal };
  const question = { folder, only: { paths: null, failed: false, limit: null }, error: null, signals };
  const follower = { ...leader, name: 'prod', after: 'bot' };
  expect(await unreadyLeader(follower, workspace, question)).toBeNull();
  // Nor while it is in training there.
  await bot.sync({ waitMs: 0 });
  expect((await recordOf(canaryId))?.training).not.toBe('trained');
  expect(await unreadyLeader(follower, workspace, question)).toBeNull();
  await workspace.close();
});

it('lets alone what a file of its id holds, and keeps out what is retracted', async () => {
  await made('sitegpt');
  await look();
  bot.write({ 'mine.md': `---\nkb: { id: ${canaryId} }\n---\n# Mine\n\nMy own words.\n` });
  const workspace = await bot.open();
  const { scan } = await workspace.readFolder();
  await workspace.close();
  expect(scan.problems.map(({ path, severity }) => [path, severity])).toEqual([['mine.md', 'warning']]);
  await bot.sync();
  expect(bot.items().some(({ text }) => text.includes('My own words.'))).toBe(true);
  expect(bot.items().some(({ text }) => text.includes('freshness code'))).toBe(false);
  bot.write({ 'mine.md': null });
  await bot.sync();
  expect(bot.items().some(({ text }) => text.includes('freshness code'))).toBe(true);
  const since = new Date(bot.clock.now()).toISOString();
  await bot.holding(({ memory }) =>
    memory.append([{ kind: 'retracted', document: canaryId, retracted: { path: canaryId, file: null, since } }]),
  );
  await bot.sync();
  expect(bot.items().some(({ text }) => text.includes('freshness code'))).toBe(false);
});

it('stands in the history', async () => {
  await made('sitegpt');
  await look();
  await bot.sync();
  const { ended } = await followed();
  if (ended === null) throw new Error('it has not ended');
  const workspace = await bot.open();
  await workspace.history.append(canaryEntry('bot', ended, 'watch'));
  await workspace.close();
  const said = await historyIn(bot.dir);
  expect(said).toMatch(/^\S+Z bot freshness: answered from a change after [\d.]+ s \(accepted after /m);
});

it('is off, and leaves alone what somebody keeps under its id', async () => {
  await made('sitegpt', {}, 'canary: false');
  const mine = `---\nkb: { id: ${canaryId} }\n---\n# Mine\n\nMy own words.\n`;
  bot.write({ 'mine.md': mine });
  await bot.sync();
  bot.write({ 'mine.md': mine.replace('kb: {', 'kb: { oops: 1,') });
  expect((await bot.sync()).results).toEqual([]);
  bot.write({ 'mine.md': mine });
  bot.configure({ content: '{ root: ./content, exclude: ["mine.md"] }' });
  expect((await bot.sync()).results).toEqual([]);
  expect(bot.items().some(({ text }) => text.includes('My own words.'))).toBe(true);
});

it.each(['chatthing', 'sitegpt', 'sitegpt+v0', 'koreai'])('its new code makes no golden question a changed one at %s', async (flavour) => {
  await made(flavour);
  const golden = '- ask: When do you open?\n  expect: nine\n';
  bot.write({ 'all.golden.yaml': golden });
  // What was never asked is not asked because of it, either.
  await look();
  expect(await syncVerifyIn(bot)).toMatchObject({ exitCode: 0, rows: [] });
  expect((await verifyIn(bot)).rows).toEqual(['pass When do you open?']);
  const before = (await bot.view()).state.lastWrite;
  await followed();
  await look({ begin: true });
  expect((await syncVerifyIn(bot)).rows).toEqual([]);
  expect((await bot.view()).state.lastWrite).not.toBe(before);
  expect((await verifyIn(bot, { changed: true })).rows).toEqual([]);
  // A document of the folder does, and what is taken out as well.
  bot.write({ 'hours.md': '# Hours\n\nWe open at nine, and close at five.\n' });
  expect((await syncVerifyIn(bot, { allowUpdates: 5 })).rows).toEqual(['pass When do you open?']);
  expect((await verifyIn(bot, { changed: true })).rows).toEqual([]);
  bot.write({ 'prices.md': null });
  await syncVerifyIn(bot, { allowDeletes: 5, verify: false });
  expect((await verifyIn(bot, { changed: true })).tests.filter(({ kind }) => kind === 'golden')).toMatchObject([{ verdict: 'pass' }]);
});

it('takes no time from an answer that nobody could ask for', async () => {
  await made('sitegpt');
  await look();
  await bot.sync();
  // Somebody else asks this bot, or its loop is held, for so long.
  await bot.clock.sleep(20 * minute);
  const { ended, told } = await look();
  expect(ended).toMatchObject({
    outcome: 'inconclusive',
    quotedMs: null,
    why: expect.stringMatching(/^it knows the new code, but could not be asked for (19|20) min/),
  });
  expect(ended?.trainedMs).not.toBeNull();
  expect(told?.change).toBe('inconclusive');
  // As late as the pause before was long is as exact as it gets.
  await look({ begin: true });
  await bot.sync();
  await bot.clock.sleep(50_000);
  expect((await look()).ended).toMatchObject({ outcome: 'measured', why: null });
});

it('comes to no verdict where the last question got no answer, whatever the first ones said', async () => {
  await made('chatthing', { staleAnswers: true });
  await look();
  await bot.sync();
  await followed();
  appendFileSync(join(bot.dir, 'sync.config.yaml'), 'verify: { maxCallsPerDay: 9 }\n');
  await look({ begin: true });
  await bot.sync();
  const { ended } = await followed();
  expect(ended).toMatchObject({ outcome: 'inconclusive', why: expect.stringContaining('verify.maxCallsPerDay') });
  expect(ended?.stale).toBeGreaterThan(5);
  expect((await remembered()).failing).toBe(false);
});

it('takes no time from a day that had no questions left', async () => {
  await made('sitegpt');
  const file = join(bot.dir, 'sync.config.yaml');
  const before = readFileSync(file, 'utf8');
  appendFileSync(file, 'verify: { maxCallsPerDay: 0 }\n');
  await look();
  await bot.sync();
  expect(await look()).toMatchObject({ open: true, ended: null });
  await bot.clock.sleep(30 * minute);
  expect(await look()).toMatchObject({ open: true, ended: null });
  writeFileSync(file, before);
  expect((await look()).ended).toMatchObject({ outcome: 'inconclusive', quotedMs: null, why: expect.stringContaining('maxCallsPerDay') });
});

it('blames no bot for a minInterval that leaves no time', async () => {
  await made('sitegpt', {}, 'canary: true, minInterval: 2h');
  await look();
  await bot.clock.sleep(61 * minute);
  expect((await look()).ended).toMatchObject({
    outcome: 'inconclusive',
    why: 'not accepted: minInterval (2 h) leaves no time for it within canary.timeout',
  });
});

it('blames no bot for a folder that is gone', async () => {
  await made('sitegpt');
  bot.write({ 'hours.md': null, 'prices.md': null });
  expect((await bot.sync({ passes: { ...noPasses, allowDeletes: 2 } })).exitCode).toBe(0);
  rmSync(join(bot.dir, 'content'), { recursive: true });
  await look({ begin: true });
  await bot.clock.sleep(61 * minute);
  expect((await look()).ended).toMatchObject({ outcome: 'inconclusive', why: expect.stringMatching(/^not accepted: .*content/) });
});

it('fails no run, and is none of the documents that a run tells of', async () => {
  await made('sitegpt');
  await look();
  const pushed = await bot.sync();
  expect([pushed.unchanged, pushed.training.trained, pushed.unchangedDocuments]).toEqual([2, 2, ['hours.md', 'prices.md']]);
  const still = await bot.sync();
  expect([still.unchanged, still.unchangedDocuments]).toEqual([2, ['hours.md', 'prices.md']]);
  const refused = pushed.results.map((result) => ({ ...result, outcome: 'failed' as const }));
  expect(refused.map(({ operation }) => operation.document)).toEqual([canaryId]);
  expect(codesOf({ ...pushed, results: refused })).toEqual([]);
  expect(codesOf({ ...pushed, blocked: [{ action: 'update', document: canaryId, path: canaryId, reason: 'so', error: null }] })).toEqual(
    [],
  );
});

it('takes no time from an answer that waited for somebody else who asked', async () => {
  await made('sitegpt');
  await look();
  await bot.sync();
  const workspace = await bot.open();
  const [target] = workspace.targets(null);
  if (target === undefined) throw new Error('one target is configured');
  const signals = { stop: new AbortController().signal, kill: new AbortController().signal };
  await workspace.readOnly(target, signals, true, (context) =>
    (context.tests as NonNullable<typeof context.tests>).alone(0, async () => {
      for (let turn = 0; turn < 60; turn += 1) {
        expect(await look()).toMatchObject({ open: true, ended: null, nextInMs: 10_000 });
        await bot.clock.sleep(10_000);
      }
    }),
  );
  await workspace.close();
  expect((await look()).ended).toMatchObject({
    outcome: 'inconclusive',
    asks: 1,
    why: expect.stringContaining('could not be asked for 10 min'),
  });
});
