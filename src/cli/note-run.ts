// A line in the history. Nothing decides by it: what it cannot take has happened all the same, and is only told.
import { asSyncError } from '../model/error.ts';
import type { HistoryEntry } from '../state/history.ts';
import type { Workspace } from '../workspace.ts';
import type { Output } from './output.ts';

/** Appends a line; where the file cannot be written, says so and goes on. */
export async function noteInHistory(
  { history }: Pick<Workspace, 'history'>,
  entry: HistoryEntry,
  output: Pick<Output, 'complain'>,
): Promise<void> {
  try {
    await history.append(entry);
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    output.complain(`the history has no line of this: ${error.message}`);
  }
}
