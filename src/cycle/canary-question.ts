// One question of the freshness check: put within the day's budget while nobody else asks this bot, heard, and noted.
import { type CanaryMemory, type CanaryOutcome, type CanaryRun, canaryQuestion } from '../model/canary.ts';
import { asSyncError } from '../model/error.ts';
import { heardCode, otherCode } from '../verify/canary.ts';
import { openBudget } from './budget.ts';
import type { CycleContext, CycleTests } from './context.ts';
import { callsOf, containerOf } from './plan-target.ts';

/** What one question came to. */
export type Heard =
  | { readonly is: 'new' | 'stale' }
  /** other: a code that was never ours, or so long ago that it is forgotten. */
  | { readonly is: 'none'; readonly other: string | null }
  /** Another run asks this bot's questions. */
  | { readonly is: 'busy' }
  /** unspent: not even put. */
  | { readonly is: 'silent'; readonly why: string; readonly spent: boolean };

/** One question, if the day has one left. */
export async function hear(context: CycleContext, tests: CycleTests, memory: CanaryMemory): Promise<Heard> {
  const { config, connection, nowMs } = context;
  const { timezone } = config.schedule;
  try {
    return await tests.alone(0, async (): Promise<Heard> => {
      const budget = openBudget(tests, { timezone, perDay: config.verify.maxCallsPerDay, allowed: null, atMost: 1, nowMs });
      if (!(await budget.spend())) return { is: 'silent', why: "today's questions are used up (verify.maxCallsPerDay)", spent: false };
      try {
        const answer = await connection.target.ask?.(canaryQuestion, { ...callsOf(context), container: containerOf(context) });
        const { spokenText } = await import('../content/formats/spoken.ts');
        return heardIn(spokenText(answer?.text ?? ''), memory);
      } finally {
        await budget.close();
      }
    });
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code === 'UNEXPECTED' || error.code === 'ABORTED') throw thrown;
    if (error.code === 'LOCKED') return { is: 'busy' };
    return { is: 'silent', why: `${error.message}${error.vendor === null ? '' : ` (the vendor says: ${error.vendor})`}`, spent: true };
  }
}

function heardIn(said: string, memory: CanaryMemory): Heard {
  const is = heardCode(said, memory);
  return is === 'none' ? { is, other: otherCode(said) } : { is };
}

/** The check under way, with what this question came to. */
export function noted(run: CanaryRun, heard: Exclude<Heard, { readonly is: 'busy' }>): CanaryRun {
  switch (heard.is) {
    case 'silent':
      return { ...run, asks: run.asks + (heard.spent ? 1 : 0), unanswered: run.unanswered + 1, trouble: heard.why };
    case 'new':
      return { ...run, asks: run.asks + 1, unanswered: 0, trouble: null };
    case 'stale':
      return { ...run, asks: run.asks + 1, stale: run.stale + 1, unanswered: 0, trouble: 'it still answers with an old code' };
    case 'none':
      return { ...run, asks: run.asks + 1, unanswered: 0, trouble: codeless(heard.other) };
    default:
      return heard satisfies never;
  }
}

function codeless(other: string | null): string {
  return other === null ? 'its answer has no code' : `it answers with ${other}, from before this state, or of another kbsync`;
}

/** Never answered with the new code. Where the last question got no answer, nobody can say what it knew by then. */
export function unheard({ unanswered, trouble }: CanaryRun): { readonly outcome: CanaryOutcome; readonly why: string } {
  const words = trouble ?? 'it was not asked';
  return unanswered > 0 ? { outcome: 'inconclusive', why: `no answer: ${words}` } : { outcome: 'timeout', why: words };
}
