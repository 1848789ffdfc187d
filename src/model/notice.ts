// Incidents and whom they are told to: the kinds there are, what was found, and a webhook as it is configured.
import type { Timestamp } from './json.ts';

/** Every kind of incident, with what it means. The manual and the schema list them from here. */
export const incidentKinds = {
  unreachable: 'the target cannot be reached, or answers with an error of its own',
  refused: 'the target refuses its credentials, or a secret of it is not set',
  stopped: 'another error stops the whole target: its quota, its state, a bug',
  held: 'a brake holds a run and waits for a person',
  failed: 'a document could not be pushed or trained',
  unconfirmed: 'the outcome of a write is not known, and the vendor cannot be asked',
  stuck: 'a document is still untrained past trainTimeout',
  test: 'a golden question fails',
  drift: 'the vendor holds something else than it was given',
  freshness: 'the bot did not answer from a change in time',
  folder: 'the content folder is missing, cannot be listed completely, or cannot be fetched',
} as const;

export type IncidentKind = keyof typeof incidentKinds;

/** One thing that is wrong now. */
export interface Finding {
  readonly kind: IncidentKind;
  /** Tells it from others of its kind at the same target: a document, a brake's rule …; '' where there is only one. */
  readonly what: string;
  readonly message: string;
  /** The next step, where there is one. */
  readonly next: string | null;
}

/** What one look showed of a target, or of the folder (target null). */
export interface Seen {
  readonly target: string | null;
  /** The kinds that it could judge: those that are not among the findings are over. */
  readonly judges: readonly IncidentKind[];
  readonly findings: readonly Finding[];
}

/** A webhook, its address filled in. */
export interface Webhook {
  readonly name: string;
  /** A secret as a whole: whoever has it can write there. */
  readonly url: string;
  readonly kind: 'json' | 'slack';
  /** null: every kind. */
  readonly events: readonly IncidentKind[] | null;
  /** null: every target. The folder is everybody's. */
  readonly targets: readonly string[] | null;
  /** Names of variables of its address that are not set: nothing can be sent there. */
  readonly missing: readonly string[];
}

/** What is told: incidents of one kind at one target that began, or ended, together. */
export interface Notice {
  /** The same for every attempt, so that a receiver can tell a repeat. */
  readonly id: string;
  readonly event: 'opened' | 'over' | 'test';
  readonly kind: IncidentKind | null;
  readonly target: string | null;
  readonly at: Timestamp;
  readonly items: readonly { readonly what: string; readonly message: string; readonly since: Timestamp }[];
  /** How many there are: `items` may hold fewer. */
  readonly count: number;
  readonly next: string | null;
}

/** What became of one request to a webhook. */
export interface Posted {
  readonly status: number | null;
  /** Null: it was taken. Else what went wrong, without the address. */
  readonly error: string | null;
  /** How long the receiver asks to be left alone; null: it does not say. Milliseconds. */
  readonly retryAfterMs: number | null;
}

/** How a webhook does, for page and metrics. */
export interface WebhookView {
  readonly name: string;
  /** Null: the last one went through, or none was sent yet. */
  readonly failing: { readonly since: Timestamp; readonly error: string } | null;
  readonly waiting: number;
  readonly counts: { readonly delivered: number; readonly failed: number; readonly dropped: number };
}
