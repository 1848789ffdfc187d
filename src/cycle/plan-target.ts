// Everything from "who is this bot" to its plan. Reads the vendor, writes nothing to it; what it learns goes into the memory it is given.
import { type Call, capabilitiesOf } from '../connectors/connector.ts';
import { likeness } from '../content/render.ts';
import { canaryId, withoutCanary } from '../model/canary.ts';
import type { DocumentId } from '../model/document.ts';
import { driftWindowMs } from '../model/drift.ts';
import type { EntryBody, JournalEntry } from '../model/effect.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import { fold } from '../model/fold.ts';
import type { Plan } from '../model/operation.ts';
import type { TargetState } from '../model/record.ts';
import { buildPlan, type PlanInput } from '../plan/build.ts';
import { type Contact, type ContactContext, makeContact, orphansOf, reclaim, searchContainers } from '../push/reconcile.ts';
import { settle } from '../push/settle.ts';
import { isLearning } from '../training/follow.ts';
import { confirmTraining } from '../training/request.ts';
import type { CycleContext, PlanOptions } from './context.ts';
import { type Folder, guardOf, renderOptionsOf, type Wanted, wantedBy } from './folder.ts';
import { type KeptOut, keptOut, retractedFor, withoutKept } from './kept-out.ts';
import {
  cannotTellNote,
  doubtMs,
  lookBeforeMaking,
  makesAnew,
  marksOf,
  replacedToo,
  takenBackNote,
  unaccountedNotes,
} from './other-copies.ts';
import { restingAt } from './resting.ts';
import { type Found, retractedUnderOtherId } from './retracted.ts';
import { askVendor, firstLook, lookAtVendor, type Seen, seenAtVendor } from './seen.ts';
import { takeStrays } from './strays.ts';

export interface Planned {
  readonly plan: Plan;
  readonly wanted: Wanted;
  /** Who the bot says it is; null when it was not asked. */
  readonly identity: string | null;
  /** What first contact or a listing found. Journaled once something is done at the bot, so that a held run changes nothing. */
  readonly contact: readonly EntryBody[];
  /** Retracted documents that come back changed: id → the retraction that ends once they are there. */
  readonly returning: ReadonlyMap<DocumentId, DocumentId>;
}

/** The call context without its container, as push and training take it. */
export function callsOf(context: CycleContext): Omit<Call, 'container'> {
  const { kill, config, guard } = context;
  return { signal: kill, workspace: config.name, ...(guard !== undefined && { guard }) };
}

/** Asks who the bot is, settles what is unconfirmed, renders what it shall have, makes first contact where there is no state, and plans. */
export async function planTarget(context: CycleContext, folder: Folder, options: PlanOptions): Promise<Planned> {
  const { target, connection, memory, nowMs } = context;
  // A folder that was never there is a mistake in the configuration; one that has vanished is a brake's business.
  if (folder.scan.rootMissing && Object.keys(withoutCanary(memory.state).records).length === 0) {
    throw new SyncError('CONTENT_MISSING', { message: `content.root ${context.config.content.root} is not there, or not a folder` });
  }
  // Said first: the vendor may take minutes to say who the bot is.
  context.emit({ kind: 'phase', phase: 'planning', done: 0, total: 0 });
  const identity = options.offline ? null : await whoIsIt(context);
  if (identity !== null && memory.state.identity === null) await refuseKnown(context, identity);
  await takeOverRetractions(context);
  const other = identity !== null && memory.state.identity !== null && memory.state.identity !== identity;
  if (!options.offline && !other) await settleAll(context);
  context.emit({ kind: 'phase', phase: 'planning', done: 0, total: 0 });
  const all = await wantedBy(
    target,
    folder,
    renderOptionsOf(target, connection.target.traits),
    options.atMs ?? nowMs(),
    guardOf(context.knownSecrets),
  );
  // What a person keeps out is known again like any other, and only then left out.
  const contact = options.offline || other ? null : await contactWith(context, all);
  const at = new Date(nowMs()).toISOString();
  const call = { ...callsOf(context), container: containerOf(context) };
  const asked = !options.offline && !other;
  const seen = asked ? await seenAtVendor(context, call, options.found ?? null) : null;
  const draft = await drafted(context, folder, options, { all, identity, contact, seen, at });
  const told = await forgottenNotes(context, contact);
  const finish = (made: Draft, look: Seen | null) => finished(made, look, context, told);
  if (contact?.listed === true && context.ownLook !== undefined) context.ownLook.atMs = nowMs();
  // What was found a moment ago, by first contact or by `drift --repair`, needs no other look.
  if (!asked || contact !== null || options.found !== undefined) return finish(draft, seen);
  const looked = await seenBeforeMaking(context, call, draft, seen);
  if (looked === seen) return finish(draft, seen);
  return finish(await drafted(context, folder, options, { all, identity, contact, seen: looked, at }), looked);
}

