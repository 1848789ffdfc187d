// Entries over a state → the state after them: the one function by which memory changes.

import { derived, trainedIf } from './derived.ts';
import type { DocumentId } from './document.ts';
import { dropSettled } from './drift.ts';
import type { Effect, EffectBase, JournalEntry, KnownDocument, TrainingNews, WrittenPart } from './effect.ts';
import type { ErrorRecord } from './error.ts';
import { blankRecord, foldFailed, oneMore } from './failed.ts';
import { keyed, type Timestamp } from './json.ts';
import { documentWith, dropLeftover, freeLeftoversOf, noteItems, putForgetting, putLeftover } from './lookup.ts';
import type { DocumentRecord, EffectId, RemoteItem, TargetState, TrainingRun, TrainingState } from './record.ts';
import { namelessPrefix, numbersWith } from './record.ts';
import { dropItem, dropNameless, foldGone, removeItem } from './removed.ts';
import { unwanted } from './unwanted.ts';

/** A state that fold may change in place; everybody else sees it as TargetState. */
export type StateDraft = { -readonly [key in keyof TargetState]: TargetState[key] } & {
  records: { [id: DocumentId]: DocumentRecord };
};

/** A copy that may be folded into without the original noticing. */
export function draftOf(state: TargetState): StateDraft {
  return { ...state, records: keyed(state.records) };
}

/**
 * Entries over a state, each of them once: the ledger's snapshot says how much of the journal it holds, since not every history may be
 * folded twice (an update behind a training that has ended would count as trained). Returns the effects that have begun and not ended.
 */
export function fold(state: TargetState, entries: readonly JournalEntry[]): { state: TargetState; open: Effect[] } {
  const draft = draftOf(state);
  const open = new Map<EffectId, Effect>();
  for (const entry of entries) foldInto(draft, open, entry);
  return { state: draft, open: [...open.values()] };
}

/** One entry into a draft; `open` gains what begins and loses what ends. */
export function foldInto(draft: StateDraft, open: Map<EffectId, Effect>, entry: JournalEntry): void {
  dropSettled(draft, open, entry);
  switch (entry.kind) {
    case 'begin':
      for (const effect of entry.effects) open.set(effect.id, effect);
      return;
    case 'done': {
      const effect = open.get(entry.effect);
      if (effect === undefined) return;
      open.delete(entry.effect);
      draft.doubts = draft.doubts.filter((doubt) => doubt.effect !== entry.effect);
      foldDone(draft, effect, entry);
      return;
    }
    case 'failed': {
      const effect = open.get(entry.effect);
      if (effect === undefined) return;
      open.delete(entry.effect);
      draft.doubts = draft.doubts.filter((doubt) => doubt.effect !== entry.effect);
      foldFailed(draft.records, effect, entry);
      return;
    }
    case 'blurred': {
      const effect = open.get(entry.effect);
      if (effect === undefined) return;
      open.delete(entry.effect);
      draft.doubts = draft.doubts.filter((doubt) => doubt.effect !== entry.effect);
      foldBlurred(draft, effect, entry.at);
      return;
    }
    case 'doubt':
      draft.numbers = numbersWith(draft.numbers, [entry.doubt.id]);
      if (open.has(entry.doubt.effect))
        draft.doubts = [...draft.doubts.filter((doubt) => doubt.effect !== entry.doubt.effect), entry.doubt];
      return;
    case 'identity':
      draft.identity = entry.identity;
      return;
    case 'container':
      draft.container = entry.container;
      return;
    case 'known':
      for (const known of entry.documents) foldKnown(draft, known, entry.at);
      if (entry.retrain === true) draft.lastWrite = `contact ${entry.at}`;
      return;
    case 'rekey':
      foldRekey(draft, entry);
      return;
    case 'moved': {
      const { document, path, title, url, body } = entry;
      const record = draft.records[document];
      if (record !== undefined) draft.records[document] = { ...record, path, title, url, body };
      return;
    }
    case 'leftover':
      if (entry.leftover.remoteId.startsWith(namelessPrefix)) dropNameless(draft, entry.leftover);
      else dropItem(draft, entry.leftover.remoteId);
      putLeftover(draft, entry.leftover);
      return;
    case 'gone':
      for (const remoteId of entry.remoteIds) foldGone(draft, remoteId, entry);
      return;
    case 'altered':
      for (const remoteId of entry.remoteIds) foldAltered(draft, remoteId);
      return;
    case 'forget':
      if ((draft.records[entry.document]?.items.length ?? 0) === 0) delete draft.records[entry.document];
      return;
    case 'training':
      for (const news of entry.news) foldTraining(draft, news, entry.at);
      return;
    case 'run-ended':
      foldRunEnded(draft, entry.run, entry.outcome, entry.error, entry.at);
      return;
    case 'learnt':
      draft.learntThrough = entry.through;
      if (entry.through === draft.lastWrite) draft.forgetting = [];
      return;
    case 'held':
      draft.held = entry.held;
      draft.numbers = numbersWith(
        draft.numbers,
        entry.held.map(({ id }) => id),
      );
      return;
    case 'todos':
      draft.todos = entry.todos;
      draft.numbers = numbersWith(
        draft.numbers,
        entry.todos.map(({ id }) => id),
      );
      return;
    case 'by-person':
      foldByPerson(draft, entry.todo, entry.document, entry.action, entry.items);
      return;
    case 'retracted': {
      if (entry.retracted !== null) draft.lastSync = unwanted(draft, entry.document);
      const { [entry.document]: _, ...others } = draft.retracted;
      draft.retracted = keyed(entry.retracted === null ? others : { ...others, [entry.document]: entry.retracted });
      return;
    }
    case 'drift':
      draft.drift = entry.check;
      return;
    case 'synced':
      draft.lastSync = entry.lastSync;
      draft.revision = entry.revision;
      return;
    default:
      entry satisfies never;
  }
}

