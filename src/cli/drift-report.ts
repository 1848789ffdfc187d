// What `drift` tells of one target: its JSON, its lines for people, and the exit codes that it earns.
import type { RemoteEntry } from '../connectors/connector.ts';
import type { PruneItem } from '../cycle/prune.ts';
import type { TargetConfig } from '../model/config.ts';
import { driftCounts } from '../model/drift.ts';
import type { ErrorRecord } from '../model/error.ts';
import type { JsonRecord } from '../model/json.ts';
import type { OperationResult, TargetReport } from '../model/report.ts';
import { visible } from '../plan/escape.ts';
import { counted } from '../plan/words.ts';
import type { DriftItem } from '../push/drift.ts';
import type { DriftRequest } from './drift.ts';
import { codeOfStop, codesOf } from './exit.ts';
import type { Output } from './output.ts';
import { figure, plain, printReport, reportJson } from './reports.ts';

/** One target, looked at; and put right as far as it was asked for. */
export interface DriftReport {
  readonly target: string;
  readonly vendor: string;
  readonly required: boolean;
  /** false: nothing was compared, for `reason` or `error`. */
  readonly checked: boolean;
  readonly reason: string | null;
  readonly findings: readonly DriftItem[];
  readonly foreign: readonly RemoteEntry[];
  readonly texts: { readonly compared: number; readonly of: number; readonly young: number };
  /** What was written within so many milliseconds was not judged. */
  readonly youngMs: number;
  readonly outOfScope: number;
  readonly leftovers: number;
  /** Findings that stand after what was done. */
  readonly left: number;
  readonly notes: readonly string[];
  readonly requests: { readonly read: number; readonly write: number };
  readonly repair: TargetReport | null;
  readonly prune: Prune | null;
  /** The training after a prune. */
  readonly training: TargetReport | null;
  readonly error: ErrorRecord | null;
}

interface Prune {
  readonly items: readonly PruneItem[];
  /** [] where the list was only shown. */
  readonly results: readonly OperationResult[];
  readonly held: { readonly message: string; readonly passWith: string } | null;
}

/** A target of which nothing is known yet. */
export function blankDrift({ name: target, vendor, required }: TargetConfig): DriftReport {
  const nothing = { findings: [], foreign: [], outOfScope: 0, leftovers: 0, left: 0, notes: [] };
  return {
    target,
    vendor,
    required,
    checked: false,
    reason: null,
    ...nothing,
    texts: { compared: 0, of: 0, young: 0 },
    youngMs: 0,
    requests: { read: 0, write: 0 },
    repair: null,
    prune: null,
    training: null,
    error: null,
  };
}

/** Every code that one target earns: 3 for drift that stands, or for a list that waits for --yes. */
export function codesOfDrift(report: DriftReport, request: Pick<DriftRequest, 'allowForeign' | 'yes'>): number[] {
  const { error, repair, training, prune, left, foreign } = report;
  if (!report.required && error?.code !== 'ABORTED') return [];
  const codes = error === null ? [] : [codeOfStop(error.code)];
  for (const done of [repair, training]) if (done !== null) codes.push(...codesOf(done));
  if (left > 0 || (foreign.length > 0 && !request.allowForeign)) codes.push(3);
  if (prune !== null) {
    if (prune.held !== null) codes.push(5);
    if (prune.results.some(({ outcome }) => outcome !== 'done')) codes.push(4);
    if (!request.yes && prune.items.some((item) => item.left === null)) codes.push(3);
  }
  return codes;
}

/** Whether nothing but items that are not ours keeps this from being 0. */
function isForeignAlone(report: DriftReport, request: DriftRequest): boolean {
  const others = codesOfDrift(report, { ...request, allowForeign: true });
  return others.length === 0 && codesOfDrift(report, request).includes(3);
}

/** Foreign items are counted, and so many of them named. */
const namedForeign = 20;

