// The daemon: opens workspace, lock, server, socket, engine in this order and closes them in the reverse one; stop, kill and reload.
import { join } from 'node:path';
import type { Config } from '../model/config.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import type { SyncEvent } from '../model/event.ts';
import { acquireLock } from '../state/lock.ts';
import { isLoopback } from '../status/access.ts';
import { createMetrics, type Sample, statusSamples } from '../status/metrics.ts';
import { startServer } from '../status/server.ts';
import type { Workspace } from '../workspace.ts';
import { type Commands, createCommands } from './commands.ts';
import { type Engine, startEngine, within } from './engine.ts';
import { type CommandStreams, daemonFolder, type HandedCommand, openHandover } from './handover.ts';
import { createHub } from './hub.ts';
import { type LoopTimers, realTimers } from './loop.ts';
import { createSnapshots } from './snapshots.ts';
import { createTeller, type Voice } from './voice.ts';

export interface DaemonInput {
  /** Loads the configuration and wires it; called again on reload. */
  readonly open: (onEvent: (event: SyncEvent) => void) => Promise<Workspace>;
  /** Only these targets; empty for all. */
  readonly targets: readonly string[];
  /** Adds to bots that hold other content, or that cannot be listed, at first contact. */
  readonly initial: boolean;
  readonly version: string;
  /** Runs a command that another process handed over, in this one. */
  readonly runCommand: (command: HandedCommand, streams: CommandStreams & { readonly kill: AbortSignal }) => Promise<number>;
  readonly voice: Voice;
  /** Default: the real ones. */
  readonly timers?: LoopTimers;
}

export interface Daemon {
  /** The status page. */
  readonly url: string;
  /** Resolves when everything is closed. */
  readonly finished: Promise<void>;
  /** No new work; what is in flight is finished or journaled; everything closed within the configured time. */
  stop(): Promise<void>;
  /** Drops what is in flight, which the journal allows, and closes. */
  kill(): Promise<void>;
  /** Reads the configuration again and swaps it in, or says why the old one goes on. Never throws. */
  reload(): Promise<void>;
}

/** PRODUCT: under CI a job that is cancelled has little time. */
const ciShutdownMs = 5_000;
/** Kept of that time for closing. */
const closingMs = 1_000;

/** Starts the daemon. LOCKED where another one is at work on this state folder; CONFIG_INVALID. Nothing is left open where it throws. */
export async function startDaemon(input: DaemonInput): Promise<Daemon> {
  const releases: (() => Promise<void>)[] = [];
  try {
    return await openAll(input, releases);
  } catch (thrown) {
    await closeAll(releases, input);
    throw thrown;
  }
}

