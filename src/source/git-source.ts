// The content folder as it is fetched from git: one fetch at a time whoever asks, what each of them showed, and which commit is read. What cannot be
// fetched leaves the last checkout at work. Owns the clone's lock and its small memory; cloning is git-clone.ts's.
import { join } from 'node:path';
import type { GitConfig } from '../model/config.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import { sha256, type Timestamp } from '../model/json.ts';
import type { Refreshed, SourceTrouble, SourceView } from '../model/source.ts';
import type { Disk } from '../state/disk.ts';
import { acquireLock } from '../state/lock.ts';
import { nodeProbe } from '../state/process-probe.ts';
import { cloneAt, gitMissing, type Tree } from './git-clone.ts';
import { basicHeader, gitEnvironment, killGroup, sshCommandOf } from './run-git.ts';

export interface GitSourceInput {
  readonly git: GitConfig;
  readonly disk: Disk;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Keys of vendors and the like: git is not given the variables that hold them. */
  readonly secrets: { values(): readonly string[]; redact(text: string): string };
  /** Default: git on PATH. */
  readonly program?: string | undefined;
}

export interface RefreshHow {
  /** For the lock: what a person who meets it reads. */
  readonly command: string;
  /** How long to wait for another process that fetches. Milliseconds. */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** One commit to read from. */
export interface SourceAt {
  /** The content folder. It may not be there. */
  readonly root: string;
  /** Null where the repository has no such branch. */
  readonly commit: string | null;
  /** Where the folder lies in the repository: '' or ending in a slash. */
  readonly prefix: string;
}

export interface ContentSource {
  /** CONFIG_INVALID where there is no git, an old one, or the folder is somebody else's. */
  check(): Promise<void>;
  /** Fetches, and checks out what is new. What cannot be fetched is told in the view, not thrown. CONFIG_INVALID, SECRET_MISSING, LOCKED, ABORTED, STATE_UNWRITABLE. */
  refresh(how: RefreshHow): Promise<Refreshed>;
  view(): SourceView;
  /** Asks the server for the tip of the branch, and fetches nothing; null: it has no such branch. CONFIG_INVALID, CONTENT_MISSING say why not, ABORTED. For `doctor`. */
  tip(signal?: AbortSignal): Promise<string | null>;
  /** Works on one whole commit; again on the next one where it was taken away meanwhile. CONTENT_MISSING where nothing was fetched yet. */
  read<T>(work: (at: SourceAt) => Promise<T>): Promise<T>;
}

interface Memory {
  readonly version: 1;
  /** Of address, branch and folder: what was fetched from elsewhere is not this content. */
  readonly of: string;
  readonly current: Tree | null;
  /** The server was reached, and has no such branch. */
  readonly none: boolean;
  /** Folders that somebody may still be reading, and until when they stay. */
  readonly earlier: readonly { readonly name: string; readonly until: Timestamp }[];
  readonly fetchedAt: Timestamp | null;
  readonly failing: SourceTrouble | null;
}

/** Whoever began to read a folder has so long; then it is read anew. */
const keptMs = 2 * 3_600_000;
const mostKept = 4;
const tries = 3;
/** The first git that takes configuration from the environment. */
const leastGit = [2, 31] as const;
const memoryName = 'clone.json';
const pidName = 'git.pid';

/** The source of one workspace. Does nothing until it is asked. */
export function createGitSource({ git, disk, env, now, secrets, program }: GitSourceInput): ContentSource {
  const memoryPath = join(git.dir, memoryName);
  const pidPath = join(git.dir, pidName);
  const of = sha256(JSON.stringify([git.url, git.branch, git.subdir]));
  const base = { env, protocols: git.protocols, isSecret: (value: string) => secrets.values().includes(value) };
  const nowhere = process.platform === 'win32' ? 'NUL' : '/dev/null';
  const localEnv = { ...gitEnvironment(base), GIT_CONFIG_GLOBAL: nowhere, GIT_CONFIG_NOSYSTEM: '1' };
  const remoteEnv = async () =>
    gitEnvironment({ ...base, header: git.token === null ? null : basicHeader(git.username, git.token), ssh: await sshCommand() });
  const redact = (text: string): string => secrets.redact(text);
  const cloning = { git, disk, remoteEnv, localEnv, redact, program };
  const clone = cloneAt(cloning);
  const writer = cloneAt({ ...cloning, onStart: (pid) => disk.writeLoosely(pidPath, pidText(pid)) });
  let checked: Promise<void> | null = null;

  /** ssh must not ask either; how it is called is the user's. */
  async function sshCommand(): Promise<string | null> {
    if (git.protocols !== 'https:ssh' || git.url.startsWith('https://')) return null;
    return sshCommandOf({ env, base, program });
  }

  function load(): Memory {
    const found = parsed(disk.read(memoryPath)?.toString('utf8'));
    const fresh: Memory = { version: 1, of, current: null, none: false, earlier: [], fetchedAt: null, failing: null };
    if (found === null) return fresh;
    if (found.of === of) return found;
    return { ...fresh, earlier: [...(found.current === null ? [] : [keptFrom(found.current)]), ...found.earlier] };
  }

  const save = (memory: Memory): Promise<void> => disk.replace(memoryPath, `${JSON.stringify(memory, null, 2)}\n`);
  const stamp = (plusMs = 0): Timestamp => new Date(now() + plusMs).toISOString();
  const keptFrom = ({ name }: Tree) => ({ name, until: stamp(keptMs) });
  const viewOf = ({ current, fetchedAt, failing }: Memory): SourceView => {
    return { url: git.url, branch: git.branch, commit: current?.commit ?? null, fetchedAt, failing };
  };

  /** Everything below the folder is ours to replace: it must not be somebody's work. */
  function refuseForeign(): void {
    const names = disk.list(git.dir).filter((name) => !/^(?:lock.*|\..*|git\.pid)$/.test(name));
    if (names.length === 0 || parsed(disk.read(memoryPath)?.toString('utf8')) !== null) return;
    throw new SyncError('CONFIG_INVALID', {
      message: `content.git: ${git.dir} holds other things (${names.slice(0, 3).join(', ')}), and everything in the folder of the clone is replaced`,
      next: 'name a folder that is not there yet in content.git.dir, or leave the key out; if that is an old clone of kbsync, remove the folder',
    });
  }

  async function checkNow(): Promise<void> {
    refuseForeign();
    const version = await clone.version();
    if (version === null) throw gitMissing();
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major > leastGit[0] || (major === leastGit[0] && minor >= leastGit[1])) return;
    throw new SyncError('CONFIG_INVALID', {
      message: `content.git needs git ${leastGit.join('.')} or later; this is ${version}`,
      next: 'install a newer git',
    });
  }

