// What systemd is told: ready, reloading, stopping, one line of status, and a sign of life for its watchdog. Owns the protocol's words (sd_notify).
import { execFile } from 'node:child_process';
import { visible } from '../plan/escape.ts';
import type { Snapshot } from '../status/snapshot.ts';
import type { LoopTimers } from './loop.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a service manager asks of this process. */
export interface ManagerWishes {
  /** Milliseconds within which it wants each sign of life; null: none. */
  readonly watchdogMs: number | null;
  /** A sentence where the watchdog waits for another process; null: it does not. */
  readonly trouble: string | null;
}

/** What the environment says of a service manager; null: there is none that wants to be told. */
export function wishesOf(env: Environment, pid: number): ManagerWishes | null {
  if ((env['NOTIFY_SOCKET'] ?? '') === '') return null;
  const micros = Number(env['WATCHDOG_USEC'] ?? '');
  if (!Number.isSafeInteger(micros) || micros <= 0) return { watchdogMs: null, trouble: null };
  const { WATCHDOG_PID: wanted = '' } = env as { readonly WATCHDOG_PID?: string };
  if (wanted === '' || Number(wanted) === pid) return { watchdogMs: micros / 1_000, trouble: null };
  const trouble = `the watchdog waits for process ${visible(wanted)}, not for this one: let ExecStart run node itself, without npx or a shell`;
  return { watchdogMs: null, trouble };
}

/** A notification that is not through by then is given up. */
const sendMs = 10_000;

/**
 * Tells the service manager by systemd's own program, which knows every kind of socket. In its environment is nothing of ours but the socket
 * and PATH. Rejects where it cannot be run, or fails.
 */
export function systemdNotify(env: Environment): (fields: readonly string[]) => Promise<void> {
  const own = { NOTIFY_SOCKET: env['NOTIFY_SOCKET'], PATH: env['PATH'] };
  return (fields) =>
    new Promise((resolve, reject) => {
      execFile('systemd-notify', [...fields], { env: own, timeout: sendMs, killSignal: 'SIGKILL' }, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
}

export interface ReporterInput {
  readonly wishes: ManagerWishes;
  readonly send: (fields: readonly string[]) => Promise<void>;
  readonly daemon: {
    readonly url: string;
    unready(): readonly string[];
    /** What has come to a stand; a sign of life is withheld while it is not []. */
    dead(): readonly string[];
    snapshot(): Promise<Snapshot>;
  };
  readonly complain: (line: string) => void;
  readonly timers: LoopTimers;
  /** CLOCK_MONOTONIC in microseconds, which a reload is dated by. */
  readonly monotonicMicros: () => bigint;
}

export interface Reporter {
  /** Tells that a reload is under way for as long as this work is. */
  reloading(work: () => Promise<void>): Promise<void>;
  stopping(): void;
}

/** How often readiness is asked about while starting. */
const startingMs = 250;
/** A start is given so much more time by the manager, asked for anew this often, while it waits for what may take its time. Microseconds, milliseconds. */
const extension = 'EXTEND_TIMEOUT_USEC=120000000';
const extendMs = 30_000;
/** The status line is told anew this often, or with each sign of life. */
const statusMs = 60_000;

/** Begins to tell: READY=1 as soon as the daemon is ready, then a sign of life as often as the watchdog wants one. */
export function reportTo({ wishes, send, daemon, complain, timers, monotonicMicros }: ReporterInput): Reporter {
  const { watchdogMs } = wishes;
  // Three tries within the time: one notification that is late costs nothing.
  const beatMs = watchdogMs === null ? statusMs : Math.min(statusMs, watchdogMs / 3);
  let queue: Promise<void> = Promise.resolve();
  let waiting = 0;
  let failing = false;
  let stopped = false;
  let starving = false;
  let ready = false;
  let line = '';
  let timer: unknown = null;

  const tell = (...fields: readonly string[]): Promise<void> => {
    waiting += 1;
    queue = queue
      .then(() => send(fields))
      .then(
        () => {
          failing = false;
        },
        (error: Error) => {
          if (!failing) complain(`NOTIFY_SOCKET is set, and systemd-notify fails: ${visible(error.message.split('\n')[0] ?? '')}`);
          failing = true;
        },
      )
      .finally(() => {
        waiting -= 1;
      });
    return queue;
  };
  const beat = (): void => {
    if (stopped) return;
    timer = timers.after(beatMs, beat);
    const dead = daemon.dead();
    if (dead.length > 0 && !starving) complain(`the watchdog is not fed any more: ${dead.map(visible).join('; ')}`);
    starving = dead.length > 0;
    // One that is still under way will do: they must not pile up.
    if (waiting === 0) {
      const status = starving ? `stuck: ${dead.map(visible).join('; ')}` : line;
      const fields = [...(watchdogMs !== null && !starving ? ['WATCHDOG=1'] : []), ...(status === '' ? [] : [`STATUS=${status}`])];
      if (fields.length > 0) void tell(...fields);
    }
    void look();
  };
  const look = (): Promise<void> =>
    daemon.snapshot().then(
      (snapshot) => {
        line = `${statusLine(snapshot)}; ${daemon.url}`;
      },
      () => undefined,
    );
  let extendedAt = timers.now();
  /** A rebase in the folder, or the first clone, may take longer than TimeoutStartSec: ended for that, it would only begin again. */
  const extend = (why: readonly string[]): void => {
    if (timers.now() - extendedAt < extendMs || waiting > 0 || daemon.dead().length > 0) return;
    extendedAt = timers.now();
    void tell(`STATUS=starting: ${why.map(visible).join('; ')}`, extension);
  };
  const start = (): void => {
    if (stopped) return;
    const why = daemon.unready();
    if (why.length > 0) {
      extend(why);
      timer = timers.after(startingMs, start);
      return;
    }
    ready = true;
    void look().then(() => {
      if (!stopped) void tell('READY=1', `STATUS=${line}`);
    });
    timer = timers.after(beatMs, beat);
  };

  if (wishes.trouble !== null) complain(wishes.trouble);
  void tell('STATUS=starting: the first look at the folder', extension);
  start();
  return {
    async reloading(work) {
      // Ready is what ends a reload: before there was one, there is nothing to tell.
      const telling = ready && !stopped;
      if (telling) void tell('RELOADING=1', `MONOTONIC_USEC=${monotonicMicros()}`, 'STATUS=reading the configuration again');
      await work();
      if (!telling) return;
      await look();
      if (!stopped) void tell('READY=1', `STATUS=${line}`);
    },
    stopping() {
      if (!stopped) void tell('STOPPING=1', 'STATUS=finishing what is in flight');
      stopped = true;
      if (timer !== null) timers.cancel(timer);
    },
  };
}

/** "5 targets: 3 in sync, 1 behind, 1 failing" in one line. Every target is counted once, by the worst that holds of it. */
export function statusLine({ targets, folderTrouble }: Pick<Snapshot, 'targets' | 'folderTrouble'>): string {
  const words = { failing: 0, 'waits for a person': 0, behind: 0, 'in sync': 0 };
  for (const { status, error } of targets) {
    if (error !== null) words.failing += 1;
    else if (status.held.length > 0 || status.counts.todo > 0) words['waits for a person'] += 1;
    else words[status.inSync ? 'in sync' : 'behind'] += 1;
  }
  const parts = Object.entries(words).flatMap(([word, count]) => (count === 0 ? [] : [`${count} ${word}`]));
  const count = targets.length === 1 ? '1 target' : `${targets.length} targets`;
  return visible(`${count}: ${parts.join(', ')}${folderTrouble === null ? '' : `; ${folderTrouble}`}`);
}
