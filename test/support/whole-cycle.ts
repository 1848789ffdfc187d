// A folder before and after a day's work that has everything in it: created, updated, deleted, moved, put behind the fence, a file with questions
// of which one stays, one changes, one goes and one comes, and a large document whose parts change, stay and go.
import type { Scan } from '../../src/content/scan.ts';
import type { Folder } from '../../src/cycle/folder.ts';
import { folderOf } from '../../src/testkit/engine.ts';
import { type FileChanges, type ScannedFolder, scannedFolder } from './scanned.ts';
import { type Expected, word } from './truth.ts';

const line = (n: number): string => `Sentence ${n} says what has to be said here, at some length.`;
const page = (group: string, version: number): string =>
  `# The page on ${group}\n\n${[1, 2, 3, 4, 5].map(line).join('\n')}\n\nThe word is ${word(group, version)}.\n`;
const audience = (name: string): string => `---\nkb:\n  audience: ${name}\n---\n`;

const questions = (pairs: readonly (readonly [string, string])[]): string =>
  `---\nkb:\n  faq:\n${pairs.map(([q, version]) => `    - { q: "What of ${q}?", a: "It is ${word('faq', version)}." }`).join('\n')}\n---\n${page('faq', 0)}`;

const section = (group: string, name: string, version: string): string =>
  `## Section ${name}\n\n${[1, 2, 3, 4, 5].map(line).join('\n')}\n\nHere: ${word(group, version)}.\n`;
const inSections = (group: string, sections: readonly (readonly [string, string])[]): string =>
  `# The page on ${group}\n\n${sections.map(([name, version]) => section(group, name, version)).join('\n')}`;

const before: FileChanges = {
  'same.md': page('same', 1),
  'edit.md': page('edit', 1),
  'gone.md': page('gone', 1),
  'old/moved.md': page('moved', 1),
  'faq.md': questions([
    ['keep', '1'],
    ['change', '2'],
    ['drop', '3'],
  ]),
  'big.md': inSections('big', [
    ['a', '1a'],
    ['b', '1b'],
    ['c', '1c'],
  ]),
  'grown.md': inSections('grown', [['a', '1']]),
  'shrunk.md': inSections('shrunk', [
    ['a', '1'],
    ['b', '2'],
    ['c', '3'],
  ]),
  'inner.md': `${audience('public')}${page('inner', 1)}`,
};
const after: FileChanges = {
  'edit.md': page('edit', 2),
  'gone.md': null,
  'old/moved.md': null,
  'new/moved.md': page('moved', 1),
  'faq.md': questions([
    ['keep', '1'],
    ['change', '4'],
    ['add', '5'],
  ]),
  'big.md': inSections('big', [
    ['a', '1a'],
    ['b', '2b'],
  ]),
  'grown.md': inSections('grown', [
    ['a', '1'],
    ['b', '2'],
    ['c', '3'],
  ]),
  'shrunk.md': inSections('shrunk', [['a', '1']]),
  'inner.md': `${audience('internal')}${page('inner', 1)}`,
  'newa.md': page('newa', 1),
  'newb.md': page('newb', 1),
};

/** A folder before and after, and what the bot must know at the end. */
export interface Cycle extends Expected {
  readonly before: Folder;
  readonly after: Folder;
  /** What it must know where the folder is as before again. */
  readonly back: Expected;
}

/** The least that has a create, an update, a delete, a move and something left alone: for histories by the ten thousand. */
export function smallCycle(): Cycle {
  const text = (group: string, version: number) => `The word is ${word(group, version)}.`;
  const files = (versions: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(versions).map(([path, version]) => [path, text(path.replace(/^.*\/|\.md$/g, ''), version)]));
  return {
    before: publicFolder(files({ 'a.md': 1, 'b.md': 1, 'c.md': 1, 'd.md': 1 })),
    after: publicFolder(files({ 'a.md': 1, 'b.md': 2, 'moved/d.md': 1, 'e.md': 1, 'f.md': 1 })),
    wanted: [word('a', 1), word('b', 2), word('d', 1), word('e', 1), word('f', 1)],
    unwanted: [word('b', 1), word('c', 1)],
    back: {
      wanted: [word('a', 1), word('b', 1), word('c', 1), word('d', 1)],
      unwanted: [word('b', 2), word('e', 1), word('f', 1)],
    },
  };
}

/** In memory, never scanned, and inside the fence. */
export function publicFolder(files: Readonly<Record<string, string>>, patch: Partial<Scan> = {}): Folder {
  const folder = folderOf(files);
  const documents = folder.scan.documents.map((document) => ({
    ...document,
    distribution: { ...document.distribution, audience: 'public' },
  }));
  return folderOf(files, { documents, ...patch });
}

const words = (group: string, ...versions: (number | string)[]): string[] => versions.map((version) => word(group, version));

/** Both folders, scanned. Remove them. */
export async function wholeCycle(nowMs: number): Promise<Cycle & { remove(): void }> {
  const folders: ScannedFolder[] = [scannedFolder(), scannedFolder()];
  for (const folder of folders) folder.write(before);
  folders[1]?.write(after);
  const [first, second] = await Promise.all(folders.map((folder) => folder.scan(nowMs)));
  if (first === undefined || second === undefined) throw new Error('two folders are scanned');
  return {
    before: first,
    after: second,
    wanted: [
      ...words('same', 1),
      ...words('edit', 2),
      ...words('moved', 1),
      ...words('faq', 0, 1, 4, 5),
      ...words('big', '1a', '2b'),
      ...words('grown', 1, 2, 3),
      ...words('shrunk', 1),
      ...words('newa', 1),
      ...words('newb', 1),
    ],
    inParts: new Set(['big', 'faq', 'grown', 'shrunk']),
    unwanted: [
      ...words('edit', 1),
      ...words('gone', 1),
      ...words('faq', 2, 3),
      ...words('big', '1b', '1c'),
      ...words('inner', 1),
      ...words('shrunk', 2, 3),
    ],
    back: {
      wanted: [
        ...words('same', 1),
        ...words('edit', 1),
        ...words('gone', 1),
        ...words('moved', 1),
        ...words('faq', 0, 1, 2, 3),
        ...words('big', '1a', '1b', '1c'),
        ...words('inner', 1),
        ...words('grown', 1),
        ...words('shrunk', 1, 2, 3),
      ],
      unwanted: [
        ...words('grown', 2, 3),
        ...words('edit', 2),
        ...words('faq', 4, 5),
        ...words('big', '2b'),
        ...words('newa', 1),
        ...words('newb', 1),
      ],
    },
    remove() {
      for (const folder of folders) folder.remove();
    },
  };
}
