// What a person decides of an inbox item: done, created, retry, approve. Owns which decision is for which item, and its journal entries.
import type { CycleContext } from '../cycle/context.ts';
import { givenTo } from '../cycle/given.ts';
import { callsOf, containerOf } from '../cycle/plan-target.ts';
import type { TargetConfig } from '../model/config.ts';
import type { EntryBody } from '../model/effect.ts';
import { SyncError } from '../model/error.ts';
import { type Create, idsByMark, knownIds } from '../push/look.ts';
import { approvedByPerson, createdByPerson, doneByPerson, needsIds, removedByPerson, retriedByPerson } from '../push/person.ts';
import type { InboxItem } from '../status/inbox.ts';
import type { Workspace } from '../workspace.ts';
import { type FiledItem, readInbox } from './inbox.ts';
import type { Invocation } from './invocation.ts';
import { ciLockWaitMs } from './sync.ts';

/** `todo`, parsed; action null lists the inbox, which alone has a format. */
export interface TodoRequest {
  readonly format?: 'text' | 'github-issue';
  readonly action: string | null;
  /** Ids of the inbox; for created each may be followed by the item's id at the vendor. */
  readonly words: readonly string[];
}

/** What a decision about one item came to: its sentence, and whether the target is to be synced at once. */
export interface Decided {
  readonly id: string;
  readonly target: TargetConfig;
  readonly message: string;
  readonly syncNow: boolean;
}

interface Pick {
  readonly id: string;
  readonly remoteId: string | null;
}

/** Which kinds each decision is for. */
const actions: Readonly<Record<string, readonly InboxItem['kind'][]>> = {
  done: ['work', 'leftover'],
  created: ['unconfirmed'],
  retry: ['unconfirmed'],
  approve: ['held'],
};

/** Carries decisions out, each under the lock of its target; none of them unless all are open. USAGE names the ids that are open. */
export async function decide(workspace: Workspace, invocation: Invocation, request: TodoRequest): Promise<readonly Decided[]> {
  const { action, picks } = readDecision(request);
  const { items } = await readInbox(workspace, invocation);
  const chosen = picks.map((pick) => ({ pick, item: itemOf(action, pick, items) }));
  const decided: Decided[] = [];
  for (const { pick, item } of chosen) {
    try {
      decided.push(await decideOne(action, pick, item, { workspace, invocation }));
    } catch (thrown) {
      throw decided.length === 0 ? thrown : onlySome(thrown, pick, decided);
    }
  }
  return decided;
}

function itemOf(action: string, { id }: Pick, items: readonly FiledItem[]): FiledItem {
  const kinds = actions[action] ?? [];
  const item = items.find((candidate) => candidate.id === id && kinds.includes(candidate.kind));
  if (item === undefined) throw wrongId(action, id, items);
  const { of: target } = item;
  if (action === 'approve' && target.paused) {
    throw new SyncError('USAGE', {
      message: `${target.name} is paused in the configuration: nothing is sent there`,
      next: 'take paused: true out',
    });
  }
  return item;
}

interface Deciding {
  readonly workspace: Workspace;
  readonly invocation: Invocation;
}

async function decideOne(action: string, pick: Pick, item: FiledItem, { workspace, invocation }: Deciding): Promise<Decided> {
  const { of: target } = item;
  const byMark = action === 'created' && pick.remoteId === null && item.findable;
  const lockWaitMs = workspace.underCi ? ciLockWaitMs : 0;
  const how = { command: `kbsync todo ${action}`, lockWaitMs, stop: invocation.stop, kill: invocation.kill, offline: !byMark };
  await invocation.ready?.(target.name);
  const message = await workspace.exclusively(target, how, async (context) => {
    const { entries, message: told } = await entriesOf(action, pick, { context, workspace });
    await context.memory.append(entries);
    await context.memory.checkpoint();
    return told;
  });
  return { id: pick.id, target, message, syncNow: action === 'approve' };
}

/** Some were decided before one could not be: what stands is told with it. */
function onlySome(thrown: unknown, { id }: Pick, decided: readonly Decided[]): unknown {
  if (!(thrown instanceof SyncError)) return thrown;
  const { code, message, vendor, next, facts, data } = thrown;
  const before = few(decided.map((one) => one.id));
  return new SyncError(code, { message: `${id}: ${message} (decided before it: ${before})`, vendor, next, facts, data, cause: thrown });
}

/** Our own numbers. The ids of vendors are left as they are. */
const ourNumber = /^[TUH]\d+$/i;

function readDecision({ action, words }: TodoRequest): { action: string; picks: readonly Pick[] } {
  if (action === null || !Object.hasOwn(actions, action)) {
    throw new SyncError('USAGE', { message: `todo: found "${action ?? ''}", expected done, created, retry or approve` });
  }
  if (words.length === 0) {
    throw new SyncError('USAGE', { message: `todo ${action}: which one?`, next: 'kbsync todo lists them with their ids' });
  }
  const picks: { id: string; remoteId: string | null }[] = [];
  for (const word of words) {
    const last = picks.at(-1);
    if (action === 'created' && last?.remoteId === null && !ourNumber.test(word)) last.remoteId = word;
    // Typed by hand: t3 is T3.
    else picks.push({ id: ourNumber.test(word) ? word.toUpperCase() : word, remoteId: null });
  }
  const unique = picks.filter(({ id }, index) => picks.findIndex((other) => other.id === id) === index);
  return { action, picks: unique };
}

