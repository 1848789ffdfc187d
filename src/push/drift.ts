// What the vendor holds against what kbsync left there: missing, twin, foreign. Reads only. What a listing alone cannot prove is asked for one by
// one, or said to be unproven; an incomplete listing throws and finds nothing. Texts are drift-texts.ts's.
import type { Call, RemoteEntry, Target } from '../connectors/connector.ts';
import { ageOf } from '../model/age.ts';
import type { DocumentId } from '../model/document.ts';
import type { Effect, EntryBody } from '../model/effect.ts';
import { asSyncError } from '../model/error.ts';
import type { Emit } from '../model/event.ts';
import type { Timestamp } from '../model/json.ts';
import { type DriftFinding, type Leftover, namelessPrefix, type RemoteItem, type TargetState } from '../model/record.ts';
import { goneAt } from './gone.ts';
import { knownIds } from './look.ts';

/** A finding with what a person is shown of it. */
export interface DriftItem extends DriftFinding {
  readonly path: string;
  /** As the vendor shows it; null where it is not there, or has none. */
  readonly name: string | null;
  readonly mark: string | null;
  readonly detail: string;
}

/** A complete listing, compared. */
export interface Listing {
  /** When it began: what was written later it says nothing about. */
  readonly at: Timestamp;
  readonly items: ReadonlyMap<string, RemoteEntry>;
  readonly findings: readonly DriftItem[];
  /** With our mark, and either a twin or deleted by ourselves a moment ago: not judged yet. */
  readonly unjudged: readonly DriftItem[];
  /** Not ours: never touched. */
  readonly foreign: readonly RemoteEntry[];
  /** Leftovers of ours that somebody has removed. */
  readonly removed: readonly string[];
  /** Whether each missing item was asked for by its id; a search is but another listing. True where none is missing. */
  readonly proven: boolean;
  readonly notes: readonly string[];
}

export interface ListingContext {
  readonly target: Target;
  readonly state: TargetState;
  readonly open: readonly Effect[];
  readonly workspace: string;
  readonly call: Call;
  readonly nowMs: number;
  readonly emit: Emit;
}

interface Recorded {
  readonly document: DocumentId;
  readonly path: string;
  readonly item: RemoteItem;
  readonly remoteId: string;
}

/** Items that are asked for one by one after a listing left them out; the listing alone decides on more. */
const mostConfirmed = 50;

/** However short a vendor says its lists lag: a minute. */
const leastLagMs = 60_000;

/** How long after a write the vendor's list proves nothing about it, in milliseconds. */
export function lagWindowMs(target: Target): number {
  return Math.max(leastLagMs, 3 * target.traits.lagMs);
}

/** Lists the target, complete or it throws, and compares. The target must be able to list. */
export async function compareListing(context: ListingContext): Promise<Listing> {
  const items = await listAll(context);
  const { state, target, nowMs } = context;
  const unsettled = documentsOf(context.open);
  const missing: Recorded[] = [];
  let young = 0;
  for (const recorded of recordedItems(state)) {
    if (items.has(recorded.remoteId) || unsettled.has(recorded.document)) continue;
    // A clock that was set back makes nothing old.
    if (ageOf(recorded.item.acceptedAt, nowMs) < lagWindowMs(target)) young += 1;
    else missing.push(recorded);
  }
  const { twins, foreign } = sortUnknown(items, context);
  const gone = await confirmMissing(missing, context);
  const proof = await confirmTwins(twins, context);
  const notes = [
    ...(young > 0
      ? [`${young} written within the last ${Math.ceil(lagWindowMs(target) / 60_000)} min and not listed yet: too young to be missing`]
      : []),
    ...gone.notes,
    ...proof.notes,
  ];
  const findings = [...gone.missing.map(missingItem), ...proof.twins];
  return {
    at: new Date(nowMs).toISOString(),
    items,
    findings,
    unjudged: proof.unjudged,
    foreign,
    removed: removedLeftovers(items, context),
    proven: gone.proven,
    notes,
  };
}

async function listAll({ target, call, emit }: ListingContext): Promise<ReadonlyMap<string, RemoteEntry>> {
  const items = new Map<string, RemoteEntry>();
  if (target.list === undefined) return items;
  emit({ kind: 'phase', phase: 'listing', done: 0, total: 0 });
  for await (const entry of target.list(call)) items.set(entry.remoteId, entry);
  return items;
}

/** Every recorded item that has an id, by document. */
export function recordedItems(state: TargetState): readonly Recorded[] {
  return Object.entries(state.records).flatMap(([document, { path, items }]) =>
    items.flatMap((item) => (item.remoteId === null ? [] : [{ document, path, item, remoteId: item.remoteId }])),
  );
}

/** What writes of unknown outcome touch: the todo list speaks of these. */
export function documentsOf(open: readonly Effect[]): ReadonlySet<DocumentId> {
  return new Set(open.flatMap((effect) => ('document' in effect ? [effect.document] : [])));
}

