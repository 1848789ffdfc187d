// The daemon of this state folder: at work, of another version, or gone and its files left behind; and whether its port is free.
import { join } from 'node:path';
import { daemonFolder, daemonSeen } from '../daemon/handover.ts';
import { isPrivate } from '../state/disk.ts';
import { ok, type Row, warning } from './row.ts';
import { quoted, type Scene } from './scene.ts';

/** Who serves this state folder. */
export async function daemonRows({ workspace, system, version }: Scene): Promise<readonly Row[]> {
  const { disk, config } = workspace;
  const folder = daemonFolder(config.stateDir);
  if (disk.stat(folder) !== null && !isPrivate(folder))
    return [
      warning('daemon', 'others may write in the folder of the daemon', {
        where: folder,
        why: 'commands are not handed to a daemon whose socket others could have put there',
        next: `chmod 700 ${quoted(folder)}`,
      }),
    ];
  const seen = daemonSeen(disk, config.stateDir);
  if (seen === null) return [await portRow({ workspace, system })];
  const who = `process ${seen.pid}, kbsync ${seen.kbsync}, since ${seen.startedAt}`;
  const where = join(folder, 'daemon.json');
  if (!(await system.listens({ path: seen.socket })))
    return [
      warning('daemon', `its socket is left behind: ${who} does not answer`, {
        where: seen.socket,
        why: 'it was killed, or does not come to answering; commands work by themselves meanwhile',
        next: 'kbsync watch: a new daemon replaces what is left; with systemd: systemctl status kbsync',
      }),
      await portRow({ workspace, system }),
    ];
  if (seen.kbsync === version) return [ok('daemon', `runs: ${who}`, { where })];
  return [
    warning('daemon', `runs: ${who}, and this is kbsync ${version}`, {
      where,
      why: 'commands are not handed to a daemon of another version: they wait for its locks',
      next: 'restart it: systemctl restart kbsync, or end that process and run kbsync watch',
    }),
  ];
}

async function portRow({ workspace, system }: Pick<Scene, 'workspace' | 'system'>): Promise<Row> {
  const { host, port } = workspace.config.daemon;
  const at = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (port === 0 || !(await system.listens({ host, port }))) return ok('daemon', 'none runs on this state folder');
  return warning('daemon', `none runs on this state folder, and something else listens on ${at}`, {
    where: at,
    why: 'kbsync watch could not open its status page there',
    next: 'set daemon.port to another one (0: any that is free), or end the other program',
  });
}
