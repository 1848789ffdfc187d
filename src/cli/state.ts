// `state rename`: hands what is remembered of a bot to its target's new name. Nothing is asked of the vendor, and nothing changes there.
import { lockDaemon } from '../daemon/daemon.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import { visible } from '../plan/escape.ts';
import type { Workspace } from '../workspace.ts';
import { type Invocation, workspaceOf } from './invocation.ts';
import { plain } from './reports.ts';
import { ciLockWaitMs } from './sync.ts';

/** `state`, parsed. */
export interface StateRequest {
  readonly action: string;
  readonly from: string;
  readonly to: string;
}

/** Runs `state rename`. Resolves to 0; everything else is thrown. */
export async function state(invocation: Invocation, { action, from, to }: StateRequest): Promise<number> {
  if (action !== 'rename')
    throw new SyncError('USAGE', { message: `state: found "${action}", expected rename`, next: 'kbsync state rename OLD NEW' });
  const { output, command } = invocation;
  const workspace = await workspaceOf(invocation);
  try {
    readNames(workspace, from, to);
    const daemon = await lockedOut(workspace);
    try {
      const how = { command: 'kbsync state rename', lockWaitMs: workspace.underCi ? ciLockWaitMs : 0, stop: invocation.stop };
      const done = await workspace.renameState(from, to, how);
      const at = new Date(workspace.now()).toISOString();
      await workspace.history.append({ at, kind: 'run', target: to, command: 'state rename', from });
      const message = done === 'renamed' ? `what was known as ${from} is known as ${to} now` : `the rename of ${from} to ${to} is finished`;
      output.answer(
        () => plain({ version: 1, command, exitCode: 0, action, from, to, message }),
        () => output.data(visible(message)),
      );
      if (workspace.config.targets.some(({ name }) => name === from))
        output.talk(`${visible(from)} is still in the configuration: it is a bot that was never met now`);
    } finally {
      await daemon.release();
    }
    return 0;
  } finally {
    await workspace.close();
  }
}

/** USAGE for names that cannot be meant. */
function readNames({ config }: Workspace, from: string, to: string): void {
  if (from === to) throw new SyncError('USAGE', { message: `${from} and ${to} are the same name` });
  for (const name of [from, to]) {
    if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(name)) throw new SyncError('USAGE', { message: `"${name}" cannot be the name of a target` });
  }
  if (config.targets.some(({ name }) => name === to)) return;
  throw new SyncError('USAGE', {
    message: `there is no target ${to} in the configuration; configured: ${config.targets.map(({ name }) => name).join(', ')}`,
    next: `rename the target in ${config.file} first, then run this again`,
  });
}

/** A daemon has the names in its memory: it must not be at work meanwhile, nor begin. */
async function lockedOut(workspace: Workspace) {
  try {
    return await lockDaemon(workspace);
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code !== 'LOCKED') throw thrown;
    throw new SyncError('LOCKED', {
      message: error.message,
      next: 'stop the daemon, rename, and start it again with the new configuration',
      data: error.data,
    });
  }
}
