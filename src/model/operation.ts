// What a person reads and approves: operations, brakes, plans. Plain JSON; no clock, no vendor.
import type { DocumentId } from './document.ts';
import type { ErrorRecord } from './error.ts';
import type { Fingerprint } from './json.ts';

export type OperationId = string;
export type Action = 'create' | 'update' | 'move' | 'delete' | 'adopt';

interface OperationBase {
  /** `<action> <document>` (plus ` <remoteId>` for a leftover's delete): stable from plan to plan. */
  readonly id: OperationId;
  readonly document: DocumentId;
  readonly path: string;
  /** Why, in a few words a reviewer understands: "new file", "text changed", "file deleted" … */
  readonly reason: string;
  /** person: this target cannot do it; it becomes a todo, with where and how. */
  readonly by: 'vendor' | 'person';
  /** Said in the plan where what happens differs from the plain meaning of the action. */
  readonly note: string | null;
}

export type Operation = OperationBase &
  (
    | { readonly action: 'create' | 'update'; readonly fingerprint: Fingerprint }
    /** fingerprint: set where text or citation changes with the move, so that something is sent. */
    | {
        readonly action: 'move';
        readonly from: DocumentId;
        readonly fromPath: string;
        readonly fingerprint: Fingerprint | null;
        readonly rename: boolean;
      }
    /**
     * remoteId: set when a single leftover goes and the document itself stays. retraction: the fence or `retract`; goes first of all.
     * byWord: a person said so of exactly this document (`retract`): brakes that guard against mistakes with the folder do not hold it.
     */
    | { readonly action: 'delete'; readonly remoteId: string | null; readonly retraction: boolean; readonly byWord?: true }
    | { readonly action: 'adopt'; readonly items: readonly AdoptedItem[] }
  );

export interface AdoptedItem {
  readonly part: string;
  readonly remoteId: string;
  readonly mark: string;
  /** Null: what it holds is not known, or is known to differ from the folder. */
  readonly fingerprint: Fingerprint | null;
}

export type BrakeRule =
  | 'incomplete-scan'
  | 'empty-content'
  | 'too-many-deletes'
  | 'too-many-updates'
  | 'vanished'
  | 'other-bot'
  | 'other-folder'
  | 'existing-content'
  | 'first-contact'
  /** The target named by `after` is not known to be well at this folder. */
  | 'after'
  | 'clock-back';

export interface Brake {
  /** H1, H2 … once it is noted in the state; '' in a plan that changes nothing. */
  readonly id: string;
  readonly rule: BrakeRule;
  /** deletes: only the deletes are held, the rest goes on. pushes: everything but retractions. all: nothing is done at this target. */
  readonly holds: 'deletes' | 'pushes' | 'all';
  readonly documents: readonly DocumentId[];
  readonly message: string;
  /** The arguments after `kbsync` that pass it, or null where none does. */
  readonly passWith: string | null;
}

/** A document left as it is because the source is at fault. */
export interface BlockedDocument {
  readonly document: DocumentId;
  readonly path: string;
  readonly action: Action;
  readonly reason: string;
  readonly error: ErrorRecord | null;
}

/** What carrying a plan out will cost. */
export interface Forecast {
  readonly writes: number;
  readonly reads: number;
  /** At the target's configured rate; excludes the vendor's training time. */
  readonly durationMs: number;
}

export interface Plan {
  readonly version: 1;
  readonly target: string;
  readonly vendor: string;
  readonly stateSerial: number;
  readonly operations: readonly Operation[];
  readonly blocked: readonly BlockedDocument[];
  readonly unchanged: number;
  readonly outOfScope: number;
  readonly brakes: readonly Brake[];
  /** What a reader must know: incomplete listing, what does not fit, superseded copies … */
  readonly notes: readonly string[];
  readonly forecast: Forecast;
  /** Fingerprint of serial, operations and blocked: two plans with one seal do the same. */
  readonly seal: string;
}
