// What becomes of a bug outside every command: told without secrets, then the end. Owns the secrets of the process, which every command adds to.
import { createSecretSet, type SecretSet } from '../config/secrets.ts';
import { asSyncError } from '../model/error.ts';
import { visibleLines } from '../plan/escape.ts';
import { explain } from './failure.ts';
import type { Invocation } from './invocation.ts';

export interface LastWord {
  /** Of this process: what every sink takes out. */
  readonly secrets: SecretSet;
  /** From here on a bug is told as this command tells its failures. */
  isFor(invocation: Invocation): void;
  /** Says it and ends the process with 1, which the journal allows. */
  say(thrown: unknown): void;
}

/** Takes Node's own last words away from it: they show whatever an error carries, such as the headers of a request. */
export function takeLastWord(): LastWord {
  const secrets = createSecretSet();
  let running: Invocation | null = null;
  const say = (thrown: unknown): void => {
    const error = asSyncError(thrown);
    const stack = thrown instanceof Error ? (thrown.stack ?? error.message) : error.message;
    if (running !== null) explain(error, running);
    else process.stderr.write(`error: ${secrets.redact(visibleLines(stack))}\nnext: ${error.next}\n`);
    process.exit(1);
  };
  process.on('uncaughtException', say);
  process.on('unhandledRejection', say);
  // Where this Node can: its diagnostic reports leave the environment out, which holds secrets.
  if (process.report !== undefined && 'excludeEnv' in process.report) process.report.excludeEnv = true;
  return {
    secrets,
    isFor(invocation) {
      running = invocation;
    },
    say,
  };
}
