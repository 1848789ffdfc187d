// CI workflows of a new configuration: a plan on pull requests, a sync on push, a look each night. `kbsync ci` as a plain command, which is what the
// action runs, too; and nothing of the repository's in a place where the CI system would evaluate it. Pure.
import type { NewVariable } from './texts.ts';
import { yamlText } from './yaml-text.ts';

export interface WorkflowInput {
  readonly version: string;
  readonly branch: string;
  /** Where the configuration lies in the repository; '' for its top. */
  readonly folder: string;
  /** Null: sync.config.yaml. */
  readonly config: string | null;
  readonly stateFolder: string;
  readonly variables: readonly NewVariable[];
  /** Where the state lies between runs: on a branch that state.git names, or in the cache of the CI system. */
  readonly state: 'git' | 'cache';
  /** Whether the project's own package.json and lock file hold kbsync: then that one runs, and no other of the name. */
  readonly locked: boolean;
}

/** Whether a folder's name means nothing else to a CI system. */
export function isPlainPath(folder: string): boolean {
  return /^[\w./-]*$/.test(folder);
}

function kbsync({ version, config, locked }: WorkflowInput, words: string): string {
  return `npx ${locked ? '--no -- kbsync' : `--yes kbsync@${version}`} ${config === null ? '' : `--config ${config} `}${words}`;
}

const nightly = '23 2 * * *';

