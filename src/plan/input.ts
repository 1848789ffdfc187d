// All that planning is given: the folder, the state, the target and what a person has allowed. Plain values; nothing here is fetched.
import type { Capability, Traits } from '../connectors/connector.ts';
import type { SafetyConfig } from '../model/config.ts';
import type { DocumentId } from '../model/document.ts';
import type { Effect } from '../model/effect.ts';
import type { ErrorRecord } from '../model/error.ts';
import type { Timestamp } from '../model/json.ts';
import type { Marker } from '../model/mark.ts';
import type { OperationId } from '../model/operation.ts';
import type { PayloadHead } from '../model/payload.ts';
import type { DocumentRecord, HeldRun, TargetState } from '../model/record.ts';

/** Everything that decides a plan: equal inputs, in whatever order, give equal plans. */
export interface PlanInput {
  readonly target: PlanTarget;
  /** Settled; on first contact after what is ours was taken back. */
  readonly state: TargetState;
  /** Unconfirmed: their documents are left alone and reported. */
  readonly open: readonly Effect[];
  /** What this target shall have now. */
  readonly wanted: readonly PayloadHead[];
  /** Documents that could not be rendered for this target (too large …): blocked. */
  readonly failed: readonly { readonly document: DocumentId; readonly path: string; readonly error: ErrorRecord }[];
  /** In the folder, but not for this bot (draft, targets, fence, expired, retracted): leaves it. */
  readonly leaves: ReadonlyMap<DocumentId, { readonly reason: string; readonly retraction: boolean; readonly byWord?: true }>;
  /** What `retract` has to do with this plan; left out: nothing. */
  readonly retracted?: PlanRetracted;
  readonly folder: PlanFolder;
  readonly contact: PlanContact;
  /** Null, or left out: nothing recorded is missing at the vendor, as far as anybody has looked. */
  readonly vanished?: Vanished | null;
  /** This machine's time where it is more than a day before the last sync; null, or left out: it is not. */
  readonly clockBehind?: Timestamp | null;
  /** Share of equal lines, 0…1; null: too few lines, or the text is not known. */
  likeness(gone: DocumentId, fresh: DocumentId): number | null;
  readonly safety: SafetyConfig;
  readonly passes: PlanPasses;
  readonly only: PlanOnly;
  /** Documents to leave alone for now, with why: they failed several times in a row. Left out: none. */
  readonly resting?: ReadonlyMap<DocumentId, string>;
  /** The target that this one comes after, where that one is not well: nothing but retractions is sent. Null, or left out: nothing to wait for. */
  readonly after?: Unready | null;
}

/** A target that must have gone well first, and what is wrong with it, as a clause: "3 documents are not trained there yet". */
export interface Unready {
  readonly target: string;
  readonly why: string;
  /** What helps, as a clause. */
  readonly next: string;
}

/** Documents that `retract` keeps out of this bot, and those whose file has changed since. */
export interface PlanRetracted {
  readonly note: string | null;
  /** Why a document comes back, in place of the plain reason. */
  readonly returning: ReadonlyMap<DocumentId, string>;
}

/** The bot, as far as planning needs to know it. */
export interface PlanTarget {
  readonly name: string;
  readonly vendor: string;
  readonly label: string;
  readonly workspace: string;
  readonly capabilities: ReadonlySet<Capability>;
  readonly traits: Traits;
  readonly marks: Marker;
  /** The target takes one text for the whole bot. */
  readonly whole: boolean;
  readonly onUpdate: string;
  readonly rate: { readonly perMinute: number | null; readonly concurrency: number };
}

/** What was found in the content folder, whichever target it is for. */
export interface PlanFolder {
  readonly complete: boolean;
  readonly incompleteWhy: string | null;
  readonly rootMissing: boolean;
  /** All documents found in the folder. */
  readonly documents: number;
  /** Invalid or unreadable files: path → why. */
  readonly blockedPaths: ReadonlyMap<string, string>;
  /** id → why: ids that a faulty file lays claim to, wherever it lies now. */
  readonly blockedIds?: ReadonlyMap<DocumentId, string>;
  /** Folder include, exclude and ignore files, and the target's include. */
  inScope(path: string): boolean;
}

/** What first contact and `check` have shown. */
export interface PlanContact {
  readonly first: boolean;
  readonly listed: boolean;
  /** Items at the vendor that are not ours. */
  readonly foreign: number;
  /** Items with our mark that were taken back into the state just now. */
  readonly taken: number;
  /** Items with our mark of which nobody can say what document they were made for. */
  readonly orphans?: number;
  /** Documents not found at the vendor that an item there which is not ours is named like. */
  readonly lookalikes?: number;
  readonly identityFound: string | null;
  readonly proven: 'bot' | 'credentials' | 'nothing';
  readonly sandbox: boolean;
  readonly offline: boolean;
}

/** Documents of which recorded items are no longer at the vendor: the state has lost those items already. */
export interface Vanished {
  readonly documents: ReadonlySet<DocumentId>;
  /** Each was asked for by its id; false: only listing and search say so. */
  readonly proven: boolean;
}

/** What a person has allowed beyond the brakes. */
export interface PlanPasses {
  readonly allowDeletes: number | null;
  readonly allowUpdates: number | null;
  readonly initial: boolean;
  /** Deletes that a sealed plan approves; null: no sealed plan is in play. */
  readonly sealed: ReadonlySet<OperationId> | null;
  readonly approved: readonly HeldRun[];
}

/** What the run is narrowed to. */
export interface PlanOnly {
  /** Files or folders, relative to the content root. */
  readonly paths: readonly string[] | null;
  readonly failed: boolean;
  readonly limit: number | null;
  /** Only these, each with its questions; left out: all. */
  readonly documents?: ReadonlySet<DocumentId>;
}

/** A document that the target is known to hold something of. */
export interface Known {
  readonly document: DocumentId;
  readonly record: DocumentRecord;
}

/** Whether an id is that of a question/answer pair. */
export function isQa(document: DocumentId): boolean {
  return document.includes('#qa-');
}

/** The document that a question/answer pair stands in; other ids come back as they are. */
export function parentOf(document: DocumentId): DocumentId {
  const at = document.lastIndexOf('#qa-');
  return at < 0 ? document : document.slice(0, at);
}
