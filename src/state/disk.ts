// The only file that writes to disk: durable replace and append, and the little around them. Everything else takes a Disk, so that
// tests can give it one that crashes, loses and tears.
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, link, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SyncError } from '../model/error.ts';

/** What is known of a file without reading it. Size in bytes, time in milliseconds since 1970. */
export interface FileFacts {
  readonly size: number;
  readonly modifiedMs: number;
  readonly folder: boolean;
}

/** A file held open for appending: no opening and closing between two group commits. */
export interface AppendFile {
  /** All of it written and on disk (fdatasync) before it resolves. */
  append(data: string | Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** A file made exclusively and held open: what is written goes to that very file, even where another has taken its name since. */
export interface OwnedFile {
  /** Replaces the whole content in place; not synced. */
  write(data: string | Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** The seam between the state and the machine. Writers throw STATE_UNWRITABLE and name the path. */
export interface Disk {
  /** Null where there is no such file. last: only that many bytes of the end. */
  read(path: string, last?: number): Buffer | null;
  stat(path: string): FileFacts | null;
  /** Names in a folder, sorted; none where it does not exist. */
  list(folder: string): readonly string[];
  mkdir(folder: string): Promise<void>;
  /** The old content or the new, never a mixture; on disk before it resolves. Mode 0600. */
  replace(path: string, data: string | Uint8Array): Promise<void>;
  /** On disk before it resolves. Makes the file where there is none, mode 0600. */
  append(path: string, data: string | Uint8Array): Promise<void>;
  openAppend(path: string): Promise<AppendFile>;
  /** Cuts the file to so many bytes, durably. */
  truncate(path: string, bytes: number): Promise<void>;
  /** Never half of it while the process lives, but not synced: only for what may be lost. Makes its folder. */
  writeLoosely(path: string, data: string | Uint8Array): void;
  /** Already gone is success. Not synced. */
  removeLoosely(path: string): void;
  /** Null where the file exists already. Not synced. */
  createExclusive(path: string, data: string | Uint8Array): Promise<OwnedFile | null>;
  /** Makes an empty file, and its folder; false where it exists already. Not synced. */
  claim(path: string): boolean;
  /** Durable; takes the place of what stood at `to`. */
  rename(from: string, to: string): Promise<void>;
  /** Already gone is success. Not synced: after a power cut the file may be back. */
  remove(path: string): Promise<void>;
}

/** The name of a temporary file for `path`, in the same folder, so that the rename cannot cross file systems. */
export function temporaryName(path: string, unique: string): string {
  return join(dirname(path), `.${basename(path)}.${unique}.tmp`);
}

/** Whether a name in a folder is a temporary file for one of these base names. */
export function isTemporaryOf(name: string, bases: readonly string[]): boolean {
  return (
    name.endsWith('.tmp') && bases.some((base) => name.startsWith(`.${base}.`) && /^[0-9a-z-]+\.tmp$/.test(name.slice(base.length + 2)))
  );
}

/** Removes what writers that died left behind. Only for files whose lock the caller holds. */
export async function sweepTemporary(disk: Disk, folder: string, bases: readonly string[]): Promise<void> {
  for (const name of disk.list(folder)) if (isTemporaryOf(name, bases)) await disk.remove(join(folder, name));
}

/** Of folders that are made here: what a state holds is read by nobody else. Files are 0600. */
const privateMode = 0o700;

/**
 * Makes a folder that nobody but this user can enter, or makes one that is there so. STATE_UNWRITABLE where a link or a file stands in its
 * place, or another user owns it. On Windows the folder has the rights of the one that it lies in.
 */
export function makePrivate(folder: string): void {
  try {
    makeFolders(folder);
    const stat = lstatSync(folder);
    if (process.platform === 'win32') return;
    if (!stat.isDirectory()) throw notPrivate(folder, 'is a link, which may lead anywhere');
    if (stat.uid !== process.getuid?.()) throw notPrivate(folder, 'belongs to another user');
    if ((stat.mode & 0o077) !== 0) chmodSync(folder, privateMode);
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/** Whether only this user (or whoever owns everything anyway) can have put something there. */
export function isPrivate(folder: string): boolean {
  if (process.platform === 'win32') return true;
  try {
    const stat = lstatSync(folder);
    const own = process.getuid?.();
    return stat.isDirectory() && (own === 0 || (stat.uid === own && (stat.mode & 0o022) === 0));
  } catch {
    return false;
  }
}

/** What tells a folder from a copy of it, by whatever path or link one came to it; null where it is not there. */
export function folderIdentity(folder: string): string | null {
  try {
    return String(statSync(folder, { bigint: true }).ino);
  } catch {
    return null;
  }
}

function notPrivate(folder: string, how: string): SyncError {
  return new SyncError('STATE_UNWRITABLE', {
    message: `${folder} ${how}`,
    next: 'see who made it; then remove it, and run again: kbsync makes its own',
    data: { path: folder },
  });
}

/** The real file system. */
export function nodeDisk(): Disk {
  return {
    read: (path, last) => quietly('read', path, () => (last === undefined ? readFileSync(path) : readEnd(path, last))),
    stat(path) {
      const facts = quietly('read', path, () => statSync(path));
      return facts === null ? null : { size: facts.size, modifiedMs: facts.mtimeMs, folder: facts.isDirectory() };
    },
    list: (folder) => quietly('read', folder, () => readdirSync(folder).sort()) ?? [],
    mkdir: (folder) => writing(folder, () => makeFolder(folder)),
    replace: (path, data) => writing(path, () => replaceFile(path, data)),
    append: (path, data) => writing(path, () => appendOnce(path, data)),
    openAppend: (path) => writing(path, () => openForAppend(path)),
    truncate: (path, bytes) =>
      writing(path, () =>
        withFile(path, 'r+', async (file) => {
          await file.truncate(bytes);
          await file.sync();
        }),
      ),
    writeLoosely: (path, data) => writeUnsynced(path, data),
    removeLoosely: (path) => removeUnsynced(path),
    createExclusive: (path, data) => writing(path, () => createOwned(path, data)),
    claim: (path) => claimName(path),
    rename: (from, to) =>
      writing(from, async () => {
        await rename(from, to);
        await syncFolder(dirname(to));
      }),
    remove: (path) => writing(path, () => unlink(path).catch(ignoreMissing)),
  };
}

async function replaceFile(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = temporaryName(path, randomBytes(8).toString('hex'));
  try {
    await withFile(temporary, 'wx', async (file) => {
      await file.writeFile(data);
      await file.sync();
    });
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}

async function appendOnce(path: string, data: string | Uint8Array): Promise<void> {
  const file = await openForAppend(path);
  try {
    await file.append(data);
  } finally {
    await file.close();
  }
}

async function openForAppend(path: string): Promise<AppendFile> {
  const made = statSync(path, { throwIfNoEntry: false }) === undefined;
  const file = await open(path, 'a', 0o600);
  if (made) await syncFolder(dirname(path));
  return {
    append: (data) =>
      writing(path, async () => {
        await file.writeFile(data);
        await file.datasync();
      }),
    close: () => writing(path, () => file.close()),
  };
}

/** Whole from the moment that its name is there: who is killed in the middle leaves no empty lock that nobody can tell the owner of. */
async function createOwned(path: string, data: string | Uint8Array): Promise<OwnedFile | null> {
  const temporary = temporaryName(path, randomBytes(8).toString('hex'));
  const file = await open(temporary, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o600);
  const write = async (content: string | Uint8Array): Promise<void> => {
    const bytes = Buffer.from(content);
    await file.write(bytes, 0, bytes.length, 0);
    await file.truncate(bytes.length);
  };
  const owned: OwnedFile = { write: (content) => writing(path, () => write(content)), close: () => writing(path, () => file.close()) };
  try {
    await write(data);
    await link(temporary, path);
    return owned;
  } catch (error) {
    const code = codeOf(error) ?? '';
    // Where there are no links (some network shares, exFAT) the name comes first and the content right after.
    if (withoutLinks.has(code) && (await claimed(path))) {
      await rename(temporary, path);
      return owned;
    }
    await file.close().catch(() => undefined);
    // Gone: whoever took the name meanwhile has swept up.
    if (code === 'EEXIST' || code === 'ENOENT' || withoutLinks.has(code)) return null;
    throw error;
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

const withoutLinks: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES']);

/** An empty file of that name, made by us and nobody else. */
async function claimed(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function writeUnsynced(path: string, data: string | Uint8Array): void {
  const temporary = temporaryName(path, randomBytes(8).toString('hex'));
  try {
    try {
      writeFileSync(temporary, data, { flag: 'wx', mode: 0o600 });
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      makeFolders(dirname(path));
      writeFileSync(temporary, data, { flag: 'wx', mode: 0o600 });
    }
    renameSync(temporary, path);
  } catch (error) {
    try {
      unlinkSync(temporary);
    } catch {
      // It was never made.
    }
    throw unwritable(path, error);
  }
}

function removeUnsynced(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw unwritable(path, error);
  }
}

function claimName(path: string): boolean {
  try {
    makeFolders(dirname(path));
    closeSync(openSync(path, 'wx', 0o600));
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw unwritable(path, error);
  }
}

async function makeFolder(folder: string): Promise<void> {
  const first = makeFolders(folder);
  if (first !== null) await syncFolder(dirname(first));
}

/**
 * Makes a folder and those above it; the first one made, null where it was there. Not by Node's `recursive`, which never ends, at full speed and
 * deaf to every signal, where a system answers ENOENT to making a folder in one that is there (/proc does).
 */
function makeFolders(folder: string): string | null {
  let first: string | null = null;
  try {
    return makeOne(folder);
  } catch (error) {
    const parent = dirname(folder);
    if (codeOf(error) !== 'ENOENT' || parent === folder) throw error;
    first = makeFolders(parent);
  }
  // Once: where the folder above did not help, nothing will.
  const made = makeOne(folder);
  return first ?? made;
}

/** Null where it is there already, also where somebody else was quicker. */
function makeOne(folder: string): string | null {
  try {
    mkdirSync(folder, { mode: privateMode });
    return folder;
  } catch (error) {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return null;
    throw error;
  }
}

/** Makes a rename or a new name survive a power cut. Windows cannot open folders, and does not need it. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await withFile(folder, 'r', (file) => file.sync());
}

async function withFile<Result>(path: string, flags: string, work: (file: FileHandle) => Promise<Result>): Promise<Result> {
  const file = await open(path, flags, 0o600);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

function readEnd(path: string, last: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(last, size));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, size - bytes.length));
  } finally {
    closeSync(file);
  }
}

function quietly<Result>(verb: 'read', path: string, work: () => Result): Result | null {
  try {
    return work();
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
    throw unwritable(path, error, verb);
  }
}

async function writing<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw unwritable(path, error);
  }
}

function ignoreMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** What the operating system said, in words, and what to do about it. */
const remedies: { readonly [code: string]: readonly [what: string, next: string] } = {
  ENOSPC: ['the disk is full', 'free disk space and run again: nothing is lost'],
  EDQUOT: ["the user's disk quota is used up", 'free disk space or raise the quota, and run again: nothing is lost'],
  EACCES: ['permission denied', 'give the user that runs kbsync read and write access to it, and run again'],
  EPERM: ['permission denied', 'give the user that runs kbsync read and write access to it, and run again'],
  EROFS: ['the file system is read-only', 'mount it writable, or set state.dir to a writable folder, and run again'],
  EIO: ['the disk reports an input/output error', 'check the disk (dmesg, smartctl), then run again: nothing is lost'],
  EMFILE: ['too many files are open', 'raise the limit (ulimit -n) and run again'],
  ENOENT: ['its folder does not exist', 'make the folder, or set state.dir to one that exists, and run again'],
  EEXIST: ['a file stands where a folder should be', 'move that file away, or set state.dir to another folder, and run again'],
  ENOTDIR: ['a file stands where a folder should be', 'move that file away, or set state.dir to another folder, and run again'],
  EISDIR: ['a folder stands where a file should be', 'move that folder away and run again'],
};

function unwritable(path: string, error: unknown, verb: 'read' | 'write' = 'write'): unknown {
  const code = codeOf(error);
  if (error instanceof SyncError || code === '') return error;
  const [what, next] = remedies[code] ?? [code, undefined];
  const message = `cannot ${verb} ${path}: ${what}`;
  return new SyncError('STATE_UNWRITABLE', { message, ...(next === undefined ? {} : { next }), cause: error, data: { path, code } });
}
