// POST ingest-data of the Kore.ai emulator [2.2]: structured chunks, uploaded files, or addresses (whose pages the emulator does not fetch).
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorTools } from '../emulator.ts';
import { filled, invalid, isRecord, only, readBody, records, refuse, strings, uuid } from './emulator-request.ts';
import { type Asked, builderOnly, type Route } from './emulator-routes.ts';
import type { KoreSettings } from './emulator-settings.ts';
import { type Draft, textOfChunks } from './emulator-shelf.ts';
import type { Uploads } from './emulator-upload.ts';

export type Source = { readonly id: string; readonly type: string };

/** Default chunk size is 1,000 tokens, about 4 characters each [5]. */
const chunkCharacters = 4000;

/** #2 */
export function ingestRoute(tools: EmulatorTools, settings: KoreSettings, uploads: Uploads): Route {
  function ingest(asked: Asked): Json {
    const { request, box } = asked;
    const { maxBodyBytes } = settings;
    if (maxBodyBytes !== null && request.body.length > maxBodyBytes) refuse({ status: 413, msg: 'Request entity too large' });
    const body = readBody(request, 'sourceName', 'sourceType', 'documents');
    const sourceName = filled(body, 'sourceName');
    const sourceType = filled(body, 'sourceType');
    const jobId = box.runs.freshJobId();
    const documents = records(body, 'documents').flatMap((document) => documentsOf(document, sourceType, asked));
    checkSize(documents);
    const { rejectMarker } = settings;
    const isBad = rejectMarker !== null && documents.some(({ chunks }) => textOfChunks(chunks).includes(rejectMarker));
    if (isBad) refuse({ status: 400, msg: 'Invalid content', detail: 'a document holds the marker of settings.rejectMarker' });
    const sourceId = sourceOf(box.id, sourceName, sourceType);
    const common = { source: sourceName, jobId, acceptedAt: tools.now() };
    const drafts = documents.map((document) => ({ ...document, ...common, id: uuid(tools, settings.contentIdPrefix) }));
    box.runs.ingest(jobId, sourceName, drafts);
    return replyOf(jobId, sourceId);
  }

  type Document = Pick<Draft, 'title' | 'type' | 'fileType' | 'chunks'>;

  function documentsOf(document: JsonRecord, sourceType: string, { app }: Asked): Document[] {
    if (sourceType === 'json') return [structured(document)];
    if (sourceType === 'file') return [file(document, app.secret)];
    if (sourceType !== 'web') return invalid('sourceType must be json, file or web');
    only(document, 'urls');
    return strings(document, 'urls').map((url) => ({ title: url, type: 'web', fileType: null, chunks: [] }));
  }

  /** Any fileId is ignored. */
  function structured(document: JsonRecord): Document {
    only(document, 'title', 'chunks', 'fileId');
    const chunks = records(document, 'chunks').map((chunk) => {
      only(chunk, ...settings.chunkFields);
      if (typeof chunk['chunkText'] !== 'string') invalid('chunkText must be a string');
      for (const [name, value] of Object.entries(chunk))
        if (name === 'chunkMeta' ? !isRecord(value) : typeof value !== 'string' && typeof value !== 'number')
          invalid(`${name} is of a wrong type`);
      return chunk;
    });
    return { title: filled(document, 'title'), type: 'json', fileType: null, chunks };
  }

  /** Only `fileId` is required. */
  function file(document: JsonRecord, account: string): Document {
    only(document, 'fileId', 'fileName', 'permissions', 'category', 'priority');
    const upload = uploads.get(filled(document, 'fileId'), account);
    if (upload === null) return refuse({ status: 400, msg: 'Invalid file id' });
    if (!settings.fileTypes.includes(upload.extension))
      return refuse({
        status: 400,
        msg: 'Unsupported file format',
        detail: `${upload.extension} is none of ${settings.fileTypes.join(', ')}`,
      });
    const title = document['fileName'] === undefined ? upload.name : filled(document, 'fileName');
    return {
      title,
      type: 'file',
      fileType: upload.extension,
      chunks: pieces(upload.text).map((chunkText) => ({ chunkTitle: '', chunkText })),
    };
  }

  function checkSize(documents: readonly Document[]): void {
    const { maxDocuments, maxChunks } = settings;
    const chunks = documents.reduce((sum, document) => sum + document.chunks.length, 0);
    const over = (maxDocuments !== null && documents.length > maxDocuments) || (maxChunks !== null && chunks > maxChunks);
    if (over) refuse({ status: 400, msg: 'Too many documents', detail: `${documents.length} documents, ${chunks} chunks in one call` });
  }

  /** Created when unknown, except for the web, where it must exist already. */
  function sourceOf(bot: string, name: string, type: string): string {
    const known = tools.store.get(`sources:${bot}`, name) as Source | undefined;
    if (known !== undefined) return known.id;
    if (type === 'web') return refuse({ status: 400, msg: 'Invalid source', detail: `there is no source ${name}` });
    const source: Source = { id: uuid(tools, 'fs-'), type };
    tools.store.put(`sources:${bot}`, name, source);
    return source.id;
  }

  function replyOf(jobId: string, sourceId: string): JsonRecord {
    const message = { status: 'success', message: 'Ingestion initiated' };
    if (settings.ingestReply === 'message-only') return message;
    if (settings.ingestReply === 'job-only') return { data: { jobId } };
    return { ...message, data: { jobId, sourceId } };
  }

  return { method: 'POST', path: 'ingest-data', scopes: builderOnly('Ingest data', 'Data Ingestion'), run: ingest };
}

/** A text cut where paragraphs end, as far as that goes. */
function pieces(text: string): string[] {
  const found: string[] = [];
  let piece = '';
  for (const paragraph of text.split(/(?<=\n\n)/)) {
    if (piece !== '' && piece.length + paragraph.length > chunkCharacters) {
      found.push(piece);
      piece = '';
    }
    piece += paragraph;
  }
  return [...found, piece];
}