/**
 * Nothing is made anew by what only the state says of the bot: it may be a copy, and the other one may have made it. The run looks itself, and where
 * the vendor cannot say yet whether what it shows is there to stay, it waits the minute until it can. A plan waits for nothing.
 */
async function seenBeforeMaking(context: CycleContext, call: Call, draft: Draft, seen: Seen | null): Promise<Seen | null> {
  const made = makesAnew(draft.plan, context.connection.target);
  if (made.length === 0) return seen;
  const marks = marksOf(made, draft.wanted.heads, context);
  const how = lookBeforeMaking(context, call);
  const looked = how === 'list' ? await lookAtVendor(context, call) : how === 'find' ? await askVendor(context, call, marks) : seen;
  const waitMs = doubtMs(made, marks, looked, context);
  if (waitMs === 0 || context.readOnly === true) return looked;
  const seconds = Math.ceil(waitMs / 1_000);
  context.emit({ kind: 'note', message: `waiting ${seconds} s: what was written there lately may not be listed yet` });
  await context.sleep(waitMs, context.stop);
  return context.stop.aborted ? looked : lookAtVendor(context, call);
}

interface Facts {
  readonly all: Wanted;
  readonly identity: string | null;
  readonly contact: Contact | null;
  readonly seen: Seen | null;
  readonly at: string;
}

interface Draft extends Planned {
  /** The state that it was planned on. */
  readonly state: TargetState;
  /** Documents that were there though the state did not know. */
  readonly takenBack: number;
}

/** The plan that follows from what is known of the bot. */
async function drafted(context: CycleContext, folder: Folder, options: PlanOptions, facts: Facts): Promise<Draft> {
  const { memory } = context;
  const { all, identity, contact, seen, at } = facts;
  const met = contact?.listed === true ? [...contact.entries, firstLook(at, contact.foreign, context.host)] : (contact?.entries ?? []);
  const learnt = [...met, ...(seen?.entries ?? [])];
  const before = stateWith(memory.state, learnt, at);
  const back =
    seen === null ? [] : await reclaim([...orphansOf(before.leftovers), ...seen.twins], before.records, contactContext(context, all));
  const found = [...learnt, ...back];
  const state = stateWith(memory.state, found, at);
  const kept = keptOut(state, folder);
  const wanted = withoutKept(all, kept);
  const plan = buildPlan(planInput(context, folder, wanted, options, { identity, contact, seen: stillVanished(seen, state), state, kept }));
  const returning = new Map([...kept.returning].map(([document, { held }]) => [document, held]));
  const twins = new Set(seen?.twins.map(({ remoteId }) => remoteId));
  const takenBack = Object.values(state.records).filter(({ items }) => items.some(({ remoteId }) => twins.has(remoteId ?? ''))).length;
  return { plan, wanted, identity, contact: found, returning, state, takenBack };
}

/** What was taken back is not missing. */
function stillVanished(seen: Seen | null, { records }: TargetState): Seen | null {
  if (seen?.vanished == null) return seen;
  const documents = new Set([...seen.vanished.documents].filter((document) => (records[document]?.items.length ?? 0) === 0));
  return { ...seen, vanished: documents.size === 0 ? null : { ...seen.vanished, documents } };
}

function finished({ state, takenBack, ...planned }: Draft, seen: Seen | null, context: CycleContext, first: readonly string[]): Planned {
  const made = makesAnew(planned.plan, context.connection.target);
  const replaced = replacedToo(made, seen?.twins ?? [], state, context);
  const told = [takenBackNote(takenBack), ...unaccountedNotes(made, seen?.twins ?? [], state, context), cannotTellNote(made, context)];
  const notes = [...first, ...(seen?.notes ?? []), ...told.filter((note) => note !== null), ...lintNotes(planned.wanted)];
  return { ...planned, plan: { ...planned.plan, notes: [...planned.plan.notes, ...notes] }, contact: [...planned.contact, ...replaced] };
}

/** A bot that holds what is ours was synced before; what was kept out of it since is lost with the state, and nothing else would say so. */
async function forgottenNotes({ memory, forgotRetractions }: CycleContext, contact: Contact | null): Promise<readonly string[]> {
  if (contact === null || contact.taken === 0 || memory.state.identity !== null) return [];
  if ((await forgotRetractions?.()) !== true) return [];
  return [
    'The state of before is not here, and with it what kbsync retract kept out, if anything: such a page comes back with this sync. Retract it again, or bring state/retracted.jsonl back first.',
  ];
}

/** The state with what is not journaled yet. */
function stateWith(state: TargetState, found: readonly EntryBody[], at: string): TargetState {
  if (found.length === 0) return state;
  return fold(
    state,
    found.map((entry) => ({ ...entry, at }) as JournalEntry),
  ).state;
}

