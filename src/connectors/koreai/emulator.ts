// The Kore.ai emulator: Search AI, the knowledge graph, publishing, the webhook and the history of one or more bots. Written from the
// vendor's documents (vendor notes, [n] = section, #n = endpoint) and apart from the connector. What they do not name is refused. Not
// emulated: extraction (#22 to #24), ML (#27, #28), bot import and export (#29 to #32), legacy SearchAssist (#42, #43), webhook V1 (#38).
//
// provision({ id, secret }) makes the bot `id` with two apps that share one client secret, `secret`: the builder app with the client id
// `cs-<id>`, and the admin app with the client id `admin-<id>`.
import type { Json } from '../../model/json.ts';
import { defineEmulator, type Emulator, type EmulatorReply, type EmulatorRequest, type EmulatorTools } from '../emulator.ts';
import { Account, type App } from './emulator-account.ts';
import { findIntent, Webhook } from './emulator-chat.ts';
import { contentRoutes } from './emulator-content.ts';
import { faqRoutes, updateOne } from './emulator-faq-routes.ts';
import { Faqs } from './emulator-faqs.ts';
import { History, historyRoutes } from './emulator-history.ts';
import { ingestRoute } from './emulator-ingest.ts';
import { Publishing, publishRoutes } from './emulator-publish.ts';
import { filled, only, Refused, readBody, readQuery, records, refuse } from './emulator-request.ts';
import { type Asked, adminOnly, type Box, idsOf, type Route } from './emulator-routes.ts';
import { Runs } from './emulator-runs.ts';
import { searchRoutes } from './emulator-search.ts';
import { defaults, type KoreSettings } from './emulator-settings.ts';
import { Shelf } from './emulator-shelf.ts';
import { trainRoutes } from './emulator-train.ts';
import { Uploads } from './emulator-upload.ts';

/** A person's own folder of files in the dashboard [2.3]. */
const dashboardSource = 'Default Directory';
const webhookWords: { readonly [status: number]: string } = {
  400: 'Invalid Request Payload',
  401: 'Invalid Access token',
  404: 'Not Found',
  405: 'Method Not Allowed',
  429: 'Too many requests',
  504: 'The request has been timed-out',
};
const methodNotAllowed = { status: 405, msg: 'Method Not Allowed' };

