// By which exit codes a step fails, and what a step takes as its settings.
import { describe, expect, it } from 'vitest';
import { githubScene, gitlabScene } from '../../src/ci/scene.ts';
import { failOns, verdictOf } from '../../src/ci/verdict.ts';
import { type CiRequest, ciSettings } from '../../src/cli/ci-settings.ts';
import { strongest } from '../../src/cli/exit.ts';

const none: CiRequest = {
  system: 'github',
  command: null,
  wait: null,
  verify: false,
  baseline: null,
  planFile: null,
  offline: false,
  comment: true,
  failOn: null,
};
const globals = { config: null, targets: [], json: false, quiet: false, verbose: false };
const settings = (env: Record<string, string>, request: Partial<CiRequest> = {}) => ciSettings({ ...none, ...request }, globals, env);

describe('what a step ends with', () => {
  it.each([
    ['plan', [3], [0, 0, 3, 0]],
    ['plan', [3, 5], [0, 5, 5, 0]],
    // The brake outranks the file at fault in the exit code, and must not hide it.
    ['plan', [3, 5, 4], [4, 5, 5, 0]],
    ['plan', [2], [2, 2, 2, 0]],
    ['plan', [3, 7], [7, 7, 7, 0]],
    ['sync', [5], [5, 5, 5, 0]],
    ['drift', [3], [3, 3, 3, 0]],
    ['sync', [], [0, 0, 0, 0]],
  ] as const)('%s that earned %j', (command, codes, ends) => {
    expect(failOns.map((failOn) => verdictOf(codes, { command, failOn }, strongest).stepCode)).toEqual(ends);
    expect(new Set(failOns.map((failOn) => verdictOf(codes, { command, failOn }, strongest).exitCode))).toEqual(
      new Set([strongest(codes)]),
    );
  });
});

describe('settings', () => {
  it('come from options, then from inputs, then from defaults', () => {
    expect(settings({})).toMatchObject({ command: 'plan', failOn: 'error', comment: true, wait: null, targets: [], token: null });
    const env = {
      KBSYNC_CI_COMMAND: 'sync',
      KBSYNC_CI_WAIT: 'false',
      KBSYNC_CI_TARGETS: 'a, b\nc',
      KBSYNC_CI_PLAN_COMMENT: 'FALSE',
      KBSYNC_CI_FAIL_ON: 'held',
      KBSYNC_CI_TOKEN: 't',
      GITHUB_TOKEN: 'u',
    };
    expect(settings(env)).toMatchObject({
      command: 'sync',
      wait: false,
      targets: ['a', 'b', 'c'],
      comment: false,
      failOn: 'held',
      token: 't',
    });
    expect(settings(env, { command: 'sync', wait: '5m', failOn: 'never' })).toMatchObject({ wait: '5m', failOn: 'never' });
    expect(settings({ KBSYNC_CI_TOKEN: '', GITHUB_TOKEN: 'u' }).token).toBe('u');
    expect(settings({ KBSYNC_GITLAB_TOKEN: 'g', GITHUB_TOKEN: 'u' }, { system: 'gitlab' }).token).toBe('g');
  });

  it.each([
    [
      { KBSYNC_CI_COMMAND: 'verfy' },
      'command: found "verfy", expected one of plan, sync, verify, status, lint, drift; did you mean "verify"?',
    ],
    [{ KBSYNC_CI_FAIL_ON: 'x\n::error::y' }, 'fail-on: found "x\\u000a::error::y", expected one of error, held, changes, never'],
    [{ KBSYNC_CI_VERIFY: 'yes' }, 'verify: found "yes", expected true or false'],
    [{ KBSYNC_CI_WAIT: '5m' }, 'wait is for command: sync, not for plan'],
    [{ KBSYNC_CI_COMMAND: 'sync', KBSYNC_CI_WAIT: 'long' }, 'wait: found "long", expected a whole number with ms, s, m, h or d, or 0'],
    [{ KBSYNC_CI_COMMAND: 'sync', KBSYNC_CI_OFFLINE: 'true' }, 'offline is for command: plan, not for sync'],
  ])('that are wrong are refused: %j', (env, message) => {
    expect(() => settings(env)).toThrow(message);
  });
});

describe('where it runs', () => {
  const github = { GITHUB_EVENT_NAME: 'pull_request', GITHUB_REPOSITORY: 'acme/docs', GITHUB_RUN_ID: '12' };
  const event = (from: string | null, login = 'jane') => ({
    pull_request: { number: 7, user: { login }, head: { sha: 'abc1234', repo: from === null ? null : { full_name: from } } },
  });

  it('tells a fork, a fork that is gone, and Dependabot from the repository’s own', () => {
    expect(githubScene(github, event('Acme/Docs'))).toMatchObject({
      run: '12',
      commit: 'abc1234',
      change: { number: '7', stranger: null },
    });
    expect(githubScene(github, event('x/docs')).change?.stranger).toContain('a fork');
    expect(githubScene(github, event(null)).change?.stranger).toContain('a fork');
    expect(githubScene(github, event('acme/docs', 'dependabot[bot]')).change?.stranger).toContain('Dependabot');
    const gitlab = {
      CI_MERGE_REQUEST_IID: '7',
      CI_PROJECT_ID: '9',
      CI_MERGE_REQUEST_PROJECT_ID: '42',
      CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '9',
    };
    expect(gitlabScene(gitlab).change).toMatchObject({ repository: '42', stranger: expect.stringContaining('a fork') });
  });

  it('is about no pull request where nothing sound says so, and nowhere under pull_request_target', () => {
    expect(githubScene({ ...github, GITHUB_EVENT_NAME: 'push' }, {}).change).toBeNull();
    expect(githubScene({ ...github, GITHUB_REPOSITORY: 'acme/../x' }, event('acme/docs')).change).toBeNull();
    expect(githubScene({ ...github, GITHUB_REPOSITORY: 'acme/..' }, event('acme/docs')).change).toBeNull();
    expect(githubScene(github, 'nonsense').change).toBeNull();
    expect(gitlabScene({ CI_MERGE_REQUEST_IID: '7/../8', CI_PROJECT_ID: '42' }).change).toBeNull();
    expect(() => githubScene({ ...github, GITHUB_EVENT_NAME: 'pull_request_target' }, event('acme/docs'))).toThrow('pull_request_target');
  });

  it('asks a server of one’s own where it says', () => {
    const scene = githubScene({ ...github, GITHUB_API_URL: 'https://git.example.com/api/v3' }, event('acme/docs'));
    expect(scene.change?.api).toEqual({ origin: 'https://git.example.com', base: '/api/v3' });
  });
});
