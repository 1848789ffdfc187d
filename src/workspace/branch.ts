// What a state that lies on a branch changes in a workspace: the branch itself, and what each pass over a target is handed instead. Where there is none,
// nothing is changed.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { CycleContext, CycleMemory } from '../cycle/context.ts';
import type { Config } from '../model/config.ts';
import type { Effect } from '../model/effect.ts';
import { branchKey, createStateBranch, type HoldHow, type StateBranch } from '../source/state-branch.ts';
import { createStateRemote, type StateRemoteInput } from '../source/state-remote.ts';
import type { Disk } from '../state/disk.ts';
import { leaveForetold } from '../state/stray.ts';
import { savedAhead } from './branch-memory.ts';
import type { Pausing } from './pausing.ts';

export interface Branching {
  readonly branch: StateBranch | null;
  /** Before anything is written to the state folder. */
  hold(how: HoldHow): Promise<void>;
  /** Of one pass; a copy where it changes nothing. */
  memory(
    memory: CycleMemory,
    connection: CycleContext['connection'],
    of: { readonly target: string; readonly readOnly: boolean },
  ): CycleMemory;
  /** Throws where nothing may be sent, too. */
  guarded(guard: () => void): () => void;
  /** The name of this machine, for what it sees of the bots. */
  host(name: string): string;
  pausing(pausing: Pausing): Pausing;
}

export interface BranchingInput extends Pick<StateRemoteInput, 'env' | 'now' | 'secrets'> {
  readonly config: Config;
  readonly disk: Disk;
  readonly note: (message: string) => void;
}

/** The branch of a configuration, if it has one. Does nothing until it is asked. */
export function createBranching({ config, disk, env, now, secrets, note }: BranchingInput): Branching {
  const branch = branchOf();
  const looks = config.schedule.drift !== null;

  function branchOf(): StateBranch | null {
    const { stateGit: git = null, stateDir: dir, name } = config;
    if (git === null) return null;
    const folder = join(dir, 'branch', `work-${randomBytes(4).toString('hex')}`);
    const remote = createStateRemote({ git, folder, env, now, secrets });
    return createStateBranch({ remote, disk, dir, workspace: name, of: branchKey(git.remote, git.branch), now, note });
  }

  const tell = (target: string, effects: readonly Effect[]): Promise<() => void> =>
    leaveForetold({ disk, dir: config.stateDir, target }, effects, new Date(now()).toISOString());

  return {
    branch,
    hold: async (how) => branch?.hold(how),
    memory(memory, connection, { target, readOnly }) {
      if (branch === null) return memory;
      return readOnly
        ? withoutWriter(memory)
        : savedAhead(memory, branch, connection, { looks, foretell: (effects) => tell(target, effects) });
    },
    guarded(guard) {
      if (branch === null) return guard;
      return () => {
        guard();
        branch.verify();
      };
    },
    // What a killed job has sent and could not save is found by a look: none that it has made itself counts.
    host: (name) => (branch?.tookOver == null ? name : `${name} after ${branch.tookOver.id}`),
    pausing(pausing) {
      if (branch === null) return pausing;
      return {
        ...pausing,
        async setPaused(...given) {
          await branch.hold({ command: 'kbsync watch', waitMs: 0, signal: new AbortController().signal });
          return pausing.setPaused(...given);
        },
      };
    },
  };
}

/** One branch, one state: whose machine saved it last says nothing. */
function withoutWriter(memory: CycleMemory): CycleMemory {
  return Object.create(memory, { savedBy: { value: { host: null } } }) as CycleMemory;
}
