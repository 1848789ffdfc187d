// Runs around every test file: whatever a test's programs print, and whatever it removes when it cleans up, is searched for the planted
// secret first. Node's own functions are replaced for that, so that a new test, or a new helper, cannot forget it.
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { promisify } from 'node:util';
import { afterAll } from 'vitest';
import { holdsPlanted, plantedIn } from './planted.ts';

const require = createRequire(import.meta.url);
const fs = require('node:fs') as typeof import('node:fs');
const childProcess = require('node:child_process') as typeof import('node:child_process');

type Child = import('node:child_process').ChildProcess;

/** What was found in this test file. Emptied by the one test that plants leaks. Test files that share a process share it, one after the other. */
const { plantedLeaks } = globalThis as { plantedLeaks?: Set<string> };
const leaks = plantedLeaks ?? new Set<string>();
if (plantedLeaks === undefined) {
  Object.assign(globalThis, { plantedLeaks: leaks });
  watchFolders();
  watchProcesses();
}

function watchFolders(): void {
  const remove = fs.rmSync;
  fs.rmSync = (path, options) => {
    if (options?.recursive === true) for (const file of plantedIn(String(path))) leaks.add(file);
    remove(path, options);
  };
}

/**
 * All that a process prints, as it comes: a secret may lie across two chunks. Looked at where chunks enter the stream: a listener would set it
 * flowing, and a test that listens later would miss what came before.
 */
function listened(child: Child, name: string): Child {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    let tail = '';
    const push = stream.push.bind(stream);
    stream.push = (chunk: Buffer | string | null, encoding?: BufferEncoding) => {
      if (chunk !== null) {
        const text = tail + chunk.toString();
        if (holdsPlanted(text)) leaks.add(`what ${name} printed: ${text.slice(0, 500)}`);
        tail = text.slice(-200);
      }
      return push(chunk, encoding);
    };
  }
  return child;
}

type Spawn = (file: string, ...more: unknown[]) => Child;

function watchProcesses(): void {
  const { spawn, execFile } = childProcess;
  const spawnAnything = spawn as unknown as Spawn;
  const runAnything = execFile as unknown as Spawn;
  const told = (file: string, more: readonly unknown[]) => [file, ...(Array.isArray(more[0]) ? more[0] : [])].join(' ').slice(0, 200);
  childProcess.spawn = ((file, ...more) => listened(spawnAnything(file, ...more), told(file, more))) as typeof spawn & Spawn;
  const execFileListened = ((file, ...more) => listened(runAnything(file, ...more), told(file, more))) as typeof execFile & Spawn;
  const promised = promisify(execFile) as unknown as (file: string, ...more: unknown[]) => Promise<unknown> & { readonly child: Child };
  Object.defineProperty(execFileListened, promisify.custom, {
    value: (file: string, ...more: unknown[]) => {
      const promise = promised(file, ...more);
      listened(promise.child, told(file, more));
      return promise;
    },
  });
  childProcess.execFile = execFileListened;
  syncBuiltinESMExports();
}

afterAll(() => {
  if (leaks.size === 0) return;
  const found = [...leaks].join('\n');
  leaks.clear();
  throw new Error(`the planted secret has come out:\n${found}`);
});
