// Where a step runs, as the CI system's own variables tell: which change it is about, whether somebody else's, and where results go.
import { SyncError } from '../model/error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The systems whose pull requests can be told. */
export const ciSystems = ['github', 'gitlab'] as const;
export type CiSystem = (typeof ciSystems)[number];

export interface Scene {
  readonly system: CiSystem;
  /** The pull or merge request; null: this run is about none. */
  readonly change: Change | null;
  /** Of what is looked at; null where nobody says. */
  readonly commit: string | null;
  /** Grows from run to run; digits. */
  readonly run: string;
  /** The top of the checkout. */
  readonly top: string | null;
}

export interface Change {
  readonly number: string;
  /** Why this run has no secrets, in words; null: it is one of the repository's own. */
  readonly stranger: string | null;
  /** Where comments are kept: the address of the API, and the repository or project in it. */
  readonly api: { readonly origin: string; readonly base: string };
  readonly repository: string;
}

/** `payload`: the event's JSON, null where there is none. USAGE under events that would run a stranger's configuration beside secrets. */
export function githubScene(env: Environment, payload: unknown): Scene {
  const event = env['GITHUB_EVENT_NAME'] ?? '';
  if (event === 'pull_request_target') {
    throw new SyncError('USAGE', {
      message:
        'kbsync does not run under pull_request_target: there a stranger’s pull request, whose configuration may name code of its own, would lie beside your secrets',
      next: 'use the event pull_request: for forks and Dependabot the plan is made offline, without secrets',
    });
  }
  const pull = fields(fields(payload)['pull_request']);
  const number = text(pull['number']);
  const head = fields(pull['head']);
  const repository = env['GITHUB_REPOSITORY'] ?? '';
  const known = /^[\w.-]{1,100}\/[\w.-]{1,100}$/.test(repository) && !/(?:^|\/)\.{1,2}(?:\/|$)/.test(repository);
  return {
    system: 'github',
    change:
      number === null || !known || !/^pull_request/.test(event)
        ? null
        : { number, stranger: strangerOf(pull, env, repository), api: apiOf(env['GITHUB_API_URL'], 'https://api.github.com'), repository },
    commit: hexOf(text(head['sha']) ?? env['GITHUB_SHA']),
    run: digits(env['GITHUB_RUN_ID']),
    top: env['GITHUB_WORKSPACE'] || null,
  };
}

function strangerOf(pull: Fields, env: Environment, repository: string): string | null {
  const from = text(fields(fields(pull['head'])['repo'])['full_name']);
  // Null: the fork has been deleted meanwhile.
  if (from === null || from.toLowerCase() !== repository.toLowerCase()) return 'this pull request comes from a fork';
  const author = text(fields(pull['user'])['login']);
  return env['GITHUB_ACTOR'] === 'dependabot[bot]' || author === 'dependabot[bot]' ? 'this pull request is Dependabot’s' : null;
}

/** Of GitLab everything stands in variables. */
export function gitlabScene(env: Environment): Scene {
  const number = env['CI_MERGE_REQUEST_IID'];
  const project = env['CI_MERGE_REQUEST_PROJECT_ID'] ?? env['CI_PROJECT_ID'] ?? '';
  const source = env['CI_MERGE_REQUEST_SOURCE_PROJECT_ID'];
  const isChange = number !== undefined && /^\d{1,12}$/.test(number) && /^\d{1,12}$/.test(project);
  const stranger = source === undefined || source === project ? null : 'this merge request comes from a fork';
  return {
    system: 'gitlab',
    change: isChange ? { number, stranger, api: apiOf(env['CI_API_V4_URL'], 'https://gitlab.com/api/v4'), repository: project } : null,
    commit: hexOf(env['CI_MERGE_REQUEST_SOURCE_BRANCH_SHA'] || env['CI_COMMIT_SHA']),
    run: digits(env['CI_PIPELINE_ID']),
    top: env['CI_PROJECT_DIR'] || null,
  };
}

type Fields = { readonly [key: string]: unknown };

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function text(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}

function digits(value: string | undefined): string {
  return value !== undefined && /^\d{1,20}$/.test(value) ? value : '0';
}

function hexOf(value: string | undefined): string | null {
  return value !== undefined && /^[0-9a-f]{7,64}$/.test(value) ? value : null;
}

function apiOf(given: string | undefined, otherwise: string): Change['api'] {
  const url = new URL(given !== undefined && URL.canParse(given) ? given : otherwise);
  return { origin: url.origin, base: url.pathname.replace(/\/$/, '') };
}
