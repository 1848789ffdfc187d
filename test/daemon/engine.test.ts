// The engine of the daemon over days: cron, loops and git's gate together, all clocks turned by hand, bots that are a number each.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GitWork } from '../../src/content/git-work.ts';
import type { WatchInput } from '../../src/content/watch.ts';
import type { Folder } from '../../src/cycle/folder.ts';
import { type Engine, startEngine } from '../../src/daemon/engine.ts';
import { gitPatienceMs } from '../../src/daemon/git-gate.ts';
import { realTimers } from '../../src/daemon/loop.ts';
import type { PassKind } from '../../src/daemon/pace.ts';
import { createTeller } from '../../src/daemon/voice.ts';
import type { TargetConfig } from '../../src/model/config.ts';
import type { Workspace } from '../../src/workspace.ts';
import { resultOf } from './reports.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

interface Pass {
  readonly target: string;
  readonly kind: PassKind;
  /** HH:MM of the wall clock. */
  readonly at: string;
  /** What the folder held as this pass read it. */
  readonly found: number;
  readonly complete: boolean;
}

interface WorldInput {
  readonly schedule?: Partial<Record<'rescan' | 'training' | 'drift' | 'verify', string | null>>;
  /** How long a pass takes. */
  readonly takesMs?: Partial<Record<PassKind, number>>;
  /** What git is in the middle of as the daemon starts. */
  readonly git?: GitWork;
}

interface World {
  readonly engine: Engine;
  readonly passes: Pass[];
  readonly said: string[];
  /** What each bot knows. */
  readonly knows: Map<string, number>;
  readonly folder: { version: number };
  /** Training goes on at every bot. */
  readonly learning: { is: boolean };
  readonly git: { work: GitWork | null; stamp: string };
  readonly paused: Map<string, { since: null; by: null }>;
  mostAtOnce(): number;
  /** The watcher's word. */
  changed(): void;
}

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 21, 12, 0, 5) });
});
afterEach(() => {
  vi.useRealTimers();
});

async function world({ schedule, takesMs = {}, git: atStart }: WorldInput = {}): Promise<World> {
  const passes: Pass[] = [];
  const said: string[] = [];
  const knows = new Map<string, number>();
  const folder = { version: 1 };
  const learning = { is: false };
  const git: World['git'] = { work: atStart ?? null, stamp: 'a' };
  const paused: World['paused'] = new Map();
  const busy = new Map<string, number>();
  let most = 0;
  const watched: { onChange: () => void } = { onChange: () => {} };
  const targets = ['support', 'site'].map(
    (name) => ({ name, vendor: 'memory', paused: false, after: null, sandbox: false }) as unknown as TargetConfig,
  );
  const read = (): Folder =>
    ({
      commit: null,
      scan: { problems: [], rootMissing: false, complete: true, incompleteWhy: null, version: folder.version },
    }) as unknown as Folder;
  const workspace = {
    source: null,
    config: {
      stateDir: '/nowhere/state',
      targets,
      content: { root: '/nowhere/content' },
      watch: { settleMs: 2_000, maxWaitMs: 30_000, polling: 'auto' },
      schedule: { timezone: 'UTC', rescan: '*/15 * * * *', training: '* * * * *', drift: '17 3 * * *', verify: '30 4 * * *', ...schedule },
    },
    targets: () => targets,
    readFolder: async () => read(),
    pauses: () => paused,
    pausedWhy: ({ name }: TargetConfig) => (paused.has(name) ? 'paused' : null),
    now: () => Date.now(),
    saveCache: async () => {},
    history: { append: async () => {} },
    // A pass is its time and what it leaves: the cycle itself has tests of its own.
    async exclusively({ name }: TargetConfig) {
      const atOnce = (busy.get(name) ?? 0) + 1;
      busy.set(name, atOnce);
      most = Math.max(most, atOnce);
      const kind = kinds.get(name) ?? 'sync';
      const scan = engine?.folder.latest()?.scan as unknown as { version: number; complete: boolean };
      passes.push({ target: name, kind, at: new Date().toISOString().slice(11, 16), found: scan.version, complete: scan.complete });
      await new Promise((resolve) => setTimeout(resolve, takesMs[kind] ?? 3_000));
      if (kind === 'sync') knows.set(name, scan.version);
      busy.set(name, atOnce - 1);
      return { ...resultOf({ learning: learning.is }), drift: '' };
    },
  } as unknown as Workspace;
  const kinds = new Map<string, PassKind>();
  const voice = { talk: (line: string) => void said.push(line), complain: (line: string) => void said.push(`! ${line}`) };
  const teller = createTeller(voice);
  let engine: Engine | null = null;
  const starting = startEngine({
    workspace,
    names: [],
    initial: false,
    voice,
    teller: {
      ...teller,
      begins(target, kind, why) {
        kinds.set(target, kind);
        teller.begins(target, kind, why);
      },
    },
    timers: realTimers,
    kill: new AbortController().signal,
    doing: () => null,
    onPass: () => {},
    watch: (input: WatchInput) => {
      watched.onChange = input.onChange;
      return { ready: Promise.resolve(), close: async () => {} };
    },
    git: { work: () => git.work, stamp: () => git.stamp },
  });
  engine = await starting;
  await vi.advanceTimersByTimeAsync(0);
  return { engine, passes, said, knows, folder, learning, git, paused, mostAtOnce: () => most, changed: () => watched.onChange() };
}

