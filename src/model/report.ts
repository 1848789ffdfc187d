// What one pass over one target came to.

import type { DocumentId } from './document.ts';
import type { ErrorRecord } from './error.ts';
import type { BlockedDocument, Brake, Operation } from './operation.ts';
import type { TrainingState } from './record.ts';

export type Outcome = 'planned' | 'done' | 'failed' | 'unconfirmed' | 'held' | 'blocked' | 'todo';

export interface OperationResult {
  readonly operation: Operation;
  readonly outcome: Outcome;
  readonly remoteIds: readonly string[];
  readonly error: ErrorRecord | null;
}

export interface TargetReport {
  readonly target: string;
  readonly vendor: string;
  readonly required: boolean;
  readonly results: readonly OperationResult[];
  readonly blocked: readonly BlockedDocument[];
  readonly unchanged: number;
  /** Which they are, for --verbose. */
  readonly unchangedDocuments: readonly DocumentId[];
  readonly outOfScope: number;
  readonly requests: { readonly read: number; readonly write: number };
  readonly held: readonly Brake[];
  readonly training: { readonly [state in TrainingState]: number };
  /** Deletes that the bot has not been seen to forget yet, and leftovers still there. */
  readonly owed: { readonly forgetting: number; readonly leftovers: number; readonly byHand: number };
  readonly todos: number;
  /** How the wait for training ended; not-waited where nobody waited. */
  readonly waited: 'learnt' | 'deadline' | 'run-failed' | 'stopped' | 'not-waited';
  /** What stopped the whole target, if anything did. */
  readonly error: ErrorRecord | null;
  readonly notes: readonly string[];
}
