// Questions that kbsync asked itself: noted as hashes, read again per target and time, whatever happened to the file.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { questionHash } from '../../src/model/asked.ts';
import { noteAsked, readAsked } from '../../src/state/asked.ts';
import { nodeDisk } from '../../src/state/disk.ts';

const disk = nodeDisk();
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kbsync-asked-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const question = (target: string, at: string) => ({ at, target, hash: questionHash('Where is Erika?') });

it('are read again by target and time, and never hold the question', async () => {
  const [a, b, c] = [
    question('a', '2026-11-01T00:00:00.000Z'),
    question('a', '2026-11-03T00:00:00.000Z'),
    question('b', '2026-11-03T00:00:00.000Z'),
  ];
  for (const one of [a, b, c]) await noteAsked(disk, join(dir, 'state'), one);
  expect(readAsked(disk, join(dir, 'state'), 'a', '2026-11-02T00:00:00.000Z')).toEqual([b]);
  expect(readAsked(disk, join(dir, 'state'), 'a', '2026-11-01T00:00:00.000Z')).toEqual([a, b]);
  expect(readFileSync(join(dir, 'state', 'asked.jsonl'), 'utf8')).not.toContain('Erika');
  expect(readAsked(disk, join(dir, 'nowhere'), 'a', '')).toEqual([]);
});

it('survive a torn line and lines that are none', async () => {
  writeFileSync(join(dir, 'asked.jsonl'), 'null\n{"at":1}\n{"at":"2026-');
  const one = question('a', '2026-11-03T00:00:00.000Z');
  await noteAsked(disk, dir, one);
  expect(readAsked(disk, dir, 'a', '')).toEqual([one]);
});

it('go on in a new file past a megabyte, with the one before', async () => {
  const one = question('a', '2026-11-03T00:00:00.000Z');
  writeFileSync(join(dir, 'asked.jsonl'), `${JSON.stringify(one)}\n`.repeat(13_000));
  await noteAsked(disk, dir, { ...one, at: '2026-11-04T00:00:00.000Z' });
  expect(readFileSync(join(dir, 'asked.jsonl'), 'utf8').split('\n')).toHaveLength(2);
  expect(readAsked(disk, dir, 'a', '')).toHaveLength(13_001);
});
