// `unlock`: who holds each target's lock, since when; releases those whose process is gone, and never one that is at work.
import { SyncError } from '../model/error.ts';
import { visible } from '../plan/escape.ts';
import type { LockOwner } from '../state/lock.ts';
import type { Workspace } from '../workspace.ts';
import { type Invocation, workspaceOf } from './invocation.ts';
import { plain } from './reports.ts';

interface LockRow {
  readonly name: string;
  /** free: nobody held it. released: its process was gone. held: a process at work holds it, or is taking it over just now. */
  readonly state: 'free' | 'released' | 'held';
  readonly holder: Pick<LockOwner, 'command' | 'user' | 'host' | 'pid' | 'since' | 'beat'> | null;
}

/** Looks at every lock and releases the dead ones. Resolves to 0, or 10 where a live one is left. */
export async function unlock(invocation: Invocation): Promise<number> {
  const { output, options, command } = invocation;
  const workspace = await workspaceOf(invocation);
  try {
    const rows: LockRow[] = [];
    for (const target of workspace.targets(options.targets)) rows.push(await releaseOne(workspace, target.name));
    if (workspace.stateBranch !== null) rows.push(await releaseBranch(workspace.stateBranch, invocation));
    const held = rows.filter((row) => row.state === 'held');
    const error = held.length === 0 ? null : lockedError(held);
    const exitCode = error === null ? 0 : 10;
    output.answer(
      () => plain({ version: 1, command, exitCode, error: error?.record() ?? null, targets: rows }),
      () => {
        for (const row of rows) output.data(sentenceOf(row));
        if (error !== null) output.complain(`next: ${error.next}`);
      },
    );
    return exitCode;
  } finally {
    await workspace.close();
  }
}

async function releaseOne(workspace: Workspace, name: string): Promise<LockRow> {
  const { released, holder } = await workspace.unlock(name);
  if (released) return { name, state: 'released', holder: holderRow(holder) };
  const now = workspace.lockHolder(name);
  return { name, state: now === null ? 'free' : 'held', holder: holderRow(now?.owner ?? null) };
}

/** The one lock of a state that lies on a branch: a job on another machine, as a rule. */
async function releaseBranch(branch: NonNullable<Workspace['stateBranch']>, { stop }: Invocation): Promise<LockRow> {
  const { released, holder } = await branch.releaseDead(stop);
  return { name: 'state.git', state: holder === null ? 'free' : released ? 'released' : 'held', holder: holderRow(holder) };
}

function holderRow(owner: LockOwner | null): LockRow['holder'] {
  if (owner === null) return null;
  const { command, user, host, pid, since, beat } = owner;
  return { command, user, host, pid, since, beat };
}

function lockedError(held: readonly LockRow[]): SyncError {
  return new SyncError('LOCKED', {
    message: held.map(sentenceOf).join('; '),
    next: 'wait until it is done, or end that process: its lock then goes by itself',
  });
}

function sentenceOf({ name, state, holder }: LockRow): string {
  const who =
    holder === null
      ? 'a process that died while it took the lock'
      : `"${holder.command}" of ${holder.user}, process ${holder.pid} on ${holder.host}, since ${holder.since}`;
  if (state === 'free') return visible(`${name}: not locked`);
  if (state === 'released') return visible(`${name}: released; it was held by ${who}, which is gone`);
  return visible(`${name}: held by ${who}, which is at work`);
}
