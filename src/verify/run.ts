// One golden question asked until its verdict is clear: once, and only a fail again. What it costs is counted by whoever lets it ask.
import type { Answer, AnswerSource, Verdict } from '../model/answer.ts';
import { asSyncError, type ErrorCode, type SyncError } from '../model/error.ts';
import type { TestResult } from '../model/tests.ts';
import type { Judgement } from './judge.ts';

export interface Rules {
  /** How often a fail is asked again. */
  readonly retries: number;
  /** Passes that it takes after a fail. */
  readonly minPass: number;
}

export interface Asking {
  /** One question in a fresh conversation. Throws SyncError. */
  ask(question: string): Promise<Answer>;
  judge(answer: Answer): Judgement;
  /** Before each call; false: none is left. */
  spend(): Promise<boolean>;
  /** Before it is asked again. Left out: at once. */
  pause?(): Promise<void>;
}

export interface Asked extends Pick<TestResult, 'verdict' | 'reasons' | 'answer' | 'sources' | 'tries' | 'asked'> {
  /** The last failure to get an answer; null where there was none. */
  readonly error: SyncError | null;
}

/** Asks and judges. Null: not even one call was left. Throws what is a bug, and ABORTED. */
export async function askUntilClear(question: string, { retries, minPass }: Rules, asking: Asking): Promise<Asked | null> {
  // More passes than there are answers would mean that nothing is worth asking again.
  const rules: Rules = { retries, minPass: Math.min(minPass, Math.max(retries, 1)) };
  const asked: { verdict: Verdict; answer: string | null; reasons: readonly string[] }[] = [];
  let sources: readonly AnswerSource[] = [];
  let cut: string | null = null;
  let error: SyncError | null = null;
  while (isOpen(asked, rules)) {
    if (asked.length > 0) await asking.pause?.();
    if (!(await asking.spend())) {
      if (asked.length === 0) return null;
      cut = 'not asked again: no calls are left';
      break;
    }
    try {
      const answer = await asking.ask(question);
      const { verdict, reasons } = asking.judge(answer);
      sources = answer.sources;
      asked.push({ verdict, answer: answer.text, reasons });
    } catch (thrown) {
      error = asSyncError(thrown);
      if (error.code === 'UNEXPECTED' || error.code === 'ABORTED') throw error;
      const words = `${error.message}${error.vendor === null ? '' : ` (the vendor says: ${error.vendor})`}`;
      asked.push({ verdict: 'inconclusive', answer: null, reasons: [words] });
      if (asked.length > 1) cut = `could not be asked again: ${words}`;
      break;
    }
  }
  const verdict = verdictOf(asked, rules, cut !== null);
  const told = [...asked].reverse().find((one) => one.verdict === (verdict === 'inconclusive' ? one.verdict : verdict)) ?? asked.at(-1);
  const reasons = [...(told?.reasons ?? []), ...(cut === null || told?.reasons.includes(cut) === true ? [] : [cut])];
  return { verdict, reasons, answer: told?.answer ?? null, sources, tries: asked.length, asked, error };
}

type Tried = readonly { readonly verdict: Verdict }[];

function countOf(asked: Tried, verdict: Verdict): number {
  return asked.filter((one) => one.verdict === verdict).length;
}

/** Whether another answer could still change the verdict. */
function isOpen(asked: Tried, { retries, minPass }: Rules): boolean {
  const [first] = asked;
  if (first === undefined) return true;
  if (first.verdict !== 'fail') return false;
  const passes = countOf(asked, 'pass');
  const left = 1 + retries - asked.length;
  return left > 0 && passes < minPass && passes + left >= minPass;
}

/** A pass at the first try is a pass; after a fail it takes `minPass` of them. `cut`: it could not be asked to the end. */
function verdictOf(asked: Tried, { minPass }: Rules, cut: boolean): Verdict {
  const [first] = asked;
  if (first === undefined) return 'inconclusive';
  if (first.verdict !== 'fail') return first.verdict;
  const passes = countOf(asked, 'pass');
  if (passes >= minPass) return 'pass';
  return cut && passes > 0 ? 'inconclusive' : 'fail';
}

/** Nothing that the next question would not meet as well. */
const final: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'QUOTA_EXHAUSTED',
  'RATE_LIMITED',
  'CREDENTIALS_REFUSED',
  'BOT_NOT_FOUND',
  'SECRET_MISSING',
]);
/** So many questions in a row without an answer, and the bot is left alone. */
const mostInARow = 3;

/** Whether the bot is not worth another question; `errors` are those of the last questions in a row. */
export function isWorthless(errors: readonly SyncError[]): boolean {
  const last = errors.at(-1);
  return last !== undefined && (final.has(last.code) || errors.length >= mostInARow);
}
