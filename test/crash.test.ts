// Every crash point of whole cycles: the engine is struck at each disk step and before and after each vendor call, then run again.
// Afterwards every document is at the vendor exactly once, or (vendors that cannot be asked) shown as unconfirmed and sent once.
import { describe, expect, it } from 'vitest';
import type { GivenText } from '../src/push/context.ts';
import { readLedger } from '../src/state/store.ts';
import { type Files, idsFrom, runSync } from '../src/testkit/engine.ts';
import type { Loss, MemoryDisk } from '../src/testkit/faults.ts';
import { Crash, memoryDisk } from '../src/testkit/faults.ts';
import { type MemoryOptions, type MemoryVendor, memoryVendor } from '../src/testkit/memory.ts';

const before: Files = { 'a.md': 'alpha', 'b.md': 'beta', 'c.md': 'gamma', 'd.md': 'delta' };
const after: Files = { 'a.md': 'alpha', 'b.md': 'beta, new', 'd2.md': 'delta', 'e.md': 'epsilon', 'f.md': 'phi' };

const variants: readonly { name: string; options: Partial<MemoryOptions> }[] = [
  { name: 'findable, ids given', options: {} },
  { name: 'findable, no ids, training on request', options: { givesIds: false, training: 'on-request', renames: true } },
  { name: 'findable, one by one', options: { batch: 1 } },
  { name: 'same item again', options: { repeatedCreate: 'same-item' } },
  { name: 'no update: new copy, then the old one goes', options: { can: ['delete', 'list', 'read', 'status', 'train'] } },
  { name: 'one text for the whole bot', options: { whole: true, repeatedCreate: 'same-item', can: [] } },
  { name: 'twins nobody can find', options: { repeatedCreate: 'twin', can: ['update', 'delete', 'status'] } },
];

/** One history: vendor, clock and ids outlive every crash; the disk is what the last one left. */
class World {
  readonly vendor: MemoryVendor;
  disk: MemoryDisk = memoryDisk();
  private readonly id = idsFrom(1);
  private readonly clock = { nowMs: Date.UTC(2026, 10, 21) };
  private readonly texts = new Map<string, GivenText>();

  /** Whether this vendor tells how training goes. */
  readonly tells: boolean;

  constructor(options: Partial<MemoryOptions>) {
    this.tells = options.can?.includes('status') ?? true;
    this.vendor = memoryVendor(options);
  }

  /** A run that dies at step `crashAt` (disk steps and vendor strikes counted together); null: none. Resolves to whether it died, and the steps. */
  async run(files: Files, crashAt: number | null, loses: Loss): Promise<{ died: boolean; steps: number }> {
    let steps = 0;
    let dead = false;
    const step = (where: string): void => {
      steps += 1;
      dead ||= steps === crashAt;
      if (dead) throw new Crash(where);
    };
    this.clock.nowMs += 1_000;
    const { id, clock, texts } = this;
    try {
      await runSync({ target: this.vendor.connect(step), disk: this.disk.watched(step), files, id, clock, texts });
    } catch (thrown) {
      if (!dead) throw thrown;
    }
    if (dead) this.disk = this.disk.survivors(loses);
    return { died: dead, steps };
  }
}

/** What must hold after every history. Returns how many creates are shown as unconfirmed. */
async function judge(world: World, files: Files, history: string): Promise<number> {
  const { state, open } = await readLedger({ disk: world.disk, dir: '/state', target: 'bot' });
  const doubtful = new Set(open.map((effect) => ('document' in effect ? effect.document : '')));
  const held = [...world.vendor.items.values()].map((item) => item.mark).sort();
  const copies = new Map<string, number>();
  for (const item of world.vendor.items.values()) {
    const document = /^docs:([^#]*)/.exec(item.mark)?.[1] ?? item.mark;
    copies.set(document, (copies.get(document) ?? 0) + 1);
  }
  for (const [path, text] of Object.entries(files)) {
    if (doubtful.has(path)) {
      expect(copies.get(path) ?? 0, `${history}: ${path} is unconfirmed, so sent at most once`).toBeLessThanOrEqual(1);
      continue;
    }
    const record = state.records[path];
    const [known] = record?.items ?? [];
    const item = world.vendor.items.get(known?.remoteId ?? known?.mark ?? '');
    expect(item?.text, `${history}: ${path}; the vendor holds ${held.join(', ')}`).toContain(text);
    expect(item?.learnt, `${history}: ${path} is learnt`).toBe(item?.text);
    expect(record?.training, `${history}: ${path}`).toBe(world.tells ? 'trained' : 'unknown');
  }
  if (doubtful.size === 0) {
    expect(world.vendor.items.size, `${history}: the vendor holds ${held.join(', ')}`).toBe(Object.keys(files).length);
    expect(state.leftovers, history).toEqual([]);
    expect([...world.vendor.ghosts], history).toEqual([]);
  }
  expect(
    Object.keys(state.records).filter((id) => files[id] === undefined),
    history,
  ).toEqual([]);
  return doubtful.size;
}

async function afterwards(world: World, history: string): Promise<number> {
  await world.run(after, null, 'nothing');
  const doubtful = await judge(world, after, history);
  const writes = world.vendor.writes.length;
  await world.run(after, null, 'nothing');
  expect(world.vendor.writes.slice(writes), `${history}: the second run writes nothing`).toEqual([]);
  return doubtful;
}

describe.each(variants)('killed at any instant: $name', ({ name, options }) => {
  it.each(['nothing', 'unsynced', 'torn'] as const)('single crashes, the disk loses %s', async (loses) => {
    const whole = new World(options);
    await whole.run(before, null, loses);
    const { steps } = await whole.run(after, null, loses);
    let doubtful = 0;
    for (let crashAt = 1; crashAt <= steps; crashAt += 1) {
      const world = new World(options);
      await world.run(before, null, loses);
      const history = `${name}, crash at ${crashAt} of ${steps}, loses ${loses}`;
      expect((await world.run(after, crashAt, loses)).died, history).toBe(true);
      doubtful += await afterwards(world, history);
    }
    expect(steps).toBeGreaterThan(15);
    if (options.repeatedCreate !== 'twin') expect(doubtful).toBe(0);
    else expect(doubtful).toBeGreaterThan(0);
  });

  it('double crashes: the recovery is struck, too', async () => {
    const loses = 'unsynced';
    const whole = new World(options);
    await whole.run(before, null, loses);
    const { steps } = await whole.run(after, null, loses);
    for (let first = 2; first <= steps; first += 6) {
      for (let second = 1; second <= steps; second += 7) {
        const world = new World(options);
        await world.run(before, null, loses);
        await world.run(after, first, loses);
        await world.run(after, second, loses);
        await afterwards(world, `${name}, crashes at ${first} and ${second}`);
      }
    }
  });
});

describe('killed in the very first push', () => {
  it.each(variants)('$name', async ({ name, options }) => {
    const whole = new World(options);
    const { steps } = await whole.run(after, null, 'unsynced');
    for (let crashAt = 1; crashAt <= steps; crashAt += 1) {
      const world = new World(options);
      await world.run(after, crashAt, 'unsynced');
      await afterwards(world, `${name}, first push, crash at ${crashAt}`);
    }
  });
});
