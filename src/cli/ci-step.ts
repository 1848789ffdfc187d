// What the parts of `ci` hand to each other.
import path from 'node:path';
import type { Said } from '../ci/results.ts';
import type { Scene } from '../ci/scene.ts';
import type { CiSettings } from './ci-settings.ts';
import type { Invocation } from './invocation.ts';

/** One step of a pipeline. */
export interface Step {
  readonly settings: CiSettings;
  readonly scene: Scene;
  /** Where the step's files go. */
  readonly folder: string;
  readonly invocation: Invocation;
  readonly program: string;
}

/** What the commands of the step came to. */
export interface Run {
  readonly lint: Said | null;
  readonly main: Said | null;
  readonly verify: Said | null;
  readonly remarks: readonly string[];
  readonly offline: boolean;
  readonly planFile: string | null;
  readonly junitFile: string | null;
}

/** A path with forward slashes, as repositories have it. */
export function slashed(file: string): string {
  return file.split(path.sep).join('/');
}
