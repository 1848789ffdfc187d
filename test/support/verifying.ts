// `kbsync verify` and `kbsync sync --verify` in this process, on the workspace of a world: their JSON, their words and their exit codes.

import type { Invocation } from '../../src/cli/invocation.ts';
import { Output } from '../../src/cli/output.ts';
import { type SyncRequest, sync } from '../../src/cli/sync.ts';
import { verify } from '../../src/cli/verify.ts';
import type { VerifyRequest } from '../../src/cli/verify-request.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import type { Verdict } from '../../src/model/answer.ts';
import type { Hooks } from '../../src/transport/connect.ts';
import type { World } from './bots.ts';

export interface TestJson {
  readonly target: string;
  readonly kind: 'golden' | 'unlearned';
  readonly document: string | null;
  readonly path: string;
  readonly line: number | null;
  readonly question: string;
  readonly verdict: Verdict;
  readonly answer: string | null;
  readonly reasons: readonly string[];
  readonly sources: readonly { readonly document: string | null }[];
  readonly tries: number;
  readonly asked: readonly { readonly verdict: Verdict }[];
  readonly revision: string | null;
}

export interface VerifyJson {
  readonly counts: { readonly [verdict in Verdict]: number };
  readonly tests: readonly TestJson[];
  readonly leftOut: readonly { readonly target: string; readonly tests: number; readonly why: string }[];
  readonly targets: readonly { readonly name: string; readonly calls: number; readonly error: { readonly code: string } | null }[];
  readonly baseline?: { readonly counts: object; readonly rows: readonly { readonly change: string; readonly question: string }[] };
}

export interface Verified extends VerifyJson {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** "verdict question", in the order of the report. */
  readonly rows: readonly string[];
}

const nothing: VerifyJson = { counts: { pass: 0, fail: 0, inconclusive: 0, skipped: 0 }, tests: [], leftOut: [], targets: [] };

interface How {
  readonly hooks?: Hooks;
  readonly stop?: AbortSignal;
  /** false: the words for people. */
  readonly json?: boolean;
}

const whole: VerifyRequest = {
  names: [],
  format: 'text',
  junit: null,
  baseline: null,
  record: null,
  tags: [],
  changed: false,
  unlearned: false,
  all: false,
  maxCalls: null,
  lockWaitMs: null,
};

/** `kbsync verify`. Rejects with what the command throws. */
export async function verifyIn(bot: World, patch: Partial<VerifyRequest> & How = {}): Promise<Verified> {
  const { hooks, stop, json = true, ...request } = patch;
  const { invocation, said } = stage(bot, 'verify', json, stop);
  const exitCode = await verify(invocation, { ...whole, ...request }, () => bot.open(hooks));
  return verified(exitCode, said, json, (found) => found as VerifyJson);
}

/** `kbsync sync --verify`. */
export async function syncVerifyIn(bot: World, patch: Partial<SyncRequest> & How = {}): Promise<Verified> {
  const { hooks, stop, json = true, ...request } = patch;
  const { invocation, said } = stage(bot, 'sync', json, stop);
  const all: SyncRequest = {
    paths: [],
    waitMs: null,
    planFile: null,
    exact: false,
    onlyFailed: false,
    limit: null,
    allowDeletes: null,
    allowUpdates: null,
    initial: true,
    trainOnly: false,
    lockWaitMs: null,
    verify: true,
  };
  const exitCode = await sync(invocation, { ...all, ...request }, () => bot.open(hooks));
  return verified(exitCode, said, json, (found) => (found as { readonly verify?: VerifyJson }).verify ?? nothing);
}

function stage(bot: World, command: string, json: boolean, stop: AbortSignal | undefined) {
  const said = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') => ({
    write(text: string) {
      said[name] += text;
      return true;
    },
  });
  const secrets = createSecretSet();
  const output = new Output({ secrets, stdout: sink('stdout'), stderr: sink('stderr'), json, quiet: false, colour: false });
  const invocation: Invocation = {
    command,
    options: { config: null, targets: [], json, quiet: false, verbose: false },
    output,
    cwd: bot.dir,
    env: {},
    version: '0.0.0',
    secrets,
    stop: stop ?? new AbortController().signal,
    kill: new AbortController().signal,
  };
  return { invocation, said };
}

function verified(
  exitCode: number,
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
  json: boolean,
  read: (found: unknown) => VerifyJson,
): Verified {
  const found = json ? read(JSON.parse(stdout)) : nothing;
  return { ...found, exitCode, stdout, stderr, rows: found.tests.map(({ verdict, question }) => `${verdict} ${question}`) };
}
