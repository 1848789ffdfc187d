// Real repositories in a temporary folder, made with the system's git: what content.git is fetched from.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Whether there is a git on this machine; tests that need one skip where there is not. */
export const hasGit = spawnSync('git', ['--version']).status === 0;
/** For the names of suites that skip. */
export const withoutGit = hasGit ? '' : ' (git is not installed)';

export interface GitRepo {
  readonly dir: string;
  git(...args: readonly string[]): string;
  write(files: Readonly<Record<string, string | null>>): void;
  /** Writes and commits; the commit. */
  commit(files: Readonly<Record<string, string | null>>, message?: string): string;
}

/** An environment that no configuration of this machine reaches. */
export function plainEnv(home: string): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: home, GIT_CONFIG_NOSYSTEM: '1' };
}

/** A temporary folder, without links in its path. */
export function temporary(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'kbsync-git-')));
}

/** A new repository with a work tree, on the branch main. */
export function gitRepo(dir: string): GitRepo {
  mkdirSync(dir, { recursive: true });
  const env = {
    ...plainEnv(dirname(dir)),
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  };
  const git = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync('git', ['-C', dir, ...args], { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  const write = (files: Readonly<Record<string, string | null>>): void => {
    for (const [path, text] of Object.entries(files)) {
      const absolute = join(dir, path);
      if (text === null) rmSync(absolute, { recursive: true, force: true });
      else {
        mkdirSync(dirname(absolute), { recursive: true });
        writeFileSync(absolute, text);
      }
    }
  };
  git('init', '--quiet');
  git('symbolic-ref', 'HEAD', 'refs/heads/main');
  return {
    dir,
    git,
    write,
    commit(files, message = 'change') {
      write(files);
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '-m', message);
      return git('rev-parse', 'HEAD');
    },
  };
}

/** A program that stands in for git: a shell script. Everything that it was started with goes to `log`, an argument a line. */
export function fakeGit(dir: string, script: string): { readonly program: string; readonly log: () => string } {
  const program = join(dir, 'fake-git.sh');
  const log = join(dir, 'fake-git.log');
  writeFileSync(program, `#!/bin/sh\nfor a in "$@"; do echo "$a" >> '${log}'; done\nenv >> '${log}.env'\n${script}\n`);
  chmodSync(program, 0o755);
  writeFileSync(log, '');
  return { program, log: () => readFileSync(log, 'utf8') };
}
