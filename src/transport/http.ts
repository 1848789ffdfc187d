// The one HTTP client: a single attempt over got, with everything automatic switched off. Owns addresses, time-outs, the bound on bodies and
// the agents; no retry, no limit, no status table (an answer of any status is an answer here).
import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Got, Request as GotRequest } from 'got';
import type { HttpReply, HttpRequest } from '../connectors/connector.ts';
import { SyncError } from '../model/error.ts';
import type { Json } from '../model/json.ts';
import { type Attempted, aborted, effectOf, errorOfWire, invalidReply, type Redact, refusedByProxy, timedOut } from './http-error.ts';
import { type Environment, isLoopback, proxyAgent, proxyFor } from './proxy.ts';

/** Where nothing else is said: milliseconds for the whole answer. */
export const defaultTimeoutMs = 30_000;

const mebibyte = 1024 * 1024;

export interface WireOptions {
  readonly version: string;
  readonly redact: Redact;
  /** Milliseconds since the epoch, for Retry-After dates. */
  readonly now: () => number;
  /** For proxies; default `process.env`. */
  readonly environment?: Environment | undefined;
  /** Bytes of a body, decompressed; default 32 MiB. */
  readonly maxBytes?: number | undefined;
}

export interface Destination {
  /** `https://host[:port]`; `http://` only for this very machine. */
  readonly origin: string;
  readonly signal: AbortSignal;
}

export interface Wire {
  /** One attempt. Resolves with an answer of any status; throws a SyncError where there was none, or none that can be read. */
  sendOnce(request: HttpRequest, to: Destination): Promise<HttpReply>;
  /** Closes idle connections. */
  close(): void;
}

interface Client {
  readonly got: Got;
  readonly agents: { readonly http: HttpAgent; readonly https: HttpsAgent };
}

/** Loads got at the first request: commands that send nothing never pay for it. */
export function createWire(options: WireOptions): Wire {
  const { redact, maxBytes = 32 * mebibyte, environment = process.env } = options;
  const proxies = new Map<string, HttpAgent>();
  let client: Promise<Client> | null = null;
  let closing: (() => void) | null = null;

  const load = async (): Promise<Client> => {
    const [{ got }, http, https] = await Promise.all([import('got'), import('node:http'), import('node:https')]);
    // An idle connection is dropped before most servers drop it: a write on one that is just being closed would be unconfirmed for nothing.
    const agents = { http: new http.Agent({ keepAlive: true, timeout: 4000 }), https: new https.Agent({ keepAlive: true, timeout: 4000 }) };
    closing = () => {
      agents.http.destroy();
      agents.https.destroy();
    };
    return { got, agents };
  };

  const agentsFor = async (url: URL, agents: Client['agents']): Promise<object> => {
    const proxy = proxyFor(url, environment);
    if (proxy === null) return agents;
    const agent = proxies.get(proxy) ?? (await proxyAgent(proxy, url.origin));
    proxies.set(proxy, agent);
    return { http: agent, https: agent };
  };

  return {
    async sendOnce(request, { origin, signal }) {
      if (signal.aborted) throw aborted();
      const url = addressOf(origin, request, redact);
      const attempted: Attempted = { request, origin: url.origin, redact };
      client ??= load();
      const { got, agents } = await client;
      const agent = await agentsFor(url, agents);
      if (signal.aborted) throw aborted();
      const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
      const stream = got.stream(url, {
        ...fixedOptions(timeoutMs),
        method: request.method,
        agent,
        ...contentOf(request, options.version),
      });
      const raw = await exchange(stream, {
        attempted,
        signal,
        maxBytes,
        timeoutMs,
        hasBody: request.json !== undefined || request.form !== undefined,
      });
      return replyOf(raw, attempted, options.now);
    },
    close() {
      closing?.();
      for (const agent of proxies.values()) agent.destroy();
    },
  };
}

/** Switched off: retries, redirects (got keeps x-api-key and the like across origins), errors by status. Every time-out is set. */
function fixedOptions(timeoutMs: number) {
  const connectMs = Math.min(10_000, timeoutMs);
  return {
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: true,
    // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED in the environment cannot switch it off.
    https: { rejectUnauthorized: true },
    timeout: {
      lookup: connectMs,
      connect: connectMs,
      secureConnect: connectMs,
      socket: timeoutMs,
      send: timeoutMs,
      response: timeoutMs,
      read: timeoutMs,
      request: timeoutMs,
    },
  };
}

function contentOf(request: HttpRequest, version: string): { headers: Record<string, string>; body?: string | FormData } {
  const headers: Record<string, string> = { accept: 'application/json', 'user-agent': `kbsync/${version}` };
  if (request.json !== undefined) headers['content-type'] = 'application/json';
  for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = value;
  if (request.json !== undefined) return { headers, body: JSON.stringify(request.json) };
  return request.form === undefined ? { headers } : { headers, body: request.form() };
}

// ── the address ───────────────────────────────────────────────────────────────────────────────────────────────────────