/** Listed items that the state does not account for: ours, or not. */
function sortUnknown(items: ReadonlyMap<string, RemoteEntry>, context: ListingContext): { twins: DriftItem[]; foreign: RemoteEntry[] } {
  const { state, target, workspace } = context;
  const known = knownIds(state);
  for (const { remoteId } of state.forgetting) known.add(remoteId);
  const claimed = claimedMarks(context);
  const stem = (mark: string) => target.marks.stem?.(mark) ?? mark;
  const owners = new Map<string, DocumentId>();
  for (const [document, record] of Object.entries(state.records)) for (const { mark } of record.items) owners.set(stem(mark), document);
  const twins: DriftItem[] = [];
  const foreign: RemoteEntry[] = [];
  for (const entry of items.values()) {
    const { remoteId, mark, name } = entry;
    if (known.has(remoteId) || (mark !== null && claimed.has(mark))) continue;
    if (mark === null || !target.marks.ours(mark, workspace)) {
      foreign.push(entry);
      continue;
    }
    const owner = owners.get(stem(mark));
    const document = owner ?? (stem(mark).startsWith(`${workspace}:`) ? stem(mark).slice(workspace.length + 1) : stem(mark));
    const path = state.records[document]?.path ?? document.replace(/#.*$/s, '');
    const detail = owner === undefined ? 'carries our mark, and no record knows it' : 'a second copy, with our mark';
    twins.push({ kind: 'twin', document, remoteId, path, name, mark, detail });
  }
  return { twins, foreign };
}

/** Items that carry one of these marks and that the state does not account for, by the target's search; [] where it has none. */
export async function unknownWith(marks: readonly string[], context: ListingContext): Promise<readonly DriftItem[]> {
  const found = (await context.target.find?.(marks, context.call)) ?? [];
  const entries = marks.flatMap((mark, index) =>
    (found[index] ?? []).map((remoteId): [string, RemoteEntry] => [remoteId, { remoteId, mark, name: null, training: null }]),
  );
  const { twins, unjudged } = await confirmTwins(sortUnknown(new Map(entries), context).twins, context);
  return [...twins, ...unjudged];
}

/** Marks of items without an id, and of creates whose fate is not known: an item that carries one is theirs. */
function claimedMarks({ state, open }: ListingContext): ReadonlySet<string> {
  const marks = open.flatMap((effect) => (effect.action === 'create' ? [effect.mark] : []));
  for (const { items } of Object.values(state.records)) for (const { remoteId, mark } of items) if (remoteId === null) marks.push(mark);
  return new Set(marks);
}

function missingItem({ document, remoteId, path, item }: Recorded): DriftItem {
  const part = item.part === '' ? '' : `, part ${item.part}`;
  return { kind: 'missing', document, remoteId, path, name: null, mark: item.mark, detail: `not there any more${part}` };
}

/** there: the vendor shows it. gone: the vendor says that it is not there. unsure: neither was said. */
type Answer = 'there' | 'gone' | 'unsure';

interface Confirmed {
  readonly missing: readonly Recorded[];
  readonly proven: boolean;
  readonly notes: readonly string[];
}

/** A list may be short without saying so. One item that is there though it was not listed proves it: then nothing counts that was not asked for. */
async function confirmMissing(candidates: readonly Recorded[], context: ListingContext): Promise<Confirmed> {
  if (candidates.length === 0) return { missing: [], proven: true, notes: [] };
  const { target } = context;
  if (target.read === undefined && target.find === undefined) {
    return {
      missing: candidates,
      proven: false,
      notes: ['items cannot be asked for one by one here: the listing alone says what is missing'],
    };
  }
  const proven = target.read !== undefined;
  const asked = candidates.slice(0, mostConfirmed);
  const answers = await answersOf(asked, context);
  const gone = asked.filter((_, index) => answers[index] === 'gone');
  const there = answers.filter((answer) => answer === 'there').length;
  const unsure = answers.filter((answer) => answer === 'unsure').length;
  const notes =
    unsure === 0
      ? []
      : [`${unsure} not listed, and the vendor gave no answer about ${unsure === 1 ? 'it' : 'them'}: not counted as missing`];
  if (there > 0) {
    const sentence = `the listing left out ${there} that ${there === 1 ? 'is' : 'are'} there when asked for: it was not complete, so only what was asked for one by one counts`;
    return { missing: gone, proven, notes: [...notes, sentence] };
  }
  const rest = candidates.slice(mostConfirmed);
  if (rest.length > 0)
    notes.push(`${mostConfirmed} of ${candidates.length} missing were asked for one by one; on the others the listing alone decides`);
  // Of fifty asked, each was gone: that the others are is as good as said.
  return { missing: unsure > 0 ? gone : [...gone, ...rest], proven, notes };
}

async function answersOf(asked: readonly Recorded[], { target, call }: ListingContext): Promise<readonly Answer[]> {
  if (target.read === undefined && target.find !== undefined) {
    const found = await target.find(
      asked.map(({ item }) => item.mark),
      call,
    );
    return asked.map(({ remoteId }, index): Answer => (found[index]?.includes(remoteId) === true ? 'there' : 'gone'));
  }
  const answers: Answer[] = [];
  for (const { remoteId } of asked) answers.push(await answerOf(remoteId, target, call));
  return answers;
}

async function answerOf(remoteId: string, target: Target, call: Call): Promise<Answer> {
  try {
    await target.read?.(remoteId, call);
    return 'there';
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'REMOTE_GONE') return 'gone';
    if (error.facts.stops !== 'document') throw thrown;
    return 'unsure';
  }
}

