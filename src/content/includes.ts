// Snippets and includes that stand in a text: `--8<-- "file"` (PyMdown), `<<< file` and `<!--@include: file-->` (VitePress). Nested, without
// cycles, inside the content root only. Which files were asked for is known to the reader that is handed in.

import { excerpt, fenceFor, headingSection, indented, lineRange, regionOf, snippetLines } from './excerpt.ts';
import { commentsOf, parseHtml } from './formats/html.ts';
import {
  type CodeRange,
  type Line,
  linesOf,
  type MarkdownTree,
  nodesOf,
  type Range,
  rangeAt,
  rangeOf,
  treeOf,
} from './formats/markdown.ts';
import { findHead } from './source.ts';
import { normalPath } from './walk-paths.ts';
import { type Edit, type Place, placeAt, sliceOf, splice, type Woven, weave } from './woven.ts';

/** What became of a path. outside: it leads out of the content root. unusable: it is there, and no text can be had of it. */
export type Included =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'outside' }
  | { readonly kind: 'unusable'; readonly why: string };

/** Reads files of the content root. Paths are relative to it, with forward slashes. */
export type IncludeReader = (path: string) => Included;

export interface IncludeContext {
  readonly read: IncludeReader;
  /** Whose syntax the text speaks: `--8<--` is PyMdown's, `<<<` and `@include` are VitePress's. Elsewhere they are text. */
  readonly speaks: { readonly snippets: boolean; readonly imports: boolean };
  /** Snippets in code are expanded whether the file is there or not (MkDocs); elsewhere only where it is. */
  readonly snippetsInCode: boolean;
  /** Declared folders of partials, tried after what a path says by itself. */
  readonly partials: readonly string[];
  /** Name of the content root's own folder: MkDocs counts from the folder above it. */
  readonly rootName: string;
  readonly report: (place: Place, message: string) => void;
  /** What all includes of one document may add up to: files, and UTF-16 units of text. */
  readonly budget: { files: number; units: number };
}

const maxDepth = 20;

/** Whether a text could hold an include at all. */
export function mayHoldIncludes(text: string): boolean {
  return /-8<-|<<<|@include/.test(text);
}

/** Expands all includes of a text. `chain` are the files it stands in, outermost first: what must not be included again. */
export function expandIncludes(woven: Woven, chain: readonly string[], context: IncludeContext): Woven {
  if (!mayHoldIncludes(woven.text)) return woven;
  const { root, code } = treeOf(woven);
  const { speaks } = context;
  const edits = [
    ...(speaks.snippets ? snippets(woven, code, chain, context) : []),
    ...(speaks.imports ? [...fences(woven, code, chain, context), ...comments(woven, root, chain, context)] : []),
  ];
  return splice(woven, edits);
}

/** A file's text by the first of several paths, or null and a report of what is wrong. */
export function bring(paths: readonly string[], place: () => Place, chain: readonly string[], context: IncludeContext): Brought | null {
  const tried = [...new Set(paths.map(normalPath))];
  const fail = (message: string) => {
    context.report(place(), message);
    return null;
  };
  let outside = false;
  for (const path of tried) {
    if (path === null) {
      outside = true;
      continue;
    }
    const found = context.read(path);
    if (found.kind === 'missing') continue;
    if (found.kind === 'outside') {
      outside = true;
      continue;
    }
    if (found.kind === 'unusable') return fail(`the included file ${path} ${found.why}`);
    if (chain.includes(path)) return fail(`includes itself: ${[...chain.slice(chain.indexOf(path)), path].join(' → ')}`);
    if (chain.length > maxDepth) return fail(`includes are nested more than ${maxDepth} deep: ${chain.join(' → ')}`);
    context.budget.files -= 1;
    context.budget.units -= found.text.length;
    if (context.budget.files < 0 || context.budget.units < 0) return fail('its includes add up to more than 1,000 files or 2 MiB');
    return { path, text: found.text };
  }
  const first = tried.find((path) => path !== null);
  if (first === undefined || (outside && tried.length === 1)) return fail(`the include "${paths[0] ?? ''}" leads out of the content root`);
  return fail(`the included file ${first} is not there`);
}

/** Whether any of several paths can be read: for places where a name may be no include at all. */
function isThere(paths: readonly string[], context: IncludeContext): boolean {
  return paths.some((path) => {
    const normal = normalPath(path);
    return normal !== null && context.read(normal).kind === 'text';
  });
}

export interface Brought {
  readonly path: string;
  readonly text: string;
}

/** A path as seen from a file: `@/x` and `/x` count from the root. */
export function pathFrom(file: string, path: string): string {
  if (path.startsWith('@/')) return path.slice(2);
  if (path.startsWith('/')) return path.slice(1);
  return `${file.slice(0, file.lastIndexOf('/') + 1)}${path}`;
}

