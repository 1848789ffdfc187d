// A clone of kbsync's own against real repositories: what is fetched, what is read of it, and what goes on when the server does not.
import { spawn } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSecretSet } from '../../src/config/secrets.ts';
import type { GitConfig } from '../../src/model/config.ts';
import { type ContentSource, createGitSource } from '../../src/source/git-source.ts';
import { nodeDisk } from '../../src/state/disk.ts';
import { nodeProbe } from '../../src/state/process-probe.ts';
import { fakeGit, type GitRepo, gitRepo, hasGit, plainEnv, temporary, withoutGit } from '../support/git-repo.ts';

let dir: string;
let repo: GitRepo;
let nowMs: number;

beforeEach(() => {
  dir = temporary();
  nowMs = Date.UTC(2026, 10, 21);
  if (hasGit) repo = gitRepo(join(dir, 'origin'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));

function configOf(patch: Partial<GitConfig> = {}): GitConfig {
  return {
    url: pathToFileURL(join(dir, 'origin')).href,
    protocols: 'file',
    branch: 'main',
    everyMs: 300_000,
    timeoutMs: 60_000,
    depth: null,
    subdir: '',
    root: '',
    dir: join(dir, 'clone'),
    token: null,
    missing: [],
    username: 'x-access-token',
    ...patch,
  };
}

function sourceOf(patch: Partial<GitConfig> = {}, program?: string): ContentSource {
  const secrets = createSecretSet();
  if (patch.token != null) secrets.add(patch.token);
  return createGitSource({ git: configOf(patch), disk: nodeDisk(), env: plainEnv(dir), now: () => nowMs, secrets, program });
}

const fetching = { command: 'kbsync sync', waitMs: 0 };
const filesOf = (source: ContentSource) =>
  source.read(({ root, commit }) => {
    const names = existsSync(root) ? readdirSync(root, { recursive: true, encoding: 'utf8' }).sort() : null;
    return Promise.resolve({ commit, names });
  });

describe.skipIf(!hasGit)(`a folder from git${withoutGit}`, () => {
  it('is the files of the branch, byte for byte, at its commit', async () => {
    const bytes = 'caf\u00e9\r\n$Id$\n';
    const first = repo.commit({ 'a.md': bytes, 'sub/b.md': 'b', '.gitattributes': '* text=auto ident eol=crlf\n' });
    const source = sourceOf();
    const { changed, after, before } = await source.refresh(fetching);
    expect({ changed, before: before.commit, after }).toEqual({
      changed: true,
      before: null,
      after: { url: configOf().url, branch: 'main', commit: first, fetchedAt: '2026-11-21T00:00:00.000Z', failing: null },
    });
    expect(await filesOf(source)).toEqual({ commit: first, names: ['.gitattributes', 'a.md', 'sub', 'sub/b.md'] });
    const text = await source.read(({ root }) => Promise.resolve(readFileSync(join(root, 'a.md'), 'utf8')));
    expect(text).toBe(`${repo.git('show', 'HEAD:a.md')}\n`);
    expect(readFileSync(join(dir, 'clone', 'current', 'sub', 'b.md'), 'utf8')).toBe('b');
    const modes = ['repo.git', 'trees', 'clone.json'].map((name) => (lstatSync(join(dir, 'clone', name)).mode & 0o077).toString(8));
    expect(modes).toEqual(['0', '0', '0']);
    // As a clone of a person's would be called: documents may address each other by it.
    expect(await source.read(({ root }) => Promise.resolve(basename(root)))).toBe('origin');
  });

  it('follows the branch, and nothing else', async () => {
    repo.commit({ 'a.md': '1' });
    const source = sourceOf();
    await source.refresh(fetching);
    expect((await source.refresh(fetching)).changed).toBe(false);
    repo.git('checkout', '--quiet', '-b', 'other');
    repo.commit({ 'other.md': 'x' });
    expect((await source.refresh(fetching)).changed).toBe(false);
    repo.git('checkout', '--quiet', 'main');
    const second = repo.commit({ 'a.md': null, 'c.md': '3' });
    expect(await source.refresh(fetching)).toMatchObject({ changed: true, notes: [], after: { commit: second } });
    expect((await filesOf(source)).names).toEqual(['c.md']);
    const other = sourceOf({ branch: null });
    expect((await other.refresh(fetching)).after.commit).toBe(second);
  });

  it('says that history was rewritten, and goes on with what is there now', async () => {
    const base = repo.commit({ 'a.md': '1' });
    const gone = repo.commit({ 'a.md': '2' });
    const source = sourceOf();
    await source.refresh(fetching);
    repo.git('reset', '--quiet', '--hard', base);
    const next = repo.commit({ 'a.md': '3' });
    const { notes, after } = await source.refresh(fetching);
    expect(after.commit).toBe(next);
    expect(notes).toEqual([`history was rewritten: ${gone.slice(0, 7)} is no part of it any more; going on with ${next.slice(0, 7)}`]);
  });

  it('goes on with the last checkout when the branch is deleted, or the server is away, and takes up again', async () => {
    const first = repo.commit({ 'a.md': '1' });
    const source = sourceOf();
    await source.refresh(fetching);
    nowMs += 60_000;
    repo.git('branch', '--quiet', '-m', 'main', 'trunk');
    const gone = await source.refresh(fetching);
    expect(gone).toMatchObject({
      changed: false,
      after: {
        commit: first,
        fetchedAt: '2026-11-21T00:00:00.000Z',
        failing: { since: '2026-11-21T00:01:00.000Z', message: 'content.git: the repository has no branch main' },
      },
    });
    expect(await filesOf(source)).toEqual({ commit: first, names: ['a.md'] });
    nowMs += 60_000;
    repo.git('branch', '--quiet', '-m', 'trunk', 'main');
    const origin = join(dir, 'origin');
    const moved = join(dir, 'moved');
    const { renameSync } = await import('node:fs');
    renameSync(origin, moved);
    const away = await source.refresh(fetching);
    expect(away.after.failing).toMatchObject({ since: '2026-11-21T00:01:00.000Z' });
    expect(away.after.failing?.message).toMatch(/^content\.git: fatal: .*origin/);
    expect(await filesOf(source)).toEqual({ commit: first, names: ['a.md'] });
    renameSync(moved, origin);
    expect((await source.refresh(fetching)).after).toMatchObject({ commit: first, failing: null, fetchedAt: '2026-11-21T00:02:00.000Z' });
  });

  it('is a folder that is not there where the repository is empty, or has no such folder', async () => {
    const source = sourceOf();
    expect((await source.refresh(fetching)).after.failing?.message).toBe('content.git: the repository has no branch main');
    expect(await filesOf(source)).toEqual({ commit: null, names: null });
    const first = repo.commit({ 'docs/guides/a.md': '1', 'readme.md': 'r' });
    const docs = sourceOf({ subdir: 'docs', root: 'guides' });
    await docs.refresh(fetching);
    expect(await filesOf(docs)).toEqual({ commit: first, names: ['a.md'] });
    expect(await docs.read(({ root, prefix }) => Promise.resolve([existsSync(join(root, '..', '..', 'readme.md')), prefix]))).toEqual([
      false,
      'docs/guides/',
    ]);
    repo.commit({ docs: null });
    await docs.refresh(fetching);
    expect((await filesOf(docs)).names).toBe(null);
  });

  it('keeps a reader on the folder that it began to read', async () => {
    const first = repo.commit({ 'a.md': '1', 'b.md': '1' });
    const source = sourceOf();
    await source.refresh(fetching);
    const seen = await source.read(async ({ root, commit }) => {
      const a = readFileSync(join(root, 'a.md'), 'utf8');
      repo.commit({ 'a.md': '2', 'b.md': '2' });
      await sourceOf().refresh(fetching);
      return { commit, a, b: readFileSync(join(root, 'b.md'), 'utf8') };
    });
    expect(seen).toEqual({ commit: first, a: '1', b: '1' });
  });

  it('reads anew what was taken away while it was read', async () => {
    repo.commit({ 'a.md': '1' });
    const source = sourceOf();
    await source.refresh(fetching);
    const second = repo.commit({ 'a.md': '2' });
    let reads = 0;
    const commit = await source.read(async (at) => {
      reads += 1;
      if (reads === 1) {
        const other = sourceOf();
        await other.refresh(fetching);
        // Hours later: nobody can still be reading the first.
        nowMs += 3 * 3_600_000;
        await other.refresh(fetching);
        expect(existsSync(at.root)).toBe(false);
      }
      return at.commit;
    });
    expect([reads, commit]).toEqual([2, second]);
  });

  it('keeps no more folders than are read', async () => {
    const source = sourceOf();
    for (let at = 0; at < 8; at += 1) {
      repo.commit({ 'a.md': String(at) });
      await source.refresh(fetching);
    }
    expect(readdirSync(join(dir, 'clone', 'trees')).filter((name) => !name.endsWith('.index'))).toHaveLength(5);
    nowMs += 3 * 3_600_000;
    await source.refresh(fetching);
    expect(readdirSync(join(dir, 'clone', 'trees'))).toHaveLength(2);
  });

  it.each([
    ['a file changed', (root: string) => writeFileSync(join(root, 'a.md'), 'edited by hand')],
    ['a file removed', (root: string) => unlinkSync(join(root, 'a.md'))],
    ['a file added', (root: string) => writeFileSync(join(root, 'new.md'), 'x')],
    ['all of it removed', (root: string) => rmSync(root, { recursive: true })],
  ])('never reads what somebody did to the clone: %s', async (_what, spoil) => {
    repo.commit({ 'a.md': 'as committed' });
    const source = sourceOf();
    await source.refresh(fetching);
    const spoiled = await source.read(({ root }) => Promise.resolve(root));
    spoil(spoiled);
    const text = await source.read(({ root }) => Promise.resolve([readdirSync(root), readFileSync(join(root, 'a.md'), 'utf8')]));
    expect(text).toEqual([['a.md'], 'as committed']);
    spoil(await source.read(({ root }) => Promise.resolve(root)));
    expect((await source.refresh(fetching)).notes.join()).toContain('had been changed on this machine');
    expect((await filesOf(source)).names).toEqual(['a.md']);
  });

  it('takes only as much history as it is told to, and all of it when that is taken back', async () => {
    for (let at = 0; at < 30; at += 1) repo.commit({ 'a.md': String(at) });
    const inClone = () => repo.git(`--git-dir=${join(dir, 'clone', 'repo.git')}`, 'rev-list', '--count', 'refs/kbsync/head');
    await sourceOf({ depth: 1 }).refresh(fetching);
    expect(inClone()).toBe('1');
    const last = repo.commit({ 'a.md': 'x' });
    expect((await sourceOf({ depth: 1 }).refresh(fetching)).after.commit).toBe(last);
    await sourceOf().refresh(fetching);
    expect(inClone()).toBe('31');
    // Where history is cut off, nobody can say that it was rewritten.
    repo.git('reset', '--quiet', '--hard', 'HEAD~5');
    repo.commit({ 'a.md': 'y' });
    rmSync(join(dir, 'clone'), { recursive: true });
    const shallow = sourceOf({ depth: 1 });
    await shallow.refresh(fetching);
    repo.commit({ 'a.md': 'z' });
    expect((await shallow.refresh(fetching)).notes).toEqual([]);
  });

  it('is never another repository because the address has changed', async () => {
    repo.commit({ 'a.md': '1' });
    await sourceOf().refresh(fetching);
    const other = sourceOf({ url: pathToFileURL(join(dir, 'nowhere')).href });
    expect((await other.refresh(fetching)).after.commit).toBe(null);
    await expect(filesOf(other)).rejects.toMatchObject({ code: 'CONTENT_MISSING' });
  });

  it('says what to do where nothing was fetched yet, and where it cannot be', async () => {
    const source = sourceOf();
    await expect(filesOf(source)).rejects.toMatchObject({
      code: 'CONTENT_MISSING',
      message: expect.stringContaining('nothing has been fetched'),
    });
    const away = sourceOf({ url: pathToFileURL(join(dir, 'nowhere')).href });
    await away.refresh(fetching);
    await expect(filesOf(away)).rejects.toMatchObject({ message: expect.stringContaining('nothing has been fetched before') });
  });
});

describe.skipIf(!hasGit)(`what a repository could do${withoutGit}`, () => {
  it('runs no hook, no filter, no program of its configuration', async () => {
    const mark = join(dir, 'ran');
    const home = join(dir, 'home');
    mkdirSync(join(home, 'hooks'), { recursive: true });
    for (const hook of ['post-checkout', 'post-merge', 'reference-transaction', 'post-index-change'])
      writeFileSync(join(home, 'hooks', hook), `#!/bin/sh\necho ${hook} >> '${mark}'\n`, { mode: 0o755 });
    writeFileSync(
      join(home, '.gitconfig'),
      `[core]\n\thooksPath = ${home}/hooks\n\tfsmonitor = ${home}/hooks/post-merge\n[init]\n\ttemplateDir = ${home}\n[filter "evil"]\n\tsmudge = "echo smudge >> '${mark}'; cat"\n\tclean = "echo clean >> '${mark}'; cat"\n\trequired = true\n`,
    );
    repo.commit({ '.gitattributes': '*.md filter=evil\n', 'a.md': 'as it is\n' });
    const source = createGitSource({
      git: configOf(),
      disk: nodeDisk(),
      env: { ...plainEnv(home) },
      now: () => nowMs,
      secrets: createSecretSet(),
    });
    await source.refresh(fetching);
    expect(await source.read(({ root }) => Promise.resolve(readFileSync(join(root, 'a.md'), 'utf8')))).toBe('as it is\n');
    repo.commit({ 'a.md': 'again\n' });
    await source.refresh(fetching);
    expect(existsSync(mark)).toBe(false);
  });

  it('follows no submodule', async () => {
    const inner = gitRepo(join(dir, 'inner'));
    inner.commit({ 'inner.md': 'x' });
    repo.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.dir, 'sub');
    repo.commit({ 'a.md': '1' });
    const source = sourceOf();
    await source.refresh(fetching);
    expect((await filesOf(source)).names).toEqual(['.gitmodules', 'a.md', 'sub']);
    expect((await source.refresh(fetching)).changed).toBe(false);
  });

  it('speaks no protocol but those of its address', async () => {
    const mark = join(dir, 'ran');
    repo.commit({ 'a.md': '1' });
    const config = (name: string, value: string) => ({ GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: name, GIT_CONFIG_VALUE_0: value });
    const env = {
      ...plainEnv(dir),
      ...config(`url.ext::sh -c "touch ${mark}" #.insteadOf`, configOf().url),
      GIT_ALLOW_PROTOCOL: 'ext:file',
    };
    const source = createGitSource({ git: configOf(), disk: nodeDisk(), env, now: () => nowMs, secrets: createSecretSet() });
    const { after } = await source.refresh(fetching);
    expect(after.failing?.message).toContain("transport 'ext' not allowed");
    expect(existsSync(mark)).toBe(false);
  });

  it('leaves links as links', async () => {
    writeFileSync(join(dir, 'outside.md'), 'not ours');
    symlinkSync(join(dir, 'outside.md'), join(repo.dir, 'out.md'));
    repo.commit({ 'a.md': '1' });
    const source = sourceOf();
    await source.refresh(fetching);
    expect(await source.read(({ root }) => Promise.resolve(lstatSync(join(root, 'out.md')).isSymbolicLink()))).toBe(true);
  });
});

describe('the folder of the clone', () => {
  it.skipIf(!hasGit)('is never one that holds other things', async () => {
    repo.commit({ 'a.md': '1' });
    const before = readdirSync(repo.dir).sort();
    await expect(sourceOf({ dir: repo.dir }).refresh(fetching)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('holds other things'),
    });
    expect(readdirSync(repo.dir).sort()).toEqual(before);
  });

  it.skipIf(!hasGit)('is one process’s at a time', async () => {
    repo.commit({ 'a.md': '1' });
    const both = await Promise.allSettled([sourceOf().refresh(fetching), sourceOf().refresh(fetching)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = both.find((one) => one.status === 'rejected');
    expect(refused?.reason).toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining('content.git: another process is at its clone'),
    });
    const waiting = await Promise.all([1, 2, 3].map(() => sourceOf().refresh({ ...fetching, waitMs: 30_000 })));
    expect(waiting.map(({ after }) => after.failing)).toEqual([null, null, null]);
  });
});

