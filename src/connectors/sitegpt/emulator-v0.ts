// SiteGPT API v0, "Legacy" [2]: one text for the whole chatbot, threads and messages, in the envelope {success, message, data[, error]}.
// Links, and whatever creates or deletes chatbots, are not emulated.
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorRequest, EmulatorTools } from '../emulator.ts';
import type { Account } from './emulator-account.ts';
import { type Chatbot, type Message, said, type Thread } from './emulator-chat.ts';
import { filled, integer, invalid, noBody, noQuery, optional, Refused, readBody, readQuery, refuse, text } from './emulator-request.ts';
import { type Asked, type Box, type Face, match, type Route } from './emulator-routes.ts';
import type { SiteGptSettings } from './emulator-settings.ts';

/** A call's `message` and `data`. */
type Told = readonly [message: string, data: Json];

/** The v0 face of the emulator. */
export function v0(tools: EmulatorTools, settings: SiteGptSettings, account: Account): Face {
  /** [2.5]: neither custom content nor a training state can be seen. */
  function chatbot(id: string): JsonRecord {
    const settled = { suggestions: [], nextSuggestions: [], prompts: [], settings: {} };
    return { id, title: `Chatbot ${id}`, description: null, createdById: null, createdByEmail: null, ...settled };
  }

  /** [2.2]: no id, no status, no job comes back. */
  function setContent({ request, box }: Asked): Told {
    const body = readBody(request, 'text');
    const given = body['text'] === undefined && settings.missingText === 'clear' ? '' : text(body, 'text');
    if (given === '' && settings.emptyText === 'refuse') invalid('text', 'must not be empty');
    const kept = tools.store.get('chatbots', box.id) as Chatbot;
    const old = kept.slot === null ? null : box.documents.get(kept.slot);
    const before = old === null || kept.slot === null ? '' : box.documents.textOf(kept.slot, old);
    const content = settings.customContent === 'append' && given !== '' && before !== '' ? `${before}\n${given}` : given;
    if (settings.maxCustomContentChars !== null && content.length > settings.maxCustomContentChars) invalid('text', 'is too long');
    const pace = { queuedMs: 0, processingMs: settings.settleMs };
    if (old !== null && kept.slot !== null) {
      box.documents.replace(kept.slot, old, content, pace);
    } else if (content !== '') {
      const slot = box.documents.add({ name: null, source: 'TEXT', mimeType: 'text/plain', text: content }, pace);
      tools.store.put('chatbots', box.id, { ...kept, slot });
    }
    return ['Modified custom content of the chatbot successfully', {}];
  }

  /** [2.6] */
  function openThread({ request, box }: Asked): Told {
    const body = readBody(request, 'threadId', 'mode', 'chatUserEmail');
    const id = optional(body, 'threadId');
    const mode = optional(body, 'mode') ?? 'AI';
    if (mode !== 'AI' && mode !== 'AGENT') return invalid('mode', 'must be AI or AGENT');
    if (id !== null && box.chat.get(id) !== null) return invalid('threadId', 'exists');
    const made = box.chat.open({ id, mode, email: optional(body, 'chatUserEmail'), pageUrl: null });
    return ['Created the chatbot thread successfully', { thread: thread(made, box) }];
  }

  /** [2.7] */
  function send({ request, box }: Asked): Told {
    const body = readBody(request, 'message', 'from', 'threadId');
    const asked = filled(body, 'message');
    if ((optional(body, 'from') ?? 'USER') !== 'USER') return invalid('from', 'only USER is emulated');
    const given = optional(body, 'threadId');
    if (given !== null && box.chat.get(given) === null) return refuse({ status: 404, code: 'THREAD_NOT_FOUND' }, `no thread ${given}`);
    box.chat.checkQuota();
    const threadId = given ?? box.chat.open({ id: null, mode: 'AI', email: null, pageUrl: null });
    const id = box.chat.ask(threadId, asked, null);
    const made = box.chat.message(threadId, id);
    const rest = { threadId, smartPrompts: [], agentName: null, chatbotId: box.id };
    return ['Sent the message successfully', { message: made === null ? null : { id, ...message(made), ...rest } }];
  }

  /** [2.8] */
  function listThreads({ request, box }: Asked): Told {
    const query = readQuery(request, 'page', 'limit');
    const limit = integer(query, 'limit', { from: 1, to: 100, default: 20 });
    const page = integer(query, 'page', { from: 1, to: 1_000_000, default: 1 });
    const found = box.chat.newest().slice((page - 1) * limit, page * limit);
    return ['Fetched the chatbot threads successfully', { threads: found.map(([id]) => thread(id, box)) }];
  }

  /** [2.8]: here a message's id is `messageId`. */
  function getThread({ request, ids, box }: Asked): Told {
    noQuery(request);
    const id = ids[1] ?? '';
    if (box.chat.get(id) === null) return refuse({ status: 404, code: 'THREAD_NOT_FOUND' }, `no thread ${id}`);
    const messages = box.chat.messages(id).map(([messageId, made]) => ({ messageId, ...message(made) }));
    return ['Fetched the chatbot thread successfully', { thread: { ...thread(id, box), messages } }];
  }

  /** Path and purpose are public [P6]; the key is that of the message it sets [assumed]. */
  function react({ request, ids, box }: Asked): Told {
    const body = readBody(request, 'reaction');
    const reaction = filled(body, 'reaction');
    if (reaction !== 'POSITIVE' && reaction !== 'NEGATIVE' && reaction !== 'NEUTRAL') return invalid('reaction', 'is not one of the three');
    const id = ids[1] ?? '';
    if (!box.chat.react(id, reaction)) return refuse({ status: 404, code: 'MESSAGE_NOT_FOUND' }, `no message ${id}`);
    return ['Updated the message successfully', {}];
  }

  const routes: readonly Route<(asked: Asked) => Told>[] = [
    {
      method: 'GET',
      path: 'chatbots/*',
      scope: null,
      run: ({ request, box }) => {
        noQuery(request);
        return ['Fetched the chatbot successfully', { chatbot: chatbot(box.id) }];
      },
    },
    { method: 'POST', path: 'chatbots/*/custom-content', scope: null, run: setContent },
    { method: 'POST', path: 'chatbots/*/threads', scope: null, run: openThread },
    { method: 'GET', path: 'chatbots/*/threads', scope: null, run: listThreads },
    { method: 'GET', path: 'chatbots/*/threads/*', scope: null, run: getThread },
    { method: 'POST', path: 'chatbots/*/message', scope: null, run: send },
    { method: 'PATCH', path: 'chatbots/*/messages/*', scope: null, run: react },
  ];

  function listChatbots(request: EmulatorRequest): Told {
    const query = readQuery(request, 'page', 'limit');
    const limit = integer(query, 'limit', { from: 1, to: 100, default: 20 });
    const page = integer(query, 'page', { from: 1, to: 1_000_000, default: 1 });
    const found = account.chatbotsOf(account.credential(request)).slice((page - 1) * limit, page * limit);
    return ['Fetched the chatbots successfully', { chatbots: found.map(chatbot) }];
  }

  function answer(request: EmulatorRequest): Told {
    if (request.method === 'GET') noBody(request);
    if (request.method === 'GET' && request.path === '/api/v0/chatbots') {
      account.checkV0(request);
      return listChatbots(request);
    }
    const { route, ids } = match(routes, request);
    account.checkV0(request);
    return route.run({ request, ids, box: account.boxOf(request, ids[0] ?? '', 'v0') });
  }

  return (request) => {
    try {
      if (!request.path.startsWith('/api/v0/')) refuse({ status: 404, code: 'ROUTE_NOT_FOUND' }, 'v1 (ingest of URLs) is not emulated');
      const [told, data] = answer(request);
      return { status: 200, body: { success: true, message: told, data } };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { status, code, details, headers } = error.refusal;
      const failure = { code: code === 'INVALID' ? 'REQUEST_VALIDATION_FAILED' : code, message: error.message, details: details ?? null };
      return {
        status,
        ...(headers === undefined ? {} : { headers }),
        body: { success: false, message: error.message, data: null, error: failure },
      };
    }
  };
}

function message(made: Message): JsonRecord {
  const at = micro(made.at);
  const gptModel = made.answer === null ? null : 'emulated';
  const { messageType, systemMessageType, sources } = made;
  const spoken = { question: said(made.question, at), answer: said(made.answer, at), sources: [...sources] };
  return { ...spoken, gptModel, reaction: made.reaction, messageType, systemMessageType, iconUrl: null, prompts: [] };
}

function thread(id: string, { id: chatbotId, chat }: Box): JsonRecord {
  const found: Thread | null = chat.get(id);
  if (found === null) return {};
  const times = { startedAt: micro(found.startedAt), updatedAt: micro(found.updatedAt), endedAt: null };
  const rest = { chatUserId: null, chatUser: null, escalated: found.escalated, totalMessagesRead: 0, webhookUrl: null, webhookToken: null };
  return { threadId: id, mode: found.mode, messages: [], ...times, chatbotId, totalMessages: found.messages, ...rest };
}

/** UTC with microseconds [2.1]. */
function micro(at: number): string {
  return new Date(at).toISOString().replace('Z', '000Z');
}
