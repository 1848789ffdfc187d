// A plan → pushed: notes what is held and what a person must do, opens the container where one is needed, sends the rest.
import { capabilitiesOf } from '../connectors/connector.ts';
import type { DocumentId } from '../model/document.ts';
import type { EntryBody } from '../model/effect.ts';
import { SyncError } from '../model/error.ts';
import type { Brake, Operation, OperationId, Plan } from '../model/operation.ts';
import type { HeldRun, Todo } from '../model/record.ts';
import type { OperationResult } from '../model/report.ts';
import { heldOperations } from '../plan/brake.ts';
import { type Pushed, pushSteps } from '../push/apply.ts';
import type { PushContext } from '../push/context.ts';
import { stepOf } from '../push/effects.ts';
import { foretold } from '../push/foretold.ts';
import { replaceWhole } from '../push/replace.ts';
import { settle } from '../push/settle.ts';
import type { CycleContext, PlanOptions } from './context.ts';
import { type Folder, holdsAny, type Wanted } from './folder.ts';
import { callsOf, containerOf, type Planned, refuseContainerUnderCi } from './plan-target.ts';

export interface PushedTarget {
  readonly results: readonly OperationResult[];
  readonly held: readonly Brake[];
  readonly stoppedBy: SyncError | null;
}

/** Sends what no brake holds. The held part changes nothing but its note for `todo approve`. */
export async function pushTarget(
  context: CycleContext,
  folder: Folder,
  planned: Planned,
  only: PlanOptions['only'],
): Promise<PushedTarget> {
  const { plan, wanted } = planned;
  const held = await noteHeld(context, plan, isWhole(only));
  const holds = heldOperations({ ...plan, brakes: held });
  const heldResults = plan.operations.filter((operation) => holds.has(operation.id)).map((operation) => resultOf(operation, 'held'));
  const going = plan.operations.filter((operation) => !holds.has(operation.id));
  const heldWhole = held.some((brake) => brake.holds !== 'deletes');
  // A retraction, and a person's word about one document, go where all else is held.
  if (heldWhole && going.length === 0) return { results: heldResults, held, stoppedBy: null };
  await meet(context, planned);
  const byPerson = going.filter((operation) => operation.by === 'person');
  await noteTodos(context, byPerson, isWhole(only) && !heldWhole);
  if (!heldWhole) await dropEmptyRecords(context, wanted);
  const byVendor = going.filter((operation) => operation.by === 'vendor');
  const pushed = await sendOperations(context, folder, wanted, byVendor);
  const results = pushed.results.map((result): OperationResult => {
    const { outcome, remoteIds, error } = result;
    return { operation: result.step.operation, outcome, remoteIds, error };
  });
  const todos = byPerson.map((operation) => resultOf(operation, 'todo'));
  return { results: [...results, ...todos, ...heldResults], held, stoppedBy: pushed.stoppedBy };
}

/** Whether a run is about everything that the target is to have. */
export function isWhole(only: PlanOptions['only']): boolean {
  return only.paths === null && !only.failed && only.limit === null && only.documents === undefined;
}

function resultOf(operation: Operation, outcome: 'held' | 'todo'): OperationResult {
  return { operation, outcome, remoteIds: [], error: null };
}

/** From here on the state belongs to this bot. */
async function meet(context: CycleContext, { identity, contact }: Planned): Promise<void> {
  const { memory, connection } = context;
  const entries: EntryBody[] = [...contact];
  if (identity !== null && memory.state.identity === null) entries.push({ kind: 'identity', identity });
  const configured = connection.target.container?.configured ?? null;
  if (configured !== null && memory.state.container !== configured) entries.push({ kind: 'container', container: configured });
  if (entries.length > 0) await memory.append(entries);
}

/** The vendor-side box, made once and remembered: journaled like any other write, so that a crash makes no second one. */
async function openContainer(context: CycleContext): Promise<void> {
  const { connection, memory } = context;
  const calls = connection.target.container;
  if (calls === undefined || containerOf(context) !== null) return;
  refuseContainerUnderCi(context);
  const call = { ...callsOf(context), container: null };
  const id = context.newEffectId();
  const before = await calls.list(call);
  await memory.append([{ kind: 'begin', effects: [{ id, operation: null, commit: null, action: 'open', before }] }]);
  try {
    const remoteId = await calls.create(call);
    await memory.append([{ kind: 'done', effect: id, remoteId, settledBy: 'reply' }]);
  } catch (thrown) {
    if (!(thrown instanceof SyncError)) throw thrown;
    if (thrown.facts.effect === 'none') {
      await memory.append([{ kind: 'failed', effect: id, error: thrown.record(), refused: false }]);
      throw thrown;
    }
    // The answer was lost: look for the one that is new and unused; if it is not there, this run ends here and the next one makes it.
    await settle({ ...pushBase(context), onUnconfirmed: 'default', readOnly: false });
    if (memory.state.container === null) throw thrown;
  }
}

/** Sends operations as they are, journaled; what holds them, and who does them, was judged before. */
export async function sendOperations(
  context: CycleContext,
  folder: Folder,
  wanted: Wanted,
  operations: readonly Operation[],
): Promise<Pushed> {
  if (operations.length === 0) return { results: [], stoppedBy: null };
  await openContainer(context);
  const { connection, memory } = context;
  const heads = new Map(wanted.heads.map((head) => [head.document, head]));
  const push = pushContext(context, folder, wanted);
  context.emit({ kind: 'phase', phase: 'pushing', done: 0, total: operations.length });
  const { target } = connection;
  if ('replaceAll' in target) return replaceWhole(operations, heads, { ...push, target });
  const facts = { traits: connection.target.traits, capabilities: capabilitiesOf(connection.target) };
  const steps = operations.map((operation) => stepOf(operation, heads.get(operation.document) ?? null, memory.state, facts));
  await memory.foretell?.(foretold(steps, heads, { state: memory.state, newEffectId: context.newEffectId }));
  return pushSteps(steps, push);
}

