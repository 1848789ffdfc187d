// Rows: our items at Chat Thing. Creates give no ids back [seed]; the row's name is the mark and is not trained [seed].
import { SyncError } from '../../model/error.ts';
import type { Call, ChangedItem, ItemResult, NewItem, RemoteEntry, RemoteText } from '../connector.ts';
import { type ApiRequest, type Send, type StatusMeaning, statusOf } from './api.ts';
import { inHalves } from './halves.ts';
import type { ChatthingOptions } from './options.ts';
import { everyItem, fetchPage, pageLimit } from './pages.ts';
import { doneReply, rowReply, rowsReply } from './schema.ts';
import { ambiguous404, refusedThoughListed, type Sources } from './sources.ts';
import { rowTraining } from './states.ts';

export interface Rows {
  create(items: readonly NewItem[], call: Call): Promise<readonly ItemResult[]>;
  update(items: readonly ChangedItem[], call: Call): Promise<readonly ItemResult[]>;
  delete(remoteIds: readonly string[], call: Call): Promise<readonly ItemResult[]>;
  /** Every row of the data source; nothing where there is no data source yet. */
  list(call: Call): AsyncIterable<RemoteEntry>;
  /** One row's own state word and text. Throws REMOTE_GONE where only the row is missing. */
  look(remoteId: string, call: Call): Promise<{ readonly state: string; readonly content: string }>;
  read(remoteId: string, call: Call): Promise<RemoteText>;
}

/** Binds the row calls of one channel. */
export function bindRows(options: ChatthingOptions, send: Send, sources: Sources): Rows {
  const write = bindWrite(options, send, sources);

  const list = async function* (call: Call): AsyncGenerator<RemoteEntry> {
    if (call.container === null && options.dataSourceId === null) return;
    const body = { dataSourceId: sources.of(call) };
    const what = 'listing rows';
    const statuses = { 404: ambiguous404 };
    const listing = { what, path: '/data-sources/row/list', body, schema: rowsReply, statuses } as const;
    const items = (reply: { dataSourceRows: { id: string; name?: string | null | undefined }[] }) => reply.dataSourceRows;
    const page = (cursor: string | null) => fetchPage(send, { ...listing, items }, { limit: pageLimit, cursor }, call);
    try {
      for await (const row of everyItem(what, options.maxPages, page)) {
        const name = row.name ?? null;
        yield { remoteId: row.id, mark: name, name, training: null };
      }
    } catch (error) {
      if (!(error instanceof SyncError) || statusOf(error) !== 404) throw error;
      await sources.explain404(call);
      throw refusedThoughListed(what, error);
    }
  };

  const listedIds = async (call: Call): Promise<ReadonlySet<string>> => {
    await sources.explain404(call);
    const ids = new Set<string>();
    for await (const row of list(call)) ids.add(row.remoteId);
    return ids;
  };

  const look: Rows['look'] = async (remoteId, call) => {
    const query = { dataSourceId: sources.of(call), dataSourceRowId: remoteId };
    const what = `reading row ${remoteId}`;
    const request = { what, intent: 'read', method: 'GET', path: '/data-sources/row', query, statuses: { 404: ambiguous404 } } as const;
    try {
      return (await send(rowReply, request, call)).dataSourceRow;
    } catch (error) {
      if (!(error instanceof SyncError) || statusOf(error) !== 404) throw error;
      await sources.explain404(call);
      throw gone(remoteId, error);
    }
  };

  return {
    list,
    look,

    async create(items, call) {
      const json = (part: readonly NewItem[]) => part.map(({ mark, text }) => ({ name: mark, content: text }));
      return sendable(items, options, async (fitting) => {
        const results = await inHalves(fitting, (part) => write('POST', '/row', json(part), call), splitOn([400, 413]));
        return named(results, fitting);
      });
    },

    async update(items, call) {
      const json = (part: readonly ChangedItem[]) => part.map(({ remoteId, mark, text }) => ({ id: remoteId, name: mark, content: text }));
      return sendable(items, options, async (fitting) => {
        const attempt: Attempt<ChangedItem> = (part, statuses) =>
          inHalves(part, (some) => write('PUT', '/row', json(some), call), splitOn(statuses));
        const missing = (item: ChangedItem, error: SyncError): ItemResult => ({ ok: false, error: gone(item.remoteId, error) });
        const results = await knowing404(fitting, { id: (item) => item.remoteId, attempt, missing, listedIds: () => listedIds(call) });
        return named(
          results.map((result, index) => (result.ok ? { ok: true, remoteId: fitting[index]?.remoteId ?? null } : result)),
          fitting,
        );
      });
    },

    async delete(remoteIds, call) {
      const json = (part: readonly string[]) => part.map((id) => ({ id }));
      const attempt: Attempt<string> = (part, statuses) =>
        inHalves(part, (some) => write('DELETE', '/rows', json(some), call), splitOn(statuses));
      // Already gone is success.
      const missing = (remoteId: string): ItemResult => ({ ok: true, remoteId });
      const results = await knowing404(remoteIds, { id: (id) => id, attempt, missing, listedIds: () => listedIds(call) });
      return results.map((result, index) => (result.ok ? { ok: true, remoteId: remoteIds[index] ?? null } : result));
    },

    async read(remoteId, call) {
      const row = await look(remoteId, call);
      return { text: row.content, training: rowTraining(row.state, options) };
    },
  };
}