/** The JSON of one target. */
export function driftJson(report: DriftReport, verbose: boolean): JsonRecord {
  const {
    target: name,
    vendor,
    checked,
    reason,
    findings,
    foreign,
    texts,
    outOfScope,
    leftovers,
    notes,
    requests,
    repair,
    prune,
    training,
    error,
  } = report;
  const ours = findings.map(({ kind, document, path, remoteId, name: there, detail }) => ({
    kind,
    document,
    path,
    remoteId,
    name: there,
    detail,
  }));
  const theirs = foreign.slice(0, namedForeign).map(({ remoteId, name: there }) => {
    return { kind: 'foreign', document: null, path: null, remoteId, name: there, detail: 'not made by kbsync; never touched' };
  });
  return plain({
    name,
    vendor,
    checked,
    reason,
    counts: { ...driftCounts(findings), foreign: foreign.length, outOfScope, leftovers },
    texts,
    findings: [...ours, ...theirs],
    notes,
    requests,
    ...(repair !== null && { repair: reportJson(repair, verbose) }),
    ...(prune !== null && { prune: pruneJson(prune) }),
    ...(training !== null && { training: reportJson(training, false)['training'] ?? null }),
    error,
  });
}

function pruneJson({ items, results, held }: Prune) {
  const byId = new Map(results.map((result) => [result.operation.id, result]));
  const rows = items.map(({ document, path, remoteId, name, mark, why, left }) => {
    const result = byId.get(`delete ${document} ${remoteId}`);
    const outcome = left !== null ? 'left' : (result?.outcome ?? (held === null ? 'planned' : 'held'));
    return { document, path, remoteId, name, mark, why, outcome, left, error: result?.error ?? null };
  });
  return { items: rows, held };
}

const headings = {
  missing: 'missing: recorded, and not there any more',
  twin: 'twin: there with our mark, and no record knows it',
  changed: 'changed: there, with another text than it was given',
} as const;

/** So many findings of a kind are listed for people; --verbose and --json have all. */
const listed = 50;

/** A report for people: what differs, with ids, and what to type next. */
export function printDrift(report: DriftReport, request: DriftRequest, output: Output, verbose: boolean): void {
  const { target, vendor, checked, reason, error, notes } = report;
  const head = output.style('strong', visible(target));
  if (checked) output.data(`${head} (${vendor}): ${summary(report, output)}`);
  else if (error === null) output.data(`${head} (${vendor}): ${visible(reason ?? 'not checked')}`);
  if (checked) printFindings(report, request, output, verbose);
  for (const note of notes) output.data(`  ${output.style('dim', 'note')}: ${visible(note)}`);
  if (report.prune !== null) printPrune(report, report.prune, request, output);
  if (report.repair !== null) {
    printReport(report.repair, output, verbose);
    if (isForeignAlone(report, request))
      output.data('  only foreign items are left, and they alone are why this ends with 3: with --allow-foreign they do not count');
  }
  if (checked && report.repair === null && report.prune === null) {
    if (report.findings.length > 0) output.data(`  next: kbsync drift --target ${visible(target)} --repair`);
    if (report.outOfScope + report.leftovers > 0)
      output.data(`  next: kbsync drift --target ${visible(target)} --prune lists what could be removed`);
  }
  if (error === null) return;
  output.complain(
    `${output.style('bad', 'error')} ${visible(target)}: ${visible(error.message)}${error.vendor === null ? '' : ` (the vendor says: ${visible(error.vendor)})`}`,
  );
  output.complain(`  next: ${visible(error.next)}`);
}

