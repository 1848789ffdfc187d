// A target's status as the JSON that `status --json` and GET /api/status share. Pure.
import type { JsonRecord } from '../model/json.ts';
import type { TargetStatus } from './derive.ts';

/** One target of `status` (PRODUCT: JSON). `nextRun`: when the daemon looks at it next, ISO; null without a daemon. */
export function statusRow(status: TargetStatus, documents: boolean, nextRun: string | null = null): JsonRecord {
  const { name, vendor, counts, revision, lastSync, held, behind, inSync, forgetting, retracted, outOfScope, drift, tests, canary } =
    status;
  return plainJson({
    name,
    vendor,
    counts,
    revision,
    lastSync: lastSync === null ? null : lastSync.at,
    nextRun,
    held: held.length === 0 ? null : held,
    inSync,
    behind: behind.length,
    uncommitted: lastSync?.uncommitted ?? 0,
    forgetting,
    retracted: retracted.length,
    outOfScope,
    drift:
      drift === null ? null : { at: drift.at, missing: drift.missing, twin: drift.twin, changed: drift.changed, foreign: drift.foreign },
    tests: tests === null ? null : { at: tests.at, ...tests.counts, failing: tests.failing },
    canary: canary === null ? null : { failing: canary.failing, running: canary.running !== null, last: canary.last },
    ...(documents && { documents: status.documents }),
  });
}

/** A value as the JSON it would be written as. */
function plainJson(value: unknown): JsonRecord {
  return JSON.parse(JSON.stringify(value)) as JsonRecord;
}
