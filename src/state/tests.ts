// What is remembered of golden questions, one file a target in a folder of their own, a second one for what is yet to be seen forgotten, and a third
// for the freshness check. Each has one kind of writer: the first whoever holds the tests' lock, the others whoever holds the target's. All of it
// may be lost.
import { join } from 'node:path';
import { type CanaryMemory, noCanary } from '../model/canary.ts';
import { noTests, type TestsMemory, type Unlearning } from '../model/tests.ts';
import type { Disk } from './disk.ts';

export interface TestsStore {
  /** Empty where there is none, or it is damaged. */
  memory(): TestsMemory;
  keep(memory: TestsMemory): Promise<void>;
  /** Oldest first. */
  unlearning(): readonly Unlearning[];
  note(unlearning: readonly Unlearning[]): Promise<void>;
  canary(): CanaryMemory;
  keepCanary(memory: CanaryMemory): Promise<void>;
}

/** The folder below the state's. A target is named like a file in it, so its lock lies there, too. */
export function testsFolder(stateDir: string): string {
  return join(stateDir, 'tests');
}

/** The files of one target. */
export function openTests(disk: Disk, stateDir: string, target: string): TestsStore {
  const folder = testsFolder(stateDir);
  const paths = pathsOf(folder, target);
  return {
    memory() {
      const found = read(disk, paths.memory);
      return isMemory(found) ? found : noTests;
    },
    async keep(memory) {
      await disk.mkdir(folder);
      await disk.replace(paths.memory, `${JSON.stringify(memory)}\n`);
    },
    unlearning() {
      const found = read(disk, paths.unlearning);
      return Array.isArray(found) ? found.filter(isUnlearning) : [];
    },
    async note(unlearning) {
      if (unlearning.length === 0) return disk.remove(paths.unlearning);
      await disk.mkdir(folder);
      await disk.replace(paths.unlearning, `${JSON.stringify(unlearning)}\n`);
    },
    canary() {
      const found = read(disk, paths.canary);
      return isCanary(found) ? found : noCanary;
    },
    async keepCanary(memory) {
      await disk.mkdir(folder);
      await disk.replace(paths.canary, `${JSON.stringify(memory)}\n`);
    },
  };
}

/** Gives the files to the target's new name. */
export async function renameTests(disk: Disk, stateDir: string, from: string, to: string): Promise<void> {
  const [old, next] = [pathsOf(testsFolder(stateDir), from), pathsOf(testsFolder(stateDir), to)];
  for (const kind of ['memory', 'unlearning', 'canary'] as const)
    if (disk.stat(old[kind]) !== null) await disk.rename(old[kind], next[kind]);
}

function pathsOf(folder: string, target: string) {
  const named = (kind: string) => join(folder, `${target}${kind}.json`);
  return { memory: named(''), unlearning: named('.unlearning'), canary: named('.canary') };
}

function read(disk: Disk, path: string): unknown {
  try {
    return JSON.parse(disk.read(path)?.toString('utf8') ?? 'null') as unknown;
  } catch {
    return null;
  }
}

function isMemory(value: unknown): value is TestsMemory {
  if (typeof value !== 'object' || value === null) return false;
  const { version, day, calls, results, settled } = value as Partial<Record<keyof TestsMemory, unknown>>;
  const whole = version === 1 && typeof day === 'string' && typeof calls === 'number' && Array.isArray(settled);
  return whole && typeof results === 'object' && results !== null && Object.values(results).every(isKept);
}

function isKept(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { verdict, at, question, reasons, expect } = value as Record<string, unknown>;
  return (
    typeof verdict === 'string' && typeof at === 'string' && typeof question === 'string' && Array.isArray(reasons) && Array.isArray(expect)
  );
}

function isUnlearning(value: unknown): value is Unlearning {
  if (typeof value !== 'object' || value === null) return false;
  const { id, document, names, questions, expected, since } = value as Partial<Record<keyof Unlearning, unknown>>;
  const whole = typeof id === 'string' && typeof document === 'string' && typeof since === 'string';
  return whole && [names, questions, expected].every(Array.isArray);
}

function isCanary(value: unknown): value is CanaryMemory {
  if (typeof value !== 'object' || value === null) return false;
  const { version, code, old, run, last, failing } = value as Partial<Record<keyof CanaryMemory, unknown>>;
  const dated = (part: unknown) => typeof part === 'object' && part !== null && 'startedAt' in part && typeof part.startedAt === 'string';
  const whole = version === 1 && (code === null || typeof code === 'string') && Array.isArray(old) && typeof failing === 'boolean';
  return whole && (run === null || dated(run)) && (last === null || (dated(last) && 'outcome' in (last as object)));
}
