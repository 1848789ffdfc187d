// Asking a Chat Thing bot, and reading what users asked it.

import type { Answer } from '../../model/answer.ts';
import type { Json, Timestamp } from '../../model/json.ts';
import type { Call, Exchange, HttpReply } from '../connector.ts';
import type { Send } from './api.ts';
import { certainlyBefore, readDate } from './dates.ts';
import type { ChatthingOptions } from './options.ts';
import { everyItem, fetchPage, pageLimit } from './pages.ts';
import { type Conversation, conversationReply, conversationsReply, type Message, messageReply, messagesReply } from './schema.ts';
import { answerInStream } from './stream.ts';

/** Binds `ask` and `history`. */
export function bindChat(options: ChatthingOptions, send: Send) {
  return {
    /** A fresh conversation for each question, so that none leaks into the next. Answers name no sources [seed]. */
    async ask(question: string, call: Call): Promise<Answer> {
      const start = {
        what: 'starting a conversation',
        intent: 'ask',
        method: 'POST',
        path: '/conversation',
        statuses: creditStatuses,
      } as const;
      const { conversationId } = await send(conversationReply, start, call);
      const json = { [options.messageField]: question, conversationId, ...(options.streamAnswers && { stream: true }) };
      const what = 'asking the bot';
      const request = { what, intent: 'ask', method: 'POST', path: '/message', json, statuses: creditStatuses } as const;
      const { response } = await send(
        messageReply,
        { ...request, timeoutMs: options.answerTimeoutMs, ...(options.streamAnswers && { bodyOf: streamed }) },
        call,
      );
      return { text: response, sources: [] };
    },

    /** Newest first as far as Chat Thing's dates can be read; at most `historyConversations` conversations, the newest, are looked into. */
    async *history(since: Timestamp, call: Call): AsyncGenerator<Exchange> {
      const found: Conversation[] = [];
      // In which order they are listed is not said [seed]: the newest are known once all are.
      for await (const conversation of conversations(call)) {
        // Only the start of a conversation is told: one begun a day before `since` is taken to have ended by then [assumed].
        if (!certainlyBefore(conversation.createdAt, dayBefore(since))) found.push(conversation);
      }
      const most = options.historyConversations;
      if (found.length > most)
        call.told?.(`only the newest ${most} of ${found.length} conversations were looked into (historyConversations)`);
      for (const conversation of newestFirst(found).slice(0, most)) {
        for (const exchange of (await exchangesOf(conversation, call)).reverse()) {
          if (exchange.at === null || exchange.at >= since) yield exchange;
        }
      }
    },
  };

  function conversations(call: Call): AsyncIterable<Conversation> {
    const listing = { what: 'listing conversations', path: '/conversations', body: {}, schema: conversationsReply };
    const items = (reply: { conversations: Conversation[] }) => reply.conversations;
    return everyItem(listing.what, options.maxPages, (cursor) =>
      fetchPage(send, { ...listing, items }, { limit: pageLimit, cursor }, call),
    );
  }

  async function exchangesOf(conversation: Conversation, call: Call): Promise<Exchange[]> {
    const listing = { what: 'listing messages', path: '/messages', body: { conversationId: conversation.id }, schema: messagesReply };
    const items = (reply: { messages: Message[] }) => reply.messages;
    const page = (cursor: string | null) => fetchPage(send, { ...listing, items }, { limit: pageLimit, cursor }, call);
    const messages: Message[] = [];
    for await (const message of everyItem(listing.what, options.maxPages, page)) messages.push(message);
    return paired(oldestFirst(messages, conversation), conversation.id);
  }
}

/** A vendor that does not stream after all answers as usual. */
function streamed(reply: HttpReply): Json {
  return reply.text.trimStart().startsWith('{') ? reply.json() : { success: true, response: answerInStream(reply.text) };
}

/** One status, two meanings, and nothing tells them apart [seed]. */
const creditStatuses = {
  429: {
    code: 'RATE_LIMITED',
    message: 'Chat Thing is out of message credits, or its model provider is overloaded; the API does not say which',
    next: 'look at message credits in the Chat Thing dashboard; if there are some, run again later',
  },
} as const;

function dayBefore(since: Timestamp): Timestamp {
  return new Date(Date.parse(since) - 86_400_000).toISOString();
}

function newestFirst(conversations: readonly Conversation[]): readonly Conversation[] {
  const dated = conversations.map((conversation) => ({ conversation, at: readDate(conversation.createdAt) ?? '' }));
  return dated.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)).map(({ conversation }) => conversation);
}

/** The example shows the oldest first, but no order is promised [seed]: a listing that ends with the opening message is turned round. */
function oldestFirst(messages: readonly Message[], { initialMessage }: Conversation): readonly Message[] {
  const turned = messages.length > 1 && messages[0]?.message !== initialMessage && messages.at(-1)?.message === initialMessage;
  return turned ? [...messages].reverse() : messages;
}

/** Each user's message with the assistant's that follows it before the next one of the user. */
function paired(messages: readonly Message[], conversation: string): Exchange[] {
  return messages.flatMap((message, index) => {
    if (message.role !== 'user') return [];
    const next = messages[index + 1];
    const answer = next !== undefined && next.role === 'assistant' ? next.message : null;
    return [{ at: readDate(message.createdAt), question: message.message, answer, conversation }];
  });
}
