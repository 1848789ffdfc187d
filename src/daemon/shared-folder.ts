// One scan of the folder for all targets that are due together. A scan serves whoever asks if nothing was reported to have changed since it began.
import type { Folder } from '../cycle/folder.ts';

/** How long a finished scan is taken for the present, in milliseconds: events may be lost. */
const freshMs = 2_000;

export interface SharedFolder {
  /** Something may have changed: scans that began before this serve nobody any more. */
  changed(): void;
  /** The folder as it is now, scanned or shared. */
  get(): Promise<Folder>;
  /** The last scan, however old; null before the first. */
  latest(): Folder | null;
}

/** Shares what `read` finds. `now` is a clock in milliseconds that never goes back. */
export function shareFolder(read: () => Promise<Folder>, now: () => number): SharedFolder {
  let version = 0;
  let last: { readonly version: number; readonly at: number; readonly folder: Folder } | null = null;
  let running: { readonly version: number; readonly found: Promise<Folder> } | null = null;

  const scan = (): { readonly version: number; readonly found: Promise<Folder> } => {
    const begun = version;
    const found = read()
      .then((folder) => {
        last = { version: begun, at: now(), folder };
        return folder;
      })
      .finally(() => {
        running = null;
      });
    running = { version: begun, found };
    return running;
  };
  return {
    changed() {
      version += 1;
    },
    async get() {
      const wanted = version;
      // Two scans at once would only take turns on the disk: the stale one is waited for, then a fresh one made.
      while (running !== null && running.version < wanted) await running.found.catch(() => undefined);
      if (last !== null && last.version >= wanted && now() - last.at < freshMs) return last.folder;
      return (running ?? scan()).found;
    },
    latest: () => last?.folder ?? null,
  };
}
