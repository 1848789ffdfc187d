// Conversations and the events webhook of the ReplyCX emulator [2.7 to 2.9]. A bot's answer is in no reply: it goes to the webhook alone,
// and there is no call to read messages. Deliveries wait in the store; those that are due are made at the next request, in order.
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorTools, Knowledge } from '../emulator.ts';
import { filled, invalid, isRecord, only, record, refuse, stamp } from './emulator-request.ts';
import type { ReplyCxSettings } from './emulator-settings.ts';

type Conversation = {
  readonly account: number;
  readonly channel: string;
  /** The knowledge base that the bot answers from; null: no bot in it. */
  readonly kb: string | null;
  readonly createdAt: number;
  readonly closed: boolean;
  readonly assignee: string | null;
  readonly variables: readonly JsonRecord[];
};

type Webhook = { readonly url: string; readonly events: readonly string[]; readonly enabled: boolean; readonly token: string };
type Delivery = { readonly account: number; readonly at: number; readonly event: JsonRecord };

/** What the talk needs to know of bots. */
export interface Bots {
  /** The knowledge base of the account's bot with this key; null: no such bot. */
  readonly byKey: (account: number, key: string) => string | null;
  readonly knowledge: (kb: string) => Knowledge;
}

export class Talk {
  readonly #tools: EmulatorTools;
  readonly #settings: ReplyCxSettings;
  readonly #bots: Bots;

  constructor(tools: EmulatorTools, settings: ReplyCxSettings, bots: Bots) {
    this.#tools = tools;
    this.#settings = settings;
    this.#bots = bots;
  }

  /** A visitor on the API channel [2.8], or a message to a contact on another [2.7]. */
  start(account: number, body: JsonRecord): JsonRecord {
    const channel = filled(body, 'channel');
    const { channels, profile, conversationFails } = this.#settings;
    const enabled = channels.includes(channel) && (channel !== 'API' || profile === 'full');
    if (!enabled) refuse(400, 'CHANNEL_NOT_ENABLED', `channel ${channel} is not enabled`);
    if (conversationFails !== null) refuse(400, conversationFails, 'the conversation could not be started');
    const visitor = channel === 'API' ? this.#visitor(account, body) : null;
    const contact = visitor?.contact ?? contactOf(body);
    const assignee = body['assignee'] === undefined ? null : filled(body, 'assignee');
    const kb = visitor?.kb ?? null;
    const id = this.#id();
    const conversation: Conversation = {
      account,
      channel,
      kb,
      createdAt: this.#tools.now(),
      closed: false,
      assignee,
      variables: [],
    };
    this.#tools.store.put('conversations', id, conversation);
    this.#tell(id, conversation, 'conversation_create', 0, {});
    if (visitor !== null) this.#answer(id, conversation, visitor.question);
    return { conversation: { id, created_at: stamp(conversation.createdAt), assignee: { id: '', to: assignee ?? '' } }, contact };
  }

  /** An agent's reply, which makes no bot answer [2.7], or a visitor's next question [2.8]. */
  message(account: number, id: string, body: JsonRecord): JsonRecord {
    const conversation = this.#conversation(account, id);
    only(body, '', ['user', 'message', 'from']);
    const text = textOf(record(body, 'message'));
    if (body['user'] !== undefined) {
      filled(record(body, 'user'), 'by');
      return {};
    }
    const { type } = record(body, 'from');
    if (type !== 'VISITOR' || conversation.kb === null) invalid('user.by or, on the API channel, from.type VISITOR is needed');
    this.#answer(id, conversation, text);
    return {};
  }

  /** Closes, or hands over where `user.to` is set. The key of the event's type is not known, so any is taken [2.7]. */
  event(account: number, id: string, body: JsonRecord): JsonRecord {
    const conversation = this.#conversation(account, id);
    const user = record(body, 'user');
    filled(user, 'by');
    const change = user['to'] === undefined ? { closed: true } : { assignee: filled(user, 'to') };
    this.#tools.store.put('conversations', id, { ...conversation, ...change });
    return {};
  }

  variables(account: number, id: string, body: JsonRecord): JsonRecord {
    const conversation = this.#conversation(account, id);
    const given = body['variables'];
    if (!Array.isArray(given)) return invalid('variables must be a list');
    const variables = (given as readonly Json[]).map((variable) => {
      if (!isRecord(variable)) return invalid('each of variables must be an object');
      only(variable, 'variables.', ['name', 'type', 'value']);
      return { type: filled(variable, 'type'), name: filled(variable, 'name'), value: variable['value'] ?? null };
    });
    this.#tools.store.put('conversations', id, { ...conversation, variables });
    return {};
  }

