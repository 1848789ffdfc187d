// `ci`: a step of a pipeline. Runs a command, and tells the pull request what comes of it: comment, job summary, marks at lines, outputs, exit code.
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Annotation, annotationsOf } from '../ci/annotations.ts';
import type { Outputs } from '../ci/handover.ts';
import { pageOf } from '../ci/page.ts';
import { countNames, countsIn, isHeld } from '../ci/results.ts';
import { githubScene, gitlabScene, type Scene } from '../ci/scene.ts';
import { type Verdict, verdictOf } from '../ci/verdict.ts';
import { visible } from '../plan/escape.ts';
import { linesOf, runAll, verifiedIn } from './ci-run.ts';
import { type CiRequest, type CiSettings, ciSettings } from './ci-settings.ts';
import { type Run, type Step, slashed } from './ci-step.ts';
import { commentOn, handOver, toldOf, urlOf } from './ci-tell.ts';
import { strongest } from './exit.ts';
import type { Invocation } from './invocation.ts';
import { plain } from './reports.ts';

/** Runs the step. Resolves to what it ends with: the strongest exit code that `fail-on` does not forgive. `program`: the file that is this program. */
export async function ci(invocation: Invocation, request: CiRequest, program: string): Promise<number> {
  const { output, options, env, cwd, secrets } = invocation;
  const settings = ciSettings(request, options, env);
  if (settings.token !== null) secrets.add(settings.token);
  const scene = settings.system === 'github' ? githubScene(env, await eventOf(env['GITHUB_EVENT_PATH'])) : gitlabScene(env);
  const step: Step = { settings, scene, folder: await folderFor(scene, env, cwd), invocation, program };
  const run = await quietly(step, async (talk) => {
    const found = await runAll(step, talk);
    for (const line of linesOf(found)) talk(line);
    return found;
  });
  const verdict = verdictOf(codesOf(run, settings, invocation), settings, strongest);
  const page = pageOf({ ...pageSettings(step, run), exitCode: verdict.exitCode });
  const annotations = annotationsOf({ lint: run.lint, main: run.main, verify: verifiedIn(run), folder: prefixOf(step) });
  const outputs = outputsOf(run, verdict, annotations);
  const commented = invocation.stop.aborted ? null : await commentOn(step, page, tellsAnything(run, verdict, annotations));
  await handOver(step, { page, annotations, outputs: { ...outputs, 'comment-url': urlOf(commented) } });
  for (const line of toldOf(commented, step)) output.data(line);
  const forgiven = verdict.stepCode === verdict.exitCode ? '' : `, which fail-on: ${settings.failOn} forgives`;
  output.answer(
    () => plain({ version: 1, command: 'ci', exitCode: verdict.stepCode, outputs, comment: commented, files: step.folder }),
    () => output.data(`kbsync ${settings.command}: exit code ${verdict.exitCode}${forgiven}`),
  );
  return verdict.stepCode;
}

async function eventOf(file: string | undefined): Promise<unknown> {
  if (file === undefined || file === '') return null;
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return null;
  }
}

/** GitHub: new, outside the checkout. GitLab takes artifacts from the project alone: made anew, since a branch may hold anything by that name. */
async function folderFor(scene: Scene, env: Invocation['env'], cwd: string): Promise<string> {
  if (scene.system === 'github') return mkdtemp(path.join(env['RUNNER_TEMP'] || tmpdir(), 'kbsync-'));
  const folder = path.join(scene.top ?? cwd, 'kbsync-ci');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  return folder;
}

/** GitHub reads commands out of every line of the log; names of files and words of vendors are none. */
async function quietly<T>({ scene, invocation: { output } }: Step, work: (talk: (line: string) => void) => Promise<T>): Promise<T> {
  const word = scene.system === 'github' ? randomUUID() : null;
  if (word !== null) output.data(`::stop-commands::${word}`);
  try {
    return await work((line) => output.data(visible(line)));
  } finally {
    if (word !== null) output.data(`::${word}::`);
  }
}

/** Every code that the step earned. Findings of lint are a matter of plans: a sync says itself which documents it left out. */
function codesOf({ lint, main, verify }: Run, { command }: CiSettings, { stop }: Invocation): readonly number[] {
  const counts = command === 'plan' || command === 'lint' || main === null;
  return [
    ...(lint !== null && counts ? [lint.exitCode] : []),
    ...(main === null ? [] : [main.exitCode]),
    ...(command === 'plan' && isHeld(main) ? [5] : []),
    ...(verify === null ? [] : [verify.exitCode]),
    ...(stop.aborted ? [130] : []),
  ];
}

/**
 * A plan without changes, errors and questions is no news: a pull request that touches no document gets no comment, though an older one has left a
 * warning somewhere.
 */
function tellsAnything(run: Run, { exitCode }: Verdict, annotations: readonly Annotation[]): boolean {
  return (
    exitCode !== 0 ||
    annotations.some(({ severity }) => severity === 'error') ||
    verifiedIn(run) !== null ||
    (run.main !== null && run.main.command !== 'plan')
  );
}

function pageSettings(step: Step, run: Run) {
  const { settings, scene, invocation } = step;
  const { command, targets, config } = settings;
  const full = path.resolve(invocation.cwd, config ?? 'sync.config.yaml');
  return {
    command,
    lint: run.lint,
    main: run.main,
    verify: verifiedIn(run),
    verifyError: run.verify?.error ?? null,
    commit: scene.commit,
    config: scene.top === null ? path.basename(full) : slashed(path.relative(scene.top, full)),
    targets,
    remarks: run.remarks,
  };
}

/** What stands before a path of the working directory, from the top of the checkout. */
function prefixOf({ scene, invocation }: Step): string {
  const below = scene.top === null ? '' : slashed(path.relative(scene.top, invocation.cwd));
  return below === '' ? '' : `${below}/`;
}

function outputsOf(run: Run, { exitCode }: Verdict, annotations: readonly Annotation[]): Outputs {
  const counts = countsIn(run.main);
  const tests = verifiedIn(run)?.counts;
  const of = (severity: Annotation['severity']) => String(annotations.filter((one) => one.severity === severity).length);
  return {
    'exit-code': String(exitCode),
    changes: String(counts.create + counts.update + counts.move + counts.delete + counts.adopt),
    ...Object.fromEntries(countNames.map((name) => [name, String(counts[name])])),
    errors: of('error'),
    warnings: of('warning'),
    'tests-pass': String(tests?.pass ?? 0),
    'tests-fail': String(tests?.fail ?? 0),
    'tests-inconclusive': String(tests?.inconclusive ?? 0),
    offline: String(run.offline),
    'plan-file': run.planFile ?? '',
    'junit-file': run.junitFile ?? '',
  };
}
