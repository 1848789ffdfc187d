// An emulator that is a server of node:http as part of a bench: what outside authors have is a server, what a bench wants is a function.
import { type IncomingMessage, request as open, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Emulator, EmulatorReply, EmulatorRequest } from '../connectors/emulator.ts';

/** Hop-by-hop headers (RFC 9110, 7.6.1) and those that follow from the body: each connection has its own. */
const own: ReadonlySet<string> = new Set(['connection', 'content-length', 'host', 'keep-alive', 'transfer-encoding']);

/** `handle` of an emulator whose answers come from a server. It listens on loopback from the first request on, and keeps no process alive. */
export function viaHttp(server: Server): Emulator['handle'] {
  let port: Promise<number> | null = null;
  return async (request) => {
    port ??= listening(server);
    return forwarded(request, await port);
  };
}

function listening(server: Server): Promise<number> {
  const portOf = () => (server.address() as AddressInfo).port;
  if (server.listening) return Promise.resolve(portOf());
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      server.unref();
      resolve(portOf());
    });
  });
}

function forwarded({ method, path, query, headers, body }: EmulatorRequest, port: number): Promise<EmulatorReply> {
  const search = query.toString();
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !own.has(name)));
  return new Promise((resolve, reject) => {
    const sent = open(
      {
        host: '127.0.0.1',
        port,
        method,
        path: search === '' ? path : `${path}?${search}`,
        headers: { ...kept, 'content-length': body.length },
        // A connection of its own: none is left open when the test is over.
        agent: false,
      },
      (answer) => replyOf(answer).then(resolve, reject),
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

async function replyOf(answer: IncomingMessage): Promise<EmulatorReply> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
    value === undefined || own.has(name) ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
  );
  return { status: answer.statusCode ?? 500, headers: Object.fromEntries(headers), body: Buffer.concat(chunks) };
}
