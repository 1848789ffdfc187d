// What is told of the freshness check: one sentence, one row, gauges and counters; a check that timed out leaves no time that looks well.
import { expect, it } from 'vitest';
import { type CanaryCheck, type CanaryMemory, noCanary } from '../../src/model/canary.ts';
import { emptyState } from '../../src/model/record.ts';
import { canarySentence, deriveStatus } from '../../src/status/derive.ts';
import { createMetrics, statusSamples } from '../../src/status/metrics.ts';
import { overview } from '../../src/status/pages/overview.ts';
import { statusRow } from '../../src/status/rows.ts';
import { nowMs, sceneOf, snapshotOf, targetOf, written } from './snapshots.ts';

const ago = (ms: number) => new Date(nowMs - ms).toISOString();
const check = (patch: Partial<CanaryCheck> = {}): CanaryCheck => ({
  startedAt: ago(7_248_000),
  at: ago(7_200_000),
  outcome: 'measured',
  acceptedMs: 2_000,
  trainedMs: 31_000,
  quotedMs: 48_000,
  asks: 1,
  stale: 0,
  why: null,
  ...patch,
});
const timedOut = check({ outcome: 'timeout', quotedMs: null, asks: 12, stale: 11, why: '<b>it</b> still answers with an old code' });
const statusOf = (canary: CanaryMemory | null) =>
  deriveStatus({ name: 'site', vendor: 'sitegpt', state: emptyState('site'), open: [], nowMs, canary });
const linesOf = (canary: CanaryMemory | null) =>
  createMetrics()
    .text(statusSamples(statusOf(canary), false, null))
    .split('\n')
    .filter((line) => line.startsWith('kbsync_canary'));

it.each<[CanaryMemory | null, string | null]>([
  [null, null],
  [noCanary, 'freshness: not checked yet (kbsync watch begins it)'],
  [{ ...noCanary, last: check() }, 'freshness: answered from a change after 48 s (accepted after 2.0 s, trained after 31 s), 2 h ago'],
  [
    { ...noCanary, last: check({ quotedMs: null, why: 'it cannot be asked: look yourself' }) },
    'freshness: accepted after 2.0 s, trained after 31 s: it cannot be asked: look yourself, 2 h ago',
  ],
  [
    { ...noCanary, failing: true, last: timedOut },
    'freshness: did not answer from a change in time (accepted after 2.0 s, trained after 31 s, 11 old answers meanwhile): <b>it</b> still answers with an old code, 2 h ago',
  ],
  [
    { ...noCanary, failing: true, last: check({ outcome: 'inconclusive', quotedMs: null, why: 'the target was paused meanwhile' }) },
    'freshness: did not answer from a change in time; since then it could not be measured (accepted after 2.0 s, trained after 31 s): the target was paused meanwhile, 2 h ago',
  ],
  [
    {
      ...noCanary,
      run: {
        startedAt: ago(130_000),
        acceptedAt: ago(125_000),
        trainedAt: null,
        asks: 0,
        stale: 0,
        askAfter: null,
        unanswered: 0,
        trouble: null,
      },
    },
    'freshness: a check waits for training, 2 min so far',
  ],
])('says of %j: %s', (memory, sentence) => {
  expect(canarySentence(statusOf(memory))).toBe(sentence);
});

it('gauges the last check by stage, and gives a stage that was not reached no time', () => {
  expect(linesOf(null)).toEqual([]);
  expect(linesOf({ ...noCanary, last: check() })).toEqual([
    'kbsync_canary_seconds{target="site",stage="accepted"} 2',
    'kbsync_canary_seconds{target="site",stage="trained"} 31',
    'kbsync_canary_seconds{target="site",stage="quoted"} 48',
    'kbsync_canary_failing{target="site"} 0',
    'kbsync_canary_running_seconds{target="site"} 0',
    `kbsync_canary_last_check_timestamp_seconds{target="site"} ${(nowMs - 7_200_000) / 1_000}`,
  ]);
  const late = linesOf({ ...noCanary, failing: true, last: timedOut });
  expect(late.some((line) => line.includes('quoted'))).toBe(false);
  expect(late).toContain('kbsync_canary_failing{target="site"} 1');
});

it('counts checks by outcome, and old answers', () => {
  const metrics = createMetrics();
  for (const one of [check(), timedOut, timedOut]) metrics.take({ kind: 'canary', change: null, check: one, target: 'site', at: ago(0) });
  const lines = metrics.text([]).split('\n');
  expect(lines).toContain('kbsync_canary_checks_total{target="site",outcome="measured"} 1');
  expect(lines).toContain('kbsync_canary_checks_total{target="site",outcome="timeout"} 2');
  expect(lines).toContain('kbsync_canary_stale_answers_total{target="site"} 22');
});

it('stands on the page as text, and in the JSON', async () => {
  const status = statusOf({ ...noCanary, failing: true, last: timedOut });
  const html = await written(sceneOf(snapshotOf([targetOf({}, { status })])), overview);
  expect(html).toContain('<dt>freshness</dt><dd class="bad"><bdi>did not answer');
  expect(html).toContain('&lt;b&gt;it&lt;/b&gt;');
  expect(statusRow(status, false)['canary']).toMatchObject({ failing: true, running: false, last: { outcome: 'timeout', stale: 11 } });
  expect(statusRow(statusOf(null), false)['canary']).toBeNull();
});
