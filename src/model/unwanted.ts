// What the last look wanted, once a person takes a document out. Pure.
import type { DocumentId } from './document.ts';
import { keyed } from './json.ts';
import type { LastSync, TargetState } from './record.ts';

/** What a person takes out is not missing from what the last look wanted: it only has to be gone. Its questions go with it. */
export function unwanted({ lastSync, records }: Pick<TargetState, 'lastSync' | 'records'>, retracted: DocumentId): LastSync | null {
  if (lastSync === null) return null;
  const known = new Set([...Object.keys(lastSync.behind), ...Object.keys(records).filter((id) => (records[id]?.items.length ?? 0) > 0)]);
  const taken = [...known].filter((id) => (id === retracted || id.startsWith(`${retracted}#qa-`)) && lastSync.behind[id] !== '');
  if (taken.length === 0) return lastSync;
  const behind = keyed(lastSync.behind);
  for (const id of taken) behind[id] = '';
  const blocked = taken.filter((id) => lastSync.behind[id] === 'blocked').length;
  return { ...lastSync, documents: Math.max(0, lastSync.documents - (taken.length - blocked)), behind };
}
