// What can be done from the page: who may, what is refused, and what the daemon is asked for. Without a socket or a browser.
import { describe, expect, it } from 'vitest';
import { SyncError } from '../../src/model/error.ts';
import { type ActionName, type ActionRequest, actionNames, type Desk, type FolderStory } from '../../src/status/desk.ts';
import { placeWithin } from '../../src/status/requests.ts';
import { createApp, type ServerInput } from '../../src/status/server.ts';
import { cookieName, createSessions, isOwnForm } from '../../src/status/sessions.ts';
import { recordOf, snapshotOf, targetOf } from './snapshots.ts';

const token = 'correct-horse-battery';
const folder: FolderStory = {
  title: 'A',
  kind: 'article',
  path: 'a.md',
  inFolder: true,
  commit: null,
  problems: [],
  tests: [],
  others: [],
  given: [],
};
const at = '2026-11-21T00:00:00.000Z';
const row = {
  at,
  target: 'site',
  command: 'watch',
  commit: null,
  action: 'create',
  document: 'a.md',
  path: 'a.md',
  from: null,
  reason: 'new',
  outcome: 'done',
};
const past = { from: '', to: '', runs: [], learnt: [], seconds: [], asked: [], rows: [row], unnamed: 0 };

function bench(patch: Partial<ServerInput> = {}) {
  const begun: [ActionName, ActionRequest][] = [];
  const looked: (string | null)[] = [];
  let now = 0;
  const desk: Desk = {
    now: () => now,
    offered: actionNames.filter((name) => name !== 'pause'),
    jobs: () =>
      begun.map(([name, { targets }], index) => ({
        id: index + 1,
        name,
        what: `${name} ${targets?.join() ?? 'all'}`,
        at: '2026-11-21T00:00:00.000Z',
        state: 'done',
        told: 'so it is',
      })),
    begin(name, request) {
      if (request.targets?.includes('nobody') === true) throw new SyncError('USAGE', { message: 'there is no target nobody' });
      begun.push([name, request]);
      return { job: begun.length, wait: Promise.resolve() };
    },
    folderStory: (document) => {
      looked.push(document);
      return Promise.resolve(folder);
    },
    past: () => Promise.resolve(past),
    traffic: () => ({ since: '2026-11-21T00:00:00.000Z', targets: {} }),
    gaps: () => ({ at: '2026-11-21T00:00:00.000Z', days: 7, targets: [], groups: 1, gaps: [] }),
  };
  const input = {
    host: '127.0.0.1',
    port: 0,
    token: token as string | null,
    metricsOpen: false,
    snapshot: () => Promise.resolve(snapshotOf([targetOf({ records: { 'a.md': recordOf(), 'b/ü ?#%.md': recordOf({ path: 'b.md' }) } })])),
    metrics: () => Promise.resolve(''),
    unready: () => [],
    sync: () => [],
    subscribe: () => () => undefined,
    redact: (text: string) => text.replaceAll('s3cret', '***'),
    desk,
    ...patch,
  };
  const app = createApp(input);
  const host = input.host === '127.0.0.1' ? '127.0.0.1:8420' : 'kb.example.com';
  const ask = (path: string, init: { method?: string; headers?: Record<string, string>; form?: Record<string, string> } = {}) => {
    const { form, headers, ...rest } = init;
    const body = form === undefined ? {} : { body: new URLSearchParams(form) };
    return Promise.resolve(app.request(path, { ...rest, ...body, headers: { host, ...headers } }));
  };
  const own = { 'sec-fetch-site': 'same-origin' };
  const logIn = async () => {
    const reply = await ask('/login', { method: 'POST', headers: own, form: { token, next: '/documents' } });
    const cookie = /^[^;]+/.exec(reply.headers.get('set-cookie') ?? '')?.[0] ?? '';
    const text = await (await ask('/', { headers: { cookie } })).text();
    return { reply, cookie, csrf: /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '', text };
  };
  return {
    input,
    app,
    ask,
    own,
    logIn,
    begun,
    looked,
    later(ms: number) {
      now += ms;
    },
  };
}

