// Looks at the vendor for creates whose id or whose fate is not known. Owns what counts as found, as absent and as still in doubt.
import type { Call, Target } from '../connectors/connector.ts';
import type { Effect, EntryBody } from '../model/effect.ts';
import { asSyncError, type ErrorRecord, SyncError } from '../model/error.ts';
import type { EffectId, TargetState } from '../model/record.ts';
import { callOf, type PushContext } from './context.ts';

/** A create that has begun and not ended. */
export type Create = Extract<Effect, { action: 'create' }>;

export interface Looked {
  readonly effect: EffectId;
  readonly outcome: 'done' | 'failed' | 'unconfirmed';
  readonly remoteId: string | null;
  readonly error: ErrorRecord | null;
}

export type LookContext = Pick<PushContext, 'target' | 'memory' | 'call' | 'sleep' | 'nextNumber' | 'now'>;

/**
 * For each open create: found by its mark → done; looked for after the vendor's lag and absent → failed (so it is planned again); accepted by
 * the vendor but not to be seen within three times the lag, or not to be asked for → unconfirmed, with a number on the todo list.
 * All that was learnt is on disk when this resolves.
 */
export async function lookForOpenCreates(
  open: readonly Effect[],
  accepted: ReadonlySet<EffectId>,
  context: LookContext,
): Promise<Looked[]> {
  const creates = open.filter((effect): effect is Create => effect.action === 'create');
  if (creates.length === 0) return [];
  if (!canBeAsked(context.target)) return doubtAll(creates, cannotBeAsked(), context);
  const looked: Looked[] = [];
  let missing = creates;
  const lagMs = context.target.traits.lagMs;
  for (const waitMs of [0, lagMs, 2 * lagMs]) {
    if (waitMs > 0) await context.sleep(waitMs, context.call.signal);
    let found: ReadonlyMap<string, readonly string[]>;
    try {
      found = await idsByMark(context.target, new Set(missing.map((effect) => effect.mark)), callOf(context));
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.code === 'UNEXPECTED') throw thrown;
      return [...looked, ...(await doubtAll(missing, error.record(), context))];
    }
    const pass = await takeFound(missing, found, context);
    looked.push(...pass.looked);
    missing = pass.missing;
    if (missing.length === 0) return looked;
    // What was never accepted has had its chance to show once the lag is over; what was accepted gets three times as long.
    if (waitMs >= lagMs) {
      const lost = missing.filter((effect) => !accepted.has(effect.id));
      looked.push(...(await failAll(lost, context)));
      missing = missing.filter((effect) => accepted.has(effect.id));
      if (missing.length === 0) return looked;
    }
  }
  return [...looked, ...(await doubtAll(missing, notSeen(), context))];
}

/** Whether the vendor shows what became of a create: a mark that it keeps, and a way to look for it. */
function canBeAsked(target: Target): boolean {
  const { repeatedCreate } = target.traits;
  // What can be said again is looked for where saying it again is not possible: its text may have been lost with the machine's power.
  return repeatedCreate === 'findable' || (repeatedCreate === 'same-item' && (target.find !== undefined || target.list !== undefined));
}

/** Ids of items by mark, asked for by mark where the vendor can be, else read off a whole listing. */
export async function idsByMark(target: Target, marks: ReadonlySet<string>, call: Call): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  if (target.find !== undefined) {
    const wanted = [...marks];
    const ids = await target.find(wanted, call);
    for (const [index, mark] of wanted.entries()) found.set(mark, [...(ids[index] ?? [])]);
    return found;
  }
  if (target.list === undefined) throw new SyncError('UNEXPECTED', { message: 'a target that is findable must list or find' });
  for await (const entry of target.list(call)) {
    if (entry.mark === null || !marks.has(entry.mark)) continue;
    found.set(entry.mark, [...(found.get(entry.mark) ?? []), entry.remoteId]);
  }
  return found;
}

async function takeFound(
  creates: readonly Create[],
  found: ReadonlyMap<string, readonly string[]>,
  context: LookContext,
): Promise<{ looked: Looked[]; missing: Create[] }> {
  const known = knownIds(context.memory.state);
  const looked: Looked[] = [];
  const missing: Create[] = [];
  const entries: EntryBody[] = [];
  for (const effect of creates) {
    // The copy that this one replaces carries the same mark: it does not count as found.
    const [remoteId, ...twins] = (found.get(effect.mark) ?? []).filter((id) => !known.has(id));
    if (remoteId === undefined) {
      missing.push(effect);
      continue;
    }
    known.add(remoteId);
    looked.push({ effect: effect.id, outcome: 'done', remoteId, error: null });
    entries.push({ kind: 'done', effect: effect.id, remoteId, settledBy: 'list' });
    for (const twin of twins) {
      known.add(twin);
      const removable = 'delete' in context.target && context.target.delete !== undefined ? 'now' : 'by-hand';
      entries.push({
        kind: 'leftover',
        leftover: { remoteId: twin, document: effect.document, mark: effect.mark, why: 'twin', removable, since: context.now() },
      });
    }
  }
  if (entries.length > 0) await context.memory.append(entries);
  return { looked, missing };
}

/** Every id that the state accounts for already. */
export function knownIds(state: TargetState): Set<string> {
  const known = new Set(state.leftovers.map((leftover) => leftover.remoteId));
  for (const record of Object.values(state.records)) for (const item of record.items) if (item.remoteId !== null) known.add(item.remoteId);
  return known;
}

async function failAll(creates: readonly Create[], context: LookContext): Promise<Looked[]> {
  if (creates.length === 0) return [];
  const error = new SyncError('UNCONFIRMED', {
    message: 'the answer was lost, and the vendor does not hold it: it was not carried out',
    next: 'nothing: it is made again by itself',
    facts: { effect: 'none', retry: 'later' },
  }).record();
  await context.memory.append(creates.map((effect) => ({ kind: 'failed', effect: effect.id, error, refused: false })));
  return creates.map((effect) => ({ effect: effect.id, outcome: 'failed', remoteId: null, error }));
}

/** Numbers for the todo list; an effect that has one keeps it. */
async function doubtAll(creates: readonly Create[], error: ErrorRecord, context: LookContext): Promise<Looked[]> {
  const numbered = new Set(context.memory.state.doubts.map((doubt) => doubt.effect));
  const fresh = creates.filter((effect) => !numbered.has(effect.id));
  if (fresh.length > 0) {
    await context.memory.append(
      fresh.map((effect) => ({ kind: 'doubt', doubt: { id: context.nextNumber('U'), effect: effect.id, error, since: context.now() } })),
    );
  }
  return creates.map((effect) => ({ effect: effect.id, outcome: 'unconfirmed', remoteId: null, error }));
}

function cannotBeAsked(): ErrorRecord {
  return new SyncError('UNCONFIRMED', {
    message: 'no answer came to the create: whether it was carried out is not known, and this vendor cannot be asked what it holds',
    next: 'kbsync todo says where to look for it, and how to say what was found',
  }).record();
}

function notSeen(): ErrorRecord {
  return new SyncError('UNCONFIRMED', {
    message: 'the vendor accepted it, but does not list it yet',
    next: 'nothing: the next run looks again; kbsync todo shows it',
  }).record();
}
