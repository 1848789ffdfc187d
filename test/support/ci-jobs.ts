// Jobs of a CI system as real processes: one bare repository as the server, a fresh clone a job, and one bot for all of them.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type World, world } from './bots.ts';
import { type GitRepo, gitRepo, plainEnv, temporary } from './git-repo.ts';
import { ended, type Ran } from './run-program.ts';

const program = process.env['KBSYNC_PROGRAM'] ?? fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface Jobs {
  readonly bot: World;
  readonly dir: string;
  /** The bare repository. */
  readonly server: string;
  /** Of the one who writes documents. */
  readonly author: GitRepo;
  /** A clone as a CI system makes it: of the newest commit alone, on no branch. */
  job(name: string, ref?: string): Job;
  /** A path on the state's branch, as text; null: there is no such file, or no branch. */
  onBranch(path: string): string | null;
  /** The commit that the branch is at; null: none. */
  tip(): string | null;
  git(...args: readonly string[]): string;
  close(): Promise<void>;
}

export interface Job {
  readonly dir: string;
  start(...words: readonly string[]): ChildProcess;
  run(...words: readonly string[]): Promise<Ran>;
}

/** `state`: keys of state.git. */
export async function ciJobs(
  flavour: string,
  {
    settings = {},
    state = '{ branch: kbsync-state }',
    files,
  }: { settings?: object; state?: string; files: Readonly<Record<string, string>> },
): Promise<Jobs> {
  const dir = temporary();
  const bot = await world(flavour, { queuedMs: 0, processingMs: 0, syncMs: 0, ...settings });
  const server = join(dir, 'server.git');
  const env = plainEnv(dir);
  const git = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync('git', args, { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  git('init', '--quiet', '--bare', '--initial-branch=main', server);
  const author = gitRepo(join(dir, 'author'));
  const config = readFileSync(join(bot.dir, 'sync.config.yaml'), 'utf8').replace('\ntargets:', `\nstate: { git: ${state} }\ntargets:`);
  author.commit({
    'sync.config.yaml': config,
    ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`content/${name}`, text])),
  });
  author.git('remote', 'add', 'origin', server);
  author.git('push', '--quiet', 'origin', 'main');
  return {
    bot,
    dir,
    server,
    author,
    git,
    job(name, ref = 'main') {
      const clone = join(dir, name);
      git('clone', '--quiet', '--depth=1', `--branch=${ref}`, `file://${server}`, clone);
      git('-C', clone, 'checkout', '--quiet', '--detach');
      const start: Job['start'] = (...words) =>
        spawn(process.execPath, [program, ...words], {
          cwd: clone,
          env: { ...env, HOME: clone, NO_COLOR: '1', CI: 'true' },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
      return { dir: clone, start, run: (...words) => ended(start(...words)) };
    },
    onBranch(path) {
      const { status, stdout } = spawnSync('git', ['-C', server, 'show', `kbsync-state:${path}`], { env, encoding: 'utf8' });
      return status === 0 ? stdout : null;
    },
    tip() {
      const { status, stdout } = spawnSync('git', ['-C', server, 'rev-parse', '--verify', '--quiet', 'refs/heads/kbsync-state'], {
        env,
        encoding: 'utf8',
      });
      return status === 0 ? stdout.trim() : null;
    },
    async close() {
      await bot.close();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
