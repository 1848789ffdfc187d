// state.git: what it is made of, which remotes and branches git is ever given, and that a refused address is repeated nowhere.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asSyncError } from '../../src/model/error.ts';
import { load as loadText } from './fixture.ts';

const load = (state: string, env: Record<string, string> = {}) =>
  loadText(`version: 1\nname: docs\nstate: ${state}\ntargets: []\n`, { env });
const refused = (state: string) =>
  load(state).then(
    () => null,
    (thrown: unknown) => asSyncError(thrown),
  );

describe('state.git', () => {
  it('is off by default', async () => {
    expect((await load('{}')).config.stateGit).toBe(null);
  });

  it('needs no more than to be there', async () => {
    const { config } = await load('{ git: {} }');
    expect(config.stateGit).toMatchObject({
      branch: 'kbsync-state',
      remote: { name: 'origin' },
      token: null,
      missing: [],
      username: 'x-access-token',
      timeoutMs: 60_000,
    });
  });

  it.each([
    ['upstream', { name: 'upstream' }],
    ['https://git.example.com/state.git', { url: 'https://git.example.com/state.git' }],
    ['git@git.example.com:team/state.git', { url: 'git@git.example.com:team/state.git' }],
  ])('remote %s', async (remote, expected) => {
    expect((await load(`{ git: { remote: "${remote}" } }`)).config.stateGit?.remote).toEqual(expected);
  });

  it('takes a path from where the configuration lies', async () => {
    const { stateGit, file } = (await load('{ git: { remote: ../state.git } }')).config;
    expect(stateGit?.remote).toEqual({ url: new URL(`file://${join(file, '..', '..', 'state.git')}`).href });
  });

  it.each([
    ['{ git: { remote: "--upload-pack=x" } }', 'state.git.remote'],
    ['{ git: { remote: "ext::sh -c x" } }', 'state.git.remote'],
    ['{ git: { remote: "https://user:hunter22@git.example.com/x.git" } }', 'state.git.token takes a token'],
    ['{ git: { branch: "--all" } }', 'state.git.branch'],
    ['{ git: { branch: "refs/heads/x" } }', 'state.git.branch'],
    ['{ git: { remote: "git@git.example.com:x.git", token: abcdefgh } }', 'only https takes one'],
    ['{ git: { brnach: x } }', 'did you mean "branch"'],
  ])('%s is refused', async (state, words) => {
    const error = await refused(state);
    expect([error?.code, error?.message.toLowerCase()]).toEqual(['CONFIG_INVALID', expect.stringContaining(words.toLowerCase())]);
    expect(JSON.stringify(error?.record())).not.toMatch(/hunter22/);
  });

  it('wants its token only where it is used, and warns of one in the file', async () => {
    const unset = await load(`{ git: { token: "\${STATE_TOKEN}" } }`);
    expect(unset.config.stateGit).toMatchObject({ token: null, missing: ['STATE_TOKEN'] });
    const set = await load(`{ git: { token: "\${STATE_TOKEN}" } }`, { STATE_TOKEN: 'token-abcdef' });
    expect([set.config.stateGit?.token, set.secrets.values()]).toEqual(['token-abcdef', expect.arrayContaining(['token-abcdef'])]);
    const literal = await load('{ git: { token: token-abcdef } }');
    expect(literal.warnings.map(({ message }) => message).join()).toContain('${GIT_TOKEN}');
  });
});
