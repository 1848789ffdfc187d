// `plan`: what a sync would do, and why. Reads; writes nothing to any vendor and nothing to the state.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { everything, noPasses } from '../cycle/context.ts';
import type { Folder } from '../cycle/folder.ts';
import { planTarget } from '../cycle/plan-target.ts';
import type { TargetConfig } from '../model/config.ts';
import { asSyncError, type SyncError } from '../model/error.ts';
import type { Plan } from '../model/operation.ts';
import type { TargetReport } from '../model/report.ts';
import { visible } from '../plan/escape.ts';
import { planJson, printPlan } from '../plan/print.ts';
import { writeSealed } from '../plan/seal.ts';
import { trainingCounts } from '../training/follow.ts';
import type { Workspace } from '../workspace.ts';
import { codeOfStop, strongest } from './exit.ts';
import { failedReport, pausedNote } from './failed-report.ts';
import { type Invocation, workspaceOf } from './invocation.ts';
import { createProgress } from './progress.ts';
import { invalidRows, plain, reportJson, tellProblems, trainingJson } from './reports.ts';

/** `plan`, parsed. */
export interface PlanRequest {
  readonly out: string | null;
  readonly format: 'text' | 'markdown';
  readonly detailedExitCode: boolean;
  readonly offline: boolean;
}

interface PlannedTarget {
  readonly target: TargetConfig;
  readonly plan: Plan | null;
  /** Which bot it is known to be; null: never met. */
  readonly identity: string | null;
  readonly training: TargetReport['training'];
  readonly requests: { readonly read: number; readonly write: number };
  readonly error: SyncError | null;
}

/** Runs `plan` and prints it. Resolves to the exit code. */
export async function plan(invocation: Invocation, request: PlanRequest): Promise<number> {
  const { output, options, command } = invocation;
  const startedAt = Date.now();
  const progress = createProgress(output, options.verbose, Date.now);
  const workspace = await workspaceOf(invocation, progress.onEvent);
  try {
    const folder = await workspace.readFolder();
    tellProblems(folder.scan.problems, output);
    const targets = workspace.targets(options.targets);
    const planned = await Promise.all(targets.map((target) => planOne(workspace, target, folder, request, invocation)));
    progress.end();
    await writeOut(planned, folder, workspace, request, invocation, startedAt);
    const exitCode = codeOf(planned, folder, request);
    output.answer(
      () =>
        plain({
          version: 1,
          command,
          exitCode,
          startedAt: new Date(startedAt).toISOString(),
          durationMs: Date.now() - startedAt,
          commit: folder.commit,
          documents: { total: folder.scan.documents.length, invalid: invalidRows(folder.scan.problems) },
          targets: planned.map(rowOf),
        }),
      () => print(planned, request, invocation),
    );
    return exitCode;
  } finally {
    progress.end();
    await workspace.close();
  }
}

async function planOne(
  workspace: Workspace,
  target: TargetConfig,
  folder: Folder,
  { offline }: PlanRequest,
  invocation: Invocation,
): Promise<PlannedTarget> {
  try {
    // There is nothing to finish in good order: the first signal drops the reads.
    const signals = { stop: invocation.stop, kill: invocation.stop };
    return await workspace.readOnly(target, signals, offline, async (context) => {
      const { plan: made, identity: found } = await planTarget(context, folder, { passes: noPasses, only: everything, offline });
      const { state } = context.memory;
      return {
        target,
        plan: target.paused ? { ...made, notes: [pausedNote, ...made.notes] } : made,
        identity: state.identity ?? found,
        training: trainingCounts(state),
        requests: context.connection.requests(),
        error: null,
      };
    });
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    const { training, requests } = failedReport(target, error);
    return { target, plan: null, identity: null, training, requests, error };
  }
}

function rowOf({ target, plan: made, training, requests, error }: PlannedTarget) {
  if (made === null) return error === null ? {} : reportJson(failedReport(target, error));
  return plain({ ...planJson(made), requests, training: trainingJson(training, true), error: null });
}

function print(planned: readonly PlannedTarget[], { format }: PlanRequest, { output, options }: Invocation): void {
  for (const { target, plan: made, error } of planned) {
    if (made !== null) output.data(printPlan(made, { format, verbose: options.verbose }).trimEnd());
    if (error !== null) {
      output.complain(
        `${output.style('bad', 'error')} ${target.name}: ${visible(error.message)}${error.vendor === null ? '' : ` (the vendor says: ${visible(error.vendor)})`}`,
      );
      output.complain(`  next: ${visible(error.next)}`);
    }
  }
}

/** A plan is 0 whatever it says, but for --detailed-exitcode (3: there are changes) and for what kept it from being made. Brakes: 5. */
function codeOf(planned: readonly PlannedTarget[], folder: Folder, request: PlanRequest): number {
  const codes: number[] = [];
  for (const { target, plan: made, error } of planned) {
    if (error !== null && target.required) codes.push(codeOfStop(error.code));
    if (made === null) continue;
    if (request.detailedExitCode && made.operations.length > 0) codes.push(3);
  }
  if (request.detailedExitCode && folder.scan.problems.some((problem) => problem.severity === 'error')) codes.push(4);
  return strongest(codes);
}

async function writeOut(
  planned: readonly PlannedTarget[],
  folder: Folder,
  workspace: Workspace,
  request: PlanRequest,
  invocation: Invocation,
  startedAt: number,
): Promise<void> {
  if (request.out === null) return;
  const plans = planned.flatMap(({ plan: made }) => (made === null ? [] : [made]));
  const identities = Object.fromEntries(planned.map(({ target, identity }) => [target.name, identity]));
  const meta = { workspace: workspace.config.name, createdAt: new Date(startedAt).toISOString(), commit: folder.commit, identities };
  const file = path.resolve(invocation.cwd, request.out);
  await writeFile(file, writeSealed(plans, meta), { mode: 0o600 });
  invocation.output.talk(`sealed plan written to ${visible(request.out)}; apply it with: kbsync sync --plan ${visible(request.out)}`);
}
