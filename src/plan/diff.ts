// The folder against the state: what is new, changed, gone, out of scope or blocked. Decides nothing about deletes that evidence does not carry:
// what was not found is gone only where the whole folder was read.
import type { DocumentId } from '../model/document.ts';
import type { Effect } from '../model/effect.ts';
import type { Action, BlockedDocument } from '../model/operation.ts';
import type { PayloadHead } from '../model/payload.ts';
import type { DocumentRecord } from '../model/record.ts';
import { isQa, type Known, type PlanInput, type PlanTarget, parentOf } from './input.ts';

/** A wanted document with the reason of its operation. */
export interface Fresh {
  readonly payload: PayloadHead;
  readonly reason: string;
}

/** A wanted document that the target holds already, in some other form. */
export interface Changed extends Fresh {
  readonly record: DocumentRecord;
}

/** A known document that leaves this bot. */
export interface Leaving extends Known {
  readonly reason: string;
  readonly retraction: boolean;
  /** A person said so of exactly this document. */
  readonly byWord?: true;
}

export interface Diff {
  /** No record at all: these may turn out to be moved. */
  readonly fresh: readonly Fresh[];
  /** A record without items: an earlier create failed; or none, since its items are no longer at the vendor. */
  readonly again: readonly Fresh[];
  readonly changed: readonly Changed[];
  /** Same id, other path. */
  readonly moved: readonly Changed[];
  /** Nothing to send but the name at the vendor (an interrupted move). */
  readonly misnamed: readonly Changed[];
  readonly unchanged: readonly PayloadHead[];
  /** File deleted, as far as a complete scan can tell. */
  readonly gone: readonly Known[];
  readonly leaving: readonly Leaving[];
  /** Would go, but the folder was not read completely. */
  readonly unsure: readonly Known[];
  readonly outOfScope: readonly Known[];
  readonly blocked: readonly BlockedDocument[];
}

type Draft = { -readonly [key in keyof Diff]: Diff[key] extends readonly (infer Item)[] ? Item[] : never };

/** Sorts every wanted and every known document into exactly one of the lists (records without items that nobody wants: into none). */
export function diff(input: PlanInput): Diff {
  const draft: Draft = {
    fresh: [],
    again: [],
    changed: [],
    moved: [],
    misnamed: [],
    unchanged: [],
    gone: [],
    leaving: [],
    unsure: [],
    outOfScope: [],
    blocked: [],
  };
  const settled = blockOpenAndFailed(input, draft);
  for (const payload of input.wanted) {
    if (settled.has(payload.document)) continue;
    settled.add(payload.document);
    sortWanted(input, payload, draft);
  }
  const failedPaths = new Map(input.failed.map((failure) => [failure.path, failure.error.message]));
  for (const [document, record] of Object.entries(input.state.records)) {
    if (settled.has(document) || record.items.length === 0) continue;
    sortUnwanted(input, { document, record }, failedPaths, draft);
  }
  return draft;
}

/** The documents that effects with an unknown outcome touch, with what was tried. */
export function openDocuments(open: readonly Effect[]): ReadonlyMap<DocumentId, { readonly action: Action; readonly path: string }> {
  const found = new Map<DocumentId, { action: Action; path: string }>();
  for (const effect of open) {
    if (effect.action === 'train' || effect.action === 'open') continue;
    if (effect.action === 'replace-all') {
      for (const part of effect.documents) found.set(part.document, { action: 'update', path: part.path });
    } else found.set(effect.document, { action: effect.action, path: effect.path });
  }
  return found;
}

/** What is blocked before anything else is looked at. Returns the documents that are dealt with. */
function blockOpenAndFailed(input: PlanInput, draft: Draft): Set<DocumentId> {
  const settled = new Set<DocumentId>();
  for (const [document, { action, path }] of openDocuments(input.open)) {
    settled.add(document);
    draft.blocked.push({ document, path, action, reason: 'unconfirmed: see kbsync todo', error: null });
  }
  for (const { document, path, error } of input.failed) {
    if (settled.has(document)) continue;
    settled.add(document);
    const held = (input.state.records[document]?.items.length ?? 0) > 0;
    draft.blocked.push({ document, path, action: held ? 'update' : 'create', reason: error.message, error });
  }
  return settled;
}

