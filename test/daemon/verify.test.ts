// Golden questions in the daemon: on a schedule and when asked for, told on the page, in the metrics and in the history; a follower waits for them.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type House, house } from './house.ts';

let home: House;
beforeEach(async () => {
  home = await house();
});
afterEach(() => home.close());

const page = (expected: string) =>
  `---\ntitle: Reset\nkb:\n  tests:\n    - ask: How long is a reset link valid?\n      expect: ["${expected}"]\n---\nThe reset link is valid for 30 minutes.\n`;
const told = () => home.events.flatMap((event) => (event.kind === 'test' ? [`${event.target} ${event.change}`] : []));

it('asks on a schedule, tells what begins to fail and what is mended, and a follower waits for it', async () => {
  home.configure({ extra: 'schedule: { verify: "* * * * * *" }\n' });
  const file = join(home.dir, 'sync.config.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('name: site,', 'name: site, after: support,'));
  home.write({ 'reset.md': page('300 minutes'), 'x.golden.yaml': '- ask: X?\n  expct: x\n' });
  const daemon = await home.start();
  await home.until('a fail', () => told().includes('support failing'));
  await home.until('words', () => home.said.some((line) => line.includes('support: a golden question fails: reset.md: How long')));
  const text = async (path: string) => (await fetch(new URL(path, daemon.url))).text();
  await home.until('the metric', async () => (await text('/metrics')).includes('kbsync_tests{target="support",verdict="fail"} 1'));
  expect(await text('/')).toContain('>1 fail (');
  const mistake = 'unknown key "expct" in tests';
  expect(home.said.filter((line) => line.includes(mistake))).toHaveLength(1);
  expect(await text('/metrics')).toContain('kbsync_content_problems{severity="error"} 1');
  home.write({ 'other.md': '# Other\n\nSomething else.\n' });
  await home.until('held', () => home.said.some((line) => line.includes('1 golden question failed there')));
  expect(home.items('site').some(({ text: body }) => body.includes('Something else'))).toBe(false);
  home.write({ 'reset.md': page('30min') });
  await home.until('mended', () => told().includes('support mended'));
  await home.until('the follower', () => home.items('site').some(({ text: body }) => body.includes('Something else')));
  type Status = { targets: { name: string; tests: { pass: number; failing: object[] } | null }[] };
  await home.until('the status', async () => {
    const { targets } = JSON.parse(await text('/api/status')) as Status;
    const tests = targets.find(({ name }) => name === 'support')?.tests;
    return tests?.pass === 1 && tests.failing.length === 0;
  });
  const lines = () =>
    readFileSync(join(home.dir, 'state/history.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"kind":"test"'));
  await home.until('the history', () => lines().length >= 2);
}, 60_000);

it('asks when it is told to, with a token', async () => {
  home.configure({ targets: 'site', daemon: '{ port: 0, token: t0ken }' });
  home.write({ 'reset.md': page('30 minutes') });
  const daemon = await home.start();
  await home.until('the push', () => home.said.some((line) => line.includes('1 of 1 trained')));
  const post = (headers: Record<string, string>) => fetch(new URL('/api/verify', daemon.url), { method: 'POST', headers });
  expect((await post({})).status).toBe(401);
  expect(told()).toEqual([]);
  const answer = await post({ authorization: 'Bearer t0ken' });
  expect([answer.status, await answer.json()]).toEqual([202, { version: 1, command: 'verify', accepted: ['site'] }]);
  const workspace = await home.open();
  await home.until('a pass', () => Object.values(workspace.tests('site').memory().results).some(({ verdict }) => verdict === 'pass'));
  await workspace.close();
}, 60_000);
