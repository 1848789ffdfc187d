// Asking a SiteGPT bot, and reading what users asked it.
import type { Answer, AnswerSource } from '../../model/answer.ts';
import { SyncError } from '../../model/error.ts';
import type { Timestamp } from '../../model/json.ts';
import type { Call, Exchange } from '../connector.ts';
import type { Send } from './api.ts';
import { instant } from './dates.ts';
import { exchangesIn } from './exchanges.ts';
import type { SitegptOptions } from './options.ts';
import { everyItem, type Page } from './pages.ts';
import { answerData, conversationsData, messagesData, nothing, type SitegptConversation, type SitegptMessage } from './schema.ts';

/** Binds `ask` and `history`. */
export function bindChat(options: SitegptOptions, send: Send) {
  return {
    /** Each question in a new conversation: nothing leaks into the next. Costs a message of the plan [assumed]. */
    async ask(question: string, call: Call): Promise<Answer> {
      const json = { message: question, pageUrl: null };
      const request = {
        what: 'asking the bot',
        intent: 'ask',
        method: 'POST',
        path: '/messages',
        scope: 'conversations:write',
        json,
      } as const;
      const { conversation, message } = await send(answerData, { ...request, timeoutMs: options.answerTimeoutMs }, call);
      if (options.deleteProbes && conversation) await tidy(conversation.threadId, call);
      return { text: spokenText(message), sources: (message.sources ?? []).map(source) };
    },

    /** Newest first by the vendor's dates; at most `historyConversations` conversations are looked into. */
    async *history(since: Timestamp, call: Call): AsyncGenerator<Exchange> {
      const found: { readonly conversation: SitegptConversation; readonly at: Timestamp | null }[] = [];
      for await (const conversation of conversations(call)) {
        if (found.length >= options.historyConversations) {
          call.told?.(
            `only ${options.historyConversations} conversations were looked into, those that SiteGPT lists first (historyConversations)`,
          );
          break;
        }
        // Only the last change tells that nothing was asked since.
        const changed = instant(conversation.updatedAt);
        if (changed === null || changed >= since)
          found.push({ conversation, at: changed ?? instant(conversation.createdAt ?? conversation.startedAt) });
      }
      found.sort((a, b) => ((a.at ?? '') < (b.at ?? '') ? 1 : (a.at ?? '') > (b.at ?? '') ? -1 : 0));
      for (const { conversation } of found) {
        const exchanges = (await exchangesOf(conversation, call)).filter(({ at }) => at === null || at >= since);
        yield* [...exchanges].sort((a, b) => ((a.at ?? '') < (b.at ?? '') ? 1 : (a.at ?? '') > (b.at ?? '') ? -1 : 0));
      }
    },
  };

  /** The answer counts, not the tidiness of the inbox: a conversation that cannot be deleted stays. */
  async function tidy(threadId: string, call: Call): Promise<void> {
    const path = `/conversations/${encodeURIComponent(threadId)}`;
    const request = { what: 'deleting a probe', path, scope: 'conversations:delete', query: { confirm: 'true' } } as const;
    try {
      await send(nothing, { ...request, intent: 'repeatable', method: 'DELETE' }, call);
    } catch (error) {
      if (!(error instanceof SyncError) || error.code === 'ABORTED') throw error;
    }
  }

  function conversations(call: Call): AsyncIterable<SitegptConversation> {
    const what = 'listing conversations';
    const page = async (cursor: string | null): Promise<Page<SitegptConversation>> => {
      const query = { limit: options.pageLimit, ...(cursor === null ? {} : { cursor }) };
      const request = { what, intent: 'read', method: 'GET', path: '/conversations', scope: 'conversations:read', query } as const;
      const data = await send(conversationsData, request, call);
      return { items: data.conversations, pagination: data.pagination };
    };
    return everyItem(what, options.maxPages, page, (conversation) => conversation.threadId);
  }

  async function exchangesOf({ threadId, escalated }: SitegptConversation, call: Call): Promise<readonly Exchange[]> {
    const what = 'listing messages';
    const path = `/conversations/${encodeURIComponent(threadId)}/messages`;
    const page = async (cursor: string | null): Promise<Page<SitegptMessage>> => {
      const query = { limit: options.pageLimit, ...(cursor === null ? {} : { cursor }) };
      const data = await send(messagesData, { what, intent: 'read', method: 'GET', path, scope: 'conversations:read', query }, call);
      return { items: data.messages, pagination: data.pagination ?? { hasNextPage: false } };
    };
    const messages: SitegptMessage[] = [];
    for await (const message of everyItem(what, options.maxPages, page, ({ messageId }) => messageId)) messages.push(message);
    return exchangesIn(inOrder(messages), threadId, escalated === true);
  }
}

/** Oldest first where dates tell; their order in a listing is not promised. */
function inOrder(messages: readonly SitegptMessage[]): readonly SitegptMessage[] {
  const at = (message: SitegptMessage) => instant(message.createdAt ?? message.question?.timestamp);
  const dated = messages.every((message) => at(message) !== null);
  return dated ? [...messages].sort((a, b) => ((at(a) ?? '') < (at(b) ?? '') ? -1 : (at(a) ?? '') > (at(b) ?? '') ? 1 : 0)) : messages;
}

/** The answer's text. What is no answer of the bot is an error: it cannot be judged, which is not the same as wrong. */
export function spokenText({
  answer,
  messageType,
  systemMessageType,
}: Pick<SitegptMessage, 'answer' | 'messageType' | 'systemMessageType'>): string {
  if (messageType === 'SYSTEM_MESSAGE') {
    const vendor = systemMessageType ?? messageType;
    const message = 'SiteGPT answered with a notice instead of an answer: it cannot be verified';
    if (vendor === 'EXCEEDED_USAGE_LIMITS') throw new SyncError('QUOTA_EXHAUSTED', { message, vendor });
    throw new SyncError('VENDOR_FAILED', { message, vendor, facts: { stops: 'document' } });
  }
  if (answer) return answer.text;
  const message = 'SiteGPT gave no answer (the conversation may be in the hands of a person): it cannot be verified';
  throw new SyncError('VENDOR_FAILED', { message, vendor: messageType ?? null, facts: { stops: 'document' } });
}

/** A web address as it is; anything else is a document's name, from which the engine may know it. */
export function source(named: string): AnswerSource {
  return /^https?:\/\//i.test(named) ? { document: null, title: null, url: named } : { document: null, title: named, url: null };
}
