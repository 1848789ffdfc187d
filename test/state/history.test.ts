// The history: appended, read from its end, torn lines left out, one old file kept.
import { expect, it } from 'vitest';
import { appendHistory, type HistoryEntry, readHistory } from '../../src/state/history.ts';
import { memoryDisk } from '../../src/testkit/faults.ts';
import { noon } from './entries.ts';

const dir = '/state';
const run = (n: number, target = 'support'): HistoryEntry => ({ at: noon, kind: 'run', target, n });

it('gives the newest back, oldest of them first', async () => {
  const disk = memoryDisk();
  expect(readHistory(disk, dir, { limit: 5 })).toEqual([]);
  for (let n = 1; n <= 5; n += 1) await appendHistory(disk, dir, run(n, n === 4 ? 'site' : 'support'));
  expect(readHistory(disk, dir, { limit: 2 })).toEqual([run(4, 'site'), run(5)]);
  expect(readHistory(disk, dir, { limit: 2, target: 'support' })).toEqual([run(3), run(5)]);
  expect(readHistory(disk, dir, { limit: 99 })).toHaveLength(5);
});

it('leaves out what cannot be read and loses nothing behind it', async () => {
  const disk = memoryDisk();
  await appendHistory(disk, dir, run(1));
  disk.plant('/state/history.jsonl', `${disk.files()['/state/history.jsonl']}[]\n{"at":"2026","ki`);
  await appendHistory(disk, dir, run(2));
  expect(readHistory(disk, dir, { limit: 9 })).toEqual([run(1), run(2)]);
});

it('keeps one old file past ten megabytes, and reads on in it', async () => {
  const disk = memoryDisk();
  const line = `${JSON.stringify({ ...run(0), padding: 'x'.repeat(1_000) })}\n`;
  disk.plant('/state/history.jsonl', line.repeat(Math.ceil((10 * 1024 * 1024) / line.length)));
  disk.plant('/state/history.old.jsonl', `${JSON.stringify(run(-1))}\n`);
  await appendHistory(disk, dir, run(1));
  await appendHistory(disk, dir, run(2));
  expect(Object.keys(disk.files())).toEqual(['/state/history.jsonl', '/state/history.old.jsonl']);
  expect(readHistory(disk, dir, { limit: 3 }).map((entry) => entry['n'])).toEqual([0, 1, 2]);
  expect(readHistory(disk, dir, { limit: 1_000_000 }).some((entry) => entry['n'] === -1)).toBe(false);
});
