// SECURITY.md names the test that keeps each promise: the tests must be there.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const text = readFileSync(`${root}SECURITY.md`, 'utf8');
const rows = [...text.matchAll(/^\| (?!promise|who|-)(.+) \| ([^|]+) \|$/gm)];

describe('SECURITY.md', () => {
  it('names for every promise a test that is there', () => {
    const promises = rows.filter(([, , kept = '']) => kept.includes('`test/'));
    expect(promises.length).toBeGreaterThan(20);
    const named = promises.flatMap(([, , kept = '']) => [...kept.matchAll(/`(test\/[^`]+)`/g)].map((found) => found[1] ?? ''));
    expect(named.filter((path) => !existsSync(`${root}${path}`))).toEqual([]);
  });

  it('has no promise without one, below its headings for promises', () => {
    const below = text.slice(text.indexOf('## Secrets'), text.indexOf('## For those'));
    const bare = below.split('\n').filter((line) => /^\| (?!promise|-)/.test(line) && !line.includes('`test/'));
    expect(bare).toEqual([]);
  });

  it('invents no address to write to', () => {
    expect(text).not.toMatch(/[\w.+-]+@[\w-]+\.\w+/);
    expect(text).toContain('private advisory');
  });
});
