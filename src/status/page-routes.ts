// The pages of the daemon: one route each, read-only; what stands on them is made in pages/. Owns no access: that is the guard's.
import type { Context, Hono } from 'hono';
import { documentPage } from './pages/document.ts';
import { documents } from './pages/documents.ts';
import { gaps } from './pages/gaps.ts';
import { daysOf, history } from './pages/history.ts';
import { missing } from './pages/missing.ts';
import { overview } from './pages/overview.ts';
import { tests } from './pages/tests.ts';
import { todo } from './pages/todo.ts';
import type { Past } from './past.ts';
import { searchOf } from './search.ts';
import type { ServerInput } from './server.ts';
import { cookieName, type Sessions } from './sessions.ts';
import { type Page, type Scene, type Standing, shell } from './shell.ts';
import { whois } from './story.ts';

/** As long as a document's own story goes back, in days. */
const storyDays = 90;

/** Adds the pages. */
export function addPages(app: Hono, input: ServerInput, sessions: Sessions): void {
  const sceneOf = async (context: Context): Promise<Scene> => {
    const snapshot = await input.snapshot();
    const standing = standingOf(context, input, sessions);
    const { pathname, search, searchParams } = new URL(context.req.url);
    const jobs = standing.kind === 'operator' ? (input.desk?.jobs() ?? []) : [];
    const said = jobs.find(({ id }) => String(id) === searchParams.get('said')) ?? null;
    return { snapshot, standing, offered: new Set(input.desk?.offered), jobs, said, here: `${pathname}${search}` };
  };
  const show = async (context: Context, make: (scene: Scene) => Page | Promise<Page>): Promise<Response> => {
    const scene = await sceneOf(context);
    const page = await make(scene);
    const text = await shell(scene, page, String(context.get('secureHeadersNonce')));
    return context.html(input.redact(text), page.name === 'missing' ? 404 : 200);
  };
  const past = (days: number, document: string | null): Promise<Past> => input.desk?.past(days, document) ?? Promise.resolve(noPast);

  app.get('/', (context) => show(context, overview));
  app.get('/documents', (context) =>
    show(context, (scene) =>
      documents(
        scene,
        searchOf((name) => context.req.query(name)),
      ),
    ),
  );
  app.get('/documents/:id{.+}', (context) => {
    const name = nameIn(context.req.url);
    return show(context, async (scene) => {
      const id = name === null ? null : idOf(name, scene);
      if (id === null || input.desk === undefined) return missing(name ?? '');
      return documentPage(scene, id, await input.desk.folderStory(id), await past(storyDays, id));
    });
  });
  app.get('/tests', (context) => {
    const { target = '', verdict = '', page = '1' } = context.req.query();
    return show(context, (scene) => tests(scene, { target, verdict, page: /^\d{1,6}$/.test(page) ? Number(page) : 1 }));
  });
  app.get('/todo', (context) => show(context, (scene) => todo(scene, context.req.query('target') ?? '')));
  app.get('/history', (context) => {
    const days = daysOf(context.req.query('days'));
    return show(context, async (scene) => history(scene, days, await past(days, null), input.desk?.traffic() ?? noTraffic));
  });
  app.get('/gaps', (context) => show(context, (scene) => gaps(scene, input.desk?.gaps() ?? null)));
}

const noPast: Past = { from: '', to: '', runs: [], learnt: [], seconds: [], asked: [], rows: [], unnamed: 0 };
const noTraffic = { since: '1970-01-01T00:00:00.000Z', targets: {} };

/** What the reader of a page may do. */
export function standingOf(context: Context, { token }: Pick<ServerInput, 'token'>, sessions: Sessions): Standing {
  if (token === null) return { kind: 'no-token' };
  const session = sessions.find(context.req.header('cookie'), cookieName(context.req.header('host')));
  return session === null ? { kind: 'reader' } : { kind: 'operator', csrf: session.csrf };
}

/** What stands behind `/documents/`: ids hold slashes, and may hold anything else. */
function nameIn(url: string): string | null {
  try {
    return decodeURIComponent(new URL(url).pathname.slice('/documents/'.length)).normalize('NFC');
  } catch {
    return null;
  }
}

/** A document by its id, its path, or an item's id or name at a vendor; null where nobody knows it. */
function idOf(name: string, { snapshot: { targets, documents: inFolder = [] } }: Scene): string | null {
  const ledgers = targets.flatMap(({ ledger }) => (ledger === undefined ? [] : [ledger]));
  const isKnown =
    inFolder.some(({ id }) => id === name) ||
    ledgers.some(({ state }) => Object.hasOwn(state.records, name) || Object.hasOwn(state.retracted, name)) ||
    targets.some(({ status, inbox = [] }) => [...status.behind, ...inbox].some(({ document }) => document === name));
  if (isKnown) return name;
  const byPath = inFolder.find(({ path }) => path === name)?.id;
  if (byPath !== undefined) return byPath;
  for (const { state, open } of ledgers) {
    const found = whois(name, state, open);
    if (found !== null) return found;
  }
  return null;
}
