// A state that has been through other hands: git, a file transfer, an editor, half a copy. Each is recognised for what it is.
import { describe, expect, it } from 'vitest';
import type { TargetState } from '../../src/model/record.ts';
import { acceptEdited } from '../../src/state/accept.ts';
import { faultsOf } from '../../src/state/edited.ts';
import { type Ledger, openLedger, readLedger } from '../../src/state/store.ts';
import { type MemoryDisk, memoryDisk } from '../../src/testkit/faults.ts';
import { begin, create, done, noonMs, pushed } from './entries.ts';

const place = { dir: '/state', target: 't' };
const file = { snapshot: '/state/t.json', previous: '/state/t.json.bak', journal: '/state/t.journal' };
const now = (): number => noonMs;
const open = (disk: MemoryDisk): Promise<Ledger> => openLedger({ ...place, disk, now });
const read = (disk: MemoryDisk) => readLedger({ ...place, disk });
const text = (disk: MemoryDisk, path: string): string => disk.files()[path] ?? '';

/** Two snapshots, and a third document that is only in the journal, with a lost create. */
async function prepared(): Promise<MemoryDisk> {
  const disk = memoryDisk();
  const ledger = await open(disk);
  for (const id of ['e1', 'e2']) {
    await ledger.append(pushed(id, `${id}.md`));
    await ledger.checkpoint();
  }
  await ledger.append([...pushed('e3', 'e3.md'), begin(create('e4', 'größe.md', { text: 'line\r\nend' }))]);
  await ledger.close();
  return disk;
}

describe('line ends that git has converted', () => {
  const crlf = (disk: MemoryDisk, path: string): void => disk.plant(path, text(disk, path).replaceAll('\n', '\r\n'));

  it.each([
    ['snapshot and journal', [file.snapshot, file.journal]],
    ['the snapshot', [file.snapshot]],
    ['the journal', [file.journal]],
  ])('of %s: all is read, what happened is said, and the next save puts them back', async (_which, paths) => {
    const disk = await prepared();
    const before = await read(disk);
    for (const path of paths) crlf(disk, path);
    const planted = disk.files();
    const view = await read(disk);
    expect([view.state, view.open]).toEqual([before.state, before.open]);
    expect(view.recovered).toContain('line ends were converted');
    expect(view.recovered).toContain('"-text" in .gitattributes');
    for (const path of paths) expect(view.recovered).toContain(path);
    expect(disk.files(), 'a reader writes nothing').toEqual(planted);
    const ledger = await open(disk);
    await ledger.append([done('e4')]);
    expect(text(disk, file.journal), 'never half of each').not.toContain('\r\n');
    expect((await read(disk)).open).toEqual([]);
    await ledger.checkpoint();
    for (const path of [file.snapshot, file.journal]) expect(text(disk, path)).not.toContain('\r');
    expect((await read(disk)).recovered).toBeNull();
    expect(Object.keys((await read(disk)).state.records)).toEqual(['e1.md', 'e2.md', 'e3.md', 'größe.md']);
  });

  it('without a word appended, too: a checkpoint is enough', async () => {
    const disk = await prepared();
    crlf(disk, file.snapshot);
    const ledger = await open(disk);
    await ledger.checkpoint();
    expect(text(disk, file.snapshot)).not.toContain('\r');
  });

  it('are no excuse for anything else that was changed', async () => {
    const disk = await prepared();
    disk.plant(file.snapshot, text(disk, file.snapshot).replace('"path":"e1.md"', '"path":"x.md"').replaceAll('\n', '\r\n'));
    await expect(read(disk)).rejects.toMatchObject({ code: 'STATE_DAMAGED', message: expect.stringContaining('checksum') });
    const other = await prepared();
    other.plant(file.journal, text(other, file.journal).replace('e3.md', 'x3.md').replaceAll('\n', '\r\n'));
    await expect(read(other)).rejects.toMatchObject({ code: 'STATE_DAMAGED', message: expect.stringContaining(`${file.journal}:`) });
  });

  it('a torn end of a converted journal is cut like any other', async () => {
    const disk = await prepared();
    const whole = text(disk, file.journal).replaceAll('\n', '\r\n');
    for (const length of [whole.length - 1, whole.length - 2, whole.length - 20]) {
      disk.plant(file.journal, whole.slice(0, length));
      const ledger = await open(disk);
      expect(ledger.open.map(({ id }) => id)).toEqual(length === whole.length - 20 ? [] : ['e4']);
      expect(Object.keys(ledger.state.records)).toContain('e3.md');
    }
  });
});

