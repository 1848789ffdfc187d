// Adopting at one target, from "who is it" to the records: look, read, save, match, remember. Reads the vendor and sends it no write.
import type { ItemTarget } from '../connectors/connector.ts';
import { likeness } from '../content/render.ts';
import { findHead } from '../content/source.ts';
import type { EntryBody, JournalEntry } from '../model/effect.ts';
import { type ErrorRecord, SyncError } from '../model/error.ts';
import { fold } from '../model/fold.ts';
import type { Operation } from '../model/operation.ts';
import type { Payload } from '../model/payload.ts';
import type { TargetState } from '../model/record.ts';
import { counted } from '../plan/words.ts';
import { adoptedDocuments, adoptOperations, type ForeignItem, type Matching, matchItems, type WantedPart } from '../push/adopt.ts';
import { isAnothers } from '../push/adopt-names.ts';
import { boxOf, strangersAt, type Unread, withTexts } from './adopt-look.ts';
import type { CycleContext } from './context.ts';
import { type Folder, renderOptionsOf, type Wanted, wantedBy } from './folder.ts';
import { contactWith, settleAll, takeOverRetractions, whoIsIt } from './plan-target.ts';

/** Where the texts that were found may be put away, before anything is recorded. */
export interface FoundItems {
  readonly target: string;
  readonly identity: string;
  /** Without those whose text could not be read. */
  readonly items: readonly (ForeignItem & { readonly text: string })[];
  readonly complete: boolean;
}

/** What a person asked for. */
export interface AdoptOptions {
  /** Called with everything that was found; null: the texts are not to be saved. */
  readonly save: ((found: FoundItems) => Promise<void>) | null;
}

/** What adopting came to. */
export interface Adoption {
  readonly operations: readonly Operation[];
  readonly matching: Matching;
  readonly unread: readonly Unread[];
  /** Set where nothing was matched or recorded: a text that was to be saved could not be read. */
  readonly failure: ErrorRecord | null;
  readonly notes: readonly string[];
}

/**
 * Matches what the bot holds and kbsync did not make to documents without an item there, and remembers it (in the memory of the context: a
 * copy that is thrown away makes it a rehearsal). USAGE where this target has nothing that could be adopted; HELD where it must not be.
 */
export async function adoptAt(context: CycleContext, folder: Folder, { save }: AdoptOptions): Promise<Adoption> {
  const { memory, nowMs } = context;
  const target = adoptable(context, save !== null);
  refuseFolder(context, folder);
  const identity = await whoIsIt(context);
  refuseOtherBot(context, identity);
  await takeOverRetractions(context);
  // Looks only: what can be found out of writes unconfirmed is found out, and nothing is said again.
  await settleAll({ ...context, readOnly: true });
  context.emit({ kind: 'phase', phase: 'planning', done: 0, total: 0 });
  const wanted = await wantedBy(context.target, folder, renderOptionsOf(context.target, target.traits), nowMs());
  const contact = await contactWith(context, wanted);
  if (contact?.listed === false) throw unlistable(context);
  const state = withEntries(memory.state, contact?.entries ?? [], nowMs());
  const box = await boxOf(context, state);
  const { items: listed, strays } = box.looked ? await strangersAt(context, state, box.id) : { items: [], strays: 0 };
  const facts = { workspace: context.config.name, marks: target.marks };
  const others = listed.filter((item) => isAnothers(item, facts));
  const mine = listed.filter((item) => !isAnothers(item, facts));
  const { items: found, unread } = await withTexts(save === null ? mine : listed, context, box.id);
  const items = found.filter((item) => !isAnothers(item, facts));
  if (save !== null) {
    const read = found.flatMap((item) => (item.text === null ? [] : [{ ...item, text: item.text }]));
    await save({ target: context.target.name, identity, items: read, complete: unread.length === 0 });
    if (unread.length > 0) return unsaved(unread);
  }
  const parts = items.length === 0 ? await headsOnly(context, state, wanted) : await partsWithout(context, state, wanted);
  const matched = matchItems(items, parts, { ...facts, likeness, withoutFrontMatter });
  const matching = { ...matched, foreign: [...matched.foreign, ...others] };
  await remember(context, matching, {
    folder,
    wanted,
    entries: [...(contact?.entries ?? []), ...(memory.state.identity === null ? [{ kind: 'identity' as const, identity }] : [])],
    container: box.id,
  });
  context.emit({ kind: 'phase', phase: 'idle', done: 0, total: 0 });
  return {
    operations: adoptOperations(matching.matches),
    matching,
    unread,
    failure: null,
    notes: notesOf(context, matching, { strays, others: others.length }),
  };
}

