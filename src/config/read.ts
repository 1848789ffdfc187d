// Tree + shape → plain values: unknown keys told, ids kept as text, variables filled in and coerced, secrets collected.
// Whether a value is a right one is left to the schema; this only makes it what the key takes.
import type { Json } from '../model/json.ts';
import { type Fault, nearest, type Path, pathKey } from './problem.ts';
import { leastCharacters, type SecretSet } from './secrets.ts';
import { anyShape, type Shape } from './shape.ts';
import type { Entry, Mapping, Scalar, Tree } from './tree.ts';
import { type Filled, fill, namesIn, type Variable } from './variables.ts';

/** Where a value stands, and how it is called in a message. */
export interface Spot {
  readonly at: number;
  readonly keyAt: number;
  readonly found: string;
  readonly absent: boolean;
}

/** What reading leaves behind beside the values. */
export interface Notes {
  readonly faults: Fault[];
  readonly spots: Map<string, Spot>;
  /** Places whose variable is not set: their value is the text as it stands. */
  readonly missing: { readonly path: Path; readonly names: readonly string[]; readonly at: number; readonly found: string }[];
  /** Secrets that stand in the file itself. */
  readonly literals: { readonly path: Path; readonly at: number }[];
  /** Secrets too short to be told from ordinary words. */
  readonly short: { readonly path: Path; readonly at: number }[];
}

export interface ReadContext {
  readonly variables: ReadonlyMap<string, Variable>;
  readonly secrets: SecretSet;
  readonly notes: Notes;
}

/** Nothing noted yet. */
export function newNotes(): Notes {
  return { faults: [], spots: new Map(), missing: [], literals: [], short: [] };
}

/** The names of all variables in a tree. */
export function variablesIn(tree: Tree): readonly string[] {
  if (tree.kind === 'list') return tree.items.flatMap(variablesIn);
  if (tree.kind === 'map') return tree.entries.flatMap((entry) => variablesIn(entry.value));
  return typeof tree.value === 'string' ? namesIn(tree.value) : [];
}

/** The value of a tree, as far as its shape takes it. Unknown keys are left out and told. */
export function readTree(tree: Tree, shape: Shape, path: Path, context: ReadContext, keyAt = tree.at): Json {
  const { spots } = context.notes;
  if (tree.kind === 'scalar') return readScalar(tree, shape, path, context, keyAt);
  spots.set(pathKey(path), { at: tree.at, keyAt, found: tree.kind === 'list' ? 'a list' : 'a map', absent: false });
  if (tree.kind === 'list') {
    const items = shape.items ?? within(shape);
    return tree.items.map((item, index) => readTree(item, items, [...path, index], context));
  }
  return readMap(tree, shape, path, context);
}

/** What is below a place that takes something else is read all the same: it may hold a secret, and its faults count. */
function within(shape: Shape): Shape {
  return shape.secret ? { ...anyShape, secret: true } : anyShape;
}

function readMap(map: Mapping, shape: Shape, path: Path, context: ReadContext): Json {
  const read: { [key: string]: Json } = {};
  const closed = shape.keys.size > 0 || (shape.accepts.has('map') && shape.values === null);
  for (const entry of map.entries) {
    const known = shape.keys.get(entry.key) ?? (closed && shape.values === null ? null : (shape.values ?? within(shape)));
    if (known === null) context.notes.faults.push(unknownKey(entry, [...shape.keys.keys()], path));
    else if (entry.key !== '__proto__') read[entry.key] = readTree(entry.value, known, [...path, entry.key], context, entry.at);
  }
  return read;
}

/** An unknown key, told at the key itself. */
export function unknownKey(entry: Pick<Entry, 'key' | 'at'>, known: readonly string[], path: Path): Fault {
  const list = known.length === 0 ? 'no keys here' : `one of ${known.join(', ')}`;
  return { at: entry.at, path: [...path, entry.key], found: 'an unknown key', expected: list, suggestion: nearest(entry.key, known) };
}

