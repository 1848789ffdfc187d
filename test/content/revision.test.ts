import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readRevision } from '../../src/content/revision.ts';
import { folderWith } from './folder.ts';

const git = (folder: string, ...args: string[]) =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=T', '-c', 'user.email=t@example.com', '-c', 'commit.gpgsign=false', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('readRevision', () => {
  it('is null outside a repository, before the first commit, and where there is no folder', async () => {
    const root = folderWith({ 'a.md': '' });
    expect(await readRevision(root)).toEqual({ commit: null, dirty: null, prefix: null });
    expect(await readRevision(join(root, 'gone'))).toEqual({ commit: null, dirty: null, prefix: null });
    git(root, 'init', '-q');
    expect(await readRevision(root)).toEqual({ commit: null, dirty: null, prefix: null });
  });

  it('names the commit, and the paths below the root that differ from it', async () => {
    const repo = folderWith({
      'docs/a.md': 'a',
      'docs/caf\u00e9 x.md': 'c',
      'docs/gone.md': 'g',
      'docs/old.md': 'some text that moves',
      'other.md': 'o',
    });
    const root = join(repo, 'docs');
    git(repo, 'init', '-q');
    git(repo, 'add', '-A');
    git(repo, 'commit', '-q', '-m', 'one');
    const commit = git(repo, 'rev-parse', 'HEAD');
    expect(await readRevision(root)).toEqual({ commit, dirty: new Set(), prefix: 'docs/' });
    writeFileSync(join(root, 'a.md'), 'changed');
    writeFileSync(join(root, 'caf\u00e9 x.md'), 'changed');
    rmSync(join(root, 'gone.md'));
    mkdirSync(join(root, 'new'));
    writeFileSync(join(root, 'new/n\nl.md'), 'new');
    renameSync(join(root, 'old.md'), join(root, 'moved.md'));
    git(repo, 'add', 'docs/moved.md', 'docs/old.md');
    writeFileSync(join(repo, 'other.md'), 'changed');
    expect(await readRevision(root)).toEqual({
      commit,
      dirty: new Set(['a.md', 'caf\u00e9 x.md', 'gone.md', 'new/n\nl.md', 'old.md', 'moved.md']),
      prefix: 'docs/',
    });
    expect((await readRevision(repo)).dirty?.has('docs/a.md')).toBe(true);
  });

  it('finds the repository behind a link, in a worktree of its own, bare, and where the environment names it', async () => {
    const repo = folderWith({ 'docs/a.md': 'a' });
    git(repo, 'init', '-q');
    git(repo, 'add', '-A');
    git(repo, 'commit', '-q', '-m', 'one');
    const commit = git(repo, 'rev-parse', 'HEAD');
    const outside = folderWith({ 'else/b.md': 'b' });
    symlinkSync(join(repo, 'docs'), join(outside, 'link'));
    git(repo, 'worktree', 'add', '-q', join(outside, 'tree'));
    git(outside, 'clone', '-q', '--bare', repo, join(outside, 'bare'));
    for (const folder of ['link', 'tree/docs', 'bare/refs'])
      expect([folder, (await readRevision(join(outside, folder))).commit]).toEqual([folder, commit]);
    expect((await readRevision(join(outside, 'else'))).commit).toBeNull();
    vi.stubEnv('GIT_DIR', join(repo, '.git'));
    expect((await readRevision(join(outside, 'else'))).commit).toBe(commit);
  });

  it('starts no process where no folder above is a repository', async () => {
    const root = folderWith({ 'a.md': '', 'bin/git': '#!/bin/sh\ntouch "$(dirname "$0")/ran"\n' });
    chmodSync(join(root, 'bin/git'), 0o755);
    for (const name of Object.keys(process.env).filter((one) => one.startsWith('GIT_'))) vi.stubEnv(name, undefined);
    vi.stubEnv('PATH', `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`);
    await readRevision(root);
    expect(existsSync(join(root, 'bin/ran'))).toBe(false);
    mkdirSync(join(root, '.git'));
    await readRevision(root);
    expect(existsSync(join(root, 'bin/ran'))).toBe(true);
  });

  it('runs no program that the repository names to watch it', async () => {
    const root = folderWith({ 'a.md': 'a', 'watcher.sh': '#!/bin/sh\ntouch "$(dirname "$0")/ran"\n' });
    chmodSync(join(root, 'watcher.sh'), 0o755);
    git(root, 'init', '-q');
    git(root, 'add', '-A');
    git(root, 'commit', '-q', '-m', 'one');
    git(root, 'config', 'core.fsmonitor', join(root, 'watcher.sh'));
    expect((await readRevision(root)).dirty).toEqual(new Set());
    expect(existsSync(join(root, 'ran'))).toBe(false);
    git(root, 'status');
    expect(existsSync(join(root, 'ran'))).toBe(true);
  });
});
