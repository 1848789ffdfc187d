// Reasons to hold: each with the numbers in its sentence and the way past it. Of several that would hold the same documents, the most telling.
import { canaryId, withoutCanary } from '../model/canary.ts';
import type { DocumentId } from '../model/document.ts';
import { mostVanished } from '../model/drift.ts';
import type { Brake, BrakeRule, Operation, OperationId, Plan } from '../model/operation.ts';
import type { Diff } from './diff.ts';
import type { Known, PlanInput } from './input.ts';
import { byText, counted, figure } from './words.ts';

/** What brakes are judged by: the operations as they would be carried out, and the whole picture behind them. */
export interface BrakeFacts {
  readonly input: PlanInput;
  readonly diff: Diff;
  /** Fit and narrowed to paths, but not yet cut to the limit: nothing slips past a brake in slices. */
  readonly operations: readonly Operation[];
  /** Gone and new after moves were paired, whatever the run is narrowed to. */
  readonly gone: readonly Known[];
  readonly fresh: number;
  /** Leftover deletes that take a whole document away. */
  readonly orphans: ReadonlySet<OperationId>;
}

type DeleteOperation = Extract<Operation, { action: 'delete' }>;

/** Facts with what several rules need. */
interface Scene extends BrakeFacts {
  readonly name: string;
  /** Documents that the target is known to hold. */
  readonly known: number;
  readonly deletes: readonly DeleteOperation[];
}

const deleteRules: readonly BrakeRule[] = ['too-many-deletes', 'other-folder', 'empty-content'];

/** The brakes that hold this plan, those a person has passed left out. */
export function judgeBrakes(facts: BrakeFacts): readonly Brake[] {
  const scene = sceneOf(facts);
  const bot = otherBot(scene);
  // Nothing else counts when it is not even the same bot.
  if (bot !== null) return [bot];
  const empty = emptyContent(scene);
  const folder = empty === null ? otherFolder(scene) : null;
  const wholeFolder = folder?.holds === 'all' ? folder : null;
  const deletes = empty !== null || wholeFolder !== null ? null : (tooManyDeletes(scene) ?? folder);
  const contact = existingContent(scene) ?? firstContact(scene);
  const found = [
    contact,
    clockBack(scene),
    incompleteScan(scene),
    empty,
    wholeFolder,
    deletes,
    vanished(scene),
    tooManyUpdates(scene),
    stagedAfter(scene),
  ];
  return passedTogether(
    found.filter((brake) => brake !== null),
    scene.name,
  );
}

/** Of several that each hold the whole target, a command that passes only one would leave it held by the next: each names what passes them all. */
function passedTogether(brakes: readonly Brake[], name: string): readonly Brake[] {
  const start = `sync --target ${name} `;
  const isWhole = ({ holds, passWith }: Brake) => holds !== 'deletes' && passWith !== null;
  const flags = brakes.filter(isWhole).map(({ passWith }) => passWith?.slice(start.length) ?? '');
  const together = `${start}${[...new Set(flags)].join(' ')}`;
  return brakes.map((brake) => (isWhole(brake) ? { ...brake, passWith: together } : brake));
}

/** What a person's word about one document does not pass: nobody knows then which bot it is said to, or what that bot holds. */
const strangerRules: readonly BrakeRule[] = ['other-bot', 'existing-content', 'first-contact'];

/** Whether it goes whatever was found wrong with the folder: `retract` names exactly this document. */
function goesByWord(operation: Operation): boolean {
  return operation.action === 'delete' && operation.byWord === true;
}

