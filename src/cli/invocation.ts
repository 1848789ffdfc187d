// What every command is handed: the global options, where data and talk go, the signals. Owns no command.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SecretSet } from '../config/secrets.ts';
import { readIsoDate } from '../content/dates.ts';
import { SyncError } from '../model/error.ts';
import type { SyncEvent } from '../model/event.ts';
import type { Log } from '../model/log.ts';
import type { EventLog } from '../status/event-log.ts';
import type { Lender, Workspace } from '../workspace.ts';
import type { Output } from './output.ts';

export interface GlobalOptions {
  readonly config: string | null;
  readonly targets: readonly string[];
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

export interface Invocation {
  readonly command: string;
  readonly options: GlobalOptions;
  readonly output: Output;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Of this process: every sink takes them out, every configuration that is read adds to them. */
  readonly secrets: SecretSet;
  /** Aborted by the first signal: begin nothing new. */
  readonly stop: AbortSignal;
  /** Aborted when the time for stopping is over: drop what is in flight. */
  readonly kill: AbortSignal;
  /** Where its events are logged; left out: nowhere. */
  readonly log?: InvocationLog;
  /** Of a command handed to the daemon: resolves when it is its turn at that target, and the daemon's own pass is at its end. */
  readonly ready?: (target: string) => Promise<void>;
  /** Of such a command: it is through with that target, well or not. */
  readonly done?: (target: string, well: boolean) => void;
  /** Of such a command: others at that target. */
  readonly lender?: (target: string) => Lender;
}

/** Works on one target when it is the command's turn there, and lets others go on as soon as it is through with it. */
export async function inTurn<T>(
  { ready, done, lender }: Pick<Invocation, 'ready' | 'done' | 'lender'>,
  target: string,
  work: (lender: Lender | undefined) => Promise<T>,
  isWell: (result: T) => boolean,
): Promise<T> {
  await ready?.(target);
  let well = false;
  try {
    const result = await work(lender?.(target));
    well = isWell(result);
    return result;
  } finally {
    done?.(target, well);
  }
}

/** The log, as a command needs it. */
export interface InvocationLog {
  readonly log: Log;
  /** Takes every event of the command's workspace. */
  readonly events: EventLog;
  /** Of the daemon: opens its file anew. */
  reopen(): void;
}

/** A command's result: its exit code. */
export type Command<Arguments extends readonly unknown[]> = (invocation: Invocation, ...parameters: Arguments) => Promise<number>;

/** The workspace of an invocation. */
export async function workspaceOf(invocation: Invocation, onEvent: (event: SyncEvent) => void = () => {}): Promise<Workspace> {
  const { options, cwd, env, version, output, secrets } = invocation;
  // Loaded here: help, version and usage errors need none of it.
  const { openWorkspace } = await import('../workspace.ts');
  const events = invocation.log?.events;
  const told = (event: SyncEvent): void => {
    events?.take(event);
    onEvent(event);
  };
  const workspace = await openWorkspace({ configFile: options.config, cwd, env, version, secrets, onEvent: told });
  for (const warning of workspace.warnings) output.talk(`warning: ${warning.message}`);
  try {
    if (!withoutState.has(invocation.command)) await workspace.stateBranch?.look(invocation.stop);
  } catch (thrown) {
    await workspace.close();
    throw thrown;
  }
  return workspace;
}

/** Commands that need no state, or fetch it in a way of their own. */
const withoutState: ReadonlySet<string> = new Set(['sync', 'plan', 'lint', 'schema', 'notify', 'unlock', 'sandbox', 'init']);

/** The version of this package. */
export function packageVersion(): string {
  const text = readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8');
  const found: unknown = (JSON.parse(text) as { version?: unknown }).version;
  return typeof found === 'string' ? found : '0.0.0';
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration option in milliseconds: a whole number with ms, s, m, h or d, or 0. USAGE otherwise. */
export function durationOption(name: string, text: string): number {
  if (text === '0') return 0;
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text);
  const unit = units[match?.[2] ?? ''];
  if (match === null || unit === undefined) {
    throw new SyncError('USAGE', { message: `${name}: found "${text}", expected a whole number with ms, s, m, h or d, or 0` });
  }
  return Number(match[1]) * unit;
}

const moments = 'a date such as 2026-12-01 or a timestamp such as 2026-12-01T08:00:00Z';

/** A day (its midnight UTC) or a timestamp, in milliseconds since 1970. USAGE otherwise; `taken` is what it says it takes. */
export function dateOption(name: string, text: string, taken = moments): number {
  const read = readIsoDate(text);
  if (read.ok) return Date.parse(read.iso);
  const expected = read.fault === 'day' ? 'a day that exists' : taken;
  throw new SyncError('USAGE', { message: `${name}: found "${text}", expected ${expected}` });
}

/** How far back: a duration before now, or a moment. */
export type Since = { readonly agoMs: number } | { readonly atMs: number };

/** A duration back from now, or a moment. USAGE otherwise, with what either looks like. */
export function sinceOption(name: string, text: string): Since {
  if (/^\d+(?:ms|s|m|h|d)$|^0$/.test(text)) return { agoMs: durationOption(name, text) };
  return { atMs: dateOption(name, text, `a duration back from now such as 30d or 12h (ms, s, m, h or d), or ${moments}`) };
}

/** A whole number of at least 0. USAGE otherwise. */
export function countOption(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new SyncError('USAGE', { message: `${name}: found "${text}", expected a whole number` });
  return Number(text);
}

/** `all`, `none`, or a share such as 5%, as a number from 0 to 1. USAGE otherwise. */
export function shareOption(name: string, text: string): number {
  if (text === 'all') return 1;
  if (text === 'none') return 0;
  const percent = /^(\d{1,3})%$/.exec(text)?.[1];
  if (percent !== undefined && Number(percent) <= 100) return Number(percent) / 100;
  throw new SyncError('USAGE', { message: `${name}: found "${text}", expected all, none, or a share such as 5%` });
}
