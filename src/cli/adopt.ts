// `adopt`: what a bot already holds, matched to local files and recorded as theirs. Owns its output; sends nothing, here or below.
import path from 'node:path';
import { type Adoption, adoptAt, type FoundItems } from '../cycle/adopt-target.ts';
import type { TargetConfig } from '../model/config.ts';
import { asSyncError, type ErrorRecord, exitCodeOf, SyncError } from '../model/error.ts';
import { visible } from '../plan/escape.ts';
import { type ForeignItem, nameOf } from '../push/adopt.ts';
import type { Workspace } from '../workspace.ts';
import { prepareExportFolder, saveTexts } from './adopt-export.ts';
import { type Invocation, workspaceOf } from './invocation.ts';
import { createProgress } from './progress.ts';
import { figure, plain, tellProblems } from './reports.ts';
import { ciLockWaitMs } from './sync.ts';

/** `adopt`, parsed. */
export interface AdoptRequest {
  readonly target: string;
  readonly exportTo: string | null;
  readonly dryRun: boolean;
  readonly lockWaitMs: number | null;
}

/** How many of a list for people are named; --verbose and --json name all. */
const mostNamed = 20;

/** The invocation narrowed to the one target. USAGE where --target names another. */
export function onlyAt(invocation: Invocation, target: string): Invocation {
  const { options } = invocation;
  if (options.targets.some((named) => named !== target)) {
    throw new SyncError('USAGE', { message: `adopt ${target}: --target names another one`, next: 'leave --target out' });
  }
  return { ...invocation, options: { ...options, targets: [target] } };
}

/** Runs `adopt` and prints its result. Resolves to the exit code. */
export async function adopt(invocation: Invocation, request: AdoptRequest): Promise<number> {
  const { output, options, stop, kill } = invocation;
  const progress = createProgress(output, options.verbose, Date.now);
  const workspace = await workspaceOf(invocation, progress.onEvent);
  try {
    const [target] = workspace.targets([request.target]);
    if (target === undefined) throw new SyncError('USAGE', { message: `there is no target ${request.target}` });
    const shelf = shelfFor(workspace, target, request.exportTo, invocation.cwd);
    const folder = await workspace.readFolder();
    tellProblems(folder.scan.problems, output);
    const lockWaitMs = request.lockWaitMs ?? (workspace.underCi ? ciLockWaitMs : 0);
    const how = { command: `kbsync adopt ${target.name}`, lockWaitMs, stop, kill };
    const pass = (context: Parameters<typeof adoptAt>[0]) => adoptAt(context, folder, { save: shelf === null ? null : shelf.save });
    const adoption = await (request.dryRun
      ? workspace.readOnly(target, { stop, kill }, false, pass)
      : workspace.exclusively(target, how, pass));
    progress.end();
    await workspace.saveCache();
    return tell({ invocation, target, request, adoption, saved: shelf?.saved() ?? null });
  } finally {
    progress.end();
    await workspace.close();
  }
}

/** Where texts go, and how many went there; null without --export. Refused before anything is read for it. */
function shelfFor(workspace: Workspace, target: TargetConfig, exportTo: string | null, cwd: string) {
  if (exportTo === null) return null;
  const { disk, config, now } = workspace;
  const dir = path.resolve(cwd, exportTo);
  const { name, vendor } = target;
  const place = {
    disk,
    dir,
    barred: [config.content.root, config.content.git?.dir ?? config.stateDir, config.stateDir],
    target: name,
    vendor,
  };
  prepareExportFolder(place);
  let files = 0;
  return {
    save: async ({ items, complete, identity }: FoundItems): Promise<void> => {
      try {
        files = await saveTexts(items, complete, { ...place, identity, now });
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (error.code !== 'STATE_UNWRITABLE') throw thrown;
        const next = 'give the user write access to that folder, free disk space, or name another one; nothing was recorded';
        throw new SyncError('STATE_UNWRITABLE', { message: `--export: ${error.message}`, next, cause: error });
      }
    },
    saved: () => ({ dir: exportTo, files }),
  };
}

interface Told {
  readonly invocation: Invocation;
  readonly target: TargetConfig;
  readonly request: AdoptRequest;
  readonly adoption: Adoption;
  readonly saved: { readonly dir: string; readonly files: number } | null;
}

function tell(told: Told): number {
  const { invocation, adoption } = told;
  const { output } = invocation;
  const exitCode = adoption.failure === null ? 0 : exitCodeOf(adoption.failure.code);
  output.answer(
    () => plain(jsonOf(told, exitCode)),
    () => print(told),
  );
  if (adoption.failure !== null && !output.json) complain(adoption.failure, invocation);
  return exitCode;
}

function complain({ message, vendor, next }: ErrorRecord, { output }: Invocation): void {
  const words = vendor === null ? '' : ` (the vendor says: ${vendor})`;
  output.complain(`${output.style('bad', 'error')}: ${visible(`${message}${words}`)}`);
  output.complain(`next: ${visible(next)}`);
}