/** A copy that we have just deleted may still be listed: after a fresh sync each is asked for, or not judged where that cannot be done. */
async function confirmTwins(
  twins: readonly DriftItem[],
  context: ListingContext,
): Promise<{ twins: readonly DriftItem[]; unjudged: readonly DriftItem[]; notes: readonly string[] }> {
  const { state, target, call, nowMs } = context;
  const fresh = state.lastSync !== null && ageOf(state.lastSync.at, nowMs) < lagWindowMs(target);
  if (!fresh || twins.length === 0) return { twins, unjudged: [], notes: [] };
  const minutes = Math.ceil(lagWindowMs(target) / 60_000);
  if (target.read === undefined) {
    return {
      twins: [],
      unjudged: twins,
      notes: [`${twins.length} with our mark may have been deleted just now: judged ${minutes} min after the last sync`],
    };
  }
  const there: DriftItem[] = [];
  for (const twin of twins.slice(0, mostConfirmed)) if ((await answerOf(twin.remoteId, target, call)) !== 'gone') there.push(twin);
  const left = twins.length - mostConfirmed;
  const unjudged = twins.slice(mostConfirmed);
  return { twins: there, unjudged, notes: left > 0 ? [`${left} more with our mark are judged ${minutes} min after the last sync`] : [] };
}

/** Copies that were ours to remove, or a person's, and are gone: nobody has to remove them any more. */
function removedLeftovers(items: ReadonlyMap<string, RemoteEntry>, { state, target, nowMs, open }: ListingContext): string[] {
  const unsettled = documentsOf(open);
  const isOld = ({ since }: Leftover) => ageOf(since, nowMs) >= lagWindowMs(target);
  // A listing that shows nothing of ours at all proves nothing about copies that nobody asks for one by one.
  const showsOurs = recordedItems(state).some(({ remoteId }) => items.has(remoteId));
  if (!showsOurs) return [];
  return state.leftovers
    .filter((leftover) => !leftover.remoteId.startsWith(namelessPrefix) && !items.has(leftover.remoteId))
    .filter((leftover) => isOld(leftover) && !unsettled.has(leftover.document))
    .map(({ remoteId }) => remoteId);
}

/** Findings that still hold for a state read after the look: another run may have settled them while this one was looking. */
export function stillFound(
  findings: readonly DriftItem[],
  before: TargetState,
  after: TargetState,
  open: readonly Effect[],
): readonly DriftItem[] {
  const known = knownIds(after);
  const unsettled = documentsOf(open);
  return findings.filter(({ kind, document, remoteId }) => {
    if (unsettled.has(document)) return false;
    if (kind === 'twin') return !known.has(remoteId);
    const [was, is] = [before, after].map((state) => state.records[document]?.items.find((item) => item.remoteId === remoteId));
    return is !== undefined && is.effect === was?.effect && is.fingerprint === was.fingerprint;
  });
}

/**
 * What the state learns from findings, before anything is written: missing items are gone, and what is gone is planned anew. With `repair` also:
 * changed items hold something unknown, and twins are leftovers (`orphan` where no record knows the document, so that planning takes them back).
 */
export function entriesOf(
  listing: Pick<Listing, 'findings' | 'removed'>,
  context: Pick<ListingContext, 'target' | 'state' | 'nowMs'>,
  repair: boolean,
): EntryBody[] {
  const { target, state, nowMs } = context;
  const idsOf = (kind: DriftFinding['kind']) => listing.findings.filter((found) => found.kind === kind).map(({ remoteId }) => remoteId);
  const gone = [...idsOf('missing'), ...listing.removed];
  const entries: EntryBody[] = gone.length === 0 ? [] : [goneAt(target, gone)];
  if (!repair) return entries;
  const altered = idsOf('changed');
  if (altered.length > 0) entries.push({ kind: 'altered', remoteIds: altered });
  const removable = 'delete' in target && target.delete !== undefined ? 'now' : 'by-hand';
  const since = new Date(nowMs).toISOString();
  for (const { kind, document, remoteId, mark } of listing.findings) {
    if (kind !== 'twin') continue;
    const why = (state.records[document]?.items.length ?? 0) > 0 ? 'twin' : 'orphan';
    entries.push({ kind: 'leftover', leftover: { remoteId, document, mark, why, removable, since } });
  }
  return entries;
}