  async function locked<T>({ command, waitMs, signal }: RefreshHow, work: () => Promise<T>): Promise<T> {
    const path = join(git.dir, 'lock');
    const lock = await acquireLock({ disk, path, now, command, waitMs, ...(signal !== undefined && { signal }) }).catch((thrown) => {
      const error = asSyncError(thrown);
      if (error.code !== 'LOCKED') throw thrown;
      const next = 'wait for it, or use --no-fetch';
      throw new SyncError('LOCKED', { message: `content.git: another process is at its clone: ${error.message}`, next, data: error.data });
    });
    try {
      endOrphan();
      return await work();
    } finally {
      disk.removeLoosely(pidPath);
      await lock.release();
    }
  }

  /** A git that a killed kbsync left behind would write beside ours. */
  function endOrphan(): void {
    const text = disk.read(pidPath)?.toString('utf8');
    const [pid, startTime] = (text ?? '').trim().split(' ');
    if (pid === undefined || !/^\d+$/.test(pid) || startTime === undefined) return;
    const found = nodeProbe().look(Number(pid));
    if (found.alive && found.startTime === startTime) killGroup(Number(pid), 'SIGKILL');
  }

  async function update(how: RefreshHow): Promise<Refreshed> {
    const before = load();
    if (parsed(disk.read(memoryPath)?.toString('utf8')) === null) {
      await save(before);
      disk.writeLoosely(join(git.dir, '.gitignore'), '*\n');
    }
    const at = await tipOf(before, how.signal);
    const { current } = before;
    if ('failing' in at) {
      const after: Memory = { ...before, none: at.reached && current === null, failing: at.failing };
      await save(after);
      return { changed: false, before: viewOf(before), after: viewOf(after), notes: [] };
    }
    const notes: string[] = [];
    const good: Memory = { ...before, none: false, fetchedAt: stamp(), failing: null };
    const isWhole = current?.commit === at.commit && (await writer.isWhole(current));
    if (isWhole) {
      await save(good);
      await tidy(good);
      return { changed: false, before: viewOf(before), after: viewOf(good), notes };
    }
    if (current?.commit === at.commit)
      notes.push(`what was checked out of ${short(at.commit)} had been changed on this machine: checked out anew`);
    else if (current !== null && (await writer.isPartOf(current.commit, at.commit)) === false)
      notes.push(`history was rewritten: ${short(current.commit)} is no part of it any more; going on with ${short(at.commit)}`);
    try {
      const after = await switched(good, at.commit, how.signal);
      return { changed: true, before: viewOf(before), after: viewOf(after), notes };
    } catch (thrown) {
      const after: Memory = { ...before, failing: troubleOf(thrown, before) };
      await save(after);
      return { changed: false, before: viewOf(before), after: viewOf(after), notes: [] };
    }
  }