function pushContext(context: CycleContext, folder: Folder, wanted: Wanted): PushContext {
  return {
    ...pushBase(context),
    payload: wanted.payload,
    holdsSecret: context.knownSecrets === undefined ? undefined : holdsAny(context.knownSecrets),
    commitOf: (path) => folder.commitOf(path),
    workspace: context.config.name,
    stop: context.stop,
    newEffectId: context.newEffectId,
    concurrency: context.connection.concurrency,
    emit: context.emit,
  };
}

function pushBase(context: CycleContext) {
  const { connection, memory, sleep, nextNumber, nowMs, texts } = context;
  return {
    target: connection.target,
    memory,
    call: callsOf(context),
    sleep,
    nextNumber,
    texts,
    now: () => new Date(nowMs()).toISOString(),
  };
}

/** Ends the retractions whose documents came back changed and are in the bot now: the next time, they are documents like any other. */
export async function endRetractions({ memory }: CycleContext, { returning, wanted }: Planned): Promise<void> {
  const waiting = new Set<DocumentId>();
  for (const { document, fingerprint } of wanted.heads) {
    const held = returning.get(document);
    if (held !== undefined && memory.state.records[document]?.pushed !== fingerprint) waiting.add(held);
  }
  const given = wanted.heads.flatMap(({ document }) => returning.get(document) ?? []);
  const ended = [...new Set(given)].filter((held) => !waiting.has(held));
  if (ended.length > 0) await memory.append(ended.map((document) => ({ kind: 'retracted', document, retracted: null })));
}

/** A record that holds nothing at the vendor and is not wanted any more only waits to be forgotten. */
async function dropEmptyRecords(context: CycleContext, wanted: Wanted): Promise<void> {
  const { memory } = context;
  const kept = new Set([...wanted.heads.map((head) => head.document), ...wanted.failed.map((failed) => failed.document)]);
  const entries: EntryBody[] = Object.entries(memory.state.records)
    .filter(([id, record]) => record.items.length === 0 && !kept.has(id))
    .map(([document]) => ({ kind: 'forget', document }));
  if (entries.length > 0) await memory.append(entries);
}

/**
 * Brakes with their numbers; a brake of the same rule over the same documents keeps the number it has. An approval stays until the pass that
 * it lets through has ended, so that neither a crash nor an unreachable vendor uses it up; one that no longer covers what is planned goes.
 * A narrowed plan says nothing of the rest: what is held there stays.
 */
async function noteHeld(context: CycleContext, plan: Plan, whole: boolean): Promise<readonly Brake[]> {
  const { memory, nowMs } = context;
  const before = memory.state.held;
  const noted = plan.brakes.map((brake): HeldRun => {
    const same = before.find((held) => held.approvedAt === null && held.rule === brake.rule && sameSet(held.documents, brake.documents));
    const since = new Date(nowMs()).toISOString();
    const { rule, message, documents, passWith } = brake;
    return { id: same?.id ?? context.nextNumber('H'), rule, message, documents, passWith, since: same?.since ?? since, approvedAt: null };
  });
  const kept = before.filter((run) => (run.approvedAt !== null || !whole) && !noted.some(({ rule }) => rule === run.rule));
  const held = [...kept, ...noted];
  if (JSON.stringify(held) !== JSON.stringify(before)) await memory.append([{ kind: 'held', held }]);
  return plan.brakes.map((brake, index) => ({ ...brake, id: noted[index]?.id ?? '' }));
}

/** What a person approved has been done: the next plan like it is held again. */
export async function useUpApprovals(context: CycleContext): Promise<void> {
  const { memory } = context;
  const held = memory.state.held.filter((run) => run.approvedAt === null);
  if (held.length < memory.state.held.length) await memory.append([{ kind: 'held', held }]);
}

function sameSet(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && [...left].sort().join('\n') === [...right].sort().join('\n');
}

/** The work of a person at this target is exactly what a whole plan says now: what is no longer planned leaves the list. A narrowed plan only adds. */
async function noteTodos(context: CycleContext, operations: readonly Operation[], whole: boolean): Promise<void> {
  const { memory, nowMs, connection } = context;
  const before = new Map<OperationId, Todo>(memory.state.todos.map((todo) => [todo.operation.id, todo]));
  const todos = operations.map((operation): Todo => {
    const known = before.get(operation.id);
    const where = `${connection.vendorLabel}, the bot's knowledge in the dashboard`;
    // The plan has said what is missing, and so what a person does instead.
    const how = operation.note ?? connection.target.traits.missing[operation.action === 'delete' ? 'delete' : 'update']?.remedy ?? '';
    return { id: known?.id ?? context.nextNumber('T'), operation, where, how, since: known?.since ?? new Date(nowMs()).toISOString() };
  });
  const planned = new Set(operations.map((operation) => operation.id));
  const kept = whole ? [] : memory.state.todos.filter((todo) => !planned.has(todo.operation.id));
  const all = [...kept, ...todos];
  if (JSON.stringify(all) !== JSON.stringify(memory.state.todos)) await memory.append([{ kind: 'todos', todos: all }]);
}
