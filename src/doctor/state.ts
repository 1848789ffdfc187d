// The state folder: writable and durable, nobody else's, and what is remembered of each target readable. One probe file is written and removed.
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { remoteMountOf } from '../content/mounts.ts';
import { asSyncError } from '../model/error.ts';
import { askGit } from '../setup/git.ts';
import { listTargets } from '../state/store.ts';
import { readStrays } from '../state/stray.ts';
import { ok, type Row, row, rowOf, warning, wrong } from './row.ts';
import { counted, quoted, type Scene } from './scene.ts';

/** A sync of a small file that takes longer makes every write slow. Milliseconds. */
const slowMs = 500;

/** The folder itself. */
export async function folderRows(scene: Scene): Promise<readonly Row[]> {
  const { workspace, system } = scene;
  const { stateDir } = workspace.config;
  const facts = await system.facts(stateDir);
  if (facts === null) return [await unmadeRow(scene)];
  if (facts.kind !== 'folder') {
    const next = `mv ${quoted(stateDir)} ${quoted(`${stateDir}.old`)}, or set state.dir to another folder`;
    return [wrong('state.folder', 'a file stands where the state folder should be', { where: stateDir, next, code: 'STATE_UNWRITABLE' })];
  }
  const rows: Row[] = [await durableRow(scene)];
  if (system.platform !== 'win32' && (facts.mode & 0o022) !== 0)
    rows.push(
      warning('state.rights', 'other users may write in the state folder', {
        where: stateDir,
        why: `its mode is ${facts.mode.toString(8)}: whoever changes what kbsync remembers decides what it deletes`,
        next: `chmod go-w ${quoted(stateDir)}`,
      }),
    );
  const mountinfo = system.text('/proc/self/mountinfo');
  const mount = mountinfo === null ? null : remoteMountOf(facts.real, mountinfo);
  if (mount !== null)
    rows.push(
      warning('state.mount', `the state folder lies on a network mount (${mount.type} at ${mount.at})`, {
        where: stateDir,
        why: 'locks and durable writes are only as good as that server; a lock of another host is given up 60 s after its last beat',
        next: 'set state.dir to a folder on a disk of this machine, unless several machines share it on purpose',
      }),
    );
  return [...rows, ...(await gitRows(scene))];
}

async function unmadeRow({ workspace, system }: Scene): Promise<Row> {
  const { stateDir } = workspace.config;
  let above = dirname(stateDir);
  while ((await system.facts(above)) === null && dirname(above) !== above) above = dirname(above);
  if (await system.mayWrite(above)) return ok('state.folder', 'not there yet: the first sync makes it', { where: stateDir });
  const next = `sudo mkdir -p ${quoted(stateDir)} && sudo chown $(id -u) ${quoted(stateDir)}, or set state.dir to a folder that can be written`;
  return wrong('state.folder', `it is not there, and cannot be made in ${above}`, { where: stateDir, next, code: 'STATE_UNWRITABLE' });
}

/** Written, synced, read back, removed: as every change of the state is. */
async function durableRow({ workspace }: Scene): Promise<Row> {
  const { disk, now, config } = workspace;
  const file = join(config.stateDir, `.doctor-${randomBytes(6).toString('hex')}`);
  const begun = now();
  try {
    const text = `kbsync doctor ${begun}\n`;
    await disk.replace(file, text);
    const same = disk.read(file)?.toString('utf8') === text;
    await disk.remove(file);
    if (!same)
      return wrong('state.folder', 'what is written there does not read back the same', {
        where: config.stateDir,
        next: 'check the disk (dmesg, smartctl), or set state.dir to another one',
        code: 'STATE_UNWRITABLE',
      });
  } catch (thrown) {
    await disk.remove(file).catch(() => undefined);
    return rowOf('state.folder', asSyncError(thrown), { where: config.stateDir });
  }
  const ms = Math.max(0, Math.round(now() - begun));
  if (ms < slowMs) return ok('state.folder', `writable, and durable in ${ms} ms`, { where: config.stateDir });
  return warning('state.folder', `a durable write takes ${ms} ms`, {
    where: config.stateDir,
    why: 'every push waits for several of them',
    next: 'set state.dir to a faster disk of this machine',
  });
}

