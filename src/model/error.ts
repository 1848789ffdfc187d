// Every failure: a code, independent facts, and a sentence that says what, where, the vendor's own words and the next step.
import type { JsonRecord } from './json.ts';

export type ErrorCode = keyof typeof errorTable;

/** Independent of each other: worth another try? did it have an effect? how far does it reach? */
export interface ErrorFacts {
  readonly retry: 'never' | 'later';
  /** none: known to have had no effect. unconfirmed: it may have been carried out (reset, time-out or 5xx after sending). */
  readonly effect: 'none' | 'unconfirmed';
  readonly stops: 'document' | 'target' | 'process';
  readonly retryAfterMs: number | null;
}

interface ErrorRow {
  readonly what: string;
  readonly next: string;
  readonly exitCode: number;
  readonly facts: ErrorFacts;
}

const row = (exitCode: number, facts: Partial<ErrorFacts>, what: string, next: string): ErrorRow => ({
  what,
  next,
  exitCode,
  facts: { retry: 'never', effect: 'none', stops: 'target', retryAfterMs: null, ...facts },
});

/** What becomes of a bot whose state was moved away. */
export const forgotten =
  'first contact takes back what is ours where the vendor lists it; adoptions and the todo list are forgotten. Leave retracted.jsonl there: without it, documents taken out by kbsync retract come back';

/** The one table of codes. The README's table is generated from it. */
export const errorTable = {
  UNEXPECTED: row(
    1,
    { stops: 'process' },
    'something unexpected happened',
    'this is a bug: run again with --verbose, and report its output with what kbsync doctor --bundle FILE writes',
  ),
  STATE_DAMAGED: row(
    1,
    {},
    'the state file cannot be read',
    `restore snapshot and journal (TARGET.json, TARGET.journal) from one backup; or move both and TARGET.json.bak away and run again: ${forgotten}`,
  ),
  STATE_UNWRITABLE: row(
    1,
    {},
    'the state folder cannot be written',
    'give the user that runs kbsync write access, or free disk space, and run again',
  ),
  STATE_NEWER: row(1, {}, 'the state was written by a newer kbsync', 'use that version or a newer one'),
  USAGE: row(2, { stops: 'process' }, 'the command line is wrong', 'see kbsync --help'),
  CONFIG_INVALID: row(2, { stops: 'process' }, 'the configuration is wrong', 'mend the named keys; kbsync schema prints every key'),
  SECRET_MISSING: row(
    2,
    {},
    'a variable that the configuration names is not set',
    'set it in the environment, in .env beside the configuration, or name a file in NAME_FILE',
  ),
  CONTENT_MISSING: row(
    2,
    { stops: 'process' },
    'the content folder cannot be read',
    'make the folder, mount it, or mend content.root; kbsync doctor shows what is there',
  ),
  HELD: row(5, {}, 'held by a brake', 'look at the plan, then pass the brake with the command it names or with kbsync todo approve'),
  DOCUMENT_REFUSED: row(4, { stops: 'document' }, 'the vendor refused the document', 'change the document; these bytes are not sent again'),
  DOCUMENT_TOO_LARGE: row(
    4,
    { stops: 'document' },
    'the document is larger than the target takes',
    'shorten or split it, or raise maxDocumentBytes where the vendor takes more',
  ),
  REMOTE_GONE: row(4, { stops: 'document', retry: 'later' }, 'the item is no longer at the vendor', 'nothing: the next sync makes it anew'),
  UNCONFIRMED: row(
    4,
    { stops: 'document', effect: 'unconfirmed' },
    'whether the write took effect is not known',
    'see kbsync todo; a later sync looks for it where the vendor can be asked',
  ),
  TRAINING_FAILED: row(
    4,
    { stops: 'document', retry: 'later' },
    'the vendor could not train it',
    'read what the vendor says, mend the document or the account, and sync again',
  ),
  NOT_TRAINED: row(6, { retry: 'later' }, 'not trained in time', 'run kbsync sync again: it goes on waiting; or raise trainTimeout'),
  TEST_FAILED: row(
    7,
    { stops: 'document' },
    'a golden question was not answered as expected',
    'ask it with kbsync ask, and look at the documents that the answer rests on',
  ),
  CREDENTIALS_REFUSED: row(8, {}, 'the target refused its credentials', "check the key and its rights in the vendor's dashboard"),
  BOT_NOT_FOUND: row(
    8,
    {},
    'the bot does not exist, is switched off, or the key is not for it',
    "check the bot's id in the configuration and in the vendor's dashboard",
  ),
  RATE_LIMITED: row(9, { retry: 'later' }, 'the vendor asks to slow down', 'run again later, or lower rate.perMinute'),
  QUOTA_EXHAUSTED: row(
    9,
    { retry: 'later' },
    "the account's quota is used up",
    "wait for the next period or raise the plan in the vendor's dashboard; what was trained goes on answering",
  ),
  LOCKED: row(10, { retry: 'later' }, 'another run holds the target', 'wait for it, use --lock-wait, or see kbsync unlock'),
  TARGET_UNREACHABLE: row(
    11,
    { retry: 'later' },
    'the target cannot be reached',
    'check network and baseUrl, where kbsync doctor shows how far it gets; run again when the vendor is up',
  ),
  VENDOR_FAILED: row(
    11,
    { retry: 'later', effect: 'unconfirmed' },
    'the vendor answered with an error of its own',
    'run again later; nothing is lost',
  ),
  REPLY_INVALID: row(
    11,
    { retry: 'later', effect: 'unconfirmed' },
    "the vendor's answer is not what it documents",
    'check baseUrl (a proxy or login page?), then run again',
  ),
  REQUEST_REFUSED: row(
    4,
    {},
    'the vendor refused the request',
    "read the vendor's words; if it goes on, report it with what kbsync doctor --bundle FILE writes",
  ),
  BUSY: row(6, { retry: 'later' }, 'the vendor is still training', 'nothing: a later run asks for the training again'),
  ABORTED: row(130, { retry: 'later', stops: 'process' }, 'stopped before it was done', 'run again: the next run finishes the rest'),
} as const satisfies Record<string, ErrorRow>;

