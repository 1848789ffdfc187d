// One scan for all who are due together; never an old one for somebody who knows of a change.
import { describe, expect, it } from 'vitest';
import type { Folder } from '../../src/cycle/folder.ts';
import { shareFolder } from '../../src/daemon/shared-folder.ts';
import { folderOf } from '../../src/testkit/engine.ts';

function bench() {
  let nowMs = 0;
  const scans: { resolve(folder: Folder): void; reject(error: Error): void }[] = [];
  const shared = shareFolder(
    () => new Promise<Folder>((resolve, reject) => scans.push({ resolve, reject })),
    () => nowMs,
  );
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { shared, scans, pass };
}

describe('shared folder', () => {
  it('scans once for two that ask together, and again only when it is no longer fresh', async () => {
    const { shared, scans, pass } = bench();
    const both = Promise.all([shared.get(), shared.get()]);
    expect(scans).toHaveLength(1);
    expect(shared.latest()).toBeNull();
    const found = folderOf({ 'a.md': 'x' });
    scans[0]?.resolve(found);
    expect(await both).toEqual([found, found]);
    expect(await shared.get()).toBe(found);
    pass(10_000);
    void shared.get();
    expect(scans).toHaveLength(2);
    expect(shared.latest()).toBe(found);
  });

  it('scans anew for who asks after a change, also while an older scan is under way, but one at a time', async () => {
    const { shared, scans } = bench();
    const early = shared.get();
    shared.changed();
    const late = shared.get();
    const later = shared.get();
    expect(scans).toHaveLength(1);
    const [old, fresh] = [folderOf({ 'a.md': 'old' }), folderOf({ 'a.md': 'new' })];
    scans[0]?.resolve(old);
    expect(await early).toBe(old);
    await new Promise(setImmediate);
    expect(scans).toHaveLength(2);
    scans[1]?.resolve(fresh);
    expect(await Promise.all([late, later])).toEqual([fresh, fresh]);
    expect(scans).toHaveLength(2);
  });

  it('hands a scan that failed to who asked for it, and tries again for the next', async () => {
    const { shared, scans } = bench();
    const first = shared.get();
    scans[0]?.reject(new Error('no memory'));
    await expect(first).rejects.toThrow('no memory');
    const second = shared.get();
    const found = folderOf({});
    scans[1]?.resolve(found);
    expect(await second).toBe(found);
  });
});