async function gitRows({ workspace }: Scene): Promise<readonly Row[]> {
  const { stateDir } = workspace.config;
  if ((await askGit(dirname(stateDir), `${basename(stateDir)}/support.json`)) !== 'committed') return [];
  const ignore = join(dirname(stateDir), '.gitignore');
  return [
    warning('state.git', 'git does not ignore the state folder', {
      where: stateDir,
      why: 'a commit, a checkout or a merge of it takes kbsync back to what it knew then: documents would be pushed twice or stay for ever',
      next: `printf '\\n/${basename(stateDir)}/\\n' >> ${quoted(ignore)} && git -C ${quoted(dirname(stateDir))} rm -r --cached --ignore-unmatch ${quoted(basename(stateDir))}`,
    }),
  ];
}

/** What is remembered of each target, and of those that the configuration does not have. */
export async function memoryRows({ workspace, targets }: Scene): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const { name } of targets) {
    try {
      const { state, open, recovered } = await workspace.view(name);
      const remembered = Object.keys(state.records).length;
      const isElsewhere = workspace.stateBranch !== null && remembered === 0;
      const nothing = isElsewhere
        ? 'nothing in this folder: what the branch of state.git holds is fetched by the first command that needs it'
        : 'nothing is remembered yet';
      rows.push(...memoryRow(name, remembered === 0 ? nothing : `${counted(remembered, 'document')} remembered`, open.length, recovered));
      rows.push(...strayRows(workspace, name));
    } catch (thrown) {
      rows.push(rowOf('state.memory', asSyncError(thrown), { target: name }));
    }
  }
  const { config, disk } = workspace;
  const strangers = listTargets(disk, config.stateDir).filter((name) => config.targets.every((target) => target.name !== name));
  const free = config.targets.find(({ name }) => disk.stat(join(config.stateDir, `${name}.json`)) === null)?.name ?? 'NEW';
  return [
    ...rows,
    ...strangers.map((name) =>
      warning('state.memory', `there is a state of ${name}, which is no target of the configuration`, {
        where: join(config.stateDir, `${name}.json`),
        why: 'what its bot holds stays there: removing a target deletes nothing',
        next: `where it was renamed: kbsync state rename ${name} ${free}; else leave it, or move the file away`,
      }),
    ),
  ];
}

/** What runs that were cut off may have sent besides. */
function strayRows({ disk, config }: Scene['workspace'], target: string): readonly Row[] {
  const strays = readStrays({ disk, dir: config.stateDir, target });
  const writes = strays.reduce((sum, { effects }) => sum + effects.length, 0);
  if (strays.length === 0) return [];
  return [
    warning(
      'state.stray',
      `${counted(strays.length, 'run')} cut off, with ${counted(writes, 'write')} that may have reached the bot later`,
      {
        target,
        where: strays.map(({ file }) => file).join(', '),
        why: 'such a write can lie over a newer text, or be a second copy',
        next: `kbsync sync --target ${target}: it looks for them before anything else; do not delete the file`,
      },
    ),
  ];
}

function memoryRow(target: string, what: string, open: number, recovered: string | null): readonly Row[] {
  const rows = [row('ok', 'state.memory', what, { target })];
  if (recovered !== null)
    rows.push(warning('state.memory', recovered, { target, next: `kbsync status --target ${target}; the next sync saves it anew` }));
  if (open > 0)
    rows.push(
      warning('state.memory', `${counted(open, 'write')} of which it is not known whether it took effect`, {
        target,
        why: 'a run was killed, a connection was lost, or one is at work right now',
        next: `kbsync sync --target ${target} looks for them where the vendor can be asked; kbsync todo for what is left`,
      }),
    );
  return rows;
}

/** Who holds which lock. */
export function lockRows({ workspace, targets }: Scene): readonly Row[] {
  const held = targets.flatMap(({ name }) => {
    const holder = workspace.lockHolder(name);
    if (holder === null) return [];
    const { owner, state } = holder;
    const who = `"${owner.command}" of ${owner.user}, process ${owner.pid} on ${owner.host}, since ${owner.since}`;
    if (state === 'alive') return [ok('state.lock', `held by ${who}, which is at work`, { target: name })];
    const why = state === 'gone' ? 'that process has ended' : `no sign of life since ${owner.beat}`;
    const next = `nothing: the next run takes it over; or at once: kbsync unlock --target ${name}`;
    return [warning('state.lock', `left behind by ${who}`, { target: name, why, next })];
  });
  return held.length > 0 ? held : [ok('state.lock', 'no target is locked')];
}