describe('logging in', () => {
  it('takes the token in a form, keeps a session that no script and no other site sees, and goes on', async () => {
    const { logIn } = bench();
    const { reply, text, csrf } = await logIn();
    expect([reply.status, reply.headers.get('location')]).toEqual([303, '/documents']);
    const cookie = reply.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^kbsync-8420=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
    expect(csrf).toMatch(/^[\w-]{43}$/);
    expect(text).toContain('action="/actions/sync"');
    expect(text).not.toContain(token);
  });

  it('refuses a wrong token, tells it by nothing, and slows down who guesses', async () => {
    const { ask, own, later } = bench();
    const guess = (given: string) => ask('/login', { method: 'POST', headers: own, form: { token: given } });
    const first = await guess('wrong');
    expect([first.status, first.headers.get('set-cookie')]).toEqual([403, null]);
    for (let n = 0; n < 9; n += 1) expect((await guess(`wrong ${n}`)).status).toBe(403);
    expect((await guess(token)).status).toBe(429);
    later(61_000);
    expect((await guess(token)).status).toBe(303);
  });

  it('says where no token is configured how to set one', async () => {
    const { ask, own } = bench({ token: null });
    expect(await (await ask('/login')).text()).toContain('Set KBSYNC_TOKEN');
    const reply = await ask('/login', { method: 'POST', headers: own, form: { token: '' } });
    expect([reply.status, await reply.text()]).toEqual([403, expect.stringContaining('Set KBSYNC_TOKEN')]);
    const text = await (await ask('/')).text();
    expect(text).toContain('Set KBSYNC_TOKEN');
    expect(text).not.toContain('/actions/');
  });

  it('leads nowhere but to this server', async () => {
    for (const next of [
      '//evil.example/',
      'https://evil.example/',
      '/\\evil.example',
      'javascript:alert(1)',
      '',
      '\t//evil.example',
      '/\t/evil.example',
    ])
      expect([next, placeWithin(next)]).toEqual([next, '/']);
    expect(placeWithin('/documents?q=a%2Fb&page=2')).toBe('/documents?q=a%2Fb&page=2');
  });

  it('ends a session by its button, after twelve hours, and with another token', async () => {
    const { ask, own, logIn, later, input } = bench();
    const isIn = async (cookie: string) => (await (await ask('/', { headers: { cookie } })).text()).includes('Log out');
    const first = await logIn();
    expect(await isIn(first.cookie)).toBe(true);
    const out = await ask('/logout', { method: 'POST', headers: { ...own, cookie: first.cookie }, form: { csrf: first.csrf } });
    expect([out.status, out.headers.get('set-cookie')]).toEqual([303, expect.stringContaining('Max-Age=0')]);
    expect(await isIn(first.cookie)).toBe(false);
    const second = await logIn();
    later(12 * 3_600_000 - 1);
    expect(await isIn(second.cookie)).toBe(true);
    later(1);
    expect(await isIn(second.cookie)).toBe(false);
    const third = await logIn();
    input.token = 'another';
    expect(await isIn(third.cookie)).toBe(false);
    input.token = token;
    expect(await isIn(third.cookie)).toBe(false);
  });

  it('keeps fifty sessions, and two daemons of one machine apart', () => {
    const sessions = createSessions({ now: () => 0, token: () => token });
    const opened = Array.from({ length: 51 }, () => sessions.open(token));
    const ids = opened.map((session) => (session === null || session === 'later' ? '' : session.id));
    expect(sessions.find(`x=1; kbsync=${ids[0] ?? ''}`, 'kbsync')).toBeNull();
    expect(sessions.find(`x=1; kbsync=${ids[50] ?? ''}`, 'kbsync')).not.toBeNull();
    expect(new Set(ids).size).toBe(51);
    expect([cookieName('127.0.0.1:8420'), cookieName('[::1]:9'), cookieName('kb.example.com')]).toEqual([
      'kbsync-8420',
      'kbsync-9',
      'kbsync',
    ]);
  });
});

