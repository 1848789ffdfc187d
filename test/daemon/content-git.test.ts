// A whole daemon on a folder from git: a commit that is pushed is fetched and taught, and what cannot be fetched stands on page, metrics and API.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Daemon, startDaemon } from '../../src/daemon/daemon.ts';
import { openWorkspace } from '../../src/workspace.ts';
import { fakeGit, type GitRepo, gitRepo, hasGit, plainEnv, temporary, withoutGit } from '../support/git-repo.ts';
import { planted } from '../support/planted.ts';

let dir: string;
let repo: GitRepo;
let daemon: Daemon | null = null;
let said: string[];

beforeEach(() => {
  dir = temporary();
  said = [];
  if (hasGit) repo = gitRepo(join(dir, 'origin'));
});
afterEach(async () => {
  await daemon?.kill();
  daemon = null;
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

async function start(env: Record<string, string> = plainEnv(dir)): Promise<Daemon> {
  mkdirSync(join(dir, 'work'), { recursive: true });
  const target = '{ name: site, vendor: sitegpt, sandbox: true, poll: { first: 50ms, max: 100ms } }';
  writeFileSync(
    join(dir, 'work', 'sync.config.yaml'),
    `version: 1\nname: docs\ncontent:\n  root: docs\n  git: { url: ../origin, branch: main, every: 0 }\ndaemon: { port: 0, token: ${planted} }\ntargets:\n  - ${target}\n`,
  );
  daemon = await startDaemon({
    open: (onEvent) => openWorkspace({ configFile: null, cwd: join(dir, 'work'), env, version: '0.0.0-test', onEvent }),
    targets: [],
    initial: false,
    version: '0.0.0-test',
    runCommand: () => Promise.resolve(0),
    voice: { talk: (line) => void said.push(line), complain: (line) => void said.push(`! ${line}`) },
  });
  return daemon;
}

const ask = async (path: string, init?: RequestInit) => {
  const { port } = new URL(daemon?.url ?? 'http://127.0.0.1:1');
  return (await fetch(`http://127.0.0.1:${port}${path}`, init)).text();
};
const wantSync = () => ask('/api/sync', { method: 'POST', headers: { authorization: `Bearer ${planted}` }, body: '{}' });
const known = async () => {
  const answer = JSON.parse(await ask('/api/status?documents')) as {
    readonly git?: { readonly commit: string | null; readonly failing: object | null };
    readonly targets: readonly { readonly documents: readonly { readonly document: string; readonly trainedCommit: string | null }[] }[];
  };
  const documents = answer.targets.flatMap(({ documents: rows }) =>
    rows.map(({ document, trainedCommit }) => `${document} ${trainedCommit}`),
  );
  return { git: answer.git, documents: documents.sort() };
};
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`never came: ${what}\n${said.join('\n')}`);
    await wait(50);
  }
}

describe.skipIf(!hasGit)(`the daemon on a folder from git${withoutGit}`, () => {
  it('teaches what is fetched, goes on while the server is away, and says so until it is back', async () => {
    const first = repo.commit({ 'docs/a.md': '# A\n\nWhat a is.\n' });
    await start();
    await until('the first commit', async () => (await known()).documents.join() === `a.md ${first}`);
    const second = repo.commit({ 'docs/b.md': '# B\n\nWhat b is.\n' });
    expect(await wantSync()).toContain('site');
    await until('the second commit', async () => (await known()).documents.join() === `a.md ${first},b.md ${second}`);
    expect(said.join('\n')).toContain(`content.git: at ${second.slice(0, 7)} (was ${first.slice(0, 7)})`);
    const healthy = await ask('/metrics');
    expect(healthy).toContain('kbsync_content_git_failing 0\n');
    expect(healthy).toMatch(/^kbsync_content_git_last_fetch_timestamp_seconds 1\d{9}/m);

    renameSync(join(dir, 'origin'), join(dir, 'away'));
    await wantSync();
    await until('the failure', async () => (await known()).git?.failing !== null);
    await wantSync();
    await until('the metric', async () => (await ask('/metrics')).includes('kbsync_content_git_failing 1\n'));
    expect((await known()).documents).toHaveLength(2);
    expect(await ask('/')).toContain(`<code>${second.slice(0, 7)}</code> goes on`);
    renameSync(join(dir, 'away'), join(dir, 'origin'));
    await wantSync();
    await until('the end of it', async () => said.includes('content.git: fetched again'));
    expect(said.filter((line) => line.startsWith('! content.git'))).toHaveLength(1);
    expect(await ask('/readyz')).toContain('true');
  });

  it('does not start without git, and says what to install', async () => {
    await expect(start({ PATH: join(dir, 'nothing'), HOME: dir })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      next: expect.stringContaining('install git'),
    });
  });

  it('ends in time while a fetch hangs', async () => {
    repo.commit({ 'docs/a.md': '# A\n\nWhat a is.\n' });
    const bin = join(dir, 'bin');
    mkdirSync(bin);
    const { program } = fakeGit(bin, `case "$*" in *fetch*) exec sleep 600;; *) PATH='${process.env['PATH'] ?? ''}' exec git "$@";; esac`);
    renameSync(program, join(bin, 'git'));
    const env = plainEnv(dir);
    const running = await start({ ...env, PATH: `${bin}:${env['PATH'] ?? ''}` });
    const startedAt = Date.now();
    await running.stop();
    expect(Date.now() - startedAt).toBeLessThan(20_000);
  });
});
