// The only stream: log, metrics, progress, page and notifications are its readers.

import type { CanaryCheck } from './canary.ts';
import type { ErrorRecord } from './error.ts';
import type { Timestamp } from './json.ts';
import type { Action } from './operation.ts';
import type { DriftFinding, EffectId, TrainingState } from './record.ts';
import type { Outcome } from './report.ts';

export type Phase =
  | 'idle'
  | 'settling'
  | 'scanning'
  | 'planning'
  | 'listing'
  | 'comparing'
  | 'pushing'
  | 'training'
  | 'verifying'
  | 'held'
  | 'failed';

export type SyncEvent = { readonly target: string; readonly at: Timestamp } & (
  | { readonly kind: 'phase'; readonly phase: Phase; readonly done: number; readonly total: number }
  | {
      readonly kind: 'operation';
      readonly action: Action;
      readonly document: string;
      readonly outcome: Outcome;
      readonly error: ErrorRecord | null;
      /** Of what was written for it, in order; left out: nothing was. */
      readonly effects?: readonly EffectId[];
      /** From its first write to its end, queue and retries included; left out: nothing was written. */
      readonly durationMs?: number;
      /** What the vendor answered to the write that failed; left out: no such answer. */
      readonly status?: number;
    }
  | {
      readonly kind: 'request';
      readonly intent: 'read' | 'write' | 'ask';
      readonly method: string;
      /** Left out: not known. */
      readonly origin?: string;
      /** Path without query: queries may hold keys. */
      readonly path: string;
      /** Null: no answer. */
      readonly status: number | null;
      readonly durationMs: number;
      readonly attempt: number;
    }
  | { readonly kind: 'training'; readonly counts: { readonly [state in TrainingState]: number } }
  | { readonly kind: 'paused'; readonly forMs: number; readonly why: string }
  /** A complete look at what the vendor holds: how many of each kind it found, and how many items are not ours. */
  | { readonly kind: 'drift'; readonly found: { readonly [kind in DriftFinding['kind']]: number }; readonly foreign: number }
  /** A golden question has begun to fail, or passes again. */
  | {
      readonly kind: 'test';
      readonly change: 'failing' | 'mended';
      readonly document: string | null;
      readonly question: string;
      readonly reasons: readonly string[];
    }
  /** A freshness check has ended; `change`: it is the first to time out, or the first in time again. */
  | { readonly kind: 'canary'; readonly change: 'failing' | 'mended' | null; readonly check: CanaryCheck }
  | { readonly kind: 'error'; readonly error: ErrorRecord }
  | { readonly kind: 'note'; readonly message: string }
);

/** SyncEvent without what the emitter adds. */
export type EventBody = SyncEvent extends infer Event ? (Event extends SyncEvent ? Omit<Event, 'target' | 'at'> : never) : never;
export type Emit = (event: EventBody) => void;