describe('acting', () => {
  it('begins the action with its target and fields, and comes back to where the button stood', async () => {
    const { ask, own, logIn, begun } = bench();
    const { cookie, csrf } = await logIn();
    const press = (name: string, form: Record<string, string>) =>
      ask(`/actions/${name}`, { method: 'POST', headers: { ...own, cookie }, form: { csrf, next: '/todo?target=site', ...form } });
    const reply = await press('todo-done', { target: 'site', id: 'T3' });
    expect([reply.status, reply.headers.get('location')]).toEqual([303, '/todo?target=site&said=1']);
    await press('sync', {});
    expect(begun).toEqual([
      ['todo-done', { targets: ['site'], fields: { id: 'T3' } }],
      ['sync', { targets: null, fields: {} }],
    ]);
    const said = await (await ask('/todo?said=1', { headers: { cookie } })).text();
    expect(said).toContain('todo-done site</bdi>: done');
    expect(said).toContain('so it is');
    // What somebody asked for is nobody else's to read.
    expect(await (await ask('/todo?said=1')).text()).not.toContain('so it is');
    expect((await press('sync', { target: 'nobody' })).status).toBe(400);
    // Not offered here.
    expect((await press('pause', {})).status).toBe(404);
  });

  it('refuses every form that is not its own, and every bearer that is no session', async () => {
    const { ask, own, logIn, begun } = bench();
    const { cookie, csrf } = await logIn();
    const other = await logIn();
    const attempts: readonly (readonly [string, Record<string, string>, Record<string, string> | undefined])[] = [
      ['no session', own, { csrf }],
      ['a session that is none', { ...own, cookie: 'kbsync-8420=guess' }, { csrf }],
      ['no csrf', { ...own, cookie }, {}],
      ["another session's csrf", { ...own, cookie }, { csrf: other.csrf }],
      ['another site', { cookie, 'sec-fetch-site': 'cross-site', origin: 'http://127.0.0.1:8420' }, { csrf }],
      ['another port of this machine', { cookie, 'sec-fetch-site': 'same-site' }, { csrf }],
      ['another origin', { cookie, origin: 'http://127.0.0.1:3000' }, { csrf }],
      ['no origin at all', { cookie }, { csrf }],
      ['an origin that is hidden', { cookie, origin: 'null' }, { csrf }],
      ['another host (DNS rebinding)', { ...own, cookie, host: 'evil.example' }, { csrf }],
      ['a body that is no form', { ...own, cookie, 'content-type': 'text/plain' }, undefined],
      ['the API token', { authorization: `Bearer ${token}` }, { csrf }],
    ];
    for (const [what, headers, form] of attempts) {
      for (const path of ['/actions/sync', '/actions/todo-approve', '/logout']) {
        const reply = await ask(path, { method: 'POST', headers, ...(form !== undefined && { form }) });
        expect([what, path, [401, 403].includes(reply.status)]).toEqual([what, path, true]);
      }
    }
    expect(begun).toEqual([]);
    const fine = await ask('/actions/sync', { method: 'POST', headers: { cookie, origin: 'http://127.0.0.1:8420' }, form: { csrf } });
    expect(fine.status).toBe(303);
    expect((await ask('/actions/sync', { headers: { cookie } })).status).toBe(404);
  });

  it('does nothing without a token, whatever is sent', async () => {
    const { ask, own, begun } = bench({ token: null });
    for (const name of actionNames.filter((one) => one !== 'pause')) {
      const reply = await ask(`/actions/${name}`, { method: 'POST', headers: own, form: { csrf: '' } });
      expect([name, reply.status, (await reply.text()).includes('Set KBSYNC_TOKEN')]).toEqual([name, 403, true]);
    }
    expect(begun).toEqual([]);
  });

  it('knows its own form by what a browser says of it', () => {
    const says = (headers: Record<string, string>) => isOwnForm((name) => headers[name]);
    expect(says({ 'sec-fetch-site': 'same-origin', host: '127.0.0.1:8420', origin: 'https://kb.example.com' })).toBe(true);
    expect(says({ host: 'kb.example.com', origin: 'https://kb.example.com' })).toBe(true);
    expect(says({ 'sec-fetch-site': 'none', host: 'x', origin: 'http://x' })).toBe(false);
    expect(says({ host: 'x' })).toBe(false);
  });
});

