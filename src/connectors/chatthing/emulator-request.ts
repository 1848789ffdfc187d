// Reading a request as strictly as the vendor's page describes it: what it does not name is refused, and the refusal says so.
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorRequest, EmulatorTools } from '../emulator.ts';
import type { ChatThingSettings } from './emulator-settings.ts';

/** A refusal on its way to the reply; never leaves the emulator. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'Refused';
    this.status = status;
  }
}

/** Ends the request with this status. The vendor documents no error body: the sentence is for whoever reads the test. */
export function refuse(status: number, message: string): never {
  throw new Refused(status, message);
}

/** What a route is given: its fields, whether they came as JSON or as a query. */
export type Input = JsonRecord;

/** Fields of a JSON body. An absent body counts as {}: section 3 #1 leaves it open. */
export function readBody(request: EmulatorRequest, settings: ChatThingSettings): Input {
  if (request.query.size > 0)
    refuse(400, `${request.method} ${request.path}: no query parameter is documented, parameters go into the JSON body`);
  checkType(request, settings);
  if (request.body.length === 0) return {};
  if (settings.maxBodyBytes !== null && request.body.length > settings.maxBodyBytes) refuse(413, 'request body too large');
  const parsed = parse(request.body.toString('utf8'));
  return isRecord(parsed) ? parsed : refuse(400, 'the body is not a JSON object');
}

/** Fields of a GET. */
export function readQuery(request: EmulatorRequest, settings: ChatThingSettings): Input {
  if (request.body.length > 0) refuse(400, `${request.path}: a body on GET is not documented, parameters go into the query`);
  checkType(request, settings);
  const found: { [name: string]: Json } = {};
  for (const [name, value] of request.query) {
    if (name in found) refuse(400, `${name} is given twice`);
    found[name] = value;
  }
  return found;
}

function checkType(request: EmulatorRequest, settings: ChatThingSettings): void {
  const needed = settings.contentType === 'always' || (settings.contentType === 'with-body' && request.body.length > 0);
  if (needed && !/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
    refuse(400, 'Content-Type: application/json is missing');
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return refuse(400, 'the body is not JSON');
  }
}

/** Whether a JSON value is an object. */
export function isRecord(value: Json | undefined): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Refuses fields that the page does not name. */
export function only(input: Input, ...names: readonly string[]): void {
  const unknown = Object.keys(input).filter((name) => !names.includes(name));
  if (unknown.length > 0) refuse(400, `not documented: ${unknown.join(', ')}; documented: ${names.join(', ') || 'no field at all'}`);
}

/** A required, non-empty string. */
export function text(input: Input, name: string): string {
  const value = input[name];
  return typeof value === 'string' && value !== '' ? value : refuse(400, `${name} must be a non-empty string`);
}

/** A string that may be left out. */
export function optionalText(input: Input, name: string): string | null {
  return input[name] === undefined ? null : text(input, name);
}

/** The rows of a bulk call. */
export function rowsOf(input: Input, settings: ChatThingSettings): readonly Json[] {
  const rows = input['dataSourceRows'];
  if (!Array.isArray(rows) || rows.length === 0) return refuse(400, 'dataSourceRows must be a non-empty list');
  if (settings.maxRows !== null && rows.length > settings.maxRows) refuse(413, `more than ${settings.maxRows} rows`);
  return rows as readonly Json[];
}

export interface PageQuery {
  readonly limit: number;
  readonly cursor: string | null;
}

/** limit 1..100, default 10, and the cursor (2.3). */
export function pageQuery(input: Input): PageQuery {
  const limit = input['limit'] ?? 10;
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1 || limit > 100)
    return refuse(400, 'limit must be an integer from 1 to 100');
  return { limit, cursor: optionalText(input, 'cursor') };
}

/** Where a page begins: behind the cursor's item, whose index `find` tells (-1: none of that id). */
export function pageStart(cursor: string | null, find: (id: string) => number, settings: ChatThingSettings): number {
  if (cursor === null) return 0;
  const index = find(cursor);
  if (index >= 0) return index + 1;
  return settings.unknownCursor === 'first-page' ? 0 : refuse(400, `cursor ${cursor} is not known`);
}

/** `last` is the id of the page's last item, null on an empty page (6.5). */
export function pagination(total: number, page: readonly { readonly id: string }[]): JsonRecord {
  return { total, last: page.at(-1)?.id ?? null };
}

/** A random UUID, version 4 in form, in lower case as in all examples (2.1). */
export function uuid(tools: EmulatorTools, taken: (id: string) => boolean): string {
  const digits = (count: number): string => Array.from({ length: count }, () => Math.floor(tools.random() * 16).toString(16)).join('');
  for (;;) {
    const id = `${digits(8)}-${digits(4)}-4${digits(3)}-${'89ab'[Math.floor(tools.random() * 4)]}${digits(3)}-${digits(12)}`;
    if (!taken(id)) return id;
  }
}
