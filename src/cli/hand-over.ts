// A command of this process, handed to the daemon that runs on the same state folder. Owns how it is found; the protocol is the daemon's.
import { callDaemon, type HandedCommand } from '../daemon/handover.ts';
import { asSyncError } from '../model/error.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';
import type { AdoptRequest } from './adopt.ts';
import type { DriftRequest } from './drift.ts';
import type { Invocation } from './invocation.ts';
import type { PauseRequest } from './pause.ts';
import type { RetractRequest } from './retract-scene.ts';
import type { SyncRequest } from './sync.ts';
import type { TodoRequest } from './todo-decision.ts';
import type { VerifyRequest } from './verify-request.ts';

/** Where the daemon's words go to; default: this process's own streams. */
export interface Streams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
}

/** Has the running daemon do it; its exit code, or null where no daemon is there to take it. */
export async function handOver(
  invocation: Invocation,
  command: HandedCommand['command'],
  request: SyncRequest | TodoRequest | AdoptRequest | DriftRequest | RetractRequest | VerifyRequest | PauseRequest,
  streams: Streams = process,
): Promise<number | null> {
  const { options, cwd, output, version, stop, kill } = invocation;
  const workspace = await quietWorkspace(invocation);
  if (workspace === null) return null;
  try {
    return await callDaemon({
      disk: workspace.disk,
      stateDir: workspace.config.stateDir,
      version,
      command: {
        command,
        request: { ...request },
        options,
        cwd,
        colour: output.style('bad', '') !== '',
        columns: output.isLive ? (streams.stderr.columns ?? 80) : null,
      },
      stdout: (text) => void streams.stdout.write(text),
      stderr: (text) => (output.logsHere ? output.talk(text.trimEnd()) : void streams.stderr.write(text)),
      onTaken: ({ pid }) => output.talk(`handed to the daemon (process ${pid})`),
      stop,
      kill,
    });
  } finally {
    await workspace.close();
  }
}

/** Null where the configuration or the state folder is at fault: the command itself says so. */
async function quietWorkspace({ options, cwd, env, version, secrets }: Invocation): Promise<Workspace | null> {
  try {
    return await openWorkspace({ configFile: options.config, cwd, env, version, secrets, onEvent: () => {} });
  } catch (thrown) {
    if (asSyncError(thrown).code === 'UNEXPECTED') throw thrown;
    return null;
  }
}
