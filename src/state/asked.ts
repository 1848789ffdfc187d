// Which questions kbsync itself put to a bot: a hash and a time each, so that `gaps` does not take them for questions of users. Not
// the questions: this file may be read by whoever may read the state. It may be deleted at any time.
import { join } from 'node:path';
import type { OwnQuestion } from '../model/asked.ts';
import type { Timestamp } from '../model/json.ts';
import type { Disk } from './disk.ts';

const names = { current: 'asked.jsonl', old: 'asked.old.jsonl' };
/** About 10,000 questions; the file before is kept beside it. */
const rotateBytes = 1024 * 1024;

/** Notes a question before it is sent. Lines of several processes may mix; each goes out in one write. */
export function noteAsked(disk: Disk, dir: string, { at, target, hash }: OwnQuestion): Promise<void> {
  return append(disk, dir, `${JSON.stringify({ at, target, hash })}\n`);
}

async function append(disk: Disk, dir: string, line: string): Promise<void> {
  const path = join(dir, names.current);
  const size = disk.stat(path)?.size;
  if (size === undefined) await disk.mkdir(dir);
  else if (size >= rotateBytes) await disk.rename(path, join(dir, names.old));
  // A line that somebody's death cut short must not swallow this one.
  const last = disk.read(path, 1)?.toString('latin1') ?? '';
  const torn = last !== '' && last !== '\n';
  await disk.append(path, `${torn ? '\n' : ''}${line}`);
}

/** Every question that is still remembered, of this target, at this time or later. What cannot be read is left out. */
export function readAsked(disk: Disk, dir: string, target: string, since: Timestamp): readonly OwnQuestion[] {
  const lines = [names.old, names.current].flatMap((name) => disk.read(join(dir, name))?.toString('utf8').split('\n') ?? []);
  return lines.flatMap((line) => {
    const found = decode(line);
    return found !== null && found.target === target && found.at >= since ? [found] : [];
  });
}

function decode(line: string): OwnQuestion | null {
  if (line === '') return null;
  try {
    const value: unknown = JSON.parse(line);
    return isOwn(value) ? value : null;
  } catch {
    return null;
  }
}

function isOwn(value: unknown): value is OwnQuestion {
  if (typeof value !== 'object' || value === null || !('at' in value && 'target' in value && 'hash' in value)) return false;
  return [value.at, value.target, value.hash].every((part) => typeof part === 'string');
}
