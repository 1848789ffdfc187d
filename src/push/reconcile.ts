// First contact: the state knows nothing of a bot that may hold much. Items with our mark are taken back, everything else is only counted.
import type { Call, RemoteEntry, Target } from '../connectors/connector.ts';
import type { DocumentId } from '../model/document.ts';
import type { EntryBody, KnownDocument } from '../model/effect.ts';
import { isAbsent } from '../model/error.ts';
import type { Timestamp } from '../model/json.ts';
import type { Payload, PayloadHead } from '../model/payload.ts';
import type { Leftover, RemoteItem, TargetState } from '../model/record.ts';
import { lookalikes } from './adopt-names.ts';

export interface Contact {
  /** What to journal so that the state knows what was found. */
  readonly entries: readonly EntryBody[];
  /** false: this bot cannot be listed, so nothing is known of what it holds. */
  readonly listed: boolean;
  /** Items that kbsync did not make. */
  readonly foreign: number;
  /** Items with our mark. */
  readonly taken: number;
  /** Of these, the ones of which nobody can say what document they were made for. */
  readonly orphans: number;
  /** Documents not found that an item kbsync did not make is named like: adopted ones whose state is lost, for instance. */
  readonly lookalikes: number;
}

export interface ContactContext {
  readonly target: Target;
  readonly workspace: string;
  readonly call: Call;
  readonly heads: readonly PayloadHead[];
  readonly payload: (document: DocumentId) => Promise<Payload | null>;
  readonly now: () => Timestamp;
  readonly concurrency: number;
  /** Containers that other targets name or remember: what lies in them is theirs, whatever its mark says. */
  readonly elsewhere: ReadonlySet<string>;
}

interface Wanted {
  readonly head: PayloadHead;
  readonly part: string;
}

/** Lists the bot where it can be listed (complete, or it throws) and makes of it what the state should know. Sends no write. */
export async function makeContact(context: ContactContext): Promise<Contact> {
  const { target, workspace } = context;
  if (target.list === undefined) return unlisted;
  const wanted = wantedMarks(context);
  const ours = new Map<string, OurEntry[]>();
  const strange: string[] = [];
  let foreign = 0;
  let taken = 0;
  try {
    for await (const entry of target.list(context.call)) {
      const stem = entry.mark === null ? null : stemOf(entry.mark, target);
      if (stem !== null && entry.mark !== null && (wanted.has(stem) || target.marks.ours(entry.mark, workspace))) {
        ours.set(stem, [...(ours.get(stem) ?? []), { ...entry, mark: entry.mark }]);
        taken += 1;
      } else {
        foreign += 1;
        if (entry.name !== null) strange.push(entry.name);
      }
    }
  } catch (thrown) {
    // Switched on in the configuration, but not there at this vendor: as good as a bot that cannot be listed.
    if (!isAbsent(thrown)) throw thrown;
    return unlisted;
  }
  const { entries, orphans } = await entriesOf(ours, wanted, context);
  const found = new Set(entries.flatMap((entry) => (entry.kind === 'known' ? entry.documents.map(({ document }) => document) : [])));
  const missing = context.heads.filter(({ document }) => !found.has(document));
  const alike = lookalikes(strange, missing, { workspace, marks: target.marks });
  return { entries: entries.map((entry) => owingTraining(entry, target)), listed: true, foreign, taken, orphans, lookalikes: alike };
}

/**
 * The state that is lost may have known of deletes that no training has covered: where the bot answers from the last one it still knows what they
 * took out, and no listing shows it.
 */
function owingTraining(entry: EntryBody, { traits }: Target): EntryBody {
  return entry.kind === 'known' && traits.training === 'on-request' ? { ...entry, retrain: true } : entry;
}

const unlisted: Contact = { entries: [], listed: false, foreign: 0, taken: 0, orphans: 0, lookalikes: 0 };

/** An item of ours that no record rests on. */
export type Unclaimed = Pick<RemoteEntry, 'remoteId' | 'training'> & { readonly mark: string };

