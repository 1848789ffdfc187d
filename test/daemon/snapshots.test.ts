// Reading what every bot knows, and leaving room for other work meanwhile.
import { expect, it } from 'vitest';
import type { Engine } from '../../src/daemon/engine.ts';
import { createSnapshots } from '../../src/daemon/snapshots.ts';
import { emptyState } from '../../src/model/record.ts';
import { noTests } from '../../src/model/tests.ts';

it('reads each memory in a turn of its own, and none again while it rests', async () => {
  const names = ['support', 'site', 'kore'];
  const done: string[] = [];
  let now = 0;
  const engine = {
    targets: names.map((name) => ({ name, vendor: 'sitegpt', paused: false, canary: false })),
    loops: new Map(),
    doing: () => null,
    pausedWhy: () => null,
    folder: { latest: () => null },
    problems: () => [],
    folderTrouble: () => null,
    source: () => null,
    schedule: () => [],
    workspace: {
      config: { name: 'docs' },
      targets: () => [],
      now: () => 0,
      bots: { stats: () => undefined },
      tests: () => ({ memory: () => noTests, canary: () => null }),
      view(name: string) {
        done.push(name);
        now += 100;
        return Promise.resolve({ state: emptyState(name), open: [] });
      },
    },
  } as unknown as Engine;
  const snapshots = createSnapshots({ engine: () => engine, version: '1', monotonic: () => now });
  const probe = (): void => {
    done.push('a probe');
    if (done.length < 8) setImmediate(probe);
  };
  setImmediate(probe);
  const { targets } = await snapshots.take();
  expect(targets.map(({ status: { name }, error }) => [name, error])).toEqual(names.map((name) => [name, null]));
  const order = done.filter((one, at) => one !== 'a probe' || done[at - 1] !== 'a probe');
  expect(order.join(' > ')).toContain('support > a probe > site > a probe > kore');
  // Each took 100 ms: twenty times of all three they are taken for the present, however long they waited for their turn.
  const asked = () => done.filter((one) => one === 'site').length;
  now += 5_500;
  await snapshots.take();
  expect(asked()).toBe(1);
  now += 1_000;
  await snapshots.take();
  expect(asked()).toBe(2);
});
