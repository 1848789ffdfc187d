import { describe, expect, test } from 'vitest';
import { isLoopback, proxyFor } from '../../src/transport/proxy.ts';

const proxy = 'http://proxy.example:3128';
const to = (url: string, environment: Record<string, string>) => proxyFor(new URL(url), environment);

describe('which proxy', () => {
  test('https_proxy in either case, lower case first', () => {
    expect(to('https://vendor.example', {})).toBeNull();
    expect(to('https://vendor.example', { HTTPS_PROXY: proxy })).toBe(proxy);
    expect(to('https://vendor.example', { HTTPS_PROXY: 'http://other', https_proxy: proxy })).toBe(proxy);
    expect(to('https://vendor.example', { HTTP_PROXY: proxy })).toBeNull();
    expect(to('https://vendor.example', { HTTPS_PROXY: '' })).toBeNull();
  });

  test('never for this very machine', () => {
    for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]']) {
      expect(isLoopback(host)).toBe(true);
      expect(to(`http://${host}:80/`, { HTTP_PROXY: proxy, HTTPS_PROXY: proxy })).toBeNull();
    }
    for (const host of ['localhost.example', '127.0.0.1.example', '128.0.0.1', '[::2]']) expect(isLoopback(host)).toBe(false);
  });

  test.each([
    ['*', null],
    ['vendor.example', null],
    ['.vendor.example', null],
    ['example', null],
    ['other.test, api.vendor.example', null],
    ['api.vendor.example:443', null],
    ['*.vendor.example', null],
    ['api.vendor.example:8443', proxy],
    ['endor.example', proxy],
    ['', proxy],
  ])('NO_PROXY=%s', (list, expected) => {
    expect(to('https://api.vendor.example', { HTTPS_PROXY: proxy, NO_PROXY: list })).toBe(expected);
  });
});
