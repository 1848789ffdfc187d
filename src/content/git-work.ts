// Whether git is in the middle of something in the repository that holds a folder: what lies there then is no revision of it. Looks, runs nothing.
import { dirname, join, resolve } from 'node:path';
import { type ContentDisk, nodeDisk } from './disk.ts';

export interface GitWork {
  /** `lock`: some git is at work at this moment, or was killed. The others last until somebody ends them. */
  readonly kind: 'lock' | 'rebase' | 'merge' | 'cherry-pick' | 'revert' | 'bisect';
  /** The file or folder that says so. */
  readonly path: string;
  /** What tells one lock from the next. */
  readonly stamp: string;
}

/** git's own marks (gitrepository-layout(5)), the one that says most first. */
const marks: readonly (readonly [name: string, kind: GitWork['kind']])[] = [
  ['rebase-merge', 'rebase'],
  ['rebase-apply', 'rebase'],
  ['MERGE_HEAD', 'merge'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
  ['BISECT_LOG', 'bisect'],
  ['index.lock', 'lock'],
];

/** Where git keeps what belongs to the working tree that holds `root`; null where there is none. A `.git` that is a file leads there. */
export function gitFolderOf(root: string, disk: ContentDisk = nodeDisk): string | null {
  let folder = realOf(root, disk);
  for (;;) {
    const found = gitFolderIn(folder, disk);
    if (found !== null) return found;
    const above = dirname(folder);
    if (above === folder) return null;
    folder = above;
  }
}

/** What git is in the middle of, by its marks in that folder; null: nothing. Never throws. */
export function gitWorkIn(gitFolder: string, disk: ContentDisk = nodeDisk): GitWork | null {
  for (const [name, kind] of marks) {
    const path = join(gitFolder, name);
    const stamp = stampOf(path, disk);
    if (stamp !== null) return { kind, path, stamp };
  }
  return null;
}

/** Changes with each checkout, merge or commit, and now and then without one. */
export function gitStamp(gitFolder: string, disk: ContentDisk = nodeDisk): string {
  return ['HEAD', 'index', 'logs/HEAD'].map((name) => stampOf(join(gitFolder, name), disk) ?? '').join(' ');
}

function gitFolderIn(folder: string, disk: ContentDisk): string | null {
  const path = join(folder, '.git');
  try {
    if (disk.follow(path).kind === 'folder') return path;
    // Worktrees and submodules: one line, relative to where the file lies.
    const { bytes } = disk.read(path, 8_192);
    const line = bytes === null ? '' : Buffer.from(bytes).toString('utf8');
    const named = /^gitdir: (.+?)\r?\n?$/.exec(line)?.[1];
    return named === undefined ? null : resolve(folder, named);
  } catch {
    return null;
  }
}

/** A folder that is not there (yet) is looked for where its nearest ancestor is. */
function realOf(root: string, disk: ContentDisk): string {
  try {
    return disk.real(resolve(root));
  } catch {
    const above = dirname(resolve(root));
    return above === resolve(root) ? above : realOf(above, disk);
  }
}

function stampOf(path: string, disk: ContentDisk): string | null {
  try {
    return disk.stat(path).stamp;
  } catch {
    return null;
  }
}
