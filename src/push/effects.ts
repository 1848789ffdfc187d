// Operations → the writes each of them takes, in order. Pure: what is written where, but not yet when, and without the texts.
import type { Capability, Traits } from '../connectors/connector.ts';
import type { DocumentId } from '../model/document.ts';
import type { EntryBody, Superseded } from '../model/effect.ts';
import type { Operation } from '../model/operation.ts';
import type { PartHead, PayloadHead } from '../model/payload.ts';
import type { RemoteItem, TargetState } from '../model/record.ts';

/** One write to one remote item, before it has an effect id and a text. */
export type Write =
  | { readonly action: 'create'; readonly document: DocumentId; readonly part: string; readonly supersedes: Superseded | null }
  | { readonly action: 'update'; readonly document: DocumentId; readonly part: string; readonly remoteId: string }
  | { readonly action: 'delete'; readonly document: DocumentId; readonly path: string; readonly remoteId: string };

/** An operation with all it takes: first the entries that only change memory, then the writes. */
export interface Step {
  readonly operation: Operation;
  readonly entries: readonly EntryBody[];
  readonly writes: readonly Write[];
}

/** What of a target decides the writes. */
export interface WriteFacts {
  readonly traits: Pick<Traits, 'training' | 'renames'>;
  readonly capabilities: ReadonlySet<Capability>;
}

/** The step of one operation. `head` is the wanted payload; null for deletes and where it could not be rendered. */
export function stepOf(operation: Operation, head: PayloadHead | null, state: TargetState, facts: WriteFacts): Step {
  switch (operation.action) {
    case 'create':
    case 'update': {
      if (head === null) return { operation, entries: [], writes: [] };
      const items = itemsOf(state, operation.document);
      // The bot was given these very bytes and could not learn them: they are said again.
      const again = operation.action === 'update' && state.records[operation.document]?.pushed === head.fingerprint;
      const writes = alignParts(head, items, facts, (item) => again && item.training !== 'trained');
      return { operation, entries: leftByHand(head, items, facts), writes };
    }
    case 'move': {
      const entries: EntryBody[] = [];
      const items = itemsOf(state, operation.from);
      const record = state.records[operation.from];
      if (head !== null && (operation.from !== operation.document || record?.path !== head.path)) {
        if (operation.from === operation.document) entries.push(...movedInPlace(state, head));
        else entries.push(rekey(operation.from, head));
      }
      const sends = head !== null && (operation.fingerprint !== null || operation.rename);
      return { operation, entries, writes: sends ? alignParts(head, items, facts, () => operation.rename) : [] };
    }
    case 'delete': {
      const path = operation.path;
      const document = operation.document;
      const ids = operation.remoteId !== null ? [operation.remoteId] : remoteIds(itemsOf(state, document));
      return { operation, entries: [], writes: ids.map((remoteId) => ({ action: 'delete', document, path, remoteId })) };
    }
    case 'adopt':
      return { operation, entries: [], writes: [] };
    default:
      return operation satisfies never;
  }
}

/**
 * Wanted parts against the items there are: same key and same bytes stay as they are, same key and other bytes are updated (or, where the
 * vendor has no update, made anew beside the old copy, which goes once the new one is learnt), new keys are created, and what is left over goes last.
 */
function alignParts(head: PayloadHead, items: readonly RemoteItem[], facts: WriteFacts, force: (item: RemoteItem) => boolean): Write[] {
  const held = new Map(items.map((item) => [item.part, item]));
  const writes: Write[] = [];
  for (const part of head.parts) {
    const write = partWrite(head.document, part, held.get(part.key), facts, force);
    if (write !== null) writes.push(write);
    held.delete(part.key);
  }
  if (facts.capabilities.has('delete')) {
    for (const remoteId of remoteIds([...held.values()]))
      writes.push({ action: 'delete', document: head.document, path: head.path, remoteId });
  }
  return writes;
}

function partWrite(
  document: DocumentId,
  part: PartHead,
  item: RemoteItem | undefined,
  facts: WriteFacts,
  force: (item: RemoteItem) => boolean,
): Write | null {
  if (item === undefined || item.remoteId === null) return { action: 'create', document, part: part.key, supersedes: null };
  if (item.fingerprint === part.fingerprint && !force(item)) return null;
  if (facts.capabilities.has('update')) return { action: 'update', document, part: part.key, remoteId: item.remoteId };
  const removable = facts.capabilities.has('delete') ? 'once-trained' : 'by-hand';
  return { action: 'create', document, part: part.key, supersedes: { remoteId: item.remoteId, mark: item.mark, removable } };
}

/** Parts that the document no longer has, where the vendor cannot delete: ours, unwanted, still there, and a person's to remove. */
function leftByHand(head: PayloadHead, items: readonly RemoteItem[], facts: WriteFacts): EntryBody[] {
  if (facts.capabilities.has('delete')) return [];
  const wanted = new Set(head.parts.map((part) => part.key));
  return items.flatMap((item): EntryBody[] => {
    if (item.remoteId === null || wanted.has(item.part)) return [];
    const { remoteId, mark, acceptedAt: since } = item;
    return [{ kind: 'leftover', leftover: { remoteId, document: head.document, mark, why: 'superseded', removable: 'by-hand', since } }];
  });
}

function rekey(from: DocumentId, head: PayloadHead): EntryBody {
  const { document: to, path, title, url, body } = head;
  return { kind: 'rekey', from, to, path, title, url, body };
}

/** A document that keeps its id while its file moves: the record is written again with the new path, nothing else changes. */
function movedInPlace(state: TargetState, head: PayloadHead): EntryBody[] {
  return state.records[head.document] === undefined
    ? []
    : [{ kind: 'moved', document: head.document, path: head.path, title: head.title, url: head.url, body: head.body }];
}

function itemsOf(state: TargetState, document: DocumentId): readonly RemoteItem[] {
  return state.records[document]?.items ?? [];
}

function remoteIds(items: readonly RemoteItem[]): string[] {
  return items.flatMap((item) => (item.remoteId === null ? [] : [item.remoteId]));
}
