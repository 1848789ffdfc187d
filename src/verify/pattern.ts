// Patterns that an author wrote, against what a bot said: each gets a moment and no more, since one that backtracks would never end.
import { Script } from 'node:vm';

/** yes, no, or that there was not the time to find out. */
export type Matches = (pattern: string, text: string) => boolean | 'too-slow';

const script = new Script('new RegExp(pattern, "i").test(text)');

/** Matches without regard to case, for at most `limitMs` milliseconds: V8 looks for the time-out while it backtracks. */
export function matchWithin(limitMs: number): Matches {
  return (pattern, text) => {
    try {
      return script.runInNewContext({ pattern, text }, { timeout: limitMs }) === true;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'too-slow';
      throw thrown;
    }
  };
}