function addressOf(origin: string, request: HttpRequest, redact: Redact): URL {
  const base = URL.canParse(origin) ? new URL(origin) : null;
  if (base === null || base.username !== '' || base.password !== '' || !/^https?:$/.test(base.protocol)) {
    throw badOrigin('baseUrl is not an origin like https://host');
  }
  // Dropping what follows the host would ask another address than the one that was meant.
  if (base.href !== `${base.origin}/`) throw badOrigin(`baseUrl is to be an origin only, without a path: ${base.origin}`);
  if (base.protocol === 'http:' && !isLoopback(base.hostname)) {
    throw badOrigin(
      redact(`${base.origin} is not asked: http:// would send the credential in the clear; only this very machine may be http://`),
    );
  }
  const url = new URL(`${base.origin}/`);
  // An id of ".." would climb out of the path, and a delete would hit something else.
  const plain = request.path.startsWith('/') && !/[?#\\]/.test(request.path) && URL.canParse(`${base.origin}${request.path}`);
  const built = plain ? new URL(`${base.origin}${request.path}`) : url;
  if (!plain || built.pathname !== request.path || built.origin !== base.origin) {
    const message = redact(`${request.method} ${request.path}: not sent, the path would be read as another one`);
    throw new SyncError('REQUEST_REFUSED', { message, facts: { stops: 'document' } });
  }
  built.search = queryOf(request.query ?? {});
  return built;
}

function badOrigin(message: string): SyncError {
  return new SyncError('CONFIG_INVALID', { message, next: 'set baseUrl of the target to an https:// origin', facts: { stops: 'target' } });
}

/** Spaces as %20 and commas as they are: read alike by every server, and as vendors' pages show them. */
function queryOf(query: NonNullable<HttpRequest['query']>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) parameters.append(name, String(each));
  }
  return parameters.toString().replaceAll('+', '%20').replaceAll('%2C', ',');
}

// ── one exchange ──────────────────────────────────────────────────────────────────────────────────────────────────────

interface Raw {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly text: string;
}

interface Bounds {
  readonly attempted: Attempted;
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly hasBody: boolean;
}

/** The stream, because got's promise counts a compressed body by its compressed size: a small answer could unfold without bound. */
function exchange(stream: GotRequest, { attempted, signal, maxBytes, timeoutMs, hasBody }: Bounds): Promise<Raw> {
  const { intent } = attempted.request;
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Whether the request had a connection to go out on. Before that, it is known to have had no effect.
  let sent = false;
  /** Of the proxy's answer to CONNECT; null: there is no proxy, or none yet. */
  let proxied: number | null = null;
  return new Promise<Raw>((resolve, reject) => {
    const end = (settle: () => void): void => {
      signal.removeEventListener('abort', abort);
      settle();
      stream.destroy();
    };
    const abort = (): void => end(() => reject(aborted(sent ? effectOf(intent, 'unconfirmed') : 'none')));
    signal.addEventListener('abort', abort, { once: true });
    stream.on('request', (request) => {
      watchConnection(request, () => {
        sent = true;
      });
      // As https-proxy-agent tells it; the refusal then comes as if it were the vendor's.
      request.once('proxyConnect', ({ statusCode }: { readonly statusCode: number }) => {
        proxied = statusCode;
      });
    });
    stream.on('data', (chunk: Uint8Array) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else end(() => reject(invalidReply(`answer larger than ${maxBytes / mebibyte} MiB`, '', attempted)));
    });
    stream.once('end', () =>
      end(() => {
        if (proxied !== null && proxied !== 200) return reject(refusedByProxy(proxied, attempted));
        const { statusCode = 0, headers = {} } = stream.response ?? {};
        resolve({ status: statusCode, headers: flat(headers), text: new TextDecoder().decode(Buffer.concat(chunks)) });
      }),
    );
    // Stays until the end of time: an error after the answer has no one else to go to.
    stream.on('error', (error: Error & { readonly code?: string }) =>
      end(() => reject(error.name === 'TimeoutError' ? timedOut(timeoutMs, sent, attempted) : errorOfWire(error, sent, attempted))),
    );
    // got waits for the end of a body that it was not given.
    if (!hasBody && attempted.request.method !== 'GET') stream.end();
  });
}

function watchConnection(request: import('node:http').ClientRequest, connected: () => void): void {
  request.once('socket', (socket) => {
    if (!socket.connecting) connected();
    else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', connected);
  });
}

function flat(headers: { readonly [name: string]: string | readonly string[] | undefined }): Raw['headers'] {
  const entries = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const]));
  return Object.fromEntries(entries);
}

function replyOf(raw: Raw, attempted: Attempted, now: () => number): HttpReply {
  let parsed: { readonly value: Json } | null = null;
  return {
    ...raw,
    retryAfterMs: retryAfter(raw.headers['retry-after'], now()),
    json() {
      parsed ??= { value: parse(raw, attempted) };
      return parsed.value;
    },
  };
}

function parse(raw: Raw, attempted: Attempted): Json {
  try {
    return JSON.parse(raw.text) as Json;
  } catch {
    const page = /^\s*</.test(raw.text);
    const what = raw.text === '' ? 'is empty' : page ? 'is a web page' : 'is broken';
    throw invalidReply(`${raw.status}, JSON was expected and the answer ${what}`, raw.text, attempted, page ? { stranger: true } : {});
  }
}

/** Milliseconds that a Retry-After value asks for: seconds or an HTTP date; null where there is none that can be read. */
export function retryAfter(value: string | undefined, nowMs: number): number | null {
  if (value === undefined) return null;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Math.ceil(Number(value) * 1000);
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}
