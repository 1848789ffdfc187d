// A batch of which one row is bad: split until the bad one stands alone. Not a retry: a refused batch had no effect [assumed, atomicBatches].
import { SyncError } from '../../model/error.ts';
import type { ItemResult } from '../connector.ts';

/**
 * Sends items as one batch, and where `splittable` says so in ever smaller ones; one result per item, in order. What stops the whole
 * target is thrown while nothing was split yet; later it is each remaining item's result, since the first halves are already taken.
 */
export async function inHalves<Item>(
  items: readonly Item[],
  send: (part: readonly Item[]) => Promise<void>,
  splittable: (error: SyncError) => boolean,
): Promise<ItemResult[]> {
  const results: ItemResult[] = [];
  const waiting: (readonly Item[])[] = items.length === 0 ? [] : [items];
  let stopped: SyncError | null = null;
  for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
    if (stopped !== null) {
      results.push(...sameFor(part, notSent(stopped)));
      continue;
    }
    try {
      await send(part);
      results.push(...part.map(() => ({ ok: true, remoteId: null }) as const));
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      if (part.length > 1 && splittable(error)) {
        const middle = Math.ceil(part.length / 2);
        waiting.unshift(part.slice(0, middle), part.slice(middle));
        continue;
      }
      if (error.facts.stops !== 'document') {
        if (part.length === items.length) throw error;
        stopped = error;
      }
      results.push(...sameFor(part, error));
    }
  }
  return results;
}

function sameFor(part: readonly unknown[], error: SyncError): ItemResult[] {
  return part.map(() => ({ ok: false, error }));
}

/** The same failure for what was never sent: that had no effect for certain. */
function notSent(error: SyncError): SyncError {
  const { message, vendor, next, facts, data } = error;
  return new SyncError(error.code, { message, vendor, next, data, facts: { ...facts, effect: 'none' }, cause: error });
}
