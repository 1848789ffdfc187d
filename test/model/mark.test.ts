// Marks: short enough, recognised again, and never taken for another workspace's.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MarkSource, marker } from '../../src/model/mark.ts';

const wide = marker({ maxCharacters: 500, barred: /[\n]/, suffix: '' });
const narrow = marker({ maxCharacters: 48, barred: /[/:#\\]/g, suffix: '.md' });
const source = (document: string, part = '', workspace = 'docs'): MarkSource => ({ workspace, document, part, effect: 'e1' });
const workspaces = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);

describe('marker', () => {
  it('writes workspace and document id plainly where the field has room', () => {
    expect(wide.write(source('guides/a.md'))).toBe('docs:guides/a.md');
    expect(wide.write(source('guides/a.md', 'install'))).toBe('docs:guides/a.md#install');
  });

  it('falls back to a readable start and a hash where characters are barred or room is short', () => {
    const mark = narrow.write(source('guides/reset-your-password-when-locked-out.md'));
    expect(mark).toMatch(/^docs guides reset-.* [0-9a-f]{20}\.md$/);
    expect(mark.length).toBeLessThanOrEqual(48);
  });

  it('keeps two long ids with one start apart, and two parts of one document', () => {
    const long = 'a'.repeat(100);
    expect(narrow.write(source(`${long}1`))).not.toBe(narrow.write(source(`${long}2`)));
    expect(narrow.write(source(long, 'p1'))).not.toBe(narrow.write(source(long, 'p2')));
  });

  it('never cuts a surrogate pair in half', () => {
    for (let length = 1; length < 40; length += 1) {
      const mark = narrow.write(source(`${'x'.repeat(length)}${'😀'.repeat(30)}`));
      expect(mark).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/);
    }
  });

  it('fits, knows its own and nobody else’s', () => {
    fc.assert(
      fc.property(
        workspaces,
        workspaces,
        fc.string({ minLength: 1, maxLength: 80, unit: 'grapheme' }),
        fc.constantFrom(wide, narrow),
        (ours, theirs, document, field) => {
          const mark = field.write(source(document, '', ours));
          expect(mark.length).toBeLessThanOrEqual(field === wide ? 500 : 48);
          expect(field.write(source(document, '', ours))).toBe(mark);
          expect(field.ours(mark, ours)).toBe(true);
          if (theirs !== ours) expect(field.ours(mark, theirs)).toBe(false);
        },
      ),
      { seed: 20260301 },
    );
  });

  it('does not claim names that people gave', () => {
    for (const name of ['Reset password', 'docs', 'docs guide.md', 'other:docs:a.md', '']) {
      expect(wide.ours(name, 'docs')).toBe(false);
      expect(narrow.ours(name, 'docs')).toBe(false);
    }
  });
});
