// Operations → the writes each of them takes, in order. Pure: what is written where, but not yet when, and without the texts.
import type { Capability, Traits } from '../connectors/connector.ts';
import type { DocumentId } from '../model/document.ts';
import type { EntryBody, Superseded } from '../model/effect.ts';
import type { Operation } from '../model/operation.ts';
import type { PartHead, PayloadHead } from '../model/payload.ts';
import { namelessPrefix, type RemoteItem, type TargetState } from '../model/record.ts';

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
  /** Parts that the document no longer has, and that stay until its new ones are learnt: remembered as leftovers once all writes went well. */
  readonly leaves?: readonly EntryBody[];
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
      const aligned = alignParts(head, items, facts, (item) => again && item.training !== 'trained');
      return { operation, entries: leftByHand(head, items, facts), ...aligned };
    }
    case 'move': {
      const entries: EntryBody[] = [];
      const items = itemsOf(state, operation.from);
      const record = state.records[operation.from];
      if (head !== null && (operation.from !== operation.document || record?.path !== head.path)) {
        // What a person has to change is not changed yet: the body that the bot holds stays the one that is remembered.
        const body = operation.fingerprint === null ? (record?.body ?? head.body) : head.body;
        if (operation.from === operation.document) entries.push(...movedInPlace(state, head, body));
        else entries.push(rekey(operation.from, head, body));
      }
      const sends = head !== null && (operation.fingerprint !== null || operation.rename);
      return { operation, entries, ...(sends ? alignParts(head, items, facts, () => operation.rename) : { writes: [] }) };
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
 * vendor has no update, made anew beside the old copy, which goes once the new one is learnt), new keys are created, and what is left over goes last:
 * once the others are learnt, where the vendor tells.
 */
function alignParts(
  head: PayloadHead,
  items: readonly RemoteItem[],
  facts: WriteFacts,
  force: (item: RemoteItem) => boolean,
): Pick<Step, 'writes' | 'leaves'> {
  const held = new Map(items.map((item) => [item.part, item]));
  const writes: Write[] = [];
  let learning = false;
  for (const part of head.parts) {
    const item = held.get(part.key);
    const write = partWrite(head.document, part, item, facts, force);
    if (write !== null) writes.push(write);
    learning ||= write !== null || item?.training !== 'trained';
    held.delete(part.key);
  }
  const { document, path } = head;
  const over = facts.capabilities.has('delete') ? [...held.values()] : [];
  if (learning && facts.capabilities.has('status') && facts.traits.training === 'automatic') {
    const leaves = over.flatMap(({ remoteId, mark, acceptedAt: since }): EntryBody[] =>
      remoteId === null
        ? []
        : [{ kind: 'leftover', leftover: { remoteId, document, mark, why: 'superseded', removable: 'once-trained', since } }],
    );
    return { writes, leaves };
  }
  for (const remoteId of remoteIds(over)) writes.push({ action: 'delete', document, path, remoteId });
  return { writes };
}

function partWrite(
  document: DocumentId,
  part: PartHead,
  item: RemoteItem | undefined,
  facts: WriteFacts,
  force: (item: RemoteItem) => boolean,
): Write | null {
  if (item === undefined) return { action: 'create', document, part: part.key, supersedes: null };
  if (item.fingerprint === part.fingerprint && !force(item)) return null;
  const { remoteId, mark } = item;
  if (facts.capabilities.has('update') && remoteId !== null) return { action: 'update', document, part: part.key, remoteId };
  const removable = facts.capabilities.has('delete') && remoteId !== null ? 'once-trained' : 'by-hand';
  return { action: 'create', document, part: part.key, supersedes: { remoteId: remoteId ?? namelessId(item), mark, removable } };
}

/** What an item without an id is called on the todo list. */
function namelessId({ effect, mark }: RemoteItem): string {
  return `${namelessPrefix}${effect ?? mark}`;
}

/** Parts that the document no longer has, and that nothing can delete: ours, unwanted, still there, and a person's to remove. */
function leftByHand(head: PayloadHead, items: readonly RemoteItem[], facts: WriteFacts): EntryBody[] {
  const wanted = new Set(head.parts.map((part) => part.key));
  return items.flatMap((item): EntryBody[] => {
    if (wanted.has(item.part) || (item.remoteId !== null && facts.capabilities.has('delete'))) return [];
    const { mark, acceptedAt: since } = item;
    const remoteId = item.remoteId ?? namelessId(item);
    return [{ kind: 'leftover', leftover: { remoteId, document: head.document, mark, why: 'superseded', removable: 'by-hand', since } }];
  });
}

function rekey(from: DocumentId, head: PayloadHead, body: PayloadHead['body']): EntryBody {
  const { document: to, path, title, url } = head;
  return { kind: 'rekey', from, to, path, title, url, body };
}

/** A document that keeps its id while its file moves: the record is written again with the new path, nothing else changes. */
function movedInPlace(state: TargetState, head: PayloadHead, body: PayloadHead['body']): EntryBody[] {
  const { document, path, title, url } = head;
  return state.records[document] === undefined ? [] : [{ kind: 'moved', document, path, title, url, body }];
}

function itemsOf(state: TargetState, document: DocumentId): readonly RemoteItem[] {
  return state.records[document]?.items ?? [];
}

function remoteIds(items: readonly RemoteItem[]): string[] {
  return items.flatMap((item) => (item.remoteId === null ? [] : [item.remoteId]));
}
