// A retraction is one of the workspace: what holds it where states are lost or targets join, and what it says of bots that may still know.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { everything, noPasses } from '../../src/cycle/context.ts';
import { planTarget } from '../../src/cycle/plan-target.ts';
import { syncTarget } from '../../src/cycle.ts';
import { deriveStatus, statusSentence } from '../../src/status/derive.ts';
import { secret, type World, world } from '../support/bots.ts';
import { retractIn } from '../support/retracting.ts';

let bot: World;
const wrong = '# Prices\n\nEvery refund is paid out in golden zebras within nine working days of the claim.\n';
const never = new AbortController().signal;

beforeEach(async () => {
  bot = await world('sitegpt');
  bot.emulator.provision({ id: 'bot-2', secret });
  bot.write({ 'a.md': '# Ants\n\nThe ant carries a leaf up the hill.\n', 'prices.md': wrong });
  configure();
});
afterEach(() => bot.close());

function configure(more: { one?: string; two?: string; names?: readonly string[] } = {}): void {
  const { one = '', two = '', names = ['one', 'two'] } = more;
  const line = (name: string, extra: string) =>
    `  - { name: ${name}, vendor: sitegpt, baseUrl: "${bot.served.origin}", chatbotId: bot-${name === 'one' ? 1 : 2}, token: "${secret}", rate: { perMinute: 60000 }, ${extra} }\n`;
  const lines = names.map((name) => line(name, name === 'one' ? one : two));
  writeFileSync(join(bot.dir, 'sync.config.yaml'), `version: 1\nname: docs\ncontent: { root: ./content }\ntargets:\n${lines.join('')}`);
}

async function sync(name: string): Promise<string[]> {
  const workspace = await bot.open();
  try {
    const [target] = workspace.targets([name]);
    if (target === undefined) throw new Error(name);
    const folder = await workspace.readFolder();
    const options = { passes: { ...noPasses, initial: true }, only: everything, offline: false, waitMs: null, trainOnly: false };
    const how = { command: 'test', lockWaitMs: 0, stop: never, kill: never };
    const report = await workspace.exclusively(target, how, (context) => syncTarget(context, folder, options));
    return report.results.map(({ operation, outcome }) => `${operation.action} ${operation.document} ${outcome}`);
  } finally {
    await workspace.close();
  }
}

async function planned(name: string): Promise<{ rows: string[]; notes: string }> {
  const workspace = await bot.open();
  try {
    const [target] = workspace.targets([name]);
    if (target === undefined) throw new Error(name);
    const folder = await workspace.readFolder();
    const options = { passes: noPasses, only: everything, offline: false };
    const { plan } = await workspace.readOnly(target, { stop: never, kill: never }, false, (context) =>
      planTarget(context, folder, options),
    );
    return { rows: plan.operations.map(({ action, document }) => `${action} ${document}`), notes: plan.notes.join('\n') };
  } finally {
    await workspace.close();
  }
}

async function stateOf(name: string) {
  const workspace = await bot.open();
  const { state } = await workspace.view(name);
  await workspace.close();
  return state;
}

function lose(which: RegExp): void {
  const dir = join(bot.dir, 'state');
  for (const name of readdirSync(dir)) if (which.test(name)) rmSync(join(dir, name), { recursive: true });
}

async function retracted(): Promise<void> {
  await sync('one');
  await sync('two');
  await retractIn(bot, 'prices.md', { ask: false });
}

it.each([
  ['its state', /^one\./],
  ['every state, but not the file beside them', /^(one|two)\./],
  ['its state and that file, but not the other state', /^(one\.|retracted)/],
])('a target that lost %s keeps the page out, in plan and sync, and writes it down', async (_, which) => {
  await retracted();
  lose(which);
  const { rows, notes } = await planned('one');
  expect(rows.filter((row) => row.includes('prices'))).toEqual([]);
  expect(notes).toContain('Kept out by kbsync retract: prices.md');
  expect((await sync('one')).filter((row) => row.includes('prices'))).toEqual([]);
  expect(bot.items().some(({ text }) => text.includes('zebras'))).toBe(false);
  lose(/^(two\.|retracted)/);
  expect(Object.keys((await stateOf('one')).retracted)).toEqual(['prices.md']);
});

it('the file is written anew from a state that still knows', async () => {
  await retracted();
  lose(/^retracted/);
  await sync('two');
  lose(/^(one|two)\./);
  expect((await planned('one')).rows.filter((row) => row.includes('prices'))).toEqual([]);
});

