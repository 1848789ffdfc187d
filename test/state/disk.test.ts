// The real disk: what it leaves behind, what it says when it cannot write; and the same behaviour from the disk in memory.
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Disk, isTemporaryOf, nodeDisk, sweepTemporary, temporaryName } from '../../src/state/disk.ts';
import { memoryDisk } from '../../src/testkit/faults.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kbsync-disk-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const kinds: readonly [string, () => Disk][] = [
  ['on the file system', nodeDisk],
  ['in memory', () => memoryDisk()],
];

describe.each(kinds)('a disk %s', (_name, make) => {
  it('reads back what was replaced, appended, cut and renamed', async () => {
    const disk = make();
    const file = join(dir, 'sub', 'a.json');
    await disk.mkdir(join(dir, 'sub'));
    await disk.replace(file, 'one');
    await disk.replace(file, 'two');
    await disk.append(file, ' three');
    expect(disk.read(file)?.toString()).toBe('two three');
    expect(disk.read(file, 5)?.toString()).toBe('three');
    await disk.truncate(file, 3);
    await disk.rename(file, `${file}.bak`);
    expect(disk.read(file)).toBeNull();
    expect(disk.read(`${file}.bak`)?.toString()).toBe('two');
    expect(disk.list(join(dir, 'sub'))).toEqual(['a.json.bak']);
    expect(disk.stat(`${file}.bak`)).toMatchObject({ size: 3, folder: false });
    await disk.remove(`${file}.bak`);
    await disk.remove(`${file}.bak`);
    expect(disk.list(join(dir, 'sub'))).toEqual([]);
    expect(disk.list(join(dir, 'nowhere'))).toEqual([]);
    expect(disk.stat(join(dir, 'nowhere'))).toBeNull();
  });

  it('keeps a file open for appending', async () => {
    const disk = make();
    const file = await disk.openAppend(join(dir, 'log'));
    await file.append('a\n');
    await file.append('b\n');
    await file.close();
    expect(disk.read(join(dir, 'log'))?.toString()).toBe('a\nb\n');
  });

  it('makes a file only once, and writes to its own even when another has taken the name', async () => {
    const disk = make();
    const path = join(dir, 'x.lock');
    const first = await disk.createExclusive(path, 'first');
    expect(await disk.createExclusive(path, 'second')).toBeNull();
    await disk.remove(path);
    const third = await disk.createExclusive(path, 'third');
    await first?.write('first again');
    expect(disk.read(path)?.toString()).toBe('third');
    await third?.write('3rd');
    expect(disk.read(path)?.toString()).toBe('3rd');
    await first?.close();
    await third?.close();
  });

  it('what is made exclusively is whole as soon as its name is there, and leaves nothing beside it', async () => {
    const disk = make();
    const paths = Array.from({ length: 200 }, (_, n) => join(dir, `${n}.lock`));
    let torn = 0;
    let done = false;
    const looking = (async () => {
      while (!done) {
        for (const name of readdirSync(dir)) if (name.endsWith('.lock') && disk.read(join(dir, name))?.toString() !== 'whole') torn += 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await Promise.all(paths.map(async (path) => (await disk.createExclusive(path, 'whole'))?.close()));
    done = true;
    await looking;
    expect(torn).toBe(0);
    expect(await disk.createExclusive(paths[0] ?? '', 'again')).toBeNull();
    expect(readdirSync(dir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('writes loosely into a folder that is not there yet', () => {
    const disk = make();
    disk.writeLoosely(join(dir, 'texts', 'support', 'f.gz'), 'x');
    expect(disk.read(join(dir, 'texts', 'support', 'f.gz'))?.toString()).toBe('x');
    disk.removeLoosely(join(dir, 'texts', 'support', 'f.gz'));
    disk.removeLoosely(join(dir, 'texts', 'support', 'f.gz'));
    expect(disk.list(join(dir, 'texts', 'support'))).toEqual([]);
  });

  it('sweeps what dead writers of those files left, and nothing else', async () => {
    const disk = make();
    const left = temporaryName(join(dir, 'a.json'), 'deadbeef');
    for (const path of [left, temporaryName(join(dir, 'ab.json'), 'deadbeef'), join(dir, 'a.json')]) await disk.append(path, '');
    await sweepTemporary(disk, dir, ['a.json']);
    expect(disk.list(dir)).toEqual(['.ab.json.deadbeef.tmp', 'a.json']);
    expect(isTemporaryOf('a.json.tmp', ['a.json'])).toBe(false);
  });
});

describe('the file system', () => {
  it('leaves no temporary file and nothing that others may read', async () => {
    const disk = nodeDisk();
    await disk.replace(join(dir, 'a.json'), 'x');
    await disk.append(join(dir, 'a.journal'), 'x');
    await (await disk.createExclusive(join(dir, 'a.lock'), 'x'))?.close();
    expect(readdirSync(dir).sort()).toEqual(['a.journal', 'a.json', 'a.lock']);
    for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
  });

  it('gives a reader the old content or the new while many replace it', async () => {
    const disk = nodeDisk();
    const path = join(dir, 'a.json');
    const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(20_000));
    await disk.replace(path, texts[0] ?? '');
    const writing = Promise.all(texts.map((text) => disk.replace(path, text)));
    let done = false;
    void writing.then(() => {
      done = true;
    });
    while (!done) {
      expect(texts).toContain(readFileSync(path, 'utf8'));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(disk.list(dir)).toEqual(['a.json']);
  });

  it('says which path it cannot write, why, and what to do', async () => {
    const disk = nodeDisk();
    await expect(disk.replace(join(dir, 'missing', 'a.json'), 'x')).rejects.toMatchObject({
      code: 'STATE_UNWRITABLE',
      message: `cannot write ${join(dir, 'missing', 'a.json')}: its folder does not exist`,
      next: expect.stringContaining('state.dir'),
    });
    writeFileSync(join(dir, 'file'), '');
    // Node's own way never comes back from there.
    if (process.platform === 'linux') await expect(disk.mkdir('/proc/kbsync/state')).rejects.toMatchObject({ code: 'STATE_UNWRITABLE' });
    await expect(disk.mkdir(join(dir, 'file', 'state'))).rejects.toMatchObject({ code: 'STATE_UNWRITABLE' });
    expect(() => disk.writeLoosely(join(dir, 'file', 'x', 'y'), '')).toThrow(/a file stands where a folder should be/);
    await expect(disk.replace('/dev/full/a', 'x')).rejects.toMatchObject({ code: 'STATE_UNWRITABLE' });
  });

  it.runIf(process.platform === 'linux')('says that the disk is full', async () => {
    await expect(nodeDisk().append('/dev/full', 'x')).rejects.toMatchObject({
      code: 'STATE_UNWRITABLE',
      message: 'cannot write /dev/full: the disk is full',
      next: expect.stringContaining('free disk space'),
    });
  });

  it.runIf(process.getuid?.() !== 0)('says that permission is missing', async () => {
    chmodSync(dir, 0o500);
    await expect(nodeDisk().replace(join(dir, 'a'), 'x')).rejects.toThrow(/permission denied/);
    chmodSync(dir, 0o700);
  });
});

describe('what is promised to be on disk', () => {
  it('an append and a replace have been synced by the system before they resolve', async () => {
    const probe = await open(join(dir, 'probe'), 'w');
    const handle = Object.getPrototypeOf(probe) as { datasync(): Promise<void>; sync(): Promise<void> };
    await probe.close();
    const datasync = vi.spyOn(handle, 'datasync');
    const sync = vi.spyOn(handle, 'sync');
    try {
      const disk = nodeDisk();
      const file = await disk.openAppend(join(dir, 'log'));
      sync.mockClear();
      await file.append('a\n');
      expect(datasync).toHaveBeenCalledTimes(1);
      await file.close();
      await disk.replace(join(dir, 'state.json'), '{}');
      // The file before the rename, the folder after it.
      expect(sync).toHaveBeenCalledTimes(2);
    } finally {
      datasync.mockRestore();
      sync.mockRestore();
    }
  });
});