/** The target as one that can be adopted from. */
function adoptable(context: CycleContext, saving: boolean): ItemTarget {
  const { target } = context.connection;
  if ('replaceAll' in target) {
    throw new SyncError('USAGE', {
      message: `${context.connection.vendorLabel} takes one text for the whole bot here: there are no items to adopt`,
      next: 'copy its text out of the dashboard if it is still needed; takeOver: true lets kbsync sync overwrite it',
    });
  }
  if (target.list === undefined) throw unlistable(context);
  if (saving && target.read === undefined) {
    const { vendorLabel } = context.connection;
    throw new SyncError('USAGE', {
      message: `${vendorLabel} shows no texts through its API, so they cannot be saved`,
      next: target.traits.missing.read?.remedy ?? `leave --export out, and save what is needed in the dashboard of ${vendorLabel}`,
    });
  }
  return target;
}

function unlistable({ connection, target }: CycleContext): SyncError {
  const { list } = connection.target.traits.missing;
  return new SyncError('USAGE', {
    message: `${target.name}: ${connection.vendorLabel} cannot list what it holds, so nothing can be matched`,
    next: `${list === undefined ? '' : `${list.remedy}; `}remove older copies by hand in the dashboard, or add beside them: kbsync sync --initial --target ${target.name}`,
  });
}

/** What was not read of the folder could be the better match, and a wrong one overwrites what somebody wrote. */
function refuseFolder({ config }: CycleContext, { scan }: Folder): void {
  if (scan.rootMissing) {
    throw new SyncError('CONTENT_MISSING', { message: `content.root ${config.content.root} is not there, or not a folder` });
  }
  if (scan.complete) return;
  throw new SyncError('HELD', {
    message: `the content folder could not be read completely (${(scan.incompleteWhy ?? '').replace(/\.$/, '')}): nothing is adopted until it can`,
    next: 'mend what it names and run again; nothing was recorded',
  });
}

function refuseOtherBot({ memory, target, connection }: CycleContext, found: string): void {
  const { identity, container } = memory.state;
  const configured = connection.target.container?.configured ?? null;
  const moved = configured !== null && container !== null && configured !== container;
  if ((identity === null || identity === found) && !moved) return;
  throw new SyncError('HELD', {
    message: `${target.name} was always ${identity ?? container}, but this configuration leads to ${moved ? configured : found}: nothing is adopted there`,
    next: 'put the old credentials or bot id back, or use a new target name for the other bot',
  });
}

function withEntries(state: TargetState, entries: readonly EntryBody[], nowMs: number): TargetState {
  const at = new Date(nowMs).toISOString();
  return entries.length === 0
    ? state
    : fold(
        state,
        entries.map((entry) => ({ ...entry, at }) as JournalEntry),
      ).state;
}

function unsaved(unread: readonly Unread[]): Adoption {
  const [first] = unread;
  const failure = new SyncError(first?.error.code ?? 'REPLY_INVALID', {
    message: `${counted(unread.length, 'text')} could not be read and so not saved; nothing was recorded. The first: ${first?.error.message ?? ''}`,
    vendor: first?.error.vendor ?? null,
    next: `${first?.error.next ?? 'run again'}; or leave --export out`,
  }).record();
  const matching: Matching = { matches: [], ambiguous: [], foreign: [], unmatched: [], copies: 0, uncompared: false };
  return { operations: [], matching, unread, failure, notes: [] };
}

/** Documents that the target is to have and of which it has nothing: neither an item, nor a write under way, nor a person's word against it. */
function missingHeads({ memory }: CycleContext, { records, retracted }: TargetState, { heads }: Wanted) {
  const open = new Set(
    memory.open.flatMap((effect) =>
      effect.action === 'replace-all' ? effect.documents.map(({ document }) => document) : 'document' in effect ? [effect.document] : [],
    ),
  );
  return heads.filter(
    ({ document }) => (records[document]?.items.length ?? 0) === 0 && !open.has(document) && retracted?.[document] === undefined,
  );
}

