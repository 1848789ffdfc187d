import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { EmulatorStore } from '../../src/connectors/emulator.ts';
import { SyncError } from '../../src/model/error.ts';
import { fileStore, memoryStore } from '../../src/sandbox/store.ts';

const folders: string[] = [];
const folder = () => {
  const dir = mkdtempSync(join(tmpdir(), 'kbsync-store-'));
  folders.push(dir);
  return dir;
};
afterEach(() => {
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true });
});

const kinds: [string, () => EmulatorStore][] = [
  ['memory', memoryStore],
  ['file', () => fileStore(folder(), 'vendor')],
];

describe.each(kinds)('%s store', (_kind, make) => {
  it('keeps values by collection and id, in the order of first insertion', () => {
    const store = make();
    store.put('bots', 'b', { n: 1 });
    store.put('bots', 'a', { n: 2 });
    store.put('bots', 'b', { n: 3 });
    store.put('other', 'b', null);
    expect([...store.entries('bots')]).toEqual([
      ['b', { n: 3 }],
      ['a', { n: 2 }],
    ]);
    expect([store.get('bots', 'a'), store.get('other', 'b'), store.get('none', 'b'), store.size('bots')]).toEqual([
      { n: 2 },
      null,
      undefined,
      2,
    ]);
    store.delete('bots', 'b');
    store.delete('bots', 'never');
    expect([store.get('bots', 'b'), store.size('bots'), store.size('none')]).toEqual([undefined, 1, 0]);
  });

  it('refuses that a value is changed in place', () => {
    const store = make();
    const value = { rows: [1] };
    store.put('c', 'x', value);
    expect(() => value.rows.push(2)).toThrow(TypeError);
  });
});

describe('file store', () => {
  it('meets the same values in the same order after a restart', () => {
    const dir = folder();
    const first = fileStore(dir, 'vendor');
    for (const id of ['c', 'a', 'b']) first.put('rows', id, { text: `${id} ünï\n` });
    first.delete('rows', 'c');
    first.put('rows', 'c', 'again');
    first.close();
    const second = fileStore(dir, 'vendor');
    expect([...second.entries('rows')]).toEqual([
      ['a', { text: 'a ünï\n' }],
      ['b', { text: 'b ünï\n' }],
      ['c', 'again'],
    ]);
    second.close();
    expect(() => second.put('rows', 'd', 1)).toThrow(/after it was closed/);
  });

  it('cuts a torn last line and goes on after it', () => {
    const dir = folder();
    const first = fileStore(dir, 'v');
    first.put('rows', 'a', 1);
    first.close();
    appendFileSync(join(dir, 'v.jsonl'), '["rows","b",{"te');
    const second = fileStore(dir, 'v');
    expect([...second.entries('rows')]).toEqual([['a', 1]]);
    second.put('rows', 'c', 3);
    second.close();
    expect([...fileStore(dir, 'v').entries('rows')]).toEqual([
      ['a', 1],
      ['c', 3],
    ]);
  });

  it('refuses a broken line in the middle, with file and line', () => {
    const dir = folder();
    writeFileSync(join(dir, 'v.jsonl'), '["rows","a",1]\n{"no":"line"}\n["rows","b",2]\n');
    expect(() => fileStore(dir, 'v')).toThrow(SyncError);
    expect(() => fileStore(dir, 'v')).toThrow(/v\.jsonl, line 2/);
  });

  it('rewrites a log that is large and mostly past', () => {
    const dir = folder();
    const store = fileStore(dir, 'v');
    const text = 'x'.repeat(100_000);
    for (let round = 0; round < 60; round++) store.put('rows', `r${round % 10}`, { text, round });
    const bytes = statSync(join(dir, 'v.jsonl')).size;
    expect(bytes).toBeLessThan(3_000_000);
    expect(existsSync(join(dir, 'v.jsonl.new'))).toBe(false);
    store.put('rows', 'last', 1);
    store.close();
    const again = fileStore(dir, 'v');
    expect([...again.entries('rows')].map(([id, value]) => [id, (value as { round?: number }).round])).toEqual([
      ...Array.from({ length: 10 }, (_unused, index) => [`r${index}`, 50 + index]),
      ['last', undefined],
    ]);
    again.close();
    expect(readFileSync(join(dir, 'v.jsonl'), 'utf8').endsWith('["rows","last",1]\n')).toBe(true);
  });
});
