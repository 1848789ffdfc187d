// The branch that holds a state, by git's plumbing alone: what it is at, what lies in it, a new commit, and a push that only succeeds where nobody else
// has pushed. Work tree, index, HEAD, refs, stash and hooks of the user's repository are never touched: objects go to a folder of our own, which has
// the user's objects behind it. Knows no state and no lease.
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { StateGitConfig } from '../model/config.ts';
import { SyncError } from '../model/error.ts';
import { basicHeader, type GitResult, gitEnvironment, gitWords, runGit, sshCommandOf } from './run-git.ts';

export interface StateRemoteInput {
  readonly git: StateGitConfig;
  /** A folder of our own for objects and index: made when it is needed, removed by `close`. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Keys of vendors and the like: git is not given the variables that hold them. */
  readonly secrets: { values(): readonly string[]; redact(text: string): string };
  /** Default: git on PATH. */
  readonly program?: string | undefined;
}

/** Paths in the tree, with their blobs. */
export type Entries = ReadonlyMap<string, string>;

export interface StateRemote {
  /** Address and branch, as people read them; no secret. */
  name(): Promise<string>;
  /** The commit that the branch is at; null: there is no such branch. */
  tip(signal?: AbortSignal): Promise<string | null>;
  /** What lies in that commit; null: it is no longer what the branch is at. STATE_DAMAGED where there are other things than files. */
  entries(commit: string, signal?: AbortSignal): Promise<Entries | null>;
  /** Their contents, in that order. */
  contents(blobs: readonly string[]): Promise<readonly Buffer[]>;
  /** Blobs of these contents, in that order. */
  store(contents: readonly Uint8Array[]): Promise<readonly string[]>;
  /** A commit without parents that holds these files. */
  commit(entries: Entries, message: string): Promise<string>;
  /** Puts the branch there, where it is still at `expected` (null: not there). moved: somebody else has pushed. STATE_UNWRITABLE says why it is refused, or not reached. */
  push(commit: string, expected: string | null, timeoutMs?: number): Promise<'pushed' | 'moved'>;
  /** Removes the objects. Never throws. */
  close(): Promise<void>;
}

interface Place {
  readonly gitDir: string;
  readonly objects: string | null;
  readonly url: string;
  readonly pushUrl: string;
}

/** Work on this machine takes at most so long, in milliseconds. */
const localMs = 120_000;
/** A work folder that nobody has touched for so long is of nobody. */
const leftMs = 86_400_000;
const mostBytes = 1024 * 1024 * 1024;
/** The first git that takes configuration from the environment. */
const leastGit = [2, 31] as const;
const author = { name: 'kbsync', email: 'kbsync@localhost' };

