// Who may do what at the SiteGPT emulator: credentials, scopes, pace, and the chatbots behind them. The chatbots with one secret are
// one account.
import type { EmulatorRequest, EmulatorTools } from '../emulator.ts';
import { Chat, type Chatbot } from './emulator-chat.ts';
import { Documents } from './emulator-documents.ts';
import { refuse } from './emulator-request.ts';
import type { Box } from './emulator-routes.ts';
import type { SiteGptSettings } from './emulator-settings.ts';

export class Account {
  readonly #tools: EmulatorTools;
  readonly #settings: SiteGptSettings;
  readonly #boxes = new Map<string, Box>();
  /** Requests of the running minute, by credential; pace is nothing that need outlive a restart. */
  readonly #minutes = new Map<string, { readonly since: number; count: number }>();

  constructor(tools: EmulatorTools, settings: SiteGptSettings) {
    this.#tools = tools;
    this.#settings = settings;
  }

  provision(id: string, secret: string): void {
    const chatbot: Chatbot = { secret, createdAt: this.#tools.now(), slot: null, asked: 0 };
    if (this.#tools.store.get('chatbots', id) === undefined) this.#tools.store.put('chatbots', id, chatbot);
  }

  /** The chatbot, brought to the present. */
  box(id: string): Box {
    let box = this.#boxes.get(id);
    if (box === undefined) {
      const documents = new Documents(this.#tools, this.#settings, id);
      box = { id, documents, chat: new Chat(this.#tools, this.#settings, { id, documents }) };
      this.#boxes.set(id, box);
    }
    box.documents.advance();
    return box;
  }

  /** The token behind `Bearer`, '' where there is none. */
  credential(request: EmulatorRequest): string {
    return /^Bearer (.+)$/.exec(request.headers['authorization'] ?? '')?.[1] ?? '';
  }

  chatbotsOf(secret: string): string[] {
    return [...this.#chatbots()].filter(([, chatbot]) => chatbot.secret === secret).map(([id]) => id);
  }

  /** [3.1] */
  checkV2(request: EmulatorRequest, scope: string | null): void {
    const token = this.credential(request);
    if (token === '') refuse({ status: 401, code: 'AUTHORIZATION_HEADER_REQUIRED' }, 'Authorization: Bearer <token> is missing');
    const { tokenExpired, tokenPrefixNeeded, scopes, v2PerMinute } = this.#settings;
    const wrong = tokenExpired || (tokenPrefixNeeded && !token.startsWith('sgpt_')) || !this.#known(token);
    if (wrong) refuse({ status: 401, code: 'TOKEN_NOT_VALID' }, 'the token is not valid or has expired');
    if (scope !== null && scopes !== null && !scopes.includes(scope))
      refuse({ status: 403, code: 'TOKEN_SCOPE_NOT_ALLOWED' }, `the token lacks ${scope}`);
    this.#pace(token, v2PerMinute);
  }

  /** [2.1] */
  checkV0(request: EmulatorRequest): void {
    const key = this.credential(request);
    const wrong = (this.#settings.separateCredentials && key.startsWith('sgpt_')) || !this.#known(key);
    if (wrong) refuse({ status: 401, code: 'API_KEY_NOT_VALID' }, 'Failed to authenticate');
    this.#pace(key, this.#settings.v0PerMinute);
  }

  /** The chatbot of a path, if the credential is for it. */
  boxOf(request: EmulatorRequest, id: string, version: 'v0' | 'v2'): Box {
    const chatbot = this.#tools.store.get('chatbots', id) as Chatbot | undefined;
    const missing = { status: 404, code: 'CHATBOT_NOT_FOUND' };
    if (chatbot === undefined) return refuse(missing, `no chatbot ${id}`);
    if (chatbot.secret === this.credential(request)) return this.box(id);
    if (version === 'v0') return refuse({ status: 403, code: 'CHATBOT_FETCH_FORBIDDEN' }, `chatbot ${id} is not yours`);
    return refuse(
      this.#settings.foreignChatbot === 404 ? missing : { status: 403, code: 'TOKEN_SCOPE_NOT_ALLOWED' },
      `no chatbot ${id} for this token`,
    );
  }

  #known(secret: string): boolean {
    for (const [, chatbot] of this.#chatbots()) if (chatbot.secret === secret) return true;
    return false;
  }

  *#chatbots(): IterableIterator<[string, Chatbot]> {
    for (const [id, chatbot] of this.#tools.store.entries('chatbots')) yield [id, chatbot as Chatbot];
  }

  #pace(credential: string, perMinute: number | null): void {
    if (perMinute === null) return;
    const now = this.#tools.now();
    const found = this.#minutes.get(credential);
    const minute = found === undefined || now >= found.since + 60_000 ? { since: now, count: 0 } : found;
    this.#minutes.set(credential, minute);
    if (++minute.count <= perMinute) return;
    const wait = Math.ceil((minute.since + 60_000 - now) / 1000);
    const headers = this.#settings.retryAfter ? { headers: { 'retry-after': String(wait) } } : {};
    refuse({ status: 429, code: 'RATE_LIMIT_EXCEEDED', ...headers }, `more than ${perMinute} requests a minute`);
  }
}
