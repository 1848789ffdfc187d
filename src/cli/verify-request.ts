// What `verify` was asked for, the code that its results earn, and what of them is written down for `history`.
import { testEntry } from '../cycle/test-entry.ts';
import type { VerifyReport } from '../cycle/verify.ts';
import type { Verdict } from '../model/answer.ts';
import type { TargetConfig } from '../model/config.ts';
import type { ErrorRecord } from '../model/error.ts';
import type { TestResult } from '../model/tests.ts';
import type { Workspace } from '../workspace.ts';
import { codeOfStop } from './exit.ts';
import type { Invocation } from './invocation.ts';
import { noteInHistory } from './note-run.ts';

/** `verify`, parsed. */
export interface VerifyRequest {
  /** Documents by id, or files and folders. */
  readonly names: readonly string[];
  readonly format: 'text' | 'markdown';
  readonly junit: string | null;
  /** Compare with the answers in this file. */
  readonly baseline: string | null;
  /** Write the answers to this file. */
  readonly record: string | null;
  readonly tags: readonly string[];
  /** Only what changed since it was asked, was never asked, or did not pass. */
  readonly changed: boolean;
  /** Only what was deleted or corrected, and must not come out any more. */
  readonly unlearned: boolean;
  /** Everything, whatever the day's budget. */
  readonly all: boolean;
  readonly maxCalls: number | null;
  readonly lockWaitMs: number | null;
}

/** A target that could not be had, or is left alone. */
export function blankVerify({ name, vendor, required }: TargetConfig, error: ErrorRecord | null): VerifyReport {
  return { target: name, vendor, required, results: [], leftOut: [], calls: 0, error };
}

/** How many of each verdict. */
export function countVerdicts(results: readonly TestResult[]): { readonly [verdict in Verdict]: number } {
  const counts = { pass: 0, fail: 0, inconclusive: 0, skipped: 0 };
  for (const { verdict } of results) counts[verdict] += 1;
  return counts;
}

/**
 * Every code that these reports earn. 7: a test failed, or there were tests and none could be concluded. Tests that a bot gives no way to ask are
 * skipped and count only where nothing else was concluded either.
 */
export function codesOfVerify(reports: readonly VerifyReport[]): number[] {
  const counted = reports.filter(({ required }) => required);
  const results = counted.flatMap((report) => report.results);
  const { pass, fail } = countVerdicts(results);
  const due = results.length + counted.flatMap(({ leftOut }) => leftOut).reduce((sum, { tests }) => sum + tests, 0);
  const stops = counted.flatMap(({ error }) => (error === null ? [] : [codeOfStop(error.code)]));
  return [...stops, ...(fail > 0 || (due > 0 && pass === 0) ? [7] : [])];
}

/** One line a test that was asked, for `kbsync history`. */
export async function noteTests(
  workspace: Workspace,
  reports: readonly VerifyReport[],
  { command, output }: Pick<Invocation, 'command' | 'output'>,
): Promise<void> {
  const at = new Date(workspace.now()).toISOString();
  for (const result of reports.flatMap((report) => report.results)) {
    const entry = testEntry(result, at, command);
    if (entry !== null) await noteInHistory(workspace, entry, output);
  }
}
