import { afterEach, describe, expect, it } from 'vitest';
import { type Fault, type Served, type ServeInput, serveEmulators } from '../../src/sandbox/serve.ts';
import { memoryStore } from '../../src/sandbox/store.ts';
import { notebook } from './notebook.ts';

const open: Served[] = [];
const emulator = () =>
  notebook.create(
    {
      store: memoryStore(),
      now: () => 0,
      random: () => 0.5,
      knowledge: () => {
        throw new Error('no bot here');
      },
    },
    notebook.defaults,
  );
const serve = async (input: Partial<ServeInput> = {}) => {
  const served = await serveEmulators({ emulators: [{ spec: notebook, emulator: emulator() }], port: 0, ...input });
  open.push(served);
  return served;
};
const post = (served: Served, path: string, body = 'note') => fetch(`${served.origin}${path}`, { method: 'POST', body });
const notes = async (served: Served) => ((await (await fetch(`${served.origin}/api/notes`)).json()) as { notes: string[] }).notes;
const always = (fault: Fault) => (request: { method: string }) => (request.method === 'POST' ? fault : null);

afterEach(async () => {
  await Promise.all(open.splice(0).map((served) => served.close()));
});

describe('serveEmulators', () => {
  it('hands the request over as it came, path undecoded', async () => {
    const served = await serve();
    const reply = await fetch(`${served.origin}/api/echo?a=1&a=2&b=%20`, { method: 'PUT', headers: { 'X-One': 'yes' }, body: 'abc' });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toBe('application/json');
    expect(await reply.json()).toEqual({
      method: 'PUT',
      path: '/api/echo',
      query: [
        ['a', '1'],
        ['a', '2'],
        ['b', ' '],
      ],
      header: 'yes',
      bytes: 3,
    });
    expect(((await (await fetch(`${served.origin}/api/echo/../echo%2Fx`)).json()) as { notes: string[] }).notes).toEqual([]);
  });

  it('gives a path to the longest prefix, and 404 where there is none', async () => {
    const named = (name: string) => ({ emulator: { handle: async () => ({ status: 200, body: name }) } });
    const served = await serve({
      emulators: [
        { spec: { vendor: 'short', prefixes: ['/api/'] }, ...named('short') },
        { spec: { vendor: 'long', prefixes: ['/other/', '/api/public/'] }, ...named('long') },
      ],
    });
    const answers = await Promise.all(
      ['/api/x', '/api/public/x', '/other/x'].map(async (path) => (await fetch(served.origin + path)).text()),
    );
    expect(answers).toEqual(['short', 'long', 'long']);
    const lost = await fetch(`${served.origin}/nowhere`);
    expect([lost.status, await lost.json()]).toEqual([404, { error: 'no emulator has GET /nowhere' }]);
    expect(served.requests.map(({ vendor, path, status }) => [vendor, path, status])).toContainEqual(['', '/nowhere', 404]);
  });

  it('logs requests without their query', async () => {
    const heard: unknown[] = [];
    const served = await serve({ log: (entry) => heard.push(entry) });
    await (await post(served, '/api/notes?token=secret', 'four')).text();
    expect(served.requests).toEqual([{ vendor: 'notebook', method: 'POST', path: '/api/notes', status: 200, bytes: 4 }]);
    expect(heard).toEqual(served.requests);
  });

  it('streams, drops, and tells a failing emulator by its stack', async () => {
    const served = await serve();
    expect(await (await fetch(`${served.origin}/api/stream`)).text()).toBe('data: 1\n\ndata: [DONE]\n\n');
    await expect(fetch(`${served.origin}/api/drop`)).rejects.toThrow();
    const failed = await fetch(`${served.origin}/api/boom`);
    expect([failed.status, await failed.text()]).toEqual([500, expect.stringContaining('boom')]);
    expect(served.requests.map((entry) => entry.status)).toEqual([200, null, 500]);
  });

  it('refuses a body over 64 MiB', async () => {
    const served = await serve();
    const reply = await fetch(`${served.origin}/api/notes`, { method: 'POST', body: Buffer.alloc(64 * 1024 * 1024 + 1) });
    expect(reply.status).toBe(413);
    expect(await notes(served)).toEqual([]);
  });

  it.each<[Fault, number, string[]]>([
    [{ kind: 'status', status: 503, body: 'later', retryAfter: 7 }, 503, []],
    [{ kind: 'status', status: 500, after: true }, 500, ['note']],
    ['html', 200, ['note']],
    ['broken-json', 200, ['note']],
    ['huge', 200, ['note']],
    ['twice', 200, ['note', 'note']],
    [{ delayMs: 5 }, 200, ['note']],
  ])('fault %j: status %i, carried out as %j', async (fault, status, kept) => {
    const served = await serve({ fault: always(fault) });
    const reply = await post(served, '/api/notes');
    const text = await reply.text();
    expect(reply.status).toBe(status);
    expect(await notes(served)).toEqual(kept);
    if (fault === 'huge') expect(text.length).toBeGreaterThan(40 * 1024 * 1024);
    if (fault === 'html') expect(text).toMatch(/^<!doctype html>/);
    if (fault === 'broken-json') expect(() => JSON.parse(text)).toThrow();
    if (status === 503) expect([text, reply.headers.get('retry-after')]).toEqual(['later', '7']);
  });

  it.each<[Fault, string[]]>([
    ['reset-before', []],
    ['reset-after', ['note']],
  ])('fault %s breaks the connection, carried out as %j', async (fault, kept) => {
    const served = await serve({ fault: always(fault) });
    await expect(post(served, '/api/notes')).rejects.toThrow();
    expect(await notes(served)).toEqual(kept);
    expect(served.requests[0]?.status).toBe(null);
  });

  it('counts requests for the fault from when it is set, and stops with null', async () => {
    const served = await serve();
    await (await post(served, '/api/notes')).text();
    served.setFault((_request, vendor, count) => (vendor === 'notebook' && count === 2 ? { kind: 'status', status: 418 } : null));
    const statuses: number[] = [];
    for (let index = 0; index < 3; index++) statuses.push((await post(served, '/api/notes')).status);
    served.setFault(null);
    statuses.push((await post(served, '/api/notes')).status);
    expect(statuses).toEqual([200, 418, 200, 200]);
  });

  it('stalls until it is closed, and closes at once', async () => {
    const served = await serve({ fault: always('stall') });
    const stalled = post(served, '/api/notes').then(
      () => 'answered',
      () => 'broken',
    );
    while (served.requests.length === 0) {
      await (await fetch(`${served.origin}/api/notes`)).text();
    }
    const started = performance.now();
    await served.close();
    expect(await stalled).toBe('broken');
    expect(performance.now() - started).toBeLessThan(1_900);
    await expect(fetch(`${served.origin}/api/notes`)).rejects.toThrow();
    await served.close();
  });

  it('keeps connections alive and says so when the port is taken', async () => {
    const served = await serve();
    const reply = await fetch(`${served.origin}/api/notes`);
    await reply.text();
    expect(reply.headers.get('connection')).toBe('keep-alive');
    await expect(serve({ port: served.port })).rejects.toThrow(/EADDRINUSE/);
  });
});
