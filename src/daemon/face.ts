// What the status server is told by the running daemon: snapshots, metrics, readiness, and what a POST sets going. Owns no route.

import type { Config } from '../model/config.ts';
import { SyncError } from '../model/error.ts';
import type { WebhookView } from '../model/notice.ts';
import type { Action } from '../status/desk.ts';
import { createMetrics, type Metrics, type Sample, sourceSamples, statusSamples, webhookSamples } from '../status/metrics.ts';
import type { ServerInput } from '../status/server.ts';
import type { ReloadNews, Snapshot } from '../status/snapshot.ts';
import { createDesk, type DeskInput } from './desk.ts';
import { type Engine, within } from './engine.ts';
import type { Hub } from './hub.ts';
import { type LoopTimers, realTimers } from './loop.ts';
import type { Snapshots } from './snapshots.ts';
import { countTraffic } from './traffic.ts';

export interface FaceInput {
  readonly hub: Hub;
  readonly snapshots: Snapshots;
  readonly version: string;
  /** BUSY before it has started. */
  readonly engine: () => Engine;
  /** As it is now: a reload may have brought another token. */
  readonly config: () => Config;
  /** What keeps the daemon as a whole from being ready; null: nothing. */
  readonly state: () => 'starting' | 'stopping' | 'reloading' | null;
  readonly reload: () => ReloadNews;
  /** What has come to a stand that only a restart ends. */
  readonly dead: () => readonly string[];
  /** Whom incidents are told to. Left out: nobody. */
  readonly webhooks?: () => readonly WebhookView[];
  readonly redact: (text: string) => string;
  /** Default: the real ones. */
  readonly timers?: LoopTimers;
  /** The description of the API; undefined: it is not served. */
  readonly openapi: (() => Promise<string>) | undefined;
  /** What the page's actions are made with; left out: there are none. */
  readonly desk?: Omit<DeskInput, 'engine' | 'sync' | 'verify' | 'traffic' | 'publish'> & { readonly since: string };
}

/** A sync that somebody asks for waits so long for a fetch. Milliseconds. */
const fetchWaitMs = 60_000;

/** The daemon as a status server sees it. Made once: a server that a reload moves tells of the same daemon. */
export interface Face {
  /** What its passes go into. */
  readonly counters: Metrics;
  /** What keeps it from being ready; [] when it is. */
  unready(): readonly string[];
  /** For a server that listens there. */
  at(place: Pick<Config['daemon'], 'host' | 'port'>): ServerInput;
}

/** The face of a daemon. */
export function faceOf(input: FaceInput): Face {
  const { hub, snapshots, engine, config, redact, reload } = input;
  const counters = createMetrics();
  hub.subscribe((event) => counters.take(event));
  const unready = (): readonly string[] => {
    const state = input.state();
    if (state === 'reloading') return input.dead();
    return state === null ? [...new Set([...engine().unready(), ...input.dead()])] : [`it is ${state}`];
  };
  const asked = askedOf(engine, input.timers ?? realTimers);
  const desk = deskOf(input, asked);
  const metrics = metricsOf(input, { counters, unready });
  return {
    counters,
    unready,
    at: ({ host, port }) => ({
      ...desk,
      host,
      port,
      get token() {
        return config().daemon.token;
      },
      get metricsOpen() {
        return config().daemon.metricsOpen;
      },
      snapshot: async (): Promise<Snapshot> => ({ ...(await snapshots.take()), reload: reload() }),
      reload,
      metrics,
      unready,
      sync: asked.sync,
      verify: asked.verify,
      pause: (names) => asked.setPaused(names, true, 'POST /api/pause'),
      resume: (names) => asked.setPaused(names, false, 'POST /api/resume'),
      ...(input.openapi !== undefined && { openapi: input.openapi }),
      subscribe: hub.subscribe,
      redact,
    }),
  };
}

interface Asked extends Pick<DeskInput, 'sync' | 'verify'> {
  setPaused(names: readonly string[] | null, paused: boolean, by: string): Promise<readonly string[]>;
}

