// What doctor asks of this machine: facts of files and file systems, limits of the kernel, and whether somebody listens. Reads only.
import { constants, readFileSync } from 'node:fs';
import { access, lstat, readdir, realpath, stat, statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import { arch, cpus, release, totalmem } from 'node:os';

export interface PathFacts {
  readonly kind: 'file' | 'folder' | 'other';
  /** Permission bits. */
  readonly mode: number;
  /** Device and inode: the same for two names of one thing. */
  readonly identity: string;
  readonly real: string;
}

export interface Space {
  readonly freeBytes: number;
  /** Null: the file system does not count files. */
  readonly freeFiles: number | null;
}

/** The seam for tests. What cannot be found out is null, or throws Node's own error where the reason matters. */
export interface System {
  readonly platform: string;
  readonly node: string;
  /** One line: system, release, processors, memory. */
  readonly machine: string;
  /** Null: there is no such thing. Throws where it cannot be looked at. */
  facts(path: string): Promise<PathFacts | null>;
  /** Null: not a link, or not there. */
  isLink(path: string): Promise<boolean>;
  names(folder: string): Promise<readonly string[]>;
  mayWrite(path: string): Promise<boolean>;
  /** At most a mebibyte of it; null where it cannot be read. */
  text(path: string): string | null;
  space(path: string): Promise<Space | null>;
  /** Whether somebody accepts connections there. */
  listens(where: { readonly path: string } | { readonly host: string; readonly port: number }): Promise<boolean>;
}

const mostBytes = 1024 * 1024;
const patienceMs = 2_000;

/** This machine. */
export function thisSystem(): System {
  return {
    platform: process.platform,
    node: process.versions.node,
    machine: `${process.platform} ${arch()} ${release()}, ${cpus().length} processors, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    async facts(path) {
      try {
        const found = await stat(path);
        const kind = found.isDirectory() ? 'folder' : found.isFile() ? 'file' : 'other';
        return { kind, mode: found.mode & 0o777, identity: `${found.dev}:${found.ino}`, real: await realpath(path) };
      } catch (thrown) {
        if (isMissing(thrown)) return null;
        throw thrown;
      }
    },
    isLink: (path) =>
      lstat(path).then(
        (found) => found.isSymbolicLink(),
        () => false,
      ),
    names: (folder) => readdir(folder),
    mayWrite: (path) =>
      access(path, constants.W_OK | constants.X_OK).then(
        () => true,
        () => false,
      ),
    text(path) {
      try {
        return readFileSync(path).subarray(0, mostBytes).toString('utf8');
      } catch {
        return null;
      }
    },
    space: (path) =>
      statfs(path).then(
        (found) => ({ freeBytes: found.bavail * found.bsize, freeFiles: found.files === 0 ? null : found.ffree }),
        () => null,
      ),
    listens: (where) =>
      new Promise((resolve) => {
        const socket = connect(where);
        const end = (answer: boolean): void => {
          socket.destroy();
          resolve(answer);
        };
        socket.setTimeout(patienceMs, () => end(false));
        socket.once('connect', () => end(true));
        socket.once('error', () => end(false));
      }),
  };
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR');
}