type Attempt<Item> = (part: readonly Item[], splitOn: readonly number[]) => Promise<ItemResult[]>;

/** The three bulk writes have one shape; delete's path alone is plural [seed]. */
function bindWrite(options: ChatthingOptions, send: Send, sources: Sources) {
  const refused: StatusMeaning = { code: 'DOCUMENT_REFUSED', message: 'Chat Thing refused the row' };
  const undeletable: StatusMeaning = {
    code: 'REQUEST_REFUSED',
    message: 'Chat Thing refused to delete the row',
    facts: { stops: 'document' },
  };
  const tooLarge: StatusMeaning = { code: 'DOCUMENT_TOO_LARGE', message: 'Chat Thing calls the request too large' };
  const whats = { POST: 'creating rows', PUT: 'updating rows', DELETE: 'deleting rows' } as const;
  return async (
    method: 'POST' | 'PUT' | 'DELETE',
    path: string,
    dataSourceRows: { [key: string]: string }[],
    call: Call,
  ): Promise<void> => {
    const create = method === 'POST';
    const request: ApiRequest = {
      what: whats[method],
      intent: create ? 'create' : 'repeatable',
      method,
      path: `/data-sources${path}`,
      json: { dataSourceId: sources.of(call), dataSourceRows },
      statuses: { 400: partial(method === 'DELETE' ? undeletable : refused), 404: ambiguous404, 413: partial(tooLarge) },
    };
    try {
      await send(doneReply, request, call);
    } catch (error) {
      // A create names no row, so its 404 is about channel or data source.
      if (!create || !(error instanceof SyncError) || statusOf(error) !== 404) throw error;
      await sources.explain404(call);
      throw refusedThoughListed(request.what, error);
    }

    /** Where batches are not atomic, some of a refused create may stand: the engine looks before it sends them again. */
    function partial(meaning: StatusMeaning): StatusMeaning {
      if (options.atomicBatches || !create || dataSourceRows.length === 1) return meaning;
      return { ...meaning, code: 'UNCONFIRMED' };
    }
  };
}

/** Splitting a refused create needs batches to be atomic (else it is UNCONFIRMED); updates and deletes may be sent again in any case. */
function splitOn(statuses: readonly number[]): (error: SyncError) => boolean {
  return (error) => error.code !== 'UNCONFIRMED' && statuses.includes(statusOf(error) ?? 0);
}

