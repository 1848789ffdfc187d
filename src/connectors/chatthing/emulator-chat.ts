// Conversations of one channel of the Chat Thing emulator: endpoints #1 to #6.
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorReply, EmulatorTools } from '../emulator.ts';
import { type Input, only, optionalText, pageQuery, pageStart, pagination, refuse, text, uuid } from './emulator-request.ts';
import type { ChatThingSettings } from './emulator-settings.ts';
import type { Channel } from './emulator-sources.ts';

type Conversation = { readonly createdAt: number; readonly initialMessage: string };
type Message = { readonly message: string; readonly role: 'assistant' | 'user'; readonly createdAt: number };

export class Chat {
  readonly #tools: EmulatorTools;
  readonly #settings: ChatThingSettings;
  readonly #bot: string;
  readonly #answer: (question: string) => string;
  readonly #ids: string[] = [];
  readonly #places = new Map<string, number>();

  constructor(
    tools: EmulatorTools,
    settings: ChatThingSettings,
    bot: { readonly id: string; readonly answer: (question: string) => string },
  ) {
    this.#tools = tools;
    this.#settings = settings;
    this.#bot = bot.id;
    this.#answer = bot.answer;
    for (const [id] of tools.store.entries(`conversations:${bot.id}`)) this.#note(id);
  }

  /** #1 */
  open(input: Input): JsonRecord {
    only(input);
    return { conversationId: this.#begin(), response: this.#settings.greeting };
  }

  /** #2, #3; with `stream: true` #4, whose chunks name no conversation. */
  ask(input: Input): JsonRecord | EmulatorReply {
    const field = this.#settings.acceptResponseField && input['message'] === undefined ? 'response' : 'message';
    only(input, field, 'conversationId', 'stream');
    const question = text(input, field);
    const stream = input['stream'] ?? false;
    if (typeof stream !== 'boolean') refuse(400, 'stream must be true or false');
    const asked = optionalText(input, 'conversationId');
    const known = asked !== null && this.#places.has(asked);
    if (asked !== null && !known && this.#settings.unknownConversation === 'refuse') refuse(404, `no conversation ${asked}`);
    this.#spend();
    const conversation = known ? asked : this.#begin();
    const answer = this.#answer(question);
    this.#add(conversation, 'user', question);
    this.#add(conversation, 'assistant', answer);
    if (!stream) return { conversationId: conversation, response: answer };
    return {
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      stream: pieces(this.#events(answer), this.#settings.streamPiece),
    };
  }

  /** #5: a read, but POST. */
  list(input: Input): JsonRecord {
    only(input, 'limit', 'cursor');
    const { limit, cursor } = pageQuery(input);
    const start = pageStart(cursor, (id) => this.#places.get(id) ?? -1, this.#settings);
    const page = this.#ids.slice(start, start + limit).map((id) => {
      const { createdAt, initialMessage } = this.#tools.store.get(`conversations:${this.#bot}`, id) as Conversation;
      return { id, createdAt: this.#date(createdAt), initialMessage };
    });
    return { conversations: page, pagination: pagination(this.#ids.length, page) };
  }

  /** #6: oldest first, the greeting being message 1. */
  messages(input: Input): JsonRecord {
    only(input, 'conversationId', 'limit', 'cursor');
    const { limit, cursor } = pageQuery(input);
    const conversation = text(input, 'conversationId');
    if (!this.#places.has(conversation)) refuse(404, `no conversation ${conversation}`);
    const all = [...this.#tools.store.entries(`messages:${conversation}`)].map(([id, value]) => ({ id, ...(value as Message) }));
    const start = pageStart(cursor, (id) => all.findIndex((message) => message.id === id), this.#settings);
    const page = all.slice(start, start + limit).map((message) => ({ ...message, createdAt: this.#date(message.createdAt) }));
    return { messages: page, pagination: pagination(all.length, page) };
  }

  #begin(): string {
    const id = uuid(this.#tools, (found) => this.#places.has(found));
    const conversation: Conversation = { createdAt: this.#tools.now(), initialMessage: this.#settings.greeting };
    this.#tools.store.put(`conversations:${this.#bot}`, id, conversation);
    this.#note(id);
    this.#add(id, 'assistant', this.#settings.greeting);
    return id;
  }

  #note(id: string): void {
    this.#places.set(id, this.#ids.length);
    this.#ids.push(id);
  }

  #add(conversation: string, role: Message['role'], message: string): void {
    const collection = `messages:${conversation}`;
    const id = uuid(this.#tools, (found) => this.#tools.store.get(collection, found) !== undefined);
    const added: Message = { message, role, createdAt: this.#tools.now() };
    this.#tools.store.put(collection, id, added);
  }

  #spend(): void {
    if (this.#settings.messageCredits === null) return;
    const channel = this.#tools.store.get('channels', this.#bot) as Channel;
    if (channel.asked >= this.#settings.messageCredits) refuse(429, 'out of message credits');
    this.#tools.store.put('channels', this.#bot, { ...channel, asked: channel.asked + 1 });
  }

  /** In the odd form the day stands where the month belongs (2.5). */
  #date(at: number): string {
    const iso = new Date(at).toISOString();
    return this.#settings.oddDates ? iso.replace(/^(\d{4})-(\d\d)-(\d\d)/, '$1-$3-$2') : iso;
  }

  /** Chunks in the shape of an OpenAI chat completion: role, words, stop, [DONE] (#4). */
  #events(answer: string): string[] {
    const created = Math.floor(this.#tools.now() / 1000);
    const event = (delta: Json, reason: string | null): string =>
      `data: ${JSON.stringify({
        id: 'chatcmpl-emulated',
        object: 'chat.completion.chunk',
        created,
        model: 'emulated',
        choices: [{ index: 0, delta, finish_reason: reason }],
      })}\n\n`;
    const words = (answer.match(/\s*\S+|\s+$/g) ?? []).map((content) => event({ content }, null));
    return [event({ role: 'assistant' }, null), ...words, event({}, 'stop'), 'data: [DONE]\n\n'];
  }
}

async function* pieces(events: readonly string[], size: number | null): AsyncGenerator<string | Uint8Array> {
  if (size === null) {
    yield* events;
    return;
  }
  const all = Buffer.from(events.join(''));
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
}
