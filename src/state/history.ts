// What happened: one JSON line a run or test result, appended. For people and for `history`; nothing decides by it.
import { join } from 'node:path';
import type { Json, Timestamp } from '../model/json.ts';
import type { Disk } from './disk.ts';

export interface HistoryEntry {
  readonly at: Timestamp;
  readonly kind: 'run' | 'test';
  readonly target: string;
  /** Whatever the command wants to find again. */
  readonly [key: string]: Json;
}

/** Past this many bytes the file becomes the old one, of which one is kept. */
const rotateBytes = 10 * 1024 * 1024;

const names = { current: 'history.jsonl', old: 'history.old.jsonl' };

/** Appends durably. Several processes may; each line goes out in one write. STATE_UNWRITABLE. */
export async function appendHistory(disk: Disk, dir: string, entry: HistoryEntry): Promise<void> {
  const path = join(dir, names.current);
  const size = disk.stat(path)?.size;
  if (size === undefined) await disk.mkdir(dir);
  else if (size >= rotateBytes) await disk.rename(path, join(dir, names.old));
  // A line that somebody's death cut short must not swallow this one.
  const torn = (disk.read(path, 1)?.toString('latin1') ?? '\n') !== '\n' && disk.stat(path)?.size !== 0;
  await disk.append(path, `${torn ? '\n' : ''}${JSON.stringify(entry)}\n`);
}

/** The newest entries, oldest of them first; lines that cannot be read are left out. target: only that one's. */
export function readHistory(
  disk: Disk,
  dir: string,
  wanted: { readonly limit: number; readonly target?: string },
): readonly HistoryEntry[] {
  const found: HistoryEntry[] = [];
  for (const name of [names.current, names.old]) {
    const lines = disk.read(join(dir, name))?.toString('utf8').split('\n') ?? [];
    for (let index = lines.length - 1; index >= 0 && found.length < wanted.limit; index -= 1) {
      const entry = decode(lines[index] ?? '');
      if (entry !== null && (wanted.target === undefined || entry.target === wanted.target)) found.push(entry);
    }
  }
  return found.reverse();
}

function decode(line: string): HistoryEntry | null {
  if (line === '') return null;
  try {
    const value: unknown = JSON.parse(line);
    return isEntry(value) ? value : null;
  } catch {
    return null;
  }
}

function isEntry(value: unknown): value is HistoryEntry {
  return (
    typeof value === 'object' && value !== null && 'at' in value && 'kind' in value && 'target' in value && typeof value.at === 'string'
  );
}
