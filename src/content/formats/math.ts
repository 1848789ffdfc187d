// Where formulas between dollar signs stand (remark-math, as Docusaurus and Astro use it): their braces are TeX's, not JavaScript's. Owns the
// math packages.
import { mathFromMarkdown } from 'mdast-util-math';
import { math } from 'micromark-extension-math';
import { nodesOf, parseMarkdown, type Range, rangeOf } from './markdown.ts';

/**
 * The formulas of a text, in its order. Whether a site has the plugin is not known here, and prices have dollar signs, too: within a line a
 * formula has no white space at its ends, and no digit behind it.
 */
export function formulasIn(text: string): readonly Range[] {
  const root = parseMarkdown(text, 'mdx', { syntax: math(), tree: mathFromMarkdown() });
  const found: Range[] = [];
  for (const node of nodesOf(root)) {
    if (node.type !== 'math' && node.type !== 'inlineMath') continue;
    const range = rangeOf(node);
    if (node.type === 'math' || isFormula(text, range)) found.push(range);
  }
  return found;
}

function isFormula(text: string, { start, end }: Range): boolean {
  return /^\$+\S(?:[\s\S]*\S)?\$+$/.test(text.slice(start, end)) && !/\d/.test(text[end] ?? '');
}
