// The configuration: what is wrong with it, what lies open beside it, when its schedule comes, and who is told of trouble.
import { basename, dirname, join } from 'node:path';
import type { ConfigProblem } from '../config/load.ts';
import { type Job, startSchedule } from '../daemon/schedule.ts';
import { asSyncError, type SyncError } from '../model/error.ts';
import { askGit } from '../setup/git.ts';
import { ok, type Row, row, rowOf, warning } from './row.ts';
import { counted, quoted, type Scene } from './scene.ts';

/** Of a configuration that is not valid: one row for each mistake, with its place. */
export function invalidRows(error: SyncError): readonly Row[] {
  const { problems } = error.data;
  if (!Array.isArray(problems) || problems.length === 0) return [rowOf('configuration', error)];
  return problems.map((problem) => {
    const { file, line, column, key, found, expected, suggestion } = problem as unknown as ConfigProblem;
    const hint = suggestion === null ? '' : `; did you mean ${suggestion}?`;
    return row('error', 'configuration', `${key === '' ? '' : `${key}: `}found ${found}, expected ${expected}${hint}`, {
      where: `${file}:${line}:${column}`,
      next: `mend line ${line}; kbsync schema prints every key`,
      code: error.code,
    });
  });
}

/** Of one that is valid. */
export function configurationRows({ workspace }: Pick<Scene, 'workspace'>): readonly Row[] {
  const { config, warnings } = workspace;
  const what = `${basename(config.file)} is valid: workspace ${config.name}, ${counted(config.targets.length, 'target')}`;
  return [
    ok('configuration', what, { where: config.file }),
    ...warnings.map(({ file, line, column, key, found, expected }) =>
      warning('configuration', `${key}: found ${found}, expected ${expected}`, {
        where: `${file}:${line}:${column}`,
        why: 'whoever can read the file can use it',
        next: `move the value into .env beside the configuration, and name the variable in line ${line}`,
      }),
    ),
  ];
}

/** `.env` beside the configuration: for nobody else's eyes, and in nobody's repository. */
export async function secretFileRows({ system, workspace }: Scene): Promise<readonly Row[]> {
  const folder = dirname(workspace.config.file);
  const file = join(folder, '.env');
  const facts = await system.facts(file);
  if (facts === null) return [];
  const rows: Row[] = [];
  if (system.platform !== 'win32' && (facts.mode & 0o077) !== 0) {
    const why = `its mode is ${facts.mode.toString(8)}: other users of this machine may read the keys in it`;
    rows.push(warning('configuration.env', 'others may read .env', { where: file, why, next: `chmod 600 ${quoted(file)}` }));
  }
  if ((await askGit(folder, '.env')) === 'committed') {
    const why =
      'the next commit of everything would hold the keys in it; if it was committed already, they are known and are to be replaced';
    const next = `printf '\\n.env\\n' >> ${quoted(join(folder, '.gitignore'))} && git -C ${quoted(folder)} rm --cached --ignore-unmatch .env`;
    rows.push(warning('configuration.env', 'git does not ignore .env', { where: file, why, next }));
  }
  return rows.length > 0 ? rows : [ok('configuration.env', '.env is for you alone, and git keeps it out', { where: file })];
}

/** When the daemon would do what, from now. */
export function scheduleRows({ workspace }: Pick<Scene, 'workspace'>): readonly Row[] {
  const { timezone, ...lines } = workspace.config.schedule;
  const { file } = workspace.config;
  const on = Object.entries(lines).flatMap(([name, line]) => (line === null ? [] : [{ name, line }]));
  const words: string[] = [];
  const faults: Row[] = [];
  for (const { name, line } of on) {
    const next = `mend schedule.${name} in ${basename(file)}, or set it to null`;
    try {
      const at = nextOf({ name, line, run: () => {} }, timezone, workspace.now);
      if (at === null) faults.push(warning('configuration.schedule', `schedule.${name} never comes: "${line}"`, { where: file, next }));
      else words.push(`${name} ${at.toISOString().slice(0, 16).replace('T', ' ')}`);
    } catch (thrown) {
      const why = 'kbsync watch would not start';
      faults.push(rowOf('configuration.schedule', asSyncError(thrown), { where: file, why, next }));
    }
  }
  const what = words.length === 0 ? 'no job comes by itself' : `next (UTC): ${words.join(', ')}`;
  return [ok('configuration.schedule', what, { where: `timezone ${timezone}` }), ...faults];
}

function nextOf(job: Job, timezone: string, now: () => number): Date | null {
  const schedule = startSchedule({ timezone, jobs: [job], clock: { now, after: () => null, cancel: () => {} } });
  const [next] = schedule.next();
  schedule.stop();
  return next?.at ?? null;
}

/** Who is told of trouble. */
export function webhookRows({ workspace }: Scene): readonly Row[] {
  const { notify, file } = workspace.config;
  const unset = notify.filter(({ missing }) => missing.length > 0);
  const rows = unset.map(({ name, missing }) =>
    warning('configuration.notify', `webhook ${name}: ${missing.join(', ')} is not set`, {
      where: file,
      why: 'it is told nothing until then',
      next: `set ${missing.join(', ')} in .env beside the configuration, then kbsync notify test ${name}`,
    }),
  );
  if (notify.length === 0) return [ok('configuration.notify', 'nobody is told of trouble: there is no webhook in notify')];
  if (rows.length > 0) return rows;
  return [ok('configuration.notify', `${counted(notify.length, 'webhook')}, not tried here`, { next: 'kbsync notify test' })];
}
