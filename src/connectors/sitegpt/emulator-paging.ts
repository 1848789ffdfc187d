// Pages and times as SiteGPT API v2 writes them [3.3].
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorRequest } from '../emulator.ts';
import { integer, invalid, readQuery } from './emulator-request.ts';

/** Default 20 [public P10]; the maximum is not known, 100 is v0's. */
export const pageRange = { from: 1, to: 100, default: 20 };

/** What a cursor holds: the last item given, and how many were given. Opaque to clients. */
export interface Cursor {
  readonly item: number;
  readonly offset: number;
}

/** The cursor as text. */
export function cursorText({ item, offset }: Cursor): string {
  return Buffer.from(JSON.stringify([item, offset])).toString('base64url');
}

/** The cursor of a query; null: the first page. */
export function cursorOf(query: URLSearchParams): Cursor | null {
  const given = query.get('cursor');
  if (given === null) return null;
  const parts = /^\[(\d+),(\d+)\]$/.exec(Buffer.from(given, 'base64url').toString('utf8'));
  return parts === null ? invalid('cursor', 'is not one that a list gave') : { item: Number(parts[1]), offset: Number(parts[2]) };
}

/** One page of a list that is at hand as a whole. */
export function listed<Item>(
  request: EmulatorRequest,
  all: readonly Item[],
  show: (item: Item) => Json,
): { readonly page: Json[]; readonly pagination: JsonRecord } {
  const query = readQuery(request, 'limit', 'cursor');
  const limit = integer(query, 'limit', pageRange);
  const from = cursorOf(query)?.offset ?? 0;
  const hasNextPage = all.length > from + limit;
  const nextCursor = hasNextPage ? cursorText({ item: 0, offset: from + limit }) : null;
  return { page: all.slice(from, from + limit).map(show), pagination: { limit, hasNextPage, nextCursor } };
}

/** ISO 8601, or null where there is no time. */
export function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
