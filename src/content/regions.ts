// Keep-out and keep-in regions: `<!-- kb:ignore -->` … `<!-- kb:end -->` is left out of every bot, `<!-- kb:only support -->` … goes to the
// bots it names. What is unclear is an error, never a guess: behind a marker may stand what a bot must not know. Pure.
import { codeInHtml, commentsOf, parseHtml } from './formats/html.ts';
import { type CodeRange, clearing, type Dialect, nodesOf, type Range, rangeAt, rangeOf, treeOf } from './formats/markdown.ts';
import { didYouMean } from './similar.ts';
import { type Edit, splice, type Woven } from './woven.ts';

/** A comment that speaks to us. */
interface Marker extends Range {
  /** Behind `kb:`, without white space around it; a leading slash stays. */
  readonly words: string;
}

export interface RegionInput {
  readonly dialect: Dialect | 'html' | 'plain';
  readonly targetNames: readonly string[];
  /** Whose text this is; null keeps what is meant for any target. */
  readonly target: string | null;
  readonly report: (offset: number, message: string) => void;
}

export interface Regions {
  readonly woven: Woven;
  /** Some region depends on the target. */
  readonly perTarget: boolean;
}

/** Cuts the regions that this target must not have, and all markers. */
export function cutRegions(woven: Woven, input: RegionInput): Regions {
  const { text } = woven;
  const markers = markersIn(woven, input.dialect);
  const edits: Edit[] = [];
  const open: { readonly kind: 'ignore' | 'only'; readonly marker: Marker; readonly keeps: boolean }[] = [];
  let perTarget = false;
  for (const marker of markers) {
    const [word = '', ...names] = marker.words.split(/[\s,]+/).filter((part) => part !== '');
    if (word === 'ignore' || word === 'only') {
      perTarget ||= word === 'only';
      open.push({ kind: word, marker, keeps: word === 'only' && keepsFor(names, marker, input) });
      continue;
    }
    if (word !== 'end' && word !== '/ignore' && word !== '/only') {
      const known = ['ignore', 'only', 'end', '/ignore', '/only'];
      input.report(marker.start, `unknown marker "kb:${marker.words}"${didYouMean(word, known)}; there are kb:ignore, kb:only and kb:end`);
      continue;
    }
    const region = open.pop();
    if (region === undefined) {
      input.report(marker.start, `"${written(marker)}" ends no region: there is no kb:ignore or kb:only before it`);
      continue;
    }
    if (word !== 'end' && word !== `/${region.kind}`) {
      input.report(marker.start, `"${written(marker)}" ends a region that "${written(region.marker)}" began`);
    }
    if (!region.keeps) edits.push(clearing(text, { start: region.marker.start, end: marker.end }));
    else edits.push(clearing(text, region.marker), clearing(text, marker));
  }
  for (const { start } of input.dialect === 'markdown' ? markersInIndentedCode(woven) : []) {
    input.report(start, 'a marker in text that is indented so far that it is code: indent it less, or put code between fences');
  }
  for (const { marker } of open) {
    input.report(marker.start, `"${written(marker)}" is never ended: <!-- kb:end --> is missing`);
  }
  for (const start of unheeded(woven, input.dialect, [...markers, ...edits])) {
    const how = input.dialect === 'markdown' ? 'write it as <!-- kb:… -->, outside of other elements' : 'it stands where no comment can';
    input.report(start, `what looks like a marker is none here: ${how}, or put it into code if it is meant as text`);
  }
  return { woven: splice(woven, edits), perTarget };
}

