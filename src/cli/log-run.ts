// One run in the log: the lines that open and close it, and its name on every line between them.
import { type Log, withFields } from '../model/log.ts';
import { createEventLog } from '../status/event-log.ts';
import type { InvocationLog } from './invocation.ts';
import { newRun, type ProcessLog } from './log-options.ts';

export interface RunLog extends InvocationLog {
  /** Writes the line that closes it. */
  ended(exitCode: number): void;
}

interface RunFacts {
  readonly command: string;
  readonly version: string;
}

/** Opens the run of a process, by a line. */
export function logRun(opened: Pick<ProcessLog, 'log' | 'run' | 'reopen'>, { command, version }: RunFacts): RunLog {
  return begin(opened.log, { run: opened.run, command, facts: { version, pid: process.pid }, reopen: opened.reopen });
}

/** A command that was handed to the daemon: a run of its own in the daemon's log. */
export function logHanded(log: Log, command: string): RunLog {
  return begin(log, { run: newRun(), command, facts: { handed: true }, reopen: () => {} });
}

interface Begun {
  readonly run: string;
  readonly command: string;
  readonly facts: { readonly [name: string]: string | number | boolean };
  readonly reopen: () => void;
}

function begin(log: Log, { run, command, facts, reopen }: Begun): RunLog {
  const startedAt = Date.now();
  log.line('info', 'start', `kbsync ${command}`, { run, command, ...facts });
  return {
    log: withFields(log, { run }),
    events: createEventLog(log, () => run),
    reopen,
    ended(exitCode) {
      const durationMs = Math.max(0, Date.now() - startedAt);
      log.line('info', 'end', `kbsync ${command} ends with ${exitCode}`, { run, command, exitCode, durationMs });
    },
  };
}