function create(tools: EmulatorTools, settings: KoreSettings): Emulator {
  const account = new Account(tools, settings);
  const uploads = new Uploads(tools, settings);
  const webhook = new Webhook(tools, settings, account);
  const boxes = new Map<string, Box>();
  const ofBot: readonly Route[] = [
    ingestRoute(tools, settings, uploads),
    ...contentRoutes(tools, settings),
    ...trainRoutes(tools, settings),
    ...searchRoutes(tools, settings),
    ...faqRoutes(settings),
    ...publishRoutes(settings),
    ...historyRoutes,
  ];

  /** The bot, brought to the present. */
  function boxOf(id: string): Box {
    let box = boxes.get(id);
    if (box === undefined) {
      const shelf = new Shelf(tools, settings, id);
      const faqs = new Faqs(tools, settings, id);
      const publishing = new Publishing(tools, settings, { id, faqs });
      box = { id, shelf, runs: new Runs(tools, settings, { id, shelf }), faqs, publishing, history: new History(tools, id) };
      boxes.set(id, box);
    }
    box.runs.advance();
    box.publishing.advance(box.faqs.nextEnd);
    box.faqs.advance();
    box.publishing.advance(null);
    return box;
  }

  /** Token, path, verb, bot, scope, pace, and only then what is asked for [2.0: the order seen in K1]. */
  function answer(request: EmulatorRequest): Json | EmulatorReply {
    const [, first = '', ...rest] = segmentsOf(request.path);
    if (first === 'chatbot') return chat(request, rest);
    const app = account.authenticate(request);
    if (first !== 'api') return unknown(request);
    if (rest[0] === 'v1.1' && rest[1] === 'rest') return below(request, { app, routes: [findIntent], segments: rest.slice(2) });
    const segments = rest[0] === '1.1' ? rest.slice(2) : rest.slice(1);
    if (rest[rest[0] === '1.1' ? 1 : 0] !== 'public') return unknown(request);
    if (segments.length === 1 && segments[0] === 'uploadfile') return upload(request, app);
    if (segments.join('/') === 'faqs/bulkUpdates') return bulkUpdates(request, app);
    return below(request, { app, routes: ofBot, segments });
  }

  /** `bot` and `stream` mean the same [1]. */
  function below(
    request: EmulatorRequest,
    { app, routes, segments }: { readonly app: App; readonly routes: readonly Route[]; readonly segments: readonly string[] },
  ): Json | EmulatorReply {
    const [entity, bot = '', ...path] = segments;
    const fitting = routes.flatMap((route) => {
      const ids = entity === 'bot' || entity === 'stream' ? idsOf(route.path, path) : null;
      return ids === null ? [] : [{ route, ids }];
    });
    if (fitting.length === 0) return unknown(request);
    const found = fitting.find(({ route }) => route.method === request.method);
    if (found === undefined) return refuse(methodNotAllowed);
    account.checkBot(app, bot);
    const asked: Asked = { request, ids: found.ids, box: boxOf(bot), app };
    account.checkScope(app, found.route.scopes);
    account.checkPace(found.route.pace?.(asked) ?? bot);
    return found.route.run(asked);
  }

  /** #1: any valid app of the account. */
  function upload(request: EmulatorRequest, app: App): Json {
    if (request.method !== 'POST') return refuse(methodNotAllowed);
    account.checkPace(app.bot);
    readQuery(request);
    return uploads.take(request, app);
  }

  /** #20 for admin apps: each item names its bot. */
  function bulkUpdates(request: EmulatorRequest, app: App): Json {
    if (request.method !== 'POST') return refuse(methodNotAllowed);
    account.checkScope(app, adminOnly('Update FAQs'));
    account.checkPace(app.secret);
    readQuery(request);
    for (const item of records(readBody(request, 'payload'), 'payload')) {
      only(item, 'BotID', 'query', settings.bulkUpdateKey);
      const bot = filled(item, 'BotID');
      account.checkBot(app, bot);
      updateOne(item, boxOf(bot), settings);
    }
    return { status: 'success' };
  }

  /** #36 and #37, whose errors bear `_v` and `_t` too [2.0]. */
  function chat(request: EmulatorRequest, [version, kind, bot = '', ...path]: readonly string[]): Json | EmulatorReply {
    const app = account.authenticateBearer(request);
    const polls = path[0] === 'poll' && path.length === 2;
    if (version !== 'v2' || kind !== 'webhook' || (path.length > 0 && !polls)) return unknown(request);
    if (request.method !== (polls ? 'GET' : 'POST')) return refuse(methodNotAllowed);
    account.checkBot(app, bot);
    const asked: Asked = { request, ids: path.slice(1), box: boxOf(bot), app };
    account.checkScope(app, { builder: [], admin: null });
    return polls ? webhook.poll(asked) : webhook.ask(asked);
  }

  function reply(request: EmulatorRequest): EmulatorReply {
    try {
      const found = answer(request);
      return isReply(found) ? found : { status: 200, body: found };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return request.path.startsWith('/chatbot/') ? webhookError(error.status) : error.reply;
    }
  }

  return {
    provision({ id, secret }) {
      account.provision(id, secret);
    },
    async handle(request) {
      return reply(request);
    },
    inspect(bot) {
      const box = boxOf(bot);
      return [...box.shelf.items(), ...box.runs.inFlight(), ...box.faqs.items()];
    },
    /** A file uploaded in the dashboard, trained since. */
    plant(bot, { name, text }) {
      const box = boxOf(bot);
      if (tools.store.get(`sources:${bot}`, dashboardSource) === undefined)
        tools.store.put(`sources:${bot}`, dashboardSource, { id: `fs-${bot}`, type: 'file' });
      return box.runs.plant({ name, text, source: dashboardSource });
    },
  };
}

/** Own words, and `_v` and `_t` beside the errors [2.0]. */
function webhookError(given: number): EmulatorReply {
  const status = given === 412 ? 400 : given;
  const msg = webhookWords[status] ?? 'Invalid Request Payload';
  return { status, body: { errors: [{ msg, code: status }], _v: 'v2', _t: 'emulated' } };
}

function unknown(request: EmulatorRequest): never {
  return refuse({ status: 404, msg: 'Not Found', detail: `${request.method} ${request.path} is not documented, or not emulated` });
}

/** Decoded segments, the first being the empty one before the leading slash; undocumented where the encoding is broken. */
function segmentsOf(path: string): string[] {
  try {
    return path.split('/').map(decodeURIComponent);
  } catch {
    return refuse({ status: 404, msg: 'Not Found', detail: `${path} is not documented` });
  }
}

function isReply(found: Json | EmulatorReply): found is EmulatorReply {
  return typeof found === 'object' && found !== null && 'status' in found && typeof found.status === 'number';
}

/** Kore.ai on loopback. */
export const emulator = defineEmulator<KoreSettings>({
  vendor: 'koreai',
  prefixes: [
    '/api/public/bot/',
    '/api/public/stream/',
    '/api/public/uploadfile',
    '/api/public/faqs/',
    '/api/1.1/public/',
    '/api/v1.1/rest/bot/',
    '/chatbot/v2/webhook/',
  ],
  defaults,
  create,
});
