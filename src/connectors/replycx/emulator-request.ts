// Reading a request as strictly as the vendor's page describes it: JSON, query and multipart form. What is not documented is refused, and
// the refusal says so.
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorRequest } from '../emulator.ts';

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

/** Ends the request with one of the vendor's codes [2.1]. */
export function refuse(status: number, code: string, message: string, headers: { readonly [name: string]: string } = {}): never {
  throw new Refused(status, code, message, headers);
}

/** 400 BAD_REQUEST. */
export function invalid(message: string): never {
  return refuse(400, 'BAD_REQUEST', message);
}

/** Fields of a JSON body, with none but these; no names: any. */
export function readBody(request: EmulatorRequest, ...names: readonly string[]): JsonRecord {
  readQuery(request);
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) invalid('Content-Type: application/json is missing');
  const body = parse(request.body.toString('utf8'));
  return isRecord(body) ? only(body, '', names) : invalid('the body is not a JSON object');
}

/** The query, with no parameter but these, each once. */
export function readQuery(request: EmulatorRequest, ...names: readonly string[]): URLSearchParams {
  for (const name of request.query.keys()) {
    if (!names.includes(name)) invalid(`${name}: not documented; documented: ${names.join(', ') || 'no parameter at all'}`);
    if (request.query.getAll(name).length > 1) invalid(`${name} is given twice`);
  }
  return request.query;
}

/** Refuses a body where none is documented. */
export function noBody(request: EmulatorRequest): void {
  if (request.body.length > 0) invalid(`${request.method} ${request.path} takes no body`);
}

/** Refuses fields that are not documented. No names: all are taken. */
export function only(record: JsonRecord, where: string, names: readonly string[]): JsonRecord {
  for (const name of Object.keys(record))
    if (names.length > 0 && !names.includes(name)) invalid(`${where}${name}: not documented; documented: ${names.join(', ')}`);
  return record;
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

/** A required object. */
export function record(body: JsonRecord, name: string): JsonRecord {
  const value = body[name];
  return isRecord(value) ? value : invalid(`${name} must be an object`);
}

/** A required, non-empty string. */
export function filled(body: JsonRecord, name: string): string {
  const value = body[name];
  return typeof value === 'string' && value !== '' ? value : invalid(`${name} must be a non-empty string`);
}

/** A whole number of the query, from `from`. */
export function integer(query: URLSearchParams, name: string, from: number, otherwise: number): number {
  const given = query.get(name);
  if (given === null) return otherwise;
  return /^\d{1,9}$/.test(given) && Number(given) >= from ? Number(given) : invalid(`${name} must be a whole number from ${from}`);
}

/** One field of an upload: a file has a filename, a text has none [5]. */
export interface Part {
  readonly key: string;
  readonly filename: string | null;
  readonly bytes: Buffer;
}

/** The parts of a multipart form, in their order. */
export async function readForm(request: EmulatorRequest): Promise<readonly Part[]> {
  readQuery(request);
  const type = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\b/i.test(type)) return invalid('Content-Type: multipart/form-data is missing');
  const entries = await entriesOf(request.body, type);
  return Promise.all(
    entries.map(async ([key, value]) =>
      typeof value === 'string'
        ? { key, filename: null, bytes: Buffer.from(value) }
        : { key, filename: value.name, bytes: Buffer.from(await value.arrayBuffer()) },
    ),
  );
}

async function entriesOf(body: Buffer, type: string): Promise<[string, string | File][]> {
  try {
    return [...(await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData())];
  } catch {
    return invalid('the body is not a multipart form');
  }
}

/** `YYYY-MM-DD HH:MM:SS.ffffff`, without zone, as in the vendor's events [2.9, R2]. */
export function stamp(at: number): string {
  return `${new Date(at).toISOString().replace('T', ' ').replace('Z', '')}000`;
}
