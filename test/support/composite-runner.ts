// Runs a composite action as GitHub's runner does, without a container: inputs and defaults, the few expressions that ours may use, bash with the
// runner's own options, the files of GITHUB_OUTPUT and GITHUB_STEP_SUMMARY, and workflow commands read out of every line of the log.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';

interface ActionFile {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: {
    readonly using: string;
    readonly steps: readonly {
      readonly id?: string;
      readonly uses?: string;
      readonly shell?: string;
      readonly run: string;
      readonly env?: Readonly<Record<string, string>>;
      readonly 'working-directory'?: string;
    }[];
  };
}

export interface ActionRun {
  readonly action: string;
  readonly inputs?: Readonly<Record<string, string>>;
  /** The checkout. */
  readonly workspace: string;
  readonly event: { readonly name: string; readonly payload: unknown };
  readonly token?: string;
  /** What the runner and the job's `env` add. */
  readonly env?: Readonly<Record<string, string>>;
}

/** One `::error file=…::…` that the runner took. */
export interface Command {
  readonly command: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

export interface StepResult {
  readonly exitCode: number | null;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly commands: readonly Command[];
  readonly log: string;
  /** RUNNER_TEMP, which stays until `remove`. */
  readonly temp: string;
}

const temps: string[] = [];

/** Takes away what the runs left. */
export function removeRunnerTemps(): void {
  for (const temp of temps.splice(0)) rmSync(temp, { recursive: true, force: true });
}

/** Runs every step; the outputs are the action's own. */
export async function runAction({ action, inputs = {}, workspace, event, token = 'ghs_token', env = {} }: ActionRun): Promise<StepResult> {
  const file = parse(readFileSync(action, 'utf8')) as ActionFile;
  if (file.runs.using !== 'composite') throw new Error(`not a composite action: ${file.runs.using}`);
  for (const name of Object.keys(inputs)) if (file.inputs[name] === undefined) throw new Error(`Unexpected input '${name}'`);
  const temp = mkdtempSync(join(tmpdir(), 'kbsync-runner-'));
  temps.push(temp);
  const outputsOf = new Map<string, Readonly<Record<string, string>>>();
  const evaluate = (text: string): string =>
    text.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
      const [scope = '', name = '', part = '', key = ''] = expression.split('.');
      if (scope === 'inputs' && part === '') return inputs[name] ?? evaluate(file.inputs[name]?.default ?? '');
      if (expression === 'github.token') return token;
      if (scope === 'steps' && part === 'outputs') return outputsOf.get(name)?.[key] ?? '';
      throw new Error(`an expression that this runner does not know: ${expression}`);
    });
  let [exitCode, log, summary]: [number | null, string, string] = [0, '', ''];
  for (const [index, step] of file.runs.steps.entries()) {
    if (step.uses !== undefined || step.shell !== 'bash') throw new Error('a step that this runner does not know');
    if (step.run.includes('${{')) throw new Error('an expression in a shell text: what it holds would be run');
    const paths = Object.fromEntries(
      ['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY', 'GITHUB_ENV'].map((name) => [name, join(temp, `${name}-${index}`)]),
    );
    for (const path of Object.values(paths)) writeFileSync(path, '');
    const script = join(temp, `step-${index}.sh`);
    writeFileSync(script, step.run);
    const eventPath = join(temp, 'event.json');
    writeFileSync(eventPath, JSON.stringify(event.payload));
    const own = Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, evaluate(value)]));
    const ran = await bash(
      ['--noprofile', '--norc', '-e', '-o', 'pipefail', script],
      resolve(workspace, evaluate(step['working-directory'] ?? '.')),
      {
        PATH: process.env['PATH'] ?? '',
        HOME: temp,
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_EVENT_NAME: event.name,
        GITHUB_EVENT_PATH: eventPath,
        GITHUB_WORKSPACE: workspace,
        GITHUB_ACTION_PATH: dirname(action),
        GITHUB_RUN_ID: '100',
        RUNNER_TEMP: temp,
        ...env,
        ...paths,
        ...own,
      },
    );
    log += ran.log;
    exitCode = ran.exitCode;
    summary += readFileSync(paths['GITHUB_STEP_SUMMARY'] ?? '', 'utf8');
    if (readFileSync(paths['GITHUB_ENV'] ?? '', 'utf8') !== '') throw new Error('a step wrote to GITHUB_ENV');
    if (step.id !== undefined) outputsOf.set(step.id, outputFile(readFileSync(paths['GITHUB_OUTPUT'] ?? '', 'utf8')));
    if (exitCode !== 0) break;
  }
  const outputs = Object.fromEntries(Object.entries(file.outputs).map(([name, { value }]) => [name, evaluate(value)]));
  return { exitCode, outputs, summary, commands: commandsIn(log), log, temp };
}

/** stdout and stderr are one log, in the order in which they were written. */
export function bash(
  words: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<{ exitCode: number | null; log: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', [...words], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text;
      });
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, log }));
  });
}

/** `name=value`, and `name<<WORD` up to that word. */
function outputFile(text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n');
  const found: Record<string, string> = {};
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const [, name = '', word = ''] = /^([^=<]+)<<(.+)$/.exec(line) ?? [];
    if (name === '') {
      const [, key = '', value = ''] = /^([^=]+)=(.*)$/.exec(line) ?? [];
      if (key !== '') found[key] = value;
      continue;
    }
    const end = lines.indexOf(word, at + 1);
    if (end === -1) throw new Error(`no end of the output ${name}`);
    found[name] = lines.slice(at + 1, end).join('\n');
    at = end;
  }
  return found;
}

/** As ActionCommand.cs of actions/runner reads them: `::name key=value,…::data` at the start of a line, `##[name]data` anywhere in one. */
export function commandsIn(log: string): readonly Command[] {
  let stopped: string | null = null;
  const found: Command[] = [];
  for (const line of log.split(/\r?\n/)) {
    const command = commandOf(line);
    if (command === null) continue;
    if (stopped !== null) {
      if (command.command === stopped) stopped = null;
    } else if (command.command === 'stop-commands') stopped = command.data;
    else found.push(command);
  }
  return found;
}

function commandOf(line: string): Command | null {
  const [, command = '', rest = '', data = ''] = /^\s*::([^\s:]+)(?:\s+([^:]*?))?::(.*)$/.exec(line) ?? [];
  if (command !== '') {
    const properties = rest.split(',').flatMap((pair): [string, string][] => {
      const at = pair.indexOf('=');
      return at === -1 ? [] : [[pair.slice(0, at).trim(), unescaped(pair.slice(at + 1), true)]];
    });
    return { command, properties: Object.fromEntries(properties), data: unescaped(data, false) };
  }
  const [, old = '', oldData = ''] = /##\[([^\]\s]+)[^\]]*\](.*)$/.exec(line) ?? [];
  return old === '' ? null : { command: old, properties: {}, data: oldData };
}

function unescaped(text: string, property: boolean): string {
  const plain = text.replace(/%0D/g, '\r').replace(/%0A/g, '\n');
  return (property ? plain.replace(/%3A/g, ':').replace(/%2C/g, ',') : plain).replace(/%25/g, '%');
}
