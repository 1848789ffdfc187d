// The real program and its log: what is on stderr and in the file, and that nothing but the log suffers where neither can be written.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
let dir: string;
let children: (() => void)[];

beforeEach(() => {
  children = [];
  dir = mkdtempSync(join(tmpdir(), 'kbsync-log-'));
  mkdirSync(join(dir, 'content'));
  writeFileSync(
    join(dir, 'sync.config.yaml'),
    'version: 1\nname: docs\nwatch: { settle: 50ms }\ndaemon: { port: 0 }\ntargets:\n' +
      '  - { name: site, vendor: sitegpt, sandbox: true, poll: { first: 100ms, max: 200ms } }\n',
  );
  writeFileSync(join(dir, 'content', 'a.md'), '# A\n\nword.\n');
});
afterEach(() => {
  for (const end of children) end();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

const isObject = (line: string): boolean => {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
};
const knows = (name: string): boolean => {
  const file = join(dir, 'state', 'site.json');
  return existsSync(file) && (readFileSync(file, 'utf8') + readFileSync(join(dir, 'state', 'site.journal'), 'utf8')).includes(name);
};
async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`never came: ${what}`);
    await wait(50);
  }
}

describe('the log of the program', () => {
  it('is the daemon’s by itself, and not that of a command that speaks to it', async () => {
    const { stdout, stderr } = await run(process.execPath, [program, 'watch', 'pause', 'site'], { cwd: dir });
    expect([stdout, stderr]).toEqual([expect.stringMatching(/^site: paused: /), '']);
  });

  it('has stderr to itself in JSON, failures too; stdout is as ever', async () => {
    const plain = await run(process.execPath, [program, 'sync', '--quiet'], { cwd: dir });
    rmSync(join(dir, 'state'), { recursive: true });
    const { stdout, stderr } = await run(process.execPath, [program, 'sync', '--log-format', 'json', '--log-level', 'debug'], { cwd: dir });
    // How often it has to ask about the training hangs on the machine.
    const steady = (text: string) => text.replace(/\d+ read/, 'n read');
    expect(steady(stdout)).toBe(steady(plain.stdout));
    const lines = stderr.trim().split('\n');
    expect(lines.filter((line) => !isObject(line))).toEqual([]);
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(
      expect.arrayContaining(['start', 'request', 'operation', 'end']),
    );
    const failed = await run(process.execPath, [program, 'status', '--target', 'nobody', '--log-level', 'error'], { cwd: dir }).catch(
      (error: { code: number; stderr: string }) => error,
    );
    expect(failed).toMatchObject({ code: 2 });
    expect(failed.stderr.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(failed.stderr)).toMatchObject({ level: 'error', event: 'failed', code: 'USAGE', exitCode: 2 });
  });

  it('opens its file anew on SIGHUP, and the daemon goes on', async () => {
    const file = join(dir, 'k.log');
    const child = spawn(process.execPath, [program, 'watch', '--log-file', 'k.log'], { cwd: dir, stdio: 'ignore' });
    children.push(() => void child.kill('SIGKILL'));
    await until('the first sync', () => knows('a.md'));
    renameSync(file, `${file}.1`);
    child.kill('SIGHUP');
    await until('the new file', () => existsSync(file) && readFileSync(file, 'utf8').includes('the new configuration is at work'));
    expect(readFileSync(`${file}.1`, 'utf8')).toContain('"document":"a.md"');
    for (const line of readFileSync(`${file}.1`, 'utf8').trim().split('\n')) expect(isObject(line)).toBe(true);
    const ended = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(readFileSync(file, 'utf8').trim().split('\n').at(-1)).toContain('"event":"end"');
  });

  it.runIf(existsSync('/dev/full'))(
    'a full disk under stderr or the log file, or a reader that went away, keeps no document from any bot',
    async () => {
      const full = openSync('/dev/full', 'a');
      for (const [name, words, stderr] of [
        ['one', ['watch'], full],
        ['two', ['watch', '--log-file', '/dev/full'], 'ignore'],
        ['three', ['watch'], 'pipe'],
      ] as const) {
        const child = spawn(process.execPath, [program, ...words], { cwd: dir, stdio: ['ignore', 'ignore', stderr] });
        children.push(() => void child.kill('SIGKILL'));
        child.stderr?.destroy();
        const ended = new Promise((resolve) => child.on('exit', resolve));
        writeFileSync(join(dir, 'content', `${name}.md`), `# ${name}\n\nwords.\n`);
        await until(`${name} is learnt`, () => knows(`${name}.md`));
        child.kill('SIGTERM');
        expect(await ended).toBe(0);
      }
    },
  );
});
