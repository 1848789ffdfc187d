// docs/openapi.yaml against the server: every route is in it and every operation a route, and what a running daemon answers is as it says.
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SyncError } from '../../src/model/error.ts';
import { actionNames, type Desk } from '../../src/status/desk.ts';
import { mostReaders } from '../../src/status/event-stream.ts';
import { createApp, type ServerInput } from '../../src/status/server.ts';
import { daemonToken, type FiveBots, fiveBots, fiveTargets } from '../support/five-bots.ts';
import { openApi } from '../support/openapi.ts';
import { forPeople } from './html-pages.ts';
import { recordOf, snapshotOf, targetOf } from './snapshots.ts';

const api = openApi();

/** Offers everything that there is, so that every form has its route. */
const desk: Desk = {
  now: () => 0,
  offered: actionNames,
  jobs: () => [],
  begin: () => ({ job: 1, wait: Promise.resolve() }),
  folderStory: () => broken(),
  past: () => broken(),
  traffic: () => ({ since: '2026-11-21T00:00:00.000Z', targets: {} }),
  gaps: () => null,
};

const input: ServerInput = {
  host: '127.0.0.1',
  port: 0,
  token: 'correct-horse-battery',
  metricsOpen: false,
  snapshot: () => Promise.resolve(snapshotOf()),
  metrics: () => Promise.resolve(''),
  unready: () => [],
  sync: () => [],
  verify: () => [],
  pause: () => Promise.resolve([]),
  resume: () => Promise.resolve([]),
  reload: () => ({
    loadedAt: '2026-11-21T00:00:00.000Z',
    failed: { at: '2026-11-21T00:00:00.000Z', code: 'CONFIG_INVALID', message: 'no', next: 'mend it' },
  }),
  openapi: () => Promise.resolve(''),
  subscribe: () => () => {},
  desk,
  redact: (text) => text,
};

