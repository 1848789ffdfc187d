// When a target is looked at next: hints, the least interval between pushes, back-off, training. Pure; times are milliseconds of one clock
// that never goes back.
import type { CanaryTold } from '../cycle/canary.ts';
import type { CanaryCheck } from '../model/canary.ts';
import { type ErrorCode, type ErrorRecord, errorTable } from '../model/error.ts';
import type { Finding } from '../model/notice.ts';
import type { TargetReport } from '../model/report.ts';
import type { TestResult } from '../model/tests.ts';
import type { Learnt } from './learnt.ts';

/**
 * sync: a whole cycle. train: only how training goes, without a look at the folder. drift: only what the vendor holds.
 * verify: only the golden questions. canary: only the freshness check.
 */
export type PassKind = 'sync' | 'train' | 'drift' | 'verify' | 'canary';

/** What a target's configuration and traits say of its pace. */
export interface PaceSettings {
  /** The least time between two passes that write. */
  readonly minIntervalMs: number;
  /** First and longest pause between two looks at training. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** How long after a push training is asked about at that pace; afterwards schedule.training goes on. */
  readonly trainTimeoutMs: number;
}

/** What one pass came to, as far as the pace is concerned. */
export interface PassResult {
  readonly report: TargetReport;
  /** Something is on its way to be learnt, and asking again could show it. */
  readonly learning: boolean;
  /** A training run ended, and not well. */
  readonly runFailed: boolean;
  /** Superseded copies may go now that could not before; or something is missing at the vendor: worth another cycle. */
  readonly freed: boolean;
  /** Of a look at what the vendor holds: what it found, in words; '' for nothing, null where it could not be made. */
  readonly drift?: string | null;
  /** Of golden questions: what fails now, a line each. */
  readonly failing?: readonly string[];
  /** Golden questions are left for another pass. */
  readonly more?: boolean;
  /** What the memory says is wrong, at the end of the pass. */
  readonly troubles?: readonly Finding[];
  /** What is worth remembering in the history. */
  readonly tests?: readonly TestResult[];
  /** Of the freshness check. */
  readonly canary?: {
    /** Worth another look after each pass, and in any case after so many milliseconds; null: after a pass only. */
    readonly open: boolean;
    readonly nextInMs: number | null;
    readonly ended: CanaryCheck | null;
    readonly told: CanaryTold | null;
  };
  /** Documents that were seen to be learnt in this pass. */
  readonly learnt?: readonly Learnt[];
  readonly settings: PaceSettings;
}

/** Why a target is waiting although something is wanted. */
export type Waiting = 'interval' | 'back-off' | 'locked' | 'refused';

export interface Pace {
  /** Since when a cycle is wanted; null: it is not. */
  readonly wantedAt: number | null;
  /** When training is asked about next; null: not by itself. */
  readonly lookAt: number | null;
  readonly lookPauseMs: number;
  readonly looksUntil: number;
  /** Since when a look at what the vendor holds is wanted; null: it is not. */
  readonly driftAt: number | null;
  /** Since when the golden questions are to be asked; null: they are not. */
  readonly verifyAt: number | null;
  /** When the freshness check is looked at next; null: not by itself. */
  readonly canaryAt: number | null;
  /** A freshness check is under way: each pass may bring it on. */
  readonly canaryOpen: boolean;
  /** Nothing before this. */
  readonly notBefore: number;
  readonly why: 'back-off' | 'locked' | 'refused' | null;
  /** When something was last written; null: not in this life. */
  readonly pushedAt: number | null;
  readonly failures: number;
  /** Something is not known to be learnt yet: schedule.training asks. */
  readonly unlearnt: boolean;
  readonly settings: PaceSettings;
}

export const firstBackOffMs = 30_000;
export const longestBackOffMs = 900_000;
export const lockedRetryMs = 10_000;
/** Refused credentials are not tried at each edit, which could get an account locked. */
export const refusedProbeMs = 3_600_000;

