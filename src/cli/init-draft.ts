// Answers and findings → every file that init would write, as texts. Writes nothing.
import path from 'node:path';
import { configJsonSchema } from '../config/schema.ts';
import type { ConnectorSpec } from '../connectors/connector.ts';
import { counted } from '../plan/words.ts';
import { type Ci, hasOrigin, mainBranch } from '../setup/ci.ts';
import { configurationText } from '../setup/configuration.ts';
import { projectFolder } from '../setup/disk.ts';
import { styleOf } from '../setup/documents.ts';
import type { ProjectFolder } from '../setup/folder.ts';
import type { Site } from '../setup/generators.ts';
import { countBelow, type Survey } from '../setup/survey.ts';
import { envExampleText, envLine, firstPage, gitignoreAddition, ignoreFileText, type NewVariable } from '../setup/texts.ts';
import { githubWorkflow, gitlabInclude, gitlabWorkflow, isPlainPath } from '../setup/workflows.ts';
import type { Answers, InitRequest } from './init-answers.ts';
import { formOf, memoryOf, targetLines } from './init-target.ts';

export interface DraftFile {
  readonly file: string;
  readonly text: string;
  readonly how: 'create' | 'append';
  /** What links must not lead out of. */
  readonly within: string;
}

export interface Draft {
  /** The configuration, which is written last: as long as it is not there, init may be run again. */
  readonly configuration: string;
  readonly files: readonly DraftFile[];
  /** What `.env` needs, where a key was typed and a line can hold it. */
  readonly env: DraftFile | null;
  readonly variables: readonly NewVariable[];
  readonly notes: readonly string[];
  readonly documents: number;
  readonly targetName: string;
}

export interface DraftInput {
  /** Where the configuration will stand. */
  readonly file: string;
  readonly request: InitRequest;
  readonly answers: Answers;
  readonly survey: Survey;
  readonly site: Site | null;
  /** The folder that holds `.git`; null: no repository. */
  readonly repository: string | null;
  readonly targetName: string;
  /** What was found. */
  readonly ci: Ci | null;
  readonly version: string;
  readonly specs: readonly ConnectorSpec[];
}

