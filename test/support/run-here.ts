// `sync` and `todo` as a user types them, in this process: the real commands over the real workspace, for tests that need many runs.
import { parseArgs } from 'node:util';
import { explain } from '../../src/cli/failure.ts';
import type { Invocation } from '../../src/cli/invocation.ts';
import { Output } from '../../src/cli/output.ts';
import { type SyncRequest, sync } from '../../src/cli/sync.ts';
import { todo } from '../../src/cli/todo.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import { asSyncError } from '../../src/model/error.ts';

export interface RanHere<Answer> {
  readonly exitCode: number;
  readonly stderr: string;
  readonly answer: Answer;
}

/** `kbsync …words --json` in that folder. */
export async function runHere<Answer>(dir: string, ...words: readonly string[]): Promise<RanHere<Answer>> {
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
  const [command = '', ...rest] = words;
  const { targets, request, names } = parsed(rest);
  const { signal } = new AbortController();
  const options = { config: null, targets, json: true, quiet: false, verbose: false };
  const invocation: Invocation = { command, options, output, cwd: dir, env: {}, version: '0.0.0', secrets, stop: signal, kill: signal };
  const work = async (): Promise<number> => {
    if (command === 'sync') return sync(invocation, { ...wholeSync, ...request, paths: names });
    if (command === 'todo') return todo(invocation, { action: names[0] ?? null, words: names.slice(1) });
    throw new Error(`${command} is not run here`);
  };
  const exitCode = await work().catch((thrown: unknown) => explain(asSyncError(thrown), invocation));
  return { exitCode, stderr: said.err.join(''), answer: JSON.parse(said.out.join('')) as Answer };
}

const wholeSync: SyncRequest = {
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

/** The options that a brake may print; any other is an error. */
function parsed(words: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: {
      target: { type: 'string', multiple: true },
      'allow-deletes': { type: 'string' },
      'allow-updates': { type: 'string' },
      initial: { type: 'boolean' },
      'train-only': { type: 'boolean' },
      'no-wait': { type: 'boolean' },
    },
    allowPositionals: true,
  });
  const number = (text: string | undefined) => (text === undefined ? null : Number(text));
  const request = {
    allowDeletes: number(values['allow-deletes']),
    allowUpdates: number(values['allow-updates']),
    initial: values.initial === true,
    trainOnly: values['train-only'] === true,
    waitMs: values['no-wait'] === true ? 0 : null,
  };
  return { targets: values.target ?? [], request, names: positionals };
}
