// The five steps of a plan, in order: diff, move, fit, narrow, brake (and then the limit). Pure: equal inputs in any order give the same plan, byte for byte.
import { canaryId } from '../model/canary.ts';
import type { DocumentId } from '../model/document.ts';
import type { BlockedDocument, Brake, Operation, OperationId, Plan } from '../model/operation.ts';
import type { PayloadHead } from '../model/payload.ts';
import type { DocumentRecord } from '../model/record.ts';
import { heldOperations, judgeBrakes } from './brake.ts';
import { type Diff, diff, isMisnamed, isRefused, presentFiles, reasonOfGoing } from './diff.ts';
import { type Drafted, fitTo, notesOfTarget } from './fit.ts';
import { forecastOf } from './forecast.ts';
import { type Known, type PlanInput, parentOf } from './input.ts';
import { planLeftovers } from './leftover.ts';
import { type Pairing, pairMoves } from './move.ts';
import { sealOf } from './seal.ts';
import { byText, counted, figure } from './words.ts';

export type { PlanContact, PlanFolder, PlanInput, PlanOnly, PlanPasses, PlanTarget, Vanished } from './input.ts';

/** What would be done at one target, line by line, and what holds it. */
export function buildPlan(input: PlanInput): Plan {
  const found = diff(input);
  const pairing = pairMoves(found.gone, found.fresh, input.likeness);
  const drafts = draftsOf(input, found, pairing);
  const departing = new Set(drafts.filter(({ operation }) => operation.action === 'delete').map(({ operation }) => operation.document));
  const leftovers = planLeftovers(input, departing);
  const copies = leftovers.operations.map((operation): Drafted => ({ operation, payload: null, record: null }));
  const fitted = [...drafts.flatMap((drafted) => fitTo(drafted, input.target)), ...copies];

  const narrow = narrowing(input);
  const all = fitted.filter(({ operation, record }) => narrow.operation(operation, record)).sort(byOrder);
  const blocked = found.blocked.filter((entry) => narrow.path(entry.path) && narrow.document(entry.document)).sort(byPath);
  const fresh = pairing.fresh.filter(({ payload }) => payload.document !== canaryId).length;
  const judge = (drafted: readonly Drafted[]) => {
    const operations = drafted.map(({ operation }) => operation);
    return judgeBrakes({ input, diff: found, operations, gone: pairing.gone, fresh, orphans: leftovers.orphans });
  };
  // The freshness check is held with the others, but alone it holds nothing: where it would, it waits.
  const brakes = judge(all.filter(isNoCanary));
  const waits = waitsFor(all, brakes, judge);
  const chosen = waits === null ? all : all.filter(isNoCanary);
  const whole = chosen.map(({ operation }) => operation);
  const held = heldOperations({ brakes, operations: whole });
  const kept = cutToLimit(chosen, held, input);
  const operations = kept.map(({ operation }) => operation);
  const notes = [
    ...contactNotes(input),
    ...pairing.notes,
    ...notesOfTarget(operations, input.target),
    ...leftovers.notes,
    ...(input.retracted?.note == null ? [] : [input.retracted.note]),
    ...(waits === null ? [] : [`The freshness check waits (${waits}): it is never a reason to hold.`]),
    ...limitNotes(chosen.length - kept.length, input),
  ];
  const core = { target: input.target.name, stateSerial: input.state.serial, operations, blocked };
  return {
    version: 1,
    ...core,
    vendor: input.target.vendor,
    unchanged: found.unchanged.filter(({ path, document }) => document !== canaryId && narrow.path(path) && narrow.document(document))
      .length,
    outOfScope: found.outOfScope.filter(({ document, record }) => narrow.path(record.path) && narrow.document(document)).length,
    brakes,
    notes,
    forecast: forecastOf(
      kept.filter(({ operation }) => !held.has(operation.id)),
      input,
    ),
    seal: sealOf(core),
  };
}

function isNoCanary({ operation }: Drafted): boolean {
  return operation.document !== canaryId;
}

/** The rule by which the freshness check alone would hold something; null: it would not, or is not there. */
function waitsFor(
  all: readonly Drafted[],
  brakes: readonly Brake[],
  judge: (drafted: readonly Drafted[]) => readonly Brake[],
): string | null {
  if (all.every(isNoCanary)) return null;
  const own = judge(all).find(({ rule, holds }) => holds !== 'deletes' && !brakes.some((brake) => brake.rule === rule));
  return own?.rule ?? null;
}

/** Each difference as the operation it would be at a target that can do everything. */
function draftsOf(input: PlanInput, found: Diff, { pairs, gone, fresh }: Pairing): Drafted[] {
  const drafts: Drafted[] = [];
  for (const { payload, reason } of [...fresh, ...found.again]) {
    const operation: Operation = { ...baseOf('create', payload, reason), action: 'create', fingerprint: payload.fingerprint };
    drafts.push({ operation, payload, record: input.state.records[payload.document] ?? null });
  }
  for (const { payload, record, reason } of found.changed) {
    const operation: Operation = { ...baseOf('update', payload, reason), action: 'update', fingerprint: payload.fingerprint };
    drafts.push({ operation, payload, record });
  }
  for (const { payload, record, reason } of found.moved)
    drafts.push(moveOf(input, { document: payload.document, record }, payload, reason));
  for (const { payload, record, reason } of found.misnamed)
    drafts.push(moveOf(input, { document: payload.document, record }, payload, reason));
  for (const { from, to } of pairs) {
    const stayed = from.record.path === to.payload.path;
    const reason = stayed ? `id was ${from.document}` : `moved from ${from.record.path}`;
    drafts.push(moveOf(input, from, to.payload, reason));
  }
  const present = presentFiles(input);
  for (const known of gone) drafts.push(deleteOf(known, reasonOfGoing(known, present), false));
  for (const known of found.leaving) drafts.push(deleteOf(known, known.reason, known.retraction, known.byWord));
  return drafts.map((drafted) => returning(drafted, input));
}

