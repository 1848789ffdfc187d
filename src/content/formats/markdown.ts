// Markdown (CommonMark and GFM) → its tree, and the ranges of it that matter to the other stages. Owns mdast-util-from-markdown and GFM.
import type { Nodes, Root } from 'mdast';
import { type CompileContext, fromMarkdown, type Token } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { type Edit, once, type Woven } from '../woven.ts';
import { refuseHeavy } from './heavy.ts';

/** UTF-16 offsets, the end not included. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** mdx: neither indented code nor HTML, as in MDX, where `<` and `{` are not Markdown's. */
export type Dialect = 'markdown' | 'mdx';

/** The tree of a text, positions with offsets. */
export function parseMarkdown(text: string, dialect: Dialect = 'markdown', more: MoreSyntax | null = null): Root {
  refuseHeavy(text);
  const extensions = [...extensionsOf(dialect), ...(more === null ? [] : [more.syntax])];
  return fromMarkdown(text, { extensions, mdastExtensions: [gfmFromMarkdown(), ...(more === null ? [] : [more.tree])] });
}

/** Syntax that is no part of GFM: what reads it, and what makes nodes of it. */
export interface MoreSyntax {
  readonly syntax: ReturnType<typeof gfm>;
  readonly tree: ReturnType<typeof gfmFromMarkdown>[number];
}

function extensionsOf(dialect: Dialect) {
  const notInMdx = { disable: { null: ['autolink', 'codeIndented', 'htmlFlow', 'htmlText'] } };
  return dialect === 'mdx' ? [gfm(), notInMdx] : [gfm()];
}

/** A link, image or definition that names its destination, and where that stands in the text (without brackets and title). */
export interface Destination extends Range {
  readonly kind: 'link' | 'image';
  /** Decoded. */
  readonly url: string;
}

export interface MarkdownTree {
  readonly root: Root;
  /** In the order of the text. */
  readonly destinations: readonly Destination[];
  /** All code, in the order of the text. */
  readonly code: readonly CodeRange[];
}

/** The tree of a text, and what is asked of it most; parsed once, however many steps ask. */
export function treeOf(woven: Woven, dialect: Dialect = 'markdown'): MarkdownTree {
  return once(woven, `tree ${dialect}`, () => {
    const { root, destinations } = parseWithDestinations(woven.text, dialect);
    return { root, destinations, code: codeRanges(root, woven.text) };
  });
}

/** The tree, and the destinations written in it. */
function parseWithDestinations(text: string, dialect: Dialect): Pick<MarkdownTree, 'root' | 'destinations'> {
  const ranges = new Map<Nodes, Range>();
  function note(this: CompileContext, token: Token): undefined {
    const node = this.stack.findLast((each) => each.type === 'link' || each.type === 'image' || each.type === 'definition');
    if (node !== undefined) ranges.set(node as Nodes, { start: token.start.offset, end: token.end.offset });
    // What the package itself does here: collects the text until the token ends.
    this.buffer();
    return undefined;
  }
  const noting = { enter: { resourceDestinationString: note, definitionDestinationString: note } };
  refuseHeavy(text);
  const root = fromMarkdown(text, { extensions: extensionsOf(dialect), mdastExtensions: [gfmFromMarkdown(), noting] });
  const destinations: Destination[] = [];
  for (const node of nodesOf(root)) {
    const range = ranges.get(node);
    if (range === undefined) continue;
    if (node.type === 'image') destinations.push({ ...range, kind: 'image', url: node.url });
    else if (node.type === 'link' || node.type === 'definition') destinations.push({ ...range, kind: 'link', url: node.url });
  }
  return { root, destinations };
}

/** All nodes, parents first, in the order of the text. Without recursion: texts nest deeper than a stack. */
export function* nodesOf(root: Nodes): Generator<Nodes> {
  const stack: Nodes[] = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    yield node;
    if ('children' in node) for (let index = node.children.length - 1; index >= 0; index -= 1) stack.push(node.children[index] as Nodes);
  }
}

/** Where a node stands. */
export function rangeOf(node: Pick<Nodes, 'position'>): Range {
  return { start: node.position?.start.offset ?? 0, end: node.position?.end.offset ?? 0 };
}

export interface CodeRange extends Range {
  /** Between fences, indented, or within a line. */
  readonly kind: 'fenced' | 'indented' | 'inline';
}

/** All code of a text. */
function codeRanges(root: Root, text: string): readonly CodeRange[] {
  const ranges: CodeRange[] = [];
  for (const node of nodesOf(root)) {
    if (node.type !== 'code' && node.type !== 'inlineCode') continue;
    const range = rangeOf(node);
    const kind =
      node.type === 'inlineCode' ? 'inline' : /^(?:`{3}|~{3})/.test(text.slice(range.start, range.start + 3)) ? 'fenced' : 'indented';
    ranges.push({ ...range, kind });
  }
  return ranges;
}

/** The range of ordered ranges that holds an offset. */
export function rangeAt<Found extends Range>(ranges: readonly Found[], offset: number): Found | null {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range === undefined) break;
    if (offset < range.start) high = middle - 1;
    else if (offset >= range.end) low = middle + 1;
    else return range;
  }
  return null;
}

/** The lines that a range touches, the last line break included. */
export function wholeLines(text: string, { start, end }: Range): Range {
  const next = text.indexOf('\n', Math.max(start, end - 1));
  return { start: text.lastIndexOf('\n', start - 1) + 1, end: next < 0 ? text.length : next + 1 };
}

/** Nothing in the place of a range, nor of its lines where nothing else stands in them; of two blank lines that would meet, one goes. */
export function clearing(text: string, range: Range): Edit {
  const lines = wholeLines(text, range);
  const alone = text.slice(lines.start, range.start).trim() === '' && text.slice(range.end, lines.end).trim() === '';
  if (!alone) return { start: range.start, end: range.end, insert: '' };
  const isBlankAbove = lines.start === 0 || text.slice(text.lastIndexOf('\n', lines.start - 2) + 1, lines.start).trim() === '';
  const below = wholeLines(text, { start: lines.end, end: lines.end + 1 });
  const isBlankBelow = lines.end < text.length && text.slice(below.start, below.end).trim() === '';
  return { start: lines.start, end: isBlankAbove && isBlankBelow ? below.end : lines.end, insert: '' };
}

/** A line of a text, without its break. */
export interface Line extends Range {
  readonly text: string;
}

/** All lines. */
export function linesOf(text: string): readonly Line[] {
  let start = 0;
  return text.split('\n').map((line) => {
    const found = { start, end: start + line.length, text: line };
    start += line.length + 1;
    return found;
  });
}