describe('a git that is not as it should be', () => {
  it('is told by name where there is none, or an old one', async () => {
    await expect(sourceOf({}, join(dir, 'no-such-git')).refresh(fetching)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('needs git'),
      next: expect.stringContaining('apt-get install git'),
    });
    const { program } = fakeGit(dir, 'echo "git version 2.20.1"');
    await expect(sourceOf({}, program).refresh(fetching)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('2.20.1'),
    });
  });

  it.skipIf(!hasGit)('is stopped with everything that it started when it hangs', async () => {
    const child = join(dir, 'child.pid');
    const hanging = `case "$*" in *fetch*) sleep 600 & echo $! > '${child}'; trap '' TERM; wait;; *) exec git "$@";; esac`;
    const { program } = fakeGit(dir, hanging);
    const startedAt = Date.now();
    const { after } = await sourceOf({ timeoutMs: 300 }, program).refresh(fetching);
    expect(after.failing?.message).toBe('content.git: git did not end within 0.3 s and was stopped');
    expect(Date.now() - startedAt).toBeLessThan(20_000);
    const pid = Number(readFileSync(child, 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow();
  });

  it.skipIf(!hasGit)('is stopped when the run is', async () => {
    const { program } = fakeGit(dir, `case "$*" in *fetch*) exec sleep 600;; *) exec git "$@";; esac`);
    const stop = new AbortController();
    const fetched = sourceOf({}, program).refresh({ ...fetching, signal: stop.signal });
    setTimeout(() => stop.abort(), 200);
    await expect(fetched).rejects.toMatchObject({ code: 'ABORTED' });
    expect(existsSync(join(dir, 'clone', 'lock'))).toBe(false);
  });
});