/** The operations that the plan's brakes hold. Deletes of a brake that holds 'deletes' are those of its documents, copies included. */
export function heldOperations(plan: Pick<Plan, 'brakes' | 'operations'>): ReadonlySet<OperationId> {
  const all = plan.brakes.some((brake) => brake.holds === 'all');
  const strange = plan.brakes.some((brake) => strangerRules.includes(brake.rule));
  const pushes = plan.brakes.some((brake) => brake.holds === 'pushes');
  const documents = new Set(plan.brakes.flatMap((brake) => (brake.holds === 'deletes' ? brake.documents : [])));
  const isHeld = (operation: Operation) => {
    if (goesByWord(operation)) return strange;
    return all || (pushes && !isRetraction(operation)) || (operation.action === 'delete' && documents.has(operation.document));
  };
  return new Set(plan.operations.filter(isHeld).map((operation) => operation.id));
}

function isRetraction(operation: Operation): boolean {
  return operation.action === 'delete' && operation.retraction;
}

function sceneOf(facts: BrakeFacts): Scene {
  const { input, operations, orphans } = facts;
  const records = Object.values(withoutCanary(input.state).records).filter((record) => record.items.length > 0).length;
  // What waits for a person already was let through once: it must not hold every later run.
  const waiting = new Set(input.state.todos.map((todo) => todo.operation.id));
  const deletes = operations.filter(
    (operation): operation is DeleteOperation =>
      operation.action === 'delete' &&
      !goesByWord(operation) &&
      (operation.remoteId === null || orphans.has(operation.id)) &&
      !waiting.has(operation.id),
  );
  return { ...facts, name: input.target.name, known: records + orphans.size, deletes };
}

function brakeOf(rule: BrakeRule, holds: Brake['holds'], documents: Iterable<DocumentId>, message: string, passWith: string | null): Brake {
  return { id: '', rule, holds, documents: [...new Set(documents)].sort(byText), message, passWith };
}

const documentsOf = (operations: readonly { readonly document: DocumentId }[]) => operations.map((operation) => operation.document);

/** Whether a person approved a held run of one of these rules that covers these documents. */
function isApproved(scene: Scene, rules: readonly BrakeRule[], documents: readonly DocumentId[]): boolean {
  return scene.input.passes.approved.some((run) => {
    if (run.approvedAt === null || !rules.some((rule) => rule === run.rule)) return false;
    const covered = new Set(run.documents);
    return documents.every((document) => covered.has(document));
  });
}

/** Deletes that no pass given for deletes covers: none, all, or those that a sealed plan does not list. */
function unapprovedDeletes(scene: Scene): readonly DeleteOperation[] {
  const { allowDeletes, sealed } = scene.input.passes;
  if (allowDeletes !== null && scene.deletes.length <= allowDeletes) return [];
  const left = sealed === null ? scene.deletes : scene.deletes.filter((operation) => !sealed.has(operation.id));
  return isApproved(scene, deleteRules, documentsOf(left)) ? [] : left;
}

const passDeletes = (scene: Scene) => `sync --target ${scene.name} --allow-deletes ${scene.deletes.length}`;

function otherBot({ input, name, operations }: Scene): Brake | null {
  const { identity } = input.state;
  const found = input.contact.identityFound;
  if (identity === null || found === null || identity === found) return null;
  return brakeOf('other-bot', 'all', documentsOf(operations), otherBotMessage(name, identity, found), null);
}

/** What is said of a target whose credentials lead to another bot than the state knows. */
export function otherBotMessage(name: string, identity: string, found: string): string {
  return (
    `${name} was always ${identity}, but these credentials lead to ${found}: nothing is done there. ` +
    'Put the old credentials or bot id back, or use a new target name for the other bot.'
  );
}

/** By such a clock what was published is not yet, what expired is not yet, and every stamp would be wrong. */
function clockBack(scene: Scene): Brake | null {
  const { input, name, operations } = scene;
  const now = input.clockBehind ?? null;
  const last = input.state.lastSync?.at ?? null;
  const touched = documentsOf(operations);
  if (now === null || last === null || operations.length === 0 || isApproved(scene, ['clock-back'], touched)) return null;
  const message =
    `This machine's clock is at ${now}, before the last sync of ${name} (${last}): what publishAt and expiresAt say cannot be gone by, and the target is ` +
    'held. Set the clock; or, if it was wrong then and is right now, approve this run (kbsync todo).';
  return brakeOf('clock-back', 'all', touched, message, null);
}

