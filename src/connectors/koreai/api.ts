// One request to Kore.ai's public API: path, token, and what its errors mean. Statuses are few and shared, so the vendor's words decide too.
import type { z } from 'zod';
import { type ErrorCode, type ErrorFacts, SyncError } from '../../model/error.ts';
import type { Json } from '../../model/json.ts';
import type { Call, HttpReply, HttpRequest, Tools } from '../connector.ts';
import { type JwtApp, signToken, withoutTokens } from './jwt.ts';
import type { KoreaiOptions } from './options.ts';
import { failureBody } from './schema.ts';

/** One call of the public API. */
export interface ApiRequest {
  /** For people: "listing documents". */
  readonly what: string;
  readonly intent: HttpRequest['intent'];
  readonly method: HttpRequest['method'];
  /** Below the bot, `/train`. */
  readonly path: string;
  /** The whole path, in the place of `path` below the bot. */
  readonly wholePath?: string;
  /** Whose token: the bot's own app, or the one of the admin console. */
  readonly app?: 'builder' | 'admin';
  /** The scope the app needs [public P1-P9, P31], named where it is refused. */
  readonly scope: string;
  /** The documents that a refusal is about: makes a refused write their matter. */
  readonly documents?: string;
  /** The id in the path: makes a 404 mean that this is gone. */
  readonly remoteId?: string;
  /** Whether an answer without a body is one too: where no source shows the body. */
  readonly mayBeEmpty?: boolean;
  /** Whether a refusal may mean that one is under way. */
  readonly mayBeBusy?: boolean;
  /** Whether the token goes where channels want it, `Authorization: bearer` [public P37], and not into `auth` [public P1]. */
  readonly bearer?: boolean;
  readonly query?: { readonly [name: string]: string | number };
  readonly json?: Json;
  readonly headers?: { readonly [name: string]: string };
  readonly timeoutMs?: number;
}

/** Sends one request and gives back its validated reply. */
export type Send = <T>(schema: z.ZodType<T>, request: ApiRequest, call: Call) => Promise<T>;

