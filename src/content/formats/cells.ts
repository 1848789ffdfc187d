// What has to stay apart when a tree loses its elements: blocks in the cells of a table, which Markdown and plain text have no place for,
// raised numbers, and controls that touch. Works on a cleaned tree, before it is made something else.
import type { Element, ElementContent, Nodes, Root } from 'hast';
import { wordsOf } from './html.ts';

/** Elements that a browser puts on lines of their own. */
const blocks: ReadonlySet<string> = new Set(
  'address article aside blockquote center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr li main nav ol p pre search section summary table tbody tfoot thead tr ul'.split(
    ' ',
  ),
);
/** Boxes that a browser draws beside each other: their words never touch. */
const boxes: ReadonlySet<string> = new Set('button label legend meter option output progress select summary td th'.split(' '));

/** A copy in which nothing that a reader sees apart runs together once only its words are left. */
export function keptApart(root: Root): Root {
  return { ...root, children: root.children.flatMap((child) => apart(child as ElementContent)) };
}

function apart(node: ElementContent): ElementContent[] {
  if (node.type !== 'element') return [node];
  if (node.tagName === 'td' || node.tagName === 'th') return [{ ...node, children: trimmedLines(node.children.flatMap(inCell)) }];
  if (node.tagName === 'sup') return raised(node);
  if (node.tagName === 'select' || node.tagName === 'datalist') return [text(` ${optionsOf(node).join(', ')} `)];
  const children = node.children.flatMap(apart);
  return boxes.has(node.tagName) ? [space(), { ...node, children }, space()] : [{ ...node, children }];
}

/** All that can be chosen, not only what is shown at first. */
function optionsOf(node: Element): string[] {
  return node.children.flatMap((child) => {
    if (child.type !== 'element') return [];
    return child.tagName === 'option' ? [wordsOf(child)] : optionsOf(child);
  });
}

/** A cell holds one run of words: its blocks become lines of it. */
function inCell(node: ElementContent): ElementContent[] {
  if (node.type !== 'element') return [node];
  if (node.tagName === 'pre') return [line(), codeOf(node), line()];
  if (node.tagName === 'sup') return raised(node);
  const children = node.children.flatMap(inCell);
  if (blocks.has(node.tagName)) return [line(), ...children, line()];
  return boxes.has(node.tagName) ? [space(), ...children, space()] : [{ ...node, children }];
}

/** A mark of a footnote stays one, and a power is not its base with more digits: `10^6`. Letters (1st, TM) read well without. */
function raised(node: Element): ElementContent[] {
  const words = wordsOf(node);
  const link = node.children.find((child): child is Element => child.type === 'element' && child.tagName === 'a');
  if (link !== undefined && String(link.properties['href'] ?? '').startsWith('#')) return [text(`[${words}]`)];
  return [...(/^[-+\u2212]?\d/.test(words) ? [text('^')] : []), ...node.children.flatMap(apart)];
}

/** What a cell can show of a block of code: one line. */
function codeOf(node: Element): Element {
  const value = wordsOf(node, 'code').replace(/\s*\n\s*/g, ' ');
  return { type: 'element', tagName: 'code', properties: {}, children: [text(value)] };
}

/** Without line ends at the ends, nor two of them in a row. */
function trimmedLines(nodes: readonly ElementContent[]): ElementContent[] {
  const isLine = (node: Nodes | undefined) => node !== undefined && node.type === 'element' && node.tagName === 'br';
  const isNothing = (node: ElementContent) => node.type === 'text' && node.value.trim() === '';
  const kept: ElementContent[] = [];
  for (const node of nodes) {
    if (isLine(node) && (kept.length === 0 || isLine(kept.at(-1)))) continue;
    if (isNothing(node) && (kept.length === 0 || isLine(kept.at(-1)))) continue;
    kept.push(node);
  }
  while (isLine(kept.at(-1))) kept.pop();
  return kept;
}

function line(): Element {
  return { type: 'element', tagName: 'br', properties: {}, children: [] };
}

function space(): ElementContent {
  return text(' ');
}

function text(value: string): ElementContent {
  return { type: 'text', value };
}
