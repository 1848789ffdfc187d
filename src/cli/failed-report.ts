// A target that could not be had at all (locked, no secret, damaged state), or is left alone, as a report like any other.
import type { TargetConfig } from '../model/config.ts';
import type { SyncError } from '../model/error.ts';
import type { TargetReport } from '../model/report.ts';

/** What reports and plans say of a target that is paused; `why` as the workspace words it. */
export function pausedNote(why: string): string {
  return `${why}: left alone`;
}

/** Whether a report is that of a target that was left alone. */
export function isLeftAlone({ notes }: Pick<TargetReport, 'notes'>): boolean {
  return notes.some((note) => note.startsWith('paused ') && note.endsWith(': left alone'));
}

/** The report of a target at which nothing was done. */
export function failedReport(target: TargetConfig, error: SyncError): TargetReport {
  return { ...blankReport(target), error: error.record() };
}

/** The report of a target that is left alone: its note and nothing else. */
export function pausedReport(target: TargetConfig, why = 'paused in the configuration'): TargetReport {
  return { ...blankReport(target), notes: [pausedNote(why)] };
}

function blankReport(target: TargetConfig): TargetReport {
  return {
    target: target.name,
    vendor: target.vendor,
    required: target.required,
    results: [],
    blocked: [],
    unchanged: 0,
    unchangedDocuments: [],
    outOfScope: 0,
    requests: { read: 0, write: 0 },
    held: [],
    training: { pending: 0, training: 0, trained: 0, failed: 0, stuck: 0, unknown: 0 },
    owed: { forgetting: 0, leftovers: 0, byHand: 0 },
    todos: 0,
    waited: 'not-waited',
    error: null,
    notes: [],
  };
}
