// Events and reports → counters → Prometheus text. Gauges are not kept: they are read off the state when somebody asks. Owns every metric's name.
import { verdicts } from '../model/answer.ts';
import type { SyncEvent } from '../model/event.ts';
import type { WebhookView } from '../model/notice.ts';
import type { TargetReport } from '../model/report.ts';
import type { SourceView } from '../model/source.ts';
import type { CanaryStatus, TargetStatus } from './derive.ts';

type Labels = Readonly<Record<string, string>>;
type Kind = 'counter' | 'gauge' | 'histogram';

/** Every metric: its kind, and what it means in one sentence. */
const families = {
  kbsync_build_info: ['gauge', 'Always 1; the version is in the label.'],
  kbsync_start_time_seconds: ['gauge', 'When the daemon was started, in seconds since 1970.'],
  kbsync_resident_memory_bytes: ['gauge', 'Memory that the daemon holds.'],
  kbsync_ready: ['gauge', '1 if the daemon is ready: configured, scanned, loops alive.'],
  kbsync_target_info: ['gauge', 'Always 1; whose bot the target is stands in the label.'],
  kbsync_config_last_reload_successful: [
    'gauge',
    '1 if the latest attempt to read the configuration went well; 0: an older one is at work.',
  ],
  kbsync_config_last_reload_success_timestamp_seconds: ['gauge', 'When the configuration at work was read, in seconds since 1970.'],
  kbsync_target_paused: ['gauge', '1 while nothing is sent to the target by itself: by the configuration, or by a person.'],
  kbsync_documents: ['gauge', 'Documents that the target holds, by training state.'],
  kbsync_in_sync: ['gauge', '1 if the bot is known to hold exactly what the folder had at the last look.'],
  kbsync_behind: ['gauge', 'Documents that the bot does not know as the folder had them at the last look.'],
  kbsync_last_sync_timestamp_seconds: ['gauge', 'When folder and target were last compared, in seconds since 1970.'],
  kbsync_held: ['gauge', 'Brakes that wait for a person.'],
  kbsync_todo: ['gauge', 'Work that a person must do at the vendor.'],
  kbsync_unconfirmed: ['gauge', 'Writes whose outcome is not known.'],
  kbsync_leftovers: ['gauge', 'Items of ours that are no longer wanted and still there.'],
  kbsync_drift_items: ['gauge', 'Items in which the vendor holds something else than was left there, by kind, as of the last look.'],
  kbsync_drift_last_check_timestamp_seconds: ['gauge', 'When the vendor was last listed and compared, in seconds since 1970.'],
  kbsync_tests: ['gauge', 'Golden questions by their last verdict.'],
  kbsync_tests_last_run_timestamp_seconds: ['gauge', 'When a golden question was last asked, in seconds since 1970.'],
  kbsync_canary_seconds: [
    'gauge',
    'How long after the change the bot had got so far at the last freshness check, by stage; none where it did not.',
  ],
  kbsync_canary_failing: ['gauge', '1 if the bot did not answer from the change in time at the last freshness check that could be made.'],
  kbsync_canary_running_seconds: ['gauge', 'How long the freshness check under way has been waiting; 0 while none is.'],
  kbsync_canary_last_check_timestamp_seconds: ['gauge', 'When the last freshness check ended, in seconds since 1970.'],
  kbsync_failing: ['gauge', '1 if the last pass over the target was stopped by an error; the page says which.'],
  kbsync_breaker_open: ['gauge', '1 while the target is not asked because it failed too often in a row.'],
  kbsync_content_problems: ['gauge', 'Files of the folder with something wrong, by severity.'],
  kbsync_content_git_failing: ['gauge', '1 while the repository of content.git cannot be fetched; the page says why. 0 without one.'],
  kbsync_content_git_last_fetch_timestamp_seconds: [
    'gauge',
    'When the branch of content.git was last fetched well, in seconds since 1970.',
  ],
  kbsync_webhook_failing: ['gauge', '1 while a webhook takes no notifications; the page says why.'],
  kbsync_webhook_waiting: ['gauge', 'Notifications that wait to be taken by a webhook.'],
  kbsync_notifications_total: ['counter', 'Attempts to tell a webhook of an incident, by what became of them; dropped: given up.'],
  kbsync_requests_total: ['counter', 'Requests that went to the vendor, retries included; status 0: no answer.'],
  kbsync_operations_total: ['counter', 'Operations on documents, by what became of them.'],
  kbsync_cycles_total: ['counter', 'Cycles that came to an end.'],
  kbsync_canary_checks_total: ['counter', 'Freshness checks that ended, by outcome: measured, timeout, inconclusive.'],
  kbsync_canary_stale_answers_total: ['counter', 'Answers with an old code that freshness checks were given.'],
  kbsync_paused_seconds_total: ['counter', 'Time that the vendor asked to be left alone.'],
  kbsync_cycle_duration_seconds: ['histogram', 'How long a cycle took, its wait for training aside.'],
} as const satisfies Readonly<Record<string, readonly [Kind, string]>>;

