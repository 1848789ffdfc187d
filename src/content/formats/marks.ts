// Marks within a text that a site generator reads and its readers never see: comments, heading ids, attribute lists, icons, the place of a
// table of contents.
import type { Nodes } from 'mdast';
import type { Generator } from '../../model/config.ts';
import { type Edit, splice, type Woven } from '../woven.ts';
import { commentsOf, parseHtml } from './html.ts';
import { clearing, nodesOf, rangeOf, treeOf } from './markdown.ts';

/** Whether a text could hold such a mark at all. */
export function mayHoldMarks(text: string): boolean {
  return (
    mayHoldComments(text) ||
    /\{|\[TOC\]|\[!code |highlight-(?:next|start|end)|:(?:material|fontawesome|octicons|simple)-|\+\+|^\/\/\//m.test(text)
  );
}

/** Whether a text could hold a comment. */
export function mayHoldComments(text: string): boolean {
  return text.includes('<!--') || /^ {0,3}\[(?:\/\/|comment)[^\]\n]*\]:/im.test(text);
}

/** What editors tell each other, and no reader of the page sees: HTML's comments, and `[//]: # (…)`. */
export function withoutComments(woven: Woven): Woven {
  const { text } = woven;
  return splice(
    woven,
    [...nodesOf(treeOf(woven).root)].flatMap((node) => commentEdits(node, text)),
  );
}

function commentEdits(node: Nodes, text: string): readonly Edit[] {
  const { start, end } = rangeOf(node);
  if (node.type === 'definition') return /^(?:\/\/|comment)/i.test(node.label ?? '') ? [clearing(text, { start, end })] : [];
  if (node.type !== 'html') return [];
  // What HTML also takes for one (`<?php`, `<![CDATA[`) is somebody's text.
  const comments = commentsOf(parseHtml(text.slice(start, end), 'piece')).filter((comment) =>
    text.startsWith('<!--', start + comment.start),
  );
  return comments.map((comment) => clearing(text, { start: start + comment.start, end: start + comment.end }));
}

/** Takes them out. */
export function withoutMarks(woven: Woven, generator: Generator): Woven {
  const { text } = woven;
  const edits: Edit[] = [];
  for (const node of nodesOf(treeOf(woven).root)) {
    const { start, end } = rangeOf(node);
    const source = () => text.slice(start, end);
    edits.push(...commentEdits(node, text));
    if (node.type === 'heading') edits.push(...headingId(source(), start));
    else if (node.type === 'text' && generator === 'mkdocs') edits.push(...wordMarks(source(), start));
    else if (node.type === 'code') edits.push(...codeMarks(source(), start, generator));
  }
  return splice(woven, edits);
}

/** Comments that only mark lines: `// [!code focus]` (VitePress, Starlight), `// highlight-next-line` (Docusaurus). */
function codeMarks(source: string, start: number, generator: Generator): readonly Edit[] {
  const comment = String.raw`(?://|#|--|;|<!--|/\*)[ \t]*`;
  const closed = String.raw`[ \t]*(?:-->|\*/)?`;
  if (generator === 'docusaurus') {
    const line = new RegExp(
      `^[ \\t]*(?:\\{/\\*[ \\t]*|${comment})highlight-(?:next-line|start|end)${closed}(?:[ \\t]*\\*/\\})?[ \\t]*\\n`,
      'gm',
    );
    return [...source.matchAll(line)].map(({ index, 0: mark }) => ({ start: start + index, end: start + index + mark.length, insert: '' }));
  }
  if (generator !== 'vitepress' && generator !== 'astro') return [];
  const end = new RegExp(`[ \\t]*${comment}\\[!code [^\\]\\n]*\\]${closed}[ \\t]*$`, 'gm');
  return [...source.matchAll(end)].map(({ index, 0: mark }) => ({ start: start + index, end: start + index + mark.length, insert: '' }));
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

/** An icon that a text begins with goes with the space behind it: without that, a list item's words would move out to where code begins. */
const leading = /^(?::(?:material|fontawesome|octicons|simple)-[\w-]+:(?:\{[^{}\n]*\})?[ \t]*)+/;
/** `++ctrl+alt+del++` (pymdownx.keys), `{++added++}`, `{--deleted--}`, `{~~old~>new~~}`, `{==marked==}`, `{>>comment<<}` (critic), `/// caption` (blocks). */
const extensions: readonly (readonly [RegExp, string])[] = [
  [/(?<!\{)\+\+([a-z0-9-]+(?:\+[a-z0-9-]+)*)\+\+(?!\})/g, '$1'],
  [/\{\+\+(.+?)\+\+\}/g, '$1'],
  [/\{--(.+?)--\}/g, ''],
  [/\{~~(?:.*?)~>(.*?)~~\}/g, '$1'],
  [/\{==(.+?)==\}/g, '$1'],
  [/\{>>(.+?)<<\}/g, ''],
  [/^\/\/\/.*\n?/gm, ''],
];

function wordMarks(source: string, start: number): readonly Edit[] {
  const first = leading.exec(source)?.[0].length ?? 0;
  if (first > 0) return [{ start, end: start + first, insert: '' }, ...wordMarks(source.slice(first), start + first)];
  return [...plainMarks(source, start), ...extensionMarks(source, start)];
}

function extensionMarks(source: string, start: number): readonly Edit[] {
  return extensions.flatMap(([pattern, insert]) =>
    [...source.matchAll(pattern)].map((match) => ({
      start: start + match.index,
      end: start + match.index + match[0].length,
      insert: insert === '' ? '' : (match[1] ?? ''),
    })),
  );
}

function plainMarks(source: string, start: number): readonly Edit[] {
  return [attributeList, icon, contents].flatMap((pattern) =>
    [...source.matchAll(pattern)].map((match) => ({ start: start + match.index, end: start + match.index + match[0].length, insert: '' })),
  );
}
