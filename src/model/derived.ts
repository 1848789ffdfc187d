// What of a record follows from its items, so that no entry can set it apart from them. Pure.
import type { Fingerprint, Timestamp } from './json.ts';
import { payloadFingerprint } from './payload.ts';
import { type DocumentRecord, worstTraining } from './record.ts';

/** The fields of a record that its items decide. */
export function derived(record: DocumentRecord): DocumentRecord {
  const parts: { key: string; fingerprint: Fingerprint }[] = [];
  for (const item of record.items) if (item.fingerprint !== null) parts.push({ key: item.part, fingerprint: item.fingerprint });
  const whole = parts.length === record.items.length && parts.length > 0;
  return {
    ...record,
    pushed: whole ? payloadFingerprint(parts) : null,
    training: record.items.length === 0 ? record.training : worstTraining(record.items.map((item) => item.training)),
  };
}

/** All parts trained: the bot knows what was pushed. */
export function trainedIf(record: DocumentRecord, at: Timestamp): DocumentRecord {
  if (record.training !== 'trained' || record.trained === record.pushed) return record;
  return { ...record, trained: record.pushed, trainedCommit: record.pushedCommit, trainedAt: at };
}