function foldDone(draft: StateDraft, effect: Effect, entry: Extract<JournalEntry, { kind: 'done' }>): void {
  switch (effect.action) {
    case 'create':
    case 'update': {
      const remoteId = effect.action === 'update' ? effect.remoteId : entry.remoteId;
      draft.lastWrite = effect.id;
      putPart(draft, effect, effect, remoteId, entry.at);
      if (effect.action === 'create' && effect.supersedes !== null && effect.supersedes.remoteId !== remoteId) {
        const { remoteId: old, mark, removable } = effect.supersedes;
        putLeftover(draft, { remoteId: old, document: effect.document, mark, why: 'superseded', removable, since: entry.at });
      }
      return;
    }
    case 'delete':
      draft.lastWrite = effect.id;
      removeItem(draft, effect.remoteId);
      if (effect.retrain) {
        const { document, path, remoteId, id } = effect;
        putForgetting(draft, { document, path, remoteId, effect: id, since: entry.at });
      }
      return;
    case 'replace-all': {
      draft.lastWrite = effect.id;
      const kept = new Set(effect.documents.map((part) => part.document));
      for (const [id, { items, refused }] of Object.entries(draft.records)) {
        // What was refused before it ever got in is remembered, or it would be sent with every next text.
        if (!kept.has(id) && (items.length > 0 || refused === null)) delete draft.records[id];
      }
      for (const part of effect.documents) {
        const before = draft.records[part.document];
        putPart(draft, effect, { ...part, part: '' }, entry.remoteId, entry.at);
        // Accepted as it was before: its newer bytes are as refused as ever.
        const now = draft.records[part.document];
        if (now !== undefined && before !== undefined && before.refused !== null && before.refused !== part.fingerprint)
          draft.records[part.document] = { ...now, refused: before.refused, error: before.error };
      }
      return;
    }
    case 'train': {
      const run: TrainingRun = {
        effect: effect.id,
        baseline: effect.baseline,
        handle: entry.handle ?? '',
        requestedAt: entry.at,
        covers: effect.covers,
      };
      draft.run = run;
      for (const [id, record] of Object.entries(draft.records)) {
        // What failed or got stuck before is learnt anew with this run too.
        if (record.items.some((item) => item.training !== 'trained')) {
          const items = record.items.map((item) => (item.training === 'trained' ? item : { ...item, training: 'training' as const }));
          draft.records[id] = derived({ ...record, items });
        }
      }
      return;
    }
    case 'open':
      if (entry.remoteId !== null) draft.container = entry.remoteId;
      return;
    default:
      effect satisfies never;
  }
}

/** The part as just accepted: its item, pending, and the record's facts. The last failure of the document is over. */
function putPart(draft: StateDraft, effect: EffectBase, part: WrittenPart, remoteId: string | null, at: Timestamp): void {
  const before = draft.records[part.document];
  const item: RemoteItem = {
    part: part.part,
    remoteId,
    mark: part.mark,
    fingerprint: part.fingerprint,
    training: 'pending',
    acceptedAt: at,
    commit: effect.commit,
    effect: effect.id,
  };
  const { path, title, url, body } = part;
  const items = [...(before?.items ?? []).filter((other) => other.part !== part.part), item];
  const { tries: _, ...rest } = before ?? blankRecord(part);
  putRecord(draft, part.document, {
    ...rest,
    path,
    title,
    url,
    body,
    items,
    pushedCommit: effect.commit,
    pushedAt: at,
    // Of several parts another one may have been refused for good: that is not made good by this one.
    error: part.part === '' ? null : (before?.error ?? null),
    refused: part.part === '' || before?.refused === part.fingerprint ? null : (before?.refused ?? null),
  });
}

/** What a repeatable effect touched is of unknown content from now on; and a training is owed, since something may have changed. */
function foldBlurred(draft: StateDraft, effect: Effect, at: Timestamp): void {
  if (effect.action === 'update' || effect.action === 'delete') {
    draft.lastWrite = effect.id;
    blur(draft, effect.document, effect.remoteId);
    const record = draft.records[effect.document];
    if (effect.action === 'update' && record !== undefined)
      draft.records[effect.document] = { ...record, tries: oneMore(record, effect.fingerprint, at) };
  } else if (effect.action === 'replace-all') {
    draft.lastWrite = effect.id;
    for (const id of Object.keys(draft.records)) blur(draft, id, null);
  }
}

