// The shape of a configuration as plain data, made from zod by way of JSON Schema: which keys there are, what each takes, which are secret.
// The reader walks it, so that positions, ids and variables need no knowledge of zod's insides.
import { z } from 'zod';
import type { Json, JsonRecord } from '../model/json.ts';

/** What one place of the configuration takes. */
export interface Shape {
  readonly accepts: ReadonlySet<'string' | 'number' | 'boolean' | 'null' | 'list' | 'map' | 'any'>;
  /** The known keys of a map. */
  readonly keys: ReadonlyMap<string, Shape>;
  /** What a key that is not known holds; null: there may be none. */
  readonly values: Shape | null;
  readonly items: Shape | null;
  /** The only texts there are; null: any text. */
  readonly choices: ReadonlySet<string> | null;
  readonly secret: boolean;
}

/** A place of which nothing is known. */
export const anyShape: Shape = {
  accepts: new Set(['any'] as const),
  keys: new Map(),
  values: null,
  items: null,
  choices: null,
  secret: false,
};

/** draft-07, for what a person writes (before defaults and transforms). */
export function jsonSchemaOf(type: z.ZodType): JsonRecord {
  const how = { target: 'draft-07', io: 'input', unrepresentable: 'any', reused: 'inline' } as const;
  // A connector of others may bring its own copy of zod: that one knows its own types, and what was noted with them.
  const made = typeof type.toJSONSchema === 'function' ? type.toJSONSchema(how) : z.toJSONSchema(type, how);
  return JSON.parse(JSON.stringify(made)) as JsonRecord;
}

/** Whether a JSON value is an object. */
export function isRecord(value: Json | undefined): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The known keys of an object schema, those of all alternatives together. */
export function propertiesOf(schema: JsonRecord): { readonly [key: string]: JsonRecord } {
  const found: { [key: string]: JsonRecord } = {};
  for (const branch of branchesOf(schema)) {
    for (const [key, value] of Object.entries(isRecord(branch['properties']) ? branch['properties'] : {})) {
      const before = found[key];
      const now = isRecord(value) ? value : {};
      found[key] = before === undefined ? now : { ...before, anyOf: [before, now] };
    }
  }
  return found;
}

/** The schema itself and its alternatives, at any depth. */
function branchesOf(schema: JsonRecord): readonly JsonRecord[] {
  const deeper = ['anyOf', 'oneOf', 'allOf'].flatMap((name) => (Array.isArray(schema[name]) ? (schema[name] as readonly Json[]) : []));
  return [schema, ...deeper.filter(isRecord).flatMap(branchesOf)];
}

/** What was made of a type before, which never changes: making it takes longer than all else that loading does, and a daemon loads often. */
const known = new WeakMap<z.ZodType, Shape>();

/** The shape of a zod type. */
export function shapeOf(type: z.ZodType): Shape {
  const made = known.get(type) ?? shapeOfSchema(jsonSchemaOf(type));
  known.set(type, made);
  return made;
}

/** The shape of the options of a connector that others wrote: where their copy of zod tells nothing, any keys, and its parser decides. */
export function shapeOfForeign(type: z.ZodType): Shape {
  try {
    const shape = shapeOf(type);
    return shape.accepts.has('map') ? shape : openMap;
  } catch {
    return openMap;
  }
}

const openMap: Shape = { ...anyShape, accepts: new Set(['map'] as const), values: anyShape };

const kinds: { readonly [type: string]: 'string' | 'number' | 'boolean' | 'null' | 'list' | 'map' } = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
  array: 'list',
  object: 'map',
};

function shapeOfSchema(schema: JsonRecord): Shape {
  const branches = branchesOf(schema);
  const accepts = new Set(branches.flatMap(kindsOf));
  if (accepts.size === 0) return { ...anyShape, secret: branches.some(isSecret) };
  const items = branches.map((branch) => branch['items']).find(isRecord);
  const values = branches.map((branch) => branch['additionalProperties']).find((value) => value !== undefined && value !== false);
  return {
    accepts,
    keys: new Map(Object.entries(propertiesOf(schema)).map(([key, value]) => [key, shapeOfSchema(value)])),
    values: values === undefined ? null : isRecord(values) ? shapeOfSchema(values) : anyShape,
    items: items === undefined ? null : shapeOfSchema(items),
    choices: choicesOf(branches),
    secret: branches.some(isSecret),
  };
}

