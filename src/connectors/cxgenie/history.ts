// What customers asked: customers → their sessions → the messages. No order and no page size is promised [seed: silent], so every listing
// is bounded, drops what comes twice, and ends where a page brings nothing new.
import { SyncError } from '../../model/error.ts';
import type { Timestamp } from '../../model/json.ts';
import type { Call, Exchange } from '../connector.ts';
import { type Api, listName, needed } from './api.ts';
import { verifierId } from './chat.ts';
import { cleaned } from './clean.ts';
import type { CxgenieOptions } from './options.ts';
import { type CxgenieCustomer, type CxgenieMessage, type CxgenieSession, customersData, messagesData, sessionsData } from './schema.ts';

/** Binds `history`: newest first by the vendor's dates, our own questions left out. */
export function bindHistory(options: CxgenieOptions, { send }: Api) {
  return async function* history(since: Timestamp, call: Call): AsyncGenerator<Exchange> {
    const found: Exchange[] = [];
    for (const { id } of await customers(call)) {
      const recent = await unlessGone(sessions(id, call));
      for (const session of recent) found.push(...(await unlessGone(exchanges(id, session.id, since, call))));
    }
    yield* found.filter(({ at }) => at === null || at >= since).sort((a, b) => order(b.at, a.at));
  };

  /** A customer of long ago may have asked just now: only how many are looked into is bounded. The cursor is a date [seed]. */
  async function customers(call: Call): Promise<CxgenieCustomer[]> {
    const found: CxgenieCustomer[] = [];
    const seen = new Set<string>();
    let cursor: string | null = null;
    for (let page = 0; page < options.maxPages && found.length < options.historyCustomers; page += 1) {
      const query = { [listName('bot_ids', options)]: [needed(options.botId, 'botId')], ...(cursor === null ? {} : { cursor }) };
      const request = { what: 'listing customers', intent: 'read', method: 'GET', path: '/customer-list', about: 'bot', query } as const;
      const listed: readonly CxgenieCustomer[] = (await send(customersData, request, call)).customers;
      const fresh = listed.filter(({ id }) => !seen.has(id) && seen.add(id));
      found.push(...fresh.filter((customer) => !isVerifier(customer, call)));
      const last: string | null = listed.at(-1)?.created_at ?? null;
      if (fresh.length === 0 || last === null || last === cursor) break;
      cursor = last;
    }
    if (found.length >= options.historyCustomers)
      call.told?.(`only ${options.historyCustomers} customers were looked into, those that CX Genie lists first (historyCustomers)`);
    return found.slice(0, options.historyCustomers);
  }

  function isVerifier({ external_id, email }: CxgenieCustomer, call: Call): boolean {
    const { customer } = options;
    if (customer === null) return false;
    return external_id === verifierId(options, call.workspace) || (typeof customer.email === 'string' && email === customer.email);
  }

  async function sessions(customerId: string, call: Call): Promise<CxgenieSession[]> {
    const most = options.historySessions;
    const request = { what: 'listing conversations', path: '/sessions-by-customer', query: { customer_id: customerId } };
    const found = await paged(
      request,
      async (page) => send(sessionsData, page, call),
      (all) => all.length < most,
    );
    return found.sort((a, b) => order(instant(b.created_at), instant(a.created_at))).slice(0, most);
  }

  async function exchanges(customerId: string, sessionId: string, since: Timestamp, call: Call): Promise<Exchange[]> {
    const path = `/detail-sessions/${encodeURIComponent(sessionId)}`;
    // Asked newest first, so that a long conversation is only read back to `since`.
    const query = { customer_id: customerId, order: 'desc', remove_system_message: 'true' };
    const wanted = (all: readonly CxgenieMessage[]): boolean => all.every(({ created_at }) => (instant(created_at) ?? since) >= since);
    const found = await paged({ what: 'listing messages', path, query }, async (page) => send(messagesData, page, call), wanted);
    return paired(oldestFirst(found), customerId, sessionId);
  }

  /** Pages by offset while `more` says so; a page that is empty or brings nothing new ends it. */
  async function paged<Item extends { readonly id: string }>(
    listing: { readonly what: string; readonly path: string; readonly query: { readonly [name: string]: string } },
    page: (request: Parameters<Api['send']>[1]) => Promise<readonly Item[]>,
    more: (all: readonly Item[]) => boolean,
  ): Promise<Item[]> {
    const found = new Map<string, Item>();
    let offset = 0;
    for (let count = 0; count < options.maxPages; count += 1) {
      const query = { ...listing.query, limit: options.pageLimit, offset };
      const items = await page({ ...listing, intent: 'read', method: 'GET', about: 'conversation', query });
      const before = found.size;
      for (const item of items) found.set(item.id, item);
      offset += items.length;
      if (items.length === 0 || found.size === before || !more([...found.values()])) break;
    }
    return [...found.values()];
  }
}

/** A customer or a conversation that was removed since it was listed has nothing to tell. */
async function unlessGone<Item>(reading: Promise<readonly Item[]>): Promise<readonly Item[]> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof SyncError && error.code === 'REMOTE_GONE') return [];
    throw error;
  }
}

/** They were asked for newest first; where dates show otherwise, dates win. */
function oldestFirst(messages: readonly CxgenieMessage[]): readonly CxgenieMessage[] {
  return [...messages].reverse().sort((a, b) => order(instant(a.created_at), instant(b.created_at)));
}

/** Each text of the customer with the first one of somebody else that follows before the customer's next. Feedback and pictures ask nothing. */
function paired(messages: readonly CxgenieMessage[], customerId: string, conversation: string): Exchange[] {
  const texts = messages.filter(({ type, content }) => (type ?? 'TEXT').toUpperCase() === 'TEXT' && cleaned(content ?? '') !== '');
  return texts.flatMap((message, index) => {
    if (message.sender_id !== customerId) return [];
    const next = texts[index + 1];
    const answer = next === undefined || next.sender_id === customerId ? null : cleaned(next.content ?? '');
    const unknown = cleaned(next?.bot?.reply_unknown ?? message.bot?.reply_unknown ?? '');
    const vain = answer !== null && answer !== '' && answer === unknown ? ({ vain: 'unknown' } as const) : {};
    return [{ at: instant(message.created_at), question: cleaned(message.content ?? ''), answer, conversation, ...vain }];
  });
}

/** Dates have no documented format [seed]: what cannot be read has no date. */
function instant(text: string | null | undefined): Timestamp | null {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

function order(a: Timestamp | null, b: Timestamp | null): number {
  if (a === null || b === null || a === b) return 0;
  return a < b ? -1 : 1;
}
