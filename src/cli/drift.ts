// `drift`: what the vendors hold against what kbsync left there. Reads, and notes what it found; --repair and --prune put it right.
import { type CycleContext, everything, noPasses } from '../cycle/context.ts';
import { type DriftLook, lookForDrift } from '../cycle/drift.ts';
import { type Folder, guardOf, renderOptionsOf, type Wanted, wantedBy } from '../cycle/folder.ts';
import { settleAll } from '../cycle/plan-target.ts';
import { pruneItems, pruneProven, tooMany } from '../cycle/prune.ts';
import { noteLook } from '../cycle/seen.ts';
import { syncTarget } from '../cycle.ts';
import type { TargetConfig } from '../model/config.ts';
import { standingFindings } from '../model/drift.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import type { TargetState } from '../model/record.ts';
import { type DriftItem, stillFound } from '../push/drift.ts';
import type { Lender, RunSignals, Workspace } from '../workspace.ts';
import { blankDrift, codesOfDrift, type DriftReport, driftJson, printDrift } from './drift-report.ts';
import { strongest } from './exit.ts';
import { type Invocation, inTurn, workspaceOf } from './invocation.ts';
import { createProgress } from './progress.ts';
import { plain, tellProblems } from './reports.ts';
import { ciLockWaitMs } from './sync.ts';

/** `drift`, parsed. */
export interface DriftRequest {
  /** Share of the documents whose texts are compared, 0…1. */
  readonly share: number;
  readonly repair: boolean;
  readonly prune: boolean;
  /** With --prune: the list was seen, do it. */
  readonly yes: boolean;
  readonly allowUpdates: number | null;
  readonly allowDeletes: number | null;
  /** Items that are not ours are told, and do not count. */
  readonly allowForeign: boolean;
  readonly lockWaitMs: number | null;
}

/** Runs `drift` and prints it. Resolves to the exit code. */
export async function drift(invocation: Invocation, request: DriftRequest): Promise<number> {
  const { output, options, command } = invocation;
  if (request.repair && request.prune)
    throw new SyncError('USAGE', { message: '--repair and --prune: one at a time', next: 'repair first, then prune' });
  if (request.yes && !request.prune)
    throw new SyncError('USAGE', { message: '--yes confirms the list of --prune, which was not asked for' });
  const progress = createProgress(output, options.verbose, Date.now);
  const workspace = await workspaceOf(invocation, progress.onEvent);
  try {
    const targets = workspace.targets(options.targets);
    const folder = folderOf(workspace, invocation);
    const reports = await Promise.all(
      targets.map((target) => {
        const { stop, kill } = invocation;
        const work = (lender: Place['lender']) => driftTarget({ workspace, target, folder, request, stop, kill, lender });
        return inTurn(invocation, target.name, work, ({ error }) => error === null);
      }),
    );
    progress.end();
    await workspace.saveCache();
    const codes = reports.flatMap((report) => codesOfDrift(report, request));
    const exitCode = strongest([...codes, ...(invocation.stop.aborted ? [130] : [])]);
    output.answer(
      () => plain({ version: 1, command, exitCode, targets: reports.map((report) => driftJson(report, options.verbose)) }),
      () => {
        for (const report of reports) printDrift(report, request, output, options.verbose);
      },
    );
    return exitCode;
  } finally {
    progress.end();
    await workspace.close();
  }
}

/** Read when the first target needs it, and once. */
function folderOf(workspace: Workspace, { output }: Invocation): () => Promise<Folder> {
  let read: Promise<Folder> | null = null;
  return () => {
    read ??= workspace.readFolder().then((folder) => {
      tellProblems(folder.scan.problems, output);
      return folder;
    });
    return read;
  };
}

/** All that one target needs. */
export interface Place extends RunSignals {
  readonly workspace: Workspace;
  readonly target: TargetConfig;
  readonly folder: () => Promise<Folder>;
  readonly request: DriftRequest;
  /** Of a command handed to the daemon: others at that target. */
  readonly lender?: Lender | undefined;
}

/** One target, whatever becomes of it. */
export async function driftTarget(place: Place): Promise<DriftReport> {
  const { workspace, target, request, stop, kill, lender } = place;
  const writes = request.repair || request.prune;
  const paused = writes ? workspace.pausedWhy(target) : null;
  if (paused !== null) return { ...blankDrift(target), reason: `${paused}: left alone` };
  try {
    if (!writes) return await lookOnly(place);
    const lockWaitMs = request.lockWaitMs ?? (workspace.underCi ? ciLockWaitMs : 0);
    const how = { command: `kbsync drift --${request.repair ? 'repair' : 'prune'}`, lockWaitMs, stop, kill, lender };
    return await workspace.exclusively(target, how, (context) => (request.repair ? repair(context, place) : prune(context, place)));
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    return { ...blankDrift(target), error: error.record() };
  }
}

