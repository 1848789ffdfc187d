// The sandbox's own paths, beside the vendors': whether it is alive, and what no vendor offers (make a bot, look into it, plant an item).
// Owns both ends of them. Loopback only; all but the ping need the token of the claim.
import { timingSafeEqual } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { Emulator, EmulatorReply, EmulatorRequest } from '../connectors/emulator.ts';
import { SyncError } from '../model/error.ts';
import type { Json } from '../model/json.ts';
import type { ServedEmulator } from './serve.ts';

export const adminPrefix = '/__sandbox/';
const tokenHeader = 'x-sandbox-token';

/** What can be asked of an emulator beside its vendor's API. */
export type AdminCall =
  | { readonly action: 'provision'; readonly vendor: string; readonly bot: { readonly id: string; readonly secret: string } }
  | { readonly action: 'inspect'; readonly vendor: string; readonly bot: string }
  | {
      readonly action: 'plant';
      readonly vendor: string;
      readonly bot: string;
      readonly item: { readonly name: string; readonly text: string };
    };

/** Carries a call out at the emulators of this process. */
export function perform(call: AdminCall, emulator: Emulator): Json {
  switch (call.action) {
    case 'provision':
      emulator.provision(call.bot);
      return null;
    case 'inspect':
      return emulator.inspect(call.bot).map((item) => ({ ...item }));
    case 'plant':
      return emulator.plant(call.bot, call.item);
    default:
      return call satisfies never;
  }
}

/** The server's end. */
export function adminPaths(id: string, token: string, emulatorOf: (vendor: string) => Emulator): ServedEmulator {
  return {
    spec: { vendor: 'sandbox', prefixes: [adminPrefix] },
    emulator: {
      async handle(request: EmulatorRequest): Promise<EmulatorReply> {
        if (request.path === `${adminPrefix}ping`) return { status: 200, body: { id } };
        if (!same(request.headers[tokenHeader] ?? '', token))
          return { status: 403, body: { error: 'the token is not the one of server.<number>.json' } };
        if (request.method !== 'POST' || request.path !== `${adminPrefix}call`) return { status: 404, body: { error: 'no such path' } };
        try {
          const call = JSON.parse(request.body.toString('utf8')) as AdminCall;
          return { status: 200, body: { result: perform(call, emulatorOf(call.vendor)) } };
        } catch (thrown) {
          return { status: 400, body: { error: thrown instanceof Error ? thrown.message : String(thrown) } };
        }
      },
    },
  };
}

function same(found: string, wanted: string): boolean {
  const one = Buffer.from(found);
  const two = Buffer.from(wanted);
  return one.length === two.length && timingSafeEqual(one, two);
}

/** answers: it is this very server. stranger: something else has the port. */
export type Ping = 'answers' | 'stranger' | 'refused' | 'silent';

export async function ping(port: number, id: string, timeoutMs: number): Promise<Ping> {
  try {
    const { status, text } = await post(port, `${adminPrefix}ping`, {}, null, timeoutMs);
    return status === 200 && text === JSON.stringify({ id }) ? 'answers' : 'stranger';
  } catch (thrown) {
    return connectionLost(thrown) ? 'refused' : 'silent';
  }
}

/** Whether an error says that nobody serves there any more (against: it is slow). */
export function connectionLost(thrown: unknown): boolean {
  const code = (thrown as NodeJS.ErrnoException | null)?.code;
  return code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE';
}

/** The client's end. Throws what the emulator said, or the socket's own error. */
export async function callAdmin(port: number, token: string, call: AdminCall, timeoutMs: number): Promise<Json> {
  const { status, text } = await post(port, `${adminPrefix}call`, { [tokenHeader]: token }, JSON.stringify(call), timeoutMs);
  const reply = JSON.parse(text) as { readonly result?: Json; readonly error?: string };
  if (status !== 200)
    throw new SyncError('UNEXPECTED', {
      message: `the sandbox refused to ${call.action} at ${call.vendor}: ${reply.error ?? text.slice(0, 500)}`,
    });
  return reply.result ?? null;
}

/** One request over a connection of its own: what is asked here must not depend on kept sockets of a server that has gone. */
function post(
  port: number,
  path: string,
  headers: { readonly [name: string]: string },
  body: string | null,
  timeoutMs: number,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, path, method: 'POST', headers: { ...headers, connection: 'close' }, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
      },
    );
    request.setTimeout(timeoutMs, () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.on('error', reject);
    request.end(body ?? undefined);
  });
}
