// MDX → the Markdown that its readers see: imports and exports go, tags go and what they say in words stays, partials are shown where they
// are used, nothing is run. By splices, so that prose and code stay byte for byte. Owns the MDX packages.
import type { Nodes, Root } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { mdxFromMarkdown } from 'mdast-util-mdx';
import type { MdxJsxAttribute, MdxJsxExpressionAttribute, MdxJsxFlowElement, MdxJsxTextElement } from 'mdast-util-mdx';
import { gfm } from 'micromark-extension-gfm';
import { mdxjs } from 'micromark-extension-mdxjs';
import { fenceFor, indented } from '../excerpt.ts';
import { mdxComments } from '../regions.ts';
import { type Edit, offsetOf, sliceOf, splice, weave, type Woven } from '../woven.ts';
import { destination, linkText, wordsOfComponent } from './components.ts';
import { labelFor } from './containers.ts';
import { clearing, codeRanges, linesOf, nodesOf, parseMarkdown, type Range, rangeAt, rangeOf, wholeLines } from './markdown.ts';
import { type Meaning, namesOf, type Said, type Scope, said } from './mdx-values.ts';

type Jsx = MdxJsxFlowElement | MdxJsxTextElement;

export interface MdxFault {
  /** Offset in the text that came in. */
  readonly offset: number;
  readonly message: string;
}

/** How a partial or a file that is imported is brought in; null: it cannot be, and that has been reported. */
export interface Imports {
  document(path: string, offset: number, props: ReadonlyMap<string, string>): Woven | null;
  file(path: string, offset: number): Woven | null;
}

export interface MdxFindings {
  readonly woven: Woven;
  /** Components that are not known here, with their first offset in the text that came in. */
  readonly unknown: ReadonlyMap<string, number>;
  /** Expressions that would have to be run. */
  readonly expressions: readonly number[];
}

/** The tree of an MDX text, or where and why it is none. */
export function parseMdx(text: string): { readonly root: Root } | { readonly fault: MdxFault } {
  try {
    const extensions = [gfm(), mdxjs()];
    return { root: fromMarkdown(masked(text), { extensions, mdastExtensions: [gfmFromMarkdown(), mdxFromMarkdown()] }) };
  } catch (thrown) {
    return { fault: faultOf(thrown, text) };
  }
}

/** The text as MDX may see it: what only the site generators take is white space of equal length. */
function masked(text: string): string {
  let result = text;
  for (const { start, end } of foreignRanges(text)) {
    result = result.slice(0, start) + text.slice(start, end).replace(/[^\n]/g, ' ') + result.slice(end);
  }
  return result;
}

