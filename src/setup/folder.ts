// The project that init looks at, as it sees it: names, kinds and texts, and nothing that could change it. The real one is disk.ts.

export interface ProjectEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
}

/** A project's folder. Paths are relative to it, with forward slashes; '' is the folder itself. */
export interface ProjectFolder {
  /** What a folder holds, in the order of names; null where there is no such folder or it cannot be read. Links are `other`. */
  list(path: string): readonly ProjectEntry[] | null;
  /** A file's text (UTF-8); null where there is none, or where it is larger than `mostBytes`. */
  read(path: string, mostBytes: number): string | null;
}

/** A path below a folder; '' is the project itself. */
export function below(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** `a/../b/./c` → `b/c`; null where it leads out of the project. */
export function tidied(path: string): string | null {
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return null;
  const kept: string[] = [];
  for (const segment of path.replaceAll('\\', '/').split('/')) {
    if (segment === '..') {
      if (kept.pop() === undefined) return null;
    } else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return kept.join('/');
}

/** Largest configuration of a site generator that is read, in bytes. */
export const largestConfigBytes = 512 * 1024;
