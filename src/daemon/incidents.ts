// The book of incidents: which are open, who has been told of them, and what is still to be told. Pure; kept in the state folder by notify.ts.
// One notice when incidents begin and one when they are over, to each webhook, whatever restarts and retries lie between.
import type { ErrorCode, ErrorRecord } from '../model/error.ts';
import { keyed, type Timestamp } from '../model/json.ts';
import type { Finding, IncidentKind, Notice, Seen, Webhook } from '../model/notice.ts';
import type { TargetReport } from '../model/report.ts';
import type { SourceTrouble } from '../model/source.ts';
import { kindsOfMemory, wordsOf } from '../status/troubles.ts';

export interface Incident extends Finding {
  readonly target: string | null;
  readonly since: Timestamp;
  /** Names of the webhooks that have taken the notice of its beginning. */
  readonly told: readonly string[];
}

/** A notice on its way to one webhook. */
export interface Pending extends Notice {
  readonly event: 'opened' | 'over';
  readonly webhook: string;
  /** Of the incidents it is about. */
  readonly keys: readonly string[];
  readonly attempts: number;
  /** Not before this. Milliseconds since 1970. */
  readonly dueMs: number;
}

export interface Book {
  readonly version: 1;
  readonly incidents: { readonly [key: string]: Incident };
  readonly outbox: readonly Pending[];
}

export const emptyBook: Book = { version: 1, incidents: {}, outbox: [] };

/** Waits between the attempts for one notice; the last one again and again, until it is too old. Milliseconds. */
export const retryMs: readonly number[] = [2_000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 10_800_000, 21_600_000, 43_200_000];
/** The longest wait where newer notices wait behind this one: the receiver may be back for long, and they are news. Milliseconds. */
export const inTheWayMs = 300_000;
/** Older than this is no news any more. */
export const mostAgeMs = 86_400_000;
/** Notices that wait for one webhook; the oldest goes first. */
export const mostWaiting = 100;
/** Items that a notice names; it counts the others. */
const mostItems = 20;

// ── what a pass showed ────────────────────────────────────────────────────────────────────────────────────────────────

/** Somebody else is at work, or somebody stopped it: nothing is known of the target. */
const knowsNothing: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['LOCKED', 'ABORTED', 'BUSY']);
const unreachable: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TARGET_UNREACHABLE',
  'VENDOR_FAILED',
  'REPLY_INVALID',
  'REQUEST_REFUSED',
  'RATE_LIMITED',
]);
const refused: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['CREDENTIALS_REFUSED', 'BOT_NOT_FOUND', 'SECRET_MISSING']);
const stops = ['unreachable', 'refused', 'stopped'] as const satisfies readonly IncidentKind[];

export interface Look {
  readonly target: string;
  /** Null where the pass could not begin; `error` says why. */
  readonly report: Pick<TargetReport, 'error' | 'held'> | null;
  readonly error: ErrorRecord | null;
  /** It planned the whole folder: a brake that it does not name holds nothing any more. */
  readonly whole: boolean;
  /** It pushes nothing, so that what stops it says nothing of the passes that do. */
  readonly looksOnly: boolean;
  /** What the memory says; null: not read. */
  readonly troubles: readonly Finding[] | null;
}

/** What one pass showed of its target; null where it showed nothing. */
export function seenBy({ target, report, error, whole, looksOnly, troubles }: Look): Seen | null {
  const stopped = report?.error ?? error;
  if (stopped !== null) {
    if (knowsNothing.has(stopped.code) || looksOnly) return null;
    const kind = refused.has(stopped.code) ? 'refused' : unreachable.has(stopped.code) ? 'unreachable' : 'stopped';
    return { target, judges: stops, findings: [{ kind, what: '', message: wordsOf(stopped), next: stopped.next }] };
  }
  // A target that waits for the one before it is no incident of its own.
  const held = (report?.held ?? []).filter(({ rule }) => rule !== 'after');
  return {
    target,
    judges: [...(looksOnly ? [] : stops), ...(whole && !looksOnly ? (['held'] as const) : []), ...(troubles === null ? [] : kindsOfMemory)],
    findings: [
      ...held.map(({ id, rule, message }): Finding => ({ kind: 'held', what: rule, message, next: `kbsync todo approve ${id}` })),
      ...(troubles ?? []),
    ],
  };
}

