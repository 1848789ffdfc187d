// A stand-in for the wire: replies from a script, in order, each for the one request it expects. Judges statuses as transport does, no retries.
import { expect } from 'vitest';
import type { Call, Http, HttpReply, HttpRequest, Tools } from '../../src/connectors/connector.ts';
import { type ErrorCode, SyncError } from '../../src/model/error.ts';
import type { Json } from '../../src/model/json.ts';

export interface Step {
  /** `POST /row/list`: method, and how the path ends. */
  readonly expect: string;
  readonly status?: number;
  readonly body?: Json;
  /** Sent as it is, instead of `body`. */
  readonly text?: string;
  readonly retryAfterMs?: number;
}

export interface Scripted {
  readonly tools: Tools;
  readonly requests: readonly HttpRequest[];
  /** Asserts that every step was used. */
  done(): void;
}

const byStatus: { readonly [status: number]: ErrorCode } = { 413: 'DOCUMENT_TOO_LARGE', 429: 'RATE_LIMITED' };

export function scripted(steps: readonly Step[], now = () => 1_000_000): Scripted {
  const left = [...steps];
  const requests: HttpRequest[] = [];
  const http: Http = async (request) => {
    requests.push(request);
    const step = left.shift();
    const sent = `${request.method} ${request.path}`;
    if (step === undefined) throw new Error(`nothing scripted for ${sent}`);
    const [method, path] = step.expect.split(' ');
    if (request.method !== method || !request.path.endsWith(path ?? '')) throw new Error(`expected ${step.expect}, got ${sent}`);
    const reply = replyOf(step, request.intent);
    if (reply.status >= 200 && reply.status < 300) return reply;
    throw request.onError?.(reply) ?? new SyncError(byStatus[reply.status] ?? (reply.status >= 500 ? 'VENDOR_FAILED' : 'REQUEST_REFUSED'));
  };
  return { tools: { http, origin: 'https://vendor.example', now }, requests, done: () => expect(left).toEqual([]) };
}

function replyOf({ status = 200, body, text, retryAfterMs }: Step, intent: HttpRequest['intent']): HttpReply {
  const sent = text ?? JSON.stringify(body ?? null);
  return {
    status,
    headers: {},
    text: sent,
    retryAfterMs: retryAfterMs ?? null,
    json() {
      try {
        return JSON.parse(sent) as Json;
      } catch {
        throw new SyncError('REPLY_INVALID', intent === 'read' ? { facts: { effect: 'none' } } : {});
      }
    },
  };
}

export const call = (container: string | null = null): Call => ({ signal: new AbortController().signal, container, workspace: 'docs' });

export async function thrown(run: () => Promise<unknown>): Promise<SyncError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof SyncError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export async function all<T>(items: AsyncIterable<T> | undefined): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items ?? []) found.push(item);
  return found;
}
