// Every behaviour of the CX Genie emulator that the vendor does not document, as a switch with the cautious default.
// Numbers in brackets are sections of the vendor notes (vendors/cxgenie.md); #n is an endpoint there. What goes wrong between client and
// vendor (a dropped answer, a 500 after the effect) is the server's business, not a switch here.

/** Times in milliseconds. Markers are texts that, found in the content, bring about a failure; null: none. */
export interface CxGenieSettings {
  // training data
  /** From the create until the bot answers from it: unknown [5]. Infinity: never [6.5]. */
  readonly learnMs: number;
  /** Content that is taken and never learnt; nothing in the API tells it [3 #1, 6.5]. */
  readonly failMarker: string | null;
  /** Content that is refused with 400 [6.3]. */
  readonly rejectMarker: string | null;
  /** An item like one that is there: stored twice, "overlapped" and never learnt, or refused [6.4, 6.5, 7.8]. */
  readonly likeContent: 'learn' | 'overlap' | 'refuse';
  /** From which share of common words, 0 to 1, two items are alike. */
  readonly likeShare: number;
  /** Which of two or more learnt items the answer quotes when all of them fit: all, or the oldest only [6.9]. */
  readonly quotes: 'all' | 'oldest';
  /** How many characters of an item are learnt, null: all. Whether long texts are cut is not known [7.6]. */
  readonly learntChars: number | null;
  /** Which half of a Q_AND_A is in `content`: a reading, not a quote [3 #1]. The bot finds it by the question and quotes the answer. */
  readonly qaOrder: 'question-first' | 'answer-first';
  /** `content_value` in an answer to a request without it: typed as a plain string [3 #1]. */
  readonly missingValue: 'empty' | 'null' | 'absent';
  /** Characters of a URL at most: 255 in the dashboard [5, P4]; null: no limit. */
  readonly maxUrlChars: number | null;
  /** What stands at the URLs of type URL, as plain text: the emulator crawls nothing else. */
  readonly pages: { readonly [url: string]: string };
  /** Items of one bot at most; over it 402. No quota is documented [2.3, 5]. */
  readonly maxItems: number | null;
  // requests
  /** Refuses fields and parameters that are not documented [6.3, P9]. */
  readonly strictFields: boolean;
  /** Bytes of a JSON body at most: 1 MB in the organisation's server skeleton [5, P9]; null: no limit. */
  readonly maxBodyBytes: number | null;
  /** How lists stand in a query: not documented [2.2]. */
  readonly lists: 'either' | 'brackets' | 'repeated';
  /** Requests a minute and workspace; not documented [5]. */
  readonly perMinute: number | null;
  /** Whether a 429 bears Retry-After [2.3]. */
  readonly retryAfter: boolean;
  // replies
  /** Status of a POST that went well [2.3]. */
  readonly postStatus: 201 | 200;
  /** The body of an error, documented nowhere: the skeleton's object, the same with a list of messages, a plain string, HTML, nothing [2.3, 6.2]. */
  readonly errorBody: 'object' | 'list' | 'string' | 'html' | 'empty';
  /** Errors bear 200, and only `success: false` tells them [2.3]. */
  readonly errorsWith200: boolean;
  // uploads (#2)
  /** Where the token of an upload is read: the page heads form and token with "Query" alike [6.7]. */
  readonly uploadTokenIn: 'either' | 'form' | 'query';
  /** Order of `data` against the files sent, and whether names are kept: not stated [3 #2]. */
  readonly uploadOrder: 'reversed' | 'as-sent';
  readonly uploadNames: 'kept' | 'made-up';
  /** How long an uploaded file stays at its URL [3 #2]. */
  readonly uploadMs: number;
  // messages (#3 to #7)
  /** `bot.reply_unknown`. */
  readonly replyUnknown: string;
  /** What `data` holds when the bot does not know [3 #3]. */
  readonly unknownAs: 'reply' | 'empty' | 'null';
  /** Off: a person has taken over, and nothing is answered [3 #3]. */
  readonly autoReply: boolean;
  /** Answers hold HTML [3 #3, P6, P7]. */
  readonly answerFormat: 'html' | 'plain';
  /** Between paragraphs stands the text `\n`, backslash and all, instead of a line end [3 #3, P6, P7]. */
  readonly literalNewlines: boolean;
  /** Refuses a message without `metadata`: shown without a note on being optional [3 #3]. */
  readonly metadataRequired: boolean;
  /** Refuses an empty phone number and an e-mail address under `.invalid` [4.8]. */
  readonly strictContacts: boolean;
  /** What a known `external_id` gets: its session again, or a new one [7.9]. */
  readonly knownCustomer: 'same-session' | 'new-session';
  /** The session's former question is read together with the new one [4.8, 7.9]. */
  readonly historyLeaks: boolean;
  /** Answers of each bot before it says 402; no quota is documented [2.3]. */
  readonly messageCredits: number | null;
  // customers
  /** Customers a page (#4): not stated. */
  readonly pageSize: number;
  /** What #5 wants in its query: the page says `workshop_id`, very likely a slip. The token's value in all of them. */
  readonly customerDetailAuth: 'any' | 'workspace_token' | 'workspace_id' | 'workshop_id';
}

/** The vendor as documented, and the harder case where it is not. */
export const defaults: CxGenieSettings = {
  learnMs: 1500,
  failMarker: null,
  rejectMarker: null,
  likeContent: 'learn',
  likeShare: 1,
  quotes: 'all',
  learntChars: null,
  qaOrder: 'question-first',
  missingValue: 'empty',
  maxUrlChars: 255,
  pages: {},
  maxItems: null,
  strictFields: true,
  maxBodyBytes: 1_000_000,
  lists: 'either',
  perMinute: null,
  retryAfter: true,
  postStatus: 201,
  errorBody: 'object',
  errorsWith200: false,
  uploadTokenIn: 'either',
  uploadOrder: 'reversed',
  uploadNames: 'kept',
  uploadMs: Number.POSITIVE_INFINITY,
  replyUnknown: 'Sorry, I cannot answer that yet.',
  unknownAs: 'reply',
  autoReply: true,
  answerFormat: 'html',
  literalNewlines: true,
  metadataRequired: true,
  strictContacts: false,
  knownCustomer: 'same-session',
  historyLeaks: false,
  messageCredits: null,
  pageSize: 20,
  customerDetailAuth: 'any',
};
