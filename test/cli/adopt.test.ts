// `adopt` with the real program: what a person reads, what --json promises, texts saved before anything is recorded, and a running daemon.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../src/connectors/emulator.ts';
import { resolveEmulator } from '../../src/connectors/registry.ts';
import { createKnowledge } from '../../src/sandbox/retrieval.ts';
import { type Served, serveEmulators } from '../../src/sandbox/serve.ts';
import { memoryStore } from '../../src/sandbox/store.ts';
import { ended, type Home, home } from '../support/run-program.ts';

type Adopted = {
  exitCode: number;
  operations: { action: string; document: string; path: string; reason: string; outcome: string; remoteIds: string[]; error: null }[];
  counts: Record<string, number>;
  exported: { dir: string; files: number } | null;
  error: { code: string; message: string; next: string } | null;
};

const key = 'site-token-4711';
const bot = '361628903185318481';

let place: Home;
let served: Served;
let emulator: Emulator;
let ids: string[];

beforeEach(async () => {
  place = home(null);
  const spec = await resolveEmulator('sitegpt');
  const brain = createKnowledge();
  emulator = spec.create({ store: memoryStore(), now: Date.now, random: Math.random, knowledge: () => brain }, spec.defaults);
  emulator.provision({ id: bot, secret: key });
  served = await serveEmulators({ emulators: [{ spec, emulator }], port: 0 });
  place.write({
    'sync.config.yaml': `version: 1\nname: acme\nwatch: { settle: 50ms }\ndaemon: { port: 0 }\ncontent: { root: ./content }\ntargets:\n  - { name: site, vendor: sitegpt, baseUrl: "${served.origin}", chatbotId: "${bot}", token: "${key}", poll: { first: 100ms, max: 200ms }, rate: { perMinute: 60000 } }\n`,
    'content/a.md': '# A\n\nThe first one.\n',
    'content/b.md': '# B\n\nThe second one.\n',
    'content/new.md': '# New\n\nNobody knows it.\n',
  });
  ids = [
    ['first', '# A\n\nThe first one.\n'],
    ['b.md', '# B\n\nWhat somebody wrote.\n'],
    ['../\u001b[31mHandbook.pdf', 'The handbook.'],
  ].map(([name = '', text = '']) => emulator.plant(bot, { name, text }));
});

afterEach(async () => {
  place.remove();
  await served.close();
});

const writes = () => served.requests.filter(({ method }) => method !== 'GET').length;

