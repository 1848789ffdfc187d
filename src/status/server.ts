// The daemon's HTTP: page, probes, metrics, API. Owns routes, access and headers; what is said comes from the snapshot it is handed.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { NONCE, secureHeaders } from 'hono/secure-headers';
import { asSyncError, SyncError } from '../model/error.ts';
import type { SyncEvent } from '../model/event.ts';
import type { JsonRecord } from '../model/json.ts';
import { isLoopback, namesLoopback, sameToken, tokenOf } from './access.ts';
import { addActions } from './action-routes.ts';
import { addApiActions } from './api-actions.ts';
import type { Desk } from './desk.ts';
import { documentsPage, documentsQuery } from './documents-query.ts';
import { createEventStreams } from './event-stream.ts';
import { failure, isForPeople } from './failure.ts';
import { addPages } from './page-routes.ts';
import { json } from './requests.ts';
import { statusRow } from './rows.ts';
import { cookieName, createSessions, type Sessions } from './sessions.ts';
import type { ReloadNews, Snapshot } from './snapshot.ts';

export interface ServerInput {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly token: string | null;
  readonly metricsOpen: boolean;
  readonly snapshot: () => Promise<Snapshot>;
  readonly metrics: () => Promise<string>;
  /** What keeps the daemon from being ready; [] when it is. */
  readonly unready: () => readonly string[];
  /** Wants a cycle at these targets, or all; the names it was wanted at. USAGE for a name that there is not. */
  readonly sync: (targets: readonly string[] | null) => readonly string[];
  /** Wants the golden questions asked there. Left out: there is no such path. */
  readonly verify?: (targets: readonly string[] | null) => readonly string[];
  /** Keeps the daemon and every sync from these targets, or lets them at it again; the names it was done for. Left out: there is no such path. */
  readonly pause?: (targets: readonly string[] | null) => Promise<readonly string[]>;
  readonly resume?: (targets: readonly string[] | null) => Promise<readonly string[]>;
  /** Which configuration is at work; for the readiness probe's detail. Left out: it does not say. */
  readonly reload?: () => ReloadNews;
  /** The description of this API, as YAML. Left out: there is no such path. */
  readonly openapi?: () => Promise<string>;
  readonly subscribe: (listener: (event: SyncEvent) => void) => () => void;
  /** What the pages ask for beyond the snapshot, and what can be done from them. Left out: they show the snapshot, without a button. */
  readonly desk?: Desk;
  /** Takes secrets out of everything that is answered. */
  readonly redact: (text: string) => string;
}

export interface StatusServer {
  /** Where the page is: http://127.0.0.1:8420/ */
  readonly url: string;
  close(): Promise<void>;
}

/** The probes, and where one logs in. */
const openPaths: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/login']);