/** So much of the bot is gone that either somebody cleared it, or the vendor's list is short: creating it anew could double it. */
function vanished(scene: Scene): Brake | null {
  const { input, name, known, operations } = scene;
  const gone = input.vanished ?? null;
  const touched = gone === null ? [] : operations.filter(({ action, document }) => action !== 'delete' && gone.documents.has(document));
  if (gone === null || touched.length === 0) return null;
  const { size } = gone.documents;
  const whole = [...gone.documents].filter((document) => (input.state.records[document]?.items.length ?? 0) === 0).length;
  const limit = input.passes.allowUpdates ?? mostVanished(known + whole, gone.proven);
  if (size <= limit || isApproved(scene, ['vanished'], documentsOf(touched))) return null;
  const proof = gone.proven ? '' : ', and nothing but its list says so';
  const message =
    `${figure(size)} of the ${counted(known + whole, 'document')} that ${name} held ${size === 1 ? 'is' : 'are'} no longer there${proof}: creating ` +
    `${size === 1 ? 'it' : 'them'} anew could double the bot. Look in its dashboard first; the target is held.`;
  return brakeOf('vanished', 'all', documentsOf(touched), message, `sync --target ${name} --allow-updates ${size}`);
}

function existingContent(scene: Scene): Brake | null {
  const { input, name, known, operations } = scene;
  const { contact, passes } = input;
  if (!contact.first || !contact.listed || passes.initial || operations.length === 0) return null;
  const orphans = contact.orphans ?? 0;
  const creates = operations.filter((operation) => operation.action === 'create');
  if (orphans > 0 && creates.length > 0)
    return isApproved(scene, ['existing-content'], documentsOf(creates)) ? null : unknownCopies(name, orphans, creates);
  if (contact.foreign === 0 || isApproved(scene, ['existing-content'], documentsOf(operations))) return null;
  const alike = contact.lookalikes ?? 0;
  // Beside what is ours foreign items are nothing new, unless they look like what is about to be created: adopted, and the state is lost.
  if (known > 0 && (alike === 0 || creates.length === 0)) return null;
  const like = known === 0 ? '' : ` (${counted(alike, 'document')} that would be created ${alike === 1 ? 'is' : 'are'} named like them)`;
  const message = `${name} holds ${counted(contact.foreign, 'document')} kbsync did not make${like}: ${waysOn(input, contact.foreign)}.`;
  return brakeOf('existing-content', 'all', documentsOf(operations), message, `sync --target ${name} --initial`);
}

/** The three ways on, but saving where the vendor shows no texts. */
function waysOn({ target }: PlanInput, count: number): string {
  const them = count === 1 ? 'it' : 'them';
  const ways = [
    `\`kbsync adopt ${target.name}\` to match ${them}`,
    ...(target.capabilities.has('read') ? [`\`kbsync adopt ${target.name} --export DIR\` to save ${them}`] : []),
    `\`kbsync sync --initial --target ${target.name}\` to add beside ${them}`,
  ];
  return ways.join(', ');
}

/** The state is lost, and copies of ours match no document as it is now: they may be older versions of what is about to be created. */
function unknownCopies(name: string, orphans: number, creates: readonly Operation[]): Brake {
  const message =
    `${name} holds ${counted(orphans, 'copy', 'copies')} that kbsync made but that match no document as it is now, and the state that knew them is lost: ` +
    `creating ${counted(creates.length, 'document')} could double them. \`kbsync adopt ${name}\` matches what it can; ` +
    `\`kbsync sync --initial --target ${name}\` goes on beside them: ` +
    "they then stay until somebody removes them in the vendor's dashboard, and kbsync todo lists them.";
  return brakeOf('existing-content', 'all', documentsOf(creates), message, `sync --target ${name} --initial`);
}

