// A target that could not be had at all (locked, no secret, damaged state) as a report like any other.
import type { TargetConfig } from '../model/config.ts';
import type { SyncError } from '../model/error.ts';
import type { TargetReport } from '../model/report.ts';

/** The report of a target at which nothing was done. */
export function failedReport(target: TargetConfig, error: SyncError): TargetReport {
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
    error: error.record(),
    notes: [],
  };
}
