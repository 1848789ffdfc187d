// Commands over the local socket: what is said and when, who may, and what becomes of either end going away.
import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CommandStreams,
  callDaemon,
  type HandedCommand,
  type Handover,
  openHandover,
  type RunCommand,
} from '../../src/daemon/handover.ts';
import { isPrivate, nodeDisk } from '../../src/state/disk.ts';

const disk = nodeDisk();
const command: HandedCommand = {
  command: 'sync',
  request: { paths: ['a.md'] },
  options: { config: null, targets: [], json: true, quiet: false, verbose: false },
  cwd: '/somewhere',
  colour: false,
  columns: null,
};

let stateDir: string;
let open: Handover[];

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'kbsync-handover-'));
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((handover) => handover.close()));
  rmSync(stateDir, { recursive: true, force: true });
});

async function listen(run: RunCommand, dir = stateDir): Promise<Handover> {
  const handover = await openHandover({ disk, stateDir: dir, version: '1.2.3', now: () => 0, run });
  open.push(handover);
  return handover;
}

function call(patch: { dir?: string; version?: string; stop?: AbortSignal; kill?: AbortSignal } = {}) {
  const said = { stdout: '', stderr: '', pid: 0 };
  const none = new AbortController().signal;
  const code = callDaemon({
    disk,
    stateDir: patch.dir ?? stateDir,
    version: patch.version ?? '1.2.3',
    command,
    stdout: (text) => {
      said.stdout += text;
    },
    stderr: (text) => {
      said.stderr += text;
    },
    onTaken: ({ pid }) => {
      said.pid = pid;
    },
    stop: patch.stop ?? none,
    kill: patch.kill ?? none,
  });
  return { code, said };
}