/** Puts everything together. USAGE where a value is missing that only a person can give. */
export function draftOf(input: DraftInput): Draft {
  const { file, request, answers, survey, specs } = input;
  const folder = path.dirname(file);
  const project = projectFolder(folder);
  const form = formOf(answers.spec, answers.set);
  const { lines, variables } = targetLines(form, answers.set, answers.sandbox);
  const documents = countBelow(survey, answers.root);
  const site = input.site?.root === answers.root ? input.site : null;
  const style = styleOf(survey, answers.root, project);
  const stateDir = stateDirOf(project.list('state'));
  const advice = adviceOf(site, style.key);
  const url = request.url ?? site?.url ?? null;
  const configuration = configurationText({
    name: request.name ?? workspaceName(project.read('package.json', 1024 * 1024), folder),
    root: answers.root,
    rootExplained: documents === 0 ? 'It is new.' : `It holds ${survey.complete ? '' : 'at least '}${counted(documents, 'Markdown file')}.`,
    site:
      url === null
        ? null
        : {
            url,
            generator: site?.generator ?? 'plain',
            pages: site?.pages ?? null,
            from: request.url === null ? (site?.config.split('/').at(-1) ?? '') : '--url',
          },
    frontMatter: style,
    keysExplained: [`Our keys of a page stand below ${style.key} in its front matter, or in NAME.kb.yaml beside it.`, ...advice],
    audience: request.audience,
    stateDir: `./${stateDir}`,
    stateBranch: answers.state === 'git' ? { variable: answers.ci === 'gitlab' ? 'KBSYNC_STATE_TOKEN' : null } : null,
    target: {
      name: input.targetName,
      vendor: answers.spec.name,
      label: answers.spec.label,
      sandbox: answers.sandbox,
      needs: form.needed,
      lines,
    },
  });
  const create = (name: string, text: string): DraftFile => ({ file: path.join(folder, name), text, how: 'create', within: folder });
  const ignored = gitignoreAddition(project.read('.gitignore', 4 * 1024 * 1024), stateDir);
  const line = answers.typed === null ? null : envLine(answers.typed.variable, answers.typed.value);
  const before = project.read('.env', 1024 * 1024);
  const gap = before === null || before === '' || before.endsWith('\n') ? '' : '\n';
  const workflow = workflowFiles(input, { stateDir, variables });
  return {
    configuration,
    files: [
      ...(ignored === '' ? [] : [{ ...create('.gitignore', ignored), how: 'append' as const }]),
      create('sync.config.schema.json', `${JSON.stringify(configJsonSchema(specs), null, 2)}\n`),
      {
        ...create(path.join(answers.root, '.kbsyncignore'), ignoreFileText(answers.root === '')),
        // A folder of documents that is there was named or found: it may well lie behind a link.
        within: documents > 0 ? path.join(folder, answers.root) : folder,
      },
      ...(variables.length === 0 ? [] : [create('.env.example', envExampleText(variables))]),
      ...(documents === 0 && answers.sandbox && survey.complete ? [create(path.join(answers.root, 'welcome.md'), firstPage)] : []),
      ...workflow.files,
    ],
    env: line === null ? null : { file: path.join(folder, '.env'), text: `${gap}${line}\n`, how: 'append', within: folder },
    variables,
    notes: [
      ...(site === null ? [] : site.notes),
      ...advice,
      ...(style.id?.sure === false
        ? [`the front matter key ${style.id.key} may serve as id: see content.frontMatter in the configuration`]
        : []),
      ...(survey.complete
        ? []
        : ['this project is large: not all of it was looked at; name the folder of documents with --root where the wrong one was taken']),
      ...(answers.typed !== null && line === null ? [`.env cannot hold this key: set ${answers.typed.variable} in the environment`] : []),
      ...workflow.notes,
      ...noWorkflowNotes(input),
      ...branchNotes(input),
      ...firstSyncNotes(input),
    ],
    documents,
    targetName: input.targetName,
  };
}

/** A folder `state` that somebody else uses is left to them. */
function stateDirOf(entries: readonly { readonly name: string }[] | null): string {
  const isOurs = (name: string) => /\.journal$|^(?:sandbox|texts|history\.jsonl|scan\.cache|\.gitkeep)$/.test(name);
  return entries === null || entries.length === 0 || entries.some(({ name }) => isOurs(name)) ? 'state' : '.kbsync';
}

