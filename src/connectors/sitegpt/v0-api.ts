// One request to SiteGPT's v0 API: path, account key, envelope, and what its error codes mean. The code decides; the status only where it is silent.
import type { z } from 'zod';
import { type ErrorCode, type ErrorFacts, SyncError } from '../../model/error.ts';
import type { Json } from '../../model/json.ts';
import type { Call, HttpReply, HttpRequest, Tools } from '../connector.ts';
import type { SitegptOptions } from './options.ts';
import { envelopeV0, type FailureV0, failureV0 } from './v0-schema.ts';

/** One call of the v0 API, below `/api/v0/chatbots/{id}`. */
export interface RequestV0 {
  /** For people: "setting the text". */
  readonly what: string;
  readonly intent: HttpRequest['intent'];
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** What a 404 without a code is about; default the chatbot. */
  readonly about?: 'thread';
  readonly query?: { readonly [name: string]: string | number };
  readonly json?: Json;
  readonly timeoutMs?: number;
}

/** Sends one request and gives back its validated `data`. */
export type SendV0 = <T>(schema: z.ZodType<T>, request: RequestV0, call: Call) => Promise<T>;

/** The calls of one chatbot. Throws SyncError as `meaning` says, REPLY_INVALID for what is no v0 reply, and what transport throws. */
export function bindApiV0(options: SitegptOptions, tools: Tools): SendV0 {
  return async (schema, request, call) => {
    const chatbotId = needed(options.chatbotId, 'chatbotId');
    const apiKey = needed(options.apiKey, 'apiKey');
    const { intent, method, query, json, timeoutMs } = request;
    const reply = await tools.http(
      {
        intent,
        method,
        path: `/api/v0/chatbots/${encodeURIComponent(chatbotId)}${request.path}`,
        headers: { authorization: `Bearer ${apiKey}`, accept: 'application/json' },
        ...(query === undefined ? {} : { query }),
        ...(json === undefined ? {} : { json }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        onError: (answer) => refusal(request, answer, options),
      },
      call,
    );
    const body = envelopeV0.safeParse(reply.json());
    if (!body.success) throw invalid(request, reply, options, 'it has no success: a proxy or another API may have answered');
    if (!body.data.success)
      throw refusal(request, reply, options) ?? invalid(request, reply, options, 'it says success: false without an error that we know');
    const parsed = schema.safeParse(body.data.data);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    const place = issue === undefined || issue.path.length === 0 ? 'data' : `data.${issue.path.join('.')}`;
    throw invalid(request, reply, options, `${place}: ${issue?.message}`);
  };
}

function needed(value: string | undefined, key: string): string {
  if (value !== undefined) return value;
  throw new SyncError('CONFIG_INVALID', { message: `${key} of the SiteGPT target (apiVersion v0) is not set`, facts: { stops: 'target' } });
}

function invalid(request: RequestV0, reply: HttpReply, options: SitegptOptions, why: string): SyncError {
  return new SyncError('REPLY_INVALID', {
    message: `${request.what}: SiteGPT's answer (HTTP ${reply.status}) is not what v0 documents: ${why}`,
    vendor: without(reply.text.replace(/<[^<>]*>/g, ' ').replace(/\s+/g, ' '), options),
    facts: request.intent === 'read' ? { effect: 'none' } : {},
  });
}

interface Meaning {
  readonly code: ErrorCode;
  readonly message: string;
  readonly next?: string;
  readonly facts?: Partial<ErrorFacts>;
}

/** Null where the common table of statuses decides: 429, 5xx and others without a v0 error. */
function refusal(request: RequestV0, reply: HttpReply, options: SitegptOptions): SyncError | null {
  const error = failureOf(reply);
  if (error === null) return reply.status === 404 ? notServed(request, reply, options) : null;
  const found = meaning(error.code ?? '', reply.status, request, options.chatbotId ?? '');
  if (found === null) return null;
  return new SyncError(found.code, {
    message: `${request.what}: ${found.message}`,
    vendor: without(words(error), options),
    ...(found.next === undefined ? {} : { next: found.next }),
    facts: { ...(reply.retryAfterMs === null ? {} : { retryAfterMs: reply.retryAfterMs }), ...found.facts },
    data: { status: reply.status, vendorCode: error.code ?? '' },
  });
}

/** Codes: [public P1]; that the status belongs to them is [assumed], so quota is keyed on the code alone. */
function meaning(code: string, status: number, request: RequestV0, chatbotId: string): Meaning | null {
  if (code === 'API_KEY_NOT_VALID' || status === 401) {
    const next = 'set apiKey to the account API key of v0; a token of v2 (sgpt_…) is none';
    return { code: 'CREDENTIALS_REFUSED', message: 'SiteGPT refused the API key', next };
  }
  if (code.endsWith('_LIMIT_REACHED')) return { code: 'QUOTA_EXHAUSTED', message: `the SiteGPT account is full (${code})` };
  if (code === 'RATE_LIMIT_EXCEEDED') return { code: 'RATE_LIMITED', message: 'SiteGPT asks to slow down' };
  if (code === 'CHATBOT_FETCH_FORBIDDEN') return noBot(chatbotId, 'the API key is not for');
  if (status === 429 || status >= 500) return null;
  if (request.about === 'thread' && status === 404 && code !== 'CHATBOT_NOT_FOUND') {
    return { code: 'REMOTE_GONE', message: 'SiteGPT no longer knows the conversation' };
  }
  if (code === 'CHATBOT_NOT_FOUND' || status === 404) return noBot(chatbotId, 'SiteGPT knows no');
  if (status === 405) return gone(code);
  if (status === 413)
    return {
      code: 'DOCUMENT_TOO_LARGE',
      message: 'SiteGPT calls the text too large',
      next: 'lower customContent.maxChars, or use apiVersion v2',
    };
  const named = [code, `HTTP ${status}`].filter((word) => word !== '').join(', ');
  if (status === 403) return { code: 'CREDENTIALS_REFUSED', message: `SiteGPT does not let this key do it (${named})` };
  return { code: 'REQUEST_REFUSED', message: `SiteGPT refused the request (${named})`, facts: { stops: 'target' } };
}

function noBot(chatbotId: string, start: string): Meaning {
  return {
    code: 'BOT_NOT_FOUND',
    message: `${start} chatbot ${chatbotId}`,
    next: 'check chatbotId, and that apiKey is of the same account',
  };
}

function gone(code: string): Meaning {
  const next = 'v0 is called legacy by the vendor and may have ended: use apiVersion v2 with token';
  return {
    code: 'REQUEST_REFUSED',
    message: `SiteGPT does not serve this call${code === '' ? '' : ` (${code})`}`,
    next,
    facts: { stops: 'target' },
  };
}

/** Without the envelope a 404 is no word about the chatbot: the call itself may be gone, or a proxy has answered. */
function notServed(request: RequestV0, reply: HttpReply, options: SitegptOptions): SyncError {
  const { message, next } = gone('');
  return new SyncError('REPLY_INVALID', {
    message: `${request.what}: ${message}: a 404 without its envelope`,
    vendor: without(reply.text.replace(/<[^<>]*>/g, ' ').replace(/\s+/g, ' '), options),
    ...(next === undefined ? {} : { next: `check baseUrl; ${next}` }),
    facts: { effect: 'none' },
  });
}

function failureOf(reply: HttpReply): FailureV0 | null {
  let body: unknown;
  try {
    body = JSON.parse(reply.text);
  } catch {
    return null;
  }
  const parsed = envelopeV0.safeParse(body);
  if (!parsed.success || parsed.data.success) return null;
  const error = failureV0.safeParse(parsed.data.error ?? {});
  return { message: parsed.data.message, ...(error.success ? error.data : {}) };
}

const maxWords = 500;

function words({ code, message, details }: FailureV0): string {
  const listed = Array.isArray(details)
    ? details.map((detail) => (typeof detail === 'string' ? detail : JSON.stringify(detail))).join('; ')
    : '';
  return [code, message, listed].filter((word) => word !== undefined && word !== null && word !== '').join(': ');
}

function without(text: string, { apiKey }: SitegptOptions): string | null {
  const safe = (apiKey === undefined ? text : text.replaceAll(apiKey, '***')).trim();
  return safe === '' ? null : safe.slice(0, maxWords);
}