/** What a record remembers of a failure, and what JSON shows. `vendor` are the vendor's own words, bounded and redacted. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly vendor: string | null;
  readonly next: string;
}

export interface ErrorDetails {
  readonly message?: string;
  readonly vendor?: string | null;
  readonly next?: string;
  readonly facts?: Partial<ErrorFacts>;
  readonly cause?: unknown;
  /** Whatever a face may want to print as data (file, line, column …). */
  readonly data?: JsonRecord;
}

const brand = Symbol.for('kbsync.SyncError');

/**
 * The only error that kbsync throws on purpose. Anything else that is thrown is a bug and ends the process loudly. One that another copy of
 * kbsync has made (a connector may bring its own) is one, too: `instanceof` asks for what it is, not for whose class it is of.
 */
export class SyncError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && brand in value && Object.hasOwn(errorTable, (value as { readonly code?: string }).code ?? '');
  }

  get [brand](): true {
    return true;
  }

  readonly code: ErrorCode;
  readonly facts: ErrorFacts;
  readonly vendor: string | null;
  readonly next: string;
  readonly data: JsonRecord;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const known: ErrorRow = errorTable[code];
    super(details.message ?? known.what, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'SyncError';
    this.code = code;
    this.facts = { ...known.facts, ...details.facts };
    this.vendor = details.vendor ?? null;
    this.next = details.next ?? known.next;
    this.data = details.data ?? {};
  }

  /** The plain record for state, JSON and reports. */
  record(): ErrorRecord {
    return { code: this.code, message: this.message, vendor: this.vendor, next: this.next };
  }
}

/** Any thrown value as a SyncError: what is not one already is UNEXPECTED, with the original as its cause. */
export function asSyncError(thrown: unknown): SyncError {
  if (thrown instanceof SyncError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new SyncError('UNEXPECTED', { message, cause: thrown, facts: { effect: 'unconfirmed' } });
}

/** The exit code of a failure (PRODUCT: exit codes). */
export function exitCodeOf(code: ErrorCode): number {
  return errorTable[code].exitCode;
}

/**
 * Whether an answer cannot be that of the vendor's API: a web page, or a redirect (transport's `data: { stranger: true }`). The next request would be
 * answered by the same stranger.
 */
export function isStrangers(thrown: unknown): boolean {
  return thrown instanceof SyncError && thrown.data['stranger'] === true;
}

/** Whether a vendor turned out not to have a call that the configuration says it has (a connector's `data: { absent: true }`). */
export function isAbsent(thrown: unknown): boolean {
  return thrown instanceof SyncError && thrown.data['absent'] === true;
}
