// /metrics of a daemon with a bot of each vendor, by Prometheus' own rules; and deploy/'s alerts and dashboard, which may use nothing else.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { metricNames } from '../../src/status/metrics.ts';
import { daemonToken, type FiveBots, fiveBots, fiveTargets } from '../support/five-bots.ts';
import { lintMetrics, type PrometheusFamily, parseMetrics } from '../support/prometheus-lint.ts';
import { readPromQl } from '../support/promql.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
interface Panel {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly refId: string; readonly expr: string }[];
}
interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

const { groups } = parse(read('deploy/prometheus/alerts.yml')) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('deploy/grafana/kbsync.json')) as Dashboard;

let bots: FiveBots;
let text = '';
let families: readonly PrometheusFamily[] = [];

const drawn = async (): Promise<void> => {
  text = await (await bots.ask('/metrics')).text();
  families = parseMetrics(text);
};

beforeAll(async () => {
  bots = await fiveBots({ canary: 'site', daemon: `{ port: 0, token: ${daemonToken} }`, extra: 'schedule: { drift: "* * * * * *" }\n' });
  await bots.until('every kind of metric', async () => {
    await drawn();
    if (text.includes('kbsync_in_sync{target="support"} 1') && !text.includes('kbsync_tests'))
      await bots.ask('/api/verify', {
        method: 'POST',
        headers: { authorization: `Bearer ${daemonToken}` },
        body: '{"targets":["support"]}',
      });
    const cycled = fiveTargets.every((target) => text.includes(`kbsync_cycle_duration_seconds_count{target="${target}"}`));
    return cycled && text.includes('kbsync_tests{') && text.includes('kbsync_drift_items') && text.includes('stage="quoted"');
  });
});
afterAll(() => bots.close());

describe('/metrics', () => {
  it('has nothing that a linter complains of', () => {
    expect(lintMetrics(families)).toEqual([]);
    expect(families.length).toBeGreaterThan(20);
    expect(families.filter(({ name }) => !name.startsWith('kbsync_'))).toEqual([]);
  });

  const promtool = spawnSync('promtool', ['--version']).status === 0;
  it.skipIf(!promtool)(`passes promtool${promtool ? '' : ' (not on PATH)'}, and so do the rules`, () => {
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect([checked.status, checked.stderr]).toEqual([0, '']);
    expect(spawnSync('promtool', ['check', 'rules', `${root}deploy/prometheus/alerts.yml`], { encoding: 'utf8' }).stderr).toBe('');
  });

  it('has as many series as there are targets and states, and none of a document', () => {
    const values = families.flatMap(({ samples }) => samples.flatMap(({ labels }) => Object.values(labels)));
    expect(values.filter((value) => /reset|prices|hours|\.md/.test(value))).toEqual([]);
    const labels = new Set(families.flatMap(({ samples }) => samples.flatMap(({ labels: own }) => Object.keys(own))));
    const few = [
      'target',
      'vendor',
      'state',
      'kind',
      'verdict',
      'intent',
      'status',
      'action',
      'outcome',
      'stage',
      'severity',
      'version',
      'le',
    ];
    expect([...labels].filter((label) => !few.includes(label))).toEqual([]);
  });

  it('counts from zero for each target, from the start', () => {
    const cycles = families.find(({ name }) => name === 'kbsync_cycles_total')?.samples ?? [];
    for (const target of fiveTargets)
      for (const outcome of ['done', 'partial', 'held', 'failed'])
        expect(cycles.some(({ labels }) => labels['target'] === target && labels['outcome'] === outcome)).toBe(true);
  });
});