/** Begins to listen. CONFIG_INVALID, with what to set, where it may not or cannot. */
export async function startServer(input: ServerInput): Promise<StatusServer> {
  const { host, port } = input;
  if (!isLoopback(host) && input.token === null) {
    throw new SyncError('CONFIG_INVALID', {
      message: `daemon.host is ${host}, which others can reach, and there is no token`,
      next: 'set KBSYNC_TOKEN (or daemon.token), or take daemon.host out to listen on this machine only',
    });
  }
  const streams = new AbortController();
  const app = createApp(input, streams.signal);
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(cannotListen(host, port, cause)));
    server.listen(port, host.replace(/^\[|\]$/g, ''), resolve);
  });
  const { address, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${bound}/`,
    async close() {
      streams.abort();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 500).unref();
      });
    },
  };
}

function cannotListen(host: string, port: number, cause: NodeJS.ErrnoException): SyncError {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'another program uses that port (perhaps the daemon of another folder)',
    EACCES: 'this user may not use that port',
    EADDRNOTAVAIL: 'this machine has no such address',
  };
  return new SyncError('CONFIG_INVALID', {
    message: `the status page cannot listen on ${host}, port ${port}: ${reasons[cause.code ?? ''] ?? cause.message}`,
    next: 'set daemon.port in the configuration to a free port (0: any), or end the other program',
    cause,
  });
}

/** The routes, without a socket: `app.request()` asks them in tests. Settings are read at each request: they may change. */
export function createApp(input: ServerInput, closing?: AbortSignal): Hono {
  const app = new Hono();
  const sessions = createSessions({ now: input.desk?.now ?? (() => 0), token: () => input.token });
  app.use(secureHeaders({ ...policy, xFrameOptions: 'DENY', crossOriginResourcePolicy: 'same-origin', referrerPolicy: 'same-origin' }));
  app.use(async (context, next) => {
    context.header('cache-control', 'no-store');
    const refused = refusalOf(context, input, sessions);
    return refused === null ? await next() : await refused;
  });
  app.onError((thrown, context) => {
    const error = asSyncError(thrown);
    const status = error.code === 'USAGE' ? 400 : error.code === 'BUSY' ? 503 : 500;
    return failure(context, input, error.record(), status);
  });
  app.notFound((context) => failure(context, input, { code: 'USAGE', message: 'there is no such page' }, 404));

  addPages(app, input, sessions);
  addActions(app, input, sessions);
  app.get('/healthz', (context) => context.text('ok'));
  app.get('/readyz', (context) => {
    const why = input.unready();
    const news = input.reload?.();
    const config = news === undefined ? {} : { config: mayRead(context, input, sessions) ? { ...news } : withoutWords(news) };
    return json(context, input, { ready: why.length === 0, why, ...config }, why.length === 0 ? 200 : 503);
  });
  app.get('/metrics', async (context) => {
    context.header('content-type', 'text/plain; version=0.0.4; charset=utf-8');
    return context.body(input.redact(await input.metrics()));
  });
  app.get('/api/status', async (context) => {
    const { commit, targets, source } = await input.snapshot();
    const documents = ['1', 'true', ''].includes(context.req.query('documents') ?? 'no');
    const rows = targets.map(({ status, nextRun, doing, error, paused }) => ({
      ...statusRow(status, documents, nextRun),
      doing,
      paused: paused === true,
      error: error as JsonRecord | null,
    }));
    return json(context, input, {
      version: 1,
      command: 'status',
      commit,
      ...(source != null && { git: source as unknown as JsonRecord }),
      targets: rows,
    });
  });
  app.get('/api/documents', async (context) => {
    const query = documentsQuery(context.req.queries());
    const { targets } = await input.snapshot();
    const found = targets.filter(({ status }) => query.target === null || status.name === query.target);
    if (found.length === 0) throw new SyncError('USAGE', { message: `there is no target ${query.target ?? ''}` });
    const rows = found.map(({ status }) => documentsPage(status, query));
    return json(context, input, { version: 1, targets: rows as unknown as readonly JsonRecord[] });
  });
  const { openapi } = input;
  if (openapi !== undefined) {
    app.get('/api/openapi.yaml', async (context) => {
      context.header('content-type', 'application/yaml; charset=utf-8');
      return context.body(await openapi());
    });
  }
  const streams = createEventStreams({ subscribe: input.subscribe, redact: input.redact, closing });
  app.get('/api/events', (context) => streams.open(context, () => mayRead(context, input, sessions)));
  addApiActions(app, input);
  return app;
}

/** For those whom the probe does not know: the words of a refused configuration name files, keys and what was found there. */
function withoutWords({ loadedAt, failed }: ReloadNews): JsonRecord {
  return { loadedAt, failed: failed === null ? null : { at: failed.at, code: failed.code } };
}

const policy = {
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: [NONCE],
    styleSrc: [NONCE],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    // The icon of the tab.
    imgSrc: ['data:'],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  // Plain HTTP: behind a proxy with a certificate, the proxy says it.
  strictTransportSecurity: false,
};

/** Why a request is not answered, as the answer; null where it is. */
function refusalOf(context: Context, input: ServerInput, sessions: Sessions): Response | Promise<Response> | null {
  const { host, token } = input;
  const refuse = (status: 401 | 403, message: string) => failure(context, input, { code: 'USAGE', message }, status);
  const local = isLoopback(host);
  if (local && !namesLoopback(context.req.header('host'))) return refuse(403, 'the Host header does not name this machine');
  const { path, method } = context.req;
  const reads = method === 'GET' || method === 'HEAD';
  if (reads && (openPaths.has(path) || mayRead(context, input, sessions))) return null;
  // Each of these asks for a session itself, but for the first, which makes one.
  if (method === 'POST' && (path === '/login' || path === '/logout' || path.startsWith('/actions/'))) return null;
  if (token === null) return refuse(403, 'no token is configured: set KBSYNC_TOKEN or daemon.token to allow this');
  if (sameToken(tokenOf(context.req.header('authorization'), false), token)) return null;
  // A person in a browser is asked in a form, which goes on to what they may do; anything else is told how.
  if (reads && context.req.header('authorization') === undefined && isForPeople(context)) {
    const { pathname, search } = new URL(context.req.url);
    return context.redirect(`/login?next=${encodeURIComponent(`${pathname}${search}`)}`, 303);
  }
  context.header('www-authenticate', reads ? 'Basic realm="kbsync", charset="UTF-8"' : 'Bearer realm="kbsync"');
  return refuse(401, 'this needs the token: Authorization: Bearer …');
}

/** Whether the asker may be told more than the probes tell everybody: it is on this machine, logged in, or has the token. */
function mayRead(context: Context, { host, token, metricsOpen }: ServerInput, sessions: Sessions): boolean {
  if (isLoopback(host) || (metricsOpen && context.req.path === '/metrics')) return true;
  if (sessions.find(context.req.header('cookie'), cookieName(context.req.header('host'))) !== null) return true;
  // A browser sends Basic by itself, also when another site's page makes it post: for reading only.
  return token !== null && sameToken(tokenOf(context.req.header('authorization'), true), token);
}
