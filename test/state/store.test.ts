// The memory of a target: what it remembers over restarts, what ages a sealed plan, what it makes of damage, and readers beside it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { EntryBody } from '../../src/model/effect.ts';
import { fold } from '../../src/model/fold.ts';
import { emptyState } from '../../src/model/record.ts';
import { type Disk, nodeDisk } from '../../src/state/disk.ts';
import { type Ledger, listTargets, openLedger, readLedger } from '../../src/state/store.ts';
import { type MemoryDisk, memoryDisk, refusingDisk } from '../../src/testkit/faults.ts';
import { cpuMs } from '../support/cpu-time.ts';
import { begin, create, done, ended, noonMs, pushed, remove, stamped, train, trained } from './entries.ts';
import { anything, bodiesOf, stepsOf } from './journals.ts';

const dir = '/state';
const file = { snapshot: '/state/t.json', previous: '/state/t.json.bak', journal: '/state/t.journal' };

function clock(): () => number {
  let ms = noonMs - 1_000;
  return () => {
    ms += 1_000;
    return ms;
  };
}

const open = (disk: Disk, now: () => number = clock()): Promise<Ledger> => openLedger({ disk, dir, target: 't', now });

async function run(disk: Disk, ...bodies: readonly EntryBody[]): Promise<void> {
  const ledger = await open(disk);
  await ledger.append(bodies);
  await ledger.checkpoint();
  await ledger.close();
}

async function viewOf(disk: Disk): Promise<{ state: unknown; open: readonly string[] }> {
  const view = await readLedger({ disk, dir, target: 't' });
  return { state: view.state, open: view.open.map((effect) => effect.id) };
}

