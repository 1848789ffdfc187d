// Talking to a bot of the Kore.ai emulator as a user does: the webhook channel, version 2, and findIntent [2.9].
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorReply, EmulatorTools } from '../emulator.ts';
import type { Account } from './emulator-account.ts';
import { filled, flag, invalid, iso, isRecord, only, readBody, readQuery, refuse, unauthorized, uuid } from './emulator-request.ts';
import { type Asked, type Box, either, type Route } from './emulator-routes.ts';
import { answerFrom } from './emulator-search.ts';
import type { KoreSettings } from './emulator-settings.ts';

type Poll = { readonly until: number; readonly body: JsonRecord };

/** In sync mode the vendor waits no longer [2.9]. */
const syncMs = 15_000;
const bodyFields = ['session', 'message', 'from', 'to', 'mergeIdentity', 'metaTags', 'preferredChannelForResponse', 'customData'];
const events = ['ON_CONNECT', 'SESSION_CLOSURE'];

export class Webhook {
  readonly #tools: EmulatorTools;
  readonly #settings: KoreSettings;
  readonly #account: Account;

  constructor(tools: EmulatorTools, settings: KoreSettings, account: Account) {
    this.#tools = tools;
    this.#settings = settings;
    this.#account = account;
  }

  /** #36: answers come from the published bot. */
  ask({ request, box, app }: Asked): EmulatorReply {
    readQuery(request);
    const body = readBody(request, ...bodyFields);
    const { from, message, session } = body;
    if (!isRecord(from) || !isRecord(message)) return invalid('from and message must be objects');
    const user = filled(only(from, 'id', 'userInfo'), 'id');
    const identity = app.claims['userIdentity'];
    if (identity !== undefined && identity !== user) unauthorized('Invalid Access token', 'userIdentity must equal from.id');
    const { webhookPerMinute } = this.#settings;
    if (webhookPerMinute !== null) this.#account.checkPace(`${box.id} ${user}`, webhookPerMinute, null);
    if (!this.#account.isPublished(box.id)) unauthorized('Invalid Access token', 'the channel works once the bot is published');
    const fresh = isRecord(session) && flag(only(session, 'new'), 'new', false);
    const reply = this.#reply(box, user, this.#said(message), fresh);
    return this.#settings.webhookPoll ? this.#later(box, user, reply) : this.#now(reply);
  }

  /** #37 */
  poll({ request, box, ids: [id = ''] }: Asked): EmulatorReply {
    readQuery(request);
    const poll = this.#tools.store.get(`polls:${box.id}`, id) as Poll | undefined;
    if (poll === undefined) return invalid(`no poll ${id}`);
    if (this.#tools.now() < poll.until) return { status: 200, body: { status: 'Inprogress', pollId: id, _v: 'v2' } };
    return { status: 200, body: poll.body };
  }

  /** What the user typed; null for events. */
  #said(message: JsonRecord): string | null {
    only(message, 'type', 'val');
    const value = filled(message, 'val');
    if (message['type'] === 'text') return value;
    return message['type'] === 'event' && events.includes(value)
      ? null
      : invalid('message.type: only text and the two events are emulated');
  }

  #reply(box: Box, user: string, question: string | null, fresh: boolean): JsonRecord {
    const common = { to: user, from: box.id, _v: 'v2' };
    const end = { endOfTask: true, endReason: 'Fulfilled', completedTaskId: '', completedTaskName: '' };
    if (question === null) return { ...common, data: [], ...end };
    const answer = box.faqs.find(question, 'published')?.text ?? answerFrom(box, this.#tools, this.#settings, question)?.text ?? null;
    const val = answer ?? this.#settings.fallback;
    const messageId = box.history.note({ user, question, answer, said: val, fresh });
    return { ...common, data: [{ type: 'text', val, createdOn: iso(this.#tools.now()), messageId }], ...end };
  }

  #now(body: JsonRecord): EmulatorReply {
    if (this.#settings.webhookMs <= syncMs) return { status: 200, body };
    return refuse({ status: 504, msg: 'The request has been timed-out' });
  }

  #later(box: Box, user: string, body: JsonRecord): EmulatorReply {
    const pollId = uuid(this.#tools, '');
    const poll: Poll = { until: this.#tools.now() + this.#settings.webhookMs, body };
    this.#tools.store.put(`polls:${box.id}`, pollId, poll);
    return { status: 200, body: { to: user, from: box.id, data: [], _v: 'v2', pollId, endOfTask: false } };
  }
}

/** #35, whose path is its own. The result for an FAQ is shown nowhere: assumed [2.9, 6.10]. */
export const findIntent: Route = {
  method: 'POST',
  path: 'findIntent',
  scopes: either('Intent and Entity Detection'),
  run({ request, box }: Asked): Json {
    const query = readQuery(request, 'fetchConfiguredTasks', 'sync');
    const body = readBody(request, 'input', 'streamName', 'expandAns');
    const input = filled(body, 'input');
    filled(body, 'streamName');
    const configured = query.get('fetchConfiguredTasks') === 'true';
    const found = box.faqs.find(input, configured ? 'trained' : 'published');
    const intentStatus = configured ? 'configured' : 'published';
    const intents = found === null ? [] : [{ intent: found.label, taskId: found.id, activityType: 'faq', state: intentStatus, score: 100 }];
    const result = found === null ? 'failintent' : 'successintent';
    const task = found === null ? {} : { task: found.label, taskId: found.id, subType: 'faq', intentStatus };
    const answer =
      found !== null && flag(body, 'expandAns', false) ? { answer: [{ text: found.text, type: 'basic', channel: 'default' }] } : {};
    return {
      request: { input },
      response: { result, ...task, ...answer, finalResolver: { winningIntent: intents, entities: [] } },
    };
  },
};
