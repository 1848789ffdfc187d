// The folder → "something changed", coalesced. Events are a hint and may be lost: the scan decides. Owns chokidar.
// Folders are watched, not files: an eighth of the time to ready, and a fortieth of the kernel's watches.
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ChokidarOptions, FSWatcher } from 'chokidar';
import { remoteMountOf } from './mounts.ts';

/** Timers and clock, so that tests can turn them by hand. */
export interface WatchTimers {
  /** Milliseconds since 1970. */
  now(): number;
  after(ms: number, run: () => void): unknown;
  cancel(timer: unknown): void;
}

export interface WatchInput {
  readonly root: string;
  /** Paths that never matter: the state folder, .git, node_modules … */
  readonly ignored: (absolutePath: string) => boolean;
  readonly polling: 'auto' | boolean;
  /** onChange comes this long after the last event, and at the latest maxWaitMs after the first. */
  readonly settleMs: number;
  readonly maxWaitMs: number;
  readonly onChange: () => void;
  /** What a person should know: root missing, limits of the system. Watching goes on as well as it can. */
  readonly onError: (error: Error) => void;
  readonly timers?: WatchTimers;
  /** How often the root itself is looked at, since a watcher of a root that was replaced sees nothing; default 2,000. */
  readonly rootCheckMs?: number;
  /** Opens a watcher; default: chokidar. */
  readonly open?: (path: string, options: ChokidarOptions) => FSWatcher;
  /** The mounts as Linux lists them; null where they cannot be known. Default: those of this process. */
  readonly mountinfo?: () => string | null;
}

