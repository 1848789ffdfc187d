// Which addresses, branches and folders git is ever given; and that a refused address, which may hold a password, is repeated nowhere.
import { describe, expect, it } from 'vitest';
import { gitBranchProblem, gitUrlProblem } from '../../src/config/git-keys.ts';
import { asSyncError } from '../../src/model/error.ts';
import { load as loadText } from './fixture.ts';

const targets = 'targets: []\n';
const load = (content: string, env: Record<string, string> = {}) =>
  loadText(`version: 1\nname: docs\ncontent:\n${content}${targets}`, { env });
const refused = async (content: string) => {
  const error = await load(content).then(
    () => null,
    (thrown: unknown) => asSyncError(thrown),
  );
  return error;
};

describe('addresses', () => {
  it.each([
    'https://git.example.com/docs.git',
    'https://git.example.com:8443/a/b',
    'ssh://git@git.example.com:2222/docs.git',
    'ssh://git.example.com/docs.git',
    'git@git.example.com:team/docs.git',
    'git.example.com:docs',
    '/srv/git/docs.git',
    './docs.git',
    '../docs.git',
    'file:///srv/git/docs.git',
    'file://localhost/srv/git/docs.git',
    'http://127.0.0.1:3000/docs.git',
  ])('%s is fetched from', (url) => {
    expect(gitUrlProblem(url)).toBe(null);
  });

  it.each([
    '--upload-pack=touch /tmp/x',
    '-oProxyCommand=x',
    'ext::sh -c touch% /tmp/x',
    'ext::sh',
    'fd::17',
    'transport::https://git.example.com/docs.git',
    'http://git.example.com/docs.git',
    'git://git.example.com/docs.git',
    'ftp://git.example.com/docs.git',
    'javascript://x',
    'https://user:password@git.example.com/docs.git',
    'https://token@git.example.com/docs.git',
    'ssh://git:password@git.example.com/docs.git',
    'ssh://-oProxyCommand=touch/docs.git',
    'ssh://%2DoProxyCommand=touch/docs.git',
    'ssh://-o@git.example.com/docs.git',
    '-oProxyCommand=x:docs',
    'git@-oProxyCommand=x:docs',
    'git.example.com:-docs',
    'https://git.example.com/docs.git?token=abc',
    'https://git.example.com/docs.git#frag',
    'https://git.example.com/a b',
    'https://git.example.com/a\nb',
    'file://git.example.com/share/docs.git',
    '//git.example.com/docs.git',
    'docs.git',
    '',
  ])('%j is not', (url) => {
    expect(url === '' ? 'empty' : gitUrlProblem(url)).not.toBe(null);
  });

  it('that are refused are not repeated', async () => {
    const error = await refused('  git: { url: "https://me:hunter2-hunter2@git.example.com/docs.git" }\n');
    expect(error?.code).toBe('CONFIG_INVALID');
    expect(error?.message).toContain('content.git.url');
    expect(error?.message).toContain('content.git.token');
    expect(JSON.stringify([error?.message, error?.data])).not.toContain('hunter2');
  });
});

describe('branches', () => {
  it.each(['main', 'release/2.x', 'feature/äöü', 'v1.0-beta_3', '2026'])('%s is one', (branch) => {
    expect(gitBranchProblem(branch)).toBe(null);
  });

  it.each([
    '-b',
    '--upload-pack=x',
    'a..b',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[',
    'a\\b',
    '/a',
    'a/',
    'a//b',
    '.a',
    'a/.b',
    'a.lock',
    'a@{1}',
    '@',
    'a.',
    'refs/heads/main',
    'a\u0000b',
  ])('%j is none', (branch) => {
    expect(gitBranchProblem(branch)).not.toBe(null);
  });
});

describe('content.git', () => {
  it('has its defaults, and a folder within the clone', async () => {
    const { config } = await load('  root: ./guides/\n  git: { url: ../docs.git, subdir: docs/, depth: 1 }\n');
    expect(config.content.root).toBe('/w/state/content-git/current/docs/guides');
    expect(config.content.git).toEqual({
      url: 'file:///docs.git',
      protocols: 'file',
      branch: null,
      everyMs: 300_000,
      timeoutMs: 600_000,
      depth: 1,
      subdir: 'docs',
      root: 'guides',
      dir: '/w/state/content-git',
      token: null,
      missing: [],
      username: 'x-access-token',
    });
    expect((await load('  root: docs\n')).config.content.git).toBe(null);
  });

  it('takes its token from a variable, which is a secret, and which only who fetches needs', async () => {
    const content = '  git: { url: "https://git.example.com/docs.git", token: "${GIT_TOKEN}" }\n';
    const { config, secrets } = await load(content, { GIT_TOKEN: 'tok-1234567890' });
    expect(config.content.git?.token).toBe('tok-1234567890');
    expect(secrets.redact('it is tok-1234567890')).toBe('it is ***');
    expect((await load(content)).config.content.git).toMatchObject({ token: null, missing: ['GIT_TOKEN'] });
    const { warnings } = await load('  git: { url: "https://git.example.com/docs.git", token: "tok-1234567890" }\n');
    expect(warnings.map(({ message }) => message).join()).toContain('${GIT_TOKEN}');
  });

  it.each([
    ['  root: /srv/docs\n  git: { url: /srv/docs.git }\n', 'content.root'],
    ['  root: ../docs\n  git: { url: /srv/docs.git }\n', 'content.root'],
    ['  root: .git\n  git: { url: /srv/docs.git }\n', 'content.root'],
    ['  git: { url: /srv/docs.git, subdir: ../x }\n', 'content.git.subdir'],
    ['  git: { url: /srv/docs.git, branch: "--exec" }\n', 'content.git.branch'],
    ['  git: { url: /srv/docs.git, every: 1s }\n', 'content.git.every'],
    ['  git: { url: /srv/docs.git, depth: 0 }\n', 'content.git.depth'],
    ['  git: { url: git@git.example.com:docs, token: abcdefghij }\n', 'content.git.token'],
    ['  git: { branch: main }\n', 'content.git.url'],
    ['  git: { url: /srv/docs.git, brunch: main }\n', 'content.git.brunch'],
  ])('refuses %j by naming %s', async (content, key) => {
    const error = await refused(content);
    expect([error?.code, error?.message.includes(key)]).toEqual(['CONFIG_INVALID', true]);
  });
});
