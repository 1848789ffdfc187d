// One pass over one target for its loop: the folder as shared, the lock for as long as the pass takes, the cycle, and what it means for the pace.
import { capabilitiesOf, type Target } from '../connectors/connector.ts';
import { freeable, newlyFreed } from '../cycle/again.ts';
import { lookAtCanary } from '../cycle/canary.ts';
import { type CycleContext, everything, noPasses, type SyncOptions } from '../cycle/context.ts';
import { lookForDrift } from '../cycle/drift.ts';
import { type Folder, guardOf, renderOptionsOf, type Wanted, wantedBy } from '../cycle/folder.ts';
import { Report } from '../cycle/report.ts';
import { noteLook } from '../cycle/seen.ts';
import { unreadyLeader } from '../cycle/staging.ts';
import { verifyTarget } from '../cycle/verify.ts';
import { syncTarget } from '../cycle.ts';
import type { TargetConfig } from '../model/config.ts';
import type { DocumentId } from '../model/document.ts';
import { driftCounts, driftWords, standingFindings } from '../model/drift.ts';
import { type ErrorRecord, SyncError } from '../model/error.ts';
import type { TargetState } from '../model/record.ts';
import { noTests, summaryOf } from '../model/tests.ts';
import { troublesOf } from '../status/troubles.ts';
import { isLearning } from '../training/follow.ts';
import type { Workspace } from '../workspace.ts';
import type { WatchedRound } from './canary-round.ts';
import { learntSince } from './learnt.ts';
import type { PaceSettings, PassKind, PassResult } from './pace.ts';
import type { SharedFolder } from './shared-folder.ts';

export interface PassInput {
  readonly workspace: Workspace;
  readonly target: TargetConfig;
  readonly folder: SharedFolder;
  /** `watch --initial`: until first contact has been made. */
  readonly initial: boolean;
  /** Aborted: drop what is in flight. */
  readonly kill: AbortSignal;
  /** What stopped the latest pass over the target that this one comes after; null: nothing did. */
  readonly leaderError: () => ErrorRecord | null;
  /** Whether schedule.canary has come round since the last look; asked once a look, and forgotten by it. */
  readonly canaryRound: WatchedRound;
}

/** The passes of one target. The lock is held during a pass only, so that nobody is locked out between two. */
export function passOver({
  workspace,
  target,
  folder,
  initial,
  kill,
  leaderError,
  canaryRound,
}: PassInput): (kind: PassKind, stop: AbortSignal) => Promise<PassResult> {
  let first = initial;
  /** When the round of golden questions that is under way began; null: none is. */
  let since: string | null = null;
  return async (kind, stop) => {
    const latest = kind === 'sync' ? null : folder.latest();
    // A scan may wait for git; nobody waits for it to stop.
    const found = latest ?? (await Promise.race([folder.get(), stopped(stop)]));
    if (stop.aborted || found === null) throw new SyncError('ABORTED');
    if (kind === 'verify') {
      since ??= new Date(workspace.now()).toISOString();
      const asked = await verifyPass({ workspace, target, folder: found, stop, kill }, since);
      if (asked.more !== true && asked.report.error?.code !== 'ABORTED') since = null;
      return asked;
    }
    if (kind === 'canary') {
      canaryRound.watchClock();
      const { due: begin, unfollowed } = canaryRound;
      const looked = await canaryPass({ workspace, target, folder: found, stop, kill, leaderError, begin, unfollowed });
      canaryRound.unfollowed = null;
      // A bot that was never met still has it to come.
      if (looked.freed || looked.canary?.open !== true || looked.canary.nextInMs !== null) canaryRound.due = false;
      if (looked.freed) folder.changed();
      return looked;
    }
    if (kind === 'drift') return driftPass({ workspace, target, folder: found, stop, kill });
    const how = { command: 'kbsync watch', lockWaitMs: 0, stop, kill };
    const result = await workspace.exclusively(target, how, async (context) => {
      const before = { ...factsOf(context.memory.state), at: new Date(workspace.now()).toISOString() };
      const passes = { ...noPasses, initial: first };
      const question = { folder: found, only: everything, error: leaderError(), signals: { stop, kill } };
      const after = kind === 'train' ? null : await unreadyLeader(target, workspace, question);
      const options: SyncOptions = { passes, only: everything, offline: false, waitMs: 0, trainOnly: kind === 'train', after, spare: true };
      return resultOf(before, context, await syncTarget(context, found, options));
    });
    if (kind === 'sync' && result.report.error === null && result.report.held.length === 0) first = false;
    if (kind === 'sync') await workspace.saveCache();
    return result;
  };
}

function stopped(stop: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve(null);
    else stop.addEventListener('abort', () => resolve(null), { once: true });
  });
}

/** Texts that one scheduled look compares: all of them in twenty days (PRODUCT: a rolling 5 %). */
const textsShare = 0.05;

interface DriftPass {
  readonly workspace: Workspace;
  readonly target: TargetConfig;
  readonly folder: Folder;
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
}