function jsonOf({ invocation, target, request, adoption, saved }: Told, exitCode: number) {
  const { operations, matching, unread, failure, notes } = adoption;
  const { ambiguous, foreign, unmatched } = matching;
  const item = ({ remoteId, name }: ForeignItem) => ({ remoteId, name });
  return {
    version: 1,
    command: invocation.command,
    exitCode,
    target: target.name,
    vendor: target.vendor,
    operations: operations.map((operation) => {
      const { action, document, path: file, reason } = operation;
      const remoteIds = operation.action === 'adopt' ? operation.items.map(({ remoteId }) => remoteId) : [];
      return { action, document, path: file, reason, outcome: request.dryRun ? 'planned' : 'done', remoteIds, error: null };
    }),
    counts: countsOf(adoption),
    ambiguous: ambiguous.map(({ by, documents, items }) => ({ by, documents, items: items.map(item) })),
    foreign: foreign.map(item),
    unmatchedDocuments: unmatched,
    unread,
    exported: saved,
    notes,
    error: failure,
  };
}

function countsOf({ operations, matching }: Adoption) {
  const equal = operations.filter(isEqual).length;
  return {
    adopted: operations.length,
    equal,
    differs: operations.length - equal,
    ambiguous: matching.ambiguous.length,
    foreign: matching.foreign.length,
    unmatchedDocuments: matching.unmatched.length,
  };
}

function isEqual(operation: Adoption['operations'][number]): boolean {
  return operation.action === 'adopt' && operation.items.every(({ fingerprint }) => fingerprint !== null);
}

function print({ invocation, target, request, adoption, saved }: Told): void {
  const { output, options } = invocation;
  const { operations, matching, unread, failure, notes } = adoption;
  const most = options.verbose ? Number.POSITIVE_INFINITY : mostNamed;
  if (saved !== null) output.data(`saved ${figure(saved.files)} ${saved.files === 1 ? 'text' : 'texts'} in ${visible(saved.dir)}`);
  for (const { remoteId, name, error } of unread) {
    output.data(`  ${output.style('bad', 'not read')} ${visible(name ?? remoteId)} (${visible(remoteId)}): ${visible(error.message)}`);
  }
  if (failure !== null) return;
  const { adopted, equal, differs, ambiguous, foreign, unmatchedDocuments } = countsOf(adoption);
  const matched = `${figure(adopted)} matched (${figure(equal)} equal, ${figure(differs)} to be updated)`;
  const rest = `${figure(ambiguous)} ambiguous, ${figure(foreign)} left alone, ${figure(unmatchedDocuments)} without an item`;
  output.data(`${output.style('strong', target.name)} (${target.vendor}): ${matched}, ${rest}`);
  for (const operation of operations) {
    const names =
      operation.action === 'adopt' ? operation.items.map(({ mark, remoteId }) => `${visible(mark)} (${visible(remoteId)})`) : [];
    const sign = isEqual(operation) ? output.style('good', '=') : output.style('warn', '~');
    output.data(`  ${sign} ${visible(operation.document)} = ${names.join(' + ')}: ${visible(operation.reason)}`);
  }
  for (const { by, documents, items } of matching.ambiguous) {
    const proof = by === 'similar text' ? by : `same ${by}`;
    const here = few(documents.map(visible), most);
    const there = few(items.map(shown), most);
    output.data(`  ${output.style('bad', '? ambiguous')} (${proof}), not matched: ${here} with ${there}`);
  }
  if (ambiguous > 0)
    output.data(
      '    to match them: remove or rename what is superfluous in the dashboard and adopt again; the next sync creates these documents beside them',
    );
  list('left alone, no local file:', matching.foreign.map(shown), most, output);
  list('no item there, to be created:', matching.unmatched.map(visible), most, output);
  for (const note of notes) output.data(`  ${output.style('dim', 'note')}: ${visible(note)}`);
  output.data(
    request.dryRun
      ? `  nothing was recorded (--dry-run); to record it: kbsync adopt ${target.name}`
      : `  recorded; nothing was sent. Next: kbsync plan --target ${target.name}, then ${target.paused ? 'take paused: true out of the configuration, and ' : ''}kbsync sync --target ${target.name}`,
  );
}

function shown(item: ForeignItem): string {
  return `${visible(nameOf(item))} (${visible(item.remoteId)})`;
}

/** The first of many on one line. */
function few(names: readonly string[], most: number): string {
  const more = names.length - most;
  return more <= 0 ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${figure(more)} more`;
}

function list(title: string, names: readonly string[], most: number, output: Invocation['output']): void {
  if (names.length === 0) return;
  output.data(`  ${title} ${figure(names.length)}`);
  for (const name of names.slice(0, most)) output.data(`    ${name}`);
  if (names.length > most) output.data(`    … and ${figure(names.length - most)} more (--verbose or --json names them)`);
}
