// Training of FAQs: it has a call of its own, and a status that is always that of the latest one [public P13, P14].
import { SyncError } from '../../model/error.ts';
import type { Call } from '../connector.ts';
import type { Send } from './api.ts';
import { type FaqTraining, faqTrainingReply } from './faq-schema.ts';
import type { KoreaiOptions } from './options.ts';
import type { Run } from './publish.ts';

export interface FaqTrainings {
  /** What tells the latest training from the next; '' for none. */
  look(call: Call): Promise<string>;
  /** A handle without white space, never empty. */
  start(call: Call): Promise<string>;
  /** How the training goes that was asked for after `before`, and when it ended by the vendor's clock. */
  follow(before: string, handle: string, call: Call): Promise<{ readonly run: Run; readonly endedAt: string | null }>;
}

const scope = 'Train FAQ';

/** Binds the training calls of the knowledge graph. */
export function bindFaqTrainings({ faqLanguage }: KoreaiOptions, send: Send): FaqTrainings {
  const language = faqLanguage;

  async function latest(call: Call): Promise<FaqTraining | null> {
    const request = { what: 'asking for the training of FAQs', intent: 'read', method: 'GET', path: '/faqs/train/status', scope } as const;
    try {
      return await send(faqTrainingReply, { ...request, remoteId: 'a training of FAQs', query: { language, state: 'configured' } }, call);
    } catch (error) {
      // How it answers where there was none is not said [assumed].
      if (error instanceof SyncError && error.code === 'REMOTE_GONE') return null;
      throw error;
    }
  }

  return {
    look: async (call) => textOf(await latest(call)),

    async start(call) {
      const request = { what: 'asking for training of FAQs', intent: 'create', method: 'POST', path: '/faqs/train', scope } as const;
      const { _id } = await send(faqTrainingReply, { ...request, mayBeBusy: true, json: { language } }, call);
      return _id?.replace(/\s/g, '') || 'faqs';
    },

    async follow(before, handle, call) {
      const found = await latest(call);
      // The page shows other ids for the status than for the request, so the handle proves a training to be ours, and nothing else does but the change.
      const stale = found === null || (found._id !== handle && before !== '' && textOf(found) === before);
      return { run: stale ? { state: 'running', error: null } : judged(found), endedAt: found?.modifiedOn ?? null };
    },
  };
}

function textOf(training: FaqTraining | null): string {
  const known = training?._id || training?.modifiedOn;
  return known ? JSON.stringify([training?._id ?? null, training?.modifiedOn ?? null]) : '';
}

/** `success`, `in-progress` and `failure` [public P14]; like words are read alike, and any other means running [assumed]. */
function judged({ status, message }: FaqTraining): Run {
  const word = (status ?? message ?? '').toLowerCase();
  if (/^(?:success|succeeded|completed|finished)/.test(word)) return { state: 'succeeded', error: null };
  if (!/^(?:fail|error)/.test(word)) return { state: 'running', error: null };
  const error = new SyncError('TRAINING_FAILED', {
    message: 'the training of the FAQs failed',
    vendor: message ?? null,
    next: 'train the knowledge graph in the App Builder to see what it says, mend it there, and sync again',
  });
  return { state: 'failed', error };
}
