// Elements of MDX, HTML and components alike → what readers see of them: their words, links, pictures and code. Tags go by splices.
import type { Nodes } from 'mdast';
import type { MdxJsxAttribute, MdxJsxExpressionAttribute, MdxJsxFlowElement, MdxJsxTextElement } from 'mdast-util-mdx';
import { fenceFor, indented } from '../excerpt.ts';
import { type Edit, sliceOf, splice, type Woven, weave } from '../woven.ts';
import { destination, linkText, wordsOfComponent } from './components.ts';
import { labelFor } from './containers.ts';
import { clearing, type Range, rangeOf } from './markdown.ts';
import type { Gaps, Margins } from './mdx-layout.ts';
import { entriesSaid, type Scope, said } from './mdx-values.ts';

type Jsx = MdxJsxFlowElement | MdxJsxTextElement;

/** How a partial or a file that is imported is brought in; null: it cannot be, and that has been reported. */
export interface Imports {
  document(path: string, offset: number, props: ReadonlyMap<string, string>): Woven | null;
  file(path: string, offset: number): Woven | null;
}

/** What the edits of one text share. */
export interface MdxState {
  readonly woven: Woven;
  readonly text: string;
  readonly scope: Scope;
  readonly imports: Imports;
  readonly edits: Edit[];
  /** Labels of tabs that stand in the tabs around them. */
  readonly labels: Map<Nodes, string>;
  readonly unknown: Map<string, number>;
  readonly expressions: number[];
  readonly gaps: ReadonlyMap<Nodes, Gaps>;
  readonly margins: Margins;
}

/** They show no words, whatever stands in them. */
const silent: ReadonlySet<string> = new Set('script style svg iframe video audio canvas object head Head noscript template'.split(' '));
/** Tags that only arrange what they hold. */
const transparent: ReadonlySet<string> = new Set(
  'div span section article main p center header footer figure figcaption aside nav font small big picture source details label button form'.split(
    ' ',
  ),
);
const components: ReadonlySet<string> = new Set(
  (
    'Tabs TabItem Tab TabList TabPanel Admonition Aside Callout Alert Note Tip Info Warning Caution Danger Important Check Card Cards CardGrid CardGroup ' +
    'LinkCard LinkButton Link NavLink Button Steps Step FileTree Badge Icon Code CodeBlock CodeGroup Details Summary Image Picture Figure Frame ThemedImage ' +
    'TOCInline DocCard DocCardList Highlight Columns Column Row Col Grid Accordion AccordionGroup AccordionItem Fragment BrowserWindow Tooltip Kbd Translate'
  ).split(' '),
);

/** The edits that an element asks for; what it holds has its own. */
export function elementEdits(node: Jsx, state: MdxState): readonly Edit[] {
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
  const entries = entriesOf(node.attributes, state.scope);
  noteLabels(node, entries, state);
  const tags = tagsOf(node, text);
  const gaps = state.gaps.get(node) ?? { above: '', below: '' };
  const margin = state.margins.kept.get(node) ?? '';
  const own = isTab(name) ? tabOf(node, attributes, state.labels) : attributes;
  const around = wordsAround(node, own, tags[0], text);
  return tagEdits(node, { ...around, before: around.before + listed(node, name, entries), ...gaps, margin }, tags, text);
}

function isTab(name: string): boolean {
  return /^(?:TabItem|Tab|Tabs\.Tab|TabPanel)$/.test(name);
}

/** What a reader clicks on to see it: its label, that which the tabs around it give it, or its value. */
function tabOf(node: Jsx, attributes: ReadonlyMap<string, string>, labels: MdxState['labels']): ReadonlyMap<string, string> {
  if (attributes.has('label') || attributes.has('title')) return attributes;
  const label = labels.get(node) ?? attributes.get('value') ?? attributes.get('name');
  return label === undefined ? attributes : new Map([...attributes, ['label', label]]);
}

/** `<Tabs values={[{ label, value }]}>` and `<Tabs items={['A', 'B']}>` name the tabs within them. */
function noteLabels(node: Jsx, entries: readonly ReadonlyMap<string, string>[], { labels, scope }: MdxState): void {
  if (!/^(?:Tabs|CodeTabs)$/.test(node.name ?? '')) return;
  // Tabs of one line stand in a paragraph.
  const within = node.children.flatMap((child): readonly Nodes[] => (child.type === 'paragraph' ? child.children : [child]));
  const tabs = within.filter((child): child is Jsx => 'name' in child && isTab(child.name ?? ''));
  tabs.forEach((tab, index) => {
    const value = attributesOf(tab.attributes, scope).get('value');
    const entry =
      entries.find((one) => value !== undefined && one.get('value') === value) ?? (value === undefined ? entries[index] : undefined);
    const label = entry?.get('label');
    if (label !== undefined) labels.set(tab, label);
  });
}