describe('the linter', () => {
  const lint = (...lines: readonly string[]) => lintMetrics(parseMetrics(`${lines.join('\n')}\n`)).join('; ');
  const gauge = (name: string, labels = '') => lint(`# HELP ${name} Help.`, `# TYPE ${name} gauge`, `${name}${labels} 1`);

  it('sees what is wrong', () => {
    expect(gauge('kbsync_held')).toBe('');
    for (const [name, why] of [
      ['kbsync_wait_milliseconds', 'base unit "seconds"'],
      ['kbsync_wait_hours', 'base unit'],
      ['kbsync_wait_ms', 'abbreviated'],
      ['kbsync_held_total', 'non-counter'],
      ['kbsync_held_gauge', 'should not include type'],
      ['kbsync_held_count', 'only histograms'],
      ['kbsync_held_bucket', 'non-histogram'],
      ['kbsync:held', "':'"],
      ['kbsync_heldRuns', 'snake_case'],
      ['kbsync_last_sync_timestamp', '_timestamp_seconds'],
    ] as const)
      expect([name, gauge(name)]).toEqual([name, expect.stringContaining(why)]);
    expect(gauge('kbsync_held', '{le="1"}')).toContain('"le" label');
    expect(gauge('kbsync_held', '{documentId="1"}')).toContain('snake_case');
    expect(lint('# HELP a_info Help.', '# TYPE a_info gauge', 'a_info 2')).toContain('always 1');
    expect(lint('# HELP a Help.', '# TYPE a counter', 'a 2')).toContain('"_total" suffix');
    const histogram = (...counts: readonly number[]) =>
      lint(
        '# HELP h Help.',
        '# TYPE h histogram',
        `h_bucket{le="1"} ${counts[0]}`,
        `h_bucket{le="+Inf"} ${counts[1]}`,
        'h_sum 3',
        'h_count 2',
      );
    expect(histogram(1, 2)).toBe('');
    expect(histogram(3, 2)).toContain('do not rise');
    expect(histogram(1, 3)).toContain('do not add up');
  });

  it('refuses what is not of the format', () => {
    for (const wrong of [
      'a 1',
      '# HELP a Help.\na 1',
      '# HELP a Help.\n# TYPE a gauge\n# HELP a Help.',
      '# HELP a Help.\n# TYPE a gauge\n# TYPE a gauge',
      '# HELP a Help.\n# TYPE a gauge\nb 1',
      '# HELP a Help.\n# TYPE a gauge\na 1\na 1',
      '# HELP a Help.\n# TYPE a gauge\na{x="1",x="2"} 1',
      '# HELP a Help.\n# TYPE a gauge\na{x="a"b"} 1',
      '# HELP a Help.\n# TYPE a gauge\na{x="\\t"} 1',
      '# HELP a Help.\n# TYPE a gauge\na one',
      '# HELP a Help.\n# TYPE a curve\na 1',
    ])
      expect(() => parseMetrics(`${wrong}\n`), wrong).toThrow();
    expect(() => parseMetrics('# HELP a Help.')).toThrow('no end');
  });
});

describe('PromQL', () => {
  it('is told from what is none', () => {
    expect(readPromQl('sum by (a) (rate(b_total{c=~"4..", d!="x"}[5m])) / 2 > 0.5 unless on (e) f == 1')).toEqual({
      metrics: ['b_total', 'f'],
      labels: ['a', 'c', 'd', 'e'],
    });
    for (const wrong of [
      '',
      'sum(',
      'rate(a)',
      'a[5m]',
      'a{b}',
      'a{b=c}',
      'a ==',
      'a b',
      'sum by a (b)',
      'rates(a[5m])',
      'a[5]',
      '1 == 1',
      'abs(a[5m])',
    ])
      expect(() => readPromQl(wrong), wrong).toThrow();
  });
});

