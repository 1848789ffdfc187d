// The freshness check: a document of our own whose code is changed on schedule, and how long it takes until the bot says the new one. Owns its
// nouns, and what leaves it out of the sums: it is no document of the folder, and alone it holds nothing.
import type { DocumentId } from './document.ts';
import type { Timestamp } from './json.ts';
import type { TargetState } from './record.ts';

/** The one document that kbsync makes itself; its path, too. */
export const canaryId: DocumentId = 'kbsync-canary';

/** What it is asked. */
export const canaryQuestion = 'What is the freshness code of this knowledge base?';

/** measured: as far as the vendor lets anybody see. timeout: not in time. inconclusive: it says nothing of the bot, `why` says what stood in the way. */
export type CanaryOutcome = 'measured' | 'timeout' | 'inconclusive';

/** One check that came to its end. Times in milliseconds since the code was changed; null: not reached, or this vendor cannot show it. */
export interface CanaryCheck {
  readonly startedAt: Timestamp;
  /** When it ended. */
  readonly at: Timestamp;
  readonly outcome: CanaryOutcome;
  readonly acceptedMs: number | null;
  readonly trainedMs: number | null;
  readonly quotedMs: number | null;
  /** Questions that were put to the bot. */
  readonly asks: number;
  /** Answers that still had an old code. */
  readonly stale: number;
  readonly why: string | null;
}

/** A check under way. */
export interface CanaryRun {
  readonly startedAt: Timestamp;
  readonly acceptedAt: Timestamp | null;
  readonly trainedAt: Timestamp | null;
  readonly asks: number;
  readonly stale: number;
  /** No question before this; null: at once. */
  readonly askAfter: Timestamp | null;
  /** Questions in a row that got no answer, or could not be put. */
  readonly unanswered: number;
  /** What the last question came to, in words. */
  readonly trouble: string | null;
}

/** What is remembered of it at one target. */
export interface CanaryMemory {
  readonly version: 1;
  /** What the document says now; null: it was never made. */
  readonly code: string | null;
  /** What it said before, the latest last. */
  readonly old: readonly string[];
  readonly run: CanaryRun | null;
  readonly last: CanaryCheck | null;
  /** The last check that says something of the bot timed out. */
  readonly failing: boolean;
}

/** Nothing was ever checked. */
export const noCanary: CanaryMemory = { version: 1, code: null, old: [], run: null, last: null, failing: false };

/** A state without what belongs to the check: what holds, is owed or is counted is about the folder's documents. */
export function withoutCanary(state: TargetState): TargetState {
  const isOurs = ({ document }: { readonly document: DocumentId }) => document === canaryId;
  const { [canaryId]: own, ...records } = state.records;
  if (own === undefined && !state.leftovers.some(isOurs) && !state.forgetting.some(isOurs)) return state;
  const not = (one: { readonly document: DocumentId }) => !isOurs(one);
  return { ...state, records, leftovers: state.leftovers.filter(not), forgetting: state.forgetting.filter(not) };
}

/** What the bot was last seen to do: where a check timed out and nothing could be measured since, both. */
export function standingWords({ failing, last }: { readonly failing: boolean; readonly last: CanaryCheck }): string {
  const words = canaryWords(last);
  return failing && last.outcome === 'inconclusive' ? `did not answer from a change in time; since then it ${words}` : words;
}

/** What a check came to: "answered from a change after 48 s (accepted after 2 s, trained after 31 s)". */
export function canaryWords({ outcome, acceptedMs, trainedMs, quotedMs, stale, why }: CanaryCheck): string {
  const steps = [
    ...(acceptedMs === null ? [] : [`accepted after ${took(acceptedMs)}`]),
    ...(trainedMs === null ? [] : [`trained after ${took(trainedMs)}`]),
    ...(stale === 0 ? [] : [`${stale === 1 ? 'an old answer' : `${stale} old answers`} meanwhile`]),
  ].join(', ');
  const aside = steps === '' ? '' : ` (${steps})`;
  const because = why === null ? '' : `: ${why}`;
  if (outcome === 'timeout') return `did not answer from a change in time${aside}${because}`;
  if (outcome === 'inconclusive') return `could not be measured${aside}${because}`;
  if (quotedMs !== null) return `answered from a change after ${took(quotedMs)}${aside}`;
  return `${steps === '' ? 'took a change' : steps}${because}`;
}

/** Milliseconds in words: "4.2 s", "48 s", "12 min 3 s", "2 h". */
export function took(ms: number): string {
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? parted(minutes, 'min', seconds % 60, 's') : parted(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

function parted(many: number, unit: string, rest: number, restUnit: string): string {
  return `${many} ${unit}${rest === 0 ? '' : ` ${rest} ${restUnit}`}`;
}
