// A body over a target's limit → parts at headings, never inside code, table, quote or list item. Pure. Nothing is reworded: parts are
// slices of the source between offsets. Where a part begins hangs on headings, not on sizes before it, as far as the limit allows,
// so that an edit leaves the parts behind it as they were.

import type { RootContent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { sha256 } from '../model/json.ts';
import { slugOrHash, uniqueKeys } from './slug.ts';
import { plainText } from './title.ts';

export interface SplitInput {
  readonly title: string;
  /** Without the heading that repeats the title. */
  readonly body: string;
  /** Last line of each part; '' for none. */
  readonly tail: string;
  /** UTF-8 bytes of one part. */
  readonly limit: number;
}

export interface Piece {
  readonly key: string;
  readonly title: string;
  readonly text: string;
}

export interface SplitResult {
  readonly parts: readonly Piece[];
  /** The first block that is over the limit by itself; then there are no parts. */
  readonly tooLarge: { readonly bytes: number; readonly start: string } | null;
}

/** A heading and all that stands below it, down to the next of its level. The root has the title for a heading. */
interface Section {
  readonly depth: number;
  /** The slice of source that holds it, white space behind it included, as with blocks; '' for the root. */
  readonly heading: string;
  readonly name: string;
  readonly blocks: string[];
  readonly children: Section[];
}

/** A run of source that goes into one part together, and the path of headings it stands below. */
interface Unit {
  readonly text: string;
  readonly path: readonly Section[];
}

class TooLarge extends Error {
  readonly block: string;

  constructor(block: string) {
    super('one block is over the limit');
    this.block = block;
  }
}

/** Splits a body whose whole text is over the limit. */
export function splitText(input: SplitInput): SplitResult {
  const root = outline(input.body);
  const unique = uniqueKeys();
  try {
    const parts = pack(input, root, []).map(({ path, text }): Piece => {
      const names = path.map((section) => section.name);
      return { key: unique(keyOf(names)), title: [input.title, ...names].join(' › '), text };
    });
    return { parts, tooLarge: null };
  } catch (thrown) {
    if (!(thrown instanceof TooLarge)) throw thrown;
    const start = [...(thrown.block.trim().split('\n')[0] ?? '')].slice(0, 60).join('');
    return { parts: [], tooLarge: { bytes: Buffer.byteLength(thrown.block), start } };
  }
}

/** A key that hangs on the headings alone. Never `qa-…`: behind a document's id that would read as a Q&A pair of it. */
function keyOf(names: readonly string[]): string {
  if (names.length === 0) return 'start';
  const whole = names.map((name) => slugOrHash(name, 40)).join('/');
  const key = whole.startsWith('qa-') ? `section-${whole}` : whole;
  return key.length <= 120
    ? key
    : `${[...key]
        .slice(0, 100)
        .join('')
        .replace(/[^\p{L}\p{M}\p{N}]+$/u, '')}-${sha256(key).slice(0, 8)}`;
}

/** The parts of one section. `above` are the headings over it, outermost first. */
function pack(input: SplitInput, section: Section, above: readonly Section[]): readonly Unit[] {
  const own = section.heading === '' ? above : [...above, section];
  const parts: Unit[] = [];
  // The open part: what it holds, and the path it began at. Pieces are joined as long as they fit.
  let open: { pieces: string[]; path: readonly Section[]; context: readonly Section[] } | null = null;
  const close = () => {
    if (open !== null) parts.push({ text: assemble(input, open.context, open.pieces), path: open.path });
    open = null;
  };
  const add = (piece: string, path: readonly Section[], context: readonly Section[], anchor: boolean): boolean => {
    if (open !== null) {
      const joined = assemble(input, open.context, [...open.pieces, piece]);
      const size = Buffer.byteLength(joined);
      if (size <= input.limit && !(anchor && size > input.limit / 2)) {
        open.pieces.push(piece);
        return true;
      }
      close();
    }
    if (Buffer.byteLength(assemble(input, context, [piece])) > input.limit) return false;
    open = { pieces: [piece], path, context };
    return true;
  };
  section.blocks.forEach((block, index) => {
    // The section's own heading goes with its first block.
    const piece = index === 0 ? section.heading + block : block;
    if (!add(piece, own, index === 0 ? above : own, false)) throw new TooLarge(block);
  });
  if (section.blocks.length === 0 && section.heading !== '' && !add(section.heading, own, above, false))
    throw new TooLarge(section.heading);
  for (const child of section.children) {
    const path = [...own, child];
    if (add(sourceOf(child), path, own, isAnchor(path))) continue;
    parts.push(...pack(input, child, own));
  }
  close();
  return parts;
}

/** One heading in four, by its own words, begins a part wherever the open one is half full: there the parts meet again after an edit. */
function isAnchor(path: readonly Section[]): boolean {
  return Number.parseInt(sha256(path.map((section) => section.name).join('\n')).slice(0, 2), 16) < 64;
}

/** Pieces are neighbours in the source: joined as they are, they read as the author wrote them. */
function assemble(input: SplitInput, context: readonly Section[], pieces: readonly string[]): string {
  const run = pieces.join('').replace(/^(?:[ \t]*\n)+/, '');
  const all = [`# ${input.title}`, ...context.map((section) => section.heading), run, input.tail].map((piece) => piece.trimEnd());
  return `${all.filter((piece) => piece !== '').join('\n\n')}\n`;
}

function sourceOf(section: Section): string {
  return section.heading + section.blocks.join('') + section.children.map(sourceOf).join('');
}

function outline(body: string): Section {
  const root: Section = { depth: 0, heading: '', name: '', blocks: [], children: [] };
  const stack: Section[] = [root];
  const tree = fromMarkdown(body, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  for (const { node, text } of slices(body, tree.children)) {
    let top = stack.at(-1) ?? root;
    if (node.type !== 'heading') {
      top.blocks.push(text);
      continue;
    }
    while (top.depth >= node.depth && stack.length > 1) {
      stack.pop();
      top = stack.at(-1) ?? root;
    }
    const name = plainText(
      text
        .trim()
        .replace(/^ {0,3}#{1,6}(?:[ \t]+|$)/, '')
        .replace(/\n {0,3}(?:=+|-+)[ \t]*$/, '')
        .replace(/[ \t]+#+[ \t]*$/, ''),
    );
    const section: Section = { depth: node.depth, heading: text, name: name === '' ? 'section' : name, blocks: [], children: [] };
    top.children.push(section);
    stack.push(section);
  }
  return root;
}

/** The source between block starts, whole lines each; lists item by item. */
function slices(body: string, nodes: readonly RootContent[]): readonly { readonly node: RootContent; readonly text: string }[] {
  const starts = nodes.flatMap((node) => {
    const items = node.type === 'list' ? node.children : [node];
    return items.map((item) => ({ node, start: lineStart(body, item.position?.start.offset ?? 0) }));
  });
  return starts.map(({ node, start }, index) => {
    return { node, text: body.slice(index === 0 ? 0 : start, starts[index + 1]?.start ?? body.length) };
  });
}

function lineStart(body: string, offset: number): number {
  return body.lastIndexOf('\n', offset - 1) + 1;
}
