// Reading a request as strictly as the vendor's page describes it, refusals, and ids. What is not documented is refused, and the refusal
// says so.
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorRequest, EmulatorTools } from '../emulator.ts';
import type { CxGenieSettings } from './emulator-settings.ts';

/** A refusal on its way to the reply; never leaves the emulator. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: { readonly [name: string]: string };

  constructor(status: number, code: string, message: string, headers: { readonly [name: string]: string }) {
    super(message);
    this.name = 'Refused';
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** Ends the request. No code is documented: these are words in the skeleton's manner [2.3]. */
export function refuse(status: number, code: string, message: string, headers: { readonly [name: string]: string } = {}): never {
  throw new Refused(status, code, message, headers);
}

/** 400, as a validator says it. */
export function invalid(message: string): never {
  return refuse(400, 'VALIDATION_ERROR', message);
}

/** Fields of a JSON body. The token has its place in the body, so a query is refused [2.1]. */
export function readBody(request: EmulatorRequest, settings: CxGenieSettings): JsonRecord {
  if (request.query.size > 0) invalid(`${request.method} ${request.path}: no query parameter is documented, all goes into the JSON body`);
  if (settings.maxBodyBytes !== null && request.body.length > settings.maxBodyBytes)
    refuse(413, 'PAYLOAD_TOO_LARGE', 'request entity too large');
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) invalid('Content-Type: application/json is missing');
  const body = parse(request.body.toString('utf8'));
  return isRecord(body) ? body : invalid('the body is not a JSON object');
}

/** Parameters of a GET, lists told by their names. */
export function readQuery(request: EmulatorRequest, settings: CxGenieSettings, names: readonly string[], lists: readonly string[]): Query {
  if (request.body.length > 0) invalid(`${request.path}: a body on GET is not documented, parameters go into the query [2.2]`);
  const single = new Map<string, string>();
  const many = new Map<string, string[]>();
  for (const [given, value] of request.query) {
    const bracketed = given.endsWith('[]');
    const name = bracketed ? given.slice(0, -2) : given;
    if (lists.includes(name)) {
      if (settings.lists !== 'either' && bracketed !== (settings.lists === 'brackets'))
        invalid(`${given}: lists are ${settings.lists} here`);
      many.set(name, [...(many.get(name) ?? []), value]);
    } else if (names.includes(given)) {
      if (single.has(given)) invalid(`${given} is given twice`);
      single.set(given, value);
    } else if (settings.strictFields) {
      invalid(`property ${given} should not exist; documented: ${[...names, ...lists].join(', ')}`);
    }
  }
  return new Query(single, many);
}

/** A read query string. */
export class Query {
  readonly #single: ReadonlyMap<string, string>;
  readonly #many: ReadonlyMap<string, readonly string[]>;

  constructor(single: ReadonlyMap<string, string>, many: ReadonlyMap<string, readonly string[]>) {
    this.#single = single;
    this.#many = many;
  }

  text(name: string): string | null {
    return this.#single.get(name) ?? null;
  }

  /** A required UUID. */
  uuid(name: string): string {
    const value = this.text(name) ?? invalid(`${name} is required`);
    return uuidForm.test(value) ? value : invalid(`${name} must be a UUID`);
  }

  /** A whole number from 0. */
  count(name: string, otherwise: number): number {
    const value = this.text(name);
    if (value === null) return otherwise;
    return /^\d{1,9}$/.test(value) ? Number(value) : invalid(`${name} must be a whole number`);
  }

  flag(name: string): boolean | null {
    const value = this.text(name);
    if (value === null || value === 'true' || value === 'false') return value === null ? null : value === 'true';
    return invalid(`${name} must be true or false`);
  }

  /** One of these words, or the first of them where nothing is given. */
  word<Word extends string>(name: string, first: Word, ...others: readonly Word[]): Word {
    const value = this.text(name) ?? first;
    return [first, ...others].find((word) => word === value) ?? invalid(`${name} must be one of ${[first, ...others].join(', ')}`);
  }

  /** A date, as milliseconds. */
  date(name: string): number | null {
    const value = this.text(name);
    return value === null ? null : dateOf(name, value);
  }

  /** Null: not given. With `words`, nothing else is taken. */
  list(name: string, words: readonly string[] | null = null): readonly string[] | null {
    const values = this.#many.get(name) ?? null;
    for (const value of values ?? [])
      if (words !== null && !words.includes(value)) invalid(`each value in ${name} must be one of ${words.join(', ')}`);
    return values;
  }

  /** `[from, to]`, as milliseconds. */
  range(name: string): readonly [number, number] | null {
    const values = this.list(name);
    if (values === null) return null;
    const [from, to, ...rest] = values;
    if (from === undefined || to === undefined || rest.length > 0) return invalid(`${name} must be two dates`);
    return [dateOf(name, from), dateOf(name, to)];
  }
}

const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function dateOf(name: string, value: string): number {
  const date = Date.parse(value);
  return Number.isNaN(date) ? invalid(`${name} must be a date`) : date;
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return invalid('the body is not JSON');
  }
}

/** Whether a JSON value is an object. */
export function isRecord(value: Json | undefined): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Refuses what the page does not name [6.3]. */
export function only(input: JsonRecord, settings: CxGenieSettings, ...names: readonly string[]): void {
  if (!settings.strictFields) return;
  for (const name of Object.keys(input))
    if (!names.includes(name)) invalid(`property ${name} should not exist; documented: ${names.join(', ')}`);
}

/** A required, non-empty string. */
export function filled(input: JsonRecord, name: string): string {
  const value = input[name];
  return typeof value === 'string' && value.trim() !== '' ? value : invalid(`${name} should not be empty and must be a string`);
}

/** A string that may be left out, not null. */
export function optional(input: JsonRecord, name: string): string | null {
  const value = input[name];
  if (value === undefined) return null;
  return typeof value === 'string' ? value : invalid(`${name} must be a string`);
}

/** Where a page begins and how long it is. */
export function pageOf<Item>(items: readonly Item[], query: Query): readonly Item[] {
  const offset = query.count('offset', 0);
  return items.slice(offset, offset + query.count('limit', 10));
}

/** A random UUID, version 4 in form. */
export function uuid(tools: EmulatorTools): string {
  const digits = (count: number): string => Array.from({ length: count }, () => Math.floor(tools.random() * 16).toString(16)).join('');
  return `${digits(8)}-${digits(4)}-4${digits(3)}-${'89ab'[Math.floor(tools.random() * 4)]}${digits(3)}-${digits(12)}`;
}

/** Dates are ISO 8601 in UTC here; the page gives no format [2.4]. */
export function iso(at: number): string {
  return new Date(at).toISOString();
}
