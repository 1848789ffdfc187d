// Kore.ai's cursor paging: a listing ends where the vendor gives no further cursor; broken pages throw instead of ending it.
import { SyncError } from '../../model/error.ts';

export interface Page<Item> {
  readonly items: readonly Item[];
  /** null: this was the last page. */
  readonly next: string | null;
  /** Told by the vendor beside the cursor, where it does: then the two must agree. */
  readonly more: boolean | null;
}

/** Every item once, in the vendor's order. REPLY_INVALID for more without a cursor, a cursor that comes again, more than `maxPages` pages. */
export async function* everyItem<Item>(
  what: string,
  maxPages: number,
  page: (cursor: string | null) => Promise<Page<Item>>,
  idOf: (item: Item) => string | null,
): AsyncGenerator<Item> {
  const seen = new Set<string>();
  const cursors = new Set<string>();
  let cursor: string | null = null;
  for (let count = 0; count < maxPages; count += 1) {
    const { items, next, more }: Page<Item> = await page(cursor);
    for (const item of items) {
      const id = idOf(item);
      if (id !== null && seen.has(id)) continue;
      if (id !== null) seen.add(id);
      yield item;
    }
    if (more === false) return;
    if (next === null || next === '') {
      if (more === true) throw incomplete(what, 'there is more, and no cursor to ask for it');
      return;
    }
    if (cursors.has(next)) throw incomplete(what, 'a cursor came twice');
    cursors.add(next);
    cursor = next;
  }
  throw incomplete(what, `it has more than ${maxPages} pages (maxPages)`);
}

/** A listing that cannot be told to be whole. */
export function incomplete(what: string, why: string): SyncError {
  return new SyncError('REPLY_INVALID', {
    message: `${what}: the listing is not complete: ${why}`,
    next: 'run again; nothing is deleted on an incomplete listing',
    facts: { effect: 'none' },
  });
}
