// What systemd is told, in which order, and when a sign of life is withheld; with systemd's own program and a socket of ours at the end.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LoopTimers, LoopView } from '../../src/daemon/loop.ts';
import { createPulse, overdueMs, silentMs } from '../../src/daemon/pulse.ts';
import { type ReporterInput, reportTo, statusLine, systemdNotify, wishesOf } from '../../src/daemon/service-manager.ts';
import type { SyncEvent } from '../../src/model/event.ts';
import { snapshotOf, targetOf } from '../status/snapshots.ts';
import { house, pages } from './house.ts';

const timers: LoopTimers = {
  now: () => Date.now(),
  after: (ms, run) => setTimeout(run, ms),
  cancel: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

describe('what the environment asks for', () => {
  it('is nothing without a socket, and the watchdog only where it waits for this process', () => {
    expect(wishesOf({}, 7)).toBeNull();
    expect(wishesOf({ NOTIFY_SOCKET: '' }, 7)).toBeNull();
    const socket = { NOTIFY_SOCKET: '/run/systemd/notify' };
    expect(wishesOf(socket, 7)).toEqual({ watchdogMs: null, trouble: null });
    expect(wishesOf({ ...socket, WATCHDOG_USEC: '180000000' }, 7)).toEqual({ watchdogMs: 180_000, trouble: null });
    expect(wishesOf({ ...socket, WATCHDOG_USEC: '180000000', WATCHDOG_PID: '7' }, 7)?.watchdogMs).toBe(180_000);
    for (const wrong of ['0', '-1', 'soon', '1.5', '1e400'])
      expect(wishesOf({ ...socket, WATCHDOG_USEC: wrong }, 7)?.watchdogMs).toBeNull();
    expect(wishesOf({ ...socket, WATCHDOG_USEC: '180000000', WATCHDOG_PID: '8' }, 7)).toMatchObject({
      watchdogMs: null,
      trouble: expect.stringContaining('let ExecStart run node itself') as string,
    });
  });
});

describe('the reporter', () => {
  let sent: string[][];
  let complaints: string[];
  let unready: string[];
  let dead: string[];

  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
    [sent, complaints, unready, dead] = [[], [], [], []];
  });
  afterEach(() => void vi.useRealTimers());

  const report = (patch: Partial<ReporterInput> = {}) =>
    reportTo({
      wishes: { watchdogMs: 180_000, trouble: null },
      send: (fields) => {
        sent.push([...fields]);
        return Promise.resolve();
      },
      daemon: { url: 'http://127.0.0.1:8420/', unready: () => unready, dead: () => dead, snapshot: () => Promise.resolve(snapshotOf()) },
      complain: (line) => complaints.push(line),
      timers,
      monotonicMicros: () => 4_711n,
      ...patch,
    });
  const words = () => sent.map(([first]) => first?.split('=')[0]);
  const status = 'STATUS=1 target: 1 behind; http://127.0.0.1:8420/';

  it('says READY=1 not before the daemon is, and then lives three times within the time of the watchdog', async () => {
    unready = ['the folder has not been scanned yet'];
    report();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent).toEqual([['STATUS=starting: the first look at the folder', 'EXTEND_TIMEOUT_USEC=120000000']]);
    unready = [];
    await vi.advanceTimersByTimeAsync(250);
    expect(sent.slice(1)).toEqual([['READY=1', status]]);
    await vi.advanceTimersByTimeAsync(180_000);
    expect(sent.slice(2)).toEqual([
      ['WATCHDOG=1', status],
      ['WATCHDOG=1', status],
      ['WATCHDOG=1', status],
    ]);
    expect(complaints).toEqual([]);
  });

  it('asks for more time while a start has to wait, says for what, and asks no more when something has come to a stand', async () => {
    unready = ['the folder has not been scanned yet, waiting for a git rebase to end'];
    report();
    // Longer than TimeoutStartSec of the unit, and no pause as long as what was asked for.
    await vi.advanceTimersByTimeAsync(20 * 60_000);
    expect(sent.length).toBeGreaterThanOrEqual(39);
    expect(new Set(sent.slice(1).map((fields) => fields.join(' ')))).toEqual(
      new Set(['STATUS=starting: the folder has not been scanned yet, waiting for a git rebase to end EXTEND_TIMEOUT_USEC=120000000']),
    );
    const before = sent.length;
    dead = ['the loop of site has ended'];
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(sent).toHaveLength(before);
    [dead, unready] = [[], []];
    await vi.advanceTimersByTimeAsync(250);
    expect(sent.at(-1)).toEqual(['READY=1', status]);
  });

  it('withholds the sign of life while something has come to a stand, says so once, and goes on after it', async () => {
    report();
    await vi.advanceTimersByTimeAsync(60_000);
    dead = ['the loop of site has ended'];
    await vi.advanceTimersByTimeAsync(180_000);
    expect(sent.slice(-3)).toEqual(Array(3).fill(['STATUS=stuck: the loop of site has ended']));
    expect(complaints).toEqual(['the watchdog is not fed any more: the loop of site has ended']);
    dead = [];
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent.at(-1)).toEqual(['WATCHDOG=1', status]);
  });

  it('tells a reload from beginning to end, and that it stops; then nothing more', async () => {
    const reporter = report();
    await vi.advanceTimersByTimeAsync(1);
    let end = (): void => {};
    const reload = reporter.reloading(
      () =>
        new Promise((resolve) => {
          end = resolve;
        }),
    );
    await vi.advanceTimersByTimeAsync(1);
    expect(sent.at(-1)).toEqual(['RELOADING=1', 'MONOTONIC_USEC=4711', 'STATUS=reading the configuration again']);
    end();
    await reload;
    await vi.advanceTimersByTimeAsync(1);
    expect(words()).toEqual(['STATUS', 'READY', 'RELOADING', 'READY']);
    reporter.stopping();
    reporter.stopping();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(words().slice(4)).toEqual(['STOPPING']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stops before it was ready, without ever saying that it is', async () => {
    unready = ['the folder has not been scanned yet'];
    const reporter = report();
    reporter.stopping();
    unready = [];
    await vi.advanceTimersByTimeAsync(60_000);
    expect(words()).toEqual(['STATUS', 'STOPPING']);
  });

  it('without a watchdog tells only how things stand; with another process awaited says what to do', async () => {
    report({ wishes: { watchdogMs: null, trouble: 'the watchdog waits for process 8' } });
    await vi.advanceTimersByTimeAsync(120_000);
    expect(words()).toEqual(['STATUS', 'READY', 'STATUS', 'STATUS']);
    expect(complaints).toEqual(['the watchdog waits for process 8']);
  });

  it('complains once of a program that fails, and does not pile up calls behind one that hangs', async () => {
    let calls = 0;
    const refuse = (): Promise<void> => {
      calls += 1;
      return Promise.reject(new Error(`spawn systemd-notify ENOENT\n${calls}`));
    };
    report({ send: refuse });
    await vi.advanceTimersByTimeAsync(300_000);
    expect(complaints).toEqual(['NOTIFY_SOCKET is set, and systemd-notify fails: spawn systemd-notify ENOENT']);
    expect(calls).toBeGreaterThan(4);
    const hanging = vi.fn(() => new Promise<void>(() => {}));
    report({ send: hanging });
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(hanging).toHaveBeenCalledTimes(1);
  });

  it('keeps what files and vendors say on its line', () => {
    const line = statusLine(snapshotOf([targetOf()], { folderTrouble: 'a\nREADY=1\u0007' }));
    expect(line).toBe('1 target: 1 behind; a\\u000aREADY=1\\u0007');
    const failing = targetOf({}, { error: { code: 'BUSY', message: '', vendor: null, next: '' } });
    expect(statusLine(snapshotOf([failing, targetOf()]))).toBe('2 targets: 1 failing, 1 behind');
  });
});