interface Known404<Item> {
  readonly id: (item: Item) => string;
  readonly attempt: Attempt<Item>;
  readonly missing: (item: Item, error: SyncError) => ItemResult;
  readonly listedIds: () => Promise<ReadonlySet<string>>;
}

/** One missing row answers 404 for the whole batch [assumed]: never believed before a listing shows which rows are gone; the rest is sent again. */
async function knowing404<Item>(items: readonly Item[], { id, attempt, missing, listedIds }: Known404<Item>): Promise<ItemResult[]> {
  const results = await attempt(items, [400, 413]);
  const doubtful = results.flatMap((result, index) => (!result.ok && statusOf(result.error) === 404 ? [index] : []));
  if (doubtful.length === 0) return results;
  const again: number[] = [];
  const settle = (index: number, result: (item: Item, error: SyncError) => ItemResult): void => {
    const item = items[index];
    const before = results[index];
    if (item !== undefined && before !== undefined && !before.ok) results[index] = result(item, before.error);
  };
  try {
    const there = await listedIds();
    for (const index of doubtful) {
      const item = items[index];
      if (item !== undefined && there.has(id(item))) again.push(index);
      else settle(index, missing);
    }
    const rest = again.flatMap((index) => items.slice(index, index + 1));
    const repeated = await attempt(rest, [400, 404, 413]);
    for (const [at, index] of again.entries()) {
      const result = repeated[at];
      if (result === undefined) continue;
      if (result.ok || statusOf(result.error) !== 404) results[index] = result;
      else settle(index, (item, error) => ({ ok: false, error: refusedThoughListed(`row ${id(item)}`, error) }));
    }
  } catch (error) {
    // Items that went through before keep their result.
    if (!(error instanceof SyncError) || !results.some((result) => result.ok)) throw error;
    for (const index of doubtful) if (statusOf(resultError(results[index])) === 404) settle(index, () => ({ ok: false, error }));
  }
  return results;
}

function resultError(result: ItemResult | undefined): SyncError | null {
  return result === undefined || result.ok ? null : result.error;
}

function gone(remoteId: string, cause: SyncError): SyncError {
  return new SyncError('REMOTE_GONE', { message: `row ${remoteId} is no longer in the data source`, vendor: cause.vendor, cause });
}

/** Sends what may be sent, and answers for the rest without a call: an empty or huge row is no row for Chat Thing [assumed]. */
async function sendable<Item extends NewItem>(
  items: readonly Item[],
  options: ChatthingOptions,
  sendAll: (fitting: readonly Item[]) => Promise<readonly ItemResult[]>,
): Promise<ItemResult[]> {
  const errors = items.map((item) => unfit(item, options));
  const fitting = items.filter((_, index) => errors[index] === null);
  const sent = fitting.length === 0 ? [] : [...(await sendAll(fitting))];
  return errors.flatMap((error) => (error === null ? sent.splice(0, 1) : [{ ok: false, error }]));
}

function unfit(item: NewItem, { maxRowBytes }: ChatthingOptions): SyncError | null {
  if (item.text.trim() === '') {
    const message = `${item.path}: Chat Thing takes no row without content`;
    return new SyncError('DOCUMENT_REFUSED', { message, next: 'give the document a text, or keep it out with draft or targets' });
  }
  const bytes = Buffer.byteLength(item.text);
  if (bytes <= maxRowBytes) return null;
  return new SyncError('DOCUMENT_TOO_LARGE', { message: `${item.path}: ${bytes} bytes in one row, above maxRowBytes (${maxRowBytes})` });
}

/** What concerns a document alone says which. */
function named(results: readonly ItemResult[], items: readonly NewItem[]): ItemResult[] {
  return results.map((result, index) => {
    const path = items[index]?.path;
    if (result.ok || path === undefined || result.error.facts.stops !== 'document') return result;
    const { code, message, vendor, next, facts, data } = result.error;
    return { ok: false, error: new SyncError(code, { message: `${path}: ${message}`, vendor, next, facts, data, cause: result.error }) };
  });
}
