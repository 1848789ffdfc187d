// One target: its common keys and its vendor's own, what the sandbox fills in, and what its variables leave open.

import type { z } from 'zod';
import type { TargetConfig } from '../model/config.ts';
import { SyncError } from '../model/error.ts';
import type { Json, JsonRecord } from '../model/json.ts';
import { faultsOf, spotOf } from './issues.ts';
import { type Fault, nearest, type Path, pathKey } from './problem.ts';
import { newNotes, type ReadContext, readTree, type Spot, shortSecret, unknownKey } from './read.ts';
import { commonTargetKeys } from './schema.ts';
import { anyShape, type Shape, shapeOfForeign } from './shape.ts';
import type { Mapping, Tree } from './tree.ts';

/** What the configuration needs to know of a vendor. A connector's spec is one. */
export interface VendorOptions {
  readonly options: z.ZodType;
  readonly required: (options: { readonly [key: string]: unknown }) => readonly string[];
  readonly defaultBaseUrl: string | null;
  sandbox(targetName: string): { readonly options: JsonRecord };
  /** The keys of `options` that say which bot it is; two targets that agree in all of them are one bot. */
  readonly identityKeys?: readonly string[];
  /** What `onUpdate` may say at a target with these options, parsed; any of them where it is left out. */
  updateWays?(options: unknown): readonly string[];
  /** false: there is no emulator of it, so no target can be a sandbox. */
  readonly emulated?: boolean;
}

/** Finds a vendor by the name that a target gives; null where there is none. Relative files start at `configDir`. */
export interface VendorKeys {
  (name: string, configDir: string): Promise<VendorOptions | null>;
  /** The built-in vendors, for "did you mean". */
  readonly names: readonly string[];
}

export interface TargetReading {
  readonly path: Path;
  readonly at: number;
  /** The common keys as written, for the schema of the whole. */
  readonly common: { readonly [key: string]: Json };
  /** The vendor's keys as written. */
  readonly written: { readonly [key: string]: Json };
  /** The same, and what the sandbox fills in. */
  readonly options: { readonly [key: string]: Json };
  readonly vendor: VendorOptions | null;
  readonly sandbox: boolean;
  readonly missing: readonly string[];
  readonly missingKeys: ReadonlySet<string>;
}

export interface TargetSurroundings {
  readonly shape: Shape;
  readonly vendors: VendorKeys;
  readonly configDir: string;
  /** Told, but no error. */
  readonly warn: (fault: Fault) => void;
}

/** Reads one entry of `targets`; what is wrong with it goes to the notes. Null where it is no map. */
export async function readTarget(
  tree: Tree,
  path: Path,
  surroundings: TargetSurroundings,
  context: ReadContext,
): Promise<TargetReading | null> {
  if (tree.kind !== 'map') return null;
  const notes = { ...newNotes(), faults: context.notes.faults, spots: context.notes.spots };
  const own: ReadContext = { ...context, notes };
  const isCommon = (key: string) => commonTargetKeys.includes(key);
  const common = readTree(only(tree, isCommon), surroundings.shape, path, own) as { readonly [key: string]: Json };
  const missingKeys = new Set<string>();
  const vendor = await findVendor(common['vendor'], path, surroundings, own);
  const written = readOptions(
    only(tree, (key) => !isCommon(key)),
    vendor,
    path,
    own,
  );

  const sandbox = common['sandbox'] === true;
  const missing = new Set<string>();
  for (const { path: where, names, at, found } of notes.missing) {
    const key = String(where[path.length]);
    missingKeys.add(key);
    if (key === 'name' || key === 'vendor') notes.faults.push({ at, path: where, found, expected: `${names.join(', ')} to be set` });
    // The sandbox needs no credentials: there, what is not set is left out.
    else if (!sandbox || (isCommon(key) && key !== 'baseUrl')) for (const name of names) missing.add(name);
  }
  if (!sandbox) for (const one of notes.short) surroundings.warn(shortSecret(one));
  if (!sandbox) for (const { path: where, at } of notes.literals) surroundings.warn(literalSecret(where, at, String(common['vendor'])));

  const reading = { path, at: tree.at, common, written, options: written, vendor, sandbox, missing: [...missing], missingKeys };
  return vendor === null ? reading : { ...reading, options: checkedOptions(reading, vendor, own) };
}