describe('ledger', () => {
  it('is empty for a target never met, and touches nothing until something is appended', async () => {
    const disk = memoryDisk();
    const ledger = await open(disk);
    await ledger.checkpoint();
    await ledger.append([]);
    await ledger.close();
    expect(ledger.state).toEqual(emptyState('t'));
    expect(disk.files()).toEqual({});
    expect(listTargets(disk, dir)).toEqual([]);
  });

  it('shows what was appended at once, and again after a restart, with and without a checkpoint', async () => {
    const disk = memoryDisk();
    const ledger = await open(disk);
    await ledger.append([...pushed('e1', 'a.md'), begin(create('e2', 'b.md'))]);
    expect(Object.keys(ledger.state.records)).toEqual(['a.md']);
    expect(ledger.open.map((effect) => effect.id)).toEqual(['e2']);
    expect(await viewOf(disk)).toEqual({ state: ledger.state, open: ['e2'] });
    await ledger.checkpoint();
    await ledger.close();
    expect(await viewOf(disk)).toEqual({ state: ledger.state, open: ['e2'] });
    const again = await open(disk);
    expect(again.state).toEqual(ledger.state);
    await again.append([done('e2')]);
    expect(again.open).toEqual([]);
    expect(Object.keys(again.state.records)).toEqual(['a.md', 'b.md']);
  });

  it('keeps open effects with their doubts and their time in the journal over checkpoints', async () => {
    const disk = memoryDisk();
    const doubt = { id: 'U1', effect: 'e1', error: null, since: '2026-03-01T12:00:05.000Z' };
    await run(disk, begin(create('e1', 'a.md'), create('e2', 'b.md')), done('e2'), { kind: 'doubt', doubt });
    await run(disk, ...pushed('e3', 'c.md'));
    const lines = (disk.files()[file.journal] ?? '').trim().split('\n').slice(1);
    expect(lines.map((line) => JSON.parse(line).e)).toMatchObject([
      { at: '2026-03-01T12:00:00.000Z', kind: 'begin', effects: [{ id: 'e1' }] },
      { kind: 'doubt', doubt },
    ]);
    const ledger = await open(disk);
    expect(ledger.state.doubts).toEqual([doubt]);
    await ledger.append([done('e1')]);
    expect(ledger.state.doubts).toEqual([]);
  });

  it('saves a readable snapshot: valid JSON, one record a line', async () => {
    const disk = memoryDisk();
    await run(disk, ...pushed('e1', 'a.md'), ...pushed('e2', 'b.md'));
    const text = disk.files()[file.snapshot] ?? '';
    expect(JSON.parse(text)).toMatchObject({
      version: 2,
      target: 't',
      generation: 1,
      serial: 1,
      records: { 'a.md': { path: 'a.md' }, 'b.md': {} },
    });
    expect(text.split('\n').filter((line) => line.startsWith('"b.md":{"path":"b.md"'))).toHaveLength(1);
    expect(disk.files()[file.journal]?.trim().split('\n')).toHaveLength(1);
  });

  it('raises the serial once for each checkpoint that changes what a plan rests on, and for no other', async () => {
    const disk = memoryDisk();
    const serialAfter = async (...bodies: EntryBody[]): Promise<number> => {
      await run(disk, ...bodies);
      return (await readLedger({ disk, dir, target: 't' })).state.serial;
    };
    expect(await serialAfter(...pushed('e1', 'a.md'), ...pushed('e2', 'b.md'))).toBe(1);
    expect(await serialAfter(begin(train('t1', 'e2')), done('t1', null), trained('a.md'), ended('t1'))).toBe(1);
    expect(await serialAfter({ kind: 'held', held: [] }, { kind: 'todos', todos: [] })).toBe(1);
    const lastSync = { at: '', commit: null, revision: 'r', documents: 2, behind: {}, outOfScope: 0 };
    expect(await serialAfter({ kind: 'synced', lastSync, revision: 'r' }, { kind: 'learnt', through: 'e2' })).toBe(1);
    expect(await serialAfter(begin(create('e3', 'c.md')))).toBe(1);
    expect(await serialAfter({ kind: 'doubt', doubt: { id: 'U1', effect: 'e3', error: null, since: '' } })).toBe(1);
    expect(await serialAfter({ kind: 'identity', identity: 'bot' })).toBe(2);
    expect(await serialAfter({ kind: 'identity', identity: 'bot' })).toBe(2);
    expect(await serialAfter({ kind: 'container', container: 'box' })).toBe(3);
    expect(await serialAfter(begin(remove('e4', 'a.md', 'r-e1')), done('e4', null))).toBe(4);
  });

  it('raises it, too, for entries that a dead process left in the journal', async () => {
    const disk = memoryDisk();
    const dead = await open(disk);
    await dead.append(pushed('e1', 'a.md'));
    const next = await open(disk);
    await next.checkpoint();
    expect(next.state.serial).toBe(1);
  });

  it('does not mind a clock that runs backwards', async () => {
    const disk = memoryDisk();
    let ms = noonMs;
    const back = (): number => {
      ms -= 86_400_000;
      return ms;
    };
    const ledger = await open(disk, back);
    await ledger.append([...pushed('e1', 'a.md'), trained('a.md')]);
    await ledger.checkpoint();
    await ledger.append([begin(create('e2', 'a.md', { supersedes: 'r-e1' })), done('e2')]);
    const view = await viewOf(disk);
    expect(view).toEqual({ state: ledger.state, open: [] });
    expect(ledger.state.records['a.md']).toMatchObject({ training: 'pending', items: [{ remoteId: 'r-e2' }] });
  });

  it('writes nothing once its guard says that the lock is lost', async () => {
    const disk = memoryDisk();
    let lost = false;
    const guard = (): void => {
      if (lost) throw new Error('lost the lock');
    };
    const ledger = await openLedger({ disk, dir, target: 't', now: clock(), guard });
    await ledger.append(pushed('e1', 'a.md'));
    const before = disk.files();
    lost = true;
    await expect(ledger.append(pushed('e2', 'b.md'))).rejects.toThrow(/lost the lock/);
    await expect(ledger.checkpoint()).rejects.toThrow(/lost the lock/);
    expect(disk.files()).toEqual(before);
  });

  it('takes appends and checkpoints that arrive together, in order', async () => {
    const disk = memoryDisk();
    const ledger = await open(disk);
    const names = Array.from({ length: 60 }, (_, index) => `d${index}.md`);
    await Promise.all(
      names.flatMap((name, index) => [ledger.append(pushed(`e${index}`, name)), ...(index % 7 === 0 ? [ledger.checkpoint()] : [])]),
    );
    expect(Object.keys(ledger.state.records)).toEqual(names);
    expect(await viewOf(disk)).toEqual({ state: ledger.state, open: [] });
  });

  it('loses nothing when the disk is full at any step, and goes on when it is not any more', async () => {
    for (let at = 1; at < 40; at += 1) {
      const disk = memoryDisk();
      let step = 0;
      let hit = false;
      const ledger = await open(
        refusingDisk(disk, () => {
          step += 1;
          hit ||= step === at;
          return step === at;
        }),
      );
      const known: string[] = [];
      const tolerant = async (work: Promise<void>, document?: string): Promise<void> => {
        try {
          await work;
          if (document !== undefined) known.push(document);
        } catch (error) {
          expect(error).toMatchObject({ code: 'STATE_UNWRITABLE' });
        }
      };
      for (const document of ['a.md', 'b.md', 'c.md', 'd.md']) {
        await tolerant(ledger.append(pushed(`e-${document}`, document)), document);
        await tolerant(ledger.checkpoint());
      }
      expect(Object.keys(ledger.state.records)).toEqual(known);
      expect((await viewOf(disk)).state).toEqual(ledger.state);
      // And nothing of it lingers: the next checkpoint goes through.
      await ledger.append(pushed('e-z', 'z.md'));
      await ledger.checkpoint();
      expect(disk.files()[file.journal]?.trim().split('\n')).toHaveLength(1);
      expect((await viewOf(disk)).state).toEqual(ledger.state);
      if (!hit) return;
    }
  });
});

