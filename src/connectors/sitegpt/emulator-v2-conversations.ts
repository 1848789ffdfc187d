// Answers and conversations in SiteGPT API v2 [3.8].
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorRequest } from '../emulator.ts';
import { type Message, said, type Thread } from './emulator-chat.ts';
import { iso, listed } from './emulator-paging.ts';
import { filled, noBody, noQuery, optional, readBody, readQuery, refuse } from './emulator-request.ts';
import { type Asked, type Box, confirmed, type Route } from './emulator-routes.ts';

/** Routes below `chatbots/*`. */
export const conversationRoutes: readonly Route[] = [
  { method: 'POST', path: 'chatbots/*/messages', scope: 'conversations:write', run: askNew },
  { method: 'GET', path: 'chatbots/*/conversations', scope: 'conversations:read', run: listConversations },
  { method: 'GET', path: 'chatbots/*/conversations/*', scope: 'conversations:read', run: getConversation },
  { method: 'DELETE', path: 'chatbots/*/conversations/*', scope: 'conversations:delete', run: deleteConversation },
  { method: 'GET', path: 'chatbots/*/conversations/*/messages', scope: 'conversations:read', run: listMessages },
  { method: 'POST', path: 'chatbots/*/conversations/*/messages', scope: 'conversations:write', run: askOn },
];

function question(request: EmulatorRequest): { readonly asked: string; readonly pageUrl: string | null } {
  const body = readBody(request, 'message', 'pageUrl');
  return { asked: filled(body, 'message'), pageUrl: optional(body, 'pageUrl') };
}

function ask(box: Box, thread: string, { asked, pageUrl }: ReturnType<typeof question>): JsonRecord {
  const id = box.chat.ask(thread, asked, pageUrl);
  const made = box.chat.message(thread, id);
  return made === null ? {} : message(id, made);
}

/** [3.8] */
function askNew({ request, box }: Asked): Json {
  const given = question(request);
  box.chat.checkQuota();
  const thread = box.chat.open({ id: null, mode: 'AI', email: null, pageUrl: given.pageUrl });
  const answered = ask(box, thread, given);
  return { conversation: conversation(thread, threadOf(['', thread], box)[1], box), message: answered };
}

/** [3.8] */
function askOn({ request, ids, box }: Asked): Json {
  const given = question(request);
  const [thread] = threadOf(ids, box);
  box.chat.checkQuota();
  return { message: ask(box, thread, given) };
}

function threadOf(ids: readonly string[], { chat }: Box): [string, Thread] {
  const id = ids[1] ?? '';
  return [id, chat.get(id) ?? refuse({ status: 404, code: 'CONVERSATION_NOT_FOUND' }, `no conversation ${id}`)];
}

function listConversations({ request, box }: Asked): Json {
  const { page, pagination } = listed(request, box.chat.newest(), ([id, thread]) => conversation(id, thread, box));
  return { conversations: page, filters: {}, pagination };
}

function getConversation({ request, ids, box }: Asked): Json {
  noQuery(request);
  const [id, thread] = threadOf(ids, box);
  const messages = box.chat.messages(id).map(([key, value]) => message(key, value));
  return { conversation: { ...conversation(id, thread, box), messages } };
}

function listMessages({ request, ids, box }: Asked): Json {
  const [id] = threadOf(ids, box);
  const { page, pagination } = listed(request, box.chat.messages(id), ([key, value]) => message(key, value));
  return { messages: page, pagination };
}

function deleteConversation({ request, ids, box }: Asked): Json {
  noBody(request);
  confirmed(readQuery(request, 'confirm').get('confirm') === 'true');
  box.chat.delete(threadOf(ids, box)[0]);
  return {};
}

function message(id: string, found: Message): JsonRecord {
  const at = iso(found.at) ?? '';
  const { sources, messageType, systemMessageType, pageUrl } = found;
  return {
    messageId: id,
    question: said(found.question, at),
    answer: said(found.answer, at),
    sources: [...sources],
    messageType,
    systemMessageType,
    reaction: found.reaction,
    gptModel: found.answer === null ? null : 'emulated',
    agentId: null,
    agentName: null,
    iconUrl: null,
    pageUrl,
    createdAt: at,
    updatedAt: at,
  };
}

function conversation(threadId: string, thread: Thread, { id, chat }: Box): JsonRecord {
  const last = thread.lastMessage === null ? null : chat.message(threadId, thread.lastMessage);
  return {
    threadId,
    chatbotId: id,
    mode: thread.mode,
    startedAt: iso(thread.startedAt),
    updatedAt: iso(thread.updatedAt),
    endedAt: null,
    escalated: thread.escalated,
    important: false,
    resolved: false,
    title: null,
    tagIds: [],
    sessionId: null,
    pageUrl: thread.pageUrl,
    chatUserId: null,
    chatUser: null,
    lead: null,
    totalMessages: thread.messages,
    unreadMessages: 0,
    lastMessage: last === null ? null : message(thread.lastMessage ?? '', last),
  };
}
