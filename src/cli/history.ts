// `history`: what the runs did, newest last; with a document what was done with it. Reads one local file: no lock, no secret, no vendor.
import type { JsonRecord } from '../model/json.ts';
import { visible } from '../plan/escape.ts';
import type { HistoryEntry } from '../state/history.ts';
import { short } from '../status/derive.ts';
import { type DocumentRow, didOf, documentRows, isOf, operationsOf } from '../status/past.ts';
import { type Invocation, type Since, workspaceOf } from './invocation.ts';
import { belowRoot } from './paths.ts';
import { figure, plain } from './reports.ts';

/** `history`, parsed. */
export interface HistoryRequest {
  /** A document's id or path; null: runs and tests. */
  readonly document: string | null;
  readonly limit: number;
  readonly since: Since | null;
}

/** Prints the history. Resolves to 0. */
export async function history(invocation: Invocation, request: HistoryRequest): Promise<number> {
  const { output, options, command } = invocation;
  const workspace = await workspaceOf(invocation);
  try {
    const { since, limit } = request;
    const sinceMs = since === null ? null : 'atMs' in since ? since.atMs : workspace.now() - since.agoMs;
    let unnamed = 0;
    const names = request.document === null ? null : namesOf(request.document, workspace.config.content.root, invocation.cwd);
    const { entries, damaged } = workspace.history.read({
      limit,
      ...(options.targets.length > 0 && { targets: options.targets }),
      ...(sinceMs !== null && { since: new Date(sinceMs).toISOString() }),
      ...(names !== null && {
        where(entry: HistoryEntry) {
          unnamed += numberOf(entry['moreOperations']);
          return operationsOf(entry).some((operation) => isOf(operation, names));
        },
      }),
    });
    const rows = names === null ? null : entries.flatMap((entry) => documentRows(entry, names)).slice(-limit);
    output.answer(
      () => plain({ version: 1, command, exitCode: 0, damaged, entries: rows ?? entries }),
      () => {
        if (rows === null) for (const entry of entries) for (const line of entryLines(entry, options.verbose)) output.data(line);
        else for (const row of rows) output.data(visible(rowLine(row)));
      },
    );
    const narrowed = since !== null || options.targets.length > 0;
    const none = narrowed ? 'no run of that time and target is remembered' : 'nothing has been run yet';
    if (entries.length === 0) output.talk(request.document === null ? none : 'no run that is remembered did anything with it');
    if (unnamed > 0)
      output.talk(`${figure(unnamed)} operations of large runs are only counted, not named: this document may be among them`);
    if (damaged > 0)
      output.complain(
        `${figure(damaged)} ${damaged === 1 ? 'line' : 'lines'} of the history cannot be read and ${damaged === 1 ? 'is' : 'are'} left out`,
      );
    return 0;
  } finally {
    await workspace.close();
  }
}

/** What the document may be called in a line of the history. */
function namesOf(given: string, root: string, cwd: string): ReadonlySet<string> {
  const below = belowRoot(given, root, cwd);
  return new Set([given.normalize('NFC'), ...(below === null ? [] : [below])]);
}

function rowLine({ at, target, command, commit, action, document, from, reason, outcome }: DocumentRow): string {
  const revision = commit === null ? '' : ` at ${short(commit)}`;
  const what = `${action} ${document}${from === null || from === document ? '' : ` (was ${from})`}`;
  return `${moment(at)} ${target} ${command}${revision}: ${what}${outcome === 'done' ? '' : ` ${outcome}`}: ${reason}`;
}

/** A run as one line, with --verbose each of its operations below; anything else with what it says of itself. */
function entryLines(entry: HistoryEntry, verbose: boolean): string[] {
  const head = `${moment(entry.at)} ${entry.target}`;
  if (entry.kind === 'test')
    return [visible(`${head} test: ${textOf(entry['verdict'], 'asked')} ${textOf(entry['document'])}: ${textOf(entry['question'])}`)];
  if (entry.kind === 'canary') return [visible(`${head} freshness: ${textOf(entry['words'], textOf(entry['outcome']))}`)];
  if (entry.kind === 'learnt') return [visible(`${head} learnt ${learntWords(entry)}`)];
  const command = textOf(entry['command'], 'run');
  if (typeof entry['from'] === 'string') return [visible(`${head} ${command}: was known as ${entry['from']} before`)];
  const line = [
    `${head} ${command}${typeof entry['commit'] === 'string' ? ` at ${short(entry['commit'])}` : ''}: ${didOf(entry)}`,
    ...costOf(entry),
  ].join('; ');
  if (!verbose) return [visible(line)];
  const rows = operationsOf(entry).map(
    (operation) =>
      `  ${textOf(operation['outcome'], 'done')} ${textOf(operation['action'])} ${textOf(operation['document'])}: ${textOf(operation['reason'])}`,
  );
  const more = numberOf(entry['moreOperations']);
  return [line, ...rows, ...(more > 0 ? [`  and ${figure(more)} more`] : [])].map(visible);
}

/** "12 documents; 120 of 120 trained; 4.2 s from save to trained (median of 12)". */
function learntWords(entry: HistoryEntry): string {
  const learnt = numberOf(entry['learnt']);
  const seconds = Array.isArray(entry['seconds']) ? entry['seconds'].map(numberOf).sort((one, two) => one - two) : [];
  const took = seconds[Math.floor(seconds.length / 2)];
  return [
    `${figure(learnt)} ${learnt === 1 ? 'document' : 'documents'}`,
    `${figure(numberOf(entry['trained']))} of ${figure(numberOf(entry['documents']))} trained`,
    ...(took === undefined
      ? []
      : [`${took.toFixed(1)} s from save to trained${seconds.length > 1 ? ` (median of ${seconds.length})` : ''}`]),
  ].join('; ');
}

function costOf(entry: HistoryEntry): string[] {
  const requests = entry['requests'] as JsonRecord | undefined;
  const words: string[] = [];
  if (typeof entry['error'] === 'string') words.push(entry['error']);
  if (requests !== undefined && requests !== null)
    words.push(`${figure(numberOf(requests['read']))} read, ${figure(numberOf(requests['write']))} write`);
  if (typeof entry['durationMs'] === 'number') words.push(`${(entry['durationMs'] / 1000).toFixed(1)} s`);
  if (typeof entry['exitCode'] === 'number') words.push(`exit ${entry['exitCode']}`);
  return words;
}

/** To the second, in UTC. */
function moment(at: string): string {
  return at.replace(/\.\d+Z$/, 'Z');
}

function textOf(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
