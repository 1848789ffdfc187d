// What a person can do from the page: log in, log out, and one route for each action that the daemon offers. Everything is checked here: the session,
// the token of the form against forged requests, and where the form stood.
import { setTimeout as wait } from 'node:timers/promises';
import type { Context, Hono } from 'hono';
import { asSyncError } from '../model/error.ts';
import { sameToken } from './access.ts';
import type { ActionName, Desk } from './desk.ts';
import { cameFrom, failure, isForPeople } from './failure.ts';
import { formOf, placeWithin } from './requests.ts';
import type { ServerInput } from './server.ts';
import { cookieName, cookieText, isOwnForm, type Session, type Sessions } from './sessions.ts';
import { howToSetToken, loginPage } from './shell.ts';

/** So long an action is waited for before the page goes on without it, in milliseconds. */
const patienceMs = 1_500;

/** Adds them; none where nothing can be done. */
export function addActions(app: Hono, input: ServerInput, sessions: Sessions): void {
  const { desk } = input;
  if (desk === undefined) return;
  app.get('/login', async (context) => {
    const next = placeWithin(context.req.query('next'));
    return login(context, input, { next, said: input.token === null ? howToSetToken : '', status: 200 });
  });
  app.post('/login', async (context) => {
    const form = isOwnForm((name) => context.req.header(name)) ? await formOf(context.req.raw) : null;
    if (form === null) return refuse(context, input, 'this is not the form of this page');
    if (input.token === null) return refuse(context, input, howToSetToken);
    const next = placeWithin(form['next']);
    const session = sessions.open(form['token'] ?? '');
    if (session === null) return login(context, input, { next, said: 'That is not the token.', status: 403 });
    if (session === 'later')
      return login(context, input, { next, said: 'Too many wrong tokens: wait a minute, then try again.', status: 429 });
    context.header('set-cookie', cookieText(cookieName(context.req.header('host')), session.id, isSecure(context)));
    return context.redirect(next, 303);
  });
  app.post('/logout', async (context) => {
    const asked = await operator(context, input, sessions);
    if (asked instanceof Response) return asked;
    sessions.close(asked.session.id);
    context.header('set-cookie', cookieText(cookieName(context.req.header('host')), '', isSecure(context)));
    return context.redirect('/', 303);
  });
  for (const name of desk.offered) {
    app.post(`/actions/${name}`, async (context) => {
      const asked = await operator(context, input, sessions);
      return asked instanceof Response ? asked : act(context, input, { desk, name, form: asked.form });
    });
  }
}

interface Asked {
  readonly desk: Desk;
  readonly name: ActionName;
  readonly form: Readonly<Record<string, string>>;
}

async function act(context: Context, input: ServerInput, { desk, name, form }: Asked): Promise<Response> {
  const { csrf: _csrf, next, target = '', ...fields } = form;
  try {
    const { job, wait: ended } = desk.begin(name, { targets: target === '' ? null : [target], fields });
    const patience = new AbortController();
    await Promise.race([ended, wait(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined)]);
    patience.abort();
    const place = new URL(placeWithin(next), 'http://here.invalid');
    place.searchParams.set('said', String(job));
    return context.redirect(`${place.pathname}${place.search}`, 303);
  } catch (thrown) {
    const error = asSyncError(thrown);
    return failure(context, input, error.record(), error.code === 'USAGE' ? 400 : error.code === 'BUSY' ? 503 : 500);
  }
}

/** The session and the form of somebody who may act; else the answer that says why not. */
async function operator(
  context: Context,
  input: ServerInput,
  sessions: Sessions,
): Promise<{ readonly session: Session; readonly form: Readonly<Record<string, string>> } | Response> {
  if (input.token === null) return refuse(context, input, howToSetToken);
  const session = sessions.find(context.req.header('cookie'), cookieName(context.req.header('host')));
  const isOwn = isOwnForm((name) => context.req.header(name));
  // The session has ended, or the daemon was started again, since the page was read.
  if (session === null && isOwn && isForPeople(context))
    return context.redirect(`/login?next=${encodeURIComponent(cameFrom(context))}`, 303);
  if (session === null) return refuse(context, input, 'this needs somebody who is logged in: /login', 401);
  if (!isOwn) return refuse(context, input, 'this is not a form of this page');
  const form = await formOf(context.req.raw);
  if (form === null || !sameToken(form['csrf'] ?? null, session.csrf))
    return refuse(context, input, 'the form is too old or not from this page: reload it and try again');
  return { session, form };
}

async function login(
  context: Context,
  { redact }: ServerInput,
  { next, said, status }: { readonly next: string; readonly said: string; readonly status: 200 | 403 | 429 },
): Promise<Response> {
  const text = await loginPage({ next, said, nonce: String(context.get('secureHeadersNonce')) });
  return context.html(redact(text), status);
}

function refuse(context: Context, input: ServerInput, message: string, status: 401 | 403 = 403): Promise<Response> {
  return failure(context, input, { code: 'USAGE', message }, status);
}

/** Said by the proxy that has the certificate; somebody who lies about it only keeps their own browser from sending the cookie. */
function isSecure(context: Context): boolean {
  return context.req.header('x-forwarded-proto') === 'https';
}