/** What `retract` had taken out comes back for another reason than that it is new. */
function returning(drafted: Drafted, { retracted }: PlanInput): Drafted {
  const { operation } = drafted;
  const reason = operation.action === 'delete' ? undefined : retracted?.returning.get(operation.document);
  return reason === undefined ? drafted : { ...drafted, operation: { ...operation, reason } };
}

function baseOf(action: Operation['action'], { document, path }: Pick<PayloadHead, 'document' | 'path'>, reason: string) {
  return { id: `${action} ${document}`, document, path, reason, by: 'vendor', note: null } as const;
}

function moveOf(input: PlanInput, from: Known, payload: PayloadHead, reason: string): Drafted {
  const { record } = from;
  const refused = !input.only.failed && isRefused(record, payload);
  const sends = record.pushed !== payload.fingerprint && !refused;
  const operation: Operation = {
    ...baseOf('move', payload, reason),
    action: 'move',
    from: from.document,
    fromPath: record.path,
    fingerprint: sends ? payload.fingerprint : null,
    // A rename sends the text along, so bytes that were refused are not renamed either.
    rename: !refused && isMisnamed(input.target, record, payload),
    note: refused ? 'its text was refused for good before and is not sent again: change the document' : null,
  };
  return { operation, payload, record };
}

function deleteOf({ document, record }: Known, reason: string, retraction: boolean, byWord?: true): Drafted {
  const operation: Operation = {
    ...baseOf('delete', { document, path: record.path }, reason),
    action: 'delete',
    remoteId: null,
    retraction,
    ...(byWord === true && { byWord }),
  };
  return { operation, payload: null, record };
}

/** What the run is narrowed to: the rest is neither counted nor listed. */
function narrowing({ only, state }: PlanInput) {
  const roots = only.paths?.map((path) =>
    path
      .normalize('NFC')
      .replace(/^(\.\/)+/, '')
      .replace(/\/+$/, ''),
  );
  const path = (candidate: string) =>
    roots === undefined || roots.some((root) => root === '' || root === '.' || candidate === root || candidate.startsWith(`${root}/`));
  const held = new Set(state.held.flatMap((run) => run.documents));
  const failed = (candidate: Operation, record: DocumentRecord | null) =>
    (record !== null && (record.error !== null || record.items.length === 0 || record.training === 'failed')) ||
    (candidate.by === 'vendor' && !held.has(candidate.document) && isUndone(candidate.document, record, state));
  const { documents } = only;
  const document = (id: DocumentId) => documents === undefined || documents.has(id) || documents.has(parentOf(id));
  const operation = (candidate: Operation, record: DocumentRecord | null) => {
    if (!document(candidate.document)) return false;
    if (only.failed && !failed(candidate, record ?? state.records[candidate.document] ?? null)) return false;
    return path(candidate.path) || (candidate.action === 'move' && path(candidate.fromPath));
  };
  return { path, document, operation };
}

/** The last whole look wanted it done, and it was not: not sent because the target was stopped before its turn, or its outcome was lost. */
function isUndone(document: DocumentId, record: DocumentRecord | null, { lastSync }: PlanInput['state']): boolean {
  const wanted = lastSync?.behind[document];
  if (wanted === undefined || wanted === 'blocked') return false;
  return wanted === '' ? record !== null : record?.pushed !== wanted;
}

/** After the brakes were judged: a limit that came before them would let a mass go by in slices. What is held takes nobody's place. */
function cutToLimit(chosen: readonly Drafted[], held: ReadonlySet<OperationId>, { only }: PlanInput): readonly Drafted[] {
  if (only.limit === null) return chosen;
  const isHeld = ({ operation }: Drafted) => held.has(operation.id);
  const first = [...chosen.filter((drafted) => !isHeld(drafted)), ...chosen.filter(isHeld)].slice(0, Math.max(0, only.limit));
  const kept = new Set(first);
  return chosen.filter((drafted) => kept.has(drafted));
}

/** Retractions, moves, updates, creates, adopts, other deletes, leftover copies; by path inside each. */
function byOrder(left: Drafted, right: Drafted): number {
  const [a, b] = [left.operation, right.operation];
  return rank(a) - rank(b) || byText(a.path, b.path) || byText(a.id, b.id);
}

const ranks = { move: 1, update: 2, create: 3, adopt: 4 } as const;
/** The freshness check goes after whatever the folder needs, and takes the room of none of it. */
const rankOfCanary = 4.5;

function rank(operation: Operation): number {
  if (operation.action !== 'delete') return operation.document === canaryId ? rankOfCanary : ranks[operation.action];
  if (operation.retraction) return 0;
  return operation.remoteId === null ? 5 : 6;
}

function byPath(left: BlockedDocument, right: BlockedDocument): number {
  return byText(left.path, right.path) || byText(left.document, right.document);
}

function contactNotes({ contact }: PlanInput): string[] {
  const notes: string[] = [];
  if (contact.taken > 0)
    notes.push(
      `${counted(contact.taken, 'item')} with our mark ${contact.taken === 1 ? 'was' : 'were'} found at the vendor and taken back.`,
    );
  if (contact.first && contact.foreign > 0)
    notes.push(`${counted(contact.foreign, 'item')} there ${contact.foreign === 1 ? 'is' : 'are'} not ours and never touched.`);
  return notes;
}

function limitNotes(left: number, { only }: PlanInput): string[] {
  return left > 0 ? [`${counted(left, 'operation')} left for a later run (--limit ${figure(only.limit ?? 0)}).`] : [];
}
