// `sync`: plan, push, train, wait; each target on its own, one folder for all.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type CycleContext, everything, type SyncOptions } from '../cycle/context.ts';
import type { Folder } from '../cycle/folder.ts';
import { planTarget } from '../cycle/plan-target.ts';
import { runEntry } from '../cycle/run-entry.ts';
import { unreadyLeader } from '../cycle/staging.ts';
import { type VerifyReport, verifyTarget } from '../cycle/verify.ts';
import { syncTarget } from '../cycle.ts';
import { canaryId } from '../model/canary.ts';
import type { TargetConfig } from '../model/config.ts';
import { asSyncError, exitCodeOf, SyncError } from '../model/error.ts';
import type { TargetReport } from '../model/report.ts';
import { visibleLines } from '../plan/escape.ts';
import { approvalOf, differences, readSealed, refuseForeign, refuseOld, type SealedPlans } from '../plan/seal.ts';
import type { Lender, Workspace } from '../workspace.ts';
import { codesOf, strongest } from './exit.ts';
import { failedReport, isLeftAlone, pausedReport } from './failed-report.ts';
import { type Fetched, fetchContent, gitJson } from './fetch-content.ts';
import { type Invocation, inTurn, workspaceOf } from './invocation.ts';
import { noteInHistory } from './note-run.ts';
import { belowRoot } from './paths.ts';
import { createProgress } from './progress.ts';
import { invalidRows, plain, printReport, reportJson, tellProblems } from './reports.ts';
import { tellStrayPaths } from './stray-paths.ts';
import { tellIncidents, willTell } from './tell-incidents.ts';
import { printVerify, verifyJson } from './verify-report.ts';
import { blankVerify, codesOfVerify, noteTests } from './verify-request.ts';

/** `sync`, parsed. */
export interface SyncRequest {
  readonly paths: readonly string[];
  readonly waitMs: number | null;
  readonly planFile: string | null;
  readonly exact: boolean;
  readonly onlyFailed: boolean;
  readonly limit: number | null;
  readonly allowDeletes: number | null;
  readonly allowUpdates: number | null;
  readonly initial: boolean;
  readonly trainOnly: boolean;
  readonly lockWaitMs: number | null;
  /** Ask the golden questions of what changed, and those that did not pass before. Left out: none. */
  readonly verify?: boolean;
  /** Tell the webhooks of `notify` what is wrong, and what is over. Left out: only the daemon does. */
  readonly notify?: boolean;
  /** Where the folder comes from git: fetch first. Left out: yes. */
  readonly fetch?: boolean;
}

/** Half an hour: in CI the second job waits for the first rather than failing (PRODUCT: two one-shots). */
export const ciLockWaitMs = 1_800_000;

/** So often a run begins anew where another job has taken its state's branch over. */
const mostRuns = 3;

/** Runs `sync` and prints its result. Resolves to the exit code. */
export async function sync(invocation: Invocation, request: SyncRequest, open = workspaceOf): Promise<number> {
  for (let run = 1; ; run += 1) {
    const exitCode = await syncOnce(invocation, request, { open, isLast: run === mostRuns });
    if (exitCode !== null) return exitCode;
    invocation.output.talk('another job has gone on from the state on the branch: planning anew on what it has left');
  }
}

