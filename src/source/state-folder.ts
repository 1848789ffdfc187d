// The state folder beside its branch: which of the two is ahead, what becomes of the folder, and what a save takes out of it. Owns the small note of
// which commit the folder is a copy of. Speaks to no server.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SyncError } from '../model/error.ts';
import { captureState, isStateFile, type KnownFile, listStateFiles, moveState, putState } from '../state/branch-files.ts';
import type { LockOwner } from '../state/lock.ts';
import { straysOf } from '../state/stray.ts';
import type { StateBranchInput } from './state-branch.ts';
import type { Entries } from './state-remote.ts';

/** What the folder was last known to be. */
export interface Base {
  readonly version: 1;
  readonly of: string;
  readonly tip: string | null;
  /** clean: what `tip` holds. open: a job is at work, or has died; it may be ahead. writing: neither the one nor the other. */
  readonly state: 'clean' | 'open' | 'writing';
  readonly lease: string | null;
  /** The moment of the last save, by this machine's clock; left out: not known. */
  readonly savedAt?: string;
}

/** What a branch holds. */
export interface Found {
  readonly tip: string | null;
  /** Relative to the state folder. */
  readonly entries: Entries;
  readonly lease: LockOwner | null;
}

/** same: a copy of the branch. ours: ahead of it. theirs: to be replaced by it. aside: to be replaced, and what it knows to be kept. */
export type FolderIs = 'same' | 'ours' | 'theirs' | 'aside';

export interface StateFolder {
  /** What is to become of the folder, given what the branch holds. STATE_DAMAGED where one of two states would be lost. */
  compare(found: Found): FolderIs;
  /**
   * What the branch does not know of the writes of a folder that goes aside, and may have been carried out after others looked for it (state/stray.ts).
   * Called before `put`, and kept until `handedOver`: whoever saves the branch puts them there, too.
   */
  strays(how: FolderIs): Promise<ReadonlyMap<string, Buffer>>;
  /** They are on the branch. */
  handedOver(): Promise<void>;
  /** Puts what the branch holds into the folder, as far as that is to be. */
  put(found: Found, how: FolderIs, after: Omit<Base, 'version' | 'of'>): Promise<void>;
  /** The folder as it is now, as entries of a tree whose blobs are stored. */
  captured(): Promise<Map<string, string>>;
  /** Writes down what it is a copy of. */
  note(base: Omit<Base, 'version' | 'of'>): void;
  /** Whose work it was last known to be. */
  lease(): string | null;
}

const mostKept = 3;

