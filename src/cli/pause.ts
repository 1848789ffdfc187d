// `watch pause` and `watch resume`: keeps the daemon, and every sync, from a target until it is resumed. Kept in the state folder, so it needs no
// daemon, and outlives one. Owns the words; that a pass under way comes to rest is the daemon's.
import { SyncError } from '../model/error.ts';
import { type Invocation, workspaceOf } from './invocation.ts';
import { plain } from './reports.ts';

/** `watch pause|resume`, parsed. */
export interface PauseRequest {
  readonly action: 'pause' | 'resume';
  readonly targets: readonly string[];
}

/** The words after `watch`. USAGE for any other. */
export function pauseRequest(action: string, targets: readonly string[]): PauseRequest {
  if (action === 'pause' || action === 'resume') return { action, targets };
  throw new SyncError('USAGE', { message: `watch: found "${action}", expected pause or resume, or nothing to start the daemon` });
}

/** Pauses or resumes what is named. Resolves to 0. USAGE where nothing is named, or the configuration says otherwise. */
export async function pause(invocation: Invocation, { action, targets }: PauseRequest, open = workspaceOf): Promise<number> {
  const { output } = invocation;
  const workspace = await open(invocation);
  try {
    const names = [...new Set([...targets, ...invocation.options.targets])];
    if (names.length === 0) {
      const known = workspace.config.targets.map(({ name }) => name).join(', ');
      throw new SyncError('USAGE', { message: `watch ${action}: which target? configured: ${known}`, next: `kbsync watch ${action} NAME` });
    }
    const rows: { readonly name: string; readonly paused: boolean; readonly changed: boolean }[] = [];
    for (const target of workspace.targets(names)) {
      if (action === 'resume' && target.paused) throw pausedByConfig(target.name);
      const changed = await workspace.setPaused(target.name, action === 'pause', `kbsync watch ${action}`);
      rows.push({ name: target.name, paused: action === 'pause', changed });
    }
    output.answer(
      () => plain({ version: 1, command: 'watch', exitCode: 0, action, targets: rows }),
      () => {
        for (const { name, changed } of rows) output.data(`${name}: ${wordsOf(action, name, changed)}`);
      },
    );
    return 0;
  } finally {
    await workspace.close();
  }
}

/** Said wherever somebody would resume what only the configuration can. */
export function pausedByConfig(name: string): SyncError {
  return new SyncError('USAGE', {
    message: `${name} is paused in the configuration`,
    next: 'take paused: true out, and have the daemon read it again (SIGHUP)',
  });
}

function wordsOf(action: PauseRequest['action'], name: string, changed: boolean): string {
  if (action === 'resume') return changed ? 'resumed' : 'was not paused';
  const what = `nothing is sent until kbsync watch resume ${name}; only kbsync retract still goes through`;
  return changed ? `paused: ${what}` : `was paused already: ${what}`;
}
