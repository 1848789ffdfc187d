// Random journals such as the engine might write.
import fc from 'fast-check';
import type { Effect, EntryBody } from '../../src/model/effect.ts';
import { fold } from '../../src/model/fold.ts';
import { emptyState, type TargetState } from '../../src/model/record.ts';
import { begin, create, done, ended, failed, noon, remove, stamped, train, trained, update } from './entries.ts';

/** Writes that were accepted, or of which nothing is known. */
export const writes = ['create', 'update', 'supersede', 'delete', 'lose', 'doubt'] as const;
export const anything = [...writes, 'fail', 'train', 'trained', 'ended', 'gone', 'altered', 'drift', 'leftover', 'rekey'] as const;

/** What the engine might do next; which document and how it ends is decided by the number. */
export interface Step {
  readonly what: (typeof anything)[number];
  readonly which: number;
}

/** Random steps of some kinds. */
export function stepsOf(kinds: readonly Step['what'][]): fc.Arbitrary<Step[]> {
  return fc.array(fc.record({ what: fc.constantFrom(...kinds), which: fc.nat(4) }), { maxLength: 40 });
}

/** A journal that an engine could have written: a step that the state does not allow is left out. */
export function bodiesOf(steps: readonly Step[]): EntryBody[] {
  const bodies: EntryBody[] = [];
  for (const [index, step] of steps.entries()) {
    const { state, open } = fold(emptyState('t'), stamped(...bodies));
    bodies.push(...entriesOf(step, index, state, open));
  }
  return bodies;
}

function entriesOf({ what, which }: Step, index: number, state: TargetState, open: readonly Effect[]): EntryBody[] {
  const id = `e${index}`;
  const document = `d${which}.md`;
  const remoteId = state.records[document]?.items[0]?.remoteId ?? null;
  switch (what) {
    case 'create':
      return remoteId === null ? [begin(create(id, document)), done(id)] : [];
    case 'lose':
      return [begin(create(id, document))];
    case 'fail':
      return [begin(create(id, document)), failed(id, which % 2 === 0)];
    case 'update':
      return remoteId === null ? [] : [begin(update(id, document, remoteId)), done(id, null)];
    case 'supersede':
      return remoteId === null ? [] : [begin(create(id, document, { supersedes: remoteId })), done(id)];
    case 'delete':
      return remoteId === null ? [] : [begin(remove(id, document, remoteId, which % 2 === 0)), done(id, null)];
    case 'leftover': {
      const leftover = state.leftovers.find((other) => other.removable === 'now');
      return leftover === undefined ? [] : [begin(remove(id, leftover.document, leftover.remoteId)), done(id, null)];
    }
    case 'rekey':
      return [{ kind: 'rekey', from: document, to: `moved-${id}.md`, path: 'p', title: 'T', url: null, body: 'b' }];
    case 'train':
      return state.run === null ? [begin(train(id, state.lastWrite)), done(id, null)] : [];
    case 'ended':
      return state.run === null ? [] : [ended(state.run.effect, (['succeeded', 'failed', 'lost'] as const)[which % 3])];
    case 'trained':
      return [trained(document, which === 4 ? 'failed' : 'trained')];
    case 'gone':
      return remoteId === null ? [] : [{ kind: 'gone', remoteIds: [remoteId] }];
    case 'altered':
      return remoteId === null ? [] : [{ kind: 'altered', remoteIds: [remoteId] }];
    case 'drift': {
      const findings = remoteId === null ? [] : [{ kind: 'changed', document, remoteId } as const];
      return [{ kind: 'drift', check: { at: noon, findings, foreign: which, texts: { compared: 0, through: null }, host: null } }];
    }
    case 'doubt': {
      const doubtful = open[0];
      return doubtful === undefined ? [] : [{ kind: 'doubt', doubt: { id: `U${index}`, effect: doubtful.id, error: null, since: noon } }];
    }
  }
}
