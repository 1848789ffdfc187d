// One request to ReplyCX's API: path, token, the `ok` beside the data, and what its codes mean. The code decides before the status;
// a 2xx may carry a failure whose status stands in the body alone.
import type { z } from 'zod';
import { type ErrorCode, type ErrorFacts, SyncError } from '../../model/error.ts';
import type { Json } from '../../model/json.ts';
import type { Call, HttpReply, HttpRequest, Tools } from '../connector.ts';
import type { ReplycxOptions } from './options.ts';
import { envelope, type Failure, failure } from './schema.ts';

/** Mixed prefixes are real [seed]; the plural of deleteSources is as the siblings have it [sibling S1]. */
export const paths = {
  upload: (kb: string) => `/api/v1/ai/knowledge-base/${kb}/upload/sources`,
  status: () => '/api/v1/ai/status/sources',
  deleteSources: (kb: string) => `/v1/ai/knowledge-bases/${kb}/data-sources`,
  details: (kb: string) => `/v1/ai/knowledge-base/${kb}`,
  bots: (account: string) => `/v1/accounts/${account}/bots`,
} as const;

export interface ApiRequest {
  /** For people: "uploading a.md". */
  readonly what: string;
  readonly intent: HttpRequest['intent'];
  readonly method: HttpRequest['method'];
  readonly path: string;
  /** What a refusal is about: an upload of documents, a call that may not be there (its 404 is ABSENT), the account, or the rest. */
  readonly about: 'upload' | 'feature' | 'account' | 'sources';
  readonly query?: { readonly [name: string]: string | number };
  readonly headers?: { readonly [name: string]: string };
  readonly json?: Json;
  readonly form?: () => FormData;
  /** A 2xx without a body is a success. */
  readonly mayBeEmpty?: boolean;
}

/** Sends one request and gives back its validated reply. */
export type Send = <T>(schema: z.ZodType<T>, request: ApiRequest, call: Call) => Promise<T>;

/** Throws SyncError as `meaning` says, REPLY_INVALID for what is no reply of the API, and what transport throws. */
export function bindApi(options: ReplycxOptions, tools: Tools): Send {
  return async (schema, request, call) => {
    const { intent, method, path, query, json, form } = request;
    const reply = await tools.http(
      {
        intent,
        method,
        path,
        headers: { ...request.headers, authorization: `Bearer ${needed(options.token, 'token')}`, accept: 'application/json' },
        ...(query === undefined ? {} : { query }),
        ...(json === undefined ? {} : { json }),
        ...(form === undefined ? {} : { form }),
        onError: (answer) => refusal(request, answer, options),
      },
      call,
    );
    const empty = request.mayBeEmpty === true && reply.text.trim() === '';
    return understood(schema, empty ? { ok: true } : reply.json(), { request, reply, options });
  };
}

/** The value of a key that must be set. Throws CONFIG_INVALID. */
export function needed(value: string | undefined, key: string): string {
  if (value !== undefined) return value;
  throw new SyncError('CONFIG_INVALID', { message: `${key} of the ReplyCX target is not set`, facts: { stops: 'target' } });
}

/** The knowledge base as a segment of a path. */
export function knowledgeBase({ knowledgeBaseId }: ReplycxOptions): string {
  return encodeURIComponent(needed(knowledgeBaseId, 'knowledgeBaseId'));
}

/** Whether an error says that this ReplyCX does not serve a call that only its siblings document. */
export function isAbsent(error: unknown): error is SyncError {
  return error instanceof SyncError && error.data['absent'] === true;
}

/** The HTTP status (or the body's own) that an error of ours was made from, or null. */
export function statusOf(error: SyncError): number | null {
  const status = error.data['status'];
  return typeof status === 'number' ? status : null;
}

interface Exchanged {
  readonly request: ApiRequest;
  readonly reply: HttpReply;
  readonly options: ReplycxOptions;
}

function understood<T>(schema: z.ZodType<T>, value: Json, exchanged: Exchanged): T {
  const { request, reply, options } = exchanged;
  const body = envelope.safeParse(value);
  if (!body.success) throw invalid(exchanged, 'it has no ok: a proxy or another API may have answered', { stranger: true });
  if (!body.data.ok) throw refusal(request, reply, options) ?? unsuccessful(exchanged);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid(exchanged, `${issue?.path.join('.') || 'its root'}: ${issue?.message}`);
}

function invalid({ request, reply, options }: Exchanged, why: string, data: { readonly stranger?: true } = {}): SyncError {
  return new SyncError('REPLY_INVALID', {
    data,
    message: `${request.what}: ReplyCX's answer (HTTP ${reply.status}) is not what it documents: ${why}`,
    vendor: words(failureOf(reply), reply, options),
    facts: request.intent === 'read' ? { effect: 'none' } : {},
  });
}

/** `ok: false` in a 2xx without a code that we know: whether something was done all the same is not said. */
function unsuccessful({ request, reply, options }: Exchanged): SyncError {
  return new SyncError('VENDOR_FAILED', {
    message: `${request.what}: ReplyCX answered HTTP ${reply.status} with ok: false`,
    vendor: words(failureOf(reply), reply, options),
    facts: request.intent === 'read' ? { effect: 'none' } : {},
  });
}

// ── refusals ──────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Meaning {
  readonly code: ErrorCode;
  readonly message: string;
  readonly next?: string;
  readonly facts?: Partial<ErrorFacts>;
  readonly absent?: true;
}

