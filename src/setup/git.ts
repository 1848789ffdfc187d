// Whether git keeps a file out of what is committed: git's own word, since rules may stand in many places and a tracked file has none.
import { execFile } from 'node:child_process';

/** ignored: it will not be committed. committed: it would be, or is already. unknown: there is no git, or it does not say. */
export function askGit(folder: string, name: string): Promise<'ignored' | 'committed' | 'unknown'> {
  // No fsmonitor: a repository's configuration could name a program.
  const words = ['--no-optional-locks', '-c', 'core.fsmonitor=false', '-C', folder, 'check-ignore', '-q', '--', name];
  return new Promise((resolve) => {
    try {
      execFile('git', words, { timeout: 10_000, windowsHide: true }, (error) => {
        resolve(error === null ? 'ignored' : error.code === 1 ? 'committed' : 'unknown');
      });
    } catch {
      resolve('unknown');
    }
  });
}
