// The keys of content.git, which addresses and branches git is ever given, and what a configuration makes of them. Part of schema.ts.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { GitConfig } from '../model/config.ts';
import type { JsonRecord } from '../model/json.ts';
import { spotOf } from './issues.ts';
import { type Fault, pathKey } from './problem.ts';
import type { Spot } from './read.ts';
import { isRecord } from './shape.ts';
import { duration, isLoopback } from './values.ts';
import { namesIn } from './variables.ts';

const text = () => z.string('a text').min(1, 'a text that is not empty');
const leastEveryMs = 10_000;

/** `content.git`. What address and branch may be is told by `gitFaults`, which never repeats an address. */
export const gitKeys = z
  .strictObject({
    url: text().describe('The repository: https://…, ssh://…, user@host:path, or a path on this machine. Without a password.'),
    branch: text().nullable().default(null).describe('The branch to follow; null: the default branch of the repository.'),
    every: duration()
      .prefault('5m')
      .refine((ms) => ms === 0 || ms >= leastEveryMs, 'at least 10s, or 0 for only when asked')
      .describe('How often the daemon fetches; 0: only at its start and when it is asked to sync.'),
    depth: z
      .int()
      .min(1)
      .max(1_000_000)
      .nullable()
      .default(null)
      .describe('So many commits of history are fetched; null: all of it, which is what a rewritten history can be told by.'),
    subdir: text()
      .nullable()
      .default(null)
      .describe('The folder of the repository that is checked out, and that content.root is relative to.'),
    dir: text()
      .nullable()
      .default(null)
      .describe('The folder for the clone, which must be kbsync’s own; null: content-git in the state folder.'),
    token: z
      .string('a text')
      .nullable()
      .default(null)
      .meta({ secret: true })
      .describe('A token for https, sent as a password; null: git’s own credential helpers.'),
    username: text().default('x-access-token').describe('The user name that the token is sent with, where the server minds.'),
    timeout: duration().prefault('10m').describe('After this long a fetch is stopped.'),
  })
  .nullable()
  .default(null)
  .describe('Fetches the documents from a git repository instead of reading a folder of yours; null: a folder.');

type GitData = NonNullable<z.output<typeof gitKeys>>;

/** Null where git may be given it; else what is expected instead. The address itself may hold a password and is never repeated. */
export function gitUrlProblem(url: string): string | null {
  if (/[\u0000-\u0020\u007f]/.test(url)) return 'an address without spaces and control characters';
  if (url.startsWith('-')) return 'an address that does not begin with -';
  if (/^[A-Za-z0-9+.-]+::/.test(url)) return 'https://…, ssh://…, user@host:path or a path: no remote helpers';
  if (isPath(url)) return null;
  if (!url.includes('://')) return isScp(url) ? null : 'https://…, ssh://…, user@host:path, or a path that begins with /, ./ or ../';
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null) return 'an address such as https://git.example.com/docs.git';
  const { protocol, hostname, username, password, search, hash } = parsed;
  if (!['https:', 'http:', 'ssh:', 'file:'].includes(protocol)) return 'https, ssh, or a path on this machine';
  if (protocol === 'http:' && !isLoopback(hostname)) return 'https; http only on loopback';
  if (password !== '' || (protocol !== 'ssh:' && username !== ''))
    return 'an address without user name and password: content.git.token takes a token';
  if (search !== '' || hash !== '') return 'an address without query and fragment';
  if (protocol === 'file:') return hostname === '' || isLoopback(hostname) ? null : 'a file address of this machine';
  // ssh takes a host that begins with - for an option, and so would what follows user@.
  return hostname === '' || /^-/.test(decodeURIComponent(hostname)) || /^-/.test(decodeURIComponent(username)) ? 'a host' : null;
}

function isPath(url: string): boolean {
  return /^(?:\/(?!\/)|\.\.?\/)/.test(url) || /^[A-Za-z]:[\\/]/.test(url);
}

