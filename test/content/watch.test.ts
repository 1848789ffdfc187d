import { EventEmitter } from 'node:events';
import { mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ChokidarOptions, FSWatcher } from 'chokidar';
import { afterEach, describe, expect, it } from 'vitest';
import { type ContentWatch, coalesce, type WatchInput, watchContent } from '../../src/content/watch.ts';
import { folderWith } from './folder.ts';

/** Timers turned by hand. */
function handTimers() {
  let now = 0;
  let next = 1;
  const waiting = new Map<number, { at: number; run: () => void }>();
  return {
    now: () => now,
    after: (ms: number, run: () => void) => {
      next += 1;
      waiting.set(next, { at: now + ms, run });
      return next;
    },
    cancel: (timer: unknown) => void waiting.delete(timer as number),
    turnTo(at: number) {
      now = at;
      for (const [key, each] of [...waiting].sort((a, b) => a[1].at - b[1].at)) {
        if (each.at > now) continue;
        waiting.delete(key);
        each.run();
      }
    },
    waiting,
  };
}

describe('coalesce', () => {
  const start = () => {
    const timers = handTimers();
    const changes: number[] = [];
    const hints = coalesce({ settleMs: 100, maxWaitMs: 250, onChange: () => changes.push(timers.now()) }, timers);
    return { timers, changes, hints };
  };

  it('waits until it is quiet', () => {
    const { timers, changes, hints } = start();
    hints.hint();
    timers.turnTo(90);
    hints.hint();
    timers.turnTo(180);
    expect(changes).toEqual([]);
    timers.turnTo(190);
    expect(changes).toEqual([190]);
    timers.turnTo(1000);
    expect(changes).toEqual([190]);
  });

  it('but never longer than maxWait after the first', () => {
    const { timers, changes, hints } = start();
    for (let at = 0; at <= 500; at += 50) {
      timers.turnTo(at);
      hints.hint();
    }
    expect(changes).toEqual([250, 500]);
  });

  it('makes one change of ten thousand hints, with one timer at a time', () => {
    const { timers, changes, hints } = start();
    for (let hint = 0; hint < 10_000; hint += 1) {
      if (hint % 100 === 0) timers.turnTo(hint / 100);
      hints.hint();
      expect(timers.waiting.size).toBe(1);
    }
    timers.turnTo(1_000);
    expect(changes).toEqual([1_000]);
    expect(timers.waiting.size).toBe(0);
  });

  it('is silent once cancelled', () => {
    const { timers, changes, hints } = start();
    hints.hint();
    hints.cancel();
    timers.turnTo(1000);
    expect(changes).toEqual([]);
    expect(timers.waiting.size).toBe(0);
  });
});

describe('watchContent on the real file system', () => {
  let open: ContentWatch | null = null;
  afterEach(async () => {
    await open?.close();
    open = null;
  });

  /** Watches, and gives a function that waits for the next change after what it is given to do. */
  async function watching(root: string, patch: Partial<WatchInput> = {}) {
    let wake: (() => void) | null = null;
    let count = 0;
    const errors: string[] = [];
    const watch = watchContent({
      root,
      ignored: (path) => path.includes('/state'),
      polling: 'auto',
      settleMs: 40,
      maxWaitMs: 400,
      rootCheckMs: 50,
      onChange: () => {
        count += 1;
        wake?.();
      },
      onError: (error) => errors.push(error.message),
      ...patch,
    });
    open = watch;
    await watch.ready;
    // again: what may come before a new folder is watched is done once more until it is noticed.
    const changeAfter = (act: () => void, again = false) =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('no change within 10 s')), 10_000);
        const repeat = again ? setInterval(act, 250) : null;
        wake = () => {
          clearTimeout(timer);
          if (repeat !== null) clearInterval(repeat);
          wake = null;
          resolve();
        };
        act();
      });
    return { changeAfter, errors, count: () => count };
  }

  it('notices edits in place, atomic saves twice in a row, new folders, renames and deletes', async () => {
    const root = folderWith({ 'a.md': 'a', 'sub/b.md': 'b' });
    const { changeAfter } = await watching(root);
    const atomically = (path: string, text: string) => {
      writeFileSync(`${path}.tmp`, text);
      renameSync(`${path}.tmp`, path);
    };
    await changeAfter(() => writeFileSync(join(root, 'sub/b.md'), 'b2'));
    await changeAfter(() => atomically(join(root, 'a.md'), 'a2'));
    await changeAfter(() => atomically(join(root, 'a.md'), 'a3'));
    await changeAfter(() => mkdirSync(join(root, 'new/deep'), { recursive: true }));
    await changeAfter(() => writeFileSync(join(root, 'new/deep/c.md'), 'c'), true);
    await changeAfter(() => writeFileSync(join(root, 'new/deep/c.md'), 'c2'), true);
    await changeAfter(() => renameSync(join(root, 'new'), join(root, 'newer')));
    await changeAfter(() => writeFileSync(join(root, 'newer/deep/c.md'), 'c3'), true);
    await changeAfter(() => rmSync(join(root, 'newer/deep/c.md')));
  });

  it('does not wake for what is ignored', async () => {
    const root = folderWith({ 'a.md': 'a', 'state/x.json': '1' });
    const { changeAfter, count } = await watching(root, { settleMs: 20 });
    writeFileSync(join(root, 'state/x.json'), '2');
    await changeAfter(() => writeFileSync(join(root, 'a.md'), 'b'));
    expect(count()).toBe(1);
  });

  it('goes on after the root was removed and made again, and says that it is missing', async () => {
    const root = folderWith({ 'a.md': 'a' });
    const { changeAfter, errors } = await watching(root);
    await changeAfter(() => rmSync(root, { recursive: true }));
    await changeAfter(() => {
      mkdirSync(root);
      writeFileSync(join(root, 'a.md'), 'a');
    });
    await changeAfter(() => writeFileSync(join(root, 'a.md'), 'again'), true);
    expect(errors.every((message) => message.includes('is missing'))).toBe(true);
  });

  it('waits for a root that is not there yet', async () => {
    const root = join(folderWith({}), 'later');
    const { changeAfter, errors } = await watching(root);
    expect(errors).toHaveLength(1);
    await changeAfter(() => mkdirSync(root));
    await changeAfter(() => writeFileSync(join(root, 'a.md'), 'a'), true);
  });

  it('polls where it is told to', async () => {
    const root = folderWith({ 'a.md': 'a' });
    const { changeAfter } = await watching(root, { polling: true });
    let length = 1;
    await changeAfter(() => {
      length += 1;
      writeFileSync(join(root, 'a.md'), 'a'.repeat(length));
    }, true);
  });
});

