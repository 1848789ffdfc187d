// The history: appended, read from its end, torn lines left out, one old file kept.
import { expect, it } from 'vitest';
import { appendHistory, type HistoryEntry, readHistory } from '../../src/state/history.ts';
import { memoryDisk } from '../../src/testkit/faults.ts';
import { noon } from './entries.ts';

const dir = '/state';
const run = (n: number, target = 'support'): HistoryEntry => ({ at: noon, kind: 'run', target, n });

it('gives the newest back, oldest of them first', async () => {
  const disk = memoryDisk();
  expect(readHistory(disk, dir, { limit: 5 })).toEqual({ entries: [], damaged: 0 });
  for (let n = 1; n <= 5; n += 1) await appendHistory(disk, dir, run(n, n === 4 ? 'site' : 'support'));
  expect(readHistory(disk, dir, { limit: 2 }).entries).toEqual([run(4, 'site'), run(5)]);
  expect(readHistory(disk, dir, { limit: 2, targets: ['support'] }).entries).toEqual([run(3), run(5)]);
  expect(readHistory(disk, dir, { limit: 99 }).entries).toHaveLength(5);
});

it('answers a query: since a time, what is asked for, and a target under its former names', async () => {
  const disk = memoryDisk();
  const at = (day: number, target: string, more = {}): HistoryEntry => ({
    at: `2026-11-0${day}T00:00:00.000Z`,
    kind: 'run',
    target,
    ...more,
  });
  const entries = [at(1, 'old'), at(2, 'other'), at(3, 'new', { from: 'old' }), at(4, 'old'), at(5, 'new')];
  for (const entry of entries) await appendHistory(disk, dir, entry);
  const days = (query: object) => readHistory(disk, dir, { limit: 9, ...query }).entries.map((entry) => Number(entry.at.slice(9, 10)));
  expect(days({ targets: ['new'] })).toEqual([1, 3, 5]);
  expect(days({ since: '2026-11-03T00:00:00.000Z' })).toEqual([3, 4, 5]);
  expect(days({ where: (entry: HistoryEntry) => entry.target === 'old', limit: 1 })).toEqual([4]);
});

it('leaves out what cannot be read and loses nothing behind it', async () => {
  const disk = memoryDisk();
  await appendHistory(disk, dir, run(1));
  disk.plant('/state/history.jsonl', `${disk.files()['/state/history.jsonl']}[]\n{"at":"2026","ki`);
  await appendHistory(disk, dir, run(2));
  expect(readHistory(disk, dir, { limit: 9 })).toEqual({ entries: [run(1), run(2)], damaged: 2 });
});

it('keeps one old file past ten megabytes, and reads on in it', async () => {
  const disk = memoryDisk();
  const line = `${JSON.stringify({ ...run(0), padding: 'x'.repeat(1_000) })}\n`;
  disk.plant('/state/history.jsonl', line.repeat(Math.ceil((10 * 1024 * 1024) / line.length)));
  disk.plant('/state/history.old.jsonl', `${JSON.stringify(run(-1))}\n`);
  await appendHistory(disk, dir, run(1));
  await appendHistory(disk, dir, run(2));
  expect(Object.keys(disk.files())).toEqual(['/state/history.jsonl', '/state/history.old.jsonl']);
  expect(readHistory(disk, dir, { limit: 3 }).entries.map((entry) => entry['n'])).toEqual([0, 1, 2]);
  expect(readHistory(disk, dir, { limit: 1_000_000 }).entries.some((entry) => entry['n'] === -1)).toBe(false);
});
