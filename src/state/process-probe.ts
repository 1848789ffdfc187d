// Who this process is and whether another one still lives: what a lock is judged by. Reads /proc on Linux; elsewhere less is known.
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';

/** What tells one process from every other, also from a later one with the same number. Null: this system does not say. */
export interface ProcessFacts {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  /** Clock ticks after boot (field 22 of /proc/PID/stat). */
  readonly startTime: string | null;
  readonly bootId: string | null;
  /** Containers with one host name may count processes apart; then a pid says nothing. */
  readonly pidNamespace: string | null;
}

/** The seam for tests. */
export interface ProcessProbe {
  readonly self: ProcessFacts;
  /** Of a process of this host and this pid namespace; startTime null where it cannot be told. */
  look(pid: number): { readonly alive: boolean; readonly startTime: string | null };
}

/** The real processes. */
export function nodeProbe(): ProcessProbe {
  return {
    self: {
      user: userName(),
      host: hostname(),
      pid: process.pid,
      startTime: procStat(process.pid)?.startTime ?? null,
      bootId: quietly(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
      pidNamespace: quietly(() => readlinkSync('/proc/self/ns/pid')),
    },
    look(pid) {
      const stat = procStat(pid);
      // A zombie has ended; only its parent has not asked for it yet.
      if (stat !== null) return { alive: stat.state !== 'Z' && stat.state !== 'X', startTime: stat.startTime };
      return { alive: answersSignal(pid), startTime: null };
    },
  };
}

/** The name in field 2 may hold blanks and brackets; the fields after its last bracket are plain. */
function procStat(pid: number): { readonly state: string; readonly startTime: string | null } | null {
  const text = quietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTime: fields[19] ?? null };
}

function answersSignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Only "no such process" is evidence of its end; "not permitted" is evidence of its life.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

function userName(): string {
  return quietly(() => userInfo().username) ?? `uid ${process.getuid?.() ?? 'unknown'}`;
}

function quietly<Result>(work: () => Result): Result | null {
  try {
    return work();
  } catch {
    return null;
  }
}