describe('a crash between snapshot and journal', () => {
  it('changes nothing, whatever the journal holds: the snapshot says what it holds already', async () => {
    await fc.assert(
      fc.asyncProperty(stepsOf(anything), fc.nat(60), fc.nat(60), async (steps, first, second) => {
        const bodies = bodiesOf(steps);
        const [early, late] = [Math.min(first, second, bodies.length), Math.min(Math.max(first, second), bodies.length)];
        const disk = memoryDisk();
        await run(disk, ...bodies.slice(0, early));
        let dying = false;
        const doomed = await open(refusingDisk(disk, (step) => dying && step.includes('t.journal')));
        await doomed.append(bodies.slice(early, late));
        dying = true;
        await doomed.checkpoint().catch(() => undefined);
        const next = await open(disk);
        expect(next.state).toEqual(doomed.state);
        expect(next.open).toEqual(doomed.open);
        await next.append(bodies.slice(late));
        await next.checkpoint();
        const whole = fold(emptyState('t'), stamped(...bodies));
        expect(timeless({ ...next.state, serial: 0 })).toEqual(timeless(whole.state));
        expect(next.open).toEqual(whole.open);
        expect(await viewOf(disk)).toEqual({ state: next.state, open: next.open.map((effect) => effect.id) });
      }),
      { seed: 20260301, numRuns: 150 },
    );
  });
});

/** Time stamps differ by how the entries were bundled. */
function timeless(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(/"\d{4}-\d\d-\d\dT[^"]+"/g, '"some time"'));
}