  async function tipOf(
    before: Memory,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly commit: string } | { readonly failing: SourceTrouble; readonly reached: boolean }> {
    try {
      const commit = await writer.fetch(signal);
      if (commit !== null) return { commit };
    } catch (thrown) {
      return { failing: troubleOf(thrown, before), reached: false };
    }
    const what = git.branch === null ? 'has no commit yet, or no default branch' : `has no branch ${git.branch}`;
    const since = before.failing?.since ?? stamp();
    return { failing: { since, message: `content.git: the repository ${what}`, next: 'check content.git.branch' }, reached: true };
  }

  /** What keeps it from being fetched; what is no trouble of the fetch is thrown on. */
  function troubleOf(thrown: unknown, before: Memory): SourceTrouble {
    const error = asSyncError(thrown);
    if (error.code !== 'CONTENT_MISSING') throw thrown;
    return { since: before.failing?.since ?? stamp(), message: error.message, next: error.next };
  }

  async function switched(memory: Memory, commit: string, signal: AbortSignal | undefined): Promise<Memory> {
    const tree = await writer.checkOut(commit, signal);
    const earlier = [...(memory.current === null ? [] : [keptFrom(memory.current)]), ...memory.earlier];
    const after: Memory = { ...memory, current: tree, earlier: earlier.filter(({ until }) => until > stamp()).slice(0, mostKept) };
    await save(after);
    await writer.pointTo(tree);
    await tidy(after);
    return after;
  }

  const tidy = ({ current, earlier }: Memory): Promise<void> =>
    writer.sweep(
      new Set([...(current === null ? [] : [current.name]), ...earlier.filter(({ until }) => until > stamp()).map(({ name }) => name)]),
    );

  /** The same commit once more: somebody has changed its folder, or a power cut has. No server is asked. */
  async function remake(broken: Tree): Promise<void> {
    await locked({ command: 'kbsync', waitMs: 60_000 }, async () => {
      const memory = load();
      if (memory.current?.name !== broken.name) return;
      await switched({ ...memory, current: null }, broken.commit, undefined);
    });
  }

  const check = (): Promise<void> => {
    checked ??= checkNow().catch((thrown) => {
      checked = null;
      throw thrown;
    });
    return checked;
  };

  return {
    check,
    async refresh(how) {
      await check();
      if (git.missing.length > 0)
        throw new SyncError('SECRET_MISSING', {
          message: `content.git.token names ${git.missing.join(', ')}, which ${git.missing.length === 1 ? 'is' : 'are'} not set`,
        });
      return locked(how, () => update(how));
    },
    view: () => viewOf(load()),
    async tip(signal) {
      await check();
      return clone.tip(signal);
    },
    async read(work) {
      const folder = [git.subdir, git.root].filter((part) => part !== '').join('/');
      const prefix = folder === '' ? '' : `${folder}/`;
      for (let tried = 0; tried < tries; tried += 1) {
        const { current, none, failing } = load();
        if (current === null) {
          if (none) return work({ root: join(git.dir, 'current', folder), commit: null, prefix });
          throw nothingYet(git, failing);
        }
        if (!(await clone.isWhole(current))) {
          await remake(current);
          continue;
        }
        const result = await work({ root: join(clone.pathOf(current), folder), commit: current.commit, prefix });
        if (clone.stands(current)) return result;
      }
      throw new SyncError('CONTENT_MISSING', {
        message: `content.git: what is checked out in ${git.dir} was changed each time it was read`,
        next: 'look who else works in that folder: it is kbsync’s own',
      });
    },
  };
}

function nothingYet({ url }: GitConfig, failing: SourceTrouble | null): SyncError {
  if (failing !== null)
    return new SyncError('CONTENT_MISSING', { message: `${failing.message}; and nothing has been fetched before`, next: failing.next });
  return new SyncError('CONTENT_MISSING', {
    message: `content.git: nothing has been fetched from ${url} yet`,
    next: 'kbsync sync or kbsync plan, without --no-fetch and --offline',
  });
}

function pidText(pid: number): string {
  return `${pid} ${nodeProbe().look(pid).startTime ?? '-'}\n`;
}

function short(commit: string): string {
  return commit.slice(0, 7);
}

/** Null where it is not what we write. */
function parsed(text: string | undefined): Memory | null {
  if (text === undefined) return null;
  try {
    const value = JSON.parse(text) as Partial<Memory> | null;
    const isOurs = value?.version === 1 && typeof value.of === 'string' && Array.isArray(value.earlier);
    const { current } = value ?? {};
    const isTree =
      current === null || (/^[0-9a-f]{40,64}$/.test(current?.commit ?? '') && /^[0-9a-f]+-[0-9a-f]+$/.test(current?.name ?? ''));
    return isOurs && isTree ? (value as Memory) : null;
  } catch {
    return null;
  }
}
