// What is sent, and the record of intent and outcome. A begin without an end is the only representation of "unconfirmed".
import type { DocumentId } from './document.ts';
import type { ErrorRecord } from './error.ts';
import type { Fingerprint, Timestamp } from './json.ts';
import type { OperationId } from './operation.ts';
import type {
  DocumentRecord,
  Doubt,
  DriftCheck,
  EffectId,
  HeldRun,
  LastSync,
  Leftover,
  RemoteItem,
  Retracted,
  Todo,
  TrainingState,
} from './record.ts';

/** What the record takes over from the payload when an effect on one of its parts is done. */
export interface WrittenPart {
  readonly document: DocumentId;
  readonly path: string;
  readonly title: string;
  readonly url: string | null;
  readonly body: Fingerprint;
  readonly part: string;
  readonly mark: string;
  readonly fingerprint: Fingerprint;
  /** Of the whole payload that the part belongs to: what the texts kept for diffs are found by. */
  readonly payload?: Fingerprint;
}

/** What every effect has. */
export interface EffectBase {
  readonly id: EffectId;
  readonly operation: OperationId | null;
  readonly commit: string | null;
}

/** One thing done to one remote item (or to the whole bot), journaled. */
export type Effect = EffectBase &
  (
    | ({ readonly action: 'create'; readonly supersedes: Superseded | null } & WrittenPart)
    | ({ readonly action: 'update'; readonly remoteId: string } & WrittenPart)
    /** retrain: the bot forgets it only with the next training. */
    | {
        readonly action: 'delete';
        readonly document: DocumentId;
        readonly path: string;
        readonly remoteId: string;
        readonly retrain: boolean;
      }
    | { readonly action: 'replace-all'; readonly documents: readonly Omit<WrittenPart, 'part'>[] }
    | { readonly action: 'train'; readonly baseline: string; readonly covers: EffectId | null }
    /** Makes the vendor-side container; `before` are the containers that stood there before the call. */
    | { readonly action: 'open'; readonly before: readonly string[] }
  );

/** The copy that a create replaces, and what may become of it. */
export interface Superseded {
  readonly remoteId: string;
  readonly mark: string;
  readonly removable: Leftover['removable'];
}

export type SettledBy = 'reply' | 'list' | 'repeat' | 'person';

export interface TrainingNews {
  readonly document: DocumentId;
  /** Null: every item of the document. */
  readonly part: string | null;
  readonly state: TrainingState;
  readonly error: ErrorRecord | null;
}

/** A document taken back or adopted: what the vendor holds becomes a record, nothing is sent. */
export interface KnownDocument {
  readonly document: DocumentId;
  readonly path: string;
  readonly title: string;
  readonly url: string | null;
  readonly body: Fingerprint | null;
  readonly items: readonly RemoteItem[];
  readonly origin: DocumentRecord['origin'];
}

export type JournalEntry = { readonly at: Timestamp } & (
  | { readonly kind: 'begin'; readonly effects: readonly Effect[] }
  /** handle: the vendor's handle of a training run. */
  | {
      readonly kind: 'done';
      readonly effect: EffectId;
      readonly remoteId: string | null;
      readonly handle?: string;
      readonly settledBy: SettledBy;
    }
  /** Known to have had no effect. refused: these bytes are not to be sent again. */
  | { readonly kind: 'failed'; readonly effect: EffectId; readonly error: ErrorRecord; readonly refused: boolean }
  /** It may or may not have been carried out, and saying it again does no harm: what the item holds counts as unknown, so it is planned again. */
  | { readonly kind: 'blurred'; readonly effect: EffectId }
  | { readonly kind: 'doubt'; readonly doubt: Doubt }
  | { readonly kind: 'identity'; readonly identity: string }
  | { readonly kind: 'container'; readonly container: string }
  /** Found at the vendor, and ours. retrain: what was deleted before may not have been forgotten, and a training is owed for it. */
  | { readonly kind: 'known'; readonly documents: readonly KnownDocument[]; readonly retrain?: boolean }
  | {
      readonly kind: 'rekey';
      readonly from: DocumentId;
      readonly to: DocumentId;
      readonly path: string;
      readonly title: string;
      readonly url: string | null;
      readonly body: Fingerprint;
    }
  /** The file of a document with an id of its own lies elsewhere now. */
  | {
      readonly kind: 'moved';
      readonly document: DocumentId;
      readonly path: string;
      readonly title: string;
      readonly url: string | null;
      readonly body: Fingerprint;
    }
  | { readonly kind: 'leftover'; readonly leftover: Leftover }
  /** The vendor no longer holds these items, and it was not kbsync that deleted them. retrain: the bot forgets them only with the next training. */
  | { readonly kind: 'gone'; readonly remoteIds: readonly string[]; readonly retrain?: boolean }
  /** Somebody else has changed these items at the vendor: what they hold counts as unknown, so it is planned again. */
  | { readonly kind: 'altered'; readonly remoteIds: readonly string[] }
  /** Drops a record that holds nothing at the vendor. */
  | { readonly kind: 'forget'; readonly document: DocumentId }
  | { readonly kind: 'training'; readonly news: readonly TrainingNews[] }
  | {
      readonly kind: 'run-ended';
      readonly run: EffectId;
      readonly outcome: 'succeeded' | 'failed' | 'lost';
      readonly error: ErrorRecord | null;
    }
  /** At vendors that train by themselves: every write up to and including `through` has been seen learnt, or cannot be asked for. */
  | { readonly kind: 'learnt'; readonly through: EffectId | null }
  | { readonly kind: 'held'; readonly held: readonly HeldRun[] }
  | { readonly kind: 'todos'; readonly todos: readonly Todo[] }
  /** A person did what the API cannot: delete drops the record, create and update take the bytes over as pushed. */
  | {
      readonly kind: 'by-person';
      readonly todo: string;
      readonly document: DocumentId;
      readonly action: 'delete' | 'update' | 'create';
      readonly items: readonly RemoteItem[];
    }
  /** `retract`, and what ends it: null. */
  | { readonly kind: 'retracted'; readonly document: DocumentId; readonly retracted: Retracted | null }
  | { readonly kind: 'drift'; readonly check: DriftCheck }
  | { readonly kind: 'synced'; readonly lastSync: LastSync; readonly revision: string | null }
);

/** JournalEntry without the time stamp, as stages make it. */
export type EntryBody = JournalEntry extends infer Entry ? (Entry extends JournalEntry ? Omit<Entry, 'at'> : never) : never;

/** What a run left open that had lost its lock while at work: any of it may have reached the vendor after another run had looked for it. */
export interface Stray {
  /** The file that tells of it. */
  readonly file: string;
  readonly at: Timestamp;
  readonly effects: readonly Effect[];
  /** What the vendor answered that could not be written down any more: effect → the id of what it made. */
  readonly made: ReadonlyMap<EffectId, string>;
}
