// What users asked and the bot could not answer: Kore.ai's analytics of unhandled utterances [public P36].
import type { Timestamp } from '../../model/json.ts';
import type { Call, Exchange, Tools } from '../connector.ts';
import type { Send } from './api.ts';
import type { KoreaiOptions } from './options.ts';
import { incomplete } from './pages.ts';
import { analyticsReply, type KoreaiRecord } from './schema.ts';

/** Binds `history`: newest first within each of `historyTypes`, each of which the bot could not handle. Records hold no answer. */
export function bindHistory(options: KoreaiOptions, tools: Tools, send: Send) {
  return async function* (since: Timestamp, call: Call): AsyncGenerator<Exchange> {
    const seen = new Set<string>();
    // One end for all pages: what is asked meanwhile would shift them.
    const until = new Date(tools.now()).toISOString();
    for (const type of options.historyTypes) {
      for await (const record of records(type, { from: since, to: until }, call)) {
        const id = record._id ?? record.messageId ?? null;
        const question = record.utterance?.trim() ?? '';
        if (question === '' || (id !== null && seen.has(id))) continue;
        if (id !== null) seen.add(id);
        // Our own questions come from such a user (webhook.ts), or from the one that our tokens name (jwt.ts) [assumed].
        if (/^kbsync(?:-|$)/.test(record.userId ?? '')) continue;
        const conversation = record.sessionId ? { conversation: record.sessionId } : {};
        yield { at: instant(record.timestamp), question, answer: null, ...conversation, vain: 'unhandled' };
      }
    }
  };

  async function* records(
    type: string,
    range: { readonly from: Timestamp; readonly to: Timestamp },
    call: Call,
  ): AsyncGenerator<KoreaiRecord> {
    const what = 'reading unanswered questions';
    const channels = options.historyChannels.length === 0 ? {} : { channel: options.historyChannels };
    const query = {
      type,
      filters: { ...range, ...channels, isDeveloper: false },
      sort: { order: 'desc', by: 'timestamp' },
      limit: options.historyPage,
    };
    let skip = 0;
    for (let page = 0; page < options.maxPages; page += 1) {
      const request = { what, intent: 'read', method: 'POST', path: '/getAnalytics', scope: 'Metrics', json: { ...query, skip } } as const;
      const { result, moreAvailable } = await send(analyticsReply, request, call);
      yield* result;
      if (moreAvailable !== true) return;
      if (result.length === 0) throw incomplete(what, 'there is more, and a page was empty');
      skip += result.length;
    }
    throw incomplete(what, `it has more than ${options.maxPages} pages (maxPages)`);
  }
}

function instant(value: unknown): Timestamp | null {
  const ms = typeof value === 'number' ? value : Date.parse(typeof value === 'string' ? value : '');
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : null;
}
