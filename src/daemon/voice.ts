// What the daemon says on stderr: one plain line for each thing that matters, and nothing twice. Owns the words, not the stream.

import type { CanaryTold } from '../cycle/canary.ts';
import type { ContentProblem } from '../model/document.ts';
import type { ErrorRecord } from '../model/error.ts';
import { insteadOfPassing } from '../model/pass.ts';
import type { TargetReport } from '../model/report.ts';
import { visible } from '../plan/escape.ts';
import { age } from '../status/derive.ts';
import type { PassOutcome } from './loop.ts';
import type { PassKind } from './pace.ts';

/** Where lines go; they are redacted there. `about`: fields for the log. */
export interface Voice {
  talk(line: string, about?: { readonly target: string }): void;
  /** Never silenced. */
  complain(line: string, about?: { readonly target: string }): void;
}

export interface Teller {
  begins(target: string, kind: PassKind, why: string): void;
  ends(target: string, kind: PassKind, outcome: PassOutcome): void;
  /** The folder as scanned: what is wrong with it is told when it is new. */
  folder(problems: readonly ContentProblem[], trouble: string | null): void;
}

/** Lines about single documents at one time; the page has them all. */
const mostLines = 20;

/** Tells a daemon's story over its targets. */
export function createTeller(voice: Voice): Teller {
  const held = new Map<string, string>();
  const refused = new Map<string, string>();
  const failing = new Set<string>();
  const learning = new Map<string, boolean>();
  const drifting = new Map<string, string>();
  const wrong = new Map<string, ReadonlySet<string>>();
  const blocked = new Map<string, ReadonlySet<string>>();
  let problems = new Set<string>();
  let trouble: string | null = null;

  const insteadWords = (rule: string, target: string): string => {
    const instead = insteadOfPassing({ rule }, target);
    return instead === null ? '' : `; to match what is there: ${instead}`;
  };
  const tellHeld = (target: string, report: TargetReport): void => {
    const now = report.held.map(
      ({ id, rule, message, passWith }) =>
        `held ${id}: ${message}${insteadWords(rule, target)}${passWith === null ? '' : `; to pass it: kbsync ${passWith}, or kbsync todo approve ${id}`}`,
    );
    if (now.join('\n') !== (held.get(target) ?? '')) for (const line of now) voice.complain(`${target}: ${visible(line)}`, { target });
    if (now.length === 0 && held.get(target)) voice.talk(`${target}: no longer held`, { target });
    held.set(target, now.join('\n'));
  };
  const tellError = (target: string, error: ErrorRecord, { nextInMs, result }: PassOutcome, stack: string | null): void => {
    const words = `${error.message}${error.vendor === null ? '' : ` (the vendor says: ${error.vendor})`}`;
    if (error.code === 'LOCKED') {
      if (!failing.has(target)) voice.talk(`${target}: ${visible(words)}; trying again until it is free`, { target });
    } else if (refused.get(target) !== words) {
      const again = nextInMs === null ? '' : ` Trying again in ${age(Math.ceil(nextInMs / 1_000) * 1_000)}.`;
      voice.complain(`${target}: ${error.code}: ${visible(words)}. Next: ${visible(error.next)}.${again}`, { target });
      if (stack !== null) voice.complain(stack.split('\n').map(visible).join('\n'));
    }
    // Looked at once an hour, or when the folder changes: told once.
    if (nextInMs === null || nextInMs > 1_800_000) refused.set(target, words);
    failing.add(target);
    if (result !== null) tellDocuments(target, result.report, voice);
  };
  const tellDrift = (target: string, words: string | null): void => {
    if (words === null || words === (drifting.get(target) ?? '')) return;
    if (words === '') voice.talk(`${target}: the vendor holds what it was given again`, { target });
    else voice.complain(`${target}: ${words} at the vendor; to put it right: kbsync drift --target ${target} --repair`, { target });
    drifting.set(target, words);
  };
  const tellTests = (target: string, failing: readonly string[]): void => {
    const before = wrong.get(target) ?? new Set();
    const fresh = failing.filter((line) => !before.has(line));
    for (const line of fresh.slice(0, mostLines)) voice.complain(`${target}: a golden question fails: ${visible(line)}`, { target });
    if (fresh.length > mostLines) voice.complain(`${target}: and ${fresh.length - mostLines} more; the status page lists them`, { target });
    if (failing.length === 0 && before.size > 0) voice.talk(`${target}: every golden question passes again`, { target });
    wrong.set(target, new Set(failing));
  };
  /** What kbsync itself keeps from this bot. What is wrong with a file was told with the folder, what a vendor refused when it did. */
  const tellBlocked = (target: string, report: TargetReport): void => {
    const before = blocked.get(target) ?? new Set();
    const now = report.blocked.filter(({ error, reason }) => error?.message === reason);
    const lines = now.map(({ document, reason }) => `blocked: ${document}: ${reason}`);
    const fresh = lines.filter((line) => !before.has(line));
    for (const line of fresh.slice(0, mostLines)) voice.complain(`${target}: ${visible(line)}`, { target });
    if (fresh.length > mostLines) voice.complain(`${target}: and ${fresh.length - mostLines} more; the status page lists them`, { target });
    blocked.set(target, new Set(lines));
  };
  const tellCanary = (target: string, told: CanaryTold | null): void => {
    if (told === null) return;
    const line = `${target}: freshness: it ${visible(told.words)}`;
    if (told.change === 'failing') voice.complain(line);
    else voice.talk(told.change === 'mended' ? `${line}; it is in time again` : line);
  };
  return {
    begins(target, kind, why) {
      if (kind === 'sync' && why !== 'rescan' && why !== 'again') voice.talk(`${target}: syncing (${why})`, { target });
    },
    ends(target, kind, outcome) {
      const { result, durationMs, why } = outcome;
      const error = result?.report.error ?? outcome.error?.record() ?? null;
      if (result !== null) tellHeld(target, result.report);
      if (error !== null) {
        const cause = outcome.error?.cause;
        const stack = error.code === 'UNEXPECTED' && cause instanceof Error ? (cause.stack ?? null) : null;
        tellError(target, error, outcome, stack);
        return;
      }
      if (failing.delete(target)) voice.talk(`${target}: works again`, { target });
      refused.delete(target);
      if (result === null) return;
      if (kind === 'verify') {
        tellTests(target, result.failing ?? []);
        return;
      }
      if (kind === 'canary') {
        tellCanary(target, result.canary?.told ?? null);
        return;
      }
      if (kind === 'drift') {
        tellDrift(target, result.drift ?? null);
        return;
      }
      const { report } = result;
      tellDocuments(target, report, voice);
      if (kind === 'sync') tellBlocked(target, report);
      const changed = report.results.length > 0;
      const learnt = learning.get(target) === true && !result.learning;
      learning.set(target, result.learning);
      if (kind === 'sync' && (changed || (why !== 'rescan' && why !== 'again')))
        voice.talk(`${target}: ${didWords(report)}; ${knowsWords(report)} (${took(durationMs)})`, { target });
      else if (learnt || result.runFailed)
        voice.talk(`${target}: ${result.runFailed ? 'the training failed; ' : ''}${knowsWords(report)}`, { target });
    },
    folder(found, why) {
      if (why !== trouble && why !== null) voice.complain(`content: ${visible(why)}; nothing is deleted`);
      if (why === null && trouble !== null) voice.talk('content: whole again');
      trouble = why;
      const lines = found.map(
        ({ path, line, column, message, severity }) =>
          `${[path, line, column].filter((part) => part !== null).join(':')} ${severity}: ${message}`,
      );
      const fresh = lines.filter((line) => !problems.has(line));
      for (const line of fresh.slice(0, mostLines)) voice.talk(`content: ${visible(line)}`);
      if (fresh.length > mostLines) voice.talk(`content: and ${fresh.length - mostLines} more; the status page lists them`);
      problems = new Set(lines);
    },
  };
}

