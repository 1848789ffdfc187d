// One pass over one target, the whole story on one screen: who is it → settle → plan → push → learn → (what superseded copies go) → told.

import { freeable, newlyFreed, worthAnother } from './cycle/again.ts';
import type { CycleContext, SyncOptions } from './cycle/context.ts';
import type { Folder } from './cycle/folder.ts';
import { callsOf, planTarget, refuseOtherBot, settleAll } from './cycle/plan-target.ts';
import { endRetractions, isWhole, pushTarget, useUpApprovals } from './cycle/push-target.ts';
import { noteSynced, Report } from './cycle/report.ts';
import { noteGone } from './cycle/unlearned.ts';
import { asSyncError } from './model/error.ts';
import type { TargetReport } from './model/report.ts';
import type { TrainingContext } from './training/context.ts';
import { followTraining, waitForTraining } from './training/follow.ts';
import { requestTraining } from './training/request.ts';

/** Rounds of one pass: a lost create made again, superseded copies deleted once the new ones are learnt. What is left is the next run's. */
const MOST_ROUNDS = 4;

/** Brings one bot in step with the folder, and says truthfully how far that went. Throws only what is a bug. */
export async function syncTarget(context: CycleContext, folder: Folder, options: SyncOptions): Promise<TargetReport> {
  const { memory, target } = context;
  const report = new Report(context);
  const before = { ...memory.state.records };
  try {
    // Counted from the end of the first push: at a vendor's pace a push alone may take hours.
    let deadlineMs: number | null = null;
    for (let round = 1; round <= MOST_ROUNDS; round += 1) {
      const planned = options.trainOnly ? null : await planTarget(context, folder, options);
      if (planned === null) {
        await refuseOtherBot(context);
        await settleAll(context);
      } else {
        report.planned(planned, round);
        report.pushed(await pushTarget(context, folder, planned, options.only), round);
        await endRetractions(context, planned);
        await noteSynced(context, folder, planned, isWhole(options.only));
        await memory.checkpoint();
      }
      const known = freeable(memory.state);
      if (report.stopped() || context.stop.aborted) break;
      if (worthAnother(report.results(), round)) continue;
      if (planned !== null && isWhole(options.only)) await useUpApprovals(context);
      context.emit({ kind: 'phase', phase: 'training', done: 0, total: 0 });
      const mostMs = options.waitMs ?? target.trainTimeoutMs;
      deadlineMs ??= context.nowMs() + mostMs;
      if (options.waitMs === 0) await learnOnce(trainingOf(context));
      else report.learnt(await waitForTraining(trainingOf(context), deadlineMs, mostMs));
      // What others have pushed meanwhile must not be taken back by this run's older look at the folder.
      if (planned === null || options.waitMs === 0 || context.wasLent?.() === true || !newlyFreed(memory.state, known)) break;
    }
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    report.failed(error);
  }
  // A save that fails is told beside what was done: the journal has it all, and the next run saves it.
  const saved = await memory.checkpoint().then(
    () => true,
    (thrown: unknown) => {
      if (asSyncError(thrown).code === 'UNEXPECTED') throw thrown;
      report.failed(thrown);
      return false;
    },
  );
  if (saved && report.results().length > 0) forgetTexts(context, await noteGone(context, before, report.results()));
  context.emit({ kind: 'phase', phase: 'idle', done: 0, total: 0 });
  return report.finish();
}

/** Drops kept texts that neither a record nor an unconfirmed write rests on, nor a question about what is gone. */
function forgetTexts({ memory, texts }: CycleContext, gone: readonly string[]): void {
  const live = new Set([
    ...gone,
    ...Object.values(memory.state.records).flatMap((record) => (record.pushed === null ? [] : [record.pushed])),
  ]);
  for (const effect of memory.open) if ('payload' in effect && effect.payload !== undefined) live.add(effect.payload);
  texts.sweep(live);
}

/** Asks for training where it is owed, looks once how it goes, and leaves the rest to a later run. */
async function learnOnce(context: TrainingContext): Promise<void> {
  await requestTraining(context);
  await followTraining(context);
}

function trainingOf(context: CycleContext): TrainingContext {
  const { connection, memory, target, stop, newEffectId, nowMs, emit } = context;
  const sleep = context.rest ?? context.sleep;
  const { poll } = connection.target.traits;
  const timing = {
    firstMs: target.poll.firstMs ?? poll.firstMs,
    maxMs: target.poll.maxMs ?? poll.maxMs,
    trainTimeoutMs: target.trainTimeoutMs,
    settleMs: target.settleMs ?? connection.target.traits.settleMs ?? 0,
  };
  return { target: connection.target, memory, call: callsOf(context), stop, newEffectId, sleep, nowMs, emit, timing };
}
