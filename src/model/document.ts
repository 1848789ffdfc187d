// What a bot shall know, as its author wrote it. Owns the nouns of the folder; knows no target and no vendor.

import type { GoldenTest } from './answer.ts';
import type { Fingerprint, JsonRecord } from './json.ts';

/** `kb.id`, else the path relative to the content root (forward slashes, NFC); Q&A pairs add `#qa-<slug>`. */
export type DocumentId = string;

/** Who may get a document, and when. What is null is not stated by front matter, sidecar or rule. */
export interface Distribution {
  /** Names of the only targets that get it; null: every target whose fence and include allow it. */
  readonly targets: readonly string[] | null;
  readonly audience: string | null;
  readonly draft: boolean;
  /** ISO dates or timestamps: on the bot from `publishAt` until `expiresAt`; `reviewBy` only warns. */
  readonly publishAt: string | null;
  readonly expiresAt: string | null;
  readonly reviewBy: string | null;
}

export interface DocumentBase {
  readonly id: DocumentId;
  /** Relative to the content root, forward slashes, NFC. Q&A pairs have the path of the file they stand in. */
  readonly path: string;
  readonly title: string;
  /** Canonical link for citations, or null. */
  readonly url: string | null;
  /** tags, description and whatever else a vendor may keep as metadata. */
  readonly attributes: JsonRecord;
  readonly distribution: Distribution;
  readonly tests: readonly GoldenTest[];
  /** Of the body alone, front matter aside: what makes a move recognisable. */
  readonly body: Fingerprint;
}

export type Document = DocumentBase &
  /** Its text is read from the file when it is needed, and only then. */
  (
    | { readonly kind: 'article' }
    | { readonly kind: 'qa'; readonly question: string; readonly answer: string; readonly parent: DocumentId }
    | { readonly kind: 'url'; readonly link: string }
    | { readonly kind: 'file'; readonly mediaType: string; readonly digest: string }
  );

/** Something wrong with one file of the content folder: told, and the rest goes through. Lines and columns count from 1. */
export interface ContentProblem {
  readonly path: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
  /** error: the file's documents stay as they are in every bot (blocked); warning: it goes through all the same. */
  readonly severity: 'error' | 'warning';
  /** The key of `content.lint` that found it; absent where the file itself could not be taken in. */
  readonly rule?: string;
}
