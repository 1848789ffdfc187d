// The freshness check in the daemon: begun by itself and on schedule, pushed like any edit, told on the page, in the metrics and in the history.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Daemon } from '../../src/daemon/daemon.ts';
import type { CanaryMemory } from '../../src/model/canary.ts';
import { type House, house } from './house.ts';

let home: House;
beforeEach(async () => {
  home = await house();
});
afterEach(() => home.close());

function switchOn(schedule: string, name = 'support'): void {
  home.configure({ daemon: '{ port: 0, token: a-token-of-our-own }', extra: `schedule: { canary: ${schedule} }\n` });
  const file = join(home.dir, 'sync.config.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(`name: ${name},`, `name: ${name}, canary: true,`));
}

const asOwner = { headers: { authorization: 'Bearer a-token-of-our-own' } };
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
  const text = async (path: string) => (await fetch(new URL(path, daemon.url), asOwner)).text();
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
  expect(await (await fetch(new URL('/', daemon.url), asOwner)).text()).not.toContain('freshness');
  expect(checks()).toEqual([]);
}, 60_000);

/** A bot that never learns, with a check that has come as far as its acceptance. */
async function waiting(now?: () => number): Promise<Daemon> {
  await home.close();
  home = await house({ learnMs: 86_400_000, ...(now !== undefined && { now }) });
  switchOn('"0 0 1 1 *"', 'site');
  home.write({ 'a.md': '# A\n\nAlpha.\n' });
  const daemon = await home.start();
  const remembered = () => JSON.parse(readFileSync(join(home.dir, 'state/tests/site.canary.json'), 'utf8')) as CanaryMemory;
  await home.until(
    'its acceptance',
    () => existsSync(join(home.dir, 'state/tests/site.canary.json')) && remembered().run?.acceptedAt != null,
  );
  return daemon;
}
const ended = () => home.events.flatMap((event) => (event.kind === 'canary' ? [[event.check.outcome, event.check.why]] : []));

it('says nothing of a bot that was paused in the middle', async () => {
  const daemon = await waiting();
  const post = (path: string) => fetch(`${daemon.url}api/${path}`, { method: 'POST', ...asOwner, body: '{"targets":["site"]}' });
  const metrics = async () => (await fetch(new URL('/metrics', daemon.url), asOwner)).text();
  expect((await post('pause')).status).toBe(202);
  await home.until('its rest', async () => (await metrics()).includes('kbsync_target_paused{target="site"} 1'));
  expect(ended()).toEqual([]);
  expect((await post('resume')).status).toBe(202);
  await home.until('its end', () => ended().length > 0);
  expect(ended()).toEqual([['inconclusive', 'the target was paused meanwhile']]);
  // The pause is over for the check after it, too.
  await home.until('its line', () => lines().length === 1);
  expect(home.said.filter((line) => line.includes('did not answer'))).toEqual([]);
}, 60_000);

it('takes no time by a clock that was set in the middle', async () => {
  let aheadMs = 0;
  await waiting(() => Date.now() + aheadMs);
  aheadMs = 2 * 3_600_000;
  await home.until('its end', () => ended().length > 0);
  expect(ended()).toEqual([['inconclusive', 'the clock was set, or the machine slept, meanwhile']]);
}, 60_000);

it('leaves one that nobody saw through a restart without a verdict', async () => {
  const daemon = await waiting();
  await daemon.kill();
  await home.start();
  await home.until('its end', () => ended().length > 0);
  expect(ended()).toEqual([['inconclusive', 'kbsync, or its configuration, was started anew meanwhile']]);
}, 60_000);
