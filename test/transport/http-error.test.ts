import { describe, expect, test } from 'vitest';
import type { HttpReply, Intent } from '../../src/connectors/connector.ts';
import { SyncError } from '../../src/model/error.ts';
import { errorOfStatus, errorOfWire, isWireError, vendorWords, withoutSecrets } from '../../src/transport/http-error.ts';
import { cpuMs } from '../support/cpu-time.ts';

const redact = (text: string): string => text.replaceAll('s3cret', '•••');

function reply(status: number, text = '', more: Partial<HttpReply> = {}): HttpReply {
  return { status, headers: {}, text, retryAfterMs: null, json: () => JSON.parse(text), ...more };
}

function attempted(intent: Intent, path = '/v1/items') {
  return { request: { intent, method: intent === 'read' ? 'GET' : 'POST', path } as const, origin: 'https://vendor.example', redact };
}

describe('status codes', () => {
  test.each([
    [301, 'REPLY_INVALID', 'none', 'later'],
    [302, 'REPLY_INVALID', 'unconfirmed', 'later'],
    [303, 'REPLY_INVALID', 'unconfirmed', 'later'],
    [308, 'REPLY_INVALID', 'none', 'later'],
    [400, 'REQUEST_REFUSED', 'none', 'never'],
    [401, 'CREDENTIALS_REFUSED', 'none', 'never'],
    [402, 'QUOTA_EXHAUSTED', 'none', 'later'],
    [403, 'CREDENTIALS_REFUSED', 'none', 'never'],
    [404, 'REQUEST_REFUSED', 'none', 'never'],
    [405, 'REQUEST_REFUSED', 'none', 'never'],
    [407, 'TARGET_UNREACHABLE', 'none', 'later'],
    [408, 'VENDOR_FAILED', 'unconfirmed', 'later'],
    [409, 'REQUEST_REFUSED', 'none', 'never'],
    [413, 'DOCUMENT_TOO_LARGE', 'none', 'never'],
    [418, 'REQUEST_REFUSED', 'none', 'never'],
    [422, 'REQUEST_REFUSED', 'none', 'never'],
    [425, 'VENDOR_FAILED', 'none', 'later'],
    [429, 'RATE_LIMITED', 'none', 'later'],
    [500, 'VENDOR_FAILED', 'unconfirmed', 'later'],
    [502, 'VENDOR_FAILED', 'unconfirmed', 'later'],
    [503, 'VENDOR_FAILED', 'unconfirmed', 'later'],
    [599, 'VENDOR_FAILED', 'unconfirmed', 'later'],
    [999, 'REPLY_INVALID', 'unconfirmed', 'later'],
  ] as const)('%i is %s, effect of a write %s', (status, code, effect, retry) => {
    const error = errorOfStatus(reply(status), attempted('create'));
    expect(error).toMatchObject({ code, facts: { effect, retry } });
    expect(error.message).toMatch(new RegExp(`^POST /v1/items: ${status}, `));
    // A read never has an effect.
    expect(errorOfStatus(reply(status), attempted('read')).facts.effect).toBe('none');
  });

  test('a refused write stops its document, a refused read or question the target', () => {
    const stops = (intent: Intent) => errorOfStatus(reply(422), attempted(intent)).facts.stops;
    expect([stops('create'), stops('repeatable'), stops('read'), stops('ask')]).toEqual(['document', 'document', 'target', 'target']);
    expect(errorOfStatus(reply(401), attempted('create')).facts.stops).toBe('target');
    expect(errorOfStatus(reply(413), attempted('create')).facts.stops).toBe('document');
  });

  test('Retry-After counts for 429 and 503', () => {
    const wait = (status: number) => errorOfStatus(reply(status, '', { retryAfterMs: 9000 }), attempted('create')).facts.retryAfterMs;
    expect([wait(429), wait(503), wait(500), wait(400)]).toEqual([9000, 9000, null, null]);
  });

  test('a redirect names where it leads, without path and query', () => {
    const to = (location: string) => errorOfStatus(reply(302, '', { headers: { location } }), attempted('read')).message;
    expect(to('https://login.example/in?token=s3cret')).toContain('sent on to https://login.example,');
    expect(to('/elsewhere')).toContain('https://vendor.example');
    expect(to('http://[')).toContain('cannot be read');
  });

  test('what is sent on to another server was not done; within one, a form may have been taken before it leads on', () => {
    const effect = (status: number, location: string) =>
      errorOfStatus(reply(status, '', { headers: { location } }), attempted('create')).facts.effect;
    expect(effect(302, 'https://www.vendor.example/v1/items')).toBe('none');
    expect(effect(302, 'https://vendor.example/login')).toBe('unconfirmed');
    expect(effect(302, '/login')).toBe('unconfirmed');
    expect(effect(302, 'http://[')).toBe('unconfirmed');
    // 303 is how a server answers what it has done with the address of the result.
    expect(effect(303, 'https://www.vendor.example/v1/items')).toBe('unconfirmed');
    expect(effect(308, '/login')).toBe('none');
  });
});

