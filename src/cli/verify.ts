// `verify`: asks every bot its golden questions and judges the answers. Changes nothing at the vendors; each question costs a message.
import { access, constants, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { didYouMean } from '../content/similar.ts';
import type { Folder } from '../cycle/folder.ts';
import { concerns } from '../cycle/unlearned.ts';
import { allTests, type VerifyOptions, type VerifyReport, verifyTarget } from '../cycle/verify.ts';
import type { TargetConfig } from '../model/config.ts';
import type { ContentProblem } from '../model/document.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import { visible } from '../plan/escape.ts';
import type { Workspace } from '../workspace.ts';
import { baselineText, type Compared, compare, type Recorded, readBaseline } from './baseline.ts';
import { strongest } from './exit.ts';
import { findDocument } from './find-document.ts';
import { type Invocation, inTurn, workspaceOf } from './invocation.ts';
import { belowRoot } from './paths.ts';
import { createProgress } from './progress.ts';
import { figure, plain, tellProblems } from './reports.ts';
import { ciLockWaitMs } from './sync.ts';
import { failedTests } from './verify-failure.ts';
import { junit, printVerify, verifyJson, verifyMarkdown } from './verify-report.ts';
import { blankVerify, codesOfVerify, noteTests, type VerifyRequest } from './verify-request.ts';

/** Runs `verify` and prints its result. Resolves to the exit code: 7 where a test failed, or none could be concluded. */
export async function verify(invocation: Invocation, request: VerifyRequest, open = workspaceOf): Promise<number> {
  const { output, options } = invocation;
  const progress = createProgress(output, options.verbose, Date.now);
  const before = request.baseline === null ? null : await baselineFrom('--baseline', request.baseline, invocation);
  const kept = await filesReady(request, invocation);
  const workspace = await open(invocation, progress.onEvent);
  try {
    const named = workspace.targets(options.targets);
    const pauses = new Map(named.map((target) => [target.name, workspace.pausedWhy(target)]));
    for (const [name, why] of pauses) if (why !== null) output.talk(`${name}: ${why}, left alone`);
    const targets = named.filter(({ name }) => pauses.get(name) === null);
    const folder = await workspace.readFolder();
    const golden = await folder.scan.golden?.();
    const problems = [...folder.scan.problems.filter(({ severity }) => severity === 'error'), ...(golden?.problems ?? [])];
    tellProblems(problems, output);
    const verifying = await optionsFor(request, workspace, folder, invocation);
    const verifyAt = (target: TargetConfig): Promise<VerifyReport> => {
      const work = () => verifyOne(workspace, target, folder, verifying, invocation);
      return inTurn(invocation, target.name, work, ({ error }) => error === null);
    };
    const reports = await Promise.all(targets.map(verifyAt));
    progress.end();
    await workspace.saveCache();
    await noteTests(workspace, reports, invocation);
    const compared =
      before === null
        ? null
        : compare(
            before,
            reports.flatMap((report) => report.results),
          );
    await writeFiles(request, { reports, problems, kept, whole: await wholeTargets(request, reports, folder) }, workspace, invocation);
    const broken = golden?.problems.some(({ severity }) => severity === 'error') === true ? [7] : [];
    const invalid = folder.scan.problems.some(({ severity }) => severity === 'error') ? [4] : [];
    const exitCode = strongest([...codesOfVerify(reports), ...broken, ...invalid, ...(invocation.stop.aborted ? [130] : [])]);
    tell(reports, compared, request, exitCode, invocation);
    return exitCode;
  } finally {
    progress.end();
    await workspace.close();
  }
}

async function optionsFor(request: VerifyRequest, workspace: Workspace, folder: Folder, { cwd }: Invocation): Promise<VerifyOptions> {
  const { names, tags, changed, unlearned, all, maxCalls, lockWaitMs } = request;
  const documents = names.length === 0 ? null : await namedBy(names, workspace, folder, cwd);
  const tagged = new Set(tags);
  if (tags.length > 0) await refuseUnknownTags(tagged, folder);
  return {
    which: { only: changed ? 'changed' : 'all' },
    only: (test) => concerns(documents, test) && (tagged.size === 0 || (test.tags ?? []).some((tag) => tagged.has(tag))),
    kinds: { golden: !unlearned, unlearned: true },
    maxCalls: all ? 'any' : maxCalls,
    lockWaitMs: lockWaitMs ?? (workspace.underCi ? ciLockWaitMs : 0),
  };
}

/** Whether every test of the folder is known: nothing of it is kept back for an error. */
async function isWhole({ scan: { complete, blockedPaths, golden } }: Folder): Promise<boolean> {
  return complete && blockedPaths.size === 0 && (await golden?.())?.problems.some(({ severity }) => severity === 'error') !== true;
}

/** The targets at which every test there is was due and has a result. */
async function wholeTargets(
  { names, tags, changed, unlearned }: VerifyRequest,
  reports: readonly VerifyReport[],
  folder: Folder,
): Promise<ReadonlySet<string>> {
  if (names.length + tags.length > 0 || changed || unlearned || !(await isWhole(folder))) return new Set();
  return new Set(reports.filter(({ error, leftOut }) => error === null && leftOut.length === 0).map(({ target }) => target));
}

/** Of a tag with a slip of the pen no test would be asked, and CI would be green. */
async function refuseUnknownTags(tags: ReadonlySet<string>, folder: Folder): Promise<void> {
  const known = new Set((await allTests(folder)).flatMap((test) => test.tags ?? []));
  const unknown = [...tags].filter((tag) => !known.has(tag));
  // What is kept back may have it.
  if (unknown.length === 0 || !(await isWhole(folder))) return;
  const names = [...known].sort();
  throw new SyncError('USAGE', {
    message: `no golden question has the tag "${unknown.join('", "')}"${didYouMean(unknown[0] ?? '', names)}`,
    next: names.length === 0 ? 'give tests tags, or leave --tag out' : `--tag takes one of: ${names.slice(0, 20).join(', ')}`,
  });
}

/** Ids and paths; a file of golden questions and a folder are paths, too. */
async function namedBy(names: readonly string[], workspace: Workspace, folder: Folder, cwd: string): Promise<ReadonlySet<string>> {
  const golden = (await folder.scan.golden?.())?.tests ?? [];
  const known = [...folder.scan.documents.map((document) => document.path), ...golden.map((test) => test.path)];
  const found = new Set<string>();
  for (const name of names) {
    const below = belowRoot(name, workspace.config.content.root, cwd);
    if (below === '') return new Set(known);
    if (below !== null && known.some((one) => one === below || one.startsWith(`${below}/`))) found.add(below);
    else found.add((await findDocument(name, workspace, folder, cwd)).id);
  }
  return found;
}

/** One target, whatever becomes of it: what cannot be had there is a report, so that it never hinders another. */
async function verifyOne(
  workspace: Workspace,
  target: TargetConfig,
  folder: Folder,
  options: VerifyOptions,
  { stop, kill }: Invocation,
): Promise<VerifyReport> {
  try {
    return await workspace.readOnly(target, { stop, kill }, false, (context) => verifyTarget(context, folder, options));
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    return blankVerify(target, error.record());
  }
}

async function baselineFrom(option: string, file: string, { cwd }: Invocation): Promise<readonly Recorded[]> {
  let text: string;
  try {
    text = await readFile(path.resolve(cwd, file), 'utf8');
  } catch (cause) {
    throw new SyncError('USAGE', { message: `${option} ${file} cannot be read`, next: 'kbsync verify --record FILE writes one', cause });
  }
  return readBaseline(text, file);
}

/** Questions cost messages: whether there is a place for their answers is known before the first. The answers that --record adds to. */
async function filesReady({ junit: report, record }: VerifyRequest, invocation: Invocation): Promise<readonly Recorded[]> {
  const isThere = async (option: string, file: string): Promise<boolean> => {
    const full = path.resolve(invocation.cwd, file);
    try {
      await access(path.dirname(full), constants.W_OK);
    } catch (cause) {
      throw unwritable(option, file, cause);
    }
    const found = await stat(full).catch(() => null);
    if (found?.isDirectory() === true) throw unwritable(option, file, null);
    return found !== null;
  };
  if (report !== null) await isThere('--junit', report);
  return record !== null && (await isThere('--record', record)) ? baselineFrom('--record', record, invocation) : [];
}

function unwritable(option: string, file: string, cause: unknown): SyncError {
  return new SyncError('USAGE', { message: `${option} ${file} cannot be written`, next: 'name a file in a folder that is there', cause });
}

interface Told {
  readonly reports: readonly VerifyReport[];
  /** What of the folder could not be read. */
  readonly problems: readonly ContentProblem[];
  /** The answers in the file of --record. */
  readonly kept: readonly Recorded[];
  /** Targets of which every question has a result. */
  readonly whole: ReadonlySet<string>;
}

async function writeFiles(
  request: VerifyRequest,
  { reports, problems, kept, whole }: Told,
  workspace: Workspace,
  { cwd, output }: Invocation,
) {
  const write = async (option: string, file: string, text: string): Promise<void> => {
    try {
      await writeFile(path.resolve(cwd, file), workspace.secrets.redact(text));
    } catch (cause) {
      throw unwritable(option, file, cause);
    }
  };
  if (request.junit !== null) await write('--junit', request.junit, junit(reports, problems));
  if (request.record === null) return;
  const results = reports.flatMap((report) => report.results);
  await write('--record', request.record, baselineText(results, kept, whole));
  output.talk(`the answers are in ${request.record}: keep it in git, and compare with --baseline`);
}

function tell(
  reports: readonly VerifyReport[],
  compared: Compared | null,
  { format }: VerifyRequest,
  exitCode: number,
  { output, command }: Invocation,
): void {
  const failure = exitCode === 7 ? failedTests(reports) : null;
  output.answer(
    () => plain({ version: 1, command, exitCode, error: failure?.record() ?? null, ...verifyJson(reports, compared) }),
    () => {
      if (format === 'markdown') return output.data(verifyMarkdown(reports, compared));
      for (const report of reports) printVerify(report, output);
      if (compared !== null) printCompared(compared, output);
    },
  );
  if (failure !== null && !output.json) output.complain(`next: ${visible(failure.next)}`);
  if (reports.every(({ results, leftOut, error }) => results.length === 0 && leftOut.length === 0 && error === null)) {
    output.talk('no golden question is due: write some below kb.tests, or in a *.golden.yaml file');
  }
}

function printCompared({ counts, rows }: Compared, output: Invocation['output']): void {
  const words = Object.entries(counts).flatMap(([name, count]) => (count === 0 ? [] : [`${figure(count)} ${name}`]));
  output.data(`compared with before: ${words.join(', ') || 'nothing'}`);
  for (const { change, target, document, question } of rows) {
    if (change === 'same') continue;
    const style = change === 'worse' ? 'bad' : change === 'better' ? 'good' : 'dim';
    output.data(
      `  ${output.style(style, change.padEnd(9))} ${visible([target, document, question].filter((part) => part !== null).join(' · '))}`,
    );
  }
}
