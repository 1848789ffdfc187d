// content.git: git itself, the last fetch, and whether the server can be asked now. Fetches nothing.
import { asSyncError, SyncError } from '../model/error.ts';
import { ok, type Row, rowOf, skipped, warning } from './row.ts';
import type { Scene } from './scene.ts';

const hourMs = 3_600_000;

/** Nothing where the folder is the user's own. */
export async function sourceRows({ workspace, offline }: Scene, signal: AbortSignal): Promise<readonly Row[]> {
  const { source, config, now } = workspace;
  const git = config.content.git ?? null;
  if (source === null || git === null) return [];
  const { commit, fetchedAt, failing } = source.view();
  const where = `${git.url}${git.branch === null ? '' : `, branch ${git.branch}`}`;
  const rows: Row[] = [];
  if (failing !== null)
    rows.push(
      warning('content.git', `the last fetch failed, since ${failing.since}: ${failing.message}`, {
        where,
        why: 'the last checkout goes on meanwhile',
        next: failing.next,
      }),
    );
  else if (fetchedAt === null) rows.push(ok('content.git', 'nothing was fetched yet', { where, next: 'kbsync plan' }));
  else {
    const ageMs = now() - Date.parse(fetchedAt);
    const limitMs = Math.max(hourMs, git.everyMs * 3);
    const words = `${commit?.slice(0, 7) ?? 'no commit'}, fetched at ${fetchedAt}`;
    // Only a daemon fetches by itself.
    const isStale = git.everyMs > 0 && ageMs > limitMs;
    rows.push(
      isStale
        ? warning('content.git', `stale: ${words}`, {
            where,
            why: 'no daemon has fetched since, nor any sync',
            next: 'kbsync watch, or kbsync sync',
          })
        : ok('content.git', words, { where }),
    );
  }
  if (git.missing.length > 0) {
    const message = `content.git.token names ${git.missing.join(', ')}, which ${git.missing.length === 1 ? 'is' : 'are'} not set`;
    return [...rows, rowOf('content.git', new SyncError('SECRET_MISSING', { message }), { where })];
  }
  if (offline) return [...rows, skipped('content.git', 'the server was not asked', '--offline', { where })];
  try {
    const tip = await source.tip(signal);
    if (tip === null) return [...rows, rowOf('content.git', noBranch(git.branch), { where })];
    const isBehind = commit !== null && tip !== commit;
    return [...rows, ok('content.git', `the server answers: ${tip.slice(0, 7)}${isBehind ? ', not fetched yet' : ''}`, { where })];
  } catch (thrown) {
    return [...rows, rowOf('content.git', asSyncError(thrown), { where })];
  }
}

function noBranch(branch: string | null): SyncError {
  const message = `content.git: the repository ${branch === null ? 'has no commit yet, or no default branch' : `has no branch ${branch}`}`;
  return new SyncError('CONTENT_MISSING', { message, next: 'check content.git.branch' });
}
