// Paths given to a command of which nobody knows a document: a slip of the keyboard must not look as if all were in step.
import path from 'node:path';
import type { Folder } from '../cycle/folder.ts';
import { asSyncError, SyncError } from '../model/error.ts';
import { visible } from '../plan/escape.ts';
import { knownDocuments } from '../status/story.ts';
import type { Workspace } from '../workspace.ts';
import type { Output } from './output.ts';
import { belowRoot } from './paths.ts';

/**
 * Tells them; USAGE where there are no others. What lies on the disk and is no document, such as an image, is left out in silence: a hook may hand
 * over every changed file.
 */
export async function tellStrayPaths(
  given: readonly string[],
  workspace: Workspace,
  folder: Folder,
  { cwd, output, exists }: { readonly cwd: string; readonly output: Output; readonly exists: (path: string) => boolean },
): Promise<void> {
  if (given.length === 0) return;
  const known = await pathsKnown(workspace, folder);
  if (known === null) return;
  const stray = given.filter((name) => isStray(name, known, workspace, folder, { cwd, exists }));
  const why = 'no document there, neither in the folder nor in what any bot was given';
  if (stray.length === given.length)
    throw new SyncError('USAGE', {
      message: stray.map((name) => `${name}: ${why}`).join('\n'),
      next: 'name files and folders relative to the working directory or to the content root; kbsync status --documents lists what the bots hold',
    });
  for (const name of stray) output.complain(`${visible(name)}: ${why}`);
}

/** Null where a memory cannot be read: it may know more. */
async function pathsKnown(workspace: Workspace, { scan }: Folder): Promise<readonly string[] | null> {
  const known = [
    ...scan.documents.map((document) => document.path),
    ...scan.blockedPaths.keys(),
    ...scan.problems.map((problem) => problem.path),
  ];
  for (const { name } of workspace.config.targets) {
    try {
      const { state, open } = await workspace.view(name);
      known.push(...knownDocuments(state, open).values());
    } catch (thrown) {
      if (asSyncError(thrown).code === 'UNEXPECTED') throw thrown;
      return null;
    }
  }
  return known;
}

function isStray(
  given: string,
  known: readonly string[],
  { config }: Workspace,
  { scan }: Folder,
  { cwd, exists }: { readonly cwd: string; readonly exists: (path: string) => boolean },
): boolean {
  const { root } = config.content;
  const below = belowRoot(given, root, cwd);
  if (below === null || below === '') return false;
  if (known.some((one) => one === below || one.startsWith(`${below}/`))) return false;
  if (exists(path.resolve(cwd, given)) || exists(path.join(root, below))) return false;
  return scan.inScope(below) || path.extname(below) === '';
}
