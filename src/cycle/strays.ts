// What a run that lost its lock, or was killed, may have done at the bot after another one had looked for it (a machine stopped between its look at the lock and the
// first byte): looked for by the next run, before anything is planned. A second copy goes; what was written over counts as unknown, and is said again.
import type { Call } from '../connectors/connector.ts';
import type { Effect, EntryBody, Stray } from '../model/effect.ts';
import { asSyncError } from '../model/error.ts';
import { strayWrites } from '../model/stray.ts';
import { lagWindowMs } from '../push/drift.ts';
import { type Create, idsByMark, knownIds } from '../push/look.ts';
import type { CycleContext } from './context.ts';

/** Makes of every stray what the state should know. A bot that cannot be asked now is asked by the next run. */
export async function takeStrays(context: CycleContext, call: Call): Promise<void> {
  for (const stray of context.strays?.read() ?? []) await takeStray(stray, context, call);
}

async function takeStray(stray: Stray, context: CycleContext, call: Call): Promise<void> {
  const { memory, newEffectId, nowMs, readOnly, strays, emit } = context;
  const known = new Set(memory.open.map(({ id }) => id));
  // Begun anew under a name of their own, they are settled as any write of unknown outcome is; a plan's memory has them open already.
  const writes = readOnly === true ? [] : strayWrites(stray, memory.state).map((effect): Effect => ({ ...effect, id: newEffectId() }));
  const creates = stray.effects.filter((effect): effect is Create => effect.action === 'create' && !known.has(effect.id));
  const answered = creates.flatMap((create) => {
    const remoteId = stray.made.get(create.id);
    return remoteId === undefined ? [] : [{ create, remoteId }];
  });
  const lost = creates.filter(({ id }) => !stray.made.has(id));
  const look = lost.length === 0 ? nothingFound : await lookFor(lost, Date.parse(stray.at), context, call);
  const copies = secondCopies([...answered, ...look.found], context);
  const entries: EntryBody[] = [...(writes.length === 0 ? [] : [{ kind: 'begin' as const, effects: writes }]), ...copies];
  if (entries.length > 0) await memory.append(entries);
  const what = [
    ...(writes.length === 0 ? [] : [`${writes.length} written, which may be newer or older than what was written since: said again`]),
    ...(copies.length === 0 ? [] : [`${copies.length} made a second time: the second copy goes`]),
    ...(look.why === null ? [] : [look.why]),
  ];
  if (what.length > 0) emit({ kind: 'note', message: `A run that was cut off at ${stray.at} had writes under way: ${what.join('; ')}.` });
  // A vendor's list may lag: what it does not show yet is looked for once more.
  const proven = look.complete && nowMs() - Date.parse(stray.at) >= lagWindowMs(context.connection.target);
  if (readOnly !== true && (lost.length === 0 || proven)) await strays?.drop(stray);
}

interface Looked {
  readonly found: readonly { readonly create: Create; readonly remoteId: string }[];
  /** Whether nothing more can be learnt by asking. */
  readonly complete: boolean;
  /** What a person is told; null: nothing. */
  readonly why: string | null;
}

const nothingFound: Looked = { found: [], complete: true, why: null };

async function lookFor(lost: readonly Create[], since: number, context: CycleContext, call: Call): Promise<Looked> {
  const { connection, nowMs, readOnly, sleep, stop } = context;
  const { target, vendorLabel } = connection;
  if (target.container !== undefined && call.container === null) return nothingFound;
  if (target.find === undefined && target.list === undefined) {
    const documents = lost.map(({ document }) => document).join(', ');
    return { found: [], complete: true, why: `${vendorLabel} cannot be asked whether it holds a second copy of ${documents}: look there` };
  }
  try {
    const lagMs = target.traits.lagMs - (nowMs() - since);
    if (lagMs > 0 && readOnly !== true) await sleep(lagMs, stop);
    const ids = await idsByMark(target, new Set(lost.map(({ mark }) => mark)), call);
    const found = lost.flatMap((create) => (ids.get(create.mark) ?? []).map((remoteId) => ({ create, remoteId })));
    return { found, complete: true, why: null };
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED' || error.code === 'ABORTED') throw thrown;
    return { found: [], complete: false, why: `whether there is a second copy could not be asked (${error.message.replace(/\.$/, '')})` };
  }
}

/** Items that no record rests on: copies beside the ones that are known, or the only ones, to be taken back. */
function secondCopies(made: Looked['found'], { memory, connection, nowMs }: CycleContext): EntryBody[] {
  const { state } = memory;
  const known = knownIds(state);
  for (const { remoteId } of state.forgetting) known.add(remoteId);
  const removable = 'delete' in connection.target && connection.target.delete !== undefined ? 'now' : 'by-hand';
  const since = new Date(nowMs()).toISOString();
  return made.flatMap(({ create: { document, mark }, remoteId }): EntryBody[] => {
    if (known.has(remoteId)) return [];
    known.add(remoteId);
    const why = (state.records[document]?.items.length ?? 0) > 0 ? 'twin' : 'orphan';
    return [{ kind: 'leftover', leftover: { remoteId, document, mark, why, removable, since } }];
  });
}
