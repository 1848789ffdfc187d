// Hugo's shortcodes: `{{< note >}} … {{< /note >}}`, `{{% include "x.md" %}}`. Hugo reads them before it reads Markdown, in code as well, and
// so does this. Their marks go, what they say in words stays, includes are shown where they are used.
import { fenceFor } from '../excerpt.ts';
import { type Edit, splice, type Woven } from '../woven.ts';
import { destination, wordsOfComponent } from './components.ts';
import { labelFor } from './containers.ts';
import { clearing, type Range, wholeLines } from './markdown.ts';

export interface ShortcodeContext {
  /** A file's text, ready to be shown; null: it cannot be had, and that has been reported. */
  readonly include: (path: string, offset: number) => Woven | null;
  /** A file's text as it is. */
  readonly file: (path: string, offset: number) => Woven | null;
  /** What a parameter of the site stands for; null: nothing is known of it, and that has been reported. */
  readonly parameter: (name: string, offset: number) => string | null;
}

export interface ShortcodeFindings {
  readonly woven: Woven;
  /** Shortcodes that are not known here, with their first offset in the text that came in. */
  readonly unknown: ReadonlyMap<string, number>;
}

interface Shortcode extends Range {
  readonly name: string;
  readonly closes: boolean;
  /** Written about, not meant. */
  readonly quoted: string | null;
  readonly values: readonly string[];
  readonly named: ReadonlyMap<string, string>;
  /** What among its arguments reads like words: in quotes without a name, or of several words. */
  readonly prose: readonly string[];
}

const boxes = /^(?:note|tip|info|warning|caution|danger|important|alert|hint|callout|admonition|notice|success|question)$/i;
const silent =
  /^(?:youtube|vimeo|tweet|x|gist|instagram|toc|comment|qr|swaggerui|redoc|asciinema|steps|columns|column|cards|cardpane|tabs|tabpane|blocks\/\w+|br|clear|icon|svg|katex|chart)$/i;
const titled = /^(?:tab|card|details|expand|collapse|accordion|accordion-item|step|section|badge|mermaid|filetree\/\w+)$/i;
const includes = /^(?:include|include-md|includefile|include-file|readfile|readFile|snippet|partial|transclude|content)$/;
const codes = /^(?:highlight|code|codeblock|code-block|prism)$/i;
const links = /^(?:button|link|a|btn)$/i;

