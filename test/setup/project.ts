// A project in memory, by its files.
import type { ProjectEntry, ProjectFolder } from '../../src/setup/folder.ts';

/** Paths and texts → the folder that init looks at. */
export function projectOf(files: Readonly<Record<string, string>>): ProjectFolder {
  const paths = Object.keys(files);
  return {
    list(folder) {
      const inside = paths
        .filter((path) => folder === '' || path.startsWith(`${folder}/`))
        .map((path) => (folder === '' ? path : path.slice(folder.length + 1)));
      if (inside.length === 0 && folder !== '') return null;
      const names = new Map(
        inside.map((path): [string, ProjectEntry['kind']] => [path.split('/')[0] ?? '', path.includes('/') ? 'folder' : 'file']),
      );
      return [...names].map(([name, kind]) => ({ name, kind })).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    read: (path, most) => (Object.hasOwn(files, path) && (files[path]?.length ?? 0) <= most ? (files[path] ?? null) : null),
  };
}
