// Entries for tests of the memory: short to write, complete in shape.
import type { Effect, EntryBody, JournalEntry } from '../../src/model/effect.ts';
import { sha256 } from '../../src/model/json.ts';
import type { TrainingState } from '../../src/model/record.ts';

export const noon = '2026-03-01T12:00:00.000Z';
export const noonMs = Date.parse(noon);

export function create(id: string, document: string, more: { part?: string; text?: string; supersedes?: string } = {}): Effect {
  const { part = '', text = id, supersedes } = more;
  return {
    id,
    operation: null,
    commit: null,
    action: 'create',
    supersedes: supersedes === undefined ? null : { remoteId: supersedes, mark: 'old', removable: 'once-trained' },
    document,
    path: document,
    title: document,
    url: null,
    body: sha256(text),
    part,
    mark: `ws:${document}`,
    fingerprint: sha256(text),
  };
}

export function update(id: string, document: string, remoteId: string, text: string = id): Effect {
  const { supersedes: _, ...part } = { ...create(id, document, { text }), supersedes: null };
  return { ...part, action: 'update', remoteId } as Effect;
}

export function remove(id: string, document: string, remoteId: string, retrain = false): Effect {
  return { id, operation: null, commit: null, action: 'delete', document, path: document, remoteId, retrain };
}

export function train(id: string, covers: string | null): Effect {
  return { id, operation: null, commit: null, action: 'train', baseline: 'before', covers };
}

export const begin = (...effects: Effect[]): EntryBody => ({ kind: 'begin', effects });
export const done = (effect: string, remoteId: string | null = `r-${effect}`): EntryBody => ({
  kind: 'done',
  effect,
  remoteId,
  settledBy: 'reply',
});
export const failed = (effect: string, refused = false): EntryBody => ({
  kind: 'failed',
  effect,
  error: { code: 'DOCUMENT_REFUSED', message: 'no', vendor: null, next: 'mend it' },
  refused,
});
export const trained = (document: string, state: TrainingState = 'trained'): EntryBody => ({
  kind: 'training',
  news: [{ document, part: null, state, error: null }],
});
export const ended = (run: string, outcome: 'succeeded' | 'failed' | 'lost' = 'succeeded'): EntryBody => ({
  kind: 'run-ended',
  run,
  outcome,
  error: null,
});

/** The bodies as entries, a second apart. */
export function stamped(...bodies: readonly EntryBody[]): JournalEntry[] {
  return bodies.map((body, index): JournalEntry => ({ at: new Date(noonMs + index * 1_000).toISOString(), ...body }));
}

/** A push of one new document, as two entries. */
export const pushed = (id: string, document: string): EntryBody[] => [begin(create(id, document)), done(id)];
