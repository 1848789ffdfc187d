// What a failure leaves in a record: the bytes that are not sent again before they change, and how often in a row others came to nothing. Part of fold.
import type { DocumentId } from './document.ts';
import type { Effect, JournalEntry } from './effect.ts';
import type { ErrorRecord } from './error.ts';
import type { Fingerprint, Timestamp } from './json.ts';
import type { DocumentRecord, Tries } from './record.ts';

/** A document of which nothing is known but what it is. */
export function blankRecord({ path, title, url, body }: Pick<DocumentRecord, 'path' | 'title' | 'url' | 'body'>): DocumentRecord {
  const nothing = { pushed: null, trained: null, pushedCommit: null, trainedCommit: null, pushedAt: null, trainedAt: null };
  return { path, title, url, body, items: [], training: 'pending', origin: 'created', error: null, refused: null, ...nothing };
}

/** A write that is known to have had no effect: what the record remembers of it. */
export function foldFailed(
  records: { [id: DocumentId]: DocumentRecord },
  effect: Effect,
  { error, refused, at }: Pick<Extract<JournalEntry, { kind: 'failed' }>, 'error' | 'refused' | 'at'>,
): void {
  if (effect.action === 'replace-all' && refused) {
    // Which of the new texts it was nobody can tell: until one of them changes, none of them is sent.
    for (const part of effect.documents) {
      const before = records[part.document];
      if (before?.pushed !== part.fingerprint)
        records[part.document] = { ...(before ?? blankRecord(part)), error, refused: part.fingerprint };
    }
    return;
  }
  if (effect.action !== 'create' && effect.action !== 'update' && effect.action !== 'delete') return;
  const before = records[effect.document];
  if (effect.action === 'delete') {
    if (before !== undefined) records[effect.document] = { ...before, error };
    return;
  }
  records[effect.document] = {
    ...(before ?? blankRecord(effect)),
    error,
    refused: refused ? effect.fingerprint : (before?.refused ?? null),
    ...(isOfDocument(error) && { tries: oneMore(before, effect.fingerprint, at) }),
  };
}

/** Not a refusal, nor the target's own state: a failure that these very bytes may have brought about. */
function isOfDocument({ code }: ErrorRecord): boolean {
  return code === 'VENDOR_FAILED' || code === 'REPLY_INVALID' || code === 'UNCONFIRMED';
}

/** The count after one more try of these bytes that came to nothing. */
export function oneMore(before: DocumentRecord | undefined, fingerprint: Fingerprint, at: Timestamp): Tries {
  const same = before?.tries?.fingerprint === fingerprint ? before.tries.count : 0;
  return { fingerprint, count: same + 1, at };
}
