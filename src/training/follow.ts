// Asks how training goes, once; and waits for it, bounded. `trained` is said only on the vendor's evidence, `unknown` where it has none to give.
import type { StatusReport } from '../connectors/connector.ts';
import { withoutCanary } from '../model/canary.ts';
import type { DocumentId } from '../model/document.ts';
import type { EntryBody, TrainingNews } from '../model/effect.ts';
import { SyncError } from '../model/error.ts';
import type { Timestamp } from '../model/json.ts';
import type { RemoteItem, TargetState, TrainingState } from '../model/record.ts';
import { type TrainingContext, trainingCall } from './context.ts';
import { confirmTraining, requestTraining, trainingOwed } from './request.ts';

/** How many documents are in each state. */
export function trainingCounts(state: TargetState): { [name in TrainingState]: number } {
  const counts = { pending: 0, training: 0, trained: 0, failed: 0, stuck: 0, unknown: 0 };
  for (const record of Object.values(state.records)) if (record.items.length > 0) counts[record.training] += 1;
  return counts;
}

/** Whether waiting any longer could change something: documents on their way, a run under way, or a training owed that can be asked for. */
export function isLearning(state: TargetState, target: TrainingContext['target']): boolean {
  const counts = trainingCounts(state);
  // A person has to start it: waiting changes nothing.
  if (target.traits.training === 'on-request' && target.train === undefined && state.run === null) return false;
  const owed = trainingOwed(state, target.traits.training) && target.train !== undefined;
  return counts.pending + counts.training > 0 || state.run !== null || owed;
}

interface Asked {
  readonly document: DocumentId;
  readonly item: RemoteItem;
}

/** What a wait knows of time: the clock when it last looked at it, how long it has lasted, and by how much that clock was set forward meanwhile. */
interface Waited {
  readonly atMs: number;
  readonly waitedMs: number;
  readonly jumpedMs: number;
}

/** One look: asks the vendor about everything that is not known to be trained, and writes down what is new. */
export async function followTraining(context: TrainingContext, waited?: Waited): Promise<'moved' | 'run-failed' | 'same'> {
  const { target, memory } = context;
  const asked = unlearnt(memory.state);
  const run = memory.state.run;
  const entries: EntryBody[] = [];
  let report: StatusReport = { run: null, items: [] };
  if (target.status !== undefined && (run !== null || (asked.length > 0 && target.traits.training === 'automatic'))) {
    // What is waited for was accepted before the wait began, whatever a clock that was set back since says of its stamp.
    const latestMs = context.nowMs() - (waited?.waitedMs ?? 0);
    const items = asked.flatMap(({ document, item }) =>
      item.remoteId === null ? [] : [{ remoteId: item.remoteId, document, acceptedAt: notAfter(item.acceptedAt, latestMs) }],
    );
    report = await target.status({ items, run }, trainingCall(context));
  }
  const news = newsOf(asked, report, context, waited ?? { atMs: context.nowMs(), waitedMs: 0, jumpedMs: 0 });
  if (news.length > 0) entries.push({ kind: 'training', news });
  let failed = false;
  if (run !== null && report.run !== null && report.run.state !== 'running') {
    failed = report.run.state === 'failed';
    const error = failed ? (report.run.error ?? new SyncError('TRAINING_FAILED')).record() : null;
    entries.push({ kind: 'run-ended', run: run.effect, outcome: report.run.state, error });
  }
  if (entries.length === 0) return 'same';
  await memory.append(entries);
  context.emit({ kind: 'training', counts: trainingCounts(withoutCanary(memory.state)) });
  return failed ? 'run-failed' : 'moved';
}

function notAfter(at: Timestamp, latestMs: number): Timestamp {
  return Date.parse(at) <= latestMs ? at : new Date(latestMs).toISOString();
}

function unlearnt(state: TargetState): Asked[] {
  const asked: Asked[] = [];
  for (const [document, record] of Object.entries(state.records)) {
    if (record.training === 'trained') continue;
    for (const item of record.items) if (item.training !== 'trained') asked.push({ document, item });
  }
  return asked;
}

