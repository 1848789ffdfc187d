// `after: staging`, end to end: production is pushed behind staging and only where that has gone well at this folder, in one run, alone, and
// whatever is wrong there. And `--train-only`, which plans nothing, still asks whose bot it is.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../src/connectors/emulator.ts';
import { resolveEmulator } from '../../src/connectors/registry.ts';
import { createKnowledge } from '../../src/sandbox/retrieval.ts';
import { type Fault, type LoggedRequest, type Served, serveEmulators } from '../../src/sandbox/serve.ts';
import { memoryStore } from '../../src/sandbox/store.ts';
import { seeded } from '../support/emulator-tools.ts';
import { runHere } from '../support/run-here.ts';
import { type Home, home } from '../support/run-program.ts';

type Row = {
  name: string;
  counts: Record<string, number>;
  held: { id: string; rule: string; message: string }[] | null;
  notes: string[];
  error: { code: string; message: string } | null;
};
type Answer = { exitCode: number; targets?: Row[] };

describe('a target that comes after another one', () => {
  let place: Home;
  let served: Served;
  let site: Emulator;
  let chat: Emulator;
  const log: LoggedRequest[] = [];

  beforeEach(async () => {
    log.length = 0;
    const made = async (vendor: string, settings: object) => {
      const spec = await resolveEmulator(vendor);
      const tools = { store: memoryStore(), now: Date.now, random: seeded(1), knowledge: () => createKnowledge() };
      const emulator = spec.create(tools, { ...spec.defaults, ...settings });
      for (const id of ['bot-1', 'bot-2']) emulator.provision({ id, secret: 'planted' });
      return { spec, emulator };
    };
    const emulators = [
      await made('sitegpt', { queuedMs: 0, processingMs: 0 }),
      await made('chatthing', { syncMs: 150, startLagMs: 0, listLagMs: 0 }),
    ] as const;
    site = emulators[0].emulator;
    chat = emulators[1].emulator;
    served = await serveEmulators({ emulators, port: 0, log: (entry) => log.push(entry) });
    place = home(config());
    place.write(pages(9));
  });

  afterEach(async () => {
    place.remove();
    await served.close();
  });

  const common = 'lagMs: 0, rate: { perMinute: 60000 }, poll: { first: 5ms, max: 20ms }';
  const config = (staging = '', prod = '', order = ['prod', 'staging']) => {
    const lines: Record<string, string> = {
      prod: `  - { name: prod, vendor: sitegpt, baseUrl: "${served.origin}", chatbotId: bot-1, token: "planted", after: staging, ${common}, ${prod} }\n`,
      staging: `  - { name: staging, vendor: chatthing, baseUrl: "${served.origin}", channelId: bot-1, secretKey: "planted", poll: { first: 5ms, max: 20ms }, ${staging} }\n`,
    };
    return `version: 1\nname: acme\ncontent: { root: ./content, defaults: { audience: public } }\ntargets:\n${order.map((name) => lines[name]).join('')}`;
  };
  const pages = (count: number, word = 'zebra') =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`content/p${n}.md`, `# Page ${n}\n\n${word}${n}\n`]));
  const run = async (...words: string[]) => {
    const ran = await runHere<Answer>(place.dir, ...words);
    const row = (name: string) => ran.answer.targets?.find((one) => one.name === name);
    return { ...ran, prod: row('prod'), staging: row('staging') };
  };
  const writes = (vendor: string) => log.filter((entry) => entry.vendor === vendor && entry.method !== 'GET').length;

  it('is pushed in the same run, once that one has learnt', async () => {
    const { exitCode, prod } = await run('sync');
    expect([exitCode, prod?.held, site.inspect('bot-1')]).toMatchObject([0, null, { length: 9 }]);
    const last = log.findLastIndex(({ vendor }) => vendor === 'chatthing');
    const first = log.findIndex(({ vendor }) => vendor === 'sitegpt');
    expect(first, 'nothing of it before the end of staging').toBeGreaterThan(last);
    expect((await run('sync')).prod?.counts).toMatchObject({ unchanged: 9, held: 0 });
  });

  it('alone, is judged by what that one is known to hold', async () => {
    const held = await run('sync', '--target', 'prod');
    expect([held.exitCode, held.prod?.held?.map(({ id, rule }) => [id, rule])]).toEqual([5, [['H1', 'after']]]);
    expect(held.prod?.held?.[0]?.message).toContain(
      'prod comes after staging, which has not gone well at this folder: it was never synced',
    );
    expect(writes('sitegpt')).toBe(0);
    expect((await run('sync', '--target', 'staging')).exitCode).toBe(0);
    expect((await run('sync', '--target', 'prod')).prod?.counts).toMatchObject({ create: 9, held: 0 });
    place.write({ 'content/new.md': '# New\n\nnew\n' });
    const behind = await run('sync', '--target', 'prod');
    expect(behind.prod?.held?.[0]?.message).toContain(
      '1 document (new.md) not as in this folder there. 1 operation held; run kbsync sync --target staging.',
    );
    expect((await run('todo')).exitCode).toBe(0);
    expect((await run('sync')).prod?.counts).toMatchObject({ create: 1, held: 0 });
    expect((await place.view('prod')).state.held).toEqual([]);
  });

  it.each<[string, Fault]>([
    ['is down', { kind: 'status', status: 503 }],
    ['refuses its credentials', { kind: 'status', status: 401 }],
  ])(
    'is held where that one %s, and told what is wrong there',
    async (_, fault) => {
      place.write({ 'sync.config.yaml': config('required: false') });
      served.setFault((_request, vendor) => (vendor === 'chatthing' ? fault : null));
      const { exitCode, prod } = await run('sync');
      // Not required: its failure does not count, but its followers are held all the same.
      expect([exitCode, prod?.error]).toEqual([5, null]);
      expect(prod?.held?.[0]?.message).toContain('staging, which has not gone well at this folder: its run was stopped: ');
      expect(writes('sitegpt')).toBe(0);
    },
    30_000,
  );

  it('is held where that one is held itself, and pushed in the run that passes it', async () => {
    await run('sync');
    place.write(Object.fromEntries(Object.keys(pages(8)).map((path) => [path, null])));
    const { prod } = await run('sync');
    expect(prod?.held?.map(({ rule }) => rule)).toEqual(['too-many-deletes', 'after']);
    expect(prod?.held?.[1]?.message).toContain('it is held itself (too-many-deletes)');
    const passed = await run('sync', '--allow-deletes', '8');
    expect([passed.exitCode, passed.prod?.counts]).toMatchObject([0, { delete: 8, held: 0 }]);
  });

  it('retracts at once what it must not know, whatever that one is up to', async () => {
    place.write({ 'sync.config.yaml': config('', 'audience: [public]') });
    await run('sync');
    place.write({
      'sync.config.yaml': config('paused: true', 'audience: [public]'),
      'content/p0.md': '---\nkb: { audience: internal }\n---\n# Page 0\n\nzebra0\n',
      'content/p1.md': '# Page 1\n\nchanged\n',
    });
    const { exitCode, prod } = await run('sync');
    expect([exitCode, prod?.counts]).toMatchObject([5, { delete: 1, update: 1, held: 1 }]);
    expect(site.inspect('bot-1')).toHaveLength(8);
    expect(prod?.held?.[0]?.message).toContain('it is paused in the configuration');
  });

  it('a narrowed run asks no more of that one than it does itself', async () => {
    await run('sync');
    place.write({ 'content/p1.md': '# Page 1\n\nchanged\n', 'content/p2.md': '# Page 2\n\nchanged\n' });
    expect((await run('sync', 'content/p1.md')).prod?.counts).toMatchObject({ update: 1, held: 0 });
    expect((await run('sync', '--target', 'prod', 'content/p2.md')).exitCode).toBe(5);
  });

  it('waits for no training: held until it is over', async () => {
    const first = await run('sync', '--no-wait');
    expect([first.exitCode, first.prod?.held?.[0]?.message]).toEqual([5, expect.stringContaining('9 documents not trained there yet')]);
    expect((await run('sync')).prod?.counts).toMatchObject({ create: 9, held: 0 });
  });

  it('only its own bot is asked to train', async () => {
    await run('sync', '--target', 'staging');
    place.write({ 'content/p1.md': '# Page 1\n\nchanged\n' });
    await run('sync', '--target', 'staging', '--no-wait');
    // Another bot behind the same target: a slip in the configuration.
    place.write({ 'sync.config.yaml': config().replace('channelId: bot-1', 'channelId: bot-2') });
    const before = log.length;
    const { exitCode, staging } = await run('sync', '--target', 'staging', '--train-only');
    expect([exitCode, staging?.error?.code]).toEqual([5, 'HELD']);
    expect(staging?.error?.message).toMatch(/was always .*bot-1.*lead to .*bot-2.*neither trained nor asked/);
    const asked = log.slice(before).filter(({ path }) => path.includes('bot-2'));
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter(({ path }) => /sync|row/.test(path))).toEqual([]);
    expect(chat.inspect('bot-2')).toEqual([]);
  });
});
