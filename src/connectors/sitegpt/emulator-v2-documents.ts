// Documents in SiteGPT API v2 [3.2 to 3.6]: create from files, list, read, replace, delete, resync, and the one text slot.
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorTools } from '../emulator.ts';
import type { Chatbot } from './emulator-chat.ts';
import type { Doc } from './emulator-documents.ts';
import { cursorOf, iso, pageRange } from './emulator-paging.ts';
import {
  filled,
  integer,
  invalid,
  isRecord,
  noBody,
  noQuery,
  only,
  optional,
  readBody,
  readQuery,
  refuse,
  strings,
  text,
} from './emulator-request.ts';
import { type Asked, type Box, confirmed, type Route } from './emulator-routes.ts';
import type { SiteGptSettings } from './emulator-settings.ts';

/** Routes below `chatbots/*`. */
export function documentRoutes(tools: EmulatorTools, settings: SiteGptSettings): readonly Route[] {
  /** [3.2] */
  function addFiles({ request, box }: Asked): Json {
    const files = readBody(request, 'files')['files'];
    if (!Array.isArray(files) || files.length === 0) return invalid('files', 'must be a non-empty list');
    const checked = files.map((file: Json, index) => fileOf(file, `files[${index}]`));
    const room = settings.documentLimit === null ? Number.POSITIVE_INFINITY : settings.documentLimit - box.documents.count;
    if (checked.length > room && settings.documentLimitAs === 'error')
      refuse({ status: 403, code: 'DOCUMENT_LIMIT_REACHED' }, 'the plan holds no more documents');
    const documents = checked.map((file, index) => {
      if (index >= room) return refusedDocument(box, 'the plan holds no more documents');
      if (settings.rejectMarker !== null && file.text.includes(settings.rejectMarker))
        return refusedDocument(box, 'the file was not taken');
      return { id: box.documents.add({ ...file, source: 'LOCAL_FILE' }, settings), status: 'QUEUED', error: null };
    });
    if (settings.replyOrder === 'reversed') documents.reverse();
    return {
      ingestJobRunIds: documents.map(({ id }) => `run_${id}`),
      documents,
      source: 'LOCAL_FILE',
      requested: { filesCount: checked.length, fileNames: checked.map(({ name }) => name) },
      effective: {},
    };
  }

  /** A 200 can carry a refusal, even with an id [3.2]. */
  function refusedDocument(box: Box, error: string): { id: string; status: string; error: string } {
    return { id: settings.rejectedHasId ? box.documents.freshId() : '', status: 'FAILED', error };
  }

  function fileOf(file: Json, path: string): { readonly name: string; readonly mimeType: string; readonly text: string } {
    if (!isRecord(file)) return invalid(path, 'must be an object');
    only(file, 'name', 'type', 'base64');
    const name = filled(file, 'name');
    const mimeType = filled(file, 'type');
    const base64 = text(file, 'base64');
    if (settings.strictNames && (/[\\/<>:"|?*\u0000-\u001f\u007f]/.test(name) || name.length > 100))
      invalid(`${path}.name`, 'has barred characters or more than 100');
    if (!settings.fileTypes.includes(mimeType))
      invalid(`${path}.type`, `${mimeType} is not documented; documented: ${settings.fileTypes.join(', ')}`);
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) invalid(`${path}.base64`, 'is not base64');
    return { name, mimeType, text: sized(Buffer.from(base64, 'base64').toString('utf8'), `${path}.base64`) };
  }

  function sized(content: string, path: string): string {
    return settings.maxContentChars !== null && content.length > settings.maxContentChars
      ? invalid(path, `is over ${settings.maxContentChars} characters`)
      : content;
  }

  /** [3.3] */
  function listDocuments({ request, box }: Asked): Json {
    const query = readQuery(request, 'limit', 'cursor', 'query', 'source', 'status', 'type');
    const limit = integer(query, 'limit', pageRange);
    const filter = {
      query: query.get('query'),
      sources: query.getAll('source'),
      statuses: query.getAll('status'),
      types: query.getAll('type'),
    };
    const { items, nextCursor } = box.documents.page((doc) => fits(box, doc, filter), limit, cursorOf(query));
    const documents = items.map(([id, doc]) => shown(id, doc, box));
    return { documents, pagination: { limit, hasNextPage: nextCursor !== null, nextCursor } };
  }

  /** [3.3] */
  function getDocument({ request, ids, box }: Asked): Json {
    const query = readQuery(request, 'includeContent', 'maxContentChars');
    const include = query.get('includeContent');
    if (include !== null && include !== 'true' && include !== 'false') invalid('includeContent', 'must be true or false');
    const max = integer(query, 'maxContentChars', { from: 1, to: 500_000, default: 500_000 });
    const [id, doc] = found(ids, box);
    const document = shown(id, doc, box);
    const available =
      settings.contentAvailable === 'always' || (settings.contentAvailable === 'trained' && box.documents.statusOf(doc) === 'SUCCESS');
    return { document: include === 'true' && available ? { ...document, content: box.documents.textOf(id, doc).slice(0, max) } : document };
  }

  /** [3.4] */
  function patchDocument({ request, ids, box }: Asked): Json {
    const content = sized(text(readBody(request, 'content'), 'content'), 'content');
    const [id, doc] = found(ids, box);
    box.documents.replace(id, doc, content, settings);
    return { document: { id, status: 'QUEUED' } };
  }

  /** [3.5] */
  function deleteDocument({ request, ids, box }: Asked): Json {
    noBody(request);
    confirmed(readQuery(request, 'confirm').get('confirm') === 'true');
    const [id, doc] = found(ids, box);
    box.documents.delete(id, doc);
    return {};
  }

  /** [3.5] */
  function deleteMany({ request, box }: Asked): Json {
    const body = readBody(request, 'documentIds', 'query', 'sources', 'statuses', 'types', 'state', 'all', 'confirm');
    confirmed(body['confirm'] === true);
    for (const [id, doc] of selected(box, body)) box.documents.delete(id, doc);
    return {};
  }

  /** [3.5] */
  function resync({ request, box }: Asked): Json {
    const body = readBody(request, 'documentIds', 'query', 'sources', 'statuses', 'types', 'state', 'all');
    for (const [id, doc] of selected(box, body)) box.documents.retrain(id, doc);
    return {};
  }

  function selected(box: Box, body: JsonRecord): [string, Doc][] {
    const states = { trained: ['SUCCESS'], pending: ['QUEUED', 'PROCESSING'], failed: ['FAILED'], all: [] } as const;
    const state = body['state'] ?? 'all';
    if (typeof state !== 'string' || !(state in states)) return invalid('state', 'must be all, failed, pending or trained');
    if (body['all'] !== undefined && typeof body['all'] !== 'boolean') invalid('all', 'must be true or false');
    const chosen = Object.entries(body).filter(([name, value]) => name !== 'confirm' && value !== false);
    if (chosen.length === 0) invalid('documentIds', 'name documents, a filter, a state or all');
    const filter = {
      query: optional(body, 'query'),
      sources: strings(body, 'sources'),
      statuses: strings(body, 'statuses'),
      types: strings(body, 'types'),
    };
    const wanted: readonly string[] = states[state as keyof typeof states];
    const ids = new Set(strings(body, 'documentIds'));
    const among =
      body['documentIds'] === undefined
        ? [...box.documents.all()]
        : [...ids].map((id): [string, Doc | null] => [id, box.documents.get(id)]);
    return among.filter((entry): entry is [string, Doc] => {
      const doc = entry[1];
      return doc !== null && fits(box, doc, filter) && (wanted.length === 0 || wanted.includes(box.documents.statusOf(doc)));
    });
  }

  /** [3.3]: counts by source, status and type; the names of the fields are not documented. */
  function stats({ request, box }: Asked): Json {
    noQuery(request);
    const counts: { [kind: string]: { [value: string]: number } } = { bySource: {}, byStatus: {}, byType: {} };
    for (const [, doc] of box.documents.all()) {
      for (const [kind, value] of Object.entries({ bySource: doc.source, byStatus: box.documents.statusOf(doc), byType: 'FILE' })) {
        counts[kind] = { ...counts[kind], [value]: (counts[kind]?.[value] ?? 0) + 1 };
      }
    }
    return counts;
  }

  /** [3.6]: one slot; a second text takes the place of the first. */
  function setText({ request, box }: Asked): Json {
    const body = readBody(request, 'text', 'name');
    const content = sized(filled(body, 'text'), 'text');
    const chatbot = tools.store.get('chatbots', box.id) as Chatbot;
    const old = chatbot.slot === null ? null : box.documents.get(chatbot.slot);
    if (old !== null && chatbot.slot !== null) box.documents.delete(chatbot.slot, old);
    const id = box.documents.add({ name: optional(body, 'name'), source: 'TEXT', mimeType: 'text/plain', text: content }, settings);
    tools.store.put('chatbots', box.id, { ...chatbot, slot: id });
    return { document: { id, source: 'TEXT' }, replacedDocumentId: old === null ? null : chatbot.slot };
  }

  function found(ids: readonly string[], box: Box): [string, Doc] {
    const id = ids[1] ?? '';
    return [id, box.documents.get(id) ?? refuse({ status: 404, code: 'DOCUMENT_NOT_FOUND' }, `no document ${id}`)];
  }

  return [
    { method: 'POST', path: 'chatbots/*/knowledge/files', scope: 'knowledge:write', run: addFiles },
    { method: 'POST', path: 'chatbots/*/knowledge/text', scope: 'knowledge:write', run: setText },
    { method: 'GET', path: 'chatbots/*/documents', scope: 'knowledge:read', run: listDocuments },
    { method: 'GET', path: 'chatbots/*/documents/stats', scope: 'knowledge:read', run: stats },
    { method: 'POST', path: 'chatbots/*/documents/delete', scope: 'knowledge:delete', run: deleteMany },
    { method: 'POST', path: 'chatbots/*/documents/resync', scope: 'knowledge:write', run: resync },
    { method: 'GET', path: 'chatbots/*/documents/*', scope: 'knowledge:read', run: getDocument },
    { method: 'PATCH', path: 'chatbots/*/documents/*', scope: 'knowledge:write', run: patchDocument },
    { method: 'DELETE', path: 'chatbots/*/documents/*', scope: 'knowledge:delete', run: deleteDocument },
  ];
}

/** A document as lists and get-one show it [3.3]. */
function shown(id: string, doc: Doc, { documents }: Box): JsonRecord {
  const { bytes, characters } = doc;
  const status = documents.statusOf(doc);
  const tokenCount = Math.ceil(characters / 4);
  return {
    id,
    name: doc.name,
    externalId: `external-${id}`,
    type: 'FILE',
    source: doc.source,
    status,
    error: status === 'FAILED' ? doc.fails : null,
    metadata: {},
    properties: {
      mimeType: doc.mimeType,
      fileSize: bytes,
      characterCount: characters,
      tokenCount,
      embeddingCount: status === 'SUCCESS' ? 1 : 0,
    },
    isContentUpdatedManually: doc.manual,
    lastSyncedAt: iso(documents.syncedAt(doc)),
    createdAt: iso(doc.createdAt),
    updatedAt: iso(doc.updatedAt),
  };
}

interface Filter {
  readonly query: string | null;
  readonly sources: readonly string[];
  readonly statuses: readonly string[];
  readonly types: readonly string[];
}

/** What is searched is not documented: the name, in any case of letters. */
function fits(box: Box, doc: Doc, { query, sources, statuses, types }: Filter): boolean {
  if (query !== null && !(doc.name ?? '').toLowerCase().includes(query.toLowerCase())) return false;
  if (sources.length > 0 && !sources.includes(doc.source)) return false;
  if (statuses.length > 0 && !statuses.includes(box.documents.statusOf(doc))) return false;
  return types.length === 0 || types.includes('FILE');
}
