// The daemon: opens workspace, lock, server, socket, engine in this order and closes them in the reverse one; stop, kill and reload.
import { join } from 'node:path';
import type { SecretSet } from '../config/secrets.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import type { SyncEvent } from '../model/event.ts';
import type { Log } from '../model/log.ts';
import { acquireLock } from '../state/lock.ts';
import { startServer } from '../status/server.ts';
import type { ReloadNews, Snapshot } from '../status/snapshot.ts';
import type { Workspace } from '../workspace.ts';
import { type Commands, createCommands, type HandedStreams } from './commands.ts';
import type { PageWork } from './desk.ts';
import { type Engine, type EngineInput, pacesOf, startEngine, within } from './engine.ts';
import { faceOf } from './face.ts';
import { daemonFolder, type HandedCommand, openHandover } from './handover.ts';
import { createHub } from './hub.ts';
import { folderSeen, seenBy } from './incidents.ts';
import { type LoopTimers, type PassOutcome, realTimers } from './loop.ts';
import { createNotifier, type Notifier, notifyPlanOf } from './notify.ts';
import type { PassKind } from './pace.ts';
import { createPassLog } from './pass-log.ts';
import { createPulse } from './pulse.ts';
import { changesBetween, openNext, type Page, stampOf } from './reload.ts';
import { createSnapshots, type SnapshotsInput } from './snapshots.ts';
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
  readonly runCommand: (command: HandedCommand, streams: HandedStreams) => Promise<number>;
  readonly voice: Voice;
  /** The description of the API, which is served where this is given. */
  readonly openapi?: () => Promise<string>;
  /** One line an event, for programs. Left out: there is none. */
  readonly log?: Log | undefined;
  /** Default: the real ones. */
  readonly timers?: LoopTimers;
  /** What the status page can have done and looked up; left out: it only shows. */
  readonly page?: PageWork & Pick<Required<SnapshotsInput>, 'facts'>;
}

