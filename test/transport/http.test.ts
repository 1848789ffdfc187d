import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { HttpRequest } from '../../src/connectors/connector.ts';
import { createWire, retryAfter, type WireOptions } from '../../src/transport/http.ts';
import { proxyAgent } from '../../src/transport/proxy.ts';
import { deadOrigin, failure, json, listening, request, serve } from './support.ts';

function wire(more: Partial<WireOptions> = {}) {
  const made = createWire({ version: '1.2.3', redact: (text) => text.replaceAll('s3cret', '•••'), now: () => 0, environment: {}, ...more });
  onTestFinished(() => made.close());
  const { signal } = new AbortController();
  return (sent: HttpRequest, origin: string, by: AbortSignal = signal) => made.sendOnce(sent, { origin, signal: by });
}

describe('what is sent', () => {
  test('method, path, query, headers and JSON body', async () => {
    const server = await serve((response) => json(response, 200, { ok: true }));
    const query = { ids: 'a,b', text: 'two words & more', list: ['x', 'y'], none: undefined, page: 2 };
    const reply = await wire()(
      request('create', { path: '/v1/a%20b', query, headers: { 'X-Api-Key': 'k' }, json: { title: 'ä' } }),
      server.origin,
    );
    expect(reply.status).toBe(200);
    expect(reply.json()).toEqual({ ok: true });
    expect(server.requests).toMatchObject([
      {
        method: 'POST',
        url: '/v1/a%20b?ids=a,b&text=two%20words%20%26%20more&list=x&list=y&page=2',
        headers: { 'x-api-key': 'k', 'user-agent': 'kbsync/1.2.3', accept: 'application/json', 'content-type': 'application/json' },
        body: '{"title":"ä"}',
      },
    ]);
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)('%s without a body does not wait for one', async (method) => {
    const server = await serve((response) => response.end());
    const reply = await wire()({ intent: 'repeatable', method, path: '/x' }, server.origin);
    expect(reply.status).toBe(200);
    expect(server.requests[0]).toMatchObject({ method, body: '' });
  });

  test('a form with its length, made anew for each attempt', async () => {
    const server = await serve((response) => json(response, 200, {}));
    let made = 0;
    const form = (): FormData => {
      made++;
      const data = new FormData();
      data.set('file', new File(['# Reset'], 'reset.md', { type: 'text/markdown' }));
      return data;
    };
    const send = wire();
    for (let n = 0; n < 2; n++) await send({ intent: 'create', method: 'POST', path: '/files', form }, server.origin);
    expect(made).toBe(2);
    for (const { headers, body } of server.requests) {
      expect(headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
      expect(Number(headers['content-length'])).toBe(Buffer.byteLength(body));
      expect(body).toContain('# Reset');
    }
  });

  test('over one kept connection, also after an error answer', async () => {
    const ports = new Set<number | undefined>();
    const server = await serve((response, incoming, nth) => {
      ports.add(incoming.socket.remotePort);
      json(response, nth === 2 ? 500 : 200, {});
    });
    const send = wire();
    for (let n = 0; n < 4; n++) await send(request('create'), server.origin);
    expect(server.requests).toHaveLength(4);
    expect(ports.size).toBe(1);
  });

  test.each(['/v1/../admin', '/v1/%2e%2E/x', '/v1/.', 'v1', '/v1?key=1', '/v1#x', '/v1\\..\\x', '@evil.example/', '/a b'])(
    'a path that would be read as another one is not sent: %s',
    async (path) => {
      const server = await serve((response) => json(response, 200, {}));
      const error = await failure(wire()(request('repeatable', { method: 'DELETE', path }), server.origin));
      expect(error).toMatchObject({ code: 'REQUEST_REFUSED', facts: { effect: 'none', stops: 'document' } });
      expect(server.requests).toEqual([]);
    },
  );

  test.each([
    'http://example.com',
    'http://10.0.0.1',
    'http://127.0.0.1.example.com',
    'ftp://127.0.0.1',
    'https://user:s3cret@example.com',
    'nonsense',
    'https://vendor.example/api',
  ])('an origin that would give the key away, or is none, is refused: %s', async (origin) => {
    const error = await failure(wire()(request('read'), origin));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', facts: { effect: 'none', stops: 'target' } });
    expect(error.message).not.toContain('s3cret');
  });

  test('http:// to localhost is allowed', async () => {
    const server = await serve((response) => json(response, 200, {}));
    const reply = await wire()(request('read'), server.origin.replace('127.0.0.1', 'localhost'));
    expect(reply.status).toBe(200);
  });

  test('a key with a line break is a matter of configuration, and is not in the message', async () => {
    const server = await serve((response) => json(response, 200, {}));
    const error = await failure(wire()(request('create', { headers: { authorization: 'Bearer s3cret\nx' } }), server.origin));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', facts: { effect: 'none', stops: 'target' } });
    expect(`${error.message}${error.vendor}${error.next}`).not.toContain('s3cret');
  });

  test('a proxy needs the optional package', async () => {
    const notThere = () => Promise.reject(new Error('no such package'));
    const error = await failure(proxyAgent('http://user:s3cret@proxy.example:3128', 'https://vendor.example', notThere));
    expect(error).toMatchObject({ code: 'TARGET_UNREACHABLE', facts: { retry: 'never' } });
    expect(error.next).toContain('npm install https-proxy-agent');
    expect(JSON.stringify(error.record())).not.toContain('s3cret');
  });

  test('a proxy that is none is told, without what stands in its place', async () => {
    for (const proxy of ['user:s3cret@proxy.example', 'socks5://user:s3cret@proxy.example']) {
      const error = await failure(wire({ environment: { HTTPS_PROXY: proxy } })(request('create'), 'https://vendor.example'));
      expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: 'HTTPS_PROXY is no address of a proxy' });
      expect(JSON.stringify(error.record())).not.toContain('s3cret');
    }
  });
});