/** Null: another job has taken the branch over, and nothing was told yet. */
async function syncOnce(
  invocation: Invocation,
  request: SyncRequest,
  { open, isLast }: { readonly open: typeof workspaceOf; readonly isLast: boolean },
): Promise<number | null> {
  const { output, options } = invocation;
  if (request.exact && request.planFile === null) {
    throw new SyncError('USAGE', {
      message: '--exact compares with a sealed plan, and none was given',
      next: 'kbsync sync --plan FILE --exact, with a file that kbsync plan --out wrote',
    });
  }
  const startedAt = Date.now();
  const progress = createProgress(output, options.verbose, Date.now);
  const workspace = await open(invocation, progress.onEvent);
  try {
    const named = workspace.targets(options.targets);
    await holdBranch(workspace, request, invocation);
    const tells = request.notify === true && willTell(workspace, invocation);
    const pauses = new Map(named.map((target) => [target.name, workspace.pausedWhy(target)]));
    for (const [name, why] of pauses) if (why !== null) output.talk(`${name}: ${why}, left alone`);
    const targets = named.filter(({ name }) => pauses.get(name) === null);
    const sealed = request.planFile === null ? null : await sealedFrom(path.resolve(invocation.cwd, request.planFile));
    if (sealed !== null) refuseOld(sealed, workspace.now());
    if (sealed !== null) refuseForeign(sealed, workspace.config.name, await identitiesOf(workspace, targets));
    const fetched = await fetchContent(workspace, invocation, request.fetch !== false);
    const folder = await workspace.readFolder();
    const golden = request.verify === true ? await folder.scan.golden?.() : undefined;
    tellProblems([...folder.scan.problems, ...(golden?.problems ?? [])], output);
    await tellStrayPaths(request.paths, workspace, folder, { cwd: invocation.cwd, output, exists: existsSync });
    const unplanned =
      request.exact && sealed !== null ? await refuseDifferences(workspace, targets, folder, sealed, request, invocation) : null;
    const verified: VerifyReport[] = [];
    const passes = new Map<string, Promise<TargetReport>>();
    const passOf = (target: TargetConfig): Promise<TargetReport> => {
      const leader = targets.find(({ name }) => name === target.after);
      const first = leader === undefined ? null : (passes.get(leader.name) ?? passOf(leader));
      const pass =
        passes.get(target.name) ??
        unplanned?.get(target.name) ??
        syncOne(workspace, target, { folder, sealed, request, invocation, leader: first, verified: (report) => verified.push(report) });
      passes.set(target.name, pass);
      return pass;
    };
    const reports = await Promise.all(targets.map(passOf));
    progress.end();
    await workspace.saveCache();
    for (const report of reports) await noteRun(workspace, report, startedAt, folder.commit, invocation);
    await noteTests(workspace, verified, invocation);
    verified.sort((a, b) => named.findIndex(({ name }) => name === a.target) - named.findIndex(({ name }) => name === b.target));
    const told = named.map(
      (target) => reports.find((report) => report.target === target.name) ?? pausedReport(target, pauses.get(target.name) ?? undefined),
    );
    const unread = golden?.problems.some(({ severity }) => severity === 'error') === true;
    const whole = request.paths.length === 0 && !request.onlyFailed && !request.trainOnly && request.limit === null;
    const tell = async (): Promise<void> => {
      if (tells) await tellIncidents(workspace, { reports, folder, whole }, invocation);
    };
    const { stateBranch: branch } = workspace;
    // What was told is part of what is saved.
    if (branch !== null && branch.lost === null) await tell();
    const unsaved = await endBranch(branch);
    if (unsaved?.code === 'LOCKED' && !isLast && !invocation.stop.aborted) return null;
    const outcome = { ...folder, fetched, unsaved };
    const exitCode = finish(invocation, told, outcome, startedAt, request.verify === true ? { verified, unread } : null);
    if (branch === null) await tell();
    return exitCode;
  } finally {
    progress.end();
    await workspace.close();
  }
}

/** Before anything is read: what another job has left is what is planned on. LOCKED. */
async function holdBranch({ stateBranch, underCi }: Workspace, request: SyncRequest, { output, stop }: Invocation): Promise<void> {
  const waitMs = request.lockWaitMs ?? (underCi ? ciLockWaitMs : 0);
  const onWait = (holder: { readonly host: string; readonly since: string } | null): void =>
    output.talk(`waiting for the state: ${holder === null ? 'somebody' : `a job on ${visibleLines(holder.host)}`} holds it`);
  await stateBranch?.hold({ command: 'kbsync sync', waitMs, signal: stop, onWait });
}

/** Why what was done could not be saved on the branch; null: it was. */
async function endBranch(branch: Workspace['stateBranch']): Promise<SyncError | null> {
  try {
    await branch?.end();
    return null;
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    return error;
  }
}

interface SyncScene {
  readonly folder: Folder;
  readonly sealed: SealedPlans | null;
  readonly request: SyncRequest;
  readonly invocation: Invocation;
  readonly leader: Promise<TargetReport> | null;
  readonly verified: (report: VerifyReport) => void;
}

/**
 * One target, whatever becomes of it: a target that cannot be had is a report, so that it never fails another. `leader` is the pass of the target
 * that this one comes after, where that is part of the run: it is waited for, and nobody else is.
 */
async function syncOne(workspace: Workspace, target: TargetConfig, scene: SyncScene): Promise<TargetReport> {
  const before = await scene.leader;
  const work = (lender: Lender | undefined) => syncInTurn(workspace, target, { ...scene, before, lender });
  return inTurn(scene.invocation, target.name, work, ({ error }) => error === null);
}

