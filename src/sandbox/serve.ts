// Emulators over real HTTP on loopback: one port, each vendor by its path prefixes, with faults put in between where a test asks for them.
// Knows no vendor and keeps nothing but the log of requests.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Emulator, EmulatorReply, EmulatorRequest } from '../connectors/emulator.ts';

/** What is served: the prefixes of a vendor's paths and what answers them. */
export interface ServedEmulator {
  readonly spec: { readonly vendor: string; readonly prefixes: readonly string[] };
  readonly emulator: Pick<Emulator, 'handle'>;
}

/**
 * Something that goes wrong between client and vendor.
 * status: answered without being carried out (`after: true`: carried out first), retryAfter in seconds.
 * reset-before, reset-after: the connection breaks before or after it was carried out. html, broken-json, huge (40 MiB and more) and
 * twice: carried out (twice: two times), then answered so. stall: never carried out, never answered. delayMs: real milliseconds before it is carried out.
 * late: the connection breaks at once, and the request is carried out when the function that was handed over is called, as some proxy might do.
 */
export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly retryAfter?: number;
      readonly body?: EmulatorReply['body'];
      readonly after?: boolean;
    }
  | { readonly delayMs: number }
  | { readonly late: (deliver: () => Promise<EmulatorReply>) => void }
  | 'reset-before'
  | 'reset-after'
  | 'html'
  | 'broken-json'
  | 'stall'
  | 'huge'
  | 'twice';

/** Decides for each request; count is the request's number at this vendor since the function was set, from 1. */
export type FaultFunction = (request: EmulatorRequest, vendor: string, count: number) => Fault | null;

export interface LoggedRequest {
  /** '' where no vendor has the path. */
  readonly vendor: string;
  readonly method: string;
  /** Without query: queries may hold keys. */
  readonly path: string;
  /** Null: the connection was broken instead of an answer. */
  readonly status: number | null;
  /** Of the request's body. */
  readonly bytes: number;
}

export interface ServeInput {
  readonly emulators: readonly ServedEmulator[];
  /** 0: any free one. */
  readonly port: number;
  readonly fault?: FaultFunction;
  readonly log?: (entry: LoggedRequest) => void;
}

export interface Served {
  readonly origin: string;
  readonly port: number;
  /** In the order of their answers, the last 200,000. */
  readonly requests: readonly LoggedRequest[];
  /** Null: nothing goes wrong any more. */
  setFault(fault: FaultFunction | null): void;
  /** Stops listening, lets what is in flight end (2 s at most), then cuts every connection. */
  close(): Promise<void>;
}

const host = '127.0.0.1';
const bodyBytes = 64 * 1024 * 1024;
const hugeBytes = 41 * 1024 * 1024;
const keptRequests = 200_000;
const closeMs = 2_000;

/** Serves until `close`. Rejects with the system's own error where the port is taken. */
export async function serveEmulators(input: ServeInput): Promise<Served> {
  const requests: LoggedRequest[] = [];
  const counts = new Map<string, number>();
  const stopped = new AbortController();
  let fault = input.fault ?? null;

  const note = (entry: LoggedRequest): void => {
    requests.push(entry);
    if (requests.length > keptRequests * 1.25) requests.splice(0, requests.length - keptRequests);
    input.log?.(entry);
  };
  const answer = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await read(message);
    const served = request === null ? null : serverOf(input.emulators, request.path);
    const vendor = served?.spec.vendor ?? '';
    let status: number | null = null;
    if (request === null) status = await send(response, { status: 413, body: { error: 'the body is larger than 64 MiB' } });
    else if (served === null)
      status = await send(response, { status: 404, body: { error: `no emulator has ${request.method} ${request.path}` } });
    else {
      const count = (counts.get(vendor) ?? 0) + 1;
      counts.set(vendor, count);
      status = await send(response, await carryOut(served.emulator, request, fault?.(request, vendor, count) ?? null, stopped.signal));
    }
    const bytes = request?.body.length ?? bodyBytes;
    note({ vendor, method: message.method ?? '', path: request?.path ?? '', status, bytes });
  };

  const server = createServer({ keepAliveTimeout: 60_000 }, (message, response) => {
    answer(message, response).catch(() => response.destroy());
  });
  await listen(server, input.port);
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://${host}:${port}`,
    port,
    get requests() {
      return requests.length > keptRequests ? requests.slice(-keptRequests) : requests;
    },
    setFault(next) {
      counts.clear();
      fault = next;
    },
    close: () => stop(server, stopped),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function stop(server: Server, stopped: AbortController): Promise<void> {
  stopped.abort();
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const patience = new AbortController();
  await Promise.race([closed, wait(closeMs, undefined, { signal: patience.signal }).catch(() => undefined)]);
  patience.abort();
  server.closeAllConnections();
  await closed;
}

