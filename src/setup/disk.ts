// The project on disk: bounded looks, and new files that never take the place of anything. What was made can be unmade, so that a failure
// half-way leaves nothing behind.
import {
  appendFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { SyncError } from '../model/error.ts';
import type { ProjectEntry, ProjectFolder } from './folder.ts';

/** Names of one folder that are looked at; in a larger one the rest is passed over. */
const mostEntries = 20_000;

/** A folder on disk, as init looks at it. Never throws. */
export function projectFolder(dir: string): ProjectFolder {
  return {
    list: (below) => entriesOf(path.join(dir, below)),
    read(below, mostBytes) {
      try {
        const file = path.join(dir, below);
        const { size } = statSync(file);
        // A pipe or a device would never end.
        return statSync(file).isFile() && size <= mostBytes ? readFileSync(file, 'utf8') : null;
      } catch {
        return null;
      }
    },
  };
}

function entriesOf(folder: string): readonly ProjectEntry[] | null {
  try {
    const open = opendirSync(folder);
    try {
      const found: ProjectEntry[] = [];
      for (let entry = open.readSync(); entry !== null && found.length < mostEntries; entry = open.readSync()) {
        // A name that is no UTF-8 could not be written into a configuration.
        if (entry.name.includes('\ufffd')) continue;
        found.push({ name: entry.name, kind: entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other' });
      }
      return found.sort((a, b) => (a.name < b.name ? -1 : 1));
    } finally {
      open.closeSync();
    }
  } catch {
    return null;
  }
}

/** The nearest folder, this one or above it, that holds `.git`; null where there is none. */
export function repositoryAbove(dir: string): string | null {
  for (let folder = path.resolve(dir); ; folder = path.dirname(folder)) {
    if (isThere(path.join(folder, '.git'))) return folder;
    if (folder === path.dirname(folder)) return null;
  }
}

/** Whether there is anything of that name, a link that leads nowhere too. */
export function isThere(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

export interface Scribe {
  /** Makes a file; 'left' where something of that name is there already. `within`: the folder that links must not lead out of. */
  create(file: string, text: string, within: string, mode?: number): 'written' | 'left';
  /** Adds to the end of a file, or makes it; 'left' where something is there that is no file. */
  append(file: string, text: string, within: string, mode?: number): 'written' | 'appended' | 'left';
  /** Takes back all that was done, as far as it still stands. Never throws. */
  undo(): void;
}

/** Writes new files. Everything throws STATE_UNWRITABLE where the disk refuses. */
export function createScribe(): Scribe {
  const undone: (() => void)[] = [];
  const make = (file: string, text: string, within: string, mode: number): boolean => {
    makeFolders(path.dirname(file), within, undone);
    if (!createWhole(file, text, mode)) return false;
    undone.push(() => unlinkSync(file));
    return true;
  };
  return {
    create: (file, text, within, mode = 0o666) =>
      writing(file, () => (!isThere(file) && make(file, text, within, mode) ? 'written' : 'left')),
    append: (file, text, within, mode = 0o666) =>
      writing(file, () => {
        const before = lstatSync(file, { throwIfNoEntry: false });
        if (before === undefined) return make(file, text, within, mode) ? 'written' : 'left';
        if (!before.isFile()) return 'left';
        appendFileSync(file, text);
        undone.push(() => truncateSync(file, before.size));
        return 'appended';
      }),
    undo() {
      for (const step of undone.splice(0).reverse()) {
        try {
          step();
        } catch {
          // Somebody else has it in hand meanwhile.
        }
      }
    },
  };
}

/** A file appears whole or not at all, and never over another. */
function createWhole(file: string, text: string, mode: number): boolean {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.new`);
  try {
    writeFileSync(temporary, text, { flag: 'wx', mode });
    linkSync(temporary, file);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    if (!/^(?:EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS|EMLINK)$/.test(codeOf(thrown)) || !isThere(temporary)) throw thrown;
    // A file system without hard links.
    writeFileSync(file, text, { flag: 'wx', mode });
    return true;
  } finally {
    if (isThere(temporary)) unlinkSync(temporary);
  }
}

/** Makes the folders that are missing, but never through a link that leads out of the project. */
function makeFolders(folder: string, within: string, undone: (() => void)[]): void {
  const missing: string[] = [];
  let there = folder;
  while (!isThere(there)) {
    missing.unshift(there);
    there = path.dirname(there);
  }
  const [real, home] = [realpathSync(there), realpathSync(within)];
  if (real !== home && !real.startsWith(home.endsWith(path.sep) ? home : `${home}${path.sep}`)) {
    throw new SyncError('STATE_UNWRITABLE', {
      message: `${there} leads out of ${within}: nothing is written there`,
      next: 'move that link away and run kbsync init again: nothing was written',
    });
  }
  for (const one of missing) {
    mkdirSync(one);
    undone.push(() => rmdirSync(one));
  }
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}

const reasons: { readonly [code: string]: string } = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: "the user's disk quota is used up",
  ENOTDIR: 'a file stands where a folder should be',
};

function writing<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof SyncError || codeOf(thrown) === '') throw thrown;
    throw new SyncError('STATE_UNWRITABLE', {
      message: `cannot write ${file}: ${reasons[codeOf(thrown)] ?? codeOf(thrown)}`,
      next: 'put that right, or go to a folder that you may write to, and run kbsync init again: nothing was written',
      cause: thrown,
      data: { file },
    });
  }
}
