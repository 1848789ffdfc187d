// All checks of doctor, in the order in which their rows are read. Sends only what reads, and writes nothing but one probe file that it removes.
import { dirname } from 'node:path';
import type { SyncError } from '../model/error.ts';
import { everyConnector } from '../workspace/vendors.ts';
import { botChecks } from './bot.ts';
import { branchRows } from './branch.ts';
import { configurationRows, invalidRows, scheduleRows, secretFileRows, webhookRows } from './configuration.ts';
import { contentRows } from './content.ts';
import { daemonRows } from './daemon.ts';
import { nodeRow, roomRows } from './machine.ts';
import { environmentRows, originChecks, originsOf } from './network.ts';
import { type Row, skipped } from './row.ts';
import { type Check, type RunInput, runChecks } from './run.ts';
import type { Scene } from './scene.ts';
import { sourceRows } from './source.ts';
import { folderRows, lockRows, memoryRows } from './state.ts';
import type { System } from './system.ts';

/** Everything, where the configuration could be read. */
export async function examine(scene: Scene, input: RunInput): Promise<readonly Row[]> {
  const { system, workspace } = scene;
  const vendors = new Map((await everyConnector()).map(({ name, defaultBaseUrl }) => [name, defaultBaseUrl]));
  const origins = originsOf(scene, (vendor) => vendors.get(vendor) ?? null);
  const checks: readonly Check[] = [
    { name: 'machine.node', run: async () => [nodeRow(system, workspace.now())] },
    { name: 'configuration', run: async () => configurationRows(scene) },
    { name: 'configuration.env', run: () => secretFileRows(scene) },
    { name: 'configuration.schedule', run: async () => scheduleRows(scene) },
    { name: 'configuration.notify', run: async () => webhookRows(scene) },
    { name: 'content', run: () => contentRows(scene) },
    { name: 'content.git', run: (signal) => sourceRows(scene, signal) },
    { name: 'state.folder', run: () => folderRows(scene) },
    { name: 'machine.disk', run: () => roomRows(system, workspace.config.stateDir) },
    { name: 'state.branch', run: (signal) => branchRows(scene, signal) },
    { name: 'state.memory', run: () => memoryRows(scene) },
    { name: 'state.lock', run: async () => lockRows(scene) },
    { name: 'daemon', run: () => daemonRows(scene) },
    { name: 'network.proxy', run: () => environmentRows(scene, [...origins.keys()]) },
    ...originChecks(scene, origins),
    ...botChecks(scene),
  ];
  return runChecks(checks, input);
}

/** What can be told where the configuration cannot be read: its mistakes, and the machine. */
export async function examineWithout(
  error: SyncError,
  system: System,
  place: { readonly cwd: string; readonly nowMs: number },
): Promise<readonly Row[]> {
  const why = 'what it names is not known until it is mended';
  const rest = ['content', 'state', 'daemon', 'network', 'target'].map((check) => skipped(check, 'not looked at', why));
  return [nodeRow(system, place.nowMs), ...invalidRows(error), ...(await roomRows(system, dirname(`${place.cwd}/x`))), ...rest];
}
