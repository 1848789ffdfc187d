// The freshness check in the daemon: begun by itself and on schedule, pushed like any edit, told on the page, in the metrics and in the history.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type House, house } from './house.ts';

let home: House;
beforeEach(async () => {
  home = await house();
});
afterEach(() => home.close());

function switchOn(schedule: string): void {
  home.configure({ extra: `schedule: { canary: ${schedule} }\n` });
  const file = join(home.dir, 'sync.config.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('name: support,', 'name: support, canary: true,'));
}

const checks = () => home.events.flatMap((event) => (event.kind === 'canary' ? [`${event.target} ${event.check.outcome}`] : []));
const lines = () =>
  readFileSync(join(home.dir, 'state/history.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"kind":"canary"'));

it('measures by itself and on schedule, and only where it is switched on', async () => {
  switchOn('"* * * * * *"');
  home.write({ 'a.md': '# A\n\nAlpha.\n' });
  const daemon = await home.start();
  await home.until('two checks', () => checks().length >= 2);
  expect(new Set(checks())).toEqual(new Set(['support measured']));
  expect(home.items('site').map(({ text }) => text.includes('freshness'))).toEqual([false]);
  const text = async (path: string) => (await fetch(new URL(path, daemon.url))).text();
  await home.until('the metrics', async () => {
    const all = await text('/metrics');
    return ['accepted', 'trained', 'quoted'].every((stage) => all.includes(`kbsync_canary_seconds{target="support",stage="${stage}"} `));
  });
  const metrics = await text('/metrics');
  expect(metrics).toMatch(/kbsync_canary_checks_total\{target="support",outcome="measured"\} \d+/);
  expect(metrics).toContain('kbsync_canary_failing{target="support"} 0');
  expect(metrics).not.toContain('kbsync_canary_failing{target="site"}');
  expect(await text('/')).toContain('<dt>freshness</dt><dd><bdi>answered from a change after');
  await home.until('the history', () => lines().length >= 2);
  expect(JSON.parse(lines()[0] ?? '')).toMatchObject({ kind: 'canary', target: 'support', outcome: 'measured', command: 'watch' });
  expect(home.said.filter((line) => line.startsWith('!'))).toEqual([]);
}, 60_000);

it('makes no write by itself between two rounds, whatever is restarted', async () => {
  switchOn('"0 0 1 1 *"');
  home.write({ 'a.md': '# A\n\nAlpha.\n' });
  const first = await home.start();
  await home.until('the first check', () => checks().length === 1);
  await first.stop();
  const code = () => home.items('support').find(({ text }) => text.includes('freshness code'))?.text;
  const before = code();
  expect(before).toBeDefined();
  const writes = home.writes('support');
  const second = await home.start();
  await home.until('a cycle', () => home.said.filter((line) => line.includes('support: ')).length >= 2);
  home.write({ 'b.md': '# B\n\nBeta.\n' });
  await home.until('a push', () => home.writes('support') > writes);
  expect([code(), checks().length]).toEqual([before, 1]);
  // Its document is none of those that are counted: neither in the history, which the page draws, nor in what is told meanwhile.
  const learnt = async () =>
    (await (await fetch(new URL('/api/documents?target=support&q=b.md&state=trained', second.url))).text()).includes('"total":1');
  await home.until('b.md is trained', learnt);
  const trained = () => [
    ...home.events.flatMap((event) => (event.kind === 'training' && event.target === 'support' ? [event.counts.trained] : [])),
    ...readFileSync(join(home.dir, 'state/history.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"target":"support"') && /"kind":"(?:run|learnt)"/.test(line))
      .flatMap((line) => [...line.matchAll(/"trained":(\d+)/g)].map(([, count]) => Number(count))),
  ];
  await home.until('it is told', () => trained().includes(2));
  expect(Math.max(...trained())).toBe(2);
}, 60_000);

it('is neither begun nor told of where the schedule is off', async () => {
  switchOn('null');
  home.write({ 'a.md': '# A\n\nAlpha.\n' });
  const daemon = await home.start();
  await home.until('the push', () => home.said.some((line) => line.includes('support: 1 created')));
  expect(await (await fetch(new URL('/', daemon.url))).text()).not.toContain('freshness');
  expect(checks()).toEqual([]);
}, 60_000);
