import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DiffPart, diffText } from '../../src/plan/diff-text.ts';

const wide = { lines: 100_000, characters: 10_000_000 };
const part = (text: string, title = 'Title', key = ''): DiffPart => ({ key, title, text });
const diff = (before: string | null, after: string | null, limits = wide) =>
  diffText(before === null ? [] : [part(before)], after === null ? [] : [part(after)], limits);

/** Puts a unified diff onto a text, checking every line that it says is there; as patch(1) does it, without fuzz. */
function patched(before: string, unified: string): string {
  const old = before === '' ? [] : before.replace(/\n$/, '').split('\n');
  const out: string[] = [];
  let read = 0;
  for (const line of unified.split('\n').slice(2)) {
    const header = /^@@ -(\d+),(\d+) \+(\d+),(\d+) @@$/.exec(line);
    if (header !== null) {
      const start = Number(header[2]) === 0 ? Number(header[1]) : Number(header[1]) - 1;
      while (read < start) out.push(old[read++] ?? '');
      expect(out.length).toBe(Number(header[4]) === 0 ? Number(header[3]) : Number(header[3]) - 1);
      continue;
    }
    const text = line.slice(1);
    if (line.startsWith('+')) out.push(text);
    else expect(old[read++]).toBe(text);
    if (line.startsWith(' ')) out.push(text);
  }
  while (read < old.length) out.push(old[read++] ?? '');
  return out.length === 0 ? '' : `${out.join('\n')}\n`;
}

describe('the diff of what a bot reads', () => {
  it('shows each change with three lines around it', () => {
    const before = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\neleven\n';
    const after = before.replace('two', 'TWO').replace('ten\n', 'ten\nten and a half\n');
    expect(diff(before, after)).toBe(
      [
        '--- given',
        '+++ to be given',
        '@@ -1,5 +1,5 @@',
        ' one',
        '-two',
        '+TWO',
        ' three',
        ' four',
        ' five',
        '@@ -8,4 +8,5 @@',
        ' eight',
        ' nine',
        ' ten',
        '+ten and a half',
        ' eleven',
      ].join('\n'),
    );
  });

  it('is null where both read the same, and tells a new title', () => {
    expect(diff('a\n', 'a\n')).toBeNull();
    expect(diff(null, null)).toBeNull();
    expect(diffText([part('a\n', 'Old')], [part('a\n', 'New')], wide)).toBe('--- given\n+++ to be given\n-title: Old\n+title: New');
  });

  it('shows a new text as put in, and one that goes as taken out', () => {
    expect(diff(null, 'a\nb\n')).toBe('--- nothing\n+++ to be given\n@@ -0,0 +1,2 @@\n+a\n+b');
    expect(diff('a\nb\n', null)).toBe('--- given\n+++ nothing\n@@ -1,2 +0,0 @@\n-a\n-b');
  });

  it('goes part by part, and leaves out the parts that stay', () => {
    const before = [part('a\n', 'T › A', 'a'), part('b\n', 'T › B', 'b'), part('c\n', 'T › C', 'c')];
    const after = [part('a\n', 'T › A', 'a'), part('B\n', 'T › B', 'b'), part('d\n', 'T › D', 'd')];
    expect(diffText(before, after, wide)?.split('\n')).toEqual([
      '--- given b',
      '+++ to be given b',
      '@@ -1,1 +1,1 @@',
      '-b',
      '+B',
      '--- nothing',
      '+++ to be given d',
      '@@ -0,0 +1,1 @@',
      '+d',
      '--- given c',
      '+++ nothing',
      '@@ -1,1 +0,0 @@',
      '-c',
    ]);
  });

  it('is bounded in lines, in characters and in the length of one line, and says how much is missing', () => {
    const many = Array.from({ length: 5_000 }, (_, line) => `line ${line}\n`).join('');
    const byLines = diff(null, many, { lines: 20, characters: 1e6 })?.split('\n') ?? [];
    expect(byLines).toHaveLength(21);
    expect(byLines.at(-1)).toBe('… 4,983 more lines of the diff');
    expect(diff(null, many, { lines: 1e6, characters: 500 })?.length ?? 0).toBeLessThan(560);
    const long = diff(null, `${'😀'.repeat(3_000)}\n`) ?? '';
    expect(long).toContain('characters more)');
    expect(long.length).toBeLessThan(1_200);
    expect(() => encodeURIComponent(long)).not.toThrow();
  });

  it('stays quick where everything is another, and true', () => {
    const before = Array.from({ length: 20_000 }, (_, line) => `old ${line}\n`).join('');
    const after = Array.from({ length: 20_000 }, (_, line) => `new ${line}\n`).join('');
    expect(patched(before, diff(before, after) ?? '')).toBe(after);
  });

  it('leads from the one text to the other, whatever they are', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', '', ' ', '@@ -1,1 +1,1 @@', '--- x'), { maxLength: 30 });
    fc.assert(
      fc.property(text, text, (old, now) => {
        const [before, after] = [old, now].map((lines) => lines.map((line) => `${line}\n`).join('')) as [string, string];
        const unified = diff(before, after);
        if (before === after) expect(unified).toBeNull();
        else expect(patched(before, unified ?? '')).toBe(after);
      }),
      { numRuns: 1_000, seed: 20_261_121 },
    );
  });

  it('is as short as it can be', () => {
    const unified = diff('a\nb\nc\na\nb\nb\na\n', 'c\nb\na\nb\na\nc\n') ?? '';
    const edits = unified
      .split('\n')
      .slice(2)
      .filter((line) => /^[-+]/.test(line));
    expect(edits).toHaveLength(5);
  });
});
