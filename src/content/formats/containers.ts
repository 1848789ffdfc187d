// Containers between colons: `:::note[Title]` (generic directives, Docusaurus, Starlight) and `::: tip Title` (VitePress). The markers go,
// a label says what kind it was, the text within stays. Owns the directive packages, which read what follows the colons.
import { directiveFromMarkdown } from 'mdast-util-directive';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { directive } from 'micromark-extension-directive';
import { type Edit, splice, type Woven } from '../woven.ts';
import { refuseHeavy } from './heavy.ts';
import { clearing, type Dialect, type Line, linesOf, nodesOf, rangeAt, rangeOf, treeOf } from './markdown.ts';

/** What people are warned with: the kind is part of what a reader sees. Others only draw a box. */
const admonitions: ReadonlySet<string> = new Set(
  'abstract attention bug caution danger error example failure hint important info note question quote seealso success summary tip todo warning'.split(
    ' ',
  ),
);

/** Takes the markers of containers off. One that is never closed ends with the text, as the generators have it. */
export function openContainers(woven: Woven, dialect: Dialect): Woven {
  const { text } = woven;
  const { code } = treeOf(woven, dialect);
  const lines = linesOf(text);
  const open: number[] = [];
  const edits: Edit[] = [];
  lines.forEach((line, index) => {
    const match = /^([ \t>]*(?:[-*+][ \t]+|\d+[.)][ \t]+)?)(:{3,})[ \t]*(.*?)[ \t]*$/.exec(line.text);
    if (match === null) return;
    const [, before = '', colons = '', info = ''] = match;
    if (rangeAt(code, line.start + before.length) !== null) return;
    if (info !== '') {
      open.push(colons.length);
      edits.push(replaced(text, lines, index, before, labelOf(info)));
    } else if (open.length > 0 && colons.length >= (open.at(-1) ?? 0)) {
      open.pop();
      edits.push(replaced(text, lines, index, before, ''));
    }
  });
  return splice(woven, edits);
}

/** The words that stand for a container: its kind, its title, or both. */
export function labelFor(kind: string, written: string): string {
  // It is bold as a whole.
  const title = written.replace(/\*\*|__/g, '');
  const known = admonitions.has(kind.toLowerCase());
  const name = kind.charAt(0).toUpperCase() + kind.slice(1).toLowerCase();
  if (title === '') return known || kind === 'details' ? `**${name}**` : '';
  if (!known || title.toLowerCase() === kind.toLowerCase()) return `**${title}**`;
  return `**${name}: ${title}**`;
}

/** `note[Title]{.class}`, `tip Title`, `details Title {open}`. */
function labelOf(info: string): string {
  const kind = /^[A-Za-z][\w-]*/.exec(info)?.[0] ?? '';
  const read = directiveOf(info);
  const rest = info
    .slice(kind.length)
    .replace(/\{[^{}]*\}\s*$/, '')
    .trim();
  return labelFor(kind, read ?? rest);
}

/** The label of a generic directive, as written; null where it is none. */
function directiveOf(info: string): string | null {
  if (!/^[A-Za-z][\w-]*[[{]/.test(info)) return null;
  const text = `:::${info}\n:::`;
  refuseHeavy(text);
  const root = fromMarkdown(text, { extensions: [directive()], mdastExtensions: [directiveFromMarkdown()] });
  const container = root.children[0];
  if (container?.type !== 'containerDirective') return null;
  for (const node of nodesOf(container)) {
    if (node.type !== 'paragraph' || node.data === undefined || !('directiveLabel' in node.data)) continue;
    const { start, end } = rangeOf(node);
    return text
      .slice(start, end)
      .replace(/^\[|\]$/g, '')
      .trim();
  }
  return container.attributes?.['title'] ?? '';
}

/** Instead of a marker's line: its label as a paragraph, or as little as keeps its neighbours apart. */
function replaced(text: string, lines: readonly Line[], index: number, before: string, label: string): Edit {
  const line = lines[index] ?? { start: 0, end: 0, text: '' };
  const isBlank = (other: Line | undefined) => other === undefined || other.text.replace(/^[ \t>]*/, '') === '';
  const above = isBlank(lines[index - 1]);
  const below = isBlank(lines[index + 1]);
  // Of a list item only its mark is left, of a quote its angle.
  const empty = before.replace(/(?:[-*+]|(?<!\d)\d+[.)])[ \t]+$/, '').trimEnd();
  if (label === '') {
    if (empty.length < before.trimEnd().length) return { start: line.start + before.length, end: line.end, insert: '' };
    return above || below ? clearing(text, { start: line.start, end: line.end }) : { start: line.start, end: line.end, insert: empty };
  }
  return { start: line.start, end: line.end, insert: `${above ? '' : `${empty}\n`}${before}${label}${below ? '' : `\n${empty}`}` };
}