describe('damaged state', () => {
  /** Two generations, and a third that is only in the journal. */
  async function prepared(): Promise<MemoryDisk> {
    const disk = memoryDisk();
    await run(disk, ...pushed('e1', 'a.md'));
    await run(disk, ...pushed('e2', 'b.md'));
    const ledger = await open(disk);
    await ledger.append(pushed('e3', 'c.md'));
    return disk;
  }

  const spoilt: readonly [string, (text: string) => string | null][] = [
    ['cut in half', (text) => text.slice(0, text.length / 2)],
    ['empty', () => ''],
    ['edited by hand', (text) => text.replace('"path":"a.md"', '"path":"z.md"')],
    ['edited by hand and still pretty', (text) => JSON.stringify(JSON.parse(text), null, 2)],
    ['a merge conflict', (text) => `<<<<<<< ours\n${text}=======\n${text}>>>>>>> theirs\n`],
    ['another kind of JSON', () => '[]'],
    ['zeros', (text) => '\0'.repeat(text.length)],
    ['gone', () => null],
  ];

  it.each(spoilt)('is refused with the way out, never taken for empty: %s', async (_name, spoil) => {
    const disk = await prepared();
    disk.plant(file.snapshot, spoil(disk.files()[file.snapshot] ?? ''));
    const before = disk.files();
    for (const attempt of [() => open(disk), () => readLedger({ disk, dir, target: 't' })]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'STATE_DAMAGED',
        message: expect.stringContaining(file.snapshot),
        next: expect.stringContaining('first contact takes back what is ours'),
      });
      // The copy before does not continue the journal of a finished run: nobody is sent to it.
      await expect(attempt()).rejects.toMatchObject({
        next: expect.stringMatching(
          /restore \S+t\.json and \S+t\.journal from one backup; or move both and \S+t\.json\.bak away .*forgotten/,
        ),
      });
    }
    expect(disk.files()).toEqual(before);
    // The way out, taken.
    for (const path of Object.values(file)) disk.plant(path, null);
    expect((await open(disk)).state).toEqual(emptyState('t'));
  });

  it.each(spoilt)('is made good where the journal continues the previous copy: %s', async (_name, spoil) => {
    const disk = await prepared();
    const text = disk.files()[file.snapshot] ?? '';
    let dying = false;
    const doomed = await open(refusingDisk(disk, (step) => dying && step.includes('t.journal')));
    dying = true;
    await doomed.checkpoint().catch(() => undefined);
    expect(disk.files()[file.previous]).toBe(text);
    disk.plant(file.snapshot, spoil(disk.files()[file.snapshot] ?? ''));
    const spoiltText = disk.files()[file.snapshot];
    const next = await open(disk);
    expect(Object.keys(next.state.records)).toEqual(['a.md', 'b.md', 'c.md']);
    expect(disk.files()[`${file.snapshot}.damaged`]).toBe(spoiltText);
    expect(next.recovered === null).toBe(spoiltText === undefined);
    await next.checkpoint();
    expect((await viewOf(disk)).state).toEqual(next.state);
    expect(next.state.serial).toBe(doomed.state.serial);
  });

  it('is refused when the very first snapshot is damaged, unless the journal goes back to the beginning', async () => {
    const disk = memoryDisk();
    const ledger = await open(disk);
    await ledger.append(pushed('e1', 'a.md'));
    const journal = disk.files()[file.journal] ?? '';
    await ledger.checkpoint();
    disk.plant(file.snapshot, '{');
    await expect(open(disk)).rejects.toMatchObject({ code: 'STATE_DAMAGED' });
    for (const missing of [null, '']) {
      disk.plant(file.journal, missing);
      await expect(open(disk)).rejects.toMatchObject({ code: 'STATE_DAMAGED' });
    }
    disk.plant(file.journal, journal);
    expect(Object.keys((await open(disk)).state.records)).toEqual(['a.md']);
  });

  it('is refused when written by a newer kbsync', async () => {
    const disk = await prepared();
    disk.plant(file.snapshot, '{"version":3,"whatever":true}');
    await expect(open(disk)).rejects.toMatchObject({ code: 'STATE_NEWER', message: expect.stringContaining('state format 3') });
  });

  it('is refused when it is another target’s', async () => {
    const disk = await prepared();
    for (const [path, text] of Object.entries(disk.files())) disk.plant(path.replace('/t.', '/u.'), text);
    await expect(openLedger({ disk, dir, target: 'u', now: clock() })).rejects.toMatchObject({
      code: 'STATE_DAMAGED',
      next: 'put the file back under its own name; under a new name a target is a new one, and first contact takes back what is ours',
    });
  });

  it('is refused when the journal is missing, until a person says that it may be empty', async () => {
    const disk = await prepared();
    disk.plant(file.journal, null);
    await expect(open(disk)).rejects.toMatchObject({ code: 'STATE_DAMAGED', next: expect.stringContaining('make it an empty file') });
    disk.plant(file.journal, '');
    const ledger = await open(disk);
    expect(Object.keys(ledger.state.records)).toEqual(['a.md', 'b.md']);
    await ledger.append(pushed('e4', 'd.md'));
    expect(Object.keys((await readLedger({ disk, dir, target: 't' })).state.records)).toEqual(['a.md', 'b.md', 'd.md']);
  });

  it('is refused when an older snapshot is put back beside a newer journal', async () => {
    const disk = await prepared();
    disk.plant(file.snapshot, disk.files()[file.previous] ?? '');
    await expect(open(disk)).rejects.toMatchObject({
      code: 'STATE_DAMAGED',
      message: expect.stringContaining('continues snapshot number 2'),
    });
  });
});

