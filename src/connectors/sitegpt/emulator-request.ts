// Reading a request as strictly as the vendor's documents describe it: what they do not name is refused, and the refusal says so.
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorRequest, EmulatorTools } from '../emulator.ts';

/** What a refusal says besides its sentence. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly details?: Json;
  readonly headers?: { readonly [name: string]: string };
}

/** A refusal on its way to the reply; never leaves the emulator. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, message: string) {
    super(message);
    this.name = 'Refused';
    this.refusal = refusal;
  }
}

/** Ends the request. */
export function refuse(refusal: Refusal, message: string): never {
  throw new Refused(refusal, message);
}

/** 400 for one field. The faces give it their own code and shape of details. */
export function invalid(path: string, message: string): never {
  return refuse({ status: 400, code: 'INVALID', details: [{ path, message }] }, `${path}: ${message}`);
}

/** Fields of a JSON body. */
export function readBody(request: EmulatorRequest, ...names: readonly string[]): JsonRecord {
  noQuery(request);
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) invalid('Content-Type', 'must be application/json');
  const body = parse(request.body.toString('utf8'));
  if (!isRecord(body)) return invalid('body', 'must be a JSON object');
  return only(body, ...names);
}

/** Refuses a body where none is documented. */
export function noBody(request: EmulatorRequest): void {
  if (request.body.length > 0) invalid('body', `${request.method} ${request.path} takes no body`);
}

/** Refuses a query where none is documented. */
export function noQuery(request: EmulatorRequest): void {
  readQuery(request);
}

/** The query, with no parameter but those named. */
export function readQuery(request: EmulatorRequest, ...names: readonly string[]): URLSearchParams {
  for (const name of request.query.keys())
    if (!names.includes(name)) invalid(name, `not documented; documented: ${names.join(', ') || 'none'}`);
  return request.query;
}

/** Refuses fields that the documents do not name. */
export function only(body: JsonRecord, ...names: readonly string[]): JsonRecord {
  for (const name of Object.keys(body)) if (!names.includes(name)) invalid(name, `not documented; documented: ${names.join(', ')}`);
  return body;
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return invalid('body', 'is not JSON');
  }
}

/** Whether a JSON value is an object. */
export function isRecord(value: Json | undefined): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A required string, which may be empty. */
export function text(body: JsonRecord, name: string): string {
  const value = body[name];
  return typeof value === 'string' ? value : invalid(name, 'must be a string');
}

/** A required string of at least one character. */
export function filled(body: JsonRecord, name: string): string {
  const value = text(body, name);
  return value === '' ? invalid(name, 'must not be empty') : value;
}

/** A string that may be left out or null. */
export function optional(body: JsonRecord, name: string): string | null {
  const value = body[name] ?? null;
  return value === null ? null : text(body, name);
}

/** A list of strings that may be left out. */
export function strings(body: JsonRecord, name: string): readonly string[] {
  const value = body[name] ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) return invalid(name, 'must be a list of strings');
  return value as readonly string[];
}

/** A whole number of the query. */
export function integer(
  query: URLSearchParams,
  name: string,
  range: { readonly from: number; readonly to: number; readonly default: number },
): number {
  const given = query.get(name);
  if (given === null) return range.default;
  const value = Number(given);
  const fits = /^\d+$/.test(given) && value >= range.from && value <= range.to;
  return fits ? value : invalid(name, `must be an integer from ${range.from} to ${range.to}`);
}

/** Ids that JSON numbers cannot hold: 18 decimal digits, as a string [2.1]. */
export function digits(tools: EmulatorTools): string {
  return `3${Array.from({ length: 17 }, () => Math.floor(tools.random() * 10)).join('')}`;
}

/** `count` random hexadecimal digits. */
export function hex(tools: EmulatorTools, count: number): string {
  return Array.from({ length: count }, () => Math.floor(tools.random() * 16).toString(16)).join('');
}