describe('polling that is found to be needed', () => {
  /** Watchers that are none: what they were asked for, and a mouth for their errors. */
  function fakes(readyAtOnce = true) {
    const opened: { readonly options: ChokidarOptions; readonly watcher: EventEmitter; closed: boolean }[] = [];
    const open = (_path: string, options: ChokidarOptions): FSWatcher => {
      const entry = { options, watcher: new EventEmitter(), closed: false };
      opened.push(entry);
      if (readyAtOnce || options.usePolling === true) setImmediate(() => entry.watcher.emit('ready'));
      const close = async (): Promise<void> => {
        entry.closed = true;
      };
      return Object.assign(entry.watcher, { close }) as unknown as FSWatcher;
    };
    return { opened, open };
  }

  async function watched(patch: Partial<WatchInput>, root = folderWith({ 'a.md': 'a' })) {
    const told: string[] = [];
    const changed: string[] = [];
    const common = { ignored: () => false, polling: 'auto', settleMs: 1, maxWaitMs: 10, rootCheckMs: 60_000 } as const;
    const onError = (error: Error): void => void told.push(error.message);
    const watch = watchContent({ root, ...common, onChange: () => void changed.push('changed'), onError, ...patch });
    await watch.ready;
    return { watch, told, changed, root };
  }

  const mountAt = (at: string, type: string): string =>
    `21 1 8:1 / / rw - ext4 /dev/sda1 rw\n36 21 0:50 / ${at} rw - ${type} server:/docs rw\n`;

  it('looks every five seconds on a network file system, and says so once', async () => {
    const { opened, open } = fakes();
    const root = folderWith({ 'a.md': 'a' });
    const mountinfo = (): string => mountAt(dirname(realpathSync(root)), 'nfs4');
    const { watch, told } = await watched({ open, mountinfo, rootCheckMs: 5 }, root);
    expect(opened.map(({ options }) => [options.usePolling, options.interval])).toEqual([[true, 5_000]]);
    rmSync(root, { recursive: true });
    while (told.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    mkdirSync(root);
    while (opened.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await watch.close();
    expect(told.filter((line) => line.includes('nfs4'))).toHaveLength(1);
    expect(opened[1]?.options.usePolling).toBe(true);
  });

  it('leaves a local folder, and a choice that was made, alone', async () => {
    const root = folderWith({ 'a.md': 'a' });
    for (const [polling, type] of [
      ['auto', 'ext4'],
      [false, 'nfs'],
    ] as const) {
      const { opened, open } = fakes();
      const { watch, told } = await watched({ open, polling, mountinfo: () => mountAt(realpathSync(root), type) }, root);
      expect([opened[0]?.options.usePolling, told]).toEqual([false, []]);
      await watch.close();
    }
    const { opened, open } = fakes();
    const { watch } = await watched({ open, polling: true, mountinfo: () => null });
    expect([opened[0]?.options.usePolling, opened[0]?.options.interval]).toEqual([true, 1_000]);
    await watch.close();
  });

  it('gives up watching at the limit of watches, says what to raise, and reports a change all the same', async () => {
    const { opened, open } = fakes(false);
    const root = folderWith({ 'a.md': 'a' });
    const limit = Object.assign(new Error('ENOSPC: System limit for number of file watchers reached'), { code: 'ENOSPC' });
    const pending = watched({ open, mountinfo: () => null }, root);
    while (opened.length === 0) await new Promise(setImmediate);
    // As chokidar does: one for each folder, and never ready.
    opened[0]?.watcher.emit('error', limit);
    opened[0]?.watcher.emit('error', limit);
    const { watch, told, changed } = await pending;
    while (opened.length < 2 || changed.length === 0) await new Promise(setImmediate);
    expect(opened.map(({ options, closed }) => [options.usePolling, closed])).toEqual([
      [false, true],
      [true, false],
    ]);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/fs\.inotify\.max_user_watches\) is reached \(ENOSPC\).*sysctl/);
    await watch.close();
  });
});
