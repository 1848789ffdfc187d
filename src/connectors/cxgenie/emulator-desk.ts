// The help desk of the CX Genie emulator: customers, their sessions and messages, which every question to the bot leaves behind
// (endpoints #3 to #7). Customers belong to a bot; a workspace sees those of all its bots.
import type { JsonRecord } from '../../model/json.ts';
import type { EmulatorTools } from '../emulator.ts';
import type { Items } from './emulator-items.ts';
import { iso, pageOf, type Query, refuse, uuid } from './emulator-request.ts';
import type { CxGenieSettings } from './emulator-settings.ts';

type Customer = {
  readonly bot: string;
  readonly externalId: string | null;
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
  readonly createdAt: number;
  readonly lastSession: string;
};

type Session = {
  readonly bot: string;
  readonly customer: string;
  readonly createdAt: number;
  readonly lastMessageBy: 'BOT' | 'CUSTOMER';
  readonly lastMessage: string;
  readonly lastQuestion: string;
};

type Message = { readonly content: string; readonly from: 'BOT' | 'CUSTOMER'; readonly at: number };

/** `customer_info` of a question; null: an Anonymous customer, a new one each time [3 #3, 6.6]. */
export interface Contact {
  readonly name: string;
  readonly email: string;
  readonly phone: string;
  readonly externalId: string;
}

export class Desk {
  readonly #tools: EmulatorTools;
  readonly #settings: CxGenieSettings;

  constructor(tools: EmulatorTools, settings: CxGenieSettings) {
    this.#tools = tools;
    this.#settings = settings;
  }

  /** #3: the `data` of the reply. */
  ask(bot: string, items: Items, question: string, contact: Contact | null): string | null {
    const session = this.#sessionFor(bot, contact);
    const before = this.#session(session).lastQuestion;
    const read = this.#settings.historyLeaks && before !== '' ? `${before} ${question}` : question;
    const data = this.#reply(items, read);
    this.#say(session, 'CUSTOMER', question);
    if (data !== null && data !== '') this.#say(session, 'BOT', data);
    return data;
  }

