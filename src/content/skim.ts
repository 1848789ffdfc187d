// A text with its plain stretches taken out, for the parser: paragraphs of mere words and list items of one such line are most of a large
// document, and the grammar takes a hundred times longer over them than they are worth. What is left has the same blocks in the same order;
// where a stretch stood, one short paragraph or item stands for all of them. Pure, and linear in the text.

/** What is left of a text, and what it stands for. Offsets are UTF-16 units. */
export interface Skim {
  readonly text: string;
  /** Where a character of it stood. */
  original(offset: number): number;
  /** Where those blocks began that were left out behind the one at this offset. */
  following(offset: number): readonly number[];
}

// Neither could begin, go on with or end any other block: no tag, no table, no end of a comment, and a letter first.
const words = /^\p{L}[^<>|\r]*$/u;
const item = /^([-*+]|\d{1,9}([.)])) (?:\[[ xX]\] )?\p{L}[^<>|\r]*$/u;

/** Takes the plain stretches out. */
export function skim(body: string): Skim {
  const lines = body.split('\n');
  const texts: string[] = [];
  const left: number[] = [];
  const originals: number[] = [];
  const skipped = new Map<number, readonly number[]>();
  let length = 0;
  let offset = 0;
  let index = 0;
  const put = (text: string) => {
    left.push(length);
    originals.push(offset);
    texts.push(text);
    length += text.length;
  };
  const pass = (until: number) => {
    for (; index < until; index += 1) offset += (lines[index] ?? '').length + 1;
  };
  while (index < lines.length) {
    const line = lines[index] ?? '';
    const isFirst = index === 0 || isBlank(lines[index - 1]);
    const stretch = (isFirst ? paragraphs(lines, index) : null) ?? items(lines, index, isFirst);
    if (stretch === null) {
      put(index + 1 < lines.length ? `${line}\n` : line);
      pass(index + 1);
      continue;
    }
    const starts: number[] = [];
    let at = offset;
    let next = 0;
    for (let row = index; row < stretch.end; row += 1) {
      if (row === stretch.starts[next]) {
        starts.push(at);
        next += 1;
      }
      at += (lines[row] ?? '').length + 1;
    }
    skipped.set(length, starts.slice(1));
    put(stretch.stand + (stretch.end < lines.length ? '\n' : ''));
    pass(stretch.end);
  }
  const indexOf = (at: number) => lastAtOrBefore(left, at);
  return {
    text: texts.join(''),
    original(at) {
      const found = indexOf(at);
      return skipped.has(left[found] ?? -1) ? (originals[found] ?? 0) : (originals[found] ?? 0) + at - (left[found] ?? 0);
    },
    following: (at) => skipped.get(at) ?? [],
  };
}

/** Lines that one block can stand for: those its blocks begin at, and the one behind them. */
interface Stretch {
  readonly starts: readonly number[];
  readonly end: number;
  readonly stand: string;
}

function paragraphs(lines: readonly string[], index: number): Stretch | null {
  const starts: number[] = [];
  let end = index;
  for (let next = index; next < lines.length; ) {
    const until = stanzaEnd(lines, next);
    if (until === next || !lines.slice(next, until).every((line) => words.test(line))) break;
    starts.push(next);
    end = until;
    next = until;
    while (next < lines.length && isBlank(lines[next])) next += 1;
  }
  return starts.length === 0 ? null : { starts, end, stand: 'x' };
}

function stanzaEnd(lines: readonly string[], index: number): number {
  let end = index;
  while (end < lines.length && !isBlank(lines[end])) end += 1;
  return end;
}

/**
 * A number begins a list for sure only behind a blank line (and with micromark 4 not even there where code is indented above); and what a block
 * of HTML has swallowed ends at the next one.
 */
function items(lines: readonly string[], index: number, isFirst: boolean): Stretch | null {
  const mark = item.exec(lines[index] ?? '');
  if (mark === null || (mark[2] !== undefined && (!isFirst || isBelowIndented(lines, index)))) return null;
  const kind = mark[2] ?? mark[1];
  const starts: number[] = [];
  let last = mark[1] ?? '';
  let end = index;
  for (let next = index; next < lines.length; next += 1) {
    if (isFirst && isBlank(lines[next])) continue;
    const other = item.exec(lines[next] ?? '');
    if (other === null || (other[2] ?? other[1]) !== kind) break;
    starts.push(next);
    end = next + 1;
    last = other[1] ?? '';
  }
  // What follows belongs to the last one by the width of its mark.
  return { starts, end, stand: `${last} x` };
}

function isBelowIndented(lines: readonly string[], index: number): boolean {
  let above = index - 1;
  while (above >= 0 && isBlank(lines[above])) above -= 1;
  return /^[ \t]/.test(lines[above] ?? '');
}

function isBlank(line: string | undefined): boolean {
  return line === undefined || /^[ \t]*$/.test(line);
}

function lastAtOrBefore(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((sorted[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