/** The package's name, else the folder's, in the letters that a workspace may have. */
function workspaceName(packageJson: string | null, folder: string): string {
  const named = nameIn(packageJson ?? '').replace(/^@[^/]*\//, '');
  const clean = (text: string) =>
    text
      .normalize('NFC')
      .replace(/[^\p{L}\p{N}._-]+/gu, '-')
      .replace(/^[^\p{L}\p{N}]+/u, '')
      .slice(0, 64)
      .replace(/[^\p{L}\p{N}]+$/u, '');
  return clean(named) || clean(path.basename(folder)) || 'docs';
}

/** npm's lock file alone: `npm ci` is what the workflow runs. */
function isLocked(project: ProjectFolder): boolean {
  if (!project.list('')?.some(({ name }) => name === 'package-lock.json')) return false;
  try {
    const { dependencies, devDependencies }: { readonly [key: string]: unknown } = JSON.parse(
      project.read('package.json', 1024 * 1024) ?? '',
    );
    return [dependencies, devDependencies].some((group) => typeof group === 'object' && group !== null && Object.hasOwn(group, 'kbsync'));
  } catch {
    return false;
  }
}

function nameIn(packageJson: string): string {
  try {
    const { name }: { readonly name?: unknown } = JSON.parse(packageJson);
    return typeof name === 'string' ? name : '';
  } catch {
    return '';
  }
}

/** Where a generator would publish our keys, or refuse them. */
function adviceOf(site: Site | null, key: string): readonly string[] {
  switch (site?.generator) {
    case 'docusaurus':
    case 'vitepress':
      return [
        `${site.generator} ships the front matter of a page to its readers: keep what is not for them (audience, tests, faq) in a sidecar, NAME.kb.yaml.`,
      ];
    case 'astro':
      return site.strict
        ? [
            `The schema of this site's collections refuses keys that it does not know: write a sidecar, NAME.kb.yaml, instead of ${key} in front matter.`,
          ]
        : [];
    case 'mkdocs':
      return [
        'mkdocs copies every file that is no Markdown to the site: keep our keys in front matter, or add *.kb.yaml and *.golden.yaml to exclude_docs.',
      ];
    case 'hugo':
      return [
        'hugo may publish files beside a page: keep our keys in front matter, or add \\.kb\\.yaml$ and \\.golden\\.yaml$ to ignoreFiles.',
      ];
    default:
      return [];
  }
}

/** Whoever asks for a workflow and gets none is told why. */
function noWorkflowNotes({ request, answers, ci }: DraftInput): readonly string[] {
  if (request.ci !== 'auto' || answers.ci !== null) return [];
  return ci === null
    ? [
        'no workflow was written: nothing tells which CI system this is; name it with --ci github or --ci gitlab, or see docs/ci.md for others',
      ]
    : [`no workflow was written: docs/ci.md in the package has a recipe for ${ci.system}; with --state git the configuration fits it`];
}

/** What a state on a branch asks of the repository. */
function branchNotes({ answers: { state }, repository }: DraftInput): readonly string[] {
  if (state !== 'git') return [];
  const lacksOrigin = repository === null || hasOrigin(projectFolder(repository)) === false;
  return [
    'state.git keeps what kbsync remembers on the branch kbsync-state: keep it out of the rules that protect branches',
    ...(lacksOrigin ? ['there is no remote origin here yet, which state.git needs: git remote add origin ADDRESS'] : []),
  ];
}

/** A job could not say it: without a list, a bot that holds things and one that is empty look the same. */
function firstSyncNotes({ answers: { spec, set, sandbox, ci, state } }: DraftInput): readonly string[] {
  if (sandbox || memoryOf(spec, set).lists) return [];
  const jobs = ci === null || state !== 'git' ? '' : ', before the first job of the workflow, which goes on from there';
  return [`${spec.label} cannot be asked what it holds: say once that the bot is empty with kbsync sync --initial${jobs}`];
}

function workflowFiles(
  { answers: { ci, state }, file, repository, version }: DraftInput,
  { stateDir, variables }: { readonly stateDir: string; readonly variables: readonly NewVariable[] },
): { readonly files: readonly DraftFile[]; readonly notes: readonly string[] } {
  if (ci === null) return { files: [], notes: [] };
  const top = repository ?? path.dirname(file);
  const folder = path.relative(top, path.dirname(file)).split(path.sep).join('/');
  const name = path.basename(file);
  if (!isPlainPath(folder) || !isPlainPath(name)) {
    return { files: [], notes: ['no workflow was written: the name of this folder would mean something else to the CI system'] };
  }
  const branch = mainBranch(projectFolder(top));
  const config = name === 'sync.config.yaml' ? null : name;
  const how = {
    version,
    branch,
    folder,
    config,
    stateFolder: stateDir,
    variables,
    state: state === 'git' ? 'git' : 'cache',
    locked: isLocked(projectFolder(path.dirname(file))),
  } as const;
  const create = (below: string, text: string): DraftFile => ({ file: path.join(top, below), text, how: 'create', within: top });
  if (ci === 'github') return { files: [create('.github/workflows/kbsync.yml', githubWorkflow(how))], notes: [] };
  const hasPipeline = projectFolder(top).read('.gitlab-ci.yml', 4 * 1024 * 1024) !== null;
  return {
    files: [create('.gitlab/kbsync.gitlab-ci.yml', gitlabWorkflow(how)), ...(hasPipeline ? [] : [create('.gitlab-ci.yml', gitlabInclude)])],
    notes: hasPipeline ? ['add this to .gitlab-ci.yml: include: [{ local: .gitlab/kbsync.gitlab-ci.yml }]'] : [],
  };
}