async function syncInTurn(
  workspace: Workspace,
  target: TargetConfig,
  scene: SyncScene & { readonly before: TargetReport | null; readonly lender: Lender | undefined },
): Promise<TargetReport> {
  const { folder, sealed, request, invocation, before, lender } = scene;
  const { stop, kill } = invocation;
  const lockWaitMs = request.lockWaitMs ?? (workspace.underCi ? ciLockWaitMs : 0);
  try {
    return await workspace.exclusively(target, { command: 'kbsync sync', lockWaitMs, stop, kill, lender }, async (context) => {
      const options = optionsFor(context, sealed, request, workspace, invocation.cwd);
      const question = { folder, only: options.only, error: before?.error ?? null, signals: { stop, kill } };
      const after = request.trainOnly ? null : await unreadyLeader(target, workspace, question);
      const report = await syncTarget(context, folder, { ...options, after });
      if (request.verify === true && report.error === null) scene.verified(await verifyAfter(context, folder, report, lockWaitMs));
      return report;
    });
  } catch (thrown) {
    const error = asSyncError(thrown);
    // A bug that one vendor's answer brings out must not cut the others' runs short: told as loudly, when its turn to be told comes.
    if (error.code === 'UNEXPECTED') tellStack(error, invocation);
    return failedReport(target, error);
  }
}

/** The questions of what this run changed, and those that did not pass before. Where training has not ended they are inconclusive, never passed. */
async function verifyAfter(context: CycleContext, folder: Folder, report: TargetReport, lockWaitMs: number): Promise<VerifyReport> {
  const done = report.results.flatMap(({ operation, outcome }) => (outcome === 'done' ? [operation.document] : []));
  // No golden question is about the document of the freshness check.
  const changed = done.filter((document) => document !== canaryId);
  try {
    return await verifyTarget(context, folder, {
      which: { only: 'run', documents: new Set(changed) },
      only: () => true,
      kinds: { golden: true, unlearned: true },
      maxCalls: null,
      lockWaitMs,
    });
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    return blankVerify(context.target, error.record());
  }
}

function tellStack({ cause }: SyncError, { output }: Invocation): void {
  if (cause instanceof Error && cause.stack !== undefined) output.complain(visibleLines(cause.stack));
}

function optionsFor(
  { target, memory, emit }: Pick<CycleContext, 'target' | 'memory' | 'emit'>,
  sealed: SealedPlans | null,
  request: SyncRequest,
  workspace: Workspace,
  cwd: string,
): SyncOptions {
  const { allowDeletes, allowUpdates, initial, waitMs, trainOnly } = request;
  const approval = sealed === null ? null : approvalOf(sealed, target.name, memory.state.records);
  for (const document of approval?.changed ?? [])
    emit({
      kind: 'note',
      message: `${document} has been given to the bot anew since the plan was made: its delete is not approved any more`,
    });
  const paths = request.paths.length === 0 ? null : request.paths.map((given) => chosenPath(given, workspace, cwd));
  return {
    passes: { allowDeletes, allowUpdates, initial, sealed: approval?.approved ?? null },
    only: { ...everything, paths, failed: request.onlyFailed, limit: request.limit },
    offline: false,
    waitMs,
    trainOnly,
  };
}

function chosenPath(given: string, { config }: Workspace, cwd: string): string {
  const below = belowRoot(given, config.content.root, cwd);
  if (below === null) throw new SyncError('USAGE', { message: `${given} does not lie in the content folder ${config.content.root}` });
  return below;
}

async function sealedFrom(file: string): Promise<SealedPlans> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new SyncError('USAGE', { message: `--plan ${file} cannot be read`, cause });
  }
  return readSealed(text);
}

/** Which bot each target is, as its state has it. A state that cannot be read is told by that target's own report. */
async function identitiesOf(workspace: Workspace, targets: readonly TargetConfig[]) {
  const found: { target: string; identity: string | null }[] = [];
  for (const { name } of targets) {
    try {
      found.push({ target: name, identity: (await workspace.view(name)).state.identity });
    } catch (thrown) {
      if (asSyncError(thrown).code === 'UNEXPECTED') throw thrown;
    }
  }
  return found;
}

/**
 * --exact: if anything at all differs from the sealed plan, nothing is done and nothing is noted. Resolves to the reports of those targets that
 * could not be planned: they are left alone, and say nothing of the others.
 */
