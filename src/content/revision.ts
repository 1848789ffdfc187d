// Which commit the folder is at, and which of its files differ from it. Asks the system's git; without one there is simply no commit.
import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Revision {
  /** HEAD of the repository that holds the folder; null where there is no git, no repository or no commit. */
  readonly commit: string | null;
  /** Paths relative to the root (NFC) that differ from the commit; null where that cannot be told. */
  readonly dirty: ReadonlySet<string> | null;
  /** Where the folder lies in the repository, '' or ending in a slash; null where there is no repository or no commit. */
  readonly prefix: string | null;
}

/** Reads commit and changed paths of a folder. Never throws; takes at most 10 s a question. */
export async function readRevision(root: string): Promise<Revision> {
  const place = mayBeInRepository(root) ? await git(root, ['rev-parse', 'HEAD', '--show-prefix']) : null;
  const [commit, prefix = ''] = place?.split('\n') ?? [];
  if (commit === undefined || !/^[0-9a-f]{40,64}$/.test(commit)) return { commit: null, dirty: null, prefix: null };
  const status = await git(root, [
    'status',
    '--porcelain=v1',
    '-z',
    '--untracked-files=all',
    '--no-renames',
    '--ignore-submodules=none',
    '--',
    '.',
  ]);
  if (status === null) return { commit, dirty: null, prefix };
  const paths = status
    .split('\0')
    .filter((entry) => entry.length > 3)
    .map((entry) => entry.slice(3))
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length).normalize('NFC'));
  return { commit, dirty: new Set(paths), prefix };
}

/** Looks up the folders as git does, where it is told nothing else: a process only to hear that there is none costs more than the rest of a run. */
function mayBeInRepository(root: string): boolean {
  if (Object.keys(process.env).some((name) => name.startsWith('GIT_'))) return true;
  let folder: string;
  try {
    folder = realpathSync(root);
  } catch {
    return false;
  }
  // A bare repository is no `.git`, but its own folder: HEAD lies in it.
  while (!existsSync(join(folder, '.git')) && !existsSync(join(folder, 'HEAD'))) {
    const above = dirname(folder);
    if (above === folder) return false;
    folder = above;
  }
  return true;
}

/** What git printed, or null where it failed. */
function git(folder: string, args: readonly string[]): Promise<string | null> {
  // No optional locks: a look must never disturb a person's own git. No fsmonitor: a repository's configuration could name a program.
  const options = ['--no-optional-locks', '-c', 'core.fsmonitor=false', '-C', folder, ...args];
  return new Promise((resolve) => {
    try {
      execFile('git', options, { timeout: 10_000, maxBuffer: 64 * 1024 * 1024, windowsHide: true }, (error, stdout) =>
        resolve(error === null ? stdout : null),
      );
    } catch {
      resolve(null);
    }
  });
}
