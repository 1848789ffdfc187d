// YAML text → a plain tree that keeps the place and the source text of every value. The only file of this folder that knows the yaml package.
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import type { Fault, Path } from './problem.ts';

export type Tree = Scalar | List | Mapping;

export interface Scalar {
  readonly kind: 'scalar';
  readonly at: number;
  readonly value: null | boolean | number | string;
  /** As it stands in the file: what keeps the digits of an id. '' where nothing stands there. */
  readonly source: string;
}

export interface List {
  readonly kind: 'list';
  readonly at: number;
  readonly items: readonly Tree[];
}

export interface Mapping {
  readonly kind: 'map';
  readonly at: number;
  readonly entries: readonly Entry[];
}

export interface Entry {
  readonly key: string;
  readonly at: number;
  readonly value: Tree;
}

export interface Parsed {
  readonly root: Tree;
  readonly faults: readonly Fault[];
  /** Offset of the first thing that is no YAML, behind which nothing can be trusted; null: all of it can. */
  readonly brokenAt: number | null;
  readonly place: (at: number) => { readonly line: number; readonly column: number };
}

/** Aliases can make a short file endless. */
const mostNodes = 50_000;
const mostLevels = 64;

/** Reads YAML 1.2. Never throws: whatever is wrong with the text is among the faults, and the tree is what could be read. */
export function parseTree(text: string): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    uniqueKeys: false,
    prettyErrors: false,
    merge: false,
  });
  const place = (at: number) => {
    const { line, col } = lines.linePos(at);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const faults: Fault[] = [];
  const toldLines = new Set<number>();
  for (const error of document.errors) {
    const { line } = place(error.pos[0]);
    // A token out of place is mostly the echo of what broke before it.
    const echo = toldLines.has(line) || (toldLines.size > 0 && error.code === 'UNEXPECTED_TOKEN');
    if (!echo) faults.push(syntaxFault(error.pos[0], error.code, error.message, text));
    toldLines.add(line);
  }
  for (const warning of document.warnings) faults.push(syntaxFault(warning.pos[0], warning.code, warning.message, text));

  const brokenAt = document.errors.reduce<number | null>((least, error) => Math.min(least ?? error.pos[0], error.pos[0]), null);

  let nodes = 0;
  const convert = (node: Node | null | undefined, at: number, path: Path): Tree => {
    nodes += 1;
    if (nodes > mostNodes || path.length > mostLevels) return tooMuch(at, path);
    if (isAlias(node)) {
      const target = node.resolve(document as Document);
      if (target !== undefined) return convert(target, node.range?.[0] ?? at, path);
      const here = node.range?.[0] ?? at;
      faults.push({ at: here, path, found: `*${node.source}`, expected: 'an anchor of that name further up' });
      return { kind: 'scalar', at: here, value: null, source: '' };
    }
    const start = node?.range?.[0] ?? at;
    if (isMap(node)) return { kind: 'map', at: start, entries: entriesOf(node, start, path) };
    if (isSeq(node))
      return { kind: 'list', at: start, items: node.items.map((item, index) => convert(item as Node, start, [...path, index])) };
    // An open quote swallows what follows: no value, and nothing to show.
    const swallows = brokenAt !== null && start < brokenAt && (node?.range?.[1] ?? start) >= brokenAt;
    if (!swallows) return scalarOf(node, at);
    if (/["']/.test(text.charAt(start)))
      faults.push({ at: start, path, found: 'a quote that is never closed', expected: 'a closing quote' });
    return { kind: 'scalar', at: start, value: null, source: '' };
  };
  const tooMuch = (at: number, path: Path): Tree => {
    if (nodes <= mostNodes + 1)
      faults.push({ at, path, found: 'aliases without end', expected: `at most ${mostNodes} values, ${mostLevels} levels deep` });
    nodes = mostNodes + 1;
    return { kind: 'scalar', at, value: null, source: '' };
  };
  const entriesOf = (map: YAMLMap, start: number, path: Path): readonly Entry[] => {
    const found = new Map<string, Entry>();
    for (const pair of map.items) {
      const keyNode = pair.key as Node | null;
      const at = keyNode?.range?.[0] ?? start;
      if (!isScalar(keyNode)) {
        faults.push({ at, path, found: 'a key that is a list, a map or an alias', expected: 'a plain key' });
        continue;
      }
      const key = typeof keyNode.value === 'string' ? keyNode.value : (keyNode.source ?? String(keyNode.value));
      const first = found.get(key);
      if (first !== undefined) {
        faults.push({
          at,
          path: [...path, key],
          found: `the key a second time (first in line ${place(first.at).line})`,
          expected: 'each key once',
        });
        continue;
      }
      found.set(key, { key, at, value: convert(pair.value as Node | null, at, [...path, key]) });
    }
    return [...found.values()];
  };
  const root = convert(document.contents, 0, []);
  return { root, faults, brokenAt, place };
}

/** An empty value stands where its key stands: its own place is somewhere behind. */
function scalarOf(node: Node | null | undefined, at: number): Scalar {
  if (!isScalar(node)) return { kind: 'scalar', at, value: null, source: '' };
  const { value } = node;
  const known = value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string';
  const source = node.source ?? (value === null ? '' : String(value));
  const start = source === '' && value === null ? at : (node.range?.[0] ?? at);
  return { kind: 'scalar', at: start, value: known ? value : source, source };
}

/** The parser's own words, without the piece of source that may hold a secret. */
function syntaxFault(at: number, code: string, message: string, text: string): Fault {
  if (code === 'RESOURCE_EXHAUSTION')
    return { at, path: [], found: 'values within values without end', expected: `at most ${mostLevels} levels` };
  const words = message.replace(/: ".*$/s, '').replace(/\.$/, '');
  const hint =
    code === 'TAB_AS_INDENT'
      ? 'spaces'
      : mentionsVariable(text, at)
        ? 'the variable in quotes, "${NAME}", inside { } or [ ] or before a colon'
        : 'YAML';
  return { at, path: [], found: `broken YAML (${words})`, expected: hint };
}

function mentionsVariable(text: string, at: number): boolean {
  const end = text.indexOf('\n', at);
  return text.slice(text.lastIndexOf('\n', at - 1) + 1, end < 0 ? text.length : end).includes('${');
}
