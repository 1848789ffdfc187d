// What `retract` keeps out of one bot, against the folder as it is now: which documents stay out, which records and copies leave, and what
// comes back because its file has changed. Pure.
import { canaryId } from '../model/canary.ts';
import type { Document, DocumentId } from '../model/document.ts';
import { type Fingerprint, fingerprint } from '../model/json.ts';
import type { Retracted, TargetState } from '../model/record.ts';
import { isQa, type PlanRetracted, parentOf } from '../plan/input.ts';
import type { Folder, Wanted } from './folder.ts';

/** Why a document leaves, or is not given: a person's word. */
export interface KeptReason {
  readonly reason: string;
  readonly retraction: true;
  readonly byWord: true;
}

export interface KeptOut {
  /** Documents of the folder that stay out, by id: the id under which they were retracted, which is what `--undo` takes, too. */
  readonly out: ReadonlyMap<DocumentId, DocumentId>;
  /** Of the folder and of the bot: everything that is to go, or not to come. */
  readonly leaves: ReadonlyMap<DocumentId, KeptReason>;
  /** Documents whose file has changed since: the retraction that ends with them, and what the plan says. */
  readonly returning: ReadonlyMap<DocumentId, { readonly held: DocumentId; readonly reason: string }>;
}

const emptyBody = fingerprint('');
const nothing: KeptOut = { out: new Map(), leaves: new Map(), returning: new Map() };

type Known = Pick<TargetState, 'records' | 'leftovers' | 'retracted'>;
type Digests = (path: string) => string | null;

/** What the retractions in a state come to in this folder. */
export function keptOut(state: Known, { scan }: Pick<Folder, 'scan'>): KeptOut {
  const held = Object.entries(state.retracted);
  if (held.length === 0) return nothing;
  const out = new Map<DocumentId, DocumentId>();
  const leaves = new Map<DocumentId, KeptReason>();
  const returning = new Map<DocumentId, { held: DocumentId; reason: string }>();
  for (const [id, retracted] of held) {
    const { same, changed } = found(id, retracted, scan.documents, digestsOf(scan.digest), state.records);
    for (const document of same) out.set(document, id);
    const reason = `changed since it was retracted on ${dayOf(retracted)}`;
    for (const document of changed) returning.set(document, { held: id, reason });
  }
  for (const document of out.keys()) returning.delete(document);
  for (const [document, id] of out) leaves.set(document, reasonOf(id, state.retracted[id]));
  const there = [...Object.keys(state.records), ...state.leftovers.map(({ document }) => document)];
  for (const [id, retracted] of held) {
    for (const document of there) {
      if (covers(id, document) && !returning.has(document)) leaves.set(document, reasonOf(id, retracted));
    }
  }
  return { out, leaves, returning };
}

/** Whether a retraction of this id is one of that document: a file is retracted with its questions. */
export function covers(retracted: DocumentId, document: DocumentId): boolean {
  return document === retracted || parentOf(document) === retracted;
}

/** What the folder has of one retracted document: as it was, wherever it lies now, and what has taken its place. */
function found(
  id: DocumentId,
  retracted: Retracted,
  documents: readonly Document[],
  digestOf: Digests,
  records: TargetState['records'],
): { readonly same: readonly DocumentId[]; readonly changed: readonly DocumentId[] } {
  const own = documents.filter((document) => covers(id, document.id));
  if (own.length > 0)
    return isAsItWas(id, retracted, own, digestOf) ? { same: idsOf(own), changed: [] } : { same: [], changed: idsOf(own) };
  // Under another id or at another path. What the bot was given beside it is a document of its own, whatever it says.
  const strangers = documents.filter((document) => (records[document.id]?.items.length ?? 0) === 0);
  if (isQa(id)) return { same: idsOf(strangers.filter((document) => isQa(document.id) && isSame(document.body, retracted))), changed: [] };
  const files = new Map<string, Document[]>();
  for (const document of strangers) files.set(document.path, [...(files.get(document.path) ?? []), document]);
  const same = [...files].flatMap(([path, inFile]) => {
    const sameBytes = retracted.file !== null && retracted.file !== '' && digestOf(path) === retracted.file;
    return sameBytes || isSame(bodyOf(inFile), retracted) ? inFile : [];
  });
  return { same: idsOf(same), changed: same.length > 0 ? [] : idsOf(files.get(retracted.path) ?? []) };
}