/** Need a person: asking again soon changes nothing. */
const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CREDENTIALS_REFUSED',
  'BOT_NOT_FOUND',
  'SECRET_MISSING',
  'CONFIG_INVALID',
  'STATE_NEWER',
]);

const unknownSettings: PaceSettings = { minIntervalMs: 0, firstMs: 5_000, maxMs: 60_000, trainTimeoutMs: 1_800_000 };

/** A target that has not been looked at: its first cycle is due at once. */
export function startingPace(now: number): Pace {
  return {
    wantedAt: now,
    lookAt: null,
    lookPauseMs: 0,
    looksUntil: 0,
    driftAt: null,
    verifyAt: null,
    canaryAt: null,
    canaryOpen: false,
    notBefore: now,
    why: null,
    pushedAt: null,
    failures: 0,
    unlearnt: false,
    settings: unknownSettings,
  };
}

/**
 * The pace of a target whose configuration was read again: what it pushed last, what is being learnt and what is still to be looked at go on; why it
 * was to wait does not, since that may be what was mended. `minIntervalMs`: as it is configured now; null: by vendor, as before.
 */
export function carriedOver(before: Pace, minIntervalMs: number | null, now: number): Pace {
  const { pushedAt, lookPauseMs, looksUntil, unlearnt, driftAt, verifyAt } = before;
  const settings = { ...before.settings, minIntervalMs: minIntervalMs ?? before.settings.minIntervalMs };
  const learning = { lookPauseMs, looksUntil, unlearnt, lookAt: unlearnt ? now : null };
  return { ...startingPace(now), pushedAt, settings, ...learning, driftAt, verifyAt };
}

interface Due {
  readonly kind: PassKind;
  readonly at: number;
  readonly waiting: Waiting | null;
}

/** What is due next, and when; null: nothing until somebody hints. The freshness check, for which nobody waits, goes last. */
export function dueOf(pace: Pace): Due | null {
  const due = dueWithTests(pace);
  const canaryAt = pace.canaryAt === null ? null : Math.max(pace.canaryAt, pace.notBefore);
  if (canaryAt === null || (due !== null && due.at <= canaryAt)) return due;
  return { kind: 'canary', at: canaryAt, waiting: canaryAt === pace.canaryAt ? null : pace.why };
}

/** Questions are asked after all that pushes, of what the bot has been given. */
function dueWithTests(pace: Pace): Due | null {
  const due = dueBesides(pace);
  const verifyAt = pace.verifyAt === null ? null : Math.max(pace.verifyAt, pace.notBefore);
  if (verifyAt === null || (due !== null && due.at <= verifyAt)) return due;
  return { kind: 'verify', at: verifyAt, waiting: verifyAt === pace.verifyAt ? null : pace.why };
}

function dueBesides(pace: Pace): Due | null {
  const { wantedAt, lookAt, notBefore, pushedAt, settings, why } = pace;
  const intervalEnds = pushedAt === null ? notBefore : pushedAt + settings.minIntervalMs;
  const syncAt = wantedAt === null ? null : Math.max(wantedAt, notBefore, intervalEnds);
  const trainAt = lookAt === null ? null : Math.max(lookAt, notBefore);
  const driftAt = pace.driftAt === null ? null : Math.max(pace.driftAt, notBefore);
  // Nobody waits for it: what is due at the same time goes first.
  if (driftAt !== null && (trainAt === null || driftAt < trainAt) && (syncAt === null || driftAt < syncAt))
    return { kind: 'drift', at: driftAt, waiting: driftAt === pace.driftAt ? null : why };
  if (syncAt !== null && (trainAt === null || syncAt <= trainAt)) {
    const waiting = syncAt === wantedAt ? null : intervalEnds > notBefore ? 'interval' : why;
    return { kind: 'sync', at: syncAt, waiting };
  }
  return trainAt === null ? null : { kind: 'train', at: trainAt, waiting: trainAt === lookAt ? null : why };
}

