// `kbsync retract` in this process, on the workspace of a world: its JSON, its words and its exit code.
import type { Invocation } from '../../src/cli/invocation.ts';
import { Output } from '../../src/cli/output.ts';
import { retract } from '../../src/cli/retract.ts';
import type { RetractRequest } from '../../src/cli/retract-scene.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import type { Hooks } from '../../src/transport/connect.ts';
import type { World } from './bots.ts';

export interface RetractJson {
  readonly exitCode: number;
  readonly document: string;
  readonly undone: boolean;
  readonly targets: readonly {
    readonly name: string;
    readonly vendor: string;
    readonly operations: readonly {
      readonly action: string;
      readonly document: string;
      readonly outcome: string;
      readonly reason: string;
    }[];
    readonly held: readonly { readonly rule: string }[] | null;
    readonly knows: 'no' | 'maybe' | 'yes';
    readonly reason: string;
    readonly proof: readonly {
      readonly question: string;
      readonly answer: string | null;
      readonly verdict: string;
      readonly reason: string | null;
    }[];
    readonly error: { readonly code: string } | null;
  }[];
}

export interface Retracted {
  readonly exitCode: number;
  readonly json: RetractJson;
  readonly stderr: string;
  /** The one target's. */
  readonly bot: RetractJson['targets'][number];
}

/** Runs it with --json. Rejects with what the command throws (USAGE …). */
export async function retractIn(
  bot: World,
  document: string,
  patch: Partial<RetractRequest> & { hooks?: Hooks; stop?: AbortSignal; targets?: readonly string[] } = {},
): Promise<Retracted> {
  const { hooks, stop, targets = [], ...request } = patch;
  const said = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') => ({
    write(text: string) {
      said[name] += text;
      return true;
    },
  });
  const secrets = createSecretSet();
  const output = new Output({ stdout: sink('stdout'), stderr: sink('stderr'), json: true, quiet: false, colour: false, secrets });
  const signal = stop ?? new AbortController().signal;
  const options = { config: null, targets, json: true, quiet: false, verbose: false };
  const invocation: Invocation = {
    command: 'retract',
    options,
    output,
    cwd: bot.dir,
    env: {},
    version: '0.0.0',
    secrets,
    stop: signal,
    kill: new AbortController().signal,
  };
  const whole: RetractRequest = { document, undo: false, ask: true, waitMs: null, lockWaitMs: null, ...request };
  const exitCode = await retract(invocation, whole, () => bot.open(hooks));
  const json = JSON.parse(said.stdout) as RetractJson;
  const [one] = json.targets;
  if (one === undefined) throw new Error(`no target in ${said.stdout}`);
  return { exitCode, json, stderr: said.stderr, bot: one };
}
