// Plans and reports as the JSON of PRODUCT section 3: one row a document, counts by action and by outcome. Faces print these, never the types inside.
import type { DocumentId } from '../model/document.ts';
import type { ErrorRecord } from '../model/error.ts';
import type { Action, BlockedDocument, Brake, Forecast, Plan } from '../model/operation.ts';
import type { OperationResult, Outcome } from '../model/report.ts';
import { heldOperations } from './brake.ts';

/** One line of `operations`. `from` only where the action is a move. */
export interface OperationRow {
  readonly action: Action;
  readonly document: DocumentId;
  readonly path: string;
  readonly from?: DocumentId;
  readonly reason: string;
  readonly outcome: Outcome;
  readonly remoteIds: readonly string[];
  readonly error: ErrorRecord | null;
}

/** The first five by action whatever became of them, the last five by outcome. Blocked documents have no action: nothing is done to them. */
export interface Counts {
  readonly create: number;
  readonly update: number;
  readonly move: number;
  readonly delete: number;
  readonly adopt: number;
  readonly unchanged: number;
  readonly todo: number;
  readonly failed: number;
  readonly unconfirmed: number;
  readonly held: number;
  readonly blocked: number;
}

/** One of `held`. */
export interface HeldRow {
  readonly id: string;
  readonly rule: string;
  readonly message: string;
  readonly documents: readonly DocumentId[];
  readonly passWith: string | null;
}

export interface PlanJson {
  readonly name: string;
  readonly vendor: string;
  readonly operations: readonly OperationRow[];
  readonly counts: Counts;
  readonly held: readonly HeldRow[] | null;
  readonly outOfScope: number;
  readonly notes: readonly string[];
  readonly forecast: Forecast;
}

/** The plan of one target as PRODUCT's JSON has it; what only a run knows (requests, training) is the caller's to add. */
export function planJson(plan: Plan): PlanJson {
  const results = plannedResults(plan);
  return {
    name: plan.target,
    vendor: plan.vendor,
    operations: operationRows(results, plan.blocked),
    counts: countsOf(results, plan.blocked, plan.unchanged),
    held: heldRows(plan.brakes),
    outOfScope: plan.outOfScope,
    notes: plan.notes,
    forecast: plan.forecast,
  };
}

/** What a plan says will become of each operation: held before todo before planned. */
export function plannedResults(plan: Plan): readonly OperationResult[] {
  const held = heldOperations(plan);
  return plan.operations.map((operation) => {
    const remoteIds = operation.action === 'delete' && operation.remoteId !== null ? [operation.remoteId] : [];
    const outcome: Outcome = held.has(operation.id) ? 'held' : operation.by === 'person' ? 'todo' : 'planned';
    return { operation, outcome, remoteIds, error: null };
  });
}

/** Rows of plans and reports alike, blocked documents last. */
export function operationRows(results: readonly OperationResult[], blocked: readonly BlockedDocument[]): readonly OperationRow[] {
  const rows = results.map(({ operation, outcome, remoteIds, error }): OperationRow => {
    const { action, document, path, reason } = operation;
    const from = operation.action === 'move' ? { from: operation.from } : {};
    return { action, document, path, ...from, reason, outcome, remoteIds, error };
  });
  const stopped = blocked.map(({ action, document, path, reason, error }): OperationRow => {
    return { action, document, path, reason, outcome: 'blocked', remoteIds: [], error };
  });
  return [...rows, ...stopped];
}

/** `counts` of plans and sync reports. */
export function countsOf(results: readonly OperationResult[], blocked: readonly BlockedDocument[], unchanged: number): Counts {
  const actions = { create: 0, update: 0, move: 0, delete: 0, adopt: 0 };
  const outcomes = { planned: 0, done: 0, todo: 0, failed: 0, unconfirmed: 0, held: 0, blocked: blocked.length };
  for (const { operation, outcome } of results) {
    actions[operation.action] += 1;
    outcomes[outcome] += 1;
  }
  const { todo, failed, unconfirmed, held } = outcomes;
  return { ...actions, unchanged, todo, failed, unconfirmed, held, blocked: outcomes.blocked };
}

/** `held`: null where nothing is. */
export function heldRows(brakes: readonly Brake[]): readonly HeldRow[] | null {
  if (brakes.length === 0) return null;
  return brakes.map(({ id, rule, message, documents, passWith }) => ({ id, rule, message, documents, passWith }));
}
