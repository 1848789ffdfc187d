// deploy/systemd: by systemd's own checkers, and its ExecStart run for real, in the unit's environment, with a service manager of ours at the socket.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorTable } from '../../src/model/error.ts';
import { planted } from '../support/planted.ts';
import { readUnit, unitTime } from '../support/unit-file.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(`${root}deploy/systemd/kbsync.service`, 'utf8');
const unit = readUnit(text);
const service = (key: string): readonly string[] => unit.get(`Service.${key}`) ?? [];
const here = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

let dir: string;
let children: ChildProcess[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kbsync-unit-'));
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  // The key itself lies where it belongs; everything else is searched for it.
  for (const file of ['etc/kbsync/keys', 'run/credentials/kbsync.service']) rmSync(join(dir, file, 'KBSYNC_TOKEN'), { force: true });
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

describe('the unit', () => {
  it('says what the daemon relies on', () => {
    expect(service('Type')).toEqual(['notify']);
    expect(service('NotifyAccess')).toEqual(['all']);
    expect(service('ExecReload')).toEqual(['/bin/kill -HUP $MAINPID']);
    expect(service('ExecStart')[0]).toMatch(/^\/usr\/bin\/node \/opt\/kbsync\/node_modules\/kbsync\/dist\/main\.js --config \S+ watch$/);
    expect(service('RestartPreventExitStatus')).toEqual([String(errorTable.CONFIG_INVALID.exitCode)]);
    // Longer than daemon.shutdownTimeout (30 s) by default, and a sign of life is missed before the stop is cut off.
    expect(unitTime(service('TimeoutStopSec')[0] ?? '')).toBeGreaterThan(30_000);
    expect(unitTime(service('WatchdogSec')[0] ?? '')).toBeGreaterThanOrEqual(60_000);
    // V8 compiles as it runs.
    expect(service('MemoryDenyWriteExecute')).toEqual([]);
    for (const key of ['NoNewPrivileges', 'PrivateTmp', 'PrivateDevices', 'RestrictNamespaces', 'ProtectHome'])
      expect(service(key)).toEqual(['yes']);
    expect(service('ProtectSystem')).toEqual(['strict']);
    expect(service('CapabilityBoundingSet')).toEqual(['']);
    const named = service('LoadCredential').map((line) => line.split(':')[0]);
    const used = service('Environment').flatMap((line) => /^(\w+)_FILE=%d\/(\w+)$/.exec(line)?.slice(1, 3) ?? []);
    expect(used).toEqual(named.flatMap((name) => [name, name]));
    const keys = readUnit(readFileSync(`${root}deploy/systemd/kbsync.service.d/keys.conf`, 'utf8'));
    expect(keys.get('Service.LoadCredential')).toHaveLength(keys.get('Service.Environment')?.length ?? 0);
  });

  const analyze = here('systemd-analyze');
  it.skipIf(!analyze)(
    `is what systemd-analyze takes${analyze ? '' : ' (systemd-analyze is not here)'}: no fault, an exposure below 2 of 10`,
    () => {
      const file = join(dir, 'kbsync.service');
      // The checker looks whether the program is there.
      writeFileSync(file, text.replace('/usr/bin/node', process.execPath));
      const verified = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
      expect([verified.status, verified.stderr, verified.stdout]).toEqual([0, '', '']);
      const security = (path: string) =>
        spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', '--no-pager', path], { encoding: 'utf8' });
      expect([security(file).status, security(file).stdout.split('\n').at(-2)]).toEqual([0, expect.stringContaining('exposure level')]);
      // And both would have seen it.
      writeFileSync(file, text.replace('NotifyAccess=all', 'NotifyAccess=everybody').replace('/usr/bin/node', process.execPath));
      expect(spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' }).stderr).toContain('Failed to parse notify access');
      writeFileSync(file, text.replace('SystemCallFilter=@system-service @pkey\n', '').replace('CapabilityBoundingSet=\n', ''));
      expect(security(file).status).not.toBe(0);
    },
  );
});

const missing = ['systemd-notify', 'perl'].filter((program) => !here(program));

/** The unit's ExecStart with its environment, below a folder that stands for /. */
class Started {
  readonly child: ChildProcess;
  readonly #manager: ChildProcess;
  said = '';
  told = '';
  readonly ended: Promise<number | null>;

  private constructor(child: ChildProcess, manager: ChildProcess) {
    this.child = child;
    this.#manager = manager;
    child.stderr?.setEncoding('utf8').on('data', (some: string) => {
      this.said += some;
    });
    this.ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
  }

  static async start(watchdogMs: number): Promise<Started> {
    const socket = join(dir, 'notify');
    const manager = spawn('perl', [`${root}test/support/notify-socket.pl`, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(manager);
    let told = '';
    let started: Started | null = null;
    manager.stdout.setEncoding('utf8').on('data', (some: string) => {
      told += some;
      if (started !== null) started.told = told;
    });
    while (!told.includes('listening')) await wait(10);
    const credentials = join(dir, 'run/credentials/kbsync.service');
    const put = (value: string): string =>
      value
        .replaceAll('/usr/bin/node', process.execPath)
        .replaceAll('/opt/kbsync/node_modules/kbsync/', root)
        .replaceAll('/etc/kbsync', join(dir, 'etc/kbsync'))
        .replaceAll('%d', credentials);
    const env: Record<string, string> = {
      PATH: process.env['PATH'] ?? '',
      NOTIFY_SOCKET: socket,
      WATCHDOG_USEC: String(watchdogMs * 1_000),
      STATE_DIRECTORY: join(dir, 'var/lib/kbsync'),
      CREDENTIALS_DIRECTORY: credentials,
    };
    for (const line of service('Environment')) env[line.split('=')[0] ?? ''] = put(line.slice(line.indexOf('=') + 1));
    for (const line of service('LoadCredential')) {
      const [name = '', from = ''] = line.split(':');
      writeFileSync(join(credentials, name), readFileSync(put(from)));
      chmodSync(join(credentials, name), 0o400);
    }
    // The number of the process is known only once it is there.
    const words = put(service('ExecStart')[0] ?? '').split(' ');
    const child = spawn('sh', ['-c', 'WATCHDOG_PID=$$ exec "$@"', 'sh', ...words], {
      cwd: env['STATE_DIRECTORY'],
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    children.push(child);
    started = new Started(child, manager);
    return started;
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (!holds()) {
      if (Date.now() > deadline || this.#manager.exitCode !== null) throw new Error(`never came: ${what}\n${this.told}\n${this.said}`);
      await wait(20);
    }
  }

  count(message: string): number {
    return this.told.split('\n').filter((line) => line.split('\t').includes(message)).length;
  }
}

describe.skipIf(missing.length > 0)(`its ExecStart${missing.length > 0 ? ` (not here: ${missing.join(', ')})` : ''}`, () => {
  const config = (more = '') =>
    'version: 1\nname: docs\ncontent: { root: ../../srv/docs }\nstate: { dir: "${STATE_DIRECTORY}" }\ndaemon: { port: 0 }\ntargets:\n' +
    `  - { name: support, vendor: chatthing, sandbox: true }\n  - { name: site, vendor: sitegpt, sandbox: true }\n${more}`;

  beforeEach(() => {
    for (const path of ['etc/kbsync/keys', 'var/lib/kbsync', 'srv/docs', 'run/credentials/kbsync.service'])
      mkdirSync(join(dir, path), { recursive: true });
    writeFileSync(join(dir, 'etc/kbsync/sync.config.yaml'), config());
    writeFileSync(join(dir, 'etc/kbsync/keys/KBSYNC_TOKEN'), `${planted}\n`);
    writeFileSync(join(dir, 'srv/docs/a.md'), '# A\n\nwords.\n');
  });

  it('is ready after the first look, lives, reloads or says why not, is not taken for alive while it hangs, and stops with 0', async () => {
    const started = await Started.start(1_500);
    await started.until('READY', () => started.count('READY=1') === 1);
    expect(started.told.indexOf('STATUS=starting')).toBeLessThan(started.told.indexOf('READY=1'));
    const url = /status page: (\S+)/.exec(started.said)?.[1] ?? '';
    expect((await fetch(`${url}readyz`)).status).toBe(200);
    // The token came in by its file.
    expect((await fetch(`${url}api/sync`, { method: 'POST', headers: { authorization: `Bearer ${planted}` } })).status).toBe(202);
    await started.until('two signs of life', () => started.count('WATCHDOG=1') >= 2);
    await started.until('the status line', () => /STATUS=2 targets: .*; http:/.test(started.told));

    started.child.kill('SIGHUP');
    await started.until('the end of a reload', () => started.count('RELOADING=1') === 1 && started.count('READY=1') === 2);
    expect(started.told).toMatch(/RELOADING=1\tMONOTONIC_USEC=\d+\t/);
    expect(started.said).toContain('the new configuration is at work');
    writeFileSync(join(dir, 'etc/kbsync/sync.config.yaml'), config('nonsense: 1\n'));
    started.child.kill('SIGHUP');
    await started.until('the end of another', () => started.count('READY=1') === 3);
    expect(started.said).toContain('the old configuration goes on');

    started.child.kill('SIGSTOP');
    await wait(300);
    const before = started.count('WATCHDOG=1');
    await wait(1_600);
    expect(started.count('WATCHDOG=1')).toBe(before);
    started.child.kill('SIGCONT');
    await started.until('life again', () => started.count('WATCHDOG=1') > before);

    started.child.kill('SIGTERM');
    expect(await started.ended).toBe(0);
    await started.until('STOPPING', () => started.count('STOPPING=1') === 1);
    const last = started.told.split('\n').filter((line) => line !== '' && line !== 'BARRIER=1');
    expect(last.at(-1)).toContain('STOPPING=1');
    expect(started.told + started.said).not.toContain(planted);
  }, 90_000);

  it('ends with the status that is not tried again where the configuration is wrong', async () => {
    writeFileSync(join(dir, 'etc/kbsync/sync.config.yaml'), config('nonsense: 1\n'));
    const started = await Started.start(1_500);
    expect(String(await started.ended)).toBe(service('RestartPreventExitStatus')[0]);
    expect(started.told).not.toContain('READY=1');
  });
});
