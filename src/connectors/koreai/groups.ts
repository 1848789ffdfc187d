// Writes of several items a call, where the answer tells nothing of single items: what a refusal means for each of them.
import { SyncError } from '../../model/error.ts';
import type { ItemResult } from '../connector.ts';

/** For people: "guides/a.md and 3 more". */
export function named(paths: readonly string[]): string {
  const [first = ''] = paths;
  return paths.length === 1 ? first : `${first} and ${paths.length - 1} more`;
}

/** The items in groups of at most so many. */
export function inPieces<Item>(items: readonly Item[], most: number): Item[][] {
  const pieces: Item[][] = [];
  for (let from = 0; from < items.length; from += most) pieces.push(items.slice(from, from + most));
  return pieces;
}

/**
 * Sends groups in order; one result an item. A refused group is halved until the bad one stands alone, where a refusal had no effect at all
 * (`atomic`); else its items are unconfirmed and looked for. What stops the target is thrown while nothing went before it; later it is the
 * result of each remaining item, which was not sent.
 */
export async function inGroups<Item>(
  groups: readonly (readonly Item[])[],
  send: (group: readonly Item[]) => Promise<void>,
  atomic: boolean,
): Promise<ItemResult[]> {
  const results: ItemResult[] = [];
  const waiting = [...groups];
  let stopped: SyncError | null = null;
  for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
    if (stopped !== null) {
      const error: SyncError = withEffect(stopped, 'none');
      results.push(...group.map(() => ({ ok: false, error }) as const));
      continue;
    }
    try {
      await send(group);
      results.push(...group.map(() => ({ ok: true, remoteId: null }) as const));
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      const refused = error.code === 'DOCUMENT_REFUSED' || error.code === 'DOCUMENT_TOO_LARGE';
      if (refused && group.length > 1 && atomic) {
        const middle = Math.ceil(group.length / 2);
        waiting.unshift(group.slice(0, middle), group.slice(middle));
        continue;
      }
      if (error.facts.stops !== 'document') {
        if (results.length === 0 && groups.length === 1) throw error;
        stopped = error;
      }
      const told = refused && group.length > 1 ? doubtful(error) : error;
      results.push(...group.map(() => ({ ok: false, error: told }) as const));
    }
  }
  return results;
}

/** The same failure of something that was not sent, or may have been. */
export function withEffect(error: SyncError, effect: 'none' | 'unconfirmed'): SyncError {
  const { code, message, vendor, next, facts, data } = error;
  return new SyncError(code, { message, vendor, next, data, facts: { ...facts, effect }, cause: error });
}

function doubtful({ message, vendor, data }: SyncError): SyncError {
  return new SyncError('UNCONFIRMED', {
    message: `${message}; which of them were taken is not known (atomicBatches: false)`,
    vendor,
    data,
  });
}
