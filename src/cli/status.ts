// `status`: which revision of each document each bot knows. Local and instant, unless --live asks the vendors first.

import { readRevision } from '../content/revision.ts';
import { everything, noPasses } from '../cycle/context.ts';
import { syncTarget } from '../cycle.ts';
import type { TargetConfig } from '../model/config.ts';
import { asSyncError, exitCodeOf, SyncError } from '../model/error.ts';
import { insteadOfPassing } from '../model/pass.ts';
import { emptyState } from '../model/record.ts';
import { visible } from '../plan/escape.ts';
import type { HistoryEntry } from '../state/history.ts';
import {
  age,
  canarySentence,
  deriveStatus,
  driftSentence,
  short,
  statusSentence,
  type TargetStatus,
  testsSentence,
} from '../status/derive.ts';
import { statusRow } from '../status/rows.ts';
import type { Workspace } from '../workspace.ts';
import { strongest } from './exit.ts';
import { gitJson } from './fetch-content.ts';
import { durationOption, type Invocation, workspaceOf } from './invocation.ts';
import { figure, plain } from './reports.ts';

/** `status`, parsed. */
export interface StatusRequest {
  readonly documents: boolean;
  readonly live: boolean;
  readonly failIf: readonly string[];
}

type Condition = (status: TargetStatus, nowMs: number) => boolean;

/** Runs `status` and prints it. Resolves to 0, to 3 where a --fail-if condition holds, or to 1 where a state cannot be read. */
export async function status(invocation: Invocation, request: StatusRequest): Promise<number> {
  const { output, options } = invocation;
  const conditions = request.failIf.map(conditionOf);
  const workspace = await workspaceOf(invocation);
  try {
    const targets = workspace.targets(options.targets);
    if (request.live) await askVendors(workspace, targets, invocation);
    const looks = await Promise.all(targets.map((target) => lookAt(workspace, target)));
    const counted = looks.filter(({ target }) => target.required);
    const holding = conditions.some((holds) => counted.some(({ status: one }) => holds(one, workspace.now())));
    const failures = counted.flatMap(({ error }) => (error === null ? [] : [exitCodeOf(error.code)]));
    const exitCode = strongest([...failures, ...(holding ? [3] : [])]);
    const fetched = workspace.source?.view() ?? null;
    const { commit } = fetched ?? (await readRevision(workspace.config.content.root));
    const runs = lastRuns(workspace.history.read({ limit: recentRuns, where: ({ kind }) => kind === 'run' }).entries);
    output.answer(
      () =>
        plain({
          version: 1,
          command: 'status',
          exitCode,
          commit,
          ...gitJson(fetched),
          targets: looks.map((look) => rowOf(look, request.documents, runs)),
        }),
      () => {
        for (const look of looks) print(look, request.documents, invocation, runs);
        if (fetched?.failing != null) output.complain(`${visible(fetched.failing.message)} (since ${fetched.failing.since})`);
      },
    );
    return exitCode;
  } finally {
    await workspace.close();
  }
}

interface Look {
  readonly target: TargetConfig;
  /** That of an empty state where it cannot be read. */
  readonly status: TargetStatus;
  readonly error: SyncError | null;
  readonly paused: string | null;
}

/** One target from its state. A state that cannot be read is a row of its own, so that it never hides the others. */
async function lookAt(workspace: Workspace, target: TargetConfig): Promise<Look> {
  const paused = workspace.pausedWhy(target);
  const tests = workspace.tests(target.name);
  const canary = target.canary ? tests.canary() : null;
  const base = { name: target.name, vendor: target.vendor, nowMs: workspace.now(), tests: tests.memory(), canary };
  try {
    return { target, status: deriveStatus({ ...base, ...(await workspace.view(target.name)) }), error: null, paused };
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    return { target, status: deriveStatus({ ...base, state: emptyState(target.name), open: [] }), error, paused };
  }
}

