import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
