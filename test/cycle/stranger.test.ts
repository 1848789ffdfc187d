// A wrong baseUrl at a vendor that nothing can be asked of before the first write: whoever answers there instead, one batch is all that is sent.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type World, world } from '../support/bots.ts';

let place: World | null = null;
let server: Server | null = null;

afterEach(async () => {
  await place?.close();
  server?.close();
  server?.closeAllConnections();
});

interface Stranger {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const page = { 'content-type': 'text/html' };
const strangers: readonly (readonly [string, Stranger, string, number])[] = [
  ['a web page', { status: 200, headers: page, body: '<!doctype html><h1>Welcome</h1>' }, 'REPLY_INVALID', 5],
  ['another API', { status: 200, body: '{"data":[]}' }, 'REPLY_INVALID', 5],
  ['a redirect to another server', { status: 302, headers: { location: 'https://www.example.invalid/' } }, 'REPLY_INVALID', 0],
  ['a redirect to its login page', { status: 302, headers: { location: '/login' } }, 'REPLY_INVALID', 5],
  ['a permanent redirect', { status: 308, headers: { location: '/v2' } }, 'REPLY_INVALID', 0],
  ['404 with a web page', { status: 404, headers: page, body: '<h1>Not Found</h1>' }, 'BOT_NOT_FOUND', 0],
  ['405', { status: 405 }, 'BOT_NOT_FOUND', 0],
];

describe('an answer that cannot be the API of ReplyCX', () => {
  it.each(strangers)(
    '%s: one request, and nothing is in doubt that was not in it',
    async (_, { status, headers = {}, body = '' }, code, doubtful) => {
      let requests = 0;
      server = createServer((request, response) => {
        requests += 1;
        request.resume().on('end', () => response.writeHead(status, headers).end(body));
      });
      await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      place = await world('replycx');
      place.configure({ baseUrl: `http://127.0.0.1:${port}` });
      // As the vendor's own default is.
      const file = join(place.dir, 'sync.config.yaml');
      writeFileSync(file, readFileSync(file, 'utf8').replace('concurrency: 2', 'concurrency: 1'));
      place.write(Object.fromEntries(Array.from({ length: 20 }, (_none, n) => [`p${n}.md`, `# Page ${n}\n\nWords ${n}.\n`])));
      const synced = await place.sync({ passes: { initial: true } });
      expect(synced.error?.code).toBe(code);
      expect(requests).toBe(1);
      expect(synced.results.filter(({ outcome }) => outcome === 'unconfirmed')).toHaveLength(doubtful);
      expect(synced.results.filter(({ outcome }) => outcome === 'failed')).toHaveLength(20 - doubtful);
      const { state, open } = await place.view();
      expect([open.length, Object.values(state.records).filter(({ items }) => items.length > 0)]).toEqual([doubtful, []]);
    },
    20_000,
  );
});
