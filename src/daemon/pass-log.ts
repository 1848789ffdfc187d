// The daemon's log beside its plain words: each pass is a run with a name of its own, opened and closed by a line, and every event between them bears it.
import { randomBytes } from 'node:crypto';
import type { SyncEvent } from '../model/event.ts';
import type { Log, LogLevel } from '../model/log.ts';
import type { TargetReport } from '../model/report.ts';
import { createEventLog, errorFields } from '../status/event-log.ts';
import type { PassOutcome } from './loop.ts';
import type { PassKind } from './pace.ts';
import type { Teller, Voice } from './voice.ts';

export interface PassLog {
  take(event: SyncEvent): void;
  /** The same voice, its lines marked with the run that they belong to. */
  marked(voice: Voice): Voice;
  /** The same teller, and a line of the log wherever a pass begins or ends. */
  around(teller: Teller): Teller;
}

/** Over all targets of a daemon: at each there is one pass at a time. */
export function createPassLog(log: Log, newRun: () => string = () => randomBytes(4).toString('hex')): PassLog {
  const runs = new Map<string, string>();
  const events = createEventLog(log, (target) => runs.get(target) ?? null);
  const about = (facts: { readonly target: string } | undefined) => {
    const run = facts === undefined ? undefined : runs.get(facts.target);
    return facts === undefined || run === undefined ? facts : { ...facts, run };
  };
  return {
    // What stops a pass is told by the line that closes it.
    take: (event) => (event.kind === 'error' ? undefined : events.take(event)),
    marked: (voice) => ({
      talk: (line, facts) => voice.talk(line, about(facts)),
      complain: (line, facts) => voice.complain(line, about(facts)),
    }),
    around: (teller) => ({
      ...teller,
      begins(target, kind, why) {
        const run = newRun();
        runs.set(target, run);
        log.line('debug', 'begin', `${kind} begins: ${why}`, { run, target, pass: kind, why });
        teller.begins(target, kind, why);
      },
      ends(target, kind, outcome) {
        teller.ends(target, kind, outcome);
        const run = runs.get(target);
        runs.delete(target);
        const { level, message, fields } = closing(kind, outcome);
        log.line(level, 'run', message, { run, target, pass: kind, ...fields });
      },
    }),
  };
}

function closing(kind: PassKind, { why, durationMs, result, error, nextInMs }: PassOutcome) {
  const report = result?.report ?? null;
  const stopped = report?.error ?? error?.record() ?? null;
  const outcome = stopped !== null ? 'failed' : (report?.held.length ?? 0) > 0 ? 'held' : isPartial(report) ? 'partial' : 'done';
  const counts = countsOf(report);
  const fields = {
    why,
    durationMs: Math.round(durationMs),
    outcome,
    ...counts,
    unchanged: report?.unchanged,
    requests: report === null ? undefined : { ...report.requests },
    nextInMs: nextInMs === null ? undefined : Math.round(nextInMs),
    ...(stopped === null ? {} : errorFields(stopped)),
  };
  const waits = stopped?.code === 'LOCKED' || stopped?.code === 'ABORTED';
  const level: LogLevel = stopped !== null && !waits ? 'warn' : Object.keys(counts).length > 0 || waits ? 'info' : 'debug';
  return { level, message: `${kind} ends: ${stopped === null ? outcome : stopped.message}`, fields };
}

function isPartial(report: TargetReport | null): boolean {
  return report?.results.some(({ outcome }) => outcome === 'failed' || outcome === 'unconfirmed') ?? false;
}

/** How many operations came to each outcome; none where nothing was to be done. */
function countsOf(report: TargetReport | null): { readonly [outcome: string]: number } {
  const counts: { [outcome: string]: number } = {};
  for (const { outcome } of report?.results ?? []) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
