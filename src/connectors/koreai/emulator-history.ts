// What users asked one bot of the Kore.ai emulator, and what it could not answer [2.10].
import type { Json, JsonRecord } from '../../model/json.ts';
import type { EmulatorTools } from '../emulator.ts';
import {
  count,
  countOf,
  filled,
  flag,
  hex,
  invalid,
  iso,
  isRecord,
  noBody,
  only,
  readBody,
  readQuery,
  strings,
  timeOf,
  uuid,
} from './emulator-request.ts';
import { type Asked, builderOnly, either, type Route } from './emulator-routes.ts';

export type Session = { readonly user: string; readonly startedAt: number; readonly endedAt: number; readonly unanswered: boolean };
type Message = {
  readonly session: string;
  readonly user: string;
  readonly type: 'incoming' | 'outgoing';
  readonly text: string;
  readonly at: number;
};
type Unhandled = {
  readonly messageId: string;
  readonly session: string;
  readonly user: string;
  readonly utterance: string;
  readonly at: number;
};

const channel = 'rtm';
const dayMs = 86_400_000;
/** Documented values; the emulator's bots have no tasks: only unhandled utterances are ever found. */
const analytics = ['successintent', 'failintent', 'successtask', 'failtask', 'performance', 'unhandledutterance'];

export class History {
  readonly #tools: EmulatorTools;
  readonly #bot: string;
  /** The session that each user is in; a restart ends them. */
  readonly #running = new Map<string, string>();

  constructor(tools: EmulatorTools, bot: string) {
    this.#tools = tools;
    this.#bot = bot;
  }

  /** One question and its answer; null: the bot did not know. Returns the id of the answer's message. */
  note(asked: {
    readonly user: string;
    readonly question: string;
    readonly answer: string | null;
    readonly said: string;
    readonly fresh: boolean;
  }): string {
    const { user, question, answer, said } = asked;
    const at = this.#tools.now();
    const session = this.#session(user, asked.fresh, answer === null);
    const messageId = this.#add({ session, user, type: 'incoming', text: question, at });
    const replyId = this.#add({ session, user, type: 'outgoing', text: said, at });
    if (answer === null) {
      const unhandled: Unhandled = { messageId, session, user, utterance: question, at };
      this.#tools.store.put(`unhandled:${this.#bot}`, hex(this.#tools, 24), unhandled);
    }
    return replyId;
  }

