// Events of the one stream → lines of the log: which level each has, its fields and its sentence. Pure but for remembering what was told last.
import { canaryWords } from '../model/canary.ts';
import type { ErrorRecord } from '../model/error.ts';
import type { SyncEvent } from '../model/event.ts';
import type { JsonRecord } from '../model/json.ts';
import type { Log, LogFields, LogLevel } from '../model/log.ts';

export interface EventLog {
  take(event: SyncEvent): void;
}

interface Line {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** Writes each event as one line. `runOf` names the run that a target's events belong to; null: none that is known. */
export function createEventLog(log: Log, runOf: (target: string) => string | null): EventLog {
  /** Progress within a phase, and counts that have not moved, are not news. */
  const phases = new Map<string, string>();
  const counts = new Map<string, string>();
  const isNews = (event: SyncEvent): boolean => {
    if (event.kind === 'phase') return changes(phases, event.target, event.phase);
    if (event.kind === 'training') return changes(counts, event.target, JSON.stringify(event.counts));
    return true;
  };
  return {
    take(event) {
      if (!isNews(event)) return;
      const { level, message, fields } = lineOf(event);
      log.line(level, event.kind, message, { run: runOf(event.target) ?? undefined, target: event.target, ...fields });
    },
  };
}

function changes(known: Map<string, string>, target: string, now: string): boolean {
  const before = known.get(target);
  known.set(target, now);
  return before !== now;
}

function lineOf(event: SyncEvent): Line {
  switch (event.kind) {
    case 'phase':
      return { level: 'debug', message: event.phase, fields: { phase: event.phase, total: event.total } };
    case 'operation':
      return operationLine(event);
    case 'request': {
      const { method, path, status, durationMs, attempt, intent } = event;
      const url = `${event.origin ?? ''}${path}`;
      const message = `${method} ${url}: ${status ?? 'no answer'}`;
      return { level: 'debug', message, fields: { method, url, status, durationMs, attempt, intent } };
    }
    case 'training': {
      const words = Object.entries(event.counts).flatMap(([state, count]) => (count === 0 ? [] : [`${count} ${state}`]));
      return { level: 'info', message: words.length === 0 ? 'nothing to train' : words.join(', '), fields: { counts: event.counts } };
    }
    case 'paused':
      return { level: 'info', message: `waits: ${event.why}`, fields: { forMs: event.forMs } };
    case 'drift': {
      const found = Object.values(event.found).some((count) => count > 0);
      const message = found ? 'the vendor holds something else than it was given' : 'the vendor holds what it was given';
      return { level: found ? 'warn' : 'info', message, fields: { found: event.found, foreign: event.foreign } };
    }
    case 'test': {
      const { change, document, question, reasons } = event;
      const message = change === 'failing' ? `a golden question fails: ${question}` : `a golden question passes again: ${question}`;
      return { level: change === 'failing' ? 'warn' : 'info', message, fields: { document, question, reasons } };
    }
    case 'canary': {
      const { change, check } = event;
      const fields = { outcome: check.outcome, acceptedMs: check.acceptedMs, trainedMs: check.trainedMs, quotedMs: check.quotedMs };
      return { level: change === 'failing' ? 'warn' : 'info', message: `freshness: ${canaryWords(check)}`, fields };
    }
    case 'error':
      return { level: quietCodes.has(event.error.code) ? 'info' : 'error', message: event.error.message, fields: errorFields(event.error) };
    case 'note':
      return { level: 'info', message: event.message, fields: {} };
    default:
      return event satisfies never;
  }
}

function operationLine({ action, document, outcome, error, effects, durationMs, status }: Extract<SyncEvent, { kind: 'operation' }>): Line {
  const level = outcome === 'failed' ? 'error' : outcome === 'unconfirmed' ? 'warn' : 'info';
  const ids = effects === undefined || effects.length === 0 ? undefined : effects;
  const fields = { document, operation: action, outcome, effects: ids, durationMs, status, ...(error === null ? {} : errorFields(error)) };
  return { level, message: `${outcome}: ${action} ${document}${error === null ? '' : `: ${error.message}`}`, fields };
}

/** Somebody else is at work, or somebody stopped it: nothing is wrong. */
const quietCodes: ReadonlySet<string> = new Set(['LOCKED', 'ABORTED']);

/** An error as fields of a line. Its sentence is the line's own. */
export function errorFields({ code, vendor, next }: ErrorRecord): JsonRecord {
  return { code, ...(vendor === null ? {} : { vendor }), next };
}