function count(passes: readonly Pass[], target: string, kind: PassKind): number {
  return passes.filter((pass) => pass.target === target && pass.kind === kind).length;
}

describe('a day of the daemon', () => {
  it('keeps its schedule for 24 hours, each target by itself, and never two passes at one target', async () => {
    const { engine, passes, mostAtOnce, learning } = await world({ takesMs: { drift: 20 * minuteMs, verify: 90_000 } });
    await vi.advanceTimersByTimeAsync(12 * hourMs);
    learning.is = true;
    await vi.advanceTimersByTimeAsync(hourMs);
    learning.is = false;
    await vi.advanceTimersByTimeAsync(11 * hourMs);
    await engine.stop();
    for (const target of ['support', 'site']) {
      // The first one and each quarter of an hour: what comes due during the drift is made up for.
      expect(count(passes, target, 'sync')).toBe(1 + 96);
      expect(count(passes, target, 'drift')).toBe(1);
      expect(count(passes, target, 'verify')).toBe(1);
      // Every minute in which something was in training, and no other.
      expect(count(passes, target, 'train')).toBeGreaterThan(40);
      expect(passes.filter(({ kind, at }) => kind === 'train' && !/^(00|01):/.test(at))).toEqual([]);
    }
    expect(passes.filter(({ kind }) => kind === 'drift').map(({ at }) => at)).toEqual(['03:17', '03:17']);
    expect(passes.filter(({ kind }) => kind === 'verify').map(({ at }) => at)).toEqual(['04:30', '04:30']);
    expect(mostAtOnce()).toBe(1);
    const passed = passes.length;
    await vi.advanceTimersByTimeAsync(hourMs);
    expect(passes).toHaveLength(passed);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('misses no change whatever becomes of the events: the next rescan finds it', async () => {
    const { engine, passes, knows, folder } = await world();
    await vi.advanceTimersByTimeAsync(minuteMs);
    expect([...knows.values()]).toEqual([1, 1]);
    for (let day = 0; day < 20; day += 1) {
      folder.version += 1;
      await vi.advanceTimersByTimeAsync(15 * minuteMs);
      expect([...knows.values()]).toEqual([folder.version, folder.version]);
    }
    const before = passes.length;
    await vi.advanceTimersByTimeAsync(15 * minuteMs);
    expect(passes.length - before).toBe(2);
    await engine.stop();
  });

  it('makes one cycle of ten thousand events', async () => {
    const { engine, passes, knows, folder, changed } = await world({ schedule: { rescan: null, drift: null, verify: null } });
    await vi.advanceTimersByTimeAsync(minuteMs);
    const before = passes.length;
    folder.version = 2;
    const timersBefore = vi.getTimerCount();
    for (let event = 0; event < 10_000; event += 1) changed();
    expect(vi.getTimerCount()).toBeLessThanOrEqual(timersBefore + 2);
    await vi.advanceTimersByTimeAsync(minuteMs);
    expect(passes.length - before).toBe(2);
    expect([...knows.values()]).toEqual([2, 2]);
    await engine.stop();
  });

  it('makes up once for a night that was slept through, and for nothing where the clock was set back', async () => {
    const { engine, passes } = await world();
    await vi.advanceTimersByTimeAsync(minuteMs);
    let before = passes.length;
    // Twenty hours asleep: no timer runs, and the monotonic clock stands still.
    vi.setSystemTime(Date.now() + 20 * hourMs);
    await vi.advanceTimersByTimeAsync(2 * minuteMs);
    const made = passes.slice(before).filter(({ target }) => target === 'site');
    expect(made.map(({ kind }) => kind).sort()).toEqual(['drift', 'sync', 'verify']);
    before = passes.length;
    vi.setSystemTime(Date.now() - 20 * hourMs);
    await vi.advanceTimersByTimeAsync(14 * minuteMs);
    expect(passes.slice(before).filter(({ kind }) => kind !== 'sync')).toEqual([]);
    await vi.advanceTimersByTimeAsync(15 * minuteMs);
    // It goes on at once, by the clock as it is now.
    expect(count(passes.slice(before), 'site', 'sync')).toBeGreaterThanOrEqual(1);
    expect(count(passes.slice(before), 'site', 'sync')).toBeLessThanOrEqual(2);
    await engine.stop();
  });
});

describe('git at work in the folder', () => {
  const lock = (stamp: string): GitWork => ({ kind: 'lock', path: '/docs/.git/index.lock', stamp });
  const rebase: GitWork = { kind: 'rebase', path: '/docs/.git/rebase-merge', stamp: 'r' };

  it('keeps every cycle until it has been done for the time that a folder must be quiet, and then makes one', async () => {
    const { engine, passes, folder, git, changed, learning } = await world();
    learning.is = true;
    await vi.advanceTimersByTimeAsync(minuteMs);
    git.work = rebase;
    folder.version = 2;
    const before = passes.length;
    changed();
    await vi.advanceTimersByTimeAsync(20 * minuteMs);
    const meanwhile = passes.slice(before);
    expect(meanwhile.filter(({ kind }) => kind === 'sync')).toEqual([]);
    // Training is not kept waiting.
    expect(count(meanwhile, 'site', 'train')).toBeGreaterThan(10);
    learning.is = false;
    const view = engine.loops.get('site')?.view();
    expect(view?.gated).toBe('a git rebase to end');
    // Between two steps of a rebase nothing is there for a moment.
    git.work = null;
    await vi.advanceTimersByTimeAsync(1_500);
    git.work = lock('x');
    await vi.advanceTimersByTimeAsync(1_500);
    git.work = null;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(count(passes.slice(before), 'site', 'sync')).toBe(0);
    folder.version = 3;
    await vi.advanceTimersByTimeAsync(10_000);
    const after = passes.slice(before).filter(({ kind }) => kind === 'sync');
    expect(after.map(({ target, found, complete }) => [target, found, complete])).toEqual([
      ['support', 3, true],
      ['site', 3, true],
    ]);
    expect(engine.loops.get('site')?.view().gated).toBeNull();
    await engine.stop();
  });

  it('keeps the very first cycle, too, and says what the probe waits for', async () => {
    const { engine, passes, git } = await world({ git: rebase });
    await vi.advanceTimersByTimeAsync(minuteMs);
    expect(passes).toEqual([]);
    expect(engine.unready()).toEqual(['the folder has not been scanned yet, waiting for a git rebase to end']);
    git.work = null;
    await vi.advanceTimersByTimeAsync(minuteMs);
    expect(passes).toHaveLength(2);
    expect(engine.unready()).toEqual([]);
    await engine.stop();
  });

  it('tells once what has lasted for long, with the way out, and goes on waiting', async () => {
    const { engine, passes, said, git, changed } = await world();
    await vi.advanceTimersByTimeAsync(minuteMs);
    git.work = { kind: 'merge', path: '/docs/.git/MERGE_HEAD', stamp: 'm' };
    const before = passes.length;
    changed();
    await vi.advanceTimersByTimeAsync(3 * gitPatienceMs);
    expect(count(passes.slice(before), 'site', 'sync')).toBe(0);
    const told = said.filter((line) => line.startsWith('! git:'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(
      /a merge has been under way for 10 minutes.*git merge --continue, or --abort; kbsync sync takes the folder as it is/,
    );
    git.work = null;
    await vi.advanceTimersByTimeAsync(minuteMs);
    expect(count(passes.slice(before), 'site', 'sync')).toBe(1);
    expect(said).toContain('! git: done; syncing as ever');
    await engine.stop();
  });

  it('is not waited for where a lock was left behind: syncing goes on without a delete until it is gone', async () => {
    const { engine, passes, said, git, folder, changed } = await world();
    await vi.advanceTimersByTimeAsync(minuteMs);
    git.work = lock('dead');
    folder.version = 2;
    const before = passes.length;
    changed();
    await vi.advanceTimersByTimeAsync(gitPatienceMs - minuteMs);
    expect(passes.slice(before)).toEqual([]);
    await vi.advanceTimersByTimeAsync(2 * minuteMs);
    const first = passes.slice(before).filter(({ target, kind }) => target === 'site' && kind === 'sync');
    expect(first.map(({ found, complete }) => [found, complete])).toEqual([[2, false]]);
    expect(said.filter((line) => line.startsWith('! git:'))).toHaveLength(1);
    expect(said.some((line) => line.startsWith('! content:') && line.endsWith('nothing is deleted'))).toBe(true);
    expect(engine.folderTrouble()).toContain('index.lock');
    // Another git at work is one again.
    git.work = lock('alive');
    const middle = passes.length;
    changed();
    await vi.advanceTimersByTimeAsync(minuteMs);
    expect(passes.slice(middle)).toEqual([]);
    git.work = null;
    await vi.advanceTimersByTimeAsync(minuteMs);
    expect(passes.at(-1)).toMatchObject({ kind: 'sync', complete: true });
    await engine.stop();
  });

  it('reads the folder again where a checkout began and ended while it was read', async () => {
    const { engine, passes, git, folder, changed } = await world();
    await vi.advanceTimersByTimeAsync(minuteMs);
    const before = passes.length;
    vi.spyOn(engine.workspace, 'readFolder').mockImplementationOnce(async () => {
      git.stamp = 'b';
      return {
        commit: null,
        scan: { problems: [], rootMissing: false, complete: true, incompleteWhy: null, version: 2 },
      } as unknown as Folder;
    });
    folder.version = 3;
    changed();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(passes.slice(before).map(({ found }) => found)).toEqual([3, 3]);
    await engine.stop();
  });

  it('reads the folder again where git changed it meanwhile, and does not wait for it when it is stopped', async () => {
    const { engine, passes, git, folder, changed } = await world();
    await vi.advanceTimersByTimeAsync(minuteMs);
    const before = passes.length;
    // The scan has begun when the checkout does.
    const reading = vi.spyOn(engine.workspace, 'readFolder').mockImplementationOnce(async () => {
      const found = { commit: null, scan: { problems: [], rootMissing: false, complete: true, incompleteWhy: null, version: 2 } };
      git.work = lock('checkout');
      git.stamp = 'b';
      return found as unknown as Folder;
    });
    folder.version = 3;
    changed();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(passes.slice(before)).toEqual([]);
    git.work = null;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(new Set(passes.slice(before).map(({ target, found }) => `${target} ${found}`))).toEqual(new Set(['support 3', 'site 3']));
    reading.mockImplementationOnce(async () => {
      git.work = lock('another');
      return { commit: null, scan: { problems: [], rootMissing: false, complete: true, incompleteWhy: null } } as unknown as Folder;
    });
    changed();
    await vi.advanceTimersByTimeAsync(5_000);
    await engine.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
