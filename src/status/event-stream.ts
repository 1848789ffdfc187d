// The event stream as server-sent events: for the page, and for whoever wants to follow. Slow readers are cut off, never waited for.
import type { Context } from 'hono';
import type { SyncEvent } from '../model/event.ts';
import { type Json, withTexts } from '../model/json.ts';

export interface StreamInput {
  readonly subscribe: (listener: (event: SyncEvent) => void) => () => void;
  readonly redact: (text: string) => string;
  /** Aborted: the server is closing. */
  readonly closing?: AbortSignal | undefined;
}

/** Events that may wait for one reader. */
const mostWaiting = 1_000;
/** A comment this often keeps proxies from closing a silent connection. */
const beatMs = 20_000;

/** Answers with every event from now on, one JSON object each. */
export function eventStream(context: Context, { subscribe, redact, closing }: StreamInput): Response {
  const encoder = new TextEncoder();
  let end = (): void => {};
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let over = false;
        const send = (text: string): void => {
          if (over) return;
          if ((controller.desiredSize ?? 0) <= 0) end();
          else controller.enqueue(encoder.encode(text));
        };
        const unsubscribe = subscribe((event) => send(`data: ${JSON.stringify(withTexts(event as unknown as Json, redact))}\n\n`));
        const beat = setInterval(() => send(': still here\n\n'), beatMs);
        beat.unref();
        end = () => {
          if (over) return;
          over = true;
          clearInterval(beat);
          unsubscribe();
          closing?.removeEventListener('abort', end);
          try {
            controller.close();
          } catch {
            // The reader has gone already.
          }
        };
        closing?.addEventListener('abort', end, { once: true });
        if (closing?.aborted === true) end();
        else send('retry: 3000\n\n');
      },
      cancel() {
        end();
      },
    },
    { highWaterMark: mostWaiting },
  );
  context.header('content-type', 'text/event-stream; charset=utf-8');
  context.header('x-accel-buffering', 'no');
  return context.body(body);
}
