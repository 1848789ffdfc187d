// Doctor's judgements that need no folder: Node's age, signed tokens, clocks, the environment's proxies and certificates, and its own patience.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tokenRows } from '../../src/doctor/bot.ts';
import { nodeRow } from '../../src/doctor/machine.ts';
import { clockRow, environmentRows, originsOf } from '../../src/doctor/network.ts';
import { ok } from '../../src/doctor/row.ts';
import { runChecks } from '../../src/doctor/run.ts';
import type { Scene } from '../../src/doctor/scene.ts';
import { linesOf } from '../../src/doctor/words.ts';
import { SyncError } from '../../src/model/error.ts';

const now = Date.parse('2026-11-22T12:00:00Z');
const day = 86_400_000;

describe('Node', () => {
  const at = (node: string) => nodeRow({ node, machine: 'linux' }, now);
  it('is too old, out of support, or well', () => {
    expect([
      at('18.20.0').state,
      at('20.18.3').state,
      at('20.19.0').state,
      at('22.1.0').state,
      at('25.0.0').state,
      at('30.1.0').state,
    ]).toEqual(['error', 'error', 'warning', 'ok', 'warning', 'ok']);
    expect(at('20.18.3').what).toBe('Node 20.18.3 is too old: kbsync needs 20.19.0 or later');
  });
});

describe('signed tokens', () => {
  const token = (claims: unknown) => `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2lnbmF0dXJl`;
  const at = (ms: number) => ({ exp: Math.floor(ms / 1_000) });
  const rows = (options: Parameters<typeof tokenRows>[0]['options']) => tokenRows({ name: 'bot', options }, now);

  it('say when they expire: over, soon, later', () => {
    expect(rows({ token: token(at(now - day)) })).toMatchObject([
      { state: 'error', code: 'CREDENTIALS_REFUSED', what: 'token expired on 2026-11-21' },
    ]);
    expect(rows({ token: token(at(now + 3 * day)) })).toMatchObject([{ state: 'warning', what: 'token expires on 2026-11-25, in 3 days' }]);
    expect(rows({ admin: { clientSecret: token(at(now + 90 * day)) } })).toMatchObject([
      { state: 'ok', what: 'admin.clientSecret is good until 2027-02-20' },
    ]);
    expect(JSON.stringify(rows({ token: token(at(now - day)) }))).not.toContain('eyJ');
  });

  it('that say nothing, and keys that are none, are left alone', () => {
    const others = [
      'sk-live-1234',
      'a.b.c',
      'not.base64!.x',
      token({}),
      token({ exp: 'soon' }),
      token({ exp: 1e15 }),
      token(null),
      `x.${'y'.repeat(9_000)}.z`,
    ];
    for (const text of others) expect(rows({ token: text })).toEqual([]);
  });
});

describe('the clock', () => {
  const at = (date: string | undefined) => clockRow('https://v.example', date, { begun: now, ended: now + 200 });
  it('is right, off, or far off, and may not be told', () => {
    expect(at(new Date(now - 400).toUTCString()).state).toBe('ok');
    expect(at(new Date(now - 90_000).toUTCString())).toMatchObject({
      state: 'warning',
      code: null,
      what: expect.stringContaining('90 s ahead of'),
    });
    expect(at(new Date(now + 3_600_000).toUTCString())).toMatchObject({
      state: 'error',
      what: expect.stringContaining('behind that of https://v.example'),
    });
    expect([at(undefined).state, at('nonsense').state]).toEqual(['skipped', 'skipped']);
  });
});

