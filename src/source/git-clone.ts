// A clone of kbsync's own: a bare repository, and beside it one folder for each commit that was checked out lately. A folder is never changed once
// it stands, so that whoever reads it reads one revision. Runs git; knows nothing of locks, schedules and what was told.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { GitConfig } from '../model/config.ts';
import { SyncError } from '../model/error.ts';
import type { Disk } from '../state/disk.ts';
import { type GitResult, gitWords, runGit } from './run-git.ts';

export interface CloneInput {
  readonly git: GitConfig;
  readonly disk: Disk;
  /** For what speaks to the server. */
  readonly remoteEnv: () => Promise<Readonly<Record<string, string>>>;
  /** For what only works on this machine. */
  readonly localEnv: Readonly<Record<string, string>>;
  /** Takes secrets out of what git says. */
  readonly redact: (text: string) => string;
  /** Default: git, found as the environment says. */
  readonly program?: string | undefined;
  readonly onStart?: ((pid: number) => void) | undefined;
}

/** A folder with the files of one commit. */
export interface Tree {
  readonly commit: string;
  /** Its name in `trees`, never used twice. */
  readonly name: string;
}

export interface Clone {
  /** The commit that the branch is at on the server; null: the repository has no such branch. GIT_FETCH_FAILED-like SyncErrors say why not. */
  fetch(signal: AbortSignal | undefined): Promise<string | null>;
  /** The same, of a server that is only asked: nothing is fetched, and nothing made here. */
  tip(signal: AbortSignal | undefined): Promise<string | null>;
  /** A new folder with the files of a commit, complete, or nothing. */
  checkOut(commit: string, signal: AbortSignal | undefined): Promise<Tree>;
  /** Whether a folder still holds exactly what was checked out. */
  isWhole(tree: Tree): Promise<boolean>;
  /** Whether it stands. What is removed loses its name first. */
  stands(tree: Tree): boolean;
  /** Whether `commit` is part of the history of `of`; null: that cannot be told. */
  isPartOf(commit: string, of: string): Promise<boolean | null>;
  pathOf(tree: Tree): string;
  /** Where people look. Never throws. */
  pointTo(tree: Tree): Promise<void>;
  /** Removes every folder but these. */
  sweep(keep: ReadonlySet<string>): Promise<void>;
  version(): Promise<string | null>;
}

/** Work on this machine takes at most so long, in milliseconds. */
const localMs = 600_000;
const refName = 'refs/kbsync/head';
const leftBehind = ['shallow.lock', 'HEAD.lock', 'config.lock', 'packed-refs.lock', `${refName}.lock`, 'gc.pid', 'gc.pid.lock'];
/** Before anything that a repository says of its files: they are checked out byte for byte, and no program of this machine is run on them. */
const attributes = '* -text -eol -ident -filter -working-tree-encoding\n';