describe('the pulse', () => {
  const view = (patch: Partial<LoopView> = {}): LoopView => ({
    running: null,
    next: null,
    failures: 0,
    error: null,
    cycles: 1,
    held: false,
    gated: null,
    alive: true,
    ...patch,
  });
  const bench = () => {
    const at = { now: 0, view: view(), swapping: null as number | null };
    let tell = (_event: SyncEvent): void => {};
    const pulse = createPulse({
      loops: () => new Map([['site', { view: () => at.view }]]),
      swapping: () => at.swapping,
      subscribe: (listener) => {
        tell = listener;
      },
      now: () => at.now,
    });
    const said = (patch: object): void => tell({ target: 'site', at: '2026-11-21T00:00:00.000Z', ...patch } as SyncEvent);
    return { at, pulse, said };
  };

  it('is gone where a loop has ended', () => {
    const { at, pulse } = bench();
    expect(pulse.dead()).toEqual([]);
    at.view = view({ alive: false });
    expect(pulse.dead()).toEqual(['the loop of site has ended']);
  });

  it('is gone where a pass says nothing for hours, and not while it works or waits as the vendor asked', () => {
    const { at, pulse, said } = bench();
    at.view = view({ running: 'sync' });
    pulse.dead();
    for (let hour = 0; hour < 10; hour += 1) {
      at.now += 3_600_000;
      said({ kind: 'note', message: 'still here' });
      expect(pulse.dead()).toEqual([]);
    }
    said({ kind: 'paused', forMs: 24 * 3_600_000, why: 'Retry-After' });
    at.now += 24 * 3_600_000 + silentMs;
    expect(pulse.dead()).toEqual([]);
    at.now += 1;
    expect(pulse.dead()).toEqual(['the sync pass over site has been silent for too long']);
    at.view = view();
    expect(pulse.dead()).toEqual([]);
  });

  it('is gone where a pass is due and nothing begins; a command that holds the loop is no such case', () => {
    const { at, pulse } = bench();
    at.view = view({ next: { kind: 'sync', inMs: 0, waiting: null } });
    expect(pulse.dead()).toEqual([]);
    at.now += overdueMs + 1;
    expect(pulse.dead()).toEqual(['site is due, and nothing begins']);
    at.view = { ...at.view, gated: 'a git rebase to end' };
    for (let hour = 0; hour < 10; hour += 1) {
      at.now += 3_600_000;
      expect(pulse.dead()).toEqual([]);
    }
    at.view = { ...at.view, gated: null, held: true };
    expect(pulse.dead()).toEqual([]);
  });

  it('does not take the ended loops of an old configuration for dead, unless the new one never comes', () => {
    const { at, pulse } = bench();
    at.view = view({ alive: false });
    at.swapping = 0;
    expect(pulse.dead()).toEqual([]);
    at.now = silentMs + 1;
    expect(pulse.dead()).toEqual(['the new configuration does not get to work']);
  });
});

