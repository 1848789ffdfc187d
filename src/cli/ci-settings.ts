// What a step of a pipeline was told to do: options, and where they are silent the inputs of the action, which come as variables (KBSYNC_CI_…),
// so that no shell ever reads them.
import { type CiCommand, ciCommands } from '../ci/results.ts';
import { type CiSystem, ciSystems, type Environment } from '../ci/scene.ts';
import { type FailOn, failOns } from '../ci/verdict.ts';
import { didYouMean } from '../content/similar.ts';
import { SyncError } from '../model/error.ts';
import { visible } from '../plan/escape.ts';
import { durationOption, type GlobalOptions } from './invocation.ts';

/** `ci`, parsed; null or false: the option was not given. */
export interface CiRequest {
  readonly system: string;
  readonly command: string | null;
  /** A duration, or false for --no-wait. */
  readonly wait: string | false | null;
  readonly verify: boolean;
  readonly baseline: string | null;
  readonly planFile: string | null;
  readonly offline: boolean;
  /** false: --no-comment. */
  readonly comment: boolean;
  readonly failOn: string | null;
}

export interface CiSettings {
  readonly system: CiSystem;
  readonly command: CiCommand;
  /** As `sync` takes it; false: --no-wait; null: not said. */
  readonly wait: string | false | null;
  readonly verify: boolean;
  readonly baseline: string | null;
  readonly planFile: string | null;
  readonly offline: boolean;
  readonly comment: boolean;
  readonly failOn: FailOn;
  readonly config: string | null;
  readonly targets: readonly string[];
  /** Null: there is none. */
  readonly token: string | null;
}

/** Variables that are this step's own: what it runs is not shown them. */
export const ownVariables: readonly string[] = [
  'KBSYNC_CI_TOKEN',
  'KBSYNC_GITLAB_TOKEN',
  'GITHUB_OUTPUT',
  'GITHUB_ENV',
  'GITHUB_PATH',
  'GITHUB_STATE',
  'GITHUB_STEP_SUMMARY',
  'ACTIONS_RUNTIME_TOKEN',
  'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
];

/** Where a workflow of its own gives the step the token; `state.git` or a connector may want it, too. */
export const githubToken = 'GITHUB_TOKEN';

/** Options before inputs before defaults. USAGE names the input or option that is wrong. */
export function ciSettings(request: CiRequest, { config, targets }: GlobalOptions, env: Environment): CiSettings {
  // Made visible: what an error quotes of it must not begin a line of the log, which may be a command to the CI system.
  const input = (name: string) => visible((env[`KBSYNC_CI_${name}`] ?? '').trim()) || null;
  const flag = (name: string, otherwise: boolean): boolean => {
    const given = input(name);
    if (given === null) return otherwise;
    if (/^(?:true|false)$/i.test(given)) return given.toLowerCase() === 'true';
    throw new SyncError('USAGE', { message: `${wordOf(name)}: found "${given}", expected true or false` });
  };
  const system = oneOf('the system', request.system, ciSystems);
  const command = oneOf('command', request.command ?? input('COMMAND') ?? 'plan', ciCommands);
  const wait = request.wait ?? waitOf(input('WAIT'));
  if (typeof wait === 'string') durationOption('wait', wait);
  const planFile = request.planFile ?? input('PLAN');
  for (const [name, given] of [
    ['wait', wait],
    ['plan', planFile],
  ] as const) {
    if (given !== null && command !== 'sync') throw new SyncError('USAGE', { message: `${name} is for command: sync, not for ${command}` });
  }
  const offline = request.offline || flag('OFFLINE', false);
  if (offline && command !== 'plan' && command !== 'lint') {
    throw new SyncError('USAGE', { message: `offline is for command: plan, not for ${command}` });
  }
  return {
    system,
    command,
    wait,
    verify: request.verify || flag('VERIFY', false),
    baseline: request.baseline ?? input('BASELINE'),
    planFile,
    offline,
    comment: request.comment && flag('PLAN_COMMENT', true),
    failOn: oneOf('fail-on', request.failOn ?? input('FAIL_ON') ?? 'error', failOns),
    config: config ?? input('CONFIG'),
    targets: targets.length > 0 ? targets : (env['KBSYNC_CI_TARGETS'] ?? '').split(/[\s,]+/).filter((name) => name !== ''),
    token: tokenOf(system, env),
  };
}

function tokenOf(system: CiSystem, env: Environment): string | null {
  const found = system === 'github' ? env['KBSYNC_CI_TOKEN'] || env[githubToken] : env['KBSYNC_GITLAB_TOKEN'];
  return found === undefined || found === '' ? null : found;
}

/** The input `wait`: a duration; true as if it were not said, false: no waiting. */
function waitOf(given: string | null): string | false | null {
  if (given === null || /^true$/i.test(given)) return null;
  return /^false$/i.test(given) ? false : given;
}

function wordOf(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

function oneOf<const Name extends string>(what: string, given: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === given);
  if (found !== undefined) return found;
  const expected = names.join(', ');
  throw new SyncError('USAGE', { message: `${what}: found "${given}", expected one of ${expected}${didYouMean(given, names)}` });
}
