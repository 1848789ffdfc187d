// One POST to a webhook: the client of the vendors' requests, with a short time of its own. What is told of it never holds the address.
import type { SecretSet } from '../config/secrets.ts';
import { asSyncError } from '../model/error.ts';
import type { Json } from '../model/json.ts';
import type { Posted } from '../model/notice.ts';
import { createWire, type Wire } from '../transport/http.ts';

/** Milliseconds for the whole answer. */
const defaultTimeoutMs = 10_000;
/** Of an answer; nobody reads more than its first words. */
const mostBytes = 256 * 1024;

export interface Webhooks {
  /** Sends a body there, secrets taken out; resolves whatever becomes of it. Follows no redirect. */
  post(url: string, body: Json, signal: AbortSignal): Promise<Posted>;
  close(): void;
}

export interface WebhooksInput {
  readonly version: string;
  readonly secrets: Pick<SecretSet, 'redact' | 'redactValue'>;
  readonly now: () => number;
  /** Milliseconds; default 10,000. */
  readonly timeoutMs?: number;
  /** For proxies. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Opens nothing before the first request. */
export function createWebhooks({ version, secrets, now, env, timeoutMs = defaultTimeoutMs }: WebhooksInput): Webhooks {
  let wire: Wire | null = null;
  return {
    async post(url, body, signal) {
      wire ??= createWire({ version, redact: secrets.redact, now, environment: env, maxBytes: mostBytes });
      const { origin, pathname, searchParams } = new URL(url);
      const query = Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
      const json = secrets.redactValue(body);
      const request = { intent: 'create', method: 'POST', path: pathname, query, json, timeoutMs } as const;
      try {
        const { status, text, retryAfterMs } = await wire.sendOnce(request, { origin, signal });
        const taken = status >= 200 && status < 300;
        return { status, error: taken ? null : wordsOf(status, secrets.redact(text)), retryAfterMs };
      } catch (thrown) {
        const said = asSyncError(thrown)
          .message.replace(/^POST \S+: /, '')
          .replaceAll(origin, 'it');
        return { status: null, error: secrets.redact(pathname === '/' ? said : said.replaceAll(pathname, '***')), retryAfterMs: null };
      }
    },
    close() {
      wire?.close();
    },
  };
}

function wordsOf(status: number, text: string): string {
  if (status >= 300 && status < 400) return `it answers ${status}: it sends on to another address, which is not followed`;
  const words = text.replace(/\s+/g, ' ').trim().slice(0, 120);
  return `it answers ${status}${words === '' || words.startsWith('<') ? '' : `: ${words}`}`;
}
