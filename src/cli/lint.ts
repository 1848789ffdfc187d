// `lint`: what is wrong with the documents, before anything is sent. Reads the folder alone: no secret, no lock, no network.
import path from 'node:path';
import { isLintRule, lintRules, severityOf } from '../content/lint-rules.ts';
import { payloadHeads } from '../content/render.ts';
import { inTargetScope, reachOf } from '../content/select.ts';
import { type Folder, guardOf } from '../cycle/folder.ts';
import type { TargetConfig } from '../model/config.ts';
import type { ContentProblem } from '../model/document.ts';
import { SyncError } from '../model/error.ts';
import { visible } from '../plan/escape.ts';
import { byText, counted } from '../plan/words.ts';
import type { Workspace } from '../workspace.ts';
import { type Invocation, workspaceOf } from './invocation.ts';
import { type Base, githubLine, type LintRow, sarif, textLine } from './lint-formats.ts';
import { belowRoot } from './paths.ts';
import { plain } from './reports.ts';

/** `lint`, parsed. */
export interface LintRequest {
  /** Only findings in these files or folders; empty: all. */
  readonly paths: readonly string[];
  readonly format: 'text' | 'sarif' | 'github';
  readonly failOn: 'error' | 'warning';
}

/** Runs `lint` and prints the findings. Resolves to 4 where there are errors (with failOn also warnings), else to 0. */
export async function lint(invocation: Invocation, request: LintRequest): Promise<number> {
  const { output, options, command, version, cwd } = invocation;
  if (options.json && request.format !== 'text') {
    throw new SyncError('USAGE', { message: `--json and --format ${request.format} are two answers: leave one of them out` });
  }
  const workspace = await workspaceOf(invocation);
  try {
    const targets = options.targets.length === 0 ? null : workspace.targets(options.targets);
    const folder = await workspace.readFolder();
    const { root } = workspace.config.content;
    if (folder.scan.rootMissing) {
      throw new SyncError('CONFIG_INVALID', {
        message: `the content folder ${root} is not there`,
        next: 'set content.root, or make the folder',
      });
    }
    const own = [...folder.scan.problems, ...((await folder.scan.golden?.())?.problems ?? [])];
    const wanted = pathsOf(request.paths, { folder, own }, root, invocation);
    const given = await givenRows(workspace, targets ?? workspace.config.targets, folder);
    await workspace.saveCache();
    const all = [...rowsOf(own), ...rowsOf(given)].sort(byPlace);
    const named = new Map([...(folder.scan.shownPaths ?? [])].map(([path, shown]) => [shown, path]));
    // The configuration, which lies beside the folder, is every target's.
    const isFor = (path: string) => path.startsWith('../') || targets === null || targets.some((target) => inTargetScope(target, path));
    const rows = all.filter((row) => wanted(row.path) && isFor(named.get(row.path) ?? row.path));
    const counts = {
      error: rows.filter((row) => row.severity === 'error').length,
      warning: rows.filter((row) => row.severity === 'warning').length,
    };
    const isIncomplete = !folder.scan.complete;
    const base = baseOf(folder, root, cwd);
    const exitCode = counts.error > 0 || isIncomplete || (request.failOn === 'warning' && counts.warning > 0) ? 4 : 0;
    if (isIncomplete)
      output.complain(`${output.style('bad', 'error')} not everything could be read: ${visible(folder.scan.incompleteWhy ?? '')}`);
    output.answer(
      () => plain({ version: 1, command, exitCode, counts, prefix: prefixOf(base), findings: rows }),
      () => print(rows, request, workspace, base, invocation, version),
    );
    if (!options.json) output.talk(summary(counts, folder));
    return exitCode;
  } finally {
    await workspace.close();
  }
}