describe('kbsync adopt', () => {
  it('is named by the plan that is held, prints its table, and leads to a plan of updates', async () => {
    const held = await place.run('plan');
    expect(held.stdout).toContain(
      'site holds 3 documents kbsync did not make: `kbsync adopt site` to match them, `kbsync adopt site --export DIR` to save them, `kbsync sync --initial --target site` to add beside them.',
    );
    const ran = await place.run('adopt', 'site');
    expect([ran.exitCode, writes()]).toEqual([0, 0]);
    expect(ran.stdout.split('\n')).toEqual([
      'site (sitegpt): 2 matched (1 equal, 1 to be updated), 0 ambiguous, 1 left alone, 1 without an item',
      `  = a.md = first (${ids[0]}): same text; nothing to send`,
      `  ~ b.md = b.md (${ids[1]}): same path; the text differs: to be updated`,
      '  left alone, no local file: 1',
      `    ../\\u001b[31mHandbook.pdf (${ids[2]})`,
      '  no item there, to be created: 1',
      '    new.md',
      '  recorded; nothing was sent. Next: kbsync plan --target site, then kbsync sync --target site',
      '',
    ]);
    const plan = await place.run('plan');
    expect(plan.stdout).toMatch(/1 to create, 1 to update|1 to update, 1 to create/);
    expect(plan.stdout).not.toContain('held');
    const again = (await place.run('adopt', 'site', '--json')).json<Adopted>();
    expect(again).toMatchObject({ exitCode: 0, operations: [], counts: { adopted: 0, foreign: 1, unmatchedDocuments: 1 } });
  });

  it('--json has one shape; --dry-run plans it, and records nothing', async () => {
    const json = async (...words: string[]) => (await place.run('adopt', 'site', '--json', ...words)).json<Adopted>();
    const rehearsed = await json('--dry-run');
    expect(rehearsed).toEqual({
      version: 1,
      command: 'adopt',
      exitCode: 0,
      target: 'site',
      vendor: 'sitegpt',
      operations: [
        {
          action: 'adopt',
          document: 'a.md',
          path: 'a.md',
          reason: 'same text; nothing to send',
          outcome: 'planned',
          remoteIds: [ids[0]],
          error: null,
        },
        {
          action: 'adopt',
          document: 'b.md',
          path: 'b.md',
          reason: 'same path; the text differs: to be updated',
          outcome: 'planned',
          remoteIds: [ids[1]],
          error: null,
        },
      ],
      counts: { adopted: 2, equal: 1, differs: 1, ambiguous: 0, foreign: 1, unmatchedDocuments: 1 },
      ambiguous: [],
      foreign: [{ remoteId: ids[2], name: '../\u001b[31mHandbook.pdf' }],
      unmatchedDocuments: ['new.md'],
      unread: [],
      exported: null,
      notes: [],
      error: null,
    });
    expect((await place.view('site')).state).toMatchObject({ identity: null, records: {} });
    const done = await json();
    expect(done.operations.map(({ outcome }) => outcome)).toEqual(['done', 'done']);
    expect(Object.keys((await place.view('site')).state.records)).toEqual(['a.md', 'b.md']);
  });

  it('adopts at a paused target, to which nothing is sent, and says what comes before the sync', async () => {
    const config = readFileSync(join(place.dir, 'sync.config.yaml'), 'utf8');
    place.write({ 'sync.config.yaml': config.replace('name: site,', 'name: site, paused: true,') });
    const ran = await place.run('adopt', 'site');
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toContain(
      'kbsync plan --target site, then take paused: true out of the configuration, and kbsync sync --target site',
    );
    expect(Object.keys((await place.view('site')).state.records)).toEqual(['a.md', 'b.md']);
  });

  it('what is ambiguous is shown with all ids, and what to do', async () => {
    const twin = emulator.plant(bot, { name: 'b.md', text: 'And again.' });
    const ran = await place.run('adopt', 'site', '--dry-run');
    expect(ran.stdout).toContain(`  ? ambiguous (same path), not matched: b.md with b.md (${ids[1]}), b.md (${twin})\n    to match them: `);
    expect(ran.stdout).toContain('nothing was recorded (--dry-run); to record it: kbsync adopt site');
  });

  it.each([
    [['nobody'], /there is no target nobody/],
    [['site', '--target', 'other'], /--target names another/],
    [['site', '--export', 'content/saved'], /which kbsync reads itself/],
    [['site', '--export', '.'], /holds other files/],
    [['site', '--export', 'state/saved'], /which kbsync reads itself/],
    [['site', '--export', '/proc/kbsync/x'], /--export \/proc\/kbsync\/x: nothing can be saved there \(.*: its folder does not exist\)/],
    [['site', '--export', 'sync.config.yaml/x'], /nothing can be saved there/],
  ])('refuses %j', async (words, message) => {
    const ran = await place.run('adopt', ...words);
    expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(message) });
    expect(existsSync(join(place.dir, 'content', 'saved'))).toBe(false);
  });
});

