// What a file that is kept back still says of who may have it. An error leaves a document as it is in every bot, but not against its own word:
// what is plainly internal, a draft or expired leaves, whatever else is wrong with the file. Pure.
import type { Distribution, Document, DocumentId } from '../model/document.ts';
import type { Fingerprint } from '../model/json.ts';

export interface Claim {
  readonly id: DocumentId;
  readonly path: string;
  /** Of the body; null where it is not known. */
  readonly body: Fingerprint | null;
  readonly distribution: Distribution;
  /** An audience is stated that cannot be read: it is none that any fence lets through. */
  readonly isUnclear: boolean;
  /** Files of another audience, or for other targets, that the document includes. */
  readonly includes?: readonly IncludedClaim[];
}

/** An included file, as far as it narrows who may have the document. */
export interface IncludedClaim {
  readonly path: string;
  readonly distribution: Pick<Distribution, 'audience' | 'targets'>;
  readonly isUnclear: boolean;
}

/** The claims of documents that could be told, errors or not. */
export function claimsOf(documents: readonly Document[], isUnclear: boolean): readonly Claim[] {
  return documents.map(({ id, path, body, distribution }) => ({ id, path, body, distribution, isUnclear }));
}

/** Whether a claim says more than the defaults do: of a file that cannot be read, only rules speak. */
export function isStated({ distribution: { audience, targets, draft, expiresAt } }: Claim): boolean {
  return audience !== null || targets !== null || draft || expiresAt !== null;
}
