// Data sources: the boxes at Chat Thing that rows live in. They have no name [seed], so one of ours is only known by its id.
// Also tells what a 404 means that may mean three things.
import { SyncError } from '../../model/error.ts';
import type { Call, ContainerCalls } from '../connector.ts';
import { type Send, statusOf } from './api.ts';
import type { ChatthingOptions } from './options.ts';
import { everyItem, fetchPage, pageLimit } from './pages.ts';
import { type DataSource, dataSourceReply, dataSourcesReply, doneReply, rowsReply } from './schema.ts';

/** A 404 that may mean channel, data source or row: not final (and never tried again) until `explain404` has looked. */
export const ambiguous404 = {
  code: 'REMOTE_GONE',
  message: 'Chat Thing does not find the channel, the data source or the row',
  facts: { retry: 'never' },
} as const;

/** A 404 for what the vendor itself lists: said as it is, and worth another try later. */
export function refusedThoughListed(what: string, cause: SyncError): SyncError {
  const message = `${what}: Chat Thing answers 404, yet lists it`;
  return new SyncError('REQUEST_REFUSED', { message, vendor: cause.vendor, facts: { retry: 'later', stops: 'document' }, cause });
}

/** What the sources of one bot can be asked. */
export interface Sources {
  /** The data source of this call. Throws CONFIG_INVALID where none is known yet. */
  of(call: Call): string;
  all(call: Call): AsyncIterable<DataSource>;
  /** One page, for nothing but the proof that channel and key are right. */
  touch(call: Call): Promise<void>;
  /** State and last success of the call's data source. Throws BOT_NOT_FOUND where it is gone. */
  look(call: Call): Promise<DataSource>;
  /**
   * After a 404 [assumed procedure]: returns where the channel and the data source are both there, so that it was the row.
   * Throws CREDENTIALS_REFUSED or BOT_NOT_FOUND otherwise.
   */
  explain404(call: Call): Promise<void>;
  readonly container: ContainerCalls;
}

/** Binds the data-source calls of one channel. */
export function bindSources(options: ChatthingOptions, send: Send): Sources {
  const listing = {
    what: 'listing data sources',
    path: '/data-sources/list',
    body: {},
    schema: dataSourcesReply,
    items: (reply: { dataSources: DataSource[] }) => reply.dataSources,
  };

  const of = (call: Call): string => {
    const id = call.container ?? options.dataSourceId;
    if (id !== null) return id;
    throw new SyncError('CONFIG_INVALID', {
      message: 'the Chat Thing target has no data source yet',
      next: 'set dataSourceId, or let kbsync sync make one',
      facts: { stops: 'target' },
    });
  };

  const all = (call: Call): AsyncIterable<DataSource> =>
    everyItem(listing.what, options.maxPages, (cursor) => fetchPage(send, listing, { limit: pageLimit, cursor }, call));

  const explain404 = async (call: Call): Promise<void> => {
    const id = of(call);
    for await (const source of all(call)) if (source.id === id) return;
    throw new SyncError('BOT_NOT_FOUND', {
      message: `data source ${id} is no longer in channel ${options.channelId ?? ''}`,
      next: 'set dataSourceId to one that is there; what was in the deleted one is gone',
      data: { status: 404 },
    });
  };

  const look = async (call: Call): Promise<DataSource> => {
    const what = 'asking for the data source';
    const request = { what, intent: 'read', method: 'GET', path: '/data-sources', statuses: { 404: ambiguous404 } } as const;
    try {
      return (await send(dataSourceReply, { ...request, query: { dataSourceId: of(call) } }, call)).dataSource;
    } catch (error) {
      if (!(error instanceof SyncError) || statusOf(error) !== 404) throw error;
      await explain404(call);
      throw refusedThoughListed(what, error);
    }
  };

  return {
    of,
    all,
    look,
    explain404,
    async touch(call) {
      await fetchPage(send, listing, { limit: 1, cursor: null }, call);
    },
    container: bindContainer(options, send, all),
  };
}

function bindContainer(options: ChatthingOptions, send: Send, all: Sources['all']): ContainerCalls {
  return {
    configured: options.dataSourceId,

    async list(call) {
      const ids: string[] = [];
      for await (const source of all(call)) ids.push(source.id);
      return ids;
    },

    // Never synced, says so, and holds no row: only such a one can be what a crashed run of ours has made [assumed].
    async unused(candidates, call) {
      const fresh: string[] = [];
      for await (const source of all(call)) {
        if (candidates.includes(source.id) && source.lastSync === null && source.state === 'not_synced') fresh.push(source.id);
      }
      const empty: string[] = [];
      for (const dataSourceId of fresh) {
        const rows = { what: 'counting rows', path: '/data-sources/row/list', body: { dataSourceId }, schema: rowsReply } as const;
        const page = await fetchPage(send, { ...rows, items: (reply) => reply.dataSourceRows }, { limit: 1, cursor: null }, call);
        if (page.items.length === 0 && (page.total ?? 0) === 0) empty.push(dataSourceId);
      }
      return empty;
    },

    async create(call) {
      const made = { what: 'making a data source', intent: 'create', method: 'POST', path: '/data-sources' } as const;
      const { dataSource } = await send(dataSourceReply, made, call);
      if (options.syncInterval !== null) await setInterval(dataSource.id, call);
      return dataSource.id;
    },
  };

  /** The source stands already when this fails: the error says unconfirmed, so that the engine looks for it instead of making a second. */
  async function setInterval(dataSourceId: string, call: Call): Promise<void> {
    const what = 'setting syncInterval';
    const json = { dataSourceId, syncInterval: options.syncInterval };
    try {
      await send(doneReply, { what, intent: 'repeatable', method: 'PUT', path: '/data-sources', json }, call);
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      throw new SyncError(error.code, {
        message: `data source ${dataSourceId} was made, but its syncInterval could not be set: ${error.message}`,
        vendor: error.vendor,
        next: 'set dataSourceId to it, and its interval in the Chat Thing dashboard',
        facts: { ...error.facts, effect: 'unconfirmed' },
        cause: error,
      });
    }
  }
}