type Name = keyof typeof families;

/** Every metric that there can be. */
export const metricNames: readonly string[] = Object.keys(families);

/** Upper bounds of the histogram, in seconds: from "nothing to do" to the first push of a large folder. */
const bounds = [0.1, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200];

export interface Sample {
  readonly name: Name;
  readonly labels: Labels;
  readonly value: number;
}

/** Where a fetched folder stands; null: it is the user's own. */
export function sourceSamples(source: SourceView | null): readonly Sample[] {
  const gauge = (name: Name, value: number): Sample => ({ name, labels: {}, value });
  const { failing = null, fetchedAt = null } = source ?? {};
  return [
    gauge('kbsync_content_git_failing', failing === null ? 0 : 1),
    ...(fetchedAt === null ? [] : [gauge('kbsync_content_git_last_fetch_timestamp_seconds', Date.parse(fetchedAt) / 1_000)]),
  ];
}

export interface Metrics {
  take(event: SyncEvent): void;
  /** A cycle ended; report null where it could not even begin. */
  cycleEnded(target: string, report: TargetReport | null, durationMs: number): void;
  /** Everything as text, with gauges that the caller read just now; counters of these targets are there from the start, at zero. */
  text(gauges: readonly Sample[], targets?: readonly string[]): string;
}

/** Counters that start at zero. */
export function createMetrics(): Metrics {
  const counters = new Map<string, { readonly name: Name; readonly labels: Labels; value: number }>();
  const durations = new Map<string, { readonly counts: number[]; sum: number }>();
  const add = (name: Name, labels: Labels, amount: number): void => {
    const key = `${name}${labelText(labels)}`;
    const counter = counters.get(key) ?? { name, labels, value: 0 };
    counter.value += amount;
    counters.set(key, counter);
  };
  return {
    take(event) {
      const { target } = event;
      if (event.kind === 'request') add('kbsync_requests_total', { target, intent: event.intent, status: String(event.status ?? 0) }, 1);
      else if (event.kind === 'operation') add('kbsync_operations_total', { target, action: event.action, outcome: event.outcome }, 1);
      else if (event.kind === 'paused') add('kbsync_paused_seconds_total', { target }, event.forMs / 1_000);
      else if (event.kind === 'canary') {
        add('kbsync_canary_checks_total', { target, outcome: event.check.outcome }, 1);
        add('kbsync_canary_stale_answers_total', { target }, event.check.stale);
      }
    },
    cycleEnded(target, report, durationMs) {
      add('kbsync_cycles_total', { target, outcome: outcomeOf(report) }, 1);
      // Those are not sent, so no event tells of them.
      for (const { operation, outcome } of report?.results ?? []) {
        if (outcome === 'held' || outcome === 'todo') add('kbsync_operations_total', { target, action: operation.action, outcome }, 1);
      }
      const seconds = durationMs / 1_000;
      const kept = durations.get(target) ?? { counts: bounds.map(() => 0).concat(0), sum: 0 };
      const index = bounds.findIndex((bound) => seconds <= bound);
      const slot = index === -1 ? bounds.length : index;
      kept.counts[slot] = (kept.counts[slot] ?? 0) + 1;
      kept.sum += seconds;
      durations.set(target, kept);
    },
    text(gauges, targets = []) {
      // A counter that first appears with 1 has no increase that anybody sees.
      for (const target of targets) {
        add('kbsync_paused_seconds_total', { target }, 0);
        for (const outcome of cycleOutcomes) add('kbsync_cycles_total', { target, outcome }, 0);
      }
      const samples = new Map<Name, string[]>();
      const put = (name: Name, suffix: string, labels: Labels, value: number): void => {
        const lines = samples.get(name) ?? [];
        lines.push(`${name}${suffix}${labelText(labels)} ${numberText(value)}`);
        samples.set(name, lines);
      };
      for (const { name, labels, value } of [...gauges, ...counters.values()]) put(name, '', labels, value);
      for (const [target, { counts, sum }] of durations) {
        let below = 0;
        counts.forEach((count, index) => {
          below += count;
          const bound = bounds[index];
          put('kbsync_cycle_duration_seconds', '_bucket', { target, le: bound === undefined ? '+Inf' : String(bound) }, below);
        });
        put('kbsync_cycle_duration_seconds', '_sum', { target }, sum);
        put('kbsync_cycle_duration_seconds', '_count', { target }, below);
      }
      return (Object.keys(families) as Name[])
        .flatMap((name) => {
          const lines = samples.get(name);
          const [kind, help] = families[name];
          return lines === undefined ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...lines];
        })
        .concat('')
        .join('\n');
    },
  };
}

