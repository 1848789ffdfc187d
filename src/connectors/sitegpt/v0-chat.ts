// Asking a SiteGPT bot over v0, and reading what users asked it.
import type { Answer } from '../../model/answer.ts';
import { SyncError } from '../../model/error.ts';
import type { Timestamp } from '../../model/json.ts';
import type { Call, Exchange } from '../connector.ts';
import { source, spokenText } from './chat.ts';
import { instant } from './dates.ts';
import { exchangesIn } from './exchanges.ts';
import type { SitegptOptions } from './options.ts';
import type { SendV0 } from './v0-api.ts';
import { messageDataV0, type ThreadV0, threadDataV0, threadsDataV0 } from './v0-schema.ts';

/** Binds `ask` and `history`. */
export function bindChatV0(options: SitegptOptions, send: SendV0) {
  return {
    /** Each question in a thread of its own, made in mode AI: nothing leaks into the next, and no person is asked. Costs a message of the plan [assumed]. */
    async ask(question: string, call: Call): Promise<Answer> {
      const start = { what: 'starting a conversation', intent: 'ask', method: 'POST', path: '/threads', json: { mode: 'AI' } } as const;
      const { threadId } = (await send(threadDataV0, start, call)).thread;
      const json = { message: question, from: 'USER', threadId };
      const request = { what: 'asking the bot', intent: 'ask', method: 'POST', path: '/message', json } as const;
      const { message } = await send(messageDataV0, { ...request, timeoutMs: options.answerTimeoutMs }, call);
      return { text: spokenText(message), sources: (message.sources ?? []).map(source) };
    },

    /** Newest first by the vendor's dates; at most `historyConversations` threads are looked into. */
    async *history(since: Timestamp, call: Call): AsyncGenerator<Exchange> {
      const found: Exchange[] = [];
      for (const { threadId } of await threadsSince(since, call)) found.push(...(await exchangesOf(threadId, call)));
      yield* found.filter(({ at }) => at === null || at >= since).sort((a, b) => compare(b.at ?? '', a.at ?? ''));
    },
  };

  /** Pages are numbered from 1, and nothing but a short one tells the last [public P1; assumed]. */
  async function threadsSince(since: Timestamp, call: Call): Promise<readonly ThreadV0[]> {
    const found = new Map<string, ThreadV0>();
    let ended = false;
    for (let page = 1; !ended && page <= options.maxPages && found.size < options.historyConversations; page += 1) {
      const query = { page, limit: options.pageLimit };
      const { threads } = await send(
        threadsDataV0,
        { what: 'listing conversations', intent: 'read', method: 'GET', path: '/threads', query },
        call,
      );
      const before = found.size;
      for (const thread of threads) found.set(thread.threadId, thread);
      ended = threads.length < options.pageLimit || found.size === before;
    }
    // Only the last change tells that nothing was asked since.
    const recent = [...found.values()].filter(({ updatedAt }) => (instant(updatedAt) ?? since) >= since);
    if (!ended || recent.length > options.historyConversations)
      call.told?.(`not all conversations were looked into, only those that SiteGPT lists first (historyConversations, maxPages)`);
    return recent.slice(0, options.historyConversations);
  }

  async function exchangesOf(threadId: string, call: Call): Promise<readonly Exchange[]> {
    const path = `/threads/${encodeURIComponent(threadId)}`;
    try {
      const { thread } = await send(
        threadDataV0,
        { what: 'reading a conversation', intent: 'read', method: 'GET', path, about: 'thread' },
        call,
      );
      return exchangesIn(thread.messages ?? [], threadId, thread.escalated === true);
    } catch (error) {
      // Deleted since it was listed.
      if (error instanceof SyncError && error.code === 'REMOTE_GONE') return [];
      throw error;
    }
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
