// A configuration that is not written yet, tried: by the loader, and at the vendor where the key is known. Reads only.
import { readFile as readBytes } from 'node:fs/promises';
import path from 'node:path';
import { loadConfig } from '../config/load.ts';
import { callsOf } from '../cycle/plan-target.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import type { JsonRecord } from '../model/json.ts';
import { vendorKeys } from '../workspace/vendors.ts';
import { openWorkspace } from '../workspace.ts';
import type { Invocation } from './invocation.ts';

export interface Untested {
  readonly file: string;
  readonly text: string;
  /** The variable that was typed, and not written yet. */
  readonly typed: { readonly variable: string; readonly value: string } | null;
}

/** Reads it as every command will. CONFIG_INVALID where it is not valid. Resolves to the variables that are not set. */
export async function validate({ file, text, typed }: Untested, invocation: Invocation): Promise<readonly string[]> {
  const { env, secrets } = invocation;
  try {
    const input = {
      file,
      cwd: path.dirname(file),
      env: withTyped(env, typed),
      vendors: vendorKeys(),
      secrets,
      readFile: reading(file, text),
    };
    const { config } = await loadConfig(input);
    return config.targets.flatMap(({ missing, sandbox }) => (sandbox ? [] : missing));
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code !== 'CONFIG_INVALID') throw thrown;
    throw new SyncError('CONFIG_INVALID', {
      message: `what init would write is not valid:\n${error.message}`,
      next: 'give other values (kbsync init --help); nothing was written',
    });
  }
}

const patienceMs = 30_000;

/** What the vendor says to the key. CREDENTIALS_REFUSED and BOT_NOT_FOUND are thrown; what else fails leaves the matter open. */
export async function tryKey({ file, text, typed }: Untested, invocation: Invocation): Promise<JsonRecord> {
  const { env, version, secrets, stop, kill } = invocation;
  const workspace = await openWorkspace({
    configFile: file,
    cwd: path.dirname(file),
    env: withTyped(env, typed),
    version,
    secrets,
    onEvent: () => {},
    readFile: reading(file, text),
    retry: { attempts: 2 },
  });
  try {
    const [target] = workspace.config.targets;
    if (target === undefined) return { state: 'open', error: null };
    // Whoever stops does not want to wait for a vendor.
    const signals = { stop, kill: AbortSignal.any([kill, stop, AbortSignal.timeout(patienceMs)]) };
    const { label, proven } = await workspace.readOnly(target, signals, false, (context) =>
      context.connection.target.check({ ...callsOf(context), container: null }),
    );
    return { state: proven === 'nothing' ? 'open' : 'passed', proven, bot: label };
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (stop.aborted) throw new SyncError('ABORTED', { message: 'stopped: nothing was written', next: 'run kbsync init again' });
    if (error.code === 'UNEXPECTED') throw thrown;
    if (error.code !== 'CREDENTIALS_REFUSED' && error.code !== 'BOT_NOT_FOUND') return { state: 'open', error: { ...error.record() } };
    throw new SyncError(error.code, {
      message: `${error.message}; nothing was written`,
      next: `${error.next}; then run kbsync init again, or with --no-check to write the files all the same`,
      cause: thrown,
      ...(error.vendor !== null && { vendor: error.vendor }),
    });
  } finally {
    await workspace.close();
  }
}

function withTyped(env: Invocation['env'], typed: Untested['typed']): Invocation['env'] {
  return typed === null ? env : { ...env, [typed.variable]: typed.value };
}

function reading(file: string, text: string): (path: string) => Promise<string> {
  return async (wanted) =>
    wanted === file ? text : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readBytes(wanted));
}
