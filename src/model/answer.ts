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
}

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