describe('what comes back', () => {
  test('any status is an answer here, headers in lower case, Retry-After in milliseconds', async () => {
    const server = await serve((response) => json(response, 503, { no: 1 }, { 'Retry-After': '7', 'X-Trace': 't' }));
    const reply = await wire()(request('read'), server.origin);
    expect(reply).toMatchObject({ status: 503, retryAfterMs: 7000, headers: { 'x-trace': 't' }, text: '{"no":1}' });
  });

  test.each([
    ['120', 120_000],
    ['0', 0],
    ['1.5', 1500],
    ['Thu, 01 Jan 1970 00:01:00 GMT', 59_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['soon', null],
    [undefined, null],
  ])('Retry-After %s', (value, ms) => {
    expect(retryAfter(value, 1000)).toBe(ms);
  });

  test('a compressed body and a byte order mark', async () => {
    const server = await serve((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('\ufeff{"a":"ö"}')));
    expect((await wire()(request('read'), server.origin)).json()).toEqual({ a: 'ö' });
  });

  test.each([
    ['a web page', '<html><head><style>p{}</style></head><body><h1>Sign in</h1> with s3cret</body></html>', 'Sign in with •••'],
    ['broken JSON', '{"a":', '{"a":'],
    ['nothing', '', null],
  ])('%s instead of JSON', async (_name, text, vendor) => {
    const server = await serve((response) => response.end(text));
    const send = wire();
    for (const [intent, effect] of [
      ['read', 'none'],
      ['create', 'unconfirmed'],
      ['ask', 'unconfirmed'],
    ] as const) {
      const reply = await send(request(intent, { query: { key: 's3cret' } }), server.origin);
      const error = await failure((async () => reply.json())());
      expect(error).toMatchObject({ code: 'REPLY_INVALID', vendor, facts: { effect } });
      expect(error.message).toContain('/v1/items');
      expect(error.message).not.toMatch(/key|s3cret/);
    }
  });

  test.each([false, true])('a body beyond 32 MiB is cut off, compressed: %s', async (compressed) => {
    const megabyte = Buffer.alloc(1024 * 1024, 'x');
    const small = gzipSync(Buffer.alloc(40 * 1024 * 1024));
    let closed = false;
    const origin = await listening((_incoming, response) => {
      response.on('close', () => {
        closed = true;
      });
      if (compressed) {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(small);
        return;
      }
      const more = (): void => {
        while (!closed && response.write(megabyte));
        if (!closed) response.once('drain', more);
      };
      more();
    });
    const error = await failure(wire()(request('create', { method: 'POST' }), origin));
    expect(error).toMatchObject({ code: 'REPLY_INVALID', facts: { effect: 'unconfirmed' } });
    expect(error.message).toContain('answer larger than 32 MiB');
    await vi.waitFor(() => expect(closed).toBe(true));
  });

  test('32 MiB to the byte is taken', async () => {
    const body = Buffer.alloc(1000, 'x');
    const server = await serve((response) => response.end(body));
    expect((await wire({ maxBytes: 1000 })(request('read'), server.origin)).text).toHaveLength(1000);
    expect((await failure(wire({ maxBytes: 999 })(request('read'), server.origin))).code).toBe('REPLY_INVALID');
  });

  const redirects = [301, 302, 303, 307, 308].flatMap((status) => (['create', 'read'] as const).map((intent) => [status, intent] as const));

  test.each(redirects)('a redirect is not followed, and the key does not travel: %i, %s', async (status, intent) => {
    const other = await serve((response) => json(response, 200, {}));
    for (const to of [`${other.origin}/v1/items`, '/v1/elsewhere', '//127.0.0.1:1/v1/items', 'https://127.0.0.1@evil.example/']) {
      const server = await serve((response) => response.writeHead(status, { location: to }).end());
      const reply = await wire()(request(intent, { headers: { 'x-api-key': 's3cret', authorization: 'Bearer s3cret' } }), server.origin);
      expect([reply.status, server.requests.length, other.requests]).toEqual([status, 1, []]);
    }
  });

  test.each([
    ['http://0.0.0.0:8080', false],
    ['http://127.0.0.1.evil.example', false],
    ['http://localhost.evil.example', false],
    ['http://a.localhost', false],
    ['http://127.0.0.1@evil.example', false],
    ['http://evil.example#@127.0.0.1', false],
    ['http://[::ffff:127.0.0.1]', false],
    ['http://[::]', false],
    ['http://10.0.0.1', false],
    ['http://localhost.', false],
    ['ftp://127.0.0.1', false],
    // Ways of writing 127.0.0.1, which every reader of addresses understands.
    ['http://127.1', true],
    ['http://2130706433', true],
    ['http://0x7f.0.0.1', true],
    ['http://[::1]', true],
  ])('a key goes in the clear to this very machine only: %s', async (origin, isHere) => {
    const error = await failure(wire()(request('read', { headers: { 'x-api-key': 's3cret' }, timeoutMs: 500 }), origin));
    expect([error.code === 'CONFIG_INVALID', error.code === 'TARGET_UNREACHABLE']).toEqual([!isHere, isHere]);
  });

  test('headers are bounded, and so is their time', async () => {
    const many = await serve((response) => response.writeHead(200, { 'x-long': 'x'.repeat(100_000) }).end('{}'));
    expect((await failure(wire()(request('read'), many.origin))).code).toBe('REPLY_INVALID');
    const slow = createServer((socket) => {
      socket.on('error', () => undefined).write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => socket.write('x-a: b\r\n'), 10);
      socket.on('close', () => clearInterval(drip));
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void slow.close());
    const { port } = slow.address() as { port: number };
    expect((await failure(wire()(request('read', { timeoutMs: 150 }), `http://127.0.0.1:${port}`))).code).toBe('TARGET_UNREACHABLE');
  });
});

describe('what never becomes an answer', () => {
  const intents = [
    ['read', 'none'],
    ['repeatable', 'unconfirmed'],
    ['create', 'unconfirmed'],
    ['ask', 'unconfirmed'],
  ] as const;

  test.each(intents)('nobody listens: no effect, %s', async (intent) => {
    const origin = await deadOrigin();
    const error = await failure(wire()(request(intent), origin));
    expect(error).toMatchObject({ code: 'TARGET_UNREACHABLE', facts: { effect: 'none', retry: 'later', stops: 'target' } });
    expect(error.message).toContain('nothing listens there (ECONNREFUSED)');
  });

  test('no such host: no effect', async () => {
    const error = await failure(wire()(request('create', { timeoutMs: 5000 }), 'https://kbsync-test.invalid'));
    expect(error).toMatchObject({ code: 'TARGET_UNREACHABLE', facts: { effect: 'none' } });
  });

  test('TLS that fails: no effect', async () => {
    const plain = createServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void plain.close());
    const { port } = plain.address() as { port: number };
    const error = await failure(wire()(request('create'), `https://127.0.0.1:${port}`));
    expect(error).toMatchObject({ code: 'TARGET_UNREACHABLE', facts: { effect: 'none' } });
  });

  test.each(intents)('the connection is lost before the effect, %s: %s', async (intent, effect) => {
    const origin = await listening((incoming) => incoming.socket.destroy());
    expect(await failure(wire()(request(intent), origin))).toMatchObject({ code: 'TARGET_UNREACHABLE', facts: { effect, retry: 'later' } });
  });

  test.each(intents)('the connection is lost after the effect, %s: %s', async (intent, effect) => {
    const server = await serve((response) => response.socket?.resetAndDestroy());
    expect(await failure(wire()(request(intent), server.origin))).toMatchObject({ code: 'TARGET_UNREACHABLE', facts: { effect } });
    expect(server.requests).toHaveLength(1);
  });

  test.each(intents)('the connection is lost amid the answer, %s: %s', async (intent, effect) => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"a":', () => response.socket?.destroy());
    });
    expect(await failure(wire()(request(intent), server.origin))).toMatchObject({ code: 'TARGET_UNREACHABLE', facts: { effect } });
  });

  test.each(intents)('a stalled answer is bounded, %s: %s', async (intent, effect) => {
    const server = await serve(() => undefined);
    const error = await failure(wire()(request(intent, { timeoutMs: 80 }), server.origin));
    expect(error).toMatchObject({ code: 'TARGET_UNREACHABLE', facts: { effect, retry: 'later' } });
    expect(error.message).toContain('no answer within 0.08 s');
  });

  test('an answer that drips is bounded as a whole', async () => {
    const server = await serve((response) => {
      const drip = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(drip));
    });
    expect(await failure(wire()(request('create', { timeoutMs: 120 }), server.origin))).toMatchObject({
      code: 'TARGET_UNREACHABLE',
      facts: { effect: 'unconfirmed' },
    });
  });

  test('something that is no HTTP', async () => {
    const odd = createServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-OpenSSH\r\n'));
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void odd.close());
    const { port } = odd.address() as { port: number };
    const error = await failure(wire()(request('create'), `http://127.0.0.1:${port}`));
    expect(error).toMatchObject({ code: 'REPLY_INVALID', facts: { effect: 'unconfirmed' } });
  });

  test('stopped by its signal, before and while it waits for the answer', async () => {
    const stop = new AbortController();
    const server = await serve(() => stop.abort());
    const send = wire();
    const error = await failure(send(request('create'), server.origin, stop.signal));
    expect(error).toMatchObject({ code: 'ABORTED', facts: { effect: 'unconfirmed' } });
    expect(await failure(send(request('create'), server.origin, stop.signal))).toMatchObject({
      code: 'ABORTED',
      facts: { effect: 'none' },
    });
    expect(server.requests).toHaveLength(1);
  });

  test('the error keeps nothing of the client, which knows headers and query', async () => {
    const origin = await listening((incoming) => incoming.socket.destroy());
    const sent = request('create', { query: { apikey: 's3cret' }, headers: { authorization: 's3cret' } });
    const error = await failure(wire()(sent, origin));
    expect(error.cause).toBeUndefined();
    expect(`${error.stack}${JSON.stringify(error)}`).not.toContain('s3cret');
  });
});
