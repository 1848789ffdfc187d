// One request to SiteGPT's v2 API: path, token, envelope, and what its error codes mean. The code decides; the status only where it is silent.
import type { z } from 'zod';
import { type ErrorCode, type ErrorFacts, SyncError } from '../../model/error.ts';
import type { Json } from '../../model/json.ts';
import type { Call, HttpReply, HttpRequest, Tools } from '../connector.ts';
import type { SitegptOptions } from './options.ts';
import { envelope, type Failure, failure } from './schema.ts';

/** One call of the v2 API. */
export interface ApiRequest {
  /** For people: "listing documents". */
  readonly what: string;
  readonly intent: HttpRequest['intent'];
  readonly method: HttpRequest['method'];
  /** Below `/api/v2/chatbots/{id}`, or below `/api/v2` where `account` is set. */
  readonly path: string;
  readonly account?: boolean;
  /** The scope that the call needs [public P12], named where it is refused. */
  readonly scope: string;
  /** The document that a refusal is about, as people know it: makes a refused write the document's matter. */
  readonly document?: string;
  /** The document whose path this is: makes a 404 mean that it is gone. */
  readonly remoteId?: string;
  readonly query?: { readonly [name: string]: string | number };
  readonly json?: Json;
  readonly timeoutMs?: number;
}

/** Sends one request and gives back its validated `data`. */
export type Send = <T>(schema: z.ZodType<T>, request: ApiRequest, call: Call) => Promise<T>;

