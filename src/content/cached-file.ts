// What the scan keeps of one file, and what it asks of a cache that keeps it from run to run. Types only: state/scan-cache.ts has the cache.
import type { ContentProblem, Document, DocumentId } from '../model/document.ts';
import type { PartHead } from '../model/payload.ts';

export interface CachedFile {
  /** Of the file's bytes and its sidecar's. */
  readonly digest: string;
  readonly documents: readonly Document[];
  readonly problems: readonly ContentProblem[];
  /** Ids that the file lays claim to, also where an error keeps it from giving documents. */
  readonly ids: readonly DocumentId[];
  readonly bodyStart: number;
  /** SHA-256 of the text before the body. */
  readonly head: string;
}

/** It may forget anything at any time. */
export interface ScanCache {
  /** What was parsed under another key is forgotten. */
  begin(parseKey: string): void;
  /** fresh: the stamp is the same, and was old enough when it was recorded to prove that the bytes are. */
  get(path: string, stamp: string): { readonly file: CachedFile; readonly fresh: boolean } | null;
  /** Heads stay where the digest is the same. Times in milliseconds since 1970. */
  put(path: string, file: CachedFile, facts: { readonly stamp: string; readonly changedMs: number; readonly recordedMs: number }): void;
  heads(path: string, document: DocumentId, renderKey: string): readonly PartHead[] | null;
  putHeads(path: string, document: DocumentId, renderKey: string, heads: readonly PartHead[]): void;
  prune(presentPaths: ReadonlySet<string>): void;
}