function tellDocuments(target: string, report: TargetReport, voice: Voice): void {
  const open = report.results.filter(({ outcome }) => outcome === 'failed' || outcome === 'unconfirmed');
  for (const { operation, outcome, error } of open.slice(0, mostLines)) {
    const why =
      error === null
        ? operation.reason
        : `${error.message}${error.vendor === null ? '' : ` (the vendor says: ${error.vendor})`}. Next: ${error.next}`;
    voice.complain(`${target}: ${outcome}: ${operation.action} ${visible(operation.document)}: ${visible(why)}`, { target });
  }
  if (open.length > mostLines)
    voice.complain(`${target}: and ${open.length - mostLines} more documents; see kbsync status --documents`, { target });
}

function took(ms: number): string {
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : age(ms);
}

const past = { create: 'created', update: 'updated', move: 'moved', delete: 'deleted', adopt: 'adopted' } as const;

function didWords({ results, unchanged, blocked }: TargetReport): string {
  const done = (['create', 'update', 'move', 'delete', 'adopt'] as const).flatMap((action) => {
    const count = results.filter(({ operation, outcome }) => operation.action === action && outcome === 'done').length;
    return count === 0 ? [] : [`${count} ${past[action]}`];
  });
  const open = (['failed', 'unconfirmed', 'held', 'todo'] as const).flatMap((outcome) => {
    const count = results.filter((result) => result.outcome === outcome).length;
    return count === 0 ? [] : [`${count} ${outcome}`];
  });
  return [...done, ...open, ...(blocked.length > 0 ? [`${blocked.length} blocked`] : []), `${unchanged} unchanged`].join(', ');
}

function knowsWords({ training }: TargetReport): string {
  const total = Object.values(training).reduce((sum, count) => sum + count, 0);
  const rest = (['training', 'pending', 'failed', 'stuck', 'unknown'] as const).flatMap((state) =>
    training[state] === 0 ? [] : [`${training[state]} ${state}`],
  );
  return [`${training.trained} of ${total} trained`, ...rest].join(', ');
}
