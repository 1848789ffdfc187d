// What the status server is told by the running daemon: snapshots, metrics, readiness, and what a POST sets going. Owns no route.

import type { Config } from '../model/config.ts';
import type { WebhookView } from '../model/notice.ts';
import { createMetrics, type Metrics, type Sample, statusSamples, webhookSamples } from '../status/metrics.ts';
import type { ServerInput } from '../status/server.ts';
import { createDesk, type DeskInput } from './desk.ts';
import type { Engine } from './engine.ts';
import type { Hub } from './hub.ts';
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
  readonly state: () => 'starting' | 'stopping' | null;
  /** What has come to a stand that only a restart ends. */
  readonly dead: () => readonly string[];
  /** Whom incidents are told to. Left out: nobody. */
  readonly webhooks?: () => readonly WebhookView[];
  readonly redact: (text: string) => string;
  /** The description of the API; undefined: it is not served. */
  readonly openapi: (() => Promise<string>) | undefined;
  /** What the page's actions are made with; left out: there are none. */
  readonly desk?: Omit<DeskInput, 'engine' | 'sync' | 'verify' | 'traffic' | 'publish'> & { readonly since: string };
}

/** The daemon as its status server sees it, and the counters that its passes go into. */
export function faceOf(input: FaceInput): ServerInput & { readonly counters: Metrics } {
  const { hub, snapshots, version, engine, config, redact } = input;
  const counters = createMetrics();
  hub.subscribe((event) => counters.take(event));
  const { host, port } = config().daemon;
  /** Read once: the wall clock may be set meanwhile. */
  let startedAt: number | null = null;
  const unready = (): readonly string[] => {
    const state = input.state();
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
      ...current.targets.map(({ name }) => gauge('kbsync_target_paused', current.loops.has(name) ? 0 : 1, { target: name })),
    ];
  };
  const sync = (names: readonly string[] | null): readonly string[] => {
    const { folder, loops, workspace } = engine();
    workspace.targets(names);
    folder.changed();
    const wanted = [...loops.values()].filter(({ name }) => names === null || names.includes(name));
    for (const loop of wanted) loop.demand('asked for');
    return wanted.map(({ name }) => name);
  };
  const verify = (names: readonly string[] | null): readonly string[] => {
    const { loops, workspace } = engine();
    workspace.targets(names);
    const wanted = [...loops.values()].filter(({ name }) => names === null || names.includes(name));
    for (const loop of wanted) loop.verify();
    return wanted.map(({ name }) => name);
  };
  return {
    ...deskOf(input, { sync, verify }),
    counters,
    host,
    port,
    get token() {
      return config().daemon.token;
    },
    get metricsOpen() {
      return config().daemon.metricsOpen;
    },
    snapshot: () => snapshots.take(),
    async metrics() {
      const { targets, problems } = await snapshots.take();
      const gauges = targets.flatMap(({ status, error, breakerOpen }) => statusSamples(status, error !== null, breakerOpen));
      const severities = (['error', 'warning'] as const).map((severity): Sample => {
        const value = problems.filter((one) => one.severity === severity).length;
        return { name: 'kbsync_content_problems', labels: { severity }, value };
      });
      const current = engine();
      const told = (input.webhooks?.() ?? []).flatMap(webhookSamples);
      return counters.text(
        [...own(current), ...severities, ...gauges, ...told],
        current.targets.map(({ name }) => name),
      );
    },
    unready,
    sync,
    verify,
    ...(input.openapi !== undefined && { openapi: input.openapi }),
    subscribe: hub.subscribe,
    redact,
  };
}

/** The page's desk, listening to the requests from now on. */
function deskOf({ desk, engine, hub }: FaceInput, asked: Pick<DeskInput, 'sync' | 'verify'>): Pick<ServerInput, 'desk'> {
  if (desk === undefined) return {};
  const traffic = countTraffic(desk.since);
  hub.subscribe((event) => traffic.take(event));
  return { desk: createDesk({ ...desk, ...asked, engine, traffic, publish: hub.publish }) };
}