/** The lists among the attributes of an element. */
function entriesOf(list: Jsx['attributes'], scope: Scope): readonly ReadonlyMap<string, string>[] {
  return list.flatMap((attribute) => {
    const program = attribute.type === 'mdxJsxAttribute' && typeof attribute.value === 'object' ? attribute.value?.data?.estree : undefined;
    return program === undefined ? [] : (entriesSaid(program, scope) ?? []);
  });
}

/** Entries that a component draws by itself, one a line. */
function listed(node: Jsx, name: string, entries: readonly ReadonlyMap<string, string>[]): string {
  if (node.children.length > 0 || isHtml(name) || name === 'Tabs') return '';
  const lines = entries.flatMap((attributes) => {
    const words = wordsOfComponent({ name: 'Badge', attributes });
    return words === '' ? [] : [`\n- ${words}`];
  });
  return lines.length === 0 ? '' : `\n${lines.join('')}\n`;
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

function partialEdit(node: Jsx, path: string, props: ReadonlyMap<string, string>, { woven, text, imports, margins }: MdxState): Edit {
  const range = rangeOf(node);
  const partial = imports.document(path, range.start, props);
  if (partial === null) return clearing(text, range);
  return {
    ...range,
    insert: partial.text === '' ? sliceOf(woven, range.start, range.start) : moved(partial, margins.kept.get(node) ?? ''),
  };
}

/** All lines but the first, which stands where the block did. */
function moved(woven: Woven, margin: string): Woven {
  const deeper = indented(woven, margin);
  return margin === '' ? woven : sliceOf(deeper, woven.text.startsWith('\n') ? 0 : margin.length, deeper.text.length);
}

/** `<Code code={…} lang="js" />` and `<CodeBlock language="js">{file}</CodeBlock>` are code blocks. */
function codeEdit(node: Jsx, attributes: ReadonlyMap<string, string>, { scope, imports, margins }: MdxState): Edit | null {
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
  if (first === undefined || last === undefined)
    return [
      { start, end },
      { start: end, end },
    ];
  const opening = { start, end: rangeOf(first).start };
  const closing = { start: rangeOf(last).end, end };
  if (node.type === 'mdxJsxFlowElement') return [opening, closing];
  const space = /(?<!\s)\s*$/.exec(text.slice(opening.start, opening.end))?.[0].length ?? 0;
  return [{ start, end: opening.end - (space < opening.end - opening.start ? 0 : space) }, closing];
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
    return {
      before:
        closing === '' && !text.slice(opening.start, opening.end).includes('</')
          ? `<${name} />`
          : `<${name}>${closing === '' ? `</${name}>` : ''}`,
      after: closing,
    };
  }
  if (words === '' || node.children.length === 0) return { before: words, after: '' };
  return { before: inline ? `${words} ` : `${words}\n\n`, after: '' };
}

function tagEdits(
  node: Jsx,
  { before, after, above, below, margin }: Around & Gaps & { readonly margin: string },
  [opening, closing]: readonly [Range, Range],
  text: string,
): readonly Edit[] {
  if (node.children.length === 0)
    return [before === '' ? clearing(text, opening) : { ...opening, insert: `${above === '' ? '' : above + margin}${before}${below}` }];
  const keepsLines = node.type === 'mdxJsxFlowElement' && isHtml(node.name ?? '') && before.startsWith('<');
  const inner = keepsLines ? text.slice(opening.start, opening.end).replace(/^[\s\S]*?(\n[ \t]*)?$/, '$1') : '';
  const between = keepsLines ? (/^\s*\n[ \t]*/.exec(text.slice(closing.start, closing.end))?.[0] ?? '') : '';
  // Two tags that touch are two cells or two tabs: their words must not become one.
  const isSummary = /^summary$/i.test(node.name ?? '') && /^[^\s<]/.test(text.slice(closing.end, closing.end + 1));
  const touches =
    isSummary || (after === '' && node.type === 'mdxJsxTextElement' && text[closing.end] === '<' && !text.startsWith('</', closing.end));
  return [
    { ...opening, insert: `${above === '' ? '' : above + margin}${before}${inner}${before.endsWith('\n') ? margin : ''}` },
    { ...closing, insert: between + after + (touches ? ' ' : '') + below },
  ];
}
