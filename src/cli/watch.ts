// `watch`: the daemon. Owns its signals and how handed commands are run in its process.
import { startDaemon } from '../daemon/daemon.ts';
import type { CommandStreams, HandedCommand } from '../daemon/handover.ts';
import { asSyncError } from '../model/error.ts';
import { openWorkspace } from '../workspace.ts';
import { explain } from './failure.ts';
import type { Invocation } from './invocation.ts';
import { Output } from './output.ts';
import { type SyncRequest, sync } from './sync.ts';
import { todo } from './todo.ts';
import type { TodoRequest } from './todo-decision.ts';

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
  streams: CommandStreams & { readonly kill: AbortSignal },
  { env, version, secrets }: Pick<Invocation, 'env' | 'version' | 'secrets'>,
): Promise<number> {
  const { options, cwd, columns } = command;
  const { stop, kill } = streams;
  const output = new Output({
    stdout: { write: streams.stdout },
    stderr: { write: streams.stderr, isTTY: columns !== null, columns: columns ?? undefined },
    json: options.json,
    quiet: options.quiet,
    colour: command.colour,
    secrets,
  });
  const invocation: Invocation = { command: command.command, options, output, cwd, env, version, secrets, stop, kill };
  try {
    return await (command.command === 'sync'
      ? sync(invocation, command.request as unknown as SyncRequest)
      : todo(invocation, command.request as unknown as TodoRequest));
  } catch (thrown) {
    return explain(asSyncError(thrown), invocation);
  }
}
