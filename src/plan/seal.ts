// Sealed plans: a plan as a file, back again, and what differs from now. The file carries its own checksum, so an edited one is refused.
import { SyncError } from '../model/error.ts';
import { type Fingerprint, fingerprint, type Json, type Timestamp } from '../model/json.ts';
import type { Operation, OperationId, Plan } from '../model/operation.ts';
import type { DocumentRecord } from '../model/record.ts';
import { isPlan, isRecord } from './plan-file.ts';
import { byText, figure } from './words.ts';

/** What decides whether two plans do the same. */
export type SealParts = Pick<Plan, 'target' | 'stateSerial' | 'operations' | 'blocked'>;

/** Where and when a sealed plan was made. */
export interface SealMeta {
  readonly workspace: string;
  readonly createdAt: Timestamp;
  /** Commit of the content folder, or null where there is none. */
  readonly commit: string | null;
  /** Which bot each planned target was known to be; null: it had never been met. */
  readonly identities: { readonly [target: string]: string | null };
  /** What each delete takes out, by target and operation: the fingerprint that the document was pushed with. Left out by a kbsync before this. */
  readonly takes?: { readonly [target: string]: Takes };
}

export type Takes = { readonly [operation: OperationId]: Fingerprint | null };

/** A plan that nobody has applied for so long was forgotten, and so has whoever approved it. Milliseconds. */
const goodForMs = 30 * 86_400_000;

export interface SealedPlans {
  readonly kbsync: 'plan';
  readonly version: 1;
  readonly meta: SealMeta;
  readonly plans: readonly Plan[];
}

/** Fingerprint over target, serial, operations and blocked documents: two plans with one seal do the same. */
export function sealOf({ target, stateSerial, operations, blocked }: SealParts): Fingerprint {
  return fingerprintOf({ target, stateSerial, operations, blocked });
}

/** The text of a plan file, readable and ending in a line feed. */
export function writeSealed(plans: readonly Plan[], meta: SealMeta): string {
  const sealed: SealedPlans = { kbsync: 'plan', version: 1, meta, plans };
  return `${JSON.stringify({ ...sealed, checksum: fingerprintOf(sealed) }, null, 2)}\n`;
}

/** A plan file's content. Throws USAGE where it is none, is of another version, or was changed since it was written. */
export function readSealed(text: string): SealedPlans {
  const value = parsed(text);
  if (!isRecord(value) || value['kbsync'] !== 'plan')
    throw refused('it is not a plan of kbsync', 'name a file that kbsync plan --out wrote');
  const { version, meta, plans, checksum } = value;
  if (version !== 1) throw refused('it was written by another version of kbsync', 'make the plan again with this version');
  const sealed = { kbsync: 'plan', version, meta, plans };
  if (checksum !== fingerprint(sealed as unknown as Json))
    throw refused('it was changed after it was written', 'make the plan again: kbsync plan --out FILE');
  if (!isMeta(meta) || !Array.isArray(plans) || !plans.every(isPlan))
    throw refused('it is incomplete', 'make the plan again: kbsync plan --out FILE');
  if (!plans.every((plan) => plan.seal === sealOf(plan)))
    throw refused('a seal in it does not fit its plan', 'make the plan again: kbsync plan --out FILE');
  return { kbsync: 'plan', version, meta, plans };
}

function isMeta(value: unknown): value is SealMeta {
  if (!isRecord(value)) return false;
  const { workspace, createdAt, commit, identities } = value;
  const isTextOrNull = (item: unknown) => item === null || typeof item === 'string';
  const known = isRecord(identities) && Object.values(identities).every(isTextOrNull);
  const taken =
    value['takes'] === undefined ||
    (isRecord(value['takes']) &&
      Object.values(value['takes']).every((takes) => isRecord(takes) && Object.values(takes).every(isTextOrNull)));
  return taken && known && typeof workspace === 'string' && typeof createdAt === 'string' && isTextOrNull(commit);
}

/**
 * Refuses a plan that was not made for this place: operations are named by documents, so it would approve deletes of other bots.
 * `known`: the targets it is to be applied to, with the identity that their state has recorded.
 * @throws USAGE saying which workspace or target.
 */
export function refuseForeign(
  { meta }: SealedPlans,
  workspace: string,
  known: readonly { readonly target: string; readonly identity: string | null }[],
): void {
  const again = 'make the plan here: kbsync plan --out FILE';
  if (meta.workspace !== workspace) throw refused(`it was made in the workspace ${meta.workspace}, and this one is ${workspace}`, again);
  for (const { target, identity } of known) {
    const sealed = Object.hasOwn(meta.identities, target) ? meta.identities[target] : null;
    // Never met, then or now: there is nothing that could differ.
    if (sealed == null || identity === null || sealed === identity) continue;
    throw refused(`${target} was ${sealed} when it was made, and is ${identity} now`, again);
  }
}