/** user@host:path, or host:path: no port, nothing that ssh could take for an option. */
function isScp(url: string): boolean {
  return /^(?:[A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*:[\w~./].*$/.test(url);
}

/** Null where it can be the name of a branch (git-check-ref-format(1)); else what is expected instead. */
export function gitBranchProblem(branch: string): string | null {
  if (branch.startsWith('-')) return 'a branch that does not begin with -';
  if (branch.startsWith('refs/')) return 'a branch by its short name, such as main';
  const wrong = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^\/|\/$|\.$|^@$|(?:^|\/)\.|\.lock(?:\/|$)/;
  return wrong.test(branch) || branch.length > 200 ? 'the name of a branch, such as main or release/2' : null;
}

function subdirProblem(subdir: string): string | null {
  const steps = subdir.replaceAll('\\', '/').split('/');
  const outside = path.isAbsolute(subdir) || steps.includes('..') || steps.some((step) => step.toLowerCase() === '.git');
  return outside || /[\u0000-\u001f\u007f]/.test(subdir) ? 'a folder inside the repository, such as docs' : null;
}

/** What no single key can tell of content.git. */
export function gitFaults(values: JsonRecord, spots: ReadonlyMap<string, Spot>): readonly Fault[] {
  const content = values['content'];
  const git = isRecord(content) ? content['git'] : null;
  if (!isRecord(git) || !isRecord(content)) return [];
  const faults: Fault[] = [];
  const say = (key: string, expected: string, found?: string): void => {
    const place = ['content', 'git', key];
    const { at } = spotOf(place, spots);
    faults.push({ at, path: place, found: found ?? spots.get(pathKey(place))?.found ?? 'nothing', expected });
  };
  const { url, branch, subdir, token } = git;
  if (typeof url === 'string') {
    const problem = gitUrlProblem(url);
    if (problem !== null) say('url', problem, 'an address that is not fetched from');
    else if (typeof token === 'string' && token !== '' && protocolsOf(url) !== 'http' && !url.startsWith('https://'))
      say('token', 'no token: only https takes one; ssh goes by its keys and its agent', 'a token');
  }
  if (typeof branch === 'string' && branch !== '') {
    const problem = gitBranchProblem(branch);
    if (problem !== null) say('branch', problem);
  }
  if (typeof subdir === 'string' && subdirProblem(subdir) !== null) say('subdir', subdirProblem(subdir) ?? '');
  const { root } = content;
  if (typeof root === 'string' && subdirProblem(root) !== null) {
    const place = ['content', 'root'];
    const { at, spot } = spotOf(place, spots);
    faults.push({ at, path: place, found: spot?.found ?? 'nothing', expected: 'a folder inside the repository, since content.git is set' });
  }
  return faults;
}

function protocolsOf(url: string): GitConfig['protocols'] {
  if (isPath(url) || url.startsWith('file:')) return 'file';
  return url.startsWith('http:') ? 'http' : 'https:ssh';
}

/** content.git with its defaults, as absolute paths. `folder`: of the configuration file. */
export function gitOf(
  git: GitData | null,
  root: string,
  { folder, stateDir }: { readonly folder: string; readonly stateDir: string },
): GitConfig | null {
  if (git === null) return null;
  const missing = git.token === null ? [] : namesIn(git.token);
  return {
    // git ignores a depth for paths, not for addresses of files.
    url: isPath(git.url) ? pathToFileURL(path.resolve(folder, git.url)).href : git.url,
    protocols: protocolsOf(git.url),
    branch: git.branch,
    everyMs: git.every,
    timeoutMs: git.timeout,
    depth: git.depth,
    subdir: plainFolder(git.subdir ?? ''),
    root: plainFolder(root),
    dir: git.dir === null ? path.join(stateDir, 'content-git') : path.resolve(folder, git.dir),
    token: missing.length > 0 ? null : git.token || null,
    missing,
    username: git.username,
  };
}

/** Without leading and trailing dots and slashes: `./docs/` is `docs`. */
function plainFolder(folder: string): string {
  return folder
    .replaceAll('\\', '/')
    .split('/')
    .filter((step) => step !== '' && step !== '.')
    .join('/');
}

/** Where the folder of documents is seen to lie: `current` leads to whatever is checked out. */
export function rootInGit({ dir, subdir, root }: GitConfig): string {
  return path.join(dir, 'current', subdir, root);
}
