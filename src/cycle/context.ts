// What one pass over one target is handed, and the options of a run. Owns no behaviour.
import type { Target } from '../connectors/connector.ts';
import type { CanaryMemory } from '../model/canary.ts';
import type { Config, TargetConfig } from '../model/config.ts';
import type { DocumentId } from '../model/document.ts';
import type { Effect, EntryBody, Stray } from '../model/effect.ts';
import type { Emit } from '../model/event.ts';
import type { Fingerprint } from '../model/json.ts';
import type { OperationId } from '../model/operation.ts';
import type { EffectId, TargetState } from '../model/record.ts';
import type { TestsMemory, Unlearning } from '../model/tests.ts';
import type { Unready } from '../plan/input.ts';
import type { GivenTexts } from '../push/context.ts';
import type { Found } from './seen.ts';

/** The memory of one target: live and durable in a run, a throw-away copy in a plan. */
export interface CycleMemory {
  readonly state: TargetState;
  readonly open: readonly Effect[];
  /** The machine on which it was saved last, at most by this very run; null: not known. */
  readonly savedBy: { readonly host: string | null };
  append(entries: readonly EntryBody[]): Promise<void>;
  checkpoint(): Promise<void>;
  /** What is about to be written over or taken out, before the first of it begins. Left out: whoever comes next finds this memory as it is left. */
  foretell?(effects: readonly Effect[]): Promise<void>;
}

/** What the bot was last given, by payload fingerprint. */
export interface CycleTexts extends GivenTexts {
  sweep(live: ReadonlySet<Fingerprint>): void;
}

/** What is remembered of golden questions at one target. */
export interface CycleTests {
  memory(): TestsMemory;
  /** Only within `alone`. */
  keep(memory: TestsMemory): Promise<void>;
  unlearning(): readonly Unlearning[];
  /** Only while the target's lock is held. */
  note(unlearning: readonly Unlearning[]): Promise<void>;
  canary(): CanaryMemory;
  /** Only while the target's lock is held. */
  keepCanary(memory: CanaryMemory): Promise<void>;
  /** Nobody else asks this bot's questions meanwhile: two would ask the same ones, and count the calls of a day wrongly. LOCKED. */
  alone<T>(waitMs: number, work: () => Promise<T>): Promise<T>;
}

export interface Connection {
  readonly target: Target;
  /** For people: "Chat Thing". */
  readonly vendorLabel: string;
  readonly concurrency: number;
  readonly rate: { readonly perMinute: number | null; readonly concurrency: number };
  /** What went over the wire so far, retries included. */
  readonly requests: () => { readonly read: number; readonly write: number };
}

export interface CycleContext {
  readonly config: Config;
  readonly target: TargetConfig;
  readonly connection: Connection;
  readonly memory: CycleMemory;
  readonly texts: CycleTexts;
  /** Left out: golden questions are neither asked nor remembered. */
  readonly tests?: CycleTests;
  readonly emit: Emit;
  readonly nowMs: () => number;
  /** This machine, by name. */
  readonly host: string;
  /** Throws LOCKED where this run has lost its right to write; left out: it has none to lose. */
  readonly guard?: () => void;
  readonly newEffectId: () => EffectId;
  readonly nextNumber: (kind: 'T' | 'U' | 'H') => string;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Sleeps while a training goes on, and lets others at the target meanwhile: what they leave is in the memory. Left out: nobody waits. */
  readonly rest?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Whether others were let at it: the folder that this run has read may be older than what they pushed. Left out: they were not. */
  readonly wasLent?: () => boolean;
  /** Aborted: begin nothing new and stop waiting. */
  readonly stop: AbortSignal;
  /** Aborted: drop what is in flight, too. */
  readonly kill: AbortSignal;
  /** Under CI without state a container is never made by itself. */
  readonly underCi: boolean;
  /** A plan: nothing may be sent, not even what would only say a lost create again. */
  readonly readOnly?: boolean;
  /** What the configuration holds of secrets. Left out: nothing is known to be one. */
  readonly knownSecrets?: KnownSecrets;
  /** Containers that other targets of the workspace name or remember: never taken for ours. */
  readonly elsewhere: ReadonlySet<string>;
  /** When this very process last listed the bot; shared by all its runs over the target. Left out: it never has. */
  readonly ownLook?: OwnLook;
  /** What runs that lost their lock have left (Stray); left out: there is nothing. */
  readonly strays?: Strays;
  /** Another name under which this very bot is remembered; left out: nobody can say. */
  readonly knownAs?: (identity: string) => Promise<{ readonly target: string; readonly configured: boolean } | null>;
  /** Retractions of the workspace that a bot which was never met has not been told of; left out: none. */
  readonly missedRetractions?: () => Promise<readonly EntryBody[]>;
  /** Whether nothing in the state folder could know of any; left out: it could. */
  readonly forgotRetractions?: () => Promise<boolean>;
}

/** What runs that lost their lock while at work may have sent since. */
export interface Strays {
  /** STATE_DAMAGED. */
  read(): readonly Stray[];
  /** Only while the target's lock is held, and once all of it has been looked for. STATE_UNWRITABLE. */
  drop(stray: Stray): Promise<void>;
}

/** Secrets of the configuration, as far as a document may hold one. */
export interface KnownSecrets {
  /** The first one in a text; null: none. */
  findIn(text: string): string | null;
  /** Another one where another secret is known; it may be written down. */
  digest(): string;
}

/** The moment (milliseconds since 1970) of the last look that this process made; null: none yet. Set by whoever looks. */
export interface OwnLook {
  atMs: number | null;
}

export interface Passes {
  readonly allowDeletes: number | null;
  readonly allowUpdates: number | null;
  readonly initial: boolean;
  /** The deletes that a sealed plan approves; null without one. */
  readonly sealed: ReadonlySet<OperationId> | null;
}

export interface PlanOptions {
  readonly passes: Passes;
  readonly only: {
    readonly paths: readonly string[] | null;
    readonly failed: boolean;
    readonly limit: number | null;
    readonly documents?: ReadonlySet<DocumentId>;
  };
  /** Asks the vendor nothing. */
  readonly offline: boolean;
  /** The moment (milliseconds since 1970) by which dates are judged; by default now. */
  readonly atMs?: number;
  /** What `drift --repair` has found at the vendor, to be put right. */
  readonly found?: Found;
  /** A daemon's pass: what failed several times in a row is left alone for a while, as nobody asks for it. */
  readonly spare?: boolean;
  /** What is wrong with the target that this one comes after; null, or left out: nothing. */
  readonly after?: Unready | null;
}

export interface SyncOptions extends PlanOptions {
  /** How long to wait for training; null: the target's trainTimeout; 0: ask for it and go. */
  readonly waitMs: number | null;
  readonly trainOnly: boolean;
}

export const noPasses: Passes = { allowDeletes: null, allowUpdates: null, initial: false, sealed: null };
export const everything: PlanOptions['only'] = { paths: null, failed: false, limit: null };