describe('a whole daemon', () => {
  it('in which one loop has died says so to probe, metric and manager, and gives no sign of life', async () => {
    const home = await house();
    try {
      home.write(pages(2));
      const daemon = await home.start({
        voice: {
          talk(line) {
            // A bug of ours, at the end of a pass.
            if (/^site: 2 created/.test(line)) throw new Error('planted');
          },
          complain: () => {},
        },
      });
      await home.until('its end', () => daemon.dead().length > 0);
      expect(daemon.dead()).toEqual(['the loop of site has ended']);
      expect(daemon.unready()).toEqual(['the loop of site has ended']);
      await home.until('the other one', () => home.items('support').length === 2);
      const reply = await fetch(`${daemon.url}metrics`);
      expect(await reply.text()).toContain('\nkbsync_ready 0\n');
      const sent: string[] = [];
      const reporter = reportTo({
        wishes: { watchdogMs: 30, trouble: null },
        send: (fields) => Promise.resolve(void sent.push(...fields)),
        daemon: { ...daemon, unready: () => [] },
        complain: () => {},
        timers,
        monotonicMicros: () => 0n,
      });
      await home.until('three beats', () => sent.filter((field) => field === 'STATUS=stuck: the loop of site has ended').length >= 3);
      reporter.stopping();
      expect(sent).not.toContain('WATCHDOG=1');
    } finally {
      await home.close();
    }
  });
});

const here = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const missing = ['systemd-notify', 'perl'].filter((program) => !here(program));

describe.skipIf(missing.length > 0)(`systemd-notify itself${missing.length > 0 ? ` (not here: ${missing.join(', ')})` : ''}`, () => {
  it.each(['a path', 'an abstract name'])('reaches a socket with %s, at once and whole', async (kind) => {
    const dir = mkdtempSync(join(tmpdir(), 'kbsync-notify-'));
    const socket = kind === 'a path' ? join(dir, 'notify') : `@${dir}/abstract`;
    const script = fileURLToPath(new URL('../support/notify-socket.pl', import.meta.url));
    const manager = spawn('perl', [script, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      let got = '';
      const heard = (line: string) =>
        new Promise<void>((resolve, reject) => {
          const look = (text = ''): void => {
            got += text;
            if (got.includes(line)) resolve();
          };
          manager.stdout.setEncoding('utf8').on('data', look);
          manager.once('exit', () => reject(new Error(`it ended: ${got}`)));
          look();
        });
      await heard('listening');
      const began = Date.now();
      await systemdNotify({ ...process.env, NOTIFY_SOCKET: socket })(['READY=1', 'STATUS=5 targets: 5 in sync; http://[::1]:1/ – ü']);
      await heard('READY=1\tSTATUS=5 targets: 5 in sync; http://[::1]:1/ – ü\n');
      // A barrier that nobody takes lasts five seconds.
      expect(Date.now() - began).toBeLessThan(4_000);
      await expect(systemdNotify({ PATH: process.env['PATH'], NOTIFY_SOCKET: `${socket}-nobody` })(['READY=1'])).rejects.toThrow();
    } finally {
      manager.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