  /** Overwrites the account's one webhook, once the other end has given the token back [2.9]. */
  async setWebhook(account: number, body: JsonRecord): Promise<JsonRecord> {
    const url = filled(body, 'webhook_url');
    if (!URL.canParse(url)) invalid('webhook_url must be a URL');
    const token = filled(body, 'token');
    const given = body['subscribed_events'];
    if (!Array.isArray(given) || typeof body['is_enabled'] !== 'boolean') return invalid('subscribed_events and is_enabled are needed');
    const events = (given as readonly Json[]).flatMap((event) =>
      isRecord(event) && event['is_subscribed'] === true ? [filled(event, 'key')] : [],
    );
    const { deliver } = this.#settings;
    if (deliver !== null && !(await givesBack(deliver(url, { token }), token))) invalid('the webhook did not answer 200 with the token');
    const webhook: Webhook = { url, events, enabled: body['is_enabled'], token };
    this.#tools.store.put('webhooks', String(account), webhook);
    return {};
  }

  /** Makes the deliveries that are due. What nobody takes is lost: no second try is documented. */
  async deliver(): Promise<void> {
    const { deliver } = this.#settings;
    const now = this.#tools.now();
    const due = [...this.#tools.store.entries('deliveries')].filter(([, value]) => (value as Delivery).at <= now);
    for (const [id] of due) this.#tools.store.delete('deliveries', id);
    if (deliver === null) return;
    for (const [, value] of due.sort(([, left], [, right]) => (left as Delivery).at - (right as Delivery).at)) {
      const { account, event } = value as Delivery;
      const webhook = this.#tools.store.get('webhooks', String(account)) as Webhook | undefined;
      if (webhook?.enabled !== true || !webhook.events.includes(event['type'] as string)) continue;
      await deliver(webhook.url, { events: [{ event }], token: webhook.token }).catch(() => undefined);
    }
  }

  // ── inner ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #visitor(account: number, body: JsonRecord): { readonly kb: string; readonly question: string; readonly contact: JsonRecord } {
    const { botKeyField } = this.#settings;
    only(body, '', ['channel', 'message', botKeyField, 'from', 'variables']);
    const from = record(body, 'from');
    only(from, 'from.', ['user_external_id', 'type']);
    if (from['type'] !== 'VISITOR') invalid('from.type must be VISITOR');
    const question = textOf(record(body, 'message'));
    const kb = this.#bots.byKey(account, filled(body, botKeyField));
    if (kb === null) return refuse(400, 'CONVERSATION_CREATION_EXCEPTION', `no bot with this ${botKeyField}`);
    return { kb, question, contact: { external_id: filled(from, 'user_external_id') } };
  }

  /** A bot is silent once the conversation is closed or a person has it. */
  #answer(id: string, conversation: Conversation, question: string): void {
    if (conversation.kb === null || conversation.closed || conversation.assignee !== null) return;
    const { text } = this.#bots.knowledge(conversation.kb).answer(question);
    const message = { type: 'text', data: { body: text } };
    this.#tell(id, conversation, this.#settings.messageEventType, this.#settings.answerMs, { message, from: { type: 'BOT' } });
  }

  /** The payload as shown for a new conversation; that of a message is not shown anywhere [2.9]. */
  #tell(id: string, conversation: Conversation, type: string, delayMs: number, more: JsonRecord): void {
    const payload: JsonRecord = {
      bot_id: conversation.kb,
      channel: { name: conversation.channel, provider: conversation.channel },
      external_key: id,
      is_closed: conversation.closed,
      created_at: stamp(this.#tools.now()),
      variables: conversation.variables,
      assigned_to_user: conversation.assignee === null ? null : { email: conversation.assignee, id: null, type: 'AGENT' },
      ...more,
    };
    const delivery: Delivery = { account: conversation.account, at: this.#tools.now() + delayMs, event: { type, payload } };
    this.#tools.store.put('deliveries', this.#id(), delivery);
  }

  #conversation(account: number, id: string): Conversation {
    const found = this.#tools.store.get('conversations', id) as Conversation | undefined;
    if (found?.account === account) return found;
    return refuse(404, 'CONVERSATION_NOT_FOUND', `no conversation ${id}`);
  }

  #id(): string {
    return Array.from({ length: 24 }, () => Math.floor(this.#tools.random() * 16).toString(16)).join('');
  }
}

/** `message.data.body`; the vendor's page shows `message.text`, which the live system is said not to take [2.7]. */
function textOf(message: JsonRecord): string {
  only(message, 'message.', ['type', 'data']);
  return filled(record(message, 'data'), 'body');
}

function contactOf(body: JsonRecord): JsonRecord {
  only(body, '', ['channel', 'from', 'to', 'message', 'assignee']);
  filled(body, 'from');
  const to = record(body, 'to');
  only(to, 'to.', ['phone', 'name', 'email']);
  const message = record(body, 'message');
  if (message['text'] === undefined && message['data'] === undefined) invalid('message.text or message.data is needed');
  return { phone: filled(to, 'phone'), name: to['name'] ?? null, email: to['email'] ?? null };
}

async function givesBack(answer: Promise<{ readonly status: number; readonly body: Json }>, token: string): Promise<boolean> {
  try {
    const { status, body } = await answer;
    return status === 200 && (body === token || (isRecord(body) && body['token'] === token));
  } catch {
    return false;
  }
}
