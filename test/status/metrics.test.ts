// Events and reports → Prometheus text, checked as a scraper reads it.
import { describe, expect, it } from 'vitest';
import { emptyState } from '../../src/model/record.ts';
import { deriveStatus } from '../../src/status/derive.ts';
import { createMetrics, statusSamples } from '../../src/status/metrics.ts';
import { createdWith, reportOf } from '../daemon/reports.ts';

const at = '2026-11-21T00:00:00.000Z';
const request = { kind: 'request', at, target: 'site', intent: 'write', method: 'POST', path: '/x', durationMs: 3, attempt: 1 } as const;

describe('metrics', () => {
  it('counts requests, operations and pauses by their labels', () => {
    const metrics = createMetrics();
    metrics.take({ ...request, status: 200 });
    metrics.take({ ...request, status: 200 });
    metrics.take({ ...request, status: null });
    metrics.take({ kind: 'operation', at, target: 'site', action: 'create', document: 'a.md', outcome: 'done', error: null });
    metrics.take({ kind: 'paused', at, target: 'site', forMs: 1_500, why: 'Retry-After' });
    metrics.take({ kind: 'paused', at, target: 'site', forMs: 1_000, why: 'Retry-After' });
    const lines = metrics.text([]).split('\n');
    expect(lines).toContain('# TYPE kbsync_requests_total counter');
    expect(lines).toContain('kbsync_requests_total{target="site",intent="write",status="200"} 2');
    expect(lines).toContain('kbsync_requests_total{target="site",intent="write",status="0"} 1');
    expect(lines).toContain('kbsync_operations_total{target="site",action="create",outcome="done"} 1');
    expect(lines).toContain('kbsync_paused_seconds_total{target="site"} 2.5');
  });

  it('keeps cycles as a histogram that adds up, and never calls a held or partial one done', () => {
    const metrics = createMetrics();
    metrics.cycleEnded('site', reportOf(), 400);
    metrics.cycleEnded('site', reportOf({ held: [{ id: 'H1' } as never], results: [createdWith('held', null)] }), 20_000);
    metrics.cycleEnded('site', reportOf({ results: [createdWith('failed', 'DOCUMENT_REFUSED')] }), 99_999_000);
    metrics.cycleEnded('site', null, 100);
    const lines = metrics.text([]).split('\n');
    const buckets = lines.filter((line) => line.startsWith('kbsync_cycle_duration_seconds_bucket'));
    const counts = buckets.map((line) => Number(line.split(' ').at(-1)));
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(buckets.at(-1)).toBe('kbsync_cycle_duration_seconds_bucket{target="site",le="+Inf"} 4');
    expect(lines).toContain('kbsync_cycle_duration_seconds_bucket{target="site",le="0.1"} 1');
    expect(lines).toContain('kbsync_cycle_duration_seconds_count{target="site"} 4');
    expect(lines).toContain('kbsync_cycle_duration_seconds_sum{target="site"} 100019.5');
    for (const outcome of ['done', 'held', 'partial', 'failed'])
      expect(lines).toContain(`kbsync_cycles_total{target="site",outcome="${outcome}"} 1`);
    expect(lines).toContain('kbsync_operations_total{target="site",action="create",outcome="held"} 1');
  });

  it('reads gauges off the status, and leaves out what is not known', () => {
    const status = deriveStatus({ name: 'site', vendor: 'sitegpt', state: emptyState('site'), open: [], nowMs: 0 });
    const lines = createMetrics()
      .text(statusSamples(status, true, null))
      .split('\n');
    expect(lines).toContain('kbsync_in_sync{target="site"} 0');
    expect(lines).toContain('kbsync_failing{target="site"} 1');
    expect(lines).toContain('kbsync_documents{target="site",state="trained"} 0');
    expect(lines.some((line) => /^kbsync_(last_sync|breaker)/.test(line))).toBe(false);
  });

  it('counts what the last look at the vendor found and nothing has settled since', () => {
    const drift = {
      at: '1970-01-01T01:00:00.000Z',
      findings: [
        { kind: 'twin', document: 'a.md', remoteId: 'x' },
        { kind: 'missing', document: 'gone.md', remoteId: 'y' },
      ],
      foreign: 4,
      texts: { compared: 0, through: null },
      host: null,
    } as const;
    const status = deriveStatus({ name: 'site', vendor: 'sitegpt', state: { ...emptyState('site'), drift }, open: [], nowMs: 7_200_000 });
    const lines = createMetrics()
      .text(statusSamples(status, false, null))
      .split('\n');
    expect(lines).toContain('kbsync_drift_items{target="site",kind="twin"} 1');
    expect(lines).toContain('kbsync_drift_items{target="site",kind="missing"} 0');
    expect(lines).toContain('kbsync_drift_items{target="site",kind="changed"} 0');
    expect(lines).toContain('kbsync_drift_items{target="site",kind="foreign"} 4');
    expect(lines).toContain('kbsync_drift_last_check_timestamp_seconds{target="site"} 3600');
    const never = deriveStatus({ name: 'site', vendor: 'sitegpt', state: emptyState('site'), open: [], nowMs: 0 });
    expect(statusSamples(never, false, null).some(({ name }) => name.startsWith('kbsync_drift'))).toBe(false);
  });

  it('gives each family one head, ends with a line end, and escapes label values', () => {
    const metrics = createMetrics();
    metrics.take({ ...request, target: 'a"b\\c\nd', status: 200 });
    metrics.take({ ...request, target: 'other', status: 200 });
    const text = metrics.text([{ name: 'kbsync_build_info', labels: { version: '1.0.0' }, value: 1 }]);
    expect(text.endsWith('\n')).toBe(true);
    expect(text).toContain('target="a\\"b\\\\c\\nd"');
    expect(text.match(/# TYPE kbsync_requests_total/g)).toHaveLength(1);
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) kbsync_\w+ .+|kbsync_\w+(\{.*\})? [-+.\dInfaN]+)$/);
  });
});
