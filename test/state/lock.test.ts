// The lock: who gets it, from whom it may be taken, and that two never hold it at once.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Disk, nodeDisk } from '../../src/state/disk.ts';
import {
  acquireLock,
  type Lock,
  type LockOwner,
  type LockRequest,
  type LockTimers,
  lockState,
  readLock,
  releaseDead,
} from '../../src/state/lock.ts';
import { nodeProbe, type ProcessFacts, type ProcessProbe } from '../../src/state/process-probe.ts';
import { memoryDisk } from '../../src/testkit/faults.ts';
import { type Random, seededRandom } from '../../src/testkit/random.ts';
import { noonMs } from './entries.ts';

const path = '/state/support.lock';

/** A world of processes and one clock. */
function world() {
  const alive = new Map<number, string>([
    [1, '100'],
    [2, '200'],
    [3, '300'],
  ]);
  const beats = new Set<() => void>();
  let ms = noonMs;
  const process = (pid: number, more: Partial<ProcessFacts> = {}): ProcessProbe => ({
    self: { user: 'ann', host: 'web1', pid, startTime: alive.get(pid) ?? null, bootId: 'boot', pidNamespace: 'ns', ...more },
    look: (other) => ({ alive: alive.has(other), startTime: alive.get(other) ?? null }),
  });
  const pass = (by: number): void => {
    for (let left = by; left > 0; left -= 10_000) {
      ms += Math.min(left, 10_000);
      for (const beat of beats) beat();
    }
  };
  const timers: LockTimers = {
    async wait(by, signal) {
      pass(by);
      if (signal?.aborted === true) throw new Error('aborted');
    },
    every(_ms, work) {
      beats.add(work);
      return () => beats.delete(work);
    },
  };
  return { alive, process, pass, timers, beats, now: () => ms };
}

type World = ReturnType<typeof world>;

function request(disk: Disk, from: World, probe: ProcessProbe, more: Partial<LockRequest> = {}): LockRequest {
  return { disk, path, command: 'kbsync sync', now: from.now, waitMs: 0, probe, timers: from.timers, ...more };
}

/** A holder that never lets go. */
async function dies(disk: Disk, from: World, probe: ProcessProbe): Promise<Lock> {
  const lock = await acquireLock(request(disk, from, probe));
  from.beats.clear();
  from.alive.delete(probe.self.pid);
  return lock;
}

