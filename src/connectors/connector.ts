// The contract between the engine and one vendor's API. A connector is a function from options to a table of functions:
// presence of a function IS the capability. It contains no retry, sleep, queue, cache, file or environment: it translates.
import type { z } from 'zod';
import type { Answer } from '../model/answer.ts';
import type { DocumentId } from '../model/document.ts';
import type { SyncError } from '../model/error.ts';
import type { Json, JsonRecord, Timestamp } from '../model/json.ts';
import type { Marker } from '../model/mark.ts';
import type { Format } from '../model/payload.ts';
import type { EffectId, TrainingRun, TrainingState } from '../model/record.ts';

/** What a target can do. `create` is every target's; the others are there where the function is. */
export type Capability = 'create' | 'update' | 'delete' | 'list' | 'read' | 'status' | 'train' | 'ask' | 'history';

// ── the wire ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * What a request does, which decides whether it may be repeated by itself:
 * read and repeatable always, create and ask only when it is known to have had no effect.
 */
export type Intent = 'read' | 'repeatable' | 'create' | 'ask';

export interface HttpRequest {
  readonly intent: Intent;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute path below the target's origin, each segment already percent-encoded. */
  readonly path: string;
  readonly query?: { readonly [name: string]: string | number | readonly string[] | undefined };
  readonly headers?: { readonly [name: string]: string };
  readonly json?: Json;
  /** Called anew for each attempt: a consumed form cannot be sent twice. */
  readonly form?: () => FormData;
  /** For the whole answer; default 30,000. */
  readonly timeoutMs?: number;
  /** Replaces the common table of status codes for this request; null: the table decides. Called for every answer outside 2xx. */
  readonly onError?: (reply: HttpReply) => SyncError | null;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  /** The body as text, at most 32 MiB. */
  readonly text: string;
  /** The body parsed; throws REPLY_INVALID (effect unconfirmed for anything but a read) where it is not JSON. */
  json(): Json;
  /** Milliseconds that a Retry-After header asks for (seconds or date), or null. */
  readonly retryAfterMs: number | null;
}

/** Sends one request, within the account's limits, retried by the engine's one rule. Throws SyncError for anything outside 2xx. */
export type Http = (request: HttpRequest, call: Call) => Promise<HttpReply>;

export interface Tools {
  readonly http: Http;
  /** The origin in use, for `identity`; 'sandbox' in the sandbox. */
  readonly origin: string;
  readonly now: () => number;
}

/** What each call is given. */
export interface Call {
  readonly signal: AbortSignal;
  /** The vendor-side container that holds our items, where the vendor has one and it is known. */
  readonly container: string | null;
  readonly workspace: string;
  /** Throws where the run has lost its right to write meanwhile: asked before every attempt that is no read. The connector hands it on. */
  readonly guard?: () => void;
  /** Told what a person has to know of this call beside its result, such as a listing that was cut short. Left out: nobody listens. */
  readonly told?: (note: string) => void;
}

// ── items ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface NewItem {
  readonly effect: EffectId;
  readonly document: DocumentId;
  readonly kind: 'article' | 'qa' | 'url' | 'file';
  readonly path: string;
  readonly part: string;
  readonly mark: string;
  readonly title: string;
  readonly url: string | null;
  readonly format: Format;
  readonly text: string;
  readonly attributes: JsonRecord;
}

export interface ChangedItem extends NewItem {
  readonly remoteId: string;
}

/** One per item, in the order given. error: this item was not taken, and is known to have had no effect unless its facts say otherwise. */
export type ItemResult =
  /** remoteId null: accepted, but the vendor gives no id back; the engine looks for the mark. */
  { readonly ok: true; readonly remoteId: string | null } | { readonly ok: false; readonly error: SyncError };

export interface RemoteEntry {
  readonly remoteId: string;
  /** The mark as found (id, name, metadata, wherever the vendor keeps it); null where there is none. */
  readonly mark: string | null;
  readonly name: string | null;
  /** What the listing itself tells of training, if anything. */
  readonly training: TrainingState | null;
  /** Where the vendor keeps questions apart from texts: what this one is. Left out: it may be anything. */
  readonly kind?: NewItem['kind'];
}

export interface RemoteText {
  readonly text: string;
  readonly training: TrainingState | null;
}

export interface StatusQuery {
  /** Items not known to be trained. */
  readonly items: readonly { readonly remoteId: string; readonly document: DocumentId; readonly acceptedAt: Timestamp }[];
  readonly run: TrainingRun | null;
}

