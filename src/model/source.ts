// Where the content folder comes from when it is fetched: what is known of the clone. Values; the fetching is source/.
import type { Timestamp } from './json.ts';

/** What fetches have shown, for page, metrics, status and JSON. */
export interface SourceView {
  readonly url: string;
  /** Null: the default branch of the repository. */
  readonly branch: string | null;
  /** The commit that is checked out; null: nothing is. */
  readonly commit: string | null;
  /** When the branch was last fetched well; null: never. */
  readonly fetchedAt: Timestamp | null;
  /** Why it cannot be fetched, and since when; null: the last fetch went well. The last checkout goes on meanwhile. */
  readonly failing: SourceTrouble | null;
}

export interface SourceTrouble {
  readonly since: Timestamp;
  readonly message: string;
  readonly next: string;
}

/** What one fetch changed. */
export interface Refreshed {
  /** Another commit, or another tree of the same one, is checked out now. */
  readonly changed: boolean;
  readonly before: SourceView;
  readonly after: SourceView;
  /** What a person should know: a history that was rewritten, a tree that was made anew. */
  readonly notes: readonly string[];
}