describe('lock', () => {
  it('lets one in, names the holder to the next, and lets that one in after the release', async () => {
    const [disk, here] = [memoryDisk(), world()];
    const first = await acquireLock(request(disk, here, here.process(1), { command: 'kbsync watch' }));
    first.verify();
    await expect(acquireLock(request(disk, here, here.process(2)))).rejects.toMatchObject({
      code: 'LOCKED',
      message: 'support is locked by "kbsync watch" of ann, process 1 on web1, since 2026-03-01T12:00:00.000Z',
      data: { holder: { pid: 1, host: 'web1', command: 'kbsync watch' } },
    });
    await first.release();
    await first.release();
    expect(disk.files()).toEqual({});
    const second = await acquireLock(request(disk, here, here.process(2)));
    expect(readLock(disk, path)).toEqual(second.owner);
    expect(() => first.verify()).toThrow(/lost the lock/);
  });

  it('is not given twice to one process either', async () => {
    const [disk, here] = [memoryDisk(), world()];
    await acquireLock(request(disk, here, here.process(1)));
    await expect(acquireLock(request(disk, here, here.process(1)))).rejects.toMatchObject({ code: 'LOCKED' });
  });

  it.each<[string, (from: World) => void]>([
    ['the process is gone', (from) => from.alive.delete(1)],
    ['its number belongs to a later process', (from) => from.alive.set(1, '999')],
  ])('is taken over at once where %s', async (_name, happen) => {
    const [disk, here] = [memoryDisk(), world()];
    await acquireLock(request(disk, here, here.process(1)));
    happen(here);
    const next = await acquireLock(request(disk, here, here.process(2)));
    next.verify();
    expect(Object.keys(disk.files())).toEqual([path]);
  });

  it('is taken over at once after a restart of the host', async () => {
    const [disk, here] = [memoryDisk(), world()];
    await acquireLock(request(disk, here, here.process(1)));
    (await acquireLock(request(disk, here, here.process(1, { bootId: 'next boot' })))).verify();
  });

  it('of another host is taken over 60 s after its last beat and not before', async () => {
    const [disk, here] = [memoryDisk(), world()];
    const there = here.process(1, { host: 'web2', bootId: 'other' });
    const held = await acquireLock(request(disk, here, there));
    here.pass(120_000);
    // The beats come to disk.
    await new Promise((resolve) => setImmediate(resolve));
    await expect(acquireLock(request(disk, here, here.process(2)))).rejects.toMatchObject({ code: 'LOCKED' });
    here.beats.clear();
    here.pass(59_999);
    await expect(acquireLock(request(disk, here, here.process(2)))).rejects.toMatchObject({ code: 'LOCKED' });
    here.pass(1);
    const next = await acquireLock(request(disk, here, here.process(2)));
    next.verify();
    expect(() => held.verify()).toThrow(expect.objectContaining({ code: 'LOCKED', message: expect.stringContaining('process 2 on web1') }));
    await held.release();
    next.verify();
  });

  it('of another container with the same host name is judged by its beat, not by its pid', async () => {
    const [disk, here] = [memoryDisk(), world()];
    await acquireLock(request(disk, here, here.process(7, { pidNamespace: 'container' })));
    await expect(acquireLock(request(disk, here, here.process(2)))).rejects.toMatchObject({ code: 'LOCKED' });
  });

  it('beats into its own file only, also when another has taken over', async () => {
    const [disk, here] = [memoryDisk(), world()];
    await acquireLock(request(disk, here, here.process(1, { host: 'web2' })));
    const [beat] = here.beats;
    here.beats.clear();
    here.pass(70_000);
    const next = await acquireLock(request(disk, here, here.process(2)));
    beat?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(readLock(disk, path)?.id).toBe(next.owner.id);
  });

  it('waits as long as it is told to, says once for whom, and stops when it is told to', async () => {
    const [disk, here] = [memoryDisk(), world()];
    const first = await acquireLock(request(disk, here, here.process(1)));
    const waitedFor: (number | undefined)[] = [];
    const onWait = (holder: LockOwner | null): void => void waitedFor.push(holder?.pid);
    const before = here.now();
    await expect(acquireLock(request(disk, here, here.process(2), { waitMs: 5_000, onWait }))).rejects.toMatchObject({ code: 'LOCKED' });
    expect(here.now() - before).toBe(5_000);
    expect(waitedFor).toEqual([1]);
    const stop = new AbortController();
    const aborted = acquireLock(request(disk, here, here.process(2), { waitMs: 5_000, signal: stop.signal, onWait: () => stop.abort() }));
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    const patient = acquireLock(request(disk, here, here.process(2), { waitMs: 60_000, onWait: () => void first.release() }));
    (await patient).verify();
  });

  it.each([
    ['ahead', 3_600_000],
    ['years ahead', 100_000_000_000],
  ])(
    'of a host whose clock is %s: who waits takes it over once it was seen silent for 60 s, and never while it beats',
    async (_how, aheadMs) => {
      const [disk, here] = [memoryDisk(), world()];
      const other = here.process(3, { host: 'web2', pidNamespace: 'ns2' });
      const ahead = { ...request(disk, here, other), now: () => here.now() + aheadMs };
      const first = await acquireLock(ahead);
      // It beats: nobody takes it.
      await expect(acquireLock(request(disk, here, here.process(1), { waitMs: 180_000 }))).rejects.toMatchObject({ code: 'LOCKED' });
      first.verify();
      here.beats.clear();
      await expect(acquireLock(request(disk, here, here.process(1)))).rejects.toMatchObject({
        code: 'LOCKED',
        next: expect.stringMatching(/ahead of this clock.*--lock-wait 2m takes it over/),
      });
      await expect(acquireLock(request(disk, here, here.process(1), { waitMs: 59_000 }))).rejects.toMatchObject({ code: 'LOCKED' });
      const before = here.now();
      const mine = await acquireLock(request(disk, here, here.process(1), { waitMs: 120_000 }));
      mine.verify();
      expect(here.now() - before).toBeGreaterThanOrEqual(60_000);
      expect(() => first.verify()).toThrow(expect.objectContaining({ code: 'LOCKED' }));
    },
  );

  it('of this host is never taken for its silence, however long somebody waits', async () => {
    const [disk, here] = [memoryDisk(), world()];
    const first = await acquireLock(request(disk, here, here.process(1)));
    here.beats.clear();
    await expect(acquireLock(request(disk, here, here.process(2), { waitMs: 600_000 }))).rejects.toMatchObject({ code: 'LOCKED' });
    first.verify();
  });

  it('that cannot be read and is dated years ahead is nobody’s in the making', async () => {
    const here = world();
    const disk = memoryDisk(() => here.now() + 100_000_000_000);
    disk.plant(path, '');
    (await acquireLock(request(disk, here, here.process(1)))).verify();
  });

  it('that cannot be read is left alone while it may be in the making, and taken over when it is old', async () => {
    const here = world();
    const disk = memoryDisk(here.now);
    disk.plant(path, '');
    await expect(acquireLock(request(disk, here, here.process(1)))).rejects.toMatchObject({ code: 'LOCKED' });
    expect(await releaseDead(request(disk, here, here.process(1)))).toMatchObject({ released: false });
    here.pass(60_000);
    (await acquireLock(request(disk, here, here.process(1)))).verify();
  });

  it('is released by unlock only when its holder is dead', async () => {
    const [disk, here] = [memoryDisk(), world()];
    const unlock = request(disk, here, here.process(2));
    expect(await releaseDead(unlock)).toEqual({ released: false, holder: null, state: null });
    const lock = await acquireLock(request(disk, here, here.process(1)));
    expect(await releaseDead(unlock)).toEqual({ released: false, holder: lock.owner, state: 'alive' });
    here.alive.delete(1);
    expect(await releaseDead(unlock)).toEqual({ released: true, holder: lock.owner, state: 'gone' });
    expect(disk.files()).toEqual({});
  });

  it('sweeps claims that nobody lived to remove', async () => {
    const [disk, here] = [memoryDisk(), world()];
    disk.plant(`${path}.0123456789abcdef`, '{}');
    const lock = await acquireLock(request(disk, here, here.process(1)));
    expect(Object.keys(disk.files())).toEqual([path]);
    lock.verify();
  });

  it('does not follow an owner id that is a path', async () => {
    const [disk, here] = [memoryDisk(), world()];
    const lock = await dies(disk, here, here.process(1));
    disk.plant(path, JSON.stringify({ ...lock.owner, id: '../../etc/x' }));
    (await acquireLock(request(disk, here, here.process(2)))).verify();
    expect(Object.keys(disk.files())).toEqual([path]);
  });
});

