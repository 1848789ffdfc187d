// What is remembered of golden questions at one target: the last verdict on each, the calls of the day, and what is yet to be seen forgotten.
// Not part of the target's state: no push and no plan rests on it, and all of it may be lost.
import type { AnswerSource, Expectation, PlacedTest, Verdict } from './answer.ts';
import type { DocumentId } from './document.ts';
import { type Fingerprint, fingerprint, type Timestamp } from './json.ts';

/** The last time that one question was asked. */
export interface KeptTest {
  readonly document: DocumentId | null;
  readonly path: string;
  readonly question: string;
  readonly verdict: Verdict;
  readonly at: Timestamp;
  readonly tries: number;
  readonly reasons: readonly string[];
  /** Of question and expectations: an edited test has yet to be asked. */
  readonly test: Fingerprint;
  /** What the bot had been given of the document then; null: nothing that is known. */
  readonly knew: Fingerprint | null;
  /** The commit of that, where there is one. */
  readonly revision: string | null;
  readonly expect: readonly Expectation[];
}

/** What is remembered of all questions at a target. */
export interface TestsMemory {
  readonly version: 1;
  /** The day, in the time zone of the schedule, that `calls` counts. */
  readonly day: string;
  readonly calls: number;
  /** By testKey. */
  readonly results: { readonly [key: string]: KeptTest };
  /** Ids of Unlearning that were seen to be forgotten, or given up. */
  readonly settled: readonly string[];
}

/** Something that left a bot, or was put right in it, and must not come out of it any more. */
export interface Unlearning {
  readonly id: string;
  readonly document: DocumentId;
  readonly path: string;
  readonly title: string;
  readonly url: string | null;
  readonly why: 'deleted' | 'corrected';
  /** Under which the old texts are kept; null: they are not. */
  readonly pushed: Fingerprint | null;
  readonly revision: string | null;
  /** Remote ids and marks of what it was. */
  readonly names: readonly string[];
  readonly questions: readonly string[];
  /** Golden questions that it answered as expected. */
  readonly expected: readonly { readonly ask: string; readonly expect: readonly Expectation[] }[];
  readonly since: Timestamp;
}

/** One question at one bot, and what came of it. */
export interface TestResult {
  readonly target: string;
  readonly kind: 'golden' | 'unlearned';
  readonly document: DocumentId | null;
  readonly path: string;
  readonly line: number | null;
  readonly tags: readonly string[];
  readonly question: string;
  readonly expect: readonly Expectation[];
  readonly reject: readonly Expectation[];
  readonly cite: boolean;
  readonly verdict: Verdict;
  /** The last one; null: there was none. */
  readonly answer: string | null;
  readonly sources: readonly AnswerSource[];
  /** What is missing or too much, or why nothing can be concluded. */
  readonly reasons: readonly string[];
  /** How often it was asked. */
  readonly tries: number;
  /** Each time it was asked, in order. */
  readonly asked: readonly { readonly verdict: Verdict; readonly answer: string | null; readonly reasons: readonly string[] }[];
  /** The revision of the document that the bot had been given; null: none that is known. */
  readonly revision: string | null;
}

/** A question stays the same one while its document and its words do. */
export function testKey({ document, ask }: Pick<PlacedTest, 'document' | 'ask'>): string {
  return fingerprint({ document, ask }).slice(0, 16);
}

/** Of all that decides the verdict. */
export function testFingerprint({ ask, expect, reject, cite }: Pick<PlacedTest, 'ask' | 'expect' | 'reject' | 'cite'>): Fingerprint {
  return fingerprint({ ask, expect, reject, cite });
}

/** A memory without anything in it. */
export const noTests: TestsMemory = { version: 1, day: '', calls: 0, results: {}, settled: [] };

export interface TestsSummary {
  readonly counts: { readonly [verdict in Verdict]: number };
  /** When a question was last asked. */
  readonly at: Timestamp;
  readonly failing: readonly Pick<KeptTest, 'document' | 'question' | 'reasons' | 'at'>[];
}

/** The last verdicts together; null: nothing was asked yet. */
export function summaryOf({ results }: TestsMemory): TestsSummary | null {
  const all = Object.values(results);
  const [first] = all;
  if (first === undefined) return null;
  const counts = { pass: 0, fail: 0, inconclusive: 0, skipped: 0 };
  let at = first.at;
  for (const result of all) {
    counts[result.verdict] += 1;
    if (result.at > at) at = result.at;
  }
  const failing = all.filter(({ verdict }) => verdict === 'fail');
  return { counts, at, failing: failing.map(({ document, question, reasons, at: when }) => ({ document, question, reasons, at: when })) };
}
