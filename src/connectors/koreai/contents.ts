// Documents at Kore.ai: finding them by title, listing, deleting. Two of its calls show documents: content-by-cond as a whole, and chunk/list by
// their chunks, once indexed. Whether the first shows documents that came in as chunks is not said [P3: silent], so the second stands behind it.
import { SyncError } from '../../model/error.ts';
import type { Json } from '../../model/json.ts';
import type { Call, ItemResult, RemoteEntry, RemoteText } from '../connector.ts';
import type { ApiRequest, Send } from './api.ts';
import { joined } from './chunks.ts';
import { type KoreaiOptions, sourceNameOf } from './options.ts';
import { everyItem, type Page } from './pages.ts';
import { chunksReply, contentReply, contentsReply, deletedReply, type KoreaiChunk, type KoreaiContent } from './schema.ts';
import { markOfTitle, titleOfMark } from './title.ts';

export interface Contents {
  find(marks: readonly string[], call: Call): Promise<readonly (readonly string[])[]>;
  list(call: Call): AsyncIterable<RemoteEntry>;
  delete(remoteIds: readonly string[], call: Call): Promise<readonly ItemResult[]>;
  read(remoteId: string, call: Call): Promise<RemoteText>;
  /** One page, for nothing but the proof that bot and token are right. */
  touch(call: Call): Promise<void>;
}

/** Titles that one filter of chunk/list asks for. */
const titlesPerFilter = 20;

const documentScope = 'Document Management';

