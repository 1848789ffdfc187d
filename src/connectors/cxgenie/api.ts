// One request to CX Genie's public API: path, where the token goes, envelope, what a status means. Statuses decide: no error body is documented.
// On GETs the token stands in the address, so no message of ours ever shows an address beyond its path.
import type { z } from 'zod';
import { type ErrorCode, type ErrorFacts, SyncError } from '../../model/error.ts';
import type { JsonRecord } from '../../model/json.ts';
import type { Call, HttpReply, HttpRequest, Tools } from '../connector.ts';
import type { CxgenieOptions } from './options.ts';
import { envelope, failure } from './schema.ts';

/** One call below the base path. The token is put where it belongs. */
export interface ApiRequest {
  /** For people: "creating a.md". */
  readonly what: string;
  readonly intent: HttpRequest['intent'];
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Absolute path instead of the one below `basePath`. */
  readonly absolute?: boolean;
  /** What a refusal is about: the bot (its 404 stops the target), one document, an upload, or somebody's conversation. */
  readonly about: 'bot' | 'document' | 'upload' | 'conversation';
  readonly query?: { readonly [name: string]: string | number | readonly string[] };
  readonly json?: JsonRecord;
  /** The parts of a form beside the token. */
  readonly form?: (form: FormData) => void;
  readonly timeoutMs?: number;
  /** The call takes no token. */
  readonly open?: boolean;
}

/** Sends one request and gives back its validated `data`. */
export type Send = <T>(schema: z.ZodType<T>, request: ApiRequest, call: Call) => Promise<T>;

export interface Api {
  send: Send;
  /** A reply without the envelope, validated as a whole. */
  sendBare: Send;
}

/** Paths that no page of the vendor describes. */
export const undocumentedPaths = { profile: '/api/v1/bots/public', messagesV1: '/api/v1/messages' } as const;

/** The calls of one workspace. Throws SyncError as `meaning` says, REPLY_INVALID for what is no reply of the API, and what transport throws. */
export function bindApi(options: CxgenieOptions, tools: Tools): Api {
  const exchange = async (request: ApiRequest, call: Call): Promise<HttpReply> =>
    tools.http({ ...wireOf(request, options), onError: (reply) => refusal(request, reply, options) }, call);
  return {
    async send(schema, request, call) {
      const reply = await exchange(request, call);
      const body = envelope.safeParse(reply.json());
      if (!body.success) throw invalid(request, reply, options, 'it has no success: a proxy or another API may have answered');
      if (!body.data.success) throw unsuccessful(request, reply, options);
      return shaped(schema, body.data.data, { request, reply, options });
    },
    async sendBare(schema, request, call) {
      const reply = await exchange(request, call);
      return shaped(schema, reply.json(), { request, reply, options });
    },
  };
}

/** The name of a list in an address. */
export function listName(name: string, { arrays }: CxgenieOptions): string {
  return arrays === 'brackets' ? `${name}[]` : name;
}

/** The value of a key that must be set. Throws CONFIG_INVALID. */
export function needed(value: string | undefined, key: string): string {
  if (value !== undefined) return value;
  throw new SyncError('CONFIG_INVALID', { message: `${key} of the CX Genie target is not set`, facts: { stops: 'target' } });
}

