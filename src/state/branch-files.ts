// Which files of a state folder are the state: what a branch carries from job to job. Locks, sockets, caches, clones and sandboxes are not. Reads them
// so that snapshot and journal of a target are of one moment, and puts others in their place.
import { join } from 'node:path';
import type { Disk } from './disk.ts';

const target = '[a-z0-9][a-z0-9-]{0,39}';
/** An allow-list: what a later version puts into the folder is on no branch before somebody has thought of it. */
const patterns: readonly RegExp[] = [
  new RegExp(`^${target}\\.(?:json|json\\.bak|json\\.damaged|journal|renaming|stray-[0-9a-f]{16})$`),
  /^(?:retracted|history|history\.old|asked|asked\.old)\.jsonl$/,
  new RegExp(`^texts/${target}/[0-9A-Za-z-]{1,80}\\.gz$`),
  new RegExp(`^tests/${target}(?:\\.[a-z]{1,20})?\\.json$`),
  new RegExp(`^daemon/paused/${target}\\.json$`),
  /^notify\/incidents\.json$/,
];

/** Relative to the state folder, with forward slashes. */
export function isStateFile(path: string): boolean {
  return patterns.some((pattern) => pattern.test(path));
}

/** The state files in a folder, sorted. */
export function listStateFiles(disk: Disk, dir: string): readonly string[] {
  const below = (folder: string): readonly string[] => disk.list(join(dir, folder)).map((name) => `${folder}/${name}`);
  const names = [...disk.list(dir), ...below('texts').flatMap(below), ...below('tests'), ...below('daemon/paused'), ...below('notify')];
  return names.filter(isStateFile).sort();
}

/** A text is named after what is in it, so that its size tells whether it is all there. */
export interface KnownFile {
  readonly size: number;
  readonly blob: string;
}

export interface Captured {
  /** Not read: known to be as they were. */
  readonly known: ReadonlyMap<string, string>;
  readonly read: ReadonlyMap<string, Buffer>;
}

/**
 * All state files as they are now. In one go, without waiting in between: a writer of this process comes no further meanwhile than the one step that
 * it has begun, and after each of its steps the files are what a crash may leave.
 */
export function captureState(disk: Disk, dir: string, before: ReadonlyMap<string, KnownFile>): Captured {
  const known = new Map<string, string>();
  const read = new Map<string, Buffer>();
  for (const path of listStateFiles(disk, dir)) {
    const file = before.get(path);
    if (file !== undefined && path.startsWith('texts/') && disk.stat(join(dir, path))?.size === file.size) {
      known.set(path, file.blob);
      continue;
    }
    const content = disk.read(join(dir, path));
    if (content !== null) read.set(path, content);
  }
  return { known, read };
}

/** Makes the state files of a folder these and no others. Not synced: whoever does this can do it again. */
export function putState(disk: Disk, dir: string, files: ReadonlyMap<string, Uint8Array>): void {
  for (const path of listStateFiles(disk, dir)) if (!files.has(path)) disk.removeLoosely(join(dir, path));
  for (const [path, content] of files) disk.writeLoosely(join(dir, path), content);
}

/** Takes the state files out of a folder, into another one on the same disk. */
export async function moveState(disk: Disk, dir: string, to: string): Promise<void> {
  for (const path of listStateFiles(disk, dir)) {
    await disk.mkdir(join(to, path, '..'));
    await disk.rename(join(dir, path), join(to, path));
  }
}