describe('a merge conflict', () => {
  it.each([file.snapshot, file.journal])('in %s is called one, with the way out', async (path) => {
    const disk = await prepared();
    const lines = text(disk, path).split('\n');
    const middle = Math.max(1, Math.floor(lines.length / 2));
    const [ours, theirs] = [lines.slice(middle).join('\n'), lines.slice(middle).join('\n').replace('e2', 'e9')];
    disk.plant(path, `${lines.slice(0, middle).join('\n')}\n<<<<<<< HEAD\n${ours}=======\n${theirs}>>>>>>> other\n`);
    const before = disk.files();
    for (const attempt of [() => open(disk), () => read(disk)]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'STATE_DAMAGED',
        message: expect.stringContaining(`${path} holds a merge conflict`),
        next: expect.stringMatching(/git checkout --ours.*one bot, one state/s),
      });
    }
    expect(disk.files()).toEqual(before);
  });
});

describe('half a copy', () => {
  it.each<[string, readonly string[], RegExp]>([
    ['the snapshot alone', [file.snapshot], /t\.journal is missing or empty of its first line, but .*t\.json needs it/],
    ['the journal alone', [file.journal], /t\.journal continues snapshot number 2, but .*t\.json is missing/],
    ['the copy before alone', [file.previous], /only .*t\.json\.bak, the copy before, is here/],
    ['the journal with the copy before', [file.previous, file.journal], /t\.journal continues snapshot number 2, but .*t\.json is missing/],
    ['both snapshots', [file.snapshot, file.previous], /t\.journal is missing/],
  ])('%s is refused for what it is', async (_name, kept, message) => {
    const disk = await prepared();
    for (const path of Object.values(file)) if (!kept.includes(path)) disk.plant(path, null);
    const before = disk.files();
    for (const attempt of [() => open(disk), () => read(disk)])
      await expect(attempt()).rejects.toMatchObject({ code: 'STATE_DAMAGED', message: expect.stringMatching(message) });
    expect(disk.files()).toEqual(before);
  });

  it('without the copy before it is whole', async () => {
    const disk = await prepared();
    disk.plant(file.previous, null);
    expect(Object.keys((await read(disk)).state.records)).toEqual(['e1.md', 'e2.md', 'e3.md']);
  });
});

