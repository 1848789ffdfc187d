// Reports → the one exit code: the first, in the order of PRODUCT.md, that applies. Targets that are not required do not count.
import { canaryId } from '../model/canary.ts';
import { type ErrorCode, exitCodeOf } from '../model/error.ts';
import type { TargetReport } from '../model/report.ts';

/** Stronger first. 130: stopped by a person. */
const order: readonly number[] = [130, 2, 1, 10, 8, 5, 9, 11, 4, 6, 7, 3];

/** The strongest of several codes; 0 for none. */
export function strongest(codes: Iterable<number>): number {
  const seen = new Set(codes);
  return order.find((code) => seen.has(code)) ?? 0;
}

/** The code of what stopped a whole target: a request refused there is no matter of one document, so nothing went through. */
export function codeOfStop(code: ErrorCode): number {
  return code === 'REQUEST_REFUSED' ? 11 : exitCodeOf(code);
}

/** Every code that one report earns. The freshness check fails no run. */
export function codesOf(report: TargetReport): number[] {
  if (!report.required && report.error?.code !== 'ABORTED') return [];
  const codes: number[] = [];
  if (report.error !== null) codes.push(codeOfStop(report.error.code));
  if (report.held.length > 0) codes.push(5);
  if (report.results.some(isUndone)) codes.push(4);
  if (report.blocked.some(({ document }) => document !== canaryId) || report.training.failed > 0 || report.waited === 'run-failed')
    codes.push(4);
  if (report.training.stuck > 0) codes.push(6);
  if (report.waited === 'deadline') codes.push(6);
  if (report.waited === 'stopped') codes.push(130);
  return codes;
}

function isUndone({ operation, outcome }: TargetReport['results'][number]): boolean {
  return operation.document !== canaryId && (outcome === 'failed' || outcome === 'unconfirmed');
}