/** Where something looks like a marker that was not read as one, outside code and outside of what is cut anyway. */
function unheeded(woven: Woven, dialect: RegionInput['dialect'], known: readonly Range[]): readonly number[] {
  const found = [
    ...woven.text.matchAll(/(?:<!--|\/\*|^[ ]{0,3}\[[^\]\n]*\]:[ \t]*\S+[ \t]+["'(])\s*\/?kb\s*:\s*(?:ignore|only|end)\b/gim),
  ].map(({ index }) => index);
  const left = found.filter((start) => !known.some((range) => range.start <= start && start < range.end));
  if (left.length === 0) return [];
  const code = dialect === 'plain' ? [] : dialect === 'html' ? codeInHtml(woven.text) : treeOf(woven, dialect).code;
  return left.filter((start) => rangeAt(code, start) === null);
}

function written({ words }: Marker): string {
  return words.startsWith('/') ? `/kb:${words.slice(1)}` : `kb:${words}`;
}

function keepsFor(names: readonly string[], marker: Marker, { target, targetNames, report }: RegionInput): boolean {
  if (names.length === 0) report(marker.start, '"kb:only" names no target');
  for (const name of names) {
    if (!targetNames.includes(name)) report(marker.start, `unknown target "${name}" in kb:only${didYouMean(name, targetNames)}`);
  }
  return target === null || names.includes(target);
}

function markersIn(woven: Woven, dialect: RegionInput['dialect']): readonly Marker[] {
  return commentsIn(woven, dialect).flatMap(({ start, end, value }) => {
    const words = /^\s*(\/?)kb\s*:([\s\S]*)$/i.exec(value);
    // `KB: 12345` is somebody's number of an article; in our own spelling every word is meant for us.
    const isOurs = words !== null && (/^\s*\/?kb:/.test(value) || /^\s*(?:ignore|only|end)\b/i.test(words[2] ?? ''));
    if (words !== null && !isOurs) return [];
    if (words !== null)
      return [{ start, end, words: (words[1] ?? '') + (words[2] ?? '').trim().replace(/^\S+/, (word) => word.toLowerCase()) }];
    // Meant for us, and not written as ours: an unknown marker, since nobody would notice a comment that says nothing.
    const almost = /^\s*\/?kb[^\p{L}\p{N}:]{1,3}(?:ignore|only|end)\b/iu.test(value);
    return almost ? [{ start, end, words: value.trim() }] : [];
  });
}

function commentsIn(woven: Woven, dialect: RegionInput['dialect']): readonly FoundComment[] {
  switch (dialect) {
    case 'html':
      return commentsOf(parseHtml(woven.text, 'page'));
    case 'mdx':
      return mdxComments(woven.text, treeOf(woven, 'mdx').code);
    case 'plain':
      return writtenComments(woven.text, /<!--/g, []);
    case 'markdown':
      return commentsInMarkdown(woven);
    default:
      return dialect satisfies never;
  }
}

interface FoundComment extends Range {
  readonly value: string;
}

function commentsInMarkdown(woven: Woven): readonly FoundComment[] {
  const { text } = woven;
  const found: FoundComment[] = [];
  for (const node of nodesOf(treeOf(woven).root)) {
    if (node.type !== 'html') continue;
    const { start, end } = rangeOf(node);
    for (const comment of commentsOf(parseHtml(text.slice(start, end), 'piece'))) {
      found.push({ start: start + comment.start, end: start + comment.end, value: comment.value });
    }
  }
  return found;
}

/** Few people mean code by four spaces; and behind a marker that is not heeded the text would be sent. */
function markersInIndentedCode(woven: Woven): readonly Range[] {
  const found: Range[] = [];
  for (const code of treeOf(woven).code) {
    const at = code.kind === 'indented' ? woven.text.slice(code.start, code.end).search(/<!--\s*\/?kb\s*:/i) : -1;
    if (at >= 0) found.push({ start: code.start + at, end: code.end });
  }
  return found;
}

/**
 * Comments of MDX outside code: `{/* … *\/}`, and those of HTML, which its site generators take all the same. One that is never closed is none.
 */
export function mdxComments(text: string, code: readonly CodeRange[]): readonly FoundComment[] {
  return writtenComments(text, /<!--|\{\s*\/\*/g, code);
}

function writtenComments(text: string, opening: RegExp, code: readonly CodeRange[]): readonly FoundComment[] {
  const found: FoundComment[] = [];
  const unclosed = new Set<string>();
  for (let open = opening.exec(text); open !== null; open = opening.exec(text)) {
    const start = open.index;
    const inside = rangeAt(code, start);
    if (inside !== null) {
      opening.lastIndex = Math.max(inside.end, start + 1);
      continue;
    }
    const closing = open[0] === '<!--' ? /-->/g : /\*\/\s*\}/g;
    // What is not closed once is not closed later on either: without that, many openings would be looked through to the end again and again.
    if (unclosed.has(closing.source)) continue;
    closing.lastIndex = opening.lastIndex;
    const close = closing.exec(text);
    if (close === null) {
      unclosed.add(closing.source);
      continue;
    }
    found.push({ start, end: closing.lastIndex, value: text.slice(opening.lastIndex, close.index) });
    opening.lastIndex = closing.lastIndex;
  }
  return found;
}
