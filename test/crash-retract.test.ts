// A retraction struck at every disk step and around every vendor call: once the hold is on disk the next sync, which knows nothing of the
// command, takes the document out; before that nothing has happened. Nothing else is lost or doubled.
import { describe, expect, it } from 'vitest';
import { everything } from '../src/cycle/context.ts';
import { fingerprint } from '../src/model/json.ts';
import type { GivenText } from '../src/push/context.ts';
import type { Disk } from '../src/state/disk.ts';
import { openLedger, readLedger } from '../src/state/store.ts';
import { type Files, idsFrom, runSync } from '../src/testkit/engine.ts';
import { Crash, type Loss, type MemoryDisk, memoryDisk } from '../src/testkit/faults.ts';
import { type MemoryOptions, type MemoryVendor, memoryVendor } from '../src/testkit/memory.ts';

const files: Files = { 'a.md': 'alpha', 'b.md': 'beta', 'c.md': 'gamma', 'd.md': 'delta' };

const variants: readonly { name: string; options: Partial<MemoryOptions> }[] = [
  { name: 'findable, ids given', options: {} },
  { name: 'no ids, training on request', options: { givesIds: false, training: 'on-request', renames: true } },
  { name: 'no update', options: { can: ['delete', 'list', 'read', 'status', 'train'] } },
  { name: 'one text for the whole bot', options: { whole: true, repeatedCreate: 'same-item', can: [] } },
];

class World {
  readonly vendor: MemoryVendor;
  disk: MemoryDisk = memoryDisk();
  private readonly id = idsFrom(1);
  private readonly clock = { nowMs: Date.UTC(2026, 10, 21) };
  private readonly texts = new Map<string, GivenText>();

  constructor(options: Partial<MemoryOptions>) {
    this.vendor = memoryVendor(options);
  }

  /** The hold first, then the cycle narrowed to it, as the command does; or a plain sync. */
  async run(retracting: boolean, crashAt: number | null, loses: Loss): Promise<{ died: boolean; steps: number }> {
    let steps = 0;
    let dead = false;
    const step = (where: string): void => {
      steps += 1;
      dead ||= steps === crashAt;
      if (dead) throw new Crash(where);
    };
    this.clock.nowMs += 1_000;
    const { id, clock, texts } = this;
    const disk = this.disk.watched(step);
    try {
      if (retracting) await hold(disk, clock.nowMs);
      const options = retracting ? { only: { ...everything, documents: new Set(['b.md']) } } : {};
      await runSync({ target: this.vendor.connect(step), disk, files, id, clock, texts, options });
    } catch (thrown) {
      if (!dead) throw thrown;
    }
    if (dead) this.disk = this.disk.survivors(loses);
    return { died: dead, steps };
  }

  get held(): string[] {
    return [...this.vendor.items.values()].map(({ text }) => text);
  }
}

async function hold(disk: Disk, nowMs: number): Promise<void> {
  const ledger = await openLedger({ disk, dir: '/state', target: 'bot', now: () => nowMs });
  const since = new Date(nowMs).toISOString();
  await ledger.append([
    { kind: 'retracted', document: 'b.md', retracted: { path: 'b.md', file: fingerprint('beta'), body: fingerprint('beta'), since } },
  ]);
  await ledger.checkpoint();
  await ledger.close();
}

describe.each(variants)('killed while it retracts: $name', ({ name, options }) => {
  it.each(['nothing', 'unsynced', 'torn'] as const)('the disk loses %s', async (loses) => {
    const whole = new World(options);
    await whole.run(false, null, loses);
    const { steps } = await whole.run(true, null, loses);
    expect(whole.held.join()).not.toContain('beta');
    expect(steps).toBeGreaterThan(8);
    let forgotten = 0;
    for (let crashAt = 1; crashAt <= steps; crashAt += 1) {
      const history = `${name}, crash at ${crashAt} of ${steps}, loses ${loses}`;
      const world = new World(options);
      await world.run(false, null, loses);
      expect((await world.run(true, crashAt, loses)).died, history).toBe(true);
      const { state } = await readLedger({ disk: world.disk, dir: '/state', target: 'bot' });
      const isHeld = state.retracted?.['b.md'] !== undefined;
      if (isHeld) forgotten += 1;
      else expect(world.held.join(), `${history}: nothing was sent before it was on disk`).toContain('beta');
      await world.run(false, null, loses);
      const held = world.held.join('\n');
      expect(held.includes('beta'), `${history}: ${held}`).toBe(!isHeld);
      for (const text of ['alpha', 'gamma', 'delta']) expect(held.split(text).length, `${history}: ${text} is there once`).toBe(2);
      const writes = world.vendor.writes.length;
      await world.run(false, null, loses);
      expect(world.vendor.writes.length, `${history}: then nothing more is written`).toBe(writes);
    }
    expect(forgotten).toBeGreaterThan(steps / 2);
  });
});
