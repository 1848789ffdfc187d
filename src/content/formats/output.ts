// The composed text of a document → the format that a target takes. Owns the packages that turn one kind of tree into another.
import type { Nodes as HtmlNodes, Root as HtmlRoot } from 'hast';
import { toMdast } from 'hast-util-to-mdast';
import type { Code, Paragraph, Root, Strong } from 'mdast';
import { gfmToMarkdown } from 'mdast-util-gfm';
import { toHast } from 'mdast-util-to-hast';
import { toMarkdown } from 'mdast-util-to-markdown';
import { keptApart } from './cells.ts';
import { cleaned, parseHtml, writeHtml, writeRaw } from './html.ts';
import { nodesOf, parseMarkdown } from './markdown.ts';
import { plainOf } from './plain.ts';

/** A page → Markdown with what a reader of it sees. */
export function markdownFromHtml(html: string): string {
  return markdownOf(cleaned(parseHtml(html, 'page')));
}

export interface Conversion {
  /** All of the document: what is asked for more than once. */
  readonly body: string;
  readonly syntax: 'markdown' | 'plain';
  readonly format: 'html' | 'plain';
}

/** What turns a run of a document into a format; asked for all of it again it answers from memory. */
export function converter({ body, syntax, format }: Conversion): (run: string) => string {
  let whole: string | null = null;
  const convert = (run: string): string => {
    if (syntax === 'plain') return format === 'plain' ? run : htmlFromPlain(run);
    return format === 'plain' ? plainFromTree(treeOf(run)) : writeHtml(treeOf(run));
  };
  return (run) => {
    if (run !== body) return convert(run);
    whole ??= convert(run);
    return whole;
  };
}

/** A text of a document between its title and the line that lets a bot cite the page. */
export function framed(
  { title, url }: { readonly title: string; readonly url: string | null },
  text: string,
  format: 'html' | 'plain',
): string {
  if (format === 'plain') return `${[title, text, url === null ? '' : `Source: ${url}`].filter((piece) => piece !== '').join('\n\n')}\n`;
  const words = (value: string) => ({ type: 'text' as const, value });
  const element = (tagName: string, properties: { readonly [name: string]: string }, children: HtmlRoot['children']) =>
    ({ type: 'element', tagName, properties, children }) as HtmlRoot['children'][number];
  const heading = writeHtml({ type: 'root', children: [element('h1', {}, [words(title)])] });
  const source =
    url === null
      ? ''
      : writeHtml({ type: 'root', children: [element('p', {}, [words('Source: '), element('a', { href: url }, [words(url)])])] });
  return `${[heading, text, source].filter((piece) => piece !== '').join('\n')}\n`;
}

/** Plain text → HTML: paragraphs, with the lines they have. */
function htmlFromPlain(text: string): string {
  const paragraphs = text.split(/\n(?:[ \t]*\n)+/).filter((paragraph) => paragraph.trim() !== '');
  const children = paragraphs.map((paragraph): HtmlRoot['children'][number] => ({
    type: 'element',
    tagName: 'p',
    properties: {},
    children: paragraph.split('\n').flatMap((line, index): HtmlRoot['children'] => {
      const words = { type: 'text' as const, value: line };
      return index === 0 ? [words] : [{ type: 'element', tagName: 'br', properties: {}, children: [] }, words];
    }) as never,
  }));
  return writeHtml({ type: 'root', children });
}

/** The tree of Markdown with the HTML in it read as HTML, cleaned. */
function treeOf(markdown: string): HtmlRoot {
  const tree = toHast(withCodeTitles(parseMarkdown(markdown)), { allowDangerousHtml: true }) as HtmlNodes;
  // Tags in Markdown are single tokens: only the page as a whole says which of them belong together.
  const page = writeRaw(tree.type === 'root' ? tree : { type: 'root', children: [tree as HtmlRoot['children'][number]] });
  return cleaned(parseHtml(page, 'piece'));
}

/** What stands behind a fence's language as its title is shown above the code; other formats have no place for it. */
function withCodeTitles(root: Root): Root {
  for (const node of nodesOf(root)) {
    if (!('children' in node) || !node.children.some((child) => child.type === 'code' && titleOfCode(child) !== null)) continue;
    node.children = node.children.flatMap((child) => {
      const title = child.type === 'code' ? titleOfCode(child) : null;
      if (title === null) return [child];
      const words: Strong = { type: 'strong', children: [{ type: 'text', value: title }] };
      return [{ type: 'paragraph', children: [words] } satisfies Paragraph, child];
    }) as never;
  }
  return root;
}

/** `sh [npm]` (VitePress), `js title="server.js"` (Docusaurus, Starlight, MkDocs), `tsx filename=app/root.tsx`. */
function titleOfCode({ lang, meta }: Code): string | null {
  const info = [lang, meta].filter((part) => typeof part === 'string').join(' ');
  const [, , quoted, bare] = /\s(?:title|filename)=(?:(["'])(.*?)\1|([^\s"'{}]+))/.exec(info) ?? [];
  return quoted ?? bare ?? /\s\[([^\]]+)\]/.exec(info)?.[1] ?? null;
}

function plainFromTree(tree: HtmlRoot): string {
  return plainOf(toMdast(keptApart(tree), { document: true }));
}

function markdownOf(tree: HtmlRoot): string {
  const mdast = toMdast(keptApart(tree), { document: true });
  return toMarkdown(mdast, { extensions: [gfmToMarkdown()], bullet: '-', rule: '-', listItemIndent: 'one' }).trim();
}
