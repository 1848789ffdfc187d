// SiteGPT's cursor paging: a listing is complete when the vendor says there is no next page, and broken pages throw instead of ending it.
import { SyncError } from '../../model/error.ts';

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly pagination: { readonly hasNextPage: boolean; readonly nextCursor?: string | null | undefined };
}

/** Every item once, in the vendor's order. REPLY_INVALID for a next page without a cursor, a cursor that comes again, more than `maxPages` pages. */
export async function* everyItem<Item>(
  what: string,
  maxPages: number,
  page: (cursor: string | null) => Promise<Page<Item>>,
  idOf: (item: Item) => string,
): AsyncGenerator<Item> {
  const seen = new Set<string>();
  const cursors = new Set<string>();
  let cursor: string | null = null;
  for (let count = 0; count < maxPages; count += 1) {
    const { items, pagination }: Page<Item> = await page(cursor);
    // Pages shift while documents come and go: the same one may be shown twice.
    for (const item of items) {
      const id = idOf(item);
      if (seen.has(id)) continue;
      seen.add(id);
      yield item;
    }
    if (!pagination.hasNextPage) return;
    const next: string = pagination.nextCursor ?? '';
    if (next === '') throw incomplete(what, 'a next page is announced without a cursor');
    if (cursors.has(next)) throw incomplete(what, 'a cursor came twice');
    cursors.add(next);
    cursor = next;
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