/** The branch of a configuration. Does nothing until it is asked. */
export function createStateRemote(input: StateRemoteInput): StateRemote {
  const { git, folder, env, now, secrets, program } = input;
  const ref = `refs/heads/${git.branch}`;
  const objects = join(folder, 'objects');
  const index = join(folder, 'index');
  const base = { env, protocols: 'https:ssh:http:file', isSecret: (value: string) => secrets.values().includes(value) };
  let found: Promise<Place> | null = null;
  let reached: Promise<Readonly<Record<string, string>>> | null = null;

  const run = (args: readonly string[], how: Partial<Parameters<typeof runGit>[0]> = {}) =>
    runGit({ ...(program !== undefined && { program }), args, env: gitEnvironment(base), timeoutMs: localMs, mostBytes, ...how });

  async function must(args: readonly string[], input?: string | Uint8Array): Promise<GitResult> {
    const { gitDir, objects: theirs } = await place();
    const result = await run([`--git-dir=${gitDir}`, ...args], { env: localEnv(theirs), input });
    if (result.status !== 0) throw failed(result, localMs);
    return result;
  }

  function localEnv(theirs: string | null): Record<string, string> {
    const at = `${Math.floor(now() / 1_000)} +0000`;
    return { ...gitEnvironment(base), ...ours(theirs), ...authorEnv(at) };
  }

  /** Nothing of what is fetched or made lands in the user's repository. */
  const ours = (theirs: string | null) => ({
    GIT_OBJECT_DIRECTORY: objects,
    ...(theirs !== null && { GIT_ALTERNATE_OBJECT_DIRECTORIES: quoted(theirs) }),
    GIT_INDEX_FILE: index,
    GIT_OPTIONAL_LOCKS: '0',
  });

  /** For what speaks to the server. */
  async function remoteEnv(): Promise<Readonly<Record<string, string>>> {
    const { gitDir, objects: theirs, url } = await place();
    reached ??= (async () => {
      const ssh = /^https?:|^file:/.test(url) ? null : await sshCommandOf({ env, base, place: [`--git-dir=${gitDir}`], program });
      const header = git.token === null || !/^https?:/.test(url) ? {} : { header: basicHeader(git.username, git.token), headerFor: url };
      return gitEnvironment({ ...base, ...header, ssh });
    })();
    return { ...(await reached), ...ours(theirs) };
  }

  async function place(): Promise<Place> {
    found ??= findPlace().catch((thrown) => {
      found = null;
      throw thrown;
    });
    const there = await found;
    await mkdir(objects, { recursive: true, mode: 0o700 });
    return there;
  }

  /** What killed runs left behind. */
  async function sweep(): Promise<void> {
    const parent = dirname(folder);
    for (const name of await readdir(parent).catch(() => [])) {
      const path = join(parent, name);
      const facts = /^work-/.test(name) && path !== folder ? await stat(path).catch(() => null) : null;
      if (facts !== null && now() - facts.mtimeMs > leftMs) await rm(path, { recursive: true, force: true }).catch(() => undefined);
    }
  }

  async function findPlace(): Promise<Place> {
    if (git.missing.length > 0)
      throw new SyncError('SECRET_MISSING', {
        message: `state.git.token names ${git.missing.join(', ')}, which ${git.missing.length === 1 ? 'is' : 'are'} not set`,
      });
    await checkVersion();
    await sweep();
    await mkdir(objects, { recursive: true, mode: 0o700 });
    const found = await run(['-C', git.folder, 'rev-parse', '--path-format=absolute', '--absolute-git-dir', '--git-common-dir']);
    const [gitDir, common] = found.stdout.trim().split('\n');
    if (found.status !== 0 || gitDir === undefined || common === undefined) return withoutRepository(found);
    const repository = { gitDir, objects: join(common, 'objects') };
    if ('url' in git.remote) return { ...repository, url: git.remote.url, pushUrl: git.remote.url };
    const { name } = git.remote;
    const top = (await run(['-C', git.folder, 'rev-parse', '--show-toplevel'])).stdout.trim();
    const of = async (key: string) =>
      (await run([`--git-dir=${gitDir}`, 'config', '--get', `remote.${name}.${key}`])).stdout.replace(/\n$/, '');
    const [url, pushUrl] = [await of('url'), await of('pushurl')];
    if (url === '')
      throw new SyncError('CONFIG_INVALID', {
        message: `state.git: the repository of ${git.folder} has no remote ${name}`,
        next: `git remote add ${name} ADDRESS, or name another in state.git.remote`,
      });
    const whole = (address: string): string => bare(/^\.\.?(?:\/|$)/.test(address) ? resolve(top, address) : address);
    return { ...repository, url: whole(url), pushUrl: whole(pushUrl === '' ? url : pushUrl) };
  }

  /** A token of the configuration goes before one that stands in the address. */
  const bare = (url: string): string => (git.token === null ? url : url.replace(/^(https?:\/\/)[^/@]*@/, '$1'));

  async function withoutRepository(found: GitResult): Promise<Place> {
    // "Dubious ownership" and the like are no answer to whether there is one.
    if (!/not a git repository/i.test(found.stderr)) throw failed(found, localMs);
    if (!('url' in git.remote))
      throw new SyncError('CONFIG_INVALID', {
        message: `state.git: ${git.folder} lies in no git repository, so it has no remote ${git.remote.name}`,
        next: 'name the address of a repository in state.git.remote',
      });
    const gitDir = join(folder, 'repository');
    const made = await run(['init', '--quiet', '--bare', '--template=', gitDir]);
    if (made.status !== 0) throw failed(made, localMs);
    return { gitDir, objects: null, url: git.remote.url, pushUrl: git.remote.url };
  }

  async function checkVersion(): Promise<void> {
    const { status, stdout } = await run(['--version'], { timeoutMs: 10_000 });
    const [, major, minor] = /(\d+)\.(\d+)/.exec(stdout) ?? [];
    if (status !== 0 || major === undefined || minor === undefined)
      throw new SyncError('CONFIG_INVALID', {
        message: 'state.git needs git, and it is not installed (or not on PATH)',
        next: 'install git 2.31 or later in the image of the job: apt-get install git, apk add git',
      });
    if (Number(major) > leastGit[0] || (Number(major) === leastGit[0] && Number(minor) >= leastGit[1])) return;
    throw new SyncError('CONFIG_INVALID', {
      message: `state.git needs git ${leastGit.join('.')} or later; this is ${major}.${minor}`,
      next: 'install a newer git',
    });
  }

  async function tip(signal?: AbortSignal, timeoutMs = git.timeoutMs): Promise<string | null> {
    const { gitDir, url } = await place();
    const args = [`--git-dir=${gitDir}`, 'ls-remote', '--quiet', '--', url, ref];
    const result = await run(args, { env: await remoteEnv(), timeoutMs, signal });
    if (result.status !== 0) throw failed(result, timeoutMs);
    // The pattern also matches longer names that end alike.
    const line = result.stdout.split('\n').find((each) => each.endsWith(`\t${ref}`));
    return line === undefined ? null : (line.split('\t')[0] ?? null);
  }

  /** By an address, not by a remote's name, and into no ref: nothing of the user's repository follows. */
  async function fetch(wanted: readonly string[], signal: AbortSignal | undefined): Promise<GitResult> {
    const { gitDir, url } = await place();
    const options = ['--quiet', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head', '--no-filter', '--no-auto-gc'];
    const args = [`--git-dir=${gitDir}`, 'fetch', ...options, '--stdin', '--', url];
    return run(args, { env: await remoteEnv(), timeoutMs: git.timeoutMs, signal, input: `${wanted.join('\n')}\n` });
  }

  /** A clone without blobs has the commit of a branch that it never looked into. */
  async function fetchMissing(commit: string, signal: AbortSignal | undefined): Promise<void> {
    const { stdout } = await must(['rev-list', '--objects', '--missing=print', commit]);
    const missing = stdout.split('\n').flatMap((line) => (line.startsWith('?') ? [line.slice(1)] : []));
    if (missing.length === 0) return;
    const result = await fetch(missing, signal);
    if (result.status !== 0) throw failed(result, git.timeoutMs);
  }

  return {
    async name() {
      const { url } = await place();
      return `${git.branch} of ${secrets.redact(withoutUser(url))}`;
    },
    tip: (signal) => tip(signal),
    async entries(commit, signal) {
      const result = await fetch([ref], signal);
      if (result.status !== 0 && /couldn't find remote ref/i.test(result.stderr)) return null;
      if (result.status !== 0) throw failed(result, git.timeoutMs);
      const { gitDir, objects: theirs } = await place();
      const there = await run([`--git-dir=${gitDir}`, 'cat-file', '-e', `${commit}^{commit}`], { env: localEnv(theirs) });
      if (there.status !== 0) return null;
      await fetchMissing(commit, signal);
      return entriesOf((await must(['ls-tree', '-r', '-z', commit])).stdout);
    },
    async contents(blobs) {
      if (blobs.length === 0) return [];
      const { bytes } = await must(['cat-file', '--batch'], `${blobs.join('\n')}\n`);
      return batchOf(bytes, blobs.length);
    },
    async store(contents) {
      if (contents.length === 0) return [];
      await place();
      const stage = join(folder, `stage-${randomBytes(4).toString('hex')}`);
      await mkdir(stage, { recursive: true, mode: 0o700 });
      try {
        const paths = contents.map((_, at) => join(stage, String(at)));
        for (const [at, content] of contents.entries()) await writeFile(paths[at] ?? stage, content, { mode: 0o600 });
        const { stdout } = await must(['hash-object', '-w', '--no-filters', '--stdin-paths'], `${paths.join('\n')}\n`);
        return stdout.trim().split('\n');
      } finally {
        await rm(stage, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
      }
    },
    async commit(entries, message) {
      await rm(index, { force: true });
      const lines = [...entries].map(([path, blob]) => `100644 ${blob}\t${path}\0`).join('');
      await must(['update-index', '-z', '--index-info'], lines);
      const tree = (await must(['write-tree'])).stdout.trim();
      return (await must(['commit-tree', tree, '-m', message])).stdout.trim();
    },
    async push(commit, expected, timeoutMs = git.timeoutMs) {
      const { gitDir, pushUrl } = await place();
      const options = ['--quiet', '--porcelain', '--no-verify', '--no-signed', '--no-follow-tags', '--recurse-submodules=no'];
      const lease = `--force-with-lease=${ref}:${expected ?? ''}`;
      const args = [`--git-dir=${gitDir}`, '-c', 'push.pushOption=', 'push', ...options, lease, '--', pushUrl, `${commit}:${ref}`];
      const result = await run(args, { env: await remoteEnv(), timeoutMs });
      if (result.status === 0) return 'pushed';
      // Not by what it says: the answer to a push that was carried out may have been lost, and each server refuses in words of its own.
      const at = await tip(undefined, timeoutMs).catch(() => {
        throw failed(result, timeoutMs);
      });
      if (at === commit) return 'pushed';
      if (at !== expected) return 'moved';
      throw failed(result, timeoutMs);
    },
    async close() {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    },
  };

  /** What git could not do, with what to do about it. */
  function failed(result: GitResult, timeoutMs: number): SyncError {
    if (result.ended === 'aborted') return new SyncError('ABORTED');
    const refused = /^!\t.*\[((?:remote )?rejected[^\n]*)$/m.exec(result.stdout)?.[1];
    const said = gitWords(result, timeoutMs, secrets.redact);
    const words = withoutUser(refused === undefined ? said : `${said}; [${refused}`);
    return new SyncError('STATE_UNWRITABLE', {
      message: `state.git: ${words}`,
      next: nextFor(words, result, git),
      data: { branch: git.branch },
    });
  }
}

function authorEnv(at: string) {
  return {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_AUTHOR_DATE: at,
    GIT_COMMITTER_NAME: author.name,
    GIT_COMMITTER_EMAIL: author.email,
    GIT_COMMITTER_DATE: at,
  };
}

/** As git reads a list of paths, in which a path may hold the character that parts them. */
function quoted(path: string): string {
  return path.includes(delimiter) || path.startsWith('"') ? `"${path.replace(/(["\\])/g, '\\$1')}"` : path;
}

/** CI systems put a token into the address of the remote. */
function withoutUser(text: string): string {
  return text.replace(/(\w:\/\/)[^/@\s]*:[^/@\s]*@/g, '$1***@');
}

function entriesOf(listing: string): Entries {
  const entries = new Map<string, string>();
  for (const line of listing.split('\0')) {
    if (line === '') continue;
    const [, mode, type, blob, path] = /^(\d+) (\w+) ([0-9a-f]+)\t([\s\S]+)$/.exec(line) ?? [];
    if (blob === undefined || path === undefined || type !== 'blob' || !mode?.startsWith('100'))
      throw new SyncError('STATE_DAMAGED', { message: `state.git: ${JSON.stringify(path ?? line)} on the branch is no file` });
    entries.set(path, blob);
  }
  return entries;
}

function batchOf(bytes: Buffer, count: number): readonly Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  for (let n = 0; n < count; n += 1) {
    const end = bytes.indexOf(10, at);
    const size = Number(/ blob (\d+)$/.exec(bytes.toString('utf8', at, end))?.[1] ?? Number.NaN);
    if (end === -1 || Number.isNaN(size)) throw new SyncError('STATE_DAMAGED', { message: 'state.git: a file of the branch is not there' });
    found.push(bytes.subarray(end + 1, end + 1 + size));
    at = end + 1 + size + 1;
  }
  return found;
}

function nextFor(words: string, { ended }: GitResult, git: StateGitConfig): string {
  const { branch } = git;
  if (ended === 'timeout') return 'look whether the server answers; a slow one takes a longer state.git.timeout';
  if (
    /protected branch|GH006|GH013|rule violations|not allowed to (?:force[ -])?push|denyNonFastForwards|non-fast-forward|denying/i.test(
      words,
    )
  )
    return `let the job push to ${branch}, with force: it has no history, and each push replaces the one before. Take it out of the rules that protect branches, or name another in state.git.branch`;
  if (
    /permission|403|denied|unauthorized|authentication failed|could not read (?:username|password)|terminal prompts disabled|401|read.?only/i.test(
      words,
    )
  )
    return `give the job the right to push to ${branch}: GitHub: permissions: contents: write (actions/checkout keeps its credentials by itself); elsewhere a token that may push, in state.git.token`;
  if (/dubious ownership/i.test(words)) return 'git config --global --add safe.directory "$PWD", in the job, before kbsync';
  if (/host key verification failed/i.test(words)) return 'add the server to ~/.ssh/known_hosts of the user that runs kbsync (ssh-keyscan)';
  if (/no space left|disk quota/i.test(words)) return 'free disk space';
  if (/not appear to be a git repository|repository .* not (?:found|exist)/i.test(words))
    return 'check the address of the remote, and whether the credentials may see it';
  return 'look whether the server of the repository answers; then run again: what was sent is on the branch as far as it was saved';
}
