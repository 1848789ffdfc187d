// The journal: on disk before it says so, torn ends cut at any byte, damage refused, and writes that failed half-way.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../src/model/effect.ts';
import type { Disk } from '../../src/state/disk.ts';
import { openJournal, readJournal } from '../../src/state/journal.ts';
import { type MemoryDisk, memoryDisk, refusingDisk } from '../../src/testkit/faults.ts';
import { pushed, stamped } from './entries.ts';

const path = '/state/t.journal';
const entry = (n: number): JournalEntry[] => stamped(...pushed(`e${n}`, `d${n}.md`));

async function written(disk: Disk, ...batches: readonly JournalEntry[][]): Promise<void> {
  const journal = openJournal(disk, path, 't');
  await journal.readBack();
  for (const batch of batches) await journal.append(batch);
  await journal.close();
}

async function full(): Promise<{ disk: MemoryDisk; text: string; entries: readonly JournalEntry[] }> {
  const disk = memoryDisk();
  const entries = [entry(1), entry(2), entry(3)];
  await written(disk, ...entries);
  return { disk, text: disk.files()[path] ?? '', entries: entries.flat() };
}

describe('journal', () => {
  it('reads back what was appended, over several openings', async () => {
    const disk = memoryDisk();
    await written(disk, entry(1));
    await written(disk, entry(2), entry(3));
    const content = readJournal(disk, path);
    expect(content.header).toEqual({ journal: 2, kbsync: null, target: 't', follows: 0 });
    expect(content.entries).toEqual([...entry(1), ...entry(2), ...entry(3)]);
  });

  it('is not made before anything is appended', async () => {
    const disk = memoryDisk();
    await written(disk);
    expect(disk.files()).toEqual({});
  });

  it('resolves only when the entries are on disk, and tells so in the order of the file', async () => {
    const disk = memoryDisk();
    const journal = openJournal(disk, path, 't');
    await journal.readBack();
    const order: number[] = [];
    await Promise.all(
      [1, 2, 3, 4].map(async (n) => {
        await journal.append(entry(n), () => order.push(n));
        expect(disk.survivors('unsynced').files()[path]).toContain(`"d${n}.md"`);
      }),
    );
    expect(order).toEqual([1, 2, 3, 4]);
    expect(readJournal(disk, path).entries).toEqual([1, 2, 3, 4].flatMap(entry));
  });

  it('syncs once for all that arrive while a sync is in flight', async () => {
    const disk = memoryDisk();
    let syncs = 0;
    const journal = openJournal(
      disk.watched((step) => {
        if (step === `sync ${path}`) syncs += 1;
      }),
      path,
      't',
    );
    await journal.readBack();
    await Promise.all(Array.from({ length: 200 }, (_, n) => journal.append(entry(n))));
    expect(syncs).toBeLessThanOrEqual(2);
    expect(readJournal(disk, path).entries).toHaveLength(400);
  });

  it('cuts a torn end at every byte, keeps every whole line, and goes on cleanly behind it', async () => {
    const { text, entries } = await full();
    for (let length = 0; length <= text.length; length += 1) {
      const disk = memoryDisk();
      disk.plant(path, text.slice(0, length));
      const whole = Math.max(0, text.slice(0, length).split('\n').length - 2);
      // A line that only lacks its end is a whole one: its checksum says so.
      const known = text[length] === '\n' && length > text.indexOf('\n') ? whole + 1 : whole;
      expect(readJournal(disk, path).entries).toEqual(entries.slice(0, known));
      await written(disk, entry(9));
      expect(readJournal(disk, path).entries).toEqual([...entries.slice(0, known), ...entry(9)]);
    }
  });

  it('cuts a last block of zeros, as some file systems leave it after a power cut', async () => {
    const { disk, text, entries } = await full();
    disk.plant(path, `${text}{"c":"0123\0\0\0\0\n`);
    expect(readJournal(disk, path).entries).toEqual(entries);
  });

  it('refuses any other damage, names the line and the way out, and changes nothing', async () => {
    const { text } = await full();
    const lines = text.split('\n');
    for (let line = 1; line < lines.length; line += 1) {
      const bad = lines.map((old, index) => (index === line - 1 ? old.replace('"e":{', '"e": {') : old)).join('\n');
      const disk = memoryDisk();
      disk.plant(path, bad);
      await expect(written(disk, entry(9))).rejects.toMatchObject({
        code: 'STATE_DAMAGED',
        message: expect.stringContaining(`${path}:${line}:`),
        next: expect.stringContaining('restore /state/t.json and /state/t.journal from one backup'),
      });
      expect(disk.files()[path]).toBe(bad);
    }
  });

  it('notices any single changed character', async () => {
    const { text, entries } = await full();
    fc.assert(
      fc.property(fc.nat(text.length - 2), fc.constantFrom('x', '0', '"', ' ', '}'), (position, letter) => {
        fc.pre(text[position] !== letter && text[position] !== '\n');
        const disk = memoryDisk();
        disk.plant(path, text.slice(0, position) + letter + text.slice(position + 1));
        expect(() => expect(readJournal(disk, path).entries).toEqual(entries)).toThrow();
      }),
      { seed: 20260301, numRuns: 200 },
    );
  });

  it('refuses the journal of a newer kbsync', async () => {
    const disk = memoryDisk();
    await written(disk, entry(1));
    const journal = openJournal(disk, path, 't');
    await journal.readBack();
    await journal.alone(() => journal.rewrite(1, []));
    const newer = '{"journal":3,"target":"t","follows":1}';
    const { sha256 } = await import('../../src/model/json.ts');
    disk.plant(path, `{"c":"${sha256(newer).slice(0, 8)}","e":${newer}}\n`);
    expect(() => readJournal(disk, path)).toThrow(expect.objectContaining({ code: 'STATE_NEWER' }));
  });

  it('leaves nothing of a write that failed half-way, and goes on when the disk does', async () => {
    const disk = memoryDisk();
    let full = false;
    const journal = openJournal(
      refusingDisk(disk, (step) => full && step === `sync ${path}`),
      path,
      't',
    );
    await journal.readBack();
    await journal.append(entry(1));
    full = true;
    await expect(journal.append(entry(2))).rejects.toMatchObject({ code: 'STATE_UNWRITABLE' });
    await expect(journal.append(entry(3))).rejects.toMatchObject({ code: 'STATE_UNWRITABLE' });
    full = false;
    await journal.append(entry(4));
    expect(readJournal(disk, path).entries).toEqual([...entry(1), ...entry(4)]);
    expect(journal.length).toBe(4);
  });

  it('does a rewrite that failed before anything else is appended', async () => {
    const disk = memoryDisk();
    let full = false;
    const journal = openJournal(
      refusingDisk(disk, (step) => full && step.startsWith('rename')),
      path,
      't',
    );
    await journal.readBack();
    await journal.append(entry(1));
    full = true;
    await expect(journal.alone(() => journal.rewrite(1, entry(2)))).rejects.toMatchObject({ code: 'STATE_UNWRITABLE' });
    full = false;
    await journal.append(entry(3));
    expect(readJournal(disk, path)).toMatchObject({ header: { follows: 1 }, entries: [...entry(2), ...entry(3)] });
  });

  it('lets appends wait while it is rewritten', async () => {
    const disk = memoryDisk();
    const journal = openJournal(disk, path, 't');
    await journal.readBack();
    const first = journal.append(entry(1));
    const rewritten = journal.alone(async () => {
      expect(readJournal(disk, path).entries).toEqual(entry(1));
      await new Promise((resolve) => setImmediate(resolve));
      await journal.rewrite(5, []);
    });
    await Promise.all([first, rewritten, journal.append(entry(2))]);
    expect(readJournal(disk, path)).toMatchObject({ header: { follows: 5 }, entries: entry(2) });
  });
});
