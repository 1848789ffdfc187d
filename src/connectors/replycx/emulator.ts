// The ReplyCX emulator: sources, their status, conversations, bots and webhook as the vendor's page documents them, and in the profile
// `full` the calls that are documented for a sibling brand only. Written from the vendor's documents (vendor notes, [n] = section) and
// apart from the connector. What is not documented is refused.
import type { Json, JsonRecord } from '../../model/json.ts';
import { defineEmulator, type Emulator, type EmulatorReply, type EmulatorRequest, type EmulatorTools } from '../emulator.ts';
import { keyOf, shownBot } from './emulator-bots.ts';
import { filled, integer, invalid, noBody, Refused, readBody, readForm, readQuery, refuse } from './emulator-request.ts';
import { defaults, type ReplyCxSettings } from './emulator-settings.ts';
import { numberOf, Sources } from './emulator-sources.ts';
import { Talk } from './emulator-talk.ts';

/** A knowledge base, and the bot that answers from it. The knowledge bases with one token are one account's. */
type Kb = { readonly token: string; readonly name: string; readonly createdAt: number };

interface Asked {
  readonly request: EmulatorRequest;
  /** What stands for each `*` of the path. */
  readonly ids: readonly string[];
  readonly token: string;
  readonly account: number;
}

interface Route {
  readonly method: string;
  /** `*` stands for one segment. */
  readonly path: string;
  /** Documented for a sibling only: 404 in the profile seed-only. */
  readonly sibling?: true;
  readonly run: (asked: Asked) => JsonRecord | Promise<JsonRecord>;
}

class Api {
  readonly #tools: EmulatorTools;
  readonly #settings: ReplyCxSettings;
  readonly #sources: Sources;
  readonly #talk: Talk;
  readonly #routes: readonly Route[];
  /** Requests of the running minute, by account; pace is nothing that need outlive a restart. */
  readonly #minutes = new Map<number, { readonly since: number; count: number }>();

