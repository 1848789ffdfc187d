// `sync --notify` and `notify test`, the real program: a nightly run tells each incident once, and its outcome is its own.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type QuickSandbox, quickSandbox } from '../support/quick-sandbox.ts';
import { type Home, home } from '../support/run-program.ts';

let place: Home;
let bots: QuickSandbox;
let got: { readonly event: string; readonly kind: string | null; readonly target: string | null }[];
let status: number;
let close: () => void;

beforeEach(async () => {
  got = [];
  status = 200;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      // A vendor that takes no key, and beside it the receiver.
      if (request.url !== '/hook') {
        response.writeHead(401).end();
        return;
      }
      got.push(JSON.parse(body) as (typeof got)[number]);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  place = home(
    'version: 1\nname: docs\ntargets:\n  - { name: site, vendor: sitegpt, sandbox: true, lagMs: 0ms, poll: { first: 50ms, max: 100ms } }\n' +
      `  - { name: gone, vendor: sitegpt, token: "a-token-for-nobody", chatbotId: x, baseUrl: "http://127.0.0.1:${port}", required: false }\n` +
      'notify:\n  - { url: "${HOOK}" }\n',
    { HOOK: `http://127.0.0.1:${port}/hook` },
  );
  place.write({ 'content/a.md': '# A\n\nword.\n' });
  bots = await quickSandbox(place.dir);
});
afterEach(async () => {
  close();
  await bots.close();
  place.remove();
});
const told = () => got.map(({ event, kind, target }) => `${target} ${kind} ${event}`);

describe('sync --notify', () => {
  it('tells what is wrong once, whatever the number of nights', async () => {
    const first = await place.run('sync', '--notify');
    expect(first.exitCode).toBe(0);
    expect(told()).toEqual(['gone refused opened']);
    expect((await place.run('sync', '--notify')).exitCode).toBe(0);
    expect(told()).toHaveLength(1);
    expect((await place.run('sync')).exitCode).toBe(0);
  });

  it('keeps its own exit code where nobody takes it, says so, and the next one tells it', async () => {
    status = 500;
    const { exitCode, stderr, stdout } = await place.run('sync', '--notify', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 0 });
    expect(stderr).toContain('notify: webhook json-1 has not taken everything; the next run tries again');
    expect(got.length).toBeLessThanOrEqual(3);
  }, 60_000);

  it('is refused before anything is done where it cannot tell anybody', async () => {
    place.write({
      'sync.config.yaml': 'version: 1\nname: docs\ntargets:\n  - { name: site, vendor: sitegpt, sandbox: true, lagMs: 0ms }\n',
    });
    const none = await place.run('sync', '--notify');
    expect(none).toMatchObject({ exitCode: 2 });
    expect(none.stderr).toContain('no webhook is configured');
    place.write({
      'sync.config.yaml':
        'version: 1\nname: docs\ntargets:\n  - { name: site, vendor: sitegpt, sandbox: true, lagMs: 0ms }\nnotify: [{ url: "${UNSET}" }]\n',
    });
    const unset = await place.run('sync', '--notify');
    expect(unset.exitCode).toBe(2);
    expect(unset.stderr).toContain('UNSET is not set');
    expect((await place.run('sync')).exitCode).toBe(0);
  });
});

describe('notify test', () => {
  it('sends one request and says what came of it', async () => {
    expect(await place.run('notify', 'test')).toMatchObject({ exitCode: 0, stdout: 'json-1: taken (200)\n' });
    expect(got).toMatchObject([{ event: 'test', kind: null, target: null }]);
    status = 404;
    expect(await place.run('notify', 'test', 'json-1')).toMatchObject({ exitCode: 11, stdout: 'json-1: it answers 404\n' });
    const object = (await place.run('notify', 'test', '--json')).json();
    expect(object).toEqual({
      version: 1,
      command: 'notify',
      exitCode: 11,
      webhooks: [{ name: 'json-1', status: 404, error: 'it answers 404' }],
    });
    expect(await place.run('notify', 'test', 'nobody')).toMatchObject({ exitCode: 2 });
    expect(await place.run('notify', 'tset')).toMatchObject({ exitCode: 2 });
  });
});
