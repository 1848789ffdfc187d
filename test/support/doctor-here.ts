// `doctor` in this process, over a folder: its answer as data, and what a person would read.
import { type DoctorRequest, doctor } from '../../src/cli/doctor.ts';
import { Output } from '../../src/cli/output.ts';
import { createSecretSet } from '../../src/config/secrets.ts';
import type { Row } from '../../src/doctor/row.ts';
import { type System, thisSystem } from '../../src/doctor/system.ts';

export interface Looked {
  readonly exitCode: number;
  readonly counts: { readonly ok: number; readonly warning: number; readonly error: number; readonly skipped: number };
  readonly checks: readonly Row[];
  readonly bundle: string | null;
  /** Those of this check, or whose name begins so. */
  of(check: string): readonly Row[];
}

export interface LookInput {
  readonly env?: Readonly<Record<string, string>>;
  readonly system?: Partial<System>;
  readonly request?: Partial<DoctorRequest>;
  readonly targets?: readonly string[];
  readonly limitMs?: number;
}

/** `kbsync doctor --json` in a folder; by default on a machine without mounts and limits to speak of. */
export async function look(dir: string, { env = {}, system = {}, request = {}, targets = [], limitMs }: LookInput = {}): Promise<Looked> {
  const said: string[] = [];
  const secrets = createSecretSet();
  const stdout = { write: (text: string) => void said.push(text) };
  const output = new Output({ secrets, stdout, stderr: { write: () => {} }, json: true, quiet: true, colour: false });
  const { signal } = new AbortController();
  const options = { config: null, targets, json: true, quiet: true, verbose: false };
  const invocation = { command: 'doctor', options, output, cwd: dir, env, version: '0.0.0', secrets, stop: signal, kill: signal };
  const machine: System = { ...thisSystem(), ...system };
  const exitCode = await doctor(invocation, { offline: false, bundle: null, withWords: false, ...request }, machine, limitMs);
  const answer = JSON.parse(said.join('')) as Omit<Looked, 'of'>;
  if (answer.exitCode !== exitCode) throw new Error(`says ${answer.exitCode}, and ends with ${exitCode}`);
  return { ...answer, of: (check) => answer.checks.filter((row) => row.check === check || row.check.startsWith(`${check}.`)) };
}