/** A Markdown file's text without its front matter, as it stands between lines, its own includes expanded. */
export function bodyOfIncluded({ path, text }: Brought, chain: readonly string[], context: IncludeContext): Woven {
  const head = /\.(?:md|mdx|markdown)$/i.test(path) ? findHead(text) : null;
  const start = head?.kind === 'block' ? head.bodyStart : 0;
  const firstLine = text.slice(0, start).split('\n').length;
  const body = weave({ path, text: text.slice(start).replace(/\n$/, ''), firstLine });
  return expandIncludes(body, [...chain, path], context);
}

// ── --8<-- ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const snippetLine = /^([ \t]*)(;*)-+8<-+(?:[ \t]+(?:"((?:\\"|[^"\n])+?)"|'((?:\\'|[^'\n])+?)')[ \t]*)?$/;

function snippets(woven: Woven, code: readonly CodeRange[], chain: readonly string[], context: IncludeContext): readonly Edit[] {
  const edits: Edit[] = [];
  let block: Line | null = null;
  for (const line of linesOf(woven.text)) {
    const match = snippetLine.exec(line.text);
    if (match === null) {
      if (block !== null) {
        const name = line.text.trim();
        edits.push(name === '' || name.startsWith(';') ? removed(line) : snippet(woven, line, name, chain, context));
      }
      continue;
    }
    const [, space = '', semicolons = '', double, single] = match;
    const inCode = rangeAt(code, line.start + space.length) !== null;
    if (semicolons !== '') {
      // `;--8<--` is how one writes about snippets.
      const at = line.start + space.length;
      edits.push({ start: at, end: at + 1, insert: '' });
      continue;
    }
    const name = double ?? single;
    if (name === undefined) {
      // The block form names its files line by line between two of them.
      if (block === null && inCode && !context.snippetsInCode) continue;
      edits.push(removed(line));
      block = block === null ? line : null;
      continue;
    }
    const optional = inCode && !context.snippetsInCode;
    if (optional && !isThere(snippetPaths(snippetName(name).path, chain, context), context)) continue;
    edits.push(snippet(woven, line, name, chain, context));
  }
  return edits;
}

function removed(line: Line): Edit {
  return { start: line.start, end: line.end + 1, insert: '' };
}

/** `file.md`, `file.md:4:6`, `file.md::3`, `file.md:section`. */
function snippetName(name: string): { readonly path: string; readonly lines: string | null; readonly section: string | null } {
  const match = /^(.*?)((?::\d*){1,2}(?:,\d*(?::\d*)?)*)?(?::([A-Za-z][-_0-9A-Za-z]*))?$/.exec(name);
  return { path: match?.[1] ?? name, lines: match?.[2] ?? null, section: match?.[3] ?? null };
}

/** From the root (as declared, and as MkDocs counts: from the folder above it), from the partials, from the file itself. */
function snippetPaths(path: string, chain: readonly string[], { rootName, partials }: IncludeContext): readonly string[] {
  const below = path.startsWith(`${rootName}/`) ? [path.slice(rootName.length + 1)] : [];
  return [path, ...below, ...partials.map((folder) => `${folder}/${path}`), pathFrom(chain.at(-1) ?? '', path)];
}

function snippet(woven: Woven, line: Line, name: string, chain: readonly string[], context: IncludeContext): Edit {
  const place = () => placeAt(woven, line.start + line.text.search(/\S/));
  const none: Edit = { start: line.start, end: line.end, insert: '' };
  if (/^https?:\/\//i.test(name)) {
    context.report(place(), `the include "${name}" leads out of the content root`);
    return none;
  }
  const { path, lines, section } = snippetName(name);
  const brought = bring(snippetPaths(path, chain, context), place, chain, context);
  if (brought === null) return none;
  let body = weave({ path: brought.path, text: brought.text.replace(/\n$/, ''), firstLine: 1 });
  if (section !== null) {
    const range = snippetLines(body.text, section);
    if (range === null) {
      context.report(place(), `the included file ${brought.path} has no section "${section}"`);
      return none;
    }
    body = sliceOf(body, range.start, range.end);
  } else if (lines !== null) body = excerpt(body, lineRange(lines));
  else body = bodyOfIncluded(brought, chain, context);
  const expanded = section === null && lines === null ? body : expandIncludes(body, [...chain, brought.path], context);
  return { ...none, insert: indented(withoutSectionMarks(expanded), /^[ \t]*/.exec(line.text)?.[0] ?? '') };
}

