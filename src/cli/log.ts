// The log of a process: pino, its destination, and what makes a line harmless. Secrets leave here and nowhere else; a line is one line whatever
// files and vendors say; and whatever becomes of the destination (a full disk, a reader that went away), whoever writes a line never notices.
import { stripVTControlCharacters } from 'node:util';
import { pino } from 'pino';
import type { SecretSet } from '../config/secrets.ts';
import { SyncError } from '../model/error.ts';
import type { Json, JsonRecord } from '../model/json.ts';
import type { Log, LogLevel } from '../model/log.ts';
import { visible, visibleJson } from '../plan/escape.ts';

export interface Sink {
  write(line: string): void;
  /** Opens the file of that name anew: the one that was open may have been moved away. */
  reopen(): void;
  close(): void;
}

export interface LogInput {
  readonly level: LogLevel;
  readonly format: 'text' | 'json';
  readonly sink: Sink;
  /** Taken out of every line; it may grow at any time. */
  readonly secrets: Pick<SecretSet, 'redact' | 'redactValue'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A log that writes its lines there. */
export function createLog({ level, format, sink, secrets, now }: LogInput): Log {
  const write = (line: string): void => sink.write(format === 'json' ? `${visibleJson(line.trimEnd())}\n` : `${textOf(line)}\n`);
  const logger = pino(
    {
      level,
      // Neither process id nor host on every line: the line that opens a run has the former.
      base: null,
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  return {
    line(of, event, message, fields = {}) {
      if (!logger.isLevelEnabled(of)) return;
      const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as JsonRecord;
      // Our own colours go; what of others looks like one has been made visible long before.
      const sentence = secrets.redact(stripVTControlCharacters(message));
      logger[of]({ event, ...(secrets.redactValue(given) as JsonRecord) }, sentence);
    },
  };
}

/** Where a stream is the destination: lines go out as they come, and one that cannot is lost. */
export function streamSink(stream: { write(text: string): unknown }): Sink {
  return {
    write(line) {
      try {
        stream.write(line);
      } catch {
        // Whoever closed it does not read it.
      }
    },
    reopen() {},
    close() {},
  };
}

/** Lines that wait for a disk with room again; what is beyond is lost, and counted. */
const mostWaitingBytes = 1024 * 1024;

/**
 * A file that is appended to, made with mode 0600. `tell` is told once when it cannot be written, and once when it can again.
 * @throws USAGE where it cannot be opened.
 */
export function fileSink(path: string, tell: (line: string) => void): Sink {
  let lost = 0;
  let failing = false;
  const open = () => {
    const file = pino.destination({ dest: path, sync: true, append: true, mode: 0o600, maxLength: mostWaitingBytes });
    file.on('error', (error: Error & { readonly code?: string }) => {
      if (!failing) tell(`log: ${path} cannot be written: ${error.code ?? error.message}; the work goes on without it`);
      failing = true;
    });
    file.on('drop', () => {
      lost += 1;
    });
    file.on('write', () => {
      if (!failing) return;
      failing = false;
      tell(`log: ${path} can be written again${lost === 0 ? '' : `; ${lost} lines are lost`}`);
      lost = 0;
    });
    return file;
  };
  let file: ReturnType<typeof open>;
  try {
    file = open();
  } catch (cause) {
    throw new SyncError('USAGE', {
      message: `--log-file ${path} cannot be opened: ${codeOf(cause)}`,
      next: 'name a file in a folder that is there and may be written to',
      cause,
    });
  }
  const end = (old: typeof file): void => {
    try {
      old.end();
    } catch {
      // It could not be written to, and is let go all the same.
    }
  };
  return {
    write(line) {
      try {
        file.write(line);
      } catch {
        lost += 1;
      }
    },
    reopen() {
      try {
        const next = open();
        end(file);
        file = next;
      } catch (thrown) {
        tell(`log: ${path} cannot be opened anew: ${codeOf(thrown)}; the old file goes on`);
      }
    },
    close: () => end(file),
  };
}

function codeOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  return { ENOENT: 'its folder does not exist', EACCES: 'permission denied', EISDIR: 'it is a folder' }[code] ?? (code || String(thrown));
}

/** A line for people: when, how bad, where, what, and the rest as name=value. */
function textOf(json: string): string {
  const { level, time, event, target, msg, ...rest } = JSON.parse(json) as { readonly [name: string]: Json };
  const words = visible(String(msg ?? ''));
  const where = typeof target === 'string' && !words.startsWith(`${target}: `) ? `${visible(target)}: ` : '';
  // What the sentence has said already is left out.
  const told = (value: Json): boolean => typeof value === 'string' && words.includes(visible(value));
  const more = Object.entries(rest).flatMap(([name, value]) => (told(value) ? [] : [`${name}=${shown(value)}`]));
  const kind = event === 'say' ? [] : [String(event)];
  const tail = [...kind, ...more].join(' ');
  return `${String(time)} ${String(level).toUpperCase().padEnd(5)} ${where}${words}${tail === '' ? '' : ` (${tail})`}`;
}

function shown(value: Json): string {
  if (typeof value === 'string' && /^[\w./:@#-]+$/.test(value)) return value;
  return visible(JSON.stringify(value));
}
