// Each batch: begin on disk → call → ends on disk. Owns the order of a push and what becomes of each operation; knows no vendor.
import type { ItemResult, ItemTarget } from '../connectors/connector.ts';
import type { DocumentId } from '../model/document.ts';
import type { EntryBody } from '../model/effect.ts';
import { asSyncError, type ErrorRecord, isAbsent, isStrangers, SyncError } from '../model/error.ts';
import type { EffectId } from '../model/record.ts';
import { type Batch, batchesOf, type Sendable, sendablesOf } from './batch.ts';
import { callOf, type PushContext } from './context.ts';
import type { Step, Write } from './effects.ts';
import { goneAt } from './gone.ts';
import { lookForOpenCreates } from './look.ts';

export interface StepResult {
  readonly step: Step;
  readonly outcome: 'done' | 'failed' | 'unconfirmed';
  readonly remoteIds: readonly string[];
  readonly error: ErrorRecord | null;
}

export interface Pushed {
  readonly results: readonly StepResult[];
  /** What stopped the whole target before everything was sent; null where nothing did. */
  readonly stoppedBy: SyncError | null;
}

/** Batches in a row that may fail for the target's own sake before the rest is left for the next run. */
const FAILURES_IN_A_ROW = 3;

/**
 * Carries steps out: retractions first, then what only changes memory, then creates and updates, then (ids looked for) the other deletes.
 * Never throws for one document's sake.
 */
export async function pushSteps(steps: readonly Step[], context: PushContext): Promise<Pushed> {
  const run = new PushRun(steps, context);
  const isDelete = (write: Write) => write.action === 'delete';
  const retractions = steps.filter((step) => isRetraction(step));
  await run.send(retractions, isDelete);
  await run.remember(steps);
  await run.send(steps, (write) => !isDelete(write));
  await run.lookForIds();
  await run.leave(steps);
  await run.send(
    steps.filter((step) => !isRetraction(step) && run.wentWell(step)),
    isDelete,
  );
  return run.finish();
}

function isRetraction(step: Step): boolean {
  return step.operation.action === 'delete' && step.operation.retraction;
}

interface Progress {
  /** Its effects, when the first of them began (milliseconds since 1970), and what the vendor answered to one that failed. */
  readonly effects: EffectId[];
  beganMs: number | null;
  status: number | null;
  waiting: number;
  remoteIds: string[];
  error: ErrorRecord | null;
  doubt: ErrorRecord | null;
}

/** The bookkeeping of one push. */
class PushRun {
  private readonly steps: readonly Step[];
  private readonly context: PushContext;
  private readonly target: ItemTarget;
  private readonly progress = new Map<Step, Progress>();
  private readonly sent = new Map<EffectId, Sendable>();
  private readonly accepted = new Set<EffectId>();
  private readonly taken = new Set<Step>();
  private failuresInARow = 0;
  private stoppedBy: SyncError | null = null;

  constructor(steps: readonly Step[], context: PushContext) {
    this.steps = steps;
    this.context = context;
    if (!('create' in context.target)) throw new Error('a target that takes one text is pushed by replace.ts');
    this.target = context.target;
    const blank = { beganMs: null, status: null, error: null, doubt: null };
    for (const step of steps) this.progress.set(step, { ...blank, effects: [], waiting: step.writes.length, remoteIds: [] });
  }

  wentWell(step: Step): boolean {
    const progress = this.of(step);
    return progress.error === null && progress.doubt === null;
  }

  async remember(steps: readonly Step[]): Promise<void> {
    const entries = steps.flatMap((step) => step.entries);
    if (entries.length > 0) await this.context.memory.append(entries);
  }

  /** Old parts of documents whose new ones are all accepted. */
  async leave(steps: readonly Step[]): Promise<void> {
    const entries = steps.flatMap((step) => (this.wentWell(step) && this.of(step).waiting === 0 ? (step.leaves ?? []) : []));
    if (entries.length > 0) await this.context.memory.append(entries);
  }

  /** The wanted writes of steps, batch by batch, at most `concurrency` calls at once. */
  async send(steps: readonly Step[], wanted: (write: Write) => boolean): Promise<void> {
    const sendables = sendablesOf(steps, wanted, this.context, ({ step, error }) => this.drop(step, error));
    const batches = batchesOf(sendables, this.context.target.traits.limits);
    const worker = async (): Promise<void> => {
      while (!this.stopped()) {
        const next = await batches.next();
        if (next.done === true) return;
        await this.sendBatch(next.value);
      }
    };
    const workers = await Promise.allSettled(Array.from({ length: Math.max(1, this.context.concurrency) }, worker));
    for (const ended of workers) if (ended.status === 'rejected') throw ended.reason;
  }

  private stopped(): boolean {
    if (this.context.stop.aborted) this.stoppedBy ??= new SyncError('ABORTED', { message: 'stopped before it was sent' });
    return this.stoppedBy !== null;
  }