describe('state accept', () => {
  const input = (disk: MemoryDisk) => ({ ...place, disk, now, writer: { kbsync: '1.2.3', host: 'desk' } });
  const edit = (disk: MemoryDisk, change: (state: Record<string, unknown>) => void, indent?: number): void => {
    const value = JSON.parse(text(disk, file.snapshot)) as Record<string, unknown>;
    change(value);
    disk.plant(file.snapshot, JSON.stringify(value, null, indent));
  };
  const records = (value: Record<string, unknown>) => value['records'] as Record<string, Record<string, unknown>>;

  it.each([
    ['by a word', (disk: MemoryDisk) => disk.plant(file.snapshot, text(disk, file.snapshot).replace('"path":"e1.md"', '"path":"z.md"'))],
    [
      'and laid out anew by an editor',
      (disk: MemoryDisk) => edit(disk, (value) => Object.assign(records(value)['e1.md'] ?? {}, { path: 'z.md' }), 2),
    ],
  ])('takes a state edited %s at its word, journal and all', async (_how, change) => {
    const disk = await prepared();
    const { state: was } = await read(disk);
    change(disk);
    await expect(read(disk)).rejects.toMatchObject({ next: expect.stringContaining('kbsync state accept t') });
    expect(await acceptEdited(input(disk))).toBe('accepted');
    const { state, open: unconfirmed, savedBy } = await read(disk);
    expect(state.records['e1.md']?.path).toBe('z.md');
    expect(Object.keys(state.records)).toEqual(['e1.md', 'e2.md', 'e3.md']);
    expect(unconfirmed.map(({ id }) => id)).toEqual(['e4']);
    expect(state.serial, 'a sealed plan is older than this').toBeGreaterThan(was.serial);
    expect(savedBy).toEqual({ kbsync: '1.2.3', host: 'desk' });
    const ledger = await open(disk);
    await ledger.append([done('e4')]);
    await ledger.checkpoint();
    expect((await read(disk)).state.records['größe.md']).toBeDefined();
  });

  it('has nothing to do where nobody has edited', async () => {
    const disk = await prepared();
    const before = disk.files();
    expect(await acceptEdited(input(disk))).toBe('as-it-was');
    expect(disk.files()).toEqual(before);
  });

  it.each<[string, (value: Record<string, unknown>) => void, RegExp]>([
    ['a field that is gone', (value) => Reflect.deleteProperty(value, 'leftovers'), /fields are missing/],
    [
      'a training state that there is not',
      (value) => Object.assign(records(value)['e1.md'] ?? {}, { training: 'learned' }),
      /records\["e1\.md"\]\.training is "learned", not one of/,
    ],
    [
      'a number for a text',
      (value) => Object.assign(records(value)['e2.md'] ?? {}, { pushed: 7 }),
      /records\["e2\.md"\]\.pushed is 7, not a text/,
    ],
    [
      'an item in two records',
      (value) => Object.assign(records(value)['e2.md'] ?? {}, { items: records(value)['e1.md']?.['items'] }),
      /item r-e1 stands in records\["e1\.md"\] and in records\["e2\.md"\]/,
    ],
    ['another target', (value) => Object.assign(value, { target: 'u' }), /holds the state of another target, u/],
    ['no version', (value) => Reflect.deleteProperty(value, 'version'), /its version is missing|does not begin/],
  ])('refuses %s, by name and untouched', async (_name, change, message) => {
    const disk = await prepared();
    edit(disk, change, 1);
    const before = disk.files();
    await expect(acceptEdited(input(disk))).rejects.toMatchObject({ code: 'STATE_DAMAGED', message: expect.stringMatching(message) });
    expect(disk.files()).toEqual(before);
  });

  it('refuses what the journal does not go on with, what is cut, and what a newer kbsync wrote', async () => {
    const cut = await prepared();
    cut.plant(file.snapshot, text(cut, file.snapshot).slice(0, -40));
    await expect(acceptEdited(input(cut))).rejects.toMatchObject({ code: 'STATE_DAMAGED', message: expect.stringContaining('not JSON') });
    const other = await prepared();
    edit(other, (value) => Object.assign(value, { generation: 9, holds: { follows: 8, entries: 0 } }), 1);
    await expect(acceptEdited(input(other))).rejects.toMatchObject({ message: expect.stringContaining('is number 9') });
    const newer = await prepared();
    edit(newer, (value) => Object.assign(value, { version: 3 }), 1);
    await expect(acceptEdited(input(newer))).rejects.toMatchObject({ code: 'STATE_NEWER' });
    const none = memoryDisk();
    await expect(acceptEdited(input(none))).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('knows every field of a state: each is missed, and each of another kind is refused', async () => {
    const disk = await prepared();
    const { state } = await read(disk);
    expect(faultsOf(state)).toBeNull();
    const record = Object.values(state.records)[0];
    if (record === undefined) throw new Error('no record');
    for (const key of Object.keys(state)) {
      const spoilt = { ...state, [key]: undefined } as unknown as TargetState;
      expect(faultsOf(spoilt), key).toContain(key);
    }
    for (const key of Object.keys(record)) {
      const spoilt = { ...state, records: { 'a.md': { ...record, [key]: true } } } as unknown as TargetState;
      expect(faultsOf(spoilt), key).toContain(`records["a.md"].${key}`);
    }
    for (const key of Object.keys(record.items[0] ?? {})) {
      const spoilt = {
        ...state,
        records: { 'a.md': { ...record, items: [{ ...record.items[0], [key]: true }] } },
      } as unknown as TargetState;
      expect(faultsOf(spoilt), key).toContain(`records["a.md"].items[0].${key}`);
    }
  });
});
