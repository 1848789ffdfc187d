// State of older formats: read as what it was, written in today's format with the next save and not before, at any crash either the one or the other.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type CycleContext, everything, noPasses } from '../../src/cycle/context.ts';
import { planTarget } from '../../src/cycle/plan-target.ts';
import { syncTarget } from '../../src/cycle.ts';
import { canonical, type Json } from '../../src/model/json.ts';
import { emptyState } from '../../src/model/record.ts';
import { nodeDisk } from '../../src/state/disk.ts';
import { migratedState } from '../../src/state/migrate.ts';
import { type Ledger, openLedger, readLedger } from '../../src/state/store.ts';
import { settableClock } from '../../src/testkit/clock.ts';
import { Crash, crashingDisk, type Loss, type MemoryDisk, memoryDisk } from '../../src/testkit/faults.ts';
import { seededRandom } from '../../src/testkit/random.ts';
import { openWorkspace, type Workspace } from '../../src/workspace.ts';
import { pushed } from './entries.ts';

const fixture = fileURLToPath(new URL('../fixtures/state-1', import.meta.url));
const text = (name: string): string => readFileSync(join(fixture, 'state', name), 'utf8');

interface Expected {
  readonly operations: readonly (readonly [string, string, string])[];
  readonly unchanged: number;
  readonly records: number;
  readonly leftovers: number;
  readonly heldRuns: readonly string[];
  readonly todos: readonly string[];
  readonly doubts: readonly string[];
  readonly open: readonly string[];
  readonly run: boolean;
}
const { nowMs, targets } = JSON.parse(readFileSync(join(fixture, 'expected.json'), 'utf8')) as {
  nowMs: number;
  targets: Readonly<Record<string, Expected>>;
};
const cases = Object.entries(targets);

let dir = '';
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A copy of the fixture, as an update of kbsync meets it. */
function copy(): void {
  dir = mkdtempSync(join(tmpdir(), 'kbsync-migrate-'));
  cpSync(fixture, dir, { recursive: true });
}

const states = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(join(dir, 'state'), { withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(json|bak|journal)$/.test(entry.name))
      .map(({ name }) => [name, readFileSync(join(dir, 'state', name), 'utf8')]),
  );

async function at<T>(work: (workspace: Workspace) => Promise<T>): Promise<T> {
  const clock = settableClock(nowMs + 3_600_000);
  const input = { configFile: join(dir, 'sync.config.yaml'), cwd: dir, env: {}, version: '9.8.7', host: 'here', onEvent: () => undefined };
  const workspace = await openWorkspace({ ...input, now: clock.now, random: seededRandom(7), sleep: clock.sleep });
  try {
    return await work(workspace);
  } finally {
    await workspace.close();
  }
}

const signals = () => ({ stop: new AbortController().signal, kill: new AbortController().signal });
const planOptions = { passes: noPasses, only: everything, offline: false };

function planned(name: string) {
  return at(async (workspace) => {
    const [target] = workspace.targets([name]);
    if (target === undefined) throw new Error(name);
    const folder = await workspace.readFolder();
    return (await workspace.readOnly(target, signals(), false, (context) => planTarget(context, folder, planOptions))).plan;
  });
}

function held<T>(name: string, work: (context: CycleContext) => Promise<T>): Promise<T> {
  return at((workspace) => {
    const [target] = workspace.targets([name]);
    if (target === undefined) throw new Error(name);
    return workspace.exclusively(target, { command: 'test', lockWaitMs: 0, ...signals() }, work);
  });
}

