// Paths as they are typed on the command line, and what they mean in the content folder. Pure.
import path from 'node:path';

/**
 * A path relative to the working directory, or to the content root → relative to the content root, with forward slashes and without a last
 * one; '' for the root itself. Null where it does not lie in it.
 */
export function belowRoot(given: string, root: string, cwd: string): string | null {
  const relative = path.relative(root, path.resolve(cwd, given));
  const inside = relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
  const chosen = inside ? relative : path.normalize(given);
  if (!inside && (path.isAbsolute(given) || chosen.startsWith('..'))) return null;
  return chosen.split(path.sep).join('/').normalize('NFC').replace(/\/$/, '').replace(/^\.$/, '');
}