/** Something may have changed. */
export function hinted(pace: Pace, now: number): Pace {
  return { ...pace, wantedAt: pace.wantedAt ?? now, driftAt: laterOf(pace.driftAt, now), ...askedLater(pace, now) };
}

/** A person asks: interval and back-off do not count. */
export function demanded(pace: Pace, now: number): Pace {
  const looks = { driftAt: laterOf(pace.driftAt, now), ...askedLater(pace, now) };
  return { ...pace, wantedAt: now, notBefore: now, why: null, pushedAt: null, ...looks };
}

function askedLater({ verifyAt, canaryAt }: Pace, now: number): Pick<Pace, 'verifyAt' | 'canaryAt'> {
  return { verifyAt: laterOf(verifyAt, now), canaryAt: laterOf(canaryAt, now) };
}

/** A look that is due steps behind a cycle that is wanted. */
function laterOf(at: number | null, now: number): number | null {
  return at === null ? null : Math.max(at, now);
}

/** schedule.training: one look, where anything is to be learnt. */
export function ticked(pace: Pace, now: number): Pace {
  return pace.unlearnt ? { ...pace, lookAt: Math.min(pace.lookAt ?? now, now) } : pace;
}

/** schedule.drift: one look at what the vendor holds. */
export function driftDue(pace: Pace, now: number): Pace {
  return { ...pace, driftAt: pace.driftAt ?? now };
}

/** schedule.verify: the golden questions, once. */
export function verifyDue(pace: Pace, now: number): Pace {
  return { ...pace, verifyAt: pace.verifyAt ?? now };
}

/** schedule.canary, a start, or a pass that may have brought it on: a look at the freshness check. */
export function canaryDue(pace: Pace, now: number): Pace {
  return { ...pace, canaryAt: Math.min(pace.canaryAt ?? now, now) };
}

/** A pass begins: hints from here on are for the next one. */
export function begun(pace: Pace, kind: PassKind): Pace {
  if (kind === 'drift') return { ...pace, driftAt: null };
  if (kind === 'verify') return { ...pace, verifyAt: null };
  if (kind === 'canary') return { ...pace, canaryAt: null };
  return kind === 'sync' ? { ...pace, wantedAt: null, lookAt: null } : { ...pace, lookAt: null };
}

/** A pass was cut short for a hand-over or a stop: what it was for is still wanted, at once. */
export function interrupted(pace: Pace, kind: PassKind, now: number): Pace {
  if (kind === 'drift') return driftDue(pace, now);
  if (kind === 'verify') return verifyDue(pace, now);
  if (kind === 'canary') return canaryDue(pace, now);
  const again = kind === 'sync' ? hinted(pace, now) : pace;
  return { ...again, unlearnt: true, lookAt: kind === 'train' ? now : pace.lookAt };
}

/** A pass that came to an end of its own, well or not. */
export function passed(pace: Pace, kind: PassKind, result: PassResult, now: number): Pace {
  const { report, settings } = result;
  const next = { ...pace, settings };
  if (report.error !== null) return stoppedBy(next, kind, report.error, now);
  // It wrote nothing, and says nothing of what is to be learnt.
  if (kind === 'drift') return result.freed ? hinted(next, now) : next;
  if (kind === 'verify') return result.more === true ? verifyDue(next, now) : next;
  if (kind === 'canary') return canaryPassed(next, result, now);
  const went = pushedOrLearnt(next, kind, result, now);
  return went.canaryOpen ? canaryDue(went, now) : went;
}

function pushedOrLearnt(next: Pace, kind: PassKind, result: PassResult, now: number): Pace {
  const { report } = result;
  const wrote = kind === 'sync' && report.requests.write > 0;
  const learnt = withLooks({ ...next, pushedAt: wrote ? now : next.pushedAt }, result, { kind, wrote }, now);
  if (result.runFailed || (kind === 'sync' && isUnfinished(report))) return backedOff(learnt, result.runFailed ? 'train' : 'sync', now);
  // A look at training that went well says nothing of the cycle that failed before it.
  const waits = kind === 'train' && learnt.failures > 0 && learnt.wantedAt !== null;
  const well: Pace = waits ? learnt : { ...learnt, failures: 0, notBefore: now, why: null };
  return result.freed ? hinted(well, now) : well;
}

