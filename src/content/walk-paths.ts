// Paths of the content folder as the walk puts them together. Pure: asks no disk.

/** A path whose control characters show. */
export function shown(path: string): string {
  return path.replace(/\p{Cc}/gu, (found) => `\\u${(found.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}

/** A name below a folder of the content; '' is its root. */
export function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** Whether a path is a folder or lies in it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/** The folders from one down to another that lies in it, both included. */
export function foldersDownTo(root: string, folder: string): readonly string[] {
  if (!isWithin(folder, root)) return [folder];
  const names = folder
    .slice(root.length)
    .split('/')
    .filter((name) => name !== '');
  return [root, ...names.map((_, index) => `${root}/${names.slice(0, index + 1).join('/')}`)];
}

/** Without `.`, `..` and doubled slashes, '' for the root itself; null where it leads out of the root. */
export function normalPath(path: string): string | null {
  const steps: string[] = [];
  for (const step of path.normalize('NFC').split('/')) {
    if (step === '' || step === '.') continue;
    if (step !== '..') steps.push(step);
    else if (steps.pop() === undefined) return null;
  }
  return steps.join('/');
}