describe('alerts and dashboard', () => {
  /** Labels that Prometheus adds itself. */
  const scraped = ['job', 'instance'];
  /** Of metrics that this daemon has none of: it has no webhook, no freshness check and no repository of its own. */
  const elsewhere = ['webhook', 'stage'];
  const known = (): { metrics: Set<string>; labels: Set<string> } => ({
    metrics: new Set(['up', ...metricNames, ...families.flatMap(({ samples }) => samples.map(({ name }) => name))]),
    labels: new Set([...scraped, ...elsewhere, ...families.flatMap(({ samples }) => samples.flatMap(({ labels }) => Object.keys(labels)))]),
  });
  const strange = (expression: string): readonly string[] => {
    const { metrics, labels } = readPromQl(expression);
    const there = known();
    return [...metrics.filter((name) => !there.metrics.has(name)), ...labels.filter((name) => !there.labels.has(name))];
  };

  it('every rule has an expression of metrics that there are, a severity, a summary, and a section of the manual', () => {
    const manual = new Set([...read('content/operate/alerts.md').matchAll(/^## (.+)$/gm)].map(([, heading]) => heading));
    expect(rules.length).toBeGreaterThan(10);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, expr, labels, annotations } of rules) {
      expect([alert, strange(expr)]).toEqual([alert, []]);
      expect(['critical', 'warning', 'info']).toContain(labels['severity']);
      expect(annotations['summary'], alert).toMatch(/\.$/);
      expect(annotations['runbook']).toBe(`content/operate/alerts.md#${alert.toLowerCase()}`);
      expect([alert, manual.has(alert)]).toEqual([alert, true]);
      const used = [
        ...Object.values(annotations)
          .join(' ')
          .matchAll(/\$labels\.(\w+)/g),
      ].map(([, label]) => label ?? '');
      expect([alert, used.filter((label) => !known().labels.has(label))]).toEqual([alert, []]);
    }
    expect(
      [...manual].filter((heading) => heading?.startsWith('Kbsync') === true && !rules.some(({ alert }) => alert === heading)),
    ).toEqual([]);
  });

  it('none fires on a healthy daemon for what a vendor cannot tell', () => {
    const value = (name: string, labels: object) =>
      families
        .flatMap(({ samples }) => samples)
        .find((sample) => sample.name === name && Object.entries(labels).every(([label, one]) => sample.labels[label] === one))?.value;
    // CX Genie never says that it has learnt a document.
    expect(value('kbsync_behind', { target: 'genie' })).toBe(3);
    expect(value('kbsync_documents', { target: 'genie', state: 'unknown' })).toBe(3);
    expect(rules.find(({ alert }) => alert === 'KbsyncBehind')?.expr).toContain(
      '> on (instance, target) kbsync_documents{state="unknown"}',
    );
  });

  it('every panel draws metrics that there are, by variables that there are, beside no other panel', () => {
    const { panels, templating, annotations } = dashboard;
    const variables = new Set(['__rate_interval', ...templating.list.map(({ name }) => name)]);
    const expressions = [...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)), ...annotations.list.map(({ expr }) => expr)];
    expect(expressions.filter((expression) => strange(expression).length > 0)).toEqual([]);
    const texts = [...expressions, JSON.stringify(templating)];
    const unknown = texts
      .flatMap((one) => [...one.matchAll(/\$(\w+)/g)].map(([, name]) => name ?? ''))
      .filter((name) => !variables.has(name));
    expect(unknown).toEqual([]);
    for (const { query } of templating.list) {
      const [, metric, label] = /label_values\((\w+)(?:\{.*\})?, (\w+)\)/.exec(JSON.stringify(query)) ?? [];
      if (metric !== undefined && label !== undefined)
        expect([known().metrics.has(metric), known().labels.has(label)]).toEqual([true, true]);
    }
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { title, description, gridPos: a, targets } of panels) {
      expect([title, description.endsWith('.'), a.x + a.w <= 24, new Set(targets.map(({ refId }) => refId)).size]).toEqual([
        title,
        true,
        true,
        targets.length,
      ]);
      const over = panels.filter(
        ({ title: other, gridPos: b }) => other !== title && a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h,
      );
      expect([title, over.map(({ title: other }) => other)]).toEqual([title, []]);
    }
  });

  it('every metric of the daemon is on the dashboard or in a rule, but for those that only tell of versions and whole states', () => {
    const used = new Set(
      [
        ...rules.map(({ expr }) => expr),
        ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
        JSON.stringify(dashboard.templating),
      ].flatMap((one) => [...one.matchAll(/kbsync_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''))),
    );
    expect(families.map(({ name }) => name).filter((name) => !metricNames.includes(name))).toEqual([]);
    expect(metricNames.filter((name) => !used.has(name))).toEqual(['kbsync_tests_last_run_timestamp_seconds']);
  });
});
