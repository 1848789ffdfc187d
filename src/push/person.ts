// What a person decides about one target, as journal entries. Pure: nothing is asked of the vendor, a person's word is taken as it is.
import { capabilitiesOf, type Target } from '../connectors/connector.ts';
import type { DocumentId } from '../model/document.ts';
import type { Effect, EntryBody, WrittenPart } from '../model/effect.ts';
import { SyncError } from '../model/error.ts';
import type { Timestamp } from '../model/json.ts';
import type { PayloadHead } from '../model/payload.ts';
import type { EffectId, HeldRun, RemoteItem, TargetState, Todo } from '../model/record.ts';
import { goneAt } from './gone.ts';
import { type Create, knownIds } from './look.ts';

/** Whether this target needs an item's id for anything later: to change it, to delete it, to ask how its training goes. */
export function needsIds(target: Target): boolean {
  const capabilities = capabilitiesOf(target);
  return (['update', 'delete', 'status'] as const).some((capability) => capabilities.has(capability));
}

/** "It is there." remoteId null: the vendor shows none, and none is needed. USAGE for an id that is another item's already. */
export function createdByPerson(effect: Create, remoteId: string | null, state: TargetState): EntryBody[] {
  if (remoteId !== null && knownIds(state).has(remoteId)) {
    throw new SyncError('USAGE', {
      message: `${remoteId} is the id of another item that ${state.target} is known to hold`,
      next: `kbsync show ${remoteId} says which; name the id of ${effect.document}`,
    });
  }
  return [{ kind: 'done', effect: effect.id, remoteId, settledBy: 'person' }];
}

/** "It is not there": the next sync makes it again. */
export function retriedByPerson(effect: Effect): EntryBody[] {
  const error = new SyncError('UNCONFIRMED', {
    message: 'a person found that it was not carried out',
    next: 'nothing: the next sync makes it again',
  }).record();
  return [{ kind: 'failed', effect: effect.id, error, refused: false }];
}

/** The next run may do exactly what this held run was about to. */
export function approvedByPerson(state: TargetState, id: string, at: Timestamp): EntryBody[] {
  const held = state.held.map((run): HeldRun => (run.id === id ? { ...run, approvedAt: at } : run));
  return [{ kind: 'held', held }];
}

/** "It is gone": a leftover that only a person could remove. */
export function removedByPerson(remoteId: string, target: Target): EntryBody[] {
  return [goneAt(target, [remoteId])];
}

export interface DoneFacts {
  readonly state: TargetState;
  readonly target: Target;
  readonly workspace: string;
  /** What the target is given of the document now; null where it is given nothing, or it cannot be rendered. */
  readonly head: PayloadHead | null;
  /** The commit that the file's bytes belong to, or null. */
  readonly commit: string | null;
  readonly newEffectId: () => EffectId;
  readonly now: Timestamp;
}

/**
 * "I have done it." What was to be deleted is gone, what was to be changed holds the wanted bytes: journaled like writes of our own, so that a
 * training is asked for where one is owed. Where the file has changed since the work was listed, what the bot holds counts as unknown.
 */
export function doneByPerson(todo: Todo, facts: DoneFacts): EntryBody[] {
  const { operation } = todo;
  if (operation.action === 'delete') return deletedByPerson(todo, facts);
  const { document } = operation;
  const items = facts.state.records[document]?.items ?? [];
  const { head } = facts;
  const fingerprint = 'fingerprint' in operation ? operation.fingerprint : null;
  if (head === null || head.fingerprint !== fingerprint) {
    const unknown = items.map((item): RemoteItem => ({ ...item, fingerprint: null, training: 'pending', acceptedAt: facts.now }));
    return [{ kind: 'by-person', todo: todo.id, document, action: 'update', items: unknown }];
  }
  const keys = new Set(head.parts.map((part) => part.key));
  const kept = items.filter((item) => keys.has(item.part));
  const effects = head.parts.flatMap((part): Effect[] => {
    const item = kept.find((candidate) => candidate.part === part.key);
    return item?.fingerprint === part.fingerprint ? [] : [writtenBy(head, part, item, todo, facts)];
  });
  return [
    ...(effects.length > 0 ? [{ kind: 'begin' as const, effects }] : []),
    ...effects.map((effect): EntryBody => ({ kind: 'done', effect: effect.id, remoteId: idOf(effect), settledBy: 'person' })),
    { kind: 'by-person', todo: todo.id, document, action: 'update', items: itemsAfter(kept, effects, facts) },
  ];
}

function writtenBy(
  head: PayloadHead,
  part: PayloadHead['parts'][number],
  item: RemoteItem | undefined,
  todo: Todo,
  facts: DoneFacts,
): Effect {
  const { document, path, title, url, body } = head;
  const { workspace, target, commit } = facts;
  const id = facts.newEffectId();
  const mark = item?.mark ?? target.marks.write({ workspace, document, part: part.key, effect: id });
  const written: WrittenPart = {
    document,
    path,
    title,
    url,
    body,
    part: part.key,
    mark,
    fingerprint: part.fingerprint,
    payload: head.fingerprint,
  };
  const base = { id, operation: todo.operation.id, commit, ...written };
  const remoteId = item?.remoteId ?? null;
  return remoteId === null ? { ...base, action: 'create', supersedes: null } : { ...base, action: 'update', remoteId };
}

function idOf(effect: Effect): string | null {
  return 'remoteId' in effect ? effect.remoteId : null;
}

/** The items as the effects leave them: the entry that closes the todo states them once more, so that it can stand alone. */
function itemsAfter(kept: readonly RemoteItem[], effects: readonly Effect[], { now, commit }: DoneFacts): RemoteItem[] {
  const written = effects.flatMap((effect): RemoteItem[] => {
    if (effect.action !== 'create' && effect.action !== 'update') return [];
    const { id, part, mark, fingerprint } = effect;
    return [{ part, remoteId: idOf(effect), mark, fingerprint, training: 'pending', acceptedAt: now, commit, effect: id }];
  });
  return [...kept.filter((item) => !written.some(({ part }) => part === item.part)), ...written];
}

function deletedByPerson(todo: Todo, { state, target, newEffectId }: DoneFacts): EntryBody[] {
  const { operation } = todo;
  const { document, path } = operation;
  const single = operation.action === 'delete' ? operation.remoteId : null;
  if (single !== null)
    return [...removedByPerson(single, target), { kind: 'todos', todos: state.todos.filter((other) => other.id !== todo.id) }];
  const entries: EntryBody[] = [];
  // Where the bot forgets only with the next training, that one is owed now.
  if (target.traits.training === 'on-request') {
    const effects = idsOf(document, state).map((remoteId): Effect => {
      return { id: newEffectId(), operation: operation.id, commit: null, action: 'delete', document, path, remoteId, retrain: true };
    });
    if (effects.length > 0) entries.push({ kind: 'begin', effects });
    for (const effect of effects) entries.push({ kind: 'done', effect: effect.id, remoteId: idOf(effect), settledBy: 'person' });
  }
  return [...entries, { kind: 'by-person', todo: todo.id, document, action: 'delete', items: [] }];
}

function idsOf(document: DocumentId, state: TargetState): string[] {
  return (state.records[document]?.items ?? []).flatMap(({ remoteId }) => (remoteId === null ? [] : [remoteId]));
}
