// What kbsync remembers of one target. Changed only by folding journal entries over it (effect.ts).
import type { DocumentId } from './document.ts';
import type { ErrorRecord } from './error.ts';
import { type Fingerprint, keyed, type Timestamp } from './json.ts';
import type { Operation } from './operation.ts';

/** Where an effect's outcome and its number in the journal meet. 16 hexadecimal characters, never used twice. */
export type EffectId = string;

/** trained: the live channel answers from it. unknown: the vendor cannot tell. */
export type TrainingState = 'pending' | 'training' | 'trained' | 'failed' | 'stuck' | 'unknown';

/** Worst first: how the states of parts make a document's, and those of documents a target's (PRODUCT: training.state). */
export const trainingStates: readonly TrainingState[] = ['failed', 'stuck', 'training', 'pending', 'unknown', 'trained'];

/** The remote thing that one part became. */
export interface RemoteItem {
  readonly part: string;
  /** Null: the vendor gave no id yet. */
  readonly remoteId: string | null;
  /** The mark it carries at the vendor, as it was written: a moved document may keep its old one. */
  readonly mark: string;
  /** Of the part as last accepted; null: taken back or adopted without knowing what it holds. */
  readonly fingerprint: Fingerprint | null;
  readonly training: TrainingState;
  /** When the vendor accepted it: trainTimeout counts from here. */
  readonly acceptedAt: Timestamp;
  readonly commit: string | null;
  /** The effect that wrote it last. */
  readonly effect: EffectId | null;
}

export interface DocumentRecord {
  readonly path: string;
  readonly title: string;
  readonly url: string | null;
  /** Fingerprint of the author's body (front matter aside), null where it is not known. */
  readonly body: Fingerprint | null;
  readonly items: readonly RemoteItem[];
  /** Of the payload as last accepted, made from the items; null: not known. */
  readonly pushed: Fingerprint | null;
  /** Of the payload that the bot is known to answer from. */
  readonly trained: Fingerprint | null;
  readonly training: TrainingState;
  readonly pushedCommit: string | null;
  readonly trainedCommit: string | null;
  readonly pushedAt: Timestamp | null;
  readonly trainedAt: Timestamp | null;
  readonly origin: 'created' | 'adopted';
  /** The last failure. `refused` names the bytes that failed for good: they are not sent again until they change. */
  readonly error: ErrorRecord | null;
  readonly refused: Fingerprint | null;
  /** Writes of these bytes that failed in a row for a reason that may pass; left out: none. */
  readonly tries?: Tries;
}

/** How often in a row, and when last. `fingerprint` is that of the part. */
export interface Tries {
  readonly fingerprint: Fingerprint;
  readonly count: number;
  readonly at: Timestamp;
}

/** Stands in a leftover where the vendor never gave an id: only a person can find the item, by its mark. */
export const namelessPrefix = 'unnamed-';

/** Ours, no longer wanted, still there. */
export interface Leftover {
  /** `unnamed-<effect>` where the vendor gave none. */
  readonly remoteId: string;
  readonly document: DocumentId;
  readonly mark: string | null;
  readonly why: 'superseded' | 'twin' | 'orphan' | 'deleted';
  readonly removable: 'now' | 'once-trained' | 'by-hand';
  readonly since: Timestamp;
}

/** Deleted at the vendor, but the bot may still answer from it until the training after `effect` has ended. */
export interface Forgetting {
  readonly document: DocumentId;
  readonly path: string;
  readonly remoteId: string;
  readonly effect: EffectId;
  readonly since: Timestamp;
}

/** A training run that was asked for and has not been seen to end. */
export interface TrainingRun {
  readonly effect: EffectId;
  /** What the vendor showed before the run was asked for, so that success can be told from the state left before. Connector's own text. */
  readonly baseline: string;
  /** The connector's own handle of the run. */
  readonly handle: string;
  readonly requestedAt: Timestamp;
  /** The last write that the run covers: what was written later is not learnt by it. */
  readonly covers: EffectId | null;
}

/** A brake that waits for a person. Changes no record of what the bot holds. */
export interface HeldRun {
  readonly id: string;
  readonly rule: string;
  readonly message: string;
  readonly documents: readonly DocumentId[];
  readonly passWith: string | null;
  readonly since: Timestamp;
  /** Set by `todo approve`: the next run may do exactly this. */
  readonly approvedAt: Timestamp | null;
}

/** Work that the vendor's API cannot do and a person must. */
export interface Todo {
  readonly id: string;
  readonly operation: Operation;
  readonly where: string;
  readonly how: string;
  readonly since: Timestamp;
}

/** A document that `retract` took out of the bot. It stays out until its file changes or the retraction is undone. */
export interface Retracted {
  readonly path: string;
  /** Digest of the file as it was, sidecar included; null where no file was there, '' where it could not be read: then only a person ends it. */
  readonly file: Fingerprint | null;
  /** Fingerprint of the author's body, so that it is known again under another id or path; null or left out: not known. */
  readonly body?: Fingerprint | null;
  readonly since: Timestamp;
  /** Only these targets were named (`--target`); left out: the whole workspace. */
  readonly targets?: readonly string[];
}

