import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Edit, offsetOf, placeAt, sliceOf, splice, weave } from '../../src/content/woven.ts';

const source = (text: string, path = 'a.md', firstLine = 1) => weave({ path, text, firstLine });

describe('splice', () => {
  it('puts texts in, takes them out, and knows where what is left came from', () => {
    const woven = splice(source('one two\nthree', 'a.md', 5), [
      { start: 0, end: 3, insert: 'ONE!' },
      { start: 4, end: 4, insert: '(new) ' },
      { start: 8, end: 9, insert: '' },
    ]);
    expect(woven.text).toBe('ONE! (new) two\nhree');
    expect(placeAt(woven, woven.text.indexOf('two'))).toEqual({ path: 'a.md', line: 5, column: 5 });
    expect(placeAt(woven, woven.text.indexOf('hree'))).toEqual({ path: 'a.md', line: 6, column: 2 });
    expect(placeAt(woven, 2)).toEqual({ path: 'a.md', line: 5, column: 1 });
  });

  it('texts of other files keep their own places, through later splices too', () => {
    const inner = splice(source('x\ny\nz', 'inner.md', 3), [{ start: 0, end: 2, insert: '' }]);
    const outer = splice(source('before INCLUDE after'), [{ start: 7, end: 14, insert: inner }]);
    const last = splice(outer, [{ start: 0, end: 7, insert: '' }]);
    expect(last.text).toBe('y\nz after');
    expect(placeAt(last, 2)).toEqual({ path: 'inner.md', line: 5, column: 1 });
    expect(placeAt(last, last.text.indexOf('after'))).toEqual({ path: 'a.md', line: 1, column: 16 });
    expect(placeAt(sliceOf(last, 2, 9), 0)).toEqual({ path: 'inner.md', line: 5, column: 1 });
  });

  it('of edits that overlap the outer one counts', () => {
    const edits: Edit[] = [
      { start: 2, end: 8, insert: 'X' },
      { start: 3, end: 4, insert: 'Y' },
      { start: 2, end: 3, insert: 'Z' },
    ];
    expect(splice(source('0123456789'), edits).text).toBe('01X89');
  });

  it('nothing to do gives the very same text', () => {
    const woven = source('abc');
    expect(splice(woven, [])).toBe(woven);
  });

  it('every character that stays names its own line and column, whatever is done', () => {
    const edit = fc.record({ at: fc.nat(60), length: fc.nat(9), insert: fc.constantFrom('', '\n', 'new', 'x\ny') });
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z \n]{0,60}$/),
        fc.array(edit, { maxLength: 6 }),
        fc.array(edit, { maxLength: 6 }),
        (text, first, second) => {
          const editsOf = (list: typeof first, length: number) =>
            list
              .filter(({ at }) => at <= length)
              .map(({ at, length: size, insert }) => ({ start: at, end: Math.min(length, at + size), insert: insert.toUpperCase() }));
          const once = splice(source(text), editsOf(first, text.length));
          const twice = splice(once, editsOf(second, once.text.length));
          for (let at = 0; at < twice.text.length; at += 1) {
            const character = twice.text[at] ?? '';
            // What was put in is in capitals or a line break: it has no place of its own.
            if (!/[a-z ]/.test(character)) continue;
            const { line, column } = placeAt(twice, at);
            expect(text[offsetOf(text, line, column)]).toBe(character);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('placeAt', () => {
  it('reads a file once, however many places of it are asked for', () => {
    let reads = 0;
    const text = 'line\n'.repeat(2_000);
    const counted = {
      path: 'a.md',
      firstLine: 1,
      get text() {
        reads += 1;
        return text;
      },
    };
    const woven = weave(counted);
    for (let line = 0; line < 2_000; line += 1) expect(placeAt(woven, line * 5 + 3)).toEqual({ path: 'a.md', line: line + 1, column: 4 });
    expect(reads).toBeLessThan(10_000);
  });

  it('counts as lines and columns are counted, at the ends too', () => {
    const woven = weave({ path: 'a.md', text: 'ab\n\nc', firstLine: 7 });
    const places = [0, 2, 3, 4, 5].map((offset) => placeAt(woven, offset)).map(({ line, column }) => `${line}:${column}`);
    expect(places).toEqual(['7:1', '7:3', '8:1', '9:1', '9:2']);
  });
});