describe('the environment', () => {
  const rows = (env: Record<string, string>, text: string | null = null) =>
    environmentRows({ env, system: { text: () => text } } as unknown as Scene, ['https://v.example']);

  it('names a proxy, without its login; one that is no address; one that is bypassed', async () => {
    const [proxied] = await rows({ HTTPS_PROXY: 'http://user:hidden-word@proxy.example:3128' });
    expect(proxied?.what).toMatch(/proxy\.example:3128|https-proxy-agent is not installed/);
    expect(JSON.stringify(proxied)).not.toContain('hidden-word');
    expect(await rows({ HTTPS_PROXY: 'nonsense' })).toMatchObject([{ state: 'error', code: 'CONFIG_INVALID' }]);
    expect(await rows({ HTTPS_PROXY: 'http://p:1', NO_PROXY: 'v.example' })).toMatchObject([
      { state: 'ok', what: expect.stringContaining('no proxy') },
    ]);
    expect(await rows({ ALL_PROXY: 'http://p:1' })).toMatchObject([{ state: 'warning', next: expect.stringContaining('HTTPS_PROXY') }]);
  });

  it('names certificate authorities: there, not there, none in the file; and a check that is switched off', async () => {
    const file = { NODE_EXTRA_CA_CERTS: join('/etc', 'own.pem') };
    expect(await rows(file, '-----BEGIN CERTIFICATE-----\n')).toMatchObject([
      { state: 'ok', what: '1 of your own certificate authorities' },
    ]);
    expect(await rows(file)).toMatchObject([{ state: 'warning', next: 'ls -l /etc/own.pem' }]);
    expect(await rows(file, 'DER')).toMatchObject([{ state: 'warning', what: expect.stringContaining('holds no certificate') }]);
    expect(await rows({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toMatchObject([{ state: 'warning' }]);
  });

  it('of targets comes to each origin once', () => {
    const target = (name: string, more: object) => ({ name, vendor: 'sitegpt', sandbox: false, baseUrl: null, ...more });
    const targets = [target('a', {}), target('b', { baseUrl: 'https://own.example' }), target('c', {}), target('d', { sandbox: true })];
    expect([...originsOf({ targets } as unknown as Scene, () => 'https://sitegpt.ai')]).toEqual([
      ['https://sitegpt.ai', ['a', 'c']],
      ['https://own.example', ['b']],
    ]);
  });
});

describe('checks', () => {
  const stop = new AbortController().signal;

  it('run side by side; one that fails, throws nonsense or never ends is a row, in the order of the checks', async () => {
    let wasAborted = false;
    const rows = await runChecks(
      [
        {
          name: 'hangs',
          run: (signal) =>
            new Promise(() => {
              signal.addEventListener('abort', () => {
                wasAborted = true;
              });
            }),
        },
        { name: 'fails', target: 'site', run: () => Promise.reject(new SyncError('LOCKED', { message: 'held' })) },
        {
          name: 'stumbles',
          run: () => {
            throw new TypeError('no such thing');
          },
        },
        { name: 'well', run: async () => [ok('well', 'fine')] },
      ],
      { withinMs: 50, stop },
    );
    expect(rows.map(({ check, target, state, code }) => [check, target, state, code])).toEqual([
      ['hangs', null, 'error', 'TARGET_UNREACHABLE'],
      ['fails', 'site', 'error', 'LOCKED'],
      ['stumbles', null, 'error', 'UNEXPECTED'],
      ['well', null, 'ok', null],
    ]);
    expect(wasAborted).toBe(true);
  });
});

describe('a row for people', () => {
  it('is escaped, says where, why and what next, and of what is well only that', () => {
    const bad = { ...ok('content.files', 'x\u001b[2Jy', { where: 'a\nb', why: 'c\u202e', next: 'd' }), state: 'error' } as const;
    const lines = linesOf(bad);
    expect(lines).toHaveLength(4);
    expect(lines.join('')).not.toMatch(/[\u001b\n\u202e]/);
    expect(linesOf(ok('a', 'b', { why: 'c', next: 'd' }))).toEqual(['ok      a: b']);
    expect(linesOf({ ...bad, target: 'site', what: 'w' }, true, (_state, text) => `<${text}>`)[0]).toBe('<error  > content.files site: w');
  });
});