/** Their parts with texts, as they would be sent now. */
async function partsWithout(context: CycleContext, state: TargetState, wanted: Wanted): Promise<readonly WantedPart[]> {
  const parts: WantedPart[] = [];
  for (const head of missingHeads(context, state, wanted)) {
    const payload = await wanted.payload(head.document);
    for (const [index, part] of head.parts.entries()) {
      const text = payload?.parts.find(({ key }) => key === part.key)?.text ?? null;
      const body = index === 0 && head.kind !== 'qa' ? (payload?.bodyText ?? null) : null;
      parts.push({ head, part, text, body });
    }
  }
  return parts;
}

/** Where nothing is there to be matched, no text is needed. */
async function headsOnly(context: CycleContext, state: TargetState, wanted: Wanted): Promise<readonly WantedPart[]> {
  return missingHeads(context, state, wanted).flatMap((head) => head.parts.map((part) => ({ head, part, text: null, body: null })));
}

function withoutFrontMatter(text: string): string {
  const lines = text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  const head = findHead(lines);
  return head.kind === 'block' ? lines.slice(head.bodyStart) : lines;
}

interface Remembered {
  readonly folder: Folder;
  readonly wanted: Wanted;
  readonly entries: readonly EntryBody[];
  readonly container: string | null;
}

/** One append: all of it is remembered, or nothing. A person has looked now, so that what is not ours holds no push any more. */
async function remember(context: CycleContext, { matches }: Matching, { folder, wanted, entries, container }: Remembered): Promise<void> {
  const { memory, connection, nowMs } = context;
  const documents = adoptedDocuments(matches, new Date(nowMs()).toISOString(), (path) => folder.commitOf(path));
  const all: EntryBody[] = [...entries];
  const named = connection.target.container?.configured ?? null;
  // A box that holds nothing of ours and that nobody named is somebody else's.
  const box = named ?? (documents.length > 0 ? container : null);
  const inEntries = entries.some((entry) => entry.kind === 'container' && entry.container === box);
  if (box !== null && memory.state.container !== box && !inEntries) all.push({ kind: 'container', container: box });
  if (documents.length > 0) all.push({ kind: 'known', documents });
  const held = memory.state.held.filter(({ rule }) => rule !== 'existing-content');
  if (held.length < memory.state.held.length) all.push({ kind: 'held', held });
  if (all.length === 0) return;
  if (context.readOnly !== true) await keepTexts(context, documents, wanted);
  await memory.append(all);
  await memory.checkpoint();
}

/** What the bot is known to hold whole, for later diffs and moves. */
async function keepTexts({ texts }: CycleContext, documents: ReturnType<typeof adoptedDocuments>, wanted: Wanted): Promise<void> {
  for (const { document, items } of documents) {
    if (items.some(({ fingerprint }) => fingerprint === null)) continue;
    const payload: Payload | null = await wanted.payload(document);
    if (payload !== null && payload.parts.length === items.length)
      await texts.put(payload.fingerprint, { parts: payload.parts, body: payload.bodyText });
  }
}

function notesOf(
  { target, memory }: CycleContext,
  { copies, uncompared }: Matching,
  { strays, others }: { readonly strays: number; readonly others: number },
): string[] {
  const notes: string[] = [];
  if (others > 0) {
    notes.push(
      `${counted(others, 'item')} left alone ${others === 1 ? 'carries' : 'carry'} the mark of another workspace of kbsync, which would go on writing to ${others === 1 ? 'it' : 'them'}. If it was this one under another name, give it that name back.`,
    );
  }
  if (copies > 0) {
    notes.push(
      `${counted(copies, 'item')} left alone ${copies === 1 ? 'holds' : 'hold'} the text of a document that another item was matched to: a second copy, which the bot goes on answering from.`,
    );
  }
  if (uncompared) notes.push('What is left is too much to be compared line by line: edited texts under other names were not looked for.');
  if (strays > 0) notes.push(`${counted(strays, 'item')} with our mark ${strays === 1 ? 'is' : 'are'} known to no record: not adopted.`);
  const orphans = memory.state.leftovers.filter(({ why }) => why === 'orphan').length;
  if (orphans > 0) {
    notes.push(
      `${counted(orphans, 'older copy', 'older copies')} of ours at ${target.name} still ${orphans === 1 ? 'matches' : 'match'} no document: look at kbsync todo before the next sync, which may create what they were.`,
    );
  }
  return notes;
}
