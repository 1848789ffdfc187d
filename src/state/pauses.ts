// Targets that a person has paused while the daemon runs: one small file each, kept across restarts. That it is there is what counts.
import { join } from 'node:path';
import type { Timestamp } from '../model/json.ts';
import { type Disk, makePrivate } from './disk.ts';

export interface Pause {
  /** Null where the file does not say. */
  readonly since: Timestamp | null;
  /** How it was asked for: "kbsync watch pause", "POST /api/pause". */
  readonly by: string | null;
}

/** Beside the daemon's own files, where no target's state can lie. */
function pausesFolder(stateDir: string): string {
  return join(stateDir, 'daemon', 'paused');
}

/** The paused targets, by name; those of a former configuration among them. */
export function readPauses(disk: Disk, stateDir: string): ReadonlyMap<string, Pause> {
  const folder = pausesFolder(stateDir);
  const names = disk.list(folder).flatMap((name) => /^([a-z0-9][a-z0-9-]*)\.json$/.exec(name)?.[1] ?? []);
  return new Map(names.map((name) => [name, readPause(disk, join(folder, `${name}.json`))]));
}

/** STATE_UNWRITABLE. A target that is paused already stays so since when it was. */
export async function writePause(disk: Disk, stateDir: string, target: string, pause: Pause): Promise<void> {
  if (readPauses(disk, stateDir).has(target)) return;
  makePrivate(join(stateDir, 'daemon'));
  makePrivate(pausesFolder(stateDir));
  await disk.replace(join(pausesFolder(stateDir), `${target}.json`), `${JSON.stringify({ version: 1, ...pause })}\n`);
}

/** STATE_UNWRITABLE. Resolves to whether it was paused. */
export async function removePause(disk: Disk, stateDir: string, target: string): Promise<boolean> {
  const paused = readPauses(disk, stateDir).has(target);
  if (paused) await disk.remove(join(pausesFolder(stateDir), `${target}.json`));
  return paused;
}

/**
 * Has `rename` done, and what is paused stays so under the new name: paused there before it is renamed, and under the old name until it is, so that
 * a crash between resumes nothing.
 */
export async function renamePause<T>(
  disk: Disk,
  stateDir: string,
  names: { readonly from: string; readonly to: string },
  rename: () => Promise<T>,
) {
  const pauses = readPauses(disk, stateDir);
  const pause = pauses.get(names.from);
  if (pause !== undefined) await writePause(disk, stateDir, names.to, pause);
  try {
    const renamed = await rename();
    await removePause(disk, stateDir, names.from);
    return renamed;
  } catch (thrown) {
    if (pause !== undefined && !pauses.has(names.to)) await removePause(disk, stateDir, names.to);
    throw thrown;
  }
}

function readPause(disk: Disk, path: string): Pause {
  try {
    const found: unknown = JSON.parse(disk.read(path)?.toString('utf8') ?? '');
    const { since, by } = found as { readonly since?: unknown; readonly by?: unknown };
    const isTime = typeof since === 'string' && !Number.isNaN(Date.parse(since));
    return { since: isTime ? since : null, by: typeof by === 'string' ? by : null };
  } catch {
    return { since: null, by: null };
  }
}
