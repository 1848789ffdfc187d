// The file of retractions: what compaction keeps, when it is due, and that nothing is lost by a death, another process or a line that nobody can read.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Disk, nodeDisk } from '../../src/state/disk.ts';
import {
  appendRetractions,
  compactRetractions,
  lastWords,
  type RetractionLine,
  readRetractions,
  retractionsLock,
  withoutVoid,
} from '../../src/state/retractions.ts';
import { createRetractions } from '../../src/workspace/retractions.ts';

let dir: string;
const file = () => join(dir, 'retracted.jsonl');
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kbsync-retractions-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const line = (document: string, at: number, targets: readonly string[] | null, ends = false): RetractionLine => ({
  at: new Date(at).toISOString(),
  document,
  retracted: ends ? null : { path: document, since: new Date(at).toISOString(), file: `${at}` },
  targets,
});
/** One page, out and in again and again. */
const many = (count: number) => Array.from({ length: count }, (_, n) => line('a.md', n, ['one'], n % 2 === 1));

describe('compaction', () => {
  it('tells every target the same as all of the lines, and has none too many', () => {
    const names = ['one', 'two', 'three'];
    const word = fc.record({
      document: fc.constantFrom('a.md', 'b.md'),
      targets: fc.option(fc.subarray(names, { minLength: 1 }), { nil: null }),
      ends: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        const lines = words.map(({ document, targets, ends }, at) => line(document, at, targets, ends));
        const kept = withoutVoid(lines);
        // Also a target that is yet to come.
        for (const name of [...names, 'later']) {
          const plain = (from: readonly RetractionLine[]) => [...lastWords(from, name)].sort(([a], [b]) => (a < b ? -1 : 1));
          expect(plain(kept)).toEqual(plain(lines));
        }
        expect(withoutVoid(kept)).toEqual(kept);
        expect(kept.length).toBeLessThanOrEqual(2 * (names.length + 1));
      }),
    );
  });

  it('is due where most of many lines are void', async () => {
    const disk = nodeDisk();
    await appendRetractions(disk, dir, many(200));
    await compactRetractions(disk, dir);
    expect(readRetractions(disk, dir)).toHaveLength(200);
    await appendRetractions(disk, dir, [line('b.md', 900, null)]);
    await compactRetractions(disk, dir);
    expect(readRetractions(disk, dir)).toEqual([many(200).at(-1), line('b.md', 900, null)]);
    expect(readdirSync(dir)).toEqual(['retracted.jsonl']);
  });

  it('is not due where the lines are all somebody’s last word', async () => {
    const disk = nodeDisk();
    const lines = Array.from({ length: 300 }, (_, n) => line(`${n}.md`, n, null));
    await appendRetractions(disk, dir, lines);
    await compactRetractions(disk, dir);
    expect(readRetractions(disk, dir)).toEqual(lines);
  });

  it('leaves a file with a line that cannot be read as it is, and takes out what a death cut short and a later word made good', async () => {
    const disk = nodeDisk();
    await appendRetractions(disk, dir, many(300));
    const whole = readFileSync(file(), 'utf8');
    writeFileSync(file(), `<<<<<<< HEAD\n${whole}`);
    await compactRetractions(disk, dir);
    expect(readFileSync(file(), 'utf8')).toBe(`<<<<<<< HEAD\n${whole}`);
    writeFileSync(file(), `{"at":"2026\n${whole}`);
    await compactRetractions(disk, dir);
    expect(readRetractions(disk, dir)).toEqual([many(300).at(-1)]);
    expect(readFileSync(file(), 'utf8')).not.toContain('"2026\n');
  });

  it('that dies leaves the old file, whole', async () => {
    const disk: Disk = { ...nodeDisk(), replace: () => Promise.reject(new Error('killed')) };
    await appendRetractions(disk, dir, many(300));
    await expect(compactRetractions(disk, dir)).rejects.toThrow('killed');
    expect(readRetractions(disk, dir)).toEqual(many(300));
  });

  it('writes nothing where another process has appended meanwhile', async () => {
    const real = nodeDisk();
    await appendRetractions(real, dir, many(300));
    const late = line('late.md', 999, null);
    let done = false;
    const disk: Disk = {
      ...real,
      read(path, last) {
        const found = real.read(path, last);
        if (!done) writeFileSync(file(), `${readFileSync(file(), 'utf8')}${JSON.stringify(late)}\n`);
        done = true;
        return found;
      },
    };
    await compactRetractions(disk, dir);
    expect(readRetractions(real, dir).at(-1)).toEqual(late);
    expect(readRetractions(real, dir)).toHaveLength(301);
  });
});

it('two that write at once lose nothing of each other, and no lock is left', async () => {
  const place = { disk: nodeDisk(), dir, now: Date.now, names: [], stateOf: () => Promise.resolve([]) };
  await appendRetractions(place.disk, dir, many(300));
  const writers = [createRetractions(place), createRetractions(place)];
  await Promise.all(writers.flatMap((writer, index) => [1, 2, 3].map((n) => writer.endEverywhere(`${index}-${n}.md`))));
  const documents = readRetractions(place.disk, dir).map(({ document }) => document);
  expect([...documents].sort()).toEqual(['0-1.md', '0-2.md', '0-3.md', '1-1.md', '1-2.md', '1-3.md', 'a.md']);
  expect(place.disk.stat(retractionsLock(dir))).toBeNull();
}, 20_000);
