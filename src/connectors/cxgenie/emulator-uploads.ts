// Uploaded files of the CX Genie emulator (#2): taken as a form, given a loopback address, and read from there again.
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorReply, EmulatorRequest, EmulatorTools } from '../emulator.ts';
import { invalid, refuse, uuid } from './emulator-request.ts';
import type { CxGenieSettings } from './emulator-settings.ts';

/** Where uploaded files stand. No path of the vendor's: its addresses are not documented. */
export const filesPrefix = '/cxgenie-files/';

type Upload = { readonly workspace: string; readonly name: string; readonly type: string; readonly size: number; readonly at: number };

export interface UploadForm {
  readonly token: string;
  readonly files: readonly File[];
}

/** The parts of an upload. The token is read from the form or from the query, as the setting says [3 #2]. */
export async function readForm(request: EmulatorRequest, settings: CxGenieSettings): Promise<UploadForm> {
  const form = await formOf(request);
  const part = form.getAll('workspace_token');
  const query = request.query.getAll('workspace_token');
  if (part.length + query.length > 1) invalid('workspace_token is given twice');
  const place = settings.uploadTokenIn;
  if (place === 'query' && part.length > 0) invalid('property workspace_token should not exist in the form');
  if (place === 'form' && query.length > 0) invalid('property workspace_token should not exist in the query');
  for (const name of [...form.keys(), ...request.query.keys()])
    if (settings.strictFields && name !== 'files' && name !== 'workspace_token') invalid(`property ${name} should not exist`);
  const token = part[0] ?? query[0] ?? '';
  const files = form.getAll('files').map((file) => (typeof file === 'string' ? invalid('files must be files') : file));
  return { token: typeof token === 'string' ? token : invalid('workspace_token must be a string'), files };
}

async function formOf(request: EmulatorRequest): Promise<FormData> {
  const type = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\b/i.test(type)) return invalid('Content-Type: multipart/form-data is missing');
  try {
    return await new Response(new Uint8Array(request.body), { headers: { 'content-type': type } }).formData();
  } catch {
    return invalid('the body is not a multipart form');
  }
}

export class Uploads {
  readonly #tools: EmulatorTools;
  readonly #settings: CxGenieSettings;

  constructor(tools: EmulatorTools, settings: CxGenieSettings) {
    this.#tools = tools;
    this.#settings = settings;
  }

  /** #2: `data` of the reply. It bears no `uid`, though `media` of #3 wants one. */
  async add(workspace: string, files: readonly File[], host: string): Promise<readonly JsonRecord[]> {
    if (files.length === 0) invalid('files should not be empty');
    const bodies = await Promise.all(files.map(async (file) => Buffer.from(await file.arrayBuffer())));
    const added = files.map((file, index) => {
      const id = uuid(this.#tools);
      const body = bodies[index] ?? Buffer.alloc(0);
      const name = this.#settings.uploadNames === 'kept' ? file.name : `${id}${/\.[^.]*$/.exec(file.name)?.[0] ?? ''}`;
      const upload: Upload = { workspace, name, type: file.type, size: body.length, at: this.#tools.now() };
      this.#tools.store.put('upload-bytes', id, body.toString('base64'));
      this.#tools.store.put('uploads', id, upload);
      return { name, url: `http://${host}${filesPrefix}${id}/${encodeURIComponent(name)}`, type: file.type, size: body.length };
    });
    return this.#settings.uploadOrder === 'reversed' ? added.reverse() : added;
  }

  /** The file behind an address that #2 gave; text: null where the emulator cannot read its kind. */
  find(
    workspace: string,
    url: string,
  ): { readonly name: string; readonly type: string; readonly size: number; readonly text: string | null } {
    const id = idOf(url);
    const upload = id === null ? null : this.#get(id);
    if (id === null || upload === null || upload.workspace !== workspace) return invalid(`content: no uploaded file at ${url}`);
    const { name, type, size } = upload;
    const readable = /^(text\/|application\/json\b)/.test(type) || /\.(md|txt|csv|html?)$/i.test(name);
    return { name, type, size, text: readable ? this.#bytes(id).toString('utf8') : null };
  }

  /** The address itself needs no token [3 #2: it may be public]. */
  fetch(path: string): EmulatorReply {
    const id = idOf(path);
    const upload = id === null ? null : this.#get(id);
    if (id === null || upload === null) return refuse(404, 'NOT_FOUND', `no file at ${path}`);
    return { status: 200, headers: { 'content-type': upload.type || 'application/octet-stream' }, body: this.#bytes(id) };
  }

  #get(id: string): Upload | null {
    const upload = this.#tools.store.get('uploads', id) as Upload | undefined;
    return upload === undefined || this.#tools.now() >= upload.at + this.#settings.uploadMs ? null : upload;
  }

  #bytes(id: string): Buffer {
    const bytes: Json | undefined = this.#tools.store.get('upload-bytes', id);
    return Buffer.from(typeof bytes === 'string' ? bytes : '', 'base64');
  }
}

/** The file's id in an address or a path. */
function idOf(url: string): string | null {
  return /\/cxgenie-files\/([0-9a-f-]{36})\/[^/]+$/.exec(url)?.[1] ?? null;
}
