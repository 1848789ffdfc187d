// What a person decides, folded into the memory: what the state says afterwards, and that saying it twice changes nothing.
import { describe, expect, it } from 'vitest';
import type { Effect, EntryBody, JournalEntry } from '../../src/model/effect.ts';
import { fold } from '../../src/model/fold.ts';
import { fingerprint } from '../../src/model/json.ts';
import type { Operation } from '../../src/model/operation.ts';
import { type PartHead, type PayloadHead, payloadFingerprint } from '../../src/model/payload.ts';
import { emptyState, type TargetState, type Todo } from '../../src/model/record.ts';
import { createdByPerson, type DoneFacts, doneByPerson, needsIds, removedByPerson, retriedByPerson } from '../../src/push/person.ts';
import { idsFrom } from '../../src/testkit/engine.ts';
import { memoryVendor } from '../../src/testkit/memory.ts';

const at = '2026-11-21T00:00:00.000Z';
const stamped = (entries: readonly EntryBody[]) => entries.map((entry) => ({ ...entry, at }) as JournalEntry);

function create(id: string, document: string, part: string, bytes: string): Extract<Effect, { action: 'create' }> {
  const written = {
    document,
    path: document,
    title: document,
    url: null,
    body: bytes,
    part,
    mark: `docs:${document}#${part}`,
    fingerprint: fingerprint(bytes),
  };
  return { id, operation: null, commit: null, action: 'create', supersedes: null, ...written };
}

/** A state that holds these parts of a.md; remote ids are the effect's. */
function holding(parts: Readonly<Record<string, string>>): TargetState {
  const effects = Object.entries(parts).map(([part, bytes], index) => create(`e${index}`, 'a.md', part, bytes));
  const ends = effects.map((effect): EntryBody => ({ kind: 'done', effect: effect.id, remoteId: `r-${effect.part}`, settledBy: 'reply' }));
  return fold(emptyState('bot'), stamped([{ kind: 'begin', effects }, ...ends])).state;
}

function headOf(parts: Readonly<Record<string, string>>): PayloadHead {
  const heads = Object.entries(parts).map(([key, bytes]): PartHead => ({ key, title: 'A', bytes: 1, fingerprint: fingerprint(bytes) }));
  return {
    document: 'a.md',
    kind: 'article',
    path: 'a.md',
    title: 'A',
    url: null,
    body: 'body',
    parts: heads,
    fingerprint: payloadFingerprint(heads),
  };
}

const base = { document: 'a.md', path: 'a.md', reason: '', by: 'person', note: null } as const;
const todoOf = (operation: Operation): Todo => ({ id: 'T1', operation, where: '', how: '', since: at });
const updateTo = (head: PayloadHead): Todo => todoOf({ ...base, id: 'update a.md', action: 'update', fingerprint: head.fingerprint });

function doneAt(state: TargetState, todo: Todo, patch: Partial<DoneFacts>, vendor = memoryVendor()) {
  const withTodo = { ...state, todos: [todo] };
  const facts = {
    state: withTodo,
    target: vendor.connect(),
    workspace: 'docs',
    head: null,
    commit: 'c0ffee',
    newEffectId: idsFrom(1),
    now: at,
    ...patch,
  };
  const entries = stamped(doneByPerson(todo, facts));
  const once = fold(withTodo, entries);
  expect(fold(once.state, entries).state).toEqual(once.state);
  expect(once.open).toEqual([]);
  return once.state;
}

