// Faults for tests: a disk in memory that knows what is synced and what is not, crashes at a chosen step, and afterwards shows what a
// real one might still hold. Randomness and time come as arguments.
import { dirname, join } from 'node:path';
import { SyncError } from '../model/error.ts';
import type { AppendFile, Disk, OwnedFile } from '../state/disk.ts';

/** Thrown at the chosen step, and by every write of the dead process after it. */
export class Crash extends Error {
  constructor(step: string) {
    super(`crashed at: ${step}`);
    this.name = 'Crash';
  }
}

/** nothing: all that was written stays. unsynced: what was not synced is gone, names too. torn: names stay, unsynced bytes stay in part. */
export type Loss = 'nothing' | 'unsynced' | 'torn';

export interface CrashPlan {
  /** The number of the step, from 1, that is not done any more; null: none. */
  readonly crashAt: number | null;
  readonly loses: Loss;
  /** From 0 to below 1: where unsynced bytes tear; half-way by default. */
  readonly random?: () => number;
}

/** A disk in memory. */
export interface MemoryDisk extends Disk {
  /** Every file's text by its path, sorted. */
  files(): { readonly [path: string]: string };
  /** As if a hand had changed the file; null removes it. */
  plant(path: string, data: string | Uint8Array | null): void;
  /** What would be there after a power cut now. */
  survivors(loses: Loss, random?: () => number): MemoryDisk;
  /** The same files with a hook before every step of a write: it may throw instead of letting it happen. */
  watched(beforeStep: (step: string) => void): Disk;
}

/** The memory disk of a process that dies at one step. */
export interface CrashingDisk extends Disk {
  /** Steps done or tried so far. */
  readonly steps: number;
  readonly crashed: boolean;
  /** What the next process finds. */
  restart(): MemoryDisk;
}

interface Inode {
  data: Buffer;
  /** What a power cut leaves. */
  synced: Buffer;
  modifiedMs: number;
}

interface Model {
  readonly names: Map<string, Inode>;
  readonly syncedNames: Map<string, Inode>;
  readonly folders: Set<string>;
}

/** An empty disk in memory. now: for the files' times, in milliseconds. */
export function memoryDisk(now: () => number = () => 0): MemoryDisk {
  return diskOf({ names: new Map(), syncedNames: new Map(), folders: new Set() }, now);
}

/** A process on that disk which dies at the planned step; the files are the inner disk's own. */
export function crashingDisk(inner: MemoryDisk, plan: CrashPlan): CrashingDisk {
  let steps = 0;
  let crashed = false;
  const disk = inner.watched((step) => {
    steps += 1;
    crashed = crashed || steps === plan.crashAt;
    if (crashed) throw new Crash(`step ${steps}, ${step}`);
  });
  return {
    ...disk,
    get steps() {
      return steps;
    },
    get crashed() {
      return crashed;
    },
    restart: () => inner.survivors(plan.loses, plan.random),
  };
}

/** Says no to writes as a real disk would: STATE_UNWRITABLE wherever `refuses` says so. */
export function refusingDisk(inner: MemoryDisk, refuses: (step: string) => boolean): Disk {
  return inner.watched((step) => {
    if (refuses(step)) throw new SyncError('STATE_UNWRITABLE', { message: `cannot write: the disk is full (${step})` });
  });
}

function diskOf(model: Model, now: () => number): MemoryDisk {
  const plain = stepDisk(model, now, () => undefined);
  return {
    ...plain,
    files: () =>
      Object.fromEntries([...model.names].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, inode]) => [path, inode.data.toString('utf8')])),
    plant(path, data) {
      if (data === null) {
        model.names.delete(path);
        model.syncedNames.delete(path);
        return;
      }
      const inode = { data: Buffer.from(data), synced: Buffer.from(data), modifiedMs: now() };
      model.names.set(path, inode);
      model.syncedNames.set(path, inode);
    },
    survivors: (loses, random = () => 0.5) => diskOf(afterLoss(model, loses, random), now),
    watched: (beforeStep) => stepDisk(model, now, beforeStep),
  };
}

function afterLoss(model: Model, loses: Loss, random: () => number): Model {
  const kept = new Map<string, Inode>();
  for (const [path, inode] of loses === 'unsynced' ? model.syncedNames : model.names) {
    const data = loses === 'nothing' ? inode.data : loses === 'unsynced' ? inode.synced : torn(inode, random);
    kept.set(path, { data, synced: data, modifiedMs: inode.modifiedMs });
  }
  return { names: kept, syncedNames: new Map(kept), folders: new Set(model.folders) };
}

