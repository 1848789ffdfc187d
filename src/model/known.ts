// Which revision a bot knows, read off the state alone. Pure.
import type { DocumentId } from './document.ts';
import type { TargetState } from './record.ts';

/** What of the last look is still not known to be learnt: documents whose wanted bytes are not trained, or that were to be gone and are not. */
export function stillBehind(state: TargetState): DocumentId[] {
  const forgetting = new Set(state.forgetting.map((item) => item.document));
  return Object.entries(state.lastSync?.behind ?? {})
    .filter(([id, wanted]) =>
      wanted === '' ? state.records[id] !== undefined || forgetting.has(id) : state.records[id]?.trained !== wanted,
    )
    .map(([id]) => id);
}

/** The revision that the bot is known to hold whole: the last look's where nothing is behind it, else the one before. */
export function knownRevision(state: TargetState): string | null {
  if (state.lastSync !== null && stillBehind(state).length === 0) return state.lastSync.revision;
  return state.revision;
}