it.each([
  ['changed', (text: string) => text.replace('"document":"prices.md"', '"document": prices.md')],
  ['merged', (text: string) => `<<<<<<< HEAD\n${text}`],
  ['cut short behind the name', (text: string) => text.slice(0, text.indexOf('"retracted"'))],
])('a line of that file that was %s is refused where nothing else remembers it, and brings nothing back', async (_, spoil) => {
  await retracted();
  lose(/^(one|two)\./);
  const file = join(bot.dir, 'state', 'retracted.jsonl');
  const whole = readFileSync(file, 'utf8');
  writeFileSync(file, spoil(whole));
  await expect(planned('one')).rejects.toMatchObject({ code: 'STATE_DAMAGED', message: expect.stringMatching(/retracted\.jsonl:1: /) });
  expect(await sync('one')).toEqual([]);
  expect(bot.items().some(({ text }) => text.includes('zebras'))).toBe(false);
  writeFileSync(file, whole);
  expect((await planned('one')).notes).toContain('Kept out');
});

it('what a death cut short there is made good by a later word, and hinders nobody', async () => {
  await retracted();
  lose(/^(one|two)\./);
  const file = join(bot.dir, 'state', 'retracted.jsonl');
  const whole = readFileSync(file, 'utf8');
  for (const torn of ['{"a', '{"at":"2026-01-01T00:00:00.000Z","docu', whole.slice(0, whole.indexOf('"retracted"'))]) {
    writeFileSync(file, `${torn}\n${whole}`);
    expect((await planned('one')).notes).toContain('Kept out');
  }
});

it('where nothing at all is left, a plan that takes back what is ours says that retractions are forgotten, and later ones say no more of it', async () => {
  await retracted();
  lose(/./);
  expect((await planned('one')).notes).toContain('what kbsync retract kept out, if anything: such a page comes back with this sync');
  await sync('one');
  expect((await planned('one')).notes).not.toContain('kept out');
  // Another state that is still there would know.
  expect((await planned('two')).notes).not.toContain('if anything');
});

it('a bot that is met for the first time has nothing to forget', async () => {
  expect((await planned('one')).notes).not.toContain('if anything');
});

it('a target that joins is held to it; after --undo it is not', async () => {
  configure({ names: ['one'] });
  await sync('one');
  await retractIn(bot, 'prices.md', { ask: false });
  configure();
  expect((await planned('two')).rows).toEqual(['create a.md']);
  await retractIn(bot, 'prices.md', { undo: true });
  expect((await planned('two')).rows).toEqual(['create a.md', 'create prices.md']);
  lose(/^one\./);
  expect((await planned('one')).notes).not.toContain('Kept out');
});

it('--undo of a target joins nobody else, and --target binds nobody else', async () => {
  await sync('one');
  await sync('two');
  await retractIn(bot, 'prices.md', { ask: false, targets: ['two'] });
  lose(/^one\./);
  expect((await planned('one')).notes).not.toContain('Kept out');
  lose(/^two\./);
  expect((await planned('two')).notes).toContain('Kept out');
  await retractIn(bot, 'prices.md', { ask: false });
  await retractIn(bot, 'prices.md', { undo: true, targets: ['one'] });
  lose(/^(one|two)\./);
  expect((await planned('one')).notes).not.toContain('Kept out');
  expect((await planned('two')).notes).toContain('Kept out');
});

it('a page that was mended comes back, and what is lost afterwards brings no hold back', async () => {
  await retracted();
  bot.write({ 'prices.md': wrong.replace('golden zebras', 'euros') });
  expect(await sync('one')).toEqual(['create prices.md done']);
  expect(await sync('two')).toEqual(['create prices.md done']);
  lose(/^(one|two)\./);
  bot.write({ 'prices.md': wrong });
  expect((await planned('one')).notes).not.toContain('Kept out');
});

it('exit 4, and the bot is named, also where the target is not required', async () => {
  configure({ one: 'required: false' });
  await sync('two');
  const { exitCode, json, stderr } = await retractIn(bot, 'prices.md', { ask: false });
  expect([exitCode, json.targets.map(({ name, knows }) => `${name} ${knows}`)]).toEqual([4, ['one maybe', 'two no']]);
  expect(stderr).toMatch(/may still know it: one$/m);
});

it('a paused target that was never met: first take paused out', async () => {
  configure({ one: 'paused: true' });
  const { json } = await retractIn(bot, 'prices.md', { ask: false });
  expect(json.targets[0]?.reason).toMatch(
    /it is paused in the configuration: take paused: true out, then kbsync sync --target one meets it/,
  );
  configure({ names: ['one'], one: 'paused: true' });
  expect((await bot.drift()).reason).toMatch(/take paused: true out, then kbsync sync --target one makes first contact/);
});

it('status leaves what is kept out out of its count', async () => {
  await retracted();
  const state = await stateOf('one');
  const status = deriveStatus({ name: 'one', vendor: 'sitegpt', state, open: [], nowMs: bot.clock.now() });
  expect(statusSentence(status)).toMatch(/^one: 1 of 1 at \w+$/);
  expect(status).toMatchObject({ retracted: ['prices.md'], behind: [], inSync: true });
});
