// sync, plan and status on a folder from git, with a bot of the sandbox: what is fetched when, which commit is stamped, and that nothing is ever deleted
// because a server is away.
import { existsSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explain } from '../../src/cli/failure.ts';
import type { Invocation } from '../../src/cli/invocation.ts';
import { Output } from '../../src/cli/output.ts';
import { type PlanRequest, plan } from '../../src/cli/plan.ts';
import { status } from '../../src/cli/status.ts';
import { type SyncRequest, sync } from '../../src/cli/sync.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import { asSyncError } from '../../src/model/error.ts';
import { type GitRepo, gitRepo, hasGit, plainEnv, temporary, withoutGit } from '../support/git-repo.ts';
import { type QuickSandbox, quickSandbox } from '../support/quick-sandbox.ts';

let dir: string;
let repo: GitRepo;
let bots: QuickSandbox;

beforeEach(async () => {
  dir = temporary();
  if (hasGit) repo = gitRepo(join(dir, 'origin'));
  configure();
  bots = await quickSandbox(join(dir, 'work'));
});
afterEach(async () => {
  await bots.close();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

function configure(git = '{ url: ../origin, branch: main }', root = 'docs'): void {
  const target = '{ name: site, vendor: sitegpt, sandbox: true, lagMs: 0ms, poll: { first: 20ms, max: 50ms } }';
  const work = join(dir, 'work');
  if (!existsSync(work)) gitRepo(work);
  writeFileSync(
    join(work, 'sync.config.yaml'),
    `version: 1\nname: docs\ncontent:\n  root: ${root}\n  git: ${git}\ntargets:\n  - ${target}\n`,
  );
}

interface Row {
  readonly name: string;
  readonly operations: readonly { readonly action: string; readonly document: string; readonly outcome: string }[];
  readonly held: readonly { readonly rule: string }[] | null;
  readonly documents?: readonly {
    readonly document: string;
    readonly pushedCommit: string | null;
    readonly trainedCommit: string | null;
  }[];
}
interface Answer {
  readonly commit: string | null;
  readonly error?: { readonly code: string; readonly message: string; readonly next: string };
  readonly git?: { readonly commit: string | null; readonly failing: { readonly message: string } | null };
  readonly targets: readonly Row[];
  readonly documents: { readonly total: number; readonly invalid: readonly { readonly path: string; readonly message: string }[] };
}

async function run(work: (invocation: Invocation) => Promise<number>, command = 'sync') {
  const said = { out: [] as string[], err: [] as string[] };
  const secrets = createSecretSet();
  const output = new Output({
    secrets,
    stdout: { write: (text: string) => void said.out.push(text) },
    stderr: { write: (text: string) => void said.err.push(text) },
    json: true,
    quiet: false,
    colour: false,
  });
  const { signal } = new AbortController();
  const options = { config: null, targets: [], json: true, quiet: false, verbose: false };
  const cwd = join(dir, 'work');
  const invocation: Invocation = {
    command,
    options,
    output,
    cwd,
    env: plainEnv(dir),
    version: '0.0.0',
    secrets,
    stop: signal,
    kill: signal,
  };
  const exitCode = await work(invocation).catch((thrown: unknown) => explain(asSyncError(thrown), invocation));
  return { exitCode, answer: JSON.parse(said.out.join('')) as Answer, stderr: said.err.join('') };
}

const whole: SyncRequest = {
  paths: [],
  waitMs: null,
  planFile: null,
  exact: false,
  onlyFailed: false,
  limit: null,
  allowDeletes: null,
  allowUpdates: null,
  initial: false,
  trainOnly: false,
  lockWaitMs: null,
};
const synced = (patch: Partial<SyncRequest> = {}) => run((invocation) => sync(invocation, { ...whole, ...patch }));
const planned = (patch: Partial<PlanRequest> = {}) =>
  run(
    (invocation) =>
      plan(invocation, { out: null, format: 'text', detailedExitCode: true, offline: false, diff: false, atMs: null, ...patch }),
    'plan',
  );
const statusNow = () => run((invocation) => status(invocation, { documents: true, live: false, failIf: [] }), 'status');

const page = (name: string) => `# About ${name}\n\nWhat there is to know of ${name}, in a sentence of its own.\n`;
const rowsOf = ({ answer }: { readonly answer: Answer }) =>
  answer.targets.flatMap(({ operations }) => operations.map(({ action, document, outcome }) => `${action} ${document} ${outcome}`));

describe.skipIf(!hasGit)(`a bot that learns from a repository${withoutGit}`, () => {
  it('is given what the branch holds, each operation at its commit, and then nothing', async () => {
    // The configuration lies in another repository, whose commits are none of the documents.
    writeFileSync(join(dir, 'work', 'other.txt'), 'x');
    const first = repo.commit({ 'docs/a.md': page('a'), 'docs/sub/b.md': page('b'), 'readme.md': page('r') });
    const one = await synced();
    expect([one.exitCode, rowsOf(one), one.answer.commit, one.answer.git?.commit]).toEqual([
      0,
      ['create a.md done', 'create sub/b.md done'],
      first,
      first,
    ]);
    const second = repo.commit({ 'docs/a.md': page('a, changed') });
    expect(rowsOf(await planned({ fetch: false }))).toEqual([]);
    expect(rowsOf(await planned({ offline: true }))).toEqual([]);
    expect(rowsOf(await planned())).toEqual(['update a.md planned']);
    const two = await synced();
    expect([two.exitCode, rowsOf(two)]).toEqual([0, ['update a.md done']]);
    const { answer } = await statusNow();
    expect(answer.commit).toBe(second);
    expect(
      answer.targets[0]?.documents?.map(({ document, pushedCommit, trainedCommit }) => [document, pushedCommit, trainedCommit]),
    ).toEqual([
      ['a.md', second, second],
      ['sub/b.md', first, first],
    ]);
    expect(rowsOf(await synced())).toEqual([]);
  });

  it('loses nothing while the server is away, and the run does not look green', async () => {
    repo.commit({ 'docs/a.md': page('a'), 'docs/b.md': page('b') });
    await synced();
    renameSync(join(dir, 'origin'), join(dir, 'away'));
    const { exitCode, answer, stderr } = await synced();
    expect([exitCode, answer.targets[0]?.operations, answer.targets[0]?.held]).toEqual([11, [], null]);
    expect(answer.git?.failing?.message).toContain('content.git: ');
    expect(stderr).toContain('goes on, fetched');
    expect((await synced({ fetch: false })).exitCode).toBe(11);
    renameSync(join(dir, 'away'), join(dir, 'origin'));
    expect((await synced()).exitCode).toBe(0);
  });

  it('deletes nothing because the branch, the folder or the whole repository is gone', async () => {
    repo.commit({ 'docs/a.md': page('a'), 'docs/b.md': page('b') });
    await synced();
    repo.git('checkout', '--quiet', '--detach');
    repo.git('branch', '--quiet', '-D', 'main');
    const gone = await synced();
    expect([gone.exitCode, rowsOf(gone)]).toEqual([11, []]);
    repo.git('checkout', '--quiet', '-b', 'main');
    repo.commit({ docs: null, 'readme.md': 'x' });
    const missing = await synced();
    expect([missing.exitCode, rowsOf(missing).filter((row) => row.endsWith('done'))]).toEqual([5, []]);
    // A new machine, and an empty repository in the place of the old one.
    rmSync(join(dir, 'work', 'state', 'content-git'), { recursive: true });
    rmSync(join(dir, 'origin'), { recursive: true });
    gitRepo(join(dir, 'origin'));
    const empty = await synced();
    expect([empty.exitCode, rowsOf(empty).filter((row) => row.endsWith('done'))]).toEqual([5, []]);
    expect(empty.answer.targets[0]?.held?.length).toBeGreaterThan(0);
  });

  it('says in one sentence that nothing was fetched yet, or can be', async () => {
    for (const answer of [await synced({ fetch: false }), await planned({ offline: true })]) {
      expect([answer.exitCode, answer.answer.error?.code]).toEqual([2, 'CONTENT_MISSING']);
      expect(answer.answer.error?.message).toContain('nothing has been fetched');
    }
    configure('{ url: ../nowhere }');
    expect([(await synced()).exitCode, existsSync(join(dir, 'work', 'state', 'site.json'))]).toEqual([2, false]);
  });

  it('blocks pointers of LFS by name, and links that lead out of the repository', async () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'ab'.repeat(32)}\nsize 12345\n`;
    writeFileSync(join(dir, 'outside.md'), page('what is not ours'));
    repo.write({ 'docs/a.md': page('a'), 'docs/big.md': pointer });
    symlinkSync(join(dir, 'outside.md'), join(repo.dir, 'docs', 'out.md'));
    repo.commit({});
    const first = await synced();
    expect(rowsOf(first)).toEqual(['create a.md done']);
    expect(first.answer.documents.invalid.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      expect.stringContaining('big.md: is a pointer of Git LFS'),
    ]);
    expect(first.exitCode).toBe(4);
    // What was a document stays as it is in the bot.
    repo.commit({ 'docs/big.md': null, 'docs/a.md': pointer });
    expect(rowsOf(await synced()).filter((row) => !row.endsWith('blocked'))).toEqual([]);
  });
});
