// What a pass came to, as the line of the history that `kbsync history` reads. Pure.
import type { TargetConfig } from '../model/config.ts';
import type { DocumentId } from '../model/document.ts';
import type { ErrorCode } from '../model/error.ts';
import type { TargetReport } from '../model/report.ts';
import { countsOf } from '../plan/print.ts';
import type { HistoryEntry } from '../state/history.ts';

/** Operations that one line names; the rest is only counted, so that a first push of thousands does not fill the file. */
export const mostListed = 200;

/** An operation of a run, as the history keeps it. What is left out is the plainest: path as the document, outcome done. */
export interface RunOperation {
  readonly action: string;
  readonly document: DocumentId;
  readonly path?: string;
  readonly from?: DocumentId;
  readonly reason: string;
  readonly outcome?: string;
}

export interface RunFacts {
  readonly command: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly commit: string | null;
  /** Of this target alone; null in the daemon, whose passes have none. */
  readonly exitCode: number | null;
}

/** The line of one pass over one target. */
export function runEntry(report: TargetReport, { command, startedAt, durationMs, commit, exitCode }: RunFacts): HistoryEntry {
  const { target, vendor, results, blocked, unchanged, requests, training, error, held, waited } = report;
  const operations = results.map(({ operation, outcome }): RunOperation => {
    const { action, document, path, reason } = operation;
    return {
      action,
      document,
      ...(path !== document && { path }),
      ...(operation.action === 'move' && { from: operation.from }),
      reason,
      ...(outcome !== 'done' && { outcome }),
    };
  });
  const done = results.filter(({ outcome }) => outcome === 'done').length;
  return plainEntry({
    at: new Date(startedAt).toISOString(),
    kind: 'run',
    target,
    vendor,
    command,
    durationMs: Math.round(durationMs),
    commit,
    exitCode,
    done,
    notDone: results.length - done,
    counts: countsOf(results, blocked, unchanged),
    held: held.length,
    requests,
    training,
    waited,
    error: error?.code ?? null,
    operations: operations.slice(0, mostListed),
    moreOperations: Math.max(0, operations.length - mostListed),
  });
}

/** The line of a pass that did not come to a report: it was locked out, or the memory could not be read. */
export function failedEntry({ name, vendor }: Pick<TargetConfig, 'name' | 'vendor'>, error: ErrorCode, facts: RunFacts): HistoryEntry {
  const { command, startedAt, durationMs, commit, exitCode } = facts;
  const at = new Date(startedAt).toISOString();
  return plainEntry({
    at,
    kind: 'run',
    target: name,
    vendor,
    command,
    durationMs: Math.round(durationMs),
    commit,
    exitCode,
    done: 0,
    notDone: 0,
    error,
  });
}

/** Read-only views as the JSON that they are written as. */
function plainEntry(entry: {
  readonly at: string;
  readonly kind: 'run';
  readonly target: string;
  readonly [key: string]: unknown;
}): HistoryEntry {
  return JSON.parse(JSON.stringify(entry)) as HistoryEntry;
}
