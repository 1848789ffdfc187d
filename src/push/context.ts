// What every step of a push is handed. Owns no behaviour.
import type { Call, Target } from '../connectors/connector.ts';
import type { DocumentId } from '../model/document.ts';
import type { Effect, EntryBody } from '../model/effect.ts';
import { SyncError } from '../model/error.ts';
import type { Emit } from '../model/event.ts';
import type { Fingerprint, Timestamp } from '../model/json.ts';
import type { Payload } from '../model/payload.ts';
import type { EffectId, TargetState } from '../model/record.ts';

/** The memory of one target, as push and training use it (state/store.ts). */
export interface Memory {
  readonly state: TargetState;
  /** Effects begun and not ended: what is unconfirmed. */
  readonly open: readonly Effect[];
  /** Resolves when the entries are on disk; only then are they folded. */
  append(entries: readonly EntryBody[]): Promise<void>;
}

export interface GivenText {
  readonly parts: readonly { readonly key: string; readonly title: string; readonly text: string }[];
  readonly body: string;
}

/** What each bot was last given, by payload fingerprint: for diffs, likeness, and for saying a create again. */
export interface GivenTexts {
  put(fingerprint: Fingerprint, given: GivenText): Promise<void> | void;
  get(fingerprint: Fingerprint): GivenText | null;
}

export interface PushContext {
  readonly target: Target;
  readonly memory: Memory;
  readonly texts: GivenTexts;
  /** The wanted payload with its texts, rendered now; null where it can no longer be had. */
  readonly payload: (document: DocumentId) => Promise<Payload | null>;
  /** Whether a text holds a secret of the configuration: its document is not sent, and not kept. Left out: nothing is known to be one. */
  readonly holdsSecret?: ((text: string) => boolean) | undefined;
  /** The commit that a document's bytes belong to; null where there is none or the file differs from it. */
  readonly commitOf: (path: string) => string | null;
  readonly workspace: string;
  readonly call: Omit<Call, 'container'>;
  /** Aborted: begin nothing new. What is in flight goes on until `call.signal` is aborted too. */
  readonly stop: AbortSignal;
  readonly newEffectId: () => EffectId;
  /** The next number on the todo list: U for writes unconfirmed, T for work, H for held runs. */
  readonly nextNumber: (kind: 'T' | 'U' | 'H') => string;
  readonly now: () => Timestamp;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly concurrency: number;
  readonly emit: Emit;
}

/** Why a payload may not leave, nor be written down; null where it may. */
export function refusalOf(payload: Payload, { holdsSecret }: Pick<PushContext, 'holdsSecret'>): SyncError | null {
  const { path, title, parts } = payload;
  const texts = [path, title, ...parts.flatMap((part) => [part.title, part.text, JSON.stringify(part.attributes)])];
  if (holdsSecret === undefined || !texts.some(holdsSecret)) return null;
  return new SyncError('DOCUMENT_REFUSED', {
    message: `${path}: holds a secret of the configuration, such as a target's key: not sent`,
    next: 'take it out of the document, and replace the secret wherever it is used: others have read it here',
  });
}

/** The call context with the container as it is known now. */
export function callOf(context: Pick<PushContext, 'call' | 'memory'>): Call {
  return { ...context.call, container: context.memory.state.container };
}
