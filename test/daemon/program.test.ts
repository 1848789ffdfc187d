// The real program as a person runs it: `kbsync watch` on sandbox bots, a command from a second process, and signals.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const run = promisify(execFile);
// What `npm run build` (before `npm test`: pretest) made.
const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

interface Running {
  readonly url: string;
  readonly said: () => string;
  readonly ended: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
}

let dir: string;
let children: (() => void)[];

beforeEach(() => {
  children = [];
  dir = mkdtempSync(join(tmpdir(), 'kbsync-program-'));
  mkdirSync(join(dir, 'content'));
  writeFileSync(
    join(dir, 'sync.config.yaml'),
    'version: 1\nname: docs\nwatch: { settle: 50ms }\ndaemon: { port: 0 }\ntargets:\n' +
      '  - { name: support, vendor: chatthing, sandbox: true, poll: { first: 100ms, max: 500ms } }\n' +
      '  - { name: site, vendor: sitegpt, sandbox: true, lagMs: 0ms, poll: { first: 100ms, max: 500ms } }\n',
  );
  for (let n = 0; n < 30; n += 1) writeFileSync(join(dir, 'content', `p${n}.md`), `# Page ${n}\n\nword${n}.\n`);
});
afterEach(() => {
  for (const end of children) end();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

/** `atOnce`: signals that it is sent as soon as it has read its configuration, long before it is at work. */
async function watch(atOnce: readonly NodeJS.Signals[] = [], options: readonly string[] = []): Promise<Running> {
  const child = spawn(process.execPath, [program, 'watch', ...options], { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(() => void child.kill('SIGKILL'));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  const running = { url: '', said: () => said, ended, signal: (name: NodeJS.Signals) => void child.kill(name) };
  if (atOnce.length > 0) {
    await until(running, 'its first file', () => existsSync(join(dir, 'state', 'daemon')));
    for (const name of atOnce) running.signal(name);
  }
  await until(running, 'the status page', () => said.includes('status page: '));
  return { ...running, url: /status page: (\S+)/.exec(said)?.[1] ?? '' };
}

async function until(running: Pick<Running, 'said'>, what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`never came: ${what}\n${running.said()}`);
    await wait(50);
  }
}

function allTrained(running: Running, documents: number): () => Promise<boolean> {
  return async () => {
    const status = (await (await fetch(`${running.url}api/status`)).json()) as {
      targets: { inSync: boolean; counts: { trained: number } }[];
    };
    return status.targets.length === 2 && status.targets.every(({ inSync, counts }) => inSync && counts.trained === documents);
  };
}

async function requests(running: Running, intent: string): Promise<number> {
  const text = await (await fetch(`${running.url}metrics`)).text();
  return [...text.matchAll(/^kbsync_requests_total\{([^}]*)\} (\d+)$/gm)]
    .filter(([, labels]) => labels?.includes(`intent="${intent}"`) === true)
    .reduce((sum, [, , count]) => sum + Number(count), 0);
}

describe('kbsync watch', () => {
  it('trains everything within a minute, takes a sync from a second process, ends with 0, and writes nothing when started again', async () => {
    const began = Date.now();
    const first = await watch();
    await until(first, 'everything trained', allTrained(first, 30));
    expect(Date.now() - began).toBeLessThan(60_000);
    expect(await requests(first, 'write')).toBeGreaterThan(0);

    writeFileSync(join(dir, 'content', 'more.md'), '# More\n\nmore words.\n');
    const { stdout, stderr } = await run(process.execPath, [program, 'sync', '--json'], { cwd: dir });
    expect(stderr).toContain('handed to the daemon');
    const report = JSON.parse(stdout) as { exitCode: number; targets: { name: string; training: { trained: number } }[] };
    expect(report).toMatchObject({
      exitCode: 0,
      targets: [
        { name: 'support', training: { trained: 31 } },
        { name: 'site', training: { trained: 31 } },
      ],
    });
    // Between its passes the daemon holds no lock: others may look.
    await run(process.execPath, [program, 'plan', '--quiet'], { cwd: dir });
    const refused = await run(process.execPath, [program, 'watch'], { cwd: dir }).catch((error: { code: number; stderr: string }) => error);
    expect(refused).toMatchObject({ code: 10, stderr: expect.stringContaining('a daemon is already at work') as string });

    first.signal('SIGTERM');
    expect(await first.ended).toBe(0);
    const left = readdirSync(join(dir, 'state')).filter((name) => name.endsWith('.lock'));
    expect([...left, ...readdirSync(join(dir, 'state', 'daemon'))]).toEqual([]);

    const again = await watch();
    await until(
      again,
      'everything seen again',
      async () => (await fetch(`${again.url}readyz`)).ok && (again.said().match(/31 unchanged/g) ?? []).length === 2,
    );
    expect(await allTrained(again, 31)()).toBe(true);
    expect(await requests(again, 'write')).toBe(0);
    again.signal('SIGINT');
    expect(await again.ended).toBe(0);
  }, 120_000);

  it('is killed, and the next start takes lock, socket and half-done work over', async () => {
    const first = await watch();
    await until(first, 'a push', () => first.said().includes('syncing'));
    first.signal('SIGKILL');
    await first.ended;
    expect(existsSync(join(dir, 'state', 'daemon', 'daemon.json'))).toBe(true);
    const second = await watch();
    await until(second, 'everything trained', allTrained(second, 30));
    second.signal('SIGTERM');
    expect(await second.ended).toBe(0);
  }, 120_000);

  it('ends in the middle of a push on SIGTERM: 0 in time, no lock left, and the next start finishes with nothing twice', async () => {
    // Two a second: the push takes a quarter of a minute.
    const slowly = (rate: string) =>
      writeFileSync(
        join(dir, 'sync.config.yaml'),
        `version: 1\nname: docs\ndaemon: { port: 0 }\ntargets:\n  - { name: site, vendor: sitegpt, sandbox: true, lagMs: 0ms, rate: ${rate}, poll: { first: 100ms, max: 500ms } }\n`,
      );
    slowly('{ perMinute: 120, concurrency: 1 }');
    const first = await watch();
    const pushed = async (running: Running): Promise<number> => {
      const { targets } = (await (await fetch(`${running.url}api/status`)).json()) as { targets: { counts: { documents: number } }[] };
      return targets[0]?.counts.documents ?? 0;
    };
    await until(first, 'some are pushed', async () => (await pushed(first)) > 2);
    const asked = Date.now();
    first.signal('SIGTERM');
    expect(await first.ended).toBe(0);
    expect(Date.now() - asked).toBeLessThan(30_000);
    const left = readdirSync(join(dir, 'state')).filter((name) => name.endsWith('.lock'));
    expect([...left, ...readdirSync(join(dir, 'state', 'daemon'))]).toEqual([]);
    const status = await run(process.execPath, [program, 'status', '--json'], { cwd: dir });
    const { targets } = JSON.parse(status.stdout) as { targets: { counts: { documents: number; unconfirmed: number } }[] };
    expect(targets[0]?.counts.documents).toBeLessThan(30);
    expect(targets[0]?.counts.unconfirmed).toBe(0);
    slowly('{ perMinute: 60000, concurrency: 4 }');
    const second = await watch();
    const known = async (): Promise<boolean> => {
      const row = (await (await fetch(`${second.url}api/status`)).json()) as {
        targets: { inSync: boolean; counts: { trained: number } }[];
      };
      return row.targets[0]?.inSync === true && row.targets[0].counts.trained === 30;
    };
    await until(second, 'the rest is pushed and trained', known);
    const drift = await run(process.execPath, [program, 'drift', '--json'], { cwd: dir });
    expect(JSON.parse(drift.stdout)).toMatchObject({ exitCode: 0, targets: [{ counts: { missing: 0, twin: 0 } }] });
    second.signal('SIGTERM');
    expect(await second.ended).toBe(0);
  }, 120_000);

  it('ends at once on a second signal, whatever hangs', async () => {
    let asked = false;
    const deaf = createServer(() => {
      asked = true;
    });
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = deaf.address() as AddressInfo;
      writeFileSync(
        join(dir, 'sync.config.yaml'),
        `version: 1\nname: docs\ndaemon: { port: 0 }\ntargets:\n  - { name: site, vendor: sitegpt, baseUrl: "http://127.0.0.1:${port}", chatbotId: b, token: "\${SITE_TOKEN:-a-token-4711}" }\n`,
      );
      const running = await watch();
      await until(running, 'a request hangs', () => asked);
      running.signal('SIGTERM');
      await until(running, 'it is stopping', () => running.said().includes('again: stop at once'));
      const since = Date.now();
      running.signal('SIGTERM');
      expect(await running.ended).toBe(143);
      expect(Date.now() - since).toBeLessThan(5_000);
    } finally {
      deaf.closeAllConnections();
      deaf.close();
    }
  }, 60_000);

  it('is not ended by SIGHUP while it starts, but reads its configuration again when it has', async () => {
    const running = await watch(['SIGHUP']);
    await until(running, 'the reload', () => running.said().includes('reload: the new configuration is at work'));
    running.signal('SIGTERM');
    expect(await running.ended).toBe(0);
  }, 60_000);

  it('opens its log anew on SIGUSR1 and SIGUSR2, reads nothing again, and opens no debugger', async () => {
    const log = join(dir, 'kbsync.log');
    const running = await watch([], ['--log-file', log]);
    await until(running, 'everything trained', allTrained(running, 30));
    for (const name of ['SIGUSR1', 'SIGUSR2'] as const) {
      renameSync(log, join(dir, name));
      running.signal(name);
      await until(running, `a log file after ${name}`, () => existsSync(log));
    }
    expect(running.said()).not.toMatch(/Debugger|reload/);
    running.signal('SIGTERM');
    expect(await running.ended).toBe(0);
    expect(readFileSync(log, 'utf8')).toContain('asked to stop');
  }, 60_000);

  it('reads its configuration again on SIGHUP, and says why where it cannot', async () => {
    const running = await watch();
    await until(running, 'everything trained', allTrained(running, 30));
    writeFileSync(join(dir, 'sync.config.yaml'), 'version: 1\nname: docs\nnonsense: 1\n');
    running.signal('SIGHUP');
    await until(running, 'the refusal', () => running.said().includes('the old configuration goes on'));
    expect((await fetch(`${running.url}readyz`)).status).toBe(200);
    running.signal('SIGTERM');
    expect(await running.ended).toBe(0);
  }, 120_000);
});