describe.skipIf(!hasGit)('a kbsync that was killed while git was at work', () => {
  it('leaves nothing that keeps the next one from fetching, and no git that goes on', async () => {
    repo.commit({ 'a.md': '1' });
    await sourceOf({ depth: 1 }).refresh(fetching);
    const second = repo.commit({ 'a.md': '2' });
    for (const lock of ['shallow.lock', join('refs', 'kbsync', 'head.lock'), 'packed-refs.lock'])
      writeFileSync(join(dir, 'clone', 'repo.git', lock), '');
    mkdirSync(join(dir, 'clone', 'trees', 'abc-half', 'origin'), { recursive: true });
    const orphan = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    const ended = new Promise((resolve) => orphan.once('exit', (_code, signal) => resolve(signal)));
    const startTime = nodeProbe().look(orphan.pid ?? 0).startTime ?? '-';
    writeFileSync(join(dir, 'clone', 'git.pid'), `${orphan.pid} ${startTime}\n`);
    const { after } = await sourceOf({ depth: 1 }).refresh(fetching);
    expect(after).toMatchObject({ commit: second, failing: null });
    expect(await ended).toBe('SIGKILL');
    expect(readdirSync(join(dir, 'clone', 'trees'))).not.toContain('abc-half');
  });

  it('never ends a process that only has the number of its git', async () => {
    repo.commit({ 'a.md': '1' });
    mkdirSync(join(dir, 'clone'));
    const other = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    writeFileSync(join(dir, 'clone', 'git.pid'), `${other.pid} 1\n`);
    await sourceOf().refresh(fetching);
    expect([other.exitCode, other.signalCode]).toEqual([null, null]);
    other.kill('SIGKILL');
  });

  it('says how a damaged clone is made anew', async () => {
    repo.commit({ 'a.md': '1' });
    await sourceOf().refresh(fetching);
    const objects = join(dir, 'clone', 'repo.git', 'objects');
    rmSync(objects, { recursive: true });
    mkdirSync(join(objects, 'pack'), { recursive: true });
    mkdirSync(join(objects, 'info'));
    repo.commit({ 'a.md': '2' });
    const { after } = await sourceOf().refresh(fetching);
    // git itself may heal this one; where it does not, the way out is named.
    if (after.failing !== null) expect(after.failing.next).toContain(join(dir, 'clone', 'repo.git'));
    rmSync(join(dir, 'clone', 'repo.git'), { recursive: true });
    expect((await sourceOf().refresh(fetching)).after.failing).toBe(null);
  });
});