/** Leaves the text that readers of the page see. */
export function withoutShortcodes(woven: Woven, context: ShortcodeContext): ShortcodeFindings {
  const { text } = woven;
  const all = shortcodesIn(text);
  const edits: Edit[] = [];
  const unknown = new Map<string, number>();
  const open: { readonly name: string; readonly after: string; readonly labels: string[] }[] = [];
  const lastClose = new Map<string, number>();
  all.forEach((code, index) => {
    if (code.closes) lastClose.set(code.name, index);
  });
  all.forEach((code, index) => {
    if (code.quoted !== null) edits.push({ start: code.start, end: code.end, insert: code.quoted });
    else if (code.closes) {
      const at = open.findLastIndex(({ name }) => name === code.name);
      const after = at < 0 ? '' : (open.splice(at)[0]?.after ?? '');
      edits.push(after === '' ? clearing(text, code) : { start: code.start, end: code.end, insert: after });
    } else {
      const isOpened = (lastClose.get(code.name) ?? -1) > index;
      const label = code.name === 'tab' ? open.at(-1)?.labels.shift() : undefined;
      const { insert, after } = shown(code, isOpened, context, label);
      if (isOpened) open.push({ name: code.name, after, labels: labelsOf(code) });
      if (!isKnown(code.name) && !unknown.has(code.name)) unknown.set(code.name, code.start);
      const touches = /^[^\s<{]/.test(text.slice(code.end, code.end + 1)) ? ' ' : '';
      const apart = typeof insert === 'string' && insert.startsWith('**') ? asParagraph(text, code, insert) + touches : insert;
      edits.push(insert === '' ? clearing(text, code) : { start: code.start, end: code.end, insert: apart });
    }
  });
  return { woven: splice(woven, edits), unknown };
}

/** A label alone in its line is a paragraph of its own. */
function asParagraph(text: string, { start, end }: Range, label: string): string {
  const lines = wholeLines(text, { start, end });
  if (text.slice(lines.start, start).trim() !== '' || text.slice(end, lines.end).trim() !== '') return label;
  const above = text.slice(text.lastIndexOf('\n', lines.start - 2) + 1, lines.start).trim();
  const next = text.indexOf('\n', lines.end);
  const below = text.slice(lines.end, next < 0 ? text.length : next).trim();
  const isText = (line: string) => line !== '' && !/^\{\{[<%]/.test(line);
  return `${isText(above) || /^\{\{[<%]\s*\//.test(above) ? '\n' : ''}${label}${isText(below) ? '\n' : ''}`;
}

/** `{{< tabs items="JSON,YAML" >}}` names the tabs within it. */
function labelsOf({ name, named }: Shortcode): string[] {
  const items = name === 'tabs' ? named.get('items') : undefined;
  return items === undefined ? [] : items.split(',').map((item) => item.trim());
}

function isKnown(name: string): boolean {
  return [boxes, silent, titled, includes, codes, links, /^(?:ref|relref|figure|img|image|param)$/].some((pattern) => pattern.test(name));
}

/** Where Hugo and its themes look: beside the page, from the root, among the partials, and below `content` or `assets` of the site. */
export function shortcodePaths(path: string, from: string, partials: readonly string[]): readonly string[] {
  const clean = path.replace(/^\/+/, '');
  const beside = path.startsWith('/') ? [] : [`${from.slice(0, from.lastIndexOf('/') + 1)}${path}`];
  const withoutRoot = clean.replace(/^(?:content|assets|static)\//, '');
  return [...beside, clean, ...(withoutRoot === clean ? [] : [withoutRoot]), ...partials.map((folder) => `${folder}/${clean}`)];
}

interface Shown {
  readonly insert: string | Woven;
  /** What its closing mark becomes. */
  readonly after: string;
}

function shown(code: Shortcode, isOpened: boolean, context: ShortcodeContext, label: string | undefined): Shown {
  const { name, named } = code;
  const first = code.values[0] ?? '';
  const only = (insert: string | Woven): Shown => ({ insert, after: '' });
  if (name === 'ref' || name === 'relref') return only(destination(named.get('path') ?? first));
  if (name === 'param') return only(context.parameter(named.get('name') ?? first, code.start) ?? '');
  if (includes.test(name)) {
    const path = named.get('file') ?? named.get('path') ?? named.get('src') ?? first;
    if (named.get('code') === 'true') {
      const file = context.file(path, code.start);
      return only(file === null ? '' : fenceFor(file, named.get('lang') ?? ''));
    }
    return only(context.include(path, code.start) ?? '');
  }
  if (codes.test(name)) return isOpened ? { insert: `\`\`\`${named.get('lang') ?? first}`, after: '```' } : only('');
  if (/^(?:figure|img|image)$/.test(name)) return only(figure(code));
  if (links.test(name)) {
    const target = named.get('href') ?? named.get('link') ?? named.get('url') ?? named.get('relref') ?? first;
    const words = named.get('text') ?? named.get('label');
    if (isOpened) return { insert: '[', after: `](${destination(target)})` };
    return only(words === undefined ? '' : `[${words}](${destination(target)})`);
  }
  if (boxes.test(name)) {
    const isGeneric = /^(?:alert|hint|callout|admonition|notice)$/i.test(name);
    const kind = isGeneric ? (named.get('type') ?? named.get('color') ?? (first || 'note')) : name;
    const title = named.get('title') ?? named.get('header') ?? (isGeneric ? (code.values[1] ?? '') : first);
    const text = isOpened ? '' : (named.get('text') ?? '');
    return only([labelFor(isKind(kind) ? kind : 'note', title), text].filter((part) => part !== '').join(' '));
  }
  if (titled.test(name)) {
    const title =
      named.get('name') ?? named.get('title') ?? named.get('header') ?? named.get('summary') ?? named.get('label') ?? label ?? first;
    if (name === 'card' && !isOpened)
      return only(
        wordsOfComponent({ name, attributes: new Map([...named, ...(title === '' ? [] : [['title', title] as const])]) }, labelFor),
      );
    return only(title === '' ? '' : name === 'badge' ? title : `**${title}**`);
  }
  if (silent.test(name)) return only('');
  const words = wordsOfComponent({ name, attributes: named }, labelFor);
  return only(words === '' ? code.prose.join(' ') : words);
}

function isKind(kind: string): boolean {
  return boxes.test(kind) && !/^(?:alert|hint|callout|admonition|notice)$/i.test(kind);
}

function figure({ named, values }: Shortcode): string {
  const source = named.get('src') ?? named.get('link') ?? values[0] ?? '';
  const alt = named.get('alt') ?? named.get('title') ?? named.get('caption') ?? values[1] ?? '';
  const others = ['title', 'caption', 'attr'].map((name) => named.get(name)).filter((text) => text !== undefined && text !== alt);
  const picture = source === '' ? alt : `![${alt}](${destination(source)})`;
  const link = named.get('src') === undefined ? undefined : named.get('link');
  const image = link === undefined ? picture : `[${picture}](${destination(link)})`;
  return [image, ...others].join('\n\n');
}

// ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function shortcodesIn(text: string): readonly Shortcode[] {
  const found: Shortcode[] = [];
  for (let start = nextMark(text, 0); start >= 0; ) {
    const code = shortcodeAt(text, start);
    if (code !== null) found.push(code);
    start = nextMark(text, code?.end ?? start + 3);
  }
  return found;
}

function nextMark(text: string, from: number): number {
  const mark = /\{\{[<%]/g;
  mark.lastIndex = from;
  return mark.exec(text)?.index ?? -1;
}

function shortcodeAt(text: string, start: number): Shortcode | null {
  const close = text[start + 2] === '<' ? '>}}' : '%}}';
  if (text.startsWith('/*', start + 3)) {
    const end = text.indexOf(`*/${close}`, start);
    if (end < 0) return null;
    const quoted = `${text.slice(start, start + 3)}${text.slice(start + 5, end)}${close}`;
    return { start, end: end + 5, name: '', closes: false, quoted, values: [], named: new Map(), prose: [] };
  }
  const words = wordsFrom(text, start + 3, close);
  if (words === null) return null;
  const [head, ...rest] = words.words;
  if (head === undefined) return null;
  const closes = head.text.startsWith('/');
  const name = (closes && head.text === '/' ? (rest.shift()?.text ?? '') : head.text.replace(/^\//, '')).replace(/\/$/, '');
  const named = new Map<string, string>();
  const values: string[] = [];
  for (const { key, text: value } of rest) {
    if (key !== null) named.set(key, value);
    else if (value !== '/') values.push(value);
  }
  const prose = rest.flatMap(({ key, text: value, isQuoted }) => (isQuoted && (key === null || /\S\s+\S/.test(value)) ? [value] : []));
  return { start, end: words.end, name, closes, quoted: null, values, named, prose };
}

interface Word {
  readonly key: string | null;
  readonly text: string;
  readonly isQuoted: boolean;
}

/** The words up to the closing mark: bare, in quotes (with escapes) or in backquotes (as they are), each with its name where it has one. */
function wordsFrom(text: string, from: number, close: string): { readonly words: Word[]; readonly end: number } | null {
  const words: Word[] = [];
  let at = from;
  let key: string | null = null;
  while (at < text.length) {
    if (text.startsWith(close, at)) return { words, end: at + close.length };
    const character = text[at] ?? '';
    if (/\s/.test(character)) {
      at += 1;
      continue;
    }
    if (character === '"' || character === '`') {
      const end = endOfQuote(text, at, character);
      if (end < 0) return null;
      const inner = text.slice(at + 1, end);
      words.push({ key, text: character === '"' ? inner.replace(/\\(["\\])/g, '$1') : inner, isQuoted: true });
      key = null;
      at = end + 1;
      continue;
    }
    let end = at;
    while (end < text.length && !/[\s"`=]/.test(text[end] ?? '') && !text.startsWith(close, end)) end += 1;
    if (text[end] === '=' && end > at) {
      key = text.slice(at, end);
      at = end + 1;
      continue;
    }
    if (end === at) end += 1;
    words.push({ key, text: text.slice(at, end), isQuoted: false });
    key = null;
    at = end;
  }
  return null;
}

function endOfQuote(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (quote === '"' && text[at] === '\\') at += 1;
    else if (text[at] === quote) return at;
  }
  return -1;
}
