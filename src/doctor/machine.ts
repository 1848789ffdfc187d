// Node's version, and the room that is left on the disks. Needs no configuration.
import { dirname } from 'node:path';
import { ok, type Row, warning, wrong } from './row.ts';
import type { System } from './system.ts';

/** The first that runs everything here (package.json: engines). */
const least = [20, 19, 0] as const;
/** The last day on which a line gets fixes, from the release schedule of Node.js (https://nodejs.org/en/about/previous-releases). */
const lastDay: { readonly [major: number]: string } = {
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
};

/** Whether this Node runs kbsync, and for how long it gets fixes. */
export function nodeRow({ node, machine }: Pick<System, 'node' | 'machine'>, nowMs: number): Row {
  const version = node.split('.').map(Number);
  const [major = 0] = version;
  const older = least.map((part, at) => (version[at] ?? 0) - part).find((difference) => difference !== 0) ?? 0;
  const install = 'install the current LTS of Node from https://nodejs.org (nvm install --lts, where nvm is used)';
  if (older < 0)
    return wrong('machine.node', `Node ${node} is too old: kbsync needs ${least.join('.')} or later`, { next: install, code: 'USAGE' });
  const ended = lastDay[major];
  if (ended === undefined || nowMs < Date.parse(ended)) return ok('machine.node', `Node ${node} on ${machine}`);
  const why = `Node ${major} has had no security fixes since ${ended}; everything works all the same`;
  return warning('machine.node', `Node ${node} on ${machine}`, { why, next: install });
}

const mebibyte = 2 ** 20;
const leastBytes = 16 * mebibyte;
const fewBytes = 256 * mebibyte;
const fewFiles = 1_000;

/** The room where a folder lies, or would be made. */
export async function roomRows(system: System, folder: string): Promise<readonly Row[]> {
  const space = await roomAt(system, folder);
  if (space === null) return [];
  const free = `${size(space.freeBytes)} free`;
  const details = { where: folder, next: `free disk space: du -sh ${folder}` };
  const why = 'a state that cannot be written stops every run';
  if (space.freeBytes < leastBytes)
    return [wrong('machine.disk', `the disk is full: ${free}`, { ...details, why, code: 'STATE_UNWRITABLE' })];
  if (space.freeBytes < fewBytes) return [warning('machine.disk', `the disk is nearly full: ${free}`, { ...details, why })];
  if (space.freeFiles !== null && space.freeFiles < fewFiles)
    return [
      warning('machine.disk', `the file system has room for ${space.freeFiles} more files only`, {
        ...details,
        why,
        next: `remove files that are not needed: df -i ${folder}`,
      }),
    ];
  return [ok('machine.disk', free, { where: folder })];
}

async function roomAt(system: System, folder: string): ReturnType<System['space']> {
  for (let at = folder; ; at = dirname(at)) {
    const found = await system.space(at);
    if (found !== null || dirname(at) === at) return found;
  }
}

function size(bytes: number): string {
  return bytes >= 2 ** 30 ? `${Math.floor(bytes / 2 ** 30).toLocaleString('en-US')} GiB` : `${Math.floor(bytes / mebibyte)} MiB`;
}
