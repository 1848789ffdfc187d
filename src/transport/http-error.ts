// Answers and socket failures → SyncError: one table for status codes, one rule for what never became an answer.
// Owns the vendor's own words too: found in the body, cleaned, redacted, bounded. Knows no vendor; a connector's `onError` overrides the table.
import type { HttpReply, HttpRequest, Intent } from '../connectors/connector.ts';
import { type ErrorCode, type ErrorFacts, errorTable, SyncError } from '../model/error.ts';

/** Takes every known secret out of a text. */
export type Redact = (text: string) => string;

/** What an error needs to know of the attempt that failed. */
export interface Attempted {
  readonly request: Pick<HttpRequest, 'intent' | 'method' | 'path'>;
  readonly origin: string;
  readonly redact: Redact;
}

type Effect = ErrorFacts['effect'];

interface StatusRow {
  readonly code: ErrorCode;
  readonly effect: Effect;
  readonly next?: string;
}

/** Status code → error. What is not listed goes by its hundred. 408: a gateway may have passed the request on before it gave up waiting. */
const statusTable: { readonly [status: number]: StatusRow } = {
  300: { code: 'REPLY_INVALID', effect: 'unconfirmed' },
  301: { code: 'REPLY_INVALID', effect: 'none' },
  304: { code: 'REPLY_INVALID', effect: 'none' },
  307: { code: 'REPLY_INVALID', effect: 'none' },
  308: { code: 'REPLY_INVALID', effect: 'none' },
  400: { code: 'REQUEST_REFUSED', effect: 'none' },
  401: { code: 'CREDENTIALS_REFUSED', effect: 'none' },
  402: { code: 'QUOTA_EXHAUSTED', effect: 'none' },
  403: { code: 'CREDENTIALS_REFUSED', effect: 'none' },
  407: { code: 'TARGET_UNREACHABLE', effect: 'none', next: 'put user and password into HTTPS_PROXY' },
  408: { code: 'VENDOR_FAILED', effect: 'unconfirmed' },
  413: { code: 'DOCUMENT_TOO_LARGE', effect: 'none' },
  425: { code: 'VENDOR_FAILED', effect: 'none' },
  429: { code: 'RATE_LIMITED', effect: 'none' },
  500: { code: 'VENDOR_FAILED', effect: 'unconfirmed' },
};

/** Rows that hold for a whole hundred. */
function rowOf(status: number): StatusRow {
  const hundred = status >= 300 && status < 600 ? Math.floor(status / 100) * 100 : 300;
  return statusTable[status] ?? statusTable[hundred] ?? { code: 'REPLY_INVALID', effect: 'unconfirmed' };
}

/** A read has no effect whatever becomes of it. */
export function effectOf(intent: Intent, effect: Effect): Effect {
  return intent === 'read' ? 'none' : effect;
}

function stopsOf(code: ErrorCode, intent: Intent): ErrorFacts['stops'] {
  // A refused write is about what was written; a refused read or question is about the target.
  if (code === 'REQUEST_REFUSED') return intent === 'create' || intent === 'repeatable' ? 'document' : 'target';
  return errorTable[code].facts.stops;
}

/** `POST /v1/items`: never the query, which may hold keys. */
function nameOf({ request, redact }: Attempted): string {
  return redact(`${request.method} ${request.path}`);
}

/** The common table: an answer outside 2xx as an error. */
export function errorOfStatus(reply: HttpReply, attempted: Attempted): SyncError {
  const row = rowOf(reply.status);
  const { intent } = attempted.request;
  const redirect = reply.status >= 300 && reply.status < 400 && reply.status !== 304;
  // What is sent on to another server was not done here. Within one, a form may have been taken before it leads on.
  const effect = reply.status === 302 && leadsElsewhere(reply, attempted.origin) ? 'none' : row.effect;
  const what = redirect ? redirectOf(reply, attempted) : errorTable[row.code].what;
  return new SyncError(row.code, {
    message: `${nameOf(attempted)}: ${reply.status}, ${what}`,
    vendor: vendorWords(reply.text, attempted.redact),
    ...(row.next === undefined ? {} : { next: row.next }),
    data: { status: reply.status, ...(redirect && { stranger: true }) },
    facts: {
      effect: effectOf(intent, effect),
      stops: stopsOf(row.code, intent),
      retryAfterMs: reply.status === 429 || reply.status === 503 ? reply.retryAfterMs : null,
    },
  });
}

