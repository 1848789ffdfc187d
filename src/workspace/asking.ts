// What kbsync remembers of asking a bot: each of its own questions, and who alone may ask the golden ones. Both lie in the state folder.
import { join } from 'node:path';
import type { Target } from '../connectors/connector.ts';
import type { Connection } from '../cycle/context.ts';
import { questionHash } from '../model/asked.ts';
import { asSyncError } from '../model/error.ts';
import type { Emit } from '../model/event.ts';
import { noteAsked } from '../state/asked.ts';
import type { Disk } from '../state/disk.ts';
import { acquireLock } from '../state/lock.ts';
import { testsFolder } from '../state/tests.ts';

export interface Place {
  readonly disk: Disk;
  readonly stateDir: string;
  readonly now: () => number;
}

/** A lock of its own: questions are asked beside a sync as well, and it lets nobody wait for them. LOCKED after `waitMs`. */
export async function aloneWithTests<T>(
  { disk, stateDir, now }: Place,
  target: string,
  { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  const path = join(testsFolder(stateDir), `${target}.lock`);
  const lock = await acquireLock({ disk, path, command: 'kbsync verify', now, waitMs, signal });
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/** Whoever asks: `gaps` must not take our own questions for those of users. Not being able to note one keeps nobody from asking. */
export function remembering({ disk, stateDir, now }: Place, connection: Connection, target: string, emit: Emit): Connection {
  const { ask } = connection.target;
  if (ask === undefined) return connection;
  const noted: typeof ask = async (question, call) => {
    const own = { at: new Date(now()).toISOString(), target, hash: questionHash(question) };
    await noteAsked(disk, stateDir, own).catch((thrown: unknown) => {
      const message = `a question is not remembered as kbsync's own: ${asSyncError(thrown).message}`;
      emit({ kind: 'note', message });
    });
    return ask(question, call);
  };
  // Not a copy: a connector of another author may be an object of a class.
  return { ...connection, target: Object.assign(Object.create(connection.target) as Target, { ask: noted }) };
}