describe.each(cases)('%s of format 1', (name, expected) => {
  it('is read as what it was, by readers that write nothing', async () => {
    copy();
    const before = states();
    const { state, open } = await readLedger({ disk: nodeDisk(), dir: join(dir, 'state'), target: name });
    expect({
      records: Object.keys(state.records).length,
      leftovers: state.leftovers.length,
      heldRuns: state.held.map(({ id }) => id),
      todos: state.todos.map(({ id }) => id),
      doubts: state.doubts.map(({ id }) => id),
      open: open.map(({ action }) => action),
      run: state.run !== null,
    }).toEqual({ ...expected, operations: undefined, unchanged: undefined, held: undefined });
    expect(Object.keys(state).sort(), 'every field of today').toEqual(Object.keys(emptyState(name)).sort());
    expect(state).toMatchObject({ version: 2, retracted: {}, drift: null });
    const plan = await planned(name);
    expect(plan.operations.map(({ id, reason, by }) => [id, reason, by])).toEqual(expected.operations);
    expect(plan.unchanged).toBe(expected.unchanged);
    expect(states()).toEqual(before);
  });

  it('is written in format 2 by the next save, and the copy before is the old file', async () => {
    copy();
    const before = states();
    const was = (await readLedger({ disk: nodeDisk(), dir: join(dir, 'state'), target: name })).state;
    await held(name, ({ memory }) => memory.checkpoint());
    const after = states();
    expect(after[`${name}.json`]).toMatch(/^\{"version":2,"checksum":"[0-9a-f]{64}",\n"savedBy":\{"kbsync":"9\.8\.7","host":"here"\},\n/);
    expect(after[`${name}.json.bak`]).toBe(before[`${name}.json`]);
    expect(after[`${name}.journal`]).toMatch(/^\{"c":"[0-9a-f]{8}","e":\{"journal":2,"kbsync":"9\.8\.7",/);
    const now = (await readLedger({ disk: nodeDisk(), dir: join(dir, 'state'), target: name })).state;
    expect({ ...now, serial: 0 }).toEqual({ ...was, serial: 0 });
  });
});

it('what was in step stays so: the first run of the new format sends nothing, nor does the second', async () => {
  copy();
  for (const run of [1, 2]) {
    const report = await at(async (workspace) => {
      const [target] = workspace.targets(['site']);
      if (target === undefined) throw new Error('site');
      const folder = await workspace.readFolder();
      const how = { command: 'test', lockWaitMs: 0, ...signals() };
      return workspace.exclusively(target, how, (context) =>
        syncTarget(context, folder, { ...planOptions, waitMs: null, trainOnly: false }),
      );
    });
    expect(report, `run ${run}`).toMatchObject({ error: null, results: [], unchanged: 4, requests: { write: 0 } });
  }
  expect(states()['site.json']).toContain('"version":2');
});

it('a write that was lost under the old format is settled under the new one', async () => {
  copy();
  const report = await at(async (workspace) => {
    const [target] = workspace.targets(['cut']);
    if (target === undefined) throw new Error('cut');
    const folder = await workspace.readFolder();
    const how = { command: 'test', lockWaitMs: 0, ...signals() };
    return workspace.exclusively(target, how, (context) => syncTarget(context, folder, { ...planOptions, waitMs: null, trainOnly: false }));
  });
  expect(report).toMatchObject({ error: null, results: [] });
  const { state, open } = await readLedger({ disk: nodeDisk(), dir: join(dir, 'state'), target: 'cut' });
  expect(open).toEqual([]);
  expect(state.leftovers, 'no second copy').toEqual([]);
  expect(state.records['new.md']?.training).toBe('trained');
});

it('numbers go on behind the highest that an old state shows', () => {
  const old = { held: [{ id: 'H4' }], todos: [{ id: 'T2' }, { id: 'T11' }], doubts: [{ id: 'U1' }] };
  expect(migratedState({ version: 1, ...old }, 1)).toMatchObject({ version: 2, numbers: { H: 4, T: 11, U: 1 } });
  expect(migratedState({ ...old, numbers: { H: 9, T: 0, U: 0 } }, 1)['numbers']).toEqual({ H: 9, T: 11, U: 1 });
});

it('what an old state knows already is kept', () => {
  const retracted = { 'a.md': { path: 'a.md', file: null, since: '2026-03-01T12:00:00.000Z' } };
  expect(migratedState({ version: 1, retracted }, 1)).toMatchObject({ retracted, drift: null });
});

describe.each<Loss>(['nothing', 'unsynced', 'torn'])('killed at any step of the first save, the disk loses %s', (loses) => {
  const paths = ['cut.json', 'cut.json.bak', 'cut.journal'];
  const fact = ({ state, open }: Pick<Ledger, 'state' | 'open'>): string =>
    canonical(JSON.parse(JSON.stringify([{ ...state, serial: 0 }, open])) as Json);

  it('it is one state, the old or the new, and no file is half of each', async () => {
    const start = (): MemoryDisk => {
      const disk = memoryDisk();
      for (const path of paths) disk.plant(`/state/${path}`, text(path));
      return disk;
    };
    const place = { dir: '/state', target: 'cut' };
    const before = fact(await readLedger({ ...place, disk: start() }));
    const whole = start();
    const undisturbed = await openLedger({ ...place, disk: whole, now: () => nowMs });
    await undisturbed.append([{ kind: 'retracted', document: 'p1.md', retracted: { path: 'p1.md', file: null, since: 'x' } }]);
    const between = fact(undisturbed);
    await undisturbed.append(pushed('e1', 'z.md'));
    const after = fact(undisturbed);
    for (let step = 1; ; step += 1) {
      const doomed = crashingDisk(start(), { crashAt: step, loses, random: seededRandom(step) });
      let acknowledged = 0;
      try {
        const ledger = await openLedger({ ...place, disk: doomed, now: () => nowMs });
        await ledger.append([{ kind: 'retracted', document: 'p1.md', retracted: { path: 'p1.md', file: null, since: 'x' } }]);
        acknowledged = 1;
        await ledger.checkpoint();
        await ledger.append(pushed('e1', 'z.md'));
        acknowledged = 2;
        await ledger.checkpoint();
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
      const next = doomed.restart();
      const found = [before, between, after].indexOf(fact(await readLedger({ ...place, disk: next })));
      expect(found, `step ${step}`).toBeGreaterThanOrEqual(acknowledged);
      // A kbsync of format 1 takes a journal by its first line: what it must heed may only stand behind one that it refuses.
      const journal = next.files()['/state/cut.journal'] ?? '';
      if (journal.includes('"kind":"retracted"')) expect(journal).toMatch(/^\{"c":"[0-9a-f]{8}","e":\{"journal":2,/);
      const reopened = await openLedger({ ...place, disk: next, now: () => nowMs });
      await reopened.checkpoint();
      expect(next.files()['/state/cut.json']).toMatch(/^\{"version":2,/);
      expect([before, between, after].indexOf(fact(await readLedger({ ...place, disk: next })))).toBe(found);
      if (!doomed.crashed) {
        expect(step).toBeGreaterThan(10);
        return;
      }
    }
  });
});

it('a newer format is refused untouched, and says which kbsync takes it', async () => {
  for (const file of ['cut.json', 'cut.journal']) {
    const disk = memoryDisk();
    for (const path of ['cut.json', 'cut.json.bak', 'cut.journal']) disk.plant(`/state/${path}`, text(path));
    const { sha256 } = await import('../../src/model/json.ts');
    const header = '{"journal":7,"kbsync":"3.1.0-beta.2","target":"cut","follows":2}';
    const newer = file.endsWith('.json')
      ? '{"version":7,"sum":"?",\n"savedBy":{"kbsync":"3.1.0-beta.2","host":"h"},\n"shape":[]}\n'
      : `{"c":"${sha256(header).slice(0, 8)}","e":${header}}\n`;
    disk.plant(`/state/${file}`, newer);
    const before = disk.files();
    const place = { disk, dir: '/state', target: 'cut' };
    for (const attempt of [() => openLedger({ ...place, now: () => nowMs }), () => readLedger(place)]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'STATE_NEWER',
        message: `/state/${file} was written by kbsync 3.1.0-beta.2 (state format 7; this one knows 2 and older); nothing was changed`,
        next: expect.stringContaining('use kbsync 3.1.0-beta.2 or a newer one'),
      });
    }
    expect(disk.files()).toEqual(before);
  }
});