describe('--export', () => {
  it('saves every text before anything is recorded, also in a rehearsal, and adds to what it saved', async () => {
    const saved = await place.run('adopt', 'site', '--export', 'before', '--dry-run');
    expect(saved).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^saved 3 texts in before\n/) });
    const dir = join(place.dir, 'before');
    const files = readdirSync(dir);
    expect(files).toHaveLength(4);
    const index = JSON.parse(readFileSync(join(dir, 'index.json'), 'utf8')) as { items: { remoteId: string; file: string }[] };
    expect(index.items.map(({ remoteId }) => remoteId).sort()).toEqual([...ids].sort());
    const second = index.items.find(({ remoteId }) => remoteId === ids[1]);
    expect(readFileSync(join(dir, second?.file ?? ''), 'utf8')).toBe('# B\n\nWhat somebody wrote.\n');
    expect((await place.run('adopt', 'site', '--export', 'before', '--json')).json<Adopted>().exported).toEqual({
      dir: 'before',
      files: 3,
    });
    expect(readdirSync(dir)).toEqual(files);
  });

  it('a text that cannot be read: what could be is saved, it is told, and nothing is recorded', async () => {
    served.setFault(({ path }) =>
      path.endsWith(`/documents/${ids[1]}`) ? { kind: 'status', status: 422, body: { error: { message: 'no text today' } } } : null,
    );
    const ran = await place.run('adopt', 'site', '--export', 'before');
    expect(ran.exitCode).toBe(4);
    expect(ran.stdout).toMatch(/^saved 2 texts in before\n {2}not read b.md/);
    expect(ran.stderr).toMatch(/1 text could not be read and so not saved; nothing was recorded[\s\S]*next: .*leave --export out/);
    expect((await place.view('site')).state).toMatchObject({ identity: null, records: {} });
    expect(JSON.parse(readFileSync(join(place.dir, 'before', 'index.json'), 'utf8'))).toMatchObject({ complete: false, items: [{}, {}] });
    const json = (await place.run('adopt', 'site', '--export', 'before', '--json')).json<Adopted>();
    expect(json).toMatchObject({
      exitCode: 4,
      operations: [],
      exported: { files: 2 },
      error: { message: expect.stringContaining('not saved') },
    });
    // Without --export it is matched by its name alone, and counts as one of another text.
    const matched = (await place.run('adopt', 'site', '--json')).json<Adopted>();
    expect(matched).toMatchObject({ exitCode: 0, counts: { adopted: 2, equal: 1 } });
    expect(matched.operations[1]?.reason).toBe('same path; its text is not known: to be updated');
  });

  it('a vendor that fails again and again is not asked for all of them', async () => {
    for (let n = 0; n < 20; n += 1) emulator.plant(bot, { name: `more ${n}`, text: `More ${n}.` });
    served.setFault(({ path }) => (/\/documents\/./.test(path) ? { kind: 'status', status: 422, body: {} } : null));
    const ran = await place.run('adopt', 'site', '--json');
    expect(ran.exitCode).toBe(4);
    expect(ran.json<Adopted>().error).toMatchObject({ code: 'REQUEST_REFUSED' });
    expect(served.requests.filter(({ path }) => /\/documents\/./.test(path)).length).toBeLessThan(6);
    expect((await place.view('site')).state).toMatchObject({ identity: null, records: {} });
  });

  it('a folder that holds something else: nothing is recorded', async () => {
    mkdirSync(join(place.dir, 'before'));
    writeFileSync(join(place.dir, 'before', 'mine.txt'), 'mine');
    const ran = await place.run('adopt', 'site', '--export', 'before');
    expect(ran.exitCode).toBe(2);
    expect(readdirSync(join(place.dir, 'before'))).toEqual(['mine.txt']);
    expect((await place.view('site')).state.identity).toBeNull();
  });
});

describe('with a daemon at work', () => {
  it('is handed to it, and the daemon goes on from there', async () => {
    const child = place.start('watch');
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const over = ended(child);
    const until = async (holds: () => boolean): Promise<void> => {
      for (const deadline = Date.now() + 30_000; !holds(); await wait(50))
        if (Date.now() > deadline) throw new Error(`never came\n${said}`);
    };
    try {
      await until(() => said.includes('site holds 3 documents kbsync did not make'));
      expect((await place.run('adopt', 'site', '--dry-run')).stderr).not.toContain('handed to the daemon');
      const ran = await place.run('adopt', 'site', '--export', 'before', '--json');
      expect(ran.stderr).toContain('handed to the daemon');
      expect(ran.json<Adopted>()).toMatchObject({ exitCode: 0, counts: { adopted: 2 }, exported: { dir: 'before', files: 3 } });
      expect(readdirSync(join(place.dir, 'before'))).toHaveLength(4);
      await until(() => emulator.inspect(bot).some(({ text }) => text.includes('Nobody knows it.')));
      expect(emulator.inspect(bot).filter(({ text }) => text.includes('The second one.'))).toMatchObject([{ remoteId: ids[1] }]);
      expect(emulator.inspect(bot).filter(({ text }) => text.includes('The first one.'))).toHaveLength(1);
    } finally {
      child.kill('SIGTERM');
      expect((await over).exitCode).toBe(0);
    }
  }, 60_000);
});