/** Null where the common table of statuses decides: 402, 5xx and what is rarer. */
function refusal(request: ApiRequest, reply: HttpReply, options: ReplycxOptions): SyncError | null {
  const said = failureOf(reply);
  const http = reply.status >= 200 && reply.status < 300 ? null : reply.status;
  const status = http ?? said?.status ?? ((said?.code ?? said?.error) === 'BAD_REQUEST' ? 400 : null);
  const code = said?.code ?? said?.error ?? '';
  const spoken = words(said, reply, options);
  const found = meaning({ code, status, spoken: spoken ?? '', inBody: http === null }, request, options);
  if (found === null) return null;
  return new SyncError(found.code, {
    message: `${request.what}: ${found.message}${status === null ? '' : ` (${http === null ? 'status' : 'HTTP'} ${status})`}`,
    vendor: spoken,
    ...(found.next === undefined ? {} : { next: found.next }),
    facts: { ...(reply.retryAfterMs === null ? {} : { retryAfterMs: reply.retryAfterMs }), ...found.facts },
    data: { ...(status === null ? {} : { status }), vendorCode: code, ...(found.absent === undefined ? {} : { absent: true }) },
  });
}

interface Said {
  readonly code: string;
  readonly status: number | null;
  readonly spoken: string;
  /** The status stands in the body of a 2xx: the common table never saw it. */
  readonly inBody: boolean;
}

/** The codes are [public R1] unless a line says otherwise. */
function meaning({ code, status, spoken, inBody }: Said, request: ApiRequest, options: ReplycxOptions): Meaning | null {
  if (code === 'UNAUTHORIZED_FEATURE') {
    const message = "the account's plan does not include ReplyCX's knowledge-base API; the token is not at fault";
    return { code: 'CREDENTIALS_REFUSED', message, next: 'ask ReplyCX support to switch the API on for the account' };
  }
  if (code === 'JWT_SIGNATURE_EXCEPTION' || status === 401 || status === 403) {
    const next = 'set token to the one in Settings → Account Settings → Developer; it belongs to one account';
    return { code: 'CREDENTIALS_REFUSED', message: 'ReplyCX refused the token', next };
  }
  if (code === 'ACCOUNT_DETAILS_NOT_FOUND') {
    const next = options.accountId === null ? 'check the token' : 'check accountId, and that token is of the same account';
    return { code: 'BOT_NOT_FOUND', message: 'ReplyCX does not find the account', next };
  }
  if (code === 'KNOWLEDGE_BASE_NOT_FOUND') return noKnowledgeBase(options, 'ReplyCX knows no');
  if (code === 'TOO_MANY_REQUESTS' || status === 429) return { code: 'RATE_LIMITED', message: 'ReplyCX asks to slow down' };
  if (status === 413 || /SIZE_EXCEEDED|TOO_LARGE/.test(code))
    return { code: 'DOCUMENT_TOO_LARGE', message: 'ReplyCX calls the upload too large' };
  // Plans limit files, tokens and knowledge bases [assumed, sibling S1, S2].
  if (status === 402 || /(?:EXCEEDED|LIMIT_REACHED|QUOTA)/.test(code)) {
    return { code: 'QUOTA_EXHAUSTED', message: `the ReplyCX account is full (${code || 'HTTP 402'})` };
  }
  if (status === null || status >= 500) return null;
  if (request.about === 'feature' && (status === 404 || status === 405)) {
    const message = 'this ReplyCX does not serve the call, which only its sibling brands document';
    return {
      code: 'REQUEST_REFUSED',
      message,
      next: 'switch it off in features of the target',
      facts: { retry: 'later', stops: 'document' },
      absent: true,
    };
  }
  if (status === 404 || status === 405) {
    const next = 'check baseUrl: https://api.reply.cx, or https://app.reply.cx';
    if (request.about === 'account')
      return { code: 'BOT_NOT_FOUND', message: 'ReplyCX does not find the account', next: `check accountId; ${next}` };
    return { ...noKnowledgeBase(options, 'ReplyCX does not find'), next };
  }
  if (status === 400 || status === 422) return malformed(spoken, request, options);
  return inBody ? { code: 'REQUEST_REFUSED', message: `ReplyCX refused the request (${code})`, facts: { stops: 'target' } } : null;
}

/** BAD_REQUEST means "the knowledge base belongs to another account"; that a bad file is answered so, too, is [assumed]. */
function malformed(spoken: string, request: ApiRequest, options: ReplycxOptions): Meaning {
  const lower = spoken.toLowerCase();
  const foreign = options.foreignWords.some((word) => lower.includes(word.toLowerCase()));
  if (foreign || (request.about === 'feature' && request.intent === 'read')) return noKnowledgeBase(options, 'the token is not for');
  if (request.about === 'upload') return { code: 'DOCUMENT_REFUSED', message: 'ReplyCX refused it' };
  const stops = request.about === 'feature' ? 'document' : 'target';
  return { code: 'REQUEST_REFUSED', message: 'ReplyCX calls the request malformed', facts: { stops } };
}

function noKnowledgeBase({ knowledgeBaseId }: ReplycxOptions, start: string): Meaning {
  const next = "check knowledgeBaseId (the number in the dashboard's address of the knowledge base), and that token is of the same account";
  return { code: 'BOT_NOT_FOUND', message: `${start} knowledge base ${knowledgeBaseId ?? ''}`, next };
}

function failureOf(reply: HttpReply): Failure | null {
  try {
    const parsed = failure.safeParse(JSON.parse(reply.text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

const maxWords = 500;

/** The vendor's own words, without the token. */
function words(said: Failure | null, reply: HttpReply, { token }: ReplycxOptions): string | null {
  const told = [said?.code ?? said?.error, said?.message].filter((each) => typeof each === 'string' && each !== '').join(': ');
  const text = told === '' ? reply.text.replace(/<[^<>]*>/g, ' ').replace(/\s+/g, ' ') : told;
  const safe = (token === undefined ? text : text.replaceAll(token, '***')).trim();
  return safe === '' ? null : safe.slice(0, maxWords);
}