function canaryPassed(pace: Pace, { canary, freed }: PassResult, now: number): Pace {
  const { open = false, nextInMs = null } = canary ?? {};
  const next: Pace = {
    ...pace,
    canaryOpen: open,
    canaryAt: nextInMs === null ? pace.canaryAt : Math.min(pace.canaryAt ?? now + nextInMs, now + nextInMs),
  };
  return freed ? hinted(next, now) : next;
}

/** A pass that could not be made, or that something stopped at this target. */
export function stoppedBy(pace: Pace, kind: PassKind, error: Pick<ErrorRecord, 'code'>, now: number): Pace {
  if (kind === 'drift') return lookStopped(pace, driftDue, error, now);
  if (kind === 'verify') return lookStopped(pace, verifyDue, error, now);
  if (kind === 'canary') return canaryStopped(pace, error, now);
  const wanted = kind === 'sync' ? hinted(pace, now) : { ...pace, lookAt: now };
  if (error.code === 'ABORTED') return wanted;
  // Nobody's trouble but the folder's: whatever changes there, or the next rescan, is worth a look at once.
  if (error.code === 'CONTENT_MISSING') return { ...pace, notBefore: now, why: null };
  if (error.code === 'LOCKED') return { ...wanted, notBefore: now + lockedRetryMs, why: 'locked' };
  if (refusals.has(error.code)) return { ...wanted, failures: pace.failures + 1, notBefore: now + refusedProbeMs, why: 'refused' };
  return backedOff(wanted, kind, now);
}

/** Its next turn is soon enough, but where it was only in somebody's way. */
function lookStopped(pace: Pace, again: typeof driftDue, { code }: Pick<ErrorRecord, 'code'>, now: number): Pace {
  if (code === 'ABORTED') return again(pace, now);
  return code === 'LOCKED' ? { ...again(pace, now), notBefore: now + lockedRetryMs, why: 'locked' } : pace;
}

/** What is under way has to come to its end some time. */
function canaryStopped(pace: Pace, error: Pick<ErrorRecord, 'code'>, now: number): Pace {
  const next = lookStopped(pace, canaryDue, error, now);
  return next === pace ? { ...pace, canaryAt: now + longestBackOffMs } : next;
}

function backedOff(pace: Pace, kind: PassKind, now: number): Pace {
  const pauseMs = Math.min(longestBackOffMs, firstBackOffMs * 2 ** Math.min(pace.failures, 10));
  const wanted = kind === 'sync' ? hinted(pace, now) : { ...pace, lookAt: pace.lookAt ?? now };
  return { ...wanted, failures: pace.failures + 1, notBefore: now + pauseMs, why: 'back-off' };
}

function withLooks(pace: Pace, result: PassResult, pass: { readonly kind: PassKind; readonly wrote: boolean }, now: number): Pace {
  const { settings, learning, report } = result;
  const unlearnt = learning || report.training.stuck > 0;
  if (!learning) return { ...pace, lookAt: null, unlearnt };
  const fresh = pass.wrote || !pace.unlearnt;
  const lookPauseMs = fresh ? settings.firstMs : Math.min(settings.maxMs, Math.max(settings.firstMs, pace.lookPauseMs * 1.5));
  const looksUntil = fresh ? now + settings.trainTimeoutMs : pace.looksUntil;
  return { ...pace, unlearnt, lookPauseMs, looksUntil, lookAt: now < looksUntil ? now + lookPauseMs : null };
}

/** Documents that did not go through for a reason that may pass, or of which it is not known whether they did. */
function isUnfinished({ results }: TargetReport): boolean {
  return results.some(
    ({ outcome, error }) =>
      outcome === 'unconfirmed' || (outcome === 'failed' && error !== null && errorTable[error.code].facts.retry === 'later'),
  );
}
