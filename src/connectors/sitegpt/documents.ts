// Documents: our items at SiteGPT, one file a call. A document's name is the mark and cannot be changed later; there is no key of our choosing.
import { SyncError } from '../../model/error.ts';
import type { Call, ChangedItem, ItemResult, NewItem, RemoteEntry, RemoteText } from '../connector.ts';
import type { ApiRequest, Send } from './api.ts';
import type { SitegptOptions } from './options.ts';
import { everyItem, type Page } from './pages.ts';
import { createData, documentData, documentsData, nothing, type SitegptDocument } from './schema.ts';
import { isFailed, trainingOf } from './states.ts';

export interface Documents {
  create(items: readonly NewItem[], call: Call): Promise<readonly ItemResult[]>;
  update(items: readonly ChangedItem[], call: Call): Promise<readonly ItemResult[]>;
  delete(remoteIds: readonly string[], call: Call): Promise<readonly ItemResult[]>;
  find(marks: readonly string[], call: Call): Promise<readonly (readonly string[])[]>;
  list(call: Call): AsyncIterable<RemoteEntry>;
  read(remoteId: string, call: Call): Promise<RemoteText>;
  /** One document without its text. Throws REMOTE_GONE. */
  look(remoteId: string, call: Call): Promise<SitegptDocument>;
  all(call: Call): AsyncIterable<SitegptDocument>;
}

/** So many marks are searched for one by one; more are looked up in one listing. */
const searchedOneByOne = 20;

/** Binds the document calls of one chatbot. */
export function bindDocuments(options: SitegptOptions, send: Send): Documents {
  const listed = (query: { readonly [name: string]: string }, call: Call): AsyncGenerator<SitegptDocument> => {
    const what = 'listing documents';
    const page = async (cursor: string | null): Promise<Page<SitegptDocument>> => {
      const all = { ...query, limit: options.pageLimit, ...(cursor === null ? {} : { cursor }) };
      const request = { what, intent: 'read', method: 'GET', path: '/documents', scope: 'knowledge:read', query: all } as const;
      const { documents, pagination } = await send(documentsData, request, call);
      return { items: documents, pagination };
    };
    return everyItem(what, options.maxPages, page, (document) => document.id);
  };
  const all = (call: Call) => listed({}, call);

  async function createOne(item: NewItem, call: Call): Promise<string> {
    const { documents } = await send(createData, creation(item), call);
    const [document] = documents;
    const refused = document?.error ?? (isFailed(document?.status, options) ? `status ${document?.status}` : null);
    if (refused !== null) throw notTaken(item, refused, options);
    if (typeof document?.id === 'string') return document.id;
    throw new SyncError('REPLY_INVALID', { message: `${item.path}: SiteGPT took the document, but its answer holds no id` });
  }

  async function updateOne(item: ChangedItem, call: Call): Promise<string> {
    const json = { content: item.text };
    const request = { ...one(`updating ${item.path}`, item.remoteId), document: item.path, json } as const;
    await send(nothing, { ...request, intent: 'repeatable', method: 'PATCH', scope: 'knowledge:write' }, call);
    return item.remoteId;
  }

  async function deleteOne(remoteId: string, call: Call): Promise<string> {
    const request = { ...one(`deleting document ${remoteId}`, remoteId), query: { confirm: 'true' } } as const;
    try {
      // Never the bulk call: its filters could reach what is not ours.
      await send(nothing, { ...request, intent: 'repeatable', method: 'DELETE', scope: 'knowledge:delete' }, call);
    } catch (error) {
      // Already gone is success, as in the vendor's own engine [public P12].
      if (!(error instanceof SyncError) || error.code !== 'REMOTE_GONE') throw error;
    }
    return remoteId;
  }

  const readOne = async (remoteId: string, query: { readonly [name: string]: string | number }, call: Call) => {
    const what = `reading document ${remoteId}`;
    return send(documentData, { ...one(what, remoteId), intent: 'read', method: 'GET', scope: 'knowledge:read', query }, call);
  };

  return {
    create: (items, call) => oneByOne(items, (item) => createOne(item, call)),
    update: (items, call) => oneByOne(items, (item) => updateOne(item, call)),
    delete: (remoteIds, call) => oneByOne(remoteIds, (remoteId) => deleteOne(remoteId, call)),
    all,

    // What the search does not find is looked for in the whole listing before it counts as absent: how it matches is not documented.
    async find(marks, call) {
      const found = new Map<string, string[]>(marks.map((mark) => [mark, []]));
      const keep = (document: SitegptDocument): void => {
        const ids = typeof document.name === 'string' ? found.get(document.name) : undefined;
        if (ids !== undefined && !ids.includes(document.id)) ids.push(document.id);
      };
      if (marks.length <= searchedOneByOne) {
        for (const mark of marks) for await (const document of listed({ query: mark }, call)) keep(document);
      }
      if ([...found.values()].some((ids) => ids.length === 0)) for await (const document of all(call)) keep(document);
      return marks.map((mark) => found.get(mark) ?? []);
    },

    async *list(call) {
      for await (const { id, name, status } of all(call)) {
        yield { remoteId: id, mark: name ?? null, name: name ?? null, training: trainingOf(status, options) };
      }
    },

    async look(remoteId, call) {
      return (await readOne(remoteId, {}, call)).document;
    },

    async read(remoteId, call) {
      const query = { includeContent: 'true', maxContentChars: options.maxContentChars };
      const { document, content, text } = await readOne(remoteId, query, call);
      const found = document.content ?? document.text ?? content ?? text;
      if (typeof found === 'string') return { text: found, training: trainingOf(document.status, options) };
      throw new SyncError('REPLY_INVALID', {
        message: `document ${remoteId}: SiteGPT gives back no text (neither content nor text)`,
        next: 'run again once it is trained',
        facts: { effect: 'none', stops: 'document' },
      });
    },
  };
}

