// The real program in a temporary folder, as a user runs it: what `npm run build` (pretest) made, or the build that KBSYNC_PROGRAM names.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EntryBody } from '../../src/model/effect.ts';
import { nodeDisk } from '../../src/state/disk.ts';
import { type LedgerView, openLedger, readLedger } from '../../src/state/store.ts';
import { planted } from './planted.ts';

const program = process.env['KBSYNC_PROGRAM'] ?? fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as the one JSON object that --json promises. */
  json<Shape = Record<string, unknown>>(): Shape;
}

export interface Home {
  readonly dir: string;
  /** Files relative to the folder; null removes one. */
  write(files: Readonly<Record<string, string | null>>): void;
  run(...words: readonly string[]): Promise<Ran>;
  start(...words: readonly string[]): ChildProcess;
  /** Puts entries into a target's memory, as a run would. */
  remember(target: string, entries: readonly EntryBody[]): Promise<void>;
  view(target: string): Promise<LedgerView>;
  remove(): void;
}

/** A folder with this configuration, and the program in it; `more` goes into its environment. */
export function home(config: string | null, more: Readonly<Record<string, string>> = {}): Home {
  const dir = mkdtempSync(join(tmpdir(), 'kbsync-cli-'));
  const stateDir = join(dir, 'state');
  // Nothing of the outside may decide what is seen: no CI, no colour, no secret but the planted one.
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir, NO_COLOR: '1', KBSYNC_TOKEN: planted, ...more };
  const write: Home['write'] = (files) => {
    for (const [path, text] of Object.entries(files)) {
      const file = join(dir, path);
      mkdirSync(dirname(file), { recursive: true });
      if (text === null) rmSync(file);
      else writeFileSync(file, text);
    }
  };
  const start: Home['start'] = (...words) =>
    spawn(process.execPath, [program, ...words], { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] });
  if (config !== null) write({ 'sync.config.yaml': config });
  return {
    dir,
    write,
    start,
    run: (...words) => ended(start(...words)),
    async remember(target, entries) {
      const ledger = await openLedger({ disk: nodeDisk(), dir: stateDir, target, now: Date.now });
      await ledger.append(entries);
      await ledger.checkpoint();
      await ledger.close();
    },
    view: (target) => readLedger({ disk: nodeDisk(), dir: stateDir, target }),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** What a process came to. */
export function ended(child: ChildProcess): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => {
      resolve({
        exitCode,
        stdout,
        stderr,
        json<Shape>() {
          if (stdout.split('\n').filter((line) => line !== '').length !== 1) throw new Error(`not one line of JSON:\n${stdout}\n${stderr}`);
          return JSON.parse(stdout) as Shape;
        },
      });
    });
  });
}