/** The clone below `git.dir`. Does nothing until it is asked. */
export function cloneAt({ git, disk, remoteEnv, localEnv, redact, program, onStart }: CloneInput): Clone {
  const repository = join(git.dir, 'repo.git');
  const trees = join(git.dir, 'trees');
  const run = async (
    args: readonly string[],
    how: { env?: Readonly<Record<string, string>>; ms?: number; signal?: AbortSignal | undefined } = {},
  ) =>
    runGit({
      ...(program !== undefined && { program }),
      args: [`--git-dir=${repository}`, ...args],
      env: how.env ?? localEnv,
      timeoutMs: how.ms ?? localMs,
      signal: how.signal,
      onStart,
    });
  const must = async (args: readonly string[], how: Parameters<typeof run>[1] = {}): Promise<string> => {
    const result = await run(args, how);
    if (result.status !== 0) throw failed(result, how.ms ?? localMs);
    return result.stdout;
  };
  const placeOf = ({ name }: Pick<Tree, 'name'>): string => join(trees, name);
  /** Named as `git clone` would: documents may be addressed by the name of their folder. */
  const treePath = (tree: Pick<Tree, 'name'>): string => join(placeOf(tree), folderNameOf(git.url));
  const indexOf = ({ name }: Pick<Tree, 'name'>): string => join(trees, `${name}.index`);
  const onTree = (tree: Pick<Tree, 'name'>, args: readonly string[]) =>
    [[`--work-tree=${treePath(tree)}`, ...args], { env: { ...localEnv, GIT_INDEX_FILE: indexOf(tree), GIT_OPTIONAL_LOCKS: '0' } }] as const;

  async function initialise(): Promise<void> {
    if (existsSync(join(repository, 'kbsync'))) return;
    await rm(repository, { recursive: true, force: true });
    // For nobody else's eyes, as everything of the state.
    await disk.mkdir(repository);
    // No template: it may bring hooks.
    await must(['init', '--quiet', '--bare', '--template=']);
    await disk.mkdir(join(repository, 'info'));
    await writeFile(join(repository, 'info', 'attributes'), attributes);
    await writeFile(join(repository, 'kbsync'), 'complete\n');
  }

  return {
    async fetch(signal) {
      await initialise();
      // Whoever asks holds the lock of the clone: these are of a git that was killed.
      for (const lock of leftBehind) await rm(join(repository, lock), { force: true });
      const name = git.branch === null ? 'HEAD' : `refs/heads/${git.branch}`;
      const isShallow = existsSync(join(repository, 'shallow'));
      const depth = git.depth !== null ? [`--depth=${git.depth}`] : isShallow ? ['--unshallow'] : [];
      const options = ['--quiet', '--force', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head', ...depth];
      const how = { env: await remoteEnv(), ms: git.timeoutMs, signal };
      const result = await run(['fetch', ...options, '--', git.url, `+${name}:${refName}`], how);
      if (result.status === 0) return (await must(['rev-parse', '--verify', '--quiet', `${refName}^{commit}`])).trim();
      if (result.ended === 'by itself' && /couldn't find remote ref/i.test(result.stderr)) return null;
      throw failed(result, git.timeoutMs);
    },
    async tip(signal) {
      const name = git.branch === null ? 'HEAD' : `refs/heads/${git.branch}`;
      const how = { env: await remoteEnv(), ms: git.timeoutMs, signal };
      const listed = await must(['ls-remote', '--quiet', '--', git.url, name], how);
      return /^([0-9a-f]{40,64})\t/.exec(listed)?.[1] ?? null;
    },
    async checkOut(commit, signal) {
      const tree: Tree = { commit, name: `${commit.slice(0, 12)}-${randomBytes(4).toString('hex')}` };
      await disk.mkdir(treePath(tree));
      try {
        const isThere = git.subdir === '' || (await typeOf(`${commit}:${git.subdir}`)) === 'tree';
        const prefix = git.subdir === '' ? [commit] : [`--prefix=${git.subdir}/`, `${commit}:${git.subdir}`];
        for (const args of isThere
          ? [
              ['read-tree', ...prefix],
              ['checkout-index', '--all', '--force', '--index'],
            ]
          : [['read-tree', '--empty']]) {
          const [words, how] = onTree(tree, args);
          await must(words, { ...how, signal });
        }
        if (!(await wholeOf(tree)))
          throw new SyncError('CONTENT_MISSING', {
            message: `content.git: the files of ${commit.slice(0, 12)} cannot be written as they are`,
            next: `look for names in ${git.url} that differ only in case or that this file system does not take`,
          });
        return tree;
      } catch (thrown) {
        await discard(tree);
        throw thrown;
      }
    },
    isWhole: wholeOf,
    stands: (tree) => existsSync(placeOf(tree)),
    async isPartOf(commit, of) {
      if (commit === of) return true;
      const { status } = await run(['merge-base', '--is-ancestor', commit, of]);
      if (status === 0) return true;
      // Where only a part of the history was fetched, it says nothing that a commit is not found in it.
      return status === 1 && !existsSync(join(repository, 'shallow')) ? false : null;
    },
    pathOf: treePath,
    async pointTo(tree) {
      const temporary = join(git.dir, `.current.${randomBytes(4).toString('hex')}`);
      try {
        await symlink(relative(git.dir, treePath(tree)), temporary);
        await rename(temporary, join(git.dir, 'current'));
      } catch {
        await rm(temporary, { force: true }).catch(() => undefined);
      }
    },
    async sweep(keep) {
      const names = await readdir(trees).catch(() => []);
      const kept = (name: string) => keep.has(name) || keep.has(name.replace(/\.index$/, ''));
      for (const name of names) if (!kept(name)) await discard({ name });
    },
    async version() {
      const result = await runGit({
        ...(program !== undefined && { program }),
        args: ['--version'],
        env: localEnv,
        timeoutMs: 10_000,
      });
      return result.status === 0 ? (/\d+\.\d+(?:\.\d+)?/.exec(result.stdout)?.[0] ?? null) : null;
    },
  };

  /** What git could not do, with what to do about it. */
  function failed(result: GitResult, timeoutMs: number): SyncError {
    if (result.ended === 'missing') return gitMissing();
    if (result.ended === 'aborted') return new SyncError('ABORTED');
    const words = gitWords(result, timeoutMs, redact);
    return new SyncError('CONTENT_MISSING', { message: `content.git: ${words}`, next: nextFor(result, words, git) });
  }

  async function typeOf(object: string): Promise<string | null> {
    const { status, stdout } = await run(['cat-file', '-t', object]);
    return status === 0 ? stdout.trim() : null;
  }

  /** Every file is there with the time and size that it was written with, and no other. */
  async function wholeOf(tree: Tree): Promise<boolean> {
    if (!existsSync(treePath(tree))) return false;
    const changed = await run(...onTree(tree, ['diff-files', '--name-only', '--ignore-submodules=all', '-z']));
    const added = await run(...onTree(tree, ['ls-files', '--others', '-z']));
    for (const result of [changed, added]) if (result.ended === 'missing') throw failed(result, localMs);
    return changed.status === 0 && added.status === 0 && changed.stdout === '' && added.stdout === '';
  }

  /** Whoever is reading it finds that it is gone, not that half of it is. */
  async function discard(tree: Pick<Tree, 'name'>): Promise<void> {
    const gone = join(trees, `.gone-${randomBytes(8).toString('hex')}`);
    await rename(placeOf(tree), gone).catch(() => undefined);
    for (const path of [gone, placeOf(tree), indexOf(tree), `${indexOf(tree)}.lock`])
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

function folderNameOf(url: string): string {
  const last = url.split(/[\\/:]/).findLast((part) => part !== '' && part !== '.git') ?? '';
  const name = last.replace(/\.git$/, '');
  return /^[A-Za-z0-9][\w.-]{0,99}$/.test(name) ? name : 'content';
}

/** CONFIG_INVALID: there is no git. */
export function gitMissing(): SyncError {
  return new SyncError('CONFIG_INVALID', {
    message: 'content.git needs git, and it is not installed (or not on PATH)',
    next: 'install git 2.31 or later: apt-get install git, dnf install git, apk add git (with openssh-client for ssh addresses)',
  });
}

function nextFor({ ended }: GitResult, words: string, git: GitConfig): string {
  if (ended === 'timeout') return 'look whether the server answers; a large repository takes depth: 1, or a longer content.git.timeout';
  if (
    /^.*(?:authentication failed|could not read (?:username|password)|terminal prompts disabled|returned error: 40[13]|permission denied|access denied)/i.test(
      words,
    )
  )
    return git.url.startsWith('http')
      ? 'set content.git.token to a token that may read the repository, or give git a credential helper'
      : 'give the user that runs kbsync a key that may read the repository (ssh-agent, or GIT_SSH_COMMAND with ssh -i)';
  if (/host key verification failed/i.test(words)) return 'add the server to ~/.ssh/known_hosts of the user that runs kbsync (ssh-keyscan)';
  if (/redirect|returned error: 30\d/i.test(words))
    return 'set content.git.url to the address that it has now: a token follows no redirect';
  if (/no space left|disk quota/i.test(words)) return 'free disk space';
  if (/not allowed|transport .* not/i.test(words))
    return 'only https, ssh and paths are fetched from; look for url.….insteadOf in git’s own configuration';
  if (/bad object|corrupt|unable to read|missing (?:blob|tree|commit)|loose object/i.test(words))
    return `the clone is damaged: remove ${join(git.dir, 'repo.git')}, and it is fetched anew`;
  if (/dubious ownership/i.test(words)) return 'git trusts no repository of another user: see safe.directory in git-config(1)';
  if (/not appear to be a git repository|repository .* not (?:found|exist)/i.test(words))
    return 'check content.git.url, and whether the credentials may see it';
  return 'check content.git.url and the network; the next fetch tries again';
}
