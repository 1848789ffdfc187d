// state.git: git itself, whether the branch can be read, what is on it, and who holds it. Fetches into a folder of its own that goes again; pushes nothing.
import { asSyncError, SyncError } from '../model/error.ts';
import { ok, type Row, rowOf, skipped, warning } from './row.ts';
import type { Scene } from './scene.ts';

const check = 'state.branch';

/** Nothing where the state lies in its folder alone. */
export async function branchRows({ workspace, offline }: Scene, signal: AbortSignal): Promise<readonly Row[]> {
  const { stateBranch, config } = workspace;
  const git = config.stateGit ?? null;
  if (stateBranch === null || git === null) return [];
  const where = `branch ${git.branch} of ${'url' in git.remote ? 'the repository in state.git.remote' : `remote ${git.remote.name}`}`;
  if (git.missing.length > 0) {
    const message = `state.git.token names ${git.missing.join(', ')}, which ${git.missing.length === 1 ? 'is' : 'are'} not set`;
    return [rowOf(check, new SyncError('SECRET_MISSING', { message }), { where })];
  }
  if (offline) return [skipped(check, 'the server was not asked', '--offline', { where })];
  try {
    const { exists, lease, isOver } = await stateBranch.peek(signal);
    if (!exists)
      return [ok(check, 'there is no such branch yet: the first run that writes makes it', { where, why: pushWords, next: 'kbsync sync' })];
    if (lease === null) return [ok(check, 'it can be read, and no job holds it', { where, why: pushWords })];
    const who = `"${lease.command}" of ${lease.user}, process ${lease.pid} on ${lease.host}, last saved ${lease.beat}`;
    if (!isOver) return [ok(check, `held by ${who}`, { where })];
    return [
      warning(check, `held by ${who}, and silent since`, {
        where,
        why: 'that job was killed, as a rule',
        next: 'nothing: the next run takes it over; or at once: kbsync unlock',
      }),
    ];
  } catch (thrown) {
    return [rowOf(check, asSyncError(thrown), { where })];
  }
}

const pushWords = 'whether it may be pushed to shows when a run takes it, before anything is sent to a bot';
