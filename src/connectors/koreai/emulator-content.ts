// Content documents and chunks of the Kore.ai emulator, as its Search AI calls show and delete them [2.3, 2.4].
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorTools } from '../emulator.ts';
import type { Source } from './emulator-ingest.ts';
import { filled, invalid, iso, isRecord, noBody, notFound, readBody, readQuery, refuse, strings } from './emulator-request.ts';
import { type Asked, type Box, builderOnly, type Route } from './emulator-routes.ts';
import type { KoreSettings } from './emulator-settings.ts';
import type { Chunk, Content } from './emulator-shelf.ts';

const documents = builderOnly('Document Management');
const chunkManagement = builderOnly('Chunk Management');
const editable = ['chunkText', 'chunkTitle', 'pageNumber', 'recordTitle', 'recordUrl', 'sourceUrl', 'chunkMeta'];

/** #3 to #5 and #7 to #9. #6 is for web crawls, which the emulator has none of. */
export function contentRoutes(tools: EmulatorTools, settings: KoreSettings): readonly Route[] {
  const show = views(tools, settings);

  function byCondition({ request, box }: Asked): Json {
    const body = readBody(request, 'query', 'nextCursor');
    const { query } = body;
    if (!isRecord(query)) return invalid('query must be an object');
    const tests = Object.entries(query).map(([name, value]) => conditionOf(name, value));
    const fits = (content: Content): boolean => tests.every((test) => test(content));
    const found: [string, Content][] = [];
    for (const entry of box.shelf.listed(Number(cursorOf(body, /^\d+$/) ?? 0))) {
      if (found.length > settings.contentPage) break;
      if (fits(entry[1])) found.push(entry);
    }
    const page = found.slice(0, settings.contentPage);
    const nextCursor = found.length > page.length ? cursorText(String(page.at(-1)?.[1].place ?? 0)) : null;
    return { data: page.map(([id, content]) => show.content(box, id, content)), nextCursor, prevCursor: page[0]?.[0] ?? null };
  }

  /** The keys that are documented, and `sys_source_name`; all are ANDed. */
  function conditionOf(name: string, value: Json): (content: Content) => boolean {
    if (typeof value !== 'string') return invalid(`query.${name} must be a string`);
    switch (name) {
      case 'sys_content_type':
        return (content) => show.type(content) === value;
      case 'title':
        return (content) => (content.type !== 'json' || settings.titleField !== 'none') && content.title === value;
      case 'sys_source_name':
        return (content) => settings.findsBySource && content.source === value;
      case 'lastCrawlStatus':
        return () => false;
      default:
        return invalid(`query.${name} is not documented; documented: sys_content_type, title, lastCrawlStatus, sys_source_name (assumed)`);
    }
  }

  function get({ request, box, ids: [id = ''] }: Asked): Json {
    readQuery(request);
    noBody(request);
    const content = box.shelf.shown(id);
    return content === null ? notFound(`no content ${id}`) : show.content(box, id, content, true);
  }

  function remove({ request, box }: Asked): Json {
    const body = settings.dropDeleteBodies && request.method === 'DELETE' ? {} : readBody(request, ...idKeys());
    const key = idKeys().find((name) => body[name] !== undefined) ?? 'docIds';
    const ids = strings(body, key);
    const there = [...new Set(ids)].filter((id) => box.shelf.find(id) !== null);
    if (settings.unknownDocIds === 'refuse' && there.length < ids.length) refuse({ status: 400, msg: 'Invalid content id' });
    for (const id of there) {
      const content = box.shelf.find(id);
      if (content !== null) box.shelf.delete(id, content);
    }
    box.runs.tidy();
    return { deletedCount: there.length };
  }

  function idKeys(): readonly string[] {
    return settings.docIdsKey === 'both' ? ['docIds', 'docIDs'] : [settings.docIdsKey];
  }

  function overridden(asked: Asked): Json {
    const isDelete = settings.methodOverride && asked.request.headers['x-http-method-override']?.toLowerCase() === 'delete';
    return isDelete ? remove(asked) : refuse({ status: 405, msg: 'Method Not Allowed' });
  }

  /** Filters count only where `enableFilters` is true. */
  function listChunks({ request, box }: Asked): Json {
    const body = readBody(request, 'enableFilters', 'filters', 'nextCursor');
    const fits = body['filters'] === undefined ? () => true : filterOf(body['filters'], settings.chunkFilterKeys);
    const applies = body['enableFilters'] === true;
    const behind = cursorOf(body, /^chk-/);
    const found = box.shelf.chunks().filter(([, content, chunk]) => !applies || fits(filterable(content, chunk)));
    const rest = behind === null ? found : found.filter(([, , chunk]) => chunk.id > behind);
    const page = rest.slice(0, settings.chunkPage).map(([id, content, chunk]) => show.chunk(box, id, content, chunk));
    const hasMore = rest.length > page.length;
    const nextCursor = hasMore ? cursorText(String(page.at(-1)?.['_id'])) : null;
    return { count: found.length, chunks: page, hasMore, nextCursor, prevCursor: null };
  }

  /** What filters see: making the whole view of every chunk would be slow. */
  function filterable(content: Content, chunk: Chunk): JsonRecord {
    return { recordTitle: content.title, ...chunk.fields, sourceName: content.source, sourceType: show.type(content) };
  }

  function editChunk({ request, box, ids: [id = ''] }: Asked): Json {
    const fields = readBody(request, ...editable);
    if (box.shelf.chunk(id) === null) notFound(`no chunk ${id}`);
    box.shelf.edit(id, fields);
    return { indexPipelineId: `fip-${box.id}`, status_code: 200, status_msg: 'Documents updated successfully', updated_documents: 1 };
  }

  function deleteChunks({ request, box }: Asked): Json {
    const body = readBody(request, 'chunkId');
    const missing = { status: 400, msg: "One or more chunkIds don't exist." };
    if (body['chunkId'] === undefined) refuse(missing);
    const ids = strings(body, 'chunkId');
    const lost = ids.filter((id) => box.shelf.chunk(id) === null);
    if (lost.length > 0 && settings.unknownChunkIds === 'refuse') refuse(missing);
    for (const id of ids) if (!lost.includes(id)) box.shelf.edit(id, null);
    const data = { totalRequested: ids.length, totalDeleted: ids.length - lost.length, totalNotFound: lost.length, notFoundChunkIds: lost };
    return settings.chunkDeleteReply === 'Status' ? { Status: 'success', Data: data } : { status: 'success', data };
  }

  return [
    { method: 'POST', path: 'content-by-cond', scopes: documents, run: byCondition },
    { method: 'GET', path: 'content/*', scopes: documents, run: get },
    { method: 'DELETE', path: 'content', scopes: documents, run: remove },
    { method: 'POST', path: 'content', scopes: documents, run: overridden },
    { method: 'POST', path: 'chunk/list', scopes: chunkManagement, run: listChunks },
    { method: 'POST', path: 'chunk/*', scopes: chunkManagement, run: editChunk },
    { method: 'POST', path: 'search/deleteChunksById', scopes: chunkManagement, run: deleteChunks },
  ];
}

