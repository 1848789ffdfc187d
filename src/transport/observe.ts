// What went over the wire, told and counted: each attempt → SyncEvent, and a counter per target. Changes nothing.
import type { HttpRequest, Intent } from '../connectors/connector.ts';
import type { Emit } from '../model/event.ts';
import type { Redact } from './http-error.ts';

/** Requests since the target was connected, retries included. Questions to the bot are apart: they cost messages, not writes. */
export interface RequestCounts {
  readonly read: number;
  readonly write: number;
  readonly ask: number;
}

export interface RequestCounter {
  counts(): RequestCounts;
  count(intent: Intent): void;
}

/** The three kinds that people see. */
export function kindOf(intent: Intent): keyof RequestCounts {
  if (intent === 'create' || intent === 'repeatable') return 'write';
  return intent;
}

/** A counter at zero. */
export function createCounter(): RequestCounter {
  const counts = { read: 0, write: 0, ask: 0 };
  return {
    counts: () => ({ ...counts }),
    count(intent) {
      counts[kindOf(intent)] += 1;
    },
  };
}

export interface Observer {
  readonly emit: Emit;
  readonly redact: Redact;
  readonly now: () => number;
}

/** Runs one attempt and tells it, with the status of its answer or null. */
export async function observed<Reply extends { readonly status: number }>(
  send: () => Promise<Reply>,
  { request, attempt, origin }: { readonly request: HttpRequest; readonly attempt: number; readonly origin?: string },
  { emit, redact, now }: Observer,
): Promise<Reply> {
  const startedAt = now();
  let status: number | null = null;
  try {
    const reply = await send();
    status = reply.status;
    return reply;
  } finally {
    emit({
      kind: 'request',
      intent: kindOf(request.intent),
      method: request.method,
      ...(origin !== undefined && { origin: redact(origin) }),
      path: redact(request.path),
      status,
      durationMs: Math.max(0, now() - startedAt),
      attempt,
    });
  }
}
