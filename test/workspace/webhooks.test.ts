// One POST to a webhook over real HTTP: what arrives, what counts as taken, and what never leaves or is never followed.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createSecretSet } from '../../src/config/secrets.ts';
import { createWebhooks } from '../../src/workspace/webhooks.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function receiver(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const got: { readonly url: string; readonly headers: IncomingMessage['headers']; readonly body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      got.push({ url: request.url ?? '', headers: request.headers, body });
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { got, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function hooks(timeoutMs?: number) {
  const secrets = createSecretSet();
  const made = createWebhooks({ version: '1', secrets, now: Date.now, env: {}, ...(timeoutMs !== undefined && { timeoutMs }) });
  closers.push(() => made.close());
  return { ...made, secrets };
}
const never = new AbortController().signal;

describe('a POST to a webhook', () => {
  it('brings the body as JSON to path and query, and is taken by any 2xx', async () => {
    const { got, origin } = await receiver((response) => response.writeHead(204).end());
    const { post } = hooks();
    expect(await post(`${origin}/hooks/a%20b?sig=x%2Fy&v=1&v=2`, { text: 'hello' }, never)).toEqual({
      status: 204,
      error: null,
      retryAfterMs: null,
    });
    expect(got).toHaveLength(1);
    expect(new URL(got[0]?.url ?? '', origin).searchParams.getAll('v')).toEqual(['1', '2']);
    expect(new URL(got[0]?.url ?? '', origin).searchParams.get('sig')).toBe('x/y');
    expect(got[0]?.url.startsWith('/hooks/a%20b?')).toBe(true);
    expect(JSON.parse(got[0]?.body ?? '')).toEqual({ text: 'hello' });
    expect(got[0]?.headers['content-type']).toBe('application/json');
  });

  it('takes secrets out of the body', async () => {
    const { got, origin } = await receiver((response) => response.writeHead(200).end('ok'));
    const { post, secrets } = hooks();
    secrets.add('sgpt_0123456789');
    await post(origin, { items: [{ message: 'the key sgpt_0123456789' }] }, never);
    expect(got[0]?.body).toBe('{"items":[{"message":"the key ***"}]}');
  });

  it('follows no redirect, to wherever it leads', async () => {
    const other = await receiver((response) => response.writeHead(200).end());
    for (const status of [301, 302, 307, 308]) {
      const { origin } = await receiver((response) => response.writeHead(status, { location: `${other.origin}/steal` }).end());
      expect(await hooks().post(`${origin}/x`, {}, never)).toEqual({
        status,
        error: `it answers ${status}: it sends on to another address, which is not followed`,
        retryAfterMs: null,
      });
    }
    expect(other.got).toEqual([]);
  });

  it('says what the receiver answers, and how long it wants to be left alone', async () => {
    const { origin } = await receiver((response) => response.writeHead(429, { 'retry-after': '30' }).end('slow\n down'));
    expect(await hooks().post(origin, {}, never)).toEqual({ status: 429, error: 'it answers 429: slow down', retryAfterMs: 30_000 });
    const page = await receiver((response) => response.writeHead(502).end('<html>bad gateway</html>'));
    expect((await hooks().post(page.origin, {}, never)).error).toBe('it answers 502');
  });

  it('ends in time where nothing comes, or too much, or nobody listens; and never names the address', async () => {
    const path = '/services/T000/B000/XXXXXXXX';
    const silent = await receiver(() => {});
    const started = Date.now();
    const late = await hooks(200).post(`${silent.origin}${path}`, {}, never);
    expect(Date.now() - started).toBeLessThan(2_000);
    expect(late.error).toMatch(/no answer within 0.2 s/);
    const endless = await receiver((response) => {
      response.writeHead(200);
      const more = (): void => void response.write('x'.repeat(65_536), more);
      more();
    });
    const large = await hooks().post(`${endless.origin}${path}`, {}, never);
    expect(large.error).toMatch(/larger than/);
    const nobody = await hooks().post(`http://127.0.0.1:9${path}`, {}, never);
    expect(nobody.error).toMatch(/nothing listens there/);
    for (const { error } of [late, large, nobody]) expect(error).not.toMatch(/127\.0\.0\.1|T000|XXXX/);
  });
});