/** Of what lint warns of in what this bot is given this many are told; what it calls an error is blocked, and told there. */
const mostWarnings = 10;

function lintNotes({ told = [] }: Wanted): string[] {
  const warnings = told.filter(({ severity }) => severity === 'warning');
  const notes = warnings.slice(0, mostWarnings).map(({ path, line, message }) => `${path}${line === null ? '' : `:${line}`} ${message}`);
  const more = warnings.length - notes.length;
  return more === 0 ? notes : [...notes, `${more} more such warnings: kbsync lint tells them all`];
}

/** A retraction is one of the workspace: a bot that is met for the first time, or whose state is lost, is held to it like the others. */
export async function takeOverRetractions({ memory, missedRetractions }: CycleContext): Promise<void> {
  const missed = (await missedRetractions?.()) ?? [];
  if (missed.length > 0) await memory.append(missed);
}

/** A bot that is remembered under another name is no new one: it would be given everything a second time. CONFIG_INVALID. */
async function refuseKnown({ target, knownAs }: CycleContext, identity: string): Promise<void> {
  const known = (await knownAs?.(identity)) ?? null;
  if (known === null) return;
  const { target: name, configured } = known;
  throw new SyncError('CONFIG_INVALID', {
    message: configured
      ? `${target.name} and ${name} are the same bot (${identity})`
      : `${target.name}: this bot is already known as ${name}`,
    next: configured ? 'take one of the two targets out of the configuration' : `kbsync state rename ${name} ${target.name}`,
    facts: { stops: 'target' },
  });
}

/** Who the bot says it is. Another bot does not have our container: that must not hide that it is another one. */
export async function whoIsIt(context: CycleContext): Promise<string> {
  const { connection, memory } = context;
  const container = containerOf(context);
  try {
    return (await connection.target.check({ ...callsOf(context), container })).identity;
  } catch (thrown) {
    if (container === null || asSyncError(thrown).code !== 'BOT_NOT_FOUND') throw thrown;
    const { identity } = await connection.target.check({ ...callsOf(context), container: null });
    if (memory.state.identity === null || identity === memory.state.identity) throw thrown;
    return identity;
  }
}

/**
 * Where nothing is planned, nothing else would notice that the credentials lead to another bot, which would then be trained, or asked about our
 * documents. Asked only where there is something to settle, to ask for or to follow. HELD.
 */
export async function refuseOtherBot(context: CycleContext): Promise<void> {
  const { connection, memory, target } = context;
  const known = memory.state.identity;
  if (known === null || (memory.open.length === 0 && !isLearning(memory.state, connection.target))) return;
  const found = await whoIsIt(context);
  if (found === known) return;
  throw new SyncError('HELD', {
    message: `${target.name} was always ${known}, but these credentials lead to ${found}: it is neither trained nor asked`,
    next: 'put the old credentials or bot id back, or use a new target name for the other bot',
  });
}

/** Finds out what became of everything begun and not ended. */
export async function settleAll(context: CycleContext): Promise<void> {
  const { target, connection, memory, nowMs } = context;
  await takeStrays(context, { ...callsOf(context), container: containerOf(context) });
  if (memory.open.length === 0) return;
  context.emit({ kind: 'phase', phase: 'settling', done: 0, total: memory.open.length });
  const { sleep, nextNumber, texts } = context;
  const base = { target: connection.target, memory, call: callsOf(context), sleep, nextNumber, texts };
  await settle({
    ...base,
    now: () => new Date(nowMs()).toISOString(),
    onUnconfirmed: target.onUnconfirmed,
    readOnly: context.readOnly === true,
  });
  await confirmTraining({ ...base, nowMs });
}

/** The container that calls go to: the configured one wins over the one made and remembered. */
export function containerOf(context: CycleContext): string | null {
  return context.connection.target.container?.configured ?? context.memory.state.container;
}

/** First contact: null where the state knows the bot already. */
export async function contactWith(context: CycleContext, wanted: Wanted): Promise<Contact | null> {
  if (context.memory.state.identity !== null) return null;
  const contact = contactContext(context, wanted);
  return context.connection.target.container !== undefined && contact.call.container === null
    ? searchContainers(contact)
    : makeContact(contact);
}

function contactContext(context: CycleContext, wanted: Wanted): ContactContext {
  const { connection, nowMs } = context;
  return {
    target: connection.target,
    workspace: context.config.name,
    call: { ...callsOf(context), container: containerOf(context) },
    heads: wanted.heads,
    payload: wanted.payload,
    now: () => new Date(nowMs()).toISOString(),
    concurrency: connection.concurrency,
    elsewhere: context.elsewhere,
  };
}