/** One file a call: the order of several in a reply is not promised. Not repeatable: there is no idempotency key [public P12]. */
function creation(item: NewItem): ApiRequest {
  const base64 = Buffer.from(item.text, 'utf8').toString('base64');
  return {
    what: `creating ${item.path}`,
    intent: 'create',
    method: 'POST',
    path: '/knowledge/files',
    scope: 'knowledge:write',
    document: item.path,
    json: { files: [{ name: item.mark, type: 'text/markdown', base64 }] },
  };
}

function one(what: string, remoteId: string): Pick<ApiRequest, 'what' | 'path' | 'remoteId'> {
  return { what, path: `/documents/${encodeURIComponent(remoteId)}`, remoteId };
}

/** A refusal that came with HTTP 200 [public P12]; a full account may come this way too [assumed]. */
function notTaken(item: NewItem, why: string, { quotaWords }: SitegptOptions): SyncError {
  const full = quotaWords.some((word) => why.toLowerCase().includes(word.toLowerCase()));
  return new SyncError(full ? 'QUOTA_EXHAUSTED' : 'DOCUMENT_REFUSED', {
    message: `${item.path}: SiteGPT did not take the document`,
    vendor: why.slice(0, 500),
  });
}

/** Results in order. What stops the target is thrown while nothing has gone through; later it stands for every item not sent any more. */
async function oneByOne<Item>(items: readonly Item[], send: (item: Item) => Promise<string>): Promise<ItemResult[]> {
  const results: ItemResult[] = [];
  let stopped: SyncError | null = null;
  for (const item of items) {
    if (stopped !== null) {
      const { code, message, vendor, next, facts } = stopped;
      const error = new SyncError(code, { message, vendor, next, facts: { ...facts, effect: 'none' }, cause: stopped });
      results.push({ ok: false, error });
      continue;
    }
    try {
      results.push({ ok: true, remoteId: await send(item) });
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      if (error.facts.stops !== 'document') {
        if (results.length === 0) throw error;
        stopped = error;
      }
      results.push({ ok: false, error });
    }
  }
  return results;
}
