// Sidecars that were left behind: their document was renamed, or their name differs by a letter. Where one says who may have its document, what
// lies beside it and says nothing itself may be just that document.
import type { ContentConfig } from '../model/config.ts';
import type { ContentProblem } from '../model/document.ts';
import type { ContentDisk } from './disk.ts';
import type { Looked } from './read.ts';
import { decode } from './source.ts';
import type { Walk } from './walk.ts';

export interface OrphansInput {
  readonly orphans: Walk['orphans'];
  readonly looked: readonly Looked[];
  readonly content: Pick<ContentConfig, 'defaults' | 'frontMatter'>;
  readonly disk: ContentDisk;
}

export interface Orphaned {
  readonly problem: ContentProblem;
  /** Documents that stay as they are until it is mended. */
  readonly paths: readonly string[];
}

const mostBytes = 1024 * 1024;

/** Orphans that state an audience or targets, and the documents beside them that have nothing but the defaults. */
export async function orphanedFences({ orphans, looked, content, disk }: OrphansInput): Promise<readonly Orphaned[]> {
  if (orphans.length === 0) return [];
  const { readSidecar } = await import('./front-matter.ts');
  return orphans.flatMap(({ path, absolute }): readonly Orphaned[] => {
    const data = readSidecar(textOf(absolute, disk)).keys?.data ?? {};
    const block = data[content.frontMatter.key];
    const keys = { ...data, ...(typeof block === 'object' && block !== null && !Array.isArray(block) ? block : {}) };
    // Without a default no fence stands, and an audience is only a word.
    const fences = content.defaults.audience === null ? ['targets'] : ['audience', 'targets'];
    const stated = fences.filter((name) => Object.hasOwn(keys, name));
    if (stated.length === 0) return [];
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const paths = looked.filter((one) => isBeside(one, folder, content)).map(({ found }) => found.path);
    const message =
      `a sidecar without its document, and it says who may have it (${stated.join(', ')}): call it as its document is called, or delete it; ` +
      'until then the documents beside it that state no audience stay as they are';
    return [{ problem: { path, line: null, column: null, message, severity: 'error' }, paths }];
  });
}

/** In the same folder, and with nothing that says who may have it. */
function isBeside({ found, file }: Looked, folder: string, { defaults }: OrphansInput['content']): boolean {
  const [document] = file?.documents ?? [];
  if (document === undefined || found.sidecar !== null || found.path.slice(0, found.path.lastIndexOf('/') + 1) !== folder) return false;
  return file?.statesAudience !== true && document.distribution.audience === defaults.audience && document.distribution.targets === null;
}

function textOf(absolute: string, disk: ContentDisk): string {
  try {
    const { bytes } = disk.read(absolute, mostBytes);
    const text = bytes === null ? null : decode(bytes);
    return text?.ok === true ? text.text : '';
  } catch {
    return '';
  }
}