/** Some of the unsynced bytes: the rest of an append is missing, or an overwriting stopped half-way. */
function torn({ data, synced }: Inode, random: () => number): Buffer {
  if (data.equals(synced)) return data;
  const same = data.subarray(0, synced.length).equals(synced) ? synced.length : 0;
  const cut = same + Math.floor((data.length - same) * random());
  return Buffer.concat([data.subarray(0, cut), synced.subarray(cut)]);
}

/** Every write as the steps that a real disk takes, each of which may be the last. */
function stepDisk(model: Model, now: () => number, step: (name: string) => void): Disk {
  const { names, syncedNames, folders } = model;
  let temporaries = 0;

  const set = (inode: Inode, data: Buffer, what: string): void => {
    step(`write ${what}`);
    inode.data = data;
    inode.modifiedMs = now();
  };
  const sync = (inode: Inode, what: string): void => {
    step(`sync ${what}`);
    inode.synced = inode.data;
  };
  const syncFolder = (folder: string): void => {
    step(`sync folder ${folder}`);
    for (const path of syncedNames.keys()) if (dirname(path) === folder && !names.has(path)) syncedNames.delete(path);
    for (const [path, inode] of names) if (dirname(path) === folder) syncedNames.set(path, inode);
  };
  const create = (path: string): Inode => {
    step(`create ${path}`);
    const inode: Inode = { data: Buffer.alloc(0), synced: Buffer.alloc(0), modifiedMs: now() };
    names.set(path, inode);
    return inode;
  };
  const move = (from: string, to: string): void => {
    const inode = found(from);
    step(`rename ${from} ${to}`);
    names.delete(from);
    names.set(to, inode);
  };
  const found = (path: string): Inode => {
    const inode = names.get(path);
    if (inode === undefined) throw new SyncError('STATE_UNWRITABLE', { message: `cannot write ${path}: there is no such file` });
    return inode;
  };
  const temporary = (path: string): string => {
    temporaries += 1;
    return join(dirname(path), `.${path.slice(dirname(path).length + 1)}.${temporaries}.tmp`);
  };

  const openAppend = async (path: string): Promise<AppendFile> => {
    const before = names.get(path);
    const inode = before ?? create(path);
    if (before === undefined) syncFolder(dirname(path));
    return {
      async append(data) {
        set(inode, Buffer.concat([inode.data, Buffer.from(data)]), path);
        sync(inode, path);
      },
      close: async () => undefined,
    };
  };

  return {
    read(path, last) {
      const data = names.get(path)?.data;
      if (data === undefined) return null;
      return Buffer.from(last === undefined ? data : data.subarray(Math.max(0, data.length - last)));
    },
    stat(path) {
      const inode = names.get(path);
      if (inode !== undefined) return { size: inode.data.length, modifiedMs: inode.modifiedMs, folder: false };
      return folders.has(path) ? { size: 0, modifiedMs: 0, folder: true } : null;
    },
    list(folder) {
      const inside = [...names.keys(), ...folders].filter((path) => dirname(path) === folder && path !== folder);
      return inside.map((path) => path.slice(folder.length + 1)).sort();
    },
    async mkdir(folder) {
      for (let path = folder; !folders.has(path) && dirname(path) !== path; path = dirname(path)) folders.add(path);
    },
    async replace(path, data) {
      const unique = temporary(path);
      const inode = create(unique);
      set(inode, Buffer.from(data), unique);
      sync(inode, unique);
      move(unique, path);
      syncFolder(dirname(path));
    },
    async append(path, data) {
      await (await openAppend(path)).append(data);
    },
    openAppend,
    async truncate(path, bytes) {
      const inode = found(path);
      set(inode, inode.data.subarray(0, bytes), path);
      sync(inode, path);
    },
    writeLoosely(path, data) {
      const unique = temporary(path);
      set(create(unique), Buffer.from(data), unique);
      move(unique, path);
    },
    removeLoosely(path) {
      step(`remove ${path}`);
      names.delete(path);
    },
    async createExclusive(path, data): Promise<OwnedFile | null> {
      if (names.has(path)) return null;
      const inode = create(path);
      set(inode, Buffer.from(data), path);
      return {
        write: async (content) => set(inode, Buffer.from(content), path),
        close: async () => undefined,
      };
    },
    claim(path) {
      if (names.has(path)) return false;
      create(path);
      return true;
    },
    async rename(from, to) {
      move(from, to);
      syncFolder(dirname(to));
    },
    async remove(path) {
      step(`remove ${path}`);
      names.delete(path);
    },
  };
}
