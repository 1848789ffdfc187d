// Sources of a knowledge base, by the two calls that only the sibling brands document: list and delete. Where ReplyCX does not serve them, that is said.
import { SyncError } from '../../model/error.ts';
import type { Call, ItemResult, RemoteEntry } from '../connector.ts';
import { isAbsent, knowledgeBase, paths, type Send } from './api.ts';
import { markIn } from './names.ts';
import type { ReplycxOptions } from './options.ts';
import { anything, detailsReply, type ListedSource } from './schema.ts';
import { trainingOf } from './states.ts';

/** What the details of a knowledge base are asked for. */
export interface Page {
  readonly name: string | null;
  readonly total: number | null;
  readonly sources: readonly ListedSource[];
}

/** One page of the details of the knowledge base. */
export async function detailsOf(
  options: ReplycxOptions,
  send: Send,
  page: { readonly limit: number; readonly offset: number },
  call: Call,
): Promise<Page> {
  const path = paths.details(knowledgeBase(options));
  const request = { what: 'listing sources', intent: 'read', method: 'GET', path, about: 'feature', query: page } as const;
  const { name, total_data_sources, data_source } = await send(detailsReply, request, call);
  return { name: name ?? null, total: total_data_sources ?? null, sources: data_source };
}

/**
 * Binds `list`: complete, or it throws. A missing call is never an empty list: that would pass for an empty knowledge base. Pages go by offset
 * and shift while sources come and go, so each begins with the last source of the one before: where that is not there, something slipped by.
 */
export function bindList(options: ReplycxOptions, send: Send) {
  return async function* list(call: Call): AsyncGenerator<RemoteEntry> {
    const seen = new Set<string>();
    let last: string | null = null;
    let firstTotal: number | null = null;
    for (let count = 0; count < options.maxPages; count += 1) {
      const { total, sources } = await pageOf({ limit: options.pageLimit, offset: Math.max(0, seen.size - 1) }, call);
      if (last !== null && !sources.some(({ id }) => id === last)) throw incomplete(`it changed while it was read, after ${seen.size}`);
      const fresh = sources.filter(({ id }) => !seen.has(id) && seen.add(id));
      for (const { id, name, status } of fresh) {
        const training = typeof status === 'string' ? trainingOf(status, options) : null;
        yield { remoteId: id, mark: markIn(name), name: name ?? null, training };
      }
      if (count === 0) firstTotal = total;
      if (total !== null && total === firstTotal && seen.size === total) return;
      if (fresh.length === 0) {
        // An offset that is not understood gives the first page again: that is not the end.
        if (last !== null && sources[0]?.id !== last) throw incomplete(`a page brought nothing new after ${seen.size}`);
        if (total !== null && seen.size < total) throw incomplete(`it ended after ${seen.size} of ${total}`);
        return;
      }
      last = fresh.at(-1)?.id ?? last;
    }
    throw incomplete(`it has more than ${options.maxPages} pages (maxPages)`);
  };

  async function pageOf(page: { readonly limit: number; readonly offset: number }, call: Call): Promise<Page> {
    try {
      return await detailsOf(options, send, page, call);
    } catch (error) {
      throw isAbsent(error)
        ? absent(error, 'list', 'set features.list: false: without a listing, sync --initial says once that the knowledge base is new')
        : error;
    }
  }
}

/** Binds `delete`: one source a call, so that an answer is about one. Without the call the copy stays, and a person removes it. */
export function bindDelete(options: ReplycxOptions, send: Send) {
  return async (remoteIds: readonly string[], call: Call): Promise<readonly ItemResult[]> => {
    const results: ItemResult[] = [];
    for (const [index, remoteId] of remoteIds.entries()) {
      try {
        results.push({ ok: true, remoteId: await deleteOne(remoteId, call) });
      } catch (error) {
        if (!(error instanceof SyncError)) throw error;
        if (error.facts.stops !== 'document' && index === 0) throw error;
        results.push({ ok: false, error });
        // What stops the target, or shows that the call is not there, is the same for every other one.
        if (error.facts.stops === 'document' && !isAbsent(error)) continue;
        return [...results, ...remoteIds.slice(index + 1).map((): ItemResult => ({ ok: false, error: notSent(error) }))];
      }
    }
    return results;
  };

  async function deleteOne(remoteId: string, call: Call): Promise<string> {
    const what = `deleting source ${remoteId}`;
    const json = { data_sources: [numberOf(remoteId)] };
    const request = {
      what,
      intent: 'repeatable',
      method: 'DELETE',
      path: paths.deleteSources(knowledgeBase(options)),
      about: 'feature',
      json,
    } as const;
    try {
      await send(anything, { ...request, mayBeEmpty: true }, call);
    } catch (error) {
      // Already gone is success: the only 404 that says so names the source [assumed].
      if (isAbsent(error) && /SOURCES?_NOT_FOUND/.test(String(error.data['vendorCode']))) return remoteId;
      throw isAbsent(error)
        ? absent(error, 'delete', `set features.delete: false, and delete source ${remoteId} in the ReplyCX dashboard`)
        : error;
    }
    return remoteId;
  }
}

/** As the vendor has it; an id beyond what a number holds stays a text. */
function numberOf(id: string): number | string {
  const number = Number(id);
  return Number.isSafeInteger(number) && String(number) === id ? number : id;
}

function absent(error: SyncError, capability: 'list' | 'delete', next: string): SyncError {
  const { code, message, vendor, facts, data } = error;
  return new SyncError(code, { message, vendor, next, facts, data: { ...data, capability }, cause: error });
}

function notSent(error: SyncError): SyncError {
  const { code, message, vendor, next, facts, data } = error;
  return new SyncError(code, { message, vendor, next, data, facts: { ...facts, effect: 'none' }, cause: error });
}

function incomplete(why: string): SyncError {
  return new SyncError('REPLY_INVALID', {
    message: `listing sources: the listing is not complete: ${why}`,
    next: 'run again; nothing is deleted on an incomplete listing',
    facts: { effect: 'none' },
  });
}