/** What can be asked of the engine that is at work. */
function askedOf(engine: FaceInput['engine'], timers: LoopTimers): Asked {
  /** The loops of these targets; of all: those that are not paused. */
  const wantedLoops = (names: readonly string[] | null) => {
    const { loops, workspace, pausedWhy } = engine();
    const targets = workspace.targets(names);
    const paused = targets.find((target) => pausedWhy(target) !== null);
    if (names !== null && paused !== undefined)
      throw new SyncError('USAGE', { message: `${paused.name} is ${pausedWhy(paused) ?? 'paused'}`, next: 'resume it first' });
    return targets.flatMap((target) => (pausedWhy(target) === null ? (loops.get(target.name) ?? []) : []));
  };
  return {
    sync(names) {
      const wanted = wantedLoops(names);
      const { folder, fetch } = engine();
      const go = (): void => {
        folder.changed();
        for (const loop of wanted) loop.demand('asked for');
      };
      // A server that does not answer keeps nobody from syncing what is there.
      if (fetch === null) go();
      else void within(fetch(), fetchWaitMs, timers).then(go);
      return wanted.map(({ name }) => name);
    },
    verify(names) {
      const wanted = wantedLoops(names);
      for (const loop of wanted) loop.verify();
      return wanted.map(({ name }) => name);
    },
    async setPaused(names, paused, by) {
      const { workspace, applyPauses } = engine();
      const wanted = workspace.targets(names);
      const fixed = wanted.find((target) => target.paused && !paused);
      if (fixed !== undefined && names !== null)
        throw new SyncError('USAGE', {
          message: `${fixed.name} is paused in the configuration`,
          next: 'take paused: true out, and have the daemon read it again (SIGHUP)',
        });
      for (const { name } of wanted) await workspace.setPaused(name, paused, by);
      // What is under way at a target that is paused now is finished; nobody waits for it here.
      void applyPauses();
      return wanted.map(({ name }) => name);
    },
  };
}

/** What a scrape is answered. */
function metricsOf(input: FaceInput, { counters, unready }: Pick<Face, 'counters' | 'unready'>): () => Promise<string> {
  const gauge = (name: Sample['name'], value: number, labels: Sample['labels'] = {}): Sample => ({ name, labels, value });
  /** Read once: the wall clock may be set meanwhile. */
  let startedAt: number | null = null;
  /** What is known of the daemon itself. */
  const own = (current: Engine): readonly Sample[] => {
    startedAt ??= current.workspace.now() / 1_000 - process.uptime();
    const { loadedAt, failed } = input.reload();
    return [
      gauge('kbsync_build_info', 1, { version: input.version }),
      gauge('kbsync_start_time_seconds', startedAt),
      gauge('kbsync_resident_memory_bytes', process.memoryUsage.rss()),
      gauge('kbsync_ready', unready().length === 0 ? 1 : 0),
      gauge('kbsync_config_last_reload_successful', failed === null ? 1 : 0),
      gauge('kbsync_config_last_reload_success_timestamp_seconds', Date.parse(loadedAt) / 1_000),
    ];
  };
  return async () => {
    const { targets, problems } = await input.snapshots.take();
    const gauges = targets.flatMap(({ status, error, breakerOpen, paused }) => [
      ...statusSamples(status, error !== null, breakerOpen),
      gauge('kbsync_target_paused', paused === true ? 1 : 0, { target: status.name }),
    ]);
    const severities = (['error', 'warning'] as const).map((severity) =>
      gauge('kbsync_content_problems', problems.filter((one) => one.severity === severity).length, { severity }),
    );
    const current = input.engine();
    const told = (input.webhooks?.() ?? []).flatMap(webhookSamples);
    return counters.text(
      [...own(current), ...severities, ...sourceSamples(current.source()), ...gauges, ...told],
      current.targets.map(({ name }) => name),
    );
  };
}

/** The page's desk, listening to the requests from now on. */
function deskOf({ desk, engine, hub }: FaceInput, { sync, verify, setPaused }: Asked): Pick<ServerInput, 'desk'> {
  if (desk === undefined) return {};
  const traffic = countTraffic(desk.since);
  hub.subscribe((event) => traffic.take(event));
  const pausing =
    (paused: boolean): Action =>
    async ({ targets }) => {
      const names = await setPaused(targets, paused, 'the status page');
      return `${names.join(', ')}: ${paused ? 'paused; what is under way there is finished first' : 'resumed'}`;
    };
  const actions = { pause: pausing(true), resume: pausing(false), ...desk.actions };
  return { desk: createDesk({ ...desk, actions, sync, verify, engine, traffic, publish: hub.publish }) };
}