function leadsElsewhere(reply: HttpReply, origin: string): boolean {
  const to = destinationOf(reply, origin);
  return to !== null && URL.canParse(origin) && to !== new URL(origin).origin;
}

function destinationOf({ headers: { location } }: HttpReply, origin: string): string | null {
  return location !== undefined && URL.canParse(location, origin) ? new URL(location, origin).origin : null;
}

function redirectOf(reply: HttpReply, { origin, redact }: Attempted): string {
  const to = destinationOf(reply, origin) ?? 'an address that cannot be read';
  return redact(`sent on to ${to}, which is not followed: the credential would go with it`);
}

// ── what never became an answer ───────────────────────────────────────────────────────────────────────────────────────

/** Errors that can only come before a request is sent. Used where nobody watched the socket. */
const beforeSending =
  /^(ECONNREFUSED|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EPROTO$|CERT_|ERR_TLS_|ERR_SSL_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH)/;
const certificate = /^(CERT_|ERR_TLS_|ERR_SSL_|EPROTO$|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH)/;
const notHttp = /^(HPE_|Z_|ERR_BROTLI|ERR__ERROR_FORMAT|ERR_PADDING)/;
const cannotBeSent = /^(ERR_INVALID_(CHAR|ARG|HTTP|URL)|ERR_UNESCAPED_CHARACTERS|ERR_HTTP_INVALID)/;

/** Node's own messages name addresses or nothing at all (several addresses tried); these say it in words. */
const wordsOfCode: { readonly [code: string]: string } = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name cannot be looked up now',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no network',
  ECONNRESET: 'the connection was lost',
  EPIPE: 'the connection was lost',
  ETIMEDOUT: 'no answer in time',
};

/** Whether something thrown is a failure of the wire (it has a system's code), and not ours or a bug. */
export function isWireError(thrown: unknown): thrown is Error & { readonly code: string } {
  return thrown instanceof Error && !(thrown instanceof SyncError) && 'code' in thrown && typeof thrown.code === 'string';
}

/**
 * A failure of the wire as an error. `sent`: whether the request had a connection to go out on; null: nobody watched, the code decides.
 * The original is not kept as the cause: the client's errors hold headers and address.
 */
export function errorOfWire(thrown: Error & { readonly code?: string }, sent: boolean | null, attempted: Attempted): SyncError {
  const code = thrown.code ?? '';
  const before = sent === null ? beforeSending.test(code) || cannotBeSent.test(code) : !sent;
  const facts = { effect: effectOf(attempted.request.intent, before ? 'none' : 'unconfirmed') };
  const words = `${wordsOfCode[code] ?? attempted.redact(clean(thrown.message)).slice(0, 200)}${code === '' ? '' : ` (${code})`}`;
  const said = `${nameOf(attempted)}: `;
  if (before && cannotBeSent.test(code)) {
    const next = 'look for line breaks or odd characters in the keys of this target';
    return new SyncError('CONFIG_INVALID', {
      message: `${said}the request cannot be sent: ${words}`,
      next,
      facts: { ...facts, stops: 'target' },
    });
  }
  if (notHttp.test(code))
    return new SyncError('REPLY_INVALID', { message: `${said}the answer of ${attempted.origin} cannot be read: ${words}`, facts });
  const message = `${said}${attempted.origin} ${before ? 'cannot be reached' : 'gave no answer'}: ${words}`;
  if (!certificate.test(code)) return new SyncError('TARGET_UNREACHABLE', { message, facts });
  const next = 'check baseUrl and the clock; for a certificate authority of your own set NODE_EXTRA_CA_CERTS';
  return new SyncError('TARGET_UNREACHABLE', { message, next, facts });
}

