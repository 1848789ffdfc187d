// `doctor`: what is wrong, where, why, and the next step; with --bundle a file for whoever helps. Reads only, but for one probe file in the state folder.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { configFileName } from '../config/load.ts';
import { bundleHeading, bundleText } from '../doctor/bundle.ts';
import { examine, examineWithout } from '../doctor/examine.ts';
import type { Row } from '../doctor/row.ts';
import type { Scene } from '../doctor/scene.ts';
import { type System, thisSystem } from '../doctor/system.ts';
import { linesOf } from '../doctor/words.ts';
import { asSyncError, exitCodeOf, SyncError } from '../model/error.ts';
import { visible } from '../plan/escape.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';
import { strongest } from './exit.ts';
import type { Invocation } from './invocation.ts';
import { plain } from './reports.ts';

/** `doctor`, parsed. */
export interface DoctorRequest {
  readonly offline: boolean;
  /** Where the support bundle goes; null: nowhere. */
  readonly bundle: string | null;
  readonly withWords: boolean;
}

/** The time that each check has, in milliseconds. They run side by side. */
const withinMs = 30_000;

/** Resolves to 0 where nothing is wrong but perhaps worth a look; else to the exit code of what is. */
export async function doctor(
  invocation: Invocation,
  request: DoctorRequest,
  system: System = thisSystem(),
  limitMs = withinMs,
): Promise<number> {
  const { output, command, options, cwd, stop, env, version, secrets } = invocation;
  const file = request.bundle === null ? null : path.resolve(cwd, request.bundle);
  if (request.withWords && file === null)
    throw new SyncError('USAGE', { message: '--with-words belongs to --bundle FILE', next: 'kbsync doctor --bundle FILE --with-words' });
  if (file !== null) refuseOther(file);
  const begun = Date.now();
  const opened = await open(invocation);
  try {
    const scene: Scene | null =
      'error' in opened
        ? null
        : { workspace: opened, targets: opened.targets(options.targets), system, env, version, offline: request.offline };
    const rows =
      'error' in opened
        ? await examineWithout(opened.error, system, { cwd, nowMs: begun })
        : await examine(scene as Scene, { withinMs: limitMs, stop });
    if (stop.aborted) throw new SyncError('ABORTED', { message: 'stopped: not everything was looked at', next: 'kbsync doctor' });
    const exitCode = exitCodeFor(rows, scene);
    if (file !== null) {
      const source = system.text(path.resolve(cwd, options.config ?? configFileName));
      const { machine, node } = system;
      const bundle = {
        rows,
        atMs: begun,
        version,
        machine,
        node,
        env,
        source,
        scene,
        withWords: request.withWords,
        redact: secrets.redact,
      };
      write(file, await bundleText(bundle));
    }
    output.answer(
      () =>
        plain({
          version: 1,
          command,
          exitCode,
          startedAt: new Date(begun).toISOString(),
          durationMs: Date.now() - begun,
          counts: countsOf(rows),
          checks: rows,
          bundle: file,
        }),
      () => {
        for (const row of rows)
          for (const line of linesOf(row, true, (state, text) => output.style(styles[state], text))) output.data(line);
        output.data(summaryOf(rows));
        if (file !== null) output.data(visible(`written: ${file}`));
      },
    );
    return exitCode;
  } finally {
    if (!('error' in opened)) await opened.close();
  }
}

const styles = { ok: 'good', warning: 'warn', error: 'bad', skipped: 'dim' } as const;

/** A configuration that cannot be read is the first finding, not the end. */
async function open(invocation: Invocation): Promise<Workspace | { readonly error: SyncError }> {
  const { options, cwd, env, version, secrets } = invocation;
  try {
    return await openWorkspace({
      configFile: options.config,
      cwd,
      env,
      version,
      secrets,
      onEvent: () => {},
      retry: { attempts: 2, patienceMs: 10_000 },
    });
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.code !== 'CONFIG_INVALID') throw thrown;
    return { error };
  }
}

/** Targets that are not required are told, and do not count. */
function exitCodeFor(rows: readonly Row[], scene: Scene | null): number {
  const optional = new Set((scene?.targets ?? []).flatMap(({ name, required }) => (required ? [] : [name])));
  const counted = rows.filter(({ state, target }) => state === 'error' && (target === null || !optional.has(target)));
  return strongest(counted.map(({ code }) => exitCodeOf(code ?? 'UNEXPECTED')));
}

function countsOf(rows: readonly Row[]) {
  const count = (state: Row['state']) => rows.filter((row) => row.state === state).length;
  return { ok: count('ok'), warning: count('warning'), error: count('error'), skipped: count('skipped') };
}

function summaryOf(rows: readonly Row[]): string {
  const { ok, warning, error, skipped } = countsOf(rows);
  const parts = [`${ok} ok`, `${warning} ${warning === 1 ? 'warning' : 'warnings'}`, `${error} ${error === 1 ? 'error' : 'errors'}`];
  return `${parts.join(', ')}${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

/** A bundle of before may go; nothing else. */
function refuseOther(file: string): void {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return;
    throw new SyncError('USAGE', { message: `--bundle: ${file} cannot be written: ${reason(thrown)}`, next: 'name another file' });
  }
  if (!text.startsWith(bundleHeading))
    throw new SyncError('USAGE', {
      message: `--bundle: ${file} is there already and is no support bundle: it stays as it is`,
      next: 'name another file',
    });
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600 });
  } catch (thrown) {
    throw new SyncError('USAGE', {
      message: `--bundle: ${file} cannot be written: ${reason(thrown)}`,
      next: 'name a file in a folder that can be written',
    });
  }
}

function reason(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