/** Copies of ours that were left to a person because their document could not be told. */
export function orphansOf(leftovers: readonly Leftover[]): Unclaimed[] {
  return leftovers.flatMap(({ why, mark, remoteId }) => (why === 'orphan' && mark !== null ? [{ remoteId, mark, training: null }] : []));
}

/**
 * Items of ours whose document is wanted now, and is not known to be there (its file was broken, or not there, when the state was lost; another copy
 * of the state has made them): they are that document, and are not made a second time.
 */
export async function reclaim(
  unclaimed: readonly Unclaimed[],
  records: TargetState['records'],
  context: ContactContext,
): Promise<EntryBody[]> {
  if (unclaimed.length === 0) return [];
  const held = (document: DocumentId) => records[document]?.items ?? [];
  const heads = context.heads.flatMap((head): PayloadHead[] => {
    const there = new Set(held(head.document).map(({ part }) => part));
    const parts = head.parts.filter(({ key }) => !there.has(key));
    return parts.length === 0 ? [] : [{ ...head, parts }];
  });
  const wanted = wantedMarks({ ...context, heads });
  if (wanted.size === 0) return [];
  const ours = new Map<string, OurEntry[]>();
  const others: OurEntry[] = [];
  for (const { remoteId, mark, training } of unclaimed) {
    const stem = stemOf(mark, context.target);
    const entry = { remoteId, mark, name: null, training };
    if (wanted.has(stem)) ours.set(stem, [...(ours.get(stem) ?? []), entry]);
    else others.push(entry);
  }
  const entries = [...(await entriesOf(ours, wanted, context)).entries, ...(await movedMeanwhile(others, wanted, ours, context))];
  // A part that was found joins those that are known.
  return entries.map((entry) =>
    entry.kind === 'known'
      ? { ...entry, documents: entry.documents.map((known) => ({ ...known, items: [...held(known.document), ...known.items] })) }
      : entry,
  );
}

/** Items that are read for their text's sake, at most: what carries the mark of a document that nobody wants is seldom more. */
const mostRead = 50;

/** What was made under a name that its document no longer has is told by its text, where the vendor shows it. */
async function movedMeanwhile(
  others: readonly OurEntry[],
  wanted: ReadonlyMap<string, Wanted>,
  ours: ReadonlyMap<string, unknown>,
  context: ContactContext,
): Promise<EntryBody[]> {
  const missing = [...wanted].flatMap(([stem, match]) => (ours.has(stem) ? [] : [match]));
  const { taken } = await takeByText(others.slice(0, mostRead), missing, context.now(), context);
  return taken.map(({ match: { head }, item }): EntryBody => {
    const { document, path, title, url, body } = head;
    return { kind: 'known', documents: [{ document, path, title, url, body, items: [item], origin: 'created' }] };
  });
}

/** The mark without what changes from copy to copy. */
function stemOf(mark: string, target: Target): string {
  return target.marks.stem?.(mark) ?? mark;
}

/**
 * First contact where nobody remembers which container is ours: every one of the bot is looked through. The one that holds items with our mark is
 * ours and is taken back with them; what lies in the others was not made for this target, and only counts.
 */
export async function searchContainers(context: ContactContext): Promise<Contact> {
  const { target, call } = context;
  if (target.container === undefined) return makeContact(context);
  const found: { container: string; contact: Contact }[] = [];
  let foreign = 0;
  for (const container of await target.container.list(call)) {
    if (context.elsewhere.has(container)) continue;
    const contact = await makeContact({ ...context, call: { ...call, container } });
    found.push({ container, contact });
    foreign += contact.foreign + contact.taken;
  }
  const [ours] = found.filter(({ contact }) => contact.taken > 0).sort((left, right) => right.contact.taken - left.contact.taken);
  if (ours === undefined) return { entries: [], listed: true, foreign, taken: 0, orphans: 0, lookalikes: 0 };
  const { container, contact } = ours;
  return { ...contact, entries: [{ kind: 'container', container }, ...contact.entries], foreign: foreign - contact.taken };
}