describe('done by a person', () => {
  it('an update: the bot was given the wanted bytes, and has yet to learn them', () => {
    const head = headOf({ '': 'new' });
    const state = doneAt(holding({ '': 'old' }), updateTo(head), { head });
    expect(state.records['a.md']).toMatchObject({
      pushed: head.fingerprint,
      pushedCommit: 'c0ffee',
      training: 'pending',
      title: 'A',
      error: null,
    });
    expect(state.records['a.md']?.items).toMatchObject([{ remoteId: 'r-', mark: 'docs:a.md#' }]);
    expect(state.todos).toEqual([]);
  });

  it('an update of parts: those unchanged keep their training, those gone are forgotten', () => {
    const head = headOf({ one: '1', two: 'changed', four: 'new' });
    const before = holding({ one: '1', two: '2', three: '3' });
    const learnt = fold(
      before,
      stamped([{ kind: 'training', news: [{ document: 'a.md', part: null, state: 'trained', error: null }] }]),
    ).state;
    const { items, pushed } = doneAt(learnt, updateTo(head), { head }).records['a.md'] ?? { items: [], pushed: null };
    expect(items.map(({ part, remoteId, training }) => [part, remoteId, training])).toEqual([
      ['one', 'r-one', 'trained'],
      ['two', 'r-two', 'pending'],
      ['four', null, 'pending'],
    ]);
    expect(pushed).toBe(head.fingerprint);
  });

  it('an update whose file has changed since: what the bot holds is unknown', () => {
    const listed = headOf({ '': 'new' });
    for (const head of [headOf({ '': 'newer' }), null]) {
      const state = doneAt(holding({ '': 'old' }), updateTo(listed), { head });
      expect(state.records['a.md']).toMatchObject({ pushed: null, items: [{ remoteId: 'r-', fingerprint: null }] });
      expect(state.todos).toEqual([]);
    }
  });

  it('a delete: gone, and a training is owed where the bot forgets only with one', () => {
    const remove = todoOf({ ...base, id: 'delete a.md', action: 'delete', remoteId: null, retraction: false });
    const byItself = doneAt(holding({ '': 'old' }), remove, {});
    expect([byItself.records, byItself.forgetting]).toEqual([{}, []]);
    const onRequest = doneAt(holding({ one: '1', two: '2' }), remove, {}, memoryVendor({ training: 'on-request' }));
    expect(onRequest.records).toEqual({});
    expect(onRequest.forgetting.map(({ remoteId }) => remoteId)).toEqual(['r-one', 'r-two']);
    expect(onRequest.lastWrite).not.toBe(onRequest.learntThrough);
  });

  it('a leftover: out of the list, and nothing else', () => {
    const leftover = { remoteId: 'old', document: 'a.md', mark: null, why: 'superseded', removable: 'by-hand', since: at } as const;
    const state = { ...holding({ '': 'text' }), leftovers: [leftover] };
    const cleared = fold(state, stamped(removedByPerson('old', memoryVendor().connect()))).state;
    expect([cleared.leftovers, cleared.records, cleared.forgetting]).toEqual([[], state.records, []]);
    expect(cleared.lastWrite).toBe(state.lastWrite);
    // Where the bot answers from the last training it still knows the copy.
    const onRequest = fold(state, stamped(removedByPerson('old', memoryVendor({ training: 'on-request' }).connect()))).state;
    expect(onRequest.forgetting).toMatchObject([{ document: 'a.md', remoteId: 'old' }]);
    expect(onRequest.lastWrite).not.toBe(onRequest.learntThrough);
  });
});

describe('an unconfirmed create', () => {
  const effect = create('e9', 'b.md', '', 'bytes');
  const begun: EntryBody = { kind: 'begin', effects: [effect] };

  it('created: a record with the id, or without one', () => {
    for (const remoteId of ['r9', null]) {
      const { state, open } = fold(emptyState('bot'), stamped([begun, ...createdByPerson(effect, remoteId, emptyState('bot'))]));
      expect(state.records['b.md']?.items).toMatchObject([{ remoteId, fingerprint: effect.fingerprint }]);
      expect(open).toEqual([]);
    }
  });

  it('created with the id of another item is refused', () => {
    expect(() => createdByPerson(effect, 'r-', holding({ '': 'x' }))).toThrowError(/r- is the id of another item/);
  });

  it('retry: nothing is there, and the bytes are not refused', () => {
    const { state, open } = fold(emptyState('bot'), stamped([begun, ...retriedByPerson(effect)]));
    expect(state.records['b.md']).toMatchObject({ items: [], refused: null, error: { code: 'UNCONFIRMED' } });
    expect(open).toEqual([]);
  });

  it('needs an id only where something later uses it', () => {
    expect(needsIds(memoryVendor({ can: ['list', 'read'] }).connect())).toBe(false);
    expect(needsIds(memoryVendor({ can: ['status'] }).connect())).toBe(true);
  });
});
