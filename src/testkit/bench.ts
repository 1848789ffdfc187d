// What a contract case is handed: a target connected through the real transport to a vendor that can be looked into and spoilt, and a clock.
// Owns the types; whoever runs the suite (our tests, an outside author's) builds the bench.
import type { Call, Capability, ConnectorSpec, Target } from '../connectors/connector.ts';
import type { EventBody } from '../model/event.ts';
import type { Json, JsonRecord } from '../model/json.ts';

/** What one bot holds, seen past its API. */
export interface HeldItem {
  readonly remoteId: string;
  readonly name: string | null;
  readonly text: string;
  /** The text that the bot answers from now; null: not learnt. */
  readonly answeredFrom: string | null;
}

/** One request as the vendor saw it. Status null: the connection broke instead of an answer. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number | null;
  readonly bytes: number;
}

/** What may go wrong on the wire; all but status (without `after`), reset-before and stall are carried out at the vendor. */
export type WireFault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly retryAfter?: number;
      readonly body?: string | Json;
      readonly after?: boolean;
    }
  | 'reset-before'
  | 'reset-after'
  | 'html'
  | 'broken-json'
  | 'stall'
  | 'huge';

/** Decides for each request; count is its number since the fault was set, from 1. Null: nothing goes wrong. */
export type WireFaultFunction = (request: { readonly method: string; readonly path: string }, count: number) => WireFault | null;

/**
 * Behaviour of a vendor that a bench may be able to bring about. training-fails: what is written from now on is never learnt, and the vendor
 * says so. training-never-ends: it never says anything else than that it is at it. training-refused: no run is allowed (quota).
 * item-refused: a text that contains `refusedText` is refused, the others of its batch are not. slow-lists: lists lag by the declared lagMs.
 */
export type Condition = 'training-fails' | 'training-never-ends' | 'training-refused' | 'item-refused' | 'slow-lists';

/** What makes a text bad under the condition item-refused. */
export const refusedText = 'kbsync-contract-refuse-this';

export interface BenchPatch {
  /** The bot has another key than the target is given. */
  readonly wrongKey?: boolean;
  /** There is no such bot. */
  readonly noBot?: boolean;
  /** Connected and nothing else: no container has been made. */
  readonly bare?: boolean;
  readonly condition?: Condition;
  /** Real milliseconds that an answer may take while a fault is set, for cases in which none comes. */
  readonly timeoutMs?: number;
}

export interface SyncOutcome {
  readonly operations: readonly { readonly action: string; readonly document: string; readonly outcome: string }[];
  /** Write requests that went over the wire. */
  readonly writes: number;
}

export interface Bench {
  readonly spec: Pick<ConnectorSpec, 'name' | 'options'>;
  /** What the target was connected with, before its options were parsed. */
  readonly options: JsonRecord;
  readonly target: Target;
  /** With a container, where the vendor has them. */
  readonly call: Call;
  readonly workspace: string;
  readonly vendor: {
    inspect(): readonly HeldItem[];
    /** Adds an item as a person would in the dashboard; returns its id. */
    plant(item: { readonly name: string; readonly text: string }): string;
  };
  readonly wire: {
    /** Since the bench was made. */
    requests(): readonly WireRequest[];
    setFault(fault: WireFaultFunction | null): void;
  };
  readonly clock: { readonly now: () => number; advance(ms: number): void };
  /** Everything the transport told so far. */
  readonly events: readonly EventBody[];
  readonly secrets: readonly string[];
  /** Never the same twice, for one bench and all that were made from it. */
  readonly newEffectId: () => string;
  /** A new bot of the same variant, with nothing in it. */
  fresh(patch?: BenchPatch): Promise<Bench>;
  /** Brings the bot in step with these files (path → Markdown) as `sync` does, waiting for training. Null where no engine is at hand. */
  readonly sync: ((files: { readonly [path: string]: string }) => Promise<SyncOutcome>) | null;
}

/** One sentence that must hold for every connector that has what it needs. */
export interface ContractCase {
  /** 1 talks, 2 creates, 3 changes, 4 sees, 5 repeats, 6 fails well, 7 learns, 8 answers, 9 converges, 10 tells the truth. */
  readonly level: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;
  readonly name: string;
  readonly needs: readonly Capability[];
  /** A condition the bench must be able to bring about. */
  readonly condition?: Condition;
  readonly needsEngine?: true;
  /** Why the case says nothing about this target; null: it does. */
  readonly unless?: (target: Target) => string | null;
  run(bench: Bench): Promise<void>;
}
