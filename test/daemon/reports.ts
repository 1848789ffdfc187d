// Reports and pass results for tests of the daemon: all is well unless said otherwise.
import type { PaceSettings, PassResult } from '../../src/daemon/pace.ts';
import { type ErrorCode, SyncError } from '../../src/model/error.ts';
import type { OperationResult, Outcome, TargetReport } from '../../src/model/report.ts';

export function reportOf(patch: Partial<TargetReport> = {}): TargetReport {
  return {
    target: 'bot',
    vendor: 'memory',
    required: true,
    results: [],
    blocked: [],
    unchanged: 0,
    outOfScope: 0,
    requests: { read: 1, write: 0 },
    held: [],
    training: { pending: 0, training: 0, trained: 0, failed: 0, stuck: 0, unknown: 0 },
    owed: { forgetting: 0, leftovers: 0, byHand: 0 },
    todos: 0,
    waited: 'not-waited',
    error: null,
    notes: [],
    ...patch,
  } as TargetReport;
}

export const settings: PaceSettings = { minIntervalMs: 0, firstMs: 5_000, maxMs: 60_000, trainTimeoutMs: 1_800_000 };

export interface Told {
  readonly report?: Partial<TargetReport>;
  readonly wrote?: boolean;
  readonly error?: ErrorCode;
  readonly learning?: boolean;
  readonly runFailed?: boolean;
  readonly freed?: boolean;
  readonly settings?: Partial<PaceSettings>;
}

export function resultOf(told: Told = {}): PassResult {
  const report = reportOf({
    requests: { read: 1, write: told.wrote === true ? 1 : 0 },
    error: told.error === undefined ? null : new SyncError(told.error).record(),
    ...told.report,
  });
  const { learning = false, runFailed = false, freed = false } = told;
  return { report, learning, runFailed, freed, settings: { ...settings, ...told.settings } };
}

/** One create that came to this. */
export function createdWith(outcome: Outcome, code: ErrorCode | null, document = 'a.md'): OperationResult {
  return {
    operation: {
      id: `create ${document}`,
      document,
      path: document,
      reason: 'new file',
      by: 'vendor',
      note: null,
      action: 'create',
      fingerprint: 'f',
    },
    outcome,
    remoteIds: [],
    error: code === null ? null : new SyncError(code).record(),
  };
}
