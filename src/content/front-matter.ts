// Front matter and sidecars → plain data with positions. The only file that knows gray-matter, smol-toml and (in this stage) yaml.
// gray-matter runs `---js` blocks, caches for ever and eats texts that begin with a rule: it is given nothing but a block that
// source.ts found, its language, engines of ours, and fences that no text can hold.
import matter from 'gray-matter';
import { parse as parseToml, TomlError } from 'smol-toml';
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type Document as YamlDocument } from 'yaml';
import type { Json, JsonRecord } from '../model/json.ts';
import { findHead, type HeadLanguage } from './source.ts';

export interface Position {
  readonly line: number;
  readonly column: number | null;
}

export type Where = readonly (string | number)[];

/** YAML as somebody wrote it. */
export interface DataTree {
  readonly data: Json;
  /** Where a key (or list item) stands; the nearest thing above it where it cannot be told. */
  at(where: Where): Position;
  /** A scalar as it was written: ids keep their digits. Null where it cannot be told. */
  source(where: Where): string | null;
}

/** Keys as somebody wrote them. */
export interface KeyTree extends DataTree {
  readonly data: JsonRecord;
}

export interface HeadProblem {
  readonly line: number;
  readonly column: number | null;
  readonly message: string;
  readonly severity: 'error' | 'warning';
}

export interface FrontMatter {
  /** Null: there is none, or it cannot be read. */
  readonly keys: KeyTree | null;
  /** Where the body begins, in UTF-16 units. */
  readonly bodyStart: number;
  readonly problems: readonly HeadProblem[];
}

const maxHeadCharacters = 1024 * 1024;
const maxDepth = 64;
const tooDeep = `nested more than ${maxDepth} levels deep`;
/** Characters of the values, aliases written out, however small the text is; so often the text's own length for larger ones. */
const maxUnfolded = 2 * 1024 * 1024;
// NUL never gets here (source.ts refuses it), so this fence occurs in no text.
const fence = '\0---\0';

/** The front matter of a text with LF line ends. `key` is where our keys live: a text that holds it is never taken for a mere rule. */
export function readFrontMatter(text: string, key: string): FrontMatter {
  const head = findHead(text);
  const body = (problems: readonly HeadProblem[]): FrontMatter => ({ keys: null, bodyStart: 0, problems });
  if (head.kind === 'foreign') {
    const message = `front matter that is code is never run ("${head.language}"); write it as YAML between --- lines`;
    return body([{ line: 1, column: null, message, severity: 'error' }]);
  }
  if (head.kind === 'none') return body(head.unclosed ? unclosedProblems(text, key) : misplacedProblems(text, key));
  if (head.text.length > maxHeadCharacters) {
    return body([{ line: 1, column: null, message: 'front matter is larger than 1 MiB', severity: 'error' }]);
  }
  try {
    const keys = parseBlock(head.text, head.language);
    if (keys !== null) return { keys, bodyStart: head.bodyStart, problems: misplacedProblems(text, key, head.bodyStart) };
    if (head.text.trim() === '') return { keys: emptyTree, bodyStart: head.bodyStart, problems: [] };
  } catch (thrown) {
    // Text between two rules is seldom valid YAML, and never looks like a key; what looks like one is a mistake in a key.
    if (head.language !== 'yaml' || looksLikeKeys(head.text, key)) return { ...body([problemOf(thrown)]), bodyStart: head.bodyStart };
    return body([]);
  }
  if (looksLikeKeys(head.text, key)) {
    return body([{ line: 1, column: null, message: 'front matter must be a mapping of keys to values', severity: 'error' }]);
  }
  const message = 'begins with a block between --- lines that is no mapping: taken as text, not as front matter';
  return body([{ line: 1, column: null, message, severity: 'warning' }]);
}