/** The vendor with the longest prefix of this path. */
function serverOf(emulators: readonly ServedEmulator[], path: string): ServedEmulator | null {
  let found: ServedEmulator | null = null;
  let length = -1;
  for (const served of emulators) {
    for (const prefix of served.spec.prefixes) {
      if (prefix.length <= length || !path.startsWith(prefix)) continue;
      found = served;
      length = prefix.length;
    }
  }
  return found;
}

/** Null: the body is over the limit; the rest of it is read and thrown away, so that the answer arrives. */
async function read(message: IncomingMessage): Promise<EmulatorRequest | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= bodyBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (bytes > bodyBytes) return null;
  const [path, query] = splitOnce(message.url ?? '/', '?');
  const headers: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(message.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  return { method: message.method ?? 'GET', path, query: new URLSearchParams(query), headers, body: Buffer.concat(chunks) };
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** The emulator's reply, or what the fault makes of it; null: break the connection. */
async function carryOut(
  emulator: Pick<Emulator, 'handle'>,
  request: EmulatorRequest,
  fault: Fault | null,
  stopped: AbortSignal,
): Promise<EmulatorReply | null> {
  const handle = (): Promise<EmulatorReply> => handled(emulator, request);
  if (fault === null) return handle();
  if (typeof fault === 'object') {
    if ('delayMs' in fault) {
      await wait(fault.delayMs, undefined, { signal: stopped }).catch(() => undefined);
      return stopped.aborted ? null : handle();
    }
    if ('late' in fault) {
      fault.late(handle);
      return null;
    }
    if (fault.after === true) await handle();
    const headers = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
    return { status: fault.status, headers, body: fault.body ?? { error: `fault: ${fault.status}` } };
  }
  switch (fault) {
    case 'reset-before':
      return null;
    case 'stall':
      await new Promise<void>((resolve) =>
        stopped.aborted ? resolve() : stopped.addEventListener('abort', () => resolve(), { once: true }),
      );
      return null;
    case 'reset-after':
      await handle();
      return null;
    case 'html':
      await handle();
      return { status: 200, headers: { 'content-type': 'text/html' }, body: '<!doctype html><html><body><h1>Sign in</h1></body></html>' };
    case 'broken-json':
      await handle();
      return { status: 200, headers: { 'content-type': 'application/json' }, body: '{"success": tru' };
    case 'huge':
      await handle();
      return { status: 200, headers: { 'content-type': 'application/json' }, stream: huge() };
    case 'twice':
      await handle();
      return handle();
    default:
      return fault satisfies never;
  }
}

async function* huge(): AsyncGenerator<string> {
  const chunk = ' '.repeat(1024 * 1024);
  for (let sent = 0; sent < hugeBytes; sent += chunk.length) yield chunk;
  yield '{}';
}

/** An emulator that throws is a bug of ours: told in the answer, so that no test takes it for the vendor. */
async function handled(emulator: Pick<Emulator, 'handle'>, request: EmulatorRequest): Promise<EmulatorReply> {
  try {
    return await emulator.handle(request);
  } catch (thrown) {
    const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    return { status: 500, body: { error: `the emulator failed at ${request.method} ${request.path}: ${message}` } };
  }
}

/** Sends a reply; returns its status, or null where the connection was broken. */
async function send(response: ServerResponse, reply: EmulatorReply | null): Promise<number | null> {
  if (reply === null || reply.drop === true) {
    response.socket?.destroy();
    return null;
  }
  const headers = reply.headers ?? {};
  if (reply.stream !== undefined) {
    response.writeHead(reply.status, headers);
    for await (const chunk of reply.stream) if (!(await written(response, chunk))) return null;
    response.end();
    return reply.status;
  }
  const body = bodyOf(reply.body);
  const type = typeof reply.body === 'string' || Buffer.isBuffer(reply.body) ? 'text/plain; charset=utf-8' : 'application/json';
  const named = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  const withBody = reply.status !== 204 && reply.status !== 304;
  response.writeHead(reply.status, {
    ...(named || !withBody || reply.body === undefined ? {} : { 'content-type': type }),
    ...headers,
    ...(withBody ? { 'content-length': String(body.length) } : {}),
  });
  response.end(withBody ? body : undefined);
  return reply.status;
}

function bodyOf(body: EmulatorReply['body']): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

/** False: the other side has gone. */
async function written(response: ServerResponse, chunk: string | Uint8Array): Promise<boolean> {
  if (response.destroyed || response.writableEnded) return false;
  if (response.write(chunk)) return true;
  return new Promise((resolve) => {
    const done = (going: boolean) => (): void => {
      response.off('drain', drained);
      response.off('close', closed);
      resolve(going);
    };
    const drained = done(true);
    const closed = done(false);
    response.once('drain', drained);
    response.once('close', closed);
  });
}
