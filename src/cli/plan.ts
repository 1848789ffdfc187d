// `plan`: what a sync would do, and why. Reads; writes nothing to any vendor and nothing to the state.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Scan } from '../content/scan.ts';
import { fenceCount } from '../content/select.ts';
import { everything, noPasses } from '../cycle/context.ts';
import type { Folder } from '../cycle/folder.ts';
import { planTarget } from '../cycle/plan-target.ts';
import { unreadyLeader } from '../cycle/staging.ts';
import type { TargetConfig } from '../model/config.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import type { Operation, Plan } from '../model/operation.ts';
import type { TargetReport } from '../model/report.ts';
import { visible } from '../plan/escape.ts';
import { planJson, printPlan } from '../plan/print.ts';
import { type Takes, takesOf, writeSealed } from '../plan/seal.ts';
import { byText, counted, figure } from '../plan/words.ts';
import { trainingCounts } from '../training/follow.ts';
import type { Workspace } from '../workspace.ts';
import { codeOfStop, strongest } from './exit.ts';
import { failedReport, pausedNote } from './failed-report.ts';
import { fetchContent, gitJson } from './fetch-content.ts';
import { type Invocation, workspaceOf } from './invocation.ts';
import { type Diffs, dataDiffLimits, diffLimits, diffsOf, leftOutNote, verboseDiffLimits } from './plan-diff.ts';
import { createProgress } from './progress.ts';
import { invalidRows, plain, reportJson, tellProblems, trainingJson } from './reports.ts';

/** `plan`, parsed. */
export interface PlanRequest {
  readonly out: string | null;
  readonly format: 'text' | 'markdown';
  readonly detailedExitCode: boolean;
  readonly offline: boolean;
  /** Beneath each operation, what changes in the text that the bot reads. */
  readonly diff: boolean;
  /** Plans as if it were this moment, in milliseconds since 1970; null: now. */
  readonly atMs: number | null;
  /** Where the folder comes from git: fetch first, unless it is offline. Left out: yes. */
  readonly fetch?: boolean;
}

interface PlannedTarget {
  readonly target: TargetConfig;
  readonly plan: Plan | null;
  /** Which bot it is known to be; null: never met. */
  readonly identity: string | null;
  /** What its deletes take out. */
  readonly takes: Takes;
  readonly training: TargetReport['training'];
  /** Null without --diff. */
  readonly diffs: Diffs | null;
  readonly requests: { readonly read: number; readonly write: number };
  readonly error: SyncError | null;
}

