// What the content folder itself tells of the published site: whether it is the site's own folder, and which versions it has. Reads names
// and one small file; what cannot be read counts as not there.
import type { SiteConfig } from '../model/config.ts';
import type { ContentDisk } from './disk.ts';
import { noSiteFacts, type SiteFacts } from './site.ts';

const largestBytes = 256 * 1024;

/** Facts for the generator that needs any: Docusaurus keeps its versions in `versions.json` (docusaurus.io/docs/versioning). */
export function readSiteFacts(root: string, site: SiteConfig | null, disk: ContentDisk): SiteFacts {
  if (site?.generator !== 'docusaurus') return noSiteFacts;
  const versions = readVersions(root, disk);
  if (versions !== null) return { isSiteFolder: true, versions };
  try {
    const isSiteFolder = disk.list(root).some(({ name }) => /^docusaurus\.config\.[cm]?[jt]s$/.test(name));
    return { isSiteFolder, versions: [] };
  } catch {
    return noSiteFacts;
  }
}

function readVersions(root: string, disk: ContentDisk): readonly string[] | null {
  try {
    const { bytes } = disk.read(`${root}/versions.json`, largestBytes);
    const value: unknown = bytes === null ? null : JSON.parse(new TextDecoder().decode(bytes));
    return Array.isArray(value) ? value.filter((version) => typeof version === 'string') : null;
  } catch {
    return null;
  }
}
