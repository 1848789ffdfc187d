// Answers before and after: a file of answers that git can keep, and what became of each. Pure.
import { type Verdict, verdicts } from '../model/answer.ts';
import { SyncError } from '../model/error.ts';
import type { Fingerprint } from '../model/json.ts';
import { type TestResult, testFingerprint } from '../model/tests.ts';
import { fold } from '../verify/judge.ts';

/** One answer as the file keeps it. */
export interface Recorded {
  readonly target: string;
  readonly document: string | null;
  readonly question: string;
  /** Of the question and what was expected, since one question may be asked by several tests. Null: from a file of version 1, that has none. */
  readonly test: Fingerprint | null;
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

/** The answers in a file of version 1 or 2. USAGE where it is none of ours. */
export function readBaseline(text: string, file: string): readonly Recorded[] {
  try {
    const found = JSON.parse(text) as { readonly kbsync?: unknown; readonly version?: unknown; readonly answers?: unknown };
    if (found.kbsync === 'baseline' && Array.isArray(found.answers)) {
      const answers = found.version === 1 ? found.answers.map(withoutTest) : found.version === 2 ? found.answers : [null];
      if (answers.every(isRecorded)) return answers;
    }
  } catch {
    // Told below, as any other file that is none of ours.
  }
  throw new SyncError('USAGE', { message: `${file} is no baseline`, next: 'kbsync verify --record FILE writes one' });
}

function withoutTest(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? { ...value, test: null } : value;
}

/** Files in git are merged and edited by hand. */
function isRecorded(value: unknown): value is Recorded {
  if (typeof value !== 'object' || value === null) return false;
  const { target, document, question, test, verdict, answer } = value as Partial<Record<keyof Recorded, unknown>>;
  const isTextOrNull = (one: unknown) => one === null || typeof one === 'string';
  const isText = typeof target === 'string' && typeof question === 'string';
  return isText && [document, test, answer].every(isTextOrNull) && verdicts.some((one) => one === verdict);
}

/**
 * The text of a file: sorted and without times, so that only what changed differs. What was not asked now stays as it was, but for questions that
 * are none any more: at `whole` targets every question there is has a result.
 */
export function baselineText(results: readonly TestResult[], before: readonly Recorded[], whole: ReadonlySet<string> = new Set()): string {
  const golden = results.filter(({ kind }) => kind === 'golden');
  const recordOf = matching(before, golden);
  const isConcluded = ({ verdict }: TestResult) => verdict === 'pass' || verdict === 'fail';
  // An answer stays as long as one of the tests that it is compared with has no newer one.
  const keysOf = (some: readonly TestResult[]) => new Set(some.map(recordOf).map((one) => one && keyOf(one)));
  const open = keysOf(golden.filter((result) => !isConcluded(result)));
  const answered = keysOf(golden.filter(isConcluded));
  const kept = before.filter((one) => open.has(keyOf(one)) || (!answered.has(keyOf(one)) && !whole.has(one.target)));
  const answers = new Map(kept.map((one) => [keyOf(one), one]));
  for (const result of golden.filter(isConcluded)) {
    const { target, document, question, verdict, answer } = result;
    const one = { target, document, question, test: testOf(result), verdict, answer };
    answers.set(keyOf(one), one);
  }
  const sorted = [...answers].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, one]) => one);
  return `${JSON.stringify({ kbsync: 'baseline', version: 2, answers: sorted }, null, 2)}\n`;
}

/** What became of each question that was asked now. */
export function compare(before: readonly Recorded[], results: readonly TestResult[]): Compared {
  const recordOf = matching(
    before,
    results.filter(({ kind }) => kind === 'golden'),
  );
  const counts = { better: 0, worse: 0, different: 0, same: 0, new: 0, open: 0 };
  const rows = results.flatMap((result): ComparedRow[] => {
    if (result.kind !== 'golden') return [];
    const { target, document, question, verdict, answer } = result;
    const old = recordOf(result);
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

/**
 * The answer before of each result: that of the same test, else one of version 1 to the same question. Where one answer and one test are all there
 * is of a question, they belong together even if what is expected was edited: what the bot said before is still worth a look.
 */
function matching(before: readonly Recorded[], golden: readonly TestResult[]): (result: TestResult) => Recorded | null {
  const exact = new Map(before.map((one) => [keyOf(one), one]));
  const recorded = tally(before.map((one) => [questionOf(one), one]));
  const asked = tally(golden.map((result) => [questionOf(result), testOf(result)]));
  return (result) => {
    const question = questionOf(result);
    const { target, document, question: words } = result;
    const same = { target, document, question: words };
    const found = exact.get(keyOf({ ...same, test: testOf(result) })) ?? exact.get(keyOf({ ...same, test: null }));
    if (found !== undefined) return found;
    const [only = null, ...others] = recorded.get(question) ?? [];
    return others.length === 0 && asked.get(question)?.size === 1 ? only : null;
  };
}

/** What belongs to each key, each once. */
function tally<T>(pairs: readonly (readonly [string, T])[]): ReadonlyMap<string, ReadonlySet<T>> {
  const found = new Map<string, Set<T>>();
  for (const [key, value] of pairs) found.set(key, (found.get(key) ?? new Set()).add(value));
  return found;
}

function testOf({ question, expect, reject, cite }: TestResult): Fingerprint {
  return testFingerprint({ ask: question, expect, reject, cite });
}

function questionOf({ target, document, question }: Pick<Recorded, 'target' | 'document' | 'question'>): string {
  return JSON.stringify([target, document ?? '', question]);
}

function keyOf(one: Pick<Recorded, 'target' | 'document' | 'question' | 'test'>): string {
  return `${questionOf(one)} ${one.test ?? ''}`;
}