/** What is found in what the targets are given, however far off the day is that a document is given to them. */
async function givenRows(
  workspace: Workspace,
  targets: readonly TargetConfig[],
  { scan, cache }: Folder,
): Promise<readonly ContentProblem[]> {
  const reach = reachOf(targets);
  const reached = scan.documents.map((document) => ({ document, names: document.distribution.draft ? [] : reach(document) }));
  const bySentence = new Map<string, { readonly problem: ContentProblem; readonly names: string[] }>();
  for (const target of targets) {
    const documents = reached.filter(({ names }) => names.includes(target.name)).map(({ document }) => document);
    const { told } = await payloadHeads(scan, documents, await workspace.renderOptions(target), cache, guardOf(workspace.secrets));
    for (const problem of told) {
      const key = [problem.path, problem.line, problem.rule, problem.message].join('\n');
      const same = bySentence.get(key) ?? { problem, names: [] };
      bySentence.set(key, same);
      if (!same.names.includes(target.name)) same.names.push(target.name);
    }
  }
  return [...bySentence.values()].map(({ problem, names }) => {
    const some = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
    return { ...problem, message: `${problem.message} (${names.length === targets.length && names.length > 1 ? 'every target' : some})` };
  });
}

function rowsOf(problems: readonly ContentProblem[]): readonly LintRow[] {
  return problems.map(({ path: where, line, column, rule = 'file', severity, message }): LintRow => {
    return { path: where, line, column, rule, severity, message };
  });
}

function byPlace(a: LintRow, b: LintRow): number {
  return (
    byText(a.path, b.path) ||
    (a.line ?? 0) - (b.line ?? 0) ||
    (a.column ?? 0) - (b.column ?? 0) ||
    byText(a.rule, b.rule) ||
    byText(a.message, b.message)
  );
}

/** What is no document is told and left out, so that a hook may hand over every changed file. */
function pathsOf(
  given: readonly string[],
  { folder, own }: { readonly folder: Folder; readonly own: readonly ContentProblem[] },
  root: string,
  { cwd, output }: Invocation,
): (path: string) => boolean {
  if (given.length === 0) return () => true;
  const within = (path: string, below: string) => below === '' || path === below || path.startsWith(`${below}/`);
  const shown = folder.scan.shownPaths ?? new Map<string, string>();
  const known = [...folder.scan.presentPaths, ...own.map((problem) => problem.path)];
  const named = given.flatMap((one) => {
    const below = belowRoot(one, root, cwd);
    // A file whose name is a secret is told under another one.
    const told = below === null ? [] : [...shown].flatMap(([path, other]) => (within(path, below) ? [other] : []));
    if (below !== null && known.some((path) => within(path, below))) return [below, ...told];
    output.talk(`${visible(one)}: no document of the content folder, left out`);
    return [];
  });
  return (path) => named.some((below) => within(path, below));
}

function baseOf({ prefix }: Folder, root: string, cwd: string): Base {
  if (prefix !== null) return { prefix, id: '%SRCROOT%' };
  const below = path.relative(cwd, root).split(path.sep).join('/');
  if (below === '..' || below.startsWith('../') || path.isAbsolute(below)) return { prefix: '', id: 'CONTENTROOT' };
  return { prefix: below === '' ? '' : `${below}/`, id: '%SRCROOT%' };
}

/** What stands before a path where it counts from the root of the repository, or from the working directory; null where neither holds the folder. */
function prefixOf({ prefix, id }: Base): string | null {
  return id === '%SRCROOT%' ? prefix : null;
}

function print(
  rows: readonly LintRow[],
  { format }: LintRequest,
  { config }: Workspace,
  base: Base,
  { output }: Invocation,
  version: string,
): void {
  switch (format) {
    case 'sarif': {
      const severities = config.content.lint;
      const level = (rule: string) => (isLintRule(rule) ? (severityOf(severities, rule) ?? 'warning') : 'error');
      output.document(sarif(rows, base, version, level));
      return;
    }
    case 'github':
      for (const row of rows) output.data(githubLine(row, base));
      return;
    case 'text':
      for (const row of rows) output.data(textLine(row, (style, text) => output.style(style, text)));
      return;
    default:
      format satisfies never;
  }
}

function summary({ error, warning }: { readonly error: number; readonly warning: number }, { scan }: Folder): string {
  const files = `in ${counted(scan.files, 'file')}`;
  return error + warning === 0
    ? `nothing found ${files}`
    : `${counted(error, 'error')}, ${counted(warning, 'warning')} ${files} (${lintRules.length} rules)`;
}
