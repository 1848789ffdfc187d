// The real program, over real TLS with a certificate authority of our own, through a proxy that speaks CONNECT.
import { createServer, request as httpRequest, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'vitest';
import { type World, world } from './support/bots.ts';
import { planted } from './support/planted.ts';
import { type Home, home } from './support/run-program.ts';
import { certificate, certificateKey } from './support/tls.ts';

/** Optional for users, too: without it the program says what to install. */
const installed = (() => {
  try {
    return (
      createRequire(import.meta.url)
        .resolve.paths('https-proxy-agent')
        ?.some((folder) => existsIn(folder)) ?? false
    );
  } catch {
    return false;
  }
})();

function existsIn(folder: string): boolean {
  try {
    return createRequire(import.meta.url)(join(folder, 'https-proxy-agent', 'package.json')) !== null;
  } catch {
    return false;
  }
}

/** Called last come, first served, when the test is over. */
type Finished = TestContext['onTestFinished'];

async function listening(server: Server, finished: Finished): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  finished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** The emulator of a vendor behind TLS, as https://vendor.test would be. */
async function vendor(finished: Finished): Promise<{ readonly bot: World; readonly port: number }> {
  const bot = await world('sitegpt', { queuedMs: 0, processingMs: 0 });
  finished(() => bot.close());
  const to = new URL(bot.served.origin);
  const front = createTlsServer({ cert: certificate, key: certificateKey }, (incoming, reply) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const inner = httpRequest({ host: to.hostname, port: to.port, method, path: url, headers }, (answer) => {
      reply.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(reply);
    });
    inner.on('error', () => reply.destroy());
    incoming.pipe(inner);
  });
  return { bot, port: await listening(front as unknown as Server, finished) };
}

interface Proxy {
  readonly port: number;
  readonly asked: string[];
  /** What went through it, as it can be read there. */
  readonly seen: Buffer[];
}

/** Connects whatever name it is asked for to this port; with a status instead: refuses. */
async function proxyTo(finished: Finished, port: number, status = 200): Promise<Proxy> {
  const asked: string[] = [];
  const seen: Buffer[] = [];
  const server = createServer();
  server.on('connect', (incoming, socket: Socket, head: Buffer) => {
    asked.push(`${incoming.url} ${incoming.headers['proxy-authorization'] ?? 'nobody'}`);
    socket.on('error', () => undefined);
    if (status !== 200) return void socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
    const out = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      out.write(head);
      socket.on('data', (chunk: Buffer) => seen.push(chunk));
      socket.pipe(out).pipe(socket);
    });
    out.on('error', () => socket.destroy());
    return undefined;
  });
  return { port: await listening(server, finished), asked, seen };
}

const config = (origin: string): string =>
  `version: 1\nname: docs\ntargets: [{ name: site, vendor: sitegpt, chatbotId: bot-1, token: "\${KBSYNC_TOKEN}", baseUrl: "${origin}" }]\n`;

function place(finished: Finished, origin: string, env: Readonly<Record<string, string>>): Home {
  const made = home(config(origin), { NODE_EXTRA_CA_CERTS: '', ...env });
  finished(() => made.remove());
  made.write({ 'ca.pem': certificate, 'content/a.md': '# A\n\nwords\n' });
  return made;
}

interface Answer {
  readonly targets: readonly [{ readonly error: { readonly code: string; readonly message: string; readonly next: string } | null }];
}

async function synced(where: Home): Promise<readonly [number | null, Answer['targets'][0]['error'], string]> {
  const ran = await where.run('sync', '--json', '--no-wait', '--verbose');
  return [ran.exitCode, ran.json<Answer>().targets[0].error, ran.stdout + ran.stderr];
}