/** Runs `plan` and prints it. Resolves to the exit code. */
export async function plan(invocation: Invocation, request: PlanRequest): Promise<number> {
  const { output, options, command } = invocation;
  const startedAt = Date.now();
  const { atMs } = request;
  if (atMs !== null && request.out !== null) {
    const message = '--at plans another moment: such a plan cannot be sealed with --out, nor applied';
    throw new SyncError('USAGE', { message, next: 'leave one of the two options out' });
  }
  const progress = createProgress(output, options.verbose, Date.now);
  const workspace = await workspaceOf(invocation, progress.onEvent);
  try {
    const unread = await lookAtBranch(workspace, invocation, request);
    const fetched = await fetchContent(workspace, invocation, request.fetch !== false && !request.offline);
    const folder = await workspace.readFolder(atMs ?? undefined);
    tellProblems(folder.scan.problems, output);
    if (atMs !== null) output.talk(`planned as if it were ${new Date(atMs).toISOString()}; nothing of this is done now`);
    const targets = workspace.targets(options.targets);
    const planned = await Promise.all(targets.map((target) => planOne(workspace, target, folder, request, unread, invocation)));
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
          ...(atMs !== null && { at: new Date(atMs).toISOString() }),
          commit: folder.commit,
          ...gitJson(fetched),
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

/** --offline needs no credentials: where the branch of the state cannot be read (a pull request from a fork), it is planned without, and said; null: it was read. */
async function lookAtBranch({ stateBranch }: Workspace, { output, stop }: Invocation, { offline }: PlanRequest): Promise<string | null> {
  try {
    await stateBranch?.look(stop);
    return null;
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (!offline || (error.code !== 'STATE_UNWRITABLE' && error.code !== 'SECRET_MISSING')) throw thrown;
    const words = `${error.message}: planned with what the state folder holds, which may be nothing`;
    output.complain(visible(words));
    return words;
  }
}

async function planOne(
  workspace: Workspace,
  target: TargetConfig,
  folder: Folder,
  { offline, diff, atMs }: PlanRequest,
  unread: string | null,
  invocation: Invocation,
): Promise<PlannedTarget> {
  try {
    // There is nothing to finish in good order: the first signal drops the reads.
    const signals = { stop: invocation.stop, kill: invocation.stop };
    return await workspace.readOnly(target, signals, offline, async (context) => {
      const at = atMs === null ? {} : { atMs };
      // What this plan shows of the leader, a sync does first: only what is left out of it must be well already.
      const together = leaderOf(target, workspace, invocation);
      const question = { folder, only: everything, error: null, signals, ...at };
      const after = together === null ? await unreadyLeader(target, workspace, question) : null;
      const options = { passes: noPasses, only: everything, offline, ...at, after };
      const planned = await planTarget(context, folder, options);
      const { verbose, json } = invocation.options;
      const limits = verbose ? verboseDiffLimits : json ? dataDiffLimits : diffLimits;
      const diffs = diff ? await diffsOf(context, planned, limits) : null;
      const paused = workspace.pausedWhy(target);
      const notes = [
        // In the plan itself, too: who reads it on a pull request has no log at hand, and takes all for new.
        unread,
        paused === null ? null : pausedNote(paused),
        together === null ? null : `pushed after ${together}, and only if that goes well`,
        ...planned.plan.notes,
        fenceNote(target, folder.scan, planned.plan),
        diffs === null ? null : leftOutNote(diffs),
      ];
      const { state } = context.memory;
      return {
        target,
        plan: { ...planned.plan, notes: notes.filter((note) => note !== null) },
        identity: state.identity ?? planned.identity,
        takes: takesOf(planned.plan, state.records),
        training: trainingCounts(state),
        diffs,
        requests: context.connection.requests(),
        error: null,
      };
    });
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    const { training, requests } = failedReport(target, error);
    return { target, plan: null, identity: null, takes: {}, training, diffs: null, requests, error };
  }
}

/** The target that this one comes after, where the same plan is about it, too. */
function leaderOf({ after }: TargetConfig, workspace: Workspace, { options }: Invocation): string | null {
  const leader = workspace.targets(options.targets).find(({ name }) => name === after);
  return leader === undefined || leader.paused ? null : leader.name;
}

/** The proof that a fence holds: what stands on either side of it, and that nothing from outside is among what is sent. */
function fenceNote(target: TargetConfig, scan: Scan, made: Plan): string | null {
  const count = fenceCount(target, scan.documents, scan.claims);
  if (count === null || target.audience === null) return null;
  const stays = count.blocked === 0 ? '' : ` and ${figure(count.blocked)} blocked (left as they are)`;
  const fence = `fence [${target.audience.join(', ')}]: ${counted(count.inside, 'document')}${stays} inside`;
  const total = [...count.outside.values()].reduce((sum, each) => sum + each, 0);
  if (total === 0) return `${fence}, none outside`;
  const each = [...count.outside]
    .sort(([a], [b]) => byText(a, b))
    .map(([audience, n]) => `${figure(n)} ${audience === '' ? 'without an audience' : audience}`);
  const retracted = made.operations.filter((operation) => operation.action === 'delete' && operation.retraction).length;
  const first = retracted === 0 ? '' : `; ${counted(retracted, 'retraction')} before anything else`;
  return `${fence}, ${figure(total)} outside (${each.join(', ')}): not sent${first}`;
}

function rowOf({ target, plan: made, training, diffs, requests, error }: PlannedTarget) {
  if (made === null) return error === null ? {} : reportJson(failedReport(target, error));
  const json = planJson(made);
  const operations = json.operations.map((row, index) => {
    const id = made.operations[index]?.id;
    return diffs === null || id === undefined ? row : { ...row, diff: diffs.byOperation.get(id) ?? null };
  });
  return plain({ ...json, operations, requests, training: trainingJson(training, true), error: null });
}

function print(planned: readonly PlannedTarget[], { format }: PlanRequest, { output, options }: Invocation): void {
  for (const { target, plan: made, diffs, error } of planned) {
    const detail = (operation: Operation) => diffs?.byOperation.get(operation.id) ?? null;
    if (made !== null) output.data(printPlan(made, { format, verbose: options.verbose, detail }).trimEnd());
    if (error !== null) {
      output.complain(
        `${output.style('bad', 'error')} ${target.name}: ${visible(error.message)}${error.vendor === null ? '' : ` (the vendor says: ${visible(error.vendor)})`}`,
      );
      output.complain(`  next: ${visible(error.next)}`);
    }
  }
}

/** A plan is 0 whatever it says, but for --detailed-exitcode (3: there are changes; 4: a file is at fault) and for what kept it from being made. Brakes: 5. */
function codeOf(planned: readonly PlannedTarget[], folder: Folder, request: PlanRequest): number {
  const codes: number[] = [];
  for (const { target, plan: made, error } of planned) {
    if (error !== null && target.required) codes.push(codeOfStop(error.code));
    if (made === null) continue;
    if (request.detailedExitCode && made.operations.length > 0) codes.push(3);
    // A document that its text keeps from this bot: too large for it, what lint found, a key of the configuration.
    if (request.detailedExitCode && target.required && made.blocked.some(({ error: why }) => why !== null)) codes.push(4);
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
  const takes = Object.fromEntries(planned.map((one) => [one.target.name, one.takes]));
  const meta = { workspace: workspace.config.name, createdAt: new Date(startedAt).toISOString(), commit: folder.commit, identities, takes };
  const file = path.resolve(invocation.cwd, request.out);
  await writeFile(file, writeSealed(plans, meta), { mode: 0o600 });
  invocation.output.talk(`sealed plan written to ${visible(request.out)}; apply it with: kbsync sync --plan ${visible(request.out)}`);
}
