// Conversations of one chatbot of the SiteGPT emulator, as both API generations keep them (v0 calls them threads). No envelopes here.
import type { JsonRecord } from '../../model/json.ts';
import type { EmulatorTools } from '../emulator.ts';
import type { Documents } from './emulator-documents.ts';
import { digits, hex, refuse } from './emulator-request.ts';
import type { SiteGptSettings } from './emulator-settings.ts';

export type Chatbot = { readonly secret: string; readonly createdAt: number; readonly slot: string | null; readonly asked: number };

export type Thread = {
  readonly place: number;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly mode: 'AI' | 'AGENT';
  readonly email: string | null;
  readonly pageUrl: string | null;
  readonly messages: number;
  readonly lastMessage: string | null;
  readonly escalated: boolean;
};

export type Message = {
  /** null: a notice of the vendor's that nobody asked for. */
  readonly question: string | null;
  readonly answer: string | null;
  readonly sources: readonly string[];
  readonly messageType: 'NORMAL_MESSAGE' | 'SYSTEM_MESSAGE' | 'USER_MESSAGE';
  readonly systemMessageType: string | null;
  readonly reaction: 'POSITIVE' | 'NEGATIVE' | 'NEUTRAL';
  readonly pageUrl: string | null;
  readonly at: number;
};

export interface NewThread {
  readonly id: string | null;
  readonly mode: 'AI' | 'AGENT';
  readonly email: string | null;
  readonly pageUrl: string | null;
}

export class Chat {
  readonly #tools: EmulatorTools;
  readonly #settings: SiteGptSettings;
  readonly #bot: string;
  readonly #documents: Documents;
  readonly #threads = new Map<string, Thread>();
  #places = 0;

