// Every behaviour of the Chat Thing emulator that the vendor does not document, as a switch with the cautious default.
// Numbers in brackets are sections of the vendor notes (vendors/chatthing.md); #n is an endpoint there.

/** A sync-trigger URL, which a person makes in the dashboard (#18). */
export interface Hook {
  readonly id: string;
  readonly secret: string;
  readonly dataSourceId: string;
}

/** Times in milliseconds. Markers are texts that, found in a row's content, bring about a failure; null: none. */
export interface ChatThingSettings {
  /** How long a sync shows `syncing`; "seconds to 10 minutes and more" in truth (#17, S4). Infinity: it never ends. */
  readonly syncMs: number;
  /** How long after an accepted sync the old state still shows (6.6). */
  readonly startLagMs: number;
  /** How far lists lag behind creates and deletes (6.8). */
  readonly listLagMs: number;
  /** A second row of the same name (#12). */
  readonly duplicateNames: 'accept' | 'refuse';
  /** A bulk write with one bad row: 400 and nothing taken, or the rows before it taken and 500 (#12). */
  readonly atomic: boolean;
  /** What the body of an error holds: documented nowhere (2.2). */
  readonly errorBody: 'json' | 'empty' | 'html';
  /** A cursor that is unknown or whose item was deleted (2.3). */
  readonly unknownCursor: 'refuse' | 'first-page';
  /** Status for a row that does not exist, on GET (#14). */
  readonly missingRow: 404 | 400;
  /** PUT of a row that does not exist: 404 for the whole batch, or passed over with 200 (#15). */
  readonly unknownRow: 'refuse' | 'ignore';
  /** DELETE of a row that does not exist: 200, or 404 (#16). */
  readonly deletedRow: 'ok' | 'gone';
  /** When a deleted row leaves the answers (#16). */
  readonly forgetAt: 'sync' | 'delete';
  /** Whether writes during a running sync are part of it (7.6). */
  readonly editsDuringSync: 'next' | 'included';
  /** The data source's state after a write to its rows (#15). */
  readonly dirtySource: 'keep' | 'not_synced';
  /** How content comes back (#14): as sent, or with LF line ends and no white space at the end. */
  readonly contentBack: 'exact' | 'trimmed';
  /** A PUT of a data source that leaves `syncInterval` out (#10): null is the stated default. */
  readonly missingInterval: 'reset' | 'keep';
  /** How a sync of a data source without rows ends (7.8). */
  readonly emptySync: 'synced' | 'sync_error';
  /** Content that makes a sync end in `sync_error`, with nothing learnt. */
  readonly failMarker: string | null;
  /** This many first syncs of each data source end in `sync_error`. */
  readonly failFirstSyncs: number;
  /** Content that is refused as a bad row. */
  readonly rejectMarker: string | null;
  /** What one sync at a time means (5). */
  readonly syncsAtOnce: 'source' | 'bot';
  /** Storage tokens of each bot, about 4 for 3 words of new or changed text; used up: 429 on sync, state unchanged (#17, S5). */
  readonly tokenBudget: number | null;
  /** Message credits of each bot; used up: 429 on /message (2.2). */
  readonly messageCredits: number | null;
  /** Rows in one bulk call; more: 413 (5: not documented). */
  readonly maxRows: number | null;
  /** UTF-8 bytes of one row's content; more: 400 (5: not documented). */
  readonly maxContentBytes: number | null;
  /** Bytes of one request body; more: 413 (5: not documented). */
  readonly maxBodyBytes: number | null;
  /** A conversation id that does not exist (#3). */
  readonly unknownConversation: 'refuse' | 'new';
  /** Takes the question in `response` too, as one section of the page names it (#2). */
  readonly acceptResponseField: boolean;
  /** Dates of conversations and messages as year-day-month, as the page's examples have them (2.5). */
  readonly oddDates: boolean;
  /** Cuts the answer stream into pieces of this many bytes, within lines and characters as it falls (#4); null: one event a piece. */
  readonly streamPiece: number | null;
  /** Whether requests must say `Content-Type: application/json`: the page says on every call, its own curl does not (2.1). */
  readonly contentType: 'with-body' | 'always' | 'never';
  /** The API channel is switched off in the dashboard: 404 everywhere (2.2). */
  readonly switchedOff: boolean;
  /** The version segment of the path (7.10). */
  readonly version: string;
  readonly greeting: string;
  readonly hooks: readonly Hook[];
}

/** The vendor as documented, and the harder case where it is not. */
export const defaults: ChatThingSettings = {
  syncMs: 1500,
  startLagMs: 0,
  listLagMs: 0,
  duplicateNames: 'accept',
  atomic: true,
  errorBody: 'json',
  unknownCursor: 'refuse',
  missingRow: 404,
  unknownRow: 'refuse',
  deletedRow: 'ok',
  forgetAt: 'sync',
  editsDuringSync: 'next',
  dirtySource: 'keep',
  contentBack: 'exact',
  missingInterval: 'reset',
  emptySync: 'synced',
  failMarker: null,
  failFirstSyncs: 0,
  rejectMarker: null,
  syncsAtOnce: 'source',
  tokenBudget: null,
  messageCredits: null,
  maxRows: null,
  maxContentBytes: null,
  maxBodyBytes: null,
  unknownConversation: 'refuse',
  acceptResponseField: false,
  oddDates: false,
  streamPiece: null,
  contentType: 'with-body',
  switchedOff: false,
  version: '1.0',
  greeting: 'Hello! How can I help you?',
  hooks: [],
};
