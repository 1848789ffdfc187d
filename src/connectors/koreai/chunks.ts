// A document's text → chunks, split at headings: the unit in which Search AI finds, quotes and cites. Pure. Nothing is reworded: chunks are
// slices of the text, so that, put together again, they are the text.
import type { NewItem } from '../connector.ts';

export interface Chunk {
  /** The path of headings that the chunk stands below. */
  readonly chunkTitle: string;
  readonly chunkText: string;
  readonly recordUrl?: string;
  /** From 1, where chunks are numbered. */
  readonly pageNumber?: number;
}

export interface ChunkOptions {
  /** UTF-8 bytes. A single word that is longer stays whole. */
  readonly chunkBytes: number;
  readonly numberChunks: boolean;
}

/** At least one chunk. A question with its answer stays together as far as `chunkBytes` allows. */
export function chunksOf(item: Pick<NewItem, 'kind' | 'title' | 'text' | 'url'>, { chunkBytes, numberChunks }: ChunkOptions): Chunk[] {
  const sections = item.kind === 'qa' ? [{ title: item.title, text: item.text }] : sectionsOf(item.title, item.text);
  const pieces = sections.flatMap(({ title, text }) => nonBlank(packed(text, chunkBytes, cuts)).map((piece) => ({ title, text: piece })));
  return pieces.map(({ title, text }, index) => ({
    chunkTitle: title,
    chunkText: text,
    ...(item.url === null ? {} : { recordUrl: item.url }),
    ...(numberChunks ? { pageNumber: index + 1 } : {}),
  }));
}

/** The text again. Where the vendor took off the white space at the ends of chunks, a blank line stands for it. */
export function joined(texts: readonly string[]): string {
  return texts.reduce((before, next) => {
    const cut = before === '' || /\s$/.test(before) || /^\s/.test(next);
    return `${before}${cut ? '' : '\n\n'}${next}`;
  }, '');
}

interface Section {
  readonly title: string;
  readonly text: string;
}

/** From heading to heading, of any level; a heading with nothing below it goes with the next one. */
function sectionsOf(documentTitle: string, text: string): Section[] {
  const sections: Section[] = [];
  const path: { readonly level: number; readonly name: string }[] = [];
  let current = '';
  let hasBody = false;
  const close = (): void => {
    if (current !== '') sections.push({ title: titleOf(path, documentTitle), text: current });
    current = '';
    hasBody = false;
  };
  for (const { line, heading } of markedLines(text)) {
    if (heading !== null) {
      if (hasBody) close();
      while ((path.at(-1)?.level ?? 0) >= heading.level) path.pop();
      path.push(heading);
    } else if (line.trim() !== '') hasBody = true;
    current += line;
  }
  close();
  return sections;
}

function titleOf(path: readonly { readonly name: string }[], documentTitle: string): string {
  const names = path.map(({ name }) => name).filter((name) => name !== '');
  return (names[0] === documentTitle ? names : [documentTitle, ...names]).join(' > ');
}

interface MarkedLine {
  /** With its line end. */
  readonly line: string;
  readonly heading: { readonly level: number; readonly name: string } | null;
  readonly fenced: boolean;
}

/** Lines, with what is a heading outside fenced code. */
function* markedLines(text: string): Generator<MarkedLine> {
  let fence: string | null = null;
  for (const line of text.split(/(?<=\n)/)) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1] ?? null;
    if (fence === null && mark !== null) {
      fence = mark;
      yield { line, heading: null, fenced: true };
    } else if (fence !== null) {
      const ends = mark !== null && mark[0] === fence[0] && mark.length >= fence.length && line.trim() === mark;
      if (ends) fence = null;
      yield { line, heading: null, fenced: !ends };
    } else {
      const [, hashes, name] = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*\r?\n?$/.exec(line) ?? [];
      yield { line, heading: hashes === undefined ? null : { level: hashes.length, name: (name ?? '').trim() }, fenced: false };
    }
  }
}

/** White space alone is no chunk: it stays with the one before it. */
function nonBlank(pieces: readonly string[]): string[] {
  const kept: string[] = [];
  for (const piece of pieces) {
    if (piece.trim() !== '' || kept.length === 0) kept.push(piece);
    else kept.push(`${kept.pop() ?? ''}${piece}`);
  }
  return kept;
}

type Cut = (text: string) => readonly string[];

/** Where a section that is too long is cut, the gentlest first: paragraphs, lines, words. Always behind white space, so that `joined` is exact. */
const cuts: readonly Cut[] = [paragraphs, (text) => text.split(/(?<=\n)/), (text) => text.split(/(?<=[ \t])/)];

/** Paragraphs with the blank lines behind them; code is never taken apart here. */
function paragraphs(text: string): string[] {
  const found: string[] = [];
  let current = '';
  let blank = false;
  for (const { line, fenced } of markedLines(text)) {
    const empty = line.trim() === '' && !fenced;
    if (blank && !empty) {
      found.push(current);
      current = '';
    }
    current += line;
    blank = empty;
  }
  return current === '' ? found : [...found, current];
}

/** The pieces of a text in as few runs as fit; what is still too long is cut less gently. */
function packed(text: string, limit: number, [cut, ...harder]: readonly Cut[]): string[] {
  if (cut === undefined || Buffer.byteLength(text) <= limit) return [text];
  const runs: string[] = [];
  let run = '';
  let bytes = 0;
  const flush = (): void => {
    if (run !== '') runs.push(run);
    run = '';
    bytes = 0;
  };
  for (const piece of cut(text)) {
    const size = Buffer.byteLength(piece);
    if (bytes + size > limit) flush();
    if (size > limit) {
      runs.push(...packed(piece, limit, harder));
      continue;
    }
    run += piece;
    bytes += size;
  }
  flush();
  return runs;
}
