// `gaps`: what users asked the bots in vain, grouped and mapped to the documents. Reads the vendors and the folder; writes nothing but the
// drafts that --as-tests names, and into no history or log.
import path from 'node:path';
import { SyncError } from '../model/error.ts';
import { groupQuestions } from '../verify/gaps.ts';
import type { Workspace } from '../workspace.ts';
import { codeOfStop, strongest } from './exit.ts';
import { mapGaps } from './gaps-map.ts';
import { type ReadRequest, readTarget, type TargetRead } from './gaps-read.ts';
import { type GapsReport, gapsJson, gapsMarkdown, printGaps } from './gaps-report.ts';
import { draftTests } from './gaps-tests.ts';
import { type Invocation, type Since, workspaceOf } from './invocation.ts';
import { readPassages } from './passages.ts';
import { createProgress } from './progress.ts';

/** `gaps`, parsed. */
export interface GapsRequest {
  /** Null: the last seven days. */
  readonly since: Since | null;
  /** Groups that are shown. */
  readonly limit: number;
  /** Exchanges of one target at most. */
  readonly most: number;
  readonly format: 'text' | 'markdown';
  readonly unmasked: boolean;
  /** A file for drafts of tests; true: on stdout; null: none are drafted. */
  readonly asTests: string | true | null;
  /** Further words by which a bot says that it does not know. */
  readonly unknown: readonly string[];
}

const week = 7 * 86_400_000;
/** Groups that are looked up in the documents, the most frequent first: who reads more? */
const mostMapped = 1_000;

/** Reads, groups and prints. Resolves to 0, or to the exit code of what kept a bot's conversations from being read. */
export async function gaps(invocation: Invocation, request: GapsRequest, open: typeof workspaceOf = workspaceOf): Promise<number> {
  const { output, options } = invocation;
  checkRequest(request, options.json);
  const progress = createProgress(output, options.verbose, Date.now);
  const workspace = await open(invocation, progress.onEvent);
  try {
    if (request.unmasked)
      output.complain('warning: --unmasked shows what users wrote, personal data and all: keep it out of logs, issues and chats');
    const drafts = typeof request.asTests === 'string' ? draftFile(request.asTests, invocation, workspace) : null;
    const report = await gapsOf(workspace, { targets: invocation.options.targets, stop: invocation.stop }, request);
    progress.end();
    const exitCode = codeOf(report.reads, invocation.stop);
    const tests = request.asTests === null ? null : draftTests(report.gaps.slice(0, report.limit), report.since);
    if (drafts !== null && tests !== null) await writeNew(workspace, drafts, tests);
    output.answer(
      () => gapsJson(report, exitCode, drafts),
      () => {
        if (request.asTests === true) output.verbatim(tests ?? '');
        else if (request.format === 'markdown') output.verbatim(gapsMarkdown(report));
        else printGaps(report, output);
      },
    );
    if (drafts !== null) output.talk(`drafted ${Math.min(report.gaps.length, report.limit)} tests: ${drafts}`);
    return exitCode;
  } finally {
    progress.end();
    await workspace.close();
  }
}

function checkRequest({ asTests, unmasked, format }: GapsRequest, json: boolean): void {
  if (asTests !== null && unmasked)
    throw new SyncError('USAGE', {
      message: '--as-tests writes down what users asked, so it is always masked',
      next: 'leave --unmasked out',
    });
  if (asTests === true && (json || format === 'markdown'))
    throw new SyncError('USAGE', { message: 'two things cannot stand on stdout', next: 'name a file: --as-tests FILE' });
}

/** Refused before anything is read: a file that is there is never overwritten. */
function draftFile(given: string, { cwd }: Invocation, { disk }: Workspace): string {
  const file = path.resolve(cwd, given);
  if (!file.endsWith('.golden.yaml'))
    throw new SyncError('USAGE', {
      message: `--as-tests ${given}: a file of golden questions ends in .golden.yaml`,
      next: `--as-tests ${given.replace(/\.ya?ml$/, '')}.golden.yaml`,
    });
  if (disk.stat(file) !== null) throw alreadyThere(given);
  return file;
}

async function writeNew({ disk }: Workspace, file: string, text: string): Promise<void> {
  await disk.mkdir(path.dirname(file));
  // Whoever made it meanwhile keeps it.
  const made = await disk.createExclusive(file, text);
  if (made === null) throw alreadyThere(file);
  await made.close();
}

function alreadyThere(file: string): SyncError {
  return new SyncError('USAGE', { message: `--as-tests ${file}: it is there already, and is not overwritten`, next: 'name another file' });
}

/** Reads the bots, groups what was asked in vain and maps it to the documents. Writes nothing. */
export async function gapsOf(
  workspace: Workspace,
  { targets: names, stop }: { readonly targets: readonly string[]; readonly stop: AbortSignal },
  request: Pick<GapsRequest, 'since' | 'most' | 'unknown' | 'unmasked' | 'limit'>,
): Promise<GapsReport> {
  const { since, most, unknown, unmasked, limit } = request;
  const sinceMs = since === null ? workspace.now() - week : 'atMs' in since ? since.atMs : workspace.now() - since.agoMs;
  const how: ReadRequest = { since: new Date(sinceMs).toISOString(), most, phrases: unknown, unmasked };
  const targets = workspace.targets(names);
  const reads = await Promise.all(targets.map((target) => readTarget(workspace, target, how, stop)));
  const { groups, aboutNothing } = groupQuestions(reads.flatMap(({ vain }) => vain));
  const shared = { since: how.since, masked: !unmasked, reads, aboutNothing, limit };
  if (groups.length === 0) return { ...shared, groups: 0, gaps: [], unread: 0 };
  const passages = await readPassages(await workspace.readFolder());
  await workspace.saveCache();
  const given = new Map(reads.map(({ target, given: documents }) => [target.name, documents]));
  const mapped = groups.slice(0, Math.max(limit, mostMapped));
  return { ...shared, groups: groups.length, gaps: mapGaps(mapped, passages, given), unread: passages.unread };
}

function codeOf(reads: readonly TargetRead[], stop: AbortSignal): number {
  const codes = reads.flatMap(({ target, error }) => (error === null || !target.required ? [] : [codeOfStop(error.code)]));
  return strongest([...codes, ...(stop.aborted ? [130] : [])]);
}
