import { describe, expect, test, vi } from 'vitest';
import type { HttpReply, Intent, ItemTarget, RemoteEntry } from '../../src/connectors/connector.ts';
import { SyncError } from '../../src/model/error.ts';
import type { Hooks } from '../../src/transport/connect.ts';
import { createLimiters, type Limits } from '../../src/transport/limit.ts';
import { bareTarget, call, deadOrigin, failure, json, jumpingClock, line, listening, request, serve, traits } from './support.ts';

const intents: readonly Intent[] = ['read', 'repeatable', 'create', 'ask'];
const lost = () => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

describe('trying again', () => {
  test.each([
    ['read', 5],
    ['repeatable', 5],
    ['create', 1],
    ['ask', 1],
  ] as const)('after the connection was lost once the request was read: %s is sent %i times', async (intent, times) => {
    const server = await serve((response) => response.socket?.destroy());
    const { http, connected } = line({ origin: server.origin });
    const error = await failure(http(request(intent)));
    expect(error).toMatchObject({ code: 'TARGET_UNREACHABLE', facts: { effect: intent === 'read' ? 'none' : 'unconfirmed' } });
    expect(server.requests).toHaveLength(times);
    const { read, write, ask } = connected.counter.counts();
    expect(read + write + ask).toBe(times);
  });

  test.each([
    ['read', 5],
    ['repeatable', 5],
    ['create', 1],
    ['ask', 1],
  ] as const)('after a 500: %s is sent %i times', async (intent, times) => {
    const server = await serve((response) => json(response, 500, { message: 'out of order' }));
    const error = await failure(line({ origin: server.origin }).http(request(intent)));
    expect(error).toMatchObject({ code: 'VENDOR_FAILED', vendor: 'out of order' });
    expect(server.requests).toHaveLength(times);
  });

  test.each(intents)('a 429 had no effect: %s is sent until it is taken', async (intent) => {
    const server = await serve((response, _incoming, nth) => json(response, nth < 3 ? 429 : 200, {}));
    const { http, events } = line({ origin: server.origin });
    expect((await http(request(intent))).status).toBe(200);
    expect(events.filter((event) => event.kind === 'request')).toMatchObject([
      { attempt: 1, status: 429 },
      { attempt: 2, status: 429 },
      { attempt: 3, status: 200 },
    ]);
  });

  test.each([400, 401, 403, 404, 413, 422])('a %i is final', async (status) => {
    const server = await serve((response) => json(response, status, {}));
    for (const intent of intents) await failure(line({ origin: server.origin }).http(request(intent)));
    expect(server.requests).toHaveLength(4);
  });

  test('the origin is asked for anew: the sandbox may have moved', async () => {
    const dead = await deadOrigin();
    const server = await serve((response) => json(response, 200, {}));
    let asked = 0;
    const { http, events } = line({ origin: async () => (++asked < 3 ? dead : server.origin) });
    await http(request('create'));
    expect(server.requests).toHaveLength(1);
    expect(events).toMatchObject([{ status: null }, { status: null }, { status: 200 }]);
  });

  test('a read whose JSON is cut short is asked once more, then handed over as it is', async () => {
    const server = await serve((response, _incoming, nth) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(nth === 1 ? '{"a":' : '{"a":1}'),
    );
    expect((await line({ origin: server.origin }).http(request('read'))).json()).toEqual({ a: 1 });
    const broken = await serve((response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"a":'));
    const reply = await line({ origin: broken.origin }).http(request('read'));
    expect(broken.requests).toHaveLength(2);
    expect(await failure((async () => reply.json())())).toMatchObject({ code: 'REPLY_INVALID', facts: { effect: 'none' } });
    const create = await line({ origin: broken.origin }).http(request('create'));
    expect(broken.requests).toHaveLength(3);
    expect(await failure((async () => create.json())())).toMatchObject({ code: 'REPLY_INVALID', facts: { effect: 'unconfirmed' } });
  });

  test('a redirect is an error that names where it leads; nothing is sent there', async () => {
    const other = await serve((response) => json(response, 200, {}));
    const server = await serve((response) => response.writeHead(302, { location: `${other.origin}/login?next=x` }).end());
    const error = await failure(line({ origin: server.origin }).http(request('create', { headers: { 'x-api-key': 'k' } })));
    expect(error.code).toBe('REPLY_INVALID');
    expect(error.message).toContain(other.origin);
    expect(error.message).not.toContain('/login');
    expect(other.requests).toEqual([]);
  });

  test('stopping while it backs off is ABORTED', async () => {
    const server = await serve((response) => json(response, 500, {}));
    const stop = new AbortController();
    const sleep = async (): Promise<void> => stop.abort();
    const error = await failure(line({ origin: server.origin, sleep }).http(request('read'), stop.signal));
    expect(error.code).toBe('ABORTED');
    expect(server.requests).toHaveLength(1);
  });
});

describe('Retry-After', () => {
  test('holds a second request of the same account, and none of another', async () => {
    const server = await serve((response, incoming, nth) =>
      json(response, nth === 1 ? 429 : 200, { path: incoming.url }, nth === 1 ? { 'retry-after': '30' } : {}),
    );
    const clock = jumpingClock();
    let wake: () => void = () => undefined;
    const sleeping: number[] = [];
    // The limiters' sleep lasts until the test says so.
    const limiters = createLimiters({
      now: clock.now,
      sleep: (ms) =>
        new Promise<void>((resolve) => {
          sleeping.push(ms);
          wake = resolve;
        }),
    });
    const rate = { perMinute: 60, perHour: null, concurrency: 1 };
    const one = line({ origin: server.origin, limiters, rate });
    const sameAccount = line({ origin: server.origin, limiters, rate });
    const other = line({ origin: server.origin, limiters, rate, account: 'two' });
    const first = one.http(request('create', { path: '/first' }));
    await vi.waitFor(() => expect(sleeping).toEqual([30_000]));
    const second = sameAccount.http(request('create', { path: '/second' }));
    await other.http(request('create', { path: '/other' }));
    expect(server.requests.map(({ url }) => url)).toEqual(['/first', '/other']);
    expect(one.connected.limiter).toBe(sameAccount.connected.limiter);
    expect(one.connected.limiter.stats().waiting).toBe(2);
    for (const { events } of [one, sameAccount]) {
      expect(events).toContainEqual({ kind: 'paused', forMs: 30_000, why: 'the vendor asks to slow down (Retry-After)' });
    }
    expect(other.events.map(({ kind }) => kind)).toEqual(['request']);
    wake();
    await Promise.all([first, second]);
    expect(server.requests.map(({ url }) => url).sort()).toEqual(['/first', '/first', '/other', '/second']);
  });

  test('of an hour is an error now, and holds what comes after without asking', async () => {
    const server = await serve((response) => json(response, 429, { message: 'hourly limit' }, { 'retry-after': '3600' }));
    const { http, clock } = line({ origin: server.origin });
    const error = await failure(http(request('create')));
    expect(error).toMatchObject({ code: 'RATE_LIMITED', vendor: 'hourly limit', facts: { effect: 'none', retryAfterMs: 3_600_000 } });
    await clock.sleep(600_000);
    const next = await failure(http(request('create')));
    expect(next).toMatchObject({ code: 'RATE_LIMITED', facts: { effect: 'none', retryAfterMs: 3_000_000 } });
    expect(server.requests).toHaveLength(1);
  });

  test('of a 503 holds the account too, but a create is not sent again', async () => {
    const server = await serve((response) => json(response, 503, {}, { 'retry-after': '20' }));
    const { http, connected } = line({ origin: server.origin });
    expect(await failure(http(request('create')))).toMatchObject({
      code: 'VENDOR_FAILED',
      facts: { effect: 'unconfirmed', retryAfterMs: 20_000 },
    });
    expect(connected.limiter.stats().pausedForMs).toBe(20_000);
    expect(server.requests).toHaveLength(1);
  });
});

describe('what a connector may say', () => {
  test('its own error for an answer; null leaves it to the table', async () => {
    const server = await serve((response, incoming) => json(response, incoming.url === '/gone' ? 404 : 409, { message: 'x' }));
    const { http } = line({ origin: server.origin });
    const onError = (reply: HttpReply): SyncError | null => (reply.status === 404 ? new SyncError('REMOTE_GONE') : null);
    expect((await failure(http(request('repeatable', { path: '/gone', onError })))).code).toBe('REMOTE_GONE');
    expect((await failure(http(request('repeatable', { path: '/other', onError })))).code).toBe('REQUEST_REFUSED');
    expect(server.requests).toHaveLength(2);
  });

  test("a rule that stumbles over a gateway's page leaves it to the table", async () => {
    const server = await serve((response) => response.writeHead(502).end('<h1>Bad Gateway</h1>'));
    const onError = (reply: HttpReply): SyncError | null => (reply.json() === null ? new SyncError('BUSY') : null);
    const error = await failure(line({ origin: server.origin }).http(request('create', { onError })));
    expect(error).toMatchObject({ code: 'VENDOR_FAILED', vendor: 'Bad Gateway', facts: { effect: 'unconfirmed' } });
  });

  test('BUSY is for a later run, not for a second request', async () => {
    const server = await serve((response) => json(response, 429, {}));
    const { http } = line({ origin: server.origin });
    expect((await failure(http(request('repeatable', { onError: () => new SyncError('BUSY') })))).code).toBe('BUSY');
    expect(server.requests).toHaveLength(1);
  });
});

describe('what is told', () => {
  test('questions are counted apart, retries are counted, queries are never told', async () => {
    const server = await serve((response, _incoming, nth) => json(response, nth === 1 ? 500 : 200, {}));
    const { http, connected, events } = line({ origin: server.origin });
    for (const intent of intents) await http(request(intent, { query: { apiKey: 'k' } }));
    expect(connected.counter.counts()).toEqual({ read: 2, write: 2, ask: 1 });
    expect(events.map((event) => (event.kind === 'request' ? event.intent : event.kind))).toEqual([
      'read',
      'read',
      'write',
      'write',
      'ask',
    ]);
    expect(events[0]).toEqual({
      kind: 'request',
      intent: 'read',
      method: 'GET',
      origin: server.origin,
      path: '/v1/items',
      status: 500,
      durationMs: 0,
      attempt: 1,
    });
  });

  test('no secret, whatever goes wrong', async () => {
    const token = 'tok-5ecret';
    const redact = (text: string): string => text.replaceAll(token, '•••');
    const echo = await serve((response, incoming) => {
      const status = Number(new URL(incoming.url ?? '', 'http://x').searchParams.get('status'));
      const body = status % 2 === 0 ? JSON.stringify({ message: `bad key ${token}`, url: incoming.url }) : `<p>${token}</p>`;
      response.writeHead(status, { 'content-type': 'application/json', location: `https://other.example/${token}` }).end(body);
    });
    const reset = await listening((incoming) => incoming.socket.destroy());
    const stalled = await listening(() => undefined);
    const secret = { path: `/v1/${token}/items`, headers: { authorization: `Bearer ${token}` } };
    const said: unknown[] = [];
    for (const intent of intents) {
      for (const origin of [reset, stalled, await deadOrigin(), 'http://example.com']) {
        const { http, events } = line({ origin, redact, retry: { attempts: 1 } });
        said.push(await failure(http(request(intent, { ...secret, query: { token }, timeoutMs: 50 }))), events);
      }
      for (const status of [302, 400, 401, 413, 429, 500, 503]) {
        const { http, events } = line({ origin: echo.origin, redact });
        said.push(await failure(http(request(intent, { ...secret, query: { token, status } }))), events);
      }
      const own = line({ origin: echo.origin, redact });
      const onError = (reply: HttpReply): SyncError =>
        new SyncError('REQUEST_REFUSED', { message: `said ${reply.text}`, vendor: reply.text });
      said.push(await failure(own.http(request(intent, { ...secret, query: { token, status: 400 }, onError }))));
    }
    expect(said.length).toBe(4 * 23);
    for (const each of said) {
      const everything =
        each instanceof SyncError
          ? [each.message, each.stack, each.vendor, each.next, each.cause, JSON.stringify(each)].join('\n')
          : JSON.stringify(each);
      expect(everything).not.toContain('5ecret');
    }
  });
});

describe('the breaker', () => {
  test('leaves a dead target alone, and another one is not concerned', async () => {
    const dead = await deadOrigin();
    const alive = await serve((response) => json(response, 200, {}));
    const limiters = createLimiters(jumpingClock());
    const one = line({ origin: dead, limiters, retry: { attempts: 1 } });
    const other = line({ origin: alive.origin, limiters });
    for (let n = 0; n < 5; n++) await failure(one.http(request('create')));
    const error = await failure(one.http(request('create')));
    expect(error.message).toMatch(/^not asked again for 60 s after 5 failures in a row: POST \/v1\/items: .*ECONNREFUSED/);
    expect(error.facts).toMatchObject({ effect: 'none', retry: 'later' });
    expect(one.connected.counter.counts().write).toBe(5);
    expect(one.connected.breaker.state().state).toBe('open');
    await other.http(request('create'));
  });
});

describe('the fault hook on the wire', () => {
  const through = async (wire: NonNullable<Hooks['wire']>, intent: Intent = 'create') => {
    const server = await serve((response) => json(response, 200, {}));
    const { http, connected } = line({ origin: server.origin, hooks: { wire } });
    const ended = await http(request(intent, { timeoutMs: 50 })).catch((error: unknown) => error);
    return { ended, sent: server.requests.length, counted: connected.counter.counts() };
  };

  test('drops the request', async () => {
    const { ended, sent } = await through(async () => {
      throw lost();
    });
    expect(ended).toMatchObject({ code: 'TARGET_UNREACHABLE', facts: { effect: 'unconfirmed' } });
    expect(sent).toBe(0);
  });

  test('drops the reply: a create is not repeated, a read is', async () => {
    const dropReply = () => {
      let times = 0;
      return async (_request: unknown, send: () => Promise<HttpReply>): Promise<HttpReply> => {
        const reply = await send();
        if (times++ === 0) throw lost();
        return reply;
      };
    };
    expect(await through(dropReply())).toMatchObject({ ended: { code: 'TARGET_UNREACHABLE', facts: { effect: 'unconfirmed' } }, sent: 1 });
    expect(await through(dropReply(), 'read')).toMatchObject({ ended: { status: 200 }, sent: 2, counted: { read: 2 } });
  });

  test('sends twice', async () => {
    const twice = await through(async (_request, send) => {
      await send();
      return send();
    });
    expect(twice).toMatchObject({ ended: { status: 200 }, sent: 2, counted: { write: 2 } });
  });

  test('stalls: bounded all the same', async () => {
    const { ended } = await through(() => new Promise<HttpReply>(() => undefined));
    expect(ended).toMatchObject({ code: 'TARGET_UNREACHABLE', facts: { effect: 'unconfirmed' } });
  });

  test('an answer of its own is judged like any other; a crash goes straight through', async () => {
    const reply: HttpReply = { status: 503, headers: {}, text: 'no', retryAfterMs: null, json: () => null };
    expect(await through(async () => reply)).toMatchObject({ ended: { code: 'VENDOR_FAILED' } });
    const crash = new Error('crash point');
    expect((await through(async () => Promise.reject(crash), 'read')).ended).toBe(crash);
  });
});

describe('the hook around the functions', () => {
  async function* entries(): AsyncGenerator<RemoteEntry> {
    for (const remoteId of ['1', '2', '3']) yield { remoteId, mark: null, name: null, training: null };
  }
  const full: ItemTarget = {
    ...bareTarget,
    create: async (items) => items.map(() => ({ ok: true, remoteId: 'r' })),
    list: entries,
    train: { baseline: async () => 'b', start: async (baseline) => ({ handle: `after ${baseline}` }) },
    container: { configured: 'c', list: async () => ['c'], unused: async () => [], create: async () => 'new' },
  };
  const names: string[] = [];
  const hooks: Hooks = {
    async call(name, run) {
      names.push(name);
      return run();
    },
  };

  test('is asked by name, also for listings and nested functions; what is missing stays missing', async () => {
    const { connected } = line({ origin: 'http://127.0.0.1:1', hooks, spec: { connect: () => full } });
    const target = connected.target as ItemTarget;
    expect(await target.create([], call())).toEqual([]);
    const listed: string[] = [];
    for await (const { remoteId } of target.list?.(call()) ?? []) listed.push(remoteId);
    expect(listed).toEqual(['1', '2', '3']);
    expect(await target.train?.start('b', call())).toEqual({ handle: 'after b' });
    expect([target.container?.configured, await target.container?.create(call())]).toEqual(['c', 'new']);
    expect(names).toEqual(['create', 'list', 'train.start', 'container.create']);
    expect(['update', 'delete', 'status', 'history', 'replaceAll', 'find'].filter((name) => name in target)).toEqual([]);
    expect(target.traits).toBe(traits);
  });

  test('a crash in it comes out as it is, and ends the listing', async () => {
    const crash = new Error('crash point');
    const { connected } = line({
      origin: 'http://127.0.0.1:1',
      hooks: { call: async () => Promise.reject(crash) },
      spec: { connect: () => full },
    });
    const target = connected.target as ItemTarget;
    await expect(target.create([], call())).rejects.toBe(crash);
    const steps = target.list?.(call())[Symbol.asyncIterator]();
    await expect(steps?.next()).rejects.toBe(crash);
    expect(await steps?.next()).toMatchObject({ done: true });
  });
});

describe('connecting', () => {
  test("takes the traits' rate where the configuration has none, and no rate in a sandbox", () => {
    const asked: Limits[] = [];
    const real = createLimiters(jumpingClock());
    const limiters = {
      ...real,
      limiterFor: (account: string, limits: Limits) => {
        asked.push(limits);
        return real.limiterFor(account, limits);
      },
    };
    line({ origin: 'http://127.0.0.1:1', limiters, rate: { perMinute: null, perHour: 7, concurrency: null } });
    line({ origin: 'http://127.0.0.1:1', limiters, rate: { perMinute: 3, perHour: null, concurrency: 9 } });
    line({ origin: 'http://127.0.0.1:1', limiters, rate: null });
    expect(asked).toEqual([
      { perMinute: 1000, perHour: 7, concurrency: 4 },
      { perMinute: 3, perHour: null, concurrency: 9 },
      { perMinute: null, perHour: null, concurrency: 4 },
    ]);
  });

  test('a connector that sends while it is connected is a bug, and sends nothing', async () => {
    const server = await serve((response) => json(response, 200, {}));
    let early: Promise<unknown> = Promise.resolve();
    line({
      origin: server.origin,
      spec: {
        connect: (_options, { http }) => {
          early = http(request('read'), call());
          return bareTarget;
        },
      },
    });
    expect((await failure(early)).code).toBe('UNEXPECTED');
    expect(server.requests).toEqual([]);
  });
});