function readScalar(scalar: Scalar, shape: Shape, path: Path, context: ReadContext, keyAt: number): Json {
  const spot = { at: scalar.at, keyAt, found: foundText(scalar, shape), absent: scalar.source === '' && scalar.value === null };
  context.notes.spots.set(pathKey(path), spot);
  if (typeof scalar.value !== 'string') {
    const value = plainValue(scalar, shape);
    if (shape.secret && value !== null) noteLiteral(String(value), path, spot.at, context);
    return value;
  }
  const filled = fill(scalar.value, context.variables);
  noteFilled(filled, spot, path, context);
  if (shape.secret) noteSecret(filled, path, spot.at, context);
  return filled.names.length > 0 && filled.missing.length === 0 ? coerced(filled.text, shape) : filled.text;
}

/** A number or truth value of the file: its own source text where the key takes text, so that ids keep their digits. */
function plainValue(scalar: Scalar, shape: Shape): Json {
  const { value, source } = scalar;
  if (value === null || typeof value === 'string') return value;
  const kind = typeof value === 'number' ? 'number' : 'boolean';
  const takesKind = shape.accepts.has(kind) || shape.accepts.has('any');
  const takesText = shape.accepts.has('string') || shape.accepts.has('any');
  if (takesText && (!takesKind || String(value) !== source)) return source;
  return value;
}

/** A filled-in text as the key's type. What does not fit stays text, and the schema says so. */
function coerced(text: string, shape: Shape): Json {
  const { accepts } = shape;
  if (text === '' && accepts.has('null')) return null;
  if (accepts.has('any') || (accepts.has('string') && (shape.choices?.has(text) ?? true))) return text;
  if (accepts.has('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  if (accepts.has('number') && /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text)) return Number(text);
  return text;
}

function noteFilled(filled: Filled, spot: Spot, path: Path, context: ReadContext): void {
  const { notes, secrets, variables } = context;
  for (const name of filled.names) {
    const known = variables.get(name);
    if (known?.state === 'set' && /KEY|TOKEN|SECRET|PASSWORD/i.test(name)) secrets.add(known.value);
  }
  if (filled.malformed) {
    notes.faults.push({ at: spot.at, path, found: spot.found, expected: '${NAME} or ${NAME:-default}; $${ writes a plain ${' });
  }
  for (const { name, file, why } of filled.unreadable) {
    const found = `${name}_FILE, which names ${JSON.stringify(file)}: ${why}`;
    notes.faults.push({ at: spot.at, path, found, expected: `a file that holds ${name}` });
  }
  if (filled.missing.length > 0) notes.missing.push({ path, names: filled.missing, at: spot.at, found: spot.found });
}

function noteSecret(filled: Filled, path: Path, at: number, context: ReadContext): void {
  if (filled.names.length === 0) {
    if (filled.text !== '') noteLiteral(filled.text, path, at, context);
    return;
  }
  for (const value of filled.values) context.secrets.add(value);
  if (filled.missing.length > 0 || filled.unreadable.length > 0) return;
  context.secrets.add(filled.text);
  if (filled.text !== '' && filled.text.length < leastCharacters) context.notes.short.push({ path, at });
}

function noteLiteral(value: string, path: Path, at: number, { notes, secrets }: ReadContext): void {
  secrets.add(value);
  notes.literals.push({ path, at });
  if (value !== '' && value.length < leastCharacters) notes.short.push({ path, at });
}

/** The warning that a secret is not blacked out. */
export function shortSecret({ path, at }: Notes['short'][number]): Fault {
  const expected = `at least ${leastCharacters} characters: a shorter one is not blacked out in what kbsync says, since it may be any word`;
  return { at, path, found: 'a short secret', expected };
}

/** How a message calls a value: as it stands in the file, never what a variable put in, never a secret. */
function foundText(scalar: Scalar, shape: Shape): string {
  if (scalar.value === null) return scalar.source === '' ? 'nothing' : 'null';
  const text = typeof scalar.value === 'string' ? scalar.value : scalar.source;
  if (shape.secret && !text.includes('${')) return 'a text';
  const short = text.length > 60 ? `${text.slice(0, 57)}…` : text;
  return typeof scalar.value === 'string' ? JSON.stringify(short) : short;
}
