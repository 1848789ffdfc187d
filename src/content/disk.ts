// The content folder as the stage reads it: the only file of the stage that touches node:fs, so that tests can make a disk that fails.
// Synchronous on purpose: for metadata and small files it costs a fourth of the promise calls. Never writes.

import type { BigIntStats, Dirent } from 'node:fs';
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import { sep } from 'node:path';

export type EntryKind = 'file' | 'folder' | 'link' | 'other';

export interface DiskEntry {
  readonly name: string;
  readonly kind: EntryKind;
}

export interface DiskStat {
  readonly kind: EntryKind;
  readonly size: number;
  /** The later of mtime and ctime, milliseconds since 1970. */
  readonly changedMs: number;
  /** Size, mtime, ctime (nanoseconds) and inode in one text: as long as it is equal, the file is taken for unchanged. */
  readonly stamp: string;
}

export interface DiskRead {
  /** Null: larger than the limit, not read. */
  readonly bytes: Uint8Array | null;
  readonly before: DiskStat;
  readonly after: DiskStat;
}

/** What the stage asks of a disk. Every function throws Node's own errors (`code`: ENOENT, EACCES …). */
export interface ContentDisk {
  list(folder: string): readonly DiskEntry[];
  /** Of the entry itself: a link stays a link. */
  stat(path: string): DiskStat;
  /** Of what a link leads to. */
  follow(path: string): DiskStat;
  /** With forward slashes. */
  real(path: string): string;
  /** own: the last step of the path is no link (any more), or it throws ELOOP. */
  read(path: string, maxBytes: number, own?: 'own'): DiskRead;
}

/** The disk of this machine. */
export const nodeDisk: ContentDisk = {
  list: (folder) => readdirSync(folder, { withFileTypes: true }).map((entry) => ({ name: entry.name, kind: kindOf(entry) })),
  stat: (path) => statOf(lstatSync(path, { bigint: true })),
  follow: (path) => statOf(statSync(path, { bigint: true })),
  real: (path) => (sep === '/' ? realpathSync(path) : realpathSync(path).replaceAll(sep, '/')),
  read: readWhole,
};

/** The code of a thrown file system error, or its message where it has none. */
export function errnoOf(thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Whether an error says that the entry is not there (any more). */
export function isGone(thrown: unknown): boolean {
  const code = errnoOf(thrown);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function readWhole(path: string, maxBytes: number, own?: 'own'): DiskRead {
  // O_NONBLOCK: a pipe that took the file's place must not hang the scan. O_NOFOLLOW: nor may a link that took it lead out of the folder.
  const follow = own === undefined ? 0 : (constants.O_NOFOLLOW ?? 0);
  const handle = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | follow);
  try {
    const before = statOf(fstatSync(handle, { bigint: true }));
    if (before.kind !== 'file' || before.size > maxBytes) return { bytes: null, before, after: before };
    // One byte more than announced shows a file that grows; the stats tell the rest.
    const bytes = Buffer.allocUnsafe(before.size + 1);
    let length = 0;
    while (length < bytes.length) {
      const got = readSync(handle, bytes, length, bytes.length - length, null);
      if (got === 0) break;
      length += got;
    }
    return { bytes: bytes.subarray(0, length), before, after: statOf(fstatSync(handle, { bigint: true })) };
  } finally {
    closeSync(handle);
  }
}

function statOf(stats: BigIntStats): DiskStat {
  return {
    kind: kindOf(stats),
    size: Number(stats.size),
    changedMs: Number(stats.mtimeMs > stats.ctimeMs ? stats.mtimeMs : stats.ctimeMs),
    stamp: `${stats.size} ${stats.mtimeNs} ${stats.ctimeNs} ${stats.ino}`,
  };
}

function kindOf(entry: Dirent | BigIntStats): EntryKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  return entry.isSymbolicLink() ? 'link' : 'other';
}
