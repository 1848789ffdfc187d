// Every behaviour of the SiteGPT emulator that the vendor does not document, as a switch with the cautious default.
// Numbers in brackets are sections of the vendor notes (vendors/sitegpt.md).

/** Times in milliseconds. Markers are texts that, found in a document, bring about a failure; null: none. */
export interface SiteGptSettings {
  // documents, v2
  /** How long a document stays QUEUED after a create, PATCH or resync [6]. */
  readonly queuedMs: number;
  /** How long it is PROCESSING after that; Infinity: for ever [6]. */
  readonly processingMs: number;
  /** The bot has no text of a document while its PATCH is being embedded; else the former text [6, 7.2]. */
  readonly forgetWhileEmbedding: boolean;
  /** Text that makes training end in FAILED; a FAILED document keeps its former answers [6]. */
  readonly failMarker: string | null;
  /** How many trainings of a marked document fail before one succeeds, null: all. A PATCH counts anew. */
  readonly failTimes: number | null;
  /** Text that is refused in the reply: 200 with `documents[i].error` [3.2]. */
  readonly rejectMarker: string | null;
  /** Whether a document so refused bears an id all the same [3.2]. */
  readonly rejectedHasId: boolean;
  /** How far lists lag behind creates and deletes. */
  readonly listLagMs: number;
  /** Order of lists: not documented. */
  readonly listOrder: 'oldest-first' | 'newest-first';
  /** What a cursor remembers; by offset, pages shift when something is added or deleted while paging [6]. */
  readonly pageBy: 'item' | 'offset';
  /** Documents a chatbot holds at most; how a full quota shows is not known [3.1, 3.2]. */
  readonly documentLimit: number | null;
  readonly documentLimitAs: 'error' | 'document';
  /** Refuses names that the official client would clean: barred characters, over 100 characters [3.2, 5]. */
  readonly strictNames: boolean;
  /** Media types taken: only `text/markdown` is known [5]. */
  readonly fileTypes: readonly string[];
  /** Characters of one document at most; null: no limit is documented [3.4]. */
  readonly maxContentChars: number | null;
  /** Status of a create, 200 or 201: not known [3.2]. */
  readonly createdStatus: 200 | 201;
  /** Order of `documents[]` in the reply to several files: not promised, so not that of `files[]` [3.2]. */
  readonly replyOrder: 'reversed' | 'as-sent';
  /** When get-one inlines the text: "when available" [3.3]. */
  readonly contentAvailable: 'always' | 'trained' | 'never';
  /** Whether a resync brings back a file's first text after a PATCH [7.3]. */
  readonly resyncRestores: boolean;
  // credentials
  readonly tokenExpired: boolean;
  /** What the token may do; null: everything. */
  readonly scopes: readonly string[] | null;
  /** A chatbot of another account, on v2: 404 CHATBOT_NOT_FOUND or 403 TOKEN_SCOPE_NOT_ALLOWED. */
  readonly foreignChatbot: 404 | 403;
  /** v0 refuses `sgpt_…` tokens [6]. */
  readonly separateCredentials: boolean;
  /** v2 refuses anything but `sgpt_…` tokens [3.1]; off, so that the sandbox can use any secret. */
  readonly tokenPrefixNeeded: boolean;
  // pace
  /** Requests a minute and credential. v0: 100 standard, 500 business, custom enterprise [5]; null is the last. v2: "follows your plan". */
  readonly v0PerMinute: number | null;
  readonly v2PerMinute: number | null;
  /** Whether a 429 bears Retry-After: not described [2.1]. */
  readonly retryAfter: boolean;
  // envelope
  /** `requestId` beside `data` instead of in `meta` [3.1]. */
  readonly requestIdBeside: boolean;
  // answers
  /** Messages of each chatbot; used up: a SYSTEM_MESSAGE or an error [2.7]. */
  readonly messageLimit: number | null;
  readonly messageLimitAs: 'system-message' | 'error';
  /** `answer: null`, as in a thread that a person has taken over [2.7, 3.8]. */
  readonly answerNull: boolean;
  /** Text in a question that hands the conversation to a person, as an escalation form does; null: none [2.7]. */
  readonly escalateMarker: string | null;
  // v0
  /** How long v0 custom content takes until the bot answers from it; there is no status [4]. */
  readonly settleMs: number;
  /** What a second custom content does to the first [2.2, 7.4]. */
  readonly customContent: 'replace' | 'append';
  /** What `{"text": ""}` does [2.2]. */
  readonly emptyText: 'clear' | 'refuse';
  /** What a body without `text` does: the schema does not mark it required [2.2]. */
  readonly missingText: 'refuse' | 'clear';
  /** Characters of custom content at most; null: none is documented [7.4]. */
  readonly maxCustomContentChars: number | null;
}

/** The vendor as documented, and the harder case where it is not. */
export const defaults: SiteGptSettings = {
  queuedMs: 300,
  processingMs: 700,
  forgetWhileEmbedding: false,
  failMarker: null,
  failTimes: null,
  rejectMarker: null,
  rejectedHasId: true,
  listLagMs: 0,
  listOrder: 'oldest-first',
  pageBy: 'item',
  documentLimit: null,
  documentLimitAs: 'error',
  strictNames: true,
  fileTypes: ['text/markdown'],
  maxContentChars: null,
  createdStatus: 200,
  replyOrder: 'reversed',
  contentAvailable: 'always',
  resyncRestores: false,
  tokenExpired: false,
  scopes: null,
  foreignChatbot: 404,
  separateCredentials: true,
  tokenPrefixNeeded: false,
  v0PerMinute: null,
  v2PerMinute: null,
  retryAfter: true,
  requestIdBeside: false,
  messageLimit: null,
  messageLimitAs: 'system-message',
  answerNull: false,
  escalateMarker: null,
  settleMs: 1000,
  customContent: 'replace',
  emptyText: 'clear',
  missingText: 'refuse',
  maxCustomContentChars: null,
};