// What cannot be reached is tried again after a pause: these wait side by side.
describe.concurrent('TLS', () => {
  it('with an authority of one’s own is trusted by NODE_EXTRA_CA_CERTS', async ({ expect, onTestFinished }) => {
    const { bot, port } = await vendor(onTestFinished);
    const where = place(onTestFinished, `https://127.0.0.1:${port}`, { NODE_EXTRA_CA_CERTS: 'ca.pem' });
    expect((await synced(where)).slice(0, 2)).toEqual([0, null]);
    expect(bot.items()).toHaveLength(1);
  }, 30_000);

  it('is verified, also where NODE_TLS_REJECT_UNAUTHORIZED says otherwise', async ({ expect, onTestFinished }) => {
    const { bot, port } = await vendor(onTestFinished);
    const where = place(onTestFinished, `https://127.0.0.1:${port}`, { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    const [exitCode, error] = await synced(where);
    expect([exitCode, error?.code]).toEqual([11, 'TARGET_UNREACHABLE']);
    expect(error?.message).toMatch(/self.signed/i);
    expect(error?.next).toContain('NODE_EXTRA_CA_CERTS');
    expect(bot.items()).toEqual([]);
  }, 30_000);
});

describe.skipIf(!installed).concurrent('a proxy of the environment', () => {
  const password = 'p4ss-word-of-the-proxy';

  it('is gone through, with its user and password, and reads nothing of what passes', async ({ expect, onTestFinished }) => {
    const { bot, port } = await vendor(onTestFinished);
    const proxy = await proxyTo(onTestFinished, port);
    const where = place(onTestFinished, 'https://vendor.test', {
      HTTPS_PROXY: `http://me:${encodeURIComponent(password)}@127.0.0.1:${proxy.port}`,
      NODE_EXTRA_CA_CERTS: 'ca.pem',
      DEBUG: '*',
    });
    const [exitCode, error, said] = await synced(where);
    expect([exitCode, error]).toEqual([0, null]);
    expect(bot.items()).toHaveLength(1);
    expect(new Set(proxy.asked)).toEqual(new Set([`vendor.test:443 Basic ${Buffer.from(`me:${password}`).toString('base64')}`]));
    expect(Buffer.concat(proxy.seen).includes(planted)).toBe(false);
    expect(said).not.toContain(password);
    expect(said).not.toContain(Buffer.from(`me:${password}`).toString('base64'));
  }, 30_000);

  it('cannot stand in for the vendor: the certificate is the vendor’s', async ({ expect, onTestFinished }) => {
    const { bot, port } = await vendor(onTestFinished);
    const proxy = await proxyTo(onTestFinished, port);
    const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NODE_EXTRA_CA_CERTS: 'ca.pem' };
    const { NODE_EXTRA_CA_CERTS: _, ...untrusting } = env;
    const [other, unknown] = await Promise.all([
      synced(place(onTestFinished, 'https://other.test', env)),
      synced(place(onTestFinished, 'https://vendor.test', { ...untrusting, NODE_TLS_REJECT_UNAUTHORIZED: '0' })),
    ]);
    expect([other[0], other[1]?.code]).toEqual([11, 'TARGET_UNREACHABLE']);
    expect([unknown[0], unknown[1]?.code]).toEqual([11, 'TARGET_UNREACHABLE']);
    expect(bot.items()).toEqual([]);
  }, 30_000);

  it.for([
    [403, 'have the proxy let it through'],
    [407, 'put user and password into HTTPS_PROXY'],
  ] as const)(
    'that answers %i is told from the vendor: 11, not refused credentials',
    { timeout: 30_000 },
    async ([status, next], { expect, onTestFinished }) => {
      const proxy = await proxyTo(onTestFinished, 1, status);
      const where = place(onTestFinished, 'https://vendor.test', { https_proxy: `http://127.0.0.1:${proxy.port}` });
      const [exitCode, error] = await synced(where);
      expect([exitCode, error?.code]).toEqual([11, 'TARGET_UNREACHABLE']);
      expect(error?.message).toContain(`the proxy that HTTPS_PROXY names does not connect to https://vendor.test: ${status}`);
      expect(error?.next).toContain(next);
    },
  );

  it('is passed by for what NO_PROXY lists, and for this very machine', async ({ expect, onTestFinished }) => {
    const { bot, port } = await vendor(onTestFinished);
    const proxy = await proxyTo(onTestFinished, port);
    const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NODE_EXTRA_CA_CERTS: 'ca.pem' };
    expect((await synced(place(onTestFinished, `https://127.0.0.1:${port}`, env)))[0]).toBe(0);
    const listed = await synced(place(onTestFinished, 'https://vendor.test', { ...env, NO_PROXY: 'example.com, vendor.test' }));
    expect(listed[1]?.message).toContain('there is no such host');
    expect(bot.items()).toHaveLength(1);
    expect(proxy.asked).toEqual([]);
  }, 30_000);
});
