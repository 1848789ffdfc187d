// Chat Thing's paging. How a listing ends is undocumented [seed: silent], so nothing but exhaustion that agrees with `total` counts as complete.
import type { z } from 'zod';
import { SyncError } from '../../model/error.ts';
import type { Json, JsonRecord } from '../../model/json.ts';
import type { Call } from '../connector.ts';
import type { Send } from './api.ts';
import type { paginationReply } from './schema.ts';

/** Limit of a page: 1 to 100 [seed]. */
export const pageLimit = 100;

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly total: number | null;
  readonly last: string | null;
}

/** One listing call: its path, its fixed body, its schema, and where its items lie in the reply. */
export interface Listing<Reply extends { pagination: z.output<typeof paginationReply> }, Item> {
  readonly what: string;
  readonly path: string;
  readonly body: JsonRecord;
  readonly schema: z.ZodType<Reply>;
  readonly items: (reply: Reply) => readonly Item[];
  readonly statuses?: Parameters<Send>[1]['statuses'];
}

/** One page. Listings are POSTs, but read only [seed]. */
export async function fetchPage<Reply extends { pagination: z.output<typeof paginationReply> }, Item>(
  send: Send,
  listing: Listing<Reply, Item>,
  page: { readonly limit: number; readonly cursor: string | null },
  call: Call,
): Promise<Page<Item>> {
  const { what, path, schema, statuses } = listing;
  const json: Json = { ...listing.body, limit: page.limit, ...(page.cursor === null ? {} : { cursor: page.cursor }) };
  const reply = await send(
    schema,
    { what, intent: 'read', method: 'POST', path, json, ...(statuses === undefined ? {} : { statuses }) },
    call,
  );
  return { items: listing.items(reply), total: reply.pagination.total ?? null, last: reply.pagination.last ?? null };
}

/**
 * Every item of a listing once, in the vendor's order. Complete, or REPLY_INVALID: a page that brings nothing new (an unknown cursor that
 * starts over), fewer items than `total`, or more than `maxPages` pages.
 */
export async function* everyItem<Item extends { readonly id: string }>(
  what: string,
  maxPages: number,
  page: (cursor: string | null) => Promise<Page<Item>>,
): AsyncGenerator<Item> {
  const seen = new Set<string>();
  let cursor: string | null = null;
  for (let count = 0; count < maxPages; count += 1) {
    const { items, total, last }: Page<Item> = await page(cursor);
    const fresh = items.filter((item) => !seen.has(item.id) && seen.add(item.id));
    yield* fresh;
    const whole = total === null ? null : seen.size >= total;
    const more = items.length > 0 && last !== null && last !== '' && last !== cursor;
    // A short page ends it only where `total` agrees: the vendor may cap pages below our limit.
    const ended = !more || (items.length < pageLimit && whole !== false) || (fresh.length === 0 && whole === true);
    if (ended && whole === false) throw incomplete(what, `it ended after ${seen.size} of ${total}`);
    if (ended) return;
    if (fresh.length === 0) throw incomplete(what, `a page brought nothing new after ${seen.size}${total === null ? '' : ` of ${total}`}`);
    cursor = last;
  }
  throw incomplete(what, `it has more than ${maxPages} pages (maxPages)`);
}

function incomplete(what: string, why: string): SyncError {
  return new SyncError('REPLY_INVALID', {
    message: `${what}: the listing is not complete: ${why}`,
    next: 'run again; nothing is deleted on an incomplete listing',
    facts: { effect: 'none' },
  });
}
