// One report as JSON, as text and as an exit code: what is said where little is known.
import { describe, expect, it } from 'vitest';
import { codesOf } from '../../src/cli/exit.ts';
import { failedReport } from '../../src/cli/failed-report.ts';
import { Output } from '../../src/cli/output.ts';
import { printReport, reportJson } from '../../src/cli/reports.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import { SyncError } from '../../src/model/error.ts';
import type { TargetReport } from '../../src/model/report.ts';
import { targetConfig } from '../../src/testkit/engine.ts';

const report = (error: SyncError | null, patch: Partial<TargetReport> = {}): TargetReport => ({
  ...failedReport(targetConfig, error ?? new SyncError('LOCKED')),
  error: error?.record() ?? null,
  ...patch,
});
const training = { pending: 2, training: 0, trained: 3, failed: 0, stuck: 0, unknown: 0 };

function printed(one: TargetReport): string {
  let text = '';
  const stream = { write: (words: string) => (text += words) };
  printReport(
    one,
    new Output({ stdout: stream, stderr: stream, json: false, quiet: false, colour: false, secrets: createSecretSet() }),
    false,
  );
  return text;
}

describe('training', () => {
  it('is unknown where an error came before anything was known, never trained', () => {
    const failed = report(new SyncError('CREDENTIALS_REFUSED'));
    expect(reportJson(failed)).toMatchObject({ training: { state: 'unknown', trained: 0 } });
    expect(printed(failed)).toContain('  training: not known; requests');
    expect(reportJson(report(null))).toMatchObject({ training: { state: 'trained' } });
    expect(printed(report(null))).toContain('  trained 0 of 0; requests');
    expect(reportJson(report(new SyncError('TARGET_UNREACHABLE'), { training }))).toMatchObject({
      training: { state: 'pending', trained: 3 },
    });
  });

  it('a wait that an error ended is not called one that nobody began', () => {
    expect(printed(report(null, { training }))).toContain('not waited for');
    const dead = printed(report(new SyncError('TARGET_UNREACHABLE'), { training }));
    expect(dead).toContain('the wait ended with the error above');
    expect(dead).not.toContain('not waited for');
  });
});

describe('the exit code', () => {
  it('of a request that was refused: 11 where it stopped the whole target, 4 where it was about one document', () => {
    const error = new SyncError('REQUEST_REFUSED');
    expect(codesOf(report(error))).toEqual([11]);
    const operation = {
      id: 'create a.md',
      action: 'create',
      document: 'a.md',
      path: 'a.md',
      reason: '',
      by: 'vendor',
      note: null,
      fingerprint: 'f',
    } as const;
    expect(codesOf(report(null, { results: [{ operation, outcome: 'failed', remoteIds: [], error: error.record() }] }))).toEqual([4]);
  });
});
