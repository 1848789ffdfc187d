// `watch`: the daemon. Owns its signals and how handed commands are run in its process.

import type { HandedStreams } from '../daemon/commands.ts';
import { startDaemon } from '../daemon/daemon.ts';
import type { HandedCommand } from '../daemon/handover.ts';
import { asSyncError } from '../model/error.ts';
import { openWorkspace } from '../workspace.ts';
import { type AdoptRequest, adopt } from './adopt.ts';
import { type DriftRequest, drift } from './drift.ts';
import { explain } from './failure.ts';
import type { Invocation } from './invocation.ts';
import { Output } from './output.ts';
import { type PauseRequest, pause } from './pause.ts';
import { retract } from './retract.ts';
import type { RetractRequest } from './retract-scene.ts';
import { type SyncRequest, sync } from './sync.ts';
import { todo } from './todo.ts';
import type { TodoRequest } from './todo-decision.ts';
import { verify } from './verify.ts';
import type { VerifyRequest } from './verify-request.ts';

/** `watch`, parsed. */
export interface WatchRequest {
  readonly initial: boolean;
}

/** Runs until it is asked to stop. Resolves to 0. */
export async function watch(invocation: Invocation, request: WatchRequest): Promise<number> {
  const { output, options, cwd, env, version, secrets, stop } = invocation;
  const daemon = await startDaemon({
    async open(onEvent) {
      const workspace = await openWorkspace({ configFile: options.config, cwd, env, version, secrets, onEvent });
      for (const warning of workspace.warnings) output.talk(`warning: ${warning.message}`);
      return workspace;
    },
    targets: options.targets,
    initial: request.initial,
    version,
    runCommand: (command, streams) => runHanded(command, streams, invocation),
    voice: { talk: (line) => output.talk(line), complain: (line) => output.complain(line) },
  });
  const onStop = (): void => void daemon.stop();
  const onReload = (): void => void daemon.reload();
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();
  process.on('SIGHUP', onReload);
  try {
    await daemon.finished;
  } finally {
    process.off('SIGHUP', onReload);
    // A connection that does not close must not keep a stopped daemon alive.
    setTimeout(() => process.exit(), 1_000).unref();
  }
  return 0;
}

/** Runs a handed command in this process, its words going to whoever handed it. */
export async function runHanded(
  command: HandedCommand,
  streams: HandedStreams,
  { env, version, secrets }: Pick<Invocation, 'env' | 'version' | 'secrets'>,
): Promise<number> {
  const { options, cwd, columns } = command;
  const { stop, kill, ready, done, lender } = streams;
  const output = new Output({
    stdout: { write: streams.stdout },
    stderr: { write: streams.stderr, isTTY: columns !== null, columns: columns ?? undefined },
    json: options.json,
    quiet: options.quiet,
    colour: command.colour,
    secrets,
  });
  const invocation: Invocation = {
    command: command.command,
    options,
    output,
    cwd,
    env,
    version,
    secrets,
    stop,
    kill,
    ...(ready !== undefined && { ready }),
    ...(done !== undefined && { done }),
    ...(lender !== undefined && { lender }),
  };
  try {
    return await runCommand(command, invocation);
  } catch (thrown) {
    return explain(asSyncError(thrown), invocation);
  }
}

function runCommand({ command, request }: HandedCommand, invocation: Invocation): Promise<number> {
  switch (command) {
    case 'sync':
      return sync(invocation, request as unknown as SyncRequest);
    case 'todo':
      return todo(invocation, request as unknown as TodoRequest);
    case 'adopt':
      return adopt(invocation, request as unknown as AdoptRequest);
    case 'drift':
      return drift(invocation, request as unknown as DriftRequest);
    case 'retract':
      return retract(invocation, request as unknown as RetractRequest);
    case 'verify':
      return verify(invocation, request as unknown as VerifyRequest);
    case 'watch':
      return pause(invocation, request as unknown as PauseRequest);
    default:
      return command satisfies never;
  }
}