function newsOf(asked: readonly Asked[], report: StatusReport, context: TrainingContext, waited: Waited): TrainingNews[] {
  const told = new Map(report.items.map((item) => [item.remoteId, item]));
  const news: TrainingNews[] = [];
  for (const { document, item } of asked) {
    const known = item.remoteId === null ? undefined : told.get(item.remoteId);
    const ageMs = learningFor(item, context, waited);
    const waits = item.training === 'pending' || item.training === 'training';
    const said =
      known?.state ?? (context.target.status === undefined && waits && ageMs >= context.timing.settleMs ? 'unknown' : item.training);
    const overdue = (said === 'pending' || said === 'training') && ageMs > context.timing.trainTimeoutMs;
    // Stuck stays stuck until the vendor says how it ended: "still training" is no news then.
    const state: TrainingState = overdue || (item.training === 'stuck' && (said === 'training' || said === 'pending')) ? 'stuck' : said;
    if (state === item.training) continue;
    const error =
      state === 'failed'
        ? (known?.error ?? new SyncError('TRAINING_FAILED')).record()
        : state === 'stuck'
          ? stuckError(document, ageMs)
          : null;
    news.push({ document, part: item.part, state, error });
  }
  return news;
}

/**
 * Milliseconds that an item has had to be learnt: since its acceptance, and where training is on request not before it was asked for, since a
 * push at a vendor's pace may take longer than any training.
 */
function learningFor(item: RemoteItem, { target, memory }: TrainingContext, { atMs, waitedMs, jumpedMs }: Waited): number {
  const accepted = Date.parse(item.acceptedAt);
  const { run } = memory.state;
  // Accepted after the run under way was asked for: its own has not been yet.
  if (target.traits.training === 'on-request' && (run === null || item.training === 'pending')) return 0;
  const since = target.traits.training === 'automatic' || run === null ? accepted : Math.max(accepted, Date.parse(run.requestedAt));
  // A clock that was set back makes nothing younger than new; nor does one that was set forward age what was waited for all the while.
  return Math.max(0, atMs - since - jumpedMs, target.traits.training === 'automatic' ? waitedMs : 0);
}

function stuckError(document: DocumentId, ageMs: number) {
  const minutes = Math.round(ageMs / 60_000);
  return new SyncError('NOT_TRAINED', { message: `${document}: accepted ${minutes} min ago and still not trained` }).record();
}

export interface WaitOutcome {
  readonly ended: 'learnt' | 'deadline' | 'stopped' | 'run-failed';
}

/** So much more than was slept for is no slow machine: the clock was set, or the machine slept. In milliseconds. */
const jumpMs = 60_000;

/**
 * Requests training where it is owed and asks until nothing is on its way, until `deadlineMs` (milliseconds since the epoch) has passed, or
 * until a stop. A run that failed is not asked for again here: the next run does that. Throws what the vendor refuses for good.
 * The time is counted by what was slept: a clock that is set meanwhile neither ends the wait nor makes it last. `mostMs`: at most so long, whatever
 * the clock says now.
 */
export async function waitForTraining(
  context: TrainingContext,
  deadlineMs: number,
  mostMs = Number.POSITIVE_INFINITY,
): Promise<WaitOutcome> {
  const { nowMs, timing, stop } = context;
  const budgetMs = Math.min(deadlineMs - nowMs(), mostMs);
  let pauseMs = timing.firstMs;
  let waitedMs = 0;
  let jumpedMs = 0;
  for (let last = nowMs(); ; last = nowMs()) {
    await confirmTraining(context);
    if ((await requestTraining(context)) === 'requested') pauseMs = timing.firstMs;
    const seen = await followTraining(context, { atMs: last, waitedMs, jumpedMs });
    if (!isLearning(context.memory.state, context.target)) return { ended: 'learnt' };
    if (seen === 'run-failed') return { ended: 'run-failed' };
    // What asking takes counts, too, as far as it can be told.
    waitedMs += Math.min(jumpMs, Math.max(0, nowMs() - last));
    const leftMs = budgetMs - waitedMs;
    if (leftMs <= 0) return { ended: 'deadline' };
    if (stop.aborted) return { ended: 'stopped' };
    const sleepMs = Math.min(pauseMs, leftMs);
    await context.sleep(sleepMs, stop);
    waitedMs += sleepMs;
    const surplusMs = nowMs() - last - sleepMs;
    if (surplusMs > jumpMs) jumpedMs += surplusMs;
    pauseMs = Math.min(pauseMs * 1.5, timing.maxMs);
  }
}
