// SiteGPT's status words as training states. The full list of words is not known, so the words are settings.
import { SyncError } from '../../model/error.ts';
import type { TrainingState } from '../../model/record.ts';
import type { Call, StatusQuery, StatusReport, Tools } from '../connector.ts';
import type { Documents } from './documents.ts';
import type { SitegptOptions } from './options.ts';
import type { SitegptDocument } from './schema.ts';

/** Trained and failed by their words; every other word, and none at all, is in training [public P12, P14; assumed]. */
export function trainingOf(
  status: string | null | undefined,
  options: Pick<SitegptOptions, 'trainedWords' | 'failedWords'>,
): TrainingState {
  if (holds(options.trainedWords, status)) return 'trained';
  return isFailed(status, options) ? 'failed' : 'training';
}

export function isFailed(status: string | null | undefined, { failedWords }: Pick<SitegptOptions, 'failedWords'>): boolean {
  return holds(failedWords, status);
}

function holds(words: readonly string[], status: string | null | undefined): boolean {
  const upper = (status ?? '').toUpperCase();
  return words.some((word) => word.toUpperCase() === upper);
}

type Asked = StatusQuery['items'][number];

/** Binds `status`: few documents one by one, many by one listing. There are no runs: SiteGPT trains by itself. */
export function bindStatus(options: SitegptOptions, tools: Tools, documents: Documents) {
  return async ({ items }: StatusQuery, call: Call): Promise<StatusReport> => {
    if (items.length === 0) return { run: null, items: [] };
    const known = items.length <= options.statusOneByOne ? await oneByOne(items, call) : await byListing(items, call);
    return { run: null, items: items.flatMap((item) => told(item, known.get(item.remoteId)) ?? []) };
  };

  async function oneByOne(items: readonly Asked[], call: Call): Promise<Map<string, SitegptDocument>> {
    const known = new Map<string, SitegptDocument>();
    for (const { remoteId } of items) {
      try {
        known.set(remoteId, await documents.look(remoteId, call));
      } catch (error) {
        if (!(error instanceof SyncError) || error.code !== 'REMOTE_GONE') throw error;
      }
    }
    return known;
  }

  async function byListing(items: readonly Asked[], call: Call): Promise<Map<string, SitegptDocument>> {
    const wanted = new Set(items.map((item) => item.remoteId));
    const known = new Map<string, SitegptDocument>();
    for await (const document of documents.all(call)) if (wanted.has(document.id)) known.set(document.id, document);
    return known;
  }

  /** Null: nothing is known yet. Right after a write both an absence and a success may still be those from before [assumed]. */
  function told({ remoteId, document, acceptedAt }: Asked, found: SitegptDocument | undefined): StatusReport['items'][number] | null {
    const fresh = tools.now() - Date.parse(acceptedAt) < options.lagMs;
    if (found === undefined) {
      if (fresh) return null;
      return {
        remoteId,
        state: 'failed',
        error: new SyncError('REMOTE_GONE', { message: `${document}: its document is no longer at SiteGPT` }),
      };
    }
    const state = trainingOf(found.status, options);
    if (state === 'failed') return { remoteId, state, error: failed(document, found) };
    return { remoteId, state: state === 'trained' && fresh ? 'training' : state, error: null };
  }
}

function failed(document: string, { status, error }: SitegptDocument): SyncError {
  return new SyncError('TRAINING_FAILED', {
    message: `${document}: SiteGPT could not train it (${status})`,
    vendor: error?.slice(0, 500) ?? null,
  });
}
