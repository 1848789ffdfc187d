// `unlock` with the real program: a dead holder is released, a live one is named and left alone.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeDisk } from '../../src/state/disk.ts';
import { acquireLock, readLock } from '../../src/state/lock.ts';
import { nodeProbe } from '../../src/state/process-probe.ts';
import { type Home, home } from '../support/run-program.ts';

const config = 'version: 1\nname: acme\ntargets: [{ name: site, vendor: sitegpt, sandbox: true }]\n';

describe('unlock', () => {
  let place: Home;
  let path: string;

  beforeEach(() => {
    place = home(config);
    place.write({ 'content/a.md': '# A\n' });
    path = join(place.dir, 'state', 'site.lock');
  });

  afterEach(() => place.remove());

  it('names a live holder, exits 10, and takes nothing from it', async () => {
    const disk = nodeDisk();
    const lock = await acquireLock({ disk, path, now: Date.now, command: 'kbsync sync', waitMs: 0 });
    const ran = await place.run('unlock', '--json');
    expect(ran.exitCode).toBe(10);
    expect(ran.json()).toMatchObject({
      exitCode: 10,
      error: { code: 'LOCKED' },
      targets: [{ name: 'site', state: 'held', holder: { command: 'kbsync sync', pid: process.pid } }],
    });
    expect(readLock(disk, path)?.id).toBe(lock.owner.id);
    expect((await place.run('todo', 'done', 'T1', '--json')).exitCode).toBe(2);
    expect((await place.run('status')).exitCode).toBe(0);
    expect((await place.run('sync', '--json')).json()).toMatchObject({ exitCode: 10, error: { code: 'LOCKED' } });
    await lock.release();
  });

  it('releases a lock whose process is gone', async () => {
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const at = new Date(Date.now() - 3_600_000).toISOString();
    mkdirSync(join(place.dir, 'state'), { recursive: true });
    const owner = { ...nodeProbe().self, pid: gone, startTime: null, id: 'dead', command: 'kbsync watch', since: at, beat: at };
    writeFileSync(path, JSON.stringify(owner));
    const ran = await place.run('unlock');
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toMatch(/^site: released; it was held by "kbsync watch" of .*, which is gone\n$/);
    expect(readLock(nodeDisk(), path)).toBeNull();
  });
});
