// One finding of doctor, and how findings are made. Values only.
import type { ErrorCode, SyncError } from '../model/error.ts';

export type RowState = 'ok' | 'warning' | 'error' | 'skipped';

/** What was looked at, what was found, where, why it matters, and the next step as an exact command where there is one. */
export interface Row {
  /** Stable, for programs: `state.git`. */
  readonly check: string;
  /** Null: of no single target. */
  readonly target: string | null;
  readonly state: RowState;
  readonly what: string;
  readonly where: string | null;
  readonly why: string | null;
  readonly next: string | null;
  /** Of an error: what it is to a program, and so which exit code it earns. */
  readonly code: ErrorCode | null;
}

/** What a row may say beside its first sentence. */
export type Details = Partial<Pick<Row, 'target' | 'where' | 'why' | 'next' | 'code'>>;

/** A row of any state. */
export function row(state: RowState, check: string, what: string, details: Details = {}): Row {
  return { check, target: null, state, what, where: null, why: null, next: null, code: null, ...details };
}

/** Well. */
export const ok = (check: string, what: string, details: Details = {}): Row => row('ok', check, what, details);
/** Works, and is worth a look. */
export const warning = (check: string, what: string, details: Details = {}): Row => row('warning', check, what, details);
/** Does not work. */
export const wrong = (check: string, what: string, details: Details = {}): Row => row('error', check, what, details);
/** Not looked at, and why. */
export const skipped = (check: string, what: string, why: string, details: Details = {}): Row =>
  row('skipped', check, what, { ...details, why });

/** A failure as a row: its own words, the vendor's, and its own next step. */
export function rowOf(check: string, error: SyncError, details: Details = {}): Row {
  const why = error.vendor === null ? null : `the vendor says: ${error.vendor}`;
  // A bug is told with its place.
  const stack = error.code === 'UNEXPECTED' && error.cause instanceof Error ? error.cause.stack : undefined;
  return row('error', check, error.message, {
    why,
    where: stack?.split('\n')[1]?.trim() ?? null,
    next: error.next,
    code: error.code,
    ...details,
  });
}
