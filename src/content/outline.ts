// A body → the atoms it may be split between, each with the headings above it and what speaks against a cut before it. Code, tables, quotes
// and list items are never taken apart, a heading stays with what follows it, and what HTML tags hold together stays together where that can
// be. Pure, and linear in the text.
import type { Nodes, RootContent } from 'mdast';
import { nodesOf, parseMarkdown } from './formats/markdown.ts';
import { type Skim, skim } from './skim.ts';
import { headingText } from './title.ts';

/** A heading and all below it, down to the next of its level or above. */
export interface Section {
  readonly depth: number;
  readonly name: string;
  /** UTF-16 offsets of the heading as it is written, with the white space behind it. */
  readonly start: number;
  readonly end: number;
  readonly above: Section | null;
}

/** What is never taken apart: a run of whole lines from its start to the start of the next one. */
export interface Atom {
  /** UTF-16 offset in the body. */
  readonly start: number;
  readonly kind: 'heading' | 'block' | 'item' | 'definition';
  /** The heading it stands below; for a heading its own. */
  readonly section: Section | null;
  /** What a cut before it costs, the less the better: at a heading nothing. Infinity: there is none. */
  readonly cost: number;
  /** Of an item of a numbered list, as a reader counts. */
  readonly number: number | null;
}

/** Addresses of links, and footnotes: what one place of a text defines for all of it. */
export interface Definition {
  /** As references name it; a footnote's with `^` before it. */
  readonly label: string;
  readonly start: number;
  readonly text: string;
}

export interface Outline {
  readonly atoms: readonly Atom[];
  readonly definitions: readonly Definition[];
}

const costs = { heading: 0, block: 1, item: 2, definition: 3 } as const;
/** Each element around a place costs more than any place outside. */
const costOfElement = 4;

/** The atoms of Markdown. */
export function outlineOf(body: string): Outline {
  const skimmed = skim(body);
  const nodes = parseMarkdown(skimmed.text).children;
  const found = nodes.flatMap((node) => placesOf(node, skimmed, body));
  const elements = elementsIn(nodes, skimmed);
  return { atoms: atomsOf(found, elements, body), definitions: definitionsIn(nodes, skimmed, body) };
}

/**
 * The atoms of a text that is no Markdown for sure: it has no definitions, and where nothing else helps it is cut between any two lines. `reach`:
 * bytes, of which a character takes three at most.
 */
export function outlineOfPlain(body: string, reach: number): Outline {
  const found = outlineOf(body).atoms;
  const atoms = found.flatMap((atom, index): Atom[] => {
    const plain: Atom = { ...atom, kind: atom.kind === 'definition' ? 'block' : atom.kind, number: null };
    const end = found[index + 1]?.start ?? body.length;
    return 3 * (end - atom.start) <= reach ? [plain] : [plain, ...linesIn(body, atom, end)];
  });
  return { atoms, definitions: [] };
}

function linesIn(body: string, atom: Atom, end: number): Atom[] {
  const lines: Atom[] = [];
  for (let next = body.indexOf('\n', atom.start) + 1; next > 0 && next < end; next = body.indexOf('\n', next) + 1) {
    if (body[next] === '\n') continue;
    const cost = body[next - 2] === '\n' ? costOfElement : costOfElement + 1;
    lines.push({ start: next, kind: 'block', section: atom.section, cost, number: null });
  }
  return lines;
}

/** A place where a block begins. */
interface Place {
  readonly start: number;
  readonly kind: Atom['kind'];
  readonly node: RootContent;
  readonly number: number | null;
}

function placesOf(node: RootContent, skimmed: Skim, body: string): readonly Place[] {
  const startsAt = (at: number) => [skimmed.original(at), ...skimmed.following(at)].map((start) => lineStart(body, start));
  const at = node.position?.start.offset ?? 0;
  if (node.type !== 'list') {
    const isDefinition = node.type === 'definition' || node.type === 'footnoteDefinition';
    const kind = node.type === 'heading' ? node.type : isDefinition ? 'definition' : 'block';
    return startsAt(at).map((start) => ({ start, kind, node, number: null }));
  }
  const starts = node.children.flatMap((child) => startsAt(child.position?.start.offset ?? 0));
  const first = node.ordered === true ? Number(/\d+/.exec(body.slice(starts[0] ?? 0, (starts[0] ?? 0) + 20))?.[0] ?? 1) : null;
  return starts.map((start, index) => ({
    start,
    kind: index === 0 ? 'block' : 'item',
    node,
    number: first === null ? null : first + index,
  }));
}

function lineStart(body: string, offset: number): number {
  return body.lastIndexOf('\n', offset - 1) + 1;
}

function atomsOf(places: readonly Place[], elements: readonly Element[], body: string): readonly Atom[] {
  const around = depthsAt(places, elements);
  const atoms: Atom[] = [];
  let section: Section | null = null;
  let before: Section | null = null;
  places.forEach((place, index) => {
    const start = index === 0 ? 0 : place.start;
    const end = places[index + 1]?.start ?? body.length;
    const depth = around[index] ?? 0;
    const { node } = place;
    // What looks like a heading in a cell is none of the document.
    const isHeading = node.type === 'heading' && depth !== Number.POSITIVE_INFINITY;
    if (isHeading) {
      let above: Section | null = section;
      while (above !== null && above.depth >= node.depth) above = above.above;
      const name = headingText(body.slice(start, end));
      section = { depth: node.depth, name: name === '' ? 'section' : name, start, end, above };
    }
    const kind = place.kind === 'heading' && !isHeading ? 'block' : place.kind;
    const isGlued = before !== null && (section === null || section === before || section.depth > before.depth);
    const cost = isGlued ? Number.POSITIVE_INFINITY : costs[kind] + depth * costOfElement;
    atoms.push({ start, kind, section, cost, number: place.number });
    before = isHeading ? section : null;
  });
  return atoms;
}