/** A sidecar's keys (YAML). Throws nothing: what cannot be read is a problem and no keys. */
export function readSidecar(text: string): { readonly keys: KeyTree | null; readonly problems: readonly HeadProblem[] } {
  try {
    const keys = parseYaml(text);
    if (keys !== null) return { keys, problems: [] };
    if (!/\S/.test(text.replace(/^[ \t]*#.*$/gm, ''))) return { keys: emptyTree, problems: [] };
    return {
      keys: null,
      problems: [{ line: 1, column: null, message: 'a sidecar must be a mapping of keys to values', severity: 'error' }],
    };
  } catch (thrown) {
    return { keys: null, problems: [problemOf(thrown)] };
  }
}

/** Any YAML text with its positions. Throws nothing: what cannot be read is a problem and no tree. */
export function readYaml(text: string): { readonly tree: DataTree | null; readonly problems: readonly HeadProblem[] } {
  try {
    return { tree: parseAnyYaml(text), problems: [] };
  } catch (thrown) {
    const { message, ...problem } = problemOf(thrown);
    return { tree: null, problems: [{ ...problem, message: message.replace(/^front matter cannot be read/, 'cannot be read') }] };
  }
}

const emptyTree: KeyTree = { data: {}, at: () => ({ line: 1, column: null }), source: () => null };

const mostLines = 120;

/**
 * A block of our keys that does not stand at the very top is text to every reader of front matter: what it keeps out would get through. `from`: the
 * offset that is looked from, behind the front matter where there is one.
 */
function misplacedProblems(text: string, key: string, from = 0): readonly HeadProblem[] {
  const lines = text
    .slice(from, from + 16_384)
    .split('\n')
    .slice(0, mostLines);
  const first = text.slice(0, from).split('\n').length;
  let code: string | null = null;
  let opened: number | null = null;
  for (const [index, line] of lines.entries()) {
    const fence = /^[ \t]*(`{3,}|~{3,})/.exec(line)?.[1] ?? null;
    if (code !== null) {
      if (fence?.startsWith(code) === true) code = null;
      continue;
    }
    if (fence !== null) {
      code = fence;
      opened = null;
    } else if (/^ {0,3}(?:-{3,}|\+{3,})[ \t]*$/.test(line)) {
      if (opened !== null && isOurBlock(lines.slice(opened + 1, index), key)) {
        const message = 'front matter must begin in the first line of the file, with nothing before it: here it is read as text';
        return [{ line: first + opened, column: null, message, severity: 'error' }];
      }
      opened = index;
    }
  }
  return [];
}

/** Only lines of keys and values, ours among them. */
function isOurBlock(lines: readonly string[], key: string): boolean {
  const filled = lines.filter((line) => line.trim() !== '');
  const isKeys = filled.every((line) => /^\s*(?:["']?[\w.-]+["']?\s*[:=](?:\s|$)|-\s|#|[{}[\]])|^\s{2,}\S/.test(line));
  const block = filled.map((line) => line.trimStart()).join('\n');
  return isKeys && (holdsOurs(block, key) || /^["']?audience["']?\s*[:=]/m.test(block));
}

function unclosedProblems(text: string, key: string): readonly HeadProblem[] {
  const start = text.slice(0, 4096);
  if (holdsOurs(start, key)) {
    return [{ line: 1, column: null, message: `front matter is never closed: the closing fence is missing`, severity: 'error' }];
  }
  if (!/^.*\n\s*["']?[\w.-]+["']?\s*[:=](\s|$)/.test(start)) return [];
  return [{ line: 1, column: null, message: 'opens like front matter but has no closing fence: taken as text', severity: 'warning' }];
}

function holdsOurs(block: string, key: string): boolean {
  return new RegExp(`^["']?${escapeRegExp(key)}["']?\\s*[:=]|^\\[${escapeRegExp(key)}[.\\]]`, 'm').test(block);
}

function looksLikeKeys(head: string, key: string): boolean {
  if (new RegExp(`^["']?${escapeRegExp(key)}["']?\\s*:`, 'm').test(head)) return true;
  const first = head.split('\n').find((line) => line.trim() !== '' && !/^\s*#/.test(line));
  return first !== undefined && /^(\{|\?\s|["']?[\w.$-]+["']?\s*:(\s|$))/.test(first);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Null: readable, but no mapping. Throws HeadFault, or whatever the packages throw. */
function parseBlock(text: string, language: HeadLanguage): KeyTree | null {
  let tree: KeyTree | null = null;
  const engine = (parse: (block: string) => KeyTree | null) => (block: string) => {
    tree = parse(block);
    return {};
  };
  const never = () => {
    throw new HeadFault('front matter that is code is never run', 1, null);
  };
  // The options object must be there: without one gray-matter answers a second call for a broken text with no data and no error.
  matter(`${fence}${text}\n${fence}\n`, {
    language,
    delimiters: fence,
    engines: {
      yaml: engine(parseYaml),
      toml: engine(parseTomlBlock),
      json: engine(parseJson),
      javascript: never,
      js: never,
      coffee: never,
    },
  });
  return tree;
}

class HeadFault extends Error {
  readonly line: number;
  readonly column: number | null;

  constructor(message: string, line: number, column: number | null) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

function problemOf(thrown: unknown): HeadProblem {
  if (thrown instanceof HeadFault) return { line: thrown.line, column: thrown.column, message: thrown.message, severity: 'error' };
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return { line: 1, column: null, message: `front matter cannot be read: ${reason.split('\n')[0] ?? ''}`, severity: 'error' };
}

function parseYaml(text: string): KeyTree | null {
  const { data, ...places } = parseAnyYaml(text);
  return isRecord(data) ? { data, ...places } : null;
}

function parseAnyYaml(text: string): DataTree {
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false, intAsBigInt: true, logLevel: 'silent' });
  const error = yaml.errors[0];
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    // The package gives up on a stack that is full, in the engine's words.
    throw new HeadFault(error.code === 'RESOURCE_EXHAUSTION' ? tooDeep : `not valid YAML: ${error.message}`, line, col);
  }
  const data = asJson(yaml.toJS({ maxAliasCount: 100 }), text, (where) => positionIn(yaml, lines, where));
  return { data, at: (where) => positionIn(yaml, lines, where), source: (where) => sourceIn(yaml, where) };
}

function positionIn(yaml: YamlDocument, lines: LineCounter, where: Where): Position {
  const offset = walk(yaml, where).offset;
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

function sourceIn(yaml: YamlDocument, where: Where): string | null {
  const { node, found } = walk(yaml, where);
  return found && isScalar(node) && typeof node.source === 'string' ? node.source : null;
}

/** As far down as the tree goes: merged keys stand elsewhere than they count. */
function walk(yaml: YamlDocument, where: Where): { readonly node: unknown; readonly offset: number; readonly found: boolean } {
  let node: unknown = yaml.contents;
  let offset = startOf(node) ?? 0;
  for (const step of where) {
    if (isAlias(node)) node = node.resolve(yaml);
    if (isMap(node)) {
      const pair = node.items.find((item) => (isScalar(item.key) ? String(item.key.value) : String(item.key)) === String(step));
      if (pair === undefined) return { node, offset, found: false };
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      offset = startOf(node) ?? offset;
    } else return { node, offset, found: false };
  }
  return { node, offset, found: true };
}

function startOf(node: unknown): number | null {
  return (node as Node | null | undefined)?.range?.[0] ?? null;
}

function parseJson(text: string): KeyTree | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const offset = Number(/position (\d+)/.exec(message)?.[1] ?? text.length);
    const before = text.slice(0, offset).split('\n');
    throw new HeadFault(`not valid JSON: ${message}`, before.length, (before.at(-1)?.length ?? 0) + 1);
  }
  const data = asJson(value, text);
  if (!isRecord(data)) return null;
  // JSON is YAML: read once more for the positions. Twice the same key is the one thing JSON.parse does not mind.
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const twice = yaml.errors.find((error) => error.code === 'DUPLICATE_KEY');
  if (twice !== undefined) throw new HeadFault(`not valid JSON: ${twice.message}`, lines.linePos(twice.pos[0]).line, null);
  if (yaml.errors.length > 0) return { data, at: () => ({ line: 1, column: null }), source: () => null };
  return { data, at: (where) => positionIn(yaml, lines, where), source: (where) => sourceIn(yaml, where) };
}

function parseTomlBlock(text: string): KeyTree | null {
  let value: unknown;
  try {
    value = parseToml(text, { integersAsBigInt: 'asNeeded' });
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) throw thrown;
    const said = thrown.message.split('\n')[0] ?? '';
    throw new HeadFault(`not valid TOML: ${said.replace(/^Invalid TOML document: /, '')}`, thrown.line, thrown.column);
  }
  const data = asJson(value, text);
  if (!isRecord(data)) return null;
  return { data, at: (where) => positionInToml(text, where), source: () => null };
}

/** The package keeps no positions: the first line that sets the last named key, else one whose table header names it. */
function positionInToml(text: string, where: Where): Position {
  const lines = text.split('\n');
  const names = where.filter((step) => typeof step === 'string').reverse();
  for (const name of names) {
    const quoted = escapeRegExp(name);
    const key = new RegExp(
      `^\\s*(?:[\\w"'.-]+\\.)?["']?${quoted}["']?\\s*=|^\\s*\\[{1,2}(?:[^\\]]*[."' ])?${quoted}["' ]*\\]|[{,]\\s*["']?${quoted}["']?\\s*=`,
    );
    const index = lines.findIndex((line) => key.test(line));
    if (index >= 0) return { line: index + 1, column: null };
  }
  return { line: 1, column: null };
}

/** Whatever a parser gave, as JSON: big numbers and dates as text. Throws where it is nested too deeply (or within itself), or unfolds too far. */
function asJson(value: unknown, text: string, at: DataTree['at'] = emptyTree.at): Json {
  const where: (string | number)[] = [];
  let left = Math.max(maxUnfolded, 2 * text.length);
  const counted = (part: string): string => {
    left -= part.length + 1;
    if (left < 0) throw new HeadFault('its aliases unfold to more than anybody writes', 1, null);
    return part;
  };
  const below = (step: string | number, value: unknown): Json => {
    where.push(step);
    const json = toJson(value);
    where.pop();
    return json;
  };
  const toJson = (value: unknown): Json => {
    if (where.length > maxDepth) {
      const { line, column } = at(where);
      throw new HeadFault(tooDeep, line, column);
    }
    if (typeof value === 'string') return counted(value);
    counted('');
    if (value === null || value === undefined) return null;
    if (typeof value === 'boolean') return value;
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    if (value instanceof Date) return value.toISOString();
    if (Array.isArray(value)) return value.map((item, index) => below(index, item));
    if (typeof value !== 'object' || ArrayBuffer.isView(value)) return String(value);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [counted(key), below(key, item)]));
  };
  return toJson(value);
}

function isRecord(value: Json): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
