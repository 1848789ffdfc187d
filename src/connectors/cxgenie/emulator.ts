// The CX Genie emulator: the public API V2 as the vendor's page documents it. Written from the vendor's documents (vendor notes,
// [n] = section, #n = endpoint) and apart from the connector. What the page does not name is refused, above all any second call on
// /bot-data: training data can be created, and nothing else [4].
import type { Json, JsonRecord } from '../../model/json.ts';
import { defineEmulator, type Emulator, type EmulatorReply, type EmulatorRequest, type EmulatorTools } from '../emulator.ts';
import { type Contact, Desk } from './emulator-desk.ts';
import { Items, itemTypes } from './emulator-items.ts';
import { filled, invalid, isRecord, only, optional, Refused, readBody, readQuery, refuse } from './emulator-request.ts';
import { type CxGenieSettings, defaults } from './emulator-settings.ts';
import { filesPrefix, readForm, Uploads } from './emulator-uploads.ts';

type Bot = { readonly secret: string; readonly asked: number };

/** The bots with one token are one workspace. */
interface Workspace {
  readonly token: string;
  readonly bots: ReadonlySet<string>;
}

const prefix = '/api/v2/public-api/';

class Api {
  readonly #tools: EmulatorTools;
  readonly #settings: CxGenieSettings;
  readonly #desk: Desk;
  readonly #uploads: Uploads;
  readonly #items = new Map<string, Items>();
  /** Requests of the running minute, by workspace; pace is nothing that need outlive a restart. */
  readonly #minutes = new Map<string, { readonly since: number; count: number }>();

  constructor(tools: EmulatorTools, settings: CxGenieSettings) {
    this.#tools = tools;
    this.#settings = settings;
    this.#desk = new Desk(tools, settings);
    this.#uploads = new Uploads(tools, settings);
  }

  items(bot: string): Items {
    const items = this.#items.get(bot) ?? new Items(this.#tools, this.#settings, bot);
    this.#items.set(bot, items);
    return items;
  }

