// ReplyCX's status words as training states. Only in-progress is known to the letter, so words are read tolerantly and are settings.
import { SyncError } from '../../model/error.ts';
import type { TrainingState } from '../../model/record.ts';
import type { Call, StatusQuery, StatusReport, Tools } from '../connector.ts';
import { paths, type Send } from './api.ts';
import type { ReplycxOptions } from './options.ts';
import { type ListedSource, statusReply } from './schema.ts';

/** `In Progress`, `in_progress` and `in-progress` are one word; an unknown one, and none at all, is in training [assumed]. */
export function trainingOf(status: string | null | undefined, { statusWords }: Pick<ReplycxOptions, 'statusWords'>): TrainingState {
  const word = plain(status ?? '');
  if (statusWords.trained.some((each) => plain(each) === word)) return 'trained';
  return statusWords.failed.some((each) => plain(each) === word) ? 'failed' : 'training';
}

function plain(word: string): string {
  return word
    .trim()
    .toLowerCase()
    .replace(/[_\s]+/g, '-');
}

type Asked = StatusQuery['items'][number];

/** Binds `status`: by ids, some at a time. There are no runs: an upload is trained by itself. */
export function bindStatus(options: ReplycxOptions, tools: Tools, send: Send) {
  return async ({ items }: StatusQuery, call: Call): Promise<StatusReport> => {
    const known = new Map<string, ListedSource>();
    for (let from = 0; from < items.length; from += options.statusChunk) {
      const ids = items.slice(from, from + options.statusChunk).map(({ remoteId }) => remoteId);
      for (const source of await ask(ids, call)) known.set(source.id, source);
    }
    return { run: null, items: items.flatMap((item) => told(item, known.get(item.remoteId)) ?? []) };
  };

  async function ask(ids: readonly string[], call: Call): Promise<readonly ListedSource[]> {
    const query = { source_ids: ids.join(',') };
    // The page asks for the content type even on this GET [seed].
    const headers = { 'content-type': 'application/json' };
    const request = {
      what: 'asking about training',
      intent: 'read',
      method: 'GET',
      path: paths.status(),
      about: 'sources',
      query,
      headers,
    } as const;
    return (await send(statusReply, request, call)).sources;
  }

  /**
   * Null: nothing is known yet. A source that ReplyCX no longer tells of may have been deleted by hand, or may never be told of again
   * [assumed]: unknown, which neither claims that it is gone nor sends it a second time.
   */
  function told({ remoteId, document, acceptedAt }: Asked, found: ListedSource | undefined): StatusReport['items'][number] | null {
    if (found === undefined) {
      const young = tools.now() - Date.parse(acceptedAt) < options.missingAfter;
      return young ? null : { remoteId, state: 'unknown', error: null };
    }
    const state = trainingOf(found.status, options);
    if (state !== 'failed') return { remoteId, state, error: null };
    const message = `${document}: ReplyCX could not train source ${remoteId} and gives no reason`;
    return { remoteId, state, error: new SyncError('TRAINING_FAILED', { message, vendor: found.status ?? null }) };
  }
}
