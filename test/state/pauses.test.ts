// Pauses on disk: that the file is there is what counts, whatever it holds.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeDisk } from '../../src/state/disk.ts';
import { readPauses, removePause, writePause } from '../../src/state/pauses.ts';

const disk = nodeDisk();
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kbsync-pauses-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('are kept by target, since when they were first asked for, in a folder for their user only', async () => {
  expect(readPauses(disk, dir).size).toBe(0);
  expect(await removePause(disk, dir, 'site')).toBe(false);
  await writePause(disk, dir, 'site', { since: '2026-11-21T10:00:00.000Z', by: 'kbsync watch pause' });
  await writePause(disk, dir, 'site', { since: '2026-11-22T10:00:00.000Z', by: 'somebody else' });
  await writePause(disk, dir, 'paused', { since: '2026-11-22T10:00:00.000Z', by: 'POST /api/pause' });
  expect([...readPauses(disk, dir)]).toEqual([
    ['paused', { since: '2026-11-22T10:00:00.000Z', by: 'POST /api/pause' }],
    ['site', { since: '2026-11-21T10:00:00.000Z', by: 'kbsync watch pause' }],
  ]);
  expect(statSync(join(dir, 'daemon', 'paused')).mode & 0o777).toBe(0o700);
  expect(await removePause(disk, dir, 'site')).toBe(true);
  expect([...readPauses(disk, dir).keys()]).toEqual(['paused']);
});

it('hold whatever their file says, and nothing else is taken for one', async () => {
  await writePause(disk, dir, 'site', { since: '2026-11-21T10:00:00.000Z', by: 'kbsync watch pause' });
  for (const text of ['', 'nonsense', 'null', '[]', '{"since":"yesterday","by":7}']) {
    writeFileSync(join(dir, 'daemon', 'paused', 'site.json'), text);
    expect([...readPauses(disk, dir)]).toEqual([['site', { since: null, by: null }]]);
  }
  for (const name of ['README', '.site.json.1.tmp', 'Support.json']) writeFileSync(join(dir, 'daemon', 'paused', name), '{}');
  expect(readPauses(disk, dir).size).toBe(1);
});
