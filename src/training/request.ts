// Starts a training when something is to be learnt or forgotten and the vendor trains on request. Owns when one is owed.
import type { Effect, EntryBody } from '../model/effect.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import type { TargetState } from '../model/record.ts';
import { type TrainingContext, trainingCall } from './context.ts';

/** Whether something was written that no training has covered. */
export function trainingOwed(state: TargetState, training: 'automatic' | 'on-request'): boolean {
  return training === 'on-request' && state.lastWrite !== state.learntThrough;
}

/**
 * Asks for a training where one is owed and none is under way. busy: the vendor is in the middle of another one, ask again later.
 * cannot: it trains on request and offers no call for it. Throws what the vendor refuses for good (quota, credentials).
 */
export async function requestTraining(context: TrainingContext): Promise<'requested' | 'not-needed' | 'busy' | 'cannot'> {
  const { target, memory } = context;
  if (!trainingOwed(memory.state, target.traits.training) || memory.state.run !== null) return 'not-needed';
  if (memory.open.some((effect) => effect.action === 'train')) return 'busy';
  if (target.train === undefined) return 'cannot';
  const covers = memory.state.lastWrite;
  const baseline = await target.train.baseline(trainingCall(context));
  const effect: Effect = { id: context.newEffectId(), operation: null, commit: null, action: 'train', baseline, covers };
  await memory.append([{ kind: 'begin', effects: [effect] }]);
  try {
    const { handle } = await target.train.start(baseline, trainingCall(context));
    await memory.append([{ kind: 'done', effect: effect.id, remoteId: null, handle, settledBy: 'reply' }]);
    return 'requested';
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    // Its fate is not known: the begin stays open, and confirmTraining asks after it.
    if (error.facts.effect === 'unconfirmed') return 'busy';
    await memory.append([{ kind: 'failed', effect: effect.id, error: error.record(), refused: false }]);
    if (error.code === 'BUSY') return 'busy';
    throw error;
  }
}

/** A training whose request was not answered: any trace of it counts as accepted; without one it is asked for again. */
export async function confirmTraining(context: Pick<TrainingContext, 'target' | 'memory' | 'call' | 'nowMs'>): Promise<void> {
  const { target, memory } = context;
  for (const effect of memory.open) {
    if (effect.action !== 'train') continue;
    const requestedAt = new Date(context.nowMs()).toISOString();
    const run = { effect: effect.id, baseline: effect.baseline, handle: '', requestedAt, covers: effect.covers };
    const report = await target.status?.({ items: [], run }, trainingCall(context));
    const seen = report?.run !== undefined && report.run !== null && report.run.state !== 'lost';
    const error = new SyncError('UNCONFIRMED', { message: 'there is no trace of the training: it is asked for again' }).record();
    const entry: EntryBody = seen
      ? { kind: 'done', effect: effect.id, remoteId: null, handle: '', settledBy: 'list' }
      : { kind: 'failed', effect: effect.id, error, refused: false };
    await memory.append([entry]);
  }
}