function wantedMarks(context: ContactContext): Map<string, Wanted> {
  const marks = new Map<string, Wanted>();
  for (const head of context.heads) {
    for (const part of head.parts) {
      const source = { workspace: context.workspace, document: head.document, part: part.key, effect: '' };
      marks.set(stemOf(context.target.marks.write(source), context.target), { head, part: part.key });
    }
  }
  return marks;
}

/** An item of ours, found. */
interface OurEntry extends RemoteEntry {
  readonly mark: string;
}

async function entriesOf(
  ours: ReadonlyMap<string, readonly OurEntry[]>,
  wanted: ReadonlyMap<string, Wanted>,
  context: ContactContext,
): Promise<{ entries: EntryBody[]; orphans: number }> {
  const at = context.now();
  const taking = new Map<DocumentId, { head: PayloadHead; items: RemoteItem[] }>();
  const take = (match: Wanted, item: RemoteItem): void => {
    const group = taking.get(match.head.document) ?? { head: match.head, items: [] };
    taking.set(match.head.document, group);
    group.items.push(item);
  };
  const strangers: { readonly known: KnownDocument; readonly entry: OurEntry }[] = [];
  const unmatched: OurEntry[] = [];
  const leftovers: EntryBody[] = [];
  await inParallel([...ours], context.concurrency, async ([stem, entries]) => {
    const [entry, ...twins] = entries;
    if (entry === undefined) return;
    const match = wanted.get(stem);
    const known = match === undefined ? strangerOf(stem, entry, context.workspace, at) : null;
    if (match !== undefined) take(match, await itemTakenBack(entry, match, at, context));
    else if (known !== null) strangers.push({ known, entry });
    else unmatched.push(entry);
    const document = match?.head.document ?? known?.document ?? stem;
    for (const twin of twins) leftovers.push(leftoverOf(twin, document, 'twin', removableBy(context.target), at));
  });
  const missing = [...wanted.values()].filter(
    ({ head, part }) => !(taking.get(head.document)?.items.some((item) => item.part === part) ?? false),
  );
  const { taken, orphans } = await takeByText(unmatched, missing, at, context);
  for (const { match, item } of taken) take(match, item);
  // Its document cannot be read off a shortened mark, so nothing proves that it is unwanted: only told, and left to a person.
  for (const entry of orphans) leftovers.push(leftoverOf(entry, entry.mark, 'orphan', 'by-hand', at));
  const documents: KnownDocument[] = [];
  for (const { known, entry } of strangers) {
    // A copy of before its document was given in other parts: the record is that of the parts, and the copy goes once they are all there.
    const now = taking.get(known.document);
    if (now === undefined) documents.push(known);
    else leftovers.push(leftoverOf(entry, known.document, 'superseded', removableBeside(now, context.target), at));
  }
  const known = [...taking.values()].map(({ head, items }): KnownDocument => {
    const { document, path, title, url, body } = head;
    return { document, path, title, url, body, items, origin: 'created' };
  });
  documents.unshift(...known);
  return { entries: documents.length === 0 ? leftovers : [{ kind: 'known', documents }, ...leftovers], orphans: orphans.length };
}

/**
 * A moved document keeps its old mark where the vendor cannot rename. Its text tells it: equal to exactly one wanted part that nothing else was
 * taken back for, and no other item is equal to that part, too.
 */
