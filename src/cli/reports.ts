// Reports of a sync: their JSON, and their lines for people.

import type { ContentProblem } from '../model/document.ts';
import type { Json, JsonRecord } from '../model/json.ts';
import { insteadOfPassing } from '../model/pass.ts';
import { trainingStates } from '../model/record.ts';
import type { TargetReport } from '../model/report.ts';
import { visible } from '../plan/escape.ts';
import { countsOf, heldRows, operationRows } from '../plan/print.ts';
import { isLeftAlone } from './failed-report.ts';
import type { Output } from './output.ts';

/** The JSON of one target in a sync (PRODUCT: JSON). */
export function reportJson(report: TargetReport, verbose = false): JsonRecord {
  const { results, blocked, unchanged, requests, held, training, outOfScope, error, notes, waited, owed } = report;
  return plain({
    name: report.target,
    vendor: report.vendor,
    operations: operationRows(results, blocked),
    counts: countsOf(results, blocked, unchanged),
    requests,
    held: heldRows(held),
    training: trainingJson(training, isLookedAt(report)),
    ...(verbose && { unchangedDocuments: report.unchangedDocuments }),
    outOfScope,
    waited,
    owed,
    error,
    notes,
  });
}

/** `training`: the counts, and the worst of them. Of no document at all nothing is known unless the target was looked at. */
export function trainingJson(training: TargetReport['training'], lookedAt: boolean): JsonRecord {
  const state = trainingStates.find((candidate) => training[candidate] > 0) ?? (lookedAt ? 'trained' : 'unknown');
  return { state, ...training };
}

function isLookedAt(report: TargetReport): boolean {
  return report.error === null && !isLeftAlone(report);
}

/** A value as the JSON it would be written as: what is undefined or a read-only view becomes plain. */
export function plain(value: unknown): JsonRecord {
  return JSON.parse(JSON.stringify(value)) as JsonRecord;
}

/** What is wrong with the folder, as rows for JSON. */
export function invalidRows(problems: readonly ContentProblem[]): Json {
  return problems
    .filter((problem) => problem.severity === 'error')
    .map(({ path, line, column, message }) => ({ path, line, column, message }));
}

/** Of one lint rule this many warnings are told; `kbsync lint` tells all. */
const mostWarnings = 10;

/** One line a problem, on stderr: `guides/a.md:3:1 error: …`. */
export function tellProblems(problems: readonly ContentProblem[], output: Output): void {
  const told = new Map<string, number>();
  for (const { path, line, column, message, severity, rule } of problems) {
    const count = (told.get(rule ?? '') ?? 0) + 1;
    if (severity === 'warning' && rule !== undefined) {
      told.set(rule, count);
      if (count > mostWarnings) continue;
    }
    const where = [path, line, column].filter((part) => part !== null).join(':');
    const word = severity === 'error' ? output.style('bad', 'error') : output.style('warn', 'warning');
    output.talk(`${visible(where)} ${word}: ${visible(message)}`);
  }
  for (const [rule, count] of told) {
    if (count > mostWarnings)
      output.talk(`and ${figure(count - mostWarnings)} more warnings of ${visible(rule)}: kbsync lint tells them all`);
  }
}