  constructor(tools: EmulatorTools, settings: ReplyCxSettings) {
    this.#tools = tools;
    this.#settings = settings;
    this.#sources = new Sources(tools, settings);
    this.#talk = new Talk(tools, settings, {
      byKey: (account, key) => this.#kbsOf(account).find(([id]) => keyOf(id) === key)?.[0] ?? null,
      knowledge: (kb) => this.#sources.knowledge(kb),
    });
    this.#routes = this.#table();
  }

  get sources(): Sources {
    return this.#sources;
  }

  provision(id: string, secret: string): void {
    if (this.#tools.store.get('kbs', id) !== undefined) return;
    this.#open(id, secret, `Knowledge base ${id}`);
  }

  async answer(request: EmulatorRequest): Promise<JsonRecord> {
    await this.#talk.deliver();
    const { route, ids } = this.#match(request);
    const token = /^Bearer (.+)$/.exec(request.headers['authorization'] ?? '')?.[1] ?? '';
    const account = this.#tools.store.get('accounts', token);
    if (typeof account !== 'number') return refuse(401, 'JWT_SIGNATURE_EXCEPTION', 'the token is not valid');
    if (this.#settings.accountGone) return refuse(404, 'ACCOUNT_DETAILS_NOT_FOUND', 'account details not found');
    this.#pace(account);
    return { ...(await route.run({ request, ids, token, account })), ok: true };
  }

  /** Section 1 of the notes, row by row. Mind the mixed prefixes, and the plural of the one DELETE [2.4]. */
  #table(): readonly Route[] {
    const deletePath = this.#settings.deletePath === 'plural' ? 'knowledge-bases' : 'knowledge-base';
    const start = ({ request, account }: Asked): JsonRecord => this.#talk.start(account, readBody(request));
    return [
      { method: 'POST', path: '/api/v1/ai/knowledge-base/*/upload/sources', run: (asked) => this.#upload(asked) },
      { method: 'GET', path: '/api/v1/ai/status/sources', run: (asked) => this.#status(asked) },
      { method: 'DELETE', path: `/v1/ai/${deletePath}/*/data-sources`, sibling: true, run: (asked) => this.#delete(asked) },
      { method: 'GET', path: '/v1/ai/knowledge-base/*', sibling: true, run: (asked) => this.#details(asked) },
      { method: 'POST', path: '/v1/ai/knowledge-base', sibling: true, run: (asked) => this.#createKb(asked) },
      { method: 'POST', path: '/v1/conversations', run: start },
      { method: 'POST', path: '/api/v1/conversations', run: start },
      {
        method: 'POST',
        path: '/api/v1/conversation/*/messages',
        run: ({ request, ids, account }) => this.#talk.message(account, ids[0] ?? '', readBody(request)),
      },
      {
        method: 'POST',
        path: '/api/v1/conversation/*/events',
        run: ({ request, ids, account }) => this.#talk.event(account, ids[0] ?? '', readBody(request)),
      },
      {
        method: 'POST',
        path: '/v1/accounts/*/conversations/*/variables',
        run: (asked) => this.#talk.variables(this.#account(asked), asked.ids[1] ?? '', readBody(asked.request, 'variables')),
      },
      {
        method: 'POST',
        path: '/v1/accounts/*/webhook',
        run: (asked) => {
          const body = readBody(asked.request, 'webhook_url', 'subscribed_events', 'is_enabled', 'token');
          return this.#talk.setWebhook(this.#account(asked), body);
        },
      },
      { method: 'GET', path: '/v1/accounts/*/bots', run: (asked) => this.#bots(asked) },
    ];
  }

  #match(request: EmulatorRequest): { readonly route: Route; readonly ids: readonly string[] } {
    const segments = request.path.split('/');
    for (const route of this.#routes) {
      if (route.method !== request.method || (route.sibling === true && this.#settings.profile === 'seed-only')) continue;
      const pattern = route.path.split('/');
      const fits = pattern.length === segments.length && pattern.every((part, index) => part === '*' || part === segments[index]);
      const ids = segments.filter((_segment, index) => pattern[index] === '*');
      if (fits && ids.every((id) => id !== '')) return { route, ids };
    }
    return refuse(404, 'NOT_FOUND', `${request.method} ${request.path} is not documented, or not emulated`);
  }

  // ── knowledge bases ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** 2.2: keyed by the form's own field names, beside which stand the reply's own keys. */
  async #upload(asked: Asked): Promise<JsonRecord> {
    const kb = this.#kb(asked);
    const { request } = asked;
    const { maxUploadBytes, maxParts, maxFileBytes, largeFiles } = this.#settings;
    if (maxUploadBytes !== null && request.body.length > maxUploadBytes) refuse(413, 'PAYLOAD_TOO_LARGE', 'the upload is too large');
    const parts = await readForm(request);
    if (parts.length === 0) invalid('no data source');
    if (maxParts !== null && parts.length > maxParts) invalid(`more than ${maxParts} data sources`);
    const large = parts.find(({ filename, bytes }) => filename !== null && maxFileBytes !== null && bytes.length > maxFileBytes);
    if (large !== undefined && largeFiles === 'bad-request') invalid(`${large.filename} is larger than ${maxFileBytes} bytes`);
    const reply = new Map<string, JsonRecord[]>();
    for (const part of parts) reply.set(part.key, [...(reply.get(part.key) ?? []), this.#sources.upload(kb, part)]);
    return { ...Object.fromEntries(reply), knowledge_base_id: numberOf(kb) };
  }

  /** 2.3: over all knowledge bases of the account. */
  #status({ request, token }: Asked): JsonRecord {
    noBody(request);
    this.#feature();
    if (this.#settings.statusContentType && !/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
      invalid('Content-Type: application/json is missing');
    const given = readQuery(request, 'source_ids').get('source_ids') ?? '';
    const ids = given.split(',');
    if (!ids.every((id) => /^\d{1,15}$/.test(id))) invalid('source_ids must be ids with commas between them');
    const { maxStatusIds } = this.#settings;
    if (maxStatusIds !== null && ids.length > maxStatusIds) invalid(`more than ${maxStatusIds} source_ids`);
    return { sources: this.#sources.status([...new Set(ids)], (kb) => this.#kbOf(kb)?.token === token) };
  }

  /** 2.4 */
  #delete(asked: Asked): JsonRecord {
    const kb = this.#kb(asked);
    const ids = readBody(asked.request, 'data_sources')['data_sources'];
    const known = Array.isArray(ids) && ids.length > 0 && ids.every((id: Json) => Number.isInteger(id));
    if (!known) return invalid('data_sources must be a list of ids');
    const wanted = (ids as readonly number[]).map(String);
    if (this.#settings.deletedTwice === 'bad-request' && !wanted.every((id) => this.#sources.has(kb, id)))
      invalid('data_sources: not all of them are there');
    for (const id of wanted) this.#sources.delete(kb, id);
    return { message: 'Data sources deleted' };
  }

  /** 2.5 */
  #details(asked: Asked): JsonRecord {
    noBody(asked.request);
    const kb = this.#kb(asked);
    const query = readQuery(asked.request, 'limit', 'offset');
    const list = this.#sources.list(kb, integer(query, 'limit', 1, 100), integer(query, 'offset', 0, 0));
    return { id: numberOf(kb), name: this.#kbOf(kb)?.name ?? '', ...list };
  }

  /** 2.6 */
  #createKb({ request, token, account }: Asked): JsonRecord {
    this.#feature();
    const name = filled(readBody(request, 'name'), 'name');
    const { maxKnowledgeBases } = this.#settings;
    if (maxKnowledgeBases !== null && this.#kbsOf(account).length >= maxKnowledgeBases)
      refuse(400, 'MAX_KNOWLEDGE_BASE_COUNT_EXCEEDED', `the plan allows ${maxKnowledgeBases} knowledge bases`);
    let id = 876;
    while (this.#kbOf(String(id)) !== null) id++;
    this.#open(String(id), token, name);
    return { id, message: 'Knowledge base created', code: 'CREATE_KNOWLEDGE_BASE_SUCCESS_MESSAGE' };
  }

  /** The knowledge base of a path, after the checks in the vendor's order [5]: feature, there at all, owner. */
  #kb({ ids, token }: Asked): string {
    this.#feature();
    const id = ids[0] ?? '';
    const kb = this.#kbOf(id);
    if (kb === null) return refuse(404, 'KNOWLEDGE_BASE_NOT_FOUND', `no knowledge base ${id}`);
    return kb.token === token ? id : invalid(`knowledge base ${id} belongs to another account`);
  }

  #feature(): void {
    if (this.#settings.featureOff) refuse(401, 'UNAUTHORIZED_FEATURE', 'the plan has no access to this feature');
  }

  #kbOf(id: string): Kb | null {
    return (this.#tools.store.get('kbs', id) as Kb | undefined) ?? null;
  }

  #kbsOf(account: number): [string, Kb][] {
    const all = [...this.#tools.store.entries('kbs')].map(([id, kb]): [string, Kb] => [id, kb as Kb]);
    return all.filter(([, { token }]) => this.#tools.store.get('accounts', token) === account);
  }

  #open(id: string, token: string, name: string): void {
    const kb: Kb = { token, name, createdAt: this.#tools.now() };
    this.#tools.store.put('kbs', id, kb);
    if (this.#tools.store.get('accounts', token) === undefined)
      this.#tools.store.put('accounts', token, this.#tools.store.size('accounts') + 1);
  }

  // ── accounts ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The account of a path, which must be the token's own. Accounts count from 1, in the order of their tokens. */
  #account({ ids, account }: Asked): number {
    if (ids[0] === String(account)) return account;
    return refuse(404, 'ACCOUNT_DETAILS_NOT_FOUND', `no account ${ids[0]} for this token`);
  }

  /** 2.10: one bot for each knowledge base. */
  #bots(asked: Asked): JsonRecord {
    noBody(asked.request);
    readQuery(asked.request);
    const kbs = this.#kbsOf(this.#account(asked));
    return { bots: kbs.map(([id, kb]) => shownBot({ ...kb, id, account: asked.account }, this.#settings)) };
  }

  #pace(account: number): void {
    const { perMinute, retryAfter } = this.#settings;
    if (perMinute === null) return;
    const now = this.#tools.now();
    const found = this.#minutes.get(account);
    const minute = found === undefined || now >= found.since + 60_000 ? { since: now, count: 0 } : found;
    this.#minutes.set(account, minute);
    if (++minute.count <= perMinute) return;
    const seconds = String(Math.ceil((minute.since + 60_000 - now) / 1000));
    refuse(429, 'TOO_MANY_REQUESTS', 'too many requests', retryAfter ? { 'retry-after': seconds } : {});
  }
}

/** 2.1 */
function refusal({ status, code, message, headers }: Refused, settings: ReplyCxSettings): EmulatorReply {
  const { errorCode, errorStatus, errorsWith200 } = settings;
  const named = errorCode && code !== 'JWT_SIGNATURE_EXCEPTION' ? { code } : {};
  const told = errorStatus === 'missing' ? {} : { status: errorStatus === 'same' ? status : 500 };
  return { status: errorsWith200 ? 200 : status, headers, body: { ok: false, error: code, ...named, message, ...told } };
}

function create(tools: EmulatorTools, settings: ReplyCxSettings): Emulator {
  const api = new Api(tools, settings);
  return {
    provision({ id, secret }) {
      api.provision(id, secret);
    },
    async handle(request) {
      try {
        return { status: 200, body: await api.answer(request) };
      } catch (error) {
        if (error instanceof Refused) return refusal(error, settings);
        throw error;
      }
    },
    inspect(bot) {
      return api.sources.inspect(bot);
    },
    plant(bot, { name, text }) {
      return api.sources.plant(bot, name, text);
    },
  };
}

/** ReplyCX on loopback. `/api/v1/conversation` stands for both of the vendor's spellings, singular and plural. */
export const emulator = defineEmulator<ReplyCxSettings>({
  vendor: 'replycx',
  prefixes: ['/api/v1/ai/', '/v1/ai/', '/api/v1/conversation', '/v1/conversations', '/v1/accounts/'],
  defaults,
  create,
});
