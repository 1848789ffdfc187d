// Reading a request as strictly as the vendor's pages describe it, and refusing it in the vendor's own form [2.0]: what no page names is
// refused, and a second entry of `errors` says what was wrong, for whoever reads the test.
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorReply, EmulatorRequest, EmulatorTools } from '../emulator.ts';

/** A refusal on its way to the reply; never leaves the emulator. */
export class Refused extends Error {
  readonly status: number;
  readonly reply: EmulatorReply;

  constructor(reply: EmulatorReply) {
    super(`refused with ${reply.status}`);
    this.name = 'Refused';
    this.status = reply.status;
    this.reply = reply;
  }
}

export interface Refusal {
  readonly status: number;
  readonly code?: number;
  readonly msg: string;
  readonly detail?: string;
  readonly headers?: { readonly [name: string]: string };
}

/** Ends the request with `{"errors":[{"msg","code"}]}` [2.0]. */
export function refuse({ status, code = status, msg, detail, headers }: Refusal): never {
  const errors = [{ msg, code }, ...(detail === undefined ? [] : [{ msg: `emulator: ${detail}`, code }])];
  throw new Refused({ status, body: { errors }, ...(headers === undefined ? {} : { headers }) });
}

/** 412: a field is missing, wrong, or not documented [2.0]. */
export function invalid(detail: string): never {
  return refuse({ status: 412, msg: 'Validation errors/ Invalid arguments', detail });
}

/** 401 with 4002: what is wrong with a credential [2.0]. */
export function unauthorized(msg: string, detail?: string): never {
  return refuse({ status: 401, code: 4002, msg, ...(detail === undefined ? {} : { detail }) });
}

/** 404 [2.0: the words of P6]. */
export function notFound(detail: string): never {
  return refuse({ status: 404, msg: 'Resource not found', detail });
}

/** Fields of a JSON body; none at all counts as {}. */
export function readBody(request: EmulatorRequest, ...names: readonly string[]): JsonRecord {
  if (request.body.length === 0) return {};
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) invalid('Content-Type must be application/json');
  let body: Json;
  try {
    body = JSON.parse(request.body.toString('utf8')) as Json;
  } catch {
    return invalid('the body is not JSON');
  }
  return isRecord(body) ? only(body, ...names) : invalid('the body is not a JSON object');
}

/** The query, with no parameter but those named. */
export function readQuery(request: EmulatorRequest, ...names: readonly string[]): URLSearchParams {
  for (const name of request.query.keys())
    if (!names.includes(name)) invalid(`query parameter ${name} is not documented; documented: ${names.join(', ') || 'none'}`);
  return request.query;
}

/** Refuses a body where none is documented. */
export function noBody(request: EmulatorRequest): void {
  if (request.body.length > 0) invalid('no body is documented');
}

/** Refuses fields that the documents do not name. */
export function only(body: JsonRecord, ...names: readonly string[]): JsonRecord {
  for (const name of Object.keys(body)) if (!names.includes(name)) invalid(`${name} is not documented; documented: ${names.join(', ')}`);
  return body;
}

/** Whether a JSON value is an object. */
export function isRecord(value: Json | undefined): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A required, non-empty string. */
export function filled(body: JsonRecord, name: string): string {
  const value = body[name];
  return typeof value === 'string' && value !== '' ? value : invalid(`${name} must be a non-empty string`);
}

/** A switch that may be left out. */
export function flag(body: JsonRecord, name: string, absent: boolean): boolean {
  const value = body[name] ?? absent;
  return typeof value === 'boolean' ? value : invalid(`${name} must be true or false`);
}

/** A whole number from 0, required unless `absent` says what stands for it. */
export function count(body: JsonRecord, name: string, absent?: number): number {
  const value = body[name] ?? absent;
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : invalid(`${name} must be a whole number`);
}

/** The same in a query. */
export function countOf(query: URLSearchParams, name: string, absent: number): number {
  const given = query.get(name);
  if (given === null) return absent;
  return /^\d+$/.test(given) ? Number(given) : invalid(`${name} must be a whole number`);
}

/** A required list of objects, at least one. */
export function records(body: JsonRecord, name: string): readonly JsonRecord[] {
  const value = body[name];
  if (!Array.isArray(value) || value.length === 0 || !value.every(isRecord)) return invalid(`${name} must be a non-empty list of objects`);
  return value;
}

/** A required list of strings, at least one. */
export function strings(body: JsonRecord, name: string): readonly string[] {
  const value = body[name];
  const fits = Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string');
  return fits ? (value as readonly string[]) : invalid(`${name} must be a non-empty list of strings`);
}

/** A time of a body, as milliseconds. */
export function timeOf(body: JsonRecord, name: string): number | null {
  if (body[name] === undefined) return null;
  const at = Date.parse(filled(body, name));
  return Number.isNaN(at) ? invalid(`${name} must be a date`) : at;
}

/** ISO 8601 in UTC. */
export function iso(at: number): string {
  return new Date(at).toISOString();
}

/** `count` random hexadecimal digits: ids of files, FAQs, tasks and sessions have 24 [2.0]. */
export function hex(tools: EmulatorTools, count: number): string {
  return Array.from({ length: count }, () => Math.floor(tools.random() * 16).toString(16)).join('');
}

/** A random UUID in form, behind a documented prefix [2.0]. */
export function uuid(tools: EmulatorTools, prefix: string): string {
  return `${prefix}${[8, 4, 4, 4, 12].map((digits) => hex(tools, digits)).join('-')}`;
}
