// Writes → batches that one call of the vendor takes: by action, count and bytes, in the order given, texts fetched as each batch is due.
import type { NewItem, Traits } from '../connectors/connector.ts';
import type { Effect, WrittenPart } from '../model/effect.ts';
import { SyncError } from '../model/error.ts';
import type { Part, Payload } from '../model/payload.ts';
import type { RemoteItem } from '../model/record.ts';
import { type PushContext, refusalOf } from './context.ts';
import type { Step, Write } from './effects.ts';

/** One effect with what its call needs. item is null for a delete. */
export interface Sendable {
  readonly step: Step;
  readonly effect: Effect;
  readonly item: NewItem | null;
  readonly payload: Payload | null;
}

export interface Batch {
  readonly action: Write['action'];
  readonly sendables: readonly Sendable[];
}

/** A write that cannot be made into an effect: its text is gone, no longer has that part, or may not leave. */
export interface Dropped {
  readonly step: Step;
  readonly error: SyncError;
}

type Limits = Pick<Traits['limits'], 'batch' | 'batchBytes'>;

/** Batches of the given writes, lazily: a document's text is in memory only while its batch is. */
export async function* batchesOf(
  writes: AsyncIterable<Sendable> | Iterable<Sendable>,
  limits: Limits,
): AsyncGenerator<Batch, void, undefined> {
  let action: Write['action'] | null = null;
  let batch: Sendable[] = [];
  let bytes = 0;
  for await (const sendable of writes) {
    const next = actionOf(sendable.effect);
    const size = sendable.item === null ? 0 : Buffer.byteLength(sendable.item.text);
    const full = batch.length >= limits.batch || (limits.batchBytes !== null && batch.length > 0 && bytes + size > limits.batchBytes);
    if (action !== null && batch.length > 0 && (full || next !== action)) {
      yield { action, sendables: batch };
      batch = [];
      bytes = 0;
    }
    action = next;
    batch.push(sendable);
    bytes += size;
  }
  if (action !== null && batch.length > 0) yield { action, sendables: batch };
}

function actionOf(effect: Effect): Write['action'] {
  if (effect.action === 'create' || effect.action === 'update' || effect.action === 'delete') return effect.action;
  throw new Error(`${effect.action} is not a write to one item`);
}

/** The writes of steps as effects, one document's text at a time. What cannot be sent is handed to `onDropped`. */
export async function* sendablesOf(
  steps: readonly Step[],
  wanted: (write: Write) => boolean,
  context: PushContext,
  onDropped: (dropped: Dropped) => void,
): AsyncGenerator<Sendable, void, undefined> {
  for (const step of steps) {
    const writes = step.writes.filter(wanted);
    if (writes.length === 0) continue;
    const needsText = writes.some((write) => write.action !== 'delete');
    const payload = needsText ? await context.payload(step.operation.document) : null;
    if (needsText && payload === null) {
      onDropped({ step, error: changed(step, 'the file went away or became invalid while syncing') });
      continue;
    }
    const error = payload === null ? null : refusalOf(payload, context);
    if (error !== null) {
      onDropped({ step, error });
      continue;
    }
    for (const write of writes) {
      const sendable = sendableOf(step, write, payload, context);
      if (sendable === null) onDropped({ step, error: changed(step, 'the file changed while syncing') });
      else yield sendable;
    }
  }
}

function changed({ operation }: Step, why: string): SyncError {
  return new SyncError('DOCUMENT_REFUSED', { message: `${operation.path}: ${why}`, next: 'run again: the next run reads it anew' });
}

function sendableOf(step: Step, write: Write, payload: Payload | null, context: PushContext): Sendable | null {
  const base = { id: context.newEffectId(), operation: step.operation.id };
  if (write.action === 'delete') {
    const { document, path, remoteId } = write;
    const retrain = context.target.traits.training === 'on-request';
    return { step, effect: { ...base, commit: null, action: 'delete', document, path, remoteId, retrain }, item: null, payload: null };
  }
  const part = payload?.parts.find((candidate) => candidate.key === write.part);
  if (payload === null || part === undefined) return null;
  const mark = markOf(write, payload, base.id, context);
  const written: WrittenPart = { ...factsOf(payload), part: part.key, mark, fingerprint: part.fingerprint, payload: payload.fingerprint };
  const commit = context.commitOf(payload.path);
  const effect: Effect =
    write.action === 'create'
      ? { ...base, commit, action: 'create', supersedes: write.supersedes, ...written }
      : { ...base, commit, action: 'update', remoteId: write.remoteId, ...written };
  return { step, effect, item: itemOf(effect.id, mark, part, payload), payload };
}

/** What a record takes over from a payload. */
export function factsOf(
  payload: Pick<Payload, 'document' | 'path' | 'title' | 'url' | 'body'>,
): Omit<WrittenPart, 'part' | 'mark' | 'fingerprint' | 'payload'> {
  const { document, path, title, url, body } = payload;
  return { document, path, title, url, body };
}

/** Where update cannot rename, the item keeps the mark it was made with, and the record remembers that one. */
function markOf(write: Extract<Write, { part: string }>, payload: Payload, effect: string, context: PushContext): string {
  const record = context.memory.state.records[payload.document];
  const item: RemoteItem | undefined = record?.items.find((candidate) => candidate.part === write.part);
  if (write.action === 'update' && !context.target.traits.renames && item !== undefined) return item.mark;
  return context.target.marks.write({ workspace: context.workspace, document: payload.document, part: write.part, effect });
}

/** One part as the connector is given it. */
export function itemOf(effect: string, mark: string, part: Part, payload: Payload): NewItem {
  const { document, kind, path, url } = payload;
  const { title, format, text, attributes } = part;
  return { effect, document, kind, path, part: part.key, mark, title, url, format, text, attributes };
}
