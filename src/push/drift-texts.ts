// The texts that the vendor holds against those that it was last given. Reads only, and tells which part of the documents it has compared.
import type { Call, RemoteEntry, Target } from '../connectors/connector.ts';
import type { DocumentId } from '../model/document.ts';
import type { Effect } from '../model/effect.ts';
import { asSyncError, type SyncError } from '../model/error.ts';
import type { Emit } from '../model/event.ts';
import type { Payload } from '../model/payload.ts';
import type { RemoteItem, TargetState } from '../model/record.ts';
import type { GivenTexts } from './context.ts';
import { type DriftItem, documentsOf, lagWindowMs } from './drift.ts';
import { plain } from './reconcile.ts';

/** Which documents are compared: a share of them (0…1), going on behind the last one of the look before. */
export interface TextsWanted {
  readonly share: number;
  readonly after: DocumentId | null;
}

export interface TextsContext {
  readonly target: Target;
  readonly state: TargetState;
  readonly open: readonly Effect[];
  readonly call: Call;
  readonly nowMs: number;
  readonly concurrency: number;
  readonly texts: Pick<GivenTexts, 'get'>;
  /** The wanted payload as the folder gives it now: for a text that is no longer kept. */
  readonly payload: (document: DocumentId) => Promise<Payload | null>;
  readonly emit: Emit;
  /** Aborted: compare nothing more. */
  readonly stop: AbortSignal;
}

/** The texts compared, as far as it went. */
export interface TextsLook {
  readonly findings: readonly DriftItem[];
  readonly compared: ReadonlySet<DocumentId>;
  /** Documents there are to compare, those too young for it among them. */
  readonly of: number;
  /** Of these, the ones written so lately that the vendor may not show it yet: not judged. */
  readonly young: number;
  readonly through: DocumentId | null;
  readonly notes: readonly string[];
  /** What kept it from going on; what was found before stands. */
  readonly error: SyncError | null;
}

/** Reads and compares. The target must be able to read. */
export async function compareTexts(
  listed: ReadonlyMap<string, RemoteEntry>,
  wanted: TextsWanted,
  context: TextsContext,
): Promise<TextsLook> {
  const { state, open, concurrency, emit, stop } = context;
  const unsettled = documentsOf(open);
  const all = Object.keys(state.records)
    .filter((id) => !unsettled.has(id) && (state.records[id]?.items ?? []).some((item) => isComparable(item, listed, context)))
    .sort();
  const old = new Set(all);
  const young = Object.keys(state.records).filter(
    (id) => !unsettled.has(id) && !old.has(id) && (state.records[id]?.items ?? []).some((item) => isShown(item, listed)),
  ).length;
  const chosen = slice(all, wanted);
  const run: Run = { findings: [], compared: new Set(), lost: 0, unread: 0, error: null };
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let id = chosen[next++]; id !== undefined && run.error === null && !stop.aborted; id = chosen[next++]) {
      await compareDocument(id, listed, context, run);
      emit({ kind: 'phase', phase: 'comparing', done: run.compared.size, total: chosen.length });
    }
  };
  if (chosen.length > 0) emit({ kind: 'phase', phase: 'comparing', done: 0, total: chosen.length });
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, worker));
  // Several at once: what comes behind the first one left out is not done.
  const firstLeft = chosen.findIndex((id) => !run.compared.has(id));
  const through = (firstLeft < 0 ? chosen.at(-1) : chosen[firstLeft - 1]) ?? wanted.after;
  const findings = run.findings.sort((left, right) => (left.path < right.path ? -1 : 1));
  return { findings, compared: run.compared, of: all.length + young, young, through, notes: notesOf(run), error: run.error };
}

/** A share of the documents, at least one, behind `after` in the order of ids and on from the beginning again. */
function slice(all: readonly DocumentId[], { share, after }: TextsWanted): readonly DocumentId[] {
  const count = Math.min(all.length, Math.ceil(all.length * share));
  const start =
    share >= 1 || after === null
      ? 0
      : Math.max(
          0,
          all.findIndex((id) => id > after),
        );
  return [...all.slice(start), ...all.slice(0, start)].slice(0, count);
}

/** What is of unknown content is sent again anyway. */
function isShown({ remoteId, fingerprint }: RemoteItem, listed: ReadonlyMap<string, RemoteEntry>): boolean {
  return remoteId !== null && fingerprint !== null && listed.has(remoteId);
}

/** What is too young the vendor may not show yet. */
function isComparable(item: RemoteItem, listed: ReadonlyMap<string, RemoteEntry>, { target, nowMs }: TextsContext): boolean {
  return isShown(item, listed) && nowMs - Date.parse(item.acceptedAt) >= lagWindowMs(target);
}

interface Run {
  readonly findings: DriftItem[];
  readonly compared: Set<DocumentId>;
  /** Items whose given text is not known any more. */
  lost: number;
  /** Items that the vendor did not show. */
  unread: number;
  error: SyncError | null;
}

async function compareDocument(
  document: DocumentId,
  listed: ReadonlyMap<string, RemoteEntry>,
  context: TextsContext,
  run: Run,
): Promise<void> {
  const record = context.state.records[document];
  if (record === undefined) return;
  for (const item of record.items) {
    const { remoteId, mark, part } = item;
    if (remoteId === null || !isComparable(item, listed, context)) continue;
    const given = await givenText(document, item, context);
    if (given === null) {
      run.lost += 1;
      continue;
    }
    try {
      const held = await context.target.read?.(remoteId, context.call);
      if (held === undefined || plain(held.text) === plain(given)) continue;
      const name = listed.get(remoteId)?.name ?? null;
      const detail = `its text is another than the one it was given${part === '' ? '' : `, part ${part}`} (${sizes(given, held.text)})`;
      run.findings.push({ kind: 'changed', document, remoteId, path: record.path, name, mark, detail });
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.code === 'UNEXPECTED') throw thrown;
      if (error.facts.stops !== 'document') {
        run.error ??= error;
        return;
      }
      run.unread += 1;
    }
  }
  run.compared.add(document);
}

/** As it was kept; else as the folder gives it now, where that is the same to the byte. */
async function givenText(document: DocumentId, item: RemoteItem, { state, texts, payload }: TextsContext): Promise<string | null> {
  const pushed = state.records[document]?.pushed;
  const kept = pushed == null ? undefined : texts.get(pushed)?.parts.find(({ key }) => key === item.part);
  if (kept !== undefined) return kept.text;
  const now = (await payload(document))?.parts.find(({ key }) => key === item.part);
  return now !== undefined && now.fingerprint === item.fingerprint ? now.text : null;
}

function sizes(given: string, held: string): string {
  const count = (text: string) => Buffer.byteLength(plain(text));
  return count(given) === count(held) ? `${count(held)} bytes, as many as given` : `${count(held)} bytes there, ${count(given)} given`;
}

function notesOf({ lost, unread }: Run): string[] {
  const items = (count: number) => (count === 1 ? '1 item' : `${count} items`);
  return [
    ...(lost > 0 ? [`${items(lost)} cannot be compared: the text they were given is no longer kept, and the file has changed since`] : []),
    ...(unread > 0 ? [`${items(unread)} cannot be compared: the vendor did not show the text`] : []),
  ];
}
