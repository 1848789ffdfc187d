// Uploads: several documents in one form, each in a field of its own, by whose key its id comes back. An upload whose answer is lost is
// never sent again: nothing at ReplyCX would stop a second copy.
import { SyncError } from '../../model/error.ts';
import type { Call, ItemResult, NewItem } from '../connector.ts';
import { knowledgeBase, paths, type Send, statusOf } from './api.ts';
import { fieldKey, fileName } from './names.ts';
import type { ReplycxOptions } from './options.ts';
import { anything, type MadeSource, madeSources } from './schema.ts';
import { trainingOf } from './states.ts';

const types = { txt: 'text/plain; charset=utf-8', md: 'text/markdown; charset=utf-8' } as const;

/** Binds `create`: one form a batch, one result an item. */
export function bindCreate(options: ReplycxOptions, send: Send) {
  return async (items: readonly NewItem[], call: Call): Promise<readonly ItemResult[]> => {
    const errors = items.map((item) => unfit(item, options));
    const fitting = items.filter((_, index) => errors[index] === null);
    const sent = fitting.length === 0 ? [] : await inHalves(fitting, call);
    return errors.flatMap((error): ItemResult[] => (error === null ? sent.splice(0, 1) : [{ ok: false, error }]));
  };

  async function upload(items: readonly NewItem[], call: Call): Promise<ItemResult[]> {
    const what = `uploading ${items.map(({ path }) => path).join(', ')}`;
    const request = { what, intent: 'create', method: 'POST', path: paths.upload(knowledgeBase(options)), about: 'upload' } as const;
    const reply = await send(anything, { ...request, form: () => formOf(items, options) }, call);
    return items.map((item) => resultOf(item, reply[fieldKey(item)], options));
  }

  /** A refused upload is split until the bad file stands alone: not a retry, since what was refused was not taken [assumed, atomicBatches]. */
  async function inHalves(items: readonly NewItem[], call: Call): Promise<ItemResult[]> {
    const results: ItemResult[] = [];
    const waiting: (readonly NewItem[])[] = [items];
    let stopped: SyncError | null = null;
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      if (stopped !== null) {
        results.push(...sameFor(part, notSent(stopped)));
        continue;
      }
      try {
        results.push(...(await upload(part, call)));
      } catch (error) {
        if (!(error instanceof SyncError)) throw error;
        const refused = error.facts.stops === 'document' && [400, 413, 422].includes(statusOf(error) ?? 0);
        if (refused && part.length > 1 && options.atomicBatches) {
          const middle = Math.ceil(part.length / 2);
          waiting.unshift(part.slice(0, middle), part.slice(middle));
          continue;
        }
        if (error.facts.stops !== 'document') {
          if (part.length === items.length) throw error;
          stopped = error;
        }
        results.push(...sameFor(part, refused && part.length > 1 ? inDoubt(error) : error));
      }
    }
    return results;
  }
}

function formOf(items: readonly NewItem[], { upload }: ReplycxOptions): FormData {
  const form = new FormData();
  for (const item of items) {
    if (upload.as === 'text') form.append(fieldKey(item), item.text);
    else form.append(fieldKey(item), new Blob([item.text], { type: types[upload.extension] }), fileName(item, upload.extension));
  }
  return form;
}

/** One part a key, so the first source is the item's. A refused one may come with an id, and then stands there without being trained. */
function resultOf(item: NewItem, found: unknown, options: ReplycxOptions): ItemResult {
  const parsed = madeSources.safeParse(found);
  const source = parsed.success ? parsed.data[0] : undefined;
  if (source === undefined) return unanswered(item, 'its answer names no source of it');
  const refused = refusalIn(source, options);
  if (refused !== null) return { ok: false, error: notTaken(item, source, refused) };
  return typeof source.id === 'string' ? { ok: true, remoteId: source.id } : unanswered(item, 'its answer holds no id of it');
}

function unanswered(item: NewItem, why: string): ItemResult {
  return {
    ok: false,
    error: new SyncError('REPLY_INVALID', { message: `${item.path}: ReplyCX took the upload, but ${why}`, facts: { stops: 'document' } }),
  };
}

/** What says that a source in a 200 was refused [assumed]: null, absent and empty lists or texts say nothing. */
function refusalIn({ errors, status }: MadeSource, options: ReplycxOptions): string | null {
  const silent =
    errors === undefined ||
    errors === null ||
    errors === '' ||
    errors === false ||
    JSON.stringify(errors) === '[]' ||
    JSON.stringify(errors) === '{}';
  if (!silent) return typeof errors === 'string' ? errors : JSON.stringify(errors);
  return trainingOf(status, options) === 'failed' ? `status ${status}` : null;
}

function notTaken(item: NewItem, { id }: MadeSource, why: string): SyncError {
  const stays = typeof id === 'string' ? `; its source ${id} may stand in the dashboard and can be deleted there` : '';
  return new SyncError('DOCUMENT_REFUSED', {
    message: `${item.path}: ReplyCX did not take the document${stays}`,
    vendor: why.slice(0, 500),
  });
}

/** Checked before a call: a source without a text would fail in training, and a part may be larger than what the configuration allows. */
function unfit(item: NewItem, options: ReplycxOptions): SyncError | null {
  const { path, text } = item;
  if (text.trim() === '') {
    const next = 'give the document a text, or keep it out with draft or targets';
    return new SyncError('DOCUMENT_REFUSED', { message: `${path}: ReplyCX takes no source without content`, next });
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > options.maxFileBytes) {
    const message = `${path}: ${bytes} bytes in one file; ReplyCX takes ${options.maxFileBytes} (maxFileBytes)`;
    return new SyncError('DOCUMENT_TOO_LARGE', { message });
  }
  if (options.upload.as === 'file' || text.length <= options.textCharacters) return null;
  const message = `${path}: ${text.length} characters in one text; ReplyCX takes ${options.textCharacters} (textCharacters)`;
  return new SyncError('DOCUMENT_TOO_LARGE', { message, next: 'send files: upload.as: file' });
}

function sameFor(part: readonly unknown[], error: SyncError): ItemResult[] {
  return part.map(() => ({ ok: false, error }));
}

/** The same failure for what was never sent: that had no effect for certain. */
function notSent(error: SyncError): SyncError {
  const { code, message, vendor, next, facts, data } = error;
  return new SyncError(code, { message, vendor, next, data, facts: { ...facts, effect: 'none' }, cause: error });
}

/** Of a refused batch that may have been taken in part, each document is in doubt. */
function inDoubt(error: SyncError): SyncError {
  const { message, vendor, data } = error;
  const next = 'look in the dashboard which of them are there; uploadBatch: 1 finds the bad one';
  return new SyncError('UNCONFIRMED', { message, vendor, next, data, cause: error });
}
