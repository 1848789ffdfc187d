// First contact: the state knows nothing of a bot that may hold much. Items with our mark are taken back, everything else is only counted.
import type { Call, RemoteEntry, Target } from '../connectors/connector.ts';
import type { DocumentId } from '../model/document.ts';
import type { EntryBody, KnownDocument } from '../model/effect.ts';
import type { Timestamp } from '../model/json.ts';
import type { Payload, PayloadHead } from '../model/payload.ts';
import type { RemoteItem } from '../model/record.ts';

export interface Contact {
  /** What to journal so that the state knows what was found. */
  readonly entries: readonly EntryBody[];
  /** false: this bot cannot be listed, so nothing is known of what it holds. */
  readonly listed: boolean;
  /** Items that kbsync did not make. */
  readonly foreign: number;
  /** Items with our mark. */
  readonly taken: number;
}

export interface ContactContext {
  readonly target: Target;
  readonly workspace: string;
  readonly call: Call;
  readonly heads: readonly PayloadHead[];
  readonly payload: (document: DocumentId) => Promise<Payload | null>;
  readonly now: () => Timestamp;
  readonly concurrency: number;
}

interface Wanted {
  readonly head: PayloadHead;
  readonly part: string;
}

/** Lists the bot where it can be listed (complete, or it throws) and makes of it what the state should know. Sends no write. */
export async function makeContact(context: ContactContext): Promise<Contact> {
  const { target, workspace } = context;
  if (target.list === undefined) return { entries: [], listed: false, foreign: 0, taken: 0 };
  const wanted = wantedMarks(context);
  const ours = new Map<string, RemoteEntry[]>();
  let foreign = 0;
  let taken = 0;
  for await (const entry of target.list(context.call)) {
    if (entry.mark !== null && (wanted.has(entry.mark) || target.marks.ours(entry.mark, workspace))) {
      ours.set(entry.mark, [...(ours.get(entry.mark) ?? []), entry]);
      taken += 1;
    } else {
      foreign += 1;
    }
  }
  const entries = await entriesOf(ours, wanted, context);
  return { entries, listed: true, foreign, taken };
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
    const contact = await makeContact({ ...context, call: { ...call, container } });
    found.push({ container, contact });
    foreign += contact.foreign + contact.taken;
  }
  const [ours] = found.filter(({ contact }) => contact.taken > 0).sort((left, right) => right.contact.taken - left.contact.taken);
  if (ours === undefined) return { entries: [], listed: true, foreign, taken: 0 };
  const { container, contact } = ours;
  return { ...contact, entries: [{ kind: 'container', container }, ...contact.entries], foreign: foreign - contact.taken };
}

function wantedMarks(context: ContactContext): Map<string, Wanted> {
  const marks = new Map<string, Wanted>();
  for (const head of context.heads) {
    for (const part of head.parts) {
      const source = { workspace: context.workspace, document: head.document, part: part.key, effect: '' };
      marks.set(context.target.marks.write(source), { head, part: part.key });
    }
  }
  return marks;
}

async function entriesOf(
  ours: ReadonlyMap<string, readonly RemoteEntry[]>,
  wanted: ReadonlyMap<string, Wanted>,
  context: ContactContext,
): Promise<EntryBody[]> {
  const at = context.now();
  const documents = new Map<DocumentId, { head: PayloadHead; items: RemoteItem[] }>();
  const strangers: KnownDocument[] = [];
  const leftovers: EntryBody[] = [];
  const removable = 'delete' in context.target && context.target.delete !== undefined ? 'now' : 'by-hand';
  await inParallel([...ours], context.concurrency, async ([mark, entries]) => {
    const [entry, ...twins] = entries;
    if (entry === undefined) return;
    const match = wanted.get(mark);
    if (match === undefined) {
      const known = strangerOf(mark, entry, context.workspace, at);
      if (known !== null) strangers.push(known);
      // Its document cannot be read off a shortened mark, so nothing proves that it is unwanted: only told, and left to a person.
      else
        leftovers.push({
          kind: 'leftover',
          leftover: { remoteId: entry.remoteId, document: mark, mark, why: 'orphan', removable: 'by-hand', since: at },
        });
    } else {
      const group = documents.get(match.head.document) ?? { head: match.head, items: [] };
      documents.set(match.head.document, group);
      group.items.push(await itemTakenBack(entry, mark, match, at, context));
    }
    const document = match?.head.document ?? mark;
    for (const twin of twins) {
      leftovers.push({ kind: 'leftover', leftover: { remoteId: twin.remoteId, document, mark, why: 'twin', removable, since: at } });
    }
  });
  const known = [...documents.values()].map(({ head, items }): KnownDocument => {
    const { document, path, title, url, body } = head;
    return { document, path, title, url, body, items, origin: 'created' };
  });
  return known.length + strangers.length === 0 ? leftovers : [{ kind: 'known', documents: [...known, ...strangers] }, ...leftovers];
}

/** The vendor's text decides what the item holds: equal to what we would send, or unknown and therefore sent again. */
async function itemTakenBack(entry: RemoteEntry, mark: string, match: Wanted, at: Timestamp, context: ContactContext): Promise<RemoteItem> {
  const blank: RemoteItem = {
    part: match.part,
    remoteId: entry.remoteId,
    mark,
    fingerprint: null,
    training: entry.training ?? 'pending',
    acceptedAt: at,
    commit: null,
    effect: null,
  };
  if (context.target.read === undefined) return blank;
  const part = (await context.payload(match.head.document))?.parts.find((candidate) => candidate.key === match.part);
  const held = await context.target.read(entry.remoteId, context.call);
  const same = part !== undefined && plain(held.text) === plain(part.text);
  return { ...blank, fingerprint: same ? part.fingerprint : null, training: held.training ?? blank.training };
}

/** Line ends and the very end of a text may change at a vendor without anything being lost. */
function plain(text: string): string {
  return text.replace(/\r\n?/g, '\n').trimEnd();
}

/** Ours by a mark that still shows its document, though the folder does not want it: a record, so that planning (with its brakes) decides. */
function strangerOf(mark: string, entry: RemoteEntry, workspace: string, at: Timestamp): KnownDocument | null {
  const prefix = `${workspace}:`;
  if (!mark.startsWith(prefix)) return null;
  const document = mark.slice(prefix.length);
  const path = document.replace(/#.*$/s, '');
  const item: RemoteItem = {
    part: '',
    remoteId: entry.remoteId,
    mark,
    fingerprint: null,
    training: entry.training ?? 'unknown',
    acceptedAt: at,
    commit: null,
    effect: null,
  };
  return { document, path, title: document, url: null, body: null, items: [item], origin: 'created' };
}

async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: Math.max(1, width) }, worker));
}
