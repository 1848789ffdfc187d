// What connectors make of secrets, and say of replies by themselves: on no sink either.
import { describe, expect, test } from 'vitest';
import { createSecretSet } from '../../src/config/secrets.ts';
import { SyncError } from '../../src/model/error.ts';
import { credentialsOf } from '../../src/transport/credentials.ts';
import { bareTarget, call, failure, line, request, serve } from './support.ts';

const secret = 'a-secret-of-4711';

function knowing() {
  const secrets = createSecretSet();
  secrets.add(secret);
  return { secrets, redact: secrets.redact, learn: secrets.addPassing };
}

describe('credentials made for a request', () => {
  test('are known before it leaves, so that no error quotes them', async () => {
    const echo = await serve((response, incoming) => response.writeHead(400).end(JSON.stringify(incoming.headers) + incoming.url));
    const { redact, learn } = knowing();
    const headers = {
      authorization: 'Bearer eyJ.signed-token-1.x',
      'x-api-key': 'a-derived-key-of-2',
      accept: 'text/plain',
      'x-token': 'sandbox',
    };
    const { http } = line({ origin: echo.origin, redact, learn });
    const { vendor } = await failure(http(request('read', { headers, query: { token: 'a-derived-token-3', page: 'page-four' } })));
    for (const made of ['signed-token-1', 'a-derived-key-of-2', 'a-derived-token-3']) expect(vendor).not.toContain(made);
    expect(vendor).toContain('page-four');
    // Everybody's word, not a made credential.
    expect(vendor).toContain('sandbox');
    expect(vendor).toContain('text/plain');
  });

  test('are told from other headers by their names', () => {
    const headers = { Authorization: 'Basic dXNlcjpwYXNz', Cookie: 'session=1', 'X-Auth-Token': 't', accept: 'a' };
    expect(credentialsOf({ headers, query: { apikey: 'k', page: 2 } })).toEqual(['dXNlcjpwYXNz', 'session=1', 't', 'k']);
  });
});

describe('what a connector says by itself', () => {
  const echoed = () =>
    new SyncError('REQUEST_REFUSED', { message: `no ${secret}`, vendor: secret, next: `try ${secret}`, data: { secret } });
  const item = { ok: false, error: echoed() } as const;
  const told = (value: unknown): string =>
    JSON.stringify(value, (_, each: unknown) => (each instanceof SyncError ? [each.record(), each.data, each.message] : each));

  test('is told without secrets: thrown, of an item, of a state, in an answer, on a later page', async () => {
    const { redact } = knowing();
    const target = {
      ...bareTarget,
      check: () => Promise.reject(echoed()),
      create: () => Promise.resolve([{ ok: true, remoteId: 'r-1' } as const, item]),
      delete: () => Promise.resolve([item]),
      status: () =>
        Promise.resolve({
          run: { state: 'failed' as const, error: echoed() },
          items: [{ remoteId: 'r-1', state: 'failed' as const, error: echoed() }],
        }),
      ask: () => Promise.resolve({ text: `it is ${secret}`, sources: [{ document: 'a.md', title: secret, url: 'https://a.example/' }] }),
      async *list() {
        yield { remoteId: 'r-1', mark: 'docs:a.md', name: 'docs:a.md', training: null };
        throw echoed();
      },
    };
    const { connected } = line({ origin: 'http://127.0.0.1:1', redact, spec: { connect: () => target } });
    const made = connected.target as typeof target;
    expect(told(await failure(made.check()))).not.toContain(secret);
    const created = await made.create();
    expect(created[0]).toEqual({ ok: true, remoteId: 'r-1' });
    const listed = async () => {
      for await (const entry of made.list()) expect(entry.remoteId).toBe('r-1');
    };
    const all = [created, await made.delete(), await made.status(), await made.ask(), await failure(listed())];
    expect(told(all)).not.toContain(secret);
    expect(told(all)).toContain('no ***');
    expect((await made.ask()).sources[0]).toMatchObject({ document: 'a.md', title: '***', url: 'https://a.example/' });
    expect(call().workspace).toBe('docs');
  });
});
