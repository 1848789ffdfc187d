// What a bot said, without its markup: Markdown read as Markdown, HTML tags gone, the words of links and the text of code kept. Pure.
import type { Nodes } from 'mdast';
import { parseMarkdown } from './markdown.ts';

/** Nobody's answer is longer; what is, is taken as it stands, since some Markdown takes a parser long. In characters. */
const longest = 20_000;

/** The text as a reader sees it, blocks on lines of their own; as it stands where no parser takes it: a bot may say anything. */
export function spokenText(text: string): string {
  if (text.length > longest || !/[*_`~<&[\]#>|\\-]/.test(text)) return text;
  try {
    return wordsOf(parseMarkdown(text)).trim();
  } catch (thrown) {
    if (thrown instanceof RangeError) return text;
    throw thrown;
  }
}

const apart: ReadonlySet<string> = new Set(['root', 'blockquote', 'list', 'listItem', 'table', 'footnoteDefinition']);

function wordsOf(node: Nodes): string {
  if (node.type === 'html') return withoutTags(node.value);
  if (node.type === 'break') return '\n';
  if (node.type === 'image' || node.type === 'imageReference') return node.alt ?? '';
  if ('value' in node) return node.value;
  if (!('children' in node)) return '';
  const parts = (node.children as readonly Nodes[]).map(wordsOf);
  if (node.type === 'tableRow') return parts.join(' | ');
  return parts.join(apart.has(node.type) ? '\n' : '');
}

const named: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** Tags that set blocks apart leave a line end; what others stood around grows together again. */
function withoutTags(html: string): string {
  return html
    .replace(/<\/?(?:p|div|br|li|ul|ol|tr|td|th|table|h[1-6]|pre|blockquote)\b[^>]*>/gi, '\n')
    .replace(/<!--[\s\S]*?-->|<\/?[a-z][^>]*>/gi, '')
    .replace(/&(#\d{1,7}|[a-z]{2,6});/gi, (whole, name: string) => {
      if (!name.startsWith('#')) return named[name.toLowerCase()] ?? whole;
      const code = Number(name.slice(1));
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    });
}
