// Folders for what the emulators hold. Node's own `recursive` never ends where a system answers ENOENT to making a folder in one that is
// there (/proc does): state/disk.ts has the same for what must survive.
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { SyncError } from '../model/error.ts';

/** Makes a folder and those above it. STATE_UNWRITABLE. */
export function makeFolder(folder: string): void {
  try {
    makeAll(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === '') throw error;
    const next = 'give the user that runs kbsync write access there, or set state.dir to another folder';
    throw new SyncError('STATE_UNWRITABLE', { message: `the folder ${folder} cannot be made: ${code}`, next, cause: error });
  }
}

function makeAll(folder: string): void {
  try {
    makeOne(folder);
  } catch (error) {
    const parent = dirname(folder);
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT') || parent === folder) throw error;
    makeAll(parent);
    makeOne(folder);
  }
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}
