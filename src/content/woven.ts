// A text that knows where each of its characters came from: which file and line. Every stage of the rendering changes texts by splices at
// offsets, so that the rest stays byte for byte and a problem found late still names the line that its author wrote. Pure.

import { lineStarts, placeIn } from './lint-rules.ts';

/** A file's text, or the part of it that counts. */
export interface Source {
  /** Relative to the content root. */
  readonly path: string;
  readonly text: string;
  /** The line of the file that the text begins in, from 1. */
  readonly firstLine: number;
}

interface Span {
  /** Where it begins in the woven text. */
  readonly at: number;
  readonly source: Source;
  readonly offset: number;
  /** What was put in: all of it comes from one place. */
  readonly fixed: boolean;
}

export interface Woven {
  readonly text: string;
  /** In order, without gaps. */
  readonly spans: readonly Span[];
  /** What was found out about the text: dear, and asked for by every step that leaves it as it is. */
  readonly known: Map<string, unknown>;
}

/** Puts `insert` in the place of the text between two offsets (UTF-16 units). */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly insert: string | Woven;
}

/** From 1. */
export interface Place {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** The text of one file. */
export function weave(source: Source): Woven {
  return { text: source.text, spans: [{ at: 0, source, offset: 0, fixed: false }], known: new Map() };
}

/** What `make` finds out about a text, found out once. */
export function once<Found>(woven: Woven, name: string, make: () => Found): Found {
  // Each name is given by one function, which makes the same kind of thing each time.
  const found = (woven.known.has(name) ? woven.known.get(name) : make()) as Found;
  woven.known.set(name, found);
  return found;
}

/** Carries out edits. Of two that overlap the outer one counts, of two neighbours at one offset the insertion comes first. */
export function splice(woven: Woven, edits: readonly Edit[]): Woven {
  const ordered = outermost(edits);
  if (ordered.length === 0) return woven;
  const texts: string[] = [];
  const spans: Span[] = [];
  let length = 0;
  const push = (text: string, pieces: readonly Span[]) => {
    if (text === '') return;
    for (const piece of pieces) spans.push({ ...piece, at: piece.at + length });
    texts.push(text);
    length += text.length;
  };
  let cursor = 0;
  for (const { start, end, insert } of ordered) {
    push(woven.text.slice(cursor, start), spansBetween(woven, cursor, start));
    if (typeof insert === 'string') push(insert, [{ ...originOf(woven, start), at: 0, fixed: true }]);
    else push(insert.text, insert.spans);
    cursor = end;
  }
  push(woven.text.slice(cursor), spansBetween(woven, cursor, woven.text.length));
  return { text: texts.join(''), spans: spans.length === 0 ? woven.spans.slice(0, 1) : spans, known: new Map() };
}

/** A part of it. */
export function sliceOf(woven: Woven, start: number, end: number): Woven {
  const spans = spansBetween(woven, start, end);
  return {
    text: woven.text.slice(start, end),
    spans: spans.length === 0 ? [{ ...originOf(woven, start), at: 0, fixed: true }] : spans,
    known: new Map(),
  };
}

/** Where a character stands in the file that it came from. */
export function placeAt(woven: Woven, offset: number): Place {
  const { source, offset: at } = originOf(woven, offset);
  const { path, text, firstLine } = source;
  // Thousands are asked for in one text.
  const starts = once(woven, `lines ${firstLine} ${text.length} ${path}`, () => lineStarts(text));
  const { line, column } = placeIn(starts, at);
  return { path, line: firstLine + line - 1, column };
}

/** The offset of a line and column (from 1) of a text. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let count = 1; count < line; count += 1) {
    const next = text.indexOf('\n', start);
    if (next < 0) break;
    start = next + 1;
  }
  return Math.min(text.length, start + Math.max(0, column - 1));
}

/** Edits by place, without those that lie within or across another one. */
function outermost(edits: readonly Edit[]): readonly Edit[] {
  const size = (edit: Edit) => edit.end - edit.start;
  const sorted = [...edits].sort((a, b) => a.start - b.start || (size(a) === 0 ? -1 : 0) - (size(b) === 0 ? -1 : 0) || b.end - a.end);
  const kept: Edit[] = [];
  let end = 0;
  for (const edit of sorted) {
    if (edit.start < end) continue;
    kept.push(edit);
    end = edit.end;
  }
  return kept;
}

function originOf({ spans }: Woven, offset: number): { readonly source: Source; readonly offset: number } {
  const span = spans[indexAt(spans, offset)];
  if (span === undefined) return { source: { path: '', text: '', firstLine: 1 }, offset: 0 };
  return { source: span.source, offset: span.fixed ? span.offset : span.offset + offset - span.at };
}

/** The last span that begins at or before an offset. */
function indexAt(spans: readonly Span[], offset: number): number {
  let low = 0;
  let high = spans.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((spans[middle]?.at ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Cut to a range, `at` counted from its start. */
function spansBetween({ spans }: Woven, start: number, end: number): readonly Span[] {
  if (start >= end) return [];
  const cut: Span[] = [];
  for (let index = indexAt(spans, start); index < spans.length; index += 1) {
    const span = spans[index];
    if (span === undefined || span.at >= end) break;
    const skipped = Math.max(0, start - span.at);
    cut.push({ ...span, at: Math.max(0, span.at - start), offset: span.fixed ? span.offset : span.offset + skipped });
  }
  return cut;
}