/** What a scan showed of the folder; null: it is whole. `fetching`: why it cannot be fetched. */
export function folderSeen(trouble: string | null, fetching: Pick<SourceTrouble, 'message' | 'next'> | null = null): Seen {
  const next = 'check content.root: nothing is deleted until the folder is whole again';
  const findings: readonly Finding[] = [
    ...(trouble === null ? [] : [{ kind: 'folder' as const, what: '', message: trouble, next }]),
    ...(fetching === null ? [] : [{ kind: 'folder' as const, what: 'git', message: fetching.message, next: fetching.next }]),
  ];
  return { target: null, judges: ['folder'], findings };
}

// ── the book ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Judging {
  readonly webhooks: readonly Webhook[];
  readonly nowMs: number;
  readonly newId: () => string;
  /** Notices that are being sent at this moment: nobody knows yet whether they arrive. */
  readonly sending: ReadonlySet<string>;
}

/** The book after a look: what is new is opened, what was there and is not any more is over, and both are to be told. */
export function judge(book: Book, seen: Seen, how: Judging): Book {
  const found = new Map(seen.findings.map((finding) => [keyOf(seen.target, finding), finding]));
  const judges = new Set(seen.judges);
  const since = new Date(how.nowMs).toISOString();
  const opened = [...found].filter(([key]) => book.incidents[key] === undefined);
  const over = Object.entries(book.incidents).filter(
    ([key, { target, kind }]) => target === seen.target && judges.has(kind) && !found.has(key),
  );
  if (opened.length === 0 && over.length === 0) return book;
  const incidents = keyed(book.incidents);
  for (const [key] of over) delete incidents[key];
  for (const [key, finding] of opened) incidents[key] = { ...finding, target: seen.target, since, told: [] };
  const fresh = opened
    .map(([key]) => [key, incidents[key]] as const)
    .flatMap(([key, one]) => (one === undefined ? [] : [[key, one] as const]));
  const outbox = how.webhooks.reduce((box, webhook) => toldTo(webhook, box, { opened: fresh, over }, how), book.outbox);
  return { version: 1, incidents, outbox };
}

type Entries = readonly (readonly [string, Incident])[];

function toldTo(
  webhook: Webhook,
  outbox: readonly Pending[],
  { opened, over }: { readonly opened: Entries; readonly over: Entries },
  how: Judging,
): readonly Pending[] {
  const mine = (entry: readonly [string, Incident]): boolean => wants(webhook, entry[1]);
  // It may have heard of those that have been tried, and need not hear of those that have not.
  const tried = new Set(
    outbox.flatMap(({ webhook: to, event, keys, attempts, id }) =>
      to === webhook.name && event === 'opened' && (attempts > 0 || how.sending.has(id)) ? keys : [],
    ),
  );
  const gone = new Set(over.map(([key]) => key));
  const unheard = new Set([...gone].filter((key) => !tried.has(key)));
  const kept = outbox.flatMap((pending) => {
    if (pending.webhook !== webhook.name || pending.event !== 'opened') return [pending];
    return without(pending, unheard);
  });
  const heard = over.filter(([key, { told }]) => told.includes(webhook.name) || tried.has(key));
  const added = [...grouped(opened.filter(mine), 'opened', webhook, how), ...grouped(heard, 'over', webhook, how)];
  const others = kept.filter(({ webhook: to }) => to !== webhook.name);
  const own = [...kept.filter(({ webhook: to }) => to === webhook.name), ...added];
  return [...others, ...own.slice(-mostWaiting)];
}

function wants({ events, targets, missing }: Webhook, { kind, target }: Incident): boolean {
  return missing.length === 0 && (events?.includes(kind) ?? true) && (target === null || (targets?.includes(target) ?? true));
}

/** The same notice without these incidents; none where no other is left. */
function without(pending: Pending, keys: ReadonlySet<string>): readonly Pending[] {
  const left = pending.keys.filter((key) => !keys.has(key));
  if (left.length === pending.keys.length) return [pending];
  if (left.length === 0) return [];
  const names = new Set(left.map(whatOf));
  return [{ ...pending, keys: left, count: left.length, items: pending.items.filter(({ what }) => names.has(what)) }];
}