/** The calls of one chatbot. Throws SyncError as `meaning` below says, REPLY_INVALID for what is no v2 reply, and what transport throws. */
export function bindApi(options: SitegptOptions, tools: Tools): Send {
  return async (schema, request, call) => {
    const chatbotId = needed(options.chatbotId, 'chatbotId');
    const token = needed(options.token, 'token');
    const { intent, method, query, json, timeoutMs } = request;
    const reply = await tools.http(
      {
        intent,
        method,
        path: `/api/v2${request.account === true ? '' : `/chatbots/${encodeURIComponent(chatbotId)}`}${request.path}`,
        headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
        ...(query === undefined ? {} : { query }),
        ...(json === undefined ? {} : { json }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        onError: (answer) => refusal(request, answer, chatbotId),
      },
      call,
    );
    return understood(schema, request, reply, chatbotId);
  };
}

/** Whether an error says that the token lacks a scope. */
export function lacksScope(error: unknown): error is SyncError {
  return error instanceof SyncError && error.data['vendorCode'] === 'TOKEN_SCOPE_NOT_ALLOWED';
}

function needed(value: string | undefined, key: string): string {
  if (value !== undefined) return value;
  throw new SyncError('CONFIG_INVALID', { message: `${key} of the SiteGPT target is not set`, facts: { stops: 'target' } });
}

function understood<T>(schema: z.ZodType<T>, request: ApiRequest, reply: HttpReply, chatbotId: string): T {
  const body = envelope.safeParse(reply.json());
  if (!body.success) throw invalid(request, reply, 'it has no ok: a proxy or another API may have answered');
  if (!body.data.ok) throw refusal(request, reply, chatbotId) ?? invalid(request, reply, 'it says ok: false without an error that we know');
  const parsed = schema.safeParse(body.data.data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid(
    request,
    reply,
    `data${issue === undefined || issue.path.length === 0 ? '' : `.${issue.path.join('.')}`}: ${issue?.message}`,
  );
}

function invalid(request: ApiRequest, reply: HttpReply, why: string): SyncError {
  return new SyncError('REPLY_INVALID', {
    message: `${request.what}: SiteGPT's answer (HTTP ${reply.status}) is not what it documents: ${why}`,
    vendor: reply.text.trim().slice(0, maxWords) || null,
    facts: request.intent === 'read' ? { effect: 'none' } : {},
  });
}

/** Null where the common table of statuses decides: 429, 5xx and others without a v2 error. */
function refusal(request: ApiRequest, reply: HttpReply, chatbotId: string): SyncError | null {
  const error = failureOf(reply);
  // Without the envelope a 404 proves nothing: a proxy's must not pass for "already gone".
  if (error === null) return reply.status === 404 ? invalid(request, reply, 'a 404 without its envelope') : null;
  const code = error.code ?? '';
  const found = meaning(code, reply.status, request, chatbotId);
  if (found === null) return null;
  return new SyncError(found.code, {
    message: `${request.what}: ${found.message}`,
    vendor: words(error),
    ...(found.next === undefined ? {} : { next: found.next }),
    facts: { ...(reply.retryAfterMs === null ? {} : { retryAfterMs: reply.retryAfterMs }), ...found.facts },
    data: { status: reply.status, vendorCode: code },
  });
}

interface Meaning {
  readonly code: ErrorCode;
  readonly message: string;
  readonly next?: string;
  readonly facts?: Partial<ErrorFacts>;
}

/** The codes: [public P9, P14] and the vendor's test stubs; an unknown code falls back to what its status means in v0 [public P1]. */
function meaning(code: string, status: number, request: ApiRequest, chatbotId: string): Meaning | null {
  if (code === 'TOKEN_SCOPE_NOT_ALLOWED') {
    const message = `the SiteGPT token lacks the scope ${request.scope}`;
    return { code: 'CREDENTIALS_REFUSED', message, next: `make a token with ${request.scope} and set it as token` };
  }
  if (code === 'AUTHORIZATION_HEADER_REQUIRED' || code === 'TOKEN_NOT_VALID' || status === 401) {
    const next =
      'make a new token in the dashboard of SiteGPT, and put it where this one stands (tokens expire after a year at the latest; an API key of v0 is no token)';
    return { code: 'CREDENTIALS_REFUSED', message: 'SiteGPT refused the token', next };
  }
  // Keyed on the code, never on the status: a full account may come as 403 [assumed].
  if (code.endsWith('_LIMIT_REACHED')) return { code: 'QUOTA_EXHAUSTED', message: `the SiteGPT account is full (${code})` };
  if (code === 'RATE_LIMIT_EXCEEDED') return { code: 'RATE_LIMITED', message: 'SiteGPT asks to slow down' };
  if (status === 429 || status >= 500) return null;
  if (code === 'CHATBOT_NOT_FOUND') return noBot(chatbotId);
  if (request.remoteId !== undefined && (code === 'DOCUMENT_NOT_FOUND' || status === 404)) {
    return { code: 'REMOTE_GONE', message: `document ${request.remoteId} is no longer at SiteGPT` };
  }
  if (status === 404) return noBot(chatbotId);
  if (status === 413) return { code: 'DOCUMENT_TOO_LARGE', message: 'SiteGPT calls the document too large' };
  if (status === 403) return { code: 'CREDENTIALS_REFUSED', message: `SiteGPT does not let this token do it (${code})` };
  if (request.document !== undefined && (code === 'VALIDATION_FAILED' || status === 400 || status === 422)) {
    return { code: 'DOCUMENT_REFUSED', message: `SiteGPT refused ${request.document} (${code})` };
  }
  return { code: 'REQUEST_REFUSED', message: `SiteGPT refused the request (${code}, HTTP ${status})` };
}

function noBot(chatbotId: string): Meaning {
  const next = 'check chatbotId, and that the token is tied to this chatbot';
  return { code: 'BOT_NOT_FOUND', message: `SiteGPT knows no chatbot ${chatbotId} for this token`, next };
}

function failureOf(reply: HttpReply): Failure | null {
  let body: unknown;
  try {
    body = JSON.parse(reply.text);
  } catch {
    return null;
  }
  const parsed = envelope.safeParse(body);
  if (!parsed.success || parsed.data.ok) return null;
  const error = failure.safeParse(parsed.data.error ?? {});
  return error.success ? error.data : {};
}

const maxWords = 500;

function words({ code, message, hint, details }: Failure): string | null {
  const listed = Array.isArray(details) ? details.filter((detail) => typeof detail === 'string').join('; ') : '';
  const text = [code, message, hint, listed].filter((word) => word !== undefined && word !== null && word !== '').join(': ');
  return text === '' ? null : text.slice(0, maxWords);
}
