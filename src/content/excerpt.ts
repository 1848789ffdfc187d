// Parts of an included file: lines, named sections and regions, what stands below a heading. Pure.
import { toString as wordsOf } from 'mdast-util-to-string';
import { linesOf, nodesOf, parseMarkdown, type Range, rangeOf } from './formats/markdown.ts';
import { slug } from './slug.ts';
import { type Edit, sliceOf, splice, type Woven, weave } from './woven.ts';

/** Lines from 1, the last one included; null: to the end. */
export interface LineRange {
  readonly from: number;
  readonly to: number | null;
}

/** `:4:6`, `:4`, `::3`, `:1:3,5:6` → lines. One number alone begins where it says. */
export function lineRange(text: string): readonly LineRange[] {
  return text
    .replace(/^:/, '')
    .split(',')
    .map((part) => {
      const [from = '', to = ''] = part.split(':');
      return { from: Number(from === '' ? 1 : from), to: to === '' ? null : Number(to) };
    });
}

/** Only these lines. */
export function excerpt(woven: Woven, ranges: readonly LineRange[]): Woven {
  const drops = linesOf(woven.text).flatMap((line, index): readonly Edit[] => {
    const number = index + 1;
    const wanted = ranges.some(({ from, to }) => number >= from && (to === null || number <= to));
    return wanted ? [] : [{ start: line.start, end: Math.min(line.end + 1, woven.text.length), insert: '' }];
  });
  const kept = splice(woven, drops);
  return kept.text.endsWith('\n') ? sliceOf(kept, 0, kept.text.length - 1) : kept;
}

/** What stands between `--8<-- [start:name]` and `--8<-- [end:name]`. */
export function snippetLines(text: string, name: string): Range | null {
  const mark = (kind: string) => new RegExp(`(?<!-)-+8<-+[ \\t]+\\[[ \\t]*${kind}[ \\t]*:[ \\t]*${escaped(name)}[ \\t]*\\]`, 'i');
  return between(text, mark('start'), mark('end'));
}

/** What stands between `#region name` and `#endregion name`, in a comment of whatever language. */
export function regionOf(text: string, name: string): Range | null {
  const comment = '^\\s*(?:\\/\\/|\\/\\*|<!--|--|#|;+|%|REM\\b)?\\s*';
  const ending = '\\s*(?:-->|\\*\\/)?\\s*$';
  const start = new RegExp(`${comment}#?(?:region|pragma region)\\s+${escaped(name)}${ending}`, 'i');
  const end = new RegExp(`${comment}#?(?:endregion|end ?region|pragma endregion)(?:\\s+${escaped(name)})?${ending}`, 'i');
  return between(text, start, end);
}

function between(text: string, start: RegExp, end: RegExp): Range | null {
  let from: number | null = null;
  for (const line of linesOf(text)) {
    if (from === null) {
      if (start.test(line.text)) from = line.end + 1;
    } else if (end.test(line.text)) return { start: Math.min(from, line.start), end: Math.max(from, line.start - 1) };
  }
  return from === null ? null : { start: Math.min(from, text.length), end: text.length };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** A heading by its anchor, and what stands below it. */
export function headingSection(text: string, anchor: string): Range | null {
  let start: number | null = null;
  let depth = 0;
  for (const node of nodesOf(parseMarkdown(text))) {
    if (node.type !== 'heading') continue;
    const range = rangeOf(node);
    if (start !== null && node.depth <= depth) return { start, end: range.start };
    if (start !== null) continue;
    const words = wordsOf(node);
    const own = /\{#([\w:.-]+)\}\s*$/.exec(words)?.[1];
    if (own === anchor || slug(words, 200) === anchor.toLowerCase()) {
      start = range.start;
      depth = node.depth;
    }
  }
  return start === null ? null : { start, end: text.length };
}

/** As a code block, its fence longer than any in the text, its lines moved to the left as far as all of them allow. */
export function fenceFor(body: Woven, info: string): Woven {
  const lines = linesOf(body.text).filter((line) => line.text.trim() !== '');
  const margin = Math.min(...lines.map((line) => line.text.search(/\S/)), Number.MAX_SAFE_INTEGER);
  const shifted = splice(
    body,
    lines.map(({ start }) => ({ start, end: start + margin, insert: '' })),
  );
  const longest = Math.max(2, ...[...shifted.text.matchAll(/^[ \t]*(`{3,})/gm)].map((match) => (match[1] ?? '').length));
  const fence = '`'.repeat(longest + 1);
  const end = shifted.text.length;
  return splice(shifted.text === '' ? weave({ path: '', text: '\n', firstLine: 1 }) : shifted, [
    { start: 0, end: 0, insert: `${fence}${info}\n` },
    { start: end, end, insert: `\n${fence}` },
  ]);
}

/** Each line that is not empty, deeper by some white space. */
export function indented(woven: Woven, space: string): Woven {
  if (space === '') return woven;
  const lines = linesOf(woven.text).filter((line) => line.text.trim() !== '');
  return splice(
    woven,
    lines.map(({ start }) => ({ start, end: start, insert: space })),
  );
}
