// Items that somebody else has removed at the vendor, as a journal entry.
import type { Target } from '../connectors/connector.ts';
import type { EntryBody } from '../model/effect.ts';

/** Takes these items out of the memory. Where the bot answers from the last training it goes on knowing them: one is owed then. */
export function goneAt(target: Pick<Target, 'traits'>, remoteIds: readonly string[]): EntryBody {
  return { kind: 'gone', remoteIds, ...(target.traits.training === 'on-request' && { retrain: true }) };
}
