// `init`: looks at the project, asks at most five things or takes options, and writes a configuration with what belongs beside it.
// Takes the place of nothing; until everything is known, asked and tried, nothing is written.
import path from 'node:path';
import { configFileName } from '../config/load.ts';
import { lookUp, readDotEnv } from '../config/variables.ts';
import { SyncError } from '../model/error.ts';
import type { JsonRecord } from '../model/json.ts';
import { visible } from '../plan/escape.ts';
import { counted } from '../plan/words.ts';
import { type Ci, findCi } from '../setup/ci.ts';
import { createScribe, isThere, projectFolder, repositoryAbove, type Scribe } from '../setup/disk.ts';
import { findRoot, findSite } from '../setup/documents.ts';
import type { Site } from '../setup/generators.ts';
import { askGit } from '../setup/git.ts';
import { survey, withFolder } from '../setup/survey.ts';
import { everyConnector } from '../workspace/vendors.ts';
import { type Answers, answersOf, type InitRequest } from './init-answers.ts';
import { openAsking, type TerminalStreams } from './init-ask.ts';
import { tryKey, validate } from './init-check.ts';
import { type Draft, type DraftFile, draftOf } from './init-draft.ts';
import type { Invocation } from './invocation.ts';
import { plain } from './reports.ts';

export type { InitRequest } from './init-answers.ts';

/** Null for `terminal`: there is none, and nothing is asked. Resolves to 0; throws USAGE where a configuration is there already. */
export async function init(invocation: Invocation, request: InitRequest, terminal: Omit<TerminalStreams, 'stop'> | null): Promise<number> {
  const { options, cwd, secrets, stop, version } = invocation;
  const file = path.resolve(cwd, options.config ?? configFileName);
  const folder = path.dirname(file);
  refuse(file, folder, options.targets);
  const project = projectFolder(folder);
  const found = survey(project);
  const repository = repositoryAbove(folder);
  const site = findSite(
    found,
    project,
    request.root === null ? null : path.relative(folder, path.resolve(cwd, request.root)).replaceAll('\\', '/'),
  );
  const root = findRoot(found, site);
  const ci = findCi(projectFolder(repository ?? folder));
  const specs = await everyConnector();

  const asking = request.yes || options.json || terminal === null ? null : openAsking({ ...terminal, stop });
  let answers: Answers;
  try {
    const isSet = (name: string) => hasValue(name, folder, invocation.env);
    answers = await answersOf(request, { folder, cwd, survey: found, root, ci, specs, isSet }, asking);
  } finally {
    asking?.close();
  }
  if (answers.typed !== null) secrets.add(answers.typed.value);
  const targetName = options.targets[0] ?? 'support';
  const whole = withFolder(found, answers.root, projectFolder(path.join(folder, answers.root)));
  const draft = draftOf({ file, request, answers, survey: whole, site, repository, targetName, ci, version, specs });

  const untested = { file, text: draft.configuration, typed: answers.typed };
  const missing = await validate(untested, invocation);
  const check = answers.sandbox || !request.check || missing.length > 0 ? null : await tryKey(untested, invocation);
  if (stop.aborted) throw new SyncError('ABORTED', { message: 'stopped: nothing was written', next: 'run kbsync init again' });
  const written = await writeAll(draft, answers, { file, folder, repository });
  tell(invocation, { file, draft, answers, site, ci, check, missing, written });
  return 0;
}

function refuse(file: string, folder: string, targets: readonly string[]): void {
  if (targets.length > 1)
    throw new SyncError('USAGE', { message: 'init makes one target: name it with one --target, and add others to the file' });
  if (projectFolder(folder).list('') === null)
    throw new SyncError('USAGE', { message: `there is no folder ${folder}, or it cannot be read` });
  if (!isThere(file)) return;
  throw new SyncError('USAGE', {
    message: `${file} is there already, and stays as it is: nothing was written`,
    next: 'run kbsync plan; or, to begin anew, move that file away first',
  });
}

async function hasValue(name: string, folder: string, env: Invocation['env']): Promise<boolean> {
  const project = projectFolder(folder);
  const readFile = async (file: string) => project.read(path.relative(folder, file), 1024 * 1024) ?? '';
  const variables = await lookUp([name], { env, dotEnv: await readDotEnv(folder, readFile), folder, readFile });
  return variables.get(name)?.state === 'set';
}

// ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Written {
  readonly files: readonly { readonly file: string; readonly outcome: 'written' | 'appended' | 'left' }[];
  readonly notes: readonly string[];
}

interface Place {
  readonly file: string;
  readonly folder: string;
  readonly repository: string | null;
}