function blur(draft: StateDraft, document: DocumentId, remoteId: string | null): void {
  const record = draft.records[document];
  if (record === undefined) return;
  const items = record.items.map((item) =>
    remoteId === null || item.remoteId === remoteId ? { ...item, fingerprint: null, training: 'pending' as const } : item,
  );
  draft.records[document] = derived({ ...record, items });
}

/** Nobody knows any more which revision the bot answers from. Nothing was written, so no training is owed by it. */
function foldAltered(draft: StateDraft, remoteId: string): void {
  const document = documentWith(draft, remoteId);
  if (document === undefined) return;
  blur(draft, document, remoteId);
  const record = draft.records[document];
  if (record !== undefined) draft.records[document] = { ...record, trained: null, trainedCommit: null };
}

function foldKnown(draft: StateDraft, known: KnownDocument, at: Timestamp): void {
  const { document, path, title, url, body, items, origin } = known;
  // Taken back, but not known to be learnt: a training is owed where the vendor trains on request.
  if (items.some((item) => item.training !== 'trained')) draft.lastWrite = `known ${document}`;
  const newest =
    items
      .map((item) => item.acceptedAt)
      .sort()
      .at(-1) ?? null;
  putRecord(draft, document, {
    ...blankRecord({ path, title, url, body }),
    items,
    origin,
    pushedCommit: items[0]?.commit ?? null,
    pushedAt: newest,
  });
  for (const { remoteId } of items) if (remoteId !== null) dropLeftover(draft, remoteId);
  const record = draft.records[document];
  // What the vendor showed to be learnt is known to be learnt.
  if (record !== undefined) draft.records[document] = trainedIf(record, at);
}

function foldRekey(draft: StateDraft, entry: Extract<JournalEntry, { kind: 'rekey' }>): void {
  const record = draft.records[entry.from];
  // Where the new key stands already, the journal is being folded a second time.
  if (record === undefined || draft.records[entry.to] !== undefined) return;
  delete draft.records[entry.from];
  const { path, title, url, body } = entry;
  const moved = { ...record, path, title, url, body };
  draft.records[entry.to] = moved;
  noteItems(draft, entry.to, moved, entry.from);
  draft.leftovers = draft.leftovers.map((leftover) => (leftover.document === entry.from ? { ...leftover, document: entry.to } : leftover));
}

/** A record that may hold items which none held before. */
function putRecord(draft: StateDraft, document: DocumentId, record: DocumentRecord): void {
  draft.records[document] = derived(record);
  noteItems(draft, document, record);
}

function foldTraining(draft: StateDraft, news: TrainingNews, at: Timestamp): void {
  const record = draft.records[news.document];
  if (record === undefined) return;
  const items = record.items.map((item) => (news.part === null || item.part === news.part ? { ...item, training: news.state } : item));
  const error = news.error ?? (news.state === 'trained' && record.refused === null ? null : record.error);
  draft.records[news.document] = trainedIf(derived({ ...record, items, error }), at);
  freeLeftovers(draft, news.document);
}

/** The new copy is learnt, so the old one may go. */
function freeLeftovers(draft: StateDraft, document: DocumentId): void {
  if (draft.records[document]?.training === 'trained') freeLeftoversOf(draft, document);
}

function foldRunEnded(
  draft: StateDraft,
  run: EffectId,
  outcome: 'succeeded' | 'failed' | 'lost',
  error: ErrorRecord | null,
  at: Timestamp,
): void {
  if (draft.run?.effect !== run) return;
  const covered = draft.run.covers;
  draft.run = null;
  for (const [id, record] of Object.entries(draft.records)) {
    if (!record.items.some(isInRun)) continue;
    const next: TrainingState = outcome === 'succeeded' ? 'trained' : outcome === 'failed' ? 'failed' : 'pending';
    const items = record.items.map((item) => (isInRun(item) ? { ...item, training: next } : item));
    const failure = outcome === 'failed' ? error : outcome === 'succeeded' && record.refused === null ? null : record.error;
    draft.records[id] = trainedIf(derived({ ...record, items, error: failure }), at);
    freeLeftovers(draft, id);
  }
  if (outcome !== 'succeeded') return;
  draft.learntThrough = covered;
  // A delete that came after the run was asked for is not covered by it; equality of the last write is the only proof.
  if (covered === draft.lastWrite) draft.forgetting = [];
}

/** What was accepted after the run was asked for is pending; what has got stuck since is still in it, and has been waited for too long. */
function isInRun({ training }: RemoteItem): boolean {
  return training === 'training' || training === 'stuck';
}

function foldByPerson(
  draft: StateDraft,
  todo: string,
  document: DocumentId,
  action: 'delete' | 'update' | 'create',
  items: readonly RemoteItem[],
): void {
  draft.todos = draft.todos.filter((other) => other.id !== todo);
  const record = draft.records[document];
  // Older copies that a person has to remove stay on the list, each with its own line: nobody has said a word about them.
  if (action === 'delete') delete draft.records[document];
  else if (record !== undefined) {
    putRecord(draft, document, { ...record, items, error: null });
  }
}
