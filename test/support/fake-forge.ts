// GitHub's and GitLab's comments over real HTTP, as strict as they are: who asks, unknown fields, lengths, pages. Faults are put in by the test.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeComment {
  readonly id: number;
  body: string;
  readonly login: string;
}

export interface FakeForge {
  readonly origin: string;
  readonly comments: FakeComment[];
  /** `METHOD path` of every request, in order. */
  readonly requests: string[];
  /** Answers to give instead, first come first served; `after`: the request is carried out all the same. */
  readonly faults: {
    readonly method: string;
    readonly status: number;
    readonly headers?: Record<string, string>;
    readonly body?: string;
    readonly after?: boolean;
  }[];
  /** Tokens: whom they speak for, and whether they may write. */
  readonly tokens: Map<string, { readonly login: string; readonly writes: boolean }>;
  close(): Promise<void>;
}

interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly request: IncomingMessage;
  readonly body: Record<string, unknown> | null;
}

type Answer = { readonly status: number; readonly json: unknown };

const refused = (status: number, message: string): Answer => ({ status, json: { message } });

/** `prefix`: of the API's address, as a server of one's own has it. */
export async function fakeGithub(repository: string, number: number, prefix = ''): Promise<FakeForge> {
  return serve((forge, { method, url, request, body }) => {
    const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    const who = forge.tokens.get(token);
    if (who === undefined) return refused(401, 'Bad credentials');
    if ((request.headers['user-agent'] ?? '') === '') return refused(403, 'Request forbidden by administrative rules');
    if (request.headers['x-github-api-version'] !== '2022-11-28') return refused(400, 'unknown version');
    const isBot = who.login.endsWith('[bot]');
    const path = url.pathname.slice(prefix.length);
    if (path === '/user')
      return isBot ? refused(403, 'Resource not accessible by integration') : { status: 200, json: { login: who.login } };
    const list = `/repos/${repository}/issues/${number}/comments`;
    const shown = (one: FakeComment) => ({
      id: one.id,
      body: one.body,
      html_url: `https://github.example/${repository}/pull/${number}#issuecomment-${one.id}`,
      user: { login: one.login, type: one.login.endsWith('[bot]') ? 'Bot' : 'User' },
    });
    if (method === 'GET' && path === list) return { status: 200, json: pageOf(forge.comments, url).map(shown) };
    if (!who.writes) return refused(403, 'Resource not accessible by integration');
    const invalid = invalidBody(body, 65_536);
    if (method === 'POST' && path === list) {
      if (invalid !== null) return refused(422, invalid);
      return { status: 201, json: shown(added(forge, who.login, body)) };
    }
    const [, id = ''] = new RegExp(`^/repos/${repository}/issues/comments/(\\d+)$`).exec(path) ?? [];
    const found = forge.comments.find((one) => String(one.id) === id);
    if (method !== 'PATCH' || found === undefined) return refused(404, 'Not Found');
    if (invalid !== null) return refused(422, invalid);
    found.body = String(body?.['body']);
    return { status: 200, json: shown(found) };
  }, prefix);
}

/** Below /api/v4. Job tokens are refused, as GitLab refuses them here. */
export async function fakeGitlab(project: number, number: number): Promise<FakeForge> {
  return serve((forge, { method, url, request, body }) => {
    const who = forge.tokens.get(String(request.headers['private-token'] ?? ''));
    if (who === undefined) return refused(401, '401 Unauthorized');
    const idOf = (login: string) => [...forge.tokens.values()].findIndex((one) => one.login === login) + 1;
    if (url.pathname === '/api/v4/user') return { status: 200, json: { id: idOf(who.login), username: who.login } };
    const notes = `/api/v4/projects/${project}/merge_requests/${number}/notes`;
    const shown = (one: FakeComment) => ({
      id: one.id,
      body: one.body,
      system: false,
      author: { id: idOf(one.login), username: one.login },
    });
    if (method === 'GET' && url.pathname === notes) return { status: 200, json: pageOf(forge.comments, url).map(shown) };
    if (!who.writes) return refused(403, '403 Forbidden');
    const invalid = invalidBody(body, 1_000_000);
    if (method === 'POST' && url.pathname === notes) {
      if (invalid !== null) return refused(400, invalid);
      return { status: 201, json: shown(added(forge, who.login, body)) };
    }
    const found = forge.comments.find((one) => url.pathname === `${notes}/${one.id}`);
    if (method !== 'PUT' || found === undefined) return refused(404, '404 Not found');
    if (invalid !== null) return refused(400, invalid);
    found.body = String(body?.['body']);
    return { status: 200, json: shown(found) };
  }, '/api/v4');
}

function added(forge: FakeForge, login: string, body: Exchange['body']): FakeComment {
  const comment = { id: 1_000 + forge.comments.length, body: String(body?.['body']), login };
  forge.comments.push(comment);
  return comment;
}

function invalidBody(body: Exchange['body'], most: number): string | null {
  const text = body?.['body'];
  if (body === null || typeof text !== 'string' || text.trim() === '') return 'body is missing';
  if (Object.keys(body).some((key) => key !== 'body')) return `unknown field: ${Object.keys(body).join()}`;
  return [...text].length > most ? `body is too long (maximum is ${most} characters)` : null;
}

function pageOf(comments: readonly FakeComment[], { searchParams }: URL): readonly FakeComment[] {
  const size = Math.min(100, Number(searchParams.get('per_page') ?? 30));
  const page = Number(searchParams.get('page') ?? 1);
  return comments.slice((page - 1) * size, page * size);
}

async function serve(answer: (forge: FakeForge, exchange: Exchange) => Answer, prefix: string): Promise<FakeForge> {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => reply(request, text, response));
  });
  const reply = (request: IncomingMessage, text: string, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const method = request.method ?? '';
    forge.requests.push(`${method} ${url.pathname.slice(prefix.length)}`);
    const at = forge.faults.findIndex((fault) => fault.method === method);
    const [fault] = at === -1 ? [] : forge.faults.splice(at, 1);
    const body = text === '' ? null : (JSON.parse(text) as Record<string, unknown>);
    const made = fault === undefined || fault.after === true ? answer(forge, { method, url, request, body }) : null;
    const status = fault?.status ?? made?.status ?? 500;
    response.writeHead(status, { 'content-type': 'application/json', ...fault?.headers });
    response.end(fault === undefined ? JSON.stringify(made?.json) : (fault.body ?? '{"message":"a fault"}'));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const forge: FakeForge = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    comments: [],
    requests: [],
    faults: [],
    tokens: new Map(),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return forge;
}
