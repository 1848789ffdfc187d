// Publishing after a training, with the admin app. It is the second half of the run: the run goes on until the publish has ended, so that nothing
// counts as trained which the live channel does not answer from. Where it stands is read off the vendor each time, never remembered: a process
// that was killed between the two halves finds out by looking, and publishes where nobody has since the training ended.

import { z } from 'zod';
import { SyncError } from '../../model/error.ts';
import type { Call, StatusReport } from '../connector.ts';
import type { Send } from './api.ts';
import { type PublishStatus, publishStatusReply } from './schema.ts';

export type Run = NonNullable<StatusReport['run']>;

export interface Publishing {
  /** The latest publish there is, or null. */
  look(call: Call): Promise<PublishStatus>;
  /** One step of the second half: `before` is the baseline of the run, `trainedAt` when its training ended by the vendor's clock. */
  follow(before: string, trainedAt: string | null, call: Call): Promise<Run>;
}

const running: Run = { state: 'running', error: null };

/** Binds the publish calls of one bot. */
export function bindPublish(send: Send): Publishing {
  const admin = { app: 'admin', scope: 'Bot Publish' } as const;

  const look: Publishing['look'] = async (call) => {
    const request = {
      what: 'asking for the publish',
      intent: 'read',
      method: 'GET',
      path: '/publish/status',
      remoteId: 'a publish',
    } as const;
    try {
      const latest = await send(publishStatusReply, { ...request, ...admin }, call);
      return latest?._id || latest?.status ? latest : null;
    } catch (error) {
      // How it answers for a bot that was never published is not said [assumed]; one that our scopes hold for was published once [public P1].
      if (error instanceof SyncError && error.code === 'REMOTE_GONE') return null;
      throw error;
    }
  };

  async function publish(call: Call): Promise<Run> {
    // Both keys as in the sample; training of the dialogs is what the vendor does by itself, and advises against leaving out [public P31].
    const json = { versionComment: `kbsync ${call.workspace}`, initiateTraining: true };
    const request = {
      what: 'publishing the bot',
      intent: 'create',
      method: 'POST',
      path: '/publish',
      mayBeBusy: true,
      mayBeEmpty: true,
      json,
    } as const;
    try {
      await send(z.unknown(), { ...request, ...admin }, call);
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      if (error.code === 'REQUEST_REFUSED') return failed(error.message, error.vendor);
      if (error.code !== 'BUSY') throw error;
    }
    return running;
  }

  return {
    look,

    async follow(before, trainedAt, call) {
      const latest = await look(call);
      const word = (latest?.status ?? '').toLowerCase().replace(/[\s_-]/g, '');
      const going = latest !== null && !['successful', 'success', 'failed', 'failure'].includes(word);
      if (going) return running;
      if (latest === null || textOf(latest) === before || isEarlier(latest.requestedTime, trainedAt)) return publish(call);
      if (word.startsWith('success')) return { state: 'succeeded', error: null };
      const parts = (latest.statusSummary ?? []).filter(({ status }) => status && status.toUpperCase() !== 'SUCCESS');
      return failed(
        'the latest publish failed',
        parts.map(({ name, resourceType, status }) => `${name ?? resourceType}: ${status}`).join('; ') || word,
      );
    },
  };
}

/** What tells one publish from the next: its id, and its times, should the id stay. '' for none. */
export function textOf(latest: PublishStatus): string {
  return latest === null ? '' : JSON.stringify([latest._id ?? null, latest.requestedTime ?? null, latest.initiatedOn ?? null]);
}

/** Both by the vendor's clock; what cannot be read says nothing. */
function isEarlier(requested: string | null | undefined, trainedAt: string | null): boolean {
  return Date.parse(requested ?? '') < Date.parse(trainedAt ?? '');
}

function failed(message: string, vendor: string | null): Run {
  const error = new SyncError('TRAINING_FAILED', {
    message: `the training went well, but the bot could not be published: ${message}`,
    vendor: vendor?.slice(0, 500) ?? null,
    next: 'look at the publish in the Kore.ai Admin Console (at least one channel must be enabled), then sync again; or set publish: never',
  });
  return { state: 'failed', error };
}
