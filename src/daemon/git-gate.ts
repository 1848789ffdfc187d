// Whether the folder is to be synced just now, or git is in the middle of a checkout, merge or rebase there. Closed: no cycle begins, what changes
// is only remembered, and one is due when git has been done for as long as the folder must be quiet. Asks for marks; owns no disk.
import type { GitWork } from '../content/git-work.ts';
import type { LoopTimers } from './loop.ts';

export interface GitGateInput {
  /** What git is in the middle of right now; null: nothing. */
  readonly look: () => GitWork | null;
  readonly timers: LoopTimers;
  /** So long git must have been done: pulls and rebases are several steps. */
  readonly settleMs: number;
  /** It is open again, or a lock that was left behind is gone: the folder is worth a look. */
  readonly onOpen: () => void;
  /** What a person should know. */
  readonly tell: (message: string) => void;
}

export interface GitGate {
  /** Why no cycle may begin, in words that follow "waiting for"; null: nothing keeps it. */
  closed(): string | null;
  /** Why nothing may be deleted though it is open: a lock that no git holds any more; null: nothing keeps it. */
  doubtful(): string | null;
  /** Resolves when it is open, or ended. */
  opened(): Promise<void>;
  end(): void;
}

/** So long a lock may lie there before it counts as left behind, and other work goes on before a person is told. Milliseconds. */
export const gitPatienceMs = 600_000;
const lookMs = 1_000;

/** A gate that looks when it is asked, and every second while it has something to wait for. */
export function createGitGate(input: GitGateInput): GitGate {
  const { look, timers, settleMs, onOpen, tell } = input;
  let work: GitWork | null = null;
  let since = 0;
  let seenAt = 0;
  /** Git was at work, and has not been done for long enough. */
  let waiting = false;
  let told = false;
  let stale: GitWork | null = null;
  let timer: unknown = null;
  let ended = false;
  let waiters: (() => void)[] = [];

  const changeTo = (next: GitWork | null, now: number): void => {
    const same = next !== null && work?.kind === next.kind && (next.kind !== 'lock' || work.stamp === next.stamp);
    if (!same) since = now;
    work = next;
  };
  const check = (): void => {
    if (ended) return;
    const now = timers.now();
    changeTo(look(), now);
    if (work !== null && work.stamp === stale?.stamp) {
      arm();
      return;
    }
    if (work?.kind === 'lock' && now - since >= gitPatienceMs) {
      stale = work;
      told = false;
      tell(staleWords(work));
      open();
    } else if (work !== null) {
      stale = null;
      waiting = true;
      seenAt = now;
      if (work.kind !== 'lock' && !told && now - since >= gitPatienceMs) {
        told = true;
        tell(longWords(work));
      }
    } else if (stale !== null || (waiting && now - seenAt >= settleMs)) {
      if (told || stale !== null) tell('git: done; syncing as ever');
      told = false;
      stale = null;
      open();
    }
    arm();
  };
  const open = (): void => {
    waiting = false;
    const those = waiters;
    waiters = [];
    for (const resolve of those) resolve();
    // Not from within a loop that is just asking.
    timers.after(0, () => {
      if (!ended) onOpen();
    });
  };
  const arm = (): void => {
    if (timer !== null) timers.cancel(timer);
    const doneMs = work === null ? Math.max(0, seenAt + settleMs - timers.now()) : lookMs;
    timer = !waiting && stale === null ? null : timers.after(Math.min(lookMs, doneMs), check);
  };
  return {
    closed() {
      check();
      return waiting ? (work === null ? 'git to be done' : wordsOf[work.kind]) : null;
    },
    doubtful: () => (stale === null ? null : `${stale.path} has been there for long: git may have been killed in the middle of a checkout`),
    opened: () => (waiting && !ended ? new Promise((resolve) => waiters.push(resolve)) : Promise.resolve()),
    end() {
      ended = true;
      waiting = false;
      if (timer !== null) timers.cancel(timer);
      for (const resolve of waiters) resolve();
    },
  };
}

const wordsOf: Readonly<Record<GitWork['kind'], string>> = {
  lock: 'git, which is at work in the folder',
  rebase: 'a git rebase to end',
  merge: 'a git merge to end',
  'cherry-pick': 'a git cherry-pick to end',
  revert: 'a git revert to end',
  bisect: 'a git bisect to end',
};

function staleWords({ path }: GitWork): string {
  const minutes = gitPatienceMs / 60_000;
  return (
    `git: ${path} has been there for ${minutes} minutes, as a git that was killed leaves it: syncing goes on, and nothing is deleted until it is gone. ` +
    'Next: if no git is at work there, remove that file'
  );
}

function longWords({ kind, path }: GitWork): string {
  const end = kind === 'bisect' ? 'git bisect reset' : `git ${kind} --continue, or --abort`;
  return (
    `git: a ${kind} has been under way for ${gitPatienceMs / 60_000} minutes (${path}): nothing is synced from a folder in the middle of it. ` +
    `Next: ${end}; kbsync sync takes the folder as it is`
  );
}