function firstContact(scene: Scene): Brake | null {
  const { input, name, known, operations } = scene;
  const { contact, passes } = input;
  if (!contact.first || contact.listed || contact.sandbox || contact.offline || passes.initial || known > 0 || operations.length === 0)
    return null;
  if (isApproved(scene, ['first-contact'], documentsOf(operations))) return null;
  const message =
    `${name} is met for the first time and ${input.target.label} cannot list what it holds: if it was fed before (a lost state), ` +
    `pushing ${counted(operations.length, 'operation')} would double it. \`sync --initial\` says that it is new, or empty.`;
  return brakeOf('first-contact', 'all', documentsOf(operations), message, `sync --target ${name} --initial`);
}

function incompleteScan({ input, name, diff }: Scene): Brake | null {
  const { complete, rootMissing, incompleteWhy } = input.folder;
  if (complete || rootMissing) return null;
  const why = incompleteWhy === null ? '' : ` (${incompleteWhy.replace(/\.$/, '')})`;
  const count = diff.unsure.length;
  const missing =
    count === 0
      ? ''
      : `; ${counted(count, 'document')} of ${name} ${count === 1 ? 'was' : 'were'} not found or would go, and ${count === 1 ? 'stays' : 'stay'}`;
  const message = `The content folder could not be read completely${why}: no document is deleted until it can${missing}.`;
  return brakeOf('incomplete-scan', 'deletes', documentsOf(diff.unsure), message, null);
}

function emptyContent(scene: Scene): Brake | null {
  const { input, name, known, diff, deletes } = scene;
  if (known === 0) return null;
  if (input.folder.rootMissing) {
    const message = `The content folder is missing, though ${name} holds ${counted(known, 'document')}: nothing is deleted. Restore the folder, or correct content.root, and run again.`;
    return brakeOf('empty-content', 'deletes', documentsOf(diff.unsure), message, null);
  }
  // A retraction rests on a person's word, not on an empty folder.
  const left = unapprovedDeletes(scene).filter((operation) => !operation.retraction);
  if (input.folder.documents > 0 || left.length === 0) return null;
  const message = `The content folder holds no document any more, though ${name} holds ${counted(known, 'document')}: ${counted(deletes.length, 'delete')} held.`;
  return brakeOf('empty-content', 'deletes', documentsOf(left), message, passDeletes(scene));
}

/** A root that lacks most of what is known is another folder, wherever it lies. */
function otherFolder(scene: Scene): Brake | null {
  const { input, name, gone, deletes, operations } = scene;
  const known = Object.values(input.state.records).filter((record) => record.items.length > 0);
  // Scope is asked for each record only where it can matter.
  if (known.length < 5 || gone.length === 0) return null;
  const inScope = known.filter((record) => input.folder.inScope(record.path)).length;
  if (inScope < 5 || gone.length * 2 <= inScope) return null;
  const strange = scene.fresh * 2 > input.wanted.filter(({ document }) => document !== canaryId).length;
  const held = strange ? operations.filter((operation) => !goesByWord(operation)) : deletes;
  if (held.length === 0) return null;
  const { allowDeletes, sealed } = input.passes;
  const sealedAll = sealed !== null && deletes.length > 0 && deletes.every((operation) => sealed.has(operation.id));
  if (sealedAll || (allowDeletes !== null && deletes.length <= allowDeletes)) return null;
  if (isApproved(scene, strange ? ['other-folder'] : deleteRules, documentsOf(held))) return null;
  const message =
    `${figure(gone.length)} of the ${counted(inScope, 'document')} that ${name} holds are not in this folder` +
    (strange
      ? `, and ${figure(scene.fresh)} of the ${figure(input.wanted.length)} in it are new: it looks like another folder.`
      : ': it looks like another folder.');
  return brakeOf('other-folder', strange ? 'all' : 'deletes', documentsOf(held), message, passDeletes(scene));
}

