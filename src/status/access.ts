// Who may ask the status server what: loopback or not, Host header, token. Pure, but for the comparison's constant time.
import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether a bind address is this machine's alone. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  return bare === 'localhost' || bare === '::1' || bare === '::ffff:127.0.0.1' || /^127(\.\d{1,3}){3}$/.test(bare);
}

/**
 * Whether a Host header names this machine. A page of another site that had its own name point at 127.0.0.1 (DNS rebinding) sends that
 * name, and is refused by it.
 */
export function namesLoopback(hostHeader: string | undefined): boolean {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::\d{1,5})?$/.exec(hostHeader ?? '');
  return match !== null && isLoopback(match[1] ?? '');
}

/** The token of an Authorization header: Bearer, or, where `basic` is allowed, the password that a browser asked its user for. */
export function tokenOf(header: string | undefined, basic: boolean): string | null {
  const bearer = /^Bearer +([^\s]+) *$/i.exec(header ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const encoded = basic ? /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(header ?? '')?.[1] : undefined;
  if (encoded === undefined) return null;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : null;
}

/** Whether two tokens are equal, in a time that tells nothing about where they differ or how long the right one is. */
export function sameToken(given: string | null, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return given !== null && timingSafeEqual(digest(given), digest(wanted));
}
