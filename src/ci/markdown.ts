// Markdown that GitHub and GitLab render, made of texts that others wrote: nothing in them becomes markup, a mention, a reference, a command of
// the comment or its end. And pages that keep within a bound by leaving out whole documents. Pure.
import { visible, visibleLines } from '../plan/escape.ts';
import { counted } from '../plan/words.ts';

/** A text in a page's line is a glance, not the document. */
const mostInline = 300;

/**
 * A text as a code span: both systems look for mentions, issue numbers, commits and addresses everywhere but in code, also where the sign was
 * written as an entity or behind a backslash.
 */
export function code(text: string): string {
  const shown = visible(text);
  const cut = shown.length > mostInline ? `${shown.slice(0, mostInline)}…` : shown;
  if (cut === '') return '` `';
  const fence = fenceOf(cut, 1);
  const space = /^[`\s]|[`\s]$/.test(cut) ? ' ' : '';
  return `${fence}${space}${cut}${space}${fence}`;
}

/** A text as a block of code, closed by no fence within it. */
export function block(text: string, language: 'diff' | 'text'): string {
  const fence = fenceOf(text, 3);
  return `${fence}${language}\n${visibleLines(text)}\n${fence}`;
}

/** What somebody said: no line of it begins as a command of GitLab (`/close`) does, whatever may take the block apart. */
export function said(text: string): string {
  return block(
    text
      .split(/\r\n|\r|\n/)
      .map((line) => `| ${line}`)
      .join('\n'),
    'text',
  );
}

/** A text inside HTML. */
export function html(text: string): string {
  return visible(text).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

/** Folded: the title in code, since HTML is no place that mentions keep away from. */
export function folded(title: string, inside: string): string {
  return `<details><summary><code>${html(title)}</code></summary>\n\n${inside}\n\n</details>\n`;
}

function fenceOf(text: string, least: number): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  return '`'.repeat(longest === 0 ? least : Math.max(least, longest + 1));
}

/** A piece of a page. Rows and folds are left out whole, folds first, the last ones first. */
export interface Block {
  readonly kind: 'always' | 'row' | 'fold';
  readonly text: string;
}

export interface Bound {
  readonly most: number;
  readonly size: (text: string) => number;
}

/** A comment on GitHub holds 65,536 characters; GitLab's notes hold more, and nobody reads more. */
export const commentBound: Bound = { most: 65_000, size: (text) => text.length };

/** A job summary holds 1 MiB of UTF-8. */
export const summaryBound: Bound = { most: 1_040_000, size: (text) => new TextEncoder().encode(text).length };

const roomForNotes = 400;

/** The page within its bound; `where` says where the rest can be read. */
export function bounded(blocks: readonly Block[], { most, size }: Bound, where: string): string {
  const sizes = blocks.map(({ text }) => size(text) + 1);
  let total = sizes.reduce((sum, one) => sum + one, 0);
  const dropped = new Set<number>();
  if (total > most) {
    for (const kind of ['fold', 'row', 'always'] as const) {
      for (let at = blocks.length - 1; at > 0 && total > most - roomForNotes; at -= 1) {
        if (blocks[at]?.kind !== kind) continue;
        dropped.add(at);
        total -= sizes[at] ?? 0;
      }
    }
  }
  const counts = { always: 0, row: 0, fold: 0 };
  for (const at of dropped) counts[blocks[at]?.kind ?? 'row'] += 1;
  const notes = [
    ...(counts.row + counts.always === 0
      ? []
      : [`_…and ${counted(counts.row + counts.always, 'more line')}, left out for length: ${where}._`]),
    ...(counts.fold === 0 ? [] : [`_The texts of ${counted(counts.fold, 'more document')} are left out for length: ${where}._`]),
  ];
  const kept = blocks.filter((_, at) => !dropped.has(at)).map(({ text }) => text);
  return `${[...kept, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n').trimEnd()}\n`;
}