export interface StatusReport {
  /** What became of the run that was asked about; null where the vendor has no runs. lost: there is no trace of it, ask for another. */
  readonly run: { readonly state: 'running' | 'succeeded' | 'failed' | 'lost'; readonly error: SyncError | null } | null;
  /** Only what is known; an item left out stays as it was. */
  readonly items: readonly { readonly remoteId: string; readonly state: TrainingState; readonly error: SyncError | null }[];
}

/** One exchange of a user with the bot, for finding unanswered questions. */
export interface Exchange {
  readonly at: Timestamp | null;
  readonly question: string;
  readonly answer: string | null;
  /** The vendor's id of the conversation it was asked in. Left out: not known. */
  readonly conversation?: string;
  /** Why the vendor itself counts it as asked in vain. Left out: it does not say. */
  readonly vain?: VainMark;
}

/**
 * unhandled: its analytics say so. unknown: the bot's own "I don't know". escalated: handed to a person. disliked: the user was not content.
 * unserved: the bot was not able to work (a quota, its model), which says nothing of what it knows.
 */
export type VainMark = 'unhandled' | 'unknown' | 'escalated' | 'disliked' | 'unserved';

// ── the table of functions ────────────────────────────────────────────────────────────────────────────────────────────

export interface Traits {
  /** What a second create with the same mark does: the same item, a twin that a listing shows, or a twin nobody can find. */
  readonly repeatedCreate: 'same-item' | 'findable' | 'twin';
  readonly training: 'automatic' | 'on-request';
  /** The observation that counts as proof of trained, in one sentence. */
  readonly trainedMeans: string;
  readonly formats: readonly Format[];
  /** Keys of a document's attributes that the vendor keeps as metadata; [] for none. */
  readonly attributes: readonly string[];
  /** Whether update rewrites the name that carries the mark: then a moved document is renamed at the vendor. */
  readonly renames: boolean;
  readonly limits: {
    readonly perMinute: number;
    readonly perHour: number | null;
    readonly concurrency: number;
    /** Items a write call takes. */
    readonly batch: number;
    /** UTF-8 bytes of text that one write call takes; null: no limit beside batch. */
    readonly batchBytes: number | null;
    /** UTF-8 bytes of one part's text; null: none known. */
    readonly partBytes: number | null;
    readonly titleCharacters: number | null;
  };
  /** What an update comes to where there is neither update nor delete, unless onUpdate says otherwise. Left out: todo, a person does it. */
  readonly withoutUpdate?: 'todo' | 'append';
  /** An item of kind `url` is a link that the vendor reads by itself, so onUpdate may be url. Left out: no links. */
  readonly readsLinks?: boolean;
  /** Where the vendor cannot tell: how long after the last write it counts as ready, honestly unknown (configuration: settle). Left out: 0. */
  readonly settleMs?: number;
  /** How long a list may lag behind a write. */
  readonly lagMs: number;
  readonly poll: { readonly firstMs: number; readonly maxMs: number };
  readonly missing: { readonly [capability in Capability]?: Missing };
}

/** Why a function is not there, and what a person does instead. */
export interface Missing {
  readonly because: 'vendor-has-none' | 'not-built' | 'switched-off';
  readonly remedy: string;
  readonly source: string;
  /** ISO date of the day the source was checked. */
  readonly checked: string;
}

interface TargetBase {
  readonly traits: Traits;
  readonly marks: Marker;
  /** Who the bot is. Reads only, never with invented ids. identity is vendor + origin + bot id, never the credential. */
  check(call: Call): Promise<Checked>;
  /** Ids of items by mark, [] where there is none, several for twins. Without it the engine lists. */
  find?(marks: readonly string[], call: Call): Promise<readonly (readonly string[])[]>;
  /** Every item that the target's container holds, ours or not; complete, or it throws. Without it: no drift, no first contact by listing. */
  list?(call: Call): AsyncIterable<RemoteEntry>;
  /** The text as the vendor holds it. Without it: what a taken-back item holds is unknown, and it is pushed again. */
  read?(remoteId: string, call: Call): Promise<RemoteText>;
  /** Starts training; `baseline` first, journaled, then `start`. Without it: the vendor trains by itself (trait), or a person must. */
  train?: Train;
  /** Without it: training is `unknown`, never `trained`. */
  status?(query: StatusQuery, call: Call): Promise<StatusReport>;
  /** One question in a fresh conversation. Without it: tests are skipped, not passed. */
  ask?(question: string, call: Call): Promise<Answer>;
  /** What users asked, newest first; our own questions left out where they can be told apart. Without it: no `gaps`. */
  history?(since: Timestamp, call: Call): AsyncIterable<Exchange>;
  /** The vendor-side box our items live in, where one must be made or named. Without it: items live in the bot itself. */
  container?: ContainerCalls;
}

