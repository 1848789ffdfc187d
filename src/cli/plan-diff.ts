// `plan --diff`: for each operation the text that the bot will read against what it was last given. Owns the bounds of what is shown.
import type { CycleContext } from '../cycle/context.ts';
import type { Planned } from '../cycle/plan-target.ts';
import type { Operation, OperationId } from '../model/operation.ts';
import { type DiffLimits, type DiffPart, diffText } from '../plan/diff-text.ts';
import { counted } from '../plan/words.ts';

/** One document's diff, and all of one target's together, as a page: a comment on a pull request holds 65,536 characters. */
export const diffLimits = { lines: 200, characters: 16_000, total: 48_000 } as const;

/** With --json: whoever reads it has bounds of their own, such as the 1 MiB of a job's summary. */
export const dataDiffLimits = { ...diffLimits, total: 1_000_000 } as const;

/** With --verbose: as long as a person may want to read, and still an end. */
export const verboseDiffLimits = { lines: 20_000, characters: 1_000_000, total: 4_000_000 } as const;

/** In less than this nothing worth reading has a place. */
const leastRoom = 500;

export interface Diffs {
  readonly byOperation: ReadonlyMap<OperationId, string>;
  /** Operations whose diff no longer had a place. */
  readonly leftOut: number;
}

/** The diffs of a plan. Reads the kept texts and renders what would be sent; asks nobody. */
export async function diffsOf(context: CycleContext, planned: Planned, limits: DiffLimits & { readonly total: number }): Promise<Diffs> {
  const byOperation = new Map<OperationId, string>();
  let size = 0;
  let leftOut = 0;
  for (const operation of planned.plan.operations) {
    if (limits.total - size < leastRoom) {
      leftOut += 1;
      continue;
    }
    const room = Math.min(limits.characters, limits.total - size);
    const shown = await diffOf(context, planned, operation, { lines: limits.lines, characters: room });
    if (shown === null) continue;
    byOperation.set(operation.id, shown);
    size += shown.length;
  }
  return { byOperation, leftOut };
}

/** What a plan says where diffs had no place any more; null where all had. */
export function leftOutNote({ leftOut }: Diffs): string | null {
  return leftOut === 0 ? null : `The diffs of ${counted(leftOut, 'more operation')} are left out for length; --verbose shows them.`;
}

async function diffOf(context: CycleContext, planned: Planned, operation: Operation, limits: DiffLimits): Promise<string | null> {
  // One of several copies goes, or an item is taken over as it is: what the bot reads of the document stays.
  if (operation.action === 'adopt' || (operation.action === 'delete' && operation.remoteId !== null)) return null;
  const before = lastGiven(context, operation);
  if (operation.action === 'delete') return before === null ? unknownBefore : diffText(before, [], limits);
  const payload = await planned.wanted.payload(operation.document);
  if (payload === null) return 'its text cannot be read any more as it was scanned';
  const shown = diffText(before ?? [], payload.parts, limits);
  return before === null ? `${unknownBefore}: the whole text follows\n${shown ?? ''}`.trimEnd() : shown;
}

const unknownBefore = 'what the bot was last given is not kept here';

/** [] where the bot has nothing of it; null where it has something and nobody remembers what. */
function lastGiven({ memory, texts }: CycleContext, operation: Operation): readonly DiffPart[] | null {
  const record = memory.state.records[operation.action === 'move' ? operation.from : operation.document];
  if (record === undefined || record.items.length === 0) return [];
  return (record.pushed === null ? null : texts.get(record.pushed)?.parts) ?? null;
}
