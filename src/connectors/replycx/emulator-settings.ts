// Every behaviour of the ReplyCX emulator that the vendor does not document, as a switch with the cautious default. Numbers in brackets are
// sections of the vendor notes (vendors/replycx.md), R and S their sources; "sibling": documented for the same platform under another
// brand only. Dropped answers, 502 pages and the like are the server's business.
import type { Json } from '../../model/json.ts';

/** How the emulator reaches a webhook: a test puts its own end here. */
export type Deliver = (url: string, body: Json) => Promise<{ readonly status: number; readonly body: Json }>;

/** Times in milliseconds. Markers are texts that, found in a source, bring about a failure; null: none. */
export interface ReplyCxSettings {
  /**
   * seed-only: what ReplyCX documents; every sibling call is 404. full: with the sibling's calls to delete, list and create, and its API
   * channel [5]. A client that has these features switched off must do with either, and must not notice which it is.
   */
  readonly profile: 'seed-only' | 'full';
  // sources
  /** How long a source is in progress [5]. Infinity: for ever. */
  readonly trainMs: number;
  /** Text that makes training fail [5]. */
  readonly failMarker: string | null;
  /** How many sources of one name and a marked text fail before one succeeds; null: all [3.6]. */
  readonly failTimes: number | null;
  /** Text that is refused in the reply, with `errors` in a 200: nothing is stored [2.2]. */
  readonly rejectMarker: string | null;
  /** What `errors` is then: its type is not known [2.2]. */
  readonly errorsAs: 'string' | 'list' | 'object';
  /** Whether a refused source bears an id all the same [2.2]. */
  readonly refusedHasId: boolean;
  /** Extensions that are taken: the dashboard's list, which has no md [4, S2]. Of these the emulator can read txt and csv only: others fail. */
  readonly extensions: readonly string[];
  /** What becomes of a file of any other extension [5, 6.4]. */
  readonly otherExtensions: 'failed' | 'refused' | 'read';
  /** Bytes of a file at most [4, S2]. */
  readonly maxFileBytes: number | null;
  /** What becomes of a larger one: a failed source, or 400 for the whole upload [5]. */
  readonly largeFiles: 'failed' | 'bad-request';
  /** Characters of a text part at most: the dashboard's limit, perhaps not the API's [4, 6.4]; longer ones fail. */
  readonly maxTextCharacters: number | null;
  /** `type` of a file whose name ends in .txt: the vendor's sample says text [2.2, R1]. */
  readonly txtType: 'file' | 'text';
  /** The first id; rising, one counter over all knowledge bases [5]. */
  readonly firstId: number;
  /** Parts and bytes of one upload at most: not known [4]. */
  readonly maxParts: number | null;
  readonly maxUploadBytes: number | null;
  // status
  /** How the states are spelled: only `in-progress` is sure [2.3, 5]. */
  readonly words: { readonly pending: string; readonly completed: string; readonly failed: string };
  /** How long a new source is left out of the status reply [5]. */
  readonly statusLagMs: number;
  /** Ids a call at most: not known [2.3]. */
  readonly maxStatusIds: number | null;
  /** Refuses a status call without `Content-Type: application/json`, which the page asks for even on this GET [2.3]. */
  readonly statusContentType: boolean;
  // sibling calls
  /** `knowledge-bases` as the sibling has it, or `knowledge-base` as elsewhere [2.4]. */
  readonly deletePath: 'plural' | 'singular';
  /** What a delete of ids that are not there answers [2.4]. */
  readonly deletedTwice: 'ok' | 'bad-request';
  /** How far the list lags behind uploads and deletes. */
  readonly listLagMs: number;
  /** Sources a page of the list at most; more is not given [2.5]. */
  readonly maxPageSize: number;
  /** Order of the list: not shown [2.5]. */
  readonly listOrder: 'oldest-first' | 'newest-first';
  /** Knowledge bases of an account at most; over it MAX_KNOWLEDGE_BASE_COUNT_EXCEEDED [2.1, S1]. */
  readonly maxKnowledgeBases: number | null;
  // the door
  /** The plan lacks the knowledge base API: UNAUTHORIZED_FEATURE [2.1]. */
  readonly featureOff: boolean;
  /** The account of every token is gone: ACCOUNT_DETAILS_NOT_FOUND [2.1]. */
  readonly accountGone: boolean;
  /** Requests a minute and account; not known [4]. */
  readonly perMinute: number | null;
  /** Whether a 429 bears Retry-After [2.1]. */
  readonly retryAfter: boolean;
  /** Whether errors bear `code`; JWT_SIGNATURE_EXCEPTION never does [2.1]. */
  readonly errorCode: boolean;
  /** `status` in an error's body: that of HTTP, missing (S1), or another [2.1, 5]. */
  readonly errorStatus: 'same' | 'missing' | 'unlike';
  /** Errors bear HTTP 200, and only `ok: false` tells them [2.1, 5]. */
  readonly errorsWith200: boolean;
  // conversations
  /** Channels that are switched on; API is a sibling's [2.7, 2.8]. Others: CHANNEL_NOT_ENABLED. */
  readonly channels: readonly string[];
  /** A refusal of every new conversation [2.1, R1]. */
  readonly conversationFails: 'CHANNEL_TOKEN_EXPIRED' | 'CONVERSATION_CREATION_EXCEPTION' | 'CONTACT_IS_BLOCKED' | null;
  /** The name of the bot's key in a visitor's start: S3 and S5 differ [2.8]. */
  readonly botKeyField: 'bot_key' | 'publish_key';
  /** How long the bot takes for an answer, which comes through the webhook alone [2.8, 5]. */
  readonly answerMs: number;
  /** The type of the event that brings a message: not visible [2.9]. */
  readonly messageEventType: string;
  /** Null: webhooks are kept, and nothing is ever delivered. Due deliveries are made at the next request. */
  readonly deliver: Deliver | null;
  /** Keys of the bots list: as a third party shows them, or as every raw payload has them [2.10]. */
  readonly botKeys: 'snake' | 'camel';
}

/** The vendor as documented, and the harder case where it is not. */
export const defaults: ReplyCxSettings = {
  // So that the sandbox serves a client that has the features on as well as one that has them off.
  profile: 'full',
  trainMs: 1500,
  failMarker: null,
  failTimes: null,
  rejectMarker: null,
  errorsAs: 'list',
  refusedHasId: true,
  extensions: ['csv', 'xlsx', 'txt', 'pdf', 'doc', 'docx'],
  otherExtensions: 'failed',
  maxFileBytes: 5_000_000,
  largeFiles: 'failed',
  maxTextCharacters: 2500,
  txtType: 'file',
  firstId: 330_001,
  maxParts: null,
  maxUploadBytes: null,
  words: { pending: 'in-progress', completed: 'completed', failed: 'failed' },
  statusLagMs: 0,
  maxStatusIds: null,
  statusContentType: true,
  deletePath: 'plural',
  deletedTwice: 'ok',
  listLagMs: 0,
  maxPageSize: 100,
  listOrder: 'oldest-first',
  maxKnowledgeBases: null,
  featureOff: false,
  accountGone: false,
  perMinute: null,
  retryAfter: true,
  errorCode: true,
  errorStatus: 'same',
  errorsWith200: false,
  channels: ['SMS', 'API'],
  conversationFails: null,
  botKeyField: 'bot_key',
  answerMs: 300,
  messageEventType: 'message_create',
  deliver: null,
  botKeys: 'snake',
};
