// The event stream as server-sent events: for the page, and for whoever wants to follow. Each event is written out once, however many read. Slow
// readers are cut off, never waited for; who may not read any more is, too.
import type { ServerResponse } from 'node:http';
import type { Context } from 'hono';
import { SyncError } from '../model/error.ts';
import type { SyncEvent } from '../model/event.ts';
import { type Json, withTexts } from '../model/json.ts';

export interface StreamsInput {
  readonly subscribe: (listener: (event: SyncEvent) => void) => () => void;
  readonly redact: (text: string) => string;
  /** Aborted: the server is closing. */
  readonly closing?: AbortSignal | undefined;
}

export interface EventStreams {
  /** Answers with every event from now on, one JSON object each. `may`: asked again as long as it lasts. BUSY where too many follow already. */
  open(context: Context, may: () => boolean): Response;
}

/** Events that may wait for one reader. */
const mostWaiting = 1_000;
/** A comment this often keeps proxies from closing a silent connection. */
const beatMs = 20_000;
/** Who follows at once: each may hold `mostWaiting` events. */
export const mostReaders = 100;

interface Reader {
  send(chunk: Uint8Array): void;
  end(): void;
}

/** The streams of one server. */
export function createEventStreams({ subscribe, redact, closing }: StreamsInput): EventStreams {
  const encoder = new TextEncoder();
  const readers = new Set<Reader>();
  let unsubscribe: (() => void) | null = null;
  closing?.addEventListener('abort', () => [...readers].map((reader) => reader.end()), { once: true });
  const toAll = (event: SyncEvent): void => {
    const chunk = encoder.encode(`data: ${JSON.stringify(withTexts(event as unknown as Json, redact))}\n\n`);
    for (const reader of [...readers]) reader.send(chunk);
  };
  const enter = (reader: Reader): void => {
    readers.add(reader);
    unsubscribe ??= subscribe(toAll);
  };
  const leave = (reader: Reader): void => {
    readers.delete(reader);
    if (readers.size > 0) return;
    unsubscribe?.();
    unsubscribe = null;
  };
  const body = (may: () => boolean, hangUp: () => void): ReadableStream<Uint8Array> => {
    let end = (_then?: () => void): void => {};
    return new ReadableStream<Uint8Array>(
      {
        start(controller) {
          const reader: Reader = {
            send(chunk) {
              if ((controller.desiredSize ?? 0) > 0) controller.enqueue(chunk);
              // Closed only, it would hold all that waits, and its connection, until it reads.
              else end(hangUp);
            },
            end: () => end(),
          };
          const beat = setInterval(() => (may() ? reader.send(encoder.encode(': still here\n\n')) : end()), beatMs);
          beat.unref();
          end = (then = () => {}) => {
            if (!readers.has(reader)) return;
            clearInterval(beat);
            leave(reader);
            try {
              controller.close();
            } catch {
              // The reader has gone already.
            }
            then();
          };
          enter(reader);
          reader.send(encoder.encode('retry: 3000\n\n'));
          if (closing?.aborted === true) end();
        },
        cancel: () => end(),
      },
      { highWaterMark: mostWaiting },
    );
  };
  return {
    open(context, may) {
      if (readers.size >= mostReaders)
        throw new SyncError('BUSY', { message: `${mostReaders} follow the events already`, next: 'close one of them, then try again' });
      context.header('content-type', 'text/event-stream; charset=utf-8');
      context.header('x-accel-buffering', 'no');
      // Who asks for the head alone never reads, and never leaves.
      return context.req.method === 'HEAD' ? context.body(null) : context.body(body(may, () => connectionOf(context)?.destroy()));
    },
  };
}

/** Null without a socket, as in tests. */
function connectionOf({ env }: Context): { destroy(): unknown } | null {
  const { outgoing = null } = (env ?? {}) as { readonly outgoing?: ServerResponse };
  return outgoing;
}