function only(tree: Mapping, keep: (key: string) => boolean): Mapping {
  return { ...tree, entries: tree.entries.filter((entry) => keep(entry.key)) };
}

async function findVendor(name: Json | undefined, path: Path, { vendors, configDir }: TargetSurroundings, { notes }: ReadContext) {
  const where = [...path, 'vendor'];
  const spot = notes.spots.get(pathKey(where));
  if (typeof name !== 'string' || name === '' || spot === undefined || name.includes('${')) return null;
  try {
    const found = await vendors(name, configDir);
    if (found !== null) return found;
    const expected = `one of ${vendors.names.join(', ')}, or a package or file of your own that is there`;
    notes.faults.push({ at: spot.at, path: where, found: JSON.stringify(name), expected, suggestion: nearest(name, vendors.names) });
  } catch (thrown) {
    if (!(thrown instanceof SyncError)) throw thrown;
    notes.faults.push({ at: spot.at, path: where, found: JSON.stringify(name), expected: `a connector that works (${thrown.message})` });
  }
  return null;
}

/** Of an unknown vendor no key can be called unknown. */
function readOptions(map: Mapping, vendor: VendorOptions | null, path: Path, context: ReadContext): { readonly [key: string]: Json } {
  const shape = vendor === null ? anyShape : shapeOfForeign(vendor.options);
  const known = [...shape.keys.keys()];
  const read: { [key: string]: Json } = {};
  for (const entry of map.entries) {
    const inner = shape.keys.get(entry.key) ?? foreign(entry.key, vendor === null ? anyShape : shape.values);
    if (inner === null)
      context.notes.faults.push(unknownKey(entry, [...known.filter((key) => !commonTargetKeys.includes(key)), ...commonTargetKeys], path));
    else read[entry.key] = readTree(entry.value, inner, [...path, entry.key], context, entry.at);
  }
  return read;
}

/** Where nothing says what a key holds (a vendor that is not known, another's connector), its name does. */
function foreign(key: string, shape: Shape | null): Shape | null {
  return shape !== null && /secret|token|passw|credential|api_?key|private_?key|^key$/i.test(key) ? { ...shape, secret: true } : shape;
}

/** The options as the connector will get them, after a trial parse. */
function checkedOptions(reading: TargetReading, vendor: VendorOptions, { notes }: ReadContext): { readonly [key: string]: Json } {
  const { written, missingKeys, sandbox, path } = reading;
  const given = sandbox ? without(written, missingKeys) : written;
  const name = typeof reading.common['name'] === 'string' ? reading.common['name'] : 'sandbox';
  const options = sandbox && vendor.emulated !== false ? { ...vendor.sandbox(name).options, ...given } : given;
  const tried = parseLeavingOut(vendor.options, options, missingKeys);
  notes.faults.push(...tried.errors.flatMap((error) => faultsOf(error, path, notes.spots)));
  if (tried.errors.length === 0) notes.faults.push(...wrongUpdate(reading, vendor, tried.data, notes.spots));
  if (sandbox && vendor.emulated === false) notes.faults.push(notEmulated(reading, notes.spots));
  if (!sandbox) notes.faults.push(...missingRequired(reading, vendor, tried.data, notes.spots));
  return tried.value;
}

/** A way of updating that this vendor, with these options, does not have. */
function wrongUpdate(
  { common, path, missingKeys }: TargetReading,
  vendor: VendorOptions,
  parsed: unknown,
  spots: ReadonlyMap<string, Spot>,
): readonly Fault[] {
  const way = common['onUpdate'];
  if (typeof way !== 'string' || way === 'default' || vendor.updateWays === undefined || missingKeys.has('onUpdate')) return [];
  const ways = vendor.updateWays(parsed);
  if (ways.includes(way)) return [];
  const where = [...path, 'onUpdate'];
  const expected = `${ways.length > 1 ? 'one of ' : ''}${ways.join(', ')}: what ${String(common['vendor'])} can do with these options`;
  return [{ at: spotOf(where, spots).at, path: where, found: JSON.stringify(way), expected }];
}