  private async sendBatch(batch: Batch): Promise<void> {
    const { memory, texts } = this.context;
    for (const { payload } of batch.sendables) {
      if (payload !== null) await texts.put(payload.fingerprint, { parts: payload.parts, body: payload.bodyText });
    }
    for (const sendable of batch.sendables) this.begin(sendable);
    await memory.append([{ kind: 'begin', effects: batch.sendables.map((sendable) => sendable.effect) }]);
    let results: readonly ItemResult[];
    try {
      results = await this.call(batch);
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.code === 'UNEXPECTED') throw thrown;
      const { stops, effect } = error.facts;
      // One bad item must not count against the others of its batch: none of them was taken, so each is sent alone.
      if (batch.sendables.length > 1 && stops === 'document' && effect === 'none') results = await this.callEach(batch);
      else {
        results = batch.sendables.map(() => ({ ok: false, error }));
        this.judge(error);
      }
    }
    const entries: EntryBody[] = [];
    for (const [index, sendable] of batch.sendables.entries()) {
      const result = results[index] ?? {
        ok: false,
        error: new SyncError('REPLY_INVALID', { message: 'the connector answered for fewer items than it was given' }),
      };
      entries.push(...this.end(sendable, result));
    }
    if (results.some((result) => result.ok)) this.failuresInARow = 0;
    if (entries.length > 0) await memory.append(entries);
  }

  private begin(sendable: Sendable): void {
    this.sent.set(sendable.effect.id, sendable);
    const progress = this.of(sendable.step);
    progress.effects.push(sendable.effect.id);
    progress.beganMs ??= Date.parse(this.context.now());
  }

  private async callEach({ action, sendables }: Batch): Promise<readonly ItemResult[]> {
    const results: ItemResult[] = [];
    for (const sendable of sendables) {
      try {
        if (this.stopped()) throw this.notSent();
        results.push(...(await this.call({ action, sendables: [sendable] })));
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (error.code === 'UNEXPECTED') throw thrown;
        if (!this.stopped()) this.judge(error);
        results.push({ ok: false, error });
      }
    }
    return results;
  }

  /** Why something was not even tried: said in its own sentence, so that nobody looks for the fault in that document. */
  private notSent(): SyncError {
    const why = this.stoppedBy ?? new SyncError('UNCONFIRMED', { message: 'it was left for the next run' });
    const { code, message, vendor, next, facts, data } = why;
    const sentence = code === 'ABORTED' ? message : `not sent: ${message}`;
    return new SyncError(code, { message: sentence, vendor, next, data, facts: { ...facts, effect: 'none' }, cause: why });
  }

  private async call(batch: Batch): Promise<readonly ItemResult[]> {
    const call = callOf(this.context);
    const { target } = this;
    if (batch.action === 'delete') {
      if (target.delete === undefined) throw new SyncError('UNEXPECTED', { message: 'planned a delete that the target cannot do' });
      return target.delete(
        batch.sendables.flatMap(({ effect }) => (effect.action === 'delete' ? [effect.remoteId] : [])),
        call,
      );
    }
    if (batch.action === 'create')
      return target.create(
        batch.sendables.flatMap(({ item }) => (item === null ? [] : [item])),
        call,
      );
    if (target.update === undefined) throw new SyncError('UNEXPECTED', { message: 'planned an update that the target cannot do' });
    const changed = batch.sendables.flatMap(({ item, effect }) =>
      item !== null && effect.action === 'update' ? [{ ...item, remoteId: effect.remoteId }] : [],
    );
    return target.update(changed, call);
  }

  /** What one answer means for the journal and for the operation. */
  private end(sendable: Sendable, result: ItemResult): EntryBody[] {
    const { effect, step } = sendable;
    const progress = this.of(step);
    if (result.ok) {
      const remoteId = result.remoteId ?? ('remoteId' in effect ? effect.remoteId : null);
      // Accepted without an id: the begin stays open until a listing has shown the id.
      if (remoteId === null) {
        this.accepted.add(effect.id);
        this.showProgress(step);
        return [];
      }
      this.finished(step, remoteId);
      return [{ kind: 'done', effect: effect.id, remoteId, settledBy: 'reply' }];
    }
    const { error } = result;
    if (typeof error.data['status'] === 'number') progress.status = error.data['status'];
    if (error.facts.effect === 'unconfirmed') {
      progress.doubt = error.record();
      // Saying an update or a delete again does no harm; a create is looked for first.
      return effect.action === 'create' ? [] : [{ kind: 'blurred', effect: effect.id }];
    }
    progress.error = error.record();
    const gone: EntryBody[] =
      error.code === 'REMOTE_GONE' && effect.action === 'update' ? [goneAt(this.context.target, [effect.remoteId])] : [];
    const refused = error.facts.retry === 'never' && error.facts.stops === 'document';
    const byHand: EntryBody[] = effect.action === 'delete' && isAbsent(error) ? [this.leftByHand(effect.document, effect.remoteId)] : [];
    return [{ kind: 'failed', effect: effect.id, error: error.record(), refused }, ...gone, ...byHand];
  }

  /** A copy that the vendor turned out to have no call to delete: from now on it is a person's to remove. */
  private leftByHand(document: DocumentId, remoteId: string): EntryBody {
    const { memory, now } = this.context;
    const item = memory.state.records[document]?.items.find((candidate) => candidate.remoteId === remoteId);
    const known = memory.state.leftovers.find((leftover) => leftover.remoteId === remoteId);
    const mark = item?.mark ?? known?.mark ?? null;
    return { kind: 'leftover', leftover: { remoteId, document, mark, why: known?.why ?? 'deleted', removable: 'by-hand', since: now() } };
  }

  private finished(step: Step, remoteId: string): void {
    const progress = this.of(step);
    progress.waiting -= 1;
    if (step.operation.action !== 'delete' || step.operation.remoteId === null || step.operation.remoteId === remoteId)
      progress.remoteIds.push(remoteId);
    this.showProgress(step);
    if (progress.waiting === 0) this.tell(step, 'done', null);
  }

  /** Whether a failure of a whole batch stops the target. */
  private judge(error: SyncError): void {
    if (error.facts.stops === 'document') return;
    const atOnce =
      error.code !== 'TARGET_UNREACHABLE' &&
      error.code !== 'VENDOR_FAILED' &&
      error.code !== 'REPLY_INVALID' &&
      error.code !== 'REQUEST_REFUSED';
    this.failuresInARow += 1;
    // One batch that a stranger answered is one too many to look after.
    if (atOnce || isStrangers(error) || this.failuresInARow >= FAILURES_IN_A_ROW) this.stoppedBy ??= error;
  }

  /** Creates whose id or whose fate is not known yet: ask the vendor what it holds. */
  async lookForIds(): Promise<void> {
    const mine = this.context.memory.open.filter((effect) => effect.action === 'create' && this.sent.has(effect.id));
    if (mine.length === 0 || this.context.call.signal.aborted) return;
    const found = await lookForOpenCreates(mine, this.accepted, this.context);
    for (const { effect, outcome, remoteId, error } of found) {
      const step = this.sent.get(effect)?.step;
      if (step === undefined) continue;
      const progress = this.of(step);
      progress.doubt = outcome === 'unconfirmed' ? (error ?? progress.doubt) : null;
      if (outcome === 'done' && remoteId !== null) this.finished(step, remoteId);
      if (outcome === 'failed') progress.error = error;
    }
  }

  private drop(step: Step, error: SyncError): void {
    this.of(step).error = error.record();
  }

  private of(step: Step): Progress {
    const progress = this.progress.get(step);
    if (progress === undefined) throw new Error('a step of another push');
    return progress;
  }

  /** Documents that the vendor has taken so far, whether or not their ids are known yet. */
  private showProgress(step: Step): void {
    this.taken.add(step);
    this.context.emit({ kind: 'phase', phase: 'pushing', done: this.taken.size, total: this.steps.length });
  }

  private tell(step: Step, outcome: StepResult['outcome'], error: ErrorRecord | null): void {
    const { action, document } = step.operation;
    const { effects, beganMs, status } = this.of(step);
    const durationMs = beganMs === null ? null : Math.max(0, Date.parse(this.context.now()) - beganMs);
    this.context.emit({
      kind: 'operation',
      action,
      document,
      outcome,
      error,
      ...(effects.length > 0 && { effects: [...effects] }),
      ...(durationMs !== null && { durationMs }),
      ...(outcome !== 'done' && status !== null && { status }),
    });
  }

  /** A move that sends nothing is still about items. */
  private movedIds({ operation }: Step): readonly string[] {
    if (operation.action !== 'move') return [];
    const items = this.context.memory.state.records[operation.document]?.items ?? [];
    return items.flatMap(({ remoteId }) => (remoteId === null ? [] : [remoteId]));
  }

  finish(): Pushed {
    const results = this.steps.map((step): StepResult => {
      const { waiting, remoteIds, error, doubt } = this.of(step);
      if (doubt !== null && error === null) return { step, outcome: 'unconfirmed', remoteIds, error: doubt };
      if (error !== null) return { step, outcome: 'failed', remoteIds, error };
      if (waiting > 0) {
        return { step, outcome: 'failed', remoteIds, error: this.notSent().record() };
      }
      return { step, outcome: 'done', remoteIds: step.writes.length === 0 ? this.movedIds(step) : remoteIds, error: null };
    });
    // What was written is told when its last write has ended; what needed none, here.
    for (const { step, outcome, error } of results) if (outcome !== 'done' || step.writes.length === 0) this.tell(step, outcome, error);
    return { results, stoppedBy: this.stoppedBy };
  }
}
