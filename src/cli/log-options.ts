// --log-level, --log-format, --log-file → where this process logs to, if at all. pino is loaded only where there is a log.
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { SecretSet } from '../config/secrets.ts';
import { type Log, type LogLevel, logLevels } from '../model/log.ts';
import type { Stream } from './output.ts';

/** As given; null where an option was left out. */
export interface LogOptions {
  readonly level: LogLevel | null;
  readonly format: 'auto' | 'text' | 'json';
  readonly file: string | null;
  /** Whether any of the three was given. */
  readonly asked: boolean;
}

export interface LogScene {
  /** Whether this is the daemon; a command that only speaks to it, as `watch pause`, is none. */
  readonly daemon: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly cwd: string;
  readonly stderr: Stream;
  readonly secrets: SecretSet;
}

export interface ProcessLog {
  readonly log: Log;
  /** It goes to stderr, and takes the place of the talk there. */
  readonly here: boolean;
  /** Names one run of this process. */
  readonly run: string;
  reopen(): void;
  close(): void;
}

/** The options of a log from those that commander has parsed. */
export function logOptionsOf(given: { readonly [name: string]: unknown }): LogOptions {
  const { logLevel, logFormat, logFile } = given;
  const format = logFormat === 'text' || logFormat === 'json' ? logFormat : 'auto';
  const file = typeof logFile === 'string' ? logFile : null;
  return {
    level: logLevels.find((level) => level === logLevel) ?? null,
    format,
    file,
    asked: logLevel !== undefined || logFormat !== undefined || file !== null,
  };
}

/**
 * The log of a process; null where it has none: a command that was not asked for one, and the daemon in a terminal, whose plain words are the log
 * there. USAGE where the file cannot be opened.
 */
export async function openLog(options: LogOptions, scene: LogScene): Promise<ProcessLog | null> {
  const { stderr, secrets, quiet } = scene;
  const terminal = stderr.isTTY === true;
  if (!options.asked && (!scene.daemon || (terminal && !scene.verbose))) return null;
  const { createLog, fileSink, streamSink } = await import('./log.ts');
  const { file } = options;
  const here = file === null;
  // What the log says of itself goes where it is seen, whatever has become of the file.
  const tell = (line: string): void => void stderr.write(`${secrets.redact(line)}\n`);
  const sink = here ? streamSink(stderr) : fileSink(path.resolve(scene.cwd, file), tell);
  const format = options.format === 'auto' ? (here && terminal ? 'text' : 'json') : options.format;
  const level = options.level ?? (scene.verbose ? 'debug' : here && quiet ? 'warn' : 'info');
  const log = createLog({ level, format, sink, secrets, now: Date.now });
  return { log, here, run: newRun(), reopen: () => sink.reopen(), close: () => sink.close() };
}

/** A name for a run, short enough to be read out. */
export function newRun(): string {
  return randomBytes(4).toString('hex');
}
