// What the status server is told by the running daemon: snapshots, metrics, readiness, and what a POST sets going. Owns no route.

import type { Config } from '../model/config.ts';
import { SyncError } from '../model/error.ts';
import type { WebhookView } from '../model/notice.ts';
import { createMetrics, type Metrics, type Sample, sourceSamples, statusSamples, webhookSamples } from '../status/metrics.ts';
import type { ServerInput } from '../status/server.ts';
import type { ReloadNews, Snapshot } from '../status/snapshot.ts';
import { type Engine, within } from './engine.ts';
import type { Hub } from './hub.ts';
import { type LoopTimers, realTimers } from './loop.ts';
import type { Snapshots } from './snapshots.ts';

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
}

/** A sync that somebody asks for waits so long for a fetch. Milliseconds. */
const fetchWaitMs = 60_000;

/** The daemon as its status server sees it, and the counters that its passes go into; `known`: those of an earlier server. */
export function faceOf(
  input: FaceInput,
  { host, port }: Pick<Config['daemon'], 'host' | 'port'>,
  known?: Metrics,
): ServerInput & { readonly counters: Metrics } {
  const { hub, snapshots, version, engine, config, redact, reload } = input;
  const counters = known ?? createMetrics();
  if (known === undefined) hub.subscribe((event) => counters.take(event));
  /** Read once: the wall clock may be set meanwhile. */
  let startedAt: number | null = null;
  const unready = (): readonly string[] => {
    const state = input.state();
    if (state === 'reloading') return input.dead();
    return state === null ? [...new Set([...engine().unready(), ...input.dead()])] : [`it is ${state}`];
  };
  /** What is known of the daemon itself. */
  const own = (current: Engine): readonly Sample[] => {
    startedAt ??= current.workspace.now() / 1_000 - process.uptime();
    const gauge = (name: Sample['name'], value: number, labels: Sample['labels'] = {}): Sample => ({ name, labels, value });
    return [
      gauge('kbsync_build_info', 1, { version }),
      gauge('kbsync_start_time_seconds', startedAt),
      gauge('kbsync_resident_memory_bytes', process.memoryUsage.rss()),
      gauge('kbsync_ready', unready().length === 0 ? 1 : 0),
    ];
  };
  const pausing = (paused: boolean) => async (names: readonly string[] | null) => {
    const { workspace, applyPauses } = engine();
    const wanted = workspace.targets(names);
    const fixed = wanted.find((target) => target.paused && !paused);
    if (fixed !== undefined && names !== null)
      throw new SyncError('USAGE', {
        message: `${fixed.name} is paused in the configuration`,
        next: 'take paused: true out, and have the daemon read it again (SIGHUP)',
      });
    for (const { name } of wanted) await workspace.setPaused(name, paused, `POST /api/${paused ? 'pause' : 'resume'}`);
    // What is under way at a target that is paused now is finished; nobody waits for it here.
    void applyPauses();
    return wanted.map(({ name }) => name);
  };
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
    counters,
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
    async metrics() {
      const { targets, problems } = await snapshots.take();
      const gauges = targets.flatMap(({ status, error, breakerOpen }) => statusSamples(status, error !== null, breakerOpen));
      const severities = (['error', 'warning'] as const).map((severity): Sample => {
        const value = problems.filter((one) => one.severity === severity).length;
        return { name: 'kbsync_content_problems', labels: { severity }, value };
      });
      const paused = targets.map(({ status: { name: target }, paused: is }): Sample => {
        return { name: 'kbsync_target_paused', labels: { target }, value: is === true ? 1 : 0 };
      });
      const { loadedAt, failed } = reload();
      const loaded: readonly Sample[] = [
        { name: 'kbsync_config_last_reload_successful', labels: {}, value: failed === null ? 1 : 0 },
        { name: 'kbsync_config_last_reload_success_timestamp_seconds', labels: {}, value: Date.parse(loadedAt) / 1_000 },
      ];
      const current = engine();
      const fetched = current.source();
      const told = (input.webhooks?.() ?? []).flatMap(webhookSamples);
      return counters.text(
        [...own(current), ...loaded, ...severities, ...sourceSamples(fetched), ...gauges, ...paused, ...told],
        current.targets.map(({ name }) => name),
      );
    },
    unready,
    sync(names) {
      const wanted = wantedLoops(names);
      const { folder, fetch } = engine();
      const go = (): void => {
        folder.changed();
        for (const loop of wanted) loop.demand('asked for');
      };
      // A server that does not answer keeps nobody from syncing what is there.
      if (fetch === null) go();
      else void within(fetch(), fetchWaitMs, input.timers ?? realTimers).then(go);
      return wanted.map(({ name }) => name);
    },
    verify(names) {
      const wanted = wantedLoops(names);
      for (const loop of wanted) loop.verify();
      return wanted.map(({ name }) => name);
    },
    ...(input.openapi !== undefined && { openapi: input.openapi }),
    pause: pausing(true),
    resume: pausing(false),
    subscribe: hub.subscribe,
    redact,
  };
}
