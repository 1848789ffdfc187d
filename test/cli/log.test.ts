// The log of a process: what a line holds and what never does, and what becomes of it when its file cannot be written, is moved away or is not there.
import fs, { appendFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog, fileSink, streamSink } from '../../src/cli/log.ts';
import { logOptionsOf, openLog } from '../../src/cli/log-options.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import type { LogLevel } from '../../src/model/log.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kbsync-log-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const secret = 'sgpt_4f9c2a7be1-not-for-anyone';

function logging(format: 'text' | 'json' = 'json', level: LogLevel = 'debug') {
  const lines: string[] = [];
  const secrets = createSecretSet();
  secrets.add(secret);
  const sink = streamSink({ write: (text) => void lines.push(text) });
  return { lines, secrets, log: createLog({ level, format, sink, secrets, now: () => Date.UTC(2026, 0, 2, 3, 4, 5) }) };
}

describe('a line', () => {
  it('is one JSON object with time, level, event, fields and sentence, and nothing of the process', () => {
    const { lines, log } = logging();
    log.line('info', 'operation', 'done: create a.md', { run: 'r1', target: 'support', durationMs: 12, status: undefined });
    expect(lines).toEqual([
      '{"level":"info","time":"2026-01-02T03:04:05.000Z","event":"operation","run":"r1","target":"support","durationMs":12,"msg":"done: create a.md"}\n',
    ]);
  });

  it('holds no secret, at any depth, in any form', () => {
    for (const format of ['json', 'text'] as const) {
      const { lines, log } = logging(format);
      const nested = { deep: { deeper: [{ apiKey: secret }, [`x ${secret} y`]] } };
      log.line('error', 'failed', `the key ${secret} was refused`, { vendor: `said ${secret}`, nested, basic: btoa(`user:${secret}`) });
      expect(lines).toHaveLength(1);
      expect(lines[0]).not.toContain(secret);
      expect(lines[0]).not.toContain(btoa(secret).slice(4, 20));
      expect(lines[0]).toContain('***');
    }
  });

  it('takes out a secret that became one after the log was opened', () => {
    const { lines, log, secrets } = logging();
    secrets.add('rotated-key-0815-x');
    log.line('info', 'say', 'now rotated-key-0815-x');
    expect(lines[0]).not.toContain('rotated');
  });

  it('is one line and harmless, whatever files and vendors say', () => {
    const hostile = '\u001b[31mred\u001b[0m\n{"level":"info","msg":"forged"}\r\n\u202egnp.exe\u2028 \u0007%s %j %o';
    const json = logging('json');
    json.log.line('warn', 'say', `title ${hostile}`, { document: hostile });
    expect(json.lines).toHaveLength(1);
    expect(json.lines[0]?.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f\u2028\u202e]/);
    const read = JSON.parse(json.lines[0] ?? '') as { document: string; msg: string };
    expect(read.document).toBe(hostile);
    expect(read.msg).toContain('%s %j %o');
    const text = logging('text');
    text.log.line('warn', 'say', `title ${hostile}`, { document: hostile });
    expect(text.lines[0]?.split('\n')).toHaveLength(2);
    expect(text.lines[0]?.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f\u2028\u202e]/);
  });

  it('is left out above its level', () => {
    const { lines, log } = logging('json', 'warn');
    for (const level of ['debug', 'info', 'warn', 'error'] as const) log.line(level, 'say', level);
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(['warn', 'error']);
  });

  it('reads well in a terminal: the target first, what the sentence says not again', () => {
    const { lines, log } = logging('text');
    log.line('info', 'operation', 'done: create a b.md', { run: 'r1', target: 'site', document: 'a b.md', outcome: 'done', durationMs: 7 });
    log.line('error', 'say', 'site: works again', { target: 'site' });
    expect(lines).toEqual([
      '2026-01-02T03:04:05.000Z INFO  site: done: create a b.md (operation run=r1 durationMs=7)\n',
      '2026-01-02T03:04:05.000Z ERROR site: works again\n',
    ]);
  });

  it('never throws, though its stream does', () => {
    const sink = streamSink({
      write() {
        throw Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
      },
    });
    const log = createLog({ level: 'info', format: 'json', sink, secrets: createSecretSet(), now: () => 0 });
    expect(() => log.line('info', 'say', 'unheard')).not.toThrow();
  });
});