function choicesOf(branches: readonly JsonRecord[]): ReadonlySet<string> | null {
  const free = branches.some((branch) => [branch['type']].flat().includes('string') && !('const' in branch) && !('enum' in branch));
  return free ? null : new Set(branches.flatMap(constantsOf).filter((value) => typeof value === 'string'));
}

function constantsOf(schema: JsonRecord): readonly Json[] {
  if (schema['const'] !== undefined) return [schema['const']];
  return Array.isArray(schema['enum']) ? (schema['enum'] as readonly Json[]) : [];
}

function isSecret(schema: JsonRecord): boolean {
  return schema['secret'] === true;
}

function kindsOf(schema: JsonRecord): readonly ('string' | 'number' | 'boolean' | 'null' | 'list' | 'map')[] {
  const types = Array.isArray(schema['type']) ? (schema['type'] as readonly Json[]) : [schema['type']];
  const named = [...types, ...constantsOf(schema).map((value) => (value === null ? 'null' : typeof value))];
  return named.flatMap((name) => kinds[String(name)] ?? []);
}

// ── for editors ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The same schema, where `${NAME}` may stand for any single value and an id may be written as a number. */
export function loosened(schema: JsonRecord): JsonRecord {
  const { secret, $ref, format, ...kept } = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, deeper(name, value)]));
  const named = secret === true ? { ...kept, writeOnly: true } : kept;
  // A schema that contains itself cannot be written inline: that place takes anything.
  if ($ref !== undefined) return {};
  return withVariables(named as JsonRecord);
}

function deeper(name: string, value: Json): Json {
  if (name === 'properties' && isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, isRecord(inner) ? loosened(inner) : inner]));
  }
  if ((name === 'items' || name === 'additionalProperties') && isRecord(value)) return loosened(value);
  if (/^(?:any|one|all)Of$/.test(name) && Array.isArray(value)) {
    return (value as readonly Json[]).map((inner) => (isRecord(inner) ? loosened(inner) : inner));
  }
  return value;
}

const variable = '\\$\\{';

/** A variable is one value: it cannot stand for a list or a map. */
function holdsLists(schema: JsonRecord): boolean {
  const values = Array.isArray(schema['enum']) ? (schema['enum'] as readonly Json[]) : [];
  return values.some((value) => typeof value === 'object' && value !== null);
}

function withVariables(schema: JsonRecord): JsonRecord {
  const types = [schema['type']].flat();
  if (types.includes('object') || types.includes('array') || 'not' in schema) return schema;
  if ('const' in schema || holdsLists(schema)) return schema;
  if (Array.isArray(schema['enum'])) {
    const { type, enum: values, description, default: fallback, ...rest } = schema;
    const choice = type === undefined ? { enum: values } : { type, enum: values };
    const told = { ...(description === undefined ? {} : { description }), ...(fallback === undefined ? {} : { default: fallback }) };
    return { ...told, ...rest, anyOf: [choice as JsonRecord, { type: 'string', pattern: variable }] };
  }
  if (types.includes('string')) {
    const pattern = typeof schema['pattern'] === 'string' ? { pattern: `(?:${schema['pattern']})|${variable}` } : {};
    return { ...schema, type: [...new Set([...types, 'string', 'number', 'boolean'])] as Json, ...pattern };
  }
  if (types.includes('number') || types.includes('integer') || types.includes('boolean')) {
    const { description, default: fallback, ...rest } = schema;
    const told = { ...(description === undefined ? {} : { description }), ...(fallback === undefined ? {} : { default: fallback }) };
    return { ...told, anyOf: [rest, { type: 'string', pattern: variable }] };
  }
  return schema;
}
