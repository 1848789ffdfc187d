// Runs checks side by side, each within its time: one that fails, hangs or stumbles is a row of its own and hides no other.
import { asSyncError } from '../model/error.ts';
import { type Row, rowOf, wrong } from './row.ts';

export interface Check {
  /** As its rows begin: `state`. */
  readonly name: string;
  readonly target?: string;
  /** Aborted when its time is over, or a person stops it. May throw. */
  run(signal: AbortSignal): Promise<readonly Row[]>;
}

export interface RunInput {
  /** Milliseconds for each check. */
  readonly withinMs: number;
  readonly stop: AbortSignal;
}

/** The rows of all checks, in the order of the checks. */
export async function runChecks(checks: readonly Check[], input: RunInput): Promise<readonly Row[]> {
  return (await Promise.all(checks.map((check) => bounded(check, input)))).flat();
}

async function bounded(check: Check, { withinMs, stop }: RunInput): Promise<readonly Row[]> {
  const target = check.target ?? null;
  const time = new AbortController();
  const signal = AbortSignal.any([time.signal, stop]);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Row[]>((resolve) => {
    timer = setTimeout(() => {
      resolve([
        wrong(check.name, `not finished within ${withinMs / 1_000} s`, {
          target,
          why: 'what it looks at does not answer, or only very slowly',
          next: 'look at the disk, mount or network that it is about, then run kbsync doctor again',
          code: 'TARGET_UNREACHABLE',
        }),
      ]);
      time.abort();
    }, withinMs);
  });
  try {
    return await Promise.race([check.run(signal), late]);
  } catch (thrown) {
    return [rowOf(check.name, asSyncError(thrown), { target })];
  } finally {
    clearTimeout(timer);
  }
}