/** The state folder of a branch. */
export function createStateFolder({
  remote,
  disk,
  dir,
  of,
  now,
  note: tell,
}: Pick<StateBranchInput, 'remote' | 'disk' | 'dir' | 'of' | 'now' | 'note'>): StateFolder {
  const folder = join(dir, 'branch');
  const basePath = join(folder, 'base.json');
  const strayDir = join(folder, 'strays');
  const stored = new Map<string, KnownFile>();

  const note = (base: Omit<Base, 'version' | 'of'>): void =>
    disk.writeLoosely(basePath, `${JSON.stringify({ version: 1, of, ...base })}\n`);

  function readBase(): Base | null {
    try {
      const value = JSON.parse(disk.read(basePath)?.toString('utf8') ?? 'null') as Partial<Base> | null;
      return value?.version === 1 && value.of === of && typeof value.state === 'string' ? (value as Base) : null;
    } catch {
      return null;
    }
  }

  /** What is to become of the folder, given what the branch holds. */
  function compare({ tip, lease }: Found): FolderIs {
    const base = readBase();
    if (base === null) {
      if (listStateFiles(disk, dir).length === 0) return 'theirs';
      if (tip === null) return 'ours';
      throw new SyncError('STATE_DAMAGED', {
        message: `${dir} holds a state of its own, and the branch of state.git another one: one of the two would be lost`,
        next: `keep one: move ${dir} away, and what is on the branch goes on; or delete the branch, and this folder begins it`,
      });
    }
    if (base.state === 'writing') return 'theirs';
    if (tip === null)
      throw new SyncError('STATE_DAMAGED', {
        message: `state.git: the branch is gone; it was at ${base.tip?.slice(0, 12) ?? 'its first commit'} when ${dir} was last saved there`,
        next: `push it back from where it still is; or remove ${basePath}, and what this folder holds begins it anew`,
      });
    if (tip === base.tip) return base.state === 'open' ? 'ours' : 'same';
    // Killed between the push and this note of it.
    if (base.state === 'open' && lease !== null && lease.id === base.lease) return 'ours';
    return base.state === 'open' ? 'aside' : 'theirs';
  }

  async function strays(how: FolderIs): Promise<ReadonlyMap<string, Buffer>> {
    if (how === 'aside') {
      const { files, broken } = straysOf(disk, dir, { since: readBase()?.savedAt ?? null, at: new Date(now()).toISOString() });
      if (files.size > 0) await disk.mkdir(strayDir);
      for (const [name, text] of files) await disk.replace(join(strayDir, name), text);
      for (const name of broken)
        tell(
          `state.git: ${join(dir, name)} cannot be read: what that run last sent is not known; kbsync drift --repair compares what the bots hold`,
        );
    }
    const found = disk.list(strayDir).flatMap((name): [string, Buffer][] => {
      const content = isStateFile(name) ? disk.read(join(strayDir, name)) : null;
      return content === null ? [] : [[name, content]];
    });
    if (how === 'ours') for (const [name, content] of found) disk.writeLoosely(join(dir, name), content);
    return new Map(found);
  }

  async function handedOver(): Promise<void> {
    for (const name of disk.list(strayDir)) await disk.remove(join(strayDir, name));
  }

  /** For a person who wants to look; nothing reads them. */
  async function dropOldKept(): Promise<void> {
    const kept = disk.list(folder).filter((name) => /^kept-\d{14}$/.test(name));
    for (const name of kept.slice(0, -mostKept))
      await rm(join(folder, name), { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }

  /** Puts what the branch holds into the folder. */
  async function put({ tip, entries }: Found, how: FolderIs, after: Omit<Base, 'version' | 'of'>): Promise<void> {
    if (how === 'aside') {
      const kept = join(
        folder,
        `kept-${new Date(now())
          .toISOString()
          .replace(/[^0-9]/g, '')
          .slice(0, 14)}`,
      );
      await moveState(disk, dir, kept);
      await dropOldKept();
      tell(
        `state.git: another job went on from the branch after this folder's last run had ended without a word: what that run may have sent since is looked for now. Its files are kept in ${kept}, for you to look at; nothing needs them`,
      );
    }
    if (how === 'theirs' || how === 'aside') {
      note({ tip: null, state: 'writing', lease: null });
      const paths = [...entries.keys()];
      const contents = await remote.contents([...entries.values()]);
      putState(disk, dir, new Map(paths.map((path, at) => [path, contents[at] ?? Buffer.alloc(0)])));
    }
    for (const name of disk.list(strayDir)) disk.writeLoosely(join(dir, name), disk.read(join(strayDir, name)) ?? Buffer.alloc(0));
    // The folder lies in the work tree, as a rule, and belongs into no commit of it.
    if (disk.stat(join(dir, '.gitignore')) === null) disk.writeLoosely(join(dir, '.gitignore'), '*\n');
    stored.clear();
    if (how !== 'ours') {
      for (const [path, blob] of entries) {
        const size = disk.stat(join(dir, path))?.size;
        if (size !== undefined) stored.set(path, { size, blob });
      }
    }
    note({ ...after, tip: after.tip ?? tip });
  }

  /** The folder as it is now, as entries of a tree. */
  async function captured(): Promise<Map<string, string>> {
    const { known, read } = captureState(disk, dir, stored);
    const paths = [...read.keys()];
    const blobs = await remote.store([...read.values()]);
    const entries = new Map(known);
    for (const [at, path] of paths.entries()) {
      const blob = blobs[at] ?? '';
      entries.set(path, blob);
      stored.set(path, { size: read.get(path)?.length ?? 0, blob });
    }
    return entries;
  }

  return { compare, strays, handedOver, put, captured, note, lease: () => readBase()?.lease ?? null };
}
