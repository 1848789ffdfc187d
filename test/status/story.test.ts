// One document's story out of a state, and whose an id or a name is.
import { describe, expect, it } from 'vitest';
import type { Effect, EntryBody, JournalEntry } from '../../src/model/effect.ts';
import { fold } from '../../src/model/fold.ts';
import { emptyState } from '../../src/model/record.ts';
import { knownDocuments, storyOf, whois } from '../../src/status/story.ts';

const at = '2026-11-21T00:00:00.000Z';
const part = (document: string) => ({
  document,
  path: `${document}.md`,
  title: document,
  url: null,
  body: '',
  part: '',
  mark: `docs:${document}`,
  fingerprint: 'f',
});
const create = (id: string, document: string): Effect => ({
  id,
  operation: null,
  commit: null,
  action: 'create',
  supersedes: null,
  ...part(document),
});

const entries: EntryBody[] = [
  { kind: 'begin', effects: [create('e1', 'a'), create('e2', 'b'), create('e3', 'c')] },
  { kind: 'done', effect: 'e1', remoteId: 'r1', settledBy: 'reply' },
  { kind: 'done', effect: 'e2', remoteId: 'r2', settledBy: 'reply' },
  { kind: 'doubt', doubt: { id: 'U1', effect: 'e3', error: null, since: at } },
  { kind: 'leftover', leftover: { remoteId: 'r0', document: 'a', mark: 'old a', why: 'twin', removable: 'by-hand', since: at } },
  {
    kind: 'begin',
    effects: [{ id: 'e4', operation: null, commit: null, action: 'delete', document: 'b', path: 'b.md', remoteId: 'r2', retrain: true }],
  },
  { kind: 'done', effect: 'e4', remoteId: 'r2', settledBy: 'reply' },
  {
    kind: 'held',
    held: [{ id: 'H1', rule: 'too-many-deletes', message: 'Many.', documents: ['a'], passWith: null, since: at, approvedAt: null }],
  },
];
const { state, open } = fold(
  emptyState('bot'),
  entries.map((entry) => ({ ...entry, at }) as JournalEntry),
);

describe('story', () => {
  it('of a document that is there', () => {
    expect(storyOf('a', state, open)).toMatchObject({
      path: 'a.md',
      remoteIds: ['r1'],
      training: 'pending',
      pushedFingerprint: 'f',
      trainedFingerprint: null,
      held: [{ id: 'H1' }],
      leftovers: [{ remoteId: 'r0', why: 'twin' }],
      unconfirmed: [],
    });
  });

  it('of one that was deleted, of one that may be there, of one that never was', () => {
    expect(storyOf('b', state, open)).toMatchObject({ training: null, remoteIds: [], forgetting: [{ remoteId: 'r2' }] });
    expect(storyOf('c', state, open)).toMatchObject({ training: null, unconfirmed: [{ id: 'U1', action: 'create' }] });
    expect(storyOf('d', state, open)).toMatchObject({ path: null, training: null, unconfirmed: [], leftovers: [], behind: false });
  });

  it('knows whose an id or a name is', () => {
    const whose = ['r1', 'docs:a', 'r0', 'old a', 'r2', 'docs:c', 'r9'].map((name) => whois(name, state, open));
    expect(whose).toEqual(['a', 'a', 'a', 'a', 'b', 'c', null]);
    expect(Object.fromEntries(knownDocuments(state, open))).toEqual({ a: 'a.md', b: 'b.md', c: 'c.md' });
  });
});