describe('a person in a browser', () => {
  const people = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

  it('whose session has ended is asked for the token, and comes back to where the button stood', async () => {
    const { ask, own, logIn, later, begun } = bench();
    const { cookie, csrf } = await logIn();
    later(13 * 3_600_000);
    const press = (referer: string) =>
      ask('/actions/sync', { method: 'POST', headers: { ...own, ...people, cookie, referer }, form: { csrf } });
    const sent = await press('http://127.0.0.1:8420/todo?target=site');
    expect([sent.status, sent.headers.get('location')]).toEqual([303, '/login?next=%2Ftodo%3Ftarget%3Dsite']);
    expect((await press('http://evil.example/todo')).headers.get('location')).toBe('/login?next=%2F');
    // The form of another site leads nowhere.
    const forged = await ask('/actions/sync', { method: 'POST', headers: { ...people, 'sec-fetch-site': 'cross-site' }, form: { csrf } });
    expect(forged.status).toBe(401);
    expect(begun).toEqual([]);
  });

  it('is told in words, with a way back, what a program is told as JSON', async () => {
    const { ask, own, logIn } = bench();
    const { cookie, csrf } = await logIn();
    const referer = 'http://127.0.0.1:8420/todo?target="><b>';
    const form = { csrf, target: 'nobody' };
    const replies = [
      [400, await ask('/actions/sync', { method: 'POST', headers: { ...own, ...people, cookie, referer }, form })],
      [403, await ask('/actions/sync', { method: 'POST', headers: { ...own, ...people, cookie, referer }, form: { csrf: 'old' } })],
      [404, await ask('/nowhere', { headers: people })],
      [403, await ask('/', { headers: { ...people, host: 'evil.example' } })],
    ] as const;
    for (const [status, reply] of replies) {
      const text = await reply.text();
      expect([reply.status, reply.headers.get('content-type')]).toEqual([status, 'text/html; charset=UTF-8']);
      expect(text).toContain('<strong>USAGE</strong>');
      expect(text).toMatch(/<a class="button" href="[/][^"]*">Back<[/]a>/);
      expect(text).not.toContain('<b>');
      expect(reply.headers.get('content-security-policy')).toContain(/<style nonce="([^"]+)"/.exec(text)?.[1] ?? 'none');
    }
    const program = await ask('/actions/sync', { method: 'POST', headers: { ...own, cookie }, form });
    expect([program.status, await program.json()]).toMatchObject([400, { error: { code: 'USAGE', message: 'there is no target nobody' } }]);
  });

  it('finds a name for each column of each table', async () => {
    const { ask, logIn } = bench();
    const { cookie } = await logIn();
    for (const path of ['/', '/documents', '/documents/a.md', '/tests', '/todo', '/history', '/gaps']) {
      const text = await (await ask(path, { headers: { cookie } })).text();
      expect([path, text.match(/<th>/g)]).toEqual([path, null]);
    }
  });
});

describe('the same from a program, with the token', () => {
  const bearer = { authorization: `Bearer ${token}` };

  it('retries, ticks off, answers and approves, and says what came of it', async () => {
    const { app, begun } = bench();
    const post = async (path: string, body: object | string) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const reply = await app.request(path, { method: 'POST', headers: { host: '127.0.0.1:8420', ...bearer }, body: text });
      return [reply.status, (await reply.json()) as { told?: string; error?: { message: string } }] as const;
    };
    expect(await post('/api/retry', '')).toEqual([200, { version: 1, command: 'retry', state: 'done', told: 'so it is' }]);
    await post('/api/retry', { targets: ['site'], path: 'a.md' });
    for (const decision of ['done', 'retry', 'approve']) await post('/api/todo', { target: 'site', id: 'T1', decision });
    await post('/api/todo', { target: 'site', id: 'U1', decision: 'created', remoteId: 'doc_9' });
    const one = { targets: ['site'] };
    expect(begun).toEqual([
      ['retry-failed', { targets: null, fields: {} }],
      ['retry-failed', { ...one, fields: { path: 'a.md' } }],
      ['todo-done', { ...one, fields: { id: 'T1', remote: '' } }],
      ['todo-retry', { ...one, fields: { id: 'T1', remote: '' } }],
      ['todo-approve', { ...one, fields: { id: 'T1', remote: '' } }],
      ['todo-created', { ...one, fields: { id: 'U1', remote: 'doc_9' } }],
    ]);
    const wrong = [
      { target: 'site', id: 'T1' },
      { target: 'site', id: 'T1', decision: 'burn' },
      { id: 'T1', decision: 'done' },
      '',
      '[]',
      { target: 1 },
    ];
    for (const body of wrong) {
      const [status, answer] = await post('/api/todo', body);
      expect([body, status, answer.error?.message]).toEqual([body, 400, expect.stringContaining('a')]);
    }
    for (const body of [{ targets: [] }, { target: 'site' }, { path: 1 }, { targets: ['nobody'] }])
      expect((await post('/api/retry', body))[0]).toBe(400);
    expect(begun).toHaveLength(6);
  });

  it('does nothing for who has a session, a password or nothing', async () => {
    const { ask, own, logIn, begun } = bench();
    const { cookie } = await logIn();
    const basic = `Basic ${Buffer.from(`x:${token}`).toString('base64')}`;
    for (const headers of [{}, { ...own, cookie }, { authorization: basic }, { authorization: 'Bearer guess' }])
      for (const path of ['/api/retry', '/api/todo']) expect((await ask(path, { method: 'POST', headers })).status).toBe(401);
    expect(begun).toEqual([]);
  });
});

