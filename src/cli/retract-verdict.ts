// Whether one bot may still know a retracted document: what the state says, then what the bot said. Pure.
import type { ProofRow } from '../cycle/prove.ts';
import type { DocumentId } from '../model/document.ts';
import type { Effect } from '../model/effect.ts';
import type { TargetState } from '../model/record.ts';
import type { TargetReport } from '../model/report.ts';
import { verdictOf } from '../verify/forgotten.ts';

/** no: it is out, as far as anybody can tell. maybe: nobody can say so. yes: it came out. */
export type Knows = 'no' | 'maybe' | 'yes';

export interface RetractVerdict {
  readonly knows: Knows;
  readonly reason: string;
}

/** What a bot still has of a document and its questions. */
export interface Remains {
  readonly state: TargetState;
  readonly open: readonly Effect[];
  readonly covers: (document: DocumentId) => boolean;
  /** The target takes one text for the whole bot: the rest of it has to be learnt before this part is forgotten. */
  readonly whole: boolean;
}

/** Whether the bot was ever known to have had any of it, and still is. */
export function hasTrace({ state, open, covers }: Remains): boolean {
  return (
    Object.entries(state.records).some(([document, { items }]) => covers(document) && items.length > 0) ||
    state.leftovers.some(({ document }) => covers(document)) ||
    state.forgetting.some(({ document }) => covers(document)) ||
    open.some((effect) => concerns(effect, covers))
  );
}

function concerns(effect: Effect, covers: (document: DocumentId) => boolean): boolean {
  if (effect.action === 'replace-all') return effect.documents.some(({ document }) => covers(document));
  return 'document' in effect && covers(effect.document);
}

/** Why the bot may still know it, by the state alone; null where everything of it is gone there and forgotten. */
export function stillThere(remains: Remains, report: TargetReport): string | null {
  const { state, open, covers } = remains;
  const mine = report.results.filter(({ operation }) => covers(operation.document));
  const brake = mine.some(({ outcome }) => outcome === 'held') ? report.held.find(({ holds }) => holds !== 'deletes') : undefined;
  if (brake !== undefined) return `held${brake.id === '' ? '' : ` ${brake.id}`}: ${brake.message}`;
  const unconfirmed = open.some((effect) => concerns(effect, covers)) || mine.some(({ outcome }) => outcome === 'unconfirmed');
  if (unconfirmed) return 'a write whose outcome is not known concerns it: see kbsync todo, then run this again';
  const failure = mine.find(({ outcome }) => outcome === 'failed')?.error;
  if (failure != null)
    return `${failure.message}${failure.vendor === null ? '' : ` (the vendor says: ${failure.vendor})`}; ${failure.next}`;
  const todo = state.todos.find(({ operation }) => operation.action === 'delete' && covers(operation.document));
  if (todo !== undefined) return `only a person can take it out there: ${todo.id}, ${todo.where}: ${todo.how}`;
  const byHand = state.leftovers.filter(({ document, removable }) => covers(document) && removable === 'by-hand');
  if (byHand.length > 0) return `${counted(byHand.length)} that only a person can remove: see kbsync todo`;
  if (report.error !== null) return `${report.error.message}; ${report.error.next}`;
  if (Object.entries(state.records).some(([document, { items }]) => covers(document) && items.length > 0)) return 'it is still there';
  const left = state.leftovers.filter(({ document }) => covers(document)).length;
  if (left > 0) return `${counted(left)} still there: run this again`;
  return notForgotten(remains, report);
}

function notForgotten({ state, covers, whole }: Remains, { training, waited }: TargetReport): string | null {
  const learning = whole && training.pending + training.training + training.stuck + training.failed > 0;
  if (!learning && !state.forgetting.some(({ document }) => covers(document))) return null;
  const why =
    waited === 'run-failed'
      ? 'the training failed'
      : waited === 'not-waited'
        ? 'nobody waited for the training'
        : 'the training has not ended';
  return `it is deleted there, but ${why}: the bot may answer from it until then; run this again`;
}

function counted(copies: number): string {
  return copies === 1 ? 'one older copy is left' : `${copies} older copies are left`;
}

/** The verdict on a bot that everything of it is gone from. `proof` null: it was not asked, and why. */
export function provenVerdict(proof: readonly ProofRow[], unasked: string | null): RetractVerdict {
  if (unasked !== null) return { knows: 'no', reason: `deleted there, and ${unasked}` };
  const verdict = verdictOf(proof.map((row) => row.verdict));
  const asked = proof.length === 1 ? 'asked one question' : `asked ${proof.length} questions`;
  if (verdict === 'clear') return { knows: 'no', reason: `${asked}: it did not come out` };
  if (verdict === 'known') {
    return { knows: 'yes', reason: proof.find((row) => row.verdict === 'known')?.reason ?? 'it came out when asked' };
  }
  const open = proof.find((row) => row.verdict === 'inconclusive');
  return { knows: 'maybe', reason: `deleted there, but not proven forgotten: ${open?.reason ?? 'it was not asked to the end'}` };
}
