// HTML → its tree with offsets, its comments and attributes, and what of it may be sent: nothing that runs, nothing hidden. Owns the hast
// packages that read and write HTML.
import type { Comment, Element, Nodes, Root } from 'hast';
import { fromHtml } from 'hast-util-from-html';
import { toHtml } from 'hast-util-to-html';
import { toText } from 'hast-util-to-text';
import type { CodeRange, Range } from './markdown.ts';

/** The tree of a whole page, or of a piece of one. Never throws for what is in it: HTML has no syntax errors. */
export function parseHtml(text: string, kind: 'page' | 'piece'): Root {
  return fromHtml(text, { fragment: kind === 'piece', verbose: true });
}

/** All nodes, parents first, in the order of the text; those that `enters` refuses are left out with all below. */
export function* htmlNodes(root: Nodes, enters: (node: Nodes) => boolean = () => true): Generator<Nodes> {
  const stack: Nodes[] = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (!enters(node)) continue;
    yield node;
    if ('children' in node) for (let index = node.children.length - 1; index >= 0; index -= 1) stack.push(node.children[index] as Nodes);
    // What a template holds stands beside its children.
    if (node.type === 'element' && node.content !== undefined) stack.push(node.content);
  }
}

export interface HtmlComment extends Range {
  /** Between `<!--` and `-->`. */
  readonly value: string;
}

/** The comments of a tree, with the offsets they were read at. */
export function commentsOf(root: Root): readonly HtmlComment[] {
  return [...htmlNodes(root)]
    .filter((node): node is Comment => node.type === 'comment')
    .map((node) => ({ ...offsetsOf(node), value: node.value }));
}

/** Where a node stands in the text. */
export function offsetsOf(node: Pick<Nodes, 'position'>): Range {
  return { start: node.position?.start.offset ?? 0, end: node.position?.end.offset ?? 0 };
}

export interface AttributeValue extends Range {
  readonly element: Element;
  readonly value: string;
}

/** Where attributes of this name have their values; those without a value are left out. */
export function attributesNamed(root: Root, text: string, name: string): readonly AttributeValue[] {
  const found: AttributeValue[] = [];
  for (const element of htmlNodes(root)) {
    if (element.type !== 'element') continue;
    const position = element.data?.position.properties?.[name];
    const value = element.properties[name];
    if (position === undefined || typeof value !== 'string') continue;
    const range = valueRange(text, offsetsOf({ position }));
    if (range !== null) found.push({ ...range, element, value });
  }
  return found;
}

/** Within `name = "value"`, as the parser has cut it out. */
function valueRange(text: string, { start, end }: Range): Range | null {
  const source = text.slice(start, end);
  const equals = source.indexOf('=');
  if (equals < 0) return null;
  const value = source.slice(equals + 1);
  const from = start + equals + 1 + (value.length - value.trimStart().length);
  const quoted = text[from] === '"' || text[from] === "'";
  return quoted ? { start: from + 1, end: end - 1 } : { start: from, end };
}

/** What stands between quotes in an attribute. */
export function escapeAttribute(value: string): string {
  return value.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/'/g, '&#39;').replace(/</g, '&lt;');
}

// ── what may be sent ──────────────────────────────────────────────────────────────────────────────────────────────────

/** They draw nothing a reader could read, or run something. */
const dropped: ReadonlySet<string> = new Set(
  'applet audio base canvas datalist embed frame frameset head iframe link meta noembed noframes noscript object param script style svg template title video'.split(
    ' ',
  ),
);
/** Names of properties as hast spells them. */
const kept: ReadonlySet<string> = new Set(
  'href src alt title colSpan rowSpan start reversed type checked disabled id lang dir open align value'.split(' '),
);

/** A copy without scripts, styles, hidden parts, comments, and attributes that say nothing to a reader. */
export function cleaned(root: Root): Root {
  const body = [...htmlNodes(root, (node) => node.type === 'root' || isElement(node, 'html') || isElement(node, 'body'))].findLast(
    (node) => node.type === 'root' || isElement(node, 'body'),
  );
  const children = body !== undefined && 'children' in body ? body.children : root.children;
  return { type: 'root', children: children.flatMap((child) => cleanedNode(child as Nodes)) };
}

function isElement(node: Nodes, name: string): node is Element {
  return node.type === 'element' && node.tagName === name;
}

