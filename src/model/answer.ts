// Golden questions and what bots answer.
import type { DocumentId } from './document.ts';

/** One expectation: a text that must occur, any of several texts, or a pattern (JavaScript regular expression, case-insensitive). */
export type Expectation = string | readonly string[] | { readonly re: string };

export interface GoldenTest {
  readonly ask: string;
  readonly expect: readonly Expectation[];
  readonly reject: readonly Expectation[];
  readonly cite: boolean;
  readonly targets: readonly string[] | null;
  /** What `verify --tag` chooses by; left out: none. */
  readonly tags?: readonly string[];
}

/** A golden question with where it stands: in a document, a sidecar, or a file of golden questions. */
export interface PlacedTest extends GoldenTest {
  /** What the answer is to rest on, and what has to be trained first; null: no document in particular. */
  readonly document: DocumentId | null;
  /** The file that it stands in, relative to the content root. */
  readonly path: string;
  /** From 1; null where it is not known. */
  readonly line: number | null;
}

/** inconclusive: there is no answer to judge. skipped: it cannot be asked, or expects nothing. */
export type Verdict = 'pass' | 'fail' | 'inconclusive' | 'skipped';

export const verdicts: readonly Verdict[] = ['pass', 'fail', 'inconclusive', 'skipped'];

/** What one bot said. `sources` are what the vendor named, resolved to documents of ours where we can. */
export interface Answer {
  readonly text: string;
  readonly sources: readonly AnswerSource[];
}

export interface AnswerSource {
  readonly document: DocumentId | null;
  readonly title: string | null;
  readonly url: string | null;
}
