// The Chat Thing emulator: the "API channel" as the vendor's page documents it, version 1.0. Written from the vendor's documents
// (vendor notes, [n] = section, #n = endpoint) and apart from the connector. What the page does not name is refused.
import type { JsonRecord } from '../../model/json.ts';
import { defineEmulator, type Emulator, type EmulatorReply, type EmulatorRequest, type EmulatorTools } from '../emulator.ts';
import { Chat } from './emulator-chat.ts';
import { type Input, Refused, readBody, readQuery, refuse } from './emulator-request.ts';
import { type ChatThingSettings, defaults } from './emulator-settings.ts';
import { type Channel, Sources } from './emulator-sources.ts';

interface Box {
  readonly sources: Sources;
  readonly chat: Chat;
}

type Route = (box: Box, input: Input) => JsonRecord | EmulatorReply;

/** Section 1 of the notes, row by row. Mind the plural of the one DELETE (#16). */
const routes: { readonly [methodAndPath: string]: Route } = {
  'POST /conversation': ({ chat }, input) => chat.open(input),
  'POST /message': ({ chat }, input) => chat.ask(input),
  'POST /conversations': ({ chat }, input) => chat.list(input),
  'POST /messages': ({ chat }, input) => chat.messages(input),
  'POST /data-sources': ({ sources }, input) => sources.create(input),
  'POST /data-sources/list': ({ sources }, input) => sources.list(input),
  'GET /data-sources': ({ sources }, input) => sources.get(input),
  'PUT /data-sources': ({ sources }, input) => sources.setInterval(input),
  'DELETE /data-sources': ({ sources }, input) => sources.delete(input),
  'POST /data-sources/row': ({ sources }, input) => sources.addRows(input),
  'POST /data-sources/row/list': ({ sources }, input) => sources.listRows(input),
  'GET /data-sources/row': ({ sources }, input) => sources.getRow(input),
  'PUT /data-sources/row': ({ sources }, input) => sources.updateRows(input),
  'DELETE /data-sources/rows': ({ sources }, input) => sources.deleteRows(input),
  'POST /data-sources/sync': ({ sources }, input) => sources.sync(input),
};

function create(tools: EmulatorTools, settings: ChatThingSettings): Emulator {
  const boxes = new Map<string, Box>();

  function boxOf(bot: string): Box {
    let box = boxes.get(bot);
    if (box === undefined) {
      const sources = new Sources(tools, settings, bot);
      box = { sources, chat: new Chat(tools, settings, { id: bot, answer: (question) => sources.knowledge().answer(question).text }) };
      boxes.set(bot, box);
    }
    box.sources.advance();
    return box;
  }

  /** Unknown channel or channel off: 404; wrong or missing key: 403 [2.2]. */
  function channelOf(id: string, request: EmulatorRequest): Box {
    const channel = tools.store.get('channels', id) as Channel | undefined;
    if (channel === undefined) return refuse(404, `no channel ${id}`);
    if (settings.switchedOff) refuse(404, `the API channel ${id} is switched off`);
    if (request.headers['x-api-secret-key'] !== channel.secret) refuse(403, 'X-API-Secret-Key does not match the channel');
    return boxOf(id);
  }

  /** #18: a secret URL starts a sync; it needs no key and takes nothing. */
  function hook(id: string, secret: string): JsonRecord {
    const known = settings.hooks.find((candidate) => candidate.id === id && candidate.secret === secret);
    for (const [bot] of tools.store.entries('channels')) {
      const { sources } = boxOf(bot);
      if (known !== undefined && sources.has(known.dataSourceId)) return sources.start(known.dataSourceId);
    }
    return refuse(404, 'no such hook');
  }

  function answer(request: EmulatorRequest): JsonRecord | EmulatorReply {
    const [, , , kind, id = '', third = '', ...rest] = segments(request.path);
    if (kind === 'hooks' && request.method === 'GET' && rest.length === 0) return hook(id, third);
    const route = kind === 'channels' && third === settings.version ? routes[`${request.method} /${rest.join('/')}`] : undefined;
    if (route === undefined) return refuse(404, `${request.method} ${request.path} is not documented`);
    const box = channelOf(id, request);
    return route(box, request.method === 'GET' ? readQuery(request, settings) : readBody(request, settings));
  }

  return {
    provision({ id, secret }) {
      const channel: Channel = { secret, tokens: 0, asked: 0 };
      if (tools.store.get('channels', id) === undefined) tools.store.put('channels', id, channel);
    },
    async handle(request) {
      return replyTo(() => answer(request), settings);
    },
    inspect(bot) {
      return boxOf(bot).sources.items();
    },
    plant(bot, item) {
      return boxOf(bot).sources.plant(item);
    },
  };
}

/** Decoded segments, the first being the empty one before the leading slash; undocumented where the encoding is broken. */
function segments(path: string): string[] {
  try {
    return path.split('/').map(decodeURIComponent);
  } catch {
    return refuse(404, `${path} is not documented`);
  }
}

/** Success: 200, `success: true` and the payload [2.2]. */
function replyTo(answer: () => JsonRecord | EmulatorReply, settings: ChatThingSettings): EmulatorReply {
  try {
    const found = answer();
    return isReply(found) ? found : { status: 200, body: { success: true, ...found } };
  } catch (error) {
    if (error instanceof Refused) return refusal(error, settings);
    throw error;
  }
}

function isReply(found: JsonRecord | EmulatorReply): found is EmulatorReply {
  return typeof found['status'] === 'number';
}

function refusal({ status, message }: Refused, settings: ChatThingSettings): EmulatorReply {
  if (settings.errorBody === 'empty') return { status, body: '' };
  if (settings.errorBody === 'json') return { status, body: { success: false, message } };
  return { status, headers: { 'content-type': 'text/html' }, body: `<html><body><h1>${status}</h1></body></html>` };
}

/** Chat Thing on loopback. */
export const emulator = defineEmulator<ChatThingSettings>({
  vendor: 'chatthing',
  prefixes: ['/api/public/channels/', '/api/public/hooks/'],
  defaults,
  create,
});
