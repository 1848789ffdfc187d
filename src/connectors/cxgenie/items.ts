// Items: training data of one bot. Owns which of the four forms a document takes, and what of it goes into which field.
import { SyncError } from '../../model/error.ts';
import type { JsonRecord } from '../../model/json.ts';
import { answerIn } from '../../model/payload.ts';
import type { Call, ItemResult, NewItem } from '../connector.ts';
import { type Api, needed } from './api.ts';
import type { CxgenieOptions } from './options.ts';
import { createdData, uploadedData } from './schema.ts';

type Form = 'TEXT' | 'Q_AND_A' | 'URL' | 'DOCUMENT';

/**
 * A link goes as URL (the vendor crawls it), a question with its answer as Q_AND_A, a file as DOCUMENT, and an article as `articleAs` says.
 * A Q&A that is too large for one item comes in parts: those are articles.
 */
export function formOf(item: NewItem, options: Pick<CxgenieOptions, 'articleAs'>): Form {
  if (item.kind === 'url') return 'URL';
  if (item.kind === 'qa' && item.part === '' && answerIn(item) !== '') return 'Q_AND_A';
  return item.kind === 'file' || options.articleAs === 'document' ? 'DOCUMENT' : 'TEXT';
}

/** Binds `create`: one item a call. There is no key of our own and nothing that could be asked afterwards, so none is ever sent twice. */
export function bindCreate(options: CxgenieOptions, { send }: Api) {
  return (items: readonly NewItem[], call: Call): Promise<readonly ItemResult[]> => oneByOne(items, (item) => createOne(item, call));

  async function createOne(item: NewItem, call: Call): Promise<string> {
    refuseEmpty(item);
    const form = formOf(item, options);
    const fields = form === 'DOCUMENT' ? { content: await upload(item, call) } : fieldsOf(form, item, options);
    const json = { bot_id: needed(options.botId, 'botId'), type: form, ...fields };
    refuseHuge(item, json, options);
    const request = {
      what: `creating ${item.path}`,
      intent: 'create',
      method: 'POST',
      path: '/bot-data',
      about: 'document',
      json,
    } as const;
    return (await send(createdData, request, call)).id;
  }

  /** Repeatable: at worst an unused file is left. One file a call: the order of several in the answer is not promised [assumed]. */
  async function upload(item: NewItem, call: Call): Promise<string> {
    const { name, type } = fileOf(item);
    const form = (parts: FormData): void => parts.append('files', new Blob([item.text], { type }), name);
    const request = {
      what: `uploading ${item.path}`,
      intent: 'repeatable',
      method: 'POST',
      path: '/upload/multiple',
      about: 'upload',
      form,
    } as const;
    const [file] = await uploaded(send(uploadedData, request, call));
    if (file !== undefined) return file.url;
    throw new SyncError('REPLY_INVALID', {
      message: `${item.path}: CX Genie took the file, but gives no address`,
      facts: { effect: 'none' },
    });
  }
}

/** A file that was uploaded and is used by nothing is no effect: whatever becomes of an upload, no training data came of it. */
async function uploaded<T>(sent: Promise<T>): Promise<T> {
  try {
    return await sent;
  } catch (error) {
    if (!(error instanceof SyncError) || error.facts.effect === 'none') throw error;
    const { code, message, vendor, next, facts, data } = error;
    throw new SyncError(code, { message, vendor, next, data, facts: { ...facts, effect: 'none' }, cause: error });
  }
}

function fieldsOf(form: Exclude<Form, 'DOCUMENT'>, item: NewItem, options: CxgenieOptions): JsonRecord {
  switch (form) {
    case 'TEXT':
      return { content: item.text, title: titleOf(item, options) };
    case 'Q_AND_A': {
      const [question, answer] = [item.title, answerIn(item)];
      return options.qaOrder === 'question-first'
        ? { content: question, content_value: answer }
        : { content: answer, content_value: question };
    }
    case 'URL':
      return { content: linkOf(item, options) };
    default:
      return form satisfies never;
  }
}

/** How a person finds the item in the dashboard: by the mark, which is another for each copy. */
function titleOf({ title, mark }: NewItem, { titleForm, titleCharacters }: CxgenieOptions): string {
  if (titleForm === 'mark') return mark;
  if (titleForm === 'title') return cut(title, titleCharacters);
  const tail = ` [${mark}]`;
  return `${cut(title, titleCharacters - tail.length)}${tail}`;
}

/** At most `room` UTF-16 units, never half a surrogate pair. */
function cut(text: string, room: number): string {
  const short = text.slice(0, Math.max(0, room));
  return /[\uD800-\uDBFF]$/.test(short) ? short.slice(0, -1) : short;
}

function linkOf(item: NewItem, { urlCharacters }: CxgenieOptions): string {
  const link = item.url ?? '';
  if (!/^https?:\/\/./i.test(link)) {
    const next = 'give the document a link: kb.url, or content.site';
    throw new SyncError('DOCUMENT_REFUSED', { message: `${item.path}: it is to be sent as a link, and has none`, next });
  }
  if (link.length <= urlCharacters) return link;
  throw new SyncError('DOCUMENT_REFUSED', {
    message: `${item.path}: its link has ${link.length} characters; CX Genie takes ${urlCharacters} (urlCharacters)`,
    next: 'give it a shorter link in kb.url',
  });
}

const files = {
  markdown: { extension: 'md', type: 'text/markdown' },
  html: { extension: 'html', type: 'text/html' },
  plain: { extension: 'txt', type: 'text/plain' },
} as const;

/** A name that no server changes: the readable part of the mark, ASCII only, and the effect, which is never the same twice. */
function fileOf({ mark, effect, format }: NewItem): { readonly name: string; readonly type: string } {
  const { extension, type } = files[format];
  const safe = (text: string): string => text.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+|[.-]+$/g, '');
  const name = [safe(mark).slice(0, 80), safe(effect)].filter((piece) => piece !== '').join('-');
  return { name: `${name}.${extension}`, type: `${type}; charset=utf-8` };
}

/** An item without a text makes no sense to the vendor [assumed]. */
function refuseEmpty(item: NewItem): void {
  if (item.kind === 'url' || item.text.trim() !== '') return;
  throw new SyncError('DOCUMENT_REFUSED', {
    message: `${item.path}: CX Genie takes no training data without content`,
    next: 'give the document a text, or keep it out with draft or targets',
  });
}

function refuseHuge(item: NewItem, json: JsonRecord, { maxBodyBytes }: CxgenieOptions): void {
  const bytes = Buffer.byteLength(JSON.stringify(json));
  if (bytes <= maxBodyBytes) return;
  throw new SyncError('DOCUMENT_TOO_LARGE', {
    message: `${item.path}: ${bytes} bytes in one request, above maxBodyBytes (${maxBodyBytes})`,
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