async function refuseDifferences(
  workspace: Workspace,
  targets: readonly TargetConfig[],
  folder: Folder,
  sealed: SealedPlans,
  request: SyncRequest,
  invocation: Invocation,
): Promise<ReadonlyMap<string, Promise<TargetReport>>> {
  const unplanned = new Map<string, Promise<TargetReport>>();
  const differencesAt = async (target: TargetConfig): Promise<readonly string[]> => {
    const before = sealed.plans.find((plan) => plan.target === target.name);
    if (before === undefined) return [`the plan does not speak of ${target.name}`];
    const signals = { stop: invocation.stop, kill: invocation.stop };
    try {
      const { plan } = await workspace.readOnly(target, signals, false, (context) =>
        planTarget(context, folder, optionsFor(context, sealed, request, workspace, invocation.cwd)),
      );
      return differences(before, plan).map((difference) => `${target.name}: ${difference}`);
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.code === 'UNEXPECTED') throw thrown;
      unplanned.set(target.name, Promise.resolve(failedReport(target, error)));
      return [];
    }
  };
  const found = (await Promise.all(targets.map(differencesAt))).flat();
  if (found.length === 0) return unplanned;
  throw new SyncError('HELD', {
    message: `the sealed plan no longer fits: ${found.join('; ')}`,
    next: 'make the plan again, or leave --exact out',
  });
}

async function noteRun(
  workspace: Workspace,
  report: TargetReport,
  startedAt: number,
  commit: string | null,
  { output }: Invocation,
): Promise<void> {
  if (report.error?.code === 'LOCKED') return;
  const exitCode = strongest(codesOf(report));
  const durationMs = Date.now() - startedAt;
  await noteInHistory(workspace, runEntry(report, { command: 'sync', startedAt, durationMs, commit, exitCode }), output);
}

function finish(
  invocation: Invocation,
  reports: readonly TargetReport[],
  folder: Folder & { readonly fetched: Fetched; readonly unsaved: SyncError | null },
  startedAt: number,
  /** `unread`: a file of golden questions is kept back for its mistakes. */
  tests: { readonly verified: readonly VerifyReport[]; readonly unread: boolean } | null,
): number {
  const { output, options, command } = invocation;
  const verified = tests?.verified ?? null;
  const invalid = folder.scan.problems.some((problem) => problem.severity === 'error');
  const exitCode = strongest([
    ...reports.flatMap(codesOf),
    ...codesOfVerify(verified ?? []),
    ...(tests?.unread === true ? [7] : []),
    ...(invalid ? [4] : []),
    // The bots hold what the folder was, and nobody knows what it is.
    ...(folder.fetched?.failing == null ? [] : [11]),
    // What was done is not where the next job will look.
    ...(folder.unsaved === null ? [] : [exitCodeOf(folder.unsaved.code)]),
    ...(invocation.stop.aborted ? [130] : []),
  ]);
  // The short object (version, command, exitCode, error) is for a command that failed as a whole and has nothing else to tell: errors that end it
  // before any target was looked at (2; see explain), and all of its targets locked (10). Where one target at least got further, it is told in full.
  const tried = reports.filter((report) => !isLeftAlone(report));
  const [locked] = tried;
  if (output.json && exitCode === 10 && locked !== undefined && tried.every((report) => report.error?.code === 'LOCKED')) {
    output.object(plain({ version: 1, command, exitCode, error: locked.error }));
    return exitCode;
  }
  if (folder.unsaved !== null) {
    output.complain(visibleLines(folder.unsaved.message));
    output.complain(`  next: ${visibleLines(folder.unsaved.next)}`);
  }
  output.answer(
    () =>
      plain({
        version: 1,
        command,
        exitCode,
        startedAt: new Date(startedAt).toISOString(),
        durationMs: Date.now() - startedAt,
        commit: folder.commit,
        ...gitJson(folder.fetched),
        ...(folder.unsaved !== null && { state: { error: folder.unsaved.record() } }),
        documents: { total: folder.scan.documents.length, invalid: invalidRows(folder.scan.problems) },
        targets: reports.map((report) => reportJson(report, options.verbose)),
        ...(verified !== null && { verify: verifyJson(verified) }),
      }),
    () => {
      for (const report of tried) printReport(report, output, options.verbose);
      if (verified !== null && verified.length > 0) output.data('golden questions:');
      for (const report of verified ?? []) printVerify(report, output);
    },
  );
  return exitCode;
}
