// What a pass came to: results over its rounds, the truth about training, and the note of what the bot was last seen to know.
import { canaryId, withoutCanary } from '../model/canary.ts';
import type { DocumentId } from '../model/document.ts';
import { asSyncError, type SyncError } from '../model/error.ts';
import { fingerprint, keyed } from '../model/json.ts';
import { knownRevision } from '../model/known.ts';
import type { Brake, OperationId } from '../model/operation.ts';
import type { LastSync } from '../model/record.ts';
import type { OperationResult, TargetReport } from '../model/report.ts';
import { trainingCounts, type WaitOutcome } from '../training/follow.ts';
import type { CycleContext } from './context.ts';
import type { Folder } from './folder.ts';
import type { Planned } from './plan-target.ts';
import type { PushedTarget } from './push-target.ts';

/** Gathers a pass as it goes; the last word on an operation is the one that counts. */
export class Report {
  private readonly context: CycleContext;
  private readonly before: { read: number; write: number };
  private readonly byOperation = new Map<OperationId, OperationResult>();
  private first: Planned | null = null;
  private held: readonly Brake[] = [];
  private error: SyncError | null = null;
  private wait: TargetReport['waited'] = 'not-waited';
  private readonly notes: string[] = [];

  constructor(context: CycleContext) {
    this.context = context;
    this.before = { ...context.connection.requests() };
  }

  planned(planned: Planned, round: number): void {
    if (round > 1) return;
    this.first = planned;
    this.notes.push(...planned.plan.notes);
  }

  pushed(pushed: PushedTarget, round: number): void {
    // What failed in an earlier round and was made good by another operation on the same document is not a failure of the run.
    const again = new Set(round > 1 ? pushed.results.map(({ operation }) => operation.document) : []);
    for (const [id, { operation, outcome }] of again.size === 0 ? [] : this.byOperation)
      if (outcome !== 'done' && again.has(operation.document)) this.byOperation.delete(id);
    for (const result of pushed.results) this.byOperation.set(result.operation.id, result);
    if (round === 1 || pushed.held.length > 0) this.held = pushed.held;
    if (pushed.stoppedBy !== null) this.failed(pushed.stoppedBy);
  }

  learnt(outcome: WaitOutcome): void {
    this.wait = outcome.ended;
  }

  failed(error: unknown): void {
    this.error ??= asSyncError(error);
  }

  stopped(): boolean {
    // What went though all else was held is still to be learnt, or forgotten.
    const went = this.results().some(({ outcome }) => outcome === 'done');
    return this.error !== null || (!went && this.held.some(holdsWhole));
  }

  results(): readonly OperationResult[] {
    return [...this.byOperation.values()];
  }

  finish(): TargetReport {
    const { target, memory, connection } = this.context;
    const requests = connection.requests();
    const { leftovers, forgetting, todos } = memory.state;
    if (this.error !== null) this.context.emit({ kind: 'error', error: this.error.record() });
    return {
      target: target.name,
      vendor: target.vendor,
      required: target.required,
      results: this.results(),
      blocked: this.first?.plan.blocked ?? [],
      unchanged: this.first?.plan.unchanged ?? 0,
      unchangedDocuments: this.first === null ? [] : unchangedOf(this.first),
      outOfScope: this.first?.plan.outOfScope ?? 0,
      requests: { read: requests.read - this.before.read, write: requests.write - this.before.write },
      held: this.held,
      // As everything that is counted of the folder: the freshness check tells of its own document.
      training: trainingCounts(withoutCanary(memory.state)),
      owed: {
        forgetting: forgetting.length,
        leftovers: leftovers.filter((leftover) => leftover.removable !== 'by-hand').length,
        byHand: leftovers.filter((leftover) => leftover.removable === 'by-hand').length,
      },
      todos: todos.length,
      waited: this.wait,
      error: this.error?.record() ?? null,
      notes: this.notes,
    };
  }
}

function unchangedOf({ plan, wanted }: Planned): DocumentId[] {
  const touched = new Set([...plan.operations, ...plan.blocked].map(({ document }) => document));
  return wanted.heads.flatMap(({ document }) => (touched.has(document) || document === canaryId ? [] : [document]));
}

/** Whether nothing but retractions is done while it holds, and what the target should know waits for a person. */
function holdsWhole({ holds, rule }: Brake): boolean {
  return holds === 'all' || rule === 'too-many-updates';
}

/** Whether the plan rests on the whole folder and on this bot: what a blind or wholly held run saw says nothing of what the bot should know. */
function sawFolder({ plan }: Planned): boolean {
  const blind: readonly string[] = ['incomplete-scan', 'empty-content', 'other-folder'];
  return !plan.brakes.some((brake) => holdsWhole(brake) || blind.includes(brake.rule));
}

/** Writes down what the target was to have and what of it is not known to be trained, so that status can say which revision the bot knows. */
export async function noteSynced(context: CycleContext, folder: Folder, planned: Planned, whole: boolean): Promise<void> {
  const { memory, nowMs } = context;
  // Where not even first contact was made, nothing was compared.
  if (!whole || !sawFolder(planned) || memory.state.identity === null) return;
  const { wanted, plan } = planned;
  const state = memory.state;
  const behind = keyed<string>();
  // A revision of the folder knows nothing of the freshness check.
  const heads = wanted.heads.filter(({ document }) => document !== canaryId);
  for (const head of heads) if (state.records[head.document]?.trained !== head.fingerprint) behind[head.document] = head.fingerprint;
  for (const blocked of plan.blocked) behind[blocked.document] ??= 'blocked';
  for (const operation of plan.operations)
    if (operation.action === 'delete' && operation.remoteId === null) behind[operation.document] = '';
  delete behind[canaryId];
  const revision = folder.commit ?? fingerprint(Object.fromEntries(heads.map((head) => [head.document, head.fingerprint]))).slice(0, 12);
  const at = new Date(nowMs()).toISOString();
  const uncommitted = folder.commit === null ? 0 : heads.filter(({ path }) => folder.commitOf(path) === null).length;
  const lastSync: LastSync = {
    at,
    commit: folder.commit,
    revision,
    documents: heads.length,
    behind,
    outOfScope: plan.outOfScope,
    ...(uncommitted > 0 ? { uncommitted } : {}),
  };
  await memory.append([{ kind: 'synced', lastSync, revision: knownRevision(state) }]);
}
