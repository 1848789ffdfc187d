// What is said of a state's branch: who holds it, and why it is refused. Text only.
import { SyncError } from '../model/error.ts';
import type { LockOwner } from '../state/lock.ts';

/** A job, for people. */
export function describe({ command, user, host, pid, since }: LockOwner): string {
  return `"${command}" of ${user}, process ${pid} on ${host}, since ${since}`;
}

/** Another job has it. */
export function lockedBy(holder: LockOwner, name: string): SyncError {
  return new SyncError('LOCKED', {
    message: `the state on ${name} is in use by ${describe(holder)}, last saved ${holder.beat}`,
    next: 'wait for it, or use --lock-wait; a job that was killed counts as gone 3 minutes after it last saved (kbsync unlock)',
    data: { holder: { ...holder } },
  });
}

/** Not kbsync's, or not as it was written. */
export function damaged(how: string): SyncError {
  return new SyncError('STATE_DAMAGED', {
    message: `state.git: the branch ${how}; nothing was changed`,
    next: 'if it is not kbsync’s, name another in state.git.branch; if it is, push a good commit back: git push --force REMOTE COMMIT:BRANCH',
  });
}
