// Which golden questions a bot is asked, and in which order: what changed since they were asked, what failed, then the oldest. Pure.
import type { PlacedTest } from '../model/answer.ts';
import type { DocumentId } from '../model/document.ts';
import type { Fingerprint, Timestamp } from '../model/json.ts';
import { type KeptTest, type TestsMemory, testFingerprint, testKey } from '../model/tests.ts';

/** How a document stands at the bot. none: it is not to have it. not-yet: an answer would say nothing of what the folder says now. */
export type Standing =
  | {
      readonly is: 'ready';
      readonly knew: Fingerprint | null;
      readonly revision: string | null;
      /** The vendor cannot tell whether it has learnt it, and it was given it only just now. */
      readonly isFresh: boolean;
    }
  | { readonly is: 'not-yet'; readonly why: string }
  | { readonly is: 'none' };

/** A question that is this bot's, and what is known of it. */
export interface Candidate {
  readonly key: string;
  readonly test: PlacedTest;
  readonly fingerprint: Fingerprint;
  readonly standing: Exclude<Standing, { readonly is: 'none' }>;
  readonly kept: KeptTest | null;
}

/**
 * all: every one. changed: those whose document or words have changed since they were asked, those never asked, and those that did not pass. run: of
 * those never asked only the ones that a run has changed the documents of. before: those not asked since that moment.
 */
export type Which =
  | { readonly only: 'all' }
  | { readonly only: 'changed' }
  | { readonly only: 'before'; readonly at: Timestamp }
  | { readonly only: 'run'; readonly documents: ReadonlySet<DocumentId> };

/** The questions of one target. One that names its targets is asked there whether or not the document goes there: the answer may be "no". */
export function candidatesFor(
  target: string,
  tests: readonly PlacedTest[],
  standingOf: (document: DocumentId | null) => Standing,
  memory: TestsMemory,
): readonly Candidate[] {
  const seen = new Map<string, number>();
  return tests.flatMap((test) => {
    if (test.targets !== null && !test.targets.includes(target)) return [];
    const found = standingOf(test.document);
    if (found.is === 'none' && test.targets === null) return [];
    // The same question with other expectations is another test.
    const own = testKey(test);
    const before = seen.get(own) ?? 0;
    seen.set(own, before + 1);
    const key = before === 0 ? own : `${own}-${before + 1}`;
    const standing = found.is === 'none' ? ({ is: 'ready', knew: null, revision: null, isFresh: false } as const) : found;
    return [{ key, test, fingerprint: testFingerprint(test), standing, kept: memory.results[key] ?? null }];
  });
}

/** Whether it has to be asked, as far as anybody can tell. */
export function isDue({ test, kept, standing, fingerprint }: Candidate, which: Which): boolean {
  if (which.only === 'all') return true;
  if (which.only === 'before') return kept === null || kept.at < which.at;
  if (kept === null) {
    if (which.only === 'changed') return true;
    return test.document === null ? which.documents.size > 0 : touches(which.documents, test.document);
  }
  if (kept.verdict !== 'pass' || kept.test !== fingerprint) return true;
  return standing.is === 'not-yet' ? which.only === 'changed' || touches(which.documents, test.document) : kept.knew !== standing.knew;
}

/** The questions of an article are part of what it says. */
function touches(documents: ReadonlySet<DocumentId>, document: DocumentId | null): boolean {
  if (document === null) return false;
  if (documents.has(document)) return true;
  for (const one of documents) if (one.startsWith(`${document}#qa-`)) return true;
  return false;
}

/** Changed or never asked, then what did not pass, then what was not asked for longest; within that as they stand in the folder. */
export function inOrder(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates
    .map((candidate, place) => ({ candidate, place, rank: rankOf(candidate), at: candidate.kept?.at ?? '' }))
    .sort((a, b) => a.rank - b.rank || (a.at < b.at ? -1 : a.at > b.at ? 1 : 0) || a.place - b.place)
    .map(({ candidate }) => candidate);
}

function rankOf({ kept, standing, fingerprint }: Candidate): number {
  if (kept === null || kept.test !== fingerprint) return 0;
  if (standing.is === 'ready' && kept.knew !== standing.knew) return 0;
  return kept.verdict === 'pass' ? 2 : 1;
}
