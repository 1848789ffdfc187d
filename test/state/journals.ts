// Random journals such as the engine might write.
import fc from 'fast-check';
import { type Effect, type EntryBody, fold } from '../../src/model/effect.ts';
import { emptyState } from '../../src/model/record.ts';
import { begin, create, done, ended, failed, noon, remove, stamped, train, trained, update } from './entries.ts';

export const writes = ['create', 'update', 'supersede', 'delete', 'fail', 'lose', 'doubt'] as const;
export const anything = [...writes, 'train', 'trained', 'ended', 'gone', 'leftover'] as const;

/** What the engine might do next; which document and which of the known ids is decided by the number. */
export interface Step {
  readonly what: (typeof anything)[number];
  readonly which: number;
}

/** Random steps of some kinds. */
export function stepsOf(kinds: readonly Step['what'][]): fc.Arbitrary<Step[]> {
  return fc.array(fc.record({ what: fc.constantFrom(...kinds), which: fc.nat(4) }), { maxLength: 40 });
}

/** A journal that an engine could have written. */
export function bodiesOf(list: readonly Step[]): EntryBody[] {
  const bodies: EntryBody[] = [];
  const begun = (effect: Effect, end: EntryBody | null): void => {
    bodies.push(begin(effect));
    if (end !== null) bodies.push(end);
  };
  list.forEach(({ what, which }, index) => {
    const id = `e${index}`;
    const document = `d${which}.md`;
    const { state, open } = fold(emptyState('t'), stamped(...bodies));
    const remoteId = state.records[document]?.items[0]?.remoteId ?? null;
    const leftover = state.leftovers[0];
    switch (what) {
      case 'create':
        return remoteId === null ? begun(create(id, document), done(id)) : undefined;
      case 'lose':
        return begun(create(id, document), null);
      case 'fail':
        return begun(create(id, document), failed(id, which % 2 === 0));
      case 'update':
        return remoteId === null ? undefined : begun(update(id, document, remoteId), done(id, null));
      case 'supersede':
        return remoteId === null ? undefined : begun(create(id, document, { supersedes: remoteId }), done(id));
      case 'delete':
        return remoteId === null ? undefined : begun(remove(id, document, remoteId, which % 2 === 0), done(id, null));
      case 'leftover':
        return leftover?.removable === 'now' ? begun(remove(id, leftover.document, leftover.remoteId), done(id, null)) : undefined;
      case 'train':
        return state.run === null ? begun(train(id, state.lastWrite), done(id, null)) : undefined;
      case 'ended':
        return void (state.run !== null && bodies.push(ended(state.run.effect, (['succeeded', 'failed', 'lost'] as const)[which % 3])));
      case 'trained':
        return void bodies.push(trained(document, which === 4 ? 'failed' : 'trained'));
      case 'gone':
        return void (remoteId !== null && bodies.push({ kind: 'gone', remoteIds: [remoteId] }));
      case 'doubt': {
        const doubtful = open[0];
        return void (
          doubtful !== undefined &&
          bodies.push({ kind: 'doubt', doubt: { id: `U${index}`, effect: doubtful.id, error: null, since: noon } })
        );
      }
    }
  });
  return bodies;
}
