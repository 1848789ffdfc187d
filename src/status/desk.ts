// What the status page asks for beyond a snapshot, and what it can have done: the daemon hands both in. Types, and the names of the actions.
import type { DocumentId } from '../model/document.ts';
import type { Json, Timestamp } from '../model/json.ts';
import type { Past } from './past.ts';

/** Everything that a button may stand for. A daemon offers those it can carry out; the page shows no other. */
export const actionNames = [
  'sync',
  'verify',
  'retry-failed',
  'todo-done',
  'todo-created',
  'todo-retry',
  'todo-approve',
  'gaps',
  'pause',
  'resume',
] as const;

export type ActionName = (typeof actionNames)[number];

export interface ActionRequest {
  /** Names of configured targets; null: all. */
  readonly targets: readonly string[] | null;
  /** The form's other fields, as they were sent. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Carries one action out; resolves to a sentence on what came of it. Throws SyncError: the page shows it with its next step. */
export type Action = (request: ActionRequest) => Promise<string | { readonly failed: string }>;

/** What can be done from the page. To offer one more is to add a line here: `{ …, pause: (request) => … }`. */
export type Actions = Readonly<Partial<Record<ActionName, Action>>>;

/** Something that was asked for on the page, and how far it is. */
export interface Job {
  readonly id: number;
  readonly name: ActionName;
  /** For people: "retry failed at site". */
  readonly what: string;
  readonly at: Timestamp;
  readonly state: 'running' | 'done' | 'failed';
  /** What came of it; '' while it runs. */
  readonly told: string;
}

/** One document as the folder has it, and why each bot is given it or not. */
export interface FolderStory {
  readonly title: string | null;
  readonly kind: string | null;
  readonly path: string | null;
  readonly inFolder: boolean;
  /** The commit that its bytes belong to; null: none, or they differ from it. */
  readonly commit: string | null;
  readonly problems: readonly { readonly line: number | null; readonly message: string; readonly severity: 'error' | 'warning' }[];
  /** Golden questions of its front matter. */
  readonly tests: readonly string[];
  /** Other documents of the same file. */
  readonly others: readonly DocumentId[];
  /** why null: the bot is given it, with this fingerprint. */
  readonly given: readonly { readonly target: string; readonly why: string | null; readonly wanted: string | null }[];
}

/** What users asked in vain, masked: what `kbsync gaps --json` prints. Kept in memory only. */
export interface GapsFound {
  readonly at: Timestamp;
  readonly days: number;
  readonly targets: readonly {
    readonly name: string;
    readonly checked: boolean;
    /** Why nothing was read; null where it was. */
    readonly reason: string | null;
    readonly exchanges: number;
    readonly vain: number;
  }[];
  readonly groups: number;
  readonly gaps: readonly {
    readonly question: string;
    readonly also: readonly string[];
    readonly count: number;
    readonly targets: readonly string[];
    readonly last: Timestamp | null;
    readonly kind: string;
    /** For people: "a document is near that none of these bots was given". */
    readonly words: string;
    readonly nearest: { readonly document: DocumentId; readonly heading: string } | null;
  }[];
}

/** Requests to one target within an hour. */
export interface TrafficHour {
  readonly hour: Timestamp;
  readonly requests: number;
  /** Answered with a status of 400 or more. */
  readonly refused: number;
  /** Not answered at all. */
  readonly unanswered: number;
}

export interface Traffic {
  readonly since: Timestamp;
  readonly targets: Readonly<Record<string, readonly TrafficHour[]>>;
}

/** Behind the page. */
export interface Desk {
  /** Milliseconds that never go back: sessions expire by them. */
  readonly now: () => number;
  /** What can be done. */
  readonly offered: readonly ActionName[];
  /** Newest first. */
  readonly jobs: () => readonly Job[];
  /** Begins an action; `wait` resolves when it has come to its end. */
  readonly begin: (name: ActionName, request: ActionRequest) => { readonly job: number; readonly wait: Promise<unknown> };
  readonly folderStory: (document: DocumentId) => Promise<FolderStory>;
  /** What the history knows of the last days; with a document: what was done with it, and how its questions were answered. */
  readonly past: (days: number, document: DocumentId | null) => Promise<Past>;
  readonly traffic: () => Traffic;
  /** Null: nobody has looked, or it is too long ago. */
  readonly gaps: () => GapsFound | null;
}

/** A history's line, loosely: whatever a command wrote. */
export interface Line {
  readonly at: Timestamp;
  readonly kind: string;
  readonly target: string;
  readonly [key: string]: Json;
}
