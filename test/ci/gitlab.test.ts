// GitLab from end to end: the script lines of the template by bash, the built program, sandbox bots, and a GitLab of our own over HTTP.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { bash } from '../support/composite-runner.ts';
import { type FakeForge, fakeGitlab } from '../support/fake-forge.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const token = 'glpat-0123456789abcdef';
const template = parse(readFileSync(join(root, 'gitlab/kbsync.gitlab-ci.yml'), 'utf8')) as Readonly<
  Record<string, { readonly script: readonly string[]; readonly variables?: Readonly<Record<string, string>> }>
>;

let dir: string;
let tools: string;
let gitlab: FakeForge;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kbsync-gitlab-'));
  tools = mkdtempSync(join(tmpdir(), 'kbsync-npx-'));
  gitlab = await fakeGitlab(42, 7);
  gitlab.tokens.set(token, { login: 'project_42_bot', writes: true });
  execFileSync('git', ['init', '-q', '-b', 'main', dir]);
  // npx of the published package is the build of this one.
  writeFileSync(
    join(tools, 'npx'),
    `#!/bin/sh\n[ "$1 $2 $3 $4" = "--yes --package=$KBSYNC_PACKAGE -- kbsync" ] || exit 99\nshift 4\nexec node ${JSON.stringify(join(root, 'dist/main.js'))} "$@"\n`,
  );
  chmodSync(join(tools, 'npx'), 0o755);
});
afterEach(async () => {
  await gitlab.close();
  for (const folder of [dir, tools]) rmSync(folder, { recursive: true, force: true });
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}

function config(target: string): string {
  return `version: 1\nname: docs\ncontent: { root: ./docs }\ntargets:\n  - ${target}\n`;
}

const sandbox = config('{ name: support, vendor: chatthing, sandbox: true, poll: { first: 10ms, max: 20ms } }');

const mergeRequest = {
  CI_PIPELINE_SOURCE: 'merge_request_event',
  CI_MERGE_REQUEST_IID: '7',
  CI_MERGE_REQUEST_PROJECT_ID: '42',
  CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '42',
};

async function job(
  name: string,
  env: Readonly<Record<string, string>>,
  change: (line: string) => string = (line) => line,
): Promise<{ exitCode: number | null; log: string; file: (name: string) => string }> {
  const ran = await bash(['-e', '-o', 'pipefail', '-c', (template[name]?.script ?? []).map(change).join('\n')], dir, {
    PATH: `${tools}:${process.env['PATH'] ?? ''}`,
    HOME: tools,
    CI: 'true',
    GITLAB_CI: 'true',
    CI_PROJECT_ID: '42',
    CI_PROJECT_DIR: dir,
    CI_API_V4_URL: gitlab.origin,
    CI_PIPELINE_ID: '100',
    CI_COMMIT_SHA: 'abcdef0123456789',
    KBSYNC_GITLAB_TOKEN: token,
    ...template['.kbsync']?.variables,
    ...env,
  });
  return { ...ran, file: (file) => readFileSync(join(dir, 'kbsync-ci', file), 'utf8') };
}

it('writes one note on the merge request, and again into the same one; the merge is applied', async () => {
  write({ 'sync.config.yaml': sandbox, 'docs/a.md': '# A\n\nFirst words.\n', 'docs/b.md': '---\nkb: { nope: 1 }\n---\n' });
  gitlab.comments.push({ id: 1, body: '<!-- kbsync:ci:1 0000000000000000 run=1 -->\nforged', login: 'stranger' });
  const opened = await job('kbsync plan', mergeRequest);
  expect(opened.exitCode).toBe(4);
  expect(gitlab.comments.map(({ login }) => login)).toEqual(['stranger', 'project_42_bot']);
  expect(gitlab.comments[1]?.body).toContain('+First words.');
  expect(opened.file('report.txt')).toContain('- **create** `a.md`: `new file`');
  const findings = JSON.parse(opened.file('gl-code-quality-report.json')) as Record<string, unknown>[];
  expect(findings).toEqual([
    {
      description: 'unknown key "nope" below kb',
      check_name: 'kbsync file',
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      severity: 'major',
      location: { path: 'docs/b.md', lines: { begin: 2 } },
    },
  ]);
  expect(opened.file('kbsync.env')).toMatch(/^KBSYNC_EXIT_CODE=4\nKBSYNC_CHANGES=1\nKBSYNC_CREATE=1\n/);

  write({ 'docs/a.md': '# A\n\nOther words.\n', 'docs/b.md': 'B\n' });
  const second = await job('kbsync plan', { ...mergeRequest, CI_PIPELINE_ID: '101', KBSYNC_CI_FAIL_ON: 'changes' });
  expect(second.exitCode).toBe(3);
  expect(gitlab.comments).toHaveLength(2);
  expect(gitlab.comments[1]?.body).toContain('+Other words.');
  expect(gitlab.requests.filter((line) => /^P/.test(line))).toEqual([
    'POST /projects/42/merge_requests/7/notes',
    'PUT /projects/42/merge_requests/7/notes/1001',
  ]);

  const merged = await job('kbsync sync', { CI_PIPELINE_SOURCE: 'push', KBSYNC_CI_VERIFY: 'true' });
  expect(merged.exitCode).toBe(0);
  expect(merged.file('kbsync.env')).toContain('KBSYNC_CREATE=2\n');
  expect(merged.file('verify.xml')).toContain('<testsuites');
  expect((await job('kbsync drift', { CI_PIPELINE_SOURCE: 'schedule' })).exitCode).toBe(0);
}, 60_000);

it('plans a fork offline, says how a note may be written, and follows no link that a branch has planted', async () => {
  write({
    'sync.config.yaml': config('{ name: site, vendor: sitegpt, chatbotId: "1", token: "${SITEGPT_TOKEN}" }'),
    'docs/a.md': 'A\n',
    'elsewhere/keep.txt': 'kept',
  });
  symlinkSync(join(dir, 'elsewhere'), join(dir, 'kbsync-ci'));
  const fork = { ...mergeRequest, CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '43', KBSYNC_GITLAB_TOKEN: '' };
  const ran = await job('kbsync plan', fork, (line) => line.replace(' --offline', ''));
  expect(ran.exitCode).toBe(0);
  expect(ran.file('report.txt')).toContain('Planned offline: this merge request comes from a fork, and gets no secrets.');
  expect(ran.log).toContain('Set the variable KBSYNC_GITLAB_TOKEN');
  expect(readdirSync(join(dir, 'elsewhere'))).toEqual(['keep.txt']);
  expect(existsSync(join(dir, 'kbsync-ci/plan.json'))).toBe(false);
  expect(gitlab.requests).toEqual([]);
  // A job's own token cannot write notes: told, and no second note is ever written for want of knowing whose they are.
  const refused = await job('kbsync plan', { ...fork, KBSYNC_GITLAB_TOKEN: 'job-token' });
  expect(refused.log).toContain('no comment (401: 401 Unauthorized)');
  expect(gitlab.requests).toEqual(['GET /user']);
}, 60_000);
