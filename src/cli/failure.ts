// A failure of a whole command: its sentence on stderr (or its object on stdout) and its exit code.
import { exitCodeOf, type SyncError } from '../model/error.ts';
import { visibleLines } from '../plan/escape.ts';
import { errorFields } from '../status/event-log.ts';
import type { Invocation } from './invocation.ts';
import { plain } from './reports.ts';

/** Prints the error as the command promises and resolves to the exit code. A bug also shows where it happened. */
export function explain(error: SyncError, { output, options, command }: Pick<Invocation, 'output' | 'options' | 'command'>): number {
  const exitCode = exitCodeOf(error.code);
  if (options.json) output.object(plain({ version: 1, command, exitCode, error: error.record() }));
  const words = error.vendor === null ? '' : ` (the vendor says: ${error.vendor})`;
  const stack = error.code === 'UNEXPECTED' && error.cause instanceof Error ? error.cause.stack : undefined;
  const lines = [`${output.style('bad', 'error')}: ${visibleLines(`${error.message}${words}`)}`, `next: ${visibleLines(error.next)}`];
  output.complainOf(stack === undefined ? lines : [...lines, visibleLines(stack)], error.message, {
    ...errorFields(error),
    exitCode,
    stack,
  });
  return exitCode;
}
