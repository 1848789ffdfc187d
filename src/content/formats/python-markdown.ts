// Blocks of MkDocs: admonitions (`!!! note "Title"`, `??? tip`) and tabs (`=== "npm"`). To CommonMark the indented text below such a line is code: it is moved to the left first of all, so that every later stage sees the text that it is.
import { type Edit, splice, type Woven } from '../woven.ts';
import { labelFor } from './containers.ts';
import { type CodeRange, type Line, linesOf, rangeAt, treeOf } from './markdown.ts';

const admonition = /^([ \t]*)(?:!!!|\?\?\?\+?)[ \t]+([A-Za-z][\w-]*)((?:[ \t]+[A-Za-z][\w-]*)*)(?:[ \t]+"(.*)")?[ \t]*$/;
const untyped = /^([ \t]*)(?:!!!|\?\?\?\+?)[ \t]+()()"(.*)"[ \t]*$/;
const tab = /^([ \t]*)===[!+]?[ \t]+["'](.+)["'][ \t]*$/;
const maxNesting = 20;

/** Whether a text could hold such a block at all. */
export function mayHoldIndentedBlocks(text: string): boolean {
  return /^[ \t]*(?:!!!|\?\?\?\+?|===[!+]?)[ \t]+["'A-Za-z]/m.test(text);
}

/** `<figure markdown>`: what stands in it is Markdown (md_in_html). A blank line behind the tag says so to CommonMark. */
export function openMarkdownInHtml(woven: Woven): Woven {
  const lines = linesOf(woven.text);
  const { code } = treeOf(woven);
  const edits = lines.flatMap((line, index): readonly Edit[] => {
    if (!/^[ \t]*<[a-z][\w-]*(?:\s[^<>]*)?\smarkdown(?:=["']?\w*["']?)?(?:\s[^<>]*)?>[ \t]*$/i.test(line.text)) return [];
    const isBlankBelow = (lines[index + 1]?.text.trim() ?? '') === '';
    return isBlankBelow || rangeAt(code, line.start) !== null ? [] : [{ start: line.end, end: line.end, insert: '\n' }];
  });
  return edits.length === 0 ? woven : splice(woven, edits);
}

/** Turns admonitions and tabs into a label and their text. */
export function openIndentedBlocks(woven: Woven): Woven {
  let current = woven;
  // Each turn opens the outermost ones: what stands within them is not yet to be told from code.
  for (let turn = 0; turn < maxNesting; turn += 1) {
    const next = openOutermost(current);
    if (next === current) break;
    current = next;
  }
  return current;
}

function openOutermost(woven: Woven): Woven {
  const { text } = woven;
  const { code } = treeOf(woven);
  const lines = linesOf(text);
  const edits: Edit[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const block = blockAt(lines, index, code);
    if (block === null) continue;
    edits.push(...opened(lines, index, block));
    index = block.last;
  }
  return splice(woven, edits);
}

interface Block {
  readonly space: string;
  readonly label: string;
  /** Index of its last line that is not blank. */
  readonly last: number;
}

function blockAt(lines: readonly Line[], index: number, code: readonly CodeRange[]): Block | null {
  const line = lines[index];
  if (line === undefined || !/^[ \t]*[!?=]/.test(line.text)) return null;
  const warning = admonition.exec(line.text) ?? untyped.exec(line.text);
  const choice = warning === null ? tab.exec(line.text) : null;
  const space = warning?.[1] ?? choice?.[1];
  if (space === undefined || rangeAt(code, line.start + space.length) !== null) return null;
  const last = lastLine(lines, index, space.length + 4);
  // Without text of its own it is somebody's sentence.
  if (last === index) return null;
  const label = choice === null ? labelFor(warning?.[2] ?? '', warning?.[4] ?? '') : `**${choice[2]}**`;
  return { space, label, last };
}

function lastLine(lines: readonly Line[], index: number, depth: number): number {
  let last = index;
  for (let next = index + 1; next < lines.length; next += 1) {
    const text = lines[next]?.text ?? '';
    if (text.trim() === '') continue;
    if (widthOf(text) < depth) break;
    last = next;
  }
  return last;
}

/** Columns of white space at the start; a tab leads to the next multiple of four. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (character === ' ') width += 1;
    else if (character === '\t') width += 4 - (width % 4);
    else break;
  }
  return width;
}

function opened(lines: readonly Line[], index: number, { space, label, last }: Block): readonly Edit[] {
  const line = lines[index];
  if (line === undefined) return [];
  const above = index === 0 || lines[index - 1]?.text.trim() === '' ? '' : '\n';
  const below = lines[index + 1]?.text.trim() === '' ? '' : '\n';
  const edits: Edit[] = [{ start: line.start, end: line.end, insert: label === '' ? '' : `${above}${space}${label}${below}` }];
  for (const inner of lines.slice(index + 1, last + 1)) {
    const margin = /^[ \t]*/.exec(inner.text)?.[0] ?? '';
    if (margin === inner.text) continue;
    // Four columns from behind the block's own margin.
    const kept = ' '.repeat(Math.max(0, widthOf(margin) - 4));
    edits.push({ start: inner.start, end: inner.start + margin.length, insert: kept });
  }
  return edits;
}
