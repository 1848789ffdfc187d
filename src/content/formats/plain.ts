// A Markdown tree → text for readers that show no markup: lists, code and tables stay legible, links keep their address. Pure.
import type { List, Nodes, Parents, PhrasingContent, Table } from 'mdast';

/** The text of a tree that holds no raw HTML. Blocks are apart by one blank line. */
export function plainOf(tree: Nodes): string {
  return blocks(tree).trim();
}

function blocks(node: Nodes): string {
  if (!('children' in node)) return block(node);
  return joined((node as Parents).children, (child) => block(child as Nodes));
}

function joined<Child>(children: readonly Child[], text: (child: Child) => string): string {
  return children
    .map(text)
    .filter((part) => part.trim() !== '')
    .join('\n\n');
}

function block(node: Nodes): string {
  switch (node.type) {
    case 'heading':
    case 'paragraph':
      return inline(node.children);
    case 'code':
      return node.value;
    case 'list':
      return list(node);
    case 'table':
      return table(node);
    case 'thematicBreak':
    case 'definition':
      return '';
    case 'footnoteDefinition':
      return `[${node.label ?? node.identifier}] ${blocks(node)}`;
    case 'text':
    case 'inlineCode':
    case 'link':
    case 'image':
      return inline([node]);
    default:
      return 'children' in node ? blocks(node) : 'value' in node ? node.value : '';
  }
}

/** Items of one paragraph each, lists below them aside, stand line below line; others are apart. */
function list({ ordered, start, children }: List): string {
  const isLoose = children.some((item) => item.children.filter((child) => child.type !== 'list').length > 1);
  const items = children.map((item, index) => {
    const tick = item.checked === null || item.checked === undefined ? '' : item.checked ? '[x] ' : '[ ] ';
    const mark = ordered === true ? `${(start ?? 1) + index}. ` : '- ';
    const texts = item.children.map((child) => block(child)).filter((part) => part.trim() !== '');
    return mark + tick + indented(texts.join(isLoose ? '\n\n' : '\n'), mark.length);
  });
  return items.join(isLoose ? '\n\n' : '\n');
}

/** All lines but the first. */
function indented(text: string, width: number): string {
  return text.replace(/\n(?=[^\n])/g, `\n${' '.repeat(width)}`);
}

function table({ children }: Table): string {
  const rows = children.map((row) => row.children.map((cell) => inline(cell.children).replace(/\s*\n\s*/g, ' ')));
  return rows
    .filter((row) => row.some((cell) => cell.trim() !== ''))
    .map((row) => row.join(' | '))
    .join('\n');
}

function inline(nodes: readonly PhrasingContent[]): string {
  return nodes.map(inlineOf).join('');
}

function inlineOf(node: PhrasingContent): string {
  switch (node.type) {
    case 'text':
    case 'inlineCode':
      return node.value;
    case 'break':
      return '\n';
    case 'link':
      return inline(node.children).trim() === '' ? '' : withAddress(inline(node.children), node.url);
    case 'image':
      return withAddress(node.alt ?? '', node.url);
    case 'footnoteReference':
      return `[${node.label ?? node.identifier}]`;
    default:
      return 'children' in node ? inline(node.children) : 'value' in node ? node.value : '';
  }
}

/** An address that the words show already is not said twice; one within the page is of no use to whoever cannot click. */
function withAddress(words: string, url: string): string {
  if (url === '' || url.startsWith('#')) return words;
  const bare = (text: string) => text.trim().replace(/^(?:mailto:|tel:|https?:\/\/)/i, '');
  if (bare(words) === bare(url)) return words;
  return words.trim() === '' ? `(${url})` : `${words} (${url})`;
}