function notEmulated({ common, path }: TargetReading, spots: ReadonlyMap<string, Spot>): Fault {
  const where = [...path, 'sandbox'];
  const expected = `false: kbsync has no emulator of ${String(common['vendor'])}; a server that stands in for it can be named in baseUrl`;
  return { at: spotOf(where, spots).at, path: where, found: 'true', expected };
}

/** Parses; a place whose variable is not set is not to blame: it is left out instead. */
export function parseLeavingOut<Value extends { readonly [key: string]: Json }>(
  type: z.ZodType,
  value: Value,
  missingKeys: ReadonlySet<string>,
): { readonly value: Value; readonly data: unknown; readonly errors: readonly z.ZodError[] } {
  const first = type.safeParse(value);
  if (first.success) return { value, data: first.data, errors: [] };
  const blamed = first.error.issues.map((issue) => String(issue.path[0])).filter((key) => missingKeys.has(key));
  if (blamed.length === 0) return { value, data: value, errors: [first.error] };
  return parseLeavingOut(type, without(value, new Set(blamed)) as Value, new Set([...missingKeys].filter((key) => !blamed.includes(key))));
}

function without<Value extends { readonly [key: string]: Json }>(
  value: Value,
  keys: ReadonlySet<string>,
): { readonly [key: string]: Json } {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.has(key)));
}

function missingRequired(
  reading: TargetReading,
  vendor: VendorOptions,
  parsed: unknown,
  spots: ReadonlyMap<string, Spot>,
): readonly Fault[] {
  const { common, written, missingKeys, path } = reading;
  const decided = typeof parsed === 'object' && parsed !== null ? { ...written, ...parsed } : written;
  const named = vendor.required(decided).filter((key) => key !== 'baseUrl' || vendor.defaultBaseUrl === null);
  const needed = new Set(vendor.defaultBaseUrl === null ? ['baseUrl', ...named] : named);
  return [...needed].flatMap((key) => {
    const value = commonTargetKeys.includes(key) ? common[key] : written[key];
    if (missingKeys.has(key) || (value !== undefined && value !== null && value !== '')) return [];
    const expected = `a value: ${String(common['vendor'])} needs it (a target with sandbox: true does not)`;
    const where = [...path, key];
    const { at, spot } = spotOf(where, spots);
    return [{ at, path: where, found: spot?.found ?? 'nothing', expected, absent: true }];
  });
}

function literalSecret(path: Path, at: number, prefix: string): Fault {
  return { at, path, found: 'a secret in the file', expected: `a variable, such as \${${variableName(prefix, path.slice(2))}}` };
}

/** The variable to hold a key of a target: secretKey of chatthing → CHATTHING_SECRET_KEY. `path` begins with two steps that do not count. */
export function variableName(prefix: string, path: Path): string {
  const words = [prefix, ...path.filter((step) => typeof step === 'string')].join('_');
  return words
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase();
}

/**
 * Call before a target is contacted.
 * @throws SECRET_MISSING naming every variable that the target needs and that is not set.
 */
export function requireVariables(target: TargetConfig): void {
  if (target.missing.length === 0) return;
  const names = target.missing.join(', ');
  const verb = target.missing.length === 1 ? 'is' : 'are';
  throw new SyncError('SECRET_MISSING', {
    message: `target ${target.name} (line ${target.line} of the configuration) needs ${names}, which ${verb} not set`,
    next: `set ${names} in the environment or in .env beside the configuration, or name a file in ${target.missing[0]}_FILE`,
    data: { target: target.name, line: target.line, variables: target.missing },
  });
}