describe.skipIf(!hasGit)('a token on the wire', () => {
  it('goes to the server of the address, and nowhere that this one leads to', async () => {
    const heard: string[] = [];
    const server = (name: string, reply: (response: ServerResponse) => void) =>
      createServer((request, response) => {
        heard.push(`${name} ${request.headers.authorization ?? 'none'}`);
        reply(response);
      });
    const other = server('other', (response) => response.writeHead(404).end());
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const leads = server('own', (response) =>
      response
        .writeHead(302, {
          location: `http://127.0.0.1:${(other.address() as AddressInfo).port}/docs.git/info/refs?service=git-upload-pack`,
        })
        .end(),
    );
    await new Promise<void>((resolve) => leads.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(leads.address() as AddressInfo).port}/docs.git`;
      const { after } = await sourceOf({ url, protocols: 'http', token: 'tok-5f2b-very-secret-91' }).refresh(fetching);
      expect(heard).toEqual([`own Basic ${Buffer.from('x-access-token:tok-5f2b-very-secret-91').toString('base64')}`]);
      expect(after.failing?.next).toContain('a token follows no redirect');
    } finally {
      for (const one of [other, leads]) one.close();
    }
  });
});

describe.skipIf(process.platform !== 'linux' || !hasGit)('a token', () => {
  it('is on no command line, in no file and in no word, and goes out as a header', async () => {
    const token = 'tok-5f2b-very-secret-91';
    const seen = join(dir, 'cmdlines');
    // Looks at every process of the system while git is at work.
    const { program } = fakeGit(
      dir,
      `case "$*" in *fetch*) cat /proc/[0-9]*/cmdline > '${seen}' 2>/dev/null; echo "fatal: $(env | grep -i basic)" >&2; exit 128;; *) exec git "$@";; esac`,
    );
    const secrets = createSecretSet();
    secrets.add(token);
    const git = configOf({ url: 'https://git.invalid/docs.git', protocols: 'https:ssh', token });
    const env = { ...plainEnv(dir), GIT_TOKEN: token, DOCS_KEY: token, GIT_TRACE_CURL: '1', GIT_DIR: '/elsewhere' };
    const source = createGitSource({ git, disk: nodeDisk(), env, now: () => nowMs, secrets, program });
    const { after } = await source.refresh(fetching);
    const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
    const given = readFileSync(join(dir, 'fake-git.log.env'), 'utf8');
    expect(given).toContain(`Authorization: Basic ${basic}`);
    expect(given).not.toMatch(/DOCS_KEY|GIT_TOKEN|GIT_TRACE|GIT_DIR/);
    expect(given).toContain('http.followRedirects');
    expect(after.failing?.message).toContain('***');
    const left = ['cmdlines', 'fake-git.log', join('clone', 'clone.json')].map((name) => readFileSync(join(dir, name), 'utf8'));
    for (const text of [...left, JSON.stringify(after)]) {
      expect(text).not.toContain(token);
      expect(text).not.toContain(basic);
    }
    expect(left[0]).toContain('fake-git.sh');
  });

  it('is named where its variable is not set', async () => {
    await expect(sourceOf({ missing: ['GIT_TOKEN'] }).refresh(fetching)).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      message: expect.stringContaining('GIT_TOKEN'),
    });
  });
});
