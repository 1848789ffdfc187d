// What `verify` ends with 7 for, as an error: which question at which bot, and how to look at it.
import type { VerifyReport } from '../cycle/verify.ts';
import { SyncError } from '../model/error.ts';
import type { TestResult } from '../model/tests.ts';
import { counted } from '../plan/words.ts';
import { placeOf } from './verify-report.ts';

const mostNamed = 3;

/** TEST_FAILED for questions that failed, or where there were some and none could be concluded; null where neither is so. Targets that are not required do not count. */
export function failedTests(reports: readonly VerifyReport[]): SyncError | null {
  const counting = reports.filter(({ required }) => required);
  const results = counting.flatMap((report) => report.results);
  const failed = results.filter(({ verdict }) => verdict === 'fail');
  if (failed.length > 0)
    return failure(`${failed.length} of ${counted(results.length, 'golden question')} not answered as expected`, failed);
  if (results.some(({ verdict }) => verdict === 'pass')) return null;
  if (results.length > 0) return failure('no golden question could be concluded', results);
  const leftOut = counting.flatMap((report) => report.leftOut).reduce((sum, { tests }) => sum + tests, 0);
  if (leftOut === 0) return null;
  const message = `no golden question could be concluded: ${counted(leftOut, 'question')} left out`;
  return new SyncError('TEST_FAILED', { message, next: 'kbsync verify --all asks them beyond the budget of the day' });
}

function failure(what: string, told: readonly TestResult[]): SyncError {
  const names = told.slice(0, mostNamed).map((one) => `${one.target}: "${one.question}" (${placeOf(one)}): ${one.reasons.join(', ')}`);
  const rest = told.length > mostNamed ? `; and ${told.length - mostNamed} more` : '';
  const [first] = told;
  const ask = first === undefined ? 'kbsync ask' : `kbsync ask ${first.target} ${JSON.stringify(first.question)}`;
  const next = `${ask}, and look at the documents that the answer rests on`;
  return new SyncError('TEST_FAILED', { message: `${what}. ${names.join('; ')}${rest}`, next });
}
