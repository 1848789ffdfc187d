// Answers before and after: a file of answers that git can keep, and what became of each. Pure.
import { type Verdict, verdicts } from '../model/answer.ts';
import { SyncError } from '../model/error.ts';
import type { TestResult } from '../model/tests.ts';
import { fold } from '../verify/judge.ts';

/** One answer as the file keeps it. */
export interface Recorded {
  readonly target: string;
  readonly document: string | null;
  readonly question: string;
  readonly verdict: Verdict;
  readonly answer: string | null;
}

/** better and worse go by the verdict; different: the same verdict, other words. open: there is no answer now to compare. */
export type Change = 'better' | 'worse' | 'different' | 'same' | 'new' | 'open';

export interface ComparedRow {
  readonly change: Change;
  readonly target: string;
  readonly document: string | null;
  readonly question: string;
  readonly before: Pick<Recorded, 'verdict' | 'answer'> | null;
  readonly after: Pick<Recorded, 'verdict' | 'answer'> | null;
}

export interface Compared {
  readonly counts: { readonly [change in Change]: number };
  readonly rows: readonly ComparedRow[];
}

/** The answers in a file. USAGE where it is none of ours. */
export function readBaseline(text: string, file: string): readonly Recorded[] {
  try {
    const found = JSON.parse(text) as { readonly kbsync?: unknown; readonly version?: unknown; readonly answers?: unknown };
    if (found.kbsync === 'baseline' && found.version === 1 && Array.isArray(found.answers) && found.answers.every(isRecorded)) {
      return found.answers;
    }
  } catch {
    // Told below, as any other file that is none of ours.
  }
  throw new SyncError('USAGE', { message: `${file} is no baseline`, next: 'kbsync verify --record FILE writes one' });
}

/** Files in git are merged and edited by hand. */
function isRecorded(value: unknown): value is Recorded {
  if (typeof value !== 'object' || value === null) return false;
  const { target, document, question, verdict, answer } = value as Partial<Record<keyof Recorded, unknown>>;
  const isTextOrNull = (one: unknown) => one === null || typeof one === 'string';
  const isText = typeof target === 'string' && typeof question === 'string';
  return isText && isTextOrNull(document) && isTextOrNull(answer) && verdicts.some((one) => one === verdict);
}

/**
 * The text of a file: sorted and without times, so that only what changed differs. What was not asked now stays as it was, but for questions that
 * are none any more: at `whole` targets every question there is has a result.
 */
export function baselineText(results: readonly TestResult[], before: readonly Recorded[], whole: ReadonlySet<string> = new Set()): string {
  const live = new Set(results.map(keyOf));
  const kept = before.filter((one) => !whole.has(one.target) || live.has(keyOf(one)));
  const answers = new Map(kept.map((one) => [keyOf(one), one]));
  for (const { target, document, question, verdict, answer, kind } of results) {
    if (kind === 'golden' && (verdict === 'pass' || verdict === 'fail')) {
      answers.set(keyOf({ target, document, question }), { target, document, question, verdict, answer });
    }
  }
  const sorted = [...answers].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, one]) => one);
  return `${JSON.stringify({ kbsync: 'baseline', version: 1, answers: sorted }, null, 2)}\n`;
}

/** What became of each question that was asked now. */
export function compare(before: readonly Recorded[], results: readonly TestResult[]): Compared {
  const known = new Map(before.map((one) => [keyOf(one), one]));
  const counts = { better: 0, worse: 0, different: 0, same: 0, new: 0, open: 0 };
  const rows = results.flatMap((result): ComparedRow[] => {
    if (result.kind !== 'golden') return [];
    const { target, document, question, verdict, answer } = result;
    const old = known.get(keyOf(result)) ?? null;
    const change = changeOf(old, result);
    counts[change] += 1;
    return [
      {
        change,
        target,
        document,
        question,
        before: old === null ? null : { verdict: old.verdict, answer: old.answer },
        after: { verdict, answer },
      },
    ];
  });
  return { counts, rows };
}

function changeOf(before: Recorded | null, { verdict, answer }: Pick<TestResult, 'verdict' | 'answer'>): Change {
  if (verdict !== 'pass' && verdict !== 'fail') return 'open';
  if (before === null) return 'new';
  if (before.verdict !== verdict) return verdict === 'pass' ? 'better' : 'worse';
  return fold(before.answer ?? '') === fold(answer ?? '') ? 'same' : 'different';
}

function keyOf({ target, document, question }: Pick<Recorded, 'target' | 'document' | 'question'>): string {
  return JSON.stringify([target, document ?? '', question]);
}