/** A report for people: what was done, what was not and why, and what the bot knows now. */
export function printReport(report: TargetReport, output: Output, verbose: boolean): void {
  const { target, vendor, results, blocked, unchanged, requests, error } = report;
  const counts = countsOf(results, blocked, unchanged);
  const did = (['create', 'update', 'move', 'delete', 'adopt'] as const).flatMap((action) => {
    const done = results.filter(({ operation, outcome }) => operation.action === action && outcome === 'done').length;
    return done === 0 ? [] : [`${figure(done)} ${pastOf[action]}`];
  });
  const open = (['failed', 'unconfirmed', 'held', 'blocked', 'todo'] as const).flatMap((outcome) =>
    counts[outcome] === 0 ? [] : [output.style(outcome === 'todo' ? 'warn' : 'bad', `${figure(counts[outcome])} ${outcome}`)],
  );
  const summary = [...did, `${figure(unchanged)} unchanged`, ...open].join(', ');
  output.data(`${output.style('strong', visible(target))} (${vendor}): ${summary}`);
  for (const { operation, outcome, error: failure } of results) {
    if (outcome === 'done' && !verbose) continue;
    const why =
      failure === null
        ? operation.reason
        : `${failure.message}${failure.vendor === null ? '' : ` (${vendorWord}: ${failure.vendor})`}. Next: ${failure.next}`;
    output.data(
      `  ${output.style(outcome === 'done' ? 'dim' : 'bad', outcome)} ${operation.action} ${visible(operation.document)}: ${visible(why)}`,
    );
  }
  const byHand = [
    ...new Set(results.flatMap(({ operation, outcome }) => (outcome === 'todo' && operation.note !== null ? [operation.note] : []))),
  ];
  for (const note of byHand) output.data(`  ${output.style('warn', 'by hand')}: ${visible(note)}`);
  if (counts.todo + report.owed.byHand > 0) output.data('  see: kbsync todo');
  for (const { path, reason, action } of blocked)
    output.data(`  ${output.style('bad', 'blocked')} ${action} ${visible(path)}: ${visible(reason)}`);
  for (const { id, rule, message, passWith } of report.held) {
    output.data(`  ${output.style('bad', `held ${id}`)}: ${visible(message)}`);
    const instead = insteadOfPassing({ rule }, target);
    if (instead !== null) output.data(`    to match what is there: ${visible(instead)}`);
    if (passWith !== null) output.data(`    to pass it: kbsync ${visible(passWith)}${id === '' ? '' : `, or kbsync todo approve ${id}`}`);
  }
  for (const note of report.notes) output.data(`  ${output.style('dim', 'note')}: ${visible(note)}`);
  if (error !== null) {
    const words = error.vendor === null ? '' : ` (${vendorWord}: ${error.vendor})`;
    output.data(`  ${output.style('bad', 'error')}: ${visible(`${error.message}${words}`)}`);
    output.data(`    next: ${visible(error.next)}`);
  }
  output.data(`  ${trainingLine(report, output)}; requests: ${figure(requests.read)} read, ${figure(requests.write)} write`);
}

const vendorWord = 'the vendor says';
const pastOf = { create: 'created', update: 'updated', move: 'moved', delete: 'deleted', adopt: 'adopted' } as const;

function trainingLine(report: TargetReport, output: Output): string {
  const { training, owed, waited } = report;
  const total = trainingStates.reduce((sum, state) => sum + training[state], 0);
  if (total === 0 && !isLookedAt(report)) return output.style('warn', 'training: not known');
  const rest = trainingStates.flatMap((state) =>
    state === 'trained' || training[state] === 0 ? [] : [`${figure(training[state])} ${state}`],
  );
  const words = [`trained ${figure(training.trained)} of ${figure(total)}`, ...rest];
  if (owed.forgetting > 0) words.push(`${figure(owed.forgetting)} deleted but not yet forgotten`);
  if (owed.leftovers > 0) words.push(`${figure(owed.leftovers)} superseded copies still there`);
  if (owed.byHand > 0) words.push(`${figure(owed.byHand)} left over, to be removed by hand`);
  if (training.unknown > 0) words.push('this vendor cannot tell: only a passing test proves it');
  if (waited === 'not-waited' && training.pending + training.training > 0) {
    words.push(report.error === null ? 'not waited for' : 'the wait ended with the error above');
  }
  if (waited === 'deadline') words.push('not trained in time: run kbsync sync again, it goes on waiting');
  const whole = rest.length === 0 && owed.forgetting + owed.leftovers === 0;
  return output.style(whole ? 'good' : 'warn', words.join(', '));
}

/** A number with thousands separators. */
export function figure(value: number): string {
  return value.toLocaleString('en-US');
}
