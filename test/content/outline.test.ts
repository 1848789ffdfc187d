// What a body may be split between: the same places as the grammar sees, with plain stretches taken out of its way.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMarkdown } from '../../src/content/formats/markdown.ts';
import { outlineOf, outlineOfPlain } from '../../src/content/outline.ts';
import { skim } from '../../src/content/skim.ts';

/** Where the grammar sees blocks and items begin, in the whole text. */
function placesIn(body: string): readonly number[] {
  const starts = parseMarkdown(body).children.flatMap((node) => {
    const items = node.type === 'list' ? node.children : [node];
    return items.map((item) => body.lastIndexOf('\n', (item.position?.start.offset ?? 0) - 1) + 1);
  });
  return starts.map((start, index) => (index === 0 ? 0 : start));
}

const atomsOf = (body: string) => outlineOf(body).atoms;
/** First line of each atom that can be cut before, with what the cut costs. */
const cutsIn = (body: string) =>
  atomsOf(body)
    .slice(1)
    .filter(({ cost }) => cost !== Number.POSITIVE_INFINITY)
    .map(({ start, cost }) => `${cost} ${body.slice(start).split('\n')[0]}`);

describe('places', () => {
  const line = fc.constantFrom(
    '',
    '',
    '',
    'Plain words.',
    'More of them, [with](a.md) `code` and **more**',
    'x',
    '- item',
    '- other',
    '* star',
    '1. one',
    '7. seven',
    '10. ten',
    '1) paren',
    '- [ ] task',
    '  indented two',
    '   three spaces',
    '    four spaces',
    '\tTab',
    '## Heading',
    'Über',
    '---',
    '===',
    '```',
    '  ```',
    '~~~~',
    '> quote',
    '<div>',
    '</div>',
    '<!--',
    '-->',
    '<pre>',
    '</pre>',
    '| a | b |',
    '|---|---|',
    '[ref]:',
    '[ref]: /url',
    '[^1]: note',
    '"title"',
    '- - nested',
    '-',
    '1.',
    '  - deeper',
    '2021. A year',
  );

  it('are those of the grammar, whatever plain stretches were taken out', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 30 }), (lines) => {
        const body = lines
          .join('\n')
          .replace(/^(?:[ \t]*\n)+/, '')
          .trimEnd();
        expect(atomsOf(body).map(({ start }) => start)).toEqual(placesIn(body));
      }),
      { numRuns: 4_000 },
    );
  });

  it('the stretches taken out are most of a plain text', () => {
    const list = `${'- x\n'.repeat(1_000)}`;
    const words = 'Some words.\nIn two lines.\n\n'.repeat(1_000);
    expect(skim(list).text.length).toBeLessThan(10);
    expect(skim(words).text.length).toBeLessThan(10);
    expect(atomsOf(`## A\n\n${words}${list}`)).toHaveLength(2_001);
  });

  it('cost nothing at headings, more between blocks and items, most within what tags hold together', () => {
    const body = [
      'Intro.',
      '## One',
      'a',
      '- i\n- j',
      '<details>\n<summary>S</summary>',
      'in it',
      '#### Small',
      'w',
      '</details>',
      '[g]: /x',
      '## Two',
      '### Three',
      'b',
    ].join('\n\n');
    expect(cutsIn(body)).toEqual([
      '0 ## One',
      '1 - i',
      '2 - j',
      '1 <details>',
      '5 in it',
      '4 #### Small',
      '5 </details>',
      '3 [g]: /x',
      '0 ## Two',
    ]);
  });

  it('there are none within a table of HTML, and what looks like a heading there is none', () => {
    const body = 'a\n\n<table>\n\n<tr><td>\n\n## In a cell\n\nwords\n\n</td></tr>\n\n</table>\n\nb';
    expect(cutsIn(body)).toEqual(['1 <table>', '1 b']);
    expect(atomsOf(body).every(({ section }) => section === null)).toBe(true);
  });

  it('tags that are never closed, within code or in comments hold nothing together', () => {
    expect(cutsIn('<div>\n\na\n\nb')).toEqual(['1 a', '1 b']);
    expect(cutsIn('`<table>`\n\na\n\n`</table>`')).toEqual(['1 a', '1 `</table>`']);
    expect(cutsIn('<!-- <div> -->\n\na\n\n</div>\n\nb')).toEqual(['1 a', '1 </div>', '1 b']);
    expect(cutsIn('<div>\n\n## A\n\na\n\n## B\n\nb\n\n</div>')).toEqual(['0 ## A', '0 ## B', '1 </div>']);
  });

  it('plain text has them between any two lines where a block is long, paragraphs first', () => {
    const { atoms, definitions } = outlineOfPlain('    a\n    b\n\n    c\n\n[x]: /y', 3);
    expect(atoms.map(({ start, cost }) => [start, cost])).toEqual([
      [0, 1],
      [6, 5],
      [13, 4],
      [20, 3],
    ]);
    expect(definitions).toEqual([]);
  });
});
