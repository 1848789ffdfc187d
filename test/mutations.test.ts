// The mutations of the campaign still fit the source: each changes a text that is there once, and each promise has one. Whether the tests notice
// them only `npm run campaign -- --mutations` sees.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { mutations } from '../campaign/mutations.ts';

const path = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url));

describe('what is spoilt on purpose', () => {
  it.each(mutations)('$promise: $what', ({ edits, test }) => {
    expect(existsSync(path(test)), test).toBe(true);
    expect(edits.length).toBeGreaterThan(0);
    for (const { file, find, put } of edits) {
      expect(readFileSync(path(file), 'utf8').split(find).length, `${file} has the place once`).toBe(2);
      expect(put).not.toBe(find);
    }
  });

  it('every invariant is broken at least once', () => {
    const promises = mutations.map(({ promise }) => /^\d+/.exec(promise)?.[0]);
    expect(Array.from({ length: 12 }, (_, n) => String(n + 1)).filter((number) => !promises.includes(number))).toEqual([]);
  });

  it('every one is another one', () => {
    const what = mutations.map(({ promise, what }) => `${promise}: ${what}`);
    expect(new Set(what).size).toBe(what.length);
  });
});