/** Looks without the lock, which may take long, and notes what it found where nobody holds it. */
async function lookOnly(place: Place): Promise<DriftReport> {
  const { workspace, target, stop, kill } = place;
  // There is nothing to finish in good order: the first signal drops the reads.
  const signals = { stop, kill: stop };
  const { look, requests } = await workspace.readOnly(target, signals, false, async (context) => ({
    look: await lookFor(context, place),
    requests: context.connection.requests(),
  }));
  if (!look.checked) return reportOf(target, look, null, { requests });
  const how = { command: 'kbsync drift', lockWaitMs: 0, stop, kill, offline: true };
  try {
    return await workspace.exclusively(target, how, async (context) => {
      const { state, open } = context.memory;
      const findings = stillFound(look.findings, look.before, state, open);
      await note(context, look, findings);
      return reportOf(target, look, state, { findings, requests });
    });
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code !== 'LOCKED') throw thrown;
    // It may have changed what was looked at meanwhile: only what still holds is told.
    const { state, open } = await workspace.view(target.name);
    const findings = stillFound(look.findings, look.before, state, open);
    return reportOf(target, look, state, { findings, requests, notes: [`not noted for kbsync status: ${error.message}`] });
  }
}

async function lookFor(context: CycleContext, place: Place): Promise<DriftLook> {
  let wanted: Promise<Wanted> | null = null;
  const payload = async (document: string) => {
    wanted ??= place.folder().then((folder) => wantedIn(context, folder));
    return (await wanted).payload(document);
  };
  return lookForDrift(context, { share: place.request.prune ? 0 : place.request.share, payload });
}

function wantedIn({ target, connection, nowMs, knownSecrets }: CycleContext, folder: Folder): Promise<Wanted> {
  return wantedBy(target, folder, renderOptionsOf(target, connection.target.traits), nowMs(), guardOf(knownSecrets));
}

async function note(context: CycleContext, look: DriftLook & { checked: true }, findings: readonly DriftItem[]): Promise<void> {
  await noteLook(context, look.listing, findings, look.texts);
  await context.memory.checkpoint();
}

/** What the look found, put right by an ordinary sync of exactly those documents, through every brake. */
async function repair(context: CycleContext, place: Place): Promise<DriftReport> {
  const { target, memory } = context;
  await settleAll(context);
  const look = await lookFor(context, place);
  if (!look.checked) return reportOf(target, look, null, {});
  const { findings, before, listing } = look;
  await note(context, look, findings);
  const requests = () => context.connection.requests();
  if (findings.length + listing.removed.length === 0) return reportOf(target, look, memory.state, { requests: requests() });
  const paths = [...new Set(findings.flatMap(({ path, document }) => [path, document]))];
  const report = await syncTarget(context, await place.folder(), {
    passes: { ...noPasses, allowUpdates: place.request.allowUpdates, allowDeletes: place.request.allowDeletes },
    only: { ...everything, paths },
    offline: false,
    waitMs: null,
    trainOnly: false,
    found: { before, listing: { findings, removed: listing.removed, proven: listing.proven } },
  });
  return reportOf(target, look, memory.state, { repair: report, left: standingFindings(memory.state).length, requests: requests() });
}

/** The list first, with the proof of each; then, with --yes, the deletes and the training that they need. */
async function prune(context: CycleContext, place: Place): Promise<DriftReport> {
  const { target, memory } = context;
  const { request } = place;
  await settleAll(context);
  const look = await lookFor(context, place);
  if (!look.checked) return reportOf(target, look, null, {});
  await note(context, look, look.findings);
  const folder = await place.folder();
  const wanted = await wantedIn(context, folder);
  const items = pruneItems(context, folder, wanted, look.listing.items);
  const going = items.filter(({ left }) => left === null);
  const held = tooMany(going.length, context, request.allowDeletes);
  const requests = () => context.connection.requests();
  if (!request.yes || going.length === 0 || held !== null) {
    const heldBy =
      held === null ? null : { message: held, passWith: `drift --target ${target.name} --prune --yes --allow-deletes ${going.length}` };
    return reportOf(target, look, memory.state, { prune: { items, results: [], held: heldBy }, requests: requests() });
  }
  const { results, stoppedBy } = await pruneProven(items, context, folder, wanted);
  const trained = await syncTarget(context, folder, {
    passes: noPasses,
    only: everything,
    offline: false,
    waitMs: null,
    trainOnly: true,
  });
  const error = stoppedBy?.record() ?? null;
  return reportOf(target, look, memory.state, { prune: { items, results, held: null }, training: trained, error, requests: requests() });
}

function reportOf(target: TargetConfig, look: DriftLook, state: TargetState | null, patch: Partial<DriftReport>): DriftReport {
  const blank = blankDrift(target);
  if (!look.checked) return { ...blank, reason: look.reason, ...patch };
  const { listing, texts, notes } = look;
  const counts = { outOfScope: state?.lastSync?.outOfScope ?? 0, leftovers: state?.leftovers.length ?? 0 };
  const findings = patch.findings ?? look.findings;
  return {
    ...blank,
    checked: true,
    findings,
    foreign: listing.foreign,
    texts: { compared: texts?.compared.size ?? 0, of: texts?.of ?? Object.keys(look.before.records).length, young: texts?.young ?? 0 },
    youngMs: look.youngMs,
    ...counts,
    error: texts?.error?.record() ?? null,
    left: findings.length,
    ...patch,
    notes: [...notes, ...(patch.notes ?? [])],
  };
}