interface Views {
  type(content: Content): string;
  content(box: Box, id: string, content: Content, whole?: boolean): JsonRecord;
  chunk(box: Box, id: string, content: Content, chunk: Chunk): JsonRecord;
}

/** What a content document and a chunk look like. */
export function views(tools: EmulatorTools, settings: KoreSettings): Views {
  const sourceId = (box: Box, name: string): string => (tools.store.get(`sources:${box.id}`, name) as Source | undefined)?.id ?? '';
  const type = (content: Content): string => (content.type === 'json' ? settings.jsonContentType : content.type);

  /** The fields of JSON documents are shown nowhere: assumed [2.3]. */
  function fieldsOf(content: Content): JsonRecord {
    const common = { sys_racl: ['*'], sys_content_type: type(content), sys_source_name: content.source };
    if (content.type === 'file') return { file_title: content.title, ...common, type: 'text/plain', sys_file_type: content.fileType };
    return settings.titleField === 'none'
      ? common
      : { [content.type === 'json' ? settings.titleField : 'title']: content.title, ...common };
  }

  return {
    type,
    content(box, id, content, whole = false) {
      const chunks = box.shelf.chunksOf(id, content.versions.at(-1) ?? 0);
      const text = box.shelf.textOf(id, content);
      const [first] = chunks;
      const inline = { content: text, url: first?.fields['recordUrl'] ?? '' };
      const meta = { state: 'approved', isDeleted: false, contentSource: type(content), size: Buffer.byteLength(text) };
      return {
        _id: id,
        searchIndexId: `sidx-${box.id}`,
        streamId: box.id,
        extractionType: type(content),
        extractionSourceId: sourceId(box, content.source),
        jobId: content.jobId,
        createdOn: iso(content.createdAt),
        lMod: iso(content.modifiedAt),
        _meta: { ...meta, recordsCount: chunks.length },
        _source: { ...fieldsOf(content), ...(whole ? inline : {}) },
      };
    },
    chunk(box, id, content, chunk) {
      const url = { recordUrl: '', chunkMeta: {}, chunkTitle: '', recordTitle: content.title };
      return {
        ...url,
        ...chunk.fields,
        _id: chunk.id,
        chunkId: chunk.id,
        sourceType: type(content),
        sourceName: content.source,
        docId: id,
        sourceId: sourceId(box, content.source),
        searchIndexId: `sidx-${box.id}`,
        chunkType: 'Text',
        extractionMethod: 'text',
        createdOn: iso(chunk.createdAt),
      };
    },
  };
}

/** `{operand, conditions}`, as deep as it goes; a leaf is `{key, op: "equals", value}`. */
function filterOf(given: Json, keys: readonly string[]): (chunk: JsonRecord) => boolean {
  if (!isRecord(given)) return invalid('a filter must be an object');
  const { conditions, operand } = given;
  if (conditions === undefined) {
    const key = filled(given, 'key');
    if (!keys.includes(key)) return invalid(`filter key ${key} is not documented; documented: ${keys.join(', ')}`);
    if (given['op'] !== 'equals') return invalid('op must be equals');
    const value = filled(given, 'value');
    return (chunk) => chunk[key] === value;
  }
  if (!Array.isArray(conditions) || (operand !== 'and' && operand !== 'or')) return invalid('a filter has an operand and conditions');
  const tests = conditions.map((condition: Json) => filterOf(condition, keys));
  return operand === 'and' ? (chunk) => tests.every((test) => test(chunk)) : (chunk) => tests.some((test) => test(chunk));
}

function cursorText(place: string): string {
  return Buffer.from(JSON.stringify({ searchAfter: place })).toString('base64');
}

/** Left out or null: the first page. */
function cursorOf(body: JsonRecord, form: RegExp): string | null {
  if ((body['nextCursor'] ?? null) === null) return null;
  const place = /^\{"searchAfter":"([^"]+)"\}$/.exec(Buffer.from(filled(body, 'nextCursor'), 'base64').toString('utf8'))?.[1];
  return place !== undefined && form.test(place) ? place : invalid('nextCursor is not one that a list gave');
}