/** Comments in the manner of HTML, and heading ids with the white space before them. */
function foreignRanges(text: string): readonly Range[] {
  if (!text.includes('<!--') && !text.includes('{#')) return [];
  const code = codeRanges(parseMarkdown(text, 'mdx'), text);
  const comments = mdxComments(text, code).filter(({ start }) => text.startsWith('<!--', start));
  const ids = [...text.matchAll(/^ {0,3}#{1,6}[ \t].*?([ \t]*\{#[\w:.-]+\})[ \t]*$/gm)].map((match) => {
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
  const state: State = { woven, text: woven.text, scope, imports, edits: [], unknown: new Map(), expressions: [], gaps: gapsOf(root), margins };
  for (const node of nodesOf(root)) editNode(node, state);
  const foreign = foreignRanges(woven.text).map((range) => clearing(woven.text, range));
  const whole = splice(woven, [...state.edits, ...foreign, ...marginEdits(margins, woven.text)]);
  return { woven: whole, unknown: state.unknown, expressions: state.expressions };
}

interface State {
  readonly woven: Woven;
  readonly text: string;
  readonly scope: Scope;
  readonly imports: Imports;
  readonly edits: Edit[];
  readonly unknown: Map<string, number>;
  readonly expressions: number[];
  readonly gaps: ReadonlyMap<Nodes, Gaps>;
  readonly margins: Margins;
}

function editNode(node: Nodes, state: State): void {
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

function expressionEdit(value: Said, range: Range, flow: boolean, state: State): Edit {
  if (value.kind === 'text') return { ...range, insert: value.text };
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

// ── elements ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** They show no words, whatever stands in them. */
const silent: ReadonlySet<string> = new Set('script style svg iframe video audio canvas object head Head noscript template'.split(' '));
/** Tags that only arrange what they hold. */
const transparent: ReadonlySet<string> = new Set(
  'div span section article main p center header footer figure figcaption aside nav font small big picture source details label button form'.split(' '),
);
const components: ReadonlySet<string> = new Set(
  (
    'Tabs TabItem Tab TabList TabPanel Admonition Aside Callout Alert Note Tip Info Warning Caution Danger Important Check Card Cards CardGrid CardGroup ' +
    'LinkCard LinkButton Link NavLink Button Steps Step FileTree Badge Icon Code CodeBlock CodeGroup Details Summary Image Picture Figure Frame ThemedImage ' +
    'TOCInline DocCard DocCardList Highlight Columns Column Row Col Grid Accordion AccordionGroup AccordionItem Fragment BrowserWindow Tooltip Kbd'
  ).split(' '),
);

function elementEdits(node: Jsx, state: State): readonly Edit[] {
  const { text } = state;
  const range = rangeOf(node);
  const name = node.name ?? '';
  if (silent.has(name)) return [clearing(text, range)];
  const attributes = attributesOf(node.attributes, state.scope);
  const meaning = state.scope.get(name);
  if (meaning?.kind === 'document') return [partialEdit(node, meaning.path, attributes, state)];
  if (meaning?.kind === 'text') return [{ ...range, insert: meaning.text }];
  if (/^(?:img|Image|Picture|ThemedImage)$/.test(name)) return [{ ...range, insert: imageOf(attributes) }];
  if (name === 'br') return [{ ...range, insert: '<br />' }];
  const code = codeEdit(node, attributes, state);
  if (code !== null) return [code];
  if (name !== '' && !isHtml(name) && !components.has(name) && !state.unknown.has(name)) state.unknown.set(name, range.start);
  const tags = tagsOf(node, text);
  const gaps = state.gaps.get(node) ?? { above: '', below: '' };
  const margin = state.margins.kept.get(node) ?? '';
  return tagEdits(node, { ...wordsAround(node, attributes, tags[0], text), ...gaps, margin }, tags, text);
}

function isHtml(name: string): boolean {
  return /^[a-z][a-z0-9]*$/.test(name);
}

function imageOf(attributes: ReadonlyMap<string, string>): string {
  const alt = attributes.get('alt') ?? attributes.get('title') ?? '';
  const source = attributes.get('src');
  return source === undefined ? alt : `![${alt}](${destination(source)})`;
}

/** Attributes whose value can be read off. */
function attributesOf(list: readonly (MdxJsxAttribute | MdxJsxExpressionAttribute)[], scope: Scope): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const attribute of list) {
    if (attribute.type !== 'mdxJsxAttribute' || attribute.value === null || attribute.value === undefined) continue;
    if (typeof attribute.value === 'string') found.set(attribute.name, attribute.value);
    else {
      const value = said(attribute.value.data?.estree, scope);
      if (value.kind === 'text') found.set(attribute.name, value.text);
    }
  }
  return found;
}

function partialEdit(node: Jsx, path: string, props: ReadonlyMap<string, string>, { woven, text, imports, margins }: State): Edit {
  const range = rangeOf(node);
  const partial = imports.document(path, range.start, props);
  if (partial === null) return clearing(text, range);
  return { ...range, insert: partial.text === '' ? sliceOf(woven, range.start, range.start) : moved(partial, margins.kept.get(node) ?? '') };
}

/** All lines but the first, which stands where the block did. */
function moved(woven: Woven, margin: string): Woven {
  const deeper = indented(woven, margin);
  return margin === '' ? woven : sliceOf(deeper, woven.text.startsWith('\n') ? 0 : margin.length, deeper.text.length);
}

/** `<Code code={…} lang="js" />` and `<CodeBlock language="js">{file}</CodeBlock>` are code blocks. */
function codeEdit(node: Jsx, attributes: ReadonlyMap<string, string>, { scope, imports, margins }: State): Edit | null {
  if (!/^(?:Code|CodeBlock)$/.test(node.name ?? '')) return null;
  const range = rangeOf(node);
  const info = attributes.get('lang') ?? attributes.get('language') ?? '';
  const title = attributes.get('title');
  const block = (body: Woven): Edit => {
    const fence = fenceFor(body, info);
    const titled = title === undefined ? fence : splice(fence, [{ start: 0, end: 0, insert: `**${title}**\n\n` }]);
    return { ...range, insert: moved(titled, margins.kept.get(node) ?? '') };
  };
  const written = attributes.get('code');
  if (written !== undefined) return block(weave({ path: '', text: written, firstLine: 1 }));
  const attribute = node.attributes.find((one) => one.type === 'mdxJsxAttribute' && one.name === 'code');
  const child = node.children.length === 1 ? node.children[0] : undefined;
  const program =
    attribute?.type === 'mdxJsxAttribute' && typeof attribute.value === 'object'
      ? attribute.value?.data?.estree
      : child?.type === 'mdxFlowExpression' || child?.type === 'mdxTextExpression'
        ? child.data?.estree
        : undefined;
  if (program === undefined) return null;
  const value = said(program, scope);
  if (value.kind === 'text') return block(weave({ path: '', text: value.text, firstLine: 1 }));
  const file = value.kind === 'file' ? imports.file(value.path, range.start) : null;
  return file === null ? null : block(file);
}

/** The ranges of both tags; white space between a tag and what it holds belongs to the tag of a block. */
function tagsOf(node: Jsx, text: string): readonly [Range, Range] {
  const { start, end } = rangeOf(node);
  const first = node.children[0];
  const last = node.children.at(-1);
  if (first === undefined || last === undefined) return [{ start, end }, { start: end, end }];
  const opening = { start, end: rangeOf(first).start };
  const closing = { start: rangeOf(last).end, end };
  if (node.type === 'mdxJsxFlowElement') return [opening, closing];
  const space = /\s*$/.exec(text.slice(opening.start, opening.end))?.[0].length ?? 0;
  return [{ start, end: opening.end - (space < opening.end - opening.start ? 0 : space) }, closing];
}

interface Gaps {
  readonly above: string;
  readonly below: string;
}

interface Around {
  readonly before: string;
  readonly after: string;
}

function wordsAround(node: Jsx, attributes: ReadonlyMap<string, string>, opening: Range, text: string): Around {
  const name = node.name ?? '';
  if (/^h[1-6]$/.test(name)) return { before: `${'#'.repeat(Number(name[1]))} `, after: '' };
  if (name === 'summary' || name === 'Summary') return { before: '**', after: '**' };
  const target = [...linkText].map((key) => attributes.get(key)).find((value) => value !== undefined);
  const words = wordsOfComponent({ name, attributes }, labelFor);
  const inline = node.type === 'mdxJsxTextElement';
  if (name === 'a' || (inline && target !== undefined && words === '' && node.children.length > 0)) {
    return target === undefined ? { before: '', after: '' } : { before: '[', after: `](${destination(target)})` };
  }
  if (isHtml(name)) {
    if (transparent.has(name)) return { before: '', after: '' };
    const closing = node.children.length > 0 ? `</${name}>` : '';
    return { before: closing === '' && !text.slice(opening.start, opening.end).includes('</') ? `<${name} />` : `<${name}>${closing === '' ? `</${name}>` : ''}`, after: closing };
  }
  if (words === '' || node.children.length === 0) return { before: words, after: '' };
  return { before: inline ? `${words} ` : `${words}\n\n`, after: '' };
}

function tagEdits(node: Jsx, { before, after, above, below, margin }: Around & Gaps & { readonly margin: string }, [opening, closing]: readonly [Range, Range], text: string): readonly Edit[] {
  if (node.children.length === 0) return [before === '' ? clearing(text, opening) : { ...opening, insert: `${above === '' ? '' : above + margin}${before}${below}` }];
  const keepsLines = node.type === 'mdxJsxFlowElement' && isHtml(node.name ?? '') && before.startsWith('<');
  const inner = keepsLines ? text.slice(opening.start, opening.end).replace(/^[\s\S]*?(\n[ \t]*)?$/, '$1') : '';
  const between = keepsLines ? (/^\s*\n[ \t]*/.exec(text.slice(closing.start, closing.end))?.[0] ?? '') : '';
  // Two tags that touch are two cells or two tabs: their words must not become one.
  const touches = after === '' && node.type === 'mdxJsxTextElement' && text[closing.end] === '<' && !text.startsWith('</', closing.end);
  return [
    { ...opening, insert: `${above === '' ? '' : above + margin}${before}${inner}${before.endsWith('\n') ? margin : ''}` },
    { ...closing, insert: between + after + (touches ? ' ' : '') + below },
  ];
}

/** A block of JSX ends the paragraph before it, and the one after it begins anew: without its tags that takes a blank line. */
function gapsOf(root: Root): ReadonlyMap<Nodes, Gaps> {
  const gaps = new Map<Nodes, Gaps>();
  for (const parent of nodesOf(root)) {
    if (!('children' in parent)) continue;
    const children = parent.children as readonly Nodes[];
    children.forEach((node, index) => {
      if (node.type !== 'mdxJsxFlowElement') return;
      const touches = (one: Nodes | undefined, other: Nodes | undefined) => {
        return one !== undefined && other !== undefined && (other.position?.start.line ?? 0) === (one.position?.end.line ?? 0) + 1;
      };
      const [previous, next] = [children[index - 1], children[index + 1]];
      // A neighbour of the same kind has made its own gap already.
      const above = touches(previous, node) && previous?.type !== 'mdxJsxFlowElement' ? '\n' : '';
      gaps.set(node, { above, below: touches(node, next) ? '\n' : '' });
    });
  }
  return gaps;
}

// ── margins ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Margins {
  /** Line → columns that it moves to the left. */
  readonly shifts: ReadonlyMap<number, number>;
  /** The white space that a block keeps before it. */
  readonly kept: ReadonlyMap<Nodes, string>;
}

/** In MDX what a block of JSX holds may stand to the right; without the tags it would be code: each line goes back to its block's column. */
function marginsOf(root: Root): Margins {
  const shifts = new Map<number, number>();
  const kept = new Map<Nodes, string>();
  const stack: { readonly node: Nodes; readonly shift: number }[] = [{ node: root, shift: 0 }];
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    const { node, shift } = entry;
    const from = node.position?.start.line ?? 1;
    const to = node.position?.end.line ?? from;
    const column = node.position?.start.column ?? 1;
    if (node.type !== 'root') for (let line = from; line <= to; line += 1) shifts.set(line, shift);
    kept.set(node, ' '.repeat(Math.max(0, column - 1 - shift)));
    if (!('children' in node) || !holdsBlocks(node)) continue;
    for (const child of [...node.children].reverse() as Nodes[]) {
      const own = child.position?.start.column ?? 1;
      const moves = node.type === 'root' ? own - 1 : node.type === 'mdxJsxFlowElement' ? shift + Math.max(0, own - column) : shift;
      stack.push({ node: child, shift: moves });
    }
  }
  return { shifts, kept };
}

function marginEdits({ shifts }: Margins, text: string): readonly Edit[] {
  const lines = linesOf(text);
  return [...shifts].flatMap(([number, shift]): readonly Edit[] => {
    const line = lines[number - 1];
    if (line === undefined || shift <= 0) return [];
    const margin = /^[ \t]*/.exec(line.text)?.[0].length ?? 0;
    return margin === 0 ? [] : [{ start: line.start, end: line.start + Math.min(margin, shift), insert: '' }];
  });
}

function holdsBlocks({ type }: Nodes): boolean {
  return ['root', 'mdxJsxFlowElement', 'list', 'listItem', 'blockquote'].includes(type);
}
