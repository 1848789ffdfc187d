// What one golden question came to, as the line of the history that `kbsync history` reads. Pure.
import type { TestResult } from '../model/tests.ts';
import type { HistoryEntry } from '../state/history.ts';

/** Characters of an answer that the history keeps. */
const keptAnswer = 1_000;

/** The line of one test; null for one that was not asked. */
export function testEntry(result: TestResult, at: string, command: string): HistoryEntry | null {
  if (result.tries === 0) return null;
  const { target, kind, document, path, question, verdict, tries, revision } = result;
  const answer = result.answer?.slice(0, keptAnswer) ?? null;
  const reasons = [...result.reasons];
  return { at, kind: 'test', target, command, test: kind, document, path, question, verdict, reasons, tries, revision, answer };
}