/** The document is there under its own id: has it changed? A question by its own words, a file by its bytes. */
function isAsItWas(id: DocumentId, retracted: Retracted, own: readonly Document[], digestOf: Digests): boolean {
  const body = bodyOf(own);
  if (isQa(id) && retracted.body != null) return body === retracted.body;
  const digest = digestOf(own[0]?.path ?? '');
  // It could not be read then, or cannot be told now: nobody knows that it has changed.
  if (retracted.file === '' || digest === '') return true;
  return retracted.file !== null && digest !== null ? digest === retracted.file : isSame(body, retracted);
}

/** The author's words in one file: its article's, or all of its questions'; null where they are not known. */
export function bodyOf(inFile: readonly { readonly id: DocumentId; readonly body: Fingerprint | null }[]): Fingerprint | null {
  const article = inFile.find(({ id }) => !isQa(id));
  if (article !== undefined) return article.body;
  const [only, ...others] = inFile.map(({ body }) => body);
  if (only === undefined || others.length === 0) return only ?? null;
  const bodies = [only, ...others].filter((body) => body !== null);
  return bodies.length === inFile.length ? fingerprint(bodies.sort()) : null;
}

function isSame(body: Fingerprint | null, retracted: Retracted): boolean {
  return body !== null && body !== emptyBody && body === retracted.body;
}

function idsOf(documents: readonly Document[]): DocumentId[] {
  return documents.map((document) => document.id);
}

function digestsOf(digest: ((path: string) => string | null) | undefined): Digests {
  return digest ?? (() => null);
}

function reasonOf(id: DocumentId, retracted: Retracted | undefined): KeptReason {
  const since = retracted === undefined ? '' : ` on ${dayOf(retracted)}`;
  return { reason: `retracted${since} by kbsync retract; ${undoWords(id)}`, retraction: true, byWord: true };
}

/** How a document is brought back, as a sentence's end. */
export function undoWords(id: DocumentId): string {
  return `kbsync retract --undo ${shellWord(id)} brings it back`;
}

function dayOf({ since }: Retracted): string {
  return since.slice(0, 10);
}

/** One word for a shell. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** What the target is to have without what a person keeps out of it. */
export function withoutKept(wanted: Wanted, { out, leaves }: KeptOut): Wanted {
  if (leaves.size === 0) return wanted;
  // That of the freshness check stands in no folder to be found in.
  const isOut = (id: DocumentId) => out.has(id) || (id === canaryId && leaves.has(id));
  return {
    ...wanted,
    heads: wanted.heads.filter((head) => !isOut(head.document)),
    failed: wanted.failed.filter(({ document }) => !out.has(document)),
    payload: (document) => (isOut(document) ? Promise.resolve(null) : wanted.payload(document)),
  };
}

/** How many kept out are named in a plan. */
const named = 5;

/** What a plan is told of it. */
export function retractedFor(state: Known, { returning }: KeptOut): PlanRetracted | undefined {
  const ids = Object.entries(state.retracted);
  if (ids.length === 0) return undefined;
  const ended = new Set([...returning.values()].map(({ held }) => held));
  // What leaves by this very plan is told by its own line.
  const quiet = ids.filter(([id]) => !ended.has(id) && (state.records[id]?.items.length ?? 0) === 0);
  const words = quiet.slice(0, named).map(([id, retracted]) => `${id} (since ${dayOf(retracted)})`);
  if (quiet.length > named) words.push(`${quiet.length - named} more`);
  const [first] = quiet;
  const note = first === undefined ? null : `Kept out by kbsync retract: ${words.join(', ')}; ${undoWords(first[0])}.`;
  return { note, returning: new Map([...returning].map(([document, { reason }]) => [document, reason])) };
}
