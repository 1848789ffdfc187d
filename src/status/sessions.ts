// Who is logged in on the status page: sessions in memory, each opened with the token and gone with it. Owns cookies, the token against forged
// requests, and how often somebody may guess.
import { randomBytes } from 'node:crypto';
import { sameToken } from './access.ts';

export interface Session {
  readonly id: string;
  /** Stands in every form of the page: another site's form does not know it. */
  readonly csrf: string;
}

export interface SessionsInput {
  /** Milliseconds that never go back. */
  readonly now: () => number;
  /** As it is now: with another one every session ends. Null: nobody can log in. */
  readonly token: () => string | null;
}

export interface Sessions {
  /** Null: that is not the token. 'later': too many guesses within a minute. */
  open(given: string): Session | null | 'later';
  find(cookies: string | undefined, name: string): Session | null;
  close(id: string): void;
}

/** A working day and some. */
const lifeMs = 12 * 3_600_000;
const mostSessions = 50;
const mostGuesses = 10;
const guessMs = 60_000;

/** Nobody is logged in at first. */
export function createSessions({ now, token }: SessionsInput): Sessions {
  const sessions = new Map<string, Session & { readonly until: number; readonly token: string }>();
  let wrong: readonly number[] = [];
  return {
    open(given) {
      const wanted = token();
      wrong = wrong.filter((at) => now() - at < guessMs);
      if (wrong.length >= mostGuesses) return 'later';
      if (wanted === null || !sameToken(given, wanted)) {
        wrong = [...wrong, now()];
        return null;
      }
      const session = { id: unguessable(), csrf: unguessable(), until: now() + lifeMs, token: wanted };
      sessions.set(session.id, session);
      const [oldest] = sessions.keys();
      if (sessions.size > mostSessions && oldest !== undefined) sessions.delete(oldest);
      return session;
    },
    find(cookies, name) {
      const id = cookieOf(cookies, name);
      const session = id === null ? undefined : sessions.get(id);
      if (session === undefined) return null;
      if (session.until > now() && session.token === token()) return session;
      sessions.delete(session.id);
      return null;
    },
    close: (id) => void sessions.delete(id),
  };
}

function unguessable(): string {
  return randomBytes(32).toString('base64url');
}

/** Cookies know no ports: daemons on two ports of one machine must not log each other out. */
export function cookieName(hostHeader: string | undefined): string {
  const port = /:(\d{1,5})$/.exec(hostHeader ?? '')?.[1];
  return port === undefined ? 'kbsync' : `kbsync-${port}`;
}

/** The cookie that keeps a session in the browser; '' as its id ends it. `secure`: the browser came by HTTPS. */
export function cookieText(name: string, id: string, secure: boolean): string {
  const life = id === '' ? 0 : lifeMs / 1_000;
  return `${name}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${life}${secure ? '; Secure' : ''}`;
}

function cookieOf(header: string | undefined, name: string): string | null {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return null;
}

/**
 * Whether a browser's own headers say that a form of this very page was sent. Sec-Fetch-Site cannot be set by a page, and is right behind a proxy
 * that gives us another Host, too; browsers that do not send it (plain HTTP from elsewhere) say where the form stood.
 */
export function isOwnForm(header: (name: string) => string | undefined): boolean {
  const site = header('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin';
  const origin = header('origin');
  if (origin === undefined || !URL.canParse(origin)) return false;
  return new URL(origin).host === header('host');
}