  constructor(tools: EmulatorTools, settings: SiteGptSettings, bot: { readonly id: string; readonly documents: Documents }) {
    this.#tools = tools;
    this.#settings = settings;
    this.#bot = bot.id;
    this.#documents = bot.documents;
    for (const [id, value] of tools.store.entries(`threads:${bot.id}`)) this.#threads.set(id, value as Thread);
    for (const thread of this.#threads.values()) this.#places = Math.max(this.#places, thread.place);
  }

  get(id: string): Thread | null {
    return this.#threads.get(id) ?? null;
  }

  /** Newest first [public P13: the list's own words]. */
  newest(): [string, Thread][] {
    return [...this.#threads].reverse();
  }

  /** Oldest first. */
  messages(thread: string): [string, Message][] {
    return [...this.#tools.store.entries(`messages:${thread}`)].map(([id, value]) => [id, value as Message]);
  }

  message(thread: string, id: string): Message | null {
    return (this.#tools.store.get(`messages:${thread}`, id) as Message | undefined) ?? null;
  }

  /** A random id where none is given [2.6]. */
  open(given: NewThread): string {
    const now = this.#tools.now();
    const id = given.id ?? this.#threadId();
    const place = ++this.#places;
    const { mode, email, pageUrl } = given;
    this.#put(id, { place, startedAt: now, updatedAt: now, mode, email, pageUrl, messages: 0, lastMessage: null, escalated: false });
    return id;
  }

  /** The answer is made in the same call [3.8]. `sources` are the names of the documents it rests on [6]. */
  ask(thread: string, question: string, pageUrl: string | null): string {
    const known = this.#threads.get(thread);
    if (known === undefined) return refuse({ status: 404, code: 'CONVERSATION_NOT_FOUND' }, `no conversation ${thread}`);
    const id = this.#messageId(thread);
    const message: Message = { ...this.#reply(known, question), question, reaction: 'NEUTRAL', pageUrl, at: this.#tools.now() };
    this.#tools.store.put(`messages:${thread}`, id, message);
    this.#put(thread, { ...known, updatedAt: message.at, messages: known.messages + 1, lastMessage: id });
    if (this.#settings.escalateMarker !== null && question.includes(this.#settings.escalateMarker)) this.#escalate(thread);
    return id;
  }

  /** [2.7] What the user thinks of an answer. False: there is no such message in any thread. */
  react(id: string, reaction: Message['reaction']): boolean {
    for (const [thread] of this.#threads) {
      const found = this.message(thread, id);
      if (found === null) continue;
      this.#tools.store.put(`messages:${thread}`, id, { ...found, reaction });
      return true;
    }
    return false;
  }

  /** Hands the thread to a person: a notice in it, and from now on nobody answers but the person [2.7]. */
  #escalate(thread: string): void {
    const known = this.#threads.get(thread);
    if (known === undefined) return;
    const at = this.#tools.now();
    const notice = {
      question: null,
      answer: null,
      sources: [],
      messageType: 'SYSTEM_MESSAGE',
      systemMessageType: 'CONVERSATION_ESCALATED',
    } as const;
    const message: Message = { ...notice, reaction: 'NEUTRAL', pageUrl: null, at };
    const id = this.#messageId(thread);
    this.#tools.store.put(`messages:${thread}`, id, message);
    this.#put(thread, { ...known, updatedAt: at, mode: 'AGENT', messages: known.messages + 1, lastMessage: id, escalated: true });
  }

  /** Refuses a question that the message quota does not allow, where an error is the form that takes. */
  checkQuota(): void {
    if (this.#settings.messageLimitAs === 'error' && this.#overLimit())
      refuse({ status: 403, code: 'MESSAGES_LIMIT_REACHED' }, 'the message limit is reached');
  }

  delete(thread: string): void {
    for (const [id] of this.messages(thread)) this.#tools.store.delete(`messages:${thread}`, id);
    this.#tools.store.delete(`threads:${this.#bot}`, thread);
    this.#threads.delete(thread);
  }

  #reply(thread: Thread, question: string): Pick<Message, 'answer' | 'sources' | 'messageType' | 'systemMessageType'> {
    if (this.#overLimit()) return { answer: null, sources: [], messageType: 'SYSTEM_MESSAGE', systemMessageType: 'EXCEEDED_USAGE_LIMITS' };
    this.#count();
    if (this.#settings.answerNull || thread.mode === 'AGENT')
      return { answer: null, sources: [], messageType: 'USER_MESSAGE', systemMessageType: null };
    const { text, sources } = this.#documents.knowledge().answer(question);
    const names = sources.map((id) => this.#documents.get(id)?.name ?? null).filter((name) => name !== null);
    return { answer: text, sources: [...new Set(names)], messageType: 'NORMAL_MESSAGE', systemMessageType: null };
  }

  #overLimit(): boolean {
    return this.#settings.messageLimit !== null && this.#chatbot().asked >= this.#settings.messageLimit;
  }

  #count(): void {
    if (this.#settings.messageLimit === null) return;
    const chatbot = this.#chatbot();
    this.#tools.store.put('chatbots', this.#bot, { ...chatbot, asked: chatbot.asked + 1 });
  }

  #chatbot(): Chatbot {
    return this.#tools.store.get('chatbots', this.#bot) as Chatbot;
  }

  #put(id: string, thread: Thread): void {
    this.#threads.set(id, thread);
    this.#tools.store.put(`threads:${this.#bot}`, id, thread);
  }

  #threadId(): string {
    for (;;) {
      const id = [8, 4, 4, 4, 12].map((count) => hex(this.#tools, count)).join('-');
      if (!this.#threads.has(id)) return id;
    }
  }

  #messageId(thread: string): string {
    for (;;) {
      const id = digits(this.#tools);
      if (this.#tools.store.get(`messages:${thread}`, id) === undefined) return id;
    }
  }
}

/** `{text, timestamp}`, or null where there is no text. */
export function said(text: string | null, timestamp: string): JsonRecord | null {
  return text === null ? null : { text, timestamp };
}
