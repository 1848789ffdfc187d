// `state rename`: hands what is remembered of a bot to its target's new name. `state accept`: takes a hand-edited memory at its word. Nothing is asked
// of the vendor, and nothing changes there.
import { lockDaemon } from '../daemon/daemon.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import { visible } from '../plan/escape.ts';
import type { Workspace } from '../workspace.ts';
import { type Invocation, workspaceOf } from './invocation.ts';
import { noteInHistory } from './note-run.ts';
import { plain } from './reports.ts';
import { ciLockWaitMs } from './sync.ts';

/** `state`, parsed. */
export interface StateRequest {
  readonly action: string;
  readonly from: string;
  readonly to: string | null;
}

/** Runs `state rename` and `state accept`. Resolves to 0; everything else is thrown. */
export async function state(invocation: Invocation, { action, from, to }: StateRequest): Promise<number> {
  const usage = (message: string) =>
    new SyncError('USAGE', { message, next: 'kbsync state rename OLD NEW, or kbsync state accept TARGET' });
  if (action === 'accept' && to === null) return accept(invocation, from);
  if (action === 'rename' && to !== null) return rename(invocation, { action, from, to });
  if (action === 'accept') throw usage('state accept takes one name');
  throw usage(action === 'rename' ? 'state rename takes two names' : `state: found "${action}", expected rename or accept`);
}

/** What a person has edited in `state/<target>.json`, checked and sealed anew. */
async function accept(invocation: Invocation, target: string): Promise<number> {
  const { output, command } = invocation;
  const workspace = await workspaceOf(invocation);
  try {
    const [known] = workspace.targets([target]);
    const name = known?.name ?? target;
    const how = { command: 'kbsync state accept', lockWaitMs: workspace.underCi ? ciLockWaitMs : 0, stop: invocation.stop };
    const done = await workspace.acceptState(name, how);
    const message =
      done === 'accepted'
        ? `the state of ${name} is taken as you edited it; kbsync drift --target ${name} holds it against the bot`
        : `the state of ${name} is as kbsync wrote it: there is nothing to accept`;
    if (done === 'accepted')
      await noteInHistory(
        workspace,
        { at: new Date(workspace.now()).toISOString(), kind: 'run', target: name, command: 'state accept' },
        output,
      );
    output.answer(
      () => plain({ version: 1, command, exitCode: 0, action: 'accept', target: name, done, message }),
      () => output.data(visible(message)),
    );
    return 0;
  } finally {
    await workspace.close();
  }
}

async function rename(
  invocation: Invocation,
  { action, from, to }: { readonly action: string; readonly from: string; readonly to: string },
) {
  const { output, command } = invocation;
  const workspace = await workspaceOf(invocation);
  try {
    readNames(workspace, from, to);
    const daemon = await lockedOut(workspace);
    try {
      const how = { command: 'kbsync state rename', lockWaitMs: workspace.underCi ? ciLockWaitMs : 0, stop: invocation.stop };
      const done = await workspace.renameState(from, to, how);
      const at = new Date(workspace.now()).toISOString();
      await noteInHistory(workspace, { at, kind: 'run', target: to, command: 'state rename', from }, output);
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