async function openAll(input: DaemonInput, releases: (() => Promise<void>)[]): Promise<Daemon> {
  const { voice, version } = input;
  const timers = input.timers ?? realTimers;
  const hub = createHub();
  const metrics = createMetrics();
  const teller = createTeller(voice);
  const stopping = new AbortController();
  const killing = new AbortController();
  hub.subscribe((event) => metrics.take(event));

  const first = await input.open(hub.publish);
  let workspace = first;
  releases.push(() => workspace.close());
  const { stateDir, daemon: settings } = first.config;
  const lock = await lockDaemon(first);
  releases.push(() => lock.release());

  let engine: Engine | null = null;
  const running = (): Engine => {
    if (engine === null) throw new SyncError('BUSY', { message: 'the daemon is still starting', next: 'ask again in a moment' });
    return engine;
  };
  const snapshots = createSnapshots({ engine: running, version, monotonic: timers.now });
  const start = (next: Workspace): Promise<Engine> =>
    startEngine({
      workspace: next,
      names: input.targets,
      initial: input.initial,
      voice,
      teller,
      timers,
      kill: killing.signal,
      doing: hub.doing,
      onPass(target, kind, { result, durationMs }) {
        snapshots.forget(target);
        if (kind === 'sync') metrics.cycleEnded(target, result?.report ?? null, durationMs);
      },
    });
  const commands: Commands = createCommands({
    engine: running,
    run: input.runCommand,
    stop: stopping.signal,
    kill: killing.signal,
    onDone: () => snapshots.forget(),
  });

  const server = await startServer({
    host: settings.host,
    port: settings.port,
    // Read at each request: a reload may have brought another token.
    get token() {
      return workspace.config.daemon.token;
    },
    get metricsOpen() {
      return workspace.config.daemon.metricsOpen;
    },
    snapshot: () => snapshots.take(),
    async metrics() {
      const { targets, problems } = await snapshots.take();
      const gauges = targets.flatMap(({ status, error, breakerOpen }) => statusSamples(status, error !== null, breakerOpen));
      const severities = (['error', 'warning'] as const).map(
        (severity): Sample => ({
          name: 'kbsync_content_problems',
          labels: { severity },
          value: problems.filter((one) => one.severity === severity).length,
        }),
      );
      return metrics.text([{ name: 'kbsync_build_info', labels: { version }, value: 1 }, ...severities, ...gauges]);
    },
    unready: () => (stopping.signal.aborted ? ['it is stopping'] : engine === null ? ['it is starting'] : engine.unready()),
    sync(names) {
      const { folder, loops } = running();
      workspace.targets(names);
      folder.changed();
      const wanted = [...loops.values()].filter(({ name }) => names === null || names.includes(name));
      for (const loop of wanted) loop.demand('asked for');
      return wanted.map(({ name }) => name);
    },
    subscribe: hub.subscribe,
    redact: (text) => workspace.secrets.redact(text),
  });
  releases.push(() => server.close());
  // A command waits for the start, and for a change of engines.
  let swap: Promise<void> = Promise.resolve();
  const run: Commands['run'] = async (command, streams) => {
    await swap;
    return commands.run(command, streams);
  };
  const starting = openHandover({ disk: first.disk, stateDir, version, now: first.now, run }).then(async (handover) => {
    releases.push(() => handover.close());
    engine = await start(first);
  });
  swap = starting.catch(() => undefined);
  await starting;
  voice.talk(`status page: ${server.url}`);

  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let ending: Promise<void> | null = null;
  const end = async (limitMs: number): Promise<void> => {
    stopping.abort();
    const quiet = Promise.allSettled([swap.then(() => running().stop()), commands.idle()]);
    if (!(await within(quiet, Math.max(0, limitMs - closingMs), timers))) {
      voice.complain('stopping: what is still in flight is dropped; the journal knows of it, and the next start settles it');
      killing.abort();
      await within(quiet, closingMs / 2, timers);
    }
    await closeAll(releases, input);
    finish();
  };
  return {
    url: server.url,
    finished,
    stop() {
      const { shutdownTimeoutMs } = workspace.config.daemon;
      ending ??= end(workspace.underCi ? Math.min(ciShutdownMs, shutdownTimeoutMs) : shutdownTimeoutMs);
      return ending;
    },
    kill() {
      killing.abort();
      ending ??= end(0);
      return ending;
    },
    reload() {
      swap = swap.then(async () => {
        if (stopping.signal.aborted) return;
        let next: Workspace | null = null;
        try {
          next = await input.open(hub.publish);
          refuseMove(first.config, next.config);
          next.targets(input.targets);
        } catch (thrown) {
          await next?.close();
          const error = asSyncError(thrown);
          voice.complain(`reload: the old configuration goes on: ${error.message}. Next: ${error.next}`);
          return;
        }
        await commands.idle();
        await running().stop();
        await workspace.close();
        workspace = next;
        snapshots.forget();
        engine = await start(next);
        voice.talk('reload: the new configuration is at work');
      });
      return swap;
    },
  };
}

/** What cannot change under a running daemon. */
function refuseMove(old: Config, next: Config): void {
  const moved =
    old.stateDir !== next.stateDir
      ? 'state.dir'
      : old.daemon.host !== next.daemon.host
        ? 'daemon.host'
        : old.daemon.port !== next.daemon.port
          ? 'daemon.port'
          : null;
  if (moved !== null)
    throw new SyncError('CONFIG_INVALID', { message: `${moved} has changed`, next: 'stop the daemon and start it again' });
  if (!isLoopback(next.daemon.host) && next.daemon.token === null) {
    throw new SyncError('CONFIG_INVALID', {
      message: `daemon.host is ${next.daemon.host}, which others can reach, and the token is gone`,
      next: 'set KBSYNC_TOKEN or daemon.token',
    });
  }
}

async function lockDaemon({ disk, config, now }: Workspace) {
  const path = join(daemonFolder(config.stateDir), 'daemon.lock');
  try {
    return await acquireLock({ disk, path, now, command: 'kbsync watch', waitMs: 0 });
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code !== 'LOCKED') throw thrown;
    throw new SyncError('LOCKED', {
      message: `a daemon is already at work on ${config.stateDir}: ${error.message}`,
      next: 'use that one, or stop it first; another workspace needs another state.dir',
      data: error.data,
    });
  }
}

/** In reverse order of opening; what does not close is told, and keeps nothing else open. */
async function closeAll(releases: (() => Promise<void>)[], { voice, timers }: DaemonInput): Promise<void> {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) {
    const closed = release().catch((thrown: unknown) => voice.complain(`stopping: ${asSyncError(thrown).message}`));
    await within(closed, closingMs, timers ?? realTimers);
  }
}