  /** Section 1, row by row. */
  async answer(request: EmulatorRequest): Promise<EmulatorReply> {
    if (request.method === 'GET' && request.path.startsWith(filesPrefix)) return this.#uploads.fetch(request.path);
    const path = request.path.startsWith(prefix) ? request.path.slice(prefix.length) : '';
    const [, kind, id = ''] = /^(customer-detail|detail-sessions)\/([^/]+)$/.exec(path) ?? [];
    switch (`${request.method} ${kind ?? path}`) {
      case 'POST bot-data':
        return this.#done(request, this.#create(request));
      case 'POST upload/multiple':
        return this.#done(request, await this.#upload(request));
      case 'POST messages':
        return this.#done(request, this.#ask(request));
      case 'GET customer-list':
        return this.#done(request, this.#customers(request));
      case 'GET customer-detail':
        if (kind !== undefined) return this.#done(request, this.#customer(request, id));
        break;
      case 'GET sessions-by-customer':
        return { status: 200, body: { success: true, ...this.#sessions(request) } };
      case 'GET detail-sessions':
        if (kind !== undefined) return this.#done(request, this.#messages(request, id));
    }
    return refuse(404, 'NOT_FOUND', `Cannot ${request.method} ${request.path}`);
  }

  #done(request: EmulatorRequest, data: Json): EmulatorReply {
    return { status: request.method === 'POST' ? this.#settings.postStatus : 200, body: { success: true, data } };
  }

  /** #1 */
  #create(request: EmulatorRequest): JsonRecord {
    const body = readBody(request, this.#settings);
    const workspace = this.#workspace(body['workspace_token']);
    only(body, this.#settings, 'bot_id', 'workspace_token', 'type', 'content', 'content_value', 'title');
    const type = itemTypes.find((known) => known === body['type']) ?? invalid(`type must be one of ${itemTypes.join(', ')}`);
    const content = filled(body, 'content');
    const value = optional(body, 'content_value');
    const title = optional(body, 'title');
    const bot = this.#bot(workspace, body);
    const { maxUrlChars } = this.#settings;
    if (type === 'Q_AND_A' && (value ?? '') === '') invalid('content_value should not be empty for Q_AND_A');
    if (type === 'URL' && !URL.canParse(content)) invalid('content must be a URL');
    if (type === 'URL' && maxUrlChars !== null && content.length > maxUrlChars)
      invalid(`content must be shorter than or equal to ${maxUrlChars} characters`);
    const file = type === 'DOCUMENT' ? this.#uploads.find(workspace.token, content) : null;
    return this.items(bot).create({ type, title, content, value, file });
  }

  /** #2 */
  async #upload(request: EmulatorRequest): Promise<readonly JsonRecord[]> {
    const { token, files } = await readForm(request, this.#settings);
    const workspace = this.#workspace(token);
    return this.#uploads.add(workspace.token, files, request.headers['host'] ?? '127.0.0.1');
  }

  /** #3 */
  #ask(request: EmulatorRequest): string | null {
    const body = readBody(request, this.#settings);
    const workspace = this.#workspace(body['workspace_token']);
    only(body, this.#settings, 'workspace_token', 'bot_id', 'content', 'metadata', 'media', 'customer_info');
    const content = filled(body, 'content');
    if (body['metadata'] === undefined ? this.#settings.metadataRequired : !isRecord(body['metadata']))
      invalid('metadata must be an object');
    this.#checkMedia(body['media']);
    const contact = this.#contact(body['customer_info']);
    const bot = this.#bot(workspace, body);
    this.#spend(bot);
    return this.#desk.ask(bot, this.items(bot), content, contact);
  }

  /** #4 */
  #customers(request: EmulatorRequest): JsonRecord {
    const lists = ['bot_ids', 'types'];
    const query = readQuery(request, this.#settings, ['workspace_token', 'search', 'is_testing', 'cursor'], lists);
    return this.#desk.customers(this.#workspace(query.text('workspace_token')).bots, query);
  }

  /** #5: the page shows `workshop_id` in place of the token. */
  #customer(request: EmulatorRequest, id: string): JsonRecord {
    const { customerDetailAuth: name } = this.#settings;
    const names = name === 'any' ? ['workspace_token', 'workspace_id', 'workshop_id'] : [name];
    const query = readQuery(request, this.#settings, names, []);
    const given = names.map((each) => query.text(each)).find((value) => value !== null);
    return this.#desk.customer(this.#workspace(given).bots, id);
  }

  /** #6 */
  #sessions(request: EmulatorRequest): JsonRecord {
    const names = ['workspace_token', 'customer_id', 'limit', 'offset', 'bot_ids'];
    const query = readQuery(request, this.#settings, names, ['status', 'reply_status', 'date_range']);
    return this.#desk.sessions(this.#workspace(query.text('workspace_token')).bots, query);
  }

  /** #7 */
  #messages(request: EmulatorRequest, id: string): Json {
    const names = ['workspace_token', 'customer_id', 'limit', 'offset', 'order', 'remove_system_message'];
    const query = readQuery(request, this.#settings, names, []);
    return this.#desk.messages(this.#workspace(query.text('workspace_token')).bots, id, query);
  }

  /** The workspace of a token; 401 where there is none [6.2]. */
  #workspace(token: Json | undefined): Workspace {
    const bots = new Set<string>();
    for (const [id, bot] of this.#tools.store.entries('bots')) if ((bot as Bot).secret === token) bots.add(id);
    if (typeof token !== 'string' || bots.size === 0) return refuse(401, 'UNAUTHORIZED', 'Invalid or missing workspace_token');
    this.#pace(token);
    return { token, bots };
  }

  #bot({ bots }: Workspace, body: JsonRecord): string {
    const id = filled(body, 'bot_id');
    return bots.has(id) ? id : refuse(404, 'NOT_FOUND', `no bot ${id} in this workspace`);
  }

  #contact(info: Json | undefined): Contact | null {
    if (info === undefined) return null;
    if (!isRecord(info)) return invalid('customer_info must be an object');
    only(info, this.#settings, 'name', 'email', 'phone_number', 'external_id');
    const field = (name: string): string => optional(info, name) ?? invalid(`customer_info.${name} must be a string`);
    const contact = { name: field('name'), email: field('email'), phone: field('phone_number'), externalId: field('external_id') };
    if (this.#settings.strictContacts && contact.phone === '') invalid('customer_info.phone_number should not be empty');
    if (this.#settings.strictContacts && /\.invalid$/i.test(contact.email)) invalid('customer_info.email must be an email');
    return contact;
  }

  #checkMedia(media: Json | undefined): void {
    const list = Array.isArray(media ?? []) ? ((media ?? []) as readonly Json[]) : invalid('media must be a list');
    for (const each of list) {
      const one = isRecord(each) ? each : invalid('each value in media must be an object');
      only(one, this.#settings, 'uid', 'name', 'size', 'url', 'type');
      for (const name of ['uid', 'name', 'url', 'type']) filled(one, name);
      if (typeof one['size'] !== 'number') invalid('media.size must be a number');
    }
  }

  #spend(id: string): void {
    const { messageCredits } = this.#settings;
    if (messageCredits === null) return;
    const bot = this.#tools.store.get('bots', id) as Bot;
    if (bot.asked >= messageCredits) refuse(402, 'QUOTA_EXCEEDED', 'the message credits are used up');
    this.#tools.store.put('bots', id, { ...bot, asked: bot.asked + 1 });
  }

  #pace(token: string): void {
    const { perMinute, retryAfter } = this.#settings;
    if (perMinute === null) return;
    const now = this.#tools.now();
    const found = this.#minutes.get(token);
    const minute = found === undefined || now >= found.since + 60_000 ? { since: now, count: 0 } : found;
    this.#minutes.set(token, minute);
    if (++minute.count <= perMinute) return;
    const seconds = String(Math.ceil((minute.since + 60_000 - now) / 1000));
    refuse(429, 'TOO_MANY_REQUESTS', 'Too many requests', retryAfter ? { 'retry-after': seconds } : {});
  }
}

/** No error body is documented; these are the forms seen around the vendor [2.3]. */
function refusal({ status: meant, code, message, headers }: Refused, { errorBody, errorsWith200 }: CxGenieSettings): EmulatorReply {
  const status = errorsWith200 ? 200 : meant;
  switch (errorBody) {
    case 'object':
      return { status, headers, body: { success: false, error: { code, message } } };
    case 'list':
      return { status, headers, body: { success: false, error: { code, message: [message] } } };
    case 'string':
      return { status, headers, body: { success: false, error: message } };
    case 'html':
      return { status, headers: { ...headers, 'content-type': 'text/html' }, body: `<html><body><h1>${meant}</h1></body></html>` };
    case 'empty':
      return { status, headers, body: '' };
    default:
      return errorBody satisfies never;
  }
}

function create(tools: EmulatorTools, settings: CxGenieSettings): Emulator {
  const api = new Api(tools, settings);
  return {
    provision({ id, secret }) {
      const bot: Bot = { secret, asked: 0 };
      if (tools.store.get('bots', id) === undefined) tools.store.put('bots', id, bot);
    },
    async handle(request) {
      try {
        return await api.answer(request);
      } catch (error) {
        if (error instanceof Refused) return refusal(error, settings);
        throw error;
      }
    },
    inspect(bot) {
      return api.items(bot).inspect();
    },
    plant(bot, { name, text }) {
      return api.items(bot).plant(name, text);
    },
  };
}

/** CX Genie on loopback. */
export const emulator = defineEmulator<CxGenieSettings>({
  vendor: 'cxgenie',
  prefixes: [prefix, filesPrefix],
  defaults,
  create,
});
