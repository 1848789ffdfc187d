// A wrong page and a renamed bot, with the real program: retract, what plan, show, status and history say of it, and state rename.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resolveEmulator } from '../../src/connectors/registry.ts';
import { createKnowledge } from '../../src/sandbox/retrieval.ts';
import { type Served, serveEmulators } from '../../src/sandbox/serve.ts';
import { memoryStore } from '../../src/sandbox/store.ts';
import { runHere } from '../support/run-here.ts';
import { type Home, home } from '../support/run-program.ts';

const token = 'sgpt_incident-4711';
let place: Home;
let served: Served;
let items: () => readonly { readonly text: string }[];

beforeEach(async () => {
  const spec = await resolveEmulator('sitegpt');
  const brain = createKnowledge();
  const tools = { store: memoryStore(), now: Date.now, random: Math.random, knowledge: () => brain };
  const emulator = spec.create(tools, { ...spec.defaults, queuedMs: 0, processingMs: 0 });
  emulator.provision({ id: 'bot-1', secret: token });
  served = await serveEmulators({ emulators: [{ spec, emulator }], port: 0 });
  items = () => emulator.inspect('bot-1');
  place = home(null);
  place.write({
    'content/prices.md': '# Prices\n\nEvery refund is paid out in golden zebras within nine days.\n',
    'content/b.md': '# Bees\n\nThe bee flies from flower to flower.\n',
  });
  configure('site');
});

/** What the other commands look back on: in this process. */
const sync = () => runHere(place.dir, 'sync');

afterEach(async () => {
  place.remove();
  await served.close();
});

function configure(...names: readonly string[]): void {
  const lines = names.map(
    (name) =>
      `  - { name: ${name}, vendor: sitegpt, baseUrl: "${served.origin}", chatbotId: bot-1, token: "${token}", lagMs: 0, poll: { first: 20ms, max: 50ms }, rate: { perMinute: 60000 } }\n`,
  );
  place.write({ 'sync.config.yaml': `version: 1\nname: acme\ncontent: { root: ./content }\ntargets:\n${lines.join('')}` });
}

it('a wrong page that cannot be written down as kept out is not said to be', async () => {
  expect((await sync()).exitCode).toBe(0);
  place.write({ 'state/site.lock/in-the-way': '' });
  const refused = await place.run('retract', 'prices.md');
  expect(refused.exitCode).toBe(1);
  expect(refused.stdout).toMatch(/^prices\.md: kept out of no bot yet: it could not be written down\n/);
  expect(refused.stdout).toContain('It is not kept out of this bot yet: run this again');
});

it('a wrong page: out, told everywhere, back when it is mended', async () => {
  expect((await sync()).exitCode).toBe(0);
  const retracted = await place.run('retract', 'content/prices.md');
  expect(retracted).toMatchObject({ exitCode: 0 });
  expect(retracted.stdout).toMatch(/^prices\.md: kept out of every bot named here until its file changes/);
  expect(retracted.stdout).toContain('site (sitegpt): does not know it: asked one question: it did not come out');
  expect(retracted.stderr).toContain('site: asking one question, which costs a message');
  expect(items().some(({ text }) => text.includes('zebras'))).toBe(false);

  expect((await place.run('plan')).stdout).toContain('Kept out by kbsync retract: prices.md');
  const shown = await place.run('show', 'prices.md');
  expect(shown.stdout).toMatch(
    /has none of it: retracted on 20..-..-.. by kbsync retract; kbsync retract --undo prices\.md brings it back/,
  );
  expect(shown.stdout).toMatch(/kept out since 20.*Z by kbsync retract/);
  expect((await place.run('status')).stdout).toContain('1 kept out by retract (prices.md)');
  const status = (await place.run('status', '--json')).json<{ targets: { retracted: number }[] }>();
  expect(status.targets.map((target) => target.retracted)).toEqual([1]);

  place.write({ 'content/prices.md': '# Prices\n\nEvery refund is paid out in euros.\n' });
  expect((await place.run('plan')).stdout).toMatch(/prices\.md.*changed since it was retracted on 20/);
  expect((await sync()).exitCode).toBe(0);
  expect(items().some(({ text }) => text.includes('euros'))).toBe(true);

  const runs = (await place.run('history', '--json')).json<{
    entries: { command: string; exitCode: number | null; counts: { create: number } }[];
  }>();
  expect(runs.entries.map(({ command, exitCode, counts }) => [command, exitCode, counts.create])).toEqual([
    ['sync', 0, 2],
    ['retract', null, 0],
    ['sync', 0, 1],
  ]);
  const story = (await place.run('history', 'content/prices.md', '--json')).json<{
    entries: { command: string; action: string; outcome: string }[];
  }>();
  expect(story.entries.map(({ command, action, outcome }) => `${command} ${action} ${outcome}`)).toEqual([
    'sync create done',
    'retract delete done',
    'sync create done',
  ]);
  expect((await place.run('history', 'prices.md', '--limit', '1')).stdout).toMatch(
    /Z site sync.*: create prices\.md: changed since it was retracted on 20/,
  );
  expect((await place.run('history')).stdout.trim().split('\n')).toHaveLength(3);
  const odd = await place.run('history', '--since', 'foo');
  expect(odd.exitCode).toBe(2);
  expect(odd.stderr).toContain(
    '--since: found "foo", expected a duration back from now such as 30d or 12h (ms, s, m, h or d), or a date such as 2026-12-01',
  );
  expect((await place.run('history', '--since', '2026-13-01')).stderr).toContain('expected a day that exists');
  expect(await place.run('history', '--since', '0')).toMatchObject({ exitCode: 0, stdout: '' });
  place.write({ 'state/history.jsonl': '{"at":"torn\n' });
  expect((await place.run('history')).stderr).toContain('1 line of the history cannot be read and is left out');
});

