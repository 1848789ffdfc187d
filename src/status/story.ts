// State + what is unconfirmed → all that one target knows of one document: what it was given, what it answers from, what is open. Pure.
import type { DocumentId } from '../model/document.ts';
import type { Effect } from '../model/effect.ts';
import type { ErrorRecord } from '../model/error.ts';
import type { Timestamp } from '../model/json.ts';
import { stillBehind } from '../model/known.ts';
import type { DocumentRecord, Leftover, RemoteItem, TargetState, TrainingState } from '../model/record.ts';

export interface Story {
  /** As it was last given; null where nothing of it ever was. */
  readonly path: string | null;
  readonly title: string | null;
  readonly url: string | null;
  readonly origin: DocumentRecord['origin'] | null;
  readonly remoteIds: readonly string[];
  readonly items: readonly Pick<RemoteItem, 'part' | 'remoteId' | 'mark' | 'training' | 'acceptedAt' | 'commit'>[];
  readonly pushedFingerprint: string | null;
  readonly pushedCommit: string | null;
  readonly pushedAt: Timestamp | null;
  readonly trainedFingerprint: string | null;
  readonly trainedCommit: string | null;
  readonly trainedAt: Timestamp | null;
  /** Null: nothing of it is there. */
  readonly training: TrainingState | null;
  readonly error: ErrorRecord | null;
  /** Whether it was not known, at the last sync and since, that the bot has learnt what it was to know. */
  readonly behind: boolean;
  readonly unconfirmed: readonly { readonly id: string | null; readonly action: string; readonly error: ErrorRecord | null }[];
  readonly held: readonly { readonly id: string; readonly message: string }[];
  readonly todos: readonly { readonly id: string; readonly action: string; readonly how: string }[];
  readonly leftovers: readonly Pick<Leftover, 'remoteId' | 'why' | 'removable' | 'since'>[];
  /** Deleted there, but the bot has not been seen to forget it. */
  readonly forgetting: readonly { readonly remoteId: string; readonly since: Timestamp }[];
  /** Since when `retract` keeps it out of this bot; null where it does not. */
  readonly retracted: Timestamp | null;
}

/** One document's story at one target. */
export function storyOf(document: DocumentId, state: TargetState, open: readonly Effect[]): Story {
  const record = state.records[document];
  const items = record?.items ?? [];
  return {
    path: record?.path ?? null,
    title: record?.title ?? null,
    url: record?.url ?? null,
    origin: record?.origin ?? null,
    remoteIds: items.flatMap(({ remoteId }) => (remoteId === null ? [] : [remoteId])),
    items: items.map(({ part, remoteId, mark, training, acceptedAt, commit }) => ({ part, remoteId, mark, training, acceptedAt, commit })),
    pushedFingerprint: record?.pushed ?? null,
    pushedCommit: record?.pushedCommit ?? null,
    pushedAt: record?.pushedAt ?? null,
    trainedFingerprint: record?.trained ?? null,
    trainedCommit: record?.trainedCommit ?? null,
    trainedAt: record?.trainedAt ?? null,
    training: items.length === 0 ? null : (record?.training ?? null),
    error: record?.error ?? null,
    behind: stillBehind(state).includes(document),
    unconfirmed: open.filter((effect) => concerns(effect, document)).map((effect) => doubtOf(effect, state)),
    held: state.held.filter((run) => run.documents.includes(document)).map(({ id, message }) => ({ id, message })),
    todos: state.todos
      .filter(({ operation }) => operation.document === document)
      .map(({ id, operation, how }) => ({ id, action: operation.action, how })),
    leftovers: state.leftovers
      .filter((leftover) => leftover.document === document)
      .map(({ remoteId, why, removable, since }) => ({ remoteId, why, removable, since })),
    forgetting: state.forgetting.filter((gone) => gone.document === document).map(({ remoteId, since }) => ({ remoteId, since })),
    retracted: (state.retracted[document] ?? state.retracted[document.replace(/#qa-[^#]*$/, '')])?.since ?? null,
  };
}

function concerns(effect: Effect, document: DocumentId): boolean {
  if (effect.action === 'replace-all') return effect.documents.some((part) => part.document === document);
  return 'document' in effect && effect.document === document;
}

function doubtOf(effect: Effect, state: TargetState): Story['unconfirmed'][number] {
  const doubt = state.doubts.find((candidate) => candidate.effect === effect.id);
  return { id: doubt?.id ?? null, action: effect.action, error: doubt?.error ?? null };
}

/** The document that an item, a mark or a leftover of this target belongs to; null where it is none of ours. */
export function whois(name: string, state: TargetState, open: readonly Effect[]): DocumentId | null {
  for (const [document, { items }] of Object.entries(state.records)) {
    if (items.some((item) => item.remoteId === name || item.mark === name)) return document;
  }
  const gone = [...state.leftovers, ...state.forgetting].find((item) => item.remoteId === name || ('mark' in item && item.mark === name));
  if (gone !== undefined) return gone.document;
  const effect = open.find((candidate) => candidate.action === 'create' && candidate.mark === name);
  return effect?.action === 'create' ? effect.document : null;
}

/** Every document that this target knows anything of, with the path it was known to lie at. */
export function knownDocuments(state: TargetState, open: readonly Effect[]): ReadonlyMap<DocumentId, string> {
  const known = new Map<DocumentId, string>();
  for (const [document, { path }] of Object.entries(state.retracted)) known.set(document, path);
  for (const { document } of state.leftovers) known.set(document, document);
  for (const { document, path } of state.forgetting) known.set(document, path);
  for (const { operation } of state.todos) known.set(operation.document, operation.path);
  for (const effect of open) if ('document' in effect) known.set(effect.document, effect.path);
  for (const [document, { path }] of Object.entries(state.records)) known.set(document, path);
  return known;
}