function sortWanted(input: PlanInput, payload: PayloadHead, draft: Draft): void {
  const record = input.state.records[payload.document];
  const resting = input.resting?.get(payload.document);
  if (record === undefined && input.vanished?.documents.has(payload.document) === true) {
    // Known to be this document: it is not to be taken for another one that was moved.
    draft.again.push({ payload, reason: 'no longer at the vendor' });
  } else if (record === undefined) {
    draft.fresh.push({ payload, reason: payload.kind === 'qa' ? 'new question' : 'new file' });
  } else if (record.items.length > 0 && record.path !== payload.path) {
    draft.moved.push({ payload, record, reason: `moved from ${record.path}` });
  } else if (isQuarantined(input, record, payload)) {
    draft.blocked.push(refusedBefore(payload, record));
  } else if (record.pushed !== payload.fingerprint && resting !== undefined) {
    draft.blocked.push(blockedAs(payload, record, resting));
  } else if (record.items.length === 0) {
    draft.again.push({ payload, reason: reasonOfAgain(record, payload) });
  } else if (record.pushed !== payload.fingerprint) {
    draft.changed.push({ payload, record, reason: reasonOfChange(record, payload) });
  } else if (record.training === 'failed' && input.only.failed) {
    draft.changed.push({ payload, record, reason: 'training failed, once more' });
  } else if (record.training === 'failed' && !trainsAnyway(input)) {
    draft.blocked.push(blockedAs(payload, record, `not to be trained${wordsOf(record)}; ${wayOn}`));
  } else if (record.origin === 'created' && isMisnamed(input.target, record, payload)) {
    // What was adopted keeps the name that a person gave it until there is something to send.
    draft.misnamed.push({ payload, record, reason: 'rename at the vendor owed' });
  } else draft.unchanged.push(payload);
}

function sortUnwanted(input: PlanInput, known: Known, failedPaths: ReadonlyMap<string, string>, draft: Draft): void {
  const { document, record } = known;
  const { folder } = input;
  const leaves = input.leaves.get(document) ?? (isQa(document) ? input.leaves.get(parentOf(document)) : undefined);
  const complete = folder.complete && !folder.rootMissing;
  if (leaves !== undefined) {
    // A retraction rests on what was read, not on what was not found: it goes even where a part of the folder could not be read.
    if (complete || leaves.retraction) draft.leaving.push({ ...known, ...leaves });
    else draft.unsure.push(known);
    return;
  }
  // A file that gained an id in the same edit that made it impossible to render is still the same file.
  const why =
    folder.blockedPaths.get(record.path) ??
    folder.blockedIds?.get(document) ??
    folder.blockedIds?.get(parentOf(document)) ??
    (parentOf(document) === record.path ? failedPaths.get(record.path) : undefined) ??
    claimedByBroken(record, folder);
  if (why !== undefined) {
    draft.blocked.push({ document, path: record.path, action: 'update', reason: `invalid file: ${why}`, error: null });
  } else if (!folder.inScope(record.path)) draft.outOfScope.push(known);
  else if (!complete) draft.unsure.push(known);
  else draft.gone.push(known);
}

/** A document taken back without its file being known may be what a broken file would give: until that is mended, nobody can say that it is gone. */
function claimedByBroken(record: DocumentRecord, folder: PlanInput['folder']): string | undefined {
  const [broken] = record.body === null && record.pushed === null ? folder.blockedPaths.keys() : [];
  return broken === undefined ? undefined : `it was found at the vendor, and ${broken}, which cannot be read, may be its file`;
}

/** Whether these very bytes, or those of one of the parts, failed for good before. */
export function isRefused(record: DocumentRecord, payload: PayloadHead): boolean {
  const { refused } = record;
  if (refused === null) return false;
  return refused === payload.fingerprint || payload.parts.some((part) => part.fingerprint === refused);
}