function wireOf(request: ApiRequest, options: CxgenieOptions): Omit<HttpRequest, 'onError'> {
  const token = needed(options.workspaceToken, 'workspaceToken');
  const own = request.open === true ? {} : { workspace_token: token };
  const { intent, method, json, form, timeoutMs } = request;
  const inForm = form !== undefined && options.uploadTokenIn === 'form';
  const inQuery = method === 'GET' || (form !== undefined && !inForm);
  const query = { ...(inQuery ? own : {}), ...request.query };
  return {
    intent,
    method,
    path: request.absolute === true ? request.path : `${options.basePath}${request.path}`,
    ...(options.bearer && request.open !== true ? { headers: { authorization: `Bearer ${token}` } } : {}),
    ...(Object.keys(query).length === 0 ? {} : { query }),
    ...(json === undefined ? {} : { json: { ...own, ...json } }),
    ...(form === undefined ? {} : { form: () => formOf(form, inForm ? token : null) }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

function formOf(fill: (form: FormData) => void, token: string | null): FormData {
  const form = new FormData();
  if (token !== null) form.append('workspace_token', token);
  fill(form);
  return form;
}

interface Exchanged {
  readonly request: ApiRequest;
  readonly reply: HttpReply;
  readonly options: CxgenieOptions;
}

function shaped<T>(schema: z.ZodType<T>, value: unknown, { request, reply, options }: Exchanged): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue === undefined || issue.path.length === 0 ? 'data' : `data.${issue.path.join('.')}`;
  throw invalid(request, reply, options, `${place}: ${issue?.message}`);
}

function invalid(request: ApiRequest, reply: HttpReply, options: CxgenieOptions, why: string): SyncError {
  return new SyncError('REPLY_INVALID', {
    message: `${request.what}: CX Genie's answer (HTTP ${reply.status}) is not what it documents: ${why}`,
    vendor: words(reply, options),
    facts: request.intent === 'read' ? { effect: 'none' } : {},
  });
}

/** Whether something was done all the same is not said: what was written stays unconfirmed, since nobody can look. */
function unsuccessful(request: ApiRequest, reply: HttpReply, options: CxgenieOptions): SyncError {
  return new SyncError('VENDOR_FAILED', {
    message: `${request.what}: CX Genie answered HTTP ${reply.status} without success`,
    vendor: words(reply, options),
    facts: request.intent === 'read' ? { effect: 'none' } : {},
  });
}

// ── refusals ──────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Meaning {
  readonly code: ErrorCode;
  readonly message: string;
  readonly next?: string;
  readonly facts?: Partial<ErrorFacts>;
}

/** Null where the common table of statuses decides: 402, 413, 429, 5xx and what is rarer. */
function refusal(request: ApiRequest, reply: HttpReply, options: CxgenieOptions): SyncError | null {
  const found = meaning(reply.status, request, options);
  if (found === null) return null;
  return new SyncError(found.code, {
    message: `${request.what}: ${found.message} (HTTP ${reply.status})`,
    vendor: words(reply, options),
    ...(found.next === undefined ? {} : { next: found.next }),
    facts: { ...(reply.retryAfterMs === null ? {} : { retryAfterMs: reply.retryAfterMs }), ...found.facts },
    data: { status: reply.status },
  });
}

/** What the statuses mean is [assumed], on the ground of the same makers' other servers [public P9, P10]. */
function meaning(status: number, { about }: ApiRequest, options: CxgenieOptions): Meaning | null {
  const otherPlace = `if every upload fails so, set uploadTokenIn: ${options.uploadTokenIn === 'form' ? 'query' : 'form'}`;
  switch (status) {
    case 400:
    case 422:
      if (about === 'upload') return { code: 'REQUEST_REFUSED', message: 'CX Genie refused the upload', next: otherPlace };
      if (about === 'document') return { code: 'DOCUMENT_REFUSED', message: 'CX Genie refused it' };
      return { code: 'REQUEST_REFUSED', message: 'CX Genie refused the request', facts: { stops: 'target' } };
    case 401:
    case 403: {
      const next = 'compare workspaceToken with the token in Settings → General of the workspace';
      return {
        code: 'CREDENTIALS_REFUSED',
        message: 'CX Genie refused the workspace token',
        next: about === 'upload' ? `${next}; ${otherPlace}` : next,
      };
    }
    case 404:
    case 405:
      if (about === 'conversation') return { code: 'REMOTE_GONE', message: 'CX Genie does not find the customer or the conversation' };
      return {
        code: 'BOT_NOT_FOUND',
        message: `CX Genie does not find bot ${options.botId ?? ''}, or its API V2 is not at ${options.basePath} of this baseUrl`,
        next: 'check botId (data-aid of the widget) and ask CX Genie which host serves API V2 for your workspace: baseUrl, basePath',
      };
    default:
      return null;
  }
}

const maxWords = 500;

/** The vendor's own words, without the token: a server that repeats the address of a GET repeats the token in it. */
function words(reply: HttpReply, { workspaceToken }: CxgenieOptions): string | null {
  const said = spoken(reply.text).replace(/workspace_token=[^&\s"'<>]+/gi, 'workspace_token=***');
  const safe =
    workspaceToken === undefined ? said : said.replaceAll(workspaceToken, '***').replaceAll(encodeURIComponent(workspaceToken), '***');
  return safe.trim() === '' ? null : safe.trim().slice(0, maxWords);
}

function spoken(text: string): string {
  try {
    const parsed = failure.safeParse(JSON.parse(text));
    if (!parsed.success) return text;
    return wordsOf(parsed.data.error) || wordsOf(parsed.data.message) || text;
  } catch {
    return text.replace(/<[^<>]*>/g, ' ').replace(/\s+/g, ' ');
  }
}

/** `error`: a text, or `{ code, message }` whose message is a text or a list of texts. */
function wordsOf(said: unknown): string {
  if (typeof said === 'string') return said;
  if (Array.isArray(said)) return said.filter((each) => typeof each === 'string').join('; ');
  if (typeof said !== 'object' || said === null) return '';
  const { code, message } = said as { readonly code?: unknown; readonly message?: unknown };
  return [typeof code === 'string' ? code : '', wordsOf(message)].filter((each) => each !== '').join(': ');
}
