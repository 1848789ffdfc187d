// Which CI system a repository uses, and which branch its releases come from: by the names of files, and by what git has written down.
import type { ProjectFolder } from './folder.ts';

/** Those that init can write a workflow for. */
export type WritableCi = 'github' | 'gitlab';

export interface Ci {
  readonly system: WritableCi | 'azure' | 'bitbucket' | 'jenkins' | 'circleci';
  /** The file or address that tells. */
  readonly by: string;
}

const signs: readonly (readonly [path: string, system: Ci['system']])[] = [
  ['.github/workflows', 'github'],
  ['.gitlab-ci.yml', 'gitlab'],
  ['.github', 'github'],
  ['azure-pipelines.yml', 'azure'],
  ['bitbucket-pipelines.yml', 'bitbucket'],
  ['Jenkinsfile', 'jenkins'],
  ['.circleci', 'circleci'],
];

/** `top`: the folder that holds `.git`. Null: nothing tells. */
export function findCi(top: ProjectFolder): Ci | null {
  const isThere = (path: string) => top.list(path) !== null || top.read(path, 1024 * 1024) !== null;
  const sign = signs.find(([path]) => isThere(path));
  if (sign !== undefined) return { by: sign[0], system: sign[1] };
  const host = /^\s*url\s*=.*?(?:@|\/\/)(?:[^/@\s]*@)?([\w.-]+)/m.exec(top.read('.git/config', 256 * 1024) ?? '')?.[1] ?? '';
  if (/(?:^|\.)github\./.test(host)) return { system: 'github', by: 'the remote of the repository' };
  if (/(?:^|\.)gitlab\./.test(host)) return { system: 'gitlab', by: 'the remote of the repository' };
  return null;
}

/** Whether git has a remote origin here; null where nothing tells, as in a work tree of its own. */
export function hasOrigin(top: ProjectFolder): boolean | null {
  const config = top.read('.git/config', 256 * 1024);
  return config === null ? null : /^\s*\[remote "origin"\]/m.test(config);
}

/** The branch that a remote calls its own; else main or master, if there is one; else the one that is checked out, which may be somebody's draft. */
export function mainBranch(top: ProjectFolder): string {
  const named = (path: string, pattern: RegExp) => pattern.exec(top.read(path, 4096) ?? '')?.[1];
  const packed = top.read('.git/packed-refs', 1024 * 1024) ?? '';
  const isThere = (name: string) =>
    ['heads', 'remotes/origin'].some(
      (kind) =>
        top.read(`.git/refs/${kind}/${name}`, 4096) !== null || packed.split('\n').some((line) => line.endsWith(` refs/${kind}/${name}`)),
    );
  const branch =
    named('.git/refs/remotes/origin/HEAD', /^ref: refs\/remotes\/origin\/(\S+)\s*$/) ??
    ['main', 'master'].find(isThere) ??
    named('.git/HEAD', /^ref: refs\/heads\/(\S+)\s*$/);
  return branch !== undefined && /^[\w][\w./-]{0,99}$/.test(branch) ? branch : 'main';
}