it('the history claims nothing that was not done', async () => {
  expect((await sync()).exitCode).toBe(0);
  const config = readFileSync(`${place.dir}/sync.config.yaml`, 'utf8');
  place.write({ 'sync.config.yaml': `${config}safety: { maxDelete: { floor: 0, count: 0 } }\n`, 'content/b.md': null });
  expect((await sync()).exitCode).toBe(5);
  place.write({ 'state/site.json': 'no JSON' });
  expect((await sync()).exitCode).toBe(1);
  const [, held, damaged] = (await place.run('history')).stdout.split('\n');
  expect(held).toMatch(/: 1 delete, not done: 1 held; /);
  expect(damaged).toMatch(/: nothing done; STATE_DAMAGED; /);
  expect((await place.run('history', '--since', '2999-01-01')).stderr).toContain('no run of that time and target is remembered');
});

it('a renamed bot is recognised, handed over with its memory, and nothing is sent twice', async () => {
  expect((await sync()).exitCode).toBe(0);
  configure('help');
  const refused = await place.run('sync', '--json');
  expect(refused.exitCode).toBe(2);
  const { targets } = refused.json<{ targets: { error: { code: string; message: string; next: string } }[] }>();
  expect(targets[0]?.error).toMatchObject({
    code: 'CONFIG_INVALID',
    message: 'help: this bot is already known as site',
    next: 'kbsync state rename site help',
  });
  expect(await place.run('state', 'rename', 'site', 'helq')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('no target helq in the configuration') as string,
  });
  expect(await place.run('state', 'rename', 'site', 'help')).toMatchObject({
    exitCode: 0,
    stdout: 'what was known as site is known as help now\n',
  });
  expect(await place.run('state', 'rename', 'site', 'help')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('there is no state of site') as string,
  });
  const after = (await place.run('sync', '--json')).json<{
    exitCode: number;
    targets: { counts: { unchanged: number }; requests: { write: number } }[];
  }>();
  expect(after).toMatchObject({ exitCode: 0, targets: [{ counts: { unchanged: 2 }, requests: { write: 0 } }] });
  // The texts went along: what was given is still known.
  place.write({ 'content/moved.md': '# Bees\n\nThe bee flies from flower to flower.\n', 'content/b.md': null });
  expect((await place.run('plan', '--diff')).stdout).toContain('moved.md');
  const history = (await place.run('history', '--target', 'help', '--json')).json<{ entries: { command: string; target: string }[] }>();
  expect(history.entries.map(({ command, target }) => `${target} ${command}`)).toEqual([
    'site sync',
    'help sync',
    'help state rename',
    'help sync',
  ]);
});

it('what a person has paused stays paused under the new name, and nothing is left of the old one', async () => {
  const paused = () => readdirSync(join(place.dir, 'state/daemon/paused'));
  expect((await place.run('sync')).exitCode).toBe(0);
  expect((await place.run('watch', 'pause', 'site')).exitCode).toBe(0);
  configure('help');
  expect((await place.run('state', 'rename', 'sit', 'help')).exitCode).toBe(2);
  expect(paused()).toEqual(['site.json']);
  expect((await place.run('state', 'rename', 'site', 'help')).exitCode).toBe(0);
  expect((await place.run('status')).stdout).toContain('kbsync watch resume help');
  expect(paused()).toEqual(['help.json']);
});

it('what was retracted stays kept out under the new name, also when the state of that name is lost', async () => {
  expect((await sync()).exitCode).toBe(0);
  expect((await place.run('retract', 'prices.md', '--target', 'site', '--no-ask')).exitCode).toBe(0);
  configure('help');
  expect((await place.run('state', 'rename', 'site', 'help')).exitCode).toBe(0);
  rmSync(join(place.dir, 'state/help.json'));
  rmSync(join(place.dir, 'state/help.journal'), { force: true });
  rmSync(join(place.dir, 'state/help.json.bak'), { force: true });
  expect((await place.run('plan')).stdout).toContain('Kept out by kbsync retract: prices.md');
  expect((await place.run('sync', '--initial')).exitCode).toBe(0);
  expect(items().map(({ text }) => text.includes('zebras'))).toEqual([false]);
});