function wrongId(action: string, id: string, items: readonly FiledItem[]): SyncError {
  const kinds = actions[action] ?? [];
  const other = items.find((item) => item.id === id);
  const fitting = items.flatMap((item) => (kinds.includes(item.kind) && item.id !== null ? [item.id] : []));
  const open = fitting.length === 0 ? `there is nothing to which todo ${action} applies` : `todo ${action} takes: ${few(fitting)}`;
  const message = other === undefined ? `there is no ${id}` : `${id} is of another kind (${other.kind})`;
  const next = other === undefined ? 'kbsync todo lists what is open' : (other.commands[0] ?? 'kbsync todo');
  return new SyncError('USAGE', { message: `${message}; ${open}`, next });
}

/** The first of many: a sentence is read, a list is asked for with `kbsync todo`. */
function few(ids: readonly string[]): string {
  const more = ids.length - mostIds;
  return more <= 0 ? ids.join(', ') : `${ids.slice(0, mostIds).join(', ')} … and ${more} more`;
}

const mostIds = 10;

interface Entries {
  readonly entries: readonly EntryBody[];
  readonly message: string;
}

interface Place {
  readonly context: CycleContext;
  readonly workspace: Workspace;
}

/** The entries of a decision. Looked up again under the lock: another run may have settled it in the meantime. */
async function entriesOf(action: string, { id, remoteId: named }: Pick, place: Place): Promise<Entries> {
  const { memory } = place.context;
  const { state, open } = memory;
  const at = new Date(place.context.nowMs()).toISOString();
  if (action === 'approve') return approved(id, at, place.context);
  if (action === 'done') return done(id, place, at);
  const doubt = state.doubts.find((candidate) => candidate.id === id);
  const effect = open.find((candidate): candidate is Create => candidate.id === doubt?.effect && candidate.action === 'create');
  if (effect === undefined) throw settledMeanwhile(id);
  if (action === 'retry') {
    const message = `${effect.document} counts as not created: kbsync sync --target ${place.context.target.name} makes it again`;
    return { entries: retriedByPerson(effect), message };
  }
  const remoteId = named ?? (await idAtVendor(effect, place.context));
  const known = remoteId === null ? 'without an id, which nothing needs there' : `as ${remoteId}`;
  return { entries: createdByPerson(effect, remoteId, state), message: `${effect.document} counts as created, ${known}` };
}

function settledMeanwhile(id: string): SyncError {
  return new SyncError('USAGE', { message: `${id} was settled by another run in the meantime`, next: 'kbsync todo lists what is open' });
}

function approved(id: string, at: string, { memory, target }: CycleContext): Entries {
  const run = memory.state.held.find((held) => held.id === id);
  if (run === undefined) throw settledMeanwhile(id);
  if (run.passWith === null) {
    throw new SyncError('USAGE', {
      message: `${id} cannot be approved: ${run.message}`,
      next: `mend what it names, then: kbsync sync --target ${target.name}`,
    });
  }
  return { entries: run.approvedAt === null ? approvedByPerson(memory.state, id, at) : [], message: `${id} approved: ${run.message}` };
}

async function done(id: string, { context, workspace }: Place, now: string): Promise<Entries> {
  const { memory, connection, target, newEffectId, config } = context;
  const { state } = memory;
  const found = state.todos.find((candidate) => candidate.id === id);
  if (found === undefined) {
    if (!state.leftovers.some((leftover) => leftover.remoteId === id)) throw settledMeanwhile(id);
    return { entries: removedByPerson(id, connection.target), message: `${id} counts as removed` };
  }
  const { operation } = found;
  const facts = { state, target: connection.target, workspace: config.name, newEffectId, now };
  if (operation.action === 'delete') {
    return { entries: doneByPerson(found, { ...facts, head: null, commit: null }), message: `${operation.document} counts as deleted` };
  }
  const folder = await workspace.readFolder();
  const given = await givenTo(context, folder, operation.document, operation.path);
  const head = given.kind === 'payload' ? given.payload : null;
  const entries = doneByPerson(found, { ...facts, head, commit: folder.commitOf(operation.path) });
  const same = head !== null && 'fingerprint' in operation && head.fingerprint === operation.fingerprint;
  const message = same
    ? `${operation.document} counts as pushed, as it is in the folder`
    : `${operation.path} has changed since ${id} was listed, so what ${target.name} holds is not known: the next sync lists it anew`;
  return { entries, message };
}

/** Without an id on the command line: the vendor is asked by the mark where it can be, else it must be one that needs none. */
async function idAtVendor(effect: Create, context: CycleContext): Promise<string | null> {
  const { connection, memory, target } = context;
  const id = memory.state.doubts.find((doubt) => doubt.effect === effect.id)?.id ?? 'U…';
  if (connection.target.traits.repeatedCreate === 'findable') {
    const call = { ...callsOf(context), container: containerOf(context) };
    const found = await idsByMark(connection.target, new Set([effect.mark]), call);
    const known = knownIds(memory.state);
    const remoteId = (found.get(effect.mark) ?? []).find((candidate) => !known.has(candidate));
    if (remoteId !== undefined) return remoteId;
    throw new SyncError('USAGE', {
      message: `${connection.vendorLabel} shows no item of ${target.name} that is named ${effect.mark}`,
      next: `name its id as the dashboard shows it: kbsync todo created ${id} ID; or, if it is not there: kbsync todo retry ${id}`,
    });
  }
  if (!needsIds(connection.target)) return null;
  throw new SyncError('USAGE', {
    message: `${target.name} cannot be asked for the id of ${effect.document}, and without it the item can never be changed or deleted`,
    next: `name the id as the dashboard of ${connection.vendorLabel} shows it: kbsync todo created ${id} ID`,
  });
}