/** `.github/workflows/kbsync.yml`. */
export function githubWorkflow(input: WorkflowInput): string {
  const { folder, stateFolder, variables, branch } = input;
  const state = folder === '' ? stateFolder : `${folder}/${stateFolder}`;
  const isCached = input.state === 'cache';
  // Of the step and not of the job: what other steps run is not shown them.
  const secrets = variables.map(({ name, secret }) => `  ${name}: \${{ ${secret ? 'secrets' : 'vars'}.${name} }}`);
  const secretLines = secrets.length === 0 ? [] : ['env:', ...secrets];
  const steps = (saves: boolean, ...commands: readonly string[]) => [
    '    steps:',
    '      - uses: actions/checkout@v4',
    '      - uses: actions/setup-node@v4',
    '        with: { node-version: 22 }',
    ...(input.locked ? ['      - run: npm ci'] : []),
    ...(isCached
      ? [
          '      # What kbsync remembers from run to run. A cache may be evicted: the manual, "kbsync in a CI pipeline", says what that means for your vendor.',
          '      - uses: actions/cache/restore@v4',
          `        with: { path: ${yamlText(state)}, key: "kbsync-state-\${{ github.run_id }}-\${{ github.run_attempt }}", restore-keys: kbsync-state- }`,
        ]
      : []),
    ...commands,
    ...(saves && isCached
      ? [
          '      - if: always()',
          '        uses: actions/cache/save@v4',
          `        with: { path: ${yamlText(state)}, key: "kbsync-state-\${{ github.run_id }}-\${{ github.run_attempt }}" }`,
        ]
      : []),
  ];
  const run = (command: string, more: readonly string[] = []) => [`      - run: ${command}`, ...more.map((line) => `        ${line}`)];
  return `${[
    '# Keeps the bots of sync.config.yaml in step. Written by kbsync init; from here on it is yours.',
    ...(variables.length === 0
      ? []
      : [
          `# Set in the repository's settings: ${variables.map(({ name, secret }) => `${secret ? 'secret' : 'variable'} ${name}`).join(', ')}.`,
        ]),
    'name: kbsync',
    'on:',
    '  push:',
    `    branches: [${JSON.stringify(branch)}]`,
    '  pull_request:',
    '  schedule:',
    `    - cron: "${nightly}"`,
    '  workflow_dispatch:',
    'permissions:',
    '  contents: read',
    ...(folder === '' ? [] : ['defaults:', '  run:', `    working-directory: ${yamlText(folder)}`]),
    'jobs:',
    '  plan:',
    '    # What the bots would learn and forget, as one comment and in the summary, with marks at the lines at fault. It needs no secret, so that pull',
    '    # requests from forks have it, too; without --offline it asks the vendors, and needs the secrets of the job below.',
    "    if: github.event_name == 'pull_request'",
    '    runs-on: ubuntu-latest',
    '    concurrency: { group: "kbsync-plan-${{ github.ref }}", cancel-in-progress: true }',
    '    permissions: { contents: read, pull-requests: write }',
    ...steps(false, ...run(kbsync(input, 'ci github --offline'), ['env: { GITHUB_TOKEN: "${{ github.token }}" }'])),
    '  sync:',
    '    # Of this branch alone, by whichever event: started by hand on another one, it would teach the bots what is not merged yet.',
    `    if: github.event_name != 'pull_request' && github.ref == 'refs/heads/${branch}'`,
    '    runs-on: ubuntu-latest',
    `    # One run at a time, and none cut off${isCached ? ': two would save their memories over each other' : ''}.`,
    '    concurrency: { group: kbsync, cancel-in-progress: false }',
    ...(isCached
      ? []
      : [
          '    # To push the branch kbsync-state, where what kbsync remembers lies from run to run (state.git in the configuration).',
          '    permissions: { contents: write }',
        ]),
    ...steps(
      true,
      '      # On each push, and each night for what is due on a date (publishAt, expiresAt).',
      ...run(kbsync(input, 'ci github --command sync'), secretLines),
      '      # Each night: whether the bots still hold what they were given. Exit code 3: they do not.',
      ...run(kbsync(input, 'ci github --command drift'), ["if: github.event_name == 'schedule'", ...secretLines]),
    ),
  ].join('\n')}\n`;
}

/** `.gitlab/kbsync.gitlab-ci.yml`, which .gitlab-ci.yml includes. */
export function gitlabWorkflow(input: WorkflowInput): string {
  const { folder, stateFolder, variables } = input;
  const state = folder === '' ? stateFolder : `${folder}/${stateFolder}`;
  const lines = (commands: readonly string[]) =>
    [...(folder === '' ? [] : [`cd ${folder}`]), ...(input.locked ? ['npm ci'] : []), ...commands].map((command) => `    - ${command}`);
  return `${[
    '# Keeps the bots of sync.config.yaml in step. Written by kbsync init; from here on it is yours.',
    ...(variables.length === 0 ? [] : [`# Set in Settings, CI/CD, Variables: ${variables.map(({ name }) => name).join(', ')}.`]),
    '# For the note on merge requests, set KBSYNC_GITLAB_TOKEN: a project access token with the scope api. Without it, the report is an artifact.',
    '# For the nightly look, add a pipeline schedule of the default branch.',
    ...(input.state === 'cache'
      ? []
      : [
          '# What kbsync remembers lies on the branch kbsync-state, which the job on the default branch must be able to push, with force: set',
          '# KBSYNC_STATE_TOKEN, masked and protected, to a project access token with the scope write_repository and the role Developer; or let',
          '# job tokens push (Settings, CI/CD, Job token permissions).',
        ]),
    '.kbsync:',
    '  image: node:22',
    '  stage: test',
    ...(input.state === 'cache'
      ? [
          '  # What kbsync remembers from run to run. A cache may be evicted: the manual, "kbsync in a CI pipeline", says what that means for your vendor.',
          '  cache:',
          '    key: kbsync-state',
          `    paths: [${yamlText(`${state}/`)}]`,
          '    when: always',
        ]
      : []),
    '  artifacts:',
    '    when: always',
    '    expose_as: kbsync',
    '    paths: [kbsync-ci/]',
    '    reports: { codequality: kbsync-ci/gl-code-quality-report.json, junit: kbsync-ci/verify.xml, dotenv: kbsync-ci/kbsync.env }',
    '',
    'kbsync plan:',
    '  extends: .kbsync',
    '  # It needs no secret, so that merge requests from forks have it, too; without --offline it asks the vendors.',
    '  rules:',
    `    - if: $CI_PIPELINE_SOURCE == "merge_request_event"`,
    ...(input.state === 'cache' ? ['  cache:', '    policy: pull'] : []),
    '  script:',
    ...lines([kbsync(input, 'ci gitlab --offline')]),
    '',
    'kbsync sync:',
    '  extends: .kbsync',
    `  # One run at a time${input.state === 'cache' ? ': two would save their memories over each other' : ''}.`,
    '  resource_group: kbsync',
    '  # Schedules of this branch, too; one of another branch would teach the bots what is not merged yet.',
    '  rules:',
    '    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH',
    '  script:',
    ...lines([
      kbsync(input, 'ci gitlab --command sync'),
      `if [ "$CI_PIPELINE_SOURCE" = schedule ]; then ${kbsync(input, 'ci gitlab --command drift')}; fi`,
    ]),
  ].join('\n')}\n`;
}

/** `.gitlab-ci.yml` where there is none. */
export const gitlabInclude = `include:\n  - local: ${yamlText('.gitlab/kbsync.gitlab-ci.yml')}\n`;