describe('a reader beside a writer', () => {
  it('sees a state that was acknowledged at some moment, at every step of the writer', async () => {
    const disk = memoryDisk();
    const seen = new Set<string>();
    const views: Promise<void>[] = [];
    let steps = 0;
    const watched = disk.watched(() => {
      steps += 1;
      // What a reader finds at this very instant.
      views.push(
        readLedger({ disk: disk.survivors('nothing'), dir, target: 't' }).then(
          (view) => void seen.add(Object.keys(view.state.records).join()),
        ),
      );
    });
    const ledger = await open(watched);
    for (const document of ['a', 'b', 'c']) {
      await ledger.append(pushed(document, document));
      await ledger.checkpoint();
    }
    await Promise.all(views);
    expect(steps).toBeGreaterThan(20);
    expect([...seen].sort()).toEqual(['', 'a', 'a,b', 'a,b,c']);
  });

  it('reads again when a checkpoint went by between snapshot and journal', async () => {
    const disk = memoryDisk();
    await run(disk, ...pushed('e1', 'a.md'));
    const ledger = await open(disk);
    await ledger.append(pushed('e2', 'b.md'));
    const old = disk.files()[file.snapshot] ?? '';
    await ledger.checkpoint();
    let stale = 2;
    const late: Disk = { ...disk, read: (path) => (path === file.snapshot && stale-- > 0 ? Buffer.from(old) : disk.read(path)) };
    expect(await viewOf(late)).toEqual({ state: ledger.state, open: [] });
  });

  it('writes nothing, a torn end and what dead writers left included', async () => {
    const disk = memoryDisk();
    await run(disk, ...pushed('e1', 'a.md'));
    disk.plant(file.journal, `${disk.files()[file.journal]}{"c":"12`);
    disk.plant('/state/.t.json.dead.tmp', 'x');
    const before = disk.files();
    await viewOf(disk);
    expect(disk.files()).toEqual(before);
    await (await open(disk)).close();
    expect(disk.files()).not.toHaveProperty(['/state/.t.json.dead.tmp']);
  });
});

describe('on the file system', () => {
  let folder = '';
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('takes ten thousand documents, and lists the targets', async () => {
    folder = mkdtempSync(join(tmpdir(), 'kbsync-ledger-'));
    const disk = nodeDisk();
    const place = { disk, dir: join(folder, 'state'), target: 't' };
    const ledger = await openLedger({ ...place, now: clock() });
    const started = cpuMs();
    for (let index = 0; index < 10_000; index += 100) {
      const group = Array.from({ length: 100 }, (_, offset) => pushed(`e${index + offset}`, `guides/d${index + offset}.md`));
      await Promise.all(group.map((bodies) => ledger.append(bodies)));
    }
    await ledger.checkpoint();
    await ledger.close();
    expect((await readLedger(place)).state).toEqual(ledger.state);
    expect(cpuMs() - started).toBeLessThan(10_000);
    await disk.append(join(place.dir, 'history.jsonl'), '{}\n');
    await disk.append(join(place.dir, 'b-2.journal'), '');
    expect(listTargets(disk, place.dir)).toEqual(['b-2', 't']);
  });
});