function planInput(
  context: CycleContext,
  folder: Folder,
  wanted: Wanted,
  options: PlanOptions,
  found: { identity: string | null; contact: Contact | null; seen: Seen | null; state: TargetState; kept: KeptOut },
): PlanInput {
  const { config, target, connection, memory, nowMs } = context;
  const { scan } = folder;
  const { state, kept } = found;
  const retracted = retractedFor(state, kept);
  const configured = connection.target.container?.configured ?? null;
  // A container other than the one the records lie in is another bot, as far as the records go.
  const moved = configured !== null && state.container !== null && configured !== state.container;
  return {
    target: {
      name: target.name,
      vendor: target.vendor,
      label: connection.vendorLabel,
      workspace: config.name,
      capabilities: capabilitiesOf(connection.target),
      traits: connection.target.traits,
      marks: connection.target.marks,
      whole: 'replaceAll' in connection.target,
      onUpdate: target.onUpdate,
      rate: connection.rate,
    },
    state,
    open: memory.open,
    wanted: wanted.heads,
    failed: wanted.failed,
    leaves: new Map([
      ...(scan.complete && !scan.rootMissing ? retractedUnderOtherId(target, foundIn(context, folder), state.records) : []),
      // What lies elsewhere under that id is somebody's file.
      ...[...wanted.leaves].filter(([id]) => id !== canaryId || state.records[id]?.path === canaryId),
      ...kept.leaves,
    ]),
    ...(retracted !== undefined && { retracted }),
    folder: {
      complete: scan.complete,
      incompleteWhy: scan.incompleteWhy,
      rootMissing: scan.rootMissing,
      documents: scan.documents.length,
      blockedPaths: scan.blockedPaths,
      ...(scan.blockedIds !== undefined && { blockedIds: scan.blockedIds }),
      inScope: wanted.inScope,
    },
    contact: {
      first: state.identity === null,
      listed: found.contact?.listed ?? true,
      foreign: found.contact?.foreign ?? 0,
      taken: found.contact?.taken ?? 0,
      orphans: found.contact?.orphans ?? 0,
      lookalikes: found.contact?.lookalikes ?? 0,
      identityFound: moved ? `${found.identity ?? state.identity ?? ''} ${configured}` : found.identity,
      proven: 'bot',
      sandbox: target.sandbox,
      offline: options.offline,
    },
    vanished: found.seen?.vanished ?? null,
    clockBehind: options.atMs === undefined ? clockBehind(state, context.nowMs()) : null,
    likeness: (gone, fresh) => likenessOf(context, gone, fresh, scanText(folder)),
    safety: config.safety,
    passes: { ...options.passes, approved: state.held.filter((held) => held.approvedAt !== null) },
    only: options.only,
    after: options.after ?? null,
    ...(options.spare === true && { resting: restingAt(state, wanted.heads, nowMs()) }),
  };
}

/** The time now, where the last sync was made more than a day after it. */
function clockBehind({ lastSync }: TargetState, nowMs: number): string | null {
  return lastSync !== null && Date.parse(lastSync.at) - nowMs > driftWindowMs ? new Date(nowMs).toISOString() : null;
}

function foundIn(context: CycleContext, folder: Folder): Found {
  const { documents, claims = [] } = folder.scan;
  const text = scanText(folder);
  return { documents, claims, likeness: (gone, found) => likenessOf(context, gone, found, text) };
}

function scanText(folder: Folder): (id: DocumentId) => string | null {
  const articles = new Map(folder.scan.documents.map((document) => [document.id, document]));
  return (id) => {
    const document = articles.get(id);
    if (document === undefined || document.kind !== 'article') return null;
    try {
      return folder.scan.text(document);
    } catch {
      return null;
    }
  };
}

/** How alike a vanished document's last given body and a new one's are; null where the old text is no longer known. */
function likenessOf(context: CycleContext, gone: DocumentId, fresh: DocumentId, text: (id: DocumentId) => string | null): number | null {
  const pushed = context.memory.state.records[gone]?.pushed;
  if (pushed === null || pushed === undefined) return null;
  const before = context.texts.get(pushed);
  const now = text(fresh);
  return before === null || now === null ? null : likeness(before.body, now);
}

/** Under CI a container is not made by itself where nothing remembers it: each run would make another. */
export function refuseContainerUnderCi(context: CycleContext): void {
  const { target, connection, memory } = context;
  if (!context.underCi || target.sandbox || connection.target.container === undefined || containerOf(context) !== null) return;
  if (Object.keys(memory.state.records).length > 0) return;
  throw new SyncError('CONFIG_INVALID', {
    message: `${target.name}: the state does not know which data source is ours, and under CI none is made by itself`,
    next: `make one in the dashboard (or run kbsync sync --target ${target.name} once on your machine) and set dataSourceId in the configuration`,
    facts: { stops: 'target' },
  });
}
