// Who may do what at the Kore.ai emulator [2.0]: bots, their two apps, signed tokens, scopes and pace.
//
// One secret text stands for both credentials of a sandbox bot: provision({ id, secret }) makes the bot `id`, its builder app with the
// client id `cs-<id>` and the account's admin app with the client id `admin-<id>`; `secret` is the client secret of both. Bots with the
// same secret are one account, and each one's admin app reaches them all.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorRequest, EmulatorTools } from '../emulator.ts';
import { isRecord, refuse, unauthorized } from './emulator-request.ts';
import type { KoreSettings } from './emulator-settings.ts';

export type Bot = { readonly secret: string; readonly createdAt: number };

/** The app that signed a token. */
export interface App {
  readonly clientId: string;
  readonly kind: 'builder' | 'admin';
  /** The bot that it was made for. */
  readonly bot: string;
  readonly secret: string;
  readonly claims: JsonRecord;
}

const wrongCredentials = 'Invalid SDK credentials';
const minuteMs = 60_000;
const hourMs = 3_600_000;

export class Account {
  readonly #tools: EmulatorTools;
  readonly #settings: KoreSettings;
  /** Times of requests within the last hour; pace is nothing that need outlive a restart. */
  readonly #asked = new Map<string, number[]>();

  constructor(tools: EmulatorTools, settings: KoreSettings) {
    this.#tools = tools;
    this.#settings = settings;
  }

  provision(id: string, secret: string): void {
    const bot: Bot = { secret, createdAt: this.#tools.now() };
    if (this.bot(id) === null) this.#tools.store.put('bots', id, bot);
  }

  bot(id: string): Bot | null {
    return (this.#tools.store.get('bots', id) as Bot | undefined) ?? null;
  }

  /** The app behind the `auth` header. */
  authenticate(request: EmulatorRequest): App {
    return this.#verify(request.headers['auth'] ?? unauthorized(wrongCredentials, 'the header `auth` is missing'));
  }

  /** The app behind the webhook's `Authorization: bearer` [2.9]. */
  authenticateBearer(request: EmulatorRequest): App {
    const token = /^bearer (.+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
    return this.#verify(token ?? unauthorized(wrongCredentials, 'the header `Authorization: bearer …` is missing'));
  }

  /** A builder app on another bot: 401. An admin app on a bot that its account does not have: 400 [2.0]. */
  checkBot(app: App, bot: string): void {
    if (app.kind === 'builder' && app.bot !== bot) unauthorized(wrongCredentials, `${app.clientId} is not an app of ${bot}`);
    if (this.bot(bot)?.secret !== app.secret) refuse({ status: 400, msg: 'Invalid StreamId' });
  }

  /** `scopes`: any one of these is enough; [] for none needed. */
  checkScope(app: App, needed: { readonly builder: readonly string[] | null; readonly admin: readonly string[] | null }): void {
    const { scopes, adminScopes } = this.#settings;
    const wanted = needed[app.kind];
    const has = app.kind === 'builder' ? scopes : adminScopes;
    const wrong = (detail: string): never => unauthorized('Permission denied. Scope is incorrect!', detail);
    if (wanted === null) wrong(`not for a${app.kind === 'admin' ? 'n admin' : ' builder'} app`);
    if (wanted === null || wanted.length === 0) return;
    if (has !== null && !wanted.some((scope) => has.includes(scope))) wrong(`${app.clientId} lacks ${wanted.join(' or ')}`);
    if (app.kind === 'builder' && !this.isPublished(app.bot)) wrong(`scopes of ${app.bot} take effect once it is published`);
  }

  isPublished(bot: string): boolean {
    return this.#settings.publishedOnce || this.#tools.store.get('published', bot) !== undefined;
  }

  /** Rolling windows of a minute and an hour [5]; a refused request does not count. */
  checkPace(key: string, perMinute = this.#settings.perMinute, perHour = this.#settings.perHour): void {
    if (perMinute === null && perHour === null) return;
    const now = this.#tools.now();
    const times = (this.#asked.get(key) ?? []).filter((at) => at > now - hourMs);
    this.#asked.set(key, times);
    const lately = times.filter((at) => at > now - minuteMs);
    if (perHour !== null && times.length >= perHour) this.#slow('hourly', (times[times.length - perHour] ?? now) + hourMs - now);
    if (perMinute !== null && lately.length >= perMinute)
      this.#slow('per-minute', (lately[lately.length - perMinute] ?? now) + minuteMs - now);
    times.push(now);
  }

  #slow(which: string, waitMs: number): never {
    const { limitStatus, retryAfter } = this.#settings;
    const msg = `You've exceeded the ${which} rate limit. Please wait for sometime before retrying.`;
    return refuse({ status: limitStatus, msg, ...(retryAfter ? { headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) } } : {}) });
  }

  #verify(token: string): App {
    const [head = '', body = '', signature = '', ...rest] = token.split('.');
    const header = decoded(head);
    const claims = decoded(body);
    if (header === null || claims === null || signature === '' || rest.length > 0)
      return unauthorized('Invalid JWT token', 'not a JWT; `auth` takes it without "bearer", and encrypted tokens (JWE) are not emulated');
    const algorithm = this.#settings.algorithms.find((known) => known === header['alg']);
    if (algorithm === undefined) return unauthorized(wrongCredentials, `alg ${JSON.stringify(header['alg'])} is not accepted`);
    const app = this.#appOf(claims);
    // The secret is used as raw UTF-8 [2.0].
    const expected = createHmac(algorithm === 'HS256' ? 'sha256' : 'sha512', app.secret)
      .update(`${head}.${body}`)
      .digest();
    const given = Buffer.from(signature, 'base64url');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return unauthorized(wrongCredentials, 'wrong signature');
    this.#checkClaims(app);
    return app;
  }

  #appOf(claims: JsonRecord): App {
    const clientId = claims['appId'];
    const found = typeof clientId === 'string' ? /^(cs|admin)-(.+)$/s.exec(clientId) : null;
    const bot = found?.[2] ?? '';
    const known = this.bot(bot);
    if (found === null || known === null) return unauthorized(wrongCredentials, `appId ${JSON.stringify(clientId)} is no client id`);
    return { clientId: found[0], kind: found[1] === 'cs' ? 'builder' : 'admin', bot, secret: known.secret, claims };
  }

  /** `sub` may be any string [2.0]; `iss`, `aud`, `isAnonymous` and others are ignored [2.0, assumed]. */
  #checkClaims({ clientId, claims }: App): void {
    const { sub, exp, jti } = claims;
    if (typeof sub !== 'string') unauthorized(wrongCredentials, 'sub must be a string');
    if (exp === undefined ? this.#settings.expNeeded : typeof exp !== 'number' || exp * 1000 <= this.#tools.now())
      unauthorized(wrongCredentials, `exp ${JSON.stringify(exp ?? null)} is over or no number`);
    if (!this.#settings.enforceJti) return;
    if (typeof jti !== 'string' && typeof jti !== 'number') unauthorized(wrongCredentials, 'jti is enforced and missing');
    const used = `${clientId} ${String(jti)}`;
    if (this.#tools.store.get('jti', used) !== undefined) unauthorized(wrongCredentials, `jti ${String(jti)} was used before`);
    this.#tools.store.put('jti', used, this.#tools.now());
  }
}

function decoded(part: string): JsonRecord | null {
  if (!/^[\w-]+$/.test(part)) return null;
  try {
    const value = JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Json;
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}