/** The calls of one bot. Throws SyncError as `meaningOf` says, REPLY_INVALID for what is no such reply, and what transport throws. */
export function bindApi(options: KoreaiOptions, tools: Tools): Send {
  const context: Context = { options, now: tools.now };
  return async (schema, request, call) => {
    const app = appOf(request, options);
    const botId = encodeURIComponent(needed(options.botId, 'botId'));
    const { intent, method, query, json, timeoutMs } = request;
    const token = (): string => signToken(app, options, tools.now());
    const reply = await tools.http(
      {
        intent,
        method,
        path: request.wholePath?.replaceAll('{botId}', botId) ?? `${options.publicPrefix}/${options.entity}/${botId}${request.path}`,
        headers: request.bearer === true ? bearerOf(token) : authOf(token, request.headers),
        ...(query === undefined ? {} : { query }),
        ...(json === undefined ? {} : { json }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        onError: (failure) => refusal(request, failure, context),
      },
      call,
    );
    return understood(schema, request, reply, context);
  };
}

/** The token is made at each attempt: one may wait an hour in the queue, longer than a token lives, and where a token has an id it is good once. */
function authOf(token: () => string, headers: ApiRequest['headers']): HttpRequest['headers'] & object {
  return {
    ...headers,
    get auth() {
      return token();
    },
  };
}

function bearerOf(token: () => string): HttpRequest['headers'] & object {
  return {
    get authorization() {
      return `bearer ${token()}`;
    },
  };
}

interface Context {
  readonly options: KoreaiOptions;
  readonly now: () => number;
}

function appOf({ app = 'builder' }: ApiRequest, { clientId, clientSecret, admin }: KoreaiOptions): JwtApp {
  if (app === 'builder') return { clientId: needed(clientId, 'clientId'), clientSecret: needed(clientSecret, 'clientSecret') };
  if (admin !== undefined) return admin;
  const next =
    'make a JWT app in the Admin Console with the scope Bot Publish, and set admin: { clientId, clientSecret }; or publish: never';
  throw new SyncError('CONFIG_INVALID', {
    message: 'publish: after-train of the Kore.ai target needs admin',
    next,
    facts: { stops: 'target' },
  });
}

function needed(value: string | undefined, key: string): string {
  if (value !== undefined) return value;
  throw new SyncError('CONFIG_INVALID', { message: `${key} of the Kore.ai target is not set`, facts: { stops: 'target' } });
}

// ── what came back ────────────────────────────────────────────────────────────────────────────────────────────────────

/** A 2xx that lists errors is a refusal all the same [assumed]. */
function understood<T>(schema: z.ZodType<T>, request: ApiRequest, reply: HttpReply, context: Context): T {
  const body = jsonOf(request, reply, context);
  const failure = failureOf(reply.text);
  if (failure?.listed) {
    const status = failure.code === null ? 400 : failure.code === 4002 ? 401 : failure.code;
    throw (
      refusal(request, { ...reply, status: status >= 400 && status < 600 ? status : 400 }, context) ??
      invalid(request, reply, context, 'it lists errors')
    );
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid(request, reply, context, `${issue?.path.join('.') || 'its root'}: ${issue?.message ?? 'unknown'}`);
}

function jsonOf(request: ApiRequest, reply: HttpReply, context: Context): Json {
  if (request.mayBeEmpty === true && reply.text.trim() === '') return null;
  try {
    return reply.json();
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    throw invalid(request, reply, context, 'it is not JSON: a proxy or a login page may have answered');
  }
}

function invalid(request: ApiRequest, reply: HttpReply, { options }: Context, why: string): SyncError {
  return new SyncError('REPLY_INVALID', {
    message: `${request.what}: Kore.ai's answer (HTTP ${reply.status}) is not as documented: ${why}`,
    vendor: cleaned(reply.text, options),
    facts: request.intent === 'read' ? { effect: 'none' } : {},
    data: { status: reply.status },
  });
}

interface Failure {
  readonly words: string;
  readonly code: number | null;
  /** In `errors`, the vendor's own form. */
  readonly listed: boolean;
}

/** Null where the body holds no error of the vendor's: a gateway's page, or nothing. */
function failureOf(text: string): Failure | null {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = failureBody.safeParse(body);
  if (!parsed.success) return null;
  const errors = parsed.data.errors ?? [];
  const listed = errors.map(({ msg, message }) => msg ?? message ?? '').filter((words) => words !== '');
  const [first] = errors;
  if (first !== undefined) return { words: listed.join('; '), code: Number(first.code ?? Number.NaN) || null, listed: true };
  const words = wordsIn(parsed.data.error) ?? wordsIn(parsed.data.message) ?? wordsIn(parsed.data.msg);
  return words === null ? null : { words, code: null, listed: false };
}

function wordsIn(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  if (typeof value !== 'object' || value === null) return null;
  const found = 'msg' in value ? value.msg : 'message' in value ? value.message : null;
  return typeof found === 'string' && found !== '' ? found : null;
}

const maxWords = 500;

/** The vendor's own words without what it may have echoed: our token, our secrets. */
function cleaned(text: string, { clientSecret, admin }: KoreaiOptions): string | null {
  let words = withoutTokens(text);
  for (const secret of [clientSecret, admin?.clientSecret])
    if (secret !== undefined && secret.length > 5) words = words.replaceAll(secret, '***');
  return words.trim().slice(0, maxWords) || null;
}

// ── what an error means ───────────────────────────────────────────────────────────────────────────────────────────────

interface Meaning {
  readonly code: ErrorCode;
  readonly message: string;
  readonly next?: string;
  readonly facts?: Partial<ErrorFacts>;
}

/** Null where the common table of statuses decides. */
function refusal(request: ApiRequest, reply: HttpReply, context: Context): SyncError | null {
  const failure = failureOf(reply.text);
  const meaning = meaningOf(request, reply, failure, context);
  if (meaning === null) return null;
  return new SyncError(meaning.code, {
    message: `${request.what}: ${meaning.message} (HTTP ${reply.status})`,
    vendor: cleaned(failure?.words ?? reply.text, context.options),
    ...(meaning.next === undefined ? {} : { next: meaning.next }),
    facts: { ...(reply.retryAfterMs === null ? {} : { retryAfterMs: reply.retryAfterMs }), ...meaning.facts },
    data: { status: reply.status },
  });
}

/** Statuses and texts: [public K1, P6, P38, P47]; the HTTP status of a rate limit is not known, its texts are. */
function meaningOf(request: ApiRequest, reply: HttpReply, failure: Failure | null, context: Context): Meaning | null {
  const { status } = reply;
  const words = failure?.words ?? '';
  if (status === 429 || (status < 500 && /rate limit|too many requests/i.test(words))) return slowDown(words, reply, context.options);
  if (status >= 500) {
    const effect = request.intent === 'read' ? 'none' : 'unconfirmed';
    return { code: 'VENDOR_FAILED', message: 'Kore.ai failed', facts: { effect } };
  }
  if (status === 401 || status === 403) return refusedToken(request, words, reply, context);
  if (/invalid stream ?id/i.test(words)) return noBot(context.options);
  if (status === 404) return notFound(request, failure, context.options);
  if (request.mayBeBusy === true && (status === 409 || says(words, context.options.busyWords))) {
    return { code: 'BUSY', message: 'one is under way already' };
  }
  if (status === 413) return { code: 'DOCUMENT_TOO_LARGE', message: `Kore.ai calls it too large${about(request)}` };
  if (request.documents !== undefined && [400, 409, 412, 415, 422].includes(status)) {
    return { code: 'DOCUMENT_REFUSED', message: `Kore.ai refused it${about(request)}` };
  }
  if (status === 405 && request.method === 'DELETE') {
    return { code: 'REQUEST_REFUSED', message: 'the verb DELETE is refused', next: 'set deleteVia: POST-override' };
  }
  if (status < 400 || [402, 407, 408, 425].includes(status)) return null;
  return { code: 'REQUEST_REFUSED', message: 'Kore.ai refused the request' };
}

function about({ documents }: ApiRequest): string {
  return documents === undefined ? '' : `: ${documents}`;
}

function says(words: string, any: readonly string[]): boolean {
  const lower = words.toLowerCase();
  return any.some((word) => lower.includes(word.toLowerCase()));
}

function slowDown(words: string, { retryAfterMs }: HttpReply, options: KoreaiOptions): Meaning {
  const which = /hour/i.test(words) ? 'its limit of an hour (1,800 requests a bot)' : 'its limit of a minute (60 requests a bot)';
  return {
    code: 'RATE_LIMITED',
    message: `Kore.ai asks to slow down: ${which} is reached`,
    facts: { retryAfterMs: retryAfterMs ?? options.retryAfter },
  };
}

function refusedToken({ app = 'builder', scope }: ApiRequest, words: string, reply: HttpReply, { options, now }: Context): Meaning {
  const whose = app === 'admin' ? 'the admin app' : 'the app';
  const where = app === 'admin' ? 'in the Admin Console' : "in the bot's Dev Tools, API Scopes";
  if (/scope|permission/i.test(words)) {
    return {
      code: 'CREDENTIALS_REFUSED',
      message: `${whose} of clientId lacks the scope ${scope}`,
      next: `switch ${scope} on for it ${where}; a bot whose scopes were changed must be published once before they hold`,
    };
  }
  const keys = app === 'admin' ? 'admin.clientId and admin.clientSecret' : 'clientId and clientSecret';
  const clock = clockOff(reply, now(), options.jwtTtl);
  return {
    code: 'CREDENTIALS_REFUSED',
    message: `Kore.ai refused the token${clock === null ? '' : `; this machine's clock is ${clock}`}`,
    next: `${clock === null ? '' : 'set the clock of this machine right, since tokens are dated by it; '}compare ${keys} with the app ${where}, and botId with the bot it belongs to; an app that enforces JTI needs jti: true, one that enforces JWE cannot be used`,
  };
}

/** How far our clock is from the vendor's, where that alone makes a token invalid; null where it does not, or where nothing tells. */
function clockOff({ headers }: HttpReply, nowMs: number, jwtTtl: number): string | null {
  const theirs = Date.parse(headers['date'] ?? '');
  if (Number.isNaN(theirs)) return null;
  const aheadMs = nowMs - theirs;
  if (aheadMs > 60_000) return `${Math.round(aheadMs / 60_000)} min ahead of the vendor's`;
  return -aheadMs >= jwtTtl ? `${Math.round(-aheadMs / 60_000)} min behind the vendor's` : null;
}

function noBot({ botId }: KoreaiOptions): Meaning {
  const next = 'check botId (st-…), and that the app of clientId belongs to that bot';
  return { code: 'BOT_NOT_FOUND', message: `Kore.ai knows no bot ${botId ?? ''}`, next };
}

/** Without the vendor's own error a 404 proves nothing: a proxy's must not pass for "gone". */
function notFound({ remoteId }: ApiRequest, failure: Failure | null, options: KoreaiOptions): Meaning {
  if (failure === null) {
    const next = 'check baseUrl, publicPrefix and entity';
    return { code: 'REPLY_INVALID', message: "a 404 that is not the vendor's own: the path may be wrong", next, facts: { effect: 'none' } };
  }
  if (remoteId !== undefined) return { code: 'REMOTE_GONE', message: `${remoteId} is not at Kore.ai` };
  return { ...noBot(options), next: 'check botId, and publicPrefix and entity, which make the path' };
}