/** Binds the document calls of one bot. */
export function bindContents(options: KoreaiOptions, send: Send): Contents {
  const what = 'listing documents';

  async function contentPage(query: Json, cursor: string | null, call: Call): Promise<Page<KoreaiContent>> {
    const json = { query, ...(cursor === null ? {} : { nextCursor: cursor }) };
    const request = { what, intent: 'read', method: 'POST', path: '/content-by-cond', scope: documentScope, json } as const;
    const { data, nextCursor } = await send(contentsReply, request, call);
    return { items: data, next: nextCursor ?? null, more: null };
  }

  /** Every document under a condition, but those that are only still there as deleted. */
  async function* contents(query: Json, call: Call): AsyncGenerator<KoreaiContent> {
    const page = (cursor: string | null) => contentPage(query, cursor, call);
    for await (const content of everyItem(what, options.maxPages, page, ({ _id }) => _id)) {
      if (content._meta?.isDeleted !== true) yield content;
    }
  }

  /** Every chunk of our source (or another), or of these titles in it. Whether the filter was heeded is seen in the chunks themselves. */
  async function* chunks(
    titles: readonly string[],
    call: Call,
    source: string = sourceNameOf(options, call.workspace),
  ): AsyncGenerator<KoreaiChunk> {
    const filters = {
      operand: 'and',
      conditions: [anyOf('sourceName', [source]), ...(titles.length === 0 ? [] : [anyOf('recordTitle', titles)])],
    };
    const page = async (cursor: string | null): Promise<Page<KoreaiChunk>> => {
      const json = { enableFilters: true, filters, ...(cursor === null ? {} : { nextCursor: cursor }) };
      const request = {
        what: 'listing chunks',
        intent: 'read',
        method: 'POST',
        path: '/chunk/list',
        scope: 'Chunk Management',
        json,
      } as const;
      const reply = await send(chunksReply, request, call);
      return { items: reply.chunks, next: reply.nextCursor ?? null, more: reply.hasMore ?? null };
    };
    const idOf = ({ chunkId, _id }: KoreaiChunk) => chunkId ?? _id ?? null;
    for await (const chunk of everyItem('listing chunks', options.maxPages, page, idOf)) if (chunk.sourceName === source) yield chunk;
  }

  /** A title of ours is used once, so an equal one is proof where the source is not told. */
  async function findByContents(found: Map<string, Set<string>>, call: Call): Promise<void> {
    const source = sourceNameOf(options, call.workspace);
    const keep = (content: KoreaiContent): void => {
      const of = content._source?.sys_source_name ?? source;
      if (of === source) found.get(titleIn(content) ?? '')?.add(content._id);
    };
    if (found.size > options.findOneByOne) for await (const content of contents(options.listQuery, call)) keep(content);
    else for (const title of found.keys()) for await (const content of contents({ title }, call)) keep(content);
  }

  async function findByChunks(found: Map<string, Set<string>>, call: Call): Promise<void> {
    const titles = [...found.keys()];
    for (let from = 0; from < titles.length; from += titlesPerFilter) {
      for await (const { recordTitle, docId } of chunks(titles.slice(from, from + titlesPerFilter), call)) {
        if (docId) found.get(recordTitle ?? '')?.add(docId);
      }
    }
  }

  const list: Contents['list'] = async function* (call) {
    const source = sourceNameOf(options, call.workspace);
    const listed = new Set<string>();
    const unplaced: KoreaiContent[] = [];
    let ours = 0;
    for await (const content of contents(options.listQuery, call)) {
      const of = content._source?.sys_source_name ?? null;
      const name = titleIn(content);
      const mark = name === null ? null : markOfTitle(name, call.workspace);
      if (of === null && mark !== null) {
        unplaced.push(content);
        continue;
      }
      listed.add(content._id);
      if (of === source) ours += 1;
      yield { remoteId: content._id, mark: of === source ? mark : null, name, training: null };
    }
    // None of ours, or no telling: their chunks decide, so that a bot that holds ours never looks empty.
    if (ours > 0 && unplaced.length === 0) return;
    const byChunks = new Map<string, string | null>();
    for await (const { docId, recordTitle } of chunks([], call)) if (docId) byChunks.set(docId, recordTitle ?? null);
    for (const content of unplaced) {
      listed.add(content._id);
      const name = titleIn(content);
      const mark = byChunks.has(content._id) && name !== null ? markOfTitle(name, call.workspace) : null;
      yield { remoteId: content._id, mark, name, training: null };
    }
    for (const [remoteId, name] of byChunks) {
      if (!listed.has(remoteId)) yield { remoteId, mark: name === null ? null : markOfTitle(name, call.workspace), name, training: null };
    }
  };

  async function remove(remoteIds: readonly string[], call: Call): Promise<number> {
    const request: ApiRequest = {
      what: `deleting ${remoteIds.length === 1 ? remoteIds[0] : `${remoteIds.length} documents`}`,
      // Ids are never used again, and one that is gone already is gone.
      intent: 'repeatable',
      method: options.deleteVia === 'DELETE' ? 'DELETE' : 'POST',
      path: '/content',
      scope: documentScope,
      ...(options.deleteVia === 'DELETE' ? {} : { headers: { 'x-http-method-override': 'delete' } }),
      // So that a 404 may be looked into: it means the ids, the bot or the path.
      remoteId: remoteIds.join(', '),
      json: { [options.deleteIdsKey]: [...remoteIds] },
    };
    try {
      return (await send(deletedReply, request, call)).deletedCount ?? 0;
    } catch (error) {
      if (error instanceof SyncError && (error.code === 'REMOTE_GONE' || isRefusal(error))) return 0;
      throw error;
    }
  }

  /** Those of the ids that the vendor still lists. */
  async function stillThere(remoteIds: readonly string[], call: Call): Promise<readonly string[]> {
    const wanted = new Set(remoteIds);
    const found: string[] = [];
    for await (const { _id } of contents(options.listQuery, call)) if (wanted.has(_id)) found.push(_id);
    return found;
  }

  return {
    list,

    async find(marks, call) {
      const titles = marks.map((mark) => titleOfMark(mark, call.workspace));
      const found = new Map<string, Set<string>>();
      for (const title of titles) if (title !== null) found.set(title, new Set());
      if (found.size === 0) return marks.map(() => []);
      await findByContents(found, call);
      if ([...found.values()].every((ids) => ids.size === 0)) await findByChunks(found, call);
      return titles.map((title) => [...(title === null ? [] : (found.get(title) ?? []))]);
    },

    async delete(remoteIds, call) {
      if (remoteIds.length === 0) return [];
      const done = remoteIds.map((remoteId) => ({ ok: true, remoteId }) as const);
      // Fewer than asked: the others were gone already [assumed]. None at all may also mean that the ids were not understood: looked into.
      if ((await remove(remoteIds, call)) > 0) return done;
      const there = await stillThere(remoteIds, call);
      if (there.length === 0 || (await remove(there, call)) > 0) return done;
      return remoteIds.map((remoteId) =>
        there.includes(remoteId) ? { ok: false, error: notDeleted(remoteId, options) } : { ok: true, remoteId },
      );
    },

    async read(remoteId, call) {
      const request = { what: `reading ${remoteId}`, intent: 'read', method: 'GET', scope: documentScope, remoteId } as const;
      const content = await send(contentReply, { ...request, path: `/content/${encodeURIComponent(remoteId)}` }, call);
      const title = titleIn(content);
      const source = content._source?.sys_source_name ?? undefined;
      // What others have put there is not in chunks that we numbered: its text as a whole [public P3], where the vendor shows it.
      const whole = content._source?.content ?? '';
      if (source !== undefined && source !== sourceNameOf(options, call.workspace) && whole !== '') return { text: whole, training: null };
      const pieces: KoreaiChunk[] = [];
      if (title !== null) for await (const chunk of chunks([title], call, source)) if (chunk.docId === remoteId) pieces.push(chunk);
      return { text: inOrder(remoteId, pieces), training: null };
    },

    async touch(call) {
      await contentPage(options.listQuery, null, call);
    },
  };
}