/** So many of the newest entries are looked through. */
const recentRuns = 1_000;

/** What stopped a target's latest run: its code, and when. */
interface Stopped {
  readonly error: string;
  readonly at: string;
}

/** Of each target whose latest run was stopped. */
function lastRuns(entries: readonly HistoryEntry[]): ReadonlyMap<string, Stopped> {
  const found = new Map<string, Stopped>();
  for (const { target, kind, error, at } of entries) {
    if (kind !== 'run') continue;
    if (typeof error === 'string') found.set(target, { error, at });
    else found.delete(target);
  }
  return found;
}

function rowOf({ target, status, error, paused }: Look, documents: boolean, runs: ReadonlyMap<string, Stopped>) {
  const row = statusRow(status, documents);
  return { ...row, paused: paused !== null, stoppedBy: runs.get(target.name) ?? null, error: error?.record() ?? null };
}

async function askVendors(workspace: Workspace, targets: readonly TargetConfig[], invocation: Invocation): Promise<void> {
  const folder = await workspace.readFolder();
  await Promise.all(
    targets.map(async (target) => {
      try {
        const how = { command: 'kbsync status --live', lockWaitMs: 0, stop: invocation.stop, kill: invocation.kill };
        const only = { passes: noPasses, only: everything, offline: false, waitMs: 0, trainOnly: true };
        const { error } = await workspace.exclusively(target, how, (context) => syncTarget(context, folder, only));
        if (error !== null) invocation.output.complain(`${target.name}: not asked: ${visible(error.message)}`);
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (error.code === 'UNEXPECTED') throw thrown;
        invocation.output.complain(`${target.name}: not asked: ${visible(error.message)}`);
      }
    }),
  );
}

function print(
  { target, status, error: failure, paused }: Look,
  documents: boolean,
  { output }: Invocation,
  runs: ReadonlyMap<string, Stopped>,
): void {
  if (failure !== null) {
    output.data(`${output.style('bad', 'error')} ${visible(status.name)}: ${visible(failure.message)}`);
    output.data(`  next: ${visible(failure.next)}`);
    return;
  }
  const { counts, held, lastSync, forgetting, retracted, outOfScope } = status;
  output.data(output.style(status.inSync ? 'good' : 'warn', visible(statusSentence(status))));
  const words = (['trained', 'training', 'pending', 'failed', 'stuck', 'unknown', 'unconfirmed', 'todo', 'leftovers'] as const).flatMap(
    (name) => (counts[name] === 0 ? [] : [`${figure(counts[name])} ${name}`]),
  );
  if (forgetting > 0) words.push(`${figure(forgetting)} deleted but not yet forgotten`);
  if (retracted.length > 0) words.push(`${figure(retracted.length)} kept out by retract (${visible(few(retracted))})`);
  if (outOfScope > 0) words.push(`${figure(outOfScope)} out of scope`);
  const when = lastSync === null ? '' : `; last sync ${age(Date.now() - Date.parse(lastSync.at))} ago`;
  output.data(`  ${words.length === 0 ? 'nothing there yet' : words.join(', ')}${when}`);
  if (paused !== null) output.data(`  ${output.style('warn', 'paused')}${paused.replace(/^paused/, '')}: nothing is sent`);
  const stopped = runs.get(target.name);
  if (stopped !== undefined) {
    const ago = age(Math.max(0, Date.now() - Date.parse(stopped.at)));
    output.data(`  ${output.style('bad', 'stopped')} the last run: ${visible(stopped.error)}, ${ago} ago`);
  }
  for (const { id, rule, message, passWith } of held) {
    const instead = insteadOfPassing({ rule }, target.name);
    output.data(
      `  ${output.style('bad', `held ${id}`)}: ${visible(message.replace(/\.$/, ''))}${instead === null ? '' : `; to match what is there: ${visible(instead)}`}${passWith === null ? '' : `; to pass it: kbsync ${visible(passWith)}`}`,
    );
  }
  const drift = driftSentence(status);
  if (drift !== null) output.data(`  ${output.style('warn', visible(drift))}`);
  const tests = testsSentence(status);
  if (tests !== null) output.data(`  ${output.style((status.tests?.counts.fail ?? 0) > 0 ? 'bad' : 'dim', tests)}`);
  for (const { document, question } of status.tests?.failing.slice(0, shownIds) ?? []) {
    output.data(`    fail ${visible(document === null ? question : `${document}: ${question}`)}`);
  }
  const canary = canarySentence(status);
  if (canary !== null) output.data(`  ${output.style(status.canary?.failing === true ? 'bad' : 'dim', visible(canary))}`);
  for (const line of byHandLines(status)) output.data(`  ${output.style('warn', 'by hand')} ${visible(line)}`);
  if (counts.todo + counts.unconfirmed + status.byHand > 0) output.data('  see: kbsync todo');
  if (!documents) return;
  for (const one of status.documents) {
    const knows = one.trainedFingerprint === null ? 'knows none' : `knows ${short(one.trainedCommit ?? one.trainedFingerprint)}`;
    // Without an item it was never taken, which is known.
    const never = one.remoteIds.length === 0 && one.error !== null ? 'none' : 'unknown';
    const pushed = one.pushedFingerprint === null ? never : short(one.pushedCommit ?? one.pushedFingerprint);
    const error = one.error === null ? '' : `: ${visible(one.error.message)}`;
    output.data(
      `  ${one.training.padEnd(8)} ${visible(one.document)}  ${knows}, given ${pushed}  [${one.remoteIds.map(visible).join(', ')}]${error}`,
    );
  }
}