/** @throws USAGE where it was made too long ago. */
export function refuseOld({ meta }: SealedPlans, nowMs: number): void {
  const days = Math.floor((nowMs - Date.parse(meta.createdAt)) / 86_400_000);
  if (!(nowMs - Date.parse(meta.createdAt) > goodForMs)) return;
  throw refused(`it was made ${days} days ago, and a plan is good for 30`, 'make the plan again: kbsync plan --out FILE');
}

/** What the deletes of a plan take out, as it is remembered just now. */
export function takesOf({ operations }: Plan, records: { readonly [document: string]: DocumentRecord }): Takes {
  const deletes = operations.filter((operation) => operation.action === 'delete' && operation.remoteId === null);
  return Object.fromEntries(deletes.map(({ id, document }) => [id, pushedOf(records, document)]));
}

export interface Approval {
  readonly approved: ReadonlySet<OperationId>;
  /** Documents whose delete was approved when something else was there: the bot has been given another text since. */
  readonly changed: readonly string[];
}

/** The deletes of a target that a sealed plan approves still: those of what has not been touched since. */
export function approvalOf(
  { meta, plans }: SealedPlans,
  target: string,
  records: { readonly [document: string]: DocumentRecord },
): Approval {
  const plan = plans.find((candidate) => candidate.target === target);
  const takes = meta.takes !== undefined && Object.hasOwn(meta.takes, target) ? meta.takes[target] : undefined;
  const deletes = plan?.operations.filter(({ action }) => action === 'delete') ?? [];
  const isTouched = ({ id, document }: Operation): boolean => {
    const taken = takes !== undefined && Object.hasOwn(takes, id) ? takes[id] : undefined;
    return taken !== undefined && records[document] !== undefined && pushedOf(records, document) !== taken;
  };
  return {
    approved: new Set(deletes.filter((operation) => !isTouched(operation)).map(({ id }) => id)),
    changed: deletes.filter(isTouched).map(({ document }) => document),
  };
}

function pushedOf(records: { readonly [document: string]: DocumentRecord }, document: string): Fingerprint | null {
  return Object.hasOwn(records, document) ? (records[document]?.pushed ?? null) : null;
}

/** What has changed since the plan was sealed, one sentence each; empty where both do the same. */
export function differences(sealed: Plan, now: Plan): readonly string[] {
  if (sealed.target === now.target && sealed.seal === now.seal) return [];
  const found: string[] = [];
  if (sealed.target !== now.target) found.push(`the plan is for ${sealed.target}, not for ${now.target}`);
  if (sealed.stateSerial !== now.stateSerial) {
    found.push(`what ${now.target} holds has changed since (state ${figure(sealed.stateSerial)}, now ${figure(now.stateSerial)})`);
  }
  found.push(...compared(sealed.operations, now.operations, (operation) => operation.id, describeOperation));
  found.push(
    ...compared(
      sealed.blocked,
      now.blocked,
      (entry) => `blocked ${entry.document}`,
      (entry) => `${entry.path} blocked (${entry.reason})`,
    ),
  );
  // Same lines in another order cannot come from buildPlan, but a seal that differs is never silent.
  return found.length > 0 ? found : ['the order of operations differs'];
}

function compared<Item>(
  before: readonly Item[],
  after: readonly Item[],
  keyOf: (item: Item) => string,
  describe: (item: Item) => string,
): string[] {
  const old = new Map(before.map((item) => [keyOf(item), item]));
  const now = new Map(after.map((item) => [keyOf(item), item]));
  const lines: string[] = [];
  for (const key of [...new Set([...old.keys(), ...now.keys()])].sort(byText)) {
    const [was, is] = [old.get(key), now.get(key)];
    if (was === undefined && is !== undefined) lines.push(`not in the sealed plan: ${describe(is)}`);
    else if (was !== undefined && is === undefined) lines.push(`no longer so: ${describe(was)}`);
    else if (was !== undefined && is !== undefined && fingerprintOf(was) !== fingerprintOf(is))
      lines.push(`differs from the sealed plan: ${describe(is)}`);
  }
  return lines;
}

function describeOperation({ action, path, document, reason }: Operation): string {
  return `${action} ${path === document ? path : `${path} (${document})`}: ${reason}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyncError('USAGE', {
      message: 'the plan file cannot be used: it is not JSON',
      next: 'name a file that kbsync plan --out wrote',
      cause,
    });
  }
}

function refused(why: string, next: string): SyncError {
  return new SyncError('USAGE', { message: `the plan file cannot be used: ${why}`, next });
}

/** Plans hold nothing but JSON values; interfaces only lack the index signature that says so. */
function fingerprintOf(value: unknown): Fingerprint {
  return fingerprint(value as Json);
}