/** All of it, or nothing: what was made is taken back where the rest cannot be. */
async function writeAll(draft: Draft, answers: Answers, { file, folder, repository }: Place): Promise<Written> {
  const scribe = createScribe();
  const put = (one: DraftFile, mode?: number) => ({ file: one.file, outcome: scribe[one.how](one.file, one.text, one.within, mode) });
  try {
    const files: Written['files'][number][] = draft.files.map((one) => put(one));
    const notes: string[] = [];
    if (draft.env !== null && answers.typed !== null) {
      // After .gitignore, whose new lines decide.
      const isKeptOut = repository === null || (await askGit(folder, '.env')) === 'ignored';
      const kept = isKeptOut ? put(draft.env, 0o600) : null;
      if (kept !== null) files.push(kept);
      if (kept === null || kept.outcome === 'left') {
        const why = kept === null ? 'git does not ignore .env here, or tracks it' : '.env is no file of this folder';
        notes.push(`the key was written nowhere, since ${why}: set ${answers.typed.variable} in the environment`);
      }
    }
    const configuration = writeConfiguration(scribe, { file, text: draft.configuration, how: 'create', within: folder });
    return { files: [configuration, ...files], notes };
  } catch (thrown) {
    scribe.undo();
    throw thrown;
  }
}

function writeConfiguration(scribe: Scribe, { file, text, within }: DraftFile): Written['files'][number] {
  const outcome = scribe.create(file, text, within);
  if (outcome === 'written') return { file, outcome };
  throw new SyncError('USAGE', { message: `${file} has appeared meanwhile, and stays as it is`, next: 'run kbsync plan' });
}

// ── telling ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Told {
  readonly file: string;
  readonly draft: Draft;
  readonly answers: Answers;
  readonly site: Site | null;
  readonly ci: Ci | null;
  readonly check: JsonRecord | null;
  readonly missing: readonly string[];
  readonly written: Written;
}

function tell(invocation: Invocation, told: Told): void {
  const { output, cwd, command } = invocation;
  const { draft, answers, ci, check, missing, written } = told;
  const site = told.site?.root === answers.root ? told.site : null;
  const relative = (file: string) => path.relative(cwd, file).split(path.sep).join('/') || '.';
  const root = answers.root === '' ? '.' : answers.root;
  const notes = [...draft.notes, ...written.notes];
  const next = nextOf(told, relative(told.file));
  output.answer(
    () =>
      plain({
        version: 1,
        command,
        exitCode: 0,
        found: {
          root,
          documents: draft.documents,
          generator: site?.generator ?? null,
          site: site?.url ?? null,
          configuration: site?.config ?? null,
          ci: ci?.system ?? null,
        },
        target: { vendor: answers.spec.name, sandbox: answers.sandbox },
        files: written.files.map(({ file, outcome }) => ({ path: relative(file), outcome })),
        variables: draft.variables.map(({ name, secret }) => ({ name, secret, missing: missing.includes(name) })),
        check,
        notes,
        next,
      }),
    () => {
      const by = site === null ? '' : `, published with ${site.generator}${site.url === null ? '' : ` at ${site.url}`} (${site.config})`;
      output.data(
        visible(`found     ${root}: ${counted(draft.documents, 'Markdown file')}${by}${ci === null ? '' : `; CI: ${ci.system}`}`),
      );
      for (const { file, outcome } of written.files) {
        const why = outcome === 'left' ? ' (there already, stays as it is)' : '';
        output.data(visible(`${outcome.padEnd(9)} ${relative(file)}${why}`));
      }
      if (check !== null) output.data(visible(checkLine(check)));
      for (const note of notes) output.talk(visible(`note: ${note}`));
      output.data(`next: ${visible(next.join('; then '))}`);
    },
  );
}

function checkLine(check: JsonRecord): string {
  if (check['state'] === 'passed') return `checked   the key opens ${String(check['bot'])}`;
  const error = check['error'];
  const why = typeof error === 'object' && error !== null && 'message' in error ? `: ${String(error['message'])}` : '';
  return `unchecked the key could not be proven${why}`;
}

function nextOf({ answers, draft, missing }: Told, file: string): readonly string[] {
  const config = file === configFileName ? '' : ` --config ${file}`;
  const isEmpty = draft.documents === 0 && !answers.sandbox;
  return [
    ...(isEmpty ? [`put your Markdown files into ${answers.root}`] : []),
    ...(missing.length === 0 ? [] : [`set ${missing.join(', ')} in .env or in the environment (.env.example explains them)`]),
    ...(answers.sandbox
      ? [`kbsync sync --verify${config}`, `kbsync ask ${draft.targetName} "a question your documents answer"${config}`]
      : [`kbsync plan${config}`]),
  ];
}