function summary({ findings, foreign, texts, youngMs, outOfScope, leftovers }: DriftReport, output: Output): string {
  const counts = driftCounts(findings);
  const found = (['missing', 'twin', 'changed'] as const).flatMap((kind) =>
    counts[kind] === 0 ? [] : [output.style('bad', `${figure(counts[kind])} ${kind}`)],
  );
  if (foreign.length > 0) found.push(output.style('warn', `${figure(foreign.length)} foreign`));
  const minutes = Math.ceil(youngMs / 60_000);
  const rest = [
    ...(texts.young > 0
      ? [output.style('warn', `${figure(texts.young)} written within the last ${minutes === 1 ? 'minute' : `${minutes} min`}: not judged`)]
      : []),
    ...(leftovers > 0 ? [`${figure(leftovers)} left over`] : []),
    ...(outOfScope > 0 ? [`${figure(outOfScope)} out of scope`] : []),
    `texts of ${figure(texts.compared)} of ${counted(texts.of, 'document')} compared`,
  ];
  return [...(found.length === 0 ? [output.style('good', 'no drift')] : found), ...rest].join(', ');
}

function printFindings({ target, findings, foreign, repair }: DriftReport, request: DriftRequest, output: Output, verbose: boolean): void {
  for (const kind of ['missing', 'twin', 'changed'] as const) {
    const found = findings.filter((finding) => finding.kind === kind);
    if (found.length === 0) continue;
    output.data(`  ${output.style('bad', headings[kind])}`);
    const shown = verbose ? found : found.slice(0, listed);
    for (const { document, remoteId, name, detail } of shown) {
      const called = name === null || name === document ? '' : `, named ${visible(name)}`;
      output.data(`    ${visible(document)}  [${visible(remoteId)}${called}]  ${visible(detail)}`);
    }
    if (found.length > shown.length) output.data(`    and ${figure(found.length - shown.length)} more: --verbose lists them`);
  }
  if (foreign.length === 0) return;
  output.data(`  ${output.style('warn', 'foreign: not made by kbsync, and never touched')}`);
  for (const { remoteId, name } of foreign.slice(0, namedForeign))
    output.data(`    [${visible(remoteId)}] ${visible(name ?? 'without a name')}`);
  if (foreign.length > namedForeign) output.data(`    and ${figure(foreign.length - namedForeign)} more`);
  // After a repair its last word says so.
  if (!request.allowForeign && repair === null)
    output.data(`    kbsync drift --target ${visible(target)} --allow-foreign: told, and not counted`);
}

function printPrune(
  { target, training, findings }: DriftReport,
  { items, results, held }: Prune,
  { yes }: DriftRequest,
  output: Output,
): void {
  const going = items.filter(({ left }) => left === null);
  const byId = new Map(results.map((result) => [result.operation.id, result]));
  if (items.length === 0) output.data('  nothing to prune: no leftover of ours, no document out of scope');
  if (findings.some(({ kind }) => kind === 'twin')) output.data(`  twins are removed by kbsync drift --target ${visible(target)} --repair`);
  for (const { document, remoteId, name, mark, why, left } of items) {
    const result = byId.get(`delete ${document} ${remoteId}`);
    const proof = `ours by its mark ${visible(mark ?? name ?? '')}`;
    const word = left !== null ? 'left' : (result?.outcome ?? (held === null ? 'to prune' : 'held'));
    const failure = result?.error == null ? '' : `: ${visible(result.error.message)}`;
    const style = word === 'done' ? 'good' : word === 'left' ? 'dim' : 'warn';
    output.data(
      `  ${output.style(style, word)} ${visible(document)}  [${visible(remoteId)}]  ${why}; ${left === null ? proof : visible(left)}${failure}`,
    );
  }
  if (held !== null) {
    output.data(`  ${output.style('bad', 'held')}: ${visible(held.message)}`);
    output.data(`    to pass it: kbsync ${visible(held.passWith)}`);
  } else if (going.length > 0 && !yes)
    output.data(`  nothing was removed yet. Run it again with --yes: kbsync drift --target ${visible(target)} --prune --yes`);
  if (training?.error != null)
    output.data(`  ${output.style('bad', 'error')}: training: ${visible(training.error.message)}. Next: ${visible(training.error.next)}`);
}
