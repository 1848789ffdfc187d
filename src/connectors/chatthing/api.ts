// One request to the Chat Thing API: path, headers, what a status means, whether the reply is what is documented.
// Statuses decide alone: the body of an error is documented nowhere [seed: silent]; it is only kept as the vendor's words.
import type { z } from 'zod';
import { type ErrorCode, type ErrorFacts, SyncError } from '../../model/error.ts';
import type { Json } from '../../model/json.ts';
import type { Call, HttpReply, HttpRequest, Tools } from '../connector.ts';
import type { ChatthingOptions } from './options.ts';

/** One call below the channel's base path. */
export interface ApiRequest {
  /** For people: "listing rows". */
  readonly what: string;
  readonly intent: HttpRequest['intent'];
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly query?: { readonly [name: string]: string };
  readonly json?: Json;
  readonly timeoutMs?: number;
  /** Replaces what a status means in general. */
  readonly statuses?: { readonly [status: number]: StatusMeaning };
  /** Reads an answer that is no JSON. */
  readonly bodyOf?: (reply: HttpReply) => Json;
}

/** What one status of one call means; the status itself is kept in the error's data. */
export interface StatusMeaning {
  readonly code: ErrorCode;
  readonly message: string;
  readonly next?: string;
  readonly facts?: Partial<ErrorFacts>;
}

/** Sends one request and gives back its validated reply. */
export type Send = <T>(schema: z.ZodType<T>, request: ApiRequest, call: Call) => Promise<T>;

/** The calls of one channel. Throws SyncError: CREDENTIALS_REFUSED, BOT_NOT_FOUND, REQUEST_REFUSED, VENDOR_FAILED, REPLY_INVALID and what transport throws. */
export function bindApi(options: ChatthingOptions, tools: Tools): Send {
  return async (schema, request, call) => {
    const channelId = needed(options.channelId, 'channelId');
    const secretKey = needed(options.secretKey, 'secretKey');
    const { intent, method, query, json, timeoutMs } = request;
    const reply = await tools.http(
      {
        intent,
        method,
        path: `/api/public/channels/${encodeURIComponent(channelId)}/${encodeURIComponent(options.apiVersion)}${request.path}`,
        // Both headers on every call, GET included [seed].
        headers: { 'content-type': 'application/json', 'x-api-secret-key': secretKey },
        ...(query === undefined ? {} : { query }),
        ...(json === undefined ? {} : { json }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        onError: (failure) => refusal(request, failure, channelId),
      },
      call,
    );
    return understood(schema, request, reply);
  };
}

/** The HTTP status that an error of ours was made from, or null. */
export function statusOf(error: unknown): number | null {
  const status = error instanceof SyncError ? error.data['status'] : null;
  return typeof status === 'number' ? status : null;
}

function needed(value: string | undefined, key: string): string {
  if (value !== undefined) return value;
  throw new SyncError('CONFIG_INVALID', { message: `${key} of the Chat Thing target is not set`, facts: { stops: 'target' } });
}

function refusal(request: ApiRequest, reply: HttpReply, channelId: string): SyncError | null {
  const meaning = request.statuses?.[reply.status] ?? common(reply.status, channelId);
  if (meaning === null) return null;
  return new SyncError(meaning.code, {
    message: `${request.what}: ${meaning.message} (HTTP ${reply.status})`,
    vendor: words(reply),
    ...(meaning.next === undefined ? {} : { next: meaning.next }),
    facts: { ...(reply.retryAfterMs === null ? {} : { retryAfterMs: reply.retryAfterMs }), ...meaning.facts },
    data: { status: reply.status },
  });
}

/** The vendor's page says both 403 and 404 of a wrong channel id [seed]; 401 is never mentioned and treated as 403 [assumed]. */
function common(status: number, channelId: string): StatusMeaning | null {
  switch (status) {
    case 400:
      return { code: 'REQUEST_REFUSED', message: 'Chat Thing calls the request malformed' };
    case 401:
    case 403:
      return {
        code: 'CREDENTIALS_REFUSED',
        message: `Chat Thing refused the key: it does not match channel ${channelId}, or channelId is wrong`,
        next: "compare channelId and secretKey with the bot's API channel settings in the Chat Thing dashboard",
      };
    case 404:
      return {
        code: 'BOT_NOT_FOUND',
        message: `channel ${channelId} does not exist or is switched off`,
        next: "check channelId, and that the API channel is switched on in the bot's settings (Standard plan and up)",
      };
    default:
      return null;
  }
}

/** Any 2xx is accepted [assumed], but `success` other than true is a failure [assumed: the field tells success from failure]. */
function understood<T>(schema: z.ZodType<T>, request: ApiRequest, reply: HttpReply): T {
  const facts = request.intent === 'read' ? ({ effect: 'none' } as const) : {};
  const body = request.bodyOf === undefined ? reply.json() : request.bodyOf(reply);
  const success = body !== null && typeof body === 'object' && 'success' in body ? body['success'] : undefined;
  if (success !== true) {
    throw new SyncError('VENDOR_FAILED', {
      message: `${request.what}: Chat Thing answered HTTP ${reply.status} without success`,
      vendor: words(reply),
      facts,
    });
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new SyncError('REPLY_INVALID', {
    message: `${request.what}: Chat Thing's answer is not as documented at ${issue?.path.join('.') || 'its root'}: ${issue?.message ?? 'unknown'}`,
    vendor: words(reply),
    facts,
  });
}

const maxWords = 500;

/** The vendor's own words: its `message` where the body is JSON with one, else the start of the body. */
function words(reply: HttpReply): string | null {
  let text = reply.text;
  try {
    const body: unknown = JSON.parse(reply.text);
    if (typeof body === 'object' && body !== null && 'message' in body && typeof body.message === 'string') text = body.message;
  } catch {
    // Not JSON: the body as it is.
  }
  const short = text.trim().slice(0, maxWords);
  return short === '' ? null : short;
}