describe('off loopback', () => {
  it('asks a person for the token in a form, and lets who has a session read', async () => {
    const { ask, logIn } = bench({ host: '0.0.0.0' });
    const html = { accept: 'text/html,*/*' };
    const sent = await ask('/documents', { headers: html });
    expect([sent.status, sent.headers.get('location')]).toEqual([303, '/login?next=%2Fdocuments']);
    expect((await ask('/documents?q=a', { headers: html })).headers.get('location')).toBe('/login?next=%2Fdocuments%3Fq%3Da');
    const form = await ask('/login');
    expect(form.status).toBe(200);
    expect(await form.text()).not.toContain('docs');
    for (const path of ['/', '/documents', '/documents/a.md', '/tests', '/todo', '/history', '/gaps', '/api/status', '/api/events'])
      expect([path, (await ask(path)).status]).toEqual([path, 401]);
    const { cookie } = await logIn();
    for (const path of ['/', '/documents', '/documents/a.md', '/tests', '/todo', '/history', '/gaps', '/api/status'])
      expect([path, (await ask(path, { headers: { cookie } })).status]).toEqual([path, 200]);
    // A session reads; the API is changed by the token alone.
    expect((await ask('/api/sync', { method: 'POST', headers: { cookie } })).status).toBe(401);
  });

  it('marks the cookie for HTTPS where a proxy says that the browser came by it', async () => {
    const { ask, own } = bench({ host: '0.0.0.0' });
    const reply = await ask('/login', { method: 'POST', headers: { ...own, 'x-forwarded-proto': 'https' }, form: { token } });
    expect(reply.headers.get('set-cookie')).toMatch(/^kbsync=.*; Secure$/);
  });
});

describe('pages', () => {
  it('finds a document by id, path, and the id that a vendor gave it, and says where it is not', async () => {
    const { ask, looked } = bench();
    for (const path of [
      '/documents/a.md',
      '/documents/doc_1',
      `/documents/${encodeURIComponent('b/ü ?#%.md')}`,
      '/documents/b/%C3%BC%20%3F%23%25.md',
    ])
      expect([path, (await ask(path)).status]).toEqual([path, 200]);
    expect(looked).toEqual(['a.md', 'a.md', 'b/ü ?#%.md', 'b/ü ?#%.md']);
    for (const path of ['/documents/none', '/documents/%ff', '/documents/__proto__'])
      expect([path, (await ask(path)).status]).toEqual([path, 404]);
    expect(await (await ask('/documents/none')).text()).toContain('/documents?q=none');
  });

  it('keeps the policy strict on every page, and what users asked to those who are logged in', async () => {
    const { ask, logIn } = bench();
    const { cookie } = await logIn();
    for (const path of ['/', '/documents', '/documents/a.md', '/tests', '/todo', '/history', '/gaps', '/login']) {
      const reply = await ask(path, { headers: { cookie } });
      const policy = reply.headers.get('content-security-policy') ?? '';
      expect([path, reply.status]).toEqual([path, 200]);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("form-action 'self'");
      expect(policy).not.toMatch(/unsafe|http|\*/);
      const html = await reply.text();
      expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
      expect(html).not.toMatch(/<[^>]+\s(?:on\w+|style)=/);
    }
    expect(await (await ask('/gaps', { headers: { cookie } })).text()).toContain('Looked');
    expect(await (await ask('/gaps')).text()).not.toContain('Looked');
  });
});