describe('a log file', () => {
  it('is appended to, and made for its owner only', () => {
    const path = join(dir, 'k.log');
    const first = fileSink(path, () => {});
    first.write('one\n');
    first.close();
    const second = fileSink(path, () => {});
    second.write('two\n');
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    second.close();
  });

  it('is opened anew when it was moved away, with nothing lost', () => {
    const path = join(dir, 'k.log');
    const sink = fileSink(path, () => {});
    sink.write('before\n');
    renameSync(path, `${path}.1`);
    sink.write('still the old one\n');
    expect(existsSync(path)).toBe(false);
    sink.reopen();
    sink.write('after\n');
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('before\nstill the old one\n');
    expect(readFileSync(path, 'utf8')).toBe('after\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    sink.close();
  });

  it('goes on with the old one where the new one cannot be opened, and says so', () => {
    const path = join(dir, 'k.log');
    const told: string[] = [];
    const sink = fileSink(path, (line) => void told.push(line));
    renameSync(dir, `${dir}-moved`);
    sink.reopen();
    sink.write('kept\n');
    expect(readFileSync(join(`${dir}-moved`, 'k.log'), 'utf8')).toBe('kept\n');
    expect(told).toEqual([`log: ${path} cannot be opened anew: its folder does not exist; the old file goes on`]);
    sink.close();
    renameSync(`${dir}-moved`, dir);
  });

  it.runIf(existsSync('/dev/full'))('on a full disk is told of once; nobody who logs notices, and memory stays bounded', () => {
    const told: string[] = [];
    const sink = fileSink('/dev/full', (line) => void told.push(line));
    const before = process.memoryUsage().rss;
    for (let line = 0; line < 20_000; line += 1) sink.write(`${'x'.repeat(5_000)}\n`);
    expect(told).toEqual(['log: /dev/full cannot be written: ENOSPC; the work goes on without it']);
    expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024);
    sink.close();
  });

  it('that can be written again says so, with what was kept for it', () => {
    const path = join(dir, 'k.log');
    const told: string[] = [];
    const sink = fileSink(path, (line) => void told.push(line));
    const full = vi.spyOn(fs, 'writeSync').mockImplementation(() => {
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    });
    sink.write('one\n');
    sink.write('two\n');
    full.mockRestore();
    sink.write('three\n');
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\nthree\n');
    expect(told).toEqual([expect.stringContaining('cannot be written: ENOSPC'), `log: ${path} can be written again`]);
    sink.close();
  });

  it('that cannot be opened is a usage error with its name', () => {
    expect(() => fileSink(join(dir, 'no', 'k.log'), () => {})).toThrow(
      /--log-file .*no\/k\.log cannot be opened: its folder does not exist/,
    );
    expect(() => fileSink(dir, () => {})).toThrow(/it is a folder/);
  });
});

describe('--log-level, --log-format, --log-file', () => {
  const open = async (
    command: string,
    given: object,
    how: { readonly tty?: boolean; readonly verbose?: boolean; readonly quiet?: boolean } = {},
  ) => {
    const lines: string[] = [];
    const stderr = { write: (text: string) => void lines.push(text), isTTY: how.tty === true };
    const { verbose = false, quiet = false } = how;
    const log = await openLog(logOptionsOf({ ...given }), {
      daemon: command === 'watch',
      quiet,
      verbose,
      cwd: dir,
      stderr,
      secrets: createSecretSet(),
    });
    return { log, lines };
  };

  it('a one-shot has no log unless it is asked for one; the daemon has one wherever nobody looks on', async () => {
    expect((await open('sync', {})).log).toBeNull();
    expect((await open('sync', {}, { verbose: true })).log).toBeNull();
    expect((await open('watch', {}, { tty: true })).log).toBeNull();
    expect((await open('watch', {})).log?.here).toBe(true);
    expect((await open('watch', {}, { tty: true, verbose: true })).log?.here).toBe(true);
  });

  it('auto is text in a terminal, JSON lines elsewhere and in a file', async () => {
    const terminal = await open('watch', { logLevel: 'info' }, { tty: true });
    terminal.log?.log.line('info', 'say', 'hello');
    expect(terminal.lines[0]).toMatch(/^\d{4}-\S+Z INFO {2}hello\n$/);
    const elsewhere = await open('sync', { logFormat: 'auto' });
    elsewhere.log?.log.line('info', 'say', 'hello');
    expect(JSON.parse(elsewhere.lines[0] ?? '')).toMatchObject({ level: 'info', msg: 'hello' });
    const file = await open('sync', { logFile: 'k.log' }, { tty: true });
    file.log?.log.line('info', 'say', 'hello');
    expect(file.log?.here).toBe(false);
    expect(JSON.parse(readFileSync(join(dir, 'k.log'), 'utf8'))).toMatchObject({ msg: 'hello' });
    file.log?.close();
  });

  it('--verbose asks for every request, --quiet for warnings only, and --log-level has the last word', async () => {
    const levels = async (given: object, how: object): Promise<number> => {
      const { log, lines } = await open('watch', given, how);
      for (const level of ['error', 'warn', 'info', 'debug'] as const) log?.log.line(level, 'say', level);
      return lines.length;
    };
    expect(await levels({}, {})).toBe(3);
    expect(await levels({}, { verbose: true })).toBe(4);
    expect(await levels({}, { quiet: true })).toBe(2);
    expect(await levels({ logLevel: 'error' }, { verbose: true })).toBe(1);
  });

  it('writes to the end of a file that is there', async () => {
    writeFileSync(join(dir, 'k.log'), 'mine\n');
    const { log } = await open('sync', { logFile: 'k.log' });
    appendFileSync(join(dir, 'k.log'), 'yours\n');
    log?.log.line('info', 'say', 'hello');
    expect(readFileSync(join(dir, 'k.log'), 'utf8').split('\n').slice(0, 2)).toEqual(['mine', 'yours']);
    log?.close();
  });
});