function cleanedNode(node: Nodes): Element['children'] {
  if (node.type === 'text') return [{ type: 'text', value: node.value }];
  if (node.type !== 'element' || dropped.has(node.tagName) || isHidden(node)) return [];
  // The arrow back from a footnote is for those who can click.
  if (node.properties['dataFootnoteBackref'] !== undefined) return [];
  const children = node.children.flatMap((child) => cleanedNode(child));
  const properties = Object.fromEntries(Object.entries(node.properties).filter(([name, value]) => isKept(node, name, value)));
  const element = (tagName: string, inner: Element['children']): Element => ({ type: 'element', tagName, properties, children: inner });
  switch (node.tagName) {
    case 'table': {
      // A caption reads as the paragraph above its table.
      const isCaption = (child: Element['children'][number]) => child.type === 'element' && child.tagName === 'caption';
      const captions = children.filter((child): child is Element => isCaption(child) && child.type === 'element');
      const paragraphs = captions.map((caption): Element => ({ ...caption, tagName: 'p' }));
      return [
        ...paragraphs,
        element(
          'table',
          children.filter((child) => !isCaption(child)),
        ),
      ];
    }
    case 'menu':
      return [element('ul', children)];
    case 'dialog':
      return [element('div', children)];
    case 'math':
      return [element('span', children)];
    default:
      return [element(node.tagName, children)];
  }
}

function isHidden({ tagName, properties }: Element): boolean {
  if (properties['hidden'] !== undefined && properties['hidden'] !== false && properties['hidden'] !== null) return true;
  if (tagName === 'dialog') return properties['open'] === undefined || properties['open'] === false;
  if (tagName === 'input') return properties['type'] === 'hidden';
  if (tagName === 'annotation') return true;
  return typeof properties['style'] === 'string' && /(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(properties['style']);
}

function isKept({ tagName }: Element, name: string, value: unknown): boolean {
  if (name === 'className') return tagName === 'code' && Array.isArray(value) && value.some((one) => String(one).startsWith('language-'));
  if (!kept.has(name)) return false;
  if (name !== 'href' && name !== 'src') return true;
  const scheme = /^[\s\u0000-\u001f]*([a-z][a-z0-9+.-]*):/i.exec(String(value))?.[1]?.toLowerCase();
  return scheme === undefined || ['http', 'https', 'mailto', 'tel'].includes(scheme);
}

/** A tree as HTML. */
export function writeHtml(root: Root): string {
  return toHtml(root, { characterReferences: { useNamedReferences: true } }).trim();
}

/** A tree that still holds raw HTML, as one text: to be read again, never to be sent. */
export function writeRaw(root: Root): string {
  return toHtml(root, { allowDangerousHtml: true });
}

/** The words of an element as a browser shows them; `code`: with its lines and spaces. */
export function wordsOf(element: Element, kind: 'prose' | 'code' = 'prose'): string {
  return toText(element, { whitespace: kind === 'code' ? 'pre' : 'normal' }).trim();
}

/** The words of a title or heading: the first level-one heading that is shown, else the page's title. Null where there is neither. */
export function titleOfHtml(root: Root): string | null {
  const shown = (element: Element) => wordsOf(element).replace(/\s+/g, ' ');
  const visible = (node: Nodes) => node.type !== 'element' || !isHidden(node);
  let title: string | null = null;
  for (const node of htmlNodes(root, visible)) {
    if (isElement(node, 'title') && title === null) title = shown(node);
    if (isElement(node, 'h1') && shown(node) !== '') return shown(node);
  }
  return title === '' ? null : title;
}

/** What of a page is code, scripts and styles: braces there are no variables. */
export function codeInHtml(text: string): readonly CodeRange[] {
  const ranges: CodeRange[] = [];
  let end = -1;
  // Parents come first, and a block holds its own code: only the outer one counts.
  for (const node of htmlNodes(parseHtml(text, 'page'))) {
    if (node.type !== 'element' || !/^(?:code|pre|kbd|samp|script|style)$/.test(node.tagName)) continue;
    const range = offsetsOf(node);
    if (range.start < end && range.end <= end) continue;
    ranges.push({ ...range, kind: 'inline' });
    end = Math.max(end, range.end);
  }
  return ranges;
}