/** The attempt's time is up. */
export function timedOut(timeoutMs: number, sent: boolean | null, attempted: Attempted): SyncError {
  const before = sent === false;
  return new SyncError('TARGET_UNREACHABLE', {
    message: `${nameOf(attempted)}: ${attempted.origin} gave no ${before ? 'connection' : 'answer'} within ${timeoutMs / 1000} s`,
    facts: { effect: effectOf(attempted.request.intent, before ? 'none' : 'unconfirmed') },
  });
}

/** The proxy of the environment would not connect: the vendor has heard nothing. */
export function refusedByProxy(status: number, attempted: Attempted): SyncError {
  const login = status === 407;
  return new SyncError('TARGET_UNREACHABLE', {
    message: `${nameOf(attempted)}: the proxy that HTTPS_PROXY names does not connect to ${attempted.origin}: ${status}`,
    next: login ? 'put user and password into HTTPS_PROXY' : 'have the proxy let it through, or list its host in NO_PROXY',
    facts: { effect: 'none' },
  });
}

/** Stopped by its signal. effect: what is known of the request at that moment. */
export function aborted(effect: Effect = 'none'): SyncError {
  return new SyncError('ABORTED', { facts: { effect } });
}

/** An answer that is not what was asked for (not JSON, too large). */
export function invalidReply(what: string, text: string, attempted: Attempted, data: { readonly [name: string]: boolean } = {}): SyncError {
  return new SyncError('REPLY_INVALID', {
    message: `${nameOf(attempted)}: ${what}`,
    vendor: plainWords(text, attempted.redact, 200),
    data,
    facts: { effect: effectOf(attempted.request.intent, 'unconfirmed') },
  });
}

// ── the vendor's own words ────────────────────────────────────────────────────────────────────────────────────────────

/** Where vendors put a sentence, best first. */
const wordKeys = ['message', 'detail', 'error_description', 'error', 'errors', 'description', 'details', 'msg', 'reason', 'title', 'code'];

/** What the vendor said, from the usual places of a JSON body, else the text without tags; at most 300 characters; null: nothing. */
export function vendorWords(text: string, redact: Redact): string | null {
  const found = wordsIn(parsed(text), 0);
  return plainWords(found ?? text, redact, 300);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function wordsIn(body: unknown, depth: number): string | null {
  if (typeof body === 'string') return depth > 0 && body.trim() !== '' ? body : null;
  if (typeof body !== 'object' || body === null || depth > 3) return null;
  if (Array.isArray(body)) {
    const said = body.slice(0, 5).map((each) => wordsIn(each, depth + 1));
    return said.filter((each) => each !== null).join('; ') || null;
  }
  const record = body as { readonly [key: string]: unknown };
  const nested = record['error'];
  // `{error: {message}}` says more than a bare top-level message beside it.
  if (typeof nested === 'object' && nested !== null) {
    const words = wordsIn(nested, depth + 1);
    if (words !== null) return words;
  }
  for (const key of wordKeys) {
    const words = wordsIn(record[key], depth + 1);
    if (words !== null) return words;
  }
  return null;
}

/** Redacted before it is cut, so that no half of a secret stays, and after it is cleaned, so that no secret is put together again. */
function plainWords(text: string, redact: Redact, limit: number): string | null {
  const start = redact(text).slice(0, 16_000);
  const bare = start.replace(/<(script|style)[\s>][\s\S]*?<\/\1>/gi, ' ').replace(/<[^<>]*>/g, ' ');
  const words = redact(clean(bare));
  if (words === '') return null;
  return words.length <= limit ? words : `${words.slice(0, limit - 1)}…`;
}

function clean(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The same error without any secret; the very same object where there was none. Connectors make errors too. */
export function withoutSecrets(error: SyncError, redact: Redact): SyncError {
  const message = redact(error.message);
  const vendor = error.vendor === null ? null : redact(error.vendor);
  const next = redact(error.next);
  const data = JSON.stringify(error.data);
  const safeData = redact(data) === data;
  if (message === error.message && vendor === error.vendor && next === error.next && safeData) return error;
  return new SyncError(error.code, { message, vendor, next, facts: error.facts, data: safeData ? error.data : {} });
}