/** schedule.drift: list, compare, read a part of the texts, note it. Nothing is put right here: what is missing is the next cycle's. */
function driftPass({ workspace, target, folder, stop, kill }: DriftPass): Promise<PassResult> {
  const how = { command: 'kbsync watch', lockWaitMs: 0, stop, kill };
  return workspace.exclusively(target, how, async (context) => {
    const { memory, connection, nowMs } = context;
    const report = new Report(context);
    let wanted: Promise<Wanted> | null = null;
    const payload = async (id: DocumentId) => {
      wanted ??= wantedBy(target, folder, renderOptionsOf(target, connection.target.traits), nowMs(), guardOf(context.knownSecrets));
      return (await wanted).payload(id);
    };
    const look = await lookForDrift(context, { share: textsShare, payload });
    if (look.checked) {
      await noteLook(context, look.listing, look.findings, look.texts);
      await memory.checkpoint();
      if (look.texts?.error != null) report.failed(look.texts.error);
    }
    context.emit({ kind: 'phase', phase: 'idle', done: 0, total: 0 });
    const standing = driftCounts(standingFindings(memory.state));
    return {
      report: report.finish(),
      learning: false,
      runFailed: false,
      freed: standing.missing > 0,
      settings: paceOf(target, connection.target),
      drift: look.checked ? driftWords(standing) : null,
      troubles: troublesIn(context),
    };
  });
}

/** Questions of one pass: what is to be pushed meanwhile need not wait for all of them. */
const questionsAtOnce = 20;

/** schedule.verify: a part of the golden questions, as far as the day's budget goes; each once in a round. */
function verifyPass({ workspace, target, folder, stop, kill }: DriftPass, since: string): Promise<PassResult> {
  const how = { command: 'kbsync watch', lockWaitMs: 0, stop, kill };
  return workspace.exclusively(target, how, async (context) => {
    const report = new Report(context);
    const asked = await verifyTarget(context, folder, {
      which: { only: 'before', at: since },
      only: () => true,
      kinds: { golden: true, unlearned: true },
      maxCalls: null,
      atMost: questionsAtOnce,
      lockWaitMs: 0,
    });
    if (asked.error !== null) report.failed(new SyncError(asked.error.code, asked.error));
    const failing = summaryOf(context.tests?.memory() ?? noTests)?.failing ?? [];
    return {
      report: report.finish(),
      learning: false,
      runFailed: false,
      freed: false,
      settings: paceOf(target, context.connection.target),
      failing: failing.map(
        ({ document, question, reasons }) => `${document === null ? '' : `${document}: `}${question}: ${reasons.join('; ')}`,
      ),
      more: asked.error === null && asked.calls >= questionsAtOnce && asked.leftOut.some(({ why }) => why === 'budget'),
      tests: asked.results,
      troubles: troublesIn(context),
    };
  });
}

interface CanaryPass extends DriftPass {
  readonly leaderError: () => ErrorRecord | null;
  readonly begin: boolean;
  readonly unfollowed: string | null;
}

/** schedule.canary: begins a freshness check, or looks how the one under way goes. A new code goes with the next sync, as any edit does. */
function canaryPass({ workspace, target, folder, stop, kill, leaderError, begin, unfollowed }: CanaryPass): Promise<PassResult> {
  const how = { command: 'kbsync watch', lockWaitMs: 0, stop, kill };
  return workspace.exclusively(target, how, async (context) => {
    const report = new Report(context);
    const question = { folder, only: everything, error: leaderError(), signals: { stop, kill } };
    const look = await lookAtCanary(context, folder, { begin, unfollowed, after: () => unreadyLeader(target, workspace, question) });
    const settings = paceOf(target, context.connection.target);
    return { report: report.finish(), learning: false, runFailed: false, freed: look.changed, settings, canary: look };
  });
}

/** At the end of a pass, while the memory is at hand. */
function troublesIn({ target, memory, tests }: CycleContext) {
  return troublesOf(target.name, memory.state, tests?.memory(), target.canary ? tests?.canary() : undefined);
}

/** Taken before the pass: the state is live. */
function factsOf(state: TargetState) {
  return { run: state.run, freeable: freeable(state) };
}

function resultOf(
  before: ReturnType<typeof factsOf> & { readonly at: string },
  context: CycleContext,
  report: PassResult['report'],
): PassResult {
  const after = context.memory.state;
  const { target } = context.connection;
  return {
    report,
    learning: isLearning(after, target),
    runFailed: before.run !== null && after.run === null && after.learntThrough !== before.run.covers,
    freed: newlyFreed(after, before.freeable),
    settings: paceOf(context.target, target),
    troubles: troublesIn(context),
    learnt: learntSince(after, before.at),
  };
}

/** A target's pace: what is configured, else what its vendor needs (PRODUCT: minInterval). */
export function paceOf(config: TargetConfig, target: Target): PaceSettings {
  const { traits } = target;
  return {
    minIntervalMs: config.minIntervalMs ?? (config.sandbox ? 0 : defaultIntervalMs(target)),
    firstMs: config.poll.firstMs ?? traits.poll.firstMs,
    maxMs: config.poll.maxMs ?? traits.poll.maxMs,
    trainTimeoutMs: config.trainTimeoutMs,
  };
}

function defaultIntervalMs(target: Target): number {
  // Where nothing can be deleted, each push may leave copies that a person has to clear away.
  if (!capabilitiesOf(target).has('delete')) return 3_600_000;
  return target.traits.training === 'on-request' ? 120_000 : 0;
}
