// What VitePress adds to Markdown: script and style blocks, Vue components, bindings and expressions. Tags of components go, what they say
// in words stays.
import type { Element } from 'hast';
import { type Edit, splice, type Woven } from '../woven.ts';
import { type Component, isTextAttribute, linkText, wordsOfComponent } from './components.ts';
import { htmlNodes, offsetsOf, parseHtml } from './html.ts';
import { type CodeRange, clearing, type MarkdownTree, nodesOf, type Range, rangeAt, rangeOf, treeOf } from './markdown.ts';

export interface VueFindings {
  readonly woven: Woven;
  /** Components that are not known here, with their first offset in the text that came in. */
  readonly unknown: ReadonlyMap<string, number>;
  /** Expressions that would have to be run. */
  readonly expressions: readonly number[];
}

/** Components of VitePress's own theme, and of Vue. */
const known: ReadonlySet<string> = new Set(
  'Badge ClientOnly Content Teleport Transition KeepAlive Suspense VPTeamMembers VPTeamPage VPTeamPageTitle VPTeamPageSection VPButton VPHomeHero VPFeatures template component slot'.split(
    ' ',
  ),
);

/** Whether a text could hold any of it. */
export function mayHoldVue(text: string): boolean {
  return /<(?:script|style|template|[A-Z]|[a-z]+-)|\{\{|\s(?::|@|v-)[\w-]+(?:=|\s|>)|\[\[toc\]\]|\[\[_toc_\]\]/i.test(text);
}

/** Leaves the text that readers of the page see. */
export function withoutVue(woven: Woven): VueFindings {
  const { text } = woven;
  const { root, code } = treeOf(woven);
  const edits: Edit[] = [];
  for (const node of nodesOf(root)) {
    const range = rangeOf(node);
    const source = () => text.slice(range.start, range.end);
    if (node.type === 'paragraph' && /^\[\[(?:_?toc_?)\]\]$/i.test(source())) edits.push(clearing(text, range));
    if (node.type === 'html') edits.push(...htmlEdits(text, range));
  }
  const tags = componentTags(text, code, autolinksIn(text, root));
  const unknown = new Map<string, number>();
  for (const { start, name, closes } of tags) if (!closes && !known.has(name) && !unknown.has(name)) unknown.set(name, start);
  const kept = keptAsWritten(text, code);
  const expressions = expressionEdits(text, code).filter(({ start }) => rangeAt(kept, start) === null);
  const whole = splice(woven, [...edits, ...tags.map((tag) => tagEdit(text, tag)), ...expressions]);
  return { woven: whole, unknown, expressions: expressions.map(({ start }) => start) };
}

/** `<jo@example.com>` and `<https://…>` begin like tags. */
function autolinksIn(text: string, root: MarkdownTree['root']): readonly Range[] {
  return [...nodesOf(root)]
    .filter(({ type }) => type === 'link')
    .map(rangeOf)
    .filter(({ start }) => text[start] === '<');
}

/** What stands in an element with `v-pre` is shown with its braces. */
function keptAsWritten(text: string, code: readonly CodeRange[]): readonly Range[] {
  if (!text.includes('v-pre')) return [];
  const found = [...text.matchAll(/<([a-z][\w-]*)(?=[^<>]*\sv-pre[\s>=])[^<>]*>[\s\S]*?<\/\1>/g)];
  return found
    .map(({ index, 0: whole }) => ({ start: index, end: index + whole.length }))
    .filter(({ start }) => rangeAt(code, start) === null);
}

/** Script and style blocks, and bindings of plain elements. */
function htmlEdits(text: string, { start, end }: Range): readonly Edit[] {
  const source = text.slice(start, end);
  const edits: Edit[] = [];
  for (const element of htmlNodes(parseHtml(source, 'piece'))) {
    if (element.type !== 'element') continue;
    const whole = offsetsOf(element);
    if (element.tagName === 'script' || element.tagName === 'style') {
      edits.push(clearing(text, { start: start + whole.start, end: start + whole.end }));
    } else edits.push(...bindingEdits(element, source, start));
  }
  return edits;
}

interface Tag extends Range {
  readonly name: string;
  readonly closes: boolean;
}

/** Tags of components outside code. Vue takes attributes that are no HTML (`@click`), so that to CommonMark such a tag is no tag at all. */
function componentTags(text: string, code: readonly CodeRange[], autolinks: readonly Range[]): readonly Tag[] {
  const tags: Tag[] = [];
  for (const match of text.matchAll(/<(\/?)([A-Za-z][\w.-]*)/g)) {
    const start = match.index;
    const name = match[2] ?? '';
    if (!isComponent(name) || rangeAt(code, start) !== null || rangeAt(autolinks, start) !== null || start < (tags.at(-1)?.end ?? 0))
      continue;
    const end = endOfTag(text, start + match[0].length);
    if (end !== null) tags.push({ start, end, name, closes: match[1] === '/' });
  }
  return tags;
}

/** Behind the `>` that is not within quotes; null where there is none before the next tag or blank line. */
function endOfTag(text: string, from: number): number | null {
  let quote = '';
  for (let at = from; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === '>') return at + 1;
    else if (character === '<' || text.startsWith('\n\n', at)) return null;
  }
  return null;
}

/** What a tag says in words, or nothing. */
function tagEdit(text: string, tag: Tag): Edit {
  const [element] = tag.closes ? [] : parseHtml(text.slice(tag.start, tag.end), 'piece').children;
  const words = element?.type === 'element' ? wordsOfComponent(componentOf(tag.name, element)) : '';
  // What it says by itself and what stands in it are two things.
  const apart = /^[^\s<]/.test(text.slice(tag.end, tag.end + 1)) ? ' ' : '';
  return words === '' ? clearing(text, tag) : { start: tag.start, end: tag.end, insert: words + apart };
}

function isComponent(name: string): boolean {
  return /[A-Z]/.test(name) || name.includes('-') || name === 'template' || name === 'component' || name === 'slot';
}

function componentOf(name: string, { properties }: Element): Component {
  const attributes = new Map<string, string>();
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === 'string' && (isTextAttribute(key) || linkText.has(key))) attributes.set(key, value);
  }
  return { name, attributes };
}

/** Bindings on plain elements (`:class`, `@click`, `v-if`) say nothing to a reader. */
function bindingEdits(element: Element, source: string, base: number): readonly Edit[] {
  const positions = Object.entries(element.data?.position.properties ?? {});
  return positions.flatMap(([name, position]): readonly Edit[] => {
    if (position === undefined || !/^(?:[:@#]|v-)/.test(name)) return [];
    const { start, end } = offsetsOf({ position });
    const space = /(?<!\s)\s*$/.exec(source.slice(0, start))?.[0].length ?? 0;
    return [{ start: base + start - space, end: base + end, insert: '' }];
  });
}

/** `{{ $frontmatter.title }}`: names of ours are filled in before; what is left is code, and is not run. */
function expressionEdits(text: string, code: readonly CodeRange[]): readonly Edit[] {
  const edits: Edit[] = [];
  for (const match of text.matchAll(/(?<![\\$={])\{\{[^{}\n]*\}\}(?!\})/g)) {
    if (rangeAt(code, match.index) === null) edits.push({ start: match.index, end: match.index + match[0].length, insert: '' });
  }
  return edits;
}