export interface ContentWatch {
  /** Watching has begun, or the root is missing and is being waited for. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

const realTimers: WatchTimers = {
  now: () => Date.now(),
  after: (ms, run) => setTimeout(run, ms).unref(),
  cancel: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/** Watches the folder until it is closed. Never throws for what happens to the folder. */
export function watchContent(input: WatchInput): ContentWatch {
  const timers = input.timers ?? realTimers;
  const root = resolve(input.root);
  const hints = coalesce(input, timers);
  let watcher: FSWatcher | null = null;
  let armed: string | null = null;
  let polling = input.polling === true;
  let mountTold = false;
  let told = '';
  let closed = false;
  let rearming: Promise<void> | null = null;
  let timer: unknown = null;
  // Ends the wait for a watcher that never gets ready because its root went away meanwhile.
  let release = () => {};

  const tell = (message: string) => {
    if (message !== told && !closed) input.onError(new Error(message));
    told = message;
  };
  const onFault = (thrown: unknown) => {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
    hints.hint();
    const atLimit = code === 'ENOSPC' || code === 'EMFILE';
    // Every other folder says the same.
    if (atLimit && input.polling === 'auto' && polling) return;
    if (atLimit && input.polling === 'auto') {
      polling = true;
      tell(limitWords(code));
      void rearm();
    } else
      tell(`watching ${root}: ${thrown instanceof Error ? thrown.message : String(thrown)}; the regular scan still finds every change`);
  };

  function lookAtMount(): void {
    if (input.polling !== 'auto' || polling) return;
    const mount = remoteMountAt(root, input.mountinfo ?? readMounts);
    if (mount === null) return;
    polling = true;
    if (mountTold) return;
    mountTold = true;
    tell(
      `${root} lies on a network file system (${mount.type} at ${mount.at}), which raises no events: looking every ${ownPollMs / 1_000} s instead; ` +
        'watch.polling: true looks every second, false relies on the regular scan',
    );
  }

  async function arm(): Promise<void> {
    armed = identityOf(root);
    if (armed === null) {
      tell(`the content folder ${root} is missing: nothing is deleted, and watching goes on once it is back`);
      return;
    }
    told = '';
    lookAtMount();
    const watch = input.open ?? (await import('chokidar')).watch;
    if (closed) return;
    const byPolling = polling;
    const intervalMs = input.polling === true ? askedPollMs : ownPollMs;
    const next = watch(root, {
      ignoreInitial: true,
      followSymlinks: false,
      usePolling: byPolling,
      interval: intervalMs,
      binaryInterval: intervalMs,
      ignorePermissionErrors: true,
      // A polled folder does not change with what is written to its files, so polling has to look at those.
      ignored: (path, stats) => (path !== root && input.ignored(path)) || (!byPolling && stats?.isFile() === true),
    });
    watcher = next;
    next.on('all', (event, path) => {
      hints.hint();
      if (event === 'unlinkDir' && path === root && watcher === next) void rearm();
    });
    next.on('raw', (_event, name, details) => {
      const folder: unknown = (details as { watchedPath?: unknown } | null)?.watchedPath;
      const path = typeof name === 'string' && typeof folder === 'string' ? resolve(folder, name) : null;
      if (path === null || !input.ignored(path)) hints.hint();
    });
    next.on('error', onFault);
    await new Promise<void>((done) => {
      release = done;
      next.once('ready', () => done());
    });
  }

  function rearm(): Promise<void> {
    rearming ??= (async () => {
      const old = watcher;
      watcher = null;
      // Nobody waits for the one that is given up.
      release();
      await old?.close();
      if (!closed) await arm();
      rearming = null;
      hints.hint();
    })();
    return rearming;
  }

  function check(): void {
    if (closed) return;
    if (identityOf(root) !== armed) {
      release();
      void rearm();
    }
    timer = timers.after(input.rootCheckMs ?? 2000, check);
  }

  const ready = arm();
  timer = timers.after(input.rootCheckMs ?? 2000, check);
  return {
    ready,
    async close() {
      closed = true;
      timers.cancel(timer);
      hints.cancel();
      release();
      await ready;
      await rearming;
      await watcher?.close();
    },
  };
}

/** How often a folder is looked at where the configuration asks for it, and where it turns out to be needed. */
const askedPollMs = 1_000;
const ownPollMs = 5_000;

function limitWords(code: string): string {
  const [limit, raise] =
    code === 'ENOSPC'
      ? [
          'the limit of watched folders (fs.inotify.max_user_watches)',
          'sysctl fs.inotify.max_user_watches=524288, in /etc/sysctl.d/ for good',
        ]
      : ['the limit of open files or watchers', 'ulimit -n, LimitNOFILE= of the service, or fs.inotify.max_user_instances'];
  return `${limit} is reached (${code}): looking every ${ownPollMs / 1_000} s instead. Next: raise it (${raise}), then start again`;
}

function remoteMountAt(root: string, mountinfo: () => string | null): ReturnType<typeof remoteMountOf> {
  try {
    const mounts = mountinfo();
    return mounts === null ? null : remoteMountOf(realpathSync(root), mounts);
  } catch {
    return null;
  }
}

function readMounts(): string | null {
  // Elsewhere than on Linux nobody says: watch.polling does.
  return process.platform === 'linux' ? readFileSync('/proc/self/mountinfo', 'utf8') : null;
}

/** What tells one root from another at the same place: a new folder often gets the inode of the one just removed. Null: no folder. */
function identityOf(root: string): string | null {
  try {
    const stats = statSync(root, { bigint: true });
    return stats.isDirectory() ? `${stats.dev} ${stats.ino} ${stats.birthtimeNs}` : null;
  } catch {
    return null;
  }
}

/** Many hints → one change: settleMs after the last, at the latest maxWaitMs after the first. */
export function coalesce(
  input: Pick<WatchInput, 'settleMs' | 'maxWaitMs' | 'onChange'>,
  timers: WatchTimers,
): { hint(): void; cancel(): void } {
  let first: number | null = null;
  let timer: unknown = null;
  const fire = () => {
    first = null;
    timer = null;
    input.onChange();
  };
  return {
    hint() {
      const now = timers.now();
      first ??= now;
      if (timer !== null) timers.cancel(timer);
      timer = timers.after(Math.max(0, Math.min(input.settleMs, first + input.maxWaitMs - now)), fire);
    },
    cancel() {
      if (timer !== null) timers.cancel(timer);
      first = null;
      timer = null;
    },
  };
}
