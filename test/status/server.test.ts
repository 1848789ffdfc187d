// The status server: routes, who may ask what, and headers. Mostly without a socket.
import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { SyncError } from '../../src/model/error.ts';
import type { SyncEvent } from '../../src/model/event.ts';
import { isLoopback, namesLoopback, sameToken, tokenOf } from '../../src/status/access.ts';
import { mostReaders } from '../../src/status/event-stream.ts';
import { createApp, type ServerInput, startServer } from '../../src/status/server.ts';
import { recordOf, snapshotOf, targetOf } from './snapshots.ts';

const token = 'correct-horse-battery';

function bench(patch: Partial<ServerInput> = {}) {
  const asked: (readonly string[] | null)[] = [];
  const listeners = new Set<(event: SyncEvent) => void>();
  const input: ServerInput = {
    host: '127.0.0.1',
    port: 0,
    token: null,
    metricsOpen: false,
    snapshot: () => Promise.resolve(snapshotOf([targetOf({ records: { 'a.md': recordOf() } })])),
    metrics: () => Promise.resolve('kbsync_build_info 1\n'),
    unready: () => [],
    sync(targets) {
      if (targets?.includes('nobody') === true) throw new SyncError('USAGE', { message: 'there is no target nobody' });
      asked.push(targets);
      return targets ?? ['site'];
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    redact: (text) => text.replaceAll('s3cret', '***'),
    ...patch,
  };
  const app = createApp(input);
  const ask = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
    Promise.resolve(app.request(path, { ...init, headers: { host: '127.0.0.1:8420', ...init.headers } }));
  return { input, ask, asked, listeners };
}

const bearer = { authorization: `Bearer ${token}` };

describe('routes', () => {
  it('answers page, probes, metrics and the API', async () => {
    const { ask } = bench();
    const page = await ask('/');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8']);
    expect(await (await ask('/healthz')).text()).toBe('ok');
    expect(await (await ask('/readyz')).json()).toEqual({ ready: true, why: [] });
    const metrics = await ask('/metrics');
    expect(metrics.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await metrics.text()).toBe('kbsync_build_info 1\n');
    const status = (await (await ask('/api/status')).json()) as { targets: Record<string, unknown>[] };
    expect(status).toMatchObject({ version: 1, command: 'status', commit: 'c0ffee0ddf00d' });
    expect(status.targets[0]).toMatchObject({
      name: 'site',
      vendor: 'sitegpt',
      counts: { documents: 1, trained: 1 },
      nextRun: '2026-11-21T12:05:00.000Z',
      held: null,
    });
    expect(status.targets[0]).not.toHaveProperty('documents');
    const withDocuments = (await (await ask('/api/status?documents=1')).json()) as { targets: { documents: unknown[] }[] };
    expect(withDocuments.targets[0]?.documents).toHaveLength(1);
    const documents = await ask('/api/documents?target=site');
    expect(await documents.json()).toMatchObject({
      version: 1,
      targets: [{ name: 'site', documents: [{ document: 'a.md', remoteIds: ['doc_1'] }] }],
    });
    expect((await ask('/api/documents?target=nobody')).status).toBe(400);
    expect((await ask('/elsewhere')).status).toBe(404);
  });

  it('says why it is not ready, with 503, and is alive all the same', async () => {
    const { ask } = bench({ unready: () => ['the folder has not been scanned yet'] });
    const ready = await ask('/readyz');
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({ ready: false, why: ['the folder has not been scanned yet'] });
    expect((await ask('/healthz')).status).toBe(200);
  });

  it('lets nothing run or load but its own, with a nonce of its own for each page', async () => {
    const { ask } = bench();
    const [first, second] = [await ask('/'), await ask('/')];
    const policy = first.headers.get('content-security-policy') ?? '';
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? 'none';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(await first.text()).toContain(`<script nonce="${nonce}">`);
    expect(second.headers.get('content-security-policy')).not.toBe(policy);
    for (const [name, value] of [
      ['x-content-type-options', 'nosniff'],
      // With no-referrer a browser hides the origin of a form, which is what forged ones are told by.
      ['referrer-policy', 'same-origin'],
      ['cache-control', 'no-store'],
      ['x-frame-options', 'DENY'],
    ] as const) {
      expect(first.headers.get(name)).toBe(value);
    }
    expect(first.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('takes secrets out of everything, errors too', async () => {
    const state = { records: { 's3cret.md': recordOf({ path: 's3cret.md' }) } };
    const { ask } = bench({
      snapshot: () => Promise.resolve(snapshotOf([targetOf(state)])),
      metrics: () => Promise.reject(new Error('s3cret')),
    });
    for (const path of ['/', '/api/status?documents=1', '/api/documents', '/metrics'])
      expect(await (await ask(path)).text()).not.toContain('s3cret');
    expect((await ask('/metrics')).status).toBe(500);
  });

  it('streams events until the reader goes', async () => {
    const { ask, listeners } = bench();
    const reply = await ask('/api/events');
    expect(reply.headers.get('content-type')).toContain('text/event-stream');
    const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
    for (const listener of listeners) listener({ kind: 'note', target: 'site', at: '2026-11-21T00:00:00.000Z', message: 'hello s3cret' });
    let text = '';
    while (!text.includes('hello')) text += new TextDecoder().decode((await reader.read()).value);
    expect(text).toContain('data: {"kind":"note","target":"site"');
    expect(text).toContain('hello ***');
    await reader.cancel();
    expect(listeners.size).toBe(0);
  });

  it('cuts off a reader that does not read, instead of keeping everything for it', async () => {
    const { ask, listeners } = bench();
    await ask('/api/events');
    const event = { kind: 'note', target: 'site', at: '2026-11-21T00:00:00.000Z', message: 'x' } as const;
    for (let n = 0; n < 5_000; n += 1) for (const listener of listeners) listener(event);
    expect(listeners.size).toBe(0);
  });

  it('keeps nothing for who asks for the head of the stream alone', async () => {
    const { ask, listeners } = bench();
    const reply = await ask('/api/events', { method: 'HEAD' });
    expect([reply.status, reply.headers.get('content-type'), listeners.size]).toEqual([200, 'text/event-stream; charset=utf-8', 0]);
  });

  it('writes an event out once for all who follow, and takes no more of them than it can hold', async () => {
    let written = 0;
    const { ask, listeners } = bench({
      redact(text) {
        if (text === 'counted') written += 1;
        return text;
      },
    });
    const replies = [];
    for (let n = 0; n < mostReaders; n += 1) replies.push(await ask('/api/events'));
    const [first] = listeners;
    first?.({ kind: 'note', target: 'site', at: '2026-11-21T00:00:00.000Z', message: 'counted' });
    expect([listeners.size, written, (await ask('/api/events')).status]).toEqual([1, 1, 503]);
    for (const reply of replies) await reply.body?.cancel();
    expect([listeners.size, (await ask('/api/events')).status]).toEqual([0, 200]);
  });

  it('ends a stream whose session or token has gone', async () => {
    vi.useFakeTimers();
    try {
      let now = token;
      const { ask, listeners, input } = bench({ host: '0.0.0.0' });
      Object.defineProperty(input, 'token', { get: () => now });
      const reply = await ask('/api/events', { headers: bearer });
      vi.advanceTimersByTime(25_000);
      expect([reply.status, listeners.size]).toEqual([200, 1]);
      now = 'another-token-altogether';
      vi.advanceTimersByTime(25_000);
      expect(listeners.size).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('POST /api/sync', () => {
  it('is refused where no token is configured, with or without one', async () => {
    const { ask, asked } = bench();
    expect((await ask('/api/sync', { method: 'POST' })).status).toBe(403);
    expect((await ask('/api/sync', { method: 'POST', headers: bearer })).status).toBe(403);
    expect(asked).toEqual([]);
  });

  it('needs the token as Bearer, and takes it in no other way', async () => {
    const { ask, asked } = bench({ token });
    const basic = { authorization: `Basic ${Buffer.from(`kbsync:${token}`).toString('base64')}` };
    for (const headers of [{}, { authorization: 'Bearer wrong' }, basic, { authorization: token }]) {
      expect((await ask('/api/sync', { method: 'POST', headers })).status).toBe(401);
    }
    expect((await ask(`/api/sync?token=${token}`, { method: 'POST' })).status).toBe(401);
    expect(asked).toEqual([]);
    const reply = await ask('/api/sync', { method: 'POST', headers: bearer });
    expect([reply.status, await reply.json()]).toEqual([202, { version: 1, command: 'sync', accepted: ['site'] }]);
  });

  it('takes targets from its body, and says what is wrong with it', async () => {
    const { ask, asked } = bench({ token });
    const post = (body: string) => ask('/api/sync', { method: 'POST', headers: bearer, body });
    expect((await post('{"targets":["site"]}')).status).toBe(202);
    expect((await post('{}')).status).toBe(202);
    for (const body of [
      '{"targets":"site"}',
      '[]',
      'nonsense',
      '{"target":["site"]}',
      '{"targets":[1]}',
      '{"targets":["nobody"]}',
      '{"targets":[]}',
    ]) {
      const reply = await post(body);
      expect([body, reply.status]).toEqual([body, 400]);
      expect(((await reply.json()) as { error: { message: string } }).error.message).not.toBe('');
    }
    expect((await post(`{"targets":["${'x'.repeat(70_000)}"]}`)).status).toBe(413);
    expect(asked).toEqual([['site'], null]);
  });
});

describe('who may ask', () => {
  it('on loopback: everybody may read who names this machine, and nobody who came by another name', async () => {
    const { ask } = bench({ token });
    for (const host of ['localhost:8420', '127.0.0.1', '[::1]:8420', '127.8.9.1:1'])
      expect((await ask('/api/status', { headers: { host } })).status).toBe(200);
    for (const host of ['evil.example:8420', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', '']) {
      expect((await ask('/api/status', { headers: { host } })).status).toBe(403);
      expect((await ask('/api/sync', { method: 'POST', headers: { ...bearer, host } })).status).toBe(403);
    }
  });

  it('off loopback: the probes are open, all else needs the token, which a browser may give as a password for reading', async () => {
    const { ask } = bench({ host: '0.0.0.0', token });
    const headers = { host: 'kb.example.com' };
    for (const path of ['/healthz', '/readyz']) expect((await ask(path, { headers })).status).toBe(200);
    for (const path of ['/', '/metrics', '/api/status', '/api/documents', '/api/events', '/elsewhere'])
      expect((await ask(path, { headers })).status).toBe(401);
    expect((await ask('/', { headers })).headers.get('www-authenticate')).toContain('Basic');
    const basic = { authorization: `Basic ${Buffer.from(`me:${token}`).toString('base64')}` };
    expect((await ask('/', { headers: { ...headers, ...basic } })).status).toBe(200);
    expect((await ask('/', { headers: { ...headers, ...bearer } })).status).toBe(200);
    const open = bench({ host: '0.0.0.0', token, metricsOpen: true });
    expect((await open.ask('/metrics', { headers })).status).toBe(200);
    expect((await open.ask('/', { headers })).status).toBe(401);
  });

  it('off loopback: who has no token is told by the probe that a configuration was refused, and not its words', async () => {
    const failed = {
      at: '2026-11-21T00:00:00.000Z',
      code: 'CONFIG_INVALID' as const,
      message: '/srv/kb/sync.config.yaml:3: hunter2',
      next: 'mend it',
    };
    const reload = () => ({ loadedAt: '2026-11-20T00:00:00.000Z', failed }) as const;
    const { ask } = bench({ host: '0.0.0.0', token, reload });
    const told = { loadedAt: '2026-11-20T00:00:00.000Z', failed: { at: failed.at, code: failed.code } };
    expect(await (await ask('/readyz')).json()).toEqual({ ready: true, why: [], config: told });
    expect(await (await ask('/readyz', { headers: { authorization: 'Bearer guess' } })).text()).not.toContain('hunter2');
    expect(await (await ask('/readyz', { headers: bearer })).json()).toMatchObject({ config: { failed } });
    expect(await (await bench({ reload }).ask('/readyz')).json()).toMatchObject({ config: { failed } });
  });

  it('knows loopback, names and tokens', () => {
    expect(['127.0.0.1', '127.1.2.3', '::1', '[::1]', 'localhost', 'LOCALHOST'].map(isLoopback)).not.toContain(false);
    expect(['0.0.0.0', '::', '192.168.0.1', 'localhost.example', '127.0.0.1.example'].map(isLoopback)).not.toContain(true);
    expect([undefined, '', ':80', '[::1', 'a b', '127.0.0.1:port'].map(namesLoopback)).not.toContain(true);
    expect([sameToken('a', 'a'), sameToken('a', 'b'), sameToken('', 'a'), sameToken(null, 'a')]).toEqual([true, false, false, false]);
    expect([tokenOf('Bearer  x', false), tokenOf('bearer x', false), tokenOf('Basic Og==', true), tokenOf('Basic eDp5', false)]).toEqual([
      'x',
      'x',
      '',
      null,
    ]);
  });
});

describe('listening', () => {
  it('says which port is in use and what to set', async () => {
    const first = await startServer(bench().input);
    const port = Number(new URL(first.url).port);
    await expect(startServer(bench({ port }).input)).rejects.toMatchObject({
      code: 'CONFIG_INVALID' as const,
      message: expect.stringContaining(`port ${port}`) as string,
      next: expect.stringContaining('daemon.port') as string,
    });
    expect(await (await fetch(`${first.url}healthz`)).text()).toBe('ok');
    await first.close();
    await expect(fetch(`${first.url}healthz`)).rejects.toThrow();
  });

  it('does not start off loopback without a token', async () => {
    await expect(startServer(bench({ host: '0.0.0.0' }).input)).rejects.toMatchObject({
      code: 'CONFIG_INVALID' as const,
      next: expect.stringContaining('KBSYNC_TOKEN') as string,
    });
  });

  it('takes a POST as curl sends it: no body, an empty one, one in chunks, and none too large', async () => {
    const { input, asked } = bench({ token });
    const server = await startServer(input);
    const post = (headers: Record<string, string>, ...chunks: string[]) =>
      new Promise<number | undefined>((resolve, reject) => {
        const url = new URL('api/sync', server.url);
        const sent = request(url, { method: 'POST', headers: { ...bearer, ...headers } }, (reply) => {
          reply.resume();
          resolve(reply.statusCode);
        });
        sent.on('error', reject);
        // Without a length node would announce chunks by itself.
        if (chunks.length === 0) sent.useChunkedEncodingByDefault = false;
        for (const chunk of chunks) sent.write(chunk);
        sent.end();
      });
    expect(await post({})).toBe(202);
    expect(await post({ 'content-length': '0' })).toBe(202);
    expect(await post({ 'transfer-encoding': 'chunked' }, '{"targets":', '["site"]}')).toBe(202);
    expect(await post({ 'transfer-encoding': 'chunked' }, 'x'.repeat(70_000))).toBe(413);
    expect(await post({ 'content-length': '70000' }, 'x'.repeat(70_000))).toBe(413);
    expect(asked).toEqual([null, null, ['site']]);
    await server.close();
  });

  it('hangs up on a reader that does not read, rather than hold what waits for it', async () => {
    const { input, listeners } = bench();
    const server = await startServer(input);
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    try {
      socket.write('GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await new Promise((resolve) => socket.once('data', resolve));
      socket.pause();
      const message = 'x'.repeat(10_000);
      for (let n = 0; n < 20_000 && listeners.size > 0; n += 1) {
        for (const listener of listeners) listener({ kind: 'note', target: 'site', at: '2026-11-21T00:00:00.000Z', message });
        if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      let text = '';
      socket
        .on('error', () => undefined)
        .on('data', (chunk) => {
          text = (text + String(chunk)).slice(-100);
        });
      const gone = new Promise((resolve) => socket.once('close', resolve));
      socket.resume();
      await gone;
      expect([listeners.size, text.endsWith('0\r\n\r\n')]).toEqual([0, false]);
    } finally {
      socket.destroy();
      await server.close();
    }
  });

  it('closes although somebody follows the events', async () => {
    const { input, listeners } = bench();
    const server = await startServer(input);
    const reply = await fetch(`${server.url}api/events`);
    expect(reply.status).toBe(200);
    await server.close();
    expect(listeners.size).toBe(0);
    await reply.body?.cancel();
  });
});
