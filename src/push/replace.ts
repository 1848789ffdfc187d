// Targets that take one text for the whole bot: every document in one call. One operation a document all the same, with one fate.
import type { NewItem, WholeTarget } from '../connectors/connector.ts';
import type { DocumentId } from '../model/document.ts';
import type { Effect, WrittenPart } from '../model/effect.ts';
import { asSyncError, type ErrorRecord, SyncError } from '../model/error.ts';
import type { Operation } from '../model/operation.ts';
import type { PayloadHead } from '../model/payload.ts';
import type { DocumentRecord, EffectId } from '../model/record.ts';
import type { Pushed, StepResult } from './apply.ts';
import { factsOf, itemOf } from './batch.ts';
import { callOf, type PushContext, refusalOf } from './context.ts';

/** One document of the text: what the vendor is given, and what the record takes over. */
interface Piece {
  readonly written: Omit<WrittenPart, 'part'>;
  readonly items: readonly NewItem[];
}

type WholeContext = PushContext & { readonly target: WholeTarget };

/**
 * Sends the whole text, journaled as one effect; nothing where no operation is due. The text holds the documents that the operations write, as
 * they are now, and every other one that the bot has, as it was last given: what a brake, a fault or a narrowed run leaves alone stays as it is.
 */
export async function replaceWhole(
  operations: readonly Operation[],
  heads: ReadonlyMap<DocumentId, PayloadHead>,
  context: WholeContext,
): Promise<Pushed> {
  if (operations.length === 0) return { results: [], stoppedBy: null };
  const id = context.newEffectId();
  const beganMs = Date.parse(context.now());
  const pushed = await sendWhole(operations, heads, id, context);
  const durationMs = Math.max(0, Date.parse(context.now()) - beganMs);
  for (const { step, outcome, error } of pushed.results) {
    const { action, document } = step.operation;
    context.emit({ kind: 'operation', action, document, outcome, error, effects: [id], durationMs });
  }
  return pushed;
}

async function sendWhole(
  operations: readonly Operation[],
  heads: ReadonlyMap<DocumentId, PayloadHead>,
  id: EffectId,
  context: WholeContext,
): Promise<Pushed> {
  let pieces: Piece[];
  try {
    pieces = await piecesOf(operations, heads, id, context);
  } catch (thrown) {
    return failed(operations, thrown);
  }
  const commit = context.commitOf(pieces[0]?.written.path ?? '');
  const effect: Effect = { id, operation: null, commit, action: 'replace-all', documents: pieces.map((piece) => piece.written) };
  await context.memory.append([{ kind: 'begin', effects: [effect] }]);
  try {
    const result = await context.target.replaceAll(
      pieces.flatMap((piece) => piece.items),
      callOf(context),
    );
    if (!result.ok) throw result.error;
    await context.memory.append([{ kind: 'done', effect: id, remoteId: result.remoteId, settledBy: 'reply' }]);
    return { results: operations.map((operation) => resultOf(operation, 'done', null)), stoppedBy: null };
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED') throw thrown;
    const doubtful = error.facts.effect === 'unconfirmed';
    const refused = error.facts.retry === 'never' && error.facts.stops === 'document';
    const failure = { kind: 'failed', effect: id, error: error.record(), refused } as const;
    await context.memory.append([doubtful ? { kind: 'blurred', effect: id } : failure]);
    const outcome = doubtful ? 'unconfirmed' : 'failed';
    return { results: operations.map((operation) => resultOf(operation, outcome, error.record())), stoppedBy: refused ? null : error };
  }
}

/** The documents of the new text, by path. */
async function piecesOf(
  operations: readonly Operation[],
  heads: ReadonlyMap<DocumentId, PayloadHead>,
  id: EffectId,
  context: WholeContext,
): Promise<Piece[]> {
  const written = new Set<DocumentId>();
  const gone = new Set<DocumentId>();
  for (const operation of operations) {
    if (operation.action === 'delete') gone.add(operation.document);
    else written.add(operation.document);
    if (operation.action === 'move' && operation.from !== operation.document) gone.add(operation.from);
  }
  const pieces: Piece[] = [];
  for (const document of written) pieces.push(await pieceNow(document, id, context));
  for (const [document, record] of Object.entries(context.memory.state.records)) {
    if (written.has(document) || gone.has(document) || record.items.length === 0) continue;
    // The bytes are the same: rendering them is as good as remembering them.
    const same = heads.get(document)?.fingerprint === record.pushed;
    pieces.push(same ? await pieceNow(document, id, context) : pieceBefore(document, record, id, context));
  }
  return pieces.sort((left, right) => (left.written.path < right.written.path ? -1 : 1));
}

async function pieceNow(document: DocumentId, id: EffectId, context: WholeContext): Promise<Piece> {
  const payload = await context.payload(document);
  if (payload === null) {
    throw new SyncError('DOCUMENT_REFUSED', {
      message: `${document}: the file went away or became invalid while syncing`,
      next: 'run again: the next run reads it anew',
      facts: { retry: 'later' },
    });
  }
  const refusal = refusalOf(payload, context);
  if (refusal !== null) throw refusal;
  await context.texts.put(payload.fingerprint, { parts: payload.parts, body: payload.bodyText });
  const mark = markOf(document, id, context);
  const written = { ...factsOf(payload), mark, fingerprint: payload.fingerprint, payload: payload.fingerprint };
  return { written, items: payload.parts.map((part) => itemOf(id, mark, part, payload)) };
}

/** A document that stays as it is though the folder says otherwise: its text as the bot was last given it. */
function pieceBefore(document: DocumentId, record: DocumentRecord, id: EffectId, context: WholeContext): Piece {
  const given = record.pushed === null ? null : context.texts.get(record.pushed);
  if (given === null || record.pushed === null) {
    throw new SyncError('UNCONFIRMED', {
      message: `${document} is to stay in the bot's one text, but the text it was last given is no longer kept`,
      next: 'mend its file, or let it be deleted; then run again',
      facts: { effect: 'none', stops: 'target' },
    });
  }
  const { path, title, url } = record;
  const mark = markOf(document, id, context);
  const items = given.parts.map(
    (part): NewItem => ({
      effect: id,
      document,
      kind: 'article',
      path,
      part: part.key,
      mark,
      title: part.title,
      url,
      format: 'markdown',
      text: part.text,
      attributes: {},
    }),
  );
  return {
    written: { document, path, title, url, body: record.body ?? '', mark, fingerprint: record.pushed, payload: record.pushed },
    items,
  };
}

function markOf(document: DocumentId, effect: EffectId, context: WholeContext): string {
  return context.target.marks.write({ workspace: context.workspace, document, part: '', effect });
}

function resultOf(operation: Operation, outcome: StepResult['outcome'], error: ErrorRecord | null): StepResult {
  return { step: { operation, entries: [], writes: [] }, outcome, remoteIds: [], error };
}

function failed(operations: readonly Operation[], thrown: unknown): Pushed {
  const error = asSyncError(thrown);
  if (error.code === 'UNEXPECTED') throw thrown;
  return { results: operations.map((operation) => resultOf(operation, 'failed', error.record())), stoppedBy: null };
}
