// Uploaded files of the Kore.ai emulator [2.1]: one multipart form, kept until an ingest asks for it by its fileId. What is inside is read
// only for .txt; of other types the emulator knows the name.
import { createHash } from 'node:crypto';
import type { JsonRecord } from '../../model/json.ts';
import type { EmulatorRequest, EmulatorTools } from '../emulator.ts';
import type { App } from './emulator-account.ts';
import { hex, invalid, refuse, uuid } from './emulator-request.ts';
import type { KoreSettings } from './emulator-settings.ts';

export type Upload = { readonly account: string; readonly name: string; readonly extension: string };

interface Part {
  readonly name: string;
  readonly fileName: string | null;
  readonly value: Buffer;
}

const contexts = ['findly', 'bulkImport'];
/** A live client also sends the last two [2.1]. */
const fields = ['file', 'fileContext', 'fileExtension', 'fileName', 'contentType'];

export class Uploads {
  readonly #tools: EmulatorTools;
  readonly #settings: KoreSettings;

  constructor(tools: EmulatorTools, settings: KoreSettings) {
    this.#tools = tools;
    this.#settings = settings;
  }

  /** #1 */
  take(request: EmulatorRequest, app: App): JsonRecord {
    const parts = partsOf(request);
    for (const { name } of parts) if (!fields.includes(name)) invalid(`${name} is not documented; documented: ${fields.join(', ')}`);
    const field = (name: string): string => parts.find((part) => part.name === name)?.value.toString('utf8') ?? '';
    const file = parts.find((part) => part.name === 'file');
    if (file?.fileName == null || file.fileName === '') return invalid('file is missing, or has no filename');
    if (!contexts.includes(field('fileContext'))) invalid(`fileContext must be ${contexts.join(' or ')}`);
    const extension = this.#extension(file.fileName, field('fileExtension'), field('fileContext'));
    const { maxFileBytes } = this.#settings;
    if (maxFileBytes !== null && file.value.length > maxFileBytes)
      refuse({ status: 400, msg: 'File size limit exceeded', detail: `more than ${maxFileBytes} bytes` });
    const id = hex(this.#tools, 24);
    const upload: Upload = { account: app.secret, name: file.fileName, extension };
    this.#tools.store.put('uploads', id, upload);
    this.#tools.store.put('files', id, extension === 'txt' ? file.value.toString('utf8') : '');
    return { fileId: id, hash: createHash('sha1').update(file.value).digest('hex'), fileName: uuid(this.#tools, 'f-') };
  }

  get(id: string, account: string): (Upload & { readonly text: string }) | null {
    const upload = this.#tools.store.get('uploads', id) as Upload | undefined;
    return upload === undefined || upload.account !== account
      ? null
      : { ...upload, text: String(this.#tools.store.get('files', id) ?? '') };
  }

  /** No dot in samples [2.1]; an unsupported one is 400 [2.1, assumed]. */
  #extension(fileName: string, given: string, context: string): string {
    const own = /\.([^.]+)$/.exec(fileName)?.[1] ?? '';
    const extension = (given === '' ? own : given).toLowerCase();
    if (extension !== own.toLowerCase()) invalid(`fileExtension ${given} is not that of ${fileName}`);
    const known = context === 'findly' ? this.#settings.fileTypes : ['json', 'csv', 'zip'];
    if (!known.includes(extension))
      refuse({ status: 400, msg: 'Unsupported file format', detail: `${extension} is none of ${known.join(', ')}` });
    return extension;
  }
}

function partsOf(request: EmulatorRequest): Part[] {
  const type = request.headers['content-type'] ?? '';
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (boundary === undefined) return invalid('Content-Type must be multipart/form-data with a boundary');
  const { body } = request;
  const mark = Buffer.from(`--${boundary}`);
  const parts: Part[] = [];
  for (let at = body.indexOf(mark); at >= 0; ) {
    const next = body.indexOf(mark, at + mark.length);
    if (next < 0) break;
    parts.push(partOf(body.subarray(at + mark.length + 2, next - 2)));
    at = next;
  }
  return parts;
}

function partOf(part: Buffer): Part {
  const end = part.indexOf('\r\n\r\n');
  const head = part.subarray(0, Math.max(end, 0)).toString('utf8');
  const name = /content-disposition:[^\r\n]*[; ]name="([^"]*)"/i.exec(head)?.[1];
  if (end < 0 || name === undefined) return invalid('a part of the form has no name');
  const fileName = /content-disposition:[^\r\n]*filename="([^"]*)"/i.exec(head)?.[1] ?? null;
  return { name, fileName, value: part.subarray(end + 4) };
}
