// `watch`: the daemon. Owns its signals and how handed commands are run in its process.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { HandedStreams } from '../daemon/commands.ts';
import { startDaemon } from '../daemon/daemon.ts';
import type { HandedCommand } from '../daemon/handover.ts';
import { realTimers } from '../daemon/loop.ts';
import { reportTo, systemdNotify, wishesOf } from '../daemon/service-manager.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import { openWorkspace } from '../workspace.ts';
import { type AdoptRequest, adopt } from './adopt.ts';
import { type DriftRequest, drift } from './drift.ts';
import { explain } from './failure.ts';
import type { Invocation } from './invocation.ts';
import { logHanded } from './log-run.ts';
import { Output } from './output.ts';
import { pageWork } from './page-work.ts';
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
  const signals = takeSignals(() => invocation.log?.reopen());
  try {
    return await keepWatch(invocation, request, signals);
  } finally {
    signals.release();
  }
}

async function keepWatch(invocation: Invocation, request: WatchRequest, signals: Pick<Signals, 'onReload'>): Promise<number> {
  const { output, options, cwd, env, version, secrets, stop } = invocation;
  const daemon = await startDaemon({
    async open(onEvent) {
      const workspace = await openWorkspace({ configFile: options.config, cwd, env, version, secrets, onEvent });
      for (const warning of workspace.warnings) output.talk(`warning: ${warning.message}`);
      if (workspace.stateBranch === null) return workspace;
      await workspace.close();
      throw new SyncError('CONFIG_INVALID', {
        message: 'state.git is for jobs that come and go: a daemon would hold the branch for good',
        next: 'take state.git out where the daemon runs, or give the server a configuration of its own: its state folder stays',
      });
    },
    targets: options.targets,
    initial: request.initial,
    version,
    runCommand: (command, streams) => runHanded(command, streams, invocation),
    openapi: () => readFile(fileURLToPath(new URL('../../docs/openapi.yaml', import.meta.url)), 'utf8'),
    voice: { talk: (line, about) => output.talk(line, about), complain: (line, about) => output.complain(line, about) },
    log: invocation.log?.log,
    page: pageWork(invocation),
  });
  const notify = systemdNotify(env);
  const wishes = wishesOf(env, process.pid);
  const manager =
    wishes === null
      ? null
      : reportTo({
          wishes,
          send: (fields) => notify(fields.map((field) => secrets.redact(field))),
          daemon,
          complain: (line) => output.complain(line),
          timers: realTimers,
          monotonicMicros: () => process.hrtime.bigint() / 1_000n,
        });
  const onStop = (): void => {
    manager?.stopping();
    void daemon.stop();
  };
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();
  signals.onReload(() => void (manager === null ? daemon.reload() : manager.reloading(() => daemon.reload())));
  try {
    await daemon.finished;
  } finally {
    manager?.stopping();
    // A connection that does not close must not keep a stopped daemon alive.
    setTimeout(() => process.exit(), 1_000).unref();
  }
  return 0;
}

interface Signals {
  /** How a reload is done, once it can be; at once, where one was asked for while starting. */
  onReload(reload: () => void): void;
  release(): void;
}

/**
 * Takes the signals that a daemon is sent beside those that end it, from before it has started: left alone, SIGHUP and SIGUSR2 would end it, and
 * SIGUSR1, by which many a daemon opens its log anew, would open Node's debugger to everybody on this machine.
 */
function takeSignals(reopen: () => void): Signals {
  let reload: (() => void) | null = null;
  let asked = false;
  const onHangup = (): void => {
    reopen();
    if (reload === null) asked = true;
    else reload();
  };
  const forLogs = ['SIGUSR1', 'SIGUSR2'] as const;
  process.on('SIGHUP', onHangup);
  for (const name of forLogs) process.on(name, reopen);
  return {
    onReload(work) {
      reload = work;
      if (asked) work();
    },
    release() {
      process.off('SIGHUP', onHangup);
      for (const name of forLogs) process.off(name, reopen);
    },
  };
}

/** Runs a handed command in this process, its words going to whoever handed it. */
export async function runHanded(
  command: HandedCommand,
  streams: HandedStreams,
  { env, version, secrets, log }: Pick<Invocation, 'env' | 'version' | 'secrets' | 'log'>,
): Promise<number> {
  const { options, cwd, columns } = command;
  const { stop, kill, ready, done, lender } = streams;
  const logged = log === undefined ? null : logHanded(log.log, command.command);
  const output = new Output({
    stdout: { write: streams.stdout },
    stderr: { write: streams.stderr, isTTY: columns !== null, columns: columns ?? undefined },
    json: options.json,
    quiet: options.quiet,
    colour: command.colour,
    secrets,
    log: logged === null ? null : { log: logged.log, here: false },
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
    ...(logged !== null && { log: logged }),
  };
  let exitCode = 1;
  try {
    exitCode = await runCommand(command, invocation);
  } catch (thrown) {
    exitCode = explain(asSyncError(thrown), invocation);
  } finally {
    logged?.ended(exitCode);
  }
  return exitCode;
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