/** One notice for all of one kind that began, or ended, together. */
function grouped(entries: Entries, event: Pending['event'], { name }: Webhook, { nowMs, newId }: Judging): readonly Pending[] {
  const kinds = [...new Set(entries.map(([, { kind }]) => kind))];
  return kinds.map((kind) => {
    const own = entries.filter(([, incident]) => incident.kind === kind);
    const [first] = own;
    return {
      id: newId(),
      webhook: name,
      event,
      kind,
      target: first?.[1].target ?? null,
      at: new Date(nowMs).toISOString(),
      items: own.slice(0, mostItems).map(([, { what, message, since }]) => ({ what, message, since })),
      count: own.length,
      next: event === 'over' ? null : (first?.[1].next ?? null),
      keys: own.map(([key]) => key),
      attempts: 0,
      dueMs: nowMs,
    };
  });
}

const separator = '\n';

function keyOf(target: string | null, { kind, what }: Finding): string {
  return [target ?? '', kind, what].join(separator);
}

function whatOf(key: string): string {
  return key.split(separator).slice(2).join(separator);
}

/** A webhook has taken a notice. */
export function delivered(book: Book, id: string): Book {
  const pending = book.outbox.find((one) => one.id === id);
  if (pending === undefined) return book;
  const incidents = keyed(book.incidents);
  for (const key of pending.event === 'opened' ? pending.keys : []) {
    const incident = incidents[key];
    if (incident !== undefined) incidents[key] = { ...incident, told: [...incident.told, pending.webhook] };
  }
  return { ...book, incidents, outbox: book.outbox.filter((one) => one !== pending) };
}

/** An attempt came to nothing: it is due again later, or given up. `waitMs`: what the receiver asked for. */
export function notDelivered(
  book: Book,
  id: string,
  nowMs: number,
  waitMs: number | null,
): { readonly book: Book; readonly givenUp: boolean } {
  const pending = book.outbox.find((one) => one.id === id);
  if (pending === undefined) return { book, givenUp: false };
  const ends = Date.parse(pending.at) + mostAgeMs;
  if (nowMs >= ends) return { book: givenUp(book, pending), givenUp: true };
  const wait = Math.max(waitAfter(pending.attempts), Math.min(waitMs ?? 0, longestMs));
  const later = { ...pending, attempts: pending.attempts + 1, dueMs: Math.min(nowMs + wait, ends) };
  return { book: { ...book, outbox: book.outbox.map((one) => (one === pending ? later : one)) }, givenUp: false };
}

const longestMs = retryMs.at(-1) ?? 0;
const waitAfter = (attempts: number): number => retryMs[attempts] ?? longestMs;

/** When the first of a webhook's notices is to be tried; `followed`: others wait behind it. Milliseconds since 1970. */
export function dueAt({ attempts, dueMs }: Pick<Pending, 'attempts' | 'dueMs'>, followed: boolean): number {
  if (!followed || attempts === 0) return dueMs;
  // From the last attempt on; later, where the receiver has asked for it.
  return Math.min(dueMs, dueMs - waitAfter(attempts - 1) + inTheWayMs);
}

/** What a webhook never heard the beginning of, it need not hear the end of. */
function givenUp(book: Book, pending: Pending): Book {
  const keys = new Set(pending.event === 'opened' ? pending.keys : []);
  const outbox = book.outbox.flatMap((one) => {
    if (one === pending) return [];
    return one.webhook === pending.webhook && one.event === 'over' ? without(one, keys) : [one];
  });
  return { ...book, outbox };
}

/** The book without what no longer is configured. */
export function trimmed(book: Book, webhooks: readonly Webhook[], targets: readonly string[]): Book {
  const known = new Set(webhooks.map(({ name }) => name));
  const entries = Object.entries(book.incidents).filter(([, { target }]) => target === null || targets.includes(target));
  return { version: 1, incidents: keyed(Object.fromEntries(entries)), outbox: book.outbox.filter(({ webhook }) => known.has(webhook)) };
}
