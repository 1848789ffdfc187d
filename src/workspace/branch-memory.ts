// A live memory beside a branch: what the next job could not find out by itself is on the branch before it is sent. Owns which writes those are.
//
// A job can be killed at any moment, and its disk with it; the next one knows what was last saved. Of a write that was begun since then it knows nothing:
//  - an update, a delete: planned again, and saying it twice does no harm. But where the folder is back at what it was (a commit that is reverted),
//    nothing would be planned: all that a push is about to write over is told in one file (state/stray.ts), saved with the first write;
//  - a create at a bot that can be listed, or searched by mark: a run looks before it makes anything anew (cycle/other-copies.ts), finds the copy
//    and takes it back;
//  - a create at a bot that cannot be asked: it would be made a second time. Its begin is saved first, so that the next job finds it open: it is
//    unconfirmed, and a person says what became of it;
//  - a container (a data source): the same, since only the begin knows which ones were there before;
//  - one text for the whole bot: the next job would put back what an approved delete took out. Its begin is saved first; there is one a pass.
// And the first write of a run at a bot, whatever it is: what was planned, settled and taken back until then took time to find out.
import type { CycleContext, CycleMemory } from '../cycle/context.ts';
import type { Effect } from '../model/effect.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import type { StateBranch } from '../source/state-branch.ts';

/** Whether nobody could find out afterwards that it was sent. */
export function mustBeKnown(effect: Effect, { target }: Pick<CycleContext['connection'], 'target'>, looks: boolean): boolean {
  switch (effect.action) {
    case 'create':
      return !(looks && target.traits.repeatedCreate === 'findable' && (target.list !== undefined || target.find !== undefined));
    case 'open':
    case 'replace-all':
      return true;
    default:
      return false;
  }
}

/** `looks`: whether runs look at what a bot holds (schedule.drift is not off). `foretell` writes into the state folder, and returns what takes it back. */
export function savedAhead(
  memory: CycleMemory,
  branch: Pick<StateBranch, 'verify' | 'ahead' | 'lost'>,
  connection: CycleContext['connection'],
  { looks, foretell }: { readonly looks: boolean; readonly foretell: (effects: readonly Effect[]) => Promise<() => void> },
): CycleMemory {
  let first = true;
  let sent = false;
  let fulfilled: (() => void) | null = null;
  return {
    get state() {
      return memory.state;
    },
    get open() {
      return memory.open;
    },
    // One branch, one state: whose machine saved it last says nothing.
    savedBy: { host: null },
    // Saved before the journal is cut down: where the branch turns out to be lost, it tells the next run what this one has sent since it last saved.
    async checkpoint() {
      // From here on the journal tells it, and the snapshot after it.
      fulfilled?.();
      fulfilled = null;
      try {
        if (sent || branch.lost !== null) await branch.ahead(true);
      } catch (thrown) {
        if (asSyncError(thrown).code !== 'STATE_UNWRITABLE') throw thrown;
        // Said at the end of the run, which tries once more; the journal has it all.
        return;
      }
      sent = false;
      await memory.checkpoint();
    },
    async foretell(effects) {
      if (effects.length === 0) return;
      fulfilled?.();
      fulfilled = await foretell(effects);
      first = true;
    },
    async append(entries) {
      const begun = entries.flatMap((entry) => (entry.kind === 'begin' ? entry.effects : []));
      await memory.append(entries);
      if (begun.length === 0) return;
      try {
        await branch.ahead(first || begun.some((effect) => mustBeKnown(effect, connection, looks)));
        branch.verify();
        first = false;
        sent = true;
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (error.code === 'UNEXPECTED') throw thrown;
        const record = new SyncError(error.code, { message: `not sent: ${error.message}`, next: error.next }).record();
        await memory.append(begun.map(({ id }) => ({ kind: 'failed', effect: id, error: record, refused: false })));
        throw thrown;
      }
    },
  };
}
