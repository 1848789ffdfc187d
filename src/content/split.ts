// A body → parts at headings, never inside code, table, quote or list item: as many as its size asks for, or one a section. Pure. Nothing is
// reworded: parts are slices of the source between offsets. Where a part begins hangs on headings, not on sizes before it, as far as the
// limit allows, so that an edit leaves the parts behind it as they were.

import type { RootContent } from 'mdast';
import { sha256 } from '../model/json.ts';
import { parseMarkdown } from './formats/markdown.ts';
import { slugOrHash, uniqueKeys } from './slug.ts';
import { plainText } from './title.ts';

export interface SplitInput {
  readonly title: string;
  /** Without the heading that repeats the title. */
  readonly body: string;
  /** A run of the body, with the headings above it → the text of a part as it is sent, title and source line included. */
  readonly finish: (run: string) => string;
  /**
   * For texts that are dear to finish: UTF-8 bytes that a run takes within a part, from which those of several runs are summed up. Parts are
   * made from it as long as they prove to fit.
   */
  readonly estimate?: (run: string) => number;
  /** UTF-8 bytes of one part. */
  readonly limit: number;
  /** size: a part takes as many sections as fit. heading: each top-level section is a part, and one over the limit is split by size. */
  readonly by: 'size' | 'heading';
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

/** Splits a body. By size: one whose whole text is over the limit. */
export function splitText(input: SplitInput): SplitResult {
  const root = outline(input.body);
  const unique = uniqueKeys();
  try {
    const parts = unitsOf(input, root).map(({ path, text }): Piece => {
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

/** How large parts are. A part grows piece by piece: whatever is done for all of it each time is done n² times in a document of n items. */
interface Measure {
  /** Bytes of a part that holds these pieces below these headings. */
  size(context: readonly Section[], pieces: readonly string[]): number;
  /** At least what a piece adds to a part. */
  most(piece: string): number;
  /** Whether `most`, summed up, is the size itself, and none has to be made to know it. */
  readonly isSum: boolean;
}

/** What joins two pieces, and a blank line that a lone piece loses. */
const between = 4;
/** Estimates that were too small are tried again with so much more. */
const factors = [1, 1.3, 2];

function unitsOf(input: SplitInput, root: Section): readonly Unit[] {
  const units = (measure: Measure) =>
    input.by === 'size' ? pack({ ...input, measure }, root, []) : sectionBySection({ ...input, measure }, root, []);
  const { estimate } = input;
  const size: Measure['size'] = (context, pieces) => Buffer.byteLength(assemble(input, context, pieces));
  // Without an estimate a text is finished by putting something around it.
  if (estimate === undefined) return units({ size, most: (piece) => Buffer.byteLength(piece) + between, isSum: false });
  const frame = Buffer.byteLength(input.finish(''));
  for (const factor of factors) {
    const most = (piece: string) => Math.ceil(estimate(piece.trimEnd()) * factor) + 2;
    const sum: Measure['size'] = (context, pieces) =>
      [...context.map((section) => section.heading), ...pieces].reduce((bytes, piece) => bytes + most(piece), frame);
    const made = attempted(() => units({ size: sum, most, isSum: true }), input);
    if (made?.every(({ text }) => Buffer.byteLength(text) <= input.limit)) return made;
  }
  return units({ size, most: () => Number.POSITIVE_INFINITY, isSum: false });
}

/** Null where a block seems to be over the limit and is not. */
function attempted(units: () => readonly Unit[], input: SplitInput): readonly Unit[] | null {
  try {
    return units();
  } catch (thrown) {
    if (!(thrown instanceof TooLarge) || Buffer.byteLength(input.finish(thrown.block.trimEnd())) > input.limit) throw thrown;
    return null;
  }
}

interface Packing extends SplitInput {
  readonly measure: Measure;
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

/** A part for what stands above the sections, and one for each of them. A lone heading over all of them is no section of its own. */
function sectionBySection(input: Packing, section: Section, above: readonly Section[]): readonly Unit[] {
  const own = section.heading === '' ? above : [...above, section];
  const start = pack(input, { ...section, children: [] }, above);
  const [lone, ...others] = section.children;
  if (lone !== undefined && others.length === 0 && lone.children.length > 0) {
    const hasOwnWords = section.heading === '' ? section.blocks.length > 0 : true;
    return [...(hasOwnWords ? start : []), ...sectionBySection(input, lone, own)];
  }
  const parts = section.children.flatMap((child): readonly Unit[] => {
    const source = sourceOf(child);
    if (input.measure.size(own, [source]) > input.limit) return pack(input, child, own);
    return [{ text: assemble(input, own, [source]), path: [...own, child] }];
  });
  return [...start, ...parts];
}

/** The parts of one section. `above` are the headings over it, outermost first. */
function pack(input: Packing, section: Section, above: readonly Section[]): readonly Unit[] {
  const own = section.heading === '' ? above : [...above, section];
  const parts: Unit[] = [];
  // The open part: what it holds, and the path it began at. Pieces are joined as long as they fit.
  let open: { pieces: string[]; path: readonly Section[]; context: readonly Section[]; bytes: number } | null = null;
  const { measure, limit } = input;
  const close = () => {
    if (open !== null) parts.push({ text: assemble(input, open.context, open.pieces), path: open.path });
    open = null;
  };
  const add = (piece: string, path: readonly Section[], context: readonly Section[], anchor: boolean): boolean => {
    if (open !== null) {
      const bytes = open.bytes + measure.most(piece);
      const isSure = measure.isSum || bytes <= (anchor ? limit / 2 : limit);
      const size = isSure ? bytes : measure.size(open.context, [...open.pieces, piece]);
      if (size <= limit && !(anchor && size > limit / 2)) {
        open.pieces.push(piece);
        open.bytes = bytes;
        return true;
      }
      close();
    }
    const alone = measure.size(context, [piece]);
    if (alone > limit) return false;
    open = { pieces: [piece], path, context, bytes: measure.isSum ? alone : alone + trimmedBytes(piece) };
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

/** What a run loses at its ends, and has again when something follows it. */
function trimmedBytes(piece: string): number {
  return Buffer.byteLength(piece) - Buffer.byteLength(piece.trim());
}

/** One heading in four, by its own words, begins a part wherever the open one is half full: there the parts meet again after an edit. */
function isAnchor(path: readonly Section[]): boolean {
  return Number.parseInt(sha256(path.map((section) => section.name).join('\n')).slice(0, 2), 16) < 64;
}

/** Pieces are neighbours in the source: joined as they are, they read as the author wrote them. */
function assemble(input: SplitInput, context: readonly Section[], pieces: readonly string[]): string {
  const run = pieces.join('').replace(/^(?:[ \t]*\n)+/, '');
  const all = [...context.map((section) => section.heading), run].map((piece) => piece.trimEnd());
  return input.finish(all.filter((piece) => piece !== '').join('\n\n'));
}

function sourceOf(section: Section): string {
  return section.heading + section.blocks.join('') + section.children.map(sourceOf).join('');
}

function outline(body: string): Section {
  const root: Section = { depth: 0, heading: '', name: '', blocks: [], children: [] };
  const stack: Section[] = [root];
  for (const { node, text } of slices(body, parseMarkdown(body).children)) {
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
        .slice(0, 4_000)
        .replace(/^ {0,3}#{1,6}(?:[ \t]+|$)/, '')
        .replace(/\n {0,3}(?:=+|-+)[ \t]*$/, '')
        .replace(/(?<![ \t])[ \t]+#+[ \t]*$/, ''),
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
