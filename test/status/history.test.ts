// History: lines into charts and rows. Each chart has a name, a description in words and its figures as a table; what cannot be read is left out.
import { describe, expect, it } from 'vitest';
import { chart } from '../../src/status/chart.ts';
import type { Line } from '../../src/status/desk.ts';
import { daysOf, history } from '../../src/status/pages/history.ts';
import { pastOf } from '../../src/status/past.ts';
import { nowMs, recordOf, sceneOf, snapshotOf, targetOf, written } from './snapshots.ts';

const at = (hours: number): string => new Date(nowMs - hours * 3_600_000).toISOString();
const run = (hours: number, patch: object = {}): Line => ({
  at: at(hours),
  kind: 'run',
  target: 'site',
  command: 'watch',
  commit: 'abcdef1234',
  counts: { create: 2, failed: 1 },
  training: { trained: 10, failed: 1 },
  durationMs: 1_500,
  operations: [
    { action: 'create', document: 'a.md', reason: 'new file' },
    { action: 'update', document: 'b.md', path: 'guides/b.md', reason: 'text changed', outcome: 'failed' },
    { action: 'move', document: 'c.md', from: 'old.md', reason: 'moved' },
  ],
  moreOperations: 3,
  ...patch,
});
const lines: readonly Line[] = [
  run(200),
  run(40),
  { at: at(19), kind: 'learnt', target: 'site', learnt: 2, trained: 12, documents: 12, seconds: [2, 8, 4] },
  { at: at(2), kind: 'test', target: 'site', verdict: 'pass', document: 'a.md', question: 'Why?', reasons: [], answer: 'Because.' },
  { at: at(2), kind: 'test', target: 'site', verdict: 'fail', document: 'b.md', question: 'How?', reasons: ['lacks "x"'] },
  { at: at(2), kind: 'test', target: 'site', verdict: 'inconclusive', document: 'b.md', question: 'When?' },
  { at: at(1.5), kind: 'canary', target: 'site', command: 'watch', outcome: 'timeout', trainedMs: 31_000, words: 'did not answer <b>' },
  { at: at(1), kind: 'run', target: 'site', command: 'state rename', from: 'old', training: 'nonsense', seconds: 'nonsense' },
];
const span = { from: at(168), to: at(0) };

describe('the past', () => {
  it('is what the lines of that time say', () => {
    const past = pastOf(lines, span, null);
    expect(past.runs.map(({ what }) => what)).toEqual(['was known as old before', 'timed out', '2 create, not done: 1 failed']);
    expect(past.learnt.map(({ trained }) => trained)).toEqual([10, 12]);
    expect(past.seconds.map(({ seconds }) => seconds)).toEqual([2, 8, 4]);
    expect(past.asked.map(({ verdict }) => verdict)).toEqual(['pass', 'fail', 'inconclusive']);
  });

  it('a freshness check took as long as the bot did to say it', () => {
    const words = 'answered from a change after 48 s';
    const [check] = pastOf([{ at: at(1), kind: 'canary', target: 'site', outcome: 'measured', quotedMs: 48_000, words }], span, null).runs;
    expect(check).toMatchObject({ command: 'freshness check', what: words, error: null, durationMs: 48_000 });
  });

  it("is a document's alone, by its id, its path and what it was moved from", () => {
    const of = (name: string) => pastOf(lines, span, new Set([name]));
    expect(of('a.md').rows.map(({ action, outcome }) => [action, outcome])).toEqual([['create', 'done']]);
    expect(of('guides/b.md').rows.map(({ outcome }) => outcome)).toEqual(['failed']);
    expect(of('old.md').rows.map(({ from }) => from)).toEqual(['old.md']);
    expect(of('a.md').asked.map(({ answer }) => answer)).toEqual(['Because.']);
    expect(of('a.md').unnamed).toBe(3);
  });
});

describe('the page of the history', () => {
  it('draws what was trained, how long it took, what was refused and what passed', async () => {
    const traffic = { since: at(30), targets: { site: [{ hour: at(3), requests: 40, refused: 3, unanswered: 1 }] } };
    const records = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`${n}.md`, recordOf()]));
    const unread = targetOf({}, {}, { name: 'unread' });
    const { ledger: _ledger, ...unreadable } = unread;
    const snapshot = snapshotOf([targetOf({ records: records(12) }), targetOf({ records: records(7) }, {}, { name: 'quiet' }), unreadable]);
    const html = await written(sceneOf(snapshot), (scene) => history(scene, 7, pastOf(lines, span, null), traffic));
    expect(html).toContain('lowest 10, highest 12, last 12 documents');
    expect(html, 'nothing happened to it, and it knows what it knows').toContain('lowest 7, highest 7, last 7 documents');
    expect(html).toContain('<p class="dim small">4 seconds</p>');
    expect(html).toContain('40 requests in all, 4 refused');
    expect(html).toContain('<p class="dim small">50 %</p>');
    expect(html.match(/<svg[^>]*role="img"/g)).toHaveLength(5);
    expect(html.match(/nothing in this time/g)).toHaveLength(7);
    for (const [, title = '', description = ''] of html.matchAll(/aria-labelledby="([\w-]+) ([\w-]+)"/g)) {
      expect(html).toContain(`<title id="${title}">`);
      expect(html).toContain(`<desc id="${description}">`);
    }
    expect(html).toContain('watch at <code>abcdef1</code>: <bdi>2 create, not done: 1 failed</bdi>');
    expect(html).toContain('freshness check: <bdi>timed out</bdi>; <span class="bad"><bdi>did not answer &lt;b&gt;</bdi>');
    expect([daysOf('30'), daysOf('31'), daysOf(undefined)]).toEqual([30, 7, 7]);
  });

  it('has every figure of a chart in a table, and none where nothing is known', async () => {
    const bars = [
      { label: 'one', value: 1234, bad: 2 },
      { label: 'two', value: null },
      { label: 'three', value: 0.25 },
    ];
    const html = String(await chart({ id: 'x', title: '<b>', unit: 'requests', badUnit: 'refused', kind: 'bars', bars }));
    expect(html).toContain('<tr><td>one</td><td class="num">1,234</td><td class="num">2</td></tr>');
    expect(html).not.toContain('<td>two</td>');
    expect(html).toContain('<td>three</td><td class="num">0.3</td>');
    expect(html).not.toContain('<b>');
    expect(html.match(/<rect class="bar2"/g)).toHaveLength(1);
    expect(html).not.toMatch(/NaN|Infinity|style=/);
  });
});
