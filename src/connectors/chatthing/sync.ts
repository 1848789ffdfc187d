// Syncs: how Chat Thing trains. There is no job id and no reason for a failure [seed: silent]; a run is told from `lastSync`, which is the
// last success [seed] and only ever compared with itself, never with our clock.
import { z } from 'zod';
import { SyncError } from '../../model/error.ts';
import type { TrainingRun } from '../../model/record.ts';
import type { Call, StatusQuery, StatusReport, Tools, Train } from '../connector.ts';
import { type Send, statusOf } from './api.ts';
import type { ChatthingOptions } from './options.ts';
import type { Rows } from './rows.ts';
import { doneReply } from './schema.ts';
import type { Sources } from './sources.ts';
import { rowTraining } from './states.ts';

const baselineText = z.object({ lastSync: z.string().nullable(), state: z.string() });
type Baseline = z.output<typeof baselineText>;
type Run = NonNullable<StatusReport['run']>;

/** Rows asked one by one where no run tells, and after a failed run: each is a request. */
const rowsAsked = { withoutRun: 100, afterFailure: 20 };

/** Binds what concerns training: `train` and `status`. */
export function bindSync(
  options: ChatthingOptions,
  tools: Tools,
  api: { readonly send: Send; readonly sources: Sources; readonly rows: Rows },
) {
  const { send, sources, rows } = api;

  const train: Train = {
    async baseline(call) {
      const { lastSync, state } = await sources.look(call);
      return JSON.stringify({ lastSync, state } satisfies Baseline);
    },

    async start(baseline, call) {
      // The run under way may have missed our writes, and its end would look like ours: no POST before it is over [assumed].
      if (readBaseline(baseline)?.state === 'syncing') throw busy();
      const dataSourceId = sources.of(call);
      const what = 'asking for a sync';
      const refused = { code: 'BUSY', message: 'Chat Thing refuses a sync', facts: { retry: 'never' } } as const;
      const gone = { code: 'BOT_NOT_FOUND', message: `data source ${dataSourceId} or the channel is not there` } as const;
      const request = {
        what,
        method: 'POST',
        path: '/data-sources/sync',
        json: { dataSourceId },
        statuses: { 404: gone, 429: refused },
      } as const;
      try {
        // Not repeatable by itself: after a lost reply `status` tells whether it has begun [assumed].
        await send(doneReply, { ...request, intent: 'create' }, call);
      } catch (error) {
        if (error instanceof SyncError && statusOf(error) === 429) throw await refusal(error, call);
        if (error instanceof SyncError && statusOf(error) === 404) await sources.explain404(call);
        throw error;
      }
      return { handle: dataSourceId };
    },
  };

  /** Two meanings of one 429 [seed], told apart by looking [assumed]. */
  async function refusal(error: SyncError, call: Call): Promise<SyncError> {
    const { state } = await sources.look(call);
    if (state === 'syncing') return busy(error);
    return new SyncError('QUOTA_EXHAUSTED', {
      message: `Chat Thing refuses a sync (HTTP 429) while the data source says ${state}: most likely the storage tokens are used up`,
      vendor: error.vendor,
      next: 'look at storage tokens in the Chat Thing dashboard; rows stay pushed, and the next run asks for the sync again',
      facts: { retryAfterMs: error.facts.retryAfterMs },
      cause: error,
    });
  }

  async function status(query: StatusQuery, call: Call): Promise<StatusReport> {
    if (query.run === null) return { run: null, items: await rowStates(query, rowsAsked.withoutRun, call) };
    const { state, lastSync } = await sources.look(call);
    const run = judge(query.run, { state, lastSync }, tools.now(), options.graceMs);
    if (run.state !== 'failed') return { run, items: [] };
    const asked = await rowStates(query, rowsAsked.afterFailure, call);
    return { run, items: asked.filter((item) => item.state === 'failed') };
  }

  async function rowStates(query: StatusQuery, most: number, call: Call): Promise<StatusReport['items']> {
    const found: StatusReport['items'][number][] = [];
    for (const { remoteId, document } of query.items.slice(0, most)) {
      const word = await wordOf(remoteId, call);
      const state = word === null ? null : rowTraining(word, options);
      if (state !== null)
        found.push({ remoteId, state, error: state === 'failed' ? failed(`${document}: its row is in sync_error`) : null });
    }
    return found;
  }

  /** Null where the row is gone: drift tells that, not training. */
  async function wordOf(remoteId: string, call: Call): Promise<string | null> {
    try {
      return (await rows.look(remoteId, call)).state;
    } catch (error) {
      if (error instanceof SyncError && error.code === 'REMOTE_GONE') return null;
      throw error;
    }
  }

  return { train, status };
}

/**
 * What became of a run. Success is `synced` with another `lastSync` than before; within the grace time the state from before may still
 * show; an unknown word means running. All but the words [assumed].
 */
function judge(run: TrainingRun, now: Baseline, nowMs: number, graceMs: number): Run {
  const before = readBaseline(run.baseline);
  if (before === null) return { state: 'lost', error: null };
  const graceOver = nowMs - Date.parse(run.requestedAt) > graceMs;
  const idle: Run = { state: graceOver ? 'lost' : 'running', error: null };
  switch (now.state) {
    case 'synced':
      return now.lastSync === before.lastSync ? idle : { state: 'succeeded', error: null };
    case 'sync_error':
      return before.state !== 'sync_error' || graceOver
        ? { state: 'failed', error: failed('the sync of the data source ended in sync_error') }
        : { state: 'running', error: null };
    case 'not_synced':
      return idle;
    default:
      return { state: 'running', error: null };
  }
}

function failed(message: string): SyncError {
  return new SyncError('TRAINING_FAILED', {
    message: `${message}; Chat Thing's API tells no reason`,
    next: 'look at the data source in the Chat Thing dashboard, then sync again',
  });
}

function busy(cause?: SyncError): SyncError {
  return new SyncError('BUSY', {
    message: 'Chat Thing is syncing this data source already, and takes no second request meanwhile',
    ...(cause === undefined ? {} : { cause }),
  });
}

function readBaseline(text: string): Baseline | null {
  try {
    const read = baselineText.safeParse(JSON.parse(text));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}
