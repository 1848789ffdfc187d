// What every check is handed: the machine, and the workspace once its configuration is read.
import type { TargetConfig } from '../model/config.ts';
import type { Workspace } from '../workspace.ts';
import type { System } from './system.ts';

export interface Scene {
  readonly workspace: Workspace;
  /** Those that were asked for, or all. */
  readonly targets: readonly TargetConfig[];
  readonly system: System;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** No vendor is asked, and no name is looked up. */
  readonly offline: boolean;
}

/** A path as a shell takes it. */
export function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** `3 documents`, `1 document`. */
export { counted } from '../plan/words.ts';