// ── what HTML tags hold together ──────────────────────────────────────────────────────────────────────────────────────

/** From the start of an opening tag to the end of the one that closes it. */
interface Element {
  readonly start: number;
  readonly end: number;
  /** A table; or what no reader sees, which would show in a part that its tag does not stand in. */
  readonly isWhole: boolean;
}

const containers: ReadonlySet<string> = new Set(
  'address article aside blockquote center details dialog div dl fieldset figure footer form header hgroup main menu nav ol section table ul'.split(
    ' ',
  ),
);
const unseen: ReadonlySet<string> = new Set('audio canvas datalist noscript object svg template video'.split(' '));

/** Those of block elements whose tags stand in different blocks. */
function elementsIn(nodes: readonly RootContent[], skimmed: Skim): readonly Element[] {
  const found: Element[] = [];
  const open: { readonly name: string; readonly start: number; readonly isHidden: boolean }[] = [];
  const close = ({ name, start, isHidden }: (typeof open)[number], end: number) => {
    found.push({ start, end, isWhole: name === 'table' || isHidden });
  };
  for (const { text, start } of nodes.flatMap((node) => [...tagsOf(node, skimmed)])) {
    const name = /^<\/?([a-z][a-z0-9-]*)/i.exec(text)?.[1]?.toLowerCase() ?? '';
    if (!text.startsWith('</')) {
      const isHidden = isHiddenBy(name, text);
      if (containers.has(name) || isHidden || open.some((one) => one.name === name)) open.push({ name, start, isHidden });
      continue;
    }
    const index = open.findLastIndex((one) => one.name === name);
    const opening = open[index];
    if (opening === undefined) continue;
    open.length = index;
    close(opening, start + text.length);
  }
  // What hides and is never closed hides all the rest.
  for (const one of open) if (one.isHidden) close(one, Number.POSITIVE_INFINITY);
  return found;
}

function isHiddenBy(name: string, tag: string): boolean {
  if (unseen.has(name) || (name === 'dialog' && !/\sopen[\s=>/]/i.test(tag))) return true;
  return /\shidden[\s=>/]/i.test(tag) || /\sstyle\s*=[^>]*(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(tag);
}

function* tagsOf(node: RootContent, { original }: Skim): Generator<{ readonly text: string; readonly start: number }> {
  if (node.type !== 'html' && node.type !== 'paragraph') return;
  for (const inner of nodesOf(node as Nodes)) {
    if (inner.type !== 'html') continue;
    const base = inner.position?.start.offset ?? 0;
    // What comments and scripts hold is no tag.
    const text = inner.value.replace(/<!--[\s\S]*?-->|<(script|style)\b[\s\S]*?<\/\1\s*>/gi, (hidden) => ' '.repeat(hidden.length));
    for (const { 0: tag, index } of text.matchAll(/<\/?[a-z][^<>]*>/gi)) yield { text: tag, start: original(base + index) };
  }
}

/** How many elements are around the start of each place; Infinity within one that is never taken apart. */
function depthsAt(places: readonly Place[], elements: readonly Element[]): readonly number[] {
  const topHeadings = [0];
  for (const place of places) topHeadings.push((topHeadings.at(-1) ?? 0) + (isTopHeading(place) ? 1 : 0));
  const changes = new Array<number>(places.length + 1).fill(0);
  const wholes = new Array<number>(places.length + 1).fill(0);
  for (const element of elements) {
    const first = firstBehind(places, element.start);
    const last = firstBehind(places, element.end - 1);
    // An element around several sections is the page's frame, and holds nothing together.
    if (first >= last || (!element.isWhole && (topHeadings[last] ?? 0) - (topHeadings[first] ?? 0) > 1)) continue;
    const counted = element.isWhole ? wholes : changes;
    counted[first] = (counted[first] ?? 0) + 1;
    counted[last] = (counted[last] ?? 0) - 1;
  }
  let depth = 0;
  let inWholes = 0;
  return places.map((_, index) => {
    depth += changes[index] ?? 0;
    inWholes += wholes[index] ?? 0;
    return inWholes > 0 ? Number.POSITIVE_INFINITY : depth;
  });
}

function isTopHeading({ node }: Place): boolean {
  return node.type === 'heading' && node.depth <= 2;
}

/** Index of the first place behind an offset. */
function firstBehind(places: readonly Place[], offset: number): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle]?.start ?? 0) > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

// ── what one place defines for all ────────────────────────────────────────────────────────────────────────────────────

function definitionsIn(nodes: readonly RootContent[], { original }: Skim, body: string): readonly Definition[] {
  const found: Definition[] = [];
  const labels = new Set<string>();
  for (const top of nodes) {
    for (const node of nodesOf(top as Nodes)) {
      if (node.type !== 'definition' && node.type !== 'footnoteDefinition') continue;
      const start = original(node.position?.start.offset ?? 0);
      const end = original((node.position?.end.offset ?? 1) - 1) + 1;
      const label = node.type === 'definition' ? node.identifier : `^${node.identifier}`;
      // Of two with one name the first counts.
      if (!labels.has(label)) found.push({ label, start, text: body.slice(start, end) });
      labels.add(label);
    }
  }
  return found;
}