/**
 * Whether it is left alone because its bytes failed for good; `--only-failed` is a person's word to try them once more. Where a bot takes one
 * text, what was refused with it stays out together, and is tried again together once any of it has changed.
 */
function isQuarantined(input: PlanInput, record: DocumentRecord, payload: PayloadHead): boolean {
  if (input.only.failed || !isRefused(record, payload)) return false;
  if (!input.target.whole) return true;
  const wanted = new Map(input.wanted.map((head) => [head.document, head]));
  return Object.entries(input.state.records).every(([id, other]) => {
    const head = wanted.get(id);
    return other.refused === null || (head !== undefined && isRefused(other, head));
  });
}

function refusedBefore(payload: PayloadHead, record: DocumentRecord): BlockedDocument {
  return blockedAs(payload, record, `refused for good before${wordsOf(record)}; ${wayOn}`);
}

const wayOn = 'change the document, or have it tried once more: kbsync sync --only-failed';

function blockedAs({ document, path }: PayloadHead, record: DocumentRecord, reason: string): BlockedDocument {
  return { document, path, action: record.items.length === 0 ? 'create' : 'update', reason, error: record.error };
}

function wordsOf({ error }: DocumentRecord): string {
  return error === null ? '' : `: ${error.message.replace(/\.$/, '')}`;
}

/** Whether the training that is owed, or under way, takes in what failed in the one before. */
function trainsAnyway({ target, state }: PlanInput): boolean {
  return target.traits.training === 'on-request' && (state.run !== null || state.lastWrite !== state.learntThrough);
}

function reasonOfAgain(record: DocumentRecord, payload: PayloadHead): string {
  if (isRefused(record, payload)) return 'refused for good before, once more';
  return record.refused === null ? 'failed before, once more' : 'changed since it was refused';
}

/** Why the bytes differ, in a reviewer's words. */
function reasonOfChange(record: DocumentRecord, payload: PayloadHead): string {
  if (isRefused(record, payload)) return 'refused for good before, once more';
  if (record.pushed === null) {
    const untouched = record.origin === 'adopted' && record.items.every((item) => item.effect === null);
    return untouched ? 'adopted: the bot holds another text, or one that cannot be read' : 'what the bot holds is not known';
  }
  if (isPartMissing(record, payload)) return record.error === null ? 'missing at the vendor' : 'failed before, once more';
  return record.body === payload.body ? 'title, include, link or settings changed' : 'text changed';
}

/** Same text as before, every item as wanted, but not all of them there. */
function isPartMissing(record: DocumentRecord, payload: PayloadHead): boolean {
  if (record.body !== payload.body || record.items.length >= payload.parts.length) return false;
  const wanted = new Map(payload.parts.map((part) => [part.key, part.fingerprint]));
  return record.items.every((item) => wanted.get(item.part) === item.fingerprint);
}

/** Paths and ids of what the folder gives this target: a question of one of these went without its file. */
export function presentFiles({ wanted, failed }: Pick<PlanInput, 'wanted' | 'failed'>): ReadonlySet<string> {
  return new Set([...wanted, ...failed].flatMap(({ document, path }) => [document, path]));
}

/** Why a document that was not found any more goes, in a reviewer's words. */
export function reasonOfGoing({ document, record }: Known, present: ReadonlySet<string>): string {
  const fileStays = present.has(record.path) || present.has(parentOf(document));
  return isQa(document) && fileStays ? 'question removed' : 'file deleted';
}

/** Whether the vendor shows a name that is not the one this document would be given now. */
export function isMisnamed(target: PlanTarget, record: DocumentRecord, payload: Pick<PayloadHead, 'document' | 'parts'>): boolean {
  if (!target.traits.renames) return false;
  const keys = new Set(payload.parts.map((part) => part.key));
  const { workspace, marks } = target;
  return record.items.some((item) => {
    if (!keys.has(item.part)) return false;
    return item.mark !== marks.write({ workspace, document: payload.document, part: item.part, effect: item.effect ?? '' });
  });
}