/** One condition of chunk/list: a key that has one of these values [public P6]. */
function anyOf(key: string, values: readonly string[]) {
  return { operand: 'or', conditions: values.map((value) => ({ key, op: 'equals', value })) };
}

function titleIn({ _source }: KoreaiContent): string | null {
  return _source?.title ?? _source?.file_title ?? null;
}

function isRefusal(error: SyncError): boolean {
  return error.code === 'REQUEST_REFUSED' && (error.data['status'] === 400 || error.data['status'] === 412);
}

function notDeleted(remoteId: string, { deleteIdsKey, deleteVia }: KoreaiOptions): SyncError {
  return new SyncError('REQUEST_REFUSED', {
    message: `document ${remoteId}: Kore.ai answered the delete, deleted nothing, and still lists it`,
    next: `run again; if it goes on, set deleteIdsKey: ${deleteIdsKey === 'docIds' ? 'docIDs' : 'docIds'}${deleteVia === 'DELETE' ? ' or deleteVia: POST-override' : ''}`,
    facts: { retry: 'later', stops: 'document' },
  });
}

/** Chunks are listed by their random ids [P6: the cursor shows it]: only their numbers tell the order. */
function inOrder(remoteId: string, chunks: readonly KoreaiChunk[]): string {
  const numbered = chunks.map(({ pageNumber, chunkText }) => ({ at: Number(pageNumber ?? Number.NaN), text: chunkText ?? '' }));
  if (numbered.length > 0 && (numbered.length === 1 || numbered.every(({ at }) => Number.isInteger(at)))) {
    return joined(numbered.sort((a, b) => a.at - b.at).map(({ text }) => text));
  }
  throw new SyncError('REPLY_INVALID', {
    message: `document ${remoteId}: Kore.ai shows ${numbered.length === 0 ? 'no chunks of it' : 'its chunks without their numbers'}, so its text is not known`,
    next: 'run again once it is indexed; if it goes on, set numberChunks: false',
    facts: { effect: 'none', stops: 'document' },
  });
}