function tooManyDeletes(scene: Scene): Brake | null {
  const { input, name, known, deletes } = scene;
  if (known === 0 || deletes.length === 0) return null;
  const { sealed, allowDeletes } = input.passes;
  const left = unapprovedDeletes(scene);
  if (left.length === 0) return null;
  if (sealed !== null) {
    const message = `${counted(left.length, 'delete')} of ${name} ${left.length === 1 ? 'is' : 'are'} not in the sealed plan: held. Make and approve a new plan, or allow them.`;
    return brakeOf('too-many-deletes', 'deletes', documentsOf(left), message, passDeletes(scene));
  }
  const { share, count, floor } = input.safety.maxDelete;
  const limit = allowDeletes ?? Math.max(floor, Math.min(share * known, count));
  if (deletes.length <= limit) return null;
  const allowed = allowDeletes === null ? 'safety.maxDelete allows' : '--allow-deletes allows';
  const message = `${name} would lose ${figure(deletes.length)} of ${counted(known, 'document')}; ${allowed} ${figure(limit)}: the deletes are held.`;
  return brakeOf('too-many-deletes', 'deletes', documentsOf(heldDeletes(scene, limit)), message, passDeletes(scene));
}

/** A few retractions are not held up by the mass that would go with them, unless a person set the number himself. */
function heldDeletes({ input, deletes }: Scene, limit: number): readonly DeleteOperation[] {
  const retractions = deletes.filter((operation) => operation.retraction).length;
  if (input.passes.allowDeletes !== null || retractions > limit) return deletes;
  return deletes.filter((operation) => !operation.retraction);
}

function tooManyUpdates(scene: Scene): Brake | null {
  const { input, name, known, operations } = scene;
  if (known === 0) return null;
  const waiting = new Set(input.state.todos.map((todo) => todo.operation.id));
  // Taken back from a lost state without its text being known: sent again to be sure, though nobody changed anything. What was adopted is
  // another matter: what a person wrote is about to be overwritten.
  const takenBack = (document: DocumentId): boolean => {
    const record = input.state.records[document];
    return record?.origin === 'created' && record.pushed === null && record.items.every((item) => item.effect === null);
  };
  const updates = operations.filter(
    (operation) =>
      (operation.action === 'update' || (operation.action === 'move' && operation.fingerprint !== null)) &&
      !waiting.has(operation.id) &&
      !takenBack(operation.document),
  );
  const { share, floor } = input.safety.maxUpdate;
  const limit = input.passes.allowUpdates ?? Math.max(floor, share * known);
  if (updates.length <= limit || isApproved(scene, ['too-many-updates'], documentsOf(updates))) return null;
  const allowed = input.passes.allowUpdates === null ? 'safety.maxUpdate allows' : '--allow-updates allows';
  const message = `${figure(updates.length)} of the ${counted(known, 'document')} of ${name} would change; ${allowed} ${figure(limit)}: the target is held.`;
  return brakeOf('too-many-updates', 'pushes', documentsOf(updates), message, `sync --target ${name} --allow-updates ${updates.length}`);
}

/** What must not be known any more does not wait for a rehearsal; all else does. */
function stagedAfter({ input, name, operations }: Scene): Brake | null {
  const waiting = operations.filter((operation) => !isRetraction(operation));
  if (input.after === undefined || input.after === null || waiting.length === 0) return null;
  const { target, why, next } = input.after;
  const message =
    `${name} comes after ${target}, which has not gone well at this folder: ${why}. ${counted(waiting.length, 'operation')} held; ` +
    `${next}. To push all the same, take after: ${target} out of the configuration.`;
  return brakeOf('after', 'pushes', documentsOf(waiting), message, null);
}
