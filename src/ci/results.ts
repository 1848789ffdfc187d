// What the commands of a step said under --json, as far as a page, annotations and outputs are made of it. Types, and sums over targets.

/** The commands that a step of a pipeline can be. */
export const ciCommands = ['plan', 'sync', 'verify', 'status', 'lint', 'drift'] as const;
export type CiCommand = (typeof ciCommands)[number];

/** An error object, as every command prints it. */
export interface ErrorSaid {
  readonly code: string;
  readonly message: string;
  readonly vendor: string | null;
  readonly next: string;
}

/** One finding of `lint`; lines and columns count from 1, the path from the content root. */
export interface Finding {
  readonly path: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly rule: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

export interface OperationSaid {
  readonly action: string;
  readonly document: string;
  readonly path: string;
  readonly from?: string;
  readonly reason: string;
  readonly outcome: string;
  readonly error: ErrorSaid | null;
  /** `plan --diff`: what changes in the text that the bot reads. */
  readonly diff?: string | null;
}

/** The eleven figures of PRODUCT's `counts`, in the order in which they are shown. */
export const countNames = [
  'create',
  'update',
  'move',
  'delete',
  'adopt',
  'unchanged',
  'todo',
  'failed',
  'unconfirmed',
  'held',
  'blocked',
] as const;
export type CountName = (typeof countNames)[number];
export type CountsSaid = { readonly [name in CountName]: number };

export interface TargetSaid {
  readonly name: string;
  readonly vendor: string;
  readonly operations?: readonly OperationSaid[];
  readonly counts?: CountsSaid;
  readonly held?:
    | readonly { readonly id: string; readonly rule: string; readonly message: string; readonly passWith: string | null }[]
    | null;
  readonly notes?: readonly string[];
  readonly training?: { readonly state: string } | string;
  readonly error?: ErrorSaid | null;
  /** Of `status`. */
  readonly revision?: string | null;
}

export interface TestSaid {
  readonly target: string;
  readonly document: string | null;
  readonly path: string;
  readonly line: number | null;
  readonly question: string;
  readonly verdict: 'pass' | 'fail' | 'inconclusive' | 'skipped';
  readonly reasons: readonly string[];
  readonly answer: string | null;
}

export interface ComparedSaid {
  readonly counts: { readonly [change: string]: number };
  readonly rows: readonly {
    readonly change: string;
    readonly target: string;
    readonly document: string | null;
    readonly question: string;
    readonly before: { readonly verdict: string; readonly answer: string | null } | null;
    readonly after: { readonly verdict: string; readonly answer: string | null } | null;
  }[];
}

/** The body of `verify --json`, and `verify` of `sync --json`. */
export interface VerifySaid {
  readonly counts: { readonly pass: number; readonly fail: number; readonly inconclusive: number; readonly skipped: number };
  readonly tests: readonly TestSaid[];
  readonly leftOut?: readonly { readonly target: string; readonly tests: number; readonly why: string }[];
  readonly baseline?: ComparedSaid;
}

/** The one object that a command prints; which keys it has depends on the command and on how far it came. */
export interface Said {
  readonly command: string;
  readonly exitCode: number;
  readonly commit?: string | null;
  readonly error?: ErrorSaid;
  readonly targets?: readonly TargetSaid[];
  readonly verify?: VerifySaid;
  /** Of `lint`. */
  readonly findings?: readonly Finding[];
  /** Of `lint`: what stands before a path from the root of the repository; null where the folder lies elsewhere. */
  readonly prefix?: string | null;
}

/** What all targets came to together. */
export function countsIn(said: Said | null): CountsSaid {
  const sum = Object.fromEntries(countNames.map((name) => [name, 0])) as { [name in CountName]: number };
  // `status` and `drift` count other things under the same word.
  if (said === null || (said.command !== 'plan' && said.command !== 'sync')) return sum;
  for (const { counts } of said.targets ?? []) {
    if (counts === undefined) continue;
    for (const name of countNames) sum[name] += counts[name];
  }
  return sum;
}

/** Whether a brake holds anything. */
export function isHeld(said: Said | null): boolean {
  return (said?.targets ?? []).some(({ held }) => held !== undefined && held !== null && held.length > 0);
}

/** Whether a target, or the command, wants a secret that is not there. */
export function lacksSecret(said: Said): boolean {
  return said.error?.code === 'SECRET_MISSING' || (said.targets ?? []).some(({ error }) => error?.code === 'SECRET_MISSING');
}
