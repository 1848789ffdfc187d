// What a log is to those who write to it. Where its lines go, how they look and what is taken out of them is decided elsewhere (cli/log.ts).
import type { Json } from './json.ts';

/** Worst first: a log at a level holds its lines and those of the levels before it. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What a line says beside its sentence; what is undefined is left out. */
export interface LogFields {
  readonly [name: string]: Json | undefined;
}

export interface Log {
  /** One line: what kind of event it is, the sentence for people, and the fields for programs. Never throws. */
  line(level: LogLevel, event: string, message: string, fields?: LogFields): void;
}

/** A log that gives each of its lines these fields, too. */
export function withFields(log: Log, common: LogFields): Log {
  return { line: (level, event, message, fields) => log.line(level, event, message, { ...common, ...fields }) };
}
