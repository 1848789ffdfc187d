// Two texts → their unified diff, line by line, bounded in size. Pure. The shortest edit where it is found within the bound (Myers 1986,
// "An O(ND) Difference Algorithm and Its Variations"), else the whole stretch as taken out and put in: always true, only less neat.
import { counted } from './words.ts';

/** One part of what a bot is given. */
export interface DiffPart {
  readonly key: string;
  readonly title: string;
  readonly text: string;
}

export interface DiffLimits {
  /** Lines of one document's diff. */
  readonly lines: number;
  /** UTF-16 units of one document's diff. */
  readonly characters: number;
}

/** Unchanged lines shown around each change. */
const contextLines = 3;
/** Edits looked for before a stretch counts as rewritten; the work grows with its square. */
const mostEdits = 1_000;

type Edit = { readonly kind: 'same' | 'out' | 'in'; readonly text: string };

/**
 * What changes in the text that a bot reads, part by part: `before` is what it was last given ([] for nothing), `after` what it would be
 * given ([] for nothing any more). Null where both read the same.
 */
export function diffText(before: readonly DiffPart[], after: readonly DiffPart[], limits: DiffLimits): string | null {
  const old = new Map(before.map((part) => [part.key, part]));
  const now = new Map(after.map((part) => [part.key, part]));
  const keys = [...new Set([...after.map(({ key }) => key), ...before.map(({ key }) => key)])];
  const lines = keys.flatMap((key) => partDiff(key, old.get(key) ?? null, now.get(key) ?? null));
  return lines.length === 0 ? null : bounded(lines, limits);
}

function partDiff(key: string, before: DiffPart | null, after: DiffPart | null): readonly string[] {
  const hunks = hunksOf(editsOf(linesOf(before), linesOf(after)));
  if (hunks.length === 0 && before?.title === after?.title) return [];
  const name = key === '' ? '' : ` ${key}`;
  const renamed = before !== null && after !== null && before.title !== after.title;
  return [
    before === null ? '--- nothing' : `--- given${name}`,
    after === null ? '+++ nothing' : `+++ to be given${name}`,
    ...(renamed ? [`-title: ${before.title}`, `+title: ${after.title}`] : []),
    ...hunks,
  ];
}

function linesOf(part: DiffPart | null): readonly string[] {
  if (part === null || part.text === '') return [];
  const lines = part.text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Never longer than it was allowed: what is left out is counted. */
function bounded(lines: readonly string[], limits: DiffLimits): string {
  const kept: string[] = [];
  let size = 0;
  for (const line of lines) {
    // One endless line must not use up the page.
    const shown = line.length > 1_000 ? `${cut(line, 1_000)}… (${counted(line.length - 1_000, 'character')} more)` : line;
    if (kept.length >= limits.lines || size + shown.length > limits.characters) break;
    kept.push(shown);
    size += shown.length + 1;
  }
  const left = lines.length - kept.length;
  if (left > 0) kept.push(`… ${counted(left, 'more line')} of the diff`);
  return kept.join('\n');
}

/** Not within a surrogate pair. */
function cut(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

/** The hunks of a unified diff with their headers. */
function hunksOf(edits: readonly Edit[]): readonly string[] {
  const changed = edits.flatMap((edit, index) => (edit.kind === 'same' ? [] : [index]));
  const out: string[] = [];
  for (let at = 0; at < changed.length; ) {
    const first = changed[at] ?? 0;
    let last = first;
    while (at < changed.length && (changed[at] ?? 0) - last <= contextLines * 2) {
      last = changed[at] ?? last;
      at += 1;
    }
    const [start, end] = [Math.max(0, first - contextLines), Math.min(edits.length, last + contextLines + 1)];
    const before = edits.slice(0, start);
    const hunk = edits.slice(start, end);
    const sideOf = (kind: 'out' | 'in') => {
      const length = hunk.filter((edit) => edit.kind !== (kind === 'out' ? 'in' : 'out')).length;
      const above = before.filter((edit) => edit.kind !== (kind === 'out' ? 'in' : 'out')).length;
      return `${length === 0 ? above : above + 1},${length}`;
    };
    out.push(`@@ -${sideOf('out')} +${sideOf('in')} @@`);
    for (const { kind, text } of hunk) out.push(`${kind === 'same' ? ' ' : kind === 'out' ? '-' : '+'}${text}`);
  }
  return out;
}

function editsOf(before: readonly string[], after: readonly string[]): readonly Edit[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const same = (lines: readonly string[]): Edit[] => lines.map((text) => ({ kind: 'same', text }));
  const middle = middleEdits(before.slice(start, before.length - end), after.slice(start, after.length - end));
  return [...same(before.slice(0, start)), ...middle, ...same(before.slice(before.length - end))];
}

function middleEdits(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const taken = before.map((text): Edit => ({ kind: 'out', text }));
  const put = after.map((text): Edit => ({ kind: 'in', text }));
  if (before.length === 0 || after.length === 0) return [...taken, ...put];
  return shortestEdits(before, after) ?? [...taken, ...put];
}

/** Furthest-reaching paths by number of edits, then the way back; null where more edits are needed than are looked for. */
function shortestEdits(before: readonly string[], after: readonly string[]): readonly Edit[] | null {
  const most = Math.min(mostEdits, before.length + after.length);
  const reach = new Int32Array(2 * most + 3);
  const at = (diagonal: number) => reach[diagonal + most + 1] ?? 0;
  const trace: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits += 1) {
    trace.push(reach.slice(most + 1 - edits - 1, most + 1 + edits + 2));
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const down = diagonal === -edits || (diagonal !== edits && at(diagonal - 1) < at(diagonal + 1));
      let x = down ? at(diagonal + 1) : at(diagonal - 1) + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x += 1;
      reach[diagonal + most + 1] = x;
      if (x >= before.length && x - diagonal >= after.length) return wayBack(before, after, trace);
    }
  }
  return null;
}

/** `trace[n]` holds the reaches before the n-th edit, for diagonals -n-1 … n+1. */
function wayBack(before: readonly string[], after: readonly string[], trace: readonly Int32Array[]): readonly Edit[] {
  const back: Edit[] = [];
  let [x, y] = [before.length, after.length];
  for (let edits = trace.length - 1; edits >= 0; edits -= 1) {
    const at = (diagonal: number) => trace[edits]?.[diagonal + edits + 1] ?? 0;
    const diagonal = x - y;
    const down = diagonal === -edits || (diagonal !== edits && at(diagonal - 1) < at(diagonal + 1));
    const from = down ? diagonal + 1 : diagonal - 1;
    const [fromX, fromY] = edits === 0 ? [0, 0] : [at(from), at(from) - from];
    while (x > fromX && y > fromY) {
      x -= 1;
      y -= 1;
      back.push({ kind: 'same', text: before[x] ?? '' });
    }
    if (edits === 0) break;
    if (down) back.push({ kind: 'in', text: after[fromY] ?? '' });
    else back.push({ kind: 'out', text: before[fromX] ?? '' });
    [x, y] = [fromX, fromY];
  }
  return back.reverse();
}
