// What page, JSON and metrics of the daemon are made from: one record, so that they can never disagree. Types only.

import type { ContentProblem, DocumentId } from '../model/document.ts';
import type { Effect } from '../model/effect.ts';
import type { ErrorCode, ErrorRecord } from '../model/error.ts';
import type { WebhookView } from '../model/notice.ts';
import type { Doubt, TargetState, Todo } from '../model/record.ts';
import type { SourceView } from '../model/source.ts';
import type { KeptTest } from '../model/tests.ts';
import type { TargetStatus } from './derive.ts';
import type { InboxItem } from './inbox.ts';

/** One target: what its bot knows, and what its loop is at. */
export interface TargetSnapshot {
  readonly status: TargetStatus;
  readonly todos: readonly Todo[];
  readonly doubts: readonly Doubt[];
  /** For people: "pushing", "waiting for the vendor", "paused in the configuration" … */
  readonly doing: string;
  /** Nothing is sent to it by itself: by the configuration, or by a person. Left out: nobody says so. */
  readonly paused?: boolean;
  /** It is a person who has paused it, and a person can resume it. */
  readonly resumable?: boolean;
  /** When the daemon looks at it next, ISO; null: when something changes. */
  readonly nextRun: string | null;
  /** What stopped the last pass, or keeps the state from being read. */
  readonly error: ErrorRecord | null;
  /** Null before the target was connected. */
  readonly breakerOpen: boolean | null;
  /** The whole memory of it, for the page's lists. Left out: they are made of `status` alone. */
  readonly ledger?: { readonly state: TargetState; readonly open: readonly Effect[] };
  /** What waits for a person there, with the commands that settle it. */
  readonly inbox?: readonly InboxItem[];
  /** The last time that each golden question was asked there. */
  readonly asked?: readonly KeptTest[];
}

/** A document as the folder has it. */
export interface FolderDocument {
  readonly id: DocumentId;
  readonly path: string;
  readonly title: string;
}

/** How the configuration at work came in, and what has kept a newer one out since. */
export interface ReloadNews {
  /** When the one at work was read, ISO. */
  readonly loadedAt: string;
  /** The latest attempt to read a newer one; null: it went well, or there was none. */
  readonly failed: { readonly at: string; readonly code: ErrorCode; readonly message: string; readonly next: string } | null;
}

export interface Snapshot {
  readonly workspace: string;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Of the last scan; null where there is none, or nothing was scanned yet. */
  readonly commit: string | null;
  readonly problems: readonly ContentProblem[];
  /** A sentence where the folder cannot be read as it should: root missing, listing incomplete. */
  readonly folderTrouble: string | null;
  /** Where a fetched folder stands; left out or null: it is the user's own. */
  readonly source?: SourceView | null;
  /** Left out: nobody reloads. */
  readonly reload?: ReloadNews;
  readonly targets: readonly TargetSnapshot[];
  /** Whom incidents are told to; left out: nobody. */
  readonly webhooks?: readonly WebhookView[];
  readonly schedule: readonly { readonly name: string; readonly at: string }[];
  /** Of the last scan. */
  readonly documents?: readonly FolderDocument[];
}