const cycleOutcomes = ['done', 'partial', 'held', 'failed'] as const;

function outcomeOf(report: TargetReport | null): (typeof cycleOutcomes)[number] {
  if (report === null || report.error !== null) return 'failed';
  if (report.held.length > 0) return 'held';
  return report.results.some(({ outcome }) => outcome === 'failed' || outcome === 'unconfirmed') ? 'partial' : 'done';
}

/** The gauges of one target. */
export function statusSamples(status: TargetStatus, failing: boolean, breakerOpen: boolean | null): readonly Sample[] {
  const { name: target, counts, lastSync, drift, tests, canary } = status;
  const gauge = (name: Name, value: number, labels: Labels = {}): Sample => ({ name, labels: { target, ...labels }, value });
  const states = (['pending', 'training', 'trained', 'failed', 'stuck', 'unknown'] as const).map((state) =>
    gauge('kbsync_documents', counts[state], { state }),
  );
  return [
    gauge('kbsync_target_info', 1, { vendor: status.vendor }),
    ...states,
    gauge('kbsync_in_sync', status.inSync ? 1 : 0),
    gauge('kbsync_behind', status.behind.length),
    ...(lastSync === null ? [] : [gauge('kbsync_last_sync_timestamp_seconds', Date.parse(lastSync.at) / 1_000)]),
    gauge('kbsync_held', status.held.length),
    gauge('kbsync_todo', counts.todo),
    gauge('kbsync_unconfirmed', counts.unconfirmed),
    gauge('kbsync_leftovers', counts.leftovers),
    ...(drift === null
      ? []
      : [
          ...(['missing', 'twin', 'changed', 'foreign'] as const).map((kind) => gauge('kbsync_drift_items', drift[kind], { kind })),
          gauge('kbsync_drift_last_check_timestamp_seconds', Date.parse(drift.at) / 1_000),
        ]),
    ...(tests === null
      ? []
      : [
          ...verdicts.map((verdict) => gauge('kbsync_tests', tests.counts[verdict], { verdict })),
          gauge('kbsync_tests_last_run_timestamp_seconds', Date.parse(tests.at) / 1_000),
        ]),
    ...(canary === null ? [] : canarySamples(canary, gauge)),
    gauge('kbsync_failing', failing ? 1 : 0),
    ...(breakerOpen === null ? [] : [gauge('kbsync_breaker_open', breakerOpen ? 1 : 0)]),
  ];
}

function canarySamples({ last, failing, running }: CanaryStatus, gauge: (name: Name, value: number, labels?: Labels) => Sample): Sample[] {
  const stages = [
    ['accepted', last?.acceptedMs],
    ['trained', last?.trainedMs],
    ['quoted', last?.quotedMs],
  ] as const;
  return [
    // What a check did not reach has no time: a stale one would look well.
    ...stages.flatMap(([stage, ms]) => (ms == null ? [] : [gauge('kbsync_canary_seconds', ms / 1_000, { stage })])),
    gauge('kbsync_canary_failing', failing ? 1 : 0),
    gauge('kbsync_canary_running_seconds', running === null ? 0 : running.forMs / 1_000),
    ...(last === null ? [] : [gauge('kbsync_canary_last_check_timestamp_seconds', Date.parse(last.at) / 1_000)]),
  ];
}

/** What a webhook adds. */
export function webhookSamples({ name: webhook, failing, waiting, counts }: WebhookView): readonly Sample[] {
  const total = (['delivered', 'failed', 'dropped'] as const).map((outcome): Sample => {
    return { name: 'kbsync_notifications_total', labels: { webhook, outcome }, value: counts[outcome] };
  });
  return [
    { name: 'kbsync_webhook_failing', labels: { webhook }, value: failing === null ? 0 : 1 },
    { name: 'kbsync_webhook_waiting', labels: { webhook }, value: waiting },
    ...total,
  ];
}

/** Labels as Prometheus reads them: backslash, quote and line end escaped. */
function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}
