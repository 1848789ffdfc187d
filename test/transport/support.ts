// Servers on loopback, a connector that only lends its wire, and a clock that jumps instead of waiting.
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import type { Call, ConnectorSpec, Http, HttpRequest, Intent, ItemTarget, Traits } from '../../src/connectors/connector.ts';
import { SyncError } from '../../src/model/error.ts';
import type { EventBody } from '../../src/model/event.ts';
import { type Connected, type ConnectInput, connectTarget } from '../../src/transport/connect.ts';
import { createLimiters, type Limiters } from '../../src/transport/limit.ts';

export interface Served {
  readonly origin: string;
  readonly requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];
}

export type Answer = (response: ServerResponse, request: IncomingMessage, nth: number) => void;

/** A server that notes every request once its body is read, then answers. Closed after the test. */
export async function serve(answer: Answer): Promise<Served> {
  const requests: Served['requests'] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      requests.push({
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      });
      answer(response, request, requests.length);
    });
  };
  return { origin: await listening(listener), requests };
}

/** A server with a listener of its own. */
export async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An origin where nothing listens. */
export async function deadOrigin(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

export function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Sleeping moves the clock and takes no time. */
export function jumpingClock(): { readonly now: () => number; readonly sleep: (ms: number) => Promise<void>; readonly slept: number[] } {
  let time = 1_700_000_000_000;
  const slept: number[] = [];
  return {
    now: () => time,
    slept,
    sleep: async (ms) => {
      slept.push(ms);
      time += ms;
    },
  };
}

export const traits: Traits = {
  repeatedCreate: 'twin',
  training: 'automatic',
  trainedMeans: 'nothing',
  formats: ['markdown'],
  attributes: [],
  renames: false,
  limits: { perMinute: 1000, perHour: null, concurrency: 4, batch: 1, batchBytes: null, partBytes: null, titleCharacters: null },
  lagMs: 0,
  poll: { firstMs: 1, maxMs: 1 },
  missing: {},
};

const never = async (): Promise<never> => {
  throw new Error('not in this test');
};

export const bareTarget: ItemTarget = {
  traits,
  marks: {} as ItemTarget['marks'],
  check: async () => ({ identity: 'me', label: 'me', proven: 'bot' }),
  create: never,
};

export interface Line {
  readonly http: (request: HttpRequest, signal?: AbortSignal) => ReturnType<Http>;
  readonly connected: Connected;
  readonly events: EventBody[];
  readonly clock: ReturnType<typeof jumpingClock>;
}

export type LineOptions = Partial<Omit<ConnectInput<unknown>, 'origin' | 'spec'>> & {
  origin: string | (() => Promise<string>);
  account?: string;
  spec?: Partial<ConnectorSpec>;
};

/** A connected target, of which the test uses the wrapped wire. */
export function line({ origin, account = 'one', spec, ...rest }: LineOptions): Line {
  const clock = jumpingClock();
  const events: EventBody[] = [];
  let http: Http = never;
  const limiters: Limiters = rest.limiters ?? createLimiters(clock);
  const connected = connectTarget<unknown>({
    spec: {
      name: 'plain',
      contract: 1,
      label: 'Plain',
      options: z.unknown(),
      required: () => [],
      identityKeys: [],
      defaultBaseUrl: null,
      sandbox: () => ({ options: {}, bot: { id: 'b', secret: 's' } }),
      variants: {},
      account: () => account,
      connect: (_options, tools) => {
        http = tools.http;
        return bareTarget;
      },
      ...spec,
    },
    options: {},
    target: { name: 'support' },
    origin: typeof origin === 'string' ? async () => origin : origin,
    originName: 'sandbox',
    limiters,
    rate: null,
    emit: (event) => events.push(event),
    redact: (text) => text,
    now: clock.now,
    sleep: clock.sleep,
    random: () => 0.5,
    version: '1.2.3',
    environment: {},
    ...rest,
  });
  onTestFinished(() => connected.close());
  return { http: (request, signal) => http(request, call(signal)), connected, events, clock };
}

export function call(signal: AbortSignal = new AbortController().signal): Call {
  return { signal, container: null, workspace: 'docs' };
}

/** A request of each intent to the same path. */
export function request(intent: Intent, more: Partial<HttpRequest> = {}): HttpRequest {
  const method = intent === 'read' ? 'GET' : 'POST';
  return { intent, method, path: '/v1/items', ...(method === 'POST' ? { json: { a: 1 } } : {}), ...more };
}

/** The SyncError that a promise ends with. */
export async function failure(promise: Promise<unknown>): Promise<SyncError> {
  const thrown = await promise.then(
    () => new Error('it went well'),
    (error: unknown) => error,
  );
  if (thrown instanceof SyncError) return thrown;
  throw thrown;
}
