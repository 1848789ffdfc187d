// What a relative link means: which document or file of the folder it leads to, and that one's canonical address. By the path first, as it
// is written; then as a browser would, from page to page. Pure, but for the question whether a file is there.
import type { SiteConfig } from '../model/config.ts';
import type { Document } from '../model/document.ts';
import { normalPath } from './includes.ts';
import type { LinkResolver, Resolved } from './links.ts';

export interface ResolverInput {
  readonly site: SiteConfig | null;
  /** Q&A pairs are left out: they have no page. */
  readonly documents: readonly Document[];
  /** Whether a path of the content folder is there at all. */
  readonly exists: (path: string) => 'file' | 'folder' | null;
}

const unknown: Resolved = { url: null, broken: false };
const indexNames = ['index', 'README', 'readme', '_index'];
const extensions = ['md', 'mdx', 'markdown', 'html', 'htm', 'txt'];

/** A resolver for one state of the folder. */
export function linkResolver({ site, documents, exists }: ResolverInput): LinkResolver {
  const byPath = new Map<string, Document>();
  const byUrl = new Map<string, Document>();
  for (const document of documents) {
    if (document.kind === 'qa') continue;
    byPath.set(document.path, document);
    if (document.url !== null) byUrl.set(pageKey(document.url), document);
  }

  const documentAt = (path: string): Document | null => {
    for (const candidate of candidatesFor(path)) {
      const found = byPath.get(candidate);
      if (found !== undefined) return found;
    }
    return null;
  };

  return (fromPath, href, kind) => {
    const { path, rest } = divided(href);
    const from = byPath.get(fromPath) ?? null;
    if (path === '') return from?.url == null ? unknown : { url: from.url + rest, broken: false };
    const decoded = decodedPath(path);
    const aliased = decoded.replace(/^@site\/|^~\//, '/').replace(/^@\//, '/');
    const isFromRoot = aliased.startsWith('/');
    const folder = fromPath.slice(0, fromPath.lastIndexOf('/') + 1);
    const place = normalPath(isFromRoot ? aliased.slice(1) : folder + aliased);
    const target = place === null ? null : (documentAt(place) ?? (isFromRoot ? belowDocs(place, documentAt) : null));
    if (target !== null) return pageOf(target, rest);
    const asBrowser = from?.url == null ? null : (byUrl.get(pageKey(new URL(path, from.url).href)) ?? null);
    if (asBrowser !== null) return pageOf(asBrowser, rest);
    if (isFromRoot) return fromSiteRoot(aliased, rest, place, kind, { site, byUrl, exists });
    // What lies outside the folder is not ours to judge.
    if (place === null) return unknown;
    return asFile(place, rest, { site, exists });
  };
}

interface Facts {
  readonly site: SiteConfig | null;
  readonly byUrl: ReadonlyMap<string, Document>;
  readonly exists: ResolverInput['exists'];
}

function pageOf(document: Document, rest: string): Resolved {
  // A page that is not published has no address that leads anywhere.
  if (document.url === null || document.distribution.draft) return unknown;
  return { url: document.url + rest, broken: false };
}

/** `/docs/intro.md` where the content root is the `docs` folder itself. */
function belowDocs(place: string, documentAt: (path: string) => Document | null): Document | null {
  const slash = place.indexOf('/');
  return slash < 0 ? null : documentAt(place.slice(slash + 1));
}

/** `/guide/x`: another page of the site, or a file that its generator publishes; which of them there are cannot be told from here. */
function fromSiteRoot(path: string, rest: string, place: string | null, kind: 'link' | 'image', { site, byUrl, exists }: Facts): Resolved {
  if (place !== null && /\.(?:md|mdx|markdown)$/i.test(place) && exists(place) === null) return { url: null, broken: kind === 'link' };
  if (site === null || path.startsWith('/@')) return unknown;
  const base = site.url.endsWith('/') ? site.url : `${site.url}/`;
  const withinBase = new URL(`.${path}`, base).href;
  const known = byUrl.get(pageKey(withinBase));
  if (known !== undefined) return pageOf(known, rest);
  // These two put the site's base before such paths; for the others they count from the host.
  const isBased = site.generator === 'docusaurus' || site.generator === 'vitepress' || site.generator === 'plain';
  return { url: (isBased ? withinBase : new URL(path, base).href) + rest, broken: false };
}

/** A file beside the documents: a page that is none of ours, an image, a download. */
function asFile(place: string, rest: string, { site, exists }: Pick<Facts, 'site' | 'exists'>): Resolved {
  const there = candidatesFor(place).some((candidate) => exists(candidate) !== null);
  if (!there) return { url: null, broken: true };
  const isMarkdown = /\.(?:md|mdx|markdown)$/i.test(place);
  if (site === null || isMarkdown || exists(place) !== 'file') return unknown;
  // Generators that bundle files give them other names; these publish them where they lie.
  if (site.generator !== 'plain' && site.generator !== 'mkdocs') return unknown;
  const base = site.url.endsWith('/') ? site.url : `${site.url}/`;
  return { url: base + place.split('/').map(encodeURIComponent).join('/') + rest, broken: false };
}

/** The path as written, with an extension, as the index of a folder, and for a page's address the file it is made from. */
function candidatesFor(path: string): readonly string[] {
  const clean = path.replace(/(?<!\/)\/+$/, '');
  const candidates = [clean];
  const page = /^(.*)\.html?$/i.exec(clean)?.[1];
  const stems = page === undefined ? [clean] : [clean, page];
  for (const stem of stems) {
    if (stem !== '') for (const extension of extensions) candidates.push(`${stem}.${extension}`);
    const folder = stem === '' ? '' : `${stem}/`;
    for (const name of indexNames) for (const extension of extensions.slice(0, 3)) candidates.push(`${folder}${name}.${extension}`);
  }
  return candidates;
}

function divided(href: string): { readonly path: string; readonly rest: string } {
  const end = href.search(/[?#]/);
  return end < 0 ? { path: href, rest: '' } : { path: href.slice(0, end), rest: href.slice(end) };
}

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path).normalize('NFC');
  } catch {
    return path.normalize('NFC');
  }
}

/** Addresses that lead to one page: with and without its last slash, index or extension. */
function pageKey(url: string): string {
  const path = url.replace(/[?#].*$/, '');
  return path.replace(/\/(?:index|README)?(?:\.html?)?$/, '').replace(/\.html?$/, '');
}