export interface Daemon {
  /** The status page; a reload may move it. */
  readonly url: string;
  /** What keeps it from being ready; [] when it is. */
  unready(): readonly string[];
  /** What has come to a stand that only a restart ends; [] while all is well. */
  dead(): readonly string[];
  /** What the page shows. BUSY while it is starting. */
  snapshot(): Promise<Snapshot>;
  /** Resolves when everything is closed; rejects where it had to end by itself. */
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
/** A reload waits so long for what is in flight before the other targets go on. Milliseconds. */
const leaveMs = 5_000;
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

/** Opens one part after the other, and notes how each is closed. */
async function openAll(input: DaemonInput, releases: (() => Promise<void>)[]): Promise<Daemon> {
  const { voice, version, log } = input;
  const timers = input.timers ?? realTimers;
  const hub = createHub();
  const passLog = log === undefined ? null : createPassLog(log);
  if (passLog !== null) hub.subscribe(passLog.take);
  const teller = passLog?.around(createTeller(passLog.marked(voice))) ?? createTeller(voice);
  const stopping = new AbortController();
  const killing = new AbortController();

  const first = await input.open(hub.publish);
  const reload: ReloadNews = { loadedAt: stampOf(first), failed: null };
  const now: Now = {
    workspace: first,
    engine: null,
    secrets: new Set([first.secrets]),
    swap: Promise.resolve(),
    swapping: null,
    leaving: new Set(),
    reload,
  };
  releases.push(() => now.workspace.close());
  const lock = await lockDaemon(first);
  releases.push(() => lock.release());

  const running = (): Engine => {
    if (now.engine === null) throw new SyncError('BUSY', { message: 'the daemon is still starting', next: 'ask again in a moment' });
    return now.engine;
  };
  const redact = (text: string): string => [...now.secrets].reduce((clean, set) => set.redact(clean), text);
  const snapshots = createSnapshots({
    engine: running,
    version,
    monotonic: timers.now,
    webhooks: () => notifier.views(),
    facts: input.page?.facts,
  });
  const notifier = notifierOf(input, first, timers, redact);
  releases.push(() => notifier.close());
  const pulse = createPulse({
    loops: () => now.engine?.loops ?? new Map(),
    swapping: () => now.swapping,
    subscribe: hub.subscribe,
    now: timers.now,
  });
  const commands = createCommands({
    engine: running,
    run: input.runCommand,
    stop: stopping.signal,
    kill: killing.signal,
    onDone: () => snapshots.forget(),
  });
  const run: Commands['run'] = async (command, streams) => {
    await now.swap;
    return commands.run(command, streams);
  };
  const since = new Date(first.now()).toISOString();
  const desk =
    input.page === undefined ? {} : { desk: { work: input.page, run, voice, stop: stopping.signal, monotonic: timers.now, since } };
  const face = faceOf({
    hub,
    webhooks: notifier.views,
    snapshots,
    version,
    engine: running,
    config: () => now.workspace.config,
    reload: () => now.reload,
    state() {
      if (stopping.signal.aborted) return 'stopping';
      // The old engine may have ended, the new one not have begun: that is no trouble.
      return now.engine === null ? 'starting' : now.swapping === null ? null : 'reloading';
    },
    dead: pulse.dead,
    openapi: input.openapi,
    redact,
    timers,
    ...desk,
  });
  const listen: Page['listen'] = (at) => startServer(face.at(at));
  const page: Page = { server: await listen(first.config.daemon), listen };
  releases.push(() => page.server.close());
  const start = async (workspace: Workspace, late: Late = new Map()): Promise<void> => {
    const { targets: names, initial } = input;
    const onPass: EngineInput['onPass'] = (target, kind, { result, durationMs, error }) => {
      snapshots.forget(target);
      notifier.saw(passSeen(target, kind, { result, error }));
      if (kind === 'sync') face.counters.cycleEnded(target, result?.report ?? null, durationMs);
    };
    const onFolder: EngineInput['onFolder'] = (trouble, fetching) => notifier.saw(folderSeen(trouble, fetching));
    notifier.configure(notifyPlanOf(workspace));
    const before = now.engine === null ? null : pacesOf(now.engine);
    const engine = {
      workspace,
      names,
      initial,
      voice,
      teller,
      timers,
      kill: killing.signal,
      doing: hub.doing,
      before,
      late,
      onPass,
      onFolder,
    };
    now.engine = await startEngine(engine);
  };
  const starting = listenForCommands(first, run, version).then((handover) => {
    releases.push(() => handover.close());
    return start(first);
  });
  // Commands that come meanwhile wait for it.
  now.swap = starting.catch(() => undefined);
  await starting;
  voice.talk(`status page: ${page.server.url} (kbsync ${version})`);
  const parts = { input, timers, releases, now, page, stopping, killing, running, commands };
  const ending = endingOf(parts, start, () => snapshots.forget(), hub.publish);
  return {
    get url() {
      return page.server.url;
    },
    unready: face.unready,
    dead: pulse.dead,
    snapshot: snapshots.take,
    ...ending,
  };
}

function notifierOf(
  { voice, log }: DaemonInput,
  { disk, config, now }: Workspace,
  timers: LoopTimers,
  redact: (text: string) => string,
): Notifier {
  return createNotifier({ disk, stateDir: config.stateDir, timers, now, redact, voice, log });
}

function passSeen(target: string, kind: PassKind, { result, error }: Pick<PassOutcome, 'result' | 'error'>) {
  const [report, troubles] = [result?.report ?? null, result?.troubles ?? null];
  const looksOnly = kind === 'drift' || kind === 'verify' || kind === 'canary';
  return seenBy({ target, report, error: error?.record() ?? null, whole: kind === 'sync', looksOnly, troubles });
}

/** What a reload changes. */
interface Now {
  workspace: Workspace;
  engine: Engine | null;
  /** Of every configuration so far: what was a secret before a reload is one after it. */
  readonly secrets: Set<SecretSet>;
  /** A start or a change of engines under way. */
  swap: Promise<void>;
  /** Since when engines are being changed; null: they are not. */
  swapping: number | null;
  /** What old configurations still have under way, each until its workspace is closed. */
  readonly leaving: Set<Promise<void>>;
  reload: ReloadNews;
}

/** Passes under an old configuration that have not come to their end, by target. */
type Late = ReadonlyMap<string, Promise<void>>;

interface Parts {
  readonly input: DaemonInput;
  readonly timers: LoopTimers;
  readonly releases: (() => Promise<void>)[];
  readonly now: Now;
  readonly page: Page;
  readonly stopping: AbortController;
  readonly killing: AbortController;
  readonly running: () => Engine;
  readonly commands: Commands;
}

function listenForCommands({ disk, config, now: clock }: Workspace, run: Commands['run'], version: string) {
  return openHandover({ disk, stateDir: config.stateDir, version, now: clock, run });
}

/** How a running daemon comes to an end, or to another configuration. */
function endingOf(
  parts: Parts,
  start: (workspace: Workspace, late: Late) => Promise<void>,
  forget: () => void,
  onEvent: (event: SyncEvent) => void,
): Pick<Daemon, 'finished' | 'stop' | 'kill' | 'reload'> {
  const { input, timers, now, stopping, killing, running, commands } = parts;
  const { voice } = input;
  let finish = (_failure: SyncError | null): void => {};
  const finished = new Promise<void>((resolve, reject) => {
    finish = (failure) => (failure === null ? resolve() : reject(failure));
  });
  // Whoever only stops it need not listen.
  finished.catch(() => undefined);
  let ending: Promise<void> | null = null;
  const end = async (limitMs: number, failure: SyncError | null): Promise<void> => {
    stopping.abort();
    const quiet = Promise.allSettled([now.swap.then(() => running().stop()), commands.idle(), ...now.leaving]);
    if (!(await within(quiet, Math.max(0, limitMs - closingMs), timers))) {
      voice.complain('stopping: what is still in flight is dropped; the journal knows of it, and the next start settles it');
      killing.abort();
      await within(quiet, closingMs / 2, timers);
    }
    await closeAll(parts.releases, input);
    finish(failure);
  };
  /** Commands under way go on as they began; the loops of their targets rest until they are done. */
  const swapIn = async (next: Workspace): Promise<void> => {
    const old = now.workspace;
    let late: Late = new Map();
    now.swapping = timers.now();
    try {
      late = await lateOf(await running().leave(), timers);
      const left = Promise.allSettled(late.values()).then(() => old.close());
      if (late.size === 0) await left;
      else keepUntilDone(now.leaving, left, voice);
      now.workspace = next;
      forget();
      await start(next, late);
      commands.moved();
      now.reload = { loadedAt: stampOf(next), failed: null };
    } finally {
      now.swapping = null;
    }
    const still = late.size === 0 ? '' : `; what is in flight at ${[...late.keys()].join(', ')} is finished first`;
    voice.talk(`reload: the new configuration is at work${changesBetween(old.config, next.config)}${still}`);
  };
  const refused = (thrown: unknown): void => {
    const error = asSyncError(thrown);
    now.reload = { ...now.reload, failed: { at: stampOf(now.workspace), code: error.code, message: error.message, next: error.next } };
    voice.complain(`reload: the old configuration goes on: ${error.message}. Next: ${error.next}`);
  };
  return {
    finished,
    stop() {
      const { shutdownTimeoutMs } = now.workspace.config.daemon;
      ending ??= end(now.workspace.underCi ? Math.min(ciShutdownMs, shutdownTimeoutMs) : shutdownTimeoutMs, null);
      return ending;
    },
    kill() {
      killing.abort();
      ending ??= end(0, null);
      return ending;
    },
    reload() {
      now.swap = now.swap.then(async () => {
        if (stopping.signal.aborted) return;
        let next: Workspace;
        try {
          next = await openNext(input, parts, onEvent);
        } catch (thrown) {
          refused(thrown);
          return;
        }
        try {
          await swapIn(next);
        } catch (thrown) {
          ending ??= end(0, asSyncError(thrown));
        }
      });
      return now.swap;
    },
  };
}

/** Those that do not end within a moment: the others need not wait for a vendor that does not answer. */
async function lateOf(ends: Late, timers: LoopTimers): Promise<Late> {
  const open = new Map(ends);
  const all = [...ends].map(([name, end]) => end.then(() => open.delete(name)));
  await within(Promise.all(all), leaveMs, timers);
  return new Map(open);
}

function keepUntilDone(leaving: Set<Promise<void>>, left: Promise<void>, voice: Voice): void {
  const done = left
    .catch((thrown: unknown) => voice.complain(`reload: ${asSyncError(thrown).message}`))
    .then(() => void leaving.delete(done));
  leaving.add(done);
}

/** The one lock of a state folder's daemon. LOCKED. */
export async function lockDaemon({ disk, config, now }: Workspace) {
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
