// A failure of a whole command: its sentence on stderr (or its object on stdout) and its exit code.
import { exitCodeOf, type SyncError } from '../model/error.ts';
import { visibleLines } from '../plan/escape.ts';
import type { Invocation } from './invocation.ts';
import { plain } from './reports.ts';

/** Prints the error as the command promises and resolves to the exit code. A bug also shows where it happened. */
export function explain(error: SyncError, { output, options, command }: Pick<Invocation, 'output' | 'options' | 'command'>): number {
  const exitCode = exitCodeOf(error.code);
  if (options.json) output.object(plain({ version: 1, command, exitCode, error: error.record() }));
  const words = error.vendor === null ? '' : ` (the vendor says: ${error.vendor})`;
  output.complain(`${output.style('bad', 'error')}: ${visibleLines(`${error.message}${words}`)}`);
  output.complain(`next: ${visibleLines(error.next)}`);
  if (error.code === 'UNEXPECTED' && error.cause instanceof Error && error.cause.stack !== undefined)
    output.complain(visibleLines(error.cause.stack));
  return exitCode;
}