/** Each step of the disk happens some random ticks later: every interleaving of several processes may come up. */
function slowDisk(inner: Disk, random: Random): Disk {
  const later = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (let ticks = random.below(4); ticks > 0; ticks -= 1) await new Promise((resolve) => setImmediate(resolve));
    const result = await work();
    for (let ticks = random.below(4); ticks > 0; ticks -= 1) await new Promise((resolve) => setImmediate(resolve));
    return result;
  };
  return {
    ...inner,
    mkdir: (folder) => later(() => inner.mkdir(folder)),
    createExclusive: (file, data) => later(() => inner.createExclusive(file, data)),
    remove: (file) => later(() => inner.remove(file)),
  };
}

describe('many at once', () => {
  it('leave exactly one holder, whether the lock is free, dead, or a claim to it is dead, too', async () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const here = world();
      for (let pid = 10; pid < 18; pid += 1) here.alive.set(pid, `${pid}00`);
      const disk = memoryDisk(here.now);
      if (seed % 3 > 0) {
        const dead = await dies(disk, here, here.process(1));
        if (seed % 3 === 2) disk.plant(`${path}.${dead.owner.id}`, JSON.stringify({ ...dead.owner, id: 'dead0claim' }));
      }
      const slow = slowDisk(disk, seededRandom(seed));
      const outcomes = await Promise.allSettled(
        [10, 11, 12, 13, 14, 15, 16, 17].map((pid) => acquireLock(request(slow, here, here.process(pid)))),
      );
      const holders = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      // A contender that finds another clearing the lock gives way; the next try must get it.
      if (holders.length === 0) holders.push(await acquireLock(request(disk, here, here.process(2))));
      expect(holders).toHaveLength(1);
      holders[0]?.verify();
      await holders[0]?.release();
      expect(disk.files()).toEqual({});
    }
  });

  it('take turns, never two at a time, when they wait', async () => {
    for (let seed = 1; seed <= 15; seed += 1) {
      const here = world();
      const disk = memoryDisk(here.now);
      await dies(disk, here, here.process(1));
      const random = seededRandom(seed);
      const slow = slowDisk(disk, random);
      let inside = 0;
      let turns = 0;
      const worker = async (pid: number): Promise<void> => {
        here.alive.set(pid, `${pid}00`);
        const lock = await acquireLock(request(slow, here, here.process(pid), { waitMs: 1_000_000 }));
        inside += 1;
        turns += 1;
        expect(inside).toBe(1);
        for (let ticks = random.below(5); ticks > 0; ticks -= 1) await new Promise((resolve) => setImmediate(resolve));
        lock.verify();
        inside -= 1;
        // Some die instead of letting go.
        if (random.below(3) === 0) here.alive.delete(pid);
        else await lock.release();
      };
      await Promise.all([20, 21, 22, 23, 24, 25].map(worker));
      expect(turns).toBe(6);
    }
  });
});

describe('on this machine', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'kbsync-lock-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('knows itself alive and a process that ended gone', async () => {
    const probe = nodeProbe();
    expect(probe.look(process.pid).alive).toBe(true);
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const pid = child.pid ?? 0;
    const startTime = probe.look(pid).startTime;
    const owner: LockOwner = { ...probe.self, pid, startTime, id: 'a', command: 'x', since: '', beat: new Date(noonMs).toISOString() };
    expect(lockState(owner, { now: () => noonMs, probe })).toBe('alive');
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(lockState(owner, { now: () => noonMs, probe })).toBe('gone');
  });

  it('gives one of many the lock, and nothing is left after the release', async () => {
    const disk = nodeDisk();
    const place = { disk, path: join(dir, 'state', 'support.lock'), command: 'kbsync sync', now: () => noonMs, waitMs: 0 };
    for (let round = 0; round < 5; round += 1) {
      const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => acquireLock(place)));
      const holders = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      expect(holders).toHaveLength(1);
      holders[0]?.verify();
      await holders[0]?.release();
      expect(disk.list(join(dir, 'state'))).toEqual([]);
    }
  });
});
