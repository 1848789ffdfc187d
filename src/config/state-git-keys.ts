// The keys of state.git: on which branch of which repository the state lies between runs. Part of schema.ts.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { StateGitConfig } from '../model/config.ts';
import type { JsonRecord } from '../model/json.ts';
import { gitBranchProblem, gitUrlProblem } from './git-keys.ts';
import { spotOf } from './issues.ts';
import { type Fault, pathKey } from './problem.ts';
import type { Spot } from './read.ts';
import { isRecord } from './shape.ts';
import { duration } from './values.ts';
import { namesIn } from './variables.ts';

const text = () => z.string('a text').min(1, 'a text that is not empty');

/** `state.git`. What branch and remote may be is told by `stateGitFaults`, which never repeats an address. */
export const stateGitKeys = z
  .strictObject({
    branch: text().default('kbsync-state').describe('The branch, which must be kbsync’s own: it has no history and no other files.'),
    remote: text()
      .default('origin')
      .describe('A remote of the repository around this file, or the address of another repository: https://…, ssh://…, or a path.'),
    token: z
      .string('a text')
      .nullable()
      .default(null)
      .meta({ secret: true })
      .describe('A token for https that may push, sent as a password; null: what the repository and git’s credential helpers have.'),
    username: text().default('x-access-token').describe('The user name that the token is sent with, where the server minds.'),
    timeout: duration().prefault('1m').describe('After this long one fetch or push is stopped.'),
  })
  .nullable()
  .default(null)
  .describe('Keeps the state on a branch of a git repository, for jobs that start without a folder; null: only in the folder.');

type StateGitData = NonNullable<z.output<typeof stateGitKeys>>;

/** The name of a remote, as against an address. */
function isName(remote: string): boolean {
  return /^[A-Za-z0-9_][\w.-]*$/.test(remote);
}

/** What no single key can tell of state.git. */
export function stateGitFaults(values: JsonRecord, spots: ReadonlyMap<string, Spot>): readonly Fault[] {
  const state = values['state'];
  const git = isRecord(state) ? state['git'] : null;
  if (!isRecord(git)) return [];
  const faults: Fault[] = [];
  const say = (key: string, expected: string, found?: string): void => {
    const place = ['state', 'git', key];
    const { at } = spotOf(place, spots);
    faults.push({ at, path: place, found: found ?? spots.get(pathKey(place))?.found ?? 'nothing', expected });
  };
  const { branch, remote, token } = git;
  if (typeof branch === 'string' && branch !== '') {
    const problem = gitBranchProblem(branch);
    if (problem !== null) say('branch', problem);
  }
  if (typeof remote === 'string' && remote !== '' && !isName(remote)) {
    const problem = gitUrlProblem(remote);
    if (problem !== null)
      say('remote', `the name of a remote, such as origin; or ${problem}`.replace('content.git.', 'state.git.'), 'something else');
    else if (typeof token === 'string' && token !== '' && !/^https?:/.test(remote))
      say('token', 'no token: only https takes one', 'a token');
  }
  return faults;
}

/** state.git with its defaults. `folder`: of the configuration file. */
export function stateGitOf(git: StateGitData | null, folder: string): StateGitConfig | null {
  if (git === null) return null;
  const { branch, remote, token, username, timeout } = git;
  const missing = token === null ? [] : namesIn(token);
  const isPath = /^(?:\/|\.\.?\/|[A-Za-z]:[\\/])/.test(remote);
  return {
    branch,
    remote: isName(remote) ? { name: remote } : { url: isPath ? pathToFileURL(path.resolve(folder, remote)).href : remote },
    folder,
    token: missing.length > 0 ? null : token || null,
    missing,
    username,
    timeoutMs: timeout,
  };
}
