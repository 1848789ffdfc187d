// Tokens: Kore.ai has no token endpoint, callers sign their own [public P1]. Owns the claims and the signature.
import { createHmac, randomUUID } from 'node:crypto';

/** A JWT app of Kore.ai: of the bot's builder, or of the admin console. */
export interface JwtApp {
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface TokenOptions {
  readonly jwtAlg: 'HS256';
  /** Milliseconds. */
  readonly jwtTtl: number;
  readonly jti: boolean;
}

/** So far the vendor's clock may be behind ours [assumed]. */
const skewMs = 60_000;

/** A token valid from `skewMs` before `nowMs` until `jwtTtl` after it. The secret is taken as it is written, in UTF-8 [public P42]. */
export function signToken({ clientId, clientSecret }: JwtApp, { jwtAlg, jwtTtl, jti }: TokenOptions, nowMs: number): string {
  const claims = {
    appId: clientId,
    sub: 'kbsync',
    iat: Math.floor((nowMs - skewMs) / 1000),
    exp: Math.floor((nowMs + jwtTtl) / 1000),
    ...(jti ? { jti: randomUUID() } : {}),
  };
  const signed = `${encoded({ alg: jwtAlg, typ: 'JWT' })}.${encoded(claims)}`;
  return `${signed}.${createHmac('sha256', clientSecret).update(signed).digest('base64url')}`;
}

/** Whatever looks like a token, taken out: a vendor may echo ours, and it opens the bot until it expires. */
export function withoutTokens(text: string): string {
  return text.replace(/\beyJ[\w-]{5,}(?:\.[\w-]*){1,4}/g, '***');
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
