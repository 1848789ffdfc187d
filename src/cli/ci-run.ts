// The commands of a step, one after the other, each as a process of its own that is shown no token; the golden questions where a bot can be asked.
import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { countNames, lacksSecret, type Said, type VerifySaid } from '../ci/results.ts';
import { configFileName } from '../config/load.ts';
import { namesIn } from '../config/variables.ts';
import { counted } from '../plan/words.ts';
import { runChild } from './ci-child.ts';
import { type CiSettings, githubToken, ownVariables } from './ci-settings.ts';
import type { Run, Step } from './ci-step.ts';

/** Runs them. `talk`: a line of what they say. */
export async function runAll(step: Step, talk: (line: string) => void): Promise<Run> {
  const { settings, scene, folder, invocation, program } = step;
  const { command, baseline, config, targets } = settings;
  const { cwd, stop, kill, options } = invocation;
  const env = await shownTo(step);
  const globals = ['--json', ...(config === null ? [] : ['--config', config]), ...targets.flatMap((name) => ['--target', name])];
  const child = (...words: readonly string[]) =>
    runChild([...words, ...globals, ...(options.quiet ? ['--quiet'] : [])], { program, cwd, env, talk, stop, kill });
  const lints = command === 'status' || command === 'drift' ? Promise.resolve(null) : child('lint', ...(options.quiet ? [] : ['--quiet']));
  const planFile = path.join(folder, 'plan.json');
  const planOffline = () => child('plan', '--diff', '--detailed-exitcode', '--offline');
  // A plan changes nothing: made beside the findings, it is there sooner. All else begins once the configuration is known to be read.
  const early = command !== 'plan' ? null : settings.offline ? planOffline() : child(...wordsOf(settings, planFile));
  const lint = await lints;
  const begun = await early;
  const nothing = { lint, main: begun, verify: null, remarks: [], offline: settings.offline, planFile: null, junitFile: null };
  // What is wrong with the configuration or the folder as a whole, every other command would say once more.
  if (lint?.error !== undefined || command === 'lint' || stop.aborted) return nothing;
  const stranger = scene.change?.stranger ?? null;
  const first = begun ?? (await child(...wordsOf(settings, planFile)));
  const isBarred = stranger !== null && lacksSecret(first);
  const main = isBarred && command === 'plan' ? await planOffline() : first;
  const offline = settings.offline || (isBarred && command === 'plan');
  // Of a plan that could not be made nothing may be approved later.
  if (isBarred) await rm(planFile, { force: true });
  const asks = command !== 'verify' && (settings.verify || baseline !== null);
  const junitFile = path.join(folder, 'verify.xml');
  const changed = command === 'sync' && baseline === null ? ['--changed'] : [];
  const compared = baseline === null ? [] : ['--baseline', baseline];
  const isAsked = asks && !offline && !isBarred && !stop.aborted;
  const verify = isAsked ? await child('verify', '--junit', junitFile, ...changed, ...compared) : null;
  const remarks = [
    ...(offline ? [offlineRemark(isBarred ? stranger : null)] : []),
    ...(isBarred && command !== 'plan' ? [`No secrets: ${stranger}. Only a plan can be made here, offline (command: plan).`] : []),
    ...(asks && !isAsked && !stop.aborted ? ['The golden questions were not asked: without secrets, no bot can be.'] : []),
  ];
  const made = async (file: string) => ((await stat(file).catch(() => null)) === null ? null : file);
  return { lint, main, verify, remarks, offline, planFile: offline ? null : await made(planFile), junitFile: await made(junitFile) };
}

/** The environment of what is run: without what is this step's own, and GITHUB_TOKEN only where the configuration asks for it by name. */
async function shownTo({ settings, invocation: { env, cwd } }: Step): Promise<Record<string, string | undefined>> {
  const shown = { ...env };
  for (const name of ownVariables) delete shown[name];
  if (settings.system !== 'github' || shown[githubToken] === undefined) return shown;
  // What cannot be read is told by the command itself.
  const text = await readFile(path.resolve(cwd, settings.config ?? configFileName), 'utf8').catch(() => '');
  if (!namesIn(text).includes(githubToken)) delete shown[githubToken];
  return shown;
}

function wordsOf({ command, wait, planFile, baseline }: CiSettings, sealed: string): readonly string[] {
  switch (command) {
    case 'plan':
      return ['plan', '--diff', '--detailed-exitcode', '--out', sealed];
    case 'sync': {
      const waits = wait === null ? [] : wait === false ? ['--no-wait'] : ['--wait', wait];
      return ['sync', ...waits, ...(planFile === null ? [] : ['--plan', planFile])];
    }
    case 'verify':
      return ['verify', '--junit', path.join(path.dirname(sealed), 'verify.xml'), ...(baseline === null ? [] : ['--baseline', baseline])];
    case 'status':
    case 'drift':
    case 'lint':
      return [command];
    default:
      return command satisfies never;
  }
}

function offlineRemark(stranger: string | null): string {
  const why = stranger === null ? '' : `: ${stranger}, and gets no secrets`;
  return `Planned offline${why}. No vendor was asked; the folder is compared with what kbsync remembers of the bots, and where it remembers nothing all is new.`;
}

/** The golden questions and their answers, whichever command asked them. */
export function verifiedIn({ main, verify }: Run): VerifySaid | null {
  const found: unknown = verify ?? (main?.command === 'verify' ? main : null);
  return typeof found === 'object' && found !== null && 'tests' in found ? (found as VerifySaid) : null;
}

const mostLines = 100;

/** For those who read the log: a line a target, a line an operation. */
export function linesOf({ main, verify }: Run): readonly string[] {
  const targets = (main?.targets ?? []).flatMap(({ name, counts, operations = [], held }) => {
    const said = countNames.flatMap((key) => (counts === undefined || !(counts[key] > 0) ? [] : [`${counts[key]} ${key}`]));
    return [
      `${name}: ${said.join(', ') || 'nothing to tell'}`,
      ...operations.slice(0, mostLines).map(({ action, outcome, document, reason }) => `  ${outcome} ${action} ${document}: ${reason}`),
      ...(operations.length > mostLines ? [`  and ${counted(operations.length - mostLines, 'more document')}`] : []),
      ...(held ?? []).map(({ message, passWith }) => `  held: ${message}${passWith === null ? '' : ` (to pass: kbsync ${passWith})`}`),
    ];
  });
  const tests = (verify as (Said & Partial<VerifySaid>) | null)?.counts;
  return [
    ...targets,
    ...(tests === undefined ? [] : [`golden questions: ${tests.pass} pass, ${tests.fail} fail, ${tests.inconclusive} inconclusive`]),
  ];
}