describe("the vendor's words", () => {
  test.each([
    ['{"error":{"code":"E1","message":"No such bot"},"message":"outer"}', 'No such bot'],
    ['{"success":false,"message":"Bad title"}', 'Bad title'],
    ['{"message":["title too long","text empty"],"error":"Bad Request"}', 'title too long; text empty'],
    ['{"ok":false,"error":"TOO_MANY_REQUESTS"}', 'TOO_MANY_REQUESTS'],
    ['{"errors":[{"msg":"first","code":400},{"msg":"second"}]}', 'first; second'],
    ['{"detail":"gone"}', 'gone'],
    ['{"code":"QUOTA"}', 'QUOTA'],
    ['{"x":1}', '{"x":1}'],
    ['<html><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>', '502 Bad Gateway nginx'],
    ['plain words', 'plain words'],
    ['', null],
    ['  \n ', null],
  ])('in %s', (body, words) => {
    expect(vendorWords(body, redact)).toBe(words);
  });

  test('are bounded, on one line, and without control or direction characters', () => {
    const words = vendorWords(JSON.stringify({ message: `a\u0000b\u001b[31mc\r\nd\u202ee ${'x'.repeat(1000)}` }), redact) ?? '';
    expect(words).toHaveLength(300);
    expect(words).toMatch(/^a b \[31mc d e x+…$/);
  });

  test('never hold a secret: not escaped in JSON, not cut in half, not behind tags', () => {
    expect(vendorWords('{"message":"key s3\\u0063ret is wrong"}', redact)).toBe('key ••• is wrong');
    for (let before = 290; before < 300; before++) expect(vendorWords(`${'x'.repeat(before)}s3cret`, redact)).not.toContain('s3');
    for (let before = 15_990; before < 16_005; before++)
      expect(vendorWords(`${' '.repeat(before)}s3cret`, redact) ?? '').not.toContain('s3');
  });

  test('are found in bounded time in a hostile page', () => {
    const started = cpuMs();
    vendorWords('<'.repeat(1_000_000), redact);
    vendorWords('<script '.repeat(200_000), redact);
    vendorWords('['.repeat(100_000), redact);
    expect(cpuMs() - started).toBeLessThan(2000);
  });
});

describe('failures of the wire', () => {
  const wireError = (code: string, message = 'x') => Object.assign(new Error(message), { code });

  test.each([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
  ])('%s comes before sending', (code) => {
    expect(errorOfWire(wireError(code), null, attempted('create'))).toMatchObject({
      code: 'TARGET_UNREACHABLE',
      facts: { effect: 'none' },
    });
  });

  test.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_HTTP_CONTENT_LENGTH_MISMATCH'])('%s may come after the effect', (code) => {
    expect(errorOfWire(wireError(code), null, attempted('create')).facts.effect).toBe('unconfirmed');
    expect(errorOfWire(wireError(code), null, attempted('read')).facts.effect).toBe('none');
    // Watched, and there never was a connection.
    expect(errorOfWire(wireError(code), false, attempted('create')).facts.effect).toBe('none');
  });

  test('a route that is lost on an open connection leaves it open what happened', () => {
    expect(errorOfWire(wireError('EHOSTUNREACH'), true, attempted('create')).facts.effect).toBe('unconfirmed');
  });

  test('a certificate that is not trusted names the way out', () => {
    expect(errorOfWire(wireError('SELF_SIGNED_CERT_IN_CHAIN'), false, attempted('read')).next).toContain('NODE_EXTRA_CA_CERTS');
  });

  test('only errors of the system are failures of the wire', () => {
    expect(isWireError(wireError('ECONNRESET'))).toBe(true);
    expect(isWireError(new SyncError('ABORTED'))).toBe(false);
    expect(isWireError(new TypeError('a bug'))).toBe(false);
  });
});

test('an error of a connector loses its secrets, and stays the same object where it has none', () => {
  const clean = new SyncError('BUSY', { message: 'busy' });
  expect(withoutSecrets(clean, redact)).toBe(clean);
  const leaky = new SyncError('REQUEST_REFUSED', {
    message: 'with s3cret',
    vendor: 's3cret?',
    data: { key: 's3cret' },
    facts: { stops: 'document' },
    cause: 's3cret',
  });
  const safe = withoutSecrets(leaky, redact);
  expect(safe).toMatchObject({ code: 'REQUEST_REFUSED', message: 'with •••', vendor: '•••?', data: {}, facts: { stops: 'document' } });
  expect(safe.cause).toBeUndefined();
});
