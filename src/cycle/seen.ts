// "Unchanged" means seen at the vendor within the drift window: what a plan does to keep that true. A listing where the last one is too old, and what
// the state learns from it. Writes nothing to the vendor.
import type { Call, RemoteEntry } from '../connectors/connector.ts';
import { driftCounts, driftWindowMs, notedCheck, standingFindings } from '../model/drift.ts';
import type { EntryBody } from '../model/effect.ts';
import { asSyncError, isAbsent } from '../model/error.ts';
import type { DriftCheck, TargetState } from '../model/record.ts';
import type { Vanished } from '../plan/build.ts';
import { compareListing, type DriftItem, entriesOf, type Listing, stillFound, unknownWith } from '../push/drift.ts';
import type { TextsLook } from '../push/drift-texts.ts';
import type { CycleContext } from './context.ts';
import type { Marked } from './other-copies.ts';

/** A look that was made already, with what is to become of it: what `drift --repair` hands to the sync that it runs. */
export interface Found {
  /** The state that it was compared with. */
  readonly before: TargetState;
  readonly listing: Pick<Listing, 'findings' | 'removed' | 'proven'>;
}

export interface Seen {
  /** Journaled once something is done at the bot, so that a held run changes nothing. */
  readonly entries: readonly EntryBody[];
  readonly vanished: Vanished | null;
  /** Items with our mark that the state does not know: another copy of it has made them, or a create that nobody knows of. */
  readonly twins: readonly Marked[];
  /** Items with our mark of which the vendor cannot say yet whether they are copies or were deleted a moment ago. */
  readonly unjudged: readonly Marked[];
  readonly notes: readonly string[];
}

const nothing: Seen = { entries: [], vanished: null, twins: [], unjudged: [], notes: [] };

/** What of the recorded items is still at the vendor, as far as the plan has to know. A listing that fails finds nothing, and says why. */
export async function seenAtVendor(context: CycleContext, call: Call, found: Found | null): Promise<Seen> {
  if (found !== null) return seenOf(found, context, true);
  return isDue(context, call) ? lookAtVendor(context, call) : nothing;
}

/** A look, whether or not one is due. A listing that fails finds nothing, and says why. */
export async function lookAtVendor(context: CycleContext, call: Call): Promise<Seen> {
  const { connection, memory, config, nowMs, emit } = context;
  const before = snapshotOf(memory.state);
  try {
    const { open } = memory;
    const listing = await compareListing({
      target: connection.target,
      state: before,
      open,
      workspace: config.name,
      call,
      nowMs: nowMs(),
      emit,
    });
    await noteLook(context, listing, listing.findings, null);
    const twins = listing.findings.flatMap(({ kind, remoteId }) => (kind === 'twin' ? markedOf(listing.items.get(remoteId)) : []));
    const unjudged = listing.unjudged.flatMap(({ remoteId }) => markedOf(listing.items.get(remoteId)));
    const seen = { ...seenOf({ before, listing }, context, false), twins, unjudged };
    // What was written a moment ago is nobody's worry in a plan.
    return listing.findings.length === 0 ? seen : { ...seen, notes: listing.notes };
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED' || error.code === 'ABORTED') throw thrown;
    // Switched on in the configuration, but not there at this vendor: as good as a bot that cannot be listed.
    if (isAbsent(error)) return nothing;
    const why = `${error.message.replace(/\.$/, '')}${error.vendor === null ? '' : ` (the vendor says: ${error.vendor})`}`;
    return { ...nothing, notes: [`Whether everything is still at the vendor could not be checked: ${why}.`] };
  }
}

/** A search for these marks alone, where a look at everything costs too much. One that fails finds nothing, and says why. */
export async function askVendor(context: CycleContext, call: Call, marks: readonly string[]): Promise<Seen> {
  const { connection, memory, config, nowMs, emit } = context;
  const { state, open } = memory;
  const { target } = connection;
  try {
    const found = await unknownWith(marks, { target, state, open, workspace: config.name, call, nowMs: nowMs(), emit });
    const twins = found.flatMap(({ remoteId, mark, name }) => (mark === null ? [] : [{ remoteId, mark, name, training: null }]));
    return { ...nothing, twins };
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED' || error.code === 'ABORTED') throw thrown;
    return { ...nothing, notes: [`Whether what is created is there already could not be checked: ${error.message.replace(/\.$/, '')}.`] };
  }
}

function markedOf(entry: RemoteEntry | undefined): Marked[] {
  return entry === undefined || entry.mark === null ? [] : [{ ...entry, mark: entry.mark }];
}

/**
 * A look is due where the last one is older than the window; where it found something missing, since nobody acts on what was seen yesterday; and
 * where it was made on another machine: a state that came from there may be a copy, or have been one.
 */
function isDue({ connection, memory, config, nowMs, host }: CycleContext, call: Call): boolean {
  const { target } = connection;
  const { state } = memory;
  if (target.list === undefined || state.identity === null || config.schedule.drift === null) return false;
  // The box is not made yet: there is nothing in it.
  if (target.container !== undefined && call.container === null) return false;
  if (state.drift === null || Math.abs(nowMs() - Date.parse(state.drift.at)) > driftWindowMs) return true;
  if (state.drift.host !== host) return true;
  return standingFindings(state).some(({ kind }) => kind === 'missing');
}

function seenOf({ before, listing }: Found, { connection, memory, nowMs }: CycleContext, repair: boolean): Seen {
  const { state, open } = memory;
  const findings = stillFound(listing.findings, before, state, open);
  const removed = listing.removed.filter((id) => state.leftovers.some(({ remoteId }) => remoteId === id));
  const entries = entriesOf({ findings, removed }, { target: connection.target, state, nowMs: nowMs() }, repair);
  const documents = new Set(findings.flatMap(({ kind, document }) => (kind === 'missing' ? [document] : [])));
  return { entries, vanished: documents.size === 0 ? null : { documents, proven: listing.proven }, twins: [], unjudged: [], notes: [] };
}

/** Writes a look down, so that status can tell of it and the window begins anew. Ages no sealed plan. */
export async function noteLook(
  { memory, emit, host, ownLook }: Pick<CycleContext, 'memory' | 'emit' | 'host' | 'ownLook'>,
  { at, foreign }: Pick<Listing, 'at' | 'foreign'>,
  findings: readonly DriftItem[],
  texts: Pick<TextsLook, 'compared' | 'through'> | null,
): Promise<void> {
  const { state } = memory;
  const check: DriftCheck = {
    at,
    findings: findings.map(({ kind, document, remoteId }) => ({ kind, document, remoteId })),
    foreign: foreign.length,
    texts: { compared: texts?.compared.size ?? 0, through: texts === null ? (state.drift?.texts.through ?? null) : texts.through },
    host,
  };
  const noted = notedCheck(state, check, texts?.compared ?? new Set());
  await memory.append([{ kind: 'drift', check: noted }]);
  if (ownLook !== undefined) ownLook.atMs = Date.parse(at);
  emit({ kind: 'drift', found: driftCounts(noted.findings), foreign: noted.foreign });
}

/** First contact has seen everything that the bot holds. */
export function firstLook(at: string, foreign: number, host: string): EntryBody {
  return { kind: 'drift', check: { at, findings: [], foreign, texts: { compared: 0, through: null }, host } };
}

/** The state as it is now: the one in memory is live. */
export function snapshotOf(state: TargetState): TargetState {
  return { ...state, records: { ...state.records } };
}