/** One thing in which the vendor holds something else than kbsync left there. */
export interface DriftFinding {
  /** missing: recorded, not there. twin: carries our mark, and neither record nor leftover knows it. changed: there, with another text. */
  readonly kind: 'missing' | 'twin' | 'changed';
  readonly document: DocumentId;
  readonly remoteId: string;
}

/** The last complete look at what the vendor holds: what it did not find missing was seen then. */
export interface DriftCheck {
  readonly at: Timestamp;
  readonly findings: readonly DriftFinding[];
  /** Items that are not ours: only counted, never touched. */
  readonly foreign: number;
  /** Documents whose texts have been compared, and the last of them in the order of ids: where the next part begins. */
  readonly texts: { readonly compared: number; readonly through: DocumentId | null };
  /** The machine that looked: a state that is used on another one may have been copied, and another copy of it be in use. Null: not known. */
  readonly host: string | null;
}

/** What is known of an effect unconfirmed beyond its open begin: its number on the todo list and the vendor's words. */
export interface Doubt {
  readonly id: string;
  readonly effect: EffectId;
  readonly error: ErrorRecord | null;
  readonly since: Timestamp;
}

/** The last complete look at folder and target, for "which commit does the bot know". */
export interface LastSync {
  readonly at: Timestamp;
  readonly commit: string | null;
  /** The commit, or where there is none the short fingerprint of all that the target was to have. */
  readonly revision: string;
  /** How many documents the target was to have. */
  readonly documents: number;
  /** Those whose wanted bytes were not known to be trained then: id → wanted fingerprint; '' where the document was to be gone. */
  readonly behind: { readonly [id: DocumentId]: Fingerprint };
  readonly outOfScope: number;
  /** How many of them were wanted with bytes that are not known to be in the commit; left out: none. */
  readonly uncommitted?: number;
}

export interface Numbers {
  readonly T: number;
  readonly U: number;
  readonly H: number;
}

export interface TargetState {
  /** The format of snapshot and journal: `state/migrate.ts` has the steps from older ones. */
  readonly version: 2;
  readonly target: string;
  /** vendor + origin + bot id, as `check` reports it; null before first contact. */
  readonly identity: string | null;
  /** Raised at each saved change of records, items or leftovers: what a sealed plan is held against. */
  readonly serial: number;
  /** The vendor-side box that holds our items where the vendor has one (Chat Thing: data source). */
  readonly container: string | null;
  readonly records: { readonly [id: DocumentId]: DocumentRecord };
  readonly leftovers: readonly Leftover[];
  readonly forgetting: readonly Forgetting[];
  readonly run: TrainingRun | null;
  /** The last write that was accepted, and the last one known to be learnt: they differ while training is owed. */
  readonly lastWrite: EffectId | null;
  readonly learntThrough: EffectId | null;
  readonly held: readonly HeldRun[];
  readonly todos: readonly Todo[];
  readonly doubts: readonly Doubt[];
  /** The highest numbers given out on the todo list: none is used twice, so that yesterday's "approve H1" meets nothing else today. */
  readonly numbers: Numbers;
  /** Documents taken out by `retract`, by id. */
  readonly retracted: { readonly [id: DocumentId]: Retracted };
  /** Null: the vendor's list was never compared. */
  readonly drift: DriftCheck | null;
  readonly lastSync: LastSync | null;
  /** The revision that the bot was last seen to know whole. */
  readonly revision: string | null;
}

/** None given out yet. */
export const noNumbers: Numbers = { T: 0, U: 0, H: 0 };

/** The numbers with that of an id such as H3 taken into account. */
export function numbersWith(numbers: Numbers, ids: readonly string[]): Numbers {
  const highest = { ...numbers };
  for (const id of ids) {
    const kind = id.slice(0, 1);
    const value = Number(id.slice(1));
    if ((kind === 'T' || kind === 'U' || kind === 'H') && Number.isSafeInteger(value)) highest[kind] = Math.max(highest[kind], value);
  }
  return highest;
}

/** The state of a target never met. */
export function emptyState(target: string): TargetState {
  return {
    version: 2,
    target,
    identity: null,
    serial: 0,
    container: null,
    records: keyed(),
    leftovers: [],
    forgetting: [],
    run: null,
    lastWrite: null,
    learntThrough: null,
    held: [],
    todos: [],
    doubts: [],
    numbers: noNumbers,
    retracted: {},
    drift: null,
    lastSync: null,
    revision: null,
  };
}

/** The worst of several training states; trained for none. */
export function worstTraining(states: Iterable<TrainingState>): TrainingState {
  const seen = new Set(states);
  return trainingStates.find((state) => seen.has(state)) ?? 'trained';
}