  /** #4: newest first, 20 a page, `created_at` before the cursor. */
  customers(bots: ReadonlySet<string>, query: Query): JsonRecord {
    const search = (query.text('search') ?? '').toLowerCase();
    const wanted = query.list('bot_ids');
    const types = query.list('types', ['lead', 'users']);
    const testing = query.flag('is_testing');
    const cursor = query.date('cursor') ?? Number.POSITIVE_INFINITY;
    const found: [string, Customer][] = [];
    for (const [id, value] of this.#tools.store.entries('customers')) {
      const customer = value as Customer;
      if (!bots.has(customer.bot) || (wanted !== null && !wanted.includes(customer.bot))) continue;
      const words = [customer.name, customer.email, customer.phone, customer.externalId];
      if (!words.some((word) => word?.toLowerCase().includes(search))) continue;
      if (types !== null && !types.includes(customer.email !== null && customer.phone !== null ? 'users' : 'lead')) continue;
      // Nothing in the API makes a customer a testing one [4.8].
      if (testing !== true) found.push([id, customer]);
    }
    const page = found
      .toReversed()
      .filter(([, { createdAt }]) => createdAt < cursor)
      .slice(0, this.#settings.pageSize);
    return { total: found.length, customers: page.map(([id, customer]) => shownCustomer(id, customer)) };
  }

  /** #5 */
  customer(bots: ReadonlySet<string>, id: string): JsonRecord {
    const customer = this.#customer(bots, id);
    const session = this.#session(customer.lastSession);
    return {
      ...shownCustomer(id, customer),
      replied_by: [],
      tag_list: [],
      is_customer_answered: session.lastMessageBy === 'BOT',
      agent_reply: null,
      contact_tags: [],
      social_account: null,
      last_message: session.lastMessage,
      last_session: { id: customer.lastSession, created_at: iso(session.createdAt), status: 'OPEN', assignee_id: null },
    };
  }

  /** #6: newest first. Every session stays open: nothing in the API closes one. */
  sessions(bots: ReadonlySet<string>, query: Query): JsonRecord {
    const customer = query.uuid('customer_id');
    this.#customer(bots, customer);
    const bot = query.text('bot_ids');
    const status = query.list('status', ['OPEN', 'CLOSED']);
    const replies = query.list('reply_status', ['UNREAD_ONLY', 'READ_ONLY', 'REPLIED_ONLY']);
    const [from, to] = query.range('date_range') ?? [0, Number.POSITIVE_INFINITY];
    const found: JsonRecord[] = [];
    for (const [id] of this.#tools.store.entries(`sessions:${customer}`)) {
      const session = this.#session(id);
      const reply = session.lastMessageBy === 'BOT' ? 'REPLIED_ONLY' : 'UNREAD_ONLY';
      const fits =
        (bot === null || bot === session.bot) &&
        (status === null || status.includes('OPEN')) &&
        (replies === null || replies.includes(reply)) &&
        session.createdAt >= from &&
        session.createdAt <= to;
      if (fits) found.push(this.#shownSession(id, session));
    }
    return { total: found.length, data: pageOf(found.toReversed(), query) };
  }

  /** #7: oldest first where nothing else is asked for. */
  messages(bots: ReadonlySet<string>, id: string, query: Query): readonly JsonRecord[] {
    const customer = query.uuid('customer_id');
    this.#customer(bots, customer);
    const session = this.#tools.store.get('sessions', id) as Session | undefined;
    if (session === undefined || session.customer !== customer) return refuse(404, 'NOT_FOUND', `no session ${id} of this customer`);
    query.flag('remove_system_message');
    const found = [...this.#tools.store.entries(`messages:${id}`)].map(([message, value]) => {
      const { content, from, at } = value as Message;
      const [sender, receiver] = from === 'BOT' ? [session.bot, customer] : [customer, session.bot];
      return {
        id: message,
        type: 'TEXT',
        content,
        sender_id: sender,
        receiver_id: receiver,
        bot_id: session.bot,
        session_id: id,
        created_at: iso(at),
        bot: this.#shownBot(session.bot),
      };
    });
    return pageOf(query.word('order', 'asc', 'desc') === 'asc' ? found : found.reverse(), query);
  }

  // ── inner ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #reply(items: Items, question: string): string | null {
    if (!this.#settings.autoReply) return this.#settings.unknownAs === 'null' ? null : '';
    const { text, known } = items.answer(question);
    if (known) return this.#settings.answerFormat === 'html' ? html(text, this.#settings.literalNewlines) : text;
    if (this.#settings.unknownAs === 'reply') return this.#settings.replyUnknown;
    return this.#settings.unknownAs === 'null' ? null : '';
  }

  #sessionFor(bot: string, contact: Contact | null): string {
    const externalId = contact === null || contact.externalId === '' ? null : contact.externalId;
    const known = externalId === null ? undefined : this.#tools.store.get(`external:${bot}`, externalId);
    const id = typeof known === 'string' ? known : uuid(this.#tools);
    const customer = this.#tools.store.get('customers', id) as Customer | undefined;
    if (customer !== undefined && this.#settings.knownCustomer === 'same-session') return customer.lastSession;
    const now = this.#tools.now();
    const session = uuid(this.#tools);
    const opened: Session = { bot, customer: id, createdAt: now, lastMessageBy: 'CUSTOMER', lastMessage: '', lastQuestion: '' };
    this.#tools.store.put('sessions', session, opened);
    this.#tools.store.put(`sessions:${id}`, session, null);
    const fresh = {
      bot,
      externalId,
      name: contact?.name ?? 'Anonymous',
      email: contact?.email || null,
      phone: contact?.phone || null,
      createdAt: now,
    };
    this.#tools.store.put('customers', id, { ...(customer ?? fresh), lastSession: session });
    if (externalId !== null) this.#tools.store.put(`external:${bot}`, externalId, id);
    return session;
  }

  #say(id: string, from: Message['from'], content: string): void {
    const message: Message = { content, from, at: this.#tools.now() };
    this.#tools.store.put(`messages:${id}`, uuid(this.#tools), message);
    const session = this.#session(id);
    const question = from === 'CUSTOMER' ? { lastQuestion: content } : {};
    this.#tools.store.put('sessions', id, { ...session, ...question, lastMessageBy: from, lastMessage: content });
  }

  #customer(bots: ReadonlySet<string>, id: string): Customer {
    const customer = this.#tools.store.get('customers', id) as Customer | undefined;
    if (customer === undefined || !bots.has(customer.bot)) return refuse(404, 'NOT_FOUND', `no customer ${id}`);
    return customer;
  }

  #session(id: string): Session {
    return this.#tools.store.get('sessions', id) as Session;
  }

  #shownSession(id: string, session: Session): JsonRecord {
    return {
      id,
      status: 'OPEN',
      created_at: iso(session.createdAt),
      last_message_by: session.lastMessageBy,
      auto_reply: this.#settings.autoReply,
      bot: { ...this.#shownBot(session.bot), auto_reply: this.#settings.autoReply },
      last_message: session.lastMessage,
    };
  }

  #shownBot(id: string): JsonRecord {
    return { id, reply_unknown: this.#settings.replyUnknown };
  }
}

/** Mind the words: `OPENED` here, `OPEN` there [3 #4]. */
function shownCustomer(id: string, customer: Customer): JsonRecord {
  return {
    id,
    external_id: customer.externalId,
    name: customer.name,
    email: customer.email,
    phone_number: customer.phone,
    bot_id: customer.bot,
    last_session_id: customer.lastSession,
    created_at: iso(customer.createdAt),
    is_testing: false,
    conversation_status: 'OPENED',
    conversation_state: 'OPEN',
  };
}

/** An answer as the widget would show it [3 #3]. */
function html(text: string, literalNewlines: boolean): string {
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;').replace(/'/g, '&#39;');
  const paragraphs = escaped.split(/\n{2,}/).map((paragraph) => `<p>${paragraph.replaceAll('\n', '<br>')}</p>`);
  return paragraphs.join(literalNewlines ? '\\n' : '\n');
}