  sessions(): [string, Session][] {
    return [...this.#tools.store.entries(`sessions:${this.#bot}`)].map(([id, value]) => [id, value as Session]);
  }

  messages(): [string, Message][] {
    return [...this.#tools.store.entries(`messages:${this.#bot}`)].map(([id, value]) => [id, value as Message]);
  }

  unhandled(): [string, Unhandled][] {
    return [...this.#tools.store.entries(`unhandled:${this.#bot}`)].map(([id, value]) => [id, value as Unhandled]);
  }

  #session(user: string, fresh: boolean, unanswered: boolean): string {
    const known = fresh ? undefined : this.#running.get(user);
    const id = known ?? hex(this.#tools, 24);
    const now = this.#tools.now();
    const before = this.#tools.store.get(`sessions:${this.#bot}`, id) as Session | undefined;
    const session: Session = {
      user,
      startedAt: before?.startedAt ?? now,
      endedAt: now,
      unanswered: unanswered || before?.unanswered === true,
    };
    this.#tools.store.put(`sessions:${this.#bot}`, id, session);
    this.#running.set(user, id);
    return id;
  }

  #add(message: Message): string {
    const id = uuid(this.#tools, 'ms-');
    this.#tools.store.put(`messages:${this.#bot}`, id, message);
    return id;
  }
}

/** #39 to #41. */
export const historyRoutes: readonly Route[] = [
  { method: 'POST', path: 'getSessions', scopes: either('Bot Sessions'), run: getSessions },
  { method: 'POST', path: 'getMessages', scopes: either('Chat History'), run: (asked) => postMessages(asked, 100) },
  { method: 'POST', path: 'getMessagesV2', scopes: either('Chat History'), run: (asked) => postMessages(asked, 10_000) },
  { method: 'GET', path: 'getMessages', scopes: either('Chat History'), run: (asked) => getMessages(asked, 100) },
  { method: 'GET', path: 'getMessagesV2', scopes: either('Chat History'), run: (asked) => getMessages(asked, 10_000) },
  { method: 'POST', path: 'getAnalytics', scopes: builderOnly('Metrics'), run: getAnalytics },
];

function getSessions({ request, box }: Asked): Json {
  const wanted = readQuery(request, 'containmentType').get('containmentType');
  if (wanted !== null && !['dropOff', 'selfService', 'agent'].includes(wanted)) invalid('containmentType is dropOff, selfService or agent');
  const body = readBody(request, 'skip', 'limit', 'dateFrom', 'dateTo', 'sessionId');
  const range = rangeOf(body, 'dateFrom', 'dateTo');
  const ids = body['sessionId'] === undefined ? null : strings(body, 'sessionId');
  if (ids !== null && ids.length > 50) invalid('sessionId: at most 50');
  const all = box.history
    .sessions()
    .filter(([id, { startedAt, unanswered }]) => {
      const kind = unanswered ? 'dropOff' : 'selfService';
      return isWithin(startedAt, range) && (wanted === null || wanted === kind) && (ids === null || ids.includes(id));
    })
    .reverse();
  const { page, total, moreAvailable } = pageOf(all, count(body, 'skip', 0), count(body, 'limit', 100));
  const sessions = page.map(([sessionId, { user, startedAt, endedAt, unanswered }]) => ({
    sessionId,
    userId: user,
    channel,
    start_time: iso(startedAt),
    end_time: iso(endedAt),
    sessionStatus: 'closed',
    containmentType: unanswered ? 'dropOff' : 'selfService',
  }));
  return { total, moreAvailable, sessions };
}

function postMessages({ request, box }: Asked, most: number): Json {
  const body = readBody(request, 'sessionId', 'dateFrom', 'dateTo', 'limit', 'skip', 'forward', 'userId');
  return messagesOf(box.history, {
    sessions: body['sessionId'] === undefined ? null : strings(body, 'sessionId'),
    user: body['userId'] === undefined ? null : filled(body, 'userId'),
    range: rangeOf(body, 'dateFrom', 'dateTo'),
    forward: flag(body, 'forward', false),
    skip: count(body, 'skip', 0),
    limit: Math.min(count(body, 'limit', most), most),
  });
}

function getMessages({ request, box }: Asked, most: number): Json {
  noBody(request);
  const query = readQuery(request, 'userId', 'skip', 'offset', 'limit', 'dateFrom', 'dateTo', 'sessionId', 'includeSecureForm');
  const given: JsonRecord = Object.fromEntries([...query].filter(([name]) => name.startsWith('date')));
  return messagesOf(box.history, {
    sessions: query.has('sessionId') ? query.getAll('sessionId') : null,
    user: query.get('userId') ?? invalid('userId is required for GET'),
    range: rangeOf(given, 'dateFrom', 'dateTo'),
    forward: false,
    skip: countOf(query, 'skip', countOf(query, 'offset', 0)),
    limit: Math.min(countOf(query, 'limit', most), most),
  });
}

interface MessageQuery {
  readonly sessions: readonly string[] | null;
  readonly user: string | null;
  readonly range: Range;
  readonly forward: boolean;
  readonly skip: number;
  readonly limit: number;
}

/** Newest first unless `forward`; the dates lie less than 7 days apart. */
function messagesOf(history: History, { sessions, user, range, forward, skip, limit }: MessageQuery): Json {
  if (range.from !== null && range.until !== null && range.until - range.from >= 7 * dayMs)
    invalid('dateFrom and dateTo: less than 7 days');
  const all = history.messages().filter(([, message]) => {
    const isWanted = (sessions === null || sessions.includes(message.session)) && (user === null || user === message.user);
    return isWanted && isWithin(message.at, range);
  });
  if (!forward) all.reverse();
  const { page, total, moreAvailable } = pageOf(all, skip, limit);
  const messages = page.map(([_id, { session, user: userId, type, text, at }]) => ({
    _id,
    type,
    status: type === 'incoming' ? 'received' : 'delivered',
    createdOn: iso(at),
    createdBy: userId,
    sessionId: session,
    chnl: channel,
    lang: 'en',
    components: [{ cT: 'text', data: { text } }],
  }));
  return { total, moreAvailable, messages };
}

function getAnalytics({ request, box }: Asked): Json {
  const body = readBody(request, 'type', 'filters', 'sort', 'skip', 'limit');
  const type = filled(body, 'type');
  if (!analytics.includes(type)) invalid(`type must be one of ${analytics.join(', ')}`);
  const { filters } = body;
  if (!isRecord(filters)) return invalid('filters must be an object');
  only(filters, 'from', 'to', 'channel', 'isDeveloper', 'userId');
  filled(filters, 'from');
  filled(filters, 'to');
  const range = rangeOf(filters, 'from', 'to');
  const isHere = filters['channel'] === undefined || strings(filters, 'channel').includes(channel);
  const found = type === 'unhandledutterance' && isHere ? box.history.unhandled().filter(([, { at }]) => isWithin(at, range)) : [];
  if (orderOf(body) === 'desc') found.reverse();
  const { page, moreAvailable } = pageOf(found, count(body, 'skip'), count(body, 'limit'));
  const result = page.map(([_id, { messageId, session, user, utterance, at }]) => ({
    _id,
    messageId,
    sessionId: session,
    utterance,
    intent: '',
    taskName: '',
    language: 'en',
    channel,
    timestamp: iso(at),
    userId: user,
  }));
  return { moreAvailable, result };
}

function orderOf(body: JsonRecord): 'asc' | 'desc' {
  const { sort } = body;
  if (sort === undefined) return 'desc';
  if (!isRecord(sort) || sort['by'] !== 'timestamp') return invalid('sort: {order, by: "timestamp"}');
  return sort['order'] === 'asc' || sort['order'] === 'desc' ? sort['order'] : invalid('sort.order must be asc or desc');
}

interface Range {
  readonly from: number | null;
  readonly until: number | null;
}

/** A date without a time means the whole day at both ends. */
function rangeOf(given: JsonRecord, from: string, to: string): Range {
  const until = timeOf(given, to);
  const wholeDay = until !== null && /^\d{4}-\d\d-\d\d$/.test(String(given[to]));
  return { from: timeOf(given, from), until: wholeDay ? until + dayMs - 1 : until };
}

function isWithin(at: number, { from, until }: Range): boolean {
  return (from === null || at >= from) && (until === null || at <= until);
}

function pageOf<Item>(
  all: readonly Item[],
  skip: number,
  limit: number,
): { readonly page: readonly Item[]; readonly total: number; readonly moreAvailable: boolean } {
  return { page: all.slice(skip, skip + limit), total: all.length, moreAvailable: all.length > skip + limit };
}
