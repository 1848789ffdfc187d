// The real program against an emulator that this process serves, as another user or on a spoilt disk: what a state folder that takes nothing does to it.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { World } from './bots.ts';
import { ended, type Ran } from './run-program.ts';

export const program = process.env['KBSYNC_PROGRAM'] ?? fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const preload = pathToFileURL(fileURLToPath(new URL('./full-disk.mjs', import.meta.url))).href;

/** Nobody's number, everywhere. */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

export interface How {
  /** Bytes that the state folder still takes; null: as many as there are. */
  readonly room?: number;
  /** As a user who may not write everywhere: root may. */
  readonly asNobody?: boolean;
  readonly words?: readonly string[];
  /** Put before the program: `unshare -m sh -c …`. */
  readonly within?: readonly string[];
}

/** `kbsync sync --json --no-wait` in the world's folder. */
export function syncThere(bot: World, how: How = {}): Promise<Ran> {
  const { room = null, asNobody = false, words = ['sync', '--json', '--no-wait'], within = [] } = how;
  const node = [...(room === null ? [] : ['--import', preload]), program, ...words];
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: bot.dir,
    NO_COLOR: '1',
    ...(room !== null && { KBSYNC_TEST_FULL: join(bot.dir, 'state'), KBSYNC_TEST_ROOM: String(room) }),
  };
  const user = asNobody && isRoot ? { uid: nobody, gid: nobody } : {};
  const [command = process.execPath, ...before] = within;
  const words2 = within.length === 0 ? node : [...before, process.execPath, ...node];
  return ended(spawn(command, words2, { cwd: bot.dir, env, stdio: ['ignore', 'pipe', 'pipe'], ...user }));
}

/** Why permissions cannot be tried here; null: they can. */
export function whyNoPermissions(): string | null {
  if (process.platform === 'win32') return 'permissions are another matter on Windows';
  if (!isRoot) return null;
  const tried = spawnSync(process.execPath, [program, '--version'], { uid: nobody, gid: nobody, cwd: '/', timeout: 20_000 });
  return tried.status === 0 ? null : 'root may write everywhere, and another user cannot run the program here';
}

/** The world's folder as another user's own, so that its permissions count. */
export function giveAway(bot: World): void {
  if (!isRoot) return;
  for (const path of [bot.dir, ...readdirSync(bot.dir, { recursive: true, encoding: 'utf8' }).map((name) => join(bot.dir, name))])
    chownSync(path, nobody, nobody);
}

/** The state folder, made and closed to writing; call the result to open it again. */
export function closedState(bot: World): () => void {
  const dir = join(bot.dir, 'state');
  mkdirSync(dir, { recursive: true });
  giveAway(bot);
  chmodSync(dir, 0o500);
  return () => chmodSync(dir, 0o700);
}