function aborted(signal: AbortSignal): Promise<void> {
  return signal.aborted ? Promise.resolve() : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

describe('hand-over', () => {
  it('a copy of the state folder is not the one that the daemon serves: what is run there is not handed to it', async () => {
    let ran = 0;
    await listen(async () => {
      ran += 1;
      return 0;
    });
    const copy = mkdtempSync(join(tmpdir(), 'kbsync-handover-'));
    try {
      mkdirSync(join(copy, 'daemon'), { mode: 0o700 });
      copyFileSync(join(stateDir, 'daemon', 'daemon.json'), join(copy, 'daemon', 'daemon.json'));
      expect([await call({ dir: copy }).code, ran]).toEqual([null, 0]);
      // By another way to the same folder it is.
      const link = join(copy, 'link');
      symlinkSync(stateDir, link);
      expect([await call({ dir: link }).code, ran]).toEqual([0, 1]);
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });

  it('runs the command there, and gives back every byte and the exit code', async () => {
    const seen: HandedCommand[] = [];
    await listen(async (given, { stdout, stderr }) => {
      seen.push(given);
      stderr('planning …\n');
      stdout('{"a":"ünï\\n"}\n');
      return 5;
    });
    const { code, said } = call();
    expect(await code).toBe(5);
    expect(said).toEqual({ stdout: '{"a":"ünï\\n"}\n', stderr: 'planning …\n', pid: process.pid });
    expect(seen).toEqual([command]);
  });

  it('is null where there is no daemon, one that died, or one of another version', async () => {
    expect(await call().code).toBeNull();
    const handover = await listen(async () => 0);
    expect(await call({ version: '1.2.4' }).code).toBeNull();
    const where = disk.read(join(stateDir, 'daemon', 'daemon.json'))?.toString('utf8') ?? '';
    await handover.close();
    expect(await call().code).toBeNull();
    // As a SIGKILL leaves it: the file is there, nobody listens.
    writeFileSync(join(stateDir, 'daemon', 'daemon.json'), where);
    expect(await call().code).toBeNull();
  });

  it('replaces the socket of a dead daemon, and is for its user only', async () => {
    await disk.mkdir(join(stateDir, 'daemon'));
    writeFileSync(join(stateDir, 'daemon', 'daemon.sock'), 'stale');
    const { path } = await listen(async () => 0);
    expect(path).toBe(join(stateDir, 'daemon', 'daemon.sock'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(stateDir, 'daemon', 'daemon.json')).mode & 0o777).toBe(0o600);
    expect(await call().code).toBe(0);
  });

  it('lies in a folder that nobody else can enter, whatever the umask was when it was made', async () => {
    mkdirSync(join(stateDir, 'daemon'));
    chmodSync(join(stateDir, 'daemon'), 0o777);
    const { path } = await listen(async () => 0);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    const fresh = join(stateDir, 'fresh', 'state');
    await listen(async () => 0, fresh);
    expect([statSync(fresh).mode & 0o777, statSync(join(fresh, 'daemon')).mode & 0o777]).toEqual([0o700, 0o700]);
  });

  it('is not led elsewhere by a link in its place, nor by one in place of the socket', async () => {
    const elsewhere = join(stateDir, 'elsewhere');
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, join(stateDir, 'daemon'));
    await expect(listen(async () => 0)).rejects.toMatchObject({ code: 'STATE_UNWRITABLE', message: expect.stringContaining('is a link') });
    expect(readdirSync(elsewhere)).toEqual([]);
    rmSync(join(stateDir, 'daemon'));

    mkdirSync(join(stateDir, 'daemon'));
    writeFileSync(join(elsewhere, 'precious'), 'kept');
    symlinkSync(join(elsewhere, 'precious'), join(stateDir, 'daemon', 'daemon.sock'));
    const { path } = await listen(async () => 3);
    expect(lstatSync(path).isSocket()).toBe(true);
    expect(readFileSync(join(elsewhere, 'precious'), 'utf8')).toBe('kept');
    expect(await call().code).toBe(3);
  });

  // Only root can try it as somebody else.
  it.skipIf(process.getuid?.() !== 0)('lets no other user in, neither to the socket nor to what opens it', async () => {
    chmodSync(stateDir, 0o755);
    const { path } = await listen(async () => 0);
    const script = `
      const { connect } = require('node:net');
      try { require('node:fs').readFileSync(${JSON.stringify(join(dirname(path), 'daemon.json'))}); console.log('read'); }
      catch (error) { console.log(error.code); }
      connect(${JSON.stringify(path)}, () => { console.log('in'); process.exit(); }).on('error', (error) => console.log(error.code));`;
    const child = spawn(process.execPath, ['-e', script], { uid: 65_534, gid: 65_534, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
    });
    await new Promise((resolve) => child.on('close', resolve));
    expect(said.trim().split('\n')).toEqual(['EACCES', 'EACCES']);
  });

  it('is not asked where others could have named a socket of theirs', async () => {
    // Root may do anything anyway, and is asked nothing: the folder is somebody else's by its rights alone.
    const { path } = await listen(async () => 0);
    const own = process.getuid?.();
    process.getuid = () => 4711;
    try {
      expect(isPrivate(dirname(path))).toBe(false);
      expect(await call().code).toBeNull();
    } finally {
      process.getuid = () => own ?? 0;
    }
    expect(await call().code).toBe(0);
  });

  it('takes a short path elsewhere where the state folder lies deep', async () => {
    const deep = join(stateDir, 'x'.repeat(120));
    const { path } = await listen(async () => 4, deep);
    expect(Buffer.byteLength(path)).toBeLessThan(100);
    expect(await call({ dir: deep }).code).toBe(4);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    await open.pop()?.close();
    expect(existsSync(dirname(path))).toBe(false);
  });

  it('refuses whoever does not know the token', async () => {
    let ran = false;
    const { path } = await listen(async () => {
      ran = true;
      return 0;
    });
    const status = await new Promise<number>((resolve, reject) => {
      const call = request({ socketPath: path, method: 'POST', path: '/run', headers: { authorization: 'Bearer wrong' } });
      call.on('response', (reply) => resolve(reply.statusCode ?? 0));
      call.on('error', reject);
      call.end(`${JSON.stringify({ run: command })}\n`);
    });
    expect([status, ran]).toEqual([403, false]);
  });

  it('passes a stop on and waits for the last words; when killed it goes, which stops the command too', async () => {
    let streams: CommandStreams | null = null;
    await listen(async (_command, given) => {
      streams = given;
      given.stdout('begun');
      await aborted(given.stop);
      given.stderr('stopped in good order\n');
      return 130;
    });
    const stop = new AbortController();
    const first = call({ stop: stop.signal });
    stop.abort();
    expect(await first.code).toBe(130);
    expect(first.said.stderr).toBe('stopped in good order\n');

    const kill = new AbortController();
    const second = call({ kill: kill.signal });
    while (second.said.stdout === '') await new Promise(setImmediate);
    kill.abort();
    expect(await second.code).toBe(130);
    const kept = streams as CommandStreams | null;
    await aborted(kept?.stop ?? AbortSignal.abort());
    expect(kept?.stop.aborted).toBe(true);
  });

  it('says so where the daemon goes away in the middle', async () => {
    const handover = await listen(async (_command, { stdout, stop }) => {
      stdout('begun');
      await aborted(stop);
      return 0;
    });
    const { code, said } = call();
    while (said.stdout === '') await new Promise(setImmediate);
    const lost = expect(code).rejects.toThrow(/went away before the command had ended/);
    await handover.close();
    await lost;
  });
});
