// What happened: one JSON line a run, a test result or a bot's learning, appended. For people and for `history`; nothing decides by it.
import { join } from 'node:path';
import type { Json, Timestamp } from '../model/json.ts';
import type { Disk } from './disk.ts';

export interface HistoryEntry {
  readonly at: Timestamp;
  readonly kind: 'run' | 'test' | 'learnt' | 'canary';
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

export interface HistoryQuery {
  readonly limit: number;
  /** Only theirs; what a target did under the names that it had before `state rename` is its own. */
  readonly targets?: readonly string[];
  /** Only what happened at this time or later. */
  readonly since?: Timestamp;
  /** Only what this says yes to. */
  readonly where?: (entry: HistoryEntry) => boolean;
}

export interface HistoryFound {
  /** Oldest first. */
  readonly entries: readonly HistoryEntry[];
  /** Lines met on the way that are not what kbsync writes. */
  readonly damaged: number;
}

/** The newest entries that a query asks for; lines that cannot be read are left out and counted. */
export function readHistory(disk: Disk, dir: string, { limit, targets, since, where }: HistoryQuery): HistoryFound {
  const found: HistoryEntry[] = [];
  const called = targets === undefined ? null : new Set(targets);
  let damaged = 0;
  for (const name of [names.current, names.old]) {
    const lines = disk.read(join(dir, name))?.toString('utf8').split('\n') ?? [];
    for (let index = lines.length - 1; index >= 0 && found.length < limit; index -= 1) {
      const line = lines[index] ?? '';
      const entry = decode(line);
      if (entry === null) {
        if (line.trim() !== '') damaged += 1;
        continue;
      }
      if (called !== null && !called.has(entry.target)) continue;
      if (typeof entry['from'] === 'string') called?.add(entry['from']);
      if ((since === undefined || entry.at >= since) && (where === undefined || where(entry))) found.push(entry);
    }
  }
  return { entries: found.reverse(), damaged };
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