/** The first ones by name. */
function few(ids: readonly string[]): string {
  const more = ids.length > shownIds ? ` and ${figure(ids.length - shownIds)} more` : '';
  return `${ids.slice(0, shownIds).join(', ')}${more}`;
}

/** Where to go and what to do, once for each way; the numbers are those of `kbsync todo`. */
function byHandLines({ todos, byHand }: TargetStatus): string[] {
  const ways = new Map<string, string[]>();
  for (const { id, operation, how } of todos) {
    const way = `${operation.action}: ${how}`;
    ways.set(way, [...(ways.get(way) ?? []), id]);
  }
  const lines = [...ways].map(([way, ids]) => {
    const more = ids.length > shownIds ? ` and ${figure(ids.length - shownIds)} more` : '';
    return `${ids.slice(0, shownIds).join(', ')}${more}, ${way}`;
  });
  if (byHand > 0)
    lines.push(byHand === 1 ? '1 copy left over, to be removed there' : `${figure(byHand)} copies left over, to be removed there`);
  return lines;
}

const shownIds = 5;

/** One --fail-if as a question to a status. USAGE where it is none of the known ones. */
function conditionOf(text: string): Condition {
  switch (text) {
    case 'pending':
      return ({ counts, behind, forgetting }) => counts.pending + counts.training + counts.stuck + behind.length + forgetting > 0;
    case 'failed':
      // What the vendor did not take was never in training: only its error tells.
      return ({ counts, behind }) => counts.failed + counts.stuck > 0 || behind.some(({ error }) => error !== null);
    case 'todo':
      return ({ counts, byHand }) => counts.todo + byHand > 0;
    case 'unconfirmed':
      return ({ counts }) => counts.unconfirmed > 0;
    default: {
      const match = /^stale=(.+)$/.exec(text);
      if (match === null)
        throw new SyncError('USAGE', { message: `--fail-if: found "${text}", expected pending, failed, todo, unconfirmed or stale=2h` });
      const limitMs = durationOption('--fail-if stale', match[1] ?? '');
      return ({ lastSync, behind }, nowMs) =>
        lastSync === null || nowMs - Date.parse(lastSync.at) > limitMs || behind.some((one) => (one.ageMs ?? 0) > limitMs);
    }
  }
}