/** `--8<-- [start:name]` and its end are marks, not text. */
function withoutSectionMarks(woven: Woven): Woven {
  if (!woven.text.includes('8<')) return woven;
  const marks = linesOf(woven.text).filter((line) => /(?<!-)-+8<-+[ \t]+\[[ \t]*(?:start|end)[ \t]*:/i.test(line.text));
  return splice(woven, marks.map(removed));
}

// ── <<< ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The path has an extension or begins like one, so that a heredoc or a conflict mark is none. */
const fenceLine = /^([ \t]*)<<<[ \t]*((?:@\/|\.{0,2}\/)?[^\s{}#[\]<>]+)(#[\w-]+)?[ \t]?(?:\{([^}]*)\})?[ \t]*(?:\[(.+)\])?[ \t]*$/;

function fences(woven: Woven, code: readonly CodeRange[], chain: readonly string[], context: IncludeContext): readonly Edit[] {
  if (!woven.text.includes('<<<')) return [];
  return linesOf(woven.text).flatMap((line): readonly Edit[] => {
    const match = fenceLine.exec(line.text);
    if (match === null || rangeAt(code, line.start + (match[1] ?? '').length) !== null) return [];
    const [, space = '', path = '', region, options = '', title] = match;
    if (!/^(?:@|\.{0,2})\/|\.\w+$/.test(path)) return [];
    const none: Edit = { start: line.start, end: line.end, insert: '' };
    const place = () => placeAt(woven, line.start + space.length);
    const brought = bring([pathFrom(chain.at(-1) ?? '', path), ...partialPaths(path, context)], place, chain, context);
    if (brought === null) return [none];
    const whole = weave({ path: brought.path, text: brought.text.replace(/(?<!\n)\n+$/, ''), firstLine: 1 });
    const range = region === undefined ? null : regionOf(whole.text, region.slice(1));
    if (region !== undefined && range === null) {
      context.report(place(), `the included file ${brought.path} has no region "${region.slice(1)}"`);
      return [none];
    }
    const language = /(?:^|\s)([A-Za-z][\w+-]*)/.exec(options)?.[1] ?? /\.(\w+)$/.exec(path)?.[1] ?? '';
    const info = title === undefined ? language : `${language} [${title}]`;
    const body = range === null ? whole : sliceOf(whole, range.start, range.end);
    return [{ ...none, insert: indented(fenceFor(body, info), space) }];
  });
}

function partialPaths(path: string, { partials }: IncludeContext): readonly string[] {
  return partials.map((folder) => `${folder}/${path.replace(/^(?:@|\.{0,2})\//, '')}`);
}

// ── <!--@include: --> ─────────────────────────────────────────────────────────────────────────────────────────────────

function comments(woven: Woven, root: MarkdownTree['root'], chain: readonly string[], context: IncludeContext): readonly Edit[] {
  if (!woven.text.includes('@include')) return [];
  const edits: Edit[] = [];
  for (const node of nodesOf(root)) {
    if (node.type !== 'html') continue;
    const { start, end } = rangeOf(node);
    for (const comment of commentsOf(parseHtml(woven.text.slice(start, end), 'piece'))) {
      const match = /^\s*@include:\s*(.*?)\s*$/.exec(comment.value);
      if (match === null) continue;
      const range = { start: start + comment.start, end: start + comment.end };
      edits.push(included(woven, range, match[1] ?? '', chain, context));
    }
  }
  return edits;
}

/** `./a.md`, `@/a.md#region`, `./a.md{3,10}`. */
function included(woven: Woven, range: Range, name: string, chain: readonly string[], context: IncludeContext): Edit {
  const [, path = '', region, from, comma, to] = /^(.*?)(#[^\s{]+)?(?:\{(\d*)(,?)(\d*)\})?$/.exec(name.slice(0, 4_096)) ?? [];
  const none: Edit = { ...range, insert: '' };
  const place = () => placeAt(woven, range.start);
  const brought = bring([pathFrom(chain.at(-1) ?? '', path), ...partialPaths(path, context)], place, chain, context);
  if (brought === null) return none;
  const head = findHead(brought.text);
  const bodyStart = head.kind === 'block' ? head.bodyStart : 0;
  let body = weave({ path: brought.path, text: brought.text.replace(/\n$/, ''), firstLine: 1 });
  if (region !== undefined) {
    const found = regionOf(body.text, region.slice(1)) ?? headingSection(body.text, region.slice(1));
    if (found === null) {
      context.report(place(), `the included file ${brought.path} has no region "${region.slice(1)}"`);
      return none;
    }
    body = sliceOf(body, found.start, found.end);
  } else if (comma === undefined && bodyStart > 0) body = sliceOf(body, Math.min(bodyStart, body.text.length), body.text.length);
  // Lines count from the start of the file.
  if (comma !== undefined)
    body = excerpt(body, [{ from: Number(from || 1), to: to === '' ? (comma === '' ? Number(from) : null) : Number(to) }]);
  return { ...range, insert: expandIncludes(body, [...chain, brought.path], context) };
}