async function takeByText(
  entries: readonly OurEntry[],
  missing: readonly Wanted[],
  at: Timestamp,
  context: ContactContext,
): Promise<{ taken: { match: Wanted; item: RemoteItem }[]; orphans: OurEntry[] }> {
  const { target } = context;
  if (target.read === undefined || entries.length === 0 || missing.length === 0) return { taken: [], orphans: [...entries] };
  const byText = new Map<string, Wanted[]>();
  for (const match of missing) {
    const part = (await context.payload(match.head.document))?.parts.find((candidate) => candidate.key === match.part);
    if (part !== undefined) byText.set(plain(part.text), [...(byText.get(plain(part.text)) ?? []), match]);
  }
  const claims = new Map<Wanted, { entry: OurEntry; training: RemoteItem['training'] }[]>();
  const orphans: OurEntry[] = [];
  await inParallel(entries, context.concurrency, async (entry) => {
    const held = await target.read?.(entry.remoteId, context.call);
    const [match, ...others] = held === undefined ? [] : (byText.get(plain(held.text)) ?? []);
    if (match === undefined || others.length > 0) orphans.push(entry);
    else claims.set(match, [...(claims.get(match) ?? []), { entry, training: held?.training ?? entry.training ?? 'pending' }]);
  });
  const taken: { match: Wanted; item: RemoteItem }[] = [];
  for (const [match, claimants] of claims) {
    const [only, ...others] = claimants;
    const fingerprint = match.head.parts.find((part) => part.key === match.part)?.fingerprint ?? null;
    if (only === undefined || others.length > 0) orphans.push(...claimants.map(({ entry }) => entry));
    else taken.push({ match, item: { ...blankItem(only.entry, match.part, at), fingerprint, training: only.training } });
  }
  return { taken, orphans };
}

function removableBy(target: Target): Leftover['removable'] {
  return 'delete' in target && target.delete !== undefined ? 'now' : 'by-hand';
}

/** Of a copy of the whole, where the document has parts now: at once where nothing is missing of them, else when what is missing has been learnt. */
function removableBeside({ head, items }: { head: PayloadHead; items: readonly RemoteItem[] }, target: Target): Leftover['removable'] {
  const removable = removableBy(target);
  return removable === 'now' && items.length < head.parts.length ? 'once-trained' : removable;
}

function leftoverOf(
  entry: OurEntry,
  document: DocumentId,
  why: Leftover['why'],
  removable: Leftover['removable'],
  since: Timestamp,
): EntryBody {
  return { kind: 'leftover', leftover: { remoteId: entry.remoteId, document, mark: entry.mark, why, removable, since } };
}

function blankItem({ remoteId, mark, training }: OurEntry, part: string, acceptedAt: Timestamp): RemoteItem {
  return { part, remoteId, mark, fingerprint: null, training: training ?? 'pending', acceptedAt, commit: null, effect: null };
}

/** The vendor's text decides what the item holds: equal to what we would send, or unknown and therefore sent again. */
async function itemTakenBack(entry: OurEntry, match: Wanted, at: Timestamp, context: ContactContext): Promise<RemoteItem> {
  const blank = blankItem(entry, match.part, at);
  if (context.target.read === undefined) return blank;
  const part = (await context.payload(match.head.document))?.parts.find((candidate) => candidate.key === match.part);
  const held = await context.target.read(entry.remoteId, context.call);
  const same = part !== undefined && plain(held.text) === plain(part.text);
  return { ...blank, fingerprint: same ? part.fingerprint : null, training: held.training ?? blank.training };
}

/** Line ends and the very end of a text may change at a vendor without anything being lost. */
export function plain(text: string): string {
  return text.replace(/\r\n?/g, '\n').trimEnd();
}

/** Ours by a mark that still shows its document, though the folder does not want it: a record, so that planning (with its brakes) decides. */
function strangerOf(stem: string, entry: OurEntry, workspace: string, at: Timestamp): KnownDocument | null {
  const prefix = `${workspace}:`;
  if (!stem.startsWith(prefix)) return null;
  const document = stem.slice(prefix.length);
  const path = document.replace(/#.*$/s, '');
  const item: RemoteItem = { ...blankItem(entry, '', at), training: entry.training ?? 'unknown' };
  return { document, path, title: document, url: null, body: null, items: [item], origin: 'created' };
}

async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: Math.max(1, width) }, worker));
}