export interface Checked {
  readonly identity: string;
  /** For people: the bot's name where the vendor tells it, else its id. */
  readonly label: string;
  /** What the check has proven to exist. */
  readonly proven: 'bot' | 'credentials' | 'nothing';
}

export interface Train {
  /** What the vendor shows before training (connector's own text): success later is told from this. Reads only. */
  baseline(call: Call): Promise<string>;
  /** BUSY where a run is under way (ask again once it has ended), QUOTA_EXHAUSTED where none is allowed. */
  start(baseline: string, call: Call): Promise<{ readonly handle: string }>;
}

export interface ContainerCalls {
  /** The container named in the options, or null where one has to be made. */
  readonly configured: string | null;
  /** Ids of every container there is. */
  list(call: Call): Promise<readonly string[]>;
  /** Of candidates, those never used: empty, never trained. Only such a one may be taken for ours after a crash. */
  unused(candidates: readonly string[], call: Call): Promise<readonly string[]>;
  create(call: Call): Promise<string>;
}

/** A target that keeps documents apart. */
export interface ItemTarget extends TargetBase {
  create(items: readonly NewItem[], call: Call): Promise<readonly ItemResult[]>;
  update?(items: readonly ChangedItem[], call: Call): Promise<readonly ItemResult[]>;
  /** Already gone is success. */
  delete?(remoteIds: readonly string[], call: Call): Promise<readonly ItemResult[]>;
}

/** A target that takes one text for the whole bot. */
export interface WholeTarget extends TargetBase {
  replaceAll(items: readonly NewItem[], call: Call): Promise<ItemResult>;
}

export type Target = ItemTarget | WholeTarget;

/** What a target can do, read off its functions. */
export function capabilitiesOf(target: Target): ReadonlySet<Capability> {
  const found = new Set<Capability>(['create']);
  const optional = ['update', 'delete', 'list', 'read', 'status', 'train', 'ask', 'history'] as const;
  for (const name of optional) if (name in target && (target as unknown as Record<string, unknown>)[name] !== undefined) found.add(name);
  if ('replaceAll' in target) for (const name of ['update', 'delete'] as const) found.add(name);
  return found;
}

/** How a changed document reaches the bot (configuration: onUpdate). */
export type UpdateWay = 'default' | 'todo' | 'append' | 'url';

/** What `onUpdate` may say at a target: where it can update there is nothing to choose, and where it can delete an old copy need not stay. */
export function updateWaysOf(target: Target): readonly UpdateWay[] {
  const can = capabilitiesOf(target);
  if ('replaceAll' in target || can.has('update')) return ['default'];
  const link: readonly UpdateWay[] = target.traits.readsLinks === true ? ['url'] : [];
  return can.has('delete') ? ['default', 'todo', ...link] : ['default', 'todo', 'append', ...link];
}

export interface ConnectorSpec<Options = unknown> {
  readonly name: string;
  readonly contract: 1;
  /** For people: "Chat Thing". */
  readonly label: string;
  /**
   * The vendor's own keys of a target in sync.config.yaml: a strict zod object of optional and defaulted keys, each with `.describe()`,
   * secrets with `.meta({ secret: true })`. The common keys (name, vendor, rate, …) are the engine's.
   */
  readonly options: z.ZodType<Options>;
  /** Keys of `options` that must be set (not in a sandbox); a function where another option decides. */
  readonly required: (options: { readonly [key: string]: unknown }) => readonly string[];
  /** Keys of `options` that say which bot it is: two targets that agree in all of them are the same bot. */
  readonly identityKeys: readonly string[];
  readonly defaultBaseUrl: string | null;
  /** The options and the bot of a target of this name in the sandbox, where the configuration leaves them out. */
  sandbox(targetName: string): { readonly options: JsonRecord; readonly bot: { readonly id: string; readonly secret: string } };
  /** Option sets from which docs and the contract suite build each flavour. */
  readonly variants: { readonly [name: string]: JsonRecord };
  /** Origin and credential that share one rate limit, as one text: never shown, only compared. */
  account(options: Options): string;
  /** Binds functions; no network here. */
  connect(options: Options, tools: Tools): Target;
}

/** Types a connector's own options, and nothing else. */
export function defineConnector<Options>(spec: ConnectorSpec<Options>): ConnectorSpec<Options> {
  return spec;
}
