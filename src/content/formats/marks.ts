// Marks within a text that a site generator reads and its readers never see: comments, heading ids, attribute lists, icons, the place of a
// table of contents.
import type { Generator } from '../../model/config.ts';
import { type Edit, splice, type Woven } from '../woven.ts';
import { commentsOf, parseHtml } from './html.ts';
import { clearing, nodesOf, rangeOf, treeOf } from './markdown.ts';

/** Whether a text could hold such a mark at all. */
export function mayHoldMarks(text: string): boolean {
  return /<!--|\{|\[TOC\]|:(?:material|fontawesome|octicons|simple)-/.test(text);
}

/** Takes them out. */
export function withoutMarks(woven: Woven, generator: Generator): Woven {
  const { text } = woven;
  const edits: Edit[] = [];
  for (const node of nodesOf(treeOf(woven).root)) {
    const { start, end } = rangeOf(node);
    const source = () => text.slice(start, end);
    if (node.type === 'html') {
      for (const comment of commentsOf(parseHtml(source(), 'piece'))) {
        edits.push(clearing(text, { start: start + comment.start, end: start + comment.end }));
      }
    } else if (node.type === 'heading') edits.push(...headingId(source(), start));
    else if (node.type === 'text' && generator === 'mkdocs') edits.push(...wordMarks(source(), start));
  }
  return splice(woven, edits);
}

/** `{#anchor}` at the end of a heading. */
function headingId(source: string, start: number): readonly Edit[] {
  const match = /(?<![ \t])[ \t]*\{#[\w:.-]+\}[ \t]*(#*)$/.exec(source.split('\n')[0] ?? '');
  if (match === null) return [];
  return [{ start: start + match.index, end: start + match.index + match[0].length - (match[1] ?? '').length, insert: '' }];
}

const attribute = String.raw`(?:[.#][\w:-]+|[\w:-]+=(?:"[^"\n]*"|'[^'\n]*'|[^\s"'{}]+))`;
const attributeList = new RegExp(String.raw`[ \t]?\{:?[ \t]*${attribute}(?:[ \t]+${attribute})*[ \t]*\}`, 'g');
const icon = /[ \t]?:(?:material|fontawesome|octicons|simple)-[\w-]+:/g;
const contents = /^\[TOC\]$/g;

function wordMarks(source: string, start: number): readonly Edit[] {
  return [attributeList, icon, contents].flatMap((pattern) =>
    [...source.matchAll(pattern)].map((match) => ({ start: start + match.index, end: start + match.index + match[0].length, insert: '' })),
  );
}
