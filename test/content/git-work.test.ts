// What git is in the middle of, asked of real repositories: plain, a subfolder, a worktree, in a conflict.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { gitFolderOf, gitStamp, gitWorkIn } from '../../src/content/git-work.ts';
import { folderWith } from './folder.ts';

let repository: string;

function git(...words: readonly string[]): void {
  const who = ['-c', 'user.name=A', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false', '-c', 'init.defaultBranch=main'];
  const env = { PATH: process.env['PATH'] ?? '', HOME: repository, GIT_CONFIG_NOSYSTEM: '1', GIT_EDITOR: 'true' };
  execFileSync('git', ['-C', repository, ...who, ...words], { stdio: 'ignore', env });
}

/** Where the repository is right now, by the kind of work in it. */
function work(root = repository): string | null {
  const folder = gitFolderOf(root);
  if (folder === null) throw new Error('it is a repository');
  return gitWorkIn(folder)?.kind ?? null;
}

function failing(...words: readonly string[]): void {
  expect(() => git(...words)).toThrow();
}

/** Two branches that change the same line. */
beforeEach(() => {
  repository = folderWith({ 'docs/a.md': 'one\n' });
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '-m', 'one');
  git('checkout', '--quiet', '-b', 'other');
  writeFileSync(join(repository, 'docs/a.md'), 'other\n');
  git('commit', '--quiet', '-am', 'other');
  git('checkout', '--quiet', 'main');
  writeFileSync(join(repository, 'docs/a.md'), 'two\n');
  git('commit', '--quiet', '-am', 'two');
});

describe('git at work', () => {
  it('is seen in a merge, a rebase, a cherry-pick and a bisect, and is over with it', () => {
    expect(work()).toBeNull();
    failing('merge', 'other');
    expect(work(join(repository, 'docs'))).toBe('merge');
    git('merge', '--abort');
    failing('rebase', 'other');
    expect(work()).toBe('rebase');
    git('rebase', '--abort');
    failing('cherry-pick', 'other');
    expect(work()).toBe('cherry-pick');
    git('cherry-pick', '--abort');
    git('bisect', 'start');
    expect(work()).toBe('bisect');
    git('bisect', 'reset');
    expect(work()).toBeNull();
  });

  it('is seen by its lock, one told from the next', () => {
    const lock = join(repository, '.git/index.lock');
    writeFileSync(lock, '');
    const first = gitWorkIn(join(repository, '.git'));
    expect(first).toMatchObject({ kind: 'lock', path: lock });
    rmSync(lock);
    writeFileSync(lock, 'another');
    expect(gitWorkIn(join(repository, '.git'))?.stamp).not.toBe(first?.stamp);
  });

  it('is looked for where the working tree has its own, in a worktree, and not in the one beside it', () => {
    git('worktree', 'add', '--quiet', join(repository, 'beside'), 'other');
    const beside = join(repository, 'beside');
    expect(gitFolderOf(join(beside, 'docs'))).toMatch(/\.git\/worktrees\/beside$/);
    execFileSync('git', ['-C', beside, 'bisect', 'start'], { stdio: 'ignore' });
    expect([work(beside), work()]).toEqual(['bisect', null]);
  });

  it('has a stamp that changes with each commit and checkout, and not by itself', () => {
    const folder = join(repository, '.git');
    const before = gitStamp(folder);
    expect(gitStamp(folder)).toBe(before);
    git('checkout', '--quiet', 'other');
    const after = gitStamp(folder);
    expect(after).not.toBe(before);
    git('commit', '--quiet', '--allow-empty', '-m', 'nothing');
    expect(gitStamp(folder)).not.toBe(after);
  });

  it('is nothing outside a repository, nor where .git is no such thing; a folder that is not there yet belongs to the one above it', () => {
    expect(gitFolderOf(folderWith({ 'a.md': 'a' }))).toBeNull();
    const odd = folderWith({ 'x/.git': 'nonsense' });
    expect(gitFolderOf(join(odd, 'x'))).toBeNull();
    expect(gitWorkIn(join(odd, 'nowhere'))).toBeNull();
    mkdirSync(join(repository, 'deep'));
    expect(gitFolderOf(join(repository, 'deep/not/yet'))).toMatch(/\.git$/);
  });
});
