// MDX → the Markdown that its readers see: imports and exports go, tags go and what they say in words stays, partials are shown where they
// are used, nothing is run. By splices, so that prose and code stay byte for byte. Owns the MDX packages.
import type { Nodes, Root } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { mdxFromMarkdown } from 'mdast-util-mdx';
import { gfm } from 'micromark-extension-gfm';
import { mdxjs } from 'micromark-extension-mdxjs';
import { fenceFor } from '../excerpt.ts';
import { mdxComments } from '../regions.ts';
import { type Edit, offsetOf, once, splice, type Woven } from '../woven.ts';
import { refuseHeavy } from './heavy.ts';
import { clearing, nodesOf, type Range, rangeAt, rangeOf, treeOf, wholeLines } from './markdown.ts';
import { formulasIn } from './math.ts';
import { elementEdits, type Imports, type MdxState } from './mdx-elements.ts';
import { gapsOf, marginEdits, marginsOf } from './mdx-layout.ts';
import { type Meaning, namesOf, type Said, said } from './mdx-values.ts';

export interface MdxFault {
  /** Offset in the text that came in. */
  readonly offset: number;
  readonly message: string;
}

export interface MdxFindings {
  readonly woven: Woven;
  /** Components that are not known here, with their first offset in the text that came in. */
  readonly unknown: ReadonlyMap<string, number>;
  /** Expressions that would have to be run. */
  readonly expressions: readonly number[];
}

/** The tree of an MDX text, or where and why it is none. */
export function parseMdx(woven: Woven): { readonly root: Root } | { readonly fault: MdxFault } {
  return once(woven, 'mdx', () => {
    refuseHeavy(woven.text);
    try {
      const extensions = [gfm(), mdxjs()];
      return { root: fromMarkdown(masked(woven), { extensions, mdastExtensions: [gfmFromMarkdown(), mdxFromMarkdown()] }) };
    } catch (thrown) {
      return { fault: faultOf(thrown, woven.text) };
    }
  });
}

/** The text as MDX may see it: what only the site generators take is white space of equal length, and formulas are words. */
function masked(woven: Woven): string {
  const { text } = woven;
  const formulas = formulaRanges(woven).map((range) => ({ ...range, by: 'x' }));
  const foreign = foreignRanges(woven).map((range) => ({ ...range, by: ' ' }));
  const pieces: string[] = [];
  let at = 0;
  for (const { start, end, by } of [...formulas, ...foreign].sort((a, b) => a.start - b.start)) {
    if (start < at) continue;
    pieces.push(text.slice(at, start), text.slice(start, end).replace(/[^\n]/g, by));
    at = end;
  }
  return pieces.join('') + text.slice(at);
}

function formulaRanges(woven: Woven): readonly Range[] {
  // Most texts have none, and are not read once more for it.
  return /\$[^$]*[{<][^$]*\$/.test(woven.text) ? formulasIn(woven.text) : [];
}

/** Comments in the manner of HTML, and heading ids with the white space before them. */
function foreignRanges(woven: Woven): readonly Range[] {
  const { text } = woven;
  if (!text.includes('<!--') && !text.includes('{#')) return [];
  const { code } = treeOf(woven, 'mdx');
  const comments = mdxComments(text, code).filter(({ start }) => text.startsWith('<!--', start));
  const ids = [...text.matchAll(/^ {0,3}#{1,6}[ \t].*?((?:(?<![ \t])[ \t]+)?\{#[\w:.-]+\})[ \t]*$/gm)].map((match) => {
    const start = match.index + match[0].lastIndexOf(match[1] ?? '');
    return { start, end: start + (match[1] ?? '').length };
  });
  return [...comments, ...ids.filter(({ start }) => rangeAt(code, start) === null)];
}

function faultOf(thrown: unknown, text: string): MdxFault {
  if (!(thrown instanceof Error)) return { offset: 0, message: String(thrown) };
  const { place, reason, cause } = thrown as Error & { readonly place?: unknown; readonly reason?: string; readonly cause?: unknown };
  const why = cause instanceof Error ? `${reason ?? thrown.message}: ${cause.message}` : (reason ?? thrown.message);
  const point = place as { readonly offset?: number; readonly start?: { readonly offset?: number } } | undefined;
  const offset = point?.offset ?? point?.start?.offset;
  if (offset !== undefined) return { offset, message: why };
  const written = /\((\d+):(\d+)/.exec(why);
  return { offset: written === null ? 0 : offsetOf(text, Number(written[1]), Number(written[2])), message: why };
}

/** Where an import leads: from the file, or from the site's folder (`@site/docs/x`, `~/x`), in which the content root may be `docs`. */
export function importPaths(path: string, from: string, rootName: string): readonly string[] {
  const alias = /^(?:@site|~|@|@src)\/(.+)$/.exec(path)?.[1];
  if (alias === undefined) return [path.startsWith('/') ? path.slice(1) : `${from.slice(0, from.lastIndexOf('/') + 1)}${path}`];
  const below = [`${rootName}/`, 'src/', 'docs/', 'content/docs/', 'src/content/docs/'].filter((start) => alias.startsWith(start));
  return [alias, ...below.map((start) => alias.slice(start.length))];
}

/** The text that readers see. */
export function withoutMdx(woven: Woven, root: Root, imports: Imports, props: ReadonlyMap<string, string> | null): MdxFindings {
  const scope = new Map<string, Meaning>(props === null ? [] : [['props', { kind: 'props', values: props }]]);
  for (const node of nodesOf(root)) {
    if (node.type === 'mdxjsEsm') for (const [name, meaning] of namesOf(node.data?.estree)) scope.set(name, meaning);
  }
  const margins = marginsOf(root);
  const state: MdxState = {
    woven,
    text: woven.text,
    scope,
    imports,
    edits: [],
    labels: new Map(),
    unknown: new Map(),
    expressions: [],
    gaps: gapsOf(root),
    margins,
  };
  for (const node of nodesOf(root)) editNode(node, state);
  const foreign = foreignRanges(woven).map((range) => clearing(woven.text, range));
  const whole = splice(woven, [...state.edits, ...foreign, ...marginEdits(margins, woven.text)]);
  return { woven: whole, unknown: state.unknown, expressions: state.expressions };
}

function editNode(node: Nodes, state: MdxState): void {
  const { text, edits } = state;
  const range = rangeOf(node);
  switch (node.type) {
    case 'mdxjsEsm':
      edits.push({ ...wholeLines(text, range), insert: '' });
      return;
    case 'mdxFlowExpression':
    case 'mdxTextExpression':
      edits.push(expressionEdit(said(node.data?.estree, state.scope), range, node.type === 'mdxFlowExpression', state));
      return;
    case 'mdxJsxFlowElement':
    case 'mdxJsxTextElement':
      edits.push(...elementEdits(node, state));
      return;
    default:
      return;
  }
}

function expressionEdit(value: Said, range: Range, flow: boolean, state: MdxState): Edit {
  if (value.kind === 'text') {
    if (value.partial === true) state.expressions.push(range.start);
    return { ...range, insert: value.text };
  }
  if (value.kind === 'file') {
    const file = state.imports.file(value.path, range.start);
    if (file !== null) return { ...range, insert: flow ? fenceFor(file, extensionOf(value.path)) : file };
  }
  if (value.kind === 'unknown') state.expressions.push(range.start);
  return clearing(state.text, range);
}

function extensionOf(path: string): string {
  return /\.(\w+)$/.exec(path)?.[1] ?? '';
}
