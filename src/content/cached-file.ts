// What the scan keeps of one file, and what it asks of a cache that keeps it from run to run. Types only: state/scan-cache.ts has the cache.
import type { ContentProblem, Document, DocumentId } from '../model/document.ts';
import type { Json } from '../model/json.ts';
import type { PartHead } from '../model/payload.ts';
import type { Claim } from './claims.ts';
import type { KnownLinks } from './compose.ts';

/** A file that was asked for while another one was read. */
export interface IncludeFact {
  readonly path: string;
  /** SHA-256 of its bytes; null: there was none to be had. */
  readonly digest: string | null;
  /** Of its stat; null: it was not there. */
  readonly stamp: string | null;
}

export interface CachedFile {
  /** Of the file's bytes, its sidecar's, and those of the files it includes. */
  readonly digest: string;
  readonly documents: readonly Document[];
  readonly problems: readonly ContentProblem[];
  /** Ids that the file lays claim to, also where an error keeps it from giving documents. */
  readonly ids: readonly DocumentId[];
  /** Its own front matter states an audience. */
  readonly statesAudience?: true;
  /** Set where an error keeps it from giving documents. */
  readonly claims?: readonly Claim[];
  readonly bodyStart: number;
  /** SHA-256 of the text before the body. */
  readonly head: string;
  /** Everything that was asked for to expand its includes; none where it has none. */
  readonly includes?: readonly IncludeFact[];
  /** Where the relative links of its documents' texts stand. */
  readonly links?: { readonly [document: DocumentId]: KnownLinks };
  /** Its text differs from target to target. */
  readonly perTarget?: true;
  /** Of its article's words, for telling near-duplicates. */
  readonly signature?: string;
  /** Its path without the secret that it holds. */
  readonly shown?: string;
}

/** It may forget anything at any time. */
export interface ScanCache {
  /** What was parsed under another key is forgotten. */
  begin(parseKey: string): void;
  /** fresh: the stamp is the same, and was old enough when it was recorded to prove that the bytes are. */
  get(path: string, stamp: string): { readonly file: CachedFile; readonly fresh: boolean } | null;
  /** Heads stay where the digest is the same. Times in milliseconds since 1970. */
  put(path: string, file: CachedFile, facts: { readonly stamp: string; readonly changedMs: number; readonly recordedMs: number }): void;
  /** `around`: what beside the file and the key shaped the text (where its links lead); heads made under another one are not given. */
  heads(path: string, document: DocumentId, renderKey: string, around?: string): readonly PartHead[] | null;
  /** What lint said of those heads. */
  told?(path: string, document: DocumentId, renderKey: string): readonly ContentProblem[];
  putHeads(
    path: string,
    document: DocumentId,
    renderKey: string,
    heads: readonly PartHead[],
    around?: string,
    told?: readonly ContentProblem[],
  ): void;
  prune(presentPaths: ReadonlySet<string>): void;
  /** What was found out about the folder as a whole, by name; null where the key is another one by now. */
  memo?(name: string, key: string): Json | null;
  putMemo?(name: string, key: string, value: Json): void;
}