describe('the file', () => {
  it('is OpenAPI 3.1, with closed objects, and uses no word that is not checked', () => {
    expect(api.broken()).toEqual([]);
  });

  it('would be seen to be wrong', () => {
    const spoilt = (from: string, to: string) => openApi(api.text.replace(from, to)).broken();
    expect(spoilt('operationId: ready', 'operationId: alive')).toEqual(['operationId is missing or not unique']);
    expect(spoilt('schemas/Readiness', 'schemas/Readyness').join()).toContain('leads nowhere');
    expect(spoilt('additionalProperties: false\n\n    Error', 'additionalProperties: true\n\n    Error').join()).toContain('open object');
    expect(spoilt('required: [ready, why, config]', 'required: [ready, whence]').join()).toContain('whence is required');
    expect(spoilt('openapi: 3.1.0', 'openapi: 3.0.0').join()).toContain('not 3.1');
  });

  it('has every route of the server, and no other', () => {
    const routes = createApp(input)
      .routes.filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`);
    expect(routes.filter((route) => !forPeople.includes(route)).sort()).toEqual([...api.operations].sort());
    expect(forPeople.filter((route) => !routes.includes(route))).toEqual([]);
  });
});

describe('what a daemon with a bot of each vendor answers', () => {
  let bots: FiveBots;
  let release = (): void => {};
  const seen = new Set<string>();
  const token = { authorization: `Bearer ${daemonToken}` };

  /** Asks, and holds the answer against the file. */
  const ask = async (operation: string, init: RequestInit & { query?: string } = {}): Promise<number> => {
    const [method = '', path = ''] = operation.split(' ');
    const reply = await bots.ask(`${path}${init.query ?? ''}`, { ...init, method });
    const answer = { status: reply.status, type: reply.headers.get('content-type') ?? '', body: await reply.text() };
    expect([operation, answer.status, api.faults(operation, answer), answer.status]).toEqual([operation, answer.status, [], answer.status]);
    seen.add(`${operation} ${answer.status}`);
    return answer.status;
  };

  beforeAll(async () => {
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    bots = await fiveBots({
      daemon: `{ port: 0, token: ${daemonToken} }`,
      extra: 'schedule: { drift: "* * * * * *" }\n',
      wrap: (workspace) => ({ ...workspace, readFolder: () => gate.then(() => workspace.readFolder()) }),
    });
  });
  afterAll(() => bots.close());

  it('before the first look at the folder: 503 for the probe, and what is known of the targets', async () => {
    expect(await ask('GET /healthz')).toBe(200);
    expect(await ask('GET /readyz')).toBe(503);
    expect(await ask('GET /api/status')).toBe(200);
    release();
    await bots.until('readiness', async () => (await bots.ask('/readyz')).ok);
    expect(await ask('GET /readyz')).toBe(200);
  });

  it('every event of a cycle and of a look, and then everything that is known', async () => {
    const stop = new AbortController();
    const stream = await bots.ask('/api/events', { signal: stop.signal });
    expect(api.faults('GET /api/events', { status: stream.status, type: stream.headers.get('content-type') ?? '', body: '' })).toEqual([]);
    const kinds = new Set<string>();
    const faults: unknown[] = [];
    const read = (async () => {
      let text = '';
      for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) {
        text += new TextDecoder().decode(chunk);
        const lines = text.split('\n');
        text = lines.pop() ?? '';
        for (const line of lines.filter((one) => one.startsWith('data: '))) {
          const event = JSON.parse(line.slice(6)) as { kind: string };
          kinds.add(event.kind);
          const wrong = api.faultsOf('Event', event);
          if (wrong.length > 0) faults.push(event, wrong);
        }
      }
    })().catch(() => undefined);
    expect(await ask('POST /api/sync', { headers: token })).toBe(202);
    await bots.until('everything pushed, and compared where the vendor lists it', async () => {
      const { targets } = (await (await bots.ask('/api/status')).json()) as {
        targets: { name: string; lastSync: unknown; drift: unknown }[];
      };
      return targets.every(({ name, lastSync, drift }) => lastSync !== null && (drift !== null || name === 'genie' || name === 'reply'));
    });
    await bots.until('support has learnt it', async () =>
      /kbsync_in_sync\{target="support"\} 1/.test(await (await bots.ask('/metrics')).text()),
    );
    expect(await ask('POST /api/verify', { headers: token, body: '{"targets":["support"]}' })).toBe(202);
    await bots.until('a verdict', async () => {
      const { targets } = (await (await bots.ask('/api/status')).json()) as { targets: { tests: unknown }[] };
      return targets.some(({ tests }) => tests !== null);
    });
    await wait(0);
    stop.abort();
    await read;
    expect(faults).toEqual([]);
    for (const kind of ['phase', 'request', 'drift']) expect(kinds).toContain(kind);
    expect(await ask('GET /api/status', { query: '?documents=1' })).toBe(200);
    expect(await ask('GET /api/documents')).toBe(200);
    expect(await ask('GET /api/documents', { query: '?target=site&state=trained&state=training&q=RESET&limit=1&offset=0' })).toBe(200);
    expect(await ask('GET /metrics')).toBe(200);
    expect(await ask('GET /api/openapi.yaml')).toBe(200);
    const one = { headers: token, body: '{"targets":["reply"]}' };
    const pausedOf = async () => (await (await bots.ask('/metrics')).text()).match(/kbsync_target_paused\{target="reply"\} (\d)/)?.[1];
    expect(await ask('POST /api/pause', one)).toBe(202);
    expect([await pausedOf(), await ask('GET /api/status'), await ask('POST /api/sync', one)]).toEqual(['1', 200, 400]);
    expect([await ask('POST /api/resume', one), await pausedOf()]).toEqual([202, '0']);
    expect(await ask('POST /api/retry', { headers: token })).toBe(200);
    expect(await ask('POST /api/retry', { headers: token, body: '{"targets":["site"],"path":"../elsewhere.md"}' })).toBe(409);
    expect(await ask('POST /api/todo', { headers: token, body: '{"target":"site","id":"H9","decision":"approve"}' })).toBe(409);
    expect(await (await bots.ask('/api/openapi.yaml')).text()).toBe(api.text);
  });

  it('refusals: wrong requests, no token, another Host, too much', async () => {
    for (const query of ['?target=nobody', '?state=asleep', '?limit=0', '?limit=ten', '?offset=-1', '?page=2', '?limit=1&limit=2'])
      expect([query, await ask('GET /api/documents', { query })]).toEqual([query, 400]);
    for (const action of api.operations.filter((operation) => operation.startsWith('POST '))) {
      expect(await ask(action)).toBe(401);
      expect(await ask(action, { headers: token, body: '{"target":1}' })).toBe(400);
      expect(await ask(action, { headers: token, body: '{"targets":["nobody"]}' })).toBe(400);
      expect(await ask(action, { headers: token, body: 'x'.repeat(70_000) })).toBe(413);
    }
    const reply = await bots.ask('/api/nowhere');
    expect([reply.status, api.faultsOf('Failure', await reply.json())]).toEqual([404, []]);
  });

  it('and the answers that a healthy daemon does not give, from the same routes', async () => {
    const outside = { host: 'kb.example.com' };
    const bodies: Readonly<Record<string, string>> = { '/api/todo': '{"target":"support","id":"T1","decision":"done"}' };
    const cases: readonly [ServerInput, Record<string, string>, number][] = [
      [input, outside, 403],
      [{ ...input, host: '0.0.0.0' }, outside, 401],
      [
        {
          ...input,
          snapshot: failing('BUSY'),
          metrics: failing('BUSY'),
          sync: busy,
          verify: busy,
          pause: busy,
          resume: busy,
          desk: { ...desk, begin: busy },
        },
        { host: '127.0.0.1', ...bearer },
        503,
      ],
      [
        {
          ...input,
          snapshot: broken,
          metrics: broken,
          sync: bug,
          verify: bug,
          pause: bug,
          resume: bug,
          openapi: broken,
          desk: { ...desk, begin: bug },
        },
        { host: '127.0.0.1', ...bearer },
        500,
      ],
    ];
    const settled = await createApp(input).request('/api/todo', {
      method: 'POST',
      headers: { host: '127.0.0.1', ...bearer },
      body: bodies['/api/todo'] ?? '',
    });
    expect(api.faults('POST /api/todo', { status: settled.status, type: 'application/json', body: await settled.text() })).toEqual([]);
    seen.add(`POST /api/todo ${settled.status}`);
    for (const [server, headers, wanted] of cases) {
      for (const operation of api.operations.filter((one) => api.statuses(one).includes(String(wanted)))) {
        const [method = '', path = ''] = operation.split(' ');
        if (path === '/readyz' && wanted === 503) continue;
        const app = createApp(server);
        // Busy is this one when too many follow.
        const before = path === '/api/events' && wanted === 503 ? mostReaders : 0;
        for (let reader = 0; reader < before; reader += 1) await app.request(path, { method, headers });
        const reply = await app.request(path, { method, headers, ...(method === 'POST' && { body: bodies[path] ?? '' }) });
        const answer = { status: reply.status, type: reply.headers.get('content-type') ?? '', body: await reply.text() };
        expect([operation, answer.status, api.faults(operation, answer)]).toEqual([operation, wanted, []]);
        seen.add(`${operation} ${answer.status}`);
      }
    }
  });

  it('every status that the file speaks of has been seen', () => {
    seen.add('GET /api/events 200');
    const all = api.operations.flatMap((operation) => api.statuses(operation).map((status) => `${operation} ${status}`));
    expect(all.filter((one) => !seen.has(one))).toEqual([]);
    expect(fiveTargets).toHaveLength(5);
  });
});

const bearer = { authorization: 'Bearer correct-horse-battery' };

function failing(code: 'BUSY'): () => Promise<never> {
  return () => Promise.reject(new SyncError(code, { message: 'the daemon is still starting' }));
}

function busy(): never {
  throw new SyncError('BUSY', { message: 'the daemon is still starting' });
}

function broken(): Promise<never> {
  return Promise.reject(new Error('unforeseen'));
}

function bug(): never {
  throw new Error('unforeseen');
}

describe('GET /api/documents', () => {
  const documents = async (query: string) => {
    const records = Object.fromEntries(
      ['c.md', 'a.md', 'b.md'].map((path, at) => [
        path,
        recordOf({
          path,
          training: at === 0 ? 'failed' : 'trained',
          error: at === 0 ? { code: 'TRAINING_FAILED', message: 'it did not', vendor: 'Too Long', next: '' } : null,
        }),
      ]),
    );
    const app = createApp({ ...input, snapshot: () => Promise.resolve(snapshotOf([targetOf({ records })])) });
    const reply = await app.request(`/api/documents${query}`, { headers: { host: '127.0.0.1' } });
    const { targets } = (await reply.json()) as { targets: { total: number; next: number | null; documents: { document: string }[] }[] };
    return targets.map(({ total, next, documents: found }) => [found.map(({ document }) => document).join(), total, next])[0];
  };

  it('gives pages that fit together, in the order of the ids', async () => {
    expect(await documents('')).toEqual(['a.md,b.md,c.md', 3, null]);
    expect(await documents('?limit=2')).toEqual(['a.md,b.md', 3, 2]);
    expect(await documents('?limit=2&offset=2')).toEqual(['c.md', 3, null]);
    expect(await documents('?offset=9')).toEqual(['', 3, null]);
  });

  it('finds by state, and by words of id, vendor id and error', async () => {
    expect(await documents('?state=failed')).toEqual(['c.md', 1, null]);
    expect(await documents('?state=failed&state=trained&limit=1')).toEqual(['a.md', 3, 1]);
    expect(await documents('?q=too+long')).toEqual(['c.md', 1, null]);
    expect(await documents('?q=TRAINING_')).toEqual(['c.md', 1, null]);
    expect(await documents('?q=DOC_1&state=trained')).toEqual(['a.md,b.md', 2, null]);
    expect(await documents('?q=nothing')).toEqual(['', 0, null]);
  });
});
