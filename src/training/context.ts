// What following a training takes. Owns no behaviour.
import type { Call, Target } from '../connectors/connector.ts';
import type { Effect, EntryBody } from '../model/effect.ts';
import type { Emit } from '../model/event.ts';
import type { EffectId, TargetState } from '../model/record.ts';

export interface TrainingContext {
  readonly target: Target;
  readonly memory: { readonly state: TargetState; readonly open: readonly Effect[]; append(entries: readonly EntryBody[]): Promise<void> };
  readonly call: Omit<Call, 'container'>;
  /** Aborted: stop waiting; a later run resumes. */
  readonly stop: AbortSignal;
  readonly newEffectId: () => EffectId;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
  readonly emit: Emit;
  readonly timing: TrainingTiming;
}

export interface TrainingTiming {
  /** First and longest pause between two questions. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** Past it, counted from a document's acceptance, the document is stuck. */
  readonly trainTimeoutMs: number;
  /** Where the vendor cannot tell: counted as ready, honestly `unknown`, this long after the last write. */
  readonly settleMs: number;
}

/** The call context with the container as it is known now. */
export function trainingCall(context: Pick<TrainingContext, 'call' | 'memory'>): Call {
  return { ...context.call, container: context.memory.state.container };
}
